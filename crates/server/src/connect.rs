//! Sending the calls of a number to us by its carrier's API, and back to where they went before.
//!
//! At Twilio a number has addresses of its own. At Plivo and Telnyx it belongs to an application, which has them: the one
//! that is ours already, or a new one. What stood there before is remembered first, so that it can be put back.

use crate::{carriers, clock, config::Config};
use carrier::{Application, Ask, ByGet, Carrier, Garbled, Hooks, Number};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use store::{ConnectedRow, Store, StoreError};

/// What an application of ours is called.
const OURS: &str = "Earpiece";
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

/// What is remembered of a number.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    application: String,
    /// What stood where we wrote our addresses.
    written_over: Option<Sent>,
}

/// What is asked of the carrier's API, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Into this application, or a new one.
    Write { application: Option<String>, name: String, hooks: Hooks },
    /// To this application, or the one that was just made.
    Bind { number: String, application: Option<String> },
}

/// What the account has.
struct Account {
    numbers: Vec<Number>,
    applications: Vec<Application>,
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

impl Account {
    /// What is to be asked so that this number's calls go to `hooks`, and what it is sent to then. Numbers have addresses
    /// of their `own`, or belong to applications, of which the settings may name one.
    fn plan(&self, own: bool, named: Option<&str>, number: &Number, hooks: &Hooks) -> (Vec<Step>, Sent) {
        let target = if own {
            let unnamed = || Application { id: number.id.clone(), ..Application::default() };
            Some(self.application(&number.id).cloned().unwrap_or_else(unnamed))
        } else {
            self.ours(named, hooks)
        };
        let mut steps = Vec::new();
        let name = target.as_ref().map_or_else(|| OURS.to_owned(), |target| target.name.clone());
        let id = target.as_ref().map(|target| target.id.clone());
        if target.is_none_or(|target| !same(&target.hooks, hooks)) {
            steps.push(Step::Write { application: id.clone(), name: name.clone(), hooks: hooks.clone() });
        }
        if id.as_ref() != Some(&number.application) {
            steps.push(Step::Bind { number: number.id.clone(), application: id.clone() });
        }
        let after = Application { id: id.unwrap_or_default(), name, hooks: hooks.clone() };
        (steps, sent(&after))
    }

    fn application(&self, id: &str) -> Option<&Application> {
        self.applications.iter().find(|one| one.id == id && !id.is_empty())
    }

    /// The application to be used: the one that the settings name, one that is sent here already, or one that we made.
    fn ours(&self, named: Option<&str>, hooks: &Hooks) -> Option<Application> {
        let here = || self.applications.iter().find(|one| one.hooks.voice == hooks.voice);
        let made = || self.applications.iter().find(|one| one.name == OURS);
        named.and_then(|id| self.application(id)).or_else(here).or_else(made).cloned()
    }

    fn sent(&self, number: &Number) -> Sent {
        let unknown = || Sent { application: number.application.clone(), ..Sent::default() };
        self.application(&number.application).map_or_else(unknown, sent)
    }
}

fn sent(application: &Application) -> Sent {
    let Application { id, name, hooks: Hooks { voice, status, text, by_get } } = application.clone();
    Sent { application: id, name, voice, status, text, by_get }
}

/// What is to be asked so that a number is as it was, and what it is sent to then.
fn undoing(account: &Account, number: &Number, before: &Before) -> (Vec<Step>, Sent) {
    let mut steps = Vec::new();
    if let Some(over) = &before.written_over {
        let hooks = over.hooks();
        if account.application(&over.application).is_none_or(|one| !is(&one.hooks, &hooks)) {
            steps.push(Step::Write {
                application: Some(over.application.clone()),
                name: over.name.clone(),
                hooks,
            });
        }
    }
    if number.application != before.application {
        let application = Some(before.application.clone());
        steps.push(Step::Bind { number: number.id.clone(), application });
    }
    let over = before.written_over.clone().filter(|over| over.application == before.application);
    let there = account.application(&before.application).map(sent);
    let after = over.or(there).unwrap_or(Sent { application: before.application.clone(), ..Sent::default() });
    (steps, after)
}

/// Whether calls are sent where they should be. Where the carrier has no address for texts, none is missed.
fn same(one: &Hooks, ours: &Hooks) -> bool {
    let text = if ours.text.is_empty() { String::new() } else { one.text.clone() };
    is(&Hooks { text, ..one.clone() }, ours)
}

/// Whether both are the same addresses, called by the same methods; of no address the method is of no interest.
fn is(one: &Hooks, other: &Hooks) -> bool {
    let told = |hooks: &Hooks| {
        let Hooks { voice, status, text, by_get } = hooks.clone();
        [(voice, by_get.voice), (status, by_get.status), (text, by_get.text)]
            .map(|(url, by_get)| (by_get && !url.is_empty(), url))
    };
    told(one) == told(other)
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hooks(host: &str) -> Hooks {
        let at = |what: &str| format!("https://{host}/{what}");
        Hooks { voice: at("voice"), status: at("status"), text: at("text"), by_get: ByGet::default() }
    }

    fn application(id: &str, name: &str, host: &str) -> Application {
        Application { id: id.into(), name: name.into(), hooks: hooks(host) }
    }

    fn number(application: &str) -> Number {
        Number { id: "N1".into(), number: "+15550100198".into(), application: application.into() }
    }

    fn account(number: Number, applications: &[Application]) -> Account {
        Account { numbers: vec![number], applications: applications.to_vec() }
    }

    fn write(application: Option<&str>, name: &str, host: &str) -> Step {
        Step::Write { application: application.map(Into::into), name: name.into(), hooks: hooks(host) }
    }

    fn bind(application: Option<&str>) -> Step {
        Step::Bind { number: "N1".into(), application: application.map(Into::into) }
    }

    #[test]
    fn an_application_is_made_once_and_others_are_left_alone() {
        let theirs = application("A1", "Theirs", "old");
        let before = account(number("A1"), std::slice::from_ref(&theirs));
        let (steps, after) = before.plan(false, None, &before.numbers[0], &hooks("us"));
        assert_eq!(steps, [write(None, OURS, "us"), bind(None)]);
        assert_eq!((after.application.as_str(), after.voice.as_str()), ("", "https://us/voice"));
        let made = account(number("A2"), &[theirs.clone(), application("A2", OURS, "us")]);
        assert_eq!(made.plan(false, None, &made.numbers[0], &hooks("us")).0, []);
        // We moved: the application that is ours follows.
        let (steps, _) = made.plan(false, None, &made.numbers[0], &hooks("us.new"));
        assert_eq!(steps, [write(Some("A2"), OURS, "us.new")]);
        let kept = Before { application: "A1".into(), written_over: None };
        let (back, sent) = undoing(&made, &made.numbers[0], &kept);
        assert_eq!(back, [bind(Some("A1"))]);
        assert_eq!(sent.voice, "https://old/voice");
    }

    #[test]
    fn the_application_of_the_settings_is_written_over_and_given_back() {
        let before = account(number(""), &[application("A1", "Desk", "old")]);
        let (steps, _) = before.plan(false, Some("A1"), &before.numbers[0], &hooks("us"));
        assert_eq!(steps, [write(Some("A1"), "Desk", "us"), bind(Some("A1"))]);
        let over = super::sent(&application("A1", "Desk", "old"));
        let kept = Before { application: String::new(), written_over: Some(over) };
        let now = account(number("A1"), &[application("A1", "Desk", "us")]);
        let (back, _) = undoing(&now, &now.numbers[0], &kept);
        assert_eq!(back, [write(Some("A1"), "Desk", "old"), bind(Some(""))]);
    }

    #[test]
    fn a_number_with_addresses_of_its_own_leaves_the_application_that_hides_them() {
        let before = account(number("AP9"), &[application("N1", "Front desk", "old")]);
        let (steps, _) = before.plan(true, None, &before.numbers[0], &hooks("us"));
        assert_eq!(steps, [write(Some("N1"), "Front desk", "us"), bind(Some("N1"))]);
        let kept =
            Before { application: "AP9".into(), written_over: Some(super::sent(&before.applications[0])) };
        let now = account(number("N1"), &[application("N1", "Front desk", "us")]);
        let (back, sent) = undoing(&now, &now.numbers[0], &kept);
        assert_eq!(back, [write(Some("N1"), "Front desk", "old"), bind(Some("AP9"))]);
        assert_eq!(sent.application, "AP9");
    }

    #[test]
    fn what_was_called_by_get_is_called_by_get_again() {
        let mut theirs = application("N1", "Front desk", "old");
        theirs.hooks.by_get = ByGet { voice: true, status: false, text: true };
        let over = super::sent(&theirs);
        let kept = serde_json::to_string(&Before { application: "N1".into(), written_over: Some(over) });
        let kept: Before = serde_json::from_str(&kept.expect("texts")).expect("it was written just now");
        let now = account(number("N1"), &[application("N1", "Front desk", "us")]);
        let back =
            Step::Write { application: Some("N1".into()), name: "Front desk".into(), hooks: theirs.hooks };
        assert_eq!(undoing(&now, &now.numbers[0], &kept).0, [back]);
        // An address of ours by GET is not yet as it should be.
        let mut ours = application("N1", "Front desk", "us");
        ours.hooks.by_get.voice = true;
        let so = account(number("N1"), &[ours]);
        let (steps, _) = so.plan(true, None, &so.numbers[0], &hooks("us"));
        assert_eq!(steps, [write(Some("N1"), "Front desk", "us")]);
    }

    #[test]
    fn where_a_carrier_has_no_address_for_texts_none_is_missed() {
        let ours = Hooks { text: String::new(), ..hooks("us") };
        assert!(same(&hooks("us"), &ours));
        assert!(!same(&Hooks { text: String::new(), ..hooks("us") }, &hooks("us")));
    }
}
