//! What programs are told of calls, appointments, messages, texts and callers: one shape for the API, for other assistants
//! and for webhooks. Times are RFC 3339 in the owner's zone.

use crate::pages::timeline::{Entry, What};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use store::{AppointmentRow, CallBrief, CallRow, CallerRow, Direction, MessageRow, TextRow};
use tool::Trust;
use utoipa::ToSchema;

/// A part of a list, and where it goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// There is more: ask again with this cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// A call that was answered or placed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Call {
    pub id: String,
    /// The other's number; empty: withheld.
    pub number: String,
    pub direction: Way,
    #[schema(value_type = TrustOf)]
    pub trust: &'static str,
    #[schema(format = "date-time")]
    pub started: String,
    /// How long it lasted; 0: it never began, or goes on.
    pub seconds: i64,
    /// How it ended; empty: it goes on.
    pub ending: String,
    /// What it was about, where we called.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub brief: Option<Brief>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    In,
    Out,
}

/// What a number entitles to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "names what `Trust` is called, for the document")]
enum TrustOf {
    Owner,
    Known,
    Stranger,
}

/// What a call came to, in a few lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct Brief {
    pub who: String,
    pub wanted: String,
    pub done: String,
    pub open: String,
}

/// One thing that was said or done in a call.
#[derive(Debug, Serialize, ToSchema)]
pub struct Line {
    /// Seconds since the call began.
    pub at: f64,
    pub who: Who,
    pub text: String,
    /// What the caller spoke over and did not hear.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub unheard: String,
    /// Which tool it was.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub tool: String,
    /// Whether the tool did as it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ok: Option<bool>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    Caller,
    Assistant,
    Tool,
    Remark,
}

/// An appointment that stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Appointment {
    pub id: String,
    #[schema(format = "date-time")]
    pub starts: String,
    #[schema(format = "date-time")]
    pub ends: String,
    /// Which of the office's kinds it is; empty: none.
    pub kind: String,
    pub summary: String,
    /// Who made it; empty: nobody knows.
    pub number: String,
    /// The call in which it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub call_id: Option<String>,
}

/// What a caller left for the owner.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    pub id: String,
    #[schema(format = "date-time")]
    pub taken: String,
    /// Empty: withheld.
    pub number: String,
    pub text: String,
    pub urgent: bool,
    /// The owner is done with it.
    pub done: bool,
    /// 0: there is no voicemail.
    pub voicemail_seconds: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub call_id: Option<String>,
}

/// A text message that came in or went out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Text {
    pub id: String,
    #[schema(format = "date-time")]
    pub at: String,
    pub direction: Way,
    /// The other's number.
    pub number: String,
    pub text: String,
    /// As its carrier tells: `on_its_way`, `arrived` or `lost`; empty: it told nothing.
    pub delivery: String,
    /// The appointment that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub appointment_id: Option<String>,
}

/// Somebody who called or texted.
#[derive(Debug, Serialize, ToSchema)]
pub struct Caller {
    pub number: String,
    /// What the owner calls them; empty: nothing.
    pub note: String,
    pub blocked: bool,
    /// They are put through at any hour.
    pub vip: bool,
    #[schema(format = "date-time")]
    pub first_seen: String,
    #[schema(format = "date-time")]
    pub last_seen: String,
}

impl Call {
    pub fn of(row: &CallRow, brief: Option<CallBrief>, zone: &TimeZone) -> Self {
        let lasted = row.answered_ms.zip(row.ended_ms).map_or(0, |(from, to)| (to - from).max(0) / 1_000);
        Self {
            id: row.id.clone(),
            number: row.other().to_owned(),
            direction: if row.outbound { Way::Out } else { Way::In },
            trust: Trust::named(&row.trust).unwrap_or(Trust::Stranger).name(),
            started: time(row.started_ms, zone),
            seconds: lasted,
            ending: row.ending.clone().unwrap_or_default(),
            purpose: row.purpose.clone(),
            brief: brief.map(|CallBrief { who, wanted, done, left_open, .. }| Brief {
                who,
                wanted,
                done,
                open: left_open,
            }),
        }
    }
}

impl Line {
    pub fn of(entry: &Entry) -> Self {
        let at = entry.at_ms as f64 / 1_000.0;
        let line = |who, text: &str| Self {
            at,
            who,
            text: text.to_owned(),
            unheard: String::new(),
            tool: String::new(),
            ok: None,
        };
        match &entry.what {
            What::Caller { text } => line(Who::Caller, text),
            What::Assistant { heard, unheard, .. } => {
                Self { unheard: unheard.clone(), ..line(Who::Assistant, heard) }
            }
            What::Tool(tool) => {
                let text = [tool.effect.as_str(), tool.say.as_str()].join(" ");
                Self { tool: tool.name.clone(), ok: tool.ok, ..line(Who::Tool, text.trim()) }
            }
            What::Remark { text, .. } => line(Who::Remark, text),
        }
    }
}

impl Appointment {
    pub fn of(row: &AppointmentRow, zone: &TimeZone) -> Self {
        Self {
            id: row.id.clone(),
            starts: time(row.starts_ms, zone),
            ends: time(row.ends_ms, zone),
            kind: row.kind.clone(),
            summary: row.summary.clone(),
            number: row.caller.clone(),
            call_id: row.call_id.clone(),
        }
    }
}

impl Message {
    pub fn of(row: &MessageRow, zone: &TimeZone) -> Self {
        Self {
            id: row.id.clone(),
            taken: time(row.taken_ms, zone),
            number: row.caller.clone(),
            text: row.body.clone(),
            urgent: row.urgent,
            done: row.done_ms.is_some(),
            voicemail_seconds: (row.sound_ms + 999) / 1_000,
            call_id: row.call_id.clone(),
        }
    }
}

impl Text {
    pub fn of(row: &TextRow, zone: &TimeZone) -> Self {
        Self {
            id: row.id.clone(),
            at: time(row.at_ms, zone),
            direction: match row.direction {
                Direction::In => Way::In,
                Direction::Out => Way::Out,
            },
            number: row.number.clone(),
            text: row.body.clone(),
            delivery: row.delivery.name().to_owned(),
            appointment_id: row.appointment_id.clone(),
        }
    }
}

impl Caller {
    pub fn of(row: &CallerRow, zone: &TimeZone) -> Self {
        Self {
            number: row.number.clone(),
            note: row.note.clone(),
            blocked: row.blocked,
            vip: row.vip,
            first_seen: time(row.first_ms, zone),
            last_seen: time(row.last_ms, zone),
        }
    }
}

/// RFC 3339, where the owner is.
pub fn time(ms: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
