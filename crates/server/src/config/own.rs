//! `[[tool]]`: tools that the owner describes, and the secrets that they name.

use super::{
    file,
    load::{Problem, Sources},
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
    let tools = match file::tables::<Tools>(text) {
        Some(Ok(tools)) => tools.tool,
        Some(Err((line, why))) => {
            problems.push(Problem(format!("{}:{line}: [[tool]]: {why}", path.display())));
            return Own::default();
        }
        None => return Own::default(),
    };
    for definition in &tools {
        let nothing = Arc::new(|_: &str| None);
        if let Err(wrong) = OwnTool::new(definition.clone(), nothing) {
            problems.push(Problem(format!("{}: {wrong}", path.display())));
        }
    }
    let named = tools.iter().flat_map(Definition::secrets);
    let secrets =
        named.filter_map(|name| Some((name.clone(), Secret::new(sources.variable(&name)?)))).collect();
    Own { tools, secrets }
}
