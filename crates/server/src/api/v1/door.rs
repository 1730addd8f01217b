//! Who comes in, and how often.

use super::{once, problem::Problem};
use crate::{
    api::{Program, READS},
    app::App,
    clock,
};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

const A_MINUTE_MS: i64 = 60_000;
/// Programs whose requests are counted at a time; the owner has fewer.
const MOST_COUNTED: usize = 1_000;

/// Lets a program in, once it is known and did not come too often. Every answer says how often it may still come.
pub(super) async fn enter(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    entered(app, request, next, true).await
}

/// The same where no `Idempotency-Key` is heeded.
pub(super) async fn enter_each(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    entered(app, request, next, false).await
}

async fn entered(app: Arc<App>, request: Request, next: Next, keyed: bool) -> Response {
    let (mut parts, body) = request.into_parts();
    let program = match Program::of(&mut parts, &app).await {
        Ok(program) => program,
        Err(why) => return Problem::from(why).into_response(),
    };
    let most = app.config.get().programs.per_minute;
    let taken = app.meter.take(&program.key, most, clock::now_ms());
    let mut answer = if taken.left.is_none() {
        let why = format!("{most} requests a minute may be made. Wait for {} seconds.", taken.seconds);
        Problem::new(StatusCode::TOO_MANY_REQUESTS, why).into_response()
    } else if parts.method.is_safe() || program.acts {
        parts.extensions.insert(Entered(Arc::new(program)));
        let request = Request::from_parts(parts, body);
        if keyed { once::answered(app, request, next).await } else { next.run(request).await }
    } else {
        Problem::from(READS).into_response()
    };
    let headers = answer.headers_mut();
    for (name, value) in [
        ("ratelimit-limit", u64::from(most)),
        ("ratelimit-remaining", u64::from(taken.left.unwrap_or(0))),
        ("ratelimit-reset", taken.seconds),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    if taken.left.is_none() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(taken.seconds));
    }
    answer
}

/// A program that was let in. A handler that takes one cannot be reached by anybody else.
#[derive(Clone)]
pub(super) struct Entered(pub Arc<Program>);

impl<S: Send + Sync> FromRequestParts<S> for Entered {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let entered = parts.extensions.get::<Entered>().cloned();
        entered.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "Nobody is known to have come in."))
    }
}

/// How often each program came in this minute.
#[derive(Default)]
pub struct Meter(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    began_ms: i64,
    requests: BTreeMap<String, u32>,
}

struct Taken {
    /// How many more may follow; none: this one was too many.
    left: Option<u32>,
    /// Until it is counted anew.
    seconds: u64,
}

impl Meter {
    fn take(&self, program: &str, most: u32, now_ms: i64) -> Taken {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !(counted.began_ms..counted.began_ms + A_MINUTE_MS).contains(&now_ms) {
            *counted = Counted { began_ms: now_ms, requests: BTreeMap::new() };
        }
        let ends_ms = counted.began_ms + A_MINUTE_MS;
        let seconds = u64::try_from((ends_ms - now_ms + 999) / 1_000).unwrap_or(1);
        if counted.requests.len() >= MOST_COUNTED && !counted.requests.contains_key(program) {
            return Taken { left: None, seconds };
        }
        let requests = counted.requests.entry(program.to_owned()).or_default();
        let left = most.checked_sub(*requests + 1);
        if left.is_some() {
            *requests += 1;
        }
        Taken { left, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_too_often_waits_for_the_next_minute_and_keeps_nobody_else_out() {
        let meter = Meter::default();
        let left = |who: &str, now_ms| meter.take(who, 2, now_ms).left;
        assert_eq!([left("a", 101_000), left("a", 101_001), left("a", 101_002)], [Some(1), Some(0), None]);
        assert_eq!(left("b", 101_003), Some(1));
        assert_eq!(meter.take("a", 2, 131_000).seconds, 30);
        assert_eq!(left("a", 161_000), Some(1));
        assert_eq!(left("a", 500), Some(1), "the clock was put back");
    }
}
