//! Calls that are held and hardly speak: what one of them takes of memory.

use super::{Measured, Plan, World, process, report::Idle};
use crate::twilio::{self, Act, Event, FRAME, Network, Party};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// One in so many frames is sent, so that this machine can hold that many telephones.
const RARELY: u32 = 10;

pub(super) async fn measure(world: &World, plan: &Plan, server: Measured) -> Result<Idle, String> {
    let resident =
        || process::resident(server.pid).map_err(|e| format!("the server cannot be measured: {e}"));
    let before = resident()?;
    let over = Arc::new(AtomicBool::new(false));
    let up = Arc::new(AtomicU32::new(0));
    let mut calls = JoinSet::new();
    for call in 1..=plan.idle_calls {
        let dial = super::dial(server, call, plan.seed, Network::default());
        let (account, mut holder) =
            (world.account.clone(), Holder { over: over.clone(), up: up.clone(), frames: call });
        calls.spawn(async move { twilio::call(&account, dial, &mut holder).await });
        tokio::time::sleep(super::relay::STAGGER / 4).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let held = up.load(Ordering::Relaxed);
    let during = resident()?;
    over.store(true, Ordering::Relaxed);
    while let Some(done) = calls.join_next().await {
        done.map_err(|e| e.to_string())?.map_err(|failed| format!("an idle call failed: {failed}"))?;
    }
    if held < plan.idle_calls {
        return Err(format!("only {held} of {} calls were held; is MAX_CALLS lower?", plan.idle_calls));
    }
    // So many calls at once have much to be written down.
    process::rest(server.pid).await.map_err(|e| format!("the server cannot be measured: {e}"))?;
    Ok(Idle { calls: held, before_kib: before, during_kib: during })
}

struct Holder {
    over: Arc<AtomicBool>,
    up: Arc<AtomicU32>,
    frames: u32,
}

impl Party for Holder {
    fn speak(&mut self, _: Instant, _: &mut [u8; FRAME]) -> Act {
        self.frames += 1;
        if self.over.load(Ordering::Relaxed) {
            Act::HangUp
        } else if self.frames.is_multiple_of(RARELY) {
            Act::Nothing
        } else {
            Act::Skip
        }
    }

    fn told(&mut self, event: Event<'_>) {
        if let Event::Started { .. } = event {
            self.up.fetch_add(1, Ordering::Relaxed);
        }
    }
}
