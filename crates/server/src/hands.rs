//! The tools that the owner has: those of their settings, and what they say of every one.

use crate::{
    added,
    app::App,
    config::{Config, Own},
    saved,
    vault::Vault,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use store::{AddedRow, RulingRow, Store, StoreError};
use tool::{
    Class, Ruling, Shelf, Tool, Tools, Trust,
    own::{Definition, OwnTool, Secrets},
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

/// The tools that are described in the settings and on the page. Of two of one name that of the settings counts.
pub fn own(own: &Own, rows: &[AddedRow], vault: &Vault) -> Shelf {
    let known = own.secrets.clone();
    let secrets: Secrets = Arc::new(move |name| known.get(name).map(|secret| secret.expose().to_owned()));
    // What is described on a page has the secrets of the page, and none of this machine's.
    let given = added::all::<String>(rows, vault, added::Kind::Secret);
    let given: Secrets = Arc::new(move |name| given.get(name).cloned());
    let described = own.tools.iter().map(|definition| (definition.clone(), secrets.clone()));
    let on_page = added::all::<Definition>(rows, vault, added::Kind::Tool).into_values();
    let on_page = on_page.map(|definition| (Definition { private: false, ..definition }, given.clone()));
    let here: BTreeSet<String> = own.tools.iter().map(|definition| definition.name.clone()).collect();
    let on_page = on_page.filter(|(definition, _)| !here.contains(&definition.name));
    let made = described.chain(on_page).filter_map(|(definition, secrets)| {
        OwnTool::new(definition, secrets).inspect_err(|wrong| tracing::warn!("{wrong}")).ok()
    });
    let (shelf, unfit) = Shelf::of(made.map(|tool| -> Arc<dyn Tool> { Arc::new(tool) }));
    for unfit in unfit {
        tracing::warn!("{unfit}");
    }
    shelf
}

/// Makes count what was added on the page, if it has changed since it was last heeded.
pub async fn heed_added(app: &App) -> Result<(), StoreError> {
    let rows = app.store.added().await?;
    if *app.added.get() != rows {
        app.tools.put(OWN, own(&app.config.get().own, &rows, &app.vault));
        app.added.set(rows);
    }
    Ok(())
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
