//! Writing events: made once, moved without losing what others changed, deleted for certain.

use super::{
    Google, Notify,
    api::{Call, segment},
    event::{etag, is_cancelled, is_minted, is_ours, moved, span, written},
    fault::{Failed, Fault, in_doubt},
};
use crate::calendar::remote::{Event, Trouble, Written};
use serde_json::Value;
use when::Span;

/// How often an event is read anew that somebody else changes while we do.
const MOST_LOOKS: u32 = 4;

impl Google {
    /// Google takes an id once and for all, so that a second try with the same id cannot make a second event; nor can an
    /// event that was deleted be made again.
    pub(super) async fn insert(&self, event: &Event) -> Result<Written, Trouble> {
        let refused = |why: String| Trouble::Refused(why);
        let may_invite = self.account.grant().await.may_invite();
        let body = written(event, may_invite).map_err(|unusable| refused(unusable.0))?;
        let call = Call::post(self.path("/events"), body).expecting("id", &event.id);
        match self.account.ask(&self.telling(call)).await {
            Ok(made) if !is_cancelled(&made) => Ok(done(&made)),
            Ok(_) | Err(Failed { fault: Fault::Duplicate, .. }) => self.made_before(event).await,
            Err(failed) => Err(failed.trouble()),
        }
    }

    /// Moves by PATCH, bound to the version that was read: only start and end are sent, so that everything else stays
    /// as it is. (A PUT would be cheaper by two units of quota and resets whatever it leaves out.)
    pub(super) async fn patch(&self, id: &str, to: Span, zone: &str) -> Result<Written, Trouble> {
        let mut doubt = false;
        for _ in 0..MOST_LOOKS {
            let found = match self.get(id).await {
                Ok(found) if is_cancelled(&found) => return Ok(Written::Gone),
                Ok(found) => found,
                Err(failed) => return self.gone_if_missing(failed, doubt).await,
            };
            if stands_at(&found, to) {
                return Ok(done(&found));
            }
            let body = moved(&found, to, zone).map_err(|unusable| Trouble::Refused(unusable.0))?;
            let call = Call::patch(self.event_path(id), body).if_match(etag(&found)).expecting("id", id);
            let call = self.telling(call);
            match self.account.ask(&call).await {
                Ok(found) if stands_at(&found, to) && !is_cancelled(&found) => return Ok(done(&found)),
                Ok(_) => doubt = true,
                Err(Failed { fault: Fault::Changed, doubt: lost }) => doubt |= lost,
                Err(failed) => return self.gone_if_missing(failed, doubt).await,
            }
        }
        Err(Failed { fault: Fault::Changed, doubt }.trouble())
    }

    pub(super) async fn delete(&self, id: &str) -> Result<(), Trouble> {
        self.known(id)?;
        let call = self.telling(Call::delete(self.event_path(id)));
        match self.account.ask(&call).await {
            Ok(_) | Err(Failed { fault: Fault::Deleted, .. }) => Ok(()),
            Err(Failed { fault: Fault::Missing(why), .. }) => {
                if !self.is_visible().await? {
                    return Err(Trouble::Refused(why));
                }
                // An event that was made a moment ago may not have been found yet.
                match self.account.ask(&call).await {
                    Ok(_) | Err(Failed { fault: Fault::Deleted | Fault::Missing(_), .. }) => Ok(()),
                    Err(failed) => Err(failed.trouble()),
                }
            }
            Err(failed) => Err(failed.trouble()),
        }
    }

    /// The id is taken: by our event, which stands or was deleted; or by another's.
    async fn made_before(&self, event: &Event) -> Result<Written, Trouble> {
        for look in 1..=MOST_LOOKS {
            match self.get(&event.id).await {
                Ok(found) if is_cancelled(&found) => return Ok(Written::Gone),
                Ok(found) if !is_ours(&found, &event.id) => {
                    return Err(Trouble::Refused("Another event in that calendar has the same id.".into()));
                }
                Ok(found) if stands_at(&found, event.span) => return Ok(done(&found)),
                Ok(_) => {
                    return match self.patch(&event.id, event.span, &event.zone).await {
                        Err(trouble) => Err(in_doubt(trouble)),
                        Ok(written) => Ok(written),
                    };
                }
                Err(Failed { fault: Fault::Deleted, .. }) => return Ok(Written::Gone),
                // Taken, and not to be found: it was made a moment ago.
                Err(Failed { fault: Fault::Missing(_), .. }) => {
                    let Some(wait) = self.account.reach.pace.wait(look, None, self.account.jitter()) else {
                        break;
                    };
                    tokio::time::sleep(wait).await;
                }
                Err(failed) => return Err(in_doubt(failed.trouble())),
            }
        }
        Err(Trouble::Unreachable("Google says that the event exists, and does not find it.".into()))
    }

    async fn get(&self, id: &str) -> Result<Value, Failed> {
        if let Err(trouble) = self.known(id) {
            return Err(Failed { fault: trouble.into(), doubt: false });
        }
        self.account.ask(&Call::get(self.event_path(id)).expecting("id", id)).await
    }

    /// There is no such event in a calendar that we see: somebody deleted it. Where the calendar itself is out of
    /// sight, nothing is known of the event.
    async fn gone_if_missing(&self, failed: Failed, doubt: bool) -> Result<Written, Trouble> {
        match failed.fault {
            Fault::Deleted => Ok(Written::Gone),
            Fault::Missing(why) => {
                if self.is_visible().await? {
                    Ok(Written::Gone)
                } else {
                    Err(Trouble::Refused(why))
                }
            }
            fault => Err(Failed { fault, doubt: failed.doubt || doubt }.trouble()),
        }
    }

    /// Whether the calendar is still there for us.
    async fn is_visible(&self) -> Result<bool, Trouble> {
        match self.account.ask(&self.listing().with("maxResults", "1")).await {
            Ok(_) => Ok(true),
            Err(Failed { fault: Fault::Missing(_), .. }) => Ok(false),
            Err(failed) => Err(in_doubt(failed.trouble())),
        }
    }

    fn known(&self, id: &str) -> Result<(), Trouble> {
        if is_minted(id) {
            return Ok(());
        }
        Err(Trouble::Refused(format!("This is no event of ours in {}.", self.id)))
    }

    fn telling(&self, call: Call) -> Call {
        call.with(
            "sendUpdates",
            match self.notify {
                Notify::Nobody => "none",
                Notify::Everyone => "all",
                Notify::Others => "externalOnly",
            },
        )
    }

    fn event_path(&self, id: &str) -> String {
        self.path(&format!("/events/{}", segment(id)))
    }

    pub(super) fn path(&self, below: &str) -> String {
        format!("calendars/{}{below}", segment(&self.id))
    }
}

fn done(event: &Value) -> Written {
    Written::Done { etag: etag(event).map(str::to_owned) }
}

/// Whether it is at that time. Days begin in the calendar's zone, which an event alone does not tell; ours are timed.
fn stands_at(event: &Value, at: Span) -> bool {
    event["start"]["date"].is_null() && span(event, "").is_ok_and(|span| span == at)
}
