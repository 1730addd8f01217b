//! Who is let in. Each guard is a file that knows one reason to say no.

pub mod allowlist;
pub mod password;
pub mod pin;
pub mod remote;
pub mod session;
pub mod signature;
pub mod standing;
pub mod throttle;
pub mod token;
pub mod totp;
pub mod trust;
