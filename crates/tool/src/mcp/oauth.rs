//! The owner's consent to use a server in their name: OAuth 2.1 with discovery, as the protocol's revisions from
//! 2025-03-26 to 2026-07-28 have it (RFC 9728, 8414, 7591, 7636, 8707).
//!
//! ```text
//!   challenge of the server ─► discover.rs ─► who signs people in for it, and where
//!                                  │ register.rs: who we are, there
//!                                  ▼
//!   consent.rs: the owner goes there and comes back ─► a Grant ─► wallet.rs: its token, renewed
//! ```
//!
//! Nothing here is followed to another address than the one that was asked, everything is read within bounds, and
//! secrets only go where the metadata of the very issuer says.

mod consent;
mod discover;
mod read;
mod wallet;

pub use consent::{Asked, Client, Started, finish, returned, start};
pub use discover::{Issuer, discover};
pub use wallet::{Grant, Keep, Wallet};

/// Why a consent did not come about, in a sentence for the owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

fn unusable(why: impl Into<String>) -> Unusable {
    Unusable(why.into())
}
