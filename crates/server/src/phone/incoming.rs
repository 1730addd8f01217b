//! What a carrier sends, and whether it is the carrier that sent it.

use crate::{app::App, carriers, clock, guard::signature};
use axum::{
    body::Bytes,
    extract::{ConnectInfo, FromRequest, FromRequestParts, OriginalUri, RawPathParams},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use carrier::{Carrier, Garbled, Refusal, Request};
use std::{net::SocketAddr, sync::Arc};

/// Why a request of a carrier is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("{0} is not set, so nobody can prove to be the carrier")]
    NoSecret(&'static str),
    #[error("there is no such carrier")]
    NoSuchCarrier,
    #[error("it is not signed")]
    Unsigned,
    #[error(
        "its signature is wrong for every address it may have been sent to; `earpiece explain <carrier>` tells more"
    )]
    WrongSignature,
    #[error("{0}")]
    Malformed(String),
    #[error("the call's token was used or is too old")]
    Stale,
    #[error("too many streams are opening at once")]
    TooMany,
    #[error("it comes from a page that is not ours")]
    Elsewhere,
    #[error("the database failed")]
    Store(#[from] store::StoreError),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Refused::NoSecret(_) | Refused::TooMany => StatusCode::SERVICE_UNAVAILABLE,
            Refused::NoSuchCarrier => StatusCode::NOT_FOUND,
            Refused::Unsigned | Refused::Malformed(_) => StatusCode::BAD_REQUEST,
            Refused::WrongSignature | Refused::Elsewhere => StatusCode::FORBIDDEN,
            Refused::Stale => StatusCode::CONFLICT,
            Refused::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        match &self {
            Refused::Store(error) => tracing::error!(%error, "a carrier's request was refused"),
            Refused::NoSecret(_)
            | Refused::NoSuchCarrier
            | Refused::Unsigned
            | Refused::WrongSignature
            | Refused::Malformed(_)
            | Refused::Stale
            | Refused::Elsewhere
            | Refused::TooMany => {
                tracing::warn!(status = status.as_u16(), why = %self, "a carrier's request was refused");
            }
        }
        (status, format!("Refused: {self}.\n")).into_response()
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unsigned => Refused::Unsigned,
            Refusal::WrongSignature => Refused::WrongSignature,
            Refusal::Malformed(why) => Refused::Malformed(why),
        }
    }
}

impl From<Garbled> for Refused {
    fn from(garbled: Garbled) -> Self {
        Refused::Malformed(garbled.0)
    }
}

/// A request of which it is sure that a carrier sent it: the one that the address names as `{carrier}`, Twilio where it
/// names none. A handler that takes one cannot be reached by anybody else.
pub struct Signed {
    pub carrier: &'static dyn Carrier,
    /// The address that was signed.
    pub url: String,
    incoming: Incoming,
}

impl Signed {
    pub fn as_request(&self) -> Request<'_> {
        self.incoming.as_request()
    }
}

impl FromRequest<Arc<App>> for Signed {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, app: &Arc<App>) -> Result<Self, Response> {
        let (carrier, peer, incoming) = taken(request, app).await?;
        let url = verified(app, carrier, &incoming.as_request(), peer);
        Ok(Self { carrier, url: url.map_err(IntoResponse::into_response)?, incoming })
    }
}

/// The opening of a carrier's stream: signed, where the carrier signs it. Where it does not, the stream's token alone
/// admits it.
pub struct Opening {
    pub carrier: &'static dyn Carrier,
}

impl FromRequest<Arc<App>> for Opening {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, app: &Arc<App>) -> Result<Self, Response> {
        let (carrier, peer, incoming) = taken(request, app).await?;
        if carrier.signs_streams() {
            verified(app, carrier, &incoming.as_request(), peer).map_err(IntoResponse::into_response)?;
        }
        Ok(Self { carrier })
    }
}

/// A request with the carrier to whom its address belongs, and where it came from. Nothing is proven yet.
async fn taken(
    request: axum::extract::Request,
    app: &Arc<App>,
) -> Result<(&'static dyn Carrier, SocketAddr, Incoming), Response> {
    let (mut parts, body) = request.into_parts();
    let carrier = addressed(&mut parts, app).await.map_err(IntoResponse::into_response)?;
    let peer = ConnectInfo::<SocketAddr>::from_request_parts(&mut parts, app).await;
    let ConnectInfo(peer) = peer.map_err(IntoResponse::into_response)?;
    let incoming = Incoming::from_request(axum::extract::Request::from_parts(parts, body), app).await?;
    Ok((carrier, peer, incoming))
}

/// The carrier whose address this is.
async fn addressed(
    parts: &mut axum::http::request::Parts,
    app: &Arc<App>,
) -> Result<&'static dyn Carrier, Refused> {
    let path = RawPathParams::from_request_parts(parts, app).await;
    let path = path.map_err(|_| Refused::NoSuchCarrier)?;
    let named = path.iter().find(|(name, _)| *name == "carrier").map_or("twilio", |(_, value)| value);
    carriers::named(named).ok_or(Refused::NoSuchCarrier)
}

/// A request as it came in, owned.
struct Incoming {
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Incoming {
    fn as_request(&self) -> Request<'_> {
        Request {
            method: self.method.as_str(),
            target: &self.target,
            headers: &self.headers,
            body: &self.body,
        }
    }
}

impl<S: Send + Sync> axum::extract::FromRequest<S> for Incoming {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Response> {
        let method = request.method().clone();
        let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |uri| &uri.0);
        let target = uri.path_and_query().map_or_else(|| "/".to_owned(), |target| target.as_str().to_owned());
        let headers = texts(request.headers());
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self { method, target, headers, body })
    }
}

/// Headers as text; what is not text is nobody's that we know.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}

/// The address that the carrier signed this request for.
fn verified(
    app: &App,
    carrier: &dyn Carrier,
    request: &Request<'_>,
    peer: SocketAddr,
) -> Result<String, Refused> {
    let config = app.config.get();
    let public = config.server.public_url.as_deref();
    // Without PUBLIC_URL any header may suggest an address: only one that the carrier signed is ever believed.
    let trusted = public.is_none() || config.server.trusts(peer.ip());
    let now_ms = clock::now_ms();
    // The carrier called the whole address; without PUBLIC_URL nothing else says what it began with.
    let whole =
        format!("{}{}", if public.is_none() { app.whose.prefix() } else { String::new() }, request.target);
    let request = &Request { target: &whole, ..*request };
    let secret = carriers::signing(&config, carrier);
    let verified = match secret {
        Ok(secret) => signature::verified(carrier, request, public, trusted, secret, now_ms / 1_000)
            .map_err(Refused::from),
        Err(missing) => Err(Refused::NoSecret(missing)),
    };
    if let Err(refused) = &verified {
        let addresses = carrier.addresses(request, public, trusted);
        app.refusals.note(carrier, request, &addresses, secret.ok(), &refused.to_string(), now_ms);
    }
    verified
}
