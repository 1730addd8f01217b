//! Any order of events, with a seed: nothing panics, everything sent is valid, everything is bounded, and whoever waits
//! for a reply is told that there is none.

use crate::rig::{
    LOUD, SILENCE, Session, brief, call_id, delegation, error, function_call, response, said, ulaw, voice,
    work,
};
use call::{Answer, EngineCommand, EngineEvent, ItemId, Manner};
use engine::{Brief, Dialect};
use serde_json::json;
use std::time::Duration;

fn anything(session: &mut Session, random: &mut fastrand::Rng) {
    let id = |random: &mut fastrand::Rng, what: &str| format!("{what}_{}", random.u8(0..4));
    let ms = session.ms;
    match random.u8(0..26) {
        0..=3 => session.pass(random.u64(1..60) * 20, SILENCE, SILENCE),
        4..=6 => session.pass(random.u64(1..60) * 20, SILENCE, LOUD),
        7..=8 => session.caller_sounds(random.u64(1..8) * 200, if random.bool() { LOUD } else { SILENCE }),
        9 => session.wait(random.u64(1..12_000)),
        10 => session.read(&said("input", " word", ms.saturating_sub(random.u64(0..3_000)))),
        11 => session.read(&said("output", " word", ms + random.u64(0..3_000))),
        12 => session.read(&delegation(&id(random, "item"), &id(random, "resp"))),
        13 => session.read(&work(&id(random, "item"), &response("created", &id(random, "resp")))),
        14 => {
            let name = if random.u8(0..6) == 0 { "hang_up" } else { "find_slots" };
            session.read(&work(&id(random, "item"), &function_call(&id(random, "call"), name, "{}")));
        }
        15 => session.read(&work(&id(random, "item"), &response("completed", &id(random, "resp")))),
        16 => {
            let kind = if random.bool() { "failed" } else { "incomplete" };
            if random.u8(0..4) == 0 {
                session.read(&work(&id(random, "item"), &response(kind, &id(random, "resp"))));
            }
        }
        17 => session.tell(EngineCommand::Answer(call_id(&id(random, "call")), Answer::said("Yes."))),
        18 => session.tell(EngineCommand::Say("One moment.".into())),
        19 => session.tell(EngineCommand::Prompt("Ask.".into())),
        20 => session.tell(EngineCommand::Respond),
        21 => session.tell(EngineCommand::Cancel),
        22 => {
            let item = ItemId(random.u32(0..9));
            let heard = Duration::from_millis(random.u64(0..3_000));
            session.tell(if random.bool() {
                EngineCommand::Truncate(item, heard)
            } else {
                EngineCommand::Delete(item)
            });
        }
        23 => session.tell(EngineCommand::Key(random.digit(10))),
        24 => {
            let codes = ["unknown_parameter", "context_injection_incomplete", "response_input_buffer_full"];
            let code = codes[random.usize(0..codes.len())];
            session.read(&error("invalid_request_error", code, Some(&id(random, "append"))));
        }
        _ => {
            session.tell(EngineCommand::Hear(ulaw(&vec![LOUD; random.usize(0..20_000)])));
            session.read(&voice(&vec![if random.bool() { LOUD } else { SILENCE }; random.usize(0..20_000)]));
            session.read(&json!({"type": "session.input_transcript.delta"}));
        }
    }
}

/// What the call may rely on, whatever the service does.
struct Watch {
    manner: Manner,
    turns: u32,
    taken: bool,
    newest: u32,
    over: bool,
}

impl Watch {
    fn see(&mut self, event: &EngineEvent) {
        assert!(!self.over, "nothing follows a failure: {event:?}");
        match event {
            EngineEvent::CallerSpeaks => {
                assert!(!self.taken || self.manner == Manner::Turns, "nobody takes the floor twice");
                self.taken = true;
                self.turns += 1;
            }
            EngineEvent::CallerPauses => {
                assert!(self.taken, "nobody gives back what they do not have");
                self.taken = false;
            }
            EngineEvent::CallerSaid(turn, said) => {
                assert!(turn.0 >= 1 && turn.0 <= self.turns && !said.text.is_empty(), "{event:?}");
            }
            EngineEvent::Voice(item, chunk) => {
                assert!(item.0 >= self.newest, "items come one after the other");
                assert!(!chunk.bytes.is_empty());
                self.newest = item.0;
            }
            EngineEvent::AssistantSaid(_, said) => assert!(!said.text.is_empty()),
            EngineEvent::Failed(_) => self.over = true,
            EngineEvent::Ready
            | EngineEvent::Wants(_)
            | EngineEvent::Withdraws(_)
            | EngineEvent::MayUse(_)
            | EngineEvent::Uses(_)
            | EngineEvent::Used(..)
            | EngineEvent::Took(_)
            | EngineEvent::Done(_)
            | EngineEvent::Charged(_)
            | EngineEvent::CallerSpoke(..)
            | EngineEvent::Trouble(_) => {}
        }
    }
}

#[test]
fn whatever_comes_in_whatever_order_the_call_can_rely_on_what_it_is_told() {
    for seed in 0..80 {
        let mut random = fastrand::Rng::with_seed(seed);
        let manner = if seed % 4 == 0 { Manner::Turns } else { Manner::Duplex };
        let mut session = Session::started(Brief { manner, ..brief() });
        let mut watch = Watch { manner, turns: 0, taken: false, newest: 0, over: false };
        for _ in 0..120 {
            anything(&mut session, &mut random);
            session.events().iter().for_each(|event| watch.see(event));
            session.sent();
            assert!(session.dialect.deadline().is_some() || watch.over, "seed {seed}: it keeps time");
        }
        if watch.over {
            continue;
        }
        // Whatever was wanted, it is over in the end.
        session.tell(EngineCommand::Respond);
        session.quiet(60_000);
        let events = session.events();
        let done = events.iter().any(|event| matches!(event, EngineEvent::Done(_) | EngineEvent::Failed(_)));
        assert!(done, "seed {seed}: {events:?}");
    }
}
