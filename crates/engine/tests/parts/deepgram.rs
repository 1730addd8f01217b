//! Deepgram's live endpoints and its Aura voices.

use super::*;
use call::Format;
use engine::local::{
    Follower, Hypothesis, Stt, Tts, TurnEvent,
    deepgram::{Listener, Speaker},
};
use std::time::Duration;

fn listener(service: &Service, model: &str) -> Listener {
    Listener {
        place: place(service.url(), "Token"),
        model: model.into(),
        language: "en-US".into(),
        others: Vec::new(),
        keyterms: vec!["Elm Street & Sons".into()],
        early: false,
    }
}

fn speaker(service: &Service) -> Speaker {
    Speaker { http: reqwest::Client::new(), place: place(service.url(), "Token") }
}

#[tokio::test]
async fn an_utterance_is_sent_whole_and_finalised() {
    let service = service(Script::default()).await;
    for (model, path) in
        [("nova-3", "/v1/listen?"), ("flux-general-en", "/v2/listen?"), ("flux-general-multi", "/v2/listen?")]
    {
        let heard = listener(&service, model).recognise(voice(1.5), "".into()).await.expect("it hears");
        assert_eq!(heard[0].text, "Where is my order?");
        assert!(heard[0].confidence > 0.9);
        let asked = service.asked().pop().expect("it was asked");
        assert!(asked.target.contains(path), "{}", asked.target);
        assert_eq!(asked.field("keyterm"), Some("Elm Street & Sons"));
        assert_eq!(asked.sound, voice(1.5), "every sample came, as it was");
        assert_eq!(asked.hertz, 8_000);
    }
    assert_eq!(service.mistakes(), [""; 0]);
}

#[tokio::test]
async fn a_sound_without_words_has_none() {
    let service = service(Script { words: String::new(), ..Script::default() }).await;
    let ear = listener(&service, "nova-3");
    assert_eq!(ear.recognise(voice(1.0), "".into()).await, Ok(Vec::new()));
    assert_eq!(ear.recognise(vec![0; 8_000], "".into()).await, Ok(Vec::new()));
    assert_eq!(service.asked().len(), 1, "nobody was asked about silence");
}

#[tokio::test]
async fn whatever_goes_wrong_in_hearing_is_a_sentence() {
    let service = service(Script::default()).await;
    for model in ["nova-3", "flux-general-en"] {
        for fault in FAULTS {
            service.set_script(with(fault.clone()));
            let mut ear = listener(&service, model);
            ear.place.patience = patience(&fault);
            let heard = ear.recognise(voice(1.0), "".into()).await;
            let why = heard.expect_err("it goes wrong");
            is_sentence(&why, "127.0.0.1");
            match fault {
                Fault::Status(status) => assert!(why.contains(&format!("({status})")), "{why}"),
                Fault::OtherJson => assert!(why.contains("ordered to give up"), "{why}"),
                Fault::Endless => assert!(why.contains("does not end"), "{why}"),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn a_model_on_the_wrong_endpoint_and_a_wrong_key_are_named() {
    let service = service(Script::default()).await;
    let why = listener(&service, "nova-3-phonecall")
        .recognise(voice(1.0), "".into())
        .await
        .expect_err("there is none");
    assert!(why.contains("No such model"), "{why}");
    service.set_script(Script { key: "another".into(), ..Script::default() });
    let why = listener(&service, "nova-3").recognise(voice(1.0), "".into()).await.expect_err("it is refused");
    assert!(why.contains("does not accept the key (401)"), "{why}");
}

#[tokio::test]
async fn a_sentence_is_heard_while_it_is_made() {
    let service = service(Script { halting: true, seconds: 2.0, ..Script::default() }).await;
    let mut speech = speaker(&service).stream("Good morning.", "aura-2-thalia-en");
    let first = speech.next().await.expect("it speaks").expect("it speaks");
    assert!((1..16_000).contains(&first.len()));
    service.go_on();
    assert_eq!(first.len() + samples(speech).await, 16_000);
    let asked = service.asked().pop().expect("it was asked");
    assert_eq!(asked.field("text"), Some("Good morning."));
    assert_eq!((asked.field("encoding"), asked.field("container")), (Some("linear16"), Some("none")));
    assert_eq!(service.mistakes(), [""; 0]);
}

#[tokio::test]
async fn whatever_goes_wrong_in_speaking_is_a_sentence() {
    let service = service(Script::default()).await;
    for fault in FAULTS {
        let mut voice = speaker(&service);
        voice.place.patience = patience(&fault);
        service.set_script(with(fault));
        is_sentence(&failure(voice.stream("Hello.", "aura-2-thalia-en")).await, "127.0.0.1");
    }
}

async fn until<T>(look: impl Fn() -> Option<T>) -> T {
    loop {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Sends this sound as a line does, but without its pauses, and gives what is said of turns until one is over.
async fn turn(follower: &mut Follower, sound: &[i16]) -> Vec<TurnEvent> {
    for frame in sound.chunks(160) {
        let bytes = sound::g711::samples_to_ulaw(frame);
        follower.sound.send(bytes.into()).await.expect("it listens");
    }
    let mut told = Vec::new();
    while !matches!(told.last(), Some(TurnEvent::Over(_))) {
        told.push(follower.turns.recv().await.expect("it goes on").expect("it follows"));
    }
    told
}

/// As many milliseconds of each, sound and silence by turns.
fn sound(lengths: &[u64]) -> Vec<i16> {
    let piece = |(at, ms): (usize, &u64)| match at % 2 {
        0 => voice(*ms as f32 / 1_000.0),
        _ => vec![0; *ms as usize * 8],
    };
    lengths.iter().enumerate().flat_map(piece).collect()
}

fn over(words: &str) -> TurnEvent {
    TurnEvent::Over(Hypothesis { text: words.into(), confidence: 0.97, language: None })
}

#[tokio::test]
async fn a_call_is_followed_over_one_connection_turn_by_turn() {
    let words = "I need an appointment | on Tuesday.".to_owned();
    let service = service(Script { words, ..Script::default() }).await;
    let ear = Listener { early: true, ..listener(&service, "flux-general-en") };
    assert!(listener(&service, "nova-3").follow(Format::Ulaw).is_none(), "only Flux does");
    let mut follower = ear.follow(Format::Ulaw).expect("it follows");
    let told = turn(&mut follower, &sound(&[1_000, 400, 1_000, 800])).await;
    let at = |wanted: &TurnEvent| told.iter().position(|event| event == wanted);
    let likely = at(&TurnEvent::Likely("I need an appointment".into()));
    let both = "I need an appointment on Tuesday.";
    assert!(likely.is_some() && likely < at(&TurnEvent::GoesOn), "{told:?}");
    assert!(at(&TurnEvent::GoesOn) < at(&TurnEvent::Likely(both.into())), "{told:?}");
    assert!(at(&TurnEvent::Likely(both.into())) < at(&over(both)), "{told:?}");
    assert_eq!(told[0], TurnEvent::SoFar("I".into()));
    service.set_script(Script { words: "Yes, please.".into(), ..Script::default() });
    let told = turn(&mut follower, &sound(&[600, 800])).await;
    assert_eq!(told.last(), Some(&over("Yes, please.")));
    drop(follower);
    let asked = until(|| service.asked().pop()).await;
    assert_eq!((asked.field("encoding"), asked.field("sample_rate")), (Some("mulaw"), Some("8000")));
    assert_eq!(
        (asked.field("eager_eot_threshold"), asked.field("keyterm")),
        (Some("0.5"), Some("Elm Street & Sons"))
    );
    assert_eq!(service.asked().len(), 1, "one connection, closed with a goodbye");
    assert_eq!(service.mistakes(), [""; 0]);
}

#[tokio::test]
async fn a_silent_line_is_filled_with_silence_so_that_a_turn_can_end() {
    let service = service(Script::default()).await;
    let mut follower = listener(&service, "flux-general-en").follow(Format::Ulaw).expect("it follows");
    let told = turn(&mut follower, &voice(0.8)).await;
    assert_eq!(told.last(), Some(&over("Where is my order?")));
    assert!(!told.iter().any(|event| matches!(event, TurnEvent::Likely(_))), "nobody asked for that");
}

#[tokio::test]
async fn whatever_goes_wrong_in_following_is_a_sentence_and_the_end() {
    let service = service(Script::default()).await;
    let after = |fault: Fault| {
        let script = with(fault);
        let service = &service;
        async move {
            service.set_script(Script::default());
            let mut follower = listener(service, "flux-general-en").follow(Format::Ulaw).expect("it follows");
            turn(&mut follower, &sound(&[800, 800])).await;
            service.set_script(script);
            follower.sound.send(vec![0xff; 800].into()).await.expect("it listens");
            let why = follower.turns.recv().await.expect("it says why").expect_err("it has failed");
            is_sentence(&why, "127.0.0.1");
            assert!(follower.turns.recv().await.is_none(), "nothing follows");
        }
    };
    after(Fault::OtherJson).await;
    after(Fault::CutWithin).await;
    service.set_script(with(Fault::Status(401)));
    let mut refused = listener(&service, "flux-general-en").follow(Format::Ulaw).expect("it tries");
    let why = refused.turns.recv().await.expect("it says why").expect_err("it is refused");
    assert!(why.contains("does not accept the key (401)"), "{why}");
}
