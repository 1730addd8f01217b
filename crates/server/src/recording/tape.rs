//! What both sides of a call sounded like on our end of the line, laid out in time: no clock, no disk.
//!
//! The caller is where they arrived; the assistant is where the line played it, one chunk after the other from when it was
//! sent. What was cleared from the line before it sounded is not on the tape.

use crate::line::transcode::{OURS, Transcoder};
use bytes::{Buf as _, Bytes};
use call::{Chunk, LineCommand, LineEvent, Manner};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use store::Side;

/// Samples a millisecond.
pub const PER_MS: u64 = 8;
/// A stretch is handed over when it has become so long: 5 s. A crash loses no more of either side.
const LONGEST: usize = 5 * 8_000;
/// A network that halts hands over later what was said meanwhile. Sound is taken for late up to this: 3 s.
const LATE: u64 = 3 * 8_000;
/// A hole as short as this is filled with silence: 100 ms.
const HOLE: u64 = 800;

/// A stretch of one side's sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub side: Side,
    /// Its first sample, counted from the call's start at 8 kHz.
    pub place: u64,
    /// µ-law.
    pub ulaw: Vec<u8>,
}

/// Both sides of one call.
pub struct Tape {
    manner: Manner,
    began: Instant,
    caller: Track,
    assistant: Track,
    /// Sent to the line and not played yet; on a line that takes turns: gathered and not handed over yet.
    queue: VecDeque<Bytes>,
    /// Where the first of it begins to sound.
    next: u64,
    /// What the caller said in this turn, on a line that takes turns.
    turn: Vec<u8>,
    full: VecDeque<Stretch>,
}

struct Track {
    side: Side,
    place: u64,
    ulaw: Vec<u8>,
    /// Where sound is not in our format.
    transcoder: Option<Transcoder>,
}

impl Tape {
    /// For a call whose notes are counted from `began`.
    pub fn new(manner: Manner, began: Instant) -> Self {
        Self {
            manner,
            began,
            caller: Track::of(Side::Caller),
            assistant: Track::of(Side::Assistant),
            queue: VecDeque::with_capacity(64),
            next: 0,
            turn: Vec::new(),
            full: VecDeque::new(),
        }
    }

    /// The line is told this.
    pub fn sent(&mut self, now: Instant, command: &LineCommand) {
        let at = self.at(now);
        match (command, self.manner) {
            (LineCommand::Play(chunk), Manner::Duplex) => {
                self.played_until(at);
                if self.queue.is_empty() {
                    self.next = self.next.max(at);
                }
                let sound = self.assistant.ours(chunk);
                self.queue.push_back(sound);
            }
            (LineCommand::Play(chunk), Manner::Turns) => {
                self.turn_over(at);
                let sound = self.assistant.ours(chunk);
                self.queue.push_back(sound);
            }
            (LineCommand::Clear, Manner::Duplex) => {
                self.played_until(at);
                self.queue.clear();
            }
            (LineCommand::Clear, Manner::Turns) => self.queue.clear(),
            (LineCommand::Listen | LineCommand::HangUp | LineCommand::Transfer(_), Manner::Turns) => {
                self.turn_over(at);
                self.next = self.next.max(at);
                self.played_until(u64::MAX);
            }
            (
                LineCommand::Listen | LineCommand::HangUp | LineCommand::Transfer(_) | LineCommand::Mark(_),
                Manner::Duplex,
            )
            | (LineCommand::Mark(_), Manner::Turns) => {}
        }
    }

    /// The line says this.
    pub fn came(&mut self, now: Instant, event: &LineEvent) {
        let at = self.at(now);
        match (event, self.manner) {
            (LineEvent::Audio(chunk), Manner::Duplex) => {
                if chunk.format == OURS {
                    self.heard(at, &chunk.bytes);
                } else {
                    let sound = self.caller.ours(chunk);
                    self.heard(at, &sound);
                }
                self.played_until(at);
            }
            (LineEvent::Audio(chunk), Manner::Turns) => {
                let sound = self.caller.ours(chunk);
                self.turn.extend_from_slice(&sound);
            }
            (LineEvent::Played(_), _) => {}
            (LineEvent::Words(_) | LineEvent::TurnOver | LineEvent::Key(_) | LineEvent::Closed, _) => {
                self.turn_over(at);
            }
        }
    }

    /// The call is over. Says how long the tape is, in samples.
    pub fn end(&mut self, now: Instant) -> u64 {
        let at = self.at(now);
        self.turn_over(at);
        if self.manner == Manner::Duplex {
            self.played_until(at);
        }
        self.caller.hand_over(&mut self.full);
        self.assistant.hand_over(&mut self.full);
        at.max(self.caller.end()).max(self.assistant.end())
    }

    /// The next stretch that is full, or as long as it will ever be.
    pub fn pop(&mut self) -> Option<Stretch> {
        self.full.pop_front()
    }

    fn at(&self, now: Instant) -> u64 {
        samples(now.saturating_duration_since(self.began))
    }

    fn heard(&mut self, at: u64, sound: &[u8]) {
        let came = at.saturating_sub(sound.len() as u64);
        let place = self.caller.end();
        if place > came + LATE {
            // More of it than time has passed.
            return;
        }
        let place = if came > place + LATE { came } else { place };
        if self.caller.put(place, sound, &mut self.full) {
            self.assistant.hand_over(&mut self.full);
        }
    }

    /// What the caller said in their turn ended now.
    fn turn_over(&mut self, at: u64) {
        if self.turn.is_empty() {
            return;
        }
        let turn = std::mem::take(&mut self.turn);
        let place = at.saturating_sub(turn.len() as u64).max(self.caller.end());
        self.caller.put(place, &turn, &mut self.full);
        self.caller.hand_over(&mut self.full);
        self.assistant.hand_over(&mut self.full);
    }

    /// Of what was sent, this much has sounded.
    fn played_until(&mut self, at: u64) {
        while self.next < at
            && let Some(first) = self.queue.front_mut()
        {
            let length = usize::try_from(at - self.next).unwrap_or(usize::MAX).min(first.len());
            self.assistant.put(self.next, &first[..length], &mut self.full);
            self.next += length as u64;
            first.advance(length);
            if first.is_empty() {
                self.queue.pop_front();
            }
        }
    }
}

impl Track {
    fn of(side: Side) -> Self {
        Self { side, place: 0, ulaw: Vec::new(), transcoder: None }
    }

    /// Where the next sample goes if none is missing.
    fn end(&self) -> u64 {
        self.place + self.ulaw.len() as u64
    }

    /// Adds sound at this place. True: a stretch has become full with it.
    fn put(&mut self, place: u64, sound: &[u8], full: &mut VecDeque<Stretch>) -> bool {
        let place = place.max(self.end());
        let hole = place - self.end();
        if self.ulaw.is_empty() {
            self.place = place;
            self.ulaw.reserve_exact(LONGEST + 2_000);
        } else if hole > HOLE {
            self.hand_over(full);
            self.place = place;
        } else {
            let silent = usize::try_from(hole).expect("a short hole");
            self.ulaw.resize(self.ulaw.len() + silent, OURS.silent_byte());
        }
        self.ulaw.extend_from_slice(sound);
        let is_full = self.ulaw.len() >= LONGEST;
        if is_full {
            self.hand_over(full);
        }
        is_full
    }

    fn hand_over(&mut self, full: &mut VecDeque<Stretch>) {
        if self.ulaw.is_empty() {
            return;
        }
        let (place, ulaw) = (self.place, std::mem::take(&mut self.ulaw));
        self.place += ulaw.len() as u64;
        full.push_back(Stretch { side: self.side, place, ulaw });
    }

    fn ours(&mut self, chunk: &Chunk) -> Bytes {
        if chunk.format == OURS {
            return chunk.bytes.clone();
        }
        let transcoder = self
            .transcoder
            .get_or_insert_with(|| Transcoder::between(chunk.format, OURS).expect("its format is not ours"));
        transcoder.heard(chunk).bytes
    }
}

/// How many samples sound for so long.
fn samples(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX / PER_MS) * PER_MS / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use call::{Format, Mark};

    struct Rig {
        tape: Tape,
        began: Instant,
    }

    impl Rig {
        fn new(manner: Manner) -> Self {
            let began = crate::clock::now();
            Self { tape: Tape::new(manner, began), began }
        }

        fn at(&self, ms: u64) -> Instant {
            self.began + Duration::from_millis(ms)
        }

        fn says(&mut self, ms: u64, byte: u8, length_ms: u64) {
            let now = self.at(ms);
            self.tape.sent(now, &LineCommand::Play(sound(byte, length_ms)));
        }

        fn hears(&mut self, ms: u64, byte: u8, length_ms: u64) {
            let now = self.at(ms);
            self.tape.came(now, &LineEvent::Audio(sound(byte, length_ms)));
        }

        /// The caller is silent between these times, in frames of 20 ms.
        fn passes(&mut self, from_ms: u64, until_ms: u64) {
            for ms in (from_ms..until_ms).step_by(20) {
                self.hears(ms + 20, 0xFF, 20);
            }
        }

        /// The bytes of one side by the millisecond, `0xFF` where there are none.
        fn end(mut self, ms: u64) -> (Vec<u8>, Vec<u8>) {
            let end = self.tape.end(self.at(ms));
            let mut sides = [vec![0xFF; (end / PER_MS) as usize], vec![0xFF; (end / PER_MS) as usize]];
            while let Some(stretch) = self.tape.pop() {
                let side = usize::try_from(stretch.side.number()).expect("0 or 1");
                for (at, byte) in stretch.ulaw.iter().step_by(8).enumerate() {
                    sides[side][(stretch.place / PER_MS) as usize + at] = *byte;
                }
            }
            let [caller, assistant] = sides;
            (caller, assistant)
        }
    }

    fn sound(byte: u8, ms: u64) -> Chunk {
        Chunk { format: Format::Ulaw, bytes: vec![byte; (ms * PER_MS) as usize].into() }
    }

    /// Runs of the same byte, each with its length.
    fn runs(side: &[u8]) -> Vec<(u8, usize)> {
        side.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect()
    }

    #[test]
    fn what_was_cleared_before_it_sounded_is_not_on_the_tape() {
        let mut rig = Rig::new(Manner::Duplex);
        rig.says(100, 1, 1_000);
        rig.says(100, 2, 1_000);
        rig.passes(0, 500);
        let now = rig.at(500);
        rig.tape.sent(now, &LineCommand::Clear);
        rig.says(800, 3, 200);
        rig.passes(500, 1_200);
        let (_, assistant) = rig.end(1_200);
        assert_eq!(runs(&assistant), [(0xFF, 100), (1, 400), (0xFF, 300), (3, 200), (0xFF, 200)]);
    }

    #[test]
    fn chunks_sound_one_after_the_other_and_both_sides_lie_in_time() {
        let mut rig = Rig::new(Manner::Duplex);
        rig.says(0, 1, 300);
        rig.says(10, 2, 300);
        rig.passes(0, 800);
        for ms in (800..1_000).step_by(20) {
            rig.hears(ms + 20, 9, 20);
        }
        rig.passes(1_000, 6_000);
        let (caller, assistant) = rig.end(6_000);
        assert_eq!(runs(&assistant), [(1, 300), (2, 300), (0xFF, 5_400)]);
        assert_eq!(runs(&caller), [(0xFF, 800), (9, 200), (0xFF, 5_000)]);
    }

    #[test]
    fn a_network_that_halts_loses_nothing_and_one_that_is_gone_leaves_a_hole() {
        let mut rig = Rig::new(Manner::Duplex);
        rig.passes(0, 400);
        for _ in 0..50 {
            rig.hears(1_400, 5, 20);
        }
        rig.passes(1_400, 1_600);
        rig.hears(9_600, 7, 20);
        let (caller, _) = rig.end(9_600);
        assert_eq!(runs(&caller), [(0xFF, 400), (5, 1_000), (0xFF, 8_180), (7, 20)]);
    }

    #[test]
    fn a_caller_who_sends_more_sound_than_time_passes_is_not_kept_for_ever() {
        let mut rig = Rig::new(Manner::Duplex);
        for _ in 0..1_000 {
            rig.hears(20, 5, 20);
        }
        let (caller, _) = rig.end(20);
        assert!(caller.len() < 3_100, "{} ms", caller.len());
    }

    #[test]
    fn by_turns_each_side_is_where_it_had_its_turn() {
        let mut rig = Rig::new(Manner::Turns);
        rig.says(100, 1, 500);
        rig.says(300, 2, 500);
        let now = rig.at(1_000);
        rig.tape.sent(now, &LineCommand::Listen);
        // 1.0–2.0 s it sounds; then the caller speaks for a second, and it comes all at once.
        for _ in 0..10 {
            rig.hears(4_000, 7, 100);
        }
        let now = rig.at(4_000);
        rig.tape.came(now, &LineEvent::Played(Mark(1)));
        rig.tape.came(now, &LineEvent::TurnOver);
        rig.says(4_100, 3, 200);
        let now = rig.at(4_200);
        rig.tape.sent(now, &LineCommand::HangUp);
        let (caller, assistant) = rig.end(4_300);
        assert_eq!(runs(&assistant), [(0xFF, 1_000), (1, 500), (2, 500), (0xFF, 2_200), (3, 200)]);
        assert_eq!(runs(&caller), [(0xFF, 3_000), (7, 1_000), (0xFF, 400)]);
    }

    #[test]
    fn five_seconds_are_handed_over_of_both_sides_at_once() {
        let mut rig = Rig::new(Manner::Duplex);
        rig.says(0, 1, 200);
        rig.passes(0, 5_000);
        let stretches: Vec<_> = std::iter::from_fn(|| rig.tape.pop()).collect();
        let shape: Vec<_> = stretches.iter().map(|one| (one.side, one.place, one.ulaw.len())).collect();
        assert_eq!(shape, [(Side::Caller, 0, 40_000), (Side::Assistant, 0, 1_600)]);
    }

    #[test]
    fn wide_sound_is_kept_as_a_telephone_has_it() {
        let mut rig = Rig::new(Manner::Duplex);
        let wide = Chunk { format: Format::Pcm { hertz: 16_000 }, bytes: vec![0; 32_000].into() };
        let now = rig.at(1_000);
        rig.tape.came(now, &LineEvent::Audio(wide));
        let (caller, _) = rig.end(1_000);
        assert!(caller.len().abs_diff(1_000) < 20, "{}", caller.len());
    }
}
