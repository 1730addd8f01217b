//! The part of Twilio's REST API by which a server steers a call: ending it, and giving it new TwiML. Texts are taken in
//! `messages.rs`.
//!
//! Source: <https://www.twilio.com/docs/voice/api/call-resource>. As strict as the API: HTTP Basic, a form, `Status` or
//! `Twiml` and nothing unknown; a call that is over is 404.

use super::{
    Account, Order, markup,
    messages::{Mood, Sent, Texts},
};
use crate::{
    clock,
    http::{self, Request, Response},
    phone::door::Done,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::json;
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};

/// The API on a loopback port. Dropping it closes it.
#[derive(Debug)]
pub struct Rest {
    address: SocketAddr,
    calls: Calls,
    texts: Arc<Mutex<Texts>>,
    log: Log,
    _task: JoinSet<()>,
}

type Calls = Arc<Mutex<BTreeMap<String, mpsc::Sender<Order>>>>;
type Log = Arc<Mutex<Vec<(Request, u16)>>>;

impl Rest {
    pub async fn listen(account: &Account) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (calls, log) = (Calls::default(), Log::default());
        let texts = Arc::new(Mutex::new(Texts::default()));
        let desk = Desk {
            account: account.clone(),
            calls: Arc::clone(&calls),
            texts: Arc::clone(&texts),
            log: Arc::clone(&log),
        };
        let mut task = JoinSet::new();
        task.spawn(async move {
            let desk = Arc::new(desk);
            let mut visitors = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let desk = Arc::clone(&desk);
                visitors.spawn(async move {
                    if let Ok(request) = http::read_request(&mut stream).await {
                        match desk.answer(request) {
                            Done::Answer(response) => {
                                // A visitor who left does not want it.
                                let _ = http::write_response(&mut stream, &response).await;
                            }
                            Done::Drop => {}
                            Done::Hang => std::future::pending().await,
                        }
                    }
                });
                while visitors.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, calls, texts, log, _task: task })
    }

    /// What `TWILIO_API_URL` is set to: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the API is asked about this call from now on, for [`super::Dial::orders`].
    pub fn orders(&self, call_sid: &str) -> mpsc::Receiver<Order> {
        let (sender, receiver) = mpsc::channel(4);
        self.calls.lock().expect("nobody panics while holding it").insert(call_sid.to_owned(), sender);
        receiver
    }

    /// How the next texts are treated, one after another; those after them are taken.
    pub fn feels(&self, moods: impl IntoIterator<Item = Mood>) {
        self.texts.lock().expect("nobody panics while holding it").moods.extend(moods);
    }

    /// This number has said STOP.
    pub fn stop(&self, number: &str) {
        self.texts.lock().expect("nobody panics while holding it").stopped.insert(number.to_owned());
    }

    /// Every text that was taken so far.
    pub fn texts(&self) -> Vec<Sent> {
        self.texts.lock().expect("nobody panics while holding it").sent.clone()
    }

    /// Every request so far, with the status that it was answered; 0 where there was no answer.
    pub fn log(&self) -> Vec<(Request, u16)> {
        self.log.lock().expect("nobody panics while holding it").clone()
    }
}

struct Desk {
    account: Account,
    calls: Calls,
    texts: Arc<Mutex<Texts>>,
    log: Log,
}

impl Desk {
    fn answer(&self, request: Request) -> Done {
        let done = self.routed(&request).unwrap_or_else(Done::Answer);
        let status = match &done {
            Done::Answer(response) => response.status,
            Done::Drop | Done::Hang => 0,
        };
        self.log.lock().expect("nobody panics while holding it").push((request, status));
        done
    }

    fn routed(&self, request: &Request) -> Result<Done, Response> {
        let expected = format!("{}:{}", self.account.sid, self.account.auth_token);
        let expected = format!("Basic {}", BASE64_STANDARD.encode(expected));
        if request.header("authorization") != Some(&expected) {
            return Err(refuse(401, 20_003, "Authenticate"));
        }
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        if path != format!("/2010-04-01/Accounts/{}/Messages.json", self.account.sid) {
            return self.call(request).map(Done::Answer);
        }
        let mut texts = self.texts.lock().expect("nobody panics while holding it");
        texts.now = clock::unix_seconds();
        match request.method.as_str() {
            "POST" => Ok(texts.post(&self.account, request)),
            "GET" => Ok(Done::Answer(texts.get(&self.account, query))),
            _ => Err(refuse(405, 20_004, "Method not allowed")),
        }
    }

    fn call(&self, request: &Request) -> Result<Response, Response> {
        let prefix = format!("/2010-04-01/Accounts/{}/Calls/", self.account.sid);
        let sid = request
            .target
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_suffix(".json"))
            .filter(|sid| sid.starts_with("CA") && sid.len() == 34)
            .ok_or_else(|| refuse(404, 20_404, "The requested resource was not found"))?;
        if request.method != "POST" {
            return Err(refuse(405, 20_004, "Method not allowed"));
        }
        let media_type = request.header("content-type").unwrap_or_default();
        if media_type.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
            return Err(refuse(415, 20_001, "Unsupported Media Type"));
        }
        let body = String::from_utf8_lossy(&request.body);
        let fields = http::read_form(&body).map_err(|why| refuse(400, 20_001, &why))?;
        let order = match fields.as_slice() {
            [(name, value)] if name == "Status" && value == "completed" => Order::Complete,
            [(name, value)] if name == "Twiml" && value.len() <= 4000 => {
                markup::read(value).map_err(|why| refuse(400, 12_100, &why))?;
                Order::Redirect(value.clone())
            }
            _ => return Err(refuse(400, 20_001, "Status=completed or Twiml is wanted, and nothing else")),
        };
        let completed = order == Order::Complete;
        let mut calls = self.calls.lock().expect("nobody panics while holding it");
        let taken = calls.get(sid).is_some_and(|call| call.try_send(order).is_ok());
        if !taken {
            calls.remove(sid);
            return Err(refuse(404, 20_404, "The requested resource was not found"));
        }
        let status = if completed { "completed" } else { "in-progress" };
        Ok(Response::json(200, &json!({"sid": sid, "account_sid": self.account.sid, "status": status})))
    }
}

pub(super) fn refuse(status: u16, code: u32, message: &str) -> Response {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    Response::json(status, &json!({"code": code, "message": message, "more_info": more, "status": status}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn post(rest: &Rest, account: &Account, sid: &str, form: &str) -> u16 {
        let basic = BASE64_STANDARD.encode(format!("{}:{}", account.sid, account.auth_token));
        let request = Request {
            method: "POST".into(),
            target: format!("/2010-04-01/Accounts/{}/Calls/{sid}.json", account.sid),
            headers: vec![
                ("Authorization".into(), format!("Basic {basic}")),
                ("Content-Type".into(), "application/x-www-form-urlencoded".into()),
            ],
            body: form.into(),
        };
        http::ask(rest.address, &request, Duration::from_secs(5)).await.expect("it answers").status
    }

    #[tokio::test]
    async fn a_call_is_ended_once_and_only_by_its_account() {
        let account = Account::new("secret");
        let rest = Rest::listen(&account).await.expect("loopback");
        let sid = super::super::Sids::invented(7).call;
        let mut orders = rest.orders(&sid);
        assert_eq!(post(&rest, &Account::new("wrong"), &sid, "Status=completed").await, 401);
        assert_eq!(post(&rest, &account, &sid, "Status=finished").await, 400);
        assert_eq!(post(&rest, &account, &sid, "Status=completed&Extra=1").await, 400);
        assert_eq!(post(&rest, &account, &sid, "Status=completed").await, 200);
        assert_eq!(orders.recv().await, Some(Order::Complete));
        drop(orders);
        assert_eq!(post(&rest, &account, &sid, "Status=completed").await, 404);
        assert_eq!(rest.log().len(), 5);
    }
}
