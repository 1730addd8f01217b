//! Which carriers there are, and what the settings say of our account with each.

use crate::{app::App, config::Config, secret::Secret};
use bytes::Bytes;
use carrier::{Ask, ByGet, Carrier, Hooks, plivo::Plivo, telnyx::Telnyx, twilio::Twilio};
use std::{sync::LazyLock, time::Duration};

/// How long a carrier's API may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer of an API that is read: fifty texts of 1,600 characters, or a page of numbers.
const LONGEST_ANSWER: usize = 1024 * 1024;

static TWILIO: Twilio = Twilio;
static PLIVO: LazyLock<Plivo> = LazyLock::new(Plivo::default);
static TELNYX: LazyLock<Telnyx> = LazyLock::new(Telnyx::default);

/// All of them, the one that a call takes where nothing says otherwise first.
pub fn all() -> [&'static dyn Carrier; 3] {
    [&TWILIO, &*PLIVO, &*TELNYX]
}

/// The carrier of this name, as addresses and records spell it.
pub fn named(name: &str) -> Option<&'static dyn Carrier> {
    all().into_iter().find(|carrier| carrier.name() == name)
}

/// What a carrier's requests are verified with, and the settings that say it.
pub fn signing<'a>(config: &'a Config, carrier: &dyn Carrier) -> Result<&'a str, &'static str> {
    let (key, name) = match carrier.name() {
        "plivo" => (config.plivo.auth_token.as_ref().map(Secret::expose), "PLIVO_AUTH_TOKEN"),
        "telnyx" => (config.telnyx.public_key.as_deref(), "TELNYX_PUBLIC_KEY"),
        _ => (config.twilio.auth_token.as_ref().map(Secret::expose), "TWILIO_AUTH_TOKEN"),
    };
    key.ok_or(name)
}

/// Our account with a carrier.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    pub user: &'a str,
    /// Never printed: it leaves by [`Carrier::ask`] alone.
    secret: &'a Secret,
    pub api_url: &'a str,
    /// What calls and texts of ours come from.
    pub number: Option<&'a str>,
}

impl<'a> Account<'a> {
    /// Where everything is set that its API takes.
    pub fn of(config: &'a Config, carrier: &dyn Carrier) -> Option<Self> {
        let (user, secret, api_url, number) = match carrier.name() {
            "plivo" => {
                let plivo = &config.plivo;
                (plivo.auth_id.as_deref()?, plivo.auth_token.as_ref()?, &plivo.api_url, &plivo.phone_number)
            }
            "telnyx" => {
                let telnyx = &config.telnyx;
                let application = telnyx.connection_id.as_deref().unwrap_or_default();
                (application, telnyx.api_key.as_ref()?, &telnyx.api_url, &telnyx.phone_number)
            }
            _ => {
                let twilio = &config.twilio;
                let user = twilio.account_sid.as_deref()?;
                (user, twilio.auth_token.as_ref()?, &twilio.api_url, &twilio.phone_number)
            }
        };
        Some(Self { user, secret, api_url, number: number.as_ref().map(crate::config::Number::as_str) })
    }

    /// The request that fetches a recording of this account's.
    pub fn fetch(&self, carrier: &dyn Carrier, recording: &str) -> Result<http::Request<Bytes>, String> {
        let request = carrier.fetch(recording, self.api_url, self.user, self.secret.expose());
        request.map_err(|garbled| garbled.0)
    }
}

/// Asks a carrier's API; the error says in words for the owner that there was no answer.
pub async fn asked(app: &App, carrier: &dyn Carrier, ask: &Ask) -> Result<(u16, Bytes), String> {
    asked_by(&app.config.get(), &app.http, carrier, ask).await
}

/// [`asked`], by whoever has these settings.
pub async fn asked_by(
    config: &Config,
    http: &reqwest::Client,
    carrier: &dyn Carrier,
    ask: &Ask,
) -> Result<(u16, Bytes), String> {
    let name = title(carrier);
    let request = request(config, carrier, ask)?;
    let asking = async {
        let mut answer = http.execute(request).await?;
        let status = answer.status().as_u16();
        Ok::<_, reqwest::Error>((status, body(&mut answer, LONGEST_ANSWER).await?.unwrap_or_default()))
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(format!("{name}'s API could not be reached: {}", error.without_url())),
        Err(_) => Err(format!("{name}'s API did not answer in time")),
    }
}

/// The request by which this is asked.
pub fn request(config: &Config, carrier: &dyn Carrier, ask: &Ask) -> Result<reqwest::Request, String> {
    let account =
        Account::of(config, carrier).ok_or_else(|| format!("{}'s account is not set", title(carrier)))?;
    let request = carrier.ask(ask, account.api_url, account.user, account.secret.expose());
    reqwest::Request::try_from(request)
        .map_err(|_| format!("{}_API_URL is not an address", carrier.name().to_uppercase()))
}

/// Asks a carrier's API to do something, and says whether it did: the carrier's name for what was made, if anything was.
pub async fn done(app: &App, carrier: &dyn Carrier, ask: &Ask) -> Result<String, String> {
    done_by(&app.config.get(), &app.http, carrier, ask).await
}

/// [`done`], by whoever has these settings.
pub async fn done_by(
    config: &Config,
    http: &reqwest::Client,
    carrier: &dyn Carrier,
    ask: &Ask,
) -> Result<String, String> {
    let (status, body) = asked_by(config, http, carrier, ask).await?;
    carrier.done(ask, status, &body)
}

/// Who asks. No address that we call has a reason to send our secrets on to another.
pub fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// The settings without which nothing can be asked of a carrier's API.
pub fn account_settings(carrier: &dyn Carrier) -> &'static str {
    match carrier.name() {
        "plivo" => "PLIVO_AUTH_ID and PLIVO_AUTH_TOKEN",
        "telnyx" => "TELNYX_API_KEY",
        _ => "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
    }
}

/// Where a carrier is to send calls, how they fare, and texts, as POST.
pub fn hooks(public_url: &str, carrier: &dyn Carrier) -> Hooks {
    let at = |what: &str| format!("{public_url}/phone/{}/{what}", carrier.name());
    let voice =
        if carrier.name() == "twilio" { format!("{public_url}/incoming-call") } else { at("incoming-call") };
    // Telnyx' texts belong to a messaging profile, which is not the application's.
    let text = if carrier.name() == "telnyx" { String::new() } else { at("sms") };
    Hooks { voice, status: at("status"), text, by_get: ByGet::default() }
}

/// Where a carrier is to tell what becomes of the text that has this id here.
pub fn report(base: &str, carrier: &dyn Carrier, text: &str) -> String {
    format!("{base}/phone/{}/sms/status/{text}", carrier.name())
}

/// What came of fetching a file.
pub enum Fetched {
    File(Bytes),
    /// It is at this address instead.
    Elsewhere(String),
    /// There is no such file, perhaps not yet.
    NotYet,
    Refused(u16),
    TooLarge,
}

/// Fetches a file of at most `most` bytes.
pub async fn fetched(app: &App, request: reqwest::Request, most: usize) -> Result<Fetched, reqwest::Error> {
    let mut answer = app.http.execute(request).await?;
    let status = answer.status();
    if status.is_redirection() {
        let to = answer.headers().get(http::header::LOCATION).and_then(|to| to.to_str().ok());
        return Ok(to.map_or(Fetched::Refused(status.as_u16()), |to| Fetched::Elsewhere(to.to_owned())));
    }
    if status == http::StatusCode::NOT_FOUND {
        return Ok(Fetched::NotYet);
    }
    if !status.is_success() {
        return Ok(Fetched::Refused(status.as_u16()));
    }
    Ok(body(&mut answer, most).await?.map_or(Fetched::TooLarge, Fetched::File))
}

/// The answer's body; none where it is longer than `most` bytes.
async fn body(answer: &mut reqwest::Response, most: usize) -> Result<Option<Bytes>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.into()))
}

/// As people write its name.
pub fn title(carrier: &dyn Carrier) -> &'static str {
    match carrier.name() {
        "plivo" => "Plivo",
        "telnyx" => "Telnyx",
        _ => "Twilio",
    }
}
