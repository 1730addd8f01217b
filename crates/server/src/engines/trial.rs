//! Trying engines before a caller does: at the start, when settings were saved, and while they are at rest.

use super::Engines;
use crate::{answerer, app::App, clock, config::EngineKind, settings};
use call::Failure;
use engine::local::parts;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Tries one engine as it is set now: a session is opened, configured as for a call, and closed before anything is said,
/// which costs nothing. What came of it is remembered.
pub async fn attempt(app: &Arc<App>, kind: EngineKind) -> Result<(), Failure> {
    let tried = match kind {
        EngineKind::Local => try_local(app).await,
        EngineKind::OpenAi | EngineKind::OpenAiLive | EngineKind::Deepgram => {
            Box::pin(answerer::try_out(app, kind)).await
        }
    };
    match &tried {
        Ok(()) => {
            if app.engines.well(kind) {
                tracing::info!(engine = kind.name(), "an engine is well again, and calls begin with it");
            }
        }
        Err(failure) => {
            app.engines.rest(kind, failure, clock::now());
            tracing::warn!(
                engine = kind.name(),
                lasting = failure.lasting,
                "an engine does not work: {}",
                failure.why
            );
        }
    }
    tried
}

/// Whether the parts that hear and speak on this machine are there.
async fn try_local(app: &App) -> Result<(), Failure> {
    let config = app.config.get();
    let (hear, speak) = (settings::hear(&config, &app.http), settings::speak(&config, &app.http));
    let (wished, language) = (settings::local_voice(&config), &config.assistant.language);
    let missing: Vec<_> =
        parts::missing(&hear, &speak, wished, language, &app.workers).await.into_iter().collect();
    if missing.is_empty() {
        return Ok(());
    }
    let why = format!("The local engine cannot hear or speak: {}", missing.join("; "));
    Err(Failure { why, lasting: true })
}

/// How long after the start those are tried that no call has tried by then.
const AT_FIRST: Duration = Duration::from_secs(30);

/// Tries every engine of the list soon, and whenever settings were saved, and those at rest when it is time to.
pub async fn watch(app: Arc<App>) {
    let trying = async {
        glance(&app).await;
        tokio::select! {
            () = tokio::time::sleep(AT_FIRST) => {}
            () = app.engines.changed.notified() => {}
        }
        loop {
            for kind in app.engines.due(&app.config.get().assistant.engines, clock::now()) {
                let _remembered = attempt(&app, kind).await;
            }
            let next = app.engines.next(&app.config.get().assistant.engines);
            let wake = async {
                match next {
                    Some(next) => tokio::time::sleep_until(next.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wake => {}
                () = app.engines.changed.notified() => {}
            }
        }
    };
    let _told_to_stop = app.draining.run_until_cancelled(trying).await;
}

/// Finds out at once what takes no session to find out.
async fn glance(app: &Arc<App>) {
    for kind in app.config.get().assistant.engines.clone() {
        if kind == EngineKind::Local {
            let _remembered = attempt(app, kind).await;
        } else if let Err(failure) = answerer::can_open(app, kind) {
            app.engines.failed(kind, &failure);
        }
    }
}

impl Engines {
    /// Those that were never tried, and those at rest whose time it is.
    fn due(&self, engines: &[EngineKind], now: Instant) -> Vec<EngineKind> {
        let known = self.lock();
        let due = |kind: &&EngineKind| match known.get(*kind) {
            None => true,
            Some(state) => state.next.is_some_and(|next| next <= now),
        };
        engines.iter().filter(due).copied().collect()
    }

    /// When the next of them is due.
    fn next(&self, engines: &[EngineKind]) -> Option<Instant> {
        let known = self.lock();
        engines.iter().filter_map(|kind| known.get(kind)?.next).min()
    }
}
