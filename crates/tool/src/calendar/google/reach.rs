//! How Google is reached: where, by which connections, at what pace, and what time it is.

use super::Unusable;
use jiff::Timestamp;
use std::{fmt, sync::Arc, time::Duration};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What all accounts share. Cloning is cheap.
#[derive(Clone)]
pub struct Reach {
    /// One that follows no redirects: Google sends none, and what we send to it is for nobody else.
    pub http: reqwest::Client,
    pub addresses: Arc<Addresses>,
    pub clock: Clock,
    pub pace: Pace,
    /// What the jitter of waiting is made from; the same seed waits the same.
    pub seed: u64,
}

impl Reach {
    /// At the usual pace.
    pub fn new(http: reqwest::Client, addresses: Addresses, clock: Clock, seed: u64) -> Self {
        Self { http, addresses: Arc::new(addresses), clock, pace: Pace::default(), seed }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach")
            .field("addresses", &self.addresses)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

/// Where Google's doors are, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Calendar v3, such as `https://www.googleapis.com/calendar/v3`.
    pub api: String,
    /// Where the owner's browser is sent to consent.
    pub consent: String,
    pub token: String,
    pub revoke: String,
}

impl Addresses {
    /// `api` stands in place of `https://www.googleapis.com` (with or without `/calendar/v3`), `oauth` in place of both
    /// `https://accounts.google.com` and `https://oauth2.googleapis.com`, so that their paths are
    /// `/o/oauth2/v2/auth`, `/token` and `/revoke`. Empty ones are Google's own.
    pub fn new(api: &str, oauth: &str) -> Result<Self, Unusable> {
        let api = base(api, "GOOGLE_API_URL", "https://www.googleapis.com")?;
        let accounts = base(oauth, "GOOGLE_OAUTH_URL", "https://accounts.google.com")?;
        let oauth = base(oauth, "GOOGLE_OAUTH_URL", "https://oauth2.googleapis.com")?;
        Ok(Self {
            api: if api.ends_with("/calendar/v3") { api } else { format!("{api}/calendar/v3") },
            consent: format!("{accounts}/o/oauth2/v2/auth"),
            token: format!("{oauth}/token"),
            revoke: format!("{oauth}/revoke"),
        })
    }
}

impl Default for Addresses {
    fn default() -> Self {
        Self::new("", "").expect("Google's own addresses are addresses")
    }
}

fn base(given: &str, name: &str, usual: &str) -> Result<String, Unusable> {
    let text = if given.trim().is_empty() { usual } else { given.trim() };
    let url = reqwest::Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .filter(|url| url.query().is_none() && url.fragment().is_none() && url.username().is_empty())
        .ok_or_else(|| Unusable(format!("{name} is no http address: {text}")))?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// How long is waited, and how often it is tried again. Whoever calls may set a bound of their own by dropping the
/// future; this is what holds without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// At least one.
    pub tries: u32,
    /// For one answer, with its body.
    pub answer_within: Duration,
    /// Before the second try; twice that before the third, and so on. Half of each is fixed and half is jitter.
    pub first_wait: Duration,
    /// Never more than this; who is asked to wait for longer gives up at once.
    pub longest_wait: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            tries: 4,
            answer_within: Duration::from_secs(10),
            first_wait: Duration::from_millis(400),
            longest_wait: Duration::from_secs(8),
        }
    }
}

impl Pace {
    /// What to wait before trying again, where so many tries have failed; `jitter` is within 0..1. None: give up.
    pub(super) fn wait(&self, failed: u32, asked: Option<Duration>, jitter: f64) -> Option<Duration> {
        if failed >= self.tries || asked.is_some_and(|asked| asked > self.longest_wait) {
            return None;
        }
        let full =
            self.first_wait.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(self.longest_wait);
        Some(full.mul_f64(0.5 + jitter / 2.0).max(asked.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn googles_doors_can_be_moved_together() {
        let own = Addresses::default();
        assert_eq!(own.api, "https://www.googleapis.com/calendar/v3");
        assert_eq!(own.consent, "https://accounts.google.com/o/oauth2/v2/auth");
        assert_eq!(own.token, "https://oauth2.googleapis.com/token");
        let moved = Addresses::new("http://127.0.0.1:9/g/", "http://127.0.0.1:9").expect("addresses");
        assert_eq!(moved.api, "http://127.0.0.1:9/g/calendar/v3");
        assert_eq!(moved.consent, "http://127.0.0.1:9/o/oauth2/v2/auth");
        assert_eq!(moved.revoke, "http://127.0.0.1:9/revoke");
        let whole = Addresses::new("http://127.0.0.1:9/calendar/v3/", "").expect("addresses");
        assert_eq!(whole.api, "http://127.0.0.1:9/calendar/v3");
    }

    #[test]
    fn an_address_that_is_none_is_named() {
        for wrong in ["ftp://x", "nonsense", "http://x?a=b", "http://me:secret@x"] {
            let why = Addresses::new(wrong, "").expect_err(wrong);
            assert!(why.0.contains("GOOGLE_API_URL"), "{why:?}");
            assert!(Addresses::new("", wrong).expect_err(wrong).0.contains("GOOGLE_OAUTH_URL"));
        }
    }

    #[test]
    fn waiting_doubles_with_jitter_and_ends() {
        let pace = Pace::default();
        let waits: Vec<_> = (1..=4).map(|failed| pace.wait(failed, None, 1.0)).collect();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(waits, [ms(400), ms(800), ms(1_600), None]);
        assert_eq!(pace.wait(2, None, 0.0), ms(400));
        assert_eq!(pace.wait(1, ms(3_000), 0.0), ms(3_000), "what is asked for is honoured");
        assert_eq!(pace.wait(1, Some(Duration::from_secs(3_600)), 0.0), None);
    }
}
