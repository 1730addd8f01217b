//! A caller's conversation with the desk.

use crate::calendar::Calendar;
use engine::local::{
    Hypothesis,
    desk::{Desk, DeskOutput, DeskSetup},
};
use jiff::{Zoned, civil::DateTime};
use when::Hours;

pub struct Conversation {
    pub desk: Desk,
    pub calendar: Calendar,
    pub now: Zoned,
    /// The desk's last reply.
    pub heard: String,
}

impl Conversation {
    /// On Friday, 20 November 2026, 14:30 in Berlin.
    pub fn begin() -> Self {
        Self::begin_with(Hours::default())
    }

    pub fn begin_with(hours: Hours) -> Self {
        Self::take_over(hours, None)
    }

    pub fn take_over(hours: Hours, so_far: Option<&[&str]>) -> Self {
        let now: Zoned = "2026-11-20T14:30:00+01:00[Europe/Berlin]".parse().expect("a moment");
        let desk = Desk::new(DeskSetup {
            now: now.clone(),
            hours: hours.clone(),
            greeting: "Good day, this is the practice. How can I help you?".into(),
            business: "the practice".into(),
            caller: "Ada".into(),
            so_far: so_far.map(|said| said.iter().map(|words| (*words).to_owned()).collect()),
        });
        let mut conversation = Self { desk, calendar: Calendar::new(hours), now, heard: String::new() };
        conversation.listen();
        conversation
    }

    pub fn listen(&mut self) {
        let mut said = Vec::new();
        while let Some(output) = self.desk.poll() {
            match output {
                DeskOutput::Say(sentence) => said.push(sentence),
                DeskOutput::Wants(call) => {
                    let answer = self.calendar.run(&call, &self.now);
                    self.desk.answer(&self.now, &call.id, &answer);
                }
            }
        }
        self.heard = said.join(" ");
    }

    pub fn prompt(&mut self, instruction: &str) -> &str {
        self.desk.prompt(&self.now, instruction);
        self.listen();
        &self.heard
    }

    pub fn say(&mut self, text: &str) -> &str {
        self.say_surely(&[(text, 0.9)])
    }

    pub fn say_surely(&mut self, hypotheses: &[(&str, f32)]) -> &str {
        let hypotheses: Vec<Hypothesis> = hypotheses
            .iter()
            .map(|(text, confidence)| Hypothesis {
                text: (*text).into(),
                confidence: *confidence,
                language: None,
            })
            .collect();
        self.desk.hear(&self.now, &hypotheses);
        self.listen();
        &self.heard
    }

    pub fn own(&self) -> Vec<String> {
        self.calendar.own.keys().map(|at| at.strftime("%m-%d %H:%M").to_string()).collect()
    }
}

pub fn at(text: &str) -> DateTime {
    text.parse().expect("a local time")
}
