//! Calls, notes and messages.

use crate::harness::on_both;
use store::{Begun, JobState, NewCall, NewJob, NewMessage, NoteRow, Store, StoreError};

mod both {
    super::on_both!(
        a_call_is_written_down_once_however_often_the_carrier_tells_of_it,
        a_call_is_remembered_from_ring_to_ending,
        only_the_first_answer_and_the_first_ending_count,
        what_a_call_has_done_when_it_is_taken_up_is_queued_with_the_first_time,
        a_call_that_ended_so_goes_on_for_one_who_asks,
        calls_are_listed_page_by_page_the_latest_first,
        calls_left_open_by_a_crash_are_closed,
        what_calls_cost_is_added_up_by_day_and_number,
        notes_come_back_in_the_order_in_which_they_were_written,
        notes_are_written_all_or_none,
        notes_of_an_unknown_call_are_refused,
        text_comes_back_as_it_was_written,
        the_same_words_in_the_same_call_are_one_message,
        messages_are_listed_the_latest_first,
    );
}

pub fn ringing<'a>(id: &'a str, carrier_call: &'a str, started_ms: i64) -> NewCall<'a> {
    NewCall {
        id,
        carrier: "twilio",
        carrier_call,
        from: "+4930111",
        to: "+4930222",
        outbound: false,
        engine: "local",
        trust: "known",
        started_ms,
    }
}

fn note(at_ms: i64, kind: &str) -> NoteRow {
    NoteRow { at_ms, kind: kind.to_owned(), json: format!("{{\"v\":1,\"at\":{at_ms},\"kind\":\"{kind}\"}}") }
}

async fn a_call_is_written_down_once_however_often_the_carrier_tells_of_it(store: Store) {
    assert_eq!(store.call_begun(&ringing("first", "CA1", 1_000)).await.expect("written"), Begun::New);
    let again = store.call_begun(&ringing("second", "CA1", 2_000)).await.expect("found");
    assert_eq!(again, Begun::Again { id: "first".to_owned() });
    let other = NewCall { carrier: "plivo", ..ringing("third", "CA1", 3_000) };
    assert_eq!(store.call_begun(&other).await.expect("another carrier's"), Begun::New);
    assert_eq!(store.calls(10, i64::MAX).await.expect("listed").len(), 2);
}

async fn a_call_is_remembered_from_ring_to_ending(store: Store) {
    let id = NewCall::id(5_000);
    let new = NewCall { outbound: true, ..ringing(&id, "CA1", 5_000) };
    store.call_begun(&new).await.expect("begun");
    let row = store.call(&id).await.expect("read").expect("there");
    assert_eq!((row.from.as_str(), row.to.as_str(), row.outbound), ("+4930111", "+4930222", true));
    assert_eq!((row.carrier.as_str(), row.carrier_call.as_str()), ("twilio", "CA1"));
    assert_eq!((row.engine.as_str(), row.trust.as_str()), ("local", "known"));
    assert_eq!((row.started_ms, row.answered_ms, row.ended_ms, row.ending), (5_000, None, None, None));

    store.call_answered(&id, 5_500).await.expect("answered");
    store.call_ended(&id, 65_000, "caller_hung_up").await.expect("ended");
    let row = store.call(&id).await.expect("read").expect("there");
    assert_eq!((row.answered_ms, row.ended_ms), (Some(5_500), Some(65_000)));
    assert_eq!(row.ending.as_deref(), Some("caller_hung_up"));
    assert_eq!(store.call("nobody's").await.expect("read"), None);
}

async fn only_the_first_answer_and_the_first_ending_count(store: Store) {
    store.call_begun(&ringing("a", "CA1", 1_000)).await.expect("begun");
    store.call_answered("a", 1_100).await.expect("answered");
    store.call_answered("a", 1_900).await.expect("answered again");
    store.call_ended("a", 2_000, "said_goodbye").await.expect("ended");
    store.call_ended("a", 3_000, "crashed").await.expect("ended again");
    let row = store.call("a").await.expect("read").expect("there");
    assert_eq!((row.answered_ms, row.ended_ms), (Some(1_100), Some(2_000)));
    assert_eq!(row.ending.as_deref(), Some("said_goodbye"));
}

async fn what_a_call_has_done_when_it_is_taken_up_is_queued_with_the_first_time(store: Store) {
    store.call_begun(&ringing("a", "CA1", 1_000)).await.expect("begun");
    for at in [1_100, 1_900] {
        let key = format!("event:{at}");
        let job = NewJob { kind: "event", key: &key, payload: "{}", due_ms: at, now_ms: at };
        store.call_taken_up("a", at, Some(&job)).await.expect("taken up");
    }
    let job = NewJob { kind: "event", key: "nobody's", payload: "{}", due_ms: 1, now_ms: 1 };
    store.call_taken_up("nobody's", 1_000, Some(&job)).await.expect("looked");
    let jobs = store.jobs(JobState::Waiting, 10).await.expect("listed");
    assert_eq!(jobs.iter().map(|job| job.key.as_str()).collect::<Vec<_>>(), ["event:1100"]);
    assert_eq!(store.call("a").await.expect("read").expect("there").answered_ms, Some(1_100));
}

async fn calls_are_listed_page_by_page_the_latest_first(store: Store) {
    for at in 1..=5 {
        let (id, carrier_call) = (format!("call-{at}"), format!("CA{at}"));
        store.call_begun(&ringing(&id, &carrier_call, at * 1_000)).await.expect("begun");
    }
    let page = |rows: Vec<store::CallRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    let first = page(store.calls(2, i64::MAX).await.expect("listed"));
    assert_eq!(first, ["call-5", "call-4"]);
    let second = page(store.calls(2, 4_000).await.expect("listed"));
    assert_eq!(second, ["call-3", "call-2"]);
}

async fn calls_left_open_by_a_crash_are_closed(store: Store) {
    for (id, carrier_call, started_ms) in
        [("old", "CA1", 1_000), ("over", "CA2", 1_500), ("young", "CA3", 9_000)]
    {
        store.call_begun(&ringing(id, carrier_call, started_ms)).await.expect("begun");
    }
    store.call_ended("over", 2_000, "caller_hung_up").await.expect("ended");
    assert_eq!(store.close_open_calls(10_000, 5_000).await.expect("closed"), 1);
    let ending = async |id| store.call(id).await.expect("read").expect("there").ending;
    assert_eq!(ending("old").await.as_deref(), Some("crashed"));
    assert_eq!(ending("over").await.as_deref(), Some("caller_hung_up"));
    assert_eq!(ending("young").await, None);
}

async fn notes_come_back_in_the_order_in_which_they_were_written(store: Store) {
    store.call_begun(&ringing("a", "CA1", 0)).await.expect("begun");
    let first = [note(10, "z"), note(10, "a"), note(5, "m")];
    let second = [note(0, "late"), note(20, "last")];
    store.write_notes("a", &first).await.expect("written");
    store.write_notes("a", &[]).await.expect("nothing to write");
    store.write_notes("a", &second).await.expect("written");
    let all: Vec<_> = first.into_iter().chain(second).collect();
    assert_eq!(store.notes("a").await.expect("read"), all);
    assert_eq!(store.call("a").await.expect("read").expect("there").notes, 5);
    assert_eq!(store.notes("b").await.expect("read"), []);
}

async fn notes_are_written_all_or_none(store: Store) {
    store.call_begun(&ringing("a", "CA1", 0)).await.expect("begun");
    let store = &store;
    let lots: Vec<_> = (0..200).map(|at| note(at, "n")).collect();
    let writing = store.write_notes("a", &lots);
    // Given up as a timeout would: before, between or after the notes, and perhaps while the end is on its way.
    let _ = tokio::time::timeout(std::time::Duration::from_millis(1), writing).await;
    let there = store.notes("a").await.expect("read").len();
    assert!(there == 0 || there == 200, "{there} of 200 notes");
    store.write_notes("a", &lots).await.expect("the connection is fit for use again");
    assert_eq!(store.notes("a").await.expect("read").len(), there + 200);
}

async fn notes_of_an_unknown_call_are_refused(store: Store) {
    let error = store.write_notes("nobody's", &[note(0, "n")]).await.expect_err("there is no such call");
    assert!(matches!(error, StoreError::NoSuchCall(id) if id == "nobody's"));
}

async fn text_comes_back_as_it_was_written(store: Store) {
    let text = "Grüße, O'Neill; \"quoted\" \\ % _ ☎\n$1 '); DROP TABLE calls; --";
    store.call_begun(&ringing("a", "CA1", 0)).await.expect("begun");
    store.write_notes("a", &[note(1, text)]).await.expect("written");
    assert_eq!(store.notes("a").await.expect("read")[0].kind, text);
}

async fn the_same_words_in_the_same_call_are_one_message(store: Store) {
    let message = NewMessage {
        call_id: Some("a"),
        caller: "+49301",
        body: "Call me back.",
        urgent: true,
        taken_ms: 1_000,
    };
    let id = store.message_taken(&message).await.expect("taken");
    assert_eq!(store.message_taken(&message).await.expect("taken before"), id);
    let elsewhere = NewMessage { call_id: Some("b"), ..message.clone() };
    assert_ne!(store.message_taken(&elsewhere).await.expect("taken"), id);
    let no_call = NewMessage { call_id: None, ..message.clone() };
    let first = store.message_taken(&no_call).await.expect("taken");
    assert_ne!(store.message_taken(&no_call).await.expect("taken"), first);
    assert_eq!(store.messages(10).await.expect("listed").len(), 4);
}

async fn messages_are_listed_the_latest_first(store: Store) {
    for (at, body, urgent) in [(1_000, "one", false), (3_000, "three", true), (2_000, "two", false)] {
        let message = NewMessage { call_id: Some("a"), caller: "+49301", body, urgent, taken_ms: at };
        store.message_taken(&message).await.expect("taken");
    }
    let listed = store.messages(2).await.expect("listed");
    let listed: Vec<_> = listed.iter().map(|row| (row.body.as_str(), row.urgent, row.taken_ms)).collect();
    assert_eq!(listed, [("three", true, 3_000), ("two", false, 2_000)]);
}

async fn a_call_that_ended_so_goes_on_for_one_who_asks(store: Store) {
    store.call_begun(&ringing("a", "CA1", 1_000)).await.expect("begun");
    let goes_on = async || store.call_goes_on("a", "caller_hung_up").await.expect("asked");
    assert!(!goes_on().await, "it has not ended");
    store.call_ended("a", 2_000, "assistant_hung_up").await.expect("ended");
    assert!(!goes_on().await, "it has ended otherwise");
    store.call_begun(&ringing("b", "CA2", 1_000)).await.expect("begun");
    store.call_ended("b", 2_000, "caller_hung_up").await.expect("ended");
    assert!(store.call_goes_on("b", "caller_hung_up").await.expect("asked"));
    assert!(!store.call_goes_on("b", "caller_hung_up").await.expect("asked"), "once");
    store.call_ended("b", 3_000, "silent").await.expect("ended");
    let row = store.call("b").await.expect("read").expect("there");
    assert_eq!((row.ended_ms, row.ending.as_deref()), (Some(3_000), Some("silent")));
}

async fn what_calls_cost_is_added_up_by_day_and_number(store: Store) {
    for (id, from, at, micros) in [("1", "+491", 5, 700), ("2", "+491", 20, 30), ("3", "+492", 30, 4)] {
        let new = NewCall { from, ..ringing(id, id, at) };
        store.call_begun(&new).await.expect("the database answers");
        store.call_cost(id, micros).await.expect("the database answers");
    }
    store.call_cost("2", 20).await.expect("what comes late is no news");
    assert_eq!(store.spent_since(10, "+491").await.expect("the database answers"), (34, 30));
    assert_eq!(store.spent_since(40, "+491").await.expect("the database answers"), (0, 0));
    assert_eq!(store.call("1").await.expect("the database answers").expect("it is there").cost_micros, 700);
}
