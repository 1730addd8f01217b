//! What is not language is taken out: thoughts, tags, Markdown, emoji.

use super::english::is_address;

/// Tags between which a model keeps what it thinks.
const THOUGHTS: [&str; 5] = ["think", "thinking", "thought", "reasoning", "reflection"];

/// No longer one is looked for, in bytes.
const LONGEST_ADDRESS: usize = 256;

/// The text without what cannot be said, with its lines joined.
pub(in crate::local) fn clean(text: &str) -> String {
    let text = without_thoughts(text);
    let mut said = String::with_capacity(text.len());
    let mut code = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            code = !code;
            continue;
        }
        if code {
            continue;
        }
        let line = plain(&inline(block(line)));
        let line = line.trim_matches([' ', ',']);
        if line.is_empty() {
            continue;
        }
        if said.ends_with(|c: char| c.is_alphanumeric() || c == ')') {
            // A heading, or the point of a list: its end is heard as a pause.
            said.push('.');
        }
        if !said.is_empty() {
            said.push(' ');
        }
        said.push_str(line);
    }
    said
}

/// Without what stands between thinking tags; one that is never closed takes the rest along, one that was never opened
/// what is before it.
fn without_thoughts(text: &str) -> String {
    let mut text = text.to_owned();
    for tag in THOUGHTS {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        loop {
            let lower = text.to_ascii_lowercase();
            match (lower.find(&open), lower.find(&close)) {
                (Some(from), to) if to.is_none_or(|to| from < to) => {
                    let to = to.map_or(text.len(), |to| to + close.len());
                    text.replace_range(from..to, " ");
                }
                (_, Some(to)) => text.replace_range(..to + close.len(), " "),
                (Some(_), None) => unreachable!("the first arm takes it"),
                (None, None) => break,
            }
        }
    }
    text
}

/// A line without what makes it a heading, a quotation, a point of a list or a row of a table.
fn block(line: &str) -> &str {
    let mut line = line;
    loop {
        let before = line;
        line = line.trim_start_matches('#').trim_start();
        if let Some(rest) = line.strip_prefix('>') {
            line = rest.trim_start();
        }
        for bullet in ["- [ ] ", "- [x] ", "- ", "* ", "+ ", "• ", "– "] {
            if let Some(rest) = line.strip_prefix(bullet) {
                line = rest.trim_start();
            }
        }
        if line == before {
            break;
        }
    }
    // `---` is a rule, `| --- | --- |` the line under a table's head.
    if line.chars().all(|c| matches!(c, '-' | '=' | '*' | '_' | '|' | ':' | ' ')) { "" } else { line }
}

/// Without emphasis, code marks, links' addresses, tags and table bars.
fn inline(line: &str) -> String {
    let mut said = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '!' if after.starts_with('[') => rest = after,
            '[' => match link(rest) {
                Some((text, end)) => {
                    said.push_str(&inline(text));
                    rest = &rest[end..];
                }
                None => rest = after,
            },
            '<' => {
                let end = tag(rest);
                said.push(if end.is_some() { ' ' } else { c });
                rest = &rest[end.unwrap_or(1)..];
            }
            '_' | '~' if is_inside(&said, after) && in_address(line, line.len() - rest.len()) => {
                said.push(c);
                rest = after;
            }
            '*' | '`' | '~' | ']' => rest = after,
            '_' => {
                // Inside of a word it belongs to it.
                let inside =
                    said.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric);
                if inside {
                    said.push(' ');
                }
                rest = after;
            }
            '|' => {
                said.push_str(", ");
                rest = after;
            }
            '\\' => {
                let escaped = after.chars().next().filter(char::is_ascii_punctuation);
                said.extend(escaped.filter(|c| !matches!(c, '*' | '_' | '`' | '[' | ']' | '\\')));
                rest = &after[escaped.map_or(0, char::len_utf8)..];
            }
            _ => {
                said.push(c);
                rest = after;
            }
        }
    }
    said
}

/// Whether a mark between these belongs to what is around it and does not emphasise it.
fn is_inside(before: &str, after: &str) -> bool {
    let after = after.trim_start_matches(['_', '~']);
    before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '~' | '/' | '.' | '-' | '@'))
        && after.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '@' | '/'))
}

/// Whether what stands here between blanks is a web or mail address.
fn in_address(line: &str, at: usize) -> bool {
    let is_bound = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | ',');
    let from = line.floor_char_boundary(at.saturating_sub(LONGEST_ADDRESS));
    let start =
        line[from..at].rfind(is_bound).map_or(from, |bound| line.ceil_char_boundary(from + bound + 1));
    let rest = &line[start..line.floor_char_boundary(at + LONGEST_ADDRESS)];
    let token = &rest[..rest.find(is_bound).unwrap_or(rest.len())];
    is_address(token.trim_matches(|c: char| !c.is_alphanumeric()))
}

/// `[text](address)`: the text, and where all of it ends.
fn link(text: &str) -> Option<(&str, usize)> {
    let close = text.find(']')?;
    let inside = &text[1..close];
    let address = text[close + 1..].strip_prefix('(')?;
    let end = address.find(')')?;
    if inside.contains('[') || address[..end].contains(char::is_whitespace) {
        return None;
    }
    Some((inside, close + 2 + end + 1))
}

/// Where a tag such as `<b>`, `</p>` or `<https://…>` ends. Addresses in angle brackets lose only the brackets.
fn tag(text: &str) -> Option<usize> {
    let end = text.find('>')?;
    let inside = &text[1..end];
    let name = inside.strip_prefix('/').unwrap_or(inside);
    let address = inside.contains("://") || inside.contains('@');
    if inside.len() > 200 || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    Some(if address { 1 } else { end + 1 })
}

/// Without emoji and what nobody sees, and with plain marks for fine ones.
fn plain(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '’' | '‘' | '‛' => said.push('\''),
            '“' | '”' | '„' | '«' | '»' | '"' => {}
            '—' | '―' | '→' | '⇒' | '•' | '·' => said.push_str(", "),
            '‐' | '‑' => said.push('-'),
            '…' => said.push('.'),
            '\u{a0}' | '\u{202f}' | '\u{2009}' => said.push(' '),
            c if is_picture(c) || is_unseen(c) => {
                if !said.ends_with(' ') {
                    said.push(' ');
                }
            }
            c => said.push(c),
        }
    }
    said
}

/// Emoji, dingbats, arrows, boxes, and what joins or colours them.
fn is_picture(c: char) -> bool {
    matches!(u32::from(c),
        0x1f000..=0x1faff | 0x2600..=0x27bf | 0x2b00..=0x2bff | 0x2190..=0x21ff | 0x2300..=0x23ff | 0x2500..=0x25ff
        | 0xfe00..=0xfe0f | 0xe0000..=0xe007f | 0x20e3 | 0x3030 | 0x303d | 0x3297 | 0x3299)
}

/// Zero-width characters, directions, byte order marks, private letters.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xad | 0xe000..=0xf8ff | 0xfff0..=0xffff)
}
