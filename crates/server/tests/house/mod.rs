//! The product as its users run it: a process of its own, on a free port, with an empty data folder.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up its house fails")]

pub mod browser;
pub mod exchange;
pub mod speech;
pub mod waiting;

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
    task::JoinSet,
};

/// The secret that carrier and server share.
pub const AUTH_TOKEN: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

/// A server under test. Dropping it ends it.
pub struct House {
    pub address: SocketAddr,
    pub folder: TempDir,
    process: Child,
    log: JoinSet<String>,
}

impl House {
    /// Opens with these variables beside the usual ones.
    pub async fn open(variables: &[(&str, &str)]) -> Self {
        Self::open_in(tempfile::tempdir().unwrap(), variables).await
    }

    /// Opens in a folder that may have been lived in.
    pub async fn open_in(folder: TempDir, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_earpiece"));
        command.arg("serve").env_clear().envs(kept_environment()).current_dir(folder.path());
        command.envs([
            ("PORT", "0"),
            ("DATA_DIR", "data"),
            ("TWILIO_AUTH_TOKEN", AUTH_TOKEN),
            ("ENGINE", "local"),
        ]);
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut errors = process.stderr.take().unwrap();
        let mut log = JoinSet::new();
        log.spawn(async move {
            let mut text = String::new();
            errors.read_to_string(&mut text).await.unwrap();
            text
        });
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await;
        let Ok(Ok(Some(line))) = line else {
            drop(process);
            panic!("earpiece did not start: {}", logged(log).await);
        };
        let address =
            line.strip_prefix("listening on http://").expect("it says where it listens").parse().unwrap();
        Self { address, folder, process, log }
    }

    /// The server's own process.
    pub fn pid(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What is remembered, read from beside the server.
    pub async fn store(&self) -> store::Store {
        let path = self.folder.path().join("data/earpiece.db");
        store::Store::open(&format!("sqlite:{}", path.display())).await.unwrap()
    }

    /// Tells it to stop, waits until it has, and gives back what it logged.
    pub async fn stop(mut self) -> (String, TempDir) {
        let pid = self.pid().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        assert!(told.success());
        let status = tokio::time::timeout(Duration::from_secs(60), self.process.wait())
            .await
            .expect("it stops")
            .unwrap();
        assert!(status.success(), "{status}");
        (logged(self.log).await, self.folder)
    }

    /// Ends it as a power cut would.
    pub async fn kill(mut self) -> TempDir {
        self.process.kill().await.unwrap();
        self.folder
    }
}

async fn logged(log: JoinSet<String>) -> String {
    log.join_all().await.concat()
}

/// What a process needs to run at all, and nothing that configures us.
fn kept_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars()
        .filter(|(name, _)| ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"].contains(&name.as_str()))
}

pub fn exists(path: &Path) -> bool {
    path.try_exists().unwrap()
}
