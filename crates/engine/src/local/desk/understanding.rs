//! What the caller's words mean after what they were asked.

use super::{Act, Desk, Errand, Heard, Kind, Question, SURE, Task, phrase};
use jiff::Zoned;
use when::{Day, Said, Style};

impl Desk {
    pub(super) fn understand(&mut self, now: &Zoned, heard: &Heard, confidence: f32, unheard: bool) {
        let busy = matches!(&self.waiting, Some((_, errand)) if errand.changes_something());
        if busy {
            return self.say("One moment, please.");
        }
        let dictated = self.question == Question::Message
            && !matches!(heard.act, Some(Act::StartOver | Act::Drop | Act::Repeat));
        if !dictated && (heard.is_empty() || !self.is_sure(heard, confidence)) {
            return self.miss(now);
        }
        let misses = std::mem::take(&mut self.misses);
        if std::mem::take(&mut self.left) {
            self.waiting = None;
        }
        if dictated {
            return self.dictated(heard);
        }
        let refusal = (heard.unable && self.wants_a_time()).then(|| heard.as_refusal());
        let heard = refusal.as_ref().unwrap_or(heard);
        let wanted = heard.act.is_none_or(|act| act == Act::Book);
        let nods = heard.nods && heard.yes.is_none() && wanted && !self.asks_for_a_yes();
        let yes = nods.then(|| heard.as_yes());
        let heard = yes.as_ref().unwrap_or(heard);
        if self.everywhere(now, heard, unheard) || self.rules_out(now, heard) {
            return;
        }
        let question = self.question.clone();
        let done = match &question {
            Question::Confirm { at } => self.confirmed(now, heard, at.as_ref(), unheard),
            Question::Either { which, choices } => self.either(now, heard, *which, choices),
            Question::Offer(slots) => self.offered(now, heard, slots),
            Question::Among(appointments) => self.among(now, heard, appointments),
            Question::Change => self.changed(now, heard),
            Question::Leave => self.leaves(heard),
            Question::Send(text) => self.sends(heard, text),
            Question::Open { more } => self.opened_with(heard, *more),
            Question::What => self.what_it_is(now, heard),
            Question::Day(_) | Question::Time(_) | Question::Message => false,
        };
        if !done && !self.begin(now, heard) {
            self.misses = misses;
            if heard.hedged && self.asks_for_a_yes() {
                self.doubt(now);
            } else {
                self.miss(now);
            }
        }
    }

    /// Whether it was heard well enough for what it would do.
    fn is_sure(&self, heard: &Heard, confidence: f32) -> bool {
        let ends = matches!(heard.act, Some(Act::Goodbye | Act::StartOver | Act::Drop));
        let agrees = heard.yes == Some(true) && self.asks_for_a_yes();
        confidence >= SURE || !(ends || agrees)
    }

    /// Whether a time for an appointment is being looked for.
    fn wants_a_time(&self) -> bool {
        let task = self.task.as_ref();
        task.is_some_and(|task| task.kind == Kind::Book || (task.kind == Kind::Move && task.old.is_some()))
    }

    /// Whether a yes does something that it takes a yes for.
    pub(super) fn asks_for_a_yes(&self) -> bool {
        matches!(self.question, Question::Confirm { .. } | Question::Send(_))
    }

    /// Goodbye to a question that takes a yes: what is agreed to is done first, and what is neither agreed to nor refused is
    /// asked for once more.
    fn parts(&mut self, now: &Zoned, heard: &Heard, unheard: bool) {
        let rest = Heard { act: None, ..heard.clone() };
        let question = self.question.clone();
        let done = heard.yes != Some(false)
            && match &question {
                Question::Confirm { at } => self.confirmed(now, &rest, at.as_ref(), unheard),
                Question::Send(text) => self.sends(&rest, text),
                _ => false,
            };
        if done {
            self.leaving = matches!(&self.waiting, Some((_, errand)) if errand.changes_something());
        } else if heard.yes == Some(false) || std::mem::replace(&mut self.held, true) {
            self.goodbye();
        } else {
            let what = match (&question, self.task.as_ref().map(|task| task.kind)) {
                (Question::Send(_), _) => "pass it on",
                (_, Some(Kind::Move)) => "move it",
                (_, Some(Kind::Cancel)) => "cancel it",
                (_, Some(Kind::Book) | None) => "book it",
            };
            self.say(&format!("Shall I {what} before you go?"));
        }
    }

    /// What can be said at any time.
    fn everywhere(&mut self, now: &Zoned, heard: &Heard, unheard: bool) -> bool {
        match heard.act {
            Some(Act::StartOver) => {
                self.task = None;
                self.waiting = None;
                self.ask(Question::Open { more: false }, "All right, let us start over. How can I help you?");
            }
            Some(Act::Repeat) => {
                let again = self.reply.join(" ");
                self.say(&again);
            }
            Some(Act::Help) => {
                let ask = self.ask_with_example(now);
                let no_keys = self.is_written() || matches!(self.question, Question::Confirm { .. });
                let keys = if no_keys { "" } else { phrase::KEYS };
                let text = if matches!(self.question, Question::Open { .. }) {
                    format!("{} {keys} How can I help you?", phrase::HELP)
                } else {
                    format!("{ask} {keys}")
                };
                self.say(&text);
            }
            Some(Act::Goodbye) if self.asks_for_a_yes() => self.parts(now, heard, unheard),
            Some(Act::Goodbye) => self.goodbye(),
            Some(Act::Person) => {
                self.waiting = None;
                let words = if self.is_written() { phrase::PERSON_IN_WRITING } else { phrase::PERSON };
                self.ask(Question::Message, words);
            }
            Some(Act::Drop) => self.let_go(),
            Some(Act::Hours) => {
                let open = self.when_open(now, &heard.said());
                let ask = self.ask_again(now);
                self.say(&format!("{open} {ask}"));
            }
            Some(Act::Book | Act::Free | Act::Move | Act::Cancel | Act::List) | None => return false,
        }
        true
    }

    pub(super) fn let_go(&mut self) {
        let kept = match self.task.as_ref().map(|task| task.kind) {
            Some(Kind::Book) => "All right, nothing has been booked.",
            Some(Kind::Move | Kind::Cancel) => "All right, your appointment stays as it is.",
            None => "All right.",
        };
        self.waiting = None;
        self.finish(kept);
    }

    fn opened_with(&mut self, heard: &Heard, more: bool) -> bool {
        if heard.act.is_some() || !heard.said().is_empty() || !heard.kinds.is_empty() {
            return false;
        }
        match (heard.yes, more) {
            (Some(false), true) => self.goodbye(),
            (Some(_), _) => self.say("What can I do for you?"),
            (None, _) => return false,
        }
        true
    }

    /// A new matter, or more about the one at hand.
    fn begin(&mut self, now: &Zoned, heard: &Heard) -> bool {
        let pending = self.task.as_ref().map(|task| task.kind);
        let timed = !heard.said().is_empty();
        match heard.act {
            None | Some(Act::Move) if pending.is_none() && self.corrects_latest(heard) => {
                self.move_latest(now, heard);
            }
            Some(Act::List) => {
                self.waiting = None;
                self.ask_list(now, &heard.said());
            }
            Some(Act::Free) => self.begin_free(now, heard),
            Some(Act::Move) if pending == Some(Kind::Book) && timed && heard.about_it => self.add(now, heard),
            Some(Act::Move) if pending != Some(Kind::Move) => self.begin_move(now, heard),
            Some(Act::Cancel)
                if pending.is_some_and(|kind| kind != Kind::Cancel)
                    && !timed
                    && heard.kinds.is_empty()
                    && !heard.text.contains("appointment") =>
            {
                self.let_go();
            }
            Some(Act::Cancel) if pending != Some(Kind::Cancel) => self.begin_cancel(now, heard),
            Some(Act::Book) if pending.is_none() => {
                self.task = Some(Task::new(Kind::Book));
                self.add(now, heard);
            }
            Some(Act::Book | Act::Move | Act::Cancel) if pending.is_some() => self.add(now, heard),
            None if pending.is_some() && heard.shift.is_some() => self.add(now, heard),
            Some(_) | None if timed || heard.any || heard.same_time || !heard.kinds.is_empty() => {
                if pending.is_none() {
                    self.task = Some(Task::new(Kind::Book));
                }
                self.add(now, heard);
            }
            Some(_) | None if heard.hedged && self.asks_for_a_yes() => return false,
            Some(_) | None if pending.is_some() && heard.yes == Some(false) => {
                let what = self.what_to_change();
                self.ask(Question::Change, what);
            }
            Some(_) | None => return false,
        }
        true
    }

    /// Whether it is about what was just booked or moved.
    fn corrects_latest(&self, heard: &Heard) -> bool {
        let timed = heard.instead && !heard.said().is_empty();
        self.latest.is_some() && (timed || heard.shift.is_some())
    }

    /// When the office is open, on the day that was named or in a week.
    fn when_open(&self, now: &Zoned, said: &Said) -> String {
        let hours = self.hours();
        let Some(Day::Dates(dates)) = &said.day else { return hours.name_week(Style::Spoken) };
        if let Some(open) = hours.name_openings(dates[0], Style::Spoken) {
            return format!("On {} we are open {open}.", when::name_weekday(dates[0].weekday()));
        }
        let day = phrase::date(dates[0], now);
        format!("We are closed on {day}. {}", hours.name_week(Style::Spoken))
    }

    fn leaves(&mut self, heard: &Heard) -> bool {
        match heard.yes {
            _ if heard.act.is_some() || !heard.said().is_empty() => return false,
            Some(true) => self.ask(
                Question::Message,
                "What is your message? You can say, for example: please call me back.",
            ),
            Some(false) => {
                let more = self.task.take().is_none();
                self.ask(Question::Open { more }, "All right. How can I help you?");
            }
            None => return false,
        }
        true
    }

    fn dictated(&mut self, heard: &Heard) {
        let short = heard.text.split_whitespace().count() <= 3;
        match (heard.act, heard.yes) {
            (Some(Act::Goodbye), _) if short => self.goodbye(),
            (None, Some(false)) if short => self.finish("All right."),
            _ => {
                let text = heard.text.trim_end_matches(['.', '!', '?']).to_owned();
                self.ask(
                    Question::Send(text.clone()),
                    &format!("Your message is: {text}. Shall I pass it on?"),
                );
            }
        }
    }

    fn sends(&mut self, heard: &Heard, text: &str) -> bool {
        match heard.yes {
            Some(true) => self.want(Errand::Message, "take_message", &serde_json::json!({ "message": text })),
            Some(false) => self.ask(Question::Message, "All right. What is your message?"),
            None => return false,
        }
        true
    }
}
