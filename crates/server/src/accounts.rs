//! What makes a user: name, address and password as people type them, and the links by which they join, come back, and
//! choose a new password.

use crate::{
    config::Config,
    guard::{password, token},
    secret::Secret,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::Mac;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use store::{Joined, NewInvite, Role, Store, StoreError, UserRow};
use tool::message::mail;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// How long a link to choose a new password is good,
pub const RESET_MS: i64 = HOUR_MS;
/// one by which somebody who asked for it joins,
pub const REGISTER_MS: i64 = 24 * HOUR_MS;
/// and an owner's invitation.
pub const INVITE_MS: i64 = 7 * 24 * HOUR_MS;

/// Why the user cannot go whose house the installation itself is.
pub const LIVES_HERE: &str = "The installation's own house, with its numbers and calls, is this user's, and cannot be another's. \
                              To hand it on, make a login link for this user: whoever takes over opens it, and puts their own \
                              name, address and password under Profile.";

/// How long a name may be, in characters.
const LONGEST_NAME: usize = 80;

/// Where the pages are, as far as the settings tell. What a browser says of it is not believed: links that go out by mail
/// would lead to whom it names.
pub fn base(config: &Config) -> String {
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let here =
        || format!("{scheme}://{}", reachable(SocketAddr::new(config.server.host, config.server.port)));
    config.server.public_url.clone().unwrap_or_else(here)
}

/// Where a browser on this machine finds what listens at this address: one that means all addresses is none to open.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => address,
        IpAddr::V4(_) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(_) => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port()),
    }
}

/// The secret of a link, made of what it is for and the installation's key: whoever sends it again sends the same, while the
/// database knows only its hash.
pub fn link(key: &Secret, purpose: Purpose, id: &str) -> String {
    let purpose = match purpose {
        Purpose::Reset => "password reset",
        Purpose::Join => "invitation",
    };
    let mac = key.mac(&format!("earpiece link v1\0{purpose}\0{id}"));
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new password in place of a forgotten one.
    Reset,
    /// Becoming a user.
    Join,
}

/// A name that can be shown, or why this is none, as a sentence.
pub fn name(text: &str) -> Result<String, String> {
    let name: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        0 => Err("Say how you are to be called.".into()),
        1..=LONGEST_NAME => Ok(name),
        _ => Err(format!("Take at most {LONGEST_NAME} characters.")),
    }
}

/// An address that mail can be sent to, in lower case, or why this is none, as a sentence.
pub fn address(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Give an e-mail address.".into());
    }
    let address = mail::address(text).filter(|address| address.len() == text.len());
    address.map(|address| address.to_lowercase()).ok_or_else(|| "This is no e-mail address.".to_owned())
}

/// Whether these two are a password that will do, and why not.
pub fn new_password(password: &str, again: &str, about: &[&str]) -> Result<(), NotPassword> {
    if let Some(why) = password::weakness(password, about) {
        return Err(NotPassword::Weak(why));
    }
    if password == again {
        Ok(())
    } else {
        Err(NotPassword::NotTheSame("These two are not the same.".into()))
    }
}

/// Why a new password was not taken, as sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPassword {
    Weak(String),
    NotTheSame(String),
}

impl NotPassword {
    /// What is said beside the password, and what beside its repetition.
    pub fn beside(self) -> (Option<String>, Option<String>) {
        match self {
            NotPassword::Weak(why) => (Some(why), None),
            NotPassword::NotTheSame(why) => (None, Some(why)),
        }
    }
}

/// Invites somebody: the secret of the link. An empty address is for whoever has it.
pub async fn invite(
    store: &Store,
    key: &Secret,
    (email, role): (&str, Role),
    by_whom: &str,
    now_ms: i64,
) -> Result<(String, String), StoreError> {
    let id = Store::invite_id(now_ms);
    let secret = link(key, Purpose::Join, &id);
    let new = NewInvite {
        id: &id,
        hash: &token::hash(&secret),
        email,
        role,
        by_whom,
        now_ms,
        expires_ms: now_ms + INVITE_MS,
    };
    store.invited(&new).await?;
    Ok((id, secret))
}

/// Makes a user with a password. None: another has that address.
pub async fn add(
    store: &Store,
    (email, name, role): (&str, &str, Role),
    password: &str,
    now_ms: i64,
) -> Result<Option<UserRow>, StoreError> {
    let hash = token::hash(&crate::guard::session::random_token());
    let new = NewInvite {
        id: &Store::invite_id(now_ms),
        hash: &hash,
        email,
        role,
        by_whom: "",
        now_ms,
        expires_ms: now_ms + HOUR_MS,
    };
    let kept = password::hashed(password).await;
    store.invited(&new).await?;
    match store.joined(&hash, email, name, &kept, now_ms).await? {
        Joined::User(user) => Ok(Some(user)),
        Joined::AddressTaken | Joined::NotInvited => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_and_addresses_are_ones() {
        assert_eq!(name("  Anna \n <script> Lee ").as_deref(), Ok("Anna <script> Lee"));
        assert!(name(" \t ").is_err() && name(&"x".repeat(81)).is_err());
        assert_eq!(address(" Anna@Example.ORG ").as_deref(), Ok("anna@example.org"));
        for bad in
            ["", "anna", "anna@localhost", "Anna <anna@example.org>", "a@b.c\r\nBcc: x@y.z", "mailto:a@b.cd"]
        {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_link_is_made_of_its_purpose_and_the_key() {
        let key = Secret::new("a key");
        let reset = link(&key, Purpose::Reset, "1");
        assert_eq!(link(&key, Purpose::Reset, "1"), reset);
        assert_ne!(link(&key, Purpose::Join, "1"), reset);
        assert_ne!(link(&Secret::new("another"), Purpose::Reset, "1"), reset);
    }
}
