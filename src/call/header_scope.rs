//! Headers that are about one request, and must not go along with the next.
//!
//! A call may need several requests: the pages of a list, the rounds of a delta query, the `GET`
//! that a redirect asks for. Headers about the representation that the caller wants go along with
//! each of them: `Prefer`, `ConsistencyLevel`, `Accept-Language`, headers of the program's own.
//! The headers below are about one request, its body, or what it would change. Sent again, they
//! would be wrong: the second page of a list does not have the first page's etag.

use http::HeaderMap;

/// Names that begin like this, in lower case, and why they are about one request.
const FAMILIES: [&str; 3] = [
    // The body of the request, which the next one does not have: its type, coding, language,
    // digest, range and length (RFC 9110, 8).
    "content-",
    // Conditions on the state of what the request names (RFC 9110, 13).
    "if-",
    // Marks by which a service knows a repeat of the same request (OASIS Repeatable Requests).
    "repeatability-",
];

/// Names, in lower case, and why they are about one request.
const NAMES: [&str; 18] = [
    // A part of the representation (RFC 9110, 14.2).
    "range",
    // The body again: its digests (RFC 9530) and the name of what is made of it (RFC 5023).
    "digest",
    "repr-digest",
    "slug",
    // How this message and its body are carried (RFC 9110, 6.5, 7.6 and 10.1; RFC 9112, 6.1).
    "connection",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // Another method than the one that is sent.
    "x-http-method",
    "x-http-method-override",
    // What makes a repeat of this request harmless.
    "idempotency-key",
    // The time of this message, and signatures over its method, address or body (RFC 9421).
    "date",
    "signature",
    "signature-input",
];

/// Removes the headers that are about one request.
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

/// Whether a header is about one request. `name` is in lower case, as `HeaderName` has it.
fn is_of_one_request(name: &str) -> bool {
    NAMES.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    /// The names that are left of these.
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
