//! What the settings promise: which source wins, what is understood, and how mistakes are told.

#[path = "config/slips.rs"]
mod slips;

use server::config::{
    Config, ConfigError, EngineKind, Live, LogFormat, Network, Number, Source, Sources, TurnBy, Warning,
    schema,
};
use server::secret::Secret;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

fn file(text: &str) -> Sources {
    Sources { file: Some(("earpiece.toml".into(), text.into())), ..Sources::default() }
}

fn environment(pairs: &[(&str, &str)]) -> Sources {
    let environment = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { environment, ..Sources::default() }
}

fn load(sources: &Sources) -> (Config, Vec<String>) {
    let (config, warnings) = Config::load(sources).expect("these settings are right");
    (config, warnings.into_iter().map(|Warning(text)| text).collect())
}

fn problems(sources: &Sources) -> Vec<String> {
    let ConfigError(problems) = Config::load(sources).expect_err("these settings are wrong");
    problems.into_iter().map(|problem| problem.0).collect()
}

#[test]
fn with_nothing_set_everything_has_a_working_default() {
    let (config, warnings) = load(&Sources::default());
    assert_eq!(warnings, [""; 0]);
    assert_eq!((config.server.host.to_string().as_str(), config.server.port), ("127.0.0.1", 5050));
    assert_eq!(config.data.database_url.expose(), "sqlite:///data/earpiece.db");
    assert_eq!(config.assistant.engine, EngineKind::Local);
    assert!((config.assistant.temperature - 0.8).abs() < f64::EPSILON);
    assert_eq!(config.ollama.model, "gpt-oss:20b");
    assert_eq!(config.log.level, "info");
    assert_eq!(config.policy, call::Policy::default());
    assert_eq!(config.calendar.hours, when::Hours::default());
    let openai = engine::openai::Config::new(engine::ApiKey::new(""));
    assert_eq!(config.openai.realtime_url, openai.url);
    assert_eq!(
        (config.openai.model, Some(config.openai.transcription_model)),
        (openai.model, openai.transcription)
    );
    assert_eq!(config.openai.noise_reduction, None);
    assert!(config.origins.is_empty());
}

#[test]
fn the_later_source_wins() {
    let mut sources = file("[server]\nport = 1\nmax_calls = 7\n[log]\nlevel = 'warn'");
    assert_eq!(load(&sources).0.server.port, 1);
    sources.dotenv.push((".env".into(), "PORT=2\nLOG_LEVEL=error".into()));
    assert_eq!(load(&sources).0.server.port, 2);
    sources.dotenv.push((".env.local".into(), "PORT=3".into()));
    assert_eq!(load(&sources).0.server.port, 3);
    sources.environment.insert("PORT".into(), "4".into());
    assert_eq!(load(&sources).0.server.port, 4);
    sources.flags.push(("server.port", "5".into()));
    let (config, _) = load(&sources);
    assert_eq!((config.server.port, config.server.max_calls, config.log.level.as_str()), (5, 7, "error"));
    assert_eq!(config.origins["server.port"], Source::Flag { name: "port" });
    assert_eq!(config.origins["server.max_calls"], Source::File { path: "earpiece.toml".into(), line: 3 });
    let origin = Source::DotEnv { path: ".env".into(), line: 2, name: "LOG_LEVEL".into() };
    assert_eq!(config.origins["log.level"], origin);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let mut sources = environment(&[("PORT", ""), ("OPENAI_API_KEY", " "), ("ENGINE", "")]);
    sources.file = Some(("earpiece.toml".into(), "[server]\nport = 9".into()));
    let (config, _) = load(&sources);
    assert_eq!((config.server.port, config.assistant.engine), (9, EngineKind::Local));
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_one() {
    for (text, line, meant) in [
        ("[server]\nprot = 1", 2, "`port` in [server]"),
        ("[sever]\nport = 1", 2, "`port` in [server]"),
        ("\n\nPORT = 1", 3, "`port` in [server]"),
        ("[server]\nauth_token = 'x'", 2, "`auth_token` in [twilio]"),
        ("[callers]\nallowed_numbers = []", 2, "`allowed` in [callers]"),
        ("[assistant]\nvoise = 'marin'\n", 2, "`voice` in [assistant]"),
        ("[hours]\nmonday = 'closed'", 2, "`mon` in [hours]"),
        ("[server.port]\nx = 1", 2, "`port` in [server]"),
        ("[nonsense]", 1, ""),
    ] {
        let problems = problems(&file(text));
        let start = format!("earpiece.toml:{line}: there is no setting `");
        assert!(problems.len() == 1 && problems[0].starts_with(&start), "{text}: {problems:?}");
        assert!(problems[0].contains(&format!("did you mean {meant}")), "{text}: {problems:?}");
    }
}

#[test]
fn a_section_that_is_known_may_be_empty() {
    load(&file("[server]\n[twilio]\n"));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_what_is_accepted() {
    let mut sources = file("[server]\nport = 70000\nhost = 'mybox'\n[hours]\nmon = '17:00-09:00'");
    sources.dotenv.push((".env".into(), "\nLOG_FORMAT=xml".into()));
    sources.environment.insert("OPENAI_REALTIME_URL".into(), "ws://example.com/v1".into());
    sources.flags.push(("assistant.engine", "siri".into()));
    let problems = problems(&sources).join("\n");
    for expected in [
        "earpiece.toml:2: server.port is \"70000\": give a port: a number from 0 to 65535",
        "earpiece.toml:3: server.host is \"mybox\": give the address to listen on",
        "earpiece.toml:5: hours.mon is \"17:00-09:00\": give hours such as",
        ".env:2: LOG_FORMAT is \"xml\": give one of text, json",
        "the variable OPENAI_REALTIME_URL is \"ws://example.com/v1\": ws:// sends keys in the clear",
        "--engine is \"siri\": give one of openai, openai-live, deepgram, local",
    ] {
        assert!(problems.contains(expected), "{expected}\n{problems}");
    }
}

#[test]
fn text_that_is_no_toml_or_no_assignment_is_told_with_its_line() {
    assert!(problems(&file("[server]\nport = = 1"))[0].starts_with("earpiece.toml:2: this is not TOML"));
    let dotenv = Sources { dotenv: vec![(".env".into(), "A=1\nwhat".into())], ..Sources::default() };
    assert!(problems(&dotenv)[0].starts_with(".env:2: this line cannot be read"));
    assert!(problems(&file("[server]\nport = { a = 1 }"))[0].contains("there is no setting `server.port.a`"));
    assert!(problems(&file("[server]\nport = [[1]]"))[0].contains("give one value"));
}

#[test]
fn a_secret_is_in_no_message() {
    let words = "hunter2hunter2";
    let wrong = problems(&environment(&[("DATABASE_URL", &format!("mysql://u:{words}@h/d"))]));
    assert!(!wrong[0].contains(words) && wrong[0].contains("sqlite:///"), "{wrong:?}");
    let secrets: Vec<_> = schema::settings().filter(|setting| setting.secret).collect();
    for setting in &secrets {
        let value = match setting.key {
            "data.database_url" => format!("postgres://u:{words}@h/d"),
            "zapier.mcp_url" => format!("https://mcp.example.com/?token={words}"),
            // Digits, so that what is looked for must not be part of any other setting.
            "callers.pin" => "271828182845".to_owned(),
            _ => words.to_owned(),
        };
        let (config, warnings) = load(&environment(&[(setting.env[0], &value)]));
        assert!(!format!("{config:?}{warnings:?}").contains(words), "{}", setting.key);
        assert!(!format!("{config:?}{warnings:?}").contains("271828182845"), "{}", setting.key);
        assert!(config.origins.contains_key(setting.key));
    }
    assert!(secrets.len() >= 10);
}

#[test]
fn variables_of_the_systems_that_this_one_replaces_keep_working() {
    let (config, _) = load(&environment(&[
        ("FLASK_BASE_URL", "https://Voice.Example.com/"),
        ("SYSTEM_MESSAGE", "Be brief."),
        ("TELNYX_WEBHOOK_SECRET", "key="),
        ("FLASK_DEBUG", "1"),
        ("FLASK_TESTING", "yes"),
        ("EMAIL_USER", "Office@Gmail.com"),
        ("ALLOWED_NUMBERS", "+15550100100,+15550100101"),
        ("TWILIO_PHONE_NUMBER", "+1 555 010 0199"),
        ("LOG_LEVEL", "WARNING"),
    ]));
    assert_eq!(config.server.public_url.as_deref(), Some("https://voice.example.com"));
    assert_eq!(config.assistant.instructions, "Be brief.");
    assert_eq!(config.telnyx.public_key.as_deref(), Some("key="));
    assert_eq!(config.email.smtp_host.as_deref(), Some("smtp.gmail.com"));
    assert_eq!(config.callers.allowed.len(), 2);
    assert_eq!(config.twilio.phone_number, Some(Number::parse("+15550100199").expect("a number")));
    assert_eq!(config.log.level, "warn");
}

#[test]
fn numbers_are_listed_in_many_ways() {
    let numbers = |text: &str| {
        let (config, _) = load(&environment(&[("ALLOWED_NUMBERS", text)]));
        config.callers.allowed.iter().map(|number| number.as_str().to_owned()).collect::<Vec<_>>()
    };
    for text in [
        "+15550100100,+15550100101",
        "+1 (555) 010-0100, +1 555.010.0101",
        "+15550100100 +15550100101",
        "+1 555 010 0100 +1 555 010 0101",
        "15550100100 15550100101",
        "[\"+15550100100\", \"+1 555 010 0101\"]",
        "[15550100100, 15550100101]",
        "+15550100100;+15550100101,+15550100100,",
    ] {
        assert_eq!(numbers(text), ["+15550100100", "+15550100101"], "{text}");
    }
    let (config, _) = load(&file("[callers]\nowners = ['+15550100100', 15550100101]"));
    assert_eq!(config.callers.owners.len(), 2);
    assert!(
        problems(&environment(&[("ALLOWED_NUMBERS", "+15550100100, office")]))[0]
            .contains("looks like +1555")
    );
    assert!(problems(&environment(&[("ALLOWED_NUMBERS", "[\"+15550100100\"")]))[0].contains("not JSON"));
}

#[test]
fn kinds_of_appointments_are_a_list_or_one_text() {
    let named = |config: &Config| -> Vec<String> {
        config.calendar.hours.kinds.iter().map(ToString::to_string).collect()
    };
    let wanted = ["haircut 45m after 15m", "colour 2h notice 1d"];
    let (config, _) = load(&file("[calendar]\nkinds = ['haircut 45m after 15m', 'colour 2h notice 1d']"));
    assert_eq!(named(&config), wanted);
    let text = "Haircut 45m after 15m; colour 120m notice 24h;";
    let (config, _) = load(&environment(&[("APPOINTMENT_KINDS", text), ("BUFFER_MINUTES", "10")]));
    assert_eq!(named(&config), wanted);
    let hours = &config.calendar.hours;
    assert_eq!((hours.before, hours.after), (Duration::from_secs(600), Duration::from_secs(600)));
    let uneven = environment(&[("BUFFER_AFTER_MINUTES", "20"), ("BUFFER_MINUTES", "10")]);
    let hours = load(&uneven).0.calendar.hours;
    assert_eq!((hours.before, hours.after), (Duration::from_secs(600), Duration::from_secs(1200)));
    let wrong = problems(&environment(&[("APPOINTMENT_KINDS", "haircut")]));
    assert!(wrong[0].contains("APPOINTMENT_KINDS") && wrong[0].contains("give its length"), "{wrong:?}");
    let (config, _) = load(&file("[calendar]\nholidays = ['12-25', '2027-07-12..2027-07-30']"));
    assert!(config.calendar.hours.is_holiday(jiff::civil::date(2031, 12, 25)));
    assert!(problems(&file("[calendar]\nholidays = ['christmas']"))[0].contains("12-25"));
}

#[test]
fn opening_hours_are_read_and_nonsense_is_refused() {
    let (config, _) = load(&file(
        "[hours]\nmon = '09:00-12:00, 13:00-24:00'\nsat = ['8:30-10:00']\nfri = 'closed'\n[calendar]\nslot_minutes = 45\n\
         holidays = ['2026-12-25']\ntime_zone = 'America/New_York'",
    ));
    let hours = &config.calendar.hours;
    let told =
        |day: usize| hours.week[day].iter().map(|o| format!("{}-{}", o.from, o.to)).collect::<Vec<_>>();
    assert_eq!(told(0), ["09:00:00-12:00:00", "13:00:00-00:00:00"]);
    assert_eq!(told(5), ["08:30:00-10:00:00"]);
    assert!(hours.week[4].is_empty());
    assert_eq!(hours.slot, Duration::from_secs(45 * 60));
    assert_eq!(hours.holidays.len(), 1);
    assert_eq!(config.calendar.zone.iana_name(), Some("America/New_York"));
    for wrong in [
        "9-17",
        "09:00-08:00",
        "09:00-12:00, 11:00-13:00",
        "13:00-24:00, 09:00-10:00",
        "25:00-26:00",
        "later",
    ] {
        assert_eq!(problems(&environment(&[("HOURS_TUE", wrong)])).len(), 1, "{wrong}");
    }
    assert!(problems(&environment(&[("TIME_ZONE", "Mars/Olympus")]))[0].contains("Europe/Berlin"));
}

#[test]
fn addresses_are_brought_into_one_form_and_keys_are_not_sent_in_the_clear() {
    let public = |text: &str| load(&environment(&[("PUBLIC_URL", text)])).0.server.public_url.expect("set");
    assert_eq!(public("https://voice.example.com/"), "https://voice.example.com");
    assert_eq!(public("voice.example.com"), "https://voice.example.com");
    assert_eq!(
        public("HTTPS://Voice.Example.com:8443/Assistant/"),
        "https://voice.example.com:8443/Assistant"
    );
    for wrong in ["ftp://x", "https://", "https://u:p@x", "https://x/?a=1", "https://x/#a"] {
        assert_eq!(problems(&environment(&[("PUBLIC_URL", wrong)])).len(), 1, "{wrong}");
    }
    for (name, right) in [
        ("OPENAI_REALTIME_URL", "ws://127.0.0.1:9000/v1/realtime"),
        ("OPENAI_REALTIME_URL", "ws://localhost:9000"),
        ("OPENAI_REALTIME_URL", "ws://[::1]:9000"),
        ("TWILIO_API_URL", "http://127.0.0.1:1"),
        ("OLLAMA_HOST", "gpu.lan:11434"),
    ] {
        load(&environment(&[(name, right)]));
    }
    assert_eq!(problems(&environment(&[("TWILIO_API_URL", "http://twilio.example")])).len(), 1);
    assert_eq!(problems(&environment(&[("OPENAI_REALTIME_URL", "https://api.openai.com")])).len(), 1);
}

#[test]
fn the_engine_is_chosen_by_name_or_by_the_keys_there_are() {
    let chosen = |pairs: &[(&str, &str)]| {
        let (config, warnings) = load(&environment(pairs));
        (config.assistant.engine, config.assistant.engine_why, warnings)
    };
    let (engine, why, warnings) = chosen(&[("OPENAI_API_KEY", "sk-1"), ("DEEPGRAM_API_KEY", "x")]);
    assert_eq!(
        (engine, why.as_str(), warnings.len()),
        (EngineKind::OpenAi, "because OPENAI_API_KEY is set", 0)
    );
    let (engine, why, _) = chosen(&[("OPENAI_API_KEY", "sk-1"), ("ENGINE", "Local")]);
    assert_eq!((engine, why.as_str()), (EngineKind::Local, "because the variable ENGINE says so"));
    let (engine, why, warnings) = chosen(&[("DEEPGRAM_API_KEY", "x")]);
    assert_eq!((engine, why.as_str()), (EngineKind::Deepgram, "because DEEPGRAM_API_KEY is set"));
    assert_eq!(warnings, Vec::<String>::new());
    let (engine, _, warnings) = chosen(&[("ENGINE", "deepgram")]);
    assert_eq!(engine, EngineKind::Deepgram);
    assert!(warnings[0].contains("DEEPGRAM_API_KEY is not set"));
    let (engine, _, warnings) = chosen(&[("ENGINE", "openai")]);
    assert_eq!(engine, EngineKind::OpenAi);
    assert!(warnings[0].contains("OPENAI_API_KEY is not set"));
}

#[test]
fn a_voice_that_the_engine_does_not_have_is_replaced_and_the_owner_is_told() {
    let voice = |engine: &str, voice: &str| {
        let (config, warnings) =
            load(&environment(&[("ENGINE", engine), ("OPENAI_API_KEY", "k"), ("VOICE", voice)]));
        (config.assistant.voice, warnings.len())
    };
    assert_eq!(voice("openai", "Marin"), ("marin".into(), 0));
    assert_eq!(voice("openai", "voice_AbC"), ("voice_AbC".into(), 0));
    assert_eq!(voice("openai", "nova"), (String::new(), 1));
    assert_eq!(voice("local", "slt"), ("slt".into(), 0));
    assert_eq!(voice("local", "marin"), (String::new(), 1));
}

#[test]
fn proxies_tls_logs_and_turn_detection_are_understood() {
    let (config, _) = load(&environment(&[
        ("TRUSTED_PROXIES", "10.0.0.0/8 ::1"),
        ("TLS_CERT", "/c.pem"),
        ("TLS_KEY", "/k.pem"),
        ("LOG_FORMAT", "JSON"),
        ("OPENAI_TURN_DETECTION", "server"),
        ("OPENAI_NOISE_REDUCTION", "off"),
        ("OPENAI_TRANSCRIPTION_MODEL", "none"),
        ("DATA_DIR", "/var/lib/earpiece"),
        ("SILENCE_SECONDS", "30"),
    ]));
    assert!(config.server.trusted_proxies.contains(&Network::parse("10.0.0.0/8").expect("a network")));
    assert_eq!(config.server.tls.expect("both are set").key, PathBuf::from("/k.pem"));
    assert_eq!((config.log.format, config.openai.turn.by), (LogFormat::Json, TurnBy::Silence));
    assert_eq!((config.openai.noise_reduction, config.openai.transcription_model.as_str()), (None, ""));
    assert_eq!(config.data.database_url.expose(), "sqlite:////var/lib/earpiece/earpiece.db");
    assert_eq!(config.policy.silence, Duration::from_secs(30));
    assert!(problems(&environment(&[("TLS_CERT", "/c.pem")]))[0].contains("TLS needs both"));
}

#[test]
fn every_setting_can_be_set_from_everywhere_and_by_one_name_only() {
    let mut keys = BTreeSet::new();
    let mut names = BTreeMap::new();
    for setting in schema::settings() {
        assert!(keys.insert(setting.key), "{} twice", setting.key);
        assert!(!setting.shown().is_empty(), "{} shows nothing", setting.key);
        assert!(setting.help.ends_with('.') && !setting.env.is_empty(), "{}", setting.key);
        for name in setting.env {
            assert!(names.insert(*name, setting.key).is_none(), "{name} twice");
        }
        let (section, name) = setting.key.split_once('.').expect("a section");
        let quoted = serde_json::to_string(setting.shown()).expect("a string");
        let (config, _) = load_with_company(setting.key, &file(&format!("[{section}]\n{name} = {quoted}")));
        assert!(config.origins.contains_key(setting.key), "{}", setting.key);
        let (config, _) = load_with_company(setting.key, &environment(&[(setting.env[0], setting.shown())]));
        assert!(config.origins.contains_key(setting.key), "{}", setting.key);
    }
}

/// A certificate makes no sense without its key.
fn load_with_company(key: &str, sources: &Sources) -> (Config, Vec<String>) {
    let mut sources = sources.clone();
    if key.starts_with("server.tls_") {
        sources.flags = vec![("server.tls_cert", "c".into()), ("server.tls_key", "k".into())];
    }
    load(&sources)
}

#[test]
fn the_flags_of_the_command_are_those_of_the_table() {
    use clap::{Args, FromArgMatches};
    let command = server::config::Flags::augment_args(clap::Command::new("serve"));
    command.clone().debug_assert();
    let matches = command
        .try_get_matches_from(["serve", "--port", "0", "--engine=local", "--config", "other.toml"])
        .expect("these flags are known");
    let flags = server::config::Flags::from_arg_matches(&matches).expect("flags");
    assert_eq!(flags.config, Some(PathBuf::from("other.toml")));
    assert_eq!(flags.values, [("server.port", "0".to_owned()), ("assistant.engine", "local".to_owned())]);
    let sources = Sources { flags: flags.values, ..Sources::default() };
    assert_eq!(load(&sources).0.server.port, 0);
}

#[test]
fn what_a_page_set_counts_over_the_file_and_under_the_environment() {
    let page = |settings: &[(&str, &str)]| -> Vec<(String, Secret)> {
        settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::new(*value))).collect()
    };
    let sources = Sources {
        file: Some((PathBuf::from("earpiece.toml"), "[hours]\nmon = \"closed\"\ntue = \"closed\"\n".into())),
        environment: [("HOURS_TUE".to_owned(), "07:00-08:00".to_owned())].into(),
        ..Sources::default()
    };
    let (live, _) = Live::load(sources).expect("settings");
    let before = live.get();
    let set = page(&[("hours.mon", "10:00-11:00"), ("hours.tue", "10:00-11:00"), ("hours.wed", "noonish")]);
    let warnings = live.heed_page(set).expect("heeded");
    assert!(warnings.iter().any(|warning| warning.0.contains("hours.wed is not heeded")), "{warnings:?}");
    let now = live.get();
    let open = |config: &Config, day: usize| {
        config.calendar.hours.week[day].iter().map(|opening| opening.from.hour()).collect::<Vec<_>>()
    };
    assert_eq!(
        [open(&before, 0), open(&before, 1)],
        [vec![], vec![7]],
        "what was taken before stays as it was"
    );
    assert_eq!([open(&now, 0), open(&now, 1), open(&now, 2)], [vec![10], vec![7], vec![9]]);
    assert_eq!(now.origins["hours.mon"].to_string(), "the settings page");
    live.heed_page(Vec::new()).expect("heeded");
    assert_eq!(open(&live.get(), 0), Vec::<i8>::new());
}

#[test]
fn a_key_goes_to_no_other_service_than_its_own() {
    let place = |more: &[(&str, &str)]| {
        let ours = [("HEAR", "openai"), ("OPENAI_API_KEY", "sk-of-openai")];
        let (config, _) = load(&environment(&[&ours, more].concat()));
        match server::settings::hear(&config, &reqwest::Client::new()) {
            engine::local::parts::Hear::OpenAi(ear) => (ear.place.url, ear.place.authorization.is_some()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(place(&[]), ("https://api.openai.com/v1".into(), true));
    let elsewhere = ("HEAR_URL", "http://10.0.0.5:8000/v1");
    assert_eq!(place(&[elsewhere]), ("http://10.0.0.5:8000/v1".into(), false));
    assert_eq!(
        place(&[elsewhere, ("HEAR_API_KEY", "gsk-of-theirs")]),
        ("http://10.0.0.5:8000/v1".into(), true)
    );
}

const OWN: &str = r#"
[server]
port = 1

[[tool]]
name = "add_task"
description = "Adds a task."
method = "POST"
url = "https://tasks.example/lists/{list}"
headers = { Authorization = "Bearer {secret:TASKS_KEY}" }
body = { content = "{content}" }

[tool.parameters]
type = "object"

[tool.parameters.properties]
list = { type = "string" }
content = { type = "string" }

[[tool]]
name = "weather"
description = "The weather."
url = "https://weather.example/{secret:WEATHER_KEY}"
"#;

#[test]
fn tools_of_the_owners_are_read_with_the_secrets_that_they_name_and_no_others() {
    let mut sources = file(OWN);
    sources.dotenv.push((".env".into(), "TASKS_KEY=old\nWEATHER_KEY=sun".into()));
    sources.environment = [("TASKS_KEY".into(), "s3cret".into()), ("OTHER".into(), "x".into())].into();
    let (config, _) = load(&sources);
    let names: Vec<_> = config.own.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["add_task", "weather"]);
    let secrets: Vec<_> =
        config.own.secrets.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect();
    assert_eq!(secrets, [("TASKS_KEY", "s3cret"), ("WEATHER_KEY", "sun")]);
    assert!(!format!("{config:?}").contains("s3cret"));
    assert_eq!(config.server.port, 1);
}

#[test]
fn a_tool_that_is_described_wrongly_is_told_with_its_name_or_line() {
    let wrong = problems(&file(&OWN.replace("weather.example", "{list}.example")));
    assert!(wrong[0].contains("earpiece.toml") && wrong[0].contains("weather"), "{wrong:?}");
    let unknown = problems(&file(&OWN.replace("method =", "metod =")));
    assert!(unknown[0].contains("earpiece.toml:") && unknown[0].contains("metod"), "{unknown:?}");
}
