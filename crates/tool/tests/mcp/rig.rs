//! Servers to be connected to, and one of ours that is.

use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap, net::TcpListener, path::PathBuf, process::Stdio, sync::Arc, time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinSet,
    time::timeout,
};
use tool::{
    Trust,
    mcp::{self, Choice, Form, Known, Patience, Program, Reach, Secret, Server, Settings, State, Way, Web},
};

pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Longer than any machine takes.
pub const LONG: Duration = Duration::from_secs(120);

/// A server of ours that is kept connected for as long as this lives.
pub struct Kept {
    pub server: Arc<Server>,
    _running: JoinSet<()>,
}

impl Kept {
    pub fn new(settings: Settings) -> Self {
        Self::with(Server::new(settings, reach(), None, mcp::Listing::default()))
    }

    pub fn with(server: Arc<Server>) -> Self {
        let mut running = JoinSet::new();
        let run = server.clone();
        running.spawn(async move { run.run().await });
        Self { server, _running: running }
    }

    /// Waits until what is known of it is so.
    pub async fn until(&self, so: impl Fn(&Known) -> bool) -> Known {
        let mut known = self.server.known();
        let waiting = timeout(LONG, known.wait_for(|known| so(known))).await;
        let Ok(known) = waiting else { panic!("it never came about: {:?}", self.server.known().borrow()) };
        known.expect("the server is there").clone()
    }

    pub async fn good(&self) -> Known {
        self.until(|known| known.status.state == State::Good).await
    }

    /// Uses a tool and gives what the assistant would be told.
    pub async fn call(&self, tool: &str, arguments: Value) -> call::Answer {
        let tools = mcp::tools(&self.server, &self.server.known().borrow());
        let tool = tools.into_iter().find(|one| one.spec().name == tool);
        let tool = tool.unwrap_or_else(|| panic!("it is not among {:?}", self.names()));
        timeout(LONG, tool.run(arguments, &errand())).await.expect("it is answered")
    }

    pub fn names(&self) -> Vec<String> {
        self.server.known().borrow().listing.tools.iter().map(|tool| tool.name.clone()).collect()
    }
}

pub fn errand() -> tool::Errand {
    tool::Errand {
        call_id: "call".into(),
        caller: "+15550100100".into(),
        trust: Trust::Owner,
        now_ms: 0,
        began_ms: 0,
    }
}

pub fn reach() -> Reach {
    Reach { http: mcp::client(tool::network::Network::Any).expect("a client"), now_ms: Arc::new(|| 0) }
}

pub fn settings(name: &str, way: Way) -> Settings {
    Settings {
        name: name.into(),
        way,
        trust: Trust::Owner,
        choice: Choice::default(),
        patience: Patience { quiet: Duration::from_secs(60), whole: LONG },
        hosted: None,
    }
}

/// A program of the repository's, started from its root.
pub fn program(command: &str, arguments: &[&str]) -> Way {
    Way::Program(Program {
        command: format!("{ROOT}/{command}"),
        arguments: arguments.iter().map(|argument| Secret::new(*argument)).collect(),
        environment: BTreeMap::new(),
        folder: Some(PathBuf::from(ROOT)),
    })
}

pub fn web(url: &str, form: Form) -> Way {
    Way::Web(Web { url: Secret::new(url), token: None, headers: Vec::new(), form })
}

pub fn hostile(way: &str) -> Settings {
    settings("odd", program("scripts/python", &["fixtures/mcp/hostile.py", way]))
}

pub fn tasks(of: &str) -> Settings {
    settings("todo", program("scripts/python", &["--of", of, "fixtures/mcp/tasks.py", "stdio"]))
}

pub fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// A server on the web, which ends with this.
pub struct Hosted {
    _child: Child,
    pub port: u16,
}

impl Hosted {
    /// `everything` of the protocol's own, as `streamableHttp` or `sse`.
    pub async fn everything(form: &str) -> Self {
        Self::everything_at(free_port(), form).await
    }

    pub async fn everything_at(port: u16, form: &str) -> Self {
        let mut command = Command::new("scripts/node");
        command.args(["-e", EVERYTHING, form]).env("PORT", port.to_string());
        Self::start(command, port).await
    }

    pub async fn tasks(of: &str) -> Self {
        let port = free_port();
        let mut command = Command::new("scripts/python");
        command.args(["--of", of, "fixtures/mcp/tasks.py", "http", &port.to_string()]);
        Self::start(command, port).await
    }

    /// A program of ours that prints the port that it took.
    pub async fn printing(arguments: &[&str]) -> Self {
        let mut command = Command::new("scripts/python");
        let mut child = command
            .args(arguments)
            .current_dir(ROOT)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let line = timeout(LONG, lines.next_line()).await.expect("in time").expect("read").expect("a line");
        Self { _child: child, port: line.trim().parse().expect("a port") }
    }

    async fn start(mut command: Command, port: u16) -> Self {
        let child = command
            .current_dir(ROOT)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let listening = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(LONG, listening).await.expect("it listens; scripts/install test installs what it needs");
        Self { _child: child, port }
    }

    pub fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

/// Starts the server in this very process, so that ending it ends the server.
pub const EVERYTHING: &str = "const form = process.argv[1]; \
    process.argv = [process.argv[0], 'everything', form]; \
    const path = require('path'); \
    const root = process.env.NODE_PATH; \
    import(path.join(root, '@modelcontextprotocol/server-everything/dist/index.js'))";

/// The same for a server of one file.
pub fn npm(package: &str, arguments: &[&str]) -> Way {
    let start = format!(
        "const path = require('path'); process.argv.splice(1, 0, '{package}'); \
         import(path.join(process.env.NODE_PATH, '@modelcontextprotocol/{package}/dist/index.js'))"
    );
    let mut all = vec!["-e", &start];
    all.extend(arguments);
    program("scripts/node", &all)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port()
}

/// The data of an answer.
pub fn data(answer: &call::Answer) -> Value {
    serde_json::from_str(&answer.data).unwrap_or(json!(null))
}
