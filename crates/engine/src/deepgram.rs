//! Deepgram Voice Agent: `wss://agent.deepgram.com/v1/agent/converse`.
//!
//! ```text
//!   Welcome ─► Settings ─► SettingsApplied ─► Ready, and the greeting comes by itself
//!   Hear ─► binary          UserStartedSpeaking ─► CallerSpeaks      our own ear ─► CallerPauses
//!   binary ─► Voice         ConversationText ─► CallerSaid, AssistantSaid      AgentAudioDone ─► Done
//!   Say ─► InjectAgentMessage     Prompt, Key ─► InjectUserMessage     Answer ─► FunctionCallResponse
//! ```
//!
//! The service finds by itself when the caller has finished, answers, and yields when they speak up; it cannot be told
//! to cancel or to forget. So `Respond` asks for nothing, `Cancel` drops what still comes, and `Truncate` and `Delete`
//! tell the agent in words what was not heard. Sound that comes after the caller has spoken up belongs to what they
//! spoke over, until there is a sign of something else: the call holds it while the interruption is in doubt, so that
//! a cough costs nothing, and drops it once it is certain.
//!
//! Nothing that the agent says has a name, and the service does not promise to say that it has finished: the end of
//! sound is taken for it, and so is a silence.
//!
//! One file for each thing that is to be kept: [`speech`], [`replies`], [`errands`], [`hearing`]; `event.rs` reads and
//! `request.rs` writes; `telling.rs` and `reading.rs` bring them together.
//!
//! Source: <https://developers.deepgram.com/docs/voice-agent>, and the package `deepgram-sdk`.

mod config;
mod event;
mod fault;
mod hearing;
mod reading;
mod replies;
mod request;
mod speech;
mod telling;
mod timers;

pub use config::{
    ADDRESS, Config, LISTEN, PROVIDER, PROVIDERS, SPEAK, THINK, has_voice, hears_many, takes_temperature,
    voice_of,
};

use crate::{
    Brief, Dialect, Outbox, Tally, ToolSpec,
    dialect::{
        access::{Access, Service},
        errands::Errands,
        fault::{closed, plain},
        message::send,
        timers::Timers,
        troubles::Troubles,
    },
    language::Languages,
};
use bytes::Bytes;
use call::{EngineCommand, EngineEvent, Failure, Format, ItemId, Manner, Transcript, Usage};
use event::Event;
use hearing::{Caller, Hearing};
use http::Request;
use replies::{Expected, Replies};
use speech::Speech;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use timers::Timer;

/// One session with Deepgram Voice Agent.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, learned at its own time")]
#[derive(Debug)]
pub struct Deepgram {
    config: Config,
    access: Access,
    phase: Phase,
    /// When the connection stood, and how long the session lasts from then on.
    began: Option<Instant>,
    longest: Duration,
    /// What is to be configured once the service has said welcome.
    brief: Option<Box<Brief>>,
    /// The agent's prompt, with all that was added to it.
    prompt: String,
    languages: Languages,
    /// Another language than that of the brief was wanted before the session was ready.
    language_changed: bool,
    /// The voice that was wished for.
    wish: String,
    tools: Vec<ToolSpec>,
    /// The call begins with this session.
    greets: bool,
    /// The service knows the words of the greeting.
    greeting_is_set: bool,
    manner: Manner,
    format: Format,
    /// The tools have changed since the session was configured.
    tools_changed: bool,
    /// Keys that were pressed one after the other.
    keys: String,
    timers: Timers<Timer>,
    speech: Speech,
    replies: Replies,
    /// The tools that have no answer yet, by name.
    errands: Errands<String>,
    hearing: Hearing,
    /// What was cut off ended in silence, and nothing was asked for since: sound without a sign of something new is still of it.
    stale: bool,
    /// Half a sample that came before the other half.
    half: Option<u8>,
    /// The call waits for `Done`.
    replying: bool,
    /// How often in a row the agent did not say what it was asked for.
    mute: u32,
    /// What the agent is to be told that was not heard, once the caller does not speak; and how often it was.
    unheard: VecDeque<String>,
    accounts: u32,
    troubles: Troubles,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nobody has called yet, or the service has not said welcome.
    Connecting,
    /// The settings are on their way.
    Configuring,
    Talking,
    Over,
}

/// How long the service may take to say welcome and apply the settings.
const CONFIRMS: Duration = Duration::from_secs(10);
/// After how long the service ends a session, since 2026-07-31.
const LONGEST: Duration = Duration::from_secs(2 * 60 * 60);
/// How long the service waits at least between its warning of the end and the end, which is minutes by its own word.
const NEAR: Duration = Duration::from_secs(40);
/// How long the agent may take to begin what it was asked for.
const ANSWERS: Duration = Duration::from_secs(15);
/// How long after the caller paused an answer may begin, where nobody knows of any words.
const PERHAPS: Duration = Duration::from_secs(5);
/// How long after it wants a tool the agent may begin to speak. Shorter than the patience before a filler.
const BESIDE_A_TOOL: Duration = Duration::from_millis(700);
/// How long no sound may come before what is being said is over, and how long once the caller has spoken over it.
const QUIET: Duration = Duration::from_secs(4);
const STALE: Duration = Duration::from_secs(1);
/// How long to wait before asking again for what was refused.
const AGAIN: Duration = Duration::from_secs(1);
/// The service wants to hear from us at least so often, if only that we are there.
const KEEP_ALIVE: Duration = Duration::from_secs(8);
/// How long after a key another may follow before they are acted on.
const KEYS: Duration = Duration::from_millis(1_500);

/// What the prompt begins with: of what we say in the caller's name.
const BRACKETS: &str = "What stands in [square brackets] comes from the telephone and not from the caller: do as it says, \
                        never read it out, and never answer it by itself.";

const SERVICE: Service =
    Service { name: "Deepgram", interface: "Deepgram", variable: "DEEPGRAM_API_KEY", scheme: "Token" };

impl Deepgram {
    /// A session that is yet to be opened. Fails lastingly where the address or the key can never be used.
    pub fn new(config: Config) -> Result<Self, Failure> {
        let access = Access::new(&SERVICE, &config.key, &config.url)?;
        Ok(Self {
            config,
            access,
            phase: Phase::Connecting,
            began: None,
            longest: LONGEST,
            brief: None,
            prompt: String::new(),
            languages: Languages::default(),
            language_changed: false,
            wish: String::new(),
            tools: Vec::new(),
            greets: false,
            greeting_is_set: false,
            manner: Manner::Duplex,
            format: Format::Ulaw,
            tools_changed: false,
            keys: String::new(),
            timers: Timers::default(),
            speech: Speech::default(),
            replies: Replies::default(),
            errands: Errands::default(),
            hearing: Hearing::default(),
            stale: false,
            half: None,
            replying: false,
            mute: 0,
            unheard: VecDeque::new(),
            accounts: 0,
            troubles: Troubles::with("Deepgram"),
        })
    }

    /// What was passed over so far.
    pub fn tally(&self) -> Tally {
        self.troubles.tally
    }

    /// Sends what is to be said next, and notices when there is nothing more.
    fn go_on(&mut self, now: Instant, out: &mut Outbox) {
        if self.phase != Phase::Talking {
            return;
        }
        self.tell_unheard(out);
        let unwanted = self.speech.current().is_some_and(|item| item.unwanted);
        let speaks = !unwanted && self.speech.current().is_some();
        if !self.timers.is_set(Timer::Again)
            && let Some(words) = self.replies.next_words()
        {
            send(&mut out.wire, &request::inject_agent(words, unwanted));
            self.stale = false;
            self.timers.set(Timer::Said, now + ANSWERS);
        }
        if !speaks
            && self.hearing.caller != Caller::Speaks
            && let Some(instruction) = self.replies.next_instruction()
        {
            self.tell_agent(now, &format!("[{instruction}]"), out);
            self.expect(Expected::Answer, now + ANSWERS);
        }
        if !self.replies.has_words() {
            self.timers.stop(Timer::Said);
            self.timers.stop(Timer::Again);
        }
        if self.replies.expected == Expected::Nothing {
            self.timers.stop(Timer::Answered);
        }
        if self.replying && !speaks && self.replies.is_idle() {
            self.replying = false;
            out.events.push_back(EngineEvent::Done(Usage::default()));
        }
    }

    /// The session ends after this long at the latest.
    fn ends_within(&mut self, now: Instant, left: Duration) {
        let passed = self.began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began));
        self.longest = self.longest.min(passed + left);
    }

    /// From now on something is expected of the agent, for so long.
    fn expect(&mut self, expected: Expected, until: Instant) {
        self.replies.expected = expected;
        self.stale &= expected != Expected::Answer;
        self.timers.set(Timer::Answered, until);
    }

    fn fail(&mut self, why: impl Into<String>, lasting: bool, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        // Its words are those of whole sentences, and the sound ends within one: how much of them that is only the call
        // can tell.
        let untold = |item: &&mut speech::Item| item.has_sounded() && !item.said && !item.words.is_empty();
        if let Some(item) = self.speech.current().filter(untold) {
            let words = said(item.number, item.words.clone(), !item.over);
            out.events.push_back(words);
        }
        self.phase = Phase::Over;
        self.timers = Timers::default();
        out.fail(why, lasting);
    }

    /// The session has lasted as long as it may.
    fn expire(&mut self, why: impl Into<String>, out: &mut Outbox) {
        out.aged |= self.phase != Phase::Over;
        self.fail(why, false, out);
    }
}

impl Dialect for Deepgram {
    fn open(&self) -> Request<()> {
        self.access.open()
    }

    fn greet(&mut self, now: Instant, brief: Brief, out: &mut Outbox) {
        self.timers.set(Timer::Confirmed, now + CONFIRMS);
        self.began = Some(now);
        if !brief.voice.is_empty() && !has_voice(&brief.voice) {
            let voice = request::voice(&self.config, "", &brief.language).to_owned();
            self.troubles
                .tell(format!("Deepgram has no voice {:?}; {voice} speaks.", plain(&brief.voice)), out);
        }
        self.languages = Languages::of(&brief);
        self.wish.clone_from(&brief.voice);
        self.prompt = format!("{}\n\n{BRACKETS}", self.languages.instruct(&brief.instructions));
        if let Some(fitting) = request::fitting(&self.prompt) {
            self.prompt = fitting;
            self.troubles
                .tell("The instructions are longer than Deepgram takes; their middle is left out.", out);
        }
        self.tools.clone_from(&brief.tools);
        self.format = brief.format;
        self.manner = brief.manner;
        self.greets = brief.so_far.is_empty();
        self.brief = Some(Box::new(brief));
    }

    fn read(&mut self, now: Instant, message: &str, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        match serde_json::from_str::<Event>(message) {
            Ok(event) => self.on_event(now, event, out),
            Err(_) => self.troubles.malformed("a message that cannot be read", out),
        }
    }

    fn read_binary(&mut self, now: Instant, message: Bytes, out: &mut Outbox) -> bool {
        self.on_sound(now, message, out);
        true
    }

    fn write(&mut self, now: Instant, command: EngineCommand, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        match command {
            EngineCommand::Hear(chunk) => self.hear(now, &chunk, out),
            EngineCommand::Read(words) => self.read_words(now, words, out),
            EngineCommand::Respond => self.respond(now, out),
            EngineCommand::Cancel => self.cancel(now, out),
            EngineCommand::Truncate(item, heard) => self.account(now, item, heard, out),
            EngineCommand::Delete(item) => self.account(now, item, Duration::ZERO, out),
            EngineCommand::Answer(id, answer) => self.answer(now, &id, &answer, out),
            EngineCommand::Say(words) => self.say(now, words, out),
            EngineCommand::Prompt(instruction) => self.instruct(now, instruction, out),
            EngineCommand::Key(key) => self.key(now, key),
            EngineCommand::Speak(tag) => self.change_language(&tag, out),
        }
    }

    fn offer(&mut self, tools: &[ToolSpec], out: &mut Outbox) {
        self.tools = tools.to_vec();
        match self.phase {
            Phase::Connecting | Phase::Configuring => self.tools_changed = true,
            Phase::Talking => {
                send(&mut out.wire, &request::update_think(&self.config, &self.prompt, &self.tools));
            }
            Phase::Over => {}
        }
    }

    fn closed(&mut self, code: Option<u16>, reason: &str, out: &mut Outbox) {
        let (why, reason) = (closed("Deepgram", code, reason), plain(reason));
        if reason.split(|c: char| !(c == '_' || c.is_ascii_alphabetic())).any(fault::is_age) {
            return self.expire(why, out);
        }
        let lasting = self.phase != Phase::Talking && reason.contains("INVALID_SETTINGS");
        self.fail(why, lasting, out);
    }

    fn longest(&self) -> Option<Duration> {
        Some(self.longest)
    }

    fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    fn wake(&mut self, now: Instant, out: &mut Outbox) {
        while let Some(timer) = self.timers.expired(now) {
            self.on_timer(now, timer, out);
        }
        self.go_on(now, out);
    }
}

impl Deepgram {
    fn on_timer(&mut self, now: Instant, timer: Timer, out: &mut Outbox) {
        match timer {
            Timer::Confirmed if self.phase == Phase::Connecting => {
                self.fail("Deepgram did not say welcome.", false, out);
            }
            Timer::Confirmed => self.fail("Deepgram did not confirm the session.", false, out),
            Timer::Answered => {
                if std::mem::take(&mut self.replies.expected) == Expected::Answer {
                    self.not_said("Deepgram was asked for an answer and gave none.", out);
                }
            }
            Timer::Said => {
                if self.replies.give_up_words() {
                    self.not_said("Deepgram was given something to say and did not say it.", out);
                }
            }
            // `go_on` asks.
            Timer::Again => {}
            Timer::Quiet => {
                let item = self.speech.current();
                let cut = item.as_ref().is_some_and(|item| item.over || item.unwanted);
                let silent = !cut && item.is_some_and(|item| !item.has_sounded());
                self.stale = cut && !self.replies.is_something_coming();
                self.end_item(out);
                if silent {
                    self.not_said("Deepgram announced words and sent no sound of them.", out);
                }
            }
            Timer::KeepAlive => self.keep_alive(now, out),
            Timer::Silence => self.make_up_silence(now, out),
            Timer::Keys => self.pass_keys(now, out),
        }
    }

    /// The agent did not do what it was asked for: once is trouble, twice in a row and it is of no use.
    fn not_said(&mut self, why: &str, out: &mut Outbox) {
        self.mute += 1;
        if self.mute > 1 {
            self.fail(why, false, out);
        } else {
            self.troubles.tell(why.to_owned(), out);
        }
    }

    /// Nothing more comes of what is being said.
    fn end_item(&mut self, out: &mut Outbox) {
        self.half = None;
        self.timers.stop(Timer::Quiet);
        self.tell_words(out);
        self.speech.end();
    }

    /// Tells all the words of the item that is being said, if it was heard at all.
    fn tell_words(&mut self, out: &mut Outbox) {
        let Some(item) = self.speech.current().filter(|item| item.has_sounded()) else { return };
        if !std::mem::replace(&mut item.said, true) && !item.words.is_empty() {
            out.events.push_back(said(item.number, item.words.clone(), false));
        }
    }
}

fn said(item: ItemId, text: String, partial: bool) -> EngineEvent {
    EngineEvent::AssistantSaid(item, Transcript { text, partial })
}
