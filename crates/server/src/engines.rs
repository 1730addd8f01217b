//! How the engines are: which of them is at rest because it failed, and why, for calls, for the owner and for probes.
//!
//! The rule: an engine that could not be had is at rest, and calls begin with the next one of the list. It is tried in the
//! background (a session is opened, configured and closed, which costs nothing) after two seconds, as most often only
//! that one session broke; then after a minute and after twice as long each time, up to a quarter of an hour, also where
//! tries succeed and calls fail. Once a try succeeds, or settings are saved, calls begin with it again. Where all are at
//! rest, calls try them in their order all the same. Every engine of the list is tried soon after the start, unless a
//! call has shown before that it works, and at once when settings were saved.
//!
//! One that breaks off in a call in which it has answered could be had: it is tried likewise, but calls go on beginning with
//! it. Only the third session in a row that breaks off so, each dialled after the last had, is taken for more than a mishap.

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
/// So many sessions in a row may break off in a call before it counts as a failure.
const MISHAPS: u32 = 2;

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
    /// Calls begin with another one.
    rests: bool,
    /// When it is tried next, where it has failed.
    next: Option<Instant>,
    /// Failures with less than twice the longest rest between them, and when the last was.
    failures: u32,
    failed: Option<Instant>,
    /// Sessions in a row that broke off in a call, likewise, and when the last of them did.
    breaks: u32,
    broke: Option<Instant>,
}

impl Engines {
    /// These engines in the order in which a call should try them.
    pub fn order(&self, engines: &[EngineKind]) -> VecDeque<EngineKind> {
        let known = self.lock();
        let rests = |kind: &EngineKind| known.get(kind).is_some_and(|state| state.rests);
        let (resting, well): (Vec<_>, Vec<_>) = engines.iter().copied().partition(rests);
        well.into_iter().chain(resting).collect()
    }

    /// One could not be had for a call.
    pub fn failed(&self, kind: EngineKind, failure: &Failure) {
        self.rest(kind, failure, crate::clock::now());
        tracing::warn!(engine = kind.name(), lasting = failure.lasting, "an engine failed: {}", failure.why);
        self.changed.notify_one();
    }

    /// One has broken off in a call in which it had answered, in a session that was dialled then.
    pub fn broke(&self, kind: EngineKind, failure: &Failure, dialled: Instant) {
        self.break_off(kind, failure, dialled, crate::clock::now());
        tracing::warn!(
            engine = kind.name(),
            lasting = failure.lasting,
            "an engine broke off: {}",
            failure.why
        );
        self.changed.notify_one();
    }

    /// A call is over in which one has answered to its end.
    pub fn served(&self, kind: EngineKind) {
        if let Some(state) = self.lock().get_mut(&kind) {
            (state.failures, state.breaks) = (0, 0);
        }
    }

    /// Every engine that has failed and was not found well since, and why.
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
        if is_long_ago(state.failed, now) {
            state.failures = 0;
        }
        let rest = match state.failures.checked_sub(1) {
            None => FIRST_REST,
            Some(more) => RESTS.saturating_mul(1 << more.min(8)).min(LONGEST_REST),
        };
        state.failures += 1;
        state.failed = Some(now);
        state.trouble = Some((failure.why.clone(), failure.lasting));
        state.rests = true;
        state.next = Some(now + rest);
    }

    fn break_off(&self, kind: EngineKind, failure: &Failure, dialled: Instant, now: Instant) {
        let mut known = self.lock();
        let state = known.entry(kind).or_default();
        // Whatever breaks all sessions there are breaks them once.
        if state.broke.is_none_or(|last| dialled >= last) {
            state.breaks = if is_long_ago(state.broke, now) { 1 } else { state.breaks.saturating_add(1) };
            state.broke = Some(now);
        }
        // Somebody found out already that it cannot be had.
        if state.rests {
            return;
        }
        if failure.lasting || state.breaks > MISHAPS {
            drop(known);
            return self.rest(kind, failure, now);
        }
        state.failures = 0;
        state.trouble = Some((failure.why.clone(), failure.lasting));
        state.next = Some(now + FIRST_REST);
    }

    /// One hears a caller, or would. Says whether that is news.
    pub fn well(&self, kind: EngineKind) -> bool {
        let mut known = self.lock();
        let state = known.entry(kind).or_default();
        (state.rests, state.next) = (false, None);
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

fn is_long_ago(last: Option<Instant>, now: Instant) -> bool {
    last.is_some_and(|last| now.saturating_duration_since(last) > 2 * LONGEST_REST)
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

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn one_that_breaks_off_in_a_call_is_tried_soon_and_is_the_first_for_the_next_call_all_the_same() {
        let (engines, now) = (Engines::default(), crate::clock::now());
        for call in 0..2 {
            let dialled = now + secs(10 * call);
            engines.break_off(OpenAi, &failure("gone"), dialled, dialled + secs(5));
            assert_eq!(engines.order(&[OpenAi, Local]), [OpenAi, Local]);
            assert_eq!(engines.lock()[&OpenAi].next, Some(dialled + secs(7)), "it is tried");
            assert_eq!(engines.troubles(), [(OpenAi, "gone".into(), false)], "its owner reads of it");
        }
        // It could not be had when it was tried.
        engines.rest(OpenAi, &failure("gone for good"), now + secs(20));
        assert_eq!(engines.order(&[OpenAi, Local]), [Local, OpenAi]);
        assert_eq!(engines.lock()[&OpenAi].next, Some(now + secs(22)), "that is the first failure");
        // A session of before breaks off meanwhile: that is no news.
        engines.break_off(OpenAi, &failure("gone"), now, now + secs(21));
        assert_eq!(engines.order(&[OpenAi, Local]), [Local, OpenAi]);
        assert_eq!(engines.lock()[&OpenAi].next, Some(now + secs(22)));
    }

    #[test]
    fn one_that_breaks_off_in_every_call_is_at_rest_more_and_more() {
        let (engines, now) = (Engines::default(), crate::clock::now());
        let rests = |call: u64| {
            let dialled = now + secs(100 * call);
            engines.break_off(OpenAi, &failure("gone"), dialled, dialled + secs(5));
            let rests = engines.order(&[OpenAi, Local]) == [Local, OpenAi];
            let next = engines.lock()[&OpenAi].next.expect("it is tried");
            assert!(engines.well(OpenAi));
            (rests, (next - dialled).as_secs() - 5)
        };
        assert_eq!([0, 1, 2, 3].map(rests), [(false, 2), (false, 2), (true, 2), (true, 60)]);
        engines.served(OpenAi);
        assert_eq!([4, 5].map(rests), [(false, 2), (false, 2)], "it has answered a whole call");
        assert_eq!([60].map(rests), [(false, 2)], "that is long ago");
    }

    #[test]
    fn what_breaks_off_many_calls_at_once_counts_once() {
        let (engines, now) = (Engines::default(), crate::clock::now());
        for call in 0..10 {
            engines.break_off(OpenAi, &failure("restarts"), now + secs(call), now + secs(20 + call));
        }
        assert_eq!(engines.order(&[OpenAi, Local]), [OpenAi, Local]);
    }

    #[test]
    fn one_that_says_it_will_not_go_on_until_something_is_changed_is_at_rest_at_once() {
        let (engines, now) = (Engines::default(), crate::clock::now());
        let failure = Failure { why: "the quota is used up".into(), lasting: true };
        engines.break_off(OpenAi, &failure, now, now + secs(5));
        assert_eq!(engines.order(&[OpenAi, Local]), [Local, OpenAi]);
    }
}
