//! How the desk says and asks things, and how it asks again what was not understood.

use super::{Desk, DeskOutput, Errand, Kind, Question, Which, phrase};
use jiff::Zoned;

/// Times in a row that the desk asks again before it offers to take a message instead.
const PATIENCE: u32 = 3;
/// The same, before it says goodbye.
const END_OF_PATIENCE: u32 = 5;
/// Times in a call that it asks again at all.
const ALTOGETHER: u32 = 14;

impl Desk {
    /// Says this as the reply; what is asked in it must all be heard but for the last sentence.
    pub(super) fn say(&mut self, text: &str) {
        self.reply = phrase::sentences(text);
        self.needed = self.reply.len().saturating_sub(1);
        self.outputs.extend(self.reply.iter().cloned().map(DeskOutput::Say));
    }

    pub(super) fn say_first(&mut self, at: usize, news: &str) {
        for (index, sentence) in phrase::sentences(news).into_iter().enumerate() {
            self.reply.insert(index.min(self.reply.len()), sentence.clone());
            self.outputs.insert((at + index).min(self.outputs.len()), DeskOutput::Say(sentence));
        }
        self.needed = self.reply.len().saturating_sub(1);
    }

    /// Says this, and asks.
    pub(super) fn ask(&mut self, question: Question, text: &str) {
        self.question = question;
        (self.held, self.leaving) = (false, false);
        self.say(text);
    }

    /// This is done: says so, and asks for more.
    pub(super) fn finish(&mut self, text: &str) {
        self.task = None;
        self.ask(Question::Open { more: true }, &format!("{text} {}", phrase::MORE));
        self.needed = self.reply.len().saturating_sub(1);
    }

    pub(super) fn goodbye(&mut self) {
        let undone = matches!(&self.task, Some(task) if task.kind == Kind::Book);
        self.task = None;
        self.question = Question::Open { more: true };
        self.say(match (undone, self.is_written()) {
            (true, false) => "Nothing has been booked. Thank you for calling. Goodbye!",
            (false, false) => "Thank you for calling. Goodbye!",
            (true, true) => "Nothing has been booked. Goodbye!",
            (false, true) => "Thank you. Goodbye!",
        });
        self.left = true;
        self.want(Errand::HangUp, "hang_up", &serde_json::json!({}));
    }

    /// What was asked last, again, in short.
    pub(super) fn ask_again(&self, now: &Zoned) -> String {
        match &self.question {
            Question::Open { more: false } => "How can I help you?".into(),
            Question::Open { more: true } => phrase::MORE.into(),
            Question::What => self.what_kinds(),
            Question::Day(Which::New) => "Which day would you like?".into(),
            Question::Day(Which::Old) => "On which day is your appointment?".into(),
            Question::Time(Which::New) => "What time would you like?".into(),
            Question::Time(Which::Old) => "At what time is your appointment?".into(),
            Question::Either { choices, .. } => {
                let names: Vec<String> = choices.iter().filter_map(|said| phrase::said(said, now)).collect();
                format!("Did you say {}?", when::list(&names, "or"))
            }
            Question::Offer(slots) => format!("{} Which would you like?", phrase::offer(slots, now)),
            Question::Among(appointments) => self.name_appointments(appointments, now),
            Question::Confirm { at } => self.read_back(at.as_ref(), now),
            Question::Change => self.what_to_change().into(),
            Question::Leave => "Would you like to leave a message?".into(),
            Question::Message => "What is your message?".into(),
            Question::Send(text) => format!("Your message is: {text}. Shall I pass it on?"),
        }
    }

    /// The same with an example of what to say.
    pub(super) fn ask_with_example(&self, now: &Zoned) -> String {
        let example = match &self.question {
            Question::Open { .. } => "Please say, for example: book an appointment next Tuesday at ten.",
            Question::What => "Please say which of these.",
            Question::Day(_) => "Please say a day, for example: next Tuesday.",
            Question::Time(_) => "Please say a time, for example: half past two in the afternoon.",
            Question::Either { .. } => "Please say the first one, or the second one.",
            Question::Offer(_) | Question::Among(_) => "Please say, for example: the first one.",
            Question::Confirm { .. } | Question::Leave | Question::Send(_) if self.is_written() => {
                "Please answer yes or no."
            }
            Question::Confirm { .. } | Question::Leave | Question::Send(_) => {
                "Please say: yes, that's right. Or: no, that's wrong. You can also press one for yes and two for no."
            }
            Question::Change => "Please say: the day. Or: the time.",
            Question::Message => "Please say, for example: please call me back.",
        };
        let first = matches!(&self.question, Question::Confirm { .. } | Question::Leave | Question::Send(_));
        let ask = self.ask_again(now);
        if first { format!("{example} {ask}") } else { format!("{ask} {example}") }
    }

    /// What was said has a yes in it and is none for certain: asks again, in other words.
    pub(super) fn doubt(&mut self, now: &Zoned) {
        let undone = match (&self.question, self.task.as_ref().map(|task| task.kind)) {
            (Question::Send(_), _) => "I have not passed it on yet",
            (_, Some(Kind::Move)) => "Nothing has been moved yet",
            (_, Some(Kind::Cancel)) => "Nothing has been cancelled yet",
            (_, Some(Kind::Book) | None) => "Nothing has been booked yet",
        };
        let ask = self.ask_again(now);
        self.say(&format!("{undone}, please say yes or no. {ask}"));
    }

    /// It was not understood: asks again, each time differently, and not for ever.
    pub(super) fn miss(&mut self, now: &Zoned) {
        if self.left || self.waiting.is_some() {
            return;
        }
        if self.is_written() {
            let open = matches!(self.question, Question::Open { .. });
            let ask = if open { self.ask_with_example(now) } else { self.ask_again(now) };
            return self.say(&format!("{} {ask}", phrase::UNREADABLE));
        }
        self.misses += 1;
        self.misses_altogether += 1;
        if self.misses >= END_OF_PATIENCE || self.misses_altogether >= ALTOGETHER {
            self.say("I am sorry, I cannot understand you on this line.");
            let sorry = std::mem::take(&mut self.reply);
            self.goodbye();
            self.reply.splice(0..0, sorry);
            return;
        }
        let text = match self.misses {
            1 => format!("Sorry, I did not catch that. {}", self.ask_again(now)),
            2.. if self.misses >= PATIENCE && self.question != Question::Leave => {
                self.question = Question::Leave;
                "I am sorry, I have trouble understanding you. Would you like to leave a message instead?"
                    .into()
            }
            _ => format!("Sorry, I still did not understand. {}", self.ask_with_example(now)),
        };
        self.say(&text);
    }
}
