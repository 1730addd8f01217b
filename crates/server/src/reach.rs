//! Whether a carrier and we can reach each other: its account is asked something harmless, our own public address too.

use crate::{app::App, carriers, config::Config};
use carrier::{Ask, Carrier};
use serde::Serialize;
use std::time::Duration;

/// How long our own address may take to answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// What was tried, what came back, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tested {
    pub ok: bool,
    pub tried: String,
    pub answer: String,
    /// Empty where there is nothing to do.
    pub to_do: Vec<String>,
}

/// Asks the carrier whether the account and its secret fit together. Changes nothing, and works on trial accounts.
pub async fn account(app: &App, carrier: &dyn Carrier) -> Tested {
    let config = app.config.get();
    let mut to_do = missing(&config, carrier);
    let request = match carriers::request(&config, carrier, &Ask::Test) {
        Ok(request) => request,
        Err(why) => return Tested { ok: false, tried: "nothing".into(), answer: format!("{why}."), to_do },
    };
    let mut url = request.url().clone();
    url.set_query(None);
    let tried = format!("{} {url}", request.method());
    let (ok, answer) = match carriers::asked(app, carrier, &Ask::Test).await {
        Ok((status, body)) => match carrier.done(&Ask::Test, status, &body) {
            Ok(_) => (true, format!("{} knows the account ({status}).", carriers::title(carrier))),
            Err(why) => {
                to_do.insert(0, advice(carrier, status));
                (false, format!("{why}."))
            }
        },
        Err(why) => {
            let setting = format!("{}_API_URL", carrier.name().to_uppercase());
            to_do.insert(
                0,
                format!("See whether this machine reaches the internet, and that {setting} is right."),
            );
            (false, format!("{why}."))
        }
    };
    Tested { ok, tried, answer, to_do }
}

fn advice(carrier: &dyn Carrier, status: u16) -> String {
    let settings = carriers::account_settings(carrier);
    match status {
        401 | 403 => format!("Copy {settings} from {}'s console once more.", carriers::title(carrier)),
        404 => format!("See that {settings} belong to the account in which the number is."),
        _ => "Try again in some minutes.".to_owned(),
    }
}

/// Settings without which calls are not taken or placed.
pub fn missing(config: &Config, carrier: &dyn Carrier) -> Vec<String> {
    let mut missing = Vec::new();
    let account = carriers::Account::of(config, carrier);
    if account.is_none() {
        missing.push(format!("Set {}.", carriers::account_settings(carrier)));
    }
    if let Err(setting) = carriers::signing(config, carrier) {
        missing.push(format!("Set {setting}: without it no webhook is believed."));
    }
    if account.is_none_or(|account| account.number.is_none()) {
        missing.push(format!("Set {}_PHONE_NUMBER to your number.", carrier.name().to_uppercase()));
    }
    if config.server.public_url.is_none() {
        missing.push("Set PUBLIC_URL to the address by which the carrier reaches this server.".to_owned());
    }
    missing
}

/// Opens a stream without a carrier's signature at our public address: a refusal of ours proves that streams get here.
pub async fn streams(app: &App, path: &str) -> Tested {
    let config = app.config.get();
    let Some(base) = config.server.public_url.as_deref() else {
        let to_do =
            vec!["Set PUBLIC_URL to the address by which the carrier reaches this server.".to_owned()];
        return Tested { ok: false, tried: "nothing".into(), answer: "PUBLIC_URL is not set.".into(), to_do };
    };
    let url = format!("{base}{path}");
    let tried = format!("GET {url} as a WebSocket");
    let request = app
        .http
        .get(&url)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .timeout(PATIENCE);
    let reached = match request.send().await {
        Ok(mut answer) => {
            let status = answer.status().as_u16();
            let begins = answer.chunk().await.ok().flatten().unwrap_or_default();
            if begins.starts_with(b"Refused: ") {
                Ok("It came back here and was refused for want of a signature, as it should be.".to_owned())
            } else {
                Err(format!("Something else answers there ({status})."))
            }
        }
        Err(error) => Err(format!("It was not reached: {}.", error.without_url())),
    };
    match reached {
        Ok(answer) => Tested { ok: true, tried, answer, to_do: Vec::new() },
        Err(answer) => {
            let advice =
                "See that PUBLIC_URL leads to this server and that the proxy before it passes WebSockets on.";
            Tested { ok: false, tried, answer, to_do: vec![advice.to_owned()] }
        }
    }
}
