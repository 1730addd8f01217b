//! The socket, against a little service on this machine.

mod connecting;
mod rig;
mod talking;
mod trouble;
