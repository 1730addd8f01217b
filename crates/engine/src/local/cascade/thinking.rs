//! Thinking: what a model is asked and when, what comes of it, and the desk that answers when it is down.

use super::{
    Cascade, CascadeOutput,
    mouth::{Part, Reply},
};
use crate::local::{
    Hypothesis,
    llm::Delta,
    mind::{End, MOST_ROUNDS, Mind, Thinking},
};
use call::{Answer, EngineEvent, Failure, ItemId, Manner, ToolCallId, Usage};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Who waits so long for words to be known, or for a model, is told to.
const SLOW: Duration = Duration::from_millis(2_500);
/// A model that fails so often in a row is left alone.
const FAILURES: u32 = 2;
/// After so long without another key, the model is told of those that were pressed.
const KEYS: Duration = Duration::from_millis(1_500);
/// No more keys are told at once.
const MOST_KEYS: usize = 64;
/// So many utterances in a row that nobody understood are asked about.
const ASKED_ABOUT: u32 = 2;

/// What happens to the conversation.
impl Cascade {
    /// The caller has finished, with these words.
    pub(super) fn consider(&mut self, now: Instant, words: &str) {
        let guessed = self.guess.take();
        let Some(mind) = &mut self.mind else { return };
        mind.history.caller(words);
        mind.rounds = 0;
        if mind.is_maybe() && guessed.as_deref() == Some(words) {
            mind.rounds += 1;
            if let Some((_, next)) = &mut self.asking {
                // It was not even asked: the words are in the history now.
                *next = None;
            }
            let thought = mind.meant();
            self.open_reply();
            return self.came(now, thought);
        }
        self.think(now);
    }

    /// The caller said something that could not be understood.
    pub(super) fn not_understood(&mut self, now: Instant) {
        self.misses += 1;
        if self.misses > ASKED_ABOUT && self.manner == Manner::Duplex {
            return self.settle(now);
        }
        self.note(
            now,
            "The caller said something that could not be understood, or nothing. Ask them in a few words.",
        );
    }

    /// The caller may have finished with these words: the model begins to think about them.
    pub(super) fn guess(&mut self, now: Instant, words: String) {
        let Some(mind) = self.mind.as_mut().filter(|mind| !mind.is_thinking()) else { return };
        if !self.replies.is_empty() {
            return;
        }
        let thought = mind.begin(now, true);
        self.asking = Some((thought, Some(words.clone())));
        self.guess = Some(words);
    }

    /// They had not: what was thought is forgotten.
    pub(super) fn drop_guess(&mut self) {
        self.guess = None;
        if self.mind.as_ref().is_some_and(Mind::is_maybe) {
            self.forget();
        }
    }

    /// Something has happened that the model is to act on.
    pub(super) fn note(&mut self, now: Instant, what: &str) {
        let Some(mind) = &mut self.mind else { return };
        mind.history.note(what);
        mind.rounds = 0;
        self.think(now);
    }

    pub(super) fn prompted(&mut self, now: Instant, instruction: &str) {
        if self.mind.is_some() {
            return self.note(now, instruction);
        }
        let clock = self.clock(now);
        self.desk.prompt(&clock, instruction);
        self.reply(now);
    }

    pub(super) fn key(&mut self, now: Instant, key: char) {
        self.drop_replies(now, |_, _| true);
        if self.mind.is_some() {
            if self.keys.len() < MOST_KEYS {
                self.keys.push(key);
            }
            self.keys_due = Some(now + KEYS);
            if key == '#' {
                self.tell_keys(now);
            }
            return;
        }
        let clock = self.clock(now);
        self.desk.key(&clock, key);
        self.reply(now);
    }

    pub(super) fn tell_keys(&mut self, now: Instant) {
        self.keys_due = None;
        let keys: Vec<String> = std::mem::take(&mut self.keys).chars().map(String::from).collect();
        self.filled = None;
        self.note(now, &format!("The caller pressed: {}", keys.join(" ")));
    }

    pub(super) fn answered(&mut self, now: Instant, id: &ToolCallId, answer: &Answer) {
        self.wanted.remove(id);
        if let Some(mind) = &mut self.mind {
            if mind.history.answered(id, &told(answer)) {
                mind.news = true;
            }
            return self.settle(now);
        }
        if self.orphans.remove(id) && !answer.say.trim().is_empty() {
            return self.say(now, &answer.say);
        }
        let clock = self.clock(now);
        self.desk.answer(&clock, id, answer);
        self.reply(now);
    }

    /// The conversation goes on in this language. What is about to be said in that of before is thought anew.
    pub(super) fn change_language(&mut self, now: Instant, tag: &str) {
        self.desk_can = super::is_english(tag);
        self.how.speak(tag);
        self.outputs.push_back(CascadeOutput::Language(tag.to_owned()));
        let Some(mind) = &mut self.mind else { return };
        mind.speak(tag);
        let unsaid = |reply: &Reply| {
            reply.own
                && reply.said.is_empty()
                && !reply.parts.iter().any(|part| matches!(part, Part::Wants(_)))
        };
        let under_way = mind.history.under_way().next().is_some();
        // What was not asked yet is asked in the new language.
        if self.asking.is_none() && !under_way && self.replies.iter().any(unsaid) {
            self.drop_replies(now, |reply, _| unsaid(reply));
            self.think(now);
        }
    }

    /// The call says how much of an item was heard.
    pub(super) fn cut(&mut self, item: ItemId, heard: Duration) {
        self.believe();
        self.playing.cut(item, heard);
        if let Some(mind) = &mut self.mind {
            mind.history.cut(item, heard);
        }
    }

    /// The caller spoke over what was sounding then; the call will say it more exactly.
    pub(super) fn heard_only(&mut self, at: Instant) {
        if let Some(mind) = &mut self.mind
            && let Some((item, heard)) = self.playing.reached(at)
        {
            mind.history.cut(item, heard);
        }
    }
}

/// Thoughts.
impl Cascade {
    /// Begins to think, or does when the thought under way is over.
    fn think(&mut self, now: Instant) {
        self.drop_guess();
        let Some(mind) = &mut self.mind else { return };
        if mind.is_thinking() {
            mind.news = true;
            return;
        }
        mind.news = false;
        if mind.rounds >= MOST_ROUNDS {
            let words = self.how.phrases.no_end.clone();
            return self.say(now, &words);
        }
        mind.rounds += 1;
        let thought = mind.begin(now, false);
        self.asking = Some((thought, None));
        self.open_reply();
    }

    /// Thinks again where something has happened that the model does not know; else nothing more comes.
    pub(super) fn settle(&mut self, now: Instant) {
        if !self.think_on(now) {
            self.done_unless_busy();
        }
    }

    /// Says whether it does.
    fn think_on(&mut self, now: Instant) -> bool {
        let Some(mind) = &mut self.mind else { return false };
        let settled = !mind.is_thinking() && mind.history.under_way().next().is_none();
        let quiet = self.replies.is_empty() && self.heard.is_empty() && self.speaking.is_none();
        if !mind.news || !settled || !quiet {
            return false;
        }
        self.think(now);
        true
    }

    /// The thought under way is forgotten.
    pub(super) fn forget(&mut self) {
        let Some(thought) = self.mind.as_mut().and_then(Mind::forget) else { return };
        if self.asking.take().is_none() {
            self.outputs.push_back(CascadeOutput::Forget { thought });
        }
    }

    pub(super) fn thought(&mut self, now: Instant, thought: u32, result: Result<Delta, Failure>) {
        let Some(mind) = &mut self.mind else { return };
        match result {
            Ok(delta) => {
                let came = mind.think(now, thought, delta);
                self.came(now, came);
            }
            Err(failure) if mind.is_at(thought) => self.thought_failed(now, failure),
            Err(_) => {}
        }
    }

    pub(super) fn overdue(&mut self, now: Instant) {
        let Some(mind) = &mut self.mind else { return };
        let why = mind.overdue().to_owned();
        if let Some(thought) = mind.number() {
            self.outputs.push_back(CascadeOutput::Forget { thought });
        }
        self.thought_failed(now, Failure { why, lasting: false });
    }

    /// When the caller is to be told that it takes long.
    pub(super) fn filler_due(&self) -> Option<Instant> {
        let (turn, since) = self.silent()?;
        let alone = self.replies.iter().all(|reply| reply.open);
        let told = self.filled == Some(turn) || self.how.phrases.filler.is_empty();
        (alone && !told && self.manner == Manner::Duplex).then_some(since + SLOW)
    }

    /// The turn that the caller waits for an answer to without hearing anything, and since when: nothing has come of a
    /// thought, or their words are not known.
    fn silent(&self) -> Option<(u32, Instant)> {
        let thought = self.replies.iter().find(|reply| reply.open);
        match (thought, self.mind.as_ref().and_then(Mind::silent_since)) {
            (Some(reply), Some(since)) => Some((reply.turn, since)),
            (_, _) => self.unheard(),
        }
    }

    pub(super) fn fill(&mut self, now: Instant) {
        self.filled = self.silent().map(|(turn, _)| turn);
        let filler = self.how.phrases.filler.clone();
        self.say(now, &filler);
    }

    /// What came of a thought that is meant.
    fn came(&mut self, now: Instant, came: Vec<Thinking>) {
        for thinking in came {
            match thinking {
                Thinking::Say(text) => self.goes_on(now, text),
                Thinking::Wants(call) => self.wants(call),
                Thinking::Refused { call, why, trouble } => {
                    let number = self.replies.iter().find(|reply| reply.open).map(|reply| reply.number);
                    if let (Some(mind), Some(number)) = (&mut self.mind, number) {
                        mind.history.refused(number, call, told(&Answer::failed(why)));
                        mind.news = true;
                    }
                    if let Some(trouble) = trouble {
                        self.event(EngineEvent::Trouble(trouble));
                    }
                }
                Thinking::Over { usage, empty, end } => self.thought_through(now, usage, empty, end),
            }
        }
        self.go_on(now);
    }

    fn thought_through(&mut self, now: Instant, usage: Usage, empty: bool, end: End) {
        self.usage += usage;
        let cut_short = "The language model's answer was cut short: it became too long.";
        if empty {
            let nothing = "The language model said nothing that can be spoken.";
            let why = if end == End::Whole { nothing } else { cut_short }.to_owned();
            return self.thought_failed(now, Failure { why, lasting: false });
        }
        if end != End::Whole {
            self.event(EngineEvent::Trouble(cut_short.to_owned()));
        }
        if let Some(mind) = &mut self.mind {
            mind.failures = 0;
            // It is asked once that is in its history, as it was heard: the last that was said is its own, and it goes on.
            mind.news |= end == End::Within;
        }
        self.close_reply();
    }

    /// A thought came to nothing, or to nothing more: the model is asked again, or the desk answers from now on.
    fn thought_failed(&mut self, now: Instant, failure: Failure) {
        let Some(mind) = &mut self.mind else { return };
        let guessed = mind.is_maybe();
        mind.forget();
        self.asking = None;
        if guessed {
            // It is asked for in earnest when the caller has finished.
            self.guess = None;
            return;
        }
        mind.failures += 1;
        let spoken = self.replies.iter().find(|reply| reply.open).is_some_and(|reply| reply.item.is_some());
        let again = !failure.lasting && mind.failures < FAILURES;
        if again {
            mind.history.note(if spoken {
                "Your last answer broke off. Go on where the caller was left, in one sentence."
            } else {
                "Answer the caller in one or two plain sentences."
            });
            mind.news = true;
        }
        self.event(EngineEvent::Trouble(failure.why.clone()));
        self.close_reply();
        if again {
            return self.go_on(now);
        }
        self.hand_over(now, failure);
    }

    fn close_reply(&mut self) {
        for reply in &mut self.replies {
            reply.open = false;
        }
    }

    /// Another engine goes on, or, where none is left, the desk answers from now on.
    fn hand_over(&mut self, now: Instant, failure: Failure) {
        let Some(mind) = self.mind.take() else { return };
        self.keys_due = None;
        if !self.how.last {
            return self.fail_with(failure);
        }
        self.desk_took_over = true;
        self.orphans = mind.history.under_way().map(|call| call.id.clone()).collect();
        // What was said in another language says nothing to the desk.
        let words = if self.desk_can { plain(&mind.history.unanswered()) } else { String::new() };
        let bridge = self.how.phrases.bridge.clone();
        self.say(now, &bridge);
        let clock = self.clock(now);
        if words.is_empty() {
            self.desk.hear(&clock, &[Hypothesis { text: "help".into(), confidence: 1.0, language: None }]);
        } else {
            self.desk.hear(&clock, &[Hypothesis { text: words, confidence: 1.0, language: None }]);
        }
        self.reply(now);
    }
}

/// An answer as a model is told of it.
fn told(answer: &Answer) -> String {
    let mut told = json!({"ok": answer.ok, "say": answer.say});
    if !answer.data.is_empty() {
        let data = serde_json::from_str(&answer.data);
        told["data"] = data.unwrap_or_else(|_| Value::from(answer.data.as_str()));
    }
    told.to_string()
}

/// Words as the desk reads them: in lower case, without what separates sentences.
fn plain(words: &str) -> String {
    let words = words.to_lowercase();
    let words = words.split_whitespace().map(|word| word.trim_matches(|c: char| ",.;:!?\"()".contains(c)));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
