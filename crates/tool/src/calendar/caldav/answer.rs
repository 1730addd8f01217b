//! What is in a calendar: its objects, or only which times are taken.

use super::{
    wire::{Ask, Wire, disbelieved, host},
    xml::{self, CALDAV, DAV},
};
use crate::calendar::{ics, remote::Trouble};
use reqwest::{StatusCode, Url};
use when::Span;

/// A calendar object as it stands there.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub url: Url,
    pub etag: Option<String>,
    pub text: String,
}

/// The objects whose events have something to do with this range.
pub(super) async fn objects(wire: &Wire, calendar: &Url, range: Span) -> Result<Vec<Object>, Trouble> {
    report(wire, calendar, xml::query(range)).await
}

/// Our object with this UID, wherever it stands in the calendar. A server that cannot look for it has none.
pub(super) async fn with_uid(wire: &Wire, calendar: &Url, uid: &str) -> Result<Option<Object>, Trouble> {
    let found = match report(wire, calendar, xml::query_uid(uid)).await {
        Ok(found) => found,
        Err(Trouble::Refused(_)) => Vec::new(),
        Err(trouble @ (Trouble::Unreachable(_) | Trouble::Revoked(_))) => return Err(trouble),
    };
    // What a server takes for a match is not always one.
    Ok(found.into_iter().find(|object| ics::holds(&object.text, uid).unwrap_or(false)))
}

/// What the server says is taken.
pub(super) async fn free_busy(wire: &Wire, calendar: &Url, range: Span) -> Result<Vec<Span>, Trouble> {
    let ask = Ask::xml("REPORT", calendar.clone(), "1", xml::free_busy(range));
    let answer = wire.send(&ask).await?;
    if answer.status != StatusCode::OK {
        return Err(answer.trouble());
    }
    let host = host(calendar);
    ics::free_busy(&answer.text()?).map_err(|why| disbelieved(host, &why.to_string()))
}

async fn report(wire: &Wire, calendar: &Url, body: String) -> Result<Vec<Object>, Trouble> {
    let answer = wire.send(&Ask::xml("REPORT", calendar.clone(), "1", body)).await?;
    if answer.status != StatusCode::MULTI_STATUS {
        return Err(answer.trouble());
    }
    let (host, from) = (host(calendar), answer.url.clone());
    let responses = xml::multistatus(&answer.text()?).map_err(|why| disbelieved(host, &why))?;
    let mut objects = Vec::new();
    for mut response in responses {
        match response.status {
            // It was deleted while the server was answering.
            Some(404 | 410) => continue,
            Some(status) if !(200..300).contains(&status) => {
                return Err(disbelieved(host, &format!("a part of it is missing (status {status})")));
            }
            Some(_) | None => {}
        }
        let url = from.join(&response.href).map_err(|_| disbelieved(host, "an address that is none"))?;
        let etag = response.text(DAV, "getetag").map(str::to_owned);
        let data = response.props.iter_mut().find(|prop| prop.is(CALDAV, "calendar-data"));
        let text = data.map(|data| std::mem::take(&mut data.text)).filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| disbelieved(host, "an event without its contents"))?;
        objects.push(Object { url, etag, text });
    }
    Ok(objects)
}
