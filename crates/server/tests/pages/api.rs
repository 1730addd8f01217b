//! What the owner's programs may read and do at `/api/v1`, and how they are refused.

use super::rig::{Browser, Page, a_call};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use call::{Note, TurnId};
use serde_json::{Value, json};
use server::{api, clock};

/// A program of the owner's, with a token of its own.
struct Program {
    browser: Browser,
    token: String,
}

impl Program {
    async fn new(acts: bool, settings: &[(&str, &str)]) -> Self {
        let browser = Browser::new(settings).await;
        let token = token(&browser, acts).await;
        Self { browser, token }
    }

    async fn ask(&mut self, method: Method, path: &str, body: Value, more: &[(&str, &str)]) -> (Page, Value) {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        headers.extend(more);
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let page = self.browser.send_with(method, &format!("/api/v1{path}"), &headers, body).await;
        let told = serde_json::from_str(&page.text).unwrap_or_default();
        (page, told)
    }

    async fn get(&mut self, path: &str) -> Value {
        let (page, told) = self.ask(Method::GET, path, Value::Null, &[]).await;
        assert_eq!(page.status, StatusCode::OK, "{path} {told}");
        told
    }
}

async fn token(browser: &Browser, acts: bool) -> String {
    let made = api::make_token(&browser.store, "", "a program", acts, clock::now_ms()).await;
    made.expect("made").0.expose().to_owned()
}

/// Ten o'clock on some workday more than a week ahead, in UTC.
fn a_workday(skipped: i64) -> String {
    let now = jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now");
    let from = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = (8..).map(|n| from.checked_add(jiff::Span::new().days(n)).expect("near"));
    let mut workdays = days.filter(|day| day.weekday().to_monday_zero_offset() < 5);
    let day = workdays.nth(usize::try_from(skipped).expect("few")).expect("one of them");
    format!("{day}T10:00")
}

fn refused(page: &Page, told: &Value) -> String {
    assert_eq!(page.header("content-type"), "application/problem+json", "{told}");
    assert_eq!(told["status"], page.status.as_u16(), "{told}");
    assert!(told["title"].is_string() && told["type"] == "about:blank", "{told}");
    told["detail"].as_str().expect("a sentence").to_owned()
}

#[tokio::test]
async fn a_program_without_a_good_token_learns_nothing_and_how_to_come_in() {
    let mut program = Program::new(false, &[]).await;
    a_call(&program.browser.store, &[]).await;
    program.token = "ep_made-up".into();
    for (method, path) in [
        (Method::GET, "/calls"),
        (Method::GET, "/settings"),
        (Method::POST, "/texts"),
        (Method::DELETE, "/webhooks/w1"),
    ] {
        let (page, told) = program.ask(method, path, json!({}), &[]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(page.header("www-authenticate").starts_with("Bearer"));
        assert!(!refused(&page, &told).contains("+1555"));
    }
}

#[tokio::test]
async fn a_token_that_may_read_changes_nothing() {
    let mut program = Program::new(false, &[]).await;
    program.get("/appointments").await;
    for (method, path) in [
        (Method::POST, "/appointments"),
        (Method::PATCH, "/appointments/a1"),
        (Method::DELETE, "/webhooks/w1"),
        (Method::POST, "/calls"),
    ] {
        let (page, told) = program.ask(method, path, json!({}), &[]).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(refused(&page, &told).contains("only read"));
    }
}

#[tokio::test]
async fn calls_are_read_page_by_page_with_what_was_said() {
    let mut program = Program::new(false, &[]).await;
    let said = Note::CallerSaid(TurnId(1), "Hello <b>there</b>".into());
    let mut ids = Vec::new();
    for n in 0..3 {
        let notes = [(1_000, said.clone())];
        let at = 1_795_000_000_000 + n * 1_000;
        ids.push(super::rig::a_call_from(&program.browser.store, "+15550100100", at, &notes).await);
    }
    let mut seen = Vec::new();
    let mut path = "/calls?limit=2".to_owned();
    loop {
        let page = program.get(&path).await;
        let items = page["items"].as_array().expect("a list");
        seen.extend(items.iter().map(|call| call["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/calls?limit=2&cursor={next}");
    }
    ids.reverse();
    assert_eq!(seen, ids, "each once, the latest first");
    let call = program.get(&format!("/calls/{}", ids[0])).await;
    assert_eq!((&call["number"], &call["direction"]), (&json!("+15550100100"), &json!("in")));
    let lines = program.get(&format!("/calls/{}/transcript", ids[0])).await;
    assert_eq!(lines["items"][0], json!({"at": 1.0, "who": "caller", "text": "Hello <b>there</b>"}));
    let notes = program.get(&format!("/calls/{}/notes", ids[0])).await;
    assert_eq!(notes["items"][0]["kind"], "caller_said");
    let over = format!("/calls/{}/end", ids[0]);
    program.token = token(&program.browser, true).await;
    let (page, told) = program.ask(Method::POST, &over, Value::Null, &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert_eq!(refused(&page, &told), "This call is over.");
    for bad in
        ["/calls?limit=0", "/calls?limit=x", "/calls?since=tomorrow", "/calls?cursor=1", "/calls?old=1"]
    {
        let (page, told) = program.ask(Method::GET, bad, Value::Null, &[]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{bad}");
        refused(&page, &told);
    }
    for gone in ["/calls/c9", "/calls/c9/transcript", "/calls/c9/notes", "/appointments/a9", "/nowhere"] {
        let (page, told) = program.ask(Method::GET, gone, Value::Null, &[]).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{gone}");
        refused(&page, &told);
    }
    let (page, told) = program.ask(Method::PUT, "/calls", json!({}), &[]).await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(page.header("allow").contains("GET"), "{}", page.header("allow"));
    refused(&page, &told);
}

#[tokio::test]
async fn an_appointment_is_booked_moved_and_cancelled_under_the_same_rules_as_by_voice() {
    let mut program = Program::new(true, &[("TIME_ZONE", "UTC")]).await;
    let (first, second) = (a_workday(0), a_workday(1));
    let wish = json!({"summary": "Ada Lovelace, engine", "starts": first});
    let (page, made) = program.ask(Method::POST, "/appointments", wish.clone(), &[]).await;
    assert_eq!(page.status, StatusCode::CREATED, "{made}");
    assert_eq!(made["starts"], format!("{first}:00+00:00"));
    let other = json!({"summary": "Somebody else", "starts": first});
    let (page, told) = program.ask(Method::POST, "/appointments", other, &[]).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{told}");
    assert!(refused(&page, &told).contains("taken"));
    assert!(!told["alternatives"].as_array().expect("what is free").is_empty());
    let closed = json!({"summary": "At night", "starts": first.replace("T10", "T03")});
    let (page, told) = program.ask(Method::POST, "/appointments", closed, &[]).await;
    assert!(page.status.is_client_error(), "{told}");
    refused(&page, &told);
    let path = format!("/appointments/{}", made["id"].as_str().expect("an id"));
    let (page, moved) = program.ask(Method::PATCH, &path, json!({"starts": second}), &[]).await;
    assert_eq!((page.status, &moved["id"]), (StatusCode::OK, &made["id"]), "{moved}");
    assert_eq!(program.get(&path).await["starts"], format!("{second}:00+00:00"));
    let listed = program.get("/appointments?limit=100").await;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed}");
    let (page, _) = program.ask(Method::DELETE, &path, Value::Null, &[]).await;
    assert_eq!((page.status, page.text.as_str()), (StatusCode::NO_CONTENT, ""));
    let (page, told) = program.ask(Method::DELETE, &path, Value::Null, &[]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    refused(&page, &told);
    for bad in
        [json!({}), json!([]), json!({"summary": 1, "starts": first}), json!({"starts": first, "x": 1})]
    {
        let (page, told) = program.ask(Method::POST, "/appointments", bad, &[]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        refused(&page, &told);
    }
}

#[tokio::test]
async fn what_is_asked_twice_under_one_key_is_done_once() {
    let mut program = Program::new(true, &[("TIME_ZONE", "UTC")]).await;
    let key = [("idempotency-key", "5f2b-1")];
    let wish = json!({"url": "https://hooks.example.com/in"});
    let (page, made) = program.ask(Method::POST, "/webhooks", wish.clone(), &key).await;
    assert_eq!((page.status, page.header("idempotency-replayed")), (StatusCode::CREATED, ""), "{made}");
    let (page, again) = program.ask(Method::POST, "/webhooks", wish.clone(), &key).await;
    assert_eq!((page.status, page.header("idempotency-replayed")), (StatusCode::CREATED, "true"));
    assert_eq!(again, made, "its secret, too");
    assert_eq!(program.get("/webhooks").await["items"].as_array().map(Vec::len), Some(1));
    let other = json!({"url": "https://hooks.example.com/other"});
    let (page, told) = program.ask(Method::POST, "/webhooks", other.clone(), &key).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused(&page, &told).contains("another request"));
    // Another program's key is another key, though its token is called alike.
    program.token = token(&program.browser, true).await;
    let (page, _) = program.ask(Method::POST, "/webhooks", other, &key).await;
    assert_eq!((page.status, page.header("idempotency-replayed")), (StatusCode::CREATED, ""));
    // What was refused is refused alike, and what is kept of it is sealed.
    let wrong = json!({"url": "ftp://x.example"});
    for _ in 0..2 {
        let key = [("idempotency-key", "5f2b-2")];
        let (page, told) = program.ask(Method::POST, "/webhooks", wrong.clone(), &key).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused(&page, &told).contains("https://") && told["field"] == "url");
    }
    let (page, told) =
        program.ask(Method::POST, "/webhooks", wish, &[("idempotency-key", &"k".repeat(256))]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    refused(&page, &told);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let mut program = Program::new(false, &[("API_PER_MINUTE", "3")]).await;
    for left in ["2", "1", "0"] {
        let (page, _) = program.ask(Method::GET, "/messages", Value::Null, &[]).await;
        assert_eq!(page.header("ratelimit-remaining"), left);
    }
    let (page, told) = program.ask(Method::GET, "/messages", Value::Null, &[]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = page.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{}", refused(&page, &told));
    program.token = token(&program.browser, false).await;
    let (page, _) = program.ask(Method::GET, "/messages", Value::Null, &[]).await;
    assert_eq!(page.header("ratelimit-remaining"), "2", "another token, though it is called alike");
}

#[tokio::test]
async fn the_audit_log_says_who_asked_and_from_where() {
    let browser = Browser::owner(&[]).await;
    let mut program = Program { token: token(&browser, true).await, browser };
    let wish = json!({"url": "https://hooks.example.com/in"});
    let (page, told) = program.ask(Method::POST, "/webhooks", wish.clone(), &[]).await;
    assert_eq!(page.status, StatusCode::CREATED, "{told}");
    let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    let browser = &mut program.browser;
    let made =
        browser.send_with(Method::POST, "/api/v1/webhooks", &headers, Body::from(wish.to_string())).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let done = browser.store.audit(2, "").await.expect("read");
    let user = browser.app.whose.user().await.expect("read").expect("a user");
    let told: Vec<_> =
        done.iter().map(|row| (row.user_id.as_deref(), row.who.as_str(), row.from.as_str())).collect();
    assert_eq!(
        told,
        [(Some(user.id.as_str()), user.name.as_str(), "127.0.0.1"), (None, "a program", "127.0.0.1")]
    );
}

#[tokio::test]
async fn secrets_are_never_told_to_programs() {
    let settings = [("OPENAI_API_KEY", "sk-hunter2-and-more"), ("ASSISTANT_INSTRUCTIONS", "Be brief.")];
    let mut program = Program::new(false, &settings).await;
    let told = program.get("/settings").await;
    assert!(!told.to_string().contains("hunter2"));
    let items = told["items"].as_array().expect("a list");
    let key = items.iter().find(|one| one["key"] == "openai.api_key").expect("it is listed");
    assert_eq!((&key["secret"], &key["set"], &key["value"]), (&json!(true), &json!(true), &json!("")));
    assert_eq!(key["can_be_saved"], false, "the environment sets it");
    let assistants = program.get("/assistants").await;
    assert_eq!(assistants["items"][0]["instructions"], "Be brief.");
}

#[tokio::test]
async fn the_document_names_every_address_and_the_page_tells_of_it() {
    let mut browser = Browser::owner(&[]).await;
    let page = browser.get("/api/v1/openapi.json").await;
    let document: Value = serde_json::from_str(&page.text).expect("JSON");
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let human = browser.get("/api").await.text;
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("methods").keys() {
            operations += 1;
            assert!(human.contains(&format!("{} /api/v1{path}", method.to_uppercase())), "{method} {path}");
            // Whoever is nobody gets no further at any of them.
            let mut nobody = browser.other();
            let at = format!("/api/v1{}", path.replace(['{', '}'], ""));
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let answer = nobody.send(method, &at, &[("sec-fetch-site", "same-origin")]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{at}");
        }
    }
    assert_eq!(operations, 28, "a handler that is not in the document cannot be found by programs");
}

#[tokio::test]
async fn all_assistants_are_listed_the_default_one_first() {
    let mut program = Program::new(true, &[("GREETING", "Hello.")]).await;
    let own = [
        ("+15550100199 name", Some("Front desk".to_owned())),
        ("+15550100199 assistant.instructions", Some("Be brief.".to_owned())),
        ("+15550100199 assistant.without_tools", Some("take_message".to_owned())),
    ];
    let app = &program.browser.app;
    server::saved::change(app, &own, "somebody", clock::now_ms()).await.expect("saved");
    let told = program.get("/assistants").await;
    let all = told["items"].as_array().expect("a list");
    let named: Vec<_> = all.iter().map(|one| (one["id"].as_str(), one["name"].as_str())).collect();
    assert_eq!(named, [(Some("default"), Some("")), (Some("+15550100199"), Some("Front desk"))]);
    assert_eq!(all[1]["instructions"], "Be brief.");
    let has = |one: &Value| {
        one["tools"].as_array().expect("tools").iter().any(|tool| tool["name"] == "take_message")
    };
    assert!(has(&all[0]) && !has(&all[1]), "each has its own tools");
}

#[tokio::test]
async fn what_is_no_wav_or_of_no_conversation_is_refused() {
    let mut program = Program::new(true, &[]).await;
    let silence = sound::wav::Wav::mono(8_000, vec![0; 8_000]).write();
    let bearer = format!("Bearer {}", program.token);
    let mut says = async |path: &str, file: Vec<u8>| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "audio/wav")];
        let page = program.browser.send_with(Method::POST, path, &headers, Body::from(file)).await;
        let told = serde_json::from_str(&page.text).unwrap_or_default();
        (page.status, refused(&page, &told))
    };
    for (path, file, status, why) in [
        ("/api/v1/voice", b"hello".to_vec(), StatusCode::UNPROCESSABLE_ENTITY, "no WAV file"),
        ("/api/v1/voice", Vec::new(), StatusCode::UNPROCESSABLE_ENTITY, "no WAV file"),
        ("/api/v1/voice", vec![0; 7 << 20], StatusCode::PAYLOAD_TOO_LARGE, "too large"),
        ("/api/v1/voice?conversation=x", silence.clone(), StatusCode::NOT_FOUND, "no such conversation"),
        ("/api/v1/voice?talk=x", silence, StatusCode::BAD_REQUEST, "query"),
    ] {
        let (refused, told) = says(path, file).await;
        assert!(refused == status && told.contains(why), "{path}: {refused} {told}");
    }
    assert!(program.browser.store.calls(9, i64::MAX).await.expect("read").is_empty(), "nobody was called");
}
