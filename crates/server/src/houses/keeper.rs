//! Which houses are open though nobody looks: those that take calls, keep calendars, or have something left to do. Each of
//! the others is opened once a day, for what is not kept any longer to be deleted.

use super::{Houses, MOST, State};
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
/// How long a house may be closed until it is opened for what is due there,
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// and after how long since the process began it is the first time.
const FIRST_MS: i64 = 60 * 60 * 1_000;
/// With so many open none is opened for that: whoever comes finds room.
const CROWDED: usize = MOST / 2;
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
        if row.busy || is_due(houses, row, clock::now_ms()) {
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

/// Whether it was closed for a day, if there is room to open it; once a day, whether it opens or not.
fn is_due(houses: &Houses, row: &HouseRow, now_ms: i64) -> bool {
    let slot = houses.slot(row);
    let due = now_ms - slot.open_ms.load(Ordering::Relaxed) > DAY_MS && houses.open_ones().len() < CROWDED;
    if due {
        slot.open_ms.store(now_ms, Ordering::Relaxed);
    }
    due
}

/// When a house is taken to have been open last that was not open since the process began, which was about now.
pub(super) fn taken_for_open_ms(now_ms: i64) -> i64 {
    now_ms - DAY_MS + FIRST_MS
}

/// Whether something is to be done there though nobody looks.
async fn is_busy(app: &App) -> Result<bool, StoreError> {
    let config = app.config.get();
    let takes_calls = carriers::all().into_iter().any(|one| carriers::signing(&config, one).is_ok());
    if takes_calls || !config.mcp.is_empty() || app.calls.count() > 0 || app.calls.watchers() > 0 {
        return Ok(true);
    }
    Ok(!app.store.connections().await?.is_empty() || !app.store.jobs(JobState::Waiting, 1).await?.is_empty())
}

/// Ends what goes on in a house, and closes it.
async fn close(houses: &Houses, user: &str) {
    let Some(slot) = houses.slots().get(user).cloned() else { return };
    let mut state = slot.state.lock().await;
    let State::Open(house) = std::mem::replace(&mut *state, State::Closed) else { return };
    slot.open_ms.store(clock::now_ms(), Ordering::Relaxed);
    let app = &house.app;
    app.draining.cancel();
    app.calls.dismiss_all();
    app.tasks.close();
    if timeout(LAST_THINGS, app.tasks.wait()).await.is_err() {
        tracing::warn!(user, "a house is closed before all in it was finished");
    }
    app.store.close().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{saved, serve};
    use store::NewCall;

    #[tokio::test]
    async fn what_is_kept_no_longer_is_deleted_in_a_house_that_nobody_comes_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let houses = Houses::new(serve::open_in(folder.path(), &[]).await);
        let now_ms = clock::now_ms();
        for (email, role) in [("anna@example.com", "owner"), ("berta@example.com", "member")] {
            houses.accounts().create_user(Some(email), email, role, now_ms).await.expect("a user");
        }
        let berta = houses.accounts().user_by_email("berta@example.com").await.expect("read").expect("her");
        let row = houses.home(&berta).await.expect("a house");
        let app = houses.at(&row).await.expect("it opens").app.clone();
        let days = [("retention.calls_days", Some("1".to_owned()))];
        saved::change(&app, &days, &berta.id, now_ms).await.expect("saved");
        let began_ms = now_ms - 3 * DAY_MS;
        let id = NewCall::id(began_ms);
        let call = NewCall {
            id: &id,
            carrier: "browser",
            carrier_call: &id,
            from: "+15550100100",
            to: "+15550100199",
            outbound: false,
            engine: "local",
            trust: "owner",
            started_ms: began_ms,
        };
        app.store.call_begun(&call).await.expect("begun");
        app.store.call_ended(&id, began_ms + 1_000, "caller_hung_up").await.expect("ended");
        drop(app);
        close(&houses, &berta.id).await;
        look(&houses).await.expect("looked");
        assert!(houses.opened(&berta.id).is_none(), "nobody came, and nothing is due");
        houses.slot(&row).open_ms.store(now_ms - DAY_MS - 1, Ordering::Relaxed);
        look(&houses).await.expect("looked");
        let opened = houses.opened(&berta.id).expect("it is open").app.clone();
        let deleted = async {
            while opened.store.call(&id).await.expect("read").is_some() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(90), deleted).await.expect("it is deleted");
        close(&houses, &berta.id).await;
        assert!(!is_due(&houses, &row, clock::now_ms()), "once a day");
    }
}
