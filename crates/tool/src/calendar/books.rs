//! The book of appointments: what is agreed is agreed here, whichever calendars elsewhere are connected, and for
//! whichever engine.
//!
//! ```text
//!   wish ── plan ─► an intent: its time is taken ── look elsewhere ─► write elsewhere ─► look again ── carry out ─► told
//!            │                                        │ taken, unknown    │ refused        │ taken       │
//!            └─ same, taken, gone                     └───────── dropped ─┴─ unknown: taken back ─────────┘ a crash
//!                                                                            until certain    anywhere: books/recover.rs
//!
//!   books/steps.rs      from the plan to what is told    books/elsewhere.rs  the calendars that are connected
//!   books/recover.rs    what was left half done          books/reconcile.rs  what the owner changed there
//!   books/announce.rs   confirmations and reminders      books/rows.rs       between store, tools and calendars
//!   books/by_hand.rs    changes of what somebody looks at
//! ```
//!
//! What cannot be asked is unknown, and unknown is never free. Where our book and a calendar elsewhere differ about one of
//! our appointments, our book counts until they are reconciled; meanwhile both times are taken. An appointment whose event
//! was deleted there still stands here: cancelling it succeeds, moving it makes its event anew.

mod announce;
mod by_hand;
mod elsewhere;
mod reconcile;
mod recover;
mod rows;
mod steps;

pub use announce::{Announce, Announced, Changed, Job};
pub use by_hand::Changing;
pub use elsewhere::{Connected, Patience};
pub use reconcile::Reconciled;
pub use recover::Recovered;

use super::{Booking, Entry, Moving, Slot, Unavailable, Undoing, Wish, office::is_own, remote::Trouble};
use crate::{Errand, Trust};
use elsewhere::Elsewhere;
use rows::{by, call, contact, entry, foreign, gap, milliseconds, span};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use steps::{Came, Standing};
use store::{Asking, Held, Hold, NewAppointment, Plan, Store};
use when::Span;

/// How long a time is kept for a caller who was told that it is free.
const HOLD_MS: i64 = 3 * 60 * 1_000;

/// Appointments, in our store and in the calendars elsewhere.
pub struct Books {
    store: Store,
    elsewhere: Elsewhere,
    announce: Announce,
    read_back: AtomicBool,
}

impl Books {
    /// The calendar's name in the store.
    pub const NAME: &str = "main";

    /// A book that no calendar elsewhere is connected to, and that announces nothing.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            elsewhere: Elsewhere::new(Patience::default()),
            announce: Box::new(|_| Announced::default()),
            read_back: AtomicBool::new(false),
        }
    }

    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { elsewhere: Elsewhere::new(patience), ..self }
    }

    #[must_use]
    pub fn with_announce(self, announce: Announce) -> Self {
        Self { announce, ..self }
    }

    /// Whether a caller must have been told of a time before it can be booked or moved to: the call has to hold exactly
    /// that time from an earlier look.
    pub fn require_read_back(&self, read_back: bool) {
        self.read_back.store(read_back, Ordering::Relaxed);
    }

    /// These are the calendars elsewhere from now on, instead of those there were. To be called before the first
    /// [`recover`](Self::recover): what is under way in a calendar that is not connected cannot be finished.
    pub fn connect(&self, connected: Vec<Connected>) {
        self.elsewhere.connect(connected);
    }

    /// The calendars elsewhere that could not do what was last asked of them, and why; for the owner.
    pub fn troubles(&self) -> Vec<(String, Trouble)> {
        self.elsewhere.troubles()
    }

    /// What is taken within `range`, as far as this errand is concerned: its own holds are not.
    pub async fn busy(&self, range: Span, errand: &Errand) -> Result<Vec<Span>, Unavailable> {
        let day = Duration::from_secs(24 * 60 * 60);
        self.busy_beside(Slot { span: range, before: day, after: day }, None, errand).await
    }

    /// Likewise within the slot's span, for whoever wants as much free around a time as the slot does: where an appointment
    /// wants more around itself than that, the rest of it is taken, too. The appointment `moving` is not in its own way.
    pub async fn busy_beside(
        &self,
        slot: Slot,
        moving: Option<&str>,
        errand: &Errand,
    ) -> Result<Vec<Span>, Unavailable> {
        let (starts_ms, ends_ms) = milliseconds(slot.span);
        let range = store::Span { starts_ms, ends_ms };
        let own = match moving {
            Some(id) => self.store.appointment(id).await?.map(|row| row.remote_id()),
            None => None,
        };
        let asking = Asking { now_ms: errand.now_ms, call_id: call(errand), moving };
        let here = self.store.taken_between(Self::NAME, range, gap(slot), &asking);
        let (here, there) = tokio::join!(here, self.elsewhere.busy(slot.span, own.as_deref()));
        let mut busy = there?;
        for taken in here? {
            busy.push(span(taken.starts_ms, taken.ends_ms)?);
        }
        busy.sort_unstable();
        Ok(busy)
    }

    /// Keeps a time for the errand's call for some minutes, instead of the one that it kept before. False: it is taken.
    /// Does not look elsewhere.
    pub async fn hold(&self, slot: Slot, moving: Option<&str>, errand: &Errand) -> Result<bool, Unavailable> {
        let Some(call_id) = call(errand) else { return Ok(true) };
        let (starts_ms, ends_ms) = milliseconds(slot.span);
        let hold = Hold {
            calendar: Self::NAME,
            call_id,
            starts_ms,
            ends_ms,
            gap: gap(slot),
            moving,
            now_ms: errand.now_ms,
            expires_ms: errand.now_ms + HOLD_MS,
        };
        match self.store.hold(&hold).await? {
            Held::Held => Ok(true),
            Held::Taken(_) => Ok(false),
        }
    }

    /// Books, once, in one step with looking whether the time is free.
    pub async fn book(&self, wish: Wish, errand: &Errand) -> Result<Booking, Unavailable> {
        self.book_for(wish, errand.number().unwrap_or_default(), errand).await
    }

    /// Likewise, for whoever has this number, which need not be the one who books; it may be empty.
    pub async fn book_for(&self, wish: Wish, number: &str, errand: &Errand) -> Result<Booking, Unavailable> {
        let (starts_ms, ends_ms) = milliseconds(wish.slot.span);
        let attendees = serde_json::to_string(&wish.attendees).expect("strings are JSON");
        let new = NewAppointment {
            calendar: Self::NAME,
            starts_ms,
            ends_ms,
            gap: gap(wish.slot),
            zone: &wish.zone,
            kind: &wish.kind,
            summary: &wish.summary,
            description: &wish.description,
            attendees: &attendees,
            caller: number,
            contact: contact(wish.contact.as_ref()),
            key: &wish.key,
        };
        let standing = self.standing(wish.slot, errand).await?;
        Ok(match self.change(&Plan::Book(&new), &by(errand, ""), standing).await? {
            Came::Done(row) => Booking::Booked(entry(row)?),
            Came::Same(row) => Booking::Same(entry(row)?),
            Came::Unread if self.hold(wish.slot, None, errand).await? => Booking::ReadBack,
            Came::Taken | Came::Gone | Came::Changed | Came::Unread => Booking::Taken,
        })
    }

    /// Moves the appointment with this id, in one step with looking whether the time is free.
    pub async fn reschedule(
        &self,
        id: &str,
        slot: Slot,
        reason: &str,
        errand: &Errand,
    ) -> Result<Moving, Unavailable> {
        let (starts_ms, ends_ms) = milliseconds(slot.span);
        let plan = Plan::Move { id, to: store::Span { starts_ms, ends_ms }, gap: gap(slot) };
        let standing = self.standing(slot, errand).await?;
        Ok(match self.change(&plan, &by(errand, reason), standing).await? {
            Came::Done(row) | Came::Same(row) => Moving::Moved(entry(row)?),
            Came::Unread if self.hold(slot, Some(id), errand).await? => Moving::ReadBack,
            Came::Taken | Came::Unread => Moving::Taken,
            Came::Gone | Came::Changed => Moving::Gone,
        })
    }

    /// Cancels the appointment with this id. False: it is gone already. A calendar elsewhere that cannot be written to now
    /// does not keep an appointment alive: its event is removed later, and the owner sees what is still to be done.
    pub async fn cancel(&self, id: &str, reason: &str, errand: &Errand) -> Result<bool, Unavailable> {
        let came = self.change(&Plan::Cancel { id }, &by(errand, reason), Standing::Read).await?;
        Ok(match came {
            Came::Done(_) => true,
            Came::Same(_) | Came::Gone | Came::Taken | Came::Changed | Came::Unread => false,
        })
    }

    /// Makes an appointment what it was before the change with this id, elsewhere too.
    pub async fn undo(&self, change_id: &str, reason: &str, errand: &Errand) -> Result<Undoing, Unavailable> {
        let came = self.change(&Plan::Undo { change_id }, &by(errand, reason), Standing::Read).await?;
        Ok(match came {
            Came::Done(row) | Came::Same(row) => Undoing::Undone(entry(row)?),
            Came::Taken => Undoing::Taken,
            Came::Changed => Undoing::Changed,
            Came::Gone | Came::Unread => Undoing::Gone,
        })
    }

    /// The appointments that stand at some time within `range`, in order of start: for the owner with everything else that
    /// is in the calendars elsewhere, for anybody else their own.
    pub async fn list(&self, range: Span, errand: &Errand) -> Result<Vec<Entry>, Unavailable> {
        let mut entries = self.appointments(range, errand).await?;
        match errand.trust {
            Trust::Owner => {
                for (calendar, event) in self.elsewhere.events(range).await? {
                    if !self.is_ours(&event.id).await? {
                        entries.push(foreign(calendar, event));
                    }
                }
                // The same event may be in several calendars, or in one that is connected twice.
                let mut seen = BTreeSet::new();
                entries.retain(|entry| seen.insert((entry.id.clone(), entry.span)));
                entries.sort_by_key(|entry| entry.span);
            }
            Trust::Known | Trust::Stranger => {}
        }
        Ok(entries)
    }

    /// Likewise, but without anything that is not in our book: what the errand's caller may move and cancel.
    pub async fn appointments(&self, range: Span, errand: &Errand) -> Result<Vec<Entry>, Unavailable> {
        let (from, to) = milliseconds(range);
        let rows = self.store.appointments_between(Self::NAME, from, to).await?;
        let mut entries = rows.into_iter().map(entry).collect::<Result<Vec<Entry>, Unavailable>>()?;
        entries.retain(|entry| is_own(entry, errand));
        Ok(entries)
    }

    /// Whether this event was made for an appointment in our book, whatever became of that.
    async fn is_ours(&self, remote_id: &str) -> Result<bool, Unavailable> {
        match rows::appointment_of(remote_id) {
            Some(id) => Ok(self.store.appointment(&id).await?.is_some()),
            None => Ok(false),
        }
    }

    /// Whether the errand's caller has been told of this time.
    async fn standing(&self, slot: Slot, errand: &Errand) -> Result<Standing, Unavailable> {
        let Some(call_id) = call(errand).filter(|_| self.read_back.load(Ordering::Relaxed)) else {
            return Ok(Standing::Read);
        };
        let (starts_ms, ends_ms) = milliseconds(slot.span);
        let held = self.store.held_by(Self::NAME, call_id, errand.now_ms).await?;
        let read = held == Some(store::Span { starts_ms, ends_ms });
        Ok(if read { Standing::Read } else { Standing::Unread })
    }
}
