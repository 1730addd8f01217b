//! The sentences that callers hear whatever engine answers, in their language. The owner may set each otherwise.
//!
//! To add a language: one row in `table.rs`. Languages that are not there hear English.

mod table;

use crate::config::Config;
use call::{Chunk, Format, Language, Policy, Wording};
use engine::local::{cascade::Phrases, voicemail::Words};
use table::{ENGLISH, OTHERS, Sentences};

/// The policy as the owner set it, with every sentence that they have not set in the language of the calls.
pub fn filled(config: &Config) -> Policy {
    let (policy, own) = (config.policy.clone(), of(&config.assistant.language));
    let or = |key: &str, set: String, own: &str| {
        if config.origins.contains_key(key) { set } else { own.to_owned() }
    };
    Policy {
        filler_words: or("call.filler_words", policy.filler_words, own.filler),
        progress_words: own.progress.to_owned(),
        bridge_words: or("call.bridge_words", policy.bridge_words, own.bridge),
        silence_goodbye: or("call.silence_goodbye", policy.silence_goodbye, own.silence_goodbye),
        longest_goodbye: or("call.longest_goodbye", policy.longest_goodbye, own.longest_goodbye),
        cost_goodbye: or("cost.goodbye", policy.cost_goodbye, own.cost_goodbye),
        transfer_words: or("answering.transfer_words", policy.transfer_words, own.transfer),
        ..policy
    }
}

/// The languages that there are sentences in.
pub fn languages() -> impl Iterator<Item = Language> {
    all().filter_map(|sentences| Language::of(sentences.language))
}

/// What a call says by itself in these languages, of which the first is the owner's.
pub fn wordings(config: &Config, tags: &[String]) -> Vec<Wording> {
    let first = filled(config);
    let wording = |(at, tag): (usize, &String)| {
        let own = of(tag);
        let or = |set: &String, own: &str| if at == 0 { set.clone() } else { own.to_owned() };
        Wording {
            tag: tag.clone(),
            filler_words: or(&first.filler_words, own.filler),
            progress_words: own.progress.to_owned(),
            bridge_words: or(&first.bridge_words, own.bridge),
            silence_goodbye: or(&first.silence_goodbye, own.silence_goodbye),
            longest_goodbye: or(&first.longest_goodbye, own.longest_goodbye),
            cost_goodbye: or(&first.cost_goodbye, own.cost_goodbye),
            transfer_words: or(&first.transfer_words, own.transfer),
            apology: Some(apology(tag)),
        }
    };
    tags.iter().enumerate().map(wording).collect()
}

/// What the engine `local` says by itself where a model thinks.
pub fn phrases(config: &Config, tag: &str) -> Phrases {
    let own = of(tag);
    let owners = Language::of(tag) == Language::of(&config.assistant.language);
    let filler = if owners { filled(config).filler_words } else { own.filler.to_owned() };
    Phrases { language: tag.to_owned(), filler, bridge: own.desk.to_owned(), no_end: own.no_end.to_owned() }
}

/// What is played when the engine is gone, in µ-law: a few seconds.
pub fn apology(tag: &str) -> Chunk {
    Chunk { format: Format::Ulaw, bytes: of(tag).recording.into() }
}

/// What a caller is told before they are recorded.
pub fn recorded(config: &Config) -> String {
    let own = config.recording.words.trim();
    if config.origins.contains_key("recording.words") && !own.is_empty() {
        return own.to_owned();
    }
    of(&config.assistant.language).recorded.to_owned()
}

/// What the voicemail says; the `owners` greeting, where they have set one. Where an engine has `failed`, that first.
pub fn voicemail(config: &Config, tag: &str, owners: bool, failed: bool) -> Words {
    let own = of(tag);
    let set = config.origins.contains_key("answering.voicemail_greeting");
    let greeting = if owners && set { config.answering.greeting.as_str() } else { own.voicemail };
    let sorry = if failed { format!("{} ", own.sorry) } else { String::new() };
    Words {
        greeting: format!("{sorry}{greeting}"),
        thanks: own.message_taken.to_owned(),
        nothing: own.nothing_heard.to_owned(),
    }
}

/// What is heard where a conversation goes on that was cut off; from an engine that remembers it, or from one that does not.
pub fn line_back(tag: &str, remembers: bool) -> &'static str {
    let own = of(tag);
    if remembers { own.line_back } else { own.line_back_anew }
}

/// What a caller is told who has to wait.
pub fn filler(config: &Config, tag: &str) -> String {
    phrases(config, tag).filler
}

fn of(tag: &str) -> &'static Sentences {
    let language = Language::of(tag);
    let known = |sentences: &&Sentences| Language::of(sentences.language) == language;
    OTHERS.iter().find(known).unwrap_or(&ENGLISH)
}

fn all() -> impl Iterator<Item = &'static Sentences> {
    [&ENGLISH].into_iter().chain(&OTHERS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn filled_with(variables: &[(&str, &str)]) -> Policy {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sources = Sources { environment: environment.collect(), ..Sources::default() };
        filled(&Config::load(&sources).expect("it can be read").0)
    }

    #[test]
    fn whoever_is_told_to_wait_in_a_language_is_asked_in_it_before_what_cannot_be_undone() {
        for language in languages() {
            assert!(tool::Hands::asks_in(language.code()), "{language:?}");
        }
    }

    #[test]
    fn callers_hear_their_language_and_what_the_owner_set() {
        let german = filled_with(&[("ASSISTANT_LANGUAGE", "de-AT")]);
        assert_eq!(german.filler_words, "Einen Moment, bitte.");
        assert_eq!(filled_with(&[("ASSISTANT_LANGUAGE", "no")]).filler_words, "Et øyeblikk, takk.");
        assert_eq!(filled_with(&[("ASSISTANT_LANGUAGE", "xx")]).bridge_words, ENGLISH.bridge);
        assert_eq!(filled_with(&[]), Policy::default(), "what a call says by itself is English");
        let own = filled_with(&[("ASSISTANT_LANGUAGE", "fr"), ("FILLER_WORDS", "Hold on!")]);
        assert_eq!(own.filler_words, "Hold on!");
        assert_eq!(own.silence_goodbye, "Je vais raccrocher maintenant. Au revoir.");
    }

    #[test]
    fn callers_who_are_recorded_are_told_so_in_their_language_or_the_owners_words() {
        let told = |variables: &[(&str, &str)]| {
            let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let sources = Sources { environment: environment.collect(), ..Sources::default() };
            recorded(&Config::load(&sources).expect("it can be read").0)
        };
        assert_eq!(told(&[]), ENGLISH.recorded);
        assert_eq!(told(&[("ASSISTANT_LANGUAGE", "de-AT")]), of("de").recorded);
        assert_eq!(told(&[("RECORDING_WORDS", "We listen.")]), "We listen.");
        assert_eq!(told(&[("RECORDING_WORDS", " ")]), ENGLISH.recorded, "nobody is recorded unasked");
        assert!(all().all(|sentences| !sentences.recorded.is_empty()));
    }

    #[test]
    fn the_owners_sentences_are_those_of_their_language_alone() {
        let variables = [("ASSISTANT_LANGUAGE", "de"), ("FILLER_WORDS", "Moment!")];
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sources = Sources { environment: environment.collect(), ..Sources::default() };
        let config = Config::load(&sources).expect("it can be read").0;
        let wordings = wordings(&config, &["de".into(), "en".into()]);
        assert_eq!(wordings[0].filler_words, "Moment!");
        assert_eq!(wordings[0].bridge_words, "Entschuldigung, wir waren kurz unterbrochen.");
        assert_eq!(wordings[1].filler_words, ENGLISH.filler);
        assert_eq!(
            (filler(&config, "de-AT"), filler(&config, "fr").as_str()),
            ("Moment!".into(), of("fr").filler)
        );
        assert_eq!(phrases(&config, "de").bridge, of("de").desk);
    }

    /// What the recordings say.
    const APOLOGIES: [(&str, &str); 11] = [
        ("en", "I am sorry, something has gone wrong. Please call again later. Goodbye."),
        (
            "de",
            "Es tut mir leid, hier ist etwas schiefgegangen. Bitte rufen Sie später noch einmal an. Auf Wiederhören.",
        ),
        ("fr", "Je suis désolé, quelque chose n'a pas fonctionné. Veuillez rappeler plus tard. Au revoir."),
        ("es", "Lo siento, algo ha fallado. Por favor, llame más tarde. Adiós."),
        ("it", "Mi dispiace, qualcosa non ha funzionato. Richiami più tardi, per favore. Arrivederci."),
        ("pt", "Lamento, ocorreu um problema. Por favor, ligue mais tarde. Até logo."),
        ("nl", "Het spijt me, er is iets misgegaan. Belt u alstublieft later nog eens. Tot ziens."),
        ("pl", "Przepraszam, coś poszło nie tak. Proszę zadzwonić później. Do widzenia."),
        ("sv", "Jag är ledsen, något har gått fel. Ring gärna igen senare. Hej då."),
        ("da", "Jeg beklager, noget gik galt. Ring gerne igen senere. Farvel."),
        ("nb", "Jeg beklager, noe gikk galt. Ring gjerne igjen senere. Ha det bra."),
    ];

    /// With `UPDATE_APOLOGIES=1` they are spoken anew, by espeak-ng.
    #[tokio::test]
    async fn every_language_has_its_apology() {
        use engine::local::{Tts as _, espeak};
        assert!(all().all(|sentences| APOLOGIES.iter().any(|(language, _)| *language == sentences.language)));
        for (language, words) in APOLOGIES {
            if std::env::var_os("UPDATE_APOLOGIES").is_some() {
                let voice = espeak::voice(language);
                let speech = espeak::Espeak::default().speak(words, &voice).await.expect("it speaks");
                let path = format!("{}/assets/apology/{}.ulaw", env!("CARGO_MANIFEST_DIR"), language);
                std::fs::write(path, sound::g711::samples_to_ulaw(&speech)).expect("it can be written");
            }
            let chunk = apology(language);
            let seconds = chunk.duration().as_secs();
            assert!((2..12).contains(&seconds), "{language}: {seconds} s");
            let loud = sound::g711::ulaw_to_samples(&chunk.bytes).iter().any(|sample| sample.abs() > 3_000);
            assert!(loud, "{language} is to be heard");
        }
    }
}
