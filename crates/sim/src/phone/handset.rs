//! A telephone in the hand of a test or of the scripted caller: speak, press, listen, hang up, and a recording.

use super::{Account, Act, Dial, Ended, Event, FRAME, Failed, Party, call};
use crate::browser;
use sound::{g711, level, wav::Wav};
use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};
use tokio::{sync::Notify, task::JoinSet};

/// Above this the other side is taken to be speaking, in dBFS.
const LOUD: f32 = -45.0;
/// Samples a millisecond.
const MS: usize = 8;

/// A call under way, held by its caller. Positions are samples at 8 kHz since the stream's start. Dropping it hangs up.
#[derive(Debug)]
pub struct Handset {
    shared: Arc<Shared>,
    task: JoinSet<Result<Ended, Failed>>,
}

/// What came of listening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listened {
    /// The other side spoke, and has been silent since. From the first loud sound to the last.
    Spoke(Range<usize>),
    /// Not a word as long as was waited.
    Nothing,
    /// The call is over; what had been said of a sentence till then, if anything.
    Over(Option<Range<usize>>),
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    to_say: VecDeque<u8>,
    acts: VecDeque<Act>,
    started: Option<Instant>,
    over: bool,
    hung_up: bool,
    caller: Vec<u8>,
    assistant: Vec<u8>,
    /// Stretches in which the assistant was loud, in samples; close ones are one.
    loud: Vec<Range<usize>>,
    clears: u32,
    recordings: u32,
    /// What was said since the company transcribed last.
    meant: Option<String>,
}

impl Handset {
    /// Places a call.
    pub fn dial(account: impl Into<Account>, dial: Dial) -> Self {
        let account = account.into();
        Self::held(|mut party| async move { call(account, dial, &mut party).await })
    }

    /// Calls from a page, by this link of a guest's.
    pub fn page(link: String) -> Self {
        Self::held(|mut party| async move { browser::call(&link, &mut party).await })
    }

    fn held<F>(carried: impl FnOnce(Holder) -> F) -> Self
    where
        F: Future<Output = Result<Ended, Failed>> + Send + 'static,
    {
        let shared = Arc::new(Shared::default());
        let (carried, of_the_call) = (carried(Holder(Arc::clone(&shared))), Arc::clone(&shared));
        let mut task = JoinSet::new();
        task.spawn(async move {
            let ended = carried.await;
            of_the_call.lock().over = true;
            of_the_call.changed.notify_waiters();
            ended
        });
        Self { shared, task }
    }

    /// Waits till the stream stands, or the first turn begins; false where neither ever did.
    pub async fn connected(&self) -> bool {
        self.shared
            .until(|state| (state.started.is_some() || state.over).then_some(state.started.is_some()))
            .await
    }

    /// Speaks this µ-law after what is still to be said.
    pub fn say(&self, ulaw: &[u8]) {
        self.shared.lock().to_say.extend(ulaw);
    }

    /// Speaks this, of which the words are known: what a company that transcribes will have understood.
    pub fn say_in_words(&self, ulaw: &[u8], words: &str) {
        let mut state = self.shared.lock();
        state.to_say.extend(ulaw);
        let meant = state.meant.get_or_insert_default();
        if !meant.is_empty() {
            meant.push(' ');
        }
        meant.push_str(words);
    }

    /// Waits till the caller is being recorded for the `n`th time, counted from 1; false where the call ended before.
    pub async fn recorded(&self, n: u32) -> bool {
        self.shared
            .until(|state| (state.recordings >= n || state.over).then_some(state.recordings >= n))
            .await
    }

    /// How many recordings of the caller were begun.
    pub fn recordings(&self) -> u32 {
        self.shared.lock().recordings
    }

    /// Says no more of what was to be said.
    pub fn hush(&self) {
        self.shared.lock().to_say.clear();
    }

    /// Waits till all has been said, or the call is over.
    pub async fn said(&self) {
        self.shared.until(|state| (state.to_say.is_empty() || state.over).then_some(())).await;
    }

    /// Presses a key: `0`–`9`, `*`, `#`.
    pub fn press(&self, key: char) {
        self.shared.lock().acts.push_back(Act::Press(key));
    }

    /// Hangs up within 20 ms.
    pub fn hang_up(&self) {
        self.shared.lock().acts.push_back(Act::HangUp);
    }

    pub fn is_over(&self) -> bool {
        self.shared.lock().over
    }

    /// When the stream began.
    pub fn started(&self) -> Option<Instant> {
        self.shared.lock().started
    }

    /// How much has been recorded of the caller, which is the present.
    pub fn position(&self) -> usize {
        self.shared.lock().caller.len()
    }

    /// How often the server cleared the line.
    pub fn clears(&self) -> u32 {
        self.shared.lock().clears
    }

    /// Waits till the other side has spoken at or after `from` and then been silent for `quiet`; for the first word at
    /// most `patience`, counted from now.
    pub async fn listen(&self, from: usize, quiet: Duration, patience: Duration) -> Listened {
        let deadline = self.position() + samples(patience);
        let quiet = samples(quiet);
        self.shared
            .until(|state| {
                let spoken = state.spoken(from);
                let now = state.caller.len();
                if state.over {
                    return Some(Listened::Over(spoken));
                }
                match spoken {
                    Some(range) if now >= range.end + quiet => Some(Listened::Spoke(range)),
                    None if now >= deadline => Some(Listened::Nothing),
                    Some(_) | None => None,
                }
            })
            .await
    }

    /// Waits till the other side has been speaking for `length` since `from`; false where the call ended before.
    pub async fn hear_for(&self, from: usize, length: Duration) -> bool {
        let length = samples(length);
        self.shared
            .until(|state| {
                let heard = state.loud.iter().map(|r| r.end.saturating_sub(r.start.max(from))).sum::<usize>();
                (heard >= length || state.over).then_some(heard >= length)
            })
            .await
    }

    /// Waits for this long in the time of the call; less where it ends.
    pub async fn wait(&self, length: Duration) {
        let until = self.position() + samples(length);
        self.shared.until(|state| (state.caller.len() >= until || state.over).then_some(())).await;
    }

    /// What was heard in this stretch, as samples.
    pub fn heard(&self, stretch: Range<usize>) -> Vec<i16> {
        let state = self.shared.lock();
        let end = stretch.end.min(state.assistant.len());
        g711::ulaw_to_samples(state.assistant.get(stretch.start..end).unwrap_or_default())
    }

    /// The same as µ-law, as it came.
    pub fn heard_ulaw(&self, stretch: Range<usize>) -> Vec<u8> {
        let state = self.shared.lock();
        let end = stretch.end.min(state.assistant.len());
        state.assistant.get(stretch.start..end).unwrap_or_default().to_vec()
    }

    /// The call so far at 8 kHz: the caller left, the assistant right, each where it sounded.
    pub fn recording(&self) -> Wav {
        let state = self.shared.lock();
        let mut sides = [g711::ulaw_to_samples(&state.caller), g711::ulaw_to_samples(&state.assistant)];
        let length = sides[0].len().max(sides[1].len());
        for side in &mut sides {
            side.resize(length, 0);
        }
        Wav::stereo(8_000, &sides[0], &sides[1])
    }

    /// Waits for the end of the call.
    pub async fn ended(mut self) -> Result<Ended, Failed> {
        match self.task.join_next().await.expect("the task is joined only here, by value") {
            Ok(ended) => ended,
            Err(why) => std::panic::resume_unwind(why.into_panic()),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }

    async fn until<T>(&self, mut is: impl FnMut(&State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the look, so that no change falls in between.
            changed.as_mut().enable();
            if let Some(value) = is(&self.lock()) {
                return value;
            }
            changed.await;
        }
    }
}

impl State {
    /// From the first loud sound at or after `from` to the last.
    fn spoken(&self, from: usize) -> Option<Range<usize>> {
        let mut after = self.loud.iter().filter(|range| range.end > from);
        let first = after.next()?;
        let last = after.next_back().unwrap_or(first);
        Some(first.start.max(from)..last.end)
    }

    fn sounded(&mut self, at: Instant, ulaw: &[u8]) {
        let Some(started) = self.started else { return };
        let position = at.saturating_duration_since(started).as_micros() as usize / 125;
        if position > self.assistant.len() {
            self.assistant.resize(position, super::telephone::SILENCE);
        }
        let from = self.assistant.len();
        self.assistant.extend_from_slice(ulaw);
        let block = 20 * MS;
        // Judged in whole blocks, so that how the sound was cut up does not matter.
        for start in (from / block * block..).step_by(block).take_while(|s| s + block <= self.assistant.len())
        {
            let samples = g711::ulaw_to_samples(&self.assistant[start..start + block]);
            if !level::is_silent(&samples, LOUD) {
                match self.loud.last_mut() {
                    Some(last) if start <= last.end + 100 * MS => last.end = start + block,
                    _ => self.loud.push(start..start + block),
                }
            }
        }
    }
}

fn samples(length: Duration) -> usize {
    length.as_millis() as usize * MS
}

#[derive(Debug)]
struct Holder(Arc<Shared>);

impl Party for Holder {
    fn speak(&mut self, _: Instant, frame: &mut [u8; FRAME]) -> Act {
        let mut state = self.0.lock();
        let count = state.to_say.len().min(FRAME);
        for (sample, said) in frame.iter_mut().zip(state.to_say.drain(..count)) {
            *sample = said;
        }
        state.caller.extend_from_slice(frame);
        let act = state.acts.pop_front().unwrap_or(Act::Nothing);
        state.hung_up |= act == Act::HangUp;
        drop(state);
        self.0.changed.notify_waiters();
        act
    }

    fn told(&mut self, event: Event<'_>) {
        let mut state = self.0.lock();
        match event {
            Event::Started { at } => {
                let started = *state.started.get_or_insert(at);
                // A stream that opens within a call that was in turns goes on at the same clock.
                let passed = at.saturating_duration_since(started).as_micros() as usize / 125;
                if passed > state.caller.len() {
                    state.caller.resize(passed, super::telephone::SILENCE);
                }
            }
            Event::Recording { .. } => state.recordings += 1,
            Event::Sounded { at, ulaw } => state.sounded(at, ulaw),
            Event::Cleared { .. } => state.clears += 1,
            Event::Said { .. }
            | Event::Arrived { .. }
            | Event::Reached { .. }
            | Event::Spoke { .. }
            | Event::Stopped { .. } => return,
        }
        drop(state);
        self.0.changed.notify_waiters();
    }

    fn meant(&mut self) -> Option<String> {
        self.0.lock().meant.take()
    }
}
