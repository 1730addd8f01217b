//! Connecting a Google account: by its consent page, or by a file that was made elsewhere.

use super::{Found, Said, add_to, connect, page, refused};
use crate::{
    app::App,
    audit::Deed,
    calendars::{self, Kept},
    clock,
    guard::session::{User, Visitor},
    pages::{Failure, away, origin::Origin, shown},
    saved, secret,
};
use axum::{
    Form,
    extract::{Multipart, Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tool::calendar::{
    google::{self, Client, ClientKind, Grant, Secret, Upload},
    remote::Trouble,
};

const CALLBACK: &str = "/calendars/google/callback";
/// What is sealed for the way back is bound to this.
const PURPOSE: &str = "consent";

/// What is kept while the owner is away.
#[derive(Serialize, Deserialize)]
struct Away {
    state: String,
    verifier: String,
    redirect: String,
}

/// Where Google is to send the browser back to.
pub(super) fn redirect(origin: &Origin) -> String {
    origin.back_to(CALLBACK)
}

/// `POST /calendars/google/start`: sends the owner to Google.
pub(in crate::pages) async fn start(
    State(app): State<Arc<App>>,
    by: User,
    visitor: Visitor,
    origin: Origin,
) -> Result<Response, Failure> {
    let redirect = redirect(&origin);
    let begun = match (client(&app, &redirect), calendars::reach(&app)) {
        (Some(client), Ok(reach)) => {
            google::start(&reach, &client, &redirect, &google::SCOPES, &secret::random())
        }
        (None, _) => {
            let why = "Google must know us first: upload the client's credentials.json.";
            return refused(&app, &origin, why.into()).await;
        }
        (_, Err(why)) => Err(why),
    };
    let started = match begun {
        Ok(started) => started,
        Err(why) => return refused(&app, &origin, why.to_string()).await,
    };
    let away = Away {
        state: started.state.expose().to_owned(),
        verifier: started.verifier.expose().to_owned(),
        redirect,
    };
    away::send(&app, &by, &visitor, PURPOSE, (&started.url, &away.state), &away).await
}

/// `GET /calendars/google/callback`: the owner is back.
pub(in crate::pages) async fn back(
    State(app): State<Arc<App>>,
    by: User,
    visitor: Visitor,
    origin: Origin,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let query = query.unwrap_or_default();
    let Some(away) = away::back::<Away>(&app, &visitor, PURPOSE, &query).await? else {
        let why =
            "This answer belongs to no connection that was begun here, or to one of long ago. Begin again.";
        return refused(&app, &origin, why.into()).await;
    };
    match finish(&app, &away, &query).await {
        Ok(grant) => connected(&app, &by, &origin, &grant).await,
        Err(why) => refused(&app, &origin, why.to_string()).await,
    }
}

async fn finish(app: &App, away: &Away, query: &str) -> Result<Grant, google::Unusable> {
    let code = google::returned(query, &Secret::new(&away.state))?;
    let client = client(app, &away.redirect)
        .ok_or_else(|| google::Unusable("The client's credentials were removed meanwhile.".into()))?;
    let verifier = Secret::new(&away.verifier);
    google::finish(&calendars::reach(app)?, &client, &away.redirect, &code, &verifier).await
}

/// `POST /calendars/google/upload`: a client's `credentials.json`, a `token.json`, or a service account's key.
pub(in crate::pages) async fn upload(
    State(app): State<Arc<App>>,
    by: User,
    origin: Origin,
    mut form: Multipart,
) -> Result<Response, Failure> {
    let unreadable =
        |_| Failure::bad_request("The upload broke off, or is larger than 64 KB. Send it again.");
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        if field.name() == Some("file") {
            file = Some(field.bytes().await.map_err(unreadable)?);
        }
    }
    let Some(file) = file else {
        return refused(&app, &origin, "Choose a file first.".into()).await;
    };
    let known = client(&app, &redirect(&origin));
    match Upload::read(&file, known.as_ref()) {
        Ok(Upload::Client(client)) => {
            let changes = [
                ("google.client_id", Some(client.id.clone())),
                ("google.client_secret", Some(client.secret.expose().to_owned())),
            ];
            saved::change(&app, &changes, &by.user.id, clock::now_ms()).await?;
            app.audit(&by, Deed::CredentialsSet, "Google's client").await;
            let done = Some(Upload::Client(client).describe());
            Ok(shown(&page(&app, &origin, Said { done, ..Said::default() }).await?))
        }
        Ok(Upload::Grant(grant)) => connected(&app, &by, &origin, &grant).await,
        Err(why) => refused(&app, &origin, why.to_string()).await,
    }
}

/// Connects the calendars of this grant's account.
async fn connected(app: &Arc<App>, by: &User, origin: &Origin, grant: &Grant) -> Result<Response, Failure> {
    let listed = match calendars_of(app, grant).await {
        Ok(listed) => listed,
        Err(why) => return refused(app, origin, why.to_string()).await,
    };
    let who = listed
        .iter()
        .find(|one| one.main)
        .or(listed.first())
        .map_or_else(|| grant.who(), |one| one.remote.clone());
    connect(app, Kept::Google(grant), &who, &listed).await?;
    app.audit(by, Deed::CredentialsSet, &format!("Google Calendar: {who}")).await;
    let lacks = grant.lacks();
    if lacks.is_empty() {
        return Ok(Redirect::to("/calendars").into_response());
    }
    let said = Said { wrong: Some(lacks.join(" ")), ..Said::default() };
    Ok((StatusCode::OK, shown(&page(app, origin, said).await?)).into_response())
}

async fn calendars_of(app: &App, grant: &Grant) -> Result<Vec<Found>, Trouble> {
    let reach = calendars::reach(app).map_err(|why| Trouble::Refused(why.0))?;
    let keep: google::Keep = Box::new(|_| Box::pin(async { Ok(()) }));
    let account = Arc::new(google::Account::new(reach, grant.clone(), keep));
    let listed = account.calendars().await?;
    let found = |one: google::Listed| Found {
        remote: one.id,
        name: one.name,
        writable: one.role.may_write(),
        main: one.primary,
    };
    let found: Vec<_> = listed.into_iter().map(found).collect();
    // A service account is not told of what is shared with it; its calendars are named by the owner.
    if found.is_empty() && !grant.is_robot() {
        return Err(Trouble::Refused("There is no calendar in this account.".into()));
    }
    Ok(found)
}

#[derive(Deserialize)]
pub(in crate::pages) struct Named {
    remote: String,
}

/// `POST /calendars/accounts/{id}/add`: connects a calendar by its id, if it can be read.
pub(in crate::pages) async fn add(
    State(app): State<Arc<App>>,
    by: User,
    origin: Origin,
    Path(id): Path<String>,
    Form(named): Form<Named>,
) -> Result<Response, Failure> {
    let remote = named.remote.trim();
    let row =
        app.store.credential(&id).await?.filter(|row| row.kind == "google").ok_or_else(Failure::not_found)?;
    match calendars::named(&app, &row, remote).await {
        Ok(report) => {
            let found = Found {
                remote: remote.to_owned(),
                name: report.name,
                writable: report.role.may_write(),
                main: true,
            };
            add_to(&app, &row.id, &[found]).await?;
            app.audit(&by, Deed::CredentialsSet, &format!("Google Calendar: {remote}")).await;
            Ok(Redirect::to("/calendars").into_response())
        }
        Err(why) => refused(&app, &origin, why.to_string()).await,
    }
}

/// The client that Google knows us as. One whose kind nobody told is a desktop app where the browser is on this machine.
fn client(app: &App, redirect: &str) -> Option<Client> {
    let config = app.config.get();
    let here = ["http://localhost", "http://127.0.0.1", "http://[::1]"]
        .iter()
        .any(|here| redirect.starts_with(here));
    Some(Client {
        id: config.google.client_id.clone()?,
        secret: Secret::new(config.google.client_secret.as_ref().map_or("", |secret| secret.expose())),
        kind: if here { ClientKind::Installed } else { ClientKind::Web },
        redirects: Vec::new(),
    })
}
