//! Where the program listens, what it keeps, what it logs, and who may call.

use super::{Section, Setting};
use crate::config::{LogFormat, Tls};

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
                "100",
                "Calls in progress past which further callers hear that we are busy.",
                |c, v| v.number(1..=100_000, "a count").map(|count| c.server.max_calls = count),
            ),
            Setting::new(
                "server.drain_seconds",
                &["DRAIN_SECONDS"],
                "60",
                "How long calls may go on after the program was told to stop. New ones are refused meanwhile.",
                |c, v| v.seconds(0..=7200).map(|time| c.server.drain = time),
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
        ],
    },
];
