//! The tools that the agent wants used and that have no answer yet.

use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Errands {
    /// The service's names for them, and the tools'.
    open: Vec<(String, String)>,
    /// Every use that was ever wanted, the newest last.
    seen: VecDeque<String>,
}

/// What to do about a use of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    Do,
    /// It is known already.
    Again,
    /// More at once than anybody needs.
    TooMany,
}

const AT_ONCE: usize = 64;
const REMEMBERED: usize = 1_024;

impl Errands {
    pub(super) fn begin(&mut self, id: &str, tool: &str) -> Begun {
        if self.seen.iter().any(|seen| seen == id) {
            return Begun::Again;
        }
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(id.to_owned());
        if self.open.len() == AT_ONCE {
            return Begun::TooMany;
        }
        self.open.push((id.to_owned(), tool.to_owned()));
        Begun::Do
    }

    /// Nothing more of this one is to be told to the service. Gives the tool's name, if it was open.
    pub(super) fn end(&mut self, id: &str) -> Option<String> {
        let index = self.open.iter().position(|(open, _)| open == id)?;
        Some(self.open.remove(index).1)
    }

    pub(super) fn is_any_open(&self) -> bool {
        !self.open.is_empty()
    }
}
