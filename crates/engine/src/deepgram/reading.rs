//! What the service says, put to the call.

use super::{
    AGAIN, ANSWERS, BESIDE_A_TOOL, Deepgram, Expected, KEEP_ALIVE, NEAR, Phase, QUIET, STALE,
    event::{Event, Fault, Function},
    fault::{self, Warned},
    hearing::Caller,
    request, said, speech,
    timers::Timer,
};
use crate::{
    Outbox,
    dialect::{
        errands::{Begun, NAME},
        fault::plain,
        message::send,
    },
};
use bytes::{BufMut, Bytes, BytesMut};
use call::{Answer, Chunk, EngineEvent, Language, Manner, Stages, ToolCall, ToolCallId, Transcript};
use std::time::Instant;

/// What files of sound begin with; a stream of samples does not.
const CONTAINERS: [&[u8]; 4] = [b"RIFF", b"OggS", b"fLaC", b"ID3"];

impl Deepgram {
    pub(super) fn on_event(&mut self, now: Instant, event: Event, out: &mut Outbox) {
        match event {
            Event::Welcome => self.on_welcome(out),
            Event::SettingsApplied => self.on_settings_applied(now, out),
            Event::Error(fault) => self.on_error(&fault, out),
            Event::Warning(fault) => self.on_warning(now, &fault, out),
            Event::Unknown => self.troubles.tally.unknown += 1,
            Event::FunctionCallResponse
            | Event::PromptUpdated
            | Event::ThinkUpdated
            | Event::SpeakUpdated
            | Event::ListenUpdated
            | Event::ThinkLiveUpdated
            | Event::History
            | Event::LatencyReport
            | Event::FrustrationDetected
            | Event::FromThinkProvider => {}
            // Before the session is ready there is no conversation.
            _ if self.phase != Phase::Talking => {}
            Event::UserStartedSpeaking => self.on_caller_speaks(now, out),
            Event::ConversationText { role, content, languages } => match role.as_str() {
                "user" => self.on_caller_said(now, &content, languages.as_deref(), out),
                "assistant" => self.on_assistant_says(now, &content, out),
                _ => self.troubles.malformed("words of nobody", out),
            },
            Event::AgentStartedSpeaking(latencies) => {
                self.on_assistant_begins(now, latencies.stages(), out);
            }
            Event::AgentAudioDone => self.on_audio_done(out),
            Event::AgentThinking => self.timers.put_off(Timer::Answered, now + ANSWERS),
            Event::FunctionCallRequest { functions } => self.on_functions(now, functions, out),
            Event::FunctionCallCancelled { functions } => self.on_cancelled(&functions, out),
            Event::InjectionRefused { message } => self.on_refused(now, &message, out),
        }
        self.go_on(now, out);
    }
}

/// The session.
impl Deepgram {
    fn on_welcome(&mut self, out: &mut Outbox) {
        let Some(brief) = self.brief.take() else { return };
        self.phase = Phase::Configuring;
        let settings = request::settings(&self.config, &brief, &self.languages, &self.prompt);
        send(&mut out.wire, &settings);
        self.greeting_is_set = !brief.greeting.is_empty();
    }

    fn on_settings_applied(&mut self, now: Instant, out: &mut Outbox) {
        if self.phase != Phase::Configuring {
            return;
        }
        self.phase = Phase::Talking;
        self.timers.stop(Timer::Confirmed);
        self.timers.set(Timer::KeepAlive, now + KEEP_ALIVE);
        out.events.push_back(EngineEvent::Ready);
        if std::mem::take(&mut self.tools_changed) {
            let update = request::update_think(&self.config, &self.prompt, &self.tools);
            send(&mut out.wire, &update);
        }
        if std::mem::take(&mut self.language_changed) {
            self.tell_language(out);
        }
        if self.greets {
            self.replying = true;
            if self.greeting_is_set {
                self.expect(Expected::Answer, now + ANSWERS);
            } else {
                let greet = "The caller has just been connected. Greet them in one short sentence.";
                self.replies.instruct_first(greet.into());
            }
        }
        if !self.keys.is_empty() {
            self.pass_keys(now, out);
        }
    }

    fn on_error(&mut self, fault: &Fault, out: &mut Outbox) {
        let (why, lasting) = fault::judge(fault, self.phase == Phase::Talking);
        let why = format!("{why}: {}.", fault::words(fault));
        if fault::is_age(&fault.code) { self.expire(why, out) } else { self.fail(why, lasting, out) }
    }

    fn on_warning(&mut self, now: Instant, fault: &Fault, out: &mut Outbox) {
        match fault::heed(fault) {
            Warned::Injection => self.on_refused(now, &fault.description, out),
            Warned::Slow => {
                self.timers.put_off(Timer::Answered, now + ANSWERS);
                self.timers.put_off(Timer::Quiet, now + QUIET);
                self.troubles.tell(format!("Deepgram is slow: {}.", fault::words(fault)), out);
            }
            Warned::Harmless => {}
            Warned::Ending => {
                self.ends_within(now, NEAR);
                self.troubles.tell(format!("Deepgram warns: {}.", fault::words(fault)), out);
            }
            Warned::Trouble => self.troubles.tell(format!("Deepgram warns: {}.", fault::words(fault)), out),
        }
    }

    /// What was to be said was dropped: the caller or the agent was speaking. It is asked for again.
    fn on_refused(&mut self, now: Instant, why: &str, out: &mut Outbox) {
        match self.replies.refuse() {
            Some(true) => {
                self.troubles.tell(format!("Deepgram refuses to say something: {}.", plain(why)), out);
            }
            Some(false) => self.timers.set(Timer::Again, now + AGAIN),
            None => {}
        }
    }
}

/// The caller.
impl Deepgram {
    fn on_caller_speaks(&mut self, now: Instant, out: &mut Outbox) {
        // Our own ear may have been quicker.
        if self.hearing.caller != Caller::Speaks {
            self.begin_turn(now, out);
        }
        // Where the ends take turns, what is recorded was all said before the answer was asked for.
        if self.manner == Manner::Duplex {
            self.replies.expected = Expected::Nothing;
        }
        self.speak_over(now, out);
    }

    pub(super) fn begin_turn(&mut self, now: Instant, out: &mut Outbox) {
        self.hearing.begin(now);
        out.events.push_back(EngineEvent::CallerSpeaks);
        self.timers.set(Timer::Silence, self.hearing.line.begin(now));
    }

    /// What is being said ends here, though some of its sound may still be on the way.
    pub(super) fn speak_over(&mut self, now: Instant, out: &mut Outbox) {
        self.tell_words(out);
        if let Some(item) = self.speech.current() {
            item.over = true;
            self.timers.set(Timer::Quiet, now + STALE);
        }
    }

    /// A whole turn. That it began need not have been told.
    fn on_caller_said(&mut self, now: Instant, words: &str, languages: Option<&[String]>, out: &mut Outbox) {
        if self.replies.is_echo(now, words) {
            return;
        }
        if self.hearing.caller == Caller::Quiet {
            self.begin_turn(now, out);
        }
        self.speak_over(now, out);
        let transcript = Transcript { text: speech::bounded(words).to_owned(), partial: false };
        if let Some([language]) = languages
            && let Some(language) = Language::of(language)
        {
            out.events.push_back(EngineEvent::CallerSpoke(self.hearing.turn(), language));
        }
        out.events.push_back(EngineEvent::CallerSaid(self.hearing.turn(), transcript));
        if self.hearing.caller == Caller::Speaks {
            out.events.push_back(EngineEvent::CallerPauses);
        }
        self.hearing.end();
        self.timers.stop(Timer::Silence);
        if words.chars().any(char::is_alphanumeric) {
            self.expect(Expected::Answer, now + ANSWERS);
        }
    }
}

/// What the assistant says.
impl Deepgram {
    fn on_assistant_says(&mut self, now: Instant, sentence: &str, out: &mut Outbox) {
        let answers = self.replies.expected == Expected::Answer;
        let ours = self.replies.begins(sentence);
        if !ours && !answers && self.say_of_last(now, sentence, out) {
            return;
        }
        if !ours {
            self.replies.expected = Expected::Nothing;
        }
        let goes_on = self.speech.current().is_some_and(|item| !(item.over || item.unwanted && ours));
        if !goes_on {
            self.begin_item(now, out);
        }
        let Some(item) = self.speech.current().filter(|item| !item.unwanted) else { return };
        item.say(sentence);
        if item.has_sounded() {
            let words = said(item.number, item.words.clone(), true);
            out.events.push_back(words);
        }
    }

    fn on_assistant_begins(&mut self, now: Instant, stages: Stages, out: &mut Outbox) {
        let current = self.speech.current().filter(|item| !(item.over || item.unwanted));
        let (goes_on, sounds) = (current.is_some(), current.is_some_and(|item| item.has_sounded()));
        if !sounds && stages != Stages::default() {
            out.events.push_back(EngineEvent::Took(stages));
        }
        if !goes_on {
            self.begin_item(now, out);
        }
    }

    /// Takes a sentence for the words of what was said last, if those are not known: they may follow its sound. Says whether
    /// they are.
    fn say_of_last(&mut self, now: Instant, sentence: &str, out: &mut Outbox) -> bool {
        let Some(item) = self.speech.last().filter(|item| item.lacks_words(now)) else { return false };
        item.say(sentence);
        item.late = Some(now);
        if !item.words.is_empty() {
            let words = said(item.number, item.words.clone(), false);
            out.events.push_back(words);
        }
        true
    }

    /// The agent is about to say something else than before.
    fn begin_item(&mut self, now: Instant, out: &mut Outbox) {
        self.stale = false;
        self.end_item(out);
        self.speech.begin();
        self.timers.set(Timer::Quiet, now + ANSWERS);
    }

    /// Fifty times a second; nothing else changes with it.
    pub(super) fn on_sound(&mut self, now: Instant, sound: Bytes, out: &mut Outbox) {
        if self.phase != Phase::Talking {
            self.troubles.tally.late_voice += sound.len() as u64;
            return;
        }
        let sound = self.whole_samples(sound);
        if sound.is_empty() {
            return;
        }
        if self.stale && self.speech.current().is_none() {
            self.troubles.tally.late_voice += sound.len() as u64;
            return;
        }
        let begins = self.speech.current().is_none_or(|item| !item.has_sounded());
        if begins {
            if CONTAINERS.iter().any(|container| sound.starts_with(container)) {
                return self.fail("Deepgram sends files of sound and not sound as was agreed.", false, out);
            }
            if self.speech.current().is_none() {
                self.speech.begin();
            }
        }
        let Some(item) = self.speech.current() else { return };
        item.received += sound.len();
        if item.unwanted {
            self.troubles.tally.late_voice += sound.len() as u64;
            // Words that take its place are heard even where no sign of them comes.
            if !self.replies.is_saying() {
                self.timers.set(Timer::Quiet, now + STALE);
            }
            return;
        }
        let (number, patience) = (item.number, if item.over { STALE } else { QUIET });
        self.timers.set(Timer::Quiet, now + patience);
        self.replying = true;
        out.events.push_back(EngineEvent::Voice(number, Chunk { format: self.format, bytes: sound }));
        if begins {
            self.mute = 0;
            self.tell_first_words(out);
        }
    }

    /// The words that came before the first sound of them.
    fn tell_first_words(&mut self, out: &mut Outbox) {
        if let Some(item) = self.speech.current().filter(|item| !item.words.is_empty() && !item.said) {
            let words = said(item.number, item.words.clone(), true);
            out.events.push_back(words);
        }
    }

    /// Where samples have two bytes, one may be cut in half by the way in which sound is sent.
    fn whole_samples(&mut self, mut sound: Bytes) -> Bytes {
        if self.format.sample_size() == 1 {
            return sound;
        }
        if let Some(half) = self.half.take() {
            let mut joined = BytesMut::with_capacity(sound.len() + 1);
            joined.put_u8(half);
            joined.extend_from_slice(&sound);
            sound = joined.freeze();
        }
        if sound.len() % 2 == 1 {
            self.half = sound.last().copied();
            sound.truncate(sound.len() - 1);
        }
        sound
    }

    /// All sound was sent.
    fn on_audio_done(&mut self, out: &mut Outbox) {
        self.stale = false;
        let wordless = self.speech.current().is_some_and(|item| item.words.is_empty() && item.has_sounded());
        // Whatever was asked for, this was it, though nobody said so.
        if wordless && !self.replies.give_up_words() {
            self.replies.expected = Expected::Nothing;
        }
        self.end_item(out);
    }
}

/// What the assistant wants done.
impl Deepgram {
    fn on_functions(&mut self, now: Instant, functions: Vec<Function>, out: &mut Outbox) {
        self.mute = 0;
        self.replying = true;
        let ours = functions.iter().any(|function| function.client_side);
        if ours {
            self.expect(Expected::Perhaps, now + BESIDE_A_TOOL);
        } else {
            self.expect(Expected::Answer, now + ANSWERS);
        }
        for function in functions.into_iter().filter(|function| function.client_side) {
            self.on_function(now, function, out);
        }
    }

    fn on_function(&mut self, now: Instant, function: Function, out: &mut Outbox) {
        let Function { id, name, arguments, .. } = function;
        if id.is_empty() || id.len() > NAME {
            return self.troubles.malformed("a use of a tool without a name", out);
        }
        let begun = self.errands.begin(&id, speech::bounded(&name).to_owned());
        if begun == Begun::Again {
            return;
        }
        let Some(refusal) = begun.refusal(&name, &arguments) else {
            let call = ToolCall { id: ToolCallId(id), name, arguments };
            return out.events.push_back(EngineEvent::Wants(call));
        };
        self.troubles.tell(format!("The model asked too much of {}.", plain(&name)), out);
        self.errands.end(&id);
        let tool = name.get(..name.floor_char_boundary(NAME)).unwrap_or_default();
        send(&mut out.wire, &request::tool_output(&id, tool, &Answer::failed(refusal)));
        if !self.errands.is_any_open() {
            self.expect(Expected::Answer, now + ANSWERS);
        }
    }

    fn on_cancelled(&mut self, functions: &[Function], out: &mut Outbox) {
        for function in functions {
            if self.errands.end(&function.id).is_some() {
                out.events.push_back(EngineEvent::Withdraws(ToolCallId(function.id.clone())));
            }
        }
    }
}
