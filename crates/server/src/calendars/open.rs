//! From rows of the database to calendars that can be read and written.

use super::{keep::keep, now, reach};
use crate::app::App;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use store::{ConnectionRow, CredentialRow, CredentialState};
use tool::calendar::{
    books::Connected,
    caldav,
    google::{self, Google, Grant},
    remote::{Asking, Calendar, Event, Trouble, Written},
};
use when::Span;

/// Every connected calendar, and which connection each is by its name. One that cannot be opened is there all the same and
/// says why not: what is taken in it is unknown.
pub(super) fn all(
    app: &Arc<App>,
    credentials: &[CredentialRow],
    connections: &[ConnectionRow],
) -> (Vec<Connected>, BTreeMap<String, ConnectionRow>) {
    let mut accounts: BTreeMap<&str, Result<Account, String>> =
        credentials.iter().map(|row| (row.id.as_str(), account(app, row))).collect();
    let (mut connected, mut names, mut taken) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    for row in connections {
        let account = accounts.entry(&row.credential_id).or_insert_with(|| Err("its login is gone".into()));
        let calendar = match account {
            Ok(account) => account.calendar(app, row).unwrap_or_else(|why| closed(row, why)),
            Err(why) => closed(row, why.clone()),
        };
        // The same calendar by two accounts is one.
        if taken.insert(calendar.name().to_owned()) {
            names.insert(calendar.name().to_owned(), row.clone());
            connected.push(Connected { calendar, reads: row.reads, writes: row.writes });
        }
    }
    (connected, names)
}

enum Account {
    Google(Arc<google::Account>),
    CalDav(caldav::Account),
}

fn account(app: &Arc<App>, row: &CredentialRow) -> Result<Account, String> {
    if row.state == CredentialState::Revoked {
        return Err(row.why.clone());
    }
    let sealed = app.vault.open(&row.kind, &row.sealed).map_err(|why| why.to_string())?;
    if row.kind == "google" {
        let grant = Grant::unseal(sealed.expose()).map_err(|why| why.to_string())?;
        let reach = reach(app).map_err(|why| why.to_string())?;
        return Ok(Account::Google(Arc::new(google::Account::new(reach, grant, keep(app, row)))));
    }
    let login: caldav::Login =
        serde_json::from_str(sealed.expose()).map_err(|_| "what was kept of its login cannot be read")?;
    let account = caldav::Account::within(&login, Arc::new(now), app.whose.network());
    account.map(Account::CalDav).map_err(|why| why.to_string())
}

impl Account {
    fn calendar(&self, app: &App, row: &ConnectionRow) -> Result<Arc<dyn Calendar>, String> {
        Ok(match self {
            Account::Google(account) => {
                Arc::new(Google::new(account.clone(), &row.remote).map_err(|why| why.to_string())?)
            }
            Account::CalDav(account) => {
                let zone = app.config.get().calendar.zone.clone();
                Arc::new(account.calendar(&row.remote, zone).map_err(|why| why.to_string())?)
            }
        })
    }
}

/// Opens the calendar by itself and asks it something harmless.
pub(super) async fn test(
    app: &Arc<App>,
    credential: &CredentialRow,
    row: &ConnectionRow,
) -> Result<String, Trouble> {
    match account(app, credential).map_err(Trouble::Refused)? {
        Account::Google(_) => {
            let report = google(app, credential, &row.remote)?.test().await?;
            let invites = if report.invites { "" } else { ", and may invite nobody" };
            Ok(format!(
                "Google answers: the account {} it{invites}. Its zone is {}.",
                report.role.words(),
                report.zone
            ))
        }
        Account::CalDav(account) => {
            let zone = app.config.get().calendar.zone.clone();
            let collection = account.calendar(&row.remote, zone)?.test().await?;
            let may = if collection.writable { "read and write" } else { "only read" };
            Ok(format!("the server answers. We may {may} it."))
        }
    }
}

/// The calendar of this id, by this credential.
pub(super) fn google(app: &Arc<App>, credential: &CredentialRow, id: &str) -> Result<Google, Trouble> {
    match account(app, credential).map_err(Trouble::Refused)? {
        Account::Google(account) => Google::new(account, id).map_err(|why| Trouble::Refused(why.0)),
        Account::CalDav(_) => Err(Trouble::Refused("This is no Google account.".into())),
    }
}

fn closed(row: &ConnectionRow, why: String) -> Arc<dyn Calendar> {
    let name = match row.kind.as_str() {
        "google" => format!("google:{}", row.remote),
        _ => row.remote.clone(),
    };
    Arc::new(Closed { name, why })
}

/// A calendar that cannot be opened until the owner has done something about it.
struct Closed {
    name: String,
    why: String,
}

impl Closed {
    fn say<'a, T: Send + 'a>(&self) -> Asking<'a, T> {
        let trouble = Trouble::Revoked(self.why.clone());
        Box::pin(async move { Err(trouble) })
    }
}

impl Calendar for Closed {
    fn name(&self) -> &str {
        &self.name
    }

    fn busy<'a>(&'a self, _: Span, _: Option<&'a str>) -> Asking<'a, Vec<Span>> {
        self.say()
    }

    fn events(&self, _: Span) -> Asking<'_, Vec<Event>> {
        self.say()
    }

    fn put<'a>(&'a self, _: &'a Event) -> Asking<'a, Written> {
        self.say()
    }

    fn shift<'a>(&'a self, _: &'a str, _: Span, _: &'a str) -> Asking<'a, Written> {
        self.say()
    }

    fn remove<'a>(&'a self, _: &'a str) -> Asking<'a, ()> {
        self.say()
    }
}
