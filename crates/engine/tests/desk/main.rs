//! What the desk promises, one conversation each.

mod arranging;
mod assent;
#[path = "../desk_dialogues/calendar.rs"]
mod calendar;
mod conversation;
mod corrections;
mod kinds;
mod takeover;
