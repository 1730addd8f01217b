//! What the caller has heard of what we sent.
/// stub
#[derive(Debug, Default)]
pub struct Playout;
/// stub
#[derive(Debug)]
pub struct Cut;
