//! The engines' keys, models and addresses.

use super::{Section, Setting};
use crate::config::TurnBy;
use engine::deepgram;

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "openai",
        about: "The engines `openai`, OpenAI Realtime, and `openai-live`, OpenAI Live.",
        settings: &[
            Setting::new(
                "openai.api_key",
                &["OPENAI_API_KEY"],
                "",
                "The key, from https://platform.openai.com/api-keys.",
                |c, v| v.secret().map(|key| c.openai.api_key = key),
            )
            .example("sk-…")
            .secret(),
            Setting::new(
                "openai.model",
                &["OPENAI_MODEL"],
                "gpt-realtime-2.1",
                "The model that listens and speaks.",
                |c, v| v.text().map(|text| c.openai.model = text),
            ),
            Setting::new(
                "openai.live_model",
                &["OPENAI_LIVE_MODEL"],
                "gpt-live-1",
                "With `openai-live`: the model that listens and speaks.",
                |c, v| v.text().map(|text| c.openai.live_model = text),
            ),
            Setting::new(
                "openai.live_backend_model",
                &["OPENAI_LIVE_BACKEND_MODEL"],
                "gpt-5.6-luna",
                "With `openai-live`: the model behind the voice, which uses the tools.",
                |c, v| v.text().map(|text| c.openai.live_backend_model = text),
            ),
            Setting::new(
                "openai.transcription_model",
                &["OPENAI_TRANSCRIPTION_MODEL"],
                "gpt-transcribe",
                "The model that writes down what the caller says; `none` for none.",
                |c, v| {
                    let text = v.text()?;
                    c.openai.transcription_model =
                        if text.eq_ignore_ascii_case("none") { String::new() } else { text };
                    Ok(())
                },
            ),
            Setting::new(
                "openai.turn_detection",
                &["OPENAI_TURN_DETECTION"],
                "semantic",
                "Who decides that the caller has finished: `semantic` listens to what is said, `server` to silence.",
                |c, v| {
                    let ways = [("semantic", TurnBy::Meaning), ("server", TurnBy::Silence)];
                    v.choice(&ways).map(|by| c.openai.turn.by = by)
                },
            ),
            Setting::new(
                "openai.eagerness",
                &["OPENAI_EAGERNESS"],
                "auto",
                "With `semantic`: how soon it takes a pause for the end. `low`, `medium`, `high` or `auto`.",
                |c, v| {
                    v.choice(&[("low", "low"), ("medium", "medium"), ("high", "high"), ("auto", "auto")])
                        .map(|eagerness| c.openai.turn.eagerness = eagerness)
                },
            ),
            Setting::new(
                "openai.vad_threshold",
                &["OPENAI_VAD_THRESHOLD"],
                "0.5",
                "With `server`: how loud speech must be, 0 to 1. Raise it where it is noisy.",
                |c, v| v.number(0.0..=1.0, "a threshold").map(|number| c.openai.turn.threshold = number),
            ),
            Setting::new(
                "openai.vad_prefix_milliseconds",
                &["OPENAI_VAD_PREFIX_MILLISECONDS"],
                "300",
                "With `server`: how much before the first loud sound belongs to the speech.",
                |c, v| v.number(0..=5000, "milliseconds").map(|number| c.openai.turn.prefix_ms = number),
            ),
            Setting::new(
                "openai.vad_silence_milliseconds",
                &["OPENAI_VAD_SILENCE_MILLISECONDS"],
                "500",
                "With `server`: how much silence ends a turn.",
                |c, v| v.number(50..=10_000, "milliseconds").map(|number| c.openai.turn.silence_ms = number),
            ),
            Setting::new(
                "openai.noise_reduction",
                &["OPENAI_NOISE_REDUCTION"],
                "off",
                "`near_field` for handsets, `far_field` for speakerphones, `off`.",
                |c, v| {
                    let kinds =
                        [("near_field", Some("near_field")), ("far_field", Some("far_field")), ("off", None)];
                    v.choice(&kinds).map(|kind| c.openai.noise_reduction = kind)
                },
            ),
            Setting::new(
                "openai.session_seconds",
                &["OPENAI_SESSION_SECONDS"],
                "3600",
                "After so long the service ends a session. Before it does, the call goes on in a new one.",
                |c, v| v.seconds(10..=86_400).map(|time| c.openai.session = time),
            ),
            Setting::new(
                "openai.realtime_url",
                &["OPENAI_REALTIME_URL"],
                "wss://api.openai.com/v1/realtime",
                "Where the engine is. `ws://` is allowed for this machine alone.",
                |c, v| v.socket_url().map(|url| c.openai.realtime_url = url),
            ),
            Setting::new(
                "openai.live_url",
                &["OPENAI_LIVE_URL"],
                "wss://api.openai.com/v1/live/sessions",
                "Where the engine `openai-live` is.",
                |c, v| v.socket_url().map(|url| c.openai.live_url = url),
            ),
            Setting::new(
                "openai.base_url",
                &["OPENAI_BASE_URL"],
                "https://api.openai.com/v1",
                "Where OpenAI's other services are.",
                |c, v| v.web_url().map(|url| c.openai.base_url = url),
            ),
        ],
    },
    Section {
        name: "deepgram",
        about: "The engine `deepgram`: Deepgram Voice Agent.",
        settings: &[
            Setting::new(
                "deepgram.api_key",
                &["DEEPGRAM_API_KEY"],
                "",
                "The key, from https://console.deepgram.com.",
                |c, v| v.secret().map(|key| c.deepgram.api_key = key),
            )
            .example("0123456789abcdef0123456789abcdef01234567")
            .secret(),
            Setting::new(
                "deepgram.listen_model",
                &["DEEPGRAM_LISTEN_MODEL"],
                deepgram::LISTEN,
                "The model that hears. Those named `flux-…` find the end of a turn by what is said.",
                |c, v| v.text().map(|text| c.deepgram.listen_model = text),
            ),
            Setting::new(
                "deepgram.think_provider",
                &["DEEPGRAM_THINK_PROVIDER"],
                deepgram::PROVIDER,
                "Whose model thinks, on Deepgram's account: `open_ai`, `anthropic`, `google`, `groq` or `deepgram`.",
                |c, v| {
                    let providers = deepgram::PROVIDERS.map(|provider| (provider, provider));
                    v.choice(&providers).map(|provider| c.deepgram.think_provider = provider)
                },
            ),
            Setting::new(
                "deepgram.think_model",
                &["DEEPGRAM_THINK_MODEL"],
                deepgram::THINK,
                "The model that thinks.",
                |c, v| v.text().map(|text| c.deepgram.think_model = text),
            ),
            Setting::new(
                "deepgram.speak_model",
                &["DEEPGRAM_SPEAK_MODEL"],
                deepgram::SPEAK,
                "The voice that speaks where `VOICE` names none of Deepgram's.",
                |c, v| {
                    let text = v.text()?;
                    if !deepgram::has_voice(&text) {
                        return Err("give a voice of Deepgram's, such as aura-2-thalia-en".into());
                    }
                    c.deepgram.speak_model = text;
                    Ok(())
                },
            ),
            Setting::new(
                "deepgram.agent_url",
                &["DEEPGRAM_AGENT_URL"],
                deepgram::ADDRESS,
                "Where the engine is. `ws://` is allowed for this machine alone.",
                |c, v| v.socket_url().map(|url| c.deepgram.agent_url = url),
            ),
            Setting::new(
                "deepgram.base_url",
                &["DEEPGRAM_BASE_URL"],
                "https://api.deepgram.com",
                "Where Deepgram's other services are.",
                |c, v| v.web_url().map(|url| c.deepgram.base_url = url),
            ),
        ],
    },
];
