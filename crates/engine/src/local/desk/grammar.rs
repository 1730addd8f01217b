//! What can be said now, as a JSGF grammar: small, because a recogniser errs less where less is possible.
//!
//! Only words of the CMU dictionary, in lower case. The rules that a question does not use are left out.

use super::{Desk, Kind, Question};
use jiff::{Zoned, civil::Date};
use std::{collections::BTreeSet, fmt::Write as _};
use when::{Clock, Day, Hours, Said, Style, name_number, name_ordinal, name_time};

/// The months that can be named are those of so many days ahead.
const NAMED_DAYS: i64 = 100;

/// The grammar of what can be answered to what the desk asked last.
pub(super) fn of(desk: &Desk, now: &Zoned) -> String {
    let kind = desk.task.as_ref().map(|task| task.kind);
    let answers = match &desk.question {
        Question::Open { more } => {
            let more = if *more { " | <no> | <yes>" } else { "" };
            format!("<matter> | <day> [<time>] | <time> [<day>]{more}")
        }
        Question::What => {
            let yes = if desk.usual.is_some() { " | <yes>" } else { "" };
            format!("[<asked>] [a | an | the] <kind> [<point>] | <nth> | <no>{yes}")
        }
        Question::Day(_) => "<day> [<time>] | no <near> [<time>] | <span> | <any> | <asks_free>".into(),
        Question::Time(_) => {
            let same = if kind == Some(Kind::Move) { " | the same time" } else { "" };
            format!("<time> [<near>] | [no] <near> [<time>] | <half> | <any> | <asks_free>{same}")
        }
        Question::Either { choices, .. } => {
            let names: BTreeSet<String> = choices.iter().flat_map(|choice| spoken(choice, now)).collect();
            format!("{} | <nth> | <no>", alternatives(&names))
        }
        Question::Offer(slots) => {
            let names: BTreeSet<String> = slots.iter().flat_map(|slot| spoken_moment(slot, now)).collect();
            format!(
                "{} | <nth> | <yes> | <no> | <change_to> | another day | another time",
                alternatives(&names)
            )
        }
        Question::Among(appointments) => {
            let names: BTreeSet<String> =
                appointments.iter().flat_map(|known| spoken_moment(&known.at, now)).collect();
            let kinds =
                if appointments.iter().any(|known| known.what.is_some()) { " | [the] <kind>" } else { "" };
            format!("[the one] ({}) | <nth> | <yes> | <no>{kinds}", alternatives(&names))
        }
        Question::Confirm { at } => {
            let verb = match kind {
                Some(Kind::Cancel) => "cancel",
                Some(Kind::Move) => "move",
                Some(Kind::Book) | None => "book",
            };
            let correction = if at.is_some() { " | [no] [make it] <change_to> | <part>" } else { "" };
            let unwritten = if verb == "book" { " | yes but no text message" } else { "" };
            format!("<yes> | yes {verb} it | {verb} it | <no>{correction}{unwritten}")
        }
        Question::Change => {
            let other = if kind == Some(Kind::Move) { " | another appointment" } else { "" };
            format!("<part> | [make it] <change_to> | nothing{other}")
        }
        Question::Leave => "<yes> | <no> | <matter>".into(),
        Question::Message => "<note> | nothing".into(),
        Question::Send(_) => "<yes> | <no>".into(),
    };
    let mut text = format!("#JSGF V1.0;\ngrammar desk;\npublic <said> = {answers} | <always>;\n");
    let rules = rules(&desk.setup.hours, now);
    let mut wanted = used(&text);
    let mut written = BTreeSet::new();
    while let Some(name) = wanted.pop_first() {
        if !written.insert(name.clone()) {
            continue;
        }
        let (_, rule) =
            rules.iter().find(|(rule, _)| *rule == name).expect("every rule that is used is written below");
        let _ = writeln!(text, "<{name}> = {rule};");
        wanted.extend(used(rule));
    }
    text
}

/// Every rule there is, by its name.
fn rules(hours: &Hours, now: &Zoned) -> Vec<(&'static str, String)> {
    let asked = "(i would like to | i'd like to | i want to | can i | please)";
    let article = "(an | my | the)";
    let (thing, one, kinds) = things(hours);
    let closing = names_on_dial(hours.week.iter().flatten().map(|opening| opening.to.hour()));
    let today = if is_open_later(hours, now) { "today | " } else { "" };
    vec![
        (
            "matter",
            format!(
                "<book> [<point>] | <asks_free> | {asked} <change> {article} {thing} [to <point>] | <change> {article} \
                 {thing} [to <point>] | [{asked}] cancel {article} {thing} [<point>] | <list> [<day>]"
            ),
        ),
        (
            "book",
            format!(
                "[{asked}] (book | make) {one} [for] | (i need | i would like | i'd like) {one} [for] | {one} [for]"
            ),
        ),
        ("asked", "(i would like | i'd like | i want | i need | for)".into()),
        ("kind", kinds),
        ("change", "(move | reschedule | change)".into()),
        ("asks_free", "(what is free | what's free | when are you free | what do you have) [<day> | <span>]".into()),
        ("list", "what do i have | what are my appointments | when is my appointment".into()),
        ("point", "<day> [<time>] | <time> [<day>]".into()),
        ("change_to", "<near> [<time>] | <time> [<near>]".into()),
        ("day", "<near> | [on] the <date> [of <month>] [<part_of_day>]".into()),
        // A lone date sounds like an hour: it is left out where an hour may be said.
        (
            "near",
            format!(
                "([on] ([next | this] <weekday> [the <date>] | [<weekday>] <month> [the] <date>) | {today}tomorrow | \
                 the day after tomorrow) [<part_of_day>]"
            ),
        ),
        ("span", "next week | this week".into()),
        ("weekday", "monday | tuesday | wednesday | thursday | friday | saturday | sunday".into()),
        ("month", months(now)),
        ("date", dates()),
        (
            "time",
            format!(
                "[at] (<hour> [o'clock] [<half>] | <hour> (thirty | fifteen | forty five) [<half>] | half past <hour> [<half>] | \
                 quarter past <hour> [<half>] | quarter to (<hour> | {closing}) [<half>] | noon)"
            ),
        ),
        ("hour", dial(hours)),
        ("half", "a m | p m | <part_of_day>".into()),
        ("part_of_day", parts_of_day(hours)),
        ("any", "any time | any day | as soon as possible".into()),
        ("yes", "yes | yes please | yes that's right | that's right | that is correct | correct | okay | sure".into()),
        ("no", "no | no thank you | no that's all | no that's wrong | that's wrong | that is wrong".into()),
        ("part", "[change] (the day | the time) | both".into()),
        ("nth", "[the] (first | second | third | last) [one]".into()),
        ("note", "please call me back [<point>] | i will call again | i am running late | i have a question".into()),
        (
            "always",
            "help | repeat that | say that again | start over | goodbye | never mind | leave a message | talk to a person".into(),
        ),
    ]
}

/// How an appointment is called, how one is asked for, and the names of its kinds. Where there are no kinds the grammar
/// has none.
fn things(hours: &Hours) -> (&'static str, &'static str, String) {
    if hours.kinds.is_empty() {
        return ("appointment", "an appointment", "appointment".into());
    }
    let names: BTreeSet<String> = hours.kinds.iter().map(|kind| plain(&kind.name)).collect();
    ("(appointment | <kind>)", "(an appointment | [a | an] <kind>)", alternatives(&names))
}

/// The rules that a rule refers to.
fn used(text: &str) -> BTreeSet<String> {
    let references = text.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    references.map(|(name, _)| name.to_owned()).filter(|name| name != "said").collect()
}

fn alternatives(words: &BTreeSet<String>) -> String {
    words.iter().cloned().collect::<Vec<_>>().join(" | ")
}

/// The months within reach.
fn months(now: &Zoned) -> String {
    let mut names: Vec<String> = Vec::new();
    for days in (0..NAMED_DAYS).step_by(10) {
        let Ok(date) = now.date().checked_add(jiff::Span::new().days(days)) else { break };
        let name = date.strftime("%B").to_string().to_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" | ")
}

fn dates() -> String {
    (1..=31).map(|date| name_ordinal(date).replace('-', " ")).collect::<Vec<_>>().join(" | ")
}

/// The hours on the dial at which the office is open on some day.
fn dial(hours: &Hours) -> String {
    names_on_dial(hours.week.iter().flatten().flat_map(|opening| {
        let to = if opening.to.hour() == 0 { 24 } else { opening.to.hour() };
        opening.from.hour()..to + i8::from(opening.to.minute() > 0)
    }))
}

/// Where no hour is given, all of them.
fn names_on_dial(hours: impl Iterator<Item = i8>) -> String {
    let mut dial: BTreeSet<u32> = hours.map(|hour| (u32::from(hour.unsigned_abs()) + 11) % 12 + 1).collect();
    if dial.is_empty() {
        dial.extend(1..=12);
    }
    dial.into_iter().map(name_number).collect::<Vec<_>>().join(" | ")
}

fn is_open_later(hours: &Hours, now: &Zoned) -> bool {
    now.checked_add(hours.notice).is_ok_and(|soon| {
        soon.date() == now.date() && hours.raster(now.date(), now.time_zone()).iter().any(|at| *at > soon)
    })
}

fn parts_of_day(hours: &Hours) -> String {
    let late = hours.week.iter().flatten().any(|opening| opening.to.hour() > 18 || opening.to.hour() == 0);
    let evening = if late { " | in the evening" } else { "" };
    format!("in the morning | in the afternoon{evening}")
}

fn plain(text: &str) -> String {
    text.to_lowercase().replace('-', " ").replace(',', "")
}

/// Ways to name one of the readings in doubt.
fn spoken(choice: &Said, now: &Zoned) -> Vec<String> {
    let days = match &choice.day {
        Some(Day::Dates(dates)) => dates.first().map(|date| spoken_day(*date, now)).unwrap_or_default(),
        Some(Day::Span(..)) | None => Vec::new(),
    };
    let times = match &choice.clock {
        Some(Clock::Times(times)) => times.iter().flat_map(|time| spoken_time(*time)).collect(),
        Some(Clock::Midnight) => vec!["[at] midnight".into()],
        Some(Clock::Part(_)) | None => Vec::new(),
    };
    if days.is_empty() || times.is_empty() {
        return [days, times].concat();
    }
    let times = times.join(" | ");
    days.iter().map(|day| format!("{day} [at] ({times})")).collect()
}

fn spoken_day(date: Date, now: &Zoned) -> Vec<String> {
    let weekday = plain(when::name_weekday(date.weekday()));
    let ordinal = plain(&name_ordinal(date.day() as u32));
    let month = date.strftime("%B").to_string().to_lowercase();
    let mut names = vec![
        format!("[on] [next | this] {weekday} [the {ordinal}]"),
        format!("[{weekday}] {month} [the] {ordinal}"),
        format!("the {ordinal} [of {month}]"),
    ];
    names.extend(when::name_days_ahead(date, now.date()).map(str::to_owned));
    names
}

fn spoken_time(time: jiff::civil::Time) -> Vec<String> {
    let full = plain(&name_time(time, Style::Spoken));
    let bare = full.split(" in the ").next().unwrap_or(&full).split(" at night").next().unwrap_or(&full);
    let half = match time.hour() {
        0..12 => "in the morning | a m",
        12..18 => "in the afternoon | p m",
        18..21 => "in the evening | p m",
        _ => "at night | p m",
    };
    let hour = name_number(u32::from(time.hour().unsigned_abs() + 11) % 12 + 1);
    let minute = plain(&name_number(u32::from(time.minute().unsigned_abs())));
    match (bare, time.minute()) {
        ("noon" | "midnight", _) => vec![format!("[at] {bare}"), "[at] twelve [o'clock]".into()],
        (_, 0) => vec![format!("[at] {bare} [o'clock] [{half}]")],
        (_, 10..) if !bare.ends_with(&minute) => vec![format!("[at] ({bare} | {hour} {minute}) [{half}]")],
        _ => vec![format!("[at] {bare} [{half}]")],
    }
}

/// Ways to name one of several moments: by its day, its time, or both.
fn spoken_moment(at: &Zoned, now: &Zoned) -> Vec<String> {
    let (days, times) = (spoken_day(at.date(), now), spoken_time(at.time()));
    let both: Vec<String> =
        days.iter().take(1).flat_map(|day| times.iter().map(move |time| format!("{day} {time}"))).collect();
    [days, times, both].concat()
}
