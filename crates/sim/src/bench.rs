//! What a call costs: simulated calls with both sides speaking, against the server and against a bare TCP splice, in
//! turns and in one run.
//!
//! ```text
//!   phones (relay.rs) ═► server ═► engine stand-in      CPU and memory from outside (process.rs),
//!   pipes (spliced.rs) ─► splice ─► far end             latency by stamped sound (ledger.rs)
//!   phones (interruption.rs): speech_started → clear, and what was truncated against what was heard
//!   phones (conversing.rs) ─► another server ─► services that hear, think and speak: CPU from outside
//! ```
//!
//! Server and splice are processes of their own; phones, engine and far end share this one and its clock.

mod conversing;
mod idle;
mod interruption;
mod ledger;
pub mod process;
mod relay;
pub mod report;
mod spliced;

pub use report::{Report, Row};

use crate::{
    openai::{Hearing, OpenAi, Reply, Script},
    twilio::{Account, Dial, Network, Sids},
};
use ledger::Ledger;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Calls at once.
    pub calls: u32,
    /// How long the server, and as long the splice, is measured under load.
    pub measured: Duration,
    /// In how many turns.
    pub rounds: u32,
    /// How long calls are interrupted.
    pub interrupted: Duration,
    /// Calls held for the memory of one.
    pub idle_calls: u32,
    /// Of the network delays and the moments of interruption.
    pub seed: u64,
}

/// The processes to be measured.
#[derive(Clone, Copy, Debug)]
pub struct All {
    /// A server with [`World::engine_url`] for its engine.
    pub server: Measured,
    pub splice: Measured,
    /// A server with the local engine, and [`World::parts`] for its parts.
    pub local: Measured,
}

/// A process to be measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub address: SocketAddr,
    pub pid: u32,
}

/// What the measured processes are connected to: start it before them.
pub struct World {
    engine: OpenAi,
    ledger: Arc<Ledger>,
    far: spliced::FarEnd,
    parts: conversing::Parts,
    account: Account,
}

/// What the bench is doing, for a progress bar: a name, and how much of all is done, 0 to 1.
pub type Progress<'a> = &'a (dyn Fn(&str, f64) + Sync);

impl World {
    /// Starts the stand-ins of the engine and of the local engine's parts, and the far end of the splice.
    pub async fn open(auth_token: &str) -> io::Result<Self> {
        let ledger = Arc::new(Ledger::default());
        let engine = OpenAi::listen(Script::default()).await?;
        let (far, parts) = (spliced::FarEnd::listen().await?, conversing::Parts::listen().await?);
        Ok(Self { engine, ledger, far, parts, account: Account::new(auth_token) })
    }

    /// What the server's `OPENAI_REALTIME_URL` must be.
    pub fn engine_url(&self) -> String {
        self.engine.url()
    }

    /// What the server with the local engine must be set to.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        self.parts.variables()
    }

    /// Where the splice must connect to.
    pub fn far_end(&self) -> SocketAddr {
        self.far.address()
    }

    /// Runs it all; an error is a sentence that says what did not work.
    pub async fn run(
        &self,
        plan: &Plan,
        All { server, splice, local }: All,
        progress: Progress<'_>,
    ) -> Result<Report, String> {
        let mut report = report::Findings::new(*plan);
        let whole = plan.measured.as_secs_f64() * 3.0 + plan.interrupted.as_secs_f64();
        let mut done = 0.0;

        progress("holding idle calls", 0.0);
        self.script(Reply::stamped(Duration::from_millis(200)), Hearing::Scripted);
        report.idle = idle::measure(self, plan, server).await?;

        let rounds = plan.rounds.max(1);
        let each = plan.measured / rounds;
        for round in 0..rounds {
            progress("relaying calls through the server", done / whole);
            self.script(relay::reply(each), Hearing::Scripted);
            report.server.add(relay::measure(self, plan, server, each, round).await?);
            done += each.as_secs_f64();
            progress("moving the same through the splice", done / whole);
            let traffic = spliced::Traffic { marks: report.server.marks_a_media() > 0.5 };
            report.splice.add(spliced::measure(self, plan, splice, each, traffic).await?);
            done += each.as_secs_f64();
        }

        progress("conversing through the local engine", done / whole);
        report.conversed = conversing::measure(&self.parts, &self.account, plan, local).await?;
        done += plan.measured.as_secs_f64();

        progress("interrupting", done / whole);
        self.script(interruption::reply(), Hearing::Scripted);
        report.interruptions = interruption::measure(self, plan, server).await?;
        progress("done", 1.0);
        Ok(report.report())
    }

    fn script(&self, otherwise: Reply, hearing: Hearing) {
        self.ledger.reset();
        let understood = std::iter::repeat_n("No, wait, something else.".to_owned(), 10_000).collect();
        let observer = Some(Arc::clone(&self.ledger) as Arc<dyn crate::openai::Observer>);
        self.engine.set_script(Script { otherwise, understood, hearing, observer, ..Script::default() });
    }
}

fn dial(server: Measured, call: u32, seed: u64, network: Network) -> Dial {
    let mut dial = Dial::local(server.address);
    dial.sids = Sids::invented((seed & 0xffff_ffff) << 32 | u64::from(call));
    dial.from = format!("+1415555{call:04}");
    dial.network = network;
    dial
}
