//! Frames of sound put back into the order in which they were spoken.
//!
//! A frame that comes too early waits for those before it, but never for longer than a tenth of a second of sound: what
//! is missing then is taken for lost, and what comes after all is dropped. A carrier that loses frames and never mixes
//! them up is soon not waited for any more.

use call::{Chunk, LineEvent};
use std::{collections::VecDeque, time::Duration};

/// How much sound may wait.
const PATIENCE: Duration = Duration::from_millis(100);
/// How many frames may wait.
const SLOTS: usize = 8;
/// After so many waits for nothing there is no more waiting, until a frame does come late.
const FUTILE: u8 = 8;
/// So many late frames in a row mean that the carrier counts anew.
const ANEW: u8 = 8;
/// A carrier that counts anew so many times does not count frames at all: they are as they come.
const COUNTLESS: u8 = 3;
/// A leap that no loss explains.
const LEAP: u64 = 3_000;

#[derive(Debug, Default)]
pub struct Order {
    /// The count that is due.
    due: Option<u64>,
    waiting: [Option<(u64, Chunk)>; SLOTS],
    futile: u8,
    late: u8,
    anew: u8,
}

impl Order {
    /// Takes a frame, and adds those to `events` whose turn has come. A frame without a count is as it comes.
    pub fn arrived(&mut self, count: Option<u64>, chunk: Chunk, events: &mut VecDeque<LineEvent>) {
        let counted = count.filter(|_| self.anew < COUNTLESS);
        let (Some(count), Some(due)) = (counted, self.due) else {
            self.flush(events);
            self.due = counted.map(next);
            return heard(chunk, events);
        };
        if count < due {
            self.late += 1;
            self.futile = 0;
            if self.late == ANEW {
                self.anew += 1;
                self.begin(count, chunk, events);
            }
            return;
        }
        self.late = 0;
        if count - due > LEAP {
            return self.begin(count, chunk, events);
        }
        if count == due {
            heard(chunk, events);
            self.due = Some(next(due));
            if self.release(events) {
                self.futile = 0;
            }
            return;
        }
        if self.waiting.iter().flatten().any(|(waiting, _)| *waiting == count) {
            return;
        }
        match self.waiting.iter_mut().find(|slot| slot.is_none()) {
            Some(free) => *free = Some((count, chunk)),
            None => unreachable!("a full window was given up when it filled"),
        }
        if self.futile == FUTILE {
            return self.flush(events);
        }
        let sound: Duration = self.waiting.iter().flatten().map(|(_, chunk)| chunk.duration()).sum();
        if sound > PATIENCE || self.waiting.iter().all(Option::is_some) {
            self.futile = (self.futile + 1).min(FUTILE);
            self.due = self.first();
            self.release(events);
        }
    }

    /// Waits no longer: adds all that waits to `events`, in order.
    pub fn flush(&mut self, events: &mut VecDeque<LineEvent>) {
        while let Some(first) = self.first() {
            self.due = Some(first);
            self.release(events);
        }
    }

    fn begin(&mut self, count: u64, chunk: Chunk, events: &mut VecDeque<LineEvent>) {
        self.flush(events);
        (self.due, self.late) = (Some(next(count)), 0);
        heard(chunk, events);
    }

    fn first(&self) -> Option<u64> {
        self.waiting.iter().flatten().map(|(count, _)| *count).min()
    }

    /// Adds what waits from the due count on without a gap. Whether that was any.
    fn release(&mut self, events: &mut VecDeque<LineEvent>) -> bool {
        let mut any = false;
        while let Some(due) = self.due
            && let Some(slot) =
                self.waiting.iter_mut().find(|slot| matches!(slot, Some((count, _)) if *count == due))
            && let Some((_, chunk)) = slot.take()
        {
            heard(chunk, events);
            self.due = Some(next(due));
            any = true;
        }
        any
    }
}

fn next(count: u64) -> u64 {
    count.saturating_add(1)
}

fn heard(chunk: Chunk, events: &mut VecDeque<LineEvent>) {
    if !chunk.bytes.is_empty() {
        events.push_back(LineEvent::Audio(chunk));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use call::Format;

    /// 20 ms of sound that says which frame it was.
    fn frame(count: u64) -> Chunk {
        Chunk { format: Format::Ulaw, bytes: Bytes::from(vec![count as u8; 160]) }
    }

    fn heard_of(order: &mut Order, counts: &[u64]) -> Vec<u8> {
        let mut events = VecDeque::new();
        for &count in counts {
            order.arrived(Some(count), frame(count), &mut events);
        }
        events
            .into_iter()
            .map(|event| match event {
                LineEvent::Audio(chunk) => chunk.bytes[0],
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn frames_in_order_go_straight_through() {
        let mut order = Order::default();
        for count in 5..200 {
            assert_eq!(heard_of(&mut order, &[count]), [count as u8]);
        }
    }

    #[test]
    fn frames_out_of_order_are_put_back() {
        let mut order = Order::default();
        assert_eq!(heard_of(&mut order, &[1, 3, 2, 4]), [1, 2, 3, 4]);
        assert_eq!(heard_of(&mut order, &[8, 7, 6, 5]), [5, 6, 7, 8]);
        assert_eq!(heard_of(&mut order, &[9, 11, 11, 10, 10, 12]), [9, 10, 11, 12], "twice is once");
    }

    #[test]
    fn a_lost_frame_is_waited_for_a_tenth_of_a_second_and_no_longer() {
        let mut order = Order::default();
        assert_eq!(heard_of(&mut order, &[1, 3, 4, 5, 6, 7]), [1]);
        assert_eq!(heard_of(&mut order, &[8]), [3, 4, 5, 6, 7, 8]);
        assert_eq!(heard_of(&mut order, &[2]), [0; 0], "what comes after all is not heard out of place");
        assert_eq!(heard_of(&mut order, &[9]), [9]);
    }

    #[test]
    fn who_only_loses_frames_is_soon_not_waited_for() {
        let mut order = Order::default();
        let mut count = 1;
        for _ in 0..FUTILE {
            heard_of(&mut order, &[count, count + 2, count + 3, count + 4, count + 5, count + 6, count + 7]);
            count += 8;
        }
        assert_eq!(heard_of(&mut order, &[count, count + 2]), [count as u8, count as u8 + 2]);
        // Until one does come late.
        heard_of(&mut order, &[count + 1]);
        assert_eq!(heard_of(&mut order, &[count + 4, count + 3]), [count as u8 + 3, count as u8 + 4]);
    }

    #[test]
    fn a_carrier_that_counts_anew_is_followed() {
        let mut order = Order::default();
        heard_of(&mut order, &[100, 101]);
        assert_eq!(heard_of(&mut order, &[1, 2, 3, 4, 5, 6, 7, 8, 9]), [8, 9]);
        assert_eq!(heard_of(&mut order, &[9_000_001, 9_000_002]).len(), 2, "a leap is not waited for");
        assert_eq!(heard_of(&mut order, &[u64::MAX]).len(), 1);
    }

    #[test]
    fn numbers_that_count_nothing_are_soon_not_heeded() {
        let mut order = Order::default();
        heard_of(&mut order, &[7; 30]);
        assert_eq!(heard_of(&mut order, &[7; 50]), [7; 50]);
    }

    #[test]
    fn whatever_comes_is_bounded_and_never_heard_backwards() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..300 {
            let mut order = Order::default();
            let mut counts: Vec<u64> = (1..200).filter(|_| random.u8(..) > 20).collect();
            for _ in 0..60 {
                let at = random.usize(..counts.len() - 4);
                let to = at + random.usize(1..4);
                counts.swap(at, to);
            }
            let heard = heard_of(&mut order, &counts);
            assert!(heard.is_sorted(), "{counts:?} became {heard:?}");
            assert!(heard.len() + SLOTS + 40 > counts.len(), "{} of {}", heard.len(), counts.len());
        }
    }
}
