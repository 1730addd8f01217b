//! What was said and done in this call, in order and as far as it was heard: what another engine goes on with.

use crate::{Answer, Cut, ItemId, TurnId};
use std::collections::VecDeque;

/// One thing that was said or done before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Past {
    Caller(String),
    /// As far as the caller heard it.
    Assistant(String),
    /// What a tool has answered; `changed`: and something in the world is otherwise since.
    Tool {
        name: String,
        said: String,
        changed: bool,
    },
}

/// What an engine that comes into a call is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handover {
    /// Oldest first. Empty: nothing was said, and it greets.
    pub so_far: Vec<Past>,
    /// The caller is speaking, or has spoken and the words are not known: it is to hear that sound from its beginning.
    pub unheard: bool,
}

#[derive(Debug)]
enum Entry {
    /// No words: they are not known yet.
    Caller(TurnId, Option<String>),
    Assistant {
        item: ItemId,
        text: String,
        cut: Option<Cut>,
    },
    Tool {
        name: String,
        said: String,
        changed: bool,
    },
}

/// The conversation so far.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: VecDeque<Entry>,
    /// Grows with everything that changes what a successor would be told.
    version: u64,
    /// How many entries there were, those that were let go of included.
    pushed: u64,
}

/// What somebody has said.
#[derive(Debug)]
pub(crate) enum Uttered<'a> {
    /// No words: they are not known, yet or at all.
    Caller(Option<&'a str>),
    /// As far as it was heard.
    Assistant(&'a str),
}

/// More than this is not handed over; the oldest is let go of.
const ENTRIES: usize = 400;
/// No more than this is handed over altogether, in bytes of words: half an hour's talk.
const TOLD: usize = 48 * 1_024;
/// No single thing that is handed over is longer, in bytes.
const LONGEST: usize = 4_000;

impl History {
    /// The caller begins to speak.
    pub(crate) fn caller_speaks(&mut self, turn: TurnId) {
        self.push(Entry::Caller(turn, None));
    }

    /// These are the caller's words, all of them.
    pub(crate) fn caller_said(&mut self, turn: TurnId, words: &str) {
        let words = bounded(words);
        let known = self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Caller(known, words) if *known == turn => Some(words),
            Entry::Caller(..) | Entry::Assistant { .. } | Entry::Tool { .. } => None,
        });
        match known {
            Some(known) => {
                *known = Some(words);
                self.version += 1;
            }
            None => self.push(Entry::Caller(turn, Some(words))),
        }
    }

    /// The first sound of an item leaves.
    pub(crate) fn assistant_speaks(&mut self, item: ItemId) {
        if self.item(item).is_none() {
            self.push(Entry::Assistant { item, text: String::new(), cut: None });
        }
    }

    /// These are the words of an item, so far or altogether.
    pub(crate) fn assistant_said(&mut self, item: ItemId, words: &str) {
        self.assistant_speaks(item);
        if let Some((text, _)) = self.item(item) {
            *text = bounded(words);
            self.version += 1;
        }
    }

    /// The caller heard no more of an item than this.
    pub(crate) fn cut(&mut self, cut: Cut) {
        if let Some((_, known)) = self.item(cut.item) {
            *known = Some(cut);
            self.version += 1;
        }
    }

    /// Whether it is known that the caller did not hear all of an item.
    pub(crate) fn is_cut(&mut self, item: ItemId) -> bool {
        self.item(item).is_some_and(|(_, cut)| cut.is_some())
    }

    pub(crate) fn answered(&mut self, name: &str, answer: &Answer) {
        let changed = answer.effect != crate::Effect::None;
        self.push(Entry::Tool { name: name.to_owned(), said: bounded(&answer.clone().told().say), changed });
    }

    /// Whether the caller said something whose words are not known, and which nobody has answered.
    pub(crate) fn is_caller_unheard(&self) -> bool {
        let last = self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Caller(_, words) => Some(words.is_none()),
            Entry::Assistant { text, .. } if text.is_empty() => None,
            Entry::Assistant { .. } => Some(false),
            Entry::Tool { .. } => None,
        });
        last == Some(true)
    }

    /// Where the conversation is, for [`since`](Self::since).
    pub(crate) fn mark(&self) -> u64 {
        self.pushed
    }

    /// What was begun to be said after that mark, as it is known by now.
    pub(crate) fn since(&self, mark: u64) -> impl Iterator<Item = Uttered<'_>> {
        let newer = usize::try_from(self.pushed - mark).unwrap_or(usize::MAX);
        let older = self.entries.len().saturating_sub(newer);
        self.entries.iter().skip(older).filter_map(|entry| match entry {
            Entry::Caller(_, words) => Some(Uttered::Caller(words.as_deref())),
            Entry::Assistant { text, cut, .. } => {
                let heard = cut.map_or(text.len(), |cut| cut.heard_of(text));
                Some(Uttered::Assistant(text.get(..heard).unwrap_or_default()))
            }
            Entry::Tool { .. } => None,
        })
    }

    /// Grows with everything that changes [`told`](Self::told).
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The conversation, as an engine is told of it.
    pub(crate) fn told(&self) -> Vec<Past> {
        let mut room = TOLD;
        let newest = self.entries.iter().rev().filter_map(Entry::told).take_while(|past| {
            let (Past::Caller(words) | Past::Assistant(words) | Past::Tool { said: words, .. }) = past;
            let fits = words.len() <= room;
            room = room.saturating_sub(words.len());
            fits
        });
        let mut told: Vec<_> = newest.collect();
        told.reverse();
        told
    }

    fn item(&mut self, item: ItemId) -> Option<(&mut String, &mut Option<Cut>)> {
        self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Assistant { item: known, text, cut } if *known == item => Some((text, cut)),
            Entry::Caller(..) | Entry::Assistant { .. } | Entry::Tool { .. } => None,
        })
    }

    fn push(&mut self, entry: Entry) {
        if self.entries.len() == ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
        self.pushed += 1;
        self.version += 1;
    }
}

impl Entry {
    fn told(&self) -> Option<Past> {
        let past = match self {
            Entry::Caller(_, words) => Past::Caller(words.as_ref()?.trim().to_owned()),
            Entry::Assistant { text, cut, .. } => {
                let heard = cut.map_or(text.len(), |cut| cut.heard_of(text));
                Past::Assistant(text.get(..heard)?.trim().to_owned())
            }
            Entry::Tool { name, said, changed } => {
                return Some(Past::Tool { name: name.clone(), said: said.clone(), changed: *changed });
            }
        };
        match &past {
            Past::Caller(words) | Past::Assistant(words) if words.is_empty() => None,
            Past::Caller(_) | Past::Assistant(_) | Past::Tool { .. } => Some(past),
        }
    }
}

fn bounded(words: &str) -> String {
    let end = words.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last();
    match end {
        Some(end) if words.len() > LONGEST => words[..end].to_owned(),
        Some(_) | None => words.to_owned(),
    }
}
