//! From what is written, and where, to a [`Config`]: the later source wins, and every mistake is named with its place.

use super::{
    Config, Flags, Within, blank, dotenv, file, finish, mcp, members, own,
    parse::Value,
    schema::{self, Setting},
};
use crate::secret::Secret;
use jiff::tz::TimeZone;
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

/// Everything that settings are read from, already in memory.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `earpiece.toml`: where it is, and what is in it.
    pub file: Option<(PathBuf, String)>,
    /// What was set on a page, by key; secrets opened.
    pub page: Vec<(String, Secret)>,
    /// `.env`, then `.env.<EARPIECE_ENV>`; the later wins.
    pub dotenv: Vec<(PathBuf, String)>,
    pub environment: BTreeMap<String, String>,
    /// By key; the later wins.
    pub flags: Vec<(&'static str, String)>,
    /// The machine's time zone; none: UTC.
    pub zone: Option<TimeZone>,
    /// In a house within an installation: what that says.
    pub within: Option<Within>,
}

/// Where a setting was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    File {
        path: PathBuf,
        line: usize,
    },
    Page,
    /// The installation that the house is in, over the head of whoever lives in it.
    Installation,
    /// Likewise, until they say something else.
    Lent,
    DotEnv {
        path: PathBuf,
        line: usize,
        name: String,
    },
    Environment {
        name: String,
    },
    Flag {
        name: &'static str,
    },
}

impl Source {
    /// Whether what it says counts over the head of what is saved on a page.
    pub fn counts_over_pages(&self) -> bool {
        match self {
            Source::File { .. } | Source::Page | Source::Lent => false,
            Source::Installation
            | Source::DotEnv { .. }
            | Source::Environment { .. }
            | Source::Flag { .. } => true,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File { path, line } => write!(f, "{}:{line}", path.display()),
            Source::Page => f.write_str("the settings page"),
            Source::Installation | Source::Lent => f.write_str("whoever runs this installation"),
            Source::DotEnv { path, line, name } => write!(f, "{}:{line}: {name}", path.display()),
            Source::Environment { name } => write!(f, "the variable {name}"),
            Source::Flag { name } => write!(f, "--{name}"),
        }
    }
}

/// Something the owner should know, though everything goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(pub String);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One mistake: where, what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub String);

/// Every mistake that was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings cannot be understood\n{}", .0.iter().map(|problem| format!("  {}", problem.0)).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<Problem>);

/// A value, and where it came from.
struct Given {
    source: Source,
    value: Value,
}

pub(super) fn load(sources: &Sources) -> Result<(Config, Vec<Warning>), ConfigError> {
    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let mut given: BTreeMap<&'static str, Given> = BTreeMap::new();

    if let Some((path, text)) = &sources.file {
        given.extend(from_file(path, text, &mut problems));
    }
    let given_by = |(key, source, value)| (key, Given { source, value });
    given.extend(sources.within.iter().flat_map(Within::lent).map(given_by));
    let theirs =
        |(key, text): &&(String, Secret)| sources.within.is_none() || members::may_set(key, text.expose());
    given.extend(from_page(sources.page.iter().filter(theirs), &mut warnings));
    for (path, text) in &sources.dotenv {
        given.extend(from_dotenv(path, text, sources, &mut problems, &mut warnings));
    }
    given.extend(from_environment(sources, &mut warnings));
    for (key, text) in &sources.flags {
        let name = schema::by_key(key).and_then(|setting| setting.flag).unwrap_or(key);
        given.insert(key, Given { source: Source::Flag { name }, value: Value::Text(text.clone()) });
    }

    given.extend(sources.within.iter().flat_map(Within::fixed).map(given_by));

    let own = own::read(sources, &mut problems);
    let mut config = Config { own, ..defaults(sources.zone.clone().unwrap_or(TimeZone::UTC)) };
    for setting in schema::settings() {
        let Some(Given { source, value }) = given.remove(setting.key) else { continue };
        if value.is_empty() {
            continue;
        }
        match (setting.set)(&mut config, &value) {
            Ok(()) => {
                let others = matches!(source, Source::Installation | Source::Lent);
                config.origins.insert(setting.key, source);
                if !setting.secret && !others {
                    config.written.insert(setting.key, value.to_string());
                }
            }
            Err(why) => problems.push(refused(setting, &source, &value, &why)),
        }
    }
    mcp::read(sources, &mut config, &mut warnings, &mut problems);
    finish::finish(&mut config, &mut warnings, &mut problems);
    if let Some(within) = &sources.within {
        config.data.models.clone_from(&within.models);
    }
    if problems.is_empty() { Ok((config, warnings)) } else { Err(ConfigError(problems)) }
}

/// Reads what this process was given: its environment, and the files in its working directory.
pub(super) fn gather(flags: &Flags) -> Result<Sources, ConfigError> {
    let environment: BTreeMap<_, _> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    let mut dotenv = Vec::new();
    dotenv.extend(read_if_there(Path::new(".env"))?);
    if let Some(which) = which_environment(&environment, &dotenv)? {
        dotenv.extend(read_if_there(Path::new(&format!(".env.{which}")))?);
    }
    let named = flags.config.clone().or_else(|| named_file(&environment, &dotenv));
    let file = match named {
        Some(path) => match read_if_there(&path)? {
            Some(file) => Some(file),
            None => return Err(one(format!("there is no settings file {}", path.display()))),
        },
        None => read_if_there(Path::new("earpiece.toml"))?,
    };
    let zone = TimeZone::try_system().ok();
    Ok(Sources {
        file,
        page: Vec::new(),
        dotenv,
        environment,
        flags: flags.values.clone(),
        zone,
        within: None,
    })
}

fn from_file(path: &Path, text: &str, problems: &mut Vec<Problem>) -> Vec<(&'static str, Given)> {
    let written = match file::parse(text) {
        Ok(written) => written,
        Err((line, why)) => {
            problems.push(Problem(format!("{}:{line}: this is not TOML: {why}", path.display())));
            return Vec::new();
        }
    };
    let mut given = Vec::new();
    for file::Written { key, line, value } in written {
        let source = Source::File { path: path.to_owned(), line };
        match (schema::by_key(&key), value) {
            (None, None) if key == mcp::KEY || key == own::KEY => {}
            (None, _) => {
                problems.push(Problem(format!(
                    "{source}: there is no setting `{key}`; did you mean {}?",
                    nearest(&key)
                )));
            }
            (Some(setting), None) => {
                problems.push(Problem(format!("{source}: {}: give one value", setting.key)));
            }
            (Some(setting), Some(value)) => given.push((setting.key, Given { source, value })),
        }
    }
    given
}

/// What a page set is not worth refusing to start: whoever must mend it needs the page.
fn from_page<'a>(
    page: impl Iterator<Item = &'a (String, Secret)>,
    warnings: &mut Vec<Warning>,
) -> Vec<(&'static str, Given)> {
    let mut given = Vec::new();
    for (key, text) in page {
        let setting = schema::by_key(key);
        let value = Value::Text(text.expose().to_owned());
        let wrong = match setting {
            Some(setting) => schema::check(setting, text.expose()).err(),
            None => Some("there is no such setting any more".into()),
        };
        match (setting, wrong) {
            (Some(setting), None) => given.push((setting.key, Given { source: Source::Page, value })),
            (_, Some(why)) => {
                warnings.push(Warning(format!("the settings page: {key} is not heeded: {why}")));
            }
            (None, None) => {}
        }
    }
    given
}

/// The file is ours: a name that only nearly means something there is a mistake.
fn from_dotenv(
    path: &Path,
    text: &str,
    sources: &Sources,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Warning>,
) -> Vec<(&'static str, Given)> {
    let assignments = match dotenv::parse(text) {
        Ok(assignments) => assignments,
        Err((line, why)) => {
            problems.push(Problem(format!("{}:{line}: this line cannot be read: {why}", path.display())));
            return Vec::new();
        }
    };
    for assignment in assignments.iter().filter(|assignment| !is_used(&assignment.name, sources)) {
        if let Some(meant) = misspelt(&assignment.name) {
            let (path, line, name) = (path.display(), assignment.line, &assignment.name);
            problems.push(Problem(format!("{path}:{line}: {name} means nothing; did you mean {meant}?")));
        }
    }
    let values = assignments.into_iter().map(|a| {
        let source = Source::DotEnv { path: path.to_owned(), line: a.line, name: a.name.clone() };
        (a.name, (source, a.value))
    });
    from_variables(&values.collect(), warnings)
}

/// Other programs' variables are in the environment, too: a name that only nearly means something is told, and no mistake.
fn from_environment(sources: &Sources, warnings: &mut Vec<Warning>) -> Vec<(&'static str, Given)> {
    let environment = &sources.environment;
    for name in environment.keys().filter(|name| !is_used(name, sources)) {
        // One of a single word is likelier to be somebody else's.
        let meant = name.contains('_').then(|| misspelt(name)).flatten();
        if meant.is_some() || name.starts_with("EARPIECE_") {
            let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
            warnings.push(Warning(format!("the variable {name} means nothing{meant}")));
        }
    }
    let named = |name: &String| (name.clone(), Source::Environment { name: name.clone() });
    let values = environment.iter().map(|(name, value)| {
        let (name, source) = named(name);
        (name, (source, value.clone()))
    });
    from_variables(&values.collect(), warnings)
}

/// Our own name for a setting counts before those of other systems; an empty variable is none.
fn from_variables(
    variables: &BTreeMap<String, (Source, String)>,
    warnings: &mut Vec<Warning>,
) -> Vec<(&'static str, Given)> {
    let mut given = Vec::new();
    for setting in schema::settings() {
        let mut set = setting
            .env
            .iter()
            .filter_map(|name| variables.get(*name))
            .filter(|(_, text)| !text.trim().is_empty());
        let Some((source, text)) = set.next() else { continue };
        for (other, different) in set {
            if different != text {
                warnings.push(Warning(format!("{other} is not heeded: {source} counts")));
            }
        }
        given.push((setting.key, Given { source: source.clone(), value: Value::Text(text.clone()) }));
    }
    given
}

fn refused(setting: &Setting, source: &Source, value: &Value, why: &str) -> Problem {
    let place = match source {
        Source::File { .. } => format!("{source}: {}", setting.key),
        Source::Page
        | Source::Installation
        | Source::Lent
        | Source::DotEnv { .. }
        | Source::Environment { .. }
        | Source::Flag { .. } => source.to_string(),
    };
    let shown = match value {
        _ if setting.secret => String::new(),
        Value::Text(text) => format!(" is {:?}", text.chars().take(60).collect::<String>()),
        Value::List(list) => format!(" is {list:?}"),
    };
    Problem(format!("{place}{shown}: {why}"))
}

/// The known key that looks most like this one: as a whole, by its last part, or by a variable's name.
fn nearest(key: &str) -> String {
    let likeness = |setting: &Setting| {
        let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_lowercase();
        let name = strsim::normalized_damerau_levenshtein(&last(setting.key), &last(key)) * 0.95;
        let whole = strsim::normalized_damerau_levenshtein(setting.key, &key.to_lowercase());
        let variable = setting
            .env
            .iter()
            .map(|env| strsim::normalized_damerau_levenshtein(&env.to_lowercase(), &last(key)));
        variable.fold(name.max(whole), |best, v| best.max(v * 0.9))
    };
    let best = schema::settings().min_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    best.map(|setting| {
        let (section, name) = setting.key.split_once('.').expect("every key has a section");
        format!("`{name}` in [{section}]")
    })
    .unwrap_or_default()
}

/// Whether this variable means something: to us, to another system, or to a tool that the settings file describes.
fn is_used(name: &str, sources: &Sources) -> bool {
    schema::settings().any(|setting| setting.env.contains(&name))
        || schema::LOCATORS.iter().any(|(locator, _)| *locator == name)
        || schema::OTHERS.contains(&name)
        || sources.file.as_ref().is_some_and(|(_, text)| text.contains(&format!("{{secret:{name}}}")))
}

/// So many letters are a slip of the hand.
const SLIPS: usize = 2;

/// A known variable that differs from this one by a slip of the hand.
fn misspelt(name: &str) -> Option<&'static str> {
    let known = schema::settings().flat_map(|setting| setting.env.iter().copied());
    let known = known.chain(schema::LOCATORS.iter().map(|(name, _)| *name));
    let near = known.filter(|known| known.len().abs_diff(name.len()) <= SLIPS);
    let near = near.map(|known| (strsim::damerau_levenshtein(known, name), known));
    let (distance, known) = near.min_by_key(|&(distance, _)| distance)?;
    (distance <= SLIPS && distance * 4 < name.len()).then_some(known)
}

fn which_environment(
    environment: &BTreeMap<String, String>,
    dotenv: &[(PathBuf, String)],
) -> Result<Option<String>, ConfigError> {
    const KNOWN: [&str; 3] = ["local", "development", "production"];
    if let Some(which) = variable("EARPIECE_ENV", environment, dotenv) {
        if !KNOWN.contains(&which.as_str()) {
            return Err(one(format!("EARPIECE_ENV is {which:?}: give one of {}", KNOWN.join(", "))));
        }
        return Ok(Some(which));
    }
    Ok(variable("FLASK_ENV", environment, dotenv).filter(|which| KNOWN.contains(&which.as_str())))
}

fn named_file(environment: &BTreeMap<String, String>, dotenv: &[(PathBuf, String)]) -> Option<PathBuf> {
    variable("EARPIECE_CONFIG", environment, dotenv).map(PathBuf::from)
}

/// One variable by itself. A `.env` that cannot be read is complained of elsewhere.
pub(super) fn variable(
    name: &str,
    environment: &BTreeMap<String, String>,
    dotenv: &[(PathBuf, String)],
) -> Option<String> {
    let here = environment.get(name).cloned();
    let there = || {
        let assignments = dotenv.iter().filter_map(|(_, text)| dotenv::parse(text).ok()).flatten();
        assignments.fold(None, |found, other| if other.name == name { Some(other.value) } else { found })
    };
    here.filter(|value| !value.is_empty()).or_else(there).filter(|value| !value.is_empty())
}

fn read_if_there(path: &Path) -> Result<Option<(PathBuf, String)>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(one(format!("{} cannot be read: {error}", path.display()))),
    }
}

fn one(problem: String) -> ConfigError {
    ConfigError(vec![Problem(problem)])
}

pub(super) fn defaults(zone: TimeZone) -> Config {
    let mut config = blank::blank(zone);
    for setting in schema::settings().filter(|setting| !setting.default.is_empty()) {
        (setting.set)(&mut config, &Value::Text(setting.default.to_owned())).expect("a default is valid");
    }
    config
}
