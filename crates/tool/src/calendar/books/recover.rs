//! What was left half done, by a crash or by a calendar elsewhere that did not answer, is brought to an end: forward
//! where that is possible and somebody may still count on it, else back.

use super::{
    Books, Unavailable,
    steps::{Back, LEASE_MS, Tried},
};
use futures_util::future::join_all;
use store::{Intent, IntentState, StoreError, What};

/// At a time; more are left to the next time, or to another instance.
const MOST: u32 = 8;
/// Whoever heard nothing for so long counts on nothing.
const FORWARD_MS: i64 = 10 * 60 * 1_000;
/// The first wait before another try; each one is twice as long, up to the longest.
const SHORTEST_WAIT_MS: i64 = 30 * 1_000;
const LONGEST_WAIT_MS: i64 = 15 * 60 * 1_000;
/// How long what stands in a calendar that is no longer connected is still to be taken back: then it is the owner's.
const DISCONNECTED_MS: i64 = 24 * 60 * 60 * 1_000;

/// What came of recovering, in numbers of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Carried out.
    pub forward: usize,
    /// Taken back, or removed elsewhere as it was here.
    pub settled: usize,
    /// To be tried again later.
    pub waiting: usize,
}

impl Recovered {
    /// Whether there was nothing to do.
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }
}

enum End {
    Forward,
    Settled,
    Waiting,
    /// Another instance has it.
    Theirs,
}

impl Books {
    /// Goes on with what nobody works on any more. To be called when the process has begun, once the calendars are
    /// connected, and then every few seconds.
    pub async fn recover(&self, now_ms: i64) -> Result<Recovered, Unavailable> {
        let claimed = self.store.claim_intents(now_ms, now_ms.saturating_add(LEASE_MS), MOST).await?;
        let ends = join_all(claimed.into_iter().map(|intent| self.finish(intent, now_ms))).await;
        let mut recovered = Recovered::default();
        for end in ends {
            match end? {
                End::Forward => recovered.forward += 1,
                End::Settled => recovered.settled += 1,
                End::Waiting => recovered.waiting += 1,
                End::Theirs => {}
            }
        }
        Ok(recovered)
    }

    async fn finish(&self, intent: Intent, now_ms: i64) -> Result<End, Unavailable> {
        let what = intent.what.name();
        let (id, state) = (intent.after.id.clone(), intent.state.name());
        let end = match intent.state {
            IntentState::Planned => self.go_on(intent, now_ms).await?,
            IntentState::Undoing | IntentState::Removing => self.settle(&intent, now_ms).await?,
        };
        match end {
            End::Forward => {
                tracing::info!(appointment = id, what, "a change that was left behind is carried out");
            }
            End::Settled => {
                tracing::info!(appointment = id, what, state, "a change that was left behind is settled");
            }
            End::Waiting | End::Theirs => {}
        }
        Ok(end)
    }

    async fn go_on(&self, mut intent: Intent, now_ms: i64) -> Result<End, Unavailable> {
        let retry_ms = next_try(&intent, now_ms);
        let late = match intent.what {
            What::Booked | What::Moved => intent.after.starts_ms <= now_ms,
            What::Cancelled => false,
        };
        if late {
            return Ok(end(self.take_back(&intent, retry_ms, "its time has come").await?));
        }
        // Whoever left it behind may have been writing elsewhere.
        let mut written = true;
        match self.attempt(&mut intent, &mut written).await? {
            Tried::Done(_) => Ok(End::Forward),
            Tried::Taken => Ok(end(self.take_back(&intent, retry_ms, "somebody else took the time").await?)),
            Tried::Refused(why) => Ok(end(self.take_back(&intent, retry_ms, &why).await?)),
            Tried::Unknown(why) if now_ms.saturating_sub(intent.at_ms) >= FORWARD_MS => {
                Ok(end(self.take_back(&intent, retry_ms, &why).await?))
            }
            Tried::Unknown(why) => Ok(self.wait(&intent, retry_ms, &why).await?),
            Tried::Lost => Ok(End::Theirs),
        }
    }

    async fn settle(&self, intent: &Intent, now_ms: i64) -> Result<End, Unavailable> {
        let is_connected =
            intent.after.elsewhere.as_deref().is_none_or(|name| self.elsewhere.named(name).is_some());
        let given_up = !is_connected && now_ms.saturating_sub(intent.at_ms) >= DISCONNECTED_MS;
        let settled = if given_up { Ok(()) } else { self.settle_elsewhere(intent).await };
        match settled {
            Ok(()) if self.store.drop_intent(intent).await? => Ok(End::Settled),
            Ok(()) => Ok(End::Theirs),
            Err(Unavailable(why)) => Ok(self.wait(intent, next_try(intent, now_ms), &why).await?),
        }
    }

    async fn wait(&self, intent: &Intent, retry_ms: i64, why: &str) -> Result<End, StoreError> {
        let kept = self.store.retry_later(intent, retry_ms, why).await?;
        Ok(if kept { End::Waiting } else { End::Theirs })
    }
}

fn end(back: Back) -> End {
    match back {
        Back::Settled => End::Settled,
        Back::Waiting => End::Waiting,
        Back::Lost => End::Theirs,
    }
}

fn next_try(intent: &Intent, now_ms: i64) -> i64 {
    let doublings = u32::try_from(intent.attempts.clamp(0, 10)).unwrap_or(0);
    now_ms.saturating_add((SHORTEST_WAIT_MS << doublings).min(LONGEST_WAIT_MS))
}
