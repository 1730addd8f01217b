//! How a session begins and ends, and what it is told first.

use crate::rig::{OPENED, Session, brief, call_id, config, happened, told};
use call::{EngineCommand, EngineEvent, Failure, Format, Usage};
use engine::{
    ApiKey, Brief, Dialect, Said, ToolSpec,
    live::{Config, Live},
};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_session_is_asked_for_in_the_lines_format_with_the_tools_behind_the_voice() {
    let mut session = Session::greeted(brief());
    let start = session.sent().remove(0);
    let asked = &start["session"];
    assert_eq!(start["type"], "session.start");
    assert_eq!(asked["model"], "gpt-live-1");
    assert_eq!(asked["audio"]["format"], json!({"type": "audio/pcmu", "rate": 8000}));
    assert_eq!(asked["audio"]["output"]["voice"], "marin");
    assert_eq!(
        asked["delegation"]["type"], "responses",
        "where nothing is said, the work would be ours alone"
    );
    let work = &asked["delegation"]["responses"];
    assert_eq!(work["tools"][0]["name"], "find_slots");
    assert!(work["tools"][0].get("strict").is_none(), "the service refuses it");
    for instructions in [&asked["instructions"], &work["instructions"]] {
        assert!(instructions.as_str().expect("a text").starts_with("You answer the phone for Acme."));
    }
    assert!(asked.get("input").is_none());
    assert_eq!(session.events(), []);
}

#[test]
fn the_key_goes_into_a_header_that_prints_as_dots_and_the_address_has_no_query() {
    let live = Live::new(config(), OPENED).expect("a session");
    let request = live.open();
    assert_eq!(request.uri(), "wss://api.openai.com/v1/live/sessions");
    assert_eq!(request.headers()["authorization"], "Bearer sk-a-key-of-no-account");
    assert!(!format!("{request:?}{live:?}").contains("no-account"));
}

#[test]
fn no_key_and_no_address_are_refused_before_anybody_is_called() {
    let why = |config| Live::new(config, OPENED).expect_err("it is refused");
    assert!(why(Config::new(ApiKey::new(""))).lasting);
    assert!(why(Config::new(ApiKey::new("sk-\n"))).lasting);
    assert!(why(Config { url: "not an address".into(), ..config() }).lasting);
}

#[test]
fn the_greeting_is_asked_for_in_its_words_once_the_session_is_confirmed() {
    let mut session = Session::started(brief());
    assert_eq!(told(&session.events()), ["ready"]);
    let sent = session.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["type"], "session.commentary.append");
    assert_eq!(sent[0]["delegation_id"], json!(null), "it must be there, and null");
    let words = sent[0]["content"].as_str().expect("a text");
    assert!(words.contains("Thanks for calling Acme."), "{words}");
}

#[test]
fn the_greeting_sounds_while_nobody_is_on_the_line_yet() {
    let mut session = Session::started(brief());
    session.sent();
    session.wait(1_000);
    let sent = session.sent_ms();
    assert!((780..=840).contains(&sent), "silence keeps the session's time going: {sent} ms in a second");
    session.says("Thanks for calling Acme.", 800);
    session.quiet(2_000);
    assert_eq!(
        happened(&session.events()),
        ["ready", "voice 1", "done", "assistant 1 Thanks for calling Acme."]
    );
}

#[test]
fn a_call_that_goes_on_is_told_what_was_said_and_not_greeted() {
    let so_far = vec![
        Said::Caller("I would like to come on Friday.".into()),
        Said::Assistant("Ten or four?".into()),
        Said::Caller("Four.".into()),
    ];
    let mut session = Session::greeted(Brief { so_far, ..brief() });
    let start = session.sent().remove(0);
    let input = start["session"]["input"].as_array().expect("a history").clone();
    let told: Vec<_> =
        input.iter().map(|message| (&message["role"], &message["content"][0]["text"])).collect();
    assert_eq!(told[0].0, "developer");
    assert!(told[0].1.as_str().expect("a text").contains("Do not greet again"));
    assert_eq!(
        told[1..],
        [
            (&json!("user"), &json!("I would like to come on Friday.")),
            (&json!("assistant"), &json!("Ten or four?")),
            (&json!("user"), &json!("Four.")),
        ]
    );
    assert_eq!(input[2]["content"][0]["type"], "output_text");
    session.read(&json!({"type": "session.started", "session": {"id": "live_2", "expires_at": 0}}));
    assert_eq!(session.sent(), Vec::<serde_json::Value>::new(), "nobody is greeted twice");
    assert_eq!(session.events(), [EngineEvent::Ready]);
}

#[test]
fn of_a_long_conversation_the_newest_is_told_as_much_as_the_service_takes() {
    let said = |n: usize| Said::Caller(format!("Sentence {n}: {}", "word ".repeat(100)));
    let mut session = Session::greeted(Brief { so_far: (0..1_000).map(said).collect(), ..brief() });
    let start = session.sent().remove(0);
    let input = start["session"]["input"].as_array().expect("a history");
    assert!(input.len() <= 128);
    let bytes: usize =
        input.iter().map(|message| message["content"][0]["text"].as_str().expect("a text").len()).sum();
    assert!(bytes / 4 <= 8_192, "{bytes} bytes");
    let last = input.last().expect("at least one")["content"][0]["text"].as_str().expect("a text");
    assert!(last.starts_with("Sentence 999:"), "{last}");
}

#[test]
fn every_format_of_the_service_is_asked_for_and_every_other_refused() {
    for (format, name) in [
        (Format::Ulaw, "audio/pcmu"),
        (Format::Alaw, "audio/pcma"),
        (Format::Pcm { hertz: 16_000 }, "audio/pcm"),
        (Format::Pcm { hertz: 24_000 }, "audio/pcm"),
    ] {
        let mut session = Session::greeted(Brief { format, ..brief() });
        assert_eq!(session.sent()[0]["session"]["audio"]["format"]["type"], name);
    }
    let mut session = Session::greeted(Brief { format: Format::Pcm { hertz: 8_000 }, ..brief() });
    assert_eq!(session.sent(), Vec::<serde_json::Value>::new());
    assert!(matches!(&session.events()[..], [EngineEvent::Failed(Failure { lasting: true, .. })]));
}

#[test]
fn a_voice_that_it_does_not_have_is_replaced_and_the_owner_is_told() {
    let mut session = Session::greeted(Brief { voice: "slt".into(), ..brief() });
    assert_eq!(session.sent()[0]["session"]["audio"]["output"]["voice"], "marin");
    assert_eq!(told(&session.events()), ["trouble OpenAI Live has no voice \"slt\"; marin speaks."]);
    let mut session = Session::greeted(Brief { voice: "voice_1example".into(), ..brief() });
    assert_eq!(session.sent()[0]["session"]["audio"]["output"]["voice"], json!({"id": "voice_1example"}));
}

#[test]
fn other_tools_are_offered_in_mid_call_and_before_it() {
    let tools = [ToolSpec {
        name: "read_mail".into(),
        description: "Reads.".into(),
        parameters: json!({"type": "object"}).into(),
        hosted: None,
    }];
    let mut session = Session::greeted(brief());
    session.offline.dialect.offer(&tools, &mut session.offline.out);
    session.sent();
    session.read(&json!({"type": "session.started", "session": {"id": "live_1", "expires_at": 0}}));
    assert_eq!(session.sent()[0]["type"], "session.update");
    session.offline.dialect.offer(&tools, &mut session.offline.out);
    let update = session.sent().remove(0);
    assert_eq!(update["session"]["delegation"]["type"], "responses", "the service takes no other");
    assert_eq!(update["session"]["delegation"]["responses"]["tools"][0]["name"], "read_mail");
}

#[test]
fn what_is_wanted_before_the_session_stands_is_not_lost() {
    let mut session = Session::greeted(brief());
    session.tell(EngineCommand::Say("One moment.".into()));
    session.tell(EngineCommand::Key('4'));
    session.tell(EngineCommand::Answer(call_id("call_of_nobody"), call::Answer::said("x")));
    session.sent();
    session.read(&json!({"type": "session.started", "session": {"id": "live_1", "expires_at": 0}}));
    let sent = session.sent();
    let kinds: Vec<_> = sent.iter().map(|message| message["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds, ["session.commentary.append", "session.commentary.append", "session.thinking.append"]);
    assert!(sent[2]["content"].as_str().expect("a text").contains("key 4"));
}

#[test]
fn how_long_a_session_lasts_is_what_the_service_says() {
    let session = Session::greeted(brief());
    assert_eq!(session.dialect.longest(), Some(Duration::from_secs(7_200)));
    let session = Session::started(brief());
    assert_eq!(session.dialect.longest(), Some(Duration::from_secs(7_000)));
}

#[test]
fn the_sessions_time_is_reported_as_the_service_counts_it_and_no_second_twice() {
    let counted =
        |seconds: serde_json::Value| json!({"type": "session.usage.updated", "usage": {"seconds": seconds}});
    let charged = |ms| EngineEvent::Charged(Usage { session: Duration::from_millis(ms), ..Usage::default() });
    let mut session = Session::ready();
    session.read(&counted(json!(15)));
    session.read(&counted(json!(30.25)));
    assert_eq!(session.events(), [charged(15_000), charged(15_250)]);
    for seconds in [json!(30.25), json!(12), json!(-1), json!(null)] {
        session.read(&counted(seconds));
    }
    assert_eq!(session.events(), [], "nothing is counted twice, and nothing is given back");
    session.read(&json!({"type": "session.closed", "reason": "close_requested", "session": {},
        "usage": {"seconds": 31}}));
    let events = session.events();
    assert!(matches!(&events[..], [first, EngineEvent::Failed(_)] if *first == charged(750)), "{events:?}");

    let mut session = Session::ready();
    session.read(&counted(json!(1e300)));
    assert_eq!(session.events(), [charged(7_200_000)], "no session lasts longer");
}

#[test]
fn whoever_leaves_says_so() {
    let mut session = Session::ready();
    session.offline.dialect.farewell(&mut session.offline.out);
    assert_eq!(session.sent(), [json!({"type": "session.close"})]);
}

#[test]
fn a_long_wish_is_appended_in_pieces_that_the_service_takes() {
    let mut session = Session::ready();
    for words in
        ["A sentence that is said. ".repeat(200), "wörter ".repeat(300), "x".repeat(9_000), "ü".repeat(1_200)]
    {
        session.tell(EngineCommand::Prompt(words.clone()));
        let sent = session.sent();
        assert!(sent.len() > 1);
        let whole: String = sent.iter().map(|message| message["content"].as_str().expect("a text")).collect();
        assert_eq!(whole.replace(' ', ""), words.replace(' ', ""), "nothing is lost");
    }
}

#[test]
fn keys_are_told_as_words_and_acted_on_when_no_more_come() {
    let mut session = Session::ready();
    for key in ['1', '2', '#'] {
        session.tell(EngineCommand::Key(key));
        session.wait(300);
    }
    let sent = session.sent();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|message| message["type"] == "session.thinking.append"));
    assert!(sent[2]["content"].as_str().expect("a text").contains("key #"));
    session.wait(2_000);
    assert_eq!(session.sent()[0]["type"], "session.commentary.append");
    session.tell(EngineCommand::Key('\u{7}'));
    assert_eq!(session.sent(), Vec::<serde_json::Value>::new());
}

#[test]
fn what_the_carrier_understood_is_told_as_the_callers_words() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Read("Where is my order?".into()));
    let sent = session.sent();
    assert_eq!((sent.len(), &sent[0]["type"]), (1, &json!("session.commentary.append")));
    assert!(sent[0]["content"].as_str().expect("a text").contains("Where is my order?"));
    let events = session.events();
    assert_eq!(events[..2], [EngineEvent::CallerSpeaks, EngineEvent::CallerPauses]);
    assert!(matches!(&events[2], EngineEvent::CallerSaid(_, said) if said.text == "Where is my order?"));
}
