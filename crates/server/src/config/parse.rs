//! What a written value can mean: one function a type, each saying what it accepts when it refuses.

use super::{Network, Number, Numbers};
use crate::secret::Secret;
use http::Uri;
use jiff::civil::Time;
use std::{
    collections::BTreeMap, fmt, fmt::Display, net::IpAddr, ops::RangeInclusive, path::PathBuf, str::FromStr,
    time::Duration,
};
use when::{Holiday, Kind, Opening};

/// How a refusal begins that names the words that are accepted, and what stands between them.
const ONE_OF: &str = "give one of ";
const WORDS_BETWEEN: &str = ", ";

/// A value as it was written.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    /// A TOML array.
    List(Vec<String>),
}

/// As one line, as a variable would hold it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::List(list) => f.write_str(&list.join(", ")),
        }
    }
}

impl Value {
    /// Whether it says nothing, and so counts as not written.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Value::Text(text) => text.trim().is_empty(),
            Value::List(list) => list.is_empty(),
        }
    }

    pub(super) fn text(&self) -> Result<String, String> {
        match self {
            Value::Text(text) => Ok(text.trim().to_owned()),
            Value::List(_) => Err("give one value, not a list".into()),
        }
    }

    pub(super) fn some_text(&self) -> Result<Option<String>, String> {
        Ok(Some(self.text()?).filter(|text| !text.is_empty()))
    }

    pub(super) fn secret(&self) -> Result<Option<Secret>, String> {
        Ok(self.some_text()?.map(Secret::new))
    }

    /// `number=word` pairs, in a list or parted by commas.
    pub(super) fn modes<T: Copy>(
        &self,
        choices: &[(&'static str, T)],
    ) -> Result<BTreeMap<Number, T>, String> {
        let text = self.to_string();
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let read = |pair: &str| {
            let (number, word) = pair.split_once('=').ok_or("give pairs such as +15550100199=turns")?;
            let number = Number::parse(number.trim())?;
            Ok((number, Value::Text(word.to_owned()).choice(choices)?))
        };
        pairs.map(read).collect()
    }

    pub(super) fn path(&self) -> Result<PathBuf, String> {
        self.text().map(PathBuf::from)
    }

    /// A number within `range`; `what` names its unit: `seconds`.
    pub(super) fn number<T>(&self, range: RangeInclusive<T>, what: &str) -> Result<T, String>
    where
        T: FromStr + PartialOrd + Display,
    {
        let refusal = || format!("give {what}: a number from {} to {}", range.start(), range.end());
        let number = self.text()?.parse::<T>().map_err(|_| refusal())?;
        if range.contains(&number) { Ok(number) } else { Err(refusal()) }
    }

    /// An amount of money, in millionths.
    pub(super) fn micros(&self) -> Result<i64, String> {
        Ok((self.number(0.0..=1e6, "an amount of money")? * 1e6_f64).round() as i64)
    }

    /// One of these words, in any case.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Result<T, String> {
        let text = self.text()?;
        let found = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text));
        found.map(|&(_, meaning)| meaning).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            format!("{ONE_OF}{}", words.join(WORDS_BETWEEN))
        })
    }

    /// Some of these words, in any case and in this order, each once.
    pub(super) fn choices<T: Copy + PartialEq>(
        &self,
        choices: &[(&'static str, T)],
    ) -> Result<Vec<T>, String> {
        let mut chosen = Vec::new();
        for word in self.words()? {
            let one = Value::Text(word).choice(choices)?;
            if !chosen.contains(&one) {
                chosen.push(one);
            }
        }
        Ok(chosen)
    }

    pub(super) fn host(&self) -> Result<IpAddr, String> {
        let text = self.text()?;
        if text.eq_ignore_ascii_case("localhost") {
            return Ok(IpAddr::from([127, 0, 0, 1]));
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&text);
        bare.parse().map_err(|_| {
            "give the address to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 for all".to_owned()
        })
    }

    pub(super) fn phone_numbers(&self) -> Result<Vec<Number>, String> {
        let parts = match self {
            Value::List(list) => list.clone(),
            Value::Text(text) => split_numbers(text)?,
        };
        let mut numbers = Vec::new();
        for part in parts {
            let number = Number::parse(&part)?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        Ok(numbers)
    }

    /// Numbers, and beginnings of numbers with a star.
    pub(super) fn numbers(&self) -> Result<Vec<Numbers>, String> {
        let parts = match self {
            Value::List(list) => list.clone(),
            Value::Text(text) => split_numbers(text)?,
        };
        parts.iter().map(|part| Numbers::parse(part)).collect()
    }

    pub(super) fn phone_number(&self) -> Result<Option<Number>, String> {
        self.some_text()?.as_deref().map(Number::parse).transpose()
    }

    pub(super) fn networks(&self) -> Result<Vec<Network>, String> {
        self.words()?.iter().map(|part| Network::parse(part)).collect()
    }

    /// Dates such as `2026-12-25`.
    pub(super) fn holidays(&self) -> Result<Vec<Holiday>, String> {
        self.words()?.iter().map(|day| Holiday::read(day)).collect()
    }

    /// A TOML array of kinds, or one text with `;` between them.
    pub(super) fn kinds(&self) -> Result<Vec<Kind>, String> {
        match self {
            Value::List(list) => Kind::read_all(&list.join(";")),
            Value::Text(text) => Kind::read_all(text),
        }
    }

    pub(super) fn minutes(&self, range: RangeInclusive<u64>) -> Result<Duration, String> {
        self.number(range, "minutes").map(|minutes| Duration::from_secs(minutes * 60))
    }

    pub(super) fn seconds(&self, range: RangeInclusive<u64>) -> Result<Duration, String> {
        self.number(range, "seconds").map(Duration::from_secs)
    }

    pub(super) fn milliseconds(&self, range: RangeInclusive<u64>) -> Result<Duration, String> {
        self.number(range, "milliseconds").map(Duration::from_millis)
    }

    /// A list of things that hold no blanks.
    fn words(&self) -> Result<Vec<String>, String> {
        match self {
            Value::List(list) => Ok(list.clone()),
            Value::Text(text) => Ok(json_list(text)?.unwrap_or_else(|| words(text))),
        }
    }

    /// How the world reaches us, without a trailing slash. `https` is assumed where no scheme is given.
    pub(super) fn public_url(&self) -> Result<Option<String>, String> {
        let text = self.text()?;
        let text = if text.contains("://") { text } else { format!("https://{text}") };
        let refusal = "give an address such as https://voice.example.com, without a query";
        normal_url(&text, &["https", "http"]).map(Some).ok_or_else(|| refusal.into())
    }

    /// The address of a WebSocket service: `wss://`, or `ws://` on this machine.
    pub(super) fn socket_url(&self) -> Result<String, String> {
        self.remote_url("wss", "ws")
    }

    /// The address of a web service, without a trailing slash: `https://`, or `http://` on this machine.
    pub(super) fn web_url(&self) -> Result<String, String> {
        self.remote_url("https", "http")
    }

    /// The address of a service in our own network: `http://` is assumed where no scheme is given.
    pub(super) fn near_url(&self) -> Result<String, String> {
        let text = self.text()?;
        let text = if text.contains("://") { text } else { format!("http://{text}") };
        normal_url(&text, &["http", "https"])
            .ok_or_else(|| "give an address such as http://127.0.0.1:11434".into())
    }

    fn remote_url(&self, secure: &str, plain: &str) -> Result<String, String> {
        let url = normal_url(&self.text()?, &[secure, plain])
            .ok_or_else(|| format!("give an address that begins with {secure}://"))?;
        if url.starts_with(&format!("{plain}://")) && !is_loopback(&url) {
            return Err(format!(
                "{plain}:// sends keys in the clear and is for this machine alone; give {secure}://"
            ));
        }
        Ok(url)
    }

    pub(super) fn database_url(&self) -> Result<Secret, String> {
        let text = self.text()?;
        let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        if known && !text.ends_with(':') {
            Ok(Secret::new(text))
        } else {
            Err("give sqlite:///relative.db, sqlite:////absolute.db or postgres://user:password@host/name"
                .into())
        }
    }

    /// A day's opening hours: `09:00-12:00, 13:00-17:30`, or `closed`.
    pub(super) fn openings(&self) -> Result<Vec<Opening>, String> {
        let parts = match self {
            Value::List(list) => list.clone(),
            Value::Text(text) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        };
        if let [only] = parts.as_slice()
            && only.eq_ignore_ascii_case("closed")
        {
            return Ok(Vec::new());
        }
        let refusal = || "give hours such as 09:00-12:00, 13:00-17:00, or closed".to_owned();
        let openings: Option<Vec<_>> = parts.iter().map(|part| opening(part)).collect();
        let openings = openings.ok_or_else(refusal)?;
        if openings.windows(2).any(|pair| pair[0].to > pair[1].from || pair[0].to == Time::midnight()) {
            return Err("the hours of a day must follow one another".into());
        }
        Ok(openings)
    }
}

/// The words that this refusal says are accepted; none where it says something else.
pub(super) fn accepted(refusal: &str) -> Vec<&str> {
    refusal.strip_prefix(ONE_OF).map(|words| words.split(WORDS_BETWEEN).collect()).unwrap_or_default()
}

fn opening(text: &str) -> Option<Opening> {
    let (from, until) = text.split_once(['-', '–'])?;
    let from = clock(from)?;
    // The end of the day is written as midnight.
    let to = if until.trim() == "24:00" { Time::midnight() } else { clock(until)? };
    (from < to || to == Time::midnight()).then_some(Opening { from, to })
}

fn clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    if hour.len() > 2 || minute.len() != 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Numbers may hold blanks, so blanks only part them where nothing better does.
fn split_numbers(text: &str) -> Result<Vec<String>, String> {
    if let Some(list) = json_list(text)? {
        return Ok(list);
    }
    if text.contains([',', ';', '\n']) {
        return Ok(text
            .split([',', ';', '\n'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(Into::into)
            .collect());
    }
    if text.trim_start().starts_with('+') {
        return Ok(text.split('+').skip(1).map(|part| format!("+{}", part.trim())).collect());
    }
    Ok(words(text))
}

/// The strings and numbers of a JSON array; none where the text is no array.
fn json_list(text: &str) -> Result<Option<Vec<String>>, String> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    let refusal = "this list is not JSON; write [\"a\", \"b\"] or a, b";
    let list: Vec<serde_json::Value> = serde_json::from_str(text).map_err(|_| refusal)?;
    let strings: Option<Vec<_>> = list
        .into_iter()
        .map(|value| match value {
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Number(number) => Some(number.to_string()),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => None,
        })
        .collect();
    strings.map(Some).ok_or_else(|| refusal.into())
}

fn words(text: &str) -> Vec<String> {
    text.split([',', ';', ' ', '\t', '\n']).filter(|word| !word.is_empty()).map(Into::into).collect()
}

/// Scheme in lower case, no trailing slash; none where it has a query, a user, another scheme or no host.
fn normal_url(text: &str, schemes: &[&str]) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let authority = uri.authority()?;
    let bad = !schemes.contains(&scheme.as_str())
        || uri.host().is_none_or(str::is_empty)
        || authority.as_str().contains('@')
        || uri.query().is_some()
        || text.contains('#');
    (!bad).then(|| {
        format!("{scheme}://{}{}", authority.as_str().to_ascii_lowercase(), uri.path().trim_end_matches('/'))
    })
}

fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
