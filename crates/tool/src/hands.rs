//! The tools in one call: what may be done at once, what the caller is asked first, and how much is said of an answer.
//!
//! ```text
//!   Wants ─► known? allowed? understood? ─► may it be done?  ─► Tool::run ─► as much as can be listened to
//!                                           hands/ground.rs                  hands/spoken.rs
//!                                           hands/question.rs
//! ```
//!
//! None of it depends on the model's good will. A tool that cannot be undone is used once the caller has said yes to what
//! was read back. Once words of others were read, a tool that changes something is used only as the caller has said
//! themselves since, or has said yes to.

mod ground;
mod known;
mod question;
mod spoken;

use crate::{Class, Errand, Progress, Tools, Trust, tools::Offer};
use call::{Answer, Effect, Others, Standing, ToolCall, visible};
use known::Known;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// The tool that goes on with an answer.
pub(crate) const MORE: &str = "more";
/// An engine is given no more of what a tool has said beside its sentence, in bytes.
const DATA: usize = 16 * 1024;

/// The tools of one call, and what is remembered of their answers.
pub struct Hands {
    tools: Arc<Tools>,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// In which questions are asked.
    language: String,
    known: Known,
    /// What was not said yet of the last long answer.
    rest: String,
}

impl Hands {
    /// With the tools as they are when the call begins. Questions are asked in this language (`de`, `en-US`), where we have
    /// them in it.
    pub fn new(tools: Arc<Tools>, language: &str) -> Self {
        let memory = Memory { language: language.to_owned(), ..Memory::default() };
        Self { tools, memory: Mutex::new(memory) }
    }

    /// From now on questions are asked in this language.
    pub fn speak(&self, language: &str) {
        language.clone_into(&mut self.memory().language);
    }

    /// Whether callers are asked in this language; those of others are asked in English.
    pub fn asks_in(language: &str) -> bool {
        question::is_in(language)
    }

    pub fn tools(&self) -> &Arc<Tools> {
        &self.tools
    }

    /// Runs a tool for a caller who stands to it like this. What is not to be done, or not yet, is answered with why, and
    /// with what the caller is to be asked.
    pub async fn run(&self, call: &ToolCall, errand: &Errand, standing: &Standing) -> Answer {
        self.run_reporting(call, errand, standing, None).await
    }

    /// Whether the engine's service may use a tool by itself, for a caller who stands to it like this: an answer that is `ok`,
    /// or why not, and what the caller is to be asked.
    pub fn may(&self, call: &ToolCall, errand: &Errand, standing: &Standing) -> Answer {
        let (offer, arguments) = match self.tools.ready(call, errand) {
            Ok(ready) => ready,
            Err(answer) => return answer,
        };
        if errand.trust != Trust::Owner || offer.hosted().is_none() {
            return Answer::failed("That is not to be used from there.");
        }
        self.objection(offer, &arguments, standing).unwrap_or_else(|| Answer::said("It may be used."))
    }

    /// Learns what a tool has said that the engine's service used by itself: what ids are of, above all.
    pub fn learn(&self, answer: &Answer) {
        let mut memory = self.memory();
        memory.known.learn(&answer.say);
        memory.known.learn(&answer.data);
    }

    /// Whether a tool of this name changes nothing: it may be stopped where nobody waits for it.
    pub fn only_reads(&self, name: &str) -> bool {
        name == MORE || self.tools.class(name) == Some(Class::Reads)
    }

    /// The same as [`run`](Self::run), telling how far it is where the tool knows.
    pub async fn run_reporting(
        &self,
        call: &ToolCall,
        errand: &Errand,
        standing: &Standing,
        progress: Option<Progress>,
    ) -> Answer {
        if call.name == MORE {
            return self.more();
        }
        let (offer, arguments) = match self.tools.ready(call, errand) {
            Ok(ready) => ready,
            Err(answer) => return answer,
        };
        if let Some(answer) = self.objection(offer, &arguments, standing) {
            tracing::info!(call = errand.call_id, tool = call.name, "the caller is asked first");
            return answer;
        }
        let answer = offer.run(arguments, errand, progress).await;
        if !offer.is_foreign() {
            return answer;
        }
        let changed = answer.ok && offer.class() != Class::Reads && answer.effect == Effect::None;
        let effect = if changed { Effect::Changed(call.name.clone()) } else { answer.effect.clone() };
        self.bounded(Answer { effect, ..answer })
    }

    /// Why this is not done now, if it is not.
    fn objection(&self, offer: &Offer, arguments: &Value, standing: &Standing) -> Option<Answer> {
        let memory = self.memory();
        let asked = question::asked(offer, arguments, &memory.known, &memory.language);
        let may = match offer.class() {
            Class::Reads => true,
            Class::Writes => {
                !standing.swayed
                    || standing.agreed.as_deref() == Some(asked.subject.as_str())
                    || ground::is_meant(offer, arguments, &memory.known, standing)
            }
            Class::Final => standing.agreed.as_deref() == Some(asked.subject.as_str()),
        };
        if may {
            return None;
        }
        if asked.words.len() > question::LONGEST {
            return Some(Answer::failed(
                "That is not done: it is too long to be read back over the telephone, and it must be. Ask for less.",
            ));
        }
        let say = format!(
            "That is not done yet. First read this back to the caller, leaving nothing out, and wait: “{}” Only after the \
             caller has answered with a yes, use the tool again with exactly the same arguments.",
            asked.words
        );
        Some(Answer { asks: Some(Box::new(asked)), ..Answer::failed(say) })
    }

    /// As much of an answer as can be listened to at once; the rest is kept.
    fn bounded(&self, answer: Answer) -> Answer {
        self.learn(&answer);
        let mut memory = self.memory();
        let (said, data) = spoken::plain(&answer.say, &visible(&answer.data));
        let said = visible(&said);
        let (say, rest) = spoken::cut(&said);
        rest.clone_into(&mut memory.rest);
        let data = spoken::clipped(&data, DATA);
        Answer { say: say.to_owned(), data, others: Others::All, more: !rest.is_empty(), ..answer }
    }

    fn more(&self) -> Answer {
        let mut memory = self.memory();
        if memory.rest.is_empty() {
            return Answer::failed("There is nothing more.");
        }
        let all = std::mem::take(&mut memory.rest);
        let (say, rest) = spoken::cut(&all);
        rest.clone_into(&mut memory.rest);
        Answer { others: Others::All, more: !rest.is_empty(), ..Answer::said(say) }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
