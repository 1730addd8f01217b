//! Who is told of what there is.

use crate::{
    elsewhere::theirs,
    harness::on_both,
    rig::{Rig, anna, ben, owner, slot},
};
use store::Store;

on_both!(
    the_owner_hears_of_everything_once_and_others_of_their_own,
    our_event_is_not_listed_as_another_when_it_moved_elsewhere,
);

async fn the_owner_hears_of_everything_once_and_others_of_their_own(store: Store) {
    let rig = Rig::new(&store);
    rig.booked("2026-11-24T10:00", &anna()).await;
    rig.booked("2026-11-24T14:00", &ben()).await;
    rig.remote.write(theirs("dentist", "2026-11-24T12:00", "2026-11-24T13:00"));
    let mut free = theirs("free", "2026-11-24T09:00", "2026-11-24T09:30");
    free.busy = false;
    rig.remote.write(free);
    let day = theirs("day", "2026-11-24T00:00", "2026-11-25T00:00").span;
    let all = rig.books.list(day, &owner()).await.expect("asked");
    let all: Vec<(&str, Option<&str>)> =
        all.iter().map(|entry| (entry.summary.as_str(), entry.elsewhere.as_deref())).collect();
    let there = Some("model:main");
    assert_eq!(all, [("Dentist", there), ("Haircut", None), ("Dentist", there), ("Haircut", None)]);
    for (who, start) in [(anna(), "2026-11-24T10:00"), (ben(), "2026-11-24T14:00")] {
        let own = rig.books.list(day, &who).await.expect("asked");
        assert_eq!(own.iter().map(|entry| entry.span).collect::<Vec<_>>(), [slot(start).span]);
    }
    assert_eq!(rig.books.appointments(day, &owner()).await.expect("asked").len(), 2);
}

async fn our_event_is_not_listed_as_another_when_it_moved_elsewhere(store: Store) {
    let rig = Rig::new(&store);
    rig.booked("2026-11-24T10:00", &anna()).await;
    let mut event = rig.remote.all()[0].clone();
    event.span = slot("2026-11-24T15:00").span;
    rig.remote.write(event);
    let day = theirs("day", "2026-11-24T00:00", "2026-11-25T00:00").span;
    let all = rig.books.list(day, &owner()).await.expect("asked");
    assert_eq!(all.iter().map(|entry| entry.span).collect::<Vec<_>>(), [slot("2026-11-24T10:00").span]);
    let busy = rig.books.busy(day, &anna()).await.expect("asked");
    assert_eq!(busy, [slot("2026-11-24T10:00").span, slot("2026-11-24T15:00").span], "both times are taken");
}
