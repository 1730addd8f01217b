//! Whole calls through the product: Twilio's side of the wire at one end, OpenAI's at the other, both strict.

mod house;
use futures_util::{SinkExt, StreamExt};
use house::{
    AUTH_TOKEN, House,
    waiting::{self, PATIENCE, ms, until},
};
use serde_json::Value;
use sim::{
    openai::{End, Hearing, Item, OpenAi, Order, Reply, Script, Sound, Voice},
    phone::{Api, api::Fault},
    twilio::{Account, Dial, Ending, Handset, handset::Listened, ring},
};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

async fn opened(script: Script, more: &[(&str, &str)]) -> (House, OpenAi, Account) {
    let service = OpenAi::listen(script).await.expect("loopback has a free port");
    let url = service.url();
    let mut variables =
        vec![("ENGINE", "openai"), ("OPENAI_API_KEY", "sk-test"), ("OPENAI_REALTIME_URL", url.as_str())];
    variables.extend(more);
    let house = House::open(&variables).await;
    (house, service, Account::new(AUTH_TOKEN))
}

fn kind_is(kind: &'static str) -> impl Fn(&sim::openai::Logged) -> bool {
    move |logged| logged.event["type"] == kind
}

/// Waits until the call is written down as ended.
async fn ending_of(house: &House, nth: usize) -> String {
    let store = house.store().await;
    until(async || waiting::calls(&store).await.get(nth)?.ending.clone()).await
}

#[tokio::test]
async fn the_greeting_waits_for_the_caller() {
    let (house, service, account) = opened(Script::default(), &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.connected().await);
    let heard = call.listen(0, ms(300), PATIENCE).await;
    assert!(matches!(heard, Listened::Spoke(_)), "{heard:?}");
    call.hang_up();
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!(ended.errors, []);
    assert_eq!(ended.ending, Ending::CallerHungUp);
    let session = service.session(1).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
    assert_eq!(ending_of(&house, 0).await, "caller_hung_up");
    // The engine is not left behind.
    session.over().await;
}

#[tokio::test]
async fn a_webhook_by_get_is_answered_alike() {
    let (house, _service, account) = opened(Script::default(), &[]).await;
    let mut dial = Dial::local(house.address);
    dial.post = false;
    let call = Handset::dial(&account, dial);
    assert!(call.connected().await);
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
}

#[tokio::test]
async fn a_barge_in_clears_the_line_and_the_engine_forgets_what_was_not_heard() {
    let long = Voice::new(Sound::Tone { hertz: 300.0 }, ms(6_000));
    let behind = Voice::new(Sound::Tone { hertz: 500.0 }, ms(2_000));
    let greeting = Reply::of(vec![Item::Voice(long), Item::Voice(behind)]);
    let script = Script {
        replies: [greeting].into(),
        hearing: Hearing::Scripted,
        understood: ["wait a moment".to_owned()].into(),
        ..Script::default()
    };
    let (house, service, account) = opened(script, &[]).await;
    let mut dial = Dial::local(house.address);
    dial.network.up = ms(80);
    dial.network.down = ms(120);
    let call = Handset::dial(&account, dial);
    assert!(call.hear_for(0, ms(1_500)).await);
    let session = service.session(1).await;
    session.order(Order::SpeechStarts);
    call.wait(ms(500)).await;
    session.order(Order::SpeechStops);
    let truncated =
        session.wait_for(PATIENCE, kind_is("conversation.item.truncate")).await.expect("it is truncated");
    let heard = truncated.event["audio_end_ms"].as_u64().expect("whole milliseconds");
    // What truly sounded: the first item is the only one that was heard.
    let Listened::Spoke(range) = call.listen(0, ms(100), PATIENCE).await else { panic!("nothing was heard") };
    let truth = (range.end - range.start) as u64 / 8;
    assert!(heard.abs_diff(truth) <= 40, "believed {heard} ms, heard {truth} ms");
    let deleted = session.events(true, "conversation.item.delete");
    assert_eq!(deleted.len(), 1, "the item behind it was not heard at all");
    assert!(
        session
            .wait_for(PATIENCE, |logged| logged.from_client && logged.event["type"] == "response.create")
            .await
            .is_some()
    );
    assert_eq!(call.clears(), 1);
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    assert_eq!(session.mistakes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cough_does_not_end_the_sentence() {
    let greeting = Reply::of(vec![Item::Voice(Voice::new(Sound::Tone { hertz: 300.0 }, ms(3_000)))]);
    let script = Script {
        replies: [greeting].into(),
        hearing: Hearing::Scripted,
        understood: [String::new()].into(),
        ..Script::default()
    };
    let (house, service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.hear_for(0, ms(1_000)).await);
    let session = service.session(1).await;
    session.order(Order::SpeechStarts);
    call.wait(ms(300)).await;
    session.order(Order::SpeechStops);
    assert!(call.hear_for(0, ms(2_900)).await, "the rest of the sentence is heard");
    assert!(session.events(true, "conversation.item.truncate").is_empty());
    assert!(session.events(true, "response.cancel").is_empty());
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
async fn a_tool_books_what_the_model_asked_for() {
    let in_a_week = jiff::Zoned::now().date() + jiff::Span::new().days(7);
    let days = [0, 0, 0, 0, 0, 2, 1][usize::from(in_a_week.weekday().to_monday_zero_offset().unsigned_abs())];
    let date = in_a_week + jiff::Span::new().days(days);
    let arguments = serde_json::json!({
        "summary": "Haircut", "datetime_start": format!("{date}T10:00"), "datetime_end": format!("{date}T10:30"),
    });
    let script = Script {
        replies: [Reply::tone(ms(300)), Reply::tool("create_calendar_event", &arguments)].into(),
        hearing: Hearing::Scripted,
        ..Script::default()
    };
    let (house, service, account) = opened(script, &[("TIME_ZONE", "Europe/Berlin")]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    let greeting = call.listen(0, ms(300), PATIENCE).await;
    assert!(matches!(greeting, Listened::Spoke(_)), "{greeting:?}");
    let session = service.session(1).await;
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
    let output = session
        .wait_for(PATIENCE, |logged| {
            logged.event["item"]["type"] == "function_call_output" && logged.from_client
        })
        .await
        .expect("the model is told");
    let told: Value =
        serde_json::from_str(output.event["item"]["output"].as_str().expect("text")).expect("JSON");
    assert_eq!(told["ok"], true, "{told}");
    let store = house.store().await;
    let booked = store.appointments_between("main", 0, i64::MAX).await.expect("the database answers");
    assert_eq!(booked.len(), 1);
    assert_eq!(booked[0].summary, "Haircut");
    assert_eq!(session.mistakes(), Vec::<String>::new());
}

#[tokio::test]
async fn the_assistant_hangs_up_after_its_goodbye_is_heard() {
    let goodbye = Reply::of(vec![
        Item::Voice(Voice::new(Sound::Tone { hertz: 300.0 }, ms(1_500))),
        Item::Tool { name: "hang_up".into(), arguments: "{}".into() },
    ]);
    let (house, _service, account) =
        opened(Script { replies: [goodbye].into(), ..Script::default() }, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.hear_for(0, ms(1_400)).await, "all of the goodbye is heard");
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!(ended.ending, Ending::Finished);
    assert_eq!(ended.errors, []);
    assert_eq!(ending_of(&house, 0).await, "assistant_hung_up");
}

#[tokio::test]
async fn an_engine_that_dies_in_mid_word_is_apologised_for() {
    let reply = Reply::tone(ms(2_000)).ending(End::Drops);
    let (house, _service, account) =
        opened(Script { replies: [reply].into(), ..Script::default() }, &[("VOICEMAIL", "never")]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    // The apology is nearly six seconds long.
    assert!(call.hear_for(0, ms(4_000)).await);
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!(ended.errors, []);
    assert_eq!(ending_of(&house, 0).await, "engine_failed");
}

#[tokio::test]
async fn an_engine_that_refuses_the_key_is_apologised_for() {
    let (house, service, account) =
        opened(Script { key: Some("sk-other".into()), ..Script::default() }, &[("VOICEMAIL", "never")]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.hear_for(0, ms(4_000)).await);
    call.ended().await.expect("the call is put through");
    assert_eq!(service.refused().first(), Some(&401));
    let store = house.store().await;
    let call = &store.calls(1, i64::MAX).await.expect("the database answers")[0];
    let notes = store.notes(&call.id).await.expect("the database answers");
    let trouble = notes.iter().find(|note| note.kind == "trouble").expect("it is noted");
    assert!(trouble.json.contains("OPENAI_API_KEY") || trouble.json.contains("key"), "{}", trouble.json);
    assert!(!trouble.json.contains("sk-test"), "no secret is noted");
}

#[tokio::test]
async fn a_webhook_that_is_told_again_is_answered_the_same_and_dials_nothing() {
    let (house, service, account) = opened(Script::default(), &[]).await;
    let dial = Dial::local(house.address);
    let first = ring(&account, &dial).await.expect("it is answered");
    let again = ring(&account, &dial).await.expect("it is answered");
    assert_eq!(first.document, again.document);
    let call = Handset::dial(&account, dial);
    assert!(call.connected().await, "the same token is still good");
    assert_eq!(service.sessions().len(), 1);
    call.hang_up();
}

#[tokio::test]
async fn a_webhook_replayed_after_the_call_is_refused() {
    let (house, service, account) = opened(Script::default(), &[]).await;
    let sids = sim::twilio::Sids::invented(7);
    let dial = || Dial { sids: sids.clone(), ..Dial::local(house.address) };
    let call = Handset::dial(&account, dial());
    assert!(call.connected().await);
    call.hang_up();
    call.ended().await.expect("the call is put through");
    let refused = ring(&account, &dial()).await.expect_err("the token is spent");
    assert_eq!(refused.status, Some(409));
    assert_eq!(service.sessions().len(), 1);
}

#[tokio::test]
async fn a_caller_who_is_not_on_the_list_is_rejected_and_nothing_is_dialled() {
    let (house, service, account) = opened(Script::default(), &[("ALLOWED_NUMBERS", "+14155550111")]).await;
    let ended = Handset::dial(&account, Dial::local(house.address)).ended().await.expect("it is answered");
    assert!(matches!(ended.ending, Ending::Rejected(_)), "{:?}", ended.ending);
    let listed = Dial { from: "+14155550111".into(), ..Dial::local(house.address) };
    let call = Handset::dial(&account, listed);
    assert!(call.connected().await);
    // The engine is dialled beside the call, which may be the faster.
    let _listed = service.session(1).await;
    call.hang_up();
    assert_eq!(service.sessions().len(), 1);
}

#[tokio::test]
async fn past_the_cap_callers_hear_that_we_are_busy() {
    let (house, service, account) = opened(Script::default(), &[("MAX_CALLS", "1")]).await;
    let first = Handset::dial(&account, Dial::local(house.address));
    assert!(first.connected().await);
    let second = Handset::dial(&account, Dial::local(house.address)).ended().await.expect("it is answered");
    assert_eq!(second.said.len(), 1, "a sentence says so");
    assert_eq!(second.ending, Ending::Finished);
    assert_eq!(service.sessions().len(), 1);
    first.hang_up();
    first.ended().await.expect("the call is put through");
    assert_eq!(ending_of(&house, 0).await, "caller_hung_up");
    let third = Handset::dial(&account, Dial::local(house.address));
    assert!(third.connected().await, "the place is free again");
    third.hang_up();
}

#[tokio::test]
async fn a_place_is_free_when_its_call_is_over_however_late_the_carrier_answers() {
    let account = Account::new(AUTH_TOKEN);
    let api = Api::listen(&account).await.expect("loopback has a free port");
    api.fail([Fault::Hang]);
    let goodbye = Reply::of(vec![
        Item::Voice(Voice::new(Sound::Tone { hertz: 300.0 }, ms(300))),
        Item::Tool { name: "hang_up".into(), arguments: "{}".into() },
    ]);
    let url = api.url();
    let twilio = [
        ("MAX_CALLS", "1"),
        ("CALL_MODE", "stream"),
        ("TWILIO_ACCOUNT_SID", account.sid.as_str()),
        ("TWILIO_API_URL", url.as_str()),
    ];
    let (house, _service, _) =
        opened(Script { replies: [goodbye].into(), ..Script::default() }, &twilio).await;
    let first = Handset::dial(&account, api.wire(Dial::local(house.address)));
    first.ended().await.expect("the call is put through");
    until(async || (!api.log().is_empty()).then_some(())).await;
    let second = Handset::dial(&account, api.wire(Dial::local(house.address)));
    assert!(second.connected().await, "while the API is still waited for");
    second.hang_up();
    second.ended().await.expect("the call is put through");
}

#[tokio::test]
async fn a_webhook_that_is_told_again_is_answered_the_same_when_all_lines_are_busy() {
    let (house, service, account) = opened(Script::default(), &[("MAX_CALLS", "1")]).await;
    let (first, second) = (sim::twilio::Sids::invented(1), sim::twilio::Sids::invented(2));
    let dial = |sids: &sim::twilio::Sids| Dial { sids: sids.clone(), ..Dial::local(house.address) };
    let let_in = ring(&account, &dial(&first)).await.expect("it is answered").document;
    let turned_away = ring(&account, &dial(&second)).await.expect("it is answered").document;
    assert_ne!(let_in, turned_away);
    assert_eq!(ring(&account, &dial(&first)).await.expect("it is answered").document, let_in);
    let call = Handset::dial(&account, dial(&first));
    assert!(call.hear_for(0, ms(100)).await, "it is put through");
    assert_eq!(ring(&account, &dial(&first)).await.expect_err("the token is spent").status, Some(409));
    call.hang_up();
    call.ended().await.expect("the call is put through");
    assert_eq!(ending_of(&house, 0).await, "caller_hung_up", "it was not taken for one that was turned away");
    assert_eq!(ring(&account, &dial(&second)).await.expect("it is answered").document, turned_away);
    assert_eq!(service.sessions().len(), 1);
}

#[tokio::test]
async fn what_the_caller_says_before_the_engine_is_ready_is_heard() {
    let script = Script { update_takes: ms(1_500), ..Script::default() };
    let (house, service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.connected().await);
    let session = service.session(1).await;
    call.wait(ms(2_500)).await;
    let heard = session.heard_bytes();
    assert!(heard >= 8 * 2_300, "of 2.5 s the engine has heard {} ms", heard / 8);
    call.hang_up();
    assert_eq!(session.mistakes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_call_that_was_let_in_before_the_server_was_told_to_stop_is_put_through() {
    let (house, service, account) = opened(Script::default(), &[]).await;
    let dial = Dial::local(house.address);
    let sids = dial.sids.clone();
    let document = ring(&account, &dial).await.expect("it is answered").document;
    let between = |from: &str| {
        document
            .split_once(from)
            .and_then(|(_, rest)| rest.split_once('"'))
            .expect("it is there")
            .0
            .to_owned()
    };
    let (url, token) = (between("url=\""), between("value=\""));
    let address = house.address;
    let mut stopping = JoinSet::new();
    stopping.spawn(house.stop());
    while reqwest::get(format!("http://{address}/readyz")).await.is_ok_and(|got| got.status().is_success()) {
        tokio::task::yield_now().await;
    }
    let mut request = url.as_str().into_client_request().expect("an address");
    let signature = sim::twilio::signature::sign(&url, &[], AUTH_TOKEN);
    request.headers_mut().insert("x-twilio-signature", signature.parse().expect("a header"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("it is let in");
    let start = serde_json::json!({"event": "start", "sequenceNumber": "1", "streamSid": sids.stream, "start": {
        "accountSid": sids.account, "streamSid": sids.stream, "callSid": sids.call, "tracks": ["inbound"],
        "customParameters": {"token": token},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}}});
    let connected = serde_json::json!({"event": "connected", "protocol": "Call", "version": "1.0.0"});
    for message in [connected, start] {
        socket.send(Message::text(message.to_string())).await.expect("it is open");
    }
    let greeting = tokio::time::timeout(PATIENCE, socket.next()).await.expect("it is greeted");
    assert!(matches!(greeting, Some(Ok(Message::Text(_)))), "{greeting:?}");
    drop(socket);
    stopping.join_all().await;
    assert_eq!(service.sessions().len(), 1, "the engine that was dialled for it is the one that greets");
}

#[tokio::test]
async fn stopping_lets_a_call_finish_and_takes_no_new_one() {
    let (house, service, account) = opened(Script::default(), &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.connected().await);
    let address = house.address;
    let mut stopping = JoinSet::new();
    stopping.spawn(house.stop());
    // New calls are refused from the moment that /readyz says so.
    while reqwest::get(format!("http://{address}/readyz"))
        .await
        .is_ok_and(|answer| answer.status().is_success())
    {
        tokio::task::yield_now().await;
    }
    let refused = Handset::dial(&account, Dial::local(address)).ended().await.expect("it is answered");
    assert_eq!(refused.said.len(), 1);
    assert!(!call.is_over());
    assert!(stopping.try_join_next().is_none());
    call.hang_up();
    let (log, _folder) = stopping.join_all().await.remove(0);
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(service.sessions().len(), 1);
}

#[tokio::test]
async fn a_call_that_a_power_cut_ended_is_closed_at_the_next_start() {
    let (house, service, account) = opened(Script::default(), &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.hear_for(0, ms(500)).await);
    let folder = house.kill().await;
    drop(call);
    drop(service);
    let house = House::open_in(folder, &[]).await;
    let calls = house.store().await.calls(10, i64::MAX).await.expect("the database answers");
    assert!(calls[0].ended_ms.is_some());
}
