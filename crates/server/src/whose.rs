//! Whose a house is, and where its addresses begin.

use store::{HouseRow, Store, StoreError, UserRow};
use tool::network::Network;

/// What the addresses of houses begin with, beside the first owner's.
pub const UNDER: &str = "/u/";

/// Whose a house is.
#[derive(Clone, Debug)]
pub struct Whose {
    /// Where users are remembered: the installation's database, which is the first owner's own, too.
    accounts: Store,
    /// None: the first owner's.
    row: Option<HouseRow>,
}

impl Whose {
    /// The house of the first owner, who need not be there yet.
    pub fn first(accounts: Store) -> Self {
        Self { accounts, row: None }
    }

    /// The house of another user.
    pub fn another(accounts: Store, row: HouseRow) -> Self {
        Self { accounts, row: Some(row) }
    }

    /// Where users are remembered.
    pub fn accounts(&self) -> &Store {
        &self.accounts
    }

    /// What it is called in addresses; empty: it is the first owner's.
    pub fn name(&self) -> &str {
        self.row.as_ref().map_or("", |row| &row.name)
    }

    /// What its addresses begin with: nothing, or `/u/` and its name.
    pub fn prefix(&self) -> String {
        self.row.as_ref().map(|row| prefix(&row.name)).unwrap_or_default()
    }

    /// Into which network what is set there may lead: whoever is no more than a guest of the installation reaches nothing that
    /// is behind its firewall.
    pub fn network(&self) -> Network {
        if self.name().is_empty() { Network::Any } else { Network::Public }
    }

    /// The user who lives in it, while they may log in.
    pub async fn user(&self) -> Result<Option<UserRow>, StoreError> {
        match self.settled().await? {
            Some(row) => self.dweller(&row).await,
            // Nobody has looked yet.
            None => self.accounts.owner().await,
        }
    }

    /// Whether the user who lives in it may log in no longer, or is none any more: then nobody else acts for them, either.
    pub async fn is_shut(&self) -> Result<bool, StoreError> {
        match self.settled().await? {
            Some(row) => Ok(self.dweller(&row).await?.is_none()),
            None => Ok(false),
        }
    }

    /// Whose it was settled to be; none: it is the first owner's, whoever that will be.
    async fn settled(&self) -> Result<Option<HouseRow>, StoreError> {
        match &self.row {
            Some(row) => Ok(Some(row.clone())),
            None => self.accounts.house_here().await,
        }
    }

    async fn dweller(&self, row: &HouseRow) -> Result<Option<UserRow>, StoreError> {
        Ok(self.accounts.user(&row.user_id).await?.filter(|user| user.disabled_ms.is_none()))
    }
}

/// What the addresses of the house of this name begin with.
pub fn prefix(name: &str) -> String {
    format!("{UNDER}{name}")
}
