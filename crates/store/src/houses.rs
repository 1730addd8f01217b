//! Whose house is which: every user has one, in this database or in one beside it.

use crate::{Store, StoreError, UserRow, on_reader, on_writer};

/// A user's house.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HouseRow {
    pub user_id: String,
    /// What it is called in addresses; empty: it is this very database.
    pub name: String,
    /// It has something to do while nobody looks.
    pub busy: bool,
    pub made_ms: i64,
}

macro_rules! columns {
    () => {
        "user_id, name, busy <> 0 AS busy, made_ms"
    };
}

macro_rules! lived_in {
    () => {
        "EXISTS (SELECT 1 FROM users WHERE users.id = user_id AND disabled_ms IS NULL)"
    };
}

impl Store {
    /// The house of this user; where they have none yet they are given one of this `name`. This very database is the house of
    /// whoever was the first owner when it was first asked, and never becomes another's.
    pub async fn house_of(&self, user_id: &str, name: &str, now_ms: i64) -> Result<HouseRow, StoreError> {
        if let Some(row) = self.house(user_id).await? {
            return Ok(row);
        }
        if let Some(first) = self.owner().await? {
            self.house_made(&first.id, "", now_ms).await?;
        }
        self.house_made(user_id, name, now_ms).await?;
        self.house(user_id).await?.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
    }

    /// The house that is called so in addresses, while its user may use it.
    pub async fn house_named(&self, name: &str) -> Result<Option<HouseRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM houses WHERE name = $1 AND ", lived_in!(),
        ))
        .bind(name)
        .fetch_optional(db)
        .await)?)
    }

    /// The house that this very database is, whether or not its user may use it; none: nobody has looked yet whose it is.
    pub async fn house_here(&self) -> Result<Option<HouseRow>, StoreError> {
        Ok(
            on_reader!(self, db => sqlx::query_as(concat!("SELECT ", columns!(), " FROM houses WHERE name = ''"))
            .fetch_optional(db)
            .await)?,
        )
    }

    /// Every house whose user may use it, the oldest first.
    pub async fn houses(&self) -> Result<Vec<HouseRow>, StoreError> {
        Ok(on_reader!(self, db => sqlx::query_as(concat!(
            "SELECT ", columns!(), " FROM houses WHERE ", lived_in!(), " ORDER BY made_ms, user_id",
        ))
        .fetch_all(db)
        .await)?)
    }

    /// Remembers whether a house has something to do while nobody looks.
    pub async fn house_is_busy(&self, user_id: &str, busy: bool) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query("UPDATE houses SET busy = $2 WHERE user_id = $1")
            .bind(user_id)
            .bind(i64::from(busy))
            .execute(db)
            .await
            .map(|_| ()))?;
        Ok(())
    }

    /// Says in a house beside the accounts who lives in it, as some of what is remembered there says whose it is. Nobody can log
    /// in there, and nobody runs anything.
    pub async fn lived_in_by(&self, user: &UserRow) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query(
            "INSERT INTO users (id, email, name, role, created_ms) VALUES ($1, NULL, $2, 'member', $3) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        )
        .bind(&user.id)
        .bind(&user.name)
        .bind(user.created_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }

    async fn house(&self, user_id: &str) -> Result<Option<HouseRow>, StoreError> {
        Ok(
            on_reader!(self, db => sqlx::query_as(concat!("SELECT ", columns!(), " FROM houses WHERE user_id = $1"))
            .bind(user_id)
            .fetch_optional(db)
            .await)?,
        )
    }

    /// A user has one house, and a name one user: what would be a second one is not made.
    async fn house_made(&self, user_id: &str, name: &str, now_ms: i64) -> Result<(), StoreError> {
        on_writer!(self, db => sqlx::query(
            "INSERT INTO houses (user_id, name, busy, made_ms) VALUES ($1, $2, 0, $3) ON CONFLICT DO NOTHING",
        )
        .bind(user_id)
        .bind(name)
        .bind(now_ms)
        .execute(db)
        .await
        .map(|_| ()))?;
        Ok(())
    }
}
