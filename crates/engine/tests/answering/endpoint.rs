//! What comes before an answer: how long it takes until a caller is known to have finished, how often they are cut off, and
//! what else is taken for speech. The recordings are Flite's voices over a telephone.

use engine::local::{
    Vad,
    cascade::ENDPOINT,
    vad::{Energy, FRAME, Neural},
};
use sound::g711;
use std::{
    f32::consts::TAU,
    fmt::Write as _,
    io::{Write as _, stderr},
    ops::Range,
    time::Instant,
};

const HERTZ: usize = 8_000;

/// What a detector made of some lines.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    /// Nothing was noticed of it.
    missed: u32,
    /// An end was found within it.
    cut: u32,
    /// No end was found behind it, within two seconds.
    endless: u32,
    /// From the end of the sound to the end of the turn, in milliseconds, of those that were found whole.
    delay: u32,
    found: u32,
    /// Speech began where there was none.
    false_starts: u32,
}

#[test]
fn the_end_of_a_turn_is_found_at_this_rate() {
    let spoken = recordings();
    let mut energy = measure("energy", &spoken, || Box::new(Energy::default()));
    let mut neural = measure("neural", &spoken, || Box::new(Neural::default()));
    let clean = (energy.remove(0), neural.remove(0));
    for score in [clean.0, clean.1] {
        assert_eq!((score.missed, score.cut, score.endless), (0, 0, 0), "on a clean line: {score:?}");
    }
    let sum = |scores: &[Score], what: fn(&Score) -> u32| scores.iter().map(what).sum::<u32>();
    let starts = |scores: &[Score]| sum(scores, |score| score.false_starts);
    assert!(starts(&neural) <= starts(&energy), "noise disturbs the neural one no more often");
    assert!(sum(&neural, |score| score.cut) <= 4, "it does not cut callers off: {neural:?}");
}

/// Sentences without the silence around them: `fixtures/speech/spoken`.
fn recordings() -> Vec<Vec<i16>> {
    let folder = format!("{}/../../fixtures/speech/spoken", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(&folder).unwrap_or_else(|why| panic!("{folder}: {why}"));
    let mut paths: Vec<_> = files.map(|file| file.expect("it is listed").path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 15);
    paths.iter().map(|path| g711::ulaw_to_samples(&std::fs::read(path).expect("it can be read"))).collect()
}

/// Prints a line for each kind of noise, and gives the scores, the clean line's first.
#[expect(clippy::disallowed_methods, reason = "the machine's own time is what is measured")]
fn measure(name: &str, spoken: &[Vec<i16>], ear: impl Fn() -> Box<dyn Vad>) -> Vec<Score> {
    let mut table = format!(
        "\nend of turn, {name}: of {} sentences missed, cut off, without end; delay; false starts a minute\n",
        spoken.len()
    );
    let (mut taken, mut heard) = (0.0, 0.0);
    let mut scores = Vec::new();
    for (kind, make) in NOISES {
        let mut score = Score::default();
        for (seed, speech) in spoken.iter().enumerate() {
            let line = telephone_line(speech, make, seed as u64);
            judge(&mut *ear(), &line, speech.len(), &mut score);
        }
        let noise = sampled(make, 60 * HERTZ, 99);
        let mut alone = ear();
        let begun = Instant::now();
        let speaks: Vec<bool> = noise.chunks_exact(FRAME).map(|frame| alone.hear(frame)).collect();
        taken += begun.elapsed().as_secs_f64() * 1e6;
        heard += 60.0;
        score.false_starts = speaks.windows(2).filter(|pair| !pair[0] && pair[1]).count() as u32;
        let delay = score.delay / score.found.max(1);
        let Score { missed, cut, endless, false_starts, .. } = score;
        writeln!(table, "  {kind:12} {missed:3} {cut:3} {endless:3}  {delay:5} ms  {false_starts:3}")
            .expect("a text grows");
        scores.push(score);
    }
    let taken = taken / heard;
    // Past the capture of what tests print: the figures are to be read where all is well, too.
    writeln!(stderr(), "{table}  {taken:.0} µs of this machine for a second of sound")
        .expect("standard error is open");
    scores
}

const BEFORE: usize = 2 * HERTZ;
const BEHIND: usize = 3 * HERTZ;

fn telephone_line(speech: &[i16], make: Make, seed: u64) -> Vec<i16> {
    let mut line = sampled(make, BEFORE + speech.len() + BEHIND, seed);
    for (sample, spoken) in line[BEFORE..].iter_mut().zip(speech) {
        *sample = sample.saturating_add(*spoken);
    }
    g711::ulaw_to_samples(&g711::samples_to_ulaw(&line))
}

fn judge(ear: &mut dyn Vad, line: &[i16], speech: usize, score: &mut Score) {
    let endpoint = ENDPOINT.as_millis() as usize * HERTZ / 1_000;
    let mut turns: Vec<Range<usize>> = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for (n, frame) in line.chunks_exact(FRAME).enumerate() {
        let at = (n + 1) * FRAME;
        let speaks = ear.hear(frame);
        open = match (open, speaks) {
            (None, true) => Some((at, at)),
            (Some((from, _)), true) => Some((from, at)),
            (Some((from, last)), false) if at - last >= endpoint => {
                turns.push(from..at);
                None
            }
            (open, false) => open,
        };
    }
    let said = BEFORE..BEFORE + speech;
    let within = turns.iter().filter(|turn| turn.end > said.start && turn.end < said.end).count();
    let hears = |turn: &&Range<usize>| turn.start < said.end && turn.end >= said.end;
    let whole = turns.iter().find(hears);
    score.cut += u32::from(within > 0);
    match (whole, open) {
        (Some(turn), _) => {
            score.found += 1;
            score.delay += ((turn.end - said.end) * 1_000 / HERTZ) as u32;
        }
        (None, Some((from, _))) if from < said.end => score.endless += 1,
        (None, _) => score.missed += u32::from(within == 0),
    }
}

/// The sample at this time, in seconds, with noise of its own between −1 and 1.
type Make = fn(f32, f32) -> f32;

/// What sounds beside speech, or without it. Flite speaks at about 3,000.
const NOISES: [(&str, Make); 8] = [
    ("clean line", |_, noise| noise * 8.0),
    ("hiss, soft", |_, noise| noise * 300.0),
    ("hiss, loud", |_, noise| noise * 1_200.0),
    ("mains hum", |t, noise| {
        (TAU * 100.0 * t).sin() * 500.0 + (TAU * 300.0 * t).sin() * 200.0 + noise * 30.0
    }),
    ("keyboard", |t, noise| {
        // Five to nine strokes a second, of 30 ms each.
        let (stroke, within) = ((t * 7.0).floor(), (t * 7.0).fract() / 7.0);
        let offset = (stroke * 0.618).fract() * 0.08;
        let since = within - offset;
        if (0.0..0.03).contains(&since) { noise * 9_000.0 * (1.0 - since / 0.03) } else { noise * 10.0 }
    }),
    ("hold music", |t, noise| {
        let chord =
            [[262.0, 330.0, 392.0], [294.0, 349.0, 440.0], [247.0, 294.0, 392.0]][(t / 0.8) as usize % 3];
        let beat = (-(t / 0.4).fract() * 3.0).exp();
        chord.iter().map(|hertz| (TAU * hertz * t).sin()).sum::<f32>() * 1_200.0 * beat + noise * 20.0
    }),
    ("key tones", |t, noise| {
        let on = (t * 2.0).fract() < 0.3;
        let tone = (TAU * 770.0 * t).sin() + (TAU * 1_336.0 * t).sin();
        if on { tone * 2_500.0 } else { noise * 10.0 }
    }),
    ("traffic", |t, noise| {
        // Comes and goes in some seconds.
        let swell = 0.5 + 0.5 * (TAU * 0.3 * t).sin();
        noise * 1_500.0 * swell + (TAU * 90.0 * t).sin() * 800.0 * swell
    }),
];

fn sampled(make: Make, length: usize, seed: u64) -> Vec<i16> {
    let mut random = fastrand::Rng::with_seed(seed + 1);
    let shift = random.f32() * 10.0;
    let at = |n: usize| shift + n as f32 / HERTZ as f32;
    (0..length).map(|n| make(at(n), random.f32() * 2.0 - 1.0) as i16).collect()
}
