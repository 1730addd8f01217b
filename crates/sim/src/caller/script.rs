//! A caller who follows a script, and repeats the last line when the assistant did not understand it.

use super::{Act, Mind};
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// One step of a script; each is taken when the assistant has fallen silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Say(String),
    /// Speak up once the assistant has spoken for this long again.
    Interrupt {
        words: String,
        after: Duration,
    },
    Press(String),
    Wait(Duration),
    HangUp,
}

/// A script under way. At its end the caller listens till the call is over.
#[derive(Clone, Debug)]
pub struct Script {
    steps: VecDeque<Step>,
    last: Option<String>,
    /// How often lines may still be repeated.
    repeats: u32,
    grammar: Arc<str>,
}

/// How often a caller repeats lines before losing patience.
const REPEATS: u32 = 4;

impl Script {
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), last: None, repeats: REPEATS, grammar: REPAIR.into() }
    }

    /// The same that understands what this grammar says, for an assistant whose words are known.
    #[must_use]
    pub fn understanding(self, grammar: Arc<str>) -> Self {
        Self { grammar, ..self }
    }

    /// Whether this means that the assistant did not understand.
    pub fn asks_again(heard: &str) -> bool {
        ["did not catch", "did not understand", "say that again", "trouble understanding"]
            .iter()
            .any(|phrase| heard.contains(phrase))
    }
}

impl Mind for Script {
    fn grammar(&self) -> Option<Arc<str>> {
        Some(self.grammar.clone())
    }

    fn answer(&mut self, heard: Option<&str>) -> Act {
        if let (Some(last), true) = (&self.last, heard.is_some_and(Self::asks_again))
            && self.repeats > 0
        {
            self.repeats -= 1;
            return Act::Say(last.clone());
        }
        let Some(step) = self.steps.pop_front() else { return Act::Listen };
        self.last = None;
        match step {
            Step::Say(words) => {
                self.last = Some(words.clone());
                Act::Say(words)
            }
            Step::Interrupt { words, after } => {
                self.last = Some(words.clone());
                Act::Interrupt { words, after }
            }
            Step::Press(keys) => Act::Press(keys),
            Step::Wait(length) => Act::Wait(length),
            Step::HangUp => Act::HangUp,
        }
    }
}

/// Repairs, and enough of other questions that not everything sounds like one.
const REPAIR: &str = "#JSGF V1.0;
grammar repair;
public <heard> = <repair> [<question>] | <question>;
<repair> = sorry i did not catch that | sorry i still did not understand | i am sorry i have trouble understanding you \
| i did not understand | could you say that again | please say that again;
<question> = how can i help you | which day would you like | what time would you like | is that right | shall i book it \
| is there anything else i can do for you | are you still there;
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_repeated_when_it_was_not_understood_but_not_for_ever() {
        let mut script = Script::new([Step::Say("tuesday".into()), Step::Say("yes".into())]);
        assert_eq!(script.answer(Some("how can i help you")), Act::Say("tuesday".into()));
        for _ in 0..REPEATS {
            assert_eq!(script.answer(Some("sorry i did not catch that")), Act::Say("tuesday".into()));
        }
        assert_eq!(script.answer(Some("sorry i did not catch that")), Act::Say("yes".into()));
        assert_eq!(script.answer(None), Act::Listen);
    }
}
