//! The wire to Chromium: its `DevTools` protocol, <https://chromedevtools.github.io/devtools-protocol/>, over one WebSocket.

use super::chromium::Chromium;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::JoinSet,
};
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// As long as the browser may take to answer anything.
const PATIENCE: Duration = Duration::from_secs(90);
/// As many events or questions as may wait.
const WAITING: usize = 4_096;

/// A connection to a browser. Dropping the last clone closes it.
#[derive(Clone)]
pub struct Cdp {
    send: mpsc::Sender<Message>,
    next: Arc<AtomicU64>,
    waiting: Arc<Mutex<Waiting>>,
    _tasks: Arc<JoinSet<()>>,
}

#[derive(Default)]
struct Waiting {
    answers: HashMap<u64, oneshot::Sender<Result<Value, String>>>,
    /// Who is told what happens in a session.
    listeners: HashMap<String, mpsc::Sender<Event>>,
}

/// What happened.
pub struct Event {
    pub method: String,
    pub params: Value,
}

impl Cdp {
    pub async fn connect(browser: &Chromium) -> Self {
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let connected = connect_async_with_config(browser.address(), Some(config), true).await;
        let (mut write, mut read) = connected.expect("the browser answers").0.split();
        let (send, mut sending) = mpsc::channel(WAITING);
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Some(message) = sending.recv().await {
                if write.send(message).await.is_err() {
                    return;
                }
            }
        });
        let told = waiting.clone();
        tasks.spawn(async move {
            while let Some(Ok(message)) = read.next().await {
                if let Message::Text(text) = message {
                    lock(&told).hand_on(serde_json::from_str(&text).expect("the browser speaks JSON"));
                }
            }
            *lock(&told) = Waiting::default();
        });
        Self { send, next: Arc::default(), waiting, _tasks: Arc::new(tasks) }
    }

    /// Everything that happens in this session from now on.
    pub fn listen(&self, session: &str) -> mpsc::Receiver<Event> {
        let (listener, events) = mpsc::channel(WAITING);
        lock(&self.waiting).listeners.insert(session.to_owned(), listener);
        events
    }

    /// Asks for something, of the browser or of a session, and fails the test where it is refused.
    pub async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.try_call(session, method, params).await.unwrap_or_else(|why| panic!("{method}: {why}"))
    }

    /// The same; the error is the browser's.
    pub async fn try_call(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, String> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let (answer, answered) = oneshot::channel();
        lock(&self.waiting).answers.insert(id, answer);
        self.send
            .send(Message::text(message.to_string()))
            .await
            .map_err(|_| "the browser is gone".to_owned())?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err("the browser is gone".into()),
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }
}

impl Waiting {
    fn hand_on(&mut self, mut message: Value) {
        if let Some(id) = message["id"].as_u64() {
            let result = match message.get("error") {
                Some(error) => Err(error["message"].as_str().unwrap_or("refused").to_owned()),
                None => Ok(message["result"].take()),
            };
            let _given_up = self.answers.remove(&id).map(|answer| answer.send(result));
        } else if let Some(listener) = message["sessionId"].as_str().and_then(|id| self.listeners.get(id)) {
            let method = message["method"].as_str().unwrap_or_default().to_owned();
            let event = Event { method, params: message["params"].take() };
            let full = matches!(listener.try_send(event), Err(TrySendError::Full(_)));
            assert!(!full, "more happens on a page than anybody takes note of");
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().expect("nobody panics while they hold it")
}
