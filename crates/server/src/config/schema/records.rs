//! What is recorded, and how long what is known of callers is kept.

use super::{Section, Setting};
use crate::config::{Recorded, parse::Value};

const RECORDED: [(&str, Recorded); 3] =
    [("off", Recorded::Off), ("owner", Recorded::Owner), ("all", Recorded::All)];

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "recording",
        about: "Whether calls are recorded: both sides, sealed, in the database. Callers are told first.",
        settings: &[
            Setting::new(
                "recording.calls",
                &["RECORDING"],
                "off",
                "`off`, `owner` (calls from the owner's numbers alone) or `all`. In many countries everybody in a call must \
                 know that it is recorded: the words below are said before it is. Voicemail is kept in any case.",
                |c, v| v.choice(&RECORDED).map(|calls| c.recording.calls = calls),
            ),
            Setting::new(
                "recording.words",
                &["RECORDING_WORDS"],
                "This call is recorded. If you do not want that, please hang up now.",
                "What the carrier's voice says before a call is recorded. Unless it is set, calls in another language have \
                 their own.",
                |c, v| v.text().map(|text| c.recording.words = text),
            ),
        ],
    },
    Section {
        name: "retention",
        about: "How many days things are kept before they are deleted for good; 0: until you delete them. Appointments stay.",
        settings: &[
            Setting::new(
                "retention.recordings_days",
                &["KEEP_RECORDINGS_DAYS"],
                "30",
                "What was recorded of calls.",
                |c, v| days(v).map(|days| c.retention.recordings = days),
            ),
            Setting::new(
                "retention.transcripts_days",
                &["KEEP_TRANSCRIPTS_DAYS"],
                "0",
                "What was said and done in calls: transcripts, tools and what they answered, briefs.",
                |c, v| days(v).map(|days| c.retention.transcripts = days),
            ),
            Setting::new(
                "retention.messages_days",
                &["KEEP_MESSAGES_DAYS"],
                "0",
                "Messages and voicemail.",
                |c, v| days(v).map(|days| c.retention.messages = days),
            ),
            Setting::new(
                "retention.texts_days",
                &["KEEP_TEXTS_DAYS"],
                "0",
                "Texts both ways. That a number wants none is remembered.",
                |c, v| days(v).map(|days| c.retention.texts = days),
            ),
            Setting::new(
                "retention.calls_days",
                &["KEEP_CALLS_DAYS"],
                "0",
                "That there was a call, how long and with whom, with all that is kept of it.",
                |c, v| days(v).map(|days| c.retention.calls = days),
            ),
            Setting::new(
                "retention.audit_days",
                &["KEEP_AUDIT_DAYS"],
                "0",
                "Who changed what here.",
                |c, v| days(v).map(|days| c.retention.audit = days),
            ),
        ],
    },
];

fn days(value: &Value) -> Result<Option<u32>, String> {
    value.number(0..=36_500, "days").map(|days: u32| Some(days).filter(|days| *days > 0))
}
