//! What a server says that it can do, as far as it can be offered.

use super::{
    name,
    schema::{self, short, tidy},
};
use crate::Hints;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many tools of one server are offered at most: more, and engines refuse the lot or choose badly among it.
pub const MOST_TOOLS: usize = 64;
/// The longest name that is read, in bytes.
const LONGEST_NAME: usize = 256;
/// The longest description that engines are told, in bytes.
const LONGEST_DESCRIPTION: usize = 1_000;
/// How many reasons are kept.
const MOST_REASONS: usize = 20;

/// A tool of a server, as it is offered and remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// What it is called here: `[a-zA-Z0-9_-]{1,64}`.
    pub name: String,
    /// What it is called there.
    pub original: String,
    pub description: String,
    /// JSON schema of the arguments, an object, as engines take it.
    pub schema: Value,
    /// `readOnlyHint`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// `destructiveHint`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destructive: Option<bool>,
}

impl Listed {
    /// What its maker says of it.
    pub fn hints(&self) -> Hints {
        Hints { read_only: self.read_only, destructive: self.destructive }
    }
}

/// The tools of a server, and why others are not offered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    pub tools: Vec<Listed>,
    /// Sentences for the owner, the first of them.
    pub left_out: Vec<String>,
}

/// Which tools of a server the owner wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// By their names there; empty: all.
    pub only: Vec<String>,
    /// Never these.
    pub never: Vec<String>,
}

impl Choice {
    fn wants(&self, name: &str) -> bool {
        let is_in = |list: &[String]| list.iter().any(|one| one == name);
        (self.only.is_empty() || is_in(&self.only)) && !is_in(&self.never)
    }
}

/// Reads `tools/list`, all of its pages.
pub(super) fn read(server: &str, choice: &Choice, tools: &[Value]) -> Listing {
    let mut listing = Listing::default();
    let mut leave_out = |name: &str, why: &str| {
        if listing.left_out.len() < MOST_REASONS {
            listing.left_out.push(format!("{:?} is not offered: {why}", tidy(name, 60)));
        }
    };
    let mut fit = Vec::new();
    let mut too_many = 0_usize;
    for tool in tools {
        let Some(name) = tool["name"].as_str() else {
            leave_out("a tool", "it has no name");
            continue;
        };
        if !choice.wants(name) {
            continue;
        }
        if name.is_empty() || name.len() > LONGEST_NAME {
            leave_out(name, "its name is empty or too long");
        } else if fit.len() == MOST_TOOLS {
            too_many += 1;
        } else {
            match schema::trimmed(&tool["inputSchema"]) {
                Ok(schema) => fit.push((name, tool, schema)),
                Err(why) => leave_out(name, &why),
            }
        }
    }
    for missing in choice.only.iter().filter(|name| !tools.iter().any(|tool| tool["name"] == name.as_str())) {
        leave_out(missing, "the server has no tool of this name");
    }
    let names = name::all(server, fit.iter().map(|(name, ..)| *name));
    for ((original, tool, schema), name) in fit.into_iter().zip(names) {
        match name {
            Some(name) => listing.tools.push(Listed {
                name,
                original: original.to_owned(),
                description: described(tool),
                schema,
                read_only: tool["annotations"]["readOnlyHint"].as_bool(),
                destructive: tool["annotations"]["destructiveHint"].as_bool(),
            }),
            None => listing.left_out.push(format!("{:?} is listed twice", short(original, 60))),
        }
    }
    if too_many > 0 {
        listing.left_out.insert(
            0,
            format!(
                "{too_many} more tools are not offered: {MOST_TOOLS} is all that engines choose well among. Name those \
                 you want with `tools`."
            ),
        );
    }
    listing.left_out.truncate(MOST_REASONS);
    listing
}

fn described(tool: &Value) -> String {
    let title = tool["title"].as_str().or(tool["annotations"]["title"].as_str()).unwrap_or_default();
    let text = tool["description"].as_str().unwrap_or_default();
    tidy(if text.trim().is_empty() { title } else { text }, LONGEST_DESCRIPTION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tool(name: &str) -> Value {
        json!({"name": name, "inputSchema": {"type": "object"}})
    }

    fn listed(tools: &[Value]) -> Listing {
        read("todo", &Choice::default(), tools)
    }

    #[test]
    fn a_tool_is_listed_with_what_its_maker_says() {
        let listing = listed(&[json!({
            "name": "find tasks", "title": "Find", "description": "Finds\ntasks.",
            "inputSchema": {"type": "object", "properties": {"q": {"type": "string"}}},
            "annotations": {"readOnlyHint": true, "destructiveHint": "yes"},
        })]);
        let tool = &listing.tools[0];
        assert_eq!((tool.name.as_str(), tool.original.as_str()), ("todo_find_tasks", "find tasks"));
        assert_eq!(tool.description, "Finds tasks.");
        assert_eq!((tool.read_only, tool.destructive), (Some(true), None));
    }

    #[test]
    fn of_ten_thousand_tools_no_more_are_offered_than_engines_take() {
        let tools: Vec<_> = (0..10_000).map(|number| tool(&format!("tool {number}"))).collect();
        let listing = listed(&tools);
        assert_eq!(listing.tools.len(), MOST_TOOLS);
        assert!(listing.left_out[0].contains("9936 more"), "{:?}", listing.left_out);
        let chosen = Choice { only: vec!["tool 9999".into()], never: Vec::new() };
        assert_eq!(read("todo", &chosen, &tools).tools[0].original, "tool 9999");
    }

    #[test]
    fn what_cannot_be_offered_is_told_of_and_the_rest_stays() {
        let listing = listed(&[
            tool("good"),
            tool("good"),
            tool(""),
            tool(&"x".repeat(300)),
            json!("nonsense"),
            json!({"name": 7}),
            json!({"name": "bare"}),
        ]);
        assert_eq!(listing.tools.len(), 1, "{listing:?}");
        assert_eq!(listing.left_out.len(), 6, "{:?}", listing.left_out);
    }

    #[test]
    fn the_owner_chooses() {
        let tools = [tool("a"), tool("b"), tool("c")];
        let names = |only: &[&str], never: &[&str]| -> Vec<String> {
            let own = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
            let choice = Choice { only: own(only), never: own(never) };
            read("s", &choice, &tools).tools.into_iter().map(|tool| tool.original).collect()
        };
        assert_eq!(names(&[], &[]), ["a", "b", "c"]);
        assert_eq!(names(&["c", "a"], &[]), ["a", "c"]);
        assert_eq!(names(&[], &["b"]), ["a", "c"]);
        let missing = Choice { only: vec!["z".into()], never: Vec::new() };
        assert!(read("s", &missing, &tools).left_out[0].contains("no tool of this name"));
    }
}
