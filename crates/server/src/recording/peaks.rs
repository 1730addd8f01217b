//! How loud each side of a recording was: what waveforms are drawn from.

use sound::g711::ULAW;
use store::Side;

/// Samples a bucket: 50 ms.
const BUCKET: u64 = 400;
/// Milliseconds a bucket.
pub const BUCKET_MS: i64 = 50;
/// What is quieter than this of 127 is no speech.
const LOUD: u8 = 3;

/// The loudest sample of every 50 ms, 0 to 127, of each side: bytes in turn, the caller's first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks(Vec<u8>);

impl Peaks {
    /// As [`bytes`](Self::bytes) wrote them.
    pub fn read(bytes: &[u8]) -> Self {
        Self(bytes[..bytes.len() / 2 * 2].to_vec())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes in a stretch of µ-law that begins at this sample.
    pub fn add(&mut self, side: Side, place: u64, ulaw: &[u8]) {
        let mut rest = ulaw;
        let mut place = place;
        while !rest.is_empty() {
            let room = usize::try_from(BUCKET - place % BUCKET).expect("a bucket is small");
            let (now, later) = rest.split_at(room.min(rest.len()));
            let loudest = now.iter().map(|byte| ULAW[usize::from(*byte)].unsigned_abs()).max().unwrap_or(0);
            let at = usize::try_from(place / BUCKET).unwrap_or(usize::MAX / 4) * 2 + offset(side);
            if self.0.len() <= at {
                self.0.resize(at / 2 * 2 + 2, 0);
            }
            self.0[at] = self.0[at].max(u8::try_from(loudest >> 8).unwrap_or(127));
            place += now.len() as u64;
            rest = later;
        }
    }

    /// The loudest of each of `columns` equal parts of a recording of so many milliseconds, 0 to 127.
    pub fn columns(&self, side: Side, length_ms: i64, columns: usize) -> Vec<u8> {
        let buckets = usize::try_from(length_ms / BUCKET_MS).unwrap_or(0).max(1);
        let of = |from: usize, until: usize| {
            (from..until.max(from + 1))
                .filter_map(|bucket| self.0.get(bucket * 2 + offset(side)))
                .max()
                .copied()
        };
        let edge = |column: usize| column * buckets / columns;
        (0..columns).map(|column| of(edge(column), edge(column + 1)).unwrap_or(0)).collect()
    }

    /// When this side, which spoke at `from_ms`, had been silent for a second, but not later than `until_ms`.
    pub fn spoke_until(&self, side: Side, from_ms: i64, until_ms: i64) -> i64 {
        let bucket = |ms: i64| usize::try_from(ms / BUCKET_MS).unwrap_or(0);
        let mut last = bucket(from_ms);
        for at in bucket(from_ms)..bucket(until_ms) {
            if self.0.get(at * 2 + offset(side)).is_some_and(|peak| *peak >= LOUD) {
                last = at + 1;
            } else if at > last + 20 {
                break;
            }
        }
        (i64::try_from(last).unwrap_or(0) * BUCKET_MS).clamp(from_ms, until_ms.max(from_ms))
    }

    /// How long this side was to be heard, in milliseconds.
    pub fn loud_ms(&self, side: Side) -> i64 {
        let loud = self.0.chunks_exact(2).filter(|pair| pair[offset(side)] >= LOUD).count();
        i64::try_from(loud).unwrap_or(0) * BUCKET_MS
    }
}

fn offset(side: Side) -> usize {
    match side {
        Side::Caller => 0,
        Side::Assistant => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sound::g711::ulaw;

    #[test]
    fn peaks_are_the_loudest_of_every_bucket_wherever_stretches_begin() {
        let mut peaks = Peaks::default();
        let mut sound = vec![ulaw(0); 1_000];
        sound[700] = ulaw(-20_000);
        peaks.add(Side::Assistant, 300, &sound);
        peaks.add(Side::Caller, 0, &[ulaw(9_000); 10]);
        let assistant = peaks.columns(Side::Assistant, 200, 4);
        assert!(
            assistant[2] > 70 && assistant[0] == 0 && assistant[1] == 0 && assistant[3] == 0,
            "{assistant:?}"
        );
        let caller = peaks.columns(Side::Caller, 200, 2);
        assert!(caller[0] > 30 && caller[1] == 0, "{caller:?}");
        assert_eq!(Peaks::read(peaks.bytes()), peaks);
        assert_eq!(peaks.columns(Side::Caller, 0, 3).len(), 3, "an empty one has a shape, too");
    }

    #[test]
    fn speech_ends_where_a_second_of_silence_begins() {
        let mut peaks = Peaks::default();
        let loud = vec![ulaw(8_000); 8_000];
        peaks.add(Side::Caller, 0, &loud);
        peaks.add(Side::Caller, 12_000, &loud);
        peaks.add(Side::Caller, 40_000, &loud);
        assert_eq!(peaks.spoke_until(Side::Caller, 0, 60_000), 2_500);
        assert_eq!(peaks.spoke_until(Side::Caller, 0, 1_000), 1_000);
        assert_eq!(peaks.spoke_until(Side::Assistant, 500, 3_000), 500);
        assert_eq!(peaks.loud_ms(Side::Caller), 3_000);
    }
}
