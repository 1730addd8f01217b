//! What other assistants may read: calls, what was said in them, appointments, messages.

use super::{
    Phone, Refused, failed,
    tools::{MOST, USUAL},
};
use crate::pages::timeline::{Entry, What, timeline};
use jiff::{
    Timestamp, ToSpan, Zoned,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use store::{AppointmentRow, CallBrief, CallRow, MessageRow, Which};
use tool::{Trust, calendar::Books};

/// The longest stretch of time whose appointments are listed.
const LONGEST_DAYS: i64 = 400;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListCalls {
    number: Option<String>,
    since: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadTranscript {
    call_id: String,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListAppointments {
    from: Option<String>,
    to: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListMessages {
    all: bool,
    limit: Option<u32>,
}

impl Phone {
    pub(super) async fn list_calls(&self, wanted: ListCalls) -> Result<Value, Refused> {
        let zone = self.config().calendar.zone.clone();
        let limit = bounded(wanted.limit)?;
        let number = wanted.number.as_deref().map(super::acting::number).transpose()?;
        let since = wanted.since.as_deref().map(|since| moment(since, &zone)).transpose()?;
        let after = wanted.cursor.as_deref().map(call_after).transpose()?;
        let which = Which {
            number: number.as_ref().map(crate::config::Number::as_str),
            from_ms: since.map(Timestamp::as_millisecond),
            after,
            ..Which::default()
        };
        let mut rows = self.store().calls_which(&which, limit + 1).await.map_err(|error| failed(&error))?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let mut briefs = self.briefs(&rows).await?;
        let calls: Vec<_> = rows.iter().map(|row| call(row, briefs.remove(&row.id), &zone)).collect();
        let mut told = json!({"calls": calls});
        if let Some(last) = rows.last().filter(|_| more) {
            told["next_cursor"] = format!("{}.{}", last.started_ms, last.id).into();
        }
        Ok(told)
    }

    async fn briefs(&self, rows: &[CallRow]) -> Result<BTreeMap<String, CallBrief>, Refused> {
        let (Some(last), Some(first)) = (rows.first(), rows.last()) else { return Ok(BTreeMap::new()) };
        let briefs = self.store().briefs_between(first.started_ms, last.started_ms).await;
        let briefs = briefs.map_err(|error| failed(&error))?;
        Ok(briefs.into_iter().map(|brief| (brief.call_id.clone(), brief)).collect())
    }

    pub(super) async fn read_transcript(&self, wanted: ReadTranscript) -> Result<Value, Refused> {
        let zone = self.config().calendar.zone.clone();
        let (limit, from) = (bounded(wanted.limit)? as usize, offset(wanted.cursor.as_deref())?);
        let row = self.store().call(&wanted.call_id).await.map_err(|error| failed(&error))?;
        let Some(row) = row else {
            return Err("There is no call with this id. list_calls gives the ids of those there are.".into());
        };
        let notes = self.store().notes(&row.id).await.map_err(|error| failed(&error))?;
        let brief = self.store().brief(&row.id).await.map_err(|error| failed(&error))?;
        let entries = timeline(&notes).entries;
        let lines: Vec<_> = entries.iter().skip(from).take(limit).map(line).collect();
        let mut told = json!({"call": call(&row, brief, &zone), "lines": lines});
        if from + limit < entries.len() {
            told["next_cursor"] = (from + limit).to_string().into();
        }
        Ok(told)
    }

    pub(super) async fn list_appointments(&self, wanted: ListAppointments) -> Result<Value, Refused> {
        let zone = self.config().calendar.zone.clone();
        let (limit, skipped) = (bounded(wanted.limit)? as usize, offset(wanted.cursor.as_deref())?);
        let now = Timestamp::from_millisecond(crate::clock::now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        let from = wanted.from.as_deref().map_or(Ok(now), |from| moment(from, &zone))?;
        let to = match wanted.to.as_deref() {
            Some(to) => end(to, &zone)?,
            None => days_after(from, &zone, 30),
        };
        if to <= from || days_after(from, &zone, LONGEST_DAYS) < to {
            return Err(format!(
                "Give a stretch of time that ends after it begins, of {LONGEST_DAYS} days at most."
            ));
        }
        let rows =
            self.store().appointments_between(Books::NAME, from.as_millisecond(), to.as_millisecond()).await;
        let rows = rows.map_err(|error| failed(&error))?;
        let listed: Vec<_> =
            rows.iter().skip(skipped).take(limit).map(|row| appointment(row, &zone)).collect();
        let mut told = json!({"appointments": listed});
        if skipped + limit < rows.len() {
            told["next_cursor"] = (skipped + limit).to_string().into();
        }
        Ok(told)
    }

    pub(super) async fn list_messages(&self, wanted: ListMessages) -> Result<Value, Refused> {
        let zone = self.config().calendar.zone.clone();
        let limit = bounded(wanted.limit)?;
        let rows = self.store().messages(MOST * 5).await.map_err(|error| failed(&error))?;
        let open = rows.iter().filter(|row| wanted.all || row.done_ms.is_none());
        let messages: Vec<_> = open.take(limit as usize).map(|row| message(row, &zone)).collect();
        Ok(json!({"messages": messages}))
    }
}

fn call(row: &CallRow, brief: Option<CallBrief>, zone: &TimeZone) -> Value {
    let lasted = row.answered_ms.zip(row.ended_ms).map_or(0, |(from, to)| (to - from).max(0) / 1_000);
    let mut told = json!({
        "id": row.id,
        "number": if row.outbound { &row.to } else { &row.from },
        "direction": if row.outbound { "out" } else { "in" },
        "trust": Trust::named(&row.trust).unwrap_or(Trust::Stranger).name(),
        "started": time(row.started_ms, zone),
        "seconds": lasted,
        "ending": row.ending.clone().unwrap_or_default(),
    });
    if !row.purpose.is_empty() {
        told["purpose"] = row.purpose.clone().into();
    }
    if let Some(CallBrief { who, wanted, done, left_open, .. }) = brief {
        told["brief"] = json!({"who": who, "wanted": wanted, "done": done, "open": left_open});
    }
    told
}

pub(crate) fn line(entry: &Entry) -> Value {
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| {
        told.insert(name.into(), value);
    };
    tell("at", json!(entry.at_ms as f64 / 1_000.0));
    match &entry.what {
        What::Caller { text } => {
            tell("who", "caller".into());
            tell("text", text.clone().into());
        }
        What::Assistant { heard, unheard, .. } => {
            tell("who", "assistant".into());
            tell("text", heard.clone().into());
            if !unheard.is_empty() {
                tell("unheard", unheard.clone().into());
            }
        }
        What::Tool(tool) => {
            tell("who", "tool".into());
            tell("tool", tool.name.clone().into());
            let text = [tool.effect.as_str(), tool.say.as_str()].join(" ");
            tell("text", text.trim().into());
            if let Some(ok) = tool.ok {
                tell("ok", ok.into());
            }
        }
        What::Remark { text, .. } => {
            tell("who", "remark".into());
            tell("text", text.clone().into());
        }
    }
    told.into()
}

fn appointment(row: &AppointmentRow, zone: &TimeZone) -> Value {
    let mut told = json!({
        "id": row.id, "starts": time(row.starts_ms, zone), "ends": time(row.ends_ms, zone), "kind": row.kind,
        "summary": row.summary, "number": row.caller,
    });
    if let Some(call) = &row.call_id {
        told["call_id"] = call.clone().into();
    }
    told
}

fn message(row: &MessageRow, zone: &TimeZone) -> Value {
    let mut told = json!({
        "id": row.id, "taken": time(row.taken_ms, zone), "number": row.caller, "text": row.body, "urgent": row.urgent,
        "done": row.done_ms.is_some(), "voicemail_seconds": (row.sound_ms + 999) / 1_000,
    });
    if let Some(call) = &row.call_id {
        told["call_id"] = call.clone().into();
    }
    told
}

/// RFC 3339, where the owner is.
pub(super) fn time(ms: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
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

fn bounded(limit: Option<u32>) -> Result<u32, Refused> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(format!("Give a limit from 1 to {MOST}.")),
    }
}

const NO_CURSOR: &str = "This cursor is none that was given here. Leave it out to begin at the beginning.";

fn offset(cursor: Option<&str>) -> Result<usize, Refused> {
    cursor.map_or(Ok(0), |cursor| cursor.parse::<u32>().map(|at| at as usize).map_err(|_| NO_CURSOR.into()))
}

fn call_after(cursor: &str) -> Result<(i64, &str), Refused> {
    let parted = cursor.split_once('.').and_then(|(ms, id)| Some((ms.parse().ok()?, id)));
    parted.filter(|(_, id)| !id.is_empty() && id.len() <= 64).ok_or_else(|| NO_CURSOR.into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(call_after("12.c1"), Ok((12, "c1")));
        for bad in ["", "12", "x.c1", "12.", &format!("1.{}", "c".repeat(65))] {
            assert!(call_after(bad).is_err(), "{bad}");
        }
        assert!(offset(Some("-1")).is_err() && offset(Some("99999999999")).is_err());
        assert_eq!(offset(None), Ok(0));
        assert!(bounded(Some(0)).is_err() && bounded(Some(101)).is_err());
    }
}
