//! Text made speakable: what a language model or an owner wrote, as a voice should say it.
//!
//! ```text
//!   clean.rs      no thoughts, no Markdown, no emoji, no tags          every language
//!   date.rs       what is a date                                       every language
//!   telephone.rs  what is a telephone number                           every language
//!   english.rs    times, dates, prices, telephone numbers, addresses   English; what is an address: every language
//!   number.rs     numbers in words                                     English
//!   numerals.rs   dates with their month, codes digit by digit         every other language
//! ```

mod clean;
mod date;
mod english;
mod number;
mod numerals;
mod telephone;

pub(super) use clean::clean;
pub use number::{cardinal, ordinal};

/// What is spoken of a text at most, in bytes; the rest is left out.
pub const LONGEST: usize = 8 * 1024;

/// The text as it is to be said in this language (BCP 47): on one line, without thoughts, Markdown, tags and emoji. In
/// English also without digits and symbols: times, dates, prices, telephone numbers and addresses are words. Other
/// languages keep their digits, which their voices know how to read, but for dates, which get their month's name, and
/// telephone numbers and long codes, which are spaced out. A text in which nothing can be said is empty.
pub fn speakable(text: &str, language: &str) -> String {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let clean = clean(text);
    let tag = language.to_ascii_lowercase();
    let said = if tag.split('-').next() == Some("en") {
        english::english(&clean, tag != "en-us" && tag != "en")
    } else {
        numerals::numerals(&clean, language)
    };
    tidy(&said)
}

/// The digits at the beginning.
fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

/// Whether one of these marks begins it, and a digit stands behind that.
fn digit_behind(text: &str, marks: &[char]) -> bool {
    text.strip_prefix(marks).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The letters at the beginning.
fn first_word(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len())]
}

/// The word that a text ends in, be there a mark behind it or not.
fn last_word(text: &str) -> &str {
    let text = text.trim_end_matches([' ', ',', '.', ':', '(']);
    let start = text.rfind(|c: char| !c.is_alphabetic()).map_or(0, |at| text.ceil_char_boundary(at + 1));
    &text[start..]
}

/// Whether a word or number ends here.
fn ends(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric())
}

/// Single blanks, none before a comma or a stop, and no mark that follows another for no reason.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let last = out.chars().next_back();
        if c.is_whitespace() {
            if last.is_some_and(|last| last != ' ') {
                out.push(' ');
            }
            continue;
        }
        if matches!(c, ',' | '.' | ';' | '!' | '?') && last == Some(' ') {
            out.pop();
        }
        let last = out.chars().next_back();
        let pause = matches!(c, ',' | ';' | ':');
        let after_pause = matches!(last, Some(',' | ';' | ':'));
        let after_stop = matches!(last, Some('.' | '!' | '?'));
        if (last.is_none() && (pause || c == '.')) || (pause && (after_pause || after_stop)) {
            continue;
        }
        if c == '.' && last == Some('.') {
            continue;
        }
        if after_pause && matches!(c, '.' | '!' | '?') {
            out.pop();
        }
        out.push(c);
    }
    let said = out.trim();
    if said.chars().any(char::is_alphanumeric) { said.to_owned() } else { String::new() }
}
