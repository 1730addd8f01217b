//! Every change can be undone, which is a change, too.

use crate::{
    harness::on_both,
    hours::{HOUR, LEASE, at, book, booked, by, cancel, carried, done, move_to, planned, same, span, taken},
};
use store::{AppointmentRow, By, ChangeRow, Plan, Planned, Remote, Store};

mod both {
    super::on_both!(
        an_undone_booking_is_a_cancellation,
        what_was_moved_is_moved_back_unless_its_time_is_gone,
        what_was_cancelled_is_booked_again_unless_its_time_is_gone,
        an_undone_change_can_be_made_again_by_undoing_that,
        a_change_is_undone_once,
        what_was_changed_since_is_not_undone,
        changes_that_nobody_made_are_not_undone,
        what_is_booked_again_elsewhere_is_another_event,
    );
}

async fn latest(store: &Store, id: &str) -> ChangeRow {
    store.appointment_changes(id).await.expect("read").pop().expect("a change")
}

async fn undo(store: &Store, change: &ChangeRow) -> Result<AppointmentRow, Planned> {
    let by = By { who: "owner", call_id: None, second: None, at_ms: 99, reason: "a mistake", seen: None };
    done(store, &Plan::Undo { change_id: &change.id }, &by).await
}

async fn an_undone_booking_is_a_cancellation(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    let booking = latest(&store, &row.id).await;
    let undone = undo(&store, &booking).await.expect("undone");
    assert_eq!(undone, AppointmentRow { status: "cancelled".into(), ..row.clone() });
    let change = latest(&store, &row.id).await;
    assert_eq!((change.what.as_str(), change.who.as_str(), change.at_ms), ("cancelled", "owner", 99));
    assert_eq!(change.undoes.as_ref(), Some(&booking.id));
    assert_eq!(change.reason, "a mistake");
    assert!(book(&store, &at(10, "", "k2"), &by("c2")).await.is_ok());
}

async fn what_was_moved_is_moved_back_unless_its_time_is_gone(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    move_to(&store, &row.id, (15 * HOUR, 16 * HOUR), 0, &by("c1")).await.expect("moved");
    let moving = latest(&store, &row.id).await;
    let other = booked(&store, &at(10, "", "k2")).await;
    assert_eq!(undo(&store, &moving).await, taken(span(10, 11)));
    assert_eq!(store.appointment(&row.id).await.expect("read").expect("there").span(), span(15, 16));
    cancel(&store, &other.id, &by("c1")).await.expect("cancelled");
    assert_eq!(undo(&store, &moving).await, Ok(row.clone()));
    assert_eq!(latest(&store, &row.id).await.what, "moved");
}

async fn what_was_cancelled_is_booked_again_unless_its_time_is_gone(store: Store) {
    let row = booked(&store, &at(10, "+49301", "k1")).await;
    cancel(&store, &row.id, &by("c1")).await.expect("cancelled");
    let cancelling = latest(&store, &row.id).await;
    // The very request that made it may have been made again.
    let other = booked(&store, &at(10, "+49301", "k1")).await;
    assert_ne!(other.id, row.id);
    assert_eq!(undo(&store, &cancelling).await, taken(span(10, 11)));
    move_to(&store, &other.id, (12 * HOUR, 13 * HOUR), 0, &by("c1")).await.expect("moved");
    assert_eq!(undo(&store, &cancelling).await, Ok(row.clone()));
    assert_eq!(store.appointment(&row.id).await.expect("read").as_ref(), Some(&row));
    let change = latest(&store, &row.id).await;
    assert_eq!((change.what.as_str(), change.undoes.as_ref()), ("booked", Some(&cancelling.id)));
    assert_eq!(store.appointments_between("main", 0, 24 * HOUR).await.expect("listed").len(), 2);
}

async fn an_undone_change_can_be_made_again_by_undoing_that(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    let moved = move_to(&store, &row.id, (15 * HOUR, 16 * HOUR), 0, &by("c1")).await.expect("moved");
    let moving = latest(&store, &row.id).await;
    for _ in 0..2 {
        assert_eq!(undo(&store, &moving).await, Ok(row.clone()));
        let back = latest(&store, &row.id).await;
        assert_eq!(undo(&store, &back).await, Ok(moved.clone()));
    }
    assert_eq!(undo(&store, &moving).await, Ok(row.clone()));
    let first = store.appointment_changes(&row.id).await.expect("read").swap_remove(0);
    assert_eq!(undo(&store, &first).await.expect("undone").status, "cancelled");
}

async fn a_change_is_undone_once(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    move_to(&store, &row.id, (15 * HOUR, 16 * HOUR), 0, &by("c1")).await.expect("moved");
    let moving = latest(&store, &row.id).await;
    assert_eq!(undo(&store, &moving).await, Ok(row.clone()));
    assert_eq!(undo(&store, &moving).await, same(row.clone()));
    assert_eq!(store.appointment_changes(&row.id).await.expect("read").len(), 3);
}

async fn what_was_changed_since_is_not_undone(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    let booking = latest(&store, &row.id).await;
    move_to(&store, &row.id, (15 * HOUR, 16 * HOUR), 0, &by("c1")).await.expect("moved");
    let moving = latest(&store, &row.id).await;
    let now = move_to(&store, &row.id, (17 * HOUR, 18 * HOUR), 0, &by("c1")).await.expect("moved");
    for change in [&booking, &moving] {
        assert_eq!(undo(&store, change).await, Err(Planned::Changed(now.clone())));
    }
    let cancelled = cancel(&store, &row.id, &by("c1")).await.expect("cancelled");
    assert_eq!(undo(&store, &moving).await, Err(Planned::Changed(cancelled)));
}

async fn changes_that_nobody_made_are_not_undone(store: Store) {
    let plan = Plan::Undo { change_id: "nobody's" };
    assert_eq!(store.plan(&plan, &by("c1"), None, LEASE).await.expect("asked"), Planned::Gone);
}

async fn what_is_booked_again_elsewhere_is_another_event(store: Store) {
    let google = Some("google:primary");
    let row =
        carried(&store, &planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), google).await).await;
    carried(&store, &planned(&store, &Plan::Cancel { id: &row.id }, &by("c1"), google).await).await;
    let cancelling = latest(&store, &row.id).await;
    let plan = Plan::Undo { change_id: &cancelling.id };
    let intent = planned(&store, &plan, &by("c1"), google).await;
    assert_eq!(intent.remote(), Remote::Put);
    assert_eq!(intent.after.remote_id(), format!("{}2", row.id.replace('-', "")));
    carried(&store, &intent).await;
    let booking = latest(&store, &row.id).await;
    let intent = planned(&store, &Plan::Undo { change_id: &booking.id }, &by("c1"), google).await;
    assert_eq!((intent.remote(), intent.after.generation), (Remote::Remove, 2));
}
