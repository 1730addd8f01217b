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

/// Told that a letter to the owner was queued.
pub type Queued = Arc<dyn Fn() + Send + Sync>;

/// `take_message`: writes down what the caller wants the owner to know.
pub struct TakeMessage {
    store: Store,
    /// None: there is no mail to tell the owner by.
    letters: Option<Queued>,
}

impl TakeMessage {
    /// With `letters`, the owner gets every message by mail, too.
    pub fn new(store: Store, letters: Option<Queued>) -> Self {
        Self { store, letters }
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
            }),
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
            let letter = |id: &str| {
                let letter = words::message(message.caller, &body, message.urgent);
                let planned = job::message(id, &letter, errand.now_ms);
                self.letters.as_ref().map(|_| (planned.key, planned.payload))
            };
            match self.store.message_told(&message, letter, job::OWNER).await {
                Ok(id) => {
                    if let Some(queued) = &self.letters {
                        queued();
                    }
                    Answer {
                        data: json!({"id": id}).to_string(),
                        ..Answer::said("I have written that down.")
                    }
                }
                Err(error) => {
                    tracing::error!(call = errand.call_id, %error, "a message could not be written down");
                    Answer::failed("I could not write that down; something is wrong on my side.")
                }
            }
        })
    }
}
