//! An engine that nobody is behind: it plays a greeting and a tone, keeps what the caller says then, thanks and hangs up.
//!
//! Time is counted in the caller's own sound, which runs from the first word of the greeting on. So what is kept begins
//! where the tone ends, however long the greeting waited for the caller.

use super::{Speech, Tts, Vad, outflow::chunks, tts::pieces, vad::FRAME};
use crate::Brief;
use call::{
    Chunk, EngineCommand, EngineEvent, Format, ItemId, Manner, ToolCall, ToolCallId, Transcript, Usage,
};
use futures_util::future::BoxFuture;
use sound::g711;
use std::{collections::VecDeque, f32::consts::TAU, fmt, sync::Arc, time::Duration};

/// What a voicemail goes by.
#[derive(Clone, Debug)]
pub struct VoicemailSetup {
    pub words: Words,
    /// No message is longer.
    pub longest: Duration,
    /// Numbers its items from this one on: those before it were another engine's in the same call.
    pub first_item: u32,
}

/// What a voicemail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Said before the tone.
    pub greeting: String,
    /// Said when the message is there.
    pub thanks: String,
    /// Said when there is none.
    pub nothing: String,
}

/// Who speaks should the voice fail, and what.
pub struct Spare {
    pub words: Words,
    pub voice: String,
    pub tts: Arc<dyn Tts>,
}

/// What the caller left: sound, or where the carrier understood them, words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// G.711 µ-law of 8 kHz, without the silence around it.
    pub ulaw: Vec<u8>,
    pub words: String,
}

/// Takes what the caller left. Called once, with at least a moment of speech or a word, however the call ends.
pub type Keep = Box<dyn FnOnce(Left) + Send>;

/// After so long a silence the message is over,
const OVER: usize = 4 * 8_000;
/// and where none began after so long a one, there will be none.
const NOTHING: usize = 8 * 8_000;
/// Where the ends take turns, one in which nothing was said ends a message, and so many end one that never began.
const EMPTY_TURNS: u32 = 4;
/// The ear takes the caller to be speaking for this long after they were cut off.
const LINGERS: usize = 8_000 / 4;
/// More words than anybody leaves, in bytes.
const MOST_WORDS: usize = 4_000;
/// What is kept around speech.
const AROUND: usize = 8_000 / 2;
/// A speaker who makes no pause is there all the same: so often that is said.
const STILL_THERE: usize = 60 * 8_000;
/// The tone.
const TONE: Duration = Duration::from_millis(400);
const HERTZ: f32 = 1_000.0;
const LOUDNESS: f32 = 8_000.0;

/// One call's voicemail.
pub struct Voicemail {
    setup: VoicemailSetup,
    manner: Manner,
    format: Format,
    voice: String,
    tts: Arc<dyn Tts>,
    spare: Option<Spare>,
    vad: Box<dyn Vad>,
    keep: Option<Keep>,
    stage: Stage,
    events: VecDeque<EngineEvent>,
    /// What is being spoken, and what is to be after it.
    speaking: Option<(BoxFuture<'static, Speech>, Then)>,
    queue: VecDeque<(String, Then)>,
    item: u32,
    /// All that the caller's end has sent, in samples of 8 kHz.
    heard: usize,
    /// Where what was sent so far ends for the caller, and where the tone does.
    plays_until: usize,
    begins: usize,
    /// µ-law.
    recorded: Vec<u8>,
    /// What the carrier understood.
    words: String,
    /// Whether anything was said since the caller's turn began, and how many turns in a row brought nothing.
    said_something: bool,
    empty_turns: u32,
    /// Where in the recording the turn began.
    turn_from: usize,
    /// What has not made a frame for the ear yet.
    rest: Vec<i16>,
    speech: Ear,
}

/// What the ear knows of the recording, in samples.
#[derive(Debug, Default)]
struct Ear {
    judged: usize,
    speaks: bool,
    first: Option<usize>,
    last: usize,
    said_so: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Greeting,
    Recording,
    Over,
}

/// What follows what is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    More,
    Tone,
    HangUp,
    Nothing,
}

impl Voicemail {
    /// Begins with the greeting.
    pub fn open(
        brief: &Brief,
        setup: VoicemailSetup,
        voice: &str,
        tts: Arc<dyn Tts>,
        vad: Box<dyn Vad>,
        keep: Keep,
    ) -> Self {
        let mut voicemail = Self {
            item: setup.first_item,
            manner: brief.manner,
            format: brief.format,
            voice: voice.to_owned(),
            tts,
            spare: None,
            vad,
            keep: Some(keep),
            stage: Stage::Greeting,
            events: VecDeque::from([EngineEvent::Ready]),
            speaking: None,
            queue: VecDeque::new(),
            heard: 0,
            plays_until: 0,
            begins: usize::MAX,
            recorded: Vec::new(),
            words: String::new(),
            said_something: false,
            empty_turns: 0,
            turn_from: 0,
            rest: Vec::new(),
            speech: Ear::default(),
            setup,
        };
        let greeting = voicemail.setup.words.greeting.clone();
        voicemail.say(&greeting, Then::Tone);
        voicemail
    }

    /// The same, with somebody who speaks should the voice fail.
    #[must_use]
    pub fn with_spare(mut self, spare: Option<Spare>) -> Self {
        self.spare = spare;
        self
    }

    /// The next thing the engine has to say. Dropping the future loses nothing.
    pub async fn next(&mut self) -> EngineEvent {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            match &mut self.speaking {
                Some((speech, then)) => {
                    let (speech, then) = (speech.await, *then);
                    self.speaking = None;
                    self.spoken(speech, then);
                }
                None => match self.queue.pop_front() {
                    Some((text, then)) => self.speaking = Some((self.tts.speak(&text, &self.voice), then)),
                    None => std::future::pending().await,
                },
            }
        }
    }

    pub fn tell(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::Hear(chunk) => self.hear(&chunk),
            EngineCommand::Read(words) => self.read(&words),
            EngineCommand::Respond if self.manner == Manner::Turns && self.stage != Stage::Over => {
                self.turn_over();
            }
            // A call that wants something said then has heard nothing for long.
            EngineCommand::Prompt(_) | EngineCommand::Key('#') if self.stage == Stage::Recording => {
                self.finish();
            }
            // Who knows the greeting need not hear it out.
            EngineCommand::Key(_) if self.begins != usize::MAX => self.begins = self.begins.min(self.heard),
            EngineCommand::Say(words) => self.say(&words, Then::Nothing),
            EngineCommand::Respond | EngineCommand::Prompt(_) | EngineCommand::Answer(..) => self.done(),
            EngineCommand::Cancel
            | EngineCommand::Truncate(..)
            | EngineCommand::Delete(_)
            | EngineCommand::Key(_)
            | EngineCommand::Speak(_) => {}
        }
    }

    fn hear(&mut self, chunk: &Chunk) {
        let samples = match chunk.format {
            Format::Ulaw => g711::ulaw_to_samples(&chunk.bytes),
            Format::Alaw => g711::alaw_to_samples(&chunk.bytes),
            Format::Pcm { hertz } => {
                sound::resample::resample(&sound::pcm_to_samples(&chunk.bytes), hertz.max(1), 8_000)
            }
        };
        let before = self.heard;
        self.heard += samples.len();
        if self.stage == Stage::Over || (self.manner == Manner::Duplex && self.heard <= self.begins) {
            return;
        }
        self.stage = Stage::Recording;
        let skip = match self.manner {
            Manner::Duplex => self.begins.saturating_sub(before).min(samples.len()),
            Manner::Turns => 0,
        };
        let longest = (self.setup.longest.as_millis() as usize) * 8;
        let room = longest.saturating_sub(self.recorded.len());
        let samples = &samples[skip..];
        let samples = &samples[..samples.len().min(room)];
        self.recorded.extend(samples.iter().map(|sample| g711::ulaw(*sample)));
        self.rest.extend_from_slice(samples);
        self.judge();
        let silent = self.recorded.len().saturating_sub(self.speech.last);
        let over = match self.speech.first {
            Some(_) => silent >= OVER,
            None => silent >= NOTHING,
        };
        if self.recorded.len() >= longest || (self.manner == Manner::Duplex && over) {
            self.finish();
        }
    }

    fn read(&mut self, words: &str) {
        let words = words.trim();
        if self.stage == Stage::Over || words.is_empty() || self.words.len() + words.len() >= MOST_WORDS {
            return;
        }
        self.stage = Stage::Recording;
        self.said_something = true;
        self.words.push_str(if self.words.is_empty() { "" } else { " " });
        self.words.push_str(words);
    }

    /// A carrier ends a recording after a short silence, or when it is as long as any: whoever spoke may go on in the next.
    fn turn_over(&mut self) {
        self.empty_turns = if std::mem::take(&mut self.said_something) { 0 } else { self.empty_turns + 1 };
        self.turn_from = self.recorded.len();
        let begun = self.speech.first.is_some() || !self.words.is_empty();
        if self.empty_turns >= if begun { 1 } else { EMPTY_TURNS } {
            self.finish();
        } else {
            self.done();
        }
    }

    fn judge(&mut self) {
        let rest = std::mem::take(&mut self.rest);
        let frames = rest.chunks_exact(FRAME);
        self.rest = frames.remainder().to_vec();
        for frame in frames {
            self.speech.judged += FRAME;
            let (at, speaks) = (self.speech.judged, self.vad.hear(frame));
            if speaks {
                self.said_something |= at > self.turn_from + LINGERS;
                self.speech.first.get_or_insert(at);
                self.speech.last = at;
            }
            let begins = speaks && (!self.speech.speaks || at - self.speech.said_so >= STILL_THERE);
            let ends = !speaks && self.speech.speaks;
            self.speech.speaks = speaks;
            if self.manner == Manner::Turns {
                continue;
            }
            if begins {
                self.speech.said_so = at;
                self.events.push_back(EngineEvent::CallerSpeaks);
            }
            if ends {
                self.events.push_back(EngineEvent::CallerPauses);
            }
        }
    }

    /// The message is there, or will never be.
    fn finish(&mut self) {
        self.stage = Stage::Over;
        self.hand_over();
        self.say(&self.farewell(), Then::HangUp);
    }

    fn farewell(&self) -> String {
        let Words { thanks, nothing, .. } = &self.setup.words;
        if self.keep.is_none() { thanks.clone() } else { nothing.clone() }
    }

    /// Hands over what was said, if anything was.
    fn hand_over(&mut self) {
        if self.speech.first.is_none() && self.words.is_empty() {
            return;
        }
        let Some(keep) = self.keep.take() else { return };
        let mut ulaw = std::mem::take(&mut self.recorded);
        match self.speech.first {
            Some(first) => {
                ulaw.truncate(self.speech.last + AROUND);
                ulaw.drain(..first.saturating_sub(AROUND));
            }
            None => ulaw.clear(),
        }
        keep(Left { ulaw, words: std::mem::take(&mut self.words) });
    }

    fn say(&mut self, words: &str, then: Then) {
        let pieces = pieces(words);
        let last = pieces.len() - 1;
        let queued = pieces.iter().enumerate();
        self.queue.extend(
            queued.map(|(n, piece)| ((*piece).to_owned(), if n == last { then } else { Then::More })),
        );
    }

    fn spoken(&mut self, speech: Speech, then: Then) {
        let mut samples = match speech {
            Ok(samples) => samples.to_vec(),
            Err(why) => {
                self.events.push_back(EngineEvent::Trouble(why));
                if let Some(spare) = self.spare.take() {
                    return self.go_on_with(spare, then);
                }
                Vec::new()
            }
        };
        if then == Then::Tone {
            samples.extend(tone());
        }
        let item = ItemId(self.item);
        self.events.extend(chunks(&samples, self.format).map(|chunk| EngineEvent::Voice(item, chunk)));
        self.plays_until = self.plays_until.max(self.heard) + samples.len();
        match then {
            Then::More => return,
            Then::Tone => {
                self.begins = self.plays_until;
                self.said(item, self.setup.words.greeting.clone());
            }
            Then::HangUp => {
                self.said(item, self.farewell());
                let id = ToolCallId(format!("voicemail-{}", self.item));
                let (name, arguments) = ("hang_up".to_owned(), "{}".to_owned());
                self.events.push_back(EngineEvent::Wants(ToolCall { id, name, arguments }));
            }
            Then::Nothing => {}
        }
        self.item += 1;
        self.done();
    }
}

impl Voicemail {
    /// Somebody else says what was being said, and what is still to be. What the call itself wanted said is in words that
    /// only the other voice has.
    fn go_on_with(&mut self, spare: Spare, then: Then) {
        let Spare { words, voice, tts } = spare;
        (self.setup.words, self.voice, self.tts) = (words, voice, tts);
        let left: Vec<_> = [then].into_iter().chain(self.queue.drain(..).map(|(_, then)| then)).collect();
        for then in left {
            match then {
                Then::More => {}
                Then::Tone => self.say(&self.setup.words.greeting.clone(), then),
                Then::HangUp => self.say(&self.farewell(), then),
                Then::Nothing => self.done(),
            }
        }
    }

    fn said(&mut self, item: ItemId, text: String) {
        self.events.push_back(EngineEvent::AssistantSaid(item, Transcript { text, partial: false }));
    }

    fn done(&mut self) {
        self.events.push_back(EngineEvent::Done(Usage::default()));
    }
}

/// However the call ends, what was said is kept.
impl Drop for Voicemail {
    fn drop(&mut self) {
        self.hand_over();
    }
}

impl fmt::Debug for Voicemail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voicemail")
            .field("stage", &self.stage)
            .field("recorded", &self.recorded.len())
            .finish_non_exhaustive()
    }
}

/// The tone, which begins and ends softly.
fn tone() -> impl Iterator<Item = i16> {
    let length = Format::Ulaw.bytes(TONE);
    (0..length).map(move |n| {
        let edge = (n.min(length - n) as f32 / 80.0).min(1.0);
        ((n as f32 / 8_000.0 * HERTZ * TAU).sin() * LOUDNESS * edge) as i16
    })
}
