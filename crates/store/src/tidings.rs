//! What instances at one database tell each other at once. Nothing of it is kept: who does not listen does not hear it.

use crate::{Db, Store, StoreError};
use sqlx::postgres::{PgListener, PgPoolOptions};

/// Hears what every instance tells, this one included.
pub struct Tidings {
    /// None: nobody else is at this database.
    listener: Option<PgListener>,
}

impl Store {
    /// What can be told at once, in bytes (Postgres takes less than 8000).
    pub const LONGEST_TIDINGS: usize = 7_900;

    /// Tells every instance that [hears](Self::hear); on SQLite there is none, and nothing is done. What is longer than
    /// [`LONGEST_TIDINGS`](Self::LONGEST_TIDINGS) is refused by the database.
    pub async fn tell(&self, words: &str) -> Result<(), StoreError> {
        match &self.db {
            Db::Sqlite { .. } => {}
            // Schemas of one database are houses of their own, and channels are not divided by schemas.
            Db::Postgres(pool) => {
                sqlx::query("SELECT pg_notify('earpiece_' || current_schema(), $1)")
                    .bind(words)
                    .execute(pool)
                    .await?;
            }
        }
        Ok(())
    }

    /// Listens from now on, on a connection of its own.
    pub async fn hear(&self) -> Result<Tidings, StoreError> {
        let Db::Postgres(pool) = &self.db else { return Ok(Tidings { listener: None }) };
        let channel: String =
            sqlx::query_scalar("SELECT 'earpiece_' || current_schema()").fetch_one(pool).await?;
        let options = pool.connect_options().as_ref().clone();
        let own = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(&channel).await?;
        Ok(Tidings { listener: Some(listener) })
    }
}

impl Tidings {
    /// What is told next; waits for ever where there is nobody to tell anything. Safe to cancel. After an error, listen
    /// anew: something may have been missed.
    pub async fn next(&mut self) -> Result<String, StoreError> {
        let Some(listener) = &mut self.listener else { return std::future::pending().await };
        match listener.try_recv().await? {
            Some(told) => Ok(told.payload().to_owned()),
            None => Err(sqlx::Error::PoolClosed.into()),
        }
    }
}
