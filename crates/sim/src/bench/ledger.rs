//! When what left and what came in, on the engine's side of every call.

use crate::{openai::Observer, stamp};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::Instant,
};

/// Everything that the engine's stand-in saw, by session.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sessions: Mutex<BTreeMap<u32, Page>>,
}

/// One session.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    /// Which call speaks into it, as its sound says.
    pub(super) call: Option<u32>,
    /// Sound of the call: from which millisecond, how many, when.
    pub(super) heard: Vec<(u32, u32, Instant)>,
    /// Sound of the engine: item, from which millisecond, how many, when.
    pub(super) spoke: Vec<(u32, u32, u32, Instant)>,
    /// The names of its voice items and of their responses, in order: the first is item 1.
    pub(super) items: Vec<(String, String)>,
    /// What became of items: which, to which millisecond (none: deleted), when.
    pub(super) cuts: Vec<(String, Option<u32>, Instant)>,
    /// When it was said that the caller speaks.
    pub(super) interrupted: Vec<Instant>,
    /// Errors that the client was sent.
    pub(super) errors: Vec<String>,
}

impl Ledger {
    pub(super) fn reset(&self) {
        self.lock().clear();
    }

    /// The sessions so far, by the call that speaks into them.
    pub(super) fn by_call(&self) -> BTreeMap<u32, Page> {
        self.lock().values().filter_map(|page| Some((page.call?, page.clone()))).collect()
    }

    /// The session that this call speaks into.
    pub(super) fn session_of(&self, call: u32) -> Option<u32> {
        self.lock().iter().rfind(|(_, page)| page.call == Some(call)).map(|(session, _)| *session)
    }

    /// What is known of a session.
    pub(super) fn page<T>(&self, session: u32, read: impl FnOnce(&Page) -> T) -> Option<T> {
        self.lock().get(&session).map(read)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, Page>> {
        self.sessions.lock().expect("nobody panics while holding it")
    }
}

impl Page {
    /// When this millisecond of this item left.
    pub(super) fn left(&self, item: u32, ms: u32) -> Option<Instant> {
        let after = self.spoke.partition_point(|(i, from, ..)| (*i, *from) <= (item, ms));
        let (i, from, count, at) = *self.spoke.get(after.checked_sub(1)?)?;
        (i == item && ms < from + count).then_some(at)
    }

    /// How many milliseconds of this item left.
    pub(super) fn sent(&self, item: u32) -> u32 {
        let of_item = self.spoke.iter().filter(|(i, ..)| *i == item);
        of_item.map(|(_, from, count, _)| from + count).max().unwrap_or(0)
    }
}

impl Observer for Ledger {
    fn heard(&self, session: u32, at: Instant, audio: &[u8]) {
        let Some(first) = stamp::first(audio) else { return };
        let mut sessions = self.lock();
        let page = sessions.entry(session).or_default();
        page.call.get_or_insert(first.name);
        page.heard.push((first.ms, audio.len() as u32 / 8, at));
    }

    fn spoke(&self, session: u32, at: Instant, audio: &[u8]) {
        let Some(first) = stamp::first(audio) else { return };
        let mut sessions = self.lock();
        let page = sessions.entry(session).or_default();
        page.spoke.push((first.name, first.ms, audio.len() as u32 / 8, at));
    }

    fn event(&self, session: u32, at: Instant, from_client: bool, event: &Value) {
        let id = || event["item_id"].as_str().unwrap_or_default().to_owned();
        let mut sessions = self.lock();
        let page = sessions.entry(session).or_default();
        match (from_client, event["type"].as_str().unwrap_or_default()) {
            (false, "response.output_item.added") if event["item"]["type"] == "message" => {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                page.items.push((text(&event["item"]["id"]), text(&event["response_id"])));
            }
            (false, "input_audio_buffer.speech_started") => page.interrupted.push(at),
            (false, "error") => page.errors.push(event["error"].to_string()),
            (true, "conversation.item.truncate") => {
                page.cuts.push((id(), event["audio_end_ms"].as_u64().map(|ms| ms as u32), at));
            }
            (true, "conversation.item.delete") => page.cuts.push((id(), None, at)),
            _ => {}
        }
    }
}
