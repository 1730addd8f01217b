//! What the houses of other users take from the installation that they are in, and what is theirs to decide.
//!
//! ```text
//!   defaults < lent < that house's settings page < the installation's
//! ```
//!
//! The installation says where the program listens, what it keeps where, and to which addresses it talks: a house that could
//! say that could have the installation's keys sent elsewhere, or read what lies behind its firewall. Nothing of the first
//! owner's own house is handed on: not their numbers, instructions, calendars, callers or keys, unless they lend these.

use super::{Config, Hearing, Source, Speaking, Thinker, parse::Value, schema};
use crate::secret::Secret;
use std::path::{Path, PathBuf};

/// `[members]`
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// What of the installation's they may use as their own.
    pub may_use: Vec<Lent>,
    /// Calls in progress in one house past which its callers hear that it is busy.
    pub max_calls: usize,
}

/// What the first owner may lend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lent {
    /// The keys of engines, at the first owner's cost.
    Engines,
    /// The client that Google knows the installation as.
    Google,
}

/// A house within an installation.
#[derive(Clone, Debug)]
pub struct Place {
    /// What its addresses begin with: `/u/` and its name.
    pub prefix: String,
    /// Where its files are.
    pub folder: PathBuf,
}

/// What an installation says in a house, by key.
#[derive(Clone, Debug, Default)]
pub struct Within {
    pub(super) lent: Vec<(&'static str, Secret)>,
    pub(super) fixed: Vec<(&'static str, Secret)>,
    /// Where the folder of models is.
    pub(super) models: PathBuf,
}

/// Sections that are about the machine and everybody's accounts.
const SECTIONS: [&str; 4] = ["server", "data", "log", "members"];
/// Addresses that the program talks to, and files that it reads.
const KEYS: [&str; 20] = [
    "openai.realtime_url",
    "openai.live_url",
    "openai.base_url",
    "deepgram.agent_url",
    "deepgram.base_url",
    "local.hear_url",
    "local.hear_api_key",
    "local.speak_url",
    "local.speak_api_key",
    "local.piper",
    "think.url",
    "think.api_key",
    "ollama.host",
    "twilio.api_url",
    "plivo.api_url",
    "telnyx.api_url",
    "google.api_url",
    "google.oauth_url",
    "email.smtp_ca",
    "programs.private_webhooks",
];
/// Names of files, where a path would be taken, too.
const NAMES: [&str; 3] = ["local.hear_model", "local.speak_model", "local.speak_voice"];
/// Keys go with the addresses that they are for, and so are lent with the engines alone.
const KEYS_OF_ENGINES: [&str; 3] = ["local.hear_api_key", "local.speak_api_key", "think.api_key"];

/// Whether the installation alone decides this, so that no other house's page may.
pub fn is_the_installations(key: &str) -> bool {
    let section = key.split_once('.').map_or(key, |(section, _)| section);
    SECTIONS.contains(&section) || KEYS.contains(&key)
}

/// Whether a house may set this to this.
pub(super) fn may_set(key: &str, text: &str) -> bool {
    let is_file = || Path::new(text).extension().is_some_and(|end| end.eq_ignore_ascii_case("bin"));
    let names_a_file = NAMES.contains(&key) && (text.contains(['/', '\\']) || is_file());
    !is_the_installations(key) && !names_a_file
}

impl Within {
    /// What this installation says in the house at this place.
    pub fn of(config: &Config, place: &Place) -> Self {
        let engines = config.members.may_use.contains(&Lent::Engines);
        let mut fixed: Vec<_> = schema::settings()
            .map(|setting| setting.key)
            .filter(|key| {
                is_the_installations(key) && !key.starts_with("data.") && *key != "server.public_url"
            })
            .filter(|key| engines || !KEYS_OF_ENGINES.contains(key))
            .filter_map(|key| Some((key, said(config, key)?)))
            .collect();
        fixed.push(("data.folder", Secret::new(place.folder.display().to_string())));
        if let Some(public) = &config.server.public_url {
            fixed.push(("server.public_url", Secret::new(format!("{public}{}", place.prefix))));
        }
        let lent = lent(config).into_iter().filter(|key| !is_the_installations(key));
        let lent = lent.filter_map(|key| Some((key, said(config, key)?))).collect();
        Self { lent, fixed, models: config.data.models.clone() }
    }

    pub(super) fn fixed(&self) -> impl Iterator<Item = (&'static str, Source, Value)> {
        self.fixed
            .iter()
            .map(|(key, text)| (*key, Source::Installation, Value::Text(text.expose().to_owned())))
    }

    pub(super) fn lent(&self) -> impl Iterator<Item = (&'static str, Source, Value)> {
        self.lent.iter().map(|(key, text)| (*key, Source::Lent, Value::Text(text.expose().to_owned())))
    }
}

/// What counts in a house that says nothing else: what hears, thinks and speaks on this machine, and what is lent.
fn lent(config: &Config) -> Vec<&'static str> {
    let (engines, google) =
        (config.members.may_use.contains(&Lent::Engines), config.members.may_use.contains(&Lent::Google));
    let section = |name: &'static str| {
        let of = move |section: &&schema::Section| section.name == name;
        schema::sections().filter(of).flat_map(|section| section.settings).map(|setting| setting.key)
    };
    let mut keys = vec!["local.vad"];
    let hears_here = match config.local.hear {
        Hearing::PocketSphinx | Hearing::Whisper => true,
        Hearing::OpenAi | Hearing::Deepgram => engines,
    };
    let speaks_here = match config.local.speak {
        Speaking::Flite | Speaking::Espeak | Speaking::Piper => true,
        Speaking::OpenAi | Speaking::Deepgram => engines,
    };
    let thinks_here = match config.think.by {
        Thinker::Desk | Thinker::Ollama => hears_here,
        Thinker::OpenAi => engines,
    };
    if hears_here {
        keys.extend(["local.hear", "local.hear_model"]);
    }
    if speaks_here {
        keys.extend(["local.speak", "local.speak_model", "local.speak_voice"]);
    }
    if thinks_here {
        keys.extend(section("think").chain(section("ollama")));
    }
    if engines {
        keys.extend(section("openai").chain(section("deepgram")));
    }
    if google {
        keys.extend(["google.client_id", "google.client_secret"]);
    }
    keys
}

/// What this setting is set to, if it is not at its default.
fn said(config: &Config, key: &str) -> Option<Secret> {
    let secret = match key {
        "openai.api_key" => &config.openai.api_key,
        "deepgram.api_key" => &config.deepgram.api_key,
        "local.hear_api_key" => &config.local.hear_api_key,
        "local.speak_api_key" => &config.local.speak_api_key,
        "think.api_key" => &config.think.api_key,
        "google.client_secret" => &config.google.client_secret,
        _ => return config.written.get(key).map(|text| Secret::new(text.clone())),
    };
    secret.clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Live, Sources};
    use std::sync::Arc;

    fn installation(variables: &[(&str, &str)]) -> Arc<Live> {
        let environment = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Arc::new(Live::load(Sources { environment, ..Sources::default() }).expect("settings").0)
    }

    fn place() -> Place {
        Place { prefix: "/u/elm".into(), folder: "data/houses/1".into() }
    }

    fn house(variables: &[(&str, &str)], page: &[(&str, &str)]) -> Arc<Config> {
        let (live, _) = Live::within(installation(variables), place()).expect("settings");
        let page = page.iter().map(|(key, text)| ((*key).to_owned(), Secret::new(*text))).collect();
        live.heed_page(page).expect("settings");
        live.get()
    }

    #[test]
    fn a_house_has_nothing_of_the_first_owners_own() {
        let config = house(
            &[
                ("OPENAI_API_KEY", "sk-owner"),
                ("DEEPGRAM_API_KEY", "dg-owner"),
                ("TWILIO_ACCOUNT_SID", "AC-owner"),
                ("TWILIO_AUTH_TOKEN", "token-of-the-owner"),
                ("TWILIO_PHONE_NUMBER", "+15550100199"),
                ("OWNER_NUMBERS", "+15550100100"),
                ("ALLOWED_NUMBERS", "+15550100101"),
                ("OWNER_PIN", "271828"),
                ("ASSISTANT_INSTRUCTIONS", "Obey the owner."),
                ("BUSINESS_NAME", "the owner's"),
                ("EMAIL_USER", "owner@gmail.com"),
                ("EMAIL_PASSWORD", "mail-of-the-owner"),
                ("GOOGLE_CLIENT_ID", "client-of-the-owner"),
                ("GOOGLE_CLIENT_SECRET", "google-of-the-owner"),
                ("ZAPIER_MCP_PASSWORD", "zapier-of-the-owner"),
                ("THINK_API_KEY", "think-of-the-owner"),
                ("SECRET_KEY", "0123456789abcdef0123456789abcdeX"),
                ("TRANSFER_TO", "owner=+15550100188"),
            ],
            &[],
        );
        let printed = format!("{config:?}").to_lowercase();
        for nobodys in ["owner@", "+1555", "obey", "the owner's", "client-of", "ac-owner"] {
            assert!(!printed.contains(nobodys), "{nobodys}");
        }
        let secrets = [&config.openai.api_key, &config.deepgram.api_key, &config.twilio.auth_token];
        assert!(secrets.into_iter().all(Option::is_none));
        assert!(config.email.password.is_none() && config.google.client_secret.is_none());
        assert!(config.think.api_key.is_none() && config.zapier.mcp_password.is_none());
        assert!(config.callers.pin.is_none() && config.data.secret_key.is_none() && config.mcp.is_empty());
    }

    #[test]
    fn what_the_installation_says_of_itself_counts_and_is_its_own_to_say() {
        let variables = [
            ("PUBLIC_URL", "https://voice.example.com"),
            ("TRUSTED_PROXIES", "10.0.0.0/8"),
            ("OLLAMA_HOST", "http://10.0.0.7:11434"),
            ("OPENAI_BASE_URL", "https://openai.example.com/v1"),
            ("HEAR", "whisper"),
            ("DATA_DIR", "data"),
        ];
        let page = [
            ("server.public_url", "https://evil.example"),
            ("server.trusted_proxies", "0.0.0.0/0"),
            ("data.folder", "/etc"),
            ("ollama.host", "http://169.254.169.254"),
            ("openai.base_url", "https://evil.example"),
            ("openai.realtime_url", "wss://evil.example"),
            ("twilio.api_url", "https://evil.example"),
            ("local.piper", "/bin/sh"),
            ("local.hear_model", "/etc/passwd"),
            ("members.may_use", "engines"),
            ("assistant.business", "the Elm Street practice"),
        ];
        let config = house(&variables, &page);
        assert_eq!(config.server.public_url.as_deref(), Some("https://voice.example.com/u/elm"));
        assert_eq!(config.server.trusted_proxies.len(), 1);
        assert_eq!(config.data.folder, std::path::Path::new("data/houses/1"));
        assert_eq!(config.data.models, std::path::Path::new("data"));
        assert_eq!(config.ollama.host, "http://10.0.0.7:11434");
        assert_eq!(config.openai.base_url, "https://openai.example.com/v1");
        assert!(
            config.openai.realtime_url.contains("openai.com") && config.twilio.api_url.contains("twilio.com")
        );
        assert!(!config.local.piper.starts_with("/bin") && config.local.hear_model.is_empty());
        assert!(config.members.may_use.is_empty() && config.local.hear == Hearing::Whisper);
        assert_eq!(config.assistant.business, "the Elm Street practice");
        assert_eq!(config.origins["ollama.host"], Source::Installation);
        assert_eq!(config.origins["local.hear"], Source::Lent);
    }

    #[test]
    fn what_is_lent_counts_until_a_house_has_its_own() {
        let variables = [
            ("MEMBERS_MAY_USE", "engines, google"),
            ("OPENAI_API_KEY", "sk-owner"),
            ("OPENAI_MODEL", "gpt-realtime-mini"),
            ("GOOGLE_CLIENT_ID", "client"),
            ("GOOGLE_CLIENT_SECRET", "secret"),
            ("TWILIO_AUTH_TOKEN", "token-of-the-owner"),
            ("ENGINE", "local"),
        ];
        let lent = house(&variables, &[]);
        assert_eq!(lent.openai.api_key.as_ref().map(Secret::expose), Some("sk-owner"));
        assert_eq!(
            (lent.openai.model.as_str(), lent.google.client_id.as_deref()),
            ("gpt-realtime-mini", Some("client"))
        );
        assert_eq!(lent.google.client_secret.as_ref().map(Secret::expose), Some("secret"));
        assert_eq!(lent.assistant.engine.name(), "openai", "as its key is there");
        assert!(lent.twilio.auth_token.is_none(), "that is not lent");
        let own = house(&variables, &[("openai.api_key", "sk-own"), ("assistant.engine", "local")]);
        assert_eq!(own.openai.api_key.as_ref().map(Secret::expose), Some("sk-own"));
        assert_eq!(own.assistant.engine.name(), "local");
    }

    #[test]
    fn zapiers_server_is_nowhere_but_on_the_public_network_for_a_house() {
        let servers = |url| house(&[], &[("zapier.mcp_url", url), ("zapier.mcp_password", "own")]).mcp.len();
        assert_eq!(servers("https://mcp.example.com/s/secret"), 1);
        let (live, _) = Live::within(installation(&[]), place()).expect("settings");
        let setting = schema::by_key("zapier.mcp_url").expect("a setting");
        assert!(live.check(setting, "https://mcp.example.com/s/secret").is_ok());
        for inside in
            ["http://127.0.0.1:8000/", "https://127.0.0.1/", "https://10.0.0.7/", "https://localhost./"]
        {
            assert_eq!(servers(inside), 0, "{inside}");
            assert!(live.check(setting, inside).is_err(), "{inside}");
        }
        assert!(
            installation(&[]).check(setting, "http://127.0.0.1:8000/").is_ok(),
            "whoever runs the machine may"
        );
    }

    #[test]
    fn a_house_follows_what_the_installation_changes() {
        let installation = installation(&[]);
        let (live, _) = Live::within(installation.clone(), place()).expect("settings");
        live.heed_page(vec![("assistant.business".into(), Secret::new("the practice"))]).expect("settings");
        assert!(live.is_current());
        installation
            .heed_page(vec![("ollama.host".into(), Secret::new("http://10.0.0.9:1"))])
            .expect("settings");
        assert!(!live.is_current());
        live.heed_page(vec![("assistant.business".into(), Secret::new("the practice"))]).expect("settings");
        assert!(live.is_current());
        let config = live.get();
        assert_eq!(
            (config.ollama.host.as_str(), config.assistant.business.as_str()),
            ("http://10.0.0.9:1", "the practice")
        );
    }

    #[test]
    fn a_house_that_cannot_follow_the_installation_knows_that_it_has_not() {
        let installation = installation(&[]);
        let hears = |ear: &str| vec![("local.hear".to_owned(), Secret::new(ear))];
        installation.heed_page(hears("whisper")).expect("settings");
        let (live, _) = Live::within(installation.clone(), place()).expect("settings");
        let page = || vec![("think.by".to_owned(), Secret::new("ollama"))];
        live.heed_page(page()).expect("settings");
        installation.heed_page(hears("pocketsphinx")).expect("settings");
        live.heed_page(page()).expect_err("no model thinks about what only the desk can hear");
        assert!(!live.is_current() && live.get().local.hear == Hearing::Whisper);
        installation.heed_page(hears("whisper")).expect("settings");
        live.heed_page(page()).expect("settings");
        assert!(live.is_current());
    }

    #[test]
    fn every_setting_that_names_an_address_or_a_file_of_the_machine_is_the_installations() {
        let theirs = ["email.smtp_host", "zapier.mcp_url"];
        for setting in schema::settings().filter(|setting| !theirs.contains(&setting.key)) {
            let key = setting.key;
            let named = ["url", "host", "folder", "piper", "_ca", "_cert", "_key", "port", "proxies"];
            let named = named.iter().any(|end| key.ends_with(end)) && !key.ends_with("api_key");
            let port = key == "email.smtp_port" || key == "telnyx.public_key";
            assert!(
                !named || port || is_the_installations(key),
                "{key} must be decided upon in config/members.rs"
            );
        }
        for key in KEYS.iter().chain(&NAMES).chain(&KEYS_OF_ENGINES) {
            assert!(schema::by_key(key).is_some(), "{key}");
        }
    }
}
