//! What the dashboard asks for: which calls go on, figures, refusals, and what instances tell each other.

use crate::{
    calls::ringing,
    harness::{Database, on_both, on_both_databases},
};
use std::time::Duration;
use store::{NewMessage, NoteRow, RefusalRow, Store};
use tokio::time::timeout;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

mod both {
    super::on_both!(
        calls_that_go_on_are_told_with_their_last_words,
        calls_are_counted_by_the_day_of_the_clock_that_is_asked_for,
        answer_times_are_counted_as_they_are_noted,
        refusals_are_counted_by_why_and_forgotten_when_seen_to,
        urgent_messages_are_told_until_the_owner_is_done_with_them,
    );
    super::on_both_databases!(what_one_instance_tells_the_others_hear_where_there_can_be_others);
}

async fn ended(store: &Store, id: &str, started_ms: i64, talk_ms: Option<i64>, cost: i64) {
    store.call_begun(&ringing(id, id, started_ms)).await.expect("begun");
    if talk_ms.is_some() {
        store.call_answered(id, started_ms + 10).await.expect("answered");
    }
    store.call_cost(id, cost).await.expect("cost");
    let ended_ms = started_ms + 10 + talk_ms.unwrap_or(0);
    store.call_ended(id, ended_ms, "caller_hung_up").await.expect("ended");
}

fn note(at_ms: i64, kind: &str, more: &str) -> NoteRow {
    let json = format!("{{\"v\":1,\"at\":{at_ms},\"kind\":\"{kind}\"{more}}}");
    NoteRow { at_ms, kind: kind.to_owned(), json }
}

async fn calls_that_go_on_are_told_with_their_last_words(store: Store) {
    ended(&store, "over", 1_000, Some(5_000), 0).await;
    for (id, at) in [("first", 2_000), ("second", 3_000)] {
        store.call_begun(&ringing(id, id, at)).await.expect("begun");
    }
    let open = store.open_calls(10).await.expect("listed");
    assert_eq!(open.iter().map(|call| call.id.as_str()).collect::<Vec<_>>(), ["second", "first"]);
    assert_eq!(store.open_calls(1).await.expect("listed").len(), 1);
    assert_eq!(store.last_words("first").await.expect("looked"), None);
    let notes = [
        note(1, "caller_said", ",\"text\":\"Hello\""),
        note(2, "assistant_said", ",\"text\":\"Good morning\""),
        note(3, "sounding", ""),
    ];
    store.write_notes("first", &notes).await.expect("written");
    assert_eq!(store.last_words("first").await.expect("looked"), Some(notes[1].clone()));
}

async fn calls_are_counted_by_the_day_of_the_clock_that_is_asked_for(store: Store) {
    ended(&store, "late", DAY - 1, Some(60_000), 5).await;
    ended(&store, "noon", DAY + 12 * HOUR, None, 7).await;
    ended(&store, "night", DAY + 23 * HOUR, Some(30_000), 0).await;
    ended(&store, "outside", 5 * DAY, Some(1), 1).await;
    let days = |from, to, ahead| {
        let store = store.clone();
        async move {
            let days = store.calls_by_day(from, to, ahead).await.expect("counted");
            days.iter()
                .map(|one| (one.day, one.calls, one.answered, one.talk_ms, one.cost_micros))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(days(0, 5 * DAY, 0).await, [(0, 1, 1, 60_000, 5), (1, 2, 1, 30_000, 7)]);
    assert_eq!(
        days(0, 5 * DAY, HOUR).await,
        [(1, 2, 1, 60_000, 12), (2, 1, 1, 30_000, 0)],
        "an hour ahead of UTC the first was after midnight"
    );
    assert_eq!(days(DAY, 5 * DAY, 0).await.len(), 1, "only what began then");
    assert_eq!(days(10 * DAY, 11 * DAY, 0).await, []);
}

async fn answer_times_are_counted_as_they_are_noted(store: Store) {
    store.call_begun(&ringing("c", "CA", 2 * HOUR + 5)).await.expect("begun");
    let answered = |ms| note(1, "answered", &format!(",\"after_ms\":{ms},\"endpoint_ms\":500"));
    store.write_notes("c", &[answered(500), answered(500), answered(7_500)]).await.expect("written");
    store.write_notes("c", &[note(2, "caller_said", ""), answered(500)]).await.expect("written");
    let times = store.answer_times(0, DAY, HOUR).await.expect("counted");
    let told: Vec<_> = times.iter().map(|one| (one.part, one.answers)).collect();
    assert_eq!(told, [(2, 3), (2, 1)]);
    assert!((950..1_050).contains(&times[0].ms()) && (7_600..8_400).contains(&times[1].ms()), "{times:?}");
    assert_eq!(store.answer_times(0, DAY, DAY).await.expect("counted")[0].part, 0);
    assert_eq!(store.answer_times(3 * HOUR, DAY, HOUR).await.expect("counted"), []);
}

async fn refusals_are_counted_by_why_and_forgotten_when_seen_to(store: Store) {
    let row = |times, last_ms, addresses: &str| RefusalRow {
        carrier: "twilio".into(),
        why: "it is not signed".into(),
        times,
        first_ms: last_ms,
        last_ms,
        addresses: addresses.into(),
        advice: "sign it".into(),
    };
    store.refused(&row(1, 1_000, "https://a")).await.expect("counted");
    store.refused(&row(4, 9_000, "https://b")).await.expect("counted");
    store.refused(&RefusalRow { why: "other".into(), ..row(1, 2_000, "") }).await.expect("counted");
    let rows = store.refusals(0).await.expect("listed");
    assert_eq!(rows[0], RefusalRow { first_ms: 1_000, ..row(5, 9_000, "https://b") });
    assert_eq!((rows.len(), rows[1].why.as_str()), (2, "other"));
    assert_eq!(store.refusals(5_000).await.expect("listed").len(), 1);
    store.forget_refusals().await.expect("forgotten");
    assert_eq!(store.refusals(0).await.expect("listed"), []);
}

async fn urgent_messages_are_told_until_the_owner_is_done_with_them(store: Store) {
    let message = |body, urgent, taken_ms| NewMessage { call_id: None, caller: "+1", body, urgent, taken_ms };
    for (body, urgent, at) in [("later", false, 3), ("now", true, 1), ("at once", true, 2)] {
        store.message_taken(&message(body, urgent, at)).await.expect("taken");
    }
    let urgent = store.urgent_messages(10).await.expect("listed");
    assert_eq!(urgent.iter().map(|one| one.body.as_str()).collect::<Vec<_>>(), ["at once", "now"]);
    assert_eq!(store.urgent_messages(1).await.expect("listed").len(), 1);
    store.message_done(&urgent[0].id, Some(9)).await.expect("done");
    assert_eq!(store.urgent_messages(10).await.expect("listed").len(), 1);
}

async fn what_one_instance_tells_the_others_hear_where_there_can_be_others(database: &Database) {
    let (here, there) = (database.open().await, database.open().await);
    let mut heard = there.hear().await.expect("it listens");
    let long = "ä\"'".repeat(Store::LONGEST_TIDINGS / 4);
    for words in ["one", long.as_str()] {
        here.tell(words).await.expect("told");
    }
    if !here.is_shared() {
        assert!(timeout(Duration::from_millis(50), heard.next()).await.is_err(), "nobody else is there");
        return;
    }
    for words in ["one", long.as_str()] {
        let next = timeout(Duration::from_secs(60), heard.next()).await.expect("it is heard");
        assert_eq!(next.expect("words"), words);
    }
    assert!(here.tell(&"x".repeat(8_001)).await.is_err(), "more cannot be told at once");
    drop(heard);
    here.close().await;
    there.close().await;
}
