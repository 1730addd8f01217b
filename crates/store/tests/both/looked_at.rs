//! What the owner looks at and decides with: appointments that are looked for, two who change one at once, callers that
//! are looked for and how far they are trusted, and assistants that are only tried.

use crate::{
    harness::on_both,
    hours::{HOUR, at, booked, by, cancel, move_to},
};
use store::{
    AppointmentRow, By, CallerMark, NewAppointment, NewJob, NewMemory, Planned, Sought, Stands, Store,
};

mod both {
    super::on_both!(
        appointments_are_found_by_name_and_number_and_by_whether_they_are_over,
        a_list_is_read_in_pages_without_a_gap,
        who_has_not_seen_the_last_change_changes_nothing,
        what_was_sent_about_an_appointment_is_listed_with_it,
        callers_are_found_by_number_note_and_name,
        how_far_a_number_is_trusted_is_kept,
        what_forgetting_would_take_is_told_and_nothing_is_taken,
        a_number_that_has_to_wait_with_its_pin_is_told_until_when,
        a_draft_is_kept_for_its_time_and_no_longer,
    );
}

fn sought(state: Stands, words: &str) -> Sought<'_> {
    Sought { calendar: "main", state, words, now_ms: 12 * HOUR }
}

fn ids(rows: &[AppointmentRow]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

async fn appointments_are_found_by_name_and_number_and_by_whether_they_are_over(store: Store) {
    let over = booked(&store, &at(8, "+49301", "k1")).await;
    let later = booked(&store, &at(15, "+49302", "k2")).await;
    let sooner = booked(&store, &at(13, "+49301", "k3")).await;
    let dropped = booked(&store, &at(17, "+49301", "k4")).await;
    cancel(&store, &dropped.id, &by("c1")).await.expect("cancelled");
    let found = async |state, words: &str| {
        let rows = store.appointments_which(&sought(state, words), None, 9).await.expect("looked");
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(found(Stands::ToCome, "").await, [&*sooner.id, &*later.id]);
    assert_eq!(found(Stands::Over, "").await, [&*over.id]);
    assert_eq!(found(Stands::Cancelled, "").await, [&*dropped.id]);
    assert_eq!(found(Stands::ToCome, "49302").await, [&*later.id]);
    assert_eq!(found(Stands::ToCome, "hAIRcut").await, [&*sooner.id, &*later.id]);
    let umlaut = NewAppointment { summary: "Ölwechsel", ..at(19, "+49301", "k5") };
    let umlaut = booked(&store, &umlaut).await;
    assert_eq!(found(Stands::ToCome, "ÖLWECHSEL").await, [&*umlaut.id], "whatever letters it begins with");
    assert!(found(Stands::ToCome, "%").await.is_empty() && found(Stands::ToCome, "Hair_ut").await.is_empty());
}

async fn a_list_is_read_in_pages_without_a_gap(store: Store) {
    for (hour, key) in [(13, "k1"), (14, "k2"), (15, "k3"), (16, "k4"), (17, "k5")] {
        booked(&store, &at(hour, "+49301", key)).await;
    }
    let all = store.appointments_which(&sought(Stands::ToCome, ""), None, 9).await.expect("looked");
    let mut seen: Vec<AppointmentRow> = Vec::new();
    loop {
        let page = seen.last().map(|row| (row.starts_ms, row.id.as_str()));
        let rows = store.appointments_which(&sought(Stands::ToCome, ""), page, 2).await.expect("looked");
        if rows.is_empty() {
            break;
        }
        seen.extend(rows);
    }
    assert_eq!(ids(&seen), ids(&all));
    assert_eq!(all.len(), 5);
}

async fn who_has_not_seen_the_last_change_changes_nothing(store: Store) {
    let row = booked(&store, &at(10, "+49301", "k1")).await;
    let first = store.appointment_changes(&row.id).await.expect("read").pop().expect("booked").id;
    let owner = By { call_id: None, seen: Some(&first), ..by("c1") };
    let moved = move_to(&store, &row.id, (15 * HOUR, 16 * HOUR), 0, &owner).await.expect("as it was seen");
    let late = move_to(&store, &row.id, (17 * HOUR, 18 * HOUR), 0, &owner).await;
    assert_eq!(late, Err(Planned::Changed(moved.clone())));
    assert_eq!(cancel(&store, &row.id, &owner).await, Err(Planned::Changed(moved.clone())));
    let stands = store.appointment(&row.id).await.expect("read").expect("there");
    assert_eq!(stands, moved);
    let last = store.appointment_changes(&row.id).await.expect("read").pop().expect("moved").id;
    cancel(&store, &row.id, &By { seen: Some(&last), ..owner }).await.expect("as it is seen now");
}

async fn what_was_sent_about_an_appointment_is_listed_with_it(store: Store) {
    let job = |kind, key, now_ms| NewJob { kind, key, payload: "{}", due_ms: now_ms, now_ms };
    for new in [
        job("mail", "mail:a1:booked:1:2", 5),
        job("text", "text:a1:moved:1:3", 6),
        job("announce", "announce:a1:booked:1:2", 4),
        job("mail", "mail:a11:booked:1:2", 7),
    ] {
        assert!(store.queue_job(&new).await.expect("queued"));
    }
    let about = store.jobs_about("a1", 9).await.expect("listed");
    let keys: Vec<&str> = about.iter().map(|job| job.key.as_str()).collect();
    assert_eq!(keys, ["text:a1:moved:1:3", "mail:a1:booked:1:2"]);
    let undone = store.jobs_undone("mail:", 9).await.expect("listed");
    assert_eq!(undone.len(), 2);
    let claimed = store.claim_jobs(5, 9, 9).await.expect("claimed");
    for job in claimed {
        store.job_done(&job, 6).await.expect("done");
    }
    let undone = store.jobs_undone("mail:", 9).await.expect("listed");
    assert_eq!(undone.iter().map(|job| job.key.as_str()).collect::<Vec<_>>(), ["mail:a11:booked:1:2"]);
}

async fn callers_are_found_by_number_note_and_name(store: Store) {
    let note = CallerMark { note: Some("Pays LATE"), ..CallerMark::default() };
    store.mark_caller("+49301", note, 1).await.expect("marked");
    store.mark_caller("+49302", CallerMark::default(), 2).await.expect("marked");
    let name =
        NewMemory { number: "+49302", topic: "name", words: "Anna", trust: 1, call_id: None, at_ms: 3 };
    store.remembered(&name, 9).await.expect("kept");
    let found = async |words: &str| {
        let rows = store.callers_found(words, 9).await.expect("looked");
        rows.into_iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(found("4930").await, ["+49302", "+49301"]);
    assert_eq!(found("late").await, ["+49301"]);
    assert_eq!(found("ANNA").await, ["+49302"]);
    let umlaut = CallerMark { note: Some("Öfter zu spät"), ..CallerMark::default() };
    store.mark_caller("+49303", umlaut, 1).await.expect("marked");
    assert_eq!(found("Öfter").await, ["+49303"], "whatever letters it begins with");
    let names = store.callers(9).await.expect("listed").into_iter().map(|row| row.name).collect::<Vec<_>>();
    assert_eq!(names, ["Anna", "", ""]);
    assert!(found("_").await.is_empty());
}

async fn how_far_a_number_is_trusted_is_kept(store: Store) {
    let trust = |trust| CallerMark { trust: Some(trust), ..CallerMark::default() };
    let marked = store.mark_caller("+49301", trust("known"), 1).await.expect("marked");
    assert_eq!((marked.trust.as_str(), marked.blocked), ("known", false));
    let blocked = CallerMark { blocked: Some(true), ..CallerMark::default() };
    assert_eq!(store.mark_caller("+49301", blocked, 2).await.expect("marked").trust, "known");
    assert_eq!(store.mark_caller("+49301", trust(""), 3).await.expect("marked").trust, "");
}

async fn what_forgetting_would_take_is_told_and_nothing_is_taken(store: Store) {
    booked(&store, &at(8, "+49301", "k1")).await;
    booked(&store, &at(15, "+49301", "k2")).await;
    let name =
        NewMemory { number: "+49301", topic: "name", words: "Anna", trust: 1, call_id: None, at_ms: 3 };
    store.remembered(&name, 9).await.expect("kept");
    let told = store.known_of_caller("+49301", 12 * HOUR).await.expect("counted");
    assert_eq!((told.appointments, told.to_come, told.memories, told.calls), (1, 1, 1, 0));
    assert_eq!(store.known_of_caller("+49301", 12 * HOUR).await.expect("counted"), told);
    assert_eq!(store.forget_caller("+49301", 12 * HOUR).await.expect("forgotten"), told);
}

async fn a_number_that_has_to_wait_with_its_pin_is_told_until_when(store: Store) {
    assert_eq!(store.pin_tries("+49301", 1).await.expect("read"), (0, 0));
    for now_ms in [1, 2, 3] {
        store.pin_tried(&[("+49301", 3)], now_ms).await.expect("tried");
    }
    assert_eq!(store.pin_tries("+49301", 4).await.expect("read"), (3, 60_003));
    assert_eq!(store.pin_tries("+49301", 60_003).await.expect("read"), (3, 0));
    store.pin_was_right("+49301").await.expect("forgotten");
    assert_eq!(store.pin_tries("+49301", 5).await.expect("read"), (0, 0));
}

async fn a_draft_is_kept_for_its_time_and_no_longer(store: Store) {
    store.keep_draft("d1", "one", 100, 1).await.expect("kept");
    assert_eq!(store.draft("d1", 99).await.expect("read").as_deref(), Some("one"));
    assert_eq!(store.draft("d1", 100).await.expect("read"), None);
    assert_eq!(store.draft("d2", 99).await.expect("read"), None);
    for n in 0..120 {
        store.keep_draft(&format!("more{n:03}"), "x", 1_000, 2 + n).await.expect("kept");
    }
    assert_eq!(store.draft("d1", 50).await.expect("read"), None, "the oldest went");
    assert!(store.draft("more119", 200).await.expect("read").is_some());
}
