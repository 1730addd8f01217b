//! What the owner consented to, kept and renewed.

use super::{Client, Issuer, Unusable, consent::exchange, unusable};
use crate::mcp::{Fault, Secret};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// How long before its end a token is renewed, in milliseconds.
const EARLY_MS: i64 = 60_000;

/// A consent: what is needed to act in the owner's name. As secret as a password, and so not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub issuer: Issuer,
    client: Client,
    access: String,
    refresh: Option<String>,
    /// In milliseconds since 1970; none: the issuer does not say.
    expires_ms: Option<i64>,
}

impl Grant {
    /// When it ends and cannot be renewed, in milliseconds since 1970; none: it can be, or nobody knows.
    pub fn ends_ms(&self) -> Option<i64> {
        self.expires_ms.filter(|_| self.refresh.is_none())
    }

    /// Reads the issuer's answer. One without a new refresh token leaves the old one in use.
    pub(super) fn read(
        document: &Value,
        issuer: &Issuer,
        client: &Client,
        before: Option<&str>,
        now_ms: i64,
    ) -> Result<Self, Unusable> {
        let text = |name: &str| document[name].as_str().filter(|text| (1..=16_000).contains(&text.len()));
        let bearer = text("token_type").is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        let access =
            text("access_token").filter(|token| bearer && token.bytes().all(|byte| byte.is_ascii_graphic()));
        let access = access.ok_or_else(|| unusable("The token is none that can be used."))?;
        let seconds = document["expires_in"].as_i64().or_else(|| text("expires_in")?.parse().ok());
        let ends = |seconds: i64| now_ms.saturating_add(seconds.clamp(0, 10 * 366 * 86_400) * 1_000);
        Ok(Self {
            issuer: issuer.clone(),
            client: client.clone(),
            access: access.to_owned(),
            refresh: text("refresh_token").or(before).map(str::to_owned),
            expires_ms: seconds.map(ends),
        })
    }
}

/// Keeps a grant, sealed, before it is used; says why it could not be.
pub type Keep = Box<dyn Fn(Grant) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The grant of one server.
pub struct Wallet {
    http: reqwest::Client,
    now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
    keep: Keep,
    /// Held while it is renewed, so that a refresh token that can be used once is used once.
    grant: tokio::sync::Mutex<Option<Grant>>,
    /// What the server said last when it wanted a login.
    challenge: Mutex<String>,
}

impl Wallet {
    pub fn new(
        http: reqwest::Client,
        now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
        keep: Keep,
        grant: Option<Grant>,
    ) -> Self {
        let (grant, challenge) = (tokio::sync::Mutex::new(grant), Mutex::default());
        Self { http, now_ms, keep, grant, challenge }
    }

    /// What the server said last when it wanted a login; empty where it never did.
    pub fn challenge(&self) -> String {
        self.challenge.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The owner has consented.
    pub async fn put(&self, grant: Grant) -> Result<(), String> {
        let mut held = self.grant.lock().await;
        (self.keep)(grant.clone()).await?;
        *held = Some(grant);
        Ok(())
    }

    /// When the consent ends, where it does and cannot be renewed, in milliseconds since 1970. Waits for nobody: while it is
    /// being renewed it does not end.
    pub fn ends_ms(&self) -> Option<i64> {
        self.grant.try_lock().ok()?.as_ref()?.ends_ms()
    }

    /// Whether the owner has consented.
    pub async fn is_granted(&self) -> bool {
        self.grant.lock().await.is_some()
    }

    /// The same, without waiting for one that is being renewed: that is there.
    pub(in crate::mcp) fn holds_grant(&self) -> bool {
        self.grant.try_lock().map_or(true, |grant| grant.is_some())
    }

    pub(in crate::mcp) fn challenged(&self, challenge: &str) {
        challenge.clone_into(&mut self.challenge.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A token that is good for a while; none where there was no consent.
    pub(in crate::mcp) async fn token(&self) -> Result<Option<Secret>, Fault> {
        let mut held = self.grant.lock().await;
        let Some(grant) = &*held else { return Ok(None) };
        let old = grant.expires_ms.is_some_and(|ends| ends - EARLY_MS <= (self.now_ms)());
        if old && grant.refresh.is_some() {
            self.refresh(&mut held).await.map_err(|why| Fault::SignIn(why.0))?;
        }
        Ok(held.as_ref().map(|grant| Secret::new(&grant.access)))
    }

    /// Renews a token that was refused. False: there is no other.
    pub(in crate::mcp) async fn renew(&self) -> bool {
        let mut held = self.grant.lock().await;
        match self.refresh(&mut held).await {
            Ok(renewed) => renewed,
            Err(why) => {
                tracing::warn!(%why, "a consent could not be renewed");
                false
            }
        }
    }

    async fn refresh(&self, held: &mut Option<Grant>) -> Result<bool, Unusable> {
        let Some(grant) = &*held else { return Ok(false) };
        let Some(refresh) = &grant.refresh else { return Ok(false) };
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let document = exchange(&self.http, &grant.issuer, &grant.client, &form).await?;
        let new = Grant::read(&document, &grant.issuer, &grant.client, Some(refresh), (self.now_ms)())?;
        if let Err(why) = (self.keep)(new.clone()).await {
            // It is good all the same for as long as we run.
            tracing::error!(why, "a renewed consent could not be kept");
        }
        *held = Some(new);
        Ok(true)
    }
}
