//! What an account is kept as: sealed, and sealed anew when its token was refreshed.

use crate::{app::App, clock, vault::Vault};
use std::sync::Arc;
use store::{CredentialRow, NewCredential, Store, StoreError};
use tokio::sync::Mutex;
use tool::calendar::{caldav::Login, google};

/// Something the owner gave us, to be sealed.
pub enum Kept<'a> {
    Google(&'a google::Grant),
    CalDav(&'a Login),
}

impl Kept<'_> {
    /// Keeps it under this name, the account's. Returns the credential's id.
    pub async fn keep(&self, store: &Store, vault: &Vault, name: &str) -> Result<String, StoreError> {
        let (kind, text) = match self {
            Kept::Google(grant) => ("google", grant.seal().expose().to_owned()),
            Kept::CalDav(login) => ("caldav", serde_json::to_string(login).expect("texts are JSON")),
        };
        let sealed = vault.seal(kind, &text);
        let now_ms = clock::now_ms();
        store.keep_credential(&NewCredential { kind, name, sealed: &sealed, now_ms }).await
    }
}

/// Keeps a grant that was renewed, unless another instance has kept one meanwhile.
pub(super) fn keep(app: &Arc<App>, row: &CredentialRow) -> google::Keep {
    let (store, vault) = (app.store.clone(), app.vault.clone());
    let last = Arc::new(Mutex::new(row.clone()));
    Box::new(move |grant| {
        let (store, vault, last) = (store.clone(), vault.clone(), last.clone());
        Box::pin(async move {
            let mut last = last.lock().await;
            let sealed = vault.seal(&last.kind, grant.expose());
            let kept = store.reseal_credential(&last, &sealed, clock::now_ms()).await;
            if kept.map_err(|error| error.to_string())? {
                last.sealed = sealed;
            }
            Ok(())
        })
    })
}
