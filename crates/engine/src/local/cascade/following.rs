//! Following: a service hears the whole call and says where the caller's turns begin and end. Our own ear still hears first that
//! somebody speaks, so that nobody waits for a service to fall silent; it decides again should the service fail.
//!
//! ```text
//!   our ear    Speech ─────────────► Utterance      CallerSpeaks at whichever comes first
//!   service         Begins ─ SoFar ─ Likely ─┬─ GoesOn        the guess is forgotten
//!                                            └─ Over          answered with these words
//! ```

use super::{
    Cascade, CascadeOutput,
    ear::{Finished, Noticed},
};
use crate::local::{Hypothesis, TurnEvent, desk, words};
use call::{EngineEvent, Transcript, TurnId};
use std::time::{Duration, Instant};

/// What is known of the turn that the service follows.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// The service hears a turn and has not ended it.
    open: bool,
    /// When it last said something of it.
    told: Option<Instant>,
    /// Our own ear has heard the end of it, and the service has not.
    lull: Option<Lull>,
}

#[derive(Debug, Default)]
struct Lull {
    /// What was said until then, 8 kHz.
    samples: Vec<i16>,
    since: Option<Instant>,
    quiet: Duration,
}

/// How long the service may take to begin a turn that our own ear has heard the end of: a sound without words.
const TO_BEGIN: Duration = Duration::from_secs(1);
/// How long it may take to end one. By itself it does so after five seconds of silence.
const TO_END: Duration = Duration::from_secs(7);
/// What is kept of a turn in case that the service fails, in samples of 8 kHz.
const KEPT: usize = 30 * 8_000;

impl Following {
    /// When the service has taken too long, where our own ear hears nobody.
    fn due(&self) -> Option<Instant> {
        let quiet = self.lull.as_ref().map_or(self.told, |lull| lull.since)?;
        match (self.open, &self.lull) {
            (true, _) => Some(quiet + TO_END),
            (false, Some(_)) => Some(quiet + TO_BEGIN),
            (false, None) => None,
        }
    }
}

impl Cascade {
    pub(super) fn follower_due(&self) -> Option<Instant> {
        self.following.as_ref().filter(|_| !self.ear.is_busy())?.due()
    }

    /// Whether the service hears a turn that it has not ended.
    pub(super) fn is_followed_in_a_turn(&self) -> bool {
        self.following.as_ref().is_some_and(|following| following.open)
    }

    /// From now on a service follows the caller's turns.
    pub fn follow(&mut self) {
        self.following = Some(Following::default());
        self.ear.look_early(false);
    }

    /// What our own ear notices while a service follows.
    pub(super) fn noticed_beside(&mut self, now: Instant, notice: Noticed) {
        match notice {
            Noticed::Speech if self.speaking.is_none() && self.waiting().is_none() => self.caller_speaks(now),
            Noticed::Speech | Noticed::Lull(_) | Noticed::GoesOn => {}
            Noticed::Utterance(finished) => self.lulls(now, finished),
        }
    }

    /// Our own ear has heard the end of what may be a turn.
    pub(super) fn lulls(&mut self, now: Instant, finished: Finished) {
        let Some(following) = &mut self.following else { return };
        let Finished { samples, quiet } = finished;
        let mut kept = following.lull.take().map_or_else(Vec::new, |lull| lull.samples);
        let room = KEPT - kept.len().min(KEPT);
        kept.extend(samples.into_iter().take(room));
        following.lull = Some(Lull { samples: kept, since: Some(now), quiet });
        if !following.open
            && let Some(mut utterance) = self.speaking.take()
        {
            self.event(EngineEvent::CallerPauses);
            self.stopwatch.start(now, utterance.turn, Some(quiet));
            utterance.paused = Some(now);
            self.recognitions += 1;
            utterance.recognition = self.recognitions;
            self.heard.push_back(utterance);
        }
    }

    pub(super) fn followed(&mut self, now: Instant, event: Result<TurnEvent, String>) {
        let Some(following) = &mut self.following else { return };
        following.told = Some(now);
        match event {
            Ok(TurnEvent::Begins) => {
                following.open = true;
                self.turn_goes_on(now);
            }
            Ok(TurnEvent::SoFar(words)) => {
                following.open = true;
                let turn = self.turn_goes_on(now);
                if words.chars().any(char::is_alphanumeric) {
                    let transcript = Transcript { text: words, partial: true };
                    self.event(EngineEvent::CallerSaid(TurnId(turn), transcript));
                }
            }
            Ok(TurnEvent::Likely(words)) => self.likely(now, words),
            Ok(TurnEvent::GoesOn) => self.drop_guess(),
            Ok(TurnEvent::Over(hypothesis)) => self.turn_over(now, &hypothesis),
            Err(why) => self.unfollow(now, why),
        }
    }

    /// The service has taken too long.
    pub(super) fn follower_overdue(&mut self, now: Instant) {
        let Some(following) = &mut self.following else { return };
        if following.open {
            return self.unfollow(now, "What hears does not say that the caller has finished.".into());
        }
        following.lull = None;
        if let Some(recognition) = self.waiting() {
            self.recognised(now, recognition, Ok(Vec::new()));
        }
    }

    /// The number of the utterance whose end was heard, and whose words are waited for.
    fn waiting(&self) -> Option<u32> {
        self.heard.front().map(|utterance| utterance.recognition)
    }

    /// The service hears the caller. Gives the number of their turn.
    fn turn_goes_on(&mut self, now: Instant) -> u32 {
        if self.speaking.is_none() && self.heard.is_empty() {
            self.caller_speaks(now);
        }
        self.turn
    }

    /// The caller may have finished with these words.
    fn likely(&mut self, now: Instant, words: String) {
        let utterance = self.speaking.as_ref().or(self.heard.front());
        let aside = utterance.is_none_or(|utterance| utterance.over_voice);
        if !aside && self.how.early && self.begun_sentence.is_none() && !words.trim().is_empty() {
            self.guess(now, words);
        }
    }

    /// The caller has finished.
    fn turn_over(&mut self, now: Instant, heard: &Hypothesis) {
        let Some(following) = &mut self.following else { return };
        following.open = false;
        let lull = following.lull.take();
        let finished = self.ear.finish();
        let utterance = match self.speaking.take() {
            Some(utterance) => {
                self.event(EngineEvent::CallerPauses);
                let since = |lull: Lull| Some(lull.quiet + now.saturating_duration_since(lull.since?));
                let quiet = lull.and_then(since).or(finished.map(|finished| finished.quiet));
                self.stopwatch.start(now, utterance.turn, quiet);
                utterance
            }
            None => match self.heard.pop_front() {
                Some(utterance) => utterance,
                None => return,
            },
        };
        let hypotheses = self.expected(now, heard);
        if hypotheses.is_empty() {
            self.no_words(now, &utterance);
        } else {
            self.words(now, &utterance, hypotheses);
        }
    }

    /// As the desk spells it, where the desk thinks; nothing where nothing was understood.
    fn expected(&self, now: Instant, heard: &Hypothesis) -> Vec<Hypothesis> {
        let fitted = words::fitted(&heard.text, heard.confidence, &self.grammar(now));
        let mut hypotheses = words::in_language(fitted, heard.language);
        hypotheses.retain(|hypothesis| hypothesis.confidence >= desk::HEARD);
        hypotheses
    }

    /// The service has failed: our own ear decides from now on, and what it has heard the end of is recognised by itself.
    fn unfollow(&mut self, now: Instant, why: String) {
        let Some(following) = self.following.take() else { return };
        self.drop_guess();
        self.event(EngineEvent::Trouble(why));
        self.ear.look_early(self.mind.is_some() && self.how.early);
        match (self.waiting(), following.lull) {
            (Some(utterance), Some(Lull { samples, .. })) => {
                let (grammar, whose) = (self.grammar(now), self.whose());
                self.outputs.push_back(CascadeOutput::Recognise { utterance, samples, grammar, whose });
            }
            (None, lull) if !self.ear.is_busy() => {
                let Lull { samples, quiet, .. } = lull.unwrap_or_default();
                self.caller_pauses(now, Finished { samples, quiet });
            }
            (Some(_) | None, _) => {}
        }
    }
}
