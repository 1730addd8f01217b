//! How a service is called that the owner names: at its public address, once, within bounds.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

/// More than a tool has to say, in bytes.
const LARGEST: usize = 1024 * 1024;

/// Where a tool of the owner's, or a webhook, may call.
#[derive(Clone, Debug)]
pub struct Reach {
    /// A name, or an address; one of IPv6 in brackets.
    pub host: String,
    pub port: u16,
    /// An address in a private network will do.
    pub private: bool,
    pub patience: Duration,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub body: Vec<u8>,
}

impl Reach {
    /// A client that calls this host at the addresses it has now, none of which is one that it must not have: a name that
    /// means something else a moment later does not count.
    pub async fn client(&self) -> Result<reqwest::Client, String> {
        let found = tokio::time::timeout(self.patience, self.addresses()).await;
        let addresses = found.unwrap_or_else(|_| Err("its address was not found in time".into()));
        let addresses = addresses.map_err(|why| format!("That did not work: {why}."))?;
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(self.patience)
            .user_agent("Earpiece")
            .resolve_to_addrs(&self.host, &addresses);
        client.build().map_err(|_| "Something went wrong on my side. That was not done.".into())
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let found: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, self.port)],
            Err(_) => tokio::net::lookup_host((bare, self.port))
                .await
                .map_err(|_| format!("{} was not found", self.host))?
                .collect(),
        };
        let open: Vec<_> =
            found.into_iter().filter(|address| self.private || is_public(address.ip())).collect();
        if open.is_empty() {
            return Err(format!("{} is in a private network, which its owner has not allowed", self.host));
        }
        Ok(open)
    }
}

/// Asks, and reads what comes back as far as it may go.
pub(super) async fn ask(request: reqwest::RequestBuilder, patience: Duration) -> Result<Reply, String> {
    let asking = async {
        let mut response = request.send().await.map_err(|error| reason(&error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err("the service wants to send me elsewhere, which I do not follow".to_owned());
        }
        if !status.is_success() {
            return Err(format!("the service refused it ({})", status.as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
            if body.len() + chunk.len() > LARGEST {
                return Err("the answer is too large".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { body })
    };
    tokio::time::timeout(patience, asking).await.unwrap_or_else(|_| Err("the service takes too long".into()))
}

/// Without the address, which may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "the service takes too long".into()
    } else if error.is_connect() {
        "the service cannot be reached".into()
    } else {
        "the service broke off".into()
    }
}

/// Whether an address is one of the public network.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_v4(mapped),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let reserved =
        a == 0 || a >= 240 || (a == 192 && b == 0 && c == 0) || (a == 198 && (18..20).contains(&b));
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || shared
        || reserved)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    let second = address.segments()[1];
    let translated = first == 0x64 && second == 0xff9b || first == 0x2002;
    let documentation = first == 0x2001 && second == 0xdb8;
    first & 0xe000 == 0x2000 && !translated && !documentation && !address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().expect("an address")), "{address}");
        }
        for address in ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "100.128.0.1", "172.32.0.1"] {
            assert!(is_public(address.parse().expect("an address")), "{address}");
        }
    }
}
