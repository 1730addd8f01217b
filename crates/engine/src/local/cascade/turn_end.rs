//! Whether a caller has finished, told by what they said: beside the ear, which only knows that they are quiet.

/// What the words say about the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnEnd {
    /// The sentence is complete: whoever waits longer only seems slow.
    Over,
    /// It goes on: an article, a preposition, half a number.
    Open,
    /// The words do not tell.
    Unsure,
}

/// A telephone number has at least so many digits; fewer in a row are half of one.
const NUMBER: usize = 7;
/// So many single digits in a row are the beginning of a number that is dictated.
const DICTATED: usize = 3;

/// Words of English, German, French and Spanish after which something must follow.
const LEADING: [&str; 118] = [
    "a", "an", "the", "and", "or", "but", "so", "because", "if", "that", "which", "who", "to", "for", "at",
    "on", "in", "of", "with", "from", "by", "about", "around", "between", "until", "before", "after", "my",
    "your", "his", "her", "their", "our", "is", "are", "was", "were", "be", "i", "i'm", "i'd", "i'll", "we",
    "we're", "it's", "like", "um", "uh", "er", "erm", "hmm", "well", "maybe", "next", "this", "some", "any",
    "not", "let", "could", "can", "would", "have", "want", "need", "say", "called", "number", "und", "oder",
    "aber", "weil", "dass", "wenn", "der", "die", "das", "den", "dem", "ein", "eine", "einen", "einem",
    "einer", "zu", "für", "mit", "von", "am", "um", "im", "ich", "mein", "meine", "ist", "äh", "ähm", "et",
    "ou", "mais", "le", "la", "les", "un", "une", "de", "du", "pour", "avec", "mon", "je", "y", "o", "pero",
    "el", "los", "para", "con",
];

/// Whole utterances that answer, or end something.
const COMPLETE: [&str; 62] = [
    "yes",
    "yes please",
    "yeah",
    "yep",
    "no",
    "nope",
    "no thanks",
    "no thank you",
    "ok",
    "okay",
    "sure",
    "correct",
    "right",
    "that's right",
    "that is right",
    "exactly",
    "fine",
    "that's fine",
    "sounds good",
    "perfect",
    "great",
    "thanks",
    "thank you",
    "thank you very much",
    "that's all",
    "that is all",
    "that's it",
    "that's all thanks",
    "goodbye",
    "good bye",
    "bye",
    "bye bye",
    "see you",
    "hello",
    "hi",
    "help",
    "repeat",
    "stop",
    "cancel",
    "never mind",
    "please",
    "ja",
    "ja bitte",
    "nein",
    "nein danke",
    "genau",
    "richtig",
    "danke",
    "tschüss",
    "auf wiederhören",
    "das ist alles",
    "oui",
    "non",
    "merci",
    "au revoir",
    "c'est tout",
    "d'accord",
    "sí",
    "si",
    "gracias",
    "adiós",
    "eso es todo",
];

/// The last words of a sentence that is over.
const CLOSING: [&str; 16] = [
    "please",
    "thanks",
    "thank you",
    "that's all",
    "goodbye",
    "bye",
    "bitte",
    "danke",
    "tschüss",
    "s'il vous plaît",
    "merci",
    "au revoir",
    "por favor",
    "gracias",
    "adiós",
    "o'clock",
];

/// The first words of a question.
const ASKING: [&str; 34] = [
    "what",
    "when",
    "where",
    "who",
    "why",
    "how",
    "which",
    "do you",
    "can you",
    "can i",
    "could you",
    "could i",
    "would you",
    "are you",
    "is it",
    "is there",
    "are there",
    "will you",
    "was",
    "wann",
    "wo",
    "wer",
    "warum",
    "wie",
    "welche",
    "haben sie",
    "können sie",
    "kann ich",
    "est-ce",
    "avez",
    "pouvez",
    "qué",
    "cuándo",
    "tiene",
];

const DIGITS: [&str; 12] =
    ["zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double"];

/// What these words, so far, say about whether the caller has finished.
pub fn turn_end(text: &str) -> TurnEnd {
    let text = text.trim().to_lowercase();
    let trailing = text.ends_with([',', '-', '…', ':', ';']) || text.ends_with("...");
    let asked = text.ends_with('?');
    let plain: String =
        text.chars().map(|c| if c.is_alphanumeric() || "'-".contains(c) { c } else { ' ' }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let Some(last) = words.last() else { return TurnEnd::Unsure };
    let whole = words.join(" ");
    if trailing || is_half_a_number(&words) {
        return TurnEnd::Open;
    }
    if COMPLETE.contains(&whole.as_str()) {
        return TurnEnd::Over;
    }
    let closes = CLOSING.iter().any(|closing| whole == *closing || whole.ends_with(&format!(" {closing}")));
    if closes {
        return TurnEnd::Over;
    }
    if LEADING.contains(last) && !asked {
        return TurnEnd::Open;
    }
    let asks =
        ASKING.iter().any(|asking| whole.starts_with(asking) && whole[asking.len()..].starts_with(' '));
    if asked || (asks && words.len() >= 4) {
        return TurnEnd::Over;
    }
    TurnEnd::Unsure
}

/// Whether it ends in digits that are said one by one, and too few of them.
fn is_half_a_number(words: &[&str]) -> bool {
    let digits =
        |word: &&&str| DIGITS.contains(*word) || word.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let run: Vec<&&str> = words.iter().rev().take_while(digits).collect();
    let count: usize = run
        .iter()
        .map(|word| if DIGITS.contains(*word) { 1 } else { word.bytes().filter(u8::is_ascii_digit).count() })
        .sum();
    let spoken_of = words.iter().any(|word| ["number", "nummer", "numéro", "número"].contains(word));
    let begun = run.len() >= DICTATED || (spoken_of && !run.is_empty());
    begun && count < NUMBER
}

#[cfg(test)]
mod tests {
    use super::{
        TurnEnd::{Open, Over, Unsure},
        *,
    };

    #[test]
    fn the_words_tell_whether_a_caller_has_finished() {
        for (text, wanted) in [
            ("my number is four one five", Open),
            ("My number is 415", Open),
            ("my number is 415-555", Open),
            ("my number is four one five five five five zero one nine nine", Unsure),
            ("415 555 0199", Unsure),
            ("four one five", Open),
            ("at four", Unsure),
            ("at five thirty", Unsure),
            ("my number is", Open),
            ("my name is", Open),
            ("I'd like to book an", Open),
            ("I would like to", Open),
            ("on tuesday and", Open),
            ("on Tuesday, ", Open),
            ("um", Open),
            ("so...", Open),
            ("Ich hätte gern einen Termin am", Open),
            ("je voudrais un rendez-vous pour", Open),
            ("that's all thanks", Over),
            ("that's all, thanks.", Over),
            ("Yes.", Over),
            ("yes please", Over),
            ("no", Over),
            ("Goodbye!", Over),
            ("next tuesday at ten please", Over),
            ("what do you have on monday", Over),
            ("Is that for Ada?", Over),
            ("what is that for?", Over),
            ("what is", Open),
            ("nein danke", Over),
            ("merci", Over),
            ("I would like to book an appointment", Unsure),
            ("next tuesday at ten", Unsure),
            ("", Unsure),
            ("...", Unsure),
        ] {
            assert_eq!(turn_end(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn any_text_is_judged() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..5_000 {
            let text: String = (0..random.usize(0..20)).map(|_| random.char('\u{20}'..'\u{250}')).collect();
            turn_end(&text);
        }
    }
}
