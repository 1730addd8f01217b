//! Settings that were saved on a page: kept in the database, secrets sealed.

use crate::{
    app::App,
    config::{Config, ConfigError, Live, UrgentBy, Warning, schema},
    guard::pin,
    hands,
    jobs::{self, Bell},
    secret::Secret,
    vault::Vault,
    webhooks::{Event, Kind, Listeners},
};
use std::sync::Arc;
use store::{Store, StoreError};
use tool::{Tools, calendar::Books, memo::Telling, memory};

/// The setting that is not only sealed.
const PIN: &str = "callers.pin";

/// Why settings could not be saved.
#[derive(Debug, thiserror::Error)]
pub enum NotSaved {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0} is for whoever runs this installation to decide")]
    NotOffered(String),
}

/// Makes what is saved count.
pub async fn heed(live: &Live, store: &Store, vault: &Vault) -> Result<Vec<Warning>, NotSaved> {
    let mut warnings = Vec::new();
    let mut page = Vec::new();
    for row in store.settings().await? {
        let secret = schema::by_key(&row.key).is_some_and(|setting| setting.secret);
        let opened = if secret { vault.open(&row.key, &row.value) } else { Ok(Secret::new(row.value)) };
        match opened {
            Ok(value) => page.push((row.key, value)),
            Err(why) => {
                warnings.push(Warning(format!("the settings page: {} is not heeded: {why}", row.key)));
            }
        }
    }
    warnings.extend(live.heed_page(page)?);
    Ok(warnings)
}

/// Saves these settings, each with its new value or none to forget it, and makes them count.
pub async fn change(
    app: &App,
    changes: &[(&str, Option<String>)],
    by: &str,
    now_ms: i64,
) -> Result<(), NotSaved> {
    if let Some((key, _)) = changes.iter().find(|(key, _)| !app.config.offers(key)) {
        return Err(NotSaved::NotOffered((*key).to_owned()));
    }
    let sealed = |key: &str, value: &str| match schema::by_key(key) {
        Some(setting) if setting.key == PIN => app.vault.seal(key, &pin::hashed(&app.key, value)),
        Some(setting) if setting.secret => app.vault.seal(key, value),
        Some(_) | None => value.to_owned(),
    };
    let rows: Vec<_> =
        changes.iter().map(|(key, value)| (*key, value.as_deref().map(|value| sealed(key, value)))).collect();
    let rows: Vec<_> = rows.iter().map(|(key, value)| (*key, value.as_deref())).collect();
    app.store.change_settings(&rows, by, now_ms).await?;
    refresh(app).await
}

/// Makes what is saved count, if another has saved something since it was last heeded, too.
pub async fn refresh(app: &App) -> Result<(), NotSaved> {
    hands::heed_rulings(app).await?;
    hands::heed_added(app).await?;
    app.listeners.refresh(&app.store).await?;
    let rows = app.store.settings().await?;
    if *app.saved.get() == rows && app.config.is_current() {
        return Ok(());
    }
    for warning in heed(&app.config, &app.store, &app.vault).await? {
        tracing::debug!("{warning}");
    }
    app.engines.forget();
    app.tools.set(tools(&app.config.get(), &app.store, &app.books, &app.bell, &app.listeners));
    app.saved.set(rows);
    Ok(())
}

/// The tools of these settings.
pub fn tools(
    config: &Config,
    store: &Store,
    books: &Arc<Books>,
    bell: &Arc<Bell>,
    listeners: &Arc<Listeners>,
) -> Tools {
    let calendar = &config.calendar;
    books.require_read_back(calendar.read_back);
    let destinations = config.answering.destinations.clone();
    let (bell, listeners) = (bell.clone(), listeners.clone());
    let mail = config.email.smtp_host.is_some();
    let (urgent_mail, urgent_text) = match config.owner.urgent {
        UrgentBy::Mail => (true, false),
        UrgentBy::Text => (false, true),
        UrgentBy::Both => (true, true),
    };
    let text = config.owners_number().filter(|_| urgent_text && jobs::can_text(config));
    let telling = Telling {
        mail: mail && config.mails_messages(),
        // An urgent message that cannot be texted is not left lying about.
        urgent_mail: mail && (urgent_mail || text.is_none()),
        urgent_text: text.map(|number| number.as_str().to_owned()),
        queued: Some(Arc::new(move || bell.ring())),
        also: Some(Arc::new(move |id, at_ms| {
            let event = Event::new(Kind::MessageTaken, id, at_ms);
            listeners.want(event.kind).then(|| event.planned())
        })),
    };
    let standard = Tools::standard(
        store,
        books.clone(),
        calendar.zone.clone(),
        calendar.hours.clone(),
        destinations,
        telling,
    );
    memory::tools(store, config.memory).into_iter().fold(standard, Tools::with)
}
