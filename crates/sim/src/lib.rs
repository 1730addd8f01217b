//! The other side of the wire: simulated callers, the telephone companies and the engines, as strict as the real ones.
//!
//! ```text
//!   caller.rs ── says lines, listens, interrupts ──► phone.rs ══ webhooks, stream or turns ══► the server under test
//!                                         twilio.rs, plivo.rs, telnyx.rs                       ║
//!   bench.rs ── a hundred of them, beside splice.rs               openai.rs, live.rs, deepgram.rs ◄╝ WebSocket
//! ```
//!
//! A page with the browser phone in it is browser.rs. What the engines of one's own ask for is answered by mind.rs (Ollama, chat completions) and speech.rs.
//!
//! Nothing here shares a type, a constant or a function with the `carrier`, `engine` and `call` crates: a fact of a
//! protocol stands here a second time, read from its documentation a second time, so that one mistake cannot hide on
//! both sides of the wire.
//!
//! To add a telephone company: a folder beside `twilio` with its `phone::company::Company`, its `Dialect` on a stream
//! and its API; to add an engine: one file beside `openai.rs`. Each refuses what the company refuses, and is held to the
//! company's own examples.

pub mod bench;
pub mod browser;
pub mod caller;
pub mod clock;
pub mod conversation;
pub mod deepgram;
pub mod google;
pub mod http;
pub mod live;
mod loopback;
pub mod mind;
pub mod openai;
pub mod phone;
pub mod plivo;
pub mod smtp;
pub mod speech;
pub mod splice;
pub mod stamp;
pub mod telnyx;
pub mod twilio;
