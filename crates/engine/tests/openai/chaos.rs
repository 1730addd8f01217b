//! Seeded disorder: a service that keeps its rules but not its promises, and one that sends anything at all.

use crate::{
    model::{Manners, Model},
    mutation::mutate,
    rig::{Session, brief, call_id, config, fixture, is_done, ulaw},
};
use call::{Answer, EngineCommand, EngineEvent, ItemId};
use engine::Dialect;
use fastrand::Rng;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

/// A call that does what calls do, at random.
struct Caller {
    session: Session,
    model: Model,
    rng: Rng,
    start: Instant,
    /// What we have sent and the service has not read.
    on_the_way: VecDeque<(Duration, Value)>,
    /// What came of each item.
    sound: BTreeMap<ItemId, Duration>,
    waiting: Vec<String>,
    wanted: BTreeSet<String>,
    /// Items that may make no sound any more.
    cut: Option<ItemId>,
    speaks: bool,
    /// A reply was asked for, and its end was not told.
    owed: bool,
    gone: bool,
}

/// What a changed message may say in another place.
const WORDS: [&str; 4] = ["completed", "failed", "cancelled", "server_error"];

fn things() -> [Value; 2] {
    [json!([{"id": "item_A1"}]), json!({"id": "resp_R1", "type": "message", "role": "assistant"})]
}

const TICK: Duration = Duration::from_millis(10);

impl Caller {
    fn new(seed: u64, manners: Manners) -> Self {
        let session = Session::greeted(config(), brief());
        let start = session.now;
        Self {
            session,
            model: Model::new(seed, manners),
            rng: Rng::with_seed(seed ^ 0x5EED),
            start,
            on_the_way: VecDeque::new(),
            sound: BTreeMap::new(),
            waiting: vec![],
            wanted: BTreeSet::new(),
            cut: None,
            speaks: false,
            owed: true,
            gone: false,
        }
    }

    fn tick(&mut self) {
        let now = self.session.now - self.start;
        for message in self.session.sent() {
            let after = self.on_the_way.back().map_or(Duration::ZERO, |(at, _)| *at);
            let at = (now + Duration::from_millis(self.rng.u64(0..60))).max(after);
            self.on_the_way.push_back((at, message));
        }
        while let Some((_, message)) = self.on_the_way.pop_front_if(|(at, _)| *at <= now) {
            self.model.hear(now, &message);
        }
        for _ in 0..self.rng.u32(0..3) {
            self.model.step(now);
        }
        while let Some(message) = self.model.arrived(now) {
            self.session.read(&message);
            self.take_events();
        }
        self.session.wait(TICK);
        self.take_events();
    }

    fn take_events(&mut self) {
        for event in self.session.events() {
            assert!(!self.gone, "{event:?} after a failure");
            match event {
                EngineEvent::Voice(item, chunk) => {
                    assert!(self.cut.is_none_or(|cut| item > cut), "{item:?} was cut off");
                    let newest = self.sound.keys().next_back().copied();
                    assert!(newest.is_none_or(|newest| item >= newest), "items come one after the other");
                    *self.sound.entry(item).or_default() += chunk.duration();
                }
                EngineEvent::Wants(call) => {
                    assert!(self.wanted.insert(call.id.0.clone()), "{} is wanted twice", call.id.0);
                    self.waiting.push(call.id.0);
                }
                EngineEvent::CallerSpeaks => self.speaks = true,
                EngineEvent::CallerPauses => {
                    self.speaks = false;
                    self.tell(EngineCommand::Respond);
                }
                EngineEvent::Done(_) => self.owed = false,
                EngineEvent::Failed(_) => self.gone = true,
                EngineEvent::Ready
                | EngineEvent::CallerSaid(..)
                | EngineEvent::AssistantSaid(..)
                | EngineEvent::Took(_)
                | EngineEvent::MayUse(_)
                | EngineEvent::Uses(_)
                | EngineEvent::Used(..)
                | EngineEvent::CallerSpoke(..)
                | EngineEvent::Charged(_)
                | EngineEvent::Trouble(_) => {}
                EngineEvent::Withdraws(id) => panic!("{id:?} was withdrawn"),
            }
        }
    }

    fn tell(&mut self, command: EngineCommand) {
        let owes = matches!(
            command,
            EngineCommand::Respond
                | EngineCommand::Say(_)
                | EngineCommand::Prompt(_)
                | EngineCommand::Answer(..)
        );
        self.owed |= owes;
        self.session.tell(command);
    }

    fn interrupt(&mut self) {
        self.tell(EngineCommand::Cancel);
        for (item, sound) in self.sound.clone().into_iter().rev().take(3) {
            let heard = sound.mul_f64(self.rng.f64() * 1.5);
            match self.rng.u32(0..3) {
                0 => self.tell(EngineCommand::Delete(item)),
                1 => self.tell(EngineCommand::Truncate(item, heard)),
                _ => {}
            }
        }
        self.cut = self.sound.keys().next_back().copied();
    }

    fn act(&mut self) {
        match self.rng.u32(0..200) {
            0 => self.tell(EngineCommand::Respond),
            1 => self.tell(EngineCommand::Say("One moment.".into())),
            2 => self.tell(EngineCommand::Prompt("Be brief.".into())),
            3 => self.tell(EngineCommand::Key('7')),
            4..=7 => self.interrupt(),
            8..=11 => self.model.caller(self.session.now - self.start),
            12..=19 => self.answer(),
            20..=60 => self.tell(EngineCommand::Hear(ulaw(&[0x7F; 160]))),
            _ => {}
        }
    }

    fn answer(&mut self) {
        if !self.waiting.is_empty() {
            let call = self.waiting.swap_remove(self.rng.usize(0..self.waiting.len()));
            self.tell(EngineCommand::Answer(call_id(&call), Answer::said("Done.")));
        }
    }

    /// Lets everything come to its end.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.model.caller_speaks() {
                self.model.caller(self.session.now - self.start);
            }
            self.answer();
            self.tick();
            let quiet =
                self.model.is_quiet() && self.on_the_way.is_empty() && self.session.out.wire.is_empty();
            if self.gone || (quiet && self.waiting.is_empty() && self.session.dialect.deadline().is_none()) {
                return;
            }
        }
        panic!("it does not come to an end: {:?}", self.session.dialect);
    }
}

fn seeds(name: &str, count: u64, run: impl Fn(u64)) {
    for seed in 0..count {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(seed)));
        assert!(caught.is_ok(), "{name}: seed {seed} fails");
    }
}

fn conversation(seed: u64, manners: Manners) -> Caller {
    let mut caller = Caller::new(seed, manners);
    for _ in 0..1_500 {
        caller.act();
        caller.tick();
    }
    caller.settle();
    caller
}

#[test]
fn the_rules_are_kept_and_every_reply_ends() {
    seeds("a good service", 60, |seed| {
        let caller = conversation(seed, Manners { answers_by_itself: false, fails: 0 });
        assert!(!caller.gone && !caller.owed && !caller.model.has_open_calls());
        assert!(caller.model.asked_for > 5);
    });
}

#[test]
fn the_rules_are_kept_with_a_service_that_answers_by_itself() {
    seeds("a hasty service", 60, |seed| {
        let caller = conversation(seed, Manners { answers_by_itself: true, fails: 0 });
        assert!(!caller.gone && !caller.owed && !caller.model.has_open_calls());
    });
}

#[test]
fn the_rules_are_kept_with_a_service_that_fails() {
    seeds("a failing service", 60, |seed| {
        let caller = conversation(seed, Manners { answers_by_itself: seed % 2 == 0, fails: 6 });
        assert!(caller.gone || !caller.owed);
    });
}

/// Every message that the fixtures know.
fn pool() -> Vec<Value> {
    let examples = fixture("examples");
    let mut pool: Vec<Value> = ["server", "server_variants"]
        .iter()
        .flat_map(|section| examples[section].as_object().expect("examples").values().cloned())
        .collect();
    for scenario in fixture("scenarios")["scenarios"].as_object().expect("scenarios").values() {
        let steps =
            scenario.as_object().expect("a scenario").values().find_map(Value::as_array).expect("steps");
        pool.extend(steps.iter().filter(|step| step["dir"] == "server").map(|step| step["event"].clone()));
    }
    // These end the session, and then nothing is tested any more.
    pool.retain(|message| {
        !["session_expired", "beta_api_shape_disabled"]
            .contains(&message["error"]["code"].as_str().unwrap_or(""))
    });
    pool
}

#[test]
fn nothing_that_arrives_makes_it_panic_or_break_the_schema() {
    let pool = pool();
    seeds("anything", 200, |seed| {
        let mut rng = Rng::with_seed(seed);
        let mut session = Session::ready();
        let mut received: BTreeMap<ItemId, Duration> = BTreeMap::new();
        for _ in 0..300 {
            match rng.u32(0..20) {
                0 => session.tell(EngineCommand::Respond),
                1 => session.tell(EngineCommand::Cancel),
                2 => session.tell(EngineCommand::Truncate(
                    ItemId(rng.u32(0..9)),
                    Duration::from_millis(rng.u64(0..5_000)),
                )),
                3 => session.tell(EngineCommand::Delete(ItemId(rng.u32(0..9)))),
                4 => session.tell(EngineCommand::Answer(call_id("call_F1"), Answer::said("Yes."))),
                5 => session.tell(EngineCommand::Say("One moment.".into())),
                6 => session.tell(EngineCommand::Key('*')),
                7 => session.wait(Duration::from_millis(rng.u64(0..2_000))),
                8 => {
                    let mut text = pool[rng.usize(0..pool.len())].to_string().into_bytes();
                    let at = rng.usize(0..text.len());
                    text[at] = rng.u8(..);
                    text.truncate(rng.usize(1..=text.len()));
                    session.read_text(&String::from_utf8_lossy(&text));
                }
                9..=12 => {
                    let mut message = pool[rng.usize(0..pool.len())].clone();
                    mutate(&mut rng, &mut message, &WORDS, &things());
                    session.read(&message);
                }
                _ => session.read(&pool[rng.usize(0..pool.len())]),
            }
            for event in session.events() {
                if let EngineEvent::Voice(item, chunk) = event {
                    *received.entry(item).or_default() += chunk.duration();
                }
            }
            session.sent();
        }
    });
}

#[test]
fn the_examples_in_any_order_never_ask_for_two_responses_at_once() {
    let pool = pool();
    seeds("any order", 100, |seed| {
        let mut rng = Rng::with_seed(seed);
        let mut session = Session::ready();
        let mut asked: Option<String> = None;
        for _ in 0..300 {
            if rng.u32(0..4) == 0 {
                session.tell(EngineCommand::Say("One moment.".into()));
            } else {
                let message = &pool[rng.usize(0..pool.len())];
                // Only these say that what was asked for has begun or will not.
                if message["type"] == "response.created" || message["type"] == "error" {
                    asked = None;
                }
                session.read(message);
            }
            for message in session.sent() {
                if message["type"] == "response.create" {
                    assert_eq!(asked, None, "asked again without an answer");
                    asked = message["event_id"].as_str().map(str::to_owned);
                }
            }
            session.events();
        }
    });
}

#[test]
fn a_whole_conversation_ends_done() {
    let caller = conversation(7, Manners { answers_by_itself: false, fails: 0 });
    assert!(caller.sound.len() > 10 && !caller.wanted.is_empty(), "the model does speak and want");
    let mut session = caller.session;
    session.tell(EngineCommand::Respond);
    session.reply("resp_last", "item_last", "Goodbye.");
    assert!(is_done(&session.events()));
}
