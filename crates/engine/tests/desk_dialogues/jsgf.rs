//! Enough of JSGF to check a grammar and to say whether it takes a sentence: rules, alternatives, groups, options.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
enum Node {
    Word(String),
    Rule(String),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Maybe(Box<Node>),
}

#[derive(Debug)]
pub struct Grammar {
    rules: BTreeMap<String, Node>,
    public: String,
}

impl Grammar {
    /// Reads a grammar, or says what is wrong with it. Every rule must be used, and none may contain itself.
    pub fn read(text: &str) -> Result<Self, String> {
        let body = text.strip_prefix("#JSGF V1.0;\n").ok_or("it does not begin with its version")?;
        let mut statements = body.split(';').map(str::trim).collect::<Vec<_>>();
        if statements.pop() != Some("") {
            return Err("the last statement is not ended".into());
        }
        let mut rules = BTreeMap::new();
        let mut public = Vec::new();
        for (index, statement) in statements.iter().enumerate() {
            if index == 0 {
                let name = statement.strip_prefix("grammar ").ok_or("it has no name")?;
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase()) {
                    return Err(format!("{name:?} is no name"));
                }
                continue;
            }
            let (shown, rule) = match statement.strip_prefix("public ") {
                Some(rule) => (true, rule),
                None => (false, *statement),
            };
            let (name, definition) = rule.split_once('=').ok_or_else(|| format!("{rule:?} is no rule"))?;
            let name = rule_name(name.trim()).ok_or_else(|| format!("{name:?} is no rule's name"))?;
            if shown {
                public.push(name.clone());
            }
            let tokens = tokens(definition)?;
            let mut at = 0;
            let node = either(&tokens, &mut at)?;
            if at != tokens.len() {
                return Err(format!("{:?} is left over in <{name}>", &tokens[at..]));
            }
            if rules.insert(name.clone(), node).is_some() {
                return Err(format!("<{name}> is written twice"));
            }
        }
        let [public] = public.as_slice() else { return Err("not one public rule".into()) };
        let grammar = Self { rules, public: public.clone() };
        let mut seen = BTreeSet::new();
        grammar.walk(&grammar.public, &mut Vec::new(), &mut seen)?;
        if let Some(unused) = grammar.rules.keys().find(|name| !seen.contains(*name)) {
            return Err(format!("<{unused}> is never used"));
        }
        Ok(grammar)
    }

    pub fn words(&self) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        self.rules.values().for_each(|node| collect(node, &mut words));
        words
    }

    /// Whether this sentence can be said.
    pub fn takes(&self, sentence: &str) -> bool {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        self.ends(&Node::Rule(self.public.clone()), &words, 0).contains(&words.len())
    }

    /// Where the words that a node takes may end, if they begin at `from`.
    fn ends(&self, node: &Node, words: &[&str], from: usize) -> BTreeSet<usize> {
        match node {
            Node::Word(word) => {
                words.get(from).filter(|said| *said == word).map(|_| from + 1).into_iter().collect()
            }
            Node::Rule(name) => self.ends(&self.rules[name], words, from),
            Node::Sequence(nodes) => nodes.iter().fold(BTreeSet::from([from]), |starts, node| {
                starts.into_iter().flat_map(|start| self.ends(node, words, start)).collect()
            }),
            Node::Either(nodes) => nodes.iter().flat_map(|node| self.ends(node, words, from)).collect(),
            Node::Maybe(node) => {
                let mut ends = self.ends(node, words, from);
                ends.insert(from);
                ends
            }
        }
    }

    fn walk(&self, name: &str, path: &mut Vec<String>, seen: &mut BTreeSet<String>) -> Result<(), String> {
        if path.iter().any(|outer| outer == name) {
            return Err(format!("<{name}> contains itself"));
        }
        let node = self.rules.get(name).ok_or_else(|| format!("<{name}> is not written"))?;
        seen.insert(name.to_owned());
        path.push(name.to_owned());
        let mut inner = BTreeSet::new();
        references(node, &mut inner);
        for name in inner {
            self.walk(&name, path, seen)?;
        }
        path.pop();
        Ok(())
    }
}

fn collect(node: &Node, words: &mut BTreeSet<String>) {
    match node {
        Node::Word(word) => {
            words.insert(word.clone());
        }
        Node::Rule(_) => {}
        Node::Sequence(nodes) | Node::Either(nodes) => nodes.iter().for_each(|node| collect(node, words)),
        Node::Maybe(node) => collect(node, words),
    }
}

fn references(node: &Node, names: &mut BTreeSet<String>) {
    match node {
        Node::Word(_) => {}
        Node::Rule(name) => {
            names.insert(name.clone());
        }
        Node::Sequence(nodes) | Node::Either(nodes) => nodes.iter().for_each(|node| references(node, names)),
        Node::Maybe(node) => references(node, names),
    }
}

fn rule_name(text: &str) -> Option<String> {
    let name = text.strip_prefix('<')?.strip_suffix('>')?;
    let good = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    good.then(|| name.to_owned())
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        match c {
            '(' | ')' | '[' | ']' | '|' | ' ' | '\n' => {
                if !word.is_empty() {
                    tokens.push(std::mem::take(&mut word));
                }
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
            }
            'a'..='z' | '\'' | '<' | '>' | '_' => word.push(c),
            other => return Err(format!("{other:?} does not belong in a grammar")),
        }
    }
    Ok(tokens)
}

fn either(tokens: &[String], at: &mut usize) -> Result<Node, String> {
    let mut nodes = vec![sequence(tokens, at)?];
    while tokens.get(*at).is_some_and(|token| token == "|") {
        *at += 1;
        nodes.push(sequence(tokens, at)?);
    }
    Ok(Node::Either(nodes))
}

fn sequence(tokens: &[String], at: &mut usize) -> Result<Node, String> {
    let mut nodes = Vec::new();
    while let Some(token) = tokens.get(*at) {
        let closing = match token.as_str() {
            "|" | ")" | "]" => break,
            "(" => ")",
            "[" => "]",
            word => {
                *at += 1;
                nodes.push(match (rule_name(word), word.contains(['<', '>'])) {
                    (Some(name), _) => Node::Rule(name),
                    (None, true) => return Err(format!("{word:?} is neither word nor rule")),
                    (None, false) => Node::Word(word.to_owned()),
                });
                continue;
            }
        };
        *at += 1;
        let inner = either(tokens, at)?;
        if tokens.get(*at).map(String::as_str) != Some(closing) {
            return Err(format!("{closing:?} is missing"));
        }
        *at += 1;
        nodes.push(if closing == "]" { Node::Maybe(Box::new(inner)) } else { inner });
    }
    if nodes.is_empty() { Err("an alternative is empty".into()) } else { Ok(Node::Sequence(nodes)) }
}
