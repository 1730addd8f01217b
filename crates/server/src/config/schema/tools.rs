//! What the assistant's tools need: tasks, mail, calendars elsewhere.

use super::{Section, Setting};
use crate::secret::Secret;

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "zapier",
        about: "Tools from Zapier's MCP server.",
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
            .secret()
            .pending(),
            Setting::new(
                "zapier.mcp_password",
                &["ZAPIER_MCP_PASSWORD"],
                "",
                "The key of that server.",
                |c, v| v.secret().map(|password| c.zapier.mcp_password = password),
            )
            .example("bWNwLWtleQ==")
            .secret()
            .pending(),
        ],
    },
    Section {
        name: "email",
        about: "The account that confirmations are mailed from.",
        settings: &[
            Setting::new(
                "email.user",
                &["EMAIL_USER", "SMTP_USER"],
                "",
                "The account. One at gmail.com implies its server.",
                |c, v| v.some_text().map(|text| c.email.user = text),
            )
            .example("office@gmail.com")
            .pending(),
            Setting::new(
                "email.password",
                &["EMAIL_PASSWORD", "SMTP_PASSWORD"],
                "",
                "Its password.",
                |c, v| v.secret().map(|password| c.email.password = password),
            )
            .example("app-password")
            .secret()
            .pending(),
            Setting::new(
                "email.from",
                &["EMAIL_FROM"],
                "",
                "The sender. Where it is not set, the account.",
                |c, v| v.some_text().map(|text| c.email.from = text),
            )
            .example("Elm Street practice <office@example.com>")
            .pending(),
            Setting::new("email.smtp_host", &["SMTP_HOST"], "", "The server that takes mail.", |c, v| {
                v.some_text().map(|text| c.email.smtp_host = text)
            })
            .example("smtp.example.com")
            .pending(),
            Setting::new(
                "email.smtp_port",
                &["SMTP_PORT"],
                "587",
                "Its port: 587 with STARTTLS, 465 with TLS.",
                |c, v| v.number(1..=u16::MAX, "a port").map(|port| c.email.smtp_port = port),
            )
            .pending(),
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
