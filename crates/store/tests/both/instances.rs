//! Two programs at one database.

use crate::{
    harness::{Postgres, Sqlite},
    hours::{at, book, by},
};
use store::{NewAppointment, NewToken, Spent, Store};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_programs_at_one_file_share_tokens_and_times() {
    let database = Sqlite::new();
    share([database.open().await, database.open().await]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_at_one_postgres_share_tokens_and_times() {
    let database = Postgres::new().await;
    share([database.open().await, database.open().await]).await;
    database.drop().await;
}

async fn share(stores: [Store; 2]) {
    let token = NewToken {
        carrier: "twilio",
        carrier_call: "CA1",
        hash: "h1",
        call_id: "c1",
        issued_ms: 0,
        expires_ms: 60_000,
    };
    stores[0].token_issued(&token).await.expect("issued");
    let mut spending = JoinSet::new();
    let mut booking = JoinSet::new();
    for i in 0..50 {
        let store = stores[i % 2].clone();
        spending.spawn(async move { store.token_spent("h1", "CA1", 1_000).await.expect("looked at") });
        let store = stores[i % 2].clone();
        booking.spawn(async move {
            let key = format!("k{i}");
            book(&store, &NewAppointment { key: &key, ..at(10, "", "") }, &by("c1")).await
        });
    }
    let spent = spending.join_all().await;
    assert_eq!(spent.iter().filter(|spent| matches!(spent, Spent::Now { .. })).count(), 1);
    let booked = booking.join_all().await;
    assert_eq!(booked.iter().filter(|booking| booking.is_ok()).count(), 1);
}
