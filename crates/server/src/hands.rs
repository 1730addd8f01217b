//! The tools that the owner has: those of their settings, and what they say of every one.

use crate::{
    app::App,
    config::{Config, Own},
    saved,
};
use std::{collections::BTreeMap, sync::Arc};
use store::{RulingRow, Store, StoreError};
use tool::{
    Class, Ruling, Shelf, Tool, Tools, Trust,
    own::{OwnTool, Secrets},
};

/// The shelf of the tools that the owner describes.
pub const OWN: &str = "own";

/// The tools of the assistant with these settings.
pub fn of(app: &App, config: &Arc<Config>) -> Arc<Tools> {
    let without = &config.assistant.without_tools;
    if without.is_empty() && Arc::ptr_eq(config, &app.config.get()) {
        return app.tools.get();
    }
    app.tools.with_own(&saved::tools(config, &app.store, &app.books, &app.bell, &app.listeners), without)
}

/// The tools that the owner describes.
pub fn own(own: &Own) -> Shelf {
    let known = own.secrets.clone();
    let secrets: Secrets = Arc::new(move |name| known.get(name).map(|secret| secret.expose().to_owned()));
    let made = own.tools.iter().filter_map(|definition| {
        let made = OwnTool::new(definition.clone(), secrets.clone());
        made.inspect_err(|wrong| tracing::warn!("{wrong}")).ok()
    });
    let (shelf, unfit) = Shelf::of(made.map(|tool| -> Arc<dyn Tool> { Arc::new(tool) }));
    for unfit in unfit {
        tracing::warn!("{unfit}");
    }
    shelf
}

/// Makes count what the owner says of tools.
pub async fn heed_rulings(app: &App) -> Result<(), StoreError> {
    app.tools.rule(rulings(&app.store).await?);
    Ok(())
}

/// What the owner says of tools, by their names.
pub async fn rulings(store: &Store) -> Result<BTreeMap<String, Ruling>, StoreError> {
    Ok(store.rulings().await?.into_iter().map(|row| (row.name.clone(), ruling(&row))).collect())
}

fn ruling(row: &RulingRow) -> Ruling {
    Ruling { class: Class::named(&row.class), trust: Trust::named(&row.trust), off: row.withheld != 0 }
}
