//! What somebody does first who has just become an owner, until it is done or there were calls enough to know how.

use crate::{
    app::App,
    carriers,
    config::{Config, EngineKind, Thinker},
};
use store::StoreError;

/// After so many calls nobody is new here.
const ENOUGH: u32 = 10;

/// How far somebody who is new here has come.
#[derive(Default)]
pub struct Beginning {
    /// In their order; empty: nobody is new here.
    pub steps: Vec<Step>,
    /// There was no call at all yet.
    pub untouched: bool,
}

pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    /// The page where it is done.
    pub to: &'static str,
    /// What the link there says.
    pub link: &'static str,
    pub done: bool,
    /// It is the one to do now.
    pub next: bool,
}

impl Beginning {
    pub async fn of(app: &App) -> Result<Self, StoreError> {
        let calls = app.store.calls(ENOUGH, i64::MAX).await?.len();
        let steps = steps(&app.config.get(), calls > 0);
        let over = calls >= ENOUGH as usize || steps.iter().all(|step| step.done);
        Ok(Self { steps: if over { Vec::new() } else { steps }, untouched: calls == 0 })
    }
}

fn steps(config: &Config, called: bool) -> Vec<Step> {
    let step = |name, about, to, link, done| Step { name, about, to, link, done, next: false };
    let assistant = &config.assistant;
    let told = !assistant.business.is_empty() || !assistant.greeting.is_empty();
    let numbers = carriers::all().into_iter().any(|one| carriers::signing(config, one).is_ok());
    let (chats, answers) = match (assistant.engine, config.think.by) {
        (EngineKind::Local, Thinker::Desk) => (
            false,
            "Now the local engine does: without an account or a network it makes appointments, and does not chat. \
             With a key of OpenAI's or Deepgram's, or with Ollama, it does.",
        ),
        (EngineKind::Local, Thinker::Ollama | Thinker::OpenAi) => {
            (true, "The local engine does, and a language model thinks for it.")
        }
        (EngineKind::OpenAi | EngineKind::OpenAiLive, _) => (true, "OpenAI does, by your key."),
        (EngineKind::Deepgram, _) => (true, "Deepgram does, by your key."),
    };
    let mut steps = vec![
        step(
            "Call it",
            "Here, with your microphone. Ask for an appointment, and break in whenever you like.",
            "/phone",
            "Call your assistant",
            called,
        ),
        step(
            "Say for whom it answers",
            "The name of your business, its first words, and when you are open.",
            "/assistants/default",
            "Describe it",
            told,
        ),
        step("Choose who answers", answers, "/settings", "See the services", chats),
        step(
            "Connect a number",
            "So that it answers the telephone: a number of Twilio's, Plivo's or Telnyx's.",
            "/carriers",
            "See the carriers",
            numbers,
        ),
    ];
    if let Some(next) = steps.iter_mut().find(|step| !step.done) {
        next.next = true;
    }
    steps
}
