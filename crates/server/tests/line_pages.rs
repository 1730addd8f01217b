//! What the pages of callers and messages promise, and the PIN that is saved on the settings page.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use server::{
    app::App,
    clock,
    config::{Live, Sources},
    guard::pin,
    houses::Houses,
    pages::welcome,
    router, serve,
};
use sound::wav::Wav;
use std::{collections::BTreeMap, sync::Arc};
use store::{Direction, NewCall, NewMessage, NewText, NewVoicemail, Store};
use tower::ServiceExt;

const ANNA: &str = "+15550100111";

struct Browser {
    router: Router,
    store: Store,
    app: Arc<App>,
    cookie: Option<String>,
    _folder: tempfile::TempDir,
}

struct Page {
    status: StatusCode,
    policy: String,
    kind: String,
    bytes: Vec<u8>,
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Browser {
    async fn owner() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let environment = BTreeMap::from([("DATA_DIR".to_owned(), folder.path().display().to_string())]);
        let (live, warnings) = Live::load(Sources { environment, ..Sources::default() }).expect("settings");
        let app = serve::open(live, &warnings).await.expect("an instance");
        let (router, store) = (router::router(&Houses::new(app.clone())), app.store.clone());
        let mut browser = Self { router, store, app, cookie: None, _folder: folder };
        let link = welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link");
        assert_eq!(browser.post(&format!("/welcome/{link}"), &[]).await.status, StatusCode::SEE_OTHER);
        browser
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, Body::empty()).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let url = reqwest::Url::parse_with_params("http://x/", fields).expect("fields");
        self.send(Method::POST, path, Body::from(url.query().unwrap_or_default().to_owned())).await
    }

    async fn send(&mut self, method: Method, path: &str, body: Body) -> Page {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:5050")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(body).expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("an answer");
        if let Some(set) = answer.headers().get(header::SET_COOKIE) {
            let pair = set.to_str().expect("ASCII").split(';').next().expect("a pair");
            self.cookie = Some(pair.to_owned());
        }
        let text = |name| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (policy, kind) = (text(header::CONTENT_SECURITY_POLICY), text(header::CONTENT_TYPE));
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body").to_vec();
        Page { status, policy, kind, bytes }
    }
}

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
    let mut browser = Browser::owner().await;
    let call = a_call(&browser.store).await;
    let ulaw = sound::g711::samples_to_ulaw(&vec![5_000; 16_000]);
    let new = NewVoicemail { call_id: &call, caller: ANNA, ulaw: &ulaw, body: "", taken_ms: 1_500 };
    let id = browser.store.voicemail_taken(&new, |_| None, "").await.expect("kept").expect("new");
    let words =
        NewMessage { call_id: None, caller: "", body: "<b>Call me</b>", urgent: true, taken_ms: 1_600 };
    browser.store.message_taken(&words).await.expect("taken");
    let page = browser.get("/messages").await;
    assert!(page.policy.contains("media-src 'self'") && page.policy.starts_with("default-src 'none'"));
    let sound = format!("/messages/{id}/voicemail.wav");
    let text = page.text();
    assert!(text.contains(&sound) && text.contains("0:02") && text.contains("urgent"), "{text}");
    assert!(text.contains("Number withheld") && !text.contains("<b>Call me</b>"), "{text}");
    let played = browser.get(&sound).await;
    assert_eq!(played.kind, "audio/wav");
    let wav = Wav::read(&played.bytes).expect("a WAV");
    assert_eq!((wav.hertz, wav.samples.len()), (8_000, 16_000));
    assert!(wav.samples.iter().all(|sample| (4_800..5_200).contains(sample)));
    assert_eq!(browser.get("/messages/nothing/voicemail.wav").await.status, StatusCode::NOT_FOUND);
    let done = browser.post(&format!("/messages/{id}/done"), &[("done", "true")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/messages").await.text().contains("Not done"));
    // Nobody else hears it.
    browser.cookie = None;
    for path in ["/messages", sound.as_str(), "/callers", "/callers/+15550100111"] {
        assert_eq!(browser.get(path).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    let refused = browser.post(&format!("/messages/{id}/done"), &[("done", "false")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(browser.store.message(&id).await.expect("read").expect("kept").done_ms.is_some());
}

#[tokio::test]
async fn a_caller_is_shown_with_all_that_is_known_decided_about_and_forgotten() {
    let mut browser = Browser::owner().await;
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
    assert!(browser.get("/callers").await.text().contains("/callers/+15550100111"));
    let page = browser.get("/callers/+15550100111").await.text();
    assert!(
        page.contains(&format!("/calls/{call}")) && page.contains("I am late &#60;script&#62;"),
        "{page}"
    );
    browser.post("/callers/+15550100111", &[("blocked", "true")]).await;
    browser.post("/callers/+15550100111", &[("note", " always late ")]).await;
    let row = browser.store.caller(ANNA).await.expect("read").expect("there");
    assert_eq!((row.blocked, row.vip, row.note.as_str()), (true, false, "always late"));
    assert!(browser.get("/callers").await.text().contains("blocked"));
    browser.post("/callers/+15550100111", &[("blocked", "false")]).await;
    browser.post("/callers", &[("number", "+1 (555) 010-0122"), ("what", "vip")]).await;
    assert!(browser.store.caller("+15550100122").await.expect("read").expect("there").vip);
    let wrong = browser.post("/callers", &[("number", "anna"), ("what", "vip")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        browser.post("/callers/+15550100199", &[("blocked", "true")]).await.status,
        StatusCode::NOT_FOUND
    );
    browser.post("/callers/+15550100111/forget", &[]).await;
    assert_eq!(browser.get("/callers/+15550100111").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.store.texts_with(ANNA, 9).await.expect("read"), []);
    assert_eq!(browser.get(&format!("/calls/{call}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_pin_is_saved_so_that_the_database_tells_nothing_of_it() {
    let mut browser = Browser::owner().await;
    let wrong = browser.post("/settings/callers", &[("callers.pin", "12")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let saved = browser.post("/settings/callers", &[("callers.pin", "271828")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let row = browser.store.settings().await.expect("read").remove(0);
    assert_eq!(row.key, "callers.pin");
    let opened = browser.app.vault.open("callers.pin", &row.value).expect("sealed by us");
    assert!(opened.expose().starts_with("hmac1.") && !opened.expose().contains("271828"));
    let kept = browser.app.config.get().callers.pin.clone().expect("it counts at once");
    assert_eq!(kept.expose(), pin::hashed(&browser.app.key, "271828"));
    assert!(!browser.get("/settings/callers").await.text().contains("hmac1."));
}
