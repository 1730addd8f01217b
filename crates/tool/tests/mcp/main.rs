//! What is promised of the tools of other programs, held against the protocol's own servers and against some that
//! misbehave.

mod hostile;
mod hostile_web;
mod oauth;
mod real;
mod rig;
