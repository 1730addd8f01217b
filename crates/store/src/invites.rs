//! Who may become a user: invitations by link.

use crate::{
    Role, Store, StoreError, UserRow, new_id, on_reader, on_tx, on_writer,
    users::{lower, user_columns},
};

/// Somebody is invited.
#[derive(Clone, Copy, Debug)]
pub struct NewInvite<'a> {
    pub id: &'a str,
    /// SHA-256 of the link's secret, in hex. The secret itself is never stored.
    pub hash: &'a str,
    /// Whose it is; empty: whoever has the link says so.
    pub email: &'a str,
    pub role: Role,
    /// The name of whoever invites; empty: nobody does, they asked for it themselves.
    pub by_whom: &'a str,
    pub now_ms: i64,
    pub expires_ms: i64,
}

/// An invitation as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct InviteRow {
    pub id: String,
    pub email: String,
    /// [`Role::name`]
    pub role: String,
    pub by_whom: String,
    pub made_ms: i64,
    pub expires_ms: i64,
}

/// What became of somebody who wants to become a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    User(UserRow),
    /// The invitation is used, too old, or none.
    NotInvited,
    /// Another user has that address. The invitation is as good as before.
    AddressTaken,
}

macro_rules! columns {
    () => {
        "id, email, role, by_whom, made_ms, expires_ms"
    };
}

impl Store {
    /// An id for a new invitation.
    pub fn invite_id(now_ms: i64) -> String {
        new_id(now_ms)
    }

    /// Invites somebody. The same invitation again is no error. Those that are over are forgotten on the way.
    pub async fn invited(&self, new: &NewInvite<'_>) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("DELETE FROM invites WHERE expires_ms <= $1 OR used_ms IS NOT NULL")
            .bind(new.now_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        on_writer!(self, db => sqlx::query(
            "INSERT INTO invites (id, hash, email, role, by_whom, made_ms, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(new.id)
        .bind(new.hash)
        .bind(lower(new.email))
        .bind(new.role.name())
        .bind(new.by_whom)
        .bind(new.now_ms)
        .bind(new.expires_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    /// The invitation with this hash, where it is good. Uses up nothing.
    pub async fn invite(&self, hash: &str, now_ms: i64) -> Result<Option<InviteRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM invites WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2",
        ))
        .bind(hash)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?)
    }

    /// Invitations of owners that are good, the latest first.
    pub async fn invites(&self, now_ms: i64) -> Result<Vec<InviteRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM invites WHERE used_ms IS NULL AND expires_ms > $1 AND by_whom <> '' \
             ORDER BY made_ms DESC, id DESC",
        ))
        .bind(now_ms)
        .fetch_all(db)
        .await)?)
    }

    /// Withdraws an invitation. Gives whose it was; none: there was none.
    pub async fn invite_withdrawn(&self, id: &str) -> Result<Option<String>, StoreError> {
        Ok(
            on_writer!(self, db => sqlx::query_scalar("DELETE FROM invites WHERE id = $1 AND used_ms IS NULL RETURNING email")
            .bind(id)
            .fetch_optional(db)
            .await)?,
        )
    }

    /// Makes whoever has the invitation a user with this address, name and password, and uses it up, in one step. Of any
    /// number that try at once, one becomes a user.
    pub async fn joined(
        &self,
        invite_hash: &str,
        email: &str,
        name: &str,
        password_hash: &str,
        now_ms: i64,
    ) -> Result<Joined, StoreError> {
        let mut tx = self.begin().await?;
        let role: Option<String> = on_tx!(&mut tx, db => sqlx::query_scalar(
            "UPDATE invites SET used_ms = $2 WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2 RETURNING role",
        )
        .bind(invite_hash)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?;
        let Some(role) = role else { return Ok(Joined::NotInvited) };
        let user: Option<UserRow> = on_tx!(&mut tx, db => sqlx::query_as(concat!(
            "INSERT INTO users (id, email, name, role, created_ms) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (email) DO NOTHING RETURNING ", user_columns!(),
        ))
        .bind(new_id(now_ms))
        .bind(lower(email))
        .bind(name)
        .bind(role)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?;
        // The transaction is rolled back, and the invitation as good as before.
        let Some(user) = user else { return Ok(Joined::AddressTaken) };
        on_tx!(&mut tx, db => sqlx::query("INSERT INTO passwords (user_id, hash, changed_ms) VALUES ($1, $2, $3)")
            .bind(&user.id)
            .bind(password_hash)
            .bind(now_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        tx.commit().await?;
        Ok(Joined::User(user))
    }
}
