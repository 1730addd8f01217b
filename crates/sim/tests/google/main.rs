//! The stand-in for Google, held to Google's own libraries, to its schemas, and to what Google refuses.

mod calendar;
mod faults;
mod oauth;
#[path = "../shared/program.rs"]
mod program;
mod vendor;

use serde_json::{Value, json};
use sim::{
    google::{Google, Method, World, schema},
    http::{self, Request, Response},
};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);
const EVENTS: &str = "https://www.googleapis.com/auth/calendar.events";
const FREEBUSY: &str = "https://www.googleapis.com/auth/calendar.freebusy";
const ALL: &str = "https://www.googleapis.com/auth/calendar";

/// A client with a token, which holds every answer to Google's schemas.
struct Client {
    google: Google,
    token: String,
}

impl Client {
    async fn new() -> Self {
        let google = Google::listen(World::default()).await.expect("a free port");
        let token = google.grant(&[ALL]).access;
        Self { google, token }
    }

    async fn send(&self, verb: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Response {
        let mut request = Request {
            method: verb.into(),
            target: format!("/calendar/v3/{path}"),
            headers: vec![("Authorization".into(), format!("Bearer {}", self.token))],
            body: Vec::new(),
        };
        request.headers.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        if let Some(body) = body {
            request.headers.push(("Content-Type".into(), "application/json".into()));
            request.body = body.to_string().into_bytes();
        }
        http::ask(self.google.address(), &request, PATIENCE).await.expect("an answer")
    }

    /// The status, and the body as JSON; null where there is none.
    async fn ask(&self, verb: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let response = self.send(verb, path, &[], body).await;
        if response.body.is_empty() {
            return (response.status, Value::Null);
        }
        let answer: Value = serde_json::from_slice(&response.body).expect("Google answers JSON");
        let method = self.google.log().last().expect("it is logged").method.expect("it is a method");
        let name = if response.status < 300 { schema::answer_of(method) } else { Some("ErrorEnvelope") };
        if let Some(name) = name {
            schema::judge(name, &answer).unwrap_or_else(|why| panic!("{why}: {answer}"));
        }
        (response.status, answer)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, None).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn insert(&self, event: &Value) -> (u16, Value) {
        self.ask("POST", "calendars/primary/events", Some(event)).await
    }

    /// The status and reason of a refusal.
    async fn refused(&self, verb: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let (status, answer) = self.ask(verb, path, body).await;
        (status, answer["error"]["errors"][0]["reason"].as_str().unwrap_or_default().to_owned())
    }
}

/// An event on this day from one hour to another, in UTC.
fn event(id: &str, day: &str, from: u8, to: u8) -> Value {
    let time = |hour| json!({"dateTime": format!("{day}T{hour:02}:00:00Z")});
    json!({"id": id, "summary": id, "start": time(from), "end": time(to)})
}

fn ids(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("a list").iter().filter_map(|event| event["id"].as_str()).collect()
}

#[tokio::test]
async fn the_log_says_what_was_asked_and_what_became_of_it() {
    let client = Client::new().await;
    client.get("users/me/calendarList").await;
    let log = client.google.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].method, Some(Method::CalendarListList));
    assert_eq!(log[0].request.target, "/calendar/v3/users/me/calendarList");
    client.google.until(|log| log[0].over && log[0].done && log[0].status == Some(200)).await;
    assert_eq!(client.google.count(Method::CalendarListList), 1);
    assert!(client.google.mistakes().is_empty());
}
