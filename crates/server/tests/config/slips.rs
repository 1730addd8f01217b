//! Settings that are understood and yet not what was meant: slips of the hand, and what has no effect.

use super::{environment, file, load, problems};
use server::config::Sources;

#[test]
fn our_own_name_counts_before_an_older_one_and_the_owner_is_told() {
    let both = [("PUBLIC_URL", "https://a.example"), ("FLASK_BASE_URL", "https://b.example")];
    let (config, warnings) = load(&environment(&both));
    assert_eq!(config.server.public_url.as_deref(), Some("https://a.example"));
    assert_eq!(warnings, ["the variable FLASK_BASE_URL is not heeded: the variable PUBLIC_URL counts"]);
}

#[test]
fn a_model_that_thinks_needs_an_ear_that_takes_down_whatever_is_said() {
    for thinker in ["ollama", "openai"] {
        let wrong = problems(&environment(&[("THINK", thinker), ("ENGINE", "local")]));
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        let says = |word: &str| wrong[0].contains(word);
        assert!(says("the variable THINK") && says("PocketSphinx") && says("CALL_HEAR=gather"), "{wrong:?}");
    }
    let words = [("ENGINE", "local"), ("CALL_MODE", "turns"), ("CALL_HEAR", "gather")];
    let (config, warnings) = load(&environment(&[&words[..], &[("THINK", "ollama")]].concat()));
    assert!(warnings.is_empty() && server::settings::think(&config, &[], true).expect("a client").is_some());
    let (_, warnings) = load(&environment(&[&words[..], &[("THINK", "openai")]].concat()));
    assert!(warnings[0].contains("OPENAI_API_KEY is not set"), "{warnings:?}");
    load(&environment(&[("THINK", "ollama"), ("ENGINE", "openai"), ("OPENAI_API_KEY", "x")]));
    load(&environment(&[("THINK", "ollama"), ("ENGINE", "local"), ("HEAR", "whisper")]));
}

#[test]
fn a_setting_without_an_effect_is_told() {
    let (_, warnings) = load(&environment(&[("TEMPERATURE", "0.7")]));
    assert_eq!(warnings, ["the variable TEMPERATURE: the engine local takes no temperature"]);
    for (model, taken) in [("gpt-4o-mini", true), ("gpt-5-mini", false)] {
        let deepgram = [("TEMPERATURE", "0.7"), ("DEEPGRAM_API_KEY", "x"), ("DEEPGRAM_THINK_MODEL", model)];
        let (config, warnings) = load(&environment(&deepgram));
        assert_eq!(warnings.is_empty(), taken, "{warnings:?}");
        let chosen = server::settings::deepgram(&config.deepgram, config.assistant.temperature);
        assert_eq!(chosen.temperature, Some(0.7));
    }
}

#[test]
fn a_key_that_can_be_guessed_is_told() {
    let warned = |key: &str| load(&environment(&[("SECRET_KEY", key)])).1.len();
    assert_eq!(warned("dev"), 1);
    assert_eq!(warned("0123456789abcdef0123456789abcdef"), 1);
    assert_eq!(warned("6f1c0a0f7b9d4c6e8a52b31d90e47f65"), 0);
}

#[test]
fn a_slip_of_the_hand_in_a_name_is_told_and_foreign_variables_are_not() {
    let mut sources =
        environment(&[("EARPIECE_CONFG", "x"), ("PORTS", "1"), ("HOME", "/"), ("EARPIECE_ENV", "local")]);
    sources.environment.insert("ALLOWED_NUMBER".into(), "+15550100100".into());
    sources.dotenv.push((".env".into(), "OTHER_TOOL=1\nFLASK_DEBUG=1\nOLLAMA_MODELS=/m\nVOICEX=1".into()));
    sources.file = Some((
        "earpiece.toml".into(),
        "[[tool]]\nname = 'a'\ndescription = 'b'\nurl = 'https://a.example/{secret:VOICEX}'".into(),
    ));
    let (_, warnings) = load(&sources);
    assert_eq!(
        warnings,
        [
            "the variable ALLOWED_NUMBER means nothing; did you mean ALLOWED_NUMBERS?",
            "the variable EARPIECE_CONFG means nothing; did you mean EARPIECE_CONFIG?",
        ]
    );
}

#[test]
fn a_slip_of_the_hand_in_our_own_file_is_refused() {
    let mut sources = Sources::default();
    sources.dotenv.push((".env".into(), "TWILIO_AUTH_TOKN=x\nALLOWED_NUMBER=+15550100100\nHOMES=1".into()));
    assert_eq!(
        problems(&sources),
        [
            ".env:1: TWILIO_AUTH_TOKN means nothing; did you mean TWILIO_AUTH_TOKEN?",
            ".env:2: ALLOWED_NUMBER means nothing; did you mean ALLOWED_NUMBERS?",
        ]
    );
}

#[test]
fn what_is_no_toml_is_told_once() {
    let told = problems(&file("[server]\nport = = 1"));
    assert!(told.len() == 1 && told[0].starts_with("earpiece.toml:2: this is not TOML"), "{told:?}");
    let told = problems(&file("[[tool]]\nname = 1"));
    assert!(told.len() == 1 && told[0].starts_with("earpiece.toml:2: [[tool]]: "), "{told:?}");
}

#[test]
fn one_variable_is_read_as_all_are() {
    let mut sources = environment(&[("A", ""), ("B", "environment")]);
    sources.dotenv.push((".env".into(), "A=first\nB=first".into()));
    sources.dotenv.push((".env.local".into(), "A=second".into()));
    let read = |name| sources.variable(name);
    assert_eq!((read("A"), read("B"), read("C")), (Some("second".into()), Some("environment".into()), None));
}

#[test]
fn a_price_that_is_not_set_is_the_default() {
    let prices = |text| load(&environment(&[("PRICES", text)])).0.cost.prices;
    let (before, after) = (prices(""), prices("openai audio_in=10 audio_out=20"));
    let (had, has) = (before.of("openai"), after.of("openai"));
    assert_eq!((has.audio_in, has.text_in, has.cached), (10.0, had.text_in, had.cached));
    assert!(had.text_in > 0.0 && !after.of("deepgram").is_free());
    assert_eq!(after.of("deepgram"), before.of("deepgram"));
    assert!(prices("deepgram free").of("deepgram").is_free());
}

#[test]
fn a_ceiling_that_holds_nothing_back_is_told() {
    let warned = |more: &[(&str, &str)]| {
        let base = [("ENGINE", "local"), ("OPENAI_API_KEY", "k"), ("THINK", "openai"), ("HEAR", "whisper")];
        let (_, warnings) = load(&environment(&[&base, more].concat()));
        warnings.iter().any(|text| text.contains("no ceiling of costs holds THINK=openai back"))
    };
    assert!(warned(&[("COST_PER_DAY", "5")]) && warned(&[("COST_PER_CALL", "5")]));
    assert!(!warned(&[]), "there is no ceiling");
    for told in ["local free", "local minute=0.05"] {
        assert!(!warned(&[("COST_PER_DAY", "5"), ("PRICES", told)]), "{told}");
    }
    assert!(!warned(&[("COST_PER_DAY", "5"), ("THINK", "ollama")]), "it is paid to nobody");
    let own = ("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1");
    assert!(!warned(&[("COST_PER_DAY", "5"), own]), "it may be the owner's");
    assert!(!warned(&[("COST_PER_DAY", "5"), ("ENGINE", "openai")]), "its price is known");
}
