//! The same spoken conversation through every carrier, by streams and by turns, ends in the same appointment.

mod house;

use engine::local::Workers;
use house::{AUTH_TOKEN, House};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use server::command::demo::{
    speech,
    visitor::{LINES, Visitor},
};
use sim::{
    caller::{Caller, Manners, Told},
    phone::{Account, Carrier, Dial, Handset, Mode, Shelf},
    telnyx,
};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

const TIMES: [&str; 3] = ["nine a m", "eleven a m", "three p m"];

/// A house that takes calls of all three, whose recordings are on this shelf.
async fn house(shelf: &Shelf, mode: &str) -> House {
    let telnyx = telnyx::Account::new(AUTH_TOKEN).public_key();
    House::open(&[
        ("TIME_ZONE", "America/New_York"),
        ("CALL_MODE", mode),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"),
        ("TWILIO_API_URL", shelf.url()),
        ("PLIVO_AUTH_ID", "MASIMSIMSIMSIMSIMSIM"),
        ("PLIVO_AUTH_TOKEN", AUTH_TOKEN),
        ("PLIVO_API_URL", shelf.url()),
        ("TELNYX_API_KEY", AUTH_TOKEN),
        ("TELNYX_PUBLIC_KEY", &telnyx),
        ("TELNYX_API_URL", shelf.url()),
        ("LOG_LEVEL", "info"),
    ])
    .await
}

/// One caller, who wants an appointment at this time. Says what they heard and said, and whether they got it.
async fn converse(
    carrier: Carrier,
    mode: Mode,
    time: &str,
    house: Arc<House>,
    shelf: Shelf,
    workers: Workers,
) -> Result<(), String> {
    let now = now();
    let lines = vec![LINES[0].to_owned(), format!("On tuesday at {time}.")];
    let mut visitor = Visitor::new(&lines, now);
    let mut dial = Dial::local_of(carrier, house.address);
    (dial.mode, dial.shelf) = (mode, Some(shelf));
    let phone = Handset::dial(Account::new(carrier, AUTH_TOKEN), dial);
    let manners = Manners { longest: Duration::from_secs(170), ..Manners::default() };
    let mut caller = Caller::new(phone, speech::voice(&workers, "slt"), speech::ear(&workers), manners);
    let mut story = Vec::new();
    let mut tell = |told: Told| story.push(told);
    caller.converse(&mut visitor, &mut tell).await.map_err(|why| format!("{carrier} {mode}: {why}"))?;
    caller.phone.hang_up();
    let ended = caller.phone.ended().await.map_err(|failed| format!("{carrier} {mode}: {failed}"))?;
    if !ended.errors.is_empty() || ended.streamed != (mode == Mode::Stream) {
        return Err(format!("{carrier} {mode}: {ended:?}"));
    }
    let wanted = visitor.wanted().ok_or("the lines say no time")?.timestamp();
    let rows =
        house.store().await.appointments_between("main", 0, i64::MAX).await.map_err(|e| e.to_string())?;
    if rows.iter().any(|row| row.starts_ms == wanted.as_millisecond()) {
        Ok(())
    } else {
        Err(format!("{carrier} {mode}: nothing at {wanted}: {story:?}"))
    }
}

async fn everybody(mode: Mode) {
    let shelf = Shelf::open().await.expect("loopback");
    let house = Arc::new(house(&shelf, mode.name()).await);
    let workers = Workers::new(env!("CARGO_BIN_EXE_earpiece"));
    let mut calls = JoinSet::new();
    for (carrier, time) in Carrier::ALL.into_iter().zip(TIMES) {
        calls.spawn(converse(carrier, mode, time, house.clone(), shelf.clone(), workers.clone()));
    }
    let wrong: Vec<_> = calls.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn by_streams_every_carrier_brings_its_caller_the_appointment() {
    everybody(Mode::Stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_turns_every_carrier_brings_its_caller_the_appointment() {
    everybody(Mode::Turns).await;
}

#[expect(clippy::disallowed_methods, reason = "the server under test lives in real time")]
fn now() -> Zoned {
    Timestamp::now().to_zoned(TimeZone::get("America/New_York").expect("the zones are built in"))
}
