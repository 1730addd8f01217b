//! OpenAI Realtime, against the service's own schemas, examples and scenarios.

#[path = "../shared/mutation.rs"]
mod mutation;
#[path = "../shared/offline.rs"]
mod offline;
#[path = "../shared/brief.rs"]
mod plain;
#[path = "../shared/validators.rs"]
mod validators;

mod chaos;
mod examples;
mod failures;
mod hosted;
mod interruptions;
mod languages;
mod model;
mod replies;
mod rig;
mod scenarios;
mod session;
mod tools;
mod transcripts;
