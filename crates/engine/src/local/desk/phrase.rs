//! The desk's sentences about days, times and what it can do.

use jiff::{Zoned, civil::Date};
use when::{Said, Style, list, name_date, name_moment, name_time};

pub(super) const HELP: &str = "You can book, move or cancel an appointment, ask what is free, or leave a message. \
    For example, say: I would like to book an appointment next Tuesday at ten.";
pub(super) const MORE: &str = "Is there anything else I can do for you?";
pub(super) const KEYS: &str = "You can also press one for yes and two for no.";

pub(super) const PERSON: &str = "Nobody can take your call just now, but I can take a message. What is your message? \
    You can say, for example: please call me back.";
pub(super) const PERSON_IN_WRITING: &str = "I can pass on a message. What is it?";
/// What somebody is told whose text was not understood.
pub(super) const UNREADABLE: &str = "Sorry, I do not understand that. By text I can book, move or cancel an appointment, say what \
    is free or what you have, and pass on a message.";

/// Cuts a text into sentences. An abbreviation such as "a.m." or "Dr." ends none.
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut sentence = String::new();
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        sentence.push_str(word);
        let next_begins = words
            .peek()
            .is_none_or(|next| next.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()));
        let stem = word.trim_end_matches(['.', '!', '?']);
        let short = stem.contains('.') || matches!(stem, "Dr" | "Mr" | "Mrs" | "Ms" | "St" | "No");
        if word.ends_with(['.', '!', '?']) && next_begins && !(short && words.peek().is_some()) {
            sentences.push(std::mem::take(&mut sentence));
        }
    }
    if !sentence.is_empty() {
        sentences.push(sentence);
    }
    sentences
}

pub(super) fn moment(at: &Zoned, now: &Zoned) -> String {
    name_moment(at, now, Style::Spoken)
}

pub(super) fn date(date: Date, now: &Zoned) -> String {
    name_date(date, now.date(), Style::Spoken)
}

/// "On Tuesday, November twenty-fourth I have nine in the morning or noon.", a sentence for each day.
pub(super) fn offer(slots: &[Zoned], now: &Zoned) -> String {
    let mut days: Vec<(Date, Vec<String>)> = Vec::new();
    for slot in slots {
        let time = name_time(slot.time(), Style::Spoken);
        match days.last_mut() {
            Some((day, times)) if *day == slot.date() => times.push(time),
            _ => days.push((slot.date(), vec![time])),
        }
    }
    let said: Vec<String> = days
        .iter()
        .map(|(day, times)| format!("On {} I have {}.", date(*day, now), list(times, "or")))
        .collect();
    said.join(" ")
}

/// A few of many slots, spread over the time that they cover, in order.
pub(super) fn a_few(slots: &[Zoned], most: usize) -> Vec<Zoned> {
    if slots.len() <= most {
        return slots.to_vec();
    }
    (0..most).map(|index| slots[index * (slots.len() - 1) / (most - 1).max(1)].clone()).collect()
}

/// What a partial reading says, to ask "did you say …?"; nothing where it names no day and no time.
pub(super) fn said(said: &Said, now: &Zoned) -> Option<String> {
    let day = match &said.day {
        Some(when::Day::Dates(dates)) => dates.first().map(|day| date(*day, now)),
        Some(when::Day::Span(..)) | None => None,
    };
    let time = match &said.clock {
        Some(when::Clock::Times(times)) if times.len() == 1 => Some(name_time(times[0], Style::Spoken)),
        // Both halves of the day sound the same.
        Some(when::Clock::Times(times)) => times.first().map(|&time| {
            let name = name_time(time, Style::Spoken);
            let end = name.find(" in the ").or_else(|| name.find(" at night")).unwrap_or(name.len());
            name[..end].to_owned()
        }),
        Some(when::Clock::Midnight) => Some("midnight".into()),
        Some(when::Clock::Part(_)) | None => None,
    };
    match (day, time) {
        (Some(day), Some(time)) => Some(format!("{day}, at {time}")),
        (Some(day), None) => Some(day),
        (None, Some(time)) => Some(time),
        (None, None) => None,
    }
}
