//! One model, fetched: gone on with where it broke off, never more than there should be, and nothing kept under its name before
//! its checksum is right.

use super::{File, Model};
use reqwest::{Client, Response, StatusCode, header};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    io::{self, Read as _},
    path::Path,
    time::Duration,
};
use tokio::{
    fs::{self, OpenOptions},
    io::AsyncWriteExt as _,
    time::{sleep, timeout},
};

/// Told of what has come: of which file, how many bytes by now, and of how many, where that is known.
pub type Progress<'a> = &'a (dyn Fn(&File, u64, Option<u64>) + Sync);

/// A server that says nothing for longer has gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a download goes on by itself, as long as each time brings something.
const AGAIN: usize = 20;
/// How often a server that has too much to do is asked again,
const PATIENT: u32 = 4;
/// and after how long at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The largest file whose size is not known beforehand.
const LARGEST: u64 = 4 << 30;

/// Who fetches: over as many addresses as a large store of files needs.
pub fn client() -> reqwest::Result<Client> {
    Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::limited(8))
        .user_agent(concat!("earpiece/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Fetches what is missing of a model into `folder`, from `from`: an address below which the same paths stand, or the bare
/// files. A sentence where that fails; what has come by then is gone on with the next time.
pub async fn pull(
    http: &Client,
    model: &Model,
    folder: &Path,
    from: &str,
    progress: Progress<'_>,
) -> Result<(), String> {
    fs::create_dir_all(folder).await.map_err(|why| format!("{} cannot be made: {why}", folder.display()))?;
    for file in model.files {
        let path = folder.join(file.name());
        let fits = |length| file.bytes.is_none_or(|bytes| bytes == length);
        if path.metadata().is_ok_and(|about| fits(about.len())) && sum(&path).await? == file.sha256 {
            continue;
        }
        let part = folder.join(format!("{}.part", file.name()));
        fetch(http, file, &part, from, progress).await?;
        let sum = sum(&part).await?;
        if sum != file.sha256 {
            let _ = fs::remove_file(&part).await;
            return Err(format!(
                "{} came as another file: its SHA-256 is {sum} and should be {}; it was not kept",
                file.name(),
                file.sha256
            ));
        }
        fs::rename(&part, &path).await.map_err(|why| format!("{} cannot be kept: {why}", path.display()))?;
    }
    Ok(())
}

async fn fetch(
    http: &Client,
    file: &File,
    part: &Path,
    from: &str,
    progress: Progress<'_>,
) -> Result<(), String> {
    let from = from.trim_end_matches('/');
    let addresses = [format!("{from}/{}", file.path), format!("{from}/{}", file.name())];
    let mut last = String::new();
    for _ in 0..AGAIN {
        let before = length(part).await;
        if file.bytes.is_some_and(|bytes| before > bytes) {
            let _ = fs::remove_file(part).await;
        }
        let before = length(part).await;
        if file.bytes == Some(before) && before > 0 {
            return Ok(());
        }
        let answer = ask(http, &addresses, before).await?;
        match receive(answer, file, part, before, progress).await {
            Ok(()) => return Ok(()),
            Err(Broken::ForGood(why)) => return Err(why),
            Err(Broken::GoOn(why)) if length(part).await > before => last = why,
            Err(Broken::GoOn(why)) => return Err(format!("{why}; the same command goes on with it")),
        }
    }
    Err(format!("{last}; the same command goes on with it"))
}

/// The rest of the file from this byte on, from the first address that has it.
async fn ask(http: &Client, addresses: &[String], from: u64) -> Result<Response, String> {
    let mut refusal = String::new();
    for address in addresses {
        let answer = ask_patiently(http, address, from).await?;
        match answer.status() {
            status if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE => {
                return Ok(answer);
            }
            StatusCode::NOT_FOUND => refusal = format!("{address} is not there (404)"),
            // A store of files that does not list what it has says so of what is not there, too.
            StatusCode::FORBIDDEN => refusal = format!("{address} is refused (403), or not there"),
            status => return Err(format!("{address} is refused ({status})")),
        }
    }
    Err(refusal)
}

/// What is answered at this address, where a server that has too much to do, or is being mended, is asked again.
async fn ask_patiently(http: &Client, address: &str, from: u64) -> Result<Response, String> {
    let mut tried = 0;
    loop {
        let mut request = http.get(address);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
        }
        let sent = timeout(PATIENCE, request.send()).await;
        let answer = sent
            .map_err(|_| format!("{address} gave no answer"))?
            .map_err(|why| format!("{address} cannot be reached: {}", cause(&why)))?;
        let status = answer.status();
        let passes = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        if !passes || tried == PATIENT {
            return Ok(answer);
        }
        sleep(pause(&answer, tried)).await;
        tried += 1;
    }
}

/// As long as the server says, else twice as long each time.
fn pause(answer: &Response, tried: u32) -> Duration {
    let said = answer.headers().get(header::RETRY_AFTER).and_then(|said| said.to_str().ok()?.parse().ok());
    said.map_or(Duration::from_secs(1 << tried), Duration::from_secs).min(LONGEST_PAUSE)
}

enum Broken {
    GoOn(String),
    ForGood(String),
}

async fn receive(
    mut answer: Response,
    file: &File,
    part: &Path,
    before: u64,
    progress: Progress<'_>,
) -> Result<(), Broken> {
    let name = file.name();
    if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        // There is no more than what is here; whether that is all, its checksum tells.
        return Ok(());
    }
    let continued = answer.status() == StatusCode::PARTIAL_CONTENT && range_begins(&answer) == Some(before);
    if answer.status() == StatusCode::PARTIAL_CONTENT && !continued {
        return Err(Broken::ForGood(format!("the server sent another part of {name} than was asked for")));
    }
    let mut at = if continued { before } else { 0 };
    let promised = answer.content_length().map(|rest| at + rest);
    let total = file.bytes.or(promised);
    if let (Some(bytes), Some(promised)) = (file.bytes, promised)
        && bytes != promised
    {
        let why = format!("the server has {promised} bytes of {name}, which should have {bytes}");
        return Err(Broken::ForGood(why));
    }
    let disk = |why: io::Error| Broken::ForGood(format!("{} cannot be written: {why}", part.display()));
    let mut out = OpenOptions::new()
        .create(true)
        .write(true)
        .append(continued)
        .truncate(!continued)
        .open(part)
        .await
        .map_err(disk)?;
    loop {
        let piece = match timeout(PATIENCE, answer.chunk()).await {
            Ok(Ok(piece)) => piece,
            Ok(Err(why)) => {
                out.flush().await.map_err(disk)?;
                return Err(Broken::GoOn(format!("{name} broke off after {at} bytes: {}", cause(&why))));
            }
            Err(_) => {
                out.flush().await.map_err(disk)?;
                return Err(Broken::GoOn(format!("{name} stopped after {at} bytes")));
            }
        };
        let Some(piece) = piece else { break };
        at += piece.len() as u64;
        if at > file.bytes.unwrap_or(LARGEST) {
            return Err(Broken::ForGood(format!("the server sends more of {name} than there should be")));
        }
        out.write_all(&piece).await.map_err(disk)?;
        progress(file, at, total);
    }
    out.sync_all().await.map_err(disk)?;
    match total {
        Some(total) if at < total => {
            Err(Broken::GoOn(format!("{name} broke off after {at} of {total} bytes")))
        }
        _ => Ok(()),
    }
}

/// The first byte of a `Content-Range`.
fn range_begins(answer: &Response) -> Option<u64> {
    let range = answer.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

async fn length(path: &Path) -> u64 {
    fs::metadata(path).await.map_or(0, |about| about.len())
}

async fn sum(path: &Path) -> Result<String, String> {
    let owned = path.to_owned();
    let summed = tokio::task::spawn_blocking(move || sha256(&owned)).await;
    let summed = summed.map_err(|_| "the checksum was not computed".to_owned())?;
    summed.map_err(|why| format!("{} cannot be read: {why}", path.display()))
}

/// A file's SHA-256 in lower-case hexadecimal digits. Blocks.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut piece)? {
            0 => break,
            read => hasher.update(&piece[..read]),
        }
    }
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// The last cause: those around it repeat the address.
fn cause(why: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = why;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
