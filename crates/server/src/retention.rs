//! Deletes what was kept for as long as the owner wants it kept, and says until when something is.

use crate::{app::App, clock};
use std::time::Duration;
use store::{Kept, StoreError};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How often we look.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Deletes what is due every hour, until the process drains.
pub async fn run(app: std::sync::Arc<App>) {
    loop {
        if let Err(error) = enforce(&app, clock::now_ms()).await {
            tracing::warn!(%error, "what was kept for long enough is deleted later");
        }
        if app.draining.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

/// Deletes what is due now.
pub async fn enforce(app: &App, now_ms: i64) -> Result<(), StoreError> {
    let retention = app.config.get().retention;
    for kept in Kept::ALL {
        let Some(days) = retention.days(kept) else { continue };
        let gone = app.store.retire(kept, now_ms - i64::from(days) * DAY_MS).await?;
        if gone > 0 {
            tracing::info!(what = name(kept), days, gone, "what was kept for long enough is deleted");
        }
    }
    if let Some(days) = retention.audit {
        app.store.tidy_audit(now_ms - i64::from(days) * DAY_MS).await?;
    }
    Ok(())
}

/// When what is this old is deleted, in milliseconds since 1970.
pub fn until(app: &App, kept: Kept, since_ms: i64) -> Option<i64> {
    app.config.get().retention.days(kept).map(|days| since_ms + i64::from(days) * DAY_MS)
}

fn name(kept: Kept) -> &'static str {
    match kept {
        Kept::Recordings => "recordings",
        Kept::Transcripts => "transcripts",
        Kept::Messages => "messages",
        Kept::Texts => "texts",
        Kept::Calls => "calls",
    }
}

/// In a sentence, for the pages: `Recordings are kept for 30 days.`
pub fn told(app: &App) -> String {
    let retention = app.config.get().retention;
    let parts: Vec<_> = Kept::ALL
        .into_iter()
        .filter_map(|kept| Some((name(kept), retention.days(kept)?)))
        .map(|(name, days)| format!("{name} for {days} {}", if days == 1 { "day" } else { "days" }))
        .collect();
    match parts.split_first() {
        None => "Everything is kept until you delete it.".to_owned(),
        Some((first, others)) => {
            let rest =
                if parts.len() == Kept::ALL.len() { "" } else { ", everything else until you delete it" };
            let first = first
                .split_once(' ')
                .map_or_else(|| first.clone(), |(name, how)| format!("{name} are kept {how}"));
            let all: Vec<_> = std::iter::once(first).chain(others.iter().cloned()).collect();
            let text = format!("{}{rest}.", all.join(", "));
            text[..1].to_uppercase() + &text[1..]
        }
    }
}
