//! What a model answers, and what goes wrong.

use serde_json::Value;
use std::{collections::VecDeque, time::Duration};

/// What there is, and what is answered to what.
#[derive(Clone, Debug)]
pub struct Script {
    /// The model that there is.
    pub model: String,
    /// It can think before it answers, and knows only levels of it.
    pub levels: bool,
    /// It can use tools.
    pub tools: bool,
    /// The only key that chat completions take; Ollama takes any.
    pub key: String,
    /// The first that fits the latest message is what is answered.
    pub rules: Vec<Rule>,
    pub otherwise: Thought,
    /// What goes wrong with the next conversations, one each.
    pub faults: VecDeque<Fault>,
    /// How long a model takes between two pieces.
    pub pause: Duration,
}

/// What is answered where the latest message is of this role and contains these words, in any case.
#[derive(Clone, Debug)]
pub struct Rule {
    pub role: &'static str,
    pub contains: String,
    pub thought: Thought,
}

/// One answer.
#[derive(Clone, Debug, Default)]
pub struct Thought {
    /// What is thought before, and told apart from the answer.
    pub thinking: String,
    /// The answer, in the pieces in which it comes.
    pub pieces: Vec<String>,
    /// Tools that it wants, by name and arguments.
    pub wants: Vec<(String, Value)>,
}

/// What goes wrong with one conversation.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with this message.
    Status(u16, String),
    /// The connection is closed without a word.
    Closes,
    /// It breaks after the first piece.
    Breaks,
    /// Nothing follows the first piece.
    Stalls,
    /// After the first piece comes an error, in the form of the service.
    GivesUp(String),
    /// This comes instead of an answer.
    Garbage(String),
    /// Arguments of tools are this text. Only chat completions can write what is no JSON.
    Arguments(String),
}

impl Default for Script {
    fn default() -> Self {
        Self {
            model: "test-model".into(),
            levels: false,
            tools: true,
            key: "a-key-of-the-test".into(),
            rules: Vec::new(),
            otherwise: Thought::says("I see."),
            faults: VecDeque::new(),
            pause: Duration::from_millis(1),
        }
    }
}

impl Script {
    pub(super) fn thought(&self, latest: &Value) -> Thought {
        let content = latest["content"].as_str().unwrap_or_default().to_lowercase();
        let fits =
            |rule: &&Rule| latest["role"] == rule.role && content.contains(&rule.contains.to_lowercase());
        self.rules.iter().find(fits).map_or(&self.otherwise, |rule| &rule.thought).clone()
    }
}

impl Rule {
    /// When the caller says this.
    pub fn said(contains: &str, thought: Thought) -> Self {
        Self { role: "user", contains: contains.into(), thought }
    }

    /// When a tool answers this.
    pub fn answered(contains: &str, thought: Thought) -> Self {
        Self { role: "tool", contains: contains.into(), thought }
    }
}

impl Thought {
    /// Says this, word by word.
    pub fn says(text: &str) -> Self {
        let pieces = text.split_inclusive(' ').map(str::to_owned).collect();
        Self { pieces, ..Self::default() }
    }

    /// Wants this tool.
    pub fn wants(name: &str, arguments: Value) -> Self {
        Self::default().and_wants(name, arguments)
    }

    #[must_use]
    pub fn and_wants(mut self, name: &str, arguments: Value) -> Self {
        self.wants.push((name.into(), arguments));
        self
    }

    #[must_use]
    pub fn after_thinking(mut self, thinking: &str) -> Self {
        self.thinking = thinking.into();
        self
    }
}
