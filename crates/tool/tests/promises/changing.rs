//! `reschedule_appointment`, `cancel_appointment`.

use crate::office::{Office, anna, ben, data, errand, milliseconds, nobody, owner, refused};
use call::{Agreed, Answer, Effect};
use serde_json::{Value, json};
use tool::{Errand, Trust};

async fn book(office: &Office, who: &Errand, start: &str) -> Agreed {
    let answer = office
        .run(who, "create_calendar_event", json!({"summary": "Haircut", "datetime_start": start}))
        .await;
    match answer.effect {
        Effect::Booked(agreed) => agreed,
        Effect::None | Effect::Moved(_) | Effect::Cancelled(_) | Effect::Sent(_) | Effect::Changed(_) => {
            panic!("not booked: {answer:?}")
        }
    }
}

async fn change(office: &Office, who: &Errand, from: &str, to: &str) -> Answer {
    let arguments = json!({"original_datetime": from, "new_datetime_start": to, "reason": "ill"});
    office.run(who, "reschedule_appointment", arguments).await
}

async fn cancel(office: &Office, who: &Errand, start: &str) -> Answer {
    office.run(who, "cancel_appointment", json!({"datetime_start": start, "reason": "ill"})).await
}

#[tokio::test]
async fn an_appointment_moves_and_keeps_its_length() {
    let office = Office::open().await;
    let long =
        json!({"summary": "x", "datetime_start": "2026-11-24T10:00", "datetime_end": "2026-11-24T11:15"});
    office.run(&anna(), "create_calendar_event", long).await;
    let answer = change(&office, &anna(), "2026-11-24T10:00", "2026-11-25T14:30").await;
    assert!(answer.ok, "{answer:?}");
    assert_eq!(
        answer.say,
        "It is moved to Wednesday, November twenty-fifth, at half past two in the afternoon."
    );
    let Effect::Moved(agreed) = &answer.effect else { panic!("not moved: {answer:?}") };
    assert_eq!(agreed.starts, "2026-11-25T14:30");
    assert_eq!(data(&answer)["end"], "2026-11-25T15:45");
    assert_eq!(office.starts().await, ["2026-11-25T14:30"]);
    let changes = office.store.appointment_changes(&agreed.id).await.expect("read");
    assert_eq!(
        (changes[1].what.as_str(), changes[1].reason.as_str(), changes[1].second),
        ("moved", "ill", Some(42))
    );
}

#[tokio::test]
async fn an_appointment_is_not_in_its_own_way() {
    let office = Office::open().await;
    let long =
        json!({"summary": "x", "datetime_start": "2026-11-24T10:00", "datetime_end": "2026-11-24T11:00"});
    office.run(&anna(), "create_calendar_event", long).await;
    let check = async |who: &Errand, start: &str, moving: &str| {
        let mut arguments = json!({"datetime_start": start});
        if !moving.is_empty() {
            arguments["original_datetime"] = moving.into();
        }
        office.run(who, "check_calendar_availability", arguments).await
    };
    let to = "2026-11-24T10:30";
    let beside = check(&anna(), to, "").await;
    assert_eq!(data(&beside)["available"], false, "as a second appointment: {beside:?}");
    let moved = check(&anna(), to, "2026-11-24T10:00").await;
    assert_eq!(data(&moved)["available"], true, "{moved:?}");
    // What is held is as long as the appointment, and nobody else's.
    refused(&check(&ben(), "2026-11-24T12:00", "2026-11-24T10:00").await, &["no appointment", "your number"]);
    assert_eq!(data(&check(&ben(), "2026-11-24T11:00", "").await)["available"], false);
    assert!(change(&office, &anna(), "2026-11-24T10:00", to).await.ok);

    // What is offered instead is not the time at which it is already.
    book(&office, &ben(), "2026-11-24T12:00").await;
    let taken = check(&anna(), "2026-11-24T12:00", to).await;
    let offered = data(&taken)["alternatives"].clone();
    let offered = offered.as_array().expect("a list");
    assert!(!offered.is_empty() && !offered.contains(&json!(to)), "{taken:?}");
}

#[tokio::test]
async fn an_appointment_can_be_given_a_new_end() {
    let office = Office::open().await;
    book(&office, &anna(), "2026-11-24T10:00").await;
    let arguments = json!({
        "original_datetime": "2026-11-24T10:00", "new_datetime_start": "2026-11-24T10:00",
        "new_datetime_end": "2026-11-24T11:00",
    });
    let answer = office.run(&anna(), "reschedule_appointment", arguments).await;
    assert_eq!((answer.ok, &data(&answer)["end"]), (true, &json!("2026-11-24T11:00")));
}

#[tokio::test]
async fn a_moved_appointments_old_time_can_be_booked_again_in_the_same_call() {
    let office = Office::open().await;
    let first = book(&office, &anna(), "2026-11-24T10:00").await;
    assert!(change(&office, &anna(), "2026-11-24T10:00", "2026-11-24T11:00").await.ok);
    assert_ne!(book(&office, &anna(), "2026-11-24T10:00").await.id, first.id);
    assert_eq!(office.starts().await, ["2026-11-24T10:00", "2026-11-24T11:00"]);
}

#[tokio::test]
async fn an_appointment_is_not_moved_onto_another_nor_out_of_the_hours() {
    let office = Office::open().await;
    book(&office, &anna(), "2026-11-24T10:00").await;
    book(&office, &ben(), "2026-11-24T11:00").await;
    let taken = change(&office, &anna(), "2026-11-24T10:00", "2026-11-24T11:00").await;
    refused(&taken, &["eleven in the morning is taken", "I could offer"]);
    assert_eq!(data(&taken)["available"], false);
    refused(&change(&office, &anna(), "2026-11-24T10:00", "2026-11-22T10:00").await, &["closed on Sundays"]);
    refused(&change(&office, &anna(), "2026-11-24T10:00", "2026-11-20T09:00").await, &["over"]);
    assert_eq!(office.starts().await, ["2026-11-24T10:00", "2026-11-24T11:00"]);
}

#[tokio::test]
async fn an_appointment_is_cancelled_once_and_its_time_is_free() {
    let office = Office::open().await;
    let agreed = book(&office, &anna(), "2026-11-24T10:00").await;
    let answer = cancel(&office, &anna(), "2026-11-24T10:00").await;
    assert_eq!((answer.ok, answer.effect), (true, Effect::Cancelled(agreed.clone())));
    assert_eq!(
        answer.say,
        "The appointment on Tuesday, November twenty-fourth, at ten in the morning is cancelled."
    );
    assert_eq!(office.starts().await, Vec::<String>::new());
    refused(&cancel(&office, &anna(), "2026-11-24T10:00").await, &["no appointment", "your number"]);
    assert_ne!(book(&office, &ben(), "2026-11-24T10:00").await.id, agreed.id);
}

#[tokio::test]
async fn a_day_is_enough_where_it_has_one_appointment() {
    let office = Office::open().await;
    book(&office, &anna(), "2026-11-24T10:00").await;
    book(&office, &ben(), "2026-11-24T11:00").await;
    assert!(cancel(&office, &anna(), "2026-11-24").await.ok);
    book(&office, &anna(), "2026-11-25T10:00").await;
    book(&office, &anna(), "2026-11-25T15:00").await;
    let unsure = cancel(&office, &anna(), "2026-11-25").await;
    refused(&unsure, &["more than one", "ten in the morning or three in the afternoon", "Which"]);
    refused(
        &cancel(&office, &anna(), "2026-11-26").await,
        &["no appointment on Thursday, November twenty-sixth"],
    );
    assert_eq!(office.booked().await.len(), 3);
}

#[tokio::test]
async fn nobody_but_the_owner_touches_anothers_appointment_or_learns_of_it() {
    for other in [ben(), errand(Trust::Stranger, "+4930555555", "call-x"), nobody()] {
        let office = Office::open().await;
        book(&office, &anna(), "2026-11-24T10:00").await;
        let moved = change(&office, &other, "2026-11-24T10:00", "2026-11-24T12:00").await;
        let (there, missing) = (
            cancel(&office, &other, "2026-11-24T10:00").await,
            cancel(&office, &other, "2026-11-24T15:00").await,
        );
        refused(&moved, &[]);
        refused(&there, &[]);
        let (there, missing) =
            (there.say.replace("ten in the morning", ""), missing.say.replace("three in the afternoon", ""));
        assert_eq!(there, missing, "the refusal tells whether there is an appointment");
        assert_eq!(office.starts().await, ["2026-11-24T10:00"]);
        assert!(change(&office, &owner(), "2026-11-24T10:00", "2026-11-24T12:00").await.ok);
        assert!(cancel(&office, &owner(), "2026-11-24T12:00").await.ok);
    }
}

#[tokio::test]
async fn who_withholds_the_number_can_change_what_was_booked_in_the_same_call_only() {
    let office = Office::open().await;
    book(&office, &nobody(), "2026-11-24T10:00").await;
    assert!(change(&office, &nobody(), "2026-11-24T10:00", "2026-11-24T11:00").await.ok);
    let later = errand(Trust::Stranger, "anonymous", "call-later");
    refused(&cancel(&office, &later, "2026-11-24T11:00").await, &["number is withheld"]);
    let spelled = errand(Trust::Stranger, "+266696687", "call-later");
    refused(&cancel(&office, &spelled, "2026-11-24T11:00").await, &["number is withheld"]);
    assert_eq!(office.starts().await, ["2026-11-24T11:00"]);
}

#[tokio::test]
async fn what_is_over_stays_as_it_was() {
    let office = Office::open().await;
    book(&office, &anna(), "2026-11-24T10:00").await;
    let later = anna().at(milliseconds("2026-11-24T10:00"));
    refused(&cancel(&office, &later, "2026-11-24T10:00").await, &["already over"]);
    refused(&change(&office, &later, "2026-11-24T10:00", "2026-11-25T10:00").await, &["already over"]);
    assert_eq!(office.starts().await, ["2026-11-24T10:00"]);
}

#[tokio::test]
async fn what_cannot_be_read_changes_nothing() {
    let office = Office::open().await;
    book(&office, &anna(), "2026-11-24T10:00").await;
    for (from, to) in
        [("", "2026-11-25T10:00"), ("2026-11-24T10:00", "whenever"), ("last never", "2026-11-25T10:00")]
    {
        refused(&change(&office, &anna(), from, to).await, &[]);
    }
    let arguments: Value = json!({
        "original_datetime": "2026-11-24T10:00", "new_datetime_start": "2026-11-25T10:00",
        "new_datetime_end": "2026-11-25T09:00",
    });
    refused(&office.run(&anna(), "reschedule_appointment", arguments).await, &["end before it starts"]);
    assert_eq!(office.starts().await, ["2026-11-24T10:00"]);
}
