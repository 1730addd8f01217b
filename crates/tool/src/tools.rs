//! The set of tools: who may use which, and what becomes of a request that makes no sense.

use crate::{
    Class, Errand, Progress, Ruling, Running, Shelf, Spec, Tool, Trust, Unfit,
    calendar::{self, Books},
    hands::MORE,
    mcp, memo,
};
use call::{Answer, ToolCall};
use jiff::tz::TimeZone;
use jsonschema::{
    ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::Poll,
};
use store::Store;
use when::Hours;

/// More than any assistant needs to say to a tool.
const LONGEST_ARGUMENTS: usize = 64 * 1024;

/// Where a caller may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// What the assistant calls it: `reception`.
    pub name: String,
    /// A number or SIP address, which the assistant never learns.
    pub address: String,
}

/// Everything the assistant can do, as it is at one moment.
pub struct Tools {
    offers: Vec<Arc<Offer>>,
    destinations: Vec<Destination>,
}

/// A tool as the owner sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub spec: Spec,
    pub class: Class,
    /// The least that it takes.
    pub trust: Trust,
    /// It came with the program.
    pub ours: bool,
}

/// A tool, and to whom it is offered.
#[derive(Clone)]
pub(crate) struct Offer {
    spec: Arc<Spec>,
    class: Class,
    trust: Trust,
    /// Nobody may use it for less.
    least: Trust,
    arguments: Arc<Validator>,
    /// None: the call decides it.
    tool: Option<Arc<dyn Tool>>,
}

impl Tools {
    /// Nothing but `hang_up` and, where there are destinations, `transfer`.
    pub fn new(destinations: Vec<Destination>) -> Self {
        let mut tools = Self { offers: Vec::new(), destinations };
        tools.offer(decided(hang_up()));
        if !tools.destinations.is_empty() {
            tools.offer(decided(transfer(&tools.destinations)));
        }
        tools
    }

    /// What there is without an account anywhere: the book of appointments, and taking a message, of which the owner is told
    /// so.
    pub fn standard(
        store: &Store,
        books: Arc<Books>,
        zone: TimeZone,
        hours: Hours,
        destinations: Vec<Destination>,
        telling: memo::Telling,
    ) -> Self {
        calendar::tools(books, zone, hours)
            .into_iter()
            .fold(Self::new(destinations), Self::with)
            .with(Box::new(memo::TakeMessage::new(store.clone(), telling)))
    }

    /// Adds a tool.
    ///
    /// # Panics
    ///
    /// Where its name is taken or its schema is none.
    #[must_use]
    pub fn with(mut self, tool: Box<dyn Tool>) -> Self {
        self.offer(Offer::of(tool.into(), Trust::Stranger));
        self
    }

    /// These and the tools of the shelves, as the owner rules. What has the name of one before it is left out.
    pub(crate) fn joined<'a>(
        &self,
        shelves: impl Iterator<Item = &'a Shelf>,
        rulings: &BTreeMap<String, Ruling>,
    ) -> Self {
        let mut taken = BTreeSet::new();
        let all = self.offers.iter().chain(shelves.flat_map(|shelf| &shelf.0));
        let mut offers: Vec<_> = all
            .filter(|offer| taken.insert(offer.name()))
            .filter_map(|offer| match rulings.get(offer.name()) {
                Some(ruling) if offer.tool.is_some() => offer.ruled(*ruling).map(Arc::new),
                Some(_) | None => Some(offer.clone()),
            })
            .collect();
        let foreign = offers.iter().filter(|offer| offer.is_foreign()).map(|offer| offer.trust).min();
        if let Some(trust) = foreign.filter(|_| !taken.contains(MORE)) {
            offers.push(Arc::new(more(trust)));
        }
        Self { offers, destinations: self.destinations.clone() }
    }

    /// The tools that somebody so trusted may use.
    pub fn specs_for(&self, trust: Trust) -> Vec<Spec> {
        self.offers
            .iter()
            .filter(|offer| trust >= offer.trust)
            .map(|offer| Spec::clone(&offer.spec))
            .collect()
    }

    /// How an engine's service may use the tool of this name by itself, and whether it is to ask before; none where it may not.
    pub fn hosted(&self, name: &str) -> Option<(mcp::Hosted<'_>, bool)> {
        let offer = self.offers.iter().find(|offer| offer.name() == name)?;
        let hosted = offer.hosted()?;
        Some((hosted, hosted.hosting.approval.asks(offer.class)))
    }

    /// The names to which a call may be transferred.
    pub fn destinations(&self) -> Vec<String> {
        self.destinations.iter().map(|destination| destination.name.clone()).collect()
    }

    /// The number or address behind the `to` of a `transfer`. Nothing else may ever be dialled: whoever talks to the
    /// assistant could name any number.
    pub fn destination(&self, to: &str) -> Option<&str> {
        let found = self.destinations.iter().find(|destination| destination.name == to)?;
        Some(&found.address)
    }

    /// The names of the tools that change something: what the caller says may decide about them.
    pub fn guarded(&self) -> BTreeSet<String> {
        let changes = |offer: &&Arc<Offer>| offer.tool.is_some() && offer.class != Class::Reads;
        self.offers.iter().filter(changes).map(|offer| offer.name().to_owned()).collect()
    }

    /// What using the tool of this name does to the world; none where there is no such tool.
    pub(crate) fn class(&self, name: &str) -> Option<Class> {
        self.offers.iter().find(|offer| offer.name() == name).map(|offer| offer.class())
    }

    /// What there is to be ruled on: everything but what the call itself decides.
    pub fn listed(&self) -> Vec<Listed> {
        let listed = |offer: &Arc<Offer>| Listed {
            spec: Spec::clone(&offer.spec),
            class: offer.class,
            trust: offer.trust,
            ours: offer.is_ours(),
        };
        self.offers.iter().filter(|offer| offer.tool.is_some()).map(listed).collect()
    }

    /// Runs a tool for somebody who knows what they do: the owner at a page, a program of theirs, the desk. In a call
    /// [`Hands`](crate::Hands) run it. What is unknown, not allowed or not understood is answered with a sentence that says
    /// so; so is a panic.
    pub async fn run(&self, call: &ToolCall, errand: &Errand) -> Answer {
        match self.ready(call, errand) {
            Ok((offer, arguments)) => offer.run(arguments, errand, None).await,
            Err(answer) => answer,
        }
    }

    /// A tool that may be run, and its arguments; or what to answer.
    pub(crate) fn ready(&self, call: &ToolCall, errand: &Errand) -> Result<(&Offer, Value), Answer> {
        let Some(offer) = self.offers.iter().find(|offer| offer.spec.name == call.name) else {
            return Err(Answer::failed("I have no such tool. I can only do what I was told of."));
        };
        if errand.trust < offer.trust {
            return Err(Answer::failed("I am not allowed to do that for this caller."));
        }
        let arguments = read(&call.arguments).and_then(|arguments| offer.checked(arguments));
        Ok((offer, arguments.map_err(Answer::failed)?))
    }

    fn offer(&mut self, offer: Result<Offer, Unfit>) {
        let offer = offer.unwrap_or_else(|unfit| panic!("{unfit}"));
        assert!(
            self.offers.iter().all(|other| other.name() != offer.name()),
            "two tools called {}",
            offer.name()
        );
        self.offers.push(Arc::new(offer));
    }
}

/// What the call itself decides.
fn decided(spec: Spec) -> Result<Offer, Unfit> {
    Offer::new(spec, Class::Writes, Trust::Stranger, Trust::Stranger, None)
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.offers.iter().map(|offer| &offer.spec.name)).finish()
    }
}

impl Offer {
    /// This tool, for nobody less than `least`.
    pub(crate) fn of(tool: Arc<dyn Tool>, least: Trust) -> Result<Self, Unfit> {
        Self::new(tool.spec(), tool.class(), tool.trust(), least, Some(tool))
    }

    fn new(
        spec: Spec,
        class: Class,
        trust: Trust,
        least: Trust,
        tool: Option<Arc<dyn Tool>>,
    ) -> Result<Self, Unfit> {
        let arguments = jsonschema::validator_for(&spec.parameters).map_err(|error| Unfit {
            name: spec.name.clone(),
            why: format!("its schema is none: {error}"),
        })?;
        let (spec, arguments) = (Arc::new(spec), Arc::new(arguments));
        Ok(Self { spec, class, trust: trust.max(least), least, arguments, tool })
    }

    pub(crate) fn name(&self) -> &str {
        &self.spec.name
    }

    pub(crate) fn class(&self) -> Class {
        self.class
    }

    /// Its answers are words of others.
    pub(crate) fn is_foreign(&self) -> bool {
        self.tool.as_ref().is_some_and(|tool| tool.is_foreign())
    }

    pub(crate) fn hosted(&self) -> Option<mcp::Hosted<'_>> {
        self.tool.as_ref().and_then(|tool| tool.hosted())
    }

    /// It is no tool of a shelf.
    pub(crate) fn is_ours(&self) -> bool {
        self.least == Trust::Stranger
    }

    /// Whether the schema lists this among what the argument may be.
    pub(crate) fn is_choice(&self, argument: &str, value: &str) -> bool {
        let choices = self.spec.parameters["properties"][argument]["enum"].as_array();
        choices.is_some_and(|choices| choices.iter().any(|choice| choice == value))
    }

    pub(crate) async fn run(&self, arguments: Value, errand: &Errand, progress: Option<Progress>) -> Answer {
        match (&self.tool, progress) {
            (Some(tool), None) => survived(self.name(), tool.run(arguments, errand)).await,
            (Some(tool), Some(progress)) => {
                survived(self.name(), tool.run_reporting(arguments, errand, progress)).await
            }
            (None, _) => Answer::failed("That is decided in the call itself."),
        }
    }

    /// The same as the owner rules; none where nobody is to have it.
    fn ruled(&self, ruling: Ruling) -> Option<Self> {
        let class = ruling.class.unwrap_or(self.class);
        let trust = ruling.trust.unwrap_or(self.trust).max(self.least);
        (!ruling.off).then(|| Self { class, trust, ..self.clone() })
    }

    fn checked(&self, arguments: Value) -> Result<Value, String> {
        let wrong = self.arguments.iter_errors(&arguments).next().map(|error| explain(&error));
        wrong.map_or(Ok(arguments), Err)
    }
}

fn read(arguments: &str) -> Result<Value, String> {
    if arguments.len() > LONGEST_ARGUMENTS {
        return Err("That is too much at once. Please put it in fewer words.".into());
    }
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    match serde_json::from_str(arguments) {
        Ok(Value::Object(mut named)) => {
            // Models write null for what they leave out.
            named.retain(|_, value| !value.is_null());
            Ok(Value::Object(named))
        }
        Ok(_) | Err(_) => Err("I could not read the details. They must be one JSON object.".into()),
    }
}

/// What is wrong with the arguments, in a sentence that names the argument but not what was in it.
fn explain(error: &ValidationError<'_>) -> String {
    let path = error.instance_path().to_string();
    let field = match path.trim_start_matches('/').split('/').next().unwrap_or_default() {
        "" => "what I was given".to_owned(),
        field => format!("the {}", spoken(field)),
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("Something is missing for that: {}.", spoken(property.as_str().unwrap_or("an argument")))
        }
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => {
            format!("That did not work: I need a {kind} for {field}.")
        }
        ValidationErrorKind::MaxItems { limit } => {
            let most = when::name_number(u32::try_from(*limit).unwrap_or(u32::MAX));
            format!("That is too much for {field}: I can take {most} at most.")
        }
        ValidationErrorKind::MaxLength { .. } => {
            format!("That did not work: I was given too many words for {field}.")
        }
        ValidationErrorKind::MinLength { .. } | ValidationErrorKind::MinItems { .. } => {
            format!("That did not work: I was given nothing for {field}.")
        }
        ValidationErrorKind::Enum { options } => {
            format!("That did not work: what I was given for {field} must be one of {options}.")
        }
        _ => format!("That did not work: what I was given for {field} is not as I need it."),
    }
}

/// An argument's name as one can say it.
pub(crate) fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// The tool's answer, or one that says that it crashed.
async fn survived(name: &str, mut running: Running<'_>) -> Answer {
    poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))).unwrap_or_else(|_| {
            tracing::error!(tool = name, "a tool panicked");
            Poll::Ready(Answer::failed("Something went wrong on my side. That was not done."))
        })
    })
    .await
}

fn hang_up() -> Spec {
    Spec {
        name: "hang_up".into(),
        description: "Ends the call after what you have said is heard. Say goodbye first.".into(),
        parameters: json!({"type": "object", "properties": {}}).into(),
    }
}

/// What goes on with a long answer, for those who may have one.
fn more(trust: Trust) -> Offer {
    let spec = Spec {
        name: MORE.into(),
        description:
            "Goes on with the last answer of a tool that was too long to be said at once. Ask the caller \
                      whether they want to hear more first."
                .into(),
        parameters: json!({"type": "object", "properties": {}}).into(),
    };
    Offer::new(spec, Class::Reads, trust, trust, None).expect("its schema is a schema")
}

fn transfer(destinations: &[Destination]) -> Spec {
    let names: Vec<&str> = destinations.iter().map(|destination| destination.name.as_str()).collect();
    Spec {
        name: "transfer".into(),
        description: "Connects the caller to somebody else and leaves the call. Tell the caller first."
            .into(),
        parameters: json!({
            "type": "object",
            "properties": {
                "to": {"type": "string", "enum": names, "description": "Whom to connect the caller to."},
                "reason": {
                    "type": "string", "maxLength": 300,
                    "description": "One sentence for whoever takes the call: who is calling, and why.",
                },
            },
            "required": ["to"],
        })
        .into(),
    }
}
