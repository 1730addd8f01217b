//! What the service hears of the caller: when they speak, in which turn, and how much sound it was given.

use crate::dialect::stillness::Stillness;
use call::TurnId;
use std::{collections::VecDeque, time::Duration};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Caller {
    #[default]
    Quiet,
    Speaks,
    /// Has stopped, and what they said is not committed yet.
    Stopped,
}

#[derive(Debug)]
pub(super) struct Turn {
    pub id: TurnId,
    /// The service's name for what is said in it.
    pub item: String,
    /// The words so far.
    pub words: String,
    /// The call knows that it is over.
    pub over: bool,
    /// That was a guess: the service has not committed it.
    pub guessed: bool,
}

#[derive(Debug, Default)]
pub(super) struct Hearing {
    pub caller: Caller,
    turns: VecDeque<Turn>,
    begun: u32,
    pub line: Stillness,
    /// Sound since the last commit.
    pub uncommitted: Duration,
}

const REMEMBERED: usize = 64;
/// More words than anybody says in one turn, in bytes.
const WORDS: usize = 64 * 1024;

impl Hearing {
    pub(super) fn begin(&mut self, item: &str) -> TurnId {
        if self.turns.len() == REMEMBERED {
            self.turns.pop_front();
        }
        self.begun += 1;
        let id = TurnId(self.begun);
        self.turns.push_back(Turn {
            id,
            item: item.to_owned(),
            words: String::new(),
            over: false,
            guessed: false,
        });
        id
    }

    /// A turn that came in words and is over. The service knows no sound of it.
    pub(super) fn read(&mut self) -> TurnId {
        let id = self.begin(&format!("words-{}", self.begun));
        self.turns.iter_mut().filter(|turn| turn.id == id).for_each(|turn| turn.over = true);
        id
    }

    pub(super) fn turn(&mut self, item: &str) -> Option<&mut Turn> {
        self.turns.iter_mut().rev().find(|turn| turn.item == item)
    }

    /// The turn under way, in which the caller speaks or has just stopped.
    pub(super) fn open(&mut self) -> Option<&mut Turn> {
        self.turns.back_mut().filter(|turn| !turn.over)
    }
}

impl Turn {
    pub(super) fn say(&mut self, words: &str) {
        if self.words.len() + words.len() <= WORDS {
            self.words.push_str(words);
        }
    }
}
