//! What a web service is asked for the sake of hearing or speaking: within bounds, and with a sentence where it refuses.

use super::{Speech, SpeechStream, inflow::Inflow, tts};
use crate::socket::refusal;
use futures_util::{StreamExt as _, stream};
use reqwest::{
    Client, Response, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;

/// Where a service is, and what proves to it who we are.
#[derive(Clone, Debug)]
pub struct Place {
    /// `https://host/path`, without a slash at its end. Plain `http://` only within the owner's own network, which is
    /// the owner's to judge.
    pub url: String,
    /// Sent as it stands: `Bearer …`, `Token …`. None: nothing is sent.
    pub authorization: Option<crate::ApiKey>,
    /// From the request to the first byte of the answer, and from each piece of it to the next.
    pub patience: Duration,
}

/// How long a caller can be left waiting for a service at most.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// The longest refusal that is read, in bytes.
const LONGEST_REFUSAL: usize = 64 * 1024;
/// The longest speech of one piece of text, in samples of 8 kHz: two minutes, and no more than five seconds and half of one for
/// every character of it.
const LONGEST_SPEECH: usize = 120 * 8_000;
const BESIDE: usize = 5 * 8_000;
const A_CHARACTER: usize = 4_000;

impl Place {
    /// Its host, as the owner knows it.
    pub(super) fn peer(&self) -> String {
        Url::parse(&self.url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_else(|| self.url.clone())
    }

    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = self.authorization.as_ref().and_then(|key| HeaderValue::from_str(key.expose()).ok());
        if let Some(mut value) = value {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        headers
    }

    /// Posts this body to a path below the place; an answer that is none is a sentence for the owner.
    pub(super) async fn post(
        &self,
        http: &Client,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Response, String> {
        let (peer, headers) = (self.peer(), self.headers());
        let request = http
            .post(format!("{}{path}", self.url))
            .headers(headers.clone())
            .header(reqwest::header::CONTENT_TYPE, kind)
            .body(body);
        let answer = timeout(self.patience, request.send())
            .await
            .map_err(|_| format!("{peer} did not answer within {} seconds.", self.patience.as_secs()))?
            .map_err(|why| refusal::unanswered(&peer, &why).why)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let mut refusal = http::Response::new(None);
        *refusal.status_mut() = answer.status();
        *refusal.headers_mut() = answer.headers().clone();
        *refusal.body_mut() = self.body_of(answer, LONGEST_REFUSAL).await.ok();
        Err(refusal::describe(&peer, tungstenite::Error::Http(Box::new(refusal)), &headers).why)
    }

    /// The whole body, unless it is longer than this or stops coming.
    pub(super) async fn body_of(&self, mut answer: Response, most: usize) -> Result<Vec<u8>, String> {
        let peer = self.peer();
        let mut body = Vec::new();
        while let Some(piece) = piece(&mut answer, &peer, self.patience).await? {
            if body.len() + piece.len() > most {
                return Err(format!("{peer} answered with more than {most} bytes."));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

async fn piece(
    answer: &mut Response,
    peer: &str,
    patience: Duration,
) -> Result<Option<bytes::Bytes>, String> {
    timeout(patience, answer.chunk())
        .await
        .map_err(|_| format!("{peer} stopped in the middle of its answer."))?
        .map_err(|why| format!("{peer} broke off its answer: {why}."))
}

/// The answer's body as speech of this text: raw PCM of 16 bits at this rate, or a WAV file that says its own.
pub(super) async fn speech(
    asked: impl Future<Output = Result<Response, String>> + Send,
    text: &str,
    hertz: u32,
    place: &Place,
) -> Result<SpeechStream, String> {
    let (peer, patience) = (place.peer(), place.patience);
    let answer = asked.await?;
    let kind = answer.headers().get(reqwest::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let wrong = ["json", "text/", "html", "mpeg", "mp3", "ogg", "opus", "aac", "flac"];
    if wrong.iter().any(|wrong| kind.contains(wrong)) {
        return Err(format!("{peer} answered with {kind} where raw sound was asked for."));
    }
    let is_to_sound = tts::is_to_sound(text);
    let longest = (BESIDE + A_CHARACTER * text.chars().count()).min(LONGEST_SPEECH);
    let state = Some((answer, Inflow::new(hertz), 0_usize));
    let speech = stream::unfold(state, move |state| {
        let peer = peer.clone();
        async move {
            let (mut answer, mut inflow, so_far) = state?;
            loop {
                let samples = match piece(&mut answer, &peer, patience).await {
                    Ok(Some(bytes)) => inflow.push(&bytes),
                    Ok(None) => {
                        let rest = inflow.finish_of(is_to_sound).map_err(|why| format!("{peer} sent {why}."));
                        return Some((rest.map(Arc::from), None));
                    }
                    Err(why) => return Some((Err(why), None)),
                };
                let samples = match samples {
                    Ok(samples) if samples.is_empty() => continue,
                    Ok(samples) => samples,
                    Err(why) => return Some((Err(format!("{peer} sent {why}.")), None)),
                };
                let so_far = so_far + samples.len();
                if so_far > longest {
                    return Some((Err(format!("{peer} does not stop speaking.")), None));
                }
                let speech: Speech = Ok(Arc::from(samples));
                return Some((speech, Some((answer, inflow, so_far))));
            }
        }
    });
    Ok(speech.boxed())
}

/// A stream that begins with a wait.
pub(super) fn later(
    speech: impl Future<Output = Result<SpeechStream, String>> + Send + 'static,
) -> SpeechStream {
    let speech = async move {
        match speech.await {
            Ok(speech) => speech,
            Err(why) => stream::once(async move { Err(why) }).boxed(),
        }
    };
    stream::once(speech).flatten().boxed()
}

/// All of a speech in one piece.
pub(super) async fn whole(mut speech: SpeechStream) -> Speech {
    let mut samples = Vec::new();
    while let Some(piece) = speech.next().await {
        samples.extend_from_slice(&piece?);
    }
    Ok(samples.into())
}
