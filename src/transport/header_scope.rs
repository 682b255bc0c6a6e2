//! Headers that belong to one request and must not be sent with the next.
//!
//! A call may need several requests: the pages of a list, the rounds of a delta query, the `GET`
//! that a redirect asks for. Headers about the representation that the caller wants are sent with
//! each of them: `Prefer`, `ConsistencyLevel`, `Accept-Language`, and the program's own headers.
//! The headers below are about one request, its body, or the state it would change. It would be
//! wrong to send them again: the second page of a list does not have the first page's etag.

use http::HeaderMap;

/// Prefixes of header names, in lower case, with the reason why they belong to one request.
const FAMILIES: [&str; 3] = [
    // The body of the request, which the next request does not have: its type, coding, language,
    // digest, range and length (RFC 9110, 8).
    "content-",
    // Conditions on the state of the target resource (RFC 9110, 13).
    "if-",
    // Headers by which a service recognizes a repeat of the same request (OASIS Repeatable
    // Requests).
    "repeatability-",
];

/// Header names, in lower case, with the reason why they belong to one request.
const NAMES: [&str; 18] = [
    // A part of the representation (RFC 9110, 14.2).
    "range",
    // The body: its digests (RFC 9530) and the name of the resource that is created from it (RFC
    // 5023).
    "digest",
    "repr-digest",
    "slug",
    // The way in which this message and its body are transferred (RFC 9110, 6.5, 7.6 and 10.1; RFC
    // 9112, 6.1).
    "connection",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // A method that replaces the one that is sent.
    "x-http-method",
    "x-http-method-override",
    // A key that makes a repeat of this request harmless.
    "idempotency-key",
    // The time of this message, and signatures over its method, address or body (RFC 9421).
    "date",
    "signature",
    "signature-input",
];

/// Removes the headers that belong to one request.
pub(crate) fn remove_headers_of_one_request(headers: &mut HeaderMap) {
    let names: Vec<_> = headers
        .keys()
        .filter(|name| is_of_one_request(name.as_str()))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
}

/// Checks whether a header belongs to one request. `name` is in lower case, as in `HeaderName`.
fn is_of_one_request(name: &str) -> bool {
    NAMES.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    /// Returns the names that remain of these.
    fn left(names: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for name in names {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(&name, HeaderValue::from_static("1"));
            headers.append(&name, HeaderValue::from_static("2"));
        }
        remove_headers_of_one_request(&mut headers);
        headers.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn headers_of_one_request_are_removed() {
        let removed = [
            "If-Match",
            "If-None-Match",
            "If-Modified-Since",
            "If-Unmodified-Since",
            "If-Range",
            "Range",
            "Content-Type",
            "Content-Length",
            "Content-Encoding",
            "Content-Language",
            "Content-MD5",
            "Content-Digest",
            "Content-Disposition",
            "Content-Range",
            "Digest",
            "Repr-Digest",
            "Expect",
            "Transfer-Encoding",
            "Trailer",
            "Host",
            "Date",
            "X-HTTP-Method-Override",
            "Idempotency-Key",
            "Repeatability-Request-ID",
            "Repeatability-First-Sent",
            "Signature-Input",
        ];
        assert_eq!(left(&removed), [""; 0]);
    }

    #[test]
    fn headers_about_the_representation_stay() {
        let stay = [
            "accept",
            "accept-encoding",
            "accept-language",
            "authorization",
            "cache-control",
            "client-request-id",
            "consistencylevel",
            "prefer",
            "sdkversion",
            "traceparent",
            "user-agent",
            "workbook-session-id",
            "x-mine",
        ];
        let mut left = left(&stay);
        left.sort();
        assert_eq!(left, stay);
    }
}
