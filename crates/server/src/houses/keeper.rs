//! Which houses are open though nobody looks: those that take calls, keep calendars, or have something left to do.

use super::{Houses, State};
use crate::{app::App, carriers, clock};
use futures_util::{StreamExt, stream};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use store::{HouseRow, JobState, StoreError};
use tokio::time::timeout;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);
/// After how long one is closed that nobody needs.
const IDLE_MS: i64 = 15 * 60 * 1_000;
/// How many are looked after at once: one that does not answer keeps few others waiting.
const AT_ONCE: usize = 4;
/// How long a house that is closed may take for what it is at.
const LAST_THINGS: Duration = Duration::from_secs(10);

/// Keeps houses open and closed until the process drains.
pub async fn keep(houses: Arc<Houses>) {
    let draining = houses.first().draining.clone();
    let keeping = async {
        loop {
            if let Err(error) = look(&houses).await {
                tracing::warn!(%error, "it cannot be known which houses there are");
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    let _told_to_stop = draining.run_until_cancelled(keeping).await;
}

async fn look(houses: &Houses) -> Result<(), StoreError> {
    let rows = houses.accounts().houses().await?;
    let gone =
        houses.open_ones().into_iter().filter(|(user, _)| !rows.iter().any(|row| row.user_id == *user));
    for (user, _) in gone {
        tracing::info!(user, "the house of a user is closed who is not to use it any more");
        close(houses, &user).await;
    }
    let others = rows.iter().filter(|row| !row.name.is_empty());
    stream::iter(others).for_each_concurrent(AT_ONCE, |row| look_after(houses, row)).await;
    Ok(())
}

async fn look_after(houses: &Houses, row: &HouseRow) {
    let Some(house) = houses.opened(&row.user_id) else {
        if row.busy {
            // Why it cannot be opened is in the log.
            let _opened = houses.at(row).await;
        }
        return;
    };
    // Whoever cannot say what they have to do is left in peace.
    let busy = is_busy(&house.app).await.unwrap_or(true);
    if busy != row.busy
        && let Err(error) = houses.accounts().house_is_busy(&row.user_id, busy).await
    {
        tracing::warn!(%error, user = row.user_id, "it is not remembered whether a house has something to do");
    }
    let idle_ms = clock::now_ms() - house.used_ms.load(Ordering::Relaxed);
    if !busy && idle_ms > IDLE_MS {
        close(houses, &row.user_id).await;
    }
}

/// Whether something is to be done there though nobody looks.
async fn is_busy(app: &App) -> Result<bool, StoreError> {
    let config = app.config.get();
    let takes_calls = carriers::all().into_iter().any(|one| carriers::signing(&config, one).is_ok());
    if takes_calls || !config.mcp.is_empty() || app.calls.count() > 0 || app.calls.is_watched() {
        return Ok(true);
    }
    Ok(!app.store.connections().await?.is_empty() || !app.store.jobs(JobState::Waiting, 1).await?.is_empty())
}

/// Ends what goes on in a house, and closes it.
async fn close(houses: &Houses, user: &str) {
    let Some(slot) = houses.slots().get(user).cloned() else { return };
    let mut state = slot.state.lock().await;
    let State::Open(house) = std::mem::replace(&mut *state, State::Closed) else { return };
    let app = &house.app;
    app.draining.cancel();
    app.calls.dismiss_all();
    app.tasks.close();
    if timeout(LAST_THINGS, app.tasks.wait()).await.is_err() {
        tracing::warn!(user, "a house is closed before all in it was finished");
    }
    app.store.close().await;
}
