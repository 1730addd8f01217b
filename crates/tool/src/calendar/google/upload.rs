//! The files that Google's console and libraries write: what each is, and whether it can be used.

use super::{
    Client, ClientKind, Grant, Secret, Unusable,
    grant::{Access, By, Robot},
    robot,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// No such file is larger, in bytes.
const LARGEST: usize = 64 * 1024;

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upload {
    /// `credentials.json`: the program, not yet an account. The owner still has to connect.
    Client(Client),
    /// A grant that can be used as it is.
    Grant(Grant),
}

impl Upload {
    /// Reads any of: `credentials.json` (`installed`, `web` or both), `token.json` of google-auth, oauth2client,
    /// and the quickstarts of other languages, gcloud's application default, a service account's key. A token
    /// without its client takes `client`, the one uploaded before. Why a file cannot be used is said in a sentence
    /// for its owner, which holds nothing out of the file.
    pub fn read(file: &[u8], client: Option<&Client>) -> Result<Self, Unusable> {
        if file.len() > LARGEST {
            return no("The file is too large to be one of Google’s.");
        }
        if file.first() == Some(&0x80) {
            return no("This is a pickle, which only Python may open. Write the token as JSON instead: \
                 open(\"token.json\", \"w\").write(credentials.to_json()).");
        }
        let text = std::str::from_utf8(file)
            .map_err(|_| Unusable("The file is not text, so it is none of Google’s JSON files.".into()))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return no("The file is empty.");
        }
        let Ok(Value::Object(file)) = serde_json::from_str(text) else {
            return no("The file is no JSON object, so it is none of Google’s files, or only part of one.");
        };
        let kind = file.get("type").and_then(Value::as_str);
        if let Some((kind, client)) = [("web", ClientKind::Web), ("installed", ClientKind::Installed)]
            .into_iter()
            .find_map(|(name, kind)| Some((kind, file.get(name)?)))
        {
            return read_client(client, kind).map(Self::Client);
        }
        match kind {
            Some("service_account") => read_robot(&file).map(Self::Grant),
            Some("external_account" | "external_account_authorized_user" | "gdch_service_account") => no(
                "This file lets a program in another cloud sign in to Google Cloud; it gives no access to a calendar. \
                 Use a client’s credentials.json or a service account’s key.",
            ),
            Some("impersonated_service_account") => no(
                "This is gcloud’s file for impersonating a service account. Use the service account’s own key, or a \
                 client’s credentials.json.",
            ),
            Some(_) | None => read_token(&file, client).map(Self::Grant),
        }
    }

    /// What it is and what comes next, in a sentence for its owner.
    pub fn describe(&self) -> String {
        match self {
            Self::Client(client) => {
                let kind = match client.kind {
                    ClientKind::Web => "a web application",
                    ClientKind::Installed => "a desktop app",
                };
                format!("This is an OAuth client ({kind}), not yet an account: you still have to connect.")
            }
            Self::Grant(grant) if grant.is_robot() => format!(
                "This is the service account {}. It sees only calendars that are shared with that address{}.",
                grant.who(),
                if grant.may_invite() { "" } else { ", and invites nobody" },
            ),
            Self::Grant(grant) => {
                let mut text = "This is a token: access to an account, which can be renewed.".to_owned();
                for missing in grant.lacks() {
                    text.push(' ');
                    text.push_str(&missing);
                }
                text
            }
        }
    }
}

fn no<T>(why: &str) -> Result<T, Unusable> {
    Err(Unusable(why.to_owned()))
}

fn text<'a>(file: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    file.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// Members that are there under one of their names, else a sentence that names those that are not.
fn members<const N: usize>(
    file: &Map<String, Value>,
    what: &str,
    names: [&str; N],
) -> Result<[String; N], Unusable> {
    let missing: Vec<&str> = names.into_iter().filter(|name| text(file, name).is_none()).collect();
    if missing.is_empty() {
        return Ok(names.map(|name| text(file, name).unwrap_or_default().to_owned()));
    }
    Err(Unusable(format!(
        "This looks like {what}, but it lacks {}: download it again.",
        missing.join(" and ")
    )))
}

fn read_client(client: &Value, kind: ClientKind) -> Result<Client, Unusable> {
    let Value::Object(client) = client else {
        return no(
            "This looks like a client’s credentials.json, but there is nothing in it: download it again.",
        );
    };
    let [id] = members(client, "a client’s credentials.json", ["client_id"])?;
    let secret = match kind {
        ClientKind::Web => {
            let [secret] = members(client, "a web client’s credentials.json", ["client_secret"])?;
            secret
        }
        ClientKind::Installed => text(client, "client_secret").unwrap_or_default().to_owned(),
    };
    let redirects = client.get("redirect_uris").and_then(Value::as_array);
    let redirects = redirects.into_iter().flatten().filter_map(Value::as_str).take(100).map(str::to_owned);
    Ok(Client { id, secret: Secret::new(secret), kind, redirects: redirects.collect() })
}

fn read_robot(file: &Map<String, Value>) -> Result<Grant, Unusable> {
    let [email, key] = members(file, "a service account’s key", ["client_email", "private_key"])?;
    at_home(file)?;
    let key = Secret::new(key);
    robot::key(&key)?;
    let key_id = text(file, "private_key_id").unwrap_or_default().to_owned();
    Ok(Grant {
        by: By::Robot(Robot { email, key, key_id, subject: None }),
        access: None,
        scopes: None,
        ends: None,
    })
}

fn read_token(file: &Map<String, Value>, client: Option<&Client>) -> Result<Grant, Unusable> {
    let access = ["token", "access_token"].into_iter().find_map(|name| text(file, name));
    let refresh = text(file, "refresh_token");
    if access.is_none() && refresh.is_none() {
        return no(if text(file, "client_id").is_some() {
            "This holds a client id but neither “web” nor “installed” around it, nor a token: download credentials.json \
             again."
        } else if file.contains_key("error") {
            "This is an error that Google answered, not a token."
        } else {
            "This is JSON, but none of Google’s files: upload credentials.json, token.json or a service account’s key."
        });
    }
    at_home(file)?;
    let Some(refresh) = refresh else {
        return no(
            "This token cannot be renewed: it has no refresh token, so it would end within the hour. Connect here, or \
             make it again with access_type=offline and prompt=consent.",
        );
    };
    let own = text(file, "client_id").zip(text(file, "client_secret")).map(|(id, secret)| Client {
        id: id.to_owned(),
        secret: Secret::new(secret),
        kind: ClientKind::Installed,
        redirects: Vec::new(),
    });
    let client = match (own, client) {
        (Some(own), _) => own,
        (None, Some(client)) if text(file, "client_id").is_none_or(|id| id == client.id) => client.clone(),
        (None, Some(_)) => {
            return no(
                "This token belongs to another client than the credentials.json uploaded here: connect again.",
            );
        }
        (None, None) => {
            return no(
                "This token does not say which client it belongs to (client_id and client_secret are missing): upload \
                 that client’s credentials.json first.",
            );
        }
    };
    let access = access.map(|token| Access::new(token, expiry(file)));
    let refresh = Secret::new(refresh);
    Ok(Grant { by: By::Consent { client, refresh }, access, scopes: scopes(file), ends: None })
}

/// Accounts of Google's sovereign clouds live elsewhere, and have no calendars here.
fn at_home(file: &Map<String, Value>) -> Result<(), Unusable> {
    match text(file, "universe_domain") {
        None | Some("googleapis.com") => Ok(()),
        Some(_) => no("This account belongs to another cloud than Google’s own and has no Google Calendar."),
    }
}

/// When the token ends. A file that does not say, or not in a way to be understood, holds one that has ended.
fn expiry(file: &Map<String, Value>) -> Timestamp {
    let written = ["expiry", "token_expiry"].into_iter().find_map(|name| text(file, name));
    let read = |text: &str| {
        text.parse::<Timestamp>().ok().or_else(|| {
            // Without a zone it is UTC: google-auth keeps it so.
            let civil: jiff::civil::DateTime = text.parse().ok()?;
            Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        })
    };
    let counted = || Timestamp::from_millisecond(file.get("expiry_date")?.as_i64()?).ok();
    written.and_then(read).or_else(counted).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn scopes(file: &Map<String, Value>) -> Option<Vec<String>> {
    let scopes: Vec<String> = match file.get("scopes").or_else(|| file.get("scope"))? {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(scopes) => scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    (!scopes.is_empty()).then_some(scopes)
}
