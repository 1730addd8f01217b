//! What can be typed after `earpiece`. A file each.

pub mod bench;
pub mod call;
pub mod demo;
pub mod explain;
pub mod forget;
pub mod link;
