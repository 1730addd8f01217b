//! Into which network what somebody sets may lead: what a member of an installation sets leads to the public one alone, by
//! whatever name, and whoever sends us on.
//!
//! The address is judged that is about to be called. A name that means another machine a moment later does not count.

use crate::own::reach::is_public;
use reqwest::{
    ClientBuilder, Proxy, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

/// What may be called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Whatever this machine reaches.
    #[default]
    Any,
    /// Nothing in this machine's own network, nor this machine.
    Public,
}

/// Why something is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is in a private network, which only whoever runs this installation may set")]
pub struct Barred(String);

impl Barred {
    /// What kept a request from being sent, if it was this.
    pub fn within(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(barred) = error.downcast_ref::<Barred>() {
                return Some(barred.clone());
            }
            next = error.source();
        }
        None
    }
}

impl Network {
    /// Has a client call nothing else. No proxy of the environment's is used then: it might be asked to.
    pub fn bound(self, client: ClientBuilder) -> ClientBuilder {
        match self {
            Network::Any => client,
            // An address that is written as one is never looked up, so it is led to a name that is.
            Network::Public => client.no_proxy().dns_resolver(Arc::new(Public)).proxy(Proxy::custom(nowhere)),
        }
    }

    /// The addresses of this host that may be called: for what is no HTTP.
    pub async fn addresses(self, host: &str, port: u16) -> Result<Vec<IpAddr>, String> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<IpAddr> = match bare.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => looked_up(bare, port).await?.into_iter().map(|address| address.ip()).collect(),
        };
        let open: Vec<_> =
            found.into_iter().filter(|address| self == Network::Any || is_public(*address)).collect();
        if open.is_empty() { Err(Barred(host.to_owned()).to_string()) } else { Ok(open) }
    }
}

/// A name that nobody has (RFC 6761).
const NOWHERE: &str = "private-network.invalid";

fn nowhere(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    let address: IpAddr = host.parse().ok()?;
    (!is_public(address)).then(|| format!("http://{NOWHERE}"))
}

async fn looked_up(name: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found = tokio::net::lookup_host((name, port)).await;
    found.map(Iterator::collect).map_err(|_| format!("{name} was not found"))
}

/// Finds the public addresses of names.
struct Public;

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            if name == NOWHERE {
                return Err(Barred("That address".into()).into());
            }
            let found = looked_up(&name, 0).await?;
            let open: Vec<_> = found.into_iter().filter(|address| is_public(address.ip())).collect();
            if open.is_empty() {
                return Err(Barred(name).into());
            }
            let open: Addrs = Box::new(open.into_iter());
            Ok(open)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::redirect::Policy;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        task::JoinSet,
    };

    /// A server on this machine that sends everybody on to this address, and how often somebody came.
    async fn sends_on(to: &'static str) -> (u16, Arc<AtomicUsize>, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        let came = Arc::<AtomicUsize>::default();
        let counted = came.clone();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4_096];
                let _read = socket.read(&mut request).await;
                let to = to.replace("PORT", &port.to_string());
                let answer = if to.is_empty() {
                    "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_owned()
                } else {
                    format!(
                        "HTTP/1.1 307 Go\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    )
                };
                let _sent = socket.write_all(answer.as_bytes()).await;
            }
        });
        (port, came, serving)
    }

    fn client(network: Network) -> ClientBuilder {
        network.bound(ClientBuilder::new().redirect(Policy::limited(5)))
    }

    #[tokio::test]
    async fn what_a_member_sets_never_leads_inside() {
        let (port, came, _serving) = sends_on("").await;
        let (bound, free) = (client(Network::Public).build(), client(Network::Any).no_proxy().build());
        let (bound, free) = (bound.expect("a client"), free.expect("a client"));
        for host in ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"] {
            let refused = bound.get(format!("http://{host}:{port}/")).send().await.expect_err("it is inside");
            let why = Barred::within(&refused).unwrap_or_else(|| panic!("{host}: {refused:?}"));
            assert!(why.to_string().contains("private network"), "{why}");
        }
        let tls = bound.get(format!("https://127.0.0.1:{port}/")).send().await.expect_err("it is inside");
        assert!(Barred::within(&tls).is_some(), "{tls:?}");
        assert_eq!(came.load(Ordering::SeqCst), 0, "nobody knocked");
        let status =
            free.get(format!("http://localhost:{port}/")).send().await.expect("it is there").status();
        assert_eq!((status.as_u16(), came.load(Ordering::SeqCst)), (204, 1), "who runs it may");
    }

    #[tokio::test]
    async fn nobody_sends_us_on_to_where_we_may_not_go() {
        for inside in ["http://127.0.0.1:PORT/", "http://localhost:PORT/", "http://[::1]:PORT/"] {
            let (port, came, _serving) = sends_on(inside).await;
            // As if that name were somewhere in the public network.
            let there = SocketAddr::from(([127, 0, 0, 1], port));
            let client = client(Network::Public).resolve("outside.example", there).build().expect("a client");
            let url = format!("http://outside.example:{port}/");
            let refused = client.get(url).send().await.expect_err("it leads inside");
            assert!(Barred::within(&refused).is_some(), "{inside}: {refused:?}");
            assert_eq!(came.load(Ordering::SeqCst), 1, "{inside}: only where it began");
        }
    }

    #[tokio::test]
    async fn addresses_are_judged_after_names_were_looked_up() {
        for host in ["localhost", "127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254"] {
            let why = Network::Public.addresses(host, 25).await.expect_err("it is inside");
            assert!(why.contains("private network"), "{why}");
        }
        assert!(Network::Any.addresses("localhost", 25).await.is_ok());
        assert_eq!(Network::Public.addresses("1.1.1.1", 25).await.map(|all| all.len()), Ok(1));
    }
}
