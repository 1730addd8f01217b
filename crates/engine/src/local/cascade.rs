//! The cascade: what is heard becomes utterances, utterances words, words answers, and those a voice. The desk answers, or a
//! language model; then the desk is what answers when the model is down and no other engine is left.
//!
//! ```text
//!  Hear ─► ear.rs ─► Recognise … Recognised ─┬─► desk ──────────────────┬─► Speak … Spoken ─► mouth.rs ─► Voice
//!          turn_end.rs                       └─► Think … Thought ─► mind ┘
//!          hearing.rs                            thinking.rs                speaking.rs
//!   … or, where a service follows the call: following.rs                    stopwatch.rs: what an answer's time went to
//! ```
//!
//! With a model, words are looked for as soon as the caller is quiet for a moment: a sentence that is plainly over, or
//! plainly not, shortens or extends the wait for its end, and a model begins to think on what is likely all. What it
//! thinks is kept back until the turn has ended with these very words, and forgotten where the caller goes on.

mod ear;
mod following;
mod hearing;
mod mending;
mod mouth;
mod speaking;
mod stopwatch;
mod thinking;
mod turn_end;

pub use turn_end::{TurnEnd, turn_end};

use super::{
    Hypothesis, TurnEvent, Vad,
    desk::Desk,
    llm::{Ask, Delta},
    mind::Mind,
};
use crate::{Brief, ToolSpec};
use call::{Chunk, EngineCommand, EngineEvent, Failure, Language, Manner, ToolCallId, Transcript, Usage};
use ear::Ear;
use following::Following;
use hearing::{Early, Utterance};
use jiff::Zoned;
use mending::Mending;
use mouth::{Part, Playing, Reply};
use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};
use stopwatch::{Awaited, Stopwatch};

/// Everything that can happen to a cascade.
#[derive(Debug)]
pub enum CascadeInput {
    Command(EngineCommand),
    /// The answer to [`CascadeOutput::Recognise`]; an error is a sentence for the owner.
    Recognised {
        utterance: u32,
        result: Result<Vec<Hypothesis>, String>,
    },
    /// What the service says that follows the caller's turns, since [`Cascade::follow`]; an error is a sentence for the
    /// owner, and nothing more comes after it.
    Followed(Result<TurnEvent, String>),
    /// The answer to [`CascadeOutput::Speak`], in as many pieces as suits, in the format of the brief; no chunk: this
    /// sentence is complete, or has `failed` for a reason meant for the owner.
    Spoken {
        sentence: u32,
        chunk: Option<Chunk>,
        failed: Option<String>,
    },
    /// A piece of the answer to [`CascadeOutput::Think`], or why there is no more; an error is for the owner.
    Thought {
        thought: u32,
        result: Result<Delta, Failure>,
    },
}

/// Everything a cascade asks for.
#[derive(Debug, PartialEq)]
pub enum CascadeOutput {
    Event(EngineEvent),
    /// Recognise this utterance (8 kHz, at most 30 s) with this JSGF grammar; where that is empty, anything may have been
    /// said.
    Recognise {
        utterance: u32,
        samples: Vec<i16>,
        grammar: String,
        whose: Whose,
    },
    /// What this utterance was is of no interest any more: the caller has gone on.
    Disregard {
        utterance: u32,
    },
    /// Speak this after what was asked before. The numbers of sentences only ever grow.
    Speak {
        sentence: u32,
        text: String,
        whose: Whose,
    },
    /// The conversation goes on in this language, BCP 47: what is asked for from now on is in it.
    Language(String),
    /// Drop all speech under way or queued.
    Hush,
    /// Have the model think about this. The numbers of thoughts only ever grow.
    Think {
        thought: u32,
        ask: Ask,
    },
    /// Stop thinking this.
    Forget {
        thought: u32,
    },
}

/// In whose language something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The conversation's.
    Callers,
    /// English: the desk goes on where a model that spoke another language has failed.
    Desks,
}

/// The silence after which an utterance has ended, counted from when the VAD says that the caller is quiet.
pub const ENDPOINT: Duration = Duration::from_millis(500);
/// A part that fails this often in a row has failed for good.
const FAILURES: u32 = 3;
/// How long the call takes to go on after what was no interruption; see `Policy::no_words`.
const RESUMES: Duration = Duration::from_millis(1_200);

/// How a model thinks in a cascade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thinking {
    /// What is said by itself, in the language in which the conversation begins.
    pub phrases: Phrases,
    /// The same in those to which it may change.
    pub others: Vec<Phrases>,
    /// Words are looked for, and a thought is begun, before it is certain that the caller has finished.
    pub early: bool,
    /// No other engine goes on where the model fails: the desk does, in English where that must be. Else the cascade fails with
    /// its model.
    pub last: bool,
    /// The model begins within a thought, of which it writes the end alone. One that is found to do so is taken for such a one
    /// from then on.
    pub unopened: bool,
}

/// What a cascade says by itself; where no model thinks, only `filler`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrases {
    /// BCP 47.
    pub language: String,
    /// What the caller is told once in a turn when the ear or the model is slow; empty: nothing.
    pub filler: String,
    /// The model has failed: what can be done all the same, and, in another language than English, that it goes on in
    /// English.
    pub bridge: String,
    /// The model comes to no end.
    pub no_end: String,
}

impl Default for Thinking {
    fn default() -> Self {
        Self { phrases: Phrases::default(), others: Vec::new(), early: true, last: false, unopened: false }
    }
}

impl Default for Phrases {
    fn default() -> Self {
        Self {
            language: "en".into(),
            filler: "One moment, please.".into(),
            bridge: "I am sorry, something is wrong on my side. I can still book, move or cancel an appointment, or take a \
                     message."
                .into(),
            no_end: "I am sorry, I cannot do that just now. Is there anything else?".into(),
        }
    }
}

impl Thinking {
    /// From now on what is said by itself is in this language, where it is known.
    fn speak(&mut self, tag: &str) {
        let known = |phrases: &Phrases| Language::of(&phrases.language) == Language::of(tag);
        if let Some(at) = self.others.iter().position(known) {
            std::mem::swap(&mut self.phrases, &mut self.others[at]);
        }
    }
}

/// One conversation held by the parts of this machine. Pure: [`handle`](Self::handle), then [`poll`](Self::poll) until
/// nothing is left; [`wake`](Self::wake) at the [`deadline`](Self::deadline).
pub struct Cascade {
    manner: Manner,
    desk: Desk,
    /// The model that thinks; none: the desk does.
    mind: Option<Mind>,
    how: Thinking,
    /// The desk speaks the caller's language.
    desk_can: bool,
    /// The desk answers where a model did.
    desk_took_over: bool,
    ear: Ear,
    begun: Instant,
    turn: u32,
    recognitions: u32,
    /// Utterances that are being recognised, oldest first.
    heard: VecDeque<Utterance>,
    /// The one that is being spoken.
    speaking: Option<Utterance>,
    /// What was looked for in it before its end.
    early: Option<Early>,
    /// A service says where turns begin and end.
    following: Option<Following>,
    /// Understood while the caller was already speaking on: a sentence with a pause in it.
    begun_sentence: Option<Hypothesis>,
    /// A thought that the model is to be asked for, and the words that the caller may have finished with.
    asking: Option<(u32, Option<String>)>,
    /// What the thought under way began with, where that is not certain to be all.
    guess: Option<String>,
    /// Keys that the model was not told of, and when it will be.
    keys: String,
    keys_due: Option<Instant>,
    /// The turn in which the caller was told to wait.
    filled: Option<u32>,
    /// Utterances in a row in which nothing was understood.
    misses: u32,
    /// Tools that a model wanted which is gone.
    orphans: BTreeSet<ToolCallId>,
    /// Tools that are under way.
    wanted: BTreeSet<ToolCallId>,
    stopwatch: Stopwatch,
    usage: Usage,
    replies: VecDeque<Reply>,
    replied: u32,
    playing: Playing,
    items: u32,
    sentences: u32,
    recognise_failures: u32,
    mending: Mending,
    failed: bool,
    outputs: VecDeque<CascadeOutput>,
}

impl Cascade {
    /// Begins a conversation at the desk: [`EngineEvent::Ready`], then the greeting, unless something was said before.
    #[expect(clippy::needless_pass_by_value, reason = "a brief is handed over, as to every engine")]
    pub fn new(now: Instant, brief: Brief, desk: Desk, vad: Box<dyn Vad>) -> Self {
        let mut cascade = Self::idle(now, &brief, desk, vad);
        cascade.event(EngineEvent::Ready);
        if brief.so_far.is_empty() {
            cascade.reply(now);
        }
        cascade
    }

    /// Begins a conversation with a model; the desk gives the greeting, and answers should the model fail as the last.
    #[expect(clippy::needless_pass_by_value, reason = "a brief is handed over, as to every engine")]
    pub fn with_model(now: Instant, brief: Brief, desk: Desk, vad: Box<dyn Vad>, how: Thinking) -> Self {
        let mut cascade = Self::idle(now, &brief, desk, vad);
        if how.early && brief.manner == Manner::Duplex {
            cascade.ear.look_early(true);
        }
        let mut mind = Mind::new(&brief);
        mind.unopened = how.unopened;
        cascade.mind = Some(mind);
        cascade.how = how;
        cascade.event(EngineEvent::Ready);
        if !brief.so_far.is_empty() {
            return cascade;
        }
        if brief.greeting.trim().is_empty() && !cascade.desk_can {
            // What the desk would say is not the caller's language.
            while cascade.desk.poll().is_some() {}
            cascade.note(now, "The call begins. Greet the caller in one short sentence.");
        } else {
            cascade.reply(now);
        }
        cascade
    }

    /// The caller's last appointment was of this kind; see [`Desk::remind_of`].
    pub fn remind_of(&mut self, kind: &str) {
        self.desk.remind_of(kind);
    }

    fn idle(now: Instant, brief: &Brief, desk: Desk, vad: Box<dyn Vad>) -> Self {
        Self {
            manner: brief.manner,
            desk,
            mind: None,
            how: Thinking::default(),
            desk_can: is_english(&brief.language),
            desk_took_over: false,
            ear: Ear::new(vad, brief.manner, ENDPOINT),
            begun: now,
            turn: 0,
            recognitions: 0,
            heard: VecDeque::new(),
            speaking: None,
            early: None,
            following: None,
            begun_sentence: None,
            asking: None,
            guess: None,
            keys: String::new(),
            keys_due: None,
            filled: None,
            misses: 0,
            orphans: BTreeSet::new(),
            wanted: BTreeSet::new(),
            stopwatch: Stopwatch::default(),
            usage: Usage::default(),
            replies: VecDeque::new(),
            replied: 0,
            playing: Playing::new(now),
            items: 0,
            sentences: 0,
            recognise_failures: 0,
            mending: Mending::default(),
            failed: false,
            outputs: VecDeque::new(),
        }
    }

    /// The same, and this is what a caller who has to wait is told once in a turn; empty: nothing.
    #[must_use]
    pub fn with_filler(mut self, words: String) -> Self {
        self.how.phrases.filler = words;
        self
    }

    /// The same with another [`ENDPOINT`].
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Duration) -> Self {
        self.ear.endpoint = endpoint;
        self
    }

    pub fn handle(&mut self, now: Instant, input: CascadeInput) {
        if self.failed {
            return;
        }
        match input {
            CascadeInput::Command(command) => self.command(now, command),
            CascadeInput::Recognised { utterance, result } => self.recognised(now, utterance, result),
            CascadeInput::Followed(event) => self.followed(now, event),
            CascadeInput::Spoken { sentence, chunk, failed } => self.spoken(now, sentence, chunk, failed),
            CascadeInput::Thought { thought, result } => self.thought(now, thought, result),
        }
        self.stopwatch.awaits(now, self.awaited());
    }

    /// What is to be done next. What a model is asked is put into words last, when the call has said how much of what was
    /// interrupted the caller heard.
    pub fn poll(&mut self) -> Option<CascadeOutput> {
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        let (thought, next) = self.asking.take()?;
        let ask = self.mind.as_ref()?.ask(next.as_deref());
        Some(CascadeOutput::Think { thought, ask })
    }

    /// From now on these are the tools.
    pub fn offer(&mut self, tools: &[ToolSpec]) {
        if let Some(mind) = &mut self.mind {
            mind.offer(tools);
        }
    }

    /// When [`wake`](Self::wake) is due, if ever: the line has stopped sending audio in the middle of an utterance, keys
    /// were pressed, words or the model are slow, or a voice broke off.
    pub fn deadline(&self) -> Option<Instant> {
        if self.failed {
            return None;
        }
        let thought = self.mind.as_ref().and_then(Mind::deadline);
        let (filler, follower) = (self.filler_due(), self.follower_due());
        let dues = [self.stalls(), self.keys_due, thought, filler, follower, self.mending.due()];
        dues.into_iter().flatten().min()
    }

    pub fn wake(&mut self, now: Instant) {
        if self.failed {
            return;
        }
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if is_due(self.stalls())
            && let Some(finished) = self.ear.finish()
        {
            match self.following {
                Some(_) => self.lulls(now, finished),
                None => self.caller_pauses(now, finished),
            }
        }
        if is_due(self.follower_due()) {
            self.follower_overdue(now);
        }
        if is_due(self.keys_due) {
            self.tell_keys(now);
        }
        if is_due(self.filler_due()) {
            self.fill(now);
        }
        self.mend(now);
        if is_due(self.mind.as_ref().and_then(Mind::deadline)) {
            self.overdue(now);
        }
        self.stopwatch.awaits(now, self.awaited());
    }

    /// What the next sound of an answer waits for.
    fn awaited(&self) -> Awaited {
        let front = self.replies.front().and_then(|reply| reply.parts.front());
        match front {
            Some(Part::Sentence { .. }) => Awaited::Voice,
            Some(Part::Wants(_)) | None if !self.heard.is_empty() => Awaited::Words,
            Some(Part::Wants(_)) | None if self.mind.as_ref().is_some_and(Mind::is_thinking) => {
                Awaited::Thought
            }
            Some(Part::Wants(_)) | None if !self.wanted.is_empty() => Awaited::Tools,
            Some(Part::Wants(_)) | None => Awaited::Thought,
        }
    }

    fn stalls(&self) -> Option<Instant> {
        self.ear.deadline().filter(|_| self.manner == Manner::Duplex)
    }

    fn command(&mut self, now: Instant, command: EngineCommand) {
        match command {
            EngineCommand::Hear(chunk) => self.hear(now, &chunk),
            EngineCommand::Read(words) => self.read(now, words),
            EngineCommand::Respond => self.respond(now),
            EngineCommand::Cancel => {
                self.believe();
                self.drop_replies(now, |reply, turn| reply.turn < turn);
            }
            EngineCommand::Truncate(item, heard) => self.cut(item, heard),
            EngineCommand::Delete(item) => self.cut(item, Duration::ZERO),
            EngineCommand::Answer(id, answer) => self.answered(now, &id, &answer),
            EngineCommand::Say(text) => self.say(now, &text),
            EngineCommand::Prompt(instruction) => self.prompted(now, &instruction),
            EngineCommand::Key(key) => self.key(now, key),
            EngineCommand::Speak(tag) => self.change_language(now, &tag),
        }
    }

    /// In whose language the assistant hears and speaks.
    fn whose(&self) -> Whose {
        if self.desk_took_over && !self.desk_can { Whose::Desks } else { Whose::Callers }
    }

    /// The wall clock of the office.
    fn clock(&self, now: Instant) -> Zoned {
        let elapsed = now.saturating_duration_since(self.begun);
        self.desk.opened().checked_add(elapsed).unwrap_or_else(|_| self.desk.opened().clone())
    }

    fn event(&mut self, event: EngineEvent) {
        self.outputs.push_back(CascadeOutput::Event(event));
    }

    fn fail(&mut self, why: String) {
        self.fail_with(Failure { why, lasting: false });
    }

    fn fail_with(&mut self, failure: Failure) {
        self.failed = true;
        if let Some((item, said)) = self.replies.front().and_then(|reply| Some((reply.item?, &reply.said)))
            && !said.is_empty()
        {
            let transcript = Transcript { text: said.join(" "), partial: true };
            self.event(EngineEvent::AssistantSaid(item, transcript));
        }
        self.event(EngineEvent::Failed(failure));
    }
}

fn is_english(tag: &str) -> bool {
    tag.is_empty() || Language::of(tag) == Language::of("en")
}
