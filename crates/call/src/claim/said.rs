//! Claims in what the assistant says: "I've booked you in", "your appointment has been moved".
//!
//! A false alarm makes the assistant take back what is true, so whatever is in doubt is no claim: a question, an offer,
//! a condition, a denial, a report, a quotation. To add a language, write a [`Language`] beside `english.rs`.

use super::{
    english, german, romance,
    times::{Named, is_time},
    words::{Sentence, Word, sentences},
};
use crate::Deed;

/// What a language says when something is done, and what makes it something else.
pub(super) struct Language {
    pub phrases: &'static [Phrase],
    /// Words of a gap `~`.
    pub fillers: &'static [&'static str],
    /// Words of a gap `=`, with the fillers and whatever names a time.
    pub objects: &'static [&'static str],
    /// Things that are booked, beside appointments themselves.
    pub things: &'static [&'static str],
    /// In front of it in the same clause, or in a gap: not done, or not by us, or not now.
    pub doubts: &'static [&'static str],
    /// The same for what is a state and no deed of the assistant.
    pub state_doubts: &'static [&'static str],
    /// Anywhere in front of a state in the sentence, or right in front of a booking that is not said to be the
    /// caller's: it is no good news.
    pub regrets: &'static [&'static str],
    /// Anywhere in front of it in the sentence: only under a condition.
    pub conditions: &'static [&'static str],
    /// Right behind it: somebody else, or another meaning.
    pub others: &'static [&'static str],
    /// Anywhere behind it in the clause: long ago, or not for sure.
    pub vague: &'static [&'static str],
    /// In its clause behind it, or at the beginning of a later one: only if something else comes true.
    pub provisos: &'static [&'static [&'static str]],
    /// A question of at most four of these words asks whether it is so: "right?", "aren't you?".
    pub tags: &'static [&'static str],
    /// Spoken before a claim without making it less of one.
    pub harmless: &'static [&'static [&'static str]],
    /// After a state in the same speech: it was read back, not claimed.
    pub read_back: &'static [&'static [&'static str]],
}

/// A way to say that something is done: words in order, `|` between those of which any will do, `~` and `=` for gaps,
/// `*` for any one word, `%` for a thing that is booked, `…` for any beginning of a word, `@` for a word that names a
/// time, `^` for the beginning and `$` for the end of a sentence or clause.
pub(super) struct Phrase {
    pub deed: Deed,
    pub kind: Kind,
    pub words: &'static str,
}

macro_rules! phrases {
    ($($deed:ident $kind:ident $words:literal)*) => {
        &[$(Phrase { deed: $deed, kind: $kind, words: $words }),*]
    };
}
pub(super) use phrases;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The assistant says that it did it.
    Deed,
    /// It is said to be so; maybe it has long been.
    State,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub deed: Deed,
    pub kind: Kind,
    /// Where it has been said, in bytes of the text.
    pub end: usize,
    pub named: Named,
    /// It is about something written: a message, a confirmation.
    pub about: About,
}

/// What a claim that something was sent is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The caller's message, which may have been taken down.
    Message,
    /// What follows an appointment by itself.
    Confirmation,
    Anything,
}

const LANGUAGES: [&Language; 4] = [&english::ENGLISH, &german::GERMAN, &romance::SPANISH, &romance::FRENCH];

/// Words behind which no time of the appointment follows any more.
const ASIDE: [&str; 46] = [
    "please", "arrive", "come", "be", "we", "i", "you", "they", "he", "she", "it", "call", "remind",
    "reminder", "text", "instead", "from", "until", "till", "not", "rather", "than", "before", "after",
    "within", "or", "by", "because", "since", "so", "but", "which", "when", "and", "as", "though",
    "although", "while", "if", "your", "und", "y", "et", "between", "ends", "starting",
];
/// "We are booked" says that no time is left, and not that the speaker did something.
const SPEAKERS: [&str; 2] = ["i", "we"];
const PASSIVE: [&str; 4] = ["am", "is", "are", "been"];
/// Whose booking it is, where it is no refusal.
const CALLERS: [&str; 18] = [
    "you", "your", "it", "sie", "ihnen", "ihren", "ihr", "ihre", "dich", "dir", "le", "su", "te", "tu",
    "vous", "votre", "vos", "lo",
];
/// Behind what is done: who did it, and that is not the assistant.
const BY: [&str; 6] = ["by", "von", "vom", "durch", "por", "par"];
/// Names follow, of up to two words.
const BEFORE_NAMES: [&str; 24] = [
    "with", "dr", "doctor", "mr", "mrs", "ms", "mit", "bei", "beim", "doktor", "frau", "herr", "herrn",
    "con", "sr", "sra", "dra", "doctora", "avec", "chez", "docteur", "madame", "monsieur", "mme",
];
const BUT: [&str; 4] = ["but", "aber", "pero", "mais"];
/// A gap is not longer than this.
const GAP: usize = 16;

/// The claims of a text, in order.
pub(super) fn claims(text: &str) -> Vec<Claim> {
    let sentences = sentences(text);
    let mut claims = Vec::<Claim>::new();
    for (number, sentence) in sentences.iter().enumerate() {
        for language in LANGUAGES {
            for phrase in language.phrases {
                find(&sentences, number, sentence, language, phrase, &mut claims);
            }
        }
    }
    claims.sort_by_key(|claim| (claim.end, claim.kind == Kind::State));
    claims
}

/// Whether a text takes back or refuses: "I could not book that", "that is not cancelled yet".
pub(super) fn denies(text: &str) -> bool {
    sentences(text).iter().any(|sentence| {
        let at = sentence.words.iter().position(|word| word.is(&DENIALS));
        at.is_some_and(|at| {
            sentence.words[at..].iter().any(|word| CONCERNS.iter().any(|stem| word.text.starts_with(stem)))
        })
    })
}

const DENIALS: [&str; 18] = [
    "not",
    "never",
    "unable",
    "nothing",
    "sorry",
    "unfortunately",
    "apologize",
    "apologies",
    "misspoke",
    "mistake",
    "failed",
    "leider",
    "nicht",
    "nichts",
    "lamento",
    "siento",
    "désolé",
    "désolée",
];
const CONCERNS: [&str; 24] = [
    "book",
    "schedul",
    "reserv",
    "confirm",
    "moved",
    "mov",
    "cancel",
    "sent",
    "send",
    "go",
    "free",
    "available",
    "taken",
    "work",
    "done",
    "through",
    "gebucht",
    "verschoben",
    "abgesagt",
    "frei",
    "annul",
    "réserv",
    "disponible",
    "libre",
];

fn find(
    sentences: &[Sentence],
    number: usize,
    sentence: &Sentence,
    language: &Language,
    phrase: &Phrase,
    claims: &mut Vec<Claim>,
) {
    let pattern: Vec<_> = phrase.words.split(' ').collect();
    for from in 0..sentence.words.len() {
        let matching = Matching { language, words: &sentence.words };
        let Some(to) = matching.reach(&pattern, from) else { continue };
        let Some(last) = sentence.words[..to].last() else { continue };
        let known = claims
            .iter()
            .any(|known| known.deed == phrase.deed && known.end == last.end && known.kind == phrase.kind);
        if known || !is_meant(sentences, number, sentence, language, phrase, from..to) {
            continue;
        }
        claims.push(Claim {
            deed: phrase.deed,
            kind: phrase.kind,
            end: last.end,
            named: named(&sentence.words, phrase.deed, from..to),
            about: about(&sentence.words[from..]),
        });
    }
}

struct Matching<'a> {
    language: &'a Language,
    words: &'a [Word],
}

impl Matching<'_> {
    /// Where the pattern ends that begins at `at`.
    fn reach(&self, pattern: &[&str], at: usize) -> Option<usize> {
        let Some((first, rest)) = pattern.split_first() else { return Some(at) };
        let word = self.words.get(at);
        match *first {
            "^" => (at == 0 || self.words[at - 1].is_break()).then(|| self.reach(rest, at)).flatten(),
            "$" => word
                .is_none_or(|word| word.is_break() || word.is(&["for", "on", "in", "with", "to", "and"]))
                .then(|| self.reach(rest, at))
                .flatten(),
            "~" | "=" => (at..=at + GAP)
                .take_while(|end| *end == at || self.may_stand(first, at, end - 1))
                .find_map(|end| self.reach(rest, end)),
            "%" => word
                .filter(|word| !word.quoted && is_one(word, self.language.things))
                .and_then(|_| self.reach(rest, at + 1)),
            "*" => word.filter(|word| !word.is_break()).and_then(|_| self.reach(rest, at + 1)),
            "@" => word.filter(|word| is_time(word)).and_then(|_| self.reach(rest, at + 1)),
            texts => {
                let word = word.filter(|word| !word.quoted)?;
                texts.split('|').any(|text| is_text(word, text)).then(|| self.reach(rest, at + 1)).flatten()
            }
        }
    }

    /// Whether the word at `at` may stand in a gap that begins at `begin`.
    fn may_stand(&self, gap: &str, begin: usize, at: usize) -> bool {
        let Some(word) = self.words.get(at) else { return false };
        if begin > 0 && self.words[begin - 1].is(&SPEAKERS) && word.is(&PASSIVE) {
            return false;
        }
        let named = || self.words[at.saturating_sub(2)..at].iter().any(|word| word.is(&BEFORE_NAMES));
        let object = || is_one(word, self.language.objects) || is_time(word) || word.is(&[","]) || named();
        word.is(self.language.fillers) || gap == "=" && object()
    }
}

fn is_one(word: &Word, texts: &[&str]) -> bool {
    texts.iter().any(|text| is_text(word, text))
}

/// Whether a word is this one, or ends with what follows `…`.
fn is_text(word: &Word, text: &str) -> bool {
    text.strip_prefix('…').map_or(word.text == text, |ending| word.text.ends_with(ending))
}

/// Whether what was found is said in earnest.
fn is_meant(
    sentences: &[Sentence],
    number: usize,
    sentence: &Sentence,
    language: &Language,
    phrase: &Phrase,
    found: std::ops::Range<usize>,
) -> bool {
    let words = &sentence.words;
    let (from, to) = (found.start, found.end);
    let begins = |at: &usize| {
        let leads_on = words[at + 1].is(&["dass", "daß"]);
        words[*at].is_break() && !leads_on || words[*at].is(&BUT)
    };
    let clause = (0..from).rev().find(begins);
    let clause = after_harmless(&words[clause.map_or(0, |at| at + 1)..from], language);
    let state = phrase.kind == Kind::State;
    let doubtful = |word: &Word| word.is(language.doubts) || state && word.is(language.state_doubts);
    let regretted = state && words[..from].iter().any(|word| word.is(language.regrets))
        || phrase.deed == Deed::Booked && is_refusal(words, from, language);
    let conditional =
        after_harmless(&words[..from], language).iter().any(|word| word.is(language.conditions));
    let behind = &words[to..];
    let end = behind.iter().position(Word::is_break).unwrap_or(behind.len());
    let other = behind.iter().take(3).any(|word| word.is(language.others));
    let vague = behind[..end].iter().any(|word| word.is(language.vague));
    let by_others = state && behind.first().is_some_and(|word| word.is(&BY));
    let asked = sentence.asks && end == behind.len();
    let tagged = state && is_tagged(&sentences[number..], to, language);
    let read_back = || {
        let heres =
            std::iter::once(behind).chain(sentences[number + 1..].iter().map(|next| next.words.as_slice()));
        heres.into_iter().any(|words| language.read_back.iter().any(|phrase| has(words, phrase)))
    };
    !clause.iter().chain(&words[from..to]).any(doubtful)
        && !conditional
        && !regretted
        && !other
        && !by_others
        && !vague
        && !asked
        && !tagged
        && !is_provisional(behind, language)
        && !(state && (read_back() || behind.iter().take(6).any(|word| word.is(language.state_doubts))))
}

/// Whether the first of these sentences, behind `to`, or the one after it asks whether it is so.
fn is_tagged(sentences: &[Sentence], to: usize, language: &Language) -> bool {
    let is_tag =
        |words: &[Word]| (1..=4).contains(&words.len()) && words.iter().all(|word| word.is(language.tags));
    let Some((sentence, later)) = sentences.split_first() else { return false };
    let last = sentence.words[to..].rsplit(Word::is_break).next().unwrap_or_default();
    sentence.asks && is_tag(last) || later.first().is_some_and(|next| next.asks && is_tag(&next.words))
}

/// Whether what stands behind it makes it depend on something else.
fn is_provisional(behind: &[Word], language: &Language) -> bool {
    let (own, later) = behind.split_at(behind.iter().position(Word::is_break).unwrap_or(behind.len()));
    language.provisos.iter().any(|proviso| {
        has(own, proviso) || later.split(Word::is_break).any(|clause| starts_with(clause, proviso))
    })
}

/// Whether a regret leads up to what was found, which is not said to be the caller's: "I'm afraid we booked that time".
fn is_refusal(words: &[Word], from: usize, language: &Language) -> bool {
    let leads =
        |word: &&Word| !(word.is_break() || word.is(&BUT) || word.is(language.objects) || is_time(word));
    let regretted = words[..from].iter().rev().find(leads).is_some_and(|word| word.is(language.regrets));
    let clause = words[from..].split(Word::is_break).next().unwrap_or_default();
    regretted && !clause.iter().any(|word| word.is(&CALLERS))
}

/// What is left behind the last of the words that make a claim no less of one.
fn after_harmless<'a>(words: &'a [Word], language: &Language) -> &'a [Word] {
    let ends = language.harmless.iter().filter_map(|harmless| {
        let at = (0..words.len()).rev().find(|at| starts_with(&words[*at..], harmless))?;
        Some(at + harmless.len())
    });
    &words[ends.max().unwrap_or_default()..]
}

fn has(words: &[Word], phrase: &[&str]) -> bool {
    (0..words.len()).any(|at| starts_with(&words[at..], phrase))
}

fn starts_with(words: &[Word], phrase: &[&str]) -> bool {
    words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, text)| word.text == *text)
}

/// The times that the claim itself names: in its words and behind them, up to the next thing that is spoken of.
fn named(words: &[Word], deed: Deed, found: std::ops::Range<usize>) -> Named {
    let behind = &words[found.end..];
    let own_objects =
        ["you", "it", "that", "this", "your", "appointment", "for", "in", "on", "the", "all", "down"];
    let objects = behind.iter().take_while(|word| word.is(&own_objects)).count();
    let behind = &behind[objects..];
    let aside = behind.iter().position(|word| word.is(&ASIDE)).unwrap_or(behind.len());
    let (own, behind) = (&words[found.clone()], &behind[..aside]);
    match deed {
        // "Your Tuesday appointment is moved to Thursday": what stands behind "to" counts.
        Deed::Moved => {
            let to = behind.iter().position(|word| word.is(&["to", "auf", "al", "au"]));
            to.map(|to| Named::read(&behind[to + 1..])).unwrap_or_default()
        }
        Deed::Booked | Deed::Cancelled => Named::read(&[own, behind].concat()),
        Deed::Sent | Deed::Listed => Named::default(),
    }
}

fn about(words: &[Word]) -> About {
    let is = |texts: &[&str]| words.iter().any(|word| word.is(texts));
    if is(&["confirmation", "invitation", "invite", "bestätigung", "confirmación"]) {
        About::Confirmation
    } else if is(&["message", "note", "nachricht", "mensaje"]) {
        About::Message
    } else {
        About::Anything
    }
}
