//! A server that answers one request after another as a test wants it, and takes streams.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use sim::http::{self, Request, Response};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

pub struct Server {
    listener: TcpListener,
    pub address: SocketAddr,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("it is bound");
        Self { listener, address }
    }

    /// Answers one request, and gives back what it was.
    pub async fn answer(&self, kind: &str, body: impl AsRef<[u8]>) -> Request {
        let (mut stream, _) = self.listener.accept().await.expect("somebody asks");
        let request = http::read_request(&mut stream).await.expect("a request");
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        let response = Response { status: 200, headers, body: body.as_ref().to_vec() };
        http::write_response(&mut stream, &response).await.expect("it is still there");
        request
    }

    pub async fn document(&self, inner: &str) -> Request {
        self.answer("application/xml", format!("<Response>{inner}</Response>")).await
    }

    /// Takes a request and never answers it; the connection, so that it stays.
    pub async fn ignore(&self) -> (Request, TcpStream) {
        let (mut stream, _) = self.listener.accept().await.expect("somebody asks");
        let request = http::read_request(&mut stream).await.expect("a request");
        (request, stream)
    }

    pub async fn stream(&self) -> Stream {
        let (stream, _) = self.listener.accept().await.expect("the stream is opened");
        Stream(accept_async(stream).await.expect("an upgrade"))
    }

    /// Takes an upgrade and looks at it.
    pub async fn upgrade(&self) -> Request {
        let (mut stream, _) = self.listener.accept().await.expect("the stream is opened");
        let request = http::read_request(&mut stream).await.expect("an upgrade");
        let forbidden = Response { status: 403, ..Response::default() };
        http::write_response(&mut stream, &forbidden).await.expect("it is still there");
        request
    }
}

pub struct Stream(WebSocketStream<TcpStream>);

impl Stream {
    pub async fn next(&mut self) -> Value {
        loop {
            match self.0.next().await.expect("it is open").expect("it is whole") {
                Message::Text(text) => return serde_json::from_str(&text).expect("companies send JSON"),
                Message::Close(_) => return json!({"event": "closed"}),
                _ => {}
            }
        }
    }

    pub async fn until(&mut self, event: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["event"] == event {
                return message;
            }
            assert_ne!(message["event"], "closed", "{event} never came");
        }
    }

    /// The events till this one, without media.
    pub async fn events_until(&mut self, event: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let message = self.next().await;
            let is_last = message["event"] == event;
            if message["event"] != "media" {
                events.push(message);
            }
            if is_last {
                return events;
            }
        }
    }

    pub async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("it is open");
    }

    pub async fn close(mut self) {
        self.0.close(None).await.expect("it is open");
        while self.0.next().await.is_some() {}
    }
}

/// The fields of a form.
pub fn fields(request: &Request) -> Vec<(String, String)> {
    http::read_form(&String::from_utf8_lossy(&request.body)).expect("a form")
}

pub fn field(request: &Request, name: &str) -> String {
    let found = fields(request).into_iter().find(|(n, _)| n == name);
    found.unwrap_or_else(|| panic!("{name} is not in {request:?}")).1
}
