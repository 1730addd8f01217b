//! What is remembered, in SQLite or Postgres, by one SQL text a query.
//!
//! ```text
//!   Store::open(address) ─► calls  notes  tokens  callers  settings  users  sessions  messages  texts  talks  pins
//!                           memories  call_briefs  call_words  recordings  retention  audit
//!                           passwords  invites  pictures  phone_links  api_tokens  api_answers  added  drafts
//!                           webhooks  figures  refusals  tidings
//!                           plan ─► intents ─► changes of appointments    holds  jobs  feeds
//!                           oauth_states ─► credentials ─► connections    mcp  rulings  connected
//!        open_beside(…) ─► the same, for another user: houses says whose is which
//! ```
//!
//! Every function is a method on [`Store`], in the file of its noun. Times are milliseconds since 1970 and always an
//! argument; ids are UUIDs (version 7) as text, so that they sort by time; secrets come as hashes and leave as nothing.
//!
//! To remember one more thing: a table in a new file in `migrations/` (in the SQL that both databases read: TEXT,
//! BIGINT, `ON CONFLICT … RETURNING`, no `NOW()`, no BOOLEAN), a file here with its functions, and its promises in
//! `tests/both/`, which run on both databases.

mod added;
mod api_answers;
mod api_tokens;
mod appointments;
mod audit;
mod call_briefs;
mod call_words;
mod callers;
mod calls;
mod changes;
mod connected;
mod connections;
mod credentials;
mod drafts;
mod feeds;
mod figures;
mod holds;
mod houses;
mod intents;
mod invites;
mod jobs;
mod mcp;
mod memories;
mod messages;
mod notes;
mod oauth_states;
mod open;
mod passwords;
mod phone_links;
mod pictures;
mod pins;
mod plan;
mod recordings;
mod refusals;
mod retention;
mod rulings;
mod sessions;
mod settings;
mod talks;
mod texts;
mod tidings;
mod tokens;
mod users;
mod webhooks;

pub use added::AddedRow;
pub use api_answers::Asked;
pub use api_tokens::ApiTokenRow;
pub use appointments::{AppointmentRow, Gap, Sought, Span, Stands};
pub use audit::{AuditRow, NewAudit};
pub use call_briefs::{CallBrief, Unbriefed};
pub use call_words::words;
pub use callers::{CallerMark, CallerRow, Forgotten};
pub use calls::{Begun, CallRow, NewCall, Which};
pub use changes::{Carried, ChangeRow, Followup};
pub use connected::ConnectedRow;
pub use connections::{ConnectionRow, ConnectionState, NewConnection};
pub use credentials::{CredentialRow, CredentialState, NewCredential};
pub use figures::{AnswerTimes, CallsOfDay};
pub use holds::{Asking, Held, Hold};
pub use houses::HouseRow;
pub use intents::{Intent, IntentState, Outcome, Remote, What};
pub use invites::{InviteRow, Joined, NewInvite};
pub use jobs::{JobRow, JobState, NewJob};
pub use mcp::McpRow;
pub use memories::{MemoryRow, NewMemory};
pub use messages::{MessageRow, NewMessage, NewVoicemail};
pub use notes::NoteRow;
pub use oauth_states::{NewOauthState, OauthStateRow};
pub use passwords::{FactorRow, PasswordRow};
pub use phone_links::{NewPhoneLink, PhoneLinkRow};
pub use plan::{By, NewAppointment, Plan, Planned};
pub use recordings::{Piece, RecordingRow, Side};
pub use refusals::RefusalRow;
pub use retention::Kept;
pub use rulings::RulingRow;
pub use sessions::{NewSession, SessionRow};
pub use settings::SettingRow;
pub use talks::TextTalk;
pub use texts::{Delivery, Direction, NewText, TextRow, Texted};
pub use tidings::Tidings;
pub use tokens::{Issued, NewToken, Spent};
pub use users::{Changed, Role, UserRow};
pub use webhooks::{Handed, NewWebhook, NewWebhookDelivery, Tried, WebhookDeliveryRow, WebhookRow};

use sqlx::{PgPool, SqlitePool};

/// The database, open and up to date. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
}

#[derive(Clone, Debug)]
enum Db {
    /// One connection that writes, so that nobody waits for a lock inside SQLite, and several that read. In memory
    /// both are the same single connection.
    Sqlite {
        writer: SqlitePool,
        reader: SqlitePool,
    },
    Postgres(PgPool),
}

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is none that we understand. The text says which are.
    #[error("{0}")]
    Address(String),
    /// The database cannot be opened or reached. The text says which, why and what to do, without the password.
    #[error("{0}")]
    Unreachable(String),
    /// The tables cannot be brought up to date. The text says why and what to do.
    #[error("{0}")]
    Outdated(String),
    /// There is no such call.
    #[error("there is no call {0}")]
    NoSuchCall(String),
    /// The database refused or failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl Store {
    /// Whether other instances may be at work on the same database.
    pub fn is_shared(&self) -> bool {
        match self.db {
            Db::Sqlite { .. } => false,
            Db::Postgres(_) => true,
        }
    }

    /// Asks the database for nothing, to see whether it answers.
    pub async fn health(&self) -> Result<(), StoreError> {
        on_reader!(self, db => sqlx::query("SELECT 1").execute(db).await.map(|_| ()))?;
        on_writer!(self, db => sqlx::query("SELECT 1").execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Moves what SQLite has logged into the database, without making anybody who writes wait for the disk. To be
    /// called every few seconds; does nothing on Postgres.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        if let Db::Sqlite { reader, .. } = &self.db {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(reader).await?;
        }
        Ok(())
    }

    /// Waits for what is under way and closes all connections.
    pub async fn close(&self) {
        match &self.db {
            Db::Sqlite { writer, reader } => {
                reader.close().await;
                writer.close().await;
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }

    /// Begins a transaction that may write. On SQLite it is the only one until it ends.
    async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match &self.db {
            Db::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => {
                // Whoever begins may go away while BEGIN is on its way. The connection would then go back to the pool with
                // a transaction that sqlx knows nothing of, in which whatever the next one writes is lost.
                let pool = pool.clone();
                #[expect(clippy::disallowed_methods, reason = "it has to end even if nobody waits for it")]
                let begun = tokio::spawn(async move { pool.begin().await });
                Tx::Postgres(begun.await.map_err(|_| sqlx::Error::PoolClosed)??)
            }
        })
    }
}

/// Rolled back unless committed.
enum Tx {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Tx::Sqlite(tx) => tx.commit().await,
            Tx::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Runs `$body` with `$db` bound to the connections that read.
macro_rules! on_reader {
    ($store:expr, $db:ident => $body:expr) => {
        match &$store.db {
            $crate::Db::Sqlite { reader: $db, .. } => $body,
            $crate::Db::Postgres($db) => $body,
        }
    };
}

/// Runs `$body` with `$db` bound to the connections that write.
macro_rules! on_writer {
    ($store:expr, $db:ident => $body:expr) => {
        match &$store.db {
            $crate::Db::Sqlite { writer: $db, .. } => $body,
            $crate::Db::Postgres($db) => $body,
        }
    };
}

/// Runs `$body` with `$db` bound to the transaction's connection.
macro_rules! on_tx {
    ($tx:expr, $db:ident => $body:expr) => {
        match &mut *$tx {
            $crate::Tx::Sqlite(tx) => {
                let $db = &mut **tx;
                $body
            }
            $crate::Tx::Postgres(tx) => {
                let $db = &mut **tx;
                $body
            }
        }
    };
}

use {on_reader, on_tx, on_writer};

/// An id that sorts by `now_ms`.
fn new_id(now_ms: i64) -> String {
    let random = uuid::Uuid::new_v4();
    let random = random.as_bytes();
    // Bytes 6 and 8 of a version 4 UUID are not all random.
    let bits = std::array::from_fn(|i| if i < 6 { random[i] } else { random[i + 3] });
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(now_ms).unwrap_or(0), &bits)
        .into_uuid()
        .to_string()
}
