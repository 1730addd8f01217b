//! The same call goes on by turns where its stream is refused or breaks, and only there.

use super::rig::{ANNA, Office, PATIENCE, goodbye, ms, scripted, speech, told, until};
use crate::house::AUTH_TOKEN;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sim::{
    openai::{Order, Reply, Script},
    phone::{Carrier, Dial, Ending, Handset, Mode, ring},
    twilio::signature,
};
use std::time::Duration;
use store::NoteRow;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

/// What a reply has cost, in millionths, by the prices that OpenAI Realtime has unless they are set.
fn cost(used: &NoteRow) -> i64 {
    let used: Value = serde_json::from_str(&used.json).expect("JSON");
    let of = |name: &str| used[name].as_f64().expect("a number");
    let (read, cached) = (of("text_tokens_in"), of("cached_tokens"));
    let heard = 32.0 * of("audio_tokens_in") + 4.0 * (read - cached) + 0.4 * cached;
    (heard + 64.0 * of("audio_tokens_out") + 24.0 * of("text_tokens_out")).ceil() as i64
}

#[tokio::test]
async fn a_call_whose_stream_is_refused_goes_on_by_turns_and_the_next_one_begins_so() {
    for carrier in Carrier::ALL {
        let office = Office::open(carrier, scripted([]), &[("CALL_MODE", "auto")]).await;
        let call = office.call(Mode::Turns);
        assert!(call.recorded(1).await, "{carrier}: the caller is greeted, and listened to");
        assert!(call.hear_for(0, ms(200)).await, "{carrier}");
        call.say(&speech(ms(1_000)));
        assert!(call.recorded(2).await, "{carrier}: and answered, and listened to again");
        call.hang_up();
        let ended = call.ended().await.expect("the call is put through");
        assert!(!ended.streamed && ended.errors.len() == 1, "{carrier}: {ended:?}");
        assert_eq!(office.ended().await.ending.as_deref(), Some("caller_hung_up"), "{carrier}");
        assert_eq!(office.calls().await.len(), 1, "{carrier}: it is one call");
        // The engine that was parked for the stream is let go.
        office.service.session(1).await.over().await;
        let call = office.call(Mode::Turns);
        assert!(call.recorded(1).await, "{carrier}");
        call.hang_up();
        let ended = call.ended().await.expect("the call is put through");
        assert_eq!(ended.errors, [], "{carrier}: no stream is tried");
        let (log, _folder) = office.house.stop().await;
        assert!(!log.contains("panicked"), "{carrier}: {log}");
    }
}

#[tokio::test]
async fn a_caller_who_left_before_the_stream_opened_leaves_nobody_waiting_and_no_mark_on_the_number() {
    let office = Office::open(Carrier::Twilio, scripted([]), &[("CALL_MODE", "auto")]).await;
    let statuses = ["no-answer", "busy", "failed", "canceled", "completed"];
    for (nth, status) in (1..).zip(statuses) {
        let dial = office.dial(Mode::Stream);
        let document = ring(&office.account, &dial).await.expect("it is answered").document;
        assert!(document.contains("<Stream"), "a stream is tried each time: {document}");
        let parked = office.service.session(nth).await;
        let url = office.house.url("/phone/twilio/status");
        let fields = [("CallSid", dial.sids.call.as_str()), ("CallStatus", status)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let told = reqwest::Client::new()
            .post(&url)
            .header("x-twilio-signature", signature::sign(&url, &fields, AUTH_TOKEN))
            .form(&fields)
            .send()
            .await;
        assert_eq!(told.expect("an answer").status(), 200, "{status}");
        // Long before the stream's token expires.
        parked.over().await;
        assert!(office.ended().await.ending.is_some(), "{status}");
    }
}

#[tokio::test]
async fn a_call_whose_stream_breaks_goes_on_by_turns_behind_what_was_said() {
    for carrier in Carrier::ALL {
        let script = scripted([Reply::speech("Hello, this is the office.", vec![9_000; 4_000])]);
        let office = Office::open(carrier, script, &[("CALL_MODE", "auto")]).await;
        let dial = Dial { breaks_after: Some(ms(2_500)), ..office.dial(Mode::Stream) };
        let call = Handset::dial(&office.account, dial);
        assert!(call.recorded(1).await, "{carrier}: the caller is still there, and listened to");
        let goes_on = office.service.session(2).await;
        told(&goes_on, "the line failed for a moment").await;
        call.say(&speech(ms(1_000)));
        assert!(call.recorded(2).await, "{carrier}");
        call.hang_up();
        let ended = call.ended().await.expect("the call is put through");
        assert_eq!((ended.streamed, ended.ending), (true, Ending::CallerHungUp), "{carrier}");
        let row = office.ended().await;
        assert_eq!((row.ending.as_deref(), office.calls().await.len()), (Some("caller_hung_up"), 1));
        let notes = office.noted("ended", 2).await;
        assert!(notes.is_sorted_by_key(|note| note.at_ms), "{carrier}: one call, one clock");
        let items: Vec<Value> = notes
            .iter()
            .filter(|note| note.kind == "sounding")
            .map(|note| serde_json::from_str::<Value>(&note.json).expect("JSON")["item"].clone())
            .collect();
        assert!(items.len() >= 2 && items.windows(2).all(|two| two[0] != two[1]), "{carrier}: {items:?}");
        let cost: i64 = notes.iter().filter(|note| note.kind == "used").map(cost).sum();
        let row = until(async || office.calls().await.pop().filter(|row| row.cost_micros >= cost)).await;
        assert_eq!(row.cost_micros, cost, "{carrier}: what it cost as a stream and by turns");
        let (log, _folder) = office.house.stop().await;
        assert!(!log.contains("panicked"), "{carrier}: {log}");
    }
}

#[tokio::test]
async fn a_caller_who_was_followed_into_another_language_is_spoken_to_in_it_when_the_stream_has_broken() {
    let script = Script {
        understood: ["Können wir bitte Deutsch sprechen?".to_owned()].into(),
        ..scripted([Reply::tone(ms(600)), Reply::tone(ms(300))])
    };
    let office = Office::open(Carrier::Twilio, script, &[("CALL_MODE", "auto")]).await;
    let dial = Dial { breaks_after: Some(ms(6_000)), ..office.dial(Mode::Stream) };
    let call = Handset::dial(&office.account, dial);
    assert!(call.hear_for(0, ms(500)).await);
    let before = office.service.session(1).await;
    before.order(Order::SpeechStarts);
    call.wait(ms(600)).await;
    before.order(Order::SpeechStops);
    office.noted("language_changed", 1).await;
    assert!(call.recorded(1).await, "the caller is still there, and listened to");
    let goes_on = office.service.session(2).await;
    told(&goes_on, "die Leitung war kurz gestört").await;
    let update = goes_on.events(true, "session.update");
    let briefed = update[0]["session"]["instructions"].as_str().expect("instructions").to_owned();
    assert!(briefed.contains("Speak German"), "{briefed}");
    call.hang_up();
    call.ended().await.expect("the call is put through");
    let (log, _folder) = office.house.stop().await;
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn a_stream_that_ended_with_its_call_is_followed_by_no_turn() {
    for carrier in Carrier::ALL {
        // Without the account's API nothing but the document can end the call.
        let more = [("CALL_MODE", "auto"), ("CALL_HEAR", "gather"), NO_ACCOUNT[carrier as usize]];
        let office = Office::open(carrier, scripted([goodbye(ms(800))]), &more).await;
        let call = office.call(Mode::Stream);
        assert!(call.hear_for(0, ms(700)).await, "{carrier}");
        let ended = call.ended().await.expect("the call is put through");
        assert_eq!(
            (ended.ending, ended.recordings, ended.errors),
            (Ending::Finished, 0, vec![]),
            "{carrier}"
        );
        assert_eq!(office.ended().await.ending.as_deref(), Some("assistant_hung_up"), "{carrier}");
        assert_eq!(office.service.sessions().len(), 1, "{carrier}: nobody else is dialled");
    }
}

/// What takes a carrier's account away.
const NO_ACCOUNT: [(&str, &str); 3] =
    [("TWILIO_ACCOUNT_SID", ""), ("PLIVO_AUTH_ID", ""), ("TELNYX_API_KEY", "")];

#[tokio::test]
async fn where_calls_are_to_be_streams_none_goes_on_by_turns() {
    let office = Office::open(Carrier::Twilio, scripted([]), &[("CALL_MODE", "stream")]).await;
    let call = office.call(Mode::Turns);
    let failed = call.ended().await.expect_err("there is no way to carry it");
    assert!(failed.what.contains("no streams"), "{failed}");
    assert_eq!(office.calls().await.len(), 1);
}

#[tokio::test]
async fn a_stream_that_opens_after_its_call_went_on_by_turns_is_refused() {
    let office = Office::open(Carrier::Twilio, scripted([]), &[("CALL_MODE", "auto")]).await;
    let dial = office.dial(Mode::Turns);
    let sids = dial.sids.clone();
    // As a retry it is answered the same, and so with the same token.
    let document = ring(&office.account, &dial).await.expect("it is answered").document;
    let between = |from: &str| {
        let (_, rest) = document.split_once(from).expect("it is there");
        rest.split_once('"').expect("it ends").0.to_owned()
    };
    let (url, token) = (between("url=\""), between("value=\""));
    let call = Handset::dial(&office.account, dial);
    assert!(call.recorded(1).await);
    let mut request = url.as_str().into_client_request().expect("an address");
    let signature = signature::sign(&url, &[], AUTH_TOKEN);
    request.headers_mut().insert("x-twilio-signature", signature.parse().expect("a header"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("it may say who it is");
    let start = json!({"event": "start", "sequenceNumber": "1", "streamSid": sids.stream, "start": {
        "accountSid": sids.account, "streamSid": sids.stream, "callSid": sids.call, "tracks": ["inbound"],
        "customParameters": {"token": token},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}}});
    let connected = json!({"event": "connected", "protocol": "Call", "version": "1.0.0"});
    for message in [connected, start] {
        socket.send(Message::text(message.to_string())).await.expect("it is open");
    }
    let answer = tokio::time::timeout(PATIENCE, socket.next()).await.expect("it is answered");
    let Some(Ok(Message::Close(Some(frame)))) = answer else { panic!("{answer:?}") };
    assert_eq!(frame.reason.as_str(), "token used before");
    // The call is none the worse for it.
    call.say(&speech(ms(1_000)));
    assert!(call.recorded(2).await);
    call.hang_up();
    call.ended().await.expect("the call is put through");
    assert_eq!(office.service.sessions().len(), 2, "one for the stream, and one that talked");
}

#[tokio::test]
async fn whoever_asks_what_comes_after_a_stream_must_be_the_calls_carrier() {
    let office = Office::open(Carrier::Twilio, scripted([]), &[("CALL_MODE", "auto")]).await;
    let call = office.call(Mode::Stream);
    assert!(call.hear_for(0, ms(200)).await);
    let row = until(async || office.calls().await.pop()).await;
    let url = office.house.url(&format!("/phone/twilio/after-stream/{}", row.id));
    let http = reqwest::Client::new();
    let unsigned = http.post(&url).form(&[("CallSid", row.carrier_call.as_str())]).send().await;
    assert_eq!(unsigned.expect("an answer").status(), 400);
    // Signed, but about another call: the first one goes on.
    let fields = [("CallSid".to_owned(), "CA00000000000000000000000000000777".to_owned())];
    let signed = http
        .post(&url)
        .header("x-twilio-signature", signature::sign(&url, &fields, AUTH_TOKEN))
        .form(&fields)
        .send()
        .await
        .expect("an answer");
    let document = signed.text().await.expect("a document");
    assert!(document.contains("<Hangup"), "{document}");
    call.wait(Duration::from_secs(1)).await;
    assert!(!call.is_over() && office.calls().await[0].ended_ms.is_none());
    assert_eq!(office.calls().await[0].from, ANNA);
    call.hang_up();
    call.ended().await.expect("the call is put through");
}
