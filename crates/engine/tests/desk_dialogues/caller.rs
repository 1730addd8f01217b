//! Callers with something in mind, who word it in many ways, change their minds, and are misheard.

use crate::{
    calendar::{Calendar, zoned},
    words,
};
use engine::local::Hypothesis;
use fastrand::Rng;
use jiff::{ToSpan, Zoned};

/// What the caller is after.
#[derive(Clone, Debug)]
pub enum Goal {
    Book(Zoned),
    Move { old: Zoned, new: Zoned },
    Cancel(Zoned),
}

/// What has a yes-word in it and is no yes.
pub const RESERVATIONS: [&str; 10] = [
    "Let me confirm with my wife first",
    "Okay, let me think about it",
    "great but I need to check first",
    "Where exactly are you located?",
    "What is the correct address?",
    "right, is that with Doctor Smith?",
    "hmm okay maybe",
    "yes if you have parking",
    "sure, one moment please",
    "no problem",
];

#[expect(clippy::struct_excessive_bools, reason = "each is a trait of character")]
pub struct Caller {
    pub random: Rng,
    pub goal: Goal,
    /// Types instead of speaking: no recogniser's grammar bounds the words.
    pub typed: bool,
    /// Words misheard, of a hundred.
    pub noise: u32,
    /// Says something wrong first, and corrects it when it is read back.
    pub fickle: bool,
    pub first: bool,
    /// What kind of appointment it is, where there are kinds.
    pub what: Option<String>,
    /// Has got what they wanted.
    pub done: bool,
    /// The desk has got hold of another appointment than the one that is to be moved.
    pub misled: bool,
}

impl Caller {
    /// What the caller says to this.
    pub fn answer(&mut self, reply: &str, calendar: &Calendar, now: &Zoned) -> String {
        let ends = |ends: &[&str]| ends.iter().any(|end| reply.contains(end));
        if !self.first && self.random.u8(0..25) == 0 {
            return self.one_of(&["help", "say that again", "repeat that"]);
        }
        self.done |= ends(&["is booked.", "is moved.", "is cancelled."]);
        if self.done && !ends(&["anything else"]) {
            return "goodbye".into();
        }
        if std::mem::take(&mut self.first) {
            return self.request(now);
        }
        if ends(&["anything else"]) {
            return self.one_of(&["no thank you", "no", "goodbye", "no, that's all"]);
        }
        if ends(&["Shall I book it?", "Is that right?", "Shall I cancel it?"]) {
            return self.judge(reply, now);
        }
        if ends(&["leave a message"]) {
            return "no".into();
        }
        if ends(&["How can I help", "What can I do for you"]) {
            return self.request(now);
        }
        if ends(&["What is it for"]) {
            let what = self.what.clone().expect("nobody asks where there are no kinds");
            return if self.random.bool() { what } else { format!("a {what}") };
        }
        if ends(&["Do you mean", "Did you say"]) {
            return self.choose(reply);
        }
        if ends(&["What should I change"]) && std::mem::take(&mut self.misled) {
            return "another appointment".into();
        }
        if ends(&["What should I change"]) {
            return self.one_of(&["the day", "the time", "both"]);
        }
        if ends(&["Which one shall I move?", "Which one shall I cancel?", "the one to"]) {
            let (Goal::Move { old, .. } | Goal::Cancel(old)) = self.goal.clone() else {
                return "never mind".into();
            };
            if reply.contains("the one to") && words::are_named(reply, &old) {
                return "yes".into();
            }
            return words::day(&mut self.random, old.date(), now, self.typed);
        }
        if ends(&["Which would you like?", "Which one?"]) {
            return self.take_offer(reply, calendar, now);
        }
        if ends(&["your appointment?"]) {
            let (Goal::Move { old, .. } | Goal::Cancel(old)) = self.goal.clone() else {
                return "never mind".into();
            };
            return if reply.contains("time") {
                words::time(&mut self.random, &old, self.typed)
            } else {
                words::day(&mut self.random, old.date(), now, self.typed)
            };
        }
        let Some(at) = self.target() else { return "start over".into() };
        let asks_time = reply.contains("hat time") || reply.contains("other time");
        match (asks_time, reply.contains("day would you like")) {
            // Thinks better of the day instead of answering, or says all of it anew.
            (true, _) if std::mem::take(&mut self.fickle) => {
                let day = words::day(&mut self.random, at.date(), now, self.typed);
                if self.random.bool() { format!("no {day}") } else { format!("no {}", self.point(&at, now)) }
            }
            (true, _) if reply.contains("closed") || reply.contains("we are open") => self.point(&at, now),
            (true, _) => words::time(&mut self.random, &at, self.typed),
            (false, true) if self.random.bool() => self.point(&at, now),
            (false, true) => words::day(&mut self.random, at.date(), now, self.typed),
            (false, false) => self.request(now),
        }
    }

    fn target(&self) -> Option<Zoned> {
        match &self.goal {
            Goal::Book(at) | Goal::Move { new: at, .. } => Some(at.clone()),
            Goal::Cancel(_) => None,
        }
    }

    fn one_of(&mut self, of: &[&str]) -> String {
        of[self.random.usize(0..of.len())].to_owned()
    }

    fn point(&mut self, at: &Zoned, now: &Zoned) -> String {
        let day = words::day(&mut self.random, at.date(), now, self.typed);
        let time = words::time(&mut self.random, at, self.typed);
        let time = if time.starts_with("at ") { time } else { format!("at {time}") };
        match self.random.u8(0..4) {
            0 if !self.typed => format!("{time} {day}"),
            1 if self.typed => format!("{time} on {day}").replace("on on", "on"),
            _ => format!("{day} {time}"),
        }
    }

    /// The first sentence: all at once, or a part of it.
    fn request(&mut self, now: &Zoned) -> String {
        let please = self.one_of(&["i'd like to", "i would like to", "i want to", "can i", "please"]);
        match self.goal.clone() {
            Goal::Book(at) => {
                // A fickle caller names another day first.
                let at = if self.fickle { at.checked_add(1.day()).expect("a moment") } else { at };
                let book = if self.typed {
                    self.one_of(&[
                        "Hello, I need to see the doctor",
                        "Could you fit me in",
                        "Hi! I'd like to make an appointment, please,",
                        "Can I come in",
                        "We need to set up a meeting",
                        "Do you have anything free",
                    ])
                } else {
                    let book = self.one_of(&[
                        "book an appointment",
                        "make an appointment",
                        "book an appointment for",
                    ]);
                    if self.random.u8(0..4) == 0 {
                        "i need an appointment".into()
                    } else {
                        format!("{please} {book}")
                    }
                };
                let open = book.ends_with("for");
                if let (Some(what), 0..=2) = (self.what.clone(), self.random.u8(0..4)) {
                    return match self.random.u8(0..3) {
                        0 => format!("{please} book a {what}"),
                        1 => format!("i need a {what} {}", self.point(&at, now)),
                        _ => format!(
                            "i'd like a {what} {}",
                            words::day(&mut self.random, at.date(), now, self.typed)
                        ),
                    };
                }
                match self.random.u8(0..5) {
                    0 if !open => book,
                    1 => format!("{book} {}", words::day(&mut self.random, at.date(), now, self.typed)),
                    2 if !open => format!("{book} {}", words::time(&mut self.random, &at, self.typed)),
                    3 if !open && !self.typed => {
                        format!("what is free {}", words::day(&mut self.random, at.date(), now, false))
                    }
                    _ => format!("{book} {}", self.point(&at, now)),
                }
            }
            Goal::Move { old, new } => {
                let verb = self.one_of(&["move", "reschedule", "change"]);
                if let (Some(what), 0) = (self.what.clone(), self.random.u8(0..2)) {
                    return format!(
                        "{verb} my {what} to {}",
                        self.point(&new, now).trim_start_matches("on ")
                    );
                }
                match self.random.u8(0..4) {
                    0 => format!("{please} {verb} my appointment"),
                    1 => format!(
                        "{please} {verb} my appointment to {}",
                        self.point(&new, now).trim_start_matches("on ")
                    ),
                    2 if self.typed => format!(
                        "Please {verb} my appointment on {} to {}",
                        words::day(&mut self.random, old.date(), now, true).trim_start_matches("on "),
                        self.point(&new, now)
                    ),
                    _ => format!(
                        "{verb} my appointment to {}",
                        words::day(&mut self.random, new.date(), now, self.typed).trim_start_matches("on ")
                    ),
                }
            }
            Goal::Cancel(_) if self.what.is_some() && self.random.bool() => {
                format!("cancel my {}", self.what.clone().unwrap_or_default())
            }
            Goal::Cancel(at) => match self.random.u8(0..3) {
                0 => "cancel my appointment".into(),
                1 => format!(
                    "{please} cancel my appointment {}",
                    words::day(&mut self.random, at.date(), now, self.typed)
                ),
                _ if self.typed => {
                    format!("Sorry, I can't make it {}.", words::day(&mut self.random, at.date(), now, true))
                }
                _ => format!("cancel my appointment {}", self.point(&at, now)),
            },
        }
    }

    /// Yes to what was meant, and to nothing else.
    fn judge(&mut self, reply: &str, now: &Zoned) -> String {
        let right = match &self.goal {
            Goal::Book(at) => {
                let kind = self.what.as_ref().is_none_or(|what| reply.contains(&format!(" {what}, on ")));
                reply.contains("book it") && words::are_named(reply, at) && kind
            }
            Goal::Cancel(at) => reply.contains("cancel it") && words::are_named(reply, at),
            Goal::Move { old, new } => {
                reply.contains("I will move") && words::are_named(reply, old) && words::are_named(reply, new)
            }
        };
        if right && self.typed && self.random.u8(0..4) == 0 {
            return self.one_of(&RESERVATIONS);
        }
        if right && self.typed {
            return self.one_of(&[
                "Yes.",
                "Perfect, thank you very much",
                "Sounds good, go ahead",
                "Yes thanks, bye",
                "yes, that's all, thank you",
                "Okay, please do.",
            ]);
        }
        if right {
            return self.one_of(&["yes", "yes please", "yes that's right", "correct", "that's right"]);
        }
        self.fickle = false;
        if let Goal::Move { old, .. } = &self.goal
            && !words::are_named(reply, old)
        {
            self.misled = true;
            return "no".into();
        }
        let Some(at) = self.target().filter(|_| !reply.contains("cancel it")) else { return "no".into() };
        match self.random.u8(0..5) {
            0 => "no".into(),
            1 => format!("no {}", self.point(&at, now)),
            2 => format!("make it {}", self.point(&at, now)),
            3 if self.typed => format!("No, I meant {}", self.point(&at, now)),
            4 if self.typed => {
                format!("I changed my mind, can we do {} instead", self.point(&at, now))
            }
            _ => "no that's wrong".into(),
        }
    }

    fn choose(&mut self, reply: &str) -> String {
        let at = match &self.goal {
            Goal::Book(at) | Goal::Move { new: at, .. } | Goal::Cancel(at) => at.clone(),
        };
        let of_old = if let Goal::Move { old, .. } = &self.goal { Some(old.clone()) } else { None };
        let halves: Vec<&str> = reply.trim_end_matches('?').split(" or ").collect();
        if let [first, second] = halves.as_slice() {
            let day = |at: &Zoned| at.strftime("%A, %B").to_string();
            let (in_first, in_second) = (first.contains(&day(&at)), second.contains(&day(&at)));
            let ordinal = when::name_ordinal(at.day() as u32);
            let fits = |half: &str| half.contains(&day(&at)) && half.contains(&ordinal);
            if fits(first) && !fits(second) {
                return self.one_of(&["the first one", "the first"]);
            }
            if fits(second) && !fits(first) {
                return "the second one".into();
            }
            if !in_first && !in_second && reply.contains(", ") && of_old.is_none() {
                return "no".into();
            }
        }
        let at = of_old.filter(|old| reply.contains(&old.strftime("%A").to_string())).unwrap_or(at);
        words::time(&mut self.random, &at, self.typed)
    }

    /// One of the times that are offered will do where the wanted one is taken.
    fn take_offer(&mut self, reply: &str, calendar: &Calendar, now: &Zoned) -> String {
        let wanted = self.target();
        if let Some(at) = &wanted
            && words::are_named(reply, at)
            && !reply.contains("not free")
        {
            return words::time(&mut self.random, at, self.typed);
        }
        let offers: Vec<Zoned> = calendar
            .offered
            .iter()
            .map(|at| zoned(*at, now))
            .filter(|at| words::are_named(reply, at))
            .collect();
        let refused = wanted.as_ref().is_some_and(|at| {
            reply.contains("not free")
                && words::are_named(reply.split(" is not free").next().unwrap_or(""), at)
        });
        match &mut self.goal {
            Goal::Book(at) | Goal::Move { new: at, .. } if refused && !offers.is_empty() => {
                let index = self.random.usize(0..offers.len().min(3));
                *at = offers[index].clone();
                ["the first one", "the second one", "the third one"][index].into()
            }
            Goal::Book(_) | Goal::Move { .. } => {
                let at = wanted.expect("a goal with a time");
                self.point(&at, now)
            }
            Goal::Cancel(_) => "no".into(),
        }
    }

    /// What reaches the desk of it.
    pub fn channel(&mut self, words: &str) -> Vec<Hypothesis> {
        let plain = |text: &str, confidence| Hypothesis { text: text.to_owned(), confidence, language: None };
        if self.typed {
            return vec![plain(words, 1.0)];
        }
        let words = words.replace(',', "");
        let words = words.as_str();
        if self.random.u32(0..100) >= self.noise {
            return vec![plain(words, 0.6 + self.random.f32() * 0.4)];
        }
        let wrong = words::mishear(&mut self.random, words);
        match self.random.u8(0..6) {
            0 => Vec::new(),
            1 => vec![plain("next week help monday", 0.1)],
            2 if words.starts_with("no") => vec![plain("yes", 0.35)],
            2 if words.starts_with("yes") => vec![plain("no", 0.8)],
            3 if wrong != words => vec![plain(&wrong, 0.62), plain(words, 0.6)],
            4 if wrong != words => vec![plain(words, 0.62), plain(&wrong, 0.6)],
            _ => vec![plain(&wrong, 0.7)],
        }
    }
}
