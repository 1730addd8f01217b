//! Who waits for whom: more callers than workers, and workers whose callers are gone.

use super::{Test, plain::brief, staff, wait};
use bytes::Bytes;
use call::{Chunk, EngineCommand, EngineEvent, Format};
use engine::{
    Brief, Said,
    local::{
        Heard, Local, Speech, Staff, Stt as _, Tts, Vad, Workers,
        desk::DeskSetup,
        whisper::{Ear, Whisper},
    },
};
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, join_all},
};
use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

pub const TESTS: &[Test] = &[
    ("past_the_pool_callers_are_told_to_wait_and_answered_in_turn", in_turn),
    ("what_nobody_waits_for_is_not_begun_and_what_was_begun_costs_no_worker", unwanted),
];

/// What makes this program a worker that hears the same in everything, when it is let go on.
pub const ARGUMENT: &str = "queueing-worker";
const MOMENT: Duration = Duration::from_millis(10);

/// `queueing-worker <folder>`: writes its process and the number of samples into `begun`, and waits for `go`.
pub fn worker(arguments: &[String]) {
    let [folder] = arguments else { panic!("a folder") };
    let folder = Path::new(folder);
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut lengths = [0; 8];
    while input.read_exact(&mut lengths).is_ok() {
        let both = u64::from_le_bytes(lengths);
        let (head, body) = (both as u32 as usize, (both >> 32) as usize);
        input.read_exact(&mut vec![0; head + body]).expect("a whole request");
        let mut begun =
            fs::OpenOptions::new().create(true).append(true).open(folder.join("begun")).expect("it is ours");
        writeln!(begun, "{} {}", std::process::id(), body / 2).expect("it is written");
        while !fs::exists(folder.join("go")).expect("it can be looked for") {
            std::thread::sleep(MOMENT);
        }
        let answer =
            br#"{"Transcribed":{"text":"Help.","no_speech":0.1,"log_probability":-0.1,"language":null}}"#;
        let lengths = answer.len() as u64;
        output.write_all(&lengths.to_le_bytes()).expect("the parent reads");
        output.write_all(answer).expect("the parent reads");
        output.flush().expect("the parent reads");
    }
}

struct Rig {
    folder: TempDir,
    ear: Arc<Whisper>,
}

fn rig() -> Rig {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().to_str().expect("a plain path").to_owned();
    let patience = Duration::from_secs(180);
    let staff = Staff { whisper_patience: patience, whisper_grace: patience, ..staff(&[ARGUMENT, &path]) };
    let ear = Ear {
        model: "/nowhere/model.bin".into(),
        language: "en-US".into(),
        others: Vec::new(),
        prompt: String::new(),
    };
    Rig { folder, ear: Arc::new(Whisper { ear, workers: Arc::new(Workers::with(staff)) }) }
}

impl Rig {
    /// Of each utterance that was begun: who hears it, and how many samples it has.
    fn begun(&self) -> Vec<(u32, usize)> {
        let lines = fs::read_to_string(self.folder.path().join("begun")).unwrap_or_default();
        let whole = lines.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        let read = whole.map(|line| {
            let (process, samples) = line.split_once(' ').expect("two numbers");
            (process.parse().expect("a number"), samples.parse().expect("a number"))
        });
        read.collect()
    }

    async fn has_begun(&self, utterances: usize) {
        while self.begun().len() < utterances {
            sleep(MOMENT).await;
        }
    }

    fn go(&self) {
        fs::write(self.folder.path().join("go"), "").expect("it is written");
    }

    fn hears(&self, samples: usize) -> BoxFuture<'static, Heard> {
        self.ear.recognise(vec![8_000; samples], "".into())
    }
}

fn unwanted() {
    wait(async {
        let rig = rig();
        {
            let mut first = pin!(rig.hears(8_000));
            tokio::select! {
                heard = &mut first => panic!("nobody let it: {heard:?}"),
                () = rig.has_begun(1) => {}
            }
            for _ in 0..4 {
                assert!(timeout(MOMENT, rig.hears(9_000)).await.is_err(), "it waits behind the first");
            }
        }
        // The caller of the first has hung up, too.
        rig.go();
        let heard = rig.hears(10_000).await.expect("it hears");
        assert_eq!(heard[0].text, "Help.");
        let [(one, 8_000), (same, 10_000)] = rig.begun()[..] else { panic!("{:?}", rig.begun()) };
        assert_eq!(one, same, "its model need not be loaded again");
    });
}

struct Loud;

impl Vad for Loud {
    fn hear(&mut self, samples: &[i16]) -> bool {
        samples.iter().any(|sample| sample.abs() > 1_000)
    }
}

struct AtOnce;

impl Tts for AtOnce {
    fn speak(&self, _: &str, _: &str) -> BoxFuture<'static, Speech> {
        async { Ok(Arc::from(vec![1_000; 800])) }.boxed()
    }
}

/// Somebody in the middle of a call with the desk.
fn call(rig: &Rig) -> Local {
    let brief = Brief { so_far: vec![Said::Assistant("Hello.".into())], voice: "slt".into(), ..brief() };
    let setup = DeskSetup {
        now: "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment"),
        hours: when::Hours::default(),
        greeting: String::new(),
        business: String::new(),
        caller: String::new(),
        so_far: Some(Vec::new()),
    };
    Local::with(brief, setup, Box::new(Loud), rig.ear.clone(), Arc::new(AtOnce), None)
}

/// The caller speaks for so many frames and is quiet; their words are asked for.
async fn says(local: &mut Local, frames: usize) {
    for byte in [vec![0x10; frames], vec![0xff; 30]].concat() {
        local.tell(EngineCommand::Hear(Chunk { format: Format::Ulaw, bytes: Bytes::from(vec![byte; 160]) }));
    }
    until(local, |event| *event == EngineEvent::CallerPauses).await;
    assert!(local.next().now_or_never().is_none(), "nothing is known of it");
    tokio::task::yield_now().await;
}

async fn until(local: &mut Local, is: impl Fn(&EngineEvent) -> bool) {
    while !is(&local.next().await) {}
}

fn in_turn() {
    wait(async {
        let rig = rig();
        let mut calls: Vec<Local> = (0..4).map(|_| call(&rig)).collect();
        for (at, local) in calls.iter_mut().enumerate() {
            says(local, 20 + 10 * at).await;
        }
        let excused = |event: &EngineEvent| matches!(event, EngineEvent::AssistantSaid(_, said) if said.text == "One moment, please.");
        join_all(calls.iter_mut().map(|local| until(local, excused))).await;
        assert_eq!(rig.begun().len(), 1, "there is one worker");
        rig.go();
        let understood =
            |event: &EngineEvent| matches!(event, EngineEvent::CallerSaid(_, said) if said.text == "help");
        join_all(calls.iter_mut().map(|local| until(local, understood))).await;
        let lengths: Vec<usize> = rig.begun().iter().map(|(_, samples)| *samples).collect();
        assert_eq!(lengths.len(), 4);
        assert!(lengths.is_sorted(), "first come, first served: {lengths:?}");
    });
}
