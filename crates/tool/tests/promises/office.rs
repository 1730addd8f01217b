//! An office in Berlin on a Friday afternoon, and those who call it.

use call::{Answer, Effect, ToolCall, ToolCallId};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;
use std::sync::Arc;
use store::Store;
use tool::{Destination, Errand, Tools, Trust, calendar::Books, memo::Telling};
use when::Hours;

/// Friday, November 20, 2026, half past two.
pub const NOW: &str = "2026-11-20T14:30";

pub struct Office {
    pub store: Store,
    pub tools: Tools,
}

impl Office {
    pub async fn open() -> Self {
        Self::with(Hours::default()).await
    }

    pub async fn with(hours: Hours) -> Self {
        let store = Store::open("sqlite::memory:").await.expect("a store in memory");
        let books = Arc::new(Books::new(store.clone()));
        let reception = Destination { name: "reception".into(), address: "+4930999".into() };
        let tools = Tools::standard(&store, books, berlin(), hours, vec![reception], Telling::default());
        Self { store, tools }
    }

    pub async fn run(&self, who: &Errand, tool: &str, arguments: Value) -> Answer {
        self.run_text(who, tool, &arguments.to_string()).await
    }

    pub async fn run_text(&self, who: &Errand, tool: &str, arguments: &str) -> Answer {
        let id = ToolCallId("t1".into());
        let call = ToolCall { id, name: tool.into(), arguments: arguments.into() };
        self.tools.run(&call, who).await
    }

    /// What stands in the calendar: local start and summary.
    pub async fn booked(&self) -> Vec<(String, String)> {
        let rows = self.store.appointments_between("main", 0, i64::MAX).await.expect("listed");
        let local = |ms| Timestamp::from_millisecond(ms).expect("in range").to_zoned(berlin());
        rows.into_iter()
            .map(|row| (local(row.starts_ms).strftime("%Y-%m-%dT%H:%M").to_string(), row.summary))
            .collect()
    }

    pub async fn starts(&self) -> Vec<String> {
        self.booked().await.into_iter().map(|(start, _)| start).collect()
    }
}

pub fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("a bundled zone")
}

pub fn milliseconds(local: &str) -> i64 {
    let local: DateTime = local.parse().expect("a datetime");
    local.to_zoned(berlin()).expect("a moment").timestamp().as_millisecond()
}

pub fn errand(trust: Trust, caller: &str, call_id: &str) -> Errand {
    let now_ms = milliseconds(NOW);
    Errand { call_id: call_id.into(), caller: caller.into(), trust, now_ms, began_ms: now_ms - 42_000 }
}

pub fn anna() -> Errand {
    errand(Trust::Stranger, "+4930111111", "call-anna")
}

pub fn ben() -> Errand {
    errand(Trust::Known, "+4930222222", "call-ben")
}

pub fn owner() -> Errand {
    errand(Trust::Owner, "+4930333333", "call-owner")
}

/// Somebody whose number is withheld.
pub fn nobody() -> Errand {
    errand(Trust::Stranger, "anonymous", "call-nobody")
}

pub fn data(answer: &Answer) -> Value {
    serde_json::from_str(&answer.data).unwrap_or_else(|error| panic!("{error} in the data of {answer:?}"))
}

/// Refused with a sentence that has all of these in it, and nothing changed.
pub fn refused(answer: &Answer, words: &[&str]) {
    assert!(!answer.ok && answer.effect == Effect::None, "not refused: {answer:?}");
    for word in words {
        assert!(answer.say.contains(word), "no \"{word}\" in \"{}\"", answer.say);
    }
}
