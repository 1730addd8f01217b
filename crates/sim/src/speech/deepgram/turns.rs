//! Flux's turns, told from loud and quiet in the time of the sound itself: a turn begins, is likely over, is resumed, and ends.

/// What is said of a turn, with its words so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub event: &'static str,
    pub turn: i64,
    pub words: String,
}

#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Samples that are no whole frame yet.
    rest: Vec<i16>,
    /// Milliseconds of sound and of silence in a row, and since the last word about the turn.
    loud: u32,
    quiet: u32,
    since: u32,
    open: bool,
    eager: bool,
    index: i64,
    /// How often the caller has paused in it.
    pauses: usize,
}

const LOUD: u16 = 1_000;
const FRAME_MS: u32 = 20;
const BEGINS: u32 = 200;
const UPDATES: u32 = 240;
const LIKELY: u32 = 200;
const ENDS: u32 = 640;

impl Turns {
    /// Hears this. `script` is what is understood, a `|` where the caller pauses; `early` whether a likely end is told.
    pub(super) fn hear(&mut self, samples: &[i16], hertz: u32, script: &str, early: bool) -> Vec<Told> {
        let mut told = Vec::new();
        self.rest.extend_from_slice(samples);
        let frame = (hertz * FRAME_MS / 1_000) as usize;
        let whole = self.rest.len() / frame * frame;
        let frames: Vec<i16> = self.rest.drain(..whole).collect();
        for frame in frames.chunks(frame) {
            let loud = frame.iter().any(|sample| sample.unsigned_abs() > LOUD);
            self.frame(loud, script, early, &mut told);
        }
        told
    }

    /// The turn is to end, whatever was heard.
    pub(super) fn force(&mut self, script: &str) -> Vec<Told> {
        let words = script.replace("| ", "");
        let mut told = Vec::new();
        if !self.open && self.index > 0 {
            return told;
        }
        if !self.open {
            told.push(self.tell("StartOfTurn", ""));
        }
        told.extend([self.tell("Update", &words), self.tell("EndOfTurn", &words)]);
        self.end();
        told
    }

    fn frame(&mut self, loud: bool, script: &str, early: bool, told: &mut Vec<Told>) {
        (self.loud, self.quiet) = if loud { (self.loud + FRAME_MS, 0) } else { (0, self.quiet + FRAME_MS) };
        if !self.open {
            if self.loud >= BEGINS && !script.is_empty() {
                self.open = true;
                self.since = 0;
                let first = self.so_far(script);
                told.push(self.tell("StartOfTurn", first.split(' ').next().unwrap_or_default()));
            }
            return;
        }
        let words = self.so_far(script);
        if loud && std::mem::take(&mut self.eager) {
            told.push(self.tell("TurnResumed", &words));
            self.pauses += 1;
        }
        let words = self.so_far(script);
        if early && self.quiet == LIKELY {
            self.eager = true;
            told.push(self.tell("EagerEndOfTurn", &words));
        }
        self.since += FRAME_MS;
        if self.since >= UPDATES && !self.eager {
            self.since = 0;
            told.push(self.tell("Update", &words));
        }
        if self.quiet >= ENDS {
            told.push(self.tell("EndOfTurn", &words));
            self.end();
        }
    }

    fn end(&mut self) {
        self.index += 1;
        (self.open, self.eager, self.pauses, self.loud, self.quiet) = (false, false, 0, 0, 0);
    }

    fn so_far(&self, script: &str) -> String {
        let parts = script.split('|').take(self.pauses + 1).map(str::trim);
        parts.collect::<Vec<_>>().join(" ")
    }

    fn tell(&self, event: &'static str, words: &str) -> Told {
        Told { event, turn: self.index, words: words.to_owned() }
    }
}
