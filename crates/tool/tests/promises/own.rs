//! Tools that the owner describes, against a service on this machine.

use crate::office::{owner, refused};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    task::JoinSet,
};
use tool::{
    Class, Tool, Trust,
    own::{Definition, OwnTool},
};

/// What a service was asked, for as long as it is kept.
struct Heard {
    told: mpsc::Receiver<String>,
    _service: JoinSet<()>,
}

/// A service that answers everything like this, one after the other.
async fn service(status: &str, headers: &str, body: &str) -> (String, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}");
    let (asked, told) = mpsc::channel(16);
    let mut service = JoinSet::new();
    service.spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !is_whole(&request) {
                match socket.read(&mut buffer).await {
                    Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                    Ok(_) | Err(_) => break,
                }
            }
            let _listening = asked.try_send(String::from_utf8_lossy(&request).into_owned());
            let _gone = socket.write_all(answer.as_bytes()).await;
        }
    });
    (address, Heard { told, _service: service })
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn definition(fields: &Value) -> Definition {
    let mut all = json!({
        "name": "add_task",
        "description": "Adds a task.",
        "method": "post",
        "private": true,
        "parameters": {"type": "object", "properties": {
            "list": {"type": "string"}, "content": {"type": "string"}, "due": {"type": "string"},
        }},
    });
    for (name, value) in fields.as_object().expect("fields") {
        all[name] = value.clone();
    }
    serde_json::from_value(all).expect("a description")
}

fn made(fields: &Value) -> Result<OwnTool, String> {
    let secrets = Arc::new(|name: &str| (name == "KEY").then(|| "s3cret".to_owned()));
    OwnTool::new(definition(fields), secrets).map_err(|wrong| wrong.to_string())
}

#[tokio::test]
async fn a_described_request_is_made_as_described() {
    let (address, mut asked) =
        service("201 Created", "", r#"{"task": {"content": "Buy milk", "id": 7}}"#).await;
    let tool = made(&json!({
        "url": format!("http://{address}/lists/{{list}}/tasks?from=phone&due={{due}}"),
        "headers": {"Authorization": "Bearer {secret:KEY}", "X-Due": "{due}"},
        "body": {"content": "{content}", "due": "{due}"},
        "answer": "$.task.content",
    }))
    .expect("a tool");
    let answer = tool.run(json!({"list": "a/b", "content": "milk \"x\""}), &owner()).await;
    assert_eq!((answer.ok, answer.say.as_str()), (true, "Buy milk"), "{answer:?}");
    let request = asked.told.recv().await.expect("it was asked");
    let (head, body) = request.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("POST /lists/a%2Fb/tasks?from=phone HTTP/1.1"), "{head}");
    assert!(head.to_lowercase().contains("authorization: bearer s3cret"), "{head}");
    assert!(!head.to_lowercase().contains("x-due"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).expect("JSON"), json!({"content": "milk \"x\""}));
}

#[tokio::test]
async fn what_is_picked_of_an_answer_is_told_and_nothing_else() {
    let body = r#"{"tasks": [{"content": "Buy milk"}, {"content": "Call Bob"}], "secret": "x"}"#;
    let (address, _asked) = service("200 OK", "", body).await;
    let pick = |answer: Option<&str>| {
        made(&json!({"method": "GET", "url": format!("http://{address}/"), "answer": answer}))
            .expect("a tool")
    };
    let told = pick(Some("$.tasks[*].content")).run(json!({}), &owner()).await;
    assert_eq!(told.say, r#"["Buy milk","Call Bob"]"#);
    let told = pick(Some("$.nothing")).run(json!({}), &owner()).await;
    assert_eq!(told.say, "There is nothing of that.");
    assert!(pick(None).run(json!({}), &owner()).await.say.contains("secret"));
}

#[tokio::test]
async fn a_service_that_refuses_or_leads_elsewhere_is_not_followed() {
    let (elsewhere, mut visited) = service("200 OK", "", "you are elsewhere").await;
    let to = format!("location: http://{elsewhere}/\r\n");
    for (status, headers, why) in [
        ("302 Found", to.as_str(), "elsewhere"),
        ("307 Temporary Redirect", to.as_str(), "elsewhere"),
        ("401 Unauthorized", "", "refused it (401)"),
        ("500 Oh", "", "refused it (500)"),
    ] {
        let (address, _asked) = service(status, headers, "secret detail").await;
        let tool = made(&json!({"url": format!("http://{address}/")})).expect("a tool");
        let answer = tool.run(json!({}), &owner()).await;
        refused(&answer, &[why]);
        assert!(!answer.say.contains("detail") && !answer.say.contains(&address), "{answer:?}");
    }
    assert!(visited.told.try_recv().is_err(), "somebody went there");
}

#[tokio::test]
async fn an_answer_without_bounds_is_refused() {
    let (address, _asked) = service("200 OK", "", &"x".repeat(2 * 1024 * 1024)).await;
    let tool = made(&json!({"url": format!("http://{address}/")})).expect("a tool");
    refused(&tool.run(json!({}), &owner()).await, &["too large"]);
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let tool = made(&json!({"url": url, "timeout_seconds": 1})).expect("a tool");
    refused(&tool.run(json!({}), &owner()).await, &["too long"]);
}

#[tokio::test]
async fn a_private_address_is_called_only_where_the_owner_says_so() {
    for host in ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "localhost"] {
        let tool = made(&json!({"url": format!("https://{host}/"), "private": false})).expect("a tool");
        refused(&tool.run(json!({}), &owner()).await, &["private network"]);
    }
}

#[tokio::test]
async fn a_secret_that_is_not_set_is_named_and_nothing_is_sent() {
    let (address, mut asked) = service("200 OK", "", "ok").await;
    let tool = made(&json!({"url": format!("http://{address}/"), "headers": {"A": "{secret:OTHER}"}}))
        .expect("a tool");
    refused(&tool.run(json!({}), &owner()).await, &["OTHER is not set"]);
    assert!(asked.told.try_recv().is_err());
}

#[test]
fn what_is_described_wrongly_is_said() {
    let url = "https://example.com/";
    for (fields, why) in [
        (json!({"url": url, "name": "a b"}), "letters, digits"),
        (json!({"url": url, "name": ""}), "letters, digits"),
        (json!({"url": url, "description": " "}), "what it does"),
        (json!({"url": url, "method": "TRACE"}), "method"),
        (json!({"url": "https://{list}/"}), "written out"),
        (json!({"url": "http://example.com/", "private": false}), "https://"),
        (json!({"url": "https://example.com/{other}"}), "none of its parameters"),
        (json!({"url": url, "headers": {"A": "{other}"}}), "none of its parameters"),
        (json!({"url": url, "body": {"a": ["{other}"]}}), "none of its parameters"),
        (json!({"url": url, "headers": {"A b": "x"}}), "name of a header"),
        (json!({"url": url, "answer": "$.["}), "no JSONPath"),
        (json!({"url": url, "class": "harmless"}), "no class"),
        (json!({"url": url, "trust": "stranger"}), "known or owner"),
        (json!({"url": url, "timeout_seconds": 0}), "seconds"),
        (json!({"url": url, "parameters": {"type": "string"}}), "JSON schema"),
    ] {
        let wrong = made(&fields).err().unwrap_or_else(|| panic!("{fields} was taken"));
        assert!(wrong.contains(why), "{fields}: {wrong}");
    }
}

#[test]
fn a_tool_of_the_owners_is_for_them_and_guessed_by_its_method() {
    let class = |fields: Value| made(&fields).expect("a tool").class();
    let url = "https://example.com/";
    assert_eq!(class(json!({"url": url})), Class::Writes);
    assert_eq!(class(json!({"url": url, "method": "GET", "name": "weather"})), Class::Reads);
    assert_eq!(class(json!({"url": url, "method": "GET", "name": "delete_all"})), Class::Final);
    assert_eq!(class(json!({"url": url, "method": "DELETE"})), Class::Final);
    assert_eq!(class(json!({"url": url, "name": "send_note"})), Class::Final);
    assert_eq!(class(json!({"url": url, "name": "send_note", "class": "writes"})), Class::Writes);
    let tool = made(&json!({"url": url})).expect("a tool");
    assert_eq!((tool.trust(), tool.is_foreign()), (Trust::Owner, true));
    assert_eq!(made(&json!({"url": url, "trust": "known"})).expect("a tool").trust(), Trust::Known);
}
