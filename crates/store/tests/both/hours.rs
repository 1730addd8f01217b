//! Appointments on the full hour, carried out at once where nothing else is tested.

use store::{
    AppointmentRow, Asking, By, Carried, Followup, Gap, Intent, NewAppointment, Plan, Planned, Span, Store,
};

pub const HOUR: i64 = 3_600_000;

/// When the lease of whatever is planned here runs out.
pub const LEASE: i64 = 60_000;

pub fn at(hour: i64, caller: &'static str, key: &'static str) -> NewAppointment<'static> {
    NewAppointment {
        calendar: "main",
        starts_ms: hour * HOUR,
        ends_ms: (hour + 1) * HOUR,
        gap: Gap::NONE,
        zone: "Europe/Berlin",
        kind: "haircut",
        summary: "Haircut",
        description: "short",
        attendees: "[\"anna@example.org\"]",
        caller,
        contact: "anna@example.org",
        key,
    }
}

pub fn by(call_id: &'static str) -> By<'static> {
    By { who: "+49301", call_id: Some(call_id), second: Some(42), at_ms: 7, reason: "", seen: None }
}

pub fn span(from: i64, to: i64) -> Span {
    Span { starts_ms: from * HOUR, ends_ms: to * HOUR }
}

/// What must be carried out.
pub async fn planned(store: &Store, plan: &Plan<'_>, by: &By<'_>, elsewhere: Option<&str>) -> Intent {
    match store.plan(plan, by, elsewhere, LEASE).await.expect("asked") {
        Planned::Planned(intent) => intent,
        other @ (Planned::Same(_)
        | Planned::Underway(_)
        | Planned::Taken(_)
        | Planned::Changed(_)
        | Planned::Gone) => panic!("not planned: {other:?}"),
    }
}

pub async fn carried(store: &Store, intent: &Intent) -> AppointmentRow {
    match store.carry_out(intent, &Followup::default()).await.expect("asked") {
        Carried::Done(row) => row,
        Carried::Lost => panic!("lost: {intent:?}"),
    }
}

/// Plans and carries out; what hinders is an error.
pub async fn done(store: &Store, plan: &Plan<'_>, by: &By<'_>) -> Result<AppointmentRow, Planned> {
    match store.plan(plan, by, None, LEASE).await.expect("asked") {
        Planned::Planned(intent) => Ok(carried(store, &intent).await),
        other @ (Planned::Same(_)
        | Planned::Underway(_)
        | Planned::Taken(_)
        | Planned::Changed(_)
        | Planned::Gone) => Err(other),
    }
}

#[expect(clippy::result_large_err, reason = "it is compared and gone")]
pub fn taken(span: Span) -> Result<AppointmentRow, Planned> {
    Err(Planned::Taken(span))
}

#[expect(clippy::result_large_err, reason = "it is compared and gone")]
pub fn same(row: AppointmentRow) -> Result<AppointmentRow, Planned> {
    Err(Planned::Same(row))
}

pub async fn book(store: &Store, new: &NewAppointment<'_>, by: &By<'_>) -> Result<AppointmentRow, Planned> {
    done(store, &Plan::Book(new), by).await
}

pub async fn booked(store: &Store, new: &NewAppointment<'_>) -> AppointmentRow {
    book(store, new, &by("c1")).await.expect("free")
}

pub async fn move_to(
    store: &Store,
    id: &str,
    (starts_ms, ends_ms): (i64, i64),
    gap_ms: i64,
    by: &By<'_>,
) -> Result<AppointmentRow, Planned> {
    let to = Span { starts_ms, ends_ms };
    done(store, &Plan::Move { id, to, gap: Gap::around(gap_ms) }, by).await
}

pub async fn cancel(store: &Store, id: &str, by: &By<'_>) -> Result<AppointmentRow, Planned> {
    done(store, &Plan::Cancel { id }, by).await
}

/// What is taken from one full hour to another, for another call than this.
pub async fn busy(store: &Store, range: Span, now_ms: i64, call_id: Option<&str>) -> Vec<Span> {
    let gap = Gap::around(24 * HOUR);
    let asking = Asking { now_ms, call_id, moving: None };
    store.taken_between("main", range, gap, &asking).await.expect("listed")
}
