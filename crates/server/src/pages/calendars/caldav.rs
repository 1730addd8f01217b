//! Connecting a CalDAV account: address, user and password.

use super::{CalDav, Found, Said, connect as connect_account, refused_with};
use crate::{
    app::App,
    audit::Deed,
    calendars::{self, Kept},
    guard::session::User,
    pages::{Failure, origin::Origin},
};
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::sync::Arc;
use tool::calendar::caldav::{Account, Login};

#[derive(Deserialize)]
pub(in crate::pages) struct Given {
    address: String,
    user: String,
    password: String,
}

/// `POST /calendars/caldav`
pub(in crate::pages) async fn connect(
    State(app): State<Arc<App>>,
    by: User,
    origin: Origin,
    Form(given): Form<Given>,
) -> Result<Response, Failure> {
    let login = Login {
        address: given.address.trim().to_owned(),
        user: given.user.trim().to_owned(),
        password: given.password,
    };
    let collections = match Account::within(&login, Arc::new(calendars::now), app.whose.network()) {
        Ok(account) => account.calendars().await,
        Err(why) => Err(why),
    };
    let collections = match collections {
        Ok(collections) if collections.is_empty() => {
            return refused(&app, &origin, login, "There is no calendar in this account.".into()).await;
        }
        Ok(collections) => collections,
        Err(why) => return refused(&app, &origin, login, why.to_string()).await,
    };
    let found: Vec<_> = collections
        .into_iter()
        .map(|one| Found { remote: one.address, name: one.name, writable: one.writable, main: one.writable })
        .collect();
    let name = format!("{} at {}", login.user, login.address);
    connect_account(&app, Kept::CalDav(&login), &name, &found).await?;
    app.audit(&by, Deed::CredentialsSet, &format!("CalDAV: {name}")).await;
    Ok(Redirect::to("/calendars").into_response())
}

/// The form again, without the password.
async fn refused(app: &Arc<App>, origin: &Origin, login: Login, why: String) -> Result<Response, Failure> {
    let caldav = CalDav { address: login.address, user: login.user, wrong: Some(why) };
    refused_with(app, origin, Said { caldav, ..Said::default() }).await
}
