//! Every address, as nobody, as somebody else, from another site, and with a `<script>` for every name. The table below is
//! compared with the sources, so that no address can be forgotten.

use super::rig::{Browser, PASSWORD, a_call};
use axum::http::{Method, StatusCode};
use server::{accounts, clock};
use std::{collections::BTreeSet, path::Path};
use store::{NewAudit, NewMessage, Role};

/// Who may come to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Whoever is not logged in, too: a door, or what no secret is on.
    Everybody,
    /// Whoever knows the secret in it.
    Bearers,
    /// Whoever is logged in; others are led to the login, or refused.
    Users,
    Owners,
    /// Users and their tokens: JSON.
    Programs,
    /// Carriers, probes and assistants: each has guards of its own, with tests of their own.
    Others,
}

use For::{Bearers, Everybody, Others, Owners, Programs, Users};

/// A placeholder stands for one thing of somebody else's.
const ADDRESSES: &[(&str, For)] = &[
    ("/", Everybody),
    ("/api", Users),
    ("/api/phone/test-connection", Programs),
    ("/api/phone/test-plivo-connection", Programs),
    ("/api/phone/test-telnyx-connection", Programs),
    ("/api/settings/deepgram-config", Programs),
    ("/api/settings/google-auth", Users),
    ("/api/settings/plivo-config", Programs),
    ("/api/settings/telnyx-config", Programs),
    ("/api/settings/twilio-config", Programs),
    ("/api/settings/upload-file", Users),
    ("/api/v1/appointments", Programs),
    ("/api/v1/appointments/{id}", Programs),
    ("/api/v1/assistants", Programs),
    ("/api/v1/callers", Programs),
    ("/api/v1/callers/{number}", Programs),
    ("/api/v1/calls", Programs),
    ("/api/v1/calls/{id}", Programs),
    ("/api/v1/calls/{id}/end", Programs),
    ("/api/v1/calls/{id}/notes", Programs),
    ("/api/v1/calls/{id}/transcript", Programs),
    ("/api/v1/messages", Programs),
    ("/api/v1/messages/{id}/done", Programs),
    ("/api/v1/openapi.json", Everybody),
    ("/api/v1/settings", Programs),
    ("/api/v1/texts", Programs),
    ("/api/v1/voice", Programs),
    ("/api/v1/webhooks", Programs),
    ("/api/v1/webhooks/{id}", Programs),
    ("/api/v1/webhooks/{id}/deliveries", Programs),
    ("/api/v1/webhooks/{id}/deliveries/{delivery}/send", Programs),
    ("/api/v1/webhooks/{id}/test", Programs),
    ("/api/v1/{*rest}", Others),
    ("/appointments", Users),
    ("/appointments/new", Users),
    ("/appointments/{id}", Users),
    ("/appointments/{id}/cancel", Users),
    ("/appointments/{id}/confirm", Users),
    ("/appointments/{id}/move", Users),
    ("/appointments/{id}/undo/{change}", Users),
    ("/assets/{file}", Everybody),
    ("/assistants", Users),
    ("/assistants/{which}", Users),
    ("/assistants/{which}/remove", Users),
    ("/assistants/{which}/say", Users),
    ("/assistants/{which}/try", Users),
    ("/audit", Owners),
    ("/browser/stream", Others),
    ("/calendar/check", Programs),
    ("/calendar/create", Programs),
    ("/calendar/delete", Programs),
    ("/calendar/list", Programs),
    ("/calendar/slots", Programs),
    ("/calendar/update", Programs),
    ("/calendars", Users),
    ("/calendars/accounts/{id}/add", Users),
    ("/calendars/accounts/{id}/forget", Users),
    ("/calendars/caldav", Users),
    ("/calendars/feed", Users),
    ("/calendars/feed/close", Users),
    ("/calendars/google/callback", Users),
    ("/calendars/google/start", Users),
    ("/calendars/google/upload", Users),
    ("/calendars/{id}/reads", Users),
    ("/calendars/{id}/test", Users),
    ("/calendars/{id}/writes", Users),
    ("/callers", Users),
    ("/callers/{number}", Users),
    ("/callers/{number}/forget", Users),
    ("/callers/{number}/memory", Users),
    ("/callers/{number}/pin", Users),
    ("/callers/{number}/text", Users),
    ("/calls", Users),
    ("/calls/{id}", Users),
    ("/calls/{id}/delete", Users),
    ("/calls/{id}/end", Users),
    ("/calls/{id}/export", Users),
    ("/calls/{id}/live", Users),
    ("/calls/{id}/live/notes", Users),
    ("/calls/{id}/recording.wav", Users),
    ("/calls/{id}/recording/delete", Users),
    ("/carriers", Users),
    ("/carriers/{carrier}/connect", Users),
    ("/carriers/{carrier}/numbers", Users),
    ("/carriers/{carrier}/test", Users),
    ("/carriers/{carrier}/undo", Users),
    ("/dashboard", Users),
    ("/dashboard/live", Users),
    ("/dashboard/stats", Programs),
    ("/feeds/{file}", Bearers),
    ("/forgot", Everybody),
    ("/healthz", Others),
    ("/incoming-call", Others),
    ("/login", Everybody),
    ("/login/code", Everybody),
    ("/logout", Everybody),
    ("/mcp", Others),
    ("/messages", Users),
    ("/messages/{id}/done", Users),
    ("/messages/{id}/voicemail.wav", Users),
    ("/outbox", Users),
    ("/outbox/{id}/retry", Users),
    ("/phone", Users),
    ("/phone/call", Users),
    ("/phone/check_availability", Programs),
    ("/phone/clips/{file}", Others),
    ("/phone/confirm_appointment", Programs),
    ("/phone/incoming-call", Others),
    ("/phone/links", Users),
    ("/phone/links/{id}/end", Users),
    ("/phone/process-voice/{call}", Others),
    ("/phone/test_websocket", Programs),
    ("/phone/twilio", Programs),
    ("/phone/webhook", Others),
    ("/phone/{carrier}/after-stream/{call}", Others),
    ("/phone/{carrier}/briefing/{proof}", Others),
    ("/phone/{carrier}/incoming-call", Others),
    ("/phone/{carrier}/media-stream", Others),
    ("/phone/{carrier}/outgoing/{call}", Others),
    ("/phone/{carrier}/outgoing/{call}/{when}", Others),
    ("/phone/{carrier}/process-voice/{call}", Others),
    ("/phone/{carrier}/sms", Others),
    ("/phone/{carrier}/sms/status/{text}", Others),
    ("/phone/{carrier}/status", Others),
    ("/phone/{carrier}/status/{call}", Others),
    ("/phone/{carrier}/transfer/{proof}", Others),
    ("/profile", Users),
    ("/profile/factor", Users),
    ("/profile/factor/codes", Users),
    ("/profile/factor/off", Users),
    ("/profile/factor/prove", Users),
    ("/profile/password", Users),
    ("/profile/picture", Users),
    ("/profile/picture/remove", Users),
    ("/profile/sessions/end", Users),
    ("/profile/sessions/{session}/end", Users),
    ("/programs", Users),
    ("/programs/{id}/revoke", Users),
    ("/readyz", Others),
    ("/refusals", Users),
    ("/refusals/forget", Users),
    ("/register", Everybody),
    ("/register/{token}", Bearers),
    ("/reset/{token}", Bearers),
    ("/servers", Users),
    ("/servers/callback", Users),
    ("/servers/{name}/connect", Users),
    ("/servers/{name}/remove", Users),
    ("/servers/{name}/test", Users),
    ("/settings", Users),
    ("/settings/engines/test", Users),
    ("/settings/{section}", Users),
    ("/settings/{section}/test", Users),
    ("/talk/{token}", Bearers),
    ("/talk/{token}/call", Bearers),
    ("/tools", Users),
    ("/tools/new", Users),
    ("/tools/secrets", Users),
    ("/tools/secrets/{name}/forget", Users),
    ("/tools/{name}", Users),
    ("/tools/{name}/delete", Users),
    ("/tools/{name}/edit", Users),
    ("/tools/{name}/try", Users),
    ("/users", Owners),
    ("/users/invitations/{id}/withdraw", Owners),
    ("/users/invite", Owners),
    ("/users/settings", Users),
    ("/users/{id}/disable", Owners),
    ("/users/{id}/enable", Owners),
    ("/users/{id}/link", Owners),
    ("/users/{id}/picture", Users),
    ("/users/{id}/remove", Owners),
    ("/users/{id}/role", Owners),
    ("/webhooks", Users),
    ("/webhooks/{id}", Users),
    ("/webhooks/{id}/delete", Users),
    ("/webhooks/{id}/deliveries/{delivery}", Users),
    ("/webhooks/{id}/test", Users),
    ("/welcome/{token}", Bearers),
    ("/ws", Others),
];

/// What a stranger must not come to read.
const SECRET: &str = "Zanzibar";
const CALLER: &str = "+15550107788";

/// All addresses that the sources name in `.route(…)`.
fn named_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            named_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            for rest in text.split(".route(").skip(1) {
                if let Some(address) =
                    rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next())
                {
                    found.insert(address.to_owned());
                }
            }
        }
    }
}

#[test]
fn no_address_is_forgotten_by_the_walk() {
    let mut named = BTreeSet::new();
    named_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut named);
    let walked: BTreeSet<String> = ADDRESSES.iter().map(|(address, _)| (*address).to_owned()).collect();
    let forgotten: Vec<_> = named.difference(&walked).collect();
    let gone: Vec<_> = walked.difference(&named).collect();
    assert!(forgotten.is_empty(), "say in ADDRESSES who may come to {forgotten:#?}");
    assert!(gone.is_empty(), "there is no {gone:#?} any more");
}

/// What of the owner's there is to be reached: ids by the beginning of the address.
pub struct Things {
    call: String,
    message: String,
    token: String,
    user: String,
    invite: String,
    session: String,
}

impl Things {
    pub async fn of(owner: &mut Browser) -> Self {
        let call = a_call(&owner.store, &[]).await;
        let now_ms = clock::now_ms();
        owner.store.caller_seen(CALLER, now_ms).await.expect("written");
        let message = NewMessage {
            call_id: Some(&call),
            caller: CALLER,
            body: SECRET,
            urgent: false,
            taken_ms: now_ms,
        };
        owner.store.message_taken(&message).await.expect("written");
        owner.submit("/programs", &[("name", SECRET), ("may", "read")]).await;
        accounts::invite(
            &owner.store,
            &owner.app.key,
            ("zanzibar@example.org", Role::Member),
            SECRET,
            now_ms,
        )
        .await
        .expect("made");
        let user = owner.store.owner().await.expect("read").expect("an owner").id;
        Self {
            call,
            message: owner.store.messages(1).await.expect("read").remove(0).id,
            token: owner.store.api_tokens().await.expect("read").remove(0).id,
            invite: owner.store.invites(now_ms).await.expect("read").remove(0).id,
            session: owner.store.sessions_of(&user, now_ms).await.expect("read").remove(0).hash,
            user,
        }
    }

    /// The address with something of the owner's in place of each placeholder.
    pub fn fill(&self, address: &str) -> String {
        let thing = match address.split('/').nth(1) {
            Some("calls") => &self.call,
            Some("messages") => &self.message,
            Some("programs") => &self.token,
            Some("users") if address.contains("invitations") => &self.invite,
            Some("users") => &self.user,
            Some("profile") => &self.session,
            Some("callers") => CALLER,
            Some("carriers") => "twilio",
            Some("settings") => "hours",
            Some("assets") => "style.css",
            _ => "made-up",
        };
        let parts = address.split('/').map(|part| if part.starts_with('{') { thing } else { part });
        parts.collect::<Vec<_>>().join("/").replace('+', "%2B")
    }
}

/// The methods that an address takes, as the router says itself.
pub async fn methods(browser: &Browser, path: &str) -> Vec<Method> {
    let odd = Method::from_bytes(b"ODD").expect("a method");
    let page = browser.clone().send(odd, path, &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    let allow = page.header("allow").split(',').map(|method| method.trim().parse().expect("a method"));
    allow.filter(|method| *method != Method::HEAD).collect()
}

pub fn walked() -> impl Iterator<Item = &'static (&'static str, For)> {
    ADDRESSES.iter().filter(|(_, whom)| *whom != Others)
}

#[tokio::test]
async fn nobody_gets_anywhere_but_to_the_doors() {
    let mut owner = Browser::owner(&[]).await;
    let things = Things::of(&mut owner).await;
    for (address, whom) in walked() {
        let path = things.fill(address);
        for method in methods(&owner, &path).await {
            let page = owner.other().send(method.clone(), &path, &[("sec-fetch-site", "same-origin")]).await;
            let about = format!("{method} {path}: {} {}", page.status, page.text);
            assert!(!page.text.contains(SECRET) && !page.text.contains(CALLER), "{about}");
            assert!(page.header("set-cookie").is_empty() || address == &"/logout", "{about}");
            match whom {
                Users | Owners if method == Method::GET => {
                    assert_eq!(page.status, StatusCode::SEE_OTHER, "{about}");
                    assert!(page.header("location").starts_with("/login?next=%2F"), "{about}");
                }
                Users | Owners => assert_eq!(page.status, StatusCode::FORBIDDEN, "{about}"),
                Programs => {
                    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{about}");
                    let kind = page.header("content-type");
                    assert!(["application/json", "application/problem+json"].contains(&kind), "{about}");
                }
                Everybody | Bearers => assert!(page.status.as_u16() < 500, "{about}"),
                Others => unreachable!("they are not walked"),
            }
        }
    }
    assert!(owner.store.api_tokens().await.expect("read").len() == 1, "nothing was changed");
    assert_eq!(owner.get("/calls").await.status, StatusCode::OK, "nor was anybody logged out");
}

#[tokio::test]
async fn a_member_gets_no_further_than_to_what_is_theirs() {
    let mut owner = Browser::owner(&[]).await;
    let things = Things::of(&mut owner).await;
    let member = owner.with_user("ben@example.org", Role::Member).await;
    for (address, whom) in walked() {
        let path = things.fill(address);
        for method in methods(&owner, &path).await {
            if ["/profile/sessions/end", "/logout"].contains(address) {
                continue;
            }
            let headers =
                [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
            let page = member.clone().send(method.clone(), &path, &headers).await;
            let about = format!("{method} {path}: {} {}", page.status, page.text);
            if *whom == Owners {
                assert_eq!(page.status, StatusCode::FORBIDDEN, "{about}");
            }
            if address.starts_with("/users/{") || address.starts_with("/profile/sessions/{") {
                assert!([StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&page.status), "{about}");
            }
            assert!(!page.text.contains(SECRET), "{about}");
            // What they say of a number themselves is theirs.
            assert!(!page.text.contains(CALLER) || address.starts_with("/callers"), "{about}");
            if method == Method::GET
                && ["/calls/{id}", "/messages/{id}"].iter().any(|one| address.starts_with(one))
            {
                assert_eq!(page.status, StatusCode::NOT_FOUND, "{about}");
            }
        }
    }
    assert_eq!(member.clone().get("/profile").await.status, StatusCode::OK);
    assert_eq!(owner.get("/users").await.status, StatusCode::OK, "the owner is what they were");
    let call = owner.get(&format!("/calls/{}", things.call)).await;
    assert_eq!(call.status, StatusCode::OK, "and has what they had");
    assert!(
        owner.get("/messages").await.text.contains(SECRET)
            && owner.get("/programs").await.text.contains(SECRET)
    );
    assert!(owner.get("/callers").await.text.contains(CALLER));
}

#[tokio::test]
async fn nothing_is_changed_from_another_site() {
    let mut owner = Browser::owner(&[("PUBLIC_URL", "https://voice.example.com")]).await;
    let things = Things::of(&mut owner).await;
    for (address, _) in walked() {
        let path = things.fill(address);
        for method in methods(&owner, &path).await {
            if method == Method::GET {
                continue;
            }
            for foreign in [
                [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
                [("origin", "https://evil.example"), ("accept", "*/*")],
                [("origin", "null"), ("accept", "*/*")],
            ] {
                let page = owner.clone().send(method.clone(), &path, &foreign).await;
                assert_eq!(page.status, StatusCode::FORBIDDEN, "{method} {path} {foreign:?}: {}", page.text);
            }
        }
    }
    assert_eq!(owner.get("/profile").await.status, StatusCode::OK, "still logged in");
}

#[tokio::test]
async fn nobodys_name_is_ever_executed() {
    const NAME: &str = "<script>alert(1)</script>";
    let mut owner = Browser::owner(&[("REGISTRATION", "open")]).await;
    let things = Things::of(&mut owner).await;
    let now_ms = clock::now_ms();
    let user = accounts::add(&owner.store, ("eve@example.org", NAME, Role::Owner), PASSWORD, now_ms).await;
    user.expect("asked").expect("the address is free");
    let (id, _) =
        accounts::invite(&owner.store, &owner.app.key, ("", Role::Member), NAME, now_ms).await.expect("made");
    let secret = accounts::link(&owner.app.key, accounts::Purpose::Join, &id);
    let new = NewAudit { at_ms: now_ms, user_id: None, who: NAME, what: NAME, about: NAME, from: NAME };
    owner.store.audited(&new).await.expect("written");
    owner.store.caller_seen(NAME, now_ms).await.expect("written");
    owner.submit("/programs", &[("name", NAME), ("may", "read")]).await;
    let mut eve = owner.other();
    let quoted = "\"><script>alert(1)</script>";
    let page = eve.submit("/login", &[("email", quoted), ("password", quoted), ("next", quoted)]).await;
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
    let page = eve.submit("/register", &[("email", quoted), ("name", quoted)]).await;
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
    assert_eq!(
        eve.submit("/login", &[("email", "eve@example.org"), ("password", PASSWORD)]).await.status,
        StatusCode::SEE_OTHER
    );
    let pages = walked().map(|(address, _)| things.fill(address)).chain([format!("/register/{secret}")]);
    let mut seen = 0;
    for path in pages {
        if !methods(&owner, &path).await.contains(&Method::GET) {
            continue;
        }
        let page = eve.get(&path).await;
        assert!(!page.text.contains("<script>alert"), "{path}: {}", page.text);
        seen += usize::from(page.text.contains("&#60;script&#62;alert"));
    }
    assert!(seen >= 4, "it is shown on {seen} pages, as text");
}
