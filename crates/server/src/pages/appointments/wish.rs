//! The time that a form asks for, held against the rules by which callers are booked, too.

use crate::{api::calendar::owners, app::App, config::Config};
use jiff::{SignedDuration, ToSpan, Zoned, civil::DateTime};
use serde::Deserialize;
use std::time::Duration;
use tool::calendar::Slot;
use when::{Hours, Refusal, Span, Style, Unclear};

/// How many other times are offered.
const OTHERS: usize = 4;
/// How long an appointment may be, in minutes.
const LENGTHS: std::ops::RangeInclusive<u64> = 5..=24 * 60;

/// When, as a form says it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::pages) struct When {
    /// `2026-11-24`
    #[serde(default)]
    pub(in crate::pages) date: String,
    /// `10:30`
    #[serde(default)]
    pub(in crate::pages) time: String,
    /// How long, in minutes; empty: as long as usual.
    #[serde(default)]
    pub(in crate::pages) minutes: String,
    /// `2026-11-24T10:30`: one of the other times that were offered, in place of date and time.
    #[serde(default)]
    pub(in crate::pages) at: String,
    /// Whether closed hours, notice and what is kept free around appointments do not matter.
    #[serde(default)]
    pub(in crate::pages) anyway: String,
}

/// Why an appointment is not made or moved.
#[derive(Clone, Debug, Default)]
pub(in crate::pages) struct Wrong {
    /// What is wrong, in sentences.
    pub(in crate::pages) why: String,
    /// The field that it is about: `date`, `time` or `minutes`; empty: all of it.
    pub(in crate::pages) field: &'static str,
    /// It can be made all the same.
    pub(in crate::pages) anyway: bool,
    /// What is there: its address and its name.
    pub(in crate::pages) there: Vec<(String, String)>,
    /// Other times: `2026-11-24T10:30` and how they are shown.
    pub(in crate::pages) others: Vec<(String, String)>,
}

/// A time that is understood.
pub(in crate::pages) struct Meant {
    pub(in crate::pages) slot: Slot,
    start: Zoned,
    end: Zoned,
    /// By which it is judged.
    rules: Hours,
    /// Without what is kept free around it.
    anyway: bool,
}

impl When {
    /// With the time that was offered in the fields for it.
    pub(in crate::pages) fn chosen(mut self) -> Self {
        if let Some((date, time)) = self.at.split_once('T') {
            (self.date, self.time) = (date.to_owned(), time.to_owned());
        }
        self.at.clear();
        self
    }

    /// The time, if these rules let it be; `usual` is how long it is where the form does not say.
    pub(in crate::pages) fn meant(
        &self,
        rules: &Hours,
        usual: Duration,
        now: &Zoned,
    ) -> Result<Meant, Box<Wrong>> {
        let wrong = |field, why: String| Box::new(Wrong { why, field, ..Wrong::default() });
        let date: jiff::civil::Date =
            self.date.trim().parse().map_err(|_| wrong("date", "Give a day, such as 2026-11-24.".into()))?;
        let time: jiff::civil::Time =
            self.time.trim().parse().map_err(|_| wrong("time", "Give a time, such as 10:30.".into()))?;
        let length = self.length(usual).map_err(|why| wrong("minutes", why))?;
        let start = placed(date.to_datetime(time), now)?;
        let end = start
            .checked_add(SignedDuration::try_from(length).unwrap_or(SignedDuration::ZERO))
            .map_err(|_| wrong("date", "That is too far away.".into()))?;
        let anyway = !self.anyway.is_empty();
        match rules.check(&start, &end, now) {
            Err(refusal @ Refusal::Past) => {
                return Err(wrong("date", rules.explain(&refusal, &start, now, Style::Plain)));
            }
            Err(refusal) if !anyway => {
                let why = rules.explain(&refusal, &start, now, Style::Plain);
                return Err(Box::new(Wrong { anyway: true, ..*wrong("", why) }));
            }
            Err(_) | Ok(()) => {}
        }
        let (before, after) = if anyway { Default::default() } else { (rules.before, rules.after) };
        let slot = Slot { span: Span::new(&start, &end), before, after };
        Ok(Meant { slot, start, end, rules: rules.clone(), anyway })
    }

    fn length(&self, usual: Duration) -> Result<Duration, String> {
        if self.minutes.trim().is_empty() {
            return Ok(usual);
        }
        let minutes = self.minutes.trim().parse().ok().filter(|minutes| LENGTHS.contains(minutes));
        let minutes: u64 = minutes.ok_or("Give a length in minutes, from 5 to 1440.")?;
        Ok(Duration::from_secs(minutes * 60))
    }
}

/// A time on the wall as a moment. One that the clock skips is refused, with those around it.
fn placed(at: DateTime, now: &Zoned) -> Result<Zoned, Box<Wrong>> {
    let text = at.strftime("%Y-%m-%dT%H:%M").to_string();
    when::moment(&text, now, None).map(|moment| moment.at).map_err(|unclear: Unclear| {
        let others = unclear.around(now.time_zone()).iter().map(|at| offered(at, now)).collect();
        let why = unclear.say(now, None, Style::Plain);
        Box::new(Wrong { why, field: "time", others, ..Wrong::default() })
    })
}

impl Meant {
    /// That something else is there, what that is, and what is free instead. `moving` is the appointment that is not in its
    /// own way.
    pub(in crate::pages) async fn taken(&self, app: &App, moving: Option<&str>, now: &Zoned) -> Box<Wrong> {
        let name = when::name_moment(&self.start, now, Style::Plain);
        let there = self.there(app, moving, now).await;
        // What is only kept free may be given up.
        let anyway = !self.anyway && there.is_empty();
        let why = if anyway {
            format!("{name} is too close to another appointment: not enough is kept free between them.")
        } else {
            format!("{name} is taken.")
        };
        let others = self.others(app, moving, now).await;
        Box::new(Wrong { why, field: "", anyway, there, others })
    }

    /// Ours that are at this time.
    async fn there(&self, app: &App, moving: Option<&str>, now: &Zoned) -> Vec<(String, String)> {
        let errand = owners(now.timestamp().as_millisecond());
        let entries = app.books.list(self.slot.span, &errand).await.unwrap_or_default();
        let others = entries.into_iter().filter(|entry| moving != Some(entry.id.as_str()));
        others
            .map(|entry| {
                let local = |at: jiff::Timestamp| at.to_zoned(now.time_zone().clone());
                let (from, to) = (local(entry.span.from), local(entry.span.to));
                let named = format!(
                    "{}, {} to {}",
                    entry.summary,
                    crate::pages::times::clock(&from),
                    crate::pages::times::clock(&to)
                );
                match entry.elsewhere {
                    Some(calendar) => (String::new(), format!("{named} ({calendar})")),
                    None => (format!("/appointments/{}", entry.id), named),
                }
            })
            .collect()
    }

    async fn others(&self, app: &App, moving: Option<&str>, now: &Zoned) -> Vec<(String, String)> {
        let day = |days: i64| self.start.checked_add(days.days()).unwrap_or_else(|_| self.start.clone());
        let near = Slot { span: Span::new(&day(-8), &day(22)), ..self.slot };
        let errand = owners(now.timestamp().as_millisecond());
        let Ok(busy) = app.books.busy_beside(near, moving, &errand).await else { return Vec::new() };
        let length = Duration::try_from(self.end.timestamp().duration_since(self.start.timestamp()));
        let step = Some(self.rules.step.unwrap_or(self.rules.slot));
        let as_long = Hours { slot: length.unwrap_or(self.rules.slot), step, ..self.rules.clone() };
        let free = when::nearest_free(&as_long, &busy, (&self.start).max(now), now, OTHERS);
        free.iter().map(|at| offered(at, now)).collect()
    }
}

fn offered(at: &Zoned, now: &Zoned) -> (String, String) {
    (at.strftime("%Y-%m-%dT%H:%M").to_string(), when::name_moment(at, now, Style::Plain))
}

/// The rules for this kind of appointment; the usual ones where the office has no such kind.
pub(in crate::pages) fn rules(config: &Config, kind: &str) -> Hours {
    let hours = &config.calendar.hours;
    hours.kind(kind).map_or_else(|| hours.clone(), |kind| hours.for_kind(kind))
}
