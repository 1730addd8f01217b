//! OpenAI-compatible transcriptions and speech.

use super::*;
use engine::local::{
    Stt, Tts,
    openai::{Speaker, Transcriber},
};
use futures_util::FutureExt as _;

fn transcriber(service: &Service, model: &str) -> Transcriber {
    Transcriber {
        http: reqwest::Client::new(),
        place: place(service.openai_url(), "Bearer"),
        model: model.into(),
        language: "en-US".into(),
        others: Vec::new(),
        prompt: "Elm Street practice".into(),
    }
}

fn speaker(service: &Service) -> Speaker {
    Speaker {
        http: reqwest::Client::new(),
        place: place(service.openai_url(), "Bearer"),
        model: "gpt-4o-mini-tts".into(),
        instructions: "Speak slowly.".into(),
    }
}

#[tokio::test]
async fn an_utterance_is_written_down() {
    let service = service(Script::default()).await;
    for (model, format) in [("whisper-1", "verbose_json"), ("gpt-transcribe", "json")] {
        let heard = transcriber(&service, model).recognise(voice(1.0), "".into()).await;
        assert_eq!(texts(heard), ["Where is my order?"]);
        let asked = service.asked().pop().expect("it was asked");
        assert_eq!(asked.field("response_format"), Some(format));
        assert_eq!(asked.field("language"), Some("en"));
        assert_eq!(asked.field("prompt"), Some("Elm Street practice"));
        assert_eq!(
            (asked.hertz, asked.sound.len()),
            (16_000, 16_000),
            "a second, at a rate that all of them hear"
        );
    }
    assert_eq!(service.mistakes(), [""; 0]);
}

#[tokio::test]
async fn a_grammar_gets_words_in_its_own_spelling() {
    let service = service(Script { words: "Um, at 11:30 a.m., OK?".into(), ..Script::default() }).await;
    let grammar = "#JSGF V1.0;\ngrammar desk;\npublic <said> = at eleven thirty a m okay;\n";
    let ear = transcriber(&service, "whisper-1");
    let heard = ear.recognise(voice(1.0), grammar.into()).await.expect("it hears");
    assert_eq!(heard[0].text, "at eleven thirty a m okay");
    assert!(heard[0].confidence > 0.8);
    let other = "#JSGF V1.0;\ngrammar desk;\npublic <said> = yes | no;\n";
    let heard = ear.recognise(voice(1.0), other.into()).await.expect("it hears");
    assert!(heard[0].confidence <= 0.6, "what was not expected is asked about");
}

#[tokio::test]
async fn silence_is_not_even_asked_about() {
    let service = service(Script { words: "Thank you.".into(), ..Script::default() }).await;
    let ear = transcriber(&service, "whisper-1");
    let hiss: Vec<i16> = (0..16_000).map(|n: i32| ((n * 7_919) % 23 - 11) as i16).collect();
    let click: Vec<i16> = (0..8_000).map(|n| if n < 200 { 9_000 } else { 0 }).collect();
    for sound in [vec![0; 16_000], hiss, click, Vec::new()] {
        assert_eq!(ear.recognise(sound, "".into()).await, Ok(Vec::new()));
    }
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn what_was_made_out_of_silence_becomes_no_words() {
    let service = service(Script { no_speech: 0.9, ..Script::default() }).await;
    let ear = transcriber(&service, "whisper-1");
    for words in [
        "Thank you.",
        "Thanks for watching!",
        "[BLANK_AUDIO]",
        " ",
        "you you you you you you you you you you",
    ] {
        service.set_script(Script { words: words.into(), no_speech: 0.9, ..Script::default() });
        assert_eq!(texts(ear.recognise(voice(2.0), "".into()).await), [""; 0], "{words}");
    }
    service.set_script(Script { words: "Thank you.".into(), ..Script::default() });
    assert_eq!(texts(ear.recognise(voice(1.0), "".into()).await), ["Thank you."], "callers say it, too");
}

#[tokio::test]
async fn whatever_goes_wrong_in_hearing_is_a_sentence() {
    let service = service(Script::default()).await;
    let mut ear = transcriber(&service, "whisper-1");
    for fault in FAULTS {
        ear.place.patience = patience(&fault);
        service.set_script(with(fault.clone()));
        let why = ear.recognise(voice(1.0), "".into()).await.expect_err("it goes wrong");
        is_sentence(&why, "127.0.0.1");
        match fault {
            Fault::Status(status) => assert!(why.contains(&status.to_string()), "{why}"),
            Fault::Endless => assert!(why.contains("more than"), "{why}"),
            Fault::Silence => assert!(why.contains("did not answer"), "{why}"),
            _ => {}
        }
    }
    assert_eq!(service.mistakes(), [""; 0]);
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_address_are_named() {
    let service = service(Script { key: "another".into(), ..Script::default() }).await;
    let mut ear = transcriber(&service, "whisper-1");
    let why = ear.recognise(voice(1.0), "".into()).await.expect_err("it is refused");
    assert!(why.contains("does not accept the key (401)"), "{why}");
    ear.place.url = "http://127.0.0.1:1/v1".into();
    let why = ear.recognise(voice(1.0), "".into()).await.expect_err("nobody is there");
    assert!(why.contains("cannot be reached"), "{why}");
}

#[tokio::test]
async fn a_sentence_is_heard_while_it_is_made() {
    let service = service(Script { halting: true, seconds: 2.0, ..Script::default() }).await;
    let mut speech = speaker(&service).stream("Good morning.", "marin");
    let first = speech.next().await.expect("it speaks").expect("it speaks");
    assert!(!first.is_empty());
    let mut heard = first.len();
    while let Some(piece) = speech.next().now_or_never() {
        heard += piece.expect("it is not over").expect("it speaks").len();
    }
    assert!(heard < 16_000, "only the first half can have come: {heard}");
    service.go_on();
    heard += samples(speech).await;
    assert_eq!(heard, 16_000, "two seconds at the telephone's rate");
    let asked = service.asked().pop().expect("it was asked");
    assert_eq!(asked.field("response_format"), Some("pcm"));
    assert_eq!((asked.field("input"), asked.field("voice")), (Some("Good morning."), Some("marin")));
    assert_eq!(asked.field("instructions"), Some("Speak slowly."));
}

#[tokio::test]
async fn one_who_stops_listening_stops_the_service() {
    let service = service(Script { halting: true, seconds: 60.0, ..Script::default() }).await;
    let mut speech = speaker(&service).stream("Good morning.", "marin");
    speech.next().await.expect("it speaks").expect("it speaks");
    drop(speech);
    service.left().await;
}

#[tokio::test]
async fn whatever_goes_wrong_in_speaking_is_a_sentence() {
    let service = service(Script::default()).await;
    let mut voice = speaker(&service);
    for fault in FAULTS {
        voice.place.patience = patience(&fault);
        service.set_script(with(fault.clone()));
        let why = failure(voice.stream("Hello.", "marin")).await;
        is_sentence(&why, "127.0.0.1");
        match fault {
            Fault::WrongFormat => assert!(why.contains("MP3"), "{why}"),
            Fault::OtherJson => assert!(why.contains("application/json"), "{why}"),
            Fault::Endless => assert!(why.contains("does not stop"), "{why}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn an_answer_without_any_sound_is_a_failure() {
    let service = service(Script { seconds: 0.0, ..Script::default() }).await;
    let voice = speaker(&service);
    let why = failure(voice.stream("Hello.", "marin")).await;
    is_sentence(&why, "127.0.0.1");
    assert!(why.contains("no sound at all"), "{why}");
    assert_eq!(samples(voice.stream("?!", "marin")).await, 0, "of that there is none to be made");
}

#[tokio::test]
async fn the_whole_of_a_sentence_is_the_sum_of_its_pieces() {
    let service = service(Script::default()).await;
    let speech = speaker(&service).speak("Hello.", "alloy").await.expect("it speaks");
    assert_eq!(speech.len(), 8_000);
    assert!(sound::level::dbfs(&speech) > -20.0, "the tone came through");
    assert_eq!(service.mistakes(), [""; 0]);
}
