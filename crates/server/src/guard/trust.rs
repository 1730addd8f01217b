//! What a caller's number entitles to.
//!
//! A number can be forged. Where the carrier passes on how far the network vouches for it, a number that nobody
//! vouches for makes nobody an owner.

use crate::config::{Callers, Number};
use tool::Trust;

/// How far this caller is trusted. `attestation` is STIR/SHAKEN's, where the carrier sent one.
pub fn of(callers: &Callers, from: &str, attestation: Option<char>) -> Trust {
    let listed = |numbers: &[Number]| numbers.iter().any(|number| number.as_str() == from);
    let owners = if callers.owners.is_empty() { &callers.allowed } else { &callers.owners };
    match (listed(owners), listed(&callers.allowed)) {
        (true, _) if attestation.is_none_or(|level| level == 'A') => Trust::Owner,
        (true, _) | (false, true) => Trust::Known,
        (false, false) => Trust::Stranger,
    }
}
