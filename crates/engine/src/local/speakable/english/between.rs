//! What a bar or a stroke between two words or numbers says: *to* in a range, *per* in a rate.

use super::{Said, calendar, digits, ends, first_word, last_word, quantity};

/// Of what there is so much: how it is written behind a stroke, and its name.
const EACH: [(&str, &str); 21] = [
    ("hour", "hour"),
    ("hr", "hour"),
    ("h", "hour"),
    ("day", "day"),
    ("week", "week"),
    ("wk", "week"),
    ("month", "month"),
    ("mo", "month"),
    ("year", "year"),
    ("yr", "year"),
    ("night", "night"),
    ("minute", "minute"),
    ("min", "minute"),
    ("second", "second"),
    ("sec", "second"),
    ("person", "person"),
    ("visit", "visit"),
    ("session", "session"),
    ("appointment", "appointment"),
    ("item", "item"),
    ("piece", "piece"),
];
/// What is said of each although it is not counted: `price/night`.
const RATES: [&str; 6] = ["rate", "price", "cost", "fee", "charge", "pay"];
/// Times of day that have a name.
const NAMED_TIMES: [&str; 2] = ["noon", "midnight"];

/// `9-5`, `10:00–11:00`, `9 a.m.–noon`, `Nov 24 – Nov 26`: a bar behind `words`, which were a number, and before another.
pub(super) fn range<'a>(out: &mut String, words: &str, rest: &'a str, day_first: bool) -> &'a str {
    let after = rest.trim_start_matches(' ');
    let bar = after.strip_prefix(['-', '–', '−']).map(|after| after.trim_start_matches(' '));
    match bar {
        Some(after) if goes_on(after, words, day_first) => {
            out.push_str(" to ");
            after
        }
        _ => rest,
    }
}

fn goes_on(after: &str, words: &str, day_first: bool) -> bool {
    after.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '$' | '€' | '£'))
        || NAMED_TIMES.iter().any(|name| after.strip_prefix(name).is_some_and(ends))
        || (calendar::is_dated(words) && calendar::date(after, day_first).is_some())
}

/// `/hour` behind `words`, which were a number; behind money and measures `/class`, too. Nothing of a stroke in a date.
pub(super) fn each(rest: &str, words: &str) -> Said {
    let after = rest.trim_start_matches(' ').strip_prefix('/')?.trim_start_matches(' ');
    let word = first_word(after);
    let length = rest.len() - after.len() + word.len();
    let known = EACH.iter().find(|(short, _)| *short == word).map(|(_, name)| *name);
    let known = known.or_else(|| quantity::measure(word));
    let name = match known {
        Some(name) => name,
        None if quantity::is_measured(words) && word.starts_with(char::is_lowercase) => word,
        None => return None,
    };
    (!after[word.len()..].starts_with('/')).then(|| (format!(" per {name}"), length))
}

/// What a stroke between the words `out` ends in and `rest` begins with says: `times/week`, `day/night`.
pub(super) fn stroke(out: &str, rest: &str) -> &'static str {
    let word = first_word(rest);
    let before = last_word(out).to_lowercase();
    let counted = before.len() > 3 && before.ends_with('s') && !before.ends_with("ss");
    let behind = rest[word.len()..].strip_prefix(['/', '.', '_']);
    let path = behind.is_some_and(|behind| behind.starts_with(char::is_alphanumeric));
    let of_each = EACH.iter().any(|(_, name)| *name == word) && !path;
    if of_each && (counted || RATES.contains(&before.as_str())) { " per " } else { " or " }
}

/// What a dash between the words `out` ends in and `rest` begins with says, if it is more than a pause: `mondays–fridays`, `A–Z`, and
/// the way between two names, as in `the Berlin–Hamburg train`. The first word of a sentence is none: `Great–Ada is in`.
pub(super) fn dash(out: &str, rest: &str) -> Option<&'static str> {
    let left = last_word(out);
    let right = first_word(rest);
    let upper = |word: &str| word.starts_with(char::is_uppercase);
    let letter = |word: &str| word.chars().count() == 1 && upper(word);
    let days = calendar::is_day(left) && calendar::is_day(right);
    let before = out.strip_suffix(left).unwrap_or_default().trim_end();
    let inside = before.ends_with(|c: char| c.is_alphanumeric() || c == ',');
    let names = upper(left) && upper(right) && inside && right != "I";
    (days || (letter(left) && letter(right)) || names).then_some(" to ")
}

/// Whether a bar between what was said and `rest` is one between `noon` and a number.
pub(super) fn from_named_time(out: &str, rest: &str) -> bool {
    NAMED_TIMES.contains(&last_word(out)) && !digits(rest).is_empty()
}

/// `Mon–Fri`, `May - July`; of more than two, such as `Mon-Wed-Fri`, each is one.
pub(super) fn span(text: &str) -> Said {
    let (first, mut at) = calendar::name(text)?;
    let mut names = vec![first];
    while let Some((next, length)) = behind_bar(&text[at..])
        && calendar::is_weekday(next) == calendar::is_weekday(first)
    {
        names.push(next);
        at += length;
    }
    // `Nov 24` begins behind the last of them.
    let dated =
        text[at..].strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if names.len() < 2 || (dated && !calendar::is_weekday(first)) || !ends(&text[at..]) {
        return None;
    }
    Some((names.join(if names.len() == 2 { " to " } else { ", " }), at))
}

fn behind_bar(text: &str) -> Option<(&'static str, usize)> {
    let blank = usize::from(text.starts_with(' '));
    let after = text[blank..].strip_prefix(['-', '–', '−'])?;
    let after = if blank == 1 { after.strip_prefix(' ')? } else { after };
    let (name, length) = calendar::name(after)?;
    Some((name, text.len() - after.len() + length))
}
