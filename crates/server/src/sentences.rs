//! The sentences that callers hear whatever engine answers, in their language. The owner may set each otherwise.
//!
//! To add a language: one row. Languages that are not here hear English.

use crate::config::Config;
use call::Policy;

/// What is said in one language.
struct Sentences {
    /// ISO 639-1.
    language: &'static str,
    filler: &'static str,
    bridge: &'static str,
    silence_goodbye: &'static str,
    longest_goodbye: &'static str,
    cost_goodbye: &'static str,
    transfer: &'static str,
}

const ENGLISH: Sentences = Sentences {
    language: "en",
    filler: "One moment, please.",
    bridge: "I am sorry, we were interrupted for a moment.",
    silence_goodbye: "I will hang up now. Goodbye.",
    longest_goodbye: "I am sorry, we have to end this call now. Goodbye.",
    cost_goodbye: "I am sorry, I have to end this call now. Please call again another time. Goodbye.",
    transfer: "I am connecting you. Please hold.",
};

const OTHERS: [Sentences; 10] = [
    Sentences {
        language: "de",
        filler: "Einen Moment, bitte.",
        bridge: "Entschuldigung, wir waren kurz unterbrochen.",
        silence_goodbye: "Ich lege jetzt auf. Auf Wiederhören.",
        longest_goodbye: "Es tut mir leid, wir müssen das Gespräch jetzt beenden. Auf Wiederhören.",
        cost_goodbye: "Es tut mir leid, ich muss das Gespräch jetzt beenden. Bitte rufen Sie ein andermal wieder an. Auf \
                       Wiederhören.",
        transfer: "Ich verbinde Sie. Bitte bleiben Sie dran.",
    },
    Sentences {
        language: "fr",
        filler: "Un instant, s'il vous plaît.",
        bridge: "Excusez-moi, nous avons été interrompus un instant.",
        silence_goodbye: "Je vais raccrocher maintenant. Au revoir.",
        longest_goodbye: "Je suis désolé, nous devons terminer cet appel maintenant. Au revoir.",
        cost_goodbye: "Je suis désolé, je dois terminer cet appel maintenant. Merci de rappeler une autre fois. Au revoir.",
        transfer: "Je vous mets en relation. Ne quittez pas.",
    },
    Sentences {
        language: "es",
        filler: "Un momento, por favor.",
        bridge: "Disculpe, nos hemos interrumpido un momento.",
        silence_goodbye: "Voy a colgar ahora. Adiós.",
        longest_goodbye: "Lo siento, tenemos que terminar la llamada ahora. Adiós.",
        cost_goodbye: "Lo siento, tengo que terminar la llamada ahora. Por favor, llame en otro momento. Adiós.",
        transfer: "Le paso la llamada. Espere, por favor.",
    },
    Sentences {
        language: "it",
        filler: "Un momento, per favore.",
        bridge: "Mi scusi, siamo stati interrotti un momento.",
        silence_goodbye: "Ora riattacco. Arrivederci.",
        longest_goodbye: "Mi dispiace, dobbiamo terminare la chiamata adesso. Arrivederci.",
        cost_goodbye: "Mi dispiace, devo terminare la chiamata adesso. Richiami un'altra volta, per favore. Arrivederci.",
        transfer: "La metto in contatto. Resti in linea, per favore.",
    },
    Sentences {
        language: "pt",
        filler: "Um momento, por favor.",
        bridge: "Desculpe, fomos interrompidos por um momento.",
        silence_goodbye: "Vou desligar agora. Até logo.",
        longest_goodbye: "Lamento, temos de terminar a chamada agora. Até logo.",
        cost_goodbye: "Lamento, tenho de terminar a chamada agora. Por favor, ligue noutra altura. Até logo.",
        transfer: "Vou transferir a chamada. Aguarde, por favor.",
    },
    Sentences {
        language: "nl",
        filler: "Een ogenblik, alstublieft.",
        bridge: "Excuses, we werden even onderbroken.",
        silence_goodbye: "Ik hang nu op. Tot ziens.",
        longest_goodbye: "Het spijt me, we moeten dit gesprek nu beëindigen. Tot ziens.",
        cost_goodbye: "Het spijt me, ik moet dit gesprek nu beëindigen. Belt u alstublieft een andere keer terug. Tot ziens.",
        transfer: "Ik verbind u door. Blijft u aan de lijn.",
    },
    Sentences {
        language: "pl",
        filler: "Chwileczkę, proszę.",
        bridge: "Przepraszam, na chwilę nas rozłączyło.",
        silence_goodbye: "Teraz się rozłączę. Do widzenia.",
        longest_goodbye: "Przepraszam, musimy już zakończyć tę rozmowę. Do widzenia.",
        cost_goodbye: "Przepraszam, muszę już zakończyć tę rozmowę. Proszę zadzwonić innym razem. Do widzenia.",
        transfer: "Łączę. Proszę czekać.",
    },
    Sentences {
        language: "sv",
        filler: "Ett ögonblick, tack.",
        bridge: "Ursäkta, vi blev avbrutna ett ögonblick.",
        silence_goodbye: "Jag lägger på nu. Hej då.",
        longest_goodbye: "Jag är ledsen, vi måste avsluta samtalet nu. Hej då.",
        cost_goodbye: "Jag är ledsen, jag måste avsluta samtalet nu. Ring gärna en annan gång. Hej då.",
        transfer: "Jag kopplar dig. Var god vänta.",
    },
    Sentences {
        language: "da",
        filler: "Et øjeblik, tak.",
        bridge: "Undskyld, vi blev afbrudt et øjeblik.",
        silence_goodbye: "Jeg lægger på nu. Farvel.",
        longest_goodbye: "Jeg beklager, vi må afslutte samtalen nu. Farvel.",
        cost_goodbye: "Jeg beklager, jeg må afslutte samtalen nu. Ring gerne en anden gang. Farvel.",
        transfer: "Jeg stiller dig om. Vent venligst.",
    },
    Sentences {
        language: "nb",
        filler: "Et øyeblikk, takk.",
        bridge: "Beklager, vi ble avbrutt et øyeblikk.",
        silence_goodbye: "Jeg legger på nå. Ha det bra.",
        longest_goodbye: "Jeg beklager, vi må avslutte samtalen nå. Ha det bra.",
        cost_goodbye: "Jeg beklager, jeg må avslutte samtalen nå. Ring gjerne en annen gang. Ha det bra.",
        transfer: "Jeg setter deg over. Vennligst vent.",
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
        bridge_words: or("call.bridge_words", policy.bridge_words, own.bridge),
        silence_goodbye: or("call.silence_goodbye", policy.silence_goodbye, own.silence_goodbye),
        longest_goodbye: or("call.longest_goodbye", policy.longest_goodbye, own.longest_goodbye),
        cost_goodbye: or("cost.goodbye", policy.cost_goodbye, own.cost_goodbye),
        transfer_words: or("answering.transfer_words", policy.transfer_words, own.transfer),
        ..policy
    }
}

fn of(language: &str) -> &'static Sentences {
    let main = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let main = if main == "no" || main == "nn" { "nb" } else { main.as_str() };
    OTHERS.iter().find(|sentences| sentences.language == main).unwrap_or(&ENGLISH)
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
}
