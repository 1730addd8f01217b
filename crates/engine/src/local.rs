//! The local cascade.
