//! What the pages promise: who sees what, that nothing is believed or executed, and that they tell the truth.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use call::{Agreed, Effect, Ending, ItemId, Note, ToolCallId, TurnId};
use serde_json::{Value, json};
use server::{
    app::App,
    clock,
    config::{EngineKind, Live, Sources},
    notes,
    pages::{self, welcome},
    serve,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use store::{By, Followup, NewAppointment, NewCall, NewJob, NoteRow, Plan, Planned, Store};
use tower::ServiceExt;

#[derive(Clone)]
struct Browser {
    router: Router,
    store: Store,
    app: Arc<App>,
    cookie: Option<String>,
    _folder: Arc<tempfile::TempDir>,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Browser {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut environment: BTreeMap<String, String> =
            settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        environment.insert("DATA_DIR".into(), folder.path().display().to_string());
        let (live, warnings) = Live::load(Sources { environment, ..Sources::default() }).expect("settings");
        let app = serve::open(live, &warnings).await.expect("an instance");
        let router = pages::router(app.clone());
        Self { router, store: app.store.clone(), app, cookie: None, _folder: Arc::new(folder) }
    }

    async fn owner(settings: &[(&str, &str)]) -> Self {
        let mut browser = Self::new(settings).await;
        let link = welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link");
        assert_eq!(browser.post(&format!("/welcome/{link}")).await.status, StatusCode::SEE_OTHER);
        browser
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, &[]).await
    }

    async fn post(&mut self, path: &str) -> Page {
        self.send(Method::POST, path, &[("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a form of this page's.
    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let url = reqwest::Url::parse_with_params("http://x/", fields).expect("fields");
        let body = url.query().unwrap_or_default().to_owned();
        let headers =
            [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
        self.send_with(Method::POST, path, &headers, Body::from(body)).await
    }

    async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)]) -> Page {
        self.send_with(method, path, headers, Body::empty()).await
    }

    async fn send_with(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Page {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:5050");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(body).expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        if let Some(set) = headers.get(header::SET_COOKIE) {
            let set = set.to_str().expect("ASCII");
            let pair = set.split(';').next().expect("a pair");
            self.cookie = (!pair.ends_with('=')).then(|| format!("other=1; {pair}"));
        }
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        Page { status, headers, text: String::from_utf8(body.to_vec()).expect("text") }
    }
}

async fn a_call(store: &Store, notes: &[(u64, Note)]) -> String {
    a_call_from(store, "+15550100100", 1_795_000_000_000, notes).await
}

async fn a_call_from(store: &Store, from: &str, started_ms: i64, notes: &[(u64, Note)]) -> String {
    let id = NewCall::id(started_ms);
    let new = NewCall {
        id: &id,
        carrier: "twilio",
        carrier_call: &format!("CA{id}"),
        from,
        to: "+15550100199",
        outbound: false,
        engine: "local",
        trust: "owner",
        started_ms,
    };
    store.call_begun(&new).await.expect("begun");
    store.call_answered(&id, started_ms + 500).await.expect("answered");
    let rows: Vec<_> = notes
        .iter()
        .map(|(at, note)| {
            let (kind, json) = notes::to_json(*at, note, notes::Numbers::default());
            NoteRow { at_ms: i64::try_from(*at).expect("short"), kind: kind.into(), json }
        })
        .collect();
    store.write_notes(&id, &rows).await.expect("written");
    store.call_ended(&id, started_ms + 65_500, "assistant_hung_up").await.expect("ended");
    id
}

#[tokio::test]
async fn a_visitor_sees_nothing_of_the_owners() {
    let mut browser = Browser::new(&[]).await;
    let id = a_call(&browser.store, &[]).await;
    for path in [
        "/calls",
        "/settings",
        "/users/settings",
        &format!("/calls/{id}"),
        "/calls/nothing",
        "/appointments",
        "/calls?before=x",
    ] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::SEE_OTHER, "/"), "{path}");
        assert!(!page.text.contains("+1555"));
    }
    let home = browser.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.text.contains("no owner yet") && !home.text.contains("Log out"));
}

#[tokio::test]
async fn a_session_that_was_made_up_is_none() {
    let mut browser = Browser::owner(&[]).await;
    for cookie in ["earpiece=", "earpiece=x", &format!("earpiece={}", "A".repeat(43)), "earpiece"] {
        browser.cookie = Some(cookie.to_owned());
        assert_eq!(browser.get("/calls").await.status, StatusCode::SEE_OTHER, "{cookie}");
    }
}

#[tokio::test]
async fn a_link_is_asked_about_before_it_is_used_up_and_works_once() {
    let mut browser = Browser::new(&[]).await;
    let link =
        format!("/welcome/{}", welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link"));
    for _ in 0..2 {
        let page = browser.get(&link).await;
        assert!(page.status == StatusCode::OK && page.text.contains("Become the owner"));
        assert_eq!(page.header("set-cookie"), "");
    }
    assert!(!browser.store.owner_exists().await.expect("looked"));
    let entered = browser.post(&link).await;
    assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/calls"));
    assert_eq!(browser.get("/").await.header("location"), "/calls");
    assert_eq!(browser.get("/calls").await.status, StatusCode::OK);
    browser.cookie = None;
    let again = browser.post(&link).await;
    assert_eq!((again.status, again.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
    assert_eq!(browser.post("/welcome/made-up").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_link_is_too_old_after_a_day_and_brings_the_owner_back_before() {
    let mut browser = Browser::owner(&[]).await;
    let owner = browser.store.owner().await.expect("looked");
    browser.cookie = None;
    let now_ms = clock::now_ms();
    let old = welcome::make_link(&browser.store, now_ms - welcome::GOOD_FOR_MS).await.expect("a link");
    assert_eq!(browser.post(&format!("/welcome/{old}")).await.status, StatusCode::FORBIDDEN);
    let fresh = welcome::make_link(&browser.store, now_ms).await.expect("a link");
    assert!(browser.get(&format!("/welcome/{fresh}")).await.text.contains("Welcome back"));
    assert_eq!(browser.post(&format!("/welcome/{fresh}")).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/calls").await.status, StatusCode::OK);
    assert_eq!(browser.store.owner().await.expect("looked"), owner, "there is no second owner");
}

#[tokio::test]
async fn logging_out_ends_the_session_itself() {
    let mut browser = Browser::owner(&[]).await;
    let cookie = browser.cookie.clone();
    let out = browser.post("/logout").await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    browser.cookie = cookie;
    assert_eq!(browser.get("/calls").await.status, StatusCode::SEE_OTHER);
    assert!(browser.get("/").await.text.contains("You are not logged in"));
}

#[tokio::test]
async fn what_changes_something_must_come_from_a_page_of_ours() {
    let mut browser = Browser::owner(&[("PUBLIC_URL", "https://voice.example.com")]).await;
    let link =
        format!("/welcome/{}", welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link"));
    for path in ["/logout", &link] {
        for foreign in [
            [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
            [("sec-fetch-site", "same-site"), ("origin", "https://other.example.com")],
            [("origin", "https://evil.example"), ("accept", "*/*")],
            [("origin", "null"), ("accept", "*/*")],
        ] {
            let answer = browser.send(Method::POST, path, &foreign).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {foreign:?}");
        }
    }
    assert_eq!(browser.get("/calls").await.status, StatusCode::OK, "still logged in");
    let ours = browser.send(Method::POST, "/logout", &[("origin", "https://voice.example.com")]).await;
    assert_eq!(ours.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/logout").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_cookie_is_as_safe_as_the_connection() {
    let entered = async |settings: &[(&str, &str)], headers: &[(&str, &str)]| {
        let mut browser = Browser::new(settings).await;
        let link = welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link");
        let answer = browser.send(Method::POST, &format!("/welcome/{link}"), headers).await;
        answer.header("set-cookie").to_owned()
    };
    let plain = entered(&[], &[]).await;
    assert!(
        plain.starts_with("earpiece=")
            && plain.contains("HttpOnly; SameSite=Lax")
            && !plain.contains("Secure")
    );
    let secure = entered(&[("TLS_CERT", "c"), ("TLS_KEY", "k")], &[]).await;
    assert!(secure.starts_with("__Host-earpiece=") && secure.ends_with("; HttpOnly; SameSite=Lax; Secure"));
    assert!(secure.contains("; Path=/;") && !secure.contains("Domain"));
    let public = entered(&[("PUBLIC_URL", "https://127.0.0.1:5050/phone")], &[]).await;
    assert!(public.starts_with("__Host-"), "it came to the public address");
    let forged = entered(&[], &[("x-forwarded-proto", "https")]).await;
    assert!(forged.starts_with("earpiece="), "only a proxy that is trusted is believed");
}

#[tokio::test]
async fn every_answer_forbids_what_pages_do_not_need() {
    let mut browser = Browser::owner(&[]).await;
    for path in [
        "/",
        "/calls",
        "/callers",
        "/messages",
        "/appointments",
        "/nowhere",
        "/assets/style.css",
        "/assets/icon.svg",
    ] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        for code in ["<script", "style=", "onclick", "<style", "javascript:"] {
            assert!(!page.text.contains(code), "{path} holds {code}");
        }
        if !path.starts_with("/assets") {
            assert_eq!(page.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn the_stylesheet_is_kept_by_its_version_and_asked_for_again_without() {
    let mut browser = Browser::new(&[]).await;
    let home = browser.get("/").await.text;
    let address = home.split('"').find(|part| part.starts_with("/assets/style.css?")).expect("a link to it");
    let kept = browser.get(address).await;
    assert_eq!(kept.header("content-type"), "text/css; charset=utf-8");
    assert!(kept.header("cache-control").contains("immutable"));
    assert_eq!(browser.get("/assets/style.css?old").await.header("cache-control"), "no-cache");
    let tag = kept.header("etag").to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}")] {
        let same = browser.send(Method::GET, "/assets/style.css", &[("if-none-match", &known)]).await;
        assert_eq!((same.status, same.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
    let other = browser.send(Method::GET, "/assets/style.css", &[("if-none-match", "\"x\"")]).await;
    assert_eq!(other.status, StatusCode::OK);
}

#[tokio::test]
async fn what_callers_and_engines_say_is_shown_as_they_say_it_and_never_run() {
    let mut browser = Browser::owner(&[]).await;
    let evil = "<script>alert(1)</script>\"'&";
    let say = |text: &str| text.to_owned();
    let id = a_call_from(
        &browser.store,
        evil,
        1_795_000_000_000,
        &[
            (0, Note::CallerSaid(TurnId(1), say(evil))),
            (1, Note::AssistantSaid(ItemId(1), say(evil))),
            (2, Note::ToolAsked { id: ToolCallId("c".into()), name: say(evil), arguments: say(evil) }),
            (3, Note::Trouble(say(evil))),
        ],
    )
    .await;
    for path in ["/calls".to_owned(), format!("/calls/{id}")] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("&#60;script&#62;alert(1)") && !page.text.contains("<script"), "{path}");
    }
    let nowhere = browser.get("/calls/%3Cscript%3E").await;
    assert!(nowhere.status == StatusCode::NOT_FOUND && !nowhere.text.contains("script"));
}

#[tokio::test]
async fn a_call_is_told_with_what_was_not_heard_and_what_was_done() {
    let mut browser = Browser::owner(&[("TIME_ZONE", "America/New_York")]).await;
    let tool = || ToolCallId("c".into());
    let booked = Effect::Booked(Agreed { id: "a".into(), starts: "2026-11-24T10:30".into() });
    let id = a_call(
        &browser.store,
        &[
            (0, Note::EngineReady),
            (10, Note::Sounding(ItemId(1))),
            (20, Note::AssistantSaid(ItemId(1), "Hello, what can I do for you today".into())),
            (1_500, Note::CallerSpoke(TurnId(1))),
            (
                2_000,
                Note::Interrupted {
                    item: ItemId(1),
                    heard: Duration::from_millis(1_000),
                    sent: Duration::from_millis(2_000),
                },
            ),
            (2_100, Note::CallerSaid(TurnId(1), "Book me in on Tuesday".into())),
            (2_200, Note::ToolAsked { id: tool(), name: "book_appointment".into(), arguments: "{}".into() }),
            (
                2_300,
                Note::ToolAnswered {
                    id: tool(),
                    name: "book_appointment".into(),
                    ok: true,
                    say: "It is booked.".into(),
                    effect: booked,
                    took: Duration::from_millis(12),
                },
            ),
            (65_000, Note::Ended(Ending::AssistantHungUp)),
        ],
    )
    .await;
    let page = browser.get(&format!("/calls/{id}")).await.text;
    for expected in [
        "Wednesday, 18 November 2026",
        "06:06",
        "1:05",
        "Hello, what can <del>",
        "I do for you today</del>",
        "Book me in on Tuesday",
        "Booked: Tuesday, 24 November 2026, 10:30",
        "The call ended: said goodbye.",
        "<dt>Interruptions</dt><dd>1</dd>",
        "Everything that was noted (9)",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    let list = browser.get("/calls").await.text;
    assert!(list.contains(&format!("href=\"/calls/{id}\"")) && list.contains("said goodbye"));
}

#[tokio::test]
async fn older_calls_are_a_page_away_and_none_is_missed() {
    let mut browser = Browser::owner(&[]).await;
    for minute in 0..120 {
        a_call_from(&browser.store, &format!("+1555{minute:07}"), 1_700_000_000_000 + minute * 60_000, &[])
            .await;
    }
    let mut path = "/calls".to_owned();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let page = browser.get(&path).await.text;
        seen.extend(page.split("+1555").skip(1).map(|rest| rest[..7].to_owned()));
        let older = page.split('"').find(|part| part.starts_with("/calls?before="));
        path = older.unwrap_or("/nowhere").to_owned();
    }
    let expected: Vec<_> = (0..120).rev().map(|minute| format!("{minute:07}")).collect();
    assert_eq!((seen, path.as_str()), (expected, "/nowhere"));
}

#[tokio::test]
async fn appointments_are_told_by_day_in_the_owners_zone_with_their_call() {
    let mut browser = Browser::owner(&[("TIME_ZONE", "America/New_York")]).await;
    let starts_ms = 1_795_534_200_000; // 2026-11-24T10:30 in New York
    let new = NewAppointment {
        calendar: "main",
        starts_ms,
        ends_ms: starts_ms + 1_800_000,
        gap: store::Gap::NONE,
        zone: "America/New_York",
        kind: "",
        summary: "Check-up <b>",
        description: "",
        attendees: "[]",
        caller: "+15550100100",
        contact: "",
        key: "k",
    };
    let by = By {
        who: "+15550100100",
        call_id: Some("call-1"),
        second: Some(40),
        at_ms: starts_ms - 1,
        reason: "",
    };
    let planned = browser.store.plan(&Plan::Book(&new), &by, None, starts_ms).await.expect("asked");
    let Planned::Planned(intent) = planned else { panic!("not planned: {planned:?}") };
    browser.store.carry_out(&intent, &Followup::default()).await.expect("booked");
    let page = browser.get("/appointments?from=2026-11-24").await.text;
    for expected in [
        "Tuesday, 24 November 2026",
        "10:30–11:00",
        "Check-up &#60;b&#62;",
        "href=\"/calls/call-1\"",
        "America/New_York",
    ] {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert!(browser.get("/appointments?from=2026-11-25").await.text.contains("Nothing is booked"));
    assert!(browser.get("/appointments?from=2026-10-28").await.text.contains("Check-up"));
    for wrong in ["tomorrow", "9999-12-31", "-9999-01-01"] {
        let page = browser.get(&format!("/appointments?from={wrong}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

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

#[tokio::test]
async fn programs_are_told_in_json_that_they_must_log_in() {
    let mut browser = Browser::new(&[]).await;
    let addresses = [
        (Method::POST, "/calendar/check"),
        (Method::POST, "/calendar/create"),
        (Method::PUT, "/calendar/update"),
        (Method::DELETE, "/calendar/delete"),
        (Method::POST, "/phone/check_availability"),
        (Method::POST, "/phone/confirm_appointment"),
    ];
    for (method, path) in addresses {
        let page = browser.send(method, path, &[]).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{path}");
        let answer: serde_json::Value = serde_json::from_str(&page.text).expect("JSON");
        assert_eq!(answer["ok"], false);
    }
}

/// A day that is open and far enough ahead, `2026-12-05`.
fn a_day() -> String {
    let now = jiff::Timestamp::from_millisecond(clock::now_ms()).expect("now");
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date().checked_add(jiff::Span::new().days(14));
    day.expect("a date").to_string()
}

const ALWAYS_OPEN: [(&str, &str); 3] =
    [("TIME_ZONE", "UTC"), ("HOURS_SAT", "09:00-17:00"), ("HOURS_SUN", "09:00-17:00")];

async fn ask(browser: &mut Browser, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let headers = [("content-type", "application/json")];
    let page = browser.send_with(method, path, &headers, Body::from(body.to_string())).await;
    (page.status, serde_json::from_str(&page.text).expect("JSON"))
}

#[tokio::test]
async fn programs_of_the_owner_check_book_move_and_cancel_under_the_rules_of_the_book() {
    let mut browser = Browser::owner(&ALWAYS_OPEN).await;
    let day = a_day();
    let at = |time: &str| format!("{day}T{time}");
    let new = json!({"summary": "Haircut", "datetime_start": at("10:00")});
    let (status, answer) =
        ask(&mut browser, Method::POST, "/calendar/check", json!({"datetime_start": at("10:00")})).await;
    assert_eq!((status, &answer["data"]["available"]), (StatusCode::OK, &json!(true)), "{answer}");
    let (status, answer) = ask(&mut browser, Method::POST, "/calendar/create", new).await;
    assert_eq!((status, &answer["ok"]), (StatusCode::OK, &json!(true)), "{answer}");
    let other = json!({"summary": "Another", "datetime_start": at("10:15")});
    let (status, answer) = ask(&mut browser, Method::POST, "/phone/confirm_appointment", other).await;
    assert_eq!((status, &answer["ok"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(false)), "{answer}");
    assert!(answer["data"]["alternatives"].as_array().is_some_and(|times| !times.is_empty()), "{answer}");
    let moved = json!({"original_datetime": at("10:00"), "new_datetime_start": at("14:00")});
    let (status, answer) = ask(&mut browser, Method::PUT, "/calendar/update", moved).await;
    assert_eq!((status, &answer["data"]["start"]), (StatusCode::OK, &json!(at("14:00"))), "{answer}");
    let (status, answer) =
        ask(&mut browser, Method::DELETE, "/calendar/delete", json!({"datetime_start": at("14:00")})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (status, answer) = ask(&mut browser, Method::POST, "/calendar/create", json!([1])).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
}

#[tokio::test]
async fn an_appointment_tells_what_was_done_to_it_and_each_last_step_can_be_undone() {
    let mut browser = Browser::owner(&ALWAYS_OPEN).await;
    let day = a_day();
    let at = |time: &str| format!("{day}T{time}");
    let new = json!({"summary": "Haircut <b>", "datetime_start": at("10:00")});
    let (_, booked) = ask(&mut browser, Method::POST, "/calendar/create", new).await;
    let path = format!("/appointments/{}", booked["data"]["id"].as_str().expect("an id"));
    let page = browser.get(&path).await;
    assert!(page.text.contains("Haircut &#60;b&#62;") && page.text.contains("10:00–10:30"), "{}", page.text);
    assert_eq!(browser.post(&format!("{path}/cancel")).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(&path).await;
    assert!(page.text.contains("cancelled"));
    let undo = |page: &Page| {
        let (_, after) = page.text.split_once("action=\"/appointments/").expect("a way back");
        format!("/appointments/{}", after.split_once('"').expect("an end").0)
    };
    let back = undo(&page);
    assert_eq!(browser.post(&back).await.status, StatusCode::SEE_OTHER);
    let page = browser.get(&path).await;
    assert!(
        page.text.contains("Booked again") && !page.text.contains("class=\"tag\">cancelled"),
        "{}",
        page.text
    );
    assert_eq!(browser.post(&back).await.status, StatusCode::SEE_OTHER, "undone twice is undone once");
    assert!(browser.get(&path).await.text.contains("Booked again"));

    assert_eq!(browser.post(&format!("{path}/cancel")).await.status, StatusCode::SEE_OTHER);
    let cancelled = undo(&browser.get(&path).await);
    let (status, _) = ask(
        &mut browser,
        Method::POST,
        "/calendar/create",
        json!({"summary": "Another", "datetime_start": at("10:00")}),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    let page = browser.post(&cancelled).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("something else is there now"));
    assert_eq!(browser.get("/appointments/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_feed_is_read_by_its_secret_link_alone_and_only_by_the_newest() {
    let mut browser = Browser::owner(&ALWAYS_OPEN).await;
    let new = json!({"summary": "Haircut", "datetime_start": format!("{}T10:00", a_day())});
    ask(&mut browser, Method::POST, "/calendar/create", new).await;
    let link = |page: &Page| {
        let (_, after) = page.text.split_once("/feeds/").expect("a link");
        format!("/feeds/{}", after.split_once('<').expect("an end").0)
    };
    let first = link(&browser.post("/calendars/feed").await);
    let mut stranger = Browser { cookie: None, ..browser.clone() };
    let feed = stranger.get(&first).await;
    assert_eq!((feed.status, feed.header("content-type")), (StatusCode::OK, "text/calendar; charset=utf-8"));
    assert!(
        feed.text.contains("SUMMARY:Haircut") && feed.text.ends_with("END:VCALENDAR\r\n"),
        "{}",
        feed.text
    );
    let second = link(&browser.post("/calendars/feed").await);
    assert_eq!(stranger.get(&first).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.get(&second).await.status, StatusCode::OK);
    browser.post("/calendars/feed/close").await;
    assert_eq!(stranger.get(&second).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_given_up_is_shown_and_tried_again() {
    let mut browser = Browser::owner(&[]).await;
    assert!(browser.get("/outbox").await.text.contains("Everything has arrived"));
    let now_ms = clock::now_ms();
    let job = NewJob { kind: "owner", key: "a letter", payload: "{}", due_ms: now_ms, now_ms };
    browser.app.store.queue_job(&job).await.expect("queued");
    let claimed = browser.app.store.claim_jobs(now_ms, now_ms + 1_000, 1).await.expect("claimed");
    browser.app.store.job_failed(&claimed[0], "no <server>", None, now_ms).await.expect("given up");
    let page = browser.get("/outbox").await;
    assert!(page.text.contains("Given up") && page.text.contains("no &#60;server&#62;"), "{}", page.text);
    assert_eq!(browser.post(&format!("/outbox/{}/retry", claimed[0].id)).await.status, StatusCode::SEE_OTHER);
    assert!(!browser.get("/outbox").await.text.contains("Given up"));
    assert_eq!(browser.post("/outbox/nothing/retry").await.status, StatusCode::NOT_FOUND);
}
