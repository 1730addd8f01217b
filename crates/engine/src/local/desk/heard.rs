//! What the caller means: intents, yes and no, choices, days and times, found in a sentence however it was worded.

use super::{
    assent, passing, ruled_out, shift,
    words::{Words, is_one_of, plain},
};
use jiff::Zoned;
use when::{Hours, Piece, Said};

/// What a caller may want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Book,
    Free,
    Move,
    Cancel,
    List,
    /// To know when the office is open.
    Hours,
    /// To reach a person, or leave them a message.
    Person,
    Help,
    Repeat,
    StartOver,
    /// To let go of what is being arranged.
    Drop,
    Goodbye,
}

/// Which of several that were offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Nth(usize),
    Last,
}

/// Which part of an appointment is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Day,
    Time,
    Both,
    /// It is not about this appointment but another one.
    Old,
}

/// One sentence, understood as far as it can be without knowing what was asked.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that was said or was not")]
pub(super) struct Heard {
    pub(super) text: String,
    pub(super) act: Option<Act>,
    pub(super) yes: Option<bool>,
    /// Begins with a yes and takes nothing of it back, whatever else it says: "yes, I have another question".
    pub(super) nods: bool,
    /// Words of a yes that do not agree for certain, or that somebody hesitates.
    pub(super) hedged: bool,
    /// A no that will have none of it: "no thanks", "I don't want it anymore".
    pub(super) declines: bool,
    pub(super) choice: Option<Choice>,
    pub(super) change: Option<Change>,
    /// Whatever suits the office.
    pub(super) any: bool,
    /// The time stays as it is.
    pub(super) same_time: bool,
    /// Speaks of what is being arranged ("make it", "move it"), not of another appointment.
    pub(super) about_it: bool,
    /// Corrects what was said or done before: "make it eleven instead".
    pub(super) instead: bool,
    /// The kinds of appointment that it names.
    pub(super) kinds: Vec<String>,
    /// The caller wants no confirmation in writing.
    pub(super) unwritten: bool,
    pub(super) pieces: Vec<Piece>,
    /// Before which of the pieces that were heard the caller paused.
    pub(super) pauses: Vec<usize>,
    /// So much later or earlier than what was spoken of.
    pub(super) shift: Option<jiff::Span>,
    /// What it says cannot be: "not monday".
    pub(super) ruled_out: Said,
    /// The same of several that were offered: "not the first one".
    pub(super) refused: Option<Choice>,
    /// Says only that the caller cannot come: it cancels what they have, and refuses what they are offered.
    pub(super) unable: bool,
}

impl Heard {
    pub(super) fn read(text: &str, now: &Zoned, hours: &Hours) -> Self {
        let (mut pieces, pauses) = when::pieces_and_pauses(text, now);
        passing::take(&mut pieces, now.date());
        let words: Vec<&str> = pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Word(word) => Some(word.as_str()),
                Piece::Day(_) | Piece::Clock(_) | Piece::Exact(_) | Piece::Nonsense(_) | Piece::Note(_) => {
                    None
                }
            })
            .collect();
        let mut words = Words::of(&words.join(" "));
        let unwritten = words.take(UNWRITTEN);
        let all = Words::of(&plain(text));
        let kinds: Vec<String> = hours.kinds_in(text).into_iter().map(|kind| kind.name.clone()).collect();
        let moves = !kinds.is_empty() && words.any("change my|change the");
        let yes = if agrees(text, &words, &kinds, unwritten) { Some(true) } else { no(&words) };
        let timed = pieces.iter().any(|piece| !matches!(piece, Piece::Word(_) | Piece::Note(_)));
        let act = if moves { Some(Act::Move) } else { act(&words, timed || !kinds.is_empty()) };
        let ruled_out = match act {
            Some(Act::Move | Act::Cancel) => Vec::new(),
            _ => ruled_out::take(&mut pieces, &pauses),
        };
        let (chosen, refuses) = (choice(&all), words.any("not the|not that|except the|but the"));
        Self {
            act,
            shift: shift::read(&all.each().collect::<Vec<_>>()),
            ruled_out: Said::from_pieces(&ruled_out),
            refused: chosen.filter(|_| refuses),
            unable: act == Some(Act::Cancel)
                && words.any(UNABLE)
                && !words.any(CANCEL)
                && !words.any("my appointment"),
            instead: words.any(INSTEAD),
            yes,
            nods: nods(text, &words),
            hedged: yes != Some(true) && hedges(&words),
            declines: yes == Some(false) && words.any(DECLINES),
            choice: chosen.filter(|_| !refuses),
            change: change(&words)
                .filter(|_| !words.starts("what day is|what time is|which day is|what date is")),
            any: words.any(ANY) || all.any(ANY),
            same_time: words.any("same time|same hour|keep the time"),
            about_it: words.any("it|that|this") && !words.any("appointment|meeting|booking"),
            kinds,
            unwritten,
            text: text.trim().chars().take(LONGEST_MESSAGE).collect(),
            pieces,
            pauses,
        }
    }

    /// What it says about a moment.
    pub(super) fn said(&self) -> Said {
        Said::from_pieces(&self.pieces)
    }

    /// What it says about the appointment as it is, and as it shall be: "from tuesday at ten to wednesday at eleven".
    pub(super) fn before_and_after(&self) -> (Said, Said) {
        let timed = |piece: &Piece| !matches!(piece, Piece::Word(_));
        let is = |piece: &Piece, words: &str| matches!(piece, Piece::Word(word) if is_one_of(word, words));
        let to = (0..self.pieces.len()).rev().find(|&at| {
            let ahead = self.pieces[at + 1..].iter().find(|piece| !is(piece, "on|at|the"));
            is(&self.pieces[at], "to|for|until|till") && ahead.is_some_and(timed)
        });
        match to {
            Some(to) => (Said::from_pieces(&self.pieces[..to]), Said::from_pieces(&self.pieces[to..])),
            None => (self.said(), Said::default()),
        }
    }

    /// Whether anything at all was understood.
    pub(super) fn is_empty(&self) -> bool {
        self.act.is_none()
            && self.yes.is_none()
            && !self.hedged
            && self.choice.is_none()
            && self.change.is_none()
            && !self.any
            && !self.same_time
            && self.kinds.is_empty()
            && !self.unwritten
            && self.said().is_empty()
            && self.shift.is_none()
            && self.ruled_out.is_empty()
            && self.refused.is_none()
    }

    /// Whether the day that it names is a weekday alone, and not "next thursday" or "thursday the tenth".
    pub(super) fn is_lone_weekday(&self) -> bool {
        const WEEKDAYS: &str = "monday|tuesday|wednesday|thursday|friday|saturday|sunday";
        let words = Words::of(&plain(&self.text));
        let dated = words.each().any(|word| {
            word.starts_with(|c: char| c.is_ascii_digit()) || word.ends_with("th") || word.ends_with("first")
        });
        let placed =
            words.any("next|this|last|coming|following|today|tomorrow|week|weeks|after|second|third|of");
        words.any(WEEKDAYS)
            && !dated
            && !placed
            && !self
                .text
                .to_lowercase()
                .split_whitespace()
                .any(|word| when::MONTHS.iter().any(|month| month.eq_ignore_ascii_case(word)))
    }

    /// The same as a yes, where a nod is one.
    pub(super) fn as_yes(&self) -> Self {
        Self { yes: Some(true), hedged: false, ..self.clone() }
    }

    /// The same as a refusal of what was offered: "I can't make monday".
    pub(super) fn as_refusal(&self) -> Self {
        let mut pieces = self.pieces.clone();
        let ruled_out = Said::from_pieces(&ruled_out::take(&mut pieces, &self.pauses));
        Self { act: None, yes: Some(false), pieces, ruled_out, unable: false, ..self.clone() }
    }
}

const LONGEST_MESSAGE: usize = 500;

/// Longer phrases first, as the first that occurs is taken.
const UNWRITTEN: &str = "but no text message please|but no text message|without a text message|without text message|\
    no text message please|no text message|don't send me a text message|don't send me a text|don't send me anything|\
    do not send me anything|don't text me|do not text me|but no confirmation|without a confirmation|without confirmation|\
    no confirmation please|no confirmation|but no text|without a text|no text please|no text|no email please|no email|\
    don't email me|nothing in writing";

const ANY: &str = "any time|anytime|any day|whenever|doesn't matter|does not matter|as soon as possible|asap|\
    as early as possible|as early as you can|earliest|soonest|next available|first available|no preference|don't care|you choose|next free";

const UNABLE: &str = "can't make|cannot make|won't make|can't come|cannot come|won't be able";
const CANCEL: &str =
    "cancel|cancelled|canceled|call off|call it off|delete|remove|get rid of|drop my|don't need my";

const INSTEAD: &str =
    "make it|make that|instead|rather|i meant|actually|changed my mind|change it|move it|push it";

/// These whatever else is said.
const FIRST: &[(Act, &str)] = &[
    (Act::StartOver, "start over|start again|from the beginning|begin again|restart"),
    (
        Act::Person,
        "real person|leave a message|leave you a message|take a message|call me back|call back|callback|\
    talk to a person|talk to someone|talk to somebody|talk to a human|talk with a person|talk with someone|\
    talk with somebody|talk with a human|speak to a person|speak to someone|speak to somebody|speak to a human|\
    speak with a person|speak with someone|speak with somebody|speak with a human|to a person|with a person|need a person|\
    want a person|get me a person|a person please|me to someone|me to somebody|through to someone|through to somebody|\
    get me someone|get me somebody",
    ),
];

/// These where no time is named and nothing else is wanted, as their words are in many sentences.
const ALONE: &[(Act, &str)] = &[
    (
        Act::Repeat,
        "repeat|say that again|say it again|pardon|what did you say|once more|what was that|\
    again please|didn't hear|did not hear|didn't catch",
    ),
    (
        Act::Person,
        "message|talk to|speak to|speak with|talk with|operator|receptionist|representative|human being|a human",
    ),
    (
        Act::Drop,
        "never mind|nevermind|forget it|forget about it|forget that|leave it|stop it|changed my mind",
    ),
];

/// These where nothing else is said at all.
const WHOLE: &[(Act, &str)] = &[
    (Act::Repeat, "come again|excuse me|sorry"),
    (Act::Drop, "stop|stop please|please stop|stop stop"),
    (Act::Person, "a person|person|person please|somebody|someone|somebody please|someone please"),
];

const ACTS: &[(Act, &str)] = &[
    (Act::Cancel, CANCEL),
    (Act::Cancel, UNABLE),
    (
        Act::Move,
        "move|reschedule|postpone|shift|change my appointment|change the appointment|\
    change an appointment|put off|bring forward|appointment forward|it forward|delay my|delay it|push|change my booking|change my meeting|\
    different time for my|another time for my|another day for my|change it|rebook",
    ),
    (
        Act::Hours,
        "when are you open|when do you open|when do you close|what time do you open|what time do you close|opening hours|\
    opening times|business hours|office hours|your hours|are you open|how late are you open|how long are you open|\
    when you are open|when you're open",
    ),
    (
        Act::List,
        "what do i have|do i have|my appointments|what appointments|which appointments|when is my|\
    when's my|what is my|what's my|when do i|what's on|what is on|my schedule|my calendar|\
    have i got|what have i|my next|my bookings|am i booked|when was my",
    ),
    (
        Act::Free,
        "free|available|availability|openings|opening|do you have|have you got|when can i|when could i|\
    what times|which times|what time do you have|slots|anything on|anything earlier|anything later|\
    is there anything|are there any|what have you got|have anything",
    ),
    (
        Act::Book,
        "book|booking|appointment|schedule|reserve|reservation|come in|come by|come again|stop by|drop by|to see you|\
    can i see you|could i see you|see the doctor|\
    see the dentist|see a doctor|visit|slot|meeting|meet|haircut|checkup|check up|consultation|\
    fit me in|set up|put me down|pencil|get in",
    ),
    (
        Act::Goodbye,
        "goodbye|good bye|bye|hang up|that's all|that is all|that will be all|that'll be all|\
    nothing else|i'm done|i am done|that's everything|that is everything|see you",
    ),
    (Act::Help, "help|what can you do|what can i say|options|how does this work|what are my options"),
];

/// What is wanted; `timed` where a day, a time or a kind of appointment is named.
fn act(words: &Words, timed: bool) -> Option<Act> {
    let whole = |(_, phrases): &&(Act, &str)| is_one_of(words.text(), phrases);
    let mut without = words.clone();
    while without.take("the appointment|my appointment|that appointment|appointment|excuse me") {}
    let alone = || among(ALONE, words).filter(|_| !timed && wanted(&without).is_none());
    among(FIRST, words)
        .or_else(|| WHOLE.iter().find(whole).map(|(act, _)| *act))
        .or_else(alone)
        .or_else(|| among(ACTS, words).filter(|act| *act != Act::List || !words.any(OBLIGED)))
}

/// The first of these that is said.
fn among(acts: &[(Act, &str)], words: &Words) -> Option<Act> {
    acts.iter().find(|(_, phrases)| words.any(phrases)).map(|(act, _)| *act)
}

/// What is no question after what the caller has.
const OBLIGED: &str = "do i have to|do i need to|have i got to";

/// What of an appointment is wanted, if anything.
fn wanted(words: &Words) -> Option<Act> {
    among(ACTS, words).filter(|act| match act {
        Act::Book | Act::Free | Act::Move | Act::Cancel => true,
        Act::List
        | Act::Hours
        | Act::Person
        | Act::Help
        | Act::Repeat
        | Act::StartOver
        | Act::Drop
        | Act::Goodbye => false,
    })
}

const YES: &str =
    "yes|yeah|yep|yup|yea|correct|exactly|absolutely|definitely|confirm|confirmed|certainly|indeed";
const MILD_YES: &str = "sure|right|okay|ok|of course|please do|go ahead|do it|do that|sounds good|sounds great|perfect|\
    fine|great|very good|that's good|that works|works for me|book it|cancel it|move it|that's it|\
    uh huh|lovely|wonderful|alright|all right|why not|take it|excellent";
const ASKS: &str = "is|are|can|could|does";
const QUESTION: &str = "what|what's|when|which|who|how|where|how's";
const NO: &str = "no|nope|nah|wrong|incorrect|neither|none|nothing";
const NOT: &str = "not right|not correct|isn't right|isn't correct|is not right|not quite|not good|not okay|\
    doesn't work|does not work|don't|do not|not that|not really|doesn't suit|can't|not|won't work|\
    wait|hold on|hang on";

/// Whether it agrees. What is said of a kind of appointment or of what is wanted in writing is read by itself.
fn agrees(text: &str, words: &Words, kinds: &[String], unwritten: bool) -> bool {
    let mut words = words.clone();
    for kind in kinds {
        while words.take(&plain(kind)) {}
    }
    if unwritten {
        while words.take("but|and") {}
    }
    assent::agrees(text, &words)
}

/// Whether it begins with a yes, and neither asks, refuses nor hesitates.
fn nods(text: &str, words: &Words) -> bool {
    let takes_back = [NO, NOT, QUESTION, PAUSE, RESERVES].iter().any(|phrases| words.any(phrases));
    assent::begins(words) && !text.contains('?') && !takes_back
}

/// Whether it refuses, where it does not agree.
fn no(words: &Words) -> Option<bool> {
    let asks = words.starts(ASKS) || words.any(QUESTION);
    let (strong, mild) = (words.any(YES), words.any(MILD_YES) && !asks);
    let no = words.any(NO) || (words.any(NOT) && !words.any("why not"));
    let refuses = no
        && !words.any(UNSURE)
        && match (strong, mild) {
            (false, false) => true,
            // "No, that's right" says both and so says nothing; "no, okay, …" says no.
            (false, true) => !words.any("right") || words.any(NOT) || words.starts("wrong"),
            (true, false) => words.any(NOT) && !words.any(NO) && !words.starts(YES),
            (true, true) => false,
        };
    refuses.then_some(false)
}

/// Whether there is a yes in what is none: a question, a reservation, or a no to something else ("no problem").
fn hedges(words: &Words) -> bool {
    let refuses = words.any(NOT) || words.any("no good|no thanks|no thank you");
    let contented = words.any(YES) || words.any(MILD_YES) || words.any("good|problem|worries|objection");
    let waits = words.any("wait|hold on|hang on") && !words.any(NO);
    waits || words.any(UNSURE) || words.any(PAUSE) || (contented && !refuses)
}

const UNSURE: &str = "not sure|not certain|don't know|do not know|not yet|let me|i need to|i have to|think about|think it over|maybe|perhaps";
const RESERVES: &str = "but|let me|think about|think it over|maybe|perhaps|instead|rather|different";
const PAUSE: &str = "one moment|one second|one sec|one minute|just a moment|just a second|just a sec|just a minute|a moment please";
const DECLINES: &str = "no thanks|no thank you|don't want|do not want|don't need|do not need|not interested|not anymore|\
    any more|anymore|no longer";

fn choice(all: &Words) -> Option<Choice> {
    const NTH: [&str; 5] = [
        "first one|number one|option one|the former|earlier one|the earlier",
        "second one|number two|option two|the latter",
        "third one|number three|option three",
        "fourth one|number four|option four",
        "fifth one|number five|option five",
    ];
    const ALONE: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    const FILLERS: &str = "the|please|i'll|take|yes|i|would|like|let's|um|uh";
    if all.any("as the last time|like the last time") {
        return None;
    }
    if all.any("last one|the last|later one|the later|the latest") {
        return Some(Choice::Last);
    }
    let lone = || {
        let rest: Vec<&str> = all.each().filter(|word| !is_one_of(word, FILLERS)).collect();
        ALONE.iter().position(|nth| rest == [*nth])
    };
    NTH.iter().position(|phrases| all.any(phrases)).or_else(lone).map(Choice::Nth)
}

fn change(words: &Words) -> Option<Change> {
    let day = words.any("day|date|the day|weekday");
    let time = words.any("time|hour|the time") && !words.any("same time");
    match (day, time) {
        _ if words.any("another appointment|different appointment|other appointment|wrong appointment") => {
            Some(Change::Old)
        }
        _ if words.any("everything|both|all of it|completely") => Some(Change::Both),
        (true, true) => Some(Change::Both),
        (true, false) => Some(Change::Day),
        (false, true) => Some(Change::Time),
        (false, false) => None,
    }
}
