//! What a phone line needs, through the product: a PIN, blocked callers, voicemail and transfers, with Twilio's and the
//! engine's side of the wire at the ends.

mod house;

use engine::local::{Tts as _, espeak::Espeak};
use house::{
    AUTH_TOKEN, House,
    speech::speech,
    waiting::{self, PATIENCE, ms, noted, until},
};
use serde_json::{Value, json};
use sim::{
    openai::{Hearing, OpenAi, Order, Reply, Script, Session},
    smtp::{self, Smtp},
    twilio::{Account, Dial, Ending, Handset, handset::Listened, rest::Rest},
};
use sound::g711;
use std::{path::Path, time::Duration};

const PIN: &str = "271828";
const ANNA: &str = "+14155550199";
const VIP: &str = "+14155550111";

async fn opened(script: Script, more: &[(&str, &str)]) -> (House, OpenAi, Account) {
    let service = OpenAi::listen(script).await.expect("loopback has a free port");
    let url = service.url();
    let mut variables = vec![
        ("ENGINE", "openai"),
        ("OPENAI_API_KEY", "sk-test"),
        ("OPENAI_REALTIME_URL", url.as_str()),
        ("TIME_ZONE", "UTC"),
        ("LOG_LEVEL", "debug"),
    ];
    variables.extend(more);
    let house = House::open(&variables).await;
    (house, service, Account::new(AUTH_TOKEN))
}

fn scripted(replies: impl IntoIterator<Item = Reply>) -> Script {
    Script {
        replies: replies.into_iter().collect(),
        otherwise: Reply::tone(ms(300)),
        hearing: Hearing::Scripted,
        ..Script::default()
    }
}

fn dial(house: &House, from: &str) -> Dial {
    Dial { from: from.into(), ..Dial::local(house.address) }
}

async fn press(call: &Handset, keys: &str) {
    for key in keys.chars() {
        call.press(key);
        call.wait(ms(40)).await;
    }
}

fn speaks(session: &Session) {
    session.order(Order::SpeechStarts);
    session.order(Order::SpeechStops);
}

/// What the tools have answered so far, once it is so many.
async fn answers(session: &Session, count: usize) -> Vec<Value> {
    let outputs = || -> Vec<Value> {
        let items = session.events(true, "conversation.item.create");
        let outputs = items.iter().filter(|event| event["item"]["type"] == "function_call_output");
        outputs
            .map(|event| serde_json::from_str(event["item"]["output"].as_str().expect("text")).expect("JSON"))
            .collect()
    };
    until(async || Some(outputs()).filter(|outputs| outputs.len() >= count)).await
}

/// No file of the data folder holds this text.
fn is_nowhere(folder: &Path, text: &str) -> bool {
    let files = std::fs::read_dir(folder.join("data")).expect("a folder");
    let contents = files.map(|file| std::fs::read(file.expect("a file").path()).unwrap_or_default());
    contents.into_iter().all(|bytes| !bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
fn hours_that_are_over() -> String {
    let hour = |hours: i64| {
        (jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC) + jiff::Span::new().hours(hours))
            .strftime("%H:00")
            .to_string()
    };
    format!("{}-{}", hour(3), hour(5))
}

#[tokio::test]
async fn the_right_pin_makes_a_caller_the_owner_and_its_digits_are_nowhere() {
    let list = || Reply::tool("list_appointments", &json!({}));
    let script = scripted([Reply::tone(ms(300)), list(), Reply::tone(ms(200)), Reply::tone(ms(200)), list()]);
    let (house, service, account) = opened(script, &[("OWNER_PIN", PIN), ("OWNER_NUMBERS", ANNA)]).await;
    let call = Handset::dial(&account, dial(&house, ANNA));
    assert!(matches!(call.listen(0, ms(300), PATIENCE).await, Listened::Spoke(_)));
    let session = service.session(1).await;
    let store = house.store().await;
    let trust = async || store.calls(1, i64::MAX).await.expect("the database answers")[0].trust.clone();
    assert_eq!(trust().await, "known", "where there is a PIN the number is not enough");
    speaks(&session);
    let before = answers(&session, 1).await.remove(0);
    press(&call, &format!("*{PIN}#")).await;
    let notes = noted(&store, "trust_raised", 1).await;
    assert!(notes.iter().all(|note| note.kind != "key_pressed"), "not even how many keys there were");
    until(async || (trust().await == "owner").then_some(())).await;
    let updated = session.wait_for(PATIENCE, |logged| {
        logged.from_client
            && logged.event["type"] == "session.update"
            && logged.event["session"]["instructions"].is_null()
    });
    assert!(updated.await.expect("it is offered the owner's tools").event["session"]["tools"].is_array());
    let prompted = session.wait_for(PATIENCE, |logged| {
        logged.from_client && logged.event.to_string().contains("proved to be your owner")
    });
    assert!(prompted.await.is_some(), "the engine is told");
    call.wait(ms(800)).await;
    speaks(&session);
    let after = answers(&session, 2).await.remove(1);
    assert_ne!(before["say"], after["say"], "the owner's errands are run for the owner");
    assert!(session.log().iter().all(|logged| !logged.event.to_string().contains("pressed the key")));
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    assert_eq!(session.mistakes(), Vec::<String>::new());
    let (log, folder) = house.stop().await;
    assert!(!log.contains(PIN), "{log}");
    assert!(is_nowhere(folder.path(), PIN));
}

#[tokio::test]
async fn three_wrong_pins_are_the_last_of_a_call_and_the_next_call_has_to_wait() {
    let (house, service, account) = opened(scripted([]), &[("OWNER_PIN", PIN)]).await;
    let store = house.store().await;
    let call = Handset::dial(&account, dial(&house, ANNA));
    assert!(matches!(call.listen(0, ms(300), PATIENCE).await, Listened::Spoke(_)));
    for tries in 1..=3 {
        press(&call, "*987654#").await;
        noted(&store, "pin_refused", tries).await;
    }
    press(&call, &format!("*{PIN}#")).await;
    let told = service.session(1).await;
    let last = |logged: &sim::openai::Logged| logged.event.to_string().contains("any more in this call");
    assert!(told.wait_for(PATIENCE, last).await.is_some());
    call.hang_up();
    call.ended().await.expect("the call is put through");
    // Not even the right one is looked at so soon.
    let call = Handset::dial(&account, dial(&house, ANNA));
    assert!(matches!(call.listen(0, ms(300), PATIENCE).await, Listened::Spoke(_)));
    press(&call, &format!("*{PIN}#")).await;
    let soon = |logged: &sim::openai::Logged| logged.event.to_string().contains("too many wrong PINs lately");
    assert!(service.session(2).await.wait_for(PATIENCE, soon).await.is_some());
    let notes = noted(&store, "pin_refused", 1).await;
    assert!(notes.iter().all(|note| note.kind != "trust_raised"));
    call.hang_up();
    call.ended().await.expect("the call is put through");
    // Another number is not made to wait for it.
    let call = Handset::dial(&account, dial(&house, VIP));
    assert!(matches!(call.listen(0, ms(300), PATIENCE).await, Listened::Spoke(_)));
    press(&call, &format!("*{PIN}#")).await;
    noted(&store, "trust_raised", 1).await;
    call.hang_up();
    let (log, folder) = house.stop().await;
    assert!(!log.contains("987654") && !log.contains(PIN), "{log}");
    assert!(is_nowhere(folder.path(), "987654") && is_nowhere(folder.path(), PIN));
}

#[tokio::test]
async fn a_blocked_caller_is_rejected_by_the_settings_and_by_their_page() {
    let (house, service, account) = opened(scripted([]), &[("BLOCKED_NUMBERS", VIP)]).await;
    let ended = Handset::dial(&account, dial(&house, VIP)).ended().await.expect("it is answered");
    assert!(matches!(ended.ending, Ending::Rejected(_)), "{:?}", ended.ending);
    let store = house.store().await;
    let mark = store::CallerMark { blocked: Some(true), ..store::CallerMark::default() };
    store.mark_caller(ANNA, mark, 1).await.expect("the database answers");
    let ended = Handset::dial(&account, dial(&house, ANNA)).ended().await.expect("it is answered");
    assert!(matches!(ended.ending, Ending::Rejected(_)), "{:?}", ended.ending);
    assert_eq!(service.sessions().len(), 0);
    let (log, _folder) = house.stop().await;
    assert!(!log.contains(ANNA), "{log}");
}

/// How loud it is, piece by piece of 20 ms from the first that is heard on, in dBFS.
fn shape(samples: &[i16]) -> Vec<f32> {
    let levels = samples.chunks(160).map(|piece| sound::level::dbfs(piece).max(-60.0));
    levels.skip_while(|level| *level < -45.0).collect()
}

#[tokio::test]
async fn a_german_assistants_voicemail_speaks_german() {
    let set = [("VOICEMAIL", "always"), ("ASSISTANT_LANGUAGE", "de")];
    let (house, service, account) = opened(scripted([]), &set).await;
    let call = Handset::dial(&account, dial(&house, ANNA));
    let greeting = call.listen(0, ms(1_500), PATIENCE).await;
    let Listened::Spoke(greeting) = greeting else { panic!("{greeting:?}") };
    let words = said(&house, 1).await;
    assert!(words.contains("hinterlassen Sie nach dem Ton eine Nachricht"), "{words}");
    // These very words, as a German voice speaks them: what was heard rises and falls with them.
    let german = Espeak::default().speak(&words, "de").await.expect("espeak-ng is installed");
    let (heard, german) = (shape(&call.heard(greeting.clone())), shape(&german));
    let apart: f32 = heard.iter().zip(&german).map(|(one, other)| (one - other).abs()).sum();
    let apart = apart / german.len() as f32;
    assert!(heard.len() >= german.len() && apart < 4.0, "{apart} dB: {heard:?} {german:?}");
    call.say(&speech(ms(2_000)));
    let thanks = call.listen(greeting.end + 8_000, ms(600), PATIENCE).await;
    assert!(!matches!(thanks, Listened::Nothing), "{thanks:?}");
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    assert_eq!(service.sessions().len(), 0, "no engine was dialled");
    let words = said(&house, 2).await;
    assert!(words.contains("Ihre Nachricht ist aufgenommen"), "{words}");
}

/// The `n`th thing that the assistant said.
async fn said(house: &House, n: usize) -> String {
    let notes = noted(&house.store().await, "assistant_said", n).await;
    let said = notes.iter().filter(|note| note.kind == "assistant_said").nth(n - 1).map(waiting::read);
    said.expect("noted")["text"].as_str().expect("text").to_owned()
}

#[tokio::test]
async fn out_of_hours_callers_reach_the_voicemail_and_vips_the_assistant() {
    let smtp = Smtp::listen(smtp::House::default()).await.expect("loopback");
    let port = smtp.address().port().to_string();
    let (house, service, account) = opened(
        scripted([]),
        &[
            ("ANSWER_HOURS", &hours_that_are_over()),
            ("VIP_NUMBERS", VIP),
            ("VOICEMAIL_GREETING", "Please leave a message."),
            ("SMTP_HOST", "127.0.0.1"),
            ("SMTP_PORT", &port),
            ("EMAIL_FROM", "office@example.com"),
            ("EMAIL_USER", "owner@example.com"),
        ],
    )
    .await;
    let call = Handset::dial(&account, dial(&house, ANNA));
    let greeting = call.listen(0, ms(1_500), PATIENCE).await;
    let Listened::Spoke(greeting) = greeting else { panic!("{greeting:?}") };
    call.say(&speech(ms(3_000)));
    let thanks = call.listen(greeting.end + 8_000, ms(600), PATIENCE).await;
    assert!(!matches!(thanks, Listened::Nothing), "{thanks:?}");
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!((ended.ending, ended.errors), (Ending::Finished, vec![]));
    assert_eq!(service.sessions().len(), 0, "no engine was dialled");
    let store = house.store().await;
    let message =
        until(async || store.messages(1).await.expect("the database answers").into_iter().next()).await;
    assert_eq!((message.caller.as_str(), message.body.as_str()), (ANNA, ""));
    let ulaw = store.voicemail(&message.id).await.expect("the database answers").expect("it is kept");
    let kept = Duration::from_millis(ulaw.len() as u64 / 8);
    assert!(kept > ms(2_800) && kept < ms(4_200), "{kept:?}");
    assert_eq!(usize::try_from(message.sound_ms), Ok(ulaw.len() / 8));
    let level = sound::level::dbfs(&g711::ulaw_to_samples(&ulaw));
    assert!(level > -25.0, "{level} dBFS");
    let letters = tokio::time::timeout(PATIENCE, smtp.taken(1)).await.expect("the owner is told");
    let raw = String::from_utf8_lossy(&letters[0].raw).into_owned();
    assert_eq!(letters[0].to, ["owner@example.com"]);
    assert!(
        raw.contains("audio/wav")
            && raw.contains("message.wav")
            && raw.contains("Voicemail from +14155550199"),
        "{}",
        &raw[..raw.len().min(2_000)]
    );
    assert_eq!(smtp.mistakes(), Vec::<String>::new());
    let rows = store.calls(1, i64::MAX).await.expect("the database answers");
    assert_eq!(
        (rows[0].engine.as_str(), rows[0].ending.as_deref()),
        ("voicemail", Some("assistant_hung_up"))
    );
    // A VIP is put through.
    let call = Handset::dial(&account, dial(&house, VIP));
    assert!(matches!(call.listen(0, ms(200), PATIENCE).await, Listened::Spoke(_)));
    assert_eq!(service.sessions().len(), 1);
    call.hang_up();
    call.ended().await.expect("the call is put through");
    let (log, _folder) = house.stop().await;
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn out_of_hours_callers_hear_that_we_are_closed_where_the_owner_wants_that() {
    let more: &[(&str, &str)] = &[
        ("ANSWER_HOURS", &hours_that_are_over()),
        ("OUT_OF_HOURS", "say"),
        ("CLOSED_WORDS", "We are asleep."),
    ];
    let (house, service, account) = opened(scripted([]), more).await;
    let ended = Handset::dial(&account, dial(&house, ANNA)).ended().await.expect("it is answered");
    assert_eq!(ended.said, ["We are asleep."]);
    assert_eq!(service.sessions().len(), 0);
    let rows = house.store().await.calls(9, i64::MAX).await.expect("the database answers");
    assert_eq!((rows.len(), rows[0].ending.as_deref()), (1, Some("closed")));
}

#[tokio::test]
async fn where_the_engine_fails_the_caller_may_leave_a_message() {
    let script = Script { key: Some("sk-other".into()), ..scripted([]) };
    let (house, _service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, dial(&house, ANNA));
    let greeting = call.listen(0, ms(1_500), PATIENCE).await;
    assert!(matches!(greeting, Listened::Spoke(_)), "{greeting:?}");
    call.say(&speech(ms(2_000)));
    call.said().await;
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    let store = house.store().await;
    let message =
        until(async || store.messages(1).await.expect("the database answers").into_iter().next()).await;
    assert!(message.sound_ms > 1_500 && message.sound_ms < 3_500, "{}", message.sound_ms);
    let notes = noted(&store, "trouble", 1).await;
    assert!(notes.iter().any(|note| note.json.contains("key")), "the owner is told why");
}

async fn wants_reception() -> (House, OpenAi, Account, Rest) {
    let account = Account::new(AUTH_TOKEN);
    let rest = Rest::listen(&account).await.expect("loopback");
    let url = rest.url();
    let script = scripted([Reply::tone(ms(300)), Reply::tool("transfer", &json!({"to": "reception"}))]);
    let more: &[(&str, &str)] = &[
        ("TRANSFER_TO", "reception=+14155550188, on call=sip:desk@example.com"),
        ("TWILIO_API_URL", &url),
        ("TWILIO_ACCOUNT_SID", &account.sid),
    ];
    let (house, service, account) = opened(script, more).await;
    (house, service, account, rest)
}

#[tokio::test]
async fn a_caller_is_connected_to_whom_the_owner_named() {
    let (house, service, account, rest) = wants_reception().await;
    let mut dial = dial(&house, ANNA);
    dial.orders = Some(rest.orders(&dial.sids.call));
    let call = Handset::dial(&account, dial);
    assert!(matches!(call.listen(0, ms(300), PATIENCE).await, Listened::Spoke(_)));
    let session = service.session(1).await;
    let offered = session.events(true, "session.update").remove(0);
    assert!(offered.to_string().contains("on call") && !offered.to_string().contains("desk@example.com"));
    speaks(&session);
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!(ended.ending, Ending::Transferred(vec!["+14155550188".into()]));
    let hold = |logged: &sim::openai::Logged| logged.event.to_string().contains("Please hold");
    assert!(session.wait_for(PATIENCE, hold).await.is_some(), "the caller is told to hold");
    let store = house.store().await;
    let ending =
        until(async || store.calls(1, i64::MAX).await.expect("the database answers").remove(0).ending);
    assert_eq!(ending.await, "transferred");
}

#[tokio::test]
async fn a_transfer_that_the_carrier_refuses_does_not_drop_the_caller() {
    let (house, service, account, _rest) = wants_reception().await;
    // The API does not know the call, and says so.
    let call = Handset::dial(&account, dial(&house, ANNA));
    assert!(matches!(call.listen(0, ms(300), PATIENCE).await, Listened::Spoke(_)));
    let session = service.session(1).await;
    speaks(&session);
    let store = house.store().await;
    noted(&store, "transfer_refused", 1).await;
    let told = answers(&session, 1).await.remove(0);
    assert_eq!(told["ok"], false, "{told}");
    let from = call.position();
    assert!(
        matches!(call.listen(from, ms(200), PATIENCE).await, Listened::Spoke(_)),
        "the conversation goes on"
    );
    assert!(!call.is_over());
    call.hang_up();
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!((ended.ending, ended.errors), (Ending::CallerHungUp, vec![]));
}
