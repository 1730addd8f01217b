//! From the first message to the first word.

use crate::rig::{Session, brief, config, created, error, fault, is_done, ulaw, voice};
use call::{EngineCommand, EngineEvent, Format, Manner};
use engine::{
    ApiKey, Brief, Dialect, Said,
    openai::{Config, Eagerness, MODEL, NoiseReduction, OpenAi, TurnDetection, VOICE, voices},
};
use serde_json::{Value, json};
use std::time::Duration;

fn update(config: Config, brief: Brief) -> Value {
    let mut sent = Session::greeted(config, brief).sent();
    assert_eq!(sent.len(), 1, "one message configures everything");
    sent.remove(0)["session"].take()
}

#[test]
fn the_key_leaves_in_one_header_and_shows_nowhere_else() {
    let dialect = OpenAi::new(config()).expect("a session");
    let request = dialect.open();
    assert_eq!(request.uri().to_string(), format!("wss://api.openai.com/v1/realtime?model={MODEL}"));
    assert_eq!(request.headers()["authorization"], "Bearer sk-a-key-of-no-account");
    assert_eq!(request.headers().len(), 1, "and there is no beta header");
    assert!(!format!("{dialect:?} {request:?} {:?}", config()).contains("sk-a-key"));
}

#[test]
fn a_key_or_an_address_that_cannot_be_used_is_refused_with_a_reason() {
    let refusal = |config: Config| OpenAi::new(config).expect_err("cannot be used");
    let none = refusal(Config::new(ApiKey::new("")));
    assert!(none.lasting && none.why.contains("OPENAI_API_KEY"));
    let broken = refusal(Config::new(ApiKey::new("sk-\nbroken")));
    assert!(broken.lasting && !broken.why.contains("broken"));
    assert!(refusal(Config { url: "not an address".into(), ..config() }).lasting);
}

#[test]
fn the_model_is_escaped_and_joins_a_query_that_is_there() {
    let config = Config {
        url: "ws://127.0.0.1:9/v1/realtime?tenant=a".into(),
        model: "my model&x".into(),
        ..config()
    };
    let dialect = OpenAi::new(config).expect("a session");
    assert_eq!(
        dialect.open().uri().to_string(),
        "ws://127.0.0.1:9/v1/realtime?tenant=a&model=my%20model%26x"
    );
}

#[test]
fn the_service_neither_answers_nor_yields_by_itself() {
    let session = update(config(), brief());
    let turns = &session["audio"]["input"]["turn_detection"];
    assert_eq!(
        *turns,
        json!({"type": "semantic_vad", "eagerness": "auto", "create_response": false, "interrupt_response": false})
    );
    let server = TurnDetection::Server {
        threshold: 0.7,
        prefix: Duration::from_millis(250),
        silence: Duration::from_millis(400),
    };
    let session = update(Config { turns: server, ..config() }, brief());
    let turns = &session["audio"]["input"]["turn_detection"];
    assert_eq!(
        *turns,
        json!({"type": "server_vad", "threshold": 0.7, "prefix_padding_ms": 250, "silence_duration_ms": 400,
            "create_response": false, "interrupt_response": false})
    );
    let session = update(config(), Brief { manner: Manner::Turns, ..brief() });
    assert_eq!(
        session["audio"]["input"]["turn_detection"],
        Value::Null,
        "nobody listens for turns on a line that takes them"
    );
}

#[test]
fn everything_that_can_be_chosen_is_valid() {
    let turns = [
        TurnDetection::SERVER,
        TurnDetection::Semantic(Eagerness::Low),
        TurnDetection::Semantic(Eagerness::Medium),
        TurnDetection::Semantic(Eagerness::High),
        TurnDetection::Semantic(Eagerness::Auto),
    ];
    let noises = [None, Some(NoiseReduction::Near), Some(NoiseReduction::Far)];
    let transcriptions = [None, Some("gpt-transcribe"), Some("gpt-4o-transcribe")];
    let formats = [Format::Ulaw, Format::Alaw, Format::Pcm { hertz: 24_000 }];
    for turns in turns {
        for noise_reduction in noises {
            for transcription in transcriptions {
                for format in formats {
                    for manner in [Manner::Duplex, Manner::Turns] {
                        let transcription = transcription.map(str::to_owned);
                        let config = Config { turns, noise_reduction, transcription, ..config() };
                        let session = update(config, Brief { format, manner, ..brief() });
                        assert_eq!(session["audio"]["input"]["format"], session["audio"]["output"]["format"]);
                    }
                }
            }
        }
    }
}

#[test]
fn what_the_service_does_not_list_is_never_sent() {
    let session = update(config(), brief()).to_string();
    for gone in
        ["temperature", "modalities\":[\"text", "input_audio_format", "model\":\"gpt-realtime", "beta"]
    {
        assert!(!session.contains(gone), "{gone}");
    }
    for invalid in crate::rig::fixture("examples")["client_invalid"].as_array().expect("examples") {
        assert!(fault(&invalid["event"]).is_some(), "the schema must refuse {}", invalid["reason"]);
    }
}

#[test]
fn a_voice_that_the_service_does_not_have_is_replaced() {
    let voice = |name: &str| {
        update(config(), Brief { voice: name.into(), ..brief() })["audio"]["output"]["voice"].take()
    };
    assert_eq!(voice(""), VOICE);
    assert_eq!(voice("cedar"), "cedar");
    assert_eq!(voice("Polly.Joanna"), VOICE);
    assert_eq!(voice("voice_abc"), json!({"id": "voice_abc"}));
    assert!(voices().contains(&VOICE));
    let mut session = Session::greeted(config(), Brief { voice: "Polly.Joanna".into(), ..brief() });
    assert!(matches!(&session.events()[..], [EngineEvent::Trouble(why)] if why.contains("Polly.Joanna")));
}

#[test]
fn the_language_is_told_the_way_the_model_takes_it() {
    let transcription = |model: &str, language: &str| {
        let config = Config { transcription: Some(model.into()), ..config() };
        update(config, Brief { language: language.into(), ..brief() })["audio"]["input"]["transcription"]
            .take()
    };
    assert_eq!(
        transcription("gpt-transcribe", "de-AT"),
        json!({"model": "gpt-transcribe", "languages": ["de"]})
    );
    assert_eq!(
        transcription("gpt-4o-transcribe", "de-AT"),
        json!({"model": "gpt-4o-transcribe", "language": "de"})
    );
    assert_eq!(transcription("gpt-transcribe", "gsw"), json!({"model": "gpt-transcribe"}));
    assert_eq!(transcription("gpt-transcribe", ""), json!({"model": "gpt-transcribe"}));
}

#[test]
fn it_is_ready_only_when_both_formats_are_confirmed() {
    let ulaw = json!({"format": {"type": "audio/pcmu"}});
    let pcm = json!({"format": {"type": "audio/pcm", "rate": 24000}});
    for (input, output, ready) in [
        (ulaw.clone(), ulaw.clone(), true),
        (ulaw.clone(), pcm.clone(), false),
        (pcm.clone(), ulaw.clone(), false),
        (ulaw.clone(), json!({}), false),
        (json!(null), json!(null), false),
    ] {
        let mut session = Session::greeted(config(), brief());
        session
            .read(&json!({"type": "session.created", "session": {"audio": {"input": pcm, "output": pcm}}}));
        assert!(session.events().is_empty());
        session.read(&json!({"type": "session.updated", "session": {"type": "realtime", "audio": {"input": input, "output": output}}}));
        match &session.events()[..] {
            [EngineEvent::Ready] => assert!(ready),
            [EngineEvent::Failed(failure)] => assert!(!ready && failure.lasting && session.out.close),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_greeting_is_asked_for_first_word_for_word_with_the_instructions() {
    let mut session = Session::confirmed(config(), brief());
    let sent = session.sent();
    assert_eq!(sent.len(), 1);
    let said = sent[0]["response"]["instructions"].as_str().expect("instructions");
    assert!(
        said.starts_with("You answer the phone for Acme.") && said.ends_with("\nThanks for calling Acme.")
    );
    assert_eq!(sent[0]["response"]["tool_choice"], "none");

    let mut session = Session::confirmed(config(), Brief { greeting: String::new(), ..brief() });
    let said = session.sent()[0]["response"]["instructions"].take();
    assert!(said.as_str().expect("instructions").contains("Greet"), "without a greeting it words its own");
}

#[test]
fn a_session_that_goes_on_is_told_what_was_said_and_does_not_greet() {
    let so_far = vec![
        Said::Assistant("Thanks for calling Acme.".into()),
        Said::Caller("Where is my order?".into()),
        Said::Assistant("Let me".into()),
    ];
    let mut session = Session::confirmed(config(), Brief { so_far, ..brief() });
    let told: Vec<_> = session.sent().iter().map(|message| message["item"].clone()).collect();
    let item = |role: &str, kind: &str, text: &str| json!({"type": "message", "role": role, "content": [{"type": kind, "text": text}]});
    let wanted = [
        item("assistant", "output_text", "Thanks for calling Acme."),
        item("user", "input_text", "Where is my order?"),
        item("assistant", "output_text", "Let me"),
    ];
    assert_eq!(told, wanted);
    assert!(session.events().contains(&EngineEvent::Ready));
    session.tell(EngineCommand::Say("I am sorry.".into()));
    assert_eq!(session.sent_types(), ["response.create"]);
}

#[test]
fn a_refused_configuration_is_the_end() {
    let mut session = Session::greeted(config(), brief());
    session.sent();
    session.read(&error("invalid_request_error", "unknown_parameter", Some("session")));
    assert!(matches!(&session.events()[..], [EngineEvent::Failed(failure)] if failure.lasting));
    session.read(&json!({"type": "session.updated", "session": {}}));
    session.tell(EngineCommand::Respond);
    assert!(session.events().is_empty() && session.sent().is_empty(), "nothing follows");
    assert_eq!(session.dialect.deadline(), None);
}

#[test]
fn a_session_that_is_not_confirmed_fails_in_time() {
    let mut session = Session::greeted(config(), brief());
    session.wait(Duration::from_millis(9_999));
    assert!(session.events().is_empty());
    session.wait(Duration::from_millis(1));
    assert!(matches!(&session.events()[..], [EngineEvent::Failed(failure)] if !failure.lasting));
}

#[test]
fn a_format_that_the_service_does_not_speak_is_refused_before_anything_is_sent() {
    let mut session = Session::greeted(config(), Brief { format: Format::Pcm { hertz: 16_000 }, ..brief() });
    assert!(matches!(&session.events()[..], [EngineEvent::Failed(failure)] if failure.lasting));
    assert!(session.sent().is_empty());
}

#[test]
fn the_caller_is_heard_from_ready_on_and_not_before() {
    let mut session = Session::greeted(config(), brief());
    session.sent();
    session.tell(EngineCommand::Hear(ulaw(&[0xFF; 160])));
    assert!(session.sent().is_empty());
    assert_eq!(session.dialect.tally().unheard, 1);

    let mut session = Session::ready();
    session.tell(EngineCommand::Hear(ulaw(&[0x00, 0x7F, 0xFF])));
    assert_eq!(session.sent(), [json!({"type": "input_audio_buffer.append", "audio": "AH//"})]);
    let alaw = call::Chunk { format: Format::Alaw, bytes: vec![0xD5; 160].into() };
    session.tell(EngineCommand::Hear(alaw));
    assert!(session.sent().is_empty(), "noise is worse than silence");
    assert!(matches!(&session.events()[..], [EngineEvent::Trouble(_)]));
}

#[test]
fn what_is_wanted_before_ready_comes_after_the_greeting() {
    let mut session = Session::greeted(config(), brief());
    session.tell(EngineCommand::Say("One moment.".into()));
    session.tell(EngineCommand::Key('5'));
    let update = session.sent().remove(0);
    session.read(&json!({"type": "session.updated", "session": update["session"]}));
    let sent = session.sent();
    assert_eq!(sent[0]["item"]["content"][0]["text"], "[The caller pressed the key 5.]");
    assert!(
        sent[1]["response"]["instructions"].as_str().expect("words").ends_with("Thanks for calling Acme.")
    );
    session.reply("resp_0", "item_0", "Thanks for calling Acme.");
    let sent = session.sent();
    assert!(sent[0]["response"]["instructions"].as_str().expect("words").ends_with("One moment."));
    assert!(!is_done(&session.events()), "there is more to say");
}

#[test]
fn every_voice_is_a_piece_of_one_item() {
    let mut session = Session::ready();
    session.tell(EngineCommand::Respond);
    session.read(&created("resp_1"));
    session.read(&voice("resp_1", "item_a", &[1; 160]));
    session.read(&voice("resp_1", "item_a", &[2; 80]));
    session.read(&voice("resp_1", "item_b", &[3; 160]));
    session.read(&voice("resp_1", "item_a", &[4; 160]));
    let pieces: Vec<(u32, usize, u8)> = session
        .events()
        .iter()
        .map(|event| match event {
            EngineEvent::Voice(item, chunk) => (item.0, chunk.bytes.len(), chunk.bytes[0]),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        pieces,
        [(2, 160, 1), (2, 80, 2), (3, 160, 3)],
        "and an item that another has followed is over"
    );
    assert_eq!(session.dialect.tally().late_voice, 160);
}

#[test]
fn sound_whose_slashes_are_escaped_is_the_same_sound() {
    let mut session = Session::ready();
    session.read_text(r#"{"delta":"AH\/\/","item_id":"item_a","type":"response.output_audio.delta"}"#);
    assert!(
        matches!(&session.events()[..], [EngineEvent::Voice(_, chunk)] if chunk.bytes[..] == [0x00, 0x7F, 0xFF])
    );
}
