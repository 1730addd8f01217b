//! A loopback door behind which a stand-in answers, one request a connection, and a log of what was asked.

use crate::{
    http::{self, Request, Response},
    loopback::{self, Loopback},
};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a connection.
#[derive(Debug)]
pub enum Done {
    Answer(Response),
    /// It is closed without a word.
    Drop,
    /// It is kept, without a word.
    Hang,
}

/// Every request so far, with the status that it was answered; 0 where there was no answer.
pub type Log = Arc<Mutex<Vec<(Request, u16)>>>;

/// An open door. Dropping it closes it.
#[derive(Debug)]
pub struct Door {
    pub address: SocketAddr,
    log: Log,
    _loopback: Loopback,
}

impl Door {
    /// Opens one on a free port of loopback.
    pub async fn open(answer: impl Fn(&Request) -> Done + Send + Sync + 'static) -> io::Result<Self> {
        let listener = loopback::bind().await?;
        Self::on(listener, answer)
    }

    /// Opens one on what is bound already.
    pub fn on(
        listener: TcpListener,
        answer: impl Fn(&Request) -> Done + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let log = Log::default();
        let (answer, kept) = (Arc::new(answer), Arc::clone(&log));
        let loopback = Loopback::on(listener, move |stream| {
            let (answer, log) = (Arc::clone(&answer), Arc::clone(&kept));
            async move { serve(stream, &*answer, &log).await }
        })?;
        Ok(Self { address: loopback.address(), log, _loopback: loopback })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, with the status that it was answered; 0 where there was no answer.
    pub fn log(&self) -> Vec<(Request, u16)> {
        self.log.lock().expect("nobody panics while holding it").clone()
    }
}

async fn serve(mut stream: TcpStream, answer: &(impl Fn(&Request) -> Done + Sync), log: &Log) {
    let Ok(request) = http::read_request(&mut stream).await else { return };
    let done = answer(&request);
    let status = match &done {
        Done::Answer(response) => response.status,
        Done::Drop | Done::Hang => 0,
    };
    log.lock().expect("nobody panics while holding it").push((request, status));
    match done {
        // A visitor who left does not want it.
        Done::Answer(response) => {
            let _ = http::write_response(&mut stream, &response).await;
        }
        Done::Drop => {}
        Done::Hang => std::future::pending().await,
    }
}
