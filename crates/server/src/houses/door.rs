//! Into which house a request goes: that of its address (`/u/<name>/…`), of its token, or of whoever is logged in.
//!
//! Whoever is logged in is somebody in their own house alone: in any other they are a visitor whom nobody knows.

use super::{House, Houses, NoHouse};
use crate::{api, guard::session::Visitor, pages::Failure, whose::UNDER};
use axum::{
    extract::{FromRequestParts, OriginalUri, Request},
    http::{HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use tower::ServiceExt;

/// How long whoever finds a house closed is asked to wait, in seconds.
const AGAIN: HeaderValue = HeaderValue::from_static("5");

/// Answers whatever is not the installation's own.
pub async fn enter(houses: Arc<Houses>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    match chosen(&houses, &mut parts).await {
        Ok(house) => {
            house.use_it();
            let Ok(answer) = house.router.clone().oneshot(Request::from_parts(parts, body)).await;
            answer
        }
        Err(refusal) => refusal,
    }
}

/// The house, and the request as it is meant there.
async fn chosen(houses: &Houses, parts: &mut Parts) -> Result<Arc<House>, Response> {
    let visitor =
        Visitor::from_request_parts(parts, houses.first()).await.map_err(IntoResponse::into_response)?;
    let refused = |why: NoHouse| refused(parts, &why);
    let home = match &visitor.user {
        Some(user) => Some(houses.home(user).await.map_err(|error| refused(error.into()))?),
        None => None,
    };
    let addressed = addressed(&parts.uri);
    let house = if let Some((name, _)) = &addressed {
        houses.named(name).await.map_err(refused)?
    } else if let Some(name) = api::house_of_token(&parts.headers) {
        match houses.named(name).await {
            Ok(house) => house,
            // Where nobody knows the token, either.
            Err(NoHouse::Nowhere) => houses.first.clone(),
            Err(why) => return Err(refused(why)),
        }
    } else {
        match &home {
            Some(home) => houses.at(home).await.map_err(refused)?,
            None => houses.first.clone(),
        }
    };
    if let Some((_, inside)) = addressed {
        parts.extensions.insert(OriginalUri(inside.clone()));
        parts.uri = inside;
    }
    let lives_here = home.is_some_and(|home| home.name == house.app.whose.name());
    parts.extensions.insert(if lives_here { visitor } else { visitor.stranger() });
    Ok(house)
}

/// The name of the house that an address is in, and the rest of it.
fn addressed(uri: &Uri) -> Option<(String, Uri)> {
    let whole = uri.path_and_query()?;
    let (name, path) = {
        let rest = whole.path().strip_prefix(UNDER)?;
        rest.split_at(rest.find('/').unwrap_or(rest.len()))
    };
    let path = if path.is_empty() { "/" } else { path };
    let inside = match whole.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(inside.parse().ok()?);
    Some((name.to_owned(), Uri::from_parts(parts).ok()?))
}

fn refused(parts: &Parts, why: &NoHouse) -> Response {
    let accepts = parts.headers.get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok());
    let looks = accepts.is_some_and(|accepts| accepts.contains("text/html"));
    match why {
        NoHouse::Nowhere if looks => Failure::not_found().into_response(),
        NoHouse::Nowhere => api::refused(StatusCode::NOT_FOUND, "There is nothing at this address."),
        NoHouse::Store(error) => {
            tracing::error!(%error, "it cannot be known whose a request is");
            later(looks)
        }
        NoHouse::NotNow => later(looks),
    }
}

fn later(looks: bool) -> Response {
    const WHY: &str = "Your data cannot be reached at this moment; whoever runs this installation finds the reason in its log. \
                       Please try again in a moment.";
    let mut answer = if looks {
        Failure::unavailable(WHY).into_response()
    } else {
        api::refused(StatusCode::SERVICE_UNAVAILABLE, WHY)
    };
    answer.headers_mut().insert(header::RETRY_AFTER, AGAIN);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_house_and_what_is_meant_there() {
        let addressed = |text: &str| {
            let found = addressed(&text.parse().expect("an address"));
            found.map(|(name, inside)| (name, inside.to_string()))
        };
        let found = |name: &str, inside: &str| Some((name.to_owned(), inside.to_owned()));
        assert_eq!(addressed("/u/elm/incoming-call?a=%2Fu&b=2"), found("elm", "/incoming-call?a=%2Fu&b=2"));
        assert_eq!(addressed("/u/elm"), found("elm", "/"));
        assert_eq!(addressed("/u/elm//x"), found("elm", "//x"));
        assert_eq!(addressed("/u//x"), found("", "/x"));
        assert_eq!(addressed("/u/elm/u/oak/calls"), found("elm", "/u/oak/calls"));
        for none in ["/", "/u", "/users", "/calls/u/elm/x", "/U/elm/x"] {
            assert_eq!(addressed(none), None, "{none}");
        }
    }
}
