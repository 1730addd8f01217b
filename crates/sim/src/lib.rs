//! The other side of the wire: simulated callers, the telephone companies and the engines, as strict as the real ones.
//!
//! ```text
//!   caller.rs ── says lines, listens, interrupts ──► twilio.rs ══ webhook, media stream ══► the server under test
//!                                                                                             ║
//!   bench.rs ── a hundred of them, beside splice.rs                       openai.rs ◄═════════╝ WebSocket
//! ```
//!
//! Nothing here shares a type, a constant or a function with the `carrier`, `engine` and `call` crates: a fact of a
//! protocol stands here a second time, read from its documentation a second time, so that one mistake cannot hide on
//! both sides of the wire.
//!
//! To add a telephone company or an engine: one file beside `twilio.rs` or `openai.rs` that refuses what the company
//! refuses, with the company's own examples in `fixtures/sim`.

pub mod bench;
pub mod caller;
pub mod clock;
pub mod google;
pub mod http;
pub mod openai;
pub mod phone;
pub mod plivo;
pub mod smtp;
pub mod splice;
pub mod stamp;
pub mod telnyx;
pub mod twilio;
