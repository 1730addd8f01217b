//! Every promise is kept on both databases: a test is written once, as a function of an empty [`Store`].

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::atomic::{AtomicU32, Ordering};
use store::Store;

/// Makes two tests of each function: `promise::sqlite` and `promise::postgres`.
macro_rules! on_both {
    ($($promise:ident),+ $(,)?) => {
        $(
            mod $promise {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    let folder = tempfile::tempdir().expect("a temporary folder");
                    let address = $crate::harness::sqlite(&folder);
                    super::$promise($crate::harness::open(&address).await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    let database = $crate::harness::Postgres::new().await;
                    super::$promise($crate::harness::open(&database.address()).await).await;
                    database.drop().await;
                }
            }
        )+
    };
}

/// Likewise of functions of the address of an empty database, which they open as often as there are processes.
macro_rules! on_both_by_address {
    ($($promise:ident),+ $(,)?) => {
        $(
            mod $promise {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    let folder = tempfile::tempdir().expect("a temporary folder");
                    super::$promise($crate::harness::sqlite(&folder)).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    let database = $crate::harness::Postgres::new().await;
                    super::$promise(database.address()).await;
                    database.drop().await;
                }
            }
        )+
    };
}

pub(crate) use {on_both, on_both_by_address};

pub fn sqlite(folder: &tempfile::TempDir) -> String {
    format!("sqlite:///{}/store.db", folder.path().display())
}

pub async fn open(address: &str) -> Store {
    Store::open(address).await.expect("a store")
}

/// An empty database of its own in the throw-away cluster.
pub struct Postgres {
    cluster: String,
    name: String,
}

impl Postgres {
    pub async fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let cluster = std::env::var("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL names no Postgres server to test with: run `scripts/with-postgres cargo test -p tool`, \
             which starts one and stops it (Debian, Ubuntu: apt-get install postgresql)",
        );
        let name = format!("tool_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let database = Self { cluster, name };
        database.admin(format!("CREATE DATABASE {} TEMPLATE template0", database.name)).await;
        database
    }

    pub fn address(&self) -> String {
        let (server, _) = self.cluster.rsplit_once('/').expect("TEST_POSTGRES_URL ends in /database");
        format!("{server}/{}", self.name)
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
