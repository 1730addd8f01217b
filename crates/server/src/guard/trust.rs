//! What a caller's number entitles to.
//!
//! A number can be forged. Where the carrier passes on how far the network vouches for it, a number that nobody
//! vouches for makes nobody an owner.

use crate::config::{Callers, Number};
use tool::Trust;

/// How far this caller is trusted. `attestation` is STIR/SHAKEN's, where the carrier sent one.
pub fn of(callers: &Callers, from: &str, attestation: Option<char>) -> Trust {
    let listed = |numbers: &[Number]| numbers.iter().any(|number| number.as_str() == from);
    match is_owners(callers, from, attestation) {
        // A number is not enough where there is a PIN.
        true if callers.pin.is_none() => Trust::Owner,
        true => Trust::Known,
        false if listed(&callers.owners) || listed(&callers.allowed) => Trust::Known,
        false => Trust::Stranger,
    }
}

/// Whether this is a number of the owner's, as far as the network vouches for it.
pub fn is_owners(callers: &Callers, from: &str, attestation: Option<char>) -> bool {
    let owners = if callers.owners.is_empty() { &callers.allowed } else { &callers.owners };
    owners.iter().any(|number| number.as_str() == from) && attestation.is_none_or(|level| level == 'A')
}
