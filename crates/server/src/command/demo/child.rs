//! A server of our own as a child process, with a fresh data folder and nothing of this machine's settings.

use anyhow::{Context, bail};
use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// How long a server may take to say that it listens.
const PATIENCE: Duration = Duration::from_secs(30);
/// What of this process's environment a child needs to run at all.
const KEPT: [&str; 6] = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH"];

/// What has this program serve, as long as whoever started it lives.
pub const SERVE: [&str; 2] = ["serve", "--while-parent-lives"];

/// A folder that is gone when this is dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes a folder that nobody else may look into.
    pub fn make(what: &str) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let path = std::env::temp_dir().join(format!("earpiece-{what}-{}", uuid::Uuid::new_v4().simple()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A temporary folder that stays does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process of this very program that listens. Dropping it kills it; where this process is killed it ends by itself.
#[derive(Debug)]
pub struct Listening {
    // Killed when it is dropped. It holds the other end of the child's standard input.
    child: Child,
    pub address: SocketAddr,
    pub pid: u32,
    log: PathBuf,
    // Closing it would make the child's next line fail.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Listening {
    /// Starts this program with these arguments and variables, in `folder`, and waits for its line `listening on …`. The
    /// arguments are such that it stops at the end of its standard input, as [`SERVE`] are.
    pub async fn start(
        folder: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let log = folder.join("log.txt");
        let program = std::env::current_exe().context("this program cannot find itself")?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir(folder).kill_on_drop(true);
        command.envs(KEPT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))));
        command.envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(fs::File::create(&log)?);
        let mut child = command.spawn().context("the server cannot be started")?;
        let pid = child.id().context("the server ended at once")?;
        let mut output = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let address = match tokio::time::timeout(PATIENCE, said_address(&mut output)).await {
            Ok(Ok(address)) => address,
            Ok(Err(why)) => bail!("the server did not start: {why}\n{}", tail(&log)),
            Err(_) => bail!("the server did not listen within {PATIENCE:?}\n{}", tail(&log)),
        };
        Ok(Self { child, address, pid, log, _output: output })
    }

    /// Ends it, and waits until it is gone.
    pub async fn end(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::debug!(%error, "a server of ours could not be ended");
        }
    }

    /// The last lines of what it logged.
    pub fn log(&self) -> String {
        tail(&self.log)
    }
}

async fn said_address(output: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<SocketAddr> {
    while let Some(line) = output.next_line().await? {
        if let Some(address) = line.strip_prefix("listening on http://") {
            return address
                .trim_end_matches('/')
                .parse()
                .with_context(|| format!("{address:?} is no address"));
        }
    }
    bail!("it ended without a word")
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
