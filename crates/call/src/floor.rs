//! Who may speak now.
