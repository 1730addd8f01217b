//! Calls from a page of ours: begun by a request of somebody who is logged in or was given a link, carried by a WebSocket.
//!
//! ```text
//!   POST …/call ─► the call is known, its engine is dialled, a token is made ─► {call, token}
//!   WS /browser/stream ─► {"event":"start","call","token"} ─► the token is spent ─► drive.rs
//! ```
//!
//! Whoever is logged in is the owner of what they call; a guest is a stranger, for so many minutes, so often an hour.

use super::{
    Expected, Refused, admitted, dial, dossier, end, expect,
    known::{Known, known},
    stream_config, write_start,
};
use crate::{
    app::App,
    brief, clock,
    config::{Config, EngineKind},
    cost,
    drive::{Drive, drive},
    guard::{session::Visitor, token},
    line::{Line, stream::StreamLine, upgrade::Upgrade},
    memory, notes,
    scribe::Scribe,
    secret,
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use call::{Ending, Format, Manner, Policy};
use carrier::{
    Ring,
    browser::{BrowserStream, FORMAT, NAME},
};
use futures_util::FutureExt;
use std::{sync::Arc, time::Duration};
use store::{PhoneLinkRow, StoreError, UserRow};
use tool::Trust;

/// No call of a guest lasts longer.
const GUESTS_LONGEST: Duration = Duration::from_secs(10 * 60);
/// So many calls may be made by one link within an hour.
const GUESTS_CALLS: u32 = 10;
/// What guests see of the notes of their call: what is said, and when.
const GUESTS_NOTES: [&str; 9] = [
    "caller_spoke",
    "caller_paused",
    "caller_said",
    "assistant_said",
    "sounding",
    "answered",
    "interrupted",
    "false_interruption",
    "ended",
];

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// Somebody who is logged in.
    User(&'a UserRow),
    /// Somebody who was given a link.
    Guest(&'a PhoneLinkRow),
}

/// A call that is expected: what its stream begins with.
#[derive(Clone, Debug)]
pub struct Call {
    /// Ours.
    pub id: String,
    /// What the stream calls it.
    pub name: String,
    pub token: String,
}

/// Why there is no call.
#[derive(Debug, thiserror::Error)]
pub enum NoCall {
    #[error("All lines are busy. Please try again in a few minutes.")]
    Busy,
    #[error("This link has made as many calls as it may within an hour. Please try again later.")]
    TooOften,
    #[error("What was not saved is kept for an hour only. Open the form again, and try it from there.")]
    Forgotten,
    #[error("No more may be spent on calls today.")]
    Spent,
    #[error("Something went wrong here. Please try again in a moment.")]
    Failed,
}

impl From<StoreError> for NoCall {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a call from a browser could not begin");
        NoCall::Failed
    }
}

impl From<Refused> for NoCall {
    fn from(refused: Refused) -> Self {
        tracing::error!(why = %refused, "a call from a browser could not begin");
        NoCall::Failed
    }
}

/// Expects a call that an assistant with these settings answers, whose engine is dialled at once.
pub async fn begin(app: &Arc<App>, config: &Arc<Config>, who: Who<'_>) -> Result<Call, NoCall> {
    if let Who::Guest(link) = who
        && !app.store.phone_link_used(&link.id, GUESTS_CALLS, clock::now_ms()).await?
    {
        return Err(NoCall::TooOften);
    }
    let (trust, from) = (who.trust(), who.number(app));
    if cost::is_spent(app, &from).await {
        return Err(NoCall::Spent);
    }
    let engine = config.assistant.engine.name();
    let ring = Ring { call: who.names(), from: from.clone(), ..Ring::default() };
    let memory = memory::of(app, &from, trust).await;
    let (id, issued_ms, place) = match known(app, NAME, &ring, trust, engine).await? {
        Known::New { id, issued_ms, place } => (id, issued_ms, place),
        Known::Before { .. } | Known::Busy => return Err(NoCall::Busy),
    };
    let mut dossier = dossier(config, &from, trust, Manner::Duplex, None, memory);
    dossier.brief.format = format(&config.assistant.engines);
    let answerer = dial(app, &Expected { id: &id, from: &from, trust, engine }, dossier);
    expect(app, NAME, &id, &ring.call, crate::calls::Awaited { answerer, place, from, trust }, |_| {});
    let token = token::of(&app.key, NAME, &id, issued_ms);
    Ok(Call { id, name: ring.call, token })
}

/// `WS /browser/stream`: the stream of a call that was begun.
pub async fn stream(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> Result<Response, Refused> {
    let public = app.config.get().server.public_url.clone();
    if !is_ours(&headers, public.as_deref()) {
        return Err(Refused::Elsewhere);
    }
    let place = app.calls.place_to_introduce().ok_or(Refused::TooMany)?;
    let tasks = app.tasks.clone();
    let user = visitor.user.map(|user| user.id);
    Ok(upgrade.then(&tasks, stream_config(), move |socket| async move {
        let opened = StreamLine::open(socket, Box::new(BrowserStream::default())).await;
        drop(place);
        match opened {
            Ok((line, started)) => put_through(app, line, started, user.as_deref()).await,
            Err(why) => tracing::warn!(%why, "a stream from a browser was refused"),
        }
    }))
}

async fn put_through(app: Arc<App>, mut line: StreamLine, started: carrier::Started, user: Option<&str>) {
    let theirs = |user| started.call.starts_with(&format!("u-{user}-"));
    let admitted = if started.call.starts_with("g-") || user.is_some_and(theirs) {
        admitted(&app, &started).await
    } else {
        Err("log in")
    };
    let (id, awaited) = match admitted {
        Ok(admitted) => admitted,
        Err(why) => {
            tracing::warn!(call = %started.call, why, "a stream from a browser was refused");
            return line.refuse(why).await;
        }
    };
    let guest = awaited.trust == Trust::Stranger;
    line.engines_use(awaited.answerer.format());
    line.show(if guest { |kind| GUESTS_NOTES.contains(&kind) } else { |_| true });
    app.tasks.clone().spawn(async move {
        let line = Line::Stream(Box::new(line));
        let run = run(&app, &id, line, awaited);
        end(&app, &id, run).await;
    });
}

async fn run(app: &Arc<App>, id: &str, line: Line, awaited: crate::calls::Awaited) -> Ending {
    let crate::calls::Awaited { answerer, place: _held_until_the_end, from, trust } = awaited;
    let (_presence, told) = app.calls.begin(id);
    tracing::info!(call = %id, "a call from a browser begins");
    app.tasks.spawn(write_start(app.clone(), id.to_owned(), clock::now_ms()));
    let scribe = Scribe::begin(app, id, clock::now());
    let errand = brief::errand(id, &from, trust);
    let policy = policy(app, answerer.config(), trust);
    // Nobody was told that they are recorded, and so they are not. There is no telephone company that could connect anybody to somebody else.
    let connect = Box::new(|_| async { false }.boxed());
    let driven =
        drive(app, Drive { line, answerer, errand, scribe, recorder: None, told, policy, connect }).await;
    tracing::info!(call = %id, ending = notes::ending(driven.ending), "a call from a browser ended");
    driven.line.close().await;
    driven.ending
}

fn policy(app: &App, config: &Config, trust: Trust) -> Policy {
    let policy = Policy { destinations: Vec::new(), ..brief::policy(app, config, Manner::Duplex, trust) };
    match trust {
        Trust::Stranger => Policy { longest_call: policy.longest_call.min(GUESTS_LONGEST), ..policy },
        Trust::Known | Trust::Owner => policy,
    }
}

/// In what all of these engines can hear and speak: OpenAI Realtime takes no 16 kHz.
fn format(engines: &[EngineKind]) -> Format {
    if engines.contains(&EngineKind::OpenAi) { Format::Pcm { hertz: 24_000 } } else { FORMAT }
}

/// Whether a page of this house opens the stream: browsers say so themselves, and let no script say otherwise.
fn is_ours(headers: &HeaderMap, public: Option<&str>) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let ours = public.map(|public| carrier::address::origin(public).eq_ignore_ascii_case(origin));
    ours == Some(true)
        || authority.is_some_and(|one| text(header::HOST).is_some_and(|host| host.eq_ignore_ascii_case(one)))
}

impl Who<'_> {
    fn trust(self) -> Trust {
        match self {
            Who::User(_) => Trust::Owner,
            Who::Guest(_) => Trust::Stranger,
        }
    }

    /// From whom the call is: a number of the owner's, where they have one, so that what they are promised reaches them.
    fn number(self, app: &App) -> String {
        let owners = &app.config.get().callers.owners;
        match self {
            Who::User(user) => {
                owners.first().map_or_else(|| by_browser(&user.name), |number| number.as_str().to_owned())
            }
            Who::Guest(link) => by_browser(&link.name),
        }
    }

    /// A name for a new call, which says whose it is.
    fn names(self) -> String {
        let random = u64::from_be_bytes(secret::random());
        match self {
            Who::User(user) => format!("u-{}-{random:016x}", user.id),
            Who::Guest(link) => format!("g-{}-{random:016x}", link.id),
        }
    }
}

fn by_browser(name: &str) -> String {
    format!("{NAME}:{name}")
}
