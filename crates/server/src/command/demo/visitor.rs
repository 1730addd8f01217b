//! The caller of the demo: what they want, what they may hear, and how they answer it.

use jiff::Zoned;
use sim::caller::{Act, Mind, Script};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};
use when::{Said, Unclear};

/// What the caller says where nothing else is asked for.
pub const LINES: [&str; 4] =
    ["I would like to book an appointment.", "Next Tuesday at ten a m.", "Yes, please.", "Goodbye."];

/// How often the caller repeats what was not understood.
const REPEATS: u32 = 6;

/// Someone who wants one appointment, and understands what they are told of it.
#[derive(Debug)]
pub struct Visitor {
    lines: VecDeque<String>,
    /// When the lines together say that it shall be.
    wanted: Option<Zoned>,
    now: Zoned,
    last: Option<String>,
    /// The last line that named a day or a time.
    content: Option<String>,
    repeats: u32,
    silences: u32,
    mute: bool,
    grammar: Arc<str>,
    confirmed: Option<String>,
    /// What was heard to be booked, whatever it was.
    booked: Option<String>,
    goodbyes: u32,
}

impl Visitor {
    /// A caller who says these lines; `now` is the wall clock of the office.
    pub fn new(lines: &[String], now: Zoned) -> Self {
        let said = lines.iter().fold(Said::default(), |said, line| said.then(&when::read(line, &now)));
        let wanted = match said.resolve(&now, Some(&when::Hours::default())) {
            Ok(moment) => Some(moment.at),
            // The caller means the likeliest, and says so when asked.
            Err(Unclear::Either(moments, _)) => {
                moments.first().and_then(|moment| moment.to_zoned(now.time_zone().clone()).ok())
            }
            Err(
                Unclear::NoDay
                | Unclear::NoTime
                | Unclear::Closed(_)
                | Unclear::Skipped(_)
                | Unclear::Impossible(_),
            ) => None,
        };
        let grammar = grammar(&now, wanted.as_ref()).into();
        Self {
            lines: lines.iter().cloned().collect(),
            wanted,
            now,
            last: None,
            content: None,
            repeats: REPEATS,
            silences: 0,
            mute: false,
            grammar,
            confirmed: None,
            booked: None,
            goodbyes: 0,
        }
    }

    /// The same who says nothing at all.
    #[must_use]
    pub fn mute(self) -> Self {
        Self { mute: true, ..self }
    }

    /// The appointment that is wanted; none where the lines do not say when.
    pub fn wanted(&self) -> Option<&Zoned> {
        self.wanted.as_ref()
    }

    /// The words with which the wanted appointment was confirmed, as they were understood.
    pub fn confirmed(&self) -> Option<&str> {
        self.confirmed.as_deref()
    }

    /// What was understood to be booked, whatever it was.
    pub fn booked(&self) -> Option<&str> {
        self.booked.as_deref()
    }

    fn understood(&mut self, heard: &str) -> Act {
        if let Some(what) = between(heard, "is booked", &["is there"]) {
            self.booked = Some(what.to_owned());
            if self.means_wanted(what) == Some(true) {
                self.confirmed = Some(format!("it is booked {what}"));
            }
            return self.goodbye();
        }
        if heard.contains("goodbye") {
            return Act::Listen;
        }
        if self.booked.is_some() {
            return self.goodbye();
        }
        if let Some(what) = between(heard, "that is", &["shall i", "is that"])
            && (heard.contains("shall i book") || heard.contains("is that right"))
        {
            if self.means_wanted(what) == Some(false) {
                return self.say("No, that's wrong.".into());
            }
            let own = self.lines.front().is_some_and(|line| is_yes_or_no(line));
            let words = if own { self.lines.pop_front() } else { None };
            return self.say(words.unwrap_or_else(|| "Yes, please.".into()));
        }
        if Script::asks_again(heard) && self.last.is_some() {
            return self.again();
        }
        if let Some(choices) =
            between(heard, "do you mean", &[]).or_else(|| between(heard, "did you say", &[]))
        {
            let second = choices.split_once(" or ").is_some_and(|(_, second)| self.fits(second));
            return self.say(if second { "The second one." } else { "The first one." }.into());
        }
        if heard.contains("should i change") || heard.contains("are you still there") {
            return self.content();
        }
        if heard.contains("one moment") && !heard.contains("would") {
            return Act::Listen;
        }
        self.go_on(heard.contains("anything else"))
    }

    fn go_on(&mut self, nothing_else: bool) -> Act {
        while self.lines.front().is_some_and(|line| is_yes_or_no(line)) {
            self.lines.pop_front();
        }
        match self.lines.pop_front() {
            Some(line) => {
                if !when::read(&line, &self.now).is_empty() {
                    self.content = Some(line.clone());
                }
                self.say(line)
            }
            None if nothing_else => self.goodbye(),
            None => self.content(),
        }
    }

    fn content(&mut self) -> Act {
        self.last = self.content.clone().or(self.last.take());
        self.again()
    }

    fn again(&mut self) -> Act {
        let Some(last) = self.last.clone() else { return Act::Listen };
        if self.repeats == 0 {
            return Act::HangUp;
        }
        self.repeats -= 1;
        Act::Say(last)
    }

    /// All is said: takes leave, and goes if that is not understood.
    fn goodbye(&mut self) -> Act {
        self.goodbyes += 1;
        if self.goodbyes > 2 { Act::HangUp } else { self.say("Goodbye.".into()) }
    }

    fn say(&mut self, words: String) -> Act {
        self.last = Some(words.clone());
        Act::Say(words)
    }

    /// Whether these words name the wanted time; none where they name no time.
    fn means_wanted(&self, words: &str) -> Option<bool> {
        let moment = when::moment(words, &self.now, None).ok()?;
        Some(self.wanted.as_ref().is_some_and(|wanted| wanted.timestamp() == moment.at.timestamp()))
    }

    /// Whether these words, which may name only a day or only a time, name the wanted one's.
    fn fits(&self, words: &str) -> bool {
        let Some(wanted) = &self.wanted else { return false };
        let spoken = when::name_moment(wanted, &self.now, when::Style::Spoken);
        plain(&spoken).contains(words.trim())
    }
}

impl Mind for Visitor {
    fn grammar(&self) -> Option<Arc<str>> {
        Some(self.grammar.clone())
    }

    fn answer(&mut self, heard: Option<&str>) -> Act {
        if self.mute {
            return Act::Listen;
        }
        if let Some(heard) = heard {
            self.silences = 0;
            return self.understood(heard);
        }
        self.silences += 1;
        match (&self.last, self.silences) {
            // Whatever a greeting says, it is answered.
            (None, _) => self.go_on(false),
            (Some(_), 1) => Act::Listen,
            (Some(_), _) => self.again(),
        }
    }
}

fn between<'a>(text: &'a str, from: &str, to: &[&str]) -> Option<&'a str> {
    let rest = &text[text.find(from)? + from.len()..];
    let end = to.iter().filter_map(|to| rest.find(to)).min().unwrap_or(rest.len());
    Some(rest[..end].trim())
}

fn is_yes_or_no(line: &str) -> bool {
    let plain = plain(line);
    ["yes", "no", "okay", "sure", "correct", "that's right", "that's wrong"]
        .iter()
        .any(|word| plain.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
}

fn plain(text: &str) -> String {
    let words: String = text.to_lowercase().chars().map(|c| if c == '-' { ' ' } else { c }).collect();
    words.replace([',', '.', '!', '?'], "")
}

/// Phrases of an assistant at an appointment desk, in words that a recogniser knows.
const PHRASES: [&str; 33] = [
    "hello",
    "how can i help you",
    "which day would you like [instead]",
    "what [other] time would you like [instead]",
    "that is",
    "shall i book it",
    "just to be sure",
    "is that right",
    "i take that as",
    "when we are open",
    "it is booked",
    "it was booked already",
    "is there anything else i can do for you",
    "thank you for calling",
    "goodbye",
    "nothing has been booked",
    "i will hang up now",
    "sorry i did not catch that",
    "sorry i still did not understand",
    "i am sorry",
    "i have trouble understanding you",
    "would you like to leave a message [instead]",
    "please say",
    "is not free",
    "is free",
    "there are no appointments [from your number] then",
    "which one",
    "i have",
    "which would you like",
    "all right",
    "what should i change the day or the time",
    "one moment please",
    "are you still there",
];

/// What may be heard: those phrases, and days and times that exist. A weekday that does not fall on its date, or ten
/// in the afternoon, cannot be misheard, because it is not there.
pub fn grammar(now: &Zoned, wanted: Option<&Zoned>) -> String {
    let near = (0..NAMED_DAYS).filter_map(|days| now.date().checked_add(jiff::Span::new().days(days)).ok());
    let dates: BTreeSet<String> = near
        .chain(wanted.map(Zoned::date))
        .map(|date| plain(&when::name_date(date, now.date(), when::Style::Spoken)))
        .collect();
    let dates = dates.into_iter().collect::<Vec<_>>().join(" | ");
    let times = PARTS
        .map(|(part, past, to)| format!("([half past | quarter past] ({past}) | quarter to ({to})) {part}"));
    format!(
        "#JSGF V1.0;\ngrammar desk;\n\
         public <heard> = <phrase> [<phrase>] [<moment>] [<phrase>] [<phrase>] | <date> <phrase> | \
         i take that as <date> that is <moment> <phrase> | \
         (do you mean | did you say) <name> or <name>;\n\
         <phrase> = {};\n<name> = <moment> | <date> | <time>;\n<moment> = <date> at <time>;\n<date> = {dates};\n\
         <time> = noon | midnight | {};\n",
        PHRASES.join(" | "),
        times.join(" | "),
    )
}

/// The parts of the day, the hours that are named in them, and those before which a quarter is.
const PARTS: [(&str, &str, &str); 4] = [
    (
        "in the morning",
        "one | two | three | four | five | six | seven | eight | nine | ten | eleven",
        "one | two | three | four | five | six | seven | eight | nine | ten | eleven | twelve",
    ),
    ("in the afternoon", "twelve | one | two | three | four | five", "one | two | three | four | five | six"),
    ("in the evening", "six | seven | eight", "seven | eight | nine"),
    ("at night", "nine | ten | eleven", "ten | eleven | twelve"),
];

/// How many days ahead are understood by name; the wanted one always is.
const NAMED_DAYS: i64 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(lines: &[&str]) -> Visitor {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let now = "2026-11-21T12:00[America/New_York]".parse().expect("a moment");
        Visitor::new(&lines, now)
    }

    fn said(act: Act) -> String {
        match act {
            Act::Say(words) => words,
            other => panic!("the caller was to speak, not {other:?}"),
        }
    }

    const READ_BACK: &str = "that is tuesday november twenty fourth at ten in the morning shall i book it";
    const BOOKED: &str = "it is booked tuesday november twenty fourth at ten in the morning is there anything else i can do for you";

    #[test]
    fn the_usual_lines_lead_to_a_confirmed_appointment() {
        let mut visitor = visitor(&LINES);
        assert_eq!(
            visitor.wanted().expect("they say when").to_string(),
            "2026-11-24T10:00:00-05:00[America/New_York]"
        );
        assert_eq!(said(visitor.answer(Some("hello how can i help you"))), LINES[0]);
        assert_eq!(said(visitor.answer(Some("which day would you like"))), LINES[1]);
        assert_eq!(said(visitor.answer(Some(READ_BACK))), LINES[2]);
        assert_eq!(said(visitor.answer(Some(BOOKED))), LINES[3]);
        assert!(visitor.confirmed().is_some());
    }

    #[test]
    fn the_usual_lines_name_a_tuesday_at_ten_on_every_day_of_the_year() {
        let lines = LINES.map(str::to_owned);
        let first: Zoned = "2026-11-21T23:50[Europe/Berlin]".parse().expect("a moment");
        for days in 0..366 {
            let now = first.checked_add(jiff::Span::new().days(days)).expect("within reach");
            let visitor = Visitor::new(&lines, now.clone());
            let wanted = visitor.wanted().unwrap_or_else(|| panic!("no appointment on {now}"));
            assert_eq!((wanted.weekday(), wanted.hour()), (jiff::civil::Weekday::Tuesday, 10), "on {now}");
            assert!(*wanted > now, "on {now}");
        }
    }

    #[test]
    fn a_wrong_read_back_is_refused_and_a_wrong_booking_confirms_nothing() {
        let mut visitor = visitor(&["Book an appointment next Tuesday at ten a m."]);
        visitor.answer(Some("hello how can i help you"));
        let wrong = READ_BACK.replace("ten in", "nine in");
        assert_eq!(said(visitor.answer(Some(&wrong))), "No, that's wrong.");
        assert_eq!(
            said(visitor.answer(Some("all right what should i change the day or the time"))),
            "Book an appointment next Tuesday at ten a m."
        );
        visitor.answer(Some(&BOOKED.replace("twenty fourth", "twenty fifth")));
        assert!(visitor.booked().is_some());
        assert_eq!(visitor.confirmed(), None);
    }

    #[test]
    fn what_was_not_understood_is_said_again_but_not_for_ever() {
        let mut visitor = visitor(&LINES);
        visitor.answer(None);
        for _ in 0..REPEATS {
            assert_eq!(said(visitor.answer(Some("sorry i did not catch that how can i help you"))), LINES[0]);
        }
        assert_eq!(visitor.answer(Some("sorry i did not catch that how can i help you")), Act::HangUp);
    }

    #[test]
    fn of_two_days_the_wanted_one_is_chosen() {
        let mut visitor = visitor(&LINES);
        visitor.answer(None);
        visitor.answer(Some("which day would you like"));
        let asked = "do you mean tuesday december first or tuesday november twenty fourth";
        assert_eq!(said(visitor.answer(Some(asked))), "The second one.");
    }

    #[test]
    fn a_mute_caller_says_nothing_whatever_is_asked() {
        let mut visitor = visitor(&LINES).mute();
        assert_eq!(visitor.answer(Some("hello how can i help you")), Act::Listen);
        assert_eq!(visitor.answer(None), Act::Listen);
    }
}
