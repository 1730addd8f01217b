//! The side of the wire that is Google's: Calendar v3 and OAuth 2.0 on a loopback port, which remember what Google
//! remembers and refuse what Google refuses.
//!
//! ```text
//!   HTTP ── door.rs ── fault.rs (what goes wrong)
//!              │
//!           google.rs ── method.rs (which method, with which query), schema.rs (what Google says of it)
//!              │
//!              ├── oauth.rs (consent, tokens) ── grant.rs (who agreed to what) ── assertion.rs (service accounts)
//!              └── events.rs, listing.rs, freebusy.rs, directory.rs ── shelf.rs (what stands in a calendar)
//!                     moment.rs (times)  series.rs (repetitions)  body.rs, selection.rs (what a request may say)
//! ```
//!
//! Sources: the discovery document of revision 20261030 (`fixtures/google/calendar_schemas.json`), Google's guides on
//! errors, synchronisation, versions and repeated events, and what Google's own Python libraries send and read, which
//! `tests/google` runs against this. Where Google overlooks a fault (an unknown field or query parameter, an
//! authorisation request without `state` or without an S256 challenge), this refuses it and counts a mistake.

mod answer;
mod assertion;
mod body;
mod directory;
mod door;
mod events;
mod fault;
mod freebusy;
mod grant;
mod listing;
mod method;
mod moment;
mod oauth;
pub mod schema;
mod selection;
mod series;
mod shelf;

pub use fault::{Consent, Fault, FreeBusyFault, Habits};
pub use grant::{Client, Tokens};
pub use method::Method;
pub use shelf::Role;

use crate::{
    http,
    loopback::{self, Loopback},
};
use answer::{Answer, Refusal};
use fault::Plan;
use grant::Grants;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shelf::Shelf;
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::Notify;

/// The service. Clones are the same service; dropping the last closes it.
#[derive(Clone, Debug)]
pub struct Google {
    loopback: Loopback,
    shared: Arc<Shared>,
}

/// What there is when the service starts.
#[derive(Clone, Debug)]
pub struct World {
    /// Who agrees on the consent page; the id of their main calendar.
    pub owner: String,
    /// IANA name of the zone of the owner and of their main calendar.
    pub zone: String,
    pub client: Client,
    pub habits: Habits,
}

impl Default for World {
    fn default() -> Self {
        Self {
            owner: "owner@example.com".into(),
            zone: "Europe/Berlin".into(),
            client: Client::default(),
            habits: Habits::default(),
        }
    }
}

/// One request, and what became of it.
#[derive(Clone, Debug)]
pub struct Logged {
    /// From 0, in the order of arriving.
    pub number: usize,
    /// None where no method has this path.
    pub method: Option<Method>,
    pub request: http::Request,
    /// It was carried out or refused on its merits, even where the answer was lost.
    pub done: bool,
    /// The status that was sent; none as long as there is none, or where the connection was dropped instead.
    pub status: Option<u16>,
    /// Everything about it is over.
    pub over: bool,
}

impl Google {
    /// Starts the service on a free port of 127.0.0.1.
    pub async fn listen(world: World) -> io::Result<Self> {
        let listener = loopback::bind().await?;
        let shared = Arc::new(Shared::new(listener.local_addr()?, world));
        let host = Arc::clone(&shared);
        let loopback = Loopback::on(listener, move |stream| door::serve(stream, Arc::clone(&host)))?;
        Ok(Self { loopback, shared })
    }

    pub fn address(&self) -> SocketAddr {
        self.loopback.address()
    }

    /// `http://127.0.0.1:PORT`, in place of `https://www.googleapis.com`, `https://accounts.google.com` and
    /// `https://oauth2.googleapis.com` alike: below it are `/calendar/v3/…`, `/o/oauth2/v2/auth`, `/token`, `/revoke`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// What time it is here: the machine's, and what was `pass`ed.
    pub fn now(&self) -> Timestamp {
        self.lock().now()
    }

    /// Lets this much time pass at once: tokens expire.
    pub fn pass(&self, time: Duration) {
        let time = SignedDuration::try_from(time).expect("no test waits for ages");
        self.lock().ahead += time;
    }

    // What the owner and the operator of the account do.

    /// Registers one more address to which the consent page may send a browser back.
    pub fn register(&self, redirect: &str) {
        self.lock().grants.client.redirects.insert(redirect.to_owned());
    }

    /// From now on the owner answers the consent page so.
    pub fn consent(&self, consent: Consent) {
        self.lock().grants.consent = consent;
    }

    /// Changes how the service behaves.
    pub fn change_habits(&self, change: impl FnOnce(&mut Habits)) {
        change(&mut self.lock().habits);
    }

    /// What the token endpoint would have given for the owner's consent to these scopes (whole addresses).
    pub fn grant(&self, scopes: &[&str]) -> Tokens {
        let state = &mut *self.lock();
        let (now, lifetime) = (state.now(), state.habits.lifetime);
        let owner = state.owner.clone();
        state.grants.agree(&owner, scopes.iter().map(|s| (*s).to_owned()).collect(), now, lifetime)
    }

    /// Every access token given so far is expired; refreshing works.
    pub fn expire_tokens(&self) {
        self.lock().grants.expire();
    }

    /// The owner takes every consent back: no token given so far works, nor does refreshing.
    pub fn revoke_grants(&self) {
        self.lock().grants.revoke_all();
    }

    /// Makes a service account with a calendar of its own, and gives its key file as the console would download it, but
    /// with this service's token address.
    pub fn service_account(&self, email: &str) -> Value {
        let token_address = format!("{}/token", self.url());
        let state = &mut *self.lock();
        let zone = "UTC";
        state.shelves.insert(email.to_owned(), Shelf::new(email, email, zone, email, Role::Owner));
        state.grants.accounts.add(email, &token_address)
    }

    /// What `tests/google/vendor.py` reads to be a client of this service, which is Google's own Python: with a service
    /// account of its own; files go to `folder`.
    pub fn brief(&self, folder: &Path) -> Value {
        let service_account = self.service_account("bot@sim.iam.gserviceaccount.com");
        let client = &self.lock().grants.client;
        serde_json::json!({
            "url": self.url(), "client_id": client.id, "client_secret": client.secret,
            "redirect_uri": client.redirects.first(), "service_account": service_account, "folder": folder,
            "schemas": concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/google/calendar_schemas.json"),
        })
    }

    /// A Workspace administrator lets this service account speak for the owner, with these scopes.
    pub fn delegate(&self, service_account: &str, scopes: &[&str]) {
        let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
        self.lock().grants.accounts.delegate(service_account, scopes);
    }

    /// Makes a calendar in which the owner has this role.
    pub fn add_calendar(&self, id: &str, summary: &str, zone: &str, role: Role) {
        let state = &mut *self.lock();
        let owner = state.owner.clone();
        state.shelves.insert(id.to_owned(), Shelf::new(id, summary, zone, &owner, role));
    }

    /// Gives an account, such as a service account, this role in a calendar.
    pub fn share(&self, calendar: &str, account: &str, role: Role) {
        self.lock().shelf(calendar).roles.insert(account.to_owned(), role);
    }

    // What stands, and what people do to it in Google's own pages. `primary` is the owner's main calendar.

    /// Somebody makes an event by hand; gives its id. `event` is the body of an insert.
    pub fn put_in(&self, calendar: &str, event: &Value) -> String {
        let state = &mut *self.lock();
        let now = state.now();
        let owner = state.owner.clone();
        let made = state.shelf(calendar).insert(event, now, &owner);
        let made = made.unwrap_or_else(|refusal| panic!("the test's own event is wrong: {refusal:?}"));
        made["id"].as_str().expect("an event has an id").to_owned()
    }

    /// Somebody changes an event by hand. `change` is the body of a patch.
    pub fn change(&self, calendar: &str, id: &str, change: &Value) {
        let state = &mut *self.lock();
        let now = state.now();
        let changed = state.shelf(calendar).patch(id, change, now, false);
        changed.unwrap_or_else(|refusal| panic!("the test's own change is wrong: {refusal:?}"));
    }

    /// Somebody deletes an event by hand.
    pub fn take_out(&self, calendar: &str, id: &str) {
        let state = &mut *self.lock();
        let now = state.now();
        let deleted = state.shelf(calendar).delete(id, now);
        deleted.unwrap_or_else(|refusal| panic!("the test's own deletion is wrong: {refusal:?}"));
    }

    /// Somebody makes this event by hand just before the `nth` request (from 1, counted from the start of the service)
    /// of this method is carried out.
    pub fn put_in_before(&self, method: Method, nth: usize, calendar: &str, event: Value) {
        self.lock().surprises.push(Surprise { method, nth, calendar: calendar.to_owned(), event });
    }

    /// Every event that is not cancelled, series as one, in order of their ids.
    pub fn stands(&self, calendar: &str) -> Vec<Value> {
        self.lock().shelf(calendar).standing()
    }

    /// The event of this id, cancelled or not.
    pub fn event(&self, calendar: &str, id: &str) -> Option<Value> {
        self.lock().shelf(calendar).find(id)
    }

    // What goes wrong.

    /// The next `times` requests of this method, or of any where none is given, meet this fault. Faults queue: each
    /// request meets the first that fits.
    pub fn fail(&self, method: impl Into<Option<Method>>, times: usize, fault: Fault) {
        self.lock().plans.push(Plan { method: method.into(), times, fault });
    }

    /// No request from now on meets a fault that was ordered before.
    pub fn heal(&self) {
        self.lock().plans.clear();
    }

    /// Lets every request go on that a `Fault::HoldBefore` or `HoldAfter` holds now.
    pub fn release(&self) {
        self.lock().released += 1;
        self.shared.changed.notify_waiters();
    }

    /// Free/busy of this calendar (by the id as asked) fails so, inside an answer of status 200; none: no more.
    pub fn fail_freebusy(&self, calendar: &str, fault: Option<FreeBusyFault>) {
        let faults = &mut self.lock().freebusy_faults;
        match fault {
            Some(fault) => faults.insert(calendar.to_owned(), fault),
            None => faults.remove(calendar),
        };
    }

    /// Sync tokens given so far are too old: 410.
    pub fn forget_syncs(&self) {
        self.lock().listings.syncs.clear();
    }

    // What was asked.

    /// Every request so far.
    pub fn log(&self) -> Vec<Logged> {
        self.lock().log.clone()
    }

    /// How many requests of this method arrived.
    pub fn count(&self, method: Method) -> usize {
        self.lock().count(method)
    }

    /// What a client should never send, in words: each was refused, or overlooked as Google would.
    pub fn mistakes(&self) -> Vec<String> {
        self.lock().mistakes.clone()
    }

    /// Waits till `is` holds of the log; looks whenever a request arrives, is carried out or answered.
    pub async fn until(&self, is: impl Fn(&[Logged]) -> bool) {
        self.shared.until(|state| is(&state.log)).await;
    }

    /// Waits till this many requests of this method have arrived.
    pub async fn asked(&self, method: Method, times: usize) {
        self.shared.until(|state| state.count(method) >= times).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

/// An event that somebody makes at the worst moment.
#[derive(Debug)]
struct Surprise {
    method: Method,
    nth: usize,
    calendar: String,
    event: Value,
}

/// Everything that the service knows.
#[derive(Debug)]
struct State {
    owner: String,
    zone: String,
    habits: Habits,
    ahead: SignedDuration,
    grants: Grants,
    shelves: BTreeMap<String, Shelf>,
    listings: listing::Listings,
    freebusy_faults: BTreeMap<String, FreeBusyFault>,
    surprises: Vec<Surprise>,
    plans: Vec<Plan>,
    released: u64,
    log: Vec<Logged>,
    mistakes: Vec<String>,
}

impl Shared {
    fn new(address: SocketAddr, world: World) -> Self {
        let main = Shelf::new(&world.owner, &world.owner, &world.zone, &world.owner, Role::Owner);
        let state = State {
            shelves: BTreeMap::from([(world.owner.clone(), main)]),
            owner: world.owner,
            zone: world.zone,
            habits: world.habits,
            ahead: SignedDuration::ZERO,
            grants: Grants::new(world.client, address.port()),
            listings: listing::Listings::default(),
            freebusy_faults: BTreeMap::new(),
            surprises: Vec::new(),
            plans: Vec::new(),
            released: 0,
            log: Vec::new(),
            mistakes: Vec::new(),
        };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }

    async fn until(&self, is: impl Fn(&State) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if is(&self.lock()) {
                return;
            }
            changed.await;
        }
    }
}

impl State {
    #[expect(clippy::disallowed_methods, reason = "the service's one clock, which a test moves by `pass`")]
    fn now(&self) -> Timestamp {
        Timestamp::now() + self.ahead
    }

    fn count(&self, method: Method) -> usize {
        self.log.iter().filter(|logged| logged.method == Some(method)).count()
    }

    /// A calendar by the id that a test gives.
    fn shelf(&mut self, id: &str) -> &mut Shelf {
        let id = if id == "primary" { &self.owner } else { id };
        self.shelves.get_mut(id).unwrap_or_else(|| panic!("the test made no calendar {id}"))
    }

    fn mistake(&mut self, what: impl Into<String>) {
        self.mistakes.push(what.into());
    }

    /// Carries the request out.
    fn answer(&mut self, number: usize) -> Answer {
        let request = self.log[number].request.clone();
        let Some(method) = self.log[number].method else {
            self.mistake(format!("nothing answers {} {}", request.method, request.target));
            return Answer::lost_page();
        };
        let nth = self.log[..=number].iter().filter(|logged| logged.method == Some(method)).count();
        let now = self.now();
        while let Some(index) = self.surprises.iter().position(|s| s.method == method && s.nth == nth) {
            let surprise = self.surprises.remove(index);
            let owner = self.owner.clone();
            let made = self.shelf(&surprise.calendar).insert(&surprise.event, now, &owner);
            made.unwrap_or_else(|refusal| panic!("the test's own event is wrong: {refusal:?}"));
        }
        let answer = match method {
            Method::Authorize => return self.authorize(&request, now),
            Method::Token => return self.token(&request, now),
            Method::Revoke => return self.revoke(&request),
            Method::FreeBusyQuery
            | Method::EventsInsert
            | Method::EventsGet
            | Method::EventsPatch
            | Method::EventsUpdate
            | Method::EventsDelete
            | Method::EventsList
            | Method::EventsInstances
            | Method::CalendarListList
            | Method::CalendarListGet
            | Method::CalendarsGet
            | Method::SettingsGet => self.calendar(method, &request, now),
        };
        let answer = answer.unwrap_or_else(|refusal| {
            if refusal.is_a_mistake() {
                self.mistake(format!("{} {}: {}", request.method, request.target, refusal.message));
            }
            refusal.into()
        });
        schema::hold(method, &answer);
        answer
    }

    fn calendar(
        &mut self,
        method: Method,
        request: &http::Request,
        now: Timestamp,
    ) -> Result<Answer, Refusal> {
        let who = self.grants.admit(method, request, now)?;
        let asked = method::Asked::read(method, request)?;
        let answer = match method {
            Method::FreeBusyQuery => self.freebusy(request, &who),
            Method::EventsInsert
            | Method::EventsGet
            | Method::EventsPatch
            | Method::EventsUpdate
            | Method::EventsDelete => self.one_event(method, &asked, request, &who, now),
            Method::EventsList | Method::EventsInstances => self.list_events(&asked, &who),
            Method::CalendarListList => self.list_calendars(&asked, &who),
            Method::CalendarListGet => self.listed_calendar(&asked, &who),
            Method::CalendarsGet => self.one_calendar(&asked, &who),
            Method::SettingsGet => self.setting(&asked),
            Method::Authorize | Method::Token | Method::Revoke => unreachable!("they are answered before"),
        }?;
        match (&asked.fields, schema::answer_of(method)) {
            (Some(fields), Some(name)) => selection::select(fields, name, answer),
            _ => Ok(answer),
        }
    }
}
