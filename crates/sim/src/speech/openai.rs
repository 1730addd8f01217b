//! `OpenAI`'s transcriptions and speech.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/audio>, the types of the package `openai`.

use super::{Asked, Fault, Made, Script, has_key, multipart, tone};
use crate::http::{Request, Response};
use serde_json::{Value, json};
use sound::wav::Wav;

const TRANSCRIPTION: [&str; 13] = [
    "file",
    "model",
    "language",
    "languages[]",
    "prompt",
    "keywords[]",
    "response_format",
    "temperature",
    "timestamp_granularities[]",
    "include[]",
    "chunking_strategy",
    "known_speaker_names[]",
    "stream",
];
const SPEECH: [&str; 7] =
    ["model", "input", "voice", "instructions", "response_format", "speed", "stream_format"];
const VOICES: [&str; 13] = [
    "alloy", "ash", "ballad", "coral", "echo", "fable", "onyx", "nova", "sage", "shimmer", "verse", "marin",
    "cedar",
];
const LARGEST: usize = 25 * 1024 * 1024;

pub(super) fn transcription(request: &Request, script: &Script) -> Result<(Asked, Made), Response> {
    admitted(request, script)?;
    let wrong = |why: String| refusal(400, "invalid_request_error", &why);
    let parts =
        multipart::read(request.header("content-type").unwrap_or_default(), &request.body).map_err(wrong)?;
    let (mut asked, mut file) = (Asked { target: request.target.clone(), ..Asked::default() }, None);
    for part in parts {
        if !TRANSCRIPTION.contains(&part.name.as_str()) {
            return Err(wrong(format!("Unrecognized request argument supplied: {}", part.name)));
        }
        if part.name == "file" {
            file = Some(part);
        } else {
            let value =
                String::from_utf8(part.body).map_err(|_| wrong(format!("{} is not text", part.name)))?;
            asked.fields.push((part.name, value));
        }
    }
    let file = file.ok_or_else(|| wrong("Missing required parameter: 'file'.".into()))?;
    let name = file.file_name.unwrap_or_default();
    let known = ["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"];
    if !name.rsplit_once('.').is_some_and(|(_, end)| known.contains(&end)) {
        return Err(wrong(format!("Unrecognized file format: {name:?}. Supported formats: {known:?}")));
    }
    if file.body.len() > LARGEST {
        return Err(refusal(413, "invalid_request_error", "Maximum content size limit (26214400) exceeded"));
    }
    let wav =
        Wav::read(&file.body).map_err(|why| wrong(format!("The audio file could not be decoded: {why}")))?;
    (asked.hertz, asked.sound) = (wav.hertz, wav.samples);
    let model = asked.field("model").filter(|model| !model.is_empty());
    let model = model.ok_or_else(|| wrong("you must provide a model parameter".into()))?.to_owned();
    let format = asked.field("response_format").unwrap_or("json").to_owned();
    let formats: &[&str] =
        if model.contains("whisper") { &["json", "text", "srt", "verbose_json", "vtt"] } else { &["json"] };
    if !formats.contains(&format.as_str()) {
        return Err(wrong(format!("response_format '{format}' is not compatible with model '{model}'")));
    }
    if asked.field("language").is_some_and(|l| l.len() != 2 || !l.bytes().all(|b| b.is_ascii_lowercase())) {
        return Err(wrong("Language is not supported; give it in ISO-639-1.".into()));
    }
    if asked.field("temperature").is_some_and(|t| !t.parse::<f32>().is_ok_and(|t| (0.0..=1.0).contains(&t))) {
        return Err(wrong("temperature is a number from 0 to 1".into()));
    }
    Ok((asked.clone(), transcript(script, &asked, &format)))
}

fn transcript(script: &Script, asked: &Asked, format: &str) -> Made {
    let seconds = asked.sound.len() as f32 / asked.hertz.max(1) as f32;
    let answer = match (&script.fault, format) {
        (Some(Fault::WrongFormat), _) => {
            return Made { kind: "text/html", body: b"<html></html>".to_vec(), is_sound: false };
        }
        (Some(Fault::OtherJson), _) => json!({"object": "list", "data": []}),
        (_, "verbose_json") => json!({
            "task": "transcribe", "language": "english", "duration": seconds, "text": script.words,
            "segments": [{
                "id": 0, "seek": 0, "start": 0.0, "end": seconds, "text": script.words, "tokens": [50_364],
                "temperature": 0.0, "avg_logprob": -0.25, "compression_ratio": 1.0, "no_speech_prob": script.no_speech
            }]
        }),
        _ => json!({"text": script.words, "usage": {"type": "duration", "seconds": seconds.ceil()}}),
    };
    Made { kind: "application/json", body: answer.to_string().into_bytes(), is_sound: false }
}

pub(super) fn speech(request: &Request, script: &Script) -> Result<(Asked, Made), Response> {
    admitted(request, script)?;
    let wrong = |why: &str| refusal(400, "invalid_request_error", why);
    if !request.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(wrong("you must provide a JSON body"));
    }
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| wrong("We could not parse the JSON body of your request."))?;
    let fields = body.as_object().ok_or_else(|| wrong("The body is no object."))?;
    if let Some(unknown) = fields.keys().find(|name| !SPEECH.contains(&name.as_str())) {
        return Err(wrong(&format!("Unrecognized request argument supplied: {unknown}")));
    }
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
    let model = text("model").ok_or_else(|| wrong("you must provide a model parameter"))?;
    let input = text("input").ok_or_else(|| wrong("Missing required parameter: 'input'."))?;
    let voice = text("voice").ok_or_else(|| wrong("Missing required parameter: 'voice'."))?;
    if input.chars().count() > 4_096 {
        return Err(wrong("string_too_long: String should have at most 4096 characters"));
    }
    if !VOICES.contains(&voice) {
        return Err(wrong(&format!("Input should be one of {VOICES:?}; got {voice:?}")));
    }
    if body.get("instructions").is_some() && model.starts_with("tts-1") {
        return Err(wrong("instructions do not work with tts-1"));
    }
    let format = text("response_format").unwrap_or("mp3");
    if !["mp3", "opus", "aac", "flac", "wav", "pcm"].contains(&format) {
        return Err(wrong("response_format is none of mp3, opus, aac, flac, wav, pcm"));
    }
    let told = fields
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    let asked = Asked { target: request.target.clone(), fields: told.collect(), ..Asked::default() };
    let sound = tone(script.seconds, 24_000);
    let made = match (&script.fault, format) {
        (Some(Fault::WrongFormat), _) => Made {
            kind: "application/octet-stream",
            body: b"ID3\x04\0\0\0\0\0\0".repeat(900),
            is_sound: true,
        },
        (Some(Fault::OtherJson), _) => {
            Made { kind: "application/json", body: b"{\"detail\":\"loading\"}".to_vec(), is_sound: false }
        }
        (_, "pcm") => Made { kind: "audio/pcm", body: sound::samples_to_pcm(&sound), is_sound: true },
        (_, "wav") => Made { kind: "audio/wav", body: Wav::mono(24_000, sound).write(), is_sound: true },
        // Nobody here asks for it.
        _ => Made { kind: "audio/mpeg", body: b"\xff\xfb\x90\x00".repeat(900), is_sound: true },
    };
    Ok((asked, made))
}

fn admitted(request: &Request, script: &Script) -> Result<(), Response> {
    if let Some(Fault::Status(status)) = script.fault {
        let kind = match status {
            401 => "invalid_request_error",
            429 => "rate_limit_exceeded",
            _ => "server_error",
        };
        // The service repeats what it was given, of which the owner must see nothing.
        let given = request.header("authorization").unwrap_or_default().replace("Bearer ", "");
        return Err(refusal(status, kind, &format!("It was ordered to refuse {given}.")));
    }
    if request.method != "POST" {
        return Err(refusal(405, "invalid_request_error", "Only POST requests are accepted."));
    }
    if !has_key(request, "Bearer", &script.key) {
        return Err(refusal(401, "invalid_request_error", "Incorrect API key provided."));
    }
    Ok(())
}

fn refusal(status: u16, kind: &str, message: &str) -> Response {
    Response::json(status, &json!({"error": {"message": message, "type": kind, "param": null, "code": null}}))
}
