//! An account that is connected: its grant, kept fresh.

use super::{
    Grant, Reach, Secret,
    grant::By,
    robot,
    token::{self, Denied, Tokens},
};
use crate::calendar::remote::Trouble;
use std::{fmt, pin::Pin, sync::Mutex as Momentary};
use tokio::sync::Mutex;

/// Stores a grant that has changed, sealed; an error is a text for the log.
pub type Keep = Box<dyn Fn(Secret) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// One account; all its calendars share it, so that one renewal serves them all.
pub struct Account {
    pub(super) reach: Reach,
    keep: Keep,
    state: Mutex<State>,
    jitter: Momentary<fastrand::Rng>,
}

struct State {
    grant: Grant,
    /// What is stored is older.
    unkept: bool,
}

impl Account {
    /// `keep` is given every grant that differs from the one before.
    pub fn new(reach: Reach, grant: Grant, keep: Keep) -> Self {
        let jitter = Momentary::new(fastrand::Rng::with_seed(reach.seed));
        Self { reach, keep, state: Mutex::new(State { grant, unkept: false }), jitter }
    }

    /// The grant as it is now.
    pub async fn grant(&self) -> Grant {
        self.state.lock().await.grant.clone()
    }

    /// Goes on with another grant: the owner has connected again. It is taken to be stored already.
    pub async fn replace(&self, grant: Grant) {
        *self.state.lock().await = State { grant, unkept: false };
    }

    /// Gives the grant back to Google, which forgets it. A service account has nothing to give back.
    pub async fn revoke(&self) -> Result<(), Trouble> {
        let grant = self.grant().await;
        let By::Consent { refresh, .. } = &grant.by else { return Ok(()) };
        let unreachable = |why: String| Trouble::Unreachable(why);
        let request = self
            .reach
            .http
            .post(&self.reach.addresses.revoke)
            .form(&[("token", refresh.expose())])
            .build()
            .map_err(|_| unreachable("The address of Google’s sign-in is none.".into()))?;
        let answer =
            super::send::send(&self.reach, request).await.map_err(|lost| unreachable(format!("{lost}.")))?;
        // 400 says that the token is known no more, which is what was wanted.
        match answer.status {
            200 | 204 | 400 => Ok(()),
            status => Err(unreachable(format!("Google’s sign-in answered {status}."))),
        }
    }

    /// A token that is good for some minutes, renewed where it has to be. `refused` is one that Google no longer takes.
    ///
    /// One renewal at a time: whoever comes meanwhile waits for it and gets what it brought.
    pub(super) async fn token(&self, refused: Option<&Secret>) -> Result<Secret, Trouble> {
        let mut state = self.state.lock().await;
        if let Some(token) = state.grant.fresh(self.reach.now()).filter(|token| Some(*token) != refused) {
            let token = token.clone();
            if state.unkept {
                self.store(&mut state).await;
            }
            return Ok(token);
        }
        let tokens = self.renewed(&state.grant).await?;
        let token = tokens.access.token.clone();
        let grant = &mut state.grant;
        grant.access = Some(tokens.access);
        grant.scopes = tokens.scopes.or(grant.scopes.take());
        grant.ends = tokens.ends.or(grant.ends);
        if let (By::Consent { refresh, .. }, Some(new)) = (&mut grant.by, tokens.refresh) {
            *refresh = new;
        }
        state.unkept = true;
        self.store(&mut state).await;
        Ok(token)
    }

    /// Between nothing and one, from the seed.
    pub(super) fn jitter(&self) -> f64 {
        self.jitter.lock().expect("nobody panics while drawing a number").f64()
    }

    async fn store(&self, state: &mut State) {
        match (self.keep)(state.grant.seal()).await {
            Ok(()) => state.unkept = false,
            Err(why) => tracing::warn!("a renewed Google grant was not stored: {why}"),
        }
    }

    async fn renewed(&self, grant: &Grant) -> Result<Tokens, Trouble> {
        let mut failed = 0;
        loop {
            let got = match &grant.by {
                By::Consent { client, refresh } => token::refresh(&self.reach, client, refresh).await,
                By::Robot(robot) => {
                    let assertion = robot::assertion(robot, self.reach.now())
                        .map_err(|unusable| Trouble::Revoked(unusable.0))?;
                    token::assert(&self.reach, &assertion).await
                }
            };
            match got {
                Ok(tokens) => return Ok(tokens),
                Err(Denied::Refused { error, description }) => {
                    return Err(Trouble::Revoked(revoked(grant, &error, &description)));
                }
                Err(Denied::Lost(lost)) => {
                    failed += 1;
                    let Some(wait) = self.reach.pace.wait(failed, None, self.jitter()) else {
                        return Err(Trouble::Unreachable(format!("{lost}.")));
                    };
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// Why there is no renewal, and what to do about it.
fn revoked(grant: &Grant, error: &str, description: &str) -> String {
    let said = if description.is_empty() { error.to_owned() } else { format!("{error}: {description}") };
    let said = said.trim_end_matches('.');
    match (&grant.by, error) {
        (By::Consent { .. }, "invalid_grant") => format!(
            "Google has ended our access ({said}). Connect the calendar again. If this happens every 7 days, the \
             program’s publishing status in Google’s console is “Testing”: set it to “In production”."
        ),
        (By::Consent { .. }, "invalid_client" | "unauthorized_client" | "deleted_client") => format!(
            "Google no longer knows our OAuth client ({said}). Upload a new credentials.json and connect the calendar \
             again."
        ),
        (By::Robot(_), "unauthorized_client" | "access_denied") => format!(
            "The service account may not act for that person ({said}). A Workspace administrator has to allow its \
             client id the scope {} under domain-wide delegation.",
            super::ROBOT_SCOPE
        ),
        (By::Robot(_), "invalid_grant") => format!(
            "Google does not accept the service account ({said}). Either its key was deleted, the person it acts for \
             does not exist, or this machine’s clock is wrong."
        ),
        _ => format!("Google refuses us access ({said}). Connect the calendar again."),
    }
}
