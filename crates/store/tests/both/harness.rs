//! Every promise is kept on both databases: a test is written once, as a function of an empty [`Store`].

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::Store;
use tokio::sync::OnceCell;

/// Makes two tests of each function: `promise::sqlite` and `promise::postgres`.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        $(
            mod $promise {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    let database = crate::harness::Sqlite::new();
                    super::super::$promise(database.open().await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    let database = crate::harness::Postgres::new().await;
                    super::super::$promise(database.open().await).await;
                    database.drop().await;
                }
            }
        )+
    };
}

/// Likewise of functions of a [`Database`], which can be opened several times.
macro_rules! on_both_databases {
    ($($promise:ident),+ $(,)?) => {
        $(
            mod $promise {
                use crate::harness::{Database, Postgres, Sqlite};

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    super::super::$promise(&Database::Sqlite(Sqlite::new())).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    let database = Database::Postgres(Postgres::new().await);
                    super::super::$promise(&database).await;
                    database.drop().await;
                }
            }
        )+
    };
}

pub(crate) use {on_both, on_both_databases};

/// One database, for as many programs as open it.
pub enum Database {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Database {
    pub async fn open(&self) -> Store {
        match self {
            Database::Sqlite(database) => database.open().await,
            Database::Postgres(database) => database.open().await,
        }
    }

    pub fn address(&self) -> String {
        match self {
            Database::Sqlite(database) => database.address(),
            Database::Postgres(database) => database.address(),
        }
    }

    pub async fn drop(self) {
        match self {
            Database::Sqlite(_) => {}
            Database::Postgres(database) => database.drop().await,
        }
    }
}

/// A file in a folder of its own, gone with this.
pub struct Sqlite {
    folder: tempfile::TempDir,
}

impl Sqlite {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn address(&self) -> String {
        format!("sqlite:///{}/store.db", self.folder.path().display())
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.address()).await.expect("an SQLite store")
    }
}

/// The database that every other one is a copy of: making our tables takes longer than most tests do. It goes with the
/// throw-away cluster.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// A database of its own in the throw-away cluster.
pub struct Postgres {
    cluster: String,
    name: String,
}

impl Postgres {
    /// One with our tables and nothing in them, as [`Store::open`] makes it.
    pub async fn new() -> Self {
        let template = async || {
            let database = Self::empty().await;
            // Of one that somebody uses no copy is made.
            database.open().await.close().await;
            database.name
        };
        Self::copy_of(TEMPLATE.get_or_init(template).await).await
    }

    /// One without a table.
    pub async fn empty() -> Self {
        Self::copy_of("template0").await
    }

    async fn copy_of(template: &str) -> Self {
        let cluster = std::env::var("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL names no Postgres server to test with: run `scripts/with-postgres cargo test -p store`, \
             which starts one and stops it (Debian, Ubuntu: apt-get install postgresql)",
        );
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let database = Self { cluster, name };
        database.admin(format!("CREATE DATABASE {} TEMPLATE {template}", database.name)).await;
        database
    }

    pub fn address(&self) -> String {
        let (server, _) = self.cluster.rsplit_once('/').expect("TEST_POSTGRES_URL ends in /database");
        format!("{server}/{}", self.name)
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.address()).await.expect("a Postgres store")
    }

    pub async fn drop(self) {
        self.admin(format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }

    async fn admin(&self, sql: String) {
        let mut connection =
            PgConnection::connect(&self.cluster).await.expect("the server of TEST_POSTGRES_URL answers");
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .expect("an administrator's statement");
        connection.close().await.expect("a goodbye");
    }
}
