//! Calls that streams do not carry, or no longer, through the product and every carrier's stand-in: whose stream is refused
//! or breaks, who is understood by the carrier, what a phone line needs besides talking, and texts.

mod by_turns {
    pub mod fallback;
    pub mod line;
    pub mod rig;
    pub mod texts;
    pub mod transfer;
}
mod house;
