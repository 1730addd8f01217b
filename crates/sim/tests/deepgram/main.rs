//! The stand-in for Deepgram, held to the service's own schemas, to what the service refuses, and to its own package.

#[path = "../shared/program.rs"]
mod program;
#[path = "../shared/python.rs"]
mod python;
mod vendor;
mod wire;
