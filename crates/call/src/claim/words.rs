//! A text as words and sentences, the same for every language: small letters, contractions opened, quotations marked.

use crate::language::months;

/// A word or a mark of punctuation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub text: String,
    /// Where it ends in the text, in bytes.
    pub end: usize,
    /// Between quotation marks: somebody else's words.
    pub quoted: bool,
}

impl Word {
    pub(crate) fn is(&self, texts: &[&str]) -> bool {
        texts.contains(&self.text.as_str())
    }

    /// Whether a clause ends here.
    pub(crate) fn is_break(&self) -> bool {
        self.is(&[",", "-"])
    }
}

/// Words up to the mark that ends them.
#[derive(Debug)]
pub(crate) struct Sentence {
    pub words: Vec<Word>,
    pub asks: bool,
}

/// A text of more bytes than this is no speech.
const LONGEST: usize = 16 * 1024;

/// Abbreviations whose dot ends no sentence.
const SHORT: [&str; 15] =
    ["dr", "dra", "sr", "sra", "mr", "mrs", "ms", "prof", "st", "jan", "feb", "aug", "sept", "oct", "nov"];

/// English words that say more than one.
const OPENED: [(&str, &[&str]); 4] = [
    ("cannot", &["can", "not"]),
    ("can't", &["can", "not"]),
    ("won't", &["will", "not"]),
    ("shan't", &["shall", "not"]),
];
const ENDINGS: [(&str, &str); 7] = [
    ("n't", "not"),
    ("'ve", "have"),
    ("'re", "are"),
    ("'s", "is"),
    ("'ll", "will"),
    ("'d", "would"),
    ("'m", "am"),
];

/// Reads a text.
pub(crate) fn sentences(text: &str) -> Vec<Sentence> {
    let mut reader = Reader::default();
    let mut chars = text.char_indices().take_while(|(at, _)| *at < LONGEST).peekable();
    while let Some((at, char)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let between = |of: fn(&char) -> bool| {
            reader.word.chars().last().is_some_and(|last| of(&last)) && next.is_some_and(|next| of(&next))
        };
        match char {
            '’' | '\'' if between(|char| char.is_alphabetic()) => reader.word.push('\''),
            // The time of day: 10:30, 10.30.
            ':' | '.' if between(char::is_ascii_digit) => reader.word.push(':'),
            '.' if reader.is_abbreviated(&text[at + 1..]) => {}
            char if char.is_alphanumeric() => reader.word.extend(char.to_lowercase()),
            '-' | '‑' if between(|char| char.is_alphanumeric()) && reader.word != "e" => {
                reader.finish(at);
            }
            '-' | '‑' if reader.word == "e" => {}
            char => {
                reader.finish(at);
                reader.mark(char, at + char.len_utf8());
            }
        }
    }
    let end = text.len().min(LONGEST);
    reader.finish(end);
    reader.end_sentence(false);
    reader.sentences
}

#[derive(Default)]
struct Reader {
    sentences: Vec<Sentence>,
    words: Vec<Word>,
    word: String,
    quoted: bool,
}

impl Reader {
    /// Whether a dot behind the word belongs to it, given what follows: "a.m.", "Dr.".
    fn is_abbreviated(&self, rest: &str) -> bool {
        match self.word.as_str() {
            "a" | "p" => rest.starts_with(char::is_alphabetic),
            "am" | "pm" => rest.trim_start().starts_with(|next: char| next.is_lowercase() || next == ','),
            word => SHORT.contains(&word) || self.is_german_day(rest),
        }
    }

    /// Whether the dot behind the word makes it a German date: "24. November", "am 24. um zehn", "am 24.11. ist". Any
    /// other may end an English sentence: "at 10. Is there anything else?"
    fn is_german_day(&self, rest: &str) -> bool {
        let next = rest.trim_start().split(|char: char| !char.is_alphabetic()).next().unwrap_or_default();
        let is_month = || {
            let next = next.to_lowercase();
            months::GERMAN.iter().any(|month| month.eq_ignore_ascii_case(&next))
        };
        let led = || self.words.last().is_some_and(|word| word.is(&BEFORE_DAYS));
        is_number(&self.word) && (is_month() || led() && next.starts_with(char::is_lowercase))
    }

    fn finish(&mut self, end: usize) {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return;
        }
        if let Some((_, parts)) = OPENED.iter().find(|(whole, _)| *whole == word) {
            parts.iter().for_each(|part| self.push(part, end));
            return;
        }
        let opened = ENDINGS.iter().find_map(|(ending, means)| Some((word.strip_suffix(ending)?, *means)));
        match opened {
            Some((stem, means)) if !stem.is_empty() => {
                self.push(stem, end);
                self.push(means, end);
            }
            Some(_) | None => self.push(&word, end),
        }
    }

    fn push(&mut self, text: &str, end: usize) {
        self.words.push(Word { text: text.into(), end, quoted: self.quoted });
    }

    fn mark(&mut self, char: char, end: usize) {
        match char {
            '"' => self.quoted = !self.quoted,
            '“' | '„' | '«' => self.quoted = true,
            '”' | '»' => self.quoted = false,
            '.' | '!' | ';' | '\n' | '…' => self.end_sentence(false),
            '?' => self.end_sentence(true),
            ',' | '(' | ')' => self.push(",", end),
            ':' => self.push(":", end),
            '-' | '–' | '—' => self.push("-", end),
            _ => {}
        }
    }

    fn end_sentence(&mut self, asks: bool) {
        let words = std::mem::take(&mut self.words);
        if !words.is_empty() {
            self.sentences.push(Sentence { words, asks });
        }
    }
}

/// What stands before a German date.
pub(super) const BEFORE_DAYS: [&str; 5] = ["am", "den", "dem", "vom", "zum"];

/// Whether this is numbers of one or two digits each, with colons between them: 10, 10:30.
fn is_number(word: &str) -> bool {
    word.split(':')
        .all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let joined = |sentence: &Sentence| {
            let words: Vec<_> = sentence.words.iter().map(|word| word.text.as_str()).collect();
            format!("{}{}", words.join(" "), if sentence.asks { " ?" } else { "" })
        };
        sentences(text).iter().map(joined).collect()
    }

    #[test]
    fn contractions_times_and_abbreviations_are_read_as_they_are_meant() {
        assert_eq!(
            read("I’ve booked you with Dr. Lee at 10:30 a.m. on Tuesday. It isn't e-mailed, is it?"),
            ["i have booked you with dr lee at 10:30 am on tuesday", "it is not emailed , is it ?"]
        );
        assert_eq!(read("Follow-up – can't; won't…"), ["follow up - can not", "will not"]);
        assert!(read("…").is_empty());
        assert!(read("?!").is_empty());
    }

    #[test]
    fn a_dot_behind_a_german_day_ends_no_sentence_and_one_behind_an_hour_does() {
        assert_eq!(
            read(
                "Am Dienstag, den 24. November. Oder am 24.11. um 10. Am 24. um elf. Der am 24.11. wurde gebucht."
            ),
            [
                "am dienstag , den 24 november",
                "oder am 24:11 um 10",
                "am 24 um elf",
                "der am 24:11 wurde gebucht"
            ]
        );
        assert_eq!(
            read("See you at 10. Is that all? On the 24. May I help?"),
            ["see you at 10", "is that all ?", "on the 24", "may i help ?"]
        );
        assert_eq!(read("Room 240. November is busy."), ["room 240", "november is busy"]);
    }

    #[test]
    fn what_stands_in_quotation_marks_is_marked() {
        let quoted: Vec<_> =
            sentences("Say “book it” now").remove(0).words.iter().map(|word| word.quoted).collect();
        assert_eq!(quoted, [false, true, true, false]);
    }
}
