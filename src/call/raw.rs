//! Calls that Graph's description does not have.

use http::Method;
use serde::de::DeserializeOwned;

use super::encode::push_written;
use super::template::template;
use super::{AnyOption, Call, Delta, Download, Get, List, Options, RequestBuilder, Response};
use crate::Graph;

/// A call whose response is not decoded: from [`Graph::request`], or from any call made
/// [`raw`](Call::raw).
///
/// Awaiting it returns the [`Response`]. `json`, `list` and `content` decode the response instead.
pub type RawCall<O = AnyOption> = Call<Response, O>;

impl Graph {
    /// Returns a call that Graph's description does not have. It gets the same token, error
    /// handling and host check as any other call.
    ///
    /// `path_or_url` is a path below the root (`/me/messages`), a path with its own version
    /// (`/beta/me`), or a full URL on one of the cloud's hosts. Text that is already encoded stays
    /// as it is, and only characters that cannot occur in a URL are encoded. The caller has to
    /// encode ids and values that hold reserved characters.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::Method;
    ///
    /// let me: serde_json::Value = graph
    ///     .request(Method::GET, "/beta/me")
    ///     .select("id")
    ///     .json()
    ///     .await?;
    /// let users = graph
    ///     .request(Method::GET, "/users?$top=5")
    ///     .list::<serde_json::Value>()
    ///     .all()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Request`](crate::Error::Request) when the address cannot be
    /// sent as written. Such an address holds `#`, a backslash, a control character, or a `%` that
    /// encodes nothing. A segment `.` or `..`, which would lead elsewhere, is refused too. Awaiting
    /// the call gives [`Error::Host`](crate::Error::Host) when the URL is not on one of the cloud's
    /// hosts.
    pub fn request(&self, method: Method, path_or_url: impl AsRef<str>) -> RawCall {
        let address = path_or_url.as_ref();
        let url = address_url(self, address);
        let invalid = wrong_address(address).map(Into::into);
        Call::new(RequestBuilder::new(
            self.clone(),
            method,
            url,
            template(address),
            invalid,
        ))
    }
}

impl<O: Options> Call<Response, O> {
    /// Decodes the response as JSON.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::Method;
    /// use msgraph::models::User;
    ///
    /// let me = graph.request(Method::GET, "/beta/me").json::<User>().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting the call gives [`Error::Decode`](crate::Error::Decode) when the response is not of
    /// this type, and [`Error::EmptyResponse`](crate::Error::EmptyResponse) when it is empty.
    pub fn json<T: DeserializeOwned>(self) -> Get<T, O> {
        Call::new(self.operation)
    }

    /// Reads the response as pages of a collection.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::Method;
    /// use msgraph::models::User;
    ///
    /// let users = graph.request(Method::GET, "/beta/users").list::<User>().top(999).all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as any list: see [`Call::stream`].
    pub fn list<T: DeserializeOwned>(self) -> List<T, O> {
        Call::new(self.operation)
    }

    /// Reads the response as pages of changes.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::Method;
    /// use msgraph::models::User;
    ///
    /// let changes = graph.request(Method::GET, "/beta/users/delta").delta::<User>().changes();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as any delta query: see [`Call::changes`].
    pub fn delta<T: DeserializeOwned>(self) -> Call<Delta<T>, O> {
        Call::new(self.operation)
    }

    /// Returns the response as content: its bytes and their media type.
    ///
    /// Sends `Accept: */*`, unless the call has an `Accept` header of its own. Transcripts need
    /// `.header("Accept", "text/vtt")`, which the typed call sends.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
    /// use msgraph::Method;
    ///
    /// let photo = graph.request(Method::GET, "/me/photo/$value").content().await?;
    /// println!("{} bytes of {:?}", photo.bytes.len(), photo.content_type);
    /// # Ok(())
    /// # }
    /// ```
    pub fn content(self) -> Download<O> {
        Call::new(self.operation.accept("*/*"))
    }
}

/// Returns the URL of an address. An absolute address stays as it is. A path is put below the root
/// of the version that it names, or of the client's version.
fn address_url(graph: &Graph, address: &str) -> String {
    let mut url = String::with_capacity(address.len() + 40);
    if !is_absolute(address) {
        let path = address.trim_start_matches('/');
        let version = path.split(['/', '?']).next().unwrap_or_default();
        url.push_str(match version {
            "v1.0" | "beta" => graph.host_root(),
            _ => graph.root(),
        });
        if !path.is_empty() {
            url.push('/');
        }
        push_written(&mut url, path);
    } else {
        push_written(&mut url, address);
    }
    url
}

pub(super) fn is_absolute(address: &str) -> bool {
    address
        .split_once("://")
        .is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Returns the reason why an address cannot be sent as written, or `None` if it can.
fn wrong_address(address: &str) -> Option<String> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    // The URL parser drops tabs and line feeds and treats a backslash as a slash, so each could
    // hide a `..`.
    if let Some(sign) = address
        .chars()
        .find(|sign| sign.is_control() || *sign == '\\')
    {
        return Some(format!(
            "the URL contains {sign:?}, which is not allowed in a URL"
        ));
    }
    if address.contains('#') {
        return Some("the URL contains `#`, which would begin a fragment: write `%23`".to_owned());
    }
    if let Some(place) = lone_percent(path).or_else(|| lone_percent(query)) {
        return Some(format!(
            "the URL contains `%` in {place:?} without two hexadecimal digits after it: write `%25`"
        ));
    }
    if path.split('/').any(is_dots) {
        return Some(
            "the URL contains a segment `.` or `..`, which would change the path".to_owned(),
        );
    }
    None
}

/// Returns the reason why a piece of a query cannot be sent as written, or `None` if it can.
pub(super) fn wrong_query(query: &str) -> Option<String> {
    if let Some(sign) = query
        .chars()
        .find(|sign| !sign.is_ascii_graphic() || *sign == '#')
    {
        return Some(format!(
            "the encoded query contains {sign:?}, which must be percent-encoded"
        ));
    }
    lone_percent(query).map(|place| {
        format!(
            "the encoded query contains `%` in {place:?} without two hexadecimal digits after \
                 it: write `%25`"
        )
    })
}

/// Finds a `%` that is not followed by two hexadecimal digits. Returns it with the characters that
/// follow.
fn lone_percent(text: &str) -> Option<String> {
    text.split('%').skip(1).find_map(|after| {
        let code: String = after.chars().take(2).collect();
        let encodes = code.len() == 2 && code.bytes().all(|digit| digit.is_ascii_hexdigit());
        (!encodes).then(|| format!("%{code}"))
    })
}

/// Checks whether a URL parser reads a segment as the current or the parent directory, encoded dots
/// included (<https://url.spec.whatwg.org/#double-dot-path-segment>).
fn is_dots(segment: &str) -> bool {
    matches!(
        segment.to_ascii_lowercase().replace("%2e", ".").as_str(),
        "." | ".."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_percent_encoding_is_refused() {
        for text in ["", "a%20b", "%E2%9c%93"] {
            assert_eq!(lone_percent(text), None, "{text}");
        }
        for (text, wanted) in [
            ("50%", "%"),
            ("%2", "%2"),
            ("a%zzb", "%zz"),
            ("%%41", "%"),
            ("%ü1", "%ü1"),
        ] {
            assert_eq!(lone_percent(text).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn dot_segments_are_found_in_any_encoding() {
        for segment in [".", "..", "%2e", "%2E.", ".%2e", "%2e%2E"] {
            assert!(is_dots(segment), "{segment}");
        }
        for segment in ["", "...", "a..", "%252e", "%2e%2e%2e"] {
            assert!(!is_dots(segment), "{segment}");
        }
    }

    #[test]
    fn address_with_scheme_is_absolute() {
        assert!(is_absolute("https://a/b"));
        assert!(is_absolute("HTTP://a"));
        assert!(!is_absolute("/a?u=https://b"));
        assert!(!is_absolute("me/drive/root:/a"));
    }
}
