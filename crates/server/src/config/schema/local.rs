//! The parts of the engine `local`: who hears and who speaks.

use super::{Section, Setting};
use crate::config::{Ear, Hearing, Speaking};

const EARS: [(&str, Ear); 2] = [("energy", Ear::Energy), ("neural", Ear::Neural)];
const HEARING: [(&str, Hearing); 4] = [
    ("pocketsphinx", Hearing::PocketSphinx),
    ("whisper", Hearing::Whisper),
    ("openai", Hearing::OpenAi),
    ("deepgram", Hearing::Deepgram),
];
const SPEAKING: [(&str, Speaking); 5] = [
    ("flite", Speaking::Flite),
    ("espeak", Speaking::Espeak),
    ("piper", Speaking::Piper),
    ("openai", Speaking::OpenAi),
    ("deepgram", Speaking::Deepgram),
];

pub(super) const SECTIONS: &[Section] = &[Section {
    name: "local",
    about: "The engine `local`: who hears and who speaks, in any combination. `docs/engines.md` has recipes.",
    settings: &[
        Setting::new(
            "local.vad",
            &["VAD"],
            "energy",
            "Who tells the caller's speech from other sounds: `energy` (by loudness; costs nothing) or `neural` (a small neural \
             network that is part of this program; noise, music and knocking do not disturb it). `docs/speech.md` has what was \
             measured.",
            |c, v| v.choice(&EARS).map(|vad| c.local.vad = vad),
        ),
        Setting::new(
            "local.hear",
            &["HEAR"],
            "pocketsphinx",
            "Who hears: `pocketsphinx` (on this machine, only what the desk waits for, English), `whisper` (on this machine, any \
             words, with a model that `earpiece models pull` fetches), `openai` (or any service with the same \
             `/audio/transcriptions`), `deepgram`.",
            |c, v| v.choice(&HEARING).map(|hear| c.local.hear = hear),
        ),
        Setting::new(
            "local.hear_model",
            &["HEAR_MODEL"],
            "",
            "The model that hears. For `whisper` a name that `earpiece models list` shows, or the path of a file; where it is \
             not set: `base.en`, or `base` where the assistant's language is another, `gpt-transcribe` at OpenAI, `nova-3` at \
             Deepgram (those named `flux-…` follow the call and say themselves where turns end).",
            |c, v| v.text().map(|text| c.local.hear_model = text),
        )
        .example("small"),
        Setting::new(
            "local.hear_words",
            &["HEAR_WORDS"],
            "",
            "Names and words that callers are likely to say, with commas between them: a hint for whoever hears but \
             PocketSphinx.",
            |c, v| v.text().map(|text| c.local.hear_words = text),
        )
        .example("Dr. Okafor, Elm Street"),
        Setting::new(
            "local.hear_url",
            &["HEAR_URL"],
            "",
            "With `openai`: the service that hears, such as speaches, faster-whisper-server or Groq. Where it is not set: \
             OPENAI_BASE_URL. What the caller says goes there; without TLS it belongs into your own network.",
            |c, v| v.near_url().map(|url| c.local.hear_url = Some(url)),
        )
        .example("http://127.0.0.1:8000/v1"),
        Setting::new(
            "local.hear_api_key",
            &["HEAR_API_KEY"],
            "",
            "The key for HEAR_URL, where it wants one. OPENAI_API_KEY is sent to OPENAI_BASE_URL alone.",
            |c, v| v.secret().map(|key| c.local.hear_api_key = key),
        )
        .example("gsk_…")
        .secret(),
        Setting::new(
            "local.speak",
            &["SPEAK"],
            "flite",
            "Who speaks: `flite` (on this machine), `espeak` (the program espeak-ng), `piper` (the program Piper, with a voice \
             that `earpiece models pull` fetches), `openai` (or any service with the same `/audio/speech`), `deepgram` (Aura).",
            |c, v| v.choice(&SPEAKING).map(|speak| c.local.speak = speak),
        ),
        Setting::new(
            "local.speak_voice",
            &["SPEAK_VOICE"],
            "",
            "The voice of the engine `local`; where it is not set: VOICE. For `piper` a name that `earpiece models list` shows, or \
             the path of an `.onnx` file.",
            |c, v| v.text().map(|text| c.local.speak_voice = text),
        )
        .example("en_US-lessac-medium"),
        Setting::new(
            "local.speak_model",
            &["SPEAK_MODEL"],
            "gpt-4o-mini-tts",
            "With `openai`: the model that speaks.",
            |c, v| v.text().map(|text| c.local.speak_model = text),
        ),
        Setting::new(
            "local.speak_manner",
            &["SPEAK_MANNER"],
            "",
            "With `openai`: how it is to be said, for models that take instructions.",
            |c, v| v.text().map(|text| c.local.speak_manner = text),
        )
        .example("Warm and unhurried."),
        Setting::new(
            "local.speak_url",
            &["SPEAK_URL"],
            "",
            "With `openai`: the service that speaks, such as Kokoro-FastAPI or speaches. Where it is not set: OPENAI_BASE_URL.",
            |c, v| v.near_url().map(|url| c.local.speak_url = Some(url)),
        )
        .example("http://127.0.0.1:8880/v1"),
        Setting::new(
            "local.speak_api_key",
            &["SPEAK_API_KEY"],
            "",
            "The key for SPEAK_URL, where it wants one.",
            |c, v| v.secret().map(|key| c.local.speak_api_key = key),
        )
        .example("sk-…")
        .secret(),
        Setting::new(
            "local.piper",
            &["PIPER"],
            "piper",
            "With `piper`: the program.",
            |c, v| v.path().map(|path| c.local.piper = path),
        ),
    ],
}];
