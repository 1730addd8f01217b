//! Waiting for what the product does in its own time, and what it wrote down of a call.

use serde_json::Value;
use std::time::Duration;
use store::{CallRow, JobState, NoteRow, Store};

/// As long as anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// As long as changes may take that were cut off in the midst and are tried again after pauses.
const LONG_PATIENCE: Duration = Duration::from_secs(180);

pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Looks until something is as it should be, and gives what was found.
pub async fn until<T, F>(look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    within(PATIENCE, look).await.expect("it comes to pass")
}

/// Likewise, for this long. None: it did not come to pass.
pub async fn within<T, F>(patience: Duration, mut look: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Option<T>>,
{
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(ms(20)).await;
        }
    };
    tokio::time::timeout(patience, looking).await.ok()
}

/// The calls so far, the first one first.
pub async fn calls(store: &Store) -> Vec<CallRow> {
    let mut calls = store.calls(10, i64::MAX).await.expect("the database answers");
    calls.reverse();
    calls
}

/// The notes of a call so far.
pub async fn notes(store: &Store, call: &str) -> Vec<NoteRow> {
    store.notes(call).await.expect("the database answers")
}

/// The latest call, once it is written down that it ended.
pub async fn ended(store: &Store) -> CallRow {
    until(async || calls(store).await.pop().filter(|call| call.ending.is_some())).await
}

/// The notes of the latest call, once so many of them are of this kind.
pub async fn noted(store: &Store, kind: &str, count: usize) -> Vec<NoteRow> {
    until(async || {
        let notes = notes(store, &calls(store).await.pop()?.id).await;
        (of_kind(&notes, kind).count() >= count).then_some(notes)
    })
    .await
}

/// The notes of the call that its carrier calls so, once the last of them is written.
pub async fn all_notes(store: &Store, carrier_call: &str) -> Vec<NoteRow> {
    let calls = store.calls(100, i64::MAX).await.expect("the database answers");
    let call = calls.iter().find(|call| call.carrier_call == carrier_call).expect("the call is known");
    until(async || {
        let notes = notes(store, &call.id).await;
        (of_kind(&notes, "ended").count() > 0).then_some(notes)
    })
    .await
}

pub fn of_kind<'a>(notes: &'a [NoteRow], kind: &'a str) -> impl Iterator<Item = &'a NoteRow> {
    notes.iter().filter(move |note| note.kind == kind)
}

/// What a note says.
pub fn read(note: &NoteRow) -> Value {
    serde_json::from_str(&note.json).expect("notes are JSON")
}

/// Until nothing is left half done in a calendar elsewhere.
pub async fn settled(store: &Store) {
    let look = async || store.open_intents(1).await.expect("the database answers").is_empty().then_some(());
    within(LONG_PATIENCE, look).await.expect("it is settled in time");
}

/// The first job of this kind that is in one of these states.
pub async fn job(store: &Store, kind: &str, states: &[JobState]) -> store::JobRow {
    until(async || {
        let mut found = None;
        for &state in states {
            let jobs = store.jobs(state, 100).await.expect("the database answers");
            found = found.or_else(|| jobs.into_iter().find(|job| job.kind == kind));
        }
        found
    })
    .await
}
