//! What the assistant remembers of callers between calls: the tools by which it does, and what it is told of it.
//!
//! Whose memory it is goes by the number, and a number can be forged: so the owner says how far somebody must be trusted,
//! and nobody is told what was said under more trust than theirs.

use crate::{Class, Errand, Running, Spec, Tool, Trust, calendar::line};
use call::Answer;
use serde_json::{Map, Value, json};
use store::{MemoryRow, NewMemory, Store, StoreError};

/// The topic under which somebody's name is kept.
pub const NAME: &str = "name";
/// How much is remembered of one number.
pub const MOST: u32 = 20;
/// The longest topic and the longest thing to remember, in characters.
const LONGEST_TOPIC: usize = 40;
const LONGEST_WORDS: usize = 300;

/// Of whom something is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remembered {
    Nobody,
    /// The owner.
    Owner,
    /// The owner, and callers whom they have let in.
    #[default]
    Known,
    /// Everybody whose number is not withheld.
    Everybody,
}

impl Remembered {
    /// As the settings spell it.
    pub const NAMES: [(&'static str, Remembered); 4] = [
        ("nobody", Remembered::Nobody),
        ("owner", Remembered::Owner),
        ("known", Remembered::Known),
        ("everybody", Remembered::Everybody),
    ];

    /// The least trust of those of whom something is remembered; none: of nobody.
    pub fn least(self) -> Option<Trust> {
        match self {
            Remembered::Nobody => None,
            Remembered::Owner => Some(Trust::Owner),
            Remembered::Known => Some(Trust::Known),
            Remembered::Everybody => Some(Trust::Stranger),
        }
    }

    /// The number under which something may be remembered of this caller.
    pub fn number(self, errand: &Errand) -> Option<&str> {
        errand.number().filter(|_| self.least().is_some_and(|least| errand.trust >= least))
    }
}

/// The tools for it, where anything is remembered of anybody.
pub fn tools(store: &Store, of: Remembered) -> Vec<Box<dyn Tool>> {
    let Some(least) = of.least() else { return Vec::new() };
    let each = |what| -> Box<dyn Tool> { Box::new(Memory { store: store.clone(), least, what }) };
    [What::Remember, What::Recall, What::Forget].map(each).into()
}

/// What is remembered, as one JSON object: topic to words.
pub fn told(rows: &[MemoryRow]) -> Value {
    rows.iter().map(|row| (row.topic.clone(), row.words.clone().into())).collect::<Map<_, _>>().into()
}

struct Memory {
    store: Store,
    least: Trust,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Remember,
    Recall,
    Forget,
}

impl Tool for Memory {
    fn spec(&self) -> Spec {
        let about = json!({
            "type": "string", "minLength": 1, "maxLength": LONGEST_TOPIC,
            "description": "What it is about, in a word or two; for their name: name.",
        });
        let (name, description, parameters) = match self.what {
            What::Remember => (
                "remember",
                "Remembers something of this caller for their next call: their name, or how they like things. Only what \
                 they said of themselves and want to be remembered; nothing of health, money or passwords.",
                json!({
                    "type": "object",
                    "properties": {
                        "about": about,
                        "what": {
                            "type": "string", "minLength": 1, "maxLength": LONGEST_WORDS,
                            "description": "What to remember, in a few words. It takes the place of what was remembered \
                                            about the same.",
                        },
                    },
                    "required": ["about", "what"],
                }),
            ),
            What::Recall => (
                "recall",
                "Tells what is remembered of this caller from earlier calls.",
                json!({"type": "object", "properties": {}}),
            ),
            What::Forget => (
                "forget",
                "Forgets what is remembered of this caller, when they ask for it: one thing, or everything.",
                json!({"type": "object", "properties": {"about": about}}),
            ),
        };
        Spec { name: name.into(), description: description.into(), parameters: parameters.into() }
    }

    fn trust(&self) -> Trust {
        self.least
    }

    fn class(&self) -> Class {
        match self.what {
            What::Recall => Class::Reads,
            What::Remember | What::Forget => Class::Writes,
        }
    }

    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a> {
        Box::pin(async move {
            let Some(number) = errand.number() else {
                return Answer::failed(
                    "I remember nothing of callers whose number is withheld, so there is nothing to remember it by.",
                );
            };
            let done = match self.what {
                What::Remember => self.remember(&arguments, number, errand).await,
                What::Recall => self.recall(number, errand).await,
                What::Forget => self.forget(&arguments, number, errand).await,
            };
            done.unwrap_or_else(|error| {
                tracing::error!(call = errand.call_id, %error, "the memory of a caller could not be used");
                Answer::failed("I could not do that; something is wrong on my side.")
            })
        })
    }
}

impl Memory {
    async fn remember(&self, arguments: &Value, number: &str, errand: &Errand) -> Result<Answer, StoreError> {
        let words = line(arguments["what"].as_str().unwrap_or_default());
        let Some(topic) = topic(arguments).filter(|_| !words.is_empty()) else {
            return Ok(Answer::failed("There is nothing in that to remember."));
        };
        let new = NewMemory {
            number,
            topic: &topic,
            words: &words,
            trust: errand.trust.degree(),
            call_id: Some(errand.call_id.as_str()).filter(|id| !id.is_empty()),
            at_ms: errand.now_ms,
        };
        if !self.store.remembered(&new, MOST).await? {
            return Ok(Answer::failed(
                "I remember as much about you as I can already. Shall I forget something for it?",
            ));
        }
        Ok(Answer::said("I will remember that."))
    }

    async fn recall(&self, number: &str, errand: &Errand) -> Result<Answer, StoreError> {
        let rows = self.store.memories(number, errand.trust.degree()).await?;
        if rows.is_empty() {
            return Ok(Answer::said("I remember nothing about you from earlier calls."));
        }
        let said: Vec<_> = rows.iter().map(|row| format!("{}: {}", row.topic, row.words)).collect();
        let data = json!({"remembered": told(&rows)}).to_string();
        Ok(Answer { data, ..Answer::said(format!("This is what I remember. {}.", said.join(". "))) })
    }

    async fn forget(&self, arguments: &Value, number: &str, errand: &Errand) -> Result<Answer, StoreError> {
        let topic = topic(arguments);
        let gone = self.store.forget_memories(number, topic.as_deref(), errand.trust.degree()).await?;
        Ok(match (gone, topic) {
            (0, Some(topic)) => Answer::failed(format!("I remember nothing about that: {topic}.")),
            (0, None) => Answer::said("I remember nothing about you."),
            (_, Some(_)) => Answer::said("I have forgotten that."),
            (_, None) => Answer::said("I have forgotten everything that I remembered about you."),
        })
    }
}

/// What it is about, so that the same is found again however it was written.
fn topic(arguments: &Value) -> Option<String> {
    let topic = line(arguments["about"].as_str()?).to_lowercase().replace('_', " ");
    Some(topic).filter(|topic| !topic.is_empty())
}
