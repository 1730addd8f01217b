//! Telephone numbers, digit by digit, with a pause where they are grouped.

use super::{Said, ends};
use crate::local::speakable::number;

/// `+1 (555) 010-0199`, `555-0199`, `(555) 010 0199`. Without a plus or brackets there must be a bar or a dot in it, so
/// that two numbers beside one another are two numbers.
pub(super) fn telephone(text: &str) -> Said {
    let plus = text.starts_with('+');
    let mut groups: Vec<&str> = Vec::new();
    let (mut at, mut marked) = (usize::from(plus), plus || text.starts_with('('));
    loop {
        let rest = &text[at..];
        let separator = rest.find(|c: char| c.is_ascii_digit())?;
        let between = &rest[..separator];
        let fine =
            matches!(between, "" | " " | "-" | "." | "/" | "(" | ") " | ")" | " (" | " - " | ")-" | "-(");
        if !fine || (between.is_empty() && !groups.is_empty()) {
            return None;
        }
        marked |= matches!(between, "-" | ".");
        let digits = super::digits(&rest[separator..]);
        groups.push(digits);
        at += separator + digits.len();
        let next = &text[at..];
        let more = next.char_indices().take(4).find(|(_, c)| c.is_ascii_digit()).map(|(end, _)| &next[..end]);
        let goes_on = |between: &str| {
            matches!(between, " " | "-" | "." | ") " | ")" | " (" | " - " | ")-" | "-(")
                && groups.iter().map(|group| group.len()).sum::<usize>() < 15
        };
        if !more.is_some_and(goes_on) {
            break;
        }
    }
    let count: usize = groups.iter().map(|group| group.len()).sum();
    let shaped = plus || groups.iter().all(|group| (1..=5).contains(&group.len()));
    let last = groups.last()?.len();
    let grouped = plus || (groups.len() > 1 && last >= 3 && groups[0].len() <= 4);
    if !(7..=15).contains(&count) || !marked || !shaped || !grouped || !ends(&text[at..]) {
        return None;
    }
    let split: Vec<&str> = match groups.as_slice() {
        [whole] if whole.starts_with('1') && whole.len() == 11 => {
            vec![&whole[..1], &whole[1..4], &whole[4..7], &whole[7..]]
        }
        [whole] => {
            whole.as_bytes().chunks(3).map(|chunk| std::str::from_utf8(chunk).unwrap_or_default()).collect()
        }
        groups => groups.to_vec(),
    };
    let said: Vec<String> = split.into_iter().map(number::digits).collect();
    let said = said.join(", ");
    Some((if plus { format!("plus {said}") } else { said }, at))
}
