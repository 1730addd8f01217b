//! A week as a grid: which row and column everything of it stands in.
//!
//! A row is five minutes by the clock on the wall, whatever the clock does meanwhile; pages may carry no style of their
//! own, so rows and columns are classes: `t12` begins in the thirteenth row, `l6` is six rows long; `c0` begins in the
//! first of twelve columns of a day, `w6` is six wide.

use crate::pages::times;
use jiff::{
    ToSpan, Zoned,
    civil::{Date, Time},
};
use std::{fmt::Write as _, ops::Range};
use tool::calendar::Entry;
use when::Hours;

/// Minutes of a row.
const ROW: i64 = 5;
const DAY: i64 = 24 * 60;
/// Columns of a day.
const COLUMNS: usize = 12;
/// These hours are shown, and more where there is something.
const SHOWN: Range<i64> = 8..18;
/// An empty time that a click makes an appointment of, in minutes.
const FREE: i64 = 30;

/// A week from Monday to Sunday.
pub(super) struct Week {
    pub(super) days: Vec<Day>,
    /// The hours beside the grid, each with its row.
    pub(super) hours: Vec<(i64, String)>,
    /// How many rows there are.
    pub(super) rows: i64,
}

/// A column.
pub(super) struct Day {
    /// `2026-11-24`
    pub(super) date: String,
    /// `Tuesday, 24 November 2026`
    pub(super) name: String,
    /// `Tue` and `24`
    pub(super) short: String,
    pub(super) number: i8,
    pub(super) today: bool,
    pub(super) chosen: bool,
    /// What takes the whole of it.
    pub(super) whole: Vec<Whole>,
    pub(super) shut: Vec<Rows>,
    /// Where an appointment could be made: its rows and `2026-11-24T10:30`.
    pub(super) free: Vec<(Rows, String)>,
    pub(super) blocks: Vec<Block>,
    /// The row of this moment, and the moment.
    pub(super) now: Option<(i64, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) first: i64,
    pub(super) long: i64,
}

pub(super) struct Whole {
    pub(super) summary: String,
    pub(super) elsewhere: String,
}

pub(super) struct Block {
    /// Empty where it stands elsewhere.
    pub(super) id: String,
    pub(super) rows: Rows,
    pub(super) column: usize,
    pub(super) wide: usize,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) machine: String,
    pub(super) summary: String,
    pub(super) caller: String,
    pub(super) elsewhere: String,
    pub(super) over: bool,
}

/// A part of an entry that lies on one day, in minutes of that day.
struct Piece<'a> {
    entry: &'a Entry,
    from: i64,
    to: i64,
}

impl Week {
    /// The seven days from `first`, of which `chosen` is shown where there is room for one only.
    pub(super) fn of(first: Date, chosen: Date, entries: &[Entry], hours: &Hours, now: &Zoned) -> Self {
        let dates: Vec<Date> = (0..7).map(|day| first.saturating_add(day.days())).collect();
        let pieces: Vec<Vec<Piece<'_>>> = dates.iter().map(|date| pieces(entries, *date, now)).collect();
        let shown = shown(&dates, &pieces, hours);
        let days = dates.iter().zip(pieces).map(|(date, pieces)| Day {
            date: date.to_string(),
            name: date.strftime("%A, %-d %B %Y").to_string(),
            short: date.strftime("%a").to_string(),
            number: date.day(),
            today: *date == now.date(),
            chosen: *date == chosen,
            whole: pieces.iter().filter(|piece| piece.is_whole()).map(whole).collect(),
            shut: shut(&open(hours, *date), &shown),
            free: free(&open(hours, *date), *date, &shown, now),
            blocks: blocks(&pieces.iter().filter(|piece| !piece.is_whole()).collect::<Vec<_>>(), &shown, now),
            now: (*date == now.date())
                .then(|| (row(minute(now.time()), &shown), times::clock(now)))
                .filter(|(row, _)| (0..rows(&shown)).contains(row)),
        });
        let days = days.collect();
        let hour = |hour: i64| (row(hour * 60, &shown), format!("{hour:02}:00"));
        Self { days, hours: shown.clone().map(hour).collect(), rows: rows(&shown) }
    }
}

impl Week {
    /// Nothing of it stands elsewhere.
    pub(super) fn is_alone(&self) -> bool {
        self.days.iter().all(|day| day.whole.is_empty() && day.blocks.iter().all(|one| !one.id.is_empty()))
    }
}

impl Piece<'_> {
    fn is_whole(&self) -> bool {
        self.from == 0 && self.to == DAY
    }
}

/// `23 to 29 November 2026`, with months and years as far as they differ.
pub(super) fn name(first: Date) -> String {
    let last = first.saturating_add(6.days());
    let from = match (first.year() == last.year(), first.month() == last.month()) {
        (true, true) => first.strftime("%-d"),
        (true, false) => first.strftime("%-d %B"),
        (false, _) => first.strftime("%-d %B %Y"),
    };
    format!("{from} to {}", last.strftime("%-d %B %Y"))
}

/// The rules that put things where their classes say.
pub fn placed() -> String {
    let mut sheet = String::new();
    let mut rule = |selector: &str, index: i64, property: &str, value: &str| {
        writeln!(sheet, ".{selector}{index} {{ {property}: {value}; }}").expect("a String takes everything");
    };
    for index in 0..DAY / ROW {
        rule("t", index, "grid-row-start", &(index + 1).to_string());
        rule("l", index + 1, "grid-row-end", &format!("span {}", index + 1));
    }
    for index in (0..).take(COLUMNS) {
        rule("c", index, "grid-column-start", &(index + 1).to_string());
        rule("w", index + 1, "grid-column-end", &format!("span {}", index + 1));
    }
    sheet
}

fn pieces<'a>(entries: &'a [Entry], date: Date, now: &Zoned) -> Vec<Piece<'a>> {
    let zone = now.time_zone();
    let midnight = |date: Date| date.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    let (Some(begins), Some(ends)) = (midnight(date), date.tomorrow().ok().and_then(midnight)) else {
        return Vec::new();
    };
    let on_it = entries.iter().filter(|entry| entry.span.from < ends && entry.span.to > begins);
    let mut pieces: Vec<Piece<'_>> = on_it
        .map(|entry| {
            let at = |time: jiff::Timestamp| minute(time.to_zoned(zone.clone()).time());
            let from = if entry.span.from <= begins { 0 } else { at(entry.span.from) };
            let to = if entry.span.to >= ends { DAY } else { at(entry.span.to) };
            // Where the clock is turned back meanwhile it may end before it begins.
            Piece { entry, from, to: to.max(from + ROW).min(DAY) }
        })
        .collect();
    pieces.sort_by_key(|piece| (piece.from, -piece.to));
    pieces
}

fn minute(time: Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

/// From when to when it is open, in minutes.
fn open(hours: &Hours, date: Date) -> Vec<Range<i64>> {
    let end = |time: Time| if time == Time::midnight() { DAY } else { minute(time) };
    hours.openings(date).iter().map(|opening| minute(opening.from)..end(opening.to)).collect()
}

/// The hours of the day that have to be shown.
fn shown(dates: &[Date], pieces: &[Vec<Piece<'_>>], hours: &Hours) -> Range<i64> {
    let openings = dates.iter().flat_map(|date| open(hours, *date));
    let timed = pieces.iter().flatten().filter(|piece| !piece.is_whole());
    let all = openings.chain(timed.map(|piece| piece.from..piece.to));
    all.fold(SHOWN, |shown, minutes| {
        shown.start.min(minutes.start / 60)..shown.end.max((minutes.end + 59) / 60)
    })
}

fn rows(shown: &Range<i64>) -> i64 {
    (shown.end - shown.start) * 60 / ROW
}

fn row(minute: i64, shown: &Range<i64>) -> i64 {
    (minute - shown.start * 60) / ROW
}

fn rows_of(minutes: &Range<i64>, shown: &Range<i64>) -> Rows {
    let first = row(minutes.start, shown);
    Rows { first, long: ((minutes.end - shown.start * 60 + ROW - 1) / ROW - first).max(1) }
}

fn shut(open: &[Range<i64>], shown: &Range<i64>) -> Vec<Rows> {
    let mut shut = Vec::new();
    let mut from = shown.start * 60;
    for open in open {
        if open.start > from {
            shut.push(rows_of(&(from..open.start), shown));
        }
        from = from.max(open.end);
    }
    let end = shown.end * 60;
    if end > from {
        shut.push(rows_of(&(from..end), shown));
    }
    shut
}

fn free(open: &[Range<i64>], date: Date, shown: &Range<i64>, now: &Zoned) -> Vec<(Rows, String)> {
    let later = |minute: &i64| date > now.date() || date == now.date() && *minute > self::minute(now.time());
    let starts = open.iter().flat_map(|open| (open.start..open.end).step_by(FREE as usize));
    let starts = starts.filter(later);
    starts
        .map(|from| {
            let at = format!("{date}T{:02}:{:02}", from / 60, from % 60);
            (rows_of(&(from..from + FREE), shown), at)
        })
        .filter(|(rows, _)| rows.first + rows.long <= self::rows(shown))
        .collect()
}

fn whole(piece: &Piece<'_>) -> Whole {
    let elsewhere = piece.entry.elsewhere.clone().unwrap_or_default();
    Whole { summary: titled(&piece.entry.summary), elsewhere }
}

/// Side by side where they are at the same time.
fn blocks(pieces: &[&Piece<'_>], shown: &Range<i64>, now: &Zoned) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = pieces;
    while let Some(first) = rest.first() {
        let mut end = first.to;
        let together = rest.iter().take_while(|piece| {
            let beside = piece.from < end;
            end = end.max(piece.to);
            beside
        });
        let (group, others) = rest.split_at(together.count());
        rest = others;
        let lanes = lanes(group);
        let wide = COLUMNS / fitting(lanes.iter().max().map_or(1, |last| last + 1));
        for (piece, lane) in group.iter().zip(lanes) {
            let column = (lane * wide).min(COLUMNS - wide);
            blocks.push(block(piece, column, wide, shown, now));
        }
    }
    blocks
}

/// The first lane that is free for each of them, which are in order of start.
fn lanes(group: &[&Piece<'_>]) -> Vec<usize> {
    let mut ends: Vec<i64> = Vec::new();
    group
        .iter()
        .map(|piece| {
            let lane = ends.iter().position(|end| *end <= piece.from).unwrap_or(ends.len());
            match ends.get_mut(lane) {
                Some(end) => *end = piece.to,
                None => ends.push(piece.to),
            }
            lane
        })
        .collect()
}

/// How many lanes the columns can be made into, at least so many if that can be.
fn fitting(lanes: usize) -> usize {
    [1, 2, 3, 4, 6].into_iter().find(|fit| *fit >= lanes).unwrap_or(6)
}

fn block(piece: &Piece<'_>, column: usize, wide: usize, shown: &Range<i64>, now: &Zoned) -> Block {
    let entry = piece.entry;
    let (from, to) = (entry.span.from, entry.span.to);
    let zoned = |at: jiff::Timestamp| at.to_zoned(now.time_zone().clone());
    let elsewhere = entry.elsewhere.clone();
    Block {
        id: if elsewhere.is_some() { String::new() } else { entry.id.clone() },
        rows: rows_of(&(piece.from..piece.to), shown),
        column,
        wide,
        from: times::clock(&zoned(from)),
        until: times::clock(&zoned(to)),
        machine: times::machine(&zoned(from)),
        summary: titled(&entry.summary),
        caller: entry.caller.clone(),
        elsewhere: elsewhere.unwrap_or_default(),
        over: to <= now.timestamp(),
    }
}

fn titled(summary: &str) -> String {
    if summary.trim().is_empty() { "Busy".into() } else { summary.to_owned() }
}

#[cfg(test)]
mod tests;
