//! The desk: a deterministic appointment dialogue that needs no model, only words in and words out.
//!
//! ```text
//!  hear ─► heard.rs    what the caller means
//!          words.rs  the words of a sentence
//!          assent.rs  whether that is a yes, for certain
//!          passing.rs  which days are spoken of in passing
//!          ruled_out.rs  which days and times cannot be
//!          shift.rs  how much later or earlier
//!          understanding.rs  what that means after what was asked
//!          readings.rs which of two readings of the same sound it was
//!          answers.rs  an answer to what was asked about an appointment
//!          arrange.rs  what is still missing for the appointment, and the next question or tool
//!  answer ─► tools.rs  what a tool's answer means
//!          ask.rs      how a question is asked, and asked again
//!          grammar.rs  what can be said next
//!          takeover.rs going on where somebody else was
//! ```
//!
//! A time is booked only after it was read back, heard, and answered with yes.

mod answers;
mod arrange;
mod ask;
mod assent;
mod grammar;
mod heard;
mod passing;
mod phrase;
mod readings;
mod ruled_out;
mod shift;
mod takeover;
mod tools;
mod understanding;
mod words;

use super::Hypothesis;
use call::{Answer, ToolCall, ToolCallId};
pub(crate) use phrase::sentences;

use heard::{Act, Change, Choice, Heard};
use jiff::Zoned;
use readings::Reading;
use std::collections::VecDeque;
use tools::Errand;
use when::{Hours, Said};

/// What a desk must know before it opens.
#[derive(Clone, Debug)]
pub struct DeskSetup {
    /// The wall clock in the office's zone as the call begins.
    pub now: Zoned,
    pub hours: Hours,
    /// The first words, as they stand; empty: the desk words its own.
    pub greeting: String,
    /// Whose desk it is, as it is spoken: "the practice of Doctor Lovelace". May be empty.
    pub business: String,
    /// Who is calling, for the appointment's summary: a name or a number. Empty: unknown.
    pub caller: String,
    /// What the caller has said to somebody else before, of what is not done yet. Where anything was said at all, the
    /// desk says nothing by itself: it goes on when it is prompted or spoken to.
    pub so_far: Option<Vec<String>>,
}

/// What the desk asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum DeskOutput {
    /// Say this sentence.
    Say(String),
    Wants(ToolCall),
}

/// Less sure than this is not heard at all.
pub const HEARD: f32 = 0.25;
/// Less sure than this, a yes is asked for again.
pub const SURE: f32 = 0.5;
/// Two readings closer than this are both possible.
pub const NEAR: f32 = 0.08;

/// One caller's conversation with the desk. Pure; every method takes the wall clock in the office's zone.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the conversation")]
pub struct Desk {
    setup: DeskSetup,
    question: Question,
    task: Option<Task>,
    /// What was booked or moved last, which the caller may still think better of.
    latest: Option<Known>,
    waiting: Option<(ToolCallId, Errand)>,
    tools_used: u32,
    tools_failed: u32,
    misses: u32,
    misses_altogether: u32,
    /// The sentences of the last reply.
    reply: Vec<String>,
    /// How many of them must be heard before a yes means anything.
    needed: usize,
    /// The caller cut the read-back off: a yes is not one.
    unheard: bool,
    /// What a tool has done, to be said again if it was not heard.
    news: Option<String>,
    left: bool,
    /// The caller said goodbye with their yes: the desk leaves once it is done.
    leaving: bool,
    /// They said goodbye to the question, and were asked once whether it shall be done before they go.
    held: bool,
    /// A change was asked of its tool again, as the calendar wanted it read back first.
    twice: bool,
    medium: Medium,
    /// Somebody else has talked with the caller before, and nothing was said here yet.
    takes_over: bool,
    /// The kind of appointment that the caller had last; one of the office's.
    usual: Option<String>,
    outputs: VecDeque<DeskOutput>,
}

/// How the caller and the desk understand each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Medium {
    Voice,
    /// There are no keys, and nothing is misheard.
    Writing,
}

/// What the caller was asked last.
#[derive(Clone, Debug, PartialEq)]
enum Question {
    /// What can I do for you? Or, with `more`: anything else?
    Open { more: bool },
    /// What kind of appointment shall it be?
    What,
    /// On which day is it, or shall it be?
    Day(Which),
    /// At what time?
    Time(Which),
    /// Did you say this, or that?
    Either { which: Which, choices: Vec<Said> },
    /// Which of these free times?
    Offer(Vec<Zoned>),
    /// Which of these appointments?
    Among(Vec<Known>),
    /// Is that right? For cancelling there is no new time.
    Confirm { at: Option<Zoned> },
    /// What should I change?
    Change,
    /// Would you like to leave a message?
    Leave,
    /// What is the message?
    Message,
    /// Is that your message?
    Send(String),
}

/// Which of two appointments is spoken of: the one that exists, or the one that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Old,
    New,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Book,
    Move,
    Cancel,
}

/// What is being arranged.
#[derive(Clone, Debug)]
struct Task {
    kind: Kind,
    /// What the caller said about the appointment they want.
    wish: Said,
    /// What they said about the one they have, and which it is once that is known.
    old_said: Said,
    old: Option<Known>,
    /// The caller's appointments, once a tool has told them.
    known: Option<Vec<Known>>,
    /// The kind of appointment that is wanted, or that the one is which the caller has.
    what: Option<String>,
    /// What was offered already in place of a time that cannot be had.
    offered: Vec<Zoned>,
    /// Days and times at which the caller cannot come.
    ruled_out: Vec<Said>,
    /// The caller wants nothing in writing.
    unwritten: bool,
    /// The calendar says that this time is free.
    free: Option<Zoned>,
    /// How much later than it is, or earlier, the appointment shall be.
    shift: Option<jiff::Span>,
    /// What was decided where the words alone did not, to be said with the read-back.
    remark: Option<String>,
}

/// An appointment that the caller has, as a tool told it or as they say.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    at: Zoned,
    /// When it ends, where that was told.
    end: Option<Zoned>,
    /// Its kind, where the office has kinds and it is one of them.
    what: Option<String>,
}

impl Task {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            wish: Said::default(),
            old_said: Said::default(),
            old: None,
            known: None,
            what: None,
            offered: Vec::new(),
            ruled_out: Vec::new(),
            unwritten: false,
            free: None,
            shift: None,
            remark: None,
        }
    }
}

impl Desk {
    /// Opens the desk; the greeting is the first output.
    pub fn new(setup: DeskSetup) -> Self {
        let greeting = match (setup.greeting.trim(), setup.business.trim()) {
            ("", "") => "Hello! How can I help you?".to_owned(),
            ("", business) => format!("Hello, this is {business}. How can I help you?"),
            (greeting, _) => greeting.to_owned(),
        };
        let so_far = setup.so_far.clone();
        let mut desk = Self {
            setup,
            takes_over: so_far.is_some(),
            question: Question::Open { more: false },
            task: None,
            latest: None,
            waiting: None,
            tools_used: 0,
            tools_failed: 0,
            misses: 0,
            misses_altogether: 0,
            reply: Vec::new(),
            needed: 0,
            unheard: false,
            news: None,
            left: false,
            leaving: false,
            held: false,
            twice: false,
            medium: Medium::Voice,
            usual: None,
            outputs: VecDeque::new(),
        };
        match so_far {
            Some(so_far) => desk.catch_up(&so_far),
            None => desk.say(&greeting),
        }
        desk
    }

    /// The caller's last appointment was of this kind: they are asked whether it is that again. What is none of the office's
    /// kinds is passed over.
    pub fn remind_of(&mut self, kind: &str) {
        self.usual = self.setup.hours.kinds.iter().map(|one| one.name.clone()).find(|name| name == kind);
    }

    /// The same in writing: what is not understood is answered with what can be, and the desk does not leave for it.
    #[must_use]
    pub fn in_writing(mut self) -> Self {
        self.medium = Medium::Writing;
        self
    }

    fn is_written(&self) -> bool {
        self.medium == Medium::Writing
    }

    /// The wall clock as the call began.
    pub fn opened(&self) -> &Zoned {
        &self.setup.now
    }

    /// The caller said one of these, the likeliest first; none: something that could not be understood.
    pub fn hear(&mut self, now: &Zoned, hypotheses: &[Hypothesis]) {
        self.takes_over = false;
        let mut heard = hypotheses.iter().filter(|h| h.confidence >= HEARD && !h.text.trim().is_empty());
        let Some(best) = heard.next() else { return self.miss(now) };
        let read = |text: &str| Heard::read(text, now, &self.setup.hours);
        let first = read(&best.text);
        let second = heard.next().filter(|second| second.confidence > best.confidence - NEAR);
        let first = match second.map(|second| read(&second.text)) {
            None => first,
            Some(second) => match self.reading(now, &first, &second) {
                Reading::First => first,
                Reading::Second => second,
                Reading::Asked => return,
            },
        };
        let (unheard, news) = (std::mem::take(&mut self.unheard), self.news.take());
        let said = self.outputs.len();
        self.understand(now, &first, best.confidence, unheard);
        if let Some(news) = news.filter(|_| unheard) {
            self.say_first(said, &news);
        }
    }

    /// Of the last reply only the first so many sentences were heard to their end: the caller spoke over the rest.
    pub fn cut(&mut self, sentences: usize) {
        self.unheard = sentences < self.needed;
    }

    /// A tool answered. Answers to unknown calls are ignored.
    pub fn answer(&mut self, now: &Zoned, id: &ToolCallId, answer: &Answer) {
        match self.waiting.take() {
            Some((waiting, errand)) if waiting == *id => self.answered(now, errand, answer),
            other => self.waiting = other,
        }
    }

    /// The caller pressed a key: 1 is yes, 2 is no, 0 is help, `*` repeats; where several things were offered, a digit
    /// is the number of one.
    pub fn key(&mut self, now: &Zoned, key: char) {
        let words = match (&self.question, key) {
            (_, '0') => "help",
            (_, '*') => "repeat",
            (
                Question::Offer(_) | Question::Among(_) | Question::Either { .. } | Question::What,
                '1'..='5',
            ) => ["first", "second", "third", "fourth", "fifth"][key as usize - '1' as usize],
            (_, '1') => "yes",
            (_, '2') => "no",
            _ => return self.miss(now),
        };
        self.hear(now, &[Hypothesis { text: words.into(), confidence: 1.0, language: None }]);
    }

    /// Somebody other than the caller wants something said: what follows "Tell the caller:" is said; anything else
    /// means that nobody has spoken for a while, and the desk asks whether the caller is there.
    pub fn prompt(&mut self, now: &Zoned, instruction: &str) {
        if std::mem::take(&mut self.takes_over) {
            return self.take_over(now, instruction);
        }
        if let Some((_, news)) = instruction.split_once("Tell the caller:") {
            return self.say(news.trim());
        }
        let ask = self.ask_again(now);
        self.say(&format!("Are you still there? {ask}"));
    }

    /// What the desk wants next.
    pub fn poll(&mut self) -> Option<DeskOutput> {
        self.outputs.pop_front()
    }

    /// The JSGF grammar of what can be answered now, in lower-case words of the CMU dictionary.
    pub fn grammar(&self, now: &Zoned) -> String {
        grammar::of(self, now)
    }
}

/// The one of several that was chosen.
fn chosen<T>(choice: Option<Choice>, of: &[T]) -> Option<&T> {
    match choice? {
        Choice::Nth(index) => of.get(index),
        Choice::Last => of.last(),
    }
}
