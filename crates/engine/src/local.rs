//! The local cascade: hear, think, speak, all on this machine.
//!
//! ```text
//!   Local ─── drives ──► cascade.rs   pure: what is heard becomes utterances, and sentences a voice
//!     │                    ├ vad.rs   is that speech?
//!     │                    ├ desk.rs  what to answer, or
//!     │                    └ mind.rs  what a language model answers
//!     ├─ asks ─► llm.rs              a language model: ollama.rs, chat.rs
//!     ├─ asks ─► parts.rs ─┬ services  openai.rs, deepgram.rs ── web.rs; what they write: words.rs
//!     │                    └ programs  espeak.rs, piper.rs ── program.rs
//!     └─ asks ─► workers.rs           a pool of child processes, and in each:
//!                  worker.rs ─┬ stt.rs  words out of sound ── pocketsphinx.rs, whisper.rs
//!                             └ tts.rs  sound out of words ── flite.rs
//!
//!   speakable.rs  what a voice is given to say
//!   voicemail.rs  nobody: a greeting, a tone, and what the caller says
//! ```

pub mod cascade;
pub mod deepgram;
pub mod desk;
pub mod espeak;
pub mod flite;
mod hearing;
pub mod inflow;
pub mod jsgf;
mod lanes;
pub mod llm;
mod mind;
pub mod openai;
mod outflow;
pub mod parts;
pub mod piper;
pub mod pocketsphinx;
pub mod program;
pub mod remembered;
pub mod speakable;
pub mod stt;
pub mod tts;
pub mod vad;
pub mod voicemail;
pub mod web;
pub mod whisper;
pub mod words;
pub mod worker;
mod workers;

pub use workers::{Staff, Workers};

use crate::{Brief, ToolSpec};
use bytes::Bytes;
use call::{EngineCommand, EngineEvent, Failure, Format, Language, Manner};
use cascade::{Cascade, CascadeInput, CascadeOutput, Thinking, Whose};
use desk::{Desk, DeskSetup};
use futures_util::{
    StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use hearing::Hearing;
use lanes::Lanes;
use llm::{Delta, Llm};
use outflow::Outflow;
use speakable::speakable;
use std::{collections::VecDeque, fmt, sync::Arc, time::Instant};
use tokio::sync::mpsc;

/// What the caller may have said, and how sure the recogniser is of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Lower-case words with single blanks between them, as the grammar spells them; as they were written down where there was
    /// none.
    pub text: String,
    /// 0: surely not; 1: surely. `docs/speech.md` shows what was measured.
    pub confidence: f32,
    /// Which language it is in, where the recogniser told.
    pub language: Option<Language>,
}

/// What an ear that follows a call says of the caller's turns.
#[derive(Clone, Debug, PartialEq)]
pub enum TurnEvent {
    /// The caller speaks.
    Begins,
    /// These are their words so far.
    SoFar(String),
    /// They have likely finished, with these words.
    Likely(String),
    /// They had not.
    GoesOn,
    /// They have finished, with these words, or without any.
    Over(Hypothesis),
}

/// An ear that follows a call. Dropping it ends that.
#[derive(Debug)]
pub struct Follower {
    /// The line's sound as it comes, in its own format.
    pub sound: mpsc::Sender<Bytes>,
    /// What it says; an error, in a sentence for the owner, is the last.
    pub turns: mpsc::Receiver<Result<TurnEvent, String>>,
}

/// Tells speech from everything else that sounds.
pub trait Vad: Send {
    /// Takes the next 20 ms (160 samples of 8 kHz) and says whether the caller is speaking now. The answer is
    /// smoothed: it turns `true` once speech is certain, and `false` once the caller has been quiet for a moment.
    fn hear(&mut self, samples: &[i16]) -> bool;
}

/// A language model, and how it thinks in a call.
pub type Model = (Arc<dyn Llm>, Thinking);

/// What was heard, the likeliest first; or why nothing could be, in a sentence for the owner.
pub type Heard = Result<Vec<Hypothesis>, String>;

/// Samples of 8 kHz; or why there are none, in a sentence for the owner.
pub type Speech = Result<Arc<[i16]>, String>;

/// Hears words.
pub trait Stt: Send + Sync {
    /// Recognises one utterance (8 kHz, at most 30 s) against a JSGF grammar; an empty one takes any words. No hypothesis:
    /// nothing was understood at all.
    fn recognise(&self, samples: Vec<i16>, grammar: Arc<str>) -> BoxFuture<'static, Heard>;
    /// Follows a call of this format from now on, and says itself where turns begin and end, if it can. Within a Tokio
    /// runtime.
    fn follow(&self, _: Format) -> Option<Follower> {
        None
    }
}

/// Speech as it is made, in pieces of any length; whoever drops it hears no more, and nobody goes on making it.
pub type SpeechStream = BoxStream<'static, Speech>;

/// Speaks words.
pub trait Tts: Send + Sync {
    /// Speaks one sentence, which is speakable and not empty; `voice` is one that it has.
    fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Speech>;
    /// The same, heard while it is made. After an error nothing more comes.
    fn stream(&self, text: &str, voice: &str) -> SpeechStream {
        stream::once(self.speak(text, voice)).boxed()
    }
}

impl Tts for Arc<dyn Tts> {
    fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Speech> {
        (**self).speak(text, voice)
    }

    fn stream(&self, text: &str, voice: &str) -> SpeechStream {
        (**self).stream(text, voice)
    }
}

/// What is missing for this engine to hear and to speak, as one text with what to do about it.
pub async fn check(workers: &Workers) -> Result<(), String> {
    let missing = workers.check().await?;
    if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
}

/// The cascade with its parts: the shell that carries out what the pure machine asks for.
pub struct Local {
    cascade: Cascade,
    /// Those of the language that is spoken.
    parts: Parts,
    /// Those of other languages, where there is a choice.
    parts_of: Option<PartsOf>,
    /// Those of the desk, once it speaks another language than the caller.
    desk: Option<Parts>,
    llm: Option<Arc<dyn Llm>>,
    hearing: Hearing,
    follower: Option<Follower>,
    /// What is spoken now, in the order in which it shall be heard.
    speaking: Lanes<Piece>,
    outflow: Outflow,
    /// What is to be spoken after that.
    queue: VecDeque<(Piece, String, Whose)>,
    /// What is being thought.
    thinking: Option<(u32, BoxStream<'static, Result<Delta, Failure>>)>,
}

/// Who hears and who speaks, in one language.
#[derive(Clone)]
pub struct Parts {
    pub stt: Arc<dyn Stt>,
    pub tts: Arc<dyn Tts>,
    /// One that `tts` has.
    pub voice: String,
    /// BCP 47.
    pub language: String,
}

/// Gives the parts for a language, BCP 47.
pub type PartsOf = Arc<dyn Fn(&str) -> Parts + Send + Sync>;

/// A part of a sentence that is spoken in one go.
#[derive(Clone, Copy, Debug)]
struct Piece {
    sentence: u32,
    last: bool,
}

/// Pieces that one call has spoken at a time: one that is listened to, one that is ready when it ends.
const AT_ONCE: usize = 2;

impl Local {
    /// A conversation at the desk, heard and spoken by these workers. A voice that they do not have is replaced.
    pub fn open(brief: Brief, setup: DeskSetup, workers: Arc<Workers>) -> Self {
        let known = flite::VOICES.contains(&brief.voice.as_str());
        if !known && !brief.voice.is_empty() {
            tracing::warn!(
                voice = brief.voice,
                "the local engine has no such voice and speaks as {}",
                tts::DEFAULT_VOICE
            );
        }
        let voice = if known { brief.voice.clone() } else { tts::DEFAULT_VOICE.to_owned() };
        Self::with(
            Brief { voice, ..brief },
            setup,
            Box::new(vad::Energy::default()),
            workers.clone(),
            workers,
            None,
        )
    }

    /// The same with other parts; the voice is one that they know. Without a language model the desk thinks.
    pub fn with(
        brief: Brief,
        setup: DeskSetup,
        vad: Box<dyn Vad>,
        stt: Arc<dyn Stt>,
        tts: Arc<dyn Tts>,
        llm: Option<Model>,
    ) -> Self {
        let format = brief.format;
        let parts = Parts { stt, tts, voice: brief.voice.clone(), language: brief.language.clone() };
        // Where the ends take turns, what is recorded is one.
        let follower = if brief.manner == Manner::Duplex { parts.stt.follow(format) } else { None };
        let mut cascade = match &llm {
            Some((_, how)) => Cascade::with_model(now(), brief, Desk::new(setup), vad, how.clone()),
            None => Cascade::new(now(), brief, Desk::new(setup), vad),
        };
        if follower.is_some() {
            cascade.follow();
        }
        Self {
            cascade,
            parts,
            parts_of: None,
            desk: None,
            llm: llm.map(|(llm, _)| llm),
            hearing: Hearing::default(),
            follower,
            speaking: Lanes::default(),
            outflow: Outflow::new(format),
            queue: VecDeque::new(),
            thinking: None,
        }
    }

    /// The caller's last appointment was of this kind: the desk asks whether it is that again.
    #[must_use]
    pub fn reminded_of(mut self, kind: &str) -> Self {
        self.cascade.remind_of(kind);
        self
    }

    /// The same, and this is what a caller who has to wait is told once in a turn, in the language in which the conversation
    /// begins; empty: nothing.
    #[must_use]
    pub fn with_filler(mut self, words: String) -> Self {
        self.cascade = self.cascade.with_filler(words);
        self
    }

    /// The same, and other languages are heard and spoken by these parts.
    #[must_use]
    pub fn with_languages(mut self, parts_of: PartsOf) -> Self {
        self.parts_of = Some(parts_of);
        self
    }

    /// The next thing the engine has to say. Dropping the future loses nothing. After `Failed` it waits for ever.
    pub async fn next(&mut self) -> EngineEvent {
        loop {
            while let Some(output) = self.cascade.poll() {
                if let Some(event) = self.carry_out(output) {
                    return event;
                }
            }
            let due = self.cascade.deadline();
            let wake = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                (utterance, result) = self.hearing.next() => {
                    self.cascade.handle(now(), CascadeInput::Recognised { utterance, result });
                }
                event = followed(&mut self.follower) => {
                    self.cascade.handle(now(), CascadeInput::Followed(event));
                }
                (piece, speech) = self.speaking.next() => self.spoken(piece, speech),
                (thought, result) = thought(&mut self.thinking) => {
                    self.cascade.handle(now(), CascadeInput::Thought { thought, result });
                }
                () = wake => self.cascade.wake(now()),
            }
        }
    }

    /// Tells the engine to do something. What follows from it happens as [`next`](Self::next) is polled.
    pub fn tell(&mut self, command: EngineCommand) {
        if let (EngineCommand::Hear(chunk), Some(follower)) = (&command, &self.follower) {
            // What finds no room is lost: whoever follows is too slow by then.
            let _is_full = follower.sound.try_send(chunk.bytes.clone());
        }
        self.cascade.handle(now(), CascadeInput::Command(command));
    }

    /// From now on these are the tools.
    pub fn offer(&mut self, tools: &[ToolSpec]) {
        self.cascade.offer(tools);
    }

    fn carry_out(&mut self, output: CascadeOutput) -> Option<EngineEvent> {
        match output {
            CascadeOutput::Event(event) => return Some(event),
            CascadeOutput::Recognise { utterance, samples, grammar, whose } => {
                let heard = self.parts(whose).stt.recognise(samples, grammar.into());
                self.hearing.push(utterance, heard);
            }
            CascadeOutput::Disregard { utterance } => self.hearing.forget(utterance),
            CascadeOutput::Speak { sentence, text, whose } => {
                let text = speakable(&text, &self.parts(whose).language);
                let mut pieces = tts::pieces(&text).into_iter().peekable();
                while let Some(text) = pieces.next() {
                    let piece = Piece { sentence, last: pieces.peek().is_none() };
                    self.queue.push_back((piece, text.to_owned(), whose));
                }
                self.speak_on();
            }
            CascadeOutput::Language(tag) => {
                if let Some(parts_of) = &self.parts_of {
                    self.parts = parts_of(&tag);
                }
            }
            CascadeOutput::Hush => {
                self.queue.clear();
                self.speaking = Lanes::default();
                self.outflow.stop();
            }
            CascadeOutput::Think { thought, ask } => {
                self.thinking = self.llm.as_ref().map(|llm| (thought, llm.think(ask)));
            }
            CascadeOutput::Forget { thought } => {
                self.thinking.take_if(|(under_way, _)| *under_way == thought);
            }
        }
        None
    }

    /// Who hears and speaks that.
    fn parts(&mut self, whose: Whose) -> &Parts {
        match (whose, &self.parts_of) {
            (Whose::Desks, Some(parts_of)) => self.desk.get_or_insert_with(|| parts_of("en-US")),
            (Whose::Desks, None) | (Whose::Callers, _) => &self.parts,
        }
    }

    fn speak_on(&mut self) {
        while self.speaking.len() < AT_ONCE
            && let Some((piece, text, whose)) = self.queue.pop_front()
        {
            let parts = self.parts(whose);
            let speech = match text.as_str() {
                "" => stream::empty().boxed(),
                text => parts.tts.stream(text, &parts.voice),
            };
            self.speaking.push(piece, speech);
        }
    }

    /// More of a piece; none: it is complete.
    fn spoken(&mut self, piece: Piece, speech: Option<Speech>) {
        let Piece { sentence, last } = piece;
        let fitted = match &speech {
            Some(Ok(samples)) => self.outflow.push(samples),
            Some(Err(_)) => Vec::new(),
            None => self.outflow.finish(),
        };
        let mut tell = |chunk, failed| {
            self.cascade.handle(now(), CascadeInput::Spoken { sentence, chunk, failed });
        };
        for chunk in outflow::encoded(&fitted, self.outflow.format) {
            tell(Some(chunk), None);
        }
        match speech {
            Some(Ok(_)) => return,
            Some(Err(why)) => {
                tell(None, Some(why));
                self.queue.retain(|(waiting, ..)| waiting.sentence != sentence);
                self.speaking.drop_those(|waiting| waiting.sentence == sentence);
                self.outflow.stop();
            }
            None if last => tell(None, None),
            None => {}
        }
        self.speak_on();
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hearing, speaking) = (self.hearing.len(), self.speaking.len() + self.queue.len());
        f.debug_struct("Local")
            .field("hearing", &hearing)
            .field("speaking", &speaking)
            .finish_non_exhaustive()
    }
}

/// What the follower says next; nothing ever where there is none. After an error there is none.
async fn followed(follower: &mut Option<Follower>) -> Result<TurnEvent, String> {
    let Some(following) = follower else { return std::future::pending().await };
    let event = following.turns.recv().await;
    let event = event.unwrap_or_else(|| Err("What hears has hung up.".into()));
    if event.is_err() {
        *follower = None;
    }
    event
}

/// The next piece of what is being thought; nothing ever where nothing is.
async fn thought(
    thinking: &mut Option<(u32, BoxStream<'static, Result<Delta, Failure>>)>,
) -> (u32, Result<Delta, Failure>) {
    let Some((thought, stream)) = thinking else { return std::future::pending().await };
    let thought = *thought;
    let Some(result) = stream.next().await else {
        *thinking = None;
        return std::future::pending().await;
    };
    (thought, result)
}

/// Tokio's clock, which a test can stop.
#[expect(clippy::disallowed_methods, reason = "this is the one who drives the cascade")]
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
