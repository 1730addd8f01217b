//! The stand-in for `OpenAI` Live, held to the service's own schemas, to what the service refuses, and to OpenAI's own
//! client of it.

#[path = "../shared/program.rs"]
mod program;
#[path = "../shared/python.rs"]
mod python;
mod stand_in;
mod vendor;
