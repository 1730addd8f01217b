//! What the pages promise in a real browser: that everybody can use them, at any width and in both themes, and that nothing
//! goes wrong in it; and that the assistant can be called from one.

mod browser {
    pub mod axe;
    pub mod calling;
    pub mod cdp;
    pub mod chromium;
    pub mod coming_in;
    pub mod every_page;
    pub mod forms;
    pub mod lived_in;
    pub mod pictures;
    pub mod tab;
    pub mod voice;
    pub mod watching;
}
mod house;
