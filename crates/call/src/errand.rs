//! Errands: tools under way.
