//! An hour and a minute with one engine whose sessions end after an hour: the very program, over its sockets, in a time that
//! passes as fast as the machine can carry the sound.
//!
//! Time is the test's (`clock.c`), for the program and for this process: no step of it is made before the engine has heard
//! all that the caller said until then. So nothing is late that would not be late otherwise, however slow the machine is.
//! Both sides say stamped sound, of which every millisecond tells which one it is.

use super::rig::{count, texts};
use crate::house::{
    AUTH_TOKEN, House,
    waiting::{all_notes, ms, read},
};
use serde_json::Value;
use sim::{
    openai::{Hearing, Item, Observer, OpenAi, Order, Reply, Script, Session, Sound, Voice},
    stamp::{self, CELL, Stamp},
    twilio::{Account, Dial, Handset},
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    os::unix::fs::FileExt,
    path::Path,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant, UNIX_EPOCH},
};
use tokio::process::Command;

const CLOCK: &str = "EARPIECE_TEST_CLOCK";
/// So much passes at once.
const STEP: Duration = Duration::from_millis(200);
/// As long as the hour may take where it passes no faster than hours do elsewhere.
const STUCK: Duration = Duration::from_secs(600);
/// A turn begins every so often, so long after the beginning of its time. The hour's end, less what is left for another
/// session to take over, falls into the pause before one.
const EVERY: usize = 15;
const BEGINS: usize = 7;
const TURNS: usize = 61 * 60 / EVERY + 1;
/// What the assistant says each time.
const ANSWER: Duration = Duration::from_secs(2);
/// All of it but a frame.
const ALMOST: Duration = Duration::from_millis(1_980);
const SECOND: usize = 8_000;

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the test's clock begins where the machine's is")]
async fn a_session_that_ends_after_an_hour_is_rolled_over_unheard_and_not_a_millisecond_is_lost_or_heard_twice()
 {
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, library) = (folder.path().join("clock"), folder.path().join("clock.so"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engines/clock.c");
    let made =
        Command::new("cc").args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(source).status().await;
    assert!(made.expect("there is a C compiler").success());
    let wall = i64::try_from(UNIX_EPOCH.elapsed().expect("it is later").as_nanos())
        .expect("it is earlier than 2262");
    let numbers = [1_000_000_000 * 1_000_000_000, wall, 0_i64];
    std::fs::write(&clock, numbers.map(i64::to_ne_bytes).concat()).expect("it is ours");
    let mut hour = Command::new(std::env::current_exe().expect("it runs"));
    hour.args(["--exact", "engines::hour::the_hour_itself", "--ignored", "--nocapture"]);
    hour.env("LD_PRELOAD", library).env(CLOCK, clock).kill_on_drop(true);
    let began = Instant::now();
    let done = tokio::time::timeout(STUCK, hour.output()).await;
    let done = done.expect("what the caller says comes to the engine").expect("it runs");
    let told = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && told.contains("1 passed"), "{told}");
    let line = told.lines().find(|line| line.contains("minutes of call")).expect("it tells how it went");
    writeln!(std::io::stderr(), "{line}; {} s", began.elapsed().as_secs()).expect("standard error is open");
}

/// What the engine has heard of the caller, in all its sessions.
#[derive(Default)]
struct Ears {
    heard: Mutex<Heard>,
    changed: Condvar,
}

#[derive(Default)]
struct Heard {
    /// In every session the first millisecond, and the one behind the last.
    sessions: BTreeMap<u32, (u32, u32)>,
    /// What did not follow on what was heard before.
    wrong: Vec<String>,
    /// Nothing more is to be heard.
    over: bool,
}

impl Ears {
    /// Waits until all is heard that was said until then. Says whether there will be more.
    fn hear(&self, milliseconds: u32) -> bool {
        let waits =
            |heard: &mut Heard| !heard.over && heard.sessions.values().all(|(_, next)| *next < milliseconds);
        let heard = self.changed.wait_while(self.heard.lock().expect("nobody panics"), waits);
        !heard.expect("nobody panics").over
    }

    fn is_open(&self) -> bool {
        !self.heard.lock().expect("nobody panics").sessions.is_empty()
    }

    fn close(&self) {
        self.heard.lock().expect("nobody panics").over = true;
        self.changed.notify_all();
    }
}

impl Observer for Ears {
    fn heard(&self, session: u32, _: Instant, audio: &[u8]) {
        let mut heard = self.heard.lock().expect("nobody panics");
        // Whatever carries a message carries it whole: its ends say which milliseconds it has.
        let end = |cell: Option<&[u8]>| Stamp::read(cell?.try_into().ok()?);
        let (first, last) =
            (end(audio.get(..CELL)), end(audio.len().checked_sub(CELL).map(|at| &audio[at..])));
        if let (Some(first), Some(last)) = (first, last)
            && (last.ms.wrapping_sub(first.ms) + 1) as usize * CELL == audio.len()
        {
            let (_, next) = heard.sessions.entry(session).or_insert((first.ms, first.ms));
            let expected = std::mem::replace(next, last.ms + 1);
            if first.ms != expected {
                heard.wrong.push(format!("session {session} hears {} after {expected}", first.ms));
            }
        } else {
            heard.wrong.push(format!("session {session} hears what the caller did not say"));
        }
        drop(heard);
        self.changed.notify_all();
    }

    fn spoke(&self, _: u32, _: Instant, _: &[u8]) {}

    fn event(&self, _: u32, _: Instant, _: bool, _: &Value) {}
}

/// The clock that all processes of this test share.
struct Clock {
    file: File,
    passed: Duration,
}

impl Clock {
    fn of_this_test() -> Option<Self> {
        let path = std::env::var_os(CLOCK)?;
        let file = File::options().write(true).open(path).expect("the test has made it");
        Some(Self { file, passed: Duration::ZERO })
    }

    /// Runs as long as the test does. Before anybody hears the caller, and once they have said all, time passes as it does.
    /// None passes while somebody holds the line.
    #[expect(clippy::disallowed_methods, reason = "it is what time waits for")]
    fn run(mut self, line: &Mutex<Option<Arc<Handset>>>, ears: &Ears) {
        loop {
            let call = line.lock().expect("nobody panics").clone();
            let said = call.filter(|_| ears.is_open()).and_then(|call| said(&call));
            if said.is_some_and(|milliseconds| ears.hear(milliseconds)) {
                self.pass(STEP);
            } else {
                std::thread::sleep(STEP / 10);
                self.pass(STEP / 10);
            }
        }
    }

    fn pass(&mut self, length: Duration) {
        self.passed += length;
        let nanoseconds = i64::try_from(self.passed.as_nanos()).expect("some hours");
        self.file.write_all_at(&nanoseconds.to_ne_bytes(), 16).expect("it is ours");
    }
}

/// How much the caller has said by now, in milliseconds: but for the frame that is under way, which is whole when it ends.
#[expect(clippy::disallowed_methods, reason = "it is the test's clock")]
fn said(call: &Handset) -> Option<u32> {
    let since = Instant::now().saturating_duration_since(call.started()?).as_millis();
    Some(u32::try_from(since).ok()?.saturating_sub(20))
}

/// Of the program, in kilobytes.
fn memory(house: &House) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", house.pid())).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("the kernel says so");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// The stretches of stamped sound in this, each with its first millisecond and how many follow without a gap.
fn unbroken(sound: &[u8]) -> Vec<(u32, u32)> {
    let stamp = |at: usize| Stamp::read(sound.get(at..at + CELL)?.try_into().ok()?);
    let (mut found, mut at) = (Vec::new(), 0);
    while at + CELL <= sound.len() {
        let Some(first) = stamp(at) else {
            at += 1;
            continue;
        };
        let mut length = 0;
        while stamp(at) == Some(Stamp { ms: first.ms + length, ..first }) {
            length += 1;
            at += CELL;
        }
        found.push((first.ms, length));
    }
    found
}

async fn spoken_with(call: &Handset, service: &OpenAi, house: &House) -> Vec<usize> {
    let hearing = || {
        let heard = |session: &Session| session.heard_bytes() > 0;
        service.sessions().into_iter().rfind(heard).expect("somebody hears the caller")
    };
    let mut memories = Vec::new();
    for turn in 0..TURNS {
        let begins = (turn * EVERY + BEGINS) * SECOND;
        call.wait(ms(begins.saturating_sub(call.position()) as u64 / 8)).await;
        hearing().order(Order::SpeechStarts);
        call.wait(ms(1_000)).await;
        hearing().order(Order::SpeechStops);
        let heard = call.hear_for(begins, ALMOST).await;
        assert!(heard, "turn {turn}");
        memories.push(memory(house));
    }
    call.wait(ms(2_000)).await;
    memories
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is run by the test above, which makes its clock"]
async fn the_hour_itself() {
    let Some(clock) = Clock::of_this_test() else { return };
    let (ears, line) = (Arc::new(Ears::default()), Arc::new(Mutex::new(None)));
    std::thread::spawn({
        let (ears, line) = (ears.clone(), line.clone());
        move || clock.run(&line, &ears)
    });
    // Each piece is long enough for the next to be under way when it has sounded, however large a step of the clock is.
    let voice = Voice { delta: 5 * STEP, transcript: "I see.".into(), ..Voice::new(Sound::Stamped, ANSWER) };
    let script = Script {
        otherwise: Reply::of(vec![Item::Voice(voice)]),
        understood: std::iter::repeat_n("And then?".to_owned(), TURNS).collect(),
        hearing: Hearing::Scripted,
        longest: Some(Duration::from_secs(3_600)),
        observer: Some(ears.clone()),
        ..Script::default()
    };
    let service = OpenAi::listen(script).await.expect("loopback");
    let url = service.url();
    let of_the_test = |name| std::env::var(name).expect("the test has set it");
    let (library, file) = (of_the_test("LD_PRELOAD"), of_the_test(CLOCK));
    let house = House::open(&[
        ("ENGINE", "openai"),
        ("OPENAI_API_KEY", "sk-test"),
        ("OPENAI_REALTIME_URL", &url),
        ("LONGEST_CALL_MINUTES", "70"),
        ("LD_PRELOAD", &library),
        (CLOCK, &file),
    ])
    .await;
    let all = stamp::write(1, 0, 62 * 60_000);
    let call = {
        let mut line = line.lock().expect("nobody panics");
        let call = Arc::new(Handset::dial(&Account::new(AUTH_TOKEN), Dial::local(house.address)));
        // Before the first frame, as none can be whole by now.
        call.say(&all);
        line.insert(call).clone()
    };
    assert!(call.hear_for(0, ALMOST).await, "the greeting");
    let memories = spoken_with(&call, &service, &house).await;
    let (end, heard) = (call.position(), call.heard_ulaw(0..call.position()));
    ears.close();
    call.hang_up();

    let whole = ANSWER.as_millis() as u32;
    let answers = unbroken(&heard);
    let wrong: Vec<_> = answers.iter().filter(|stretch| **stretch != (0, whole)).collect();
    assert_eq!((answers.len(), wrong), (TURNS + 1, vec![]), "every answer is heard once, and whole");

    {
        let heard = ears.heard.lock().expect("nobody panics");
        assert_eq!(heard.wrong, Vec::<String>::new());
        let sessions: Vec<_> = heard.sessions.values().copied().collect();
        let [(first, swapped), (goes_on, last)] = sessions[..] else { panic!("{sessions:?}") };
        assert_eq!((first, goes_on), (0, swapped), "every millisecond of the caller is heard, and once");
        assert!(last as usize * 8 >= end - SECOND && swapped < 3_600_000, "{sessions:?}");
    }
    for session in service.sessions().into_iter().filter(|session| session.heard_bytes() > 0) {
        assert_eq!((session.mistakes(), session.errors()), (vec![], vec![]));
    }
    let store = house.store().await;
    let calls = store.calls(1, i64::MAX).await.expect("the database answers");
    let notes: Vec<_> = all_notes(&store, &calls[0].carrier_call).await.iter().map(read).collect();
    let (renewed, relieved) = (count(&notes, "renewed"), count(&notes, "relieved"));
    assert_eq!((renewed, relieved, texts(&notes, "trouble")), (1, 0, vec![]));
    let (early, late) = (memories[TURNS / 6], memories[TURNS - 1]);
    assert!(late < early + 4_096, "{memories:?}");
    println!(
        "61 minutes of call, {} answers, one roll-over, nothing lost and nothing twice; memory {early} kB after 10 minutes, \
         {late} kB after 61",
        answers.len()
    );
}
