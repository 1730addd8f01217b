//! What the voice hands over to the model behind it: its responses, the tools that they want, and when it is to go on.

use crate::{dialect::errands::Begun, openai::errands::Errands};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

#[derive(Debug)]
struct Response {
    id: String,
    delegation: Option<String>,
    since: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Work {
    running: Vec<Response>,
    /// We asked it to go on, and it has not begun to.
    asked: Option<Instant>,
    /// It has all answers that it asked for, and is to go on with them.
    owed: bool,
    errands: Errands,
    /// The answers that it was sent since it last went on, by their number.
    sent: VecDeque<(u32, String)>,
    /// The calls that it was told have no answer, since then.
    excused: Vec<String>,
    /// How often it found an answer lacking, since then.
    lacked: u32,
}

/// What to do about an answer that is lacking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    /// Ask it again to go on.
    Again,
    /// Tell it that these have no answer.
    Excuse(Vec<String>),
    /// It will never go on.
    Hopeless,
}

/// Responses at once; the service has one or two.
const AT_ONCE: usize = 16;
/// How long a response may take, and how long it may take to begin.
const STALLS: Duration = Duration::from_secs(30);
const BEGINS: Duration = Duration::from_secs(10);
/// Whose calls are those that no response under way can have wanted.
const NOBODY: &str = "";

impl Work {
    pub(super) fn began(&mut self, now: Instant, id: &str, delegation: Option<&str>) {
        if self.running.iter().any(|response| response.id == id) {
            return;
        }
        if self.running.len() == AT_ONCE {
            self.running.remove(0);
        }
        let delegation = delegation.map(str::to_owned);
        self.running.push(Response { id: id.to_owned(), delegation, since: now });
    }

    /// A response runs: what it was sent, it has.
    pub(super) fn goes_on(&mut self) {
        self.asked = None;
        self.sent.clear();
        self.excused.clear();
        self.lacked = 0;
    }

    /// It wants a tool.
    pub(super) fn wants(&mut self, call: &str, delegation: Option<&str>) -> Begun {
        let of = |response: &&Response| response.delegation.as_deref() == delegation;
        let response = self.running.iter().rev().find(of).or(self.running.last());
        let response = response.map_or(NOBODY, |response| response.id.as_str());
        let begun = self.errands.begin(call, response);
        if response.is_empty() {
            self.errands.end(NOBODY);
        }
        begun
    }

    /// A response has ended well.
    pub(super) fn ended(&mut self, id: &str) {
        self.running.retain(|response| response.id != id);
        self.errands.end(id);
        self.owed |= self.errands.settle();
    }

    /// A response has ended badly: what it wanted is of no use any more. Gives what was not answered.
    pub(super) fn failed(&mut self, id: &str) -> Vec<String> {
        self.running.retain(|response| response.id != id);
        self.errands.abandon(id)
    }

    /// Notes an answer under this number. Says whether anybody waits for it.
    pub(super) fn answer(&mut self, call: &str, number: u32) -> bool {
        let awaited = self.errands.answer(call);
        if awaited {
            self.sent.push_back((number, call.to_owned()));
            self.owed |= self.errands.settle();
        }
        awaited
    }

    /// The call whose answer had this number.
    pub(super) fn answered(&self, number: u32) -> Option<&str> {
        self.sent.iter().find(|(sent, _)| *sent == number).map(|(_, call)| call.as_str())
    }

    /// An answer is replaced by the word that there is none. Says whether that is new.
    pub(super) fn excuse(&mut self, call: &str, number: u32) -> bool {
        self.sent.push_back((number, call.to_owned()));
        let new = !self.excused.iter().any(|excused| excused == call);
        if new {
            self.excused.push(call.to_owned());
        }
        new
    }

    /// It says that it lacks an answer.
    pub(super) fn lacks(&mut self) -> Lacking {
        self.asked = None;
        self.owed = true;
        self.lacked += 1;
        if self.errands.is_any_open() || self.lacked == 1 && !self.excused.is_empty() {
            return Lacking::Again;
        }
        let calls = self.sent.iter().map(|(_, call)| call);
        let calls: Vec<String> = calls.filter(|call| !self.excused.contains(call)).cloned().collect();
        if calls.is_empty() || self.lacked > 2 { Lacking::Hopeless } else { Lacking::Excuse(calls) }
    }

    /// It is to be asked to go on, now: nothing runs, and no call is without its answer.
    pub(super) fn go_on(&mut self, now: Instant) -> bool {
        let now_is_the_time =
            self.owed && self.running.is_empty() && self.asked.is_none() && !self.errands.is_any_open();
        if now_is_the_time {
            self.owed = false;
            self.asked = Some(now);
        }
        now_is_the_time
    }

    /// It refused to go on.
    pub(super) fn refused(&mut self) {
        self.asked = None;
    }

    /// It waits for an answer of ours, or to be asked to go on.
    pub(super) fn is_waiting(&self) -> bool {
        self.owed || self.errands.is_any_open()
    }

    /// It is at work, so the voice may have something to say.
    pub(super) fn is_busy(&self) -> bool {
        !self.running.is_empty() || self.asked.is_some()
    }

    /// When it has taken too long.
    pub(super) fn due(&self) -> Option<Instant> {
        let running = self.running.iter().map(|response| response.since + STALLS);
        running.chain(self.asked.map(|asked| asked + BEGINS)).min()
    }

    /// Gives up what has taken too long, and gives the calls that are of no use any more.
    pub(super) fn give_up(&mut self, now: Instant) -> Vec<String> {
        self.asked.take_if(|asked| *asked + BEGINS <= now);
        let late = self.running.extract_if(.., |response| response.since + STALLS <= now);
        let late: Vec<String> = late.map(|response| response.id).collect();
        late.iter().flat_map(|id| self.errands.abandon(id)).collect()
    }
}
