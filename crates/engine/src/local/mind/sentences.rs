//! Sentences out of text that arrives in pieces, each as soon as it is whole: the voice need not wait for the rest.

/// Cuts text into sentences as it arrives.
#[derive(Debug, Default)]
pub(super) struct Sentences {
    text: String,
    /// A sentence of this text has left already.
    begun: bool,
}

/// A first sentence that is longer leaves in parts, so that the caller need not wait for all of it: in bytes.
const LONG_FIRST: usize = 90;
/// No part of it is shorter.
const SHORTEST_PART: usize = 30;
/// No sentence is longer.
const LONGEST: usize = 300;

/// What ends in a stop without ending a sentence, in the languages that are spoken most on the telephone here.
const ABBREVIATIONS: [&str; 61] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "vs", "etc", "inc", "ltd", "co", "jr", "sr", "approx",
    "ca", "ave", "apt", "dept", "ext", "tel", "min", "max", "mon", "tue", "wed", "thu", "fri", "sat", "sun",
    "str", "bzw", "hr", "fr", "usw", "evtl", "ggf", "sra", "mme", "mlle", "fig", "mt", "tues", "thur",
    "thurs", "weds", "kl", "sig", "dott", "dhr", "mevr", "mw", "godz", "ul", "dra", "srta", "avda", "núm",
    "pág", "tlf",
];
/// Months are such only before a day: at seven is "à sept."
const MONTHS: [&str; 19] = [
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "okt", "nov", "dec", "dez",
    "janv", "févr", "avr", "juil", "déc",
];

/// Whether a word with a stop behind it is shorter than it is said.
pub(in crate::local) fn is_abbreviation(word: &str) -> bool {
    ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

impl Sentences {
    /// Takes a piece of text; gives the sentences that are whole now.
    pub(super) fn push(&mut self, piece: &str) -> Vec<String> {
        self.text.push_str(piece);
        let mut whole = Vec::new();
        while let Some(end) = self.end() {
            let rest = self.text.split_off(end);
            let sentence = std::mem::replace(&mut self.text, rest);
            self.take(&sentence, &mut whole);
        }
        whole
    }

    /// Nothing more comes: gives what is left.
    pub(super) fn finish(&mut self) -> Option<String> {
        let mut whole = Vec::new();
        let rest = std::mem::take(&mut self.text);
        self.take(&rest, &mut whole);
        whole.pop()
    }

    /// Nothing more comes, and what is left may lack its end: gives what of it is whole as it stands.
    pub(super) fn cut_short(&mut self) -> Vec<String> {
        let whole = self.push(" ");
        self.clear();
        whole
    }

    /// Drops what has not left.
    pub(super) fn clear(&mut self) {
        self.text.clear();
    }

    fn take(&mut self, sentence: &str, whole: &mut Vec<String>) {
        let sentence = sentence.trim();
        if sentence.chars().any(char::is_alphanumeric) {
            self.begun = true;
            whole.push(sentence.to_owned());
        }
    }

    /// Where the first sentence ends, if that is certain by now.
    fn end(&self) -> Option<usize> {
        let mut chars = self.text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let behind = at + c.len_utf8();
            let ends = match c {
                '\n' | '。' | '！' | '？' => true,
                '.' | '!' | '?' | '…' => match chars.peek() {
                    None => return self.cut(),
                    Some((_, next)) if next.is_whitespace() => c != '.' || self.stops(at),
                    Some((_, '"' | '”' | '\'' | '’' | ')' | '*' | '_')) => {
                        let rest =
                            self.text[behind..].trim_start_matches(['"', '”', '\'', '’', ')', '*', '_']);
                        if rest.is_empty() {
                            return self.cut();
                        }
                        if rest.starts_with(char::is_whitespace) && (c != '.' || self.stops(at)) {
                            return Some(self.text.len() - rest.len());
                        }
                        false
                    }
                    Some(_) => false,
                },
                _ => false,
            };
            if ends {
                return Some(behind).filter(|end| *end <= LONGEST).or_else(|| self.cut());
            }
        }
        self.cut()
    }

    /// Whether the stop at this place ends a sentence: not after an abbreviation, an initial or a number such as the
    /// "3." of a list or a date.
    fn stops(&self, at: usize) -> bool {
        let before = &self.text[..at];
        let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        let lower = word.to_lowercase();
        let initial = word.chars().count() == 1 && word != "I" && word.chars().all(char::is_alphabetic);
        let number = word.len() <= 2 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        // "a.m", "e.g", "U.S": only what follows would tell, and a pause in the wrong place is worse than none.
        let dotted = word.contains('.') && word.split('.').all(|part| part.chars().count() <= 2);
        // Nothing behind it: what comes next will tell.
        let next = self.text[at + 1..].trim_start().chars().next();
        let month = MONTHS.contains(&lower.as_str()) && next.is_none_or(|next| next.is_ascii_digit());
        !(initial || number || dotted || month || is_abbreviation(word))
    }

    /// Where a sentence that is too long is cut: behind a comma, else at a blank.
    fn cut(&self) -> Option<usize> {
        let most = if self.begun { LONGEST } else { LONG_FIRST };
        if self.text.len() <= most {
            return None;
        }
        let window = &self.text[..self.text.floor_char_boundary(LONGEST)];
        let pauses = window.match_indices([',', ';', ':', '—', '–']).filter(|(at, mark)| {
            let behind = at + mark.len();
            behind >= SHORTEST_PART && self.text[behind..].starts_with(' ')
        });
        let pause = pauses.map(|(at, mark)| at + mark.len()).next_back();
        if self.text.len() <= LONGEST {
            return pause;
        }
        pause.or_else(|| window.rfind(' ').filter(|at| *at > 0)).or(Some(window.len()))
    }
}

/// Whether this ends where a sentence does, and not at a comma.
pub(super) fn is_ended(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '”', '\'', '’', ')', '*', '_']);
    text.ends_with(['.', '!', '?', '…', '。', '！', '？'])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the text is cut into pieces, the same sentences come out but for parts of a long first one.
    fn sentences(text: &str, size: usize) -> Vec<String> {
        let mut sentences = Sentences::default();
        let mut out = Vec::new();
        let letters: Vec<char> = text.chars().collect();
        for piece in letters.chunks(size) {
            out.extend(sentences.push(&piece.iter().collect::<String>()));
        }
        out.extend(sentences.finish());
        out
    }

    #[test]
    fn sentences_leave_as_they_are_complete_and_abbreviations_split_none() {
        for (text, wanted) in [
            ("Sure. How can I help?", vec!["Sure.", "How can I help?"]),
            (
                "Dr. Ada is in at 3.30 p.m. on Monday. Shall I?",
                vec!["Dr. Ada is in at 3.30 p.m. on Monday.", "Shall I?"],
            ),
            ("It costs $4.50 a day! OK?", vec!["It costs $4.50 a day!", "OK?"]),
            ("Mrs. J. Smith lives at St. Mary. Good", vec!["Mrs. J. Smith lives at St. Mary.", "Good"]),
            ("So do I. Then yes.", vec!["So do I.", "Then yes."]),
            ("She said \"Yes.\" Then she left.", vec!["She said \"Yes.\"", "Then she left."]),
            ("Am 3. Dezember um 10 Uhr. Passt das?", vec!["Am 3. Dezember um 10 Uhr.", "Passt das?"]),
            ("First:\n1. Red\n2. Blue\n", vec!["First:", "1. Red", "2. Blue"]),
            ("Write to ada@example.com. Thanks.", vec!["Write to ada@example.com.", "Thanks."]),
            ("はい。わかりました。", vec!["はい。", "わかりました。"]),
            ("Wait... what? ...", vec!["Wait...", "what?"]),
            (
                "We hike up Mt. Hood on Tues. 24 or Nov. 25 at ten. OK?",
                vec!["We hike up Mt. Hood on Tues. 24 or Nov. 25 at ten.", "OK?"],
            ),
            ("Il y en a sept. Voulez-vous ?", vec!["Il y en a sept.", "Voulez-vous ?"]),
            ("Vi ses kl. 10. Bra!", vec!["Vi ses kl. 10. Bra!"]),
            (
                "Con il Sig. Rossi e il Dott. Bianchi. Va bene?",
                vec!["Con il Sig. Rossi e il Dott. Bianchi.", "Va bene?"],
            ),
            ("Dhr. Jansen en mevr. De Vries. Goed?", vec!["Dhr. Jansen en mevr. De Vries.", "Goed?"]),
            ("O godz. 10 na ul. Długiej. Dobrze?", vec!["O godz. 10 na ul. Długiej.", "Dobrze?"]),
            ("No end", vec!["No end"]),
            (" \n ", vec![]),
        ] {
            for size in [1, 2, 3, 7, 500] {
                assert_eq!(sentences(text, size), wanted, "in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_sentence_leaves_before_the_next_is_known() {
        let mut sentences = Sentences::default();
        assert!(sentences.push("One moment.").is_empty(), "it may be 'moment.com'");
        assert_eq!(sentences.push(" "), ["One moment."]);
    }

    #[test]
    fn the_first_sound_does_not_wait_for_the_end_of_a_long_sentence() {
        let text = "I have looked at the calendar for next week, and it seems that on Tuesday there is still something free in the afternoon.";
        let parts = sentences(text, 5);
        assert_eq!(parts[0], "I have looked at the calendar for next week,");
        assert_eq!(parts.join(" "), text);
    }

    #[test]
    fn of_what_is_cut_short_whole_sentences_are_left() {
        for (text, wanted) in [
            ("Ten is free. Or elev", vec!["Ten is free."]),
            ("Ten is free.", vec!["Ten is free."]),
            ("It costs 4.", vec![]),
            ("Ask Dr.", vec![]),
            ("Ten", vec![]),
            ("", vec![]),
        ] {
            let mut sentences = Sentences::default();
            let mut out = sentences.push(text);
            out.extend(sentences.cut_short());
            assert_eq!(out, wanted);
            assert_eq!(sentences.finish(), None, "{text}");
            assert!(out.iter().all(|sentence| is_ended(sentence)));
        }
        assert!(!is_ended("Next week,") && is_ended("She said \"yes.\""));
    }

    #[test]
    fn a_sentence_without_end_is_cut() {
        for text in ["word ".repeat(500), "x".repeat(2_000), "ß".repeat(999), "so, ".repeat(400)] {
            let parts = sentences(&text, 11);
            assert!(
                parts.iter().all(|part| part.len() <= LONGEST),
                "{:?}",
                parts.iter().map(String::len).max()
            );
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&parts.concat()), letters(&text));
        }
    }
}
