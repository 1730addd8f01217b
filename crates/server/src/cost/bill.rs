//! The bill of one call, written down as it grows: never ahead of what was used.

use super::{Micros, Price, Sessions, Spending, Sums, meter::SessionMeter, sums};
use crate::{app::App, clock, config::EngineKind, insist::insist};
use call::{Manner, Usage};
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tool::Errand;

/// How much time of a session that is paid by the minute is kept back for a goodbye,
const KEPT: Duration = Duration::from_secs(15);
/// how often what it has cost is written down,
const WRITTEN: Duration = Duration::from_secs(15);
/// and how often at most.
const SOONEST: Duration = Duration::from_secs(1);

/// What one call costs so far.
pub struct Bill {
    app: Arc<App>,
    call: String,
    caller: String,
    spending: Spending,
    meter: SessionMeter,
    /// What time has cost of the total.
    time: Micros,
    total: Micros,
    /// What was sent to be written down.
    sent: Micros,
    /// What the database knows then: all sums, and how much of this call is in them.
    written: mpsc::Receiver<(Sums, Micros)>,
    writer: mpsc::Sender<(Sums, Micros)>,
    /// When time was counted last, and when it is to be next, where it costs anything.
    counted: Instant,
    due: Option<Instant>,
    said_so: bool,
    /// The ceilings are of more than this call: what the others spend is to be known.
    shared: bool,
    /// What the engine charges that was asked about last.
    charge: Option<Charge>,
}

/// What an engine charges.
#[derive(Clone, Copy)]
struct Charge {
    engine: EngineKind,
    price: Price,
    /// It is known to charge nothing.
    free: bool,
}

impl Bill {
    /// A call begins on such a line. One by turns may have begun as a stream: what it has cost then is on its bill.
    pub async fn open(app: &Arc<App>, errand: &Errand, manner: Manner) -> Self {
        let ceilings = app.config.get().cost.ceilings;
        let shared = ceilings.day.is_some() || ceilings.caller.is_some();
        let before = match manner {
            Manner::Turns => app.store.call(&errand.call_id).await.ok().flatten(),
            Manner::Duplex => None,
        };
        let before = before.map_or(0, |row| row.cost_micros);
        let known =
            if shared { sums(app, &errand.caller).await.unwrap_or_default() } else { Sums::default() };
        let mut spending = Spending::new(ceilings, known);
        spending.go_on(before);
        let (writer, written) = mpsc::channel(16);
        Self {
            app: app.clone(),
            call: errand.call_id.clone(),
            caller: errand.caller.clone(),
            spending,
            meter: SessionMeter::default(),
            time: 0,
            total: before,
            sent: before,
            written,
            writer,
            counted: Instant::from_std(clock::now()),
            due: None,
            said_so: false,
            shared,
            charge: None,
        }
    }

    /// These sessions are open, and no others. Asked with every frame.
    pub fn follow(&mut self, open: Sessions) {
        if self.meter.has(open) {
            return;
        }
        self.count();
        self.meter.follow(open);
        self.count();
        self.write();
    }

    /// The engine reports this.
    pub fn used(&mut self, engine: Option<EngineKind>, usage: Usage) {
        let Some(engine) = engine else { return };
        // What the owner has changed meanwhile counts from here on.
        self.charge = None;
        let cost = self.charge_of(engine).price.of(usage);
        self.spending.spend(cost);
        self.total += cost;
        if usage.session > Duration::ZERO {
            self.meter.report(usage.session, clock::now());
        }
        self.count();
        self.write();
    }

    /// Whether the call must end now, once. It need not while nobody is there who charges anything. Asked with every frame.
    pub fn is_out(&mut self, engine: Option<EngineKind>) -> bool {
        self.spending.is_out()
            && !self.said_so
            && engine.is_some_and(|engine| !self.charge_of(engine).free)
            && !std::mem::replace(&mut self.said_so, true)
    }

    /// Whether it changes without the engine's saying so: time is paid for, or others spend from what is left.
    pub fn grows_by_itself(&self) -> bool {
        self.shared || self.due.is_some()
    }

    /// Waits until something has changed. Safe to cancel.
    pub async fn next(&mut self) {
        let due = self.due;
        let tick = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => pending().await,
            }
        };
        tokio::select! {
            Some((sums, written)) = self.written.recv() => {
                self.spending.learn(sums, written);
                self.expect();
            }
            () = tick => {
                self.count();
                self.write();
            }
        }
    }

    /// The call is over, and every session with it.
    pub fn close(mut self) {
        self.count();
        self.write();
    }

    /// Takes down what time has cost until now.
    fn count(&mut self) {
        let (config, now) = (self.app.config.get(), clock::now());
        let second = |engine: EngineKind| config.cost.prices.of(engine.name()).second();
        let time = self.meter.read(now, second);
        let kept = (self.meter.pace(second) * KEPT.as_secs_f64()).ceil() as Micros;
        self.spending.last(time - self.time, kept);
        self.total += time - self.time;
        (self.time, self.counted) = (time, now.into());
        self.expect();
    }

    /// Has time be counted again when it is to be written down, or a ceiling is near.
    fn expect(&mut self) {
        let config = self.app.config.get();
        let pace = self.meter.pace(|engine| config.cost.prices.of(engine.name()).second());
        let lasts = |left: Micros| Duration::try_from_secs_f64(left.max(0) as f64 / pace).unwrap_or(WRITTEN);
        let pause = self.spending.left().map_or(WRITTEN, lasts).clamp(SOONEST, WRITTEN);
        self.due = (pace > 0.0).then(|| self.counted + pause);
    }

    /// It may be asked with every frame, so it is not looked up anew.
    fn charge_of(&mut self, engine: EngineKind) -> Charge {
        if let Some(charge) = self.charge.filter(|charge| charge.engine == engine) {
            return charge;
        }
        let config = self.app.config.get();
        let price = config.cost.prices.of(engine.name());
        *self.charge.insert(Charge { engine, price, free: super::is_free(&config, engine) })
    }

    /// Writes the total down, where it has grown.
    fn write(&mut self) {
        if self.total <= self.sent {
            return;
        }
        self.sent = self.total;
        let (app, call, caller) = (self.app.clone(), self.call.clone(), self.caller.clone());
        let (writer, total, shared) = (self.writer.clone(), self.total, self.shared);
        self.app.tasks.spawn(async move {
            let written =
                insist(&app.draining, "what a call cost", || app.store.call_cost(&call, total)).await;
            if let Err(error) = written {
                return tracing::error!(%call, %error, "what a call cost could not be written down");
            }
            if shared && let Ok(sums) = sums(&app, &caller).await {
                let _call_is_over = writer.try_send((sums, total));
            }
        });
    }
}
