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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Config, Sources},
        guard::allowlist,
    };

    fn callers(settings: &[(&str, &str)]) -> Callers {
        let environment = settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Config::load(&Sources { environment, ..Sources::default() }).expect("settings").0.callers
    }

    #[test]
    fn a_number_of_the_owners_is_known_where_there_is_a_pin_and_none_that_nobody_vouches_for_is_the_owners() {
        let numbers = [("OWNER_NUMBERS", "+15550100100"), ("ALLOWED_NUMBERS", "+15550100101")];
        let without = callers(&numbers);
        for (from, attestation, trust) in [
            ("+15550100100", None, Trust::Owner),
            ("+15550100100", Some('A'), Trust::Owner),
            ("+15550100100", Some('B'), Trust::Known),
            ("+15550100101", None, Trust::Known),
            ("+15550100102", None, Trust::Stranger),
        ] {
            assert_eq!(of(&without, from, attestation), trust, "{from} {attestation:?}");
        }
        let with = callers(&[numbers[0], numbers[1], ("OWNER_PIN", "271828")]);
        assert_eq!(of(&with, "+15550100100", Some('A')), Trust::Known);
        assert_eq!(of(&with, "+15550100101", None), Trust::Known);
        assert_eq!(of(&with, "+15550100102", Some('A')), Trust::Stranger);
    }

    #[test]
    fn a_vip_is_let_in_and_trusted_no_further_for_it() {
        let callers = callers(&[("VIP_NUMBERS", "+15550100102"), ("ALLOWED_NUMBERS", "+15550100101")]);
        assert!(allowlist::admits(&callers, "+15550100102") && !allowlist::admits(&callers, "+15550100103"));
        assert_eq!(of(&callers, "+15550100102", Some('A')), Trust::Stranger);
    }
}
