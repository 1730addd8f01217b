//! The process dies at every single step of every change. Whoever comes after it finds one appointment, at the same time in
//! both calendars, or none in either.

use crate::{
    harness::{on_both_by_address, open},
    rig::{NOW, Rig, anna, cut_after, cut_when, milliseconds, moment, owner, slot, wish},
};
use jiff::{ToSpan, civil::date};
use std::pin::Pin;
use tool::calendar::{Booking, Moving, Unavailable, Undoing};
use when::Span;

on_both_by_address!(
    booking_survives_a_crash_at_every_step,
    moving_survives_a_crash_at_every_step,
    cancelling_survives_a_crash_at_every_step,
    undoing_a_booking_survives_a_crash_at_every_step,
    undoing_a_move_survives_a_crash_at_every_step,
    undoing_a_cancellation_survives_a_crash_at_every_step,
    a_crash_of_whoever_recovers_is_recovered_from,
);

async fn booking_survives_a_crash_at_every_step(address: String) {
    dying_everywhere(&address, Deed::Book).await;
}

async fn moving_survives_a_crash_at_every_step(address: String) {
    dying_everywhere(&address, Deed::Move).await;
}

async fn cancelling_survives_a_crash_at_every_step(address: String) {
    dying_everywhere(&address, Deed::Cancel).await;
}

async fn undoing_a_booking_survives_a_crash_at_every_step(address: String) {
    dying_everywhere(&address, Deed::UndoBooking).await;
}

async fn undoing_a_move_survives_a_crash_at_every_step(address: String) {
    dying_everywhere(&address, Deed::UndoMove).await;
}

async fn undoing_a_cancellation_survives_a_crash_at_every_step(address: String) {
    dying_everywhere(&address, Deed::UndoCancel).await;
}

async fn a_crash_of_whoever_recovers_is_recovered_from(address: String) {
    let rig = Rig::new(&open(&address).await);
    let mut finished = 0;
    for (day, waits) in (0..).zip(0..MOST_WAITS) {
        let case = Case::prepare(&rig, Deed::Book, day).await;
        rig.remote.die_after(Some(3));
        let died =
            dying(&address, &rig, async |dead| cut_when(|| rig.remote.is_dead(), case.done(dead)).await);
        assert_eq!(died.await, None);
        rig.remote.die_after(None);
        let now_ms = milliseconds(NOW) + AFTER_MS;
        let recovered = dying(&address, &rig, async |second| {
            cut_after(waits, Box::pin(second.books.recover(now_ms))).await
        });
        finished += u32::from(recovered.await.is_some());
        case.recovered(&rig).await;
        if finished == 2 {
            assert!(waits > 1, "it waited too seldom to have been cut anywhere");
            return;
        }
    }
    panic!("recovering never ends");
}

/// Does this in a process of its own. Whatever that has sent to the database before it died has arrived thereafter.
async fn dying<T>(address: &str, rig: &Rig, deed: impl AsyncFnOnce(&Rig) -> T) -> T {
    let process = Rig::beside(&open(address).await, &rig.remote);
    let told = deed(&process).await;
    process.store.close().await;
    told
}

/// When the lease of whoever died has run out.
const AFTER_MS: i64 = 61_000;

/// How often a change may wait before this test gives up.
const MOST_WAITS: u32 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Book,
    Move,
    Cancel,
    UndoBooking,
    UndoMove,
    UndoCancel,
}

type Doing<'a> = Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send + 'a>>;

/// One deed on a day of its own.
#[derive(Debug)]
struct Case {
    deed: Deed,
    day: Span,
    morning: String,
    evening: String,
    /// The appointment's, where there is one.
    id: String,
    /// The change that is to be undone.
    change: String,
}

impl Case {
    async fn prepare(rig: &Rig, deed: Deed, day: i32) -> Self {
        let day = date(2026, 12, 1).checked_add(day.days()).expect("a date");
        let at = |hour: &str| format!("{day}T{hour}:00");
        let span = Span { from: moment(&at("00")), to: moment(&at("23")) };
        let mut case = Self {
            deed,
            day: span,
            morning: at("10"),
            evening: at("17"),
            id: String::new(),
            change: String::new(),
        };
        if deed == Deed::Book {
            return case;
        }
        case.id = rig.booked(&case.morning, &anna()).await.id;
        match deed {
            Deed::Book | Deed::Move | Deed::Cancel | Deed::UndoBooking => {}
            Deed::UndoMove => {
                let moved = rig.books.reschedule(&case.id, slot(&case.evening), "", &anna()).await;
                assert!(matches!(moved, Ok(Moving::Moved(_))), "{moved:?}");
            }
            Deed::UndoCancel => assert_eq!(rig.books.cancel(&case.id, "", &anna()).await, Ok(true)),
        }
        let mut changes = rig.store.appointment_changes(&case.id).await.expect("read");
        case.change = changes.pop().expect("it was changed").id;
        case
    }

    /// Does it; true where it is as it was wanted then.
    fn done<'a>(&'a self, rig: &'a Rig) -> Doing<'a> {
        Box::pin(async move {
            Ok(match self.deed {
                Deed::Book => {
                    let booking = rig.books.book(wish(&self.morning, &self.morning), &anna()).await?;
                    matches!(booking, Booking::Booked(_) | Booking::Same(_))
                }
                Deed::Move => {
                    let moving = rig.books.reschedule(&self.id, slot(&self.evening), "", &anna()).await?;
                    matches!(moving, Moving::Moved(_))
                }
                // False: it was cancelled before.
                Deed::Cancel => rig.books.cancel(&self.id, "", &anna()).await.map(|_| true)?,
                Deed::UndoBooking | Deed::UndoMove | Deed::UndoCancel => {
                    let undoing = rig.books.undo(&self.change, "", &owner()).await?;
                    matches!(undoing, Undoing::Undone(_))
                }
            })
        })
    }

    /// After it was done.
    fn wanted(&self) -> Vec<Span> {
        match self.deed {
            Deed::Book | Deed::UndoMove | Deed::UndoCancel => vec![slot(&self.morning).span],
            Deed::Move => vec![slot(&self.evening).span],
            Deed::Cancel | Deed::UndoBooking => Vec::new(),
        }
    }

    /// Before.
    fn was(&self) -> Vec<Span> {
        match self.deed {
            Deed::Book | Deed::UndoCancel => Vec::new(),
            Deed::UndoMove => vec![slot(&self.evening).span],
            Deed::Move | Deed::Cancel | Deed::UndoBooking => vec![slot(&self.morning).span],
        }
    }

    async fn here(&self, rig: &Rig) -> Vec<Span> {
        rig.here().await.into_iter().filter(|span| span.overlaps(&self.day)).collect()
    }

    fn there(&self, rig: &Rig) -> Vec<Span> {
        rig.there().into_iter().filter(|span| span.overlaps(&self.day)).collect()
    }

    /// A new process comes: all is as before or as wanted, the same in both calendars, and the same wish again is granted
    /// once.
    async fn recovered(&self, dead: &Rig) {
        let rig = Rig::beside(&dead.store, &dead.remote);
        rig.recover(milliseconds(NOW) + AFTER_MS).await;
        let (here, there) = (self.here(&rig).await, self.there(&rig));
        assert_eq!(here, there, "{self:?}: the calendars differ");
        assert!(here == self.was() || here == self.wanted(), "{self:?}: {here:?}");
        assert_eq!(rig.store.open_intents(10).await.expect("read"), [], "{self:?}");
        assert_eq!(self.done(&rig).await, Ok(true), "{self:?}: not granted afterwards");
        self.stands(&rig).await;
    }

    async fn stands(&self, rig: &Rig) {
        assert_eq!(self.here(rig).await, self.wanted(), "{self:?} here");
        assert_eq!(self.there(rig), self.wanted(), "{self:?} elsewhere");
    }
}

async fn dying_everywhere(address: &str, deed: Deed) {
    let rig = Rig::new(&open(address).await);
    let mut day = 0;
    let waited = dying_at_every_wait(address, &rig, deed, &mut day).await;
    // What the database answers before it is asked a second time is not waited for: how often that is, is the machine's affair.
    assert!(waited > 0, "{deed:?} never waited");
    let steps = dying_at_every_step_elsewhere(address, &rig, deed, &mut day).await;
    assert!(steps >= 2, "{deed:?} went elsewhere but {steps} times");
}

/// Dropped at its first wait, at its second, and so on, until it is not dropped at all.
async fn dying_at_every_wait(address: &str, rig: &Rig, deed: Deed, day: &mut i32) -> u32 {
    for waits in 0..MOST_WAITS {
        let case = Case::prepare(rig, deed, *day).await;
        *day += 1;
        let told = dying(address, rig, async |dead| cut_after(waits, case.done(dead)).await).await;
        if let Some(told) = told {
            assert_eq!(told, Ok(true));
            case.stands(rig).await;
            return waits;
        }
        case.recovered(rig).await;
    }
    panic!("{deed:?} never ends");
}

/// The calendar elsewhere has not done it yet, or has done it, but nobody hears of it.
async fn dying_at_every_step_elsewhere(address: &str, rig: &Rig, deed: Deed, day: &mut i32) -> u32 {
    for steps in 1..MOST_WAITS {
        let case = Case::prepare(rig, deed, *day).await;
        *day += 1;
        rig.remote.die_after(Some(steps));
        let told =
            dying(address, rig, async |dead| cut_when(|| rig.remote.is_dead(), case.done(dead)).await).await;
        rig.remote.die_after(None);
        if let Some(told) = told {
            assert_eq!(told, Ok(true));
            case.stands(rig).await;
            return steps;
        }
        case.recovered(rig).await;
    }
    panic!("{deed:?} never ends");
}
