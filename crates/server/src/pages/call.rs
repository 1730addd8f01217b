//! One call: what was said by whom, what of it was heard, what was done, how it sounded, and how it ended.

mod sound;
mod strip;

pub(super) use sound::{delete_recording, export, recording};

use super::{
    Failure, Frame,
    calls::Facts,
    shown,
    timeline::{Entry, Timeline, Tool, What, timeline},
    times,
};
use crate::{
    app::App,
    audit::Deed,
    cost,
    guard::session::User,
    recording::{keep, peaks::Peaks, tape::PER_MS},
    retention,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::Arc;
use store::{CallBrief, CallRow, Kept, NoteRow};
use strip::Strip;

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    frame: Frame,
    id: String,
    facts: Facts,
    from: String,
    to: String,
    outbound: bool,
    purpose: String,
    carrier: String,
    engine: String,
    day: String,
    clock: String,
    machine: String,
    brief: Option<CallBrief>,
    strip: Option<Strip>,
    sound: Option<Sound>,
    /// It is being recorded.
    recorded_now: bool,
    story: Vec<Line>,
    /// What was said is not kept any more.
    forgotten: bool,
    used: String,
    cost: String,
    interruptions: usize,
    notes: Vec<Noted>,
}

/// What was recorded.
struct Sound {
    address: String,
    /// When it is deleted, if it is: a day.
    until: Option<String>,
    /// What is missing, each as a moment and a length.
    gaps: Vec<(String, String)>,
}

struct Line {
    /// What was said or done in the second that was asked for.
    here: bool,
    at: String,
    /// The same in seconds, for who plays it from here.
    seconds: String,
    words: Vec<Word>,
    /// What the caller waited for, drawn.
    bar: Vec<Stage>,
    /// As wide as all of that.
    width: u64,
    what: What,
}

struct Word {
    text: String,
    seconds: String,
}

/// A part of an answer's time.
struct Stage {
    kind: &'static str,
    x: u64,
    width: u64,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// A second of the call: what was said then is shown first.
    at: Option<u32>,
}

struct Noted {
    at: String,
    json: String,
}

/// `GET /calls/{id}`
pub(super) async fn call(
    State(app): State<Arc<App>>,
    _: User,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let call = app.store.call(&id).await?.ok_or_else(Failure::not_found)?;
    let rows = app.store.notes(&id).await?;
    let brief = app.store.brief(&id).await?;
    let config = app.config.get();
    let zone = &config.calendar.zone;
    let is_over = call.ended_ms.is_some();
    let recording = if is_over { keep::whole(&app.store, &app.vault, &id).await? } else { None };
    let recorded_now = !is_over && app.store.recording(&id).await?.is_some();
    let Timeline { entries, used, interruptions, ended: _ } = timeline(&rows);
    let peaks = recording.as_ref().map(|row| Peaks::read(&row.peaks)).unwrap_or_default();
    let recorded_ms = recording.as_ref().map_or(0, |row| row.samples / PER_MS.cast_signed());
    let length_ms = length_ms(&call, &entries).max(recorded_ms);
    let strip = (!entries.is_empty()).then(|| strip::drawn(&entries, length_ms, &peaks));
    let sound = recording.map(|row| Sound {
        address: format!("/calls/{id}/recording.wav"),
        until: retention::until(&app, Kept::Recordings, row.began_ms).map(|at| day(at, zone)),
        gaps: keep::gaps(&row)
            .into_iter()
            .map(|(from, until)| (times::length(from), times::length(until - from + 999)))
            .collect(),
    });
    let here = wanted.at.and_then(|second| place(&entries, second));
    let mut story = lines(entries, length_ms, &peaks, sound.is_some());
    if let Some(line) = here.and_then(|here| story.get_mut(here)) {
        line.here = true;
    }
    let started = times::zoned(call.started_ms, zone);
    let cost = match call.cost_micros {
        0 => String::new(),
        micros => cost::shown(micros, &config.cost.currency),
    };
    let used = match (used.tokens_in, used.tokens_out) {
        (0, 0) => String::new(),
        (into, out) => format!("{into} tokens in, {out} out"),
    };
    Ok(shown(&CallPage {
        frame: Frame::inside("calls"),
        facts: Facts::of(&call),
        forgotten: call.notes > 0 && rows.is_empty(),
        id: call.id,
        from: call.from,
        to: call.to,
        outbound: call.outbound,
        purpose: call.purpose,
        carrier: call.carrier,
        engine: call.engine,
        day: times::day(&started),
        clock: times::clock(&started),
        machine: times::machine(&started),
        brief,
        strip,
        sound,
        recorded_now,
        story,
        used,
        cost,
        interruptions,
        notes: rows.into_iter().map(noted).collect(),
    }))
}

/// `POST /calls/{id}/delete`: the call, what was said in it and what was recorded of it.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    by: User,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    if !app.store.call_deleted(&id).await? {
        return Err(Failure::not_found());
    }
    app.audit(&by, Deed::CallDeleted, &id).await;
    Ok(Redirect::to("/calls").into_response())
}

/// How long a call is, as far as anything is known to have happened in it.
fn length_ms(call: &CallRow, entries: &[Entry]) -> i64 {
    let began_ms = call.answered_ms.unwrap_or(call.started_ms);
    let over_ms = call.ended_ms.map_or(0, |ended_ms| ended_ms - began_ms);
    let last_ms = entries.iter().map(|entry| entry.until_ms.unwrap_or(entry.at_ms)).max().unwrap_or(0);
    over_ms.max(last_ms)
}

fn lines(entries: Vec<Entry>, length_ms: i64, peaks: &Peaks, recorded: bool) -> Vec<Line> {
    let untils: Vec<_> =
        (0..entries.len()).map(|place| strip::spoken_until(&entries, place, length_ms, peaks)).collect();
    let line = |(entry, until_ms): (Entry, i64)| {
        let text = strip::words(&entry);
        let words = if recorded { words(text, entry.at_ms, until_ms) } else { Vec::new() };
        let bar = match &entry.what {
            What::Assistant { parts, .. } => bar(parts),
            What::Caller { .. } | What::Tool(_) | What::Remark { .. } => Vec::new(),
        };
        Line {
            here: false,
            at: times::length(entry.at_ms),
            seconds: seconds(entry.at_ms),
            words,
            width: bar.iter().map(|stage| stage.width).sum(),
            bar,
            what: entry.what,
        }
    };
    entries.into_iter().zip(untils).map(line).collect()
}

/// What began last in this second or before it.
fn place(entries: &[Entry], second: u32) -> Option<usize> {
    let end_ms = (i64::from(second) + 1) * 1_000;
    entries.iter().rposition(|entry| entry.at_ms < end_ms)
}

/// About when each word was spoken, if it was spoken evenly.
fn words(text: &str, from_ms: i64, until_ms: i64) -> Vec<Word> {
    let letters = i64::try_from(text.chars().count()).unwrap_or(i64::MAX).max(1);
    let mut before = 0;
    let mut words = Vec::new();
    for part in text.split_inclusive(char::is_whitespace) {
        let at_ms = from_ms + (until_ms - from_ms) * before / letters;
        before += i64::try_from(part.chars().count()).unwrap_or(0);
        words.push(Word { text: part.to_owned(), seconds: seconds(at_ms) });
    }
    words
}

fn bar(parts: &[(&'static str, u64)]) -> Vec<Stage> {
    let mut x = 0;
    let stage = |(name, width): &(&'static str, u64)| {
        let kind = match *name {
            "until the turn was over" => "endpoint",
            "hearing" => "hear",
            "thinking" => "think",
            "tools" => "tools",
            "speaking" => "speak",
            _ => "own",
        };
        let stage = Stage { kind, x, width: *width };
        x += width;
        stage
    };
    parts.iter().map(stage).collect()
}

fn seconds(ms: i64) -> String {
    format!("{}.{:02}", ms.max(0) / 1_000, ms.max(0) % 1_000 / 10)
}

fn day(ms: i64, zone: &TimeZone) -> String {
    times::day(&times::zoned(ms, zone))
}

/// What a tool was asked, as names and values.
fn asked(tool: &Tool) -> Vec<(String, String)> {
    match serde_json::from_str(&tool.arguments) {
        Ok(serde_json::Value::Object(fields)) => fields
            .into_iter()
            .map(|(name, value)| match value {
                serde_json::Value::String(text) => (name, text),
                other => (name, other.to_string()),
            })
            .collect(),
        Ok(_) | Err(_) if tool.arguments.is_empty() => Vec::new(),
        Ok(_) | Err(_) => vec![("asked".to_owned(), tool.arguments.clone())],
    }
}

fn noted(row: NoteRow) -> Noted {
    let (seconds, rest) = (row.at_ms / 1000, row.at_ms % 1000);
    Noted { at: format!("{seconds}.{rest:03}"), json: row.json }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lie_between_the_first_and_the_last_moment_of_what_was_said() {
        let words = words("One two three", 1_000, 2_300);
        let told: Vec<_> = words.iter().map(|word| (&*word.text, &*word.seconds)).collect();
        assert_eq!(told, [("One ", "1.00"), ("two ", "1.40"), ("three", "1.80")]);
        assert!(super::words("", 0, 0).is_empty());
    }

    #[test]
    fn a_tools_arguments_are_told_by_name() {
        let tool = |arguments: &str| Tool { arguments: arguments.into(), ..Tool::default() };
        let told = asked(&tool(r#"{"day":"2026-11-24","people":2}"#));
        assert_eq!(told, [("day".into(), "2026-11-24".into()), ("people".into(), "2".into())]);
        assert_eq!(asked(&tool("")), []);
        assert_eq!(asked(&tool("{broken")), [("asked".into(), "{broken".into())]);
    }
}
