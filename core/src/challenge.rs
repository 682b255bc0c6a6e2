//! The claims challenge of Graph: the claims of a `WWW-Authenticate` header that the next token
//! must satisfy (<https://learn.microsoft.com/entra/identity-platform/claims-challenge>, [RFC 9110,
//! 11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)).
//!
//! The header comes in many shapes. Several challenges are in one header or in several. Parameters
//! come in any order, quoted or not, with commas inside quotes. Therefore the parser is lenient,
//! and ignores a challenge that it cannot read.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use serde_json::{Map, Value};

/// Returns the claims, as JSON, that a `Bearer` challenge requests.
pub fn claims(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|header| std::str::from_utf8(header.as_bytes()).ok())
        .flat_map(challenges)
        .filter(|challenge| challenge.scheme.eq_ignore_ascii_case("Bearer"))
        .filter(|challenge| challenge.get("error").is_none_or(is_insufficient_claims))
        .find_map(|challenge| decode(challenge.get("claims")?))
}

/// Checks for the error of a claims challenge. The second spelling occurs in Graph's own
/// documentation, and so in responses too.
fn is_insufficient_claims(error: &str) -> bool {
    error.eq_ignore_ascii_case("insufficient_claims")
        || error.eq_ignore_ascii_case("insufficent_claims")
}

struct Challenge<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Challenge<'_> {
    fn get(&self, wanted: &str) -> Option<&str> {
        let parameter = self
            .parameters
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(&parameter.1)
    }
}

fn challenges(header: &str) -> Vec<Challenge<'_>> {
    let mut challenges: Vec<Challenge<'_>> = Vec::new();
    for item in items(header) {
        let (scheme, parameter) = split_scheme(item);
        if let Some(scheme) = scheme {
            challenges.push(Challenge {
                scheme,
                parameters: Vec::new(),
            });
        }
        let (Some(challenge), Some((name, value))) =
            (challenges.last_mut(), parameter.split_once('='))
        else {
            continue;
        };
        challenge
            .parameters
            .push((name.trim(), unquote(value.trim())));
    }
    challenges
}

/// Splits a header at the commas that are outside quotes.
fn items(header: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    header.split(move |sign| {
        match sign {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' => return !quoted,
            _ => {}
        }
        false
    })
}

/// Splits `Bearer realm=""` into the scheme and the parameter that follows it. `error="x"` has no
/// scheme.
fn split_scheme(item: &str) -> (Option<&str>, &str) {
    let item = item.trim();
    match item.split_once(char::is_whitespace) {
        Some((first, rest)) if !first.contains('=') && !rest.trim_start().starts_with('=') => {
            (Some(first), rest)
        }
        None if !item.is_empty() && !item.contains('=') => (Some(item), ""),
        _ => (None, item),
    }
}

fn unquote(value: &str) -> String {
    let Some(quoted) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(quoted.len());
    let mut signs = quoted.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '"' => break,
            '\\' => text.extend(signs.next()),
            _ => text.push(sign),
        }
    }
    text
}

/// Decodes claims: JSON in base64, of either alphabet, padded or not.
fn decode(claims: &str) -> Option<String> {
    const GENEROUS: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let json = GENEROUS
        .decode(claims.replace('-', "+").replace('_', "/"))
        .ok()?;
    let json = String::from_utf8(json).ok()?;
    serde_json::from_str::<Map<String, Value>>(&json).ok()?;
    Some(json)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true, "value":"1726258122"}}}"#;
    const ENCODED: &str =
        "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoiMTcyNjI1ODEyMiJ9fX0=";

    fn read(headers: &[&str]) -> Option<String> {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(WWW_AUTHENTICATE, HeaderValue::from_str(header).unwrap());
        }
        claims(&map)
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
    #[test]
    fn claims_are_read_from_every_challenge_form() {
        let unpadded = ENCODED.trim_end_matches('=');
        for header in [
            format!(
                "Bearer realm=\"\", \
                 authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", \
                 client_id=\"00000003-0000-0000-c000-000000000000\", \
                 error=\"insufficient_claims\", claims=\"{ENCODED}\""
            ),
            format!(r#"bearer claims="{ENCODED}",error="insufficient_claims""#),
            format!(
                "Bearer claims={unpadded}, error=insufficient_claims, \
                 authorization_uri=https://login.x/?a=b"
            ),
            format!(
                "PoP realm=\"\", claims=\"bm8=\", nonce=\"n,=\\\"\", Bearer realm=\"\", \
                 Error=\"insufficent_claims\", Claims = \"{unpadded}\""
            ),
            format!(
                "Basic realm=\"x, Bearer y\", Bearer error_description=\"a, b=\\\"c\\\"\", \
                 error=\"insufficient_claims\", claims=\"{ENCODED}\", PoP realm=\"\""
            ),
        ] {
            assert_eq!(read(&[&header]).as_deref(), Some(CLAIMS), "{header}");
        }
        let second = format!(r#"Bearer error="insufficient_claims", claims="{ENCODED}""#);
        assert_eq!(read(&[r#"PoP realm="""#, &second]).as_deref(), Some(CLAIMS));
    }

    #[test]
    fn claims_in_base64url_are_read() {
        // `???` is one of the texts that differ between the alphabets.
        let json = r#"{"access_token":"???>>>"}"#;
        let url = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(json);
        assert!(url.contains('_') || url.contains('-'), "{url}");
        assert_eq!(
            read(&[&format!("Bearer claims={url}")]).as_deref(),
            Some(json)
        );
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet#1416, microsoft/kiota#1179.
    #[test]
    fn other_headers_are_not_a_challenge() {
        for header in [
            "",
            ",,,",
            "Bearer",
            r#"Bearer realm="""#,
            r#"Bearer realm="", error="invalid_token", claims="e30=""#,
            r#"PoP error="insufficient_claims", claims="e30=""#,
            r#"Bearer error="insufficient_claims""#,
            r#"Bearer error="insufficient_claims", claims="not base64!""#,
            r#"Bearer error="insufficient_claims", claims="bm8=""#,
            r#"Bearer error="insufficient_claims", claims="e30="#,
            "Bearer =,=\"",
        ] {
            let wanted = header.ends_with("e30=").then(|| "{}".to_owned());
            assert_eq!(read(&[header]), wanted, "{header}");
        }
    }
}
