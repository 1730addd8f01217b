//! `[[tool]]`: tools that the owner describes, and the secrets that they name.

use super::{
    load::{Problem, Sources},
    mcp::variable,
};
use crate::secret::Secret;
use std::{collections::BTreeMap, sync::Arc};
use tool::own::{Definition, OwnTool};

/// Tools that the owner describes.
#[derive(Clone, Debug, Default)]
pub struct Own {
    pub tools: Vec<Definition>,
    /// What `{secret:NAME}` stands for, by name.
    pub secrets: BTreeMap<String, Secret>,
}

/// The key in the file.
pub(super) const KEY: &str = "tool";

#[derive(serde::Deserialize)]
struct Tools {
    #[serde(default)]
    tool: Vec<Definition>,
}

/// Reads what is described in the file; a secret is the variable of its name.
pub(super) fn read(sources: &Sources, problems: &mut Vec<Problem>) -> Own {
    let Some((path, text)) = &sources.file else { return Own::default() };
    let tools = match toml::from_str::<Tools>(text) {
        Ok(tools) => tools.tool,
        Err(error) => {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            problems.push(Problem(format!("{}:{line}: [[tool]]: {}", path.display(), error.message())));
            return Own::default();
        }
    };
    for definition in &tools {
        let nothing = Arc::new(|_: &str| None);
        if let Err(wrong) = OwnTool::new(definition.clone(), nothing) {
            problems.push(Problem(format!("{}: {wrong}", path.display())));
        }
    }
    let named = tools.iter().flat_map(Definition::secrets);
    let secrets =
        named.filter_map(|name| Some((name.clone(), Secret::new(variable(sources, &name)?)))).collect();
    Own { tools, secrets }
}
