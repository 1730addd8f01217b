//! What is remembered of callers, what calls came to, the keys of programs, and lists of calls a page at a time.

use crate::{
    harness::on_both,
    hours::{HOUR, at, booked},
};
use store::{CallBrief, JobState, MemoryRow, NewCall, NewJob, NewMemory, Store, Which};

mod both {
    super::on_both!(
        of_a_topic_the_last_word_counts_and_nobody_less_trusted_reads_or_forgets_it,
        of_a_number_no_more_is_remembered_than_may_be,
        a_brief_is_kept_once_a_call_and_its_letter_is_queued_once,
        a_call_without_a_brief_is_found_until_it_has_one,
        a_token_is_known_by_its_hash_until_it_is_revoked,
        calls_are_listed_page_by_page_each_once,
        the_last_appointment_is_the_one_that_was_over_last,
    );
}

const ANNA: &str = "+49301";
const KNOWN: i64 = 1;
const OWNER: i64 = 2;

fn memory(topic: &'static str, words: &'static str, trust: i64, at_ms: i64) -> NewMemory<'static> {
    NewMemory { number: ANNA, topic, words, trust, call_id: Some("c1"), at_ms }
}

fn told(rows: &[MemoryRow]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row.topic.as_str(), row.words.as_str())).collect()
}

async fn of_a_topic_the_last_word_counts_and_nobody_less_trusted_reads_or_forgets_it(store: Store) {
    for new in [
        memory("name", "Ann", KNOWN, 1),
        memory("name", "Anna", KNOWN, 2),
        memory("prefers", "mornings", KNOWN, 3),
        memory("name", "Anna Lovelace", OWNER, 4),
        NewMemory { number: "+49302", ..memory("name", "Ben", KNOWN, 5) },
    ] {
        assert!(store.remembered(&new, 9).await.expect("kept"));
    }
    let as_known = store.memories(ANNA, KNOWN).await.expect("read");
    assert_eq!(told(&as_known), [("name", "Anna"), ("prefers", "mornings")]);
    assert_eq!((as_known[0].call_id.as_deref(), as_known[0].at_ms), (Some("c1"), 2));
    let as_owner = store.memories(ANNA, OWNER).await.expect("read");
    assert_eq!(told(&as_owner), [("name", "Anna Lovelace"), ("prefers", "mornings")]);
    assert_eq!(store.memories(ANNA, 0).await.expect("read"), []);
    assert_eq!(store.forget_memories(ANNA, Some("name"), KNOWN).await.expect("forgotten"), 1);
    assert_eq!(store.forget_memories(ANNA, None, KNOWN).await.expect("forgotten"), 1);
    assert_eq!(told(&store.memories(ANNA, OWNER).await.expect("read")), [("name", "Anna Lovelace")]);
    assert_eq!(store.forget_memories(ANNA, None, OWNER).await.expect("forgotten"), 1);
    assert_eq!(told(&store.memories("+49302", OWNER).await.expect("read")), [("name", "Ben")]);
}

async fn of_a_number_no_more_is_remembered_than_may_be(store: Store) {
    assert!(store.remembered(&memory("name", "Anna", KNOWN, 1), 2).await.expect("kept"));
    assert!(store.remembered(&memory("prefers", "mornings", KNOWN, 2), 2).await.expect("kept"));
    assert!(!store.remembered(&memory("dog", "Rex", KNOWN, 3), 2).await.expect("looked"));
    assert!(store.remembered(&memory("prefers", "evenings", KNOWN, 4), 2).await.expect("kept"));
    let rows = store.memories(ANNA, KNOWN).await.expect("read");
    assert_eq!(told(&rows), [("name", "Anna"), ("prefers", "evenings")]);
}

async fn call(store: &Store, id: &str, from: &str, started_ms: i64) {
    let new = NewCall {
        id,
        carrier: "twilio",
        carrier_call: id,
        from,
        to: "+49300",
        outbound: false,
        engine: "local",
        trust: "known",
        started_ms,
    };
    store.call_begun(&new).await.expect("begun");
}

fn brief(call_id: &str, done: &str) -> CallBrief {
    CallBrief {
        call_id: call_id.into(),
        who: "Anna".into(),
        wanted: "a haircut".into(),
        done: done.into(),
        left_open: String::new(),
        made_ms: 9,
    }
}

async fn a_brief_is_kept_once_a_call_and_its_letter_is_queued_once(store: Store) {
    call(&store, "c1", ANNA, 100).await;
    let job = NewJob { kind: "owner", key: "owner:brief:c1", payload: "{}", due_ms: 5, now_ms: 5 };
    assert!(store.brief_made(&brief("c1", "nothing"), Some(&job)).await.expect("made"));
    assert!(store.brief_made(&brief("c1", "booked"), Some(&job)).await.expect("made"));
    assert!(
        !store.brief_made(&brief("c2", "x"), Some(&NewJob { key: "other", ..job })).await.expect("looked")
    );
    assert_eq!(store.brief("c1").await.expect("read"), Some(brief("c1", "booked")));
    let others: Vec<_> = (2..120).map(|n| format!("c{n}")).collect();
    let mut asked: Vec<_> = others.iter().map(String::as_str).collect();
    assert_eq!(store.briefs_of(&asked).await.expect("read"), []);
    asked.insert(100, "c1");
    assert_eq!(store.briefs_of(&asked).await.expect("read"), [brief("c1", "booked")]);
    assert_eq!(store.briefs_of(&[]).await.expect("read"), []);
    assert_eq!(store.jobs(JobState::Waiting, 9).await.expect("read").len(), 1);
    store.call_ended("c1", 200, "silent").await.expect("ended");
    assert_eq!(store.forget_caller(ANNA, 300).await.expect("forgotten").calls, 1);
    assert_eq!(store.brief("c1").await.expect("read"), None, "it goes with its call");
    assert_eq!(store.jobs(JobState::Waiting, 9).await.expect("read"), [], "and so does the letter");
}

async fn a_call_without_a_brief_is_found_until_it_has_one(store: Store) {
    for (id, ended_ms) in [("c1", Some(200)), ("c2", Some(300)), ("c3", None), ("c4", Some(50))] {
        call(&store, id, ANNA, 10).await;
        if let Some(ended_ms) = ended_ms {
            store.call_ended(id, ended_ms, "silent").await.expect("ended");
        }
    }
    store.brief_made(&brief("c1", "nothing"), None).await.expect("made");
    let found = store.calls_unbriefed(100, "brief:", 9).await.expect("looked");
    assert_eq!(
        found.iter().map(|call| (call.call_id.as_str(), call.ended_ms)).collect::<Vec<_>>(),
        [("c2", 300)]
    );
    store.brief_made(&brief("c2", "nothing"), None).await.expect("made");
    assert_eq!(store.calls_unbriefed(100, "brief:", 9).await.expect("looked"), []);
    // One that is on its way, queued with the end of its call, counts.
    let job = NewJob { kind: "brief", key: "brief:c3:400", payload: "{}", due_ms: 5, now_ms: 5 };
    store.call_over("c3", 400, "silent", Some(&job)).await.expect("ended");
    store
        .call_over("c3", 500, "crashed", Some(&NewJob { key: "brief:c3:500", ..job }))
        .await
        .expect("was over");
    assert_eq!(store.calls_unbriefed(100, "brief:", 9).await.expect("looked"), []);
    assert_eq!(store.jobs(JobState::Waiting, 9).await.expect("read").len(), 1, "the first ending counts");
    assert_eq!(store.jobs_queued("brief:", 5).await.expect("counted"), 1);
    assert_eq!(store.jobs_queued("brief:", 6).await.expect("counted"), 0);
    assert_eq!(store.jobs_queued("letter:", 0).await.expect("counted"), 0);
    // Of those that are queued at one moment, each has another number ahead of it.
    for key in ["brief:a", "brief:b", "brief:c"] {
        assert!(store.queue_job(&NewJob { key, due_ms: 9, now_ms: 9, ..job }).await.expect("queued"));
    }
    let mut ahead = Vec::new();
    for job in store.jobs(JobState::Waiting, 9).await.expect("read") {
        ahead.push(store.jobs_ahead(&job, "brief:", 0).await.expect("counted"));
    }
    ahead.sort_unstable();
    assert_eq!(ahead, [0, 1, 2, 3]);
}

async fn a_token_is_known_by_its_hash_until_it_is_revoked(store: Store) {
    let made = store.api_token_made("h1", "laptop", true, 1_000).await.expect("made");
    let read = store.api_token_made("h2", "reader", false, 2_000).await.expect("made");
    assert!(made.acts && !read.acts && made.used_ms.is_none());
    assert!(store.api_token_made("h1", "twin", true, 3_000).await.is_err(), "a hash names one token");
    assert_eq!(store.api_token("h1", 5_000).await.expect("looked").map(|row| row.id), Some(made.id.clone()));
    assert_eq!(store.api_token("h3", 5_000).await.expect("looked"), None);
    store.api_token("h1", 5_001).await.expect("looked");
    let listed = store.api_tokens().await.expect("listed");
    assert_eq!(
        listed.iter().map(|row| row.used_ms).collect::<Vec<_>>(),
        [None, Some(5_000)],
        "to the minute"
    );
    assert!(store.api_token_revoked(&made.id).await.expect("revoked"));
    assert!(!store.api_token_revoked(&made.id).await.expect("looked"));
    assert_eq!(store.api_token("h1", 6_000).await.expect("looked"), None);
    assert_eq!(store.api_tokens().await.expect("listed").len(), 1);
}

async fn calls_are_listed_page_by_page_each_once(store: Store) {
    // Several begin in the same millisecond.
    for (id, from, started_ms) in
        [("c1", ANNA, 10), ("c2", "+49302", 20), ("c3", ANNA, 20), ("c4", ANNA, 20), ("c5", ANNA, 30)]
    {
        call(&store, id, from, started_ms).await;
    }
    let mut seen = Vec::new();
    let mut after: Option<(i64, String)> = None;
    loop {
        let which = Which { after: after.as_ref().map(|(ms, id)| (*ms, id.as_str())), ..Which::default() };
        let page = store.calls_which(&which, 2).await.expect("listed");
        let Some(last) = page.last() else { break };
        after = Some((last.started_ms, last.id.clone()));
        seen.extend(page.into_iter().map(|row| row.id));
    }
    assert_eq!(seen, ["c5", "c4", "c3", "c2", "c1"]);
    let annas = Which { number: Some(ANNA), from_ms: Some(20), ..Which::default() };
    let ids = store.calls_which(&annas, 9).await.expect("listed");
    assert_eq!(ids.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["c5", "c4", "c3"]);
}

async fn the_last_appointment_is_the_one_that_was_over_last(store: Store) {
    booked(&store, &at(8, ANNA, "k1")).await;
    let later = booked(&store, &at(10, ANNA, "k2")).await;
    booked(&store, &at(14, ANNA, "k3")).await;
    let last = store.last_appointment_of("main", ANNA, 12 * HOUR).await.expect("looked");
    assert_eq!(last, Some(later));
    assert_eq!(store.last_appointment_of("main", "", 12 * HOUR).await.expect("looked"), None);
    assert_eq!(store.last_appointment_of("main", "+49302", 12 * HOUR).await.expect("looked"), None);
}
