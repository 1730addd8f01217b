//! The services that the owner may use: how each stands at a glance, and whether it answers when it is asked something that
//! costs nothing.

use crate::{
    app::App,
    calendars, carriers,
    config::{Config, EngineKind, Thinker},
    jobs,
    reach::{self, Tested},
    secret::Secret,
    settings,
};
use std::{sync::Arc, time::Duration};
use store::{ConnectionRow, ConnectionState, CredentialState, StoreError};
use tool::mcp;

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is to be done where there is nothing to send mail by.
const NO_MAIL_SERVER: &str = "Set the account, and the server where it is not at gmail.com.";

/// One of them.
pub struct Provider {
    /// As its section of the settings is called, where it has one.
    pub name: &'static str,
    pub title: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Where it is set up.
    pub at: &'static str,
}

pub const ALL: [Provider; 10] = [
    Provider {
        name: "twilio",
        title: "Twilio",
        about: "Telephone numbers, calls and texts.",
        at: "/settings/twilio",
    },
    Provider {
        name: "plivo",
        title: "Plivo",
        about: "Telephone numbers, calls and texts.",
        at: "/settings/plivo",
    },
    Provider {
        name: "telnyx",
        title: "Telnyx",
        about: "Telephone numbers, calls and texts.",
        at: "/settings/telnyx",
    },
    Provider {
        name: "openai",
        title: "OpenAI",
        about: "An engine that answers calls, ears and voices.",
        at: "/settings/openai",
    },
    Provider {
        name: "deepgram",
        title: "Deepgram",
        about: "An engine that answers calls, ears and voices.",
        at: "/settings/deepgram",
    },
    Provider {
        name: "ollama",
        title: "Ollama",
        about: "A language model on a machine of yours.",
        at: "/settings/ollama",
    },
    Provider {
        name: "google",
        title: "Google Calendar",
        about: "What is taken there is never offered.",
        at: "/calendars",
    },
    Provider {
        name: "caldav",
        title: "CalDAV",
        about: "Nextcloud, Fastmail, iCloud, Radicale.",
        at: "/calendars",
    },
    Provider {
        name: "email",
        title: "Mail",
        about: "Confirmations to callers, letters to you.",
        at: "/settings/email",
    },
    Provider {
        name: "mcp",
        title: "Tool servers",
        about: "Tools of other programs, by MCP.",
        at: "/servers",
    },
];

/// The provider of this name.
pub fn named(name: &str) -> Option<&'static Provider> {
    ALL.iter().find(|provider| provider.name == name)
}

/// How one of them stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is not set up, which is no fault.
    Off,
    /// Everything is set, as far as is known.
    Ready,
    /// Something is missing.
    Missing,
    /// It does not work, as was last seen.
    Trouble,
}

/// How one of them stands, and what there is to say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// A line, such as its number or model.
    pub line: String,
    /// Sentences that say what is wrong or missing.
    pub to_do: Vec<String>,
}

impl Standing {
    fn new(state: State, line: impl Into<String>) -> Self {
        Self { state, line: line.into(), to_do: Vec::new() }
    }

    fn with(self, to_do: Vec<String>) -> Self {
        Self { to_do, ..self }
    }
}

/// How it stands. Nobody is asked anything.
pub async fn standing(app: &App, provider: &Provider) -> Result<Standing, StoreError> {
    let config = app.config.get();
    Ok(match provider.name {
        "openai" => engine(
            app,
            &config,
            config.openai.api_key.as_ref(),
            &[EngineKind::OpenAi, EngineKind::OpenAiLive],
        ),
        "deepgram" => engine(app, &config, config.deepgram.api_key.as_ref(), &[EngineKind::Deepgram]),
        "ollama" if config.think.by == Thinker::Ollama => {
            Standing::new(State::Ready, format!("Thinks with {}.", config.ollama.model))
        }
        "ollama" => Standing::new(State::Off, "Nobody thinks with it."),
        "google" | "caldav" => calendar(app, provider.name).await?,
        "email" => mail(&config),
        "mcp" => servers(app),
        name => carrier(&config, name),
    })
}

fn carrier(config: &Config, name: &str) -> Standing {
    let Some(carrier) = carriers::named(name) else { return Standing::new(State::Off, "") };
    let account = carriers::Account::of(config, carrier);
    let missing = reach::missing(config, carrier);
    match account {
        None if carriers::signing(config, carrier).is_err() => {
            Standing::new(State::Off, "No account is set.")
        }
        _ if !missing.is_empty() => Standing::new(State::Missing, "Something is missing.").with(missing),
        account => {
            let number = account.and_then(|account| account.number).unwrap_or_default();
            Standing::new(State::Ready, format!("Calls to {number} come here."))
        }
    }
}

fn engine(app: &App, config: &Config, key: Option<&Secret>, kinds: &[EngineKind]) -> Standing {
    if key.is_none() {
        return Standing::new(State::Off, "No key is set.");
    }
    let trouble = app.engines.troubles().into_iter().find(|(kind, ..)| kinds.contains(kind));
    if let Some((_, why, _)) = trouble {
        return Standing::new(State::Trouble, "It does not work.").with(vec![why]);
    }
    match config.assistant.engines.iter().position(|kind| kinds.contains(kind)) {
        Some(0) => Standing::new(State::Ready, "Answers your calls."),
        Some(_) => Standing::new(State::Ready, "Goes on with calls where another engine fails."),
        None => Standing::new(State::Ready, "Its key is set; calls are answered by another engine."),
    }
}

async fn calendar(app: &App, kind: &str) -> Result<Standing, StoreError> {
    let credentials = app.store.credentials().await?;
    let connections = app.store.connections().await?;
    let revoked = credentials.iter().filter(|row| row.kind == kind && row.state == CredentialState::Revoked);
    let mut wrong: Vec<String> = revoked.map(|row| format!("{}: {}", row.name, row.why)).collect();
    let own: Vec<_> = connections.iter().filter(|row| row.kind == kind).collect();
    let troubled = own.iter().filter(|row| row.state == ConnectionState::Trouble);
    wrong.extend(troubled.map(|row| format!("{}: {}.", row.name, row.why)));
    if !wrong.is_empty() {
        return Ok(Standing::new(State::Trouble, "Until it works again nobody can be given an appointment.")
            .with(wrong));
    }
    let names: Vec<_> = own.iter().map(|row| row.name.as_str()).collect();
    Ok(match names.as_slice() {
        [] => Standing::new(State::Off, "No calendar is connected."),
        names => Standing::new(State::Ready, format!("Connected: {}.", names.join(", "))),
    })
}

fn mail(config: &Config) -> Standing {
    if jobs::can_mail(config) {
        let from = config.email.from.as_deref().or(config.email.user.as_deref()).unwrap_or_default();
        return Standing::new(State::Ready, format!("Letters go out from {from}."));
    }
    if config.email.user.is_none() && config.email.smtp_host.is_none() {
        return Standing::new(State::Off, "No account is set.");
    }
    let missing = vec![NO_MAIL_SERVER.to_owned()];
    Standing::new(State::Missing, "Something is missing.").with(missing)
}

fn servers(app: &App) -> Standing {
    let all = app.mcp.all();
    let wrong: Vec<_> = all
        .iter()
        .filter_map(|kept| {
            let status = kept.server.known().borrow().status.clone();
            let well = matches!(status.state, mcp::State::New | mcp::State::Good);
            (!well).then(|| format!("{}: {}", kept.set.settings.name, status.why))
        })
        .collect();
    match (all.len(), wrong.is_empty()) {
        (0, _) => Standing::new(State::Off, "None is set."),
        (_, false) => Standing::new(State::Trouble, "Not all of them work.").with(wrong),
        (1, true) => Standing::new(State::Ready, "One server lends its tools."),
        (many, true) => Standing::new(State::Ready, format!("{many} servers lend their tools.")),
    }
}

/// Asks it something that costs nothing and changes nothing.
pub async fn test(app: &Arc<App>, provider: &Provider) -> Result<Tested, StoreError> {
    let config = app.config.get();
    let testing = async {
        Ok(match provider.name {
            "openai" => {
                let key = config.openai.api_key.as_ref().map(|key| ("Bearer", key));
                asked(app, &format!("{}/models", config.openai.base_url), key, "OPENAI_API_KEY", provider)
                    .await
            }
            "deepgram" => {
                let key = config.deepgram.api_key.as_ref().map(|key| ("Token", key));
                let url = format!("{}/v1/projects", config.deepgram.base_url);
                asked(app, &url, key, "DEEPGRAM_API_KEY", provider).await
            }
            "ollama" => ollama(&config).await,
            "google" | "caldav" => calendars_of(app, provider).await?,
            "email" => letters(app, &config).await,
            "mcp" => servers_asked(app).await,
            name => match carriers::named(name) {
                Some(carrier) => reach::account(app, carrier).await,
                None => nothing("There is no such service."),
            },
        })
    };
    tokio::time::timeout(3 * PATIENCE, testing).await.unwrap_or_else(|_| {
        let to_do = vec!["Try again in a minute; see whether this machine reaches the internet.".to_owned()];
        let answer = "Nobody answered within half a minute.".to_owned();
        Ok(Tested { ok: false, tried: format!("to reach {}", provider.title), answer, to_do })
    })
}

/// Not tried at all, for this reason.
fn nothing(why: &str) -> Tested {
    Tested { ok: false, tried: "nothing".into(), answer: why.into(), to_do: Vec::new() }
}

/// Asks for a list that everybody with a good key may see.
async fn asked(
    app: &App,
    url: &str,
    key: Option<(&str, &Secret)>,
    variable: &str,
    provider: &Provider,
) -> Tested {
    let title = provider.title;
    let Some((scheme, key)) = key else {
        let to_do = vec![format!("Set its key here, or {variable}.")];
        return Tested { to_do, ..nothing("No key is set.") };
    };
    let tried = format!("GET {url}");
    let request =
        app.http.get(url).timeout(PATIENCE).header("authorization", format!("{scheme} {}", key.expose()));
    let (answer, to_do) = match request.send().await {
        Ok(answer) if answer.status().is_success() => {
            let answer = format!("{title} knows the key ({}).", answer.status().as_u16());
            return Tested { ok: true, tried, answer, to_do: Vec::new() };
        }
        Ok(answer) => {
            let status = answer.status();
            let to_do = match status.as_u16() {
                401 | 403 => format!("Copy the key from {title}'s console once more."),
                402 | 429 => format!("See at {title} whether the account has credit left."),
                404 => "See that its address is right; it is among the settings.".to_owned(),
                _ => "Try again in some minutes.".to_owned(),
            };
            (format!("{title} answered {status}."), to_do)
        }
        Err(error) => {
            let to_do = "See whether this machine reaches the internet, and that the address is right.";
            (format!("It was not reached: {}.", error.without_url()), to_do.to_owned())
        }
    };
    Tested { ok: false, tried, answer, to_do: vec![to_do] }
}

async fn ollama(config: &Config) -> Tested {
    let model = &config.ollama.model;
    let tried = format!("whether {} has {model}", config.ollama.host);
    let checked = async { settings::ollama(config)?.check().await };
    match checked.await {
        Ok(()) => Tested { ok: true, tried, answer: format!("{model} is there."), to_do: Vec::new() },
        Err(failure) => {
            let to_do = vec![format!("Start Ollama, and fetch the model there: ollama pull {model}")];
            Tested { ok: false, tried, answer: failure.why, to_do }
        }
    }
}

async fn calendars_of(app: &Arc<App>, provider: &Provider) -> Result<Tested, StoreError> {
    let rows = app.store.connections().await?;
    let own: Vec<ConnectionRow> = rows.into_iter().filter(|row| row.kind == provider.name).collect();
    if own.is_empty() {
        let to_do = vec!["Connect one under Calendars.".to_owned()];
        return Ok(Tested { to_do, ..nothing("No calendar is connected.") });
    }
    let mut told = all_of("to read each of them");
    for row in own {
        match calendars::test(app, &row).await {
            Ok(answer) => told.good(&row.name, &answer),
            Err(trouble) => told.bad(&row.name, &trouble.to_string(), "Connect it again under Calendars."),
        }
    }
    Ok(told.0)
}

async fn letters(app: &App, config: &Config) -> Tested {
    let Some(host) = &config.email.smtp_host else {
        let to_do = vec![NO_MAIL_SERVER.to_owned()];
        return Tested { to_do, ..nothing("No mail server is set.") };
    };
    let tried = format!("to log in at {host}:{}", config.email.smtp_port);
    match jobs::try_mail(app).await {
        Ok(()) => {
            Tested { ok: true, tried, answer: "It lets us in. No mail was sent.".into(), to_do: Vec::new() }
        }
        Err(why) => {
            let to_do =
                "See that the account and its password are right; many services want an app password.";
            Tested { ok: false, tried, answer: format!("{why}."), to_do: vec![to_do.into()] }
        }
    }
}

async fn servers_asked(app: &App) -> Tested {
    if app.mcp.all().is_empty() {
        let to_do = vec!["Add one under Servers.".to_owned()];
        return Tested { to_do, ..nothing("No server of tools is set.") };
    }
    let mut told = all_of("to list the tools of each");
    for kept in app.mcp.all().iter() {
        let name = &kept.set.settings.name;
        match kept.server.test().await {
            Ok(tools) => told.good(name, &format!("{tools} tools.")),
            Err(why) => told.bad(name, &format!("{why}."), "See its page under Servers."),
        }
    }
    told.0
}

/// Several that were tried one after the other.
struct Several(Tested);

fn all_of(tried: &str) -> Several {
    Several(Tested { ok: true, tried: tried.to_owned(), answer: String::new(), to_do: Vec::new() })
}

impl Several {
    fn good(&mut self, name: &str, answer: &str) {
        self.say(name, answer);
    }

    fn bad(&mut self, name: &str, answer: &str, to_do: &str) {
        self.0.ok = false;
        self.say(name, answer);
        if !self.0.to_do.iter().any(|line| line == to_do) {
            self.0.to_do.push(to_do.to_owned());
        }
    }

    fn say(&mut self, name: &str, answer: &str) {
        if !self.0.answer.is_empty() {
            self.0.answer.push(' ');
        }
        for part in [name, ": ", answer] {
            self.0.answer.push_str(part);
        }
    }
}
