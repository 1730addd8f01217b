//! Numerals for voices of other languages than English: they read numbers and times of day well by themselves, and get
//! dates with the month's name, and telephone numbers and long codes digit by digit.

use super::{
    date::{self, Date},
    digit_behind, digits, ends,
    english::is_address,
    last_word,
    telephone::{is_amount, split, telephone},
};
use call::{Language, months};

/// How a language says a date and the plus of a telephone number.
struct Tongue {
    code: &'static str,
    plus: &'static str,
    /// What stands between day and month, and between month and year.
    day: &'static str,
    month: &'static str,
    /// Telephone numbers are read in pairs: what is written in two digits stays a number.
    pairs: bool,
    months: &'static [&'static str; 12],
}

/// Those in which calls have sentences of their own, but for English.
#[rustfmt::skip]
const TONGUES: [Tongue; 10] = [
    Tongue { code: "de", plus: "plus", day: ". ", month: " ", pairs: false, months: &months::GERMAN },
    Tongue { code: "fr", plus: "plus", day: " ", month: " ", pairs: true, months: &months::FRENCH },
    Tongue { code: "es", plus: "más", day: " de ", month: " de ", pairs: false, months: &months::SPANISH },
    Tongue { code: "it", plus: "più", day: " ", month: " ", pairs: false, months: &months::ITALIAN },
    Tongue { code: "pt", plus: "mais", day: " de ", month: " de ", pairs: false, months: &months::PORTUGUESE },
    Tongue { code: "nl", plus: "plus", day: " ", month: " ", pairs: false, months: &months::DUTCH },
    Tongue { code: "pl", plus: "plus", day: " ", month: " ", pairs: false, months: &months::POLISH },
    Tongue { code: "sv", plus: "plus", day: " ", month: " ", pairs: false, months: &months::SWEDISH },
    Tongue { code: "da", plus: "plus", day: ". ", month: " ", pairs: true, months: &months::DANISH },
    Tongue { code: "nb", plus: "pluss", day: ". ", month: " ", pairs: true, months: &months::NORWEGIAN },
];
/// A run of so many digits is a code, and nothing that one counts.
const CODE: usize = 7;

/// Behind these words stands a day, in the languages that write `24.11.` for one.
const DATED: [&str; 11] = ["am", "vom", "bis", "zum", "den", "dem", "der", "ab", "seit", "fra", "til"];

/// The text with its dates in words and its codes spaced out. Of a language that is not known only the codes are.
pub(super) fn numerals(text: &str, language: &str) -> String {
    let language = Language::of(language);
    let tongue =
        TONGUES.iter().find(|tongue| language.is_some_and(|language| language.code() == tongue.code));
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let fresh = !out.ends_with(char::is_alphanumeric);
        let counted = out.trim_end().ends_with(['€', '$', '£', '¥', '₹']);
        let (words, length) = if fresh && is_address(rest) {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (rest[..end].to_owned(), end)
        } else if fresh && (c.is_ascii_digit() || matches!(c, '+' | '(')) {
            let known = day(rest, last_word(&out), tongue);
            let known = known.or_else(|| number(rest, tongue).filter(|_| !counted));
            known.or_else(|| code(rest).filter(|_| !counted)).unwrap_or_else(|| as_written(rest, c))
        } else {
            (c.to_string(), c.len_utf8())
        };
        out.push_str(&words);
        rest = &rest[length..];
    }
    out
}

/// In a language whose months are not known a date stays as it is, and is no telephone number.
fn day(text: &str, before: &str, tongue: Option<&Tongue>) -> Option<(String, usize)> {
    let date = date::iso(text).or_else(|| date::numeric(text, true, &['/', '.']));
    let Some(date) = date else { return day_of_year(text, before, tongue?) };
    let Date { year, month, day, clock, utc, length } = date;
    let Some(tongue) = tongue else { return Some((text[..length].to_owned(), length)) };
    let first = if day == 1 && tongue.code == "fr" { "er" } else { "" };
    let name = tongue.months[month as usize - 1];
    let time = clock.map_or(String::new(), |clock| format!(", {clock}{}", if utc { " UTC" } else { "" }));
    Some((format!("{day}{first}{}{name}{}{year}{time}", tongue.day, tongue.month), length))
}

/// `am 24.11.`: without a year, where a language writes days so, and only behind such a word, as chapters are written so, too.
fn day_of_year(text: &str, before: &str, tongue: &Tongue) -> Option<(String, usize)> {
    let day = digits(text);
    let month = digits(text[day.len()..].strip_prefix('.')?);
    let at = day.len() + 1 + month.len();
    let rest = text[at..].strip_prefix('.')?;
    let fits =
        day.len() <= 2 && month.len() <= 2 && day.parse().is_ok_and(|day: u64| (1..=31).contains(&day));
    let dated = DATED.iter().any(|word| before.eq_ignore_ascii_case(word));
    let name = tongue.months.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let whole = fits && dated && tongue.day == ". " && !rest.starts_with(|c: char| c.is_alphanumeric());
    let stop = if rest.trim().is_empty() { "." } else { "" };
    whole.then(|| (format!("{}. {name}{stop}", day.trim_start_matches('0')), at + 1))
}

fn number(text: &str, tongue: Option<&Tongue>) -> Option<(String, usize)> {
    let number = telephone(text)?;
    let written = &text[..number.length];
    if is_thousands(written) || is_amount(&text[number.length..]) {
        return None;
    }
    let grouped = written[1..].contains(|c: char| !c.is_ascii_digit());
    let in_pairs = grouped && tongue.is_some_and(|tongue| tongue.pairs);
    let pair = |group: &str| in_pairs && group.len() == 2 && !group.starts_with('0');
    let said = |group: &&str| if pair(group) { (*group).to_owned() } else { spaced(group) };
    let groups = number.groups.iter().map(said).collect::<Vec<_>>().join(", ");
    let plus = tongue.map_or("+", |tongue| tongue.plus);
    Some((if number.plus { format!("{plus} {groups}") } else { groups }, number.length))
}

/// `1.250.000`: what is counted has groups of three, and no zero before them.
fn is_thousands(written: &str) -> bool {
    let mut groups = written.split('.');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && groups.all(|group| group.len() == 3 && digits(group) == group)
}

/// `1234567`, unless it is counted: `1000000`, `1234567 €`, `1234567,89`.
fn code(text: &str) -> Option<(String, usize)> {
    let run = digits(text);
    let rest = &text[run.len()..];
    let broken = digit_behind(rest, &['.', ',', ':', '/', '-']);
    let round = run.ends_with("000") && !run.starts_with('0');
    let counted = broken || round || is_amount(rest) || !ends(rest);
    let groups: Vec<String> = if counted { Vec::new() } else { split(run).into_iter().map(spaced).collect() };
    (run.len() >= CODE && !counted).then(|| (groups.join(", "), run.len()))
}

/// What is written with digits as it is, so that no part of it is taken for something else.
fn as_written(text: &str, c: char) -> (String, usize) {
    let mut at = c.len_utf8();
    while let Some(next) = text[at..].chars().next() {
        let joins = matches!(next, '.' | ',' | ':' | '/' | '-')
            && text[at + 1..].starts_with(|c: char| c.is_ascii_digit());
        if !next.is_ascii_digit() && !joins || !c.is_ascii_digit() {
            break;
        }
        at += next.len_utf8();
    }
    (text[..at].to_owned(), at)
}

fn spaced(digits: &str) -> String {
    digits.chars().map(String::from).collect::<Vec<_>>().join(" ")
}
