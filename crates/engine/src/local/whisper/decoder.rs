//! whisper.cpp itself, inside of a speech worker.

use super::{Ear, Transcript, file};
use call::Language;
use sound::resample;
use std::{path::PathBuf, sync::Once};
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState};

/// A model that is loaded.
pub(in crate::local) struct Decoder {
    path: PathBuf,
    multilingual: bool,
    state: WhisperState,
}

/// What it listens to at least, in samples of 16 kHz: it makes words up where there is less.
const SHORTEST: usize = 18_000;
const HERTZ: u32 = 16_000;
/// Less sound than this, in samples of 8 kHz, tells no language.
const TELLING: usize = 9_600;
/// More than anybody says.
const TOKENS_A_SECOND: i32 = 10;

/// Its library's log goes to nobody.
static SILENCED: Once = Once::new();

impl Decoder {
    pub(in crate::local) fn open(path: PathBuf) -> Result<Self, String> {
        SILENCED.call_once(whisper_rs::install_logging_hooks);
        let model = file::check(&path)?;
        let name = path.display();
        let text = path
            .to_str()
            .filter(|path| !path.contains('\0'))
            .ok_or_else(|| format!("{name} cannot be opened"))?;
        let refused = |why| format!("Whisper does not take the model {name}: {why}");
        let context =
            WhisperContext::new_with_params(text, WhisperContextParameters::default()).map_err(refused)?;
        let state = context.create_state().map_err(refused)?;
        Ok(Self { multilingual: model.multilingual, path, state })
    }

    pub(in crate::local) fn has(&self, ear: &Ear) -> bool {
        self.path == ear.model
    }

    /// Writes down one utterance of 8 kHz.
    pub(in crate::local) fn transcribe(&mut self, samples: &[i16], ear: &Ear) -> Result<Transcript, String> {
        let mut wide: Vec<f32> =
            resample::resample(samples, 8_000, HERTZ).into_iter().map(|s| f32::from(s) / 32_768.0).collect();
        wide.resize(wide.len().max(SHORTEST), 0.0);
        let known = |tag: &str| {
            Language::of(tag).map(own_code).filter(|code| whisper_rs::get_lang_id(code).is_some())
        };
        let language = known(&ear.language);
        let finds_out = language.is_none() || (!ear.others.is_empty() && samples.len() >= TELLING);
        if !self.multilingual || !finds_out {
            let language = if self.multilingual { language.as_deref() } else { Some("en") };
            self.decode(&wide, language, &ear.prompt)?;
            return Ok(self.transcript());
        }
        self.decode(&wide, None, &ear.prompt)?;
        let found = self.state.full_lang_id_from_state();
        let found = whisper_rs::get_lang_str(found).and_then(Language::of);
        let expected = ear.others.iter().chain([&ear.language]).filter_map(|tag| Language::of(tag));
        if language.is_some() && !expected.into_iter().any(|expected| Some(expected) == found) {
            // None that is spoken here: a short sound, or a name.
            self.decode(&wide, language.as_deref(), &ear.prompt)?;
            return Ok(self.transcript());
        }
        Ok(Transcript { language: found.map(|found| found.code().to_owned()), ..self.transcript() })
    }

    fn decode(&mut self, wide: &[f32], language: Option<&str>, prompt: &str) -> Result<(), String> {
        let mut params = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        let cores = std::thread::available_parallelism().map_or(2, usize::from).min(8);
        params.set_n_threads(i32::try_from(cores).expect("there are eight at most"));
        params.set_language(language);
        params.set_no_context(true);
        // Nobody waits for a second attempt at another temperature, or for more words than can be said in that time.
        params.set_temperature_inc(0.0);
        let seconds = i32::try_from(wide.len() / HERTZ as usize).unwrap_or(30);
        params.set_max_tokens((seconds + 1) * TOKENS_A_SECOND);
        params.set_no_timestamps(true);
        params.set_suppress_nst(true);
        params.set_print_progress(false);
        params.set_print_realtime(false);
        params.set_print_special(false);
        params.set_print_timestamps(false);
        let prompt: String = prompt.chars().filter(|c| *c != '\0').collect();
        if !prompt.is_empty() {
            params.set_initial_prompt(&prompt);
        }
        self.state.full(params, wide).map_err(|why| format!("Whisper failed: {why}"))?;
        Ok(())
    }

    fn transcript(&self) -> Transcript {
        let (mut text, mut nobody, mut segments) = (String::new(), 0.0, 0.0);
        let (mut sum, mut tokens) = (0.0, 0.0);
        for segment in self.state.as_iter() {
            if let Ok(words) = segment.to_str_lossy() {
                text.push_str(&words);
            }
            nobody += segment.no_speech_probability();
            segments += 1.0;
            for at in 0..segment.n_tokens() {
                if let Some(token) = segment.get_token(at) {
                    sum += token.token_probability().max(1e-9).ln();
                    tokens += 1.0;
                }
            }
        }
        let mean = |sum: f32, of: f32| if of > 0.0 { sum / of } else { 0.0 };
        Transcript {
            text: text.trim().to_owned(),
            no_speech: if segments > 0.0 { mean(nobody, segments) } else { 1.0 },
            log_probability: mean(sum, tokens),
            language: None,
        }
    }
}

/// As Whisper calls it.
fn own_code(language: Language) -> String {
    match language.code() {
        "nb" => "no".into(),
        code => code.into(),
    }
}
