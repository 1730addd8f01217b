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
const YES: [&str; 70] = [
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
    "esatto",
    "confermo",
    "giusto",
    "procedi",
    "exato",
    "confirmo",
    "pode",
    "zeker",
    "goed",
    "akkoord",
    "klopt",
    "inderdaad",
    "tak",
    "dobrze",
    "zgadza",
    "oczywiście",
    "pewnie",
    "potwierdzam",
    "javisst",
    "visst",
    "absolut",
    "jo",
    "okej",
    "jada",
    "jepp",
    "selvfølgelig",
    "naturligvis",
    "bestemt",
];

/// The same in more words than one.
const YES_PHRASES: [&[&str]; 30] = [
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
    &["doe", "maar"],
    &["ga", "uw", "gang"],
    &["zrób", "to"],
    &["gör", "det"],
    &["gør", "det"],
    &["gjør", "det"],
    &["lo", "faccia"],
    &["fallo"],
    &["faça", "isso"],
    &["pode", "ser"],
    &["com", "certeza"],
    &["va", "benissimo"],
    &["vær", "så", "god"],
    &["värsågod"],
];

/// Words that refuse, whatever stands beside them.
const NO: [&str; 39] = [
    "no", "nope", "nah", "not", "never", "stop", "wait", "nein", "ne", "nicht", "kein", "keine", "stopp",
    "halt", "warte", "warten", "nunca", "non", "pas", "jamais", "não", "attends", "nee", "niet", "geen",
    "wacht", "nie", "nej", "inte", "vänta", "ikke", "nei", "vent", "ellers", "stoppe", "aspetta", "espere",
    "espera", "fermo",
];

/// Words that change what was asked, unless the question itself says them.
const CHANGES: [&str; 60] = [
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
    "però",
    "invece",
    "anzi",
    "mas",
    "antes",
    "outro",
    "outra",
    "maar",
    "liever",
    "ander",
    "niet",
    "ale",
    "jednak",
    "lepiej",
    "inny",
    "inną",
    "men",
    "istället",
    "annan",
    "hellre",
    "anden",
    "hellere",
    "annen",
    "heller",
];

/// What else may be said with a yes.
const BESIDE: [&str; 98] = [
    "please",
    "thanks",
    "thank",
    "you",
    "that",
    "this",
    "it",
    "is",
    "are",
    "do",
    "go",
    "ahead",
    "on",
    "the",
    "a",
    "an",
    "i",
    "am",
    "we",
    "would",
    "like",
    "want",
    "will",
    "and",
    "so",
    "just",
    "now",
    "then",
    "all",
    "good",
    "great",
    "perfect",
    "well",
    "of",
    "course",
    "to",
    "my",
    "your",
    "them",
    "one",
    "uh",
    "um",
    "oh",
    "hm",
    "bitte",
    "danke",
    "das",
    "es",
    "ist",
    "mach",
    "machen",
    "sie",
    "gut",
    "und",
    "por",
    "favor",
    "gracias",
    "s'il",
    "vous",
    "plaît",
    "merci",
    "per",
    "favore",
    "grazie",
    "lo",
    "faccia",
    "fai",
    "pure",
    "si",
    "obrigado",
    "obrigada",
    "isso",
    "faça",
    "alstublieft",
    "graag",
    "dank",
    "u",
    "je",
    "doe",
    "dat",
    "hoor",
    "proszę",
    "dziękuję",
    "zrób",
    "poproszę",
    "tack",
    "snälla",
    "gör",
    "det",
    "takk",
    "gerne",
    "gør",
    "gjør",
    "vær",
    "så",
    "snill",
    "mange",
    "venlig",
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
    // Words of a phrase that agrees change nothing: "doe maar", and not "ja, maar …".
    let phrases = YES_PHRASES.iter().flat_map(|phrase| {
        let at = |at: usize| all.get(at..at + phrase.len()) == Some(*phrase);
        (0..all.len()).filter(move |begins| at(*begins)).flat_map(|begins| begins..begins + phrase.len())
    });
    let phrases: Vec<usize> = phrases.collect();
    let changes = all
        .iter()
        .enumerate()
        .any(|(at, word)| CHANGES.contains(word) && !is_asked(word) && !phrases.contains(&at));
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
            "Sì, per favore.",
            "Certo, va bene.",
            "Sim, por favor.",
            "Pode ser, obrigado.",
            "Ja, graag.",
            "Ja, doe maar.",
            "Tak, proszę.",
            "Zgadza się.",
            "Ja tack.",
            "Javisst, gör det.",
            "Ja tak.",
            "Ja, det må du gerne.",
            "Ja takk, gjør det.",
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
            "No, grazie.",
            "Não, obrigado.",
            "Nee, dank u.",
            "Doe maar niet.",
            "Nie, dziękuję.",
            "Nej tack.",
            "Nej tak.",
            "Ellers tak.",
            "Nei takk.",
            "Ja, nej, vänta.",
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
            "Ja, maar morgen graag.",
            "Tak, ale jutro.",
            "Ja, men först imorgon.",
            "Sì, però domani.",
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
