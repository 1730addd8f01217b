//! `earpiece call`: a telephone in the terminal, which speaks what is typed.

mod company;

use super::{
    demo::{speech, visitor},
    output,
    record::Record,
};
use crate::config::{Flags, Sources};
use anyhow::{Context, bail};
use company::Company;
use engine::local::Workers;
use jiff::{Timestamp, tz::TimeZone};
use sim::{
    caller::{Caller, Ear, Manners, Script, Step, Told, Voice},
    phone::{Carrier, Dial, Ending, Handset, Mode, Reader, handset::Listened},
};
use sound::{g711, wav::Wav};
use std::{
    fmt,
    io::IsTerminal,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
    sync::Arc,
    time::Duration,
};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Talk to an assistant from this terminal: what is typed is spoken.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "While the call goes on, every line typed is spoken. Lines that begin with a slash are orders:\n  \
/keys 123   press keys      /wav FILE   play a recording      /hangup   end the call\n\nExamples:\n  earpiece call\n  \
earpiece call --say \"I would like to book an appointment.\" --say \"Next Tuesday at ten a m.\" --record call.wav\n  \
earpiece call --to https://voice.example.com --from +14155550199\n  earpiece call --carrier telnyx --say \"Hello.\"\n  \
earpiece call --carrier plivo --mode turns\n\nBy turns the server fetches what you say from the telephone company's API, which \
this command opens at --api; the server has to be started with it, as CALL_MODE=turns TWILIO_API_URL=http://127.0.0.1:5051 \
TWILIO_ACCOUNT_SID=AC00000000000000000000000000000001. Telnyx signs with a key of its own, here one that is made of \
TELNYX_API_KEY. What the server has to be told is said before the call.\n\nWith a number, `earpiece call --to +15550100100` has \
the assistant call somebody, as `earpiece dial` does."
)]
pub struct Args {
    /// The server that is called: its address, or its webhook's; by browser a guest's link. A number: whom the assistant is to
    /// call.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:5050")]
    pub to: String,
    /// Through which telephone company: twilio, plivo or telnyx; or browser, as the page Phone does.
    #[arg(long, value_name = "CARRIER", default_value_t = By::Company(Carrier::Twilio))]
    pub carrier: By,
    /// How it can carry the call: stream, or turns, where it refuses streams as a plan without them does.
    #[arg(long, value_name = "MODE", default_value_t = Mode::Stream)]
    pub mode: Mode,
    /// Where the telephone company's API listens. By turns 127.0.0.1:5051; on a stream there is none unless it is said.
    #[arg(long, value_name = "ADDRESS")]
    pub api: Option<SocketAddr>,
    /// The secret by which the server knows its telephone company.
    #[arg(
        long,
        value_name = "TOKEN",
        help = "The secret by which the server knows its telephone company; where it is not said TWILIO_AUTH_TOKEN, \
                PLIVO_AUTH_TOKEN or TELNYX_API_KEY of the environment, or of .env here"
    )]
    pub auth_token: Option<String>,
    /// Who calls.
    #[arg(long, value_name = "NUMBER", default_value = "+14155550199")]
    pub from: String,
    /// The number that is called.
    #[arg(long, value_name = "NUMBER", default_value = "+14155550100")]
    pub number: String,
    /// Say this once the assistant has fallen silent; repeatable. The call ends after the answer to the last.
    #[arg(long, value_name = "WORDS")]
    pub say: Vec<String>,
    /// Play this recording once the assistant has fallen silent.
    #[arg(long, value_name = "FILE")]
    pub wav: Option<PathBuf>,
    /// Press these keys once the assistant has fallen silent.
    #[arg(long, value_name = "KEYS", value_parser = keys)]
    pub keys: Option<String>,
    /// Your voice.
    #[arg(long, default_value = "rms", value_parser = engine::local::flite::VOICES)]
    pub voice: String,
    /// Where the call is recorded to: you left, the assistant right.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// What carries a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Company(Carrier),
    /// A page with the browser phone in it.
    Browser,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            By::Company(carrier) => carrier.fmt(f),
            By::Browser => f.write_str(BROWSER),
        }
    }
}

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            BROWSER => Ok(By::Browser),
            company => {
                company.parse().map(By::Company).map_err(|why| format!("{why}, and {BROWSER} is another way"))
            }
        }
    }
}

const BROWSER: &str = "browser";
/// Where the API is by turns, unless it is said.
const API: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5051);
/// The telephone company's own voice.
const COMPANYS_VOICE: &str = "slt";

/// Makes a call.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if args.to.starts_with('+') {
        return super::dial::run(super::dial::Args::to(args.to)).await;
    }
    let record = args.record.as_deref().map(Record::at).transpose()?;
    let workers = Workers::new(std::env::current_exe().context("this program cannot find itself")?);
    let deaf = match engine::local::check(&workers).await {
        Ok(()) => false,
        Err(missing) if args.wav.is_none() => bail!("there is no voice to speak with: {missing}"),
        Err(_) => true,
    };
    let (phone, company) = match args.carrier {
        By::Company(carrier) => {
            let (phone, company) = by_company(carrier, &args, (!deaf).then_some(&workers)).await?;
            (phone, Some(company))
        }
        By::Browser => (by_browser(&args)?, None),
    };
    if !phone.connected().await {
        return finish(phone, company.as_ref(), record).await;
    }
    eprintln!("Connected.");
    let voice = speech::voice(&workers, &args.voice);
    let ear: Ear = if deaf { Arc::new(|_, _| Box::pin(async { Ok(None) })) } else { speech::ear(&workers) };
    let scripted = !args.say.is_empty() || args.wav.is_some() || args.keys.is_some();
    let phone = if scripted {
        follow(Caller::new(phone, voice, ear, MANNERS), &args).await?
    } else {
        chat(phone, &voice, &ear).await?
    };
    finish(phone, company.as_ref(), record).await
}

/// Rings by a telephone company, whose own voice needs somebody who can speak.
async fn by_company(
    carrier: Carrier,
    args: &Args,
    speakers: Option<&Workers>,
) -> anyhow::Result<(Handset, Company)> {
    // Who gives the secret need not have settings that can be read.
    let sources = match Sources::of_process(&Flags::default()) {
        Err(why) if args.auth_token.is_none() => return Err(why.into()),
        sources => sources.ok(),
    };
    let variable = |name: &str| match &sources {
        Some(sources) => sources.variable(name),
        None => std::env::var(name).ok(),
    };
    let account = company::account(carrier, args.auth_token.as_deref(), variable)?;
    let dial = Dial { from: args.from.clone(), to: args.number.clone(), ..company::dial(carrier, &args.to)? };
    let api = args.api.or((args.mode == Mode::Turns).then_some(API));
    let company = Company::open(account, args.mode, api).await?;
    let told: Vec<_> = company.settings().iter().map(|(name, value)| format!("{name}={value}")).collect();
    if !told.is_empty() {
        eprintln!("The server is taken to be started with {}", told.join(" "));
    }
    eprintln!("Calling {} by {carrier}, {} …", dial.webhook, args.mode);
    let reader = speakers.map(|workers| Reader(speech::voice(workers, COMPANYS_VOICE)));
    Ok((company.dial(dial, reader), company))
}

/// Calls from a page, by the link of a guest.
fn by_browser(args: &Args) -> anyhow::Result<Handset> {
    if args.mode == Mode::Turns {
        bail!("a browser speaks and hears at any time; there are no turns");
    }
    if !args.to.contains("/talk/") {
        bail!(
            "by browser one calls with a guest's link, such as --to http://127.0.0.1:5050/talk/…; the page Phone makes \
             one, under \"Let somebody else call\""
        );
    }
    eprintln!("Calling {} by browser …", args.to);
    Ok(Handset::page(args.to.clone()))
}

const MANNERS: Manners = Manners {
    quiet: Duration::from_millis(900),
    patience: Duration::from_secs(15),
    longest: Duration::from_secs(30 * 60),
};

/// Says what was asked for, each when the assistant has fallen silent, then hangs up.
async fn follow(mut caller: Caller, args: &Args) -> anyhow::Result<Handset> {
    let mut tell = |told: Told| print(&told);
    if let Some(file) = &args.wav {
        let sound = recording(file)?;
        caller.phone.listen(0, MANNERS.quiet, MANNERS.patience).await;
        caller.phone.say(&sound);
        caller.phone.said().await;
    }
    let keys = args.keys.clone().map(Step::Press);
    let says = args.say.iter().cloned().map(Step::Say);
    let mut script =
        Script::new(keys.into_iter().chain(says).chain([Step::HangUp])).understanding(desk_grammar()?);
    caller.converse(&mut script, &mut tell).await.map_err(anyhow::Error::msg)?;
    Ok(caller.phone)
}

/// Speaks what is typed until somebody hangs up.
async fn chat(phone: Handset, voice: &Voice, ear: &Ear) -> anyhow::Result<Handset> {
    let mut typed = BufReader::new(tokio::io::stdin()).lines();
    let mut open = true;
    let grammar = desk_grammar()?;
    let mut listened = 0;
    loop {
        tokio::select! {
            line = typed.next_line(), if open => match line? {
                Some(line) => obey(&phone, voice, line.trim()).await?,
                None => open = false,
            },
            heard = phone.listen(listened, MANNERS.quiet, Duration::from_secs(3600)) => {
                if let Listened::Spoke(stretch) | Listened::Over(Some(stretch)) = &heard {
                    listened = stretch.end;
                    let words = ear(phone.heard(stretch.clone()), grammar.clone()).await;
                    let at = Duration::from_millis(stretch.start as u64 / 8);
                    let level = sound::level::dbfs(&phone.heard(stretch.clone()));
                    let seconds = stretch.len() as f64 / 8_000.0;
                    let words = words.ok().flatten().unwrap_or_else(|| "(not understood)".into());
                    line(at, "them", &format!("{words}  [{seconds:.1} s at {level:.0} dB]"));
                }
                if matches!(heard, Listened::Over(_)) {
                    return Ok(phone);
                }
            }
            _ = tokio::signal::ctrl_c() => phone.hang_up(),
        }
    }
}

/// What our own desk says. Of another assistant's words it understands little, and then says so.
fn desk_grammar() -> anyhow::Result<Arc<str>> {
    let now = Timestamp::from_millisecond(crate::clock::now_ms())?.to_zoned(TimeZone::system());
    Ok(visitor::grammar(&now, None).into())
}

/// Does what one typed line says.
async fn obey(phone: &Handset, voice: &Voice, typed: &str) -> anyhow::Result<()> {
    let at = Duration::from_millis(phone.position() as u64 / 8);
    match typed.split_once(' ').unwrap_or((typed, "")) {
        ("", _) => {}
        ("/hangup", _) => phone.hang_up(),
        ("/keys", pressed) => match keys(pressed.trim()) {
            Ok(pressed) => pressed.chars().for_each(|key| phone.press(key)),
            Err(why) => eprintln!("{why}"),
        },
        ("/wav", file) => match recording(Path::new(file.trim())) {
            Ok(sound) => phone.say(&sound),
            Err(why) => eprintln!("{why:#}"),
        },
        (order, _) if order.starts_with('/') => eprintln!("{order} is no order; /keys, /wav and /hangup are"),
        _ => match voice(typed.to_owned()).await {
            Ok(samples) => {
                line(at, "you", &format!("{typed}  [{:.0} dB]", sound::level::dbfs(&samples)));
                phone.say_in_words(&g711::samples_to_ulaw(&samples), typed);
            }
            Err(why) => eprintln!("that cannot be spoken: {why}"),
        },
    }
    Ok(())
}

/// Keeps the recording, and says how the call ended.
async fn finish(
    phone: Handset,
    company: Option<&Company>,
    record: Option<Record>,
) -> anyhow::Result<ExitCode> {
    if let Some(record) = record {
        record.write(&phone.recording().write())?;
    }
    let ended = match phone.ended().await {
        Ok(ended) => ended,
        Err(failed) => {
            eprintln!("The call failed: {failed}.");
            return Ok(ExitCode::FAILURE);
        }
    };
    for said in &ended.said {
        eprintln!("The telephone company said: {said}");
    }
    let unheard = ended.recordings > 0 && company.is_some_and(|company| !company.was_fetched());
    if unheard {
        eprintln!(
            "The server fetched none of what you said: it looks for recordings at its carrier's, which it has to be told \
             (see --help)."
        );
    }
    for error in &ended.errors {
        match company {
            Some(_) => eprintln!("The telephone company would log error {}: {}", error.code, error.what),
            None => eprintln!("The page would say that something is wrong: {}", error.what),
        }
    }
    let (how, good) = match &ended.ending {
        Ending::CallerHungUp => ("You hung up.".to_owned(), true),
        Ending::Finished | Ending::Completed => ("They hung up.".to_owned(), true),
        Ending::NotTaken(_) => ("They did not take the call.".to_owned(), false),
        Ending::Rejected(reason) => (format!("The call was not taken: {reason}."), false),
        Ending::Transferred(whom) => (format!("The call was put through to {}.", whom.join(" and ")), true),
    };
    eprintln!("{how}");
    Ok(if good && !unheard && ended.errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn recording(file: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let wav =
        Wav::read(&bytes).map_err(|why| anyhow::anyhow!("{} is no recording: {why}", file.display()))?;
    Ok(g711::samples_to_ulaw(&wav.to_mono(8_000)))
}

fn keys(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && text.chars().all(|key| key.is_ascii_digit() || "*#".contains(key));
    if good { Ok(text.to_owned()) } else { Err(format!("{text:?} are no keys; 0 to 9, * and # are")) }
}

fn print(told: &Told) {
    match told {
        Told::Said { at, words } => line(*at, "you", words),
        Told::Heard { at, words } => line(*at, "them", words.as_deref().unwrap_or("(speak)")),
        Told::Pressed { at, keys } => line(*at, "you", &format!("(press {keys})")),
        Told::HungUp { at } => line(*at, "you", "(hang up)"),
    }
}

fn line(at: Duration, who: &str, text: &str) {
    let bold = std::io::stdout().is_terminal() && who == "them";
    let (on, off) = if bold { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    output::line(format_args!("{}  {on}{who:<5}{off} {text}", output::time(at)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_carried_by_a_company_or_by_a_page() {
        assert_eq!("plivo".parse(), Ok(By::Company(Carrier::Plivo)));
        assert_eq!("browser".parse(), Ok(By::Browser));
        assert!(
            "carrier pigeon"
                .parse::<By>()
                .is_err_and(|why| why.contains("twilio") && why.contains("browser"))
        );
    }

    #[test]
    fn only_keys_of_a_telephone_are_pressed() {
        assert_eq!(keys("12*#"), Ok("12*#".into()));
        assert!(keys("1a").is_err());
        assert!(keys("").is_err());
    }
}
