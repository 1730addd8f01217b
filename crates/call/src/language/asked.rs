//! Which language words ask for: "can we speak German?", "auf Englisch, bitte", "¿habla español?".

use super::{Language, folded};

/// The language that this asks to go on in, if it does. Whoever says that somebody speaks one, or that they do not, asks for
/// nothing.
pub(crate) fn asked_for(text: &str) -> Option<Language> {
    // Clauses, so that "I don't speak English, can we speak German?" is two of them.
    text.split([',', '.', ';', '!', '?', ':', '¿', '¡', '—']).find_map(|clause| in_clause(&folded(clause)))
}

fn in_clause(words: &[String]) -> Option<Language> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    (0..words.len()).find_map(|at| {
        let language = named(words[at])?;
        is_asked(&words[..at], words[at], &words[at + 1..]).then_some(language)
    })
}

/// Whether this name of a language is asked for, by what stands before and behind it.
fn is_asked(before: &[&str], name: &str, behind: &[&str]) -> bool {
    // What was said of another language before is another matter.
    let from = before.iter().rposition(|word| named(word).is_some()).map_or(0, |at| at + 1);
    let mut before = &before[from..];
    let courteous = |word: &str| is_of(COURTESIES, word);
    let mut behind = behind;
    // "Können wir Deutsch sprechen": the verb follows.
    let follows = behind.first().is_some_and(|word| is_of(VERBS, word));
    if follows {
        behind = &behind[1..];
    }
    if !behind.iter().all(|word| courteous(word) || is_of(PARTICLES, word)) {
        return false;
    }
    if before.iter().any(|word| is_of(DENIALS, word)) {
        return false;
    }
    let polite = before.iter().chain(behind).any(|word| is_of(PLEASE, word));
    let placed = before.last().is_some_and(|word| is_of(PLACES, word));
    while before.last().is_some_and(|word| is_of(PLACES, word) || is_of(PARTICLES, word)) {
        before = &before[..before.len() - 1];
    }
    // "Sprechen Sie Deutsch": who is asked stands behind the verb.
    if let [.., verb, who] = before
        && is_of(VERBS, verb)
        && is_of(ADDRESSED, who)
    {
        before = &before[..before.len() - 1];
    }
    if follows {
        return before.last().is_none_or(|word| is_of(WHO, word) || courteous(word));
    }
    match before.split_last() {
        Some((verb, rest)) if VERBS.contains(verb) => {
            rest.last().is_none_or(|word| is_of(WHO, word) || courteous(word) || is_of(PARTICLES, word))
        }
        Some((word, rest)) => {
            let only = rest.iter().chain([word]).all(|word| courteous(word) || is_of(WHO, word));
            only && (polite || placed)
        }
        None => placed || polite || behind.is_empty() && !is_of(AMBIGUOUS, name),
    }
}

fn is_of(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

fn named(word: &str) -> Option<Language> {
    let found = NAMES.iter().find(|(_, _, names)| is_of(names, word));
    found.and_then(|(code, _, _)| Language::of(code))
}

pub(super) fn named_in_english(name: &str) -> Option<Language> {
    let found = NAMES.iter().find(|(_, english, _)| english.eq_ignore_ascii_case(name.trim()));
    found.and_then(|(code, _, _)| Language::of(code))
}

pub(super) fn english_name(language: Language) -> Option<&'static str> {
    NAMES.iter().find(|(code, _, _)| *code == language.code()).map(|(_, english, _)| *english)
}

/// Names that mean other things, too, where they stand alone.
const AMBIGUOUS: &str = "polish pools danish russe";

/// What speaking is, as one says it of oneself, of both, and to the other; not of a third.
const VERBS: &str = "speak talk switch change continue chat speaking talking conversation back sprechen reden sprichst \
    sprecht sprich wechseln weitersprechen weiterreden weitermachen fortfahren unterhalten parler parlez \
    parlons parles continuer continuons passer hablar habla hablas hablamos hablan seguir cambiar parlare \
    parla parli parlate parliamo passare continuare falar fala falamos falam mudar continuar spreken spreekt \
    praten praat mowic mowi mowisz rozmawiac porozmawiac prata pratar tala talar tale taler snakke snakker \
    overgaan";

/// What stands before a verb where somebody asks; whoever else stands there is spoken of.
const WHO: &str = "we you to let lets s us can could do shall may rather only please d like prefer would want go anyone \
    someone somebody i wir sie ihr du ich man kann konnen konnten konnte wollen mochte jemand nur lieber \
    vous nous tu on je peut peux pouvons pourrait prefere voudrais ne usted ustedes se podemos puede puedo \
    podria podriamos prefiero quiero si possiamo potremmo posso vorrei lei preferisco qualcuno podemos posso \
    prefiro queria kunnen kunt u wij ik wil mozemy mozna czy pan pani moge vi kan ni kunne dere jeg";

/// Who is asked, in languages that put them behind the verb.
const ADDRESSED: &str =
    "sie ihr du wir vous tu nous usted ustedes lei voi u jij je we ni vi dere i pan pani voce";

/// Before a name: in which language.
const PLACES: &str = "in to into auf ins zu en al em po pa op naar till";

/// Words that change nothing.
const PARTICLES: &str = "a bit little also auch ein bisschen etwas the then dann un peu poco um pouco le l el o med mit mir with \
    me mig meg conmigo litt lite";

/// What people say beside, out of courtesy.
const COURTESIES: &str = "please instead now thanks thank you if possible that s is ok okay maybe sorry hello hi yes here bitte \
    jetzt danke vielleicht lieber hallo ja gern gerne weiter oder il vous plait te merci maintenant oui \
    bonjour por favor gracias ahora mejor hola per favore grazie adesso ora obrigado agora alstublieft graag \
    prosze dziekuje tack takk tak istedet istallet vennligst venligst";

/// Of these, what asks.
const PLEASE: &str = "please bitte plait favor favore alstublieft graag prosze tack takk vennligst lieber";

/// Whoever says one of these does not ask for what follows.
const DENIALS: &str = "not no don dont doesn didn can't cannot without never nicht kein keine kaum pas non nao niet geen nie \
    inte ikke t ingen";

/// Each language with its name in English and in those that callers may say it in, without marks on their letters.
const NAMES: [(&str, &str, &str); 24] = [
    ("en", "English", "english englisch anglais ingles inglese engels angielski angielsku engelska engelsk"),
    ("de", "German", "german deutsch allemand aleman alemao tedesco duits niemiecki niemiecku tyska tysk"),
    ("fr", "French", "french franzosisch francais frances francese frans francuski francusku franska fransk"),
    (
        "es",
        "Spanish",
        "spanish spanisch espagnol espanol castellano spagnolo espanhol spaans hiszpanski hiszpansku spanska spansk",
    ),
    ("it", "Italian", "italian italienisch italien italiano italiaans wloski wlosku italienska italiensk"),
    (
        "pt",
        "Portuguese",
        "portuguese portugiesisch portugais portugues portoghese portugees portugalski portugalsku portugisiska \
         portugisisk",
    ),
    (
        "nl",
        "Dutch",
        "dutch niederlandisch hollandisch neerlandais hollandais holandes neerlandes olandese nederlands holenderski \
         niderlandzki nederlandska hollandsk nederlandsk",
    ),
    ("pl", "Polish", "polish polnisch polonais polaco polacco polones pools polski polsku polska polsk"),
    ("sv", "Swedish", "swedish schwedisch suedois sueco svedese zweeds szwedzki szwedzku svenska svensk"),
    ("da", "Danish", "danish danisch danois danes danese dinamarques deens dunski dunsku danska dansk"),
    (
        "nb",
        "Norwegian",
        "norwegian norwegisch norvegien noruego norvegese noruegues noors norweski norwesku norska norsk",
    ),
    ("ru", "Russian", "russian russisch russe ruso russo rosyjski rosyjsku ryska russisk русский русски"),
    (
        "uk",
        "Ukrainian",
        "ukrainian ukrainisch ukrainien ucraniano ucraino oekraiens ukrainski ukrainsk українською",
    ),
    ("tr", "Turkish", "turkish turkisch turc turco turks turecki turkiska tyrkisk turkce"),
    ("ar", "Arabic", "arabic arabisch arabe arabo arabski arabiska arabisk العربية"),
    (
        "zh",
        "Chinese",
        "chinese chinesisch chinois chino cinese chines chinees chinski kinesiska kinesisk mandarin 中文",
    ),
    (
        "ja",
        "Japanese",
        "japanese japanisch japonais japones giapponese japans japonski japanska japansk 日本語",
    ),
    ("ko", "Korean", "korean koreanisch coreen coreano koreaans koreanski koreanska koreansk 한국어"),
    ("hi", "Hindi", "hindi"),
    ("cs", "Czech", "czech tschechisch tcheque checo ceco tsjechisch czeski tjeckiska tjekkisk cesky"),
    ("el", "Greek", "greek griechisch grec griego greco grego grieks grecki grekiska graesk gresk ελληνικά"),
    ("fi", "Finnish", "finnish finnisch finnois finlandes finlandese fins finski finska finsk suomi suomea"),
    (
        "hu",
        "Hungarian",
        "hungarian ungarisch hongrois hungaro ungherese hongaars wegierski ungerska ungarsk magyarul",
    ),
    (
        "ro",
        "Romanian",
        "romanian rumanisch roumain rumano rumeno romeno roemeens rumunski rumanska rumaensk romana",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_that_is_asked_for_is_found() {
        for (text, code) in [
            ("Can we speak German?", "de"),
            ("can we speak german", "de"),
            ("Could we talk in German please?", "de"),
            ("Do you speak Spanish?", "es"),
            ("Can you speak a little French?", "fr"),
            ("Let's switch to English.", "en"),
            ("Can we go back to English, please?", "en"),
            ("In German, please.", "de"),
            ("German, please.", "de"),
            ("English?", "en"),
            ("I'd rather speak Italian.", "it"),
            ("I would like to continue in Dutch", "nl"),
            ("Sorry, I don't speak English well, can we speak German?", "de"),
            ("I don't speak English well can we speak German", "de"),
            ("Können wir Deutsch sprechen?", "de"),
            ("Können wir bitte auf Englisch weitermachen?", "en"),
            ("Sprechen Sie Französisch?", "fr"),
            ("Auf Deutsch bitte!", "de"),
            ("Lieber auf Englisch.", "en"),
            ("Parlez-vous anglais ?", "en"),
            ("On peut parler français ?", "fr"),
            ("En français, s'il vous plaît", "fr"),
            ("¿Habla usted español?", "es"),
            ("¿Podemos hablar en español?", "es"),
            ("En inglés, por favor", "en"),
            ("Possiamo parlare italiano?", "it"),
            ("Parla inglese?", "en"),
            ("Podemos falar português?", "pt"),
            ("Kunnen we Nederlands spreken?", "nl"),
            ("Spreekt u Engels?", "en"),
            ("Czy możemy mówić po polsku?", "pl"),
            ("Kan vi prata svenska?", "sv"),
            ("Kan vi tale dansk?", "da"),
            ("Kan vi snakke norsk?", "nb"),
        ] {
            assert_eq!(asked_for(text).map(|l| l.code().to_owned()).as_deref(), Some(code), "{text:?}");
        }
    }

    #[test]
    fn who_speaks_of_a_language_asks_for_none() {
        for text in [
            "I don't speak German.",
            "Ich spreche kein Deutsch.",
            "No hablo inglés.",
            "Je ne parle pas anglais.",
            "My son speaks German.",
            "Ma fille parle allemand",
            "Is the German teacher there on Monday?",
            "I have a question about the Spanish course",
            "I'd like to book the English lesson on Tuesday",
            "Do you have Italian wine?",
            "We went to the Greek restaurant",
            "I need to polish my shoes",
            "polish",
            "Can I speak to the German consul?",
            "Can I talk to your Spanish colleague tomorrow?",
            "I learned French at school with my brother",
            "The letter is in English and I do not understand it",
            "hello",
            "",
        ] {
            assert_eq!(asked_for(text), None, "{text:?}");
        }
    }

    #[test]
    fn any_text_is_read() {
        let mut random = fastrand::Rng::with_seed(5);
        let words = ["speak", "german", "in", "please", "not", "deutsch", ",", "wir", "é", "the", "?"];
        for _ in 0..5_000 {
            let text: Vec<&str> =
                (0..random.usize(0..9)).map(|_| words[random.usize(..words.len())]).collect();
            asked_for(&text.join(" "));
        }
    }
}
