//! One question to a model over HTTP, and its answer, read line by line within bounds.

use super::{Delta, chat, ollama};
use crate::{ApiKey, socket::refusal};
use call::Failure;
use futures_util::{StreamExt, stream, stream::BoxStream};
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde_json::Value;
use std::{collections::VecDeque, time::Duration};

/// No line is longer, in bytes.
const LONGEST_LINE: usize = 256 * 1024;
/// No answer is longer, in bytes.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;
/// No refusal is read beyond this, in bytes.
const LONGEST_REFUSAL: usize = 16 * 1024;
const CONNECT: Duration = Duration::from_secs(5);

/// A client for models: it follows nobody elsewhere, and waits for an answer as long as whoever asked does.
pub(super) fn client() -> Result<Client, Failure> {
    let client = Client::builder().connect_timeout(CONNECT).redirect(redirect::Policy::none()).build();
    client.map_err(|why| Failure { why: format!("No connection can be made: {why}."), lasting: true })
}

/// Where a service is asked, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) client: Client,
    pub(super) url: String,
    pub(super) key: Option<ApiKey>,
}

/// How the lines of an answer are read.
#[derive(Debug)]
pub(super) enum Reader {
    Ollama(ollama::Reader),
    Chat(chat::Reader),
}

impl Reader {
    fn line(&mut self, line: &str, out: &mut VecDeque<Delta>) -> Result<(), String> {
        match self {
            Reader::Ollama(reader) => reader.line(line, out),
            Reader::Chat(reader) => reader.line(line, out),
        }
    }

    /// The answer is over; says whether it was whole.
    fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), String> {
        match self {
            Reader::Ollama(_) => Err("ended its answer in the middle".into()),
            Reader::Chat(reader) => reader.end(out),
        }
    }
}

/// Asks, and reads what comes back.
pub(super) fn ask(place: Place, body: Value, reader: Reader) -> BoxStream<'static, Result<Delta, Failure>> {
    let begun = Answer { state: State::Asking(Box::new(body)), place, reader, ready: VecDeque::new() };
    stream::unfold(begun, |mut answer| async move {
        let next = answer.next().await?;
        Some((next, answer))
    })
    .boxed()
}

struct Answer {
    place: Place,
    state: State,
    reader: Reader,
    ready: VecDeque<Delta>,
}

enum State {
    Asking(Box<Value>),
    Reading(Box<Response>, Lines),
    Over,
}

impl Answer {
    async fn next(&mut self) -> Option<Result<Delta, Failure>> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                if matches!(delta, Delta::Done { .. }) {
                    self.state = State::Over;
                    self.ready.clear();
                }
                return Some(Ok(delta));
            }
            if let Err(failure) = self.go_on().await? {
                self.state = State::Over;
                return Some(Err(failure));
            }
        }
    }

    /// Waits for more; nothing where the answer is over.
    async fn go_on(&mut self) -> Option<Result<(), Failure>> {
        match &mut self.state {
            State::Over => None,
            State::Asking(body) => Some(match post(&self.place, body).await {
                Ok(response) => {
                    self.state = State::Reading(Box::new(response), Lines::default());
                    Ok(())
                }
                Err(failure) => Err(failure),
            }),
            State::Reading(response, lines) => {
                let host = host(&self.place.url);
                let broken = |why: String| Failure { why: format!("{host} {why}."), lasting: false };
                let read = match response.chunk().await {
                    Ok(Some(bytes)) => lines.push(&bytes),
                    Ok(None) => {
                        let last = lines.rest();
                        let read = last.map_or(Ok(()), |line| self.reader.line(&line, &mut self.ready));
                        let whole = |delta: &Delta| matches!(delta, Delta::Done { .. });
                        self.state = State::Over;
                        let read = match read {
                            Ok(()) if !self.ready.iter().any(whole) => self.reader.end(&mut self.ready),
                            read => read,
                        };
                        return Some(read.map_err(broken));
                    }
                    Err(why) => Err(format!("broke off its answer: {}", cause(&why))),
                };
                let mut read = read;
                while read.is_ok()
                    && let Some(line) = lines.next()
                {
                    read = self.reader.line(&line, &mut self.ready);
                }
                Some(read.map_err(broken))
            }
        }
    }
}

/// Fetches one JSON text from another address of the service; a refusal becomes words for the owner.
pub(super) async fn get(place: &Place, url: &str) -> Result<Value, Failure> {
    let response = sent(place, place.client.get(url)).await?;
    let host = host(url);
    serde_json::from_slice(&at_most(response, LONGEST_ANSWER).await)
        .map_err(|_| Failure { why: format!("{host} sent what is no JSON."), lasting: false })
}

/// Posts one question; an answer that is none becomes words for the owner.
pub(super) async fn post(place: &Place, body: &Value) -> Result<Response, Failure> {
    sent(place, place.client.post(&place.url).json(body)).await
}

async fn sent(place: &Place, mut request: RequestBuilder) -> Result<Response, Failure> {
    let host = host(&place.url);
    if let Some(key) = &place.key {
        request = request.bearer_auth(key.expose());
    }
    let response = request.send().await.map_err(|why| refusal::unanswered(&host, &why))?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let said = refusal::reason(&at_most(response, LONGEST_REFUSAL).await);
    let said = said.map(|said| match &place.key {
        Some(key) if !key.expose().is_empty() => said.replace(key.expose(), "••••"),
        Some(_) | None => said,
    });
    Err(refusal::refused(&host, status, said))
}

async fn at_most(mut response: Response, most: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(bytes)) = response.chunk().await {
        let room = most - body.len();
        body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if body.len() == most {
            break;
        }
    }
    body
}

/// The innermost reason: what is around it repeats the address.
fn cause(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default().to_owned()
}

/// Bytes cut anywhere become lines.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Up to here there is no end of a line.
    searched: usize,
    total: usize,
}

impl Lines {
    fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.total += bytes.len();
        if self.total > LONGEST_ANSWER {
            return Err("does not come to an end".into());
        }
        self.bytes.extend_from_slice(bytes);
        let last = self.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if self.bytes.len() - last > LONGEST_LINE {
            return Err("sent a line that is too long".into());
        }
        Ok(())
    }

    fn next(&mut self) -> Option<String> {
        let end = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(end) = end.map(|end| self.searched + end) else {
            self.searched = self.bytes.len();
            return None;
        };
        let line = String::from_utf8_lossy(&self.bytes[..end]).trim_end_matches('\r').to_owned();
        self.bytes.drain(..=end);
        self.searched = 0;
        Some(line)
    }

    /// What is behind the last end of a line.
    fn rest(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.bytes);
        (!rest.is_empty()).then(|| String::from_utf8_lossy(&rest).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_they_arrive() {
        let text = "{\"a\":\"Zoë\"}\r\n\n: ping\nlast";
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let mut read = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                lines.push(piece).expect("it is short");
                read.extend(std::iter::from_fn(|| lines.next()));
            }
            assert_eq!(read, ["{\"a\":\"Zoë\"}", "", ": ping"], "in pieces of {size}");
            assert_eq!(lines.rest().as_deref(), Some("last"));
        }
    }

    #[test]
    fn a_line_or_an_answer_without_end_is_refused() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(&vec![b'x'; LONGEST_LINE + 1]), Err("sent a line that is too long".into()));
        let mut lines = Lines::default();
        let refused = (0..200).find_map(|_| {
            let pushed = lines.push(&[b"x".repeat(100_000), b"\n".to_vec()].concat());
            while lines.next().is_some() {}
            pushed.err()
        });
        assert_eq!(refused.as_deref(), Some("does not come to an end"));
    }
}
