//! The local engine as a call sees it, with its real parts.

use crate::{Test, plain::brief, wait, workers};
use bytes::Bytes;
use call::{Chunk, EngineCommand, EngineEvent, Format};
use engine::{
    Brief,
    local::{Local, Workers, desk::DeskSetup},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

pub const TESTS: &[Test] = &[
    ("a_spoken_wish_is_answered", a_spoken_wish_is_answered),
    (
        "the_greeting_is_at_once_there_for_the_second_caller",
        the_greeting_is_at_once_there_for_the_second_caller,
    ),
];

const GREETING: &str = "Hello, this is the practice. How can I help you?";

fn open(workers: &Arc<Workers>, format: Format) -> Local {
    let brief = Brief {
        instructions: String::new(),
        greeting: GREETING.into(),
        voice: "rms".into(),
        format,
        ..brief()
    };
    let setup = DeskSetup {
        now: "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment"),
        hours: when::Hours::default(),
        greeting: GREETING.into(),
        business: String::new(),
        caller: String::new(),
        so_far: None,
    };
    Local::open(brief, setup, workers.clone())
}

/// Everything up to and with the first `Done`; the length of the voice in it, too.
async fn reply(local: &mut Local) -> (Vec<EngineEvent>, Duration) {
    let (mut events, mut voice) = (Vec::new(), Duration::ZERO);
    loop {
        let event = timeout(Duration::from_secs(20), local.next()).await.expect("the engine goes on");
        if let EngineEvent::Voice(_, chunk) = &event {
            voice += chunk.duration();
        }
        events.push(event);
        if matches!(events.last(), Some(EngineEvent::Done(_) | EngineEvent::Failed(_))) {
            return (events, voice);
        }
    }
}

fn a_spoken_wish_is_answered() {
    wait(async {
        let workers = Arc::new(workers());
        let mut local = open(&workers, Format::Ulaw);
        let (events, voice) = reply(&mut local).await;
        assert_eq!(events[0], EngineEvent::Ready);
        assert!(voice > Duration::from_secs(2), "the greeting sounds: {voice:?}");

        let speech =
            workers.speak("I would like to book an appointment.", "slt", 1.0).await.expect("it is spoken");
        let mut line = sound::g711::samples_to_ulaw(&speech);
        line.resize(line.len() + 16_000, sound::g711::ULAW_SILENCE);
        let mut frames = line.chunks(160);
        // The line's own pace: 20 ms a frame.
        let mut clock = interval(Duration::from_millis(20));
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut said, mut spoke, mut answered) = (None, false, Duration::ZERO);
        let deadline = Instant::now() + Duration::from_secs(20);
        while said.is_none() || answered < Duration::from_millis(500) {
            assert!(Instant::now() < deadline, "heard {said:?}, answered {answered:?}");
            tokio::select! {
                _ = clock.tick() => {
                    let bytes = Bytes::copy_from_slice(frames.next().unwrap_or(&[sound::g711::ULAW_SILENCE; 160]));
                    local.tell(EngineCommand::Hear(Chunk { format: Format::Ulaw, bytes }));
                }
                event = local.next() => match event {
                    EngineEvent::CallerSpeaks => spoke = true,
                    EngineEvent::CallerSaid(_, transcript) => said = Some(transcript.text),
                    EngineEvent::Voice(_, chunk) => answered += chunk.duration(),
                    EngineEvent::Failed(failure) => panic!("{failure:?}"),
                    _ => {}
                },
            }
        }
        assert!(spoke, "the caller's speech is noticed before its words are known");
        assert_eq!(said.as_deref(), Some("i would like to book an appointment"));
    });
}

fn the_greeting_is_at_once_there_for_the_second_caller() {
    wait(async {
        let workers = Arc::new(workers());
        for format in
            [Format::Ulaw, Format::Alaw, Format::Pcm { hertz: 16_000 }, Format::Pcm { hertz: 24_000 }]
        {
            let (events, voice) = reply(&mut open(&workers, format)).await;
            let chunks = events.iter().filter_map(|event| match event {
                EngineEvent::Voice(_, chunk) => Some(chunk),
                _ => None,
            });
            assert!(
                chunks
                    .clone()
                    .all(|chunk| chunk.format == format && chunk.duration() <= Duration::from_millis(200))
            );
            assert!(chunks.count() > 5 && voice > Duration::from_secs(2));
        }
        let begun = Instant::now();
        let (_, voice) = reply(&mut open(&workers, Format::Ulaw)).await;
        assert!(voice > Duration::from_secs(2));
        assert!(begun.elapsed() < Duration::from_millis(100), "it was spoken before: {:?}", begun.elapsed());
    });
}
