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
use call::{Chunk, Format, LineCommand, LineEvent, Mark};
use carrier::{Bounds, Dial, Next, Prompt, Reply};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// A caller may speak this long at a time; the silence after which they have finished is a carrier's least that is not
/// within a sentence.
pub const BOUNDS: Bounds =
    Bounds { longest: Duration::from_secs(30), silence: Duration::from_secs(2), finish: None };
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
    /// The caller pressed these.
    Keys(String),
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

pub struct TurnsLine {
    visits: mpsc::Receiver<Visit>,
    waiting: Option<oneshot::Sender<Reply>>,
    /// A reply that was ready before anybody asked for it.
    ready: Option<Reply>,
    addresses: Addresses,
    clips: Arc<Clips>,
    sound: Vec<u8>,
    marks: Vec<Mark>,
    heard: VecDeque<LineEvent>,
    over: bool,
}

impl TurnsLine {
    pub fn new(visits: mpsc::Receiver<Visit>, addresses: Addresses, clips: Arc<Clips>) -> Self {
        Self {
            visits,
            waiting: None,
            ready: None,
            addresses,
            clips,
            sound: Vec::new(),
            marks: Vec::new(),
            heard: VecDeque::new(),
            over: false,
        }
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
                let record = Next::Record { to: self.addresses.next.clone(), bounds: BOUNDS, beep: false };
                self.reply(record);
            }
            LineCommand::HangUp => self.reply(Next::HangUp),
            // Which number that is, the server knows; it asks the carrier itself.
            LineCommand::Transfer(_) => {}
        }
    }

    /// Connects the caller to somebody else, as the answer to the webhook that waits.
    pub fn connect(&mut self, to: String) {
        self.reply(Next::Dial(Dial { to, ..Dial::default() }));
    }

    fn play(&mut self, chunk: &Chunk) {
        if chunk.format == Format::Ulaw && self.sound.len() + chunk.bytes.len() <= MOST {
            self.sound.extend_from_slice(&chunk.bytes);
        }
    }

    fn visited(&mut self, visit: Visit) {
        let Visit { heard, answer } = visit;
        match heard {
            Heard::Nothing => {}
            // They are asked only after everything was played.
            Heard::Sound(sound) => {
                self.heard.extend(self.marks.drain(..).map(LineEvent::Played));
                let piece = |bytes: &[u8]| Chunk { format: Format::Ulaw, bytes: bytes.to_vec().into() };
                self.heard.extend(sound.chunks(PIECE).map(piece).map(LineEvent::Audio));
                self.heard.push_back(LineEvent::TurnOver);
            }
            Heard::Keys(keys) => self.heard.extend(keys.chars().map(LineEvent::Key)),
            Heard::Gone => self.over = true,
        }
        match self.ready.take() {
            Some(reply) => self.ready = answer.send(reply).err(),
            // Whoever brought this was slow, and another has come meanwhile.
            None if answer.is_closed() => {}
            None => self.waiting = Some(answer),
        }
    }

    /// Answers the webhook that waits, or the next one: what was gathered is played, then this happens.
    fn reply(&mut self, next: Next) {
        let mut prompts = Vec::new();
        if !self.sound.is_empty() {
            let id = self.clips.keep(std::mem::take(&mut self.sound));
            prompts.push(Prompt::Play(format!("{}/phone/clips/{id}.wav", self.addresses.base)));
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

    fn line() -> (mpsc::Sender<Visit>, TurnsLine, Arc<Clips>) {
        let (sender, visits) = mpsc::channel(4);
        let clips = Arc::new(Clips::default());
        let addresses = Addresses { next: "https://e/next".into(), base: "https://e".into() };
        (sender, TurnsLine::new(visits, addresses, clips.clone()), clips)
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
}
