//! One tool of a server, as the assistant uses it.

use super::{
    Hosted, answer,
    fault::Fault,
    listing::Listed,
    server::{Known, Server},
};
use crate::{Class, Errand, Progress, Running, Spec, Tool, Trust, guessed};
use call::Answer;
use serde_json::Value;
use std::sync::Arc;

/// The tools that a server is known to have.
pub fn tools(server: &Arc<Server>, known: &Known) -> Vec<Arc<dyn Tool>> {
    let tool = |listed: &Listed| -> Arc<dyn Tool> {
        Arc::new(Remote { server: server.clone(), listed: listed.clone() })
    };
    known.listing.tools.iter().map(tool).collect()
}

struct Remote {
    server: Arc<Server>,
    listed: Listed,
}

impl Tool for Remote {
    fn spec(&self) -> Spec {
        Spec {
            name: self.listed.name.clone(),
            description: self.listed.description.as_str().into(),
            parameters: self.listed.schema.clone().into(),
        }
    }

    fn trust(&self) -> Trust {
        self.server.settings.trust
    }

    fn class(&self) -> Class {
        guessed(&self.listed.original, self.listed.hints())
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn hosted(&self) -> Option<Hosted<'_>> {
        let (server, tool) = (&self.server.settings, self.listed.original.as_str());
        // What the owner has signed in to is ours to use: what we were given there is not handed on.
        let own = self.server.wallet().is_some_and(|wallet| wallet.holds_grant());
        server.hosted.as_ref().filter(|_| !own).map(|hosting| Hosted { server, hosting, tool })
    }

    fn run<'a>(&'a self, arguments: Value, errand: &'a Errand) -> Running<'a> {
        Box::pin(self.ask(arguments, errand, None))
    }

    fn run_reporting<'a>(&'a self, arguments: Value, errand: &'a Errand, progress: Progress) -> Running<'a> {
        Box::pin(self.ask(arguments, errand, Some(progress)))
    }
}

impl Remote {
    async fn ask(&self, arguments: Value, errand: &Errand, progress: Option<Progress>) -> Answer {
        let Value::Object(arguments) = arguments else {
            return Answer::failed("I could not read the details.");
        };
        let reads = self.class() == Class::Reads;
        let name = &self.server.settings.name;
        match self.server.call(&self.listed.original, arguments, reads, progress).await {
            Ok(result) => answer::read(&result),
            Err(fault) => {
                tracing::warn!(call = errand.call_id, server = name, tool = self.listed.original, %fault, "a tool failed");
                Answer::failed(said(name, &fault, reads))
            }
        }
    }
}

/// What the caller is told; never the server's own words, which nobody has looked at.
fn said(server: &str, fault: &Fault, reads: bool) -> String {
    let undone = if reads {
        ""
    } else {
        " I do not know whether that was done; please look there before you ask again."
    };
    match fault {
        Fault::Unreachable(_) => format!("{server} cannot be reached at the moment.{undone}"),
        Fault::TimedOut => format!("{server} takes too long.{undone}"),
        Fault::SignIn(_) => {
            format!("{server} does not let me in any more. My owner has to connect it again.")
        }
        Fault::Forbidden(_) => format!("{server} does not allow me to do that."),
        Fault::Refused(why) => format!("{server} refuses that: {why}"),
        Fault::Nonsense(_) => format!("What {server} answered makes no sense to me.{undone}"),
    }
}
