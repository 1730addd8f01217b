//! The socket, against a little service on this machine.

#[path = "../shared/brief.rs"]
mod plain;

mod connecting;
mod rig;
mod talking;
mod trouble;
