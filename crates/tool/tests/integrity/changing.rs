//! Moving, cancelling and undoing, also of what somebody moved or deleted elsewhere meanwhile.

use crate::{
    elsewhere::{Ask, Elsewhere, theirs},
    harness::on_both,
    rig::{NOW, Rig, anna, ben, milliseconds, owner, slot, wish},
};
use std::sync::Arc;
use store::Store;
use tool::calendar::{
    Booking, Moving, Undoing,
    books::{Connected, Reconciled},
};
use when::Span;

on_both!(
    what_was_deleted_elsewhere_can_be_cancelled_and_is_made_anew_when_it_moves,
    a_change_is_undone_here_and_elsewhere,
    an_undo_whose_time_is_gone_says_so,
    an_undo_of_what_was_changed_again_says_so,
    calendars_can_be_exchanged_while_the_book_is_in_use,
    what_the_owner_moved_or_deleted_elsewhere_is_taken_over,
    what_the_owner_moved_onto_something_else_stays_apart,
);

async fn last_change(rig: &Rig, id: &str) -> String {
    rig.store.appointment_changes(id).await.expect("read").pop().expect("changed").id
}

async fn what_was_deleted_elsewhere_can_be_cancelled_and_is_made_anew_when_it_moves(store: Store) {
    let rig = Rig::new(&store);
    let (one, other) =
        (rig.booked("2026-11-24T10:00", &anna()).await, rig.booked("2026-11-24T11:00", &ben()).await);
    for event in rig.remote.all() {
        rig.remote.delete(&event.id);
    }
    assert_eq!(rig.here().await.len(), 2, "our book counts");
    assert_eq!(rig.books.cancel(&one.id, "", &anna()).await, Ok(true));
    let moved = rig.books.reschedule(&other.id, slot("2026-11-24T15:00"), "", &ben()).await;
    assert!(matches!(moved, Ok(Moving::Moved(_))), "{moved:?}");
    assert_eq!(rig.here().await, [slot("2026-11-24T15:00").span]);
    assert_eq!(rig.there(), rig.here().await);
    assert!(matches!(
        rig.books.reschedule(&other.id, slot("2026-11-24T16:00"), "", &ben()).await,
        Ok(Moving::Moved(_))
    ));
    assert_eq!((rig.there(), rig.remote.asked(Ask::Put)), (vec![slot("2026-11-24T16:00").span], 3));
}

async fn a_change_is_undone_here_and_elsewhere(store: Store) {
    let rig = Rig::new(&store);
    let (ten, three) = (slot("2026-11-24T10:00"), slot("2026-11-24T15:00"));
    let entry = rig.booked("2026-11-24T10:00", &anna()).await;
    let booking = last_change(&rig, &entry.id).await;
    rig.books.reschedule(&entry.id, three, "", &anna()).await.expect("asked");
    let moving = last_change(&rig, &entry.id).await;
    let undo = async |change: &str| rig.books.undo(change, "by mistake", &owner()).await.expect("asked");
    assert!(matches!(undo(&moving).await, Undoing::Undone(back) if back.span == ten.span));
    assert_eq!((rig.here().await, rig.there()), (vec![ten.span], vec![ten.span]));
    assert!(matches!(undo(&moving).await, Undoing::Undone(_)), "undone twice is undone");
    rig.books.cancel(&entry.id, "", &anna()).await.expect("asked");
    let cancelling = last_change(&rig, &entry.id).await;
    assert!(matches!(undo(&cancelling).await, Undoing::Undone(_)));
    assert_eq!((rig.here().await, rig.there()), (vec![ten.span], vec![ten.span]));
    assert!(matches!(undo(&booking).await, Undoing::Undone(_)));
    assert_eq!((rig.here().await, rig.there()), (vec![], vec![]));
    assert_eq!(undo("no such change").await, Undoing::Gone);
    let changes = store.appointment_changes(&entry.id).await.expect("read");
    let kept: Vec<(&str, bool)> =
        changes.iter().map(|change| (change.what.as_str(), change.undoes.is_some())).collect();
    assert_eq!(
        kept,
        [
            ("booked", false),
            ("moved", false),
            ("moved", true),
            ("cancelled", false),
            ("booked", true),
            ("cancelled", true)
        ]
    );
    assert_eq!(changes[5].who, "owner");
}

async fn an_undo_whose_time_is_gone_says_so(store: Store) {
    let rig = Rig::new(&store);
    let entry = rig.booked("2026-11-24T10:00", &anna()).await;
    rig.books.cancel(&entry.id, "", &anna()).await.expect("asked");
    let change = last_change(&rig, &entry.id).await;
    rig.remote.write(theirs("dentist", "2026-11-24T10:00", "2026-11-24T10:30"));
    assert_eq!(rig.books.undo(&change, "", &owner()).await, Ok(Undoing::Taken));
    rig.remote.delete("dentist");
    rig.booked("2026-11-24T10:00", &ben()).await;
    assert_eq!(rig.books.undo(&change, "", &owner()).await, Ok(Undoing::Taken));
    assert_eq!((rig.here().await.len(), rig.there().len()), (1, 1));
    assert_eq!(store.open_intents(10).await.expect("read"), []);
}

async fn an_undo_of_what_was_changed_again_says_so(store: Store) {
    let rig = Rig::new(&store);
    let entry = rig.booked("2026-11-24T10:00", &anna()).await;
    let booking = last_change(&rig, &entry.id).await;
    rig.books.reschedule(&entry.id, slot("2026-11-24T15:00"), "", &anna()).await.expect("asked");
    assert_eq!(rig.books.undo(&booking, "", &owner()).await, Ok(Undoing::Changed));
    assert_eq!(rig.here().await, [slot("2026-11-24T15:00").span]);
}

async fn calendars_can_be_exchanged_while_the_book_is_in_use(store: Store) {
    let rig = Rig::new(&store);
    let (kept, moved) =
        (rig.booked("2026-11-24T10:00", &anna()).await, rig.booked("2026-11-24T11:00", &ben()).await);
    let new = Arc::new(Elsewhere::new("model:new"));
    rig.books.connect(vec![Connected { calendar: new.clone(), reads: true, writes: true }]);
    let asked = rig.remote.asked(Ask::Busy);
    let moving = rig.books.reschedule(&moved.id, slot("2026-11-24T15:00"), "", &ben()).await;
    assert!(matches!(moving, Ok(Moving::Moved(_))), "{moving:?}");
    assert_eq!(rig.books.cancel(&kept.id, "", &anna()).await, Ok(true), "though its calendar is gone");
    rig.booked("2026-11-24T16:00", &anna()).await;
    let there: Vec<Span> = new.all().iter().map(|event| event.span).collect();
    assert_eq!(there, [slot("2026-11-24T15:00").span, slot("2026-11-24T16:00").span]);
    assert_eq!(rig.here().await, there);
    assert_eq!(
        (rig.remote.asked(Ask::Busy), rig.there().len()),
        (asked, 2),
        "what is disconnected was touched"
    );
    rig.books.connect(Vec::new());
    assert!(matches!(rig.books.book(wish("2026-11-24T17:00", "k"), &ben()).await, Ok(Booking::Booked(_))));
    assert_eq!((rig.here().await.len(), new.all().len()), (3, 2));
    assert_eq!(store.open_intents(10).await.expect("read"), []);
}

/// The whole of the next two months.
fn soon() -> Span {
    theirs("soon", NOW, "2027-01-20T00:00").span
}

async fn what_the_owner_moved_or_deleted_elsewhere_is_taken_over(store: Store) {
    let rig = Rig::new(&store);
    let now_ms = milliseconds(NOW);
    let one = rig.booked("2026-11-24T10:00", &anna()).await;
    rig.booked("2026-11-24T11:00", &ben()).await;
    let far = rig.booked("2026-11-24T12:00", &ben()).await;
    rig.booked("2026-11-24T13:00", &anna()).await;
    assert_eq!(rig.books.reconcile(soon(), now_ms).await, Ok(Reconciled::default()));
    let events = rig.remote.all();
    let mut later = events[0].clone();
    later.span = slot("2026-11-25T09:00").span;
    rig.remote.write(later);
    rig.remote.delete(&events[1].id);
    let mut farther = events[2].clone();
    farther.span = slot("2027-05-03T09:00").span;
    rig.remote.write(farther);
    let reconciled = rig.books.reconcile(soon(), now_ms).await;
    assert_eq!(reconciled, Ok(Reconciled { moved: 2, cancelled: 1, apart: 0 }));
    assert_eq!(rig.here().await, rig.there());
    assert_eq!(rig.here().await.len(), 3);
    for id in [&one.id, &far.id] {
        let changes = store.appointment_changes(id).await.expect("read");
        assert_eq!((changes[1].what.as_str(), changes[1].who.as_str()), ("moved", "calendar"));
    }
    assert_eq!(rig.books.reconcile(soon(), now_ms).await, Ok(Reconciled::default()));
    assert_eq!(store.open_intents(10).await.expect("read"), []);
}

async fn what_the_owner_moved_onto_something_else_stays_apart(store: Store) {
    let rig = Rig::new(&store);
    rig.booked("2026-11-24T10:00", &anna()).await;
    rig.booked("2026-11-24T11:00", &ben()).await;
    let mut event = rig.remote.all()[0].clone();
    event.span = slot("2026-11-24T11:00").span;
    rig.remote.write(event);
    let reconciled = rig.books.reconcile(soon(), milliseconds(NOW)).await;
    assert_eq!(reconciled, Ok(Reconciled { moved: 0, cancelled: 0, apart: 1 }));
    assert_eq!(rig.here().await, [slot("2026-11-24T10:00").span, slot("2026-11-24T11:00").span]);
}
