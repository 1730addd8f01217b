//! What every part of a house shares.

use crate::{
    api::v1::Meter,
    calendars::Calendars,
    calls::Calls,
    config::{Config, Live},
    current::Current,
    engines::Engines,
    guard::throttle::Throttle,
    jobs::Bell,
    line::clips::Clips,
    mcp::Servers,
    phone::{Briefings, Turns, voice::Voices},
    refusals::Refusals,
    secret::Secret,
    texts::Talks,
    trying::Tries,
    vault::Vault,
    webhooks::Listeners,
    whose::Whose,
};
use carrier::address;
use engine::local::Workers;
use std::sync::Arc;
use store::{AddedRow, SettingRow, Store};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tool::Toolbox;

/// One user's house: their numbers, assistant, calendars, callers and settings. Houses of one process share the machine, and
/// nothing else.
pub struct App {
    pub whose: Whose,
    pub config: Arc<Live>,
    /// What was saved on a page, as it is heeded.
    pub saved: Current<Vec<SettingRow>>,
    pub store: Store,
    /// What secrets of ours are made from.
    pub key: Secret,
    pub vault: Vault,
    pub calls: Calls,
    pub books: Arc<tool::calendar::Books>,
    /// What is connected to them.
    pub calendars: Calendars,
    /// Our own are made anew when the owner changes what they go by; others come and go.
    pub tools: Toolbox,
    /// What was added on pages, as it is heeded.
    pub added: Current<Vec<AddedRow>>,
    /// Whose tools are among them.
    pub mcp: Servers,
    /// Which programs want to be told of what happens.
    pub listeners: Arc<Listeners>,
    /// How often programs came of late.
    pub meter: Meter,
    /// Wakes who does what changes leave to be done.
    pub bell: Arc<Bell>,
    /// Which of them are at rest.
    pub engines: Engines,
    /// What hears and speaks on this machine.
    pub workers: Arc<Workers>,
    /// What callers are played by address.
    pub clips: Arc<Clips>,
    /// The calls that are carried by webhooks.
    pub turns: Turns,
    /// The calls of programs.
    pub voices: Voices,
    /// What those hear who take transferred calls.
    pub briefings: Briefings,
    /// Which requests in a carrier's name were not believed.
    pub refusals: Refusals,
    /// Whose texts are being answered.
    pub talks: Talks,
    /// How often who tried to log in.
    pub throttle: Throttle,
    /// Conversations with assistants that are not saved.
    pub tries: Tries,
    pub http: reqwest::Client,
    /// Everything that must end before the process does: calls, and what they leave behind.
    pub tasks: TaskTracker,
    /// Cancelled when no new calls are to be taken.
    pub draining: CancellationToken,
}

impl App {
    /// Where a carrier finds this house whose request was signed for the address `signed`: without a trailing slash.
    pub fn base(&self, config: &Config, signed: &str) -> String {
        let there = || format!("{}{}", address::origin(signed), self.whose.prefix());
        config.server.public_url.clone().unwrap_or_else(there)
    }
}
