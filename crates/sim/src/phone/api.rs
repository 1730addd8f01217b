//! The companies' APIs on a loopback port, as strict as they are: who asks is checked, what is not known is refused, and
//! what is set stays set. What each company's requests look like is in its `rest.rs`.

use super::{
    Account, Callee, Dial, Habit, Order, Outbound, Shelf, Status,
    door::{Done, Door},
    unique,
    verb::Callback,
};
use crate::{
    clock,
    http::{Request, Response},
    plivo, telnyx, twilio,
    twilio::messages::{Mood, Sent, Texts},
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
};

/// A company's API. Dropping it closes it.
#[derive(Debug)]
pub struct Api {
    door: Door,
    desk: Arc<Desk>,
}

/// What the API does with the next request, in place of what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This status, before anything is done.
    Status(u16),
    /// This status, after it was done.
    StatusAfter(u16),
    /// It is done, and the connection is closed without a word.
    Drop,
    /// It is done, and never answered.
    Hang,
}

/// A number or an application, with the settings that were made of it, under the company's own names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    pub id: String,
    pub settings: Map<String, Value>,
}

impl Thing {
    /// A setting as text; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.settings.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// One change of a number's or an application's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub id: String,
    /// None: it was made.
    pub before: Option<Map<String, Value>>,
    pub after: Map<String, Value>,
}

#[derive(Debug)]
pub(crate) struct Desk {
    pub account: Account,
    state: Mutex<State>,
    pub shelf: Shelf,
    changed: Notify,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub calls: BTreeMap<String, mpsc::Sender<Order>>,
    pub numbers: Vec<Thing>,
    pub applications: Vec<Thing>,
    pub changes: Vec<Change>,
    pub texts: Texts,
    faults: VecDeque<Fault>,
    placed: VecDeque<Dial>,
    answers: VecDeque<String>,
    callees: VecDeque<Callee>,
    connect_to: Option<SocketAddr>,
    habit: Habit,
    made: u64,
}

/// What the server wants of a call that it places.
pub(crate) struct Wanted {
    pub from: String,
    pub to: String,
    pub answer: Callback,
    pub status: Option<(Callback, Vec<String>)>,
    pub machines: Option<Machines>,
    /// What a machine is called here, unless a test says otherwise.
    pub human: &'static str,
}

/// Who or what answers is to be found out.
pub(crate) struct Machines {
    /// Where that is told while the call goes on; none: it is found out before the webhook is asked.
    pub told: Option<Callback>,
}

impl Api {
    /// Opens the API of this account's company, with one number, `+14155550100`, on a free port of loopback.
    pub async fn listen(account: impl Into<Account>) -> io::Result<Self> {
        Self::listen_at(account, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same at this address.
    pub async fn listen_at(account: impl Into<Account>, at: SocketAddr) -> io::Result<Self> {
        let account = account.into();
        let listener = TcpListener::bind(at).await?;
        let wants = match &account {
            Account::Twilio(account) => Some(account.basic()),
            Account::Plivo(account) => Some(account.basic()),
            Account::Telnyx(_) => None,
        };
        let shelf = Shelf::at(format!("http://{}", listener.local_addr()?), wants);
        let mut state = State::default();
        match &account {
            Account::Twilio(_) => twilio::rest::furnish(&mut state),
            Account::Plivo(_) => plivo::rest::furnish(&mut state),
            Account::Telnyx(account) => telnyx::rest::furnish(account, &mut state),
        }
        let desk = Arc::new(Desk { account, state: Mutex::new(state), shelf, changed: Notify::new() });
        let asked = Arc::clone(&desk);
        let door = Door::on(listener, move |request| asked.answer(request))?;
        Ok(Self { door, desk })
    }

    /// What the server is told to take for the company's API: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.door.url()
    }

    /// What the API is asked about this call from now on, for [`Dial::orders`].
    pub fn orders(&self, call: &str) -> mpsc::Receiver<Order> {
        let (sender, receiver) = mpsc::channel(4);
        self.desk.lock().calls.insert(call.to_owned(), sender);
        receiver
    }

    /// The call with everything of this API: what it is ordered, and where its recordings are.
    #[must_use]
    pub fn wire(&self, dial: Dial) -> Dial {
        let orders = Some(self.orders(&dial.sids.call));
        Dial { orders, shelf: Some(self.desk.shelf.clone()), ..dial }
    }

    /// Where this company's recordings are.
    pub fn shelf(&self) -> Shelf {
        self.desk.shelf.clone()
    }

    /// The calls that the server places go to this server, wherever its addresses point.
    pub fn connect_to(&self, address: SocketAddr) {
        self.desk.lock().connect_to = Some(address);
    }

    /// How the status of the calls placed from now on is told.
    pub fn tells(&self, habit: Habit) {
        self.desk.lock().habit = habit;
    }

    /// Who or what answers the next calls that ask for it, in the company's words; those after them people.
    pub fn answers(&self, by: impl IntoIterator<Item = &'static str>) {
        self.desk.lock().answers.extend(by.into_iter().map(str::to_owned));
    }

    /// Whether the next calls that the server places are taken, one after another; those after them are.
    pub fn takes(&self, callees: impl IntoIterator<Item = Callee>) {
        self.desk.lock().callees.extend(callees);
    }

    /// Waits for the next call that the server places; dial it to have it answered.
    pub async fn placed(&self) -> Dial {
        loop {
            let changed = self.desk.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(dial) = self.desk.lock().placed.pop_front() {
                return dial;
            }
            changed.await;
        }
    }

    /// What goes wrong with the next requests, one after another.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.desk.lock().faults.extend(faults);
    }

    /// How the next texts are treated, one after another; those after them are taken.
    pub fn feels(&self, moods: impl IntoIterator<Item = Mood>) {
        self.desk.lock().texts.moods.extend(moods);
    }

    /// This number has said STOP.
    pub fn stop(&self, number: &str) {
        self.desk.lock().texts.stopped.insert(number.to_owned());
    }

    /// Every text that was taken so far.
    pub fn texts(&self) -> Vec<Sent> {
        self.desk.lock().texts.sent.clone()
    }

    /// The account's numbers as they are set now.
    pub fn numbers(&self) -> Vec<Thing> {
        self.desk.lock().numbers.clone()
    }

    /// The account's applications as they are set now; Twilio's numbers do without.
    pub fn applications(&self) -> Vec<Thing> {
        self.desk.lock().applications.clone()
    }

    /// Sets this of a number or an application, as its owner does in the company's console.
    pub fn console(&self, id: &str, set: &[(&str, Value)]) {
        let mut state = self.desk.lock();
        let State { numbers, applications, .. } = &mut *state;
        let thing = numbers.iter_mut().chain(applications).find(|thing| thing.id == id);
        thing.expect("there is one of this name").settings.extend(settings(set));
    }

    /// Makes an application, as the account's owner does in the company's console; its name.
    pub fn console_makes(&self, set: &[(&str, Value)]) -> String {
        self.desk.lock().make(settings(set)).id
    }

    /// Every setting that was changed so far, before and after.
    pub fn changes(&self) -> Vec<Change> {
        self.desk.lock().changes.clone()
    }

    /// Every request so far, with the status that it was answered; 0 where there was no answer.
    pub fn log(&self) -> Vec<(Request, u16)> {
        self.door.log()
    }
}

impl Desk {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }

    fn answer(&self, request: &Request) -> Done {
        if self.shelf.has(&request.target) {
            return self.shelf.answer(request);
        }
        let fault = self.lock().faults.pop_front();
        let wrong =
            |status| Response { status, headers: Vec::new(), body: b"a failure was asked for".to_vec() };
        if let Some(Fault::Status(status)) = fault {
            return Done::Answer(wrong(status));
        }
        self.lock().texts.now = clock::unix_seconds();
        let done = match &self.account {
            Account::Twilio(account) => twilio::rest::answer(account, &mut self.lock(), request),
            Account::Plivo(account) => plivo::rest::answer(account, &mut self.lock(), request),
            Account::Telnyx(account) => telnyx::rest::answer(account, &mut self.lock(), request),
        };
        let mut state = self.lock();
        for dial in &mut state.placed {
            dial.shelf.get_or_insert_with(|| self.shelf.clone());
        }
        drop(state);
        self.changed.notify_waiters();
        match fault {
            None | Some(Fault::Status(_)) => done,
            Some(Fault::StatusAfter(status)) => Done::Answer(wrong(status)),
            Some(Fault::Drop) => Done::Drop,
            Some(Fault::Hang) => Done::Hang,
        }
    }
}

impl State {
    /// Takes an order; false where the call is over or never was.
    pub fn order(&mut self, call: &str, order: Order) -> bool {
        let taken = self.calls.get(call).is_some_and(|call| call.try_send(order).is_ok());
        if !taken {
            self.calls.remove(call);
        }
        taken
    }

    pub fn is_live(&self, call: &str) -> bool {
        self.calls.get(call).is_some_and(|call| !call.is_closed())
    }

    /// Places a call; its name, and the name of the request.
    pub fn place(&mut self, account: &Account, wanted: Wanted) -> (String, String) {
        let mut dial = Dial::of(account.carrier(), wanted.answer.url);
        dial.post = wanted.answer.post;
        (dial.from, dial.to) = (wanted.from, wanted.to);
        dial.connect_to = self.connect_to;
        dial.status = wanted.status.map(|(callback, events)| Status { callback, events, habit: self.habit });
        let request = super::uuid(unique(), 7);
        let by = || self.answers.pop_front().unwrap_or_else(|| wanted.human.to_owned());
        let answered_by = wanted.machines.is_some().then(by);
        dial.outbound = Some(Outbound {
            request: request.clone(),
            answered_by,
            amd: wanted.machines.and_then(|machines| machines.told),
            callee: self.callees.pop_front().unwrap_or_default(),
        });
        let (sender, receiver) = mpsc::channel(4);
        let call = dial.sids.call.clone();
        self.calls.insert(call.clone(), sender);
        dial.orders = Some(receiver);
        self.placed.push_back(dial);
        (call, request)
    }

    /// Changes settings of one of these, and keeps both states; none: there is none of this name.
    pub fn set(
        things: &mut [Thing],
        changes: &mut Vec<Change>,
        id: &str,
        to: Map<String, Value>,
    ) -> Option<Thing> {
        let thing = things.iter_mut().find(|thing| thing.id == id)?;
        let before = thing.settings.clone();
        thing.settings.extend(to);
        changes.push(Change { id: id.to_owned(), before: Some(before), after: thing.settings.clone() });
        Some(thing.clone())
    }

    /// Makes an application with these settings; its name.
    pub fn make(&mut self, settings: Map<String, Value>) -> Thing {
        self.made += 1;
        let id = format!("2046859913093{:04}", self.made);
        self.changes.push(Change { id: id.clone(), before: None, after: settings.clone() });
        self.applications.push(Thing { id, settings });
        self.applications.last().expect("it was pushed just now").clone()
    }

    /// Takes a text; the status with which it is refused, or what is done after it was taken.
    pub fn text(
        &mut self,
        id: String,
        from: String,
        to: String,
        body: String,
        report: String,
    ) -> Result<Mood, u16> {
        let mood = self.texts.moods.pop_front().unwrap_or(Mood::Take);
        match mood {
            Mood::Busy => return Err(429),
            Mood::Fail => return Err(500),
            Mood::Refuse(_) => return Err(400),
            Mood::Take | Mood::FailAfterTaking | Mood::Drop | Mood::Hang => {}
        }
        let created = twilio::messages::rfc_2822(self.texts.now);
        self.texts.sent.push(Sent { sid: id, from, to, body, created, report });
        Ok(mood)
    }
}

/// What becomes of a text's answer.
pub(crate) fn mooded(mood: Mood, answer: Response) -> Done {
    match mood {
        Mood::FailAfterTaking => Done::Answer(Response { status: 500, ..Response::default() }),
        Mood::Drop => Done::Drop,
        Mood::Hang => Done::Hang,
        Mood::Take | Mood::Busy | Mood::Fail | Mood::Refuse(_) => Done::Answer(answer),
    }
}

/// The settings of JSON, as far as they are known.
pub(crate) fn settings(pairs: &[(&str, Value)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// A JSON object with no other fields than these; an error names the one that is not known.
pub(crate) fn object(request: &Request, known: &[&str]) -> Result<Map<String, Value>, String> {
    let media_type = request.header("content-type").unwrap_or_default();
    if media_type.split(';').next().unwrap_or_default().trim() != "application/json" {
        return Err(format!("the content type is {media_type:?}, not application/json"));
    }
    let value: Value = serde_json::from_slice(&request.body).map_err(|why| why.to_string())?;
    let Value::Object(fields) = value else { return Err("the body is no object".into()) };
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(other) => Err(format!("{other} is not a parameter")),
        None => Ok(fields),
    }
}

/// An absolute address of the web.
pub(crate) fn is_address(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, rest)| matches!(scheme, "http" | "https") && !rest.is_empty())
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
