//! The telephone companies' accounts.

use super::{Section, Setting};
use crate::config::{Hear, Mode, OnMachine};

const MODES: [(&str, Mode); 3] = [("stream", Mode::Stream), ("turns", Mode::Turns), ("auto", Mode::Auto)];

const HEARS: [(&str, Hear); 2] = [("record", Hear::Record), ("gather", Hear::Gather)];

const MACHINES: [(&str, OnMachine); 3] =
    [("hang_up", OnMachine::HangUp), ("message", OnMachine::Message), ("talk", OnMachine::Talk)];

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "calls",
        about: "How calls are carried: `stream` (both speak at any time), `turns` (record, answer, record again: for numbers \
                and plans without streaming) or `auto`. And whom the assistant may call.",
        settings: &[
            Setting::new(
                "calls.mode",
                &["CALL_MODE"],
                "auto",
                "For numbers that are not listed. `auto` streams; where no stream opens, or it fails, the same call goes on by \
                 turns, and further ones take turns for an hour where none opened.",
                |c, v| v.choice(&MODES).map(|mode| c.calls.mode = mode),
            ),
            Setting::new(
                "calls.modes",
                &["CALL_MODES"],
                "",
                "Numbers of yours that are carried otherwise.",
                |c, v| v.modes(&MODES).map(|modes| c.calls.modes = modes),
            )
            .example("+15550100199=turns, +15550100198=stream"),
            Setting::new(
                "calls.hear",
                &["CALL_HEAR"],
                "record",
                "How callers are heard by turns: `record` (the carrier records them, which takes its account) or `gather` (the \
                 carrier writes down what they say, at a price of its own, and the assistant reads it). Voicemail is always \
                 recorded.",
                |c, v| v.choice(&HEARS).map(|hear| c.calls.hear = hear),
            ),
            Setting::new(
                "calls.may_call",
                &["CALL_NUMBERS"],
                "",
                "Whom the assistant may call when you ask it to: numbers, or beginnings of numbers with a star. Where it is \
                 not set: OWNER_NUMBERS and ALLOWED_NUMBERS, and nobody else.",
                |c, v| v.numbers().map(|numbers| c.calls.may_call = numbers),
            )
            .example("+15550100100, +4930*"),
            Setting::new(
                "calls.machine",
                &["CALL_MACHINE"],
                "hang_up",
                "When an answering machine takes a call of ours: `hang_up`, `message` (the carrier's voice leaves one) or \
                 `talk` (nobody listens for machines; detecting them costs extra at most carriers).",
                |c, v| v.choice(&MACHINES).map(|machine| c.calls.machine = machine),
            ),
            Setting::new(
                "calls.machine_words",
                &["CALL_MACHINE_WORDS"],
                "Hello. We tried to reach you by telephone. Please call us back at this number. Goodbye.",
                "What an answering machine is told.",
                |c, v| v.text().map(|words| c.calls.machine_words = words),
            ),
        ],
    },
    Section {
        name: "twilio",
        about: "Twilio. The auth token is what its webhooks are verified with: without it, no call is taken.",
        settings: &[
            Setting::new(
                "twilio.account_sid",
                &["TWILIO_ACCOUNT_SID"],
                "",
                "The account, from https://console.twilio.com. With it, hanging up also tells Twilio to end the call.",
                |c, v| v.some_text().map(|text| c.twilio.account_sid = text),
            )
            .example("AC00000000000000000000000000000001"),
            Setting::new(
                "twilio.auth_token",
                &["TWILIO_AUTH_TOKEN"],
                "",
                "The account's auth token, beside it in the console.",
                |c, v| v.secret().map(|token| c.twilio.auth_token = token),
            )
            .example("0123456789abcdef0123456789abcdef")
            .secret(),
            Setting::new(
                "twilio.phone_number",
                &["TWILIO_PHONE_NUMBER"],
                "",
                "The number that answers, and that texts are sent from.",
                |c, v| v.phone_number().map(|number| c.twilio.phone_number = number),
            )
            .example("+15550100199"),
            Setting::new(
                "twilio.api_url",
                &["TWILIO_API_URL"],
                "https://api.twilio.com",
                "Where Twilio's API is.",
                |c, v| v.web_url().map(|url| c.twilio.api_url = url),
            ),
        ],
    },
    Section {
        name: "plivo",
        about: "Plivo.",
        settings: &[
            Setting::new("plivo.auth_id", &["PLIVO_AUTH_ID"], "", "The account.", |c, v| {
                v.some_text().map(|text| c.plivo.auth_id = text)
            })
            .example("MAXXXXXXXXXXXXXXXXXX"),
            Setting::new(
                "plivo.auth_token",
                &["PLIVO_AUTH_TOKEN"],
                "",
                "Its token; its webhooks are verified with it.",
                |c, v| v.secret().map(|token| c.plivo.auth_token = token),
            )
            .example("0123456789abcdef0123456789abcdef")
            .secret(),
            Setting::new("plivo.phone_number", &["PLIVO_PHONE_NUMBER"], "", "The number that answers.", |c, v| {
                v.phone_number().map(|number| c.plivo.phone_number = number)
            })
            .example("+15550100198"),
            Setting::new(
                "plivo.api_url",
                &["PLIVO_API_URL"],
                "https://api.plivo.com",
                "Where Plivo's API is.",
                |c, v| v.web_url().map(|url| c.plivo.api_url = url),
            ),
        ],
    },
    Section {
        name: "telnyx",
        about: "Telnyx.",
        settings: &[
            Setting::new("telnyx.api_key", &["TELNYX_API_KEY"], "", "The account's key.", |c, v| {
                v.secret().map(|key| c.telnyx.api_key = key)
            })
            .example("KEY0123456789ABCDEF")
            .secret(),
            Setting::new(
                "telnyx.connection_id",
                &["TELNYX_CONNECTION_ID"],
                "",
                "The voice application that the number is connected to.",
                |c, v| v.some_text().map(|text| c.telnyx.connection_id = text),
            )
            .example("1293384261075731499"),
            Setting::new("telnyx.phone_number", &["TELNYX_PHONE_NUMBER"], "", "The number that answers.", |c, v| {
                v.phone_number().map(|number| c.telnyx.phone_number = number)
            })
            .example("+15550100197"),
            Setting::new(
                "telnyx.public_key",
                &["TELNYX_PUBLIC_KEY", "TELNYX_WEBHOOK_SECRET"],
                "",
                "The key that its webhooks are verified with, base64, from the portal.",
                |c, v| v.some_text().map(|text| c.telnyx.public_key = text),
            )
            .example("e5OjK1s0mAbCdEfGhIjKlMnOpQrStUvWxYz0123456A="),
            Setting::new(
                "telnyx.api_url",
                &["TELNYX_API_URL"],
                "https://api.telnyx.com",
                "Where Telnyx's API is.",
                |c, v| v.web_url().map(|url| c.telnyx.api_url = url),
            ),
        ],
    },
];
