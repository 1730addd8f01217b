//! English as it is said: what is written with digits and symbols becomes words.
//!
//! A text is read from left to right. At each place the first of these that recognises something says it; what none
//! recognises stays as it is.

mod address;
mod between;
mod calendar;
mod quantity;

use super::{digit_behind, digits, ends, first_word, last_word, number, telephone};
pub(super) use address::is_address;

/// What was recognised at the beginning of a text: its words, and its length in bytes.
type Said = Option<(String, usize)>;

/// `day_first`: 3/4/2026 is in April.
pub(super) fn english(text: &str, day_first: bool) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let fresh = !out.ends_with(char::is_alphanumeric);
        let before = if fresh { last_word(&out) } else { "" };
        let said = if fresh {
            address::address(rest)
                .or_else(|| between::span(rest))
                .or_else(|| calendar::date(rest, day_first))
                .or_else(|| telephone(rest))
                .or_else(|| quantity::money(rest))
                .or_else(|| calendar::time(rest))
                .or_else(|| calendar::time_with_a_dot(rest, before))
                .or_else(|| abbreviation(rest))
                .or_else(|| calendar::day_of_year(rest, before, day_first))
                .or_else(|| quantity::fraction(rest, before))
        } else {
            None
        };
        let number = || quantity::number(rest, out.ends_with(['-', '−']), fresh.then_some(before));
        if let Some((words, length)) = said.or_else(number) {
            push_words(&mut out, &words);
            rest = &rest[length..];
            rest = between::range(&mut out, &words, rest, day_first);
            if let Some((each, length)) = between::each(rest, &words) {
                out.push_str(&each);
                rest = &rest[length..];
            }
            if rest.starts_with(char::is_alphanumeric) {
                out.push(' ');
            }
            continue;
        }
        rest = &rest[c.len_utf8()..];
        symbol(&mut out, c, rest);
    }
    out
}

fn telephone(text: &str) -> Said {
    let number = telephone::telephone(text)?;
    let said: Vec<String> = number.groups.iter().map(|group| number::digits(group)).collect();
    let said = said.join(", ");
    Some((if number.plus { format!("plus {said}") } else { said }, number.length))
}

fn push_words(out: &mut String, words: &str) {
    if out.ends_with(['-', '−']) {
        out.pop();
        if out.is_empty() || out.ends_with([' ', '(']) {
            out.push_str("minus");
        }
    }
    if out.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | ':' | '\'')) {
        out.push(' ');
    }
    out.push_str(words);
}

fn symbol(out: &mut String, c: char, rest: &str) {
    let between_words = out.ends_with(char::is_alphabetic) && rest.starts_with(char::is_alphabetic);
    let word = match c {
        '&' => " and ",
        '%' => " percent ",
        '‰' => " per mille ",
        '@' => " at ",
        '+' => " plus ",
        '=' => " equals ",
        '#' => " number ",
        '°' => " degrees ",
        '§' => " section ",
        '×' => " times ",
        '÷' => " divided by ",
        '±' => " plus or minus ",
        '≈' => " about ",
        '≤' => " at most ",
        '≥' => " at least ",
        '²' => " squared ",
        '³' => " cubed ",
        '½' => " a half ",
        '¼' => " a quarter ",
        '¾' => " three quarters ",
        '⅓' => " a third ",
        '⅔' => " two thirds ",
        '$' => " dollars ",
        '€' => " euros ",
        '£' => " pounds ",
        '¥' => " yen ",
        '©' | '®' | '™' | '^' | '{' | '}' | '<' | '>' | '\\' | '_' | '*' | '~' | '|' | '`' => " ",
        '/' if between_words => between::stroke(out, rest),
        '/' => " slash ",
        '–' | '-' if between::from_named_time(out, rest) => " to ",
        '–' if between_words => between::dash(out, rest).unwrap_or(", "),
        '(' | ')' | '–' => ", ",
        '-' if out.ends_with(' ') && rest.starts_with(' ') => ", ",
        c => return out.push(c),
    };
    out.push_str(word);
}

/// What is written shorter than it is said.
const SHORT: [(&str, &str); 17] = [
    ("e.g.", "for example"),
    ("E.g.", "For example"),
    ("i.e.", "that is"),
    ("I.e.", "That is"),
    ("etc.", "et cetera"),
    ("vs.", "versus"),
    ("approx.", "approximately"),
    ("ext.", "extension"),
    ("Ext.", "Extension"),
    ("w/o", "without"),
    ("w/", "with "),
    ("24/7", "twenty-four seven"),
    ("No. ", "number "),
    ("no. ", "number "),
    ("Apt. ", "Apartment "),
    ("apt. ", "apartment "),
    ("Mt. ", "Mount "),
];

fn abbreviation(text: &str) -> Said {
    let (short, long) = SHORT.iter().find(|(short, _)| text.starts_with(short))?;
    let rest = &text[short.len()..];
    // "No." is a number only where one follows, "Mt." a mountain before its name, and "etc." may also end its sentence.
    let follows = |c: char| if *short == "Mt. " { c.is_uppercase() } else { c.is_ascii_digit() };
    if short.ends_with(". ") && !rest.starts_with(follows) {
        return None;
    }
    if !short.ends_with(['.', ' ', '/']) && rest.starts_with(char::is_alphanumeric) {
        return None;
    }
    let ends = short.ends_with("etc.") && (rest.is_empty() || next_is_upper(rest));
    Some(((*long).to_owned(), if ends { short.len() - 1 } else { short.len() }))
}

fn next_is_upper(rest: &str) -> bool {
    rest.strip_prefix(' ').is_some_and(|rest| rest.starts_with(char::is_uppercase))
}

/// Whether what this word says is named by the number behind it: `Room 11/24`, `gate 12 h`.
fn is_named_by_a_number(word: &str) -> bool {
    const NAMED: [&str; 10] =
        ["room", "apt", "apartment", "suite", "unit", "flat", "gate", "number", "no", "version"];
    NAMED.iter().any(|named| word.eq_ignore_ascii_case(named))
}
