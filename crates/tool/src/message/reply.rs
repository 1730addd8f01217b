//! What somebody who texts us wants: to cancel, to hear no more, or to say something.
//!
//! STOP and its like are honoured by the carriers themselves before we see them (for Twilio see
//! <https://help.twilio.com/articles/223134027>); CANCEL is one of them there, which is why texts offer `C`.

use sha2::{Digest, Sha256};

/// The reason that a cancellation by text is recorded with.
pub const BY_TEXT: &str = "by text";

/// What a text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Cancel an appointment: the one whose [`code`] begins with these digits, or the only one where there are none.
    Cancel { code: String },
    /// No more texts.
    Stop,
    /// Texts again.
    Start,
    /// What this is; the carrier answers that itself.
    Help,
    /// Anything else.
    Words,
}

/// Reads a text. Only texts that are nothing but the word count: who writes a sentence is not guessed at.
pub fn read(body: &str) -> Wanted {
    let plain: String = body
        .chars()
        .map(|letter| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' })
        .take(200)
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let cancel = |code: &str| Wanted::Cancel { code: code.to_owned() };
    let is_code = |word: &str| (2..=CODE).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    match words.as_slice() {
        ["stop" | "stopall" | "unsubscribe" | "end" | "quit" | "revoke" | "optout"] | ["opt", "out"] => {
            Wanted::Stop
        }
        ["start" | "unstop"] => Wanted::Start,
        ["help" | "info"] => Wanted::Help,
        ["c" | "cancel"]
        | ["please", "cancel"]
        | ["cancel", "please" | "appointment"]
        | ["cancel", "my" | "the", "appointment"]
        | ["please", "cancel", "my" | "the", "appointment"] => cancel(""),
        ["c" | "cancel", code] if is_code(code) => cancel(code),
        [word] => match word.strip_prefix('c') {
            Some(code) if is_code(code) => cancel(code),
            _ => Wanted::Words,
        },
        _ => Wanted::Words,
    }
}

/// How many digits a code has at most.
const CODE: usize = 8;

/// Digits that stand for an appointment, the same at any time: its first two tell it from the few others of one number,
/// usually.
pub fn code(appointment: &str) -> String {
    let hash = Sha256::digest(appointment.as_bytes());
    hash.iter().take(CODE).map(|byte| char::from(b'0' + byte % 10)).collect()
}

/// As many digits of each code as it takes to tell them apart, two at least.
pub fn codes(appointments: &[&str]) -> Vec<String> {
    let whole: Vec<String> = appointments.iter().map(|id| code(id)).collect();
    let apart = |digits: usize| {
        let cut: std::collections::BTreeSet<&str> = whole.iter().map(|code| &code[..digits]).collect();
        cut.len() == whole.len()
    };
    let digits = (2..=CODE).find(|&digits| apart(digits)).unwrap_or(CODE);
    whole.iter().map(|code| code[..digits].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_says_nothing_else_cancels() {
        let cancel = |code: &str| Wanted::Cancel { code: code.to_owned() };
        for (body, wanted) in [
            ("C", cancel("")),
            (" c. ", cancel("")),
            ("Cancel!", cancel("")),
            ("please cancel my appointment", cancel("")),
            ("C47", cancel("47")),
            ("c 4712", cancel("4712")),
            ("\"CANCEL 47\"", cancel("47")),
            ("C4", Wanted::Words),
            ("c u later", Wanted::Words),
            ("don't cancel", Wanted::Words),
            ("Cancel? No, I am coming", Wanted::Words),
            ("STOP", Wanted::Stop),
            ("Stop.", Wanted::Stop),
            ("stop by at five", Wanted::Words),
            ("Unsubscribe", Wanted::Stop),
            ("Start", Wanted::Start),
            ("HELP", Wanted::Help),
            ("", Wanted::Words),
            ("👍", Wanted::Words),
        ] {
            assert_eq!(read(body), wanted, "{body:?}");
        }
        assert_eq!(read(&"c ".repeat(100_000)), Wanted::Words);
    }

    #[test]
    fn codes_tell_appointments_apart_and_stay() {
        let ids: Vec<String> = (0..40).map(|n| format!("appointment {n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let codes = codes(&ids);
        let apart: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(apart.len(), 40);
        for (id, code) in ids.iter().zip(&codes) {
            assert!(super::code(id).starts_with(code.as_str()));
        }
        assert_eq!(super::codes(&ids[..1])[0].len(), 2);
    }
}
