//! `/mcp`: who may come in by HTTP.
//!
//! A token is needed, whatever else. A browser says where its page is from: one from elsewhere is refused, also where a
//! name that was bent to this machine (DNS rebinding) makes it look like ours.

use super::Phone;
use crate::{
    api::{self, Denied},
    app::App,
};
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use http::Uri;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::json;
use std::sync::Arc;

/// `/mcp`, in all methods of the protocol, of both its eras. There are no sessions: each request stands alone, so that any
/// instance can answer it.
pub async fn endpoint(State(app): State<Arc<App>>, request: Request) -> Response {
    if !is_from_here(request.headers(), app.config.get().server.public_url.as_deref()) {
        return refused(StatusCode::FORBIDDEN, "Pages from elsewhere may not use this.");
    }
    let token = match api::token(&app, request.headers()).await {
        Ok(Some(token)) => token,
        Ok(None) | Err(Denied::Unknown) => {
            let mut answer = refused(
                StatusCode::UNAUTHORIZED,
                "A token is needed: Authorization: Bearer ep_… The owner makes one on the page Programs.",
            );
            let challenge = header::HeaderValue::from_static("Bearer realm=\"earpiece\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            return answer;
        }
        Err(Denied::Store(error)) => {
            tracing::error!(%error, "a token could not be looked at");
            return refused(StatusCode::INTERNAL_SERVER_ERROR, "The database did not answer.");
        }
    };
    let phone = Phone::within(app, token.acts, token.name);
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        // Looked at above, where what is ours is known.
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let service = StreamableHttpService::new(
        move || Ok(phone.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    service.handle(request).await.map(Body::new)
}

/// A refusal in the protocol's own form, which is no answer to any request.
fn refused(status: StatusCode, why: &str) -> Response {
    let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": why}});
    (status, Json(error)).into_response()
}

/// Programs say no origin; a page's must be this house, by a name that nobody can bend: the public one, or this machine.
fn is_from_here(headers: &HeaderMap, public: Option<&str>) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Some(origin) = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok()) else {
        return false;
    };
    let Some(authority) = origin.authority() else { return false };
    let local = ["localhost", "127.0.0.1", "[::1]"].contains(&authority.host());
    let ours = public
        .and_then(|public| public.parse::<Uri>().ok())
        .is_some_and(|public| public.scheme() == origin.scheme() && public.authority() == Some(authority));
    ours || local
        && headers.get(header::HOST).is_some_and(|host| host.as_bytes() == authority.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_page_from_elsewhere_is_refused_even_where_its_name_was_bent_to_this_machine() {
        let from = |origin: &str, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).expect("ASCII"));
            headers.insert(header::HOST, HeaderValue::from_str(host).expect("ASCII"));
            is_from_here(&headers, Some("https://voice.example.com"))
        };
        assert!(is_from_here(&HeaderMap::new(), None), "programs say none");
        assert!(from("https://voice.example.com", "voice.example.com"));
        assert!(from("http://localhost:5050", "localhost:5050") && from("http://[::1]:5050", "[::1]:5050"));
        for (origin, host) in [
            ("https://evil.example", "voice.example.com"),
            ("http://evil.example:5050", "evil.example:5050"),
            ("http://voice.example.com", "voice.example.com"),
            ("https://voice.example.com.evil.example", "voice.example.com"),
            ("http://localhost:9999", "localhost:5050"),
            ("null", "localhost:5050"),
            ("", "localhost:5050"),
        ] {
            assert!(!from(origin, host), "{origin} {host}");
        }
    }
}
