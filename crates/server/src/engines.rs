//! How the engines are: which of them is at rest because it failed, and why, for calls, for the owner and for probes.
//!
//! The rule: an engine that failed is at rest, and calls begin with the next one of the list. It is tried in the
//! background (a session is opened, configured and closed, which costs nothing) after two seconds, as most often only
//! that one session broke; then after a minute and after twice as long each time, up to a quarter of an hour, also where
//! tries succeed and calls fail. Once a try succeeds, or settings are saved, calls begin with it again. Where all are at
//! rest, calls try them in their order all the same. Every engine of the list is tried soon after the start, unless a
//! call has shown before that it works, and at once when settings were saved.

mod trial;

pub use trial::{attempt, watch};

use crate::config::EngineKind;
use call::Failure;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// How long an engine that failed is left alone the first time, the second, and at most.
const FIRST_REST: Duration = Duration::from_secs(2);
const RESTS: Duration = Duration::from_secs(60);
const LONGEST_REST: Duration = Duration::from_secs(15 * 60);

/// The state of every engine that was tried or has failed.
#[derive(Debug, Default)]
pub struct Engines {
    known: Mutex<BTreeMap<EngineKind, State>>,
    changed: Notify,
}

/// What is known of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Why it failed last, and whether it will until its owner changes something; none: it is well.
    pub trouble: Option<(String, bool)>,
    /// When it is tried next, where it is at rest.
    next: Option<Instant>,
    /// Failures with less than twice the longest rest between them, and when the last was.
    failures: u32,
    failed: Option<Instant>,
}

impl Engines {
    /// These engines in the order in which a call should try them.
    pub fn order(&self, engines: &[EngineKind]) -> VecDeque<EngineKind> {
        let known = self.lock();
        let rests = |kind: &EngineKind| known.get(kind).is_some_and(|state| state.trouble.is_some());
        let (resting, well): (Vec<_>, Vec<_>) = engines.iter().copied().partition(rests);
        well.into_iter().chain(resting).collect()
    }

    /// One has failed in a call.
    pub fn failed(&self, kind: EngineKind, failure: &Failure) {
        self.rest(kind, failure, crate::clock::now());
        tracing::warn!(engine = kind.name(), lasting = failure.lasting, "an engine failed: {}", failure.why);
        self.changed.notify_one();
    }

    /// Every engine that is at rest, and why.
    pub fn troubles(&self) -> Vec<(EngineKind, String, bool)> {
        let known = self.lock();
        let told = known.iter().filter_map(|(kind, state)| {
            let (why, lasting) = state.trouble.clone()?;
            Some((*kind, why, lasting))
        });
        told.collect()
    }

    /// Settings have changed: whatever failed before may not fail any more.
    pub(crate) fn forget(&self) {
        self.lock().clear();
        self.changed.notify_one();
    }

    fn rest(&self, kind: EngineKind, failure: &Failure, now: Instant) {
        let mut known = self.lock();
        let state = known.entry(kind).or_default();
        if state.failed.is_some_and(|last| now.saturating_duration_since(last) > 2 * LONGEST_REST) {
            state.failures = 0;
        }
        let rest = match state.failures.checked_sub(1) {
            None => FIRST_REST,
            Some(more) => RESTS.saturating_mul(1 << more.min(8)).min(LONGEST_REST),
        };
        state.failures += 1;
        state.failed = Some(now);
        state.trouble = Some((failure.why.clone(), failure.lasting));
        state.next = Some(now + rest);
    }

    /// One hears a caller, or would. Says whether that is news.
    pub fn well(&self, kind: EngineKind) -> bool {
        let mut known = self.lock();
        let state = known.entry(kind).or_default();
        state.next = None;
        state.trouble.take().is_some()
    }

    /// One does in a call what it is for, or is ready to: where nothing is known of it yet, it need not be tried.
    pub fn works(&self, kind: EngineKind) {
        self.lock().entry(kind).or_default();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<EngineKind, State>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EngineKind::{Local, OpenAi};

    fn failure(why: &str) -> Failure {
        Failure { why: why.into(), lasting: false }
    }

    #[test]
    fn an_engine_that_failed_is_not_the_first_that_a_call_tries() {
        let engines = Engines::default();
        assert_eq!(engines.order(&[OpenAi, Local]), [OpenAi, Local]);
        engines.failed(OpenAi, &failure("gone"));
        assert_eq!(engines.order(&[OpenAi, Local]), [Local, OpenAi]);
        assert_eq!(engines.troubles(), [(OpenAi, "gone".into(), false)]);
        engines.failed(Local, &failure("gone, too"));
        assert_eq!(engines.order(&[OpenAi, Local]), [OpenAi, Local], "all at rest: in their order");
        assert!(engines.well(OpenAi));
        assert_eq!(engines.order(&[Local, OpenAi]), [OpenAi, Local]);
        engines.forget();
        assert_eq!(engines.order(&[Local, OpenAi]), [Local, OpenAi]);
    }

    #[test]
    fn it_is_tried_again_less_and_less_often() {
        let (engines, now) = (Engines::default(), crate::clock::now());
        let mut rests = Vec::new();
        for _ in 0..6 {
            engines.rest(OpenAi, &failure("gone"), now);
            rests.push((engines.lock()[&OpenAi].next.expect("it is at rest") - now).as_secs());
        }
        assert_eq!(rests, [2, 60, 120, 240, 480, 900]);
    }

    #[test]
    fn one_that_is_well_when_tried_and_fails_in_calls_is_not_tried_at_once_for_ever() {
        let (engines, now) = (Engines::default(), crate::clock::now());
        let rest = |now| {
            engines.rest(OpenAi, &failure("gone"), now);
            let rest = engines.lock()[&OpenAi].next.expect("it is at rest") - now;
            assert!(engines.well(OpenAi));
            rest.as_secs()
        };
        assert_eq!([rest(now), rest(now), rest(now + LONGEST_REST)], [2, 60, 120]);
        assert_eq!(rest(now + 4 * LONGEST_REST), 2, "that is long ago");
    }
}
