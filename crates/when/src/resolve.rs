//! From what was said to a moment, or to the question that is left.

use crate::{
    Clock, Day, Hours, Said,
    speak::{Style, list, name_date, name_moment, name_time, name_weekday},
};
use jiff::{
    Zoned,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

/// A moment that was said without doubt.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// In the zone of "now".
    pub at: Zoned,
    /// The words left open which half of the day; opening hours decided.
    pub by_hours: bool,
    /// The clock is turned back over this time, so it comes twice; this is the first.
    pub first_of_two: bool,
    /// [`Said::note`].
    pub note: Option<String>,
}

impl Moment {
    /// What decided where the words alone did not, as sentences to say.
    pub fn remark(&self, now: &Zoned, style: Style) -> Option<String> {
        let by_hours = self
            .by_hours
            .then(|| format!("I take that as {}, when we are open.", name_time(self.at.time(), style)));
        let first = self.first_of_two.then(|| {
            let name = name_moment(&self.at, now, style);
            format!("{name} comes twice, as the clocks are turned back; I mean the first.")
        });
        let all: Vec<String> = [self.note.clone(), by_hours, first].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(" "))
    }
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
    /// The midnight at which the day that was named begins, or the one at which it ends.
    Midnight,
}

impl Said {
    /// The moment that was said. With opening hours a time without its half of the day is the one of both at which the
    /// office is open, if it is only one; that is then noted. Where several days are possible, those on which the
    /// moment is over are left out. A time that comes twice because the clock is turned back is the first of both, which
    /// is noted. Whether the office is open at an unambiguous time is not judged here: see [`Hours::check`].
    pub fn resolve(&self, now: &Zoned, hours: Option<&Hours>) -> Result<Moment, Unclear> {
        if let Some(why) = &self.nonsense {
            return Err(Unclear::Impossible(why.clone()));
        }
        if let Some(exact) = &self.exact {
            let at = exact.with_time_zone(now.time_zone().clone());
            return Ok(Moment { at, by_hours: false, first_of_two: false, note: self.note.clone() });
        }
        let Some(Day::Dates(dates)) = &self.day else { return Err(Unclear::NoDay) };
        let times = match &self.clock {
            Some(Clock::Times(times)) => times,
            Some(Clock::Midnight) => return Err(midnight(dates, now, hours)),
            Some(Clock::Part(_)) | None => return Err(Unclear::NoTime),
        };
        let mut all: Vec<DateTime> =
            dates.iter().flat_map(|date| times.iter().map(|&time| date.to_datetime(time))).collect();
        if dates.len() > 1 && all.iter().any(|at| *at > now.datetime()) {
            all.retain(|at| *at > now.datetime());
        }
        let mut by_hours = false;
        if let (Some(hours), true) = (hours, times.len() > 1) {
            let open: Vec<DateTime> =
                all.iter().copied().filter(|at| hours.is_open(at.date(), at.time())).collect();
            let halves = |all: &[DateTime]| all.iter().any(|at| at.time() != all[0].time());
            if open.is_empty() {
                return Err(Unclear::Closed(all));
            }
            by_hours = halves(&all) && !halves(&open);
            all = open;
        }
        match all.as_slice() {
            [] => Err(Unclear::NoDay),
            [one] => placed(*one, now, by_hours, self.note.clone()),
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
    /// For a time that the clock skips, the ones that are as far from it on either side as the clock is turned: half past
    /// one and half past three for half past two. Else none.
    pub fn around(&self, zone: &TimeZone) -> Vec<Zoned> {
        let Unclear::Skipped(local) = self else { return Vec::new() };
        let ambiguous = zone.to_ambiguous_zoned(*local);
        [ambiguous.clone().earlier(), ambiguous.later()].into_iter().flatten().collect()
    }

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
                        Doubt::Midnight => {
                            let before = at.date().yesterday().unwrap_or(at.date());
                            let (before, date) = (name_weekday(before.weekday()), at.date());
                            format!("the night from {before} to {}", name_date(date, now.date(), style))
                        }
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
            Unclear::Skipped(at) => {
                let around = self.around(now.time_zone());
                let near: Vec<String> = around.iter().map(|near| name_time(near.time(), style)).collect();
                format!(
                    "The clocks are turned forward that night, so {} does not exist on {}. The times around it are {}. \
                     Which time do you mean?",
                    name_time(at.time(), style),
                    name_date(at.date(), now.date(), style),
                    list(&near, "and")
                )
            }
            Unclear::Impossible(why) => why.clone(),
        }
    }
}

/// Which of the two midnights of a day?
fn midnight(dates: &[Date], now: &Zoned, hours: Option<&Hours>) -> Unclear {
    let midnights = dates.iter().take(1).flat_map(|date| [Some(*date), date.tomorrow().ok()]).flatten();
    let all: Vec<DateTime> = midnights.map(|date| date.at(0, 0, 0, 0)).collect();
    if hours.is_some_and(|hours| !all.iter().any(|at| hours.is_open(at.date(), at.time()))) {
        return Unclear::Closed(all);
    }
    let coming: Vec<DateTime> = all.iter().copied().filter(|at| *at > now.datetime()).collect();
    Unclear::Either(if coming.is_empty() { all } else { coming }, Doubt::Midnight)
}

fn placed(local: DateTime, now: &Zoned, by_hours: bool, note: Option<String>) -> Result<Moment, Unclear> {
    let ambiguous = now.time_zone().to_ambiguous_zoned(local);
    let twice = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => false,
        AmbiguousOffset::Gap { .. } => return Err(Unclear::Skipped(local)),
        AmbiguousOffset::Fold { .. } => true,
    };
    let at = ambiguous.earlier().map_err(|_| Unclear::Impossible("That is too far away.".into()))?;
    Ok(Moment { at, by_hours, first_of_two: twice, note })
}
