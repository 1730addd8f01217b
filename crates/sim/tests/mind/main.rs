//! The stand-in for language models, held to what the vendors' own packages send and read.

use serde_json::json;
use sim::mind::{Fault, Minds, Rule, Script, Thought};
use std::process::Stdio;
use tokio::{io::AsyncWriteExt as _, process::Command};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn script() -> Script {
    let look = Thought::wants("look", json!({"day": "friday"}));
    Script {
        rules: vec![
            Rule::said("is friday free", look.clone().after_thinking("They ask for Friday.")),
            Rule::said("both", look.and_wants("look", json!({"day": "monday"}))),
            Rule::answered("free", Thought::says("Friday is free.")),
        ],
        otherwise: Thought::says("Hello there."),
        ..Script::default()
    }
}

async fn python(part: &str, minds: &Minds) {
    let mut child = Command::new("scripts/python")
        .args(["crates/sim/tests/mind/vendor.py", part])
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("scripts/python runs");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(format!("{}\n", minds.url()).as_bytes()).await.expect("Python reads");
    drop(input);
    let output = child.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim() == "holds", "what the package found is above: {said}");
    assert_eq!(minds.mistakes(), Vec::<String>::new());
}

#[tokio::test]
async fn ollamas_own_client_finds_nothing_wrong() {
    let minds = Minds::listen(script()).await.expect("a free port");
    python("ollama", &minds).await;
    assert_eq!(minds.asked().len(), 4);
}

#[tokio::test]
async fn openais_own_client_finds_nothing_wrong() {
    let minds = Minds::listen(script()).await.expect("a free port");
    python("openai", &minds).await;
    assert_eq!(minds.asked().len(), 3);
}

/// Asks as a client that knows no better; the answer's status and body.
async fn ask(minds: &Minds, path: &str, body: &serde_json::Value) -> (u16, String) {
    let request = reqwest::Client::new().post(format!("{}{path}", minds.url())).json(body);
    let answer = request.bearer_auth("a-key-of-the-test").send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.unwrap_or_else(|why| format!("broken: {why}")))
}

#[tokio::test]
async fn what_the_services_refuse_is_refused_and_what_they_overlook_is_counted() {
    let minds = Minds::listen(script()).await.expect("a free port");
    let hello = json!([{"role": "user", "content": "hello"}]);
    for (path, body, status, says) in [
        ("/api/chat", json!({"model": "other", "messages": hello}), 404, "model 'other' not found"),
        (
            "/api/chat",
            json!({"model": "test-model", "messages": hello, "think": true}),
            400,
            "does not support thinking",
        ),
        ("/api/chat", json!({"model": "test-model", "messages": hello, "thinking": false}), 400, "thinking"),
        (
            "/v1/chat/completions",
            json!({"model": "other", "messages": hello, "stream": true}),
            404,
            "does not exist",
        ),
        ("/v1/chat/completions", json!({"model": "test-model", "messages": []}), 400, "messages"),
    ] {
        let (got, said) = ask(&minds, path, &body).await;
        assert_eq!(got, status, "{body}: {said}");
        assert!(said.contains(says), "{body}: {said}");
    }
    let before = minds.mistakes().len();
    let twice = json!([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]);
    ask(&minds, "/api/chat", &json!({"model": "test-model", "messages": twice})).await;
    let mistakes = minds.mistakes();
    assert_eq!(mistakes[before..].len(), 2, "{mistakes:?}");
    assert!(mistakes[before].contains("num_ctx") && mistakes[before + 1].contains("twice"));
}

#[tokio::test]
async fn it_misbehaves_on_command() {
    let minds = Minds::listen(script()).await.expect("a free port");
    let body = json!({"model": "test-model", "messages": [{"role": "user", "content": "hi"}],
        "options": {"num_ctx": 1_000}});
    for (fault, status, says) in [
        (
            Fault::Status(503, "server busy, please try again.  maximum pending requests exceeded".into()),
            503,
            "server busy",
        ),
        (Fault::GivesUp("an error was encountered".into()), 200, "{\"error\":\"an error was encountered\"}"),
        (Fault::Garbage("<html>".into()), 200, "<html>"),
        (Fault::Breaks, 200, "broken"),
    ] {
        minds.change(|script| script.faults.push_back(fault.clone()));
        let (got, said) = ask(&minds, "/api/chat", &body).await;
        assert_eq!(got, status);
        assert!(said.contains(says), "{fault:?}: {said}");
    }
}
