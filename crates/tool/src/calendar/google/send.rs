//! One request and its answer, bounded in time and size.

use super::Reach;
use std::time::Duration;

/// More than this is not read of any answer.
const LARGEST: usize = 16 * 1024 * 1024;

/// An answer as it came.
pub(super) struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// There is no whole answer.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct Lost {
    /// For the owner; holds no address with secrets.
    pub why: String,
    /// The request may have arrived.
    pub sent: bool,
}

/// Sends once.
pub(super) async fn send(reach: &Reach, request: reqwest::Request) -> Result<Answer, Lost> {
    let within = reach.pace.answer_within;
    let host = request.url().host_str().unwrap_or("Google").to_owned();
    match tokio::time::timeout(within, whole(reach, request, &host)).await {
        Ok(answer) => answer,
        Err(_) => {
            Err(Lost { why: format!("{host} did not answer within {} s", within.as_secs_f32()), sent: true })
        }
    }
}

async fn whole(reach: &Reach, request: reqwest::Request, host: &str) -> Result<Answer, Lost> {
    let lost = |error: &reqwest::Error| Lost {
        why: if error.is_connect() {
            format!("{host} cannot be reached")
        } else if error.is_timeout() {
            format!("{host} did not answer in time")
        } else {
            format!("{host} broke off its answer")
        },
        sent: !error.is_connect() && !error.is_builder(),
    };
    let mut response = reach.http.execute(request).await.map_err(|error| lost(&error))?;
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(reqwest::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| until(value, reach.now()));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Lost { why: format!("{host} answers with more than can be"), sent: true });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, retry_after, body })
}

/// `Retry-After`: seconds, or a date.
fn until(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let date = jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::until;
    use std::time::Duration;

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = "2026-11-20T12:00:00Z".parse().expect("a time");
        assert_eq!(until("7", now), Some(Duration::from_secs(7)));
        assert_eq!(until("Fri, 20 Nov 2026 12:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(until("Fri, 20 Nov 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(until("soon", now), None);
    }
}
