//! What is kept about an account: what it takes to speak in its owner's name.

use super::{Secret, Unusable};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What a web flow asks for: to write events, to see what is taken, and to name the calendars there are.
pub const SCOPES: [&str; 3] = [
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.freebusy",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
];

/// What a service account asks for; where it acts for a person, an administrator must have allowed exactly this.
pub const ROBOT_SCOPE: &str = "https://www.googleapis.com/auth/calendar";

/// An OAuth client: the program as Google knows it, made by the owner in Google's console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    /// Empty for the kinds of client that have none.
    pub secret: Secret,
    pub kind: ClientKind,
    /// The addresses that the file lists as allowed to be returned to; empty where unknown.
    pub redirects: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// Returns to addresses registered with Google only.
    Web,
    /// A "desktop app": returns to this machine only, at any port.
    Installed,
}

/// Leave to use an account's calendars. Printing shows no secret; [`seal`](Grant::seal) is the only way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub(super) by: By,
    pub(super) access: Option<Access>,
    /// As Google said they were granted, or a file that they were asked for; none where nobody said.
    pub(super) scopes: Option<Vec<String>>,
    /// When it ends whoever renews it, where it does.
    pub(super) ends: Option<Timestamp>,
}

/// Who renews it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The owner consented.
    Consent {
        client: Client,
        refresh: Secret,
    },
    Robot(Robot),
}

/// A service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Robot {
    pub email: String,
    /// PKCS#8, PEM.
    pub key: Secret,
    pub key_id: String,
    /// The person it acts for.
    pub subject: Option<String>,
}

/// A token that opens the doors until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub token: Secret,
    pub until: Timestamp,
}

impl Access {
    /// Told to the millisecond, as it is stored.
    pub fn new(token: impl Into<String>, until: Timestamp) -> Self {
        let until = Timestamp::from_millisecond(until.as_millisecond()).unwrap_or(until);
        Self { token: Secret::new(token), until }
    }
}

impl Grant {
    /// Whose it is, as far as the grant itself tells: a service account's address, the person it acts for; else empty.
    pub fn who(&self) -> String {
        match &self.by {
            By::Consent { .. } => String::new(),
            By::Robot(robot) => robot.subject.clone().unwrap_or_else(|| robot.email.clone()),
        }
    }

    /// When it ends, however often it is renewed; none: not by itself.
    pub fn ends(&self) -> Option<Timestamp> {
        self.ends
    }

    /// Whether this is a service account.
    pub fn is_robot(&self) -> bool {
        matches!(self.by, By::Robot(_))
    }

    /// Whether it may invite people: a service account that acts for nobody may not, so its events have no attendees.
    pub fn may_invite(&self) -> bool {
        !matches!(&self.by, By::Robot(Robot { subject: None, .. }))
    }

    /// The same service account acting for a person of its Workspace, whose administrator has delegated
    /// [`ROBOT_SCOPE`] to it. Empty: for nobody.
    pub fn acting_for(mut self, email: &str) -> Result<Self, Unusable> {
        let email = email.trim();
        match &mut self.by {
            By::Consent { .. } => Err(Unusable("Only a service account can act for somebody else.".into())),
            By::Robot(_) if !email.is_empty() && !super::event::is_address(email) => {
                Err(Unusable(format!("{email} is no e-mail address.")))
            }
            By::Robot(robot) => {
                robot.subject = (!email.is_empty()).then(|| email.to_owned());
                self.access = None;
                Ok(self)
            }
        }
    }

    /// What is known to be missing from it, each in a sentence for its owner. Empty where all is there, or nothing is known.
    pub fn lacks(&self) -> Vec<String> {
        let Some(scopes) = &self.scopes else { return Vec::new() };
        NEEDS.iter().filter(|need| !need.met(scopes)).map(|need| need.missing.to_owned()).collect()
    }

    /// The missing parts without which no appointment can be made.
    pub(super) fn lacks_essentials(&self) -> Vec<String> {
        let Some(scopes) = &self.scopes else { return Vec::new() };
        NEEDS
            .iter()
            .filter(|need| need.essential && !need.met(scopes))
            .map(|need| need.missing.to_owned())
            .collect()
    }

    /// The whole of it as JSON, to be encrypted and stored.
    pub fn seal(&self) -> Secret {
        let by = match &self.by {
            By::Consent { client, refresh } => {
                json!({ "client": client.value(), "refresh": refresh.expose() })
            }
            By::Robot(robot) => json!({ "robot": {
                "email": robot.email, "key": robot.key.expose(), "key_id": robot.key_id, "subject": robot.subject,
            }}),
        };
        let access = self.access.as_ref().map(
            |access| json!({ "token": access.token.expose(), "until_ms": access.until.as_millisecond() }),
        );
        Secret::new(
            json!({
                "v": 1, "by": by, "access": access, "scopes": self.scopes,
                "ends_ms": self.ends.map(Timestamp::as_millisecond),
            })
            .to_string(),
        )
    }

    /// The inverse of [`seal`](Self::seal).
    pub fn unseal(sealed: &str) -> Result<Self, Unusable> {
        unseal(sealed).ok_or_else(|| Unusable("What was stored about the account cannot be read.".into()))
    }

    /// The access token, where it is good for a while after `now`.
    pub(super) fn fresh(&self, now: Timestamp) -> Option<&Secret> {
        let access = self.access.as_ref()?;
        (access.until.duration_since(now) > AHEAD).then_some(&access.token)
    }
}

/// A token is renewed this long before it expires; Google's own library takes as long.
const AHEAD: jiff::SignedDuration = jiff::SignedDuration::from_secs(225);

impl Client {
    /// The whole of it as JSON, to be encrypted and stored.
    pub fn seal(&self) -> Secret {
        Secret::new(self.value().to_string())
    }

    /// The inverse of [`seal`](Self::seal).
    pub fn unseal(sealed: &str) -> Result<Self, Unusable> {
        serde_json::from_str(sealed)
            .ok()
            .and_then(|value| Self::of(&value))
            .ok_or_else(|| Unusable("What was stored about the OAuth client cannot be read.".into()))
    }

    fn value(&self) -> Value {
        let kind = match self.kind {
            ClientKind::Web => "web",
            ClientKind::Installed => "installed",
        };
        json!({ "id": self.id, "secret": self.secret.expose(), "kind": kind, "redirects": self.redirects })
    }

    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            id: text(value, "id")?,
            secret: Secret::new(text(value, "secret")?),
            kind: if value["kind"] == "installed" { ClientKind::Installed } else { ClientKind::Web },
            redirects: texts(&value["redirects"])?,
        })
    }
}

fn unseal(sealed: &str) -> Option<Grant> {
    let value: Value = serde_json::from_str(sealed).ok()?;
    if value["v"] != 1 {
        return None;
    }
    let robot = &value["by"]["robot"];
    let by = if robot.is_object() {
        By::Robot(Robot {
            email: text(robot, "email")?,
            key: Secret::new(text(robot, "key")?),
            key_id: text(robot, "key_id")?,
            subject: text(robot, "subject"),
        })
    } else {
        By::Consent {
            client: Client::of(&value["by"]["client"])?,
            refresh: Secret::new(text(&value["by"], "refresh")?),
        }
    };
    let access = match &value["access"] {
        Value::Null => None,
        access => {
            let until = Timestamp::from_millisecond(access["until_ms"].as_i64()?).ok()?;
            Some(Access::new(text(access, "token")?, until))
        }
    };
    let scopes = match &value["scopes"] {
        Value::Null => None,
        scopes => Some(texts(scopes)?),
    };
    let ends = value["ends_ms"].as_i64().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Some(Grant { by, access, scopes, ends })
}

fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Something that we do with an account, and the scopes of which any one allows it; from Calendar's discovery document.
struct Need {
    any: &'static [&'static str],
    missing: &'static str,
    essential: bool,
}

impl Need {
    fn met(&self, scopes: &[String]) -> bool {
        scopes
            .iter()
            .filter_map(|scope| scope.strip_prefix("https://www.googleapis.com/auth/"))
            .any(|scope| self.any.contains(&scope))
    }
}

const NEEDS: [Need; 3] = [
    Need {
        any: &["calendar", "calendar.events", "calendar.events.owned"],
        missing: "It may not write events: connect again and tick “View and edit events on all your calendars”.",
        essential: true,
    },
    Need {
        any: &["calendar", "calendar.readonly", "calendar.freebusy", "calendar.events.freebusy"],
        missing: "It may not see when you are busy: connect again and tick “View your availability in your calendars”.",
        essential: true,
    },
    Need {
        any: &["calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly"],
        missing: "It may not list your calendars, so only the main one can be chosen: connect again and tick “See the \
                  list of Google calendars you’re subscribed to” to choose others.",
        essential: false,
    },
];
