//! Which method a request asks, and whether its query is one that the method knows.

use super::{
    answer::{Refusal, decode_segment},
    schema,
};
use crate::http::{self, Request};

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    FreeBusyQuery,
    EventsInsert,
    EventsGet,
    EventsPatch,
    EventsUpdate,
    EventsDelete,
    EventsList,
    EventsInstances,
    CalendarListList,
    CalendarListGet,
    CalendarsGet,
    SettingsGet,
    /// The consent page.
    Authorize,
    Token,
    Revoke,
}

/// A question to the calendar, read.
#[derive(Debug)]
pub(super) struct Asked {
    /// The parameters of the path, in order.
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    /// The selection of fields, where there is one.
    pub fields: Option<String>,
}

impl Method {
    /// The method's id in the discovery document, without `calendar.`.
    pub fn id(self) -> &'static str {
        match self {
            Self::FreeBusyQuery => "freebusy.query",
            Self::EventsInsert => "events.insert",
            Self::EventsGet => "events.get",
            Self::EventsPatch => "events.patch",
            Self::EventsUpdate => "events.update",
            Self::EventsDelete => "events.delete",
            Self::EventsList => "events.list",
            Self::EventsInstances => "events.instances",
            Self::CalendarListList => "calendarList.list",
            Self::CalendarListGet => "calendarList.get",
            Self::CalendarsGet => "calendars.get",
            Self::SettingsGet => "settings.get",
            Self::Authorize => "oauth.authorize",
            Self::Token => "oauth.token",
            Self::Revoke => "oauth.revoke",
        }
    }

    /// The method that has this verb and path.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let path = request.target.split('?').next().unwrap_or_default();
        let verb = request.method.as_str();
        match (verb, path) {
            // Files that Google's console gives out still name the older address.
            ("GET", "/o/oauth2/v2/auth" | "/o/oauth2/auth") => return Some(Self::Authorize),
            ("POST", "/token") => return Some(Self::Token),
            ("POST", "/revoke") => return Some(Self::Revoke),
            _ => {}
        }
        let parts: Vec<&str> = path.strip_prefix("/calendar/v3/")?.split('/').collect();
        Some(match (verb, parts.as_slice()) {
            ("POST", ["freeBusy"]) => Self::FreeBusyQuery,
            ("POST", ["calendars", _, "events"]) => Self::EventsInsert,
            ("GET", ["calendars", _, "events"]) => Self::EventsList,
            ("GET", ["calendars", _, "events", _]) => Self::EventsGet,
            ("PATCH", ["calendars", _, "events", _]) => Self::EventsPatch,
            ("PUT", ["calendars", _, "events", _]) => Self::EventsUpdate,
            ("DELETE", ["calendars", _, "events", _]) => Self::EventsDelete,
            ("GET", ["calendars", _, "events", _, "instances"]) => Self::EventsInstances,
            ("GET", ["users", "me", "calendarList"]) => Self::CalendarListList,
            ("GET", ["users", "me", "calendarList", _]) => Self::CalendarListGet,
            ("GET", ["calendars", _]) => Self::CalendarsGet,
            ("GET", ["users", "me", "settings", _]) => Self::SettingsGet,
            _ => return None,
        })
    }

    /// Where in the path the parameters are, behind `/calendar/v3/`.
    fn places(self) -> &'static [usize] {
        match self {
            Self::FreeBusyQuery | Self::CalendarListList | Self::Authorize | Self::Token | Self::Revoke => {
                &[]
            }
            Self::EventsInsert | Self::EventsList | Self::CalendarsGet => &[1],
            Self::EventsGet
            | Self::EventsPatch
            | Self::EventsUpdate
            | Self::EventsDelete
            | Self::EventsInstances => &[1, 3],
            Self::CalendarListGet | Self::SettingsGet => &[3],
        }
    }
}

impl Asked {
    /// Reads path and query; refuses what the method does not know.
    pub fn read(method: Method, request: &Request) -> Result<Self, Refusal> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let parts: Vec<&str> = path.trim_start_matches("/calendar/v3/").split('/').collect();
        let parameters = method.places().iter().map(|place| decode_segment(parts[*place]));
        let path = parameters.collect::<Result<Vec<_>, _>>().map_err(Refusal::strict)?;
        if path.iter().any(String::is_empty) {
            return Err(Refusal::not_found());
        }
        let mut asked = Self { path, query: Vec::new(), fields: None };
        let known = &schema::of(method)["parameters"];
        for (name, value) in http::read_form(query).map_err(Refusal::strict)? {
            let parameter = &known[&name];
            if parameter["location"] != "query" {
                asked.take_common(&name, value)?;
                continue;
            }
            let wrong = || Refusal::invalid(format!("Invalid value '{value}'.")).at("parameter", &name);
            let fits = match parameter["type"].as_str() {
                Some("boolean") => matches!(value.as_str(), "true" | "false"),
                Some("integer") => value.parse::<u32>().is_ok_and(|number| {
                    let bound = |name: &str| parameter[name].as_str().and_then(|b| b.parse::<u32>().ok());
                    bound("minimum").is_none_or(|least| number >= least)
                        && bound("maximum").is_none_or(|most| number <= most)
                }),
                _ => parameter["enum"].as_array().is_none_or(|all| all.iter().any(|one| *one == *value)),
            };
            if !fits || value.is_empty() {
                return Err(wrong());
            }
            if parameter["repeated"] != true && asked.get(&name).is_some() {
                return Err(Refusal::strict(format!("The parameter {name} is given twice.")));
            }
            asked.query.push((name, value));
        }
        Ok(asked)
    }

    /// The parameter of the query of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// The parameters that every method has.
    fn take_common(&mut self, name: &str, value: String) -> Result<(), Refusal> {
        match name {
            "alt" if value == "json" => {}
            "prettyPrint" if matches!(value.as_str(), "true" | "false") => {}
            "key" => {}
            "quotaUser" if (1..=40).contains(&value.len()) => {}
            "fields" if self.fields.is_none() => self.fields = Some(value),
            "alt" | "prettyPrint" | "quotaUser" | "fields" => {
                return Err(Refusal::invalid(format!("Invalid value '{value}'.")).at("parameter", name));
            }
            _ => {
                let message = format!("Unknown name \"{name}\": Cannot bind query parameter.");
                return Err(Refusal::strict(message).at("parameter", name));
            }
        }
        Ok(())
    }
}
