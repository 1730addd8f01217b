//! How `earpiece.toml` is read: sections of values, each with its line.

use super::parse::Value;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

/// A value, where it stands, and under which key.
pub(super) struct Written {
    /// `section.name`
    pub(super) key: String,
    /// From 1.
    pub(super) line: usize,
    /// None: a table or the like, which is no value.
    pub(super) value: Option<Value>,
}

/// Everything that is written, in no particular order; or what is wrong, and in which line.
pub(super) fn parse(text: &str) -> Result<Vec<Written>, (usize, String)> {
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(text)
        .map_err(|error| (line(error.span().map_or(0, |span| span.start)), error.message().to_owned()))?;
    let mut all = Vec::new();
    collect("", table.get_ref(), &line, &mut all);
    all.sort_by_key(|written| written.line);
    Ok(all)
}

/// The tables of which this file has several, such as `[[tool]]`: as they are asked for, or what is wrong with them and in which
/// line. None where the file is no TOML at all, which [`parse`] tells.
pub(super) fn tables<T: DeserializeOwned>(text: &str) -> Option<Result<T, (usize, String)>> {
    DeTable::parse(text).ok()?;
    Some(toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        (line, error.message().to_owned())
    }))
}

fn collect(prefix: &str, table: &DeTable<'_>, line: &dyn Fn(usize) -> usize, all: &mut Vec<Written>) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{prefix}.{}", name.get_ref())
        };
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => collect(&key, inner, line, all),
            // An empty section that we know is no mistake; one that we do not know is named like any other key.
            DeValue::Table(_) if super::schema::sections().any(|section| section.name == key) => {}
            other => all.push(Written { key, line: line(name.span().start), value: self::value(other) }),
        }
    }
}

fn value(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::Array(array) => {
            array.iter().map(|item| scalar(item.get_ref())).collect::<Option<_>>().map(Value::List)
        }
        other => scalar(other).map(Value::Text),
    }
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
