//! The tools that the model wants used, and which of its responses wait for them.

use std::collections::VecDeque;

#[derive(Debug)]
struct Errand {
    call: String,
    /// The response that wants it.
    response: String,
    /// That response has ended.
    ended: bool,
    answered: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Errands {
    open: Vec<Errand>,
    /// Every call that was ever wanted, the newest last: the service tells of one in several places.
    seen: VecDeque<String>,
}

/// What to do about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    Do,
    /// It is known already.
    Again,
    /// More at once than anybody needs.
    TooMany,
}

const AT_ONCE: usize = 64;
const REMEMBERED: usize = 1_024;

impl Errands {
    pub(crate) fn begin(&mut self, call: &str, response: &str) -> Begun {
        if self.seen.iter().any(|seen| seen == call) {
            return Begun::Again;
        }
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(call.to_owned());
        if self.open.len() == AT_ONCE {
            return Begun::TooMany;
        }
        self.open.push(Errand {
            call: call.to_owned(),
            response: response.to_owned(),
            ended: false,
            answered: false,
        });
        Begun::Do
    }

    /// Notes an answer. Says whether it was still open.
    pub(crate) fn answer(&mut self, call: &str) -> bool {
        match self.open.iter_mut().find(|errand| errand.call == call) {
            Some(errand) => !std::mem::replace(&mut errand.answered, true),
            None => false,
        }
    }

    /// Whether any was not answered yet.
    pub(crate) fn is_any_open(&self) -> bool {
        self.open.iter().any(|errand| !errand.answered)
    }

    /// Forgets a response that will never take an answer. Gives what it wanted and did not get.
    pub(crate) fn abandon(&mut self, response: &str) -> Vec<String> {
        let gone = self.open.extract_if(.., |errand| errand.response == response);
        gone.filter(|errand| !errand.answered).map(|errand| errand.call).collect()
    }

    /// A response has ended: it wants nothing more.
    pub(crate) fn end(&mut self, response: &str) {
        self.open
            .iter_mut()
            .filter(|errand| errand.response == response)
            .for_each(|errand| errand.ended = true);
    }

    /// Closes the responses that have ended and have every answer. Says whether there was one.
    pub(crate) fn settle(&mut self) -> bool {
        let before = self.open.len();
        let complete = |of: &Errand, open: &[Errand]| {
            open.iter()
                .filter(|errand| errand.response == of.response)
                .all(|errand| errand.ended && errand.answered)
        };
        let keep: Vec<bool> = self.open.iter().map(|errand| !complete(errand, &self.open)).collect();
        let mut keep = keep.into_iter();
        self.open.retain(|_| keep.next().unwrap_or(true));
        self.open.len() < before
    }
}
