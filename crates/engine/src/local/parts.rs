//! Which parts hear and speak: as the owner chose, made for one call.

use super::{
    Stt, Tts, deepgram, espeak, flite, openai, piper::Piper, remembered::Remembered, tts, whisper,
    workers::Workers,
};
use crate::deepgram::{hears_many, voice_of};
use call::Language;
use std::sync::Arc;

/// Who hears.
#[derive(Clone, Debug)]
pub enum Hear {
    /// Only what the desk waits for.
    PocketSphinx,
    Whisper(whisper::Ear),
    OpenAi(openai::Transcriber),
    Deepgram(deepgram::Listener),
}

/// Who speaks, each with the voice that is wished for; empty: its own for the language.
#[derive(Clone, Debug)]
pub enum Speak {
    Flite,
    Espeak,
    Piper(Piper),
    OpenAi(openai::Speaker),
    Deepgram(deepgram::Speaker),
}

/// What Deepgram's Flux hears besides English.
///
/// Source: <https://developers.deepgram.com/docs/flux/language-prompting>.
const FLUX: [&str; 9] = ["es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl"];

/// The default voices of those that have one.
pub const PIPER_VOICE: &str = "en_US-lessac-medium";
pub const OPENAI_VOICE: &str = "alloy";

impl Hear {
    /// The same where this language is spoken, and perhaps one of the others.
    #[must_use]
    pub fn in_language(&self, language: &str, others: &[String]) -> Self {
        let mut hear = self.clone();
        let (spoken, expected) = match &mut hear {
            Hear::PocketSphinx => return hear,
            Hear::Whisper(ear) => (&mut ear.language, &mut ear.others),
            Hear::OpenAi(transcriber) => (&mut transcriber.language, &mut transcriber.others),
            Hear::Deepgram(listener) => (&mut listener.language, &mut listener.others),
        };
        language.clone_into(spoken);
        others.clone_into(expected);
        hear
    }

    /// Whether this language can be heard in the middle of a conversation in another.
    pub fn hears(&self, language: Language) -> bool {
        let english = Language::of("en") == Some(language);
        match self {
            Hear::PocketSphinx => english,
            // Models of English alone say so in their names.
            Hear::Whisper(ear) => english || !ear.model.to_string_lossy().contains(".en"),
            Hear::OpenAi(_) => true,
            Hear::Deepgram(listener) if listener.model.starts_with("flux-") => {
                english || (listener.model.ends_with("-multi") && FLUX.contains(&language.code()))
            }
            Hear::Deepgram(listener) => {
                hears_many(&listener.model) || Language::of(&listener.language) == Some(language)
            }
        }
    }

    pub fn stt(&self, workers: &Arc<Workers>) -> Arc<dyn Stt> {
        match self {
            Hear::PocketSphinx => workers.clone(),
            Hear::Whisper(ear) => Arc::new(whisper::Whisper { ear: ear.clone(), workers: workers.clone() }),
            Hear::OpenAi(transcriber) => Arc::new(transcriber.clone()),
            Hear::Deepgram(listener) => Arc::new(listener.clone()),
        }
    }
}

impl Speak {
    /// The part, and the voice that it is asked for: the one that is wished for where it can be had, with a warning where it
    /// cannot.
    pub fn tts(&self, workers: &Arc<Workers>, wished: &str, language: &str) -> (Arc<dyn Tts>, String) {
        let (tts, voice) = self.tts_anew(workers, wished, language);
        let Some(name) = self.name() else { return (tts, voice) };
        (Arc::new(Remembered { tts, name, memory: workers.memory().clone() }), voice)
    }

    /// The same without a memory: whatever it says, it says now.
    pub fn tts_anew(&self, workers: &Arc<Workers>, wished: &str, language: &str) -> (Arc<dyn Tts>, String) {
        let tts: Arc<dyn Tts> = match self {
            Speak::Flite => workers.clone(),
            Speak::Espeak => Arc::new(espeak::Espeak::default()),
            Speak::Piper(piper) => Arc::new(piper.clone()),
            Speak::OpenAi(speaker) => Arc::new(speaker.clone()),
            Speak::Deepgram(speaker) => Arc::new(speaker.clone()),
        };
        (tts, self.voice(wished, language))
    }

    /// By which its voices are told from all others; none where it remembers by itself.
    fn name(&self) -> Option<String> {
        Some(match self {
            Speak::Flite => return None,
            Speak::Espeak => "espeak".into(),
            Speak::Piper(_) => "piper".into(),
            Speak::OpenAi(speaker) => {
                format!("openai {} {} {}", speaker.place.url, speaker.model, speaker.instructions)
            }
            Speak::Deepgram(speaker) => format!("deepgram {}", speaker.place.url),
        })
    }

    /// Whether there is a voice for this language.
    pub fn speaks(&self, language: Language) -> bool {
        match self {
            Speak::Flite => Language::of("en") == Some(language),
            Speak::Espeak | Speak::OpenAi(_) => true,
            Speak::Piper(piper) => piper.voice_of(language).is_some(),
            Speak::Deepgram(_) => voice_of(language).is_some(),
        }
    }

    /// Whether each of its voices speaks every language.
    pub fn has_voices_for_all(&self) -> bool {
        matches!(self, Speak::OpenAi(_))
    }

    fn voice(&self, wished: &str, language: &str) -> String {
        let foreign = |name: &str, voice: &str| {
            if !wished.is_empty() {
                tracing::warn!(voice = wished, "{name} has no such voice and speaks as {voice}");
            }
            voice.to_owned()
        };
        match self {
            Speak::Flite if flite::VOICES.contains(&wished) => wished.to_owned(),
            Speak::Flite => foreign("Flite", tts::DEFAULT_VOICE),
            Speak::Espeak if espeak::is_voice(wished) => wished.to_owned(),
            Speak::Espeak => foreign("espeak-ng", &espeak::voice(language)),
            // Names of files, and of other people's servers: only they know.
            Speak::Piper(_) if wished.contains(['-', '/']) => wished.to_owned(),
            Speak::Piper(piper) => {
                let own = Language::of(language).and_then(|language| piper.voice_of(language));
                foreign("Piper", own.as_deref().unwrap_or(PIPER_VOICE))
            }
            Speak::OpenAi(_) if wished.is_empty() => OPENAI_VOICE.to_owned(),
            Speak::OpenAi(_) => wished.to_owned(),
            Speak::Deepgram(_) if wished.starts_with("aura-") => wished.to_owned(),
            Speak::Deepgram(_) => {
                foreign("Deepgram", Language::of(language).and_then(voice_of).unwrap_or(deepgram::SPEAK))
            }
        }
    }
}

/// What these parts lack on this machine: a sentence for each. Services are not asked.
pub async fn missing(
    hear: &Hear,
    speak: &Speak,
    wished: &str,
    language: &str,
    workers: &Workers,
) -> Vec<String> {
    let (ear, voice) = (matches!(hear, Hear::PocketSphinx), matches!(speak, Speak::Flite));
    let mut missing = match workers.lacking(ear, voice).await {
        Ok(missing) => missing,
        Err(why) => vec![why],
    };
    if let Hear::Whisper(ear) = hear {
        if !whisper::BUILT_IN {
            missing.push(whisper::INSTALL.into());
        }
        missing.extend(whisper::file::check(&ear.model).err());
    }
    match speak {
        Speak::Espeak => missing.extend(espeak::Espeak::default().program.missing()),
        Speak::Piper(piper) => {
            missing.extend(piper.program.missing());
            missing.extend(piper.rate(&speak.voice(wished, language)).err());
        }
        Speak::Flite | Speak::OpenAi(_) | Speak::Deepgram(_) => {}
    }
    missing
}
