//! Appointments one below the other, day by day.

use crate::pages::times;
use jiff::{civil::Date, tz::TimeZone};
use store::AppointmentRow;

pub(super) struct Day {
    pub(super) name: String,
    pub(super) today: bool,
    pub(super) appointments: Vec<Line>,
}

/// An appointment, here and among those of today on the dashboard.
pub(in crate::pages) struct Line {
    pub(in crate::pages) id: String,
    pub(in crate::pages) machine: String,
    pub(in crate::pages) from: String,
    pub(in crate::pages) until: String,
    pub(in crate::pages) summary: String,
    pub(in crate::pages) description: String,
    pub(in crate::pages) caller: String,
    pub(in crate::pages) call: Option<String>,
}

impl Line {
    pub(in crate::pages) fn of(row: AppointmentRow, zone: &TimeZone) -> Self {
        let starts = times::zoned(row.starts_ms, zone);
        Self {
            id: row.id,
            machine: times::machine(&starts),
            from: times::clock(&starts),
            until: times::clock(&times::zoned(row.ends_ms, zone)),
            summary: row.summary,
            description: row.description,
            caller: row.caller,
            call: row.call_id,
        }
    }
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
        days.last_mut().expect("there is one now").appointments.push(Line::of(row, zone));
    }
    days
}
