//! What a command needs that works beside a server: a house's settings, with what was saved on the page, and its database.

use crate::{
    audit::{self, Deed},
    config::{Config, Flags, Live, Place, Sources},
    data, saved,
    secret::Secret,
    vault::Vault,
    whose,
};
use anyhow::Context;
use std::sync::Arc;
use store::{HouseRow, Store};

/// Whose house a command is about.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Whose {
    /// The user whose house it is about, by address or id [default: the first owner].
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    #[command(flatten)]
    pub flags: Flags,
}

/// A house beside its server.
pub struct House {
    pub config: Arc<Config>,
    pub store: Store,
    pub key: Secret,
    /// What it is called in addresses; empty: it is the first owner's.
    pub name: String,
    /// Where users are remembered.
    accounts: Store,
}

/// Opens it. The server may run meanwhile, and nothing of its calls is touched.
pub async fn open(whose: &Whose) -> anyhow::Result<House> {
    let (live, _) = Live::load(Sources::of_process(&whose.flags)?)?;
    let (key, accounts) = data::open(&live.get()).await?;
    saved::heed(&live, &accounts, &Vault::new(&key)).await?;
    let other = match &whose.user {
        Some(user) => Some(of_user(&accounts, user).await?).filter(|row| !row.name.is_empty()),
        None => None,
    };
    let Some(row) = other else {
        let (config, store) = (live.get(), accounts.clone());
        return Ok(House { config, store, key, name: String::new(), accounts });
    };
    let installation = Arc::new(live);
    let around = installation.get();
    let place = Place { prefix: whose::prefix(&row.name), folder: data::folder_of(&around, &row.user_id) };
    let (live, _) = Live::within(installation, place)?;
    let (key, store) = data::open_beside(&around, &key, &row, &live.get()).await?;
    saved::heed(&live, &store, &Vault::new(&key)).await?;
    Ok(House { config: live.get(), store, key, name: row.name, accounts })
}

async fn of_user(accounts: &Store, whom: &str) -> anyhow::Result<HouseRow> {
    let user = match accounts.user(whom).await? {
        Some(user) => Some(user),
        None => accounts.user_by_email(whom).await?,
    };
    let user =
        user.with_context(|| format!("there is no user {whom}; earpiece user list names those there are"))?;
    let house = accounts.houses().await?.into_iter().find(|row| row.user_id == user.id);
    house.with_context(|| format!("{whom} has not logged in yet, or may not: there is no house of theirs"))
}

impl House {
    /// Writes down what was done. Owners of the installation read that something was done in another user's house, and not
    /// to what.
    pub async fn audit(&self, deed: Deed, about: &str) {
        let here = self.name.is_empty();
        let mut written = audit::at_terminal(&self.accounts, deed, if here { about } else { "" }).await;
        if !here {
            written = written.and(audit::at_terminal(&self.store, deed, about).await);
        }
        if let Err(error) = written {
            tracing::error!(%error, what = deed.name(), "what was done could not be written into the audit log");
        }
    }

    pub async fn close(self) {
        self.store.close().await;
        self.accounts.close().await;
    }
}
