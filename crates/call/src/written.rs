//! Consent in a conversation that is written: what is asked before something is done, as in a call, where every word is known at once.

use crate::{Answer, ItemId, Standing, ToolCall, TurnId, consent::Consents, history::History};

/// What was said in one, as far as consent depends on it.
#[derive(Debug, Default)]
pub struct Written {
    history: History,
    consents: Consents,
    turns: u32,
    items: u32,
}

impl Written {
    pub fn caller_said(&mut self, words: &str) {
        self.turns += 1;
        self.history.caller_said(TurnId(self.turns), words);
    }

    pub fn assistant_said(&mut self, words: &str) {
        self.items += 1;
        self.history.assistant_said(ItemId(self.items), words);
    }

    /// How the caller stands to this use of a tool, by what they have said so far. A yes is good for one use.
    pub fn standing(&mut self, call: &ToolCall) -> Standing {
        self.consents.standing(call, &self.history).0
    }

    /// A tool has answered.
    pub fn answered(&mut self, call: &ToolCall, answer: &Answer) {
        self.history.answered(&call.name, answer);
        self.consents.answered(&call.name, &call.arguments, answer, self.history.mark());
    }

    /// A question that the assistant was to ask and has not: it is asked instead, once.
    pub fn unread(&mut self) -> Option<String> {
        self.consents.unread(&self.history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Asked, ToolCallId};

    #[test]
    fn a_yes_counts_once_and_only_to_what_was_read_back() {
        let call = ToolCall { id: ToolCallId("1".into()), name: "pay".into(), arguments: "{}".into() };
        let words = "Shall I pay 20 euros to Anna?".to_owned();
        let asked = Asked { subject: "pay anna".into(), words, telling: vec!["20".into(), "Anna".into()] };
        let refusal = Answer { asks: Some(Box::new(asked)), ..Answer::failed("Ask first.") };
        let mut written = Written::default();
        written.caller_said("Yes, pay Anna.");
        written.answered(&call, &refusal);
        assert_eq!(written.standing(&call).agreed, None, "what was said before counts for nothing");
        written.assistant_said("One moment.");
        let question = written.unread().expect("it was not read back");
        assert_eq!(written.unread(), None);
        written.assistant_said(&question);
        written.caller_said("Yes, please.");
        assert_eq!(written.standing(&call).agreed.as_deref(), Some("pay anna"));
        assert_eq!(written.standing(&call).agreed, None, "it is good for one use");
    }
}
