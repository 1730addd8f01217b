//! What a test can let go wrong, and that it goes wrong as ordered.

use super::*;
use sim::google::Fault;
use std::io;

const DAY: &str = "2026-12-01";
const INSERT: &str = "/calendar/v3/calendars/primary/events";

/// An insert whose answer may never come.
async fn try_insert(client: &Client, id: &str, patience: Duration) -> io::Result<Response> {
    let headers = vec![
        ("Authorization".into(), format!("Bearer {}", client.token)),
        ("Content-Type".into(), "application/json".into()),
    ];
    let body = event(id, DAY, 9, 10).to_string().into_bytes();
    let request = Request { method: "POST".into(), target: INSERT.into(), headers, body };
    http::ask(client.google.address(), &request, patience).await
}

#[tokio::test]
async fn a_quota_is_answered_as_often_as_ordered_and_nothing_is_done() {
    let client = Client::new().await;
    let cases = [
        (Fault::UserRateLimit, 403, "userRateLimitExceeded"),
        (Fault::RateLimit(None), 429, "rateLimitExceeded"),
        (Fault::Quota, 403, "quotaExceeded"),
        (Fault::Error(503, "backendError".into()), 503, "backendError"),
    ];
    for (fault, status, reason) in cases {
        client.google.fail(Method::EventsInsert, 2, fault);
        client.get("calendars/primary/events").await;
        for _ in 0..2 {
            let (found, answer) = client.insert(&event("first", DAY, 9, 10)).await;
            assert_eq!((found, &answer["error"]["errors"][0]["reason"]), (status, &json!(reason)));
        }
        assert!(client.google.event("primary", "first").is_none());
    }
    client.google.fail(None, 1, Fault::RateLimit(Some(7)));
    let answer = client.send("GET", "calendars/primary/events", &[], None).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    assert_eq!(client.insert(&event("first", DAY, 9, 10)).await.0, 200);
    assert!(client.google.log().iter().all(|logged| logged.done == (logged.status == Some(200))));
}

#[tokio::test]
async fn a_dropped_connection_leaves_the_event_made_or_not_as_ordered() {
    let client = Client::new().await;
    for (id, fault, stands) in [
        ("before", Fault::DropBefore, false),
        ("after", Fault::DropAfter, true),
        ("half0", Fault::HalfBody, true),
    ] {
        client.google.fail(Method::EventsInsert, 1, fault);
        let error = try_insert(&client, id, PATIENCE).await.expect_err("the answer is lost");
        assert_ne!(error.kind(), io::ErrorKind::TimedOut, "the connection ends at once");
        assert_eq!(client.google.event("primary", id).is_some(), stands, "{id}");
        client.google.until(|log| log.last().is_some_and(|logged| logged.over)).await;
        let logged = client.google.log().pop().expect("it is logged");
        assert_eq!((logged.status, logged.done), (None, stands));
    }
    client.google.fail(Method::EventsDelete, 1, Fault::HalfBody);
    let headers = vec![("Authorization".into(), format!("Bearer {}", client.token))];
    let target = format!("{INSERT}/after");
    let request = Request { method: "DELETE".into(), target, headers, body: Vec::new() };
    assert!(
        http::ask(client.google.address(), &request, PATIENCE).await.is_err(),
        "an answer without a body is cut too"
    );
    assert_eq!(client.google.stands("primary").len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_sent_as_it_is() {
    let client = Client::new().await;
    client.google.fail(None, 1, Fault::Html(502));
    let answer = client.send("GET", "calendars/primary", &[], None).await;
    assert_eq!((answer.status, answer.header("content-type")), (502, Some("text/html; charset=UTF-8")));
    client.google.fail(Method::EventsInsert, 1, Fault::Nonsense("[]".into()));
    assert_eq!(try_insert(&client, "nothing", PATIENCE).await.expect("an answer").body, b"[]");
    assert!(client.google.event("primary", "nothing").is_none());
    client.google.fail(Method::EventsInsert, 1, Fault::Garbled("{\"id\":".into()));
    let answer = try_insert(&client, "done0", PATIENCE).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{\"id\":"[..]));
    assert!(client.google.event("primary", "done0").is_some());
}

#[tokio::test]
async fn a_held_request_goes_on_when_released() {
    let client = Client::new().await;
    for (id, fault, done) in [("before", Fault::HoldBefore, false), ("after", Fault::HoldAfter, true)] {
        client.google.fail(Method::EventsInsert, 1, fault);
        let asked = try_insert(&client, id, PATIENCE);
        let watch = async {
            client
                .google
                .until(|log| {
                    log.last().is_some_and(|logged| {
                        logged.request.method == "POST" && !logged.over && logged.done == done
                    })
                })
                .await;
            assert_eq!(client.google.event("primary", id).is_some(), done);
            client.google.release();
        };
        let (answer, ()) = tokio::join!(asked, watch);
        assert_eq!(answer.expect("it is released").status, 200);
        assert!(client.google.event("primary", id).is_some());
    }
}

#[tokio::test]
async fn a_slow_answer_outlasts_an_impatient_client() {
    let client = Client::new().await;
    client.google.fail(Method::EventsInsert, 1, Fault::Slow(Duration::from_mins(1)));
    let error = try_insert(&client, "later", Duration::from_millis(50)).await.expect_err("it takes a minute");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    client.google.fail(None, 3, Fault::Html(500));
    client.google.heal();
    assert_eq!(try_insert(&client, "fine0", PATIENCE).await.expect("all is well").status, 200);
}

#[tokio::test]
async fn somebody_makes_an_event_just_before_ours() {
    let client = Client::new().await;
    client.google.put_in_before(Method::EventsInsert, 2, "primary", event("theirs", DAY, 9, 10));
    client.insert(&event("first", DAY, 12, 13)).await;
    assert!(client.google.event("primary", "theirs").is_none());
    let busy = json!({"timeMin": "2026-12-01T08:00:00Z", "timeMax": "2026-12-01T11:00:00Z", "items": [{"id": "primary"}]});
    let (_, answer) = client.ask("POST", "freeBusy", Some(&busy)).await;
    assert_eq!(answer["calendars"]["primary"]["busy"], json!([]), "it is free when looked at");
    assert_eq!(client.insert(&event("ours0", DAY, 9, 10)).await.0, 200);
    let standing: Vec<_> = client.google.stands("primary").iter().map(|event| event["id"].clone()).collect();
    assert_eq!(standing, ["first", "ours0", "theirs"]);
}
