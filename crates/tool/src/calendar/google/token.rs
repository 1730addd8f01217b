//! The token endpoint: a code, a refresh token or a signed assertion for a token that opens the doors.

use super::{
    Client, Reach, Secret,
    grant::Access,
    send::{Lost, send},
};
use jiff::{SignedDuration, Timestamp};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ExtraTokenFields,
    HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError,
    StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::pin::Pin;

/// What was granted.
pub(super) struct Tokens {
    pub access: Access,
    /// Where there is a new one.
    pub refresh: Option<Secret>,
    pub scopes: Option<Vec<String>>,
    /// When all of it ends, where it does: of a program that is in testing, and of who consented for a time.
    pub ends: Option<Timestamp>,
}

/// What Google says beside what everybody says.
#[derive(Debug, Serialize, Deserialize)]
struct Extra {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token_expires_in: Option<u64>,
}

impl ExtraTokenFields for Extra {}

type Answered = StandardTokenResponse<Extra, BasicTokenType>;

/// Why nothing was.
#[derive(Debug)]
pub(super) enum Denied {
    /// It did not answer as it should; later it may.
    Lost(Lost),
    /// It said no. `error` is OAuth's word for it, such as `invalid_grant`.
    Refused { error: String, description: String },
}

/// A code that came back with the owner's browser.
pub(super) async fn exchange(
    reach: &Reach,
    client: &Client,
    redirect: RedirectUrl,
    code: &Secret,
    verifier: &Secret,
) -> Result<Tokens, Denied> {
    let got = of(reach, client)?
        .set_redirect_uri(redirect)
        .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
        .request_async(&asking(reach))
        .await;
    tokens(reach.now(), got)
}

/// A refresh token.
pub(super) async fn refresh(reach: &Reach, client: &Client, refresh: &Secret) -> Result<Tokens, Denied> {
    let refresh = RefreshToken::new(refresh.expose().to_owned());
    let got = of(reach, client)?.exchange_refresh_token(&refresh).request_async(&asking(reach)).await;
    tokens(reach.now(), got)
}

/// A service account's signed assertion.
pub(super) async fn assert(reach: &Reach, assertion: &str) -> Result<Tokens, Denied> {
    let request = reach
        .http
        .post(&reach.addresses.token)
        .form(&[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion)])
        .build()
        .map_err(|_| Denied::Lost(unbuilt()))?;
    let answer = answered(reach, request).await.map_err(Denied::Lost)?;
    let got = if answer.status() == oauth2::http::StatusCode::OK {
        serde_json::from_slice::<Answered>(answer.body()).map_err(|_| Denied::Lost(nonsense()))
    } else {
        Err(serde_json::from_slice::<BasicErrorResponse>(answer.body())
            .map_or_else(|_| Denied::Lost(nonsense()), |error| refused(&error)))
    };
    Ok(granted(reach.now(), &got?))
}

type AtToken = oauth2::Client<
    BasicErrorResponse,
    Answered,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

fn of(reach: &Reach, client: &Client) -> Result<AtToken, Denied> {
    let token = TokenUrl::new(reach.addresses.token.clone()).map_err(|_| Denied::Lost(unbuilt()))?;
    let made = oauth2::Client::new(ClientId::new(client.id.clone()))
        .set_token_uri(token)
        .set_auth_type(AuthType::RequestBody);
    Ok(if client.secret.is_empty() {
        made
    } else {
        made.set_client_secret(ClientSecret::new(client.secret.expose().to_owned()))
    })
}

type Posting = Pin<Box<dyn Future<Output = Result<HttpResponse, Lost>> + Send>>;

/// What the `oauth2` crate sends its requests with. It owns what it needs: a borrowing one is no `Send` for all lifetimes.
fn asking(reach: &Reach) -> impl Fn(HttpRequest) -> Posting + Send + Sync + 'static {
    let reach = reach.clone();
    move |request| {
        let reach = reach.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(|_| unbuilt())?;
            answered(&reach, request).await
        })
    }
}

/// Sends once. What comes back is an object that says yes, or no for good.
async fn answered(reach: &Reach, request: reqwest::Request) -> Result<HttpResponse, Lost> {
    let answer = send(reach, request).await?;
    let body = believed(answer.status, &answer.body).map_err(|why| Lost { why, sent: true })?;
    let mut response = HttpResponse::new(body);
    *response.status_mut() = oauth2::http::StatusCode::from_u16(answer.status).map_err(|_| nonsense())?;
    Ok(response)
}

/// The body of an answer that is final. Which ones are not is from Google's own library.
fn believed(status: u16, body: &[u8]) -> Result<Vec<u8>, String> {
    let mut value: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = value["error"].as_str().unwrap_or_default();
    let passing = matches!(error, "internal_failure" | "server_error" | "temporarily_unavailable");
    if passing || matches!(status, 408 | 429 | 500..) {
        return Err(format!("Google’s sign-in is out of order for the moment ({status})"));
    }
    if status == 200 {
        let Some(token) = value["access_token"].as_str() else { return Err(nonsense().why) };
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(nonsense().why);
        }
        // Some proxies quote the number.
        for life in ["expires_in", "refresh_token_expires_in"] {
            if let Some(seconds) = value[life].as_str().and_then(|text| text.parse::<u64>().ok()) {
                value[life] = seconds.into();
            }
        }
        // What says nothing of when all ends is no reason to believe nothing else.
        if !value["refresh_token_expires_in"].is_u64()
            && let Some(fields) = value.as_object_mut()
        {
            fields.remove("refresh_token_expires_in");
        }
    } else if error.is_empty() {
        return Err(format!("Google’s sign-in answered something else ({status})"));
    }
    Ok(value.to_string().into_bytes())
}

fn tokens(
    now: Timestamp,
    got: Result<Answered, RequestTokenError<Lost, BasicErrorResponse>>,
) -> Result<Tokens, Denied> {
    match got {
        Ok(response) => Ok(granted(now, &response)),
        Err(RequestTokenError::ServerResponse(error)) => Err(refused(&error)),
        Err(RequestTokenError::Request(lost)) => Err(Denied::Lost(lost)),
        Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => Err(Denied::Lost(nonsense())),
    }
}

fn granted(now: Timestamp, response: &Answered) -> Tokens {
    let seconds = response.expires_in().map_or(LIFE, |life| life.as_secs().min(86_400));
    let seconds = i64::try_from(seconds).expect("a day at most");
    Tokens {
        access: Access::new(
            response.access_token().secret().as_str(),
            now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now),
        ),
        refresh: response.refresh_token().map(|token| Secret::new(token.secret().clone())),
        scopes: response.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
        ends: response.extra_fields().refresh_token_expires_in.and_then(|seconds| {
            let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds < FOR_EVER)?;
            now.checked_add(SignedDuration::from_secs(seconds)).ok()
        }),
    }
}

/// Whoever may come for so many seconds may come for ever: ten years.
const FOR_EVER: i64 = 10 * 365 * 86_400;
/// Of a token whose answer does not say, in seconds.
const LIFE: u64 = 3_599;

fn refused(error: &BasicErrorResponse) -> Denied {
    let cut = |text: &str| text.chars().filter(|c| !c.is_control()).take(200).collect();
    Denied::Refused {
        error: cut(error.error().as_ref()),
        description: error.error_description().map_or(String::new(), |text| cut(text)),
    }
}

fn nonsense() -> Lost {
    Lost { why: "Google’s sign-in answered nonsense".into(), sent: true }
}

fn unbuilt() -> Lost {
    Lost { why: "the address of Google’s sign-in is none".into(), sent: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_answer_is_final() {
        let last = |status, body: &str| believed(status, body.as_bytes()).is_ok();
        assert!(last(200, r#"{"access_token":"ya29.x","token_type":"Bearer"}"#));
        assert!(last(400, r#"{"error":"invalid_grant"}"#));
        assert!(last(401, r#"{"error":"invalid_client"}"#));
        for (status, body) in [
            (200, ""),
            (200, r#"{"access_token":"ya29"#),
            (200, r#"{"access_token":""}"#),
            (200, r#"{"access_token":"a b\n"}"#),
            (200, "[]"),
            (400, "<html>"),
            (400, r#"{"error":"internal_failure"}"#),
            (503, r#"{"error":"invalid_grant"}"#),
            (429, "{}"),
        ] {
            assert!(!last(status, body), "{status} {body}");
        }
    }

    #[test]
    fn what_ends_as_a_whole_says_when() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
        let ends = |said: &str| {
            let body =
                format!(r#"{{"access_token":"t","token_type":"Bearer","refresh_token_expires_in":{said}}}"#);
            let body = believed(200, body.as_bytes()).expect("an answer");
            granted(now, &serde_json::from_slice(&body).expect("tokens")).ends.map(|ends| ends.to_string())
        };
        for week in ["604799", "\"604799\""] {
            assert_eq!(ends(week).as_deref(), Some("2026-11-27T11:59:59Z"));
        }
        for never in ["null", "\"soon\"", "-1", "999999999999"] {
            assert_eq!(ends(never), None, "{never}");
        }
    }

    #[test]
    fn a_life_may_be_a_number_or_a_text() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
        for life in ["60", "\"60\""] {
            let body =
                format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{life},"scope":"a b"}}"#);
            let body = believed(200, body.as_bytes()).expect("an answer");
            let tokens = granted(now, &serde_json::from_slice(&body).expect("tokens"));
            assert_eq!(tokens.ends, None);
            assert_eq!(tokens.access.until.to_string(), "2026-11-20T12:01:00Z");
            assert_eq!(tokens.scopes, Some(vec!["a".to_owned(), "b".to_owned()]));
        }
    }
}
