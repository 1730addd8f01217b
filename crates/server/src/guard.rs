//! Who is let in. Each guard is a file that knows one reason to say no.

pub mod allowlist;
pub mod pin;
pub mod remote;
pub mod session;
pub mod signature;
pub mod standing;
pub mod token;
pub mod trust;
