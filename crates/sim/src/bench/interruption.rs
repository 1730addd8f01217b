//! Callers who interrupt: how fast the line is cleared, and whether the engine is told what was truly heard.

use super::{Measured, Plan, World, report::Interruptions};
use crate::{
    clock,
    openai::{Item, OpenAi, Order, Reply, Sound, Voice},
    stamp,
    twilio::{self, Account, Act, Dial, Event, FRAME, Network, Party, message::FromServer},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};
use tokio::{sync::Notify, task::JoinSet};

/// How long the items of an answer are: the second waits behind the first.
const ITEMS: [u64; 2] = [4_000, 3_000];
/// How long the caller speaks, and then how long everything may take that follows.
const SPEAKS: Duration = Duration::from_millis(300);
const SETTLES: Duration = Duration::from_millis(1_500);

/// Two items, sent four times as fast as they sound.
pub(super) fn reply() -> Reply {
    let voice = |ms| Item::Voice(Voice::new(Sound::Stamped, Duration::from_millis(ms)));
    Reply::of(ITEMS.into_iter().map(voice).collect())
}

pub(super) async fn measure(world: &World, plan: &Plan, server: Measured) -> Result<Interruptions, String> {
    let mut calls = JoinSet::new();
    let until = clock::now() + super::relay::STAGGER * plan.calls + plan.interrupted;
    let mut chance = fastrand::Rng::with_seed(plan.seed);
    for call in 1..=plan.calls {
        let mut delay = || Duration::from_millis(chance.u64(5..=120));
        let network = Network { up: delay(), down: delay(), ..Network::default() };
        let dial = super::dial(server, call, plan.seed.wrapping_add(99), network);
        let interrupter = Interrupter {
            call,
            chance: fastrand::Rng::with_seed(plan.seed ^ u64::from(call)),
            ear: Arc::default(),
            found: Interruptions::default(),
        };
        calls.spawn(interrupter.run(
            world.account.clone(),
            dial,
            world.ledger.clone(),
            world.engine.clone(),
            until,
        ));
        tokio::time::sleep(super::relay::STAGGER).await;
    }
    let mut all = Interruptions::default();
    while let Some(done) = calls.join_next().await {
        all.add(done.map_err(|e| e.to_string())??);
    }
    Ok(all)
}

struct Interrupter {
    call: u32,
    chance: fastrand::Rng,
    ear: Arc<Ear>,
    found: Interruptions,
}

/// What sounded at this telephone.
#[derive(Default)]
struct Ear {
    state: Mutex<Heard>,
    changed: Notify,
}

#[derive(Clone, Default)]
struct Heard {
    /// Milliseconds of each item.
    items: BTreeMap<u32, u32>,
    /// When a clear came in at the wire.
    clears: Vec<Instant>,
    /// What had sounded when it took effect.
    at_clear: Vec<BTreeMap<u32, u32>>,
    over: bool,
}

impl Interrupter {
    async fn run(
        mut self,
        account: Account,
        dial: Dial,
        ledger: Arc<super::Ledger>,
        engine: OpenAi,
        until: Instant,
    ) -> Result<Interruptions, String> {
        let mut holder = Holder { call: self.call, frames: 0, ear: Arc::clone(&self.ear), until };
        let mut calls = JoinSet::new();
        calls.spawn(async move { twilio::call(&account, dial, &mut holder).await });
        self.interrupt(&ledger, &engine, until).await?;
        let ended = calls.join_next().await.expect("one was spawned").map_err(|e| e.to_string())?;
        let ended = ended.map_err(|failed| format!("a call failed: {failed}"))?;
        self.found.errors.extend(ended.errors.iter().map(|error| format!("{}: {}", error.code, error.what)));
        if let Some(number) = ledger.session_of(self.call) {
            self.found.errors.extend(ledger.page(number, |page| page.errors.clone()).unwrap_or_default());
        }
        Ok(self.found)
    }

    async fn interrupt(
        &mut self,
        ledger: &super::Ledger,
        engine: &OpenAi,
        until: Instant,
    ) -> Result<(), String> {
        let mut settled = 0;
        loop {
            let after = self.chance.u32(200..6_500);
            let spoken = |heard: &Heard| {
                let new = heard.items.range(settled + 1..).map(|(_, ms)| *ms).sum::<u32>();
                heard.over || new >= after
            };
            let patience = until.saturating_duration_since(clock::now());
            if tokio::time::timeout(patience, self.ear.until(spoken)).await.is_err() || self.ear.lock().over {
                return Ok(());
            }
            let number = ledger.session_of(self.call).ok_or("the engine never heard the caller of a call")?;
            let session = engine.session(number).await;
            let clears = self.ear.lock().clears.len();
            session.order(Order::SpeechStarts);
            tokio::time::sleep(SPEAKS).await;
            session.order(Order::SpeechStops);
            tokio::time::sleep(SETTLES).await;
            let heard = self.ear.lock().clone();
            if heard.over {
                return Ok(());
            }
            self.found.count += 1;
            let (Some(cleared), Some(truth)) = (heard.clears.get(clears), heard.at_clear.get(clears)) else {
                self.found.unanswered += 1;
                continue;
            };
            let page = ledger.page(number, Clone::clone).ok_or("a session was forgotten")?;
            if let Some(said) = page.interrupted.last() {
                self.found.clear.push(cleared.saturating_duration_since(*said));
            }
            // The answer to this interruption may have begun by now; it is another response.
            let Some((_, response)) = page.items.get(settled as usize) else { continue };
            let items = (1u32..).zip(&page.items).skip(settled as usize);
            for (item, (id, _)) in items.take_while(|(_, (_, of))| of == response) {
                settled = item;
                let told = page.cuts.iter().find(|(cut, ..)| cut == id);
                let sent = page.sent(item);
                let kept = told.map_or(sent, |(_, ms, _)| ms.unwrap_or(0));
                let truth = truth.get(&item).copied().unwrap_or(0);
                if truth < sent || told.is_some() {
                    self.found.truncation.push(Duration::from_millis(u64::from(kept.abs_diff(truth))));
                }
            }
        }
    }
}

impl Ear {
    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.state.lock().expect("nobody panics while holding it")
    }

    async fn until(&self, is: impl Fn(&Heard) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if is(&self.lock()) {
                return;
            }
            changed.await;
        }
    }
}

struct Holder {
    call: u32,
    frames: u32,
    ear: Arc<Ear>,
    until: Instant,
}

impl Party for Holder {
    fn speak(&mut self, now: Instant, frame: &mut [u8; FRAME]) -> Act {
        if now >= self.until {
            return Act::HangUp;
        }
        frame.copy_from_slice(&stamp::write(self.call, self.frames * 20, 20));
        self.frames += 1;
        Act::Nothing
    }

    fn told(&mut self, event: Event<'_>) {
        let mut heard = self.ear.lock();
        match event {
            Event::Arrived { at, message: FromServer::Clear } => heard.clears.push(at),
            Event::Sounded { ulaw, .. } => {
                if let Some(last) = stamp::last(ulaw) {
                    let item = heard.items.entry(last.name).or_default();
                    *item = (*item).max(last.ms + 1);
                }
            }
            Event::Cleared { .. } => {
                let items = heard.items.clone();
                heard.at_clear.push(items);
            }
            Event::Stopped { .. } => heard.over = true,
            Event::Arrived {
                message: FromServer::Media(_) | FromServer::Mark(_) | FromServer::Keys(_),
                ..
            }
            | Event::Recording { .. }
            | Event::Said { .. }
            | Event::Started { .. }
            | Event::Reached { .. }
            | Event::Spoke { .. } => return,
        }
        drop(heard);
        self.ear.changed.notify_waiters();
    }
}
