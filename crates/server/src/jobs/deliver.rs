//! One event to one program: tried for a day, then given up; a program that took nothing for days is told no longer.
//!
//! Done twice the program gets it twice, under the same id, by which it knows that it has it.

use super::{Outcome, fraction, queue};
use crate::{
    app::App,
    clock,
    webhooks::{self, sign},
};
use std::time::Duration;
use store::{Handed, JobRow, StoreError, Tried, WebhookDeliveryRow, WebhookRow};
use tool::{message::job, network::Network, own::Reach};

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pauses between tries: all in all somewhat more than a day.
const PAUSES: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(7 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
];
/// How long a program that failed is left alone, whatever there is for it: it must not keep what others wait for.
const REST_MS: i64 = 5_000;
/// A program that took nothing for this long is told no longer.
const GIVEN_UP_MS: i64 = 3 * 24 * 60 * 60 * 1_000;
/// The answer of a program that wants to be told no longer.
const GONE: u16 = 410;

/// Tries once.
pub(super) async fn deliver(app: &App, job: &JobRow) -> Outcome {
    match tried(app, job).await {
        Ok(outcome) => outcome,
        Err(error) => error.into(),
    }
}

async fn tried(app: &App, job: &JobRow) -> Result<Outcome, StoreError> {
    let Some(delivery) = app.store.webhook_delivery(&job.payload).await? else { return Ok(Outcome::Done) };
    let Some(webhook) = app.store.webhook(&delivery.webhook_id).await? else { return Ok(Outcome::Done) };
    if delivery.state != Handed::Waiting {
        return Ok(Outcome::Done);
    }
    let now_ms = clock::now_ms();
    if !webhook.told {
        let why = "This webhook was switched off before it could be told.";
        let over = Tried { state: Handed::Failed, status: 0, why, rests_until_ms: 0, now_ms };
        app.store.webhook_tried(&delivery, &over).await?;
        return Ok(Outcome::Done);
    }
    if webhook.rests_until_ms > now_ms {
        return Ok(Outcome::NotBefore(webhook.rests_until_ms));
    }
    let sent = send(app, &webhook, &delivery).await;
    after(app, &webhook, &delivery, sent).await
}

/// Why it was not taken: the answer's status, 0 where there was none, and a sentence.
struct Refused {
    status: u16,
    why: String,
}

async fn send(app: &App, webhook: &WebhookRow, delivery: &WebhookDeliveryRow) -> Result<u16, Refused> {
    let refused = |why: &str| Refused { status: 0, why: why.to_owned() };
    let secret = webhooks::secret(&app.vault, webhook);
    let secret = secret.ok_or_else(|| refused("Its secret was sealed with another key. Make it anew."))?;
    let url = reqwest::Url::parse(&webhook.url).map_err(|_| refused("Its address is none."))?;
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
    let private = app.config.get().programs.private_webhooks && app.whose.network() == Network::Any;
    let reach = Reach { host: host.to_owned(), port, private, patience: PATIENCE };
    let client = reach.client().await.map_err(|why| Refused { status: 0, why })?;
    let seconds = clock::now_ms() / 1_000;
    let (id, body) = (&delivery.event_id, &delivery.body);
    let signature =
        sign::sign(&secret, id, seconds, body).ok_or_else(|| refused("Its secret is damaged."))?;
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signature)
        .body(body.clone());
    // What it says beside the status is of no interest, and is not read.
    let status = match tokio::time::timeout(PATIENCE, request.send()).await {
        Ok(Ok(answer)) => answer.status(),
        Ok(Err(error)) if error.is_connect() => return Err(refused("It could not be reached.")),
        Ok(Err(error)) if !error.is_timeout() => return Err(refused("The connection broke off.")),
        Ok(Err(_)) | Err(_) => return Err(refused("It did not answer within 10 seconds.")),
    };
    if status.is_success() {
        return Ok(status.as_u16());
    }
    let why = if status.is_redirection() {
        "It wants to send us elsewhere, which is not followed. Set the new address.".to_owned()
    } else {
        format!("It answered {status}.")
    };
    Err(Refused { status: status.as_u16(), why })
}

/// Writes down what came of it, and says when it is tried again.
async fn after(
    app: &App,
    webhook: &WebhookRow,
    delivery: &WebhookDeliveryRow,
    sent: Result<u16, Refused>,
) -> Result<Outcome, StoreError> {
    let now_ms = clock::now_ms();
    let Refused { status, why } = match sent {
        Ok(status) => {
            let status = i64::from(status);
            let tried = Tried { state: Handed::Delivered, status, why: "", rests_until_ms: 0, now_ms };
            app.store.webhook_tried(delivery, &tried).await?;
            return Ok(Outcome::Done);
        }
        Err(refused) => refused,
    };
    let pause = pause(delivery.attempts, fraction(&delivery.id, delivery.attempts));
    let again = pause.filter(|_| status != GONE);
    let state = if again.is_some() { Handed::Waiting } else { Handed::Failed };
    let tried =
        Tried { state, status: i64::from(status), why: &why, rests_until_ms: now_ms + REST_MS, now_ms };
    let row = app.store.webhook_tried(delivery, &tried).await?;
    let failing_since_ms = row.and_then(|row| row.failing_since_ms).unwrap_or(now_ms);
    if status == GONE {
        give_up(app, webhook, "It answered 410 Gone: it wants to be told no longer.", now_ms).await?;
    } else if now_ms - failing_since_ms >= GIVEN_UP_MS {
        give_up(app, webhook, &format!("It took nothing for three days. The last time: {why}"), now_ms)
            .await?;
    }
    Ok(match again {
        Some(pause) => Outcome::Again(now_ms + i64::try_from(pause.as_millis()).unwrap_or(i64::MAX), why),
        None => Outcome::Done,
    })
}

/// Tells the program no longer, and its owner so.
async fn give_up(app: &App, webhook: &WebhookRow, why: &str, now_ms: i64) -> Result<(), StoreError> {
    if !app.store.webhook_given_up(&webhook.id, why, now_ms).await? {
        return Ok(());
    }
    tracing::warn!(webhook = webhook.id, why, "a webhook was switched off");
    app.listeners.refresh(&app.store).await?;
    if super::can_mail(&app.config.get()) {
        let name = if webhook.about.is_empty() { &webhook.url } else { &webhook.about };
        queue(app, &job::webhook(&format!("{}:{now_ms}", webhook.id), name, why, now_ms)).await?;
    }
    Ok(())
}

/// How long to wait after this many earlier tries; none: that was the last.
fn pause(earlier: i64, fraction: f64) -> Option<Duration> {
    let pause = PAUSES.get(usize::try_from(earlier).unwrap_or(0))?;
    Some(pause.mul_f64(1.0 + fraction / 4.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spread_over_a_day_and_come_to_an_end() {
        let all: Duration = (0..7).filter_map(|earlier| pause(earlier, 0.0)).sum();
        let day = Duration::from_secs(24 * 60 * 60);
        assert!((day..day + day / 4).contains(&all), "{all:?}");
        assert_eq!(pause(7, 0.0), None);
        assert!(pause(0, 1.0) > pause(0, 0.0));
    }
}
