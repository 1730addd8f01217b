//! Where the owner's browser reached us: what the links that it is shown begin with.

use crate::app::App;
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use std::{convert::Infallible, sync::Arc};

/// Where the owner's browser reached us.
pub(super) struct Origin {
    /// The installation.
    root: String,
    /// What this house's own addresses begin with there.
    prefix: String,
}

impl Origin {
    /// What leads to this house, whoever goes there: scheme, host and port, and perhaps a path.
    pub(super) fn base(&self) -> String {
        format!("{}{}", self.root, self.prefix)
    }

    /// Where another site is to send the browser back to. It is one address for all houses, as each must be made known there:
    /// the session says whose the browser is.
    pub(super) fn back_to(&self, path: &str) -> String {
        format!("{}{path}", self.root)
    }
}

impl FromRequestParts<Arc<App>> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let config = app.config.get();
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let scheme = if config.server.tls.is_some() { "https" } else { "http" };
        let prefix = app.whose.prefix();
        let public = config.server.public_url.as_deref();
        let root = public.map(|public| public.strip_suffix(&prefix).unwrap_or(public).to_owned());
        Ok(Self { root: root.unwrap_or_else(|| format!("{scheme}://{host}")), prefix })
    }
}
