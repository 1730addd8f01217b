//! TODO
pub mod config;
pub mod log;
pub mod secret;
