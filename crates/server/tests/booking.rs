//! Appointments by telephone, judged by what stands afterwards: callers over the real path whose engine uses the tools at
//! once, at odd times in odd zones, at the same second, and again.

#[path = "booking/callers.rs"]
mod callers;
#[path = "booking/claims.rs"]
mod claims;
mod house;
#[path = "booking/phone.rs"]
mod phone;
#[path = "booking/races.rs"]
mod races;
