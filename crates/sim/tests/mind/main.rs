//! The stand-in for language models, held to what the vendors' own packages send and read.

#[path = "../shared/program.rs"]
mod program;
#[path = "../shared/python.rs"]
mod python;

use python::finds_nothing_wrong;
use serde_json::json;
use sim::mind::{Fault, Minds, Rule, Script, Thought};

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

#[tokio::test]
async fn ollamas_own_client_finds_nothing_wrong() {
    let minds = Minds::listen(script()).await.expect("a free port");
    finds_nothing_wrong("mind", &["ollama"], &minds.url()).await;
    assert_eq!(minds.mistakes(), Vec::<String>::new());
    assert_eq!(minds.asked().len(), 5);
}

#[tokio::test]
async fn openais_own_client_finds_nothing_wrong() {
    let minds = Minds::listen(script()).await.expect("a free port");
    finds_nothing_wrong("mind", &["openai"], &minds.url()).await;
    assert_eq!(minds.mistakes(), Vec::<String>::new());
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
