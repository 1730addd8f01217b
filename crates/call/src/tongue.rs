//! Which language the call is held in, and when that changes: at once where the caller asks for another, and where they
//! plainly speak another for more than one turn.

use crate::{
    Language, TurnId,
    language::{asked_for, plainly},
};

/// Why a call goes on in another language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The caller asked for it.
    Asked,
    /// The caller plainly speaks it.
    Spoken,
}

/// Turns in a row that are plainly in another language, before the call follows.
const TURNS: u32 = 2;
/// Whoever has had the call follow them so often is followed more slowly, by a turn for each time more, up to this.
const OFTEN: u32 = 2;
const MOST_TURNS: u32 = 4;
/// What an ear says of fewer words than this counts for nothing.
const WORDS: usize = 3;
/// No more of a turn is judged, in bytes.
const LONGEST: usize = 2_000;

/// The language of a call. Pure; it is told what the caller said, and says when to go on in another language.
#[derive(Debug, Default)]
pub(crate) struct Tongue {
    /// In which the call may be held. Fewer than two: it never changes.
    languages: Vec<Language>,
    now: Option<Language>,
    /// What was spoken instead, and in how many turns in a row.
    rival: Option<(Language, u32)>,
    /// How often the call has followed unasked.
    followed: u32,
    /// The turn that was judged last: a better transcript of it is no second turn.
    judged: Option<TurnId>,
    /// What the ear says that a turn was in.
    reported: Option<(TurnId, Language)>,
}

impl Tongue {
    /// Begins with the first of these.
    pub(crate) fn new(languages: Vec<Language>) -> Self {
        Self { now: languages.first().copied(), languages, ..Self::default() }
    }

    /// The one that is spoken now; nothing where none was named.
    pub(crate) fn language(&self) -> Option<Language> {
        self.now
    }

    /// Whoever hears says that this turn is in this language.
    pub(crate) fn reported(&mut self, turn: TurnId, language: Language) {
        self.reported = Some((turn, language));
    }

    /// These are the caller's words, all of this turn. Says whether the call is to go on in another language from now on.
    pub(crate) fn heard(&mut self, turn: TurnId, words: &str) -> Option<(Language, Why)> {
        let now = self.now.filter(|_| self.languages.len() > 1)?;
        let reported = self.reported.take().filter(|(of, _)| *of == turn).map(|(_, language)| language);
        if self.judged == Some(turn) {
            return None;
        }
        self.judged = Some(turn);
        let words = &words[..words.floor_char_boundary(LONGEST)];
        if let Some(asked) = asked_for(words).filter(|asked| self.languages.contains(asked)) {
            self.rival = None;
            return (asked != now).then(|| self.change(asked, Why::Asked));
        }
        let spoken = self.spoken(words, reported)?;
        if spoken == now {
            self.rival = None;
            return None;
        }
        let turns = match self.rival {
            Some((rival, turns)) if rival == spoken => turns + 1,
            Some(_) | None => 1,
        };
        self.rival = Some((spoken, turns));
        let needed = (TURNS + self.followed.saturating_sub(OFTEN)).min(MOST_TURNS);
        if turns < needed {
            return None;
        }
        self.followed += 1;
        Some(self.change(spoken, Why::Spoken))
    }

    fn change(&mut self, language: Language, why: Why) -> (Language, Why) {
        self.now = Some(language);
        self.rival = None;
        (language, why)
    }

    /// What this turn is plainly in. Where the words say one thing and the ear another, it is plainly in none.
    fn spoken(&self, words: &str, reported: Option<Language>) -> Option<Language> {
        let long = |word: &&str| word.chars().any(char::is_alphabetic);
        let enough = words.split_whitespace().filter(long).count() >= WORDS || !words.is_ascii();
        let reported = reported.filter(|language| enough && self.languages.contains(language));
        match (plainly(words, &self.languages), reported) {
            (Some(told), Some(reported)) => (told == reported).then_some(told),
            (told, reported) => told.or(reported),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GERMAN: &str = "Ich hätte gerne einen Termin für morgen.";
    const ENGLISH: &str = "I would like to make an appointment for tomorrow.";
    const FRENCH: &str = "Je voudrais prendre un rendez-vous pour demain.";

    struct Rig {
        tongue: Tongue,
        turn: u32,
    }

    fn language(code: &str) -> Language {
        Language::of(code).expect("a language")
    }

    fn rig(codes: &[&str]) -> Rig {
        Rig { tongue: Tongue::new(codes.iter().map(|code| language(code)).collect()), turn: 0 }
    }

    impl Rig {
        fn say(&mut self, words: &str) -> Change {
            self.turn += 1;
            let changed = self.tongue.heard(TurnId(self.turn), words);
            changed.map(|(language, why)| (language.code().to_owned(), why))
        }

        fn say_as(&mut self, words: &str, reported: &str) -> Change {
            self.tongue.reported(TurnId(self.turn + 1), language(reported));
            self.say(words)
        }
    }

    type Change = Option<(String, Why)>;

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what may be none")]
    fn to(code: &str, why: Why) -> Change {
        Some((code.to_owned(), why))
    }

    #[test]
    fn who_asks_is_followed_at_once_and_back_again() {
        let mut rig = rig(&["en", "de"]);
        assert_eq!(rig.say("Can we speak German?"), to("de", Why::Asked));
        assert_eq!(rig.say("Können wir bitte Deutsch sprechen?"), None, "it is spoken already");
        assert_eq!(rig.say("Können wir auf Englisch weitermachen?"), to("en", Why::Asked));
    }

    #[test]
    fn a_language_that_may_not_be_spoken_is_not_changed_to() {
        let mut rig = rig(&["en", "de"]);
        assert_eq!(rig.say("Can we speak Spanish?"), None);
        for _ in 0..5 {
            assert_eq!(rig.say(FRENCH), None);
            assert_eq!(rig.say_as("Quisiera pedir una cita para mañana.", "es"), None);
        }
        let mut alone = self::rig(&["en"]);
        assert_eq!(alone.say("Can we speak German?"), None);
        assert_eq!((alone.say(GERMAN), alone.say(GERMAN)), (None, None));
    }

    #[test]
    fn who_plainly_speaks_another_language_twice_in_a_row_is_followed_and_back() {
        let mut rig = rig(&["en", "de"]);
        assert_eq!(rig.say(GERMAN), None, "one sentence is not enough");
        assert_eq!(rig.say(GERMAN), to("de", Why::Spoken));
        assert_eq!(rig.say(ENGLISH), None);
        assert_eq!(rig.say(ENGLISH), to("en", Why::Spoken));
    }

    #[test]
    fn a_sentence_in_between_begins_the_count_anew_and_a_short_answer_does_not() {
        let mut rig = rig(&["en", "de", "fr"]);
        assert_eq!((rig.say(GERMAN), rig.say(ENGLISH), rig.say(GERMAN)), (None, None, None));
        assert_eq!((rig.say(FRENCH), rig.say(GERMAN)), (None, None), "two in a row, but of two languages");
        assert_eq!(rig.say("ja"), None);
        assert_eq!(rig.say(GERMAN), to("de", Why::Spoken), "yes is in no language");
    }

    #[test]
    fn short_words_and_names_never_change_the_language() {
        let mut rig = rig(&["en", "de", "fr", "es"]);
        for words in
            ["ja", "ok", "oui", "sí, gracias", "Hans-Peter von der Heide", "eins zwei drei vier", "ciao"]
        {
            assert_eq!((rig.say(words), rig.say(words), rig.say(words)), (None, None, None), "{words:?}");
        }
    }

    #[test]
    fn who_goes_to_and_fro_is_followed_ever_more_slowly() {
        let mut rig = rig(&["en", "de"]);
        let mut changes = 0;
        for round in 0..40 {
            let words = if round / 2 % 2 == 0 { GERMAN } else { ENGLISH };
            changes += u32::from(rig.say(words).is_some());
        }
        assert!(changes <= 3, "{changes} changes in 40 sentences");
        rig.say("Can we speak English?");
        assert_eq!(rig.say("Can we speak German?"), to("de", Why::Asked), "who asks is heard all the same");
    }

    #[test]
    fn the_ear_is_believed_where_the_words_do_not_tell() {
        let mut rig = rig(&["en", "de"]);
        let unclear = "Zahnreinigung Dienstag Vormittag";
        assert_eq!(rig.say_as(unclear, "de"), None);
        assert_eq!(rig.say_as(unclear, "de"), to("de", Why::Spoken));
        assert_eq!(
            (rig.say_as("okay", "en"), rig.say_as("okay", "en")),
            (None, None),
            "not of a single word"
        );
        assert_eq!(
            (rig.say_as(GERMAN, "en"), rig.say_as(GERMAN, "en")),
            (None, None),
            "nor against the words"
        );
    }

    #[test]
    fn a_better_transcript_of_a_turn_is_no_second_turn() {
        let mut rig = rig(&["en", "de"]);
        for _ in 0..5 {
            rig.turn = 7;
            assert_eq!(rig.say(GERMAN), None);
            rig.turn = 7;
        }
    }

    #[test]
    fn whatever_is_heard_the_language_is_one_of_those_that_may_be_spoken() {
        let mut random = fastrand::Rng::with_seed(11);
        let codes = ["en", "de", "fr"];
        let said = [GERMAN, ENGLISH, FRENCH, "Can we speak German?", "en español, por favor", "ja", ""];
        for _ in 0..200 {
            let mut rig = rig(&codes[..random.usize(0..=3)]);
            for _ in 0..60 {
                rig.tongue.reported(
                    TurnId(rig.turn + random.u32(0..2)),
                    language(random.choice(["es", "de"]).expect("two")),
                );
                rig.turn -= u32::from(rig.turn > 0 && random.u8(0..4) == 0);
                if let Some((code, _)) = rig.say(said[random.usize(..said.len())]) {
                    assert!(codes.contains(&code.as_str()));
                }
            }
        }
    }
}
