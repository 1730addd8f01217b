//! The stand-in for what hears and speaks, held to what the vendors' own packages send and read.

use serde_json::json;
use sim::speech::{Script, Speech};
use std::process::Stdio;
use tokio::{io::AsyncWriteExt as _, process::Command};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

async fn python(part: &str, service: &Speech) {
    let mut child = Command::new("scripts/python")
        .args(["crates/sim/tests/speech/vendor.py", part])
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("scripts/python runs");
    let mut input = child.stdin.take().expect("it is piped");
    let given = json!({"url": service.url(), "key": Script::default().key}).to_string();
    input.write_all(given.as_bytes()).await.expect("Python reads");
    drop(input);
    let output = child.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim() == "holds", "what the package found is above: {said}");
}

#[tokio::test]
async fn openais_own_client_finds_nothing_wrong() {
    let service = Speech::listen(Script::default()).await.expect("a free port");
    python("openai", &service).await;
    assert_eq!(service.asked().len(), 3);
    assert_eq!(service.mistakes().len(), 4, "what it asked wrongly on purpose: {:?}", service.mistakes());
}

#[tokio::test]
async fn deepgrams_own_client_finds_nothing_wrong() {
    let service = Speech::listen(Script::default()).await.expect("a free port");
    python("deepgram", &service).await;
    assert_eq!(service.mistakes().len(), 1, "what it asked wrongly on purpose: {:?}", service.mistakes());
    let asked = service.asked();
    assert!(asked.iter().any(|asked| asked.target.starts_with("/v1/listen") && asked.sound.len() == 8_000));
}
