//! What every part of the process shares.

use crate::{calendars::Calendars, calls::Calls, config::Live, jobs::Bell, secret::Secret, vault::Vault};
use carrier::twilio::Twilio;
use engine::local::Workers;
use std::sync::Arc;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// One instance of the product.
pub struct App {
    pub config: Arc<Live>,
    pub store: Store,
    /// What secrets of ours are made from.
    pub key: Secret,
    pub vault: Vault,
    pub calls: Calls,
    pub books: Arc<tool::calendar::Books>,
    /// What is connected to them.
    pub calendars: Calendars,
    pub tools: Arc<tool::Tools>,
    /// Wakes who does what changes leave to be done.
    pub bell: Arc<Bell>,
    /// What hears and speaks on this machine.
    pub workers: Arc<Workers>,
    pub twilio: Twilio,
    pub http: reqwest::Client,
    /// Everything that must end before the process does: calls, and what they leave behind.
    pub tasks: TaskTracker,
    /// Cancelled when no new calls are to be taken.
    pub draining: CancellationToken,
}
