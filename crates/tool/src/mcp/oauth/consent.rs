//! The owner goes to who signs people in, and comes back.

use super::{
    Grant, Issuer, Unusable,
    read::{asked, complaint},
    unusable,
};
use crate::mcp::Secret;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Who we are to an issuer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    pub id: String,
    pub secret: Option<String>,
}

/// What is kept while the owner is away. It is as secret as a password.
#[derive(Clone, Serialize, Deserialize)]
pub struct Asked {
    pub issuer: Issuer,
    pub client: Client,
    pub redirect: String,
    pub state: String,
    pub verifier: String,
}

/// Where the owner is to go.
pub struct Started {
    pub url: String,
    pub asked: Asked,
}

/// Begins: makes us known to the issuer unless the owner has a client there, and says where the owner is to go.
/// `random` is 64 bytes that nobody can guess.
pub async fn start(
    http: &reqwest::Client,
    issuer: Issuer,
    own: Option<Client>,
    redirect: &str,
    random: &[u8; 64],
) -> Result<Started, Unusable> {
    let client = match own {
        Some(client) => client,
        None => register(http, &issuer, redirect).await?,
    };
    let (state, verifier) = random.split_at(32);
    let (state, verifier) = (BASE64_URL_SAFE_NO_PAD.encode(state), BASE64_URL_SAFE_NO_PAD.encode(verifier));
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let mut url = Url::parse(&issuer.authorization).map_err(|_| unusable("The issuer's address is none."))?;
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("response_type", "code");
        query.append_pair("client_id", &client.id);
        query.append_pair("redirect_uri", redirect);
        query.append_pair("state", &state);
        query.append_pair("code_challenge", &challenge);
        query.append_pair("code_challenge_method", "S256");
        query.append_pair("resource", &issuer.resource);
        if !issuer.scope.is_empty() {
            query.append_pair("scope", &issuer.scope);
        }
    }
    let asked = Asked { issuer, client, redirect: redirect.to_owned(), state, verifier };
    Ok(Started { url: url.into(), asked })
}

/// Makes us known (RFC 7591).
async fn register(http: &reqwest::Client, issuer: &Issuer, redirect: &str) -> Result<Client, Unusable> {
    let Some(place) = &issuer.registration else {
        return Err(unusable(format!(
            "{} wants to know us first: make an OAuth client there with the redirect address {redirect}, and set \
             client_id and client_secret.",
            issuer.issuer
        )));
    };
    let kind = if redirect.starts_with("https://") { "web" } else { "native" };
    let us = json!({
        "client_name": "Earpiece", "redirect_uris": [redirect], "application_type": kind,
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none", "scope": issuer.scope,
    });
    let (status, document) = asked(http.post(place).json(&us)).await?;
    let text = |name: &str| document[name].as_str().filter(|text| text.len() <= 4_000).map(str::to_owned);
    match text("client_id") {
        Some(id) if matches!(status, 200 | 201) => Ok(Client { id, secret: text("client_secret") }),
        _ => Err(unusable(format!(
            "{} does not take us as a client: {}.",
            issuer.issuer,
            complaint(&document)
        ))),
    }
}

/// Reads the query that the owner came back with: the code, if it is the answer to what was asked.
pub fn returned(asked: &Asked, query: &str) -> Result<Secret, Unusable> {
    let url =
        Url::parse(&format!("http://localhost/?{query}")).map_err(|_| unusable("The answer is none."))?;
    let all = |name: &str| -> Vec<String> {
        url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    };
    if all("state") != [asked.state.clone()] {
        return Err(unusable("This answer belongs to another question. Begin again."));
    }
    match all("iss").as_slice() {
        [] if !asked.issuer.names_itself => {}
        [issuer] if *issuer == asked.issuer.issuer => {}
        _ => return Err(unusable("The answer comes from somebody else than was asked. Begin again.")),
    }
    if let Some(error) = all("error").first() {
        let why = json!({"error": error, "error_description": all("error_description").first()});
        return Err(unusable(format!("It was not agreed to: {}.", complaint(&why))));
    }
    match all("code").as_slice() {
        [code] if !code.is_empty() && code.len() <= 4_000 => Ok(Secret::new(code)),
        _ => Err(unusable("The answer holds no code. Begin again.")),
    }
}

/// Turns the code into a grant.
pub async fn finish(
    http: &reqwest::Client,
    asked: &Asked,
    code: &Secret,
    now_ms: i64,
) -> Result<Grant, Unusable> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.expose()),
        ("redirect_uri", &asked.redirect),
        ("code_verifier", &asked.verifier),
    ];
    let document = exchange(http, &asked.issuer, &asked.client, &form).await?;
    Grant::read(&document, &asked.issuer, &asked.client, None, now_ms)
}

/// Asks the issuer for a token.
pub(super) async fn exchange(
    http: &reqwest::Client,
    issuer: &Issuer,
    client: &Client,
    form: &[(&str, &str)],
) -> Result<serde_json::Value, Unusable> {
    let mut form = form.to_vec();
    form.push(("resource", &issuer.resource));
    let mut request = http.post(&issuer.token);
    match &client.secret {
        Some(secret) if !issuer.secret_in_form => request = request.basic_auth(&client.id, Some(secret)),
        Some(secret) => form.extend([("client_id", client.id.as_str()), ("client_secret", secret)]),
        None => form.push(("client_id", &client.id)),
    }
    let (status, document) = asked(request.form(&form)).await?;
    if status == 200 && document["access_token"].is_string() {
        Ok(document)
    } else {
        Err(unusable(format!("{} gives no token: {}.", issuer.issuer, complaint(&document))))
    }
}
