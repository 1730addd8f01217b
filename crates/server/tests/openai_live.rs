//! Whole calls with OpenAI Live: Twilio's side of the wire at one end, the service's at the other, both strict.

mod house;

use house::{
    AUTH_TOKEN, House,
    waiting::{self, ms, until},
};
use serde_json::{Value, json};
use sim::{
    live::{Live, Logged, Order, Reply, Script, Session, Speech, Start, Tool},
    phone::{Mode, Shelf},
    twilio::{Account, Dial, Ending, Handset, handset::Listened},
};
use std::time::Duration;

/// In the time of the call, for what the other side says.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something like a voice: syllables of 160 ms with 40 ms between them.
fn speech(length: Duration) -> Vec<u8> {
    let at = |n: usize| match (n % 1_600 < 1_280, (n / 8).is_multiple_of(2)) {
        (true, true) => 0x10,
        (true, false) => 0x90,
        (false, _) => 0xFF,
    };
    (0..length.as_millis() as usize * 8).map(at).collect()
}

/// What so much time of a session costs, in millionths.
fn paid(length: Duration) -> i64 {
    (length.as_secs_f64() / 60.0 * 50_000.0) as i64
}

async fn opened(script: Script, more: &[(&str, &str)]) -> (House, Live, Account) {
    let service = Live::listen(script).await.expect("loopback has a free port");
    let url = service.url();
    let mut variables = vec![
        ("ENGINE", "openai-live"),
        ("OPENAI_API_KEY", "sk-a-key-of-no-account"),
        ("OPENAI_LIVE_URL", url.as_str()),
        ("GREETING", "Thanks for calling Acme."),
    ];
    variables.extend(more);
    let house = House::open(&variables).await;
    (house, service, Account::new(AUTH_TOKEN))
}

/// Waits until the call is written down as ended, and gives how, and its notes.
async fn written(house: &House) -> (String, Vec<Value>) {
    let store = house.store().await;
    let call = waiting::ended(&store).await;
    let notes = waiting::notes(&store, &call.id).await;
    (call.ending.expect("it ended"), notes.iter().map(waiting::read).collect())
}

fn texts<'a>(notes: &'a [Value], kind: &str) -> Vec<&'a str> {
    let of_kind = notes.iter().filter(|note| note["kind"] == kind);
    of_kind.map(|note| note["text"].as_str().expect("a text")).collect()
}

/// Listens until the assistant has been quiet, and gives where that was.
async fn heard(call: &Handset, from: usize) -> std::ops::Range<usize> {
    match call.listen(from, ms(600), PATIENCE).await {
        Listened::Spoke(range) | Listened::Over(Some(range)) => range,
        other => panic!("{other:?}"),
    }
}

fn from_client(kind: &'static str) -> impl Fn(&Logged) -> bool {
    move |logged| logged.from_client && logged.event["type"] == kind
}

fn nothing_wrong(session: &Session) {
    assert_eq!(session.mistakes(), Vec::<String>::new());
    assert_eq!(session.errors(), Vec::<Value>::new());
}

#[tokio::test]
async fn the_greeting_is_heard_and_written_down() {
    let (house, service, account) = opened(Script::default(), &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    heard(&call, 0).await;
    call.wait(ms(1_500)).await;
    let session = service.session(1).await;
    let start = &session.events(true, "session.start")[0]["session"];
    assert_eq!(start["audio"]["format"], json!({"type": "audio/pcmu", "rate": 8000}));
    let counted = sim::clock::now();
    let usage = json!({"seconds": 600});
    session.order(Order::Send(
        json!({"type": "session.usage.updated", "event_id": "ev_counted", "usage": usage}),
    ));
    let store = house.store().await;
    let cost = async || waiting::calls(&store).await.first().map(|call| call.cost_micros);
    until(async || cost().await.filter(|&cost| cost >= 500_000)).await;
    let id = waiting::calls(&store).await.remove(0).id;
    until(async || {
        let notes = waiting::notes(&store, &id).await;
        notes.iter().any(|note| waiting::read(note)["session_ms"] == 600_000).then_some(())
    })
    .await;
    call.hang_up();
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!((ended.ending, ended.errors), (Ending::CallerHungUp, vec![]));
    session.over().await;
    assert_eq!(
        session.events(true, "session.close").len(),
        1,
        "the service is told that nobody is there any more"
    );
    nothing_wrong(&session);
    let (ending, notes) = written(&house).await;
    assert_eq!(ending, "caller_hung_up");
    assert_eq!(texts(&notes, "assistant_said"), ["Thanks for calling Acme."]);
    let cost = cost().await.expect("there is a call");
    assert!(cost <= 500_001 + paid(counted.elapsed()), "ten minutes, and what has passed since: {cost}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
async fn a_tool_is_run_once_and_what_it_found_is_said() {
    let in_a_week = jiff::Zoned::now().date() + jiff::Span::new().days(7);
    let days = [0, 0, 0, 0, 0, 2, 1][usize::from(in_a_week.weekday().to_monday_zero_offset().unsigned_abs())];
    let date = in_a_week + jiff::Span::new().days(days);
    let arguments = json!({
        "summary": "Haircut", "datetime_start": format!("{date}T10:00"), "datetime_end": format!("{date}T10:30"),
    });
    let booked = Speech::tone("It is booked for ten.", 500.0, ms(1_200));
    let script = Script {
        answers: [Reply::HandsOver(vec![vec![Tool::new("create_calendar_event", &arguments)]], booked)]
            .into(),
        understood: ["Book me in at ten, please.".to_owned()].into(),
        ..Script::default()
    };
    let (house, service, account) = opened(script, &[("TIME_ZONE", "Europe/Berlin")]).await;
    let began = sim::clock::now();
    let call = Handset::dial(&account, Dial::local(house.address));
    let greeting = heard(&call, 0).await;
    let greeted = sim::clock::now();
    call.say(&speech(ms(1_200)));
    call.said().await;
    let session = service.session(1).await;
    let output = session
        .wait_for(waiting::PATIENCE, from_client("response.item.create"))
        .await
        .expect("it is answered");
    let told: Value =
        serde_json::from_str(output.event["item"]["output"].as_str().expect("text")).expect("JSON");
    assert_eq!(told["ok"], true, "{told}");
    let said = heard(&call, greeting.end + 1_600).await;
    assert!(said.len() >= 8_000, "what it found is heard: {said:?}");
    call.wait(ms(1_500)).await;
    let talked = greeted.elapsed();
    call.hang_up();
    call.ended().await.expect("the call is put through");
    assert_eq!(session.events(true, "response.item.create").len(), 1);
    assert_eq!(session.events(true, "response.create").len(), 1);
    nothing_wrong(&session);
    let store = house.store().await;
    let rows = store.appointments_between("main", 0, i64::MAX).await.expect("the database answers");
    assert_eq!(rows.iter().map(|row| row.summary.as_str()).collect::<Vec<_>>(), ["Haircut"]);
    let (_, notes) = written(&house).await;
    let lasted = began.elapsed();
    let of = |note: &Value, name: &str| note[name].as_f64().unwrap_or_default();
    let tokens: f64 = notes
        .iter()
        .filter(|note| note["kind"] == "used")
        .map(|used| {
            let (read, written) = (of(used, "text_tokens_in"), of(used, "text_tokens_out"));
            let (cached, kept) = (of(used, "cached_tokens"), of(used, "cache_write_tokens"));
            (0.2 * (read - cached - kept) + 0.02 * cached + 0.25 * kept + 1.2 * written).ceil()
        })
        .sum();
    assert!(tokens >= 80.0, "{notes:#?}");
    until(async || {
        let time = waiting::calls(&store).await.first()?.cost_micros - tokens as i64;
        (paid(talked)..=paid(lasted) + 1).contains(&time).then_some(())
    })
    .await;
    assert_eq!(texts(&notes, "caller_said"), ["Book me in at ten, please."]);
    assert_eq!(texts(&notes, "assistant_said"), ["Thanks for calling Acme.", "It is booked for ten."]);
    assert!(!notes.iter().any(|note| note["kind"] == "false_claim"), "and it is true");
}

#[tokio::test]
async fn the_assistant_hangs_up_after_its_goodbye_is_heard() {
    let goodbye = Speech::tone("Goodbye, and thank you for calling.", 300.0, ms(2_500));
    let nothing = Speech::tone("", 0.0, Duration::ZERO);
    let tools = vec![vec![Tool::new("hang_up", &json!({}))]];
    let script = Script {
        answers: [Reply::SaysAndHandsOver(goodbye, tools, nothing)].into(),
        understood: ["Bye.".to_owned()].into(),
        ..Script::default()
    };
    let (house, service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    let greeting = heard(&call, 0).await;
    call.say(&speech(ms(600)));
    assert!(call.hear_for(greeting.end + 1_600, ms(2_400)).await, "all of the goodbye is heard");
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!((ended.ending, ended.errors), (Ending::Finished, vec![]));
    nothing_wrong(&service.session(1).await);
    assert_eq!(written(&house).await.0, "assistant_hung_up");
}

#[tokio::test]
async fn a_caller_who_speaks_during_the_goodbye_keeps_the_call() {
    let goodbye = Speech::tone("Goodbye, and thank you for calling us today.", 300.0, ms(6_000));
    let still_here = Speech::tone("Of course, what else?", 600.0, ms(1_000));
    let script = Script {
        answers: [
            Reply::SaysAndHandsOver(
                goodbye,
                vec![vec![Tool::new("hang_up", &json!({}))]],
                still_here.clone(),
            ),
            Reply::Says(still_here),
        ]
        .into(),
        understood: ["Bye.".to_owned(), "Wait, one more thing!".to_owned()].into(),
        ..Script::default()
    };
    let (house, service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    let greeting = heard(&call, 0).await;
    call.say(&speech(ms(600)));
    assert!(call.hear_for(greeting.end + 1_600, ms(1_500)).await, "the goodbye has begun");
    call.say(&speech(ms(1_600)));
    let session = service.session(1).await;
    let told = session
        .wait_for(waiting::PATIENCE, from_client("response.item.create"))
        .await
        .expect("it is told to stay");
    assert!(told.event["item"]["output"].as_str().expect("text").contains("still there"), "{told:?}");
    call.wait(ms(3_000)).await;
    assert!(!call.is_over());
    call.hang_up();
    call.ended().await.expect("the call is put through");
    nothing_wrong(&session);
    let (ending, notes) = written(&house).await;
    assert_eq!(ending, "caller_hung_up");
    assert!(texts(&notes, "caller_said").contains(&"Wait, one more thing!"), "{notes:?}");
}

#[tokio::test]
async fn the_model_yields_by_itself_and_nothing_is_cleared() {
    let long =
        Speech::tone("We open at eight and close at six and then there is more to say.", 300.0, ms(15_000));
    let answer = Speech::tone("At eight.", 600.0, ms(800));
    let script = Script {
        says: [long].into(),
        answers: [Reply::Says(answer)].into(),
        understood: ["Stop, just the morning!".to_owned()].into(),
        ..Script::default()
    };
    let (house, service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.hear_for(0, ms(2_000)).await);
    call.say(&speech(ms(1_600)));
    let yielded = heard(&call, 0).await;
    assert!(yielded.len() < 8 * 9_000, "it fell silent long before its end: {yielded:?}");
    let answered = heard(&call, yielded.end).await;
    assert!(answered.len() >= 8 * 600, "and what it says next is heard whole: {answered:?}");
    call.wait(ms(1_500)).await;
    assert_eq!(call.clears(), 0);
    call.hang_up();
    call.ended().await.expect("the call is put through");
    nothing_wrong(&service.session(1).await);
    let (_, notes) = written(&house).await;
    assert_eq!(texts(&notes, "caller_said"), ["Stop, just the morning!"]);
    assert_eq!(texts(&notes, "assistant_said").last(), Some(&"At eight."));
}

#[tokio::test]
async fn keys_reach_the_model_as_words() {
    let (house, service, account) = opened(Script::default(), &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    heard(&call, 0).await;
    call.press('7');
    let session = service.session(1).await;
    let told = session
        .wait_for(waiting::PATIENCE, from_client("session.thinking.append"))
        .await
        .expect("it is told");
    assert!(told.event["content"].as_str().expect("text").contains("key 7"));
    call.hang_up();
    call.ended().await.expect("the call is put through");
    nothing_wrong(&session);
}

#[tokio::test]
async fn an_engine_that_dies_in_mid_word_is_apologised_for() {
    let long = Speech::tone("We open at eight and close at six.", 300.0, ms(8_000));
    let script = Script { says: [long].into(), ..Script::default() };
    let (house, service, account) = opened(script, &[("VOICEMAIL", "never")]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.hear_for(0, ms(1_000)).await);
    service.session(1).await.order(Order::Drop);
    // The apology is nearly six seconds long.
    assert!(call.hear_for(0, ms(5_500)).await);
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!(ended.errors, []);
    let (ending, notes) = written(&house).await;
    assert_eq!(ending, "engine_failed");
    assert_eq!(texts(&notes, "assistant_said").len(), 1, "what it had said is known: {notes:?}");
}

#[tokio::test]
async fn a_caller_whose_engine_dies_may_leave_a_message() {
    let long = Speech::tone("We open at eight and close at six.", 300.0, ms(8_000));
    let script = Script { says: [long].into(), ..Script::default() };
    let (house, service, account) =
        opened(script, &[("VOICEMAIL_GREETING", "Please leave a message.")]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    assert!(call.hear_for(0, ms(1_000)).await);
    let died = call.position();
    service.session(1).await.order(Order::Drop);
    let asked = heard(&call, died + 8 * 500).await;
    assert!(!call.is_over(), "the call goes on");
    call.say(&speech(ms(3_000)));
    call.listen(asked.end + 8_000, ms(600), PATIENCE).await;
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!((ended.ending, ended.errors), (Ending::Finished, vec![]));
    written(&house).await;
    let messages = house.store().await.messages(1).await.expect("the database answers");
    assert!(messages[0].sound_ms > 2_000, "{}", messages[0].sound_ms);
}

#[tokio::test]
async fn why_nobody_answers_is_told_without_the_key() {
    let quota = || Start::Refused("insufficient_quota".into(), "credit_balance_exhausted".into());
    for (script, words) in [
        (Script { key: Some("sk-other".into()), ..Script::default() }, "401"),
        (Script { refuse: Some(429), ..Script::default() }, "429"),
        (Script { refuse: Some(503), ..Script::default() }, "503"),
        (Script { start: quota(), ..Script::default() }, "credit"),
        (
            Script {
                start: Start::OtherFormat(json!({"type": "audio/pcm", "rate": 24000})),
                ..Script::default()
            },
            "format",
        ),
    ] {
        let (house, _service, account) = opened(script, &[("VOICEMAIL", "never")]).await;
        let call = Handset::dial(&account, Dial::local(house.address));
        assert!(call.hear_for(0, ms(4_000)).await, "{words}: callers hear an apology");
        call.ended().await.expect("the call is put through");
        let (_, notes) = written(&house).await;
        let trouble = notes.iter().find(|note| note["kind"] == "trouble").expect("it is noted").to_string();
        assert!(trouble.contains(words), "{trouble}");
        let (log, _folder) = house.stop().await;
        assert!(!format!("{notes:?}{log}").contains("no-account"), "no secret is told");
    }
}

#[tokio::test]
async fn by_turns_a_recording_is_answered_as_if_it_were_spoken() {
    let shelf = Shelf::open().await.expect("loopback");
    let script = Script {
        answers: [Reply::Says(Speech::tone("At eight.", 600.0, ms(1_000)))].into(),
        understood: ["When do you open?".to_owned()].into(),
        ..Script::default()
    };
    let more = [
        ("CALL_MODE", "turns"),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
        ("TWILIO_API_URL", shelf.url()),
    ];
    let (house, service, account) = opened(script, &more).await;
    let mut dial = Dial::local(house.address);
    (dial.mode, dial.shelf) = (Mode::Turns, Some(shelf.clone()));
    let call = Handset::dial(&account, dial);
    assert!(call.recorded(1).await, "the greeting is over");
    assert!(call.hear_for(0, ms(800)).await, "and was heard");
    let asked = call.position();
    call.say(&speech(ms(1_500)));
    assert!(call.recorded(2).await, "it was answered");
    assert!(call.hear_for(asked, ms(900)).await, "and that was heard");
    nothing_wrong(&service.session(1).await);
    let store = house.store().await;
    let id = waiting::calls(&store).await.remove(0).id;
    until(async || {
        let notes = waiting::notes(&store, &id).await;
        let told = |words: &str| notes.iter().any(|note| note.json.contains(words));
        (told("When do you open?") && told("At eight.")).then_some(())
    })
    .await;
    call.hang_up();
    call.ended().await.expect("the call is put through");
}
