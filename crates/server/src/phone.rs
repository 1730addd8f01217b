//! What a carrier's webhook and its stream are answered: who rings is let in, expected, and put through.

mod after;
pub mod browser;
mod incoming;
mod known;
mod outgoing;
mod transfer;
mod turns;
pub mod voice;

pub use after::after_stream;
pub use incoming::{Opening, Refused, Signed};
pub use outgoing::{answered, fares, fares_of, leave_message};
pub use transfer::{Briefings, briefing, transfer};
pub use turns::{Turns, turn};

use crate::{
    answerer::Answerer,
    app::App,
    brief::{self, Dossier},
    call_briefs,
    calls::Awaited,
    carriers, clock,
    config::{Config, EngineKind, Hear, Mode, VoicemailUse},
    cost,
    drive::{Drive, drive},
    guard::{
        allowlist,
        standing::{self, Standing},
        token,
    },
    insist::insist,
    line::{
        Line,
        stream::StreamLine,
        turns::{Addresses, Ear, Spoken},
        upgrade::{Upgrade, Upgraded},
    },
    memory::{self, Memory},
    notes,
    recording::{self, Recorder},
    scribe::Scribe,
    sentences,
    voicemail::{self, Leaving},
    webhooks::{self, Event, Kind},
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use call::{Ending, LineCommand, Manner};
use carrier::{Ask, Carrier, Next, Prompt, Reply, Ring, Started, address};
use engine::websocket::WebSocket;
use futures_util::FutureExt;
use known::{Known, TURNED_AWAY, closed, known};
use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};
use store::{CallRow, NoteRow, Spent};
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tool::Trust;
use transfer::{Leg, ask_carrier, connect};

/// Where streams are opened, unless an older configuration says otherwise.
pub const MEDIA_STREAM: &str = "/media-stream";
const BUSY: &str = "All our lines are busy. Please call again in a few minutes.";
const CLOSING: &str = "We are just closing. Please call again in a few minutes.";
/// The longest stream message that makes sense: many seconds of sound.
const LONGEST_MESSAGE: usize = 256 * 1024;
/// How much is asked of the network at once, in bytes: a frame of 20 ms and a mark. The reader fills so much with zeros
/// before every read.
const READ_AT_ONCE: usize = 1024;
/// How long a stream may take to open whose call was let in just before the server was told to stop.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// `GET|POST /phone/{carrier}/incoming-call`, and Twilio's `/incoming-call`: someone rings.
pub async fn incoming_call(State(app): State<Arc<App>>, signed: Signed) -> Result<Response, Refused> {
    let carrier = signed.carrier;
    let ring = carrier.read(&signed.as_request())?;
    if !allowlist::admits(&app.config.get().callers, &ring.from) {
        tracing::info!(call = %ring.call, "a caller who is not on the list was rejected");
        return Ok(document(carrier, &Reply::Reject));
    }
    let reply = answer(&app, carrier, &ring, None, &signed.url).await?;
    Ok(document(carrier, &reply))
}

fn document(carrier: &dyn Carrier, reply: &Reply) -> Response {
    let document = carrier.answer(reply);
    ([(header::CONTENT_TYPE, document.content_type)], document.body).into_response()
}

/// `WS /phone/{carrier}/media-stream`, and Twilio's `/media-stream`: the stream of a call that was let in.
pub async fn media_stream(
    State(app): State<Arc<App>>,
    upgrade: Upgrade,
    Opening { carrier }: Opening,
) -> Result<Response, Refused> {
    let place = app.calls.place_to_introduce().ok_or(Refused::TooMany)?;
    let tasks = app.tasks.clone();
    Ok(upgrade.then(&tasks, stream_config(), move |socket| put_through(app, carrier, socket, place)))
}

/// How what carries calls is read and written.
fn stream_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_AT_ONCE)
        .write_buffer_size(16 * 1024)
        .max_frame_size(Some(LONGEST_MESSAGE))
        .max_message_size(Some(LONGEST_MESSAGE))
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
    let config = app.config.at(&ring.to);
    let caller = app.store.caller(&ring.from).await?;
    let trust = standing::trust_of(&config, caller.as_ref(), &ring.from, ring.attestation);
    // Whom we call need not be somebody who may call us.
    let standing = match purpose {
        Some(_) => Standing::PutThrough,
        None => standing::of(&config, caller.as_ref(), &ring.from, ring.attestation),
    };
    let engines = match standing {
        Standing::Blocked => {
            tracing::info!(call = %ring.call, "a caller who is blocked was rejected");
            return Ok(Reply::Reject);
        }
        Standing::Closed => return Ok(Reply::Say(closed(app, carrier.name(), ring, trust).await?)),
        Standing::Voicemail => Vec::new(),
        Standing::PutThrough => {
            let engines = cost::affordable(app, &config, &ring.from).await;
            if engines.is_empty() && config.answering.voicemail == VoicemailUse::Never {
                return Ok(Reply::Say(sentences::filled(&config).cost_goodbye));
            }
            engines
        }
    };
    let engine = first_of(&engines);
    let manner = match config.calls.mode_of(&ring.to) {
        Mode::Stream => Manner::Duplex,
        Mode::Turns => Manner::Turns,
        Mode::Auto => app.turns.manner(&config, carrier, &ring.to, clock::now()),
    };
    let base = &app.base(&config, url);
    // Before the call is known: from then on it is a matter of no time until it is expected.
    let memory = memory::of(app, &ring.from, trust).await;
    let (id, issued_ms, new) = match known(app, carrier.name(), ring, trust, engine).await? {
        Known::Before { id, issued_ms } => (id, issued_ms, None),
        Known::New { id, issued_ms, place } => (id, issued_ms, Some(place)),
        // They did not call us: nothing is to be explained to them.
        Known::Busy if purpose.is_some() => return Ok(Reply::Turn(Vec::new(), Next::HangUp)),
        Known::Busy if app.draining.is_cancelled() => return Ok(Reply::Say(CLOSING.into())),
        Known::Busy => return Ok(Reply::Say(BUSY.into())),
    };
    let expected = Expected { id: &id, from: &ring.from, trust, engines: &engines };
    if manner == Manner::Turns {
        let announced = recording::announced(app, &config, &id, trust, engine).await;
        if let Some(place) = new {
            let dossier = dossier(&config, &ring.from, trust, manner, purpose, memory);
            let awaited =
                Awaited { answerer: dial(app, &expected, dossier), place, from: ring.from.clone(), trust };
            let turned = Turned { call: &ring.call, base, engine, expected: false, before: None };
            by_turns(app, carrier, &id, awaited, &turned);
        }
        return Ok(match turns::begin(app, &id).await {
            Reply::Turn(prompts, next) => Reply::Turn(announced.into_iter().chain(prompts).collect(), next),
            other => other,
        });
    }
    if let Some(place) = new {
        let answerer = dial(app, &expected, dossier(&config, &ring.from, trust, manner, purpose, memory));
        let awaited = Awaited { answerer, place, from: ring.from.clone(), trust };
        expect(app, carrier.name(), &id, &ring.call, awaited);
    }
    let token = token::of(&app.key, carrier.name(), &id, issued_ms);
    let welcome = Some(config.assistant.welcome.clone()).filter(|words| !words.is_empty());
    let welcome = welcome.map(|words| Prompt::Say { words, language: String::new() });
    let announced = recording::announced(app, &config, &id, trust, engine).await;
    let first = welcome.into_iter().chain(announced).collect();
    let path = match carrier.name() {
        "twilio" => MEDIA_STREAM.to_owned(),
        other => format!("/phone/{other}{MEDIA_STREAM}"),
    };
    let falls_back = config.calls.mode_of(&ring.to) == Mode::Auto && turns::can_be_heard(&config, carrier);
    let after = falls_back.then(|| format!("{base}/phone/{}/after-stream/{id}", carrier.name()));
    Ok(Reply::Stream { url: address::stream_address(base, &path), token, first, after })
}

/// What is told of a call with whoever has this number; with its purpose where we placed it.
fn dossier(
    config: &Arc<Config>,
    number: &str,
    trust: Trust,
    manner: Manner,
    purpose: Option<&str>,
    memory: Memory,
) -> Dossier {
    let brief = match purpose {
        Some(purpose) => brief::of_placed(config, number, trust, manner, purpose),
        None => brief::of(config, number, trust, manner),
    };
    Dossier::of(config.clone(), brief, memory)
}

/// How a call comes to be carried by webhooks.
struct Turned<'a> {
    /// The carrier's name for the call.
    call: &'a str,
    /// Where the carrier finds us: scheme, host and port.
    base: &'a str,
    engine: &'a str,
    /// It was expected by a stream, and its caller seen.
    expected: bool,
    /// When it began, and what was noted of it while it was carried otherwise.
    before: Option<(Instant, Vec<NoteRow>)>,
}

/// Runs a call that is carried by webhooks.
fn by_turns(app: &Arc<App>, carrier: &'static dyn Carrier, id: &str, awaited: Awaited, turned: &Turned<'_>) {
    let Turned { call, base, engine, expected, before } = turned;
    let next = format!("{base}/phone/{}/process-voice/{id}", carrier.name());
    let addresses = Addresses { next, base: (*base).to_owned() };
    let ear = ear(&awaited.answerer, carrier, engine, awaited.trust);
    let line = Line::Turns(Box::new(app.turns.open(app, id, addresses, ear)));
    let scribe = match before {
        Some((began, notes)) => Scribe::resume(app, id, *began, notes),
        None => Scribe::begin(app, id, clock::now()),
    };
    let (app, id, call, seen) = (app.clone(), id.to_owned(), (*call).to_owned(), *expected);
    app.tasks.clone().spawn(async move {
        if !seen {
            see(&app, &id, &awaited.from).await;
        }
        let run = Box::pin(run(&app, carrier, &id, &call, line, awaited, scribe));
        end(&app, &id, run).await;
        app.turns.close(&id);
    });
}

/// How whoever is carried by webhooks is listened to. A message is kept as it was said, where that can be fetched.
fn ear(answerer: &Answerer, carrier: &dyn Carrier, engine: &str, trust: Trust) -> Ear {
    let config = answerer.config();
    let voicemail = engine == voicemail::ENGINE;
    let recorded = voicemail && carriers::Account::of(config, carrier).is_some();
    Ear {
        hear: if recorded { Hear::Record } else { config.calls.hear },
        language: Spoken::new(answerer.language()),
        pin: config.callers.pin.is_some() && trust != Trust::Owner,
        voicemail,
    }
}

/// A call for which somebody is dialled.
struct Expected<'a> {
    id: &'a str,
    /// The other's number.
    from: &'a str,
    trust: Trust,
    /// Who may answer; where it is nobody, the voicemail does.
    engines: &'a [EngineKind],
}

/// Whoever answers this call: the engine, or nobody.
fn dial(app: &Arc<App>, call: &Expected<'_>, dossier: Dossier) -> Answerer {
    let leaving = Leaving { call: call.id.to_owned(), from: call.from.to_owned() };
    match call.engines {
        [] => Answerer::voicemail(app, dossier, leaving),
        engines => Answerer::dial(app, dossier, call.trust, leaving, engines),
    }
}

/// What a call is written down as being answered by.
fn first_of(engines: &[EngineKind]) -> &'static str {
    engines.first().map_or(voicemail::ENGINE, |engine| engine.name())
}

/// Who may answer a call now that was let in before, from somebody with this number.
async fn engines_for(app: &App, config: &Config, row: &CallRow, number: &str) -> Vec<EngineKind> {
    if row.engine == voicemail::ENGINE {
        return Vec::new();
    }
    let engines = cost::affordable(app, config, number).await;
    // Where nobody takes a message the engine is left to say that the call must end.
    let none = engines.is_empty() && config.answering.voicemail == VoicemailUse::Never;
    if none { config.assistant.engines.clone() } else { engines }
}

/// Keeps a call whose stream will open, and forgets it should it never do so: mostly because its caller has left.
fn expect(app: &Arc<App>, carrier: &'static str, id: &str, call: &str, awaited: Awaited) {
    let from = awaited.from.clone();
    app.calls.expect(id, awaited);
    let (app, id, call) = (app.clone(), id.to_owned(), call.to_owned());
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
            // Where the token was used it goes on elsewhere.
            let voided = app.store.token_voided(carrier, &call, clock::now_ms()).await;
            if voided.unwrap_or(true) {
                write_end(&app, &id, "never_connected").await;
            }
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
    socket: WebSocket<Upgraded>,
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
        let scribe = Scribe::begin(&app, &id, clock::now());
        let run = Box::pin(run(&app, carrier, &id, &started.call, line, awaited, scribe));
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
    let told = webhooks::job_of(&app, &Event::new(Kind::CallStarted, &id, now_ms));
    let job = told.as_ref().map(|told| told.new_job(now_ms));
    let written =
        insist(&app.draining, "the start of a call", || app.store.call_taken_up(&id, now_ms, job.as_ref()));
    match written.await {
        Ok(()) => app.bell.ring(),
        Err(error) => tracing::error!(call = %id, %error, "the start of a call could not be written"),
    }
}

async fn write_end(app: &App, id: &str, ending: &str) {
    let now_ms = clock::now_ms();
    let after = call_briefs::planned(id, now_ms);
    let job = after.new_job(now_ms);
    let written =
        insist(&app.draining, "the end of a call", || app.store.call_over(id, now_ms, ending, Some(&job)));
    match written.await {
        Ok(()) => app.bell.ring(),
        Err(error) => tracing::error!(call = %id, %error, "the end of a call could not be written"),
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
    let config = app.config.at(row.ours());
    let (other, purpose) =
        if row.outbound { (&row.to, Some(row.purpose.as_str())) } else { (&row.from, None) };
    let engines = engines_for(app, &config, &row, other).await;
    let memory = memory::of(app, other, trust).await;
    let dossier = dossier(&config, other, trust, Manner::Duplex, purpose, memory);
    let answerer = dial(app, &Expected { id, from: other, trust, engines: &engines }, dossier);
    Ok(Awaited { answerer, place, from: other.clone(), trust })
}

async fn run(
    app: &Arc<App>,
    carrier: &'static dyn Carrier,
    id: &str,
    call: &str,
    line: Line,
    awaited: Awaited,
    scribe: Scribe,
) -> Ending {
    let Awaited { answerer, place, from, trust } = awaited;
    let (_presence, told) = app.calls.begin(id);
    tracing::info!(call = %id, carrier_call = %call, carrier = carrier.name(), "a call begins");
    app.tasks.spawn(write_start(app.clone(), id.to_owned(), clock::now_ms()));
    let policy =
        brief::policy(app, answerer.config(), line.manner(), trust).beginning_in(answerer.language());
    let language = answerer.language().to_owned();
    let leg = Leg { call: call.to_owned(), from, language };
    let recorder = Box::pin(Recorder::of(app, id, line.manner(), scribe.began())).await;
    let driven = drive(
        app,
        Drive {
            line,
            answerer,
            errand: brief::errand(id, &leg.from, trust),
            scribe,
            recorder,
            told,
            policy,
            connect: connect(app, carrier, &leg),
        },
    )
    .await;
    tracing::info!(call = %id, ending = notes::ending(driven.ending), "a call ended");
    // The carrier may take its time to hear of it.
    drop(place);
    let connection = driven.transfer.and_then(|wanted| transfer::connection(app, carrier, &leg, &wanted));
    match (driven.line, driven.ending, connection) {
        (Line::Turns(mut line), Ending::CallerHungUp, _) => line.tell(&LineCommand::HangUp),
        (Line::Turns(mut line), _, Some(dial)) => line.connect(dial),
        // The answer to its last webhook has said it already.
        (Line::Turns(_), _, None) => {}
        // Whoever was transferred is on the telephone still.
        (line @ Line::Stream(_), Ending::CallerHungUp | Ending::Transferred, _) => {
            line.close(&app.tasks).await;
        }
        (line @ Line::Stream(_), _, _) => {
            line.close(&app.tasks).await;
            let _ended = ask_carrier(app, carrier, &Ask::Complete { call: leg.call }).await;
        }
    }
    driven.ending
}
