//! A recording as a WAV file that is made as it is asked for: any part of it, the caller left, the assistant right.

use super::keep;
use crate::{app::App, vault::Vault};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use sound::{g711::ULAW, wav::Wav};
use std::sync::Arc;
use store::{Store, StoreError};

/// Bytes before the first sample.
const HEADER: u64 = 44;
/// Bytes of a left and a right sample.
const FRAME: u64 = 4;
/// As many bytes as are made at once: ten seconds.
const AT_ONCE: u64 = 10 * 8_000 * FRAME;

/// A part of a file: from this byte up to that one, which is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub from: u64,
    pub until: u64,
}

/// What a `Range` header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    Part(Part),
    /// There is no such part.
    Nothing,
}

/// How many bytes the file of a recording of so many samples has.
pub fn length(samples: i64) -> u64 {
    HEADER + u64::try_from(samples).unwrap_or(0) * FRAME
}

/// Reads `Range` (RFC 9110, 14.2). One that is none, or wants several parts, is answered with the whole.
pub fn wanted(range: Option<&str>, length: u64) -> Wanted {
    let Some((from, until)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
        return Wanted::All;
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (from, until) = match (number(from), number(until)) {
        (Some(from), Some(last)) if last >= from => (from, last.saturating_add(1).min(length)),
        (Some(from), None) if until.trim().is_empty() => (from, length),
        (None, Some(last)) if from.trim().is_empty() => (length.saturating_sub(last), length),
        (_, _) => return Wanted::All,
    };
    if from >= until { Wanted::Nothing } else { Wanted::Part(Part { from, until }) }
}

/// This part of the file of a recording of so many samples, made while it is sent.
pub fn body(app: Arc<App>, call: String, samples: i64, part: Part) -> Body {
    let parts = stream::unfold((app, call, part), move |(app, call, Part { from, until })| async move {
        if from >= until {
            return None;
        }
        let next = until.min(if from < HEADER { HEADER } else { from + AT_ONCE });
        let made = made(&app.store, &app.vault, &call, samples, Part { from, until: next }).await;
        // A file that breaks off is told from one that is whole.
        let until = if made.is_err() { from } else { until };
        Some((made, (app, call, Part { from: next, until })))
    });
    Body::from_stream(parts)
}

/// The bytes of this part of the file of a recording of so many samples.
pub async fn made(
    store: &Store,
    vault: &Vault,
    call: &str,
    samples: i64,
    part: Part,
) -> Result<Bytes, StoreError> {
    let header = header(samples);
    let head = header.slice(part.from.min(HEADER) as usize..part.until.min(HEADER) as usize);
    if part.until <= HEADER {
        return Ok(head);
    }
    let (from, until) = (part.from.max(HEADER) - HEADER, part.until - HEADER);
    let (first, last) = (from / FRAME, until.div_ceil(FRAME));
    let place = |frame: u64| i64::try_from(frame).unwrap_or(i64::MAX);
    let (caller, assistant) = keep::between(store, vault, call, place(first), place(last)).await?;
    let frames: Vec<u8> = caller
        .iter()
        .zip(&assistant)
        .flat_map(|(left, right)| {
            let ([a, b], [c, d]) =
                (ULAW[usize::from(*left)].to_le_bytes(), ULAW[usize::from(*right)].to_le_bytes());
            [a, b, c, d]
        })
        .collect();
    let from = from - first * FRAME;
    let until = until - first * FRAME;
    let frames = &frames[from as usize..until as usize];
    Ok(if head.is_empty() { Bytes::copy_from_slice(frames) } else { [&head[..], frames].concat().into() })
}

/// The first bytes of the file.
fn header(samples: i64) -> Bytes {
    let mut header = Wav { hertz: 8_000, channels: 2, samples: Vec::new() }.write();
    let data = u32::try_from(length(samples) - HEADER).unwrap_or(u32::MAX - 36);
    header[4..8].copy_from_slice(&(data + 36).to_le_bytes());
    header[40..44].copy_from_slice(&data.to_le_bytes());
    header.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_can_be_asked_for_and_what_makes_no_sense_is_the_whole() {
        let part = |from, until| Wanted::Part(Part { from, until });
        let cases = [
            (None, Wanted::All),
            (Some("bytes=0-"), part(0, 100)),
            (Some("bytes=10-19"), part(10, 20)),
            (Some("bytes=90-900"), part(90, 100)),
            (Some("bytes=-10"), part(90, 100)),
            (Some("bytes=-900"), part(0, 100)),
            (Some("bytes=100-"), Wanted::Nothing),
            (Some("bytes=-0"), Wanted::Nothing),
            (Some("bytes=5-3"), Wanted::All),
            (Some("bytes=0-1,3-4"), Wanted::All),
            (Some("bytes=a-b"), Wanted::All),
            (Some("seconds=0-1"), Wanted::All),
            (Some("bytes=99999999999999999999-"), Wanted::All),
        ];
        for (range, expected) in cases {
            assert_eq!(wanted(range, 100), expected, "{range:?}");
        }
    }

    #[test]
    fn the_header_says_how_long_the_file_will_be() {
        let mut file = header(3).to_vec();
        file.extend([1, 0, 2, 0].repeat(3));
        assert_eq!(file.len() as u64, length(3));
        let wav = Wav::read(&file).expect("a WAV");
        assert_eq!((wav.channels, wav.hertz, wav.samples.len()), (2, 8_000, 6));
    }
}
