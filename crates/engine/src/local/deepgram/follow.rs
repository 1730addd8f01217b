//! Flux: the whole call over one WebSocket, and the caller's turns as the service sees them.
//!
//! Sources: <https://developers.deepgram.com/docs/flux/state>, <https://developers.deepgram.com/docs/flux/configuration>.

use super::{Listener, escaped, listen};
use crate::local::{Follower, Hypothesis, TurnEvent, now, words};
use bytes::{Bytes, BytesMut};
use call::{Format, Language};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::{fmt::Write as _, time::Duration};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{sleep_until, timeout},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// Sound that waits to be sent, in frames of the line; what is more is lost.
const WAITING: usize = 1_024;
/// What the service has said that nobody has asked for yet.
const SAID: usize = 64;
/// How much sound goes in one message.
const PIECE: Duration = Duration::from_millis(80);
/// After so long without any, as much silence is sent: the service knows no time but that of sound.
const IDLE: Duration = Duration::from_millis(500);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// How likely it must be that the caller has finished for an early end of their turn.
const EARLY: &str = "0.5";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Begins to follow a call of this format. Ends when the follower is dropped.
#[expect(clippy::disallowed_methods, reason = "it outlives the follower for a goodbye, and no longer")]
pub(super) fn follow(listener: Listener, format: Format) -> Follower {
    let (sound, hears) = mpsc::channel(WAITING);
    let (says, turns) = mpsc::channel(SAID);
    tokio::spawn(async move {
        if let Err(why) = hold(&listener, format, hears, &says).await {
            let _nobody_listens = says.send(Err(why)).await;
        }
    });
    Follower { sound, turns }
}

async fn hold(
    listener: &Listener,
    format: Format,
    mut hears: mpsc::Receiver<Bytes>,
    says: &mpsc::Sender<Result<TurnEvent, String>>,
) -> Result<(), String> {
    let peer = listener.place.peer();
    let path = path(listener, format);
    let connecting = listen::connect(&listener.place, &path, &peer);
    let connected = timeout(listener.place.patience, connecting).await;
    let mut socket = connected.map_err(|_| format!("{peer} does not answer."))??;
    let (piece, mut pending) = (format.bytes(PIECE), BytesMut::new());
    let mut turns = Turns::default();
    let mut idle = now() + IDLE;
    loop {
        tokio::select! {
            message = socket.next() => match listen::text(message, &peer)? {
                Some(text) => {
                    if let Some(event) = turns.read(&text, &peer)?
                        && says.send(Ok(event)).await.is_err()
                    {
                        return Ok(());
                    }
                }
                None => return Err(format!("{peer} has closed the connection.")),
            },
            sound = hears.recv() => {
                let Some(sound) = sound else {
                    let _it_is_late = timeout(GOODBYE, goodbye(socket)).await;
                    return Ok(());
                };
                pending.extend_from_slice(&sound);
                if pending.len() >= piece {
                    send(&mut socket, pending.split().freeze(), &peer).await?;
                    idle = now() + IDLE;
                }
            }
            () = sleep_until(idle.into()) => {
                pending.extend(std::iter::repeat_n(silence(format), format.bytes(IDLE)));
                send(&mut socket, pending.split().freeze(), &peer).await?;
                idle = now() + IDLE;
            }
        }
    }
}

async fn send(socket: &mut Socket, sound: Bytes, peer: &str) -> Result<(), String> {
    socket.send(Message::Binary(sound)).await.map_err(|_| format!("{peer} does not take what we send."))
}

async fn goodbye(mut socket: Socket) {
    if socket.send(Message::text(r#"{"type":"CloseStream"}"#)).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}

fn path(listener: &Listener, format: Format) -> String {
    let (encoding, hertz) = match format {
        Format::Ulaw => ("mulaw", 8_000),
        Format::Alaw => ("alaw", 8_000),
        Format::Pcm { hertz } => ("linear16", hertz),
    };
    let model = escaped(&listener.model);
    let mut path = format!("/v2/listen?model={model}&encoding={encoding}&sample_rate={hertz}");
    if listener.early {
        let _ = write!(path, "&eager_eot_threshold={EARLY}");
    }
    path + &listen::hints(listener)
}

/// A byte of silence.
fn silence(format: Format) -> u8 {
    match format {
        Format::Ulaw => 0xff,
        Format::Alaw => 0xd5,
        Format::Pcm { .. } => 0,
    }
}

/// Reads what the service says.
#[derive(Debug, Default)]
struct Turns {
    /// Turns below are over.
    next: i64,
}

impl Turns {
    fn read(&mut self, message: &str, peer: &str) -> Result<Option<TurnEvent>, String> {
        let message: Value =
            serde_json::from_str(message).map_err(|_| format!("{peer} sent a message that is no JSON."))?;
        match message["type"].as_str().unwrap_or_default() {
            "TurnInfo" => {}
            "Error" => return Err(listen::gave_up(&message, peer)),
            // Connected, warnings, and whatever is new.
            _ => return Ok(None),
        }
        let turn = message["turn_index"].as_i64().unwrap_or_default();
        let text = message["transcript"].as_str().unwrap_or_default().trim();
        if text.len() > words::LONGEST {
            return Err(format!("{peer} sent a transcript that does not end."));
        }
        if turn < self.next {
            return Ok(None);
        }
        Ok(Some(match message["event"].as_str().unwrap_or_default() {
            "StartOfTurn" if text.is_empty() => TurnEvent::Begins,
            "StartOfTurn" | "Update" if !text.is_empty() => TurnEvent::SoFar(text.to_owned()),
            "EagerEndOfTurn" => TurnEvent::Likely(text.to_owned()),
            "TurnResumed" => TurnEvent::GoesOn,
            "EndOfTurn" => {
                self.next = turn.saturating_add(1);
                TurnEvent::Over(Hypothesis {
                    text: text.to_owned(),
                    confidence: confidence(&message),
                    language: language(&message),
                })
            }
            _ => return Ok(None),
        }))
    }
}

/// The only language that the service hears in this turn.
fn language(message: &Value) -> Option<Language> {
    match message["languages"].as_array().map(Vec::as_slice) {
        Some([language]) => language.as_str().and_then(Language::of),
        Some(_) | None => None,
    }
}

/// How sure the service is of its words; where it does not say, rather sure.
fn confidence(message: &Value) -> f32 {
    let words = message["words"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sure: Vec<f64> = words.iter().filter_map(|word| word["confidence"].as_f64()).collect();
    if sure.is_empty() { 0.9 } else { (sure.iter().sum::<f64>() / sure.len() as f64) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(event: &str, turn: i64, text: &str) -> String {
        serde_json::json!({
            "type": "TurnInfo", "event": event, "turn_index": turn, "transcript": text,
            "words": [{"word": "yes", "confidence": 0.5}, {"word": "please", "confidence": 1.0}],
        })
        .to_string()
    }

    #[test]
    fn what_the_service_says_of_turns_is_read() {
        let mut turns = Turns::default();
        let mut read = |message: &str| turns.read(message, "it").expect("it is read");
        assert_eq!(read(r#"{"type":"Connected","request_id":"x","sequence_id":0}"#), None);
        assert_eq!(read(&info("StartOfTurn", 0, "")), Some(TurnEvent::Begins));
        assert_eq!(read(&info("StartOfTurn", 0, "yes")), Some(TurnEvent::SoFar("yes".into())));
        assert_eq!(read(&info("Update", 0, "")), None);
        assert_eq!(read(&info("Update", 0, "yes")), Some(TurnEvent::SoFar("yes".into())));
        assert_eq!(read(&info("EagerEndOfTurn", 0, "yes")), Some(TurnEvent::Likely("yes".into())));
        assert_eq!(read(&info("TurnResumed", 0, "yes")), Some(TurnEvent::GoesOn));
        let over = Hypothesis { text: "yes please".into(), confidence: 0.75, language: None };
        assert_eq!(read(&info("EndOfTurn", 0, " yes please ")), Some(TurnEvent::Over(over)));
        assert_eq!(read(&info("Update", 0, "yes please")), None, "that turn is over");
        assert_eq!(read(&info("Dances", 1, "yes")), None);
        assert_eq!(read(r#"{"type":"New"}"#), None);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_a_reason() {
        let read = |message: &str| Turns::default().read(message, "it").expect_err("it is refused");
        assert_eq!(read("<html>"), "it sent a message that is no JSON.");
        assert_eq!(read(r#"{"type":"Error","description":"no\nmore"}"#), "it gave up: nomore");
        let long = "word ".repeat(words::LONGEST);
        assert_eq!(read(&info("Update", 0, &long)), "it sent a transcript that does not end.");
    }
}
