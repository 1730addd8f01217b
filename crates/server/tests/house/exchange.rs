//! The product with accounts at the telephone companies, whose APIs are the stand-ins'.

use super::{AUTH_TOKEN, House, browser::Browser};
use reqwest::{Method, StatusCode, header};
use serde_json::Value;
use sim::phone::{Account, Api, Carrier};
use std::process::Output;
use tempfile::TempDir;

/// Where the product is reached, as the companies are told.
pub const PUBLIC: &str = "https://voice.example.com";
/// The number that each account has.
pub const OURS: &str = "+14155550100";

pub struct Exchange {
    pub house: House,
    pub http: reqwest::Client,
    pub cookie: String,
    companies: Vec<(Account, Api)>,
    variables: Vec<(String, String)>,
}

impl Exchange {
    /// With these companies, and these variables beside the usual ones.
    pub async fn open(carriers: &[Carrier], more: &[(&str, &str)]) -> Self {
        let mut companies = Vec::new();
        for &carrier in carriers {
            companies.push(company(carrier).await);
        }
        Self::open_in(tempfile::tempdir().expect("a folder"), companies, more).await
    }

    /// With these companies, in a folder that may have been lived in.
    pub async fn open_in(folder: TempDir, companies: Vec<(Account, Api)>, more: &[(&str, &str)]) -> Self {
        let mut variables = vec![("PUBLIC_URL".to_owned(), PUBLIC.to_owned())];
        for (account, api) in &companies {
            let settings = settings(account, api).into_iter();
            variables.extend(settings.map(|(name, value)| (name.to_owned(), value)));
        }
        variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let borrowed: Vec<_> =
            variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let house = House::open_in(folder, &borrowed).await;
        for (_, api) in &companies {
            api.connect_to(house.address);
        }
        let Browser { http, cookie } = Browser::of_the_owner(&house).await;
        Self { house, http, cookie, companies, variables }
    }

    pub fn account(&self, carrier: Carrier) -> &Account {
        &self.company(carrier).0
    }

    pub fn api(&self, carrier: Carrier) -> &Api {
        &self.company(carrier).1
    }

    /// Asks the product as its owner does.
    pub async fn ask(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.http.request(method, self.house.url(path)).header(header::COOKIE, &self.cookie);
        let answer = request.json(body).send().await.expect("an answer");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    /// A page, as its owner gets it; with fields where it is posted.
    pub async fn page(&self, path: &str, fields: Option<&[(&str, &str)]>) -> (StatusCode, String) {
        let url = self.house.url(path);
        let request = match fields {
            Some(fields) => self.http.post(url).form(fields),
            None => self.http.get(url),
        };
        let answer = request.header(header::COOKIE, &self.cookie).send().await.expect("an answer");
        (answer.status(), answer.text().await.expect("text"))
    }

    /// A command beside the server, with its settings.
    pub async fn command(&self, arguments: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_earpiece"));
        command.args(arguments).env_clear().env("PATH", std::env::var("PATH").unwrap_or_default());
        command.current_dir(self.house.folder.path());
        command.envs(self.settings());
        command.output().await.expect("it runs")
    }

    /// What a process beside the server is set up with.
    pub fn settings(&self) -> Vec<(String, String)> {
        let ours = [("DATA_DIR", "data"), ("TWILIO_AUTH_TOKEN", AUTH_TOKEN)];
        let ours = ours.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        ours.chain(self.variables.iter().cloned()).collect()
    }

    fn company(&self, carrier: Carrier) -> &(Account, Api) {
        self.companies.iter().find(|(account, _)| account.carrier() == carrier).expect("it was opened with")
    }
}

/// A company with an account at it.
pub async fn company(carrier: Carrier) -> (Account, Api) {
    let account = Account::new(carrier, AUTH_TOKEN);
    let api = Api::listen(&account).await.expect("loopback");
    (account, api)
}

/// What the product is told of an account.
fn settings(account: &Account, api: &Api) -> Vec<(&'static str, String)> {
    match account {
        Account::Twilio(account) => vec![
            ("TWILIO_API_URL", api.url()),
            ("TWILIO_ACCOUNT_SID", account.sid.clone()),
            ("TWILIO_PHONE_NUMBER", OURS.into()),
        ],
        Account::Plivo(account) => vec![
            ("PLIVO_API_URL", api.url()),
            ("PLIVO_AUTH_ID", account.auth_id.clone()),
            ("PLIVO_AUTH_TOKEN", account.auth_token.clone()),
            ("PLIVO_PHONE_NUMBER", OURS.into()),
        ],
        Account::Telnyx(account) => vec![
            ("TELNYX_API_URL", api.url()),
            ("TELNYX_API_KEY", account.api_key.clone()),
            ("TELNYX_PUBLIC_KEY", account.public_key()),
            ("TELNYX_CONNECTION_ID", account.application.clone()),
            ("TELNYX_PHONE_NUMBER", OURS.into()),
        ],
    }
}
