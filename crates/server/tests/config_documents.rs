//! The example files and the reference are made from the table of settings, and are up to date.
//!
//! When this fails because the table changed: `UPDATE_DOCUMENTS=1 cargo test -p server --test config_documents`.

use server::config::{
    Config, Sources,
    schema::{self, Section, Setting},
};
use std::{fmt::Write, fs, path::PathBuf};

const WIDTH: usize = 100;

fn at_root(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn is_up_to_date(name: &str, wanted: &str) {
    let path = at_root(name);
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(&path, wanted).expect("the document can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{name} is not what the table says; run this test with UPDATE_DOCUMENTS=1");
}

fn wrapped(text: &str, prefix: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from(prefix);
    for word in text.split_whitespace() {
        if line.len() + word.len() + 1 > WIDTH && line.len() > prefix.len() {
            writeln!(lines, "{}", line.trim_end()).expect("a String takes everything");
            line = String::from(prefix);
        }
        line.push_str(word);
        line.push(' ');
    }
    writeln!(lines, "{}", line.trim_end()).expect("a String takes everything");
    lines
}

fn about(setting: &Setting) -> String {
    setting.help.to_owned()
}

fn is_list(setting: &Setting) -> bool {
    matches!(
        setting.key,
        "callers.allowed"
            | "callers.owners"
            | "callers.blocked"
            | "callers.vip"
            | "calls.may_call"
            | "server.trusted_proxies"
            | "calendar.holidays"
            | "calendar.kinds"
    )
}

fn toml_value(setting: &Setting) -> String {
    let shown = setting.shown();
    if is_list(setting) {
        let quoted: Vec<_> =
            shown.split([',', ';']).map(str::trim).map(|part| format!("\"{part}\"")).collect();
        return format!("[{}]", quoted.join(", "));
    }
    let number = shown.parse::<f64>().is_ok() && shown.len() < 10;
    if number { shown.to_owned() } else { serde_json::to_string(shown).expect("a string") }
}

fn example_toml() -> String {
    let mut text = wrapped(
        "Settings of Earpiece. Copy this to earpiece.toml and take away the `#` before what you want to change; what stands \
         there now is the default, or an example where there is none. Later sources win: this file, then .env, then the \
         environment, then flags. docs/configuration.md says the same as a table.",
        "# ",
    );
    for section in schema::sections() {
        text.push('\n');
        text.push_str(&wrapped(section.about, "# "));
        writeln!(text, "[{}]", section.name).expect("a String takes everything");
        for setting in section.settings {
            text.push('\n');
            text.push_str(&wrapped(&about(setting), "# "));
            let name = setting.key.split_once('.').expect("a section").1;
            writeln!(text, "#{name} = {}", toml_value(setting)).expect("a String takes everything");
        }
    }
    text
}

fn example_env() -> String {
    let mut text = wrapped(
        "Settings of Earpiece. Copy this to .env and take away the `#` before what you want to change; what stands there now \
         is the default, or an example where there is none. An empty value counts as not set. Nothing is expanded: a value \
         may hold a `$`. The environment wins over this file, and .env.<EARPIECE_ENV> too.",
        "# ",
    );
    for (name, help) in schema::LOCATORS {
        text.push('\n');
        text.push_str(&wrapped(help, "# "));
        let value = if *name == "EARPIECE_ENV" { "production" } else { "earpiece.toml" };
        writeln!(text, "#{name}={value}").expect("a String takes everything");
    }
    for section in schema::sections() {
        writeln!(text, "\n# --- {} ---", section.name).expect("a String takes everything");
        text.push_str(&wrapped(section.about, "# "));
        for setting in section.settings {
            text.push('\n');
            let mut help = about(setting);
            if let [_, others @ ..] = setting.env
                && !others.is_empty()
            {
                write!(help, " Also {}.", others.join(", ")).expect("a String takes everything");
            }
            text.push_str(&wrapped(&help, "# "));
            writeln!(text, "#{}={}", setting.env[0], setting.shown()).expect("a String takes everything");
        }
    }
    text
}

fn reference() -> String {
    let mut text = String::from(
        "# Configuration\n\n\
         <!-- Made from the table in crates/server/src/config/schema/; see crates/server/tests/config_documents.rs. -->\n\n\
         `earpiece serve` works with nothing set. What is set is read in this order, and the later wins:\n\n\
         1. `earpiece.toml` in the working directory, or the file that `--config` or `EARPIECE_CONFIG` names\n\
         2. `.env`, then `.env.<EARPIECE_ENV>`\n\
         3. the environment\n\
         4. flags\n\n\
         A key in `earpiece.toml` that does not exist is an error that names its line and the nearest key that does; so is a \
         name in `.env` that is nearly one of those below. In the environment, where other programs' variables live, that is a \
         warning. An empty variable counts as not set. Nothing is expanded in `.env`: a value may hold a `$`. Keys and passwords are \
         never printed or logged. `earpiece.example.toml` and `.env.example` hold every setting, commented.\n\n\
         | where settings are | |\n| --- | --- |\n",
    );
    for (name, help) in schema::LOCATORS {
        writeln!(text, "| `{name}` | {help} |").expect("a String takes everything");
    }
    for section in schema::sections() {
        write!(text, "\n## `[{}]`\n\n{}\n\n", section.name, section.about)
            .expect("a String takes everything");
        text.push_str("| key | variable | default | |\n| --- | --- | --- | --- |\n");
        section.settings.iter().for_each(|setting| reference_row(&mut text, section, setting));
    }
    text
}

fn reference_row(text: &mut String, section: &Section, setting: &Setting) {
    let name =
        setting.key.strip_prefix(section.name).and_then(|rest| rest.strip_prefix('.')).expect("its section");
    let flag = setting.flag.map(|flag| format!("<br>`--{flag}`")).unwrap_or_default();
    let variables: Vec<_> = setting.env.iter().map(|name| format!("`{name}`")).collect();
    let default = match setting.default {
        "" => String::new(),
        long if long.len() > 60 => "a sentence or two".to_owned(),
        default => format!("`{default}`"),
    };
    let variables = variables.join(", ");
    writeln!(text, "| `{name}` | {variables}{flag} | {default} | {} |", setting.help.replace('|', "\\|"))
        .expect("a String takes everything");
}

/// Takes the `#` from before every setting.
fn uncommented(text: &str) -> String {
    let is_setting = |line: &str| line.starts_with('#') && !line.starts_with("# ");
    let bare = text.lines().map(|line| if is_setting(line) { &line[1..] } else { line });
    bare.collect::<Vec<_>>().join("\n")
}

/// Whether a warning is one of those that an example of everything must give.
fn is_expected(warning: &str) -> bool {
    ["takes no temperature", "has no voice", "this key can be guessed"]
        .iter()
        .any(|expected| warning.contains(expected))
}

#[test]
fn the_example_file_holds_every_setting_and_can_be_read() {
    let text = example_toml();
    is_up_to_date("earpiece.example.toml", &text);
    let bare = Sources { file: Some(("earpiece.toml".into(), text.clone())), ..Sources::default() };
    let (config, warnings) = Config::load(&bare).expect("it can be read as it stands");
    assert!(warnings.is_empty() && config.origins.is_empty());
    let full = Sources { file: Some(("earpiece.toml".into(), uncommented(&text))), ..Sources::default() };
    let (config, warnings) = Config::load(&full).expect("it can be read with everything set");
    assert!(warnings.iter().all(|warning| is_expected(&warning.0)), "{warnings:?}");
    assert_eq!(config.origins.len(), schema::settings().count());
}

#[test]
fn the_example_of_variables_holds_every_setting_and_can_be_read() {
    let text = example_env();
    is_up_to_date(".env.example", &text);
    let bare = Sources { dotenv: vec![(".env".into(), text.clone())], ..Sources::default() };
    let (config, warnings) = Config::load(&bare).expect("it can be read as it stands");
    assert!(warnings.is_empty() && config.origins.is_empty());
    let full = Sources { dotenv: vec![(".env".into(), uncommented(&text))], ..Sources::default() };
    let (config, warnings) = Config::load(&full).expect("it can be read with everything set");
    assert!(warnings.iter().all(|warning| is_expected(&warning.0)), "{warnings:?}");
    assert_eq!(config.origins.len(), schema::settings().count());
}

#[test]
fn the_reference_says_what_the_table_says() {
    is_up_to_date("docs/configuration.md", &reference());
}
