//! How a server on the web is asked: within bounds, without following it elsewhere, and with its answers told apart
//! even where they do not say what they answer.

use crate::network::Network;
use futures_util::{StreamExt, stream::BoxStream};
use http::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use rmcp::{
    model::{ClientJsonRpcMessage, ClientRequest, ServerJsonRpcMessage},
    transport::streamable_http_client::{
        AuthRequiredError, SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
    },
};
use sse_stream::Sse;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::sleep;

type Failed = StreamableHttpError<reqwest::Error>;
type Headers = HashMap<HeaderName, HeaderValue>;
type Token = Option<String>;
/// A session's id.
type Id = Option<Arc<str>>;

/// How many events may come before an answer,
const MOST_EVENTS: usize = 20_000;
/// and for how long: longer than any tool may take.
const LONGEST_ANSWER: Duration = Duration::from_secs(11 * 60);
/// How often a server may send us on, within itself.
const MOST_HOPS: usize = 3;

/// What asks, in this network. Servers may send it on only within the same origin, with the same method and body.
pub fn client(network: Network) -> reqwest::Result<reqwest::Client> {
    let within = Policy::custom(|attempt| {
        let here = attempt.previous().first().map(reqwest::Url::origin);
        let same = here.is_some_and(|origin| origin == attempt.url().origin());
        let whole = matches!(attempt.status().as_u16(), 307 | 308);
        if same && whole && attempt.previous().len() <= MOST_HOPS { attempt.follow() } else { attempt.stop() }
    });
    let client = reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).redirect(within);
    network.bound(client).build()
}

/// The client as the protocol's transport uses it.
#[derive(Clone)]
pub(super) struct Http(pub reqwest::Client);

impl StreamableHttpClient for Http {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Id,
        token: Token,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let (asked, ends) = (asked(&message), ends(&message));
        let answer = self.0.post_message(uri, message, session.clone(), token, headers).await;
        understood(answer.map_err(nameless)?, asked, ends, session.is_some())
    }

    async fn post_message_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Id,
        token: Token,
        headers: Headers,
        largest: usize,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let (asked, ends) = (asked(&message), ends(&message));
        let posting = self.0.post_message_with_max_sse_event_size(
            uri,
            message,
            session.clone(),
            token,
            headers,
            largest,
        );
        understood(posting.await.map_err(nameless)?, asked, ends, session.is_some())
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        token: Token,
        headers: Headers,
    ) -> Result<(), Failed> {
        self.0.delete_session(uri, session, token, headers).await.map_err(nameless)
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Id,
        last_event: Option<String>,
        token: Token,
        headers: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failed> {
        self.0.get_stream(uri, session, last_event, token, headers).await.map_err(nameless)
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Id,
        last_event: Option<String>,
        token: Token,
        headers: Headers,
        largest: usize,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failed> {
        let stream =
            self.0.get_stream_with_max_sse_event_size(uri, session, last_event, token, headers, largest);
        stream.await.map_err(nameless)
    }
}

fn asked(message: &ClientJsonRpcMessage) -> Option<rmcp::model::RequestId> {
    match message {
        ClientJsonRpcMessage::Request(request) => Some(request.id.clone()),
        _ => None,
    }
}

/// Whether what is asked is answered once, and not told of for as long as somebody listens.
fn ends(message: &ClientJsonRpcMessage) -> bool {
    let ClientJsonRpcMessage::Request(request) = message else { return false };
    matches!(request.request, ClientRequest::CallToolRequest(_) | ClientRequest::ListToolsRequest(_))
}

/// An error without an id, or with one of its own, is the answer to what was posted; where a session was named, it is
/// that which the server has forgotten, whatever status it says so with.
fn understood(
    answer: StreamableHttpPostResponse,
    asked: Option<rmcp::model::RequestId>,
    ends: bool,
    in_session: bool,
) -> Result<StreamableHttpPostResponse, Failed> {
    let answer = match answer {
        // Who talks on and on, and never answers, is not listened to for ever.
        StreamableHttpPostResponse::Sse(stream, session) if ends => {
            let stream = stream.take(MOST_EVENTS).take_until(sleep(LONGEST_ANSWER)).boxed();
            StreamableHttpPostResponse::Sse(stream, session)
        }
        other => other,
    };
    let StreamableHttpPostResponse::Json(ServerJsonRpcMessage::Error(mut error), session) = answer else {
        return Ok(answer);
    };
    if let Some(asked) = asked
        && error.id.as_ref() != Some(&asked)
    {
        // Those from -32099 to -32000 have no agreed meaning, and -32600 is an invalid request.
        if in_session && matches!(error.error.code.0, -32_019..=-32_000 | -32_600) {
            return Err(StreamableHttpError::SessionExpired);
        }
        error.id = Some(asked);
    }
    Ok(StreamableHttpPostResponse::Json(ServerJsonRpcMessage::Error(error), session))
}

/// The failure without the address, which may hold a secret; and a refusal without a challenge as the refusal it is.
pub(super) fn nameless(failed: Failed) -> Failed {
    match failed {
        StreamableHttpError::Client(error) if error.status().is_some_and(|status| status.as_u16() == 401) => {
            StreamableHttpError::AuthRequired(AuthRequiredError::new(String::new()))
        }
        StreamableHttpError::Client(error) => StreamableHttpError::Client(error.without_url()),
        StreamableHttpError::UnexpectedServerResponse(why) if why.starts_with("HTTP 401") => {
            StreamableHttpError::AuthRequired(AuthRequiredError::new(String::new()))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Barred;

    #[tokio::test]
    async fn a_members_servers_are_not_asked_in_this_machines_network() {
        let client = client(Network::Public).expect("a client");
        for url in ["http://127.0.0.1:9/mcp", "https://localhost:9/mcp", "https://[::1]:9/mcp"] {
            let refused = client.get(url).send().await.expect_err("it is inside");
            assert!(Barred::within(&refused).is_some(), "{url}: {refused:?}");
        }
    }
}
