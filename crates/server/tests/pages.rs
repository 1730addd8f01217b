//! What the pages promise: who sees what, that nothing is believed or executed, and that they tell the truth.

mod pages {
    pub mod accounts;
    pub mod api;
    pub mod assistants;
    pub mod book;
    pub mod callers;
    pub mod calls;
    pub mod changes;
    pub mod command;
    pub mod connections;
    pub mod doors;
    pub mod factor;
    pub mod houses;
    pub mod rig;
    pub mod settings;
    pub mod timeline;
    pub mod tools;
    #[expect(dead_code, reason = "others use the rest of it")]
    #[path = "../house/waiting.rs"]
    pub mod waiting;
    pub mod walk;
    pub mod watching;
    pub mod webhooks;
    pub mod week;
}
