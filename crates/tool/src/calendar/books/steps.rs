//! From a plan to what is told: every step may be the last that this process makes, and whoever finds the intent then
//! goes on from there.

use super::{
    Books, Unavailable,
    announce::{Announced, Changed, Job},
    rows::{event, kept_free, span},
};
use crate::calendar::remote::{self, Trouble, Written};
use std::{sync::Arc, time::Duration};
use store::{
    AppointmentRow, By, Carried, Followup, Intent, IntentState, NewJob, Outcome, Plan, Planned, Remote,
    StoreError, What,
};

/// Longer than all steps take, each at its longest.
pub(super) const LEASE_MS: i64 = 60_000;
/// A write that was not answered may still arrive; what is taken back before then may come again.
pub(super) const UNSETTLED_MS: i64 = 45_000;
/// How long to wait for somebody who makes the same change, and how often to look.
const LONGEST_WAIT_MS: i64 = 20_000;
const LOOK: Duration = Duration::from_millis(100);
/// How often the store may fail to say whether a change was carried out.
const TRIES: u32 = 3;
/// How often an event may be deleted elsewhere while it is being written.
const GENERATIONS: u32 = 3;

/// Whether the one who asks was told of the time that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Read,
    Unread,
}

/// What a change came to.
pub(super) enum Came {
    Done(AppointmentRow),
    /// It was so already.
    Same(AppointmentRow),
    Taken,
    Gone,
    /// What was to be undone was changed since.
    Changed,
    /// It could be, but is not: its time is to be told first.
    Unread,
}

/// What one try at carrying out an intent came to.
#[expect(clippy::large_enum_variant, reason = "one is made a request, and lives for a line")]
pub(super) enum Tried {
    Done(AppointmentRow),
    Taken,
    /// A calendar elsewhere said no.
    Refused(String),
    /// A calendar elsewhere did not answer.
    Unknown(String),
    /// Somebody else has the intent now.
    Lost,
}

/// What came of taking back what may be written elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Back {
    Settled,
    /// To be tried again.
    Waiting,
    /// Somebody else has the intent now.
    Lost,
}

impl Books {
    /// All steps of a change, with the answer for the one who asked.
    pub(super) async fn change(
        &self,
        plan: &Plan<'_>,
        by: &By<'_>,
        standing: Standing,
    ) -> Result<Came, Unavailable> {
        let target = self.elsewhere.target();
        let elsewhere = target.as_ref().map(|calendar| calendar.name());
        let mut by = *by;
        let latest_ms = by.at_ms.saturating_add(LONGEST_WAIT_MS);
        let mut intent = loop {
            match self.store.plan(plan, &by, elsewhere, by.at_ms.saturating_add(LEASE_MS)).await? {
                Planned::Planned(intent) => break intent,
                Planned::Same(row) => return Ok(Came::Same(row)),
                Planned::Taken(_) => return Ok(Came::Taken),
                Planned::Changed(_) => return Ok(Came::Changed),
                Planned::Gone => return Ok(Came::Gone),
                Planned::Underway(_) if by.at_ms >= latest_ms => {
                    return Err(Unavailable("this appointment is being changed already".into()));
                }
                Planned::Underway(other) => by.at_ms = self.wait_for(&other, by.at_ms, latest_ms).await?,
            }
        };
        // What somebody else left behind may have been written elsewhere, and was to be done when it was.
        let mut written = intent.at_ms != by.at_ms;
        if standing == Standing::Unread && !written {
            let free = self.look(&intent).await;
            self.store.drop_intent(&intent).await?;
            return Ok(if free? { Came::Unread } else { Came::Taken });
        }
        let tried = match self.attempt(&mut intent, &mut written).await {
            Ok(tried) => tried,
            Err(Unavailable(why)) => Tried::Unknown(why),
        };
        self.told(&intent, written, tried).await
    }

    /// Until the intent is decided; the time then.
    async fn wait_for(&self, intent: &Intent, mut now_ms: i64, latest_ms: i64) -> Result<i64, Unavailable> {
        while now_ms < latest_ms {
            tokio::time::sleep(LOOK).await;
            now_ms += LOOK.as_millis() as i64;
            match self.store.outcome(&intent.id).await? {
                Outcome::Open(_) => {}
                Outcome::Done(_) | Outcome::Dropped => break,
            }
        }
        Ok(now_ms)
    }

    /// What is told of a try, and what becomes of its intent: after this the caller knows of nothing that does not stand.
    async fn told(&self, intent: &Intent, written: bool, tried: Tried) -> Result<Came, Unavailable> {
        let retry_ms = intent.at_ms.saturating_add(UNSETTLED_MS);
        let (came, ours) = match tried {
            Tried::Done(row) => return Ok(Came::Done(row)),
            Tried::Lost => (Err(Unavailable("another instance decides this now".into())), false),
            Tried::Taken if written => {
                let back = self.take_back(intent, retry_ms, "somebody else took the time").await?;
                (Ok(Came::Taken), back != Back::Lost)
            }
            Tried::Refused(why) if written => {
                let back = self.take_back(intent, retry_ms, &why).await?;
                (Err(Unavailable(why)), back != Back::Lost)
            }
            // What was written may still be on its way there, too early to be taken back.
            Tried::Unknown(why) if written => {
                let ours = self.store.undo_later(intent, retry_ms, &why).await?;
                (Err(Unavailable(why)), ours)
            }
            Tried::Taken => (Ok(Came::Taken), self.store.drop_intent(intent).await?),
            Tried::Refused(why) | Tried::Unknown(why) => {
                (Err(Unavailable(why)), self.store.drop_intent(intent).await?)
            }
        };
        if ours {
            return came;
        }
        match self.store.outcome(&intent.id).await? {
            Outcome::Done(row) => Ok(Came::Done(row)),
            Outcome::Open(_) => came,
            Outcome::Dropped => {
                if written {
                    self.put_right(intent).await?;
                }
                came
            }
        }
    }

    /// Looks elsewhere, writes elsewhere, looks again, and carries out. `written` is set once something may have been
    /// written elsewhere that does not stand here.
    pub(super) async fn attempt(
        &self,
        intent: &mut Intent,
        written: &mut bool,
    ) -> Result<Tried, Unavailable> {
        if intent.what == What::Cancelled {
            return self.attempt_to_cancel(intent).await;
        }
        let calendar = match self.home(intent) {
            Some(calendar) => Some(calendar),
            None if intent.after.elsewhere.is_none() => None,
            None if *written => {
                let name = intent.after.elsewhere.as_deref().unwrap_or_default();
                return Ok(Tried::Unknown(format!("{name} is not connected")));
            }
            // The owner has disconnected the calendar that the event was in.
            None => {
                let target = self.elsewhere.target();
                let name = target.as_ref().map(|calendar| calendar.name());
                match self.store.intent_anew(intent, name).await? {
                    Some(anew) => *intent = anew,
                    None => return Ok(Tried::Lost),
                }
                target
            }
        };
        match self.look(intent).await {
            Ok(true) => {}
            Ok(false) => return Ok(Tried::Taken),
            Err(Unavailable(why)) => return Ok(Tried::Unknown(why)),
        }
        if let Some(calendar) = calendar {
            if let Some(tried) = self.write(&*calendar, intent, written).await? {
                return Ok(tried);
            }
            match self.look(intent).await {
                Ok(true) => {}
                Ok(false) => return Ok(Tried::Taken),
                Err(Unavailable(why)) => return Ok(Tried::Unknown(why)),
            }
        }
        self.carry_out(intent).await
    }

    /// A cancellation cannot fail for what is elsewhere.
    async fn attempt_to_cancel(&self, intent: &Intent) -> Result<Tried, Unavailable> {
        let Some(calendar) = self.home(intent) else { return self.carry_out(intent).await };
        match self.elsewhere.remove(&*calendar, &intent.after.remote_id()).await {
            Ok(()) => self.carry_out(intent).await,
            Err(trouble) => {
                let why = format!("{}: {trouble}", calendar.name());
                let retry_ms = intent.at_ms.saturating_add(UNSETTLED_MS);
                let announced = self.announced(intent);
                let (forget, queue) = (announced.forget(), announced.queue(intent.at_ms));
                let followup = Followup { forget: &forget, queue: &queue };
                Ok(tried(self.store.cancel_ahead(intent, retry_ms, &why, &followup).await?))
            }
        }
    }

    /// Writes elsewhere. Nothing: it stands there.
    async fn write(
        &self,
        calendar: &dyn remote::Calendar,
        intent: &mut Intent,
        written: &mut bool,
    ) -> Result<Option<Tried>, Unavailable> {
        for _ in 0..GENERATIONS {
            // Nobody else may have taken it over and back meanwhile.
            if !self.store.renew_intent(intent, intent.lease_until_ms).await? {
                return Ok(Some(Tried::Lost));
            }
            match self.write_once(calendar, intent).await? {
                Ok(Written::Done { .. }) => {
                    *written = true;
                    return Ok(None);
                }
                Ok(Written::Gone) => {
                    let name = calendar.name();
                    match self.store.intent_anew(intent, Some(name)).await? {
                        Some(anew) => *intent = anew,
                        None => return Ok(Some(Tried::Lost)),
                    }
                }
                Err(trouble) => {
                    let why = format!("{}: {trouble}", calendar.name());
                    return Ok(Some(match trouble {
                        Trouble::Unreachable(_) => {
                            *written = true;
                            Tried::Unknown(why)
                        }
                        Trouble::Refused(_) | Trouble::Revoked(_) => Tried::Refused(why),
                    }));
                }
            }
        }
        Ok(Some(Tried::Refused(format!("{}: somebody deletes what is written", calendar.name()))))
    }

    /// Does elsewhere what the intent's state asks for.
    async fn write_once(
        &self,
        calendar: &dyn remote::Calendar,
        intent: &Intent,
    ) -> Result<Result<Written, Trouble>, Unavailable> {
        let id = intent.after.remote_id();
        let done = Written::Done { etag: None };
        Ok(match intent.remote() {
            Remote::Nothing => Ok(done),
            Remote::Put => self.elsewhere.put(calendar, &event(&intent.after)?).await,
            Remote::Shift(to) => {
                let to = span(to.starts_ms, to.ends_ms)?;
                self.elsewhere.shift(calendar, &id, to, &intent.after.zone).await
            }
            Remote::Remove => self.elsewhere.remove(calendar, &id).await.map(|()| done),
        })
    }

    pub(super) async fn carry_out(&self, intent: &Intent) -> Result<Tried, Unavailable> {
        let announced = self.announced(intent);
        let (forget, queue) = (announced.forget(), announced.queue(intent.at_ms));
        let followup = Followup { forget: &forget, queue: &queue };
        let mut tries = 1;
        loop {
            // A store that fails may have done it nevertheless: asking again says so.
            match self.store.carry_out(intent, &followup).await {
                Ok(carried) => return Ok(tried(carried)),
                Err(error) if tries >= TRIES => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "the store does not say whether a change was carried out");
                }
            }
            tries += 1;
        }
    }

    /// Whether nothing elsewhere is where the appointment is to be, but its own event.
    async fn look(&self, intent: &Intent) -> Result<bool, Unavailable> {
        let wanted = kept_free(&intent.after)?;
        let own = intent.after.elsewhere.is_some().then(|| intent.after.remote_id());
        let busy = self.elsewhere.busy(wanted, own.as_deref()).await?;
        Ok(!busy.iter().any(|busy| busy.overlaps(&wanted)))
    }

    /// Gives an intent up of which something may be written elsewhere: its time stays taken until that is taken back.
    pub(super) async fn take_back(
        &self,
        intent: &Intent,
        retry_ms: i64,
        why: &str,
    ) -> Result<Back, StoreError> {
        if !self.store.undo_later(intent, retry_ms, why).await? {
            return Ok(Back::Lost);
        }
        let mut undoing = intent.clone();
        undoing.state = IntentState::Undoing;
        match self.settle_elsewhere(&undoing).await {
            Ok(()) if self.store.drop_intent(&undoing).await? => Ok(Back::Settled),
            Ok(()) => Ok(Back::Lost),
            Err(Unavailable(why)) => {
                tracing::warn!(why, "what was written to a calendar elsewhere is not taken back yet");
                Ok(Back::Waiting)
            }
        }
    }

    /// Does elsewhere what is left to be done there of an intent that is undone or only removes.
    pub(super) async fn settle_elsewhere(&self, intent: &Intent) -> Result<(), Unavailable> {
        let Some(name) = &intent.after.elsewhere else { return Ok(()) };
        let Some(calendar) = self.home(intent) else {
            return Err(Unavailable(format!("{name} is not connected")));
        };
        match self.write_once(&*calendar, intent).await? {
            Ok(Written::Done { .. } | Written::Gone) => Ok(()),
            Err(trouble) => Err(Unavailable(format!("{name}: {trouble}"))),
        }
    }

    /// After a write that came too late: elsewhere stands again what stands here.
    async fn put_right(&self, intent: &Intent) -> Result<(), Unavailable> {
        let Some(calendar) = self.home(intent) else { return Ok(()) };
        let id = intent.after.remote_id();
        let row = self.store.appointment(&intent.after.id).await?;
        let stands = row.filter(|row| row.status == "booked" && row.remote_id() == id);
        let done = match stands {
            Some(row) => {
                let at = span(row.starts_ms, row.ends_ms)?;
                self.elsewhere.shift(&*calendar, &id, at, &row.zone).await.map(|_| ())
            }
            None => self.elsewhere.remove(&*calendar, &id).await,
        };
        done.map_err(|trouble| Unavailable(format!("{}: {trouble}", calendar.name())))
    }

    /// The calendar that the intent's event is in, or is to be in, where that is connected.
    fn home(&self, intent: &Intent) -> Option<Arc<dyn remote::Calendar>> {
        self.elsewhere.named(intent.after.elsewhere.as_deref()?)
    }

    fn announced(&self, intent: &Intent) -> Announced {
        (self.announce)(&Changed::by_intent(intent))
    }
}

impl Announced {
    fn forget(&self) -> Vec<&str> {
        self.forget.iter().map(String::as_str).collect()
    }

    fn queue(&self, now_ms: i64) -> Vec<NewJob<'_>> {
        self.queue
            .iter()
            .map(|Job { kind, key, payload, due_ms }| NewJob { kind, key, payload, due_ms: *due_ms, now_ms })
            .collect()
    }
}

fn tried(carried: Carried) -> Tried {
    match carried {
        Carried::Done(row) => Tried::Done(row),
        Carried::Lost => Tried::Lost,
    }
}
