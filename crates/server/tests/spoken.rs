//! A dozen callers speak to the desk, in three voices, over the real path: Flite's voice through µ-law, Twilio's side of
//! the wire, PocketSphinx, the desk, the calendar, and back.

mod house;
use engine::local::Workers;
use fastrand::Rng;
use house::{
    AUTH_TOKEN, House,
    waiting::{self, all_notes},
};
use jiff::{Timestamp, Zoned, civil::Weekday, tz::TimeZone};
use serde_json::Value;
use server::command::demo::{
    speech,
    visitor::{LINES, Visitor},
};
use sim::{
    caller::{Caller, Manners, Told},
    twilio::{Account, Dial, Handset},
};
use std::{
    io::{Write, stderr},
    sync::Arc,
    time::Duration,
};
use store::Store;
use tokio::{sync::Semaphore, task::JoinSet};

const CALLERS: u64 = 12;
/// As many at a time as two cores can hear out without making anybody wait.
const AT_A_TIME: usize = 4;
/// Of the callers, those who must get what they want even where the machine is so busy that answers come late. They
/// ring off when they have not in under two minutes.
const SATISFIED: u64 = 8;
const VOICES: [&str; 3] = ["rms", "slt", "awb"];

/// How one conversation went.
struct Outcome {
    story: String,
    satisfied: bool,
    /// What was booked although the caller's last word was not yes, or although another time was read back.
    unconfirmed: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn spoken_conversations_end_in_the_right_appointment_and_none_in_an_unconfirmed_one() {
    let house = Arc::new(House::open(&[("TIME_ZONE", "America/New_York"), ("LOG_LEVEL", "warn")]).await);
    let store = house.store().await;
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let workers = Workers::new(env!("CARGO_BIN_EXE_earpiece"));
    let mut conversations = JoinSet::new();
    for seed in 0..CALLERS {
        let (house, store, room, workers) = (house.clone(), store.clone(), room.clone(), workers.clone());
        conversations.spawn(async move {
            let _place = room.acquire().await.expect("the semaphore is never closed");
            converse(seed, &house, &store, &workers).await
        });
    }
    let outcomes = conversations.join_all().await;
    let satisfied = outcomes.iter().filter(|outcome| outcome.satisfied).count() as u64;
    for outcome in outcomes.iter().filter(|outcome| !outcome.satisfied) {
        println!("{}", outcome.story);
    }
    // Past the capture of what tests print: the rate is to be read where all is well, too.
    writeln!(stderr(), "spoken conversations that ended in the right appointment: {satisfied} of {CALLERS}")
        .expect("standard error is open");
    let unconfirmed: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.unconfirmed).collect();
    assert!(unconfirmed.is_empty(), "booked without a yes: {unconfirmed:?}");
    assert!(satisfied >= SATISFIED, "{satisfied} of {CALLERS}");
}

async fn converse(seed: u64, house: &House, store: &Store, workers: &Workers) -> Outcome {
    let now = now();
    let lines = lines(seed, &now);
    let voice = VOICES[usize::try_from(seed / 3).unwrap_or_default() % VOICES.len()];
    let mut visitor = Visitor::new(&lines, now);
    let dial = Dial { from: format!("+1415555{seed:04}"), ..Dial::local(house.address) };
    let sid = dial.sids.call.clone();
    let phone = Handset::dial(&Account::new(AUTH_TOKEN), dial);
    let manners = Manners { longest: Duration::from_secs(110), ..Manners::default() };
    let mut caller = Caller::new(phone, speech::voice(workers, voice), speech::ear(workers), manners);
    let mut said = Vec::new();
    let mut heard = Vec::new();
    let mut tell = |told: Told| match told {
        Told::Said { at, words } => said.push((at, words)),
        Told::Heard { at, words } => heard.push((at, words.unwrap_or_default())),
        Told::Pressed { .. } | Told::HungUp { .. } => {}
    };
    caller.converse(&mut visitor, &mut tell).await.expect("the caller can speak and hear");
    caller.phone.hang_up();
    let ended = caller.phone.ended().await.expect("the call is put through");
    assert_eq!(ended.errors, [], "Twilio would object");

    let notes: Vec<_> = all_notes(store, &sid).await.iter().map(waiting::read).collect();
    let wanted = visitor.wanted().expect("the lines say when").timestamp();
    let booked = booked(&notes);
    let right = booked.iter().any(|(_, starts)| instant(starts) == Some(wanted));
    let unconfirmed = booked.iter().filter(|(at, starts)| {
        let yes = said.iter().rfind(|(spoken, _)| spoken < at).is_some_and(|(_, words)| says_yes(words));
        !yes || !was_read_back(&notes, *at, starts)
    });
    Outcome {
        satisfied: right && booked.len() == 1,
        unconfirmed: unconfirmed.map(|(_, starts)| format!("{starts} by caller {seed}")).collect(),
        story: format!(
            "caller {seed} ({voice}) wanted {wanted}, got {booked:?}\n{}",
            script(&said, &heard, &notes)
        ),
    }
}

/// What this caller will say: a weekday within the next fortnight and a time at which the office is open, which nobody
/// else of them wants.
fn lines(seed: u64, now: &Zoned) -> Vec<String> {
    let days = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    let names = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let times = [
        "nine a m",
        "ten a m",
        "eleven a m",
        "half past two p m",
        "three p m",
        "four p m",
        "half past ten a m",
    ];
    // Nobody asks for "next friday" on a Friday and means it plainly.
    let open = (0..5).filter(|day| days[*day] != now.weekday());
    let mut wishes: Vec<_> = open.flat_map(|day| times.map(|time| (names[day], time))).collect();
    Rng::with_seed(7).shuffle(&mut wishes);
    let (day, time) = wishes[usize::try_from(seed).unwrap_or_default() % wishes.len()];
    match seed % 3 {
        0 => vec![LINES[0].into(), format!("Next {day} at {time}.")],
        1 => vec![LINES[0].into(), format!("Next {day}."), format!("At {time}.")],
        _ => vec![format!("I would like to book an appointment next {day} at {time}.")],
    }
}

/// What was said and what the other side understood, in order.
fn script(said: &[(Duration, String)], heard: &[(Duration, String)], notes: &[Value]) -> String {
    let meant = said.iter().map(|(at, words)| (*at, format!("means     {words}")));
    let understood = heard.iter().map(|(at, words)| (*at, format!("hears     {words}")));
    let noted = notes.iter().filter_map(|note| {
        let who = note["kind"].as_str()?.strip_suffix("_said")?;
        Some((at(note), format!("{who:9} {}", note["text"].as_str()?)))
    });
    let mut lines: Vec<_> = meant.chain(understood).chain(noted).collect();
    lines.sort();
    let lines = lines.iter().map(|(at, line)| format!("  {:6.2} {line}", at.as_secs_f32()));
    lines.collect::<Vec<_>>().join("\n")
}

/// When something was booked, and for when.
fn booked(notes: &[Value]) -> Vec<(Duration, String)> {
    let starts = |note: &Value| Some((at(note), note["effect"]["booked"]["starts"].as_str()?.to_owned()));
    notes.iter().filter_map(starts).collect()
}

fn at(note: &Value) -> Duration {
    Duration::from_millis(note["at"].as_u64().expect("a note has a time"))
}

/// Whether the desk's last question before the booking named this very time.
fn was_read_back(notes: &[Value], before: Duration, starts: &str) -> bool {
    let read_back = notes.iter().rfind(|note| {
        note["kind"] == "assistant_said"
            && at(note) < before
            && note["text"].as_str().is_some_and(|text| text.contains("That is"))
    });
    let Some(wanted) = instant(starts).map(|at| at.to_zoned(zone())) else { return false };
    let name = when::name_moment(&wanted, &now(), when::Style::Spoken);
    read_back.is_some_and(|note| note["text"].as_str().is_some_and(|text| text.contains(&name)))
}

fn says_yes(words: &str) -> bool {
    words.to_lowercase().starts_with("yes")
}

fn instant(starts: &str) -> Option<Timestamp> {
    let local: jiff::civil::DateTime = starts.parse().ok()?;
    Some(local.to_zoned(zone()).ok()?.timestamp())
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").expect("the zones are built in")
}

#[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
fn now() -> Zoned {
    Timestamp::now().to_zoned(zone())
}
