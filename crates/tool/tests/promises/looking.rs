//! `check_calendar_availability`, `find_free_slots`, `list_appointments`.

use crate::office::{Office, anna, ben, data, errand, milliseconds, nobody, owner, refused};
use call::{Answer, Effect};
use serde_json::{Value, json};
use tool::{Errand, Trust};

async fn book(office: &Office, who: &Errand, start: &str) {
    let answer = office
        .run(who, "create_calendar_event", json!({"summary": "Haircut", "datetime_start": start}))
        .await;
    assert!(answer.ok, "{answer:?}");
}

async fn check(office: &Office, who: &Errand, start: &str) -> Answer {
    office.run(who, "check_calendar_availability", json!({"datetime_start": start})).await
}

#[tokio::test]
async fn a_free_time_is_free_and_a_taken_one_comes_with_others() {
    let office = Office::open().await;
    let free = check(&office, &anna(), "2026-11-24T10:00").await;
    assert_eq!(free.say, "Tuesday, November twenty-fourth, at ten in the morning is free.");
    assert_eq!((free.ok, data(&free)), (true, json!({"available": true, "alternatives": []})));
    book(&office, &anna(), "2026-11-24T10:00").await;
    let taken = check(&office, &ben(), "2026-11-24T10:00").await;
    assert_eq!(
        taken.say,
        "Tuesday, November twenty-fourth, at ten in the morning is taken. I could offer nine in the morning, half past \
         nine in the morning, or half past ten in the morning on Tuesday, November twenty-fourth."
    );
    let alternatives = json!(["2026-11-24T09:00", "2026-11-24T09:30", "2026-11-24T10:30"]);
    assert_eq!((taken.ok, data(&taken)), (true, json!({"available": false, "alternatives": alternatives})));
    assert_eq!(taken.effect, Effect::None);
}

#[tokio::test]
async fn a_time_outside_the_hours_is_not_available() {
    let office = Office::open().await;
    let closed = check(&office, &anna(), "2026-11-22T10:00").await;
    assert_eq!((closed.ok, &data(&closed)["available"]), (true, &json!(false)));
    assert!(closed.say.contains("closed on Sundays"), "{}", closed.say);
    let offered = data(&closed)["alternatives"].as_array().map(Vec::len);
    assert_eq!(offered, Some(3));
    refused(&check(&office, &anna(), "whenever").await, &["I did not get the time"]);
}

#[tokio::test]
async fn a_time_that_was_offered_is_kept_for_the_call_for_a_while() {
    let office = Office::open().await;
    let available =
        async |who: &Errand, start: &str| data(&check(&office, who, start).await)["available"] == true;
    assert!(available(&anna(), "2026-11-24T10:00").await);
    assert!(!available(&ben(), "2026-11-24T10:00").await);
    assert!(available(&anna(), "2026-11-24T10:00").await);
    let wish = json!({"summary": "x", "datetime_start": "2026-11-24T10:00"});
    refused(&office.run(&ben(), "create_calendar_event", wish.clone()).await, &["taken"]);
    // Anna asks for another time: the first one is let go.
    assert!(available(&anna(), "2026-11-24T12:00").await);
    assert!(available(&ben(), "2026-11-24T10:00").await);
    // Anna falls silent.
    assert!(!available(&ben(), "2026-11-24T12:00").await);
    let later = ben().at(milliseconds("2026-11-20T14:33"));
    assert!(available(&later, "2026-11-24T12:00").await);
}

#[tokio::test]
async fn a_page_that_only_looks_keeps_nothing() {
    let office = Office::open().await;
    let page = errand(Trust::Owner, "", "");
    assert_eq!(data(&check(&office, &page, "2026-11-24T10:00").await)["available"], true);
    assert_eq!(data(&check(&office, &anna(), "2026-11-24T10:00").await)["available"], true);
}

#[tokio::test]
async fn free_times_of_a_day_leave_out_what_is_taken() {
    let office = Office::open().await;
    for start in ["2026-11-24T09:00", "2026-11-24T10:30", "2026-11-24T16:30"] {
        book(&office, &anna(), start).await;
    }
    let day = json!({"datetime_start": "2026-11-24T00:00", "datetime_end": "2026-11-25T00:00"});
    let answer = office.run(&ben(), "find_free_slots", day).await;
    assert_eq!(
        answer.say,
        "Free are half past nine in the morning, ten in the morning, and eleven in the morning on Tuesday, November \
         twenty-fourth. There are more."
    );
    let slots = data(&answer)["slots"].as_array().cloned().unwrap_or_default();
    assert_eq!(slots.len(), 13);
    assert_eq!((&slots[0], &slots[12]), (&json!("2026-11-24T09:30"), &json!("2026-11-24T16:00")));
    for taken in ["2026-11-24T09:00", "2026-11-24T10:30", "2026-11-24T16:30"] {
        assert!(!slots.contains(&json!(taken)), "{taken}");
    }
    let date = office.run(&ben(), "find_free_slots", json!({"datetime_start": "2026-11-24"})).await;
    assert_eq!(data(&date)["slots"], Value::from(slots));
}

#[tokio::test]
async fn a_full_or_closed_stretch_names_the_next_free_time() {
    let office = Office::open().await;
    let sunday = json!({"datetime_start": "2026-11-22", "datetime_end": "2026-11-22"});
    let answer = office.run(&anna(), "find_free_slots", sunday).await;
    assert_eq!(
        answer.say,
        "Nothing is free then. The next is Monday, November twenty-third, at nine in the morning."
    );
    assert_eq!((answer.ok, data(&answer)), (true, json!({"slots": [], "more": false})));
}

#[tokio::test]
async fn a_question_about_years_is_answered_with_a_hundred_times() {
    let office = Office::open().await;
    let years = json!({"datetime_start": "2026-11-01T00:00", "datetime_end": "2099-01-01T00:00"});
    let answer = office.run(&anna(), "find_free_slots", years).await;
    assert_eq!(data(&answer)["slots"].as_array().map(Vec::len), Some(100));
    assert_eq!(data(&answer)["more"], true);
}

#[tokio::test]
async fn a_stretch_that_is_over_or_reversed_is_refused() {
    let office = Office::open().await;
    for (from, to, word) in [
        ("2026-11-24T12:00", "2026-11-24T09:00", "ends before it starts"),
        ("2026-11-01T00:00", "2026-11-02T00:00", "already over"),
    ] {
        let stretch = json!({"datetime_start": from, "datetime_end": to});
        refused(&office.run(&anna(), "find_free_slots", stretch).await, &[word]);
    }
}

#[tokio::test]
async fn the_owner_hears_all_appointments_and_others_their_own() {
    let office = Office::open().await;
    book(&office, &anna(), "2026-11-24T10:00").await;
    book(&office, &ben(), "2026-11-25T11:00").await;
    let list = async |who: &Errand| office.run(who, "list_appointments", json!({})).await;
    let starts = |answer: &Answer| -> Vec<String> {
        let listed = data(answer)["appointments"].as_array().cloned().unwrap_or_default();
        listed.iter().map(|entry| entry["start"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let all = list(&owner()).await;
    assert_eq!(starts(&all), ["2026-11-24T10:00", "2026-11-25T11:00"]);
    assert_eq!(
        all.say,
        "There are two appointments: Tuesday, November twenty-fourth, at ten in the morning: Haircut and Wednesday, \
         November twenty-fifth, at eleven in the morning: Haircut."
    );
    assert_eq!(starts(&list(&anna()).await), ["2026-11-24T10:00"]);
    assert_eq!(starts(&list(&ben()).await), ["2026-11-25T11:00"]);
    let none = list(&nobody()).await;
    assert_eq!((none.ok, starts(&none).len()), (true, 0));
    let entry = &data(&all)["appointments"][0];
    assert_eq!((&entry["end"], &entry["summary"]), (&json!("2026-11-24T10:30"), &json!("Haircut")));
    assert!(entry["id"].is_string());
}

#[tokio::test]
async fn words_for_a_time_at_which_it_is_closed_are_answered_with_what_is_free() {
    let office = Office::open().await;
    for (start, why) in [
        ("tuesday at midnight", "On Tuesday we are open from nine in the morning to five in the afternoon."),
        ("tuesday at seven", "On Tuesday we are open from nine in the morning to five in the afternoon."),
        ("tuesday at ten to five", "On Tuesday we are open from"),
        ("sunday at ten", "We are closed on Sundays."),
    ] {
        let answer = check(&office, &anna(), start).await;
        assert!(answer.say.starts_with(why) && answer.say.contains("I could offer "), "{start}: {answer:?}");
        assert_eq!(data(&answer)["available"], false);
    }
    // An end may well be when the office closes.
    let wish = json!({"datetime_start": "tuesday at four", "datetime_end": "tuesday at five"});
    let answer = office.run(&anna(), "check_calendar_availability", wish).await;
    assert_eq!(data(&answer)["available"], true, "{answer:?}");
}

#[tokio::test]
async fn a_list_keeps_to_its_stretch() {
    let office = Office::open().await;
    for start in ["2026-11-24T10:00", "2026-11-25T10:00", "2026-11-26T10:00", "2026-11-27T10:00"] {
        book(&office, &anna(), start).await;
    }
    let count = async |arguments: Value| {
        let answer = office.run(&owner(), "list_appointments", arguments).await;
        data(&answer)["appointments"].as_array().map(Vec::len)
    };
    assert_eq!(count(json!({"datetime_start": "2026-11-25", "datetime_end": "2026-11-25"})).await, Some(1));
    assert_eq!(
        count(json!({"datetime_start": "2026-11-25", "datetime_end": "2026-11-26T10:00"})).await,
        Some(1)
    );
    assert_eq!(count(json!({"datetime_start": "2026-11-25"})).await, Some(1));
    assert_eq!(count(json!({"datetime_start": "2026-11-25T00:00"})).await, Some(3));
    assert_eq!(count(json!({"datetime_start": "next week"})).await, Some(4));
    assert_eq!(count(json!({"datetime_end": "2026-11-25"})).await, Some(2));
    let all = office.run(&owner(), "list_appointments", json!({})).await;
    assert!(all.say.starts_with("There are four appointments. The first are "), "{}", all.say);
}
