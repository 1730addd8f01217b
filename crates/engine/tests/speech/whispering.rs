//! Whisper: the files it takes, and, where it is built in, the library itself with a model that knows nothing.

use super::{Test, model::Model, staff, wait, worker};
use engine::local::{
    Staff, Stt, Workers,
    whisper::{self, Ear, Whisper, file},
};
use std::{fs, io::Cursor, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;

pub const TESTS: &[Test] = &[
    ("a_model_file_is_read_and_one_that_is_cut_off_refused", files),
    ("a_model_of_another_format_is_named", formats),
    ("whisper_answers_or_says_what_it_lacks", answers),
    ("whisper_that_takes_too_long_is_ended", too_long),
    ("whisper_stops_for_a_caller_who_is_gone", cancelled),
];

fn read(bytes: &[u8]) -> Result<file::Model, String> {
    file::read(&mut Cursor::new(bytes), bytes.len() as u64)
}

fn files() {
    let whole = Model::bytes();
    let model = read(&whole).expect("it is whole");
    assert_eq!((model.vocabulary, model.audio_layers, model.text_layers), (51_864, 4, 4));
    assert!(!model.multilingual);
    let mut random = fastrand::Rng::with_seed(11);
    let ends =
        (0..60).chain((0..200).map(|_| random.usize(60..whole.len()))).chain(whole.len() - 40..whole.len());
    for end in ends {
        let why = read(&whole[..end]).expect_err("it is cut off");
        assert!(why.contains("cut off"), "{end}: {why}");
    }
    for _ in 0..300 {
        let mut broken = whole[..100_000].to_vec();
        for _ in 0..4 {
            broken[random.usize(..60)] = random.u8(..);
        }
        let _ = read(&broken);
    }
}

fn formats() {
    for (bytes, what) in [
        (&b"GGUF\x03\0\0\0"[..], "GGUF"),
        (b"PK\x03\x04....", "archive"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1", "pointer"),
        (b"{\"error\": \"no\"}", "JSON"),
        (b"RIFF....WAVE", "begins otherwise"),
    ] {
        let why = read(bytes).expect_err("it is another format");
        assert!(why.contains(what), "{why}");
    }
    let folder = TempDir::new().expect("a folder");
    let why = file::check(&folder.path().join("ggml-base.en.bin")).expect_err("it is missing");
    assert!(why.contains("earpiece models pull"), "{why}");
    let empty = folder.path().join("empty.bin");
    fs::write(&empty, "").expect("it is written");
    assert!(file::check(&empty).is_err());
}

fn ear(model: &Path) -> Ear {
    Ear { model: model.to_owned(), language: "en-US".into(), others: Vec::new(), prompt: "Elm Street".into() }
}

fn whisper(model: &Path, staff: Staff) -> Whisper {
    Whisper { ear: ear(model), workers: Arc::new(Workers::with(staff)) }
}

fn voice(seconds: usize) -> Vec<i16> {
    let at = |n: usize| (n as f32 / 8_000.0 * 300.0 * std::f32::consts::TAU).sin();
    (0..seconds * 8_000).map(|n| (at(n) * 6_000.0) as i16).collect()
}

fn answers() {
    let folder = TempDir::new().expect("a folder");
    let model = folder.path().join("ggml-nothing.bin");
    Model::write(&model);
    let ear = whisper(&model, staff(&[worker::ARGUMENT]));
    wait(async {
        assert_eq!(ear.recognise(vec![0; 16_000], "".into()).await, Ok(Vec::new()), "silence wakes nobody");
        let heard = ear.recognise(voice(2), "".into()).await;
        if !whisper::BUILT_IN {
            assert!(heard.expect_err("it is not built in").contains("--features whisper"));
            return;
        }
        // What it makes of the sound is chance; that it makes something of it, or of the same again, is not.
        let heard = heard.expect("it hears");
        assert!(heard.iter().all(|words| (0.0..=1.0).contains(&words.confidence)));
        assert_eq!(ear.recognise(voice(2), "".into()).await, Ok(heard), "the same sound, the same words");
        let cut = folder.path().join("cut.bin");
        let whole = Model::bytes();
        fs::write(&cut, &whole[..whole.len() - 1]).expect("it is written");
        let broken = Whisper { ear: Ear { model: cut, ..ear.ear.clone() }, workers: ear.workers.clone() };
        let why = broken.recognise(voice(1), "".into()).await.expect_err("it is cut off");
        assert!(why.contains("cut off"), "{why}");
        assert!(ear.recognise(voice(1), "".into()).await.is_ok(), "and the first model is taken again");
    });
}

/// A worker that reads and never answers stands in for one that computes for long.
fn slow(patience: Duration, folder: &TempDir) -> Whisper {
    let script = format!("echo $$ >{}; exec sleep 600", folder.path().join("pid").display());
    let arguments = vec!["-c".to_owned(), script];
    let (executable, grace) = ("/bin/sh".into(), Duration::from_millis(100));
    let staff =
        Staff { executable, arguments, whisper_patience: patience, whisper_grace: grace, ..staff(&[]) };
    whisper(Path::new("/nowhere/model.bin"), staff)
}

fn too_long() {
    let folder = TempDir::new().expect("a folder");
    let ear = slow(Duration::from_secs(2), &folder);
    let why = wait(ear.recognise(voice(1), "".into())).expect_err("nothing comes");
    assert!(why.contains("no answer within 2s"), "{why}");
}

fn cancelled() {
    let folder = TempDir::new().expect("a folder");
    let ear = slow(Duration::from_secs(600), &folder);
    let path = folder.path().join("pid");
    wait(async {
        let running = async {
            loop {
                let pid = fs::read_to_string(&path).ok().filter(|pid| pid.ends_with('\n'));
                match pid {
                    Some(pid) => return pid.trim().to_owned(),
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let pid = tokio::select! {
            heard = ear.recognise(voice(1), "".into()) => panic!("it never answers: {heard:?}"),
            pid = running => pid,
        };
        while Path::new(&format!("/proc/{pid}")).exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The place is free again.
        tokio::select! {
            heard = ear.recognise(voice(1), "".into()) => panic!("it never answers: {heard:?}"),
            () = async { while fs::read_to_string(&path).is_ok_and(|now| now.trim() == pid || now.is_empty()) { tokio::time::sleep(Duration::from_millis(10)).await } } => {}
        }
    });
}
