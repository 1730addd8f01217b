//! What is to be sent, as durable jobs: their kinds, their keys and what they carry.
//!
//! A change queues one [`announcement`] in its own transaction. When that runs it finds out who gets what, and queues a
//! letter, a text and the reminder, each under a key of its own: whatever happens, a job of that key exists once.

use super::{Occasion, Way, words::Letter};
use serde::{Deserialize, Serialize};
use store::NewJob;

/// Tells whoever it concerns of a change: [`Announcement`].
pub const ANNOUNCE: &str = "announce";
/// Reminds of an appointment: [`Announcement`] with [`Occasion::Reminder`].
pub const REMIND: &str = "remind";
/// Sends one letter about an appointment: [`Announcement`].
pub const MAIL: &str = "mail";
/// Sends one text about an appointment: [`Announcement`].
pub const TEXT: &str = "text";
/// Sends the owner one letter: [`OwnerLetter`].
pub const OWNER: &str = "owner";

/// Sends one text: [`Words`].
pub const WORDS: &str = "words";
/// Tells the owner what a call came to: [`AfterCall`].
pub const BRIEF: &str = "brief";

/// A job to be queued; the key is unique among all jobs that ever were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub kind: &'static str,
    pub key: String,
    /// JSON.
    pub payload: String,
    pub due_ms: i64,
}

impl Planned {
    /// As it is queued now.
    pub fn new_job(&self, now_ms: i64) -> NewJob<'_> {
        let Self { kind, key, payload, due_ms } = self;
        NewJob { kind, key, payload, due_ms: *due_ms, now_ms }
    }
}

/// What is told of which appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    pub appointment: String,
    /// [`Occasion::name`].
    pub occasion: String,
    /// Where the appointment stands once the change is made. Should it stand elsewhere when this is to be sent, there was
    /// another change, which is told instead.
    pub starts_ms: i64,
    /// When the change was made.
    pub at_ms: i64,
    #[serde(default)]
    pub by: Author,
}

/// Who made a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The one who has the appointment, in a call: awake, and at the telephone.
    Caller,
    /// Likewise by a text, whose answer tells of it already.
    Texter,
    /// Somebody else, such as the owner.
    #[default]
    Other,
}

/// A letter to the owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerLetter {
    pub subject: String,
    pub text: String,
    pub html: String,
    pub at_ms: i64,
    /// The message whose voicemail goes with it.
    #[serde(default)]
    pub voicemail: Option<String>,
}

/// A text as it is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// A number in E.164.
    pub to: String,
    pub body: String,
    /// When it was wanted.
    pub at_ms: i64,
    /// It does not wait for the end of quiet hours.
    pub at_any_hour: bool,
}

/// A call that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterCall {
    pub call: String,
    /// Should it have gone on and ended at another time, another job tells of it.
    pub ended_ms: i64,
}

impl Announcement {
    /// Its name in keys and in a mail's id.
    fn key(&self) -> String {
        format!("{}:{}:{}:{}", self.appointment, self.occasion, self.starts_ms, self.at_ms)
    }

    fn planned(&self, kind: &'static str, due_ms: i64) -> Planned {
        let payload = serde_json::to_string(self).expect("texts and numbers are JSON");
        Planned { kind, key: format!("{kind}:{}", self.key()), payload, due_ms }
    }

    /// The reminder of the same appointment, due at `due_ms`.
    pub fn reminder(&self, due_ms: i64) -> Planned {
        let occasion = Occasion::Reminder.name().to_owned();
        Announcement { occasion, by: Author::Other, ..self.clone() }.planned(REMIND, due_ms)
    }

    /// The same, by this way.
    pub fn by(&self, way: Way, due_ms: i64) -> Planned {
        let kind = match way {
            Way::Mail => MAIL,
            Way::Text => TEXT,
        };
        self.planned(kind, due_ms)
    }

    /// What it is about; none where the payload was damaged.
    pub fn occasion(&self) -> Option<Occasion> {
        Occasion::named(&self.occasion)
    }
}

/// To be queued with a change, in its transaction. `starts_ms` is where the appointment stands after it.
pub fn announcement(
    appointment: &str,
    occasion: Occasion,
    starts_ms: i64,
    at_ms: i64,
    by: Author,
) -> Planned {
    let announcement = Announcement {
        appointment: appointment.to_owned(),
        occasion: occasion.name().to_owned(),
        starts_ms,
        at_ms,
        by,
    };
    let kind = if occasion == Occasion::Reminder { REMIND } else { ANNOUNCE };
    announcement.planned(kind, at_ms)
}

/// The letter that tells the owner that a calendar must be connected again. `key` names the grant and the time at which
/// it was found gone, so that this is told once.
pub fn revoked(key: &str, calendar: &str, why: &str, at_ms: i64) -> Planned {
    owner(&format!("revoked:{key}"), &super::words::revoked(calendar, why), None, at_ms)
}

/// The letter that tells the owner that this program is told of nothing any more.
pub fn webhook(key: &str, name: &str, why: &str, at_ms: i64) -> Planned {
    owner(&format!("webhook:{key}"), &super::words::webhook(name, why), None, at_ms)
}

/// The letter that brings the owner the voicemail of this message.
pub fn voicemail(message: &str, letter: &Letter, at_ms: i64) -> Planned {
    owner(&format!("voicemail:{message}"), letter, Some(message), at_ms)
}

/// The letter that brings the owner this message, which the assistant wrote down.
pub fn message(message: &str, letter: &Letter, at_ms: i64) -> Planned {
    owner(&format!("message:{message}"), letter, None, at_ms)
}

/// What this call came to, for the owner.
pub fn brief(call: &str, letter: &Letter, at_ms: i64) -> Planned {
    owner(&format!("brief:{call}"), letter, None, at_ms)
}

/// The text that brings the owner this urgent message.
pub fn urgent(message: &str, to: &str, body: String, at_ms: i64) -> Planned {
    words(&format!("{URGENT}{message}"), &Words { to: to.to_owned(), body, at_ms, at_any_hour: true })
}

/// The text that brings a caller the outcome of a tool that they were promised. `key` names the use of the tool.
pub fn promised_text(key: &str, to: &str, body: String, at_ms: i64) -> Planned {
    words(&format!("promised:{key}"), &Words { to: to.to_owned(), body, at_ms, at_any_hour: true })
}

/// The letter that brings it to the owner.
pub fn promised_mail(key: &str, letter: &Letter, at_ms: i64) -> Planned {
    owner(&format!("promised:{key}"), letter, None, at_ms)
}

/// What the keys of urgent texts begin with.
pub const URGENT: &str = "owner:urgent:";

/// This text, under a key that is unique among all texts.
pub fn words(key: &str, words: &Words) -> Planned {
    let payload = serde_json::to_string(words).expect("texts and numbers are JSON");
    Planned { kind: WORDS, key: key.to_owned(), payload, due_ms: words.at_ms }
}

/// Finds out what a call came to, once what happened in it is written down.
pub fn after_call(call: &str, ended_ms: i64, due_ms: i64) -> Planned {
    let payload = serde_json::to_string(&AfterCall { call: call.to_owned(), ended_ms });
    let payload = payload.expect("texts and numbers are JSON");
    Planned { kind: BRIEF, key: format!("{AFTER_CALL}{call}:{ended_ms}"), payload, due_ms }
}

/// What the keys of those jobs begin with.
pub const AFTER_CALL: &str = "brief:";

fn owner(key: &str, letter: &Letter, voicemail: Option<&str>, at_ms: i64) -> Planned {
    let Letter { subject, text, html } = letter.clone();
    let brief = OwnerLetter { subject, text, html, at_ms, voicemail: voicemail.map(str::to_owned) };
    let payload = serde_json::to_string(&brief).expect("texts and numbers are JSON");
    Planned { kind: OWNER, key: format!("{OWNER}:{key}"), payload, due_ms: at_ms }
}
