//! Client assertions: a signature that proves possession of the key of a registered certificate.
//!
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::jwt::{Presented, bytes};
use super::{Platform, SignInError};
use crate::certificate;

/// The largest difference between the clocks of a client and of the platform.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// The longest lifetime of an assertion.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// The platform's record of certificates and assertions.
#[derive(Default)]
pub(crate) struct Assertions {
    certificates: Vec<Certificate>,
    /// The ids of the assertions that were presented, until they expire.
    seen: HashMap<String, DateTime<Utc>>,
}

/// A registered certificate.
struct Certificate {
    key: Vec<u8>,
    sha1: Vec<u8>,
    sha256: Vec<u8>,
    not_after: DateTime<Utc>,
}

impl Assertions {
    /// Registers a certificate (DER). `Err` holds the problem with it.
    pub(crate) fn trust(&mut self, der: &[u8]) -> Result<(), &'static str> {
        let certificate = certificate::read(der)?;
        let not_after = certificate.tbs_certificate.validity.not_after;
        let not_after = DateTime::UNIX_EPOCH + not_after.to_unix_duration();
        self.certificates.push(Certificate {
            key: certificate::key(&certificate).to_vec(),
            sha1: Sha1::digest(der).to_vec(),
            sha256: Sha256::digest(der).to_vec(),
            not_after,
        });
        Ok(())
    }
}

pub(super) fn refused(code: u32, description: impl Into<String>) -> SignInError {
    SignInError::new("invalid_client", code, description)
}

/// Returns the error for a token that is invalid.
pub(super) fn invalid(what: &str) -> SignInError {
    refused(50_027, format!("JWT token is invalid or malformed. {what}"))
}

/// Checks the type of a token and its signature algorithm.
fn check_header(token: &Presented<'_>) -> Result<(), SignInError> {
    if token.header("typ") != Some("JWT") {
        return Err(invalid("Its header's 'typ' is not 'JWT'."));
    }
    match token.header("alg").unwrap_or_default() {
        "RS256" | "PS256" => Ok(()),
        other => Err(invalid(&format!(
            "'{other}' is not a supported signature algorithm; those are RS256 and PS256."
        ))),
    }
}

/// Checks that an assertion is already valid, and not expired.
pub(super) fn check_time(token: &Presented<'_>, now: DateTime<Utc>) -> Result<(), SignInError> {
    let at = |name| {
        let seconds = token.time(name)?;
        DateTime::from_timestamp(seconds, 0)
    };
    let Some(expires) = at("exp") else {
        return Err(invalid("It has no 'exp' claim."));
    };
    let begins = at("nbf").or_else(|| at("iat"));
    let valid_from = begins.unwrap_or(DateTime::UNIX_EPOCH);
    let wrong = |what: &str| {
        refused(
            700_024,
            format!(
                "Client assertion is not within its valid time range. {what}Current time: {now:?}, \
                 assertion valid from {valid_from:?}, expiry time of assertion {expires:?}."
            ),
        )
    };
    if now - SKEW >= expires || begins.is_some_and(|begins| now + SKEW < begins) {
        return Err(wrong(""));
    }
    if expires - begins.unwrap_or(now) > LONGEST {
        return Err(wrong("It is valid for more than 24 hours. "));
    }
    Ok(())
}

impl Platform<'_> {
    /// Checks an assertion, which a certificate's key or a trusted issuer has signed.
    pub(super) fn believe(
        &mut self,
        assertion: &str,
        client: &str,
        tenant: &str,
    ) -> Result<(), SignInError> {
        let token = Presented::read(assertion).ok_or_else(|| invalid("It is not a JWT."))?;
        let thumbprint = token.header("x5t#S256").or_else(|| token.header("x5t"));
        match thumbprint {
            Some(thumbprint) => self.check_assertion(&token, thumbprint, client, tenant),
            // An external issuer of tokens is a URL. A client that signs for itself names the key.
            None if token.claim("iss").is_some_and(|iss| iss.contains("://")) => {
                self.check_federated(&token)
            }
            None => Err(invalid(
                "It names its certificate neither by 'x5t' nor by 'x5t#S256'.",
            )),
        }
    }

    fn check_assertion(
        &mut self,
        token: &Presented<'_>,
        thumbprint: &str,
        client: &str,
        tenant: &str,
    ) -> Result<(), SignInError> {
        check_header(token)?;
        self.check_signature(token, thumbprint, client)?;
        self.check_claims(token, client, tenant)?;
        check_time(token, self.now)?;
        self.check_replay(token)
    }

    /// Checks that the named certificate is registered and valid, and that its key made the
    /// signature.
    fn check_signature(
        &self,
        token: &Presented<'_>,
        thumbprint: &str,
        client: &str,
    ) -> Result<(), SignInError> {
        let fits = |name: &str, own: &[u8]| {
            let named = token.header(name);
            named.is_none_or(|text| bytes(text).as_deref() == Some(own))
        };
        let mut certificates = self.identity.assertions.certificates.iter();
        let Some(certificate) = certificates.find(|certificate| {
            fits("x5t", &certificate.sha1) && fits("x5t#S256", &certificate.sha256)
        }) else {
            return Err(refused(
                700_027,
                format!(
                    "The certificate with identifier used to sign the client assertion is not \
                     registered on application. [Reason - The key was not found., Thumbprint of \
                     key used by client: '{thumbprint}']"
                ),
            ));
        };
        if !token.is_signed_with(&certificate.key) {
            return Err(refused(
                50_012,
                format!(
                    "Client assertion contains an invalid signature. [Reason - The provided \
                     signature value did not match the expected signature value., Thumbprint of \
                     key used by client: '{thumbprint}']"
                ),
            ));
        }
        if certificate.not_after < self.now {
            return Err(refused(
                7_000_222,
                format!("The provided client certificate of app '{client}' has expired."),
            ));
        }
        Ok(())
    }

    /// Checks the issuer, subject and audience of an assertion.
    fn check_claims(
        &self,
        token: &Presented<'_>,
        client: &str,
        tenant: &str,
    ) -> Result<(), SignInError> {
        let audience = format!("{}/{tenant}/oauth2/v2.0/token", self.host);
        if !token.is_for(&audience) {
            return Err(invalid(&format!(
                "Its audience is '{}', and has to be '{audience}'.",
                token.audience()
            )));
        }
        let (issuer, subject) = (token.claim("iss"), token.claim("sub"));
        if issuer != subject {
            return Err(refused(
                50_048,
                "Subject mismatches Issuer claim in the client assertion.",
            ));
        }
        if !issuer.is_some_and(|issuer| issuer.eq_ignore_ascii_case(client)) {
            return Err(invalid("Its issuer is not the client that presents it."));
        }
        Ok(())
    }

    /// Refuses an assertion that was presented before. RFC 7523 allows a server to do so. The
    /// platform does not always do it. The simulator always does, so that a client must make a new
    /// one for each request.
    fn check_replay(&mut self, token: &Presented<'_>) -> Result<(), SignInError> {
        let Some(id) = token.claim("jti").filter(|id| !id.is_empty()) else {
            return Err(invalid("It has no 'jti' claim."));
        };
        let now = self.now;
        let seen = &mut self.identity.assertions.seen;
        seen.retain(|_, expires| *expires + SKEW > now);
        let expires = token
            .time("exp")
            .and_then(|at| DateTime::from_timestamp(at, 0));
        match seen.insert(id.to_owned(), expires.unwrap_or(now)) {
            None => Ok(()),
            Some(_) => Err(invalid(&format!(
                "The assertion with the 'jti' '{id}' was presented before; each request needs a \
                 new one."
            ))),
        }
    }
}
