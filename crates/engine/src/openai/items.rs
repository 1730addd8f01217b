//! The things that the assistant says: our numbers for them, the service's names, and how much sound of each there is.

use call::{Format, ItemId};
use std::{collections::VecDeque, time::Duration};

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, learned from an event of its own"
)]
#[derive(Debug)]
pub(super) struct Item {
    pub number: ItemId,
    /// The service's name.
    pub name: String,
    /// The response that it belongs to.
    pub response: String,
    /// Sound received, in bytes, whether it was wanted or not: the service has as much.
    received: usize,
    /// Its words so far.
    pub words: String,
    /// Its last words were told.
    pub said: bool,
    /// The call has got some of its sound.
    pub sounded: bool,
    /// No more of its sound is wanted.
    pub unwanted: bool,
    /// The service has finished it.
    pub done: bool,
    /// The service has it in the conversation.
    exists: bool,
    /// How much the service was told to keep, in milliseconds.
    kept: Option<u64>,
    deleted: bool,
    /// To be told once the service has it.
    late: Option<Forget>,
}

/// What the call wants forgotten of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Forget {
    All,
    After(Duration),
}

/// What the service is to be told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Delete,
    /// Milliseconds to keep: at least one, at most what was received.
    Truncate(u64),
}

/// What to do with a piece of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sound {
    First(ItemId),
    More(ItemId),
    Unwanted,
}

/// A sentence longer than any, in bytes.
const WORDS: usize = 64 * 1024;

impl Item {
    /// Adds words, as many as anybody may say in one go.
    pub(super) fn say(&mut self, words: &str) {
        if self.words.len() + words.len() <= WORDS {
            self.words.push_str(words);
        }
    }

    /// What to tell the service now, if anything: nothing before it has the item, nothing twice, and nothing where
    /// all there is was heard.
    pub(super) fn forget(&mut self, forget: Forget, format: Format) -> Option<Cut> {
        self.unwanted = true;
        if self.deleted {
            return None;
        }
        if !self.exists {
            self.late = Some(self.late.map_or(forget, |late| late.min(forget)));
            return None;
        }
        let received = format.duration(self.received).as_millis() as u64;
        match forget {
            Forget::After(heard) if received > 0 => {
                let heard = heard.as_millis() as u64;
                let keep = heard.clamp(1, received);
                let heard_out = self.done && heard >= received;
                if heard_out || self.kept.is_some_and(|kept| kept <= keep) {
                    return None;
                }
                self.kept = Some(keep);
                Some(Cut::Truncate(keep))
            }
            Forget::After(_) | Forget::All => {
                self.deleted = true;
                Some(Cut::Delete)
            }
        }
    }

    /// The service has it now. What to tell the service of it, if that had to wait.
    pub(super) fn exists(&mut self, format: Format) -> Option<Cut> {
        self.exists = true;
        let late = self.late.take()?;
        self.forget(late, format)
    }
}

#[derive(Debug, Default)]
pub(super) struct Items {
    all: VecDeque<Item>,
    newest: ItemId0,
    /// Whose sound came last.
    sounding: ItemId0,
}

/// An [`ItemId`] or, before there is one, zero.
type ItemId0 = u32;

/// Nobody interrupts what was said so long ago.
const REMEMBERED: usize = 256;

impl Items {
    /// The item of this name; where it is unknown, a new one of this response, wanted or not.
    pub(super) fn appear(&mut self, name: &str, response: &str, unwanted: bool) -> &mut Item {
        let known = self.all.iter().rposition(|item| item.name == name);
        let index = known.unwrap_or_else(|| {
            if self.all.len() == REMEMBERED {
                self.all.pop_front();
            }
            self.newest += 1;
            self.all.push_back(Item {
                number: ItemId(self.newest),
                name: name.to_owned(),
                response: response.to_owned(),
                received: 0,
                words: String::new(),
                said: false,
                sounded: false,
                unwanted,
                done: false,
                exists: false,
                kept: None,
                deleted: false,
                late: None,
            });
            self.all.len() - 1
        });
        &mut self.all[index]
    }

    /// So many bytes of sound came of this item. They come item after item: one that another has followed is done.
    pub(super) fn sound(&mut self, name: &str, response: &str, unwanted: bool, bytes: usize) -> Sound {
        let sounding = self.sounding;
        let item = self.appear(name, response, unwanted);
        item.received += bytes;
        let number = item.number;
        let late = item.done && item.sounded;
        if late || item.unwanted || number.0 < sounding {
            return Sound::Unwanted;
        }
        let first = !std::mem::replace(&mut item.sounded, true);
        self.sounding = number.0;
        if first { Sound::First(number) } else { Sound::More(number) }
    }

    pub(super) fn named(&mut self, name: &str) -> Option<&mut Item> {
        self.all.iter_mut().rev().find(|item| item.name == name)
    }

    pub(super) fn numbered(&mut self, number: ItemId) -> Option<&mut Item> {
        self.all.iter_mut().rev().find(|item| item.number == number)
    }

    /// Everything of this response, oldest first.
    pub(super) fn of(&mut self, response: &str) -> impl Iterator<Item = &mut Item> {
        self.all.iter_mut().filter(move |item| item.response == response)
    }
}
