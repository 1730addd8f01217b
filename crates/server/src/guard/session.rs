//! Who looks at a page: a cookie that names a session that the store remembers.
//!
//! Authorisation is a type: a page that takes an [`Owner`] cannot be reached by anybody else.

use super::token;
use crate::{app::App, clock, config::Config, pages::Failure, secret};
use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use store::{Store, StoreError, UserRow};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A session ends when it was not used for this long,
const IDLE_MS: i64 = 30 * DAY_MS;
/// and at the latest after this long.
const LONGEST_MS: i64 = 180 * DAY_MS;

/// The cookie's name. The prefix makes a browser take it from this host over HTTPS alone.
const SECURE_COOKIE: &str = "__Host-earpiece";
/// Where there is no HTTPS, browsers refuse the prefix.
const PLAIN_COOKIE: &str = "earpiece";

/// Whoever looks, logged in or not.
pub struct Visitor {
    pub user: Option<UserRow>,
    /// They came by HTTPS, as far as we can know.
    pub secure: bool,
    /// What the store knows the session by.
    session: Option<String>,
}

/// The owner, logged in. Others are sent to the front page, or refused where they would change something.
pub struct Owner {
    pub user: UserRow,
}

impl Visitor {
    /// What the store knows the session by: a hash of the cookie's secret.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    pub fn is_owner(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.role == "owner")
    }

    /// Logs this user in, and out of whatever session came with the request; the cookie says so to the browser.
    pub async fn log_in(&self, store: &Store, user: &UserRow) -> Result<Cookie, StoreError> {
        let secret = random_token();
        let now_ms = clock::now_ms();
        store.session_made(&token::hash(&secret), &user.id, now_ms, IDLE_MS, LONGEST_MS).await?;
        if let Some(old) = &self.session {
            store.session_ended(old).await?;
        }
        let seconds = LONGEST_MS / 1000;
        Ok(Cookie(if self.secure {
            format!("{SECURE_COOKIE}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax; Secure")
        } else {
            format!("{PLAIN_COOKIE}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax")
        }))
    }

    /// Ends the session, if there is one.
    pub async fn log_out(&self, store: &Store) -> Result<Cookie, StoreError> {
        if let Some(session) = &self.session {
            store.session_ended(session).await?;
        }
        Ok(Cookie(if self.secure {
            format!("{SECURE_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure")
        } else {
            format!("{PLAIN_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
        }))
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
        let app = Arc::<App>::from_ref(state);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let secure = came_by_https(&parts.headers, peer, &app.config.get());
        let name = if secure { SECURE_COOKIE } else { PLAIN_COOKIE };
        let session = cookie(&parts.headers, name).map(token::hash);
        let user = match &session {
            Some(session) => app.store.session(session, clock::now_ms()).await?,
            None => None,
        };
        Ok(Self { user, secure, session })
    }
}

impl<S> FromRequestParts<S> for Owner
where
    Arc<App>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let owner = visitor.is_owner();
        match visitor.user {
            Some(user) if owner => Ok(Self { user }),
            _ if parts.method == Method::GET || parts.method == Method::HEAD => {
                Err(Redirect::to("/").into_response())
            }
            _ => Err(Failure::forbidden("Only the owner may do that.").into_response()),
        }
    }
}

/// 256 bits, URL-safe.
pub fn random_token() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(secret::random::<32>())
}

/// We speak TLS ourselves, a proxy we trust says so, or it came to our public address, which is an HTTPS one.
fn came_by_https(headers: &HeaderMap, peer: Option<IpAddr>, config: &Config) -> bool {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let trusted = |peer: IpAddr| config.server.trusted_proxies.iter().any(|network| network.contains(peer));
    let forwarded = || {
        let scheme = header(HeaderName::from_static("x-forwarded-proto"))?.rsplit(',').next()?.trim();
        peer.is_some_and(trusted).then_some(scheme.eq_ignore_ascii_case("https"))
    };
    let public = || {
        let authority = config.server.public_url.as_deref()?.strip_prefix("https://")?.split('/').next()?;
        Some(header(header::HOST)?.eq_ignore_ascii_case(authority))
    };
    config.server.tls.is_some() || forwarded().unwrap_or(false) || public().unwrap_or(false)
}

/// The value of the first cookie of this name, if it can be one of ours.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(other, value)| *other == name && value.len() == 43).map(|(_, value)| value)
}
