//! What the shell around the cascade promises, with parts that do as they are told.

#[path = "shared/brief.rs"]
mod plain;

use bytes::Bytes;
use call::{Chunk, EngineCommand, EngineEvent, Failure, Format};
use engine::{
    Brief, Said,
    local::{
        Heard, Local, Speech, Stt, Tts, Vad,
        cascade::Thinking,
        desk::DeskSetup,
        llm::{Ask, Delta, Llm},
    },
};
use futures_util::{
    FutureExt, StreamExt as _,
    future::{BoxFuture, pending},
    stream::{self, BoxStream},
};
use plain::brief;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Speaks a second for each sentence, once the test lets it.
struct Voice {
    asked: Arc<Mutex<Vec<String>>>,
    go: Arc<Semaphore>,
}

impl Tts for Voice {
    fn speak(&self, text: &str, _voice: &str) -> BoxFuture<'static, Speech> {
        let text = text.to_owned();
        self.asked.lock().expect("nobody panicked").push(text.clone());
        let go = self.go.clone();
        let speak = async move {
            go.acquire().await.expect("it is never closed").forget();
            if text.contains("unspeakable") {
                return Err("this voice is hoarse".to_owned());
            }
            Ok(Arc::from(vec![1_000; 8_000]))
        };
        speak.boxed()
    }
}

struct Deaf;

impl Stt for Deaf {
    fn recognise(&self, _: Vec<i16>, _: Arc<str>) -> BoxFuture<'static, Heard> {
        async { Ok(Vec::new()) }.boxed()
    }
}

impl Vad for Deaf {
    fn hear(&mut self, _: &[i16]) -> bool {
        false
    }
}

struct Rig {
    local: Local,
    asked: Arc<Mutex<Vec<String>>>,
    go: Arc<Semaphore>,
}

fn setup(greeting: &str) -> DeskSetup {
    DeskSetup {
        now: "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment"),
        hours: when::Hours::default(),
        greeting: greeting.into(),
        business: String::new(),
        caller: String::new(),
        so_far: None,
    }
}

fn rig(greeting: &str, format: Format) -> Rig {
    let brief = Brief {
        instructions: String::new(),
        greeting: greeting.into(),
        voice: "slt".into(),
        format,
        ..brief()
    };
    let setup = setup(greeting);
    let (asked, go): (Arc<Mutex<Vec<String>>>, _) = (Arc::default(), Arc::new(Semaphore::new(0)));
    let voice = Voice { asked: asked.clone(), go: go.clone() };
    Rig { local: Local::with(brief, setup, Box::new(Deaf), Arc::new(Deaf), Arc::new(voice), None), asked, go }
}

impl Rig {
    /// Everything that comes without waiting for anyone.
    async fn events(&mut self) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        while let Ok(event) = tokio::time::timeout(Duration::from_millis(20), self.local.next()).await {
            events.push(event);
        }
        events
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

fn voice(events: &[EngineEvent]) -> Duration {
    events
        .iter()
        .map(|event| if let EngineEvent::Voice(_, chunk) = event { chunk.duration() } else { Duration::ZERO })
        .sum()
}

const GREETING: &str =
    "This is the first. This is the second one. This is the third of them. Here is another.";

#[tokio::test]
async fn the_first_sentence_sounds_while_the_next_is_made() {
    let mut rig = rig(GREETING, Format::Ulaw);
    assert_eq!(rig.events().await, [EngineEvent::Ready]);
    assert_eq!(rig.asked(), ["This is the first.", "This is the second one."]);

    rig.go.add_permits(1);
    let events = rig.events().await;
    assert_eq!(voice(&events), Duration::from_secs(1));
    assert_eq!(rig.asked().len(), 3, "the third is asked for when the first is there");

    rig.go.add_permits(3);
    let events = rig.events().await;
    assert_eq!(voice(&events), Duration::from_secs(3));
    assert!(matches!(events.last(), Some(EngineEvent::Done(_))), "{:?}", events.last());
}

#[tokio::test]
async fn sound_leaves_in_the_lines_format_and_in_short_pieces() {
    for format in [Format::Ulaw, Format::Alaw, Format::Pcm { hertz: 8_000 }, Format::Pcm { hertz: 16_000 }] {
        let mut rig = rig("Hello.", format);
        rig.go.add_permits(1);
        let events = rig.events().await;
        assert_eq!(voice(&events), Duration::from_secs(1), "{format:?}");
        let level = match format {
            Format::Ulaw | Format::Alaw => 1,
            Format::Pcm { .. } => 2,
        };
        for event in events {
            if let EngineEvent::Voice(_, chunk) = event {
                assert_eq!(chunk.format, format);
                assert_eq!(chunk.bytes.len() % level, 0);
                assert!(chunk.duration() <= Duration::from_millis(200));
            }
        }
    }
}

#[tokio::test]
async fn giving_up_waiting_loses_nothing() {
    let all = async |patient: bool| {
        let mut rig = rig(GREETING, Format::Ulaw);
        rig.go.add_permits(4);
        let mut events = Vec::new();
        while !matches!(events.last(), Some(EngineEvent::Done(_))) {
            if patient {
                events.push(rig.local.next().await);
            } else {
                // Polled once, then dropped; what it waits for goes on meanwhile.
                events.extend(rig.local.next().now_or_never());
                tokio::task::yield_now().await;
            }
        }
        events
    };
    assert_eq!(all(true).await, all(false).await);
}

#[tokio::test]
async fn what_was_to_be_said_is_dropped_when_the_caller_decides_otherwise() {
    let mut rig = rig(GREETING, Format::Ulaw);
    rig.go.add_permits(1);
    rig.events().await;
    rig.local.tell(EngineCommand::Key('0'));
    rig.go.add_permits(10);
    let events = rig.events().await;
    let asked = rig.asked();
    assert!(!asked.contains(&"Here is another.".to_owned()), "it is never asked for: {asked:?}");
    let (before, after) = (3, asked.len());
    assert_eq!(
        voice(&events),
        Duration::from_secs((after - before) as u64),
        "only the answer sounds: {asked:?}"
    );
}

#[tokio::test]
async fn a_voice_that_never_gets_through_a_sentence_is_told_of_and_gives_up() {
    let mut rig = rig("This one is unspeakable. This is the second one.", Format::Ulaw);
    rig.go.add_permits(10);
    let mut events = Vec::new();
    while !matches!(events.last(), Some(EngineEvent::Failed(_))) {
        events.push(rig.local.next().await);
    }
    let trouble = EngineEvent::Trouble("this voice is hoarse".into());
    assert_eq!(events.iter().filter(|event| **event == trouble).count(), 2, "{events:?}");
    assert_eq!(voice(&events), Duration::ZERO, "the next sentence makes no sense without it");
    assert_eq!(rig.asked().iter().filter(|asked| asked.contains("unspeakable")).count(), 3);
}

/// Hears for as long as anybody wants to know, and counts how much that is.
struct Ponders(Arc<()>);

impl Stt for Ponders {
    fn recognise(&self, _: Vec<i16>, _: Arc<str>) -> BoxFuture<'static, Heard> {
        let wanted = self.0.clone();
        async move {
            let heard = pending().await;
            drop(wanted);
            heard
        }
        .boxed()
    }
}

impl Vad for Ponders {
    fn hear(&mut self, samples: &[i16]) -> bool {
        samples.iter().any(|sample| sample.abs() > 1_000)
    }
}

impl Llm for Ponders {
    fn think(&self, _: Ask) -> BoxStream<'static, Result<Delta, Failure>> {
        stream::pending().boxed()
    }
}

#[tokio::test]
async fn a_caller_who_pauses_often_keeps_no_ear_busy_with_what_is_over() {
    let wanted = Arc::new(());
    let ponders = || Ponders(wanted.clone());
    let brief = Brief { so_far: vec![Said::Assistant("Hello.".into())], ..brief() };
    let voice = Voice { asked: Arc::default(), go: Arc::new(Semaphore::new(0)) };
    let model = (Arc::new(ponders()) as Arc<dyn Llm>, Thinking::default());
    let mut local =
        Local::with(brief, setup(""), Box::new(ponders()), Arc::new(ponders()), Arc::new(voice), Some(model));
    let alone = Arc::strong_count(&wanted);
    let mut most = 0;
    for byte in [vec![0x10; 20], vec![0xff; 10]].concat().repeat(4) {
        let bytes = Bytes::from(vec![byte; 160]);
        local.tell(EngineCommand::Hear(Chunk { format: Format::Ulaw, bytes }));
        while local.next().now_or_never().is_some() {}
        most = most.max(Arc::strong_count(&wanted) - alone);
    }
    assert_eq!(most, 1);
}
