//! What an engine is told in tests; those that care about a part of it change that part.

use call::{Format, Manner};
use engine::Brief;

pub fn brief() -> Brief {
    Brief {
        instructions: "You answer the phone.".into(),
        greeting: "Hello.".into(),
        voice: String::new(),
        language: "en-US".into(),
        others: Vec::new(),
        tools: Vec::new(),
        manner: Manner::Duplex,
        format: Format::Ulaw,
        so_far: Vec::new(),
    }
}
