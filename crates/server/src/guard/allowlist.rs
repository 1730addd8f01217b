//! Whether a number may call at all.

use crate::config::{Callers, Number};

/// Whether this caller is let in: anyone where no numbers are allowed, else the allowed, the owners and
/// the VIPs.
pub fn admits(callers: &Callers, from: &str) -> bool {
    let listed = |numbers: &[Number]| numbers.iter().any(|number| number.as_str() == from);
    callers.allowed.is_empty()
        || [&callers.allowed, &callers.owners, &callers.vips].into_iter().any(|numbers| listed(numbers))
}
