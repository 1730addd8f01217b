//! Where the program listens, what it keeps, what it logs, and who may call.

use super::{Section, Setting};
use crate::config::{AnswerHours, LogFormat, Number, OutOfHours, Registration, Tls, VoicemailUse};
use tool::Destination;

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "server",
        about: "Where the program listens, and how the carriers reach it.",
        settings: &[
            Setting::new(
                "server.host",
                &["HOST"],
                "127.0.0.1",
                "The address to listen on. 127.0.0.1 is this machine alone; 0.0.0.0 is all, for containers.",
                |c, v| v.host().map(|host| c.server.host = host),
            )
            .flag("host"),
            Setting::new(
                "server.port",
                &["PORT"],
                "5050",
                "The port to listen on. 0 picks a free one; the line `listening on …` says which.",
                |c, v| v.number(0..=u16::MAX, "a port").map(|port| c.server.port = port),
            )
            .flag("port"),
            Setting::new(
                "server.ws_port",
                &["WS_PORT"],
                "",
                "A second port that takes media streams at `/`, for numbers that were set up so.",
                |c, v| v.number(1..=u16::MAX, "a port").map(|port| c.server.ws_port = Some(port)),
            )
            .example("5051"),
            Setting::new(
                "server.public_url",
                &["PUBLIC_URL", "FLASK_BASE_URL"],
                "",
                "How the carriers reach this program. Where it is not set, the addresses that `Host` and \
                 `X-Forwarded-*` suggest are tried under each request's signature.",
                |c, v| v.public_url().map(|url| c.server.public_url = url),
            )
            .example("https://voice.example.com")
            .flag("public-url"),
            Setting::new(
                "server.trusted_proxies",
                &["TRUSTED_PROXIES"],
                "",
                "Addresses or networks of reverse proxies. The visitor's address is read from `X-Forwarded-For` only \
                 behind these.",
                |c, v| v.networks().map(|networks| c.server.trusted_proxies = networks),
            )
            .example("127.0.0.1, 10.0.0.0/8"),
            Setting::new(
                "server.tls_cert",
                &["TLS_CERT"],
                "",
                "A PEM file with the certificate chain, to speak HTTPS without a proxy. Needs `tls_key`.",
                |c, v| v.path().map(|path| c.server.tls.get_or_insert_with(Tls::default).certificate = path),
            )
            .example("/etc/earpiece/cert.pem"),
            Setting::new(
                "server.tls_key",
                &["TLS_KEY"],
                "",
                "The PEM file with that certificate's private key.",
                |c, v| v.path().map(|path| c.server.tls.get_or_insert_with(Tls::default).key = path),
            )
            .example("/etc/earpiece/key.pem"),
            Setting::new(
                "server.max_calls",
                &["MAX_CALLS"],
                "1000",
                "Calls in progress past which further callers hear that we are busy. Each has two files open (`ulimit -n`).",
                |c, v| v.number(1..=100_000, "a count").map(|count| c.server.max_calls = count),
            ),
            Setting::new(
                "server.drain_seconds",
                &["DRAIN_SECONDS"],
                "60",
                "How long calls may go on after the program was told to stop. New ones are refused meanwhile.",
                |c, v| v.seconds(0..=7200).map(|time| c.server.drain = time),
            ),
            Setting::new(
                "server.registration",
                &["REGISTRATION"],
                "invited",
                "Who may become a user by themselves: `closed`, nobody (`earpiece user add` makes them); `invited`, whom an \
                 owner invites; `open`, anybody.",
                |c, v| {
                    let choices = [
                        ("closed", Registration::Closed),
                        ("invited", Registration::Invited),
                        ("open", Registration::Open),
                    ];
                    v.choice(&choices).map(|registration| c.server.registration = registration)
                },
            ),
        ],
    },
    Section {
        name: "data",
        about: "What is kept, and where.",
        settings: &[
            Setting::new(
                "data.folder",
                &["DATA_DIR"],
                "data",
                "The folder of everything this program writes: the database, its key.",
                |c, v| v.path().map(|path| c.data.folder = path),
            )
            .flag("data-dir"),
            Setting::new(
                "data.database_url",
                &["DATABASE_URL"],
                "",
                "`sqlite:///relative.db`, `sqlite:////absolute.db` or `postgres://user:password@host/name`. Where it is \
                 not set, the file `earpiece.db` in the data folder.",
                |c, v| v.database_url().map(|url| c.data.database_url = url),
            )
            .example("sqlite:///data/earpiece.db")
            .flag("database-url")
            .secret(),
            Setting::new(
                "data.secret_key",
                &["SECRET_KEY"],
                "",
                "What the tokens of calls are made from. Where it is not set, a key is made in the data folder \
                 (`secret.key`). All instances behind one number need the same.",
                |c, v| v.secret().map(|key| c.data.secret_key = key),
            )
            .example("0123456789abcdef0123456789abcdef")
            .secret(),
        ],
    },
    Section {
        name: "log",
        about: "What is said on standard error.",
        settings: &[
            Setting::new(
                "log.level",
                &["LOG_LEVEL", "RUST_LOG"],
                "info",
                "`error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,engine=debug`. From `debug` on it \
                 shows telephone numbers and words.",
                |c, v| crate::log::filter(&v.text()?).map(|level| c.log.level = level),
            )
            .flag("log-level"),
            Setting::new("log.format", &["LOG_FORMAT"], "text", "`text`, or `json` for one object a line.", |c, v| {
                v.choice(&[("text", LogFormat::Text), ("json", LogFormat::Json)]).map(|format| c.log.format = format)
            })
            .flag("log-format"),
        ],
    },
    Section {
        name: "callers",
        about: "Who may call, and who is the owner. With neither, every caller is a stranger: may talk and ask for an \
                appointment, and reaches nothing private.",
        settings: &[
            Setting::new(
                "callers.allowed",
                &["ALLOWED_NUMBERS"],
                "",
                "With any here, all other callers are rejected. A JSON array, or numbers with commas between them.",
                |c, v| v.phone_numbers().map(|numbers| c.callers.allowed = numbers),
            )
            .example("+15550100100, +15550100101"),
            Setting::new(
                "callers.owners",
                &["OWNER_NUMBERS"],
                "",
                "Numbers that call as the owner. Where it is not set, those of `allowed` do; where both are set, those \
                 of `allowed` are known callers.",
                |c, v| v.phone_numbers().map(|numbers| c.callers.owners = numbers),
            )
            .example("+15550100100"),
            Setting::new(
                "callers.blocked",
                &["BLOCKED_NUMBERS"],
                "",
                "Numbers that are rejected, whatever else is said of them. More can be blocked on their pages.",
                |c, v| v.phone_numbers().map(|numbers| c.callers.blocked = numbers),
            )
            .example("+15550100166"),
            Setting::new(
                "callers.vip",
                &["VIP_NUMBERS"],
                "",
                "Numbers that are put through at any hour, and let in beside those of `allowed`. What they may do there is                  not changed by it.",
                |c, v| v.phone_numbers().map(|numbers| c.callers.vips = numbers),
            )
            .example("+15550100177"),
            Setting::new(
                "callers.pin",
                &["OWNER_PIN"],
                "",
                "Four to twelve digits. Whoever types them between a star and a hash (`*1234#`) is the owner in this call. Once                  it is set, a number alone makes nobody the owner: those of `owners` are known callers until then.",
                |c, v| {
                    let pin = v.secret()?;
                    if pin.as_ref().is_some_and(|pin| !crate::guard::pin::is_one(pin.expose())) {
                        return Err("give four to twelve digits".into());
                    }
                    c.callers.pin = pin;
                    Ok(())
                },
            )
            .example("271828")
            .secret(),
        ],
    },
    Section {
        name: "answering",
        about: "When callers are put through to the assistant, and what becomes of them else. Owners and VIPs always are.",
        settings: &[
            Setting::new(
                "answering.hours",
                &["ANSWER_HOURS"],
                "always",
                "`always`; `opening`: while it is open, as [hours] says; or hours of every day, such as 08:00-20:00.",
                |c, v| answer_hours(&v.text()?).map(|hours| c.answering.hours = hours),
            ),
            Setting::new(
                "answering.out_of_hours",
                &["OUT_OF_HOURS"],
                "voicemail",
                "Outside of these hours: `voicemail`, or `say` for the words below.",
                |c, v| {
                    v.choice(&[("voicemail", OutOfHours::Voicemail), ("say", OutOfHours::Say)])
                        .map(|what| c.answering.out_of_hours = what)
                },
            ),
            Setting::new(
                "answering.closed_words",
                &["CLOSED_WORDS"],
                "We are closed at the moment. Please call again later.",
                "What callers hear outside of these hours where they reach no voicemail.",
                |c, v| v.text().map(|text| c.answering.closed_words = text),
            ),
            Setting::new(
                "answering.voicemail",
                &["VOICEMAIL"],
                "auto",
                "`auto`: callers reach the voicemail where the engine fails, too; `always`: everybody does; `never`: where the                  engine fails callers hear an apology.",
                |c, v| {
                    let uses = [
                        ("auto", VoicemailUse::Auto),
                        ("always", VoicemailUse::Always),
                        ("never", VoicemailUse::Never),
                    ];
                    v.choice(&uses).map(|uses| c.answering.voicemail = uses)
                },
            ),
            Setting::new(
                "answering.voicemail_greeting",
                &["VOICEMAIL_GREETING"],
                "Nobody can take your call right now. Please leave a message after the tone.",
                "What callers hear before the tone. Unless it is set, calls in another language have their own.",
                |c, v| v.text().map(|text| c.answering.greeting = text),
            ),
            Setting::new(
                "answering.voicemail_seconds",
                &["VOICEMAIL_SECONDS"],
                "180",
                "No message is longer.",
                |c, v| v.seconds(10..=600).map(|time| c.answering.longest = time),
            ),
            Setting::new(
                "answering.transfer_to",
                &["TRANSFER_TO"],
                "",
                "To whom callers may be connected: names, as the assistant calls them, each with its number or SIP address.                  Nobody else is ever dialled. Needs the account of the carrier.",
                |c, v| destinations(&v.text()?).map(|to| c.answering.destinations = to),
            )
            .example("reception=+15550100188, on call=sip:desk@example.com"),
            Setting::new(
                "answering.transfer",
                &["TRANSFER"],
                "cold",
                "How callers are connected: `cold`, or `warm`: whoever takes the call hears first, in one sentence, who calls and \
                 why. The caller hears it ring meanwhile.",
                |c, v| v.choice(&TRANSFERS).map(|briefed| c.answering.briefed = briefed),
            ),
            Setting::new(
                "answering.transfer_words",
                &["TRANSFER_WORDS"],
                "I am connecting you. Please hold.",
                "What callers hear before they are connected, where the assistant has said nothing itself. Unless it is set, calls in another language have their own.",
                |c, v| v.text().map(|text| c.policy.transfer_words = text),
            ),
        ],
    },
];

const TRANSFERS: [(&str, bool); 2] = [("cold", false), ("warm", true)];

fn answer_hours(text: &str) -> Result<AnswerHours, String> {
    match text.to_ascii_lowercase().as_str() {
        "always" => Ok(AnswerHours::Always),
        "opening" => Ok(AnswerHours::Opening),
        _ => match super::tools::quiet(text) {
            Ok(Some(hours)) => Ok(AnswerHours::Daily(hours)),
            Ok(None) | Err(_) => Err("give always, opening, or hours such as 08:00-20:00".into()),
        },
    }
}

/// `reception=+15550100188, on call=sip:desk@example.com`
fn destinations(text: &str) -> Result<Vec<Destination>, String> {
    let refusal = || "give names with numbers or SIP addresses, such as reception=+15550100188".to_owned();
    let mut found: Vec<Destination> = Vec::new();
    for part in text.split([',', ';', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        let (name, address) = part.split_once('=').ok_or_else(refusal)?;
        let (name, address) = (name.trim(), address.trim());
        let named = (1..=40).contains(&name.len())
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || " _-".contains(letter));
        if !named {
            return Err("a name to connect callers to is of letters and digits, at most 40".into());
        }
        let sip = address.strip_prefix("sip:").or_else(|| address.strip_prefix("sips:"));
        let address = match sip {
            Some(sip) if is_sip(sip) => address.to_owned(),
            Some(_) => return Err(refusal()),
            None => Number::parse(address)?.as_str().to_owned(),
        };
        if found.iter().any(|other| other.name == name) {
            return Err(format!("there are two to connect callers to that are called {name}"));
        }
        found.push(Destination { name: name.to_owned(), address });
    }
    Ok(found)
}

fn is_sip(rest: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._+:;=".contains(&byte))
    };
    rest.len() <= 200 && rest.split_once('@').is_some_and(|(user, host)| plain(user) && plain(host))
}
