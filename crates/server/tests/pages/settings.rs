//! What is set on the settings page.

use super::rig::Browser;
use axum::http::StatusCode;
use server::config::EngineKind;

#[tokio::test]
async fn what_is_saved_on_the_settings_page_counts_at_once_and_back_to_the_default() {
    let mut browser = Browser::owner(&[]).await;
    let monday = |browser: &Browser| browser.app.config.get().calendar.hours.week[0].len();
    assert_eq!(monday(&browser), 1);
    let page = browser.submit("/settings/hours", &[("hours.mon", "closed"), ("hours.tue", "")]).await;
    assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/settings#hours"));
    assert_eq!(monday(&browser), 0);
    assert!(browser.get("/users/settings").await.text.contains("value=\"closed\""));
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
    let page = browser.get("/settings").await;
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
    let page = browser.get("/settings").await;
    assert!(page.text.contains("the variable HOURS_MON"), "{}", page.text);
    browser.submit("/settings/hours", &[("hours.mon", "closed")]).await;
    assert_eq!(browser.app.config.get().calendar.hours.week[0].len(), 1);
    assert_eq!(browser.store.settings().await.expect("read"), []);
}

#[tokio::test]
async fn a_secret_is_written_and_never_shown() {
    let mut browser = Browser::owner(&[]).await;
    let page = browser.get("/settings").await;
    let Some(key) =
        ["google.client_secret", "email.password"].into_iter().find(|key| page.text.contains(key))
    else {
        panic!("there is no secret on the page");
    };
    let section = key.split_once('.').expect("a section").0;
    let path = format!("/settings/{section}");
    browser.submit(&path, &[(key, "hunter2-and-more")]).await;
    let known = |browser: &Browser| browser.app.config.get().origins.contains_key(key);
    assert!(known(&browser));
    let rows = browser.store.settings().await.expect("read");
    assert!(rows.iter().all(|row| !row.value.contains("hunter2")), "{rows:?}");
    assert!(!browser.get("/settings").await.text.contains("hunter2"));
    browser.submit(&path, &[(key, "")]).await;
    assert!(known(&browser), "left empty, it stays");
    browser.submit(&path, &[(key, ""), (&format!("forget {key}"), "on")]).await;
    assert!(!known(&browser));
}
