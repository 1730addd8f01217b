//! Stream tokens.

use crate::harness::on_both;
use store::{Issued, NewToken, Spent, Store};

mod both {
    super::on_both!(
        a_token_is_good_once,
        a_webhook_told_again_finds_the_first_token,
        a_token_that_comes_late_is_stale,
        a_token_of_another_call_is_refused_and_stays_good,
        a_token_nobody_issued_is_unknown,
        a_token_that_was_voided_opens_nothing_and_one_that_was_spent_is_not_voided,
        of_fifty_that_spend_one_token_exactly_one_succeeds,
    );
}

fn token<'a>(carrier_call: &'a str, hash: &'a str) -> NewToken<'a> {
    NewToken {
        carrier: "twilio",
        carrier_call,
        hash,
        call_id: "call-1",
        issued_ms: 1_000,
        expires_ms: 61_000,
    }
}

async fn a_token_is_good_once(store: Store) {
    assert_eq!(store.token_issued(&token("CA1", "h1")).await.expect("issued"), Issued::New);
    let now = store.token_spent("h1", "CA1", 2_000).await.expect("spent");
    assert_eq!(now, Spent::Now { call_id: "call-1".to_owned() });
    assert_eq!(store.token_spent("h1", "CA1", 2_001).await.expect("looked at"), Spent::Already);
}

async fn a_webhook_told_again_finds_the_first_token(store: Store) {
    store.token_issued(&token("CA1", "h1")).await.expect("issued");
    let second = NewToken { call_id: "call-2", issued_ms: 5_000, expires_ms: 65_000, ..token("CA1", "h2") };
    let first = |spent| Issued::Again {
        hash: "h1".to_owned(),
        call_id: "call-1".to_owned(),
        issued_ms: 1_000,
        expires_ms: 61_000,
        spent,
    };
    assert_eq!(store.token_issued(&second).await.expect("found"), first(false));
    assert_eq!(store.token_spent("h2", "CA1", 6_000).await.expect("looked at"), Spent::Unknown);
    store.token_spent("h1", "CA1", 6_000).await.expect("spent");
    assert_eq!(store.token_issued(&second).await.expect("found"), first(true));
}

async fn a_token_that_comes_late_is_stale(store: Store) {
    store.token_issued(&token("CA1", "h1")).await.expect("issued");
    assert_eq!(store.token_spent("h1", "CA1", 61_000).await.expect("looked at"), Spent::Stale);
    let in_time = store.token_spent("h1", "CA1", 60_999).await.expect("spent");
    assert_eq!(in_time, Spent::Now { call_id: "call-1".to_owned() });
}

async fn a_token_of_another_call_is_refused_and_stays_good(store: Store) {
    store.token_issued(&token("CA1", "h1")).await.expect("issued");
    store.token_issued(&token("CA2", "h2")).await.expect("issued");
    assert_eq!(store.token_spent("h1", "CA2", 2_000).await.expect("looked at"), Spent::OtherCall);
    assert!(matches!(store.token_spent("h1", "CA1", 2_000).await.expect("spent"), Spent::Now { .. }));
}

async fn a_token_nobody_issued_is_unknown(store: Store) {
    assert_eq!(store.token_spent("h1", "CA1", 0).await.expect("looked at"), Spent::Unknown);
}

async fn of_fifty_that_spend_one_token_exactly_one_succeeds(store: Store) {
    store.token_issued(&token("CA1", "h1")).await.expect("issued");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        tasks.spawn(async move { store.token_spent("h1", "CA1", 2_000).await.expect("looked at") });
    }
    let spent = tasks.join_all().await;
    assert_eq!(spent.iter().filter(|spent| matches!(spent, Spent::Now { .. })).count(), 1);
    assert_eq!(spent.iter().filter(|spent| **spent == Spent::Already).count(), 49);
}

async fn a_token_that_was_voided_opens_nothing_and_one_that_was_spent_is_not_voided(store: Store) {
    store.token_issued(&token("CA1", "h1")).await.expect("issued");
    assert!(!store.token_voided("plivo", "CA1", 2_000).await.expect("asked"), "that is another's call");
    assert!(store.token_voided("twilio", "CA1", 2_000).await.expect("voided"));
    assert!(!store.token_voided("twilio", "CA1", 2_001).await.expect("asked"), "once");
    assert_eq!(store.token_spent("h1", "CA1", 2_002).await.expect("looked at"), Spent::Already);
    store.token_issued(&token("CA2", "h2")).await.expect("issued");
    assert!(matches!(store.token_spent("h2", "CA2", 2_003).await.expect("spent"), Spent::Now { .. }));
    assert!(!store.token_voided("twilio", "CA2", 2_004).await.expect("asked"));
}
