//! Proof Key for Code Exchange (RFC 7636): a client that redeems a code proves that it requested
//! the code.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::SignInError;
use super::form::Form;

/// The value that the verifier is compared with.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    text: String,
    /// `true` if it is the verifier's hash instead of the verifier itself.
    hashed: bool,
}

/// Checks whether a text has the form of verifiers and challenges (RFC 7636, 4.1).
fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

impl Challenge {
    /// Reads the challenge of an authorization request.
    pub(super) fn read(form: &Form) -> Result<Option<Self>, SignInError> {
        let method = form.get("code_challenge_method");
        let Some(text) = form.get("code_challenge") else {
            return match method {
                Some(_) => Err(SignInError::missing("code_challenge")),
                None => Ok(None),
            };
        };
        let hashed = match method {
            Some("S256") => true,
            Some("plain") | None => false,
            Some(other) => {
                return Err(SignInError::malformed(format!(
                    "Invalid request. The 'code_challenge_method' '{other}' is not supported."
                )));
            }
        };
        if !is_well_formed(text) || hashed && text.len() != 43 {
            return Err(SignInError::new(
                "invalid_request",
                501_491,
                "Invalid size of Code_Challenge parameter.",
            ));
        }
        let text = text.to_owned();
        Ok(Some(Self { text, hashed }))
    }

    /// Checks whether this is the verifier from which the challenge was made.
    pub(super) fn is_met_by(&self, verifier: &str) -> bool {
        let hashed = || URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        is_well_formed(verifier)
            && match self.hashed {
                true => hashed() == self.text,
                false => verifier == self.text,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    /// Checks the example of RFC 7636, appendix B.
    #[test]
    fn pkce_challenge_matches_the_rfc_example() {
        let challenge = Challenge {
            text: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into(),
            hashed: true,
        };
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"));
    }
}
