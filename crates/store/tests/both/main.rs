//! What the store promises, on SQLite and on Postgres.

mod appointments;
mod calls;
mod harness;
mod instances;
mod opening;
mod people;
mod settings;
mod tokens;
