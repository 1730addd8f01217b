//! A call carried by webhooks: the caller is played what we say, recorded, and played again.
//!
//! ```text
//!   webhook ── Visit ─► TurnsLine ─► LineEvents: what was recorded, then TurnOver
//!      ▲                    │ LineCommands: sound is gathered until it is the caller's turn
//!      └──── Reply ◄────────┘ play this, then record · hang up · connect
//! ```
//!
//! A carrier waits for its webhook's answer for some seconds only; whoever took the webhook answers "one moment" in time and
//! comes back with another [`Visit`] that brings nothing new.

use super::clips::Clips;
use crate::config::Hear;
use call::{Chunk, Format, LineCommand, LineEvent, Mark};
use carrier::{Bounds, Dial, GatherInput, Next, Prompt, Reply};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// A caller may speak this long at a time; the silence after which they have finished is a carrier's least that is not
/// within a sentence. Any key ends it.
const RECORDED: Bounds =
    Bounds { longest: Duration::from_secs(30), silence: Duration::from_secs(2), finish: "0123456789*#" };
/// The same for a message, which goes on with the next recording.
const MESSAGE: Bounds = Bounds { longest: Duration::from_secs(60), ..RECORDED };
/// How long the carrier waits for the first word, and for another one. The first key ends it.
const UNDERSTOOD: Bounds =
    Bounds { longest: Duration::from_secs(8), silence: Duration::from_secs(2), finish: "" };
/// The same for the keys behind a star.
const TYPED: Bounds =
    Bounds { longest: Duration::from_secs(8), silence: Duration::from_secs(5), finish: "#" };
/// Twelve digits of a PIN.
const MOST_TYPED: u32 = 12;
/// Sound is handed on in pieces as long as this: 100 ms.
const PIECE: usize = 800;
/// The longest that is played at a time: two minutes.
const MOST: usize = 2 * 60 * 8_000;

/// A webhook of the call.
pub struct Visit {
    pub heard: Heard,
    /// Where its answer goes. Dropped: the call is over, or another visit has come instead.
    pub answer: oneshot::Sender<Reply>,
}

/// What a webhook brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing: the call begins, or whoever came before was asked to come again.
    Nothing,
    /// The caller was recorded, in µ-law; empty where nothing was to be heard.
    Sound(Vec<u8>),
    /// The same, and the hash key ended it.
    Ended(Vec<u8>),
    /// The carrier understood this.
    Words(String),
    /// The caller pressed these.
    Keys(String),
    /// The caller has hung up, and was recorded until then.
    Last(Vec<u8>),
    /// The caller has hung up.
    Gone,
}

/// Where the carrier is to find us.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Of the next webhook.
    pub next: String,
    /// Scheme, host and port before `/phone/clips/…`.
    pub base: String,
}

/// How a caller is listened to.
#[derive(Clone, Debug)]
pub struct Ear {
    pub hear: Hear,
    /// What the carrier is to understand.
    pub language: Spoken,
    /// Keys behind a star may be a PIN.
    pub pin: bool,
    /// Nobody answers: the caller leaves a message.
    pub voicemail: bool,
}

/// The language that is spoken now: a tag such as `de-DE`. Clones are the same.
#[derive(Clone, Debug)]
pub struct Spoken(Arc<Mutex<String>>);

impl Spoken {
    pub fn new(tag: impl Into<String>) -> Self {
        Self(Arc::new(Mutex::new(tag.into())))
    }

    pub fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, tag: &str) {
        tag.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Ear {
    /// What comes of it is posted to `to`.
    pub fn listen(&self, to: String) -> Next {
        match self.hear {
            Hear::Record => Next::Record { to, bounds: self.bounds(), beep: false },
            Hear::Gather => {
                let language = self.language.get();
                Next::Gather { to, bounds: self.bounds(), input: GatherInput::Both(1), language }
            }
        }
    }

    /// After how long somebody who says nothing comes back.
    pub fn silence(&self) -> Duration {
        match self.hear {
            Hear::Record => self.bounds().silence,
            Hear::Gather => self.bounds().longest,
        }
    }

    fn bounds(&self) -> Bounds {
        match self.hear {
            Hear::Record if self.voicemail => MESSAGE,
            Hear::Record => RECORDED,
            Hear::Gather => UNDERSTOOD,
        }
    }

    /// The keys behind a star, up to the hash.
    fn keys(to: String) -> Next {
        let input = GatherInput::Keys(MOST_TYPED);
        Next::Gather { to, bounds: TYPED, input, language: String::new() }
    }
}

pub struct TurnsLine {
    visits: mpsc::Receiver<Visit>,
    ear: Ear,
    /// The caller pressed the star, and was asked for the keys behind it.
    starred: bool,
    waiting: Option<oneshot::Sender<Reply>>,
    /// A reply that was ready before anybody asked for it.
    ready: Option<Reply>,
    addresses: Addresses,
    clips: Arc<Clips>,
    sound: Vec<u8>,
    marks: Vec<Mark>,
    heard: VecDeque<LineEvent>,
    over: bool,
    /// Who is told the words.
    shows: Option<mpsc::Sender<Shown>>,
}

/// Words of the call, as they are noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Caller(String),
    Assistant(String),
}

impl TurnsLine {
    pub fn new(visits: mpsc::Receiver<Visit>, addresses: Addresses, ear: Ear, clips: Arc<Clips>) -> Self {
        Self {
            visits,
            ear,
            starred: false,
            waiting: None,
            ready: None,
            addresses,
            clips,
            sound: Vec::new(),
            marks: Vec::new(),
            heard: VecDeque::new(),
            over: false,
            shows: None,
        }
    }

    /// Tells this one what is said. Nobody hears more in a call than is said in it, so that needs no bound.
    pub fn showing(self, shows: mpsc::Sender<Shown>) -> Self {
        Self { shows: Some(shows), ..self }
    }

    /// Takes a note of the call: a JSON object of this kind.
    pub fn note(&mut self, kind: &str, note: &str) {
        let Some(shows) = &self.shows else { return };
        let shown = match kind {
            "caller_said" => Shown::Caller,
            "assistant_said" => Shown::Assistant,
            _ => return,
        };
        let note: serde_json::Value = serde_json::from_str(note).unwrap_or_default();
        // Nobody is there to be shown anything, as the call ends, or more than anybody reads.
        let _gone_or_full = shows.try_send(shown(note["text"].as_str().unwrap_or_default().to_owned()));
    }

    /// Waits for the next thing the caller does. Safe to cancel.
    pub async fn next(&mut self) -> LineEvent {
        loop {
            if let Some(event) = self.heard.pop_front() {
                return event;
            }
            if self.over {
                return LineEvent::Closed;
            }
            match self.visits.recv().await {
                Some(visit) => self.visited(visit),
                None => self.over = true,
            }
        }
    }

    /// The caller speaks this language from now on.
    pub fn speak(&self, tag: &str) {
        self.ear.language.set(tag);
    }

    pub fn tell(&mut self, command: &LineCommand) {
        match command {
            LineCommand::Play(chunk) => self.play(chunk),
            LineCommand::Mark(mark) => self.marks.push(*mark),
            // Nothing has been handed over that could be taken back.
            LineCommand::Clear => {
                self.sound.clear();
                self.heard.extend(self.marks.drain(..).map(LineEvent::Played));
            }
            LineCommand::Listen => {
                let listen = self.ear.listen(self.addresses.next.clone());
                self.reply(listen);
            }
            LineCommand::HangUp => self.reply(Next::HangUp),
            // Which number that is, the server knows; it asks the carrier itself.
            LineCommand::Transfer(_) => {}
        }
    }

    /// Connects the caller to somebody else, as the answer to the webhook that waits.
    pub fn connect(&mut self, dial: Dial) {
        self.reply(Next::Dial(dial));
    }

    fn play(&mut self, chunk: &Chunk) {
        if chunk.format == Format::Ulaw && self.sound.len() + chunk.bytes.len() <= MOST {
            self.sound.extend_from_slice(&chunk.bytes);
        }
    }

    fn visited(&mut self, visit: Visit) {
        let Visit { heard, answer } = visit;
        // They are asked only after everything was played.
        if !matches!(heard, Heard::Nothing | Heard::Gone) {
            self.heard.extend(self.marks.drain(..).map(LineEvent::Played));
        }
        let mut types = false;
        match heard {
            Heard::Nothing => {}
            // Who leaves a message has finished it; who talks has only had their turn.
            Heard::Ended(sound) if self.ear.voicemail => self.sounded(&sound, Some(LineEvent::Key('#'))),
            Heard::Sound(sound) | Heard::Ended(sound) => {
                self.sounded(&sound, Some(LineEvent::TurnOver));
            }
            Heard::Last(sound) => {
                self.sounded(&sound, None);
                self.over = true;
            }
            Heard::Words(words) => {
                self.starred = false;
                self.heard.extend([LineEvent::Words(words), LineEvent::TurnOver]);
            }
            Heard::Keys(keys) => types = self.typed(&keys),
            Heard::Gone => self.over = true,
        }
        match self.ready.take() {
            Some(reply) => self.ready = answer.send(reply).err(),
            // Whoever brought this was slow, and another has come meanwhile.
            None if answer.is_closed() => {}
            None => self.waiting = Some(answer),
        }
        if types {
            self.reply(Ear::keys(self.addresses.next.clone()));
        }
    }

    fn sounded(&mut self, sound: &[u8], then: Option<LineEvent>) {
        self.starred = false;
        let piece = |bytes: &[u8]| Chunk { format: Format::Ulaw, bytes: bytes.to_vec().into() };
        self.heard.extend(sound.chunks(PIECE).map(piece).map(LineEvent::Audio));
        self.heard.extend(then);
    }

    /// Carriers hand over one key at a time, or those up to a hash that they keep. True: a star is to be followed by more.
    fn typed(&mut self, keys: &str) -> bool {
        if std::mem::take(&mut self.starred) {
            let keys = keys.strip_suffix('#').unwrap_or(keys);
            let all = std::iter::once('*').chain(keys.chars()).chain(['#']);
            self.heard.extend(all.map(LineEvent::Key));
            return false;
        }
        self.starred = self.ear.pin && keys == "*";
        if !self.starred {
            self.heard.extend(keys.chars().map(LineEvent::Key));
        }
        self.starred
    }

    /// Answers the webhook that waits, or the next one: what was gathered is played, then this happens.
    fn reply(&mut self, next: Next) {
        let mut prompts = Vec::new();
        if !self.sound.is_empty() {
            let id = self.clips.keep(std::mem::take(&mut self.sound));
            prompts.push(Prompt::Play(Clips::address(&self.addresses.base, &id)));
        }
        let reply = match (self.ready.take(), next) {
            // Nobody has asked yet: what was ready is played before this.
            (Some(Reply::Turn(mut before, _)), next) => {
                before.extend(prompts);
                Reply::Turn(before, next)
            }
            (_, next) => Reply::Turn(prompts, next),
        };
        self.ready = match self.waiting.take() {
            Some(waiting) => waiting.send(reply).err(),
            None => Some(reply),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Ear {
        Ear { hear: Hear::Record, language: Spoken::new(""), pin: true, voicemail: false }
    }

    fn line() -> (mpsc::Sender<Visit>, TurnsLine, Arc<Clips>) {
        line_of(records())
    }

    fn line_of(ear: Ear) -> (mpsc::Sender<Visit>, TurnsLine, Arc<Clips>) {
        let (sender, visits) = mpsc::channel(4);
        let clips = Arc::new(Clips::default());
        let addresses = Addresses { next: "https://e/next".into(), base: "https://e".into() };
        (sender, TurnsLine::new(visits, addresses, ear, clips.clone()), clips)
    }

    fn visit(heard: Heard) -> (Visit, oneshot::Receiver<Reply>) {
        let (answer, answered) = oneshot::channel();
        (Visit { heard, answer }, answered)
    }

    fn said(bytes: &'static [u8]) -> LineCommand {
        LineCommand::Play(Chunk { format: Format::Ulaw, bytes: bytes.into() })
    }

    /// Lets the line take what was sent to it.
    fn take(line: &mut TurnsLine) -> Option<LineEvent> {
        use futures_util::FutureExt;
        line.next().now_or_never()
    }

    #[tokio::test]
    async fn what_is_said_is_played_and_then_the_caller_is_recorded() {
        let (sender, mut line, clips) = line();
        let (first, mut answered) = visit(Heard::Nothing);
        assert!(sender.try_send(first).is_ok(), "there is room");
        assert_eq!(take(&mut line), None);
        line.tell(&said(&[1; 800]));
        line.tell(&LineCommand::Mark(Mark(1)));
        assert!(answered.try_recv().is_err(), "it is still our turn");
        line.tell(&LineCommand::Listen);
        let Ok(Reply::Turn(prompts, Next::Record { to, .. })) = answered.try_recv() else {
            panic!("no turn")
        };
        assert_eq!(to, "https://e/next");
        let [Prompt::Play(url)] = &prompts[..] else { panic!("one clip: {prompts:?}") };
        let id = url.strip_prefix("https://e/phone/clips/").and_then(|id| id.strip_suffix(".wav"));
        assert!(clips.wav(id.expect("our address")).is_some());

        let (next, _answered) = visit(Heard::Sound(vec![7; 1_000]));
        assert!(sender.try_send(next).is_ok(), "there is room");
        assert_eq!(take(&mut line), Some(LineEvent::Played(Mark(1))));
        assert!(matches!(take(&mut line), Some(LineEvent::Audio(chunk)) if chunk.bytes.len() == 800));
        assert!(matches!(take(&mut line), Some(LineEvent::Audio(chunk)) if chunk.bytes.len() == 200));
        assert_eq!(take(&mut line), Some(LineEvent::TurnOver));
    }

    #[tokio::test]
    async fn who_comes_again_gets_what_became_ready_meanwhile() {
        let (sender, mut line, _clips) = line();
        let (first, answered) = visit(Heard::Nothing);
        assert!(sender.try_send(first).is_ok(), "there is room");
        assert_eq!(take(&mut line), None);
        drop(answered);
        line.tell(&said(&[1; 80]));
        line.tell(&LineCommand::Listen);
        let (again, mut answered) = visit(Heard::Nothing);
        assert!(sender.try_send(again).is_ok(), "there is room");
        assert_eq!(take(&mut line), None);
        assert!(
            matches!(answered.try_recv(), Ok(Reply::Turn(prompts, Next::Record { .. })) if prompts.len() == 1)
        );
    }

    #[tokio::test]
    async fn a_goodbye_that_nobody_has_asked_for_yet_is_played_before_the_line_drops() {
        let (sender, mut line, _clips) = line();
        line.tell(&said(&[1; 80]));
        line.tell(&LineCommand::Listen);
        line.tell(&said(&[2; 80]));
        line.tell(&LineCommand::HangUp);
        let (first, mut answered) = visit(Heard::Nothing);
        assert!(sender.try_send(first).is_ok(), "there is room");
        assert_eq!(take(&mut line), None);
        assert!(matches!(answered.try_recv(), Ok(Reply::Turn(prompts, Next::HangUp)) if prompts.len() == 2));
        drop(sender);
        assert_eq!(take(&mut line), Some(LineEvent::Closed));
    }

    /// What this visit brings, and its answer.
    fn brings(ear: &Ear, heards: impl IntoIterator<Item = Heard>) -> (Vec<LineEvent>, Vec<Option<Reply>>) {
        let (sender, mut line, _clips) = line_of(ear.clone());
        let (mut events, mut replies) = (Vec::new(), Vec::new());
        for heard in heards {
            let (visit, mut answered) = visit(heard);
            assert!(sender.try_send(visit).is_ok(), "there is room");
            let mut open = true;
            events.extend(std::iter::from_fn(|| {
                let event = take(&mut line).filter(|_| open);
                open &= event != Some(LineEvent::Closed);
                event
            }));
            replies.push(answered.try_recv().ok());
        }
        (events, replies)
    }

    fn keys(keys: &str) -> Vec<LineEvent> {
        keys.chars().map(LineEvent::Key).collect()
    }

    #[tokio::test]
    async fn a_star_asks_for_the_keys_behind_it_up_to_the_hash() {
        for typed in ["2718", "2718#"] {
            let heards = [Heard::Keys("*".into()), Heard::Keys(typed.into())];
            let (events, replies) = brings(&records(), heards);
            let Some(Reply::Turn(prompts, Next::Gather { input, bounds, .. })) = &replies[0] else {
                panic!("{replies:?}")
            };
            assert_eq!((prompts.len(), *input, bounds.finish), (0, GatherInput::Keys(12), "#"));
            assert_eq!((events, &replies[1]), (keys("*2718#"), &None));
        }
        let nothing = [Heard::Keys("*".into()), Heard::Sound(Vec::new()), Heard::Keys("1".into())];
        assert_eq!(brings(&records(), nothing).0, [LineEvent::TurnOver, LineEvent::Key('1')]);
        let without = Ear { pin: false, ..records() };
        assert_eq!(brings(&without, [Heard::Keys("*".into())]), (keys("*"), vec![None]));
    }

    #[tokio::test]
    async fn a_hash_ends_a_turn_and_a_message() {
        let sound = || Heard::Ended(vec![7; 80]);
        let (events, _) = brings(&records(), [sound()]);
        assert_eq!(events.last(), Some(&LineEvent::TurnOver));
        let (events, _) = brings(&Ear { voicemail: true, ..records() }, [sound()]);
        assert_eq!(events.last(), Some(&LineEvent::Key('#')));
        assert!(matches!(&events[0], LineEvent::Audio(_)), "what was said until then is kept");
    }

    #[tokio::test]
    async fn what_was_said_before_the_caller_hung_up_comes_before_the_end() {
        let (events, _) = brings(&Ear { voicemail: true, ..records() }, [Heard::Last(vec![7; 80])]);
        // The line goes on saying that it is over.
        assert!(matches!(&events[..2], [LineEvent::Audio(_), LineEvent::Closed]), "{events:?}");
    }

    #[tokio::test]
    async fn what_the_carrier_understood_is_handed_on_in_words() {
        let ear = Ear { hear: Hear::Gather, language: Spoken::new("de-DE"), ..records() };
        let (events, _) = brings(&ear, [Heard::Words("am Dienstag".into())]);
        assert_eq!(events, [LineEvent::Words("am Dienstag".into()), LineEvent::TurnOver]);
        let Next::Gather { input, language, .. } = ear.listen("https://e/next".into()) else {
            panic!("it understands")
        };
        assert_eq!((input, language.as_str()), (GatherInput::Both(1), "de-DE"));
    }
}
