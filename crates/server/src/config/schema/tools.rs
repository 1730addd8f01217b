//! What the assistant's tools need: tasks, mail, calendars elsewhere.

use super::{Section, Setting};
use crate::{
    config::{Number, OwnersMessages, UrgentBy},
    secret::Secret,
};
use jiff::civil::Time;
use std::time::Duration;
use tool::{
    memory::Remembered,
    message::{Confirmations, Quiet},
};

const BRIEFS: [(&str, bool); 2] = [("page", false), ("mail", true)];
const WORDED: [(&str, bool); 2] = [("rules", false), ("model", true)];
const MESSAGES: [(&str, OwnersMessages); 4] = [
    ("auto", OwnersMessages::Auto),
    ("mail", OwnersMessages::Mail),
    ("brief", OwnersMessages::Brief),
    ("page", OwnersMessages::Page),
];
const URGENT: [(&str, UrgentBy); 3] =
    [("mail", UrgentBy::Mail), ("text", UrgentBy::Text), ("both", UrgentBy::Both)];

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "zapier",
        about: "Tools from Zapier's MCP server, for the owner; docs/tools.md tells of others.",
        settings: &[
            Setting::new(
                "zapier.mcp_url",
                &["ZAPIER_MCP_URL"],
                "https://mcp.zapier.com/api/mcp/mcp",
                "Where the server is. It may hold a secret.",
                |c, v| {
                    let text = v.text()?;
                    if !text.starts_with("https://") && !text.starts_with("http://127.0.0.1") {
                        return Err("give an address that begins with https://".into());
                    }
                    c.zapier.mcp_url = Secret::new(text);
                    Ok(())
                },
            )
            .secret(),
            Setting::new(
                "zapier.mcp_password",
                &["ZAPIER_MCP_PASSWORD"],
                "",
                "The key of that server.",
                |c, v| v.secret().map(|password| c.zapier.mcp_password = password),
            )
            .example("bWNwLWtleQ==")
            .secret(),
        ],
    },
    Section {
        name: "email",
        about: "The account that letters are mailed from.",
        settings: &[
            Setting::new(
                "email.user",
                &["EMAIL_USER", "SMTP_USER"],
                "",
                "The account. One at gmail.com implies its server.",
                |c, v| v.some_text().map(|text| c.email.user = text),
            )
            .example("office@gmail.com"),
            Setting::new(
                "email.password",
                &["EMAIL_PASSWORD", "SMTP_PASSWORD"],
                "",
                "Its password.",
                |c, v| v.secret().map(|password| c.email.password = password),
            )
            .example("app-password")
            .secret(),
            Setting::new(
                "email.from",
                &["EMAIL_FROM"],
                "",
                "The sender. Where it is not set, the account.",
                |c, v| match v.some_text()? {
                    Some(text) if tool::message::mail::address(&text).is_none() => {
                        Err("give an address, such as Elm Street practice <office@example.com>".into())
                    }
                    text => {
                        c.email.from = text;
                        Ok(())
                    }
                },
            )
            .example("Elm Street practice <office@example.com>"),
            Setting::new("email.smtp_host", &["SMTP_HOST"], "", "The server that takes mail.", |c, v| {
                v.some_text().map(|text| c.email.smtp_host = text)
            })
            .example("smtp.example.com"),
            Setting::new(
                "email.smtp_port",
                &["SMTP_PORT"],
                "587",
                "Its port. 465 is TLS from the first byte; any other must offer STARTTLS, except on this machine.",
                |c, v| v.number(1..=u16::MAX, "a port").map(|port| c.email.smtp_port = port),
            ),
            Setting::new(
                "email.smtp_ca",
                &["SMTP_CA"],
                "",
                "A file with the certificate (PEM) of an authority of your own, where the server's is from none that everybody \
                 believes.",
                |c, v| v.path().map(|path| c.email.smtp_ca = Some(path)),
            )
            .example("/etc/ssl/our-ca.pem"),
        ],
    },
    Section {
        name: "messages",
        about: "What callers are told in writing of their appointments. Mails need [email]; texts need the account, the token \
                and the number of [twilio], and their answers the number's webhook for messages: `/phone/twilio/sms`.",
        settings: &[
            Setting::new(
                "messages.confirmations",
                &["CONFIRMATIONS"],
                "auto",
                "How appointments are confirmed, and changes told: `none`, `mail`, `text`, `both`, or `auto`: the way that the \
                 caller gave. Nobody is written to who did not want it.",
                |c, v| v.choice(&Confirmations::NAMES).map(|ways| c.messages.confirmations = ways),
            ),
            Setting::new(
                "messages.reminder_hours",
                &["REMINDER_HOURS"],
                "24",
                "How long before an appointment its reminder is sent; 0: none is. One agreed later than that has none.",
                |c, v| {
                    v.number(0..=24 * 14, "hours")
                        .map(|hours: u64| c.messages.reminder = Duration::from_secs(hours * 60 * 60))
                },
            ),
            Setting::new(
                "messages.quiet",
                &["QUIET_HOURS"],
                "21:00-08:00",
                "When nobody is texted, by the owner's clock, but for the answer to a call; `none`: never quiet.",
                |c, v| quiet(&v.text()?).map(|quiet| c.messages.quiet = quiet),
            ),
            Setting::new(
                "messages.text_answers",
                &["TEXT_ANSWERS"],
                "30",
                "How many texts of one number the assistant answers in 24 hours, so that two machines do not text each other for \
                 ever; 0: it answers none, and only C, STOP and START are heeded.",
                |c, v| v.number(0..=200, "answers").map(|answers| c.messages.answers = answers),
            ),
        ],
    },
    Section {
        name: "memory",
        about: "What the assistant remembers of callers between calls: their names, and what they like. It stands on the \
                caller's page, where you can delete it.",
        settings: &[Setting::new(
            "memory.of",
            &["REMEMBER_CALLERS"],
            "known",
            "Of whom: `nobody`; `owner`, you; `known`, you and callers whom you have let in (OWNER_NUMBERS, ALLOWED_NUMBERS); \
             `everybody` whose number is not withheld. A number can be forged: what is remembered of it is told to whoever \
             calls with it.",
            |c, v| v.choice(&Remembered::NAMES).map(|of| c.memory = of),
        )],
    },
    Section {
        name: "programs",
        about: "Programs of yours that use the API, and those that are told of what happens.",
        settings: &[
            Setting::new(
                "programs.per_minute",
                &["API_PER_MINUTE"],
                "300",
                "How many requests a program may make of the API in a minute, each token for itself.",
                |c, v| v.number(1..=1_000_000, "a count").map(|count| c.programs.per_minute = count),
            ),
            Setting::new(
                "programs.private_webhooks",
                &["PRIVATE_WEBHOOKS"],
                "no",
                "`yes`: webhooks may lead to this machine and to private networks. Whoever may set webhooks could then make \
                 this program knock on doors there.",
                |c, v| v.choice(&[("yes", true), ("no", false)]).map(|may| c.programs.private_webhooks = may),
            ),
        ],
    },
    Section {
        name: "owner",
        about: "What you are told of calls beside the pages. Mails need [email]; texts need a carrier's account and number.",
        settings: &[
            Setting::new(
                "owner.briefs",
                &["CALL_BRIEFS"],
                "page",
                "Where you are told after a call who it was, what they wanted, what was done and what is left to do: on the \
                 `page`, or also by `mail`.",
                |c, v| v.choice(&BRIEFS).map(|mailed| c.owner.briefs_mailed = mailed),
            ),
            Setting::new(
                "owner.briefs_worded_by",
                &["CALL_BRIEFS_WORDED_BY"],
                "rules",
                "Who words what a caller wanted: `rules`, from what was said and done; or the `model` of [think], where there \
                 is one. What was done is always told by rules.",
                |c, v| v.choice(&WORDED).map(|by_model| c.owner.briefs_by_model = by_model),
            ),
            Setting::new(
                "owner.messages",
                &["OWNER_MESSAGES"],
                "auto",
                "How you get messages that callers leave and that are not urgent: `mail`, one by one and at once; with the \
                 `brief` of their call; only on the `page`; or `auto`: with the brief where briefs are mailed, else by mail.",
                |c, v| v.choice(&MESSAGES).map(|how| c.owner.messages = how),
            ),
            Setting::new(
                "owner.urgent",
                &["URGENT_MESSAGES"],
                "both",
                "How you get urgent ones, at once and at any hour: `mail`, `text`, or `both`, as far as they are set up. No \
                 more than ten texts a day are sent.",
                |c, v| v.choice(&URGENT).map(|ways| c.owner.urgent = ways),
            ),
            Setting::new(
                "owner.text_number",
                &["OWNER_TEXT_NUMBER"],
                "",
                "Where you are texted. Where it is not set: the first of OWNER_NUMBERS.",
                |c, v| {
                    let number = v.some_text()?.map(|text| Number::parse(&text)).transpose()?;
                    c.owner.text_number = number;
                    Ok(())
                },
            )
            .example("+15550100100"),
        ],
    },
    Section {
        name: "google",
        about: "Google Calendar.",
        settings: &[
            Setting::new(
                "google.client_id",
                &["GOOGLE_CLIENT_ID"],
                "",
                "The OAuth client, from https://console.cloud.google.com.",
                |c, v| v.some_text().map(|text| c.google.client_id = text),
            )
            .example("0123456789-abc.apps.googleusercontent.com"),
            Setting::new("google.client_secret", &["GOOGLE_CLIENT_SECRET"], "", "Its secret.", |c, v| {
                v.secret().map(|secret| c.google.client_secret = secret)
            })
            .example("GOCSPX-0123456789")
            .secret(),
            Setting::new(
                "google.api_url",
                &["GOOGLE_API_URL"],
                "https://www.googleapis.com",
                "Where Google's API is.",
                |c, v| v.web_url().map(|url| c.google.api_url = url),
            ),
            Setting::new(
                "google.oauth_url",
                &["GOOGLE_OAUTH_URL"],
                "https://oauth2.googleapis.com",
                "Where Google's sign-in is.",
                |c, v| v.web_url().map(|url| c.google.oauth_url = url),
            ),
        ],
    },
];

/// `21:00-08:00`, or `none`.
pub(super) fn quiet(text: &str) -> Result<Option<Quiet>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let clock = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    let hours = text.split_once(['-', '–']).and_then(|(from, to)| Some((clock(from)?, clock(to)?)));
    match hours {
        Some((from, to)) if from != to => Ok(Some(Quiet { from, to })),
        Some(_) | None => Err("give hours such as 21:00-08:00, or none".into()),
    }
}
