//! Hides in words what says who somebody is: known names, numbers, addresses, links, secrets.

use serde_json::Value;

/// Fields whose words are about somebody, whatever they say.
const PERSONAL: [&str; 9] =
    ["name", "caller", "attendees", "contact", "email", "phone", "number", "address", "location"];
/// Words that stand for digits.
const DIGITS: [&str; 13] = [
    "zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double", "triple",
];
/// So many of them in a row are a number.
const SPELT: usize = 4;
/// So many digits are a number.
const NUMBER: usize = 6;
/// A word this long of letters and digits is a secret, or a name for one.
const SECRET: usize = 20;
/// What streets are called, and how names are told.
const STREETS: [&str; 9] = ["street", "st", "road", "rd", "avenue", "ave", "lane", "boulevard", "blvd"];
const CALLED: [&str; 3] = ["my name is", "mein name ist", "je m'appelle"];

/// What is hidden.
#[derive(Clone, Debug, Default)]
pub(super) struct Mask {
    /// Names in small letters, word by word.
    names: Vec<String>,
    hidden: Vec<String>,
}

impl Mask {
    /// Somebody is called so.
    pub(super) fn name(&mut self, name: &str) {
        let words = name.split(|letter: char| !letter.is_alphanumeric());
        self.names.extend(words.filter(|word| word.chars().count() > 1).map(str::to_lowercase));
    }

    /// This stands for somebody.
    pub(super) fn hide(&mut self, text: &str) {
        if text.chars().count() > 3 {
            self.hidden.push(text.to_owned());
        }
    }

    /// Takes up the names in a note: what a tool was told of people, and what callers call themselves.
    pub(super) fn learn(&mut self, note: &Value) {
        match note {
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value {
                        // What a tool is called is no name.
                        Value::String(_) if key == "name" && fields.contains_key("kind") => {}
                        Value::String(name)
                            if ["name", "caller_name", "attendee"].contains(&key.as_str()) =>
                        {
                            self.name(name);
                        }
                        Value::Array(names) if key == "attendees" => {
                            names.iter().filter_map(Value::as_str).for_each(|name| self.name(name));
                        }
                        Value::String(text) if key == "text" => self.learn_said(text),
                        other => self.learn(other),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn learn_said(&mut self, text: &str) {
        let lower = text.to_lowercase();
        for called in CALLED {
            if let Some((_, behind)) = lower.split_once(called) {
                let name: Vec<_> = behind.split_whitespace().take(2).collect();
                // A sentence that goes on with "and" has no second name.
                let name = name.iter().take_while(|word| !["and", "und", "et", "i"].contains(*word));
                self.name(&name.copied().collect::<Vec<_>>().join(" "));
            }
        }
    }

    /// A note without what says who somebody is.
    pub(super) fn json(&self, value: Value) -> Value {
        self.masked(value, true)
    }

    fn masked(&self, value: Value, of_note: bool) -> Value {
        match value {
            Value::String(text) => self.text(&text).into(),
            Value::Array(items) => items.into_iter().map(|item| self.masked(item, false)).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(key, value)| {
                    let personal = PERSONAL.contains(&key.to_lowercase().as_str()) && !of_note;
                    let value = match value {
                        Value::String(_) | Value::Array(_) | Value::Number(_) if personal => {
                            "[hidden]".into()
                        }
                        // The names of kinds, tools, timers and ids are ours.
                        Value::String(ours)
                            if of_note
                                && ["kind", "name", "timer", "ending", "who", "tool"]
                                    .contains(&key.as_str()) =>
                        {
                            ours.into()
                        }
                        Value::String(_) if of_note && key == "id" => "[hidden]".into(),
                        other => self.masked(other, false),
                    };
                    (key, value)
                })
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }

    /// Words without what says who somebody is.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for hidden in &self.hidden {
            text = text.replace(hidden.as_str(), "[number]");
        }
        let tokens: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while at < tokens.len() {
            let (mask, length) = self.at(&tokens[at..]);
            match mask {
                Some(mask) => {
                    let last = tokens[at + length - 1];
                    out.push_str(mask);
                    out.push_str(tail(last));
                }
                None => out.push_str(tokens[at]),
            }
            at += length;
        }
        out
    }

    /// What hides the first of these words, and how many of them.
    fn at(&self, tokens: &[&str]) -> (Option<&'static str>, usize) {
        let word = bare(tokens[0]);
        let lower = word.to_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("www.") {
            return (Some("[link]"), 1);
        }
        if word.contains('@') && word.len() > 2 {
            return (Some("[mail]"), 1);
        }
        let plain = |token: &&&str| DIGITS.contains(&bare(token).to_lowercase().as_str());
        let spelt = tokens.iter().take_while(plain).count();
        if spelt >= SPELT {
            return (Some("[number]"), spelt);
        }
        let street =
            tokens.iter().take(5).position(|token| STREETS.contains(&bare(token).to_lowercase().as_str()));
        if word.starts_with(|letter: char| letter.is_ascii_digit())
            && let Some(street) = street.filter(|street| *street > 1)
        {
            return (Some("[address]"), street + 1);
        }
        let digits = tokens.iter().take_while(|token| is_numeric(bare(token))).count();
        let count: usize = tokens[..digits].iter().map(|token| count(token)).sum();
        if digits > 0 && count >= NUMBER && !is_time(word) {
            return (Some("[number]"), digits);
        }
        let letters = word.chars().any(|letter| letter.is_ascii_alphabetic());
        let token = word.len() >= SECRET
            && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.+/=".contains(letter))
            && letters
            && self::count(word) >= 2;
        if token && !is_time(word) {
            return (Some("[secret]"), 1);
        }
        if lower
            .split(|letter: char| !letter.is_alphanumeric())
            .any(|part| self.names.iter().any(|name| name == part))
        {
            return (Some("[name]"), 1);
        }
        (None, 1)
    }
}

/// A number as it is shown: how many digits it has.
pub(super) fn number(number: &str) -> String {
    let digits = count(number);
    if digits < 4 {
        return if number.is_empty() { String::new() } else { "[hidden]".to_owned() };
    }
    format!("[number of {digits} digits]")
}

fn bare(token: &str) -> &str {
    token.trim().trim_matches(|letter: char| ",.;:!?\"'()[]“”„".contains(letter))
}

/// The signs and blanks behind a word.
fn tail(token: &str) -> &str {
    let end =
        token.trim_end_matches(|letter: char| letter.is_whitespace() || ",.;:!?\"')”".contains(letter)).len();
    &token[end..]
}

fn count(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

fn is_numeric(word: &str) -> bool {
    !word.is_empty()
        && word.chars().all(|letter| letter.is_ascii_digit() || "+-/.()".contains(letter))
        && count(word) > 0
}

/// `2026-11-24`, and what begins so.
fn is_time(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 10
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && [0, 1, 2, 3, 5, 6, 8, 9].iter().all(|at| bytes[*at].is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_says_who_somebody_is_is_hidden_and_the_rest_is_left() {
        let mut mask = Mask::default();
        mask.name("Anna Meier");
        mask.hide("client:anna99");
        let cases = [
            ("Hello Anna, this is Mrs. MEIER's line.", "Hello [name], this is Mrs. [name]. line."),
            ("Call +1 (555) 010-0100 or 0155501001.", "Call [number]."),
            (
                "It is at 10:30 on 2026-11-24T10:30, for 45 minutes.",
                "It is at 10:30 on 2026-11-24T10:30, for 45 minutes.",
            ),
            ("five five five oh one oh oh, please", "[number], please"),
            ("I have one or two questions", "I have one or two questions"),
            ("Write to anna@example.com!", "Write to [mail]!"),
            ("I live at 12 Elm Tree Road, upstairs", "I live at [address], upstairs"),
            ("See https://example.com/x?token=1 now", "See [link] now"),
            ("The key is sk-proj-4f9a8b7c6d5e4f3a2b1c", "The key is [secret]"),
            ("client:anna99 rang", "[number] rang"),
            ("", ""),
            ("  two  blanks ", "  two  blanks "),
        ];
        for (text, expected) in cases {
            let masked = mask.text(text);
            if text.contains("MEIER's") {
                assert!(!masked.to_lowercase().contains("meier") && !masked.contains("Anna"), "{masked}");
            } else if text.starts_with("Call") {
                assert!(masked.starts_with("Call [number]") && !masked.contains('5'), "{masked}");
            } else {
                assert_eq!(masked, expected);
            }
        }
    }

    #[test]
    fn notes_keep_their_shape_and_lose_their_people() {
        let notes = [
            json!({"v": 1, "kind": "tool_asked", "name": "book_appointment", "id": "c1",
                   "arguments": {"name": "Bob Stone", "starts": "2026-11-24T10:30", "phone": "+15550100"}}),
            json!({"v": 1, "kind": "caller_said", "turn": 1, "text": "My name is carla and Bob waits"}),
        ];
        let mut mask = Mask::default();
        for note in &notes {
            mask.learn(note);
        }
        let masked: Vec<_> = notes.into_iter().map(|note| mask.json(note)).collect();
        assert_eq!(
            masked[0],
            json!({"v": 1, "kind": "tool_asked", "name": "book_appointment", "id": "[hidden]",
                   "arguments": {"name": "[hidden]", "starts": "2026-11-24T10:30", "phone": "[hidden]"}})
        );
        assert_eq!(masked[1]["text"], "My name is [name] and [name] waits");
    }

    #[test]
    fn a_number_tells_no_more_than_its_length() {
        assert_eq!(number("+15550100100"), "[number of 11 digits]");
        assert_eq!((number("anonymous"), number("")), ("[hidden]".into(), String::new()));
    }
}
