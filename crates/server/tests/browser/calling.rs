//! Calls from the page: with a voice at the microphone, by guests, and by those who may not.

use super::{chromium::Chromium, lived_in::ZONE, tab::Tab};
use crate::house::{
    House,
    browser::Browser,
    waiting::{self, calls, ended, noted, until},
};
use engine::local::Workers;
use futures_util::{SinkExt, StreamExt};
use jiff::{ToSpan, Zoned, civil::Weekday};
use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use server::{clock, command::demo::speech};
use sound::{resample::resample, wav::Wav};
use std::{fmt::Write as _, io::Write as _, path::Path};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

const HERTZ: u32 = 48_000;

/// A recording of somebody who begins so many seconds after they were connected, and pauses so long after each sentence. It
/// is played again and again: who was not understood says it once more.
pub async fn spoken(file: &Path, before: f32, sentences: &[(&str, f32)]) {
    let voice = speech::voice(&Workers::new(env!("CARGO_BIN_EXE_earpiece")), "rms");
    let silence = |seconds: f32| vec![0_i16; (seconds * HERTZ as f32) as usize];
    let mut samples = silence(before);
    for (words, after) in sentences {
        let said = voice((*words).to_owned()).await.expect("Flite speaks");
        samples.extend(resample(&said, 8_000, HERTZ));
        samples.extend(silence(*after));
    }
    std::fs::write(file, Wav::mono(HERTZ, samples).write()).expect("written");
}

/// A Tuesday or, where today is one, the Thursday after it: far enough ahead to be free.
pub fn wanted() -> (&'static str, Zoned) {
    let now =
        jiff::Timestamp::from_millisecond(clock::now_ms()).expect("a time").in_tz(ZONE).expect("a zone");
    let (name, day) = match now.weekday() {
        Weekday::Tuesday => ("thursday", Weekday::Thursday),
        _ => ("tuesday", Weekday::Tuesday),
    };
    let mut ahead = (1..=7).map(|days| now.checked_add(days.days()).expect("a day"));
    (name, ahead.find(|one| one.weekday() == day).expect("every week has one"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_speaks_to_the_page_has_an_appointment_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let microphone = folder.path().join("caller.wav");
    let (day, date) = wanted();
    let wish = format!("I would like to book an appointment on {day} at ten a m.");
    spoken(&microphone, 1.5, &[(&wish, 11.0), ("Yes, please.", 11.0)]).await;
    let house = House::open(&[("TIME_ZONE", ZONE), ("LOG_LEVEL", "warn")]).await;
    let owner = Browser::of_the_owner(&house).await;
    let store = house.store().await;
    let tab = Tab::open(&Chromium::hearing(&microphone)).await;
    tab.keep_cookie(&house.url("/"), &owner.cookie).await;
    tab.go(&house.url("/phone")).await;
    tab.click("button", "Call").await;
    tab.reads("Connected").await;
    let notes = until(async || {
        let notes = noted(&store, "engine_ready", 1).await;
        let booked = notes.iter().any(|note| waiting::read(note)["effect"]["booked"].is_object());
        booked.then_some(notes)
    })
    .await;
    let appointment = notes
        .iter()
        .find_map(|note| waiting::read(note)["effect"]["booked"]["starts"].as_str().map(str::to_owned));
    assert_eq!(appointment.as_deref(), Some(format!("{}T10:00", date.date()).as_str()));
    tab.reads("It is booked: ").await;
    tab.until("document.querySelectorAll('.story .caller').length > 0").await;
    tab.until(r#"/^\d+ ms$/.test(document.querySelector('[data-part="waited"]').textContent)"#).await;
    let waited = tab.run(r#"document.querySelector('[data-part="typical"]').textContent"#).await;
    writeln!(std::io::stderr(), "an answer on the page came typically after {waited}").expect("open");
    tab.click("button", "Hang up").await;
    tab.reads("You hung up.").await;
    let call = ended(&store).await;
    assert_eq!(call.ending.as_deref(), Some("caller_hung_up"));
    assert_eq!((call.carrier.as_str(), call.trust.as_str()), ("browser", "owner"));
    tab.go(&house.url("/appointments?view=list")).await;
    tab.reads("10:00").await;
    tab.go(&house.url(&format!("/calls/{}", call.id))).await;
    tab.reads("by browser").await;
    tab.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_speaks_over_the_greeting_silences_it_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let microphone = folder.path().join("caller.wav");
    let wish = "I would like to book an appointment on tuesday at ten a m, as early as you can, please.";
    spoken(&microphone, 3.0, &[(wish, 9.0)]).await;
    let greeting = "Hello and welcome to the office on Maple Street, where we are glad that you call, on whatever day it \
                    may be, and where we will gladly find a time for you that suits you and everybody else. How can we \
                    help you today, or on any other day of this week, or of the next one?";
    let settings = [("TIME_ZONE", ZONE), ("LOG_LEVEL", "warn"), ("GREETING", greeting)];
    let house = House::open(&settings).await;
    let owner = Browser::of_the_owner(&house).await;
    let store = house.store().await;
    let tab = Tab::open(&Chromium::hearing(&microphone)).await;
    tab.keep_cookie(&house.url("/"), &owner.cookie).await;
    tab.go(&house.url("/phone")).await;
    tab.click("button", "Call").await;
    tab.reads("you broke in after").await;
    let notes = noted(&store, "interrupted", 1).await;
    let interrupted = notes.iter().find(|note| note.kind == "interrupted").map(waiting::read).expect("noted");
    let (heard, sent) = (interrupted["heard_ms"].as_u64(), interrupted["sent_ms"].as_u64());
    assert!(heard > Some(0) && heard < sent, "{interrupted}");
    // What was thrown away is told as soon as what was played: nothing of it sounds any more.
    tab.until(r#"document.querySelector('[data-part="said"]').value === 0"#).await;
    tab.click("button", "Hang up").await;
    ended(&store).await;
    tab.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_calls_by_a_link_as_a_stranger_until_it_is_ended() {
    let browser = Chromium::shared();
    let house = House::open(&[("TIME_ZONE", ZONE), ("LOG_LEVEL", "warn")]).await;
    let owner = Browser::of_the_owner(&house).await;
    let store = house.store().await;
    let tab = Tab::open(&browser).await;
    tab.keep_cookie(&house.url("/"), &owner.cookie).await;
    tab.go(&house.url("/phone")).await;
    tab.write("For whom", "   ").await;
    tab.until_loaded(async || tab.click("button", "Make a link").await).await;
    tab.reads("Say for whom it is").await;
    assert!(tab.take_troubles().join("\n").contains("422"));
    tab.write("For whom", "Grandma <b>").await;
    tab.until_loaded(async || tab.click("button", "Make a link").await).await;
    tab.reads("The link for Grandma <b>.").await;
    let link = tab.run("document.querySelector('.told code').textContent").await;
    let link = link.as_str().expect("a link").to_owned();

    let guest = Tab::open(&browser).await;
    guest.go(&house.url(&link)).await;
    guest.click("button", "Call").await;
    guest.reads("Connected").await;
    guest.until("document.querySelectorAll('.story .assistant').length > 0").await;
    guest.click("button", "Mute").await;
    guest.reads("Muted").await;
    guest.press('5').await;
    guest.reads("You pressed 5.").await;
    guest.click("button", "star").await;
    noted(&store, "key_pressed", 2).await;
    guest.click("button", "Hang up").await;
    let call = ended(&store).await;
    assert_eq!((call.trust.as_str(), call.from.as_str()), ("stranger", "browser:Grandma <b>"));

    tab.go(&house.url("/phone")).await;
    tab.until_loaded(async || tab.click("button", "End the link for Grandma <b>").await).await;
    guest.click("button", "Call").await;
    guest.until(r#"document.querySelector('[data-part="call"]').textContent === "Call""#).await;
    guest
        .until(r#"document.querySelector('[data-part="status"]').textContent.includes("could not begin")"#)
        .await;
    assert!(guest.take_troubles().join("\n").contains("403"));
    assert_eq!(calls(&store).await.len(), 1);
    guest.close().await;
    tab.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_makes_no_more_calls_an_hour_than_it_may() {
    let house = House::open(&[("LOG_LEVEL", "error")]).await;
    let owner = Browser::of_the_owner(&house).await;
    let page = owner.send(&house.url("/phone/links"), &[("name", "Ben"), ("hours", "1")]).await;
    let page = page.text().await.expect("text");
    let (_, link) = page.split_once("/talk/").expect("the link is shown");
    let call = house.url(&format!("/talk/{}/call", &link[..43]));
    let ring = async || {
        let request = owner.http.post(&call).header("sec-fetch-site", "same-origin");
        request.send().await.expect("an answer").status()
    };
    for _ in 0..10 {
        assert_eq!(ring().await, StatusCode::OK);
    }
    assert_eq!(ring().await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_opens_for_a_page_of_ours_for_who_began_the_call_and_once() {
    let house = House::open(&[("LOG_LEVEL", "error")]).await;
    let owner = Browser::of_the_owner(&house).await;
    let nobody = owner.http.post(house.url("/phone/call")).header("sec-fetch-site", "same-origin");
    assert_eq!(
        nobody.send().await.expect("an answer").status(),
        StatusCode::FORBIDDEN,
        "who is not logged in"
    );
    let begun: Value = owner.post(&house.url("/phone/call")).await.json().await.expect("JSON");
    let ours = format!("http://{}", house.address);
    for origin in [None, Some("https://evil.example.com"), Some("null")] {
        let refused = open(&house, origin, Some(&owner.cookie)).await.expect_err("it is not a page of ours");
        let Error::Http(answer) = refused else { panic!("{refused}") };
        assert_eq!(answer.status(), 403, "{origin:?}");
    }
    let start = |token: &Value| json!({"event": "start", "call": begun["call"], "token": token}).to_string();
    for (cookie, token, why) in
        [(None, begun["token"].clone(), "log in"), (Some(&owner.cookie), "another".into(), "unknown token")]
    {
        let opened =
            open(&house, Some(&ours), cookie.map(String::as_str)).await.expect("it may introduce itself");
        assert_eq!(answered(opened, start(&token)).await, Err(why.to_owned()));
    }
    let right = open(&house, Some(&ours), Some(&owner.cookie)).await.expect("it is opened");
    assert_eq!(answered(right, start(&begun["token"])).await, Ok(()));
    let again = open(&house, Some(&ours), Some(&owner.cookie)).await.expect("it may introduce itself");
    assert_eq!(answered(again, start(&begun["token"])).await, Err("token used before".to_owned()));
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(house: &House, origin: Option<&str>, cookie: Option<&str>) -> Result<Socket, Error> {
    let mut request = format!("ws://{}/browser/stream", house.address).into_client_request()?;
    for (name, value) in [(header::ORIGIN, origin), (header::COOKIE, cookie)] {
        if let Some(value) = value {
            request.headers_mut().insert(name, value.parse().expect("a header"));
        }
    }
    Ok(connect_async(request).await?.0)
}

/// What becomes of a stream that begins so: it carries something, or is closed with this reason.
async fn answered(mut socket: Socket, start: String) -> Result<(), String> {
    socket.send(Message::text(start)).await.expect("it listens");
    let mut seen = String::new();
    while let Ok(Some(Ok(message))) = tokio::time::timeout(waiting::PATIENCE, socket.next()).await {
        match message {
            Message::Close(frame) => {
                return Err(frame.map_or_else(String::new, |frame| frame.reason.to_string()));
            }
            Message::Text(_) | Message::Binary(_) => return Ok(()),
            other => write!(seen, "{other:?}").expect("a String takes everything"),
        }
    }
    Err(format!("nothing came of it: {seen}"))
}
