//! What of a model's text is meant for an ear: no thoughts, no JSON, no code; and tools that it wanted in its text.

use serde_json::Value;

/// What came through.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sifted {
    /// A piece of prose, cut anywhere.
    Prose(String),
    /// What was said last is none after all: it was the end of a thought.
    Unsaid,
    /// The text held a call of a tool.
    Wants { name: String, arguments: String },
}

/// Takes a model's text piece by piece.
#[derive(Debug)]
pub(super) struct Sieve {
    /// The names of the tools that there are.
    tools: Vec<String>,
    text: String,
    within: Within,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Prose,
    /// A thought, until one of these.
    Thought(&'static [&'static str]),
    /// A thought whose beginning is not written, if its end is: else it is prose. So many bytes were looked at.
    Unopened(usize),
    /// A JSON value.
    Json,
    /// Code between fences.
    Code,
    /// A tool's call in tags, until this.
    Call(&'static str),
}

/// What begins a thought, in lower case, and what ends it.
const THOUGHTS: [(&str, &[&str]); 8] = [
    ("<think>", &["</think>"]),
    ("<thinking>", &["</thinking>"]),
    ("<thought>", &["</thought>"]),
    ("<reasoning>", &["</reasoning>"]),
    ("<reflection>", &["</reflection>"]),
    ("[think]", &["[/think]"]),
    ("<|channel|>analysis", &["<|end|>", "<|channel|>final<|message|>"]),
    ("<|channel|>commentary", &["<|end|>", "<|call|>", "<|channel|>final<|message|>"]),
];

/// The end of a thought whose beginning was not written.
const ENDS: [&str; 6] =
    ["</think>", "</thinking>", "</thought>", "</reasoning>", "</reflection>", "[/think]"];

/// What stands around calls of tools.
const CALLS: [(&str, &str); 3] =
    [("<tool_call>", "</tool_call>"), ("<function_call>", "</function_call>"), ("[tool_calls]", "\n")];

/// What a template left behind.
const LITTER: [&str; 6] = [
    "<|channel|>final<|message|>",
    "<|start|>assistant",
    "<|end|>",
    "<|return|>",
    "<|im_end|>",
    "<|eot_id|>",
];

/// No JSON, code or call is longer, in bytes; what is longer is dropped.
const LONGEST: usize = 16 * 1024;

/// Names under which models put what they want said when they speak JSON.
const SAYINGS: [&str; 8] = ["say", "speech", "response", "reply", "answer", "text", "message", "content"];

impl Sieve {
    pub(super) fn new(tools: impl Iterator<Item = String>) -> Self {
        Self { tools: tools.collect(), text: String::new(), within: Within::Prose }
    }

    /// The text begins within a thought.
    pub(super) fn unopened(self) -> Self {
        Self { within: Within::Unopened(0), ..self }
    }

    pub(super) fn push(&mut self, piece: &str, out: &mut Vec<Sifted>) {
        self.text.push_str(piece);
        while self.step(out) {}
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, out: &mut Vec<Sifted>) {
        if matches!(self.within, Within::Unopened(_)) {
            self.within = Within::Prose;
            while self.step(out) {}
        }
        let rest = std::mem::take(&mut self.text);
        match self.within {
            Within::Prose if rest.starts_with(['{', '[']) || rest.starts_with("```") => {
                self.value(&rest, out);
            }
            Within::Prose => prose(&rest, out),
            Within::Json | Within::Code | Within::Call(_) => self.value(&rest, out),
            Within::Thought(_) | Within::Unopened(_) => {}
        }
        self.within = Within::Prose;
    }

    /// Goes on by one part of the text; says whether there may be more.
    fn step(&mut self, out: &mut Vec<Sifted>) -> bool {
        match self.within {
            Within::Prose => self.prose(out),
            Within::Thought(ends) => {
                let Some(end) = end_of(&self.text, ends) else {
                    // Of a thought nothing is kept but what may be the beginning of its end.
                    self.text.drain(..unsure(&self.text, self.text.len()));
                    return false;
                };
                self.text.drain(..end);
                self.within = Within::Prose;
                true
            }
            Within::Unopened(seen) => {
                let from = unsure(&self.text, seen);
                let end = end_of(&self.text[from..], &ENDS);
                self.within = match end {
                    Some(_) => Within::Prose,
                    // Too much to be an answer.
                    None if self.text.len() > LONGEST => Within::Thought(&ENDS),
                    None => Within::Unopened(self.text.len()),
                };
                self.text.drain(..end.map_or(0, |end| from + end));
                end.is_some()
            }
            Within::Code => self.enclosed("```", out),
            Within::Call(end) => self.enclosed(end, out),
            Within::Json => {
                let Some(end) = json_end(&self.text) else { return self.overlong() };
                let rest = self.text.split_off(end);
                let json = std::mem::replace(&mut self.text, rest);
                self.within = Within::Prose;
                self.value(&json, out);
                true
            }
        }
    }

    fn enclosed(&mut self, end: &str, out: &mut Vec<Sifted>) -> bool {
        let Some(at) = self.text.to_ascii_lowercase().find(end) else { return self.overlong() };
        let inside: String = self.text.drain(..at + end.len()).collect();
        self.within = Within::Prose;
        self.value(&inside[..at], out);
        true
    }

    /// What does not come to an end is no call of a tool, and whatever follows is not said either.
    fn overlong(&mut self) -> bool {
        if self.text.len() > LONGEST {
            self.text.clear();
            self.within = Within::Thought(&[]);
        }
        false
    }

    /// Lets prose through as far as it surely is some.
    fn prose(&mut self, out: &mut Vec<Sifted>) -> bool {
        let Some(at) = self.text.find(['<', '[', '{', '`']) else {
            prose(&std::mem::take(&mut self.text), out);
            return false;
        };
        prose(&self.text[..at], out);
        self.text.drain(..at);
        let lower = self.text.to_ascii_lowercase();
        if lower.starts_with('{') {
            self.within = Within::Json;
            return true;
        }
        if lower.starts_with("```") {
            self.text.drain(..3);
            self.within = Within::Code;
            return true;
        }
        if let Some((begin, ends)) = THOUGHTS.iter().find(|(begin, _)| lower.starts_with(begin)) {
            self.text.drain(..begin.len());
            self.within = Within::Thought(ends);
            return true;
        }
        if let Some((begin, end)) = CALLS.iter().find(|(begin, _)| lower.starts_with(begin)) {
            self.text.drain(..begin.len());
            self.within = Within::Call(end);
            return true;
        }
        if let Some(end) = ENDS.iter().find(|end| lower.starts_with(**end)) {
            self.text.drain(..end.len());
            out.push(Sifted::Unsaid);
            return true;
        }
        if let Some(litter) = LITTER.iter().find(|litter| lower.starts_with(**litter)) {
            self.text.drain(..litter.len());
            return true;
        }
        let list = lower.starts_with('[') && lower[1..].trim_start().starts_with(['{', '"']);
        if list {
            self.within = Within::Json;
            return true;
        }
        let blank = lower.starts_with('[') && lower[1..].trim().is_empty() && lower.len() < 40;
        let known = THOUGHTS.iter().map(|(begin, _)| begin).chain(CALLS.iter().map(|(begin, _)| begin));
        let mut known = known.chain(&ENDS).chain(&LITTER).chain(&["```"]);
        if blank || known.any(|known| known.starts_with(&lower)) {
            return false;
        }
        let first = self.text.remove(0);
        prose(first.encode_utf8(&mut [0; 4]), out);
        true
    }

    /// What stood in JSON, code or tags: calls of tools, or words that are to be said, or nothing of either.
    fn value(&self, text: &str, out: &mut Vec<Sifted>) {
        let text = text.trim();
        let Some(from) = text.find(['{', '[']) else { return };
        let Some(end) = json_end(&text[from..]) else { return };
        let Ok(value) = serde_json::from_str::<Value>(&text[from..from + end]) else { return };
        let before = out.len();
        self.calls(&value, out);
        if out.len() == before
            && let Some(saying) = SAYINGS.iter().find_map(|name| value.get(name)?.as_str())
        {
            // Whoever puts JSON into JSON is not heard.
            let prose: String =
                saying.chars().filter(|c| !matches!(c, '{' | '}' | '<' | '>' | '`')).collect();
            out.push(Sifted::Prose(format!("{prose} ")));
        }
    }

    fn calls(&self, value: &Value, out: &mut Vec<Sifted>) {
        if let Some(values) = value.as_array().or_else(|| value.get("tool_calls")?.as_array()) {
            for value in values.iter().take(16) {
                if !value.is_array() {
                    self.calls(value, out);
                }
            }
            return;
        }
        let call = value.get("function").filter(|function| function.is_object()).unwrap_or(value);
        let name = ["name", "tool", "tool_name", "function"].iter().find_map(|name| call.get(name)?.as_str());
        let Some(name) = name.filter(|name| self.tools.iter().any(|tool| tool == name)) else { return };
        let arguments = ["arguments", "parameters", "args", "input"].iter().find_map(|name| call.get(name));
        let arguments = match arguments {
            Some(Value::String(text)) => text.clone(),
            Some(value @ Value::Object(_)) => value.to_string(),
            Some(_) | None => "{}".into(),
        };
        out.push(Sifted::Wants { name: name.to_owned(), arguments });
    }
}

fn prose(text: &str, out: &mut Vec<Sifted>) {
    match out.last_mut() {
        _ if text.is_empty() => {}
        Some(Sifted::Prose(last)) => last.push_str(text),
        Some(Sifted::Unsaid | Sifted::Wants { .. }) | None => out.push(Sifted::Prose(text.to_owned())),
    }
}

/// Where the first of these ends of a thought is over, if one is there.
fn end_of(text: &str, ends: &[&str]) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let first = ends.iter().filter_map(|end| Some((lower.find(end)?, end.len()))).min();
    first.map(|(at, length)| at + length)
}

/// From where on the end of a thought may have begun before `seen`.
fn unsure(text: &str, seen: usize) -> usize {
    text.floor_char_boundary(seen.saturating_sub(32))
}

/// Where the JSON value that this begins with ends, if it does.
fn json_end(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The prose that comes through, and the tools that were wanted; `¬` where what was said is none.
    fn sift(text: &str, size: usize) -> (String, Vec<String>) {
        sift_by(Sieve::new(["look".to_owned(), "hang_up".to_owned()].into_iter()), text, size)
    }

    fn sift_by(mut sieve: Sieve, text: &str, size: usize) -> (String, Vec<String>) {
        let mut out = Vec::new();
        let letters: Vec<char> = text.chars().collect();
        for piece in letters.chunks(size) {
            sieve.push(&piece.iter().collect::<String>(), &mut out);
        }
        sieve.finish(&mut out);
        let (mut prose, mut wants) = (String::new(), Vec::new());
        for sifted in out {
            match sifted {
                Sifted::Prose(text) => prose.push_str(&text),
                Sifted::Unsaid => prose.push('¬'),
                Sifted::Wants { name, arguments } => wants.push(format!("{name}{arguments}")),
            }
        }
        (prose.split_whitespace().collect::<Vec<_>>().join(" "), wants)
    }

    #[test]
    fn a_thought_that_began_before_the_text_ends_in_it_or_was_none() {
        for (text, prose) in [
            ("They want a table.\n</think>\n\nHello there.", "Hello there."),
            ("<think>They want a table.</think>Hello. <think>Hm.</think>Bye.", "Hello. Bye."),
            ("Hello there.", "Hello there."),
            ("{\"say\": \"Hello.\"}", "Hello."),
            ("Hello <think>there", "Hello"),
            ("", ""),
        ] {
            for size in [1, 2, 5, 1_000] {
                let sieve = Sieve::new(["look".to_owned()].into_iter()).unopened();
                assert_eq!(sift_by(sieve, text, size), (prose.to_owned(), vec![]), "{text} by {size}");
            }
        }
    }

    #[test]
    fn thoughts_json_and_code_never_reach_an_ear() {
        for (text, prose, wants) in [
            ("Hello there.", "Hello there.", vec![]),
            ("<think>Say hello? {\"a\":1}</think>Hello.", "Hello.", vec![]),
            ("<THINK>\nno end to it", "", vec![]),
            ("It is a thought.</think>Hello.", "It is a thought.¬Hello.", vec![]),
            ("[THINK]hm[/THINK]Yes [really].", "Yes [really].", vec![]),
            (
                "<|channel|>analysis<|message|>The user wants<|end|><|start|>assistant<|channel|>final<|message|>Hi.",
                "Hi.",
                vec![],
            ),
            ("Less < more and a <b>tag</b>.", "Less < more and a <b>tag</b>.", vec![]),
            ("One {\"a\": \"}\\\"\", \"b\": [1]} two.", "One two.", vec![]),
            ("Here: ```json\n{\"x\":1}\n``` Done.", "Here: Done.", vec![]),
            ("{\"name\": \"look\", \"arguments\": {\"day\": 1}}", "", vec!["look{\"day\":1}"]),
            ("```json\n{\"tool\":\"look\",\"parameters\":{}}\n```", "", vec!["look{}"]),
            ("<tool_call>\n{\"name\":\"hang_up\",\"arguments\":{}}\n</tool_call>", "", vec!["hang_up{}"]),
            (
                "[TOOL_CALLS][{\"name\":\"look\",\"arguments\":{}},{\"name\":\"look\"}]",
                "",
                vec!["look{}", "look{}"],
            ),
            ("[{\"function\":{\"name\":\"look\",\"arguments\":\"{}\"}}]", "", vec!["look{}"]),
            ("{\"name\":\"launch\",\"arguments\":{}}", "", vec![]),
            ("{\"response\": \"Hello there.\"}", "Hello there.", vec![]),
            ("{\"response\": \"<think>{\"}", "think", vec![]),
            ("{\"broken\": ", "", vec![]),
            ("Use `look` now.", "Use `look` now.", vec![]),
            ("[1, 2] and [link](x)", "[1, 2] and [link](x)", vec![]),
        ] {
            for size in [1, 2, 5, 1_000] {
                let wants: Vec<String> = wants.iter().map(|want: &&str| (*want).to_owned()).collect();
                assert_eq!(sift(text, size), (prose.to_owned(), wants), "{text} in pieces of {size}");
            }
        }
    }

    #[test]
    fn what_never_ends_costs_no_memory() {
        for begin in ["<think>", "{\"a\": \"", "```", "<tool_call>"] {
            let mut sieve = Sieve::new(std::iter::empty());
            let mut out = Vec::new();
            sieve.push(begin, &mut out);
            for _ in 0..10_000 {
                sieve.push("0123456789 ß", &mut out);
            }
            assert!(sieve.text.len() <= LONGEST + 20, "{begin}: {}", sieve.text.len());
            sieve.finish(&mut out);
            assert_eq!(out, [], "{begin}");
        }
    }

    #[test]
    fn any_text_is_sifted_without_a_panic() {
        let mut random = fastrand::Rng::with_seed(7);
        let parts = [
            "<think>", "</think>", "{", "}", "[", "]", "\"", "\\", "```", "ß", " ", "look", "<", "<|", "\n",
            ":",
        ];
        for _ in 0..5_000 {
            let text: String =
                (0..random.usize(0..30)).map(|_| parts[random.usize(0..parts.len())]).collect();
            sift(&text, random.usize(1..5));
        }
    }
}
