//! Time, spoken and computed.
//!
//! ```text
//!  "next friday at half past four"  ──read──►  Said  ──resolve(now, hours)──►  Moment, or why not (Unclear)
//!                                               │
//!  Hours, busy spans  ──free_slots──►  Zoned…   └─ keeps what is missing and what is ambiguous
//!  Zoned  ──spoken / plain──►  "Friday, November twenty-seventh, at half past four in the afternoon"
//! ```
//!
//! Pure: the present is an argument, and its zone is the zone of everything. Nothing is guessed in silence: what could
//! be meant in two ways is [`Unclear::Either`], and what opening hours or a clock change decided is in
//! what [`Moment::remark`] says.
//!
//! To teach it another way of saying a day, add a rule to `day.rs`; of saying a time, to `clock.rs`; and a line to the
//! tables in `tests/`.

mod clock;
mod day;
mod holiday;
mod hours;
mod kinds;
mod resolve;
mod said;
mod slots;
mod speak;
mod words;

pub use holiday::Holiday;
pub use hours::{Hours, Opening, Refusal};
pub use kinds::Kind;
pub use resolve::{Doubt, Moment, Unclear};
pub use said::{Clock, Day, Part, Piece, Said, pieces, pieces_and_pauses, read};
pub use slots::{Span, free_slots, nearest_free};
pub use speak::{
    MONTHS, Style, list, name_date, name_days_ahead, name_moment, name_number, name_ordinal, name_time,
    name_weekday,
};

use jiff::Zoned;

/// Reads what a caller or a model wrote for a moment ("next friday at ten", `2026-11-24T10:00`,
/// `2026-11-24T10:00:00+01:00`) and resolves it: [`read`] and [`Said::resolve`] in one.
pub fn moment(text: &str, now: &Zoned, hours: Option<&Hours>) -> Result<Moment, Unclear> {
    read(text, now).resolve(now, hours)
}
