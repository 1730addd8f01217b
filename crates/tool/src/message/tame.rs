//! Words of a caller, made harmless for whoever reads them in a mail or on a telephone.

/// The text on one line, at most `most` characters long, without anything that could be taken for a link, a header, a
/// direction of writing or nothing at all. Words are kept; what is cut off is marked with dots.
pub fn tame(text: &str, most: usize) -> String {
    let mut tame = String::new();
    let mut letters = text.chars().filter(|&letter| !is_invisible(letter)).peekable();
    while let Some(letter) = letters.next() {
        let blank = letter.is_whitespace() || letter.is_control();
        if blank {
            if !tame.is_empty() && !tame.ends_with(' ') {
                tame.push(' ');
            }
            continue;
        }
        tame.push(letter);
        let dot = matches!(letter, '.' | '。' | '．' | '｡' | '․');
        let scheme = letter == ':';
        // A dot or a colon with a word right behind it is what programs make links of: `a.example`, `tel:`.
        let next = letters.peek().copied();
        if dot && next.is_some_and(char::is_alphabetic)
            || scheme && next.is_some_and(|next| !next.is_ascii_digit() && !next.is_whitespace())
            || letter == '/' && next == Some('/')
        {
            tame.push(' ');
        }
    }
    let tame = tame.trim_end();
    if tame.chars().count() <= most {
        return tame.to_owned();
    }
    let cut: String = tame.chars().take(most.saturating_sub(3)).collect();
    format!("{}...", cut.trim_end())
}

/// Letters that show nothing: zero-width ones, those that turn the direction of writing, tags and variations.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_caller_says_becomes_a_link_a_line_or_a_header() {
        for (said, written) in [
            ("Anna Meyer", "Anna Meyer"),
            ("  two\r\nBcc: all@example.com\t x ", "two Bcc: all@example. com x"),
            ("see https://evil.example/x", "see https: / /evil. example/x"),
            ("www.evil.example", "www. evil. example"),
            ("evil。example", "evil。 example"),
            ("tel:+1900", "tel: +1900"),
            ("javascript:alert", "javascript: alert"),
            ("at 10:30, Dr. Smith, 3.5 hours", "at 10:30, Dr. Smith, 3.5 hours"),
            ("a\u{202e}b\u{200b}c\u{0}d", "abc d"),
            ("Zoë, 平和", "Zoë, 平和"),
        ] {
            assert_eq!(tame(said, 100), written);
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        assert_eq!(tame("consultation", 12), "consultation");
        assert_eq!(tame("a long consultation", 9), "a long...");
        assert_eq!(tame(&"x".repeat(100_000), 40).chars().count(), 40);
    }
}
