//! What is found among calls, what was recorded of them, and how long each is kept.

use crate::{
    calls::ringing,
    harness::{Database, on_both, on_both_databases},
};
use sqlx::{AssertSqlSafe, Connection};
use std::{collections::BTreeSet, time::Instant};
use store::{
    CallBrief, CallerMark, Delivery, Direction, JobState, Kept, NewCall, NewJob, NewMessage, NewText,
    NewVoicemail, NoteRow, Piece, Side, Store, Which,
};

mod both {
    super::on_both!(
        calls_are_found_by_what_was_said_in_them,
        calls_are_found_by_what_they_were,
        a_call_is_looked_at_for_words_until_all_its_notes_were,
        a_recording_comes_back_piece_by_piece,
        what_is_written_twice_is_there_once_and_what_was_deleted_stays_so,
        each_kind_is_kept_for_as_long_as_it_may_be,
        letters_about_what_was_kept_for_long_enough_go_with_it,
        what_a_call_was_placed_for_goes_with_what_was_said_in_it,
        a_number_that_wants_no_texts_is_known_for_ever,
        a_call_goes_with_all_that_was_kept_of_it_but_not_while_it_lasts,
        a_caller_who_is_forgotten_is_not_to_be_heard_either,
    );
}

mod both_databases {
    super::on_both_databases!(ten_thousand_calls_are_searched_in_no_time);
}

async fn over(store: &Store, id: &str, started_ms: i64) {
    store.call_begun(&ringing(id, id, started_ms)).await.expect("begun");
    store.call_answered(id, started_ms).await.expect("answered");
    store.call_ended(id, started_ms + 60_000, "caller_hung_up").await.expect("ended");
}

async fn worded(store: &Store, id: &str, said: &str) {
    let words: BTreeSet<String> = store::words(said).collect();
    store.call_worded(id, &words, 1).await.expect("worded");
}

async fn found(store: &Store, which: &Which<'_>) -> Vec<String> {
    store.calls_which(which, 50).await.expect("found").into_iter().map(|row| row.id).collect()
}

async fn calls_are_found_by_what_was_said_in_them(store: Store) {
    for (id, at, said) in [
        ("a", 1_000, "I'd like an appointment, Größe 42"),
        ("b", 2_000, "An apple. Größer!"),
        ("c", 3_000, "Hm"),
    ] {
        over(&store, id, at).await;
        worded(&store, id, said).await;
    }
    let by = async |words: &str| {
        let words: Vec<String> = store::words(words).collect();
        found(&store, &Which { words: &words, ..Which::default() }).await
    };
    assert_eq!(by("APPOINTMENT").await, ["a"]);
    assert_eq!(by("ap").await, ["b", "a"], "beginnings count, the latest first");
    assert_eq!(by("größe").await, ["b", "a"]);
    assert_eq!(by("größe 42").await, ["a"], "all of them are wanted");
    assert_eq!(by("ap größ an").await, ["b", "a"]);
    assert_eq!(by("pointment").await, Vec::<String>::new());
    assert_eq!(by("").await, ["c", "b", "a"]);
}

async fn calls_are_found_by_what_they_were(store: Store) {
    let new = |id: &'static str, at| NewCall { from: "+4930111", ..ringing(id, id, at) };
    store
        .call_begun(&NewCall { carrier: "plivo", engine: "openai", ..new("a", 1_000) })
        .await
        .expect("begun");
    store.call_begun(&NewCall { outbound: true, to: "+15550100", ..new("b", 2_000) }).await.expect("begun");
    store.call_begun(&new("c", 3_000)).await.expect("begun");
    for (id, ended_ms) in [("a", 9_000), ("b", 200_000)] {
        store.call_answered(id, 2_000).await.expect("answered");
        store
            .call_ended(id, ended_ms, if id == "a" { "silent" } else { "transferred" })
            .await
            .expect("ended");
    }
    let all = Which::default();
    assert_eq!(found(&store, &Which { carrier: Some("plivo"), ..all }).await, ["a"]);
    assert_eq!(found(&store, &Which { engine: Some("openai"), ..all }).await, ["a"]);
    assert_eq!(found(&store, &Which { ending: Some("transferred"), ..all }).await, ["b"]);
    assert_eq!(found(&store, &Which { ending: Some(Which::NOW), ..all }).await, ["c"]);
    assert_eq!(found(&store, &Which { longer_ms: Some(60_000), ..all }).await, ["b"]);
    assert_eq!(found(&store, &Which { like: Some("5501"), ..all }).await, ["b"], "whom we called");
    assert_eq!(found(&store, &Which { like: Some("4930"), ..all }).await, ["c", "a"], "who called us");
    assert_eq!(found(&store, &Which { from_ms: Some(2_000), until_ms: Some(3_000), ..all }).await, ["b"]);
    assert_eq!(found(&store, &Which { after: Some((3_000, "c")), ..all }).await, ["b", "a"]);
    assert_eq!(found(&store, &Which { agreed: true, ..all }).await, Vec::<String>::new());
}

async fn a_call_is_looked_at_for_words_until_all_its_notes_were(store: Store) {
    store.call_begun(&ringing("a", "a", 1_000)).await.expect("begun");
    let note = |text: &str| NoteRow { at_ms: 0, kind: "caller_said".into(), json: text.into() };
    store.write_notes("a", &[note("one")]).await.expect("written");
    let unworded = async || store.calls_unworded(9).await.expect("asked");
    assert_eq!(unworded().await, [], "it goes on");
    store.call_ended("a", 2_000, "silent").await.expect("ended");
    assert_eq!(unworded().await, [("a".to_owned(), 1)]);
    worded(&store, "a", "one").await;
    assert_eq!(unworded().await, []);
    store.write_notes("a", &[note("two")]).await.expect("written late");
    assert_eq!(unworded().await, [("a".to_owned(), 2)]);
    let nobody = BTreeSet::from(["x".to_owned()]);
    store.call_worded("nobody's", &nobody, 1).await.expect("a call that was deleted meanwhile");
}

fn piece(side: Side, place: i64, samples: i64) -> Piece {
    Piece { side, place, samples, sealed: vec![0, 255, 7] }
}

async fn a_recording_comes_back_piece_by_piece(store: Store) {
    over(&store, "a", 1_000).await;
    assert_eq!(store.recording("a").await.expect("asked"), None);
    store.recording_begun("a", 1_000).await.expect("begun");
    store.recording_begun("a", 2_000).await.expect("only the first time counts");
    let pieces = [
        piece(Side::Caller, 0, 800),
        piece(Side::Assistant, 400, 800),
        piece(Side::Caller, 800, 800),
        piece(Side::Assistant, 4_000, 80),
    ];
    store.recording_written("a", &pieces).await.expect("written");
    assert_eq!(store.recording_pieces("a", 0, i64::MAX).await.expect("read"), pieces);
    assert_eq!(store.recording_pieces("a", 800, 1_200).await.expect("read"), pieces[1..3]);
    assert_eq!(store.recording_pieces("a", 1_600, 4_000).await.expect("read"), []);
    assert_eq!(store.recording_reaches("a").await.expect("asked"), 4_080);
    store.recording_ended("a", 4_080, &[1, 2], "[[5,9]]").await.expect("ended");
    let row = store.recording("a").await.expect("asked").expect("there");
    assert_eq!((row.began_ms, row.samples, row.gaps.as_str()), (1_000, 4_080, "[[5,9]]"));
    assert_eq!(row.peaks, [1, 2]);
}

async fn what_is_written_twice_is_there_once_and_what_was_deleted_stays_so(store: Store) {
    over(&store, "a", 1_000).await;
    store.recording_begun("a", 1_000).await.expect("begun");
    for _ in 0..2 {
        store.recording_written("a", &[piece(Side::Caller, 0, 8)]).await.expect("written");
    }
    assert_eq!(store.recording_pieces("a", 0, 9).await.expect("read").len(), 1);
    assert!(store.recording_deleted("a").await.expect("deleted"));
    assert!(!store.recording_deleted("a").await.expect("deleted before"));
    store.recording_written("a", &[piece(Side::Caller, 8, 8)]).await.expect_err("it was deleted");
    store.recording_ended("a", 8, &[], "[]").await.expect("there is nothing to end");
    assert_eq!(store.recording("a").await.expect("asked"), None);
    assert_eq!(store.recording_pieces("a", 0, 99).await.expect("read"), []);
}

/// A call of that time with everything that can be kept of one.
async fn filled(store: &Store, id: &str, at: i64) {
    over(store, id, at).await;
    let note = NoteRow { at_ms: 0, kind: "caller_said".into(), json: "{}".into() };
    store.write_notes(id, &[note]).await.expect("written");
    worded(store, id, "hello").await;
    let text = || String::from("x");
    let brief = CallBrief {
        call_id: id.into(),
        who: text(),
        wanted: text(),
        done: text(),
        left_open: text(),
        made_ms: at,
    };
    store.brief_made(&brief, None).await.expect("made");
    store.recording_begun(id, at).await.expect("begun");
    store.recording_written(id, &[piece(Side::Caller, 0, 8)]).await.expect("written");
    let taken = NewMessage { call_id: Some(id), caller: "+4930111", body: "Hi", urgent: false, taken_ms: at };
    store.message_taken(&taken).await.expect("taken");
    let voicemail = NewVoicemail { call_id: id, caller: "+4930111", body: "", ulaw: &[1; 80], taken_ms: at };
    store.voicemail_taken(&voicemail, |_| Vec::new()).await.expect("taken");
}

/// How many of each are there: calls, notes, calls with the word, recordings, messages.
async fn counted(store: &Store) -> (usize, usize, usize, usize, usize) {
    let calls = store.calls(50, i64::MAX).await.expect("listed");
    let (mut notes, mut recordings) = (0, 0);
    for call in &calls {
        notes += store.notes(&call.id).await.expect("read").len();
        recordings += usize::from(store.recording(&call.id).await.expect("asked").is_some());
    }
    let words = ["hello".to_owned()];
    let worded = found(store, &Which { words: &words, ..Which::default() }).await.len();
    (calls.len(), notes, worded, recordings, store.messages(50).await.expect("listed").len())
}

async fn each_kind_is_kept_for_as_long_as_it_may_be(store: Store) {
    filled(&store, "old", 1_000_000).await;
    filled(&store, "new", 9_000_000).await;
    store.call_begun(&ringing("now", "now", 500_000)).await.expect("begun");
    store.recording_begun("now", 500_000).await.expect("begun");
    assert_eq!(counted(&store).await, (3, 2, 2, 3, 4));
    assert_eq!(store.retire(Kept::Recordings, 5_000_000).await.expect("retired"), 1);
    assert_eq!(counted(&store).await, (3, 2, 2, 2, 4), "a call that goes on keeps its recording");
    assert_eq!(store.retire(Kept::Transcripts, 5_000_000).await.expect("retired"), 1);
    assert_eq!(counted(&store).await, (3, 1, 1, 2, 4));
    assert_eq!(store.brief("old").await.expect("asked"), None);
    assert!(store.brief("new").await.expect("asked").is_some());
    assert_eq!(store.calls_unworded(9).await.expect("asked"), [], "there is nothing left to look at");
    assert_eq!(store.retire(Kept::Messages, 5_000_000).await.expect("retired"), 2);
    assert_eq!(counted(&store).await, (3, 1, 1, 2, 2));
    assert_eq!(store.retire(Kept::Calls, 5_000_000).await.expect("retired"), 1);
    assert_eq!(counted(&store).await, (2, 1, 1, 2, 2));
    for kept in Kept::ALL {
        assert_eq!(store.retire(kept, 5_000_000).await.expect("retired"), 0, "{kept:?}: once");
    }
}

/// The keys of these jobs, given up at that time, after what is `kept` until then was deleted.
async fn left(store: &Store, kept: Kept, keys: &[&str], before_ms: i64) -> Vec<String> {
    for key in keys {
        let new = NewJob { kind: "owner", key, payload: "{}", due_ms: 1_000, now_ms: 1_000 };
        store.queue_job(&new).await.expect("queued");
    }
    for job in store.claim_jobs(1_000, 2_000, 20).await.expect("claimed") {
        store.job_failed(&job, "refused", None, 1_000).await.expect("failed");
    }
    store.retire(kept, before_ms).await.expect("retired");
    let jobs = store.jobs(JobState::Dead, 20).await.expect("listed");
    let mut left: Vec<_> = jobs.into_iter().map(|job| job.key).collect();
    left.sort_unstable();
    left
}

async fn letters_about_what_was_kept_for_long_enough_go_with_it(store: Store) {
    let all = [
        "brief:c1:5",
        "owner:brief:c1",
        "owner:message:m1",
        "owner:revoked:g1",
        "owner:urgent:m1",
        "owner:voicemail:m1",
    ];
    let waiting =
        NewJob { kind: "owner", key: "owner:brief:c2", payload: "{}", due_ms: 9_000, now_ms: 1_000 };
    store.queue_job(&waiting).await.expect("queued");
    assert_eq!(left(&store, Kept::Calls, &all, 1_000).await, all, "they are not so old");
    assert_eq!(
        left(&store, Kept::Messages, &all, 1_001).await,
        ["brief:c1:5", "owner:brief:c1", "owner:revoked:g1"]
    );
    for kept in [Kept::Transcripts, Kept::Calls] {
        let left = left(&store, kept, &all, 1_001).await;
        assert!(!left.contains(&"owner:brief:c1".to_owned()) && left.len() == all.len() - 1, "{left:?}");
    }
    assert_eq!(store.jobs(JobState::Waiting, 9).await.expect("listed").len(), 1, "one is yet to be sent");
}

async fn what_a_call_was_placed_for_goes_with_what_was_said_in_it(store: Store) {
    for (id, at) in [("old", 1_000), ("new", 9_000_000)] {
        store.call_placed(&ringing(id, id, at), "the results").await.expect("placed");
        store.call_ended(id, at, "no_answer").await.expect("ended");
    }
    let purpose = async |id| store.call(id).await.expect("read").expect("there").purpose;
    assert_eq!(store.retire(Kept::Transcripts, 5_000_000).await.expect("retired"), 1);
    assert_eq!((purpose("old").await.as_str(), purpose("new").await.as_str()), ("", "the results"));
    assert_eq!(store.retire(Kept::Transcripts, 5_000_000).await.expect("retired"), 0, "once");
}

async fn a_number_that_wants_no_texts_is_known_for_ever(store: Store) {
    let text = |key: &'static str, status: &'static str, at_ms| NewText {
        key,
        direction: Direction::In,
        number: "+4930111",
        body: "STOP, please",
        carrier_id: None,
        status,
        at_ms,
        appointment_id: None,
    };
    store.text(&text("a", "received", 1_000)).await.expect("written");
    store.text(&text("b", "stop", 2_000)).await.expect("written");
    store.text(&text("c", "received", 9_000)).await.expect("written");
    assert_eq!(store.retire(Kept::Texts, 5_000).await.expect("retired"), 1);
    let texts = store.texts_with("+4930111", 9).await.expect("listed");
    let mut kept: Vec<_> = texts.iter().map(|text| (text.status.as_str(), text.body.as_str())).collect();
    kept.sort_unstable();
    assert_eq!(kept, [("received", "STOP, please"), ("stop", "")]);
    assert!(texts.iter().all(|text| text.delivery == Delivery::Untold));
    assert!(store.text_stopped("+4930111").await.expect("asked"));
}

async fn a_call_goes_with_all_that_was_kept_of_it_but_not_while_it_lasts(store: Store) {
    filled(&store, "a", 1_000).await;
    store.call_begun(&ringing("now", "now", 1_000)).await.expect("begun");
    assert!(!store.call_deleted("now").await.expect("asked"));
    assert!(!store.call_deleted("nobody's").await.expect("asked"));
    assert!(store.call_deleted("a").await.expect("deleted"));
    assert_eq!(counted(&store).await, (1, 0, 0, 0, 2), "messages stay");
    assert_eq!(store.recording_pieces("a", 0, 99).await.expect("read"), []);
}

async fn a_caller_who_is_forgotten_is_not_to_be_heard_either(store: Store) {
    filled(&store, "a", 1_000).await;
    store.mark_caller("+4930111", CallerMark::default(), 1_000).await.expect("marked");
    store.forget_caller("+4930111", 1_000_000).await.expect("forgotten");
    assert_eq!(counted(&store).await, (0, 0, 0, 0, 0));
    assert_eq!(store.recording_pieces("a", 0, 99).await.expect("read"), []);
}

/// Ten thousand calls with a hundred thousand words, written past the store.
async fn ten_thousand(database: &Database) {
    let sql = |bytes: fn(&str) -> String| {
        let numbers =
            |to| format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {to})");
        let calls = format!(
            "{} INSERT INTO calls (id, carrier, carrier_call, from_number, to_number, outbound, engine, trust, \
             started_ms, answered_ms, ended_ms, ending) SELECT 'call-' || i, 'twilio', 'CA' || i, '+1555' || i, \
             '+15550100199', 0, 'local', 'known', i * 60000, i * 60000, i * 60000 + 50000, 'caller_hung_up' FROM n",
            numbers(10_000)
        );
        let words = format!(
            "{} INSERT INTO call_words (word, call_id) SELECT {}, calls.id FROM calls, n \
             WHERE i > 0 ON CONFLICT DO NOTHING",
            numbers(10),
            bytes("'word' || (started_ms / 60000 % 97 * i)")
        );
        [calls, words]
    };
    match database {
        Database::Sqlite(sqlite) => {
            let mut db = sqlx::SqliteConnection::connect(&sqlite.address()).await.expect("opened");
            for sql in sql(|text| format!("CAST({text} AS BLOB)")) {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await.expect("written");
            }
            db.close().await.expect("closed");
        }
        Database::Postgres(postgres) => {
            let mut db = sqlx::PgConnection::connect(&postgres.address()).await.expect("opened");
            // As the server does by itself within a minute.
            let analyze = "ANALYZE".to_owned();
            for sql in sql(|text| format!("convert_to({text}, 'UTF8')")).into_iter().chain([analyze]) {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await.expect("written");
            }
            db.close().await.expect("closed");
        }
    }
}

async fn ten_thousand_calls_are_searched_in_no_time(database: &Database) {
    let store = database.open().await;
    ten_thousand(database).await;
    let none: [String; 0] = [];
    let rare = ["word13".to_owned(), "word91".to_owned()];
    let common = ["word".to_owned(), "word1".to_owned(), "w".to_owned()];
    let nowhere = ["nowhere".to_owned()];
    let all = Which::default();
    let searches = [
        ("all", Which { words: &none, ..all }, 50),
        ("the last page", Which { after: Some((60_000 * 20, "")), ..all }, 19),
        ("rare words", Which { words: &rare, ..all }, 50),
        ("words of nearly all", Which { words: &common, ..all }, 50),
        ("a word of none", Which { words: &nowhere, ..all }, 0),
        ("a number of one", Which { like: Some("+15554711"), ..all }, 1),
        ("longer than any", Which { longer_ms: Some(60_000), ..all }, 0),
        ("with an appointment", Which { agreed: true, ..all }, 0),
    ];
    for (name, which, expected) in searches {
        let mut took = Vec::new();
        for _ in 0..9 {
            #[expect(clippy::disallowed_methods, reason = "it is the time that is measured")]
            let began = Instant::now();
            let rows = store.calls_which(&which, 50).await.expect("found");
            took.push(began.elapsed());
            assert_eq!(rows.len(), expected, "{name}");
        }
        took.sort_unstable();
        println!("{name}: {:?}", took[4]);
        // Ten milliseconds are promised of a machine that does nothing else.
        assert!(took[4].as_millis() < 500, "{name}: {took:?}");
    }
}
