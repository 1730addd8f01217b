//! Who signs people in for a server, found as the protocol says.

use super::{
    Unusable,
    read::{asked, is_here, parameter, safe_url},
    unusable,
};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who signs people in for a server, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// Its name, an address.
    pub issuer: String,
    pub authorization: String,
    pub token: String,
    /// Where we can make ourselves known.
    pub registration: Option<String>,
    /// It says who it is when it sends people back.
    pub names_itself: bool,
    /// It wants a secret in the body of the form rather than in a header.
    pub secret_in_form: bool,
    /// The server that is asked for, as it names itself.
    pub resource: String,
    /// What is asked for; empty: whatever there is.
    pub scope: String,
    /// The server is on this machine, and so may these be, without TLS.
    pub here: bool,
}

/// Finds who signs people in for this server, which answered with this challenge.
pub async fn discover(http: &reqwest::Client, url: &str, challenge: &str) -> Result<Issuer, Unusable> {
    let server = Url::parse(url).map_err(|_| unusable("The server's address is none."))?;
    let here = is_here(&server);
    let resource = resource(http, &server, challenge).await?;
    let (issuer, name, scopes) = match &resource {
        Some(document) => {
            let name = named(document, &server)?;
            let issuer = document["authorization_servers"][0].as_str();
            let issuer =
                issuer.ok_or_else(|| unusable("The server does not say who signs people in for it."))?;
            (safe_url(issuer, here)?, name, joined(&document["scopes_supported"]))
        }
        // Servers of 2025-03 are their own issuers.
        None => (root(&server), without_query(&server), String::new()),
    };
    let scope = parameter(challenge, "scope").filter(|scope| !scope.is_empty()).unwrap_or(scopes);
    let text = issuer.as_str();
    // The name is compared as a string, and an address without a path has two spellings.
    let said =
        resource.as_ref().and_then(|document| document["authorization_servers"][0].as_str()).unwrap_or(text);
    for candidate in candidates(&issuer) {
        let (status, document) = asked(http.get(candidate)).await?;
        if status == 200 && document.is_object() {
            return read(&document, said, name, scope, here);
        }
    }
    if resource.is_some() {
        return Err(unusable(format!("{said} does not publish how it signs people in.")));
    }
    let at = |path: &str| issuer.join(path).map(|url| url.to_string()).unwrap_or_default();
    Ok(Issuer {
        issuer: said.to_owned(),
        authorization: at("/authorize"),
        token: at("/token"),
        registration: Some(at("/register")),
        names_itself: false,
        secret_in_form: false,
        resource: name,
        scope,
        here,
    })
}

/// What the server publishes of itself: where its challenge says, below its own path, or at its root.
async fn resource(http: &reqwest::Client, server: &Url, challenge: &str) -> Result<Option<Value>, Unusable> {
    let mut places = Vec::new();
    if let Some(place) = parameter(challenge, "resource_metadata") {
        let place = server.join(&place).map_err(|_| unusable("The server's challenge names no address."))?;
        if place.origin() != server.origin() {
            return Err(unusable("The server wants us to ask elsewhere who it is, which is not done."));
        }
        places.push(place);
    }
    let well_known = "/.well-known/oauth-protected-resource";
    let path = server.path().trim_end_matches('/');
    for path in [format!("{well_known}{path}"), well_known.to_owned()] {
        let place = root(server).join(&path).map_err(|_| unusable("The server's address is none."))?;
        if !places.contains(&place) {
            places.push(place);
        }
    }
    for place in places {
        let (status, document) = asked(http.get(place)).await?;
        if status == 200 && document["authorization_servers"].is_array() {
            return Ok(Some(document));
        }
    }
    Ok(None)
}

/// What the server names itself, which must be what we ask: else a token for another would be asked for in its name.
fn named(document: &Value, server: &Url) -> Result<String, Unusable> {
    let Some(name) = document["resource"].as_str() else { return Ok(without_query(server)) };
    let url = Url::parse(name).map_err(|_| unusable("The server does not say who it is."))?;
    let below = server.path() == url.path()
        || server.path().starts_with(&format!("{}/", url.path().trim_end_matches('/')));
    if url.origin() == server.origin() && below {
        Ok(name.to_owned())
    } else {
        Err(unusable("The server says that it is another."))
    }
}

fn candidates(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let places = match path {
        "" => vec![
            "/.well-known/oauth-authorization-server".to_owned(),
            "/.well-known/openid-configuration".to_owned(),
        ],
        path => vec![
            format!("/.well-known/oauth-authorization-server{path}"),
            format!("/.well-known/openid-configuration{path}"),
            format!("{path}/.well-known/openid-configuration"),
        ],
    };
    places.iter().filter_map(|place| root(issuer).join(place).ok()).collect()
}

fn read(
    document: &Value,
    issuer: &str,
    resource: String,
    scope: String,
    here: bool,
) -> Result<Issuer, Unusable> {
    let same = document["issuer"]
        .as_str()
        .is_some_and(|named| named == issuer || named.trim_end_matches('/') == issuer.trim_end_matches('/'));
    if !same {
        return Err(unusable(format!("Whoever answers for {issuer} says that they are somebody else.")));
    }
    let place = |name: &str| -> Result<Option<String>, Unusable> {
        document[name].as_str().map(|text| safe_url(text, here).map(|_| text.to_owned())).transpose()
    };
    let missing = |name: &str| unusable(format!("{issuer} does not say where its {name} is."));
    let list = |name: &str| -> Option<Vec<&str>> {
        Some(document[name].as_array()?.iter().filter_map(Value::as_str).collect())
    };
    if list("code_challenge_methods_supported").is_some_and(|ways| !ways.contains(&"S256")) {
        return Err(unusable(format!("{issuer} does not sign people in safely: it lacks PKCE with S256.")));
    }
    let ways = list("token_endpoint_auth_methods_supported").unwrap_or_default();
    Ok(Issuer {
        issuer: issuer.to_owned(),
        authorization: place("authorization_endpoint")?.ok_or_else(|| missing("authorization_endpoint"))?,
        token: place("token_endpoint")?.ok_or_else(|| missing("token_endpoint"))?,
        registration: place("registration_endpoint")?,
        names_itself: document["authorization_response_iss_parameter_supported"] == true,
        secret_in_form: ways.contains(&"client_secret_post") && !ways.contains(&"client_secret_basic"),
        resource,
        scope,
        here,
    })
}

fn joined(scopes: &Value) -> String {
    let scopes: Vec<_> = scopes.as_array().into_iter().flatten().filter_map(Value::as_str).take(50).collect();
    scopes.join(" ")
}

fn root(url: &Url) -> Url {
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    root.set_fragment(None);
    root
}

fn without_query(url: &Url) -> String {
    let mut plain = url.clone();
    plain.set_query(None);
    plain.set_fragment(None);
    plain.to_string()
}
