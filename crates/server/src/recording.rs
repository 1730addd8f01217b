//! Calls that are recorded: which, that their callers are told first, and what both sides sounded like.
//!
//! ```text
//!   webhook: whom ─► the row, and the sentence that the carrier says before anything else
//!   drive.rs ─► Recorder ─► tape.rs: laid out in time ──(bounded)──► keep.rs: sealed, in the database
//!   pages   ◄── wav.rs: any part as a file   ◄── peaks.rs: waveforms ◄──┘
//! ```
//!
//! A call that is recorded waits for nothing: where the database is too slow, a stretch is lost and marked as missing.

pub mod keep;
pub mod peaks;
pub mod tape;
pub mod wav;

use crate::{
    app::App,
    clock,
    config::{Config, Recorded},
    sentences, voicemail,
};
use call::{LineCommand, LineEvent, Manner};
use carrier::Prompt;
use keep::Told;
use std::{sync::Arc, time::Instant};
use tape::{Stretch, Tape};
use tokio::sync::mpsc::{self, error::TrySendError};
use tool::Trust;

/// Stretches that may wait for the database: some minutes of a call.
const WAITING: usize = 48;

/// Decides whether a call that rings is recorded, as this configuration of the number that was called has it, and writes
/// that down. What its caller is told first, where it is: only whoever is told is recorded.
pub async fn announced(app: &App, config: &Config, call: &str, trust: Trust, engine: &str) -> Option<Prompt> {
    // A message is kept as it is.
    if !is_wanted(config, trust) || engine == voicemail::ENGINE || !begun(app, call).await {
        return None;
    }
    Some(Prompt::Say { words: sentences::recorded(config), language: config.assistant.language.clone() })
}

/// Whether calls of somebody so trusted are to be recorded, as this configuration has it.
pub fn is_wanted(config: &Config, trust: Trust) -> bool {
    match config.recording.calls {
        Recorded::Off => false,
        Recorded::Owner => trust == Trust::Owner,
        Recorded::All => true,
    }
}

/// Writes down that a call is recorded, whose caller is told so first or was. False: then it is not.
pub async fn begun(app: &App, call: &str) -> bool {
    let written = app.store.recording_begun(call, clock::now_ms()).await;
    written
        .inspect_err(|error| {
            tracing::error!(call, %error, "a call is not recorded, as that could not be written down");
        })
        .is_ok()
}

/// Records one call.
pub struct Recorder {
    tape: Tape,
    stretches: mpsc::Sender<Stretch>,
    told: Arc<Told>,
    call: String,
}

impl Recorder {
    /// For a call whose caller was told, if they were. Its notes are counted from `began`.
    pub async fn of(app: &Arc<App>, call: &str, manner: Manner, began: Instant) -> Option<Box<Self>> {
        if app.config.get().recording.calls == Recorded::Off {
            return None;
        }
        match app.store.recording(call).await {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => {
                tracing::error!(call, %error, "a call is not recorded, as nobody knows whether it may be");
                return None;
            }
        }
        let (stretches, waiting) = mpsc::channel(WAITING);
        let told = Arc::new(Told::default());
        app.tasks.spawn(keep::write_down(app.clone(), call.to_owned(), waiting, told.clone()));
        Some(Box::new(Self { tape: Tape::new(manner, began), stretches, told, call: call.to_owned() }))
    }

    /// The line is told this.
    pub fn sent(&mut self, now: Instant, command: &LineCommand) {
        self.tape.sent(now, command);
        self.hand_over();
    }

    /// The line says this.
    pub fn came(&mut self, now: Instant, event: &LineEvent) {
        self.tape.came(now, event);
        self.hand_over();
    }

    fn hand_over(&mut self) {
        while let Some(stretch) = self.tape.pop() {
            let (from, until) = (stretch.place, stretch.place + stretch.ulaw.len() as u64);
            match self.stretches.try_send(stretch) {
                // Where the recording was deleted nothing more of it is to be kept.
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(_)) => {
                    tracing::warn!(call = %self.call, "the database is too slow: a stretch of a recording is lost");
                    self.told.lost(from, until);
                }
            }
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let samples = self.tape.end(clock::now());
        self.hand_over();
        self.told.ended(samples);
    }
}
