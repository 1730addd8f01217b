//! Whoever speaks to a page: a recording as its microphone.

use engine::local::Workers;
use jiff::{ToSpan, Zoned, civil::Weekday};
use server::{clock, command::demo::speech};
use sound::{resample::resample, wav::Wav};
use std::path::Path;

/// Where the house of these tests is.
pub const ZONE: &str = "America/New_York";
const HERTZ: u32 = 48_000;

/// A recording of somebody who begins so many seconds after they were connected, and pauses so long after each sentence. It
/// is played again and again: who was not understood says it once more.
pub async fn spoken(file: &Path, before: f32, sentences: &[(&str, f32)]) {
    let voice = speech::voice(&Workers::new(env!("CARGO_BIN_EXE_earpiece")), "rms");
    let silence = |seconds: f32| vec![0_i16; (seconds * HERTZ as f32) as usize];
    let mut samples = silence(before);
    for (words, after) in sentences {
        let said = voice((*words).to_owned()).await.expect("Flite speaks");
        samples.extend(resample(&said, 8_000, HERTZ));
        samples.extend(silence(*after));
    }
    std::fs::write(file, Wav::mono(HERTZ, samples).write()).expect("written");
}

/// A Tuesday or, where today is one, the Thursday after it: far enough ahead to be free.
pub fn wanted() -> (&'static str, Zoned) {
    let now =
        jiff::Timestamp::from_millisecond(clock::now_ms()).expect("a time").in_tz(ZONE).expect("a zone");
    let (name, day) = match now.weekday() {
        Weekday::Tuesday => ("thursday", Weekday::Thursday),
        _ => ("tuesday", Weekday::Tuesday),
    };
    let mut ahead = (1..=7).map(|days| now.checked_add(days.days()).expect("a day"));
    (name, ahead.find(|one| one.weekday() == day).expect("every week has one"))
}
