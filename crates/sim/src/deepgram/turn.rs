//! One turn of the agent's: which message and which sound of it is due when.

use super::script::{End, Reply};
use crate::openai::{Item, Voice, script::Format};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What a turn does next.
#[derive(Debug)]
pub(super) enum Step {
    Message(Value),
    /// Something is said; with its words.
    Words(String),
    Audio(Vec<u8>),
    /// Tools are wanted, by name and with these arguments.
    Wants(Vec<(String, String)>),
    Fail(String),
    Close(u16),
    Drop,
    Over,
}

#[derive(Debug)]
pub(super) struct Turn {
    items: VecDeque<Item>,
    end: End,
    sound_first: bool,
    format: Format,
    current: Option<Current>,
    steps: VecDeque<Step>,
    due: Instant,
    /// It answers the caller, who can take that back by speaking before it has begun.
    pub answers: bool,
}

#[derive(Debug)]
struct Current {
    number: u32,
    voice: Voice,
    sent_ms: u32,
    whole_ms: u32,
    /// The sentences, and when each begins.
    sentences: VecDeque<(u32, String)>,
}

impl Turn {
    pub(super) fn new(now: Instant, reply: Reply, format: Format, answers: bool) -> Self {
        Self {
            items: reply.items.into(),
            end: reply.end,
            sound_first: reply.sound_first,
            format,
            current: None,
            steps: VecDeque::new(),
            due: now + reply.thinks,
            answers,
        }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Takes the next step that is due; `numbers` counts what is said in a session.
    pub(super) fn step(&mut self, now: Instant, numbers: &mut u32) -> Option<Step> {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Some(step);
            }
            if now < self.due {
                return None;
            }
            self.prepare(numbers);
        }
    }

    /// What would have come next of the sound: so much of it.
    pub(super) fn rest(&self, length: Duration) -> Vec<u8> {
        let Some(current) = &self.current else { return Vec::new() };
        let ms = (length.as_millis() as u32).min(current.whole_ms - current.sent_ms);
        current.voice.sound.render(current.number, current.sent_ms, ms, self.format)
    }

    fn prepare(&mut self, numbers: &mut u32) {
        if let Some(mut current) = self.current.take() {
            // What goes wrong goes wrong in the middle of the last thing that is said.
            let half = self.items.is_empty() && current.sent_ms >= current.whole_ms / 2;
            let breaks = match &self.end {
                End::Completed | End::Silent => None,
                End::Fails(code) => Some(Step::Fail(code.clone())),
                End::Closes(code) => Some(Step::Close(*code)),
                End::Drops => Some(Step::Drop),
            };
            if let Some(step) = breaks.filter(|_| half) {
                return self.steps.push_back(step);
            }
            if current.sent_ms < current.whole_ms {
                self.sound(&mut current);
                self.current = Some(current);
            } else if self.end != End::Silent {
                self.steps.push_back(Step::Message(json!({"type": "AgentAudioDone"})));
            }
            return;
        }
        match self.items.pop_front() {
            None => self.steps.push_back(Step::Over),
            Some(Item::Voice(voice)) => self.begin(voice, numbers),
            Some(Item::Hosted(wanted)) => panic!("Deepgram uses no {} by itself", wanted.tool),
            Some(Item::Tool { name, arguments }) => {
                let mut wanted = vec![(name, arguments)];
                while let Some(Item::Tool { .. }) = self.items.front() {
                    let Some(Item::Tool { name, arguments }) = self.items.pop_front() else { break };
                    wanted.push((name, arguments));
                }
                self.steps.push_back(Step::Wants(wanted));
            }
        }
    }

    fn begin(&mut self, voice: Voice, numbers: &mut u32) {
        *numbers += 1;
        let whole_ms = voice.length.as_millis() as u32;
        let sentences: Vec<&str> = voice.transcript.split_inclusive(". ").map(str::trim).collect();
        let count = sentences.len() as u32;
        let begins = |n: u32| whole_ms * n / count;
        let sentences = sentences.into_iter().zip(0..).map(|(s, n)| (begins(n), s.to_owned())).collect();
        let mut current = Current { number: *numbers, voice, sent_ms: 0, whole_ms, sentences };
        if !self.sound_first {
            self.words(&mut current);
            let latencies = json!({"total_latency": 1.42, "tts_latency": 0.31, "ttt_latency": 0.88});
            let mut started = json!({"type": "AgentStartedSpeaking"});
            started
                .as_object_mut()
                .expect("it is one")
                .extend(latencies.as_object().cloned().unwrap_or_default());
            self.steps.push_back(Step::Message(started));
        }
        self.current = Some(current);
    }

    fn words(&mut self, current: &mut Current) {
        while let Some((_, words)) = current.sentences.pop_front_if(|(at, _)| *at <= current.sent_ms) {
            self.steps.push_back(Step::Words(words));
        }
    }

    fn sound(&mut self, current: &mut Current) {
        let left = current.whole_ms - current.sent_ms;
        let ms = (current.voice.delta.as_millis() as u32).clamp(1, left);
        if !self.sound_first {
            self.words(current);
        }
        let sound = current.voice.sound.render(current.number, current.sent_ms, ms, self.format);
        self.steps.push_back(Step::Audio(sound));
        current.sent_ms += ms;
        if self.sound_first {
            self.words(current);
        }
        if current.voice.speed > 0.0 {
            self.due += Duration::from_millis(u64::from(ms)).div_f64(current.voice.speed);
        }
    }
}
