//! The cascade: what is heard becomes utterances, utterances words, words the desk's answers, and those a voice.
//!
//! ```text
//!  Hear ─► ear.rs ─► Recognise … Recognised ─► desk ─► Speak … Spoken ─► mouth.rs ─► Voice
//! ```

mod ear;
mod mouth;

use super::{
    Hypothesis, Vad,
    desk::{self, Desk, DeskOutput},
};
use crate::Brief;
use call::{Chunk, EngineCommand, EngineEvent, Failure, ItemId, Manner, Transcript, TurnId, Usage};
use ear::{Ear, Noticed};
use jiff::Zoned;
use mouth::{Part, Playing, Reply};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Everything that can happen to a cascade.
#[derive(Debug)]
pub enum CascadeInput {
    Command(EngineCommand),
    /// The answer to [`CascadeOutput::Recognise`]; an error is a sentence for the owner.
    Recognised {
        utterance: u32,
        result: Result<Vec<Hypothesis>, String>,
    },
    /// The answer to [`CascadeOutput::Speak`], in as many pieces as suits, in the format of the brief; no chunk: this
    /// sentence is complete, or has `failed` for a reason meant for the owner.
    Spoken {
        sentence: u32,
        chunk: Option<Chunk>,
        failed: Option<String>,
    },
}

/// Everything a cascade asks for.
#[derive(Debug, PartialEq)]
pub enum CascadeOutput {
    Event(EngineEvent),
    /// Recognise this utterance (8 kHz, at most 30 s) with this JSGF grammar.
    Recognise {
        utterance: u32,
        samples: Vec<i16>,
        grammar: String,
    },
    /// Speak this after what was asked before. The numbers of sentences only ever grow.
    Speak {
        sentence: u32,
        text: String,
    },
    /// Drop all speech under way or queued.
    Hush,
}

/// The silence after which an utterance has ended, counted from when the VAD says that the caller is quiet.
pub const ENDPOINT: Duration = Duration::from_millis(500);
/// A part that fails this often in a row has failed for good.
const FAILURES: u32 = 3;
/// How long the call takes to go on after what was no interruption; see `Policy::no_words`.
const RESUMES: Duration = Duration::from_millis(1_200);

/// One conversation held by the parts of this machine. Pure: [`handle`](Self::handle), then [`poll`](Self::poll) until
/// nothing is left; [`wake`](Self::wake) at the [`deadline`](Self::deadline).
pub struct Cascade {
    manner: Manner,
    desk: Desk,
    ear: Ear,
    begun: Instant,
    turn: u32,
    /// Utterances that are being recognised, oldest first.
    heard: VecDeque<Utterance>,
    /// The one that is being spoken.
    speaking: Option<Utterance>,
    /// Understood while the caller was already speaking on: a sentence with a pause in it.
    begun_sentence: Option<Hypothesis>,
    replies: VecDeque<Reply>,
    playing: Playing,
    items: u32,
    sentences: u32,
    recognise_failures: u32,
    speak_failures: u32,
    failed: bool,
    outputs: VecDeque<CascadeOutput>,
}

/// What is known of an utterance before its words are.
#[derive(Clone, Debug)]
struct Utterance {
    turn: u32,
    since: Instant,
    /// The assistant was speaking, and the call goes on with that if there were no words.
    over_voice: bool,
}

impl Cascade {
    /// Begins a conversation: [`EngineEvent::Ready`], then the desk's greeting.
    #[expect(clippy::needless_pass_by_value, reason = "a brief is handed over, as to every engine")]
    pub fn new(now: Instant, brief: Brief, desk: Desk, vad: Box<dyn Vad>) -> Self {
        let manner = brief.manner;
        let mut cascade = Self {
            manner,
            desk,
            ear: Ear::new(vad, manner, ENDPOINT),
            begun: now,
            turn: 0,
            heard: VecDeque::new(),
            speaking: None,
            begun_sentence: None,
            replies: VecDeque::new(),
            playing: Playing::new(now),
            items: 0,
            sentences: 0,
            recognise_failures: 0,
            speak_failures: 0,
            failed: false,
            outputs: VecDeque::new(),
        };
        cascade.event(EngineEvent::Ready);
        cascade.reply(now);
        cascade
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
            CascadeInput::Spoken { sentence, chunk, failed } => self.spoken(now, sentence, chunk, failed),
        }
    }

    pub fn poll(&mut self) -> Option<CascadeOutput> {
        self.outputs.pop_front()
    }

    /// When [`wake`](Self::wake) is due, if ever: the line has stopped sending audio in the middle of an utterance.
    pub fn deadline(&self) -> Option<Instant> {
        self.ear.deadline().filter(|_| self.manner == Manner::Duplex && !self.failed)
    }

    pub fn wake(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now)
            && let Some(samples) = self.ear.finish()
        {
            self.caller_pauses(samples);
        }
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
            EngineCommand::Truncate(item, heard) => {
                self.believe();
                self.playing.cut(item, heard);
            }
            EngineCommand::Delete(item) => {
                self.believe();
                self.playing.cut(item, Duration::ZERO);
            }
            EngineCommand::Answer(id, answer) => {
                let clock = self.clock(now);
                self.desk.answer(&clock, &id, &answer);
                self.reply(now);
            }
            EngineCommand::Say(text) => self.say(now, &text),
            EngineCommand::Prompt(instruction) => {
                let clock = self.clock(now);
                self.desk.prompt(&clock, &instruction);
                self.reply(now);
            }
            EngineCommand::Key(key) => {
                let clock = self.clock(now);
                self.drop_replies(now, |_, _| true);
                self.desk.key(&clock, key);
                self.reply(now);
            }
        }
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
        self.failed = true;
        self.event(EngineEvent::Failed(Failure { why, lasting: false }));
    }
}

/// Hearing.
impl Cascade {
    fn hear(&mut self, now: Instant, chunk: &Chunk) {
        self.playing.open(now);
        let mut noticed = Vec::new();
        self.ear.hear(now, chunk, &mut noticed);
        for notice in noticed {
            match notice {
                Noticed::Speech => self.caller_speaks(now),
                Noticed::Utterance(samples) => self.caller_pauses(samples),
            }
        }
    }

    fn caller_speaks(&mut self, now: Instant) {
        self.turn += 1;
        let over_voice = self.manner == Manner::Duplex
            && (self.playing.is_sounding(now) || self.replies.iter().any(|reply| reply.item.is_some()));
        self.speaking = Some(Utterance { turn: self.turn, since: now, over_voice });
        self.event(EngineEvent::CallerSpeaks);
    }

    fn caller_pauses(&mut self, samples: Vec<i16>) {
        let Some(utterance) = self.speaking.take() else { return };
        self.event(EngineEvent::CallerPauses);
        let grammar = self.desk.grammar(&self.clock(utterance.since));
        self.outputs.push_back(CascadeOutput::Recognise { utterance: utterance.turn, samples, grammar });
        self.heard.push_back(utterance);
    }

    /// The call is certain that the caller interrupted: it will not go on by itself.
    fn believe(&mut self) {
        for utterance in self.heard.iter_mut().chain(&mut self.speaking) {
            utterance.over_voice = false;
        }
    }

    fn recognised(&mut self, now: Instant, utterance: u32, result: Result<Vec<Hypothesis>, String>) {
        let Some(at) = self.heard.iter().position(|heard| heard.turn == utterance) else { return };
        let Some(utterance) = self.heard.remove(at) else { return };
        let hypotheses = match result {
            Ok(hypotheses) => {
                self.recognise_failures = 0;
                hypotheses
            }
            Err(why) => {
                self.recognise_failures += 1;
                if self.recognise_failures >= FAILURES {
                    return self.fail(why);
                }
                self.event(EngineEvent::Trouble(why));
                Vec::new()
            }
        };
        let understood = hypotheses.iter().any(|h| h.confidence >= desk::HEARD && !h.text.trim().is_empty());
        if understood {
            self.words(now, &utterance, hypotheses);
        } else {
            self.no_words(now, &utterance);
        }
    }

    fn words(&mut self, now: Instant, utterance: &Utterance, mut hypotheses: Vec<Hypothesis>) {
        let text = hypotheses.iter().find(|h| h.confidence >= desk::HEARD).map_or("", |h| h.text.as_str());
        let transcript = Transcript { text: text.to_owned(), partial: false };
        self.event(EngineEvent::CallerSaid(TurnId(utterance.turn), transcript));
        let heard = self.playing.heard_at(utterance.since);
        self.drop_replies(now, |_, _| true);
        if let Some(heard) = heard {
            self.desk.cut(heard);
        }
        if let Some(begun) = self.begun_sentence.take() {
            let joined = hypotheses.first().map(|rest| joined(&begun, rest));
            hypotheses = joined.into_iter().collect();
        }
        if self.is_more_coming() {
            self.begun_sentence = hypotheses.into_iter().next();
            return;
        }
        self.ask_desk(now, &hypotheses);
    }

    fn no_words(&mut self, now: Instant, utterance: &Utterance) {
        if self.is_more_coming() {
            return;
        }
        if let Some(begun) = self.begun_sentence.take() {
            return self.ask_desk(now, &[begun]);
        }
        if utterance.over_voice {
            let stood_still = now.saturating_duration_since(utterance.since) + RESUMES;
            self.playing.shift(stood_still);
            return self.done_unless_busy();
        }
        self.ask_desk(now, &[]);
    }

    /// The caller has spoken on.
    fn is_more_coming(&self) -> bool {
        self.ear.is_busy() || !self.heard.is_empty()
    }

    fn ask_desk(&mut self, now: Instant, hypotheses: &[Hypothesis]) {
        let clock = self.clock(now);
        self.desk.hear(&clock, hypotheses);
        self.reply(now);
    }

    /// A turn that came in words, of which there is no doubt.
    fn read(&mut self, now: Instant, words: String) {
        self.turn += 1;
        self.event(EngineEvent::CallerSpeaks);
        self.event(EngineEvent::CallerPauses);
        let utterance = Utterance { turn: self.turn, since: now, over_voice: false };
        self.words(now, &utterance, vec![Hypothesis { text: words, confidence: 1.0 }]);
    }

    fn respond(&mut self, now: Instant) {
        if self.manner == Manner::Turns {
            match self.ear.finish() {
                Some(samples) => self.caller_pauses(samples),
                None if self.heard.is_empty() && self.replies.is_empty() => self.ask_desk(now, &[]),
                None => {}
            }
            return;
        }
        self.done_unless_busy();
    }
}

/// More than this is no sentence.
const LONGEST_SENTENCE: usize = 1_000;

/// Two halves of a sentence.
fn joined(first: &Hypothesis, second: &Hypothesis) -> Hypothesis {
    if first.text.len() + second.text.len() > LONGEST_SENTENCE {
        return second.clone();
    }
    Hypothesis {
        text: format!("{} {}", first.text.trim(), second.text.trim()),
        confidence: first.confidence.min(second.confidence),
    }
}

/// Speaking.
impl Cascade {
    /// What the desk wants said and done becomes a reply.
    fn reply(&mut self, now: Instant) {
        let mut parts = VecDeque::new();
        while let Some(output) = self.desk.poll() {
            parts.push_back(match output {
                DeskOutput::Say(text) => self.sentence(text),
                DeskOutput::Wants(call) => Part::Wants(call),
            });
        }
        self.begin(now, parts, true);
    }

    fn say(&mut self, now: Instant, text: &str) {
        let parts = desk::sentences(text).into_iter().map(|text| self.sentence(text)).collect();
        self.begin(now, parts, false);
    }

    fn sentence(&mut self, text: String) -> Part {
        self.sentences += 1;
        let number = self.sentences;
        self.outputs.push_back(CascadeOutput::Speak { sentence: number, text: text.clone() });
        Part::Sentence { number, text }
    }

    fn begin(&mut self, now: Instant, parts: VecDeque<Part>, by_desk: bool) {
        if parts.is_empty() {
            return self.done_unless_busy();
        }
        let sentences = parts.iter().filter(|part| matches!(part, Part::Sentence { .. })).count();
        let item = (sentences > 0).then(|| {
            self.items += 1;
            ItemId(self.items)
        });
        if let Some(item) = item.filter(|_| by_desk) {
            self.playing.begin(now, item, sentences);
        }
        self.replies.push_back(Reply { item, turn: self.turn, parts, said: Vec::new() });
        self.go_on();
    }

    /// Does what can be done without waiting for a voice.
    fn go_on(&mut self) {
        while let Some(reply) = self.replies.front_mut() {
            match reply.parts.front() {
                Some(Part::Sentence { .. }) => return,
                Some(Part::Wants(_)) => {
                    if let Some(Part::Wants(call)) = reply.parts.pop_front() {
                        self.event(EngineEvent::Wants(call));
                    }
                }
                None => {
                    if let Some(reply) = self.replies.pop_front() {
                        self.said(&reply);
                    }
                    self.done_unless_busy();
                }
            }
        }
    }

    fn said(&mut self, reply: &Reply) {
        if let Some(item) = reply.item.filter(|_| !reply.said.is_empty()) {
            let transcript = Transcript { text: reply.said.join(" "), partial: false };
            self.event(EngineEvent::AssistantSaid(item, transcript));
        }
    }

    fn spoken(&mut self, now: Instant, sentence: u32, chunk: Option<Chunk>, failed: Option<String>) {
        let Some(reply) = self.replies.front_mut().filter(|reply| reply.awaits(sentence)) else { return };
        let (Some(item), Some(Part::Sentence { text, .. })) = (reply.item, reply.parts.front()) else {
            return;
        };
        if let Some(chunk) = chunk {
            if reply.said.last() != Some(text) {
                reply.said.push(text.clone());
            }
            self.speak_failures = 0;
            self.playing.sent(now, item, &chunk);
            return self.event(EngineEvent::Voice(item, chunk));
        }
        reply.parts.pop_front();
        self.playing.sentence_ends(item, failed.is_some());
        if let Some(why) = failed {
            self.speak_failures += 1;
            if self.speak_failures >= FAILURES {
                return self.fail(why);
            }
            self.event(EngineEvent::Trouble(why));
        }
        self.go_on();
    }

    /// Drops the replies that `unwanted` names, given the caller's latest turn; what is left is asked for anew.
    fn drop_replies(&mut self, now: Instant, unwanted: impl Fn(&Reply, u32) -> bool) {
        if !self.replies.iter().any(|reply| unwanted(reply, self.turn)) {
            return;
        }
        self.playing.stop(now);
        self.outputs.retain(|output| !matches!(output, CascadeOutput::Speak { .. }));
        self.outputs.push_back(CascadeOutput::Hush);
        for mut reply in std::mem::take(&mut self.replies) {
            if unwanted(&reply, self.turn) {
                self.said(&reply);
                continue;
            }
            for part in &mut reply.parts {
                if let Part::Sentence { text, .. } = part {
                    let text = std::mem::take(text);
                    *part = self.sentence(text);
                }
            }
            self.replies.push_back(reply);
        }
    }

    /// Tells the call that nothing more comes, unless something does.
    fn done_unless_busy(&mut self) {
        if self.replies.is_empty() && self.heard.is_empty() {
            self.event(EngineEvent::Done(Usage::default()));
        }
    }
}
