//! Servers of tools: what each offered last, and what the owner consented to there. What that is, and how it is sealed, is
//! the server's business; here it is text.

use crate::{Store, StoreError, on_reader, on_writer};

/// What is remembered of a server of tools.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct McpRow {
    pub name: String,
    /// What it is reached by, hashed.
    pub address: String,
    /// What it offered last.
    pub listing: String,
    /// How it fares.
    pub state: String,
    /// What is wrong, for the owner; empty where nothing is.
    pub why: String,
    /// What it calls itself.
    pub title: String,
    pub changed_ms: i64,
}

impl Store {
    /// Remembers a server as it is now.
    pub async fn mcp_seen(&self, row: &McpRow) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query(
            "INSERT INTO mcp_servers (name, address, listing, state, why, title, changed_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO UPDATE SET address = excluded.address, \
             listing = excluded.listing, state = excluded.state, why = excluded.why, title = excluded.title, \
             changed_ms = excluded.changed_ms",
        )
        .bind(&row.name)
        .bind(&row.address)
        .bind(&row.listing)
        .bind(&row.state)
        .bind(&row.why)
        .bind(&row.title)
        .bind(row.changed_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// Every server that is remembered, by name.
    pub async fn mcp_servers(&self) -> Result<Vec<McpRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(
            "SELECT name, address, listing, state, why, title, changed_ms FROM mcp_servers ORDER BY name",
        )
        .fetch_all(db)
        .await)?)
    }

    /// Keeps what the owner consented to at this server, in place of what was kept before.
    pub async fn mcp_granted(
        &self,
        name: &str,
        address: &str,
        sealed: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query(
            "INSERT INTO mcp_grants (name, address, sealed, changed_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (name) DO UPDATE SET address = excluded.address, sealed = excluded.sealed, \
             changed_ms = excluded.changed_ms",
        )
        .bind(name)
        .bind(address)
        .bind(sealed)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// What the owner consented to at this server, sealed; none where it is reached by something else than then.
    pub async fn mcp_grant(&self, name: &str, address: &str) -> Result<Option<String>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar(
            "SELECT sealed FROM mcp_grants WHERE name = $1 AND address = $2",
        )
        .bind(name)
        .bind(address)
        .fetch_optional(db)
        .await)?)
    }
}
