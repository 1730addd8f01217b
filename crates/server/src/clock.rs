//! The one place where the process asks what time it is.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the shell's one wall clock")]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    i64::try_from(since.as_millis()).expect("it is earlier than the year 292 million")
}

/// Now, for measuring. Follows tokio's clock, which tests can stop.
#[expect(clippy::disallowed_methods, reason = "the shell's one monotonic clock")]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
