//! One conversation, spoken with every engine: the same appointment stands in the book, the same is written down, the caller
//! can break in, and the line drops behind a goodbye.

use super::{
    heard::{Stretch, made_out, stretches},
    rig::{Rig, a_weekday, count, texts},
    stand::{Does, Kind, Line, Part, Stand, Turn},
};
use crate::house::waiting::{PATIENCE, ms};
use engine::local::Workers;
use serde_json::{Value, json};
use sim::twilio::{Ending, Handset, handset::Listened};
use sound::g711;
use std::io::Write;
use tokio::task::JoinSet;

const GREETING: &str = "Thanks for calling Acme. How can I help you?";
const MORE: &str = "Is there anything else I can do for you?";
const GOODBYE: &str = "Goodbye.";

/// How it went, for the table and for the comparison.
struct Went {
    kind: Kind,
    /// The first sound after the caller's turn, in milliseconds, for every turn that is answered.
    answered: Vec<usize>,
    /// From where the caller broke in to the assistant's last sound, in milliseconds.
    yielded: usize,
    /// What is written down that does not depend on the engine.
    written: Vec<(&'static str, usize)>,
    booked: Vec<(String, i64, i64)>,
}

fn day() -> String {
    a_weekday().strftime("%B %-d").to_string()
}

/// What the caller says, turn by turn.
fn lines() -> [String; 3] {
    [
        format!("I would like to book an appointment on {} at ten.", day()),
        "Yes, please.".into(),
        GOODBYE.into(),
    ]
}

async fn spoken(workers: &Workers, words: &str) -> Line {
    let samples = workers.speak(words, "rms", 1.0).await.expect("Flite speaks");
    Line { words: words.into(), samples: samples.into() }
}

/// What a model makes of it.
async fn model(workers: &Workers) -> Part {
    let date = a_weekday();
    let arguments = json!({"summary": "Appointment", "datetime_start": format!("{date}T10:00"),
        "datetime_end": format!("{date}T10:30")});
    let asks = spoken(workers, &format!("That is {} at ten. Shall I book it?", day())).await;
    let books = spoken(workers, &format!("It is booked for {} at ten. {MORE}", day())).await;
    let does = [
        Does::Says(asks),
        Does::Uses("create_calendar_event", arguments, books),
        Does::SaysGoodbye(spoken(workers, GOODBYE).await),
    ];
    let turns = lines().into_iter().zip(does).map(|(heard, does)| Turn { heard, does }).collect();
    Part { key: None, first: spoken(workers, GREETING).await, told: vec![], turns }
}

/// Waits until something with these words has been said, and all of it was heard from here on.
async fn hears(rig: &Rig, call: &Handset, from: usize, words: &str) -> std::ops::Range<usize> {
    rig.noted(|notes| texts(notes, "assistant_said").iter().any(|said| said.contains(words))).await;
    match call.listen(from, ms(2_500), PATIENCE).await {
        Listened::Spoke(range) => range,
        other => panic!("{words}: {other:?}"),
    }
}

async fn says(workers: &Workers, stand: &Stand, call: &Handset, words: &str) -> usize {
    let samples = workers.speak(words, "slt", 1.0).await.expect("Flite speaks");
    stand.understands(words);
    let begins = call.position();
    call.say(&g711::samples_to_ulaw(&samples));
    begins
}

async fn led(kind: Kind) -> Went {
    let workers = Workers::new(env!("CARGO_BIN_EXE_earpiece"));
    let stand = Stand::open(kind, &model(&workers).await).await;
    let rig = Rig::open(&[&stand], &[("GREETING", GREETING)]).await;
    let call = rig.dial();
    let [wish, yes, goodbye] = lines();
    let mut answered = Vec::new();
    let mut from = 0;
    hears(&rig, &call, from, "How can I help you?").await;
    for (line, answer) in [(wish, "Shall I book it?"), (yes, MORE)] {
        says(&workers, &stand, &call, &line).await;
        call.said().await;
        from = call.position();
        if answer == MORE {
            // That is broken into.
            assert!(call.hear_for(from, ms(1_000)).await, "{kind:?}");
            let begins = stretches(&call, from..call.position(), &[]);
            answered.push((begins[0].at.start - from) / 8);
            break;
        }
        let heard = hears(&rig, &call, from, answer).await;
        answered.push((heard.start - from) / 8);
    }
    let broke_in = says(&workers, &stand, &call, &goodbye).await;
    call.said().await;
    let wav = call.position();
    assert!(call.hear_for(wav + 4_000, ms(300)).await, "{kind:?}: a goodbye");
    // The server drops the line behind it.
    let over = call.listen(wav + 4_000, ms(60_000), PATIENCE).await;
    let Listened::Over(Some(said)) = over else { panic!("{kind:?}: {over:?}") };
    let all = stretches(&call, 0..said.end, &[]);
    let yielded = yielded(&call, broke_in);
    let last = Stretch { hertz: None, at: said.start.saturating_sub(800)..said.end, sounded: ms(0) };
    let notes = rig.noted(|notes| count(notes, "ended") == 1).await;
    let noted = texts(&notes, "assistant_said").pop().expect("it has said something");
    let choices = [noted, MORE, "How can I help you?"];
    assert_eq!(made_out(&workers, &call, &last, &choices).await, Some(noted), "{kind:?} {all:?} {notes:#?}");
    assert!(noted.contains("oodbye"), "{kind:?}: {notes:#?}");
    assert_eq!(
        notes.last().map(|note| &note["ending"]),
        Some(&Value::from("assistant_hung_up")),
        "{notes:#?}"
    );
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!((ended.ending, ended.errors), (Ending::Finished, vec![]), "{kind:?}");
    let booked = rig.store.appointments_between("main", 0, i64::MAX).await.expect("read");
    let went = Went {
        kind,
        answered,
        yielded,
        written: written(&notes),
        booked: booked.iter().map(|row| (row.status.clone(), row.starts_ms, row.ends_ms)).collect(),
    };
    hangs_up(&rig, &stand).await;
    for session in stand.sessions() {
        assert_eq!(session.complaints(), (vec![], vec![]), "{kind:?}");
    }
    went
}

/// How long the assistant was still heard after the caller had begun to speak.
fn yielded(call: &Handset, broke_in: usize) -> usize {
    let spoke = stretches(call, 0..broke_in + 8 * 4_000, &[]);
    let over = spoke.iter().find(|stretch| stretch.at.contains(&broke_in)).expect("it was speaking");
    (over.at.end - broke_in) / 8
}

/// What is in the notes of such a conversation, whoever leads it.
fn written(notes: &[Value]) -> Vec<(&'static str, usize)> {
    let booked = notes.iter().filter(|note| note["effect"]["booked"].is_object()).count();
    let kinds = ["caller_said", "ended", "trouble", "relieved", "false_claim"];
    kinds.into_iter().map(|kind| (kind, count(notes, kind))).chain([("booked", booked)]).collect()
}

/// A caller who rings off in the middle of a sentence leaves nobody behind.
async fn hangs_up(rig: &Rig, stand: &Stand) {
    let known = stand.sessions().len();
    let call = rig.dial();
    assert!(call.hear_for(0, ms(700)).await);
    call.hang_up();
    let ended = call.ended().await.expect("the call is put through");
    assert_eq!((ended.ending, ended.errors), (Ending::CallerHungUp, vec![]));
    let notes = rig.noted(|notes| count(notes, "ended") == 1).await;
    assert_eq!(notes.last().map(|note| &note["ending"]), Some(&Value::from("caller_hung_up")));
    for session in &stand.sessions()[known..] {
        session.over().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_conversation_is_led_alike_with_every_engine() {
    let mut conversations = JoinSet::new();
    for kind in Kind::ALL {
        conversations.spawn(led(kind));
    }
    let mut all = conversations.join_all().await;
    all.sort_by_key(|went| went.kind.name());
    let row = |went: &Went| {
        format!(
            "{:12} {:>16} {:>10} {:>8}  {:?}",
            went.kind.name(),
            format!("{:?} ms", went.answered),
            format!("{} ms", went.yielded),
            went.booked.len(),
            went.written
        )
    };
    let head =
        format!("{:12} {:>16} {:>10} {:>8}  written down", "engine", "answers after", "yields in", "booked");
    let table: Vec<_> = [head].into_iter().chain(all.iter().map(row)).collect();
    // Past the capture of what tests print: the times are to be read where all is well, too.
    writeln!(std::io::stderr(), "{}", table.join("\n")).expect("standard error is open");
    for went in &all {
        assert_eq!((&went.booked, &went.written), (&all[0].booked, &all[0].written), "{:?}", went.kind);
        assert!(went.yielded <= 1_500, "{:?} speaks on: {} ms", went.kind, went.yielded);
    }
    let wanted =
        a_weekday().at(10, 0, 0, 0).in_tz("Europe/Berlin").expect("a zone").timestamp().as_millisecond();
    assert_eq!(all[0].booked.iter().map(|booked| booked.1).collect::<Vec<_>>(), [wanted]);
    let once = |kind: &str| all[0].written.iter().find(|(known, _)| *known == kind).map(|(_, count)| *count);
    assert_eq!((once("caller_said"), once("booked"), once("trouble")), (Some(3), Some(1), Some(0)));
}
