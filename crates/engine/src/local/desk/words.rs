//! The words of a sentence, and phrases among them.

/// The words of a sentence, with a blank around each.
#[derive(Clone)]
pub(super) struct Words(String);

impl Words {
    /// Those of this text, which are plain and have one blank between them.
    pub(super) fn of(text: &str) -> Self {
        Self(format!(" {text} "))
    }

    /// Whether one of these phrases, with `|` between them, occurs.
    pub(super) fn any(&self, phrases: &str) -> bool {
        phrases.split('|').any(|phrase| self.has(phrase))
    }

    fn has(&self, phrase: &str) -> bool {
        self.0.match_indices(phrase).any(|(at, _)| {
            let end = at + phrase.len();
            self.0[..at].ends_with(' ') && self.0[end..].starts_with(' ')
        })
    }

    /// Takes away the first of these phrases that occurs; says whether there was one.
    pub(super) fn take(&mut self, phrases: &str) -> bool {
        let Some(phrase) = phrases.split('|').find(|phrase| self.has(phrase)) else { return false };
        self.0 = self.0.replacen(&format!(" {phrase} "), " ", 1);
        true
    }

    /// Takes away the first word, if it is one of these; says whether it was.
    pub(super) fn take_first(&mut self, words: &str) -> bool {
        let first = self.each().next().filter(|first| is_one_of(first, words));
        let Some(length) = first.map(str::len) else { return false };
        self.0.replace_range(..=length, "");
        true
    }

    pub(super) fn starts(&self, phrases: &str) -> bool {
        let rest = |phrase| self.0[1..].strip_prefix(phrase);
        phrases.split('|').filter_map(rest).any(|rest| rest.starts_with(' '))
    }

    /// All of them, with one blank between.
    pub(super) fn text(&self) -> &str {
        self.0.trim()
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &str> {
        self.0.split_whitespace()
    }
}

/// Whether it is one of these words or phrases, with `|` between them.
pub(super) fn is_one_of(word: &str, words: &str) -> bool {
    words.split('|').any(|one| one == word)
}

/// Its words in lower case and nothing else, with one blank between them; at most a hundred.
pub(super) fn plain(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '\'' { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    kept.split_whitespace().take(100).collect::<Vec<_>>().join(" ")
}
