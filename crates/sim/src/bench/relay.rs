//! Calls in which both sides speak all the time: what the server costs and how much it delays.

use super::{
    Ledger, Measured, Plan, World,
    process::{self, Spent},
    report::Relayed,
};
use crate::{
    openai::{Item, Reply, Sound, Voice},
    stamp,
    twilio::{self, Act, Ended, Event, FRAME, Failed, Network, Party, message::FromServer},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Between two calls that are placed.
pub(super) const STAGGER: Duration = Duration::from_millis(20);
/// Till everything runs evenly.
const WARM_UP: Duration = Duration::from_secs(2);

/// One long sentence in pieces of 20 ms at the pace at which it sounds.
pub(super) fn reply(measured: Duration) -> Reply {
    let length = measured + Duration::from_secs(60);
    let voice = Voice::new(Sound::Stamped, length);
    Reply::of(vec![Item::Voice(Voice { delta: Duration::from_millis(20), speed: 1.0, ..voice })])
}

pub(super) async fn measure(
    world: &World,
    plan: &Plan,
    server: Measured,
    length: Duration,
    round: u32,
) -> Result<Relayed, String> {
    let over = Arc::new(AtomicBool::new(false));
    let mut calls = JoinSet::new();
    for call in 1..=plan.calls {
        let seed = plan.seed.wrapping_add(u64::from(round) + 1);
        let dial = super::dial(server, call, seed, Network::default());
        let (account, over) = (world.account.clone(), Arc::clone(&over));
        calls.spawn(async move {
            let mut talker = Talker::new(call, over);
            let ended = twilio::call(&account, dial, &mut talker).await;
            (talker, ended)
        });
        tokio::time::sleep(STAGGER).await;
    }
    tokio::time::sleep(WARM_UP).await;
    let wrong = |e: std::io::Error| format!("the server cannot be measured: {e}");
    let spent = process::spent(server.pid, length).await.map_err(wrong)?;
    over.store(true, Ordering::Relaxed);
    let mut relayed = Relayed::over(plan.calls, spent);
    let mut talkers = Vec::new();
    while let Some(done) = calls.join_next().await {
        talkers.push(done.map_err(|e| e.to_string())?);
    }
    collect(&mut relayed, &world.ledger, talkers, spent)?;
    Ok(relayed)
}

fn collect(
    relayed: &mut Relayed,
    ledger: &Ledger,
    talkers: Vec<(Talker, Result<Ended, Failed>)>,
    Spent { from, to, .. }: Spent,
) -> Result<(), String> {
    let pages = ledger.by_call();
    let within = |at: Instant| (from..to).contains(&at);
    for (talker, ended) in talkers {
        let ended = ended.map_err(|failed| format!("a call failed: {failed}"))?;
        let page = pages.get(&talker.call).ok_or("the caller of a call was never heard by the engine")?;
        relayed.errors.extend(ended.errors.iter().map(|error| format!("{}: {}", error.code, error.what)));
        relayed.errors.extend(page.errors.iter().cloned());
        let times = ended.times;
        relayed.accepted.extend(times.accepted.map(|at| at - times.rang));
        if let (Some(started), Some(sounded), Some((.., spoke))) =
            (times.started, times.first_sound, page.spoke.first())
        {
            // An engine that is not ready yet cannot be heard; the server is asked for what is its own.
            relayed.first_sound.push(sounded.saturating_duration_since(started.max(*spoke)));
        }
        for &(ms, count, at) in &page.heard {
            let Some(&sent) = talker.spoke.get((ms / 20) as usize) else { continue };
            if within(sent) {
                relayed.up.push(at.saturating_duration_since(sent));
                relayed.up_ms += u64::from(count);
            }
        }
        relayed.up_sent_ms += talker.spoke.iter().filter(|at| within(**at)).count() as u64 * 20;
        for &(item, ms, count, at) in &talker.arrived {
            let Some(sent) = page.left(item, ms) else { continue };
            if within(sent) {
                relayed.down.push(at.saturating_duration_since(sent));
                relayed.down_ms += u64::from(count);
            }
        }
        let sent = page.spoke.iter().filter(|(.., at)| within(*at));
        relayed.down_sent_ms += sent.map(|(_, _, count, _)| u64::from(*count)).sum::<u64>();
        relayed.media += talker.arrived.len() as u64;
        relayed.marks += talker.marks;
    }
    Ok(())
}

/// Speaks stamped sound without a pause, and writes down what comes when.
struct Talker {
    call: u32,
    over: Arc<AtomicBool>,
    frames: u32,
    /// When each frame went out.
    spoke: Vec<Instant>,
    /// Item, from which millisecond, how many, when.
    arrived: Vec<(u32, u32, u32, Instant)>,
    marks: u64,
}

impl Talker {
    fn new(call: u32, over: Arc<AtomicBool>) -> Self {
        Self { call, over, frames: 0, spoke: Vec::new(), arrived: Vec::new(), marks: 0 }
    }
}

impl Party for Talker {
    fn speak(&mut self, _: Instant, frame: &mut [u8; FRAME]) -> Act {
        if self.over.load(Ordering::Relaxed) {
            return Act::HangUp;
        }
        frame.copy_from_slice(&stamp::write(self.call, self.frames * 20, 20));
        self.frames += 1;
        Act::Nothing
    }

    fn told(&mut self, event: Event<'_>) {
        match event {
            Event::Spoke { at } => self.spoke.push(at),
            Event::Arrived { at, message: FromServer::Media(ulaw) } => {
                if let Some(first) = stamp::first(ulaw) {
                    self.arrived.push((first.name, first.ms, ulaw.len() as u32 / 8, at));
                }
            }
            Event::Arrived { message: FromServer::Mark(_), .. } => self.marks += 1,
            Event::Arrived { message: FromServer::Clear | FromServer::Keys(_), .. }
            | Event::Recording { .. }
            | Event::Said { .. }
            | Event::Started { .. }
            | Event::Sounded { .. }
            | Event::Reached { .. }
            | Event::Cleared { .. }
            | Event::Stopped { .. } => {}
        }
    }
}
