//! Whole calls through the product with Deepgram's side of the wire at one end and Twilio's at the other, both strict.

mod house;

use house::{
    AUTH_TOKEN, House,
    speech::speech,
    waiting::{self, PATIENCE, ms, until},
};
use serde_json::{Value, json};
use sim::{
    deepgram::{Deepgram, End, Hearing, Item, Logged, Order, Reply, Script, Session, Sound, Voice},
    stamp::Stamp,
    twilio::{Account, Dial, Ending, Handset, handset::Listened},
};
use sound::g711;
use std::{collections::BTreeSet, ops::Range};
use store::{NoteRow, Store};

const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

async fn opened(script: Script, more: &[(&str, &str)]) -> (House, Deepgram, Account) {
    let service = Deepgram::listen(script).await.expect("loopback has a free port");
    let url = service.url();
    let mut variables = vec![
        ("ENGINE", "deepgram"),
        ("DEEPGRAM_API_KEY", KEY),
        ("DEEPGRAM_AGENT_URL", url.as_str()),
        ("GREETING", "Thanks for calling."),
        ("TIME_ZONE", "Europe/Berlin"),
        ("LOG_LEVEL", "debug"),
    ];
    variables.extend(more);
    let house = House::open(&variables).await;
    (house, service, Account::new(AUTH_TOKEN))
}

/// What is said is stamped, so that one can tell what of it was heard.
fn stamped(replies: impl IntoIterator<Item = Reply>) -> Script {
    Script {
        key: Some(KEY.into()),
        voice: Voice::new(Sound::Stamped, ms(600)),
        replies: replies.into_iter().collect(),
        otherwise: says("All right.", 400),
        hearing: Hearing::Scripted,
        ..Script::default()
    }
}

fn voice(words: &str, length: u64) -> Item {
    let voice = Voice::new(Sound::Stamped, ms(length));
    Item::Voice(Voice { transcript: words.into(), ..voice })
}

fn says(words: &str, length: u64) -> Reply {
    Reply::of(vec![voice(words, length)])
}

/// Whose stamps were heard in this stretch.
fn heard(call: &Handset, stretch: Range<usize>) -> BTreeSet<u32> {
    let ulaw = g711::samples_to_ulaw(&call.heard(stretch));
    let cells = ulaw.windows(8).filter_map(|cell| Stamp::read(cell.try_into().expect("eight bytes")));
    cells.map(|stamp| stamp.name).filter(|name| *name < 100).collect()
}

fn from_client(kind: &'static str) -> impl Fn(&Logged) -> bool {
    move |logged| logged.from_client && logged.event["type"] == kind
}

/// How the latest call ended, once it has, and its notes.
async fn outcome(store: &Store) -> (String, Vec<NoteRow>) {
    let call = waiting::ended(store).await;
    (call.ending.expect("it ended"), waiting::notes(store, &call.id).await)
}

fn told(notes: &[NoteRow], kind: &str) -> Vec<String> {
    waiting::of_kind(notes, kind).map(|note| note.json.clone()).collect()
}

/// Where the greeting was heard, all of it.
async fn greeted(call: &Handset) -> Range<usize> {
    match call.listen(0, ms(300), PATIENCE).await {
        Listened::Spoke(greeting) => greeting,
        other => panic!("no greeting: {other:?}"),
    }
}

async fn speaks(call: &Handset, session: &Session) {
    session.order(Order::SpeechStarts);
    call.wait(ms(300)).await;
    session.order(Order::SpeechStops);
}

#[tokio::test]
async fn the_greeting_is_heard_and_the_caller_is_heard() {
    let (house, service, account) = opened(stamped([]), &[("TEMPERATURE", "0.6")]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    let greeting = greeted(&call).await;
    assert_eq!(heard(&call, greeting), [1].into());
    let session = service.session(1).await;
    assert!(session.hears(8_000, PATIENCE).await);
    let settings = session.events(true, "Settings").remove(0);
    assert_eq!(settings["agent"]["greeting"], "Thanks for calling.");
    assert_eq!(settings["agent"]["speak"]["provider"]["model"], "aura-2-thalia-en");
    assert_eq!(settings["agent"]["think"]["provider"]["temperature"], 0.6);
    let functions = settings["agent"]["think"]["functions"].as_array().expect("functions");
    assert!(functions.iter().any(|function| function["name"] == "create_calendar_event"));
    speaks(&call, &session).await;
    let Listened::Spoke(answer) = call.listen(call.position(), ms(300), PATIENCE).await else {
        panic!("no answer")
    };
    assert!(heard(&call, answer).contains(&2));
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    assert_eq!((session.mistakes(), session.errors()), (vec![], vec![]));
    let (ending, notes) = outcome(&house.store().await).await;
    assert_eq!(ending, "caller_hung_up");
    assert!(told(&notes, "caller_said").iter().any(|note| note.contains("Hello.")), "{notes:?}");
    assert!(told(&notes, "assistant_said").iter().any(|note| note.contains("All right.")), "{notes:?}");
    // The engine is not left behind.
    session.over().await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
async fn a_tool_is_run_once_and_answered() {
    let in_a_week = jiff::Zoned::now().date() + jiff::Span::new().days(7);
    let days = [0, 0, 0, 0, 0, 2, 1][usize::from(in_a_week.weekday().to_monday_zero_offset().unsigned_abs())];
    let date = in_a_week + jiff::Span::new().days(days);
    let arguments = json!({
        "summary": "Haircut", "datetime_start": format!("{date}T10:00"), "datetime_end": format!("{date}T10:30"),
    });
    let script = stamped([
        Reply::tool("create_calendar_event", &arguments),
        says("You are booked.", 600),
        Reply::of(vec![
            Item::Tool { name: "read_minds".into(), arguments: "{}".into() },
            Item::Tool { name: "create_calendar_event".into(), arguments: "tomorrow".into() },
        ]),
    ]);
    let (house, service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    greeted(&call).await;
    let session = service.session(1).await;
    speaks(&call, &session).await;
    let answered = session.wait_for(PATIENCE, from_client("FunctionCallResponse")).await.expect("it is told");
    let content: Value =
        serde_json::from_str(answered.event["content"].as_str().expect("a text")).expect("JSON");
    assert_eq!((&content["ok"], &answered.event["id"]), (&json!(true), &json!("fc_1")), "{content}");
    let store = house.store().await;
    let booked = store.appointments_between("main", 0, i64::MAX).await.expect("the database answers");
    assert_eq!(booked.len(), 1);
    // What the agent says of it, and then what is no tool and what is no JSON.
    assert!(call.hear_for(call.position(), ms(500)).await);
    speaks(&call, &session).await;
    let third = |logged: &Logged| logged.from_client && logged.event["id"] == "fc_3";
    session.wait_for(PATIENCE, third).await.expect("both are answered");
    for answer in &session.events(true, "FunctionCallResponse")[1..] {
        assert!(answer["content"].as_str().expect("a text").contains("\"ok\":false"), "{answer}");
    }
    let booked = store.appointments_between("main", 0, i64::MAX).await.expect("the database answers");
    assert_eq!(booked.len(), 1, "once");
    assert_eq!((session.mistakes(), session.errors()), (vec![], vec![]));
}

#[tokio::test]
async fn a_barge_in_clears_the_line_and_nothing_stale_is_heard() {
    let mut script =
        stamped([says("It is a long story. It has many parts.", 8_000), says("Which one?", 600)]);
    script.understood = ["Tell me.".into(), "No, the other.".into()].into();
    script.stale = ms(1_000);
    let (house, service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    greeted(&call).await;
    let session = service.session(1).await;
    speaks(&call, &session).await;
    let asked = call.position();
    assert!(call.hear_for(asked, ms(1_500)).await, "the story begins");
    let clears = call.clears();
    // The caller speaks while the story is being made, so that some of it is still on its way.
    session.order(Order::SpeechStarts);
    let cleared = until(async || (call.clears() > clears).then(|| call.position())).await;
    call.wait(ms(300)).await;
    session.order(Order::SpeechStops);
    let Listened::Spoke(answer) = call.listen(cleared + 800, ms(400), PATIENCE).await else {
        panic!("no answer")
    };
    assert!(heard(&call, asked..cleared).contains(&2));
    // What was under way to the caller when the line was cleared is a tenth of a second at most.
    assert_eq!(heard(&call, cleared + 800..answer.end), [3].into(), "nothing of the story is heard any more");
    let account_of =
        session.wait_for(PATIENCE, from_client("UpdatePrompt")).await.expect("the agent is told");
    assert!(account_of.event["prompt"].as_str().expect("text").contains("spoke over you"), "{account_of:?}");
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    assert_eq!((session.mistakes(), session.errors()), (vec![], vec![]));
    let (_, notes) = outcome(&house.store().await).await;
    assert_eq!(told(&notes, "interrupted").len(), 1, "{notes:?}");
}

#[tokio::test]
async fn a_cough_costs_no_more_than_what_was_not_sent() {
    let mut script = stamped([says("It is a long story. It has many parts.", 3_000)]);
    script.understood = ["Tell me.".into(), String::new()].into();
    let (house, service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    greeted(&call).await;
    let session = service.session(1).await;
    speaks(&call, &session).await;
    let asked = call.position();
    // All of it is sent long before it is heard.
    until(async || (session.events(false, "AgentAudioDone").len() == 2).then_some(())).await;
    assert!(call.hear_for(asked, ms(800)).await);
    speaks(&call, &session).await;
    assert!(call.hear_for(asked, ms(2_800)).await, "the rest of the story is heard");
    assert!(session.events(true, "UpdatePrompt").is_empty(), "and nothing is to be forgotten");
    call.hang_up();
    let (_, notes) = outcome(&house.store().await).await;
    assert_eq!(told(&notes, "false_interruption").len(), 1, "{notes:?}");
}

#[tokio::test]
async fn a_caller_who_truly_speaks_is_let_finish_and_one_who_coughs_hears_the_rest() {
    let mut script = stamped([says("It is a long story.", 4_000), says("Which one?", 600)]);
    script.hearing = Hearing::Energy;
    script.understood = ["Tell me.".into(), String::new(), "No, the other.".into()].into();
    let (house, service, account) = opened(script, &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    greeted(&call).await;
    let asked = call.position();
    call.say(&speech(ms(1_500)));
    call.said().await;
    let session = service.session(1).await;
    // All of it is sent long before it is heard.
    until(async || (session.events(false, "AgentAudioDone").len() == 2).then_some(())).await;
    assert!(call.hear_for(asked, ms(800)).await);
    call.say(&speech(ms(160)));
    assert!(call.hear_for(asked, ms(2_500)).await, "a cough: it goes on");
    call.say(&speech(ms(2_000)));
    call.said().await;
    let Listened::Spoke(answer) = call.listen(call.position(), ms(400), PATIENCE).await else {
        panic!("no answer")
    };
    assert_eq!(heard(&call, answer), [3].into());
    call.hang_up();
    assert_eq!((session.mistakes(), session.errors()), (vec![], vec![]));
    let (_, notes) = outcome(&house.store().await).await;
    let count = |kind| told(&notes, kind).len();
    assert_eq!((count("false_interruption"), count("interrupted")), (1, 1), "{notes:?}");
    let said = told(&notes, "caller_said");
    assert!(said.len() == 2 && said[1].contains("No, the other."), "{said:?}");
}

#[tokio::test]
async fn the_line_drops_after_the_goodbye_was_heard() {
    let hang_up = || Item::Tool { name: "hang_up".into(), arguments: "{}".into() };
    // The service may want the tool before it speaks, or after.
    for items in [vec![voice("Goodbye.", 1_500), hang_up()], vec![hang_up(), voice("Goodbye.", 1_500)]] {
        let (house, service, account) = opened(stamped([Reply::of(items)]), &[]).await;
        let call = Handset::dial(&account, Dial::local(house.address));
        greeted(&call).await;
        let session = service.session(1).await;
        speaks(&call, &session).await;
        let goodbye = call.position();
        assert!(call.hear_for(goodbye, ms(1_400)).await, "all of it is heard");
        let ended = call.ended().await.expect("the call is put through");
        assert_eq!((ended.ending, ended.errors), (Ending::Finished, vec![]));
        let (ending, _) = outcome(&house.store().await).await;
        assert_eq!(ending, "assistant_hung_up");
    }
}

#[tokio::test]
async fn an_engine_that_dies_in_mid_word_leaves_the_caller_somebody_to_talk_to() {
    let dies = || says("It is a long story.", 2_000).ending(End::Drops);
    let (house, service, account) = opened(stamped([dies()]), &[]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    greeted(&call).await;
    let session = service.session(1).await;
    speaks(&call, &session).await;
    session.over().await;
    // Somebody who takes a message asks for one, and takes it.
    call.wait(ms(1_500)).await;
    let Listened::Spoke(_) = call.listen(call.position(), ms(500), PATIENCE).await else {
        panic!("the caller is left alone")
    };
    assert!(!call.is_over());
    call.hang_up();
    let (ending, notes) = outcome(&house.store().await).await;
    assert_ne!(ending, "engine_failed");
    assert!(told(&notes, "trouble").iter().any(|note| note.contains("Deepgram")), "{notes:?}");

    let (house, service, account) = opened(stamped([dies()]), &[("VOICEMAIL", "never")]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    greeted(&call).await;
    speaks(&call, &service.session(1).await).await;
    call.ended().await.expect("the call is put through");
    assert_eq!(outcome(&house.store().await).await.0, "engine_failed");
}

#[tokio::test]
async fn a_service_that_refuses_is_apologised_for_and_the_owner_is_told_why_without_the_key() {
    for (script, words) in [
        (Script { key: Some("another".into()), ..Script::default() }, "does not accept the key (401)"),
        (Script { refuse: Some(429), ..Script::default() }, "no more sessions"),
        (Script { refuse: Some(503), ..Script::default() }, "in trouble (503)"),
    ] {
        let (house, service, account) = opened(script, &[("VOICEMAIL", "never")]).await;
        let call = Handset::dial(&account, Dial::local(house.address));
        assert!(call.hear_for(0, ms(3_000)).await, "an apology");
        call.ended().await.expect("the call is put through");
        assert!(!service.refused().is_empty());
        let (ending, notes) = outcome(&house.store().await).await;
        assert_eq!(ending, "engine_failed");
        let trouble = told(&notes, "trouble");
        assert!(trouble.iter().any(|note| note.contains(words)), "{trouble:?}");
        let (log, _folder) = house.stop().await;
        assert!(!log.contains(KEY) && !format!("{notes:?}").contains(KEY));
    }
}

#[tokio::test]
async fn an_error_and_garbage_are_told_in_plain_words() {
    let (house, service, account) = opened(stamped([]), &[("VOICEMAIL", "never")]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    greeted(&call).await;
    let session = service.session(1).await;
    session.order(Order::SendText("{\"type\":".into()));
    session.order(Order::Warn("THINK_REQUEST_FAILED".into()));
    session.order(Order::Fail("FAILED_TO_THINK".into()));
    call.ended().await.expect("the call is put through");
    let (ending, notes) = outcome(&house.store().await).await;
    assert_eq!(ending, "engine_failed");
    let trouble = told(&notes, "trouble").join("\n");
    for words in ["cannot be read", "THINK_REQUEST_FAILED", "model that thinks for Deepgram failed"] {
        assert!(trouble.contains(words), "{trouble}");
    }
}

#[tokio::test]
async fn a_caller_who_speaks_another_language_is_followed_after_two_sentences() {
    let (house, service, account) = opened(stamped([]), &[("ASSISTANT_LANGUAGES", "de, fr")]).await;
    let call = Handset::dial(&account, Dial::local(house.address));
    greeted(&call).await;
    let session = service.session(1).await;
    assert_eq!(session.events(true, "Settings")[0]["agent"]["listen"]["provider"]["language"], "multi");
    for (words, follows) in
        [("Ich hätte gerne einen Termin.", false), ("ja", false), ("Haben Sie morgen noch etwas frei?", true)]
    {
        assert!(session.events(true, "UpdateSpeak").is_empty(), "not before {words:?}");
        let said = json!({"type": "ConversationText", "role": "user", "content": words});
        session.order(Order::SpeechStarts);
        session.order(Order::Send(said));
        session.order(Order::SpeechStops);
        if follows {
            let spoken = session.wait_for(PATIENCE, from_client("UpdateSpeak")).await.expect("it is told");
            assert_eq!(spoken.event["speak"]["provider"]["model"], "aura-2-viktoria-de");
        }
        call.listen(call.position(), ms(300), PATIENCE).await;
    }
    assert!(session.events(true, "UpdatePrompt")[0].to_string().contains("From now on speak German"));
    call.hang_up();
    assert_eq!(call.ended().await.expect("the call is put through").errors, []);
    assert_eq!((session.mistakes(), session.errors()), (vec![], vec![]));
    let (_, notes) = outcome(&house.store().await).await;
    let changed = told(&notes, "language_changed");
    assert!(changed.len() == 1 && changed[0].contains("spoken"), "{changed:?}");
}
