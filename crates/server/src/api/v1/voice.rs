//! Talking to the assistant without a telephone: a WAV in, what was understood and what it is answered out.

use super::{
    door::Entered,
    input::Wanted,
    problem::{OrMissing, OrRefused, OrUnanswered, Problem, Told, Usual},
};
use crate::{
    app::App,
    phone::voice::{self, NoTurn},
    voicemail::wav,
};
use axum::{
    Json,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use sound::{g711::samples_to_ulaw, wav::Wav};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// The largest file, in bytes: half a minute as studios have it.
pub(super) const LARGEST: usize = 6 * 1024 * 1024;
/// The longest that may be said at a time, in seconds: as long as carriers record.
const LONGEST: usize = 30;
const HERTZ: u32 = 8_000;

/// With whom.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(super) struct With {
    /// The conversation to go on with; a new one where it is not said.
    conversation: Option<String>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Answered {
    /// The call's id, by which the conversation goes on.
    conversation: String,
    /// How the assistant began, before it was spoken to; in a conversation's first answer alone.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    greeting: String,
    /// What was understood; empty: nothing, or not yet.
    transcript: String,
    /// What it was answered.
    reply: String,
    /// The same as it sounds: a WAV (16-bit PCM, 8 kHz), in base64.
    #[schema(content_encoding = "base64", content_media_type = "audio/wav")]
    audio: String,
    /// The assistant has hung up: the next turn begins another conversation.
    over: bool,
}

/// Says something to the assistant
///
/// A caller's turn without a telephone, for tests: the body is a WAV (16-bit PCM, µ-law or A-law) of at most 30 seconds and 6 MiB. It
/// is a call of yours, by turns, with the assistant and the engine that are set: what is asked for is done. A conversation is
/// kept for three minutes after each turn. With `Accept: audio/wav` the reply's sound comes alone, and the headers
/// `Conversation` and `Conversation-Over` tell the rest.
#[utoipa::path(post, path = "/voice", tag = "Calls", params(With),
    request_body(description = "What the caller says.", content(("audio/wav"), ("application/octet-stream"))),
    responses((status = 200, description = "What it was answered.", content((Answered = "application/json"), ("audio/wav"))),
        Usual, OrMissing, OrRefused, OrUnanswered))]
pub(super) async fn say(
    State(app): State<Arc<App>>,
    entered: Entered,
    Wanted(with): Wanted<With>,
    headers: HeaderMap,
    file: Result<Bytes, BytesRejection>,
) -> Told<Response> {
    let file = file.map_err(|why| {
        let status = Some(why.status()).filter(StatusCode::is_client_error);
        Problem::new(
            status.unwrap_or(StatusCode::BAD_REQUEST),
            "The file could not be read, or is too large.",
        )
    })?;
    let said = heard(&file).map_err(Problem::refused)?;
    let turn = voice::turn(&app, &entered.0, with.conversation.as_deref(), said).await?;
    let file = wav(&turn.sound);
    if wants_sound(&headers) {
        let over = if turn.over { "true" } else { "false" };
        let told = [
            (header::CONTENT_TYPE, "audio/wav"),
            (header::HeaderName::from_static("conversation"), turn.call.as_str()),
            (header::HeaderName::from_static("conversation-over"), over),
        ];
        return Ok((told, file).into_response());
    }
    Ok(Json(Answered {
        conversation: turn.call,
        greeting: turn.greeting,
        transcript: turn.transcript,
        reply: turn.reply,
        audio: BASE64_STANDARD.encode(file),
        over: turn.over,
    })
    .into_response())
}

/// As it is heard by telephone: µ-law. Or a sentence that says why not.
fn heard(file: &[u8]) -> Result<Vec<u8>, String> {
    let file = Wav::read(file).map_err(|why| format!("The body is nothing that can be heard: {why}."))?;
    let frames = file.samples.len() / usize::from(file.channels.max(1));
    if frames > LONGEST * file.hertz as usize {
        return Err(format!("That is too long: say at most {LONGEST} seconds at a time."));
    }
    let samples = file.to_mono(HERTZ);
    if samples.is_empty() {
        return Err("The file holds no sound.".into());
    }
    Ok(samples_to_ulaw(&samples))
}

/// Whether the program prefers sound to words: it names sound, and JSON not before.
fn wants_sound(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    let kinds = accepts.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let mut known = kinds.filter(|kind| ["audio/wav", "audio/x-wav", "application/json"].contains(kind));
    known.next().is_some_and(|kind| kind.starts_with("audio/"))
}

impl From<NoTurn> for Problem {
    fn from(why: NoTurn) -> Self {
        let status = match why {
            NoTurn::Busy => StatusCode::SERVICE_UNAVAILABLE,
            NoTurn::Unknown => StatusCode::NOT_FOUND,
            NoTurn::Underway => StatusCode::CONFLICT,
            NoTurn::Spent => StatusCode::UNPROCESSABLE_ENTITY,
            NoTurn::Nobody(_) => StatusCode::BAD_GATEWAY,
            NoTurn::Late => StatusCode::GATEWAY_TIMEOUT,
            NoTurn::Store(error) => return error.into(),
        };
        Self::new(status, why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wav_that_is_not_too_long_is_heard() {
        let seconds = |hertz: u32, seconds: usize| Wav::mono(hertz, vec![1_000; hertz as usize * seconds]);
        assert_eq!(heard(&seconds(16_000, 30).write()).expect("heard").len(), 240_000);
        for (file, why) in [
            (b"hello".to_vec(), "this is no WAV file"),
            (seconds(8_000, 31).write(), "at most 30 seconds"),
            (seconds(8_000, 0).write(), "no sound"),
        ] {
            let told = heard(&file).expect_err("it is refused");
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn sound_comes_alone_to_whoever_asks_for_it_first() {
        for (accepts, sound) in [
            ("audio/wav", true),
            ("audio/x-wav;q=0.9, application/json", true),
            ("application/json, audio/wav", false),
            ("*/*", false),
            ("", false),
        ] {
            let headers = [(header::ACCEPT, accepts.parse().expect("a header"))].into_iter().collect();
            assert_eq!(wants_sound(&headers), sound, "{accepts}");
        }
    }
}
