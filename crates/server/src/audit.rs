//! The log of what was changed, by whom, when and from where, for the owners of an installation.
//!
//! Whoever changes something says so in a line: `app.audit(&by, Deed::SettingsSaved, "twilio").await`.

use crate::{
    api::Program,
    app::App,
    clock,
    guard::session::{Owner, User, Visitor},
};
use store::{NewAudit, Store, StoreError, UserRow};

/// Whom a deed is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Who comes in and who may what: all owners of the installation read it in full.
    Users,
    /// One user's house: to what it was done is theirs to read alone.
    House,
}

/// Makes the deeds of one table: each with whom it is about, as records spell it, and as the page tells it after whoever
/// did it.
macro_rules! deeds {
    ($($(#[$doc:meta])* $deed:ident: $of:ident, $name:literal, $words:literal;)+) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Deed {
            $($(#[$doc])* $deed,)+
        }

        impl Deed {
            pub const ALL: &'static [Deed] = &[$(Deed::$deed),+];

            fn told(self) -> (Of, &'static str, &'static str) {
                match self {
                    $(Deed::$deed => (Of::$of, $name, $words),)+
                }
            }
        }
    };
}

deeds! {
    LoggedIn: Users, "logged_in", "logged in";
    /// Somebody tried; what they tried with is told as far as it is no secret.
    LoginFailed: Users, "login_failed", "failed to log in";
    LoggedOut: Users, "logged_out", "logged out";
    SessionsEnded: Users, "sessions_ended", "ended sessions";
    PasswordSet: Users, "password_set", "set a password";
    /// Somebody asked for a new one.
    PasswordForgotten: Users, "password_forgotten", "asked for a new password";
    FactorOn: Users, "factor_on", "turned on the second factor";
    FactorOff: Users, "factor_off", "turned off the second factor";
    RecoveryCodeUsed: Users, "recovery_code_used", "used a recovery code";
    RecoveryCodesMade: Users, "recovery_codes_made", "made new recovery codes";
    ProfileChanged: Users, "profile_changed", "changed a profile";
    UserAdded: Users, "user_added", "added a user";
    UserInvited: Users, "user_invited", "invited a user";
    InvitationWithdrawn: Users, "invitation_withdrawn", "withdrew an invitation";
    UserDisabled: Users, "user_disabled", "disabled a user";
    UserEnabled: Users, "user_enabled", "enabled a user";
    UserRemoved: Users, "user_removed", "removed a user";
    RoleChanged: Users, "role_changed", "changed a role";
    LinkMade: Users, "link_made", "made a login link";
    TokenMade: House, "token_made", "made a token";
    TokenRevoked: House, "token_revoked", "revoked a token";
    SettingsSaved: House, "settings_saved", "saved settings";
    /// An account elsewhere was connected, or its keys were changed.
    CredentialsSet: House, "credentials_set", "connected an account";
    CredentialsForgotten: House, "credentials_forgotten", "disconnected an account";
    /// What a calendar that is connected is used for.
    CalendarChanged: House, "calendar_changed", "changed what a calendar is for";
    /// A carrier's number was pointed somewhere.
    NumberSet: House, "number_set", "set up a number";
    AssistantChanged: House, "assistant_changed", "changed an assistant";
    AppointmentChanged: House, "appointment_changed", "changed an appointment";
    CallPlaced: House, "call_placed", "placed a call";
    CallEnded: House, "call_ended", "ended a call";
    TextSent: House, "text_sent", "had a text sent";
    CallDeleted: House, "call_deleted", "deleted a call";
    RecordingDeleted: House, "recording_deleted", "deleted a recording";
    CallerChanged: House, "caller_changed", "decided about a caller";
    /// A message that callers left was marked as done, or as not.
    MessageDone: House, "message_done", "marked a message";
    /// What was given up is tried again.
    JobRetried: House, "job_retried", "had something tried again";
    /// The list of requests that were not believed was emptied.
    RefusalsForgotten: House, "refusals_forgotten", "emptied the list of refused requests";
    /// What was known of a caller is known no longer.
    Forgotten: House, "forgotten", "had a caller forgotten";
    Exported: House, "exported", "exported data";
    /// The link to the calendar's feed was made anew, or closed.
    FeedChanged: House, "feed_changed", "changed the link to the calendar's feed";
    WebhookChanged: House, "webhook_changed", "changed a webhook";
    ToolChanged: House, "tool_changed", "changed what a tool may do";
    /// A tool was used by hand.
    ToolUsed: House, "tool_used", "used a tool by hand";
    /// Guests may call from their browsers.
    PhoneLinkMade: House, "phone_link_made", "made a link by which somebody may call from a browser";
    PhoneLinkEnded: House, "phone_link_ended", "ended a link by which somebody could call from a browser";
}

/// Who did it, and from where.
#[derive(Clone, Debug)]
pub struct By {
    id: Option<String>,
    name: String,
    from: String,
}

impl App {
    /// Writes down what was done. `about` says to what, in a few words without a secret; what it was done for goes on even
    /// where this cannot be written, and the log tells of it then. Owners of the installation read that something was done
    /// in another user's house, and not to what: that stays there. Of what was done in the first owner's house the page shows
    /// it to them alone.
    pub async fn audit(&self, by: impl Into<By>, deed: Deed, about: &str) {
        let By { id, name, from } = by.into();
        let about = kept(about);
        tracing::info!(by = id.as_deref(), "{}", deed.words());
        let new = NewAudit {
            at_ms: clock::now_ms(),
            user_id: id.as_deref(),
            who: &name,
            what: deed.name(),
            about: &about,
            from: &from,
        };
        let in_another_house = !self.whose.name().is_empty();
        let told = if in_another_house { NewAudit { about: "", ..new } } else { new };
        let mut written = self.whose.accounts().audited(&told).await;
        if in_another_house {
            written = written.and(self.store.audited(&new).await);
        }
        if let Err(error) = written {
            tracing::error!(%error, what = deed.name(), "what was done could not be written into the audit log");
        }
    }
}

/// Whoever typed a command where the program runs.
const TERMINAL: &str = "The command line";

/// Writes down what somebody did who typed a command. `about` says to what, in a few words without a secret.
pub async fn at_terminal(store: &Store, deed: Deed, about: &str) -> Result<(), StoreError> {
    let about = kept(about);
    let new = NewAudit {
        at_ms: clock::now_ms(),
        user_id: None,
        who: TERMINAL,
        what: deed.name(),
        about: &about,
        from: "",
    };
    store.audited(&new).await
}

/// As much of what something was done to as is kept, in characters.
const LONGEST: usize = 300;

/// What is kept of `about`: a line, and not a long one.
fn kept(about: &str) -> String {
    about.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

impl By {
    /// Somebody who just proved to be this user.
    pub fn user(user: &UserRow, from: &str) -> Self {
        Self { id: Some(user.id.clone()), name: user.name.clone(), from: from.to_owned() }
    }

    /// A program of this name.
    pub fn program(name: &str) -> Self {
        Self { id: None, name: name.to_owned(), from: String::new() }
    }
}

impl From<&User> for By {
    fn from(by: &User) -> Self {
        Self::user(&by.user, &by.from)
    }
}

impl From<&Owner> for By {
    fn from(by: &Owner) -> Self {
        Self::user(&by.user, &by.from)
    }
}

impl From<&Visitor> for By {
    fn from(by: &Visitor) -> Self {
        match &by.user {
            Some(user) => Self::user(user, &by.from),
            None => Self { id: None, name: String::new(), from: by.from.clone() },
        }
    }
}

impl From<&Program> for By {
    fn from(by: &Program) -> Self {
        Self { id: by.id.clone(), name: by.name.clone(), from: by.from.clone() }
    }
}

impl Deed {
    /// As records spell it.
    pub fn name(self) -> &'static str {
        self.told().1
    }

    /// As the page tells it, after whoever did it: "logged in".
    pub fn words(self) -> &'static str {
        self.told().2
    }

    /// It is done within one user's house, so that to what it was done is theirs to read alone.
    pub fn is_in_a_house(self) -> bool {
        self.told().0 == Of::House
    }

    /// The inverse of [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|deed| deed.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_has_a_name_of_its_own() {
        for &deed in Deed::ALL {
            assert_eq!(Deed::named(deed.name()), Some(deed));
        }
        assert_eq!(Deed::named("made_up"), None);
    }
}
