//! What can be typed after `earpiece`. A file each.

pub mod bench;
pub mod beside;
pub mod call;
pub mod calls;
pub mod connect;
pub mod demo;
pub mod dial;
pub mod explain;
pub mod forget;
pub mod mcp;
pub mod models;
pub mod output;
pub mod record;
pub mod token;
pub mod user;
