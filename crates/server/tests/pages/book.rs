//! The book as programs and the owner use it: checked, booked, undone, fed to calendars, and what was given up on the way.

use super::rig::{Browser, Page};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};
use server::clock;
use store::NewJob;

#[tokio::test]
async fn programs_are_told_in_json_that_they_must_log_in() {
    let mut browser = Browser::new(&[]).await;
    let addresses = [
        (Method::POST, "/calendar/check"),
        (Method::POST, "/calendar/create"),
        (Method::PUT, "/calendar/update"),
        (Method::DELETE, "/calendar/delete"),
        (Method::POST, "/phone/check_availability"),
        (Method::POST, "/phone/confirm_appointment"),
    ];
    for (method, path) in addresses {
        let page = browser.send(method, path, &[]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{path}");
        let answer: serde_json::Value = serde_json::from_str(&page.text).expect("JSON");
        assert_eq!(answer["ok"], false);
    }
}

/// A day that is open and far enough ahead, `2026-12-05`.
fn a_day() -> String {
    let now = jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now");
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date().checked_add(jiff::Span::new().days(14));
    day.expect("a date").to_string()
}

const ALWAYS_OPEN: [(&str, &str); 3] =
    [("TIME_ZONE", "UTC"), ("HOURS_SAT", "09:00-17:00"), ("HOURS_SUN", "09:00-17:00")];

async fn ask(browser: &mut Browser, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let headers = [("content-type", "application/json")];
    let page = browser.send_with(method, path, &headers, Body::from(body.to_string())).await;
    (page.status, serde_json::from_str(&page.text).expect("JSON"))
}

#[tokio::test]
async fn programs_of_the_owner_check_book_move_and_cancel_under_the_rules_of_the_book() {
    let mut browser = Browser::owner(&ALWAYS_OPEN).await;
    let day = a_day();
    let at = |time: &str| format!("{day}T{time}");
    let new = json!({"summary": "Haircut", "datetime_start": at("10:00")});
    let (status, answer) =
        ask(&mut browser, Method::POST, "/calendar/check", json!({"datetime_start": at("10:00")})).await;
    assert_eq!((status, &answer["data"]["available"]), (StatusCode::OK, &json!(true)), "{answer}");
    let (status, answer) = ask(&mut browser, Method::POST, "/calendar/create", new).await;
    assert_eq!((status, &answer["ok"]), (StatusCode::OK, &json!(true)), "{answer}");
    let other = json!({"summary": "Another", "datetime_start": at("10:15")});
    let (status, answer) = ask(&mut browser, Method::POST, "/phone/confirm_appointment", other).await;
    assert_eq!((status, &answer["ok"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(false)), "{answer}");
    assert!(answer["data"]["alternatives"].as_array().is_some_and(|times| !times.is_empty()), "{answer}");
    let moved = json!({"original_datetime": at("10:00"), "new_datetime_start": at("14:00")});
    let (status, answer) = ask(&mut browser, Method::PUT, "/calendar/update", moved).await;
    assert_eq!((status, &answer["data"]["start"]), (StatusCode::OK, &json!(at("14:00"))), "{answer}");
    let (status, answer) =
        ask(&mut browser, Method::DELETE, "/calendar/delete", json!({"datetime_start": at("14:00")})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (status, answer) = ask(&mut browser, Method::POST, "/calendar/create", json!([1])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
}

/// Cancels an appointment from its page.
async fn cancel(browser: &mut Browser, path: &str) -> Page {
    let seen = browser.get(path).await.value("seen");
    browser.submit(&format!("{path}/cancel"), &[("seen", &seen)]).await
}

#[tokio::test]
async fn an_appointment_tells_what_was_done_to_it_and_each_last_step_can_be_undone() {
    let mut browser = Browser::owner(&ALWAYS_OPEN).await;
    let day = a_day();
    let at = |time: &str| format!("{day}T{time}");
    let new = json!({"summary": "Haircut <b>", "datetime_start": at("10:00")});
    let (_, booked) = ask(&mut browser, Method::POST, "/calendar/create", new).await;
    let path = format!("/appointments/{}", booked["data"]["id"].as_str().expect("an id"));
    let page = browser.get(&path).await;
    assert!(page.text.contains("Haircut &#60;b&#62;") && page.text.contains("10:00–10:30"), "{}", page.text);
    assert_eq!(cancel(&mut browser, &path).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(&path).await;
    assert!(page.text.contains("cancelled"));
    let undo = |page: &Page| {
        let (before, _) = page.text.split_once("\"><button class=\"small\">Undo").expect("a way back");
        before.rsplit_once("action=\"").expect("an address").1.to_owned()
    };
    let back = undo(&page);
    assert_eq!(browser.post(&back).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(&path).await;
    assert!(
        page.text.contains("Booked again") && !page.text.contains("class=\"tag\">cancelled"),
        "{}",
        page.text
    );
    assert_eq!(browser.post(&back).await.status, StatusCode::SEE_OTHER, "undone twice is undone once");
    assert!(browser.get(&path).await.text.contains("Booked again"));

    assert_eq!(cancel(&mut browser, &path).await.status, StatusCode::SEE_OTHER);
    let cancelled = undo(&browser.get(&path).await);
    let (status, _) = ask(
        &mut browser,
        Method::POST,
        "/calendar/create",
        json!({"summary": "Another", "datetime_start": at("10:00")}),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    let page = browser.post(&cancelled).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("something else is there now"));
    assert_eq!(browser.get("/appointments/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_feed_is_read_by_its_secret_link_alone_and_only_by_the_newest() {
    let mut browser = Browser::owner(&ALWAYS_OPEN).await;
    let new = json!({"summary": "Haircut", "datetime_start": format!("{}T10:00", a_day())});
    ask(&mut browser, Method::POST, "/calendar/create", new).await;
    let link = |page: &Page| {
        let (_, after) = page.text.split_once("/feeds/").expect("a link");
        format!("/feeds/{}", after.split_once('<').expect("an end").0)
    };
    let first = link(&browser.post("/calendars/feed").await);
    let mut stranger = Browser { cookie: None, ..browser.clone() };
    let feed = stranger.get(&first).await;
    assert_eq!((feed.status, feed.header("content-type")), (StatusCode::OK, "text/calendar; charset=utf-8"));
    assert!(
        feed.text.contains("SUMMARY:Haircut") && feed.text.ends_with("END:VCALENDAR\r\n"),
        "{}",
        feed.text
    );
    let second = link(&browser.post("/calendars/feed").await);
    assert_eq!(stranger.get(&first).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.get(&second).await.status, StatusCode::OK);
    browser.post("/calendars/feed/close").await;
    assert_eq!(stranger.get(&second).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_given_up_is_shown_and_tried_again() {
    let mut browser = Browser::owner(&[]).await;
    assert!(browser.get("/outbox").await.text.contains("Everything has arrived"));
    let now_ms = clock::now_ms();
    let job = NewJob { kind: "owner", key: "a letter", payload: "{}", due_ms: now_ms, now_ms };
    browser.app.store.queue_job(&job).await.expect("queued");
    let claimed = browser.app.store.claim_jobs(now_ms, now_ms + 1_000, 1).await.expect("claimed");
    browser.app.store.job_failed(&claimed[0], "no <server>", None, now_ms).await.expect("given up");
    let page = browser.get("/outbox").await;
    assert!(page.text.contains("Given up") && page.text.contains("no &#60;server&#62;"), "{}", page.text);
    assert_eq!(browser.post(&format!("/outbox/{}/retry", claimed[0].id)).await.status, StatusCode::SEE_OTHER);
    assert!(!browser.get("/outbox").await.text.contains("Given up"));
    assert_eq!(browser.post("/outbox/nothing/retry").await.status, StatusCode::NOT_FOUND);
}
