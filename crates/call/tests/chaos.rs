//! Whatever happens, in whatever order, these stay true. Each call is one seed; one that fails is printed.

mod sim;
use call::*;
use fastrand::Rng;
use sim::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const CALLS: u64 = 30_000;

/// How far a truncation may be from what had been heard when the line was cleared.
const MISS: Duration = Duration::from_millis(20);

#[test]
fn any_order_of_events_keeps_the_promises() {
    let mut failed = vec![];
    for seed in 0..CALLS {
        if let Err(why) = std::panic::catch_unwind(|| one_call(seed)) {
            failed.push(seed);
            println!("seed {seed} failed: {}", message(&why));
        }
        assert!(failed.len() < 10, "stopped after ten failing seeds: {failed:?}");
    }
    assert!(failed.is_empty(), "failing seeds: {failed:?}");
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panicked")
}

fn one_call(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    // Half of the calls are still going on when the longest call is over.
    let longest_call = if rng.bool() { secs(rng.u64(15..60)) } else { Policy::default().longest_call };
    let (spares, messages) = (rng.u32(0..4), rng.bool());
    let guarded = ["calendar".to_owned()].into();
    let later_words = if rng.bool() { String::new() } else { "I will text you.".into() };
    let mut sim =
        Sim::new(Policy { longest_call, spares, messages, guarded, later_words, ..Policy::default() });
    if rng.bool() {
        sim.give(Input::Expires(sim.now + secs(rng.u64(1..120))));
    }
    sim.phone.out = ms(rng.u64(0..400));
    sim.phone.back = ms(rng.u64(0..400));
    sim.phone.after_clear = if rng.bool() { AfterClear::ReturnsMarks } else { AfterClear::Forgets };
    let mut world = World::default();
    for _ in 0..rng.usize(1..80) {
        world.step(&mut sim, &mut rng);
        let step = if rng.u8(0..4) > 0 { 300 } else { 4_000 };
        sim.pass(ms(rng.u64(0..step)));
    }
    sim.pass(secs(31 * 60));
    check(&sim, longest_call);
}

/// A model engine: it speaks, wants and hears as engines do, and keeps no promise that it need not keep.
#[derive(Default)]
struct World {
    item: u32,
    turn: u32,
    tools: u32,
    cancelled: bool,
    /// A new session is being opened.
    renewing: bool,
    /// The last engine has failed: nobody hears the caller.
    deaf: bool,
}

impl World {
    fn step(&mut self, sim: &mut Sim, rng: &mut Rng) {
        let outputs = match rng.u8(0..16) {
            0..=3 if !self.cancelled => sim.speak(self.item, ms(rng.u64(20..1_500))),
            0..=4 => {
                self.item += 1;
                self.cancelled = false;
                sim.done()
            }
            5 | 6 => self.caller_speaks(sim),
            7 => sim.engine(EngineEvent::CallerPauses),
            8 => {
                let turn = rng.u32(0..=self.turn);
                let text = ["", "stop", "at ten"][rng.usize(0..3)].to_owned();
                let transcript = Transcript { text, partial: rng.bool() };
                sim.engine(EngineEvent::CallerSaid(TurnId(turn), transcript))
            }
            9 => self.tool(sim, rng),
            10 => {
                let agreed = Agreed { id: "a1".into(), starts: "2026-11-27T10:00".into() };
                let effect = match rng.u8(0..4) {
                    0 | 1 => Effect::None,
                    2 => Effect::Sent("a text".into()),
                    _ => Effect::Booked(agreed),
                };
                let (subject, words) = (rng.u8(0..3).to_string(), "Shall I stop at ten?".to_owned());
                let asks = (rng.u8(0..4) == 0)
                    .then(|| Box::new(Asked { subject, words, telling: vec!["ten".into()] }));
                let others = [Others::None, Others::Within, Others::All][rng.usize(0..3)];
                let answer = Answer { effect, asks, others, ..Answer::said("done") };
                let (id, engine) = (rng.u32(0..6), rng.u32(0..=sim.base.engines));
                let id = if engine == 0 { id.to_string() } else { format!("{engine}/{id}") };
                sim.give(Input::Tool(ToolCallId(id), answer))
            }
            11 => {
                let text = [
                    "I've booked it.",
                    "One moment.",
                    "You're booked for Friday at ten, and I've texted you.",
                ];
                let transcript = Transcript { text: text[rng.usize(0..3)].into(), partial: rng.bool() };
                sim.engine(EngineEvent::AssistantSaid(ItemId(self.item), transcript))
            }
            12 if rng.u8(0..4) == 0 => {
                let outputs = sim.fails();
                self.deaf |=
                    !outputs.iter().any(|output| matches!(output, Output::Reopen(_) | Output::TakeMessage));
                outputs
            }
            12 => sim.engine(EngineEvent::Ready),
            13 if std::mem::take(&mut self.renewing) => {
                let renewed = if rng.u8(0..4) == 0 { Err("it is closed".to_owned()) } else { Ok(()) };
                sim.give(Input::Renewed(renewed))
            }
            13 if rng.u8(0..40) == 0 => sim.give(Input::Spent),
            13 if rng.u8(0..40) == 0 => sim.give(Input::Excused),
            14 if rng.u8(0..8) == 0 => sim.give(Input::Expires(sim.now + secs(rng.u64(1..30)))),
            _ => sim.give(Input::Line(LineEvent::Audio(sound(ms(20))))),
        };
        self.heed(&outputs);
    }

    fn heed(&mut self, outputs: &[Output]) {
        for output in outputs {
            match output {
                Output::Engine(EngineCommand::Cancel) => self.cancelled = true,
                Output::Renew(_) => self.renewing = true,
                // Whoever comes counts from the beginning.
                Output::Reopen(_) | Output::TakeMessage | Output::Swap { .. } => *self = Self::default(),
                _ => {}
            }
        }
    }

    fn caller_speaks(&mut self, sim: &mut Sim) -> Vec<Output> {
        self.turn += 1;
        let audible = sim.call_is_audible();
        let outputs = sim.engine(EngineEvent::CallerSpeaks);
        let over = outputs.iter().any(|output| matches!(output, Output::Note(Note::Ended(_))));
        let cleared = outputs.iter().any(is_clear);
        assert!(
            !audible || cleared || over || self.deaf || sim.call.ending().is_some(),
            "speech did not silence the assistant"
        );
        outputs
    }

    fn tool(&mut self, sim: &mut Sim, rng: &mut Rng) -> Vec<Output> {
        if rng.u8(0..20) == 0 {
            return sim.engine(EngineEvent::Withdraws(ToolCallId(rng.u32(0..6).to_string())));
        }
        if rng.u8(0..20) == 0 {
            return sim.give(Input::Progress(ToolCallId(rng.u32(0..6).to_string()), rng.u8(..)));
        }
        if rng.u8(0..6) == 0 {
            return Self::hosted(sim, rng);
        }
        let id = if rng.u8(0..5) == 0 { rng.u32(0..=self.tools) } else { self.tools };
        self.tools = self.tools.max(id + 1);
        let name = ["calendar", "sms", "calendar", "hang_up"][rng.usize(0..4)];
        sim.wants(&id.to_string(), name)
    }

    /// The service uses tools by itself, asks before or does not, and says what came of it or never does.
    fn hosted(sim: &mut Sim, rng: &mut Rng) -> Vec<Output> {
        let id = ToolCallId(format!("h{}", rng.u32(0..4)));
        let call = |id| ToolCall { id, name: "calendar".into(), arguments: "{}".into() };
        match rng.u8(0..4) {
            0 => sim.engine(EngineEvent::MayUse(call(id))),
            1 => sim.engine(EngineEvent::Uses(call(id))),
            2 => sim.engine(EngineEvent::Used(id, Answer::said("done"))),
            _ => {
                let engine = sim.base.engines;
                let id = if engine == 0 { id.0 } else { format!("{engine}/{}", id.0) };
                sim.give(Input::Tool(ToolCallId(id), Answer::said("It may be used.")))
            }
        }
    }
}

fn is_hosted(id: &ToolCallId) -> bool {
    id.0.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '/').starts_with('h')
}

fn check(sim: &Sim, longest_call: Duration) {
    let mut sent = BTreeMap::<ItemId, Duration>::new();
    let mut forgotten = BTreeSet::new();
    let (mut asked, mut answered, mut promised) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut items = sim.played_items();
    let mut ended = None;
    let (mut done, mut corrections) = (BTreeSet::new(), 0);
    let (mut reopened, mut messages, mut bridges, mut said_bridges) = (0, 0, 0, 0);
    for (at, output) in &sim.log {
        let tool_after_all = matches!(
            output,
            Output::Note(Note::ToolAnswered { .. } | Note::FalseClaim { corrected: false, .. })
        );
        assert!(ended.is_none() || tool_after_all, "{output:?} after the end");
        match output {
            Output::Line(LineCommand::Play(chunk)) => {
                let item = items.next().expect("every chunk has an item");
                assert!(!forgotten.contains(&item), "{item:?} sounds after it was forgotten");
                *sent.entry(item).or_default() += chunk.duration();
            }
            Output::Engine(EngineCommand::Truncate(item, heard)) => {
                assert!(*heard <= sent[item], "heard more of {item:?} than was sent");
                assert!(forgotten.insert(*item), "{item:?} was forgotten twice");
            }
            Output::Engine(EngineCommand::Delete(item)) => {
                assert!(forgotten.insert(*item), "{item:?} was forgotten twice");
            }
            Output::Tool(call, _) => assert!(asked.insert(call.id.clone()), "{:?} was run twice", call.id),
            Output::Promised(id) => {
                assert!(asked.contains(id), "{id:?} was promised and never run");
                assert!(promised.insert(id.clone()), "{id:?} was promised twice");
            }
            Output::Unwanted(id) => assert!(asked.contains(id), "{id:?} is unwanted and was never run"),
            Output::May(call, _) => assert!(asked.insert(call.id.clone()), "{:?} was judged twice", call.id),
            Output::Engine(EngineCommand::Answer(id, answer)) => {
                // What a service may use it may be told later that nobody waits for.
                assert!(!is_hosted(id) || !answer.ok || !answered.contains(id), "{id:?} was let twice");
                assert!(answered.insert(id.clone()) || is_hosted(id), "{id:?} was answered twice");
            }
            Output::Note(Note::ToolAnswered { effect: Effect::Booked(_), .. }) => {
                done.insert("booked");
            }
            Output::Note(Note::ToolAnswered { effect: Effect::Sent(_), .. }) => {
                done.insert("sent");
            }
            Output::Note(Note::FalseClaim { deed, .. }) => {
                let unsaid = match deed {
                    Deed::Booked => !done.contains("booked"),
                    Deed::Sent => !done.contains("sent"),
                    Deed::Moved | Deed::Cancelled | Deed::Listed => false,
                };
                assert!(unsaid, "what was done was called a false claim: {output:?}");
            }
            Output::Engine(EngineCommand::Prompt(words)) => {
                corrections += usize::from(words.contains("misspoke"));
            }
            Output::Note(Note::Ended(_)) => ended = Some(*at),
            Output::Reopen(handover) => {
                reopened += 1;
                assert!(reopened <= sim.spares, "more engines came than there are");
                assert!(messages == 0, "an engine came after the last");
                bridges += usize::from(!handover.so_far.is_empty() || handover.unheard);
            }
            Output::TakeMessage => {
                messages += 1;
                assert!(reopened == sim.spares, "a message was to be taken while there were engines");
            }
            Output::Engine(EngineCommand::Say(words)) if words.contains("interrupted") => said_bridges += 1,
            Output::Swap { .. } => bridges += 1,
            Output::Renew(_) | Output::Line(_) | Output::Engine(_) | Output::Pin(_) | Output::Note(_) => {}
        }
    }
    assert!(messages <= 1, "a message was taken twice");
    assert!(said_bridges <= bridges, "{said_bridges} bridges for {bridges} interruptions");
    assert!(corrections <= 2, "corrected {corrections} times");
    for (item, made) in &sim.made {
        let sent = sent.get(item).copied().unwrap_or_default();
        let heard = sim.heard(item.0);
        assert!(heard <= *made, "{item:?} was heard for {heard:?} and made for {made:?}, sent {sent:?}");
    }
    assert!(sim.worst_miss() <= MISS, "what was heard was missed by {:?}", sim.worst_miss());
    let ended = ended.expect("every call ends");
    assert!(ended <= longest_call, "the call lasted {ended:?}");
}
