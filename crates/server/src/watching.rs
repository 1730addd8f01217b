//! Calls of other instances: what instances at one database tell each other, so that a page of any of them can watch and
//! end any call. A call's notes are told only while somebody elsewhere watches; a call never waits for it.

use crate::{app::App, calls, clock, guard::session::random_token};
use serde::{Deserialize, Serialize};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use store::{Store, StoreError};
use tokio::sync::broadcast::{
    Receiver,
    error::{RecvError, TryRecvError},
};

/// How often those who watch say so,
const STILL: Duration = Duration::from_secs(10);
/// and how long they are believed.
const BELIEVED: Duration = Duration::from_secs(25);
/// How long we wait after the database failed.
const AGAIN: Duration = Duration::from_secs(5);
/// How much of the notes that are told at once may be notes, in bytes of JSON.
const MOST_AT_ONCE: usize = Store::LONGEST_TIDINGS - 400;

#[derive(Debug, Serialize, Deserialize)]
struct Letter {
    /// Which instance tells it.
    from: String,
    told: Told,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    /// Somebody watches here.
    Watching,
    /// Calls, and what was noted of them.
    Notes(Vec<(String, String)>),
    /// A call is to end, politely.
    End(String),
}

/// Has a call end with a goodbye, whichever instance it is on. False: it is on none, as far as one can know.
pub async fn end(app: &App, call: &str) -> Result<bool, StoreError> {
    if app.calls.excuse(call) {
        return Ok(true);
    }
    if !app.store.is_shared() {
        return Ok(false);
    }
    tell(&app.store, "", Told::End(call.to_owned())).await?;
    Ok(true)
}

/// Tells and hears until the process drains. Returns at once where nobody else can be at the database.
pub async fn relay(app: Arc<App>) {
    if !app.store.is_shared() {
        return;
    }
    let me = random_token();
    loop {
        match app.draining.run_until_cancelled(Relay::run(&app, &me)).await {
            None => return,
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::debug!(%error, "other instances cannot be heard for the moment"),
        }
        if app.draining.run_until_cancelled(tokio::time::sleep(AGAIN)).await.is_none() {
            return;
        }
    }
}

struct Relay<'a> {
    app: &'a App,
    me: &'a str,
    /// The notes of this instance's calls, while somebody elsewhere watches.
    notes: Option<Receiver<calls::Live>>,
    until: Instant,
}

impl Relay<'_> {
    async fn run(app: &App, me: &str) -> Result<(), StoreError> {
        let mut tidings = app.store.hear().await?;
        let mut relay = Relay { app, me, notes: None, until: clock::now() };
        let mut still = tokio::time::interval(STILL);
        loop {
            tokio::select! {
                letter = tidings.next() => relay.heard(&letter?),
                () = app.calls.watched() => relay.say_who_watches().await?,
                _ = still.tick() => {
                    if clock::now() > relay.until {
                        relay.notes = None;
                    }
                    relay.say_who_watches().await?;
                }
                note = next(&mut relay.notes) => relay.pass_on(note).await?,
            }
        }
    }

    async fn say_who_watches(&self) -> Result<(), StoreError> {
        if self.app.calls.watchers() > usize::from(self.notes.is_some()) {
            tell(&self.app.store, self.me, Told::Watching).await?;
        }
        Ok(())
    }

    fn heard(&mut self, letter: &str) {
        let Ok(Letter { from, told }) = serde_json::from_str(letter) else { return };
        if from == self.me {
            return;
        }
        match told {
            Told::Watching => {
                self.until = clock::now() + BELIEVED;
                // Not by `watch`, which would have us say that somebody watches here.
                self.notes.get_or_insert_with(|| self.app.calls.overhear());
            }
            Told::Notes(notes) => {
                for (call, json) in notes {
                    let (call, json) = (call.into(), json.into());
                    self.app.calls.publish(|| calls::Live { call, json, here: false });
                }
            }
            Told::End(call) => {
                let _not_here = self.app.calls.excuse(&call);
            }
        }
    }

    /// Tells this note and those behind it, as many as fit.
    async fn pass_on(&mut self, first: Result<calls::Live, RecvError>) -> Result<(), StoreError> {
        let mut next = Some(first);
        let mut gathered = Gathered::default();
        while let Some(note) = next.take() {
            let (call, json) = match note {
                Ok(note) if !note.here => (None, String::new()),
                Ok(note) => (Some(note.call.to_string()), note.json.to_string()),
                Err(RecvError::Lagged(_)) => (Some(String::new()), String::new()),
                Err(RecvError::Closed) => return Ok(()),
            };
            if let Some(call) = call
                && let Some(full) = gathered.add(call, json)
            {
                tell(&self.app.store, self.me, Told::Notes(full)).await?;
            }
            next = self.notes.as_mut().and_then(waiting);
        }
        if gathered.notes.is_empty() {
            return Ok(());
        }
        tell(&self.app.store, self.me, Told::Notes(gathered.notes)).await
    }
}

/// The next note, if notes are wanted.
async fn next(notes: &mut Option<Receiver<calls::Live>>) -> Result<calls::Live, RecvError> {
    match notes {
        Some(notes) => notes.recv().await,
        None => std::future::pending().await,
    }
}

/// The next note, if one is there, or that some were missed.
fn waiting(notes: &mut Receiver<calls::Live>) -> Option<Result<calls::Live, RecvError>> {
    match notes.try_recv() {
        Ok(note) => Some(Ok(note)),
        Err(TryRecvError::Lagged(missed)) => Some(Err(RecvError::Lagged(missed))),
        Err(TryRecvError::Empty | TryRecvError::Closed) => None,
    }
}

/// Notes that are to be told at once.
#[derive(Default)]
struct Gathered {
    notes: Vec<(String, String)>,
    size: usize,
}

impl Gathered {
    /// Takes one more; gives back what was there where it does not fit beside it. One that is too long by itself is told as
    /// one to be read in the store.
    fn add(&mut self, call: String, json: String) -> Option<Vec<(String, String)>> {
        let size =
            |call: &str, json: &str| serde_json::to_string(&(call, json)).map_or(0, |text| text.len() + 1);
        let long = size(&call, &json) > MOST_AT_ONCE;
        let json = if long { String::new() } else { json };
        let more = size(&call, &json);
        let full = (self.size + more > MOST_AT_ONCE).then(|| {
            self.size = 0;
            std::mem::take(&mut self.notes)
        });
        self.size += more;
        self.notes.push((call, json));
        full
    }
}

async fn tell(store: &Store, from: &str, told: Told) -> Result<(), StoreError> {
    let letter = Letter { from: from.to_owned(), told };
    store.tell(&serde_json::to_string(&letter).expect("texts are JSON")).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_behind_a_note_is_told_to_be_read_in_the_store() {
        let (notes, mut heard) = tokio::sync::broadcast::channel(1);
        assert!(waiting(&mut heard).is_none());
        for json in ["{}", "[]"] {
            let _heard = notes.send(calls::Live { call: "call".into(), json: json.into(), here: true });
        }
        assert!(matches!(waiting(&mut heard), Some(Err(RecvError::Lagged(1)))));
        assert!(matches!(waiting(&mut heard), Some(Ok(note)) if &*note.json == "[]"));
        assert!(waiting(&mut heard).is_none());
    }

    #[test]
    fn what_is_told_at_once_always_fits_and_nothing_is_left_out() {
        let mut gathered = Gathered::default();
        let mut told = Vec::new();
        for n in 0..200 {
            let json = format!("{{\"text\":\"{}\"}}", "\"\\\u{1}é".repeat(n));
            told.extend(gathered.add(format!("call-{n}"), json));
        }
        told.push(gathered.notes);
        for notes in &told {
            let letter = Letter { from: random_token(), told: Told::Notes(notes.clone()) };
            let size = serde_json::to_string(&letter).expect("JSON").len();
            assert!(size <= Store::LONGEST_TIDINGS, "{size}");
        }
        assert_eq!(told.iter().flatten().count(), 200);
        let huge = Gathered::default().add("call".into(), "x".repeat(10_000));
        assert_eq!(huge, None);
        let mut gathered = Gathered::default();
        gathered.add("call".into(), "x".repeat(10_000));
        assert_eq!(gathered.notes, [("call".to_owned(), String::new())], "it is read in the store");
    }
}
