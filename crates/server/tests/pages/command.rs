//! `earpiece user`, as scripts use it.

use super::rig::PASSWORD;
use serde_json::Value;
use server::guard::{password, token};
use std::{path::Path, process::Stdio};
use store::Store;
use tokio::{io::AsyncWriteExt, process::Command};

/// Runs it in this folder, with this on standard input: what it printed, and whether it did it.
async fn user(folder: &Path, arguments: &[&str], typed: &str) -> (String, bool) {
    earpiece(folder, &[&["user"], arguments].concat(), typed).await
}

async fn earpiece(folder: &Path, arguments: &[&str], typed: &str) -> (String, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
    command.args(arguments).env_clear().env("DATA_DIR", ".").current_dir(folder);
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

#[tokio::test]
async fn commands_are_about_the_house_of_whom_they_name_and_are_written_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    for (email, role) in [("anna@example.org", "owner"), ("ben@example.org", "member")] {
        assert!(user(at, &["add", email, "--role", role, "--link"], "").await.1);
    }
    let database = format!("sqlite:{}", at.join("earpiece.db").display());
    let store = Store::open(&database).await.expect("a database");
    let (told, done) = earpiece(at, &["token", "new", "laptop", "--user", "ben@example.org"], "").await;
    assert!(!done && told.contains("has not logged in yet"), "{told}");
    let (told, done) = earpiece(at, &["token", "new", "laptop", "--user", "nobody@example.org"], "").await;
    assert!(!done && told.contains("there is no user nobody@example.org"), "{told}");
    let ben = store.user_by_email("ben@example.org").await.expect("read").expect("a user");
    store.house_of(&ben.id, "abcdefghjkmn", 1).await.expect("a house");
    let (told, done) = earpiece(at, &["token", "new", "laptop", "--user", "ben@example.org"], "").await;
    assert!(done && told.starts_with("ep_abcdefghjkmn."), "it leads to their house: {told}");
    let (told, _) = earpiece(at, &["token", "list"], "").await;
    assert!(!told.contains("laptop"), "the first owner has none: {told}");
    let (told, done) = earpiece(at, &["token", "list", "--user", &ben.id, "--json"], "").await;
    let theirs: Value = serde_json::from_str(&told).expect("JSON");
    assert!(done && theirs["name"] == "laptop", "{told}");
    let id = theirs["id"].as_str().expect("an id").to_owned();
    assert!(earpiece(at, &["token", "revoke", &id, "--user", "ben@example.org"], "").await.1);
    assert!(earpiece(at, &["forget", "+15550100100", "--user", "ben@example.org"], "").await.1);
    let (told, done) = earpiece(at, &["calls", "list", "--user", "ben@example.org"], "").await;
    assert!(done && told.is_empty(), "{told}");
    assert!(earpiece(at, &["token", "new", "desk"], "").await.1);
    let log = |rows: Vec<store::AuditRow>| -> Vec<(String, String)> {
        rows.into_iter()
            .filter(|row| row.what != "user_added" && row.what != "link_made")
            .map(|row| {
                assert_eq!((row.who.as_str(), row.user_id), ("The command line", None));
                (row.what, row.about)
            })
            .collect()
    };
    let entry = |what: &str, about: &str| (what.to_owned(), about.to_owned());
    let here = log(store.audit(50, "").await.expect("read"));
    let expected = [
        entry("token_made", "desk"),
        entry("forgotten", ""),
        entry("token_revoked", ""),
        entry("token_made", ""),
    ];
    assert_eq!(here, expected, "what it was about stays in their house");
    let file = at.join(format!("houses/{}/earpiece.db", ben.id));
    let house = Store::open(&format!("sqlite:{}", file.display())).await.expect("a database of their own");
    let there = log(house.audit(50, "").await.expect("read"));
    assert_eq!(
        there,
        [entry("forgotten", "a caller"), entry("token_revoked", &id), entry("token_made", "laptop")]
    );
}
