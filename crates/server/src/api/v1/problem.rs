//! What a program is told that is refused: problem details (RFC 9457).

use crate::{
    api::NotLetIn,
    programs::{acting::Unsent, reading::Unread},
    webhooks::{MOST, NotMade},
};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::collections::BTreeMap;
use store::StoreError;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response as Described, ResponseBuilder},
};

pub(super) const KIND: &str = "application/problem+json";

/// Why something was not done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says what kind of problem it is.
    #[schema(value_type = String)]
    pub r#type: &'static str,
    /// The status in words.
    pub title: String,
    pub status: u16,
    /// A sentence that says why, and what to do.
    pub detail: String,
    /// Which field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<String>,
    /// What would be possible instead: times at which an appointment could be, RFC 3339.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub alternatives: Vec<String>,
}

/// A program's answer, or why there is none.
pub type Told<T> = Result<T, Problem>;

impl Problem {
    /// `why` is a sentence.
    pub fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Refused").to_owned(),
            status: status.as_u16(),
            detail: why.into(),
            field: None,
            alternatives: Vec::new(),
        }
    }

    pub fn wrong(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, why)
    }

    pub fn missing(why: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, why)
    }

    pub fn conflict(why: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, why)
    }

    pub fn refused(why: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, why)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = (status, Json(self)).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
        if status == StatusCode::UNAUTHORIZED {
            let how = HeaderValue::from_static("Bearer realm=\"earpiece\"");
            headers.insert(header::WWW_AUTHENTICATE, how);
        }
        answer
    }
}

impl From<NotLetIn> for Problem {
    fn from(NotLetIn { status, why }: NotLetIn) -> Self {
        Self::new(status, why)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a program was not answered");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The database did not answer. Try again in a moment.")
    }
}

impl From<Unread> for Problem {
    fn from(why: Unread) -> Self {
        match why {
            Unread::Wrong(why) => Self::wrong(why),
            Unread::Missing(why) => Self::missing(why),
            Unread::Store(error) => error.into(),
        }
    }
}

impl From<Unsent> for Problem {
    fn from(why: Unsent) -> Self {
        match why {
            Unsent::Wrong(why) => Self::refused(why),
            Unsent::MayNot(why) => Self::new(StatusCode::FORBIDDEN, why),
            Unsent::TooMany(why) => Self::new(StatusCode::TOO_MANY_REQUESTS, why),
            Unsent::Store(error) => error.into(),
        }
    }
}

impl From<NotMade> for Problem {
    fn from(why: NotMade) -> Self {
        match why {
            NotMade::Wrong((field, why)) => Self { field: Some(field.to_owned()), ..Self::refused(why) },
            NotMade::TooMany => Self::conflict(format!(
                "There are {MOST} already, and no more may be. Delete one that is not needed."
            )),
            NotMade::Store(error) => error.into(),
        }
    }
}

fn described(all: &[(&str, &str)]) -> BTreeMap<String, RefOr<Described>> {
    let one = |about: &str| {
        let schema = Ref::from_schema_name("Problem");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        RefOr::T(ResponseBuilder::new().description(about).content(KIND, content).build())
    };
    all.iter().map(|(status, about)| ((*status).to_owned(), one(about))).collect()
}

/// What any request may be answered.
pub struct Usual;

impl IntoResponses for Usual {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[
            ("400", "The request makes no sense."),
            ("401", "No token came, or none that is good."),
            ("403", "The token may only read, or the owner's settings forbid it."),
            ("429", "Too many requests; `Retry-After` says when to come again."),
        ])
    }
}

/// Likewise, where something is named by its id.
pub struct OrMissing;

impl IntoResponses for OrMissing {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[("404", "There is no such thing.")])
    }
}

/// Likewise, where something is to be done.
pub struct OrRefused;

impl IntoResponses for OrRefused {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[
            ("409", "It cannot be done as things are, or the same key is being used just now."),
            ("413", "The body is too large."),
            ("422", "It was understood, and cannot be done; or the key was used for something else."),
        ])
    }
}

/// Likewise, where the assistant is to answer.
pub struct OrUnanswered;

impl IntoResponses for OrUnanswered {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[
            ("502", "The engine did not answer."),
            ("503", "All lines are busy."),
            ("504", "The engine took too long."),
        ])
    }
}

/// Likewise, where a carrier is asked.
pub struct OrFailed;

impl IntoResponses for OrFailed {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(&[("502", "The carrier refused it.")])
    }
}
