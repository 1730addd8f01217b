//! Which calls are remembered: each once, however often its webhook comes, and whether there is room for it.

use super::{Refused, see};
use crate::{app::App, calls::Place, clock, guard::token};
use carrier::Ring;
use store::{Begun, Issued, NewCall, NewToken};
use tool::Trust;

/// How a call ends for which there was no room.
pub(super) const TURNED_AWAY: &str = "busy";
/// How a call ends that came while nobody answers.
const CLOSED: &str = "closed";

pub(super) enum Known {
    New { id: String, issued_ms: i64, place: Place },
    Before { id: String, issued_ms: i64 },
    Busy,
}

/// Remembers the call of this carrier, unless it is remembered already.
pub(super) async fn known(
    app: &App,
    carrier: &str,
    ring: &Ring,
    trust: Trust,
    engine: &str,
) -> Result<Known, Refused> {
    let now_ms = clock::now_ms();
    let id = NewCall::id(now_ms);
    let new = begins(carrier, ring, trust, engine, &id, now_ms);
    let (id, place) = match app.store.call_begun(&new).await? {
        Begun::New => match app.calls.place().filter(|_| !app.draining.is_cancelled()) {
            Some(place) => (new.id.to_owned(), Some(place)),
            None => return busy(app, new.id).await,
        },
        // It has its place, or was told that there is none, and is told the same again.
        Begun::Again { id } => match app.store.call(&id).await? {
            Some(call) if call.ending.as_deref() == Some(TURNED_AWAY) => return Ok(Known::Busy),
            Some(_) | None => (id, None),
        },
    };
    let issued = NewToken {
        carrier,
        carrier_call: &ring.call,
        hash: &token::hash(&token::of(&app.key, carrier, &id, now_ms)),
        call_id: &id,
        issued_ms: now_ms,
        expires_ms: now_ms + token::GOOD_FOR_MS,
    };
    Ok(match app.store.token_issued(&issued).await? {
        // Without a place here it was told of before, and we failed before it had a token.
        Issued::New => match place.or_else(|| app.calls.place()) {
            Some(place) => Known::New { id, issued_ms: now_ms, place },
            None => return busy(app, &id).await,
        },
        Issued::Again { spent: true, .. } => return Err(Refused::Stale),
        Issued::Again { expires_ms, .. } if expires_ms <= now_ms => return Err(Refused::Stale),
        Issued::Again { call_id, issued_ms, .. } => Known::Before { id: call_id, issued_ms },
    })
}

fn begins<'a>(
    carrier: &'a str,
    ring: &'a Ring,
    trust: Trust,
    engine: &'a str,
    id: &'a str,
    started_ms: i64,
) -> NewCall<'a> {
    let Ring { call, from, to, outbound, .. } = ring;
    let (outbound, trust) = (*outbound, trust.name());
    NewCall { id, carrier, carrier_call: call, from, to, outbound, engine, trust, started_ms }
}

/// Writes down a call that came while nobody answers, once, and says what its caller is told.
pub(super) async fn closed(app: &App, carrier: &str, ring: &Ring, trust: Trust) -> Result<String, Refused> {
    let now_ms = clock::now_ms();
    let id = NewCall::id(now_ms);
    let new = begins(carrier, ring, trust, "", &id, now_ms);
    if app.store.call_begun(&new).await? == Begun::New {
        app.store.call_ended(&id, now_ms, CLOSED).await?;
        see(app, &id, &ring.from).await;
    }
    Ok(app.config.get().answering.closed_words.clone())
}

async fn busy(app: &App, id: &str) -> Result<Known, Refused> {
    app.store.call_ended(id, clock::now_ms(), TURNED_AWAY).await?;
    Ok(Known::Busy)
}
