//! The stand-in for `OpenAI` Live, held to the service's own schemas, to what the service refuses, and to OpenAI's own
//! client of it.

mod stand_in;
mod vendor;
