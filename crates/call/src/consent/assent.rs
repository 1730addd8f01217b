//! Yes and no, as callers say them. What is neither for certain is neither: to ask again costs a sentence, to delete what
//! was not meant cannot be undone.

use crate::claim::words::sentences;

/// What a caller answers to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Yes,
    No,
    Neither,
}

/// Words that agree, alone or before others.
const YES: [&str; 43] = [
    "yes",
    "yeah",
    "yep",
    "yup",
    "sure",
    "okay",
    "ok",
    "correct",
    "right",
    "exactly",
    "absolutely",
    "definitely",
    "affirmative",
    "agreed",
    "confirmed",
    "confirm",
    "certainly",
    "fine",
    "ja",
    "jawohl",
    "jap",
    "genau",
    "gerne",
    "klar",
    "natürlich",
    "richtig",
    "stimmt",
    "einverstanden",
    "sí",
    "si",
    "claro",
    "vale",
    "correcto",
    "exacto",
    "adelante",
    "oui",
    "ouais",
    "exactement",
    "certainement",
    "sì",
    "certo",
    "sim",
    "ja",
];

/// The same in more words than one.
const YES_PHRASES: [&[&str]; 16] = [
    &["go", "ahead"],
    &["do", "it"],
    &["do", "that"],
    &["do", "so"],
    &["please", "do"],
    &["of", "course"],
    &["sounds", "good"],
    &["mach", "das"],
    &["bitte", "machen"],
    &["auf", "jeden", "fall"],
    &["de", "acuerdo"],
    &["por", "supuesto"],
    &["hazlo"],
    &["d'accord"],
    &["bien", "sûr"],
    &["va", "bene"],
];

/// Words that refuse, whatever stands beside them.
const NO: [&str; 22] = [
    "no", "nope", "nah", "not", "never", "stop", "wait", "nein", "ne", "nicht", "kein", "keine", "stopp",
    "halt", "warte", "warten", "nunca", "non", "pas", "jamais", "não", "attends",
];

/// Words that change what was asked, unless the question itself says them.
const CHANGES: [&str; 37] = [
    "but",
    "instead",
    "rather",
    "actually",
    "except",
    "change",
    "different",
    "other",
    "another",
    "wrong",
    "cancel",
    "later",
    "moment",
    "hold",
    "unless",
    "if",
    "only",
    "maybe",
    "aber",
    "sondern",
    "lieber",
    "anders",
    "andere",
    "ändern",
    "falsch",
    "moment",
    "vielleicht",
    "erst",
    "pero",
    "espera",
    "mejor",
    "otro",
    "otra",
    "mais",
    "plutôt",
    "autre",
    "attendez",
];

/// What else may be said with a yes.
const BESIDE: [&str; 62] = [
    "please", "thanks", "thank", "you", "that", "this", "it", "is", "are", "do", "go", "ahead", "on", "the",
    "a", "an", "i", "am", "we", "would", "like", "want", "will", "and", "so", "just", "now", "then", "all",
    "good", "great", "perfect", "well", "of", "course", "to", "my", "your", "them", "one", "uh", "um", "oh",
    "hm", "bitte", "danke", "das", "es", "ist", "mach", "machen", "sie", "gut", "und", "so", "por", "favor",
    "gracias", "s'il", "vous", "plaît", "merci",
];
/// So many other words leave a yes a yes.
const OTHERS: usize = 3;

/// What this answers to that question.
pub(super) fn read(said: &str, question: &str) -> Reply {
    let sentences = sentences(said);
    let all: Vec<&str> = sentences
        .iter()
        .flat_map(|sentence| &sentence.words)
        .map(|word| word.text.as_str())
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .collect();
    if all.iter().any(|word| NO.contains(word)) {
        return Reply::No;
    }
    let asked = words(question);
    let is_asked = |word: &&str| asked.iter().any(|asked| asked == word);
    let phrased = |phrase: &&[&str]| all.windows(phrase.len()).any(|window| window == *phrase);
    let agrees = all.iter().any(|word| YES.contains(word)) || YES_PHRASES.iter().any(phrased);
    let changes = all.iter().any(|word| CHANGES.contains(word) && !is_asked(word));
    let others =
        all.iter().filter(|word| !YES.contains(word) && !BESIDE.contains(word) && !is_asked(word)).count();
    let asks = sentences.iter().any(|sentence| sentence.asks);
    if agrees && !changes && !asks && others <= OTHERS { Reply::Yes } else { Reply::Neither }
}

/// The question that a text ends in, if it ends in one.
pub(super) fn question(text: &str) -> Option<&str> {
    let text = text.trim_end();
    let asked = text.strip_suffix('?')?;
    let begins = asked.rfind(['.', '!', '?', ';', '\n']).map_or(0, |at| at + 1);
    Some(text[begins..].trim())
}

/// The words of a text, small, without punctuation, small numbers as digits, as texts that are meant to be the same differ
/// in these.
pub(super) fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let split = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    split
        .take(MOST)
        .map(|word| match NUMBERS.iter().position(|number| *number == word) {
            Some(number) => number.to_string(),
            None => word.to_owned(),
        })
        .collect()
}

/// More than can be read back.
const MOST: usize = 2_000;

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
];

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTION: &str = "I am about to cancel the order: name, milk. It cannot be undone. Shall I do it?";

    #[test]
    fn a_yes_is_a_yes_in_whatever_words() {
        for said in [
            "Yes.",
            "yes please",
            "Yeah, go ahead.",
            "Okay, do it.",
            "Sure. Cancel the order.",
            "Yes, that's right, thank you.",
            "Of course!",
            "Uh, yes.",
            "Do it",
            "That is correct",
            "Ja, bitte.",
            "Genau, mach das.",
            "Sí, por favor.",
            "Oui, merci",
            "yes yes yes",
        ] {
            assert_eq!(read(said, QUESTION), Reply::Yes, "{said}");
        }
    }

    #[test]
    fn a_no_is_a_no_whatever_stands_beside_it() {
        for said in [
            "No.",
            "Nope",
            "Yes, no, wait.",
            "Don't.",
            "Please don't do it.",
            "Okay, stop.",
            "I would not like that.",
            "Nein, danke.",
            "Ja, nein, lieber nicht.",
            "Non merci.",
            "No, gracias",
        ] {
            assert_eq!(read(said, QUESTION), Reply::No, "{said}");
        }
    }

    #[test]
    fn what_is_neither_for_certain_is_neither() {
        for said in [
            "",
            "Hmm.",
            "Milk?",
            "Yes?",
            "Yes, but change the name.",
            "Okay, actually the other one instead.",
            "Yes, I have another question about the opening hours of the shop.",
            "What does that cost?",
            "Tell me more.",
            "Sure, later.",
            "cancel",
            "Yes, if it is free.",
        ] {
            assert_eq!(read(said, QUESTION), Reply::Neither, "{said}");
        }
    }

    #[test]
    fn the_question_of_a_text_is_its_last_sentence() {
        assert_eq!(question("It is late. Shall I add milk?"), Some("Shall I add milk?"));
        assert_eq!(question("Shall I add milk? Say yes."), None);
        assert_eq!(question("?"), Some("?"));
        assert_eq!(question(""), None);
    }
}
