//! Times as Google writes and reads them.

use super::answer::Refusal;
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde_json::{Value, json};

/// When an event begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Day(Date),
    At(Timestamp),
}

/// The zone of this IANA name.
pub(super) fn zone(name: &str) -> Result<TimeZone, Refusal> {
    let known = TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name) || name == "Etc/UTC");
    known.ok_or_else(|| Refusal::invalid("Invalid time zone definition."))
}

/// An RFC 3339 time, offset and all, of which milliseconds are ignored.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    match shape(text)? {
        (civil, Some(offset)) => {
            let offset = SignedDuration::from_secs(offset);
            let utc = TimeZone::UTC.to_timestamp(civil).ok()?;
            utc.checked_sub(offset).ok()
        }
        (_, None) => None,
    }
}

/// A query's or body's time; names the parameter where it is none.
pub(super) fn parameter(name: &str, text: &str) -> Result<Timestamp, Refusal> {
    instant(text).ok_or_else(|| Refusal::new(400, "badRequest", "Bad Request").at("parameter", name))
}

/// A time as it is written in an answer.
pub(super) fn write(at: Timestamp, zone: &TimeZone) -> String {
    let there = at.to_zoned(zone.clone());
    let format = if there.offset().is_zero() { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
    there.strftime(format).to_string()
}

/// A time as `created` and `updated` have it.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

impl Moment {
    /// Reads an `EventDateTime`; `which` is `start` or `end`.
    pub fn read(which: &str, value: &Value) -> Result<Self, Refusal> {
        let wrong = || Refusal::invalid(format!("Invalid {which} time."));
        let named = value["timeZone"].as_str();
        let zone = named.map(zone).transpose()?;
        match (value["date"].as_str(), value["dateTime"].as_str()) {
            (Some(day), None) => {
                let day: Date = day.parse().ok().filter(|_| day.len() == 10).ok_or_else(wrong)?;
                Ok(Self::Day(day))
            }
            (None, Some(text)) => match (shape(text).ok_or_else(wrong)?, zone) {
                ((_, Some(_)), _) => instant(text).map(Self::At).ok_or_else(wrong),
                ((civil, None), Some(zone)) => zone.to_timestamp(civil).map(Self::At).map_err(|_| wrong()),
                ((_, None), None) => {
                    Err(Refusal::required(format!("Missing time zone definition for {which} time.")))
                }
            },
            (None, None) => Err(Refusal::required(format!("Missing {which} time."))),
            (Some(_), Some(_)) => Err(wrong()),
        }
    }

    /// As an `EventDateTime`; `zone` is that of the calendar, `named` that of the event.
    pub fn write(&self, zone: &TimeZone, named: Option<&str>) -> Value {
        match self {
            Self::Day(day) => json!({"date": day.to_string()}),
            Self::At(at) => {
                json!({"dateTime": write(*at, zone), "timeZone": named.or(zone.iana_name()).unwrap_or("UTC")})
            }
        }
    }

    /// The instant; a day begins in this zone.
    pub fn instant(&self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => {
                zone.to_timestamp(day.at(0, 0, 0, 0)).expect("a day of a calendar has a beginning")
            }
            Self::At(at) => *at,
        }
    }
}

/// `YYYY-MM-DDTHH:MM:SS`, a fraction that is dropped, and an offset in seconds where there is one.
fn shape(text: &str) -> Option<(DateTime, Option<i64>)> {
    if !text.is_ascii() || text.len() < 19 {
        return None;
    }
    let (civil, mut rest) = text.split_at(19);
    let pattern = b"0000-00-00T00:00:00";
    let fits =
        |(byte, wanted): (u8, &u8)| if *wanted == b'0' { byte.is_ascii_digit() } else { byte == *wanted };
    if !civil.bytes().zip(pattern).all(fits) {
        return None;
    }
    let civil: DateTime = civil.parse().ok()?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        rest = &fraction[digits..];
    }
    let number = |text: &str| text.parse::<i64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let offset = match rest.as_bytes() {
        [] => None,
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let seconds = number(&rest[1..3]).filter(|h| *h < 24)? * 3600
                + number(&rest[4..6]).filter(|m| *m < 60)? * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => return None,
    };
    Some((civil, offset))
}
