//! Who is told of what happens, and what each was told.

use crate::harness::on_both;
use store::{Handed, JobState, NewWebhook, NewWebhookDelivery, Store, Tried, WebhookRow};

mod both {
    super::on_both!(
        an_event_is_queued_once_for_each_program_with_the_job_that_delivers_it,
        a_try_is_written_down_at_the_delivery_and_at_the_program,
        a_delivery_begins_anew_under_a_new_job_and_keeps_its_event,
        a_program_that_is_removed_is_told_nothing_more,
        of_a_program_that_is_removed_while_it_is_told_nothing_is_left,
        a_program_that_was_given_up_says_why_and_begins_afresh_when_it_is_told_again,
        what_was_told_of_a_caller_is_forgotten_with_them,
    );
}

async fn webhook(store: &Store, id: &str) -> WebhookRow {
    let new = NewWebhook {
        id,
        url: "https://hooks.example.com/in",
        about: "The CRM",
        events: "call.ended",
        secret: "sealed",
        now_ms: 1,
    };
    store.webhook_made(&new).await.expect("made")
}

fn event<'a>(webhook_id: &'a str, event_id: &'a str) -> NewWebhookDelivery<'a> {
    NewWebhookDelivery {
        webhook_id,
        event_id,
        kind: "call.ended",
        number: "+15550100100",
        body: "{}",
        now_ms: 10,
    }
}

async fn told(store: &Store, webhook: &str, of: &str) -> Option<String> {
    store.webhook_told(&event(webhook, of), "deliver", "deliver:").await.expect("queued")
}

async fn waiting(store: &Store) -> Vec<String> {
    store.jobs(JobState::Waiting, 10).await.expect("listed").into_iter().map(|job| job.key).collect()
}

const FAILED: Tried<'static> =
    Tried { state: Handed::Waiting, status: 500, why: "refused", rests_until_ms: 50, now_ms: 20 };

async fn an_event_is_queued_once_for_each_program_with_the_job_that_delivers_it(store: Store) {
    webhook(&store, "w1").await;
    webhook(&store, "w2").await;
    let first = told(&store, "w1", "e1").await.expect("new");
    assert_eq!(told(&store, "w1", "e1").await, None);
    let second = told(&store, "w2", "e1").await.expect("new for the other");
    let mut keys = waiting(&store).await;
    keys.sort();
    assert_eq!(keys, [format!("deliver:w1:{first}:0"), format!("deliver:w2:{second}:0")]);
    let row = store.webhook_delivery(&first).await.expect("read").expect("there");
    assert_eq!((row.state, row.attempts, row.round, row.tried_ms), (Handed::Waiting, 0, 0, None));
    let all = store.webhook_deliveries("w1", None, 10).await.expect("listed");
    assert_eq!(all, [row]);
    let before = Some((all[0].queued_ms, all[0].id.as_str()));
    assert_eq!(store.webhook_deliveries("w1", before, 10).await.expect("listed"), []);
}

async fn a_try_is_written_down_at_the_delivery_and_at_the_program(store: Store) {
    webhook(&store, "w1").await;
    let id = told(&store, "w1", "e1").await.expect("new");
    let delivery = store.webhook_delivery(&id).await.expect("read").expect("there");
    let row = store.webhook_tried(&delivery, &FAILED).await.expect("written").expect("there");
    assert_eq!((row.failing_since_ms, row.rests_until_ms, row.delivered_ms), (Some(20), 50, None));
    let later = Tried { now_ms: 30, ..FAILED };
    let row = store.webhook_tried(&delivery, &later).await.expect("written").expect("there");
    assert_eq!(row.failing_since_ms, Some(20), "since the first of them");
    let took = Tried { state: Handed::Delivered, status: 204, why: "", rests_until_ms: 0, now_ms: 40 };
    let row = store.webhook_tried(&delivery, &took).await.expect("written").expect("there");
    assert_eq!((row.failing_since_ms, row.rests_until_ms, row.delivered_ms), (None, 0, Some(40)));
    let now = store.webhook_delivery(&id).await.expect("read").expect("there");
    assert_eq!((now.state, now.attempts, now.status, now.tried_ms), (Handed::Delivered, 3, 204, Some(40)));
}

async fn a_delivery_begins_anew_under_a_new_job_and_keeps_its_event(store: Store) {
    webhook(&store, "w1").await;
    let id = told(&store, "w1", "e1").await.expect("new");
    assert!(!store.webhook_again(&id, "deliver", "deliver:", 20).await.expect("asked"), "it waits");
    let delivery = store.webhook_delivery(&id).await.expect("read").expect("there");
    let failed = Tried { state: Handed::Failed, ..FAILED };
    store.webhook_tried(&delivery, &failed).await.expect("written");
    assert!(store.webhook_again(&id, "deliver", "deliver:", 60).await.expect("asked"));
    assert!(!store.webhook_again("nobody's", "deliver", "deliver:", 60).await.expect("asked"));
    let anew = store.webhook_delivery(&id).await.expect("read").expect("there");
    assert_eq!((anew.state, anew.attempts, anew.round), (Handed::Waiting, 0, 1));
    assert_eq!(anew.event_id, "e1");
    assert!(waiting(&store).await.contains(&format!("deliver:w1:{id}:1")));
    assert_eq!(store.webhook("w1").await.expect("read").expect("there").rests_until_ms, 0);
    // What the first round still had to say is too late.
    store.webhook_tried(&delivery, &FAILED).await.expect("written");
    assert_eq!(store.webhook_delivery(&id).await.expect("read").expect("there").attempts, 0);
}

async fn a_program_that_is_removed_is_told_nothing_more(store: Store) {
    webhook(&store, "w1").await;
    webhook(&store, "w2").await;
    let id = told(&store, "w1", "e1").await.expect("new");
    told(&store, "w2", "e1").await.expect("new");
    assert!(store.webhook_removed("w1", "deliver:").await.expect("removed"));
    assert!(!store.webhook_removed("w1", "deliver:").await.expect("looked"));
    assert_eq!(store.webhook_delivery(&id).await.expect("read"), None);
    assert_eq!(waiting(&store).await.len(), 1, "the other's");
    assert_eq!(store.webhooks().await.expect("listed").len(), 1);
}

async fn of_a_program_that_is_removed_while_it_is_told_nothing_is_left(store: Store) {
    for n in 0..20 {
        let id = format!("w{n}");
        webhook(&store, &id).await;
        let (_, removed) = tokio::join!(told(&store, &id, "e1"), store.webhook_removed(&id, "deliver:"));
        assert!(removed.expect("removed"));
        assert_eq!(store.webhook_deliveries(&id, None, 10).await.expect("listed"), []);
        assert_eq!(told(&store, &id, "e2").await, None, "it is gone");
        assert_eq!(waiting(&store).await, Vec::<String>::new());
    }
}

async fn a_program_that_was_given_up_says_why_and_begins_afresh_when_it_is_told_again(store: Store) {
    let made = webhook(&store, "w1").await;
    assert!(made.told && made.why.is_empty());
    let id = told(&store, "w1", "e1").await.expect("new");
    let delivery = store.webhook_delivery(&id).await.expect("read").expect("there");
    store.webhook_tried(&delivery, &FAILED).await.expect("written");
    assert!(store.webhook_given_up("w1", "gone", 30).await.expect("given up"));
    assert!(!store.webhook_given_up("w1", "gone", 31).await.expect("asked"), "once");
    let row = store.webhook("w1").await.expect("read").expect("there");
    assert_eq!((row.told, row.why.as_str()), (false, "gone"));
    let row = store.webhook_changed("w1", "https://x", "", "", true, 40).await.expect("changed");
    let row = row.expect("there");
    assert_eq!((row.told, row.why.as_str(), row.failing_since_ms, row.rests_until_ms), (true, "", None, 0));
    assert_eq!(store.webhook_changed("w9", "x", "", "", true, 40).await.expect("asked"), None);
}

async fn what_was_told_of_a_caller_is_forgotten_with_them(store: Store) {
    webhook(&store, "w1").await;
    let id = told(&store, "w1", "e1").await.expect("new");
    store.forget_caller("+15550100101", 100).await.expect("forgotten");
    assert!(store.webhook_delivery(&id).await.expect("read").is_some());
    store.forget_caller("+15550100100", 100).await.expect("forgotten");
    assert_eq!(store.webhook_delivery(&id).await.expect("read"), None);
    let kept = told(&store, "w1", "e2").await.expect("new");
    assert_eq!(store.tidy_deliveries(1_000).await.expect("tidied"), 0, "it waits");
    let delivery = store.webhook_delivery(&kept).await.expect("read").expect("there");
    let took = Tried { state: Handed::Delivered, ..FAILED };
    store.webhook_tried(&delivery, &took).await.expect("written");
    assert_eq!(store.tidy_deliveries(1_000).await.expect("tidied"), 1);
}
