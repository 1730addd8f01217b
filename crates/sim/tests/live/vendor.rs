//! OpenAI's own Python package as the client.

use super::python::finds_nothing_wrong;
use serde_json::json;
use sim::live::{Live, Reply, Script, Speech, Tool};
use std::time::Duration;

#[tokio::test]
async fn openais_own_client_finds_nothing_wrong() {
    let then = Speech::tone("Friday is free.", 400.0, Duration::from_secs(1));
    let script = Script {
        answers: [Reply::HandsOver(vec![vec![Tool::new("check", &json!({"day": "friday"}))]], then)].into(),
        understood: ["is friday free".to_owned()].into(),
        ..Script::default()
    };
    let service = Live::listen(script).await.expect("a free port");
    let base = service.url().replace("ws://", "http://").replace("/live/sessions", "");
    finds_nothing_wrong("live", &[], &base).await;
    let session = service.session(1).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
    assert_eq!(session.errors().len(), 1, "the one that was asked for");
}
