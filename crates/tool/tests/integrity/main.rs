//! What a book promises that is kept in step with calendars elsewhere, whoever else writes there and whatever fails, on
//! SQLite and on Postgres.

mod agreeing;
mod changing;
mod crashes;
mod elsewhere;
mod harness;
mod listing;
mod memory;
mod rig;
mod unknown;
