//! Figures as pictures: bars and lines, drawn here, each with its numbers as a table.

use super::figures::{self, Figures, Part};
use askama::Template;
use std::fmt::Write;

/// The picture, in its own units.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 170.0;
/// What is kept free for the numbers at the left, and for the days below and a little beyond.
const LEFT: f64 = 48.0;
const RIGHT: f64 = 14.0;
const BELOW: f64 = 22.0;
const ABOVE: f64 = 10.0;
/// Days that are named below, at most.
const NAMED: usize = 6;

/// One picture.
#[derive(Template)]
#[template(path = "chart.html")]
pub struct Chart {
    pub id: &'static str,
    pub title: &'static str,
    /// The whole in a few words.
    pub told: String,
    pub marks: Vec<Mark>,
    pub bars: Vec<Bar>,
    /// What is drawn through: half of the answers, and nearly all.
    pub lines: Vec<Line>,
    pub days: Vec<Mark>,
    pub columns: Vec<&'static str>,
    pub rows: Vec<(String, Vec<String>)>,
}

/// Something that is written beside or below.
pub struct Mark {
    pub at: String,
    pub text: String,
}

pub struct Bar {
    pub x: String,
    pub y: String,
    pub width: String,
    pub height: String,
}

pub struct Line {
    /// As SVG has it; stretches between which nothing is known are apart.
    pub path: String,
    /// Where a time stands by itself.
    pub points: Vec<(String, String)>,
}

pub fn of(figures: &Figures, currency: &str) -> Vec<Chart> {
    let sum = figures.sum();
    let week = figures.step > 1;
    let titles = if week {
        ["Calls a week", "Minutes a week", "Cost a week", "Answer times by week"]
    } else {
        ["Calls a day", "Minutes a day", "Cost a day", "Answer times by day"]
    };
    let whole = |what: &str, n: i64| format!("{n} {what}");
    let plain = |n: f64| format!("{n:.0}");
    vec![
        bars(
            figures,
            "calls",
            titles[0],
            whole("in all", sum.calls),
            "Calls",
            |part| part.calls as f64,
            plain,
        ),
        bars(
            figures,
            "minutes",
            titles[1],
            whole("in all", figures::minutes(sum.talk_ms)),
            "Minutes",
            |part| figures::minutes(part.talk_ms) as f64,
            plain,
        ),
        bars(
            figures,
            "cost",
            titles[2],
            format!("{:.2} {currency} in all", figures::money(sum.cost_micros)),
            "Cost",
            |part| figures::money(part.cost_micros),
            |n| format!("{n:.2}"),
        ),
        answers(figures, &sum, titles[3]),
    ]
}

fn bars(
    figures: &Figures,
    id: &'static str,
    title: &'static str,
    told: String,
    column: &'static str,
    value: impl Fn(&Part) -> f64,
    shown: impl Fn(f64) -> String,
) -> Chart {
    let scale = Scale::up_to(figures.parts.iter().map(&value).fold(0.0, f64::max));
    let wide = width(figures);
    let bar = |(n, part): (usize, &Part)| {
        let top = scale.y(value(part));
        Bar {
            x: number(left(figures, n) + wide * 0.14),
            y: number(top),
            width: number(wide * 0.72),
            height: number((scale.y(0.0) - top).max(0.0)),
        }
    };
    Chart {
        id,
        title,
        told,
        marks: scale.marks(|n| if scale.step < 1.0 { format!("{n:.2}") } else { format!("{n:.0}") }),
        bars: figures.parts.iter().enumerate().filter(|(_, part)| value(part) > 0.0).map(bar).collect(),
        lines: Vec::new(),
        days: days(figures),
        columns: vec![column],
        rows: rows(figures, |part| vec![shown(value(part))]),
    }
}

fn answers(figures: &Figures, sum: &Part, title: &'static str) -> Chart {
    let times = |of_hundred| figures.parts.iter().map(move |part| part.answers.percentile(of_hundred));
    let most = times(95).flatten().max().unwrap_or(0);
    let scale = Scale::up_to(most as f64);
    let line = |of_hundred| {
        let points = times(of_hundred)
            .enumerate()
            .map(|(n, ms)| ms.map(|ms| (left(figures, n) + width(figures) / 2.0, scale.y(ms as f64))));
        drawn(&points.collect::<Vec<_>>())
    };
    let told = sum.answers.percentile(50).zip(sum.answers.percentile(95));
    Chart {
        id: "answers",
        title,
        told: told.map_or_else(String::new, |(half, most)| {
            format!("half within {}, 95 of 100 within {}", waited(half), waited(most))
        }),
        marks: scale.marks(|ms| waited(ms as i64)),
        bars: Vec::new(),
        lines: if most > 0 { vec![line(50), line(95)] } else { Vec::new() },
        days: days(figures),
        columns: vec!["Half within", "95 of 100 within"],
        rows: rows(figures, |part| {
            let cell = |p| part.answers.percentile(p).map_or_else(|| "–".to_owned(), waited);
            vec![cell(50), cell(95)]
        }),
    }
}

/// `740 ms`, `1.3 s`
pub fn waited(ms: i64) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1_000, ms % 1_000 / 100) }
}

fn drawn(points: &[Option<(f64, f64)>]) -> Line {
    let (mut path, mut alone) = (String::new(), Vec::new());
    for (n, point) in points.iter().enumerate() {
        let Some((x, y)) = point else { continue };
        let before = n > 0 && points[n - 1].is_some();
        let after = points.get(n + 1).is_some_and(Option::is_some);
        if !before && !after {
            alone.push((number(*x), number(*y)));
        }
        let to = if before { "L" } else { "M" };
        write!(path, "{to}{} {}", number(*x), number(*y)).expect("a String takes everything");
    }
    Line { path, points: alone }
}

fn rows(figures: &Figures, cells: impl Fn(&Part) -> Vec<String>) -> Vec<(String, Vec<String>)> {
    let row = |part: &Part| (part.first.strftime("%a, %-d %b %Y").to_string(), cells(part));
    figures.parts.iter().map(row).collect()
}

/// The days that are named: so many that they do not touch, today always among them.
fn days(figures: &Figures) -> Vec<Mark> {
    let (count, every) = (figures.parts.len(), figures.parts.len().div_ceil(NAMED).max(1));
    let named = figures.parts.iter().enumerate().filter(|(n, _)| (count - 1 - n) % every == 0);
    named
        .map(|(n, part)| Mark {
            at: number(left(figures, n) + width(figures) / 2.0),
            text: part.first.strftime("%-d %b").to_string(),
        })
        .collect()
}

fn width(figures: &Figures) -> f64 {
    (WIDTH - LEFT - RIGHT) / figures.parts.len().max(1) as f64
}

fn left(figures: &Figures, n: usize) -> f64 {
    LEFT + width(figures) * n as f64
}

/// What a height stands for.
struct Scale {
    /// Between two marks.
    step: f64,
    top: f64,
}

impl Scale {
    /// Marks at round numbers, three or four up to the greatest value.
    fn up_to(most: f64) -> Self {
        if most <= 0.0 {
            return Self { step: 1.0, top: 1.0 };
        }
        let size = 10f64.powf((most / 3.0).log10().floor());
        let rough = most / 3.0 / size;
        let step = size * [1.0, 2.0, 5.0].into_iter().find(|round| rough <= *round).unwrap_or(10.0);
        Self { step, top: (most / step).ceil() * step }
    }

    fn y(&self, value: f64) -> f64 {
        let room = HEIGHT - BELOW - ABOVE;
        ABOVE + room * (1.0 - (value / self.top).clamp(0.0, 1.0))
    }

    fn marks(&self, text: impl Fn(f64) -> String) -> Vec<Mark> {
        let count = (self.top / self.step).round() as usize;
        let mark =
            |n: usize| Mark { at: number(self.y(self.step * n as f64)), text: text(self.step * n as f64) };
        (0..=count).map(mark).collect()
    }
}

fn number(n: f64) -> String {
    let text = format!("{n:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_a_few_round_marks_and_room_for_all() {
        for (most, step, top) in [
            (0.0, 1.0, 1.0),
            (1.0, 0.5, 1.0),
            (7.0, 5.0, 10.0),
            (12.0, 5.0, 15.0),
            (100.0, 50.0, 100.0),
            (2_300.0, 1_000.0, 3_000.0),
        ] {
            let scale = Scale::up_to(most);
            assert_eq!((scale.step, scale.top), (step, top), "{most}");
            assert!(scale.marks(|n| n.to_string()).len() <= 5, "{most}");
        }
        let scale = Scale::up_to(12.0);
        assert_eq!((scale.y(0.0), scale.y(15.0)), (HEIGHT - BELOW, ABOVE));
    }

    #[test]
    fn a_line_is_broken_where_nothing_is_known() {
        let line = drawn(&[Some((0.0, 1.0)), Some((1.0, 2.0)), None, Some((3.0, 4.0))]);
        assert_eq!(line.path, "M0 1L1 2M3 4");
        assert_eq!(line.points, [("3".to_owned(), "4".to_owned())]);
    }

    #[test]
    fn a_wait_is_told_as_a_person_says_it() {
        assert_eq!(
            [40, 999, 1_000, 1_349, 12_900].map(waited),
            ["40 ms", "999 ms", "1.0 s", "1.3 s", "12.9 s"]
        );
    }
}
