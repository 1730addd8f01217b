//! The stand-in for what hears and speaks, held to what the vendors' own packages send and read.

#[path = "../shared/program.rs"]
mod program;
#[path = "../shared/python.rs"]
mod python;

use python::finds_nothing_wrong;
use serde_json::json;
use sim::speech::{Script, Speech};

fn given(service: &Speech) -> String {
    json!({"url": service.url(), "key": Script::default().key}).to_string()
}

#[tokio::test]
async fn openais_own_client_finds_nothing_wrong() {
    let service = Speech::listen(Script::default()).await.expect("a free port");
    finds_nothing_wrong("speech", &["openai"], &given(&service)).await;
    assert_eq!(service.asked().len(), 3);
    assert_eq!(service.mistakes().len(), 4, "what it asked wrongly on purpose: {:?}", service.mistakes());
}

#[tokio::test]
async fn deepgrams_own_client_finds_nothing_wrong() {
    let service = Speech::listen(Script::default()).await.expect("a free port");
    finds_nothing_wrong("speech", &["deepgram"], &given(&service)).await;
    assert_eq!(service.mistakes().len(), 1, "what it asked wrongly on purpose: {:?}", service.mistakes());
    let asked = service.asked();
    assert!(asked.iter().any(|asked| asked.target.starts_with("/v1/listen") && asked.sound.len() == 8_000));
}
