//! Whoever answers a call: dialled when it rings, kept warm until its stream opens, then talked to.

use crate::{app::App, brief, config::EngineKind, settings};
use call::{EngineCommand, EngineEvent, Failure};
use engine::{
    Brief, Engine,
    local::Local,
    openai::OpenAi,
    socket::{Patience, Socket},
};
use std::{collections::VecDeque, sync::Arc};
use tokio::{sync::oneshot, task::JoinHandle};

/// What an engine may say before its call begins: half a minute of greeting in small pieces.
const EARLY: usize = 2_048;

/// The engine's seat at the table of one call.
pub enum Answerer {
    /// It is being dialled, or waits with what it has said so far.
    Warming {
        ready: JoinHandle<Result<Warm, Failure>>,
        come: Option<oneshot::Sender<()>>,
    },
    Seated(Box<Warm>),
    /// It failed and said so.
    Gone,
}

/// An engine that is there, and what it said before anyone listened.
pub struct Warm {
    engine: Engine,
    early: VecDeque<EngineEvent>,
}

impl Answerer {
    /// Dials the engine that the owner chose, and has it greet.
    pub fn dial(app: &Arc<App>, brief: Brief) -> Self {
        let (come, called) = oneshot::channel();
        let app = app.clone();
        let tasks = app.tasks.clone();
        let ready = tasks.spawn(async move { warm_up(open(&app, brief).await?, called).await });
        Self::Warming { ready, come: Some(come) }
    }

    /// Waits for the next thing the engine says. Safe to cancel. After `Failed` nothing more comes.
    pub async fn next(&mut self) -> EngineEvent {
        loop {
            match self {
                Self::Warming { ready, come } => {
                    come.take().map(|come| come.send(()));
                    let warm = ready.await.unwrap_or_else(|error| Err(broken(&error.to_string())));
                    match warm {
                        Ok(warm) => *self = Self::Seated(Box::new(warm)),
                        Err(failure) => {
                            *self = Self::Gone;
                            return EngineEvent::Failed(failure);
                        }
                    }
                }
                Self::Seated(warm) => {
                    if let Some(event) = warm.early.pop_front() {
                        return event;
                    }
                    return warm.engine.next().await;
                }
                Self::Gone => std::future::pending().await,
            }
        }
    }

    /// Tells the engine. One that is not there yet misses what the caller says before it is.
    pub fn tell(&mut self, command: EngineCommand) {
        match self {
            Self::Seated(warm) => warm.engine.tell(command),
            Self::Warming { .. } | Self::Gone => {}
        }
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        if let Self::Warming { ready, .. } = self {
            ready.abort();
        }
    }
}

async fn open(app: &App, brief: Brief) -> Result<Engine, Failure> {
    match app.config.assistant.engine {
        EngineKind::OpenAi => {
            let dialect = OpenAi::new(settings::openai(&app.config.openai))?;
            Ok(Engine::Socket(Box::new(Socket::open(Box::new(dialect), brief, Patience::default()).await?)))
        }
        EngineKind::Local => {
            let desk = brief::desk(app, &brief);
            Ok(Engine::Local(Box::new(Local::open(brief, desk, app.workers.clone()))))
        }
        kind @ (EngineKind::OpenAiLive | EngineKind::Deepgram) => {
            let why =
                format!("ENGINE={} is not built in yet; set ENGINE=openai or ENGINE=local.", kind.name());
            Err(Failure { why, lasting: true })
        }
    }
}

/// Collects what the engine says until it is called to the table.
async fn warm_up(mut engine: Engine, called: oneshot::Receiver<()>) -> Result<Warm, Failure> {
    let mut early = VecDeque::new();
    tokio::pin!(called);
    loop {
        tokio::select! {
            biased;
            _ = &mut called => return Ok(Warm { engine, early }),
            event = engine.next(), if early.len() < EARLY => match event {
                EngineEvent::Failed(failure) => return Err(failure),
                event => early.push_back(event),
            },
        }
    }
}

fn broken(why: &str) -> Failure {
    Failure { why: format!("The engine could not be dialled: {why}."), lasting: false }
}
