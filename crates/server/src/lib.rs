//! The process that answers the phone.
//!
//! ```text
//!   router.rs ─► phone.rs ─► guard/ ─► calls.rs (engine dialled, parked under a token)
//!                                          │ the stream opens
//!   line/stream.rs ◄── drive.rs: ONE CALL ─┴─► engine, tools, scribe.rs (notes)
//!                     pages/ ◄── store
//! ```
//!
//! `router.rs` is the table of contents. To add a page: `pages/<page>.rs`, `templates/<page>.html`, a line in `pages.rs`
//! and one in `pages/around.rs`. To add a carrier or an engine see the crates of that name; here each is one arm in
//! `phone.rs` or `answerer.rs`.

pub mod accounts;
pub mod added;
pub mod answerer;
pub mod api;
pub mod app;
pub mod audit;
pub mod brief;
pub mod calendars;
pub mod call_briefs;
pub mod calls;
pub mod carriers;
pub mod clock;
pub mod command;
pub mod config;
pub mod connect;
pub mod cost;
pub mod current;
pub mod data;
pub mod drafts;
pub mod drive;
pub mod engines;
pub mod errands;
pub mod exports;
pub mod files;
pub mod guard;
pub mod hands;
pub mod houses;
pub mod insist;
pub mod jobs;
pub mod languages;
pub mod later;
pub mod line;
pub mod log;
pub mod mcp;
pub mod memory;
pub mod models;
pub mod notes;
pub mod outgoing;
pub mod pages;
pub mod phone;
pub mod programs;
pub mod providers;
pub mod reach;
pub mod recording;
pub mod refusals;
pub mod retention;
pub mod retiring;
pub mod router;
pub mod saved;
pub mod scribe;
pub mod secret;
pub mod sentences;
pub mod serve;
pub mod settings;
pub mod stop;
pub mod texts;
pub mod told;
pub mod trying;
pub mod vault;
pub mod voicemail;
pub mod watching;
pub mod webhooks;
pub mod whose;
