//! Days that are over and spoken of in passing: "as we said yesterday", "I called last friday".

use super::words::is_one_of;
use jiff::civil::Date;
use when::{Clock, Day, Piece};

/// Takes from among the pieces the days before `today` that nobody can want: another day is named, too, or no time is and
/// something is told of them. A part of the day that stands with one goes with it. Words stand in their place.
pub(super) fn take(pieces: &mut [Piece], today: Date) {
    let over = |at: usize| pieces.get(at).is_some_and(|piece| is_over(piece, today));
    let joins = |at: usize| is_part(&pieces[at]) && at.checked_sub(1).is_some_and(over);
    let (passed, rest): (Vec<usize>, Vec<usize>) = (0..pieces.len()).partition(|&at| over(at) || joins(at));
    let other = |is: fn(&Piece) -> bool| rest.iter().any(|&at| is(&pieces[at]));
    let another_day = other(|piece| matches!(piece, Piece::Day(_) | Piece::Exact(_)));
    let timed = other(|piece| matches!(piece, Piece::Clock(_)));
    let told = other(|piece| matches!(piece, Piece::Word(word) if !is_one_of(word, WISHING)));
    if another_day || (told && !timed) {
        for at in passed {
            pieces[at] = Piece::Word("yesterday".into());
        }
    }
}

/// Words beside which a day is wished for or asked about, and nothing is told of it.
const WISHING: &str = "i|i'd|i'll|would|like|want|need|please|can|could|may|we|you|me|my|come|see|get|in|a|an|the|any|anything|\
    appointment|appointments|slot|doctor|dentist|book|have|had|make|it|move|change|cancel|for|on|at|to|from|of|is|was|are|\
    there|free|available|do|did|what|when|which|how|about|no|not|um|uh|then|instead|actually|sorry|meant|one|day";

fn is_over(piece: &Piece, today: Date) -> bool {
    match piece {
        Piece::Day(Day::Dates(dates)) => dates.iter().all(|date| *date < today),
        Piece::Day(Day::Span(_, to)) => *to < today,
        Piece::Word(_) | Piece::Clock(_) | Piece::Exact(_) | Piece::Nonsense(_) | Piece::Note(_) => false,
    }
}

fn is_part(piece: &Piece) -> bool {
    matches!(piece, Piece::Clock(Clock::Part(_)))
}
