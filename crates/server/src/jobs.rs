//! What is to be done later and must not be forgotten: confirmations, reminders, letters to the owner.
//!
//! ```text
//!   a change queues jobs ─► Bell ─► run: claim what is due ─► jobs/announce.rs   who gets what
//!                                     │                       jobs/letter.rs     by mail
//!                                     │                       jobs/text.rs       by the carrier
//!                                     │                       jobs/account.rs    links to users
//!                                     │                       jobs/call_brief.rs what a call came to
//!                                     │                       jobs/event.rs      what happened, for each program
//!                                     │                       jobs/deliver.rs    to one of them
//!                                     ◄── done · again later · dead
//! ```
//!
//! A job is claimed for some minutes. Whoever dies with it loses it, and it is done again: so every kind of job says what
//! happens when it is done twice.

pub(crate) mod account;
mod announce;
mod call_brief;
mod deliver;
mod event;
mod letter;
pub mod text;

use crate::{app::App, clock, insist::insist, webhooks};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use store::{JobRow, JobState, StoreError};
use tokio::{
    sync::{Notify, Semaphore},
    task::{JoinHandle, JoinSet},
};
use tool::message::{Way, job};

/// How many are done at once, on this instance.
const AT_ONCE: usize = 4;
/// How long a claimed job is ours: longer than any takes.
const LEASE_MS: i64 = 5 * 60 * 1_000;
/// How long we sleep at most: another instance may have died with a job, or somebody wrote one into the database.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// After the bell the change may still be on its way into the database: the first look comes this soon,
const EAGER: Duration = Duration::from_millis(50);
/// the next ones after pauses that double up to this.
const LEAST_EAGER: Duration = Duration::from_secs(4);
/// How often a job is tried: over somewhat more than three hours.
const TRIES: i64 = 10;
/// The pause after the first try. Each further one is twice as long,
const PAUSE: Duration = Duration::from_secs(30);
/// up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// How long it is remembered that a job was done, so that it is not queued again,
const REMEMBERED_MS: i64 = 90 * 24 * 60 * 60 * 1_000;
/// and how often those are forgotten that are older.
const TIDY: Duration = Duration::from_secs(60 * 60);

/// How long it is remembered what programs were told of,
const DELIVERIES_MS: i64 = 30 * 24 * 60 * 60 * 1_000;
/// and what they were answered that may ask again.
const ANSWERS_MS: i64 = 24 * 60 * 60 * 1_000;

/// Wakes the runner: a change is about to queue jobs.
#[derive(Debug, Default)]
pub struct Bell(Notify);

impl Bell {
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// What came of a job.
#[derive(Debug)]
enum Outcome {
    Done,
    /// Nothing of it was done, and nothing may be before this time, in milliseconds since 1970.
    NotBefore(i64),
    /// It failed in a way that may pass.
    Later(String),
    /// Likewise, and is to be tried again at this time and not by the usual pauses.
    Again(i64, String),
    /// It will never work.
    Never(String),
}

impl From<StoreError> for Outcome {
    fn from(error: StoreError) -> Self {
        Outcome::Later(error.to_string())
    }
}

/// Does what is due until the process drains, then finishes what is under way.
pub async fn run(app: Arc<App>) {
    let mut under_way = JoinSet::new();
    let briefs = Arc::new(Semaphore::new(1));
    // What an earlier process was at when it died need not wait for the end of its claim, where there was only one.
    if !app.store.is_shared() {
        let freed =
            insist(&app.draining, "the claims of an earlier process", || app.store.release_jobs()).await;
        if let Err(error) = freed {
            tracing::warn!(%error, "jobs of an earlier process are done once its claims have run out");
        }
    }
    let mut eager: Option<Duration> = None;
    let mut troubled = false;
    let mut tidied = None;
    // Beside the jobs: many calls may be without their words.
    let mut wording = None;
    while !app.draining.is_cancelled() {
        let (now, now_ms) = (clock::now(), clock::now_ms());
        if tidied.is_none_or(|tidied| now.duration_since(tidied) > TIDY) {
            tidied = Some(now);
            if let Err(error) = app.store.tidy_jobs(now_ms - REMEMBERED_MS).await {
                tracing::debug!(%error, "jobs that were done were not forgotten");
            }
            tidy_programs(&app, now_ms).await;
            if let Err(error) = call_brief::catch_up(&app, now_ms).await {
                tracing::warn!(%error, "calls that were cut off are without a brief");
            }
            if wording.as_ref().is_none_or(JoinHandle::is_finished) {
                wording = Some(app.tasks.spawn(call_brief::catch_up_words(app.clone())));
            }
        }
        let wait = match claim(&app, AT_ONCE - under_way.len(), now_ms).await {
            Ok((jobs, wait)) => {
                troubled = false;
                if !jobs.is_empty() {
                    eager = None;
                }
                for job in jobs {
                    under_way.spawn(finish(app.clone(), job, briefs.clone()));
                }
                wait
            }
            Err(error) => {
                if !std::mem::replace(&mut troubled, true) {
                    tracing::warn!(%error, "what is due cannot be looked up and is tried again");
                }
                LONGEST_PAUSE.min(LEAST_EAGER)
            }
        };
        let wait = eager.map_or(wait, |eager| eager.min(wait));
        eager = eager.map(|eager| eager * 2).filter(|eager| *eager <= LEAST_EAGER);
        tokio::select! {
            () = app.draining.cancelled() => {}
            () = app.bell.0.notified() => eager = Some(EAGER),
            Some(_) = under_way.join_next() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// Forgets what programs were told and answered long ago.
async fn tidy_programs(app: &App, now_ms: i64) {
    let told = app.store.tidy_deliveries(now_ms - DELIVERIES_MS).await;
    let answered = app.store.tidy_answers(now_ms - ANSWERS_MS).await;
    if let Err(error) = told.and(answered) {
        tracing::debug!(%error, "what programs were told was not forgotten");
    }
}

/// Takes at most `room` jobs; says how long there is nothing else to do.
async fn claim(app: &App, room: usize, now_ms: i64) -> Result<(Vec<JobRow>, Duration), StoreError> {
    if room == 0 {
        return Ok((Vec::new(), LONGEST_SLEEP));
    }
    let jobs = app.store.claim_jobs(now_ms, now_ms + LEASE_MS, u32::try_from(room).unwrap_or(1)).await?;
    if jobs.len() == room {
        return Ok((jobs, LONGEST_SLEEP));
    }
    // Claimed ones wait for the end of their claim; there are few of them.
    let waiting = app.store.jobs(JobState::Waiting, 64).await?;
    let next_ms = waiting.iter().map(|job| job.due_ms.max(job.claimed_until_ms.unwrap_or(0))).min();
    let wait_ms = next_ms.map_or(i64::MAX, |next_ms| next_ms.saturating_sub(now_ms).max(1));
    let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or(1));
    Ok((jobs, wait.min(LONGEST_SLEEP)))
}

/// Does one job and writes down what came of it. Where that cannot be written the claim runs out, and it is done again.
async fn finish(app: Arc<App>, job: JobRow, briefs: Arc<Semaphore>) {
    let (id, kind) = (job.id.as_str(), job.kind.as_str());
    let outcome = AssertUnwindSafe(perform(&app, &job, &briefs)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(job = id, kind, "a job panicked");
        Outcome::Later("something went wrong inside Earpiece; its log tells more".into())
    });
    let now_ms = clock::now_ms();
    let (error, again_ms) = match outcome {
        Outcome::Done => {
            let written =
                insist(&app.draining, "a job that is done", || app.store.job_done(&job, now_ms)).await;
            return report(id, written);
        }
        Outcome::NotBefore(at_ms) => (String::new(), Some(at_ms.max(now_ms + 1_000))),
        Outcome::Again(at_ms, why) => (why, Some(at_ms.max(now_ms + 1_000))),
        Outcome::Later(why) => match pause(job.attempts, fraction(id, job.attempts)) {
            Some(pause) => {
                if job.attempts == 1 {
                    tracing::warn!(
                        job = id,
                        kind,
                        "{} failed and is tried again: see the jobs page",
                        what(&job)
                    );
                }
                (why, Some(now_ms + i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)))
            }
            None => (why, None),
        },
        Outcome::Never(why) => (why, None),
    };
    tracing::debug!(job = id, kind, error, "a job was not done");
    if again_ms.is_none() {
        tracing::warn!(job = id, kind, "{} was given up: see the jobs page", what(&job));
    }
    let written =
        insist(&app.draining, "a job that failed", || app.store.job_failed(&job, &error, again_ms, now_ms))
            .await;
    report(id, written);
}

fn report(id: &str, written: Result<bool, StoreError>) {
    match written {
        Ok(true) => {}
        Ok(false) => tracing::debug!(job = id, "a job was taken from us before it was finished"),
        Err(error) => tracing::error!(job = id, %error, "what came of a job could not be written"),
    }
}

async fn perform(app: &App, job: &JobRow, briefs: &Semaphore) -> Outcome {
    match job.kind.as_str() {
        job::ANNOUNCE => announce::announce(app, job).await,
        job::REMIND => announce::remind(app, job).await,
        job::MAIL => letter::about(app, job).await,
        job::TEXT => text::send(app, job).await,
        job::OWNER => letter::to_owner(app, job).await,
        job::WORDS => text::send_words(app, job).await,
        job::BRIEF => call_brief::make(app, job, briefs).await,
        account::FORGOT | account::REGISTER | account::INVITE => account::send(app, job).await,
        webhooks::EVENT => event::tell(app, job).await,
        webhooks::DELIVER => deliver::deliver(app, job).await,
        _ => Outcome::Never("this version of Earpiece does not know what to do with it".into()),
    }
}

/// What a job is, for those who read of it: "A confirmation by mail".
pub fn what(job: &JobRow) -> &'static str {
    let reminds = job.payload.contains("\"reminder\"");
    match (job.kind.as_str(), reminds) {
        (job::MAIL, false) => "A confirmation by mail",
        (job::MAIL, true) => "A reminder by mail",
        (job::TEXT, false) => "A confirmation by text",
        (job::TEXT, true) => "A reminder by text",
        (job::ANNOUNCE, _) => "Telling of a change",
        (job::REMIND, _) => "A reminder",
        (job::OWNER, _) => "A letter to you",
        (job::WORDS, _) => "A text",
        (job::BRIEF, _) => "The brief of a call",
        (account::FORGOT | account::REGISTER | account::INVITE, _) => "A letter about an account",
        (webhooks::EVENT, _) => "Telling programs of what happened",
        (webhooks::DELIVER, _) => "Telling a program of what happened",
        _ => "Something that this version does not know",
    }
}

/// Queues a job; one of the same key is the same.
pub async fn queue(app: &App, planned: &job::Planned) -> Result<(), StoreError> {
    app.store.queue_job(&planned.new_job(clock::now_ms())).await?;
    app.bell.ring();
    Ok(())
}

/// Whether texts can be sent, as the settings are.
pub fn can_text(config: &crate::config::Config) -> bool {
    text::sender(config).is_some()
}

/// Whether mail can be sent, likewise.
pub fn can_mail(config: &crate::config::Config) -> bool {
    letter::sender(config).is_some()
}

/// Whether the mail server lets us in; an error is for the owner.
pub async fn try_mail(app: &App) -> Result<(), String> {
    letter::try_server(app).await
}

/// The ways in which we can write to anybody, as the settings are.
fn we_have(config: &crate::config::Config) -> Vec<Way> {
    let mut ways = Vec::new();
    if can_mail(config) {
        ways.push(Way::Mail);
    }
    if can_text(config) {
        ways.push(Way::Text);
    }
    ways
}

/// How long to wait after this many tries; none: that was the last. `fraction`, 0 to 1, spreads those who failed together.
fn pause(tries: i64, fraction: f64) -> Option<Duration> {
    if tries >= TRIES {
        return None;
    }
    let doubled = u32::try_from(tries - 1).unwrap_or(0).min(16);
    let pause = PAUSE.saturating_mul(1 << doubled).min(LONGEST_PAUSE);
    Some(pause.mul_f64(1.0 + fraction / 4.0))
}

/// A number from 0 to 1 that differs from job to job and from try to try.
fn fraction(id: &str, tries: i64) -> f64 {
    let seed = id
        .bytes()
        .fold(tries.unsigned_abs(), |seed, byte| seed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
    fastrand::Rng::with_seed(seed).f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spread_over_hours_and_come_to_an_end() {
        let pauses: Vec<u64> = (1..TRIES).map(|n| pause(n, 0.0).expect("another try").as_secs()).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(pause(TRIES, 0.0), None);
        assert_eq!(pause(1, 1.0), Some(Duration::from_millis(37_500)));
        assert_ne!(fraction("a", 1).to_bits(), fraction("b", 1).to_bits());
        assert_ne!(fraction("a", 1).to_bits(), fraction("a", 2).to_bits());
    }
}
