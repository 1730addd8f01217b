//! From what was said to a moment, or to the question that is left.

use crate::{
    Clock, Day, Hours, Said,
    speak::{Style, list, name_date, name_moment, name_time},
};
use jiff::{Zoned, civil::DateTime, tz::AmbiguousOffset};

/// A moment that was said without doubt.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// In the zone of "now".
    pub at: Zoned,
    /// What decided where the words alone did not, as a sentence: opening hours, or a clock that is turned back.
    pub remark: Option<String>,
}

/// What keeps words from being one moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Unclear {
    /// Nothing about a day was said, or only a span such as "next week".
    NoDay,
    /// Nothing about a time was said, or only a part of the day.
    NoTime,
    /// One of these, the likeliest first; the doubt says what differs.
    Either(Vec<DateTime>, Doubt),
    /// The office is closed at each of these, in either half of the day.
    Closed(Vec<DateTime>),
    /// The clock is turned forward over this time.
    Skipped(DateTime),
    /// It cannot be; a sentence says why.
    Impossible(String),
}

/// What two readings of the same words differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    Day,
    /// Morning or evening.
    HalfOfDay,
}

impl Said {
    /// The moment that was said. With opening hours a time without its half of the day is the one of both at which the
    /// office is open, if it is only one; that is then remarked. Where several days are possible, those on which the
    /// moment is over are left out. A time that comes twice because the clock is turned back is the first of both, which
    /// is remarked. Whether the office is open at an unambiguous time is not judged here: see [`Hours::check`].
    pub fn resolve(&self, now: &Zoned, hours: Option<&Hours>) -> Result<Moment, Unclear> {
        if let Some(why) = &self.nonsense {
            return Err(Unclear::Impossible(why.clone()));
        }
        if let Some(exact) = &self.exact {
            return Ok(Moment { at: exact.with_time_zone(now.time_zone().clone()), remark: None });
        }
        let Some(Day::Dates(dates)) = &self.day else { return Err(Unclear::NoDay) };
        let Some(Clock::Times(times)) = &self.clock else { return Err(Unclear::NoTime) };
        let mut all: Vec<DateTime> =
            dates.iter().flat_map(|date| times.iter().map(|&time| date.to_datetime(time))).collect();
        if dates.len() > 1 && all.iter().any(|at| *at > now.datetime()) {
            all.retain(|at| *at > now.datetime());
        }
        let mut remark = None;
        if let (Some(hours), true) = (hours, times.len() > 1) {
            let open: Vec<DateTime> =
                all.iter().copied().filter(|at| hours.is_open(at.date(), at.time())).collect();
            let halves = |all: &[DateTime]| all.iter().any(|at| at.time() != all[0].time());
            if open.is_empty() {
                return Err(Unclear::Closed(all));
            }
            if halves(&all) && !halves(&open) {
                let time = name_time(open[0].time(), Style::Spoken);
                remark = Some(format!("I take that as {time}, when we are open."));
            }
            all = open;
        }
        match all.as_slice() {
            [] => Err(Unclear::NoDay),
            [one] => placed(*one, now, remark),
            [first, rest @ ..] => {
                let doubt = if rest.iter().any(|at| at.date() != first.date()) {
                    Doubt::Day
                } else {
                    Doubt::HalfOfDay
                };
                Err(Unclear::Either(all, doubt))
            }
        }
    }
}

impl Unclear {
    /// A sentence that asks for what is missing, or says why it cannot be.
    pub fn say(&self, now: &Zoned, hours: Option<&Hours>, style: Style) -> String {
        match self {
            Unclear::NoDay => "On which day?".into(),
            Unclear::NoTime => "At what time?".into(),
            Unclear::Either(all, doubt) => {
                let names: Vec<String> = all
                    .iter()
                    .map(|at| match doubt {
                        Doubt::Day => name_date(at.date(), now.date(), style),
                        Doubt::HalfOfDay => name_time(at.time(), style),
                    })
                    .fold(Vec::new(), |mut names, name| {
                        if !names.contains(&name) {
                            names.push(name);
                        }
                        names
                    });
                format!("Do you mean {}?", list(&names, "or"))
            }
            Unclear::Closed(all) => {
                let date = all.first().map(|at| at.date());
                let open = date.zip(hours).and_then(|(date, hours)| hours.name_openings(date, style));
                match (open, date) {
                    (Some(open), _) => format!("We are closed at that time. That day we are open {open}."),
                    (None, Some(date)) => format!("We are closed on {}.", name_date(date, now.date(), style)),
                    (None, None) => "We are closed at that time.".into(),
                }
            }
            Unclear::Skipped(at) => format!(
                "The clocks are turned forward that night, so {} does not exist on {}. Please choose another time.",
                name_time(at.time(), style),
                name_date(at.date(), now.date(), style)
            ),
            Unclear::Impossible(why) => why.clone(),
        }
    }
}

fn placed(local: DateTime, now: &Zoned, remark: Option<String>) -> Result<Moment, Unclear> {
    let ambiguous = now.time_zone().to_ambiguous_zoned(local);
    let twice = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => false,
        AmbiguousOffset::Gap { .. } => return Err(Unclear::Skipped(local)),
        AmbiguousOffset::Fold { .. } => true,
    };
    let at = ambiguous.earlier().map_err(|_| Unclear::Impossible("That is too far away.".into()))?;
    let remark = if twice {
        let name = name_moment(&at, now, Style::Spoken);
        let said = format!("{name} comes twice, as the clocks are turned back; I mean the first.");
        Some(remark.map_or(said.clone(), |earlier| format!("{earlier} {said}")))
    } else {
        remark
    };
    Ok(Moment { at, remark })
}
