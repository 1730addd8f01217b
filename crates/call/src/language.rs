//! Languages: what they are called, which one words are in, and which one words ask for.

mod asked;
mod heard;
pub mod months;

pub(crate) use asked::asked_for;
pub(crate) use heard::plainly;

use std::fmt;

/// A language without its region: the primary subtag of BCP 47 in lower case, such as `de`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language([u8; 3]);

impl Language {
    /// The language of a tag such as `de-AT` or `pt_BR`; nothing where that is none. Norwegian, however it is written, is
    /// `nb`.
    pub fn of(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let known = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
        if !known {
            return None;
        }
        let primary = primary.to_ascii_lowercase();
        let primary = match primary.as_str() {
            "no" | "nn" => "nb",
            other => other,
        };
        let mut code = [0; 3];
        code[..primary.len()].copy_from_slice(primary.as_bytes());
        Some(Self(code))
    }

    /// The language of this name in English, as some services write it: `german`.
    pub fn named(name: &str) -> Option<Self> {
        asked::named_in_english(name)
    }

    /// Two or three letters.
    pub fn code(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        std::str::from_utf8(&self.0[..length]).expect("it was made of ASCII letters")
    }

    /// Its name in English, where we know one; else its code.
    pub fn name(&self) -> &str {
        asked::english_name(*self).unwrap_or(self.code())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The words of a text in lower case and without marks on their letters, as people write who are in a hurry: `fur`, `etes`.
fn folded(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars().flat_map(char::to_lowercase) {
        let last = words.last_mut().expect("there is always one");
        match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ą' => last.push('a'),
            'è' | 'é' | 'ê' | 'ë' | 'ę' => last.push('e'),
            'ì' | 'í' | 'î' | 'ï' => last.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => last.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => last.push('u'),
            'ç' | 'ć' => last.push('c'),
            'ñ' | 'ń' => last.push('n'),
            'ś' => last.push('s'),
            'ź' | 'ż' => last.push('z'),
            'ł' => last.push('l'),
            'ß' => last.push_str("ss"),
            'æ' => last.push_str("ae"),
            'œ' => last.push_str("oe"),
            c if c.is_alphanumeric() => last.push(c),
            _ if last.is_empty() => {}
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_its_language() {
        for (tag, code) in
            [("de-AT", "de"), ("EN", "en"), ("pt_BR", "pt"), ("no", "nb"), ("nn-NO", "nb"), ("yue", "yue")]
        {
            assert_eq!(Language::of(tag).expect("a language").code(), code);
        }
        for tag in ["", "d", "german", "1a", "ü-x", "multi"] {
            assert_eq!(Language::of(tag), None, "{tag:?}");
        }
        assert_eq!(Language::named("German"), Language::of("de"));
        assert_eq!(Language::named("Klingon"), None);
        assert_eq!(Language::of("fr").expect("a language").name(), "French");
        assert_eq!(Language::of("xx").expect("a language").name(), "xx");
    }
}
