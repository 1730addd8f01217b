//! From one sample rate to another: a polyphase windowed-sinc filter, at once or as the sound streams in.

use crate::sample;

/// Changes the rate of a stream. Whatever the pieces it is pushed in, the output is that of the whole: sample `k` of
/// the output sounds at the time `k / to`, and `n` samples in give `ceil(n × to / from)` out once it is finished.
///
/// What the slower rate cannot carry is taken out: flat within 0.1 dB up to 0.85 of the lower rate's half, and at
/// least 60 dB down from where it would fold back.
#[derive(Clone, Debug)]
pub struct Resampler {
    up: usize,
    down: usize,
    /// Input samples on either side that an output sample depends on.
    reach: usize,
    /// One filter for each of the `up` positions that an output sample can have between two input samples.
    phases: Vec<f32>,
    /// Input not yet done with; its first sample is number `first - reach` of the input.
    waiting: Vec<f32>,
    first: u64,
    /// Samples in, and out.
    heard: u64,
    said: u64,
}

impl Resampler {
    /// From and to are in hertz. Panics where either is zero.
    pub fn new(from: u32, to: u32) -> Self {
        assert!(from > 0 && to > 0, "a sample rate is not zero");
        let common = divisor(from, to);
        let (up, down) = ((to / common) as usize, (from / common) as usize);
        let slower = (up as f32 / down as f32).min(1.0);
        let reach = if up == down { 0 } else { (ZEROS / slower).ceil() as usize };
        let phases = (0..up).flat_map(|phase| filter(phase as f32 / up as f32, slower, reach)).collect();
        let waiting = vec![0.0; reach];
        Self { up, down, reach, phases, waiting, first: 0, heard: 0, said: 0 }
    }

    /// Takes more of the stream, and appends to `out` what can be said of it already.
    pub fn push(&mut self, input: &[i16], out: &mut Vec<i16>) {
        self.heard += input.len() as u64;
        self.waiting.extend(input.iter().map(|&s| f32::from(s)));
        self.run(self.heard.saturating_sub(self.reach as u64), out);
    }

    /// The stream ends: appends the rest to `out`. The next stream may begin.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        self.waiting.resize(self.waiting.len() + self.reach, 0.0);
        self.run(self.heard, out);
        self.waiting.clear();
        self.waiting.resize(self.reach, 0.0);
        (self.first, self.heard, self.said) = (0, 0, 0);
    }

    /// Says all output that sounds before input sample number `until`.
    fn run(&mut self, until: u64, out: &mut Vec<i16>) {
        let taps = 2 * self.reach + 1;
        let (up, down) = (self.up as u64, self.down as u64);
        while self.said * down < until * up {
            let (at, phase) = (self.said * down / up, (self.said * down % up) as usize);
            let from = (at - self.first) as usize;
            let filter = &self.phases[phase * taps..(phase + 1) * taps];
            let near = &self.waiting[from..from + taps];
            out.push(sample(filter.iter().zip(near).map(|(a, b)| a * b).sum()));
            self.said += 1;
        }
        let done = ((self.said * down / up).saturating_sub(self.first) as usize).min(self.waiting.len());
        self.waiting.drain(..done);
        self.first += done as u64;
    }
}

/// Changes the rate of a whole recording: `ceil(n × to / from)` samples.
pub fn resample(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    let mut out =
        Vec::with_capacity((samples.len() as u64 * u64::from(to)).div_ceil(u64::from(from.max(1))) as usize);
    let mut resampler = Resampler::new(from, to);
    resampler.push(samples, &mut out);
    resampler.finish(&mut out);
    out
}

/// Zero crossings of the sinc on either side.
const ZEROS: f32 = 32.0;
/// Where the filter is 6 dB down, as a part of the lower rate's half.
const EDGE: f32 = 0.93;
/// Shape of the Kaiser window: 60 dB of attenuation and more.
const BETA: f64 = 6.5;

/// The filter's weights of the input samples around one that lies `phase` of a sample after the middle one.
fn filter(phase: f32, slower: f32, reach: usize) -> Vec<f32> {
    let edge = if reach == 0 { 1.0 } else { f64::from(slower * EDGE) };
    let weights: Vec<f64> = (0..=2 * reach)
        .map(|tap| {
            let distance = tap as f64 - reach as f64 - f64::from(phase);
            edge * sinc(edge * distance) * kaiser(distance / (reach as f64 + 1.0))
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|w| (w / sum) as f32).collect()
}

fn sinc(x: f64) -> f64 {
    let x = x * std::f64::consts::PI;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

fn kaiser(x: f64) -> f64 {
    bessel(BETA * (1.0 - x * x).max(0.0).sqrt()) / bessel(BETA)
}

/// The modified Bessel function of the first kind and order zero, by its series.
fn bessel(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

fn divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { divisor(b, a % b) }
}
