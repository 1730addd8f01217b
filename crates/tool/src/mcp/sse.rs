//! The transport of 2024: messages go by POST, and answers come on one stream that was opened first.

use super::{fault::Fault, http::nameless};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::{
        Transport,
        streamable_http_client::{StreamableHttpClient, StreamableHttpError},
    },
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};

/// The largest message.
const LARGEST: usize = 16 * 1024 * 1024;
/// How long one message may take to be accepted.
const PATIENCE: Duration = Duration::from_secs(15);
/// Messages that wait to be read.
const WAITING: usize = 32;

/// One stream, and where to write.
pub(super) struct Stream {
    http: reqwest::Client,
    endpoint: Url,
    headers: HeaderMap,
    token: Option<String>,
    incoming: mpsc::Receiver<ServerJsonRpcMessage>,
    /// Ends with this.
    _reader: JoinSet<()>,
}

/// Why a message could not be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsent {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("it answers with HTTP {0}")]
    Status(u16),
    #[error("it takes too long to accept a message")]
    TimedOut,
}

/// Opens the stream, and waits to be told where to write.
pub(super) async fn open(
    http: &reqwest::Client,
    url: &Url,
    token: Option<String>,
    headers: &HashMap<HeaderName, HeaderValue>,
) -> Result<Stream, Fault> {
    let opening = http.get_stream_with_max_sse_event_size(
        Arc::from(url.as_str()),
        None,
        None,
        token.clone(),
        headers.clone(),
        LARGEST,
    );
    let mut events = opening.await.map_err(|error| match nameless(error) {
        StreamableHttpError::AuthRequired(refused) => Fault::SignIn(refused.www_authenticate_header),
        other => Fault::unreachable(other),
    })?;
    let endpoint = loop {
        let event = events.next().await.ok_or_else(|| Fault::unreachable("it closed the stream at once"))?;
        let event = event.map_err(Fault::nonsense)?;
        if event.event.as_deref() == Some("endpoint") {
            break endpoint(url, event.data.as_deref().unwrap_or_default())?;
        }
    };
    let (sender, incoming) = mpsc::channel(WAITING);
    let mut reader = JoinSet::new();
    reader.spawn(async move {
        while let Some(Ok(event)) = events.next().await {
            let text = event.data.unwrap_or_default();
            match serde_json::from_str(&text) {
                Ok(message) => {
                    if sender.send(message).await.is_err() {
                        return;
                    }
                }
                Err(error) if !text.trim().is_empty() => {
                    tracing::debug!(%error, "a message is not understood");
                }
                Err(_) => {}
            }
        }
    });
    let headers = HeaderMap::try_from(headers).map_err(Fault::nonsense)?;
    Ok(Stream { http: http.clone(), endpoint, headers, token, incoming, _reader: reader })
}

/// Where to write: at the same origin, so that no server has us write to another.
fn endpoint(url: &Url, said: &str) -> Result<Url, Fault> {
    let endpoint = url.join(said.trim()).map_err(Fault::nonsense)?;
    if endpoint.origin() == url.origin() {
        Ok(endpoint)
    } else {
        Err(Fault::nonsense("it wants to be written to at another address"))
    }
}

impl Transport<RoleClient> for Stream {
    type Error = Unsent;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Unsent>> + Send + 'static {
        let mut request = self.http.post(self.endpoint.clone()).headers(self.headers.clone()).json(&message);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        async move {
            let answer = timeout(PATIENCE, request.send()).await.map_err(|_| Unsent::TimedOut)?;
            let status = answer.map_err(reqwest::Error::without_url)?.status();
            if status.is_success() { Ok(()) } else { Err(Unsent::Status(status.as_u16())) }
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        self.incoming.recv().await
    }

    async fn close(&mut self) -> Result<(), Unsent> {
        self.incoming.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_to_at_the_same_origin_only() {
        let url = Url::parse("https://example.com/a/sse").expect("an address");
        let at = |said: &str| endpoint(&url, said).map(|url| url.to_string()).ok();
        assert_eq!(at("/message?sessionId=1").as_deref(), Some("https://example.com/message?sessionId=1"));
        assert_eq!(at("message").as_deref(), Some("https://example.com/a/message"));
        for elsewhere in
            ["https://evil.example/m", "//evil.example/m", "http://example.com/m", "file:///etc/passwd"]
        {
            assert_eq!(at(elsewhere), None, "{elsewhere}");
        }
    }
}
