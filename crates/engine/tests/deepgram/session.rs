//! How a session begins, what it is configured with, and how it is kept.

use crate::rig::{
    Sent, Session, assistant, audio_done, brief, config, dones, failure, sounded, tool, troubles, ulaw,
};
use call::{Chunk, EngineCommand, EngineEvent, Format, Manner};
use engine::{
    ApiKey, Brief, Dialect, Said,
    deepgram::{Config, Deepgram, has_voice},
};
use serde_json::{Value, json};
use std::time::Duration;

fn settings(config: Config, brief: Brief) -> Value {
    let mut sent = Session::configured(config, brief).sent();
    assert_eq!(sent.len(), 1);
    sent.remove(0)
}

#[test]
fn nothing_is_said_before_the_service_says_welcome() {
    let mut session = Session::connected(config(), brief());
    session.read(&json!({"type": "SettingsApplied"}));
    session.sound(20);
    session.tell(EngineCommand::Hear(ulaw(&[1; 160])));
    assert!(session.all_sent().is_empty() && session.events().is_empty());
    session.read(&json!({"type": "Welcome", "request_id": "r"}));
    assert_eq!(session.sent_types(), ["Settings"]);
    session.read(&json!({"type": "Welcome", "request_id": "r"}));
    assert!(session.all_sent().is_empty(), "settings are sent once");
}

#[test]
fn it_hears_nothing_before_the_settings_are_applied() {
    let mut session = Session::configured(config(), brief());
    session.sent();
    session.tell(EngineCommand::Hear(ulaw(&[1; 160])));
    session.sound(20);
    assert!(session.all_sent().is_empty() && session.events().is_empty());
    assert_eq!((session.dialect.tally().unheard, session.dialect.tally().late_voice), (1, 160));
    session.read(&json!({"type": "SettingsApplied"}));
    session.tell(EngineCommand::Hear(ulaw(&[1; 160])));
    assert_eq!(session.all_sent(), [Sent::Sound(vec![1; 160])]);
    assert_eq!(session.events(), [EngineEvent::Ready]);
    session.tell(EngineCommand::Hear(ulaw(&[])));
    assert!(session.all_sent().is_empty(), "an empty message would mean the end");
}

#[test]
fn the_settings_are_those_of_the_telephone() {
    let sent = settings(config(), brief());
    let end = json!({"encoding": "mulaw", "sample_rate": 8000});
    assert_eq!(sent["audio"]["input"], end);
    assert_eq!(
        sent["audio"]["output"],
        json!({"encoding": "mulaw", "sample_rate": 8000, "container": "none"})
    );
    let agent = &sent["agent"];
    assert_eq!(
        agent["listen"]["provider"],
        json!({"type": "deepgram", "version": "v1", "model": "nova-3", "language": "en"})
    );
    assert_eq!(agent["speak"]["provider"], json!({"type": "deepgram", "model": "aura-2-thalia-en"}));
    assert_eq!(agent["think"]["provider"], json!({"type": "open_ai", "model": "gpt-4o-mini"}));
    assert_eq!(agent["greeting"], "Thanks for calling Acme.");
    assert!(agent["think"]["prompt"].as_str().expect("text").starts_with("You answer the phone for Acme."));
    assert_eq!(agent["think"]["functions"][0]["name"], "lookup_order");
    assert!(agent.get("context").is_none());
    assert!(sent["audio"]["input"]["sample_rate"].is_u64(), "the service wants a whole number");
}

#[test]
fn what_the_owner_chose_is_configured() {
    let chosen = Config {
        listen: "flux-general-multi".into(),
        provider: "anthropic".into(),
        think: "claude-sonnet-4-20250514".into(),
        temperature: Some(0.8),
        speak: "aura-2-zeus-en".into(),
        ..config()
    };
    let sent = settings(chosen.clone(), Brief { language: "de-CH".into(), ..brief() });
    let agent = &sent["agent"];
    assert_eq!(
        agent["listen"]["provider"],
        json!({"type": "deepgram", "version": "v2", "model": "flux-general-multi", "language_hints": ["de"]})
    );
    assert_eq!(agent["think"]["provider"]["temperature"], 0.8);
    assert_eq!(agent["speak"]["provider"]["model"], "aura-2-zeus-en");
    let sent = settings(chosen, Brief { voice: "flux-kit-en".into(), ..brief() });
    assert_eq!(
        sent["agent"]["speak"]["provider"],
        json!({"type": "deepgram", "version": "v2", "model": "flux-kit-en"})
    );
    let sent = settings(Config { think: "gpt-5-mini".into(), temperature: Some(0.8), ..config() }, brief());
    assert!(sent["agent"]["think"]["provider"].get("temperature").is_none(), "it takes none");
}

#[test]
fn a_voice_of_somebody_elses_is_replaced_and_mentioned() {
    let mut session = Session::configured(config(), Brief { voice: "marin".into(), ..brief() });
    assert_eq!(session.sent()[0]["agent"]["speak"]["provider"]["model"], "aura-2-thalia-en");
    assert!(
        matches!(&session.events()[..], [EngineEvent::Trouble(why)] if why.contains("marin") && why.contains("thalia"))
    );
    for name in ["aura-2-thalia-en", "aura-asteria-en", "flux-kit-en", "aura-2-celeste-es"] {
        assert!(has_voice(name), "{name}");
    }
    for name in ["", "marin", "aura-", "slt", "aura-2-thalia-en\",\"x\":\"", "Aura-2"] {
        assert!(!has_voice(name), "{name}");
    }
}

#[test]
fn instructions_that_are_too_long_lose_their_middle() {
    let long = format!("I am first.{}I am last.", " é".repeat(20_000));
    let mut session = Session::configured(config(), Brief { instructions: long, ..brief() });
    let sent = session.sent().remove(0);
    let prompt = sent["agent"]["think"]["prompt"].as_str().expect("text");
    assert_eq!(prompt.chars().count(), 25_000);
    assert!(prompt.starts_with("I am first.") && prompt.contains("I am last."));
    assert_eq!(troubles(&session.events()), 1);
}

#[test]
fn an_engine_that_goes_on_with_a_call_knows_what_was_said_and_does_not_greet() {
    let so_far =
        vec![Said::Assistant("Thanks for calling Acme.".into()), Said::Caller("Where is my order?".into())];
    let mut session = Session::configured(config(), Brief { so_far, ..brief() });
    let sent = session.sent().remove(0);
    assert_eq!(
        sent["agent"]["context"]["messages"],
        json!([
            {"type": "History", "role": "assistant", "content": "Thanks for calling Acme."},
            {"type": "History", "role": "user", "content": "Where is my order?"},
        ])
    );
    assert!(sent["agent"].get("greeting").is_none());
    session.tell(EngineCommand::Say("I am back.".into()));
    session.read(&json!({"type": "SettingsApplied"}));
    assert_eq!(session.events(), [EngineEvent::Ready]);
    let sent = session.sent();
    assert!(matches!(&sent[..], [say] if say["message"] == "I am back."), "{sent:?}");
}

#[test]
fn where_no_greeting_is_given_the_agent_is_asked_for_one() {
    let mut session = Session::confirmed(config(), Brief { greeting: String::new(), ..brief() });
    let sent = session.sent();
    assert!(sent[0]["agent"].get("greeting").is_none());
    assert_eq!(sent[1]["type"], "InjectUserMessage");
    let asked = sent[1]["content"].as_str().expect("text").to_owned();
    assert!(asked.contains("Greet"));
    session.read(&crate::rig::user(&asked));
    assert_eq!(session.events(), [EngineEvent::Ready], "what we said ourselves is not the caller's");
    session.reply("Hello.");
    let events = session.events();
    assert_eq!((sounded(&events), dones(&events)), (vec![(1, 100)], 1));
}

#[test]
fn a_greeting_that_never_comes_is_trouble_and_not_waited_for() {
    let mut session = Session::confirmed(config(), brief());
    session.events();
    session.wait(Duration::from_secs(15));
    let events = session.events();
    assert_eq!((troubles(&events), dones(&events)), (1, 1));
}

#[test]
fn a_service_that_does_not_say_welcome_or_does_not_confirm_has_failed() {
    let mut silent = Session::connected(config(), brief());
    silent.wait(Duration::from_secs(10));
    assert!(failure(&silent.events()).is_some_and(|(why, lasting)| why.contains("welcome") && !lasting));
    let mut unconfirmed = Session::configured(config(), brief());
    unconfirmed.wait(Duration::from_secs(10));
    assert!(failure(&unconfirmed.events()).is_some_and(|(why, _)| why.contains("confirm")));
    assert!(unconfirmed.out.close);
}

#[test]
fn the_service_hears_that_we_are_there_only_while_it_hears_nothing_else() {
    let mut session = Session::ready();
    session.wait(Duration::from_secs(25));
    assert_eq!(session.sent_types(), ["KeepAlive"; 3]);
    session.line(20_000, false);
    assert_eq!(session.sent_types(), Vec::<String>::new(), "sound says it");
    session.wait(Duration::from_secs(8));
    assert_eq!(session.sent_types(), ["KeepAlive"]);
}

#[test]
fn a_session_lasts_two_hours() {
    assert_eq!(Session::ready().dialect.longest(), Some(Duration::from_secs(7_200)));
}

#[test]
fn a_session_ends_soon_where_the_service_says_so() {
    let mut session = Session::ready();
    session.line(60_000, false);
    session.read(
        &json!({"type": "Warning", "code": "MAXIMUM_SESSION_LENGTH_APPROACHING", "description": "Soon."}),
    );
    let longest = session.dialect.longest().expect("it ends");
    assert!(longest > Duration::from_secs(60) && longest < Duration::from_secs(110), "{longest:?}");
}

#[test]
fn other_tools_are_offered_with_the_whole_of_thinking() {
    let mut session = Session::ready();
    session.dialect.offer(&[tool("read_mail")], &mut session.out);
    let sent = session.sent().remove(0);
    assert_eq!(sent["type"], "UpdateThink");
    assert_eq!(sent["think"]["functions"][0]["name"], "read_mail");
    assert_eq!(sent["think"]["provider"]["model"], "gpt-4o-mini");
    assert!(sent["think"]["prompt"].as_str().expect("text").starts_with("You answer the phone for Acme."));

    let mut early = Session::configured(config(), brief());
    early.sent();
    early.dialect.offer(&[tool("read_mail")], &mut early.out);
    assert!(early.all_sent().is_empty());
    early.read(&json!({"type": "SettingsApplied"}));
    assert_eq!(early.sent_types(), ["UpdateThink"]);
}

#[test]
fn sound_in_another_format_than_agreed_is_not_passed_on() {
    let mut session = Session::ready();
    for _ in 0..3 {
        let bytes = vec![0; 320].into();
        session.tell(EngineCommand::Hear(Chunk { format: Format::Pcm { hertz: 8_000 }, bytes }));
    }
    assert!(session.all_sent().is_empty());
    assert_eq!(troubles(&session.events()), 1);
}

#[test]
fn samples_of_two_bytes_come_whole_however_they_are_cut() {
    let format = Format::Pcm { hertz: 16_000 };
    let mut session = Session::confirmed(config(), Brief { format, ..brief() });
    let sent = session.sent().remove(0);
    assert_eq!(sent["audio"]["input"], json!({"encoding": "linear16", "sample_rate": 16000}));
    session.events();
    session.read(&assistant("Hello."));
    let all: Vec<u8> = (0..=255).collect();
    let (mut at, mut came) = (0, Vec::new());
    for size in [3, 1, 1, 5, 90, 1, 155] {
        session.dialect.read_binary(session.now, all[at..at + size].to_vec().into(), &mut session.out);
        at += size;
    }
    session.read(&audio_done());
    for event in session.events() {
        if let EngineEvent::Voice(_, chunk) = event {
            assert_eq!((chunk.bytes.len() % 2, chunk.format), (0, format));
            came.extend_from_slice(&chunk.bytes);
        }
    }
    assert_eq!(came, all);
}

#[test]
fn a_recording_is_followed_by_the_silence_that_ends_a_turn() {
    let mut session = Session::ready_as(config(), Brief { manner: Manner::Turns, ..brief() });
    session.tell(EngineCommand::Hear(ulaw(&[0x7E; 8_000])));
    session.tell(EngineCommand::Respond);
    assert_eq!(session.all_sent(), [Sent::Sound(vec![0x7E; 8_000]), Sent::Sound(vec![0xFF; 8_000])]);
    session.read(&crate::rig::speaks());
    session.read(&crate::rig::user("Where is my order?"));
    session.reply("It ships today.");
    assert_eq!(dones(&session.events()), 1);
}

#[test]
fn a_key_is_nowhere_but_in_its_header() {
    let config = Config::new(ApiKey::new("0123456789abcdef-secret"));
    assert!(!format!("{config:?}").contains("secret"));
    let dialect = Deepgram::new(config).expect("a session");
    assert!(!format!("{dialect:?}").contains("secret"));
    let request = dialect.open();
    assert!(!format!("{request:?}").contains("secret"));
    assert_eq!(request.uri(), "wss://agent.deepgram.com/v1/agent/converse");
    assert_eq!(request.headers()["authorization"], "Token 0123456789abcdef-secret");
}

#[test]
fn a_key_or_an_address_that_cannot_be_is_refused_lastingly() {
    for config in [
        Config::new(ApiKey::new("")),
        Config::new(ApiKey::new("a\nb")),
        Config { url: "not an address".into(), ..config() },
    ] {
        assert!(Deepgram::new(config).is_err_and(|failure| failure.lasting));
    }
}
