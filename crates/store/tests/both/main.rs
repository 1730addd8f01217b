//! What the store promises, on SQLite and on Postgres.

mod accounts;
mod added;
mod appointments;
mod callers;
mod calls;
mod entrusted;
mod harness;
mod hours;
mod houses;
mod instances;
mod intents;
mod jobs;
mod looked_at;
mod mcp;
mod memory;
mod opening;
mod outgoing;
mod people;
mod phone_links;
mod recovery;
mod settings;
mod texts;
mod timeline;
mod tokens;
mod undo;
mod webhooks;
