//! What was changed, by whom, when and from where, for the installation's owners.

use super::{Failure, Frame, shown, times};
use crate::{app::App, audit::Deed, guard::session::Owner};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::Arc;
use store::AuditRow;

/// As many as a page shows.
const MOST: u32 = 100;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    days: Vec<Day>,
    /// Where older ones begin.
    older: Option<String>,
    first: bool,
}

struct Day {
    named: String,
    lines: Vec<Line>,
}

struct Line {
    clock: String,
    machine: String,
    who: String,
    what: String,
    about: String,
    from: String,
    bad: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Range {
    before: String,
}

/// `GET /audit`
pub(super) async fn audit(
    State(app): State<Arc<App>>,
    by: Owner,
    Query(range): Query<Range>,
) -> Result<Response, Failure> {
    let zone = app.config.get().calendar.zone.clone();
    let rows = app.store.audit(MOST, &range.before).await?;
    // What was done in other houses came without its object; what was done in the first owner's stands beside it.
    let at_home = app.whose.user().await?.is_some_and(|user| user.id == by.user.id);
    let older = rows.last().filter(|_| rows.len() == MOST as usize).map(|row| row.id.clone());
    let mut days: Vec<Day> = Vec::new();
    for row in rows {
        let named = times::day(&times::zoned(row.at_ms, &zone));
        if days.last().is_none_or(|day| day.named != named) {
            days.push(Day { named, lines: Vec::new() });
        }
        let day = days.last_mut().expect("there is one now");
        day.lines.push(line(row, at_home, &zone));
    }
    let first = range.before.is_empty();
    Ok(shown(&AuditPage { frame: Frame::inside("profile"), days, older, first }))
}

fn line(row: AuditRow, at_home: bool, zone: &TimeZone) -> Line {
    let at = times::zoned(row.at_ms, zone);
    let deed = Deed::named(&row.what);
    // A deed that is not known may be one of a house's.
    let theirs = deed.is_none_or(Deed::is_in_a_house);
    Line {
        clock: times::clock(&at),
        machine: times::machine(&at),
        who: if row.who.is_empty() { "Somebody".to_owned() } else { row.who },
        // A later version may have written it.
        what: deed.map_or(row.what, |deed| deed.words().to_owned()),
        about: if theirs && !at_home { String::new() } else { row.about },
        from: row.from,
        bad: deed == Some(Deed::LoginFailed),
    }
}
