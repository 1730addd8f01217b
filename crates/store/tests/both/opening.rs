//! Finding, making and refusing databases.

use crate::harness::{Postgres, Sqlite};
use store::{Store, StoreError};

#[tokio::test]
async fn a_file_and_its_folders_are_made_and_found_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let address = format!("sqlite:///{}/new/deeper/store.db", folder.path().display());
    let store = Store::open(&address).await.expect("made");
    store.caller_seen("+49301", 1_000).await.expect("seen");
    store.close().await;
    let store = Store::open(&address).await.expect("found");
    assert_eq!(store.callers(10).await.expect("listed").len(), 1);
    assert!(!store.is_shared());
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let database = Sqlite::new();
    let store = database.open().await;
    store.caller_seen("+49301", 1_000).await.expect("seen");
    let path = database.address().replacen("sqlite:///", "", 1);
    for file in [path.clone(), format!("{path}-wal")] {
        let mode = std::fs::metadata(&file).expect("the file is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} can be read by others");
    }
}

#[tokio::test]
async fn a_database_in_memory_is_ones_own_and_outlives_idleness() {
    let (one, other) = (
        Store::open("sqlite::memory:").await.expect("opened"),
        Store::open("sqlite::memory:").await.expect("opened"),
    );
    one.caller_seen("+49301", 1_000).await.expect("seen");
    assert_eq!(one.callers(10).await.expect("listed").len(), 1);
    assert_eq!(other.callers(10).await.expect("listed").len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_that_open_a_new_file_at_once_all_find_its_tables() {
    let database = Sqlite::new();
    eight_open(database.address()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_that_open_an_empty_postgres_at_once_all_find_its_tables() {
    let database = Postgres::empty().await;
    eight_open(database.address()).await;
    assert!(database.open().await.is_shared());
    database.drop().await;
}

async fn eight_open(address: String) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let address = address.clone();
        tasks.spawn(async move {
            let store = Store::open(&address).await.expect("opened");
            store.caller_seen("+49301", 1_000).await.expect("seen").calls
        });
    }
    let mut calls = tasks.join_all().await;
    calls.sort_unstable();
    assert_eq!(calls, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named_with_what_to_do() {
    let error = Store::open("sqlite:////dev/null/store.db").await.expect_err("no folder");
    let StoreError::Unreachable(text) = error else { panic!("{error:?}") };
    assert!(text.contains("/dev/null/store.db") && text.contains("DATABASE_URL"), "{text}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone_and_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("letter.txt");
    let letter = "Dear reader, ".repeat(1_000);
    std::fs::write(&path, &letter).expect("written");
    let error = Store::open(&format!("sqlite:///{}", path.display())).await.expect_err("no database");
    assert!(error.to_string().contains("letter.txt"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).expect("read"), letter);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_with_what_to_do_and_without_the_password() {
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
    let address = format!("postgres://anna:secret@127.0.0.1:{free}/earpiece");
    let text = Store::open(&address).await.expect_err("nobody is there").to_string();
    assert!(text.contains(&format!("127.0.0.1:{free}/earpiece")) && text.contains("DATABASE_URL"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_database_are_told_apart() {
    let database = Postgres::new().await;
    let address = database.address();
    let missing = Store::open(&format!("{address}_not")).await.expect_err("no such database").to_string();
    assert!(missing.contains("create the database"), "{missing}");
    let (before, server) = address.rsplit_once('@').expect("a password");
    let (user, _) = before.rsplit_once(':').expect("a password");
    let wrong = Store::open(&format!("{user}:wrong@{server}")).await.expect_err("wrong password").to_string();
    assert!(wrong.contains("password"), "{wrong}");
    database.drop().await;
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused_with_what_to_do() {
    let database = Sqlite::new();
    database.open().await.close().await;
    let path = database.address().replacen("sqlite:///", "sqlite:", 1);
    let pool = sqlx::SqlitePool::connect(&path).await.expect("opened");
    sqlx::query("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1")
        .execute(&pool)
        .await
        .expect("aged");
    pool.close().await;
    let error = Store::open(&database.address()).await.expect_err("too new");
    assert!(matches!(&error, StoreError::Outdated(text) if text.contains("newer version")), "{error}");
}
