//! The desk, spoken to: it books by kind, and tells what is tomorrow to the owner alone.

mod house;

use engine::local::Workers;
use house::{AUTH_TOKEN, House, browser::Browser, waiting};
use jiff::{Timestamp, Zoned, civil::Weekday, tz::TimeZone};
use reqwest::{Method, StatusCode};
use serde_json::json;
use server::{clock, command::demo::speech};
use sim::{
    caller::{Caller, Manners, Script, Step},
    twilio::{Account, Dial, Handset},
};
use std::time::Duration;

const OWNER: &str = "+14155550100";

async fn opened() -> House {
    let mut variables = vec![
        ("TIME_ZONE", "America/New_York"),
        ("APPOINTMENT_KINDS", "haircut 45m; colour 2h"),
        ("OWNER_NUMBERS", OWNER),
    ];
    variables.extend([("HOURS_SAT", "09:00-17:00"), ("HOURS_SUN", "09:00-17:00")]);
    House::open(&variables).await
}

fn now() -> Zoned {
    let zone = TimeZone::get("America/New_York").expect("a zone");
    Timestamp::from_millisecond(clock::now_ms()).expect("now").to_zoned(zone)
}

/// Rings up and says these lines, repeating what is not understood. What the desk said.
async fn talk(house: &House, from: &str, lines: &[&str]) -> Vec<String> {
    let workers = Workers::new(env!("CARGO_BIN_EXE_earpiece"));
    let dial = Dial { from: from.into(), ..Dial::local(house.address) };
    let sid = dial.sids.call.clone();
    let phone = Handset::dial(&Account::new(AUTH_TOKEN), dial);
    let manners = Manners { longest: Duration::from_secs(80), ..Manners::default() };
    let mut caller = Caller::new(phone, speech::voice(&workers, "rms"), speech::ear(&workers), manners);
    let lines = lines.iter().map(|line| Step::Say((*line).to_owned()));
    let mut script = Script::new(lines.chain([Step::HangUp]));
    caller.converse(&mut script, &mut |_| ()).await.expect("the caller can speak and hear");
    let ended = caller.phone.ended().await.expect("the call is put through");
    assert_eq!(ended.errors, []);
    let notes = waiting::all_notes(&house.store().await, &sid).await;
    let said = waiting::of_kind(&notes, "assistant_said").map(waiting::read);
    said.map(|said| said["text"].as_str().expect("words").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_is_booked_for_as_long_as_it_takes() {
    let house = opened().await;
    // One that nobody could take for another.
    let day = if now().weekday() == Weekday::Tuesday { "Thursday" } else { "Tuesday" };
    let when = format!("{day} at ten a m.");
    let lines = ["I would like to book a haircut.", &when, "Yes, please.", "Goodbye."];
    let said = talk(&house, "+14155550177", &lines).await;
    let rows = house.store().await.appointments_between("main", 0, i64::MAX).await.expect("read");
    let [row] = rows.as_slice() else { panic!("{rows:?} {said:#?}") };
    assert_eq!(row.kind, "haircut");
    assert_eq!(row.ends_ms - row.starts_ms, 45 * 60 * 1_000);
    let wanted = when::moment(&when.to_lowercase(), &now(), None).expect("a moment").at;
    assert_eq!(row.starts_ms, wanted.timestamp().as_millisecond(), "{said:#?}");
    assert!(said.iter().any(|said| said.contains("a haircut, on ") && said.contains("Shall I book it?")));
    assert!(said.iter().any(|said| said.contains("It is booked")), "{said:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_tomorrow_is_told_to_the_owner_alone() {
    let house = opened().await;
    let browser = Browser::of_the_owner(&house).await;
    let tomorrow = now().date().tomorrow().expect("a day");
    let wish =
        json!({"summary": "Mrs. Miller", "kind": "colour", "datetime_start": format!("{tomorrow}T14:00")});
    let asked = browser.ask(&house, Method::POST, "/calendar/create", &wish).await;
    let (status, told) = asked.expect("told");
    assert_eq!(status, StatusCode::OK, "{told}");

    let lines = ["What do I have tomorrow?", "Goodbye."];
    let (owner, stranger) = tokio::join!(talk(&house, OWNER, &lines), talk(&house, "+14155550177", &lines));
    let owners = owner.join("\n");
    assert!(owners.contains("two in the afternoon") && owners.contains("Miller"), "{owner:#?}");
    let strangers = stranger.join("\n");
    assert!(strangers.contains("no appointments from your number"), "{stranger:#?}");
    assert!(!strangers.contains("Miller") && !strangers.contains("afternoon"), "{stranger:#?}");
}
