//! Taking a message for the owner.

use crate::{
    Class, Errand, Running, Spec, Tool, Trust,
    calendar::tidy,
    message::{job, words},
};
use call::Answer;
use serde_json::{Value, json};
use std::sync::Arc;
use store::{NewMessage, Store};

/// Told that something for the owner was queued.
pub type Queued = Arc<dyn Fn() + Send + Sync>;

/// What else is to be done once the message with this id is taken, at this time.
pub type Also = Arc<dyn Fn(&str, i64) -> Option<job::Planned> + Send + Sync>;

/// How the owner is told of messages, beside the page on which all of them stand.
#[derive(Clone, Default)]
pub struct Telling {
    /// Of those that are not urgent, by a mail of their own.
    pub mail: bool,
    /// Of urgent ones, by mail.
    pub urgent_mail: bool,
    /// Of urgent ones, by a text to this number.
    pub urgent_text: Option<String>,
    /// What is queued with every message.
    pub also: Option<Also>,
    /// Who sends what was queued.
    pub queued: Option<Queued>,
}

impl Telling {
    /// What tells of this message.
    fn jobs(&self, id: &str, message: &NewMessage<'_>) -> Vec<(&'static str, String, String)> {
        let NewMessage { caller, body, urgent, taken_ms, .. } = *message;
        let mut jobs = Vec::new();
        if if urgent { self.urgent_mail } else { self.mail } {
            jobs.push(job::message(id, &words::message(caller, body, urgent), taken_ms));
        }
        if let Some(to) = self.urgent_text.as_ref().filter(|_| urgent) {
            jobs.push(job::urgent(id, to, words::urgent(caller, body), taken_ms));
        }
        jobs.extend(self.also.as_ref().and_then(|also| also(id, taken_ms)));
        jobs.into_iter().map(|planned| (planned.kind, planned.key, planned.payload)).collect()
    }
}

/// `take_message`: writes down what the caller wants the owner to know.
pub struct TakeMessage {
    store: Store,
    telling: Telling,
}

impl TakeMessage {
    pub fn new(store: Store, telling: Telling) -> Self {
        Self { store, telling }
    }
}

impl Tool for TakeMessage {
    fn spec(&self) -> Spec {
        Spec {
            name: "take_message".into(),
            description: "Writes down a message from the caller, for your owner to read. Ask for the caller's name and \
                          how to reach them, and put both into the message."
                .into(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "message": {
                        "type": "string", "minLength": 1, "maxLength": 4000,
                        "description": "The whole message, in the caller's words.",
                    },
                    "urgent": {"type": "boolean", "description": "Whether the caller says that it cannot wait."},
                },
                "required": ["message"],
            }).into(),
        }
    }

    fn trust(&self) -> Trust {
        Trust::Stranger
    }

    fn class(&self) -> Class {
        Class::Writes
    }

    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a> {
        Box::pin(async move {
            let body = tidy(arguments["message"].as_str().unwrap_or_default());
            if body.is_empty() {
                return Answer::failed("The message is empty. What shall I pass on?");
            }
            let message = NewMessage {
                call_id: Some(errand.call_id.as_str()).filter(|id| !id.is_empty()),
                caller: errand.number().unwrap_or_default(),
                body: &body,
                urgent: arguments["urgent"].as_bool().unwrap_or(false),
                taken_ms: errand.now_ms,
            };
            match self.store.message_told(&message, |id| self.telling.jobs(id, &message)).await {
                Ok(id) => {
                    if let Some(queued) = &self.telling.queued {
                        queued();
                    }
                    let told_now =
                        message.urgent && (self.telling.urgent_mail || self.telling.urgent_text.is_some());
                    let said = if told_now {
                        "I have written that down, and it is sent on at once."
                    } else {
                        "I have written that down."
                    };
                    Answer { data: json!({"id": id}).to_string(), ..Answer::said(said) }
                }
                Err(error) => {
                    tracing::error!(call = errand.call_id, %error, "a message could not be written down");
                    Answer::failed("I could not write that down; something is wrong on my side.")
                }
            }
        })
    }
}
