//! What an engine claims and no tool has done is written down, and taken back so that the caller hears it.

use crate::phone::{PATIENCE, Phone, house, service};
use serde_json::Value;
use sim::openai::{Item, Order, Reply, Sound, Voice};
use std::time::Duration;

fn says(words: &str, length: Duration) -> Item {
    let voice = Voice::new(Sound::Tone { hertz: 300.0 }, length);
    Item::Voice(Voice { transcript: words.into(), ..voice })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_says_booked_without_a_tool_takes_it_back() {
    let service = service().await;
    let house = house(&service, &[("TIME_ZONE", "Europe/Berlin")]).await;
    let mut phone = Phone::ring(&house, &service, "+14155550111").await;
    let from = phone.call.position();
    let sorry = says("I am sorry, I misspoke. Nothing has been booked yet.", Duration::from_millis(900));
    phone.session.order(Order::Reply(Reply::of(vec![sorry])));
    phone.order(vec![says("You're all booked for Tuesday at ten.", Duration::from_millis(600))]);
    phone.response_done().await;
    // The claim, and what takes it back, are both heard.
    assert!(phone.call.hear_for(from, Duration::from_millis(1_450)).await);
    let told = phone
        .session
        .wait_for(PATIENCE, |logged| logged.from_client && logged.event["type"] == "response.create")
        .await
        .expect("the engine is told to take it back");
    assert!(told.event.to_string().contains("booked"), "{told:?}");
    let session = phone.session.clone();
    phone.hang_up().await;
    assert_eq!(session.events(true, "response.create").len(), 2, "the greeting, and what takes it back");

    let store = house.store().await;
    let call = &store.calls(1, i64::MAX).await.expect("read")[0];
    let notes = store.notes(&call.id).await.expect("read");
    let claims: Vec<Value> = notes
        .iter()
        .filter(|note| note.kind == "false_claim")
        .map(|note| serde_json::from_str(&note.json).expect("JSON"))
        .collect();
    assert_eq!(claims.len(), 1, "{notes:?}");
    assert_eq!(claims[0]["corrected"], true, "{claims:?}");
    assert!(store.appointments_between("main", 0, i64::MAX).await.expect("read").is_empty());
}
