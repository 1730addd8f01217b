//! Sending a letter: SMTP with TLS, and which failures are worth another try.
//!
//! Sources: RFC 5321 (replies), RFC 8314 (465 is TLS from the first byte), RFC 3207 (STARTTLS), RFC 3834 (automatic
//! letters), RFC 6047 (invitations in mail).

use super::words::Letter;
use crate::calendar::ics::File;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::{
    fmt,
    net::IpAddr,
    time::{Duration, SystemTime},
};

/// How long the server may take for one reply,
const PATIENCE: Duration = Duration::from_secs(20);
/// and for the whole letter.
const WHOLE_PATIENCE: Duration = Duration::from_secs(60);
/// The longest address that RFC 5321 lets through.
const LONGEST_ADDRESS: usize = 254;

/// How the connection is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// STARTTLS, or nothing is said at all.
    StartTls,
    /// None: to this machine only.
    Plain,
}

impl Security {
    /// TLS at port 465, none to this machine, STARTTLS anywhere else.
    pub fn of(host: &str, port: u16) -> Self {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let here = host.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        match (port, here) {
            (465, _) => Security::Tls,
            (_, true) => Security::Plain,
            (_, false) => Security::StartTls,
        }
    }
}

/// Who takes our letters.
#[derive(Clone)]
pub struct Server {
    pub host: String,
    /// Where that is, should it not be looked up again.
    pub address: Option<IpAddr>,
    pub port: u16,
    pub security: Security,
    /// Name and password.
    pub account: Option<(String, String)>,
    /// Whose certificates are believed beside those that everybody believes: PEM.
    pub authority: Option<Vec<u8>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} ({:?})", self.host, self.port, self.security)
    }
}

/// A letter on its way.
#[derive(Clone, Debug)]
pub struct Mail<'a> {
    /// Names it for ever: the same id is the same letter, which mail programs show once.
    pub id: &'a str,
    pub to: &'a str,
    /// Where answers go; none: to the sender.
    pub reply_to: Option<&'a str>,
    pub letter: &'a Letter,
    pub invite: Option<&'a File>,
    /// A sound to go with it: a WAV.
    pub sound: Option<&'a [u8]>,
    /// When it was written, milliseconds since 1970.
    pub written_ms: i64,
}

/// Why a letter was not delivered, in words for the owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Trying again would change nothing.
    #[error("{0}")]
    Never(String),
    /// It may work later. Where the server's last word was lost the letter may have been taken.
    #[error("{0}")]
    Later(String),
}

/// Delivers letters from one sender by one server.
pub struct Postman {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    server: String,
}

impl fmt::Debug for Postman {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postman").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Postman {
    /// `from` is an address, or a name with an address: `Elm Street practice <office@example.com>`. The error says what
    /// cannot be used.
    pub fn new(server: Server, from: &str) -> Result<Self, String> {
        let from: Mailbox =
            from.parse().map_err(|_| "the sender (EMAIL_FROM) is not an e-mail address".to_owned())?;
        let authority = match &server.authority {
            None => None,
            Some(pem) => Some(
                Certificate::from_pem(pem)
                    .map_err(|_| "the file that SMTP_CA names holds no certificate (PEM)".to_owned())?,
            ),
        };
        let tls = |host: &str| {
            let mut parameters = TlsParameters::builder(host.to_owned());
            if let Some(authority) = authority {
                parameters = parameters.add_root_certificate(authority);
            }
            parameters.build().map_err(|_| format!("{host} is not the name of a server (SMTP_HOST)"))
        };
        let tls = match server.security {
            Security::Tls => Tls::Wrapper(tls(&server.host)?),
            Security::StartTls => Tls::Required(tls(&server.host)?),
            Security::Plain => Tls::None,
        };
        let there = server.address.map_or_else(|| server.host.clone(), |address| address.to_string());
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(there)
            .port(server.port)
            .tls(tls)
            // The name of this machine is nobody's business.
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(PATIENCE))
            .pool_config(PoolConfig::new().max_size(2).idle_timeout(Duration::from_secs(10)));
        let builder = match server.account {
            Some((user, password)) => builder.credentials(Credentials::new(user, password)),
            None => builder,
        };
        let server = format!("{}:{}", server.host, server.port);
        Ok(Self { transport: builder.build(), from, server })
    }

    /// Hands the letter to the server. `Ok` means that the server took it, not that it arrived.
    pub async fn deliver(&self, mail: &Mail<'_>) -> Result<(), Undelivered> {
        let message = self.message(mail)?;
        match tokio::time::timeout(WHOLE_PATIENCE, self.transport.send(message)).await {
            Ok(Ok(_taken)) => Ok(()),
            Ok(Err(error)) => Err(self.judged(&error)),
            Err(_) => Err(Undelivered::Later(format!("{} took too long to take the mail", self.server))),
        }
    }

    /// Logs in at the server, and sends nothing.
    pub async fn try_server(&self) -> Result<(), Undelivered> {
        match tokio::time::timeout(WHOLE_PATIENCE, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(Undelivered::Later(format!("{} does not answer as it should", self.server))),
            Ok(Err(error)) => Err(self.judged(&error)),
            Err(_) => Err(Undelivered::Later(format!("{} does not answer in time", self.server))),
        }
    }

    /// The letter as it goes over the wire: the same for the same mail.
    pub fn message(&self, mail: &Mail<'_>) -> Result<Message, Undelivered> {
        let never = |why: &str| Undelivered::Never(why.to_owned());
        let to = parsed(mail.to).ok_or_else(|| never("the address is not an e-mail address"))?;
        let domain = self.from.email.domain();
        let written = Duration::from_millis(u64::try_from(mail.written_ms).unwrap_or(0));
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.letter.subject.as_str())
            .message_id(Some(format!("<{}@{domain}>", tagged(mail.id))))
            .date(SystemTime::UNIX_EPOCH + written)
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(reply_to) = mail.reply_to.and_then(parsed) {
            message = message.reply_to(Mailbox::new(None, reply_to));
        }
        let boundary = |part: &str| format!("{part}-{}", tagged(mail.id));
        let words = MultiPart::alternative()
            .boundary(boundary("words"))
            .singlepart(SinglePart::plain(mail.letter.text.clone()))
            .singlepart(SinglePart::html(mail.letter.html.clone()));
        let body = match mail.invite {
            None => match mail.sound {
                None => message.multipart(words),
                Some(sound) => {
                    let kind = ContentType::parse("audio/wav").expect("a media type of our own making");
                    let file = Attachment::new("message.wav".to_owned()).body(sound.to_vec(), kind);
                    let mixed = MultiPart::mixed().boundary(boundary("mail"));
                    message.multipart(mixed.multipart(words).singlepart(file))
                }
            },
            Some(invite) => {
                let calendar = |name: &str| {
                    let kind = format!("{}{name}", invite.content_type);
                    ContentType::parse(&kind).expect("a media type of our own making")
                };
                // Once among the words, where calendars look for it, and once as a file, where people do.
                let part = SinglePart::builder().header(calendar("")).body(invite.text.clone());
                let file = Attachment::new("appointment.ics".to_owned())
                    .body(invite.text.clone(), calendar("; name=appointment.ics"));
                message.multipart(
                    MultiPart::mixed()
                        .boundary(boundary("mail"))
                        .multipart(words.singlepart(part))
                        .singlepart(file),
                )
            }
        };
        body.map_err(|_| never("the mail cannot be written"))
    }

    fn judged(&self, error: &lettre::transport::smtp::Error) -> Undelivered {
        let server = &self.server;
        let code = error.status().map(|code| code.to_string());
        match code.as_deref() {
            // The account is wrong, not the letter: it can be set right.
            Some("530" | "534" | "535" | "538") => Undelivered::Later(format!(
                "{server} refuses the account: check EMAIL_USER and EMAIL_PASSWORD ({error})"
            )),
            Some(_) if error.is_permanent() => {
                Undelivered::Never(format!("{server} refuses the mail: {error}"))
            }
            Some(_) => Undelivered::Later(format!("{server} puts the mail off: {error}")),
            None if error.is_timeout() => Undelivered::Later(format!("{server} does not answer in time")),
            None => Undelivered::Later(format!("{server} cannot be used: {}", chain(error))),
        }
    }
}

/// The address in `text`, be it alone or behind a name; none where there is none that mail can be sent to.
pub fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let inner = match text.rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>')?,
        None => text.strip_prefix("mailto:").unwrap_or(text),
    };
    parsed(inner).map(|address| address.to_string())
}

fn parsed(text: &str) -> Option<Address> {
    let text = text.trim();
    let fits = text.len() <= LONGEST_ADDRESS && text.is_ascii() && text.rsplit_once('@')?.1.contains('.');
    if fits { text.parse().ok() } else { None }
}

/// A name that can stand in a header and as a boundary.
fn tagged(id: &str) -> String {
    id.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).take(64).collect()
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        for (host, port, security) in [
            ("smtp.gmail.com", 587, Security::StartTls),
            ("smtp.gmail.com", 465, Security::Tls),
            ("smtp.gmail.com", 25, Security::StartTls),
            ("10.0.0.7", 25, Security::StartTls),
            ("127.0.0.1.example.com", 25, Security::StartTls),
            ("127.0.0.1", 2525, Security::Plain),
            ("::1", 25, Security::Plain),
            ("localhost", 587, Security::Plain),
            ("localhost", 465, Security::Tls),
        ] {
            assert_eq!(Security::of(host, port), security, "{host}:{port}");
        }
    }

    #[test]
    fn an_address_is_found_behind_a_name_and_nothing_else_is_one() {
        assert_eq!(address(" Anna Meyer <anna@example.com> ").as_deref(), Some("anna@example.com"));
        assert_eq!(address("mailto:anna@example.com").as_deref(), Some("anna@example.com"));
        for bad in [
            "Anna",
            "anna@",
            "@example.com",
            "anna@localhost",
            "anna@example.com\r\nBcc: all@example.com",
            "anna@example.com, ben@example.com",
            "a b@example.com",
            "",
            "<>",
        ] {
            assert_eq!(address(bad), None, "{bad:?}");
        }
        assert_eq!(address(&format!("{}@example.com", "a".repeat(300))), None);
    }
}
