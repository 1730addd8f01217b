//! Appointments one below the other, day by day.

use crate::pages::times;
use jiff::{civil::Date, tz::TimeZone};
use store::AppointmentRow;

pub(super) struct Day {
    pub(super) name: String,
    pub(super) today: bool,
    pub(super) appointments: Vec<Line>,
}

pub(super) struct Line {
    pub(super) id: String,
    pub(super) machine: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) caller: String,
    pub(super) call: Option<String>,
}

/// In the order in which they come.
pub(super) fn by_day(rows: Vec<AppointmentRow>, today: Date, zone: &TimeZone) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for row in rows {
        let starts = times::zoned(row.starts_ms, zone);
        let name = times::day(&starts);
        if days.last().is_none_or(|day| day.name != name) {
            days.push(Day { name, today: starts.date() == today, appointments: Vec::new() });
        }
        days.last_mut().expect("there is one now").appointments.push(Line {
            id: row.id,
            machine: times::machine(&starts),
            from: times::clock(&starts),
            until: times::clock(&times::zoned(row.ends_ms, zone)),
            summary: row.summary,
            description: row.description,
            caller: row.caller,
            call: row.call_id,
        });
    }
    days
}
