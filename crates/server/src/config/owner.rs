//! What the owner is told of calls, and where.

use super::{Config, Number};

/// `[owner]`
#[derive(Clone, Debug, Default)]
pub struct Owner {
    /// Briefs of calls go out by mail, too.
    pub briefs_mailed: bool,
    /// The model that thinks words what a caller wanted.
    pub briefs_by_model: bool,
    pub messages: OwnersMessages,
    pub urgent: UrgentBy,
    /// None: the first of `callers.owners`.
    pub text_number: Option<Number>,
}

/// How the owner gets messages that are not urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnersMessages {
    /// With the brief where briefs are mailed, else at once.
    #[default]
    Auto,
    /// By mail, at once.
    Mail,
    /// With the brief of their call.
    Brief,
    Page,
}

/// How the owner gets urgent messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UrgentBy {
    Mail,
    Text,
    #[default]
    Both,
}

impl Config {
    /// Where the owner is texted, if anywhere.
    pub fn owners_number(&self) -> Option<&Number> {
        self.owner.text_number.as_ref().or(self.callers.owners.first())
    }

    /// Whether a message that is not urgent goes to the owner by a mail of its own.
    pub fn mails_messages(&self) -> bool {
        match self.owner.messages {
            OwnersMessages::Auto => !self.owner.briefs_mailed,
            OwnersMessages::Mail => true,
            OwnersMessages::Brief | OwnersMessages::Page => false,
        }
    }

    /// Whether messages go with the brief of their call.
    pub fn briefs_messages(&self) -> bool {
        match self.owner.messages {
            OwnersMessages::Auto => self.owner.briefs_mailed,
            OwnersMessages::Brief => true,
            OwnersMessages::Mail | OwnersMessages::Page => false,
        }
    }
}
