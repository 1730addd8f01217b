//! Credentials, what is connected by them, the way to them, and the secret links of feeds.

use crate::harness::{Database, on_both, on_both_databases};
use store::{
    ConnectionState, CredentialRow, CredentialState, NewConnection, NewCredential, NewOauthState, Store,
};

mod both {
    super::on_both!(
        a_credential_is_kept_once_a_kind_and_name_and_good_again_when_given_anew,
        a_credential_that_another_instance_resealed_is_not_overwritten,
        a_credential_is_revoked_once_and_not_because_of_an_older_one,
        calendars_are_connected_once_and_listed_with_what_they_are_for,
        one_calendar_at_most_is_written_to,
        the_trouble_of_a_calendar_is_news_once,
        what_is_connected_goes_with_its_credential,
        an_oauth_state_comes_back_once_in_time_and_in_its_session,
        a_feed_has_one_secret_at_a_time,
    );
    super::on_both_databases!(of_many_that_choose_where_to_write_one_choice_holds);
}

async fn google(store: &Store, sealed: &str) -> CredentialRow {
    let new = NewCredential { kind: "google", name: "anna@example.org", sealed, now_ms: 5 };
    let id = store.keep_credential(&new).await.expect("kept");
    store.credential(&id).await.expect("read").expect("there")
}

fn primary(credential_id: &str) -> NewConnection<'_> {
    NewConnection { credential_id, remote: "primary", name: "Anna", reads: true, now_ms: 6 }
}

async fn a_credential_is_kept_once_a_kind_and_name_and_good_again_when_given_anew(store: Store) {
    let first = google(&store, "s1").await;
    assert_eq!((first.kind.as_str(), first.name.as_str()), ("google", "anna@example.org"));
    assert_eq!((first.sealed.as_str(), first.state, first.changed_ms), ("s1", CredentialState::Good, 5));
    store.credential_revoked(&first, "taken back", 7).await.expect("revoked");
    let again = google(&store, "s2").await;
    let expected = CredentialRow { sealed: "s2".into(), ..first };
    assert_eq!(again, expected);
    let other = NewCredential { kind: "caldav", name: "anna@example.org", sealed: "s3", now_ms: 5 };
    store.keep_credential(&other).await.expect("kept");
    let kinds: Vec<_> =
        store.credentials().await.expect("listed").into_iter().map(|row| (row.kind, row.sealed)).collect();
    assert_eq!(kinds, [("caldav".into(), "s3".into()), ("google".to_owned(), "s2".to_owned())]);
}

async fn a_credential_that_another_instance_resealed_is_not_overwritten(store: Store) {
    let read = google(&store, "s1").await;
    assert!(store.reseal_credential(&read, "s2", 8).await.expect("resealed"));
    assert!(!store.reseal_credential(&read, "s3", 9).await.expect("asked"));
    let now = store.credential(&read.id).await.expect("read").expect("there");
    assert_eq!((now.sealed.as_str(), now.changed_ms), ("s2", 8));
}

async fn a_credential_is_revoked_once_and_not_because_of_an_older_one(store: Store) {
    let old = google(&store, "s1").await;
    let new = google(&store, "s2").await;
    assert!(!store.credential_revoked(&old, "expired", 8).await.expect("asked"));
    assert!(store.credential_revoked(&new, "expired", 8).await.expect("revoked"));
    assert!(!store.credential_revoked(&new, "expired", 9).await.expect("asked"), "that is known");
    let now = store.credential(&new.id).await.expect("read").expect("there");
    assert_eq!((now.state, now.why.as_str(), now.changed_ms), (CredentialState::Revoked, "expired", 8));
}

async fn calendars_are_connected_once_and_listed_with_what_they_are_for(store: Store) {
    let credential = google(&store, "s").await;
    let id = store.connect(&primary(&credential.id)).await.expect("connected");
    assert!(store.write_to(Some(&id)).await.expect("chosen"));
    store.connection_trouble(&id, Some("no answer"), 7).await.expect("told");
    let again = NewConnection { name: "Anna B.", ..primary(&credential.id) };
    assert_eq!(store.connect(&again).await.expect("connected"), id);
    let team = NewConnection { remote: "team", name: "Team", ..primary(&credential.id) };
    let team = store.connect(&team).await.expect("connected");
    let rows = store.connections().await.expect("listed");
    let told: Vec<_> =
        rows.iter().map(|row| (row.id.clone(), row.name.as_str(), row.reads, row.writes)).collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&(id.clone(), "Anna B.", true, true)), "{told:?}");
    assert!(told.contains(&(team.clone(), "Team", true, false)), "{told:?}");
    assert!(rows.iter().all(|row| row.kind == "google" && row.state == ConnectionState::Good));
    assert!(store.read_from(&team, false).await.expect("changed"));
    assert!(!store.connection(&team).await.expect("read").expect("there").reads);
    assert!(!store.read_from("nobody's", true).await.expect("asked"));
    assert!(store.connect(&NewConnection { credential_id: "nobody's", ..primary("") }).await.is_err());
}

async fn one_calendar_at_most_is_written_to(store: Store) {
    let credential = google(&store, "s").await;
    let one = store.connect(&primary(&credential.id)).await.expect("connected");
    let two = NewConnection { remote: "team", ..primary(&credential.id) };
    let two = store.connect(&two).await.expect("connected");
    let writing = async || {
        let rows = store.connections().await.expect("listed");
        rows.into_iter().filter(|row| row.writes).map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(writing().await, Vec::<String>::new());
    assert!(store.write_to(Some(&one)).await.expect("chosen"));
    assert!(store.write_to(Some(&two)).await.expect("chosen"));
    assert_eq!(writing().await, std::slice::from_ref(&two));
    assert!(!store.write_to(Some("nobody's")).await.expect("asked"));
    assert_eq!(writing().await, std::slice::from_ref(&two));
    assert!(store.disconnect(&two).await.expect("disconnected"));
    assert!(!store.disconnect(&two).await.expect("asked"));
    assert_eq!(writing().await, Vec::<String>::new());
    store.write_to(Some(&one)).await.expect("chosen");
    assert!(store.write_to(None).await.expect("chosen"));
    assert_eq!(writing().await, Vec::<String>::new());
}

async fn the_trouble_of_a_calendar_is_news_once(store: Store) {
    let credential = google(&store, "s").await;
    let id = store.connect(&primary(&credential.id)).await.expect("connected");
    assert!(!store.connection_trouble(&id, None, 7).await.expect("told"));
    assert!(store.connection_trouble(&id, Some("no answer"), 8).await.expect("told"));
    assert!(!store.connection_trouble(&id, Some("no answer"), 9).await.expect("told"));
    let row = store.connection(&id).await.expect("read").expect("there");
    assert_eq!((row.state, row.why.as_str(), row.changed_ms), (ConnectionState::Trouble, "no answer", 8));
    assert!(store.connection_trouble(&id, None, 10).await.expect("told"));
    let row = store.connection(&id).await.expect("read").expect("there");
    assert_eq!((row.state, row.why.as_str(), row.changed_ms), (ConnectionState::Good, "", 10));
}

async fn what_is_connected_goes_with_its_credential(store: Store) {
    let credential = google(&store, "s").await;
    let id = store.connect(&primary(&credential.id)).await.expect("connected");
    store.write_to(Some(&id)).await.expect("chosen");
    assert!(store.forget_credential(&credential.id).await.expect("forgotten"));
    assert!(!store.forget_credential(&credential.id).await.expect("asked"));
    assert_eq!(store.connections().await.expect("listed"), []);
    assert_eq!(store.credentials().await.expect("listed"), []);
}

async fn of_many_that_choose_where_to_write_one_choice_holds(database: &Database) {
    let stores = [database.open().await, database.open().await];
    let credential = google(&stores[0], "s").await;
    let mut ids = Vec::new();
    for i in 0..5 {
        let remote = format!("r{i}");
        let new = NewConnection { remote: &remote, ..primary(&credential.id) };
        ids.push(stores[0].connect(&new).await.expect("connected"));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..40 {
        let (store, id) = (stores[i % 2].clone(), ids[i % 5].clone());
        tasks.spawn(async move { store.write_to(Some(&id)).await.expect("chosen") });
    }
    assert!(tasks.join_all().await.into_iter().all(|chosen| chosen));
    let rows = stores[1].connections().await.expect("listed");
    assert_eq!(rows.iter().filter(|row| row.writes).count(), 1);
}

async fn an_oauth_state_comes_back_once_in_time_and_in_its_session(store: Store) {
    let new = |hash, expires_ms| NewOauthState {
        hash,
        session: "mine",
        user_id: "anna",
        sealed: "verifier",
        now_ms: 0,
        expires_ms,
    };
    store.oauth_begun(&new("h1", 100)).await.expect("begun");
    store.oauth_begun(&new("h2", 100)).await.expect("begun");
    assert!(store.oauth_begun(&new("h1", 100)).await.is_err(), "a state is new");
    assert_eq!(store.oauth_back("h1", "another's", 5).await.expect("asked"), None);
    assert_eq!(store.oauth_back("h3", "mine", 5).await.expect("asked"), None);
    let back = store.oauth_back("h1", "mine", 99).await.expect("asked").expect("good");
    assert_eq!((back.user_id.as_str(), back.sealed.as_str()), ("anna", "verifier"));
    assert_eq!(store.oauth_back("h1", "mine", 99).await.expect("asked"), None);
    assert_eq!(store.oauth_back("h2", "mine", 100).await.expect("asked"), None);
}

async fn a_feed_has_one_secret_at_a_time(store: Store) {
    assert_eq!(store.feed("h1").await.expect("asked"), None);
    store.rotate_feed("main", "h1", 5).await.expect("rotated");
    assert_eq!(store.feed("h1").await.expect("asked").as_deref(), Some("main"));
    store.rotate_feed("main", "h2", 6).await.expect("rotated");
    assert_eq!(store.feed("h1").await.expect("asked"), None);
    assert_eq!(store.feed("h2").await.expect("asked").as_deref(), Some("main"));
    assert_eq!(store.feed_made_ms("main").await.expect("asked"), Some(6));
    store.close_feed("main").await.expect("closed");
    assert_eq!(store.feed("h2").await.expect("asked"), None);
    assert_eq!(store.feed_made_ms("main").await.expect("asked"), None);
}
