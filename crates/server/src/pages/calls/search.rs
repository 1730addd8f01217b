//! What the owner looks for among calls: as the address says it, as the form shows it, as the store is asked.

use crate::pages::{Failure, escaped};
use jiff::{civil::Date, tz::TimeZone};
use serde::Deserialize;
use store::Which;

/// What stands in the address. What is empty is no condition.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::pages) struct Search {
    /// Words that were said, by either side.
    pub(super) q: String,
    /// Days in the owner's zone, both within: `2026-11-24`.
    pub(super) from: String,
    pub(super) to: String,
    /// A part of the other's number.
    pub(super) number: String,
    pub(super) carrier: String,
    pub(super) engine: String,
    pub(super) ending: String,
    /// `yes`: an appointment was made, moved or cancelled.
    pub(super) booked: String,
    /// Minutes.
    pub(super) longer: String,
    /// The last call of the page before: its start, a point, its id.
    pub(super) before: String,
}

/// What a form offers to choose from: values and names.
pub(super) type Choices = &'static [(&'static str, &'static str)];

pub(super) const CARRIERS: Choices = &[
    ("twilio", "Twilio"),
    ("plivo", "Plivo"),
    ("telnyx", "Telnyx"),
    ("browser", "Browser"),
    ("api", "A program"),
];
pub(super) const ENGINES: Choices = &[
    ("openai", "OpenAI Realtime"),
    ("openai-live", "OpenAI Live"),
    ("deepgram", "Deepgram"),
    ("local", "Local"),
    ("voicemail", "Voicemail"),
];
pub(super) const ENDINGS: Choices = &[
    ("now", "In progress"),
    ("caller_hung_up", "Caller hung up"),
    ("assistant_hung_up", "Said goodbye"),
    ("transferred", "Put through"),
    ("silent", "Nobody spoke"),
    ("too_long", "Went on too long"),
    ("too_dear", "May have cost no more"),
    ("dismissed", "Ended by you"),
    ("engine_failed", "The engine failed"),
    ("never_connected", "Never connected"),
    ("crashed", "Cut off by a restart"),
    ("busy", "Heard that we are busy"),
    ("closed", "Heard that we are closed"),
    ("no_answer", "Nobody answered us"),
    ("callee_busy", "The line was busy"),
    ("machine", "A machine answered us"),
    ("failed", "Could not be placed"),
    ("canceled", "Taken back"),
];

/// What the store is asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) words: Vec<String>,
    from_ms: Option<i64>,
    until_ms: Option<i64>,
    like: Option<String>,
    longer_ms: Option<i64>,
    after: Option<(i64, String)>,
}

/// Why nothing is looked for: which field is wrong, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) field: &'static str,
    pub(super) why: &'static str,
}

impl Search {
    /// Something beside the place in the list is asked for.
    pub(super) fn narrows(&self) -> bool {
        !self.q.trim().is_empty() || self.filters() > 0
    }

    /// How many conditions there are beside the words.
    pub(super) fn filters(&self) -> usize {
        let fields = [
            &self.from,
            &self.to,
            &self.number,
            &self.carrier,
            &self.engine,
            &self.ending,
            &self.booked,
            &self.longer,
        ];
        fields.iter().filter(|field| !field.trim().is_empty()).count()
    }

    /// Where the calls after this one are: the same search, from there on.
    pub(super) fn after(&self, started_ms: i64, id: &str) -> String {
        let mut pairs = self.pairs();
        pairs.push(("before", format!("{started_ms}.{id}")));
        address(&pairs)
    }

    /// The same search, from the latest call on.
    pub(super) fn latest(&self) -> String {
        address(&self.pairs())
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let pairs = [
            ("q", &self.q),
            ("from", &self.from),
            ("to", &self.to),
            ("number", &self.number),
            ("carrier", &self.carrier),
            ("engine", &self.engine),
            ("ending", &self.ending),
            ("booked", &self.booked),
            ("longer", &self.longer),
        ];
        pairs
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name, value.clone()))
            .collect()
    }

    /// Understands what is looked for.
    pub(super) fn asked(&self, zone: &TimeZone) -> Result<Asked, Wrong> {
        let words: Vec<String> = store::words(&self.q).collect();
        if words.len() > Which::MOST_WORDS {
            return Err(Wrong { field: "q", why: "At most five words can be looked for at once." });
        }
        Ok(Asked {
            words,
            from_ms: day("from", &self.from, zone, 0)?,
            until_ms: day("to", &self.to, zone, 1)?,
            like: Some(digits(&self.number)).filter(|digits| !digits.is_empty()),
            longer_ms: minutes(&self.longer)?,
            after: None,
        })
    }
}

impl Asked {
    /// From this place on, as [`Search::after`] writes it, or a time alone.
    pub(super) fn behind(mut self, before: &str) -> Result<Self, Failure> {
        if before.is_empty() {
            return Ok(self);
        }
        let (started, id) = before.split_once('.').unwrap_or((before, ""));
        let started = started.parse().map_err(|_| Failure::not_found())?;
        self.after = Some((started, id.to_owned()));
        Ok(self)
    }

    pub(super) fn which<'a>(&'a self, search: &'a Search) -> Which<'a> {
        let some = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        Which {
            from_ms: self.from_ms,
            until_ms: self.until_ms,
            after: self.after.as_ref().map(|(at, id)| (*at, id.as_str())),
            like: self.like.as_deref(),
            carrier: some(&search.carrier),
            engine: some(&search.engine),
            ending: some(&search.ending),
            agreed: !search.booked.is_empty(),
            longer_ms: self.longer_ms,
            words: &self.words,
            ..Which::default()
        }
    }
}

/// The first moment of a day, so many days later.
fn day(field: &'static str, text: &str, zone: &TimeZone, later: i64) -> Result<Option<i64>, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = Wrong { field, why: "Give a day such as 2026-11-24." };
    let date: Date = text.parse().map_err(|_| wrong)?;
    let date = date.checked_add(jiff::Span::new().days(later)).map_err(|_| wrong)?;
    let zoned = date.to_zoned(zone.clone()).map_err(|_| wrong)?;
    Ok(Some(zoned.timestamp().as_millisecond()))
}

fn minutes(text: &str) -> Result<Option<i64>, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let minutes = text.parse::<u16>().ok().filter(|minutes| *minutes <= 600);
    let minutes = minutes.ok_or(Wrong { field: "longer", why: "Give minutes: a number up to 600." })?;
    Ok(Some(i64::from(minutes) * 60_000))
}

/// A number without what people write between its digits.
fn digits(text: &str) -> String {
    text.chars().filter(|letter| !" -()./%_".contains(*letter)).collect()
}

/// Where the calls of this search are.
fn address(pairs: &[(&str, String)]) -> String {
    let query: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    if query.is_empty() { "/calls".to_owned() } else { format!("/calls?{}", query.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_the_owners_and_the_last_one_is_within() {
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let search = Search { from: "2026-11-24".into(), to: "2026-11-24".into(), ..Search::default() };
        let asked = search.asked(&zone).expect("days");
        assert_eq!(asked.from_ms, Some(1_795_496_400_000));
        assert_eq!(asked.until_ms, Some(1_795_496_400_000 + 24 * 3_600_000));
    }

    #[test]
    fn what_cannot_be_understood_is_told_beside_its_field() {
        let zone = TimeZone::UTC;
        let wrong = |search: Search| search.asked(&zone).expect_err("it is wrong").field;
        assert_eq!(wrong(Search { from: "yesterday".into(), ..Search::default() }), "from");
        assert_eq!(wrong(Search { to: "9999-12-31".into(), ..Search::default() }), "to");
        assert_eq!(wrong(Search { longer: "-1".into(), ..Search::default() }), "longer");
        assert_eq!(wrong(Search { q: "one two three four five six".into(), ..Search::default() }), "q");
    }

    #[test]
    fn the_address_holds_the_whole_search() {
        let search = Search { q: "Größe & 42".into(), number: "+1 (555)".into(), ..Search::default() };
        assert_eq!(
            search.after(7, "id"),
            "/calls?q=Gr%C3%B6%C3%9Fe%20%26%2042&number=%2B1%20%28555%29&before=7.id"
        );
        assert_eq!(Search::default().latest(), "/calls");
        assert_eq!(search.asked(&TimeZone::UTC).expect("fine").like.as_deref(), Some("+1555"));
    }
}
