//! Texts with places in them, and how a value is put into each kind of place so that it stays a value.

use serde_json::{Map, Value};

/// What the places are filled with.
pub(super) struct Values<'a> {
    pub arguments: &'a Value,
    pub secrets: &'a (dyn Fn(&str) -> Option<String> + Sync + 'a),
}

/// A value is no longer where it becomes part of a URL or a header, in bytes.
const LONGEST: usize = 2_000;
/// A body is nested no deeper.
const DEPTH: usize = 16;

/// A text, and places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Argument(String),
    Secret(String),
}

impl Text {
    /// Reads `abc {argument} {secret:NAME}`. `{{` and `}}` stand for braces.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            match char {
                '{' | '}' if chars.peek() == Some(&char) => {
                    plain.push(char);
                    chars.next();
                }
                '{' => {
                    let name: String = chars.by_ref().take_while(|char| *char != '}').collect();
                    if !plain.is_empty() {
                        pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                    }
                    pieces.push(place(&name)?);
                }
                '}' => return Err(format!("a }} without a {{ in {text}")),
                char => plain.push(char),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Plain(plain));
        }
        Ok(Self(pieces))
    }

    /// The arguments that have a place in it.
    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Argument(name) => Some(name.as_str()),
            Piece::Plain(_) | Piece::Secret(_) => None,
        })
    }

    /// As the value of a header; none where an argument is not given.
    pub(super) fn header(&self, values: &Values<'_>) -> Result<Option<String>, String> {
        let Some(text) = self.filled(values, &|value| Ok(value.to_owned()))? else { return Ok(None) };
        let fits =
            text.len() <= 2 * LONGEST && text.chars().all(|char| char == '\t' || (' '..='~').contains(&char));
        if fits {
            Ok(Some(text))
        } else {
            Err("That did not work: what was said cannot be sent like that.".into())
        }
    }

    /// With every value as `put` puts it; none where an argument is not given.
    fn filled(
        &self,
        values: &Values<'_>,
        put: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Option<String>, String> {
        let mut all = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Plain(text) => all.push_str(text),
                Piece::Secret(name) => {
                    let missing = || format!("That did not work: the secret {name} is not set.");
                    all.push_str(&put(&(values.secrets)(name).ok_or_else(missing)?)?);
                }
                Piece::Argument(name) => match &values.arguments[name.as_str()] {
                    Value::Null => return Ok(None),
                    value => all.push_str(&put(&scalar(name, value)?)?),
                },
            }
        }
        Ok(Some(all))
    }
}

fn place(name: &str) -> Result<Piece, String> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    match name.strip_prefix("secret:") {
        Some(secret) if is_name(secret) => Ok(Piece::Secret(secret.to_owned())),
        None if is_name(name) => Ok(Piece::Argument(name.to_owned())),
        Some(_) | None => Err(format!("{{{name}}} names no argument; write {{{{ for a brace")),
    }
}

fn scalar(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if text.len() <= LONGEST => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        Value::String(_) => Err(format!("That did not work: I was given too many words for the {name}.")),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(format!("That did not work: I need one value for the {name}."))
        }
    }
}

/// An address whose host is fixed.
#[derive(Clone, Debug)]
pub(super) struct Url {
    /// Scheme, host and port.
    origin: String,
    host: String,
    port: u16,
    path: Text,
    /// Each with `name=value`.
    query: Vec<Text>,
}

impl Url {
    /// Reads `https://host/path/{argument}?a={argument}`. Without TLS only where that is `private`.
    pub(super) fn new(text: &str, private: bool) -> Result<Self, String> {
        let secure = text.starts_with("https://");
        if !(secure || private && text.starts_with("http://")) {
            return Err("its url must begin with https:// (or with http://, where it is private)".into());
        }
        let begins = text.find("://").map_or(0, |at| at + 3);
        let ends = text[begins..].find(['/', '?', '#']).map_or(text.len(), |at| begins + at);
        let (origin, rest) = text.split_at(ends);
        if origin.contains(['{', '}', '@', '\\']) {
            return Err("the host of its url must be written out: it is what you allow".into());
        }
        if rest.contains('#') {
            return Err("its url has a #, which no server sees".into());
        }
        let parsed = reqwest::Url::parse(origin).map_err(|error| format!("its url: {error}"))?;
        let host = parsed.host_str().ok_or("its url names no host")?.to_owned();
        let port = parsed.port_or_known_default().ok_or("its url names no port")?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = Text::new(if path.is_empty() { "/" } else { path })?;
        let query =
            query.split('&').filter(|pair| !pair.is_empty()).map(Text::new).collect::<Result<_, _>>()?;
        Ok(Self { origin: origin.to_owned(), host, port, path, query })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.path.places().chain(self.query.iter().flat_map(Text::places))
    }

    /// With every value escaped. A part of the query whose argument is not given is left out.
    pub(super) fn filled(&self, values: &Values<'_>) -> Result<reqwest::Url, String> {
        let segment = |value: &str| match value {
            "" | "." | ".." => Err("That did not work: something is missing for that.".to_owned()),
            value => Ok(escaped(value)),
        };
        let path = self.path.filled(values, &segment)?.ok_or("Something is missing for that.")?;
        let mut query = Vec::new();
        for pair in &self.query {
            query.extend(pair.filled(values, &|value| Ok(escaped(value)))?);
        }
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{path}{mark}{}", self.origin, query.join("&"));
        let url = reqwest::Url::parse(&url).map_err(|_| "That did not work: it makes no address.")?;
        // Whatever was put in, this is where the owner sends it.
        let same_host = url.host_str() == Some(&self.host) && url.port_or_known_default() == Some(self.port);
        if same_host && url.path().matches('/').count() == path.matches('/').count() {
            Ok(url)
        } else {
            Err("That did not work: it leads elsewhere.".into())
        }
    }
}

/// With everything escaped but what means nothing anywhere in a URL.
fn escaped(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(escape).collect()
}

/// JSON with places in its texts.
#[derive(Clone, Debug)]
pub(super) struct Body(Node);

#[derive(Clone, Debug)]
enum Node {
    Value(Value),
    Text(Text),
    List(Vec<Node>),
    Fields(Vec<(String, Node)>),
}

impl Body {
    pub(super) fn new(value: Value) -> Result<Self, String> {
        node(value, 0).map(Self)
    }

    pub(super) fn places(&self) -> Vec<&str> {
        let mut all = Vec::new();
        self.0.places(&mut all);
        all
    }

    /// With every value in its place. A field whose argument is not given is left out.
    pub(super) fn filled(&self, values: &Values<'_>) -> Result<Value, String> {
        Ok(self.0.filled(values)?.unwrap_or(Value::Null))
    }
}

fn node(value: Value, depth: usize) -> Result<Node, String> {
    match value {
        _ if depth > DEPTH => Err("its body is nested too deep".into()),
        Value::String(text) => Text::new(&text).map(Node::Text),
        Value::Array(items) => {
            items.into_iter().map(|item| node(item, depth + 1)).collect::<Result<_, _>>().map(Node::List)
        }
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| Ok((name, node(value, depth + 1)?)))
            .collect::<Result<_, _>>()
            .map(Node::Fields),
        value => Ok(Node::Value(value)),
    }
}

impl Node {
    fn places<'a>(&'a self, all: &mut Vec<&'a str>) {
        match self {
            Node::Value(_) => {}
            Node::Text(text) => all.extend(text.places()),
            Node::List(items) => items.iter().for_each(|item| item.places(all)),
            Node::Fields(fields) => fields.iter().for_each(|(_, item)| item.places(all)),
        }
    }

    fn filled(&self, values: &Values<'_>) -> Result<Option<Value>, String> {
        Ok(match self {
            Node::Value(value) => Some(value.clone()),
            Node::Text(Text(pieces)) => match pieces.as_slice() {
                [Piece::Argument(name)] => match &values.arguments[name.as_str()] {
                    Value::Null => None,
                    value => Some(value.clone()),
                },
                _ => Text(pieces.clone()).filled(values, &|value| Ok(value.to_owned()))?.map(Value::from),
            },
            Node::List(items) => {
                let items = items.iter().map(|item| item.filled(values)).collect::<Result<Vec<_>, _>>()?;
                Some(Value::from(items.into_iter().flatten().collect::<Vec<_>>()))
            }
            Node::Fields(fields) => {
                let mut all = Map::new();
                for (name, item) in fields {
                    all.extend(item.filled(values)?.map(|value| (name.clone(), value)));
                }
                Some(Value::Object(all))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn none(_: &str) -> Option<String> {
        None
    }

    fn url(template: &str, arguments: &Value) -> Result<String, String> {
        let url = Url::new(template, false)?;
        url.filled(&Values { arguments, secrets: &none }).map(String::from)
    }

    #[test]
    fn a_value_stays_in_its_part_of_the_url() {
        let template = "https://api.example.com/lists/{list}/tasks?q={q}&due={due}";
        for (list, q, expected) in [
            ("home", "milk", "https://api.example.com/lists/home/tasks?q=milk"),
            ("a/b", "x&y=z", "https://api.example.com/lists/a%2Fb/tasks?q=x%26y%3Dz"),
            ("../../admin", "#", "https://api.example.com/lists/..%2F..%2Fadmin/tasks?q=%23"),
            ("a?b", "ä", "https://api.example.com/lists/a%3Fb/tasks?q=%C3%A4"),
            ("@evil.example", "\r\n", "https://api.example.com/lists/%40evil.example/tasks?q=%0D%0A"),
        ] {
            assert_eq!(url(template, &json!({"list": list, "q": q})), Ok(expected.to_owned()));
        }
        for list in [json!(".."), json!("."), json!(""), json!(null), json!(["a"]), json!("x".repeat(3_000))]
        {
            assert!(url(template, &json!({"list": list})).is_err(), "{list}");
        }
    }

    #[test]
    fn the_host_is_written_out() {
        for template in [
            "https://{host}/x",
            "https://api.example.com:{port}/x",
            "https://{a}.example.com/",
            "https://user@example.com/",
            "http://example.com/",
            "ftp://example.com/",
            "https:///x",
            "https://example.com/#x",
            "https://example.com/{secret: x}",
            "https://example.com/{",
            "https://example.com/}",
        ] {
            assert!(Url::new(template, false).is_err(), "{template}");
        }
        assert!(Url::new("http://10.0.0.7/x", true).is_ok());
    }

    #[test]
    fn a_header_is_one_line() {
        let secrets = |name: &str| (name == "KEY").then(|| "s3cret".to_owned());
        let arguments = json!({"who": "Bob\r\nX-Evil: 1", "ok": "Bob"});
        let values = Values { arguments: &arguments, secrets: &secrets };
        let header = |text: &str| Text::new(text).expect("a template").header(&values);
        assert_eq!(header("Bearer {secret:KEY}"), Ok(Some("Bearer s3cret".into())));
        assert_eq!(header("{ok} {{x}}"), Ok(Some("Bob {x}".into())));
        assert!(header("{who}").is_err());
        assert!(header("{secret:OTHER}").is_err());
        assert_eq!(header("{nobody}"), Ok(None));
    }

    #[test]
    fn a_value_stays_a_value_in_a_body() {
        let template = json!({
            "content": "{content}", "note": "said: {content}", "labels": ["phone", "{label}"], "due": {"on": "{due}"},
            "priority": "{priority}",
        });
        let body = Body::new(template).expect("a template");
        let arguments = json!({"content": "milk\", \"admin\": true, \"x\": \"", "priority": 4});
        let filled = body.filled(&Values { arguments: &arguments, secrets: &none });
        assert_eq!(
            filled,
            Ok(json!({
                "content": "milk\", \"admin\": true, \"x\": \"",
                "note": "said: milk\", \"admin\": true, \"x\": \"",
                "labels": ["phone"], "due": {}, "priority": 4,
            }))
        );
        // A value that looks like a place is none.
        let arguments = json!({"content": "{secret:KEY}"});
        let filled = body.filled(&Values { arguments: &arguments, secrets: &none }).expect("filled");
        assert_eq!(filled["note"], "said: {secret:KEY}");
    }
}
