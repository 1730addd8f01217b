//! How a call of a Call Control application is told what to do: its events are only received, and what is to happen goes
//! to the API as a request. To end or to transfer it, see [`Ask`](crate::Ask).
//!
//! Source: <https://developers.telnyx.com/docs/voice/programmable-voice/voice-api-commands-and-resources>.

use super::{
    Telnyx, api, event,
    stream::{self, MODE},
};
use crate::{Document, Request};
use bytes::Bytes;
use serde_json::json;

/// Whether a webhook is such an event: answered by [`received`], whatever it says.
pub fn is_event(request: &Request<'_>) -> bool {
    event::is_event(request)
}

/// What an event is answered.
pub fn received() -> Document {
    Document { content_type: "application/json", body: "{}".into() }
}

/// Takes a ringing call and opens a media stream to this `wss:` address. The token comes back as that of
/// [`Reply::Stream`](crate::Reply::Stream) does. The `id` makes a second request harmless.
pub fn answer(
    telnyx: &Telnyx,
    call: &str,
    url: &str,
    token: &str,
    id: &str,
    (base, key): (&str, &str),
) -> http::Request<Bytes> {
    let codec = stream::codec(telnyx.format).expect("such a format is not taken in the first place");
    let mut body = json!({
        "stream_url": url, "stream_track": "inbound_track", "stream_codec": codec,
        "stream_bidirectional_mode": MODE, "stream_bidirectional_codec": codec,
        "custom_parameters": [{"name": "token", "value": token}],
        "command_id": id,
    });
    if telnyx.format.sample_size() == 2 {
        body["stream_bidirectional_sampling_rate"] = telnyx.format.hertz().into();
    }
    api::action(call, "answer", body, (base, key))
}

/// Does not take a ringing call.
pub fn reject(call: &str, id: &str, (base, key): (&str, &str)) -> http::Request<Bytes> {
    api::action(call, "reject", json!({"cause": "CALL_REJECTED", "command_id": id}), (base, key))
}

/// Says this to a call that was taken.
pub fn say(
    call: &str,
    words: &str,
    language: &str,
    id: &str,
    (base, key): (&str, &str),
) -> http::Request<Bytes> {
    let words: String = words.chars().take(3_000).collect();
    let language = if language.is_empty() { "en-US" } else { language };
    let body = json!({
        "payload": words, "voice": "female", "service_level": "basic", "language": language, "command_id": id,
    });
    api::action(call, "speak", body, (base, key))
}
