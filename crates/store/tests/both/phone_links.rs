//! Links by which guests call from a browser.

use crate::harness::on_both;
use store::{NewPhoneLink, Store};

mod both {
    super::on_both!(
        a_link_is_good_until_it_expires_or_its_maker_ends_it,
        a_link_is_no_good_while_its_maker_may_not_log_in,
        a_link_makes_so_many_calls_an_hour_and_no_more_however_many_try_at_once,
    );
}

const HOUR_MS: i64 = 3_600_000;

async fn users(store: &Store) -> [String; 2] {
    let anna = store.create_user(None, "Anna", "owner", 1).await.expect("made");
    let ben = store.create_user(None, "Ben", "member", 1).await.expect("made");
    [anna.id, ben.id]
}

fn link<'a>(hash: &'a str, user_id: &'a str, now_ms: i64) -> NewPhoneLink<'a> {
    NewPhoneLink { hash, user_id, name: "The plumber", now_ms, expires_ms: now_ms + HOUR_MS }
}

async fn a_link_is_good_until_it_expires_or_its_maker_ends_it(store: Store) {
    let [anna, ben] = users(&store).await;
    let made = store.phone_link_made(&link("h1", &anna, 1_000)).await.expect("made");
    let found = store.phone_link("h1", 2_000).await.expect("looked up");
    assert_eq!(found.as_ref(), Some(&made));
    assert_eq!((made.name.as_str(), made.user_id.as_str()), ("The plumber", anna.as_str()));
    assert_eq!(store.phone_link("h1", 1_000 + HOUR_MS).await.expect("looked up"), None, "it has expired");
    assert_eq!(store.phone_links(&ben, 2_000).await.expect("listed"), []);
    assert!(!store.phone_link_ended(&ben, &made.id).await.expect("tried"), "it is not Ben's");
    assert!(store.phone_link_ended(&anna, &made.id).await.expect("ended"));
    assert_eq!(store.phone_link("h1", 2_000).await.expect("looked up"), None);
    store.phone_link_made(&link("h2", &anna, 3_000)).await.expect("made");
    let later = store.phone_link_made(&link("h3", &anna, 3_000 + HOUR_MS)).await.expect("made");
    assert_eq!(store.phone_links(&anna, 0).await.expect("listed"), [later], "what has expired is forgotten");
}

async fn a_link_is_no_good_while_its_maker_may_not_log_in(store: Store) {
    let [anna, ben] = users(&store).await;
    for (hash, user) in [("h1", &anna), ("h2", &ben)] {
        store.phone_link_made(&link(hash, user, 1_000)).await.expect("made");
    }
    store.user_disabled(&ben, Some(2_000)).await.expect("disabled");
    assert_eq!(store.phone_link("h2", 2_000).await.expect("looked up"), None);
    assert!(store.phone_link("h1", 2_000).await.expect("looked up").is_some());
    store.user_disabled(&ben, None).await.expect("let in again");
    assert!(store.phone_link("h2", 2_000).await.expect("looked up").is_some());
    store.user_removed(&ben).await.expect("removed");
    assert_eq!(store.phone_link("h2", 2_000).await.expect("looked up"), None);
}

async fn a_link_makes_so_many_calls_an_hour_and_no_more_however_many_try_at_once(store: Store) {
    let [anna, _] = users(&store).await;
    let began_ms = 1_795_000_000_000;
    let new = NewPhoneLink { expires_ms: began_ms + 3 * HOUR_MS, ..link("h1", &anna, began_ms) };
    let id = store.phone_link_made(&new).await.expect("made").id;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (store, id) = (store.clone(), id.clone());
        tries.spawn(async move { store.phone_link_used(&id, 4, began_ms).await.expect("counted") });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(|used| *used).count(), 4);
    assert!(!store.phone_link_used(&id, 4, began_ms + HOUR_MS - 1).await.expect("counted"));
    assert!(
        store.phone_link_used(&id, 4, began_ms + HOUR_MS).await.expect("counted"),
        "another hour has begun"
    );
    assert!(!store.phone_link_used(&id, 4, began_ms + 3 * HOUR_MS).await.expect("counted"), "it has expired");
}
