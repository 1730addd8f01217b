//! `[[mcp]]`: servers of tools, ready-made or the owner's own, and the secrets that they name.

use super::{
    Config, file,
    load::{Problem, Sources, Warning},
};
use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};
use tool::{
    Trust,
    mcp::{self, Approval, Choice, Form, Hosting, Patience, Program, Way, Web},
    own::reach::is_public,
};

/// The key in the file.
pub(super) const KEY: &str = "mcp";
/// Where Zapier's server is.
pub(super) const ZAPIERS: &str = "zapier.mcp_url";
/// How many servers there may be.
const MOST: usize = 32;
/// How long a tool may say nothing of how far it is.
const QUIET: Duration = Duration::from_secs(30);

/// A server of tools, as it is set.
#[derive(Clone, Debug)]
pub struct McpServer {
    pub settings: mcp::Settings,
    /// Who we are to whoever signs people in for it; none: we make ourselves known.
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
}

impl PartialEq for McpServer {
    fn eq(&self, other: &Self) -> bool {
        let secret = |one: &Self| one.client_secret.as_ref().map(|secret| secret.expose().to_owned());
        self.settings == other.settings && self.client_id == other.client_id && secret(self) == secret(other)
    }
}

impl McpServer {
    /// Whether the owner may have to consent: it is on the web, and nothing was set that would say who asks.
    pub fn may_ask_for_consent(&self) -> bool {
        match &self.settings.way {
            Way::Program(_) => false,
            Way::Web(web) => {
                let named = |(name, _): &(String, _)| name.eq_ignore_ascii_case("authorization");
                web.token.is_none() && !web.headers.iter().any(named)
            }
        }
    }
}

/// Where the ready-made ones are.
pub const PRESETS: [(&str, &str); 5] = [
    ("zapier", ""),
    ("todoist", "https://ai.todoist.net/mcp"),
    ("github", "https://api.githubcopilot.com/mcp/"),
    ("gmail", "https://gmailmcp.googleapis.com/mcp/v1"),
    ("google-calendar", "https://calendarmcp.googleapis.com/mcp/v1"),
];

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    mcp: Vec<Written>,
}

/// A server as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Written {
    pub name: String,
    pub preset: String,
    pub url: String,
    pub transport: String,
    pub token: String,
    pub headers: BTreeMap<String, String>,
    pub command: String,
    pub arguments: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub folder: Option<PathBuf>,
    pub trust: String,
    pub tools: Vec<String>,
    pub except: Vec<String>,
    pub timeout_seconds: Option<u64>,
    pub hosted: bool,
    pub hosted_url: String,
    pub require_approval: String,
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
}

/// Reads the servers of the file, and that of Zapier's where its variables are set.
pub(super) fn read(
    sources: &Sources,
    config: &mut Config,
    warnings: &mut Vec<Warning>,
    problems: &mut Vec<Problem>,
) {
    let mut servers = Vec::<McpServer>::new();
    if let Some((path, text)) = &sources.file {
        match file::tables::<File>(text) {
            Some(Ok(file)) => {
                for written in file.mcp {
                    let name = written.name.clone();
                    let place = format!("{}: [[mcp]] {name:?}", path.display());
                    match server(written, sources, config) {
                        Err(why) => problems.push(Problem(format!("{place}: {why}"))),
                        Ok(one) if servers.iter().any(|other| other.settings.name == one.settings.name) => {
                            problems.push(Problem(format!("{place}: there is another of this name")));
                        }
                        Ok(one) => servers.push(one),
                    }
                }
            }
            Some(Err((line, why))) => {
                problems.push(Problem(format!("{}:{line}: [[mcp]]: {why}", path.display())));
            }
            None => {}
        }
    }
    let zapier = config.zapier.mcp_password.is_some() || config.origins.contains_key(ZAPIERS);
    if zapier && !servers.iter().any(|server| server.settings.name == "zapier") {
        let written = Written { name: "zapier".into(), preset: "zapier".into(), ..Written::default() };
        let inside = sources.within.is_some();
        let judged = if inside { public(config.zapier.mcp_url.expose()) } else { Ok(()) };
        match (judged, server(written, sources, config)) {
            // A house opens all the same: where this is mended is inside.
            (Err(why), _) => warnings.push(Warning(format!("{ZAPIERS} is not heeded: {why}"))),
            (Ok(()), Ok(server)) => servers.push(server),
            (Ok(()), Err(why)) => problems.push(Problem(format!("[zapier]: {why}"))),
        }
    }
    if servers.len() > MOST {
        problems.push(Problem(format!("there are more than {MOST} servers of tools")));
    }
    config.mcp = servers;
}

/// A server that was written on a page: on the web, by TLS, and with nothing of this machine's.
pub fn on_page(written: Written, config: &Config) -> Result<McpServer, String> {
    if !written.command.is_empty() || !written.arguments.is_empty() || written.folder.is_some() {
        return Err("programs are set in the settings file".into());
    }
    if written.preset.is_empty() {
        check_url(&written.url)?;
    }
    let server = server(written, &Sources::default(), config)?;
    if let Way::Web(web) = &server.settings.way {
        public(web.url.expose()).map_err(|why| format!("{why}; others are set in the settings file"))?;
    }
    Ok(server)
}

/// Refuses what is no address of the public network, as far as it can be told by its looks, or is not reached by TLS.
pub(super) fn public(url: &str) -> Result<(), String> {
    if is_out_there(url) {
        Ok(())
    } else {
        Err("give an address of the public network that begins with https://".into())
    }
}

/// Whether this is an address that somebody out in the world may reach, by TLS.
fn is_out_there(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']', '.']).to_ascii_lowercase();
    let last = host.rsplit('.').next().unwrap_or_default();
    let named = ["localhost", "local", "internal", "lan", "home"].contains(&last);
    let bare = !host.contains(['.', ':']);
    let private = host.parse().is_ok_and(|address| !is_public(address));
    url.scheme() == "https" && !named && !bare && !private
}

fn server(written: Written, sources: &Sources, config: &Config) -> Result<McpServer, String> {
    let secret = |text: &str| filled(text, sources).map(mcp::Secret::new);
    if !is_name(&written.name) {
        return Err("give `name` as small letters, digits and dashes, such as todoist".into());
    }
    let preset = match written.preset.as_str() {
        "" => None,
        preset => Some(PRESETS.iter().find(|(name, _)| *name == preset).ok_or_else(|| {
            let names: Vec<_> = PRESETS.iter().map(|(name, _)| *name).collect();
            format!("there is no preset {preset:?}; there are {}", names.join(", "))
        })?),
    };
    let (mut url, mut token) = (secret(&written.url)?, secret(&written.token)?);
    // What the settings know for a ready-made server is told to nobody else.
    let ready_made = preset.filter(|_| url.is_empty());
    if let Some((name, place)) = ready_made {
        let zapier = *name == "zapier";
        url = mcp::Secret::new(if zapier { config.zapier.mcp_url.expose() } else { place });
        if let Some(password) = config.zapier.mcp_password.as_ref().filter(|_| zapier && token.is_empty()) {
            token = mcp::Secret::new(password.expose());
        }
    }
    let way = match (url.is_empty(), written.command.is_empty()) {
        (true, true) | (false, false) => {
            return Err("give either `url`, `command` or `preset`".into());
        }
        (true, false) => Way::Program(Program {
            command: written.command,
            arguments: written.arguments.iter().map(|text| secret(text)).collect::<Result<_, _>>()?,
            environment: pairs(&written.environment, secret)?.into_iter().collect(),
            folder: written.folder,
        }),
        (false, true) => {
            check_url(url.expose())?;
            Way::Web(Web {
                url,
                token: Some(token).filter(|token| !token.is_empty()),
                headers: pairs(&written.headers, secret)?,
                form: form(&written.transport)?,
            })
        }
    };
    let asked = (written.hosted, written.hosted_url.as_str(), written.require_approval.as_str());
    let hosted = hosting(asked, &way, secret)?;
    let google = matches!(ready_made, Some((name, _)) if name.starts_with('g') && *name != "github");
    let own = |of: Option<String>, googles: Option<&str>| {
        of.or_else(|| googles.filter(|_| google).map(str::to_owned))
    };
    let client_secret = written.client_secret.map(|text| filled(&text, sources)).transpose()?;
    let googles_secret = config.google.client_secret.as_ref().map(Secret::expose);
    let whole = written.timeout_seconds.unwrap_or(60);
    if !(1..=600).contains(&whole) {
        return Err("give `timeout_seconds` from 1 to 600".into());
    }
    let whole = Duration::from_secs(whole);
    Ok(McpServer {
        settings: mcp::Settings {
            name: written.name,
            way,
            trust: trust(&written.trust)?,
            choice: Choice { only: written.tools, never: written.except },
            patience: Patience { quiet: QUIET.min(whole), whole },
            hosted,
        },
        client_id: own(written.client_id, config.google.client_id.as_deref()),
        client_secret: own(client_secret, googles_secret).map(Secret::new),
    })
}

/// Where an engine's service may use the server by itself.
fn hosting(
    (hosted, hosted_url, require_approval): (bool, &str, &str),
    way: &Way,
    secret: impl Fn(&str) -> Result<mcp::Secret, String>,
) -> Result<Option<Hosting>, String> {
    let approval = match require_approval {
        "" => Approval::default(),
        text => {
            let found = Approval::NAMES.iter().find(|(name, _)| *name == text);
            found
                .map(|(_, approval)| *approval)
                .ok_or("give `require_approval` as changes, always or never")?
        }
    };
    if !hosted {
        let unused = !hosted_url.is_empty() || !require_approval.is_empty();
        return if unused {
            Err("`hosted_url` and `require_approval` are for a server with `hosted = true`".into())
        } else {
            Ok(None)
        };
    }
    let Way::Web(web) = way else {
        return Err("a program cannot be `hosted`: nobody but this machine reaches it".into());
    };
    let named = |(name, _): &(String, _)| name.eq_ignore_ascii_case("authorization");
    if web.token.is_some() && web.headers.iter().any(named) {
        return Err("give a `hosted` server either `token` or a header `Authorization`, not both".into());
    }
    let url = secret(hosted_url)?;
    let url = if url.is_empty() { web.url.clone() } else { url };
    if !is_out_there(url.expose()) {
        return Err("a `hosted` server needs an address that OpenAI can reach: https:// and in the public network. Where \
                    `url` is another, give that as `hosted_url`"
            .into());
    }
    Ok(Some(Hosting { url, approval }))
}

fn is_name(name: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=24).contains(&name.len()) && name.bytes().all(fit) && !name.starts_with('-')
}

fn trust(text: &str) -> Result<Trust, String> {
    match text {
        "" | "owner" => Ok(Trust::Owner),
        "known" => Ok(Trust::Known),
        _ => Err("give `trust` as owner or known; strangers never use tools of others".into()),
    }
}

fn form(text: &str) -> Result<Form, String> {
    let text = if text.is_empty() { "auto" } else { text };
    let found = Form::NAMES.iter().find(|(name, _)| *name == text);
    found.map(|(_, form)| *form).ok_or_else(|| "give `transport` as auto, http or sse".into())
}

fn check_url(url: &str) -> Result<(), String> {
    let parsed = reqwest::Url::parse(url).ok();
    let here = |url: &reqwest::Url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let fit = parsed.is_some_and(|url| url.scheme() == "https" || url.scheme() == "http" && here(&url));
    if fit { Ok(()) } else { Err("give `url` as an address that begins with https://".into()) }
}

fn pairs(
    written: &BTreeMap<String, String>,
    secret: impl Fn(&str) -> Result<mcp::Secret, String>,
) -> Result<Vec<(String, mcp::Secret)>, String> {
    written.iter().map(|(name, text)| Ok((name.clone(), secret(text)?))).collect()
}

/// The text with `{secret:NAME}` replaced by the variable of that name.
fn filled(text: &str, sources: &Sources) -> Result<String, String> {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{secret:") {
        let (name, behind) = after.split_once('}').ok_or("a `{secret:` has no end")?;
        whole.push_str(before);
        whole.push_str(&sources.variable(name).ok_or_else(|| {
            format!("there is no variable {:?}", name.chars().take(60).collect::<String>())
        })?);
        rest = behind;
    }
    whole.push_str(rest);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_for_a_ready_made_server_is_told_to_it_alone() {
        let environment = [
            ("GOOGLE_CLIENT_ID", "client"),
            ("GOOGLE_CLIENT_SECRET", "hunter2"),
            ("ZAPIER_MCP_PASSWORD", "hunter3"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let (config, _) =
            Config::load(&Sources { environment, ..Sources::default() }).expect("it is understood");
        let told = |preset: &str, url: &str| {
            let written =
                Written { name: "one".into(), preset: preset.into(), url: url.into(), ..Written::default() };
            let server = on_page(written, &config).expect("it is on the public network");
            let Way::Web(web) = server.settings.way else { panic!("it is on the web") };
            (server.client_id.is_some(), server.client_secret.is_some(), web.token.is_some())
        };
        assert_eq!(told("gmail", ""), (true, true, false));
        assert_eq!(told("google-calendar", "https://evil.example/mcp"), (false, false, false));
        assert_eq!(told("zapier", ""), (false, false, true));
        assert_eq!(told("zapier", "https://evil.example/mcp"), (false, false, false));
    }
}
