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

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    LoggedIn,
    /// Somebody tried; what they tried with is told as far as it is no secret.
    LoginFailed,
    LoggedOut,
    SessionsEnded,
    PasswordSet,
    /// Somebody asked for a new one.
    PasswordForgotten,
    FactorOn,
    FactorOff,
    RecoveryCodeUsed,
    RecoveryCodesMade,
    ProfileChanged,
    UserAdded,
    UserInvited,
    InvitationWithdrawn,
    UserDisabled,
    UserEnabled,
    UserRemoved,
    RoleChanged,
    LinkMade,
    TokenMade,
    TokenRevoked,
    SettingsSaved,
    /// An account elsewhere was connected, or its keys were changed.
    CredentialsSet,
    CredentialsForgotten,
    /// What a calendar that is connected is used for.
    CalendarChanged,
    /// A carrier's number was pointed somewhere.
    NumberSet,
    AssistantChanged,
    AppointmentChanged,
    CallPlaced,
    CallEnded,
    TextSent,
    CallDeleted,
    RecordingDeleted,
    CallerChanged,
    /// A message that callers left was marked as done, or as not.
    MessageDone,
    /// What was given up is tried again.
    JobRetried,
    /// The list of requests that were not believed was emptied.
    RefusalsForgotten,
    /// What was known of a caller is known no longer.
    Forgotten,
    Exported,
    /// The link to the calendar's feed was made anew, or closed.
    FeedChanged,
    WebhookChanged,
    ToolChanged,
    /// A tool was used by hand.
    ToolUsed,
    /// Guests may call from their browsers.
    PhoneLinkMade,
    PhoneLinkEnded,
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
        let about: String = about.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
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
    let about: String = about.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
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
    pub const ALL: &'static [Deed] = &[
        Deed::LoggedIn,
        Deed::LoginFailed,
        Deed::LoggedOut,
        Deed::SessionsEnded,
        Deed::PasswordSet,
        Deed::PasswordForgotten,
        Deed::FactorOn,
        Deed::FactorOff,
        Deed::RecoveryCodeUsed,
        Deed::RecoveryCodesMade,
        Deed::ProfileChanged,
        Deed::UserAdded,
        Deed::UserInvited,
        Deed::InvitationWithdrawn,
        Deed::UserDisabled,
        Deed::UserEnabled,
        Deed::UserRemoved,
        Deed::RoleChanged,
        Deed::LinkMade,
        Deed::TokenMade,
        Deed::TokenRevoked,
        Deed::SettingsSaved,
        Deed::CredentialsSet,
        Deed::CredentialsForgotten,
        Deed::CalendarChanged,
        Deed::NumberSet,
        Deed::AssistantChanged,
        Deed::AppointmentChanged,
        Deed::CallPlaced,
        Deed::CallEnded,
        Deed::TextSent,
        Deed::CallDeleted,
        Deed::RecordingDeleted,
        Deed::CallerChanged,
        Deed::MessageDone,
        Deed::JobRetried,
        Deed::RefusalsForgotten,
        Deed::Forgotten,
        Deed::Exported,
        Deed::FeedChanged,
        Deed::WebhookChanged,
        Deed::ToolChanged,
        Deed::ToolUsed,
        Deed::PhoneLinkMade,
        Deed::PhoneLinkEnded,
    ];

    /// Those about who comes in and who may what, which all owners of the installation read in full.
    const ABOUT_USERS: &[Deed] = &[
        Deed::LoggedIn,
        Deed::LoginFailed,
        Deed::LoggedOut,
        Deed::SessionsEnded,
        Deed::PasswordSet,
        Deed::PasswordForgotten,
        Deed::FactorOn,
        Deed::FactorOff,
        Deed::RecoveryCodeUsed,
        Deed::RecoveryCodesMade,
        Deed::ProfileChanged,
        Deed::UserAdded,
        Deed::UserInvited,
        Deed::InvitationWithdrawn,
        Deed::UserDisabled,
        Deed::UserEnabled,
        Deed::UserRemoved,
        Deed::RoleChanged,
        Deed::LinkMade,
    ];

    /// As records spell it.
    pub fn name(self) -> &'static str {
        self.told().0
    }

    /// As the page tells it, after whoever did it: "logged in".
    pub fn words(self) -> &'static str {
        self.told().1
    }

    /// It is done within one user's house, so that to what it was done is theirs to read alone.
    pub fn is_in_a_house(self) -> bool {
        !Self::ABOUT_USERS.contains(&self)
    }

    /// The inverse of [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|deed| deed.name() == name)
    }

    fn told(self) -> (&'static str, &'static str) {
        match self {
            Deed::LoggedIn => ("logged_in", "logged in"),
            Deed::LoginFailed => ("login_failed", "failed to log in"),
            Deed::LoggedOut => ("logged_out", "logged out"),
            Deed::SessionsEnded => ("sessions_ended", "ended sessions"),
            Deed::PasswordSet => ("password_set", "set a password"),
            Deed::PasswordForgotten => ("password_forgotten", "asked for a new password"),
            Deed::FactorOn => ("factor_on", "turned on the second factor"),
            Deed::FactorOff => ("factor_off", "turned off the second factor"),
            Deed::RecoveryCodeUsed => ("recovery_code_used", "used a recovery code"),
            Deed::RecoveryCodesMade => ("recovery_codes_made", "made new recovery codes"),
            Deed::ProfileChanged => ("profile_changed", "changed a profile"),
            Deed::UserAdded => ("user_added", "added a user"),
            Deed::UserInvited => ("user_invited", "invited a user"),
            Deed::InvitationWithdrawn => ("invitation_withdrawn", "withdrew an invitation"),
            Deed::UserDisabled => ("user_disabled", "disabled a user"),
            Deed::UserEnabled => ("user_enabled", "enabled a user"),
            Deed::UserRemoved => ("user_removed", "removed a user"),
            Deed::RoleChanged => ("role_changed", "changed a role"),
            Deed::LinkMade => ("link_made", "made a login link"),
            Deed::TokenMade => ("token_made", "made a token"),
            Deed::TokenRevoked => ("token_revoked", "revoked a token"),
            Deed::SettingsSaved => ("settings_saved", "saved settings"),
            Deed::CredentialsSet => ("credentials_set", "connected an account"),
            Deed::CredentialsForgotten => ("credentials_forgotten", "disconnected an account"),
            Deed::CalendarChanged => ("calendar_changed", "changed what a calendar is for"),
            Deed::NumberSet => ("number_set", "set up a number"),
            Deed::AssistantChanged => ("assistant_changed", "changed an assistant"),
            Deed::AppointmentChanged => ("appointment_changed", "changed an appointment"),
            Deed::CallPlaced => ("call_placed", "placed a call"),
            Deed::CallEnded => ("call_ended", "ended a call"),
            Deed::TextSent => ("text_sent", "had a text sent"),
            Deed::CallDeleted => ("call_deleted", "deleted a call"),
            Deed::RecordingDeleted => ("recording_deleted", "deleted a recording"),
            Deed::CallerChanged => ("caller_changed", "decided about a caller"),
            Deed::MessageDone => ("message_done", "marked a message"),
            Deed::JobRetried => ("job_retried", "had something tried again"),
            Deed::RefusalsForgotten => ("refusals_forgotten", "emptied the list of refused requests"),
            Deed::Forgotten => ("forgotten", "had a caller forgotten"),
            Deed::Exported => ("exported", "exported data"),
            Deed::FeedChanged => ("feed_changed", "changed the link to the calendar's feed"),
            Deed::WebhookChanged => ("webhook_changed", "changed a webhook"),
            Deed::ToolChanged => ("tool_changed", "changed what a tool may do"),
            Deed::ToolUsed => ("tool_used", "used a tool by hand"),
            Deed::PhoneLinkMade => {
                ("phone_link_made", "made a link by which somebody may call from a browser")
            }
            Deed::PhoneLinkEnded => {
                ("phone_link_ended", "ended a link by which somebody could call from a browser")
            }
        }
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
