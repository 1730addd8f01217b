//! How a `.env` file is read: `NAME=value`, with nothing expanded, so that a password may hold a `$`.

/// One assignment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// From 1.
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) value: String,
}

/// What is wrong, and in which line.
pub(super) type Wrong = (usize, String);

/// Reads all assignments, in order. Blank lines, `# comments` and a leading `export` mean nothing. A value in single
/// quotes is taken as it stands, one in double quotes knows `\n`, `\t`, `\"`, `\\`; both may go over several lines. Any
/// other value ends at the end of its line, or before a `#` that follows a blank.
pub(super) fn parse(text: &str) -> Result<Vec<Assignment>, Wrong> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    let mut all = Vec::new();
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let first = rest[..end].trim();
        if first.is_empty() || first.starts_with('#') {
            rest = &rest[end..];
            line += 1;
            continue;
        }
        let equals = rest[..end].find('=').ok_or_else(|| (line, "there is no `=` in it".to_owned()))?;
        let name = rest[..equals].trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        {
            return Err((line, "what stands before the `=` is no name".to_owned()));
        }
        let (value, used) = value(&rest[equals + 1..]).map_err(|why| (line, why))?;
        all.push(Assignment { line, name: name.to_owned(), value });
        let used = equals + 1 + used;
        line += rest[..used].matches('\n').count();
        rest = &rest[used..];
    }
    Ok(all)
}

/// The value that `text` begins with, and how much of `text` it and the rest of its last line are.
fn value(text: &str) -> Result<(String, usize), String> {
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let Some(quote @ ('"' | '\'')) = text[start..].chars().next() else {
        let end = text.find('\n').map_or(text.len(), |at| at + 1);
        return Ok((bare(&text[..end]), end));
    };
    let mut value = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => {
                let after = start + 1 + at + 1;
                let end = text[after..].find('\n').map_or(text.len(), |at| after + at + 1);
                let tail = text[after..end].trim();
                if tail.is_empty() || tail.starts_with('#') {
                    return Ok((value, end));
                }
                return Err("something follows the closing quote".into());
            }
            '\\' if quote == '"' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, 'r')) => value.push('\r'),
                Some((_, escaped @ ('"' | '\\' | '$'))) => value.push(escaped),
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            '\r' => {}
            other => value.push(other),
        }
    }
    Err(format!("the closing {quote} is missing"))
}

fn bare(line: &str) -> String {
    let comment =
        line.char_indices().find(|&(at, c)| c == '#' && (at == 0 || line[..at].ends_with([' ', '\t'])));
    line[..comment.map_or(line.len(), |(at, _)| at)].trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, String, String)> {
        parse(text).expect("well-formed").into_iter().map(|a| (a.line, a.name, a.value)).collect()
    }

    #[test]
    fn values_are_taken_as_they_stand() {
        for (line, value) in [
            ("A=b", "b"),
            ("A = b c  ", "b c"),
            ("export A=b", "b"),
            ("A=pa$$word#1", "pa$$word#1"),
            ("A=b # why", "b"),
            ("A=# nothing", ""),
            ("A=", ""),
            ("A='it # is $x\\n' # so", "it # is $x\\n"),
            ("A=\"a \\\"b\\\"\\n\\d\"", "a \"b\"\n\\d"),
            ("A=[\"+1555\", \"+1666\"]", "[\"+1555\", \"+1666\"]"),
            ("A=b\r\n", "b"),
        ] {
            assert_eq!(read(line), [(1, "A".into(), value.into())], "{line}");
        }
    }

    #[test]
    fn lines_are_counted_over_quotes_that_span_them() {
        let text = "\u{feff}# first\n\nA=\"one\ntwo\"\nB='x'\nC=3";
        let read = read(text);
        assert_eq!(
            read.iter().map(|(line, name, _)| (*line, name.as_str())).collect::<Vec<_>>(),
            [(3, "A"), (5, "B"), (6, "C")]
        );
        assert_eq!(read[0].2, "one\ntwo");
    }

    #[test]
    fn what_is_no_assignment_is_refused_with_its_line() {
        for (text, line) in
            [("A=1\nnothing here", 2), ("A B=1", 1), ("=1", 1), ("A='open\nB=2", 1), ("A=1\n\nB=\"x\" y", 3)]
        {
            assert_eq!(parse(text).expect_err(text).0, line, "{text}");
        }
    }
}
