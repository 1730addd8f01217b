//! Sending the calls of a number to us by its carrier's API, and back to where they went before.
//!
//! At Twilio a number has addresses of its own. At Plivo and Telnyx it belongs to an application, which has them: the one
//! that is ours already, or a new one. What stood there before is remembered first, so that it can be put back.

mod plan;

use crate::{carriers, clock, config::Config};
use carrier::{Ask, ByGet, Carrier, Garbled, Hooks, Number};
use plan::{Account, Before, Step, is, sent, undoing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{ConnectedRow, Store, StoreError};

/// The most pages of a list that are read.
const PAGES: u32 = 50;

/// With what, and by whose API.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    pub config: &'a Config,
    pub http: &'a reqwest::Client,
    pub store: &'a Store,
    pub carrier: &'static dyn Carrier,
}

/// What a number is sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// By the carrier's name; at Twilio the number's own where it is not an application's.
    pub application: String,
    pub name: String,
    pub voice: String,
    pub status: String,
    pub text: String,
    #[serde(default)]
    pub by_get: ByGet,
}

impl Sent {
    fn hooks(&self) -> Hooks {
        let Sent { voice, status, text, by_get, .. } = self.clone();
        Hooks { voice, status, text, by_get }
    }
}

/// A number of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub number: String,
    pub now: Sent,
    /// What it would be sent to.
    pub after: Sent,
    /// It is sent there already.
    pub ours: bool,
    /// It is known what it was sent to before it was ours.
    pub can_undo: bool,
}

/// What was changed, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub carrier: &'static str,
    pub number: String,
    pub before: Sent,
    pub after: Sent,
    pub changed: bool,
    /// What else the owner has to know or to do.
    pub notes: Vec<String>,
}

/// Why a number was not connected; a sentence without its full stop.
#[derive(Debug, thiserror::Error)]
pub enum NotConnected {
    #[error("PUBLIC_URL is not set: set it to the address by which the carrier reaches this server")]
    NoPublicUrl,
    #[error("{0}")]
    Carrier(String),
    #[error("{0}")]
    Unreadable(String),
    #[error("this account has no number {number}; it has {}", if .has.is_empty() { "none" } else { .has })]
    NoSuchNumber { number: String, has: String },
    #[error("which number? It has {0}")]
    Which(String),
    #[error("nothing is remembered of {0}: it was not connected from here")]
    NotRemembered(String),
    #[error("what is remembered of {0} cannot be read")]
    Damaged(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk<'_> {
    /// Every number of the account.
    pub async fn look(self) -> Result<Vec<Line>, NotConnected> {
        let account = self.account().await?;
        let known = self.store.connected_numbers(self.carrier.name()).await?;
        let hooks = self.hooks()?;
        let line = |number: &Number| {
            let (steps, after) = self.plan(&account, number, &hooks);
            Line {
                number: number.number.clone(),
                now: account.sent(number),
                after,
                ours: steps.is_empty(),
                can_undo: known.iter().any(|row| row.number == number.number),
            }
        };
        Ok(account.numbers.iter().map(line).collect())
    }

    /// Sends the calls of this number to us. None: of the one in the settings, or the only one there is. A `dry` run
    /// changes nothing.
    pub async fn connect(self, number: Option<&str>, dry: bool) -> Result<Report, NotConnected> {
        let hooks = self.hooks()?;
        let account = self.account().await?;
        let number = self.chosen(&account, number)?;
        let (steps, mut after) = self.plan(&account, number, &hooks);
        let before = account.sent(number);
        let mut notes = Vec::new();
        if !dry && !steps.is_empty() {
            let made = self.remember_and_do(&account, number, &steps).await?;
            let stands = self.account().await?;
            let now = stands.numbers.iter().find(|one| one.id == number.id);
            after = now.map(|now| stands.sent(now)).unwrap_or_default();
            if after.voice != hooks.voice {
                notes.push(format!("{} says that calls go elsewhere still", carriers::title(self.carrier)));
            }
            if let Some(made) = made.filter(|_| self.carrier.name() == "telnyx") {
                notes.push(format!("to call somebody by Telnyx set TELNYX_CONNECTION_ID={made}"));
            }
        }
        if self.carrier.name() == "telnyx" {
            let base = self.config.server.public_url.as_deref().unwrap_or_default();
            notes.push(format!(
                "texts belong to a messaging profile at Telnyx: set its webhook to {base}/phone/telnyx/sms in the portal"
            ));
        }
        if let Err(setting) = carriers::signing(self.config, self.carrier) {
            notes.push(format!("no call is taken until {setting} is set"));
        }
        Ok(self.report(number, before, after, !steps.is_empty(), notes))
    }

    /// Sends the calls of this number where they went before it was connected.
    pub async fn undo(self, number: Option<&str>, dry: bool) -> Result<Report, NotConnected> {
        let account = self.account().await?;
        let rows = self.store.connected_numbers(self.carrier.name()).await?;
        // The one that was connected is meant where there is but one.
        let only = rows.first().filter(|_| rows.len() == 1).map(|row| row.number.as_str());
        let number = self.chosen(&account, number.or(only))?;
        let row = rows.into_iter().find(|row| row.number == number.number);
        let row = row.ok_or_else(|| NotConnected::NotRemembered(number.number.clone()))?;
        let before: Before =
            serde_json::from_str(&row.before).map_err(|_| NotConnected::Damaged(number.number.clone()))?;
        let (steps, mut after) = undoing(&account, number, &before);
        let now = account.sent(number);
        let mut notes = Vec::new();
        if !dry {
            self.perform(&steps).await?;
            self.store.number_disconnected(self.carrier.name(), &number.number).await?;
            let stands = self.account().await?;
            let over = before.written_over.as_ref();
            let stays = over.and_then(|over| Some((over, stands.application(&over.application)?)));
            if stays.is_some_and(|(over, one)| !is(&one.hooks, &over.hooks())) {
                notes.push(format!(
                    "{} takes no empty address, so an address of ours stands where there was none; remove it in its \
                     console",
                    carriers::title(self.carrier)
                ));
            }
            if let Some(now) = stands.numbers.iter().find(|one| one.id == number.id) {
                after = stands.sent(now);
            }
        }
        Ok(self.report(number, now, after, !steps.is_empty(), notes))
    }

    fn report(self, number: &Number, before: Sent, after: Sent, changed: bool, notes: Vec<String>) -> Report {
        Report { carrier: self.carrier.name(), number: number.number.clone(), before, after, changed, notes }
    }

    fn hooks(self) -> Result<Hooks, NotConnected> {
        let base = self.config.server.public_url.as_deref().ok_or(NotConnected::NoPublicUrl)?;
        Ok(carriers::hooks(base, self.carrier))
    }

    fn chosen<'b>(self, account: &'b Account, named: Option<&str>) -> Result<&'b Number, NotConnected> {
        let ours = carriers::Account::of(self.config, self.carrier).and_then(|account| account.number);
        let all = || account.numbers.iter().map(|one| one.number.as_str()).collect::<Vec<_>>().join(", ");
        match named.or(ours) {
            Some(named) => {
                let same = |one: &&Number| digits(&one.number) == digits(named);
                let missing =
                    || NotConnected::NoSuchNumber { number: named.chars().take(30).collect(), has: all() };
                account.numbers.iter().find(same).ok_or_else(missing)
            }
            None => match &account.numbers[..] {
                [only] => Ok(only),
                _ => Err(NotConnected::Which(if account.numbers.is_empty() { "none".into() } else { all() })),
            },
        }
    }

    fn plan(self, account: &Account, number: &Number, hooks: &Hooks) -> (Vec<Step>, Sent) {
        let named = match self.carrier.name() {
            "telnyx" => self.config.telnyx.connection_id.as_deref(),
            _ => None,
        };
        account.plan(self.carrier.name() == "twilio", named, number, hooks)
    }

    /// Remembers what stands before anything is changed. What was made, if anything was.
    async fn remember_and_do(
        self,
        account: &Account,
        number: &Number,
        steps: &[Step],
    ) -> Result<Option<String>, NotConnected> {
        let over = steps.iter().find_map(|step| match step {
            Step::Write { application: Some(id), .. } => account.application(id).map(sent),
            Step::Write { application: None, .. } | Step::Bind { .. } => None,
        });
        let before = Before { application: number.application.clone(), written_over: over };
        let row = ConnectedRow {
            carrier: self.carrier.name().to_owned(),
            number: number.number.clone(),
            before: serde_json::to_string(&before).expect("texts can be written"),
            connected_ms: clock::now_ms(),
        };
        self.store.number_connected(&row).await?;
        self.perform(steps).await
    }

    async fn perform(self, steps: &[Step]) -> Result<Option<String>, NotConnected> {
        let mut made = None;
        for step in steps {
            let ask = match step.clone() {
                Step::Write { application, name, hooks } => Ask::SetHooks { application, name, hooks },
                Step::Bind { number, application } => {
                    let application = application.or_else(|| made.clone());
                    let nothing = || NotConnected::Unreadable("the carrier does not say what it made".into());
                    Ask::Bind { number, application: application.ok_or_else(nothing)? }
                }
            };
            let done = carriers::done_by(self.config, self.http, self.carrier, &ask).await;
            let id = done.map_err(NotConnected::Carrier)?;
            if matches!(step, Step::Write { application: None, .. }) && !id.is_empty() {
                made = Some(id);
            }
        }
        Ok(made)
    }

    async fn account(self) -> Result<Account, NotConnected> {
        let Desk { carrier, .. } = self;
        let numbers = self
            .listed(|page| Ask::Numbers { page }, |status, body| carrier.numbers(status, body), |one| &one.id)
            .await?;
        let applications = self
            .listed(
                |page| Ask::Applications { page },
                |status, body| carrier.applications(status, body),
                |one| &one.id,
            )
            .await?;
        Ok(Account { numbers, applications })
    }

    /// A list, page by page, until one brings nothing new.
    async fn listed<T>(
        self,
        ask: impl Fn(u32) -> Ask,
        read: impl Fn(u16, &[u8]) -> Result<Vec<T>, Garbled>,
        id: impl Fn(&T) -> &String,
    ) -> Result<Vec<T>, NotConnected> {
        let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
        for page in 0..PAGES {
            let ask = ask(page);
            let asked = carriers::asked_by(self.config, self.http, self.carrier, &ask).await;
            let (status, body) = asked.map_err(NotConnected::Carrier)?;
            if !(200..300).contains(&status) {
                // The later pages of some are refused in place of being empty.
                if page > 0 && status == 404 {
                    break;
                }
                let why = self.carrier.done(&ask, status, &body).err();
                return Err(NotConnected::Carrier(why.unwrap_or_else(|| format!("it answers {status}"))));
            }
            let entries = read(status, &body).map_err(|garbled| NotConnected::Unreadable(garbled.0))?;
            let before = all.len();
            all.extend(entries.into_iter().filter(|entry| seen.insert(id(entry).clone())));
            if all.len() == before {
                break;
            }
        }
        Ok(all)
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}
