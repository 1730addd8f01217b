//! What becomes of calls that we place: who answers is put through, what a machine is told, and how calls fare.

use super::{Refused, Signed, answer, document, write_end};
use crate::{app::App, carriers, config::OnMachine};
use axum::{
    extract::{Path, State},
    response::Response,
};
use carrier::{AnsweredBy, Ask, CallStatus, Carrier, Next, Prompt, Reply, Ring, Status};
use std::{sync::Arc, time::Duration};
use store::CallRow;

/// How a call ends that a machine took.
const MACHINE: &str = "machine";
/// How long a machine greets that may still be at it.
const GREETING: Duration = Duration::from_secs(8);

/// `POST /phone/{carrier}/outgoing/{call}`: whom we called has answered.
pub async fn answered(
    State(app): State<Arc<App>>,
    Path((_, id)): Path<(String, String)>,
    signed: Signed,
) -> Result<Response, Refused> {
    let carrier = signed.carrier;
    let ring = carrier.read(&signed.as_request())?;
    let row = placed(&app, carrier, &id, &ring.call).await?.ok_or_else(not_ours)?;
    if row.ended_ms.is_some() {
        return Ok(document(carrier, &Reply::Turn(Vec::new(), Next::HangUp)));
    }
    // Whom the carrier says that it called counts for nothing: we know whom we called.
    let them = Ring {
        call: ring.call,
        account: ring.account,
        from: row.to,
        to: row.from,
        outbound: true,
        attestation: None,
    };
    let reply = answer(&app, carrier, &them, Some(&row.purpose), &signed.url).await?;
    Ok(document(carrier, &reply))
}

/// `POST /phone/{carrier}/status/{call}`: how a call fares that we placed, or who took it.
pub async fn fares(
    State(app): State<Arc<App>>,
    Path((_, id)): Path<(String, String)>,
    signed: Signed,
) -> Result<Response, Refused> {
    let carrier = signed.carrier;
    let status = carrier.read_status(&signed.as_request())?;
    if let Some(row) = placed(&app, carrier, &id, &status.call).await? {
        told(&app, carrier, &row, &status, &signed.url).await;
    } else {
        tracing::info!(call = id, "a carrier tells of a call that we did not place");
    }
    Ok(document(carrier, &Reply::Nothing))
}

/// `GET|POST /phone/{carrier}/status`: how any call of a number of ours fares.
pub async fn fares_of(State(app): State<Arc<App>>, signed: Signed) -> Result<Response, Refused> {
    let carrier = signed.carrier;
    let status = carrier.read_status(&signed.as_request())?;
    if let Some(row) = app.store.carriers_call(carrier.name(), &status.call).await? {
        told(&app, carrier, &row, &status, &signed.url).await;
    } else {
        tracing::debug!("a carrier tells of a call that never came to us");
    }
    Ok(document(carrier, &Reply::Nothing))
}

/// `POST /phone/{carrier}/outgoing/{call}/{message}`: what a machine is told that took a call of ours. The last part is
/// `ready` where the machine records already, else `soon`.
pub async fn leave_message(
    State(app): State<Arc<App>>,
    Path((_, id, when)): Path<(String, String, String)>,
    signed: Signed,
) -> Result<Response, Refused> {
    let carrier = signed.carrier;
    let ring = carrier.read(&signed.as_request())?;
    let row = placed(&app, carrier, &id, &ring.call).await?.ok_or_else(not_ours)?;
    let config = app.config.at(&row.from);
    let language = config.assistant.language.clone();
    let words = Prompt::Say { words: config.calls.machine_words.clone(), language };
    let wait = (when != "ready").then_some(Prompt::Wait(GREETING));
    Ok(document(carrier, &Reply::Turn(wait.into_iter().chain([words]).collect(), Next::HangUp)))
}

/// The call that we placed under this id, if the carrier calls it so; it may say that for the first time.
async fn placed(app: &App, carrier: &dyn Carrier, id: &str, call: &str) -> Result<Option<CallRow>, Refused> {
    let Some(row) = app.store.call(id).await?.filter(|row| row.outbound && row.carrier == carrier.name())
    else {
        return Ok(None);
    };
    let row = CallRow { carrier_call: call.to_owned(), ..row };
    Ok(app.store.call_named(id, call).await?.then_some(row))
}

fn not_ours() -> Refused {
    Refused::Malformed("we did not place this call".into())
}

/// Heeds what the carrier tells of a call. It may tell it twice, and late: the first ending counts.
async fn told(app: &Arc<App>, carrier: &'static dyn Carrier, row: &CallRow, status: &Status, url: &str) {
    if row.ended_ms.is_some() {
        return;
    }
    match status.state {
        Some(CallStatus::Queued | CallStatus::Ringing | CallStatus::InProgress) | None => {}
        Some(CallStatus::Busy) => came_to_nothing(app, row, "callee_busy").await,
        Some(CallStatus::NoAnswer) => came_to_nothing(app, row, "no_answer").await,
        Some(CallStatus::Failed) => came_to_nothing(app, row, crate::outgoing::FAILED).await,
        Some(CallStatus::Canceled) => came_to_nothing(app, row, "canceled").await,
        Some(CallStatus::Completed) => {
            app.turns.gone(app, &row.id);
            // Whoever runs it writes how it ended, and knows more of it.
            let nobody_runs_it = row.answered_ms.is_none() && !app.calls.is_in_progress(&row.id);
            if nobody_runs_it && (app.calls.take(&row.id).is_some() || row.outbound) {
                write_end(app, &row.id, "never_connected").await;
            }
            return;
        }
    }
    if !row.outbound {
        return;
    }
    match status.answered_by {
        Some(by @ (AnsweredBy::Machine | AnsweredBy::MachineReady)) => {
            machine(app, carrier, row, by == AnsweredBy::MachineReady, url).await;
        }
        Some(AnsweredBy::Fax) => hang_up(app, carrier, row).await,
        Some(AnsweredBy::Human | AnsweredBy::Unsure) | None => {}
    }
}

/// Nobody is on the telephone any more, and no stream will open: whoever waited for it is let go.
async fn came_to_nothing(app: &App, row: &CallRow, ending: &str) {
    drop(app.calls.take(&row.id));
    write_end(app, &row.id, ending).await;
}

/// A machine took the call: it is told something, or hung up on.
async fn machine(app: &Arc<App>, carrier: &'static dyn Carrier, row: &CallRow, ready: bool, url: &str) {
    let config = app.config.get();
    match config.calls.machine {
        OnMachine::Talk => {}
        OnMachine::HangUp => hang_up(app, carrier, row).await,
        OnMachine::Message => {
            // What the assistant says meanwhile ends with its line, when the carrier goes on elsewhere.
            write_end(app, &row.id, MACHINE).await;
            let base = app.base(&config, url);
            let when = if ready { "ready" } else { "soon" };
            let url = format!("{base}/phone/{}/outgoing/{}/{when}", carrier.name(), row.id);
            let ask = Ask::Redirect { call: row.carrier_call.clone(), url };
            if let Err(why) = carriers::done(app, carrier, &ask).await {
                tracing::warn!(call = %row.id, why, "no message could be left");
                app.calls.dismiss(&row.id);
            }
        }
    }
}

async fn hang_up(app: &Arc<App>, carrier: &'static dyn Carrier, row: &CallRow) {
    write_end(app, &row.id, MACHINE).await;
    let ask = Ask::Complete { call: row.carrier_call.clone() };
    if let Err(why) = carriers::done(app, carrier, &ask).await {
        tracing::warn!(call = %row.id, why, "a call that a machine took could not be ended by the carrier");
        app.calls.dismiss(&row.id);
    }
}
