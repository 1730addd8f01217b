//! What the API says of itself: an `OpenAPI` 3.1 document, made from the types and handlers.

use super::{appointments, calls, hooks, house, people, problem::Problem, voice};
use utoipa::{
    OpenApi,
    openapi::{
        OpenApi as Document, Server,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Earpiece",
        description = "What the owner's programs may read and do. They send a token that is made on the page Programs: \
                       `Authorization: Bearer ep_…`. Lists come in pages: while there is a `next_cursor`, ask again with it. \
                       A POST with an `Idempotency-Key` is done once, however often it is sent within a day. Refusals are \
                       problem details (RFC 9457). The headers `RateLimit-Limit`, `RateLimit-Remaining` and \
                       `RateLimit-Reset` tell how often a program may still come.",
    ),
    paths(
        calls::list,
        calls::one,
        calls::transcript,
        calls::notes,
        calls::place,
        calls::end,
        voice::say,
        appointments::list,
        appointments::one,
        appointments::create,
        appointments::change,
        appointments::cancel,
        people::callers,
        people::caller,
        people::messages,
        people::done,
        people::texts,
        people::send,
        house::assistants,
        house::settings,
        hooks::list,
        hooks::one,
        hooks::make,
        hooks::change,
        hooks::remove,
        hooks::test,
        hooks::deliveries,
        hooks::send_again,
    ),
    components(schemas(Problem))
)]
struct Described;

/// All of it.
pub fn document() -> Document {
    let mut document = Described::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").into();
    document.servers = Some(vec![Server::new("/api/v1")]);
    let token =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token of the page Programs."));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    document.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    document
}

/// One thing that a program may ask, for a person to read.
pub struct Operation {
    /// What it is about.
    pub tag: String,
    pub method: String,
    /// With `/api/v1` before.
    pub path: String,
    pub title: String,
    pub about: String,
}

/// All that a program may ask, in the document's order of addresses.
pub fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(document()).expect("a document is JSON");
    let paths = document["paths"].as_object().into_iter().flatten();
    let each = |(path, item): (&String, &serde_json::Value)| {
        let path = path.clone();
        let item = item.as_object().cloned().unwrap_or_default();
        item.into_iter().filter(|(_, one)| one["responses"].is_object()).map(move |(method, one)| Operation {
            tag: one["tags"][0].as_str().unwrap_or_default().to_owned(),
            method: method.to_uppercase(),
            path: format!("/api/v1{path}"),
            title: one["summary"].as_str().unwrap_or_default().to_owned(),
            about: one["description"].as_str().unwrap_or_default().to_owned(),
        })
    };
    paths.flat_map(each).collect()
}
