//! Where a company keeps recordings, and serves them.

use super::door::{Done, Door};
use crate::http::{Request, Response};
use sound::wav::Wav;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

/// What a shelf does with whoever fetches from it, in place of serving the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// 404, as before the file is ready.
    NotYet,
    /// Sends the visitor to this address.
    Elsewhere(String),
    /// Serves these bytes as that content type.
    Instead(&'static str, Vec<u8>),
    /// Never answers.
    Silence,
    /// Says that it is so long, and sends less of it.
    Claims(u64),
}

/// Recordings, shared between calls and the stand-in that serves them.
#[derive(Clone, Debug)]
pub struct Shelf {
    base: String,
    inner: Arc<Mutex<Inner>>,
    /// The door of a shelf that has one of its own.
    _door: Option<Arc<Door>>,
}

#[derive(Debug, Default)]
struct Inner {
    files: BTreeMap<String, File>,
    /// Whoever fetches shows this as `Authorization`; none: nobody has to.
    wants: Option<String>,
    lapses: Vec<Lapse>,
    /// Served in place of every MP3, which nobody here can encode.
    mp3: Vec<u8>,
    fetched: Vec<String>,
}

#[derive(Clone, Debug)]
struct File {
    wav: Vec<u8>,
    wants: bool,
    mp3: bool,
}

/// Half a second of a tone of 440 Hz, mono, 8 kHz, as a real encoder wrote it.
const TONE: &[u8] = include_bytes!("../../../../fixtures/sim/tone.mp3");

impl Shelf {
    /// A shelf that is served by somebody else at `base`, an address without a slash at its end.
    pub(crate) fn at(base: String, wants: Option<String>) -> Self {
        let inner = Inner { wants, mp3: TONE.to_vec(), ..Inner::default() };
        Self { base, inner: Arc::new(Mutex::new(inner)), _door: None }
    }

    /// A shelf that serves itself on loopback to everybody.
    pub async fn open() -> io::Result<Self> {
        let inner = Arc::new(Mutex::new(Inner { mp3: TONE.to_vec(), ..Inner::default() }));
        let asked = Arc::clone(&inner);
        let door = Door::open(move |request| serve(&asked, request)).await?;
        Ok(Self { base: door.url(), inner, _door: Some(Arc::new(door)) })
    }

    /// Where it is, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// What the next ones who fetch get in place of the file.
    pub fn lapse(&self, lapses: impl IntoIterator<Item = Lapse>) {
        let mut inner = self.inner.lock().expect("nobody panics while holding it");
        inner.lapses.extend(lapses);
    }

    /// What is served in place of every MP3 from now on.
    pub fn set_mp3(&self, file: Vec<u8>) {
        self.inner.lock().expect("nobody panics while holding it").mp3 = file;
    }

    /// The paths that were fetched, with success.
    pub fn fetched(&self) -> Vec<String> {
        self.inner.lock().expect("nobody panics while holding it").fetched.clone()
    }

    /// The recordings so far, oldest path first.
    pub fn recordings(&self) -> Vec<Wav> {
        let inner = self.inner.lock().expect("nobody panics while holding it");
        inner.files.values().filter_map(|file| Wav::read(&file.wav).ok()).collect()
    }

    /// Keeps a recording at this path, and says its address. `private`: only who has the account's credentials may
    /// fetch it, where the shelf knows them.
    pub(crate) fn keep(&self, path: &str, wav: &Wav, private: bool, mp3: bool) -> String {
        let file = File { wav: wav.write(), wants: private, mp3 };
        let url = format!("{}{path}", self.base);
        self.inner.lock().expect("nobody panics while holding it").files.insert(path.to_owned(), file);
        url
    }

    /// Whether there is something at this path.
    pub(crate) fn has(&self, target: &str) -> bool {
        let inner = self.inner.lock().expect("nobody panics while holding it");
        find(&inner.files, target).is_some()
    }

    pub(crate) fn answer(&self, request: &Request) -> Done {
        serve(&self.inner, request)
    }
}

/// A path with or without `.wav` and `.mp3`, whatever the query.
fn find<'a>(files: &'a BTreeMap<String, File>, target: &str) -> Option<(&'a File, bool)> {
    let path = target.split('?').next().unwrap_or_default();
    if let Some(file) = files.get(path) {
        return Some((file, file.mp3));
    }
    if let Some(file) = path.strip_suffix(".mp3").and_then(|path| files.get(path)) {
        return Some((file, true));
    }
    path.strip_suffix(".wav").and_then(|path| files.get(path)).map(|file| (file, false))
}

fn serve(inner: &Mutex<Inner>, request: &Request) -> Done {
    let mut inner = inner.lock().expect("nobody panics while holding it");
    let plain = |status, text: &str| {
        Done::Answer(Response { status, headers: Vec::new(), body: text.as_bytes().to_vec() })
    };
    let Some((file, mp3)) = find(&inner.files, &request.target).map(|(file, mp3)| (file.clone(), mp3)) else {
        return plain(404, "no such recording");
    };
    if request.method != "GET" {
        return plain(405, "GET is wanted");
    }
    match (&inner.wants, request.header("authorization")) {
        (Some(wants), given) if file.wants && given != Some(wants.as_str()) => {
            return plain(401, "the account's credentials are wanted");
        }
        // A signed link carries its own authentication, and its host refuses a second one.
        (_, Some(_)) if !file.wants => return plain(400, "only one authentication is allowed"),
        _ => {}
    }
    let as_type = |status, kind: &str, body: Vec<u8>| {
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        Done::Answer(Response { status, headers, body })
    };
    if !inner.lapses.is_empty() {
        return match inner.lapses.remove(0) {
            Lapse::NotYet => plain(404, "not yet"),
            Lapse::Elsewhere(url) => {
                let headers = vec![("Location".to_owned(), url)];
                Done::Answer(Response { status: 302, headers, body: Vec::new() })
            }
            Lapse::Instead(kind, body) => as_type(200, kind, body),
            Lapse::Silence => Done::Hang,
            Lapse::Claims(length) => {
                let headers = vec![
                    ("Content-Type".to_owned(), "audio/x-wav".to_owned()),
                    ("Content-Length".to_owned(), length.to_string()),
                ];
                Done::Answer(Response { status: 200, headers, body: file.wav[..44].to_vec() })
            }
        };
    }
    inner.fetched.push(request.target.clone());
    if mp3 { as_type(200, "audio/mpeg", inner.mp3.clone()) } else { as_type(200, "audio/x-wav", file.wav) }
}
