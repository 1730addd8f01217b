//! One utterance over one WebSocket: sent whole, finalised, and the transcripts gathered until the service closes.

use super::{Listener, escaped};
use crate::{
    local::{
        Heard,
        web::Place,
        words::{self, Evidence},
    },
    socket::{TLS, refusal},
};
use call::Language;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{self, Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

/// The largest message that is read, in bytes, and how many of them there may be.
const LARGEST: usize = 1024 * 1024;
const MOST: usize = 2_000;
/// Nobody speaks more languages in one utterance.
const LANGUAGES: usize = 8;
/// Sound in one message: a quarter of a second.
const PIECE: usize = 2_000;

/// What the service has said of the utterance.
#[derive(Debug, Default)]
struct Transcript {
    /// Nova: what will not change any more.
    finals: Vec<String>,
    /// Flux: those that have ended.
    turns: BTreeMap<i64, String>,
    confidences: Vec<f32>,
    /// As the service calls those that it heard.
    languages: BTreeSet<String>,
    complete: bool,
}

pub(super) async fn listen(
    listener: &Listener,
    samples: &[i16],
    evidence: &Evidence,
    grammar: &str,
) -> Heard {
    let peer = listener.place.peer();
    let heard = timeout(listener.place.patience, converse(listener, &peer, samples)).await;
    let transcript = heard.map_err(|_| {
        format!("{peer} did not finish a transcript within {} seconds.", listener.place.patience.as_secs())
    })??;
    let text = transcript.text();
    let sum: f32 = transcript.confidences.iter().sum();
    let confidence =
        if transcript.confidences.is_empty() { 0.9 } else { sum / transcript.confidences.len() as f32 };
    Ok(words::in_language(words::hypotheses(&text, confidence, evidence, grammar), transcript.language()))
}

async fn converse(listener: &Listener, peer: &str, samples: &[i16]) -> Result<Transcript, String> {
    let flux = listener.is_flux();
    let mut socket = connect(&listener.place, &path(listener, flux), peer).await?;
    let broken = |_| format!("{peer} does not take what we send.");
    for piece in samples.chunks(PIECE) {
        let bytes = sound::samples_to_pcm(piece);
        socket.feed(Message::Binary(bytes.into())).await.map_err(broken)?;
    }
    let last = if flux { r#"{"type":"ForceEndTurn"}"# } else { r#"{"type":"Finalize"}"# };
    socket.feed(Message::text(last)).await.map_err(broken)?;
    socket.send(Message::text(r#"{"type":"CloseStream"}"#)).await.map_err(broken)?;
    let mut transcript = Transcript::default();
    for _ in 0..MOST {
        let message = socket.next().await;
        let closes = matches!(message, Some(Ok(Message::Close(_))));
        let Some(text) = text(message, peer)? else {
            transcript.complete |= closes && !(transcript.finals.is_empty() && transcript.turns.is_empty());
            break;
        };
        transcript.read(&text, peer)?;
        if transcript.complete {
            let _ = socket.close(None).await;
            break;
        }
    }
    if transcript.complete {
        Ok(transcript)
    } else {
        Err(format!("{peer} closed the connection before its transcript was over."))
    }
}

fn path(listener: &Listener, flux: bool) -> String {
    let model = escaped(&listener.model);
    let language = if listener.hears_several() { "multi".to_owned() } else { escaped(&listener.language) };
    let mut path = if flux {
        format!("/v2/listen?model={model}&encoding=linear16&sample_rate=8000")
    } else {
        format!(
            "/v1/listen?model={model}&encoding=linear16&sample_rate=8000&channels=1&language={language}&interim_results=false\
             &punctuate=true&endpointing=false"
        )
    };
    path += &hints(listener);
    path
}

/// What is said beforehand of what will be heard, as the end of a query.
pub(super) fn hints(listener: &Listener) -> String {
    let mut hints = String::new();
    let many = listener.model.ends_with("-multi");
    if listener.hears_several() || (listener.is_flux() && many) {
        for tag in [&listener.language].into_iter().chain(&listener.others) {
            let primary = tag.split('-').next().unwrap_or_default();
            let _ = write!(hints, "&language_hint={}", escaped(primary));
        }
    }
    for term in &listener.keyterms {
        let _ = write!(hints, "&keyterm={}", escaped(term));
    }
    hints
}

/// The text of a message; none: the connection is closed in good order. An error is a sentence for the owner.
pub(super) fn text(
    message: Option<Result<Message, tungstenite::Error>>,
    peer: &str,
) -> Result<Option<String>, String> {
    match message {
        Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
        Some(Ok(Message::Close(_))) | None => Ok(None),
        Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
            Ok(Some("{}".into()))
        }
        Some(Err(why)) => refusal::broken(peer, &why).map_or(Ok(None), Err),
    }
}

/// The service has ended the conversation: in its words, for the owner.
pub(super) fn gave_up(message: &Value, peer: &str) -> String {
    let why = message["description"].as_str().or(message["message"].as_str()).unwrap_or("it did not say why");
    let why: String = why.chars().filter(|c| !c.is_control()).take(300).collect();
    format!("{peer} gave up: {why}")
}

pub(super) async fn connect(
    place: &Place,
    path: &str,
    peer: &str,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, String> {
    // http becomes ws, https wss.
    let address = format!("{}{path}", place.url.replacen("http", "ws", 1));
    let headers = place.headers();
    let request = address.into_client_request();
    let mut request = request.map_err(|why| refusal::describe(peer, why, &headers).why)?;
    refusal::check_address(request.uri()).map_err(|failure| failure.why)?;
    request.headers_mut().extend(headers.clone());
    let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    let tls = Connector::Rustls(Arc::clone(&TLS));
    let connected = connect_async_tls_with_config(request, Some(config), true, Some(tls)).await;
    connected.map(|(socket, _)| socket).map_err(|why| refusal::describe(peer, why, &headers).why)
}

impl Transcript {
    fn read(&mut self, message: &str, peer: &str) -> Result<(), String> {
        let message: Value =
            serde_json::from_str(message).map_err(|_| format!("{peer} sent a message that is no JSON."))?;
        match message["type"].as_str().unwrap_or_default() {
            "Results" if message["is_final"] == true => {
                let best = &message["channel"]["alternatives"][0];
                let text = best["transcript"].as_str().unwrap_or_default().trim();
                if !text.is_empty() {
                    self.finals.push(text.to_owned());
                    self.spoke(&best["languages"]);
                    self.confidences.extend(best["confidence"].as_f64().map(|confidence| confidence as f32));
                }
            }
            "TurnInfo" => {
                let text = message["transcript"].as_str().unwrap_or_default().trim();
                let turn = message["turn_index"].as_i64().unwrap_or_default();
                if message["event"] == "EndOfTurn" {
                    self.turns.insert(turn, text.to_owned());
                    self.spoke(&message["languages"]);
                    let words = message["words"].as_array().map(Vec::as_slice).unwrap_or_default();
                    let sure = words.iter().filter_map(|word| word["confidence"].as_f64());
                    self.confidences.extend(sure.map(|confidence| confidence as f32));
                }
            }
            "Metadata" => self.complete = true,
            "Error" => {
                return Err(gave_up(&message, peer));
            }
            // Interim results, hints that somebody speaks, and whatever is new.
            _ => {}
        }
        if self.text().len() > words::LONGEST {
            return Err(format!("{peer} sent a transcript that does not end."));
        }
        Ok(())
    }

    fn spoke(&mut self, languages: &Value) {
        let languages = languages.as_array().map(Vec::as_slice).unwrap_or_default();
        let room = LANGUAGES.saturating_sub(self.languages.len());
        self.languages.extend(languages.iter().filter_map(Value::as_str).take(room).map(str::to_owned));
    }

    /// The only one that was heard.
    fn language(&self) -> Option<Language> {
        let mut languages = self.languages.iter();
        let language = languages.next()?;
        if languages.next().is_none() { Language::of(language) } else { None }
    }

    fn text(&self) -> String {
        let turns = self.turns.values().filter(|text| !text.is_empty()).cloned();
        self.finals.iter().cloned().chain(turns).collect::<Vec<_>>().join(" ")
    }
}
