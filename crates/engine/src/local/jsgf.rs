//! Grammars as the recogniser is given them: which words one has, and which sentences.
//!
//! JSGF (W3C note of 5 June 2000) as far as a desk needs it: rules, alternatives, groups,
//! options, repetition; weights and tags are read over. Imports are not known.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A grammar that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Grammar {
    rules: BTreeMap<String, Phrase>,
    /// The rule that is public.
    said: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Phrase {
    Word(String),
    Rule(String),
    Row(Vec<Phrase>),
    OneOf(Vec<Phrase>),
    Option(Box<Phrase>),
    /// At least once.
    Often(Box<Phrase>),
}

impl Grammar {
    /// Reads a grammar; an error says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let body = text.strip_prefix("#JSGF").ok_or("a grammar begins with #JSGF")?;
        let (_, body) = body.split_once(';').ok_or("the grammar's first line does not end")?;
        let mut tokens = tokens(body)?.into_iter().peekable();
        let (mut rules, mut said) = (BTreeMap::new(), None);
        while let Some(token) = tokens.next() {
            let (name, public) = match token {
                Token::Word("grammar") => {
                    tokens.find(|token| *token == Token::Sign(';'));
                    continue;
                }
                Token::Word("public") => match tokens.next() {
                    Some(Token::Rule(name)) => (name, true),
                    _ => return Err("public stands before a rule".into()),
                },
                Token::Rule(name) => (name, false),
                Token::Word(_) | Token::Sign(_) => return Err(format!("no rule can begin with {token:?}")),
            };
            if tokens.next() != Some(Token::Sign('=')) {
                return Err(format!("the rule <{name}> has no ="));
            }
            let phrase = Reader { tokens: &mut tokens }.one_of(0)?;
            if tokens.next() != Some(Token::Sign(';')) {
                return Err(format!("the rule <{name}> does not end where it should"));
            }
            rules.insert(name.to_owned(), phrase);
            if public && said.is_none() {
                said = Some(name.to_owned());
            }
        }
        let grammar = Self { rules, said: said.ok_or("the grammar has no public rule")? };
        let unknown =
            |phrase: &&Phrase| matches!(phrase, Phrase::Rule(name) if !grammar.rules.contains_key(name));
        if let Some(phrase) = grammar.phrases().find(unknown) {
            return Err(format!("the grammar refers to what it has not: {phrase:?}"));
        }
        Ok(grammar)
    }

    /// All its words.
    pub fn words(&self) -> BTreeSet<&str> {
        let words = self.phrases().filter_map(|phrase| match phrase {
            Phrase::Word(word) => Some(word.as_str()),
            Phrase::Rule(_) | Phrase::Row(_) | Phrase::OneOf(_) | Phrase::Option(_) | Phrase::Often(_) => {
                None
            }
        });
        words.collect()
    }

    /// The same without the sentences that need any of these words. None: that leaves no sentence.
    pub fn without(&self, words: &BTreeSet<String>) -> Option<Self> {
        let mut rules = self.rules.clone();
        loop {
            let kept: BTreeMap<String, Phrase> = rules
                .iter()
                .filter_map(|(name, phrase)| Some((name.clone(), phrase.without(words, &rules)?)))
                .collect();
            if kept == rules {
                break;
            }
            rules = kept;
        }
        rules.contains_key(&self.said).then(|| Self { rules, said: self.said.clone() })
    }

    fn phrases(&self) -> impl Iterator<Item = &Phrase> {
        let mut open: Vec<&Phrase> = self.rules.values().collect();
        std::iter::from_fn(move || {
            let phrase = open.pop()?;
            match phrase {
                Phrase::Word(_) | Phrase::Rule(_) => {}
                Phrase::Row(phrases) | Phrase::OneOf(phrases) => open.extend(phrases),
                Phrase::Option(phrase) | Phrase::Often(phrase) => open.push(phrase),
            }
            Some(phrase)
        })
    }

    /// Whether these words, with blanks between them, are one of its sentences. More than 63 words never are.
    pub fn accepts(&self, sentence: &str) -> bool {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let Some(phrase) = self.rules.get(&self.said) else { return false };
        words.len() < 64 && self.after(phrase, &words, 1, 0) & 1 << words.len() != 0
    }

    /// Where in the sentence one can be after this phrase, having been where `places` says: a bit for each place.
    fn after(&self, phrase: &Phrase, words: &[&str], places: u64, depth: usize) -> u64 {
        if places == 0 || depth > DEEPEST {
            return 0;
        }
        let after = |phrase: &Phrase, places| self.after(phrase, words, places, depth + 1);
        match phrase {
            Phrase::Word(word) => {
                let matching =
                    words.iter().enumerate().filter(|(at, said)| places & 1 << at != 0 && *said == word);
                matching.fold(0, |places, (at, _)| places | 2 << at)
            }
            Phrase::Rule(name) => self.rules.get(name).map_or(0, |phrase| after(phrase, places)),
            Phrase::Row(phrases) => phrases.iter().fold(places, |places, phrase| after(phrase, places)),
            Phrase::OneOf(phrases) => phrases.iter().fold(0, |found, phrase| found | after(phrase, places)),
            Phrase::Option(phrase) => places | after(phrase, places),
            Phrase::Often(phrase) => {
                let mut reached = after(phrase, places);
                loop {
                    let further = reached | after(phrase, reached);
                    if further == reached {
                        return reached;
                    }
                    reached = further;
                }
            }
        }
    }
}

impl Phrase {
    /// What is left without these words and what needs them.
    fn without(&self, words: &BTreeSet<String>, rules: &BTreeMap<String, Phrase>) -> Option<Phrase> {
        match self {
            Phrase::Word(word) => (!words.contains(word)).then(|| self.clone()),
            Phrase::Rule(name) => rules.contains_key(name).then(|| self.clone()),
            Phrase::Row(row) => {
                let mut kept = Vec::new();
                for phrase in row {
                    match (phrase, phrase.without(words, rules)) {
                        (_, Some(phrase)) => kept.push(phrase),
                        (Phrase::Option(_), None) => {}
                        (_, None) => return None,
                    }
                }
                (!kept.is_empty()).then_some(Phrase::Row(kept))
            }
            Phrase::OneOf(all) => {
                let kept: Vec<_> = all.iter().filter_map(|phrase| phrase.without(words, rules)).collect();
                (!kept.is_empty()).then_some(Phrase::OneOf(kept))
            }
            Phrase::Option(phrase) => Some(Phrase::Option(Box::new(phrase.without(words, rules)?))),
            Phrase::Often(phrase) => Some(Phrase::Often(Box::new(phrase.without(words, rules)?))),
        }
    }
}

/// As it is read; without weights and tags.
impl fmt::Display for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#JSGF V1.0;\ngrammar desk;")?;
        for (name, phrase) in &self.rules {
            let public = if *name == self.said { "public " } else { "" };
            writeln!(f, "{public}<{name}> = {phrase};")?;
        }
        Ok(())
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, phrases: &[Phrase], by: &str| {
            phrases
                .iter()
                .enumerate()
                .try_for_each(|(index, phrase)| write!(f, "{}{phrase}", if index > 0 { by } else { "" }))
        };
        match self {
            Phrase::Word(word) => f.write_str(word),
            Phrase::Rule(name) => write!(f, "<{name}>"),
            Phrase::Row(row) => joined(f, row, " "),
            Phrase::OneOf(all) => {
                f.write_str("(")?;
                joined(f, all, " | ")?;
                f.write_str(")")
            }
            Phrase::Option(phrase) => write!(f, "[{phrase}]"),
            Phrase::Often(phrase) => write!(f, "({phrase})+"),
        }
    }
}

/// A grammar that is nested deeper, in its groups or from rule to rule, is not followed.
const DEEPEST: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Rule(&'a str),
    Sign(char),
}

fn tokens(mut rest: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let closed_by = |close| {
            rest[1..].split_once(close).ok_or_else(|| format!("{first} is not closed in the grammar"))
        };
        rest = match first {
            '<' => {
                let (name, after) = closed_by('>')?;
                tokens.push(Token::Rule(name));
                after
            }
            '/' => closed_by('/')?.1,
            '{' => closed_by('}')?.1,
            sign if SIGNS.contains(sign) => {
                tokens.push(Token::Sign(sign));
                &rest[1..]
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || SIGNS.contains(c) || "</{".contains(c);
                let (word, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
                tokens.push(Token::Word(word));
                after
            }
        };
    }
}

const SIGNS: &str = "|()[]*+;=";

struct Reader<'r, 'a, I: Iterator<Item = Token<'a>>> {
    tokens: &'r mut std::iter::Peekable<I>,
}

impl<'a, I: Iterator<Item = Token<'a>>> Reader<'_, 'a, I> {
    fn one_of(&mut self, depth: usize) -> Result<Phrase, String> {
        if depth > DEEPEST {
            return Err("the grammar is nested too deep".into());
        }
        let mut phrases = vec![self.row(depth)?];
        while self.tokens.next_if_eq(&Token::Sign('|')).is_some() {
            phrases.push(self.row(depth)?);
        }
        Ok(Phrase::OneOf(phrases))
    }

    fn row(&mut self, depth: usize) -> Result<Phrase, String> {
        let mut row = Vec::new();
        while let Some(token) =
            self.tokens.next_if(|token| !matches!(token, Token::Sign('|' | ')' | ']' | ';')))
        {
            let phrase = match token {
                Token::Word(word) => Phrase::Word(word.to_owned()),
                Token::Rule(name) => Phrase::Rule(name.to_owned()),
                Token::Sign('(') => self.closed(')', depth)?,
                Token::Sign('[') => Phrase::Option(Box::new(self.closed(']', depth)?)),
                Token::Sign(sign) => return Err(format!("{sign} stands where a word should in the grammar")),
            };
            row.push(match self.tokens.next_if(|token| matches!(token, Token::Sign('*' | '+'))) {
                Some(Token::Sign('*')) => Phrase::Option(Box::new(Phrase::Often(Box::new(phrase)))),
                Some(_) => Phrase::Often(Box::new(phrase)),
                None => phrase,
            });
        }
        if row.is_empty() { Err("the grammar has an empty alternative".into()) } else { Ok(Phrase::Row(row)) }
    }

    fn closed(&mut self, by: char, depth: usize) -> Result<Phrase, String> {
        let phrase = self.one_of(depth + 1)?;
        match self.tokens.next() {
            Some(Token::Sign(sign)) if sign == by => Ok(phrase),
            _ => Err(format!("{by} is missing in the grammar")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESK: &str = "#JSGF V1.0;\ngrammar desk;\npublic <said> = [please] <day> [<time>] {tag} | yes;\n\
                        <day> = /2/ monday | /1/ (next | this)+ tuesday;\n<time> = at (ten [thirty])* o'clock;\n";

    #[test]
    fn a_grammar_tells_its_words() {
        let words = ["at", "monday", "next", "o'clock", "please", "ten", "thirty", "this", "tuesday", "yes"];
        assert_eq!(Grammar::read(DESK).expect("it is a grammar").words(), BTreeSet::from(words));
    }

    #[test]
    fn a_grammar_knows_its_sentences() {
        let grammar = Grammar::read(DESK).expect("it is a grammar");
        let good = [
            "yes",
            "monday",
            "please monday",
            "next tuesday at o'clock",
            "next this next tuesday at ten ten thirty ten o'clock",
        ];
        for sentence in good {
            assert!(grammar.accepts(sentence), "{sentence}");
        }
        for sentence in
            ["", "please", "tuesday", "monday at", "monday yes", "yes yes", "monday at thirty o'clock"]
        {
            assert!(!grammar.accepts(sentence), "{sentence}");
        }
        assert!(!grammar.accepts(&format!("{} tuesday", "next ".repeat(80))));
    }

    #[test]
    fn a_grammar_goes_without_words_that_nobody_can_pronounce() {
        let grammar = Grammar::read(DESK).expect("it is a grammar");
        let without = |words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            grammar.without(&words)
        };
        let text = without(&["this", "thirty"]).expect("most is left").to_string();
        let left = Grammar::read(&text).expect("what is written can be read");
        for sentence in ["please next tuesday at ten o'clock", "yes", "monday", "next next tuesday"] {
            assert!(left.accepts(sentence), "{sentence} in {text}");
        }
        for sentence in ["this tuesday", "monday at ten thirty o'clock"] {
            assert!(!left.accepts(sentence), "{sentence} in {text}");
        }
        let no_time = without(&["o'clock"]).expect("the days are left");
        assert!(no_time.accepts("monday") && !no_time.accepts("monday at ten o'clock"), "{no_time}");
        let only = without(&["monday", "tuesday"]).expect("yes is left");
        assert!(only.accepts("yes") && !only.accepts("monday") && Grammar::read(&only.to_string()).is_ok());
        assert_eq!(without(&["monday", "tuesday", "yes"]), None);
    }

    #[test]
    fn what_is_no_grammar_is_refused_with_a_reason() {
        let head = "#JSGF V1.0;\ngrammar desk;\n";
        let bad = ["", "<a> = b;", "public <a> b;", "public <a> = b", "public <a> = (b;", "public <a> = b);"];
        let bad = bad.into_iter().map(str::to_owned).chain([
            "public <a = b;".into(),
            "public <a> = b | ;".into(),
            "public <a> = * b;".into(),
            "public = b;".into(),
            "b;".into(),
            "public <a> = b | <nobody>;".into(),
            format!("public <a> = {}b{};", "(".repeat(500), ")".repeat(500)),
        ]);
        for rules in bad {
            let text = format!("{head}{rules}");
            assert!(Grammar::read(&text).is_err(), "{rules}");
        }
        assert!(Grammar::read("public <a> = b;").is_err());
    }

    #[test]
    fn a_rule_that_leads_to_itself_ends() {
        let text = "#JSGF V1.0;\ngrammar x;\npublic <a> = b <a> | [<a>] c;\n";
        let grammar = Grammar::read(text).expect("it is a grammar");
        assert!(grammar.accepts("b b c"));
        assert!(!grammar.accepts("b b"));
    }
}
