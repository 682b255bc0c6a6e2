//! Addresses of the same machine.

use url::{Host, Url};

/// Checks whether an address is this machine's own: 127.0.0.0/8, `[::1]`, or the name `localhost`,
/// which [RFC 6761, 6.3](https://www.rfc-editor.org/rfc/rfc6761#section-6.3) reserves for it.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
