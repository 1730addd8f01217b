//! The tools that the model wants used, and which of its responses wait for them.

use crate::dialect::errands::{self, Begun};

#[derive(Debug)]
struct Errand {
    /// The response that wants it.
    response: String,
    /// That response has ended.
    ended: bool,
    answered: bool,
    /// The service does it by itself, and knows the answer before we do.
    hosted: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Errands(errands::Errands<Errand>);

impl Errands {
    pub(crate) fn begin(&mut self, call: &str, response: &str) -> Begun {
        let response = response.to_owned();
        self.0.begin(call, Errand { response, ended: false, answered: false, hosted: false })
    }

    /// The same for one that the service does by itself, in a response that `ended` already or not.
    pub(crate) fn host(&mut self, call: &str, response: &str, ended: bool) -> Begun {
        let response = response.to_owned();
        self.0.begin(call, Errand { response, ended, answered: false, hosted: true })
    }

    /// It goes on in this response.
    pub(crate) fn moves(&mut self, call: &str, to: &str, ended: bool) {
        if let Some(errand) = self.0.named(call) {
            to.clone_into(&mut errand.response);
            errand.ended = ended;
        }
    }

    /// The response speaks, and so of everything that the service has done in it so far.
    pub(crate) fn spoken(&mut self, response: &str) {
        self.0.close(|errand| errand.hosted && errand.answered && errand.response == response);
    }

    /// Notes an answer. Says whether it was still open.
    pub(crate) fn answer(&mut self, call: &str) -> bool {
        match self.0.named(call) {
            Some(errand) => !std::mem::replace(&mut errand.answered, true),
            None => false,
        }
    }

    /// Whether any was not answered yet.
    pub(crate) fn is_any_open(&self) -> bool {
        self.0.open().any(|errand| !errand.answered)
    }

    /// Forgets a response that will never take an answer. Gives what it wanted and did not get.
    pub(crate) fn abandon(&mut self, response: &str) -> Vec<String> {
        let gone = self.0.close(|errand| errand.response == response).into_iter();
        gone.filter(|(_, errand)| !errand.answered).map(|(call, _)| call).collect()
    }

    /// A response has ended: it wants nothing more.
    pub(crate) fn end(&mut self, response: &str) {
        let of = self.0.open_mut().filter(|errand| errand.response == response);
        of.for_each(|errand| errand.ended = true);
    }

    /// Closes the responses that have ended and have every answer. Says whether there was one.
    pub(crate) fn settle(&mut self) -> bool {
        let waiting = self.0.open().filter(|errand| !(errand.ended && errand.answered));
        let waiting: Vec<String> = waiting.map(|errand| errand.response.clone()).collect();
        !self.0.close(|errand| !waiting.contains(&errand.response)).is_empty()
    }
}
