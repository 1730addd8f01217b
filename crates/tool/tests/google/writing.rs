//! Made once, moved without losing anything, deleted for certain: whatever happens on the way.

use super::{Bench, berlin, by_hand, haircut, span};
use serde_json::json;
use sim::google::{Fault, Method};
use std::time::Duration;
use tool::calendar::{
    google::Notify,
    remote::{Calendar, Trouble, Written},
};

fn is_done(written: &Result<Written, Trouble>) -> bool {
    matches!(written, Ok(Written::Done { .. }))
}

#[tokio::test]
async fn an_event_stands_as_it_was_put() {
    let bench = Bench::new().await;
    let mut event = haircut();
    event.attendees = vec!["anna@example.com".into(), "Bob".into(), "anna@example.com".into()];
    let Written::Done { etag } = bench.primary().put(&event).await.expect("written") else { panic!("gone") };
    let there = bench.only();
    assert_eq!(there["id"], event.id.as_str());
    assert_eq!(etag.as_deref(), there["etag"].as_str());
    assert_eq!(there["start"]["dateTime"], "2026-12-01T10:00:00+01:00");
    assert_eq!(there["start"]["timeZone"], "Europe/Berlin");
    let read = bench.primary().events(berlin("08:00", "18:00")).await.expect("events");
    event.attendees = vec!["anna@example.com".into()];
    assert_eq!(read, [event]);
    let log = bench.sim.log();
    let insert = log.iter().find(|logged| logged.method == Some(Method::EventsInsert)).expect("an insert");
    assert!(insert.request.target.contains("sendUpdates=none"), "{}", insert.request.target);
    bench.primary().notifying(Notify::Everyone).remove("a1b2c3d4e5f6a7b8").await.expect("deleted");
    let log = bench.sim.log();
    let delete = log.iter().find(|logged| logged.method == Some(Method::EventsDelete)).expect("a delete");
    assert!(delete.request.target.contains("sendUpdates=all"), "{}", delete.request.target);
    bench.no_mistakes();
}

#[tokio::test]
async fn put_twice_is_one_event() {
    let bench = Bench::new().await;
    assert!(is_done(&bench.primary().put(&haircut()).await));
    assert!(is_done(&bench.primary().put(&haircut()).await));
    bench.only();
    bench.no_mistakes();
}

#[tokio::test]
async fn whatever_becomes_of_the_answer_there_is_one_event_and_it_is_known() {
    for fault in [
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::HalfBody,
        Fault::Garbled("{\"id\":".into()),
        Fault::Garbled("{}".into()),
        Fault::Garbled("<html>".into()),
        Fault::Nonsense("{}".into()),
        Fault::Html(502),
        Fault::Error(503, "backendError".into()),
        Fault::Error(401, "authError".into()),
        Fault::UserRateLimit,
        Fault::RateLimit(Some(1)),
        Fault::Slow(Duration::from_secs(2)),
        Fault::HoldAfter,
    ] {
        let bench = Bench::with(|_| {}, |pace| pace.answer_within = Duration::from_millis(500)).await;
        bench.sim.fail(Method::EventsInsert, 1, fault.clone());
        let written = bench.primary().put(&haircut()).await;
        assert!(is_done(&written), "{fault:?}: {written:?}");
        assert_eq!(bench.only()["id"], "a1b2c3d4e5f6a7b8", "{fault:?}");
        bench.no_mistakes();
    }
}

#[tokio::test]
async fn what_may_have_been_written_is_never_called_refused() {
    for (first, then) in [
        (Fault::DropAfter, Fault::Error(403, "forbidden".into())),
        (Fault::HalfBody, Fault::Error(400, "invalid".into())),
        (Fault::DropAfter, Fault::Error(503, "backendError".into())),
        (Fault::Html(502), Fault::Quota),
    ] {
        let bench = Bench::new().await;
        bench.sim.fail(Method::EventsInsert, 1, first.clone());
        bench.sim.fail(Method::EventsInsert, 9, then.clone());
        let written = bench.primary().put(&haircut()).await;
        assert!(matches!(written, Err(Trouble::Unreachable(_))), "{first:?}, {then:?}: {written:?}");
    }
    let bench = Bench::new().await;
    bench.sim.fail(Method::EventsInsert, 1, Fault::DropAfter);
    bench.sim.fail(Method::EventsInsert, 1, Fault::Error(401, "authError".into()));
    bench.sim.fail(Method::Token, 1, Fault::Error(400, "x".into()));
    bench.sim.revoke_grants();
    let revoked = bench.primary().put(&haircut()).await;
    assert!(matches!(revoked, Err(Trouble::Unreachable(_))), "{revoked:?}");
}

#[tokio::test]
async fn a_no_that_came_first_is_certain() {
    for fault in [Fault::Error(403, "forbidden".into()), Fault::Error(400, "invalid".into()), Fault::Quota] {
        let bench = Bench::new().await;
        bench.sim.fail(Method::EventsInsert, 9, fault.clone());
        let written = bench.primary().put(&haircut()).await;
        assert!(matches!(written, Err(Trouble::Refused(_))), "{fault:?}: {written:?}");
        assert_eq!(bench.sim.count(Method::EventsInsert), 1, "{fault:?}");
        assert!(bench.sim.stands("primary").is_empty());
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_is_refused_before_anybody_is_asked() {
    let bench = Bench::new().await;
    let mut wrong = [haircut(), haircut(), haircut(), haircut()];
    wrong[0].id = "UPPER-CASE".into();
    wrong[1].id = "xyz12345".into();
    wrong[2].span = span("2026-12-01T10:00:00Z", "2026-12-01T10:00:00Z");
    wrong[3].attendees = (0..10_000).map(|n| format!("guest{n}@example.com")).collect();
    for event in wrong {
        assert!(matches!(bench.primary().put(&event).await, Err(Trouble::Refused(_))), "{}", event.id);
    }
    assert!(matches!(bench.primary().remove("../../x").await, Err(Trouble::Refused(_))));
    assert!(matches!(bench.primary().shift("", haircut().span, "").await, Err(Trouble::Refused(_))));
    assert!(bench.sim.log().is_empty());
}

#[tokio::test]
async fn an_id_that_was_deleted_is_gone_for_good() {
    let bench = Bench::new().await;
    bench.primary().put(&haircut()).await.expect("written");
    bench.sim.take_out("primary", &haircut().id);
    assert_eq!(bench.primary().put(&haircut()).await, Ok(Written::Gone));
    assert_eq!(
        bench.primary().shift(&haircut().id, berlin("11:00", "11:30"), "Europe/Berlin").await,
        Ok(Written::Gone)
    );
    assert!(bench.sim.stands("primary").is_empty());
    bench.no_mistakes();
}

#[tokio::test]
async fn an_id_that_is_anothers_is_not_taken_for_ours() {
    let bench = Bench::new().await;
    let mut other = by_hand("Somebody else's", "10:00", "10:30");
    other["id"] = haircut().id.into();
    bench.sim.put_in("primary", &other);
    assert!(matches!(bench.primary().put(&haircut()).await, Err(Trouble::Refused(_))));
    assert_eq!(bench.only()["summary"], "Somebody else's");
}

#[tokio::test]
async fn a_move_keeps_what_others_changed() {
    let bench = Bench::new().await;
    bench.primary().put(&haircut()).await.expect("written");
    let id = haircut().id;
    let changed = json!({ "summary": "Haircut: Anna (VIP)", "location": "Upstairs", "colorId": "5",
        "attendees": [{ "email": "carl@example.com" }] });
    bench.sim.change("primary", &id, &changed);
    let to = berlin("14:00", "14:30");
    assert!(is_done(&bench.primary().shift(&id, to, "Europe/Berlin").await));
    let there = bench.only();
    assert_eq!(there["start"]["dateTime"], "2026-12-01T14:00:00+01:00");
    assert_eq!(there["summary"], "Haircut: Anna (VIP)");
    assert_eq!(there["location"], "Upstairs");
    assert_eq!(there["attendees"][0]["email"], "carl@example.com");
    let patches = bench.sim.count(Method::EventsPatch);
    assert!(is_done(&bench.primary().shift(&id, to, "Europe/Berlin").await));
    assert_eq!(bench.sim.count(Method::EventsPatch), patches, "it stands there already");
    bench.no_mistakes();
}

#[tokio::test]
async fn somebody_who_changes_it_meanwhile_loses_nothing() {
    let bench = Bench::new().await;
    bench.primary().put(&haircut()).await.expect("written");
    let id = haircut().id;
    bench.sim.fail(Method::EventsPatch, 1, Fault::HoldBefore);
    let (calendar, sim) = (bench.primary(), bench.sim.clone());
    let meanwhile = async {
        sim.asked(Method::EventsPatch, 1).await;
        sim.change("primary", &id, &json!({ "location": "Upstairs" }));
        sim.release();
    };
    let (written, ()) =
        tokio::join!(calendar.shift(&id, berlin("14:00", "14:30"), "Europe/Berlin"), meanwhile);
    assert!(is_done(&written), "{written:?}");
    let there = bench.only();
    assert_eq!(
        (&there["location"], &there["start"]["dateTime"]),
        (&json!("Upstairs"), &json!("2026-12-01T14:00:00+01:00"))
    );
    assert!(bench.sim.log().iter().any(|logged| logged.status == Some(412)), "it was refused once");
    bench.no_mistakes();
}

#[tokio::test]
async fn an_event_that_never_stops_changing_is_given_up() {
    let bench = Bench::new().await;
    bench.primary().put(&haircut()).await.expect("written");
    bench.sim.fail(Method::EventsPatch, 99, Fault::Error(412, "conditionNotMet".into()));
    let written = bench.primary().shift(&haircut().id, berlin("14:00", "14:30"), "Europe/Berlin").await;
    assert!(matches!(written, Err(Trouble::Unreachable(_))), "{written:?}");
    assert_eq!(bench.sim.count(Method::EventsPatch), 4);
}

#[tokio::test]
async fn whatever_becomes_of_the_answer_to_a_move_it_is_moved() {
    for fault in
        [Fault::DropBefore, Fault::DropAfter, Fault::HalfBody, Fault::Garbled("[".into()), Fault::Html(503)]
    {
        let bench = Bench::new().await;
        bench.primary().put(&haircut()).await.expect("written");
        bench.sim.fail(Method::EventsPatch, 1, fault.clone());
        let to = berlin("14:00", "14:30");
        let written = bench.primary().shift(&haircut().id, to, "Europe/Berlin").await;
        assert!(is_done(&written), "{fault:?}: {written:?}");
        assert_eq!(bench.only()["start"]["dateTime"], "2026-12-01T14:00:00+01:00", "{fault:?}");
        bench.no_mistakes();
    }
}

#[tokio::test]
async fn what_was_made_a_whole_day_becomes_timed_again() {
    let bench = Bench::new().await;
    bench.primary().put(&haircut()).await.expect("written");
    let day = json!({ "start": { "date": "2026-12-01", "dateTime": null, "timeZone": null },
        "end": { "date": "2026-12-02", "dateTime": null, "timeZone": null } });
    bench.sim.change("primary", &haircut().id, &day);
    let written = bench.primary().shift(&haircut().id, berlin("14:00", "14:30"), "Europe/Berlin").await;
    assert!(is_done(&written), "{written:?}");
    assert_eq!(bench.only()["start"]["dateTime"], "2026-12-01T14:00:00+01:00");
    bench.no_mistakes();
}

#[tokio::test]
async fn a_try_that_was_lost_and_moved_by_hand_is_put_where_it_was_asked() {
    let bench = Bench::new().await;
    bench.primary().put(&haircut()).await.expect("written");
    bench.sim.change("primary", &haircut().id, &by_hand("Haircut", "16:00", "16:30"));
    assert!(is_done(&bench.primary().put(&haircut()).await));
    assert_eq!(bench.only()["start"]["dateTime"], "2026-12-01T10:00:00+01:00");
}

#[tokio::test]
async fn deleted_is_deleted_however_often_and_by_whom() {
    let bench = Bench::new().await;
    let id = haircut().id;
    bench.primary().remove(&id).await.expect("it never was");
    bench.primary().put(&haircut()).await.expect("written");
    bench.primary().remove(&id).await.expect("deleted");
    bench.primary().remove(&id).await.expect("deleted already");
    assert!(bench.sim.stands("primary").is_empty());
    for fault in [Fault::DropAfter, Fault::DropBefore, Fault::Html(502), Fault::UserRateLimit] {
        let mut event = haircut();
        event.id = format!("a1b2c3d4e5f6a7b{}", bench.sim.log().len());
        bench.primary().put(&event).await.expect("written");
        bench.sim.fail(Method::EventsDelete, 1, fault.clone());
        bench.primary().remove(&event.id).await.unwrap_or_else(|why| panic!("{fault:?}: {why}"));
        assert!(bench.sim.stands("primary").is_empty(), "{fault:?}");
    }
    bench.no_mistakes();
}

#[tokio::test]
async fn in_a_calendar_out_of_sight_nothing_is_said_to_be_gone() {
    let bench = Bench::new().await;
    let lost = bench.calendar("lost@group.calendar.google.com");
    assert!(matches!(lost.remove(&haircut().id).await, Err(Trouble::Refused(_))));
    assert!(matches!(lost.shift(&haircut().id, haircut().span, "").await, Err(Trouble::Refused(_))));
    assert!(matches!(lost.put(&haircut()).await, Err(Trouble::Refused(_))));
    bench.primary().put(&haircut()).await.expect("written");
    bench.sim.fail(Method::EventsDelete, 9, Fault::Html(404));
    let removed = bench.primary().remove(&haircut().id).await;
    assert!(matches!(removed, Err(Trouble::Unreachable(_))), "a front end's page says nothing: {removed:?}");
    bench.only();
}

#[tokio::test]
async fn a_zone_that_nobody_knows_is_written_as_utc() {
    let bench = Bench::new().await;
    let mut event = haircut();
    event.zone = "Mars/Olympus".into();
    bench.primary().put(&event).await.expect("written");
    let there = bench.primary().events(berlin("08:00", "18:00")).await.expect("events");
    assert_eq!(there[0].span, event.span);
    bench.no_mistakes();
}
