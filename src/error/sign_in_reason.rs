//! What the numbers of the identity platform mean.

/// Why there is no token, as far as the number after `AADSTS` says it
/// (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).
///
/// A program acts on [`SignInError::error`](super::SignInError::error); this is for what it tells people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignInReason {
    /// The client secret is wrong; perhaps its id was given for its value.
    WrongSecret,
    /// The client secret or the certificate has expired.
    ExpiredSecret,
    /// The application has to show a secret or an assertion.
    SecretMissing,
    /// The application is a public client, and must not show a secret or an assertion.
    PublicClient,
    /// The assertion's signature, key, audience or issuer is wrong: perhaps the certificate is not registered.
    WrongAssertion,
    /// The assertion is not good yet or not any more: perhaps this machine's clock is wrong.
    AssertionOutOfTime,
    /// The application trusts no such issuer or subject.
    FederationMismatch,
    /// The tenant has no such application.
    ApplicationNotFound,
    /// The application is disabled.
    ApplicationDisabled,
    /// The application is of one tenant, and that one has to be named.
    SingleTenant,
    /// This grant wants a tenant's id or domain, not whichever one a user is of.
    TenantNeeded,
    /// There is no such tenant.
    TenantNotFound,
    /// The tenant is of another cloud.
    WrongCloud,
    /// The redirect URI is not registered, or not the one of the authorization request.
    RedirectUri,
    /// The scope is not valid for this grant.
    Scope,
    /// The tenant does not have the resource that the scope is of.
    ResourceNotFound,
    /// The user, or an administrator, has not consented.
    ConsentRequired,
    /// The user has declined to consent.
    ConsentDeclined,
    /// Only an administrator can consent.
    AdminConsentRequired,
    /// The application's registration does not list the permission.
    PermissionNotRegistered,
    /// A second factor is wanted.
    MultiFactorRequired,
    /// The user has to register a second factor.
    MultiFactorEnrollment,
    /// A policy of Conditional Access refuses.
    ConditionalAccess,
    /// Conditional Access wants a device that is compliant.
    DeviceNotCompliant,
    /// Conditional Access wants a device of the organization's.
    DeviceNotJoined,
    /// Conditional Access wants an application that is approved or protected.
    ApplicationNotApproved,
    /// The tenant's security defaults refuse.
    SecurityDefaults,
    /// There is no such user.
    UserNotFound,
    /// The user is of another tenant, and no guest of this one.
    UserNotInTenant,
    /// The user is not assigned to the application.
    UserNotAssigned,
    /// The account is locked.
    UserLocked,
    /// The account is disabled.
    UserDisabled,
    /// The password has expired.
    PasswordExpired,
    /// The name or the password is wrong.
    WrongPassword,
    /// Nobody is signed in in this browser.
    NoSession,
    /// The refresh token or code is not valid.
    GrantInvalid,
    /// The refresh token or code has expired.
    GrantExpired,
    /// The refresh token was revoked: a new password, or an administrator.
    GrantRevoked,
    /// Policy wants the user to sign in again after this time.
    SignInFrequency,
    /// The code was used before.
    CodeUsed,
    /// The code is of another tenant.
    CodeOfAnotherTenant,
    /// The PKCE verifier is not that of the code.
    WrongVerifier,
    /// The incoming token of an on-behalf-of request is no access token for the application, or has expired.
    WrongIncomingToken,
    /// The user has not signed in yet with the device code.
    DeviceCodePending,
    /// There is no such device code.
    DeviceCodeInvalid,
    /// The device code has expired.
    DeviceCodeExpired,
    /// The device code was used or declined.
    DeviceCodeUsed,
    /// The request lacks a parameter, or has one that it must not have.
    InvalidRequest,
    /// Too many requests: the same one again and again, or too many of the tenant's.
    Throttled,
    /// Something that passes: try again.
    Transient,
}

impl SignInReason {
    /// The first of the numbers that says something.
    pub(super) fn of(codes: &[u64]) -> Option<Self> {
        codes.iter().find_map(|code| {
            let (_, reason) = REASONS.iter().find(|(number, _)| number == code)?;
            Some(*reason)
        })
    }
}

const REASONS: &[(u64, SignInReason)] = {
    use SignInReason::*;
    &[
        (7_000_215, WrongSecret),
        (7_000_222, ExpiredSecret),
        (7_000_218, SecretMissing),
        (700_025, PublicClient),
        (50_012, WrongAssertion),
        (50_027, WrongAssertion),
        (50_048, WrongAssertion),
        (700_027, WrongAssertion),
        (700_024, AssertionOutOfTime),
        (70_021, FederationMismatch),
        (700_211, FederationMismatch),
        (700_213, FederationMismatch),
        (700_229, FederationMismatch),
        (700_016, ApplicationNotFound),
        (70_001, ApplicationNotFound),
        (7_000_112, ApplicationDisabled),
        (50_194, SingleTenant),
        (9_001_023, TenantNeeded),
        (90_002, TenantNotFound),
        (900_021, TenantNotFound),
        (900_023, TenantNotFound),
        (90_038, WrongCloud),
        (50_011, RedirectUri),
        (500_112, RedirectUri),
        (70_011, Scope),
        (700_022, Scope),
        (700_023, Scope),
        (1_002_012, Scope),
        (500_011, ResourceNotFound),
        (65_001, ConsentRequired),
        (65_004, ConsentDeclined),
        (90_094, AdminConsentRequired),
        (650_056, PermissionNotRegistered),
        (650_057, PermissionNotRegistered),
        (50_076, MultiFactorRequired),
        (50_074, MultiFactorRequired),
        (50_072, MultiFactorEnrollment),
        (50_079, MultiFactorEnrollment),
        (50_131, ConditionalAccess),
        (50_158, ConditionalAccess),
        (53_004, ConditionalAccess),
        (53_011, ConditionalAccess),
        (53_003, ConditionalAccess),
        (53_000, DeviceNotCompliant),
        (53_001, DeviceNotJoined),
        (53_002, ApplicationNotApproved),
        (53_009, ApplicationNotApproved),
        (530_035, SecurityDefaults),
        (50_034, UserNotFound),
        (50_020, UserNotInTenant),
        (50_105, UserNotAssigned),
        (50_053, UserLocked),
        (50_057, UserDisabled),
        (50_055, PasswordExpired),
        (50_126, WrongPassword),
        (50_058, NoSession),
        (70_000, GrantInvalid),
        (70_008, GrantExpired),
        (700_082, GrantExpired),
        (700_084, GrantExpired),
        (50_173, GrantRevoked),
        (70_043, SignInFrequency),
        (54_005, CodeUsed),
        (700_005, CodeOfAnotherTenant),
        (501_481, WrongVerifier),
        (50_013, WrongIncomingToken),
        (500_131, WrongIncomingToken),
        (500_133, WrongIncomingToken),
        (70_016, DeviceCodePending),
        (70_018, DeviceCodeInvalid),
        (70_019, DeviceCodeExpired),
        (70_020, DeviceCodeExpired),
        (90_120, DeviceCodeUsed),
        (90_014, InvalidRequest),
        (900_144, InvalidRequest),
        (900_561, InvalidRequest),
        (901_002, InvalidRequest),
        (9_002_313, InvalidRequest),
        (9_002_326, InvalidRequest),
        (9_002_327, InvalidRequest),
        (50_196, Throttled),
        (90_055, Throttled),
        (90_006, Transient),
        (90_024, Transient),
        (90_033, Transient),
        (90_090, Transient),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_one_reason_and_the_first_that_says_something_counts() {
        let mut numbers: Vec<_> = REASONS.iter().map(|(number, _)| number).collect();
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), REASONS.len());
        assert_eq!(
            SignInReason::of(&[7_000_215]),
            Some(SignInReason::WrongSecret)
        );
        assert_eq!(
            SignInReason::of(&[1, 50_076, 53_003]),
            Some(SignInReason::MultiFactorRequired)
        );
        assert_eq!(SignInReason::of(&[1]), None);
    }
}
