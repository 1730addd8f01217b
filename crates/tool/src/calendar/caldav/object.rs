//! Our event there: made once, moved with care for what others have changed in it, removed.

use super::{
    CalDav,
    answer::{Object, with_uid},
    wire::Ask,
};
use crate::calendar::{
    ics::{self, Moved},
    remote::{Event, Trouble, Written},
};
use reqwest::{StatusCode, Url, header};
use when::Span;

/// How often we begin anew because somebody else was faster.
const ROUNDS: usize = 3;

pub(super) async fn put(to: &CalDav, event: &Event) -> Result<Written, Trouble> {
    let url = resource(to, &event.id)?;
    let body = ics::object(event, (to.clock)());
    let ask = Ask::calendar("PUT", url.clone(), body).header(header::IF_NONE_MATCH, "*");
    for _ in 0..ROUNDS {
        let answer = to.wire.write(&ask).await?;
        match answer.status.as_u16() {
            200..300 => return Ok(Written::Done { etag: answer.etag }),
            412 => {}
            403 | 409 if answer.condition() == "no-uid-conflict" => {}
            _ => return Err(answer.trouble()),
        }
        if let Some(there) = find(to, &event.id).await? {
            return stands(to, event, there).await;
        }
    }
    Err(Trouble::Unreachable("Somebody makes and deletes the same event again and again.".into()))
}

pub(super) async fn shift(to: &CalDav, id: &str, span: Span, zone: &str) -> Result<Written, Trouble> {
    for _ in 0..ROUNDS {
        let Some(there) = find(to, id).await? else { return Ok(Written::Gone) };
        let moved = ics::moved(&there.text, &ics::uid(id), span, zone, &to.zone, (to.clock)());
        let text = match moved
            .map_err(|why| Trouble::Refused(format!("The event cannot be moved: {why}.")))?
        {
            Moved::Same => return Ok(Written::Done { etag: there.etag }),
            Moved::Text(text) => text,
            Moved::Series => return Err(Trouble::Refused("Somebody has made the event a series.".into())),
            Moved::Other => return Err(somebody_elses()),
        };
        let tag = there.etag.as_deref().unwrap_or("*");
        let ask = Ask::calendar("PUT", there.url, text).header(header::IF_MATCH, tag);
        let answer = to.wire.write(&ask).await?;
        match answer.status {
            status if status.is_success() => return Ok(Written::Done { etag: answer.etag }),
            // Somebody changed it, or our first try arrived: what stands there now will tell.
            StatusCode::PRECONDITION_FAILED | StatusCode::NOT_FOUND | StatusCode::GONE => {}
            _ => return Err(answer.trouble()),
        }
    }
    Err(Trouble::Refused("Somebody else is changing the event at the same time.".into()))
}

pub(super) async fn remove(to: &CalDav, id: &str) -> Result<(), Trouble> {
    let uid = ics::uid(id);
    for _ in 0..ROUNDS {
        let Some(mut there) = find(to, id).await? else { return Ok(()) };
        // Somebody else's event under our name is left alone; what nobody can read there was ours once.
        if !ics::holds(&there.text, &uid).unwrap_or(true) {
            let Some(elsewhere) = with_uid(&to.wire, &to.url, &uid).await? else { return Ok(()) };
            there = elsewhere;
        }
        let answer = to.wire.write(&Ask::new("DELETE", there.url)).await?;
        match answer.status.as_u16() {
            200..300 => return Ok(()),
            404 | 410 => {}
            _ => return Err(answer.trouble()),
        }
    }
    Err(Trouble::Unreachable("The event is deleted and comes back again and again.".into()))
}

/// What stands under our name, or with our UID under another.
async fn find(to: &CalDav, id: &str) -> Result<Option<Object>, Trouble> {
    let url = resource(to, id)?;
    let answer = to.wire.send(&Ask::new("GET", url.clone())).await?;
    match answer.status.as_u16() {
        200 => {
            let etag = answer.etag.clone();
            Ok(Some(Object { url, etag, text: answer.text()? }))
        }
        404 | 410 => with_uid(&to.wire, &to.url, &ics::uid(id)).await,
        _ => Err(answer.trouble()),
    }
}

/// What stands there already, once it is what was to be put there.
async fn stands(to: &CalDav, event: &Event, there: Object) -> Result<Written, Trouble> {
    match ics::identify(&there.text, &to.zone) {
        Ok(Some((uid, span))) if uid == ics::uid(&event.id) => {
            if span == ics::whole_seconds(event.span) {
                Ok(Written::Done { etag: there.etag })
            } else {
                shift(to, &event.id, event.span, &event.zone).await.map_err(in_doubt)
            }
        }
        Ok(_) => Err(somebody_elses()),
        Err(why) => Err(Trouble::Unreachable(format!("What stands there cannot be understood: {why}."))),
    }
}

/// The event does stand there: what failed is not that nothing was written.
fn in_doubt(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Unreachable(why) | Trouble::Refused(why) | Trouble::Revoked(why) => {
            Trouble::Unreachable(why)
        }
    }
}

fn somebody_elses() -> Trouble {
    Trouble::Refused("Under the name of our event stands something else.".into())
}

fn resource(to: &CalDav, id: &str) -> Result<Url, Trouble> {
    let ours = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let url = ours.then(|| to.url.join(&format!("{id}.ics")).ok()).flatten();
    url.ok_or_else(|| Trouble::Refused("That is no id of an event of ours.".into()))
}
