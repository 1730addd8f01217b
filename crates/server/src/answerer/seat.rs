//! Whoever sits at the table of a call or is to follow: being dialled, there, or gone.

use super::opening::{self, Warm};
use crate::{app::App, brief::Dossier, config::EngineKind};
use call::{EngineEvent, Failure, Handover};
use std::{collections::VecDeque, future::pending, sync::Arc};
use tokio::{sync::oneshot, task::JoinHandle};

/// Who sits at the table.
pub(super) enum Seat {
    /// It is being dialled, or waits with what it has said so far.
    Warming {
        warm: JoinHandle<Warmed>,
        come: Option<oneshot::Sender<()>>,
    },
    Taken(Box<Warm>),
    /// It failed and said so.
    Empty,
}

/// Who has come, who is left after them, and why those before them have not.
pub(super) struct Warmed {
    pub warm: Result<Warm, Failure>,
    pub spares: VecDeque<EngineKind>,
    pub failures: Vec<String>,
}

/// The session that is to follow.
pub(super) enum Successor {
    None,
    Dialled(JoinHandle<Result<Warm, Failure>>),
    Ready(Box<Warm>),
}

impl Seat {
    pub fn leave(&mut self) {
        if let Seat::Warming { warm, .. } = self {
            warm.abort();
        }
        *self = Seat::Empty;
    }
}

impl Successor {
    /// Waits until it is ready, or has failed. Once it is ready, keeps it alive.
    pub async fn next(&mut self) -> Result<(), String> {
        let renewed = match self {
            Successor::None => pending().await,
            Successor::Dialled(warm) => warm.await.unwrap_or_else(|error| Err(broken(&error.to_string()))),
            Successor::Ready(warm) => loop {
                match warm.engine.next().await {
                    EngineEvent::Failed(failure) => break Err(failure),
                    event => warm.early.push_back(event),
                }
            },
        };
        match renewed {
            Ok(warm) => {
                *self = Successor::Ready(Box::new(warm));
                Ok(())
            }
            Err(failure) => {
                *self = Successor::None;
                Err(failure.why)
            }
        }
    }

    pub fn drop_it(&mut self) {
        if let Successor::Dialled(warm) = self {
            warm.abort();
        }
        *self = Successor::None;
    }
}

/// Dials these engines, one after the other, until one of them is there. `alone` where nobody comes after them.
pub(super) fn warming(
    app: &Arc<App>,
    dossier: Dossier,
    mut engines: VecDeque<EngineKind>,
    so_far: Handover,
    alone: Option<bool>,
) -> Seat {
    let (come, mut called) = oneshot::channel();
    let dialling = app.clone();
    let warm = app.tasks.spawn(async move {
        let app = dialling;
        let mut failures = Vec::new();
        loop {
            let kind =
                engines.pop_front().expect("there is one to begin with, and one more where one failed");
            let alone = engines.is_empty() && alone.unwrap_or(true);
            let warm = match opening::open(&app, kind, dossier.clone(), &so_far, alone).await {
                Ok(warm) => opening::warm_up(&app, warm, &mut called).await,
                Err(failure) => Err(failure),
            };
            match warm {
                Err(failure) if !engines.is_empty() => {
                    app.engines.failed(kind, &failure);
                    failures.push(failure.why);
                }
                warm => {
                    if let Err(failure) = &warm {
                        app.engines.failed(kind, failure);
                    }
                    return Warmed { warm, spares: engines, failures };
                }
            }
        }
    });
    Seat::Warming { warm, come: Some(come) }
}

pub(super) fn broken(why: &str) -> Failure {
    Failure { why: format!("The engine could not be dialled: {why}."), lasting: false }
}
