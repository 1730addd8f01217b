//! What Telnyx posts, and how: the fields of its TeXML callbacks.
//!
//! Sources: <https://developers.telnyx.com/docs/voice/programmable-voice/texml-instruction-fetching>, the callback pages
//! of <https://developers.telnyx.com/api-reference>.

use super::{Account, markup, message};
use crate::{
    clock,
    phone::{
        About, Dial,
        company::{Codes, Company, owned},
        dialect::Dialect,
        uuid,
        verb::{RecordVerb, StreamVerb, Verb},
    },
};
use std::time::Duration;

impl Company for Account {
    fn codes(&self) -> Codes {
        // It publishes none for these, and its TeXML is Twilio's TwiML.
        Codes {
            unreachable: 11_200,
            media_type: 12_300,
            document: 12_100,
            upgrade: 31_920,
            broken: 31_921,
            slow: 100_005,
            sound: 13_520,
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn agent(&self) -> &'static str {
        "telnyx-webhooks"
    }

    fn fields(&self, dial: &Dial, about: &About<'_>) -> Vec<(String, String)> {
        let inbound = dial.outbound.is_none();
        let mut fields = vec![
            ("AccountSid", self.organisation.clone()),
            ("ApiVersion", "2010-04-01".into()),
            ("CallSid", dial.sids.call.clone()),
            ("CallSidLegacy", dial.sids.call.replace("v3:", "v2:")),
        ];
        if let About::Streamed { event, name, error } = about {
            fields.extend([
                ("StreamSid", dial.sids.stream.clone()),
                ("StreamName", (*name).to_owned()),
                ("StreamEvent", (*event).to_owned()),
                ("Timestamp", clock::timestamp()),
            ]);
            if !error.is_empty() {
                fields.push(("StreamError", (*error).to_owned()));
            }
            return owned(fields);
        }
        let status = match about {
            About::Ringing if inbound => "ringing",
            About::Progress { event: "initiated", .. } => "initiated",
            About::Progress { event: "ringing", .. } => "ringing",
            About::Progress { event: "completed", .. } => dial.last_status(),
            About::Ringing
            | About::Redirected
            | About::Recorded(_)
            | About::Ready(_)
            | About::Gathered(_)
            | About::Dialled { .. }
            | About::Streamed { .. }
            | About::Progress { .. }
            | About::Machine { .. } => "in-progress",
        };
        fields.extend([
            ("CallStatus", status.to_owned()),
            ("ConnectionId", self.application.clone()),
            ("Direction", if inbound { "inbound" } else { "outbound" }.into()),
            ("From", dial.from.clone()),
            ("To", dial.to.clone()),
        ]);
        if let Some(level) = dial.attestation {
            fields.push(("ShakenStirAttestation", level.to_string()));
            fields.push(("ShakenStirValidated", "true".into()));
        }
        match about {
            About::Recorded(recorded) | About::Ready(recorded) => {
                fields.extend([
                    ("RecordingSid", recorded.id.clone()),
                    ("RecordingUrl", recorded.url.clone()),
                    ("RecordingStatus", "completed".into()),
                    ("RecordingDuration", recorded.lasted.as_secs().max(1).to_string()),
                    ("RecordingChannels", recorded.channels.to_string()),
                    ("RecordingSource", "RecordVerb".into()),
                ]);
                if matches!(about, About::Recorded(_)) && !recorded.digits.is_empty() {
                    fields.push(("Digits", recorded.digits.clone()));
                }
            }
            About::Gathered(gathered) => {
                if let Some(digits) = &gathered.digits {
                    fields.push(("Digits", digits.clone()));
                }
                if let Some(words) = &gathered.words {
                    fields.push(("SpeechResult", words.clone()));
                    fields.push(("Confidence", "0.91".into()));
                }
            }
            About::Dialled { status } => fields.extend([
                ("DialCallStatus", (*status).to_owned()),
                ("DialCallSid", dial.sids.call.replace("sim_call", "sim_leg")),
                ("DialCallDuration", "1".into()),
            ]),
            About::Progress { event, sequence, seconds } => {
                fields.extend([
                    ("CallInitiatedAt", clock::timestamp()),
                    ("CallbackSource", "call-progress-events".into()),
                    ("SequenceNumber", sequence.to_string()),
                    ("Timestamp", clock::timestamp()),
                ]);
                if *event == "completed" {
                    fields.push(("CallDuration", seconds.to_string()));
                }
            }
            About::Machine { by, milliseconds } => fields.extend([
                ("AnsweredBy", (*by).to_owned()),
                ("MachineDetectionDuration", milliseconds.to_string()),
            ]),
            About::Ringing | About::Redirected => {
                if let Some(by) = dial.outbound.as_ref().filter(|out| out.amd.is_none()) {
                    fields.extend(by.answered_by.clone().map(|by| ("AnsweredBy", by)));
                }
            }
            About::Streamed { .. } => {}
        }
        owned(fields)
    }

    fn sign(&self, _: &str, _: bool, _: &[(String, String)], body: &str) -> Vec<(String, String)> {
        self.signed(body)
    }

    fn sign_upgrade(&self, _: &str) -> Vec<(String, String)> {
        // It does not.
        Vec::new()
    }

    fn shelf_place(&self, _: &Dial, verb: &RecordVerb, seed: u64) -> (String, String, bool) {
        let id = uuid(seed, 6);
        let path = format!("/telnyx-recordings/{id}.{}", verb.format);
        (id, format!("{path}?X-Amz-Expires=600&X-Amz-Signature={seed:016x}"), false)
    }

    fn takes(&self, media_type: &str) -> bool {
        matches!(media_type, "text/xml" | "application/xml")
    }

    fn read(&self, document: &str) -> Result<Vec<Verb>, String> {
        markup::read(document)
    }

    fn dialect(&self, dial: &Dial, verb: &StreamVerb) -> Box<dyn Dialect> {
        Box::new(message::Writer::new(self, dial, verb))
    }
}

impl Account {
    /// The headers of a body that is sent now.
    pub(super) fn signed(&self, body: &str) -> Vec<(String, String)> {
        let now = clock::unix_seconds();
        vec![
            ("telnyx-timestamp".into(), now.to_string()),
            ("telnyx-signature-ed25519".into(), self.key.sign(now, body.as_bytes())),
        ]
    }
}
