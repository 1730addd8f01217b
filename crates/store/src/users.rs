//! Who may log in, as what, and the one-time links by which they do without a password.

use crate::{Store, StoreError, Tx, new_id, on_reader, on_tx, on_writer};
use sqlx::error::DatabaseError;

/// Someone who can log in.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct UserRow {
    pub id: String,
    /// Lower case.
    pub email: Option<String>,
    pub name: String,
    /// [`Role::name`]. Whoever has another has no more rights than a member.
    pub role: String,
    pub created_ms: i64,
    /// Since when they may not log in.
    pub disabled_ms: Option<i64>,
}

/// What a user may do beyond what is their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs the installation: manages its users, and reads its audit log.
    Owner,
    Member,
}

/// What became of a change that might leave nobody to run the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    Done,
    /// There is no such user.
    Nobody,
    /// They are the last owner who may log in: nothing was changed.
    LastOwner,
    /// This very database is their house, and can be no other's: nothing was changed.
    LivesHere,
}

impl Changed {
    fn is_refused(self) -> bool {
        matches!(self, Changed::LastOwner | Changed::LivesHere)
    }
}

macro_rules! user_columns {
    () => {
        "id, email, name, role, created_ms, disabled_ms"
    };
}

pub(crate) use user_columns;

impl Role {
    pub const ALL: [Role; 2] = [Role::Owner, Role::Member];

    /// As records spell it.
    pub fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Member => "member",
        }
    }

    /// The inverse of [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl UserRow {
    pub fn is_owner(&self) -> bool {
        self.role == Role::Owner.name()
    }
}

impl Store {
    pub async fn owner_exists(&self) -> Result<bool, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar("SELECT count(*) > 0 FROM users WHERE role = 'owner'")
            .fetch_one(db)
            .await)?)
    }

    /// The owner; the first who may log in where there are several.
    pub async fn owner(&self) -> Result<Option<UserRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", user_columns!(), " FROM users WHERE role = 'owner' AND disabled_ms IS NULL ORDER BY created_ms, id LIMIT 1",
        ))
        .fetch_optional(db)
        .await)?)
    }

    /// All users, the first one first.
    pub async fn users(&self) -> Result<Vec<UserRow>, StoreError> {
        Ok(
            on_reader!(self, db => sqlx::query_as(concat!("SELECT ", user_columns!(), " FROM users ORDER BY created_ms, id"))
            .fetch_all(db)
            .await)?,
        )
    }

    pub async fn user(&self, id: &str) -> Result<Option<UserRow>, StoreError> {
        Ok(
            on_reader!(self, db => sqlx::query_as(concat!("SELECT ", user_columns!(), " FROM users WHERE id = $1"))
            .bind(id)
            .fetch_optional(db)
            .await)?,
        )
    }

    /// Whose address this is, in any case.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserRow>, StoreError> {
        Ok(
            on_reader!(self, db => sqlx::query_as(concat!("SELECT ", user_columns!(), " FROM users WHERE email = $1"))
            .bind(lower(email))
            .fetch_optional(db)
            .await)?,
        )
    }

    /// Makes a user. An address (in any case) that another user has is an error.
    pub async fn create_user(
        &self,
        email: Option<&str>,
        name: &str,
        role: &str,
        now_ms: i64,
    ) -> Result<UserRow, StoreError> {
        Ok(on_writer!(self, db => sqlx::query_as(concat!(
            "INSERT INTO users (id, email, name, role, created_ms) VALUES ($1, $2, $3, $4, $5) RETURNING ", user_columns!(),
        ))
        .bind(new_id(now_ms))
        .bind(email.map(lower))
        .bind(name)
        .bind(role)
        .bind(now_ms)
        .fetch_one(db)
        .await)?)
    }

    /// Changes name and address of a user; links for a new password that were mailed to another address are good no longer.
    /// False: another user has that address, and nothing was changed.
    pub async fn user_described(
        &self,
        id: &str,
        email: Option<&str>,
        name: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let email = email.map(lower);
        on_tx!(&mut tx, db => sqlx::query(
            "DELETE FROM password_resets WHERE user_id IN \
             (SELECT id FROM users WHERE id = $1 AND COALESCE(email, '') <> COALESCE($2, ''))",
        )
        .bind(id)
        .bind(&email)
        .execute(db)
        .await
        .map(|_| ()))?;
        let done = on_tx!(&mut tx, db => sqlx::query("UPDATE users SET email = $2, name = $3 WHERE id = $1")
            .bind(id)
            .bind(&email)
            .bind(name)
            .execute(db)
            .await
            .map(|_| ()));
        match done {
            Ok(()) => tx.commit().await?,
            Err(error) if error.as_database_error().is_some_and(<dyn DatabaseError>::is_unique_violation) => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Gives a user another role.
    pub async fn user_role_set(&self, id: &str, role: Role) -> Result<Changed, StoreError> {
        let mut tx = self.begin().await?;
        let mut changed = weighed(&mut tx, id).await?;
        if changed.is_refused() && role == Role::Owner {
            changed = Changed::Done;
        }
        if changed == Changed::Done {
            on_tx!(&mut tx, db => sqlx::query("UPDATE users SET role = $2 WHERE id = $1")
                .bind(id)
                .bind(role.name())
                .execute(db)
                .await
                .map(|_| ()))?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// From `since_ms` on the user may not log in, and their sessions are over; with none they may again.
    pub async fn user_disabled(&self, id: &str, since_ms: Option<i64>) -> Result<Changed, StoreError> {
        let mut tx = self.begin().await?;
        let mut changed = weighed(&mut tx, id).await?;
        if changed.is_refused() && since_ms.is_none() {
            changed = Changed::Done;
        }
        if changed == Changed::Done {
            on_tx!(&mut tx, db => sqlx::query("UPDATE users SET disabled_ms = $2 WHERE id = $1")
                .bind(id)
                .bind(since_ms)
                .execute(db)
                .await
                .map(|_| ()))?;
            if since_ms.is_some() {
                on_tx!(&mut tx, db => sqlx::query("DELETE FROM sessions WHERE user_id = $1")
                    .bind(id)
                    .execute(db)
                    .await
                    .map(|_| ()))?;
            }
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// The user is there no longer, nor are their sessions, password and second factor.
    pub async fn user_removed(&self, id: &str) -> Result<Changed, StoreError> {
        let mut tx = self.begin().await?;
        let changed = weighed(&mut tx, id).await?;
        if changed == Changed::Done {
            on_tx!(&mut tx, db => sqlx::query("DELETE FROM owner_links WHERE user_id = $1")
                .bind(id)
                .execute(db)
                .await
                .map(|_| ()))?;
            on_tx!(&mut tx, db => sqlx::query("DELETE FROM users WHERE id = $1").bind(id).execute(db).await.map(|_| ()))?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Remembers a link by which, once and until `expires_ms`, somebody logs in as this user; with none, as the owner, or
    /// becomes the owner. `hash` is SHA-256 in hex.
    pub async fn login_link_made(
        &self,
        hash: &str,
        user_id: Option<&str>,
        expires_ms: i64,
    ) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("INSERT INTO owner_links (hash, user_id, expires_ms) VALUES ($1, $2, $3)")
            .bind(hash)
            .bind(user_id)
            .bind(expires_ms)
            .execute(db)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Whether a link can be used, and for whom: no user is the owner. Uses up nothing.
    pub async fn login_link(&self, hash: &str, now_ms: i64) -> Result<Option<Option<String>>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_scalar(
            "SELECT user_id FROM owner_links WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2",
        )
        .bind(hash)
        .bind(now_ms)
        .fetch_optional(db)
        .await)?)
    }

    /// Uses up a link. Of any number that try at once, one is told that it was good.
    pub async fn login_link_used(&self, hash: &str, now_ms: i64) -> Result<bool, StoreError> {
        let used = on_writer!(self, db => sqlx::query(
            "UPDATE owner_links SET used_ms = $2 WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2",
        )
        .bind(hash)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(used == 1)
    }
}

/// Whether the installation could do without this user, or without them as an owner. Until the transaction ends nobody else may ask: each
/// touches every owner's row first.
async fn weighed(tx: &mut Tx, id: &str) -> Result<Changed, sqlx::Error> {
    on_tx!(tx, db => sqlx::query("UPDATE users SET role = role WHERE role = 'owner'").execute(db).await.map(|_| ()))?;
    let lives_here: i64 = on_tx!(tx, db => sqlx::query_scalar(
        "SELECT count(*) FROM houses WHERE user_id = $1 AND name = ''",
    )
    .bind(id)
    .fetch_one(db)
    .await)?;
    if lives_here > 0 {
        return Ok(Changed::LivesHere);
    }
    let needed: Option<bool> = on_tx!(tx, db => sqlx::query_scalar(
        "SELECT role = 'owner' AND disabled_ms IS NULL AND NOT EXISTS (SELECT 1 FROM users AS others \
         WHERE others.role = 'owner' AND others.disabled_ms IS NULL AND others.id <> users.id) \
         FROM users WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await)?;
    Ok(match needed {
        None => Changed::Nobody,
        Some(true) => Changed::LastOwner,
        Some(false) => Changed::Done,
    })
}

/// An address as it is remembered.
pub(crate) fn lower(email: &str) -> String {
    email.trim().to_lowercase()
}
