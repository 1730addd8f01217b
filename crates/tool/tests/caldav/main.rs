//! What a CalDAV calendar promises, held against a real Radicale, and against servers that fail in ways that it does not.
//! `scripts/install test` installs it; without it these tests fail.

mod discovery;
mod faults;
mod radicale;
mod reading;
mod stand_in;
mod writing;

use jiff::{Timestamp, tz::TimeZone};
use std::{sync::Arc, time::Duration};
use tool::calendar::{
    caldav::{Account, CalDav, Clock, Login},
    remote::Event,
};
use when::Span;

fn clock() -> Clock {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
    Arc::new(move || now)
}

fn account(address: &str) -> Account {
    with_password(address, "secret")
}

fn with_password(address: &str, password: &str) -> Account {
    let login = Login { address: address.into(), user: "alice".into(), password: password.into() };
    Account::patient(&login, clock(), Duration::from_secs(20)).expect("a login")
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("a zone")
}

fn calendar(address: &str) -> CalDav {
    account(address).calendar(address, berlin()).expect("a calendar")
}

/// From `2026-12-01T10:00` to `2026-12-01T10:30`, as clocks in Berlin show it.
fn span(from: &str, to: &str) -> Span {
    let at = |text: &str| {
        let civil: jiff::civil::DateTime = text.parse().expect("a time");
        civil.to_zoned(berlin()).expect("a time there").timestamp()
    };
    Span { from: at(from), to: at(to) }
}

fn december_first() -> Span {
    span("2026-12-01T00:00", "2026-12-02T00:00")
}

fn haircut() -> Event {
    Event {
        id: "vc7f3a90c2".into(),
        span: span("2026-12-01T10:00", "2026-12-01T10:30"),
        zone: "Europe/Berlin".into(),
        summary: "Haircut, Anna; the long one".into(),
        description: "Called at noon.\nWants it short.".into(),
        attendees: vec!["Anna".into(), "anna@example.com".into()],
        busy: true,
    }
}
