//! The telephone companies' side of the wire, against a small server that does what each test wants, and against the
//! companies' own packages.

mod api;
mod function;
#[path = "../shared/program.rs"]
mod program;
#[path = "../shared/python.rs"]
mod python;
mod server;
mod stream;
mod turns;
mod vendor;

use sim::phone::{Account, Carrier, Dial};

const SECRET: &str = "PLIVOTOKEN0123456789abcdefghijklmnopqrst";

fn account(carrier: Carrier) -> Account {
    Account::new(carrier, SECRET)
}

/// A call to a server whose name is public, and whose address is this machine's.
fn dial(carrier: Carrier, server: &server::Server) -> Dial {
    Dial { connect_to: Some(server.address), ..Dial::of(carrier, "https://voice.example.com/incoming") }
}

/// So many milliseconds of a loud sound, as µ-law.
fn loud(ms: usize) -> Vec<u8> {
    (0..ms * 8).map(|i| if i / 8 % 2 == 0 { 0x10 } else { 0x90 }).collect()
}
