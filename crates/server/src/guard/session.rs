//! Who looks at a page: a cookie that names a session that the store remembers.
//!
//! Authorisation is a type: a page that takes a [`User`] cannot be reached by anybody who is not logged in, and one that
//! takes an [`Owner`] by nobody but those who run this installation.

use super::{remote, token};
use crate::{app::App, clock, config::Config, pages::Failure, secret};
use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};
use store::{NewSession, Store, StoreError, UserRow};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A session ends when it was not used for this long,
const IDLE_MS: i64 = 30 * DAY_MS;
/// and at the latest after this long.
const LONGEST_MS: i64 = 180 * DAY_MS;
/// As much of what a browser says it is as is kept, in bytes.
const LONGEST_AGENT: usize = 300;

/// The cookie's name. The prefix makes a browser take it from this host over HTTPS alone.
const SECURE_COOKIE: &str = "__Host-earpiece";
/// Where there is no HTTPS, browsers refuse the prefix.
const PLAIN_COOKIE: &str = "earpiece";

/// Whoever looks, logged in or not.
#[derive(Clone)]
pub struct Visitor {
    pub user: Option<UserRow>,
    /// They came by HTTPS, as far as we can know.
    pub secure: bool,
    /// The network address they came from; empty where it cannot be known.
    pub from: String,
    /// What their browser says it is.
    agent: String,
    /// What the store knows the session by.
    session: Option<String>,
}

/// Anybody who is logged in. Others are sent to the login page, or refused where they would change something.
pub struct User {
    pub user: UserRow,
    /// The network address they came from; empty where it cannot be known.
    pub from: String,
    /// What the store knows this session by.
    pub session: String,
}

/// Somebody who runs this installation: manages its users. Users who do not are refused.
pub struct Owner {
    pub user: UserRow,
    /// The network address they came from; empty where it cannot be known.
    pub from: String,
}

impl Visitor {
    /// What the store knows the session by: a hash of the cookie's secret.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// The same visitor where nobody knows them.
    pub fn stranger(self) -> Self {
        Self { user: None, session: None, ..self }
    }

    /// Logs this user in, and out of whatever session came with the request; the cookie says so to the browser.
    pub async fn log_in(&self, store: &Store, user: &UserRow) -> Result<Cookie, StoreError> {
        let secret = random_token();
        let new = NewSession {
            hash: &token::hash(&secret),
            user_id: &user.id,
            from: &self.from,
            agent: &self.agent,
            now_ms: clock::now_ms(),
            idle_ms: IDLE_MS,
            absolute_ms: LONGEST_MS,
        };
        store.session_made(&new).await?;
        if let Some(old) = &self.session {
            store.session_ended(old).await?;
        }
        Ok(self.cookie(&secret, LONGEST_MS / 1000))
    }

    /// Ends the session, if there is one.
    pub async fn log_out(&self, store: &Store) -> Result<Cookie, StoreError> {
        if let Some(session) = &self.session {
            store.session_ended(session).await?;
        }
        Ok(self.cookie("", 0))
    }

    fn cookie(&self, secret: &str, seconds: i64) -> Cookie {
        let (name, more) = if self.secure { (SECURE_COOKIE, "; Secure") } else { (PLAIN_COOKIE, "") };
        Cookie(format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{more}"))
    }
}

/// What the browser is told to keep, as part of an answer.
pub struct Cookie(String);

impl axum::response::IntoResponseParts for Cookie {
    type Error = std::convert::Infallible;

    fn into_response_parts(
        self,
        mut answer: axum::response::ResponseParts,
    ) -> Result<axum::response::ResponseParts, Self::Error> {
        let value = HeaderValue::from_str(&self.0).expect("a cookie of ours is plain ASCII");
        answer.headers_mut().append(header::SET_COOKIE, value);
        Ok(answer)
    }
}

impl<S> FromRequestParts<S> for Visitor
where
    Arc<App>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        // Whoever let them into this house knows who they are in it.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let app = Arc::<App>::from_ref(state);
        let config = app.config.get();
        let secure = remote::came_by_https(&parts.headers, peer(parts), &config);
        let from = came_from(parts, &config);
        let name = if secure { SECURE_COOKIE } else { PLAIN_COOKIE };
        let session = cookie(&parts.headers, name).map(token::hash);
        let user = match &session {
            Some(session) => app.store.session(session, clock::now_ms()).await?,
            None => None,
        };
        Ok(Self { user, secure, from, agent: agent(&parts.headers), session })
    }
}

impl<S> FromRequestParts<S> for User
where
    Arc<App>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        match (visitor.user, visitor.session) {
            (Some(user), Some(session)) => Ok(Self { user, from: visitor.from, session }),
            (None, _) | (_, None) => Err(log_in_first(parts)),
        }
    }
}

impl<S> FromRequestParts<S> for Owner
where
    Arc<App>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let User { user, from, .. } = User::from_request_parts(parts, state).await?;
        if user.is_owner() {
            return Ok(Self { user, from });
        }
        Err(Failure::forbidden("Only an owner of this installation may see or change that.").into_response())
    }
}

/// The network address that a request came from; empty where it cannot be known.
pub fn came_from(parts: &Parts, config: &Config) -> String {
    let from = remote::address(&parts.headers, peer(parts), config);
    from.map(|from| from.to_string()).unwrap_or_default()
}

fn peer(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())
}

/// 256 bits, URL-safe.
pub fn random_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(secret::random::<32>())
}

/// Where a visitor of this path logs in, and comes back to it.
pub fn login_path(next: &str) -> String {
    match remote::own_path(next) {
        None | Some("/") => "/login".to_owned(),
        Some(next) => {
            let query = reqwest::Url::parse_with_params("http://x/login", [("next", next)]);
            let query = query.expect("a path can stand in a query");
            format!("/login?{}", query.query().unwrap_or_default())
        }
    }
}

/// A page leads to the login; what a script fetches or a form changes is refused, and htmx is told to lead there.
fn log_in_first(parts: &Parts) -> Response {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    if header("hx-request").is_some() {
        let page = header("hx-current-url").and_then(|url| reqwest::Url::parse(url).ok());
        let page = page.map_or_else(|| "/".to_owned(), |url| path_and_query(&url));
        let to = HeaderValue::from_str(&login_path(&page)).expect("a path of ours is plain ASCII");
        return (StatusCode::UNAUTHORIZED, [(HeaderName::from_static("hx-redirect"), to)]).into_response();
    }
    let looks = parts.method == Method::GET || parts.method == Method::HEAD;
    let navigates = header("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    match (looks, navigates) {
        (true, true) => {
            let here = parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
            let here = here.path_and_query().map_or("/", |here| here.as_str());
            Redirect::to(&login_path(here)).into_response()
        }
        (true, false) => StatusCode::UNAUTHORIZED.into_response(),
        (false, _) => {
            Failure::forbidden("You are not logged in any more: log in, and try again.").into_response()
        }
    }
}

fn path_and_query(url: &reqwest::Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.chars().take(LONGEST_AGENT).collect()
}

/// The value of the first cookie of this name, if it can be one of ours.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(other, value)| *other == name && value.len() == 43).map(|(_, value)| value)
}
