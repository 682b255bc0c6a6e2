//! Validation tokens, which prove that Graph is the sender and that this application is the
//! recipient.
//!
//! <https://learn.microsoft.com/graph/change-notifications-with-resource-data#validating-the-authenticity-of-notifications>
//!
//! The platform signs with RS256 only, so this module supports no other algorithm. The crate `rsa`,
//! which also decrypts, checks the signature. A JWT crate would choose among a dozen algorithms by
//! features, which any other crate of an application may set for the whole application.

use chrono::{DateTime, TimeDelta, Utc};
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::sha2::Sha256;
use rsa::signature::Verifier;
use serde::Deserialize;
use uuid::Uuid;

use crate::Cloud;
use crate::auth::Jwt;
use crate::error::NotificationError;
use crate::error::NotificationErrorKind::{self, *};

/// The id of the application that sends change notifications, in every tenant.
const PUBLISHER: &str = "0bf30f3b-4a52-48df-9a82-234910c4a086";

/// The tolerated difference between clocks.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// A token with a valid form whose content has not been verified yet.
pub(super) struct Unchecked<'t> {
    token: Jwt<'t>,
    /// The id of the key that the token names.
    pub(super) key_id: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    aud: OneOrMany,
    iss: String,
    tid: String,
    /// The sender: `appid` in version 1 tokens, and `azp` in version 2 tokens.
    appid: Option<String>,
    azp: Option<String>,
    ver: Option<String>,
    exp: i64,
    nbf: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The expected values of the claims of a token.
pub(super) struct Expected<'e> {
    pub(super) applications: &'e [String],
    pub(super) cloud: &'e Cloud,
    pub(super) now: DateTime<Utc>,
}

fn refuse(kind: NotificationErrorKind, message: &str) -> NotificationError {
    NotificationError::new(kind, message)
}

impl<'t> Unchecked<'t> {
    /// Reads a token without verifying it.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] for text that is not a JWT, or not signed with RS256. The algorithm
    /// `none` is refused, too.
    pub(super) fn read(token: &'t str) -> Result<Self, NotificationError> {
        let malformed = || {
            refuse(
                Malformed,
                "a validation token is not a JWT signed with RS256",
            )
        };
        let token = Jwt::split(token).ok_or_else(malformed)?;
        let header: Header = token.header().ok_or_else(malformed)?;
        let key_id = header.kid.filter(|_| header.alg == "RS256");
        Ok(Self {
            token,
            key_id: key_id.ok_or_else(malformed)?,
        })
    }

    /// Verifies the token, and returns its tenant.
    ///
    /// # Errors
    ///
    /// Returns the reason why the token cannot be trusted. The signature is checked before the
    /// claims are read.
    pub(super) fn check(
        &self,
        key: &VerifyingKey<Sha256>,
        expected: &Expected<'_>,
    ) -> Result<String, NotificationError> {
        if !self.is_signed_with(key) {
            return Err(refuse(
                NotificationErrorKind::Signature,
                "the signature of a validation token is invalid",
            ));
        }
        let claims: Claims = self
            .token
            .claims()
            .ok_or_else(|| refuse(Malformed, "a validation token lacks a required claim"))?;
        claims.check(expected)?;
        Ok(claims.tid)
    }

    fn is_signed_with(&self, key: &VerifyingKey<Sha256>) -> bool {
        self.token.signed().is_some_and(|(text, signature)| {
            Signature::try_from(signature.as_slice())
                .is_ok_and(|signature| key.verify(text.as_bytes(), &signature).is_ok())
        })
    }
}

impl Claims {
    fn check(&self, expected: &Expected<'_>) -> Result<(), NotificationError> {
        let is = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let is_own = |audience: &String| {
            let mut applications = expected.applications.iter();
            applications.any(|application| is(application, audience))
        };
        let has_run_out =
            |skewed: Option<DateTime<Utc>>| skewed.is_none_or(|end| end <= expected.now);
        let time = |seconds| DateTime::from_timestamp(seconds, 0);
        let end = time(self.exp).and_then(|end| end.checked_add_signed(SKEW));
        let is_early = self.nbf.is_some_and(|begin| {
            let begin = time(begin).and_then(|begin| begin.checked_sub_signed(SKEW));
            begin.is_none_or(|begin| begin > expected.now)
        });
        if has_run_out(end) || is_early {
            return Err(refuse(
                Expired,
                "a validation token has expired, or is not valid yet",
            ));
        }
        let is_for_us = match &self.aud {
            OneOrMany::One(audience) => is_own(audience),
            OneOrMany::Many(audiences) => audiences.iter().any(is_own),
        };
        if !is_for_us {
            return Err(refuse(
                Audience,
                "the audience (`aud`) of a validation token is not one of the receiver's \
                 applications",
            ));
        }
        if !self.is_of_the_platform(expected.cloud) {
            return Err(refuse(
                Issuer,
                "the issuer (`iss`) of a validation token is not the identity platform",
            ));
        }
        let publisher = match self.ver.as_deref() {
            Some("2.0") => &self.azp,
            _ => &self.appid,
        };
        if !publisher.as_deref().is_some_and(|id| is(id, PUBLISHER)) {
            return Err(refuse(
                Publisher,
                "the publisher (`azp` or `appid`) of a validation token is not Graph's change \
                 notifications",
            ));
        }
        Ok(())
    }

    /// Checks the issuer. It contains the tenant, which must be a GUID, so that it cannot turn the
    /// issuer into another address.
    fn is_of_the_platform(&self, cloud: &Cloud) -> bool {
        let tenant = &self.tid;
        let tokens_of_v1 = cloud.issuer_v1();
        let login = cloud.login().trim_end_matches('/');
        Uuid::parse_str(tenant).is_ok()
            && (self.iss == format!("{tokens_of_v1}/{tenant}/")
                || self.iss == format!("{login}/{tenant}/v2.0"))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    const TENANT: &str = "84bd8158-6d4d-4958-8b9f-9d6445542f95";
    const APPLICATION: &str = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f";

    fn checked(change: impl FnOnce(&mut Value)) -> Option<NotificationErrorKind> {
        let mut claims = json!({
            "aud": APPLICATION, "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT,
            "appid": PUBLISHER, "ver": "1.0", "iat": 1_000_000, "nbf": 1_000_000, "exp": 1_003_600,
        });
        change(&mut claims);
        let claims: Claims = serde_json::from_value(claims).unwrap();
        let applications = [APPLICATION.to_uppercase()];
        let expected = Expected {
            applications: &applications,
            cloud: &Cloud::Global,
            now: DateTime::from_timestamp(1_001_800, 0).unwrap(),
        };
        claims.check(&expected).err().map(|error| error.kind())
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet-core#269.
    #[test]
    fn every_claim_is_checked() {
        assert_eq!(checked(|_| {}), None);
        assert_eq!(
            checked(|claims| claims["aud"] = json!(["x", APPLICATION])),
            None
        );
        assert_eq!(
            checked(|claims| {
                claims["iss"] = json!(format!("https://login.microsoftonline.com/{TENANT}/v2.0"));
                claims["ver"] = json!("2.0");
                claims["azp"] = json!(PUBLISHER);
            }),
            None
        );
        // Clocks may differ by five minutes.
        assert_eq!(checked(|claims| claims["exp"] = json!(1_001_501)), None);
        assert_eq!(checked(|claims| claims["nbf"] = json!(1_002_100)), None);
        for (name, value, kind) in [
            ("exp", json!(1_001_500), Expired),
            ("exp", json!(i64::MAX), Expired),
            ("nbf", json!(1_002_101), Expired),
            ("aud", json!(TENANT), Audience),
            ("aud", json!([]), Audience),
            ("iss", json!("https://sts.windows.net/"), Issuer),
            (
                "iss",
                json!(format!("https://sts.windows.net.evil.example/{TENANT}/")),
                Issuer,
            ),
            (
                "iss",
                json!(format!("https://sts.chinacloudapi.cn/{TENANT}/")),
                Issuer,
            ),
            ("tid", json!(APPLICATION), Issuer),
            ("appid", json!(APPLICATION), Publisher),
            ("appid", Value::Null, Publisher),
            // The other claim counts in tokens of the other version.
            ("ver", json!("2.0"), Publisher),
        ] {
            assert_eq!(
                checked(|claims| claims[name] = value.clone()),
                Some(kind),
                "{name} {value}"
            );
        }
        // A chosen tenant name cannot turn the issuer into another address.
        assert_eq!(
            checked(|claims| {
                claims["tid"] = json!("../evil");
                claims["iss"] = json!("https://sts.windows.net/../evil/");
            }),
            Some(Issuer)
        );
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet-core#269.
    #[test]
    fn unsigned_token_is_refused() {
        let encode = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let token = |alg: &str, kid: Value| {
            let header = json!({ "typ": "JWT", "alg": alg, "kid": kid });
            format!("{}.{}.c2ln", encode(header), encode(json!({})))
        };
        let good = token("RS256", json!("k"));
        assert_eq!(Unchecked::read(&good).ok().unwrap().key_id, "k");
        for bad in [
            token("none", json!("k")),
            token("None", json!("k")),
            token("HS256", json!("k")),
            token("PS256", json!("k")),
            token("RS256", Value::Null),
            format!("{good}.x"),
            good.replace('.', "_"),
            "..".to_owned(),
            String::new(),
        ] {
            let error = Unchecked::read(&bad).err().map(|error| error.kind());
            assert_eq!(error, Some(Malformed), "{bad}");
        }
    }
}
