//! The telephone company that carries a call from the terminal: who signs, how the call is carried, and the API at which
//! the server finds recordings and says what becomes of the call.

use anyhow::{Context, bail};
use sim::phone::{Account, Api, Carrier, Dial, Handset, Mode, Reader};
use std::net::{SocketAddr, ToSocketAddrs};

/// A company with a server as its customer.
pub struct Company {
    account: Account,
    mode: Mode,
    api: Option<Api>,
}

impl Company {
    /// The company of this account. Its API listens at `at`; without one, where the call needs none.
    pub async fn open(account: Account, mode: Mode, at: Option<SocketAddr>) -> anyhow::Result<Self> {
        let api = match at {
            Some(at) => {
                let api = Api::listen_at(&account, at).await;
                Some(api.with_context(|| format!("the telephone company's API cannot listen on {at}"))?)
            }
            None => None,
        };
        Ok(Self { account, mode, api })
    }

    /// Rings. What the company says itself it says by this voice.
    pub fn dial(&self, dial: Dial, reader: Option<Reader>) -> Handset {
        let dial = Dial { mode: self.mode, reader, ..dial };
        let dial = match &self.api {
            Some(api) => api.wire(dial),
            None => dial,
        };
        Handset::dial(&self.account, dial)
    }

    /// What a server has to be told to take this for its telephone company, beside the secret.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let api = self.api.as_ref().map(Api::url);
        let pairs = match &self.account {
            Account::Twilio(account) => {
                [("TWILIO_API_URL", api.clone()), ("TWILIO_ACCOUNT_SID", api.map(|_| account.sid.clone()))]
            }
            Account::Plivo(account) => {
                [("PLIVO_API_URL", api.clone()), ("PLIVO_AUTH_ID", api.map(|_| account.auth_id.clone()))]
            }
            Account::Telnyx(account) => {
                [("TELNYX_API_URL", api), ("TELNYX_PUBLIC_KEY", Some(account.public_key()))]
            }
        };
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Whether the server fetched anything that was recorded.
    pub fn was_fetched(&self) -> bool {
        self.api.as_ref().is_some_and(|api| !api.shelf().fetched().is_empty())
    }
}

/// The account by which the server knows its company, as these variables of the environment say.
pub fn account(
    carrier: Carrier,
    secret: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Account> {
    let name = match carrier {
        Carrier::Twilio => "TWILIO_AUTH_TOKEN",
        Carrier::Plivo => "PLIVO_AUTH_TOKEN",
        Carrier::Telnyx => "TELNYX_API_KEY",
    };
    let Some(secret) = secret.map(str::to_owned).or_else(|| variable(name)) else {
        bail!("give the server's {name}, in the environment, in .env or as --auth-token");
    };
    let mut account = Account::new(carrier, &secret);
    let (name, known_as) = match &mut account {
        Account::Twilio(account) => ("TWILIO_ACCOUNT_SID", &mut account.sid),
        Account::Plivo(account) => ("PLIVO_AUTH_ID", &mut account.auth_id),
        Account::Telnyx(account) => ("TELNYX_CONNECTION_ID", &mut account.application),
    };
    if let Some(given) = variable(name) {
        *known_as = given;
    }
    Ok(account)
}

/// The address of the webhook, and for a plain one the machine that it is on.
pub fn dial(carrier: Carrier, to: &str) -> anyhow::Result<Dial> {
    let to = to.trim_end_matches('/');
    let Some((scheme @ ("http" | "https"), rest)) = to.split_once("://") else {
        bail!("--to {to:?} is no address; it begins with http:// or https://");
    };
    let path = match carrier {
        Carrier::Twilio => "incoming-call",
        Carrier::Plivo => "phone/plivo/incoming-call",
        Carrier::Telnyx => "phone/telnyx/incoming-call",
    };
    let webhook = if rest.contains('/') { to.to_owned() } else { format!("{to}/{path}") };
    let mut dial = Dial::of(carrier, webhook);
    if scheme == "http" {
        let host = rest.split('/').next().unwrap_or_default();
        dial.connect_to = Some(resolve(host)?);
    }
    Ok(dial)
}

fn resolve(host: &str) -> anyhow::Result<SocketAddr> {
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let with_port = if has_port { host.to_owned() } else { format!("{host}:80") };
    let mut found = with_port.to_socket_addrs().with_context(|| format!("{host:?} cannot be found"))?;
    found.next().with_context(|| format!("{host:?} has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_alone_means_its_webhook_and_plain_ones_are_dialled_directly() {
        let local = dial(Carrier::Twilio, "http://127.0.0.1:5050/").expect("an address");
        assert_eq!(local.webhook, "http://127.0.0.1:5050/incoming-call");
        assert_eq!(local.connect_to, Some("127.0.0.1:5050".parse().expect("an address")));
        let plivo = dial(Carrier::Plivo, "http://127.0.0.1:5050").expect("an address");
        assert_eq!(plivo.webhook, "http://127.0.0.1:5050/phone/plivo/incoming-call");
        let remote = dial(Carrier::Twilio, "https://voice.example.com/phone/webhook").expect("an address");
        assert_eq!(
            (remote.webhook.as_str(), remote.connect_to),
            ("https://voice.example.com/phone/webhook", None)
        );
        assert!(dial(Carrier::Twilio, "voice.example.com").is_err());
    }

    #[test]
    fn the_secret_is_that_of_the_carrier_and_named_where_it_is_missing() {
        let none = |_: &str| None;
        for (carrier, name) in [
            (Carrier::Twilio, "TWILIO_AUTH_TOKEN"),
            (Carrier::Plivo, "PLIVO_AUTH_TOKEN"),
            (Carrier::Telnyx, "TELNYX_API_KEY"),
        ] {
            let why = account(carrier, None, none).expect_err("there is none").to_string();
            assert!(why.contains(name), "{why}");
            let found = account(carrier, None, |asked| (asked == name).then(|| "secret".into()));
            assert_eq!(found.expect("an account").carrier(), carrier);
            assert_eq!(account(carrier, Some("secret"), none).expect("an account").carrier(), carrier);
        }
    }
}
