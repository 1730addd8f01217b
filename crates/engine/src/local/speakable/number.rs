//! Numbers in English words.

use when::name_number;

const GROUPS: [(u64, &str); 4] = [
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
];

/// `twenty-one`, `one thousand two hundred five`.
pub fn cardinal(number: u64) -> String {
    match number {
        0..=99 => name_number(number as u32),
        100..=999 => joined(&format!("{} hundred", cardinal(number / 100)), number % 100),
        _ => {
            for (size, name) in GROUPS {
                if number >= size {
                    return joined(&format!("{} {name}", cardinal(number / size)), number % size);
                }
            }
            unreachable!("every number from 1 000 on has a group")
        }
    }
}

/// `twenty-first`.
pub fn ordinal(number: u64) -> String {
    let words = cardinal(number);
    let at = words.rfind([' ', '-']).map_or(0, |at| at + 1);
    let (before, last) = words.split_at(at);
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        other => match other.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{other}th"),
        },
    };
    format!("{before}{last}")
}

/// A year as it is said: `nineteen ninety-nine`, `two thousand five`, `twenty twenty-six`.
pub(super) fn year(number: u64) -> String {
    match (number / 100, number % 100) {
        (10 | 20, 0..=9) => cardinal(number),
        (century, 0) => format!("{} hundred", cardinal(century)),
        (century, rest @ 1..=9) => format!("{} oh {}", cardinal(century), cardinal(rest)),
        (century, rest) => format!("{} {}", cardinal(century), cardinal(rest)),
    }
}

/// Digit by digit: `five five five`.
pub(super) fn digits(text: &str) -> String {
    let words: Vec<String> = text.chars().filter_map(|c| c.to_digit(10)).map(name_number).collect();
    words.join(" ")
}

fn joined(before: &str, rest: u64) -> String {
    if rest == 0 { before.to_owned() } else { format!("{before} {}", cardinal(rest)) }
}
