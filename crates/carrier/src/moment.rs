//! Moments as the carriers write them.

/// Milliseconds since 1970 of `Thu, 01 Jan 2026 00:00:10 +0000`.
pub fn rfc2822(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = text.split_once(", ").map_or(text, |(_, rest)| rest);
    let mut words = text.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let year: i64 = words.next()?.parse().ok()?;
    let clock = words.next()?;
    if words.next()? != "+0000" {
        return None;
    }
    of((year, month, day), clock)
}

/// Milliseconds since 1970 of `2026-01-01T00:00:10.123Z`, with a blank for the `T` and `+00:00` for the `Z` likewise.
/// Fractions of a second are left out.
pub fn iso(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', ' '])?;
    let mut date = date.split('-').map(|part| part.parse::<i64>().ok());
    let date = (date.next()??, date.next()??, date.next()??);
    let clock = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00")).unwrap_or(time);
    of(date, clock.split('.').next().unwrap_or_default())
}

fn of((year, month, day): (i64, i64, i64), clock: &str) -> Option<i64> {
    let mut clock = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let of_day = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    let of_year = (1..=12).contains(&month) && (1..=31).contains(&day) && (1970..=9999).contains(&year);
    (of_day && of_year)
        .then(|| ((days(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1_000)
}

/// Days from 1970 to this date of the Gregorian calendar, counted in years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_both_spellings() {
        assert_eq!(rfc2822("Thu, 01 Jan 2026 00:00:10 +0000"), Some(1_767_225_610_000));
        for text in ["2026-01-01T00:00:10Z", "2026-01-01 00:00:10.852059+00:00", "2026-01-01 00:00:10"] {
            assert_eq!(iso(text), Some(1_767_225_610_000), "{text}");
        }
        for text in [
            "",
            "2026-01-01",
            "2026-13-01T00:00:00Z",
            "2026-01-01T25:00:00Z",
            "2026-01-01T00:00:00+02:00",
            "x",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
        assert_eq!(rfc2822("Thu, 01 Jan 2026 00:00:10 +0200"), None);
    }
}
