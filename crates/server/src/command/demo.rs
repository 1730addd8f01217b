//! `earpiece demo`: a machine takes a phone call and books an appointment, offline, over the real path.
//!
//! ```text
//!   this process: a caller who speaks and listens          a child: `earpiece serve`
//!   signed webhook ─────────────────────────────────────►  /incoming-call
//!   µ-law, 20 ms at a time ◄════ WebSocket, signed ═════►  /media-stream
//! ```
//!
//! The two share an address and a secret. Whether the appointment was confirmed is judged by what the caller heard;
//! whether it stands, by the server's calendar.

pub(super) mod child;
pub mod speech;
mod transcript;
pub mod visitor;

use super::{output, record::Record};
use crate::{clock, pages::welcome, stop::Stop};
use anyhow::{Context, bail};
use child::{Folder, Listening};
use engine::local::Workers;
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use sim::{
    caller::{Caller, Manners, Told},
    twilio::{Account, Dial, Handset, Network},
};
use std::{path::PathBuf, process::ExitCode, time::Duration};
use store::Store;
use tokio::sync::mpsc;
use tool::calendar::Books;
use transcript::Transcript;
use visitor::{LINES, Visitor};

/// Hear a machine take a phone call and book an appointment: no account, no key, no network.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The exit code is 0 only if the appointment that was spoken for stands in the calendar and the caller \
heard it confirmed.\n\nExamples:\n  earpiece demo\n  earpiece demo --say \"book an appointment next friday at two p m\"\n  \
earpiece demo --mute      nothing is said, nothing is booked, and it fails\n  earpiece demo --stay      look at the \
pages afterwards"
)]
pub struct Args {
    /// What the caller says, one line after the other, instead of the usual words.
    #[arg(long, value_name = "WORDS", conflicts_with = "mute")]
    pub say: Vec<String>,
    /// The caller says nothing, so nothing is booked and the demo fails.
    #[arg(long)]
    pub mute: bool,
    /// The caller's voice.
    #[arg(long, default_value = "rms", value_parser = engine::local::flite::VOICES)]
    pub voice: String,
    /// Where the call is recorded to: the caller left, the assistant right.
    #[arg(long, value_name = "FILE", default_value = "demo-call.wav")]
    pub record: PathBuf,
    /// Keep the server up afterwards, to look at its pages.
    #[arg(long)]
    pub stay: bool,
    /// Print the server's notes as JSON, one a line, instead of a transcript.
    #[arg(long)]
    pub json: bool,
}

/// A good telephone network.
const NETWORK: Network = Network {
    up: Duration::from_millis(30),
    down: Duration::from_millis(30),
    jitter: Duration::ZERO,
    seed: 0,
};

/// Nobody stays on the telephone so long that the demo takes two minutes.
const MANNERS: Manners = Manners {
    quiet: Duration::from_millis(900),
    patience: Duration::from_secs(12),
    longest: Duration::from_secs(95),
};

/// Runs the demo.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut stop = Stop::by_signals()?;
    let record = Record::at(&args.record)?;
    let folder = Folder::make("demo").context("no temporary folder can be made")?;
    let stage = tokio::select! {
        stage = Stage::set(&folder) => stage?,
        () = stop.told() => return Ok(ExitCode::FAILURE),
    };
    let good = tokio::select! {
        good = stage.play(&args, record) => good,
        // Who does not wait for the end does not learn that it was good, and does not look at the pages either.
        () = stop.told() => {
            stage.server.end().await;
            return Ok(ExitCode::FAILURE);
        }
    };
    let stayed =
        if args.stay && good.is_ok() && output::is_read() { stage.stay(&mut stop).await } else { Ok(()) };
    stage.server.end().await;
    stayed?;
    Ok(if good? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where the call takes place.
struct Stage {
    server: Listening,
    store: Store,
    workers: Workers,
    zone: TimeZone,
    secret: String,
}

impl Stage {
    async fn set(folder: &Folder) -> anyhow::Result<Self> {
        let workers = Workers::new(std::env::current_exe().context("this program cannot find itself")?);
        if let Err(missing) = engine::local::check(&workers).await {
            bail!("the demo needs a voice and an ear, and they are missing: {missing}");
        }
        let zone =
            TimeZone::try_system().ok().filter(|zone| zone.iana_name().is_some()).unwrap_or(TimeZone::UTC);
        let secret = uuid::Uuid::new_v4().simple().to_string();
        let data = folder.path().join("data");
        let database = format!("sqlite:///{}", data.join("earpiece.db").display());
        let server = serve(folder, &zone, &secret, &database).await?;
        let store = Store::open(&database).await.context("the server's calendar cannot be opened")?;
        Ok(Self { server, store, workers, zone, secret })
    }

    /// Has the caller call, and says what came of it; whether it is what they wanted.
    async fn play(&self, args: &Args, record: Record) -> anyhow::Result<bool> {
        let Self { server, store, workers, zone, secret } = self;
        let lines: Vec<String> =
            if args.say.is_empty() { LINES.map(str::to_owned).to_vec() } else { args.say.clone() };
        let mut visitor = Visitor::new(&lines, now(zone));
        if args.mute {
            visitor = visitor.mute();
        }
        say(args, &format!("The server listens on {}; a caller rings it up.\n", server.address));
        let phone =
            Handset::dial(&Account::new(secret), Dial { network: NETWORK, ..Dial::local(server.address) });
        let mut caller =
            Caller::new(phone, speech::voice(workers, &args.voice), speech::ear(workers), MANNERS);
        let transcript = Transcript::new(store.clone(), args.json);
        if !hold(&mut caller, &mut visitor, transcript).await? {
            return Ok(false);
        }

        record.write(&caller.phone.recording().write())?;
        let shown = std::path::absolute(&args.record).unwrap_or_else(|_| args.record.clone());
        say(args, &format!("\nThe call is in {}: the caller left, the assistant right.", shown.display()));
        let verdict = match caller.phone.ended().await {
            Err(failed) => Err(format!("The call failed: {failed}\n{}", server.log())),
            Ok(ended) if !ended.errors.is_empty() => {
                Err(format!("The carrier would object to the server: {:?}", ended.errors))
            }
            Ok(_) => judge(store, &visitor, zone).await?,
        };
        match &verdict {
            Ok(good) => say(args, good),
            Err(bad) => eprintln!("{bad}"),
        }
        Ok(verdict.is_ok())
    }

    /// Keeps the server up until it is told to stop.
    async fn stay(&self, stop: &mut Stop) -> anyhow::Result<()> {
        let page = format!("http://{}", self.server.address);
        let link = welcome::make_link(&self.store, clock::now_ms()).await?;
        output::line(format_args!(
            "\nTo look around as its owner open {page}/welcome/{link}\nThe calls are at {page}/calls, the appointments \
             at {page}/appointments. Press Ctrl-C to stop."
        ));
        stop.told().await;
        Ok(())
    }
}

async fn serve(folder: &Folder, zone: &TimeZone, secret: &str, database: &str) -> anyhow::Result<Listening> {
    let data = folder.path().join("data");
    let variables = [
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("DATA_DIR", data.to_str().context("the temporary folder's name is not UTF-8")?),
        ("DATABASE_URL", database),
        ("TWILIO_AUTH_TOKEN", secret),
        ("TIME_ZONE", zone.iana_name().unwrap_or("UTC")),
        ("ENGINE", "local"),
        ("LOG_LEVEL", "warn"),
    ];
    Listening::start(folder.path(), &child::SERVE, &variables).await
}

/// Holds the conversation, and prints it meanwhile; false: until nobody read it any more.
async fn hold(
    caller: &mut Caller,
    visitor: &mut Visitor,
    mut transcript: Transcript,
) -> anyhow::Result<bool> {
    let (sender, mut events) = mpsc::channel::<Told>(256);
    let mut tell = move |told| {
        // A caller who says more than that in one breath is not worth waiting for.
        let _ = sender.try_send(told);
    };
    let conversation = caller.converse(visitor, &mut tell);
    tokio::pin!(conversation);
    let mut tick = tokio::time::interval(transcript::EVERY);
    let done = loop {
        tokio::select! {
            done = &mut conversation => break done,
            Some(told) = events.recv() => transcript.told(&told),
            _ = tick.tick() => {
                transcript.catch_up().await?;
                if !output::is_read() {
                    return Ok(false);
                }
            }
        }
    };
    done.map_err(|why| anyhow::anyhow!("the caller cannot speak or hear: {why}"))?;
    // The last notes are written a moment after the line is down.
    tokio::time::sleep(transcript::EVERY).await;
    transcript.catch_up().await?;
    Ok(output::is_read())
}

/// Whether what was spoken for stands and was heard confirmed, in a sentence.
async fn judge(store: &Store, visitor: &Visitor, zone: &TimeZone) -> anyhow::Result<Result<String, String>> {
    let from = now(zone).timestamp();
    let to = from + SignedDuration::from_hours(24 * 400);
    let standing =
        store.appointments_between(Books::NAME, from.as_millisecond(), to.as_millisecond()).await?;
    let local =
        |ms: i64| -> anyhow::Result<Zoned> { Ok(Timestamp::from_millisecond(ms)?.to_zoned(zone.clone())) };
    let name = |at: &Zoned| {
        format!("{} ({})", at.strftime("%A, %B %-d, %Y at %H:%M"), zone.iana_name().unwrap_or("UTC"))
    };
    let Some(wanted) = visitor.wanted() else {
        return Ok(Err("The caller's words do not say when the appointment shall be.".into()));
    };
    let [appointment] = standing.as_slice() else {
        let what = if standing.is_empty() { "No appointment stands" } else { "Several appointments stand" };
        return Ok(Err(format!("{what} in the calendar; wanted was {}.", name(wanted))));
    };
    let stands = local(appointment.starts_ms)?;
    if stands.timestamp() != wanted.timestamp() {
        return Ok(Err(format!("Booked is {}, but wanted was {}.", name(&stands), name(wanted))));
    }
    Ok(match (visitor.confirmed(), visitor.booked()) {
        (Some(words), _) => {
            Ok(format!("In the calendar: {}.\nThe caller heard: \"{words}\".", name(&stands)))
        }
        (None, Some(words)) => {
            Err(format!("{} is booked, but what the caller heard booked was \"{words}\".", name(&stands)))
        }
        (None, None) => {
            Err(format!("{} is booked, but the caller did not hear it confirmed.", name(&stands)))
        }
    })
}

fn say(args: &Args, text: &str) {
    // With --json standard output is for programs.
    if args.json {
        eprintln!("{text}");
    } else {
        output::line(text);
    }
}

fn now(zone: &TimeZone) -> Zoned {
    Timestamp::from_millisecond(clock::now_ms())
        .expect("the clock is within jiff's range")
        .to_zoned(zone.clone())
}
