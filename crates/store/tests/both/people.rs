//! Callers, users, sessions and the owner's link.

use crate::harness::on_both;
use store::{NewSession, Store, StoreError};

mod both {
    super::on_both!(
        a_caller_is_counted_and_listed_by_the_last_call,
        an_owner_is_missed_until_there_is_one,
        an_address_is_one_users,
        an_owner_link_is_good_once_and_for_its_time,
        of_fifty_that_use_one_owner_link_exactly_one_succeeds,
        a_session_lasts_while_it_is_used,
        a_session_ends_after_its_longest_time,
        a_session_that_is_ended_is_over,
        sessions_that_are_over_are_forgotten,
        a_healthy_store_says_so,
        a_store_can_be_tidied_at_any_time,
    );
}

async fn a_caller_is_counted_and_listed_by_the_last_call(store: Store) {
    let first = store.caller_seen("+49301", 1_000).await.expect("seen");
    assert_eq!((first.first_ms, first.last_ms, first.calls), (1_000, 1_000, 1));
    store.caller_seen("+49302", 2_000).await.expect("seen");
    let again = store.caller_seen("+49301", 3_000).await.expect("seen");
    assert_eq!((again.first_ms, again.last_ms, again.calls), (1_000, 3_000, 2));
    let listed: Vec<_> = store.callers(10).await.expect("listed").into_iter().map(|row| row.number).collect();
    assert_eq!(listed, ["+49301", "+49302"]);
    assert_eq!(store.callers(1).await.expect("listed").len(), 1);
}

async fn an_owner_is_missed_until_there_is_one(store: Store) {
    assert!(!store.owner_exists().await.expect("looked"));
    store.create_user(None, "Guest", "viewer", 1_000).await.expect("made");
    assert!(!store.owner_exists().await.expect("looked"));
    assert_eq!(store.owner().await.expect("looked"), None);
    let owner = store.create_user(Some(" Anna@Example.org "), "Anna", "owner", 2_000).await.expect("made");
    assert_eq!(owner.email.as_deref(), Some("anna@example.org"));
    assert_eq!((owner.name.as_str(), owner.role.as_str(), owner.created_ms), ("Anna", "owner", 2_000));
    assert!(store.owner_exists().await.expect("looked"));
    assert_eq!(store.owner().await.expect("looked").as_ref(), Some(&owner));
}

async fn an_address_is_one_users(store: Store) {
    store.create_user(Some("anna@example.org"), "Anna", "owner", 1_000).await.expect("made");
    let second = store.create_user(Some("ANNA@example.org"), "Other", "owner", 2_000).await;
    assert!(matches!(second, Err(StoreError::Database(_))));
}

async fn an_owner_link_is_good_once_and_for_its_time(store: Store) {
    store.login_link_made("h1", None, 10_000).await.expect("made");
    store.login_link_made("h2", None, 10_000).await.expect("made");
    assert!(store.login_link_used("h1", 9_999).await.expect("used"));
    assert!(!store.login_link_used("h1", 9_999).await.expect("used before"));
    assert!(!store.login_link_used("h2", 10_000).await.expect("too late"));
    assert!(!store.login_link_used("h3", 1_000).await.expect("unknown"));
}

async fn of_fifty_that_use_one_owner_link_exactly_one_succeeds(store: Store) {
    store.login_link_made("h1", None, 10_000).await.expect("made");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        tasks.spawn(async move { store.login_link_used("h1", 1_000).await.expect("looked at") });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|used| *used).count(), 1);
}

async fn a_session_lasts_while_it_is_used(store: Store) {
    let user = store.create_user(None, "Anna", "owner", 0).await.expect("made");
    store.session_made(&session("h1", &user.id, 0, 100, 10_000)).await.expect("logged in");
    for now in [99, 198, 297] {
        assert_eq!(store.session("h1", now).await.expect("looked").as_ref(), Some(&user));
    }
    assert_eq!(store.session("h1", 397).await.expect("looked"), None);
    assert_eq!(store.session("h2", 0).await.expect("looked"), None);
}

async fn a_session_ends_after_its_longest_time(store: Store) {
    let user = store.create_user(None, "Anna", "owner", 0).await.expect("made");
    store.session_made(&session("h1", &user.id, 0, 100, 150)).await.expect("logged in");
    assert!(store.session("h1", 99).await.expect("looked").is_some());
    assert!(store.session("h1", 149).await.expect("looked").is_some());
    assert_eq!(store.session("h1", 150).await.expect("looked"), None);
}

async fn a_session_that_is_ended_is_over(store: Store) {
    let user = store.create_user(None, "Anna", "owner", 0).await.expect("made");
    store.session_made(&session("h1", &user.id, 0, 100, 150)).await.expect("logged in");
    store.session_ended("h1").await.expect("logged out");
    assert_eq!(store.session("h1", 1).await.expect("looked"), None);
    store.session_ended("h1").await.expect("logged out before");
}

async fn sessions_that_are_over_are_forgotten(store: Store) {
    let user = store.create_user(None, "Anna", "owner", 0).await.expect("made");
    store.session_made(&session("h1", &user.id, 0, 100, 150)).await.expect("logged in");
    store.session_made(&session("h2", &user.id, 1_000, 100, 150)).await.expect("logged in");
    // A session of the past is not there even for somebody whose clock is behind.
    assert_eq!(store.session("h1", 50).await.expect("looked"), None);
    assert!(store.session("h2", 1_001).await.expect("looked").is_some());
}

async fn a_store_can_be_tidied_at_any_time(store: Store) {
    store.caller_seen("+14155550199", 1).await.expect("written");
    store.tidy().await.expect("tidied");
    assert_eq!(store.callers(10).await.expect("read").len(), 1);
}

async fn a_healthy_store_says_so(store: Store) {
    store.health().await.expect("healthy");
    store.close().await;
    assert!(matches!(store.health().await, Err(StoreError::Database(_))));
}

fn session<'a>(
    hash: &'a str,
    user_id: &'a str,
    now_ms: i64,
    idle_ms: i64,
    absolute_ms: i64,
) -> NewSession<'a> {
    NewSession { hash, user_id, from: "192.0.2.1", agent: "a browser", now_ms, idle_ms, absolute_ms }
}
