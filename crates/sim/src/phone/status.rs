//! What a company tells besides asking what to do: how a call goes, and who or what answered it.

use super::{
    Callee, Dial, Failed,
    company::{About, Company},
    verb::Callback,
    webhook,
};
use std::time::Duration;

/// How faithfully a company's messages arrive. All three promise neither once nor in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Habit {
    #[default]
    Once,
    /// Every message comes twice.
    Twice,
    /// They all come when the call is over, the last one first.
    Backwards,
}

/// Where a company tells how a call goes, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub callback: Callback,
    /// Of `initiated`, `ringing`, `answered` and `completed`.
    pub events: Vec<String>,
    pub habit: Habit,
}

impl Status {
    /// Tells this address by POST that the call is over, and nothing else.
    pub fn completed(url: impl Into<String>) -> Self {
        Self {
            callback: Callback { url: url.into(), post: true },
            events: vec!["completed".into()],
            habit: Habit::Once,
        }
    }
}

/// A call that the server placed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbound {
    /// Plivo's name of the request that placed it.
    pub request: String,
    /// Who or what answered, in the company's own word; none: nobody asked.
    pub answered_by: Option<String>,
    /// Where that is told while the call goes on; none: it is known before the webhook is asked.
    pub amd: Option<Callback>,
    /// Whether they take it at all.
    pub callee: Callee,
}

/// Tells how one call goes.
pub(super) struct Teller {
    sequence: u32,
    /// What is told only at the end.
    kept: Vec<(&'static str, u32, u64)>,
}

impl Teller {
    pub fn new() -> Self {
        Self { sequence: 0, kept: Vec::new() }
    }

    /// Something happened: one of [`Status::events`], and the call's status from now on.
    pub async fn tell(&mut self, company: &dyn Company, dial: &Dial, event: &'static str, lasted: Duration) {
        let Some(status) = &dial.status else { return };
        if !status.events.iter().any(|wanted| wanted == event) {
            return;
        }
        let one = (event, self.sequence, lasted.as_secs());
        self.sequence += 1;
        match status.habit {
            Habit::Once => send(company, dial, &status.callback, one).await,
            Habit::Twice => {
                send(company, dial, &status.callback, one).await;
                send(company, dial, &status.callback, one).await;
            }
            Habit::Backwards => self.kept.push(one),
        }
    }

    /// The call is over, in this company's word for how.
    pub async fn end(&mut self, company: &dyn Company, dial: &Dial) {
        let Some(status) = &dial.status else { return };
        while let Some(one) = self.kept.pop() {
            send(company, dial, &status.callback, one).await;
        }
    }
}

async fn send(
    company: &dyn Company,
    dial: &Dial,
    to: &Callback,
    (event, sequence, seconds): (&'static str, u32, u64),
) {
    // A company does not care what a server makes of it.
    let _ = webhook::tell(company, dial, to, &About::Progress { event, sequence, seconds }).await;
}

/// Tells who or what answered, where that is told by itself.
pub(super) async fn tell_amd(company: &dyn Company, dial: &Dial) -> Result<(), Failed> {
    let Some(Outbound { answered_by: Some(by), amd: Some(to), .. }) = &dial.outbound else { return Ok(()) };
    let about = About::Machine { by, milliseconds: 3_200 };
    if dial.status.as_ref().is_some_and(|status| status.habit == Habit::Twice) {
        webhook::tell(company, dial, to, &about).await?;
    }
    webhook::tell(company, dial, to, &about).await
}
