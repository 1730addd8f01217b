//! What was added on pages, and what programs were answered.

use crate::harness::on_both;
use store::{AddedRow, Asked, Store};

mod both {
    super::on_both!(
        what_is_added_takes_the_place_of_its_name_and_can_be_taken_away,
        what_was_asked_once_is_done_once,
        what_came_to_nothing_may_be_asked_anew,
        who_asks_while_the_first_gives_up_is_told_what_there_is,
    );
}

fn row(kind: &str, name: &str, sealed: &str) -> AddedRow {
    AddedRow {
        kind: kind.into(),
        name: name.into(),
        sealed: sealed.into(),
        changed_ms: 7,
        changed_by: "u1".into(),
    }
}

async fn what_is_added_takes_the_place_of_its_name_and_can_be_taken_away(store: Store) {
    for one in [row("tool", "weather", "a"), row("mcp", "weather", "b"), row("tool", "weather", "c")] {
        store.add(&one).await.expect("added");
    }
    let all = store.added().await.expect("read");
    assert_eq!(all, [row("mcp", "weather", "b"), row("tool", "weather", "c")]);
    assert!(store.take_away("tool", "weather").await.expect("taken"));
    assert!(!store.take_away("tool", "weather").await.expect("looked"));
    assert_eq!(store.added().await.expect("read"), [row("mcp", "weather", "b")]);
}

async fn what_was_asked_once_is_done_once(store: Store) {
    let asked = |answer: &str| Asked::Before { asked: "a".into(), answer: answer.into(), made_ms: 5 };
    assert_eq!(store.ask_once("k", "a", 5).await.expect("asked"), Asked::New);
    assert_eq!(store.ask_once("k", "b", 6).await.expect("asked"), asked(""));
    store.answered_once("k", Some("201")).await.expect("kept");
    assert_eq!(store.ask_once("k", "a", 7).await.expect("asked"), asked("201"));
    assert_eq!(store.tidy_answers(5).await.expect("tidied"), 0);
    assert_eq!(store.tidy_answers(6).await.expect("tidied"), 1);
    assert_eq!(store.ask_once("k", "a", 8).await.expect("asked"), Asked::New);
}

async fn what_came_to_nothing_may_be_asked_anew(store: Store) {
    assert_eq!(store.ask_once("k", "a", 5).await.expect("asked"), Asked::New);
    store.answered_once("k", None).await.expect("forgotten");
    assert_eq!(store.ask_once("k", "a", 6).await.expect("asked"), Asked::New);
}

async fn who_asks_while_the_first_gives_up_is_told_what_there_is(store: Store) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..50 {
                if store.ask_once("k", "a", 5).await.expect("told") == Asked::New {
                    store.answered_once("k", None).await.expect("given up");
                }
            }
        });
    }
    tasks.join_all().await;
}
