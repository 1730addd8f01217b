//! Whatever changes something says so in the audit log. The table below is compared with what the router takes, so that no address
//! can be forgotten; each names where its entry is written, or why it needs none.

use super::{
    rig::Browser,
    walk::{Things, methods, walked},
};
use axum::http::Method;
use server::audit::Deed;
use std::{collections::BTreeMap, path::Path};

enum Log {
    /// The source in which the entry is written.
    As(Deed, &'static str),
    /// Why there is none.
    Not(&'static str),
}

use Log::{As, Not};

const ASKS: &str = "it asks something, and changes nothing";
const A_CALL: &str = "it is a call, which is on record itself";

const CHANGES: &[(&str, Log)] = &[
    ("/api/phone/test-connection", Not(ASKS)),
    ("/api/phone/test-plivo-connection", Not(ASKS)),
    ("/api/phone/test-telnyx-connection", Not(ASKS)),
    ("/api/settings/deepgram-config", As(Deed::SettingsSaved, "api/settings.rs")),
    ("/api/settings/google-auth", Not("nothing is kept until its owner is back: /calendars/google/callback")),
    ("/api/settings/plivo-config", As(Deed::SettingsSaved, "api/settings.rs")),
    ("/api/settings/telnyx-config", As(Deed::SettingsSaved, "api/settings.rs")),
    ("/api/settings/twilio-config", As(Deed::SettingsSaved, "api/settings.rs")),
    ("/api/settings/upload-file", As(Deed::CredentialsSet, "pages/calendars/google.rs")),
    ("/api/v1/appointments", As(Deed::AppointmentChanged, "api/v1/appointments.rs")),
    ("/api/v1/appointments/{id}", As(Deed::AppointmentChanged, "api/v1/appointments.rs")),
    ("/api/v1/calls", As(Deed::CallPlaced, "api/v1/calls.rs")),
    ("/api/v1/calls/{id}/end", As(Deed::CallEnded, "api/v1/calls.rs")),
    ("/api/v1/messages/{id}/done", As(Deed::MessageDone, "api/v1/people.rs")),
    ("/api/v1/texts", As(Deed::TextSent, "api/v1/people.rs")),
    ("/api/v1/voice", Not(A_CALL)),
    ("/api/v1/webhooks", As(Deed::WebhookChanged, "api/v1/hooks.rs")),
    ("/api/v1/webhooks/{id}", As(Deed::WebhookChanged, "api/v1/hooks.rs")),
    ("/api/v1/webhooks/{id}/deliveries/{delivery}/send", Not("it is listed among the deliveries")),
    ("/api/v1/webhooks/{id}/test", Not("it is listed among the deliveries")),
    ("/appointments", As(Deed::AppointmentChanged, "pages/appointments/new.rs")),
    ("/appointments/{id}/cancel", As(Deed::AppointmentChanged, "pages/appointment.rs")),
    ("/appointments/{id}/confirm", As(Deed::AppointmentChanged, "pages/appointment.rs")),
    ("/appointments/{id}/move", As(Deed::AppointmentChanged, "pages/appointment.rs")),
    ("/appointments/{id}/undo/{change}", As(Deed::AppointmentChanged, "pages/appointment.rs")),
    ("/assistants", As(Deed::AssistantChanged, "pages/assistants.rs")),
    ("/assistants/{which}", As(Deed::AssistantChanged, "pages/assistants.rs")),
    ("/assistants/{which}/remove", As(Deed::AssistantChanged, "pages/assistants.rs")),
    ("/assistants/{which}/say", Not("a draft is talked to, whose tools do nothing real")),
    ("/assistants/{which}/try", Not("a draft is kept for an hour, and nothing is saved")),
    ("/calendar/check", Not(ASKS)),
    ("/calendar/create", As(Deed::AppointmentChanged, "api/calendar.rs")),
    ("/calendar/delete", As(Deed::AppointmentChanged, "api/calendar.rs")),
    ("/calendar/list", Not(ASKS)),
    ("/calendar/slots", Not(ASKS)),
    ("/calendar/update", As(Deed::AppointmentChanged, "api/calendar.rs")),
    ("/calendars/accounts/{id}/add", As(Deed::CredentialsSet, "pages/calendars/google.rs")),
    ("/calendars/accounts/{id}/forget", As(Deed::CredentialsForgotten, "pages/calendars.rs")),
    ("/calendars/caldav", As(Deed::CredentialsSet, "pages/calendars/caldav.rs")),
    ("/calendars/feed", As(Deed::FeedChanged, "pages/calendars/feed.rs")),
    ("/calendars/feed/close", As(Deed::FeedChanged, "pages/calendars/feed.rs")),
    ("/calendars/google/start", Not("nothing is kept until its owner is back: /calendars/google/callback")),
    ("/calendars/google/upload", As(Deed::CredentialsSet, "pages/calendars/google.rs")),
    ("/calendars/{id}/reads", As(Deed::CalendarChanged, "pages/calendars.rs")),
    ("/calendars/{id}/test", Not(ASKS)),
    ("/calendars/{id}/writes", As(Deed::CalendarChanged, "pages/calendars.rs")),
    ("/callers", As(Deed::CallerChanged, "pages/caller.rs")),
    ("/callers/{number}", As(Deed::CallerChanged, "pages/caller.rs")),
    ("/callers/{number}/forget", As(Deed::Forgotten, "pages/caller.rs")),
    ("/callers/{number}/memory", As(Deed::Forgotten, "pages/caller.rs")),
    ("/callers/{number}/pin", As(Deed::CallerChanged, "pages/caller.rs")),
    ("/callers/{number}/text", As(Deed::TextSent, "pages/caller.rs")),
    ("/calls", As(Deed::CallPlaced, "pages/calls.rs")),
    ("/calls/{id}/delete", As(Deed::CallDeleted, "pages/call.rs")),
    ("/calls/{id}/end", As(Deed::CallEnded, "pages/live.rs")),
    ("/calls/{id}/recording/delete", As(Deed::RecordingDeleted, "pages/call/sound.rs")),
    ("/carriers/{carrier}/connect", As(Deed::NumberSet, "pages/carriers.rs")),
    ("/carriers/{carrier}/numbers", Not(ASKS)),
    ("/carriers/{carrier}/test", Not(ASKS)),
    ("/carriers/{carrier}/undo", As(Deed::NumberSet, "pages/carriers.rs")),
    ("/forgot", As(Deed::PasswordForgotten, "pages/forgot.rs")),
    ("/login", As(Deed::LoggedIn, "pages/login.rs")),
    ("/login/code", As(Deed::LoggedIn, "pages/login.rs")),
    ("/logout", As(Deed::LoggedOut, "pages/login.rs")),
    ("/messages/{id}/done", As(Deed::MessageDone, "pages/messages.rs")),
    ("/outbox/{id}/retry", As(Deed::JobRetried, "pages/outbox.rs")),
    ("/phone/call", Not(A_CALL)),
    ("/phone/check_availability", Not(ASKS)),
    ("/phone/confirm_appointment", As(Deed::AppointmentChanged, "api/calendar.rs")),
    ("/phone/links", As(Deed::PhoneLinkMade, "pages/phone.rs")),
    ("/phone/links/{id}/end", As(Deed::PhoneLinkEnded, "pages/phone.rs")),
    ("/profile", As(Deed::ProfileChanged, "pages/profile.rs")),
    ("/profile/factor", Not("nothing counts before it is proven: /profile/factor/prove")),
    ("/profile/factor/codes", As(Deed::RecoveryCodesMade, "pages/profile/factor.rs")),
    ("/profile/factor/off", As(Deed::FactorOff, "pages/profile/factor.rs")),
    ("/profile/factor/prove", As(Deed::FactorOn, "pages/profile/factor.rs")),
    ("/profile/password", As(Deed::PasswordSet, "pages/profile.rs")),
    ("/profile/picture", As(Deed::ProfileChanged, "pages/profile/picture.rs")),
    ("/profile/picture/remove", As(Deed::ProfileChanged, "pages/profile/picture.rs")),
    ("/profile/sessions/end", As(Deed::SessionsEnded, "pages/profile.rs")),
    ("/profile/sessions/{session}/end", As(Deed::SessionsEnded, "pages/profile.rs")),
    ("/programs", As(Deed::TokenMade, "pages/programs.rs")),
    ("/programs/{id}/revoke", As(Deed::TokenRevoked, "pages/programs.rs")),
    ("/refusals/forget", As(Deed::RefusalsForgotten, "pages/refusals.rs")),
    ("/register", Not("a letter is asked for; whoever joins by it is written down: /register/{token}")),
    ("/register/{token}", As(Deed::UserAdded, "pages/register.rs")),
    ("/reset/{token}", As(Deed::PasswordSet, "pages/forgot.rs")),
    ("/servers", As(Deed::ToolChanged, "added.rs")),
    ("/servers/{name}/connect", Not("nothing is kept until its owner is back: /servers/callback")),
    ("/servers/{name}/remove", As(Deed::ToolChanged, "added.rs")),
    ("/servers/{name}/test", Not(ASKS)),
    ("/settings/engines/test", Not(ASKS)),
    ("/settings/{section}", As(Deed::SettingsSaved, "pages/settings.rs")),
    ("/settings/{section}/test", Not(ASKS)),
    ("/talk/{token}/call", Not(A_CALL)),
    ("/tools/new", As(Deed::ToolChanged, "added.rs")),
    ("/tools/secrets", As(Deed::ToolChanged, "added.rs")),
    ("/tools/secrets/{name}/forget", As(Deed::ToolChanged, "added.rs")),
    ("/tools/{name}", As(Deed::ToolChanged, "pages/tools.rs")),
    ("/tools/{name}/delete", As(Deed::ToolChanged, "added.rs")),
    ("/tools/{name}/try", As(Deed::ToolUsed, "pages/tools.rs")),
    ("/users/invitations/{id}/withdraw", As(Deed::InvitationWithdrawn, "pages/users.rs")),
    ("/users/invite", As(Deed::UserInvited, "pages/users.rs")),
    ("/users/{id}/disable", As(Deed::UserDisabled, "pages/users.rs")),
    ("/users/{id}/enable", As(Deed::UserEnabled, "pages/users.rs")),
    ("/users/{id}/link", As(Deed::LinkMade, "pages/users.rs")),
    ("/users/{id}/remove", As(Deed::UserRemoved, "pages/users.rs")),
    ("/users/{id}/role", As(Deed::RoleChanged, "pages/users.rs")),
    ("/webhooks", As(Deed::WebhookChanged, "pages/webhooks.rs")),
    ("/webhooks/{id}", As(Deed::WebhookChanged, "pages/webhooks.rs")),
    ("/webhooks/{id}/delete", As(Deed::WebhookChanged, "pages/webhooks.rs")),
    ("/webhooks/{id}/deliveries/{delivery}", Not("it is listed among the deliveries")),
    ("/webhooks/{id}/test", Not("it is listed among the deliveries")),
    ("/welcome/{token}", As(Deed::UserAdded, "pages/welcome.rs")),
];

#[tokio::test]
async fn whatever_changes_something_is_written_down_or_says_why_not() {
    let mut owner = Browser::owner(&[]).await;
    let things = Things::of(&mut owner).await;
    let mut known: BTreeMap<&str, &Log> = CHANGES.iter().map(|(address, log)| (*address, log)).collect();
    assert_eq!(known.len(), CHANGES.len(), "each address once");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (address, _) in walked() {
        let changes =
            methods(&owner, &things.fill(address)).await.iter().any(|method| *method != Method::GET);
        match known.remove(address) {
            None => assert!(!changes, "say in CHANGES how {address} is written down"),
            Some(_) if !changes => panic!("{address} changes nothing any more"),
            Some(Not(reason)) => assert!(!reason.is_empty(), "{address}"),
            Some(As(deed, file)) => {
                let source = std::fs::read_to_string(sources.join(file)).expect("a source");
                let (entry, audits) = (format!("Deed::{deed:?}"), source.contains(".audit("));
                assert!(audits && source.contains(&entry), "{address} is not written down in {file}");
            }
        }
    }
    assert!(known.is_empty(), "there is no {:?} any more", known.keys());
}

#[tokio::test]
async fn what_is_changed_by_hand_stands_in_the_log_with_who_did_it() {
    let mut owner = Browser::owner(&[]).await;
    let things = Things::of(&mut owner).await;
    let message = owner.store.messages(1).await.expect("read").remove(0).id;
    owner.submit(&format!("/messages/{message}/done"), &[("done", "true")]).await;
    owner.post("/refusals/forget").await;
    owner.submit("/tools/take_message/try", &[("arguments", "{\"message\": \"Hello\"}")]).await;
    owner.post("/calendars/none/writes").await;
    let _an_ended_one = owner.post(&things.fill("/calls/{id}/end")).await;
    let log = owner.store.audit(20, "").await.expect("read");
    let done: Vec<_> = log.iter().filter(|row| row.user_id.is_some()).map(|row| row.what.as_str()).collect();
    for deed in [Deed::MessageDone, Deed::RefusalsForgotten, Deed::ToolUsed, Deed::CalendarChanged] {
        assert!(done.contains(&deed.name()), "{deed:?}: {done:?}");
    }
}
