//! The thinking of a model, kept in order: its history, its sentences as they come, and the tools that it wants.
//!
//! ```text
//!   Delta ─► sieve.rs ─► sentences.rs ─► Say       history.rs ─► Ask
//!               └──────── tools ───────► Wants
//! ```

mod history;
mod sentences;
mod sieve;

use super::{
    llm::{Ask, Delta},
    speakable,
};
use crate::{
    Brief, Said, ToolSpec,
    language::{self, Languages},
};
use call::{ToolCall, ToolCallId, Usage};
use history::History;
use sentences::Sentences;
pub(super) use sentences::is_abbreviation;
use sieve::{Sieve, Sifted};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// What comes of thinking.
#[derive(Debug, PartialEq)]
pub(super) enum Thinking {
    Say(String),
    Wants(ToolCall),
    /// It wants what cannot be done. The model is told so, and the owner `trouble`, if that is news to them.
    Refused {
        call: ToolCall,
        why: String,
        trouble: Option<String>,
    },
    /// The thought is complete.
    Over {
        usage: Usage,
        empty: bool,
        end: End,
    },
}

/// How a thought ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With all that the model had to say.
    Whole,
    /// It became too long, and ends behind a whole sentence.
    Short,
    /// It became too long, and what was said of it ends within a sentence.
    Within,
}

/// A model's side of one conversation. Pure.
#[derive(Debug)]
pub(super) struct Mind {
    pub(super) history: History,
    /// The owner's.
    instructions: String,
    languages: Languages,
    tools: Arc<[ToolSpec]>,
    thought: Option<Thought>,
    thoughts: u32,
    wanted: u32,
    /// Thoughts since the caller was last heard from.
    pub(super) rounds: u32,
    /// Thoughts that failed, in a row.
    pub(super) failures: u32,
    /// Something has happened that the model was not told of.
    pub(super) news: bool,
    /// The model writes the end of thoughts whose beginning it does not write: its template does.
    pub(super) unopened: bool,
}

#[derive(Debug)]
struct Thought {
    number: u32,
    sieve: Sieve,
    sentences: Sentences,
    begun: Instant,
    /// When something last came, if anything did.
    came: Option<Instant>,
    said: usize,
    /// What was said last ends a sentence.
    ended: bool,
    /// Tools that it wants, as written.
    wants: Vec<(String, String)>,
    /// What came of it while the caller might still go on; none: it is meant.
    kept: Option<Vec<Thinking>>,
}

/// What telephone models are told beside the owner's instructions.
const MANNERS: &str = "You are on the telephone, and what you write is spoken aloud. Answer in one or two short sentences of \
    plain words. No lists, no Markdown, no emoji, no JSON, and nothing about how you think. Say numbers and times as people \
    say them. What stands in square brackets is not the caller's but a note to you; never say it, and never write one.";

/// More tools than this in one thought are not asked.
const MOST_WANTS: usize = 16;
/// More thoughts than this without a word of the caller are no help to them.
pub(super) const MOST_ROUNDS: u32 = 8;
/// A thought that says more, in bytes, says no more.
const LONGEST: usize = 6_000;
/// So long a model may take to begin: it may have to be loaded first.
const TO_BEGIN: Duration = Duration::from_secs(20);
/// So long it may pause.
const TO_GO_ON: Duration = Duration::from_secs(8);
/// So long it may think without saying a word.
const TO_SPEAK: Duration = Duration::from_secs(40);

impl Mind {
    /// Knows what was said before, if anything was.
    pub(super) fn new(brief: &Brief) -> Self {
        let languages = Languages::of(brief);
        let mut history = History::new(instructions(&brief.instructions, &languages));
        for said in &brief.so_far {
            match said {
                Said::Caller(words) => history.caller(words),
                Said::Assistant(words) => history.said(words),
            }
        }
        Self {
            history,
            instructions: brief.instructions.clone(),
            languages,
            tools: brief.tools.clone().into(),
            thought: None,
            thoughts: 0,
            wanted: 0,
            rounds: 0,
            failures: 0,
            news: false,
            unopened: false,
        }
    }

    /// The tools are these from now on.
    pub(super) fn offer(&mut self, tools: &[ToolSpec]) {
        self.tools = tools.into();
    }

    /// From now on it speaks this language.
    pub(super) fn speak(&mut self, tag: &str) {
        self.languages.speak(tag);
        self.history.instruct(instructions(&self.instructions, &self.languages));
    }

    /// Begins a thought and gives its number. What comes of a `maybe` is kept until it is [`meant`](Self::meant).
    pub(super) fn begin(&mut self, now: Instant, maybe: bool) -> u32 {
        self.thoughts += 1;
        self.news = false;
        let sieve = Sieve::new(self.tools.iter().map(|tool| tool.name.clone()));
        self.thought = Some(Thought {
            number: self.thoughts,
            sieve: if self.unopened { sieve.unopened() } else { sieve },
            sentences: Sentences::default(),
            begun: now,
            came: None,
            said: 0,
            ended: true,
            wants: Vec::new(),
            kept: maybe.then(Vec::new),
        });
        self.thoughts
    }

    /// What the model is asked, the caller's words `next` at the end.
    pub(super) fn ask(&self, next: Option<&str>) -> Ask {
        Ask { messages: self.history.messages(next), tools: self.tools.clone() }
    }

    /// The thought under way is forgotten; gives its number.
    pub(super) fn forget(&mut self) -> Option<u32> {
        self.thought.take().map(|thought| thought.number)
    }

    /// The number of the thought under way.
    pub(super) fn number(&self) -> Option<u32> {
        self.thought.as_ref().map(|thought| thought.number)
    }

    pub(super) fn is_at(&self, number: u32) -> bool {
        self.number() == Some(number)
    }

    pub(super) fn is_thinking(&self) -> bool {
        self.thought.is_some()
    }

    /// Whether the thought under way is only begun for the case that the caller has finished.
    pub(super) fn is_maybe(&self) -> bool {
        self.thought.as_ref().is_some_and(|thought| thought.kept.is_some())
    }

    /// The caller has finished: gives what was thought meanwhile.
    pub(super) fn meant(&mut self) -> Vec<Thinking> {
        let thought = self.thought.as_mut();
        let kept = thought.and_then(|thought| thought.kept.take()).unwrap_or_default();
        if kept.iter().any(|thinking| matches!(thinking, Thinking::Over { .. })) {
            self.thought = None;
        }
        kept
    }

    /// Something came of this thought; what that means is nothing where it is not the one under way.
    pub(super) fn think(&mut self, now: Instant, number: u32, delta: Delta) -> Vec<Thinking> {
        let Some(thought) = self.thought.as_mut().filter(|thought| thought.number == number) else {
            return Vec::new();
        };
        thought.came = Some(now);
        let mut out = Vec::new();
        match delta {
            Delta::Busy => {}
            Delta::Text(text) => {
                let mut sifted = Vec::new();
                thought.sieve.push(&text, &mut sifted);
                self.unopened |= sifted.contains(&Sifted::Unsaid);
                thought.sift(sifted, &mut out);
            }
            Delta::Wants { name, arguments } => thought.wants.push((name, arguments)),
            Delta::Done { usage, cut } => self.finish(usage, cut, &mut out),
        }
        let Some(thought) = self.thought.as_mut() else { return out };
        if let Some(kept) = &mut thought.kept {
            kept.append(&mut out);
            return Vec::new();
        }
        if matches!(out.last(), Some(Thinking::Over { .. })) {
            self.thought = None;
        }
        out
    }

    /// When the thought under way has taken too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let thought = self.thought.as_ref()?;
        if thought.is_over() {
            return None;
        }
        let next = thought.came.map_or(thought.begun + TO_BEGIN, |came| came + TO_GO_ON);
        let speaks = (thought.said == 0).then_some(thought.begun + TO_SPEAK);
        Some(speaks.map_or(next, |speaks| next.min(speaks)))
    }

    /// Why it has failed when that moment has come, for the owner.
    pub(super) fn overdue(&self) -> &'static str {
        match &self.thought {
            Some(Thought { came: None, .. }) => "The language model does not begin to answer.",
            Some(Thought { said: 0, begun, came: Some(came), .. })
                if *came + TO_GO_ON > *begun + TO_SPEAK =>
            {
                "The language model thinks without end."
            }
            Some(_) | None => "The language model stopped in the middle of its answer.",
        }
    }

    /// When the thought that is meant was begun, as long as nothing has come of it that can be heard.
    pub(super) fn silent_since(&self) -> Option<Instant> {
        let thought = self.thought.as_ref()?;
        (thought.kept.is_none() && thought.said == 0 && thought.wants.is_empty()).then_some(thought.begun)
    }

    /// `cut`: it became too long.
    fn finish(&mut self, usage: Usage, cut: bool, out: &mut Vec<Thinking>) {
        let Some(thought) = &mut self.thought else { return };
        let end = if cut { thought.cut_short(out) } else { thought.complete(out) };
        let wants = std::mem::take(&mut thought.wants);
        let empty = thought.said == 0 && wants.is_empty();
        let mut seen: Vec<(String, String)> = Vec::new();
        for (index, (name, arguments)) in wants.into_iter().enumerate() {
            let again = seen.iter().any(|(n, a)| *n == name && *a == arguments);
            seen.push((name.clone(), arguments.clone()));
            let refusal = if again {
                Some(("This is the same as what was just asked for.".to_owned(), None))
            } else if index >= MOST_WANTS {
                Some(("Too many at once: ask for fewer.".to_owned(), Some("wants too many tools at once")))
            } else {
                self.refusal(&name, &arguments)
            };
            self.wanted += 1;
            let call = ToolCall { id: ToolCallId(format!("mind-{}", self.wanted)), name, arguments };
            out.push(match refusal {
                None => Thinking::Wants(call),
                Some((why, trouble)) => {
                    let shown: String = call.name.chars().filter(|c| !c.is_control()).take(60).collect();
                    let trouble = trouble.map(|what| format!("The language model {what}: {shown}."));
                    Thinking::Refused { call, why, trouble }
                }
            });
        }
        out.push(Thinking::Over { usage, empty, end });
    }

    /// Why a tool is not asked: what the model is told, and the owner.
    fn refusal(&self, name: &str, arguments: &str) -> Option<(String, Option<&'static str>)> {
        if !self.tools.iter().any(|tool| tool.name == name) {
            let names: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
            let why = format!("There is no such tool. There are: {}.", names.join(", "));
            return Some((why, Some("wants a tool that there is not")));
        }
        let read = serde_json::from_str::<serde_json::Value>(arguments);
        if !read.is_ok_and(|read| read.is_object()) {
            let why = "The arguments are no JSON object. Nothing was done. Ask again.".to_owned();
            return Some((why, Some("asks for a tool in what is no JSON")));
        }
        let under_way = |call: &ToolCall| call.name == name && call.arguments == arguments;
        if self.history.under_way().any(under_way) {
            return Some(("This is under way already. You will be told what came of it.".into(), None));
        }
        None
    }
}

/// What the model is told before all else.
fn instructions(own: &str, languages: &Languages) -> String {
    let told = format!("{own}\n\n{MANNERS}");
    match languages.now() {
        "" => told,
        _ if languages.are_several() => languages.instruct(&told),
        tag => format!("{told} Speak {} ({tag}) and no other language.", language::name(tag)),
    }
}

impl Thought {
    fn is_over(&self) -> bool {
        let kept = self.kept.as_deref().unwrap_or_default();
        kept.iter().any(|thinking| matches!(thinking, Thinking::Over { .. }))
    }

    fn complete(&mut self, out: &mut Vec<Thinking>) -> End {
        let mut sifted = Vec::new();
        self.sieve.finish(&mut sifted);
        self.sift(sifted, out);
        if let Some(rest) = self.sentences.finish() {
            self.say(&rest, out);
        }
        End::Whole
    }

    /// What has begun and not ended is not said.
    fn cut_short(&mut self, out: &mut Vec<Thinking>) -> End {
        for sentence in self.sentences.cut_short() {
            self.say(&sentence, out);
        }
        if self.ended { End::Short } else { End::Within }
    }

    fn sift(&mut self, sifted: Vec<Sifted>, out: &mut Vec<Thinking>) {
        for sifted in sifted {
            match sifted {
                Sifted::Prose(text) => {
                    for sentence in self.sentences.push(&text) {
                        self.say(&sentence, out);
                    }
                }
                Sifted::Unsaid => {
                    self.sentences.clear();
                    self.unsay(out);
                }
                Sifted::Wants { name, arguments } => {
                    if let Some(rest) = self.sentences.finish() {
                        self.say(&rest, out);
                    }
                    self.wants.push((name, arguments));
                }
            }
        }
    }

    /// Takes back what was thought to be an answer, as far as nobody has it yet.
    fn unsay(&mut self, out: &mut Vec<Thinking>) {
        let said = &mut self.said;
        for thinking in [Some(out), self.kept.as_mut()].into_iter().flatten() {
            thinking.retain(|thinking| match thinking {
                Thinking::Say(text) => {
                    *said = said.saturating_sub(text.len());
                    false
                }
                Thinking::Wants(_) | Thinking::Refused { .. } | Thinking::Over { .. } => true,
            });
        }
    }

    fn say(&mut self, sentence: &str, out: &mut Vec<Thinking>) {
        let plain = plain(sentence);
        if self.said < LONGEST && plain.chars().any(char::is_alphanumeric) {
            self.said += plain.len();
            self.ended = sentences::is_ended(&plain);
            out.push(Thinking::Say(plain));
        }
    }
}

/// A sentence without Markdown, and without notes in brackets, which are not for an ear.
fn plain(sentence: &str) -> String {
    let mut text = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('[') {
        text.push_str(before);
        let Some((inside, after)) = after.split_once(']') else { break };
        if after.starts_with('(') {
            text.extend(["[", inside, "]"]);
        }
        rest = after;
    }
    if !rest.contains('[') {
        text.push_str(rest);
    }
    speakable::clean(&text).trim().to_owned()
}
