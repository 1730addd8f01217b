//! Everything that was done to an appointment, as it is told.

use crate::pages::times::{self, Moment};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::ChangeRow;

/// A change.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) at: String,
    pub(super) machine: String,
    pub(super) what: String,
    pub(super) who: String,
    pub(super) reason: String,
    /// Where in which call it was agreed: its address and the time in it.
    pub(super) agreed: Option<(String, String)>,
    /// The latest can be taken back.
    pub(super) undoable: bool,
}

/// What a change remembers of the appointment.
#[derive(Deserialize)]
struct Was {
    starts_ms: i64,
    ends_ms: i64,
}

/// The latest first.
pub(super) fn lines(changes: Vec<ChangeRow>, zone: &TimeZone) -> Vec<Line> {
    let last = changes.last().map(|change| change.id.clone());
    let mut lines: Vec<_> = changes.into_iter().map(|change| line(change, last.as_deref(), zone)).collect();
    lines.reverse();
    lines
}

fn line(change: ChangeRow, last: Option<&str>, zone: &TimeZone) -> Line {
    let Moment { named: at, machine } = Moment::short(change.at_ms, zone);
    let was = |json: &str| serde_json::from_str::<Was>(json).ok();
    let to = was(&change.after_json).map(|was| span(was.starts_ms, was.ends_ms, zone)).unwrap_or_default();
    let from = change.before_json.as_deref().and_then(was).map(|was| span(was.starts_ms, was.ends_ms, zone));
    let what = match (change.what.as_str(), change.undoes.is_some(), from) {
        ("moved", false, Some(from)) => format!("Moved from {from} to {to}"),
        ("moved", true, Some(from)) => format!("Moved back from {from} to {to}"),
        ("cancelled", undone, _) => format!("{} ({to})", if undone { "Taken back" } else { "Cancelled" }),
        ("booked", true, _) => format!("Booked again for {to}"),
        (_, _, _) => format!("Booked for {to}"),
    };
    let agreed = change.call_id.map(|call| match change.second {
        Some(second) => {
            (format!("/calls/{call}?at={second}#here"), times::length(second.saturating_mul(1_000)))
        }
        None => (format!("/calls/{call}"), String::new()),
    });
    Line {
        at,
        machine,
        what,
        who: if change.who == "owner" { "you".into() } else { change.who },
        reason: change.reason,
        agreed,
        undoable: last == Some(change.id.as_str()),
        id: change.id,
    }
}

/// `Tuesday, 24 November 2026, 10:30–11:00`
pub(super) fn span(starts_ms: i64, ends_ms: i64, zone: &TimeZone) -> String {
    let (start, end) = (times::zoned(starts_ms, zone), times::zoned(ends_ms, zone));
    format!("{}, {}–{}", times::day(&start), times::clock(&start), times::clock(&end))
}
