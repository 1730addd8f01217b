//! x
/// x
#[derive(Debug)]
pub struct Rest;
