//! What cannot be asked is unknown and never free; what was perhaps written is taken back until that is certain.

use crate::{
    elsewhere::{Ask, Elsewhere, Fault, theirs},
    harness::on_both,
    rig::{NOW, Rig, anna, ben, milliseconds, owner, slot, wish},
};
use jiff::SignedDuration;
use std::sync::Arc;
use store::{IntentState, Store};
use tool::calendar::{Booking, Moving, books::Connected, remote::Trouble};
use when::Span;

on_both!(
    a_calendar_that_cannot_be_asked_is_unknown_and_nothing_is_free,
    one_of_several_calendars_that_fails_makes_all_unknown,
    a_calendar_that_refuses_leaves_nothing_and_the_time_free,
    an_answer_that_is_lost_is_never_two_and_told_as_not_booked,
    a_move_whose_answer_is_lost_stays_where_it_was,
    a_calendar_that_cannot_be_written_to_does_not_keep_an_appointment_alive,
    what_cannot_be_taken_back_keeps_its_time_until_it_can,
    what_somebody_left_half_done_too_long_ago_is_taken_back,
    a_long_range_is_asked_for_in_stretches,
);

const DAY: (&str, &str) = ("2026-11-24T00:00", "2026-11-25T00:00");

fn day() -> Span {
    theirs("day", DAY.0, DAY.1).span
}

async fn a_calendar_that_cannot_be_asked_is_unknown_and_nothing_is_free(store: Store) {
    let rig = Rig::new(&store);
    for fault in
        [Fault::Down, Fault::Silent, Fault::Lost, Fault::DoneThenSilent, Fault::Refused, Fault::Revoked]
    {
        rig.remote.always(Some(fault.clone()));
        assert!(rig.books.busy(day(), &anna()).await.is_err(), "{fault:?}");
        assert!(rig.books.list(day(), &owner()).await.is_err(), "{fault:?}");
        assert!(rig.books.book(wish("2026-11-24T10:00", "k"), &anna()).await.is_err(), "{fault:?}");
        assert_eq!(rig.books.troubles().len(), 1, "{fault:?}");
        assert_eq!((rig.here().await, rig.there()), (vec![], vec![]), "{fault:?}");
        assert_eq!(store.open_intents(10).await.expect("read"), [], "{fault:?}");
    }
    assert!(matches!(rig.books.troubles().as_slice(), [(name, Trouble::Revoked(_))] if name == "model:main"));
    assert_eq!(rig.remote.asked(Ask::Put), 0);
    rig.remote.always(None);
    assert_eq!(rig.books.busy(day(), &anna()).await, Ok(vec![]));
    assert_eq!(rig.books.troubles(), []);
    rig.booked("2026-11-24T10:00", &ben()).await;
}

async fn one_of_several_calendars_that_fails_makes_all_unknown(store: Store) {
    let rig = Rig::new(&store);
    let (private, ignored) = (Arc::new(Elsewhere::new("model:private")), Arc::new(Elsewhere::new("model:x")));
    rig.books.connect(vec![
        Connected { calendar: private.clone(), reads: true, writes: false },
        Connected { calendar: ignored.clone(), reads: false, writes: false },
        Connected { calendar: rig.remote.clone(), reads: true, writes: true },
    ]);
    private.write(theirs("dentist", "2026-11-24T10:00", "2026-11-24T11:00"));
    rig.remote.write(theirs("lunch", "2026-11-24T12:00", "2026-11-24T13:00"));
    ignored.always(Some(Fault::Silent));
    assert_eq!(rig.books.busy(day(), &anna()).await.expect("asked").len(), 2);
    assert_eq!(rig.books.book(wish("2026-11-24T10:30", "k"), &anna()).await, Ok(Booking::Taken));
    private.once(Ask::Busy, Fault::Silent);
    assert!(rig.books.busy(day(), &anna()).await.is_err());
    // It answers when it is first looked at, but not when it is looked at again.
    private.once(Ask::Busy, Fault::Fine);
    private.once(Ask::Busy, Fault::Down);
    assert!(rig.books.book(wish("2026-11-24T15:00", "k"), &anna()).await.is_err());
    rig.recover(milliseconds(NOW) + 61_000).await;
    assert_eq!((rig.here().await.len(), rig.there().len()), (0, 1));
    rig.booked("2026-11-24T15:00", &ben()).await;
    assert_eq!((private.all().len(), ignored.all().len(), rig.there().len()), (1, 0, 2));
}

async fn a_calendar_that_refuses_leaves_nothing_and_the_time_free(store: Store) {
    let rig = Rig::new(&store);
    for fault in [Fault::Refused, Fault::Revoked] {
        rig.remote.once(Ask::Put, fault);
        assert!(rig.books.book(wish("2026-11-24T10:00", "k"), &anna()).await.is_err());
        assert_eq!((rig.here().await, rig.there()), (vec![], vec![]));
        assert_eq!(rig.books.busy(day(), &ben()).await, Ok(vec![]));
    }
    rig.booked("2026-11-24T10:00", &ben()).await;
    assert_eq!(rig.here().await, rig.there());
}

async fn an_answer_that_is_lost_is_never_two_and_told_as_not_booked(store: Store) {
    let rig = Rig::new(&store);
    for fault in [Fault::Lost, Fault::DoneThenSilent, Fault::Down, Fault::Silent] {
        rig.remote.once(Ask::Put, fault.clone());
        assert!(rig.books.book(wish("2026-11-24T10:00", "k"), &anna()).await.is_err(), "{fault:?}");
        assert_eq!(rig.here().await, [], "{fault:?}");
        assert_eq!(
            rig.books.busy(day(), &ben()).await.expect("asked").first(),
            Some(&slot("2026-11-24T10:00").span)
        );
        assert_eq!(
            rig.books.book(wish("2026-11-24T10:00", "b"), &ben()).await,
            Ok(Booking::Taken),
            "{fault:?}: nobody knows whether it is free"
        );
        rig.recover(milliseconds(NOW) + 61_000).await;
        assert_eq!((rig.here().await, rig.there()), (vec![], vec![]), "{fault:?}");
    }
    rig.booked("2026-11-24T10:00", &anna()).await;
    assert_eq!((rig.here().await.len(), rig.there().len()), (1, 1));
}

async fn a_move_whose_answer_is_lost_stays_where_it_was(store: Store) {
    let rig = Rig::new(&store);
    let entry = rig.booked("2026-11-24T10:00", &anna()).await;
    for fault in [Fault::Lost, Fault::DoneThenSilent, Fault::Down, Fault::Refused] {
        rig.remote.once(Ask::Shift, fault.clone());
        assert!(rig.books.reschedule(&entry.id, slot("2026-11-24T15:00"), "", &anna()).await.is_err());
        assert_eq!(rig.here().await, [slot("2026-11-24T10:00").span], "{fault:?}");
        rig.recover(milliseconds(NOW) + 61_000).await;
        assert_eq!(rig.here().await, [slot("2026-11-24T10:00").span], "{fault:?}");
        assert_eq!(rig.there(), rig.here().await, "{fault:?}");
    }
    let moved = rig.books.reschedule(&entry.id, slot("2026-11-24T15:00"), "", &anna()).await;
    assert!(matches!(moved, Ok(Moving::Moved(_))), "{moved:?}");
    assert_eq!(rig.there(), [slot("2026-11-24T15:00").span]);
}

async fn a_calendar_that_cannot_be_written_to_does_not_keep_an_appointment_alive(store: Store) {
    let rig = Rig::new(&store);
    for fault in [Fault::Down, Fault::Lost, Fault::Silent, Fault::Refused, Fault::Revoked] {
        let entry = rig.booked("2026-11-24T10:00", &anna()).await;
        rig.remote.once(Ask::Remove, fault.clone());
        assert_eq!(rig.books.cancel(&entry.id, "", &anna()).await, Ok(true), "{fault:?}");
        assert_eq!(rig.here().await, [], "{fault:?}");
        let open = store.open_intents(10).await.expect("read");
        assert_eq!(open.len(), 1, "{fault:?}: the owner sees nothing of it");
        assert_eq!(open[0].state, IntentState::Removing);
        assert!(open[0].why.starts_with("model:main: "), "{}", open[0].why);
        rig.remote.once(Ask::Remove, Fault::Down);
        rig.recover(milliseconds(NOW) + 61_000).await;
        assert_eq!(rig.there(), [], "{fault:?}");
    }
}

async fn what_cannot_be_taken_back_keeps_its_time_until_it_can(store: Store) {
    let rig = Rig::new(&store);
    rig.remote.once(Ask::Put, Fault::Lost);
    assert!(rig.books.book(wish("2026-11-24T10:00", "k"), &anna()).await.is_err());
    let mut now_ms = milliseconds(NOW);
    for _ in 0..5 {
        rig.remote.once(Ask::Remove, Fault::Refused);
        now_ms += 60 * 60 * 1_000;
        assert_eq!(rig.books.recover(now_ms).await.expect("asked").waiting, 1);
        assert_eq!(rig.books.book(wish("2026-11-24T10:00", "b"), &ben()).await, Ok(Booking::Taken));
    }
    // Too early: another try would be made again and again.
    assert!(rig.books.recover(now_ms + 1_000).await.expect("asked").is_idle());
    assert_eq!(rig.books.recover(now_ms + 60 * 60 * 1_000).await.expect("asked").settled, 1);
    assert_eq!((rig.here().await, rig.there()), (vec![], vec![]));
}

async fn what_somebody_left_half_done_too_long_ago_is_taken_back(store: Store) {
    let rig = Rig::new(&store);
    rig.remote.die_after(Some(4));
    let died = crate::rig::cut_when(
        || rig.remote.is_dead(),
        Box::pin(rig.books.book(wish("2026-11-24T10:00", "k"), &anna())),
    )
    .await;
    assert_eq!(died, None);
    rig.remote.die_after(None);
    assert_eq!((rig.here().await.len(), rig.there().len()), (0, 1));
    rig.remote.once(Ask::Busy, Fault::Down);
    assert_eq!(rig.books.recover(milliseconds(NOW) + 61_000).await.expect("asked").waiting, 1);
    rig.remote.once(Ask::Busy, Fault::Down);
    let later = milliseconds(NOW) + 20 * 60 * 1_000;
    assert_eq!(rig.books.recover(later).await.expect("asked").settled, 1);
    assert_eq!((rig.here().await, rig.there()), (vec![], vec![]));
}

async fn a_long_range_is_asked_for_in_stretches(store: Store) {
    let rig = Rig::new(&store);
    let across = theirs("across", "2026-12-01T00:00", "2027-03-01T00:00");
    rig.remote.write(across.clone());
    let year = theirs("year", "2026-11-01T00:00", "2027-10-31T00:00").span;
    let busy = rig.books.busy(year, &anna()).await.expect("asked");
    assert!(busy.iter().all(|span| *span == across.span) && !busy.is_empty());
    assert_eq!(
        rig.books.list(year, &owner()).await.expect("asked").len(),
        1,
        "once, though in several stretches"
    );
    assert!(rig.remote.longest() < SignedDuration::from_hours(90 * 24), "{}", rig.remote.longest());
    let asked = rig.remote.asked(Ask::Busy);
    let ages = theirs("ages", "2026-11-01T00:00", "2326-11-01T00:00").span;
    assert!(rig.books.busy(ages, &anna()).await.is_err());
    assert_eq!(rig.remote.asked(Ask::Busy), asked);
}
