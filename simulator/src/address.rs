//! The addresses at which clients reach a simulator, and those that it writes into links.

use http::Uri;

use crate::request::Request;

/// The hosts of Microsoft that a simulator serves to clients of its proxy: Graph and the identity
/// platform of each cloud.
/// <https://learn.microsoft.com/graph/deployments>
const MICROSOFT: [&str; 11] = [
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
];

/// The names of this machine.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// A host of the simulator, or neither of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    Graph,
    Storage,
}

/// The addresses of a simulator.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// The address of Graph and the identity platform, as links have it: `http://127.0.0.1:…`.
    pub(crate) graph: String,
    /// The address of the storage host, as links have it: `http://localhost:…`.
    pub(crate) storage: String,
    scheme: &'static str,
    /// The ports at which Graph and the storage host listen.
    ports: [u16; 2],
    /// `true` if the address of Graph is always the same in links.
    fixed: bool,
    /// `true` if Microsoft's own hosts are served.
    proxied: bool,
}

/// The settings from which addresses are made.
pub(crate) struct Known<'a> {
    pub(crate) secure: bool,
    /// The ports at which Graph and the storage host listen.
    pub(crate) ports: [u16; 2],
    pub(crate) public: Option<&'a str>,
    pub(crate) public_storage: Option<&'a str>,
    pub(crate) proxied: bool,
}

impl Addresses {
    pub(crate) fn new(known: &Known<'_>) -> Self {
        let scheme = if known.secure { "https" } else { "http" };
        let [graph, storage] = known.ports;
        // The storage host has another name than Graph, so that a client that compares host names
        // sees the difference.
        let at = |public: Option<&str>, name: &str, port: u16| match public {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("{scheme}://{name}:{port}"),
        };
        Self {
            graph: at(known.public, "127.0.0.1", graph),
            storage: at(known.public_storage, "localhost", storage),
            scheme,
            ports: known.ports,
            fixed: known.public.is_some(),
            proxied: known.proxied,
        }
    }

    /// Returns the address of Graph in the links of a response. It is the one that the client uses,
    /// because some clients send their token to no other host.
    pub(crate) fn of(&self, request: &Request) -> String {
        let host = request.header("host").unwrap_or_default();
        if let Some(host) = self.microsoft(&host) {
            return format!("https://{host}");
        }
        let [port, _] = self.ports;
        match host.rsplit_once(':') {
            Some((name, own)) if !self.fixed && LOOPBACK.contains(&name) && is(own, port) => {
                format!("{}://{host}", self.scheme)
            }
            _ => self.graph.clone(),
        }
    }

    /// Returns the destination of a tunnel through the proxy, by its host and port.
    pub(crate) fn destination(&self, authority: &str) -> Option<Destination> {
        if self.microsoft(authority).is_some() {
            return Some(Destination::Graph);
        }
        let (name, port) = authority.rsplit_once(':')?;
        let [graph, storage] = self.ports;
        let is_at = |url: &str, own: u16| {
            let is_public = authority_of(url)
                .is_some_and(|(host, public)| host.eq_ignore_ascii_case(name) && is(port, public));
            is_public || (LOOPBACK.contains(&name) && is(port, own))
        };
        if is_at(&self.graph, graph) {
            Some(Destination::Graph)
        } else if is_at(&self.storage, storage) {
            Some(Destination::Storage)
        } else {
            None
        }
    }

    /// Returns the host if it is one of Microsoft's, and the simulator serves those.
    fn microsoft(&self, host: &str) -> Option<&'static str> {
        let name = host.strip_suffix(":443").unwrap_or(host);
        let mut served = MICROSOFT.into_iter().filter(|_| self.proxied);
        served.find(|own| own.eq_ignore_ascii_case(name))
    }

    /// Returns the names for which the certificate has to be valid.
    #[cfg(feature = "tls")]
    pub(crate) fn names(&self) -> Vec<String> {
        let own = LOOPBACK.map(|name| name.trim_matches(['[', ']']).to_owned());
        let public = [&self.graph, &self.storage];
        let public = public.into_iter().filter_map(|url| authority_of(url));
        let public = public.map(|(host, _)| host.trim_matches(['[', ']']).to_owned());
        let microsoft = MICROSOFT.into_iter().filter(|_| self.proxied);
        let mut names = own.to_vec();
        names.extend(microsoft.map(str::to_owned));
        for name in public {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns the addresses of Graph that a token may be for, beside that of the global cloud.
    pub(crate) fn audiences(&self) -> Vec<String> {
        let [port, _] = self.ports;
        let own = LOOPBACK.map(|name| format!("{}://{name}:{port}", self.scheme));
        let microsoft = MICROSOFT.into_iter().filter(|_| self.proxied);
        let mut audiences = vec![self.graph.clone()];
        audiences.extend(own);
        audiences.extend(microsoft.map(|host| format!("https://{host}")));
        audiences
    }
}

fn is(text: &str, port: u16) -> bool {
    text.parse() == Ok(port)
}

/// Checks that a public address is one that links can begin with.
pub(crate) fn is_public(url: &str) -> bool {
    let parsed: Option<Uri> = url.parse().ok();
    parsed.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.query().is_none()
            && uri
                .authority()
                .is_some_and(|authority| !authority.as_str().contains('@'))
    })
}

/// Returns host and port of a URL.
fn authority_of(url: &str) -> Option<(String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let usual = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    let port = uri.port_u16().unwrap_or(usual);
    Some((uri.host()?.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;

    fn addresses(public: Option<&str>, proxied: bool) -> Addresses {
        Addresses::new(&Known {
            secure: true,
            ports: [8400, 8401],
            public,
            public_storage: None,
            proxied,
        })
    }

    fn links(addresses: &Addresses, host: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        addresses.of(&Request {
            method: Method::GET,
            target: "/v1.0/me".into(),
            headers,
            body: Bytes::new(),
        })
    }

    #[test]
    fn links_have_the_loopback_name_of_the_request() {
        let own = addresses(None, false);
        assert_eq!(links(&own, "localhost:8400"), "https://localhost:8400");
        assert_eq!(links(&own, "[::1]:8400"), "https://[::1]:8400");
        for other in [
            "",
            "localhost",
            "localhost:8401",
            "contoso.com:8400",
            "graph.microsoft.com",
        ] {
            assert_eq!(links(&own, other), "https://127.0.0.1:8400", "{other}");
        }
    }

    #[test]
    fn public_address_is_in_all_links() {
        let public = addresses(Some("https://graph.contoso.com/"), true);
        for host in ["localhost:8400", "contoso.com", ""] {
            assert_eq!(links(&public, host), "https://graph.contoso.com", "{host}");
        }
        let host = "graph.microsoft.com";
        assert_eq!(links(&public, host), "https://graph.microsoft.com");
    }

    #[cfg(feature = "tls")]
    #[test]
    fn certificate_has_all_names() {
        let names = addresses(Some("https://graph.contoso.com:8443/a"), true).names();
        for name in [
            "localhost",
            "127.0.0.1",
            "::1",
            "graph.contoso.com",
            "graph.microsoft.com",
        ] {
            assert!(names.iter().any(|own| own == name), "{name}");
        }
        assert_eq!(
            addresses(None, false).names(),
            ["127.0.0.1", "localhost", "::1"]
        );
    }

    #[test]
    fn proxy_reaches_the_simulator_alone() {
        let public = addresses(Some("https://graph.contoso.com/a"), true);
        for (authority, expected) in [
            ("graph.microsoft.com:443", Some(Destination::Graph)),
            ("Login.MicrosoftOnline.com:443", Some(Destination::Graph)),
            ("graph.contoso.com:443", Some(Destination::Graph)),
            ("localhost:8400", Some(Destination::Graph)),
            ("localhost:8401", Some(Destination::Storage)),
            ("[::1]:8401", Some(Destination::Storage)),
            ("graph.microsoft.com:80", None),
            ("graph.contoso.com:8400", None),
            ("localhost:22", None),
            ("example.com:443", None),
            ("", None),
        ] {
            assert_eq!(public.destination(authority), expected, "{authority}");
        }
        let own = addresses(None, false);
        assert_eq!(own.destination("graph.microsoft.com:443"), None);
    }

    #[test]
    fn public_address_needs_scheme_and_host() {
        assert!(is_public("https://graph.contoso.com"));
        assert!(is_public("http://localhost:8080/graph/"));
        for url in [
            "graph.contoso.com",
            "ftp://contoso.com",
            "https://contoso.com/?a",
            "https://user@contoso.com",
            "/v1.0",
            "",
        ] {
            assert!(!is_public(url), "{url}");
        }
    }
}
