//! Deepgram Voice Agent, against the service's own schemas, examples and scenarios.

mod chaos;
mod examples;
mod failures;
mod interruptions;
mod replies;
mod rig;
mod scenarios;
mod session;
mod tools;
