//! One request and its answer: who may see the password, and how long and how much is waited for.

use super::{Login, xml::Node};
use crate::{
    calendar::remote::Trouble,
    network::{Barred, Network},
};
use reqwest::{Client, Method, StatusCode, Url, header};
use std::time::Duration;

/// More than twenty thousand events take up.
const LARGEST: usize = 48 * 1024 * 1024;
const HOPS: usize = 5;

pub(super) struct Wire {
    http: Client,
    user: String,
    password: String,
    patience: Duration,
}

/// A request, ready to be sent more than once.
#[derive(Clone)]
pub(super) struct Ask {
    method: Method,
    url: Url,
    headers: Vec<(header::HeaderName, String)>,
    body: String,
    roams: bool,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    /// Where it came from in the end.
    pub url: Url,
    pub etag: Option<String>,
    wants: String,
    body: Vec<u8>,
}

/// There is no whole answer.
#[derive(Debug)]
pub(super) struct Lost {
    pub why: String,
    /// The request may have arrived.
    pub sent: bool,
}

impl Ask {
    pub fn new(method: &str, url: Url) -> Self {
        let method = Method::from_bytes(method.as_bytes()).expect("methods are our own words");
        Self { method, url, headers: Vec::new(), body: String::new(), roams: false }
    }

    pub fn xml(method: &str, url: Url, depth: &str, body: String) -> Self {
        let ask = Self::new(method, url).header(header::HeaderName::from_static("depth"), depth);
        Self { body, ..ask.header(header::CONTENT_TYPE, "application/xml; charset=utf-8") }
    }

    pub fn calendar(method: &str, url: Url, body: String) -> Self {
        let ask = Self::new(method, url).header(header::CONTENT_TYPE, "text/calendar; charset=utf-8");
        Self { body, ..ask }
    }

    pub fn header(mut self, name: header::HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// May be sent on to another server: the owner is only now finding out where the calendars are.
    pub fn roaming(self) -> Self {
        Self { roams: true, ..self }
    }
}

impl Wire {
    pub fn new(login: &Login, patience: Duration, network: Network) -> Result<Self, Trouble> {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(patience)
            .user_agent("Earpiece");
        let http = network
            .bound(http)
            .build()
            .map_err(|why| Trouble::Unreachable(format!("No connection can be made: {why}.")))?;
        Ok(Self { http, user: login.user.clone(), password: login.password.clone(), patience })
    }

    /// The owner's mail address, where the user name is one; else empty.
    pub fn me(&self) -> &str {
        if self.user.contains('@') { &self.user } else { "" }
    }

    /// Sends once, and follows where that is allowed.
    pub async fn send(&self, ask: &Ask) -> Result<Answer, Lost> {
        let mut url = ask.url.clone();
        for _ in 0..=HOPS {
            let host = host(&url).to_owned();
            let answer = tokio::time::timeout(self.patience, self.hop(ask, &url)).await;
            let why = || format!("{host} did not answer within {} s.", self.patience.as_secs_f32());
            let (answer, location) = answer.unwrap_or_else(|_| Err(Lost { why: why(), sent: true }))?;
            let Some(location) = location.filter(|_| matches!(answer.status.as_u16(), 301 | 302 | 307 | 308))
            else {
                return Ok(answer);
            };
            let next = url.join(&location).ok().filter(|next| may_follow(&url, next, ask.roams));
            url = next.ok_or_else(|| Lost {
                why: format!("{host} sends us to where the password must not go: {}.", plain(&location)),
                sent: false,
            })?;
        }
        Err(Lost { why: format!("{} sends us round in circles.", host(&url)), sent: false })
    }

    /// Sends a write, and once more under the same conditions where nobody knows whether it arrived.
    pub async fn write(&self, ask: &Ask) -> Result<Answer, Lost> {
        match self.send(ask).await {
            Ok(answer)
                if !answer.status.is_server_error() || answer.status == StatusCode::INSUFFICIENT_STORAGE =>
            {
                Ok(answer)
            }
            Err(lost) if !lost.sent => Err(lost),
            Ok(_) | Err(_) => self.send(ask).await,
        }
    }

    async fn hop(&self, ask: &Ask, url: &Url) -> Result<(Answer, Option<String>), Lost> {
        let host = host(url);
        let lost = |error: &reqwest::Error| Lost {
            why: if let Some(barred) = Barred::within(error) {
                format!("{barred}.")
            } else if error.is_connect() {
                format!("{host} cannot be reached.")
            } else {
                format!("{host} broke off its answer.")
            },
            sent: !error.is_connect() && !error.is_builder(),
        };
        let mut request = self.http.request(ask.method.clone(), url.clone());
        request = request.basic_auth(&self.user, Some(&self.password));
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        if !ask.body.is_empty() {
            request = request.body(ask.body.clone());
        }
        let mut response = request.send().await.map_err(|error| lost(&error))?;
        let named = |name: header::HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (etag, location) = (named(header::ETAG), named(header::LOCATION));
        let wants = named(header::WWW_AUTHENTICATE).unwrap_or_default();
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Lost { why: format!("{host} answers with more than can be read."), sent: true });
            }
            body.extend_from_slice(&chunk);
        }
        Ok((Answer { status, url: url.clone(), etag, wants, body }, location))
    }
}

impl Answer {
    pub fn text(self) -> Result<String, Trouble> {
        let host = host(&self.url).to_owned();
        String::from_utf8(self.body).map_err(|_| disbelieved(&host, "it is not text"))
    }

    /// The precondition that was not met, such as `no-uid-conflict`; empty where it names none.
    pub fn condition(&self) -> String {
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        let error = Node::read(text).ok().filter(|root| root.is(super::xml::DAV, "error"));
        error.and_then(|error| error.children.first().map(Node::title)).unwrap_or_default()
    }

    /// Why this is not what was asked for.
    pub fn trouble(&self) -> Trouble {
        let host = host(&self.url);
        let condition = self.condition();
        match self.status.as_u16() {
            401 if self.wants.to_ascii_lowercase().contains("digest")
                && !self.wants.to_ascii_lowercase().contains("basic") =>
            {
                Trouble::Revoked(format!(
                    "{host} only takes passwords by the Digest method; set it to Basic, over https."
                ))
            }
            401 => Trouble::Revoked(format!(
                "{host} does not take this user name and password. Make a new app password there and connect the calendar again."
            )),
            403 if condition.is_empty() => Trouble::Revoked(format!(
                "{host} does not let this user do that. Have the calendar shared for writing, or connect another one."
            )),
            404 | 410 => {
                Trouble::Refused(format!("There is no calendar at {host}{} any more.", self.url.path()))
            }
            413 | 507 => Trouble::Refused(format!("There is no room left at {host}.")),
            408 | 423 | 425 | 429 => {
                Trouble::Unreachable(format!("{host} is busy and asks us to come back later."))
            }
            status if self.status.is_client_error() && condition.is_empty() => {
                Trouble::Refused(format!("{host} refuses that (status {status})."))
            }
            _ if self.status.is_client_error() => {
                Trouble::Refused(format!("{host} refuses that: {condition}."))
            }
            status => Trouble::Unreachable(format!("{host} fails (status {status}).")),
        }
    }
}

impl From<Lost> for Trouble {
    fn from(lost: Lost) -> Self {
        Trouble::Unreachable(lost.why)
    }
}

pub(super) fn host(url: &Url) -> &str {
    url.host_str().unwrap_or("the server")
}

pub(super) fn disbelieved(host: &str, why: &str) -> Trouble {
    Trouble::Unreachable(format!("{host} answers in a way that cannot be believed: {why}."))
}

pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    (a.scheme(), a.host_str(), a.port_or_known_default())
        == (b.scheme(), b.host_str(), b.port_or_known_default())
}

/// Whether what was sent to `from` may be sent to `to`, password and all.
pub(super) fn may_follow(from: &Url, to: &Url, roams: bool) -> bool {
    same_origin(from, to) || (to.scheme() == "https" && (roams || from.host_str() == to.host_str()))
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::{Url, may_follow};

    #[test]
    fn the_password_follows_only_over_https_and_to_another_server_only_while_calendars_are_looked_for() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let cases = [
            ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com/1/", true, false),
            ("https://host/a", "https://host/b", true, true),
            ("http://host/a", "http://host/b", true, true),
            ("http://host/a", "https://host/a", true, true),
            ("https://host/a", "http://host/a", false, false),
            ("http://host/a", "http://other/a", false, false),
            ("http://host/a", "http://host:8080/a", false, false),
            ("https://host/a", "file:///etc/passwd", false, false),
        ];
        for (from, to, while_looking, later) in cases {
            assert_eq!(may_follow(&url(from), &url(to), true), while_looking, "{from} {to}");
            assert_eq!(may_follow(&url(from), &url(to), false), later, "{from} {to}");
        }
    }
}
