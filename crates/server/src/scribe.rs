//! Writes a call down while it goes on, without making it wait.

use crate::{
    app::App,
    calls::Live,
    insist::insist,
    line::Line,
    notes::{self, Numbers},
};
use call::Note;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use store::NoteRow;
use tokio::sync::mpsc;

/// Notes that may wait for the database; more than a long call makes.
const WAITING: usize = 8_192;
/// How long notes are gathered, so that a burst is one transaction: a power cut loses no more of a transcript. What was
/// done for a caller is written down by whoever did it, before the caller is told.
const GATHER: Duration = Duration::from_millis(200);

/// Takes the notes of one call.
pub struct Scribe {
    app: Arc<App>,
    call: Arc<str>,
    began: Instant,
    rows: mpsc::Sender<NoteRow>,
    lost: u64,
    /// Turns and items that were noted before, in a part of the call that another scribe wrote down.
    before: Numbers,
}

impl Scribe {
    /// Begins the notes of a call whose `start` was at `began`. They are written by a task of their own, which ends
    /// after the scribe is dropped and everything is written.
    pub fn begin(app: &Arc<App>, call: &str, began: Instant) -> Self {
        let (rows, waiting) = mpsc::channel(WAITING);
        app.tasks.spawn(write_down(app.clone(), call.to_owned(), waiting));
        Self { app: app.clone(), call: call.into(), began, rows, lost: 0, before: Numbers::default() }
    }

    /// Goes on with the notes of a call that began at `began`, behind these.
    pub fn resume(app: &Arc<App>, call: &str, began: Instant, before: &[NoteRow]) -> Self {
        let mut scribe = Self::begin(app, call, began);
        scribe.before = notes::numbers(before);
        scribe
    }

    /// The moment from which its notes are counted.
    pub fn began(&self) -> Instant {
        self.began
    }

    pub fn write(&mut self, now: Instant, note: &Note) {
        self.put(now, note, |_, _| {});
    }

    /// Writes a note, and shows it to whoever looks on at the line's other end.
    pub fn write_shown(&mut self, now: Instant, note: &Note, line: &mut Line) {
        self.put(now, note, |kind, json| line.note(kind, json));
    }

    fn put(&mut self, now: Instant, note: &Note, show: impl FnOnce(&str, &str)) {
        let at_ms = u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX);
        let (kind, json) = notes::to_json(at_ms, note, self.before);
        tracing::debug!(call = %self.call, %json, "note");
        show(kind, &json);
        if let Note::Trouble(why) = note {
            tracing::warn!(call = %self.call, %why, "trouble in a call");
        }
        self.app.calls.publish(|| Live { call: self.call.clone(), json: json.as_str().into(), here: true });
        let row = NoteRow { at_ms: i64::try_from(at_ms).unwrap_or(i64::MAX), kind: kind.to_owned(), json };
        if self.rows.try_send(row).is_err() {
            if self.lost == 0 {
                tracing::error!(call = %self.call, "the database is too slow: notes of this call are lost");
            }
            self.lost += 1;
        }
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        if self.lost > 0 {
            tracing::error!(call = %self.call, lost = self.lost, "so many notes of this call are lost");
        }
    }
}

async fn write_down(app: Arc<App>, call: String, mut waiting: mpsc::Receiver<NoteRow>) {
    let mut rows = Vec::new();
    while let Some(first) = waiting.recv().await {
        rows.push(first);
        if !waiting.is_closed() {
            tokio::time::sleep(GATHER).await;
        }
        while let Ok(row) = waiting.try_recv() {
            rows.push(row);
        }
        let written = insist(&app.draining, "notes", || app.store.write_notes(&call, &rows));
        if let Err(error) = written.await {
            tracing::error!(%call, %error, lost = rows.len(), "notes could not be written");
        }
        rows.clear();
    }
}
