//! Callers' pages: who is looked for, what the owner decides, what is texted, and what forgetting takes.

use super::rig::Browser;
use axum::http::StatusCode;
use server::{clock, guard::standing};
use store::{CallerMark, Direction, JobState, NewMemory, NewText};
use tool::Trust;

const ANNA: &str = "+15550100100";
const PAGE: &str = "/callers/+15550100100";
const TWILIO: [(&str, &str); 3] = [
    ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000"),
    ("TWILIO_AUTH_TOKEN", "secret"),
    ("TWILIO_PHONE_NUMBER", "+15550100199"),
];

async fn known(browser: &Browser, number: &str, note: &str) {
    let mark = CallerMark { note: Some(note), ..CallerMark::default() };
    browser.store.mark_caller(number, mark, clock::now_ms()).await.expect("marked");
}

async fn called_anna(browser: &Browser) {
    known(browser, ANNA, "").await;
    let name = NewMemory {
        number: ANNA,
        topic: "name",
        words: "Anna <script>",
        trust: 1,
        call_id: None,
        at_ms: clock::now_ms() - 1,
    };
    browser.store.remembered(&name, 9).await.expect("kept");
}

#[tokio::test]
async fn a_caller_is_found_by_name_number_and_note() {
    let mut browser = Browser::owner(&[]).await;
    called_anna(&browser).await;
    known(&browser, "+15550100101", "pays late").await;
    for (words, found, other) in [("anna", "0100100", "0100101"), ("LATE", "0100101", "0100100")] {
        let page = browser.get(&format!("/callers?q={words}")).await.text;
        let listed = |number: &str| page.contains(&format!("href=\"/callers/+1555{number}\""));
        assert!(listed(found) && !listed(other), "{words}\n{page}");
    }
    let page = browser.get("/callers?q=nobody").await.text;
    assert!(page.contains("Nobody with “nobody” was found"), "{page}");
    let page = browser.get("/callers").await.text;
    assert!(page.contains("Anna &#60;script&#62;") && !page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn what_the_owner_says_of_a_number_decides_how_far_it_is_trusted_and_never_makes_it_the_owner() {
    let settings = [("OWNER_NUMBERS", "+15550100102"), ("ALLOWED_NUMBERS", "+15550100103, +15550100100")];
    let mut browser = Browser::owner(&settings).await;
    called_anna(&browser).await;
    known(&browser, "+15550100102", "").await;
    let app = browser.app.clone();
    let trust = async |number| {
        standing::trust(&app.config.get(), &app.store, number, Some('A')).await.expect("looked")
    };
    assert_eq!(trust(ANNA).await, Trust::Known);
    assert_eq!(browser.submit(PAGE, &[("trust", "stranger")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(trust(ANNA).await, Trust::Stranger);
    browser.submit(PAGE, &[("trust", "")]).await;
    assert_eq!(trust(ANNA).await, Trust::Known, "as the settings say again");
    assert_eq!(browser.submit(PAGE, &[("trust", "owner")]).await.status, StatusCode::BAD_REQUEST);
    browser.submit("/callers/+15550100102", &[("trust", "stranger")]).await;
    assert_eq!(trust("+15550100102").await, Trust::Owner, "the settings alone decide about the owner's");
    assert!(browser.get("/callers/+15550100102").await.text.contains("your own number"));
}

#[tokio::test]
async fn the_owner_texts_a_caller_once_a_form_and_is_told_why_where_that_cannot_be() {
    let mut silent = Browser::owner(&[]).await;
    called_anna(&silent).await;
    assert!(silent.get(PAGE).await.text.contains("Texts cannot be sent yet"));
    let mut browser = Browser::owner(&TWILIO).await;
    called_anna(&browser).await;
    let token = browser.get(PAGE).await.value("token");
    let form = [("body", "We have <b>your</b> keys."), ("token", &*token)];
    for _ in 0..2 {
        let sent = browser.submit(&format!("{PAGE}/text"), &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    }
    let waiting = browser.store.jobs(JobState::Waiting, 9).await.expect("listed");
    assert_eq!(waiting.iter().filter(|job| job.kind == "words").count(), 1, "{waiting:?}");
    let page = browser.get(PAGE).await.text;
    assert!(page.contains("We have &#60;b&#62;your") && page.contains("being sent"), "{page}");
    for body in ["One more.", "And another."] {
        assert_eq!(
            browser.submit(&format!("{PAGE}/text"), &[("body", body)]).await.status,
            StatusCode::SEE_OTHER
        );
    }
    let page = browser.get(PAGE).await.text;
    assert!(
        page.contains("One more.") && page.contains("And another."),
        "without a name each is one: {page}"
    );
    let long = "word ".repeat(400);
    let refused = browser.submit(&format!("{PAGE}/text"), &[("body", &long), ("token", "other")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("too long") && refused.text.contains("word word"), "what was typed stays");
    let stop = NewText {
        key: "t1",
        direction: Direction::In,
        number: ANNA,
        body: "STOP",
        carrier_id: None,
        status: "stop",
        at_ms: clock::now_ms(),
        appointment_id: None,
    };
    browser.store.text(&stop).await.expect("kept");
    assert!(browser.get(PAGE).await.text.contains("answered STOP"));
    let refused = browser.submit(&format!("{PAGE}/text"), &[("body", "Hello"), ("token", "third")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_appointment_is_made_for_the_caller_whatever_they_are_called() {
    let mut browser = Browser::owner(&[]).await;
    for (number, path) in [(ANNA, "+15550100100"), ("browser:Anna & Ben", "browser%3AAnna%20%26%20Ben")] {
        known(&browser, number, "").await;
        let page = browser.get(&format!("/callers/{path}")).await.text;
        let (_, after) = page.split_once("href=\"/appointments/new?").expect("a link");
        let (query, _) = after.split_once('"').expect("its end");
        let form = browser.get(&format!("/appointments/new?{query}")).await;
        assert_eq!(form.value("number").replace("&#38;", "&"), number, "{query}");
    }
}

#[tokio::test]
async fn a_number_that_waits_with_the_pin_may_be_let_try_again() {
    let mut browser = Browser::owner(&[("OWNER_PIN", "271828")]).await;
    called_anna(&browser).await;
    assert!(!browser.get(PAGE).await.text.contains("Let them try again"));
    for _ in 0..3 {
        browser.store.pin_tried(&[(ANNA, 3)], clock::now_ms()).await.expect("tried");
    }
    let page = browser.get(PAGE).await.text;
    assert!(page.contains("Tried 3 times") && page.contains("may be tried again at"), "{page}");
    assert_eq!(browser.post(&format!("{PAGE}/pin")).await.status, StatusCode::SEE_OTHER);
    assert!(browser.store.pin_tried(&[(ANNA, 3)], clock::now_ms()).await.expect("tried"));
}

#[tokio::test]
async fn what_forgetting_takes_is_told_before_it_is_taken() {
    let mut browser = Browser::owner(&[]).await;
    called_anna(&browser).await;
    let asked = browser.get(&format!("{PAGE}/forget")).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.text.contains("<dt>Things that are remembered</dt><dd>1</dd>"), "{}", asked.text);
    assert!(browser.store.caller(ANNA).await.expect("read").is_some(), "asking takes nothing");
    assert_eq!(browser.post(&format!("{PAGE}/forget")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get(PAGE).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&format!("{PAGE}/forget")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_number_that_is_none_is_told_beside_its_field() {
    let mut browser = Browser::owner(&[]).await;
    let page = browser.submit("/callers", &[("number", "my <mother>"), ("what", "block")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.text.contains("a number looks like") && page.text.contains("my &#60;mother&#62;"),
        "{}",
        page.text
    );
    let page = browser.submit("/callers", &[("number", "+1 555 010 0105"), ("what", "known")]).await;
    assert_eq!(page.header("location"), "/callers/+15550100105");
    let row = browser.store.caller("+15550100105").await.expect("read").expect("there");
    assert_eq!((row.trust.as_str(), row.blocked), ("known", false));
}
