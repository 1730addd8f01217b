//! What a phone line needs, by turns: keys and PINs, words that the carrier understood, messages.

use super::rig::{ANNA, Office, PATIENCE, PIN, ms, scripted, speech, told, until};
use crate::house::browser::Browser;
use serde_json::{Value, json};
use sim::{
    openai::Reply,
    phone::{Carrier, Ending, Mode},
    smtp::{self, Smtp},
};
use std::time::Duration;

const NO_ACCOUNT: [(&str, &str); 3] =
    [("TWILIO_ACCOUNT_SID", ""), ("PLIVO_AUTH_ID", ""), ("TELNYX_API_KEY", "")];

#[tokio::test]
async fn the_pin_makes_a_caller_the_owner_by_turns_too() {
    for hear in ["record", "gather"] {
        for carrier in Carrier::ALL {
            let more = [("CALL_MODE", "turns"), ("CALL_HEAR", hear), ("OWNER_PIN", PIN)];
            let office = Office::open(carrier, scripted([]), &more).await;
            let call = office.call(Mode::Turns);
            assert!(call.hear_for(0, ms(200)).await, "{carrier} {hear}");
            let session = office.service.session(1).await;
            call.wait(ms(400)).await;
            call.press('*');
            // The keys behind it are asked for in a document of their own.
            call.wait(ms(1_500)).await;
            for key in PIN.chars().chain(['#']) {
                call.press(key);
                call.wait(ms(100)).await;
            }
            told(&session, "proved to be your owner").await;
            let notes = office.noted("trust_raised", 1).await;
            assert!(notes.iter().all(|note| note.kind != "key_pressed"), "{carrier} {hear}");
            until(async || (office.calls().await[0].trust == "owner").then_some(())).await;
            call.hang_up();
            call.ended().await.expect("the call is put through");
            assert!(session.log().iter().all(|logged| !logged.event.to_string().contains("pressed the key")));
            let (log, _folder) = office.house.stop().await;
            assert!(!log.contains(PIN) && !log.contains("panicked"), "{carrier} {hear}: {log}");
        }
    }
}

#[tokio::test]
async fn what_the_carrier_understood_is_answered_without_an_account_or_a_recording() {
    for carrier in Carrier::ALL {
        let more = [("CALL_MODE", "turns"), ("CALL_HEAR", "gather"), NO_ACCOUNT[carrier as usize]];
        let office = Office::open(carrier, scripted([]), &more).await;
        let call = office.call(Mode::Turns);
        assert!(call.hear_for(0, ms(200)).await, "{carrier}");
        call.wait(ms(600)).await;
        let from = call.position();
        call.say_in_words(&speech(ms(800)), "Where is my order?");
        let session = office.service.session(1).await;
        let words = told(&session, "Where is my order?").await;
        assert_eq!(words.event["item"]["role"], "user", "{carrier}");
        assert!(call.hear_for(from, ms(200)).await, "{carrier}: it is answered");
        call.wait(ms(600)).await;
        call.press('5');
        told(&session, "pressed the key 5").await;
        call.hang_up();
        let ended = call.ended().await.expect("the call is put through");
        assert_eq!((ended.recordings, ended.errors), (0, vec![]), "{carrier}");
        assert_eq!(session.mistakes(), Vec::<String>::new(), "{carrier}");
        let notes = office.noted("caller_said", 1).await;
        assert!(notes.iter().any(|note| note.json.contains("Where is my order?")), "{carrier}");
    }
}

#[tokio::test]
async fn an_appointment_is_made_in_words_that_the_carrier_understood() {
    let more = [("CALL_MODE", "turns"), ("CALL_HEAR", "gather"), ("ENGINE", "local")];
    let office = Office::open(Carrier::Twilio, scripted([]), &more).await;
    let call = office.call(Mode::Turns);
    let store = office.house.store().await;
    let mut from = 0;
    for words in ["Book an appointment next Tuesday at 10:00 a.m.", "Yes, that's right."] {
        assert!(call.hear_for(from, ms(500)).await);
        let said = call.listen(from, ms(1_200), PATIENCE).await;
        assert!(matches!(said, sim::phone::handset::Listened::Spoke(_)), "{said:?}");
        from = call.position();
        call.say_in_words(&speech(ms(800)), words);
        call.said().await;
    }
    let booked = until(async || {
        store.appointments_between("main", 0, i64::MAX).await.expect("the database answers").pop()
    })
    .await;
    assert_eq!(booked.caller, ANNA);
    call.hang_up();
    call.ended().await.expect("the call is put through");
}

#[tokio::test]
async fn a_message_by_turns_goes_on_with_the_next_recording() {
    for carrier in Carrier::ALL {
        let more =
            [("CALL_MODE", "turns"), ("VOICEMAIL", "always"), ("VOICEMAIL_GREETING", "Leave a message.")];
        let office = Office::open(carrier, scripted([]), &more).await;
        let call = office.call(Mode::Turns);
        assert!(call.recorded(1).await, "{carrier}");
        // The pause ends the carrier's recording, and not the message.
        call.say(&speech(ms(2_500)));
        assert!(call.recorded(2).await, "{carrier}");
        let from = call.position();
        call.say(&speech(ms(2_500)));
        assert!(call.hear_for(from, ms(600)).await, "{carrier}: the caller is thanked");
        let ended = call.ended().await.expect("the call is put through");
        assert_eq!((ended.ending, ended.errors), (Ending::Finished, vec![]), "{carrier}");
        let store = office.house.store().await;
        let message =
            until(async || store.messages(2).await.expect("the database answers").into_iter().next()).await;
        assert_eq!(message.caller, ANNA, "{carrier}");
        let spoken = Duration::from_millis(u64::try_from(message.sound_ms).expect("a length"));
        assert!(spoken > ms(5_000) && spoken < ms(11_000), "{carrier}: {spoken:?}");
        assert_eq!(office.service.sessions().len(), 0, "{carrier}: no engine is dialled");
    }
}

#[tokio::test]
async fn a_hash_ends_a_message_at_once_and_a_hang_up_keeps_it() {
    let more = [("CALL_MODE", "turns"), ("VOICEMAIL", "always"), ("VOICEMAIL_GREETING", "Leave a message.")];
    let office = Office::open(Carrier::Twilio, scripted([]), &more).await;
    let store = office.house.store().await;
    let call = office.call(Mode::Turns);
    assert!(call.recorded(1).await);
    call.say(&speech(ms(2_000)));
    call.said().await;
    call.press('#');
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!((ended.ending, ended.recordings), (Ending::Finished, 1));
    let call = office.call(Mode::Turns);
    assert!(call.recorded(1).await);
    call.say(&speech(ms(2_000)));
    call.said().await;
    call.hang_up();
    call.ended().await.expect("the call is put through");
    let messages = until(async || {
        let messages = store.messages(9).await.expect("the database answers");
        (messages.len() == 2).then_some(messages)
    })
    .await;
    assert!(messages.iter().all(|message| message.sound_ms > 1_500), "{messages:?}");
}

#[tokio::test]
async fn a_message_that_the_assistant_took_comes_by_mail_and_stands_on_the_page() {
    let smtp = Smtp::listen(smtp::House::default()).await.expect("loopback");
    let port = smtp.address().port().to_string();
    let message =
        json!({"message": "This is Ada Lovelace. Please call me back about the engine.", "urgent": true});
    let script = scripted([Reply::tone(ms(300)), Reply::tool("take_message", &message)]);
    let more = [
        ("CALL_MODE", "turns"),
        ("SMTP_HOST", "127.0.0.1"),
        ("SMTP_PORT", port.as_str()),
        ("EMAIL_FROM", "office@example.com"),
        ("EMAIL_USER", "owner@example.com"),
    ];
    let office = Office::open(Carrier::Twilio, script, &more).await;
    let call = office.call(Mode::Turns);
    assert!(call.recorded(1).await);
    call.say(&speech(ms(1_000)));
    let session = office.service.session(1).await;
    told(&session, "I have written that down").await;
    call.hang_up();
    call.ended().await.expect("the call is put through");
    let letters = tokio::time::timeout(PATIENCE, smtp.taken(1)).await.expect("the owner is told");
    let raw = String::from_utf8_lossy(&letters[0].raw).into_owned();
    assert_eq!(letters[0].to, ["owner@example.com"]);
    assert!(raw.contains("Urgent message from +14155550199") && raw.contains("Ada Lovelace"), "{raw}");
    assert_eq!(smtp.mistakes(), Vec::<String>::new());
    let browser = Browser::of_the_owner(&office.house).await;
    let page = browser.page(&office.house, "/messages").await;
    assert!(page.contains("call me back about the engine") && page.contains(ANNA), "{page}");
    let answered: Vec<Value> = office
        .noted("tool_answered", 1)
        .await
        .iter()
        .filter(|note| note.kind == "tool_answered")
        .map(|note| serde_json::from_str(&note.json).expect("JSON"))
        .collect();
    assert_eq!(answered[0]["ok"], true, "{answered:?}");
}
