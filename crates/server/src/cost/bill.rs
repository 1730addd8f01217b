//! The bill of one call, written down as it grows.

use super::{Micros, Price, Spending, Sums, sums};
use crate::{app::App, clock, config::EngineKind, insist::insist};
use call::Usage;
use std::{future::pending, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tool::Errand;

/// A session that is paid by the minute is paid for so much at once, ahead.
const AHEAD: Duration = Duration::from_secs(15);

/// What one call costs so far.
pub struct Bill {
    app: Arc<App>,
    call: String,
    caller: String,
    spending: Spending,
    /// What was sent to be written down.
    total: Micros,
    /// What the database knows then: all sums, and how much of this call is in them.
    written: mpsc::Receiver<(Sums, Micros)>,
    writer: mpsc::Sender<(Sums, Micros)>,
    paid_until: Option<Instant>,
    said_so: bool,
    /// The ceilings are of more than this call: what the others spend is to be known.
    shared: bool,
    /// What the engine charges that was asked about last.
    price: Option<(EngineKind, Price)>,
}

impl Bill {
    /// A call begins.
    pub async fn open(app: &Arc<App>, errand: &Errand) -> Self {
        let ceilings = app.config.get().cost.ceilings;
        let shared = ceilings.day.is_some() || ceilings.caller.is_some();
        let known =
            if shared { sums(app, &errand.caller).await.unwrap_or_default() } else { Sums::default() };
        let (writer, written) = mpsc::channel(16);
        Self {
            app: app.clone(),
            call: errand.call_id.clone(),
            caller: errand.caller.clone(),
            spending: Spending::new(ceilings, known),
            total: 0,
            written,
            writer,
            paid_until: None,
            said_so: false,
            shared,
            price: None,
        }
    }

    /// The engine reports this.
    pub fn used(&mut self, engine: Option<EngineKind>, usage: Usage) {
        let Some(engine) = engine else { return };
        // What the owner has changed meanwhile counts from here on.
        self.price = None;
        let cost = self.price_of(engine).of(usage);
        self.add(cost);
    }

    /// Whether the call must end now, once.
    pub fn is_out(&mut self) -> bool {
        self.spending.is_out() && !std::mem::replace(&mut self.said_so, true)
    }

    /// Whether it changes without the engine's saying so: time is paid for, or others spend from what is left.
    pub fn grows_by_itself(&mut self, engine: Option<EngineKind>) -> bool {
        self.shared || engine.is_some_and(|engine| self.price_of(engine).minute > 0.0)
    }

    /// Waits until something has changed. Safe to cancel.
    pub async fn next(&mut self, engine: Option<EngineKind>) {
        let price = engine.map(|engine| self.price_of(engine)).filter(|price| price.minute > 0.0);
        let due = self.paid_until;
        let tick = async {
            match (price, due) {
                (Some(_), Some(due)) => sleep_until(due).await,
                (Some(_), None) => {}
                (None, _) => pending().await,
            }
        };
        tokio::select! {
            Some((sums, written)) = self.written.recv() => self.spending.learn(sums, written),
            () = tick => {
                self.paid_until = Some(due.unwrap_or_else(|| clock::now().into()) + AHEAD);
                self.add(price.unwrap_or_default().of_time(AHEAD));
            }
        }
    }

    /// Asked with every frame, so it is not looked up anew.
    fn price_of(&mut self, engine: EngineKind) -> Price {
        match self.price {
            Some((of, price)) if of == engine => price,
            Some(_) | None => {
                let price = self.app.config.get().cost.prices.of(engine.name());
                self.price = Some((engine, price));
                price
            }
        }
    }

    fn add(&mut self, cost: Micros) {
        if cost <= 0 {
            return;
        }
        self.spending.spend(cost);
        self.total += cost;
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
