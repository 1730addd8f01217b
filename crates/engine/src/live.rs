//! OpenAI Live: a model that listens and speaks at the same time, `wss://api.openai.com/v1/live/sessions`.
//!
//! ```text
//!   greet ─► session.start ─► session.started ─► Ready, and the greeting is asked for
//!   Hear ─► clock ─► session.input_audio.append      our ear ─► CallerSpeaks, CallerPauses
//!   session.output_audio.delta ─► voice ─► Voice … Done            Say, Prompt ─► session.commentary.append
//!   response.event ─► work ─► Wants      Answer ─► response.item.create, response.create      Key ─► …thinking.append
//! ```
//!
//! The model decides alone who speaks: there are no turns, no items, no cancelling and no truncating. So the call is
//! told what the model has decided. An item is what sounds until it is quiet; the caller has the floor when the model
//! is silent and our ear hears them; a caller who speaks while the model does is told of once it has yielded or has
//! finished, and the line is not cleared. Only over words that the call itself ordered, and over a goodbye, is the
//! caller told of at once, so that they keep the call. What the caller did not hear of something is told to the model
//! in words. The voice has no tools: it hands work over to a model behind it, whose calls are ours to answer.
//!
//! One file for each thing: [`clock`] what is sent when, [`ear`] when the caller speaks, [`voice`] what is an item,
//! [`words`] who said what, [`work`] what is handed over; `event.rs` reads and `request.rs` writes; `telling.rs`,
//! `reading.rs` and `floor.rs` bring them together.

mod clock;
mod config;
mod ear;
mod event;
mod fault;
mod floor;
mod level;
mod reading;
mod request;
mod telling;
mod voice;
mod words;
mod work;

pub use config::{ADDRESS, BACKEND, Config, MODEL, VOICE, has_voice, voices};

use crate::{
    Brief, Dialect, Outbox, Tally, ToolSpec,
    dialect::{
        access::{Access, Service},
        fault::{closed, plain},
        message::send,
        troubles::Troubles,
    },
    language::Languages,
    openai::{event::unreadable, speaking::Blocks},
};
use call::{EngineCommand, EngineEvent, Failure, Format, Manner, Usage};
use clock::Clock;
use ear::Ear;
use event::Event;
use http::Request;
use request::Append;
use std::time::{Duration, Instant};
use voice::Voice;
use words::Words;
use work::Work;

/// One session with OpenAI Live.
#[derive(Debug)]
pub struct Live {
    config: Config,
    access: Access,
    /// When this session was asked for, in Unix seconds.
    opened: u64,
    /// How long it lasts.
    longest: Duration,
    phase: Phase,
    greeting: Option<String>,
    manner: Manner,
    format: Format,
    languages: Languages,
    /// Other tools than those of the brief, offered before the session was ready.
    early_tools: Option<Vec<ToolSpec>>,
    /// What was to be said before it was.
    early: Vec<(Append, String)>,
    /// Until when the session should be confirmed.
    confirmed: Option<Instant>,
    clock: Clock,
    ear: Ear,
    voice: Voice,
    words: Words,
    work: Work,
    floor: floor::Floor,
    /// The keys that were pressed have not been spoken of; when they are.
    keys: Option<Instant>,
    /// What sound is decoded into.
    blocks: Blocks,
    usage: Usage,
    /// The session's time that the service has counted.
    counted: Duration,
    /// The call waits for `Done`.
    replying: bool,
    /// Until when something that was asked for may begin to be said.
    waits: Option<Instant>,
    /// What was asked for are the call's own words.
    ordered: bool,
    /// When the service made its last sound, silence or not, and whether it makes silence.
    sounded: Option<Instant>,
    continuous: bool,
    /// Our names of messages.
    number: u32,
    /// How often in a row the model behind the voice failed.
    faults: u32,
    troubles: Troubles,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nobody has called yet, or the session is not confirmed.
    Starting,
    Talking,
    Over,
}

/// How long the service may take to confirm the session.
const ANSWERS: Duration = Duration::from_secs(10);
/// After how long the service ends a session, unless it says otherwise.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);
/// How long the model may take to begin to say what it was asked to say, and to answer the caller: if it has not by
/// then, it means to listen.
const SAYS: Duration = Duration::from_secs(8);
const RESPONDS: Duration = Duration::from_secs(4);
/// How long after what was said before something that was asked for may follow.
const FOLLOWS: Duration = Duration::from_secs(3);
/// So long may a service whose sound never ends make none.
const FROZEN: Duration = Duration::from_secs(6);
/// How long after a key another may follow before they are acted on.
const KEYS: Duration = Duration::from_millis(1_500);
/// Wishes before the session is ready.
const EARLY: usize = 32;

const SERVICE: Service =
    Service { name: "OpenAI", interface: "OpenAI Live", variable: "OPENAI_API_KEY", scheme: "Bearer" };

impl Live {
    /// A session that is yet to be opened, at this moment in Unix seconds. Fails lastingly where the address or the key can
    /// never be used.
    pub fn new(config: Config, opened: u64) -> Result<Self, Failure> {
        let access = Access::new(&SERVICE, &config.key, &config.url)?;
        Ok(Self {
            config,
            access,
            opened,
            longest: LONGEST,
            phase: Phase::Starting,
            greeting: None,
            manner: Manner::Duplex,
            format: Format::Ulaw,
            languages: Languages::default(),
            early_tools: None,
            early: Vec::new(),
            confirmed: None,
            clock: Clock::default(),
            ear: Ear::new(Format::Ulaw),
            voice: Voice::default(),
            words: Words::default(),
            work: Work::default(),
            floor: floor::Floor::default(),
            keys: None,
            blocks: Blocks::default(),
            usage: Usage::default(),
            counted: Duration::ZERO,
            replying: false,
            waits: None,
            ordered: false,
            sounded: None,
            continuous: false,
            number: 0,
            faults: 0,
            troubles: Troubles::with("OpenAI"),
        })
    }

    /// What was passed over so far.
    pub fn tally(&self) -> Tally {
        self.troubles.tally
    }

    /// Asks for what can be asked for, and notices when there is nothing more.
    fn go_on(&mut self, now: Instant, out: &mut Outbox) {
        if self.phase != Phase::Talking {
            return;
        }
        if self.work.go_on(now) {
            send(&mut out.wire, &request::go_on());
        }
        let over = !self.voice.open && !self.work.is_busy() && self.waits.is_none();
        if self.replying && over {
            self.done(out);
        }
    }

    fn done(&mut self, out: &mut Outbox) {
        self.replying = false;
        out.events.push_back(EngineEvent::Done(std::mem::take(&mut self.usage)));
    }

    fn fail(&mut self, why: impl Into<String>, lasting: bool, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        self.phase = Phase::Over;
        self.words.release(&mut out.events);
        out.charge(std::mem::take(&mut self.usage));
        out.fail(why, lasting);
    }

    /// The session has lasted as long as it may.
    fn expire(&mut self, why: impl Into<String>, out: &mut Outbox) {
        out.aged |= self.phase != Phase::Over;
        self.fail(why, false, out);
    }
}

impl Dialect for Live {
    fn open(&self) -> Request<()> {
        self.access.open()
    }

    fn greet(&mut self, now: Instant, brief: Brief, out: &mut Outbox) {
        self.languages = Languages::of(&brief);
        let brief = Brief { instructions: self.languages.instruct(&brief.instructions), ..brief };
        let Some(start) = request::session_start(&self.config, &brief) else {
            let why = format!("OpenAI Live speaks G.711 and PCM of 16 or 24 kHz, not {:?}.", brief.format);
            return self.fail(why, true, out);
        };
        send(&mut out.wire, &start);
        self.confirmed = Some(now + ANSWERS);
        if !brief.voice.is_empty() && !has_voice(&brief.voice) {
            self.troubles
                .tell(format!("OpenAI Live has no voice {:?}; {VOICE} speaks.", plain(&brief.voice)), out);
        }
        self.ear = Ear::new(brief.format);
        self.format = brief.format;
        self.manner = brief.manner;
        self.greeting = brief.so_far.is_empty().then_some(brief.greeting);
    }

    fn read(&mut self, now: Instant, message: &str, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        match serde_json::from_str::<Event>(message) {
            Ok(event) => self.on_event(now, &event, out),
            Err(_) => unreadable(message, reading::is_known, &mut self.troubles, out),
        }
    }

    fn write(&mut self, now: Instant, command: EngineCommand, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        match command {
            EngineCommand::Hear(chunk) => self.hear(now, chunk, out),
            EngineCommand::Read(words) => self.read_words(words, out),
            EngineCommand::Respond => self.respond(now, out),
            EngineCommand::Cancel => self.cancel(now, out),
            EngineCommand::Truncate(item, heard) => self.forget(item, Some(heard), out),
            EngineCommand::Delete(item) => self.forget(item, None, out),
            EngineCommand::Answer(id, answer) => self.answer(now, &id, &answer, out),
            EngineCommand::Say(words) => self.say(now, &words, out),
            EngineCommand::Prompt(instruction) => self.prompt(now, instruction, out),
            EngineCommand::Key(key) => self.key(now, key, out),
            EngineCommand::Speak(tag) => self.change_language(&tag, out),
        }
    }

    fn offer(&mut self, tools: &[ToolSpec], out: &mut Outbox) {
        match self.phase {
            Phase::Starting => self.early_tools = Some(tools.to_vec()),
            Phase::Talking => send(&mut out.wire, &request::tools_update(tools)),
            Phase::Over => {}
        }
    }

    fn closed(&mut self, code: Option<u16>, reason: &str, out: &mut Outbox) {
        self.fail(closed("OpenAI", code, reason), false, out);
    }

    fn longest(&self) -> Option<Duration> {
        Some(self.longest)
    }

    fn farewell(&mut self, out: &mut Outbox) {
        if self.phase != Phase::Over {
            send(&mut out.wire, &request::close());
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Starting => self.confirmed,
            Phase::Talking => [
                self.clock.due(),
                self.gone(),
                self.waits,
                self.keys,
                self.words.due(),
                self.unheard_due(),
                self.work.due(),
            ]
            .into_iter()
            .flatten()
            .min(),
            Phase::Over => None,
        }
    }

    fn wake(&mut self, now: Instant, out: &mut Outbox) {
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        match self.phase {
            Phase::Starting if passed(self.confirmed) => {
                self.fail("OpenAI did not confirm the session.", false, out);
            }
            Phase::Starting | Phase::Over => {}
            Phase::Talking => {
                self.keep_time(now, out);
                if passed(self.gone()) {
                    self.close_item(now, out);
                }
                if passed(self.waits) {
                    self.on_silence(now, out);
                }
                if passed(self.keys) {
                    self.act_on_keys(now, out);
                }
                if passed(self.unheard_due()) {
                    self.on_unheard_words(now, out);
                }
                self.words.expire(now, &mut out.events);
                self.give_up_work(now, out);
                self.go_on(now, out);
            }
        }
    }
}
