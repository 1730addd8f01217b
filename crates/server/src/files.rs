//! How many files this process may have open at a time, and for how many calls that is enough.

use rustix::process::{Resource, getrlimit, setrlimit};

/// The caller's connection and the engine's.
const A_CALL: u64 = 2;
/// The database, those who look at pages, workers, calls that are just beginning.
const BESIDE: u64 = 256;

/// Takes as many as this process may: most systems give a program few at first. Returns what is to be said where so many
/// calls, which `who` wants, do not fit all the same.
pub fn enough_for(calls: usize, who: &str) -> Option<String> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it may not, it has what it had.
    let _kept = setrlimit(Resource::Nofile, limit);
    short_of(getrlimit(Resource::Nofile).current, u64::try_from(calls).ok()?, who)
}

/// `most` files may be open; no number is no limit.
fn short_of(most: Option<u64>, calls: u64, who: &str) -> Option<String> {
    let most = most?;
    let needed = calls.saturating_mul(A_CALL).saturating_add(BESIDE);
    (most < needed).then(|| {
        let fit = most.saturating_sub(BESIDE) / A_CALL;
        format!(
            "{most} files may be open at a time (ulimit -Hn), which is enough for about {fit} calls; {who} wants \
             {needed}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_too_low_is_named_with_what_fits_and_what_is_wanted() {
        let said = short_of(Some(1_024), 1_000, "MAX_CALLS=1000").expect("it is too low");
        assert!(
            ["1024 files", "about 384 calls", "MAX_CALLS=1000 wants 2256"]
                .iter()
                .all(|part| said.contains(part)),
            "{said}"
        );
        assert_eq!(short_of(Some(1_024), 384, ""), None);
        assert!(short_of(Some(1_024), 385, "").is_some());
    }

    #[test]
    fn no_limit_is_high_enough() {
        assert_eq!(short_of(None, u64::MAX, ""), None);
    }

    #[test]
    fn as_many_are_taken_as_there_are_to_be_had() {
        let _said = enough_for(1, "a call");
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
