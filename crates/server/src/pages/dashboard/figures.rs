//! The figures of some days: how many calls, how long, what they cost, and how long callers waited for answers.

use jiff::{ToSpan, civil::Date, tz::TimeZone};
use store::{AnswerTimes, Store, StoreError};

/// Over how many days charts can go.
pub const SPANS: [u32; 3] = [7, 30, 90];
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Beyond so many days a bar is a week.
const MOST_BARS: u32 = 31;

/// Some whole days by the owner's clock.
pub struct Span {
    first: Date,
    /// How many days a part has, and how many parts there are.
    step: u32,
    count: u32,
    from_ms: i64,
    to_ms: i64,
    zone: TimeZone,
}

impl Span {
    /// The days up to this one; more than a month in whole weeks. None where the calendar does not go so far.
    pub fn ending(last: Date, zone: &TimeZone, days: u32) -> Option<Self> {
        let step = if days > MOST_BARS { 7 } else { 1 };
        let count = days.div_ceil(step);
        let end = last.checked_add(1.day()).ok()?;
        let first = end.checked_sub(i64::from(count * step).days()).ok()?;
        let ms = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond());
        Some(Self { first, step, count, from_ms: ms(first)?, to_ms: ms(end)?, zone: zone.clone() })
    }

    /// From when until when, in milliseconds since 1970; the end is not within.
    pub fn bounds(&self) -> (i64, i64) {
        (self.from_ms, self.to_ms)
    }

    pub fn days(&self) -> u32 {
        self.step * self.count
    }

    /// The times between changes of the clock, each with how far the clock is ahead of UTC.
    fn stretches(&self) -> Vec<(i64, i64, i64)> {
        let mut stretches = Vec::new();
        let mut from_ms = self.from_ms;
        while from_ms < self.to_ms {
            let Ok(from) = jiff::Timestamp::from_millisecond(from_ms) else { break };
            let next = self.zone.following(from).next().map(|change| change.timestamp().as_millisecond());
            let to_ms = next.filter(|next| *next > from_ms).map_or(self.to_ms, |next| next.min(self.to_ms));
            let ahead_ms = i64::from(self.zone.to_offset(from).seconds()) * 1_000;
            stretches.push((from_ms, to_ms, ahead_ms));
            from_ms = to_ms;
        }
        stretches
    }
}

/// What was in a span, part by part.
pub struct Figures {
    /// How many days a part has.
    pub step: u32,
    pub parts: Vec<Part>,
}

/// A day or a week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub first: Date,
    pub calls: i64,
    pub answered: i64,
    pub talk_ms: i64,
    pub cost_micros: i64,
    pub answers: Answers,
}

/// How long callers waited, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(Vec<(i64, i64)>);

impl Answers {
    /// The time, in milliseconds, within which so many of a hundred had their answer; none where nobody waited for one.
    pub fn percentile(&self, of_hundred: i64) -> Option<i64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let all: i64 = sorted.iter().map(|(_, answers)| answers).sum();
        let wanted = (all * of_hundred).div_euclid(100).max(1);
        let mut seen = 0;
        sorted.into_iter().find_map(|(ms, answers)| {
            seen += answers;
            (seen >= wanted).then_some(ms)
        })
    }
}

impl Figures {
    pub async fn of(store: &Store, span: &Span) -> Result<Self, StoreError> {
        let part = |n: u32| Part {
            first: span.first.saturating_add(i64::from(n * span.step).days()),
            ..Part::default()
        };
        let mut parts: Vec<Part> = (0..span.count).map(part).collect();
        let epoch = jiff::civil::date(1970, 1, 1);
        let first_day = epoch.until(span.first).map_or(0, |span| i64::from(span.get_days()));
        let days = async {
            let mut days = Vec::new();
            for (from_ms, to_ms, ahead_ms) in span.stretches() {
                days.extend(store.calls_by_day(from_ms, to_ms, ahead_ms).await?);
            }
            Ok::<_, StoreError>(days)
        };
        let width_ms = DAY_MS * i64::from(span.step);
        let answers = store.answer_times(span.from_ms, span.to_ms, width_ms);
        let (days, answers) = tokio::try_join!(days, answers)?;
        for day in days {
            let place = (day.day - first_day).div_euclid(i64::from(span.step));
            let Some(part) = usize::try_from(place).ok().and_then(|place| parts.get_mut(place)) else {
                continue;
            };
            part.calls += day.calls;
            part.answered += day.answered;
            part.talk_ms += day.talk_ms;
            part.cost_micros += day.cost_micros;
        }
        for times in answers {
            let last = parts.len().saturating_sub(1);
            // A day that is longer than others ends in the part of its own.
            let place = usize::try_from(times.part).unwrap_or(0).min(last);
            if let Some(part) = parts.get_mut(place) {
                part.answers.0.push((AnswerTimes::ms(times), times.answers));
            }
        }
        Ok(Self { step: span.step, parts })
    }

    /// All of it as one part.
    pub fn sum(&self) -> Part {
        let mut sum = self.parts.first().cloned().unwrap_or_default();
        for part in self.parts.iter().skip(1) {
            sum.calls += part.calls;
            sum.answered += part.answered;
            sum.talk_ms += part.talk_ms;
            sum.cost_micros += part.cost_micros;
            sum.answers.0.extend(&part.answers.0);
        }
        sum
    }
}

/// Whole minutes, rounded.
pub fn minutes(ms: i64) -> i64 {
    (ms + 30_000).div_euclid(60_000)
}

/// In the owner's currency.
pub fn money(micros: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "money is shown with two digits")]
    let money = micros as f64 / 1e6;
    money
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_span_ends_today_and_knows_the_clock_changes_in_it() {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let span = Span::ending(date(2026, 11, 7), &zone, 30).expect("a span");
        assert_eq!((span.days(), span.first), (30, date(2026, 10, 9)));
        let stretches = span.stretches();
        assert_eq!(stretches.iter().map(|one| one.2 / 3_600_000).collect::<Vec<_>>(), [-4, -5]);
        assert_eq!((stretches[0].0, stretches[1].1), (span.from_ms, span.to_ms));
        assert_eq!(stretches[0].1, stretches[1].0);
        assert_eq!(span.to_ms - span.from_ms, 30 * DAY_MS + 3_600_000);
        assert_eq!(Span::ending(date(2026, 11, 7), &zone, 90).expect("a span").days(), 91);
        assert!(Span::ending(Date::MIN, &zone, 7).is_none());
    }

    #[test]
    fn a_percentile_is_the_time_within_which_so_many_had_their_answer() {
        assert_eq!(Answers::default().percentile(50), None);
        let answers = Answers(vec![(900, 5), (100, 90), (500, 4), (5_000, 1)]);
        assert_eq!(
            [1, 50, 90, 94, 95, 99, 100].map(|p| answers.percentile(p)),
            [Some(100), Some(100), Some(100), Some(500), Some(900), Some(900), Some(5_000)]
        );
        assert_eq!(Answers(vec![(700, 1)]).percentile(50), Some(700));
    }
}
