//! What the agent is to say next, as far as we asked for it, and whether anything is to be expected of it.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What is expected of the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Expected {
    #[default]
    Nothing,
    /// It may speak, or has nothing to say: nobody knows whether the caller's sound had words.
    Perhaps,
    /// It was given something to answer.
    Answer,
}

/// Words that the agent is to say as they stand.
#[derive(Debug)]
struct Words {
    text: String,
    sent: bool,
    refused: u32,
}

#[derive(Debug, Default)]
pub(super) struct Replies {
    pub expected: Expected,
    words: VecDeque<Words>,
    /// What the agent is to act on, one after the other.
    instructions: VecDeque<String>,
    /// What we said in the caller's name, which comes back as theirs, and when.
    echoes: VecDeque<(String, Instant)>,
}

/// More than anybody asks for before the first is said.
const WORDS: usize = 16;
/// How often the service may refuse to have the same words said.
const REFUSALS: u32 = 3;
/// What has not come back after so long will not: then it is the caller who says it.
const ECHO: Duration = Duration::from_secs(3);

impl Replies {
    /// Has these words said after all others. Says whether there was room for them.
    pub(super) fn say(&mut self, text: String) -> bool {
        let room = self.words.len() < WORDS;
        if room {
            self.words.push_back(Words { text, sent: false, refused: 0 });
        }
        room
    }

    /// Has this acted on after all that was asked for before. Says whether there was room for it.
    pub(super) fn instruct(&mut self, instruction: String) -> bool {
        let room = self.instructions.len() < WORDS;
        if room {
            self.instructions.push_back(instruction);
        }
        room
    }

    /// Has this acted on before anything else.
    pub(super) fn instruct_first(&mut self, instruction: String) {
        self.instructions.push_front(instruction);
    }

    /// The instruction to be given now, if any. It is put to the agent as if the caller had spoken, so nothing else may
    /// be on its way.
    pub(super) fn next_instruction(&mut self) -> Option<String> {
        let busy = !self.words.is_empty() || self.expected == Expected::Answer;
        if busy { None } else { self.instructions.pop_front() }
    }

    /// The words to be sent now, if any: one at a time, so that a refusal can only be about those.
    pub(super) fn next_words(&mut self) -> Option<&str> {
        let words = self.words.front_mut().filter(|words| !words.sent)?;
        words.sent = true;
        Some(&words.text)
    }

    /// The service says this. Says whether it is what it was given to say.
    pub(super) fn begins(&mut self, sentence: &str) -> bool {
        let sentence = sentence.trim();
        let ours = |words: &Words| words.sent && !sentence.is_empty() && words.text.contains(sentence);
        self.words.pop_front_if(|words| ours(words)).is_some()
    }

    /// The service refused the words that it was sent. Says whether they are given up; they are to be sent again
    /// otherwise.
    pub(super) fn refuse(&mut self) -> Option<bool> {
        let words = self.words.front_mut().filter(|words| words.sent)?;
        (words.sent, words.refused) = (false, words.refused + 1);
        let given_up = words.refused == REFUSALS;
        if given_up {
            self.words.pop_front();
        }
        Some(given_up)
    }

    /// Gives up the words that were sent, if any were. Says whether there were.
    pub(super) fn give_up_words(&mut self) -> bool {
        self.words.pop_front_if(|words| words.sent).is_some()
    }

    /// Nothing of what has not begun is wanted any more.
    pub(super) fn forget(&mut self) {
        self.words.clear();
        self.instructions.clear();
    }

    pub(super) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// What the agent says next was asked for.
    pub(super) fn is_something_coming(&self) -> bool {
        self.is_saying() || self.expected == Expected::Answer
    }

    /// The service has words that it is to say.
    pub(super) fn is_saying(&self) -> bool {
        self.words.front().is_some_and(|words| words.sent)
    }

    /// Nothing is asked for, and nothing is expected.
    pub(super) fn is_idle(&self) -> bool {
        self.words.is_empty() && self.instructions.is_empty() && self.expected == Expected::Nothing
    }

    /// This was said in the caller's name.
    pub(super) fn expect_echo(&mut self, now: Instant, text: &str) {
        if self.echoes.len() == WORDS {
            self.echoes.pop_front();
        }
        self.echoes.push_back((text.to_owned(), now));
    }

    /// Whether words that seem to be the caller's are ours.
    pub(super) fn is_echo(&mut self, now: Instant, text: &str) -> bool {
        // What stands in brackets can wait, as nobody says that.
        self.echoes
            .retain(|(echo, sent)| echo.starts_with('[') || now.saturating_duration_since(*sent) < ECHO);
        let index = self.echoes.iter().position(|(echo, _)| echo.trim() == text.trim());
        index.is_some_and(|index| self.echoes.remove(index).is_some())
    }
}
