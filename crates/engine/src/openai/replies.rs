//! Which response is under way, and what is to be said next. The service allows one at a time, so the rest waits here.

use std::collections::VecDeque;

/// Something that a response is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Greet,
    /// To answer what the caller said, a tool found out or a key meant.
    Respond,
    /// These very words.
    Say(String),
    /// To act on this instruction.
    Prompt(String),
}

/// A response that was asked for and has not begun.
#[derive(Debug)]
struct Asked {
    number: u32,
    wish: Wish,
    /// The number of the caller's turns that it answers.
    answers: Option<u64>,
    cancelled: bool,
}

/// A response under way.
#[derive(Debug)]
pub(super) struct Running {
    /// Empty for one that the service says is there and that we have not seen begin.
    pub id: String,
    /// Our number of it, unless the service began it by itself.
    number: Option<u32>,
    /// What it is for, the same.
    pub wish: Option<Wish>,
    answers: Option<u64>,
    /// We want no more of it.
    pub cancelled: bool,
}

/// What came of an error about a response that we asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is not about one that we asked for.
    NotOurs,
    /// It was asked for on behalf of this, unless it was cancelled meanwhile.
    Was(Option<Wish>),
}

#[derive(Debug, Default)]
pub(super) struct Replies {
    /// Where the ends take turns every wish to respond is for a new turn.
    pub manual: bool,
    numbers: u32,
    asked: Option<Asked>,
    running: Vec<Running>,
    wishes: VecDeque<Wish>,
    /// A response is due as soon as the caller does not speak: what a tool answered, what was keyed, or what the caller said was
    /// not in the conversation when the last one began.
    owed: bool,
    /// The service wants to be left alone for a while.
    pub resting: bool,
    /// How many of the caller's turns have ended, and up to which they are answered.
    turns: u64,
    answered: u64,
    /// Responses of which nothing more is wanted.
    unwanted: VecDeque<String>,
}

/// More than anybody asks for before the first is answered.
const WISHES: usize = 16;
/// Responses at once, of which all but one are the service's mistake.
const AT_ONCE: usize = 8;

impl Replies {
    /// The caller has finished a turn.
    pub(super) fn turn_over(&mut self) {
        self.turns += 1;
    }

    /// Words of the caller's are in the conversation only now. A response to them that has begun by then does not know
    /// them, so that another is owed.
    pub(super) fn words_come_late(&mut self) {
        let knows = self.asked.as_ref().is_some_and(|asked| asked.answers == Some(self.turns));
        self.owed |= self.answered >= self.turns && !knows;
    }

    /// Queues a wish. Says whether there was room for it.
    pub(super) fn wish(&mut self, wish: Wish) -> bool {
        let known = wish == Wish::Respond && self.wishes.contains(&wish);
        let room = known || self.wishes.len() < WISHES;
        if room && !known {
            self.wishes.push_back(wish);
        }
        room
    }

    /// Queues a wish in front of all others: it has waited before.
    pub(super) fn wish_again(&mut self, wish: Wish) {
        self.wishes.push_front(wish);
    }

    /// Something is to be spoken of as soon as the caller does not speak.
    pub(super) fn owe(&mut self) {
        self.owed = true;
    }

    /// The next wish, if one may be asked for now, with the number to ask for it by.
    pub(super) fn next(&mut self, caller_speaks: bool) -> Option<(u32, &Wish)> {
        if self.asked.is_some() || !self.running.is_empty() || self.resting {
            return None;
        }
        let wish = loop {
            match self.wishes.pop_front() {
                Some(Wish::Respond) if self.is_answered() => {}
                Some(wish) => break wish,
                None if self.owed && !caller_speaks => break Wish::Respond,
                None => return None,
            }
        };
        self.numbers += 1;
        let responds = wish == Wish::Respond;
        if responds {
            self.owed = false;
            self.answered = self.turns;
        }
        let answers = responds.then_some(self.turns);
        let asked = self.asked.insert(Asked { number: self.numbers, wish, answers, cancelled: false });
        Some((asked.number, &asked.wish))
    }

    /// Whether a response to the caller's last turn was asked for, or begun by the service itself.
    fn is_answered(&self) -> bool {
        !self.manual && !self.owed && self.turns > 0 && self.answered >= self.turns
    }

    /// A response has begun. Says whether it is to be cancelled at once.
    pub(super) fn created(&mut self, id: &str) -> bool {
        let running = if let Some(Asked { number, wish, answers, cancelled }) = self.asked.take() {
            Running { id: id.to_owned(), number: Some(number), wish: Some(wish), answers, cancelled }
        } else {
            self.answered = self.turns;
            Running {
                id: id.to_owned(),
                number: None,
                wish: None,
                answers: Some(self.turns),
                cancelled: false,
            }
        };
        if self.running.len() == AT_ONCE {
            self.running.remove(0);
        }
        let cancelled = running.cancelled;
        self.running.push(running);
        if cancelled {
            self.unwant(id);
        }
        cancelled
    }

    /// A response has ended.
    pub(super) fn done(&mut self, id: &str) -> Option<Running> {
        let known = self.running.iter().position(|running| running.id == id);
        let index = known.or_else(|| self.running.iter().position(|running| running.id.is_empty()))?;
        Some(self.running.remove(index))
    }

    /// A response was no answer after all: it failed, or was cut off.
    pub(super) fn unanswer(&mut self, running: &Running) {
        self.take_back(running.answers);
    }

    fn take_back(&mut self, answers: Option<u64>) {
        if let Some(turns) = answers {
            self.answered = self.answered.min(turns.saturating_sub(1));
        }
    }

    /// Wants no more of anything, and gives the responses to be cancelled. One that has not begun is cancelled when
    /// it does: before that the service would not know which is meant.
    pub(super) fn cancel(&mut self) -> Vec<String> {
        self.wishes.clear();
        if let Some(asked) = &mut self.asked {
            asked.cancelled = true;
            let answers = asked.answers;
            self.take_back(answers);
        }
        let mut ids = Vec::new();
        for index in 0..self.running.len() {
            if !std::mem::replace(&mut self.running[index].cancelled, true) {
                let id = self.running[index].id.clone();
                self.take_back(self.running[index].answers);
                self.unwant(&id);
                ids.push(id);
            }
        }
        ids
    }

    fn unwant(&mut self, id: &str) {
        if self.unwanted.len() == AT_ONCE {
            self.unwanted.pop_front();
        }
        self.unwanted.push_back(id.to_owned());
    }

    /// Whether we want nothing more of this response.
    pub(super) fn is_unwanted(&self, id: &str) -> bool {
        self.unwanted.iter().any(|unwanted| unwanted == id)
    }

    /// The service refused the response of this number.
    pub(super) fn refused(&mut self, number: u32) -> Refused {
        match self.asked.take_if(|asked| asked.number == number) {
            Some(asked) => {
                self.take_back(asked.answers);
                Refused::Was((!asked.cancelled).then_some(asked.wish))
            }
            None => Refused::NotOurs,
        }
    }

    /// The service refused the response of this number because another was under way.
    pub(super) fn collided(&mut self, number: u32) {
        if let Refused::Was(wish) = self.refused(number) {
            // One that we have not seen begin; its end will show.
            self.running.push(Running {
                id: String::new(),
                number: None,
                wish: None,
                answers: None,
                cancelled: false,
            });
            self.wishes.extend(wish.filter(|wish| *wish == Wish::Respond || self.wishes.len() < WISHES));
            return;
        }
        // What we took for ours is the service's own. It answers the caller; whatever else was wanted still is.
        let Some(running) = self.running.iter_mut().find(|running| running.number == Some(number)) else {
            return;
        };
        running.number = None;
        let wish = running.wish.take().filter(|wish| *wish != Wish::Respond && !running.cancelled);
        if running.answers.is_none() {
            running.answers = Some(self.turns);
            self.answered = self.turns;
        }
        if let Some(wish) = wish {
            self.wish_again(wish);
        }
    }

    /// Gives up waiting for whatever has not begun or not ended, if nothing is wanted of it any more.
    pub(super) fn forget_unwanted(&mut self) {
        self.asked.take_if(|asked| asked.cancelled);
        self.running.retain(|running| !running.cancelled && !running.id.is_empty());
    }

    /// The number of the response that has not begun.
    pub(super) fn asked(&self) -> Option<u32> {
        self.asked.as_ref().map(|asked| asked.number)
    }

    /// Whether this very response is under way.
    pub(super) fn runs(&self, id: &str) -> bool {
        self.running.iter().any(|running| running.id == id)
    }

    /// The response that is under way; empty where none is.
    pub(super) fn current(&self) -> &str {
        self.running.last().map_or("", |running| &running.id)
    }

    pub(super) fn is_running(&self) -> bool {
        !self.running.is_empty()
    }

    /// Nothing is being said, and nothing will be.
    pub(super) fn is_idle(&self) -> bool {
        self.asked.is_none() && self.running.is_empty() && self.wishes.is_empty() && !self.owed
    }
}
