//! Whose a house is, and where its addresses begin.

use store::{HouseRow, Store, StoreError, UserRow};

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

    /// The user who lives in it.
    pub async fn user(&self) -> Result<Option<UserRow>, StoreError> {
        match &self.row {
            Some(row) => self.accounts.user(&row.user_id).await,
            None => match self.accounts.house_named("").await? {
                Some(row) => self.accounts.user(&row.user_id).await,
                // Nobody has looked yet.
                None => self.accounts.owner().await,
            },
        }
    }
}

/// What the addresses of the house of this name begin with.
pub fn prefix(name: &str) -> String {
    format!("{UNDER}{name}")
}
