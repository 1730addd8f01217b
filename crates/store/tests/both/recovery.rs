//! Instances that die at any step, and those that go on where they stopped.

use crate::{
    harness::{Database, on_both_databases},
    hours::{HOUR, LEASE, at, book, busy, by, carried, planned, same, span},
};
use std::{future::poll_fn, pin::pin, task::Poll};
use store::{By, Carried, Followup, Gap, Intent, JobState, NewAppointment, NewJob, Plan, Planned, Store};

mod both {
    super::on_both_databases!(
        what_a_dead_instance_planned_is_found_and_carried_out_by_the_next,
        the_only_instance_need_not_wait_for_the_lease_of_the_one_before_it,
        a_change_that_is_cut_at_any_step_is_made_once_or_not_at_all,
        of_many_instances_that_recover_each_intent_goes_to_one,
        what_is_claimed_and_wanted_again_at_once_has_one_holder,
        of_many_instances_that_want_one_time_and_may_give_up_one_at_most_has_it,
    );
}

const GOOGLE: Option<&str> = Some("google:primary");

async fn what_a_dead_instance_planned_is_found_and_carried_out_by_the_next(database: &Database) {
    let new = at(10, "+49301", "k1");
    let store = database.open().await;
    let left = planned(&store, &Plan::Book(&new), &by("c1"), GOOGLE).await;
    drop(store);

    let store = database.open().await;
    assert_eq!(store.open_intents(10).await.expect("listed"), std::slice::from_ref(&left));
    assert_eq!(store.claim_intents(LEASE - 1, 2 * LEASE, 10).await.expect("claimed"), []);
    assert_eq!(busy(&store, span(0, 24), 0, None).await, [span(10, 11)]);
    let [intent] = &store.claim_intents(LEASE, 2 * LEASE, 10).await.expect("claimed")[..] else {
        panic!("not claimed")
    };
    assert_eq!((&intent.id, intent.by().who), (&left.id, "+49301"));
    let row = carried(&store, intent).await;
    assert_eq!(row, left.after);
    let [change] = &store.appointment_changes(&row.id).await.expect("read")[..] else { panic!("one change") };
    assert_eq!(
        (change.id.as_str(), change.call_id.as_deref(), change.second),
        (&*left.id, Some("c1"), Some(42))
    );
    assert_eq!(book(&store, &new, &by("c1")).await, same(row));
}

async fn the_only_instance_need_not_wait_for_the_lease_of_the_one_before_it(database: &Database) {
    let store = database.open().await;
    let left = planned(&store, &Plan::Book(&at(10, "+49301", "k1")), &by("c1"), GOOGLE).await;
    let other = planned(&store, &Plan::Book(&at(12, "+49302", "k2")), &by("c2"), GOOGLE).await;
    assert!(store.undo_later(&other, LEASE - 2, "no answer").await.expect("put back"));
    drop(store);
    let store = database.open().await;
    assert_eq!(store.release_intents(5).await.expect("released"), 1);
    let claimed = store.claim_intents(5, LEASE, 10).await.expect("claimed");
    assert_eq!(
        claimed.iter().map(|intent| &intent.id).collect::<Vec<_>>(),
        [&left.id],
        "the other has its time"
    );
}

/// Goes on with `future` for at most `polls` steps, then drops it where it stands.
async fn cut<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut polled = 0;
    poll_fn(|cx| {
        if polled == polls {
            return Poll::Ready(None);
        }
        polled += 1;
        let result = future.as_mut().poll(cx).map(Some);
        if polled == polls && result.is_pending() { Poll::Ready(None) } else { result }
    })
    .await
}

async fn a_change_that_is_cut_at_any_step_is_made_once_or_not_at_all(database: &Database) {
    let store = database.open().await;
    let (mut cut_short, mut whole) = (0, 0);
    for step in 0..400 {
        let hour = i64::try_from(step).expect("small") * 10;
        let key = format!("k{step}");
        let new = NewAppointment { key: &key, ..at(hour, "", "") };
        let job = NewJob { kind: "confirm", key: &key, payload: "{}", due_ms: 0, now_ms: 0 };
        let followup = Followup { queue: &[job], ..Followup::default() };
        let attempt = async {
            let intent = planned(&store, &Plan::Book(&new), &by("c1"), GOOGLE).await;
            store.carry_out(&intent, &followup).await.expect("asked")
        };
        let ended = cut(step, Box::pin(attempt)).await.is_some();

        // Another instance looks after what was left behind; then the same wish is made again.
        if step % 2 == 1 {
            for intent in store.claim_intents(LEASE, 2 * LEASE, 10).await.expect("claimed") {
                assert!(matches!(
                    store.carry_out(&intent, &followup).await.expect("asked"),
                    Carried::Done(_)
                ));
            }
        }
        let late = By { at_ms: 2 * LEASE, ..by("c1") };
        let stands = match store.plan(&Plan::Book(&new), &late, GOOGLE, 3 * LEASE).await.expect("asked") {
            Planned::Same(_) => true,
            Planned::Planned(intent) if step % 3 == 0 => {
                assert!(store.drop_intent(&intent).await.expect("dropped"));
                false
            }
            Planned::Planned(intent) => {
                let carried = store.carry_out(&intent, &followup).await.expect("asked");
                assert_eq!(carried, Carried::Done(intent.after));
                true
            }
            other @ (Planned::Underway(_) | Planned::Taken(_) | Planned::Changed(_) | Planned::Gone) => {
                panic!("step {step}: {other:?}")
            }
        };
        assert!(stands || !ended, "step {step}: it was done, and is gone");
        let listed =
            store.appointments_between("main", hour * HOUR, (hour + 1) * HOUR).await.expect("listed");
        assert_eq!(listed.len(), usize::from(stands), "step {step}");
        for row in listed {
            assert_eq!(store.appointment_changes(&row.id).await.expect("read").len(), 1, "step {step}");
        }
        let jobs = store.jobs(JobState::Waiting, 1_000).await.expect("listed");
        assert_eq!(jobs.iter().filter(|job| job.key == key).count(), usize::from(stands), "step {step}");
        if ended {
            whole += 1;
            if whole == 5 {
                break;
            }
        } else {
            cut_short += 1;
        }
    }
    assert!(cut_short > 5 && whole == 5, "{cut_short} cut short, {whole} whole");
    assert_eq!(store.open_intents(10).await.expect("listed"), []);
}

async fn stores(database: &Database) -> [Store; 3] {
    [database.open().await, database.open().await, database.open().await]
}

async fn of_many_instances_that_recover_each_intent_goes_to_one(database: &Database) {
    let stores = stores(database).await;
    for i in 0..40 {
        let key = format!("k{i}");
        let new = NewAppointment { key: &key, ..at(i, "", "") };
        planned(&stores[0], &Plan::Book(&new), &by("c1"), GOOGLE).await;
    }
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..12 {
        let store = stores[i % 3].clone();
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = store.claim_intents(LEASE, 2 * LEASE, 3).await.expect("claimed");
                assert!(claimed.len() <= 3);
                if claimed.is_empty() {
                    return mine;
                }
                for intent in claimed {
                    carried(&store, &intent).await;
                    mine.push(intent.id);
                }
            }
        });
    }
    let mut all = tasks.join_all().await.concat();
    assert_eq!(all.len(), 40);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 40);
    let listed = stores[1].appointments_between("main", 0, 40 * HOUR).await.expect("listed");
    assert_eq!(listed.len(), 40);
}

async fn what_is_claimed_and_wanted_again_at_once_has_one_holder(database: &Database) {
    let stores = stores(database).await;
    for round in 0..10 {
        let key = format!("k{round}");
        let new = NewAppointment { key: &key, ..at(round, "", "") };
        let left = planned(&stores[0], &Plan::Book(&new), &by("c1"), GOOGLE).await;
        let mut tasks = tokio::task::JoinSet::new();
        for i in 0..12 {
            let (store, key) = (stores[i % 3].clone(), key.clone());
            tasks.spawn(async move {
                if i < 6 {
                    return store.claim_intents(LEASE, 2 * LEASE, 10).await.expect("claimed").len();
                }
                let new = NewAppointment { key: &key, ..at(round, "", "") };
                let late = By { at_ms: LEASE, ..by("c1") };
                match store.plan(&Plan::Book(&new), &late, GOOGLE, 2 * LEASE).await.expect("asked") {
                    Planned::Planned(_) => 1,
                    Planned::Underway(_) => 0,
                    other @ (Planned::Same(_) | Planned::Taken(_) | Planned::Changed(_) | Planned::Gone) => {
                        panic!("{other:?}")
                    }
                }
            });
        }
        let holders: usize = tasks.join_all().await.into_iter().sum();
        assert_eq!(holders, 1, "round {round}");
        assert!(!stores[0].drop_intent(&left).await.expect("asked"));
    }
}

/// What a caller does who wants this time: some find the calendar elsewhere refusing, and some die.
async fn want(store: Store, i: i64) -> Option<String> {
    let key = format!("k{i}");
    let (starts_ms, gap) = (20 * HOUR + (i % 7) * HOUR / 10, Gap::around((i % 3) * HOUR / 12));
    let new = NewAppointment { starts_ms, ends_ms: starts_ms + HOUR, gap, key: &key, ..at(0, "", "") };
    let by = By { at_ms: 0, ..by("c1") };
    let intent = match store.plan(&Plan::Book(&new), &by, GOOGLE, LEASE).await.expect("asked") {
        Planned::Planned(intent) => intent,
        Planned::Taken(_) => return None,
        other @ (Planned::Same(_) | Planned::Underway(_) | Planned::Changed(_) | Planned::Gone) => {
            panic!("{other:?}")
        }
    };
    tokio::task::yield_now().await;
    if i % 5 == 0 {
        assert!(store.drop_intent(&intent).await.expect("dropped"));
        return None;
    }
    if i % 5 == 1 {
        return None;
    }
    Some(carried(&store, &intent).await.id)
}

async fn of_many_instances_that_want_one_time_and_may_give_up_one_at_most_has_it(database: &Database) {
    let stores = stores(database).await;
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..60 {
        tasks.spawn(want(stores[i as usize % 3].clone(), i));
    }
    let mut booked: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let left: Vec<Intent> = stores[2].claim_intents(LEASE, 2 * LEASE, 10).await.expect("claimed");
    for intent in left {
        booked.push(carried(&stores[2], &intent).await.id);
    }
    let listed = stores[0].appointments_between("main", 0, 48 * HOUR).await.expect("listed");
    let listed: Vec<_> = listed.into_iter().map(|row| row.id).collect();
    assert_eq!(listed, booked);
    assert!(listed.len() <= 1, "all of them overlap at a quarter to nine in the evening");
    let new = NewAppointment { starts_ms: 20 * HOUR + HOUR / 2, ..at(20, "", "last") };
    assert_eq!(book(&stores[1], &new, &by("c2")).await.is_ok(), listed.is_empty());
}
