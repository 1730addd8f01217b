//! Which days and times a sentence rules out: "not monday", "any day except friday", "ten is no good"; and what is proposed
//! then.

use super::{
    Desk, Heard, Known, Question, Task, Which,
    answers::{fits, names},
    chosen,
    heard::Change,
    phrase,
    words::is_one_of,
};
use jiff::Zoned;
use when::{Clock, Part, Piece, Said};

impl Desk {
    /// "Not Monday", said where a day or a time is asked for: it is not offered any more.
    pub(super) fn rules_out(&mut self, now: &Zoned, heard: &Heard) -> bool {
        let nothing = heard.ruled_out.is_empty() && heard.refused.is_none();
        if nothing || !heard.said().is_empty() || heard.any || heard.act.is_some() || heard.choice.is_some() {
            return false;
        }
        match self.question.clone() {
            Question::Day(Which::New) => {
                self.keep_out(&heard.ruled_out);
                self.ask(Question::Day(Which::New), "All right. Which day would you like?");
            }
            Question::Time(Which::New) if heard.ruled_out.day.is_some() => {
                self.keep_out(&heard.ruled_out);
                return self.take_back(now, Change::Day);
            }
            Question::Time(Which::New) => {
                self.keep_out(&heard.ruled_out);
                self.ask(Question::Time(Which::New), "All right. What time would you like?");
            }
            Question::Offer(slots) => self.offer_the_rest(now, heard, &slots),
            Question::Either { which, choices } => {
                let rest: Vec<&Said> = choices
                    .iter()
                    .filter(|choice| heard.ruled_out.is_empty() || !fits(&heard.ruled_out, choice))
                    .filter(|choice| chosen(heard.refused, &choices) != Some(*choice))
                    .collect();
                let [only] = rest.as_slice() else { return false };
                self.settle(now, which, only);
            }
            Question::Among(appointments) => {
                let out = |known: &&Known| {
                    (!heard.ruled_out.is_empty() && names(&heard.ruled_out, &known.at))
                        || chosen(heard.refused, &appointments) == Some(*known)
                };
                let rest: Vec<&Known> = appointments.iter().filter(|known| !out(known)).collect();
                let ([only], Some(task)) = (rest.as_slice(), &mut self.task) else { return false };
                task.old = Some((*only).clone());
                self.advance(now);
            }
            Question::Open { .. }
            | Question::What
            | Question::Day(Which::Old)
            | Question::Time(Which::Old)
            | Question::Confirm { .. }
            | Question::Change
            | Question::Leave
            | Question::Message
            | Question::Send(_) => return false,
        }
        true
    }

    fn offer_the_rest(&mut self, now: &Zoned, heard: &Heard, slots: &[Zoned]) {
        self.keep_out(&heard.ruled_out);
        let out = |slot: &Zoned| {
            (!heard.ruled_out.is_empty() && names(&heard.ruled_out, slot))
                || chosen(heard.refused, slots) == Some(slot)
        };
        let rest: Vec<Zoned> = slots.iter().filter(|slot| !out(slot)).cloned().collect();
        if rest.is_empty() {
            return self.offer_others(now);
        }
        let text = format!("All right. {} Which would you like?", phrase::offer(&rest, now));
        self.ask(Question::Offer(rest), &text);
    }

    fn keep_out(&mut self, ruled_out: &Said) {
        if let (Some(task), false) = (&mut self.task, ruled_out.is_empty()) {
            task.ruled_out.push(ruled_out.clone());
        }
    }
}

impl Task {
    /// Whether the caller was not offered this before and has not said that they cannot come then.
    pub(super) fn may_be_offered(&self, slot: &Zoned) -> bool {
        !self.offered.contains(slot) && !self.is_ruled_out(slot)
    }

    /// What is wished for now is no longer out, and what this sentence rules out is.
    pub(super) fn rule_out_and_in(&mut self, heard: &Heard) {
        let said = heard.said();
        let day = said.day.as_ref().or(self.wish.day.as_ref());
        self.ruled_out.retain(|out| {
            let the_day = said.day.is_some() && out.day == said.day;
            let the_time = said.clock.is_some() && out.clock == said.clock;
            !the_day && !(the_time && (out.day.is_none() || out.day.as_ref() == day))
        });
        self.ruled_out.extend(Some(heard.ruled_out.clone()).filter(|out| !out.is_empty()));
    }

    pub(super) fn is_ruled_out(&self, slot: &Zoned) -> bool {
        self.ruled_out.iter().any(|out| names(out, slot))
    }
}

/// Takes what is ruled out from among the pieces, with a pause before some of them, and gives it.
pub(super) fn take(pieces: &mut Vec<Piece>, pauses: &[usize]) -> Vec<Piece> {
    // "Not before ten" is ten or later.
    for at in 1..pieces.len() {
        let turned = match &pieces[at] {
            Piece::Clock(Clock::Part(Part::Before(time))) => Part::After(*time),
            Piece::Clock(Clock::Part(Part::After(time))) => Part::Before(*time),
            _ => continue,
        };
        if word(pieces, at - 1) == "not" {
            pieces[at] = Piece::Clock(Clock::Part(turned));
            pieces[at - 1] = Piece::Word("at".into());
        }
    }
    let mut out = vec![false; pieces.len()];
    for at in 0..pieces.len() {
        let run = match denied_after(pieces, pauses, at) {
            Some(from) => from..run(pieces, from),
            None if is_timed(&pieces[at]) && !out[at] => {
                let to = run(pieces, at);
                if !is_denied_at(pieces, pauses, to) {
                    continue;
                }
                at..to
            }
            None => continue,
        };
        out[run].fill(true);
    }
    let mut ruled_out = Vec::new();
    let mut denied = out.into_iter();
    pieces.retain(|piece| {
        let denied = denied.next().expect("one for each piece");
        if denied {
            ruled_out.push(piece.clone());
        }
        !denied
    });
    ruled_out
}

const MOST_FILLERS: usize = 5;
const FILLERS: &str = "on|at|the|for|in|a|an|do|make|want|like|need|have|time|able|take|come|it|to|be|free|available|possible|manage|that";
const DENIED: &str = "is no good|isn't good|is not good|is bad|is out|doesn't work|does not work|won't work|will not work|\
    isn't possible|is not possible|doesn't suit|does not suit|is impossible|isn't great|is not great|is difficult|no good|\
    is too early|is too late|is not okay|isn't okay|is not convenient|isn't convenient|i can't|i cannot|i am busy|i'm busy";

/// A day behind one of these belongs to what denies, even where another stands before that.
const LEADS: &str = "on|at|in|for|the|a|an|do|make|manage|take|have";

/// Where what is ruled out begins, if the word here rules it out. It reaches to the next pause.
fn denied_after(pieces: &[Piece], pauses: &[usize], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).map_or("", |before| word(pieces, before));
    let denies = match word(pieces, at) {
        "not" | "don't" => before != "why",
        "busy" => matches!(before, "i'm" | "am"),
        "except" | "excluding" | "can't" | "cannot" | "couldn't" | "won't" => true,
        "but" => pieces[..at].iter().any(|piece| {
            matches!(piece, Piece::Word(word) if ["any", "every", "anything", "everything"].contains(&word.as_str()))
        }),
        "than" => matches!(before, "other" | "rather"),
        "of" => before == "instead",
        "from" => before == "apart",
        _ => false,
    };
    let pause = pauses.iter().copied().find(|&pause| pause > at).unwrap_or(pieces.len());
    let from =
        (at + 1..pause.min(at + 2 + MOST_FILLERS)).find(|&next| !is_one_of(word(pieces, next), FILLERS))?;
    let led = is_one_of(word(pieces, from - 1), LEADS);
    (denies && is_timed(&pieces[from]) && (led || !speaks_of_before(pieces, pauses, at))).then_some(from)
}

/// Whether the clause that denies with the word here follows what it may speak of: "monday i can't".
fn speaks_of_before(pieces: &[Piece], pauses: &[usize], at: usize) -> bool {
    (at.saturating_sub(2)..=at).any(|from| {
        let follows = from > 0 && !pauses.contains(&from) && is_timed(&pieces[from - 1]);
        follows && denial(pieces, from) > at - from
    })
}

/// Where the day and the time that begin here end; a second day, time or part of the day is another thing.
fn run(pieces: &[Piece], from: usize) -> usize {
    let (mut day, mut clock, mut part, mut to) = (false, false, false, from);
    for (at, piece) in pieces.iter().enumerate().skip(from) {
        match piece {
            Piece::Day(_) if day => break,
            Piece::Clock(Clock::Times(_) | Clock::Midnight) if clock => break,
            Piece::Clock(Clock::Part(_)) if part => break,
            Piece::Day(_) => day = true,
            // "Ten in the morning" is one time.
            Piece::Clock(Clock::Part(_)) => (clock, part) = (true, true),
            Piece::Clock(Clock::Times(_) | Clock::Midnight) => clock = true,
            Piece::Word(word) if word == "or" || word == "and" => (day, clock, part) = (false, false, false),
            Piece::Word(word) if ["at", "on", "in", "the"].contains(&word.as_str()) => {}
            Piece::Note(_) => {}
            Piece::Word(_) | Piece::Exact(_) | Piece::Nonsense(_) => break,
        }
        if is_timed(piece) {
            to = at + 1;
        }
    }
    to.max(from + 1)
}

/// Whether the words here say that what was named before them cannot be.
fn is_denied_at(pieces: &[Piece], pauses: &[usize], at: usize) -> bool {
    let length = denial(pieces, at);
    // "Tuesday? I can't do Monday." But "ten is not possible on Monday" is about both.
    let is_day = |at: usize| matches!(pieces[at], Piece::Day(_));
    let about_what_follows = (at..at + length)
        .filter_map(|word| denied_after(pieces, pauses, word))
        .any(|from| pauses.contains(&at) || is_day(from) == is_day(at - 1));
    length > 0 && !about_what_follows
}

/// How many of the words here deny a day or a time beside them; none: they do not.
fn denial(pieces: &[Piece], at: usize) -> usize {
    let words: Vec<&str> =
        (at..at + 4).map(|at| word(pieces, at)).take_while(|word| !word.is_empty()).collect();
    let words = format!("{} ", words.join(" "));
    let denies = |phrase: &&str| words.strip_prefix(*phrase).is_some_and(|rest| rest.starts_with(' '));
    DENIED.split('|').find(denies).map_or(0, |phrase| phrase.split(' ').count())
}

fn is_timed(piece: &Piece) -> bool {
    matches!(piece, Piece::Day(_) | Piece::Clock(_) | Piece::Exact(_))
}

fn word(pieces: &[Piece], at: usize) -> &str {
    match pieces.get(at) {
        Some(Piece::Word(word)) => word,
        Some(Piece::Day(_) | Piece::Clock(_) | Piece::Exact(_) | Piece::Nonsense(_) | Piece::Note(_))
        | None => "",
    }
}
