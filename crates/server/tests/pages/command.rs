//! `earpiece user`, as scripts use it.

use super::rig::PASSWORD;
use serde_json::Value;
use server::guard::{password, token};
use std::{path::Path, process::Stdio};
use store::Store;
use tokio::{io::AsyncWriteExt, process::Command};

/// Runs it in this folder, with this on standard input: what it printed, and whether it did it.
async fn user(folder: &Path, arguments: &[&str], typed: &str) -> (String, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
    command.arg("user").args(arguments).env_clear().env("DATA_DIR", ".").current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let mut input = child.stdin.take().expect("an input");
    // Whoever refuses before it reads closes its end.
    let _may_be_closed = input.write_all(typed.as_bytes()).await;
    drop(input);
    let output = child.wait_with_output().await.expect("it ends");
    let told = [output.stdout, output.stderr].concat();
    (String::from_utf8(told).expect("text"), output.status.success())
}

#[tokio::test]
async fn users_are_made_listed_changed_and_removed_by_scripts() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let typed = format!("{PASSWORD}\n");
    let (told, done) =
        user(at, &["add", "Anna@example.org", "--name", "Anna", "--role", "owner", "--json"], &typed).await;
    assert!(done, "{told}");
    let anna: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((anna["email"].as_str(), anna["role"].as_str()), (Some("anna@example.org"), Some("owner")));
    assert!(!told.contains(PASSWORD) && !told.contains("argon2"));
    let (told, done) = user(at, &["add", "anna@example.org"], &typed).await;
    assert!(!done && told.contains("is a user's address already"), "{told}");
    let (told, done) = user(at, &["add", "ben@example.org"], "password123\n").await;
    assert!(!done && told.contains("tried first"), "{told}");
    assert!(user(at, &["add", "ben@example.org"], &typed).await.1);
    let (told, _) = user(at, &["list", "--json"], "").await;
    let listed: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        (listed.len(), listed[1]["name"].as_str(), listed[1]["role"].as_str()),
        (2, Some("ben"), Some("member"))
    );
    let (told, done) = user(at, &["role", "anna@example.org", "member"], "").await;
    assert!(!done && told.contains("last owner"), "{told}");
    let (told, done) = user(at, &["remove", "nobody@example.org", "--json"], "").await;
    assert!(!done && serde_json::from_str::<Value>(&told).expect("JSON")["ok"] == false, "{told}");
    assert!(user(at, &["password", "ben@example.org"], "another long one").await.1);
    let (told, done) = user(at, &["link", "ben@example.org"], "").await;
    assert!(done, "{told}");
    let secret = told.lines().next().and_then(|line| line.rsplit('/').next()).expect("a link").to_owned();
    let store =
        Store::open(&format!("sqlite:{}", at.join("earpiece.db").display())).await.expect("a database");
    let ben = store.user_by_email("ben@example.org").await.expect("read").expect("a user");
    let kept = store.password(&ben.id).await.expect("read").expect("one");
    assert!(password::is_right("another long one", Some(&kept.hash)).await);
    assert_eq!(store.login_link(&token::hash(&secret), 0).await.expect("read"), Some(Some(ben.id.clone())));
    let anna = store.user_by_email("anna@example.org").await.expect("read").expect("a user");
    store.house_of(&anna.id, "unused", 1).await.expect("a house");
    store.close().await;
    let (told, done) = user(at, &["disable", "anna@example.org"], "").await;
    assert!(!done && told.contains("make a login link"), "{told}");
    assert!(user(at, &["disable", "ben@example.org"], "").await.1);
    let (told, done) = user(at, &["link", "ben@example.org"], "").await;
    assert!(!done && told.contains("--undo"), "{told}");
    assert!(user(at, &["remove", &ben.id], "").await.1);
    let (told, _) = user(at, &["list"], "").await;
    assert!(told.contains("anna@example.org") && !told.contains("ben@"), "{told}");
}
