//! Calls of programs: each turn of the caller's is a file that somebody posts, and what they are told comes back in one.
//!
//! ```text
//!   POST /api/v1/voice ─► the call is known, its engine dialled; the greeting is heard ─► a visit with what was said
//!   …?conversation=<id> ─► the next visit, for some minutes                                       │
//!                     words and sound ◄── line/turns.rs, as for any call that is carried by turns ◄┘
//! ```
//!
//! Whoever may post is the owner of what they call. Nobody is told that they are recorded, and so they are not; there is no
//! telephone company that could connect anybody to somebody else.

use super::{
    Expected, Refused, dial, dossier, end, first_of,
    known::{Known, known},
    see, write_start,
};
use crate::{
    api::Program,
    app::App,
    brief,
    calls::Awaited,
    clock,
    config::Hear,
    cost,
    drive::{Drive, drive},
    line::{
        Line,
        turns::{Addresses, Ear, Heard, Shown, Spoken, TurnsLine, Visit},
    },
    memory, notes,
    scribe::Scribe,
    secret,
};
use call::{Ending, Manner, Policy};
use carrier::{Next, Prompt, Reply, Ring};
use futures_util::FutureExt;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::StoreError;
use tokio::sync::{mpsc, oneshot};
use tool::Trust;

/// What such calls say their carrier is.
pub const NAME: &str = "api";
/// Conversations that are kept at a time.
const MOST: usize = 16;
/// How long one is kept that nobody goes on with.
const KEPT: Duration = Duration::from_secs(3 * 60);
/// Whoever comes back within that is not asked meanwhile whether they are there.
const SILENCE: Duration = Duration::from_secs(4 * 60);
const NO_TRANSFER: &str =
    "I cannot connect anybody in a call of a program's; please call by telephone. I can take a message.";
/// How many sentences of one turn are told of at most.
const MOST_SHOWN: usize = 256;
/// How long a reply may take, the engine being dialled included.
const PATIENCE: Duration = Duration::from_secs(60);

/// The conversations that go on.
#[derive(Default)]
pub struct Voices(Mutex<BTreeMap<String, Kept>>);

struct Kept {
    /// Who began it.
    whose: String,
    conversation: Arc<tokio::sync::Mutex<Conversation>>,
}

struct Conversation {
    call: String,
    visits: mpsc::Sender<Visit>,
    shown: mpsc::Receiver<Shown>,
    /// How many turns there were.
    turns: u64,
}

/// What came of one turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    pub call: String,
    /// What the assistant said before the caller did; empty where this was not the first turn.
    pub greeting: String,
    /// What was understood; empty: nothing.
    pub transcript: String,
    pub reply: String,
    /// The reply's sound, µ-law of 8 kHz.
    pub sound: Vec<u8>,
    /// The assistant has hung up.
    pub over: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoTurn {
    #[error("All lines are busy. Try again in a few minutes.")]
    Busy,
    #[error(
        "There is no such conversation. It is kept for three minutes after its last turn, for whoever began it."
    )]
    Unknown,
    #[error("The turn before is not answered yet. One follows the other.")]
    Underway,
    #[error("No more may be spent on calls today.")]
    Spent,
    #[error("Nobody answered: call {0} ended before the caller could speak. Its transcript says why.")]
    Nobody(String),
    #[error("There was no reply within {} seconds. The call was ended.", PATIENCE.as_secs())]
    Late,
    #[error("the database failed: {0}")]
    Store(#[from] StoreError),
}

impl From<Refused> for NoTurn {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => NoTurn::Store(error),
            other => {
                tracing::error!(why = %other, "a call of a program could not begin");
                NoTurn::Busy
            }
        }
    }
}

/// Says this to the assistant (µ-law of 8 kHz), in the conversation of this id or in a new one, and waits for what it says to it.
pub async fn turn(
    app: &Arc<App>,
    by: &Program,
    conversation: Option<&str>,
    said: Vec<u8>,
) -> Result<Turn, NoTurn> {
    let conversation = match conversation {
        Some(id) => app.voices.of(id, &by.key).ok_or(NoTurn::Unknown)?,
        None => begin(app, by).await?,
    };
    let mut conversation = conversation.try_lock_owned().map_err(|_| NoTurn::Underway)?;
    let taken = tokio::time::timeout(PATIENCE, conversation.take(app, said)).await;
    let turn = taken.unwrap_or(Err(NoTurn::Late));
    match &turn {
        Ok(Turn { over: false, .. }) => forget_later(app, &conversation),
        Ok(_) | Err(_) => app.voices.forget(&conversation.call),
    }
    turn
}

impl Voices {
    fn of(&self, id: &str, whose: &str) -> Option<Arc<tokio::sync::Mutex<Conversation>>> {
        self.lock().get(id).filter(|kept| kept.whose == whose).map(|kept| kept.conversation.clone())
    }

    /// Its line closes with this, once no turn is under way.
    fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Conversation {
    async fn take(&mut self, app: &App, said: Vec<u8>) -> Result<Turn, NoTurn> {
        let mut turn = Turn { call: self.call.clone(), ..Turn::default() };
        if self.turns == 0 {
            let greeted = self.visit(Heard::Nothing).await;
            turn.greeting = self.heard().1;
            match greeted {
                Some(Reply::Turn(_, Next::Record { .. } | Next::Gather { .. })) => {}
                Some(_) | None => return Err(NoTurn::Nobody(self.call.clone())),
            }
        }
        self.turns += 1;
        let reply = self.visit(Heard::Sound(said)).await;
        (turn.transcript, turn.reply) = self.heard();
        let Some(Reply::Turn(prompts, next)) = reply else {
            turn.over = true;
            return Ok(turn);
        };
        for prompt in &prompts {
            if let Prompt::Play(url) = prompt {
                turn.sound.extend_from_slice(&app.clips.at(url).unwrap_or_default());
            }
        }
        turn.over = !matches!(next, Next::Record { .. } | Next::Gather { .. });
        Ok(turn)
    }

    /// None: the call is over.
    async fn visit(&mut self, heard: Heard) -> Option<Reply> {
        let (answer, answered) = oneshot::channel();
        self.visits.send(Visit { heard, answer }).await.ok()?;
        answered.await.ok()
    }

    /// What the caller and the assistant were noted to have said since the last look.
    fn heard(&mut self) -> (String, String) {
        let (mut caller, mut assistant) = (Vec::new(), Vec::new());
        while let Ok(shown) = self.shown.try_recv() {
            match shown {
                Shown::Caller(words) => caller.push(words),
                Shown::Assistant(words) => assistant.push(words),
            }
        }
        (caller.join(" "), assistant.join(" "))
    }
}

/// Ends a conversation with which nobody goes on.
fn forget_later(app: &Arc<App>, conversation: &Conversation) {
    let (app, id, turns) = (app.clone(), conversation.call.clone(), conversation.turns);
    app.tasks.clone().spawn(async move {
        let _told_to_stop = app.draining.run_until_cancelled(tokio::time::sleep(KEPT)).await;
        let kept = app.voices.lock().get(&id).map(|kept| kept.conversation.clone());
        let Some(kept) = kept else { return };
        // Waits for a turn that is under way, and for no other.
        let gone_on = kept.lock().await.turns != turns && !app.draining.is_cancelled();
        if !gone_on {
            app.voices.forget(&id);
        }
    });
}

/// Begins a call whose engine is dialled.
async fn begin(app: &Arc<App>, by: &Program) -> Result<Arc<tokio::sync::Mutex<Conversation>>, NoTurn> {
    if app.voices.lock().len() >= MOST {
        return Err(NoTurn::Busy);
    }
    let config = app.config.get();
    let owners = config.callers.owners.first();
    let from = owners.map_or_else(|| format!("{NAME}:{}", by.name), |number| number.as_str().to_owned());
    let engines = cost::affordable(app, &config, &from).await;
    if engines.is_empty() {
        return Err(NoTurn::Spent);
    }
    let trust = Trust::Owner;
    let name = format!("{:016x}", u64::from_be_bytes(secret::random()));
    let ring = Ring { call: name, from: from.clone(), ..Ring::default() };
    let memory = memory::of(app, &from, trust).await;
    let (id, place) = match known(app, NAME, &ring, trust, first_of(&engines)).await? {
        Known::New { id, place, .. } => (id, place),
        Known::Before { .. } | Known::Busy => return Err(NoTurn::Busy),
    };
    let dossier = dossier(&config, &from, trust, Manner::Turns, None, memory);
    let answerer = dial(app, &Expected { id: &id, from: &from, trust, engines: &engines }, dossier);
    let (visits, inbox) = mpsc::channel(2);
    let (show, shown) = mpsc::channel(MOST_SHOWN);
    let ear = Ear {
        hear: Hear::Record,
        language: Spoken::new(config.assistant.language.clone()),
        pin: false,
        voicemail: false,
    };
    let addresses = Addresses { next: String::new(), base: String::new() };
    let line = TurnsLine::new(inbox, addresses, ear, app.clips.clone()).showing(show);
    let awaited = Awaited { answerer, place, from: from.clone(), trust };
    let (house, call) = (app.clone(), id.clone());
    app.tasks.spawn(async move {
        see(&house, &call, &from).await;
        let run = Box::pin(run(&house, &call, line, awaited));
        end(&house, &call, run).await;
        house.voices.forget(&call);
    });
    let conversation = Conversation { call: id.clone(), visits, shown, turns: 0 };
    let conversation = Arc::new(tokio::sync::Mutex::new(conversation));
    let kept = Kept { whose: by.key.clone(), conversation: conversation.clone() };
    app.voices.lock().insert(id, kept);
    Ok(conversation)
}

async fn run(app: &Arc<App>, id: &str, line: TurnsLine, awaited: Awaited) -> Ending {
    let Awaited { answerer, place: _held_until_the_end, from, trust } = awaited;
    let (_presence, told) = app.calls.begin(id);
    tracing::info!(call = %id, "a call of a program begins");
    app.tasks.spawn(write_start(app.clone(), id.to_owned(), clock::now_ms()));
    let line = Line::Turns(Box::new(line));
    let scribe = Scribe::begin(app, id, clock::now());
    let errand = brief::errand(id, &from, trust);
    let policy = Policy {
        destinations: Vec::new(),
        transfer_refusal: NO_TRANSFER.into(),
        silence: SILENCE,
        ..brief::policy(app, answerer.config(), Manner::Turns, trust)
    };
    let connect = Box::new(|_| async { false }.boxed());
    let driven =
        drive(app, Drive { line, answerer, errand, scribe, recorder: None, told, policy, connect }).await;
    tracing::info!(call = %id, ending = notes::ending(driven.ending), "a call of a program ended");
    driven.line.close(&app.tasks).await;
    driven.ending
}
