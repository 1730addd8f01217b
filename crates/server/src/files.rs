//! How many files this process may have open at a time, and for how many calls that is enough.

/// The caller's connection and the engine's.
const A_CALL: u64 = 2;
/// The database, those who look at pages, workers, calls that are just beginning.
const BESIDE: u64 = 256;

/// What is to be said where so many calls do not fit in what this process may open; nothing where nobody knows.
pub fn too_few_for(calls: usize) -> Option<String> {
    short_of(&std::fs::read_to_string("/proc/self/limits").ok()?, u64::try_from(calls).ok()?)
}

/// `limits` as Linux writes them: <https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html>.
fn short_of(limits: &str, calls: u64) -> Option<String> {
    let row = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let most: u64 = row.split_whitespace().next()?.parse().ok()?;
    let needed = calls.saturating_mul(A_CALL).saturating_add(BESIDE);
    (most < needed).then(|| {
        let fit = most.saturating_sub(BESIDE) / A_CALL;
        format!(
            "{most} files may be open at a time (ulimit -n), which is enough for about {fit} calls; MAX_CALLS={calls} \
             wants {needed}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: &str = "\
Limit                     Soft Limit           Hard Limit           Units     \n\
Max processes             96227                96227                processes \n\
Max open files            1024                 524288               files     \n\
Max locked memory         8388608              8388608              bytes     \n";

    #[test]
    fn a_limit_that_is_too_low_is_named_with_what_fits_and_what_is_wanted() {
        let said = short_of(LIMITS, 1_000).expect("it is too low");
        assert!(
            ["1024 files", "about 384 calls", "wants 2256"].iter().all(|part| said.contains(part)),
            "{said}"
        );
        assert_eq!(short_of(LIMITS, 384), None);
        assert!(short_of(LIMITS, 385).is_some());
    }

    #[test]
    fn no_limit_and_one_that_nobody_knows_are_high_enough() {
        assert_eq!(short_of(&LIMITS.replace("1024 ", "unlimited "), u64::MAX), None);
        assert_eq!(short_of("", 1_000), None);
    }
}
