//! What Plivo posts, and how: the fields of its voice webhooks.
//!
//! Sources: <https://www.plivo.com/docs/voice/xml/request/> and the pages of `<Record>`, `<GetInput>`, `<Dial>` and
//! `<Stream>`.

use super::{Account, Upgrade, bare, markup, message, signature};
use crate::{
    clock,
    phone::{
        About, Dial,
        company::{Codes, Company},
        dialect::Dialect,
        unique, uuid,
        verb::{RecordVerb, StreamVerb, Verb},
    },
};
use std::time::Duration;

impl Company for Account {
    fn codes(&self) -> Codes {
        // Hang-up cause codes; a stream has none.
        Codes {
            unreachable: 7_011,
            media_type: 8_011,
            document: 8_011,
            upgrade: 0,
            broken: 0,
            slow: 0,
            sound: 9_000,
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn agent(&self) -> &'static str {
        "plivo"
    }

    fn fields(&self, dial: &Dial, about: &About<'_>) -> Vec<(String, String)> {
        let inbound = dial.outbound.is_none();
        let over = matches!(about, About::Progress { event: "completed", .. });
        let (event, status) = match about {
            About::Ringing => ("StartApp", if inbound { "ringing" } else { "in-progress" }),
            About::Redirected => ("Redirect", "in-progress"),
            About::Recorded(_) => ("Record", "in-progress"),
            About::Ready(_) => ("RecordStop", "in-progress"),
            About::Gathered(_) => ("Digits", "in-progress"),
            About::Dialled { .. } => ("DialHangup", "in-progress"),
            About::Streamed { event: "stream-started", .. } => ("StartStream", "in-progress"),
            About::Streamed { event: "stream-stopped", .. } => ("StopStream", "in-progress"),
            About::Streamed { .. } => ("DroppedStream", "in-progress"),
            About::Progress { event: "completed", .. } => ("Hangup", dial.last_status()),
            About::Progress { event: "answered", .. } => ("Answer", "in-progress"),
            About::Progress { .. } => ("Ring", "ringing"),
            About::Machine { .. } => ("MachineDetection", "in-progress"),
        };
        let mut fields = vec![
            ("CallUUID", dial.sids.call.clone()),
            ("CallStatus", status.into()),
            ("Direction", if inbound { "inbound" } else { "outbound" }.into()),
            ("Event", event.into()),
            ("From", bare(&dial.from).into()),
            ("To", bare(&dial.to).into()),
        ];
        if let Some(out) = &dial.outbound {
            fields.push(("ALegUUID", dial.sids.call.clone()));
            fields.push(("ALegRequestUUID", out.request.clone()));
            if let (About::Ringing, Some(by), None) = (about, &out.answered_by, &out.amd) {
                fields.push(("Machine", (by == "machine").to_string()));
            }
        }
        if let Some(level) = dial.attestation {
            fields.push(("STIRVerification", "Verified".into()));
            fields.push(("STIRAttestation", level.to_string()));
        }
        match about {
            About::Recorded(recorded) | About::Ready(recorded) => {
                let ms = recorded.lasted.as_millis() as u64;
                fields.extend([
                    ("RecordUrl", recorded.url.clone()),
                    ("RecordingID", recorded.id.clone()),
                    ("RecordingDuration", recorded.lasted.as_secs().to_string()),
                    ("RecordingDurationMs", ms.to_string()),
                    ("RecordingStartMs", recorded.began.to_string()),
                    ("RecordingEndMs", (recorded.began + ms).to_string()),
                ]);
                if matches!(about, About::Recorded(_)) {
                    fields.push(("Digits", recorded.digits.clone()));
                }
            }
            About::Gathered(gathered) => {
                let (kind, digits, words) = match (&gathered.digits, &gathered.words) {
                    (Some(digits), _) => ("dtmf", digits.clone(), String::new()),
                    (None, words) => ("speech", String::new(), words.clone().unwrap_or_default()),
                };
                fields.extend([
                    ("InputType", kind.to_owned()),
                    ("Digits", digits),
                    ("SpeechConfidenceScore", if words.is_empty() { "0.0" } else { "0.91" }.to_owned()),
                    ("Speech", words),
                    ("BilledAmount", "0.00000".into()),
                ]);
            }
            About::Dialled { status } => fields.extend([
                ("DialStatus", (*status).to_owned()),
                ("DialRingStatus", (*status == "completed").to_string()),
                ("DialHangupCause", cause(status).into()),
                ("DialALegUUID", dial.sids.call.clone()),
                ("DialBLegUUID", uuid(unique(), 4)),
            ]),
            About::Streamed { name, error, .. } => {
                fields.push(("StreamID", dial.sids.stream.clone()));
                fields.push(("Name", (*name).to_owned()));
                if !error.is_empty() {
                    fields.push(("Reason", (*error).to_owned()));
                }
            }
            About::Progress { seconds, .. } if over => fields.extend([
                ("HangupCause", cause(dial.last_status()).to_owned()),
                ("Duration", seconds.to_string()),
                ("BillDuration", (seconds.div_ceil(60) * 60).to_string()),
                ("TotalCost", "0.00850".into()),
            ]),
            About::Machine { by, .. } => fields.push(("Machine", (*by == "machine").to_string())),
            About::Ringing | About::Redirected | About::Progress { .. } => {}
        }
        crate::phone::company::owned(fields)
    }

    fn sign(&self, url: &str, post: bool, fields: &[(String, String)], _: &str) -> Vec<(String, String)> {
        let nonce = nonce();
        let v3 = signature::v3(url, post, fields, &nonce, &self.auth_token);
        vec![
            ("X-Plivo-Signature-V3".into(), v3.clone()),
            ("X-Plivo-Signature-Ma-V3".into(), v3),
            ("X-Plivo-Signature-V3-Nonce".into(), nonce),
        ]
    }

    fn sign_upgrade(&self, url: &str) -> Vec<(String, String)> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("wss", url));
        let signed = match self.upgrade {
            Upgrade::Https => format!("{}://{rest}", if scheme == "wss" { "https" } else { "http" }),
            Upgrade::Http => format!("http://{rest}"),
            Upgrade::HttpWebsocket => format!("http://{rest}/websocket"),
            Upgrade::Wss => url.to_owned(),
        };
        let nonce = nonce();
        let v3 = signature::v3(&signed, false, &[], &nonce, &self.auth_token);
        vec![("X-Plivo-Signature-V3".into(), v3), ("X-Plivo-Signature-V3-Nonce".into(), nonce)]
    }

    fn shelf_place(&self, _: &Dial, verb: &RecordVerb, seed: u64) -> (String, String, bool) {
        let id = uuid(seed, 5);
        let path = format!("/v1/Account/{}/Recording/{id}.{}", self.auth_id, verb.format);
        (id, path, true)
    }

    fn takes(&self, media_type: &str) -> bool {
        matches!(media_type, "text/xml" | "application/xml")
    }

    fn read(&self, document: &str) -> Result<Vec<Verb>, String> {
        if document.len() > 100 * 1024 {
            return Err("it is longer than 100 KB".into());
        }
        markup::read(document)
    }

    fn dialect(&self, dial: &Dial, verb: &StreamVerb) -> Box<dyn Dialect> {
        Box::new(message::Writer::new(self, &dial.sids, verb, clock::unix_milliseconds()))
    }
}

/// <https://www.plivo.com/docs/voice/troubleshooting/hangup-causes>
fn cause(status: &str) -> &'static str {
    match status {
        "busy" => "USER_BUSY",
        "no-answer" => "NO_ANSWER",
        "failed" => "UNALLOCATED_NUMBER",
        _ => "NORMAL_CLEARING",
    }
}

pub(super) fn nonce() -> String {
    format!("{:020}", unique())
}

impl Account {
    /// The headers of a message's webhook.
    pub(crate) fn sign_message(&self, url: &str) -> Vec<(String, String)> {
        let nonce = nonce();
        let v2 = signature::v2(url, &nonce, &self.auth_token);
        vec![
            ("X-Plivo-Signature-V2".into(), v2.clone()),
            ("X-Plivo-Signature-Ma-V2".into(), v2),
            ("X-Plivo-Signature-V2-Nonce".into(), nonce),
        ]
    }
}
