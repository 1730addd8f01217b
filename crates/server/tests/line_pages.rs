//! What the pages of callers and messages promise, and the PIN that is saved on the settings page.

#[path = "pages/rig.rs"]
mod rig;

use axum::http::{Method, StatusCode};
use rig::Browser;
use server::guard::pin;
use sound::wav::Wav;
use store::{Direction, NewCall, NewMessage, NewText, NewVoicemail, Store};

const ANNA: &str = "+15550100111";

async fn a_call(store: &Store) -> String {
    let id = NewCall::id(1_000);
    let new = NewCall {
        id: &id,
        carrier: "twilio",
        carrier_call: &id,
        from: ANNA,
        to: "+15550100100",
        outbound: false,
        engine: "voicemail",
        trust: "stranger",
        started_ms: 1_000,
    };
    store.call_begun(&new).await.expect("begun");
    store.call_ended(&id, 2_000, "caller_hung_up").await.expect("ended");
    store.caller_seen(ANNA, 1_000).await.expect("seen");
    id
}

#[tokio::test]
async fn a_voicemail_is_listed_played_and_done() {
    let mut browser = Browser::owner(&[]).await;
    let call = a_call(&browser.store).await;
    let ulaw = sound::g711::samples_to_ulaw(&vec![5_000; 16_000]);
    let new = NewVoicemail { call_id: &call, caller: ANNA, ulaw: &ulaw, body: "", taken_ms: 1_500 };
    let id = browser.store.voicemail_taken(&new, |_| Vec::new()).await.expect("kept").expect("new");
    let words =
        NewMessage { call_id: None, caller: "", body: "<b>Call me</b>", urgent: true, taken_ms: 1_600 };
    browser.store.message_taken(&words).await.expect("taken");
    let page = browser.get("/messages").await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("media-src 'self'") && policy.starts_with("default-src 'none'"));
    let sound = format!("/messages/{id}/voicemail.wav");
    let text = &page.text;
    assert!(text.contains(&sound) && text.contains("0:02") && text.contains("urgent"), "{text}");
    assert!(text.contains("Number withheld") && !text.contains("<b>Call me</b>"), "{text}");
    let (_, headers, played) = browser.bytes(Method::GET, &sound, &[]).await;
    assert_eq!(headers["content-type"], "audio/wav");
    let wav = Wav::read(&played).expect("a WAV");
    assert_eq!((wav.hertz, wav.samples.len()), (8_000, 16_000));
    assert!(wav.samples.iter().all(|sample| (4_800..5_200).contains(sample)));
    assert_eq!(browser.get("/messages/nothing/voicemail.wav").await.status, StatusCode::NOT_FOUND);
    let done = browser.submit(&format!("/messages/{id}/done"), &[("done", "true")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/messages").await.text.contains("Not done"));
    // Nobody else hears it.
    browser.cookie = None;
    for path in ["/messages", sound.as_str(), "/callers", "/callers/+15550100111"] {
        assert_eq!(browser.get(path).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    let refused = browser.submit(&format!("/messages/{id}/done"), &[("done", "false")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(browser.store.message(&id).await.expect("read").expect("kept").done_ms.is_some());
}

#[tokio::test]
async fn a_caller_is_shown_with_all_that_is_known_decided_about_and_forgotten() {
    let mut browser = Browser::owner(&[]).await;
    let call = a_call(&browser.store).await;
    let text = NewText {
        key: "t1",
        direction: Direction::In,
        number: ANNA,
        body: "I am late <script>",
        carrier_id: None,
        status: "received",
        at_ms: 1_700,
        appointment_id: None,
    };
    browser.store.text(&text).await.expect("kept");
    assert!(browser.get("/callers").await.text.contains("/callers/+15550100111"));
    let page = browser.get("/callers/+15550100111").await.text;
    assert!(
        page.contains(&format!("/calls/{call}")) && page.contains("I am late &#60;script&#62;"),
        "{page}"
    );
    browser.submit("/callers/+15550100111", &[("blocked", "true")]).await;
    browser.submit("/callers/+15550100111", &[("note", " always late ")]).await;
    let row = browser.store.caller(ANNA).await.expect("read").expect("there");
    assert_eq!((row.blocked, row.vip, row.note.as_str()), (true, false, "always late"));
    assert!(browser.get("/callers").await.text.contains("blocked"));
    browser.submit("/callers/+15550100111", &[("blocked", "false")]).await;
    browser.submit("/callers", &[("number", "+1 (555) 010-0122"), ("what", "vip")]).await;
    assert!(browser.store.caller("+15550100122").await.expect("read").expect("there").vip);
    let wrong = browser.submit("/callers", &[("number", "anna"), ("what", "vip")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        browser.submit("/callers/+15550100199", &[("blocked", "true")]).await.status,
        StatusCode::NOT_FOUND
    );
    browser.submit("/callers/+15550100111/forget", &[]).await;
    assert_eq!(browser.get("/callers/+15550100111").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.store.texts_with(ANNA, 9).await.expect("read"), []);
    assert_eq!(browser.get(&format!("/calls/{call}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_pin_is_saved_so_that_the_database_tells_nothing_of_it() {
    let mut browser = Browser::owner(&[]).await;
    let wrong = browser.submit("/settings/callers", &[("callers.pin", "12")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let saved = browser.submit("/settings/callers", &[("callers.pin", "271828")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let row = browser.store.settings().await.expect("read").remove(0);
    assert_eq!(row.key, "callers.pin");
    let opened = browser.app.vault.open("callers.pin", &row.value).expect("sealed by us");
    assert!(opened.expose().starts_with("hmac1.") && !opened.expose().contains("271828"));
    let kept = browser.app.config.get().callers.pin.clone().expect("it counts at once");
    assert_eq!(kept.expose(), pin::hashed(&browser.app.key, "271828"));
    assert!(!browser.get("/settings/callers").await.text.contains("hmac1."));
}
