//! Amounts: plain numbers, ordinals, percentages, measures and money.

use super::{Said, digit_behind, digits, ends, first_word, is_named_by_a_number};
use crate::local::speakable::number::{self, cardinal, ordinal, year};

/// A currency: how it is written, one of it, several, and a hundredth of it.
const MONEY: [(&str, &str, &str, &str); 14] = [
    ("US$", "dollar", "dollars", "cent"),
    ("$", "dollar", "dollars", "cent"),
    ("€", "euro", "euros", "cent"),
    ("£", "pound", "pounds", "penny"),
    ("¥", "yen", "yen", ""),
    ("₹", "rupee", "rupees", "paisa"),
    ("USD", "dollar", "dollars", "cent"),
    ("EUR", "euro", "euros", "cent"),
    ("GBP", "pound", "pounds", "penny"),
    ("CHF", "franc", "francs", "centime"),
    ("JPY", "yen", "yen", ""),
    ("CAD", "Canadian dollar", "Canadian dollars", "cent"),
    ("AUD", "Australian dollar", "Australian dollars", "cent"),
    ("INR", "rupee", "rupees", "paisa"),
];
const LARGE: [(&str, &str); 9] = [
    ("thousand", "thousand"),
    ("million", "million"),
    ("billion", "billion"),
    ("trillion", "trillion"),
    ("bn", "billion"),
    ("k", "thousand"),
    ("K", "thousand"),
    ("M", "million"),
    ("m", "million"),
];
/// Measures: how they are written, one, and several.
const MEASURES: [(&str, &str, &str); 20] = [
    ("km/h", "kilometer per hour", "kilometers per hour"),
    ("mph", "mile per hour", "miles per hour"),
    ("km", "kilometer", "kilometers"),
    ("kg", "kilogram", "kilograms"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("ml", "milliliter", "milliliters"),
    ("mg", "milligram", "milligrams"),
    ("lbs", "pound", "pounds"),
    ("lb", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("ft", "foot", "feet"),
    ("mins", "minute", "minutes"),
    ("min", "minute", "minutes"),
    ("hrs", "hour", "hours"),
    ("hr", "hour", "hours"),
    ("secs", "second", "seconds"),
    ("sec", "second", "seconds"),
    ("GB", "gigabyte", "gigabytes"),
    ("MB", "megabyte", "megabytes"),
];

/// Measures of one letter, which may be something else.
const LETTERS: [(&str, &str, &str); 5] = [
    ("g", "gram", "grams"),
    ("h", "hour", "hours"),
    ("L", "liter", "liters"),
    ("l", "liter", "liters"),
    ("m", "meter", "meters"),
];
/// Behind these words, and what is named by a number, a number with a letter is a place, a version or a time of day: `gate 12 h`.
const PLACES: [&str; 18] = [
    "platform", "seat", "row", "section", "building", "house", "class", "track", "bus", "line", "terminal",
    "level", "floor", "group", "table", "exit", "box", "at",
];
/// What is so many meters.
const LONG: [&str; 7] = ["tall", "wide", "long", "high", "deep", "away", "above"];

/// Fractions: how they are written, and as they are said alone and behind a whole number.
const FRACTIONS: [(&str, &str, &str); 10] = [
    ("1/2", "one half", "and a half"),
    ("1/3", "one third", "and a third"),
    ("2/3", "two thirds", "and two thirds"),
    ("1/4", "one quarter", "and a quarter"),
    ("3/4", "three quarters", "and three quarters"),
    ("½", "a half", "and a half"),
    ("⅓", "a third", "and a third"),
    ("⅔", "two thirds", "and two thirds"),
    ("¼", "a quarter", "and a quarter"),
    ("¾", "three quarters", "and three quarters"),
];

/// A number as it is written: its whole part without commas, its decimals or its fraction in words, and its length.
struct Written<'a> {
    whole: String,
    decimals: Option<&'a str>,
    fraction: Option<&'static str>,
    commas: bool,
    length: usize,
}

/// `$12.50`, `€5 million`, `12 €`, `USD 3`.
pub(super) fn money(text: &str) -> Said {
    if let Some((sign, one, many, part)) = MONEY.iter().find(|(sign, ..)| text.starts_with(sign)) {
        let blank = usize::from(text[sign.len()..].starts_with(' ') && sign.ends_with(char::is_alphabetic));
        let at = sign.len() + blank;
        let amount = written(&text[at..])?;
        let end = at + amount.length;
        return Some(match large(&text[end..]) {
            Some((large, length)) => (format!("{} {large} {many}", plain(&amount)), end + length),
            None => (sum(&amount, one, many, part), end),
        });
    }
    let amount = written(text)?;
    let rest = &text[amount.length..];
    let after = rest.strip_prefix(' ').unwrap_or(rest);
    let (sign, one, many, part) =
        MONEY.iter().find(|(sign, ..)| after.starts_with(sign) && ends(&after[sign.len()..]))?;
    // `12 $5` are two things.
    if sign.len() == 1 && *sign == "$" && rest.starts_with(' ') {
        return None;
    }
    Some((sum(&amount, one, many, part), text.len() - after.len() + sign.len()))
}

/// `1/2 cup`: halves, thirds and quarters. `2/3` alone is rather a day.
pub(super) fn fraction(text: &str, before: &str) -> Said {
    let (written, alone, _) = fraction_at(text)?;
    let counted = **written != *"2/3" || text[written.len()..].starts_with(" of ");
    (counted && before != "slash" && written.is_ascii()).then(|| ((*alone).to_owned(), written.len()))
}

fn fraction_at(text: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let fraction = FRACTIONS.iter().find(|(written, ..)| text.starts_with(written))?;
    let rest = &text[fraction.0.len()..];
    let goes_on = rest.starts_with('/') || digit_behind(rest, &['.', ',', ':']);
    (!goes_on && (!fraction.0.is_ascii() || ends(rest))).then_some(fraction)
}

/// Whether these words end in money or a measure.
pub(super) fn is_measured(words: &str) -> bool {
    let money =
        MONEY.iter().flat_map(|(_, one, many, part)| [*one, *many, *part]).chain(["cents", "pence", "paise"]);
    let measures = MEASURES.iter().chain(&LETTERS).flat_map(|(_, one, many)| [*one, *many]);
    money.chain(measures).any(|name| !name.is_empty() && words.ends_with(name))
}

/// What one of a measure that is written so is called.
pub(super) fn measure(written: &str) -> Option<&'static str> {
    MEASURES.iter().find(|(short, ..)| *short == written).map(|(_, one, _)| *one)
}

/// Any number, with what is measured in it. `minus`: there is a bar before it; `before`: the word before it, if it stands
/// by itself.
pub(super) fn number(text: &str, minus: bool, before: Option<&str>) -> Said {
    let amount = written(text)?;
    let rest = &text[amount.length..];
    if let Some(suffix) = ["st", "nd", "rd", "th"].iter().find(|suffix| rest.starts_with(**suffix))
        && amount.decimals.is_none()
        && amount.fraction.is_none()
        && amount.whole.len() <= 6
        && ends(&rest[2..])
    {
        return Some((ordinal(amount.whole.parse().ok()?), amount.length + suffix.len()));
    }
    if let Some(more) = points(text, &amount) {
        return Some(more);
    }
    let one = amount.whole == "1" && amount.decimals.is_none() && amount.fraction.is_none();
    let after = rest.strip_prefix(' ').unwrap_or(rest);
    let measured = |length: usize| text.len() - after.len() + length;
    if after.starts_with('%') && !minus {
        return Some((format!("{} percent", plain(&amount)), measured(1)));
    }
    for (sign, scale) in [("°C", "Celsius"), ("°F", "Fahrenheit")] {
        if after.starts_with(sign) && ends(&after[sign.len()..]) {
            let degrees = if one { "degree" } else { "degrees" };
            return Some((format!("{} {degrees} {scale}", plain(&amount)), measured(sign.len())));
        }
    }
    let measure = MEASURES.iter().find(|(short, ..)| after.starts_with(short) && ends(&after[short.len()..]));
    if let Some((short, single, several)) = measure {
        let measure = if one { single } else { several };
        let dot = usize::from(
            after[short.len()..].starts_with(". ")
                && after[short.len() + 2..].starts_with(char::is_lowercase),
        );
        return Some((format!("{} {measure}", plain(&amount)), measured(short.len() + dot)));
    }
    if let Some((single, several)) = before.and_then(|before| letter(&amount, rest, before)) {
        return Some((format!("{} {}", plain(&amount), if one { single } else { several }), measured(1)));
    }
    if let Some(decade) = rest.strip_prefix('s').filter(|rest| ends(rest))
        && amount.whole.len() == 4
        && amount.whole.ends_with('0')
        && amount.decimals.is_none()
        && amount.fraction.is_none()
    {
        let said = year(amount.whole.parse().ok()?);
        let said = said.strip_suffix('y').map_or_else(|| format!("{said}s"), |stem| format!("{stem}ies"));
        return Some((said, text.len() - decade.len()));
    }
    let exact = amount.decimals.is_none() && amount.fraction.is_none();
    let alone = exact && !amount.commas && amount.whole.len() == 4;
    let number: Option<u64> = amount.whole.parse().ok().filter(|n| alone && (1100..2100).contains(n));
    Some((number.map_or_else(|| plain(&amount), year), amount.length))
}

/// What is measured by the letter behind an amount, where that is beyond doubt: `500 g`, `2h`, `1.5 L`, `1.8 m`, but not
/// `Seat 12h`, `5g`, `2 L shirts` and `10 m`.
fn letter(amount: &Written<'_>, rest: &str, before: &str) -> Option<(&'static str, &'static str)> {
    let after = rest.strip_prefix(' ').unwrap_or(rest);
    let (letter, single, several) = LETTERS.iter().find(|(letter, ..)| after.starts_with(letter))?;
    let behind = &after[1..];
    let word = first_word(behind.strip_prefix(' ').unwrap_or_default());
    let closed =
        ends(behind) && (!behind.starts_with([' ', '-', '\'']) || word == "of" || behind.trim().is_empty());
    let exact = amount.decimals.is_some() || amount.fraction.is_some();
    let network = !exact && after.len() == rest.len() && amount.whole.len() == 1;
    let certain = match *letter {
        "g" => ends(behind) && !network,
        "m" => ends(behind) && (LONG.contains(&word) || (exact && closed)),
        "h" => ends(behind),
        _ => closed,
    };
    let named = PLACES.iter().any(|place| before.eq_ignore_ascii_case(place))
        || is_named_by_a_number(before)
        || behind.starts_with(['-', '\'']);
    (certain && !named && amount.whole.len() <= 5).then_some((*single, *several))
}

/// `1.2.3`: a version, or an address of a machine.
fn points(text: &str, amount: &Written<'_>) -> Said {
    let mut at = amount.length;
    let mut said = String::new();
    while amount.decimals.is_some() && text[at..].starts_with('.') {
        let part = digits(&text[at + 1..]);
        if part.is_empty() {
            break;
        }
        said.push_str(" point ");
        said.push_str(&count(part));
        at += 1 + part.len();
    }
    let decimals = amount.decimals.filter(|_| !said.is_empty())?;
    Some((format!("{} point {}{said}", count(&amount.whole), count(decimals)), at))
}

fn written(text: &str) -> Option<Written<'_>> {
    let first = digits(text);
    if first.is_empty() {
        return None;
    }
    let (mut whole, mut length, mut commas) = (first.to_owned(), first.len(), false);
    while first.len() <= 3
        && let Some(group) = text[length..].strip_prefix(',').map(digits)
        && group.len() == 3
    {
        whole.push_str(group);
        length += 4;
        commas = true;
    }
    let decimals = text[length..].strip_prefix('.').map(digits).filter(|decimals| !decimals.is_empty());
    length += decimals.map_or(0, |decimals| decimals.len() + 1);
    let after = text[length..].strip_prefix(' ').unwrap_or(&text[length..]);
    let fraction = fraction_at(after).filter(|_| decimals.is_none() && whole.len() <= 4);
    length = fraction.map_or(length, |(written, ..)| text.len() - after.len() + written.len());
    Some(Written { whole, decimals, fraction: fraction.map(|(_, _, behind)| *behind), commas, length })
}

fn plain(amount: &Written<'_>) -> String {
    let whole = if amount.commas && amount.whole.len() <= 15 {
        amount.whole.parse().map_or_else(|_| number::digits(&amount.whole), cardinal)
    } else {
        count(&amount.whole)
    };
    match (amount.decimals, amount.fraction) {
        (Some(decimals), _) => format!("{whole} point {}", number::digits(decimals)),
        (None, Some(fraction)) => format!("{whole} {fraction}"),
        (None, None) => whole,
    }
}

/// Digits without commas: what is long, or begins with a zero, is a code and said digit by digit.
fn count(digits: &str) -> String {
    let code = digits.len() > 4 || (digits.len() > 1 && digits.starts_with('0'));
    match digits.parse() {
        Ok(number) if !code => cardinal(number),
        _ => number::digits(digits),
    }
}

fn large(text: &str) -> Option<(&'static str, usize)> {
    let after = text.strip_prefix(' ').unwrap_or(text);
    let blank = text.len() - after.len();
    let (short, long) =
        LARGE.iter().find(|(short, _)| after.starts_with(short) && ends(&after[short.len()..]))?;
    // A letter stands at its number: `$5 m` may be anything.
    (blank == 0 || short.len() > 2).then_some((*long, blank + short.len()))
}

fn sum(amount: &Written<'_>, one: &str, many: &str, part: &str) -> String {
    // Money is a quantity even where it is long.
    let whole: Option<u64> = amount.whole.parse().ok().filter(|_| amount.whole.len() <= 15);
    let broken = amount.fraction.is_some() || amount.decimals.is_some_and(|decimals| decimals.len() != 2);
    let (Some(whole), false) = (whole, broken || part.is_empty()) else {
        return format!("{} {many}", plain(amount));
    };
    let parts: u64 = amount.decimals.and_then(|decimals| decimals.parse().ok()).unwrap_or(0);
    let units = format!("{} {}", cardinal(whole), if whole == 1 { one } else { many });
    let hundredths = match (part, parts) {
        ("penny", 1) => "one penny".to_owned(),
        ("penny", _) => format!("{} pence", cardinal(parts)),
        ("paisa", _) => format!("{} paise", cardinal(parts)),
        (part, 1) => format!("one {part}"),
        (part, _) => format!("{} {part}s", cardinal(parts)),
    };
    match (whole, parts) {
        (_, 0) => units,
        (0, _) => hundredths,
        _ => format!("{units} and {hundredths}"),
    }
}
