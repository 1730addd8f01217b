//! Piper, a neural voice: a program of its own, with a voice file and the file beside it that says its rate.
//!
//! Facts: both the older `piper` (rhasspy) and the newer (OHF-Voice, `pip install piper-tts`) take `--model`, `--output-raw`
//! and `--length-scale`, and read one utterance a line.

use super::{Speech, SpeechStream, Tts, inflow::Inflow, program::Program, tts, web};
use call::Language;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use serde::Deserialize;
use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Speaks by Piper. A voice is the path of its `.onnx` file, or a name of one in `folder`.
#[derive(Clone, Debug)]
pub struct Piper {
    pub program: Program,
    pub folder: PathBuf,
}

impl Piper {
    /// With the voices in this folder.
    pub fn new(path: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        let program = Program {
            path: path.into(),
            install: "install it: pip install piper-tts (Debian's package of that name is something else)"
                .into(),
            patience: Duration::from_secs(30),
        };
        Self { program, folder: folder.into() }
    }

    /// The rate of this voice in hertz; a sentence where it is not there.
    pub fn rate(&self, voice: &str) -> Result<u32, String> {
        rate(&self.model(voice))
    }

    /// A voice of the folder that speaks this language: they are named as `de_DE-thorsten-medium`. Of several the first by name.
    pub fn voice_of(&self, language: Language) -> Option<String> {
        let files = std::fs::read_dir(&self.folder).ok()?;
        let names = files.take(MOST_FILES).filter_map(|file| file.ok()?.file_name().into_string().ok());
        let voices = names.filter_map(|name| Some(name.strip_suffix(".onnx")?.to_owned()));
        let speaks = |voice: &String| voice.contains('-') && Language::of(voice) == Some(language);
        voices.filter(speaks).min()
    }

    fn model(&self, voice: &str) -> PathBuf {
        if Path::new(voice).extension().is_some_and(|end| end == "onnx") {
            PathBuf::from(voice)
        } else {
            self.folder.join(format!("{voice}.onnx"))
        }
    }
}

/// No more files of the folder are looked at.
const MOST_FILES: usize = 1_000;
/// The longest file beside a voice, in bytes.
const LONGEST_SETTINGS: u64 = 1024 * 1024;

#[derive(Deserialize)]
struct Settings {
    audio: Audio,
}

#[derive(Deserialize)]
struct Audio {
    sample_rate: u32,
}

/// The rate of a voice in hertz, from the file beside it.
pub fn rate(model: &Path) -> Result<u32, String> {
    let mut beside = model.as_os_str().to_owned();
    beside.push(".json");
    let beside = PathBuf::from(beside);
    if !model.is_file() {
        let name = model.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        return Err(format!(
            "the voice {} is missing; fetch it: earpiece models pull {name}",
            model.display()
        ));
    }
    let mut text = String::new();
    File::open(&beside).and_then(|file| file.take(LONGEST_SETTINGS).read_to_string(&mut text)).map_err(
        |why| format!("{} cannot be read ({why}); Piper needs it beside the voice", beside.display()),
    )?;
    let settings: Settings = serde_json::from_str(&text).map_err(|why| {
        format!("{} is not the file that belongs to a voice of Piper's: {why}", beside.display())
    })?;
    match settings.audio.sample_rate {
        rate @ 8_000..=48_000 => Ok(rate),
        rate => Err(format!("{} names a rate of {rate} Hz", beside.display())),
    }
}

impl Tts for Piper {
    fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Speech> {
        web::whole(self.stream(text, voice)).boxed()
    }

    fn stream(&self, text: &str, voice: &str) -> SpeechStream {
        let model = self.model(voice);
        let hertz = match rate(&model) {
            Ok(hertz) => hertz,
            Err(why) => return stream::once(async move { Err(why) }).boxed(),
        };
        // One line is one utterance.
        let mut line = text.replace(['\n', '\r'], " ");
        line.push('\n');
        let arguments = vec!["--model".into(), model.into_os_string(), "--output-raw".into()];
        let written = self.program.run(arguments, line).boxed();
        let is_to_sound = tts::is_to_sound(text);
        let state = Some((written, Inflow::new(hertz)));
        let speech = stream::unfold(state, move |state| async move {
            let (mut written, mut inflow) = state?;
            loop {
                let samples = match written.next().await {
                    Some(Ok(bytes)) => inflow.push(&bytes),
                    Some(Err(why)) => return Some((Err(why), None)),
                    None => {
                        let rest = inflow.finish_of(is_to_sound).map_err(|why| format!("Piper wrote {why}."));
                        return Some((rest.map(Arc::from), None));
                    }
                };
                match samples {
                    Ok(samples) if samples.is_empty() => {}
                    Ok(samples) => return Some((Ok(Arc::from(samples)), Some((written, inflow)))),
                    Err(why) => return Some((Err(format!("Piper wrote {why}.")), None)),
                }
            }
        });
        speech.boxed()
    }
}
