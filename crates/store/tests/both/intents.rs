//! Changes that are under way: whose they are, what they keep taken, and how they end.

use crate::{
    harness::on_both,
    hours::{HOUR, LEASE, at, book, booked, busy, by, cancel, carried, move_to, planned, same, span, taken},
};
use store::{
    Asking, Carried, Followup, Gap, Held, Hold, Intent, IntentState, JobState, NewAppointment, NewJob,
    Outcome, Plan, Planned, Remote, Span, Store, What,
};

mod both {
    super::on_both!(
        a_planned_time_is_taken_until_it_is_decided,
        a_moving_appointment_takes_both_times,
        a_cancelled_time_is_free_when_that_is_carried_out,
        what_is_carried_out_twice_is_applied_once,
        jobs_are_queued_and_forgotten_with_the_change,
        a_dropped_intent_leaves_nothing,
        a_lease_that_ran_out_is_claimed_once_and_its_first_holder_has_lost_it,
        a_renewed_lease_is_not_claimed,
        what_is_being_undone_keeps_its_time_and_is_not_carried_out,
        a_cancellation_is_tried_again_and_not_taken_back,
        a_cancellation_runs_ahead_and_its_removal_is_remembered,
        the_same_wish_under_way_is_told_so_and_gone_on_with_when_left_behind,
        an_appointment_is_changed_by_one_at_a_time,
        an_event_made_anew_has_another_id,
        an_appointment_goes_where_its_event_is,
        what_is_to_be_done_elsewhere_follows_from_the_change,
        a_gap_is_the_appointments_own_and_the_greater_of_two_counts,
        what_is_told_as_free_can_be_planned_and_nothing_else,
    );
}

const GOOGLE: Option<&str> = Some("google:primary");

async fn claimed(store: &Store, now_ms: i64) -> Vec<Intent> {
    store.claim_intents(now_ms, now_ms + LEASE, 10).await.expect("claimed")
}

async fn a_planned_time_is_taken_until_it_is_decided(store: Store) {
    let intent = planned(&store, &Plan::Book(&at(10, "+49301", "k1")), &by("c1"), GOOGLE).await;
    assert_eq!((intent.what, intent.state, &intent.before), (What::Booked, IntentState::Planned, &None));
    assert_eq!(intent.by().call_id, Some("c1"));
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, [span(10, 11)]);
    assert_eq!(store.appointments_between("main", 0, 24 * HOUR).await.expect("listed"), []);
    assert_eq!(book(&store, &at(10, "+49302", "k2"), &by("c2")).await, taken(span(10, 11)));
    let hold = Hold {
        calendar: "main",
        call_id: "c2",
        starts_ms: 10 * HOUR,
        ends_ms: 11 * HOUR,
        gap: Gap::NONE,
        moving: None,
        now_ms: 0,
        expires_ms: 180,
    };
    assert_eq!(store.hold(&hold).await.expect("asked"), Held::Taken(span(10, 11)));
    let other = booked(&store, &at(12, "+49302", "k2")).await;
    assert_eq!(move_to(&store, &other.id, (10 * HOUR, 11 * HOUR), 0, &by("c2")).await, taken(span(10, 11)));

    assert!(store.drop_intent(&intent).await.expect("dropped"));
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, [span(12, 13)]);
    assert!(book(&store, &at(10, "+49302", "k3"), &by("c2")).await.is_ok());
}

async fn a_moving_appointment_takes_both_times(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    let plan = Plan::Move { id: &row.id, to: span(15, 16), gap: Gap::NONE };
    let intent = planned(&store, &plan, &by("c1"), None).await;
    assert_eq!(intent.before.as_ref(), Some(&row));
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, [span(10, 11), span(15, 16)]);
    for hour in [10, 15] {
        let key = format!("o{hour}");
        let new = NewAppointment { key: &key, ..at(hour, "", "") };
        assert_eq!(book(&store, &new, &by("c2")).await, taken(span(hour, hour + 1)));
    }
    carried(&store, &intent).await;
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, [span(15, 16)]);
}

async fn a_cancelled_time_is_free_when_that_is_carried_out(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    let intent = planned(&store, &Plan::Cancel { id: &row.id }, &by("c1"), None).await;
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, [span(10, 11)]);
    assert_eq!(book(&store, &at(10, "", "k2"), &by("c2")).await, taken(span(10, 11)));
    assert_eq!(carried(&store, &intent).await.status, "cancelled");
    assert!(book(&store, &at(10, "", "k2"), &by("c2")).await.is_ok());
}

async fn what_is_carried_out_twice_is_applied_once(store: Store) {
    let intent = planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), GOOGLE).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (store, intent) = (store.clone(), intent.clone());
        tasks.spawn(async move {
            let job = NewJob { kind: "confirm", key: "confirm:1", payload: "{}", due_ms: 0, now_ms: 0 };
            let followup = Followup { queue: &[job], ..Followup::default() };
            store.carry_out(&intent, &followup).await.expect("asked")
        });
    }
    for carried in tasks.join_all().await {
        assert_eq!(carried, Carried::Done(intent.after.clone()));
    }
    assert_eq!(store.appointment_changes(&intent.after.id).await.expect("read").len(), 1);
    assert_eq!(store.jobs(JobState::Waiting, 10).await.expect("listed").len(), 1);
    assert_eq!(store.open_intents(10).await.expect("listed"), []);
    assert_eq!(store.outcome(&intent.id).await.expect("asked"), Outcome::Done(intent.after));
}

async fn jobs_are_queued_and_forgotten_with_the_change(store: Store) {
    let reminder = |key| NewJob { kind: "remind", key, payload: "{}", due_ms: 5, now_ms: 0 };
    let intent = planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), None).await;
    let followup = Followup { forget: &[], queue: &[reminder("remind:a:10"), reminder("remind:b:10")] };
    store.carry_out(&intent, &followup).await.expect("carried out");

    let plan = Plan::Move { id: &intent.after.id, to: span(15, 16), gap: Gap::NONE };
    let moving = planned(&store, &plan, &by("c1"), None).await;
    let followup = Followup { forget: &["remind:a:"], queue: &[reminder("remind:a:15")] };
    store.carry_out(&moving, &followup).await.expect("carried out");
    let keys = |jobs: Vec<store::JobRow>| jobs.into_iter().map(|job| job.key).collect::<Vec<_>>();
    let mut waiting = keys(store.jobs(JobState::Waiting, 10).await.expect("listed"));
    waiting.sort();
    assert_eq!(waiting, ["remind:a:15", "remind:b:10"]);

    let gone = planned(&store, &Plan::Book(&at(20, "", "k2")), &by("c1"), None).await;
    store.drop_intent(&gone).await.expect("dropped");
    let followup = Followup { forget: &[""], queue: &[reminder("x")] };
    let lost = store.carry_out(&gone, &followup).await.expect("asked");
    assert_eq!(lost, Carried::Lost);
    assert_eq!(store.jobs(JobState::Waiting, 10).await.expect("listed").len(), 2);
}

async fn a_dropped_intent_leaves_nothing(store: Store) {
    let intent = planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), GOOGLE).await;
    assert_eq!(store.outcome(&intent.id).await.expect("asked"), Outcome::Open(intent.clone()));
    assert!(store.drop_intent(&intent).await.expect("dropped"));
    assert!(!store.drop_intent(&intent).await.expect("asked"));
    assert_eq!(store.carry_out(&intent, &Followup::default()).await.expect("asked"), Carried::Lost);
    assert_eq!(store.outcome(&intent.id).await.expect("asked"), Outcome::Dropped);
    assert_eq!(store.appointment(&intent.after.id).await.expect("read"), None);
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, []);
}

async fn a_lease_that_ran_out_is_claimed_once_and_its_first_holder_has_lost_it(store: Store) {
    let first = planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), GOOGLE).await;
    assert_eq!(claimed(&store, LEASE - 1).await, []);
    let [second] = &claimed(&store, LEASE).await[..] else { panic!("not claimed") };
    assert_eq!((&second.id, &second.after, second.attempts), (&first.id, &first.after, 0));
    assert_eq!(claimed(&store, LEASE).await, []);

    assert!(!store.renew_intent(&first, 10 * LEASE).await.expect("asked"));
    assert!(!store.drop_intent(&first).await.expect("asked"));
    assert!(!store.undo_later(&first, 0, "").await.expect("asked"));
    assert!(!store.retry_later(&first, 0, "").await.expect("asked"));
    assert_eq!(store.intent_anew(&first, GOOGLE).await.expect("asked"), None);
    assert_eq!(store.carry_out(&first, &Followup::default()).await.expect("asked"), Carried::Lost);
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, [span(10, 11)]);

    let row = carried(&store, second).await;
    assert_eq!(carried(&store, &first).await, row);
    assert_eq!(store.appointment_changes(&row.id).await.expect("read").len(), 1);
}

async fn a_renewed_lease_is_not_claimed(store: Store) {
    let intent = planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), GOOGLE).await;
    assert!(store.renew_intent(&intent, 2 * LEASE).await.expect("renewed"));
    assert_eq!(claimed(&store, 2 * LEASE - 1).await, []);
    assert_eq!(claimed(&store, 2 * LEASE).await.len(), 1);
}

async fn what_is_being_undone_keeps_its_time_and_is_not_carried_out(store: Store) {
    let intent = planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), GOOGLE).await;
    assert!(store.undo_later(&intent, 500, "no answer").await.expect("turned"));
    assert_eq!(store.carry_out(&intent, &Followup::default()).await.expect("asked"), Carried::Lost);
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, [span(10, 11)]);
    assert_eq!(book(&store, &at(10, "+49302", "k2"), &by("c2")).await, taken(span(10, 11)));

    assert_eq!(claimed(&store, 499).await, []);
    let [undoing] = &claimed(&store, 500).await[..] else { panic!("not claimed") };
    assert_eq!((undoing.state, undoing.remote()), (IntentState::Undoing, Remote::Remove));
    assert_eq!((undoing.attempts, undoing.why.as_str()), (1, "no answer"));
    let again = store.plan(&Plan::Book(&at(10, "", "k1")), &by("c1"), GOOGLE, LEASE).await.expect("asked");
    assert_eq!(again, Planned::Underway(undoing.clone()), "it may not be gone on with");
    assert!(store.retry_later(undoing, 900_000, "still none").await.expect("put back"));
    let [undoing] = &claimed(&store, 900_000).await[..] else { panic!("not claimed") };
    assert_eq!((undoing.state, undoing.attempts), (IntentState::Undoing, 2));
    assert!(store.drop_intent(undoing).await.expect("dropped"));
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, []);
}

async fn a_cancellation_is_tried_again_and_not_taken_back(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    let cancelling = planned(&store, &Plan::Cancel { id: &row.id }, &by("c1"), None).await;
    assert!(store.undo_later(&cancelling, 500, "no answer").await.expect("put back"));
    let [again] = &claimed(&store, 500).await[..] else { panic!("not claimed") };
    assert_eq!((again.state, again.attempts), (IntentState::Planned, 1));
    assert_eq!(carried(&store, again).await.status, "cancelled");
}

async fn a_cancellation_runs_ahead_and_its_removal_is_remembered(store: Store) {
    let intent = planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), GOOGLE).await;
    let row = carried(&store, &intent).await;
    let cancelling = planned(&store, &Plan::Cancel { id: &row.id }, &by("c1"), None).await;
    let nothing = Followup::default();
    let ahead = store.cancel_ahead(&cancelling, 500, "no answer", &nothing).await.expect("asked");
    let Carried::Done(cancelled) = ahead else { panic!("lost") };
    assert_eq!(cancelled.status, "cancelled");
    assert_eq!(busy(&store, span(0, 24), 7, Some("another")).await, []);
    assert_eq!(store.outcome(&cancelling.id).await.expect("asked"), Outcome::Done(cancelled.clone()));
    assert_eq!(cancel(&store, &row.id, &by("c1")).await, same(cancelled.clone()));
    assert!(book(&store, &at(10, "", "k2"), &by("c2")).await.is_ok());

    let [removing] = &store.open_intents(10).await.expect("listed")[..] else { panic!("not remembered") };
    assert_eq!((removing.state, removing.why.as_str()), (IntentState::Removing, "no answer"));
    let [removing] = &claimed(&store, 500).await[..] else { panic!("not claimed") };
    assert_eq!(removing.remote(), Remote::Remove);
    assert_eq!(removing.after.remote_id(), row.remote_id());
    assert!(store.drop_intent(removing).await.expect("dropped"));
    assert_eq!(store.appointment_changes(&row.id).await.expect("read").len(), 2);
}

async fn the_same_wish_under_way_is_told_so_and_gone_on_with_when_left_behind(store: Store) {
    let new = at(10, "+49301", "k1");
    let first = planned(&store, &Plan::Book(&new), &by("c1"), GOOGLE).await;
    let same_caller = NewAppointment { key: "k2", ..new.clone() };
    for wish in [&new, &same_caller] {
        let again = store.plan(&Plan::Book(wish), &by("c2"), GOOGLE, 1).await.expect("asked");
        assert_eq!(again, Planned::Underway(first.clone()));
    }
    let later = store::By { at_ms: LEASE, ..by("c2") };
    let second = store.plan(&Plan::Book(&same_caller), &later, GOOGLE, 2 * LEASE).await.expect("asked");
    let Planned::Planned(second) = second else { panic!("not gone on with: {second:?}") };
    assert_eq!((&second.id, second.after.remote_id()), (&first.id, first.after.remote_id()));
    assert_eq!(second.lease_until_ms, 2 * LEASE);
    assert!(!store.drop_intent(&first).await.expect("asked"));
    let row = carried(&store, &second).await;
    assert_eq!(book(&store, &new, &by("c1")).await, same(row));
}

async fn an_appointment_is_changed_by_one_at_a_time(store: Store) {
    let row = booked(&store, &at(10, "", "k1")).await;
    let id = &row.id;
    let first =
        planned(&store, &Plan::Move { id, to: span(15, 16), gap: Gap::NONE }, &by("c1"), GOOGLE).await;
    let late = store::By { at_ms: 2 * LEASE, ..by("c2") };
    let [change] = &store.appointment_changes(id).await.expect("read")[..] else { panic!("one change") };
    for (plan, by) in [
        (Plan::Cancel { id }, &by("c2")),
        (Plan::Cancel { id }, &late),
        (Plan::Undo { change_id: &change.id }, &late),
        (Plan::Move { id, to: span(15, 16), gap: Gap::NONE }, &by("c2")),
        (Plan::Move { id, to: span(17, 18), gap: Gap::NONE }, &late),
    ] {
        let other = store.plan(&plan, by, GOOGLE, 3 * LEASE).await.expect("asked");
        assert_eq!(other, Planned::Underway(first.clone()), "{plan:?}");
    }
    let plan = Plan::Move { id, to: span(15, 16), gap: Gap::NONE };
    let same = planned(&store, &plan, &late, GOOGLE).await;
    assert_eq!(same.id, first.id);
    carried(&store, &same).await;
    assert!(cancel(&store, id, &by("c2")).await.is_ok());
}

async fn an_event_made_anew_has_another_id(store: Store) {
    let first = planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), GOOGLE).await;
    let ids = [first.after.remote_id()];
    assert_eq!(ids[0], format!("{}1", first.after.id.replace('-', "")));
    assert!(ids[0].len() == 33 && ids[0].bytes().all(|byte| b"0123456789abcdef".contains(&byte)));
    let anew = store.intent_anew(&first, Some("caldav:x")).await.expect("asked").expect("held");
    assert_eq!(anew.after.elsewhere.as_deref(), Some("caldav:x"));
    assert_eq!(anew.after.remote_id(), format!("{}2", first.after.id.replace('-', "")));
    assert_eq!(store.outcome(&first.id).await.expect("asked"), Outcome::Open(anew.clone()));
    // What counts is what was remembered, not what the one who carries it out believes.
    let row = carried(&store, &first).await;
    assert_eq!(row, anew.after);
    assert_eq!(store.appointment(&row.id).await.expect("read"), Some(row));
}

async fn an_appointment_goes_where_its_event_is(store: Store) {
    let here = booked(&store, &at(10, "", "k1")).await;
    assert_eq!((&here.elsewhere, here.generation), (&None, 0));
    let to = |from| Plan::Move { id: &here.id, to: span(from, from + 1), gap: Gap::NONE };
    let moved = carried(&store, &planned(&store, &to(12), &by("c1"), GOOGLE).await).await;
    assert_eq!((moved.elsewhere.as_deref(), moved.generation), (GOOGLE, 1));
    for other in [Some("caldav:x"), None] {
        let intent = planned(&store, &to(14), &by("c1"), other).await;
        assert_eq!((intent.after.elsewhere.as_deref(), intent.after.generation), (GOOGLE, 1));
        assert_eq!(intent.remote(), Remote::Shift(span(14, 15)));
        store.drop_intent(&intent).await.expect("dropped");
    }
    let cancelled = planned(&store, &Plan::Cancel { id: &here.id }, &by("c1"), None).await;
    assert_eq!((cancelled.after.elsewhere.as_deref(), cancelled.after.generation), (GOOGLE, 1));
}

async fn what_is_to_be_done_elsewhere_follows_from_the_change(store: Store) {
    let local = planned(&store, &Plan::Book(&at(8, "", "k0")), &by("c1"), None).await;
    assert_eq!(local.remote(), Remote::Nothing);
    let undoing = |intent: &Intent| {
        let mut intent = intent.clone();
        intent.state = IntentState::Undoing;
        intent.remote()
    };
    assert_eq!(undoing(&local), Remote::Nothing);
    let local = carried(&store, &local).await;
    let arriving = Plan::Move { id: &local.id, to: span(9, 10), gap: Gap::NONE };
    let arriving = planned(&store, &arriving, &by("c1"), GOOGLE).await;
    assert_eq!((arriving.remote(), undoing(&arriving)), (Remote::Put, Remote::Remove));

    let intent = planned(&store, &Plan::Book(&at(10, "", "k1")), &by("c1"), GOOGLE).await;
    assert_eq!((intent.remote(), undoing(&intent)), (Remote::Put, Remote::Remove));
    let row = carried(&store, &intent).await;
    let plan = Plan::Move { id: &row.id, to: span(15, 16), gap: Gap::NONE };
    let intent = planned(&store, &plan, &by("c1"), GOOGLE).await;
    let there_and_back = (Remote::Shift(span(15, 16)), Remote::Shift(span(10, 11)));
    assert_eq!((intent.remote(), undoing(&intent)), there_and_back);
    let anew = store.intent_anew(&intent, GOOGLE).await.expect("asked").expect("held");
    assert_eq!((anew.remote(), undoing(&anew)), (Remote::Put, Remote::Remove));
    carried(&store, &anew).await;
    let intent = planned(&store, &Plan::Cancel { id: &row.id }, &by("c1"), GOOGLE).await;
    assert_eq!(intent.remote(), Remote::Remove);
    assert_eq!(intent.after.remote_id(), anew.after.remote_id());
}

async fn a_gap_is_the_appointments_own_and_the_greater_of_two_counts(store: Store) {
    let quarter = HOUR / 4;
    let gap = Gap { before_ms: 0, after_ms: quarter };
    let row = booked(&store, &NewAppointment { gap, ..at(10, "", "k1") }).await;
    assert_eq!(row.gap(), gap);
    let starting = |starts_ms, before_ms| NewAppointment {
        starts_ms,
        ends_ms: starts_ms + HOUR,
        gap: Gap { before_ms, after_ms: 0 },
        ..at(0, "", "k2")
    };
    for (starts_ms, before_ms, free) in [
        (11 * HOUR, 0, false),
        (11 * HOUR + quarter - 1, quarter - 1, false),
        (11 * HOUR + quarter, 0, true),
        (11 * HOUR + quarter, quarter, true),
        (11 * HOUR + quarter, quarter + 1, false),
        (9 * HOUR, 0, true),
    ] {
        let plan = store.plan(&Plan::Book(&starting(starts_ms, before_ms)), &by("c1"), None, LEASE).await;
        match plan.expect("asked") {
            Planned::Planned(intent) => {
                assert!(free, "{starts_ms} {before_ms}");
                store.drop_intent(&intent).await.expect("dropped");
            }
            Planned::Taken(there) => assert!(!free && there == span(10, 11), "{starts_ms} {before_ms}"),
            other @ (Planned::Same(_) | Planned::Underway(_) | Planned::Changed(_) | Planned::Gone) => {
                panic!("{other:?}")
            }
        }
    }
}

async fn what_is_told_as_free_can_be_planned_and_nothing_else(store: Store) {
    let minute = HOUR / 60;
    let gap = |before, after| Gap { before_ms: before * minute, after_ms: after * minute };
    booked(&store, &NewAppointment { gap: gap(20, 5), ..at(10, "", "k1") }).await;
    planned(&store, &Plan::Book(&NewAppointment { gap: gap(0, 30), ..at(13, "", "k2") }), &by("c1"), None)
        .await;
    let hold = Hold {
        calendar: "main",
        call_id: "c3",
        starts_ms: 16 * HOUR,
        ends_ms: 17 * HOUR,
        gap: gap(10, 0),
        moving: None,
        now_ms: 0,
        expires_ms: 180,
    };
    assert_eq!(store.hold(&hold).await.expect("asked"), Held::Held);
    let asking = Asking { now_ms: 7, call_id: Some("c1"), moving: None };
    let (mut free, mut not) = (0, 0);
    for wanted in [gap(0, 0), gap(15, 10), gap(60, 5)] {
        for from in (8 * 60..18 * 60).step_by(5) {
            let (starts_ms, ends_ms) = (from * minute, (from + 30) * minute);
            let range = Span { starts_ms: starts_ms - wanted.before_ms, ends_ms: ends_ms + wanted.after_ms };
            let told = store.taken_between("main", range, wanted, &asking).await.expect("listed");
            let new = NewAppointment { starts_ms, ends_ms, gap: wanted, ..at(0, "", "k3") };
            match store.plan(&Plan::Book(&new), &by("c1"), None, LEASE).await.expect("asked") {
                Planned::Planned(intent) => {
                    assert_eq!(told, [], "{from} {wanted:?}");
                    store.drop_intent(&intent).await.expect("dropped");
                    free += 1;
                }
                Planned::Taken(_) => {
                    assert_ne!(told, [], "{from} {wanted:?}");
                    not += 1;
                }
                other @ (Planned::Same(_) | Planned::Underway(_) | Planned::Changed(_) | Planned::Gone) => {
                    panic!("{other:?}")
                }
            }
        }
    }
    assert!(free > 50 && not > 50, "{free} free, {not} not");
}
