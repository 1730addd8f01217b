//! The browser itself: Debian's Chromium without a window, one for all tests of the program.

use sound::wav::Wav;
use std::{
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock},
    thread,
};

/// Ends when what starts it does, whatever becomes of that: then nobody holds the other end of its standard input.
const UNTIL_ALONE: &str =
    r#"folder=$1; shift; "$@" </dev/null & exec 2>/dev/null; read -r _; kill $!; wait $!; rm -rf "$folder""#;
const SAYS: &str = "DevTools listening on ";

/// A browser. Dropping it ends it.
pub struct Chromium {
    address: String,
    process: Child,
}

impl Chromium {
    /// The one that the tests of this program share. Its microphone hears nothing.
    pub fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Chromium>> = OnceLock::new();
        let begun = || {
            let folder = tempfile::tempdir().expect("a folder");
            let silence = folder.path().join("silence.wav");
            std::fs::write(&silence, Wav::mono(16_000, vec![0; 16_000]).write()).expect("written");
            Arc::new(Self::start(&silence, folder))
        };
        SHARED.get_or_init(begun).clone()
    }

    /// One that hears this recording from its beginning whenever a page opens the microphone, again and again.
    pub fn hearing(sound: &Path) -> Arc<Self> {
        Arc::new(Self::start(sound, tempfile::tempdir().expect("a folder")))
    }

    fn start(sound: &Path, folder: tempfile::TempDir) -> Self {
        let folder = folder.keep();
        let mut command = Command::new("sh");
        command.args(["-c", UNTIL_ALONE, "sh"]).arg(&folder).arg("chromium");
        command.args([
            "--headless=new",
            "--remote-debugging-port=0",
            "--no-first-run",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-extensions",
            "--disable-background-networking",
            "--force-color-profile=srgb",
            "--hide-scrollbars",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
        ]);
        command.arg(format!("--use-file-for-fake-audio-capture={}", sound.display()));
        command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        // Its sandbox is not for root.
        if std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
            command.arg("--no-sandbox");
        }
        // What it leaves behind goes with its folder.
        command.env("TMPDIR", &folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("a shell");
        let mut said = BufReader::new(process.stderr.take().expect("piped")).lines();
        let mut before = Vec::new();
        let address = loop {
            match said.next() {
                Some(Ok(line)) => match line.strip_prefix(SAYS) {
                    Some(address) => break address.trim().to_owned(),
                    None => before.push(line),
                },
                Some(Err(_)) | None => {
                    panic!("Chromium did not start; scripts/install test installs it: {before:?}")
                }
            }
        };
        // What it says further is nobody's business, but must not block it.
        thread::spawn(move || said.for_each(drop));
        Self { address, process }
    }

    /// Where it is spoken to.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _gone = self.process.wait();
    }
}
