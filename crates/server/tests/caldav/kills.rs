//! Killed at random moments while it books, with the calendar on Radicale and with the calendar at Google.

use crate::{
    at, connect, here,
    house::{
        House,
        browser::{self, Browser},
        waiting::settled,
    },
    opened,
    radicale::Radicale,
    there,
};
use fastrand::Rng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::google::{Google, World};
use std::{
    future::Future,
    io::{Write, stderr},
};
use tempfile::TempDir;

const KILLS: i8 = 15;

/// Kills the house while it books, again and again, and each time it is right afterwards: one stands on both sides, or
/// none, and nobody was told otherwise.
#[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
async fn killed_at_random<F: Future<Output = House>>(
    seed: u64,
    mut house: House,
    browser: &Browser,
    reopen: impl Fn(TempDir) -> F,
    there: impl Fn() -> Vec<String>,
) {
    let mut random = Rng::with_seed(seed);
    let book = async |house: &House, time: &str| {
        let wish = json!({"summary": "Haircut", "datetime_start": at(time)});
        browser.ask(house, Method::POST, "/calendar/create", &wish).await
    };
    // How long a booking takes here, so that the kills fall within one.
    let began = tokio::time::Instant::now();
    let (status, told) = book(&house, "09:00").await.expect("told");
    assert_eq!(status, StatusCode::OK, "{told}");
    let mut usual = began.elapsed();
    let mut within = 0;
    for nth in 1..=KILLS {
        let time = format!("{:02}:{:02}", 9 + nth / 2, nth % 2 * 30);
        let before = here(&house).await;
        let after = usual.mul_f64(random.f64());
        let began = tokio::time::Instant::now();
        let told = tokio::select! {
            told = book(&house, &time) => told,
            () = tokio::time::sleep(after) => None,
        };
        usual = if told.is_some() { began.elapsed() } else { usual };
        house = reopen(house.kill().await).await;
        settled(&house.store().await).await;
        let now = here(&house).await;
        assert_eq!(now, there(), "seed {seed}, kill {nth} after {after:?}: {told:?}");
        let made = now.len() - before.len();
        assert!(made <= 1 && now.iter().filter(|start| !before.contains(start)).count() == made);
        match told {
            Some((status, told)) => {
                assert_eq!(made == 1, status == StatusCode::OK, "seed {seed}, kill {nth}: {told}");
            }
            None => within += 1,
        }
        let wish = json!({"datetime_start": at(&time)});
        let asked = browser.ask(&house, Method::POST, "/calendar/check", &wish).await;
        let (_, told) = asked.expect("told");
        assert_eq!(told["data"]["available"], made == 0, "seed {seed}, kill {nth}: {told}");
    }
    writeln!(stderr(), "kills that fell within a booking: {within} of {KILLS}, of {usual:?} each")
        .expect("standard error is open");
    assert!(within > KILLS / 3, "{within} of {KILLS}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_radicale_and_the_book_agree_and_nobody_was_told_otherwise() {
    let radicale = Radicale::start().await;
    let house = opened(tempfile::tempdir().expect("a folder")).await;
    let browser = connect(&house, &radicale).await;
    killed_at_random(3, house, &browser, opened, || there(&radicale)).await;
    let ([puts], log) = radicale.answers_of(["PUT"]);
    assert!(puts.iter().all(|line| !line.contains("500")), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_moments_google_and_the_book_agree_and_nobody_was_told_otherwise() {
    let google = Google::listen(World::default()).await.expect("loopback");
    let reopen = |folder| at_google(&google, folder);
    let house = reopen(tempfile::tempdir().expect("a folder")).await;
    let browser = Browser::of_the_owner(&house).await;
    browser.connects_google(&house, &google).await;
    killed_at_random(7, house, &browser, reopen, || at_googles(&google)).await;
    assert_eq!(google.mistakes(), Vec::<String>::new());
}

async fn at_google(google: &Google, folder: TempDir) -> House {
    let settings = browser::settings_of_google(google);
    let ours = settings.iter().map(|(name, value)| (*name, value.as_str()));
    let variables: Vec<_> = ours.chain(crate::OPEN).collect();
    House::open_in(folder, &variables).await
}

/// When the events at Google begin, in the owner's zone.
fn at_googles(google: &Google) -> Vec<String> {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    let start = |event: &Value| {
        let text = event["start"]["dateTime"].as_str().expect("a time");
        let at: jiff::Timestamp = text.parse().expect("RFC 3339");
        at.to_zoned(zone.clone()).strftime("%Y%m%dT%H%M%S").to_string()
    };
    let mut starts: Vec<_> = google.stands("owner@example.com").iter().map(start).collect();
    starts.sort();
    starts
}
