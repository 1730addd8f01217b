//! Calls from the page with a voice at its microphone.

use super::{
    chromium::Chromium,
    tab::Tab,
    voice::{ZONE, spoken, wanted},
};
use crate::house::{
    House,
    browser::Browser,
    waiting::{self, ended, noted, until},
};
use std::{io::Write as _, path::Path};

/// The owner's page, on which they have pressed the button, with this recording as the microphone.
async fn called(house: &House, microphone: &Path) -> Tab {
    let owner = Browser::of_the_owner(house).await;
    let tab = Tab::open(&Chromium::hearing(microphone)).await;
    tab.keep_cookie(&house.url("/"), &owner.cookie).await;
    tab.go(&house.url("/phone")).await;
    tab.click("button", "Call").await;
    tab
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_speaks_to_the_page_has_an_appointment_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let microphone = folder.path().join("caller.wav");
    let (day, date) = wanted();
    let wish = format!("I would like to book an appointment on {day} at ten a m.");
    spoken(&microphone, 1.5, &[(&wish, 11.0), ("Yes, please.", 11.0)]).await;
    let house = House::open(&[("TIME_ZONE", ZONE), ("LOG_LEVEL", "warn")]).await;
    let store = house.store().await;
    let tab = called(&house, &microphone).await;
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
    let store = house.store().await;
    let tab = called(&house, &microphone).await;
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
