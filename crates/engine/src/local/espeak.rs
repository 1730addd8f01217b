//! espeak-ng, the voice of a hundred languages: a program of its own, as its licence wants it.
//!
//! Facts: espeak-ng 1.51 as Debian packages it. It writes a WAV file of 22 050 Hz with sizes that mean nothing.

use super::{Speech, Tts, inflow::Inflow, program::Program, tts};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture};
use std::{pin::pin, time::Duration};

/// Speaks by espeak-ng.
#[derive(Clone, Debug)]
pub struct Espeak {
    pub program: Program,
    /// Words a minute, 80 to 450.
    pub words_a_minute: u32,
}

impl Default for Espeak {
    fn default() -> Self {
        let program = Program {
            path: "espeak-ng".into(),
            install: "install it: apt-get install espeak-ng".into(),
            patience: Duration::from_secs(20),
        };
        Self { program, words_a_minute: 160 }
    }
}

/// Its voice for a language (BCP 47): most are called as the language, some as the region, too.
pub fn voice(language: &str) -> String {
    let tag = language.to_ascii_lowercase().replace('_', "-");
    match tag.as_str() {
        "" | "en" => "en-us".into(),
        "en-us" | "en-gb" | "en-029" | "pt-br" | "fr-be" | "fr-ch" | "es-419" => tag,
        "es-mx" | "es-us" | "es-ar" | "es-co" | "es-cl" => "es-419".into(),
        _ => match tag.split('-').next().unwrap_or_default() {
            "zh" => "cmn".into(),
            "no" => "nb".into(),
            "en" => "en-gb".into(),
            primary => primary.into(),
        },
    }
}

/// Whether this can be a voice of its: a language with variants, such as `en-us` or `de+f3`.
pub fn is_voice(name: &str) -> bool {
    let language = name.split(['-', '+']).next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+'))
        && !flite_has(name)
}

/// Flite's voices have names of three letters, too.
fn flite_has(name: &str) -> bool {
    super::flite::VOICES.contains(&name)
}

impl Tts for Espeak {
    fn speak(&self, text: &str, voice: &str) -> BoxFuture<'static, Speech> {
        let rate = self.words_a_minute.to_string();
        let arguments = ["-v", voice, "-s", &rate, "--stdin", "--stdout"].map(Into::into);
        let written = self.program.run(arguments.into(), text.to_owned());
        let is_to_sound = tts::is_to_sound(text);
        async move {
            let mut written = pin!(written);
            let mut file = Inflow::new(22_050);
            let mut samples = Vec::new();
            let odd = |why: String| format!("espeak-ng wrote {why}.");
            while let Some(bytes) = written.next().await {
                samples.extend(file.push(&bytes?).map_err(odd)?);
            }
            samples.extend(file.finish_of(is_to_sound).map_err(odd)?);
            Ok(samples.into())
        }
        .boxed()
    }
}
