//! What the pages promise: who sees what, that nothing is believed or executed, and that they tell the truth.

mod pages {
    pub mod book;
    pub mod calls;
    pub mod doors;
    pub mod rig;
    pub mod settings;
    pub mod timeline;
    pub mod tools;
    pub mod week;
}
