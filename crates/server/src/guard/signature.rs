//! Whether a request is the carrier's, and under which of our addresses it was sent.

use carrier::{Carrier, Refusal, Request};

/// The address that the carrier signed: of all that it may have been sent to, the one that verifies. Where none
/// does, the refusal of the likeliest.
pub fn verified(
    carrier: &dyn Carrier,
    request: &Request<'_>,
    public: Option<&str>,
    trusted_proxy: bool,
    secret: &str,
    now_unix: i64,
) -> Result<String, Refusal> {
    let mut refusal = Refusal::WrongSignature;
    for (n, url) in carrier.addresses(request, public, trusted_proxy).into_iter().enumerate() {
        match carrier.verify(request, &url, secret, now_unix) {
            Ok(()) => return Ok(url),
            Err(why) if n == 0 => refusal = why,
            Err(_) => {}
        }
    }
    Err(refusal)
}
