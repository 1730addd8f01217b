//! What the caller has heard of what we sent.
//!
//! The line plays our chunks back to back, one network trip after we sent them, and a `Clear` takes as long to get
//! there as a chunk does. So the clock of a line without any delay, kept here, says exactly what will have been heard
//! when a `Clear` sent now takes effect, whatever the delay, as long as it stays the same. Marks come back a round
//! trip late; they say when the line fell behind that clock, and that something was truly heard to its end.

use crate::{Chunk, ItemId, Mark};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// A mark that has not come back this long after its sound never will.
const MARK_PATIENCE: Duration = Duration::from_secs(60);

/// Every so much sound has a mark behind it: a message each way, which small chunks would not be worth.
const MARK_EVERY: Duration = Duration::from_millis(100);

/// How far into an item the caller gets before it is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub item: ItemId,
    pub heard: Duration,
    pub sent: Duration,
}

/// Nobody is sure to have heard more letters than this in a second of an item that was cut.
const LETTERS: u128 = 14;

impl Cut {
    /// How many bytes of the item's words the caller is sure to have heard.
    pub(crate) fn heard_of(&self, text: &str) -> usize {
        let letters = u128::try_from(text.chars().count()).unwrap_or(u128::MAX);
        let share = letters * self.heard.as_millis() / self.sent.max(Duration::from_millis(1)).as_millis();
        let heard = share.min(self.heard.as_millis() * LETTERS / 1_000).min(letters);
        let heard = usize::try_from(heard).unwrap_or(usize::MAX);
        text.char_indices().nth(heard).map_or(text.len(), |(at, _)| at)
    }
}

#[derive(Debug)]
struct Span {
    item: ItemId,
    chunk: Chunk,
    mark: Mark,
    /// When the line was asked for the mark: it cannot come back from before that.
    marked: Instant,
    /// Where in the item it begins.
    offset: Duration,
    begins: Instant,
    ends: Instant,
}

/// The line's queue, as far as it can be known from here.
#[derive(Debug, Default)]
pub struct Playout {
    /// Sent, and its mark not come back yet.
    spans: VecDeque<Span>,
    /// The item sent last and how much of it was sent.
    last: Option<(ItemId, Duration)>,
    /// When everything sent has sounded, on a line without delay.
    ends: Option<Instant>,
    next_mark: u32,
    /// Sent since the last mark that the line was asked for.
    unmarked: Duration,
    /// The shortest time that a mark took to come back.
    trip: Option<Duration>,
    /// How much the line has fallen behind since it was last idle.
    behind: Duration,
}

impl Playout {
    /// Notes that a chunk of `item` is sent now. Gives the mark that is to be asked for behind it, if one is due.
    pub fn sent(&mut self, now: Instant, item: ItemId, chunk: Chunk) -> Option<Mark> {
        let mark = Mark(self.next_mark);
        self.next_mark += 1;
        let begins = match self.ends {
            Some(ends) if ends > now => ends,
            Some(_) | None => {
                self.behind = Duration::ZERO;
                now
            }
        };
        let length = chunk.duration();
        let ends = begins + length;
        let offset = match self.last {
            Some((last, sent)) if last == item => sent,
            Some(_) | None => Duration::ZERO,
        };
        self.last = Some((item, offset + length));
        self.ends = Some(ends);
        while self.spans.front().is_some_and(|span| span.ends + MARK_PATIENCE < now) {
            self.spans.pop_front();
        }
        self.spans.push_back(Span { item, chunk, mark, marked: now, offset, begins, ends });
        self.unmarked += length;
        (self.unmarked >= MARK_EVERY).then(|| self.marked(now)).flatten()
    }

    /// The mark to be asked for when nothing more is sent, unless the last chunk has one.
    pub fn marked(&mut self, now: Instant) -> Option<Mark> {
        if std::mem::take(&mut self.unmarked).is_zero() {
            return None;
        }
        let last = self.spans.back_mut()?;
        last.marked = now;
        Some(last.mark)
    }

    /// Notes that the line is done with everything up to `mark`. Marks of what was cut say nothing.
    pub fn played(&mut self, now: Instant, mark: Mark) {
        let Some(reached) = self.spans.iter().rposition(|span| span.mark <= mark) else { return };
        if self.spans[reached].mark == mark {
            self.believe(now, self.spans[reached].ends.max(self.spans[reached].marked));
        }
        self.spans.drain(..=reached);
    }

    /// Whether something sent has not been confirmed as played.
    pub fn is_awaited(&self) -> bool {
        !self.spans.is_empty()
    }

    /// Whether something would still be unheard if it were cut now.
    pub fn is_sounding(&self, now: Instant) -> bool {
        self.spans.back().is_some_and(|span| span.ends > now)
    }

    /// When everything sent will have sounded.
    pub fn ends(&self) -> Option<Instant> {
        self.ends
    }

    /// How much of `item` was sent, if it is the one sent last.
    pub fn sent_of(&self, item: ItemId) -> Option<Duration> {
        self.last.filter(|(last, _)| *last == item).map(|(_, sent)| sent)
    }

    /// Forgets what will not be heard when the line is cleared now. Says how far the caller gets into each item that
    /// is cut, and gives back the sound that is lost.
    pub fn cut(&mut self, now: Instant) -> (Vec<Cut>, Vec<(ItemId, Chunk)>) {
        let mut cuts = Vec::<Cut>::new();
        let mut lost = vec![];
        for span in self.spans.drain(..).filter(|span| span.ends > now) {
            let into = now.saturating_duration_since(span.begins);
            let sent = span.offset + span.chunk.duration();
            match cuts.last_mut() {
                Some(cut) if cut.item == span.item => cut.sent = sent,
                Some(_) | None => cuts.push(Cut { item: span.item, heard: span.offset + into, sent }),
            }
            lost.push((span.item, span.chunk.after(into)));
        }
        if let Some(first) = cuts.first() {
            self.last = Some((first.item, first.heard));
        }
        self.ends = None;
        self.behind = Duration::ZERO;
        self.unmarked = Duration::ZERO;
        (cuts, lost)
    }

    /// A mark came back for what should have ended at `ends`. What takes longer than the quickest trip means that the
    /// line is behind; what takes less means that it has caught up, or that the trip is shorter than it seemed.
    fn believe(&mut self, now: Instant, ends: Instant) {
        let Some(took) = now.checked_duration_since(ends) else {
            self.hasten(ends - now);
            self.trip = Some(Duration::ZERO);
            return;
        };
        match self.trip {
            None => self.trip = Some(took),
            Some(trip) if took > trip => self.delay(took.saturating_sub(trip)),
            Some(trip) => {
                let caught_up = trip.saturating_sub(took).min(self.behind);
                self.hasten(caught_up);
                self.trip = Some(took + caught_up);
            }
        }
    }

    fn delay(&mut self, by: Duration) {
        self.behind += by;
        self.shift(|at| *at += by);
    }

    fn hasten(&mut self, by: Duration) {
        self.behind = self.behind.saturating_sub(by);
        self.shift(|at| *at = at.checked_sub(by).unwrap_or(*at));
    }

    fn shift(&mut self, by: impl Fn(&mut Instant)) {
        for span in &mut self.spans {
            by(&mut span.begins);
            by(&mut span.ends);
        }
        if let Some(ends) = &mut self.ends {
            by(ends);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
    fn a_line_that_never_reports_does_not_keep_the_whole_call() {
        let second = Chunk { format: Format::Ulaw, bytes: vec![0; 8_000].into() };
        let (mut playout, mut now) = (Playout::default(), Instant::now());
        for _ in 0..3_600 {
            playout.sent(now, ItemId(1), second.clone());
            now += Duration::from_secs(1);
        }
        assert!(playout.spans.len() <= 62, "{}", playout.spans.len());
        assert_eq!(playout.sent_of(ItemId(1)), Some(Duration::from_secs(3_600)));
    }
}
