//! What other assistants may read: calls, what was said in them, appointments, messages.

use super::{
    Phone, Refused, failed,
    tools::{MOST, USUAL},
};
use crate::{
    pages::timeline::timeline,
    told::{self, Page},
};
use jiff::{
    Timestamp, ToSpan, Zoned,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{CallBrief, CallRow, NoteRow, Store, StoreError, Which};
use tool::calendar::Books;
use utoipa::IntoParams;

/// The longest stretch of time whose appointments are listed.
const LONGEST_DAYS: i64 = 400;

/// Why something cannot be read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It was asked for in a way that makes no sense; a sentence that says what would.
    Wrong(String),
    Missing(&'static str),
    Store(StoreError),
}

const NO_CALL: &str = "There is no call with this id. list_calls gives the ids of those there are.";

impl From<String> for Unread {
    fn from(why: String) -> Self {
        Unread::Wrong(why)
    }
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        Unread::Store(error)
    }
}

impl From<Unread> for Refused {
    fn from(why: Unread) -> Refused {
        match why {
            Unread::Wrong(why) => why,
            Unread::Missing(why) => why.to_owned(),
            Unread::Store(error) => failed(&error),
        }
    }
}

/// Which calls.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListCalls {
    /// Only calls with this number, with its country code: `+15550100100`.
    number: Option<String>,
    /// Only calls since this day or time: `2026-11-24`, `2026-11-24T10:30`.
    since: Option<String>,
    /// At most so many; 20 where it is not said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where the last page said that it goes on.
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadTranscript {
    call_id: String,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Part {
    /// At most so many; 20 where it is not said.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where the last page said that it goes on.
    pub cursor: Option<String>,
}

/// Which appointments.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListAppointments {
    /// A day or time, such as `2026-11-24`; now where it is not said.
    from: Option<String>,
    /// Up to this day, or this time; 30 days later where it is not said.
    to: Option<String>,
    /// At most so many; 20 where it is not said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where the last page said that it goes on.
    cursor: Option<String>,
}

/// Which messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ListMessages {
    /// Also those that the owner is done with.
    all: bool,
    /// At most so many; 20 where it is not said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl Phone {
    pub(super) async fn list_calls(&self, wanted: ListCalls) -> Result<Value, Refused> {
        let page = calls(self.store(), &self.config().calendar.zone, &wanted).await?;
        Ok(named("calls", &page))
    }

    pub(super) async fn read_transcript(&self, wanted: ReadTranscript) -> Result<Value, Refused> {
        let zone = self.config().calendar.zone.clone();
        let part = Part { limit: wanted.limit, cursor: wanted.cursor };
        let (call, page) = transcript(self.store(), &zone, &wanted.call_id, &part).await?;
        let mut told = named("lines", &page);
        told["call"] = json!(call);
        Ok(told)
    }

    pub(super) async fn list_appointments(&self, wanted: ListAppointments) -> Result<Value, Refused> {
        let page = appointments(self.store(), &self.config().calendar.zone, &wanted).await?;
        Ok(named("appointments", &page))
    }

    pub(super) async fn list_messages(&self, wanted: ListMessages) -> Result<Value, Refused> {
        let messages = messages(self.store(), &self.config().calendar.zone, &wanted).await?;
        Ok(json!({"messages": messages}))
    }
}

/// A page as assistants are told of it.
fn named<T: Serialize>(name: &str, page: &Page<T>) -> Value {
    let mut told = json!({ name: page.items });
    if let Some(next) = &page.next_cursor {
        told["next_cursor"] = next.clone().into();
    }
    told
}

/// Calls that were answered or placed, the latest first.
pub(crate) async fn calls(
    store: &Store,
    zone: &TimeZone,
    wanted: &ListCalls,
) -> Result<Page<told::Call>, Unread> {
    let limit = bounded(wanted.limit)?;
    let number = wanted.number.as_deref().map(super::acting::number).transpose()?;
    let since = wanted.since.as_deref().map(|since| moment(since, zone)).transpose()?;
    let after = wanted.cursor.as_deref().map(after).transpose()?;
    let which = Which {
        number: number.as_ref().map(crate::config::Number::as_str),
        from_ms: since.map(Timestamp::as_millisecond),
        after,
        ..Which::default()
    };
    let rows = store.calls_which(&which, limit + 1).await?;
    let (rows, next_cursor) = keyed(rows, limit, |row| (row.started_ms, &row.id));
    let mut briefs = briefs(store, &rows).await?;
    let items = rows.iter().map(|row| told::Call::of(row, briefs.remove(&row.id), zone)).collect();
    Ok(Page { items, next_cursor })
}

async fn briefs(store: &Store, rows: &[CallRow]) -> Result<BTreeMap<String, CallBrief>, Unread> {
    let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
    let briefs = store.briefs_of(&ids).await?;
    Ok(briefs.into_iter().map(|brief| (brief.call_id.clone(), brief)).collect())
}

/// One call with its brief.
pub(crate) async fn call(store: &Store, zone: &TimeZone, id: &str) -> Result<told::Call, Unread> {
    let row = store.call(id).await?.ok_or(Unread::Missing(NO_CALL))?;
    let brief = store.brief(&row.id).await?;
    Ok(told::Call::of(&row, brief, zone))
}

/// What was said and done in a call, in order.
pub(crate) async fn transcript(
    store: &Store,
    zone: &TimeZone,
    id: &str,
    part: &Part,
) -> Result<(told::Call, Page<told::Line>), Unread> {
    let stretch = Stretch::of(part.limit, part.cursor.as_deref())?;
    let call = call(store, zone, id).await?;
    let entries = timeline(&store.notes(id).await?).entries;
    Ok((call, paged(&entries, stretch, told::Line::of)))
}

/// A call's notes as they were written down.
pub(crate) async fn notes(store: &Store, id: &str, part: &Part) -> Result<Page<Value>, Unread> {
    let stretch = Stretch::of(part.limit, part.cursor.as_deref())?;
    store.call(id).await?.ok_or(Unread::Missing(NO_CALL))?;
    let note = |row: &NoteRow| serde_json::from_str(&row.json).unwrap_or_default();
    Ok(paged(&store.notes(id).await?, stretch, note))
}

/// The appointments that stand in a stretch of time, in order.
pub(crate) async fn appointments(
    store: &Store,
    zone: &TimeZone,
    wanted: &ListAppointments,
) -> Result<Page<told::Appointment>, Unread> {
    let stretch = Stretch::of(wanted.limit, wanted.cursor.as_deref())?;
    let now = Timestamp::from_millisecond(crate::clock::now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
    let from = wanted.from.as_deref().map_or(Ok(now), |from| moment(from, zone))?;
    let to = match wanted.to.as_deref() {
        Some(to) => end(to, zone)?,
        None => days_after(from, zone, 30),
    };
    if to <= from || days_after(from, zone, LONGEST_DAYS) < to {
        return Err(Unread::Wrong(format!(
            "Give a stretch of time that ends after it begins, of {LONGEST_DAYS} days at most."
        )));
    }
    let rows = store.appointments_between(Books::NAME, from.as_millisecond(), to.as_millisecond()).await?;
    Ok(paged(&rows, stretch, |row| told::Appointment::of(row, zone)))
}

/// What callers left for the owner, the latest first.
pub(crate) async fn messages(
    store: &Store,
    zone: &TimeZone,
    wanted: &ListMessages,
) -> Result<Vec<told::Message>, Unread> {
    let limit = bounded(wanted.limit)?;
    let rows = store.messages(MOST * 5).await?;
    let open = rows.iter().filter(|row| wanted.all || row.done_ms.is_none());
    Ok(open.take(limit as usize).map(|row| told::Message::of(row, zone)).collect())
}

/// A moment as it was written: with an offset, or where the owner is; a day is its beginning.
fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, Refused> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from));
    let at = civil.and_then(|civil| civil.to_zoned(zone.clone())).map(|at: Zoned| at.timestamp());
    at.map_err(|_| {
        "Give a day or a time such as 2026-11-24, 2026-11-24T10:30 or 2026-11-24T10:30:00+01:00.".into()
    })
}

/// The same as an end: a day counts as a whole.
fn end(text: &str, zone: &TimeZone) -> Result<Timestamp, Refused> {
    let at = moment(text, zone)?;
    let is_day = text.trim().parse::<DateTime>().is_err() || !text.contains([':', 'T', 't']);
    let whole = is_day && text.trim().parse::<Timestamp>().is_err();
    Ok(if whole { days_after(at, zone, 1) } else { at })
}

fn days_after(at: Timestamp, zone: &TimeZone, days: i64) -> Timestamp {
    at.to_zoned(zone.clone()).checked_add(days.days()).map_or(Timestamp::MAX, |later| later.timestamp())
}

pub(crate) fn bounded(limit: Option<u32>) -> Result<u32, Refused> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(format!("Give a limit from 1 to {MOST}.")),
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    from: usize,
    limit: usize,
}

impl Stretch {
    pub(crate) fn of(limit: Option<u32>, cursor: Option<&str>) -> Result<Self, Refused> {
        Ok(Self { limit: bounded(limit)? as usize, from: offset(cursor)? })
    }

    /// How many rows are read to know this part, and whether there are more.
    pub(crate) fn rows(self) -> u32 {
        u32::try_from(self.from + self.limit + 1).unwrap_or(u32::MAX)
    }
}

/// This part of a list that was read from its beginning.
pub(crate) fn paged<R, T>(rows: &[R], stretch: Stretch, told: impl Fn(&R) -> T) -> Page<T> {
    let Stretch { from, limit } = stretch;
    let items = rows.iter().skip(from).take(limit).map(told).collect();
    Page { items, next_cursor: (from + limit < rows.len()).then(|| (from + limit).to_string()) }
}

/// As many of these rows as are wanted, one more of which is there if more are, and the cursor [`after`] the last one's key.
pub(crate) fn keyed<R>(
    mut rows: Vec<R>,
    limit: u32,
    key: impl Fn(&R) -> (i64, &String),
) -> (Vec<R>, Option<String>) {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|last| {
        let (ms, id) = key(last);
        format!("{ms}.{id}")
    });
    (rows, next_cursor)
}

const NO_CURSOR: &str = "This cursor is none that was given here. Leave it out to begin at the beginning.";

fn offset(cursor: Option<&str>) -> Result<usize, Refused> {
    cursor.map_or(Ok(0), |cursor| cursor.parse::<u32>().map(|at| at as usize).map_err(|_| NO_CURSOR.into()))
}

pub(crate) fn after(cursor: &str) -> Result<(i64, &str), Refused> {
    let parted = cursor.split_once('.').and_then(|(ms, id)| Some((ms.parse().ok()?, id)));
    parted.filter(|(_, id)| !id.is_empty() && id.len() <= 64).ok_or_else(|| NO_CURSOR.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::told::time;

    #[test]
    fn moments_are_read_as_assistants_write_them() {
        let berlin = TimeZone::get("Europe/Berlin").expect("bundled");
        let at = |text: &str| moment(text, &berlin).map(|at| time(at.as_millisecond(), &berlin));
        assert_eq!(at("2026-11-24").as_deref(), Ok("2026-11-24T00:00:00+01:00"));
        assert_eq!(at("2026-11-24T10:30").as_deref(), Ok("2026-11-24T10:30:00+01:00"));
        assert_eq!(at("2026-11-24T10:30:00Z").as_deref(), Ok("2026-11-24T11:30:00+01:00"));
        assert!(at("tomorrow").is_err() && at("").is_err() && at("2026-13-01").is_err());
        let until = |text: &str| end(text, &berlin).map(|at| time(at.as_millisecond(), &berlin));
        assert_eq!(until("2026-11-24").as_deref(), Ok("2026-11-25T00:00:00+01:00"));
        assert_eq!(until("2026-11-24T10:30").as_deref(), Ok("2026-11-24T10:30:00+01:00"));
        assert_eq!(until("2026-11-24T00:00:00+01:00").as_deref(), Ok("2026-11-24T00:00:00+01:00"));
    }

    #[test]
    fn a_cursor_that_is_none_of_ours_is_refused() {
        assert_eq!(after("12.c1"), Ok((12, "c1")));
        for bad in ["", "12", "x.c1", "12.", &format!("1.{}", "c".repeat(65))] {
            assert!(after(bad).is_err(), "{bad}");
        }
        assert!(offset(Some("-1")).is_err() && offset(Some("99999999999")).is_err());
        assert_eq!(offset(None), Ok(0));
        assert!(bounded(Some(0)).is_err() && bounded(Some(101)).is_err());
    }
}
