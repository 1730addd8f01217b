//! What is decided about callers, voicemail, PINs that were wrong, and being forgotten.

use crate::{
    harness::on_both,
    hours::{HOUR, at, booked, by, cancel},
};
use store::{
    CallerMark, Direction, Forgotten, JobState, NewAudit, NewCall, NewJob, NewMemory, NewMessage, NewText,
    NewVoicemail, NoteRow, Store,
};

mod both {
    super::on_both!(
        what_is_decided_about_a_caller_stays_when_they_call,
        a_voicemail_is_kept_once_a_call_with_its_letter,
        a_pin_has_three_tries_and_then_longer_and_longer_waits,
        of_fifty_tries_at_once_three_are_free,
        a_caller_is_forgotten_with_every_word_and_their_stop_is_kept,
        what_was_to_be_sent_to_whoever_is_forgotten_is_forgotten,
        appointments_of_whoever_is_forgotten_keep_their_times_and_those_to_come_everything,
        the_audit_log_does_not_tell_who_was_forgotten,
    );
}

const ANNA: &str = "+49301";

async fn what_is_decided_about_a_caller_stays_when_they_call(store: Store) {
    let mark = CallerMark { blocked: Some(true), note: Some("rude"), ..CallerMark::default() };
    let marked = store.mark_caller(ANNA, mark, 1_000).await.expect("marked");
    assert_eq!((marked.calls, marked.blocked, marked.vip, marked.note.as_str()), (0, true, false, "rude"));
    let seen = store.caller_seen(ANNA, 2_000).await.expect("seen");
    assert_eq!((seen.calls, seen.blocked, seen.note.as_str()), (1, true, "rude"));
    let mark = CallerMark { blocked: Some(false), vip: Some(true), ..CallerMark::default() };
    let marked = store.mark_caller(ANNA, mark, 3_000).await.expect("marked");
    assert_eq!((marked.blocked, marked.vip, marked.note.as_str()), (false, true, "rude"));
    assert_eq!(store.caller(ANNA).await.expect("read"), Some(marked));
    assert_eq!(store.caller("+49302").await.expect("read"), None);
}

async fn call(store: &Store, id: &str, from: &str, ended: bool) {
    let new = NewCall {
        id,
        carrier: "twilio",
        carrier_call: id,
        from,
        to: "+49300",
        outbound: false,
        engine: "voicemail",
        trust: "stranger",
        started_ms: 1_000,
    };
    store.call_begun(&new).await.expect("begun");
    let note = NoteRow { at_ms: 1, kind: "caller_said".into(), json: "{}".into() };
    store.write_notes(id, &[note]).await.expect("noted");
    if ended {
        store.call_ended(id, 2_000, "caller_hung_up").await.expect("ended");
    }
}

async fn a_voicemail_is_kept_once_a_call_with_its_letter(store: Store) {
    call(&store, "c1", ANNA, false).await;
    let sound: Vec<u8> = (0..16_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let new = NewVoicemail { call_id: "c1", caller: ANNA, ulaw: &sound, body: "", taken_ms: 5_000 };
    let jobs =
        |id: &str| ["owner", "event"].map(|kind| (kind, format!("{kind}:{id}"), "{}".to_owned())).to_vec();
    let id = store.voicemail_taken(&new, jobs).await.expect("kept").expect("the first");
    assert_eq!(store.voicemail_taken(&new, jobs).await.expect("looked"), None);
    let row = store.message(&id).await.expect("read").expect("there");
    assert_eq!((row.caller.as_str(), row.body.as_str(), row.sound_ms, row.done_ms), (ANNA, "", 2_000, None));
    assert_eq!(store.voicemail(&id).await.expect("read").expect("there"), sound);
    assert_eq!(store.jobs(JobState::Waiting, 10).await.expect("listed").len(), 2);
    assert!(store.message_done(&id, Some(6_000)).await.expect("done"));
    assert_eq!(store.messages_from(ANNA, 5).await.expect("listed")[0].done_ms, Some(6_000));
    assert!(!store.message_done("nothing", None).await.expect("looked"));
}

async fn a_pin_has_three_tries_and_then_longer_and_longer_waits(store: Store) {
    let tried = async |now_ms| store.pin_tried(&[(ANNA, 3), ("strangers", 3)], now_ms).await.expect("looked");
    assert!(tried(1).await && tried(2).await && tried(3).await);
    assert!(!tried(4).await && !tried(60_002).await, "a minute");
    assert!(tried(60_003).await);
    assert!(!tried(180_002).await, "two minutes");
    assert!(tried(180_003).await);
    // Those of the group wait with them; the number alone is nobody's but its own.
    assert!(!store.pin_tried(&[("+49302", 3), ("strangers", 3)], 180_004).await.expect("looked"));
    assert!(store.pin_tried(&[("+49302", 3)], 180_004).await.expect("looked"));
    store.pin_was_right(ANNA).await.expect("forgotten");
    assert!(store.pin_tried(&[(ANNA, 3)], 180_005).await.expect("looked"));
    // After two days without a try all is as it was.
    let later = 180_005 + 49 * 60 * 60 * 1_000;
    assert!(
        tried(later).await && tried(later + 1).await && tried(later + 2).await && !tried(later + 3).await
    );
}

async fn of_fifty_tries_at_once_three_are_free(store: Store) {
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = store.clone();
        tries.spawn(async move { store.pin_tried(&[(ANNA, 3)], 1_000).await.expect("looked") });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(|taken| *taken).count(), 3);
}

async fn a_caller_is_forgotten_with_every_word_and_their_stop_is_kept(store: Store) {
    call(&store, "c1", ANNA, true).await;
    call(&store, "c2", "+49302", true).await;
    store.caller_seen(ANNA, 1_000).await.expect("seen");
    let message =
        NewMessage { call_id: Some("c1"), caller: ANNA, body: "Hello", urgent: false, taken_ms: 1_500 };
    store.message_taken(&message).await.expect("taken");
    let text = |key, status| NewText {
        key,
        direction: Direction::In,
        number: ANNA,
        body: "words",
        carrier_id: None,
        status,
        at_ms: 1_600,
        appointment_id: None,
    };
    store.text(&text("t1", "received")).await.expect("kept");
    store.text(&text("t2", "stop")).await.expect("kept");
    let name =
        NewMemory { number: ANNA, topic: "name", words: "Anna", trust: 2, call_id: None, at_ms: 1_700 };
    store.remembered(&name, 9).await.expect("kept");
    let forgotten = store.forget_caller(ANNA, 10_000).await.expect("forgotten");
    assert_eq!(
        forgotten,
        Forgotten { calls: 1, texts: 2, messages: 1, memories: 1, appointments: 0, to_come: 0 }
    );
    assert_eq!(store.caller(ANNA).await.expect("read"), None);
    assert_eq!(store.calls_with(ANNA, 9).await.expect("listed"), []);
    assert_eq!(store.notes("c1").await.expect("read").len(), 0);
    assert_eq!(store.messages_from(ANNA, 9).await.expect("listed"), []);
    assert_eq!(store.memories(ANNA, 2).await.expect("read"), []);
    let texts = store.texts_with(ANNA, 9).await.expect("listed");
    assert!(texts.len() == 1 && texts[0].body.is_empty());
    assert!(store.text_stopped(ANNA).await.expect("looked"));
    assert_eq!(store.calls_with("+49302", 9).await.expect("listed").len(), 1, "others are not touched");
    assert_eq!(store.forget_caller(ANNA, 11_000).await.expect("again").calls, 0);
}

async fn what_was_to_be_sent_to_whoever_is_forgotten_is_forgotten(store: Store) {
    call(&store, "c1", ANNA, true).await;
    call(&store, "c11", "+49302", true).await;
    call(&store, "c2", ANNA, false).await;
    let theirs =
        ["owner:text:+49301:a", "program:+49301:a", "promised:c1:a", "promised:c1:b", "owner:promised:c1:a"];
    let others = [
        "owner:text:+493011:a",
        "program:+493011:a",
        "promised:c11:a",
        "owner:promised:c11:a",
        "promised:c2:a",
    ];
    let job = |key| NewJob { kind: "words", key, payload: "{}", due_ms: 9_000, now_ms: 1_000 };
    for key in theirs.into_iter().chain(others) {
        assert!(store.queue_job(&job(key)).await.expect("queued"));
    }
    let later = NewJob { now_ms: 20_000, ..job("owner:text:+49301:later") };
    assert!(store.queue_job(&later).await.expect("queued"));
    store.forget_caller(ANNA, 10_000).await.expect("forgotten");
    let jobs = store.jobs(JobState::Waiting, 20).await.expect("listed");
    let mut left: Vec<_> = jobs.iter().map(|job| job.key.as_str()).collect();
    left.sort_unstable();
    let mut kept: Vec<_> = others.into_iter().chain([later.key]).collect();
    kept.sort_unstable();
    assert_eq!(left, kept);
}

async fn appointments_of_whoever_is_forgotten_keep_their_times_and_those_to_come_everything(store: Store) {
    let over = booked(&store, &at(8, ANNA, "k1")).await;
    let dropped = booked(&store, &at(14, ANNA, "k2")).await;
    cancel(&store, &dropped.id, &by("c1")).await.expect("cancelled");
    let to_come = booked(&store, &at(15, ANNA, "k3")).await;
    let others = booked(&store, &at(9, "+49302", "k4")).await;
    let forgotten = store.forget_caller(ANNA, 12 * HOUR).await.expect("forgotten");
    assert_eq!((forgotten.appointments, forgotten.to_come), (2, 1));
    let read = async |id: &str| store.appointment(id).await.expect("read").expect("there");
    let kept = read(&over.id).await;
    assert_eq!(
        (kept.starts_ms, kept.ends_ms, kept.status.as_str()),
        (over.starts_ms, over.ends_ms, "booked")
    );
    assert_eq!(
        [&kept.summary, &kept.description, &kept.attendees, &kept.caller, &kept.contact].map(String::as_str),
        ["Forgotten", "", "[]", "", ""]
    );
    assert_eq!(store.appointment_changes(&over.id).await.expect("read"), []);
    assert_eq!(read(&dropped.id).await.caller, "");
    assert_eq!(read(&to_come.id).await, to_come);
    assert_eq!(read(&others.id).await, others);
    assert_eq!(store.appointment_changes(&others.id).await.expect("read").len(), 1);
}

async fn the_audit_log_does_not_tell_who_was_forgotten(store: Store) {
    let abouts =
        [ANNA, "+49301 may try the PIN again", "+49301, name, 1", "texted +49301", "+493012", "+49302", ""];
    for (at_ms, about) in (1..).zip(abouts) {
        let new =
            NewAudit { at_ms, user_id: None, who: "Ben", what: "caller_changed", about, from: "192.0.2.1" };
        store.audited(&new).await.expect("written");
    }
    store.forget_caller(ANNA, 10_000).await.expect("forgotten");
    let mut rows = store.audit(9, "").await.expect("read");
    rows.reverse();
    let abouts: Vec<_> = rows.iter().map(|row| row.about.as_str()).collect();
    assert_eq!(abouts, ["", "", "", "", "+493012", "+49302", ""]);
    assert!(
        rows.iter().all(|row| row.who == "Ben" && row.what == "caller_changed"),
        "that it was done stays"
    );
    store.forget_caller("", 10_000).await.expect("nobody");
    assert_eq!(store.audit(9, "").await.expect("read")[1].about, "+49302");
}
