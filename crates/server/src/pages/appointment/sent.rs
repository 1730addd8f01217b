//! What was sent about an appointment, and how it can be confirmed again.

use crate::{config::Config, jobs, pages::times::Moment};
use jiff::tz::TimeZone;
use store::{JobRow, JobState};
use tool::message::{Reach, Way};

/// A letter or a text.
pub(super) struct Line {
    pub(super) at: String,
    pub(super) machine: String,
    pub(super) what: &'static str,
    pub(super) state: &'static str,
    /// A class of tags for it.
    pub(super) tone: &'static str,
    /// Why it was not sent yet, or never.
    pub(super) why: String,
}

/// A way by which it can be confirmed again.
pub(super) struct Offer {
    pub(super) way: Way,
    /// As the form spells it.
    pub(super) name: &'static str,
    pub(super) to: String,
}

pub(super) fn line(job: &JobRow, zone: &TimeZone) -> Line {
    let Moment { named: at, machine } = Moment::short(job.ended_ms.unwrap_or(job.queued_ms), zone);
    let (state, tone) = match job.state {
        JobState::Done => ("sent", "good"),
        JobState::Waiting if job.error.is_empty() => ("on its way", "now"),
        JobState::Waiting => ("tried again", "warn"),
        JobState::Dead => ("given up", "bad"),
    };
    Line { at, machine, what: jobs::what(job), state, tone, why: job.error.clone() }
}

/// The ways by which somebody who is reached so can be written to, as the settings are; the one that they wished first.
pub(super) fn offers(config: &Config, reach: &Reach) -> Vec<Offer> {
    let text = reach.text.clone().filter(|_| jobs::can_text(config));
    let mail = reach.mail.clone().filter(|_| jobs::can_mail(config));
    let text = text.map(|to| Offer { way: Way::Text, name: "text", to });
    let mail = mail.map(|to| Offer { way: Way::Mail, name: "mail", to });
    let mut offers: Vec<_> = text.into_iter().chain(mail).collect();
    offers.sort_by_key(|offer| reach.rather != Some(offer.way));
    offers
}

/// Why there is no such way.
pub(super) fn why_not(config: &Config, reach: &Reach) -> &'static str {
    match (reach.text.is_some() || reach.mail.is_some(), jobs::can_text(config) || jobs::can_mail(config)) {
        (false, _) => {
            "Nobody knows where to write to: no number and no address were given for confirmations."
        }
        (true, false) => {
            "Neither texts nor mail can be sent yet. Connect a carrier or a mail server under Settings."
        }
        (true, true) => "What they gave cannot be written to as the settings are.",
    }
}
