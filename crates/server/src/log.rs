//! What is said on standard error, and how loudly. Standard output is for what the owner asked for.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Libraries that print keys and whole requests when they are asked to be talkative. They stay at warnings unless the
/// filter names them.
const TALKATIVE: [&str; 8] =
    ["h2", "hyper", "hyper_util", "reqwest", "rustls", "sqlx", "tokio_tungstenite", "tungstenite"];

/// Starts to log, for the rest of the process. Only the first call has an effect.
pub fn start(log: &Log) {
    let filter = EnvFilter::new(with_quiet_libraries(&log.level));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let started = match log.format {
        LogFormat::Text => logs.with_ansi(coloured).try_init(),
        LogFormat::Json => {
            logs.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
    };
    drop(started);
}

/// Reads a level in any case, by Rust's names or Python's, or a filter of `target=level` with commas between. The
/// result is what `tracing-subscriber` reads; the error says what is accepted.
pub fn filter(text: &str) -> Result<String, String> {
    let refusal =
        || "give error, warn, info, debug or trace, or a filter such as info,engine=debug".to_owned();
    let mut parts = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        parts.push(match part.rsplit_once('=') {
            Some((target, word)) => format!("{}={}", target.trim(), level(word).ok_or_else(refusal)?),
            None => level(part).ok_or_else(refusal)?.to_owned(),
        });
    }
    let filter = parts.join(",");
    if filter.is_empty() || EnvFilter::try_new(&filter).is_err() {
        return Err(refusal());
    }
    Ok(filter)
}

fn level(word: &str) -> Option<&'static str> {
    match word.trim().to_ascii_lowercase().as_str() {
        "critical" | "fatal" | "error" => Some("error"),
        "warning" | "warn" => Some("warn"),
        "info" => Some("info"),
        "debug" => Some("debug"),
        "notset" | "trace" => Some("trace"),
        "off" => Some("off"),
        _ => None,
    }
}

fn with_quiet_libraries(filter: &str) -> String {
    if !filter.split(',').any(|part| matches!(part, "debug" | "trace")) {
        return filter.to_owned();
    }
    let quiet: Vec<_> = TALKATIVE.iter().map(|library| format!("{library}=warn")).collect();
    format!("{},{filter}", quiet.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_in_any_case_by_rusts_names_or_pythons() {
        for (written, meant) in [
            ("INFO", "info"),
            ("Warning", "warn"),
            ("CRITICAL", "error"),
            ("debug", "debug"),
            ("info, engine=DEBUG", "info,engine=debug"),
            ("server::phone=trace", "server::phone=trace"),
        ] {
            assert_eq!(filter(written).as_deref(), Ok(meant), "{written}");
        }
        for bad in ["", "loud", "inof", "engine", "info,engine=loud", ","] {
            assert!(filter(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_library_that_prints_keys_is_quiet_unless_it_is_named() {
        assert_eq!(with_quiet_libraries("info"), "info");
        let all = with_quiet_libraries("trace,tungstenite=trace");
        assert!(all.contains("tungstenite=warn") && all.ends_with("trace,tungstenite=trace"));
    }
}
