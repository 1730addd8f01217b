//! OpenAI Live, spoken without a network: every message that we send is held to the service's schemas.

#[path = "../shared/closing.rs"]
mod closing;
#[path = "../shared/offline.rs"]
mod offline;
#[path = "../shared/brief.rs"]
mod plain;
#[path = "../shared/validators.rs"]
mod validators;

mod chaos;
mod clock;
mod examples;
mod failures;
mod floor;
mod languages;
mod rig;
mod session;
mod tools;
mod words;
