//! A page with the browser phone in it, as strict with the server as a page can be: begins a call by a guest's link, takes
//! the sound both ways and says which marks were played.
//!
//! ```text
//!   POST <link>/call ─► {"ok": true, "call": "…", "token": "…"} ─► WS /browser/stream, of this page's origin
//!   page ─► {"event":"start","call","token"}, then 20 ms of sound in each binary message, "key", "mark", "stop"
//!   page ◄─ sound of any length, "mark", "clear", "note"
//! ```
//!
//! Sound is 16 kHz, signed 16 bit, little endian.

use crate::{
    clock::{self, Pace},
    phone::{
        Act, Ended, Ending, Event, FRAME, Failed, Party, ProtocolError, Times,
        playout::{Heard, Playout},
        telephone::SILENCE,
    },
};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use sound::{g711, resample::Resampler};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest as _,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

const EVERY: Duration = Duration::from_millis(20);
/// How long the server may take to answer anything.
const PATIENCE: Duration = Duration::from_secs(10);
/// Rates of the telephone network and of the page, in hertz.
const TELEPHONE: u32 = 8_000;
const PAGE: u32 = 16_000;
/// Samples of 20 ms on the page.
const PAGE_FRAME: usize = 320;
/// More objections than these would fill the memory of a long call.
const MOST_ERRORS: usize = 100;

/// What the server says in a text.
#[derive(Clone, Debug, PartialEq)]
pub enum FromServer {
    /// Say so when everything before this has been played.
    Mark(String),
    /// Throw away what has not been played.
    Clear,
    /// Something was noted of the call: an object that has a `kind`.
    Note(Value),
}

/// Reads one text message; an error says what is wrong with it.
pub fn read(text: &str) -> Result<FromServer, String> {
    let message: Text = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match (message.event.as_str(), message.name, message.note) {
        ("mark", Some(name), None) => Ok(FromServer::Mark(name)),
        ("clear", None, None) => Ok(FromServer::Clear),
        ("note", None, Some(note)) if note["kind"].is_string() => Ok(FromServer::Note(note)),
        (event @ ("mark" | "clear" | "note"), ..) => {
            Err(format!("{event} lacks a field or has one too many"))
        }
        (event, ..) => Err(format!("a page knows no event {event:?}")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    event: String,
    name: Option<String>,
    note: Option<Value>,
}

/// Calls by a guest's link, `http://host/talk/…`, and stays in the call till it ends; `party` holds the telephone.
pub async fn call(link: &str, party: &mut impl Party) -> Result<Ended, Failed> {
    let rang = clock::now();
    let url = Url::parse(link).map_err(|why| failed(format!("{link:?} is no address: {why}"), None))?;
    let begun = begin(&url).await?;
    let mut times = Times {
        rang,
        answered: Some(clock::now()),
        dialled: Some(clock::now()),
        accepted: None,
        started: None,
        first_sound: None,
        stopped: None,
    };
    let socket = open(&url).await?;
    times.accepted = Some(clock::now());
    let mut page = Page {
        socket,
        playout: Playout::default(),
        up: Resampler::new(TELEPHONE, PAGE),
        down: Resampler::new(PAGE, TELEPHONE),
        pending: Vec::new(),
        errors: Vec::new(),
        times,
    };
    let ending = page.hold(&begun, party).await;
    page.times.stopped = Some(clock::now());
    party.told(Event::Stopped { at: clock::now() });
    Ok(Ended {
        ending: ending?,
        errors: page.errors,
        said: Vec::new(),
        briefed: Vec::new(),
        recordings: 0,
        streamed: true,
        times: page.times,
    })
}

#[derive(Deserialize)]
struct Begun {
    call: String,
    token: String,
}

/// Asks for a call, as a page of the server's own does.
async fn begin(link: &Url) -> Result<Begun, Failed> {
    let address = format!("{}/call", link.as_str().trim_end_matches('/'));
    let request = reqwest::Client::new()
        .post(&address)
        .header("accept", "application/json")
        .header("sec-fetch-site", "same-origin")
        .timeout(PATIENCE);
    let answer =
        request.send().await.map_err(|why| failed(format!("{address} was not reached: {why}"), None))?;
    let status = answer.status();
    let body = answer.bytes().await.unwrap_or_default();
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    if !status.is_success() {
        let why = told["say"].as_str().unwrap_or("the call could not begin");
        return Err(failed(why.to_owned(), Some(status.as_u16())));
    }
    serde_json::from_value(told)
        .map_err(|why| failed(format!("the answer to the call is unclear: {why}"), Some(status.as_u16())))
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens the stream beside the page, in the house whose link it is.
async fn open(link: &Url) -> Result<Socket, Failed> {
    let origin = link.origin().ascii_serialization();
    let mut parts = link.path().split('/').skip(1);
    let house = match (parts.next(), parts.next()) {
        (Some("u"), Some(name)) => format!("/u/{name}"),
        _ => String::new(),
    };
    let address = format!("{}{house}/browser/stream", origin.replacen("http", "ws", 1));
    let mut request = address.as_str().into_client_request().map_err(|why| failed(why.to_string(), None))?;
    request.headers_mut().insert("Origin", origin.parse().expect("an origin is a header value"));
    match tokio::time::timeout(PATIENCE, connect_async(request)).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(Error::Http(answer))) => {
            let status = answer.status().as_u16();
            Err(failed(format!("the stream's upgrade was answered {status}"), Some(status)))
        }
        Ok(Err(why)) => Err(failed(format!("the stream does not open: {why}"), None)),
        Err(_) => Err(failed("the stream does not open in 10 s".into(), None)),
    }
}

struct Page {
    socket: Socket,
    playout: Playout,
    up: Resampler,
    down: Resampler,
    /// What the microphone heard that is no whole frame yet.
    pending: Vec<i16>,
    errors: Vec<ProtocolError>,
    times: Times,
}

impl Page {
    async fn hold(&mut self, begun: &Begun, party: &mut impl Party) -> Result<Ending, Failed> {
        self.tell(json!({"event": "start", "call": begun.call, "token": begun.token})).await?;
        let started = clock::now();
        self.times.started = Some(started);
        party.told(Event::Started { at: started });
        let mut pace = Pace::new(started + EVERY, EVERY);
        loop {
            let now = clock::now();
            self.play(now, party).await?;
            while pace.next() <= now {
                pace.beat();
                let mut frame = [SILENCE; FRAME];
                match party.speak(now, &mut frame) {
                    Act::Nothing => {}
                    Act::Skip => continue,
                    Act::Press(key) => self.tell(json!({"event": "key", "digit": key})).await?,
                    Act::HangUp => return self.hang_up().await,
                }
                self.speak(&frame).await?;
            }
            let wake = self.playout.next_mark().into_iter().fold(pace.next(), Instant::min);
            tokio::select! {
                message = self.socket.next() => {
                    if let Some(ending) = self.take(message, party).await? {
                        return Ok(ending);
                    }
                }
                () = clock::sleep_until(wake) => {}
            }
        }
    }

    /// Plays up to now, and says which marks were reached.
    async fn play(&mut self, now: Instant, party: &mut impl Party) -> Result<(), Failed> {
        let mut heard = Vec::new();
        self.playout.advance(now, &mut heard);
        for one in heard {
            match one {
                Heard::Sound { at, ulaw } => party.told(Event::Sounded { at, ulaw: &ulaw }),
                Heard::Mark { at, name } => {
                    party.told(Event::Reached { at, mark: &name });
                    self.tell(json!({"event": "mark", "name": name})).await?;
                }
            }
        }
        Ok(())
    }

    async fn speak(&mut self, frame: &[u8; FRAME]) -> Result<(), Failed> {
        self.up.push(&g711::ulaw_to_samples(frame), &mut self.pending);
        while self.pending.len() >= PAGE_FRAME {
            let bytes: Vec<u8> = self.pending.drain(..PAGE_FRAME).flat_map(i16::to_le_bytes).collect();
            self.send(Message::binary(bytes)).await?;
        }
        Ok(())
    }

    /// Takes one message; gives the call's end, where that is what it is.
    async fn take(
        &mut self,
        message: Option<Result<Message, Error>>,
        party: &mut impl Party,
    ) -> Result<Option<Ending>, Failed> {
        let now = clock::now();
        self.play(now, party).await?;
        match message {
            Some(Ok(Message::Text(text))) => match read(&text) {
                Ok(FromServer::Mark(name)) => self.playout.mark(now, name),
                Ok(FromServer::Clear) => {
                    let cleared = self.playout.clear();
                    self.down = Resampler::new(PAGE, TELEPHONE);
                    party.told(Event::Cleared { at: now, cleared: &cleared });
                    for name in cleared.marks {
                        self.tell(json!({"event": "mark", "name": name})).await?;
                    }
                }
                Ok(FromServer::Note(_)) => {}
                Err(wrong) => self.object(wrong),
            },
            Some(Ok(Message::Binary(sound))) => self.hear(now, &sound),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(Some(frame)))) if frame.code != CloseCode::Normal => {
                return Err(failed(format!("the call was refused: {}", frame.reason), None));
            }
            Some(Ok(Message::Close(_))) => return Ok(Some(Ending::Finished)),
            Some(Err(why)) => return Err(failed(format!("the connection was lost: {why}"), None)),
            None => return Err(failed("the connection was lost".into(), None)),
        }
        Ok(None)
    }

    fn hear(&mut self, now: Instant, sound: &[u8]) {
        if !sound.len().is_multiple_of(2) {
            return self.object("sound that ends within a sample".into());
        }
        self.times.first_sound.get_or_insert(now);
        let samples: Vec<i16> =
            sound.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        let mut narrow = Vec::new();
        self.down.push(&samples, &mut narrow);
        self.playout.media(now, g711::samples_to_ulaw(&narrow).into());
    }

    async fn hang_up(&mut self) -> Result<Ending, Failed> {
        self.tell(json!({"event": "stop"})).await?;
        // The server may have gone first.
        let _ = self.socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() })).await;
        Ok(Ending::CallerHungUp)
    }

    async fn tell(&mut self, message: Value) -> Result<(), Failed> {
        self.send(Message::text(message.to_string())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Failed> {
        match tokio::time::timeout(PATIENCE, self.socket.send(message)).await {
            // What the server closed is noticed where it is read.
            Ok(
                Ok(())
                | Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_) | Error::Io(_)),
            ) => Ok(()),
            Ok(Err(why)) => Err(failed(format!("the stream broke: {why}"), None)),
            Err(_) => Err(failed("the server does not read".into(), None)),
        }
    }

    fn object(&mut self, what: String) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(ProtocolError { code: 0, what });
        }
    }
}

/// A page has no numbers for what goes wrong.
fn failed(what: String, status: Option<u16>) -> Failed {
    Failed { code: 0, what, status }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_understands_is_read() {
        assert_eq!(read(r#"{"event":"mark","name":"m7"}"#), Ok(FromServer::Mark("m7".into())));
        assert_eq!(read(r#"{"event":"clear"}"#), Ok(FromServer::Clear));
        let note = json!({"kind": "ended", "at": 1});
        assert_eq!(read(&json!({"event": "note", "note": note}).to_string()), Ok(FromServer::Note(note)));
    }

    #[test]
    fn superfluous_missing_and_unknown_things_are_failed() {
        for bad in [
            r#"{"event":"mark"}"#,
            r#"{"event":"mark","name":7}"#,
            r#"{"event":"mark","name":"m7","note":{"kind":"ended"}}"#,
            r#"{"event":"clear","name":"m7"}"#,
            r#"{"event":"clear","streamSid":"1"}"#,
            r#"{"event":"note","note":{}}"#,
            r#"{"event":"note","note":"ended"}"#,
            r#"{"event":"media","media":{"payload":"//8="}}"#,
            r#"{"event":"start"}"#,
            "[]",
            "{",
        ] {
            assert!(read(bad).is_err(), "{bad} was taken");
        }
    }
}
