//! A house: what its user sees of it in a browser. A page is a file here and a template of the same name.
//!
//! Every page is whole without a script, is never cached, and says nothing to a visitor who is not logged in. To add
//! one: `pages/<page>.rs` with a handler that takes a [`User`], `templates/<page>.html` that extends `base.html` and is
//! made of what the head of `assets/style.css` lists, a line in [`of_a_house`], and one in `around.rs` where it is to be found
//! from every page.
//!
//! [`User`]: crate::guard::session::User

mod appointment;
mod appointments;
mod around;
mod assets;
mod assistants;
mod audit;
mod away;
mod calendars;
mod call;
mod caller;
mod callers;
mod calls;
mod carriers;
mod dashboard;
mod field;
mod forgot;
mod home;
mod live;
mod login;
mod messages;
mod origin;
mod outbox;
mod own_tools;
mod phone;
mod profile;
mod programs;
mod refusals;
mod register;
mod servers;
mod settings;
pub mod timeline;
mod times;
mod tools;
mod users;
mod webhooks;
pub mod welcome;

pub(crate) use calls::{told as ending, who};

use crate::{api, app::App, router::LARGEST_BODY, saved::NotSaved};
use askama::Template;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use std::sync::Arc;
use store::StoreError;
use tower_http::{
    compression::CompressionLayer, csrf::CsrfLayer, limit::RequestBodyLimitLayer,
    set_header::SetResponseHeaderLayer,
};

/// The pages that are the installation's: who its users are, and how they come in. What stands here is the same whoever asks,
/// or about themselves; whatever is about somebody's telephone stands in [`of_a_house`].
pub fn of_the_installation(app: &Arc<App>) -> Router<Arc<App>> {
    let uploads = Router::new()
        .route("/profile/picture", get(profile::picture::own).post(profile::picture::set))
        .layer(DefaultBodyLimit::max(profile::picture::LARGEST + LARGEST_BODY));
    let pages = Router::new()
        .route("/", get(home::home))
        .route("/welcome/{token}", get(welcome::show).post(welcome::enter))
        .route("/login", get(login::show).post(login::enter))
        .route("/login/code", post(login::code))
        .route("/logout", post(login::log_out))
        .route("/register", get(register::show).post(register::ask))
        .route("/register/{token}", get(register::invited).post(register::join))
        .route("/forgot", get(forgot::show).post(forgot::ask))
        .route("/reset/{token}", get(forgot::choose).post(forgot::reset))
        .route("/profile", get(profile::show).post(profile::change))
        .route("/profile/password", post(profile::change_password))
        .route("/profile/factor", post(profile::factor::begin))
        .route("/profile/factor/prove", post(profile::factor::prove))
        .route("/profile/factor/codes", post(profile::factor::renew))
        .route("/profile/factor/off", post(profile::factor::off))
        .route("/profile/picture/remove", post(profile::picture::remove))
        .route("/profile/sessions/end", post(profile::end_sessions))
        .route("/profile/sessions/{session}/end", post(profile::end_session))
        .route("/users", get(users::users))
        .route("/users/invite", post(users::invite))
        .route("/users/invitations/{id}/withdraw", post(users::withdraw))
        .route("/users/{id}/role", post(users::role))
        .route("/users/{id}/disable", post(users::disable))
        .route("/users/{id}/enable", post(users::enable))
        .route("/users/{id}/remove", post(users::remove))
        .route("/users/{id}/link", post(users::link))
        .route("/users/{id}/picture", get(profile::picture::of))
        .route("/audit", get(audit::audit))
        .route("/assets/{file}", get(assets::file))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .merge(uploads);
    guarded(app, pages)
}

/// The pages of one user's house.
pub fn of_a_house(app: &Arc<App>) -> Router<Arc<App>> {
    let pages = Router::new()
        .route("/dashboard", get(dashboard::dashboard))
        .route("/dashboard/live", get(dashboard::live))
        .route("/dashboard/stats", get(dashboard::stats))
        .route("/refusals", get(refusals::refusals))
        .route("/refusals/forget", post(refusals::forget))
        .route("/calls", get(calls::calls).post(calls::place))
        .route("/calls/{id}", get(call::call))
        .route("/calls/{id}/delete", post(call::delete))
        .route("/calls/{id}/export", get(call::export))
        .route("/calls/{id}/recording.wav", get(call::recording))
        .route("/calls/{id}/recording/delete", post(call::delete_recording))
        .route("/calls/{id}/live", get(live::live))
        .route("/calls/{id}/live/notes", get(live::notes))
        .route("/calls/{id}/end", post(live::end))
        .route("/callers", get(callers::callers).post(callers::add))
        .route("/callers/{number}", get(caller::caller).post(caller::decide))
        .route("/callers/{number}/text", post(caller::text))
        .route("/callers/{number}/pin", post(caller::let_try))
        .route("/callers/{number}/memory", post(caller::forget_memory))
        .route("/callers/{number}/forget", get(caller::ask_to_forget).post(caller::forget))
        .route("/assistants", get(assistants::assistants).post(assistants::add))
        .route("/assistants/{which}", get(assistants::assistant).post(assistants::save))
        .route("/assistants/{which}/try", post(assistants::try_out))
        .route("/assistants/{which}/say", post(assistants::say))
        .route("/assistants/{which}/remove", post(assistants::remove))
        .route("/messages", get(messages::messages))
        .route("/messages/{id}/done", post(messages::done))
        .route("/messages/{id}/voicemail.wav", get(messages::sound))
        .route("/appointments", get(appointments::appointments).post(appointments::new::book))
        .route("/appointments/new", get(appointments::new::blank))
        .route("/appointments/{id}", get(appointment::appointment))
        .route("/appointments/{id}/move", post(appointment::shift))
        .route("/appointments/{id}/cancel", post(appointment::cancel))
        .route("/appointments/{id}/confirm", post(appointment::confirm))
        .route("/appointments/{id}/undo/{change}", post(appointment::undo))
        .route("/outbox", get(outbox::outbox))
        .route("/programs", get(programs::programs).post(programs::make))
        .route("/programs/{id}/revoke", post(programs::revoke))
        .route("/outbox/{id}/retry", post(outbox::retry))
        .route("/calendars", get(calendars::calendars))
        .route("/calendars/caldav", post(calendars::connect_caldav))
        .route("/calendars/google/start", post(calendars::google_start))
        .route("/calendars/google/callback", get(calendars::google_back))
        .route("/calendars/google/upload", post(calendars::google_upload))
        .route("/api/settings/google-auth", post(calendars::google_start))
        .route("/api/settings/upload-file", post(calendars::google_upload))
        .route("/carriers", get(carriers::carriers))
        .route("/phone", get(phone::phone))
        .route("/phone/call", post(phone::call))
        .route("/phone/links", post(phone::make_link))
        .route("/phone/links/{id}/end", post(phone::end_link))
        .route("/talk/{token}", get(phone::talk))
        .route("/talk/{token}/call", post(phone::talk_call))
        .route("/carriers/{carrier}/test", post(carriers::test))
        .route("/carriers/{carrier}/numbers", post(carriers::numbers))
        .route("/carriers/{carrier}/connect", post(carriers::connect))
        .route("/carriers/{carrier}/undo", post(carriers::undo))
        .route("/calendars/feed", post(calendars::make_feed))
        .route("/calendars/feed/close", post(calendars::close_feed))
        .route("/calendars/accounts/{id}/add", post(calendars::add_google))
        .route("/calendars/accounts/{id}/forget", post(calendars::forget))
        .route("/calendars/{id}/reads", post(calendars::reads))
        .route("/calendars/{id}/writes", post(calendars::writes))
        .route("/calendars/{id}/test", post(calendars::test))
        .route("/servers", get(servers::servers).post(servers::save))
        .route("/servers/{name}/remove", post(servers::remove))
        .route("/servers/callback", get(servers::back))
        .route("/servers/{name}/test", post(servers::test))
        .route("/servers/{name}/connect", post(servers::connect))
        .route("/feeds/{file}", get(calendars::feed))
        .route("/tools", get(tools::tools))
        .route("/tools/new", get(own_tools::new).post(own_tools::save))
        .route("/tools/secrets", post(own_tools::keep_secret))
        .route("/tools/secrets/{name}/forget", post(own_tools::forget_secret))
        .route("/tools/{name}/edit", get(own_tools::edit))
        .route("/tools/{name}/delete", post(own_tools::delete))
        .route("/tools/{name}", get(tools::tool).post(tools::rule))
        .route("/tools/{name}/try", post(tools::try_out))
        .route("/settings", get(settings::settings))
        .route("/users/settings", get(settings::settings))
        .route("/settings/{section}", get(settings::section).post(settings::save))
        .route("/settings/{section}/test", post(settings::test))
        .route("/settings/engines/test", post(settings::try_engines))
        .merge(api::calendar::router())
        .merge(api::phone::router())
        .merge(api::settings::router())
        .merge(api::v1::router(app))
        .route("/api", get(programs::reference))
        .route("/webhooks", get(webhooks::webhooks).post(webhooks::make))
        .route("/webhooks/{id}", get(webhooks::webhook).post(webhooks::change))
        .route("/webhooks/{id}/test", post(webhooks::test))
        .route("/webhooks/{id}/delete", post(webhooks::delete))
        .route("/webhooks/{id}/deliveries/{delivery}", post(webhooks::send_again))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY))
        .merge(api::v1::with_files(app))
        .fallback(nowhere);
    guarded(app, pages)
}

/// Whatever changes something must come from a page of ours, and every answer forbids the browser everything that these pages
/// do not need.
fn guarded(app: &App, pages: Router<Arc<App>>) -> Router<Arc<App>> {
    let mut same_origin = CsrfLayer::new();
    if let Some(origin) = app.config.get().server.public_url.as_deref().map(carrier::address::origin) {
        same_origin =
            same_origin.add_trusted_origin(origin).expect("PUBLIC_URL was understood, so its origin is one");
    }
    let pages = pages
        .layer(same_origin)
        // A secret could be guessed at by how well a page is compressed that also holds words of a stranger's, and that they
        // can have asked for again and again. But pages with a secret answer a POST, which comes from a page of ours alone,
        // and a form's token is another one each time.
        .layer(CompressionLayer::new().gzip(true));
    HEADERS.iter().fold(pages, |pages, &(name, value)| {
        let name = HeaderName::from_static(name);
        pages.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)))
    })
}

/// Code, pictures, sound and connections of this house alone, nothing inline; no frames, no fonts. The referrer stays within the house; with none at all,
/// browsers would also withhold the origin that state changes are checked by.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; \
         connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(self)"),
    ("cache-control", "no-store"),
];

/// Why a page cannot be shown, as the visitor is told.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    title: &'static str,
    text: String,
}

impl Failure {
    pub fn not_found() -> Self {
        let text =
            "There is nothing at this address. It may have been mistyped, or what was here is gone.".into();
        Self { status: StatusCode::NOT_FOUND, title: "Nothing here", text }
    }

    /// `why` is a sentence.
    pub fn unavailable(why: &str) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, title: "Not now", text: why.to_owned() }
    }

    /// `why` is a sentence.
    pub fn forbidden(why: &str) -> Self {
        Self { status: StatusCode::FORBIDDEN, title: "Not allowed", text: why.to_owned() }
    }

    /// `why` is a sentence.
    pub fn bad_request(why: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, title: "That was not understood", text: why.to_owned() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a page could not be made");
        let text = "The database did not answer. The log says more; please try again in a moment.".into();
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, title: "Something went wrong", text }
    }
}

impl From<NotSaved> for Failure {
    fn from(error: NotSaved) -> Self {
        match error {
            NotSaved::Store(error) => error.into(),
            error @ (NotSaved::Config(_) | NotSaved::NotOffered(_)) => {
                Self::bad_request(&format!("{error}."))
            }
        }
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    frame: Frame,
    title: &'static str,
    text: String,
    /// Something that was typed could be typed otherwise.
    typed: bool,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let typed = self.status == StatusCode::BAD_REQUEST;
        let page = FailurePage { frame: Frame::outside(), title: self.title, text: self.text, typed };
        (self.status, shown(&page)).into_response()
    }
}

/// What somebody is told who has nothing to fill in.
#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage {
    frame: Frame,
    title: &'static str,
    text: String,
    /// Where they can go on: an address, and what is said of it.
    link: Option<(&'static str, &'static str)>,
}

/// What `base.html` needs to know.
struct Frame {
    /// Shows the way around.
    inside: bool,
    /// Which entry of the way around this is.
    here: &'static str,
}

impl Frame {
    fn inside(here: &'static str) -> Self {
        Self { inside: true, here }
    }

    fn outside() -> Self {
        Self { inside: false, here: "" }
    }

    #[expect(clippy::unused_self, reason = "templates call what they need by their frame")]
    fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    #[expect(clippy::unused_self, reason = "templates call what they need by their frame")]
    fn around(&self) -> &'static [around::Group] {
        &around::GROUPS
    }

    #[expect(clippy::unused_self, reason = "templates call what they need by their frame")]
    fn account(&self) -> &'static [around::Way] {
        &around::ACCOUNT
    }

    /// This is one of the pages about whoever is logged in.
    fn at_account(&self) -> bool {
        around::ACCOUNT.iter().any(|way| way.here == self.here)
    }
}

fn shown(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Shows a form again, with what is wrong with it beside its fields.
fn shown_again(page: &impl Template) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, shown(page)).into_response()
}

/// A text as one part of an address, in its path or its query.
fn escaped(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("a String takes everything");
        }
        text
    })
}

async fn nowhere() -> Failure {
    Failure::not_found()
}
