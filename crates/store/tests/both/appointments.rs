//! The local calendar: never twice, never over one another, never without a trace.

use crate::{
    calls::ringing,
    harness::on_both,
    hours::{HOUR, LEASE, at, book, booked, busy, by, cancel, move_to, same, span, taken},
};
use store::{AppointmentRow, By, Gap, Held, Hold, NewAppointment, Plan, Planned, Store};

mod both {
    super::on_both!(
        an_appointment_is_booked_and_found,
        the_same_request_twice_is_one_appointment,
        the_same_caller_at_the_same_time_is_one_appointment,
        callers_without_a_number_are_not_the_same_caller,
        appointments_touch_but_never_overlap,
        a_gap_is_kept_on_both_sides,
        calendars_do_not_disturb_each_other,
        of_fifty_that_book_one_time_exactly_one_succeeds,
        of_fifty_that_book_overlapping_times_no_two_overlap,
        of_fifty_that_make_one_request_exactly_one_books,
        of_fifty_that_book_and_move_into_one_time_exactly_one_succeeds,
        an_appointment_moves_unless_something_is_there,
        an_appointment_moves_over_its_own_time,
        the_request_for_a_time_that_was_moved_away_books_anew,
        a_cancelled_time_is_free_again,
        what_is_gone_cannot_be_moved_or_cancelled,
        every_change_is_kept_with_who_and_when,
        a_held_time_is_its_calls_alone,
        a_number_finds_its_appointments,
        a_hold_ends_by_time_by_another_hold_by_booking_and_with_the_call,
        an_appointment_that_ends_before_it_starts_is_refused,
    );
}

async fn an_appointment_is_booked_and_found(store: Store) {
    let row = booked(&store, &at(10, "+49301", "k1")).await;
    assert_eq!((row.starts_ms, row.ends_ms), (10 * HOUR, 11 * HOUR));
    assert_eq!((row.zone.as_str(), row.summary.as_str()), ("Europe/Berlin", "Haircut"));
    assert_eq!((row.caller.as_str(), row.call_id.as_deref()), ("+49301", Some("c1")));
    assert_eq!((row.status.as_str(), row.created_ms), ("booked", 7));
    assert_eq!(row.attendees, "[\"anna@example.org\"]");
    assert_eq!(store.appointment(&row.id).await.expect("read").as_ref(), Some(&row));
    assert_eq!(store.appointment_at("main", 10 * HOUR).await.expect("read").as_ref(), Some(&row));
    assert_eq!(store.appointment_at("main", 10 * HOUR + 1).await.expect("read"), None);
    for (from, to, there) in [(0, 10, 0), (0, 11, 1), (10, 11, 1), (11, 20, 0)] {
        let found = store.appointments_between("main", from * HOUR, to * HOUR).await.expect("listed");
        assert_eq!(found.len(), there, "{from} to {to}");
    }
}

async fn the_same_request_twice_is_one_appointment(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    assert_eq!(book(&store, &at(10, "", "k1"), &by("c1")).await, same(row.clone()));
    assert_eq!(book(&store, &at(15, "", "k1"), &by("c1")).await, same(row));
    assert_eq!(store.appointments_between("main", 0, 24 * HOUR).await.expect("listed").len(), 1);
}

async fn the_same_caller_at_the_same_time_is_one_appointment(store: Store) {
    let row = booked(&store, &at(10, "+49301", "k1")).await;
    assert_eq!(book(&store, &at(10, "+49301", "k2"), &by("c2")).await, same(row));
    let other = book(&store, &at(10, "+49302", "k3"), &by("c3")).await;
    assert_eq!(other, taken(span(10, 11)));
}

async fn callers_without_a_number_are_not_the_same_caller(store: Store) {
    booked(&store, &at(10, "", "k1")).await;
    assert_eq!(book(&store, &at(10, "", "k2"), &by("c2")).await, taken(span(10, 11)));
}

async fn appointments_touch_but_never_overlap(store: Store) {
    booked(&store, &at(10, "", "k1")).await;
    booked(&store, &at(11, "", "k2")).await;
    booked(&store, &at(9, "", "k3")).await;
    let minute = HOUR / 60;
    for (starts_ms, ends_ms, first) in [
        (10 * HOUR + minute, 10 * HOUR + 2 * minute, span(10, 11)),
        (8 * HOUR, 9 * HOUR + minute, span(9, 10)),
        (12 * HOUR - minute, 13 * HOUR, span(11, 12)),
        (8 * HOUR, 13 * HOUR, span(9, 10)),
    ] {
        let new = NewAppointment { starts_ms, ends_ms, ..at(0, "", "other") };
        assert_eq!(book(&store, &new, &by("c1")).await, taken(first));
    }
}

async fn a_gap_is_kept_on_both_sides(store: Store) {
    booked(&store, &at(10, "", "k1")).await;
    for hour in [9, 11] {
        let close = NewAppointment { gap: Gap::around(1), ..at(hour, "", "k2") };
        assert_eq!(book(&store, &close, &by("c1")).await, taken(span(10, 11)));
    }
    booked(&store, &NewAppointment { gap: Gap::around(HOUR), ..at(12, "", "k3") }).await;
    booked(&store, &NewAppointment { gap: Gap::around(HOUR), ..at(8, "", "k4") }).await;
}

async fn calendars_do_not_disturb_each_other(store: Store) {
    booked(&store, &at(10, "", "k1")).await;
    booked(&store, &NewAppointment { calendar: "other", ..at(10, "", "k1") }).await;
    assert_eq!(busy(&store, span(0, 24), 0, None).await, [span(10, 11)]);
}

/// Runs fifty at once, on connections that stand, in a calendar that is in use.
async fn fifty<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    store: &Store,
    run: impl Fn(i64, Store) -> F,
) -> Vec<T> {
    booked(store, &at(1_000, "", "in use")).await;
    let mut warming = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        warming.spawn(async move { store.appointment("nobody's").await.expect("read") });
    }
    warming.join_all().await;
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(50));
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..50 {
        let (start, running) = (start.clone(), run(i, store.clone()));
        tasks.spawn(async move {
            start.wait().await;
            running.await
        });
    }
    tasks.join_all().await
}

async fn of_fifty_that_book_one_time_exactly_one_succeeds(store: Store) {
    let bookings = fifty(&store, |i, store| async move {
        let (caller, key) = (format!("+4931{i}"), format!("k{i}"));
        let new = NewAppointment { caller: &caller, key: &key, ..at(20, "", "") };
        book(&store, &new, &by("c1")).await
    })
    .await;
    assert_eq!(bookings.iter().filter(|booking| booking.is_ok()).count(), 1);
    assert_eq!(bookings.iter().filter(|booking| **booking == taken(span(20, 21))).count(), 49);
}

async fn of_fifty_that_book_overlapping_times_no_two_overlap(store: Store) {
    let bookings = fifty(&store, |i, store| async move {
        let key = format!("k{i}");
        let start = 10 * HOUR + i * HOUR / 10;
        let new = NewAppointment { starts_ms: start, ends_ms: start + HOUR, key: &key, ..at(10, "", "") };
        book(&store, &new, &by("c1")).await
    })
    .await;
    let booked = bookings.iter().filter(|booking| booking.is_ok()).count();
    let listed = store.appointments_between("main", 0, 24 * HOUR).await.expect("listed");
    assert_eq!(booked, listed.len());
    for pair in listed.windows(2) {
        assert!(pair[0].ends_ms <= pair[1].starts_ms, "two at one time: {pair:?}");
    }
}

async fn of_fifty_that_make_one_request_exactly_one_books(store: Store) {
    let bookings =
        fifty(&store, |_, store| async move { book(&store, &at(10, "+49301", "k1"), &by("c1")).await }).await;
    assert_eq!(bookings.iter().filter(|booking| booking.is_ok()).count(), 1);
    assert_eq!(
        bookings
            .iter()
            .filter(|booking| matches!(booking, Err(Planned::Same(_) | Planned::Underway(_))))
            .count(),
        49
    );
}

async fn of_fifty_that_book_and_move_into_one_time_exactly_one_succeeds(store: Store) {
    let mut ids = Vec::new();
    for i in 0..25_i64 {
        let key = format!("m{i}");
        ids.push(booked(&store, &NewAppointment { key: &key, ..at(100 + i, "", "") }).await.id);
    }
    let won = fifty(&store, |i, store| {
        let id = ids[i as usize / 2].clone();
        async move {
            if i % 2 == 0 {
                let moved = move_to(&store, &id, (10 * HOUR, 11 * HOUR), 0, &by("c1")).await;
                return moved.is_ok();
            }
            let key = format!("b{i}");
            let booking = book(&store, &NewAppointment { key: &key, ..at(10, "", "") }, &by("c1")).await;
            booking.is_ok()
        }
    })
    .await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
    assert_eq!(busy(&store, span(0, 24), 0, None).await, [span(10, 11)]);
}

async fn an_appointment_moves_unless_something_is_there(store: Store) {
    let row = booked(&store, &at(10, "+49301", "k1")).await;
    booked(&store, &at(14, "+49302", "k2")).await;
    let there = move_to(&store, &row.id, (13 * HOUR + 1, 14 * HOUR + 1), 0, &by("c1")).await;
    assert_eq!(there, taken(span(14, 15)));
    let gap = move_to(&store, &row.id, (13 * HOUR, 14 * HOUR), 1, &by("c1")).await;
    assert_eq!(gap, taken(span(14, 15)));
    assert_eq!(store.appointment(&row.id).await.expect("read").as_ref(), Some(&row));

    let moved = move_to(&store, &row.id, (15 * HOUR, 16 * HOUR), 0, &by("c1")).await;
    let expected = AppointmentRow { starts_ms: 15 * HOUR, ends_ms: 16 * HOUR, ..row.clone() };
    assert_eq!(moved, Ok(expected.clone()));
    assert_eq!(store.appointment(&row.id).await.expect("read"), Some(expected.clone()));
    let again = move_to(&store, &row.id, (15 * HOUR, 16 * HOUR), 0, &by("c1")).await;
    assert_eq!(again, same(expected));
    assert_eq!(store.appointment_changes(&row.id).await.expect("read").len(), 2);
}

async fn an_appointment_moves_over_its_own_time(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    let half = HOUR / 2;
    let moved = move_to(&store, &row.id, (10 * HOUR + half, 11 * HOUR + half), HOUR, &by("c1")).await;
    assert!(moved.is_ok());
}

async fn the_request_for_a_time_that_was_moved_away_books_anew(store: Store) {
    let row = booked(&store, &at(10, "+49301", "k1")).await;
    move_to(&store, &row.id, (15 * HOUR, 16 * HOUR), 0, &by("c1")).await.expect("done");
    let anew = booked(&store, &at(10, "+49301", "k1")).await;
    assert_ne!(anew.id, row.id);
}

async fn a_cancelled_time_is_free_again(store: Store) {
    let row = booked(&store, &at(10, "+49301", "k1")).await;
    let cancelled = cancel(&store, &row.id, &by("c1")).await;
    let expected = AppointmentRow { status: "cancelled".to_owned(), ..row.clone() };
    assert_eq!(cancelled, Ok(expected.clone()));
    assert_eq!(cancel(&store, &row.id, &by("c1")).await, same(expected));
    assert_eq!(store.appointments_between("main", 0, 24 * HOUR).await.expect("listed"), []);
    assert_eq!(busy(&store, span(0, 24), 0, None).await, []);
    assert_eq!(store.appointment_at("main", 10 * HOUR).await.expect("read"), None);
    let anew = booked(&store, &at(10, "+49301", "k1")).await;
    assert_ne!(anew.id, row.id);
}

async fn what_is_gone_cannot_be_moved_or_cancelled(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    cancel(&store, &row.id, &by("c1")).await.expect("done");
    for id in [row.id.as_str(), "nobody's"] {
        let moved = move_to(&store, id, (15 * HOUR, 16 * HOUR), 0, &by("c1")).await;
        assert_eq!(moved, Err(Planned::Gone));
    }
    assert_eq!(cancel(&store, "nobody's", &by("c1")).await, Err(Planned::Gone));
}

async fn every_change_is_kept_with_who_and_when(store: Store) {
    let row = booked(&store, &at(10, "+49301", "k1")).await;
    let later = By { who: "Anna", call_id: None, second: None, at_ms: 3, reason: "ill", seen: None };
    move_to(&store, &row.id, (15 * HOUR, 16 * HOUR), 0, &later).await.expect("done");
    cancel(&store, &row.id, &by("c2")).await.expect("done");
    let changes = store.appointment_changes(&row.id).await.expect("read");
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            (
                change.what.as_str(),
                change.who.as_str(),
                change.call_id.as_deref(),
                change.second,
                change.at_ms,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("booked", "+49301", Some("c1"), Some(42), 7),
            ("moved", "Anna", None, None, 3),
            ("cancelled", "+49301", Some("c2"), Some(42), 7),
        ]
    );
    assert_eq!(changes[1].reason, "ill");
    assert_eq!(changes[0].before_json, None);
    assert_eq!(changes[1].before_json.as_ref(), Some(&changes[0].after_json));
    assert_eq!(changes[2].before_json.as_ref(), Some(&changes[1].after_json));
    let after: serde_json::Value = serde_json::from_str(&changes[2].after_json).expect("JSON");
    assert_eq!((after["starts_ms"].as_i64(), after["status"].as_str()), (Some(15 * HOUR), Some("cancelled")));
}

async fn a_number_finds_its_appointments(store: Store) {
    let mine = booked(&store, &at(10, "+49301", "k1")).await;
    let confirmed = NewAppointment { contact: "+49301", ..at(8, "", "k2") };
    let confirmed = booked(&store, &confirmed).await;
    booked(&store, &at(12, "+49302", "k3")).await;
    let nobodys = booked(&store, &NewAppointment { contact: "", ..at(14, "", "k4") }).await;
    let of =
        async |number, from| store.appointments_of("main", number, from * HOUR, 10).await.expect("listed");
    assert_eq!(of("+49301", 0).await, [confirmed, mine.clone()]);
    assert_eq!(of("+49301", 9).await, std::slice::from_ref(&mine));
    assert_eq!(of("+49301", 11).await, []);
    assert_eq!(of("", 0).await, []);
    cancel(&store, &mine.id, &by("c1")).await.expect("cancelled");
    assert_eq!(of("+49301", 9).await, []);
    assert_eq!(nobodys.contact, "");
}

fn hold(call_id: &'static str, hour: i64) -> Hold<'static> {
    Hold {
        calendar: "main",
        call_id,
        starts_ms: hour * HOUR,
        ends_ms: (hour + 1) * HOUR,
        gap: Gap::NONE,
        moving: None,
        now_ms: 0,
        expires_ms: 180,
    }
}

async fn a_held_time_is_its_calls_alone(store: Store) {
    assert_eq!(store.hold(&hold("c1", 10)).await.expect("asked"), Held::Held);
    assert_eq!(store.hold(&hold("c2", 10)).await.expect("asked"), Held::Taken(span(10, 11)));
    let other = book(&store, &at(10, "+49302", "k2"), &by("c2")).await;
    assert_eq!(other, taken(span(10, 11)));
    book(&store, &at(12, "+49302", "k2"), &by("c2")).await.expect("done");
    let row = store.appointment_at("main", 12 * HOUR).await.expect("read").expect("booked");
    let moved = move_to(&store, &row.id, (10 * HOUR, 11 * HOUR), 0, &by("c2")).await;
    assert_eq!(moved, taken(span(10, 11)));
    let taken_for = async |call_id| busy(&store, span(0, 12), 0, call_id).await;
    assert_eq!(taken_for(Some("c2")).await, [span(10, 11)]);
    assert_eq!(taken_for(None).await, [span(10, 11)]);
    assert_eq!(taken_for(Some("c1")).await, []);
    assert_eq!(store.hold(&hold("c3", 12)).await.expect("asked"), Held::Taken(span(12, 13)));
}

async fn a_hold_ends_by_time_by_another_hold_by_booking_and_with_the_call(store: Store) {
    let then = async |now| busy(&store, span(0, 24), now, None).await;
    store.hold(&hold("c1", 10)).await.expect("held");
    assert_eq!(then(179).await, [span(10, 11)]);
    assert_eq!(then(180).await, []);

    store.hold(&hold("c1", 12)).await.expect("held");
    assert_eq!(then(0).await, [span(12, 13)]);

    book(&store, &at(14, "", "k1"), &by("c1")).await.expect("done");
    assert_eq!(then(0).await, [span(14, 15)]);

    store.call_begun(&ringing("c1", "CA1", 0)).await.expect("begun");
    store.hold(&hold("c1", 16)).await.expect("held");
    store.call_ended("c1", 10, "caller_hung_up").await.expect("ended");
    assert_eq!(then(0).await, [span(14, 15)]);
}

async fn an_appointment_that_ends_before_it_starts_is_refused(store: Store) {
    let new = NewAppointment { ends_ms: 10 * HOUR, ..at(10, "", "k1") };
    assert!(store.plan(&Plan::Book(&new), &by("c1"), None, LEASE).await.is_err());
    assert_eq!(store.appointments_between("main", 0, 24 * HOUR).await.expect("listed"), []);
}
