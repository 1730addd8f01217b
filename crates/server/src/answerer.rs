//! Whoever answers a call: dialled when it rings, kept warm until its stream opens, then talked to.

use crate::{
    app::App,
    brief, clock,
    config::{EngineKind, VoicemailUse},
    settings,
    voicemail::{self, Leaving},
};
use call::{Chunk, EngineCommand, EngineEvent, Failure};
use engine::{
    Brief, Engine, ToolSpec,
    deepgram::Deepgram,
    live,
    local::{Local, vad::Energy},
    openai::OpenAi,
    socket::{Patience, Socket},
};
use std::{collections::VecDeque, sync::Arc};
use tokio::{sync::oneshot, task::JoinHandle};

/// What an engine may say before its call begins: half a minute of greeting in small pieces.
const EARLY: usize = 2_048;
/// What the caller may say before the engine hears them, in bytes: ten seconds of telephone sound.
const UNHEARD: usize = 80_000;

/// The engine's seat at the table of one call.
pub struct Answerer {
    seat: Seat,
    /// It hears the caller.
    ready: bool,
    /// What the caller said before it did.
    unheard: VecDeque<Chunk>,
    unheard_bytes: usize,
    /// What else it was told before it came to the table.
    untold: VecDeque<EngineCommand>,
    /// What it was offered before it came, likewise.
    unoffered: Option<Vec<ToolSpec>>,
    /// Who takes a message should the engine fail.
    spare: Option<Box<Spare>>,
    /// Its items so far are below this.
    items: u32,
}

/// What it takes to take a message.
struct Spare {
    app: Arc<App>,
    brief: Brief,
    leaving: Leaving,
}

enum Seat {
    /// It is being dialled, or waits with what it has said so far.
    Warming {
        warm: JoinHandle<Result<Warm, Failure>>,
        come: Option<oneshot::Sender<()>>,
    },
    Taken(Box<Warm>),
    /// It failed and said so.
    Empty,
}

/// An engine that is there, and what it said before anyone listened.
struct Warm {
    engine: Engine,
    early: VecDeque<EngineEvent>,
}

impl Answerer {
    /// Dials the engine that the owner chose, and has it greet. Should it fail, now or later, callers may leave a message,
    /// unless the owner has decided otherwise.
    pub fn dial(app: &Arc<App>, brief: Brief, leaving: Leaving) -> Self {
        let spare = Spare { app: app.clone(), brief: brief.clone(), leaving };
        let app = app.clone();
        Self::warming(&app.clone(), Some(Box::new(spare)), async move { open(&app, brief).await })
    }

    /// Nobody: callers may leave a message.
    pub fn voicemail(app: &Arc<App>, brief: &Brief, leaving: Leaving) -> Self {
        let engine = voicemail::engine(app, brief, leaving, None);
        Self::warming(app, None, async move { Ok(engine) })
    }

    fn warming(
        app: &App,
        spare: Option<Box<Spare>>,
        open: impl Future<Output = Result<Engine, Failure>> + Send + 'static,
    ) -> Self {
        let (come, called) = oneshot::channel();
        let warm = app.tasks.spawn(async move { warm_up(open.await?, called).await });
        Self {
            unoffered: None,
            spare,
            items: 0,
            seat: Seat::Warming { warm, come: Some(come) },
            ready: false,
            unheard: VecDeque::new(),
            unheard_bytes: 0,
            untold: VecDeque::new(),
        }
    }

    /// Waits for the next thing the engine says. Safe to cancel. After `Failed` nothing more comes.
    pub async fn next(&mut self) -> EngineEvent {
        loop {
            match &mut self.seat {
                Seat::Warming { warm, come } => {
                    come.take().map(|come| come.send(()));
                    match warm.await.unwrap_or_else(|error| Err(broken(&error.to_string()))) {
                        Ok(warm) => self.sit_down(warm),
                        Err(failure) => return self.failed(failure),
                    }
                }
                Seat::Taken(warm) => {
                    let event = if let Some(event) = warm.early.pop_front() {
                        event
                    } else {
                        // The room that a greeting took is not kept for the length of the call.
                        warm.early = VecDeque::new();
                        warm.engine.next().await
                    };
                    match event {
                        EngineEvent::Ready => self.catch_up(),
                        EngineEvent::Voice(item, _) => self.items = self.items.max(item.0.saturating_add(1)),
                        EngineEvent::Failed(failure) => return self.failed(failure),
                        _ => {}
                    }
                    return event;
                }
                Seat::Empty => std::future::pending().await,
            }
        }
    }

    /// Tells the engine, at once or as soon as it is there. What the caller says waits until it hears; where that
    /// takes long, the oldest is forgotten.
    pub fn tell(&mut self, command: EngineCommand) {
        match (command, &mut self.seat) {
            (_, Seat::Empty) => {}
            (EngineCommand::Hear(chunk), _) if !self.ready => {
                self.unheard_bytes += chunk.bytes.len();
                self.unheard.push_back(chunk);
                while self.unheard_bytes > UNHEARD {
                    let Some(oldest) = self.unheard.pop_front() else { break };
                    self.unheard_bytes -= oldest.bytes.len();
                }
            }
            (command, Seat::Taken(warm)) => warm.engine.tell(command),
            (command, Seat::Warming { .. }) => self.untold.push_back(command),
        }
    }

    /// Offers the engine other tools than it was briefed with, at once or as soon as it is there.
    pub fn offer(&mut self, tools: Vec<ToolSpec>) {
        match &mut self.seat {
            Seat::Empty => {}
            Seat::Taken(warm) => warm.engine.offer(&tools),
            Seat::Warming { .. } => self.unoffered = Some(tools),
        }
    }

    /// The engine is gone. Where there is somebody to take a message they take its place, and the call goes on.
    fn failed(&mut self, failure: Failure) -> EngineEvent {
        self.seat = Seat::Empty;
        let never = |spare: &Spare| spare.app.config.get().answering.voicemail == VoicemailUse::Never;
        let Some(spare) = self.spare.take().filter(|spare| !never(spare)) else {
            return EngineEvent::Failed(failure);
        };
        let Spare { app, brief, leaving } = *spare;
        self.untold.clear();
        let engine = voicemail::engine(&app, &brief, leaving, Some(self.items));
        self.seat = Seat::Taken(Box::new(Warm { engine, early: VecDeque::new() }));
        EngineEvent::Trouble(failure.why)
    }

    fn sit_down(&mut self, mut warm: Warm) {
        if let Some(tools) = self.unoffered.take() {
            warm.engine.offer(&tools);
        }
        for command in std::mem::take(&mut self.untold) {
            warm.engine.tell(command);
        }
        self.seat = Seat::Taken(Box::new(warm));
    }

    /// Lets the engine, which hears now, hear what the caller has said meanwhile.
    fn catch_up(&mut self) {
        self.ready = true;
        for chunk in std::mem::take(&mut self.unheard) {
            self.tell(EngineCommand::Hear(chunk));
        }
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        if let Seat::Warming { warm, .. } = &self.seat {
            warm.abort();
        }
    }
}

async fn open(app: &App, brief: Brief) -> Result<Engine, Failure> {
    let config = app.config.get();
    match config.assistant.engine {
        EngineKind::OpenAi => {
            let dialect = OpenAi::new(settings::openai(&config.openai))?;
            Ok(Engine::Socket(Box::new(Socket::open(Box::new(dialect), brief, Patience::default()).await?)))
        }
        EngineKind::OpenAiLive => {
            let opened = u64::try_from(clock::now_ms() / 1_000).unwrap_or_default();
            let dialect = live::Live::new(settings::openai_live(&config.openai), opened)?;
            Ok(Engine::Socket(Box::new(Socket::open(Box::new(dialect), brief, Patience::default()).await?)))
        }
        EngineKind::Local => {
            let desk = brief::desk(app, &brief);
            let stt = settings::hear(&config, &app.http).stt(&app.workers);
            let wished = settings::local_voice(&config);
            let (tts, voice) = settings::speak(&config, &app.http).tts(&app.workers, wished, &brief.language);
            let (brief, ear) = (Brief { voice, ..brief }, Box::new(Energy::default()));
            Ok(Engine::Local(Box::new(Local::with(brief, desk, ear, stt, tts, None))))
        }
        EngineKind::Deepgram => {
            let settings = settings::deepgram(&config.deepgram, config.assistant.temperature);
            let dialect = Box::new(Deepgram::new(settings)?);
            Ok(Engine::Socket(Box::new(Socket::open(dialect, brief, Patience::default()).await?)))
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
