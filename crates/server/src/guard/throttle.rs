//! How often somebody may try: per account and per network address, on this instance, within bounded memory.

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use sha2::{Digest, Sha256};
use std::{net::IpAddr, num::NonZeroU32, time::Duration};

/// Keys that are remembered; past it those are forgotten that have not tried of late, and with too many left, strangers wait.
const MOST_KEYS: usize = 50_000;

type Limiter<C> =
    RateLimiter<[u8; 16], DashMapStateStore<[u8; 16]>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts tries. A try is counted before it is judged, whatever comes of it.
pub struct Throttle<C: Clock = DefaultClock> {
    clock: C,
    accounts: Limiter<C>,
    addresses: Limiter<C>,
}

/// Too many tries: how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub Duration);

/// How many tries at once, and how long until there is one more.
struct Rate(u32, Duration);

/// Of one account: an attacker with many addresses gets no further than this.
const ACCOUNT: Rate = Rate(10, Duration::from_secs(60));
/// From one address, which an office may share.
const ADDRESS: Rate = Rate(30, Duration::from_secs(10));

impl Default for Throttle {
    fn default() -> Self {
        Self::with_clock(DefaultClock::default())
    }
}

impl<C: Clock + Clone> Throttle<C> {
    pub fn with_clock(clock: C) -> Self {
        let limiter = |Rate(burst, each): Rate| {
            let burst = NonZeroU32::new(burst).expect("some tries are allowed");
            let quota = Quota::with_period(each).expect("it is longer than nothing").allow_burst(burst);
            RateLimiter::new(quota, DashMapStateStore::default(), clock.clone())
        };
        Self { accounts: limiter(ACCOUNT), addresses: limiter(ADDRESS), clock }
    }

    /// Counts a try: for what (a login and a reset are counted apart), at which account, from which address.
    pub fn tried(&self, what: &str, account: &str, from: &str) -> Result<(), TooMany> {
        let account = format!("{what}\0{}", account.trim().to_lowercase());
        self.counted(&self.addresses, &format!("{what}\0{}", network(from)))?;
        self.counted(&self.accounts, &account)
    }

    fn counted(&self, limiter: &Limiter<C>, key: &str) -> Result<(), TooMany> {
        if limiter.len() >= MOST_KEYS {
            limiter.retain_recent();
            if limiter.len() >= MOST_KEYS {
                return Err(TooMany(Duration::from_secs(60)));
            }
        }
        let hash = Sha256::digest(key.as_bytes());
        let key = std::array::from_fn(|n| hash[n]);
        limiter.check_key(&key).map_err(|until| TooMany(until.wait_time_from(self.clock.now())))
    }
}

impl TooMany {
    /// `That was tried too often. Wait 2 minutes, and try again.`
    pub fn sentence(self) -> String {
        let seconds = self.seconds();
        let (count, unit) = if seconds > 90 { (seconds.div_ceil(60), "minute") } else { (seconds, "second") };
        let plural = if count == 1 { "" } else { "s" };
        format!("That was tried too often. Wait {count} {unit}{plural}, and try again.")
    }

    /// As `Retry-After` has it: at least one.
    pub fn seconds(self) -> u64 {
        self.0.as_millis().div_ceil(1_000).max(1) as u64
    }
}

/// The address, or of IPv6 the network that one household has.
fn network(from: &str) -> String {
    match from.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(_)) | Err(_) => from.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    #[test]
    fn an_account_is_tried_ten_times_and_then_once_a_minute_from_wherever() {
        let clock = FakeRelativeClock::default();
        let throttle = Throttle::with_clock(clock.clone());
        let tried = |n: usize| throttle.tried("login", " Anna@Example.org", &format!("192.0.2.{n}"));
        assert!((0..10).all(|n| tried(n).is_ok()));
        let wait = tried(11).expect_err("too many");
        assert_eq!(wait.sentence(), "That was tried too often. Wait 60 seconds, and try again.");
        assert!(throttle.tried("login", "anna@example.org", "192.0.2.77").is_err(), "it is the same account");
        assert!(throttle.tried("login", "ben@example.org", "192.0.2.1").is_ok());
        assert!(throttle.tried("reset", "anna@example.org", "192.0.2.1").is_ok(), "that is counted apart");
        clock.advance(Duration::from_secs(60));
        assert!(tried(12).is_ok());
        assert!(tried(13).is_err());
    }

    #[test]
    fn an_address_tries_thirty_times_whichever_account_and_a_network_of_ipv6_is_one() {
        let throttle = Throttle::with_clock(FakeRelativeClock::default());
        let tried = |n: usize, from: &str| throttle.tried("login", &format!("user{n}@example.org"), from);
        assert!((0..30).all(|n| tried(n, &format!("2001:db8:1:2::{n}")).is_ok()));
        assert!(tried(31, "2001:db8:1:2:3::9").is_err());
        assert!(tried(31, "2001:db8:1:3::9").is_ok());
    }
}
