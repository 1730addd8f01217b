//! What Twilio posts, and how: the fields of its voice webhooks.
//!
//! Sources: <https://www.twilio.com/docs/voice/twiml>, the pages of `<Record>`, `<Gather>`, `<Dial>` and `<Stream>`,
//! <https://www.twilio.com/docs/voice/answering-machine-detection>.

use super::{Account, markup, message, signature};
use crate::phone::{
    About, Dial,
    company::{Codes, Company, owned},
    dialect::Dialect,
    verb::{RecordVerb, StreamVerb, Verb},
};
use std::time::Duration;

impl Company for Account {
    fn codes(&self) -> Codes {
        Codes {
            unreachable: 11_200,
            media_type: 12_300,
            document: 12_100,
            upgrade: 31_920,
            broken: 31_921,
            slow: 31_930,
            sound: 13_520,
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn agent(&self) -> &'static str {
        "TwilioProxy/1.1"
    }

    fn fields(&self, dial: &Dial, about: &About<'_>) -> Vec<(String, String)> {
        let inbound = dial.outbound.is_none();
        // The server's number rings out, and the other one is called.
        let (from, to) = (dial.from.as_str(), dial.to.as_str());
        let mut fields = vec![
            ("AccountSid", self.sid.clone()),
            ("ApiVersion", "2010-04-01".into()),
            ("CallSid", dial.sids.call.clone()),
        ];
        if let About::Machine { by, milliseconds } = about {
            fields.push(("AnsweredBy", (*by).into()));
            fields.push(("MachineDetectionDuration", milliseconds.to_string()));
            return owned(fields);
        }
        if let About::Streamed { event, name, error } = about {
            fields.push(("StreamSid", dial.sids.stream.clone()));
            fields.push(("StreamName", (*name).into()));
            fields.push(("StreamEvent", (*event).into()));
            if !error.is_empty() {
                fields.push(("StreamError", (*error).into()));
            }
            fields.push(("Timestamp", crate::clock::timestamp()));
            return owned(fields);
        }
        if let About::Ready(recorded) = about {
            fields.push(("RecordingSid", recorded.id.clone()));
            fields.push(("RecordingUrl", recorded.url.clone()));
            fields.push(("RecordingStatus", "completed".into()));
            fields.push(("RecordingDuration", recorded.lasted.as_secs().max(1).to_string()));
            fields.push(("RecordingChannels", recorded.channels.to_string()));
            fields.push(("RecordingSource", "RecordVerb".into()));
            return owned(fields);
        }
        fields.extend([
            ("CallStatus", status(dial, about).into()),
            ("Called", to.into()),
            ("Caller", from.into()),
            ("Direction", if inbound { "inbound" } else { "outbound-api" }.into()),
            ("From", from.into()),
            ("FromCity", String::new()),
            ("FromCountry", "US".into()),
            ("FromState", "CA".into()),
            ("FromZip", String::new()),
            ("To", to.into()),
            ("ToCity", "SAN FRANCISCO".into()),
            ("ToCountry", "US".into()),
            ("ToState", "CA".into()),
            ("ToZip", "94105".into()),
        ]);
        if let Some(level) = dial.attestation {
            fields.push(("StirVerstat", format!("TN-Validation-Passed-{level}")));
        }
        match about {
            About::Recorded(recorded) => {
                fields.push(("RecordingUrl", recorded.url.clone()));
                fields.push(("RecordingSid", recorded.id.clone()));
                fields.push(("RecordingDuration", recorded.lasted.as_secs().max(1).to_string()));
                if !recorded.digits.is_empty() {
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
            About::Dialled { status } => {
                fields.push(("DialCallStatus", (*status).into()));
                fields.push(("DialCallSid", dial.sids.call.replace("CA0", "CAd")));
                if *status == "completed" {
                    fields.push(("DialCallDuration", "1".into()));
                }
            }
            About::Progress { event, sequence, seconds } => {
                fields.push(("Timestamp", crate::clock::mail_date()));
                fields.push(("CallbackSource", "call-progress-events".into()));
                fields.push(("SequenceNumber", sequence.to_string()));
                if *event == "completed" {
                    fields.push(("CallDuration", seconds.to_string()));
                    fields.push(("Duration", seconds.div_ceil(60).to_string()));
                }
            }
            About::Ringing | About::Redirected => {
                if let Some(by) = dial.outbound.as_ref().filter(|out| out.amd.is_none()) {
                    fields.extend(by.answered_by.clone().map(|by| ("AnsweredBy", by)));
                }
            }
            About::Ready(_) | About::Streamed { .. } | About::Machine { .. } => {}
        }
        owned(fields)
    }

    fn sign(&self, url: &str, _: bool, fields: &[(String, String)], _: &str) -> Vec<(String, String)> {
        vec![("X-Twilio-Signature".into(), signature::sign(url, fields, &self.auth_token))]
    }

    fn sign_upgrade(&self, url: &str) -> Vec<(String, String)> {
        let signature = signature::sign(url, &[], &self.auth_token);
        vec![("X-Twilio-Signature".into(), signature), ("User-Agent".into(), "Twilio.TmeWs/1.0".into())]
    }

    fn shelf_place(&self, _: &Dial, _: &RecordVerb, seed: u64) -> (String, String, bool) {
        let id = format!("RE{seed:032x}");
        let path = format!("/2010-04-01/Accounts/{}/Recordings/{id}", self.sid);
        (id, path, true)
    }

    fn takes(&self, media_type: &str) -> bool {
        matches!(media_type, "text/xml" | "application/xml" | "text/html")
    }

    fn read(&self, document: &str) -> Result<Vec<Verb>, String> {
        markup::read(document)
    }

    fn dialect(&self, dial: &Dial, verb: &StreamVerb) -> Box<dyn Dialect> {
        Box::new(message::Writer::new(dial.sids.clone()).with(verb.parameters.clone()))
    }
}

fn status(dial: &Dial, about: &About<'_>) -> &'static str {
    match about {
        About::Ringing if dial.outbound.is_none() => "ringing",
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
    }
}
