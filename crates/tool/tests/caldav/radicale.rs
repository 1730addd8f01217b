//! A Radicale of our own: its port, its folder, its log.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

/// Ends with the test.
pub struct Radicale {
    child: Child,
    reader: Option<JoinHandle<()>>,
    log: Arc<Mutex<Vec<String>>>,
    folder: tempfile::TempDir,
    pub address: String,
}

impl Radicale {
    /// With the user alice, whose password is secret, and her calendar `/alice/work/`.
    pub async fn start() -> Self {
        let server = Self::bare();
        server.make("work", "Work", "VEVENT").await;
        server
    }

    pub fn bare() -> Self {
        // Somebody else may take the port between our letting it go and Radicale's taking it.
        (0..5).find_map(|_| Self::begin()).expect("a Radicale: run scripts/install test")
    }

    /// Ends it as a power cut would.
    pub fn stop(&mut self) {
        self.end();
    }

    /// Starts it where it was and with what it had.
    pub fn start_again(&mut self) {
        let log = self.log.clone();
        let (child, reader) = launch(self.folder.path(), &log).expect("nobody has taken its port");
        (self.child, self.reader) = (child, Some(reader));
    }

    fn begin() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("users"), "alice:secret\n").expect("users are written");
        let settings = format!(
            "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {}\n\
             htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {}\n",
            path("users").display(),
            path("data").display(),
        );
        std::fs::write(path("config"), settings).expect("settings are written");
        let log = Arc::default();
        let (child, reader) = launch(folder.path(), &log)?;
        let address = format!("http://127.0.0.1:{port}");
        Some(Self { child, reader: Some(reader), log, folder, address })
    }

    pub fn work(&self) -> String {
        format!("{}/alice/work/", self.address)
    }

    pub async fn make(&self, path: &str, name: &str, component: &str) {
        let body = format!(
            r#"<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop><d:displayname>{name}</d:displayname><c:supported-calendar-component-set><c:comp name="{component}"/></c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>"#
        );
        assert_eq!(self.ask("MKCALENDAR", &format!("/alice/{path}/"), body).await.0, 201);
    }

    /// Puts an object there as another program would. Lines may end in a bare line feed.
    pub async fn put(&self, name: &str, object: &str) {
        let object = object.trim_start().replace('\n', "\r\n");
        let (status, body) = self.ask("PUT", &format!("/alice/work/{name}"), object).await;
        assert!(matches!(status, 201 | 204), "{status} {body}");
    }

    pub async fn put_event(&self, name: &str, lines: &str) {
        self.put(name, &event(name, lines)).await;
    }

    pub async fn get(&self, name: &str) -> String {
        let (status, body) = self.ask("GET", &format!("/alice/work/{name}"), String::new()).await;
        assert_eq!(status, 200, "{body}");
        body.replace("\r\n", "\n")
    }

    pub async fn ask(&self, method: &str, path: &str, body: String) -> (u16, String) {
        let method = method.parse().expect("a method");
        let ask = reqwest::Client::new().request(method, format!("{}{path}", self.address));
        let ask = ask.basic_auth("alice", Some("secret")).header("Content-Type", "text/calendar").body(body);
        let answer = ask.send().await.expect("Radicale answers");
        (answer.status().as_u16(), answer.text().await.expect("an answer"))
    }

    /// The objects in its folder, by name.
    pub fn stored(&self) -> Vec<(String, String)> {
        let folder: PathBuf = self.folder.path().join("data/collection-root/alice/work");
        let mut out: Vec<_> = std::fs::read_dir(folder)
            .expect("its folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|end| end == "ics"))
            .map(|path| {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                (name, std::fs::read_to_string(&path).expect("an object").replace("\r\n", "\n"))
            })
            .collect();
        out.sort();
        out
    }

    /// Ends it, and gives what it logged of answers to requests of this method.
    pub fn answers(self, method: &str) -> Vec<String> {
        let ([answers], _) = self.answers_of([method]);
        answers
    }

    /// Likewise of several methods, and its whole log.
    pub fn answers_of<const N: usize>(mut self, methods: [&str; N]) -> ([Vec<String>; N], Vec<String>) {
        self.end();
        let log = self.log.lock().expect("the log").clone();
        let answers = methods.map(|method| {
            let about = format!("{method} response status");
            log.iter().filter(|line| line.contains(&about)).cloned().collect()
        });
        (answers, log)
    }

    fn end(&mut self) {
        self.child.kill().expect("it can be ended");
        self.child.wait().expect("it has ended");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("its log is read");
        }
    }
}

impl Drop for Radicale {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.end();
        }
    }
}

/// Runs it on what is set up in this folder, and waits until it is ready.
fn launch(folder: &Path, log: &Arc<Mutex<Vec<String>>>) -> Option<(Child, JoinHandle<()>)> {
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/python");
    let mut child = Command::new(python)
        .args(["-m", "radicale", "--config"])
        .arg(folder.join("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("scripts/python runs");
    let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
    loop {
        let Some(Ok(line)) = lines.next() else {
            eprintln!("Radicale did not start: {:#?}", log.lock().expect("the log"));
            child.wait().expect("it has ended");
            return None;
        };
        let ready = line.contains("Radicale server ready");
        log.lock().expect("the log").push(line);
        if ready {
            break;
        }
    }
    let more = log.clone();
    let reader = std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            more.lock().expect("the log").push(line);
        }
    });
    Some((child, reader))
}

/// A calendar with one event; `name` without its ending is its UID.
pub fn event(name: &str, lines: &str) -> String {
    let uid = name.trim_end_matches(".ics");
    let lines = lines.trim();
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//test//EN\nBEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20261120T120000Z\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
    )
}

/// What was left unread when the test was over.
#[test]
fn it_ends_when_the_test_does() {
    let server = Radicale::bare();
    let address = server.address.trim_start_matches("http://").to_owned();
    drop(server);
    let mut refused = std::net::TcpStream::connect(&address);
    assert!(refused.as_mut().map_or(true, |open| open.read(&mut [0]).is_err()), "it still listens");
}
