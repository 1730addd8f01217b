//! What goes wrong between a server and us, told from what its tools say.

use super::schema::tidy;
use rmcp::{
    ServiceError,
    service::ClientInitializeError,
    transport::streamable_http_client::{AuthRequiredError, HttpStatusError, InsufficientScopeError},
};
use std::error::Error;

/// The longest explanation, in bytes: some servers answer with pages.
const LONGEST: usize = 300;

/// Why a server cannot be used, or did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no connection, or it broke off.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It wants to know who asks, or does not believe it; with what it says of how to sign in.
    #[error("it wants a login that it accepts")]
    SignIn(String),
    /// Whoever asks may not.
    #[error("it does not allow that: {0}")]
    Forbidden(String),
    /// It understood, and refuses.
    #[error("it refuses: {0}")]
    Refused(String),
    #[error("it takes too long")]
    TimedOut,
    /// What it says is not as the protocol has it.
    #[error("what it answers makes no sense: {0}")]
    Nonsense(String),
}

impl Fault {
    #[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
    pub(super) fn unreachable(why: impl ToString) -> Self {
        Fault::Unreachable(tidy(&why.to_string(), LONGEST))
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
    pub(super) fn nonsense(why: impl ToString) -> Self {
        Fault::Nonsense(tidy(&why.to_string(), LONGEST))
    }

    /// Whether the connection is of no use any more.
    pub(super) fn is_of_the_connection(&self) -> bool {
        match self {
            Fault::Unreachable(_) | Fault::SignIn(_) | Fault::TimedOut => true,
            Fault::Forbidden(_) | Fault::Refused(_) | Fault::Nonsense(_) => false,
        }
    }

    /// Whether it is certain that what was asked for was not begun.
    pub(super) fn is_before_anything(&self) -> bool {
        matches!(self, Fault::SignIn(_) | Fault::Forbidden(_))
    }

    /// Where no session came about.
    pub(super) fn opening(error: &ClientInitializeError) -> Self {
        match error {
            ClientInitializeError::LegacyFallbackFailed { discover, fallback } => {
                match (Fault::opening(discover), Fault::opening(fallback)) {
                    (sign_in @ Fault::SignIn(_), _) => sign_in,
                    (_, fault) => fault,
                }
            }
            ClientInitializeError::TransportError { error, .. } => Fault::within(error.error.as_ref()),
            ClientInitializeError::JsonRpcError(data) => Fault::Refused(tidy(&data.message, LONGEST)),
            ClientInitializeError::ConnectionClosed(_) => {
                Fault::unreachable("it closed the connection at once")
            }
            other => Fault::nonsense(other),
        }
    }

    /// Where a request failed.
    pub(super) fn asking(error: &ServiceError) -> Self {
        match error {
            ServiceError::McpError(data) => Fault::Refused(tidy(&data.message, LONGEST)),
            ServiceError::TransportSend(error) => Fault::within(error.error.as_ref()),
            ServiceError::TransportClosed => Fault::unreachable("the connection broke off"),
            ServiceError::Timeout { .. } => Fault::TimedOut,
            other => Fault::nonsense(other),
        }
    }

    fn within(error: &(dyn Error + 'static)) -> Self {
        let mut whole = String::new();
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(refused) = error.downcast_ref::<AuthRequiredError>() {
                return Fault::SignIn(tidy(&refused.www_authenticate_header, 2_000));
            }
            if let Some(refused) = error.downcast_ref::<InsufficientScopeError>() {
                return Fault::Forbidden(tidy(&refused.www_authenticate_header, LONGEST));
            }
            if let Some(status) = error.downcast_ref::<HttpStatusError>() {
                return Fault::unreachable(status);
            }
            let said = error.to_string();
            if !whole.contains(&said) {
                whole = if whole.is_empty() { said } else { format!("{whole}: {said}") };
            }
            next = error.source();
        }
        Fault::unreachable(whole)
    }
}
