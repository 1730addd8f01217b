//! The calendar in our own store, which needs no account anywhere.

use super::{Booking, Calendar, Entry, Moving, Pending, Slot, Unavailable, Wish};
use crate::Errand;
use jiff::Timestamp;
use store::{AppointmentRow, By, Cancelling, Gap, Held, Hold, NewAppointment, Store, StoreError};
use when::Span;

/// How long a time is kept for a caller who was told that it is free.
const HOLD_MS: i64 = 3 * 60 * 1_000;

/// One calendar, called `main`.
pub struct Local {
    store: Store,
}

impl Local {
    /// The calendar's name in the store.
    pub const NAME: &str = "main";

    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl Calendar for Local {
    fn busy<'a>(&'a self, range: Span, errand: &'a Errand) -> Pending<'a, Vec<Span>> {
        Box::pin(async move {
            let (from, to) = milliseconds(range);
            let busy = self.store.busy_between(Self::NAME, from, to, errand.now_ms, call(errand)).await?;
            busy.iter().map(|busy| span(busy.starts_ms, busy.ends_ms)).collect()
        })
    }

    fn hold<'a>(&'a self, slot: Slot, errand: &'a Errand) -> Pending<'a, bool> {
        Box::pin(async move {
            let Some(call_id) = call(errand) else { return Ok(true) };
            let (starts_ms, ends_ms) = milliseconds(slot.span);
            let hold = Hold {
                calendar: Self::NAME,
                call_id,
                starts_ms,
                ends_ms,
                gap: Gap::around(gap(slot)),
                now_ms: errand.now_ms,
                expires_ms: errand.now_ms + HOLD_MS,
            };
            match self.store.hold(&hold).await? {
                Held::Held => Ok(true),
                Held::Taken(_) => Ok(false),
            }
        })
    }

    fn book<'a>(&'a self, wish: Wish, errand: &'a Errand) -> Pending<'a, Booking> {
        Box::pin(async move {
            let (starts_ms, ends_ms) = milliseconds(wish.slot.span);
            let attendees = serde_json::to_string(&wish.attendees).expect("strings are JSON");
            let new = NewAppointment {
                calendar: Self::NAME,
                starts_ms,
                ends_ms,
                gap: Gap::around(gap(wish.slot)),
                zone: &wish.zone,
                kind: "",
                summary: &wish.summary,
                description: &wish.description,
                attendees: &attendees,
                caller: errand.number().unwrap_or_default(),
                contact: "",
                key: &wish.key,
            };
            Ok(match self.store.book(&new, &by(errand, "")).await? {
                store::Booking::Booked(row) => Booking::Booked(entry(row)?),
                store::Booking::Same(row) => Booking::Same(entry(row)?),
                store::Booking::Taken(_) => Booking::Taken,
            })
        })
    }

    fn reschedule<'a>(
        &'a self,
        id: &'a str,
        slot: Slot,
        reason: &'a str,
        errand: &'a Errand,
    ) -> Pending<'a, Moving> {
        Box::pin(async move {
            let by = by(errand, reason);
            Ok(match self.store.move_appointment(id, milliseconds(slot.span), gap(slot), &by).await? {
                store::Moving::Moved(row) => Moving::Moved(entry(row)?),
                store::Moving::Taken(_) => Moving::Taken,
                store::Moving::Gone => Moving::Gone,
            })
        })
    }

    fn cancel<'a>(&'a self, id: &'a str, reason: &'a str, errand: &'a Errand) -> Pending<'a, bool> {
        Box::pin(async move {
            match self.store.cancel_appointment(id, &by(errand, reason)).await? {
                Cancelling::Cancelled(_) => Ok(true),
                Cancelling::Already(_) | Cancelling::Gone => Ok(false),
            }
        })
    }

    fn list<'a>(&'a self, range: Span, _: &'a Errand) -> Pending<'a, Vec<Entry>> {
        Box::pin(async move {
            let (from, to) = milliseconds(range);
            let rows = self.store.appointments_between(Self::NAME, from, to).await?;
            rows.into_iter().map(entry).collect()
        })
    }
}

impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Unavailable(error.to_string())
    }
}

fn call(errand: &Errand) -> Option<&str> {
    Some(errand.call_id.as_str()).filter(|id| !id.is_empty())
}

fn by<'a>(errand: &'a Errand, reason: &'a str) -> By<'a> {
    let who = errand.number().unwrap_or(errand.trust.name());
    By { who, call_id: call(errand), second: errand.second(), at_ms: errand.now_ms, reason }
}

fn entry(row: AppointmentRow) -> Result<Entry, Unavailable> {
    let span = span(row.starts_ms, row.ends_ms)?;
    let call_id = row.call_id.unwrap_or_default();
    Ok(Entry { id: row.id, span, summary: row.summary, caller: row.caller, call_id })
}

/// The store knows one gap for both sides: the larger, so that neither is broken.
fn gap(slot: Slot) -> i64 {
    i64::try_from(slot.before.max(slot.after).as_millis()).unwrap_or(i64::MAX)
}

fn milliseconds(span: Span) -> (i64, i64) {
    (span.from.as_millisecond(), span.to.as_millisecond())
}

fn span(starts_ms: i64, ends_ms: i64) -> Result<Span, Unavailable> {
    let at = |ms| Timestamp::from_millisecond(ms).map_err(|error| Unavailable(error.to_string()));
    Ok(Span { from: at(starts_ms)?, to: at(ends_ms)? })
}
