//! Models fetched from a server that breaks off, lies, and comes back.

use server::models::{self, CATALOGUE, File, Kept, Kind, Model};
use sim::http::{self, Request, Response};
use std::{
    path::Path,
    process::{Output, Stdio},
    sync::{Arc, Mutex},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command, task::JoinSet};

/// What the server holds: 300 000 bytes, and a small file beside it.
fn weights() -> Vec<u8> {
    (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

const SETTINGS: &[u8] = b"{\"audio\": {\"sample_rate\": 22050}}";

const VOICE: Model = Model {
    name: "xx_XX-test-medium",
    kind: Kind::Piper,
    about: "a test",
    files: &[
        File { path: "voices/resolve/main/xx_XX-test-medium.onnx", bytes: Some(300_000), sha256: "@" },
        File { path: "voices/resolve/main/xx_XX-test-medium.onnx.json", bytes: None, sha256: "@" },
    ],
};

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Well,
    /// Each answer breaks off after so many bytes, though it promised all.
    BreaksOff(usize),
    /// It does not know ranges.
    FromTheStart,
    /// A byte is another.
    Other,
    /// There is less than there should be, and it says so.
    Short,
    /// There is more.
    Long,
    /// Nothing where the path is, all of it where the bare name is.
    Flat,
    Missing,
    /// It sends another part than was asked for.
    OtherPart,
    /// Nothing where the path is, and it does not say so; all of it where the bare name is.
    Closed,
    /// It has too much to do, so many times.
    Busy(usize),
}

struct Mirror {
    url: String,
    how: Arc<Mutex<How>>,
    asked: Arc<Mutex<Vec<Request>>>,
    _task: JoinSet<()>,
}

impl Mirror {
    async fn new(how: How) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (how, asked) = (Arc::new(Mutex::new(how)), Arc::<Mutex<Vec<Request>>>::default());
        let (behave, heard) = (how.clone(), asked.clone());
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Ok(request) = http::read_request(&mut stream).await else { continue };
                let how = *behave.lock().expect("nobody panicked");
                let answer = answer(&request, how);
                if let How::Busy(more) = how {
                    *behave.lock().expect("nobody panicked") =
                        if more > 1 { How::Busy(more - 1) } else { How::Well };
                }
                heard.lock().expect("nobody panicked").push(request);
                let _ = http::write_response(&mut stream, &answer).await;
            }
        });
        Self { url, how, asked, _task: task }
    }

    fn becomes(&self, how: How) {
        *self.how.lock().expect("nobody panicked") = how;
    }

    /// The ranges that were asked for of the weights.
    fn ranges(&self) -> Vec<Option<String>> {
        let asked = self.asked.lock().expect("nobody panicked");
        let weights = asked.iter().filter(|request| is(request, "onnx"));
        weights.map(|request| request.header("range").map(str::to_owned)).collect()
    }
}

fn is(request: &Request, end: &str) -> bool {
    request.target.rsplit('.').next() == Some(end)
}

fn answer(request: &Request, how: How) -> Response {
    let flat = !request.target.starts_with("/voices/");
    if let How::Busy(more) = how {
        let status = if more % 2 == 0 { 429 } else { 503 };
        let headers = vec![("Retry-After".into(), "0".into())];
        return Response { status, headers, ..Response::default() };
    }
    if how == How::Closed && !flat {
        return Response { status: 403, ..Response::default() };
    }
    if how == How::Missing || matches!(how, How::Flat | How::Closed) != flat {
        return Response { status: 404, ..Response::default() };
    }
    if is(request, "json") {
        return Response { status: 200, body: SETTINGS.to_vec(), ..Response::default() };
    }
    let mut body = weights();
    match how {
        How::Other => body[1_000] ^= 1,
        How::Short => body.truncate(299_999),
        How::Long => body.push(0),
        _ => {}
    }
    let from: usize = request
        .header("range")
        .filter(|_| how != How::FromTheStart)
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok())
        .unwrap_or(0);
    let mut answer = Response { status: 200, ..Response::default() };
    if from > 0 {
        let said = if how == How::OtherPart { from - 1 } else { from };
        answer.status = 206;
        answer
            .headers
            .push(("Content-Range".into(), format!("bytes {said}-{}/{}", body.len() - 1, body.len())));
    }
    let rest = body.split_off(from.min(body.len()));
    answer.headers.push(("Content-Length".into(), rest.len().to_string()));
    answer.body = match how {
        How::BreaksOff(after) => rest[..after.min(rest.len())].to_vec(),
        _ => rest,
    };
    answer
}

/// The model with the checksums of what the server holds.
fn voice() -> Model {
    let folder = tempfile::tempdir().expect("a folder");
    let sum = |bytes: &[u8]| {
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).expect("it is written");
        let sum = models::sha256(&path).expect("it is read");
        &*sum.leak()
    };
    let files = [
        File { sha256: sum(&weights()), ..VOICE.files[0] },
        File { sha256: sum(SETTINGS), ..VOICE.files[1] },
    ];
    Model { files: Vec::from(files).leak(), ..VOICE }
}

async fn pull(model: &Model, folder: &Path, mirror: &Mirror) -> Result<(), String> {
    let http = models::client().expect("a client");
    models::pull(&http, model, folder, &mirror.url, &|_, _, _| {}).await
}

fn rig() -> (Model, TempDir) {
    (voice(), tempfile::tempdir().expect("a folder"))
}

#[tokio::test]
async fn a_model_is_fetched_once_and_verified() {
    let (model, folder) = rig();
    let mirror = Mirror::new(How::Well).await;
    assert_eq!(models::kept(folder.path(), &model), Kept::Nothing);
    let seen = Mutex::new(Vec::new());
    let progress = |file: &File, at: u64, total: Option<u64>| {
        seen.lock().expect("nobody panicked").push((file.name(), at, total));
    };
    let http = models::client().expect("a client");
    models::pull(&http, &model, folder.path(), &mirror.url, &progress).await.expect("it comes");
    assert_eq!(models::kept(folder.path(), &model), Kept::Whole);
    assert_eq!(models::verify(folder.path(), &model), Ok(()));
    let seen = seen.into_inner().expect("nobody panicked");
    assert!(seen.is_sorted_by_key(|(name, at, _)| (name.len(), *at)), "it only ever grows");
    assert!(seen.contains(&("xx_XX-test-medium.onnx", 300_000, Some(300_000))));
    let before = mirror.ranges().len();
    pull(&model, folder.path(), &mirror).await.expect("it is there");
    assert_eq!(mirror.ranges().len(), before, "nothing is fetched twice");
}

#[tokio::test]
async fn what_broke_off_is_gone_on_with() {
    let (model, folder) = rig();
    let mirror = Mirror::new(How::BreaksOff(130_000)).await;
    pull(&model, folder.path(), &mirror).await.expect("three pieces make it whole");
    assert_eq!(mirror.ranges(), [None, Some("bytes=130000-".into()), Some("bytes=260000-".into())]);
    assert_eq!(models::verify(folder.path(), &model), Ok(()));
}

#[tokio::test]
async fn one_who_gives_up_finds_the_beginning_again() {
    let (model, folder) = rig();
    let mirror = Mirror::new(How::BreaksOff(0)).await;
    let why = pull(&model, folder.path(), &mirror).await.expect_err("nothing comes");
    assert!(why.contains("the same command goes on with it"), "{why}");
    std::fs::write(folder.path().join("xx_XX-test-medium.onnx.part"), &weights()[..250_000])
        .expect("it is written");
    assert_eq!(models::kept(folder.path(), &model), Kept::Part(250_000));
    mirror.becomes(How::Well);
    pull(&model, folder.path(), &mirror).await.expect("it comes");
    assert_eq!(mirror.ranges().last().expect("it was asked").as_deref(), Some("bytes=250000-"));
    assert_eq!(models::verify(folder.path(), &model), Ok(()));
}

#[tokio::test]
async fn a_server_without_ranges_sends_all_of_it_again() {
    let (model, folder) = rig();
    std::fs::write(folder.path().join("xx_XX-test-medium.onnx.part"), vec![7; 250_000])
        .expect("it is written");
    let mirror = Mirror::new(How::FromTheStart).await;
    pull(&model, folder.path(), &mirror).await.expect("it comes");
    assert_eq!(models::verify(folder.path(), &model), Ok(()));
}

#[tokio::test]
async fn what_is_another_file_is_not_kept() {
    let (model, folder) = rig();
    let mirror = Mirror::new(How::Other).await;
    for (how, what) in [
        (How::Other, "another file"),
        (How::Short, "should have 300000"),
        (How::Long, "should have 300000"),
        (How::Missing, "is not there (404)"),
    ] {
        mirror.becomes(how);
        let why = pull(&model, folder.path(), &mirror).await.expect_err("it is wrong");
        assert!(why.contains(what), "{how:?}: {why}");
        assert_ne!(models::kept(folder.path(), &model), Kept::Whole);
        assert!(!folder.path().join("xx_XX-test-medium.onnx").exists());
    }
    std::fs::write(folder.path().join("xx_XX-test-medium.onnx.part"), &weights()[..1_000])
        .expect("it is written");
    mirror.becomes(How::OtherPart);
    let why = pull(&model, folder.path(), &mirror).await.expect_err("it is wrong");
    assert!(why.contains("another part"), "{why}");
    mirror.becomes(How::Well);
    pull(&model, folder.path(), &mirror).await.expect("and none of it is in the way");
}

#[tokio::test]
async fn a_beginning_of_something_else_costs_one_more_download() {
    let (model, folder) = rig();
    let mirror = Mirror::new(How::Well).await;
    std::fs::write(folder.path().join("xx_XX-test-medium.onnx.part"), vec![7; 100_000])
        .expect("it is written");
    assert!(pull(&model, folder.path(), &mirror).await.expect_err("it is wrong").contains("another file"));
    pull(&model, folder.path(), &mirror).await.expect("it comes");
    std::fs::write(folder.path().join("xx_XX-test-medium.onnx"), vec![7; 300_000]).expect("it is written");
    assert!(models::verify(folder.path(), &model).expect_err("it is another").contains("another file"));
    pull(&model, folder.path(), &mirror).await.expect("what is wrong is fetched anew");
    assert_eq!(models::verify(folder.path(), &model), Ok(()));
}

#[tokio::test]
async fn a_mirror_may_hold_the_bare_files() {
    for how in [How::Flat, How::Closed] {
        let (model, folder) = rig();
        let mirror = Mirror::new(how).await;
        pull(&model, folder.path(), &mirror).await.expect("it comes");
        assert_eq!(models::verify(folder.path(), &model), Ok(()), "{how:?}");
    }
}

#[tokio::test]
async fn a_server_that_has_too_much_to_do_is_asked_again() {
    let (model, folder) = rig();
    let mirror = Mirror::new(How::Busy(3)).await;
    pull(&model, folder.path(), &mirror).await.expect("it comes at last");
    assert_eq!(models::verify(folder.path(), &model), Ok(()));
    let (model, folder) = rig();
    mirror.becomes(How::Busy(100));
    let why = pull(&model, folder.path(), &mirror).await.expect_err("it has too much to do for long");
    assert!(why.contains("is refused (429"), "{why}");
    assert_eq!(mirror.ranges().len(), 3 + 1 + 5, "it is not asked for ever");
}

/// The list of models is written to this.
async fn list_to(folder: &Path, to: impl Into<Stdio>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
    command.args(["models", "list"]).current_dir(folder).env_clear().kill_on_drop(true);
    let child = command.stdout(to).stderr(Stdio::piped()).spawn().expect("it runs");
    child.wait_with_output().await.expect("it ends")
}

#[tokio::test]
async fn a_reader_that_goes_ends_a_list_quietly() {
    let folder = tempfile::tempdir().expect("a folder");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = list_to(folder.path(), writer).await;
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device that is full");
    let output = list_to(folder.path(), full).await;
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && why.contains("cannot be written"), "{why}");
}

#[test]
fn every_model_that_is_known_can_be_named_and_verified() {
    for model in CATALOGUE {
        assert!(models::by_name(model.name).is_some());
        for file in model.files {
            assert_eq!(file.sha256.len(), 64, "{}", file.path);
            assert!(file.sha256.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
            assert!(!file.name().contains('/') && file.path.contains("/resolve/"));
        }
    }
    let folder = Path::new("/data/models");
    let base = models::by_name("base.en").expect("without its beginning, too");
    assert_eq!(models::whisper(folder, "base.en"), folder.join(base.files[0].name()));
    assert_eq!(models::whisper(folder, "whisper-base.en"), folder.join("ggml-base.en.bin"));
    assert_eq!(models::whisper(folder, "/elsewhere/ggml-mine.bin"), Path::new("/elsewhere/ggml-mine.bin"));
}

#[tokio::test]
async fn the_command_lists_refuses_and_verifies() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = async |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
        command.arg("models").args(arguments).current_dir(folder.path()).env_clear();
        command.env("DATA_DIR", folder.path()).kill_on_drop(true);
        let output = command.output().await.expect("it runs");
        let text =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("it is text")).concat();
        (output.status.success(), text)
    };
    let (fine, text) = run(&["list"]).await;
    assert!(fine && text.contains("whisper-base.en") && text.contains("en_US-lessac-medium"), "{text}");
    let (fine, text) = run(&["list", "--json"]).await;
    let listed: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    assert!(fine && listed.as_array().is_some_and(|all| all.len() == CATALOGUE.len()));
    let (fine, text) = run(&["pull", "whisper-bas.en"]).await;
    assert!(!fine && text.contains("is whisper-base.en meant?"), "{text}");
    let mirror = Mirror::new(How::Missing).await;
    let (fine, text) = run(&["pull", "whisper-base.en", "--from", &mirror.url]).await;
    assert!(!fine && text.contains("(404)"), "{text}");
    let (fine, text) = run(&["verify"]).await;
    assert!(fine && text.starts_with("No models are in "), "what was never fetched is no fault: {text}");
    std::fs::create_dir_all(folder.path().join("models")).expect("a folder");
    std::fs::write(folder.path().join("models/ggml-base.en.bin"), "short").expect("it is written");
    let (fine, text) = run(&["verify"]).await;
    assert!(!fine && text.contains("should have 147964211"), "{text}");
    let (_, text) = run(&["list"]).await;
    let line = text.lines().find(|line| line.starts_with("whisper-base.en ")).expect("it is listed");
    assert!(line.contains("147 MB  wrong size"), "{line}");
    assert!(!run(&["verify", "whisper-tiny"]).await.0, "one that was named should be there");
}
