//! A database, a calendar elsewhere, and those who book.

use crate::elsewhere::Elsewhere;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll, time::Duration};
use store::Store;
use tool::{
    Errand, Trust,
    calendar::{
        Booking, Books, Entry, Slot, Wish,
        books::{Connected, Patience},
    },
};
use when::Span;

/// Friday, November 20, 2026, half past two.
pub const NOW: &str = "2026-11-20T14:30";

/// Longer than any lease or wait before another try.
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// One instance of the product beside its calendar elsewhere.
pub struct Rig {
    pub store: Store,
    pub remote: Arc<Elsewhere>,
    pub books: Books,
}

impl Rig {
    pub fn new(store: &Store) -> Self {
        Self::beside(store, &Arc::new(Elsewhere::new("model:main")))
    }

    /// Another instance on the same database, or the same after a crash.
    pub fn beside(store: &Store, remote: &Arc<Elsewhere>) -> Self {
        let books = Books::new(store.clone()).with_patience(PATIENCE);
        books.connect(vec![Connected { calendar: remote.clone(), reads: true, writes: true }]);
        Self { store: store.clone(), remote: remote.clone(), books }
    }

    /// Books a quarter past for anybody, which must succeed.
    pub async fn booked(&self, start: &str, who: &Errand) -> Entry {
        let booking = self.books.book(wish(start, start), who).await.expect("the calendars answer");
        let Booking::Booked(entry) = booking else { panic!("{start} is not booked: {booking:?}") };
        entry
    }

    /// What stands in our book.
    pub async fn here(&self) -> Vec<Span> {
        let rows = self.store.appointments_between(Books::NAME, 0, i64::MAX).await.expect("listed");
        let at = |ms| Timestamp::from_millisecond(ms).expect("a moment in range");
        rows.iter().map(|row| Span { from: at(row.starts_ms), to: at(row.ends_ms) }).collect()
    }

    /// What stands elsewhere.
    pub fn there(&self) -> Vec<Span> {
        self.remote.all().iter().map(|event| event.span).collect()
    }

    /// Finishes what another instance has left, now and later, until nothing is left.
    pub async fn recover(&self, now_ms: i64) {
        // A database may still be busy with what a dead process has sent: this waits for its lock on the calendar.
        let after = errand(Trust::Stranger, "", "call-after");
        assert_eq!(self.books.hold(slot("2026-11-20T20:00"), None, &after).await, Ok(true));
        for hour in 0..24 {
            self.books.recover(now_ms + hour * HOUR_MS).await.expect("the store answers");
            if self.store.open_intents(1).await.expect("read").is_empty() {
                return;
            }
        }
        panic!("something is never finished");
    }
}

/// Far beyond what the model takes for anything but never answering.
const PATIENCE: Patience =
    Patience { reading: Duration::from_millis(400), writing: Duration::from_millis(400) };

pub fn milliseconds(local: &str) -> i64 {
    let local: DateTime = local.parse().expect("a datetime");
    let berlin = TimeZone::get("Europe/Berlin").expect("a bundled zone");
    local.to_zoned(berlin).expect("a moment").timestamp().as_millisecond()
}

pub fn moment(local: &str) -> Timestamp {
    Timestamp::from_millisecond(milliseconds(local)).expect("a moment in range")
}

/// Half an hour from `start` on.
pub fn slot(start: &str) -> Slot {
    let from = moment(start);
    let to = from.checked_add(Duration::from_secs(30 * 60)).expect("a moment in range");
    Slot { span: Span { from, to }, before: Duration::ZERO, after: Duration::ZERO }
}

pub fn wish(start: &str, key: &str) -> Wish {
    Wish {
        slot: slot(start),
        zone: "Europe/Berlin".into(),
        kind: String::new(),
        summary: "Haircut".into(),
        description: String::new(),
        attendees: Vec::new(),
        key: key.into(),
        contact: None,
    }
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
    errand(Trust::Owner, "", "")
}

/// Runs it until it has waited `waits` times, then drops it there. Nothing: it was not finished.
pub async fn cut_after<T>(waits: u32, deed: impl Future<Output = T>) -> Option<T> {
    let mut left = waits;
    cut_when(
        || {
            let now = left == 0;
            left = left.saturating_sub(1);
            now
        },
        deed,
    )
    .await
}

/// Runs it, and drops it as soon as it waits and this is so.
pub async fn cut_when<T>(mut is_over: impl FnMut() -> bool, deed: impl Future<Output = T>) -> Option<T> {
    let mut deed = pin!(deed);
    poll_fn(|cx| match deed.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if is_over() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}
