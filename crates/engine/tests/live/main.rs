//! OpenAI Live, spoken without a network: every message that we send is held to the service's schemas.

mod chaos;
mod clock;
mod examples;
mod failures;
mod floor;
mod rig;
mod session;
mod tools;
mod words;
