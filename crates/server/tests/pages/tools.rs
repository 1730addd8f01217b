//! The page of the tools: what each may do, for whom, and trying it.

use super::rig::Browser;
use axum::http::StatusCode;

#[tokio::test]
async fn the_owner_says_who_may_use_which_tool_and_tries_them() {
    let mut browser = Browser::owner(&[]).await;
    let listed = browser.get("/tools").await;
    assert!(listed.text.contains("take_message") && listed.text.contains("everybody"), "{}", listed.text);
    let ruled = browser.submit("/tools/take_message", &[("class", "final"), ("trust", "known")]).await;
    assert_eq!(ruled.status, StatusCode::SEE_OTHER);
    let page = browser.get("/tools/take_message").await;
    assert!(
        page.text.contains("cannot be undone") && page.text.contains("known callers and you"),
        "{}",
        page.text
    );
    let chosen = |page: &str| {
        let chosen =
            page.split("<option value=\"").skip(1).filter_map(|option| option.split_once("\" selected>"));
        chosen.map(|(value, _)| value.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(chosen(&page.text), ["final", "known"], "what is saved again is as it was: {}", page.text);
    let tried = browser.submit("/tools/take_message/try", &[("arguments", "{\"message\":\"Hello\"}")]).await;
    assert!(tried.text.contains("It answered"), "{}", tried.text);
    assert_eq!(browser.store.messages(5).await.expect("listed").len(), 1);
    browser.submit("/tools/take_message", &[("class", "final"), ("trust", "nobody")]).await;
    assert_eq!(browser.get("/tools/take_message").await.status, StatusCode::NOT_FOUND);
    let withheld = browser.get("/tools").await;
    assert!(withheld.text.contains("Offer again"));
    let class = withheld.value("class");
    browser.submit("/tools/take_message", &[("class", &class), ("trust", "")]).await;
    let page = browser.get("/tools/take_message").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(chosen(&page.text), ["final", ""], "it is offered again as it was: {}", page.text);
    for (class, trust) in [("harmless", ""), ("", "stranger")] {
        let wrong = browser.submit("/tools/take_message", &[("class", class), ("trust", trust)]).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    }
}
