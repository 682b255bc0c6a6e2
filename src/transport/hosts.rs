//! The hosts that may receive an access token.

use url::{Origin, Url};

use super::is_loopback;

use crate::error::{ConfigurationError, Error, HostError, HostRefusal, TransportError};
use crate::redact::Address;

/// The origins that a client may call. Scheme, host and port have to match.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    origins: Vec<Origin>,
}

impl Hosts {
    /// Returns the hosts that were named one by one, as `graph.contoso.example`, with a port if it
    /// is not the default port of https.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Configuration`] for text that is not a host, and [`Error::Host`] for a host
    /// with a scheme other than https.
    pub(crate) fn named(names: &[String]) -> Result<Self, Error> {
        let origins = names
            .iter()
            .map(|name| named(name))
            .collect::<Result<_, _>>()?;
        Ok(Self { origins })
    }

    pub(crate) fn allow(&mut self, url: &Url) {
        self.origins.push(url.origin());
    }

    /// # Errors
    ///
    /// Returns an error that says why nothing may be sent to this address.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Error> {
        let reason = if has_credentials(url) {
            HostRefusal::Credentials
        } else if self.origins.iter().any(|origin| is_of(url, origin)) {
            return Ok(());
        } else if url.scheme() != "https" {
            HostRefusal::Scheme
        } else {
            HostRefusal::Unlisted {
                name: authority(url),
                allowed: self
                    .origins
                    .iter()
                    .map(Origin::ascii_serialization)
                    .collect(),
            }
        };
        Err(refuse(url, reason))
    }
}

/// Parses an address from the configuration: https, or a plain http address of this machine.
///
/// # Errors
///
/// Returns [`Error::Configuration`] for text that is not such an address, and [`Error::Host`] for
/// plain http to any other machine.
pub(crate) fn root(setting: &'static str, text: &str) -> Result<Url, Error> {
    let wrong = |message: String| Error::from(ConfigurationError::new(setting, message));
    let shown = Address(text);
    let url =
        Url::parse(text).map_err(|error| wrong(format!("`{shown}` is not a URL: {error}")))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong(format!(
            "`{shown}` has a query or fragment: remove it, because paths are appended to the URL"
        )));
    }
    if has_credentials(&url) {
        return Err(refuse(&url, HostRefusal::Credentials));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(refuse(&url, HostRefusal::Scheme)),
    }
}

/// Checks an address that Graph gave out for use without a token. Any host is allowed over https.
/// Plain http is allowed only for addresses of this machine, and only if Graph's own address is one
/// of them.
///
/// # Errors
///
/// Returns [`Error::Transport`] for text that is not a URL, and [`Error::Host`] for an address that
/// nothing may be sent to.
pub(crate) fn elsewhere(graph: &str, text: &str) -> Result<Url, Error> {
    // The address is a secret, so the error does not repeat it.
    let url = Url::parse(text)
        .map_err(|_| TransportError::new("the address that Graph returned is not a URL"))?;
    let is_local = Url::parse(graph).is_ok_and(|graph| graph.scheme() == "http");
    if has_credentials(&url) {
        return Err(refuse(&url, HostRefusal::Credentials));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local && is_loopback(&url) => Ok(url),
        _ => Err(refuse(&url, HostRefusal::Scheme)),
    }
}

/// Checks whether an address has this origin, without a copy of its host.
fn is_of(url: &Url, origin: &Origin) -> bool {
    match origin {
        Origin::Tuple(scheme, host, port) => {
            url.scheme() == scheme
                && url.host().is_some_and(|there| there == *host)
                && url.port_or_known_default() == Some(*port)
        }
        Origin::Opaque(_) => false,
    }
}

pub(super) fn refuse(url: &Url, reason: HostRefusal) -> Error {
    HostError::new(origin(url), reason).into()
}

/// Returns scheme, host and port, or only the scheme for an address without a host.
fn origin(url: &Url) -> String {
    match url.origin() {
        origin @ Origin::Tuple(..) => origin.ascii_serialization(),
        Origin::Opaque(_) => format!("{}:", url.scheme()),
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

pub(super) fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn named(name: &str) -> Result<Origin, Error> {
    const SETTING: &str = "allow_host";
    let url = match name.contains("://") {
        true => root(SETTING, name)?,
        false => root(SETTING, &format!("https://{name}"))?,
    };
    let wrong = |why: &str| {
        Error::from(ConfigurationError::new(
            SETTING,
            format!("`{}` is {why}", Address(name)),
        ))
    };
    if url.path() != "/" {
        return Err(wrong(
            "more than a host: remove the path, because an access token is valid for a whole host",
        ));
    }
    if url.host_str().is_some_and(|host| host.contains('*')) {
        return Err(wrong("a pattern: name each host"));
    }
    Ok(url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&str]) -> Hosts {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        Hosts::named(&names).unwrap()
    }

    fn check(hosts: &Hosts, url: &str) -> Result<(), String> {
        hosts
            .check(&Url::parse(url).unwrap())
            .map_err(|error| error.to_string())
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#2181, microsoftgraph/msgraph-sdk-dotnet-core#655.
    #[test]
    fn unlisted_host_error_names_allow_setting() {
        let hosts = hosts(&["graph.microsoft.com"]);
        assert_eq!(
            check(&hosts, "https://graph.abc.xyz:8443/v1.0/me").unwrap_err(),
            "https://graph.abc.xyz:8443 is not one of this client's hosts \
             (https://graph.microsoft.com), so nothing was sent; if the host may receive the \
             access token, allow it with `Graph::builder(…).allow_host(\"graph.abc.xyz:8443\")`"
        );
    }

    #[test]
    fn scheme_host_and_port_must_match() {
        let hosts = hosts(&[
            "graph.microsoft.com",
            "https://gateway.contoso.example:8443",
        ]);
        for good in [
            "https://graph.microsoft.com/v1.0/me",
            "https://GRAPH.microsoft.com:443/v1.0/me",
            "https://gateway.contoso.example:8443/v1.0/me",
        ] {
            assert_eq!(check(&hosts, good), Ok(()), "{good}");
        }
        for bad in [
            "http://graph.microsoft.com/v1.0/me",
            "https://graph.microsoft.com:8443/v1.0/me",
            "https://graph.microsoft.com.evil.example/v1.0/me",
            "https://graph.microsoft.com./v1.0/me",
            "https://evil.example/graph.microsoft.com",
            "https://graph.microsoft.com@evil.example/v1.0/me",
            "https://user:password@graph.microsoft.com/v1.0/me",
            "https://gateway.contoso.example/v1.0/me",
            "https://dod-graph.microsoft.us/v1.0/me",
            "file:///etc/passwd",
        ] {
            check(&hosts, bad).unwrap_err();
        }
    }

    #[test]
    fn request_without_token_still_requires_https() {
        let graph = "https://graph.microsoft.com/v1.0";
        let local = "http://127.0.0.1:1/v1.0";
        let check = |graph: &str, url: &str| elsewhere(graph, url).map(|_| ());
        check(graph, "https://contoso.sharepoint.com/up?tempauth=x").unwrap();
        check(local, "http://127.0.0.1:2/upload/1").unwrap();
        check(local, "https://contoso.sharepoint.com/up").unwrap();
        for (graph, url) in [
            (graph, "http://contoso.sharepoint.com/up?tempauth=hunter2"),
            (graph, "http://127.0.0.1:2/up"),
            (local, "http://contoso.sharepoint.com/up"),
            (graph, "https://u:hunter2@contoso.sharepoint.com/"),
            (graph, "file:///etc/hunter2"),
            (graph, "hunter2"),
        ] {
            let error = check(graph, url).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn url_credentials_are_not_printed() {
        let error = check(
            &hosts(&["graph.microsoft.com"]),
            "https://user:hunter2@graph.microsoft.com/",
        )
        .unwrap_err();
        assert!(
            !error.contains("hunter2") && error.contains("https://graph.microsoft.com"),
            "{error}"
        );
    }

    #[test]
    fn plain_http_is_allowed_for_localhost_only() {
        for good in [
            "https://graph.microsoft.com",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost/x",
        ] {
            root("base_url", good).unwrap();
        }
        for bad in [
            "http://graph.microsoft.com",
            "http://10.0.0.1",
            "http://localhost.evil.example",
            "ftp://localhost",
        ] {
            assert!(
                matches!(root("base_url", bad), Err(Error::Host(_))),
                "{bad}"
            );
        }
        for bad in [
            "graph.microsoft.com",
            "",
            "https://",
            "https://a/?b",
            "https://a/#b",
        ] {
            assert!(
                matches!(root("base_url", bad), Err(Error::Configuration(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn invalid_host_cannot_be_allowed() {
        for bad in [
            "",
            "a b",
            "graph.abc.xyz/v1.0",
            "*.abc.xyz",
            "http://graph.abc.xyz",
            "a@b",
        ] {
            assert!(Hosts::named(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
