//! The cascade with a language model, in simulated time: an ear that knows loud from quiet, and a recogniser, a model and
//! a voice that do as they are told.

#[path = "../shared/parts.rs"]
mod parts;
#[path = "../shared/brief.rs"]
mod plain;

mod coughs;
mod faults;
mod following;
mod languages;
mod rig;
mod talking;
mod tools;
mod turns;
