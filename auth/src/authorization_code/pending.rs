//! Sign-ins that have begun.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use url::Url;

use super::super::Secret;
use crate::Result;
use crate::error::SignInError;

/// The number of random bytes of each secret. As text they have 43 characters, the minimum for the
/// PKCE verifier ([RFC 7636, 4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1)).
const BYTES: usize = 32;

/// A sign-in that has begun and waits for the browser to return.
///
/// It can be serialized (serde) and kept for the browser that began. It contains the PKCE verifier,
/// and is therefore a secret. It is safe in a session of the server; in a cookie it must be
/// encrypted. It is valid for one [`finish`](super::AuthorizationCodeFlow::finish).
///
/// ```
/// use msgraph::Graph;
/// use msgraph::auth::{AuthorizationCodeFlow, PendingSignIn};
///
/// # fn example(
/// #     graph: &Graph,
/// #     sign_in: &AuthorizationCodeFlow,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let pending = sign_in.begin(graph)?;
/// let kept = serde_json::to_string(&pending)?;
/// // … in the handler that the browser comes back to:
/// let pending: PendingSignIn = serde_json::from_str(&kept)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingSignIn {
    url: Url,
    #[serde(serialize_with = "exposed", deserialize_with = "secret")]
    state: Secret<String>,
    #[serde(serialize_with = "exposed", deserialize_with = "secret")]
    nonce: Secret<String>,
    #[serde(serialize_with = "exposed", deserialize_with = "secret")]
    verifier: Secret<String>,
    /// Boxed, because applications put this type into enums.
    asked: Box<Asked>,
}

/// The parameters of the first half, which the second half must use as well.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) redirect_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<String>,
    /// The claims that the user has to meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claims: Option<String>,
}

fn exposed<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

impl PendingSignIn {
    /// Creates a sign-in at an address, to which it adds its own parameters.
    ///
    /// # Errors
    ///
    /// Fails if the system has no random bytes.
    pub(super) fn new(url: Url) -> Result<Self> {
        let (state, nonce, verifier) = (random()?, random()?, random()?);
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()));
        let mut pending = Self {
            url,
            state,
            nonce,
            verifier,
            asked: Box::default(),
        };
        pending
            .url
            .query_pairs_mut()
            .append_pair("state", pending.state.expose())
            .append_pair("nonce", pending.nonce.expose())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(pending)
    }

    pub(super) fn asking(mut self, asked: Asked) -> Self {
        self.asked = Box::new(asked);
        self
    }

    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Returns the address to open in the browser.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Checks whether this is the state of the sign-in, which the platform returns to identify the
    /// response.
    pub(super) fn is_state(&self, state: &str) -> bool {
        // Compares digests, so that the time of the comparison does not show how many characters
        // were right.
        Sha256::digest(state.as_bytes()) == Sha256::digest(self.state.expose().as_bytes())
    }

    /// Returns the nonce that the id token must contain.
    pub(super) fn nonce(&self) -> &str {
        self.nonce.expose()
    }

    pub(super) fn verifier(&self) -> &Secret<String> {
        &self.verifier
    }
}

/// Returns random bytes from the system, as text.
fn random() -> Result<Secret<String>> {
    let mut bytes = Secret::new([0; BYTES]);
    getrandom::fill(bytes.expose_mut()).map_err(|error| {
        SignInError::new("cannot get random bytes from the operating system").with_source(error)
    })?;
    Ok(Secret::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.expose())))
}

/// Omits the address, because it contains the state, which is only for this browser.
impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingSignIn").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a pending sign-in and its state.
    pub(in super::super) fn pending() -> (PendingSignIn, String) {
        let url = Url::parse("https://login.microsoftonline.com/common/oauth2/v2.0/authorize");
        let pending = PendingSignIn::new(url.unwrap()).unwrap();
        let state = pending.state.expose().clone();
        (pending, state)
    }

    #[test]
    fn pkce_challenge_matches_the_verifier() {
        // https://www.rfc-editor.org/rfc/rfc7636#appendix-B
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let (pending, _) = pending();
        let sent: Vec<_> = pending.url().query_pairs().into_owned().collect();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(pending.verifier().expose()));
        assert!(sent.contains(&("code_challenge".into(), challenge)));
        assert!(sent.contains(&("code_challenge_method".into(), "S256".into())));
        assert_eq!(pending.verifier().expose().len(), 43);
    }

    #[test]
    fn two_sign_ins_differ() {
        let ((one, _), (other, _)) = (pending(), pending());
        assert!(one.is_state(one.state.expose()) && !one.is_state(other.state.expose()));
        assert!(!one.is_state(""));
        assert_ne!(one.nonce(), other.nonce());
        assert_ne!(one.verifier().expose(), other.verifier().expose());
    }

    #[test]
    fn pending_sign_in_is_serialized_and_never_printed() {
        let (pending, _) = pending();
        let written = serde_json::to_string(&pending).unwrap();
        let read: PendingSignIn = serde_json::from_str(&written).unwrap();
        assert_eq!(read.url(), pending.url());
        assert!(read.is_state(pending.state.expose()));
        assert_eq!(read.nonce(), pending.nonce());
        assert_eq!(read.verifier(), pending.verifier());
        assert_eq!(format!("{pending:?}"), "PendingSignIn { .. }");
    }
}
