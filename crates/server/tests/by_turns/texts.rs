//! The assistant answers texts with the tools that it has on the telephone.

use super::rig::{ANNA, Office, scripted, until};
use crate::house::{AUTH_TOKEN, House, browser::Browser};
use sim::phone::{
    Account, Carrier,
    text::{Inbound, deliver},
};
use store::{AppointmentRow, Direction};

/// Texts this, and waits for what is answered.
async fn said(house: &House, account: &Account, text: &Inbound) -> Option<String> {
    deliver(account, text).await.expect("it is taken");
    let store = house.store().await;
    let texts = store.texts_with(&text.from, 500).await.expect("the database answers");
    let answer = texts.into_iter().find(|row| row.key.starts_with("answer:") && row.key.ends_with(&text.id));
    answer.map(|row| row.body)
}

async fn writes(office: &Office, words: &str) -> Option<String> {
    let text = Inbound::local(&office.account, office.house.address, ANNA, words);
    said(&office.house, &office.account, &text).await
}

async fn booked(house: &House) -> Vec<AppointmentRow> {
    let store = house.store().await;
    let rows = store.appointments_between("main", 0, i64::MAX).await.expect("the database answers");
    rows.into_iter().filter(|row| row.status == "booked").collect()
}

#[tokio::test]
async fn an_appointment_is_made_by_text_after_it_was_read_back() {
    for carrier in Carrier::ALL {
        let more = [
            ("TWILIO_PHONE_NUMBER", "+14155550100"),
            ("PLIVO_PHONE_NUMBER", "+14155550100"),
            ("TELNYX_PHONE_NUMBER", "+14155550100"),
            ("CONFIRMATIONS", "none"),
        ];
        let office = Office::open(carrier, scripted([]), &more).await;
        let asked = writes(&office, "Hi, can I have an appointment next Tuesday at 10am?").await;
        let asked = asked.expect("it is answered");
        assert!(asked.contains("Tuesday") && asked.contains('?'), "{carrier}: {asked}");
        assert!(booked(&office.house).await.is_empty(), "{carrier}: not before they have said yes");
        let yes = Inbound::local(&office.account, office.house.address, ANNA, "Yes please");
        let done = said(&office.house, &office.account, &yes).await.expect("it is answered");
        let rows = booked(&office.house).await;
        assert_eq!((rows.len(), rows[0].caller.as_str()), (1, ANNA), "{carrier}: {done}");
        // Told again, it does nothing new and is answered the same.
        assert_eq!(said(&office.house, &office.account, &yes).await.as_deref(), Some(done.as_str()));
        assert_eq!(booked(&office.house).await.len(), 1, "{carrier}");
        // What the webhook cannot carry goes by the carrier's API, once.
        let sent = office.api.texts();
        match carrier {
            Carrier::Twilio => assert_eq!(sent.len(), 0),
            Carrier::Plivo | Carrier::Telnyx => {
                assert_eq!(sent.iter().filter(|text| text.body == done).count(), 1, "{carrier}: {sent:?}");
            }
        }
        assert_eq!(office.service.sessions().len(), 0, "{carrier}: no model is asked");
    }
}

#[tokio::test]
async fn a_conversation_by_text_survives_a_restart() {
    let account = Account::new(Carrier::Twilio, AUTH_TOKEN);
    let house = House::open(&[("TIME_ZONE", "UTC")]).await;
    let text = |house: &House, words: &str| Inbound::local(&account, house.address, ANNA, words);
    let first = said(&house, &account, &text(&house, "Book an appointment next Tuesday at ten")).await;
    assert!(first.is_some_and(|words| words.contains("Tuesday")));
    let house = House::open_in(house.kill().await, &[("TIME_ZONE", "UTC")]).await;
    let second = said(&house, &account, &text(&house, "yes")).await.expect("it is answered");
    assert_eq!(booked(&house).await.len(), 1, "{second}");
}

#[tokio::test]
async fn who_texts_what_is_not_understood_is_told_what_can_be_and_a_message_is_passed_on() {
    let office = Office::open(Carrier::Twilio, scripted([]), &[]).await;
    for words in ["What is the meaning of life?", "?!", "\u{1F600}\u{1F600}"] {
        let told = writes(&office, words).await.expect("it is answered");
        assert!(told.contains("By text I can book, move or cancel"), "{words}: {told}");
    }
    let asked = writes(&office, "I want to talk to a real person").await.expect("it is answered");
    assert!(asked.contains("message"), "{asked}");
    writes(&office, "I will be ten minutes late today").await.expect("it is answered");
    writes(&office, "yes").await.expect("it is answered");
    let store = office.house.store().await;
    let message =
        until(async || store.messages(1).await.expect("the database answers").into_iter().next()).await;
    assert!(message.body.contains("late") && message.caller == ANNA, "{message:?}");
}

#[tokio::test]
async fn two_machines_do_not_text_each_other_for_ever_and_the_blocked_are_not_heeded() {
    let office = Office::open(Carrier::Twilio, scripted([]), &[("TEXT_ANSWERS", "4")]).await;
    let mut answers = Vec::new();
    for n in 0..7 {
        answers.push(writes(&office, &format!("Thank you for your text number {n}.")).await);
    }
    let answered: Vec<_> = answers.iter().flatten().collect();
    assert_eq!(answered.len(), 4, "{answers:?}");
    assert!(answers[3].as_ref().is_some_and(|words| words.contains("for now")), "{answers:?}");
    let store = office.house.store().await;
    let mark = store::CallerMark { blocked: Some(true), ..store::CallerMark::default() };
    let other = "+14155550177";
    store.mark_caller(other, mark, 1).await.expect("the database answers");
    let text = Inbound::local(&office.account, office.house.address, other, "Book an appointment");
    assert_eq!(said(&office.house, &office.account, &text).await, None);
    assert!(store.texts_with(other, 9).await.expect("the database answers").is_empty());
}

#[tokio::test]
async fn a_thread_of_texts_stands_on_the_callers_page_in_order() {
    let office = Office::open(Carrier::Twilio, scripted([]), &[]).await;
    let store = office.house.store().await;
    let words = ["What is free next Tuesday?", "The first one"];
    for words in words {
        writes(&office, words).await.expect("it is answered");
    }
    let mut rows = store.texts_with(ANNA, 9).await.expect("the database answers");
    rows.reverse();
    let ways: Vec<_> = rows.iter().map(|row| row.direction).collect();
    assert_eq!(ways, [Direction::In, Direction::Out, Direction::In, Direction::Out]);
    let browser = Browser::of_the_owner(&office.house).await;
    let page = browser.page(&office.house, &format!("/callers/{ANNA}")).await;
    let start = |row: &store::TextRow| {
        let plain: String =
            row.body.chars().take_while(|letter| letter.is_alphanumeric() || *letter == ' ').collect();
        page.find(&plain).unwrap_or_else(|| panic!("{plain} is on the page: {page}"))
    };
    let places: Vec<usize> = rows.iter().map(start).collect();
    assert!(places.is_sorted(), "{places:?}");
}
