//! The form of JSON Web Tokens ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)).
//!
//! This is the only place that takes a token apart. It verifies nothing: each caller says why it
//! may read a token, or verifies the signature first.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

/// The header, the claims and the signature of a token, none of them decoded or checked.
pub struct Jwt<'t>([&'t str; 3]);

impl<'t> Jwt<'t> {
    /// Splits a token into its parts. Returns `None` if it does not have three.
    #[doc(hidden)]
    pub fn split(token: &'t str) -> Option<Self> {
        let mut parts = token.split('.');
        let three = [parts.next()?, parts.next()?, parts.next()?];
        parts.next().is_none().then_some(Self(three))
    }

    /// Reads the claims. Returns `None` if they are not JSON of this type.
    #[doc(hidden)]
    pub fn claims<T: DeserializeOwned>(&self) -> Option<T> {
        let [_, claims, _] = self.0;
        json(claims)
    }

    /// Reads the header. Returns `None` if it is not JSON of this type.
    #[doc(hidden)]
    pub fn header<T: DeserializeOwned>(&self) -> Option<T> {
        let [header, ..] = self.0;
        json(header)
    }

    /// Returns the text that was signed, and its signature. Returns `None` if the signature is not
    /// base64 without padding.
    #[doc(hidden)]
    pub fn signed(&self) -> Option<(String, Vec<u8>)> {
        let [header, claims, signature] = self.0;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some((format!("{header}.{claims}"), signature))
    }
}

/// Reads a part. Some issuers pad it, which RFC 7515 does not allow.
fn json<T: DeserializeOwned>(part: &str) -> Option<T> {
    let part = part.trim_end_matches('=');
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SIGNATURE: &str = "c2ln";

    fn claims(token: &str) -> Option<Value> {
        Jwt::split(token)?.claims()
    }

    #[test]
    fn claims_are_read_with_and_without_padding() {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        for text in [r#"{"a":1}"#, r#"{"a": 1}"#, r#"{"a" : 1}"#] {
            let plain = part(text);
            for payload in [plain.clone(), format!("{plain}="), format!("{plain}==")] {
                let token = format!("e30.{payload}.{SIGNATURE}");
                assert_eq!(claims(&token), Some(json!({ "a": 1 })), "{token}");
            }
        }
    }

    #[test]
    fn text_without_three_parts_is_not_a_token() {
        for text in ["", ".", "e30", "e30.e30", "e30.e30.c2ln.c2ln"] {
            assert!(Jwt::split(text).is_none(), "{text}");
        }
        // The parts are there, but the claims are not JSON.
        for text in ["..", "a.b.c", "e30.W10x.c2ln", "e30.e3 0.c2ln"] {
            assert!(Jwt::split(text).is_some(), "{text}");
            assert_eq!(claims(text), None, "{text}");
        }
    }

    #[test]
    fn signature_covers_header_and_claims_as_written() {
        let token = Jwt::split("e30=.e30.c2ln").unwrap();
        assert_eq!(token.header(), Some(json!({})));
        assert_eq!(
            token.signed(),
            Some(("e30=.e30".to_owned(), b"sig".to_vec()))
        );
        assert_eq!(Jwt::split("e30.e30.c2ln=").unwrap().signed(), None);
    }
}
