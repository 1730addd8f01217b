//! Text messages, each once.

use crate::harness::on_both;
use store::{Direction, NewText, Store, Texted};

mod both {
    super::on_both!(
        a_text_is_remembered_once_a_key_and_a_carriers_id,
        of_many_that_bring_one_text_one_is_told_that_it_is_new,
        a_text_that_goes_out_learns_its_carriers_id_and_status,
        an_answer_means_the_appointment_last_written_about,
        the_latest_of_stop_and_start_counts_and_only_for_its_number,
    );
}

fn text(key: &str, direction: Direction, at_ms: i64) -> NewText<'_> {
    let carrier_id = match direction {
        Direction::In => Some(key),
        Direction::Out => None,
    };
    NewText {
        key,
        direction,
        number: "+49301",
        body: "C",
        carrier_id,
        status: "received",
        at_ms,
        appointment_id: None,
    }
}

async fn a_text_is_remembered_once_a_key_and_a_carriers_id(store: Store) {
    let new = text("SM1", Direction::In, 5);
    let Texted::New(row) = store.text(&new).await.expect("kept") else { panic!("it is new") };
    assert_eq!((row.direction, row.number.as_str(), row.body.as_str()), (Direction::In, "+49301", "C"));
    assert_eq!((row.carrier_id.as_deref(), row.at_ms), (Some("SM1"), 5));
    assert_eq!(store.text(&new).await.expect("kept"), Texted::Again(row.clone()));
    let other_key = NewText { key: "else", ..new };
    assert_eq!(store.text(&other_key).await.expect("kept"), Texted::Again(row.clone()));
    let out = text("job", Direction::Out, 6);
    assert!(matches!(store.text(&out).await.expect("kept"), Texted::New(_)));
    assert!(matches!(store.text(&text("job2", Direction::Out, 7)).await.expect("kept"), Texted::New(_)));
    assert!(store.text_about(&row.id, "a1").await.expect("told"));
    assert!(!store.text_about("nobody's", "a1").await.expect("asked"));
    let rows = store.texts_with("+49301", 2).await.expect("listed");
    let keys: Vec<_> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["job2", "job"]);
    assert_eq!(store.texts_with("+49302", 2).await.expect("listed"), []);
}

async fn the_latest_of_stop_and_start_counts_and_only_for_its_number(store: Store) {
    let said = async |key, status, at_ms| {
        let new = NewText { status, ..text(key, Direction::In, at_ms) };
        store.text(&new).await.expect("kept");
        store.text_stopped("+49301").await.expect("asked")
    };
    assert!(!said("SM1", "received", 1).await);
    assert!(said("SM2", "stop", 2).await);
    assert!(said("SM3", "received", 3).await);
    assert!(!store.text_stopped("+49302").await.expect("asked"));
    assert!(!said("SM4", "start", 4).await);
    assert!(said("SM5", "stop", 5).await);
}

async fn of_many_that_bring_one_text_one_is_told_that_it_is_new(store: Store) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let store = store.clone();
        tasks.spawn(async move { store.text(&text("SM1", Direction::In, 5)).await.expect("kept") });
    }
    let told = tasks.join_all().await;
    assert_eq!(told.iter().filter(|told| matches!(told, Texted::New(_))).count(), 1);
}

async fn a_text_that_goes_out_learns_its_carriers_id_and_status(store: Store) {
    store.text(&text("job", Direction::Out, 5)).await.expect("kept");
    assert!(!store.text_status("SM1", "delivered").await.expect("asked"));
    assert!(store.text_sent("job", "SM1", "queued").await.expect("sent"));
    assert!(store.text_status("SM1", "delivered").await.expect("told"));
    assert!(!store.text_sent("nobody's", "SM2", "queued").await.expect("asked"));
    let row = store.texts_with("+49301", 1).await.expect("listed").remove(0);
    assert_eq!((row.carrier_id.as_deref(), row.status.as_str()), (Some("SM1"), "delivered"));
}

async fn an_answer_means_the_appointment_last_written_about(store: Store) {
    assert_eq!(store.last_texted_about("+49301").await.expect("asked"), None);
    for (key, at_ms, appointment_id, direction) in [
        ("1", 10, Some("a1"), Direction::Out),
        ("2", 20, Some("a2"), Direction::Out),
        ("3", 30, None, Direction::Out),
        ("4", 40, Some("a4"), Direction::In),
    ] {
        store.text(&NewText { appointment_id, ..text(key, direction, at_ms) }).await.expect("kept");
    }
    assert_eq!(store.last_texted_about("+49301").await.expect("asked").as_deref(), Some("a2"));
    assert_eq!(store.last_texted_about("+49302").await.expect("asked"), None);
}
