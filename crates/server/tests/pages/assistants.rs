//! Assistants: the one that answers everywhere, those of single numbers, and talking to one before it is saved.

use super::rig::{Browser, Page};
use axum::http::{Method, StatusCode};
use serde_json::json;
use server::{
    config::{Config, EngineKind},
    drafts, hands,
};
use sim::{
    mind::{Minds, Rule, Thought},
    twilio::signature,
};
use std::sync::Arc;
use store::NewCall;

const NUMBER: &str = "+15550100199";
const ITS_PAGE: &str = "/assistants/+15550100199";
const SECRET: &str = "00112233445566778899aabbccddeeff";
const OPEN: [(&str, &str); 1] = [("TIME_ZONE", "UTC")];

async fn with_one_of_its_own(settings: &[(&str, &str)]) -> Browser {
    let mut browser = Browser::owner(settings).await;
    let made = browser.submit("/assistants", &[("number", "+1 555 010 0199"), ("name", "Front desk")]).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, ITS_PAGE), "{}", made.text);
    browser
}

#[tokio::test]
async fn a_number_has_an_assistant_of_its_own_and_all_others_the_default_one() {
    let mut browser = with_one_of_its_own(&OPEN).await;
    let default = [("assistant.greeting", "Hello there."), ("assistant.business", "the practice")];
    assert_eq!(browser.submit("/assistants/default", &default).await.status, StatusCode::SEE_OTHER);
    let own = [
        ("name", "Front <desk>"),
        ("assistant.greeting", "Front desk, good day."),
        ("assistant.engines", "local"),
        ("assistant.engines", ""),
        ("hours.mon", "10:00-11:00"),
    ];
    assert_eq!(browser.submit(ITS_PAGE, &own).await.status, StatusCode::SEE_OTHER);
    let (its, others) = (browser.app.config.at(NUMBER), browser.app.config.at("+15550100198"));
    assert_eq!(its.assistant.greeting, "Front desk, good day.");
    assert_eq!(its.assistant.business, "the practice", "what is left empty is as the default has it");
    assert_eq!(its.assistant.engines, [EngineKind::Local]);
    assert_eq!(its.calendar.hours.week[0][0].from.hour(), 10);
    assert_eq!(
        (others.assistant.greeting.as_str(), others.calendar.hours.week[0][0].from.hour()),
        ("Hello there.", 9)
    );
    let page = browser.get("/assistants").await.text;
    assert!(page.contains("Front &#60;desk&#62;") && page.contains("Front desk, good day."), "{page}");
    assert_eq!(browser.post(&format!("{ITS_PAGE}/remove")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.app.config.at(NUMBER).assistant.greeting, "Hello there.");
    assert_eq!(browser.get(ITS_PAGE).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.post("/assistants/default/remove").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_machine_is_spoken_to_as_the_assistant_does_whose_number_called_it() {
    let settings = [("TWILIO_AUTH_TOKEN", "hunter2"), ("PUBLIC_URL", "http://127.0.0.1:5050")];
    let mut browser = with_one_of_its_own(&settings).await;
    let own = [("assistant.language", "de-DE")];
    assert_eq!(browser.submit(ITS_PAGE, &own).await.status, StatusCode::SEE_OTHER);
    let placed_ms = server::clock::now_ms();
    let id = NewCall::id(placed_ms);
    let call = NewCall {
        id: &id,
        carrier: "twilio",
        carrier_call: &id,
        from: NUMBER,
        to: "+15550100777",
        outbound: true,
        engine: "local",
        trust: "stranger",
        started_ms: placed_ms,
    };
    browser.store.call_placed(&call, "").await.expect("placed");
    let told = browser.rings(&format!("/phone/twilio/outgoing/{id}/ready"), "hunter2", "CA1").await;
    assert!(told.text.contains("language=\"de-DE\""), "{}", told.text);
}

#[tokio::test]
async fn what_is_saved_of_a_number_counts_after_a_restart() {
    let mut browser = with_one_of_its_own(&OPEN).await;
    browser.submit(ITS_PAGE, &[("assistant.greeting", "Front desk, good day.")]).await;
    server::saved::heed(&browser.app.config, &browser.app.store, &browser.app.vault).await.expect("heeded");
    assert_eq!(browser.app.config.at(NUMBER).assistant.greeting, "Front desk, good day.");
}

#[tokio::test]
async fn a_mistake_is_told_beside_its_field_and_nothing_is_saved() {
    let mut browser = with_one_of_its_own(&OPEN).await;
    for path in [ITS_PAGE, "/assistants/default"] {
        let form = [("hours.tue", "noonish"), ("assistant.greeting", "Kept <b>typed</b>")];
        for path in [path.to_owned(), format!("{path}/try")] {
            let page = browser.submit(&path, &form).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            assert!(page.text.contains("aria-invalid") && page.text.contains("noonish"), "{path}");
            assert!(page.text.contains("Kept &#60;b&#62;typed"), "{path}");
        }
    }
    assert_eq!(browser.app.config.at(NUMBER).assistant.greeting, "");
    assert_eq!(browser.app.config.get().assistant.greeting, "");
    let page = browser.submit("/assistants", &[("number", "the <red> one")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("the &#60;red&#62; one"), "{}", page.text);
}

#[tokio::test]
async fn what_the_environment_sets_is_shown_with_why_and_stays() {
    let mut browser = with_one_of_its_own(&[("GREETING", "From the environment.")]).await;
    let page = browser.get("/assistants/default").await.text;
    assert!(
        page.contains("Set by the variable GREETING") && page.contains("From the environment."),
        "{page}"
    );
    browser.submit("/assistants/default", &[("assistant.greeting", "Mine.")]).await;
    assert_eq!(browser.app.config.get().assistant.greeting, "From the environment.");
    browser.submit(ITS_PAGE, &[("assistant.greeting", "Its own.")]).await;
    assert_eq!(browser.app.config.at(NUMBER).assistant.greeting, "Its own.", "a number's own counts for it");
}

#[tokio::test]
async fn an_assistant_has_the_tools_that_are_ticked() {
    let mut browser = with_one_of_its_own(&OPEN).await;
    let form = [
        ("shown", "take_message"),
        ("shown", "cancel_appointment"),
        ("shown", "create_calendar_event"),
        ("tool", "create_calendar_event"),
    ];
    assert_eq!(browser.submit(ITS_PAGE, &form).await.status, StatusCode::SEE_OTHER);
    let names = |config: Arc<Config>| -> Vec<String> {
        hands::of(&browser.app, &config).listed().into_iter().map(|listed| listed.spec.name).collect()
    };
    let its = names(browser.app.config.at(NUMBER));
    assert!(its.contains(&"create_calendar_event".to_owned()), "{its:?}");
    assert!(
        !its.contains(&"take_message".to_owned()) && !its.contains(&"cancel_appointment".to_owned()),
        "{its:?}"
    );
    assert!(names(browser.app.config.get()).contains(&"take_message".to_owned()), "others have it");
}

/// Presses "Try it" with this form; where that leads.
async fn tried(browser: &mut Browser, path: &str, form: &[(&str, &str)]) -> String {
    let page = browser.submit(&format!("{path}/try"), form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    page.header("location").split('#').next().unwrap_or_default().to_owned()
}

async fn say(browser: &mut Browser, path: &str, at: &str, words: &str) -> Page {
    let draft = browser.get(at).await.value("draft");
    let said = browser
        .submit(&format!("{path}/say"), &[("draft", &draft), ("as", "stranger"), ("words", words)])
        .await;
    assert_eq!(said.status, StatusCode::SEE_OTHER, "{}", said.text);
    browser.get(at).await
}

#[tokio::test]
async fn an_assistant_is_talked_to_before_it_is_saved_and_books_nothing_real() {
    let mut browser = Browser::owner(&OPEN).await;
    let path = "/assistants/default";
    let form = [("assistant.greeting", "Good day, this is <only> a draft."), ("hours.sat", "09:00-17:00")];
    let at = tried(&mut browser, path, &form).await;
    let page = browser.get(&at).await;
    assert!(page.text.contains("Good day, this is &#60;only&#62; a draft."), "{}", page.text);
    assert!(
        page.text.contains("nothing is really booked") && page.text.contains("/phone?draft="),
        "{}",
        page.text
    );
    let page = say(&mut browser, path, &at, "I would like an appointment in ten days at ten <i>am</i>").await;
    assert!(page.text.contains("ten &#60;i&#62;am"), "{}", page.text);
    let mut page = page;
    for _ in 0..6 {
        if page.text.contains("create_calendar_event") {
            break;
        }
        page = say(&mut browser, path, &at, "yes").await;
    }
    assert!(browser.get("/appointments?view=list").await.text.contains("Nothing is booked"));
    assert_eq!(browser.app.config.get().assistant.greeting, "", "nothing is saved");
    assert!(browser.store.messages(9).await.expect("read").is_empty());
    assert!(browser.store.changes(9).await.expect("read").is_empty());
}

#[tokio::test]
async fn no_model_is_asked_once_the_day_has_cost_what_it_may() {
    let settings = [
        ("HEAR", "whisper"),
        ("THINK", "ollama"),
        ("OLLAMA_HOST", "http://127.0.0.1:9"),
        ("COST_PER_DAY", "1"),
    ];
    let mut browser = Browser::owner(&settings).await;
    let path = "/assistants/default";
    let at = tried(&mut browser, path, &[]).await;
    let spent = "As much was spent today as may be";
    let page = say(&mut browser, path, &at, "Hello.").await;
    assert!(page.text.contains("Hello.") && !page.text.contains(spent), "{}", page.text);
    let call = super::rig::a_call_from(&browser.store, "+15550100101", server::clock::now_ms(), &[]).await;
    browser.store.call_cost(&call, 1_000_000).await.expect("written");
    let page = say(&mut browser, path, &at, "Are you there?").await;
    assert!(page.text.contains(spent), "{}", page.text);
}

#[tokio::test]
async fn a_model_that_is_tried_asks_before_it_does_what_cannot_be_undone() {
    let message = json!({"message": "Anna, 555 0100: the roof leaks."});
    let rules = vec![
        Rule::said("roof", Thought::wants("take_message", message.clone())),
        Rule::said("yes", Thought::wants("take_message", message)),
        Rule::answered("not done yet", Thought::says("One moment.")),
        Rule::answered("written that down", Thought::says("I have passed it on.")),
    ];
    let minds = Minds::listen(sim::mind::Script { rules, ..sim::mind::Script::default() }).await;
    let minds = minds.expect("a free port");
    let url = format!("{}/v1", minds.url());
    let mut browser = Browser::owner(&[
        ("TIME_ZONE", "UTC"),
        ("CALL_MODE", "turns"),
        ("CALL_HEAR", "gather"),
        ("THINK", "openai"),
        ("THINK_URL", &url),
        ("THINK_MODEL", "test-model"),
        ("THINK_API_KEY", "a-key-of-the-test"),
    ])
    .await;
    let ruled = browser.submit("/tools/take_message", &[("class", "final"), ("trust", "")]).await;
    assert_eq!(ruled.status, StatusCode::SEE_OTHER, "{}", ruled.text);
    let path = "/assistants/default";
    let at = tried(&mut browser, path, &[("assistant.greeting", "Good day.")]).await;
    let page = say(&mut browser, path, &at, "Yes, tell them that the roof leaks").await.text;
    assert!(page.contains("One moment.") && page.contains("the caller is asked first"), "{page}");
    assert!(page.contains("Anna, 555 0100: the roof leaks."), "it is read back: {page}");
    assert!(!page.contains("passed it on"), "a yes that came before counts for nothing: {page}");
    let page = say(&mut browser, path, &at, "Yes, please").await.text;
    assert!(page.contains("I have written that down") && page.contains("I have passed it on."), "{page}");
    assert!(browser.store.messages(9).await.expect("read").is_empty(), "nobody is told");
    assert_eq!(minds.mistakes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_text_is_answered_by_the_assistant_of_the_number_it_came_to() {
    let settings =
        [("TWILIO_AUTH_TOKEN", SECRET), ("PUBLIC_URL", "http://127.0.0.1:5050"), ("TEXT_ANSWERS", "0")];
    let mut browser = with_one_of_its_own(&settings).await;
    browser.submit("/assistants/default", &[("assistant.business", "The practice")]).await;
    browser.submit(ITS_PAGE, &[("assistant.business", "The front desk")]).await;
    for (to, from, who) in
        [(NUMBER, "+15550100777", "The front desk: "), ("+15550100198", "+15550100778", "The practice: ")]
    {
        let sid = format!("SM{:0>32}", from.trim_start_matches('+'));
        let fields =
            [("MessageSid", sid.as_str()), ("From", from), ("To", to), ("Body", "Is anybody there?")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let signed = signature::sign("http://127.0.0.1:5050/phone/twilio/sms", &fields, SECRET);
        let form = reqwest::Url::parse_with_params("http://x/", &fields).expect("fields");
        let headers =
            [("x-twilio-signature", signed.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let body = axum::body::Body::from(form.query().unwrap_or_default().to_owned());
        let answer = browser.other().send_with(Method::POST, "/phone/twilio/sms", &headers, body).await;
        assert!(answer.text.contains(who), "{to}: {} {}", answer.status, answer.text);
    }
}

#[tokio::test]
async fn a_draft_is_found_by_its_id_alone_and_for_its_own_assistant() {
    let mut browser = with_one_of_its_own(&OPEN).await;
    let at = tried(&mut browser, ITS_PAGE, &[("assistant.greeting", "A draft.")]).await;
    let id = browser.get(&at).await.value("draft");
    let config = drafts::config(&browser.app, &id).await.expect("read").expect("kept");
    assert_eq!(config.assistant.greeting, "A draft.");
    assert!(drafts::config(&browser.app, "nobodys").await.expect("read").is_none());
    let page = browser.get(&format!("/assistants/default?draft={id}")).await;
    assert!(page.text.contains("not kept any more") && !page.text.contains("A draft."), "{}", page.text);
    let mut stranger = Browser { cookie: None, ..browser.clone() };
    assert_eq!(stranger.get(&at).await.status, StatusCode::SEE_OTHER);
}
