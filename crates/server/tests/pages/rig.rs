//! A browser at an instance of ours, without a network between.
#![allow(dead_code, reason = "each test file uses its part")]

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use call::Note;
use futures_util::StreamExt;
use server::{
    accounts,
    app::App,
    clock,
    config::{Live, Sources},
    guard::{session, token},
    houses::Houses,
    notes,
    pages::welcome,
    router, serve,
};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use store::{NewCall, NewSession, NoteRow, Role, Store, UserRow};
use tower::ServiceExt;

/// What users log in with.
pub const PASSWORD: &str = "correct horse battery";

#[derive(Clone)]
pub struct Browser {
    pub router: Router,
    pub store: Store,
    pub app: Arc<App>,
    pub houses: Arc<Houses>,
    pub cookie: Option<String>,
    pub folder: Arc<tempfile::TempDir>,
}

pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    /// What a form of the page holds in the first field of this name.
    pub fn value(&self, name: &str) -> String {
        let (_, after) = self.text.split_once(&format!("name=\"{name}\"")).expect("a field of that name");
        let (field, _) = after.split_once('>').expect("its end");
        let value = field.split_once("value=\"").map_or("", |(_, value)| value);
        value.split('"').next().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Browser {
    pub async fn new(settings: &[(&str, &str)]) -> Self {
        Self::in_folder(Arc::new(tempfile::tempdir().expect("a folder")), settings).await
    }

    /// In a folder that may have been lived in.
    pub async fn in_folder(folder: Arc<tempfile::TempDir>, settings: &[(&str, &str)]) -> Self {
        let mut environment: BTreeMap<String, String> =
            settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        environment.insert("DATA_DIR".into(), folder.path().display().to_string());
        let (live, warnings) = Live::load(Sources { environment, ..Sources::default() }).expect("settings");
        let app = serve::open(live, &warnings).await.expect("an instance");
        let houses = Houses::new(app.clone());
        let router = router::router(&houses);
        Self { router, store: app.store.clone(), app, houses, cookie: None, folder }
    }

    pub async fn owner(settings: &[(&str, &str)]) -> Self {
        let mut browser = Self::new(settings).await;
        let link = welcome::make_link(&browser.store, clock::now_ms()).await.expect("a link");
        assert_eq!(browser.post(&format!("/welcome/{link}")).await.status, StatusCode::SEE_OTHER);
        browser
    }

    /// Another browser at the same instance, where nobody is logged in.
    pub fn other(&self) -> Self {
        Self { cookie: None, ..self.clone() }
    }

    /// Another browser, in which a new user of this role is logged in.
    pub async fn with_user(&self, email: &str, role: Role) -> Self {
        let (now_ms, name) = (clock::now_ms(), email.split('@').next().expect("a part"));
        let added = accounts::add(&self.store, (email, name, role), PASSWORD, now_ms).await.expect("asked");
        let user = added.expect("the address is free");
        Self { cookie: Some(self.logged_in(&user).await), ..self.other() }
    }

    /// The browser of another user of the same installation, with the data of their own house.
    pub async fn of_another(&self, name: &str, role: &str) -> Self {
        let now_ms = clock::now_ms();
        let email = format!("{}@example.com", name.to_lowercase());
        let accounts = self.app.whose.accounts();
        let user = accounts.create_user(Some(&email), name, role, now_ms).await.expect("a user");
        let cookie = self.logged_in(&user).await;
        let home = self.houses.home(&user).await.expect("a house");
        let app = self.houses.at(&home).await.expect("it opens").app.clone();
        Self { store: app.store.clone(), app, cookie: Some(cookie), ..self.clone() }
    }

    /// The cookie of a new session of this user's.
    pub async fn logged_in(&self, user: &UserRow) -> String {
        let now_ms = clock::now_ms();
        let accounts = self.app.whose.accounts();
        let secret = session::random_token();
        let new = NewSession {
            hash: &token::hash(&secret),
            user_id: &user.id,
            from: "",
            agent: "",
            now_ms,
            idle_ms: 1_000_000,
            absolute_ms: 1_000_000,
        };
        accounts.session_made(&new).await.expect("a session");
        format!("earpiece={secret}")
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, &[]).await
    }

    pub async fn post(&mut self, path: &str) -> Page {
        self.send(Method::POST, path, &[("sec-fetch-site", "same-origin")]).await
    }

    /// Sends a form of this page's.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let url = reqwest::Url::parse_with_params("http://x/", fields).expect("fields");
        let body = url.query().unwrap_or_default().to_owned();
        let headers =
            [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
        self.send_with(Method::POST, path, &headers, Body::from(body)).await
    }

    /// How many bytes come when a browser asks for this, which takes what is compressed.
    pub async fn size(&self, path: &str) -> usize {
        let taken = [("accept-encoding", "gzip, deflate, br")];
        let answer = self.answer(Method::GET, path, &taken, Body::empty()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let head: usize =
            answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        head + axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body").len()
    }

    /// What is no text.
    pub async fn bytes(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let answer = self.answer(method, path, headers, Body::empty()).await;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        (status, headers, body.to_vec())
    }

    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)]) -> Page {
        self.send_with(method, path, headers, Body::empty()).await
    }

    pub async fn send_with(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Page {
        let answer = self.answer(method, path, headers, body).await;
        let (status, headers) = (answer.status(), answer.headers().clone());
        if let Some(set) = headers.get(header::SET_COOKIE) {
            let set = set.to_str().expect("ASCII");
            let pair = set.split(';').next().expect("a pair");
            self.cookie = (!pair.ends_with('=')).then(|| format!("other=1; {pair}"));
        }
        // Events come without end: whoever wants them asks for `events`.
        let endless = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if endless { Body::empty() } else { answer.into_body() };
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        Page { status, headers, text: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Listens to the events at this address.
    pub async fn events(&self, path: &str) -> Events {
        let answer = self.answer(Method::GET, path, &[], Body::empty()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
        Events { body: answer.into_body().into_data_stream(), read: String::new() }
    }

    /// Knocks as a carrier does, and says what is answered.
    pub async fn knocks(&self, path: &str, headers: &[(&str, &str)], form: &str) -> StatusCode {
        let form_of = ("content-type", "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([form_of]).collect();
        self.other().answer(Method::POST, path, &headers, Body::from(form.to_owned())).await.status()
    }

    /// What the whole program answers to whoever has this browser's cookie.
    async fn answer(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Response {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:5050");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let mut request = request.body(body).expect("a request");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000))));
        self.router.clone().oneshot(request).await.expect("an answer")
    }
}

/// What a page that watches is told.
pub struct Events {
    body: axum::body::BodyDataStream,
    read: String,
}

impl Events {
    /// The next event: its name and what it says. None: nothing more comes.
    pub async fn next(&mut self) -> Option<(String, String)> {
        loop {
            while let Some(end) = self.read.find("\n\n") {
                let rest = self.read.split_off(end + 2);
                let event = std::mem::replace(&mut self.read, rest);
                let lines = |field: &str| {
                    let values = event.lines().filter_map(|line| line.strip_prefix(field));
                    values.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect::<Vec<_>>()
                };
                let told = (lines("event:").concat(), lines("data:").join("\n"));
                if !told.0.is_empty() {
                    return Some(told);
                }
            }
            let more = tokio::time::timeout(std::time::Duration::from_secs(120), self.body.next()).await;
            let more = more.expect("an event")?.expect("a stream that holds");
            self.read.push_str(std::str::from_utf8(&more).expect("text, event by event"));
        }
    }
}

pub async fn a_call(store: &Store, notes: &[(u64, Note)]) -> String {
    a_call_from(store, "+15550100100", 1_795_000_000_000, notes).await
}

pub async fn a_call_from(store: &Store, from: &str, started_ms: i64, notes: &[(u64, Note)]) -> String {
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
