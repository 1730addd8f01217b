//! OpenAI Realtime, as it has been since the beta was switched off: `wss://api.openai.com/v1/realtime`.
//!
//! ```text
//!   greet ─► session.update ─► session.updated ─► Ready, and the greeting is asked for, or what was said before is told
//!   Hear ─► input_audio_buffer.append        speech_started ─► CallerSpeaks     committed ─► CallerPauses
//!   Respond, Say, Prompt, Answer ─► replies ─► response.create, one at a time ─► Voice … Done
//!   Cancel ─► response.cancel    Truncate ─► conversation.item.truncate    Delete ─► conversation.item.delete
//! ```
//!
//! The service is told neither to answer nor to yield by itself; the call decides both. A turn is answered once: a
//! `Respond` after the service has begun to answer that turn on its own is dropped. What the caller says before
//! `Ready` is dropped as well: the greeting is about to speak to it. A tool's call stands in the conversation once it
//! is complete, and its answer is put there whatever becomes of the response that wanted it, so nothing is ever
//! withdrawn.
//!
//! One file for each thing that the service obliges us to keep: [`replies`], [`items`], [`errands`], [`hosted`], [`hearing`],
//! [`transcripts`]; `event.rs` reads and `request.rs` writes; `telling.rs`, `reading.rs`
//! and `speaking.rs` bring them together.

mod config;
pub(crate) mod errands;
pub(crate) mod event;
pub(crate) mod fault;
mod hearing;
mod hosted;
mod hosting;
mod items;
pub(crate) mod reading;
mod replies;
pub(crate) mod request;
pub(crate) mod speaking;
mod telling;
mod timers;
mod transcripts;

pub use config::{
    ADDRESS, Config, Eagerness, LONGEST, MODEL, NoiseReduction, TRANSCRIPTION, TurnDetection, VOICE,
    has_voice, voices,
};

use crate::{
    Brief, Dialect, Outbox, Said, Tally, ToolSpec,
    dialect::{
        access::{Access, Service, escaped},
        fault::{because, closed, plain},
        message::send,
        timers::Timers,
        troubles::Troubles,
    },
    language::Languages,
};
use call::{EngineCommand, EngineEvent, Failure, Format, Manner, Transcript, Usage};
use errands::Errands;
use event::Event;
use hearing::{Caller, Hearing};
use hosted::{Configured, Hosted};
use http::Request;
use items::Items;
use replies::{Replies, Wish};
use std::time::{Duration, Instant};
use timers::Timer;
use transcripts::{Speaker, Transcripts};

/// One session with OpenAI Realtime.
#[derive(Debug)]
pub struct OpenAi {
    config: Config,
    access: Access,
    phase: Phase,
    instructions: String,
    /// What of them is the owner's.
    owners: String,
    languages: Languages,
    greeting: String,
    /// What was said before; then nobody greets.
    so_far: Vec<Said>,
    manner: Manner,
    format: Format,
    /// Other tools than those of the brief were offered before the session was ready.
    early_tools: bool,
    /// What configured the session, for as long as that may have to be said once more with other tools.
    asked: Option<Configured>,
    /// Keys that came before the session was ready.
    early_keys: String,
    /// What the caller said in words before that.
    early_words: String,
    timers: Timers<Timer>,
    replies: Replies,
    items: Items,
    errands: Errands,
    hosted: Hosted,
    hearing: Hearing,
    transcripts: Transcripts,
    /// What sound is decoded into.
    voice: speaking::Blocks,
    usage: Usage,
    /// Something is being said or about to be, so the call waits for `Done`.
    replying: bool,
    /// How often in a row the service was in trouble, and how often it was crowded.
    faults: u32,
    crowded: u32,
    troubles: Troubles,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nobody has called yet, or the session is not confirmed.
    Configuring,
    Talking,
    Over,
}

/// How long the service may take to confirm the session, and to begin a response that we asked for.
const ANSWERS: Duration = Duration::from_secs(10);
/// How long a response may say nothing.
const STALLS: Duration = Duration::from_secs(30);
/// How long a response that was cancelled may take to end.
const ENDS: Duration = Duration::from_secs(5);
/// How long the caller's words may take from their end until they are committed.
const COMMITS: Duration = Duration::from_millis(500);
/// How long after a key another may follow before they are acted on.
const KEYS: Duration = Duration::from_millis(1_500);
/// How long to leave a crowded service alone at first; twice as long each time after.
const RESTS: Duration = Duration::from_secs(1);
/// What our names of responses begin with; an error about one comes back with its name.
const REPLY: &str = "reply-";

const SERVICE: Service =
    Service { name: "OpenAI", interface: "OpenAI", variable: "OPENAI_API_KEY", scheme: "Bearer" };

impl OpenAi {
    /// A session that is yet to be opened. Fails lastingly where the address or the key can never be used.
    pub fn new(config: Config) -> Result<Self, Failure> {
        let separator = if config.url.contains('?') { '&' } else { '?' };
        let address = if config.model.is_empty() {
            config.url.clone()
        } else {
            format!("{}{separator}model={}", config.url, escaped(&config.model))
        };
        let access = Access::new(&SERVICE, &config.key, &address)?;
        Ok(Self {
            config,
            access,
            phase: Phase::Configuring,
            instructions: String::new(),
            owners: String::new(),
            languages: Languages::default(),
            greeting: String::new(),
            so_far: Vec::new(),
            manner: Manner::Duplex,
            format: Format::Ulaw,
            early_tools: false,
            asked: None,
            early_keys: String::new(),
            early_words: String::new(),
            timers: Timers::default(),
            replies: Replies::default(),
            items: Items::default(),
            errands: Errands::default(),
            hosted: Hosted::default(),
            hearing: Hearing::default(),
            transcripts: Transcripts::default(),
            voice: speaking::Blocks::default(),
            usage: Usage::default(),
            replying: false,
            faults: 0,
            crowded: 0,
            troubles: Troubles::with("OpenAI"),
        })
    }

    /// What was passed over so far.
    pub fn tally(&self) -> Tally {
        self.troubles.tally
    }

    /// Says what can be said, asks for what can be asked for, and notices when there is nothing more.
    fn go_on(&mut self, now: Instant, out: &mut Outbox) {
        if self.phase != Phase::Talking {
            return;
        }
        self.tell_transcripts(out);
        let caller_speaks = self.hearing.caller != Caller::Quiet;
        if let Some((number, wish)) = self.replies.next(caller_speaks) {
            let event_id = format!("{REPLY}{number}");
            let instructions = match wish {
                Wish::Greet => Some(greeting(&self.instructions, &self.greeting)),
                Wish::Say(words) => Some(exactly(&self.instructions, words)),
                Wish::Prompt(instruction) => {
                    send(&mut out.wire, &request::system_says(instruction));
                    None
                }
                Wish::Respond => {
                    self.timers.stop(Timer::Keys);
                    None
                }
            };
            send(&mut out.wire, &request::respond(&event_id, instructions.as_deref()));
            self.timers.set(Timer::Begun, now + ANSWERS);
            self.replying = true;
        }
        if self.replies.asked().is_none() {
            self.timers.stop(Timer::Begun);
        }
        if !self.replies.is_running() {
            self.timers.stop(Timer::Finished);
        }
        if self.replying && self.replies.is_idle() {
            self.replying = false;
            out.events.push_back(EngineEvent::Done(std::mem::take(&mut self.usage)));
        }
    }

    fn tell_transcripts(&mut self, out: &mut Outbox) {
        while let Some((speaker, text)) = self.transcripts.next() {
            out.events.push_back(said(speaker, text, false));
        }
        self.timers.put(Timer::Words, self.transcripts.deadline());
    }

    fn fail(&mut self, why: impl Into<String>, lasting: bool, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        self.phase = Phase::Over;
        self.timers = Timers::default();
        self.transcripts.release();
        self.tell_transcripts(out);
        out.charge(std::mem::take(&mut self.usage));
        out.fail(why, lasting);
    }

    /// The session has lasted as long as it may.
    fn expire(&mut self, why: impl Into<String>, out: &mut Outbox) {
        out.aged |= self.phase != Phase::Over;
        self.fail(why, false, out);
    }
}

impl Dialect for OpenAi {
    fn open(&self) -> Request<()> {
        self.access.open()
    }

    fn greet(&mut self, now: Instant, brief: Brief, out: &mut Outbox) {
        if request::format(brief.format).is_none() {
            let why = format!("OpenAI speaks G.711 and PCM of 24 kHz, not {:?}.", brief.format);
            return self.fail(why, true, out);
        }
        self.languages = Languages::of(&brief);
        self.instructions = self.languages.instruct(&brief.instructions);
        self.hosted.offer(&brief.tools);
        let tools = self.hosted.tools();
        let update =
            request::session_update(&self.config, &brief, &self.instructions, &self.languages, &tools);
        send(&mut out.wire, &update);
        self.asked = self.hosted.is_any().then_some(Configured(update));
        self.timers.set(Timer::Confirmed, now + ANSWERS);
        if !brief.voice.is_empty() && !has_voice(&brief.voice) {
            self.troubles
                .tell(format!("OpenAI has no voice {:?}; {VOICE} speaks.", plain(&brief.voice)), out);
        }
        self.format = brief.format;
        self.manner = brief.manner;
        self.replies.manual = brief.manner == Manner::Turns;
        self.owners = brief.instructions;
        self.greeting = brief.greeting;
        self.so_far = brief.so_far;
    }

    fn read(&mut self, now: Instant, message: &str, out: &mut Outbox) {
        if self.phase == Phase::Over {
            return;
        }
        match serde_json::from_str::<Event>(message) {
            Ok(event) => self.on_event(now, &event, out),
            Err(_) => event::unreadable(message, reading::is_known, &mut self.troubles, out),
        }
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
            EngineCommand::Truncate(item, heard) => self.forget(item, items::Forget::After(heard), out),
            EngineCommand::Delete(item) => self.forget(item, items::Forget::All, out),
            EngineCommand::Answer(id, answer) => self.answer(now, &id, &answer, out),
            EngineCommand::Say(words) => self.want(now, Wish::Say(words), out),
            EngineCommand::Prompt(instruction) => self.want(now, Wish::Prompt(instruction), out),
            EngineCommand::Key(key) => self.key(now, key, out),
            EngineCommand::Speak(tag) => self.change_language(&tag, out),
        }
    }

    fn offer(&mut self, tools: &[ToolSpec], out: &mut Outbox) {
        self.hosted.offer(tools);
        self.tell_tools(out);
    }

    fn closed(&mut self, code: Option<u16>, reason: &str, out: &mut Outbox) {
        if code == Some(1001) {
            // At the end of its time the service says so in the reason; some call this a normal end.
            return self.expire(format!("OpenAI ended the session{}.", because(reason)), out);
        }
        let lasting = code == Some(4000) || plain(reason).contains("invalid_request_error");
        self.fail(closed("OpenAI", code, reason), lasting, out);
    }

    fn longest(&self) -> Option<Duration> {
        Some(self.config.longest)
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

impl OpenAi {
    fn on_timer(&mut self, now: Instant, timer: Timer, out: &mut Outbox) {
        match timer {
            Timer::Confirmed => self.fail("OpenAI did not confirm the session.", false, out),
            Timer::Begun | Timer::Finished => {
                self.replies.forget_unwanted();
                if self.replies.asked().is_some() {
                    self.fail("OpenAI was asked for a response and did not begin one.", false, out);
                } else if self.replies.is_running() {
                    self.fail("OpenAI stopped in the middle of a response.", false, out);
                } else {
                    self.troubles.tell("OpenAI did not say that a cancelled response is over.", out);
                }
            }
            Timer::Committed => self.pause(out),
            Timer::Silence => self.make_up_silence(now, out),
            Timer::Keys => self.replies.owe(),
            Timer::Words => self.transcripts.expire(now),
            Timer::Rested => self.replies.resting = false,
            Timer::Outcome => self.on_outcome_due(now, out),
        }
    }
}

fn said(speaker: Speaker, text: String, partial: bool) -> EngineEvent {
    let transcript = Transcript { text, partial };
    match speaker {
        Speaker::Caller(turn) => EngineEvent::CallerSaid(turn, transcript),
        Speaker::Assistant(item) => EngineEvent::AssistantSaid(item, transcript),
    }
}

/// A response's instructions take the place of the session's, so they are repeated.
fn exactly(instructions: &str, words: &str) -> String {
    format!("{instructions}\n\nNow say exactly these words, in their language, and nothing else:\n{words}")
}

fn greeting(instructions: &str, words: &str) -> String {
    match words {
        "" => {
            format!("{instructions}\n\nThe caller has just been connected. Greet them in one short sentence.")
        }
        words => exactly(instructions, words),
    }
}
