//! What a carrier's webhook and its stream are answered: who rings is let in, expected, and put through.

mod outgoing;
mod turns;

pub use outgoing::{answered, fares, fares_of, leave_message};
pub use turns::{Turns, turn, twilios_turn};

use crate::{
    answerer::Answerer,
    app::App,
    brief,
    calls::Awaited,
    carriers, clock,
    config::Mode,
    drive::{Connect, Drive, drive},
    guard::{
        allowlist, signature,
        standing::{self, Standing},
        token, trust,
    },
    insist::insist,
    line::{Line, stream::StreamLine, turns::Addresses},
    notes,
    scribe::Scribe,
    voicemail::{self, Leaving},
};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, OriginalUri, Path, Query, State, WebSocketUpgrade, ws::WebSocket},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use call::{Ending, LineCommand, Manner};
use carrier::{Ask, Carrier, Dial, Next, Refusal, Reply, Request, Ring, Started, address};
use engine::Brief;
use futures_util::FutureExt;
use serde::Deserialize;
use std::{fmt::Write as _, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use store::{Begun, Issued, NewCall, NewToken, Spent};
use tokio::sync::OwnedSemaphorePermit;
use tool::Trust;

/// Where streams are opened, unless an older configuration says otherwise.
pub const MEDIA_STREAM: &str = "/media-stream";
const BUSY: &str = "All our lines are busy. Please call again in a few minutes.";
const CLOSING: &str = "We are just closing. Please call again in a few minutes.";
/// How a call ends for which there was no room.
const TURNED_AWAY: &str = "busy";
/// How a call ends that came while nobody answers.
const CLOSED: &str = "closed";
/// The longest stream message that makes sense: many seconds of sound.
const LONGEST_MESSAGE: usize = 256 * 1024;
/// How long a stream may take to open whose call was let in just before the server was told to stop.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// Why a request of a carrier is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("{0} is not set, so nobody can prove to be the carrier")]
    NoSecret(&'static str),
    #[error("there is no such carrier")]
    NoSuchCarrier,
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
            Refused::NoSecret(_) | Refused::TooMany => StatusCode::SERVICE_UNAVAILABLE,
            Refused::NoSuchCarrier => StatusCode::NOT_FOUND,
            Refused::Unsigned | Refused::Malformed(_) => StatusCode::BAD_REQUEST,
            Refused::WrongSignature => StatusCode::FORBIDDEN,
            Refused::Stale => StatusCode::CONFLICT,
            Refused::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        match &self {
            Refused::Store(error) => tracing::error!(%error, "a carrier's request was refused"),
            Refused::NoSecret(_)
            | Refused::NoSuchCarrier
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

/// `GET|POST /incoming-call`: someone rings by Twilio.
pub async fn incoming_call(
    app: State<Arc<App>>,
    peer: ConnectInfo<SocketAddr>,
    request: Incoming,
) -> Result<Response, Refused> {
    carriers_call(app, peer, Path("twilio".into()), request).await
}

/// `GET|POST /phone/{carrier}/incoming-call`: someone rings.
pub async fn carriers_call(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(carrier): Path<String>,
    request: Incoming,
) -> Result<Response, Refused> {
    let carrier = carriers::named(&carrier).ok_or(Refused::NoSuchCarrier)?;
    let request = request.as_request();
    let url = verified(&app, carrier, &request, peer)?;
    let ring = carrier.read(&request).map_err(|garbled| Refused::Malformed(garbled.0))?;
    if !allowlist::admits(&app.config.get().callers, &ring.from) {
        tracing::info!(call = %ring.call, "a caller who is not on the list was rejected");
        return Ok(document(carrier, &Reply::Reject));
    }
    let reply = answer(&app, carrier, &ring, None, &url).await?;
    Ok(document(carrier, &reply))
}

fn document(carrier: &dyn Carrier, reply: &Reply) -> Response {
    let document = carrier.answer(reply);
    ([(header::CONTENT_TYPE, document.content_type)], document.body).into_response()
}

/// `WS /media-stream`: the stream of a call that was let in, by Twilio.
pub async fn media_stream(
    app: State<Arc<App>>,
    peer: ConnectInfo<SocketAddr>,
    upgrade: WebSocketUpgrade,
    request: Incoming,
) -> Result<Response, Refused> {
    carriers_stream(app, peer, Path("twilio".into()), upgrade, request).await
}

/// `WS /phone/{carrier}/media-stream`: the stream of a call that was let in.
pub async fn carriers_stream(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(carrier): Path<String>,
    upgrade: WebSocketUpgrade,
    request: Incoming,
) -> Result<Response, Refused> {
    let carrier = carriers::named(&carrier).ok_or(Refused::NoSuchCarrier)?;
    if carrier.signs_streams() {
        verified(&app, carrier, &request.as_request(), peer)?;
    }
    let place = app.calls.place_to_introduce().ok_or(Refused::TooMany)?;
    let upgrade = upgrade
        .read_buffer_size(4 * 1024)
        .write_buffer_size(16 * 1024)
        .max_frame_size(LONGEST_MESSAGE)
        .max_message_size(LONGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| put_through(app, carrier, socket, place)))
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
pub(crate) fn verified(
    app: &App,
    carrier: &dyn Carrier,
    request: &Request<'_>,
    peer: SocketAddr,
) -> Result<String, Refused> {
    let config = app.config.get();
    let secret = carriers::signing(&config, carrier).map_err(Refused::NoSecret)?;
    let public = config.server.public_url.as_deref();
    // Without PUBLIC_URL any header may suggest an address: only one that the carrier signed is ever believed.
    let proxies = &config.server.trusted_proxies;
    let trusted = public.is_none() || proxies.iter().any(|network| network.contains(peer.ip()));
    let now_unix = clock::now_ms() / 1_000;
    Ok(signature::verified(carrier, request, public, trusted, secret, now_unix)?)
}

/// Takes a ringing call. A webhook that is told again gets the same answer and changes nothing. In a call that we placed
/// about `purpose`, `ring.from` is who answered.
async fn answer(
    app: &Arc<App>,
    carrier: &'static dyn Carrier,
    ring: &Ring,
    purpose: Option<&str>,
    url: &str,
) -> Result<Reply, Refused> {
    let config = app.config.get();
    let trust = trust::of(&config.callers, &ring.from, ring.attestation);
    // Whom we call need not be somebody who may call us.
    let standing = match purpose {
        Some(_) => Standing::PutThrough,
        None => standing::of(app, &ring.from, ring.attestation).await?,
    };
    let engine = match standing {
        Standing::Blocked => {
            tracing::info!(call = %ring.call, "a caller who is blocked was rejected");
            return Ok(Reply::Reject);
        }
        Standing::Closed => return closed(app, carrier, ring, trust).await,
        Standing::Voicemail => voicemail::ENGINE,
        Standing::PutThrough => config.assistant.engine.name(),
    };
    let manner = match config.calls.mode_of(&ring.to) {
        Mode::Stream => Manner::Duplex,
        Mode::Turns => Manner::Turns,
        Mode::Auto => app.turns.manner(&config, carrier, &ring.to, clock::now()),
    };
    let base = config.server.public_url.as_deref().unwrap_or_else(|| address::origin(url));
    let (id, issued_ms, new) = match known(app, carrier, ring, trust, engine).await? {
        Known::Before { id, issued_ms } => (id, issued_ms, None),
        Known::New { id, issued_ms, place } => (id, issued_ms, Some(place)),
        // They did not call us: nothing is to be explained to them.
        Known::Busy if purpose.is_some() => return Ok(Reply::Turn(Vec::new(), Next::HangUp)),
        Known::Busy if app.draining.is_cancelled() => return Ok(Reply::Say(CLOSING.into())),
        Known::Busy => return Ok(Reply::Say(BUSY.into())),
    };
    if manner == Manner::Turns {
        let addresses = Addresses {
            next: format!("{base}/phone/{}/process-voice/{id}", carrier.name()),
            base: base.to_owned(),
        };
        if let Some(place) = new {
            let answerer = dial(app, &id, &ring.from, trust, engine, manner, purpose);
            let awaited = Awaited { answerer, place, from: ring.from.clone(), trust };
            by_turns(app, carrier, &id, &ring.call, awaited, addresses);
        }
        return Ok(turns::begin(app, &id).await);
    }
    if let Some(place) = new {
        let answerer = dial(app, &id, &ring.from, trust, engine, manner, purpose);
        let awaited = Awaited { answerer, place, from: ring.from.clone(), trust };
        expect(app, carrier, &id, &ring.to, awaited);
    }
    let token = token::of(&app.key, carrier.name(), &id, issued_ms);
    let welcome = Some(config.assistant.welcome.clone()).filter(|words| !words.is_empty());
    let path = match carrier.name() {
        "twilio" => MEDIA_STREAM.to_owned(),
        other => format!("/phone/{other}{MEDIA_STREAM}"),
    };
    Ok(Reply::Stream { url: address::stream_address(base, &path), token, welcome })
}

/// The brief of a call with whoever has this number; with its purpose where we placed it.
fn brief(app: &App, number: &str, trust: Trust, manner: Manner, purpose: Option<&str>) -> Brief {
    match purpose {
        Some(purpose) => brief::of_placed(app, number, trust, manner, purpose),
        None => brief::of(app, number, trust, manner),
    }
}

/// Runs a call that is carried by webhooks.
fn by_turns(
    app: &Arc<App>,
    carrier: &'static dyn Carrier,
    id: &str,
    call: &str,
    awaited: Awaited,
    addresses: Addresses,
) {
    let line = Line::Turns(Box::new(app.turns.open(app, id, addresses)));
    let (app, id, call) = (app.clone(), id.to_owned(), call.to_owned());
    app.tasks.clone().spawn(async move {
        see(&app, &id, &awaited.from).await;
        let run = run(&app, carrier, &id, &call, line, awaited);
        end(&app, &id, run).await;
        app.turns.close(&id);
    });
}

enum Known {
    New { id: String, issued_ms: i64, place: OwnedSemaphorePermit },
    Before { id: String, issued_ms: i64 },
    Busy,
}

/// Remembers the call, unless it is remembered already.
async fn known(
    app: &App,
    carrier: &dyn Carrier,
    ring: &Ring,
    trust: Trust,
    engine: &str,
) -> Result<Known, Refused> {
    let now_ms = clock::now_ms();
    let carrier = carrier.name();
    let id = NewCall::id(now_ms);
    let new = begins(carrier, ring, trust, engine, &id, now_ms);
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

fn begins<'a>(
    carrier: &'a str,
    ring: &'a Ring,
    trust: Trust,
    engine: &'a str,
    id: &'a str,
    started_ms: i64,
) -> NewCall<'a> {
    let Ring { call, from, to, outbound, .. } = ring;
    let (outbound, trust) = (*outbound, trust.name());
    NewCall { id, carrier, carrier_call: call, from, to, outbound, engine, trust, started_ms }
}

/// Writes down a call that came while nobody answers, once, and says so to the caller.
async fn closed(app: &App, carrier: &dyn Carrier, ring: &Ring, trust: Trust) -> Result<Reply, Refused> {
    let now_ms = clock::now_ms();
    let id = NewCall::id(now_ms);
    let new = begins(carrier.name(), ring, trust, "", &id, now_ms);
    if app.store.call_begun(&new).await? == Begun::New {
        app.store.call_ended(&id, now_ms, CLOSED).await?;
        see(app, &id, &ring.from).await;
    }
    Ok(Reply::Say(app.config.get().answering.closed_words.clone()))
}

async fn busy(app: &App, id: &str) -> Result<Known, Refused> {
    app.store.call_ended(id, clock::now_ms(), TURNED_AWAY).await?;
    Ok(Known::Busy)
}

/// Whoever answers this call: the engine, or nobody.
fn dial(
    app: &Arc<App>,
    id: &str,
    from: &str,
    trust: Trust,
    engine: &str,
    manner: Manner,
    purpose: Option<&str>,
) -> Answerer {
    let brief = brief(app, from, trust, manner, purpose);
    let leaving = Leaving { call: id.to_owned(), from: from.to_owned() };
    match engine {
        voicemail::ENGINE => Answerer::voicemail(app, &brief, leaving),
        _ => Answerer::dial(app, brief, leaving),
    }
}

/// Keeps a call whose stream will open, and forgets it should it never do so.
fn expect(app: &Arc<App>, carrier: &'static dyn Carrier, id: &str, to: &str, awaited: Awaited) {
    let from = awaited.from.clone();
    app.calls.expect(id, awaited);
    let (app, id, to) = (app.clone(), id.to_owned(), to.to_owned());
    app.tasks.clone().spawn(async move {
        see(&app, &id, &from).await;
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
            app.turns.no_stream_opened(carrier, &to, clock::now());
            write_end(&app, &id, "never_connected").await;
        }
    });
}

async fn see(app: &App, id: &str, from: &str) {
    let seen = insist(&app.draining, "a caller", || app.store.caller_seen(from, clock::now_ms())).await;
    if let Err(error) = seen {
        tracing::error!(call = %id, %error, "a caller could not be written down");
    }
}

/// Finds out which call a stream carries, and runs it.
async fn put_through(
    app: Arc<App>,
    carrier: &'static dyn Carrier,
    socket: WebSocket,
    place: OwnedSemaphorePermit,
) {
    let opened = StreamLine::open(socket, carrier.stream()).await;
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
        let line = Line::Stream(Box::new(line));
        let run = run(&app, carrier, &id, &started.call, line, awaited);
        end(&app, &id, run).await;
    });
}

/// Runs a call to its end, and writes down how it ended, whatever happens.
async fn end(app: &App, id: &str, run: impl Future<Output = Ending>) {
    let ending = AssertUnwindSafe(run).catch_unwind().await.map_or("crashed", notes::ending);
    if ending == "crashed" {
        tracing::error!(call = %id, "the call's task panicked");
    }
    write_end(app, id, ending).await;
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
    let (other, purpose) = if row.outbound { (row.to, Some(row.purpose.as_str())) } else { (row.from, None) };
    let answerer = dial(app, id, &other, trust, &row.engine, Manner::Duplex, purpose);
    Ok(Awaited { answerer, place, from: other, trust })
}

async fn run(
    app: &Arc<App>,
    carrier: &'static dyn Carrier,
    id: &str,
    call: &str,
    line: Line,
    awaited: Awaited,
) -> Ending {
    let Awaited { answerer, place: _held_until_the_end, from, trust } = awaited;
    let (_presence, dismissed) = app.calls.begin(id);
    tracing::info!(call = %id, carrier_call = %call, carrier = carrier.name(), "a call begins");
    app.tasks.spawn(write_start(app.clone(), id.to_owned(), clock::now_ms()));
    let policy = brief::policy(app, line.manner(), trust);
    let driven = drive(
        app,
        Drive {
            line,
            answerer,
            errand: brief::errand(id, &from, trust),
            scribe: Scribe::begin(app, id, clock::now()),
            dismissed,
            policy,
            connect: connect(app, carrier, call),
        },
    )
    .await;
    tracing::info!(call = %id, ending = notes::ending(driven.ending), "a call ended");
    let to = driven.transfer.and_then(|name| app.tools.get().destination(&name).map(str::to_owned));
    match (driven.line, driven.ending, to) {
        (Line::Turns(mut line), Ending::CallerHungUp, _) => line.tell(&LineCommand::HangUp),
        (Line::Turns(mut line), _, Some(to)) => line.connect(to),
        // The answer to its last webhook has said it already.
        (Line::Turns(_), _, None) => {}
        // Whoever was transferred is on the telephone still.
        (line @ Line::Stream(_), Ending::CallerHungUp | Ending::Transferred, _) => line.close().await,
        (line @ Line::Stream(_), _, _) => {
            line.close().await;
            let _ended = ask_carrier(app, carrier, &Ask::Complete { call: call.to_owned() }).await;
        }
    }
    driven.ending
}

/// Connects a caller to whom the owner named, by the carrier's API.
fn connect(app: &Arc<App>, carrier: &'static dyn Carrier, call: &str) -> Connect {
    let (app, call) = (app.clone(), call.to_owned());
    Box::new(move |name| {
        let (app, call) = (app.clone(), call.clone());
        async move {
            let Some(to) = app.tools.get().destination(&name).map(str::to_owned) else { return false };
            let via = transfer_address(&app, carrier, &call, &to);
            ask_carrier(&app, carrier, &Ask::Transfer { call, to, via }).await
        }
        .boxed()
    })
}

/// Asks the carrier's API, where the account is known; says whether it did as it was asked.
async fn ask_carrier(app: &App, carrier: &'static dyn Carrier, ask: &Ask) -> bool {
    if carriers::Account::of(&app.config.get(), carrier).is_none() {
        return false;
    }
    let done = carriers::done(app, carrier, ask).await;
    if let Err(why) = &done {
        tracing::warn!(why, "the carrier did not end or transfer a call");
    }
    done.is_ok()
}

/// Where a carrier that takes no document with a transfer is told whom to connect: an address that only this call's
/// carrier can use, and for this destination alone.
fn transfer_address(app: &App, carrier: &dyn Carrier, call: &str, to: &str) -> String {
    let config = app.config.get();
    let Some(base) = config.server.public_url.as_deref() else { return String::new() };
    let proof = proof_of(app, carrier, call, to);
    format!("{base}/phone/{}/transfer/{proof}?to={}", carrier.name(), percent(to))
}

/// `GET|POST /phone/{carrier}/transfer/{proof}?to=…`: whom to connect a call to that is transferred.
pub async fn transfer(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((carrier, proof)): Path<(String, String)>,
    Query(to): Query<TransferTo>,
    request: Incoming,
) -> Result<Response, Refused> {
    let carrier = carriers::named(&carrier).ok_or(Refused::NoSuchCarrier)?;
    let request = request.as_request();
    verified(&app, carrier, &request, peer)?;
    let ring = carrier.read(&request).map_err(|garbled| Refused::Malformed(garbled.0))?;
    if proof != proof_of(&app, carrier, &ring.call, &to.to) {
        return Err(Refused::Malformed("nobody was to be connected there".into()));
    }
    let dial = Dial { to: to.to, ..Dial::default() };
    Ok(document(carrier, &Reply::Turn(Vec::new(), Next::Dial(dial))))
}

#[derive(Deserialize)]
pub struct TransferTo {
    to: String,
}

fn proof_of(app: &App, carrier: &dyn Carrier, call: &str, to: &str) -> String {
    token::hash(&token::of(&app.key, carrier.name(), &format!("{call} {to}"), 0))
}

/// As a query's value.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
