//! Durable jobs: each in one pair of hands, until it is done or given up.

use crate::harness::{Database, on_both, on_both_databases};
use store::{JobRow, JobState, NewJob, Store};

mod both {
    super::on_both!(
        a_job_is_queued_once_even_after_it_is_done,
        jobs_are_claimed_when_they_are_due_in_order_and_at_most_as_many_as_asked,
        a_job_is_replaced_until_it_is_begun,
        a_job_whose_worker_died_is_claimed_again_and_the_first_one_has_lost_it,
        a_failed_job_comes_again_when_it_was_said_and_counts_its_attempts,
        a_dead_job_is_listed_and_wakes_when_the_owner_says_so,
        jobs_are_forgotten_by_the_beginning_of_their_key,
        old_jobs_that_are_done_can_be_forgotten,
        what_a_job_carried_is_forgotten_when_it_is_done_but_for_what_was_sent_about_an_appointment,
        claims_of_a_process_that_is_gone_are_taken_away,
    );
    super::on_both_databases!(of_many_instances_that_claim_each_job_goes_to_one);
}

fn job(key: &str, due_ms: i64) -> NewJob<'_> {
    NewJob { kind: "remind", key, payload: "{\"a\":1}", due_ms, now_ms: 1 }
}

async fn claim(store: &Store, now_ms: i64) -> Vec<JobRow> {
    store.claim_jobs(now_ms, now_ms + 100, 10).await.expect("claimed")
}

async fn only(store: &Store, now_ms: i64) -> JobRow {
    let mut jobs = claim(store, now_ms).await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}

async fn list(store: &Store, state: JobState) -> Vec<String> {
    store.jobs(state, 10).await.expect("listed").into_iter().map(|job| job.key).collect()
}

async fn a_job_is_queued_once_even_after_it_is_done(store: Store) {
    assert!(store.queue_job(&job("a", 0)).await.expect("queued"));
    assert!(!store.queue_job(&job("a", 50)).await.expect("asked"));
    let claimed = only(&store, 5).await;
    assert_eq!((claimed.kind.as_str(), claimed.payload.as_str()), ("remind", "{\"a\":1}"));
    assert_eq!((claimed.due_ms, claimed.attempts, claimed.claimed_until_ms), (0, 1, Some(105)));
    assert!(store.job_done(&claimed, 6).await.expect("done"));
    assert!(!store.job_done(&claimed, 7).await.expect("asked"));
    assert!(!store.queue_job(&job("a", 0)).await.expect("asked"));
    assert_eq!(claim(&store, 1_000).await, []);
    assert_eq!(store.jobs(JobState::Done, 10).await.expect("listed")[0].ended_ms, Some(6));
}

async fn a_job_is_replaced_until_it_is_begun(store: Store) {
    let of = |payload, due_ms| NewJob { payload, ..job("a", due_ms) };
    assert!(!store.replace_job(&of("0", 5)).await.expect("asked"), "there is none");
    assert!(store.queue_job(&of("1", 5_000)).await.expect("queued"));
    assert!(store.replace_job(&of("2", 10)).await.expect("replaced"));
    assert_eq!(only(&store, 10).await.payload, "2");
    assert!(!store.replace_job(&of("3", 10)).await.expect("asked"), "it is begun");
}

async fn jobs_are_claimed_when_they_are_due_in_order_and_at_most_as_many_as_asked(store: Store) {
    for (key, due_ms) in [("late", 30), ("first", 10), ("second", 20), ("far", 1_000)] {
        store.queue_job(&job(key, due_ms)).await.expect("queued");
    }
    assert_eq!(claim(&store, 9).await, []);
    let keys = |jobs: Vec<JobRow>| jobs.into_iter().map(|job| job.key).collect::<Vec<_>>();
    assert_eq!(keys(store.claim_jobs(40, 140, 2).await.expect("claimed")), ["first", "second"]);
    assert_eq!(keys(store.claim_jobs(40, 140, 2).await.expect("claimed")), ["late"]);
    assert_eq!(list(&store, JobState::Waiting).await, ["first", "second", "late", "far"]);
}

async fn a_job_whose_worker_died_is_claimed_again_and_the_first_one_has_lost_it(store: Store) {
    store.queue_job(&job("a", 0)).await.expect("queued");
    let first = only(&store, 0).await;
    assert_eq!(claim(&store, 99).await, []);
    let second = only(&store, 100).await;
    assert_eq!((second.id.as_str(), second.attempts), (first.id.as_str(), 2));
    assert!(!store.job_done(&first, 100).await.expect("asked"));
    assert!(!store.job_failed(&first, "late", None, 100).await.expect("asked"));
    assert!(store.job_done(&second, 101).await.expect("done"));
}

async fn claims_of_a_process_that_is_gone_are_taken_away(store: Store) {
    store.queue_job(&job("a", 0)).await.expect("queued");
    store.queue_job(&job("b", 1_000)).await.expect("queued");
    let lost = only(&store, 0).await;
    assert_eq!(store.release_jobs().await.expect("released"), 1);
    assert!(!store.job_done(&lost, 1).await.expect("asked"));
    let again = only(&store, 1).await;
    assert_eq!((again.key.as_str(), again.attempts), ("a", 2));
    assert!(store.job_done(&again, 2).await.expect("done"));
}

async fn a_failed_job_comes_again_when_it_was_said_and_counts_its_attempts(store: Store) {
    store.queue_job(&job("a", 0)).await.expect("queued");
    for attempt in 1..=3 {
        let claimed = only(&store, attempt * 1_000).await;
        assert_eq!(claimed.attempts, attempt);
        let again = Some((attempt + 1) * 1_000);
        assert!(store.job_failed(&claimed, "no line", again, attempt * 1_000).await.expect("failed"));
        assert_eq!(claim(&store, (attempt + 1) * 1_000 - 1).await, []);
    }
    assert_eq!(store.jobs(JobState::Waiting, 10).await.expect("listed")[0].error, "no line");
}

async fn a_dead_job_is_listed_and_wakes_when_the_owner_says_so(store: Store) {
    store.queue_job(&job("a", 0)).await.expect("queued");
    let claimed = only(&store, 0).await;
    assert!(!store.job_retried(&claimed.id, 5).await.expect("asked"), "it is not dead");
    assert!(store.job_failed(&claimed, "refused", None, 5).await.expect("failed"));
    assert_eq!(claim(&store, 10_000).await, []);
    let dead = store.jobs(JobState::Dead, 10).await.expect("listed").remove(0);
    assert_eq!((dead.state, dead.error.as_str(), dead.ended_ms), (JobState::Dead, "refused", Some(5)));
    assert!(!store.queue_job(&job("a", 0)).await.expect("asked"));
    assert!(store.job_retried(&dead.id, 20_000).await.expect("woken"));
    assert!(!store.job_retried("nobody's", 20_000).await.expect("asked"));
    assert_eq!(list(&store, JobState::Dead).await, Vec::<String>::new());
    let again = only(&store, 20_000).await;
    assert_eq!((again.id, again.attempts), (dead.id, 1));
}

async fn jobs_are_forgotten_by_the_beginning_of_their_key(store: Store) {
    for (due_ms, key) in (0..).zip(["remind:a:1", "remind:a:2", "remind:ab:1", "remind:%", "x"]) {
        store.queue_job(&job(key, due_ms)).await.expect("queued");
    }
    let claimed = store.claim_jobs(0, 100, 1).await.expect("claimed").remove(0);
    assert_eq!(claimed.key, "remind:a:1");
    assert_eq!(store.forget_jobs("remind:a:").await.expect("forgotten"), 2);
    assert!(!store.job_done(&claimed, 1).await.expect("asked"), "it was given up");
    assert_eq!(store.forget_jobs("remind:%").await.expect("forgotten"), 1);
    assert_eq!(list(&store, JobState::Waiting).await, ["remind:ab:1", "x"]);
    assert!(store.queue_job(&job("remind:a:1", 0)).await.expect("queued"));
}

async fn old_jobs_that_are_done_can_be_forgotten(store: Store) {
    for (key, end) in [("a", 10), ("b", 20)] {
        store.queue_job(&job(key, 0)).await.expect("queued");
        let claimed = only(&store, 0).await;
        store.job_done(&claimed, end).await.expect("done");
    }
    store.queue_job(&job("c", 0)).await.expect("queued");
    assert_eq!(store.tidy_jobs(20).await.expect("tidied"), 1);
    assert_eq!(list(&store, JobState::Done).await, ["b"]);
    assert_eq!(list(&store, JobState::Waiting).await, ["c"]);
}

async fn what_a_job_carried_is_forgotten_when_it_is_done_but_for_what_was_sent_about_an_appointment(
    store: Store,
) {
    for kind in ["mail", "owner", "text", "words"] {
        store.queue_job(&NewJob { kind, ..job(kind, 0) }).await.expect("queued");
    }
    for claimed in claim(&store, 0).await {
        let again = (claimed.kind == "words").then_some(50);
        match again {
            Some(_) => store.job_failed(&claimed, "no line", again, 5).await.expect("failed"),
            None => store.job_done(&claimed, 5).await.expect("done"),
        };
    }
    let mut done = store.jobs(JobState::Done, 10).await.expect("listed");
    done.sort_by(|a, b| a.kind.cmp(&b.kind));
    let carried: Vec<_> = done.iter().map(|job| (job.kind.as_str(), job.payload.as_str())).collect();
    assert_eq!(carried, [("mail", "{\"a\":1}"), ("owner", ""), ("text", "{\"a\":1}")]);
    assert_eq!(only(&store, 50).await.payload, "{\"a\":1}", "it is tried again");
}

async fn of_many_instances_that_claim_each_job_goes_to_one(database: &Database) {
    let stores = [database.open().await, database.open().await, database.open().await];
    for i in 0..60 {
        stores[0].queue_job(&job(&format!("k{i}"), i)).await.expect("queued");
    }
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..12 {
        let store = stores[i % 3].clone();
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = store.claim_jobs(100, 200, 4).await.expect("claimed");
                assert!(claimed.len() <= 4);
                if claimed.is_empty() {
                    return mine;
                }
                for job in claimed {
                    assert!(store.job_done(&job, 100).await.expect("done"), "{job:?}");
                    mine.push(job.key);
                }
            }
        });
    }
    let mut all = tasks.join_all().await.concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 60);
    let done = stores[0].jobs(JobState::Done, 100).await.expect("listed");
    assert_eq!(done.len(), 60);
    assert!(done.iter().all(|job| job.attempts == 1));
}
