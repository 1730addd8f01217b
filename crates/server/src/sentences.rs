//! The sentences that callers hear whatever engine answers, in their language. The owner may set each otherwise.
//!
//! To add a language: one row. Languages that are not here hear English.

use crate::config::Config;
use call::{Chunk, Format, Language, Policy, Wording};
use engine::local::cascade::Phrases;

/// What is said in one language.
struct Sentences {
    /// ISO 639-1.
    language: &'static str,
    filler: &'static str,
    /// How much is done of what the caller waits for.
    progress: &'static str,
    bridge: &'static str,
    silence_goodbye: &'static str,
    longest_goodbye: &'static str,
    cost_goodbye: &'static str,
    transfer: &'static str,
    /// The call is recorded; said before it is.
    recorded: &'static str,
    /// A model has failed: what the desk can do all the same, which it does in English.
    desk: &'static str,
    /// A model comes to no end.
    no_end: &'static str,
    /// The engine is gone: a recording, µ-law.
    recording: &'static [u8],
}

static ENGLISH: Sentences = Sentences {
    language: "en",
    filler: "One moment, please.",
    progress: "I am still at it; about {percent} percent is done.",
    bridge: "I am sorry, we were interrupted for a moment.",
    silence_goodbye: "I will hang up now. Goodbye.",
    longest_goodbye: "I am sorry, we have to end this call now. Goodbye.",
    cost_goodbye: "I am sorry, I have to end this call now. Please call again another time. Goodbye.",
    transfer: "I am connecting you. Please hold.",
    recorded: "This call is recorded. If you do not want that, please hang up now.",
    desk: "I am sorry, something is wrong on my side. I can still book, move or cancel an appointment, or take a message.",
    no_end: "I am sorry, I cannot do that just now. Is there anything else?",
    recording: include_bytes!("../assets/apology/en.ulaw"),
};

static OTHERS: [Sentences; 10] = [
    Sentences {
        language: "de",
        filler: "Einen Moment, bitte.",
        progress: "Ich bin noch dabei; etwa {percent} Prozent sind geschafft.",
        bridge: "Entschuldigung, wir waren kurz unterbrochen.",
        silence_goodbye: "Ich lege jetzt auf. Auf Wiederhören.",
        longest_goodbye: "Es tut mir leid, wir müssen das Gespräch jetzt beenden. Auf Wiederhören.",
        cost_goodbye: "Es tut mir leid, ich muss das Gespräch jetzt beenden. Bitte rufen Sie ein andermal wieder an. Auf \
                       Wiederhören.",
        transfer: "Ich verbinde Sie. Bitte bleiben Sie dran.",
        recorded: "Dieses Gespräch wird aufgezeichnet. Wenn Sie das nicht möchten, legen Sie bitte jetzt auf.",
        desk: "Es tut mir leid, bei mir ist etwas gestört. Ich kann nur noch auf Englisch weiterhelfen: einen Termin vereinbaren, verschieben oder absagen, oder eine Nachricht aufnehmen.",
        no_end: "Es tut mir leid, das kann ich gerade nicht. Kann ich sonst noch etwas tun?",
        recording: include_bytes!("../assets/apology/de.ulaw"),
    },
    Sentences {
        language: "fr",
        filler: "Un instant, s'il vous plaît.",
        progress: "J'y travaille encore; environ {percent} pour cent sont faits.",
        bridge: "Excusez-moi, nous avons été interrompus un instant.",
        silence_goodbye: "Je vais raccrocher maintenant. Au revoir.",
        longest_goodbye: "Je suis désolé, nous devons terminer cet appel maintenant. Au revoir.",
        cost_goodbye: "Je suis désolé, je dois terminer cet appel maintenant. Merci de rappeler une autre fois. Au revoir.",
        transfer: "Je vous mets en relation. Ne quittez pas.",
        recorded: "Cet appel est enregistré. Si vous ne le souhaitez pas, veuillez raccrocher maintenant.",
        desk: "Je suis désolé, j'ai un problème technique. Je ne peux continuer qu'en anglais : prendre, déplacer ou annuler un rendez-vous, ou noter un message.",
        no_end: "Je suis désolé, je ne peux pas faire cela pour le moment. Puis-je faire autre chose ?",
        recording: include_bytes!("../assets/apology/fr.ulaw"),
    },
    Sentences {
        language: "es",
        filler: "Un momento, por favor.",
        progress: "Sigo en ello; llevo más o menos el {percent} por ciento.",
        bridge: "Disculpe, nos hemos interrumpido un momento.",
        silence_goodbye: "Voy a colgar ahora. Adiós.",
        longest_goodbye: "Lo siento, tenemos que terminar la llamada ahora. Adiós.",
        cost_goodbye: "Lo siento, tengo que terminar la llamada ahora. Por favor, llame en otro momento. Adiós.",
        transfer: "Le paso la llamada. Espere, por favor.",
        recorded: "Esta llamada se graba. Si no está de acuerdo, cuelgue ahora, por favor.",
        desk: "Lo siento, tengo un problema técnico. Solo puedo seguir en inglés: concertar, cambiar o cancelar una cita, o tomar un recado.",
        no_end: "Lo siento, ahora mismo no puedo hacer eso. ¿Desea algo más?",
        recording: include_bytes!("../assets/apology/es.ulaw"),
    },
    Sentences {
        language: "it",
        filler: "Un momento, per favore.",
        progress: "Ci sto ancora lavorando; sono a circa il {percent} per cento.",
        bridge: "Mi scusi, siamo stati interrotti un momento.",
        silence_goodbye: "Ora riattacco. Arrivederci.",
        longest_goodbye: "Mi dispiace, dobbiamo terminare la chiamata adesso. Arrivederci.",
        cost_goodbye: "Mi dispiace, devo terminare la chiamata adesso. Richiami un'altra volta, per favore. Arrivederci.",
        transfer: "La metto in contatto. Resti in linea, per favore.",
        recorded: "Questa chiamata viene registrata. Se non è d'accordo, riagganci ora, per favore.",
        desk: "Mi dispiace, ho un problema tecnico. Posso continuare solo in inglese: fissare, spostare o annullare un appuntamento, o prendere un messaggio.",
        no_end: "Mi dispiace, adesso non posso farlo. Posso fare altro?",
        recording: include_bytes!("../assets/apology/it.ulaw"),
    },
    Sentences {
        language: "pt",
        filler: "Um momento, por favor.",
        progress: "Ainda estou a tratar disso; já fiz cerca de {percent} por cento.",
        bridge: "Desculpe, fomos interrompidos por um momento.",
        silence_goodbye: "Vou desligar agora. Até logo.",
        longest_goodbye: "Lamento, temos de terminar a chamada agora. Até logo.",
        cost_goodbye: "Lamento, tenho de terminar a chamada agora. Por favor, ligue noutra altura. Até logo.",
        transfer: "Vou transferir a chamada. Aguarde, por favor.",
        recorded: "Esta chamada é gravada. Se não concorda, desligue agora, por favor.",
        desk: "Lamento, tenho um problema técnico. Só posso continuar em inglês: marcar, mudar ou cancelar uma consulta, ou anotar um recado.",
        no_end: "Lamento, agora não posso fazer isso. Posso ajudar em mais alguma coisa?",
        recording: include_bytes!("../assets/apology/pt.ulaw"),
    },
    Sentences {
        language: "nl",
        filler: "Een ogenblik, alstublieft.",
        progress: "Ik ben er nog mee bezig; ongeveer {percent} procent is klaar.",
        bridge: "Excuses, we werden even onderbroken.",
        silence_goodbye: "Ik hang nu op. Tot ziens.",
        longest_goodbye: "Het spijt me, we moeten dit gesprek nu beëindigen. Tot ziens.",
        cost_goodbye: "Het spijt me, ik moet dit gesprek nu beëindigen. Belt u alstublieft een andere keer terug. Tot ziens.",
        transfer: "Ik verbind u door. Blijft u aan de lijn.",
        recorded: "Dit gesprek wordt opgenomen. Als u dat niet wilt, hang dan nu alstublieft op.",
        desk: "Het spijt me, er is bij mij een storing. Ik kan alleen nog in het Engels verder helpen: een afspraak maken, verzetten of afzeggen, of een boodschap aannemen.",
        no_end: "Het spijt me, dat kan ik nu niet. Kan ik nog iets anders doen?",
        recording: include_bytes!("../assets/apology/nl.ulaw"),
    },
    Sentences {
        language: "pl",
        filler: "Chwileczkę, proszę.",
        progress: "Jeszcze nad tym pracuję; gotowe jest około {percent} procent.",
        bridge: "Przepraszam, na chwilę nas rozłączyło.",
        silence_goodbye: "Teraz się rozłączę. Do widzenia.",
        longest_goodbye: "Przepraszam, musimy już zakończyć tę rozmowę. Do widzenia.",
        cost_goodbye: "Przepraszam, muszę już zakończyć tę rozmowę. Proszę zadzwonić innym razem. Do widzenia.",
        transfer: "Łączę. Proszę czekać.",
        recorded: "Ta rozmowa jest nagrywana. Jeśli się Pan lub Pani na to nie zgadza, proszę się teraz rozłączyć.",
        desk: "Przepraszam, mam usterkę. Mogę pomóc dalej tylko po angielsku: umówić, przełożyć lub odwołać wizytę albo przyjąć wiadomość.",
        no_end: "Przepraszam, teraz nie mogę tego zrobić. Czy mogę zrobić coś innego?",
        recording: include_bytes!("../assets/apology/pl.ulaw"),
    },
    Sentences {
        language: "sv",
        filler: "Ett ögonblick, tack.",
        progress: "Jag håller fortfarande på; ungefär {percent} procent är klart.",
        bridge: "Ursäkta, vi blev avbrutna ett ögonblick.",
        silence_goodbye: "Jag lägger på nu. Hej då.",
        longest_goodbye: "Jag är ledsen, vi måste avsluta samtalet nu. Hej då.",
        cost_goodbye: "Jag är ledsen, jag måste avsluta samtalet nu. Ring gärna en annan gång. Hej då.",
        transfer: "Jag kopplar dig. Var god vänta.",
        recorded: "Det här samtalet spelas in. Om du inte vill det, lägg på nu, tack.",
        desk: "Jag är ledsen, något är fel hos mig. Jag kan bara fortsätta på engelska: boka, flytta eller avboka en tid, eller ta ett meddelande.",
        no_end: "Jag är ledsen, det kan jag inte göra just nu. Är det något annat?",
        recording: include_bytes!("../assets/apology/sv.ulaw"),
    },
    Sentences {
        language: "da",
        filler: "Et øjeblik, tak.",
        progress: "Jeg er stadig i gang; omkring {percent} procent er færdigt.",
        bridge: "Undskyld, vi blev afbrudt et øjeblik.",
        silence_goodbye: "Jeg lægger på nu. Farvel.",
        longest_goodbye: "Jeg beklager, vi må afslutte samtalen nu. Farvel.",
        cost_goodbye: "Jeg beklager, jeg må afslutte samtalen nu. Ring gerne en anden gang. Farvel.",
        transfer: "Jeg stiller dig om. Vent venligst.",
        recorded: "Denne samtale optages. Hvis du ikke ønsker det, så læg venligst på nu.",
        desk: "Jeg beklager, der er en fejl hos mig. Jeg kan kun fortsætte på engelsk: bestille, flytte eller aflyse en tid, eller tage imod en besked.",
        no_end: "Jeg beklager, det kan jeg ikke lige nu. Er der andet?",
        recording: include_bytes!("../assets/apology/da.ulaw"),
    },
    Sentences {
        language: "nb",
        filler: "Et øyeblikk, takk.",
        progress: "Jeg holder fortsatt på; omtrent {percent} prosent er ferdig.",
        bridge: "Beklager, vi ble avbrutt et øyeblikk.",
        silence_goodbye: "Jeg legger på nå. Ha det bra.",
        longest_goodbye: "Jeg beklager, vi må avslutte samtalen nå. Ha det bra.",
        cost_goodbye: "Jeg beklager, jeg må avslutte samtalen nå. Ring gjerne en annen gang. Ha det bra.",
        transfer: "Jeg setter deg over. Vennligst vent.",
        recorded: "Denne samtalen blir tatt opp. Hvis du ikke ønsker det, vennligst legg på nå.",
        desk: "Jeg beklager, det er en feil hos meg. Jeg kan bare fortsette på engelsk: bestille, flytte eller avlyse en time, eller ta imot en beskjed.",
        no_end: "Jeg beklager, det kan jeg ikke akkurat nå. Er det noe annet?",
        recording: include_bytes!("../assets/apology/nb.ulaw"),
    },
];

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
