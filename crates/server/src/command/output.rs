//! Standard output. Whoever reads it may go at any time, as `head` does: what is printed then is lost, and that is no failure.

use std::{
    fmt::{self, Display},
    io::{self, ErrorKind, Write},
    sync::OnceLock,
    time::Duration,
};

/// Why nothing can be printed any more.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints this and the end of its line.
pub fn line(text: impl Display) {
    put(format_args!("{text}\n"));
}

/// Prints this as it is.
pub fn text(text: impl Display) {
    put(format_args!("{text}"));
}

/// How far a call is, beside what happened then: ` 1:02.3`.
pub fn time(at: Duration) -> String {
    let seconds = at.as_secs_f64();
    let (minutes, seconds) = ((seconds / 60.0) as u64, seconds % 60.0);
    format!("{minutes:>2}:{seconds:04.1}")
}

/// Whether somebody may still read what is printed.
pub fn is_read() -> bool {
    LOST.get().is_none()
}

/// Why what was printed is not where it should be, such as on a disk that is full.
pub fn failure() -> Option<&'static io::Error> {
    LOST.get().filter(|why| why.kind() != ErrorKind::BrokenPipe)
}

fn put(words: fmt::Arguments<'_>) {
    if !is_read() {
        return;
    }
    let mut out = io::stdout().lock();
    if let Err(why) = out.write_fmt(words).and_then(|()| out.flush()) {
        let _known_already = LOST.set(why);
    }
}
