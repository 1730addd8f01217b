//! Changes in our own book alone, where there is nothing to be written elsewhere between planning and carrying out.

use crate::{
    AppointmentRow, By, Carried, Followup, Gap, NewAppointment, Plan, Planned, Span, Store, StoreError,
};

/// How long another instance waits before it carries out what was left behind between the two steps.
const LEASE_MS: i64 = 10_000;

/// What came of booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booking {
    Booked(AppointmentRow),
    /// It was booked already, by the same request or by the same caller for the same time.
    Same(AppointmentRow),
    /// Something else is there, or another caller is about to book it.
    Taken(Span),
}

/// What came of moving.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one is made a request, and lives for a line")]
pub enum Moving {
    /// It stands there now, or did already.
    Moved(AppointmentRow),
    Taken(Span),
    /// There is no such appointment, or it is cancelled.
    Gone,
}

/// What came of cancelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelling {
    Cancelled(AppointmentRow),
    /// It was cancelled before.
    Already(AppointmentRow),
    Gone,
}

impl Store {
    /// Books, unless the time is taken or the appointment is there already.
    pub async fn book(&self, new: &NewAppointment<'_>, by: &By<'_>) -> Result<Booking, StoreError> {
        let taken = Span { starts_ms: new.starts_ms, ends_ms: new.ends_ms };
        Ok(match self.at_once(&Plan::Book(new), by).await? {
            Done::Now(row) => Booking::Booked(row),
            Done::Not(Planned::Same(row)) => Booking::Same(row),
            Done::Not(Planned::Taken(span)) => Booking::Taken(span),
            Done::Not(Planned::Planned(_) | Planned::Underway(_) | Planned::Changed(_) | Planned::Gone) => {
                Booking::Taken(taken)
            }
        })
    }

    /// Moves an appointment, unless something else is there or within `gap_ms` of it. Moving it to where it is changes
    /// nothing.
    pub async fn move_appointment(
        &self,
        id: &str,
        (starts_ms, ends_ms): (i64, i64),
        gap_ms: i64,
        by: &By<'_>,
    ) -> Result<Moving, StoreError> {
        let to = Span { starts_ms, ends_ms };
        Ok(match self.at_once(&Plan::Move { id, to, gap: Gap::around(gap_ms) }, by).await? {
            Done::Now(row) | Done::Not(Planned::Same(row)) => Moving::Moved(row),
            Done::Not(Planned::Taken(span)) => Moving::Taken(span),
            Done::Not(Planned::Planned(_) | Planned::Underway(_) | Planned::Changed(_) | Planned::Gone) => {
                Moving::Gone
            }
        })
    }

    /// Cancels an appointment. It stays in the records.
    pub async fn cancel_appointment(&self, id: &str, by: &By<'_>) -> Result<Cancelling, StoreError> {
        Ok(match self.at_once(&Plan::Cancel { id }, by).await? {
            Done::Now(row) => Cancelling::Cancelled(row),
            Done::Not(Planned::Same(row) | Planned::Changed(row)) => Cancelling::Already(row),
            Done::Not(Planned::Planned(_) | Planned::Underway(_) | Planned::Taken(_) | Planned::Gone) => {
                Cancelling::Gone
            }
        })
    }

    async fn at_once(&self, plan: &Plan<'_>, by: &By<'_>) -> Result<Done, StoreError> {
        let planned = self.plan(plan, by, None, by.at_ms + LEASE_MS).await?;
        let Planned::Planned(intent) = planned else { return Ok(Done::Not(planned)) };
        Ok(match self.carry_out(&intent, &Followup::default()).await? {
            Carried::Done(row) => Done::Now(row),
            Carried::Lost => Done::Not(Planned::Underway(intent)),
        })
    }
}

#[expect(clippy::large_enum_variant, reason = "one is made a request, and lives for a line")]
enum Done {
    Now(AppointmentRow),
    Not(Planned),
}
