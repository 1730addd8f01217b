//! What was added on pages: servers of tools, tools, and secrets for them, sealed in the database.
//!
//! Whoever adds something on a page may not run this machine. So a server is reached on the web, a tool calls the public
//! network, and both have those secrets alone that were given on a page: never a program, never a variable.

use crate::{app::App, audit::Deed, clock, guard::session::User, vault::Vault};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use store::{AddedRow, Store, StoreError};

/// What may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A server of tools.
    Server,
    /// A tool: a request to some service.
    Tool,
    /// What `{secret:NAME}` stands for in a tool.
    Secret,
}

/// How many of a kind there may be.
pub const MOST: usize = 50;

impl Kind {
    /// As the records spell it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Server => "mcp",
            Kind::Tool => "tool",
            Kind::Secret => "secret",
        }
    }
}

/// Whether another of this kind and name may be added.
pub async fn has_room(store: &Store, kind: Kind, name: &str) -> Result<bool, StoreError> {
    let rows = store.added().await?;
    let mut same = rows.iter().filter(|row| row.kind == kind.name());
    Ok(same.clone().count() < MOST || same.any(|row| row.name == name))
}

/// Adds it, in place of what had its kind and name.
pub async fn add(
    app: &App,
    by: &User,
    kind: Kind,
    name: &str,
    what: &impl Serialize,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(what).expect("texts are JSON");
    let row = AddedRow {
        kind: kind.name().to_owned(),
        name: name.to_owned(),
        sealed: app.vault.seal(&owner(kind, name), &text),
        changed_ms: clock::now_ms(),
        changed_by: by.user.id.clone(),
    };
    app.store.add(&row).await?;
    app.audit(by, Deed::ToolChanged, &format!("{} {name}, saved", kind.name())).await;
    Ok(())
}

/// Takes it away. False: it was not there.
pub async fn take_away(app: &App, by: &User, kind: Kind, name: &str) -> Result<bool, StoreError> {
    let gone = app.store.take_away(kind.name(), name).await?;
    if gone {
        app.audit(by, Deed::ToolChanged, &format!("{} {name}, deleted", kind.name())).await;
    }
    Ok(gone)
}

/// All of a kind, by name. What cannot be opened or read is left out, and the log tells of it.
pub fn all<T: DeserializeOwned>(rows: &[AddedRow], vault: &Vault, kind: Kind) -> BTreeMap<String, T> {
    let rows = rows.iter().filter(|row| row.kind == kind.name());
    rows.filter_map(|row| {
        let opened = vault.open(&owner(kind, &row.name), &row.sealed);
        let opened =
            opened.inspect_err(|why| tracing::warn!(name = row.name, %why, "what was added is not heeded"));
        let read = serde_json::from_str(opened.ok()?.expose());
        let read =
            read.inspect_err(|error| tracing::warn!(name = row.name, %error, "what was added is not read"));
        Some((row.name.clone(), read.ok()?))
    })
    .collect()
}

/// What it is sealed for.
fn owner(kind: Kind, name: &str) -> String {
    format!("added {} {name}", kind.name())
}
