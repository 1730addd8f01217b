//! The tools that a service wants used: each is begun once, in however many places the service tells of it.

use std::collections::VecDeque;

/// What is open, each under the service's name for it, with what is to be known of it.
#[derive(Debug)]
pub(crate) struct Errands<E> {
    open: Vec<(String, E)>,
    /// Every use that was ever wanted, the newest last.
    seen: VecDeque<String>,
}

/// What to do about a use of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    Do,
    /// It is known already.
    Again,
    /// More at once than anybody needs.
    TooMany,
}

/// The longest name that a service may give to anything, in bytes.
pub(crate) const NAME: usize = 256;
/// What a tool may be told, in bytes.
const ARGUMENTS: usize = 64 * 1024;
const AT_ONCE: usize = 64;
const REMEMBERED: usize = 1_024;

impl<E> Default for Errands<E> {
    fn default() -> Self {
        Self { open: Vec::new(), seen: VecDeque::new() }
    }
}

impl<E> Errands<E> {
    pub(crate) fn begin(&mut self, id: &str, errand: E) -> Begun {
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
        self.open.push((id.to_owned(), errand));
        Begun::Do
    }

    /// Closes one, and gives what was known of it.
    pub(crate) fn end(&mut self, id: &str) -> Option<E> {
        let index = self.open.iter().position(|(open, _)| open == id)?;
        Some(self.open.remove(index).1)
    }

    pub(crate) fn named(&mut self, id: &str) -> Option<&mut E> {
        self.open.iter_mut().find(|(open, _)| open == id).map(|(_, errand)| errand)
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = &E> {
        self.open.iter().map(|(_, errand)| errand)
    }

    pub(crate) fn open_mut(&mut self) -> impl Iterator<Item = &mut E> {
        self.open.iter_mut().map(|(_, errand)| errand)
    }

    pub(crate) fn is_any_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Closes those of which this is so, and gives their names with what was known of them.
    pub(crate) fn close(&mut self, mut of: impl FnMut(&E) -> bool) -> Vec<(String, E)> {
        self.open.extract_if(.., |(_, errand)| of(errand)).collect()
    }
}

impl Begun {
    /// Why it is not done, in words for the model; none where it is, or where that is told already.
    pub(crate) fn refusal(self, name: &str, arguments: &str) -> Option<&'static str> {
        match self {
            Begun::TooMany => Some("Too much at once. Do one thing after the other."),
            Begun::Do if name.len() > NAME || arguments.len() > ARGUMENTS => {
                Some("That is more than this tool can be told.")
            }
            Begun::Do | Begun::Again => None,
        }
    }
}
