//! What happens when workers misbehave, or are asked for what cannot be.

use crate::{Test, staff, wait, workers};
use engine::local::{Staff, Workers, flite, pocketsphinx, stt, worker};
use std::{
    fs,
    io::{Read, Write},
    path::Path,
    time::{Duration, Instant},
};

pub const TESTS: &[Test] = &[
    ("nothing_is_missing_here", nothing_is_missing_here),
    ("a_missing_model_is_named_with_its_package", a_missing_model_is_named_with_its_package),
    ("a_crashed_worker_costs_one_request", a_crashed_worker_costs_one_request),
    ("a_hung_worker_costs_one_request", a_hung_worker_costs_one_request),
    ("a_worker_that_talks_nonsense_is_replaced", a_worker_that_talks_nonsense_is_replaced),
    ("a_worker_that_cannot_start_is_an_error", a_worker_that_cannot_start_is_an_error),
    ("who_stops_waiting_harms_nobody", who_stops_waiting_harms_nobody),
    ("a_stop_that_the_terminal_tells_everybody_leaves_workers_at_work", workers_outlive_a_told_stop),
    ("a_worker_ends_with_its_input", a_worker_ends_with_its_input),
    ("what_cannot_be_is_refused_and_the_worker_lives", what_cannot_be_is_refused_and_the_worker_lives),
];

/// What makes this program a worker that misbehaves once and is a good one when it is started again.
pub const ARGUMENT: &str = "bad-worker";

/// `bad-worker <how> <file>`: the file says that it has misbehaved already.
pub fn worker(arguments: &[String]) {
    let [how, file] = arguments else { panic!("how, and a file") };
    let before = fs::exists(file).expect("the file can be looked for");
    if before {
        return worker::run().expect("the parent reads to its end");
    }
    fs::write(file, "").expect("the file can be written");
    std::io::stdin().read_exact(&mut [0]).expect("a request comes");
    match how.as_str() {
        "crash" => std::process::abort(),
        "nonsense" => std::io::stdout().write_all(&[0xff; 64]).expect("the parent reads"),
        "json" => std::io::stdout().write_all(b"\x02\0\0\0\0\0\0\0{}").expect("the parent reads"),
        "hang" => drop(std::io::stdin().read_to_end(&mut Vec::new())),
        _ => panic!("unknown way to misbehave"),
    }
}

fn misbehaving(how: &str) -> Workers {
    let file = std::env::temp_dir().join(format!("earpiece-{how}-{}", std::process::id()));
    let _ = fs::remove_file(&file);
    let file = file.to_str().expect("a plain path").to_owned();
    // Long enough for a good worker to load its voice on a busy machine, and waited for once.
    Workers::with(Staff { patience: Duration::from_secs(3), ..staff(&[ARGUMENT, how, &file]) })
}

fn fails_once(how: &str, with: &str) {
    wait(async {
        let workers = misbehaving(how);
        let error = workers.speak("Hello.", "kal", 1.0).await.expect_err("the worker misbehaves");
        assert!(error.contains(with), "{error}");
        for _ in 0..2 {
            let speech = workers.speak("Hello.", "kal", 1.0).await.expect("the next worker is a good one");
            assert!(speech.len() > 2_000);
        }
    });
}

fn a_crashed_worker_costs_one_request() {
    fails_once("crash", "crashed");
}

fn a_hung_worker_costs_one_request() {
    fails_once("hang", "no answer within");
}

fn a_worker_that_talks_nonsense_is_replaced() {
    fails_once("nonsense", "crashed");
    fails_once("json", "crashed");
}

fn a_worker_that_cannot_start_is_an_error() {
    wait(async {
        let error =
            Workers::new("/nonexistent/earpiece").check().await.expect_err("there is no such program");
        assert!(error.contains("does not start"), "{error}");
    });
}

fn nothing_is_missing_here() {
    wait(async {
        assert_eq!(engine::local::check(&workers()).await, Ok(()));
    });
}

fn a_missing_model_is_named_with_its_package() {
    let error = pocketsphinx::Decoder::open(Path::new("/nonexistent")).err().expect("there is no model");
    assert!(error.contains(pocketsphinx::INSTALL) && error.contains("/nonexistent/en-us"), "{error}");
}

fn who_stops_waiting_harms_nobody() {
    wait(async {
        let workers = Workers::with(staff(&[worker::ARGUMENT]));
        for _ in 0..20 {
            let speaking = workers.speak("This is a sentence that takes a while to be spoken.", "slt", 1.0);
            assert!(tokio::time::timeout(Duration::from_millis(1), speaking).await.is_err());
        }
        let begun = Instant::now();
        workers.speak("Hello.", "slt", 1.0).await.expect("the worker lives");
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "what nobody waits for is not done: {:?}",
            begun.elapsed()
        );
    });
}

/// The children of this process that are workers, each with its group.
fn children() -> Vec<(u32, u32)> {
    let own = std::process::id();
    let processes = fs::read_dir("/proc").expect("there is /proc").filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let child = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the name, in brackets: the state, the parent, the group.
        let mut rest = stat.rsplit_once(") ")?.1.split(' ');
        let state = rest.next()?;
        let (parent, group): (u32, u32) = (rest.next()?.parse().ok()?, rest.next()?.parse().ok()?);
        (parent == own && state != "Z").then_some((pid, group))
    };
    numbers.filter_map(child).collect()
}

fn workers_outlive_a_told_stop() {
    wait(async {
        let before = children();
        let workers = Workers::with(staff(&[worker::ARGUMENT]));
        workers.speak("Hello.", "kal", 1.0).await.expect("it is spoken");
        let ours: Vec<_> = children().into_iter().filter(|child| !before.contains(child)).collect();
        assert_eq!(ours.len(), 1, "{ours:?}");
        // A signal to our group, as Ctrl-C sends it, does not come to another.
        assert_eq!(ours[0].1, ours[0].0, "it is a group of its own");
    });
}

fn a_worker_ends_with_its_input() {
    let executable = std::env::current_exe().expect("this program");
    let mut worker = std::process::Command::new(executable)
        .arg(worker::ARGUMENT)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    assert!(worker.try_wait().expect("it can be asked for").is_none());
    drop(worker.stdin.take());
    assert!(worker.wait().expect("it can be waited for").success());
}

fn what_cannot_be_is_refused_and_the_worker_lives() {
    wait(async {
        let workers = Workers::with(staff(&[worker::ARGUMENT]));
        let speech = workers.speak("Hello.", "kal", 1.0).await.expect("it is spoken");
        let grammar = |rule: &str| format!("#JSGF V1.0;\ngrammar test;\npublic <said> = {rule};\n");

        let unknown = workers.recognise(speech.clone(), &grammar("blorptang | hello xyzzyx"), 3).await;
        let unknown = unknown.expect_err("there are no such words");
        assert!(unknown.contains("blorptang, xyzzyx") && !unknown.contains("hello"), "{unknown}");
        let known = workers.recognise(speech.clone(), &grammar("hello | blorptang"), 3).await;
        let heard = known.expect("what can be pronounced can be heard").first().map(|one| one.text.clone());
        assert_eq!(heard.as_deref(), Some("hello"));
        let words = ["hello", "blorptang", "o'clock"].map(str::to_owned).to_vec();
        assert_eq!(workers.unknown(words).await, Ok(vec!["blorptang".to_owned()]));

        for bad in ["", "no grammar", "#JSGF V1.0;\ngrammar test;\npublic <said> = (hello;\n", "\0"] {
            assert!(workers.recognise(speech.clone(), bad, 3).await.is_err(), "{bad}");
        }
        let missing = workers.recognise(speech.clone(), &grammar("hello <nobody>"), 3).await;
        assert!(missing.is_err(), "{missing:?}");
        let long = workers.recognise(vec![0; stt::LONGEST_UTTERANCE + 1], &grammar("hello"), 3).await;
        assert!(long.is_err_and(|why| why.contains("too long")));
        let long = workers.recognise(speech.clone(), &grammar(&"hello ".repeat(50_000)), 3).await;
        assert!(long.is_err_and(|why| why.contains("too long")));
        for nothing in [vec![], vec![0; 8_000], vec![1], vec![i16::MIN; 80]] {
            workers.recognise(nothing, &grammar("hello"), 3).await.expect("it is no error to be silent");
        }

        assert!(workers.speak("Hello.", "nobody", 1.0).await.is_err_and(|why| why.contains("slt")));
        assert!(workers.speak("Hello.", "../../slt", 1.0).await.is_err());
        assert!(workers.speak("Hello.", "slt", 100.0).await.is_err());
        assert!(workers.speak("Hello.", "slt", f32::NAN).await.is_err());
        assert!(workers.speak(&"a".repeat(flite::LONGEST_TEXT + 1), "slt", 1.0).await.is_err());
        for odd in ["", " ", "\0\u{1b}[2J", "Grüße, 你好 🙂", "<speak>&amp;</speak>", "$5.00 at 12:30, 50%"]
        {
            workers.speak(odd, "slt", 1.0).await.expect("an odd text is spoken as well as may be");
        }
        let heard = workers.recognise(speech, &grammar("hello"), 3).await.expect("the worker lives");
        assert_eq!(heard[0].text, "hello");
    });
}
