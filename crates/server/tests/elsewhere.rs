//! A calendar elsewhere, through the whole product: connected on a page, written before anything is said to be done, and
//! right after a process was killed at any step.

mod house;

use house::{
    House,
    browser::{self, Browser},
    waiting::{job, settled},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::clock;
use sim::google::{Fault, Google, Method as Asked, World};
use std::time::Duration;
use store::JobState;
use tempfile::TempDir;

const CALENDAR: &str = "owner@example.com";

async fn opened(google: &Google, folder: TempDir) -> House {
    let mut variables: Vec<_> = browser::settings_of_google(google).into();
    variables.extend([
        ("TIME_ZONE", "Europe/Berlin".into()),
        ("HOURS_SAT", "09:00-17:00".into()),
        ("HOURS_SUN", "09:00-17:00".into()),
        ("LOG_LEVEL", "info".into()),
    ]);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    House::open_in(folder, &variables).await
}

/// A house whose owner has connected Google by its consent page.
async fn connected() -> (Google, House, Browser) {
    let google = Google::listen(World::default()).await.expect("loopback");
    let house = opened(&google, tempfile::tempdir().expect("a folder")).await;
    let browser = Browser::of_the_owner(&house).await;
    browser.connects_google(&house, &google).await;
    (google, house, browser)
}

/// A time on a day that is open and far enough ahead, `2026-12-05T10:00`.
fn at(time: &str) -> String {
    let now = jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now");
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date().checked_add(jiff::Span::new().days(14));
    format!("{}T{time}", day.expect("a date"))
}

fn haircut(time: &str) -> Value {
    json!({"summary": "Haircut", "datetime_start": at(time)})
}

/// Where our appointments stand, by their starts.
async fn here(house: &House) -> Vec<i64> {
    let store = house.store().await;
    let rows = store.appointments_between("main", 0, i64::MAX).await.expect("read");
    rows.iter().map(|row| row.starts_ms).collect()
}

/// Where the events at Google stand, likewise.
fn there(google: &Google) -> Vec<i64> {
    let start = |event: &Value| {
        let text = event["start"]["dateTime"].as_str().expect("a time");
        let at: jiff::Timestamp = text.parse().expect("RFC 3339");
        at.as_millisecond()
    };
    let mut starts: Vec<_> = google.stands(CALENDAR).iter().map(start).collect();
    starts.sort_unstable();
    starts
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_connects_google_on_its_consent_page_and_what_is_agreed_stands_there() {
    let (google, house, browser) = connected().await;
    let page = browser.page(&house, "/calendars").await;
    assert!(page.contains("written to"), "{page}");
    let taken = json!({
        "summary": "Dentist",
        "start": {"dateTime": format!("{}:00", at("09:00")), "timeZone": "Europe/Berlin"},
        "end": {"dateTime": format!("{}:00", at("10:00")), "timeZone": "Europe/Berlin"},
    });
    google.put_in(CALENDAR, &taken);
    let (_, answer) =
        browser.ask(&house, Method::POST, "/calendar/check", &haircut("09:30")).await.expect("told");
    assert_eq!(answer["data"]["available"], false, "the owner's own appointment is in the way: {answer}");
    let (status, answer) =
        browser.ask(&house, Method::POST, "/calendar/create", &haircut("10:00")).await.expect("told");
    assert_eq!(status, StatusCode::OK, "{answer}");
    let ours = |google: &Google| {
        let mut starts = there(google);
        starts.remove(0);
        starts
    };
    assert_eq!(ours(&google), here(&house).await);

    let moved = json!({"original_datetime": at("10:00"), "new_datetime_start": at("11:00")});
    let (status, answer) = browser.ask(&house, Method::PUT, "/calendar/update", &moved).await.expect("told");
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(ours(&google), here(&house).await);
    let id = answer["data"]["id"].as_str().expect("an id").to_owned();

    let gone = json!({"datetime_start": at("11:00")});
    let (status, answer) =
        browser.ask(&house, Method::DELETE, "/calendar/delete", &gone).await.expect("told");
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!((ours(&google), here(&house).await), (vec![], vec![]));

    let page = browser.page(&house, &format!("/appointments/{id}")).await;
    let (_, undo) = page.split_once(&format!("/appointments/{id}/undo/")).expect("a way back");
    let undo = format!("/appointments/{id}/undo/{}", undo.split_once('"').expect("an end").0);
    assert_eq!(browser.post(&house.url(&undo)).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(ours(&google), here(&house).await);
    assert_eq!(here(&house).await.len(), 1);
    assert_eq!(google.mistakes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_is_told_to_the_owner_and_nothing_is_said_to_be_free() {
    let (google, house, browser) = connected().await;
    google.expire_tokens();
    google.revoke_grants();
    let (status, answer) =
        browser.ask(&house, Method::POST, "/calendar/create", &haircut("10:00")).await.expect("told");
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    assert!(answer["message"].as_str().expect("a sentence").contains("calendar"), "{answer}");
    assert_eq!((there(&google), here(&house).await), (vec![], vec![]));
    let store = house.store().await;
    // The owner gets a letter.
    job(&store, "owner", &[JobState::Waiting, JobState::Dead]).await;
    let page = browser.page(&house, "/calendars").await;
    assert!(page.contains("Connect the calendar again"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_of_booking_exactly_one_stands_or_none_and_nobody_was_told_otherwise() {
    let (google, mut house, browser) = connected().await;
    let steps = [
        (Asked::FreeBusyQuery, Fault::HoldBefore),
        (Asked::FreeBusyQuery, Fault::HoldAfter),
        (Asked::EventsInsert, Fault::HoldBefore),
        (Asked::EventsInsert, Fault::HoldAfter),
        (Asked::EventsList, Fault::HoldBefore),
        (Asked::EventsList, Fault::HoldAfter),
    ];
    for (hour, (asked, fault)) in (9..).zip(steps) {
        let time = format!("{hour:02}:00");
        let before = (here(&house).await, there(&google));
        assert_eq!(before.0, before.1);
        let seen = google.count(asked);
        google.fail(asked, 1, fault.clone());
        let wish = haircut(&time);
        let booking = browser.ask(&house, Method::POST, "/calendar/create", &wish);
        let reached = tokio::time::timeout(Duration::from_secs(20), google.asked(asked, seen + 1));
        let told = tokio::select! {
            told = booking => told,
            _ = reached => None,
        };
        let folder = house.kill().await;
        google.heal();
        google.release();
        house = opened(&google, folder).await;
        settled(&house.store().await).await;
        let after = (here(&house).await, there(&google));
        assert_eq!(after.0, after.1, "{asked:?} {fault:?}");
        let made = after.0.len() - before.0.len();
        assert!(made <= 1, "{asked:?} {fault:?}: {made} were made");
        let confirmed = told.is_some_and(|(status, _)| status == StatusCode::OK);
        assert!(!confirmed || made == 1, "{asked:?} {fault:?}: told, but not made");
        let (status, answer) =
            browser.ask(&house, Method::POST, "/calendar/check", &wish).await.expect("told");
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["data"]["available"], made == 0, "{asked:?} {fault:?}: {answer}");
    }
}
