//! A call with a model telephone, a model engine and its own clock.
#![allow(dead_code, reason = "each test file uses its part")]

use bytes::Bytes;
use call::*;
use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// What a carrier does with the marks of what a `clear` throws away.
#[derive(Clone, Copy, PartialEq)]
pub enum AfterClear {
    /// Twilio: hands them all back at once.
    ReturnsMarks,
    /// Plivo: says nothing.
    Forgets,
}

#[derive(Clone, Copy)]
enum Arrival {
    Play {
        item: ItemId,
        length: Duration,
    },
    Mark(Mark),
    Clear,
    /// Writes down how much of everything has been heard.
    Probe(usize),
}

/// Plays what it is sent in real time, `out` after it was sent, and reports marks `back` after they sounded.
pub struct Telephone {
    pub out: Duration,
    pub back: Duration,
    pub after_clear: AfterClear,
    coming: VecDeque<(Instant, Arrival)>,
    marks: VecDeque<(Instant, Mark)>,
    busy_until: Option<Instant>,
    /// What sounded, or is to sound, in the caller's ear.
    sounds: Vec<(Instant, Instant, ItemId)>,
    probes: Vec<BTreeMap<ItemId, Duration>>,
}

impl Telephone {
    fn new() -> Self {
        Self {
            out: Duration::ZERO,
            back: Duration::ZERO,
            after_clear: AfterClear::ReturnsMarks,
            coming: VecDeque::new(),
            marks: VecDeque::new(),
            busy_until: None,
            sounds: vec![],
            probes: vec![],
        }
    }

    /// When the next thing happens here, by itself.
    fn next(&self) -> Option<Instant> {
        let coming = self.coming.front().map(|(at, _)| *at);
        let mark = self.marks.front().map(|(at, _)| *at);
        coming.into_iter().chain(mark).min()
    }

    fn receive(&mut self, now: Instant, arrival: Arrival) {
        match arrival {
            Arrival::Play { item, length } => {
                let starts = self.busy_until.filter(|until| *until > now).unwrap_or(now);
                let ends = starts + length;
                self.busy_until = Some(ends);
                self.sounds.push((starts, ends, item));
            }
            Arrival::Mark(mark) => {
                let reached = self.busy_until.filter(|until| *until > now).unwrap_or(now);
                self.marks.push_back((reached + self.back, mark));
            }
            Arrival::Clear => {
                for (starts, ends, _) in &mut self.sounds {
                    *starts = now.min(*starts);
                    *ends = now.min(*ends);
                }
                self.busy_until = None;
                let (back, after) = (self.back, self.after_clear);
                match after {
                    AfterClear::ReturnsMarks => {
                        self.marks.iter_mut().for_each(|(at, _)| *at = (*at).min(now + back));
                    }
                    AfterClear::Forgets => self.marks.retain(|(at, _)| *at <= now + back),
                }
            }
            Arrival::Probe(number) => {
                assert_eq!(number, self.probes.len());
                self.probes.push(self.heard_until(now));
            }
        }
    }

    /// Holds up whatever has not sounded yet, as a network that stops for a while does.
    pub fn stall(&mut self, now: Instant, by: Duration) {
        let parts = std::mem::take(&mut self.sounds);
        for (starts, ends, item) in parts {
            if ends <= now {
                self.sounds.push((starts, ends, item));
            } else if starts >= now {
                self.sounds.push((starts + by, ends + by, item));
            } else {
                self.sounds.extend([(starts, now, item), (now + by, ends + by, item)]);
            }
        }
        self.busy_until = self.busy_until.map(|until| until + by);
        let back = self.back;
        self.marks.iter_mut().filter(|(at, _)| *at > now + back).for_each(|(at, _)| *at += by);
    }

    fn heard_until(&self, now: Instant) -> BTreeMap<ItemId, Duration> {
        let mut heard = BTreeMap::<ItemId, Duration>::new();
        for (starts, ends, item) in &self.sounds {
            *heard.entry(*item).or_default() += (*ends).min(now).saturating_duration_since(*starts);
        }
        heard
    }
}

/// What an engine was told to forget, and which probe knows the truth about it.
#[derive(Debug)]
pub struct Forgotten {
    pub item: ItemId,
    pub believed: Duration,
    pub probe: usize,
}

/// What a note about a false claim says.
#[derive(Debug, PartialEq)]
pub struct FalseClaim {
    pub deed: Deed,
    pub agreed: Option<Agreed>,
    pub corrected: bool,
}

pub struct Sim {
    pub call: Call,
    pub now: Instant,
    pub began: Instant,
    pub phone: Telephone,
    pub log: Vec<(Duration, Output)>,
    pub forgotten: Vec<Forgotten>,
    /// How much of each item the engine made.
    pub made: BTreeMap<ItemId, Duration>,
    /// So many engines may come after the first.
    pub spares: u32,
    /// Every engine numbers from the beginning: what came before the one that is there now.
    pub base: Base,
    /// The next engine's, should this one be replaced.
    next_item: u32,
    probes: usize,
    item_of: BTreeMap<u64, ItemId>,
}

/// What was counted before the engine that is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Base {
    pub engines: u32,
    pub items: u32,
}

impl Sim {
    pub fn new(policy: Policy) -> Self {
        Self::of(Manner::Duplex, policy)
    }

    #[expect(clippy::disallowed_methods, reason = "simulated time begins somewhere")]
    pub fn of(manner: Manner, policy: Policy) -> Self {
        let now = Instant::now();
        Self {
            spares: policy.spares,
            call: Call::new(now, manner, policy),
            now,
            began: now,
            phone: Telephone::new(),
            log: vec![],
            forgotten: vec![],
            made: BTreeMap::new(),
            base: Base::default(),
            next_item: 0,
            probes: 0,
            item_of: BTreeMap::new(),
        }
    }

    /// Hands the call one thing that happened, and the world what the call makes of it. Returns what it made of it.
    pub fn give(&mut self, input: Input) -> Vec<Output> {
        let from = self.log.len();
        // Whatever is cut by this is cut now, or has been silent since it was cut.
        if !matches!(input, Input::Line(LineEvent::Audio(_) | LineEvent::Played(_))) {
            self.probe();
        }
        self.call.handle(self.now, input);
        while let Some(output) = self.call.poll() {
            let output = self.in_numbers_of_the_call(output);
            self.carry_out(&output);
            self.log.push((self.now - self.began, output));
        }
        self.log[from..].iter().map(|(_, output)| clone(output)).collect()
    }

    fn carry_out(&mut self, output: &Output) {
        let at = self.now + self.phone.out;
        match output {
            Output::Line(LineCommand::Play(chunk)) => {
                let item = self.item_of[&tag(chunk)];
                self.phone.coming.push_back((at, Arrival::Play { item, length: chunk.duration() }));
            }
            Output::Line(LineCommand::Mark(mark)) => self.phone.coming.push_back((at, Arrival::Mark(*mark))),
            Output::Line(LineCommand::Clear) => {
                self.probe();
                self.phone.coming.push_back((at, Arrival::Clear));
            }
            Output::Engine(EngineCommand::Truncate(item, believed)) => self.forget(*item, *believed),
            Output::Engine(EngineCommand::Delete(item)) => self.forget(*item, Duration::ZERO),
            Output::Reopen(_) | Output::TakeMessage | Output::Swap { .. } => {
                self.base = Base { engines: self.base.engines + 1, items: self.next_item };
            }
            Output::Line(_)
            | Output::Engine(_)
            | Output::Tool(..)
            | Output::May(..)
            | Output::Unwanted(_)
            | Output::Promised(_)
            | Output::Pin(_)
            | Output::Renew(_)
            | Output::Note(_) => {}
        }
    }

    /// What an engine is told in its own numbers, in those that stand in the log.
    fn in_numbers_of_the_call(&self, output: Output) -> Output {
        let item = |item: ItemId| ItemId(self.base.items + item.0);
        match output {
            Output::Engine(EngineCommand::Truncate(own, heard)) => {
                Output::Engine(EngineCommand::Truncate(item(own), heard))
            }
            Output::Engine(EngineCommand::Delete(own)) => Output::Engine(EngineCommand::Delete(item(own))),
            Output::Engine(EngineCommand::Answer(own, answer)) if self.base.engines > 0 => {
                let id = ToolCallId(format!("{}/{}", self.base.engines, own.0));
                Output::Engine(EngineCommand::Answer(id, answer))
            }
            output => output,
        }
    }

    fn probe(&mut self) {
        self.phone.coming.push_back((self.now + self.phone.out, Arrival::Probe(self.probes)));
        self.probes += 1;
    }

    fn forget(&mut self, item: ItemId, believed: Duration) {
        self.forgotten.push(Forgotten { item, believed, probe: self.probes - 1 });
    }

    /// The engine fails.
    pub fn fails(&mut self) -> Vec<Output> {
        self.engine(EngineEvent::Failed(Failure { why: "The engine is gone.".into(), lasting: false }))
    }

    /// The assistant makes a sound of this length.
    pub fn speak(&mut self, item: u32, length: Duration) -> Vec<Output> {
        let own = ItemId(item);
        let item = ItemId(self.base.items + item);
        *self.made.entry(item).or_default() += length;
        let chunk = voice(item, length);
        self.item_of.insert(tag(&chunk), item);
        self.engine(EngineEvent::Voice(own, chunk))
    }

    /// Names the item of sound that the call makes by itself.
    pub fn expect_own(&mut self, tag: u64, item: u32) {
        self.item_of.insert(tag, ItemId(item));
    }

    pub fn engine(&mut self, event: EngineEvent) -> Vec<Output> {
        if let EngineEvent::Voice(item, _) | EngineEvent::AssistantSaid(item, _) = &event {
            self.next_item = self.next_item.max(self.base.items + item.0 + 1);
        }
        self.give(Input::Engine(event))
    }

    pub fn done(&mut self) -> Vec<Output> {
        self.engine(EngineEvent::Done(Usage::default()))
    }

    pub fn caller_says(&mut self, turn: u32, text: &str) -> Vec<Output> {
        self.engine(EngineEvent::CallerSaid(TurnId(turn), Transcript { text: text.into(), partial: false }))
    }

    pub fn assistant_says(&mut self, item: u32, text: &str) -> Vec<Output> {
        let transcript = Transcript { text: text.into(), partial: false };
        self.engine(EngineEvent::AssistantSaid(ItemId(item), transcript))
    }

    pub fn wants(&mut self, id: &str, name: &str) -> Vec<Output> {
        let (id, name) = (ToolCallId(id.into()), name.into());
        self.engine(EngineEvent::Wants(ToolCall { id, name, arguments: "{}".into() }))
    }

    /// Moves time to each event and deadline in order, up to `length` from now.
    pub fn pass(&mut self, length: Duration) {
        let until = self.now + length;
        loop {
            let timer = self.call.deadline().map(|(at, _)| at);
            let next = self.phone.next().into_iter().chain(timer).min().filter(|at| *at <= until);
            let Some(at) = next else { break };
            self.now = at.max(self.now);
            if self.phone.coming.front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, arrival) = self.phone.coming.pop_front().expect("the front was just seen");
                self.phone.receive(self.now, arrival);
            } else if self.phone.marks.front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, mark) = self.phone.marks.pop_front().expect("the front was just seen");
                self.give(Input::Line(LineEvent::Played(mark)));
            } else {
                self.give(Input::Tick);
            }
        }
        self.now = until;
    }

    pub fn said(&self, wanted: impl Fn(&Output) -> bool) -> Vec<&Output> {
        self.log.iter().map(|(_, output)| output).filter(|output| wanted(output)).collect()
    }

    pub fn engine_was_told(&self) -> Vec<&EngineCommand> {
        let told = self.log.iter().filter_map(|(_, output)| match output {
            Output::Engine(EngineCommand::Hear(_)) => None,
            Output::Engine(command) => Some(command),
            _ => None,
        });
        told.collect()
    }

    /// What was noted as claimed and not so.
    pub fn false_claims(&self) -> Vec<FalseClaim> {
        let claims = self.log.iter().filter_map(|(_, output)| match output {
            Output::Note(Note::FalseClaim { deed, agreed, corrected, .. }) => {
                Some(FalseClaim { deed: *deed, agreed: agreed.clone(), corrected: *corrected })
            }
            _ => None,
        });
        claims.collect()
    }

    /// Whether a `Clear` sent now would come in time to silence anything.
    pub fn call_is_audible(&self) -> bool {
        let at = self.now + self.phone.out;
        let coming = self.phone.coming.iter().any(|(_, arrival)| matches!(arrival, Arrival::Play { .. }));
        let cleared = self.phone.coming.iter().any(|(_, arrival)| matches!(arrival, Arrival::Clear));
        !cleared && (coming || self.phone.sounds.iter().any(|(starts, ends, _)| ends > &at && ends > starts))
    }

    /// The items of all that was sent to be played, in the order in which it was sent.
    pub fn played_items(&self) -> impl Iterator<Item = ItemId> {
        self.said(is_play).into_iter().map(|output| match output {
            Output::Line(LineCommand::Play(chunk)) => self.item_of[&tag(chunk)],
            _ => {
                unreachable!("only plays were asked for")
            }
        })
    }

    /// How much of an item has sounded in the caller's ear by now.
    pub fn heard(&self, item: u32) -> Duration {
        self.phone.heard_until(self.now).get(&ItemId(item)).copied().unwrap_or_default()
    }

    /// The furthest that a truncation was from what had been heard when the line was cleared.
    pub fn worst_miss(&self) -> Duration {
        let misses = self.forgotten.iter().filter_map(|forgotten| {
            let truth =
                self.phone.probes.get(forgotten.probe)?.get(&forgotten.item).copied().unwrap_or_default();
            Some(forgotten.believed.abs_diff(truth))
        });
        misses.max().unwrap_or_default()
    }
}

/// µ-law whose every byte names the item, so that a slice of it still tells where it is from.
fn voice(item: ItemId, length: Duration) -> Chunk {
    let bytes = Bytes::from(vec![item.0.to_le_bytes()[0]; Format::Ulaw.bytes(length)]);
    Chunk { format: Format::Ulaw, bytes }
}

fn tag(chunk: &Chunk) -> u64 {
    u64::from(chunk.bytes[0])
}

pub fn sound(length: Duration) -> Chunk {
    voice(ItemId(255), length)
}

pub fn is_clear(output: &Output) -> bool {
    matches!(output, Output::Line(LineCommand::Clear))
}

pub fn is_play(output: &Output) -> bool {
    matches!(output, Output::Line(LineCommand::Play(..)))
}

fn clone(output: &Output) -> Output {
    match output {
        Output::Line(command) => Output::Line(command.clone()),
        Output::Engine(command) => Output::Engine(command.clone()),
        Output::Tool(call, standing) => Output::Tool(call.clone(), standing.clone()),
        Output::May(call, standing) => Output::May(call.clone(), standing.clone()),
        Output::Unwanted(id) => Output::Unwanted(id.clone()),
        Output::Promised(id) => Output::Promised(id.clone()),
        Output::Pin(digits) => Output::Pin(digits.clone()),
        Output::Reopen(handover) => Output::Reopen(handover.clone()),
        Output::TakeMessage => Output::TakeMessage,
        Output::Renew(handover) => Output::Renew(handover.clone()),
        Output::Swap { unheard } => Output::Swap { unheard: *unheard },
        Output::Note(note) => Output::Note(note.clone()),
    }
}

pub fn id(id: &str) -> ToolCallId {
    ToolCallId(id.into())
}

pub fn answer(say: &str) -> Answer {
    Answer::said(say)
}

pub fn booked(say: &str) -> Answer {
    let agreed = Agreed { id: "a1".into(), starts: "2026-11-24T10:00".into() };
    Answer { effect: Effect::Booked(agreed), ..Answer::said(say) }
}

pub fn is_answer(output: &Output) -> bool {
    matches!(output, Output::Engine(EngineCommand::Answer(..)))
}
