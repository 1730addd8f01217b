//! The web flow: the owner's browser goes to Google, consents, and comes back with a code.

use super::{
    Client, ClientKind, Grant, Reach, Secret, Unusable,
    grant::By,
    token::{self, Denied},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, basic::BasicClient,
};

/// A web flow under way. State and verifier are kept with the owner's session, once.
#[derive(Clone, Debug)]
pub struct Started {
    /// Where to send the browser.
    pub url: String,
    pub state: Secret,
    pub verifier: Secret,
}

/// Begins: where to send the owner's browser, to come back to `redirect`. `random` is 64 bytes that nobody can guess.
///
/// The address to come back to must be https, or on this machine, and one that the client may return to.
pub fn start(
    reach: &Reach,
    client: &Client,
    redirect: &str,
    scopes: &[&str],
    random: &[u8; 64],
) -> Result<Started, Unusable> {
    let redirect_url = allowed(client, redirect)?;
    let consent = AuthUrl::new(reach.addresses.consent.clone())
        .map_err(|_| Unusable("GOOGLE_OAUTH_URL is no address.".into()))?;
    let state = BASE64_URL_SAFE_NO_PAD.encode(&random[..32]);
    let verifier = PkceCodeVerifier::new(BASE64_URL_SAFE_NO_PAD.encode(&random[32..]));
    let (url, _) = BasicClient::new(ClientId::new(client.id.clone()))
        .set_auth_uri(consent)
        .set_redirect_uri(redirect_url)
        .authorize_url(|| CsrfToken::new(state.clone()))
        .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
        .add_extra_param("access_type", "offline")
        .add_extra_param("prompt", "consent")
        .add_extra_param("include_granted_scopes", "true")
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .url();
    Ok(Started {
        url: url.into(),
        state: Secret::new(state),
        verifier: Secret::new(verifier.secret().clone()),
    })
}

/// What the browser brought back, given the query of the address that it came back to (not decoded) and the state that
/// this session was given: the code, or in words why there is none.
pub fn returned(query: &str, state: &Secret) -> Result<Secret, Unusable> {
    let query = query.strip_prefix('?').unwrap_or(query);
    let mut url = reqwest::Url::parse("http://localhost/").expect("it is an address");
    url.set_query(Some(query));
    let one = |name: &str| {
        let mut found = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let first = found.next();
        first.filter(|_| found.next().is_none())
    };
    let same = one("state").is_some_and(|given| {
        aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), state.expose().as_bytes()).is_ok()
    });
    if !same || state.is_empty() {
        return Err(Unusable(
            "This answer belongs to no connection that was begun here, or to one of long ago. Begin again."
                .into(),
        ));
    }
    match (one("error").as_deref(), one("code").filter(|code| !code.is_empty() && code.len() <= 2_048)) {
        (None, Some(code)) => Ok(Secret::new(code)),
        (Some("access_denied"), _) => {
            Err(Unusable("You did not allow it, so nothing was connected. Begin again to allow it.".into()))
        }
        (Some("admin_policy_enforced"), _) => Err(Unusable(
            "Your Workspace’s administrator does not allow this program to be connected.".into(),
        )),
        (Some(error), _) => {
            let error: String =
                error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
            Err(Unusable(format!("Google refused: {error}. Nothing was connected.")))
        }
        (None, None) => Err(Unusable("Google sent no code. Begin again.".into())),
    }
}

/// Ends: the code for a grant. One without a refresh token, or without what it takes to make appointments, is refused
/// in words; what else is missing, [`Grant::lacks`] tells.
pub async fn finish(
    reach: &Reach,
    client: &Client,
    redirect: &str,
    code: &Secret,
    verifier: &Secret,
) -> Result<Grant, Unusable> {
    let redirect = allowed(client, redirect)?;
    let tokens =
        token::exchange(reach, client, redirect, code, verifier).await.map_err(|denied| match denied {
            Denied::Lost(lost) => Unusable(format!("{}. Nothing was connected; begin again.", lost.why)),
            Denied::Refused { error, description } => Unusable(refusal(&error, &description)),
        })?;
    let refresh = tokens.refresh.filter(|refresh| !refresh.is_empty()).ok_or_else(|| {
        Unusable(
            "Google gave access for an hour only (no refresh token). Remove this program under \
             myaccount.google.com/permissions and connect again."
                .into(),
        )
    })?;
    let grant = Grant {
        by: By::Consent { client: client.clone(), refresh },
        access: Some(tokens.access),
        scopes: tokens.scopes,
        ends: tokens.ends,
    };
    match grant.lacks_essentials() {
        missing if missing.is_empty() => Ok(grant),
        missing => Err(Unusable(missing.join(" "))),
    }
}

fn refusal(error: &str, description: &str) -> String {
    match error {
        "invalid_client" => {
            "Google does not know this client id and secret: download credentials.json again.".into()
        }
        "invalid_grant" => "The code was used already or is too old. Begin again.".into(),
        "redirect_uri_mismatch" => "The address to come back to is not registered with the client.".into(),
        _ => format!("Google refused: {error} {description}").trim_end().to_owned() + ".",
    }
}

fn allowed(client: &Client, redirect: &str) -> Result<RedirectUrl, Unusable> {
    let url = reqwest::Url::parse(redirect)
        .map_err(|_| Unusable(format!("The address to come back to is none: {redirect}")))?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() != "https" && !(url.scheme() == "http" && here) {
        return Err(Unusable(format!(
            "Google sends nobody back to {redirect}: set PUBLIC_URL to an https address, or connect from this machine."
        )));
    }
    match client.kind {
        ClientKind::Installed if !here => Err(Unusable(format!(
            "This client is a desktop app, which returns to this machine only. Make one of type “Web application” \
             with the redirect URI {redirect}, or open this page as http://localhost."
        ))),
        ClientKind::Web
            if !client.redirects.is_empty() && !client.redirects.iter().any(|known| known == redirect) =>
        {
            Err(Unusable(format!(
                "The client may not return to {redirect}: add it to its “Authorised redirect URIs” in Google’s \
                 console and download credentials.json again."
            )))
        }
        ClientKind::Web | ClientKind::Installed => RedirectUrl::new(redirect.to_owned())
            .map_err(|_| Unusable("The address to come back to is none.".into())),
    }
}
