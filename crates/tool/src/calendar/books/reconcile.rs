//! What the owner moved or deleted in a calendar elsewhere is taken over into our book.

use super::{
    Books, Unavailable,
    rows::{milliseconds, span},
    steps::{LEASE_MS, Tried},
};
use crate::calendar::remote::{Calendar, Event};
use jiff::SignedDuration;
use std::{collections::BTreeMap, sync::Arc};
use store::{AppointmentRow, By, Plan, Planned};
use when::Span;

/// As who the owner's changes elsewhere are recorded.
const WHO: &str = "calendar";
/// How far from where it was an event is looked for before it counts as deleted.
const FAR: SignedDuration = SignedDuration::from_hours(300 * 24);

/// What came of reconciling, in numbers of appointments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Moved there, and now here.
    pub moved: usize,
    /// Deleted there, and now cancelled here.
    pub cancelled: usize,
    /// Moved there to a time that something else has in our book: they stay apart, and both times stay taken.
    pub apart: usize,
}

/// Where an appointment's event is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    At(Span),
    Deleted,
}

impl Books {
    /// Takes over what became elsewhere of our appointments within `range` that are still to come.
    pub async fn reconcile(&self, range: Span, now_ms: i64) -> Result<Reconciled, Unavailable> {
        let (from, to) = milliseconds(range);
        // Read before the events are: whatever stands here by then has its event there.
        let rows = self.store.appointments_between(Self::NAME, from.max(now_ms), to).await?;
        let mut by_calendar: BTreeMap<String, Vec<AppointmentRow>> = BTreeMap::new();
        for row in rows.into_iter().filter(|row| row.starts_ms > now_ms) {
            if let Some(name) = row.elsewhere.clone() {
                by_calendar.entry(name).or_default().push(row);
            }
        }
        let mut reconciled = Reconciled::default();
        for (name, rows) in by_calendar {
            let Some(calendar) = self.elsewhere.named(&name) else { continue };
            let events = self.elsewhere.events_of(&*calendar, range).await?;
            for row in rows {
                let here = span(row.starts_ms, row.ends_ms)?;
                let id = row.remote_id();
                let there = match at(&events, &id) {
                    There::At(there) => There::At(there),
                    There::Deleted => self.whereabouts(&*calendar, &id, here).await?,
                };
                if there != There::At(here) {
                    self.take_over(&calendar, &row, there, now_ms, &mut reconciled).await?;
                }
            }
        }
        Ok(reconciled)
    }

    async fn take_over(
        &self,
        calendar: &Arc<dyn Calendar>,
        row: &AppointmentRow,
        there: There,
        now_ms: i64,
        reconciled: &mut Reconciled,
    ) -> Result<(), Unavailable> {
        let plan = match there {
            There::At(to) => {
                let (starts_ms, ends_ms) = milliseconds(to);
                Plan::Move { id: &row.id, to: store::Span { starts_ms, ends_ms }, gap: row.gap() }
            }
            There::Deleted => Plan::Cancel { id: &row.id },
        };
        let by = By { who: WHO, call_id: None, second: None, at_ms: now_ms, reason: "", seen: None };
        let intent = match self.store.plan(&plan, &by, None, now_ms.saturating_add(LEASE_MS)).await? {
            Planned::Planned(intent) => intent,
            Planned::Taken(_) => {
                reconciled.apart += 1;
                return Ok(());
            }
            // It is being changed here; next time, then.
            Planned::Same(_) | Planned::Underway(_) | Planned::Changed(_) | Planned::Gone => return Ok(()),
        };
        // Nobody changes it here from now on. Was it changed here since it was read, or is it on its way there?
        let here = span(row.starts_ms, row.ends_ms)?;
        let still = match self.whereabouts(&**calendar, &row.remote_id(), here).await {
            Ok(now) => now == there && intent.before.as_ref() == Some(row) && intent.at_ms == now_ms,
            Err(unavailable) => {
                self.store.drop_intent(&intent).await?;
                return Err(unavailable);
            }
        };
        if !still {
            self.store.drop_intent(&intent).await?;
            return Ok(());
        }
        match (self.carry_out(&intent).await?, there) {
            (Tried::Done(_), There::At(_)) => reconciled.moved += 1,
            (Tried::Done(_), There::Deleted) => reconciled.cancelled += 1,
            (Tried::Taken | Tried::Refused(_) | Tried::Unknown(_) | Tried::Lost, _) => {}
        }
        Ok(())
    }

    /// Where this event is, looked for far around where it was.
    async fn whereabouts(&self, calendar: &dyn Calendar, id: &str, here: Span) -> Result<There, Unavailable> {
        let far = Span {
            from: here.from.checked_sub(FAR).unwrap_or(here.from),
            to: here.to.checked_add(FAR).unwrap_or(here.to),
        };
        Ok(at(&self.elsewhere.events_of(calendar, far).await?, id))
    }
}

fn at(events: &[Event], id: &str) -> There {
    events.iter().find(|event| event.id == id).map_or(There::Deleted, |event| There::At(event.span))
}
