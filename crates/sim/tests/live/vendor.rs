//! OpenAI's own Python package as the client.

use serde_json::json;
use sim::live::{Live, Reply, Script, Speech, Tool};
use std::{process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt as _, process::Command};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[tokio::test]
async fn openais_own_client_finds_nothing_wrong() {
    let then = Speech::tone("Friday is free.", 400.0, Duration::from_secs(1));
    let script = Script {
        answers: [Reply::HandsOver(vec![vec![Tool::new("check", &json!({"day": "friday"}))]], then)].into(),
        understood: ["is friday free".to_owned()].into(),
        ..Script::default()
    };
    let service = Live::listen(script).await.expect("a free port");
    let mut child = Command::new("scripts/python")
        .arg("crates/sim/tests/live/vendor.py")
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("scripts/python runs");
    let base = service.url().replace("ws://", "http://").replace("/live/sessions", "");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(format!("{base}\n").as_bytes()).await.expect("Python reads");
    drop(input);
    let output = child.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim() == "holds", "what OpenAI's client found is above: {said}");
    let session = service.session(1).await;
    assert_eq!(session.mistakes(), Vec::<String>::new());
    assert_eq!(session.errors().len(), 1, "the one that was asked for");
}
