//! Calls that the local engine takes with services for its parts: callers say something now and then, and are answered.

use super::{Measured, Plan, process, report::Relayed};
use crate::{
    mind::{self, Minds, Thought},
    speech::{self, Speech},
    stamp,
    twilio::{self, Account, Act, Event, FRAME, Network, Party},
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// A caller says something that lasts so many frames, and again after so many: 3 s of every 8.
const SPEAKS: u32 = 150;
const CYCLE: u32 = 400;
/// A syllable and the gap behind it, in frames: a noise without gaps is no speech.
const SYLLABLE: u32 = 7;
const GAP: u32 = 3;
const EVERY: Duration = Duration::from_millis(20);
/// So many of all must have been heard for the calls to have been conversations.
const MOST: f64 = 0.9;
/// How long the answer sounds, in seconds.
const ANSWER: f32 = 2.5;
/// Till every caller has been greeted.
const WARM_UP: Duration = Duration::from_secs(6);
const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";

/// Who hears, thinks and speaks, all at once.
pub(super) struct Parts {
    speech: Speech,
    minds: Minds,
}

impl Parts {
    pub(super) async fn listen() -> io::Result<Self> {
        let speech = Speech::listen(speech::Script { seconds: ANSWER, ..speech::Script::default() }).await?;
        let otherwise = Thought::says("It is on its way and will be with you on Monday.");
        let minds = Minds::listen(mind::Script { otherwise, ..mind::Script::default() }).await?;
        Ok(Self { speech, minds })
    }

    /// What a server must be set to for these to be its parts.
    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        let (key, thoughts) = (speech::Script::default().key, mind::Script::default());
        let speech = self.speech.openai_url();
        vec![
            ("ENGINE", "local".into()),
            ("HEAR", "openai".into()),
            ("HEAR_URL", speech.clone()),
            ("HEAR_API_KEY", key.clone()),
            ("THINK", "openai".into()),
            ("THINK_URL", format!("{}/v1", self.minds.url())),
            ("THINK_MODEL", thoughts.model),
            ("THINK_API_KEY", thoughts.key),
            ("SPEAK", "openai".into()),
            ("SPEAK_URL", speech),
            ("SPEAK_API_KEY", key),
        ]
    }

    fn turns(&self) -> usize {
        self.speech.asked().iter().filter(|asked| asked.target == TRANSCRIPTIONS).count()
    }

    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = self.speech.mistakes();
        mistakes.extend(self.minds.mistakes());
        mistakes
    }
}

pub(super) async fn measure(
    parts: &Parts,
    account: &Account,
    plan: &Plan,
    server: Measured,
) -> Result<Relayed, String> {
    let over = Arc::new(AtomicBool::new(false));
    let mut calls = JoinSet::new();
    for call in 1..=plan.calls {
        let dial = super::dial(server, call, plan.seed.wrapping_add(7), Network::default());
        let frames = call * CYCLE / plan.calls;
        let (account, mut talker) = (account.clone(), Talker { call, frames, over: Arc::clone(&over) });
        calls.spawn(async move { twilio::call(&account, dial, &mut talker).await });
        tokio::time::sleep(super::relay::STAGGER).await;
    }
    tokio::time::sleep(WARM_UP).await;
    let wrong = |e: io::Error| format!("the server with a local engine cannot be measured: {e}");
    let turns = parts.turns();
    let spent = process::spent(server.pid, plan.measured).await.map_err(wrong)?;
    let turns = parts.turns() - turns;
    over.store(true, Ordering::Relaxed);
    let mut errors = parts.mistakes();
    while let Some(done) = calls.join_next().await {
        let ended = done.map_err(|e| e.to_string())?.map_err(|failed| format!("a call failed: {failed}"))?;
        errors.extend(ended.errors.iter().map(|error| format!("{}: {}", error.code, error.what)));
    }
    let mut relayed = Relayed::over(plan.calls, spent);
    let spoken = relayed.seconds.as_secs_f64() / (EVERY * CYCLE).as_secs_f64() * f64::from(plan.calls);
    if (turns as f64) < spoken * MOST {
        errors.push(format!(
            "callers of the local engine spoke {spoken:.0} times, and were heard {turns} times"
        ));
    }
    relayed.errors = errors;
    Ok(relayed)
}

/// Says something at the beginning of every cycle.
struct Talker {
    call: u32,
    frames: u32,
    over: Arc<AtomicBool>,
}

impl Party for Talker {
    fn speak(&mut self, _: Instant, frame: &mut [u8; FRAME]) -> Act {
        if self.over.load(Ordering::Relaxed) {
            return Act::HangUp;
        }
        let at = self.frames % CYCLE;
        if at < SPEAKS && at % (SYLLABLE + GAP) < SYLLABLE {
            frame.copy_from_slice(&stamp::write(self.call, self.frames * 20, 20));
        }
        self.frames += 1;
        Act::Nothing
    }

    fn told(&mut self, _: Event<'_>) {}
}
