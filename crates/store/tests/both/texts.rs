//! Text messages, each once.

use crate::harness::on_both;
use store::{Delivery, Direction, JobState, NewText, Store, TextRow, TextTalk, Texted};

mod both {
    super::on_both!(
        a_text_is_remembered_once_a_key_and_a_carriers_id,
        what_a_text_has_done_is_queued_with_it_once,
        of_many_that_bring_one_text_one_is_told_that_it_is_new,
        a_text_that_goes_out_learns_its_carriers_id_and_status,
        what_became_of_a_text_is_told_in_any_order_and_ends_the_same,
        what_is_told_of_others_texts_changes_nothing,
        an_answer_means_the_appointment_last_written_about,
        a_conversation_goes_on_for_one_at_a_time_and_is_forgotten_with_its_number,
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

async fn what_a_text_has_done_is_queued_with_it_once(store: Store) {
    let told = |row: &TextRow| Some(("event", format!("event:{}", row.id), "{}".to_owned()));
    let new = text("SM1", Direction::In, 5);
    let Texted::New(row) = store.text_told(&new, told).await.expect("kept") else { panic!("it is new") };
    assert_eq!(store.text_told(&new, told).await.expect("kept"), Texted::Again(row.clone()));
    let jobs = store.jobs(JobState::Waiting, 10).await.expect("listed");
    let queued: Vec<_> = jobs.iter().map(|job| (job.kind.as_str(), job.key.clone())).collect();
    assert_eq!(queued, [("event", format!("event:{}", row.id))]);
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
    assert!(store.text_sent("job", "SM1", "queued").await.expect("sent"));
    assert!(!store.text_sent("nobody's", "SM2", "queued").await.expect("asked"));
    let row = store.texts_with("+49301", 1).await.expect("listed").remove(0);
    assert_eq!((row.carrier_id.as_deref(), row.status.as_str()), (Some("SM1"), "queued"));
    assert_eq!((row.delivery, row.delivery_ms), (Delivery::Untold, None));
}

async fn what_became_of_a_text_is_told_in_any_order_and_ends_the_same(store: Store) {
    let stories = [
        ("1", [Delivery::OnItsWay, Delivery::Arrived, Delivery::Arrived], Delivery::Arrived),
        ("2", [Delivery::Arrived, Delivery::OnItsWay, Delivery::OnItsWay], Delivery::Arrived),
        ("3", [Delivery::Lost, Delivery::OnItsWay, Delivery::Arrived], Delivery::Lost),
        ("4", [Delivery::Arrived, Delivery::Lost, Delivery::Arrived], Delivery::Lost),
    ];
    for (at_ms, (key, order, ends)) in (5..).zip(stories) {
        let Texted::New(row) = store.text(&text(key, Direction::Out, at_ms)).await.expect("kept") else {
            panic!("it is new")
        };
        let carriers = format!("SM{key}");
        for (ms, delivery) in (10..).zip(order) {
            let code = if delivery == Delivery::Lost { "30006" } else { "" };
            store.text_delivery(&row.id, &carriers, delivery, code, ms).await.expect("told");
        }
        let rows = store.texts_with("+49301", 10).await.expect("listed");
        let row = rows.iter().find(|one| one.id == row.id).expect("it is kept");
        assert_eq!((row.delivery, row.carrier_id.as_deref()), (ends, Some(carriers.as_str())), "{key}");
        assert_eq!(row.delivery_code, if ends == Delivery::Lost { "30006" } else { "" });
    }
    let lost = store.texts_lost(5, 10).await.expect("listed");
    assert_eq!(lost.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["4", "3"]);
    assert_eq!(store.texts_lost(8, 10).await.expect("listed").len(), 1);
    assert_eq!(store.texts_lost(9, 10).await.expect("listed"), []);
}

async fn what_is_told_of_others_texts_changes_nothing(store: Store) {
    let told = async |id: &str, carriers: &str| {
        store.text_delivery(id, carriers, Delivery::Lost, "", 9).await.expect("told")
    };
    let Texted::New(first) = store.text(&text("1", Direction::Out, 5)).await.expect("kept") else {
        panic!("it is new")
    };
    let Texted::New(second) = store.text(&text("2", Direction::Out, 5)).await.expect("kept") else {
        panic!("it is new")
    };
    store.text(&text("SM9", Direction::In, 5)).await.expect("kept");
    assert!(!told("nobody's", "SM8").await && !told("", "SM9").await);
    assert!(store.text_sent("1", "SM1", "queued").await.expect("sent"));
    assert!(!told(&first.id, "SM2").await, "it has another name");
    assert!(told(&second.id, "SM1").await, "the carrier's name counts");
    let rows = store.texts_with("+49301", 10).await.expect("listed");
    let lost: Vec<_> = rows.iter().filter(|row| row.delivery == Delivery::Lost).map(|row| &row.id).collect();
    assert_eq!(lost, [&first.id]);
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

async fn a_conversation_goes_on_for_one_at_a_time_and_is_forgotten_with_its_number(store: Store) {
    assert_eq!(store.text_talk("+49301").await.expect("looked"), TextTalk::default());
    assert!(store.text_talk_kept("+49301", 0, "{}", 5).await.expect("kept"));
    assert!(!store.text_talk_kept("+49301", 0, "{1}", 6).await.expect("asked"), "somebody was quicker");
    assert!(store.text_talk_kept("+49301", 1, "{2}", 7).await.expect("kept"));
    let talk = TextTalk { story: "{2}".into(), version: 2, updated_ms: 7 };
    assert_eq!(store.text_talk("+49301").await.expect("looked"), talk);
    assert_eq!(store.text_talk("+49302").await.expect("looked"), TextTalk::default());
    store.forget_caller("+49301", 10).await.expect("forgotten");
    assert_eq!(store.text_talk("+49301").await.expect("looked"), TextTalk::default());
}
