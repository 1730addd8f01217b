//! Opening an engine: dialled, briefed, and listened to until somebody wants to hear it.

use crate::{
    app::App,
    brief::{self, Dossier},
    clock,
    config::{Config, EngineKind},
    languages,
    memory::Memory,
    sentences, settings,
};
use call::{EngineEvent, Failure, Handover, Language, Manner, Past};
use engine::{
    Brief, Dialect, Engine, Said,
    deepgram::Deepgram,
    live,
    local::{Local, Parts},
    openai::OpenAi,
    socket::{Patience, Socket},
};
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use tool::Trust;

/// What an engine may say before its call begins: half a minute of greeting in small pieces.
const EARLY: usize = 2_048;
/// How long a service may take to be reached where another engine waits to go on.
const REACHED: Duration = Duration::from_secs(4);
/// How long an engine that is tried may take to get ready.
const TRIAL: Duration = Duration::from_secs(20);

/// An engine that is there, and what it said before anyone listened.
pub(super) struct Warm {
    pub kind: EngineKind,
    pub engine: Engine,
    pub early: VecDeque<EngineEvent>,
    /// In which it began, BCP 47.
    pub language: String,
    /// When it was dialled.
    pub dialled: Instant,
}

impl Warm {
    /// When its session ends by itself, if it does, as far as that is known by now.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.engine.longest().and_then(|longest| self.dialled.checked_add(longest))
    }

    pub(super) async fn next(&mut self) -> EngineEvent {
        if let Some(event) = self.early.pop_front() {
            return event;
        }
        // The room that a greeting took is not kept for the length of the call.
        self.early = VecDeque::new();
        self.engine.next().await
    }
}

/// Opens this engine with this brief. `alone`: nobody goes on where it cannot be reached.
pub(super) async fn open(
    app: &App,
    kind: EngineKind,
    Dossier { config, brief, memory }: Dossier,
    so_far: &Handover,
    alone: bool,
) -> Result<Warm, Failure> {
    let brief = taken_over(app, &config, kind, brief, so_far);
    let dossier = Dossier { config, brief, memory };
    let patience = Patience::default();
    let patience = if alone { patience } else { Patience { connect: REACHED, ..patience } };
    let dialled = clock::now();
    let language = dossier.brief.language.clone();
    let engine = engine(app, kind, dossier, so_far, patience, alone).await?;
    Ok(Warm { kind, engine, language, early: VecDeque::new(), dialled })
}

async fn engine(
    app: &App,
    kind: EngineKind,
    dossier: Dossier,
    so_far: &Handover,
    patience: Patience,
    alone: bool,
) -> Result<Engine, Failure> {
    let Some(dialect) = dialect(&dossier.config, kind)? else {
        return local(app, dossier, so_far, alone);
    };
    Ok(Engine::Socket(Box::new(Socket::open(dialect, dossier.brief, patience).await?)))
}

/// The cascade, with the parts that the owner chose.
fn local(app: &App, dossier: Dossier, so_far: &Handover, alone: bool) -> Result<Engine, Failure> {
    let desk = brief::desk(&dossier, so_far);
    let Dossier { config, brief, memory } = dossier;
    let (hear, speak) = (settings::hear(&config, &app.http), settings::speak(&config, &app.http));
    let tags: Vec<String> = [&brief.language].into_iter().chain(&brief.others).cloned().collect();
    let think = settings::think(&config, &tags, alone)?;
    let (workers, own, wished) =
        (app.workers.clone(), config.assistant.language.clone(), settings::local_voice(&config).to_owned());
    let parts_of = move |tag: &str| {
        let others: Vec<String> =
            tags.iter().filter(|other| Language::of(other) != Language::of(tag)).cloned().collect();
        // A voice of the owner's choice speaks their language.
        let own = Language::of(tag) == Language::of(&own);
        let wished = if own || speak.has_voices_for_all() { wished.as_str() } else { "" };
        let stt = hear.in_language(tag, &others).stt(&workers);
        let (tts, voice) = speak.tts(&workers, wished, tag);
        Parts { stt, tts, voice, language: tag.to_owned() }
    };
    let Parts { stt, tts, voice, .. } = parts_of(&brief.language);
    let filler = sentences::filler(&config, &brief.language);
    let (brief, ear) = (Brief { voice, ..brief }, settings::vad(&config));
    let local = Local::with(brief, desk, ear, stt, tts, think)
        .with_languages(Arc::new(parts_of))
        .with_filler(filler)
        .reminded_of(&memory.usual);
    Ok(Engine::Local(Box::new(local)))
}

/// What the engine's service speaks, where it has one.
fn dialect(config: &Config, kind: EngineKind) -> Result<Option<Box<dyn Dialect>>, Failure> {
    Ok(Some(match kind {
        EngineKind::OpenAi => Box::new(OpenAi::new(settings::openai(&config.openai))?),
        EngineKind::OpenAiLive => {
            let opened = u64::try_from(clock::now_ms() / 1_000).unwrap_or_default();
            Box::new(live::Live::new(settings::openai_live(&config.openai), opened)?)
        }
        EngineKind::Deepgram => {
            let settings = settings::deepgram(&config.deepgram, config.assistant.temperature);
            Box::new(Deepgram::new(settings)?)
        }
        EngineKind::Local => return Ok(None),
    }))
}

/// Whether the engine could be opened at all as it is set: its key and its address are there.
pub fn can_open(app: &App, kind: EngineKind) -> Result<(), Failure> {
    dialect(&app.config.get(), kind).map(drop)
}

/// Opens this engine as for a call, and closes it before anything is said.
pub async fn try_out(app: &App, kind: EngineKind) -> Result<(), Failure> {
    let trust = Trust::Stranger;
    let tools = brief::tools(&app.tools.get(), trust);
    let config = app.config.get();
    let brief = Brief { tools, ..brief::of(&config, "", trust, Manner::Duplex) };
    let dossier = Dossier::of(config, brief, Memory::default());
    // Whoever comes into the middle of a call does not greet.
    let handover = Handover { so_far: Vec::new(), unheard: true };
    let opening = async { ready(open(app, kind, dossier, &handover, true).await?).await };
    let ready = tokio::time::timeout(TRIAL, opening).await;
    let late = || Failure { why: format!("{} does not get ready.", kind.name()), lasting: false };
    ready.map_err(|_| late())?.map(drop)
}

/// Collects what the engine says until it is called to the table. One that gets ready need not be tried.
pub(super) async fn warm_up(
    app: &App,
    mut warm: Warm,
    called: &mut oneshot::Receiver<()>,
) -> Result<Warm, Failure> {
    loop {
        tokio::select! {
            biased;
            _ = &mut *called => return Ok(warm),
            event = warm.engine.next(), if warm.early.len() < EARLY => match event {
                EngineEvent::Failed(failure) => return Err(failure),
                event => {
                    // One that hears on this machine says so whether it does or not.
                    if event == EngineEvent::Ready && warm.kind != EngineKind::Local {
                        app.engines.works(warm.kind);
                    }
                    warm.early.push_back(event);
                }
            },
        }
    }
}

/// Waits until the engine hears.
pub(super) async fn ready(mut warm: Warm) -> Result<Warm, Failure> {
    loop {
        match warm.engine.next().await {
            EngineEvent::Ready => return Ok(warm),
            EngineEvent::Failed(failure) => return Err(failure),
            event => warm.early.push_back(event),
        }
    }
}

/// The brief of an engine that comes when something was said and done already.
fn taken_over(app: &App, config: &Config, kind: EngineKind, brief: Brief, so_far: &Handover) -> Brief {
    let said = |past: &Past| match past {
        Past::Caller(words) => Some(Said::Caller(words.clone())),
        Past::Assistant(words) => Some(Said::Assistant(words.clone())),
        Past::Tool { .. } => None,
    };
    let mut said: Vec<_> = so_far.so_far.iter().filter_map(said).collect();
    if said.is_empty() && (so_far.unheard || !so_far.so_far.is_empty()) {
        // Whoever has spoken already is not greeted.
        let hello = if brief.greeting.is_empty() { "Hello.".into() } else { brief.greeting.clone() };
        said.push(Said::Assistant(hello));
    }
    // The voice was chosen for the first of the engines.
    let own = kind == config.assistant.engine;
    let voice = if own { brief.voice } else { String::new() };
    let mut others = languages::of(config, kind, &app.http);
    others.retain(|other| Language::of(other) != Language::of(&brief.language));
    Brief { instructions: brief.instructions + &brief::done(so_far), voice, others, so_far: said, ..brief }
}
