//! A call at a glance, drawn: who spoke when, how loud where it was recorded, and what happened meanwhile.

use super::super::{
    timeline::{Entry, What},
    times,
};
use crate::recording::peaks::Peaks;
use std::fmt::Write;
use store::Side;

/// As wide as the drawing is, in its own units.
const WIDTH: i64 = 400;
/// The middle of each lane, and how far a sound reaches from it.
const MIDDLES: [i64; 2] = [17, 53];
const REACH: i64 = 15;
/// Where one speaks of whose end nothing is known, for as long as this many letters take: in milliseconds.
const LETTER_MS: i64 = 70;

/// The drawing: `viewBox="0 0 400 70"`, the caller above.
pub(super) struct Strip {
    pub(super) spans: Vec<Span>,
    pub(super) marks: Vec<Mark>,
    /// Paths of the caller's and the assistant's sound; empty where nothing was recorded.
    pub(super) waves: [String; 2],
    /// Moments beneath it, from the first to the last.
    pub(super) ticks: Vec<String>,
    /// In seconds.
    pub(super) seconds: String,
    /// For who cannot see it.
    pub(super) told: String,
}

/// Somebody spoke.
pub(super) struct Span {
    pub(super) whose: &'static str,
    pub(super) x: String,
    pub(super) y: i64,
    pub(super) width: String,
}

/// Something happened.
pub(super) struct Mark {
    pub(super) kind: &'static str,
    pub(super) x: String,
    pub(super) title: String,
}

/// Draws a call of so many milliseconds.
pub(super) fn drawn(entries: &[Entry], length_ms: i64, peaks: &Peaks) -> Strip {
    let length_ms = length_ms.max(1_000);
    let at = |ms: i64| format!("{:.1}", ms.clamp(0, length_ms) as f64 * WIDTH as f64 / length_ms as f64);
    let mut spans = Vec::new();
    let mut marks = Vec::new();
    let mut spoken_ms = [0, 0];
    for (place, entry) in entries.iter().enumerate() {
        match side(entry) {
            Some(side) => {
                let until_ms = spoken_until(entries, place, length_ms, peaks);
                let lane = usize::from(side == Side::Assistant);
                spoken_ms[lane] += until_ms - entry.at_ms;
                let width = at(until_ms - entry.at_ms);
                let whose = if lane == 0 { "caller" } else { "assistant" };
                spans.push(Span { whose, x: at(entry.at_ms), y: MIDDLES[lane] - REACH, width });
            }
            None => marks.extend(mark(entry, at)),
        }
        if let What::Assistant { unheard, .. } = &entry.what
            && !unheard.is_empty()
        {
            let title = "The caller spoke over the assistant".to_owned();
            let x = at(entry.until_ms.unwrap_or(entry.at_ms));
            marks.push(Mark { kind: "interruption", x, title });
        }
    }
    if !peaks.is_empty() {
        spoken_ms = [peaks.loud_ms(Side::Caller), peaks.loud_ms(Side::Assistant)];
    }
    let wave =
        |side, middle| if peaks.is_empty() { String::new() } else { wave(peaks, side, length_ms, middle) };
    Strip {
        spans,
        marks,
        waves: [wave(Side::Caller, MIDDLES[0]), wave(Side::Assistant, MIDDLES[1])],
        ticks: (0..=4).map(|quarter| times::length(length_ms * quarter / 4)).collect(),
        seconds: format!("{:.2}", length_ms as f64 / 1_000.0),
        told: format!(
            "Who spoke when, over {}: the caller for {}, the assistant for {}.",
            times::length(length_ms),
            times::length(spoken_ms[0]),
            times::length(spoken_ms[1])
        ),
    }
}

/// Until when whoever speaks in this entry is to be heard, as far as it is known.
pub(super) fn spoken_until(entries: &[Entry], place: usize, length_ms: i64, peaks: &Peaks) -> i64 {
    let entry = &entries[place];
    if let Some(until_ms) = entry.until_ms {
        return until_ms.clamp(entry.at_ms, length_ms.max(entry.at_ms));
    }
    let Some(side) = side(entry) else { return entry.at_ms };
    let next = entries[place + 1..].iter().find(|other| self::side(other) == Some(side));
    let bound_ms = next.map_or(length_ms, |next| next.at_ms).max(entry.at_ms);
    if !peaks.is_empty() {
        return peaks.spoke_until(side, entry.at_ms, bound_ms);
    }
    let letters = i64::try_from(words(entry).chars().count()).unwrap_or(0);
    (entry.at_ms + letters * LETTER_MS).min(bound_ms)
}

pub(super) fn side(entry: &Entry) -> Option<Side> {
    match &entry.what {
        What::Caller { .. } => Some(Side::Caller),
        What::Assistant { .. } => Some(Side::Assistant),
        What::Tool(_) | What::Remark { .. } => None,
    }
}

/// What was said and heard of it.
pub(super) fn words(entry: &Entry) -> &str {
    match &entry.what {
        What::Caller { text } => text,
        What::Assistant { heard, .. } => heard,
        What::Tool(_) | What::Remark { .. } => "",
    }
}

fn mark(entry: &Entry, at: impl Fn(i64) -> String) -> Option<Mark> {
    let (kind, title) = match &entry.what {
        What::Tool(tool) if tool.ok == Some(false) => ("tool bad", format!("{} refused", tool.name)),
        What::Tool(tool) => ("tool", tool.name.clone()),
        What::Remark { text, bad: true } => ("trouble", text.clone()),
        What::Remark { .. } | What::Caller { .. } | What::Assistant { .. } => return None,
    };
    let title = format!("{} {title}", times::length(entry.at_ms));
    Some(Mark { kind, x: at(entry.at_ms), title })
}

/// A line up and down for each column that is to be heard. Quiet sound is drawn larger than it is, or it would not be seen.
fn wave(peaks: &Peaks, side: Side, length_ms: i64, middle: i64) -> String {
    let columns = peaks.columns(side, length_ms, usize::try_from(WIDTH).expect("it is positive"));
    let mut path = String::new();
    for (x, peak) in columns.into_iter().enumerate().filter(|(_, peak)| *peak > 0) {
        let reach = (f64::from(peak) / 127.0).sqrt() * REACH as f64;
        let (top, bottom) = (middle as f64 - reach, middle as f64 + reach);
        let _infallible = write!(path, "M{x}.5 {top:.1}V{bottom:.1}");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use sound::g711::ulaw;

    fn said(at_ms: i64, until_ms: Option<i64>, text: &str) -> Entry {
        Entry { at_ms, until_ms, what: What::Caller { text: text.into() } }
    }

    #[test]
    fn who_spoke_when_is_drawn_without_a_recording_too() {
        let heard = What::Assistant {
            heard: "Hello, what ".into(),
            unheard: "can I do".into(),
            waited: String::new(),
            parts: Vec::new(),
        };
        let entries = [
            Entry { at_ms: 0, until_ms: Some(2_000), what: heard },
            said(2_000, None, "Ten letter"),
            said(2_500, Some(9_000), "And more"),
        ];
        let strip = drawn(&entries, 10_000, &Peaks::default());
        let spans: Vec<_> = strip.spans.iter().map(|span| (span.whose, &*span.x, &*span.width)).collect();
        assert_eq!(
            spans,
            [("assistant", "0.0", "80.0"), ("caller", "80.0", "20.0"), ("caller", "100.0", "260.0")],
            "what overlaps ends where the next begins"
        );
        assert_eq!((strip.marks.len(), &*strip.marks[0].x), (1, "80.0"));
        assert_eq!(strip.waves, [String::new(), String::new()]);
        assert_eq!(strip.ticks, ["0:00", "0:02", "0:05", "0:07", "0:10"]);
    }

    #[test]
    fn waves_are_drawn_of_what_was_recorded() {
        let mut peaks = Peaks::default();
        peaks.add(Side::Assistant, 0, &[ulaw(20_000); 8_000]);
        let strip = drawn(&[said(0, None, "Hm")], 2_000, &peaks);
        let [caller, assistant] = strip.waves;
        assert_eq!((caller.as_str(), assistant.matches('M').count()), ("", 200));
        assert!(strip.told.contains("the assistant for 0:01"), "{}", strip.told);
    }
}
