//! What was found, beside what it may be: the table, its JSON and its Markdown.

use super::{Plan, process};
use serde::Serialize;
use std::{fmt::Write as _, time::Duration};

/// Everything that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub machine: String,
    pub calls: u32,
    pub seconds: u64,
    pub rows: Vec<Row>,
    /// What went wrong on the wire, each kind once: protocol errors and errors that the engine answered.
    pub errors: Vec<String>,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub what: String,
    /// As it is read by people.
    pub value: String,
    pub number: f64,
    /// The same of the splice, where there is such a thing.
    pub splice: Option<f64>,
    pub unit: &'static str,
    pub bound: Option<Bound>,
    /// Within the bound; none where there is no bound.
    pub pass: Option<bool>,
}

/// What a number may be at most.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    AtMost(f64),
    /// So many times what the splice has.
    TimesTheSplice(f64),
}

impl Report {
    /// Whether every bound is kept.
    pub fn passes(&self) -> bool {
        self.rows.iter().all(|row| row.pass != Some(false))
    }

    /// The table for a terminal.
    pub fn table(&self) -> String {
        let mut lines = vec![["", "measured", "splice", "bound", ""].map(str::to_owned)];
        lines.extend(self.rows.iter().map(Row::cells));
        let widths: [usize; 5] =
            std::array::from_fn(|i| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0));
        let mut text = String::new();
        for line in lines {
            let cells = line.iter().zip(widths).enumerate().map(|(i, (cell, width))| {
                let gap = " ".repeat(width - cell.chars().count());
                if i == 0 { format!("{cell}{gap}") } else { format!("{gap}{cell}") }
            });
            let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
        }
        text
    }

    /// The table for `docs/performance.md`.
    pub fn markdown(&self) -> String {
        let mut text =
            String::from("| | measured | splice | bound | |\n| --- | ---: | ---: | ---: | --- |\n");
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.cells().join(" | "));
        }
        text
    }
}

impl Row {
    fn new(what: &str, number: f64, unit: &'static str, splice: Option<f64>, bound: Option<Bound>) -> Self {
        let limit = match bound {
            Some(Bound::AtMost(most)) => Some(most),
            Some(Bound::TimesTheSplice(times)) => splice.map(|splice| splice * times),
            None => None,
        };
        // What could not be measured does not pass.
        let pass = limit.map(|limit| number <= limit);
        Self { what: what.into(), value: shown(number, unit), number, splice, unit, bound, pass }
    }

    fn cells(&self) -> [String; 5] {
        let (splice, ratio) = match self.splice {
            Some(splice) if splice > 0.0 => {
                (shown(splice, self.unit), format!(" ({:.2} ×)", self.number / splice))
            }
            Some(splice) => (shown(splice, self.unit), String::new()),
            None => (String::new(), String::new()),
        };
        let bound = match self.bound {
            Some(Bound::AtMost(most)) => format!("≤ {}", shown(most, self.unit)),
            Some(Bound::TimesTheSplice(times)) => format!("≤ {times} × splice"),
            None => String::new(),
        };
        let verdict = match self.pass {
            Some(true) => "pass",
            Some(false) => "MISS",
            None => "",
        };
        [self.what.clone(), format!("{}{ratio}", self.value), splice, bound, verdict.into()]
    }
}

fn shown(number: f64, unit: &str) -> String {
    if !number.is_finite() {
        return "not measured".into();
    }
    let digits = if number == 0.0 || unit.is_empty() || number >= 100.0 {
        0
    } else if number >= 10.0 {
        1
    } else {
        3
    };
    format!("{number:.digits$} {unit}").trim_end().to_owned()
}

/// Both sides speaking for a while, through the server or the splice.
#[derive(Debug, Default)]
pub(super) struct Relayed {
    pub(super) calls: u32,
    pub(super) seconds: Duration,
    pub(super) cpu: Duration,
    pub(super) up: Vec<Duration>,
    pub(super) down: Vec<Duration>,
    pub(super) accepted: Vec<Duration>,
    pub(super) first_sound: Vec<Duration>,
    pub(super) up_sent_ms: u64,
    pub(super) up_ms: u64,
    pub(super) down_sent_ms: u64,
    pub(super) down_ms: u64,
    pub(super) media: u64,
    pub(super) marks: u64,
    pub(super) errors: Vec<String>,
}

impl Relayed {
    /// So many calls, and what they cost a process.
    pub(super) fn over(calls: u32, spent: process::Spent) -> Self {
        Self { calls, seconds: spent.to - spent.from, cpu: spent.cpu, ..Self::default() }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.calls = other.calls;
        self.seconds += other.seconds;
        self.cpu += other.cpu;
        self.up.extend(other.up);
        self.down.extend(other.down);
        self.accepted.extend(other.accepted);
        self.first_sound.extend(other.first_sound);
        self.up_sent_ms += other.up_sent_ms;
        self.up_ms += other.up_ms;
        self.down_sent_ms += other.down_sent_ms;
        self.down_ms += other.down_ms;
        self.media += other.media;
        self.marks += other.marks;
        self.errors.extend(other.errors);
    }

    pub(super) fn marks_a_media(&self) -> f64 {
        self.marks as f64 / self.media.max(1) as f64
    }

    /// Microseconds of CPU for a second of one call.
    fn cpu_a_call_second(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / (self.seconds.as_secs_f64() * f64::from(self.calls))
    }
}

#[derive(Debug, Default)]
pub(super) struct Idle {
    pub(super) calls: u32,
    pub(super) before_kib: u64,
    pub(super) during_kib: u64,
}

#[derive(Debug, Default)]
pub(super) struct Interruptions {
    pub(super) count: u32,
    /// No `clear` came.
    pub(super) unanswered: u32,
    pub(super) clear: Vec<Duration>,
    pub(super) truncation: Vec<Duration>,
    pub(super) errors: Vec<String>,
}

impl Interruptions {
    pub(super) fn add(&mut self, other: Self) {
        self.count += other.count;
        self.unanswered += other.unanswered;
        self.clear.extend(other.clear);
        self.truncation.extend(other.truncation);
        self.errors.extend(other.errors);
    }
}

pub(super) struct Findings {
    plan: Plan,
    pub(super) idle: Idle,
    pub(super) server: Relayed,
    pub(super) splice: Relayed,
    /// Of the local engine, whose sound nobody follows.
    pub(super) conversed: Relayed,
    pub(super) interruptions: Interruptions,
}

impl Findings {
    pub(super) fn new(plan: Plan) -> Self {
        Self {
            plan,
            idle: Idle::default(),
            server: Relayed::default(),
            splice: Relayed::default(),
            conversed: Relayed::default(),
            interruptions: Interruptions::default(),
        }
    }

    pub(super) fn report(self) -> Report {
        use Bound::{AtMost, TimesTheSplice};
        let Self { plan, idle, server, splice, conversed, interruptions } = self;
        let ms = |delays: &[Duration], share: f64| percentile(delays, share).as_secs_f64() * 1e3;
        let beside =
            |delays: &[Duration], other: &[Duration], share| (ms(delays, share), Some(ms(other, share)));
        let mut rows = vec![
            Row::new(
                "CPU a call-second",
                server.cpu_a_call_second(),
                "µs",
                Some(splice.cpu_a_call_second()),
                Some(TimesTheSplice(1.3)),
            ),
            Row::new(
                &format!("memory a call, {} calls", idle.calls),
                idle.during_kib.saturating_sub(idle.before_kib) as f64 / f64::from(idle.calls.max(1)),
                "KiB",
                None,
                Some(AtMost(150.0)),
            ),
            Row::new("memory, idle", idle.before_kib as f64 / 1024.0, "MiB", None, Some(AtMost(30.0))),
        ];
        for (way, ours, theirs) in
            [("caller → engine", &server.up, &splice.up), ("engine → caller", &server.down, &splice.down)]
        {
            let (p50, splice_p50) = beside(ours, theirs, 0.5);
            rows.push(Row::new(&format!("delay {way}, p50"), p50, "ms", splice_p50, None));
            let (p99, splice_p99) = beside(ours, theirs, 0.99);
            rows.push(Row::new(
                &format!("delay {way}, p99"),
                p99,
                "ms",
                splice_p99,
                Some(TimesTheSplice(1.5)),
            ));
        }
        rows.push(Row::new(
            "CPU a call-second, local engine with services",
            conversed.cpu_a_call_second(),
            "µs",
            Some(splice.cpu_a_call_second()),
            Some(TimesTheSplice(3.0)),
        ));
        let lost = (server.up_sent_ms.saturating_sub(server.up_ms)
            + server.down_sent_ms.saturating_sub(server.down_ms)) as f64;
        rows.push(Row::new("audio lost", lost, "ms", None, Some(AtMost(0.0))));
        rows.push(Row::new(
            &format!("speech_started → clear, p99 of {}", interruptions.clear.len()),
            ms(&interruptions.clear, 0.99),
            "ms",
            None,
            Some(AtMost(5.0)),
        ));
        let unanswered = f64::from(interruptions.unanswered);
        rows.push(Row::new("interruptions without a clear", unanswered, "", None, Some(AtMost(0.0))));
        rows.push(Row::new(
            &format!("truncation against what was heard, p99 of {}", interruptions.truncation.len()),
            ms(&interruptions.truncation, 0.99),
            "ms",
            None,
            Some(AtMost(20.0)),
        ));
        rows.push(Row::new(
            &format!("webhook → stream accepted, p99 of {}", server.accepted.len()),
            ms(&server.accepted, 0.99),
            "ms",
            None,
            Some(AtMost(20.0)),
        ));
        rows.push(Row::new(
            "start → first sound, engine ready, p99",
            ms(&server.first_sound, 0.99),
            "ms",
            None,
            Some(AtMost(20.0)),
        ));
        let mut errors: Vec<String> =
            server.errors.into_iter().chain(conversed.errors).chain(interruptions.errors).collect();
        rows.push(Row::new("errors on the wire", errors.len() as f64, "", None, Some(AtMost(0.0))));
        errors.sort();
        errors.dedup();
        Report {
            machine: process::machine(),
            calls: plan.calls,
            seconds: plan.measured.as_secs(),
            rows,
            errors,
        }
    }
}

/// The delay that this share of all does not exceed; endless where nothing was measured.
fn percentile(delays: &[Duration], share: f64) -> Duration {
    if delays.is_empty() {
        return Duration::MAX;
    }
    let mut sorted = delays.to_vec();
    let index = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len()) - 1;
    *sorted.select_nth_unstable(index).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_that_of_the_sorted_list() {
        let delays: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&delays, 0.5), Duration::from_millis(100));
        assert_eq!(percentile(&delays, 0.99), Duration::from_millis(198));
        assert_eq!(percentile(&delays[..1], 0.99), Duration::from_millis(200));
    }

    #[test]
    fn what_was_not_measured_does_not_pass() {
        let plan = Plan {
            calls: 1,
            measured: Duration::from_secs(1),
            rounds: 1,
            interrupted: Duration::ZERO,
            idle_calls: 1,
            seed: 0,
        };
        let report = Findings::new(plan).report();
        assert!(!report.passes());
        assert!(report.table().contains("MISS"));
    }
}
