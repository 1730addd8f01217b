//! Kinds of appointments, as the tools know them.

use crate::office::{Office, anna, ben, data, owner, refused};
use serde_json::{Value, json};
use tool::Trust;
use when::{Hours, Kind};

async fn salon() -> Office {
    let kinds = Kind::read_all("haircut 45m after 15m; colour 2h notice 1d").expect("kinds");
    Office::with(Hours { kinds, ..Hours::default() }).await
}

#[tokio::test]
async fn a_kind_can_be_named_where_there_are_kinds_and_only_there() {
    let named = |office: &Office, tool: &str| {
        let specs = office.tools.specs_for(Trust::Stranger);
        let spec = specs.iter().find(|spec| spec.name == tool).expect("offered");
        spec.parameters["properties"]["kind"]["description"].clone()
    };
    for tool in ["check_calendar_availability", "find_free_slots", "create_calendar_event"] {
        assert_eq!(
            named(&salon().await, tool),
            "What kind of appointment: haircut (45 minutes) or colour (120 minutes). Ask the caller."
        );
        assert_eq!(named(&Office::open().await, tool), Value::Null);
    }
}

#[tokio::test]
async fn a_kind_decides_how_long_it_takes_and_what_is_free_around_it() {
    let office = salon().await;
    let wish = json!({"summary": "for Anna", "datetime_start": "2026-11-24T10:00", "kind": "Hair cut"});
    let answer = office.run(&anna(), "create_calendar_event", wish).await;
    assert_eq!(
        answer.say,
        "It is booked: a haircut, on Tuesday, November twenty-fourth, at ten in the morning."
    );
    assert_eq!(
        (&data(&answer)["end"], &data(&answer)["kind"], &data(&answer)["summary"]),
        (&json!("2026-11-24T10:45"), &json!("haircut"), &json!("Haircut: for Anna"))
    );
    let row = office.store.appointments_between("main", 0, i64::MAX).await.expect("read").remove(0);
    assert_eq!((row.kind.as_str(), row.before_ms, row.after_ms), ("haircut", 0, 15 * 60_000));
    // Swept until eleven, though the next one wants nothing free before it.
    let colour = |start: &str| json!({"datetime_start": start, "kind": "colour"});
    let soon = office.run(&ben(), "check_calendar_availability", colour("2026-11-24T10:45")).await;
    assert_eq!(data(&soon)["available"], false);
    assert!(
        !soon.say.contains("a quarter to eleven") && data(&soon)["alternatives"][0] != "2026-11-24T10:45"
    );
    let later = office.run(&ben(), "check_calendar_availability", colour("2026-11-24T11:00")).await;
    assert_eq!(data(&later)["available"], true);
    let free = json!({"datetime_start": "2026-11-24", "kind": "colour"});
    let free = office.run(&anna(), "find_free_slots", free).await;
    assert_eq!(data(&free)["slots"][0], "2026-11-24T13:00", "{free:?}");
}

#[tokio::test]
async fn which_kind_is_asked_where_nobody_said_it() {
    let office = salon().await;
    let start = json!({"datetime_start": "2026-11-24T10:00", "summary": "Anna"});
    for tool in ["check_calendar_availability", "create_calendar_event", "find_free_slots"] {
        refused(
            &office.run(&anna(), tool, start.clone()).await,
            &["I need to know how long it takes. What is it: haircut or colour?"],
        );
    }
    let massage = json!({"datetime_start": "2026-11-24T10:00", "summary": "Anna", "kind": "massage"});
    let refusal = office.run(&anna(), "create_calendar_event", massage).await;
    refused(&refusal, &["There is no such kind of appointment. What is it: haircut or colour?"]);
    let told = json!({"datetime_start": "2026-11-24T10:00", "summary": "Haircut for Anna"});
    let booked = office.run(&anna(), "create_calendar_event", told).await;
    assert_eq!(data(&booked)["end"], "2026-11-24T10:45");
    assert_eq!(data(&booked)["summary"], "Haircut for Anna");
    let long =
        json!({"datetime_start": "2026-11-25T10:00", "datetime_end": "2026-11-25T10:20", "summary": "Anna"});
    assert!(office.run(&anna(), "create_calendar_event", long).await.ok);
}

#[tokio::test]
async fn how_long_a_kind_takes_nobody_but_the_owner_decides() {
    let office = salon().await;
    for (who, start, end, ends) in [
        (anna(), "2026-11-24T10:00", "2026-11-24T10:10", "2026-11-24T10:45"),
        (anna(), "2026-11-25T09:00", "2026-11-25T17:00", "2026-11-25T09:45"),
        (owner(), "2026-11-26T10:00", "2026-11-26T11:30", "2026-11-26T11:30"),
    ] {
        let wish = json!({"summary": "x", "kind": "haircut", "datetime_start": start, "datetime_end": end});
        let booked = office.run(&who, "create_calendar_event", wish).await;
        assert_eq!(data(&booked)["end"], ends, "{booked:?}");
    }
    let shorter = json!({
        "original_datetime": "2026-11-24T10:00", "new_datetime_start": "2026-11-24T11:00",
        "new_datetime_end": "2026-11-24T11:05",
    });
    let moved = office.run(&anna(), "reschedule_appointment", shorter).await;
    assert_eq!(data(&moved)["end"], "2026-11-24T11:45", "{moved:?}");
}

#[tokio::test]
async fn an_appointment_keeps_its_length_and_rules_where_it_is_moved() {
    let office = salon().await;
    let wish = json!({"summary": "Anna", "datetime_start": "2026-11-24T10:00", "kind": "colour"});
    assert!(office.run(&anna(), "create_calendar_event", wish).await.ok);
    let soon = json!({"original_datetime": "2026-11-24", "new_datetime_start": "2026-11-20T15:31"});
    let refusal = office.run(&anna(), "reschedule_appointment", soon).await;
    refused(&refusal, &["too soon", "one day's notice"]);
    let moved = json!({"original_datetime": "2026-11-24", "new_datetime_start": "2026-11-25T11:00"});
    let moved = office.run(&anna(), "reschedule_appointment", moved).await;
    assert_eq!(data(&moved)["end"], "2026-11-25T13:00");
    let list = office.run(&anna(), "list_appointments", json!({})).await;
    assert_eq!(
        list.say,
        "There is one appointment from your number: Wednesday, November twenty-fifth, at eleven in the morning, for a colour."
    );
    let list = office.run(&owner(), "list_appointments", json!({"datetime_start": "2026-11-25"})).await;
    assert!(list.say.ends_with("at eleven in the morning: Colour: Anna."), "{}", list.say);
    assert!(office.run(&ben(), "list_appointments", json!({})).await.say.contains("no appointments"));
}
