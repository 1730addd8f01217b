//! Calls from a page of ours: begun by a request of somebody who is logged in or was given a link, carried by a WebSocket.
//!
//! ```text
//!   POST …/call ─► the call is known, its engine is dialled, a token is made ─► {call, token}
//!   WS /browser/stream ─► {"event":"start","call","token"} ─► the token is spent ─► drive.rs
//! ```
//!
//! Whoever is logged in is the owner of what they call, at any hour; a guest is a stranger, for so many minutes, so often an hour,
//! while callers are answered.

use super::{
    Expected, Refused, admitted, dial, dossier, end, expect, first_of,
    known::{Known, closed, known},
    stream_config, write_start,
};
use crate::{
    app::App,
    brief, clock,
    config::{Config, EngineKind},
    cost,
    drive::{Drive, drive},
    guard::{
        session::Visitor,
        standing::{self, Standing},
        token,
    },
    line::{Line, stream::StreamLine, upgrade::Upgrade},
    memory, notes,
    recording::{self, Recorder},
    scribe::Scribe,
    secret, sentences, settings,
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use call::{Chunk, Ending, Format, Language, LineCommand, LineEvent, Manner, Mark, Policy};
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
/// How long the sentence that a call is recorded may take to be made,
const SPOKEN_WITHIN: Duration = Duration::from_secs(15);
/// and how much longer than it lasts to be heard.
const HEARD_WITHIN: Duration = Duration::from_secs(10);
const NO_TRANSFER: &str =
    "I cannot connect anybody from a call in the browser; please call by telephone. I can take a message.";
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
    /// Nobody answers at this hour; what callers are told then.
    #[error("{0}")]
    Closed(String),
    #[error("Calls by this link are not answered.")]
    Blocked,
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
    let ring = Ring { call: who.names(), from: from.clone(), ..Ring::default() };
    let engines = match who.standing(app, config, &from).await? {
        Standing::Blocked => return Err(NoCall::Blocked),
        Standing::Closed => return Err(NoCall::Closed(closed(app, NAME, &ring, trust).await?)),
        Standing::Voicemail => Vec::new(),
        Standing::PutThrough => match cost::affordable(app, config, &from).await {
            none if none.is_empty() => return Err(NoCall::Spent),
            engines => engines,
        },
    };
    let memory = memory::of(app, &from, trust).await;
    let (id, issued_ms, place) = match known(app, NAME, &ring, trust, first_of(&engines)).await? {
        Known::New { id, issued_ms, place } => (id, issued_ms, place),
        Known::Before { .. } | Known::Busy => return Err(NoCall::Busy),
    };
    let mut dossier = dossier(config, &from, trust, Manner::Duplex, None, memory);
    dossier.brief.format = format(&config.assistant.engines);
    let answerer = dial(app, &Expected { id: &id, from: &from, trust, engines: &engines }, dossier);
    expect(app, NAME, &id, &ring.call, crate::calls::Awaited { answerer, place, from, trust });
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
        let run = Box::pin(run(&app, &id, line, awaited));
        end(&app, &id, run).await;
    });
}

async fn run(app: &Arc<App>, id: &str, mut line: Line, awaited: crate::calls::Awaited) -> Ending {
    let crate::calls::Awaited { answerer, place: _held_until_the_end, from, trust } = awaited;
    let (_presence, told) = app.calls.begin(id);
    tracing::info!(call = %id, "a call from a browser begins");
    app.tasks.spawn(write_start(app.clone(), id.to_owned(), clock::now_ms()));
    let config = answerer.config().clone();
    // A message is kept as it is.
    let is_told = !answerer.is_voicemail() && tell_of_recording(app, id, &mut line, &config, trust).await;
    let scribe = Scribe::begin(app, id, clock::now());
    let recorder =
        if is_told { Box::pin(Recorder::of(app, id, line.manner(), scribe.began())).await } else { None };
    let errand = brief::errand(id, &from, trust);
    let policy = policy(app, answerer.config(), trust);
    // There is no telephone company that could connect anybody to somebody else.
    let connect = Box::new(|_| async { false }.boxed());
    let driven = drive(app, Drive { line, answerer, errand, scribe, recorder, told, policy, connect }).await;
    tracing::info!(call = %id, ending = notes::ending(driven.ending), "a call from a browser ended");
    driven.line.close(&app.tasks).await;
    driven.ending
}

/// Tells a caller who is to be recorded that they are, and waits until they have heard it. False: they are not. There is no
/// telephone company to say it, so a voice of this program's does; where it has none for the language, nobody is recorded.
async fn tell_of_recording(app: &App, id: &str, line: &mut Line, config: &Config, trust: Trust) -> bool {
    if !recording::is_wanted(config, trust) {
        return false;
    }
    let sound = match spoken(app, config).await {
        Ok(sound) => sound,
        Err(why) => {
            tracing::warn!(call = id, "a call is not recorded, as its caller cannot be told: {why}");
            return false;
        }
    };
    is_heard_out(line, sound).await && recording::begun(app, id).await
}

/// The sentence by which callers are told that they are recorded.
async fn spoken(app: &App, config: &Config) -> Result<Chunk, String> {
    let (speak, tag) = (settings::speak(config, &app.http), &config.assistant.language);
    if Language::of(tag).is_some_and(|language| !speak.speaks(language)) {
        return Err(format!("there is no voice here for {tag}; SPEAK chooses another"));
    }
    let (tts, voice) = speak.tts(&app.workers, settings::local_voice(config), tag);
    let speaking = tts.speak(&sentences::recorded(config), &voice);
    let samples = tokio::time::timeout(SPOKEN_WITHIN, speaking).await;
    let samples = samples.unwrap_or_else(|_| Err("the voice took too long".into()))?;
    Ok(Chunk { format: Format::Ulaw, bytes: sound::g711::samples_to_ulaw(&samples).into() })
}

/// Plays this, and waits until the page has. What is said meanwhile nobody hears.
async fn is_heard_out(line: &mut Line, sound: Chunk) -> bool {
    let lasts = Duration::from_secs_f64(sound.bytes.len() as f64 / f64::from(Format::Ulaw.hertz()));
    line.tell(&LineCommand::Play(sound));
    line.tell(&LineCommand::Mark(Mark(0)));
    let hearing = async {
        loop {
            match line.next().await {
                LineEvent::Played(_) => return true,
                LineEvent::Closed => return false,
                LineEvent::Audio(_) | LineEvent::Words(_) | LineEvent::TurnOver | LineEvent::Key(_) => {}
            }
        }
    };
    tokio::time::timeout(lasts + HEARD_WITHIN, hearing).await.unwrap_or(false)
}

fn policy(app: &App, config: &Config, trust: Trust) -> Policy {
    let policy = Policy {
        destinations: Vec::new(),
        transfer_refusal: NO_TRANSFER.into(),
        ..brief::policy(app, config, Manner::Duplex, trust)
    };
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

    /// What becomes of them now: whoever is logged in is the owner, who is put through at any hour; guests are as strangers are by
    /// telephone.
    async fn standing(self, app: &App, config: &Config, from: &str) -> Result<Standing, StoreError> {
        match self {
            Who::User(_) => Ok(Standing::PutThrough),
            Who::Guest(_) => {
                let caller = app.store.caller(from).await?;
                Ok(standing::of(config, caller.as_ref(), from, None))
            }
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
