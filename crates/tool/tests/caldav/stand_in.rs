//! A server in the test that answers whatever the test says, also what no server should.

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// With its headers.
    pub head: String,
    pub body: String,
}

/// Ends with the test.
pub struct StandIn {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    _tasks: JoinSet<()>,
}

impl StandIn {
    /// What `answer` gives is sent as it is, and the connection closed; an empty one is never answered. Its second
    /// argument is the address of this server.
    pub async fn start(answer: impl Fn(&Request, &str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let (here, seen, answer) = (address.clone(), requests.clone(), Arc::new(answer));
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (here, seen, answer) = (here.clone(), seen.clone(), answer.clone());
                open.spawn(async move { talk(stream, &seen, |request| answer(request, &here)).await });
            }
        });
        Self { address, requests, _tasks: tasks }
    }

    pub fn answer(status: &str, headers: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("the requests").clone()
    }
}

async fn talk(mut stream: TcpStream, seen: &Mutex<Vec<Request>>, answer: impl Fn(&Request) -> String) {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        if stream.read_buf(&mut bytes).await.is_ok_and(|read| read == 0) {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let head = text[..end].to_owned();
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            break (head, end + 4 + length.unwrap_or(0));
        }
    };
    while bytes.len() < length {
        if stream.read_buf(&mut bytes).await.is_ok_and(|read| read == 0) {
            return;
        }
    }
    let mut words = head.split(' ');
    let (method, path) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let body = String::from_utf8_lossy(&bytes[head.len() + 4..]).into_owned();
    let request = Request { method, path, head, body };
    seen.lock().expect("the requests").push(request.clone());
    let answer = answer(&request);
    if answer.is_empty() {
        std::future::pending::<()>().await;
    }
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}
