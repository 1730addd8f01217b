//! Trying engines before a caller does: at the start, when settings were saved, and while they are at rest.

use super::Engines;
use crate::{answerer, app::App, clock, config::EngineKind, settings};
use call::Failure;
use engine::local::parts;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// Tries one engine as it is set now: a session is opened, configured as for a call, and closed before anything is said,
/// which costs nothing. What came of it is remembered.
pub async fn attempt(app: &Arc<App>, kind: EngineKind) -> Result<(), Failure> {
    let tried = match kind {
        EngineKind::Local => try_local(app).await,
        EngineKind::OpenAi | EngineKind::OpenAiLive | EngineKind::Deepgram => {
            Box::pin(answerer::try_out(app, kind)).await
        }
    };
    match &tried {
        Ok(()) => {
            if app.engines.well(kind) {
                tracing::info!(engine = kind.name(), "an engine is well again, and calls begin with it");
            }
        }
        Err(failure) => {
            app.engines.rest(kind, failure, clock::now());
            tracing::warn!(
                engine = kind.name(),
                lasting = failure.lasting,
                "an engine does not work: {}",
                failure.why
            );
        }
    }
    tried
}

/// Whether the parts of the engine on this machine do what they are for: the voice says a word, and the ear hears it. Services
/// may charge for that.
async fn try_local(app: &App) -> Result<(), Failure> {
    look_at_local(app).await?;
    let config = app.config.get();
    let (hear, speak) = (settings::hear(&config, &app.http), settings::speak(&config, &app.http));
    let (wished, language) = (settings::local_voice(&config), &config.assistant.language);
    let (tts, voice) = speak.tts_anew(&app.workers, wished, language);
    let trying = async {
        let word = tts.speak(WORD, &voice).await?;
        hear.stt(&app.workers).recognise(word.to_vec(), GRAMMAR.into()).await.map(drop)
    };
    let tried = timeout(PATIENCE, trying).await;
    let tried = tried.unwrap_or_else(|_| Err("nothing comes of a trial within a minute".into()));
    tried.map_err(|why| cannot("hear or speak", &why, false))
}

/// Whether the parts of the engine on this machine are there, and whoever thinks: that takes no time and costs nothing.
async fn look_at_local(app: &App) -> Result<(), Failure> {
    let config = app.config.get();
    let (hear, speak) = (settings::hear(&config, &app.http), settings::speak(&config, &app.http));
    let (wished, language) = (settings::local_voice(&config), &config.assistant.language);
    let missing = parts::missing(&hear, &speak, wished, language, &app.workers).await;
    if !missing.is_empty() {
        return Err(cannot("hear or speak", &missing.join("; "), true));
    }
    let thinker = timeout(PATIENCE, settings::try_thinker(&config)).await;
    let late = || Failure { why: "it does not answer".into(), lasting: false };
    let found = thinker.unwrap_or_else(|_| Err(late()));
    found.map_err(|failure| cannot("think", &failure.why, failure.lasting))
}

fn cannot(what: &str, why: &str, lasting: bool) -> Failure {
    Failure { why: format!("The local engine cannot {what}: {why}"), lasting }
}

/// What is said and heard at a trial.
const WORD: &str = "Yes.";
const GRAMMAR: &str = "#JSGF V1.0;\ngrammar trial;\npublic <trial> = yes | no;\n";
/// How long that may take: a model may have to be read from the disk first.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long after the start those are tried that no call has tried by then.
const AT_FIRST: Duration = Duration::from_secs(30);

/// Tries every engine of the list soon, and whenever settings were saved, and those at rest when it is time to.
pub async fn watch(app: Arc<App>) {
    let trying = async {
        glance(&app).await;
        tokio::select! {
            () = tokio::time::sleep(AT_FIRST) => {}
            () = app.engines.changed.notified() => {}
        }
        loop {
            for kind in app.engines.due(&app.config.get().assistant.engines, clock::now()) {
                let _remembered = attempt(&app, kind).await;
            }
            let next = app.engines.next(&app.config.get().assistant.engines);
            let wake = async {
                match next {
                    Some(next) => tokio::time::sleep_until(next.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = wake => {}
                () = app.engines.changed.notified() => {}
            }
        }
    };
    let _told_to_stop = app.draining.run_until_cancelled(trying).await;
}

/// Finds out at once what takes no session to find out.
async fn glance(app: &Arc<App>) {
    let engines = app.config.get().assistant.engines.clone();
    for kind in engines.iter().copied().filter(|kind| *kind != EngineKind::Local) {
        if let Err(failure) = answerer::can_open(app, kind) {
            app.engines.failed(kind, &failure);
        }
    }
    if engines.contains(&EngineKind::Local)
        && let Err(failure) = look_at_local(app).await
    {
        app.engines.failed(EngineKind::Local, &failure);
    }
}

impl Engines {
    /// Those that were never tried, and those at rest whose time it is.
    fn due(&self, engines: &[EngineKind], now: Instant) -> Vec<EngineKind> {
        let known = self.lock();
        let due = |kind: &&EngineKind| match known.get(*kind) {
            None => true,
            Some(state) => state.next.is_some_and(|next| next <= now),
        };
        engines.iter().filter(due).copied().collect()
    }

    /// When the next of them is due.
    fn next(&self, engines: &[EngineKind]) -> Option<Instant> {
        let known = self.lock();
        engines.iter().filter_map(|kind| known.get(kind)?.next).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        answerer::Answerer,
        brief::{self, Dossier},
        memory::Memory,
        serve,
        voicemail::Leaving,
    };
    use call::Manner;
    use sim::openai::{OpenAi, Script};
    use tool::Trust;

    #[tokio::test]
    async fn an_engine_that_is_ready_for_a_caller_need_not_be_tried() {
        let service = OpenAi::listen(Script::default()).await.expect("loopback has a free port");
        let (folder, url) = (tempfile::tempdir().expect("a folder"), service.url());
        let variables = [("ENGINE", "openai"), ("OPENAI_API_KEY", "sk-test"), ("OPENAI_REALTIME_URL", &url)];
        let app = serve::open_in(folder.path(), &variables).await;
        let untried = || app.engines.due(&[EngineKind::OpenAi], clock::now()) == [EngineKind::OpenAi];
        assert!(untried());
        let config = app.config.get();
        let brief = brief::of(&config, "+14155550199", Trust::Stranger, Manner::Duplex);
        let dossier = Dossier::of(config, brief, Memory::default());
        let leaving = Leaving { call: "1".into(), from: "+14155550199".into() };
        let _waiting = Answerer::dial(&app, dossier, Trust::Stranger, leaving, &[EngineKind::OpenAi]);
        let ready = async {
            while untried() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, ready).await.expect("its session is configured");
        assert_eq!(service.sessions().len(), 1);
    }
}
