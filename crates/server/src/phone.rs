//! What a carrier's webhook and its stream are answered: who rings is let in, expected, and put through.

use crate::{
    answerer::Answerer,
    app::App,
    brief,
    calls::Awaited,
    clock,
    drive::{Drive, drive},
    guard::{allowlist, signature, token, trust},
    insist::insist,
    line::{Line, stream::StreamLine},
    notes,
    scribe::Scribe,
};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, OriginalUri, State, WebSocketUpgrade, ws::WebSocket},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use call::Ending;
use carrier::{Ask, Carrier, Refusal, Reply, Request, Ring, Started, address};
use futures_util::FutureExt;
use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use store::{Begun, Issued, NewCall, NewToken, Spent};
use tokio::sync::OwnedSemaphorePermit;
use tool::Trust;

/// Where streams are opened, unless an older configuration says otherwise.
pub const MEDIA_STREAM: &str = "/media-stream";
const BUSY: &str = "All our lines are busy. Please call again in a few minutes.";
const CLOSING: &str = "We are just closing. Please call again in a few minutes.";
/// How a call ends for which there was no room.
const TURNED_AWAY: &str = "busy";
/// The longest stream message that makes sense: many seconds of sound.
const LONGEST_MESSAGE: usize = 256 * 1024;
/// How long a stream may take to open whose call was let in just before the server was told to stop.
const ON_ITS_WAY: Duration = Duration::from_secs(5);
/// How long the carrier's API may take to end or transfer a call.
const API_PATIENCE: Duration = Duration::from_secs(10);

/// Why a request of a carrier is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("TWILIO_AUTH_TOKEN is not set, so nobody can prove to be Twilio")]
    NoSecret,
    #[error("it is not signed")]
    Unsigned,
    #[error(
        "its signature is wrong for every address it may have been sent to; `earpiece explain twilio` tells more"
    )]
    WrongSignature,
    #[error("{0}")]
    Malformed(String),
    #[error("the call's token was used or is too old")]
    Stale,
    #[error("too many streams are opening at once")]
    TooMany,
    #[error("the database failed")]
    Store(#[from] store::StoreError),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Refused::NoSecret | Refused::TooMany => StatusCode::SERVICE_UNAVAILABLE,
            Refused::Unsigned | Refused::Malformed(_) => StatusCode::BAD_REQUEST,
            Refused::WrongSignature => StatusCode::FORBIDDEN,
            Refused::Stale => StatusCode::CONFLICT,
            Refused::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        match &self {
            Refused::Store(error) => tracing::error!(%error, "a carrier's request was refused"),
            Refused::NoSecret
            | Refused::Unsigned
            | Refused::WrongSignature
            | Refused::Malformed(_)
            | Refused::Stale
            | Refused::TooMany => {
                tracing::warn!(status = status.as_u16(), why = %self, "a carrier's request was refused");
            }
        }
        (status, format!("Refused: {self}.\n")).into_response()
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unsigned => Refused::Unsigned,
            Refusal::WrongSignature => Refused::WrongSignature,
            Refusal::Malformed(why) => Refused::Malformed(why),
        }
    }
}

/// `GET|POST /incoming-call`: someone rings.
pub async fn incoming_call(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Incoming,
) -> Result<Response, Refused> {
    let request = request.as_request();
    let url = verified(&app, &request, peer)?;
    let ring = app.twilio.read(&request).map_err(|garbled| Refused::Malformed(garbled.0))?;
    let reply = answer(&app, &ring, &url).await?;
    let document = app.twilio.answer(&reply);
    Ok(([(header::CONTENT_TYPE, document.content_type)], document.body).into_response())
}

/// `WS /media-stream`: the stream of a call that was let in.
pub async fn media_stream(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
    request: Incoming,
) -> Result<Response, Refused> {
    verified(&app, &request.as_request(), peer)?;
    let place = app.calls.place_to_introduce().ok_or(Refused::TooMany)?;
    let upgrade = upgrade
        .read_buffer_size(4 * 1024)
        .write_buffer_size(16 * 1024)
        .max_frame_size(LONGEST_MESSAGE)
        .max_message_size(LONGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| put_through(app, socket, place)))
}

/// A request as it came in, owned.
pub struct Incoming {
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Incoming {
    pub(crate) fn as_request(&self) -> Request<'_> {
        Request {
            method: self.method.as_str(),
            target: &self.target,
            headers: &self.headers,
            body: &self.body,
        }
    }
}

impl<S: Send + Sync> axum::extract::FromRequest<S> for Incoming {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Response> {
        let method = request.method().clone();
        let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0);
        let target = uri.path_and_query().map_or_else(|| "/".to_owned(), |target| target.as_str().to_owned());
        let headers = texts(request.headers());
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self { method, target, headers, body })
    }
}

/// Headers as text; what is not text is nobody's that we know.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}

/// The address that Twilio signed this request for.
pub(crate) fn verified(app: &App, request: &Request<'_>, peer: SocketAddr) -> Result<String, Refused> {
    let config = app.config.get();
    let secret = config.twilio.auth_token.as_ref().ok_or(Refused::NoSecret)?;
    let public = config.server.public_url.as_deref();
    // Without PUBLIC_URL any header may suggest an address: only one that the carrier signed is ever believed.
    let proxies = &config.server.trusted_proxies;
    let trusted = public.is_none() || proxies.iter().any(|network| network.contains(peer.ip()));
    Ok(signature::verified(&app.twilio, request, public, trusted, secret.expose())?)
}

/// Decides about a ringing call. A webhook that is told again gets the same answer and changes nothing.
async fn answer(app: &Arc<App>, ring: &Ring, url: &str) -> Result<Reply, Refused> {
    let config = app.config.get();
    if !allowlist::admits(&config.callers, &ring.from) {
        tracing::info!(call = %ring.call, "a caller who is not on the list was rejected");
        return Ok(Reply::Reject);
    }
    let trust = trust::of(&config.callers, &ring.from, ring.attestation);
    let (id, issued_ms) = match known(app, ring, trust).await? {
        Known::Before { id, issued_ms } => (id, issued_ms),
        Known::New { id, issued_ms, place } => {
            expect(app, &id, ring, trust, place);
            (id, issued_ms)
        }
        Known::Busy if app.draining.is_cancelled() => return Ok(Reply::Say(CLOSING.into())),
        Known::Busy => return Ok(Reply::Say(BUSY.into())),
    };
    let token = token::of(&app.key, app.twilio.name(), &id, issued_ms);
    let base = config.server.public_url.as_deref().unwrap_or_else(|| address::origin(url));
    let welcome = Some(config.assistant.welcome.clone()).filter(|words| !words.is_empty());
    Ok(Reply::Stream { url: address::stream_address(base, MEDIA_STREAM), token, welcome })
}

enum Known {
    New { id: String, issued_ms: i64, place: OwnedSemaphorePermit },
    Before { id: String, issued_ms: i64 },
    Busy,
}

/// Remembers the call, unless it is remembered already.
async fn known(app: &App, ring: &Ring, trust: Trust) -> Result<Known, Refused> {
    let now_ms = clock::now_ms();
    let carrier = app.twilio.name();
    let new = NewCall {
        id: &NewCall::id(now_ms),
        carrier,
        carrier_call: &ring.call,
        from: &ring.from,
        to: &ring.to,
        outbound: ring.outbound,
        engine: app.config.get().assistant.engine.name(),
        trust: trust.name(),
        started_ms: now_ms,
    };
    let (id, place) = match app.store.call_begun(&new).await? {
        Begun::New => match app.calls.place().filter(|_| !app.draining.is_cancelled()) {
            Some(place) => (new.id.to_owned(), Some(place)),
            None => return busy(app, new.id).await,
        },
        // It has its place, or was told that there is none, and is told the same again.
        Begun::Again { id } => match app.store.call(&id).await? {
            Some(call) if call.ending.as_deref() == Some(TURNED_AWAY) => return Ok(Known::Busy),
            Some(_) | None => (id, None),
        },
    };
    let issued = NewToken {
        carrier,
        carrier_call: &ring.call,
        hash: &token::hash(&token::of(&app.key, carrier, &id, now_ms)),
        call_id: &id,
        issued_ms: now_ms,
        expires_ms: now_ms + token::GOOD_FOR_MS,
    };
    Ok(match app.store.token_issued(&issued).await? {
        // Without a place here it was told of before, and we failed before it had a token.
        Issued::New => match place.or_else(|| app.calls.place()) {
            Some(place) => Known::New { id, issued_ms: now_ms, place },
            None => return busy(app, &id).await,
        },
        Issued::Again { spent: true, .. } => return Err(Refused::Stale),
        Issued::Again { expires_ms, .. } if expires_ms <= now_ms => return Err(Refused::Stale),
        Issued::Again { call_id, issued_ms, .. } => Known::Before { id: call_id, issued_ms },
    })
}

async fn busy(app: &App, id: &str) -> Result<Known, Refused> {
    app.store.call_ended(id, clock::now_ms(), TURNED_AWAY).await?;
    Ok(Known::Busy)
}

/// Dials the engine for a call whose stream will open, and forgets it should it never do so.
fn expect(app: &Arc<App>, id: &str, ring: &Ring, trust: Trust, place: OwnedSemaphorePermit) {
    let answerer = Answerer::dial(app, brief::of(app, &ring.from, trust));
    app.calls.expect(id, Awaited { answerer, place, from: ring.from.clone(), trust });
    let (app, id, from) = (app.clone(), id.to_owned(), ring.from.clone());
    app.tasks.clone().spawn(async move {
        let seen = insist(&app.draining, "a caller", || app.store.caller_seen(&from, clock::now_ms())).await;
        if let Err(error) = seen {
            tracing::error!(call = %id, %error, "a caller could not be written down");
        }
        let good_for = Duration::from_millis(token::GOOD_FOR_MS.unsigned_abs());
        let last_moment = async {
            app.draining.cancelled().await;
            if app.calls.is_expected(&id) {
                tokio::time::sleep(ON_ITS_WAY).await;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(good_for) => {}
            () = last_moment => {}
        }
        if app.calls.take(&id).is_some() {
            tracing::warn!(call = %id, "no stream opened for this call; is PUBLIC_URL reachable by wss?");
            write_end(&app, &id, "never_connected").await;
        }
    });
}

/// Finds out which call a stream carries, and runs it.
async fn put_through(app: Arc<App>, socket: WebSocket, place: OwnedSemaphorePermit) {
    let opened = StreamLine::open(socket, app.twilio.stream()).await;
    drop(place);
    let (line, started) = match opened {
        Ok(opened) => opened,
        Err(why) => return tracing::warn!(%why, "a stream was refused"),
    };
    let (id, awaited) = match admitted(&app, &started).await {
        Ok(admitted) => admitted,
        Err(why) => {
            tracing::warn!(call = %started.call, why, "a stream was refused");
            return line.refuse(why).await;
        }
    };
    app.tasks.clone().spawn(async move {
        let run = AssertUnwindSafe(run(&app, &id, &started, line, awaited)).catch_unwind().await;
        let ending = run.map_or("crashed", notes::ending);
        if ending == "crashed" {
            tracing::error!(call = %id, "the call's task panicked");
        }
        write_end(&app, &id, ending).await;
    });
}

/// Beside the call, whose caller waits for the first word.
async fn write_start(app: Arc<App>, id: String, now_ms: i64) {
    let written = insist(&app.draining, "the start of a call", || app.store.call_answered(&id, now_ms));
    if let Err(error) = written.await {
        tracing::error!(call = %id, %error, "the start of a call could not be written");
    }
}

async fn write_end(app: &App, id: &str, ending: &str) {
    let now_ms = clock::now_ms();
    let written = insist(&app.draining, "the end of a call", || app.store.call_ended(id, now_ms, ending));
    if let Err(error) = written.await {
        tracing::error!(call = %id, %error, "the end of a call could not be written");
    }
}

/// Spends the stream's token. The call's engine is taken from where it waits; where the webhook was another
/// instance's, one is dialled here.
async fn admitted(app: &Arc<App>, started: &Started) -> Result<(String, Awaited), &'static str> {
    let token = started.token.as_deref().ok_or("no token")?;
    let spent = app.store.token_spent(&token::hash(token), &started.call, clock::now_ms()).await;
    let id = match spent {
        Ok(Spent::Now { call_id }) => call_id,
        Ok(Spent::Already) => return Err("token used before"),
        Ok(Spent::Stale) => return Err("token too old"),
        Ok(Spent::OtherCall) => return Err("token of another call"),
        Ok(Spent::Unknown) => return Err("unknown token"),
        Err(error) => {
            tracing::error!(%error, "a token could not be looked up");
            return Err("try again later");
        }
    };
    let awaited = match app.calls.take(&id) {
        Some(awaited) => Ok(awaited),
        None => dialled_here(app, &id).await,
    };
    match awaited {
        Ok(awaited) => Ok((id, awaited)),
        // Its token is spent, so it cannot come again.
        Err((why, ending)) => {
            write_end(app, &id, ending).await;
            Err(why)
        }
    }
}

/// A call whose webhook was another instance's, or why there is none and how that ends it.
async fn dialled_here(app: &Arc<App>, id: &str) -> Result<Awaited, (&'static str, &'static str)> {
    let place = app.calls.place().ok_or(("busy", TURNED_AWAY))?;
    let row = app.store.call(id).await.ok().flatten().ok_or(("unknown call", "crashed"))?;
    let trust = Trust::named(&row.trust).ok_or(("unknown trust", "crashed"))?;
    let answerer = Answerer::dial(app, brief::of(app, &row.from, trust));
    Ok(Awaited { answerer, place, from: row.from, trust })
}

async fn run(app: &Arc<App>, id: &str, started: &Started, line: StreamLine, awaited: Awaited) -> Ending {
    let Awaited { answerer, place: _held_until_the_end, from, trust } = awaited;
    let (_presence, dismissed) = app.calls.begin(id);
    tracing::info!(call = %id, carrier_call = %started.call, "a call begins");
    app.tasks.spawn(write_start(app.clone(), id.to_owned(), clock::now_ms()));
    let driven = drive(
        app,
        Drive {
            line: Line::Stream(Box::new(line)),
            answerer,
            errand: brief::errand(id, &from, trust),
            scribe: Scribe::begin(app, id, clock::now()),
            dismissed,
            policy: brief::policy(app, started.format),
        },
    )
    .await;
    tracing::info!(call = %id, ending = notes::ending(driven.ending), "a call ended");
    let to = driven.transfer.and_then(|name| app.tools.get().destination(&name).map(str::to_owned));
    let ask = match (driven.ending, to) {
        (Ending::CallerHungUp, _) => None,
        (_, Some(to)) => Some(Ask::Transfer { call: started.call.clone(), to, via: String::new() }),
        (_, None) => Some(Ask::Complete { call: started.call.clone() }),
    };
    let transfers = matches!(ask, Some(Ask::Transfer { .. }));
    // A transfer must reach the carrier while the stream still holds the call; an end may come after.
    if let Some(ask) = ask.as_ref().filter(|_| transfers) {
        ask_carrier(app, ask).await;
    }
    driven.line.close().await;
    if let Some(ask) = ask.filter(|_| !transfers) {
        ask_carrier(app, &ask).await;
    }
    driven.ending
}

/// Asks the carrier's API, where the account is known.
async fn ask_carrier(app: &App, ask: &Ask) {
    let config = app.config.get();
    let twilio = &config.twilio;
    let (Some(account), Some(secret)) = (&twilio.account_sid, &twilio.auth_token) else { return };
    let request = app.twilio.ask(ask, &twilio.api_url, account, secret.expose());
    let Ok(request) = reqwest::Request::try_from(request) else {
        return tracing::error!("TWILIO_API_URL is not an address");
    };
    match tokio::time::timeout(API_PATIENCE, app.http.execute(request)).await {
        // 404: the call is over already.
        Ok(Ok(answer)) if answer.status().is_success() || answer.status() == StatusCode::NOT_FOUND => {}
        Ok(Ok(answer)) => tracing::warn!(
            status = answer.status().as_u16(),
            "Twilio's API refused to end or transfer a call"
        ),
        Ok(Err(error)) => tracing::warn!(error = %error.without_url(), "Twilio's API could not be reached"),
        Err(_) => tracing::warn!("Twilio's API did not answer in time"),
    }
}
