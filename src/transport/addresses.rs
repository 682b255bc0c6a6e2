//! Parses the addresses of calls.

use url::{ParseError, Position, Url};

/// A parser for the addresses of calls.
///
/// Nearly all of them begin with the origin of the client's root. It is parsed once, because most
/// of the time of parsing a URL goes into its host.
#[derive(Clone, Default)]
pub(crate) struct Addresses {
    origin: Option<Url>,
}

impl Addresses {
    /// Creates the parser of a client with this root.
    pub(crate) fn new(root: &Url) -> Self {
        let mut origin = root.clone();
        origin.set_path("");
        Self {
            origin: Some(origin),
        }
    }

    /// Parses an address, with the same result as [`Url::parse`].
    pub(crate) fn parse(&self, address: &str) -> Result<Url, ParseError> {
        let path = self.origin.as_ref().and_then(|origin| {
            let path = path_below(origin, address)?;
            Some(Url::options().base_url(Some(origin)).parse(path))
        });
        path.unwrap_or_else(|| Url::parse(address))
    }
}

/// Returns the path of an address with this origin, and the text after it. Returns `None` if the
/// path alone might be read in another way: as a host after `//`, for example.
fn path_below<'a>(origin: &Url, address: &'a str) -> Option<&'a str> {
    let path = address.strip_prefix(&origin[..Position::BeforePath])?;
    let first = path.strip_prefix('/')?.bytes().next()?;
    first.is_ascii_alphanumeric().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_parsed_as_by_url_parse() {
        for root in [
            "https://graph.microsoft.com",
            "http://127.0.0.1:8080/gateway/v1.0",
            "https://[::1]:1",
        ] {
            let root = Url::parse(root).unwrap();
            let addresses = Addresses::new(&root);
            let origin = &root[..Position::BeforePath];
            for rest in [
                "",
                "/",
                "/v1.0/users/adele%40contoso.com?$select=id&$top=5#x",
                "/v1.0/a/../b/%2e%2e/c d/\u{e5}?\u{e5}='\"",
                "/v1.0\\me",
                "/v1.0/me\t\n ",
                "//evil.example/",
                "/\\evil.example/",
                "/\t/evil.example/",
                "/\n\\evil.example/",
                "\t//evil.example/",
                "?x",
                "#x",
                ".evil.example/v1.0",
                "@evil.example/v1.0",
                ":81/v1.0",
                "0/v1.0",
            ] {
                let address = format!("{origin}{rest}");
                assert_eq!(
                    addresses.parse(&address),
                    Url::parse(&address),
                    "{address:?}"
                );
            }
        }
        let addresses = Addresses::new(&Url::parse("https://graph.microsoft.com").unwrap());
        for other in ["https://evil.example/v1.0/me", "v1.0/me", "", "/v1.0/me"] {
            assert_eq!(addresses.parse(other), Url::parse(other), "{other}");
        }
    }
}
