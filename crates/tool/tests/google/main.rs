//! Google Calendar as an owner and a caller meet it: our client against the strict stand-in of `sim`, which shares no code
//! with it and counts what a client should never send.

mod consent;
mod files;
mod grants;
mod reading;
mod writing;

use serde_json::{Value, json};
use sim::google::World;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tool::calendar::{
    google::{Account, Addresses, Google, Grant, Pace, Reach, SCOPES, Upload},
    remote::Event,
};
use when::Span;

/// The stand-in, and an account at it.
struct Bench {
    sim: sim::google::Google,
    account: Arc<Account>,
    /// Every grant that was to be stored, unsealed.
    kept: Arc<Mutex<Vec<Grant>>>,
}

impl Bench {
    async fn new() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    async fn with(world: impl FnOnce(&mut World), pace: impl FnOnce(&mut Pace)) -> Self {
        let mut there = World::default();
        world(&mut there);
        let sim = sim::google::Google::listen(there).await.expect("a port");
        let mut reach = reach(&sim);
        pace(&mut reach.pace);
        let grant = token_grant(&sim, &SCOPES);
        Self::of(sim, reach, grant)
    }

    fn of(sim: sim::google::Google, reach: Reach, grant: Grant) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let into = kept.clone();
        let keep = move |sealed: tool::calendar::google::Secret| {
            let into = into.clone();
            let grant = Grant::unseal(sealed.expose()).expect("what was sealed");
            Box::pin(async move {
                into.lock().expect("no panic").push(grant);
                Ok(())
            }) as _
        };
        let account = Arc::new(Account::new(reach, grant, Box::new(keep)));
        Self { sim, account, kept }
    }

    fn calendar(&self, id: &str) -> Google {
        Google::new(self.account.clone(), id).expect("an id")
    }

    fn primary(&self) -> Google {
        self.calendar("primary")
    }

    /// The one event that stands in the main calendar.
    fn only(&self) -> Value {
        let mut standing = self.sim.stands("primary");
        assert_eq!(standing.len(), 1, "{standing:#?}");
        standing.remove(0)
    }

    /// Nothing was sent that Google would refuse, or that this stand-in does not know.
    fn no_mistakes(&self) {
        assert_eq!(self.sim.mistakes(), Vec::<String>::new());
    }
}

fn reach(sim: &sim::google::Google) -> Reach {
    let addresses = Addresses::new(&sim.url(), &sim.url()).expect("addresses");
    let clock = sim.clone();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut reach = Reach::new(http, addresses, Arc::new(move || clock.now()), 7);
    reach.pace.first_wait = Duration::from_millis(2);
    reach
}

/// What Google's own library would have written for the owner's consent.
fn token_file(sim: &sim::google::Google, scopes: &[&str]) -> Value {
    let tokens = sim.grant(scopes);
    let client = sim::google::Client::default();
    let expiry = sim.now() + tokens.lifetime;
    json!({
        "token": tokens.access, "refresh_token": tokens.refresh.expect("offline"),
        "token_uri": "https://oauth2.googleapis.com/token", "client_id": client.id, "client_secret": client.secret,
        "scopes": scopes, "universe_domain": "googleapis.com", "account": "", "expiry": expiry.to_string(),
    })
}

fn token_grant(sim: &sim::google::Google, scopes: &[&str]) -> Grant {
    granted(Upload::read(token_file(sim, scopes).to_string().as_bytes(), None).expect("a token"))
}

fn granted(upload: Upload) -> Grant {
    match upload {
        Upload::Grant(grant) => grant,
        Upload::Client(client) => panic!("a client, not a grant: {client:?}"),
    }
}

fn span(from: &str, to: &str) -> Span {
    Span { from: from.parse().expect("a time"), to: to.parse().expect("a time") }
}

/// Tuesday, 1 December 2026, at this time in Berlin.
fn berlin(from: &str, to: &str) -> Span {
    span(&format!("2026-12-01T{from}:00+01:00"), &format!("2026-12-01T{to}:00+01:00"))
}

fn haircut() -> Event {
    Event {
        id: "a1b2c3d4e5f6a7b8".into(),
        span: berlin("10:00", "10:30"),
        zone: "Europe/Berlin".into(),
        summary: "Haircut: Anna".into(),
        description: "By phone".into(),
        attendees: Vec::new(),
        busy: true,
    }
}

/// The body of an insert by hand, in Berlin.
fn by_hand(summary: &str, from: &str, to: &str) -> Value {
    let at = |time: &str| json!({ "dateTime": format!("2026-12-01T{time}:00+01:00"), "timeZone": "Europe/Berlin" });
    json!({ "summary": summary, "start": at(from), "end": at(to) })
}
