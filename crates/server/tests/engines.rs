//! Calls that their engines do not make easy, with every engine: one fails and another goes on, what comes from them is
//! not what was agreed, and one conversation is led with all of them. What counts is what the caller heard.

mod engines {
    pub mod conversation;
    pub mod door;
    pub mod heard;
    #[cfg(target_os = "linux")]
    pub mod hour;
    pub mod limits;
    pub mod mischief;
    pub mod parts;
    pub mod refusals;
    pub mod relief;
    pub mod rig;
    pub mod stand;
    pub mod together;
}
mod house;
