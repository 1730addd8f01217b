//! Hearing: from what the ear notices to a sentence that is answered.

use super::{
    Cascade, CascadeOutput, FAILURES, RESUMES, TurnEnd,
    ear::{Finished, Noticed, OPEN, OVER},
    turn_end,
};
use crate::local::{Hypothesis, desk};
use call::{Chunk, EngineEvent, Language, Manner, Transcript, TurnId};
use std::time::Instant;

/// What is known of an utterance before its words are.
#[derive(Clone, Debug)]
pub(super) struct Utterance {
    pub(super) turn: u32,
    /// By which number its words come; 0: they were not asked for.
    pub(super) recognition: u32,
    since: Instant,
    /// When the caller fell silent behind it.
    pub(super) paused: Option<Instant>,
    /// The assistant was speaking, and the call goes on with that if there were no words.
    pub(super) over_voice: bool,
    /// It began to answer what was said before, and the call lets that be heard if there were no words.
    pub(super) answered: bool,
}

impl Utterance {
    fn begins(turn: u32, since: Instant, over_voice: bool) -> Self {
        Self { turn, recognition: 0, since, paused: None, over_voice, answered: false }
    }
}

/// What was looked for in an utterance before it has ended.
#[derive(Debug)]
pub(super) struct Early {
    recognition: u32,
    result: Option<Vec<Hypothesis>>,
}

impl Cascade {
    pub(super) fn hear(&mut self, now: Instant, chunk: &Chunk) {
        self.playing.open(now);
        let mut noticed = Vec::new();
        self.ear.hear(now, chunk, &mut noticed);
        for notice in noticed {
            if self.following.is_some() {
                self.noticed_beside(now, notice);
                continue;
            }
            match notice {
                Noticed::Speech => self.caller_speaks(now),
                Noticed::Lull(samples) => {
                    let recognition = self.recognise(now, samples);
                    self.early = Some(Early { recognition, result: None });
                }
                Noticed::GoesOn => {
                    self.drop_look();
                    self.drop_guess();
                }
                Noticed::Utterance(finished) => self.caller_pauses(now, finished),
            }
        }
    }

    pub(super) fn caller_speaks(&mut self, now: Instant) {
        self.turn += 1;
        let over_voice = self.manner == Manner::Duplex
            && (self.playing.is_sounding(now) || self.replies.iter().any(|reply| reply.item.is_some()));
        self.speaking = Some(Utterance::begins(self.turn, now, over_voice));
        self.drop_look();
        self.event(EngineEvent::CallerSpeaks);
    }

    pub(super) fn caller_pauses(&mut self, now: Instant, finished: Finished) {
        let Some(mut utterance) = self.speaking.take() else { return };
        utterance.paused = Some(now);
        let Finished { samples, quiet } = finished;
        self.event(EngineEvent::CallerPauses);
        self.stopwatch.start(now, utterance.turn, (self.manner == Manner::Duplex).then_some(quiet));
        let Some(early) = self.early.take() else {
            utterance.recognition = self.recognise(utterance.since, samples);
            return self.heard.push_back(utterance);
        };
        // Nothing was said since its words were looked for.
        utterance.recognition = early.recognition;
        self.heard.push_back(utterance);
        if let Some(hypotheses) = early.result {
            self.recognised(now, early.recognition, Ok(hypotheses));
        }
    }

    /// What was looked for is not all that the caller says: whoever has not begun to need not, and one call has no more than one
    /// look of interest at a time.
    fn drop_look(&mut self) {
        if let Some(Early { recognition, result: None }) = self.early.take() {
            self.outputs.push_back(CascadeOutput::Disregard { utterance: recognition });
        }
    }

    fn recognise(&mut self, at: Instant, samples: Vec<i16>) -> u32 {
        self.recognitions += 1;
        let (utterance, grammar, whose) = (self.recognitions, self.grammar(at), self.whose());
        self.outputs.push_back(CascadeOutput::Recognise { utterance, samples, grammar, whose });
        self.recognitions
    }

    /// What the desk waits for; a model waits for anything.
    pub(super) fn grammar(&self, at: Instant) -> String {
        if self.mind.is_some() { String::new() } else { self.desk.grammar(&self.clock(at)) }
    }

    /// The call is certain that the caller interrupted: it will not go on by itself.
    pub(super) fn believe(&mut self) {
        for utterance in self.heard.iter_mut().chain(&mut self.speaking) {
            (utterance.over_voice, utterance.answered) = (false, false);
        }
    }

    /// What was said before is being answered, whatever the caller says now.
    pub(super) fn answers_meanwhile(&mut self) {
        for utterance in self.heard.iter_mut().chain(&mut self.speaking) {
            utterance.answered = true;
        }
    }

    pub(super) fn recognised(
        &mut self,
        now: Instant,
        utterance: u32,
        result: Result<Vec<Hypothesis>, String>,
    ) {
        if self.early.as_ref().is_some_and(|early| early.recognition == utterance) {
            return self.recognised_early(now, result);
        }
        let Some(at) = self.heard.iter().position(|heard| heard.recognition == utterance) else { return };
        let Some(utterance) = self.heard.remove(at) else { return };
        let hypotheses = match result {
            Ok(hypotheses) => {
                self.recognise_failures = 0;
                hypotheses
            }
            Err(why) => {
                self.recognise_failures += 1;
                if self.recognise_failures >= FAILURES {
                    return self.fail(why);
                }
                self.event(EngineEvent::Trouble(why));
                Vec::new()
            }
        };
        match understood(&hypotheses) {
            Some(_) => self.words(now, &utterance, hypotheses),
            None => self.no_words(now, &utterance),
        }
    }

    /// These are the words so far of somebody who has been quiet for a moment.
    fn recognised_early(&mut self, now: Instant, result: Result<Vec<Hypothesis>, String>) {
        let Ok(hypotheses) = result else {
            self.early = None;
            return;
        };
        let words = understood(&hypotheses).map(str::to_owned);
        if let Some(early) = &mut self.early {
            early.result = Some(hypotheses);
        }
        let Some(words) = words else { return };
        let before = self.begun_sentence.as_ref().map_or("", |begun| begun.text.as_str());
        match turn_end(format!("{before} {words}").trim()) {
            TurnEnd::Over => {
                self.ear.wait(OVER);
                let undisturbed = self.heard.is_empty() && self.begun_sentence.is_none();
                let aside = self.speaking.as_ref().is_some_and(|utterance| utterance.over_voice);
                if undisturbed && !aside {
                    self.guess(now, words);
                }
            }
            TurnEnd::Open => self.ear.wait(OPEN),
            TurnEnd::Unsure => {}
        }
    }

    pub(super) fn words(&mut self, now: Instant, utterance: &Utterance, mut hypotheses: Vec<Hypothesis>) {
        self.misses = 0;
        let text = understood(&hypotheses).unwrap_or_default();
        let transcript = Transcript { text: text.to_owned(), partial: false };
        if let Some(language) = language_of(&hypotheses) {
            self.event(EngineEvent::CallerSpoke(TurnId(utterance.turn), language));
        }
        self.event(EngineEvent::CallerSaid(TurnId(utterance.turn), transcript));
        // Whoever takes turns is asked for words once all was played.
        let duplex = self.manner == Manner::Duplex;
        let heard = self.playing.heard_at(utterance.since).filter(|_| duplex);
        if utterance.over_voice {
            self.heard_only(utterance.since);
        }
        // Who was told to wait in this turn hears that to its end.
        self.drop_replies(now, |reply, turn| reply.own || reply.turn < turn);
        if let Some(heard) = heard {
            self.desk.cut(heard);
        }
        if let Some(begun) = self.begun_sentence.take() {
            let joined = hypotheses.first().map(|rest| joined(&begun, rest));
            hypotheses = joined.into_iter().collect();
        }
        if self.is_more_coming() {
            self.begun_sentence = hypotheses.into_iter().next();
            return;
        }
        self.answer(now, &hypotheses);
    }

    pub(super) fn no_words(&mut self, now: Instant, utterance: &Utterance) {
        if self.is_more_coming() {
            return;
        }
        if let Some(begun) = self.begun_sentence.take() {
            return self.answer(now, &[begun]);
        }
        if utterance.over_voice {
            let stood_still = now.saturating_duration_since(utterance.since) + RESUMES;
            self.playing.shift(stood_still);
            return self.settle(now);
        }
        // A sound without words is none: what was said before is being answered.
        if self.manner == Manner::Duplex && (utterance.answered || self.is_answering()) {
            return self.settle(now);
        }
        self.answer(now, &[]);
    }

    /// Whether an answer is on its way. Who is told to wait has none yet.
    fn is_answering(&self) -> bool {
        let thinks = self.mind.as_ref().is_some_and(|mind| mind.news);
        let replies = self.replies.iter().any(|reply| reply.own);
        thinks || replies || !self.wanted.is_empty() || self.keys_due.is_some()
    }

    /// The turn whose words are waited for in silence, and since when. Where it is in doubt that they were meant, the
    /// assistant goes on by itself; where the caller speaks, nobody waits.
    pub(super) fn unheard(&self) -> Option<(u32, Instant)> {
        if self.ear.is_busy() || self.is_followed_in_a_turn() {
            return None;
        }
        let utterance = self.heard.iter().find(|utterance| !utterance.over_voice)?;
        Some((utterance.turn, utterance.paused?))
    }

    /// The caller has spoken on.
    fn is_more_coming(&self) -> bool {
        self.ear.is_busy() || !self.heard.is_empty()
    }

    /// The caller has finished, and said one of these, or nothing that was understood.
    fn answer(&mut self, now: Instant, hypotheses: &[Hypothesis]) {
        if self.mind.is_some() {
            return match understood(hypotheses) {
                Some(words) => self.consider(now, words),
                None => self.not_understood(now),
            };
        }
        let clock = self.clock(now);
        self.desk.hear(&clock, hypotheses);
        self.reply(now);
    }

    /// A turn that came in words, of which there is no doubt.
    pub(super) fn read(&mut self, now: Instant, words: String) {
        self.turn += 1;
        self.event(EngineEvent::CallerSpeaks);
        self.event(EngineEvent::CallerPauses);
        self.stopwatch.start(now, self.turn, None);
        let utterance = Utterance::begins(self.turn, now, false);
        self.words(now, &utterance, vec![Hypothesis { text: words, confidence: 1.0, language: None }]);
    }

    pub(super) fn respond(&mut self, now: Instant) {
        if self.manner == Manner::Turns {
            match self.ear.finish() {
                Some(finished) => self.caller_pauses(now, finished),
                None if self.heard.is_empty() && self.replies.is_empty() => self.answer(now, &[]),
                None => {}
            }
            return;
        }
        self.done_unless_busy();
    }
}

/// More than this is no sentence.
const LONGEST_SENTENCE: usize = 1_000;

/// Two halves of a sentence.
fn joined(first: &Hypothesis, second: &Hypothesis) -> Hypothesis {
    if first.text.len() + second.text.len() > LONGEST_SENTENCE {
        return second.clone();
    }
    Hypothesis {
        text: format!("{} {}", first.text.trim(), second.text.trim()),
        confidence: first.confidence.min(second.confidence),
        language: second.language,
    }
}

/// What was most likely said, if anything was understood.
fn understood(hypotheses: &[Hypothesis]) -> Option<&str> {
    likeliest(hypotheses).map(|heard| heard.text.as_str())
}

fn language_of(hypotheses: &[Hypothesis]) -> Option<Language> {
    likeliest(hypotheses)?.language
}

fn likeliest(hypotheses: &[Hypothesis]) -> Option<&Hypothesis> {
    hypotheses.iter().find(|h| h.confidence >= desk::HEARD && !h.text.trim().is_empty())
}
