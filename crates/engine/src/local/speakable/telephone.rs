//! What is a telephone number, and how it is grouped.

use super::{digits, ends, first_word};

/// A telephone number at the beginning of a text.
pub(super) struct Telephone<'a> {
    /// There is a plus before it.
    pub plus: bool,
    /// Its digits as they are grouped, for an ear if not by whoever wrote it.
    pub groups: Vec<&'a str>,
    /// Of what is written, in bytes.
    pub length: usize,
}

/// As many digits as a telephone number has, by E.164.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The number of a card or an account, which is read out likewise.
const MOST: usize = 20;
/// Fewer digits with nothing but blanks between them are numbers beside one another.
const FEWEST_WITH_BLANKS: usize = 9;

/// `+1 (555) 010-0199`, `555-0199`, `020 7946 0958`. Without a plus, brackets, a bar or a dot, either the first group
/// begins with a zero or there are at least three groups, so that two numbers beside one another are two numbers.
pub(super) fn telephone(text: &str) -> Option<Telephone<'_>> {
    if text.starts_with(' ') {
        return None;
    }
    let plus = text.starts_with('+');
    let mut groups: Vec<&str> = Vec::new();
    let (mut at, mut marked) = (usize::from(plus), plus || text.starts_with('('));
    let (mut dialled, mut alike, mut bar) = (false, true, None);
    loop {
        let rest = &text[at..];
        let separator = rest.find(|c: char| c.is_ascii_digit())?;
        let between = &rest[..separator];
        let fine = matches!(
            between,
            "" | " " | "-" | "." | "/" | "(" | ") " | ")" | " (" | " - " | " / " | ")-" | "-("
        );
        if !fine || (between.is_empty() && !groups.is_empty()) {
            return None;
        }
        marked |= matches!(between, "-" | ".");
        if !groups.is_empty() {
            alike &= *bar.get_or_insert(between) == between;
        }
        let digits = digits(&rest[separator..]);
        // With one zero alone begins a decimal.
        dialled |= groups.is_empty() && digits.len() > 1 && digits.starts_with('0');
        groups.push(digits);
        at += separator + digits.len();
        let next = &text[at..];
        let more = next.char_indices().take(4).find(|(_, c)| c.is_ascii_digit()).map(|(end, _)| &next[..end]);
        let goes_on = |between: &str| {
            let most = if marked { *DIGITS.end() } else { MOST };
            let area = dialled && groups.len() == 1 && matches!(between, "/" | " / ");
            (area || matches!(between, " " | "-" | "." | ") " | ")" | " (" | " - " | ")-" | "-("))
                && groups.iter().map(|group| group.len()).sum::<usize>() < most
        };
        if !more.is_some_and(goes_on) {
            break;
        }
    }
    let whole = plus
        || if marked && !dialled {
            is_grouped(&groups)
        } else if dialled {
            is_dialled(&groups, alike, marked)
        } else {
            is_spaced(&groups, &text[at..])
        };
    let count: usize = groups.iter().map(|group| group.len()).sum();
    let most = if marked || dialled { *DIGITS.end() } else { MOST };
    if !whole || !(*DIGITS.start()..=most).contains(&count) || !ends(&text[at..]) {
        return None;
    }
    if let [whole] = groups.as_slice() {
        groups = split(whole);
    }
    Some(Telephone { plus, groups, length: at })
}

/// What stands behind a number that counts something: how currencies and measures begin, and how they are written.
const COUNTED: [&str; 24] = [
    "euro", "eur", "dollar", "dolar", "dólar", "usd", "pound", "pfund", "gbp", "libr", "livre", "sterlin",
    "fran", "chf", "kron", "koron", "peso", "yen", "jen", "zlot", "złot", "million", "percent", "prozent",
];
const SIGNS: [&str; 12] = ["kr", "zł", "km", "kg", "m", "cm", "mm", "g", "l", "ml", "sek", "dkk"];

/// Whether what stands behind a number says that it counts something: `€`, ` Euro`, `km`.
pub(super) fn is_amount(rest: &str) -> bool {
    let after = rest.strip_prefix(' ').unwrap_or(rest);
    let word = first_word(after).to_lowercase();
    after.starts_with(['€', '$', '£', '¥', '₹', '%', '°', '‰'])
        || COUNTED.iter().any(|begins| word.starts_with(begins))
        || SIGNS.contains(&word.as_str())
}

/// Digits that nobody has grouped, in groups for an ear.
pub(super) fn split(whole: &str) -> Vec<&str> {
    if whole.starts_with('1') && whole.len() == 11 {
        return vec![&whole[..1], &whole[1..4], &whole[4..7], &whole[7..]];
    }
    whole.as_bytes().chunks(3).map(|chunk| std::str::from_utf8(chunk).unwrap_or_default()).collect()
}

fn is_grouped(groups: &[&str]) -> bool {
    let last = groups.last().map_or(0, |group| group.len());
    groups.len() > 1
        && groups.iter().all(|group| (1..=5).contains(&group.len()))
        && last >= 3
        && groups[0].len() <= 4
}

/// It begins with a zero, as numbers of a country do where one dials it: `0171/1234567`, `06.12.34.56.78`. With bars and
/// dots, `09.30-10.30` must be none.
fn is_dialled(groups: &[&str], alike: bool, marked: bool) -> bool {
    let pairs = alike && groups.len() == 5 && groups.iter().all(|group| group.len() == 2);
    let last = groups.last().map_or(0, |group| group.len());
    let shaped = groups.len() > 1 && groups.iter().all(|group| (1..=8).contains(&group.len()));
    pairs || (shaped && last >= if marked { 3 } else { 2 })
}

/// Nothing but blanks is between them, and no zero before them. Years are none, and what is counted is none, such as
/// `100 000 000` and `120 000 000 €`.
fn is_spaced(groups: &[&str], rest: &str) -> bool {
    let count: usize = groups.iter().map(|group| group.len()).sum();
    let year = |group: &&str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    groups.len() >= 3
        && count >= FEWEST_WITH_BLANKS
        && groups[1..].iter().all(|group| (2..=5).contains(&group.len()))
        && groups[0].len() <= 5
        && !groups.iter().all(year)
        && groups.last().is_some_and(|last| *last != "000")
        && !is_amount(rest)
}
