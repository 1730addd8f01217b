//! The stand-in for Deepgram, held to the service's own schemas, to what the service refuses, and to its own package.

mod vendor;
mod wire;
