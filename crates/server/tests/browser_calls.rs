//! Whole calls from a page in a real browser, whose callers speak and are understood.

#[expect(dead_code, reason = "the other program uses the rest")]
mod browser {
    pub mod cdp;
    pub mod chromium;
    pub mod speaking;
    pub mod tab;
    pub mod voice;
}
mod house;
