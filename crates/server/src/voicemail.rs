//! Voicemail: the engine that takes it, and what becomes of what it took.

use crate::{
    app::App,
    clock,
    config::Config,
    insist::insist,
    sentences, settings,
    webhooks::{self, Event, Kind},
};
use call::{Format, Language};
use engine::{
    Brief, Engine,
    local::{
        Tts, espeak, flite,
        parts::Speak,
        tts,
        vad::Energy,
        voicemail::{Left, Spare, Voicemail, VoicemailSetup},
    },
};
use sound::{g711, wav::Wav};
use std::sync::Arc;
use store::NewVoicemail;
use tool::{
    Errand, Trust,
    message::{job, words},
};

/// What a call says its engine is where nobody answers.
pub const ENGINE: &str = "voicemail";
/// What Flite speaks, which is always there.
const ENGLISH: &str = "en";
/// The largest sound that goes with a letter, as a WAV: a minute and a half.
const LARGEST_ATTACHED: usize = 3 * 512 * 1024;

/// Whose message it is.
#[derive(Clone, Debug)]
pub struct Leaving {
    pub call: String,
    pub from: String,
}

/// The voicemail of one call, in its language where somebody here speaks that, else in English. Where another engine `failed`
/// before, the caller is told that something went wrong.
pub fn engine(app: &Arc<App>, config: &Config, brief: &Brief, leaving: Leaving, failed: bool) -> Engine {
    let known = flite::VOICES.contains(&brief.voice.as_str());
    let voice = if known { &brief.voice } else { tts::DEFAULT_VOICE };
    let own = Language::of(&config.assistant.language) == Language::of(&brief.language);
    let native = native(app, config, &brief.language);
    // Where nobody speaks the owner's language, they have heard how their greeting sounds.
    let words = sentences::voicemail(config, ENGLISH, native.is_none(), failed);
    let flite = Spare { words, voice: voice.to_owned(), tts: app.workers.clone() };
    let (speaks, spare) = match native {
        Some((tts, voice)) => {
            let words = sentences::voicemail(config, &brief.language, own, failed);
            (Spare { words, voice, tts }, Some(flite))
        }
        None => (flite, None),
    };
    let setup = VoicemailSetup { words: speaks.words, longest: config.answering.longest, first_item: 0 };
    let keeper = app.clone();
    let keep = move |left: Left| {
        let app = keeper.clone();
        drop(keeper.tasks.spawn(async move { keep(&app, leaving, left).await }));
    };
    let ear = Box::new(Energy::default());
    let voicemail = Voicemail::open(brief, setup, &speaks.voice, speaks.tts, ear, Box::new(keep));
    Engine::Voicemail(Box::new(voicemail.with_spare(spare)))
}

/// Who speaks this language, and with which voice, where that is not English: the voice of the engine `local` as it is set, or
/// espeak-ng.
fn native(app: &App, config: &Config, tag: &str) -> Option<(Arc<dyn Tts>, String)> {
    let language = Language::of(tag).filter(|language| Language::of(ENGLISH) != Some(*language))?;
    let speak = settings::speak(config, &app.http);
    if speak.speaks(language) {
        let own = Language::of(&config.assistant.language) == Some(language);
        let wished = if own || speak.has_voices_for_all() { settings::local_voice(config) } else { "" };
        return Some(speak.tts(&app.workers, wished, tag));
    }
    let espeak = espeak::Espeak::default().program.missing().is_none();
    espeak.then(|| Speak::Espeak.tts(&app.workers, "", tag))
}

/// Keeps what was said, and has a letter about it sent where there is mail.
async fn keep(app: &App, leaving: Leaving, left: Left) {
    let Left { ulaw, words: body } = left;
    let Leaving { call, from } = leaving;
    let now_ms = clock::now_ms();
    let errand =
        Errand { call_id: call.clone(), caller: from, trust: Trust::Stranger, now_ms, began_ms: now_ms };
    let caller = errand.number().unwrap_or_default();
    let config = app.config.get();
    let mail = config.email.smtp_host.is_some();
    let letter = |message: &str| {
        job::voicemail(message, &words::voicemail(caller, seconds(ulaw.len()), &body), now_ms)
    };
    let jobs = |message: &str| {
        let told = webhooks::job_of(app, &Event::new(Kind::MessageTaken, message, now_ms));
        let letter = mail.then(|| letter(message));
        let planned = letter.into_iter().chain(told);
        planned.map(|planned| (planned.kind, planned.key, planned.payload)).collect::<Vec<_>>()
    };
    let new = NewVoicemail { call_id: &call, caller, ulaw: &ulaw, body: &body, taken_ms: now_ms };
    let kept = insist(&app.draining, "a voicemail", || app.store.voicemail_taken(&new, jobs)).await;
    match kept {
        Ok(_) => {
            tracing::info!(%call, seconds = seconds(ulaw.len()), "a voicemail was taken");
            app.bell.ring();
        }
        Err(error) => tracing::error!(%call, %error, "a voicemail could not be kept"),
    }
}

fn seconds(samples: usize) -> usize {
    samples.div_ceil(Format::Ulaw.hertz() as usize)
}

/// As a file that every browser and mail program plays: 16-bit samples of 8 kHz.
pub fn wav(ulaw: &[u8]) -> Vec<u8> {
    Wav::mono(Format::Ulaw.hertz(), g711::ulaw_to_samples(ulaw)).write()
}

/// The same, where it is small enough for a letter.
pub fn attachable(ulaw: &[u8]) -> Option<Vec<u8>> {
    (ulaw.len() * 2 <= LARGEST_ATTACHED).then(|| wav(ulaw))
}
