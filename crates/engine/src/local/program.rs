//! A program that speaks: text on its standard input, sound from its standard output, within bounds of time and size.

use futures_util::{Stream, stream};
use std::{
    ffi::OsString,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::LazyLock,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, ChildStderr, ChildStdout, Command},
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout_at},
};

/// One program, and what to say where it is missing.
#[derive(Clone, Debug)]
pub struct Program {
    /// A name that is looked up in `PATH`, or a path.
    pub path: PathBuf,
    /// What the owner has to do to have it: a sentence.
    pub install: String,
    /// Whoever takes longer for one text is killed.
    pub patience: Duration,
}

/// The most that one text may sound, in bytes: two minutes at 48 kHz.
const LONGEST: usize = 120 * 48_000 * 2;
/// What is kept of a program's complaints, in bytes.
const COMPLAINT: usize = 1_024;

/// As many at once as there are cores, in this whole process; the others wait, first come first served.
static CORES: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from)));

/// A program under way. Dropping it kills it.
struct Running {
    name: String,
    child: Child,
    output: ChildStdout,
    errors: Option<ChildStderr>,
    complaint: Vec<u8>,
    until: Instant,
    patience: Duration,
    bytes: usize,
    _core: SemaphorePermit<'static>,
}

impl Program {
    /// What it writes, as it is written. No shell sees the arguments or the text; of our own environment it gets what it needs to
    /// run, and none of the keys. Whoever drops the stream kills the program. After an error nothing more comes.
    pub fn run(
        &self,
        arguments: Vec<OsString>,
        text: String,
    ) -> impl Stream<Item = Result<Vec<u8>, String>> + use<> {
        let program = self.clone();
        let begun = async move { program.start(arguments, text).await };
        stream::unfold(State::Waiting(Box::pin(begun)), |state| async {
            let mut running = match state {
                State::Waiting(begun) => match begun.await {
                    Ok(running) => running,
                    Err(why) => return Some((Err(why), State::Over)),
                },
                State::Running(running) => running,
                State::Over => return None,
            };
            match running.more().await {
                Ok(Some(bytes)) => Some((Ok(bytes), State::Running(running))),
                Ok(None) => None,
                Err(why) => Some((Err(why), State::Over)),
            }
        })
    }

    /// What to do where it is not to be found.
    pub fn missing(&self) -> Option<String> {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let found = if self.path.components().count() > 1 {
            self.path.is_file()
        } else {
            std::env::split_paths(&folders).any(|folder| folder.join(&self.path).is_file())
        };
        (!found).then(|| format!("{} is missing; {}", self.path.display(), self.install))
    }

    async fn start(self, arguments: Vec<OsString>, text: String) -> Result<Box<Running>, String> {
        let core = CORES.acquire().await.expect("it is never closed");
        let name = self.path.display().to_string();
        let mut command = Command::new(&self.path);
        command
            .args(arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.kill_on_drop(true);
        for variable in ["PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR"] {
            if let Some(value) = std::env::var_os(variable) {
                command.env(variable, value);
            }
        }
        let mut child = command.spawn().map_err(|why| match why.kind() {
            std::io::ErrorKind::NotFound => format!("{name} is missing; {}", self.install),
            _ => format!("{name} does not start: {why}; {}", self.install),
        })?;
        let (Some(mut input), Some(output), errors) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(format!("{name} has no input or output."));
        };
        #[expect(clippy::disallowed_methods, reason = "a program's time is the machine's")]
        let until = Instant::now() + self.patience;
        // A pipe holds more than the longest piece of text. Who does not read it says why on its way out.
        let written = timeout_at(until, input.write_all(text.as_bytes())).await;
        written.map_err(|_| format!("{name} does not take its text."))?.ok();
        drop(input);
        let patience = self.patience;
        let complaint = Vec::new();
        Ok(Box::new(Running {
            name,
            child,
            output,
            errors,
            complaint,
            until,
            patience,
            bytes: 0,
            _core: core,
        }))
    }
}

enum State<F> {
    Waiting(F),
    Running(Box<Running>),
    Over,
}

impl Running {
    async fn more(&mut self) -> Result<Option<Vec<u8>>, String> {
        let until = self.until;
        match timeout_at(until, self.read()).await {
            Ok(Ok(Some(bytes))) => {
                self.bytes += bytes.len();
                if self.bytes > LONGEST {
                    return Err(format!("{} does not stop speaking, and was ended.", self.name));
                }
                Ok(Some(bytes))
            }
            Ok(Ok(None)) => match timeout_at(until, self.end()).await {
                Ok(Ok(status)) if status.success() => Ok(None),
                Ok(Ok(status)) => Err(self.failed(status)),
                Ok(Err(why)) => Err(format!("{} cannot be waited for: {why}.", self.name)),
                Err(_) => Err(self.hung()),
            },
            Ok(Err(why)) => Err(format!("{} broke off: {why}.", self.name)),
            Err(_) => Err(self.hung()),
        }
    }

    async fn read(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let (mut sound, mut said) = (vec![0; 16 * 1024], [0; 1024]);
        loop {
            let Some(errors) = &mut self.errors else {
                let read = self.output.read(&mut sound).await?;
                sound.truncate(read);
                return Ok((read > 0).then_some(sound));
            };
            tokio::select! {
                read = self.output.read(&mut sound) => {
                    sound.truncate(read?);
                    return Ok((!sound.is_empty()).then_some(sound));
                }
                read = errors.read(&mut said) => match read {
                    Ok(read @ 1..) => {
                        let room = COMPLAINT.saturating_sub(self.complaint.len());
                        self.complaint.extend_from_slice(&said[..read.min(room)]);
                    }
                    Ok(0) | Err(_) => self.errors = None,
                },
            }
        }
    }

    /// Waits for it, and for its last words.
    async fn end(&mut self) -> std::io::Result<ExitStatus> {
        if let Some(errors) = self.errors.take() {
            let room = COMPLAINT.saturating_sub(self.complaint.len());
            errors.take(room as u64).read_to_end(&mut self.complaint).await?;
        }
        self.child.wait().await
    }

    fn failed(&self, status: ExitStatus) -> String {
        let said = String::from_utf8_lossy(&self.complaint);
        let said = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it did not say why");
        let said: String = said.chars().filter(|c| !c.is_control()).take(300).collect();
        format!("{} failed ({status}): {said}", self.name)
    }

    fn hung(&self) -> String {
        format!("{} took longer than {} seconds and was ended.", self.name, self.patience.as_secs())
    }
}
