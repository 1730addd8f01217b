//! The programs that are told of what happens, on their page.

use super::rig::Browser;
use axum::http::StatusCode;

#[tokio::test]
async fn a_webhook_is_made_changed_switched_off_and_deleted_on_its_page() {
    let mut browser = Browser::owner(&[]).await;
    assert!(browser.get("/webhooks").await.text.contains("Nobody is told of anything"));
    let fields =
        [("url", "https://hooks.example.com/in?key=wise"), ("about", "The <CRM>"), ("call.ended", "on")];
    let made = browser.submit("/webhooks", &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(made.text.contains("<code>whsec_") && made.text.contains("The &#60;CRM&#62;"));
    let row = browser.store.webhooks().await.expect("listed").remove(0);
    assert_eq!((row.events.as_str(), row.told), ("call.ended", true));
    assert!(!row.secret.contains("whsec_"), "it is sealed");
    let path = format!("/webhooks/{}", row.id);
    let page = browser.get(&path).await;
    assert!(!page.text.contains("whsec_"), "it was shown once");
    let sent = browser.post(&format!("{path}/test")).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, path.as_str()));
    assert!(browser.get(&path).await.text.contains("webhook.test"));
    browser.submit(&path, &[("told", "no")]).await;
    let off = browser.get(&path).await;
    assert!(off.text.contains("switched off") && off.text.contains("hooks.example.com"));
    assert_eq!(browser.post(&format!("{path}/test")).await.status, StatusCode::BAD_REQUEST);
    browser.submit(&path, &[("url", "https://hooks.example.com/new"), ("about", ""), ("told", "yes")]).await;
    let row = browser.store.webhooks().await.expect("listed").remove(0);
    assert_eq!(
        (row.url.as_str(), row.events.as_str(), row.told),
        ("https://hooks.example.com/new", "", true)
    );
    let deleted = browser.post(&format!("{path}/delete")).await;
    assert_eq!(deleted.header("location"), "/webhooks");
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    let log = browser.get("/audit").await.text;
    assert!(log.matches(&format!("https://hooks.example.com, {}", row.id)).count() >= 4, "{log}");
    assert!(
        !log.contains("wise") && !log.contains("example.com/"),
        "whoever knows the address may use it: {log}"
    );
}

#[tokio::test]
async fn an_address_that_is_none_is_told_beside_its_field_and_what_was_typed_stays() {
    let mut browser = Browser::owner(&[]).await;
    let fields = [("url", "ftp://<b>.example"), ("about", "The CRM"), ("text.received", "on")];
    let page = browser.submit("/webhooks", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("aria-invalid") && page.text.contains("ftp://&#60;b&#62;.example"));
    assert!(page.text.contains("begins with https://") && page.text.contains("value=\"The CRM\""));
    assert_eq!(browser.store.webhooks().await.expect("listed"), []);
}

#[tokio::test]
async fn no_more_webhooks_are_made_than_there_may_be() {
    let mut browser = Browser::owner(&[]).await;
    for n in 0..20 {
        let url = format!("https://hooks.example.com/{n}");
        assert_eq!(browser.submit("/webhooks", &[("url", &url)]).await.status, StatusCode::OK);
    }
    let page = browser.submit("/webhooks", &[("url", "https://hooks.example.com/more")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.store.webhooks().await.expect("listed").len(), 20);
}
