//! Assistants that are tried before they are saved: kept for an hour under an id that nobody can guess, so that the chat
//! beside the form and the browser phone can use them.

use crate::{app::App, clock, config::Config, guard::session::random_token};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use store::StoreError;

/// How long a draft is kept, in milliseconds.
pub const KEPT_MS: i64 = 60 * 60 * 1_000;

/// An assistant as its form had it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The number of ours at which it would answer; empty: at all that have no assistant of their own.
    pub number: String,
    /// Its settings by key, which count over all others. An empty one is the setting's default.
    pub settings: BTreeMap<String, String>,
}

/// Keeps a draft; gives its id.
pub async fn keep(app: &App, draft: &Draft) -> Result<String, StoreError> {
    let (id, now_ms) = (random_token(), clock::now_ms());
    let json = serde_json::to_string(draft).expect("texts are JSON");
    app.store.keep_draft(&id, &json, now_ms + KEPT_MS, now_ms).await?;
    Ok(id)
}

/// The draft with this id, as long as it is kept.
pub async fn read(app: &App, id: &str) -> Result<Option<Draft>, StoreError> {
    let json = app.store.draft(id, clock::now_ms()).await?;
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
}

/// The settings of a call that this draft answers, as long as it is kept and can be understood.
pub async fn config(app: &App, id: &str) -> Result<Option<Arc<Config>>, StoreError> {
    let draft = read(app, id).await?;
    Ok(draft.and_then(|draft| app.config.with(&draft.settings).ok()).map(Arc::new))
}
