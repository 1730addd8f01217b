//! The parameter `fields`: which members of an answer are sent, such as `items(id,start/dateTime),nextPageToken`.

use super::{
    answer::{Answer, Refusal},
    schema,
};
use serde_json::{Map, Value};

/// Members that are wanted, each with those inside it; none inside: all.
#[derive(Debug, Default)]
struct Selection(Vec<(String, Selection)>);

/// Cuts the answer, whose schema has this name, to the selection.
pub(super) fn select(text: &str, name: &str, answer: Answer) -> Result<Answer, Refusal> {
    let wrong = || {
        Refusal::new(400, "invalidParameter", format!("Invalid field selection {text}"))
            .at("parameter", "fields")
    };
    let mut rest = text;
    let selection = Selection::read(&mut rest).filter(|_| rest.is_empty()).ok_or_else(wrong)?;
    if !selection.fits(schema::definition(name)) {
        return Err(wrong());
    }
    let body: Value = serde_json::from_slice(&answer.body).expect("the calendar answers JSON");
    Ok(Answer { body: selection.cut(&body).to_string().into_bytes(), ..answer })
}

impl Selection {
    fn read(rest: &mut &str) -> Option<Self> {
        let mut members = Vec::new();
        loop {
            members.push(Self::member(rest)?);
            match rest.strip_prefix(',') {
                Some(more) => *rest = more,
                None => return Some(Self(members)),
            }
        }
    }

    fn member(rest: &mut &str) -> Option<(String, Self)> {
        let end = rest.find(['/', '(', ')', ',']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        if name.is_empty() {
            return None;
        }
        *rest = behind;
        let inside = if let Some(deeper) = rest.strip_prefix('/') {
            *rest = deeper;
            Self(vec![Self::member(rest)?])
        } else if let Some(deeper) = rest.strip_prefix('(') {
            *rest = deeper;
            let inside = Self::read(rest)?;
            *rest = rest.strip_prefix(')')?;
            inside
        } else {
            Self::default()
        };
        Some((name.to_owned(), inside))
    }

    fn fits(&self, schema: &Value) -> bool {
        self.0.iter().all(|(name, inside)| match schema::member(schema, name) {
            Some(member) => inside.fits(member),
            None => name == "*" && inside.0.is_empty(),
        })
    }

    fn cut(&self, value: &Value) -> Value {
        if self.0.is_empty() || self.0.iter().any(|(name, _)| name == "*") {
            return value.clone();
        }
        match value {
            Value::Array(items) => items.iter().map(|item| self.cut(item)).collect::<Vec<_>>().into(),
            Value::Object(fields) => {
                let wanted = self.0.iter().filter_map(|(name, inside)| {
                    fields.get(name).map(|value| (name.clone(), inside.cut(value)))
                });
                wanted.collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }
}
