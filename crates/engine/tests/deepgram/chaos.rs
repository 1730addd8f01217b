//! Seeded disorder: whatever arrives in whatever order, what we send is valid, items come one after the other, nothing
//! is said after a failure, and a reply that the call waits for is always done.

use crate::mutation::mutate;
use crate::rig::{Session, audio_done, brief, call_id, config, fixture, tool, ulaw};
use call::{Answer, EngineCommand, EngineEvent, ItemId};
use engine::Dialect;
use fastrand::Rng;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

fn pool() -> Vec<Value> {
    let examples = fixture("examples");
    let sections =
        ["server", "server_variants"].map(|section| examples[section].as_object().expect("examples"));
    sections.into_iter().flat_map(|section| section.values().cloned()).collect()
}

/// What a changed message may say in another place.
const WORDS: [&str; 4] = ["user", "assistant", "Error", "Welcome"];

/// What holds in every session.
#[derive(Default)]
struct Watch {
    newest: u32,
    cut: u32,
    wanted: BTreeSet<String>,
    owed: bool,
    gone: bool,
}

impl Watch {
    fn look(&mut self, session: &mut Session) {
        for event in session.events() {
            assert!(!self.gone, "{event:?} after a failure");
            match event {
                EngineEvent::Voice(item, chunk) => {
                    assert!(item.0 >= self.newest, "items come one after the other");
                    assert!(item.0 > self.cut, "{item:?} was cancelled");
                    assert!(!chunk.bytes.is_empty());
                    self.newest = item.0;
                    self.owed = true;
                }
                EngineEvent::Wants(call) => assert!(self.wanted.insert(call.id.0), "wanted twice"),
                EngineEvent::Done(_) => self.owed = false,
                EngineEvent::Failed(_) => self.gone = true,
                EngineEvent::Ready
                | EngineEvent::CallerSpeaks
                | EngineEvent::CallerPauses
                | EngineEvent::CallerSaid(..)
                | EngineEvent::AssistantSaid(..)
                | EngineEvent::Withdraws(_)
                | EngineEvent::MayUse(_)
                | EngineEvent::Uses(_)
                | EngineEvent::Used(..)
                | EngineEvent::Took(_)
                | EngineEvent::CallerSpoke(..)
                | EngineEvent::Charged(_)
                | EngineEvent::Trouble(_) => {}
            }
        }
        session.all_sent();
    }
}

fn act(rng: &mut Rng, session: &mut Session, watch: &mut Watch) {
    let command = match rng.u32(0..12) {
        0 => EngineCommand::Respond,
        1 => EngineCommand::Cancel,
        2 => EngineCommand::Truncate(ItemId(rng.u32(0..9)), Duration::from_millis(rng.u64(0..5_000))),
        3 => EngineCommand::Delete(ItemId(rng.u32(0..9))),
        4 => EngineCommand::Answer(call_id(["fc_1", "fc_3", "fc_9"][rng.usize(0..3)]), Answer::said("Yes.")),
        5 => EngineCommand::Say("One moment.".into()),
        6 => EngineCommand::Prompt("Go on.".into()),
        7 => EngineCommand::Key(rng.char(..)),
        8 => return session.dialect.offer(&[tool("read_mail")], &mut session.out),
        _ => EngineCommand::Hear(ulaw(&vec![rng.u8(..); rng.usize(0..400)])),
    };
    let owes = matches!(
        command,
        EngineCommand::Respond | EngineCommand::Say(_) | EngineCommand::Prompt(_) | EngineCommand::Answer(..)
    );
    match command {
        EngineCommand::Cancel => (watch.cut, watch.owed) = (watch.newest, false),
        EngineCommand::Truncate(item, _) | EngineCommand::Delete(item) if item.0 <= watch.newest => {
            // What comes of older items is over anyway.
            watch.cut = watch.cut.max(if item.0 == watch.newest { item.0 } else { 0 });
        }
        _ => {}
    }
    session.tell(command);
    watch.owed |= owes && !watch.gone;
}

fn arrive(rng: &mut Rng, session: &mut Session, pool: &[Value]) {
    let mut message = pool[rng.usize(0..pool.len())].clone();
    // An error ends everything, and is tried enough elsewhere.
    while message["type"] == "Error" && rng.u32(0..20) > 0 {
        message = pool[rng.usize(0..pool.len())].clone();
    }
    match rng.u32(0..10) {
        0 => {
            let mut text = message.to_string().into_bytes();
            let at = rng.usize(0..text.len());
            text[at] = rng.u8(..);
            text.truncate(rng.usize(1..=text.len()));
            session.read_text(&String::from_utf8_lossy(&text));
        }
        1 => {
            mutate(rng, &mut message, &WORDS, &[json!([{"id": "fc_1", "client_side": true}])]);
            session.read(&message);
        }
        2..=4 => session.sound(rng.usize(0..200)),
        _ => session.read(&message),
    }
}

#[test]
fn nothing_that_arrives_breaks_what_is_promised() {
    let pool = pool();
    for seed in 0..400 {
        let mut rng = Rng::with_seed(seed);
        let mut session = if rng.bool() { Session::ready() } else { Session::connected(config(), brief()) };
        let mut watch = Watch { newest: 0, ..Watch::default() };
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..300 {
                match rng.u32(0..4) {
                    0 => act(&mut rng, &mut session, &mut watch),
                    1 => session.wait(Duration::from_millis(rng.u64(0..1_500))),
                    _ => arrive(&mut rng, &mut session, &pool),
                }
                watch.look(&mut session);
            }
            // The service falls silent: what the call waits for comes to an end all the same.
            session.read(&audio_done());
            session.wait(Duration::from_secs(600));
            watch.look(&mut session);
            assert!(!watch.owed || watch.gone, "a reply is never done");
        }));
        assert!(result.is_ok(), "seed {seed}");
    }
}
