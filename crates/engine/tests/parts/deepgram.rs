//! Deepgram's live endpoints and its Aura voices.

use super::*;
use engine::local::{
    Stt, Tts,
    deepgram::{Listener, Speaker},
};

fn listener(service: &Service, model: &str) -> Listener {
    Listener {
        place: place(service.url(), "Token"),
        model: model.into(),
        language: "en-US".into(),
        keyterms: vec!["Elm Street & Sons".into()],
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
