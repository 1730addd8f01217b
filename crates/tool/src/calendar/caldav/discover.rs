//! Which calendars there are (RFC 6764, RFC 4791 §6.2, RFC 5397).

use super::{
    wire::{Answer, Ask, Wire, disbelieved, host, may_follow},
    xml::{self, CALDAV, DAV, Node, Response},
};
use crate::calendar::remote::Trouble;
use reqwest::{StatusCode, Url};

/// A calendar as its server lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// What [`super::Account::calendar`] takes.
    pub address: String,
    /// As its owner calls it there, or the last part of its address.
    pub name: String,
    /// Whether events may be written. A server that does not tell is taken to allow it.
    pub writable: bool,
}

const MOST: usize = 500;
const ABOUT: [&str; 5] = [
    "d:resourcetype",
    "d:displayname",
    "d:current-user-privilege-set",
    "c:supported-calendar-component-set",
    "d:current-user-principal",
];

/// What an owner types for an address; https where no scheme is given.
pub(super) fn address(typed: &str) -> Result<Url, Trouble> {
    let typed = typed.trim();
    let whole = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&whole).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    url.ok_or_else(|| {
        Trouble::Refused("That is no address of a calendar server, such as https://cloud.example.org.".into())
    })
}

pub(super) async fn calendars(wire: &Wire, address: &Url) -> Result<Vec<Collection>, Trouble> {
    let well_known = address.join("/.well-known/caldav").map_err(|_| none_there(address))?;
    // Whoever typed a path knows more than the server's root does.
    let doors = if address.path() == "/" { [&well_known, address] } else { [address, &well_known] };
    let mut trouble = None;
    for door in doors {
        match behind(wire, door).await {
            Ok(found) if !found.is_empty() => return Ok(found),
            Ok(_) => {}
            Err(revoked @ Trouble::Revoked(_)) => return Err(revoked),
            Err(other) => drop(trouble.get_or_insert(other)),
        }
    }
    Err(trouble.unwrap_or_else(|| none_there(address)))
}

/// What is said of itself by the collection at this address.
pub(super) async fn collection(wire: &Wire, url: &Url) -> Result<Collection, Trouble> {
    let (responses, from) = propfind(wire, url, "0", &ABOUT, false).await?;
    let found = responses.iter().find_map(|response| as_collection(response, &from));
    found.ok_or_else(|| none_there(url))
}

async fn behind(wire: &Wire, door: &Url) -> Result<Vec<Collection>, Trouble> {
    let asked = [&ABOUT[..], &["c:calendar-home-set"]].concat();
    let (responses, from) = propfind(wire, door, "0", &asked, true).await?;
    let Some(first) = responses.first() else { return Err(none_there(door)) };
    if let Some(only) = as_collection(first, &from) {
        return Ok(vec![only]);
    }
    let mut homes = links(first.prop(CALDAV, "calendar-home-set"), &from)?;
    if homes.is_empty() {
        let principal = links(first.prop(DAV, "current-user-principal"), &from)?;
        let principal = principal.into_iter().next().unwrap_or_else(|| from.clone());
        let (responses, from) = propfind(wire, &principal, "0", &["c:calendar-home-set"], true).await?;
        for response in &responses {
            homes.extend(links(response.prop(CALDAV, "calendar-home-set"), &from)?);
        }
    }
    if homes.is_empty() {
        homes.push(from);
    }
    let mut found: Vec<Collection> = Vec::new();
    for home in homes.iter().take(10) {
        let (responses, from) = propfind(wire, home, "1", &ABOUT, true).await?;
        for response in responses.iter().take(MOST) {
            found.extend(
                as_collection(response, &from)
                    .filter(|new| !found.iter().any(|old| old.address == new.address)),
            );
        }
    }
    Ok(found)
}

async fn propfind(
    wire: &Wire,
    url: &Url,
    depth: &str,
    props: &[&str],
    roams: bool,
) -> Result<(Vec<Response>, Url), Trouble> {
    let ask = Ask::xml("PROPFIND", url.clone(), depth, xml::propfind(props));
    let answer: Answer = wire.send(&if roams { ask.roaming() } else { ask }).await?;
    if answer.status != StatusCode::MULTI_STATUS {
        return Err(answer.trouble());
    }
    let from = answer.url.clone();
    let responses = xml::multistatus(&answer.text()?).map_err(|why| disbelieved(host(url), &why))?;
    Ok((responses, from))
}

/// The addresses within a property, as far as the password may go there.
fn links(prop: Option<&Node>, from: &Url) -> Result<Vec<Url>, Trouble> {
    let mut out = Vec::new();
    for href in prop.into_iter().flat_map(|prop| prop.all(DAV, "href")) {
        let url = from.join(href.text.trim()).ok().filter(|to| may_follow(from, to, true));
        out.push(url.ok_or_else(|| disbelieved(host(from), "it points to where the password must not go"))?);
    }
    Ok(out)
}

fn as_collection(response: &Response, from: &Url) -> Option<Collection> {
    let kind = response.prop(DAV, "resourcetype")?;
    let components = response.prop(CALDAV, "supported-calendar-component-set");
    let takes_events = components.is_none_or(|set| {
        set.children.is_empty()
            || set.all(CALDAV, "comp").any(|comp| comp.label.eq_ignore_ascii_case("VEVENT"))
    });
    if kind.child(CALDAV, "calendar").is_none() || !takes_events {
        return None;
    }
    let url = from.join(&response.href).ok().filter(|to| may_follow(from, to, true))?;
    let last =
        url.path_segments().and_then(|mut parts| parts.rfind(|part| !part.is_empty())).unwrap_or_default();
    let name =
        response.text(DAV, "displayname").unwrap_or(last).chars().filter(|c| !c.is_control()).take(200);
    let privileges = response.prop(DAV, "current-user-privilege-set");
    let writable = privileges.is_none_or(|set| {
        ["write", "write-content", "bind", "all"].iter().any(|privilege| set.holds(DAV, privilege))
    });
    Some(Collection { name: name.collect(), address: url.to_string(), writable })
}

fn none_there(url: &Url) -> Trouble {
    Trouble::Refused(format!(
        "There is no calendar at {}{}.",
        url.host_str().unwrap_or("the server"),
        url.path()
    ))
}
