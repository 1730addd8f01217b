//! What is taken, the events, their changes: and nothing that is unknown is free.

use super::{Bench, berlin, by_hand, haircut, span};
use serde_json::json;
use sim::google::{Fault, FreeBusyFault, Method, Role};
use std::time::Duration;
use tool::calendar::remote::{Calendar, Trouble};

fn unreachable<T: std::fmt::Debug>(got: Result<T, Trouble>, what: &str) {
    match got {
        Err(Trouble::Unreachable(_)) => {}
        other => panic!("{what}: {other:?}"),
    }
}

#[tokio::test]
async fn busy_is_what_blocks_time_by_both_ways_of_asking() {
    let bench = Bench::new().await;
    bench.sim.put_in("primary", &by_hand("Dentist", "09:00", "09:45"));
    let mut free = by_hand("Maybe", "11:00", "12:00");
    free["transparency"] = "transparent".into();
    bench.sim.put_in("primary", &free);
    let mut daily = by_hand("Lunch", "12:30", "13:30");
    daily["recurrence"] = json!(["RRULE:FREQ=DAILY;COUNT=400"]);
    bench.sim.put_in("primary", &daily);
    let own = haircut();
    bench.primary().put(&own).await.expect("written");
    let taken = vec![berlin("09:00", "09:45"), berlin("10:00", "10:30"), berlin("12:30", "13:30")];
    let day = berlin("08:00", "18:00");
    assert_eq!(bench.primary().busy(day, None).await.expect("free/busy"), taken);
    assert_eq!(bench.primary().busy(day, Some("another0")).await.expect("events"), taken);
    let without = bench.primary().busy(day, Some(&own.id)).await.expect("events");
    assert_eq!(without, [taken[0], taken[2]]);
    assert_eq!(bench.primary().busy(berlin("10:00", "10:00"), None).await.expect("nothing"), []);
    assert_eq!(bench.primary().busy(berlin("11:00", "10:00"), None).await.expect("nothing"), []);
    bench.no_mistakes();
}

#[tokio::test]
async fn a_whole_day_begins_and_ends_in_the_calendars_zone() {
    let bench = Bench::new().await;
    let day =
        |from: &str, to: &str| json!({ "summary": "Off", "start": { "date": from }, "end": { "date": to } });
    bench.sim.put_in("primary", &day("2026-03-29", "2026-03-30"));
    bench.sim.put_in("primary", &day("2026-10-25", "2026-10-26"));
    let short = span("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    let long = span("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    for (around, day) in [
        (span("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"), short),
        (span("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"), long),
    ] {
        assert_eq!(bench.primary().busy(around, None).await.expect("free/busy"), [day]);
        assert_eq!(bench.primary().busy(around, Some("another0")).await.expect("events"), [day]);
        let events = bench.primary().events(around).await.expect("events");
        assert_eq!(events.iter().map(|event| event.span).collect::<Vec<_>>(), [day]);
        assert_eq!(events[0].zone, "Europe/Berlin");
    }
}

#[tokio::test]
async fn what_was_declined_blocks_nothing() {
    let bench = Bench::new().await;
    let mut invited = by_hand("Party", "15:00", "16:00");
    invited["attendees"] =
        json!([{ "email": "owner@example.com", "self": true, "responseStatus": "declined" }]);
    bench.sim.put_in("primary", &invited);
    let day = berlin("08:00", "18:00");
    assert_eq!(bench.primary().busy(day, None).await.expect("free/busy"), []);
    let events = bench.primary().events(day).await.expect("events");
    assert_eq!(events[0].attendees, ["owner@example.com"]);
}

#[tokio::test]
async fn events_come_in_order_whole_and_without_cancelled_ones() {
    let bench = Bench::with(
        |world| {
            world.habits.page = 2;
            world.habits.empty_first_page = true;
        },
        |_| {},
    )
    .await;
    for (summary, from, to) in [("c", "13:00", "14:00"), ("a", "09:00", "10:00"), ("b", "10:00", "11:00")] {
        bench.sim.put_in("primary", &by_hand(summary, from, to));
    }
    let gone = bench.sim.put_in("primary", &by_hand("gone", "09:00", "10:00"));
    bench.sim.take_out("primary", &gone);
    let mut weekly = by_hand("d", "16:00", "17:00");
    weekly["recurrence"] = json!(["RRULE:FREQ=WEEKLY"]);
    bench.sim.put_in("primary", &weekly);
    let weeks = span("2026-12-01T00:00:00Z", "2026-12-15T00:00:00Z");
    let events = bench.primary().events(weeks).await.expect("events");
    let summaries: Vec<_> = events.iter().map(|event| event.summary.as_str()).collect();
    assert_eq!(summaries, ["a", "b", "c", "d", "d"]);
    assert!(bench.sim.count(Method::EventsList) >= 4, "several pages");
    bench.no_mistakes();
}

#[tokio::test]
async fn a_long_time_is_asked_in_pieces_and_too_long_a_time_not_at_all() {
    let bench = Bench::new().await;
    let mut monthly = by_hand("Board", "09:00", "10:00");
    monthly["recurrence"] = json!(["RRULE:FREQ=MONTHLY;COUNT=7"]);
    bench.sim.put_in("primary", &monthly);
    let half_a_year = span("2026-12-01T00:00:00Z", "2027-06-02T00:00:00Z");
    assert_eq!(bench.primary().busy(half_a_year, None).await.expect("free/busy").len(), 7);
    assert_eq!(bench.sim.count(Method::FreeBusyQuery), 7);
    let ages = span("1900-01-01T00:00:00Z", "2200-01-01T00:00:00Z");
    assert!(matches!(bench.primary().busy(ages, None).await, Err(Trouble::Refused(_))));
    assert!(matches!(bench.primary().events(ages).await, Err(Trouble::Refused(_))));
    assert_eq!(bench.sim.count(Method::FreeBusyQuery), 7, "nobody was bothered");
    bench.no_mistakes();
}

#[tokio::test]
async fn a_calendar_that_fails_inside_a_good_answer_is_unknown_never_free() {
    let bench = Bench::new().await;
    let day = berlin("08:00", "18:00");
    for fault in [
        FreeBusyFault::Error("internalError".into()),
        FreeBusyFault::ErrorAlone("groupTooBig".into()),
        FreeBusyFault::ErrorAlone("somethingNew".into()),
        FreeBusyFault::Missing,
    ] {
        bench.sim.fail_freebusy("primary", Some(fault.clone()));
        unreachable(bench.primary().busy(day, None).await, &format!("{fault:?}"));
    }
    bench.sim.fail_freebusy("primary", None);
    let gone = bench.calendar("gone@group.calendar.google.com");
    assert!(matches!(gone.busy(day, None).await, Err(Trouble::Refused(_))));
    assert!(matches!(gone.busy(day, Some("another0")).await, Err(Trouble::Refused(_))));
}

#[tokio::test]
async fn half_an_answer_a_wrong_one_or_none_is_unknown_never_free() {
    let bench = Bench::with(|_| {}, |pace| pace.answer_within = Duration::from_millis(300)).await;
    let day = berlin("08:00", "18:00");
    for fault in [
        Fault::HalfBody,
        Fault::DropBefore,
        Fault::Html(502),
        Fault::Html(404),
        Fault::Error(500, "backendError".into()),
        Fault::Nonsense("{\"calendars\":".into()),
        Fault::Nonsense("{}".into()),
        Fault::Nonsense("[]".into()),
        Fault::Nonsense("{\"calendars\":{\"primary\":{}}}".into()),
        Fault::Nonsense("{\"calendars\":{\"primary\":{\"busy\":[{\"start\":\"x\",\"end\":\"y\"}]}}}".into()),
        Fault::Nonsense("{\"calendars\":{\"primary\":{\"busy\":7}}}".into()),
        Fault::Slow(Duration::from_secs(60)),
    ] {
        bench.sim.fail(Method::FreeBusyQuery, 4, fault.clone());
        unreachable(bench.primary().busy(day, None).await, &format!("{fault:?}"));
        bench.sim.heal();
    }
    for fault in [
        json!({}),
        json!({ "items": [] }),
        json!({ "kind": "calendar#events", "items": 7 }),
        json!({ "kind": "calendar#events", "items": [{}] }),
        json!({ "kind": "calendar#events", "items": [{ "id": "x", "start": { "date": "2026-13-01" }, "end": {} }] }),
        json!({ "kind": "calendar#events", "items": [], "nextPageToken": "for ever" }),
    ] {
        let fault = Fault::Nonsense(fault.to_string());
        bench.sim.fail(Method::EventsList, 100, fault.clone());
        unreachable(bench.primary().events(day).await, &format!("{fault:?}"));
        unreachable(bench.primary().busy(day, Some("another0")).await, &format!("{fault:?}"));
        bench.sim.heal();
    }
    assert_eq!(bench.primary().busy(day, None).await.expect("healed"), []);
}

#[tokio::test]
async fn a_passing_fault_costs_a_try_not_the_answer() {
    let bench = Bench::new().await;
    bench.sim.put_in("primary", &by_hand("Dentist", "09:00", "09:45"));
    let day = berlin("08:00", "18:00");
    for fault in [
        Fault::UserRateLimit,
        Fault::RateLimit(None),
        Fault::RateLimit(Some(1)),
        Fault::Error(503, "backendError".into()),
        Fault::Html(502),
        Fault::DropAfter,
        Fault::HalfBody,
        Fault::Garbled("{".into()),
    ] {
        bench.sim.fail(Method::FreeBusyQuery, 1, fault.clone());
        let busy = bench.primary().busy(day, None).await.unwrap_or_else(|why| panic!("{fault:?}: {why}"));
        assert_eq!(busy, [berlin("09:00", "09:45")], "{fault:?}");
    }
}

#[tokio::test]
async fn a_quota_is_given_up_in_time_and_not_hammered_at() {
    let bench = Bench::new().await;
    let day = berlin("08:00", "18:00");
    bench.sim.fail(Method::FreeBusyQuery, 100, Fault::UserRateLimit);
    unreachable(bench.primary().busy(day, None).await, "the rate");
    assert_eq!(bench.sim.count(Method::FreeBusyQuery), 4);
    bench.sim.heal();
    bench.sim.fail(Method::FreeBusyQuery, 100, Fault::RateLimit(Some(3_600)));
    unreachable(bench.primary().busy(day, None).await, "an hour");
    assert_eq!(
        bench.sim.count(Method::FreeBusyQuery),
        5,
        "who is asked to wait for an hour does not try again"
    );
    bench.sim.heal();
    bench.sim.fail(Method::FreeBusyQuery, 100, Fault::Quota);
    assert!(matches!(bench.primary().busy(day, None).await, Err(Trouble::Refused(_))));
    assert_eq!(bench.sim.count(Method::FreeBusyQuery), 6, "a used-up quota is no matter of seconds");
}

#[tokio::test]
async fn what_changed_is_told_since_the_last_time() {
    let bench = Bench::with(|world| world.habits.page = 2, |_| {}).await;
    let ids: Vec<_> = [("a", "09:00", "10:00"), ("b", "10:00", "11:00"), ("c", "11:00", "12:00")]
        .map(|(summary, from, to)| bench.sim.put_in("primary", &by_hand(summary, from, to)))
        .into();
    let calendar = bench.primary();
    let all = calendar.changes(None).await.expect("everything");
    assert!(all.whole);
    assert_eq!((all.events.len(), all.gone.len()), (3, 0));
    let none = calendar.changes(Some(&all.token)).await.expect("nothing new");
    assert!(!none.whole && none.events.is_empty() && none.gone.is_empty());
    bench.sim.take_out("primary", &ids[0]);
    bench.sim.change("primary", &ids[1], &json!({ "summary": "B" }));
    let some = calendar.changes(Some(&none.token)).await.expect("two");
    assert!(!some.whole);
    assert_eq!(some.gone, [ids[0].clone()]);
    assert_eq!(some.events.iter().map(|event| event.summary.as_str()).collect::<Vec<_>>(), ["B"]);
    bench.sim.forget_syncs();
    let anew = calendar.changes(Some(&some.token)).await.expect("all over again");
    assert!(anew.whole);
    assert_eq!(anew.events.len(), 2);
    bench.no_mistakes();
}

#[tokio::test]
async fn calendars_are_listed_with_what_may_be_done() {
    let bench = Bench::new().await;
    bench.sim.add_calendar("team#1@group.calendar.google.com", "Team", "America/New_York", Role::Reader);
    bench.sim.add_calendar("busy@group.calendar.google.com", "Boss", "Europe/Berlin", Role::FreeBusyReader);
    let calendars = bench.account.calendars().await.expect("a list");
    let told: Vec<_> = calendars.iter().map(|one| (one.name.as_str(), one.role.may_write())).collect();
    assert_eq!(told[0], ("owner@example.com", true), "the main one comes first");
    assert!(told.contains(&("Team", false)) && told.contains(&("Boss", false)), "{told:?}");
    let team = bench.calendar("team#1@group.calendar.google.com");
    let report = team.test().await.expect("a report");
    assert_eq!((report.name.as_str(), report.zone.as_str()), ("Team", "America/New_York"));
    assert!(!report.role.may_write() && report.invites);
    assert!(matches!(team.put(&haircut()).await, Err(Trouble::Refused(_))), "it may only be read");
    assert!(bench.sim.stands("team#1@group.calendar.google.com").is_empty());
    let report = bench.primary().test().await.expect("a report");
    assert_eq!(report.zone, "Europe/Berlin");
    assert!(report.role.may_write());
    bench.no_mistakes();
}
