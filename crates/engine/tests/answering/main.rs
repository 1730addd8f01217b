//! How much of the time from the end of a caller's turn to the first sound of the answer is our own: with parts that answer at
//! once, all of it. Nothing waits on the way; what it costs on this machine is printed.

mod endpoint;
#[path = "../shared/brief.rs"]
mod plain;

use bytes::Bytes;
use call::{Chunk, EngineCommand, EngineEvent, Failure, Format, Usage};
use engine::{
    Brief,
    local::{
        Heard, Hypothesis, Local, Speech, Stt, Tts, Vad,
        cascade::Thinking,
        desk::DeskSetup,
        llm::{Ask, Delta, Llm},
    },
};
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use plain::brief;
use std::{
    io::{Write as _, stderr},
    sync::Arc,
    time::{Duration, Instant},
};

/// An ear, a mind and a voice that answer at once.
struct AtOnce;

impl Vad for AtOnce {
    fn hear(&mut self, samples: &[i16]) -> bool {
        samples.iter().any(|sample| sample.abs() > 1_000)
    }
}

impl Stt for AtOnce {
    fn recognise(&self, _: Vec<i16>, grammar: Arc<str>) -> BoxFuture<'static, Heard> {
        let text = if grammar.is_empty() { "next tuesday at ten then" } else { "help" };
        async move { Ok(vec![Hypothesis { text: text.into(), confidence: 0.9, language: None }]) }.boxed()
    }
}

impl Tts for AtOnce {
    fn speak(&self, _: &str, _: &str) -> BoxFuture<'static, Speech> {
        async { Ok(Arc::from(vec![1_000; 4_000])) }.boxed()
    }
}

impl Llm for AtOnce {
    fn think(&self, _: Ask) -> BoxStream<'static, Result<Delta, Failure>> {
        let text = Delta::Text("Ten is free. Shall I book it?".into());
        stream::iter([Ok(text), Ok(Delta::Done { usage: Usage::default(), cut: false })]).boxed()
    }
}

fn local(with_model: bool) -> Local {
    let brief = Brief { instructions: "You are Ada's assistant.".into(), voice: "slt".into(), ..brief() };
    let setup = DeskSetup {
        now: "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment"),
        hours: when::Hours::default(),
        greeting: "Hello.".into(),
        business: String::new(),
        caller: String::new(),
        so_far: None,
    };
    let llm = with_model.then(|| (Arc::new(AtOnce) as Arc<dyn Llm>, Thinking::default()));
    Local::with(brief, setup, Box::new(AtOnce), Arc::new(AtOnce), Arc::new(AtOnce), llm)
}

/// One turn: what it took on this machine, from the frame that ended it to the first sound. Nothing on the way there waits.
#[expect(clippy::disallowed_methods, reason = "the machine's own time is what is measured")]
fn turn(local: &mut Local) -> Duration {
    let frame = |byte: u8| Chunk { format: Format::Ulaw, bytes: Bytes::from(vec![byte; 160]) };
    for byte in [vec![0x10; 40], vec![0xff; 200]].concat() {
        local.tell(EngineCommand::Hear(frame(byte)));
        let told = Instant::now();
        let mut ended = false;
        while let Some(event) = local.next().now_or_never() {
            match event {
                EngineEvent::CallerPauses => ended = true,
                EngineEvent::Voice(..) if ended => {
                    let took = told.elapsed();
                    while !matches!(local.next().now_or_never(), Some(EngineEvent::Done(_)) | None) {}
                    return took;
                }
                EngineEvent::Failed(failure) => panic!("{failure:?}"),
                _ => {}
            }
        }
        assert!(!ended, "something of ours waits before the first sound");
    }
    panic!("the turn never ended");
}

#[tokio::test]
async fn parts_that_answer_at_once_are_heard_at_once() {
    for (name, with_model) in [("desk", false), ("model", true)] {
        let mut local = local(with_model);
        while !matches!(local.next().await, EngineEvent::Done(_)) {}
        let mut took: Vec<Duration> = (0..50).map(|_| turn(&mut local)).collect();
        took.sort();
        // Past the capture of what tests print: the figure is to be read where all is well, too.
        let (median, worst) = (took[took.len() / 2].as_micros(), took[took.len() - 1].as_micros());
        writeln!(
            stderr(),
            "end of turn to first sound, {name}: median {median} µs, worst {worst} µs of our own"
        )
        .expect("standard error is open");
    }
}
