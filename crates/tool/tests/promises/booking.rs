//! `create_calendar_event`.

use crate::office::{Office, anna, ben, data, errand, milliseconds, nobody, owner, refused};
use call::Effect;
use serde_json::json;
use tool::Trust;
use when::Hours;

#[tokio::test]
async fn what_is_booked_stands_in_the_calendar_and_is_said_with_weekday_date_and_time() {
    let office = Office::open().await;
    let arguments = json!({
        "summary": "Haircut for Anna", "datetime_start": "2026-11-24T10:30", "datetime_end": "2026-11-24T11:30",
        "description": "short", "attendees": ["anna@example.org"],
    });
    let answer = office.run(&anna(), "create_calendar_event", arguments).await;
    assert!(answer.ok, "{answer:?}");
    assert_eq!(answer.say, "It is booked: Tuesday, November twenty-fourth, at half past ten in the morning.");
    let Effect::Booked(agreed) = &answer.effect else { panic!("no booking: {answer:?}") };
    assert_eq!(agreed.starts, "2026-11-24T10:30");
    assert_eq!(
        data(&answer),
        json!({"id": agreed.id, "start": "2026-11-24T10:30", "end": "2026-11-24T11:30", "summary": "Haircut for Anna"})
    );
    let row = office.store.appointment(&agreed.id).await.expect("read").expect("there");
    assert_eq!(row.starts_ms, milliseconds("2026-11-24T10:30"));
    assert_eq!((row.caller.as_str(), row.call_id.as_deref()), ("+4930111111", Some("call-anna")));
    assert_eq!((row.zone.as_str(), row.description.as_str()), ("Europe/Berlin", "short"));
    assert_eq!(row.attendees, "[\"anna@example.org\"]");
    let changes = office.store.appointment_changes(&agreed.id).await.expect("read");
    assert_eq!((changes[0].who.as_str(), changes[0].second), ("+4930111111", Some(42)));
}

#[tokio::test]
async fn every_way_of_writing_a_moment_means_the_same_moment() {
    for start in [
        "2026-11-24T10:30",
        "2026-11-24T10:30:00",
        "2026-11-24 10:30",
        "2026-11-24T10:30:00+01:00",
        "2026-11-24T09:30:00Z",
        "2026-11-24T09:30:00.000Z",
        "2026-11-24T04:30:00-05:00",
        " 2026-11-24T10:30 ",
    ] {
        let office = Office::open().await;
        let arguments = json!({"summary": "x", "datetime_start": start});
        let answer = office.run(&anna(), "create_calendar_event", arguments).await;
        assert!(answer.ok, "{start}: {answer:?}");
        assert_eq!(office.starts().await, ["2026-11-24T10:30"], "{start}");
    }
}

#[tokio::test]
async fn an_end_left_out_empty_or_null_is_the_usual_length() {
    for end in [json!(null), json!(""), json!("2026-11-24T11:00")] {
        let office = Office::open().await;
        let arguments = json!({"summary": "x", "datetime_start": "2026-11-24T10:30", "datetime_end": end});
        let answer = office.run(&anna(), "create_calendar_event", arguments).await;
        assert_eq!(data(&answer)["end"], "2026-11-24T11:00");
    }
}

#[tokio::test]
async fn the_same_wish_in_the_same_call_is_one_appointment() {
    for who in [anna(), nobody()] {
        let office = Office::open().await;
        let wish = json!({"summary": "Haircut", "datetime_start": "2026-11-24T10:30"});
        let first = office.run(&who, "create_calendar_event", wish.clone()).await;
        let second = office.run(&who, "create_calendar_event", wish).await;
        assert_eq!(first.effect, second.effect);
        assert!(second.ok && second.say.contains("already"), "{second:?}");
        assert_eq!(office.starts().await, ["2026-11-24T10:30"]);
    }
}

#[tokio::test]
async fn the_same_caller_who_calls_again_for_the_same_time_has_one_appointment() {
    let office = Office::open().await;
    let wish = json!({"summary": "Haircut", "datetime_start": "2026-11-24T10:30"});
    let first = office.run(&anna(), "create_calendar_event", wish.clone()).await;
    let again = errand(Trust::Stranger, "+4930111111", "call-anna-2");
    assert_eq!(office.run(&again, "create_calendar_event", wish).await.effect, first.effect);
    assert_eq!(office.booked().await.len(), 1);
}

#[tokio::test]
async fn a_taken_time_is_refused_with_what_is_free_close_to_it() {
    let office = Office::open().await;
    let wish = json!({"summary": "Haircut", "datetime_start": "2026-11-24T10:30"});
    office.run(&anna(), "create_calendar_event", wish.clone()).await;
    let answer = office.run(&ben(), "create_calendar_event", wish).await;
    refused(
        &answer,
        &["Tuesday, November twenty-fourth, at half past ten in the morning is taken", "eleven"],
    );
    let alternatives = json!(["2026-11-24T09:30", "2026-11-24T10:00", "2026-11-24T11:00"]);
    assert_eq!(data(&answer), json!({"available": false, "alternatives": alternatives}));
    assert_eq!(office.booked().await.len(), 1);
}

#[tokio::test]
async fn of_many_callers_at_once_exactly_one_gets_the_time() {
    let office = std::sync::Arc::new(Office::open().await);
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..20 {
        let office = office.clone();
        tasks.spawn(async move {
            let who = errand(Trust::Stranger, &format!("+49304444{i:03}"), &format!("call-{i}"));
            let wish = json!({"summary": "Haircut", "datetime_start": "2026-11-24T10:30"});
            office.run(&who, "create_calendar_event", wish).await
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.ok).count(), 1);
    assert_eq!(office.booked().await.len(), 1);
}

#[tokio::test]
async fn a_time_that_the_office_does_not_keep_is_refused_with_what_it_keeps() {
    for (start, end, words) in [
        ("2026-11-19T10:00", None, ["over", "I could offer"]),
        ("2026-11-20T15:00", None, ["too soon", "I could offer"]),
        (
            "2026-11-24T08:00",
            None,
            ["open from nine in the morning to five in the afternoon", "I could offer"],
        ),
        ("2026-11-24T16:45", None, ["open from nine", "I could offer"]),
        ("2026-11-24T10:00", Some("2026-11-25T10:30"), ["open from nine", "I could offer"]),
        ("2026-11-22T10:00", None, ["closed on Sundays", "Monday to Friday"]),
        ("2028-11-24T10:00", None, ["too far ahead", "last day"]),
        ("2026-11-24T10:30", Some("2026-11-24T10:30"), ["end before it starts", "When"]),
        ("2026-11-24T10:30", Some("2026-11-24T09:30"), ["end before it starts", "When"]),
        ("2027-03-28T02:30", None, ["clocks", "does not exist"]),
        ("2026-11-24", None, ["I did not get the time", "At what time?"]),
        ("10:30", None, ["I did not get the time", "On which day?"]),
        ("soon", None, ["I did not get the time", "?"]),
        ("9999-99-99T99:99", None, ["I did not get the time", "."]),
        ("9999-12-31T23:59", None, ["too far", "."]),
    ] {
        let office = Office::open().await;
        let mut wish = json!({"summary": "Haircut", "datetime_start": start});
        if let Some(end) = end {
            wish["datetime_end"] = json!(end);
        }
        let answer = office.run(&anna(), "create_calendar_event", wish).await;
        refused(&answer, &words);
        assert_eq!(office.booked().await, [], "{start}");
    }
}

#[tokio::test]
async fn the_offices_buffer_is_kept_between_appointments() {
    let office = Office::with(Hours {
        before: std::time::Duration::from_secs(15 * 60),
        after: std::time::Duration::from_secs(15 * 60),
        ..Hours::default()
    })
    .await;
    let wish = |start: &str| json!({"summary": "x", "datetime_start": start});
    assert!(office.run(&anna(), "create_calendar_event", wish("2026-11-24T10:00")).await.ok);
    refused(&office.run(&ben(), "create_calendar_event", wish("2026-11-24T10:30")).await, &["taken"]);
    assert!(office.run(&ben(), "create_calendar_event", wish("2026-11-24T10:45")).await.ok);
}

#[tokio::test]
async fn a_summary_is_kept_without_what_is_no_text() {
    let office = Office::open().await;
    let wish = json!({"summary": " Hair\u{0}cut\u{1b}[31m ", "datetime_start": "2026-11-24T10:30"});
    assert!(office.run(&owner(), "create_calendar_event", wish).await.ok);
    assert_eq!(office.booked().await[0].1, "Haircut[31m");
    let wish = json!({"summary": " ", "datetime_start": "2026-11-24T11:30"});
    assert!(office.run(&owner(), "create_calendar_event", wish).await.ok);
    assert_eq!(office.booked().await[1].1, "Appointment");
}
