//! What is set on the settings page.

use super::rig::Browser;
use axum::{Router, extract::Request, http::StatusCode};
use server::config::EngineKind;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

#[tokio::test]
async fn what_is_saved_on_the_settings_page_counts_at_once_and_back_to_the_default() {
    let mut browser = Browser::owner(&[]).await;
    let monday = |browser: &Browser| browser.app.config.get().calendar.hours.week[0].len();
    assert_eq!(monday(&browser), 1);
    let page = browser.submit("/settings/hours", &[("hours.mon", "closed"), ("hours.tue", "")]).await;
    assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/settings/hours?saved"));
    assert_eq!(monday(&browser), 0);
    let told = browser.get("/settings/hours?saved").await.text;
    assert!(
        told.contains("value=\"closed\"")
            && told.contains("Saved here on")
            && told.contains("role=\"status\"")
    );
    assert_eq!(browser.get("/users/settings").await.status, StatusCode::OK);
    browser.submit("/settings/hours", &[("hours.mon", "")]).await;
    assert_eq!(monday(&browser), 1);
}

#[tokio::test]
async fn an_engine_is_set_up_on_the_settings_page() {
    const KEY: &str = "0123456789abcdef0123456789abcdef01234567";
    let mut browser = Browser::owner(&[]).await;
    assert_eq!(browser.app.config.get().assistant.engine, EngineKind::Local);
    let fields = [("deepgram.api_key", KEY), ("deepgram.think_model", "gpt-4.1-mini")];
    assert_eq!(browser.submit("/settings/deepgram", &fields).await.status, StatusCode::SEE_OTHER);
    let config = browser.app.config.get();
    assert_eq!(config.assistant.engine, EngineKind::Deepgram, "its key is there, and no other is named");
    assert_eq!(config.deepgram.think_model, "gpt-4.1-mini");
    let page = browser.get("/settings/deepgram").await;
    assert!(page.text.contains("deepgram.speak_model") && page.text.contains("aura-2-thalia-en"));
    assert!(!page.text.contains(KEY));
    let wrong = browser.submit("/settings/deepgram", &[("deepgram.speak_model", "marin")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("aura-2-thalia-en"));
}

#[tokio::test]
async fn a_mistake_on_the_settings_page_is_told_at_its_place_and_nothing_is_saved() {
    let mut browser = Browser::owner(&[]).await;
    let fields = [("hours.mon", "closed"), ("hours.tue", "from <nine>")];
    let page = browser.submit("/settings/hours", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("aria-invalid") && page.text.contains("Nothing was saved"), "{}", page.text);
    assert!(page.text.contains("from &#60;nine&#62;"), "what was written stands there to be mended");
    assert_eq!(browser.app.config.get().calendar.hours.week[0].len(), 1);
    assert_eq!(browser.submit("/settings/data", &[("data.folder", "/")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.submit("/settings/nothing", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_the_environment_sets_is_shown_and_not_set_on_the_page() {
    let mut browser = Browser::owner(&[("HOURS_MON", "07:00-08:00")]).await;
    let page = browser.get("/settings/hours").await;
    assert!(page.text.contains("the variable HOURS_MON"), "{}", page.text);
    browser.submit("/settings/hours", &[("hours.mon", "closed")]).await;
    assert_eq!(browser.app.config.get().calendar.hours.week[0].len(), 1);
    assert_eq!(browser.store.settings().await.expect("read"), []);
}

#[tokio::test]
async fn a_secret_is_written_and_never_shown() {
    let mut browser = Browser::owner(&[]).await;
    let (key, path) = ("email.password", "/settings/email".to_owned());
    assert!(browser.get(&path).await.text.contains(key));
    browser.submit(&path, &[(key, "hunter2-and-more")]).await;
    let known = |browser: &Browser| browser.app.config.get().origins.contains_key(key);
    assert!(known(&browser));
    let rows = browser.store.settings().await.expect("read");
    assert!(rows.iter().all(|row| !row.value.contains("hunter2")), "{rows:?}");
    let page = browser.get(&path).await.text;
    assert!(!page.contains("hunter2") && page.contains("Saved here on"));
    browser.submit(&path, &[(key, "")]).await;
    assert!(known(&browser), "left empty, it stays");
    browser.submit(&path, &[(key, ""), (&format!("forget {key}"), "on")]).await;
    assert!(!known(&browser));
}

/// A service that answers every request so.
async fn service(status: u16) -> (String, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let heard = asked.clone();
    let router = Router::new().fallback(async move |request: Request| {
        let key = request.headers()["authorization"].to_str().expect("ASCII").to_owned();
        heard.lock().expect("nobody panics").push(format!("{} {key}", request.uri()));
        (StatusCode::from_u16(status).expect("a status"), "{}")
    });
    #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

#[tokio::test]
async fn each_service_has_a_card_that_says_how_it_stands() {
    let settings =
        [("TWILIO_AUTH_TOKEN", "a1b2c3d4e5f60718293a4b5c6d7e8f90"), ("OPENAI_API_KEY", "sk-hunter2")];
    let mut browser = Browser::owner(&settings).await;
    let page = browser.get("/settings").await.text;
    for title in [
        "Twilio",
        "Plivo",
        "Telnyx",
        "OpenAI",
        "Deepgram",
        "Ollama",
        "Google Calendar",
        "CalDAV",
        "Mail",
        "Tool servers",
    ] {
        assert!(page.contains(&format!("{title} <span class=\"tag")), "{title}");
    }
    let card = |name: &str| {
        let rest = page.split(&format!("id=\"{name}\"")).nth(1).expect("a card");
        rest.split("</section>").next().expect("its end").to_owned()
    };
    assert!(card("twilio").contains("incomplete") && card("twilio").contains("PUBLIC_URL"));
    assert!(card("openai").contains("set up") && card("openai").contains("Answers your calls"));
    assert!(card("plivo").contains("not set up") && !card("plivo").contains("Test connection"));
    assert!(!page.contains("hunter2"));
    assert_eq!(browser.submit("/settings/nothing/test", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_connection_is_tested_and_what_came_back_is_told_without_the_secret() {
    for (status, said, to_do) in [
        (200, "OpenAI knows the key", None),
        (401, "OpenAI answered 401", Some("Copy the key from OpenAI")),
        (429, "OpenAI answered 429", Some("credit")),
        (500, "OpenAI answered 500", Some("Try again")),
    ] {
        let (url, asked) = service(status).await;
        let mut browser =
            Browser::owner(&[("OPENAI_API_KEY", "sk-hunter2"), ("OPENAI_BASE_URL", &url)]).await;
        let told = browser.submit("/settings/openai/test", &[]).await;
        assert_eq!(told.status, StatusCode::OK);
        assert!(told.text.contains(said) && to_do.is_none_or(|to_do| told.text.contains(to_do)), "{status}");
        assert!(told.text.contains(&format!("GET {url}/models")) && !told.text.contains("hunter2"));
        assert_eq!(asked.lock().expect("nobody panics").as_slice(), ["/models Bearer sk-hunter2"]);
        let told = browser.submit("/settings/openai/test", &[("from", "section")]).await;
        assert!(told.text.contains(said) && told.text.contains("openai.api_key"), "beside the form");
    }
    let mut browser =
        Browser::owner(&[("DEEPGRAM_API_KEY", "hunter2"), ("DEEPGRAM_BASE_URL", "http://127.0.0.1:9")]).await;
    let told = browser.submit("/settings/deepgram/test", &[]).await;
    assert!(told.text.contains("It was not reached") && told.text.contains("role=\"alert\""));
    assert!(!told.text.contains("hunter2"));
    for name in ["ollama", "email", "google", "caldav", "mcp", "twilio"] {
        let told = browser.submit(&format!("/settings/{name}/test"), &[]).await;
        assert!(told.status == StatusCode::OK && told.text.contains("role=\"alert\""), "{name}");
    }
}
