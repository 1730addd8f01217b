//! The telephone in turns: what is said and played to the caller, what of the caller is recorded, and what is gathered,
//! 20 ms after 20 ms.

use super::{
    Dial, Ended, Failed, Order, Shelf,
    company::{About, Company, Gathered, Recorded},
    course::speaking_time,
    telephone::{Act, Event, FRAME, Party, SILENCE, next_order},
    verb::{Callback, GatherVerb, PlayVerb, RecordVerb, Verb},
    webhook,
};
use crate::clock;
use bytes::Bytes;
use sound::{g711, level, wav::Wav};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(20);
/// Above this the caller is taken to be speaking, in dBFS.
const LOUD: f32 = -45.0;
/// What is played for ever is played so often.
const FOR_EVER: u32 = 1_000;
/// How long the sound that a document names may take to come.
const FETCHING: Duration = Duration::from_secs(15);

/// How a verb was left.
pub(super) enum Went {
    On,
    /// The server was asked, and this is to be done now; it came from there.
    Asked(Vec<Verb>, Callback),
    HungUp,
    Ordered(Order),
}

/// What ended the caller's 20 ms.
enum Beat {
    Frame([u8; FRAME], Option<char>),
    HungUp,
    Ordered(Order),
}

/// The line during one verb.
pub(super) struct Turn<'a, P> {
    company: &'a dyn Company,
    dial: &'a mut Dial,
    party: &'a mut P,
    ended: &'a mut Ended,
    here: Callback,
    /// When the next 20 ms begin.
    present: Instant,
    /// When the last 20 ms began.
    begun: Instant,
    /// The caller hung up while the server was asked.
    gone: bool,
}

/// Leaves a loop of beats where the call does.
macro_rules! frame {
    ($turn:expr) => {
        match $turn.beat().await {
            Beat::Frame(frame, key) => (frame, key),
            Beat::HungUp => return Ok(Went::HungUp),
            Beat::Ordered(order) => return Ok(Went::Ordered(order)),
        }
    };
}

impl<'a, P: Party> Turn<'a, P> {
    /// `since` is where the last verb left the line; none: it is taken up now.
    pub fn new(
        company: &'a dyn Company,
        dial: &'a mut Dial,
        party: &'a mut P,
        ended: &'a mut Ended,
        here: Callback,
        since: Option<Instant>,
    ) -> Self {
        let now = clock::now();
        let present = since.unwrap_or(now);
        if since.is_none() {
            ended.times.started.get_or_insert(now);
            party.told(Event::Started { at: now });
        }
        Self { company, dial, party, ended, here, present, begun: present, gone: false }
    }

    /// Where the line is left.
    pub fn present(&self) -> Instant {
        self.present
    }

    pub async fn play(&mut self, verb: Verb) -> Result<Went, Failed> {
        match verb {
            Verb::Record(verb) => self.record(&verb).await,
            Verb::Gather(verb) => self.gather(&verb).await,
            other => {
                let sound = self.sound_of(&other).await?;
                for piece in sound.chunks(FRAME) {
                    let _ = frame!(self);
                    self.sounded(piece);
                }
                Ok(Went::On)
            }
        }
    }

    /// The µ-law of a verb that only sounds.
    async fn sound_of(&mut self, verb: &Verb) -> Result<Vec<u8>, Failed> {
        match verb {
            Verb::Say(text) => {
                self.party.told(Event::Said { text });
                self.ended.said.push(text.clone());
                match &self.dial.reader {
                    Some(reader) => {
                        let said = (reader.0)(text.clone()).await;
                        said.map(|samples| g711::samples_to_ulaw(&samples))
                            .map_err(|what| self.soundless(what))
                    }
                    None => Ok(hum(speaking_time(text))),
                }
            }
            Verb::Play(verb) => self.fetched(verb).await,
            Verb::Pause(length) => Ok(vec![SILENCE; length.as_millis() as usize * 8]),
            Verb::Stream(_)
            | Verb::Keys(_)
            | Verb::Record(_)
            | Verb::Gather(_)
            | Verb::Hangup
            | Verb::Reject(_)
            | Verb::Redirect { .. }
            | Verb::Dial(_)
            | Verb::Unplayed(_) => Ok(Vec::new()),
        }
    }

    async fn fetched(&mut self, verb: &PlayVerb) -> Result<Vec<u8>, Failed> {
        let url = webhook::absolute(&self.here.url, &verb.url);
        let response = webhook::fetch(self.dial, &url, FETCHING).await;
        let response = response.map_err(|why| self.soundless(format!("{url} does not come: {why}")))?;
        if response.status != 200 {
            return Err(self.soundless(format!("{url} was answered {}", response.status)));
        }
        let kind = response.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let ulaw = match kind {
            "audio/wav" | "audio/wave" | "audio/x-wav" | "audio/vnd.wave" => {
                let wav = Wav::read(&response.body).map_err(|why| self.soundless(format!("{url}: {why}")))?;
                g711::samples_to_ulaw(&wav.to_mono(8_000))
            }
            "audio/basic" | "audio/mulaw" | "audio/x-mulaw" | "audio/ulaw" => response.body.clone(),
            other => return Err(self.soundless(format!("{url} is {other:?}, which is not played"))),
        };
        let times = if verb.times == 0 { FOR_EVER } else { verb.times };
        Ok(ulaw.repeat(times.min(FOR_EVER) as usize))
    }

    async fn record(&mut self, verb: &RecordVerb) -> Result<Went, Failed> {
        if verb.beep {
            for piece in tone(1_000, Duration::from_millis(400)).chunks(FRAME) {
                let _ = frame!(self);
                self.sounded(piece);
            }
        }
        self.party.told(Event::Recording { at: self.present });
        let began = clock::unix_milliseconds();
        let (mut sound, mut quiet) = (Vec::new(), Duration::ZERO);
        let longest = verb.max_length.as_millis() as usize * 8;
        let mut ended_by = String::new();
        let mut hung_up = false;
        while sound.len() < longest && verb.timeout.is_none_or(|timeout| quiet < timeout) {
            match self.beat().await {
                Beat::Frame(frame, key) => {
                    sound.extend_from_slice(&frame);
                    quiet = if is_loud(&frame) { Duration::ZERO } else { quiet + EVERY };
                    if let Some(key) = key.filter(|key| verb.finish_on.contains(*key)) {
                        ended_by = key.to_string();
                        break;
                    }
                }
                Beat::HungUp => {
                    ended_by = "hangup".into();
                    hung_up = true;
                    break;
                }
                Beat::Ordered(order) => return Ok(Went::Ordered(order)),
            }
        }
        // The tone of a key is a sound, too.
        let silent = (ended_by.is_empty() || hung_up) && !sound.chunks(FRAME).any(is_loud);
        if silent && verb.only_of_something {
            return Ok(if hung_up { Went::HungUp } else { Went::On });
        }
        if verb.trim {
            trim(&mut sound);
        }
        let recorded = self.kept(verb, &sound, began, ended_by).await?;
        self.ended.recordings += 1;
        if let Some(to) = &verb.status_callback {
            webhook::tell(self.company, self.dial, to, &About::Ready(&recorded)).await?;
        }
        let again = self.here.clone();
        let action = match &verb.action {
            Some(action) => {
                Callback { url: webhook::absolute(&self.here.url, &action.url), post: action.post }
            }
            None => again,
        };
        let about = About::Recorded(&recorded);
        if hung_up {
            // What the server would like to do now, it cannot do any more.
            webhook::tell(self.company, self.dial, &action, &about).await?;
            return Ok(Went::HungUp);
        }
        self.asked(action, verb.obeys, &about).await
    }

    async fn kept(
        &mut self,
        verb: &RecordVerb,
        ulaw: &[u8],
        began: u64,
        digits: String,
    ) -> Result<Recorded, Failed> {
        if self.dial.shelf.is_none() {
            let shelf = Shelf::open().await;
            let shelf = shelf.map_err(|why| self.soundless(format!("there is nowhere to record: {why}")))?;
            self.dial.shelf = Some(shelf);
        }
        let samples = g711::ulaw_to_samples(ulaw);
        let lasted = Duration::from_micros(samples.len() as u64 * 125);
        let wav = if verb.channels == 2 {
            Wav::stereo(8_000, &samples, &vec![0; samples.len()])
        } else {
            Wav::mono(8_000, samples)
        };
        let (id, path, private) = self.company.shelf_place(self.dial, verb, super::unique());
        let shelf = self.dial.shelf.as_ref().expect("it was made above");
        let url = shelf.keep(path.split('?').next().unwrap_or_default(), &wav, private, verb.format == "mp3");
        let url = match path.split_once('?') {
            Some((_, query)) => format!("{url}?{query}"),
            None => url,
        };
        Ok(Recorded { id, url, lasted, began, digits, channels: verb.channels })
    }

    async fn gather(&mut self, verb: &GatherVerb) -> Result<Went, Failed> {
        // What was said before the question is no answer to it.
        let _ = self.party.meant();
        let mut digits = String::new();
        let mut spoke = false;
        'prompts: for prompt in &verb.prompts {
            let sound = self.sound_of(prompt).await?;
            for piece in sound.chunks(FRAME) {
                let (frame, key) = frame!(self);
                let key = key.filter(|_| verb.keys);
                if let Some(key) = key {
                    digits.push(key);
                    break 'prompts;
                }
                if verb.speech && is_loud(&frame) {
                    spoke = true;
                    break 'prompts;
                }
                self.sounded(piece);
            }
        }
        let mut quiet = Duration::ZERO;
        loop {
            if digits.ends_with(|key| verb.finish_on.contains(key)) {
                digits.pop();
                break;
            }
            if verb.num_digits.is_some_and(|most| digits.len() >= most) {
                break;
            }
            let patience = if spoke { verb.speech_timeout } else { verb.timeout };
            if quiet >= patience {
                break;
            }
            let (frame, key) = frame!(self);
            quiet += EVERY;
            if let Some(key) = key.filter(|_| verb.keys) {
                digits.push(key);
                quiet = Duration::ZERO;
            }
            if verb.speech && is_loud(&frame) {
                spoke = true;
                quiet = Duration::ZERO;
            }
        }
        let words = if spoke && digits.is_empty() { self.party.meant() } else { None };
        let gathered = Gathered { digits: Some(digits).filter(|digits| !digits.is_empty()), words };
        if gathered == Gathered::default() && !verb.even_empty {
            return Ok(Went::On);
        }
        let action = verb.action.clone().unwrap_or_else(|| self.here.clone());
        let action = Callback { url: webhook::absolute(&self.here.url, &action.url), post: action.post };
        self.asked(action, verb.obeys, &About::Gathered(&gathered)).await
    }

    async fn asked(&mut self, to: Callback, obeys: bool, about: &About<'_>) -> Result<Went, Failed> {
        if !obeys {
            webhook::tell(self.company, self.dial, &to, about).await?;
            return Ok(Went::On);
        }
        let answered = webhook::ask(self.company, self.dial, &to, about).await?;
        self.catch_up();
        Ok(if self.gone { Went::HungUp } else { Went::Asked(answered.verbs, to) })
    }

    /// The 20 ms that passed while nobody counted.
    fn catch_up(&mut self) {
        let now = clock::now();
        while self.present + EVERY <= now {
            let mut frame = [SILENCE; FRAME];
            let act = self.party.speak(self.present + EVERY, &mut frame);
            self.present += EVERY;
            if act == Act::HangUp {
                self.gone = true;
                return;
            }
        }
    }

    async fn beat(&mut self) -> Beat {
        let until = self.present + EVERY;
        tokio::select! {
            Some(order) = next_order(&mut self.dial.orders) => return Beat::Ordered(order),
            () = clock::sleep_until(until) => {}
        }
        self.begun = std::mem::replace(&mut self.present, until);
        let mut frame = [SILENCE; FRAME];
        match self.party.speak(clock::now(), &mut frame) {
            Act::Nothing | Act::Skip => Beat::Frame(frame, None),
            Act::Press(key) => Beat::Frame(frame, Some(key)),
            Act::HangUp => Beat::HungUp,
        }
    }

    fn sounded(&mut self, ulaw: &[u8]) {
        let at = self.begun;
        self.ended.times.first_sound.get_or_insert(at);
        self.party.told(Event::Sounded { at, ulaw: &Bytes::copy_from_slice(ulaw) });
    }

    fn soundless(&self, what: String) -> Failed {
        Failed { code: self.company.codes().sound, what, status: None }
    }
}

fn is_loud(frame: &[u8]) -> bool {
    !level::is_silent(&g711::ulaw_to_samples(frame), LOUD)
}

/// Cuts silence off both ends, as `trim-silence` does.
fn trim(sound: &mut Vec<u8>) {
    let loud = |frame: &[u8]| is_loud(frame);
    let frames = sound.len().div_ceil(FRAME);
    let last = sound.chunks(FRAME).rposition(loud).map_or(frames, |last| last + 1);
    let first = sound.chunks(FRAME).position(loud).unwrap_or(0);
    sound.truncate(last * FRAME);
    sound.drain(..first * FRAME);
}

/// A voice without words.
fn hum(length: Duration) -> Vec<u8> {
    tone(220, length)
}

fn tone(hertz: u32, length: Duration) -> Vec<u8> {
    let samples: Vec<i16> = (0..length.as_millis() as u32 * 8)
        .map(|n| ((n as f32 * hertz as f32 * std::f32::consts::TAU / 8_000.0).sin() * 8_000.0) as i16)
        .collect();
    g711::samples_to_ulaw(&samples)
}
