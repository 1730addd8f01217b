//! OAuth 2.0 over HTTP: the consent page, the token endpoint, and the way back.

use super::{
    Consent, State,
    answer::Answer,
    grant::{Code, Tokens},
};
use crate::http::{self, Request};
use aws_lc_rs::digest;
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeSet;

/// A token endpoint's refusal: status, error, description.
type Denied = (u16, &'static str, &'static str);
type Form = Vec<(String, String)>;

impl State {
    /// The consent page, on which the owner has answered already: the browser is sent back.
    pub(super) fn authorize(&mut self, request: &Request, now: Timestamp) -> Answer {
        match self.consider(request, now) {
            Ok(to) => Answer::redirect(&to),
            Err((status, error, why)) => {
                self.mistake(format!("the authorisation request: {error}: {why}"));
                Answer::page(status, &format!("{error}: {why}"))
            }
        }
    }

    pub(super) fn token(&mut self, request: &Request, now: Timestamp) -> Answer {
        let given = form(request).and_then(|form| match get(&form, "grant_type") {
            "authorization_code" => self.redeem(&form, request, now),
            "refresh_token" => self.refresh(&form, request, now),
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => self.trust(&form, now),
            _ => Err((400, "unsupported_grant_type", "Invalid grant_type.")),
        });
        match given {
            Ok(tokens) => {
                let seconds = tokens.lifetime.as_secs();
                let scopes: Vec<_> = tokens.scopes.iter().map(String::as_str).collect();
                let mut body = json!({
                    "access_token": tokens.access, "expires_in": seconds, "scope": scopes.join(" "),
                    "token_type": "Bearer",
                });
                if self.habits.expiry_in_words {
                    body["expires_in"] = seconds.to_string().into();
                }
                if let Some(refresh) = tokens.refresh {
                    body["refresh_token"] = refresh.into();
                }
                Answer::json(200, &body)
            }
            Err(denied) => self.denied(denied),
        }
    }

    pub(super) fn revoke(&mut self, request: &Request) -> Answer {
        let known = form(request).and_then(|form| {
            only(&form, &["token"])?;
            let known = self.grants.revoke(get(&form, "token"));
            if known { Ok(()) } else { Err((400, "invalid_token", "Token expired or revoked")) }
        });
        match known {
            Ok(()) => Answer::json(200, &json!({})),
            Err(denied) => self.denied(denied),
        }
    }

    /// Where the browser is sent; or the page that Google shows instead of sending anybody anywhere.
    fn consider(&mut self, request: &Request, now: Timestamp) -> Result<String, Denied> {
        let query = request.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let query =
            http::read_form(query).map_err(|_| (400, "invalid_request", "the query is not well formed"))?;
        only(&query, &AUTHORIZATION)?;
        let client = &self.grants.client;
        if get(&query, "client_id") != client.id {
            return Err((401, "invalid_client", "The OAuth client was not found."));
        }
        let redirect = get(&query, "redirect_uri");
        if !client.redirects.contains(redirect) {
            return Err((400, "redirect_uri_mismatch", "the address is not registered to the letter"));
        }
        if get(&query, "response_type") != "code" {
            return Err((400, "invalid_request", "response_type is not code"));
        }
        let asked: BTreeSet<String> = get(&query, "scope").split(' ').map(str::to_owned).collect();
        if asked.iter().any(|scope| !is_a_scope(scope)) {
            return Err((400, "invalid_scope", "some requested scopes were invalid"));
        }
        let state = get(&query, "state");
        if state.len() < 16 {
            return Err((400, "invalid_request", "there is no state that nobody guesses"));
        }
        let challenge = get(&query, "code_challenge");
        let is_hash = BASE64_URL_SAFE_NO_PAD.decode(challenge).is_ok_and(|hash| hash.len() == 32);
        if get(&query, "code_challenge_method") != "S256" || !is_hash {
            return Err((400, "invalid_request", "there is no S256 challenge"));
        }
        let (offline, online) =
            (get(&query, "access_type") == "offline", get(&query, "access_type") == "online");
        if !offline && !online && !get(&query, "access_type").is_empty() {
            return Err((400, "invalid_request", "access_type is neither online nor offline"));
        }
        let prompts: Vec<_> = get(&query, "prompt").split(' ').filter(|prompt| !prompt.is_empty()).collect();
        if prompts.iter().any(|prompt| !["none", "consent", "select_account"].contains(prompt)) {
            return Err((400, "invalid_request", "prompt is none of none, consent and select_account"));
        }
        let back = |fields: &[(&str, &str)]| {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let and = if redirect.contains('?') { '&' } else { '?' };
            format!("{redirect}{and}{}", http::write_form(&fields))
        };
        let mut scopes = match &self.grants.consent {
            Consent::Agree => asked,
            Consent::Only(ticked) => asked.intersection(ticked).cloned().collect(),
            Consent::Deny => BTreeSet::new(),
        };
        if scopes.is_empty() {
            return Ok(back(&[("error", "access_denied"), ("state", state)]));
        }
        let account = self.owner.clone();
        let before = self.grants.agreed(&account);
        let gives_refresh = offline && (before.is_none() || prompts.contains(&"consent"));
        if get(&query, "include_granted_scopes") == "true" {
            scopes.extend(before.into_iter().flatten().cloned());
        }
        let scope = scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let code = self.grants.mint_code(Code {
            redirect: redirect.to_owned(),
            challenge: challenge.to_owned(),
            scopes,
            account,
            gives_refresh,
            expires: now + SignedDuration::from_mins(10),
        });
        Ok(back(&[
            ("state", state),
            ("code", &code),
            ("scope", &scope),
            ("authuser", "0"),
            ("prompt", "consent"),
        ]))
    }

    fn redeem(&mut self, form: &Form, request: &Request, now: Timestamp) -> Result<Tokens, Denied> {
        only(form, &["grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"])?;
        self.know_client(form, request)?;
        let malformed = (400, "invalid_grant", "Malformed auth code.");
        // A code is spent by the first try, right or wrong.
        let code = self.grants.codes.remove(get(form, "code")).ok_or(malformed)?;
        if now >= code.expires {
            return Err(malformed);
        }
        if get(form, "redirect_uri") != code.redirect {
            return Err((400, "redirect_uri_mismatch", "Bad Request"));
        }
        let verifier = get(form, "code_verifier");
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
            return Err((400, "invalid_grant", "Missing code verifier."));
        }
        let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
        if BASE64_URL_SAFE_NO_PAD.encode(hash) != code.challenge {
            return Err((400, "invalid_grant", "Invalid code verifier."));
        }
        Ok(self.grants.redeem(code, now, self.habits.lifetime))
    }

    fn refresh(&mut self, form: &Form, request: &Request, now: Timestamp) -> Result<Tokens, Denied> {
        only(form, &["grant_type", "refresh_token", "client_id", "client_secret", "scope"])?;
        self.know_client(form, request)?;
        let scopes = get(form, "scope").split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
        let fewer = (!scopes.is_empty()).then_some(scopes);
        let anew = self.habits.new_refresh_tokens;
        let tokens = self.grants.refresh(get(form, "refresh_token"), fewer, now, self.habits.lifetime, anew);
        tokens.map_err(|error| match error {
            "invalid_scope" => (400, error, "Bad Request"),
            _ => (400, error, "Token has been expired or revoked."),
        })
    }

    fn trust(&mut self, form: &Form, now: Timestamp) -> Result<Tokens, Denied> {
        only(form, &["grant_type", "assertion"])?;
        let users = |user: &str| user == self.owner;
        let judged = self.grants.accounts.judge(get(form, "assertion"), now, users);
        let (who, scopes) = judged.map_err(|(error, why)| {
            let status = if error == "unauthorized_client" { 401 } else { 400 };
            (status, error, why)
        })?;
        if scopes.iter().any(|scope| !is_a_scope(scope)) {
            return Err((400, "invalid_scope", "Invalid OAuth scope or ID token audience provided."));
        }
        Ok(self.grants.trust(who, scopes, now, self.habits.lifetime))
    }

    /// Whether the client says its id and secret: by HTTP Basic or in the form, not by both.
    fn know_client(&self, form: &Form, request: &Request) -> Result<(), Denied> {
        let unknown = (401, "invalid_client", "Unauthorized");
        let in_form = (get(form, "client_id").to_owned(), get(form, "client_secret").to_owned());
        let (id, secret) = match request.header("authorization") {
            None => in_form,
            Some(_) if !in_form.1.is_empty() => {
                return Err((400, "invalid_request", "the client authenticates in two ways"));
            }
            Some(header) => {
                let pair = header.strip_prefix("Basic ").and_then(|pair| BASE64_STANDARD.decode(pair).ok());
                let pair = pair.and_then(|pair| String::from_utf8(pair).ok()).ok_or(unknown)?;
                let (id, secret) = pair.split_once(':').ok_or(unknown)?;
                (id.to_owned(), secret.to_owned())
            }
        };
        let client = &self.grants.client;
        // RFC 6749 wants both escaped within Basic, and Google's own library does not: either is taken.
        let is = |given: &str, known: &str| {
            let escaped =
                http::read_form(&format!("v={given}")).ok().and_then(|form| form.into_iter().next());
            given == known || escaped.is_some_and(|(_, value)| value == known)
        };
        let basic = request.header("authorization").is_some();
        let known = if basic {
            is(&id, &client.id) && is(&secret, &client.secret)
        } else {
            id == client.id && secret == client.secret
        };
        if known { Ok(()) } else { Err((401, "invalid_client", "The provided client secret is invalid.")) }
    }

    fn denied(&mut self, (status, error, why): Denied) -> Answer {
        // A dead grant is nobody's mistake.
        if !["invalid_grant", "invalid_token"].contains(&error) {
            self.mistake(format!("the token endpoint: {error}: {why}"));
        }
        Answer::json(status, &json!({"error": error, "error_description": why}))
    }
}

/// What an authorisation request may have.
const AUTHORIZATION: [&str; 12] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "access_type",
    "prompt",
    "include_granted_scopes",
    "login_hint",
    "hd",
];

fn form(request: &Request) -> Result<Form, Denied> {
    let kind = request.header("content-type").unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err((400, "invalid_request", "the body is not a form"));
    }
    let body =
        std::str::from_utf8(&request.body).map_err(|_| (400, "invalid_request", "the body is not UTF-8"))?;
    http::read_form(body).map_err(|_| (400, "invalid_request", "the body is not well formed"))
}

/// Each parameter is known and given once.
fn only(form: &Form, known: &[&str]) -> Result<(), Denied> {
    let mut seen = BTreeSet::new();
    if form.iter().any(|(name, _)| !known.contains(&name.as_str())) {
        return Err((400, "invalid_request", "a parameter is not known here"));
    }
    if !form.iter().all(|(name, _)| seen.insert(name)) {
        return Err((400, "invalid_request", "a parameter is given twice"));
    }
    Ok(())
}

fn get<'a>(form: &'a Form, name: &str) -> &'a str {
    form.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn is_a_scope(scope: &str) -> bool {
    let of_google = scope.strip_prefix("https://www.googleapis.com/auth/");
    ["openid", "email", "profile"].contains(&scope)
        || of_google
            .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.'))
}
