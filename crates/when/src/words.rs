//! From text to words, numbers and the forms of date and time that are written in one piece.

use crate::speak::{MONTHS, SMALL, TENS};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, Offset, TimeZone},
};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) kind: Kind,
    /// A comma or the end of a sentence follows.
    pub(crate) ends: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Word,
    Number(u32),
    /// "24th"
    Ordinal(u32),
    /// "4:30"; `certain` where it can only be the 24-hour clock.
    Clock {
        hour: u32,
        minute: u32,
        certain: bool,
    },
    /// "11/24", "11/24/2026", "24.11.2026"
    Calendar {
        month: u32,
        day: u32,
        year: Option<u32>,
    },
    IsoDate(Date),
    IsoLocal(DateTime),
    /// With the offset at which it was written.
    IsoInstant(Timestamp, Offset),
    /// Looks like ISO 8601 and cannot be; a sentence says why.
    IsoBroken(String),
}

const MOST_WORDS: usize = 100;
const LONGEST_WORD: usize = 100;

impl Token {
    fn new(text: impl Into<String>, kind: Kind) -> Self {
        Self { text: text.into(), kind, ends: false }
    }
}

/// The words of a text: lower case, without punctuation, "p.m." and "p m" as "pm".
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for raw in text.split_whitespace().take(MOST_WORDS) {
        let raw: String = raw.chars().take(LONGEST_WORD).collect::<String>().to_lowercase().replace('’', "'");
        let bracketed = raw.trim_end_matches(|c: char| !c.is_alphanumeric() && c != ']');
        let tail = raw.trim_start_matches(|c: char| !c.is_alphanumeric());
        let tail = &tail[tail.trim_end_matches(|c: char| !c.is_alphanumeric()).len()..];
        let raw = raw.trim_matches(|c: char| !c.is_alphanumeric());
        if raw.is_empty() {
            continue;
        }
        let whole = bracketed.trim_start_matches(|c: char| !c.is_alphanumeric());
        if let Some(kind) = iso(if raw.contains('[') { whole } else { raw }) {
            tokens.push(Token::new(raw, kind));
            continue;
        }
        if raw.starts_with(|c: char| c.is_ascii_digit()) {
            push_figures(&mut tokens, raw);
        } else {
            for clause in raw.split(',') {
                end(&mut tokens, clause != raw);
                clause.split(['-', '–', '—']).for_each(|word| push_word(&mut tokens, word));
            }
        }
        end(&mut tokens, tail.starts_with([',', ';', '.', '!', '?']));
    }
    tokens
}

/// The last word ends what it belongs to, where it `does`.
fn end(tokens: &mut [Token], does: bool) {
    if let (Some(last), true) = (tokens.last_mut(), does) {
        last.ends = true;
    }
}

/// A number in words or digits that begins at `at`, and where it ends: 0 to 99 in words, anything in digits.
pub(crate) fn number(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let token = tokens.get(at)?;
    if let Kind::Number(number) = token.kind {
        return Some((number, at + 1));
    }
    if let Some(small) = SMALL.iter().position(|word| *word == token.text) {
        return Some((small as u32, at + 1));
    }
    let tens = ten(&token.text)?;
    let ones = tokens
        .get(at + 1)
        .filter(|_| !token.ends)
        .and_then(|next| SMALL[1..10].iter().position(|word| *word == next.text));
    Some(ones.map_or((tens, at + 1), |ones| (tens + ones as u32 + 1, at + 2)))
}

/// An ordinal ("24th", "twenty fourth", "third") that begins at `at`, and where it ends.
pub(crate) fn ordinal(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let token = tokens.get(at)?;
    if let Kind::Ordinal(number) = token.kind {
        return Some((number, at + 1));
    }
    if let Some(number) = ordinal_word(&token.text) {
        return Some((number, at + 1));
    }
    let tens = ten(&token.text)?;
    let ones = ordinal_word(&tokens.get(at + 1)?.text)?;
    (ones < 10).then_some((tens + ones, at + 2))
}

/// A year that begins at `at`: "2026", "twenty twenty six", "two thousand twenty six".
pub(crate) fn year(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let token = tokens.get(at)?;
    if let Kind::Number(year @ 1900..=2999) = token.kind {
        return Some((year, at + 1));
    }
    let (start, century) = match (token.text.as_str(), tokens.get(at + 1)?.text.as_str()) {
        ("twenty", "twenty" | "thirty") => (at + 1, 2000),
        ("two", "thousand") => {
            let and = tokens.get(at + 2).is_some_and(|token| token.text == "and");
            (at + 2 + usize::from(and), 2000)
        }
        _ => return None,
    };
    let (rest, next) = number(tokens, start)?;
    (rest < 100).then_some((century + rest, next))
}

/// The month (1 to 12) that this word names.
pub(crate) fn month(word: &str) -> Option<i8> {
    let word = if word == "sept" { "sep" } else { word };
    let index = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(word) || name[..3].eq_ignore_ascii_case(word))?;
    i8::try_from(index + 1).ok()
}

fn ten(word: &str) -> Option<u32> {
    TENS[2..].iter().position(|ten| *ten == word).map(|index| (index as u32 + 2) * 10)
}

fn ordinal_word(word: &str) -> Option<u32> {
    (1..=20).chain([30]).find(|&number| crate::speak::name_ordinal(number) == word)
}

fn push_word(tokens: &mut Vec<Token>, word: &str) {
    let undotted: String = word.chars().filter(|&c| c != '.').collect();
    let text = match undotted.trim_matches('\'') {
        "" => return,
        "oclock" => "o'clock",
        other => other,
    };
    if let ("m", Some(half @ ("a" | "p"))) = (text, tokens.last().map(|token| token.text.as_str())) {
        let text = format!("{half}m");
        tokens.pop();
        tokens.push(Token::new(text, Kind::Word));
        return;
    }
    tokens.push(Token::new(text, Kind::Word));
}

/// What begins with a digit: "24", "24th", "4pm", "4:30", "4.30pm", "11/24".
fn push_figures(tokens: &mut Vec<Token>, raw: &str) {
    let digits = raw.find(|c: char| !c.is_ascii_digit()).unwrap_or(raw.len());
    let (figures, tail) = raw.split_at(digits);
    let Ok(number) = figures.parse::<u32>() else {
        tokens.push(Token::new(raw, Kind::Word));
        return;
    };
    let mut push = |kind| tokens.push(Token::new(raw, kind));
    let half = |tail: &str| match tail.replace('.', "").as_str() {
        "am" | "a" => Some("am"),
        "pm" | "p" => Some("pm"),
        _ => None,
    };
    if let Some(half) = half(tail) {
        push(Kind::Number(number));
        push_word(tokens, half);
        return;
    }
    match tail {
        "" if figures.len() == 4 && figures.starts_with('0') => {
            push(Kind::Clock { hour: number / 100, minute: number % 100, certain: true });
        }
        "" => push(Kind::Number(number)),
        "st" | "nd" | "rd" | "th" => push(Kind::Ordinal(number)),
        _ => {
            let separator = tail.chars().next().unwrap_or(' ');
            let rest = &tail[separator.len_utf8()..];
            let parts: Vec<&str> = rest.split(['/', '.', '-']).filter(|part| !part.is_empty()).collect();
            let minute_digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (minute, after) = rest.split_at(minute_digits);
            let numbers: Vec<u32> = parts.iter().map_while(|part| part.parse().ok()).collect();
            match (separator, numbers.as_slice()) {
                ('/', [day]) if parts.len() == 1 => {
                    push(Kind::Calendar { month: number, day: *day, year: None });
                }
                ('/', [day, year]) => {
                    push(Kind::Calendar { month: number, day: *day, year: Some(full_year(*year)) });
                }
                ('.', [month, year]) if parts.len() == 2 => {
                    push(Kind::Calendar { month: *month, day: number, year: Some(full_year(*year)) });
                }
                (':' | '.', _)
                    if minute.len() == 2 && (half(after).is_some() || after.is_empty() || seconds(after)) =>
                {
                    let minute = minute.parse().unwrap_or(99);
                    let after_date = matches!(tokens.last(), Some(Token { kind: Kind::IsoDate(_), .. }));
                    let certain = after_date || figures.starts_with('0') || number > 12 || number == 0;
                    tokens.push(Token::new(raw, Kind::Clock { hour: number, minute, certain }));
                    if let Some(half) = half(after) {
                        push_word(tokens, half);
                    }
                }
                ('-' | '–' | '—', _) => {
                    push(Kind::Number(number));
                    if rest.starts_with(|c: char| c.is_ascii_digit()) {
                        tokens.push(Token::new("to", Kind::Word));
                        push_figures(tokens, rest);
                    } else {
                        push_word(tokens, rest);
                    }
                }
                _ => push(Kind::Word),
            }
        }
    }
}

/// ":00", the seconds that machines write.
fn seconds(text: &str) -> bool {
    text.len() == 3 && text.starts_with(':') && text[1..].bytes().all(|b| b.is_ascii_digit())
}

fn full_year(year: u32) -> u32 {
    if year < 100 { 2000 + year } else { year }
}

fn iso(raw: &str) -> Option<Kind> {
    let bytes = raw.as_bytes();
    let digits =
        |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let dated = digits(0, 4)
        && bytes.get(4) == Some(&b'-')
        && digits(5, 7)
        && bytes.get(7) == Some(&b'-')
        && digits(8, 10);
    if !dated {
        return None;
    }
    let (written, annotations) = raw.split_once('[').map_or((raw, ""), |(written, rest)| (written, rest));
    if written.len() == 10 && annotations.is_empty() {
        return Some(raw.parse().map_or_else(|_| no_date(raw), Kind::IsoDate));
    }
    Some(match zone_of(annotations) {
        Ok(zone) => moment_of(written, zone.as_ref()),
        Err(why) => Kind::IsoBroken(why),
    })
}

/// The zone that RFC 9557 puts into brackets after a time: `[Europe/Berlin]`, `[!Europe/Berlin][u-ca=gregory]`.
fn zone_of(annotations: &str) -> Result<Option<TimeZone>, String> {
    let mut zone = None;
    for annotation in
        annotations.split(']').map(|part| part.trim_start_matches('[')).filter(|part| !part.is_empty())
    {
        let (critical, name) = annotation.strip_prefix('!').map_or((false, annotation), |name| (true, name));
        match (name.contains('='), critical) {
            (true, false) => {}
            (true, true) if name == "u-ca=gregory" || name == "u-ca=iso8601" => {}
            (true, true) => return Err("I know no other calendar than our own.".into()),
            (false, _) => {
                let found = TimeZone::get(name).map_err(|_| format!("I know no time zone {name}."))?;
                zone = Some(found);
            }
        }
    }
    Ok(zone)
}

/// A date and time that may have an offset, in a zone that may be named.
fn moment_of(written: &str, zone: Option<&TimeZone>) -> Kind {
    let seconds = written.len() == 19 && written.as_bytes()[16] == b':';
    let local = (written.len() == 16 || seconds).then(|| written.parse::<DateTime>());
    match (local, zone) {
        (Some(Err(_)), _) => no_date(written),
        (Some(Ok(local)), None) => Kind::IsoLocal(local),
        (Some(Ok(local)), Some(zone)) => {
            let ambiguous = zone.to_ambiguous_zoned(local);
            if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
                return Kind::IsoBroken(format!(
                    "The clocks skip {} in that time zone.",
                    local.time().strftime("%H:%M")
                ));
            }
            match ambiguous.earlier() {
                Ok(at) => Kind::IsoInstant(at.timestamp(), at.offset()),
                Err(_) => no_date(written),
            }
        }
        (None, zone) => {
            if let (Ok(local), None) = (written.parse::<DateTime>(), offset_of(written)) {
                return match zone {
                    None => Kind::IsoLocal(local),
                    Some(zone) => zone.to_ambiguous_zoned(local).unambiguous().map_or_else(
                        |_| no_date(written),
                        |at| Kind::IsoInstant(at.timestamp(), at.offset()),
                    ),
                };
            }
            let (Ok(instant), Some(offset)) = (written.parse::<Timestamp>(), offset_of(written)) else {
                return no_date(written);
            };
            match zone {
                // "Z" says only which instant it is.
                Some(zone) if offset != zone.to_offset(instant) && !written.ends_with('z') => {
                    Kind::IsoBroken("The offset of that time and its time zone contradict each other.".into())
                }
                Some(zone) => Kind::IsoInstant(instant, zone.to_offset(instant)),
                None => Kind::IsoInstant(instant, offset),
            }
        }
    }
}

/// `z`, `+01:00`, `-0500`, `+01` at the end of a time.
fn offset_of(written: &str) -> Option<Offset> {
    if written.ends_with('z') {
        return Some(Offset::UTC);
    }
    let time = written.get(11..)?;
    let at = time.rfind(['+', '-'])?;
    let digits: String = time[at + 1..].chars().filter(|c| *c != ':').collect();
    let number =
        |range: std::ops::Range<usize>| digits.get(range).map_or(Some(0), |part| part.parse::<i32>().ok());
    let (hours, minutes) = (number(0..2)?, if digits.len() > 2 { number(2..4)? } else { 0 });
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if time.as_bytes()[at] == b'-' { -seconds } else { seconds }).ok()
}

fn no_date(written: &str) -> Kind {
    let (date, time) = written.split_once('t').unwrap_or((written, ""));
    Kind::IsoBroken(match date.parse::<Date>() {
        Ok(_) if time.get(..5).is_some_and(|time| time.parse::<Time>().is_err()) => {
            format!("There is no time {}.", &time[..5])
        }
        Ok(_) => "There is no such time.".into(),
        Err(_) => format!("There is no date {date}."),
    })
}
