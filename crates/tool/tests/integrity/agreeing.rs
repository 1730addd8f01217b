//! What is agreed is agreed once, whoever else wants the same time in the same moment, here or elsewhere.

use crate::{
    elsewhere::{Ask, Fault, theirs},
    harness::on_both,
    rig::{Rig, anna, ben, errand, owner, slot, wish},
};
use std::time::Duration;
use store::{JobState, Store};
use tool::{
    Trust,
    calendar::{
        Booking, Books, Moving, Slot,
        books::{Announced, Job},
    },
};

on_both!(
    of_two_callers_who_want_one_time_on_two_instances_one_gets_it,
    the_same_wish_thrice_is_one_appointment,
    somebody_elses_event_between_look_and_write_takes_the_time,
    somebody_elses_event_that_comes_while_we_move_leaves_it_where_it_was,
    what_stands_elsewhere_is_not_free_here,
    what_is_free_elsewhere_only_within_the_gap_is_not_free,
    a_time_is_booked_only_when_it_was_read_back_where_that_is_wanted,
    confirmations_are_queued_with_the_change_and_only_with_it,
);

async fn of_two_callers_who_want_one_time_on_two_instances_one_gets_it(store: Store) {
    let one = Rig::new(&store);
    let other = Rig::beside(&store, &one.remote);
    for hour in 8..20 {
        let start = format!("2026-11-24T{hour:02}:00");
        let (a, b) = (anna(), ben());
        let (mine, theirs) = tokio::join!(
            one.books.book(wish(&start, &format!("anna at {start}")), &a),
            other.books.book(wish(&start, &format!("ben at {start}")), &b),
        );
        let granted = [mine.expect("asked"), theirs.expect("asked")];
        let booked = granted.iter().filter(|booking| matches!(booking, Booking::Booked(_))).count();
        let taken = granted.iter().filter(|booking| matches!(booking, Booking::Taken)).count();
        assert_eq!((booked, taken), (1, 1), "{granted:?}");
    }
    assert_eq!(one.here().await.len(), 12);
    assert_eq!(one.here().await, one.there());
}

async fn the_same_wish_thrice_is_one_appointment(store: Store) {
    let rig = Rig::new(&store);
    let other = Rig::beside(&store, &rig.remote);
    let start = "2026-11-24T10:00";
    let who = anna();
    let (first, second) =
        tokio::join!(rig.books.book(wish(start, "once"), &who), other.books.book(wish(start, "once"), &who),);
    let third = rig.books.book(wish(start, "once"), &who).await;
    let mut ids = Vec::new();
    let mut booked = 0;
    for granted in [first, second, third] {
        match granted.expect("asked") {
            Booking::Booked(entry) => {
                booked += 1;
                ids.push(entry.id);
            }
            Booking::Same(entry) => ids.push(entry.id),
            other @ (Booking::Taken | Booking::ReadBack) => panic!("{other:?}"),
        }
    }
    ids.dedup();
    assert_eq!((booked, ids.len()), (1, 1));
    assert_eq!(rig.here().await, [slot(start).span]);
    assert_eq!(rig.there(), [slot(start).span]);
}

async fn somebody_elses_event_between_look_and_write_takes_the_time(store: Store) {
    let rig = Rig::new(&store);
    let dentist = theirs("dentist", "2026-11-24T10:15", "2026-11-24T11:00");
    rig.remote.once(Ask::Put, Fault::After(dentist.clone()));
    let booking = rig.books.book(wish("2026-11-24T10:00", "k"), &anna()).await;
    assert_eq!(booking, Ok(Booking::Taken));
    assert_eq!(rig.remote.all(), [dentist]);
    assert_eq!(rig.here().await, []);
    assert_eq!(store.open_intents(10).await.expect("read"), []);
}

async fn somebody_elses_event_that_comes_while_we_move_leaves_it_where_it_was(store: Store) {
    let rig = Rig::new(&store);
    let entry = rig.booked("2026-11-24T10:00", &anna()).await;
    let dentist = theirs("dentist", "2026-11-24T15:00", "2026-11-24T16:00");
    rig.remote.once(Ask::Shift, Fault::After(dentist));
    let moving = rig.books.reschedule(&entry.id, slot("2026-11-24T15:30"), "", &anna()).await;
    assert_eq!(moving, Ok(Moving::Taken));
    assert_eq!(rig.here().await, [slot("2026-11-24T10:00").span]);
    assert_eq!(rig.there()[0], slot("2026-11-24T10:00").span);
    assert_eq!(rig.there().len(), 2);
    assert_eq!(store.open_intents(10).await.expect("read"), []);
}

async fn what_stands_elsewhere_is_not_free_here(store: Store) {
    let rig = Rig::new(&store);
    let dentist = theirs("dentist", "2026-11-24T10:15", "2026-11-24T11:00");
    let mut lunch = theirs("lunch", "2026-11-24T12:00", "2026-11-24T13:00");
    lunch.busy = false;
    rig.remote.write(dentist.clone());
    rig.remote.write(lunch);
    let busy = rig.books.busy(theirs("day", "2026-11-24T00:00", "2026-11-25T00:00").span, &anna()).await;
    assert_eq!(busy, Ok(vec![dentist.span]));
    for start in ["2026-11-24T10:00", "2026-11-24T10:30"] {
        assert_eq!(rig.books.book(wish(start, start), &anna()).await, Ok(Booking::Taken));
    }
    rig.booked("2026-11-24T12:00", &anna()).await;
    rig.booked("2026-11-24T11:00", &ben()).await;
    assert_eq!(rig.remote.asked(Ask::Put), 2, "written without need");
}

async fn what_is_free_elsewhere_only_within_the_gap_is_not_free(store: Store) {
    let rig = Rig::new(&store);
    rig.remote.write(theirs("dentist", "2026-11-24T10:45", "2026-11-24T11:00"));
    let mut wanted = wish("2026-11-24T10:00", "k");
    wanted.slot = Slot { after: Duration::from_secs(20 * 60), ..wanted.slot };
    assert_eq!(rig.books.book(wanted.clone(), &anna()).await, Ok(Booking::Taken));
    wanted.slot = Slot { after: Duration::from_secs(15 * 60), ..wanted.slot };
    assert!(matches!(rig.books.book(wanted, &anna()).await, Ok(Booking::Booked(_))));
}

async fn a_time_is_booked_only_when_it_was_read_back_where_that_is_wanted(store: Store) {
    let mut rig = Rig::new(&store);
    rig.books = Books::new(store.clone());
    rig.books.require_read_back(true);
    let start = "2026-11-24T10:00";
    assert_eq!(rig.books.book(wish(start, "k"), &anna()).await, Ok(Booking::ReadBack));
    assert_eq!(rig.here().await, []);
    assert_eq!(rig.books.book(wish(start, "b"), &ben()).await, Ok(Booking::Taken), "it is not held");
    let Ok(Booking::Booked(entry)) = rig.books.book(wish(start, "k"), &anna()).await else {
        panic!("not booked after it was read back")
    };
    assert!(matches!(rig.books.book(wish(start, "k"), &anna()).await, Ok(Booking::Same(_))));
    let later = slot("2026-11-24T11:00");
    assert_eq!(rig.books.reschedule(&entry.id, later, "", &anna()).await, Ok(Moving::ReadBack));
    let other = slot("2026-11-24T11:30");
    assert_eq!(rig.books.hold(other, None, &anna()).await, Ok(true));
    assert_eq!(rig.books.reschedule(&entry.id, later, "", &anna()).await, Ok(Moving::ReadBack));
    assert!(matches!(rig.books.reschedule(&entry.id, later, "", &anna()).await, Ok(Moving::Moved(_))));
    // A page needs nobody's yes.
    assert!(matches!(rig.books.book(wish("2026-11-25T10:00", "p"), &owner()).await, Ok(Booking::Booked(_))));
    let expired = errand(Trust::Stranger, "+4930444444", "call-late");
    assert_eq!(rig.books.book(wish("2026-11-26T10:00", "l"), &expired).await, Ok(Booking::ReadBack));
    let expired = expired.at(expired.now_ms + 10 * 60 * 1_000);
    assert_eq!(rig.books.book(wish("2026-11-26T10:00", "l"), &expired).await, Ok(Booking::ReadBack));
}

async fn confirmations_are_queued_with_the_change_and_only_with_it(store: Store) {
    let mut rig = Rig::new(&store);
    rig.books = Books::new(store.clone()).with_announce(Box::new(|changed| Announced {
        forget: vec![format!("remind {}", changed.after.id)],
        queue: ["confirm", "remind"]
            .map(|kind| Job {
                kind: kind.into(),
                key: format!("{kind} {} {}", changed.after.id, changed.after.starts_ms),
                payload: "{}".into(),
                due_ms: changed.by.at_ms,
            })
            .into_iter()
            .filter(|job| job.kind == "confirm" || changed.after.status == "booked")
            .collect(),
    }));
    rig.books.connect(vec![tool::calendar::books::Connected {
        calendar: rig.remote.clone(),
        reads: true,
        writes: true,
    }]);
    rig.remote.once(Ask::Put, Fault::Refused);
    assert!(rig.books.book(wish("2026-11-24T10:00", "k"), &anna()).await.is_err());
    let queued = async || {
        let waiting = store.jobs(JobState::Waiting, 10).await.expect("read");
        let mut kinds: Vec<String> = waiting.into_iter().map(|job| job.kind).collect();
        kinds.sort();
        kinds
    };
    assert_eq!(queued().await, [] as [&str; 0]);
    let entry = rig.booked("2026-11-24T10:00", &anna()).await;
    assert_eq!(queued().await, ["confirm", "remind"]);
    rig.books.cancel(&entry.id, "", &anna()).await.expect("asked");
    assert_eq!(queued().await, ["confirm"], "the reminder of what is cancelled stays");
}
