//! Whoever answers a call: dialled when it rings, kept warm until its stream opens, then talked to; relieved by the next
//! engine of the list should it fail, and by a new session of its own before the old one ends.

mod ear;
mod opening;
mod seat;

pub use opening::{can_open, try_out};

use crate::{
    app::App,
    brief::{self, Dossier},
    clock,
    config::{Config, EngineKind, Thinker, VoicemailUse},
    cost::{Session, Sessions},
    hands,
    voicemail::{self, Leaving},
};
use call::{Chunk, EngineCommand, EngineEvent, Failure, Format, Handover, Input};
use ear::Ear;
use engine::{Engine, ToolSpec};
use opening::Warm;
use seat::{Seat, Successor, Warmed, broken, warming};
use std::{
    collections::VecDeque,
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};
use tool::{Tools, Trust};

/// What the caller may say before the engine hears them, in bytes: ten seconds of telephone sound.
const UNHEARD: usize = 80_000;
/// What else an engine may be told before it hears.
const UNTOLD: usize = 256;
/// A session that ended because of its age before it was so old has lived for a short time, and so often in a row may the
/// same engine go on all the same.
const SHORT: Duration = Duration::from_secs(60);
const SHORT_LIVED: u32 = 2;

/// The engine's seat at the table of one call.
pub struct Answerer {
    app: Arc<App>,
    dossier: Dossier,
    /// The tools of this call.
    tools: Arc<Tools>,
    /// Whose message it is, should one be taken.
    leaving: Leaving,
    /// Engines that were not tried in this call yet, in the order in which they go on.
    spares: VecDeque<EngineKind>,
    seat: Seat,
    /// It hears the caller.
    ready: bool,
    /// It has understood words of theirs.
    heard: bool,
    /// It has spoken as only one does that works.
    answered: bool,
    /// What it is told before it does, and how much of that is sound, in bytes.
    waiting: VecDeque<EngineCommand>,
    waiting_bytes: usize,
    /// What it was offered before it came.
    unoffered: Option<Vec<ToolSpec>>,
    ear: Ear,
    successor: Successor,
    /// When the session that is there ends, as the call was told.
    ends: Option<Instant>,
    /// How many sessions in a row have aged soon.
    short_lived: u32,
    /// What the call is to be told first.
    news: VecDeque<Input>,
}

impl Answerer {
    /// Dials the first of these engines that is not at rest, and has it greet. Should it fail before it is heard, the next
    /// one is dialled.
    pub fn dial(
        app: &Arc<App>,
        mut dossier: Dossier,
        trust: Trust,
        leaving: Leaving,
        engines: &[EngineKind],
    ) -> Self {
        let engines = app.engines.order(engines);
        let tools = hands::of(app, &dossier.config);
        dossier.brief.tools = brief::tools(&tools, trust);
        Self::with(app, dossier, tools, leaving, engines)
    }

    /// Nobody: callers may leave a message.
    pub fn voicemail(app: &Arc<App>, dossier: Dossier, leaving: Leaving) -> Self {
        let mut answerer = Self::with(app, dossier, app.tools.get(), leaving, VecDeque::new());
        answerer.seat_voicemail(false);
        answerer
    }

    fn with(
        app: &Arc<App>,
        dossier: Dossier,
        tools: Arc<Tools>,
        leaving: Leaving,
        engines: VecDeque<EngineKind>,
    ) -> Self {
        let seat = if engines.is_empty() {
            Seat::Empty
        } else {
            warming(app, dossier.clone(), engines, Handover::default(), None)
        };
        Self {
            app: app.clone(),
            ear: Ear::new(dossier.brief.manner, dossier.brief.format),
            dossier,
            tools,
            leaving,
            spares: VecDeque::new(),
            seat,
            ready: false,
            heard: false,
            answered: false,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            unoffered: None,
            successor: Successor::None,
            ends: None,
            short_lived: 0,
            news: VecDeque::new(),
        }
    }

    /// Whether somebody takes a message when no engine is left.
    pub fn takes_messages(&self) -> bool {
        !self.is_voicemail() && self.dossier.config.answering.voicemail != VoicemailUse::Never
    }

    /// Whether somebody takes a message instead of an engine.
    pub fn is_voicemail(&self) -> bool {
        matches!(&self.seat, Seat::Taken(warm) if matches!(warm.engine, Engine::Voicemail(_)))
    }

    /// The settings of the assistant that answers.
    pub fn config(&self) -> &Arc<Config> {
        &self.dossier.config
    }

    /// The language that is spoken now, BCP 47.
    pub fn language(&self) -> &str {
        &self.dossier.brief.language
    }

    /// Which engine of the list is there, if one is.
    pub fn engine(&self) -> Option<EngineKind> {
        match &self.seat {
            Seat::Taken(warm) if !matches!(warm.engine, Engine::Voicemail(_)) => Some(warm.kind),
            Seat::Taken(_) | Seat::Warming { .. } | Seat::Empty => None,
        }
    }

    /// The sessions that are open and hear, or could: with whoever answers, and the one that is to follow it.
    pub fn sessions(&self) -> Sessions {
        let dialled = |warm: &Warm| match warm.engine {
            Engine::Voicemail(_) => None,
            Engine::Socket(_) | Engine::Local(_) => {
                Some(Session { engine: warm.kind, dialled: warm.dialled })
            }
        };
        let answers = match &self.seat {
            Seat::Taken(warm) if self.ready => dialled(warm),
            Seat::Taken(_) | Seat::Warming { .. } | Seat::Empty => None,
        };
        let follows = match &self.successor {
            Successor::Ready(warm) => dialled(warm),
            Successor::None | Successor::Dialled(_) => None,
        };
        [answers, follows]
    }

    /// In what the engine hears and speaks.
    pub fn format(&self) -> Format {
        self.dossier.brief.format
    }

    /// Waits for the next thing that the call is to be told. Safe to cancel.
    pub async fn next(&mut self) -> Input {
        loop {
            if let Some(news) = self.news.pop_front() {
                return news;
            }
            match &mut self.seat {
                Seat::Warming { warm, come } => {
                    come.take().map(|come| come.send(()));
                    let warmed = warm.await.unwrap_or_else(|error| Warmed {
                        warm: Err(broken(&error.to_string())),
                        spares: VecDeque::new(),
                        failures: Vec::new(),
                    });
                    self.sit_down(warmed);
                }
                Seat::Taken(warm) => {
                    let event = tokio::select! {
                        biased;
                        event = warm.next() => event,
                        renewed = self.successor.next() => return Input::Renewed(renewed),
                    };
                    let input = Input::Engine(self.heard(event));
                    let Some(first) = self.news.pop_front() else { return input };
                    // What goes with an event is known before it.
                    self.news.push_back(input);
                    return first;
                }
                Seat::Empty => pending().await,
            }
        }
    }

    /// Tells the engine, at once or as soon as it hears; then in this order. Where that takes long, the oldest sound is
    /// forgotten.
    pub fn tell(&mut self, command: EngineCommand) {
        if let EngineCommand::Hear(chunk) = &command {
            self.ear.hear(chunk);
        }
        if let EngineCommand::Speak(tag) = &command {
            self.dossier.brief.language.clone_from(tag);
        }
        match &mut self.seat {
            Seat::Taken(warm) if self.ready => warm.engine.tell(command),
            Seat::Taken(_) | Seat::Warming { .. } => self.wait(command),
            Seat::Empty => {}
        }
    }

    /// The tools of this call, as they were when it was dialled.
    pub fn tools(&self) -> &Arc<Tools> {
        &self.tools
    }

    /// Whether whoever is there obeys nothing that they read, as only the desk does not.
    pub fn is_deterministic(&self) -> bool {
        self.engine() == Some(EngineKind::Local) && self.dossier.config.think.by == Thinker::Desk
    }

    /// Offers the engine the tools of somebody so trusted, at once or as soon as it is there.
    pub fn offer(&mut self, trust: Trust) {
        let tools = brief::tools(&self.tools, trust);
        match &mut self.seat {
            Seat::Empty => {}
            Seat::Taken(warm) => warm.engine.offer(&tools),
            Seat::Warming { .. } => self.unoffered = Some(tools.clone()),
        }
        if let Successor::Ready(warm) = &mut self.successor {
            warm.engine.offer(&tools);
        }
        self.dossier.brief.tools = tools;
    }

    /// The next engine of the list is to go on.
    pub fn reopen(&mut self, handover: Handover) {
        self.vacate();
        let Some(next) = self.spares.pop_front() else {
            let failure = Failure { why: "No other engine is left.".into(), lasting: false };
            return self.news.push_back(Input::Engine(EngineEvent::Failed(failure)));
        };
        self.listen_again(handover.unheard);
        let alone = self.spares.is_empty();
        self.seat = warming(&self.app, self.dossier.clone(), [next].into(), handover, Some(alone));
        if let Seat::Warming { come, .. } = &mut self.seat {
            come.take().map(|come| come.send(()));
        }
    }

    /// No engine is left: somebody takes a message.
    pub fn take_message(&mut self) {
        self.vacate();
        self.seat_voicemail(true);
    }

    /// Dials a new session with the same engine, beside the one there is.
    pub fn renew(&mut self, handover: Handover) {
        let Seat::Taken(warm) = &self.seat else { return };
        let (app, kind, dossier) = (self.app.clone(), warm.kind, self.dossier.clone());
        self.successor.drop_it();
        // Whoever comes into the middle of a call does not greet.
        let handover = Handover { unheard: true, ..handover };
        self.successor = Successor::Dialled(self.app.tasks.spawn(async move {
            opening::ready(opening::open(&app, kind, dossier, &handover, true).await?).await
        }));
    }

    /// Goes on in the session that was dialled.
    pub fn swap(&mut self, unheard: bool) {
        let Successor::Ready(warm) = std::mem::replace(&mut self.successor, Successor::None) else { return };
        self.vacate();
        self.listen_again(unheard);
        let language = &self.dossier.brief.language;
        if warm.language != *language {
            // It was changed while the session was dialled.
            self.waiting.push_front(EngineCommand::Speak(language.clone()));
        }
        self.seat = Seat::Taken(warm);
        self.expect_end();
        self.catch_up();
    }

    fn seat_voicemail(&mut self, failed: bool) {
        let Dossier { config, brief, .. } = &self.dossier;
        let engine = voicemail::engine(&self.app, config, brief, self.leaving.clone(), failed);
        // It is no engine of the list, and never at rest.
        let (kind, language) = (EngineKind::Local, self.dossier.brief.language.clone());
        self.seat = Seat::Taken(Box::new(Warm {
            kind,
            engine,
            language,
            early: VecDeque::new(),
            dialled: clock::now(),
        }));
    }

    /// Nobody sits there any more, and what was meant for whoever did is forgotten.
    fn vacate(&mut self) {
        self.seat.leave();
        self.successor.drop_it();
        (self.ready, self.heard, self.answered) = (false, false, false);
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.unoffered = None;
        self.ends = None;
        self.ear.next_engine();
    }

    /// Has whoever comes hear what was said before they came.
    fn listen_again(&mut self, unheard: bool) {
        if unheard {
            for chunk in self.ear.kept() {
                self.wait(EngineCommand::Hear(chunk));
            }
        }
    }

    fn wait(&mut self, command: EngineCommand) {
        if let EngineCommand::Hear(chunk) = &command {
            self.waiting_bytes += chunk.bytes.len();
        }
        self.waiting.push_back(command);
        let others = self.waiting.len() > UNTOLD;
        if self.waiting_bytes > UNHEARD || others {
            let sound = |command: &EngineCommand| matches!(command, EngineCommand::Hear(_));
            let oldest = self.waiting.iter().position(sound).unwrap_or(0);
            if let Some(EngineCommand::Hear(Chunk { bytes, .. })) = self.waiting.remove(oldest) {
                self.waiting_bytes -= bytes.len();
            }
        }
    }

    fn sit_down(&mut self, warmed: Warmed) {
        let Warmed { warm, spares, failures } = warmed;
        for why in failures {
            self.news.push_back(Input::Engine(EngineEvent::Trouble(why)));
        }
        if !matches!(self.seat, Seat::Warming { .. }) {
            return;
        }
        self.spares.extend(spares);
        self.tell_spares();
        match warm {
            Ok(mut warm) => {
                if let Some(tools) = self.unoffered.take() {
                    warm.engine.offer(&tools);
                }
                self.seat = Seat::Taken(Box::new(warm));
            }
            Err(failure) => {
                self.seat = Seat::Empty;
                self.news.push_back(Input::Engine(EngineEvent::Failed(failure)));
            }
        }
    }

    fn tell_spares(&mut self) {
        let left = u32::try_from(self.spares.len()).unwrap_or(u32::MAX);
        self.news.push_back(Input::Spares(left));
    }

    /// Has the call know when the session ends, where that is news.
    fn expect_end(&mut self) {
        let Seat::Taken(warm) = &self.seat else { return };
        let ends = warm.ends();
        if self.ends != ends {
            self.ends = ends;
            self.news.extend(ends.map(Input::Expires));
        }
    }

    /// Whether the engine whose session has ended goes on in another one. Then it is the next of the list.
    fn may_go_on(&mut self) -> bool {
        let Seat::Taken(warm) = &self.seat else { return false };
        if !warm.engine.has_aged() {
            return false;
        }
        let lived = clock::now().saturating_duration_since(warm.dialled);
        self.short_lived = if lived < SHORT { self.short_lived + 1 } else { 0 };
        let may = self.short_lived <= SHORT_LIVED;
        if may {
            self.spares.push_front(warm.kind);
        }
        may
    }

    /// Takes note of what the engine says.
    fn heard(&mut self, event: EngineEvent) -> EngineEvent {
        self.ear.heed(&event);
        match &event {
            EngineEvent::Ready => {
                // One that hears on this machine says so whether it does or not.
                if let Seat::Taken(warm) = &self.seat
                    && warm.kind != EngineKind::Local
                {
                    self.app.engines.well(warm.kind);
                }
                self.expect_end();
                self.catch_up();
            }
            // A service may warn of the end.
            EngineEvent::Trouble(_) => self.expect_end(),
            EngineEvent::Failed(failure) => {
                if self.may_go_on() {
                    self.tell_spares();
                } else if let Seat::Taken(warm) = &self.seat {
                    if self.answered {
                        self.app.engines.broke(warm.kind, failure, warm.dialled);
                    } else {
                        self.app.engines.failed(warm.kind, failure);
                    }
                }
                self.seat = Seat::Empty;
            }
            EngineEvent::Voice(..) => self.answered |= self.heard || self.is_of_one_piece(),
            EngineEvent::CallerSaid(..) => {
                self.heard = true;
                if self.engine() == Some(EngineKind::Local) {
                    self.app.engines.works(EngineKind::Local);
                }
            }
            EngineEvent::CallerSpeaks
            | EngineEvent::CallerPauses
            | EngineEvent::CallerSpoke(..)
            | EngineEvent::AssistantSaid(..)
            | EngineEvent::Wants(_)
            | EngineEvent::Withdraws(_)
            | EngineEvent::MayUse(_)
            | EngineEvent::Uses(_)
            | EngineEvent::Used(..)
            | EngineEvent::Took(_)
            | EngineEvent::Done(_)
            | EngineEvent::Charged(_) => {}
        }
        event
    }

    /// Whether whoever speaks is the same that hears and thinks, so that a greeting shows that all of it works.
    fn is_of_one_piece(&self) -> bool {
        match self.engine() {
            Some(EngineKind::OpenAi | EngineKind::OpenAiLive) => true,
            Some(EngineKind::Deepgram | EngineKind::Local) | None => false,
        }
    }

    /// Tells the engine, which hears now, what it was to be told meanwhile.
    fn catch_up(&mut self) {
        self.ready = true;
        self.waiting_bytes = 0;
        let Seat::Taken(warm) = &mut self.seat else { return };
        for command in std::mem::take(&mut self.waiting) {
            warm.engine.tell(command);
        }
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        if let (true, Some(kind)) = (self.answered, self.engine()) {
            self.app.engines.served(kind);
        }
        self.seat.leave();
        self.successor.drop_it();
    }
}
