//! The meanings of the identity platform's error numbers.

/// The reason why a sign-in failed, as far as the number after `AADSTS` identifies it
/// (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).
///
/// A program acts on [`SignInError::error`](super::SignInError::error). The reason is for messages
/// to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignInReason {
    /// The client secret is wrong. Perhaps its id was given instead of its value.
    WrongSecret,
    /// The client secret or the certificate has expired.
    ExpiredSecret,
    /// The application must authenticate with a secret or an assertion.
    SecretMissing,
    /// The application is a public client, and must not send a secret or an assertion.
    PublicClient,
    /// The assertion's signature, key, audience or issuer is wrong. Perhaps the certificate is not
    /// registered.
    WrongAssertion,
    /// The assertion is not valid yet, or has expired. Perhaps this machine's clock is wrong.
    AssertionOutOfTime,
    /// The application does not trust this issuer or subject.
    FederationMismatch,
    /// The tenant does not have this application.
    ApplicationNotFound,
    /// The application is disabled.
    ApplicationDisabled,
    /// The application belongs to a single tenant, which must be named.
    SingleTenant,
    /// This grant needs the id or domain of a tenant, not a name that accepts users of any tenant.
    TenantNeeded,
    /// The tenant does not exist.
    TenantNotFound,
    /// The tenant belongs to another cloud.
    WrongCloud,
    /// The redirect URI is not registered, or differs from that of the authorization request.
    RedirectUri,
    /// The scope is not valid for this grant.
    Scope,
    /// The tenant does not have the resource of the scope.
    ResourceNotFound,
    /// The user, or an administrator, has not consented.
    ConsentRequired,
    /// The user has declined to consent.
    ConsentDeclined,
    /// Only an administrator can consent.
    AdminConsentRequired,
    /// The application's registration does not list the permission.
    PermissionNotRegistered,
    /// A second factor is required.
    MultiFactorRequired,
    /// The user has to register a second factor.
    MultiFactorEnrollment,
    /// A policy of Conditional Access refuses the sign-in.
    ConditionalAccess,
    /// Conditional Access requires a compliant device.
    DeviceNotCompliant,
    /// Conditional Access requires a device of the organization.
    DeviceNotJoined,
    /// Conditional Access requires an approved or protected application.
    ApplicationNotApproved,
    /// The tenant's security defaults refuse the sign-in.
    SecurityDefaults,
    /// The user does not exist.
    UserNotFound,
    /// The user belongs to another tenant, and is not a guest of this one.
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
    /// No user is signed in in this browser.
    NoSession,
    /// The refresh token or code is not valid.
    GrantInvalid,
    /// The refresh token or code has expired.
    GrantExpired,
    /// The refresh token was revoked, by a new password or by an administrator.
    GrantRevoked,
    /// A policy requires the user to sign in again after this time.
    SignInFrequency,
    /// The code was used before.
    CodeUsed,
    /// The code belongs to another tenant.
    CodeOfAnotherTenant,
    /// The PKCE verifier does not match the code.
    WrongVerifier,
    /// The incoming token of an on-behalf-of request has expired, or is not an access token for the
    /// application.
    WrongIncomingToken,
    /// The user has not signed in yet with the device code.
    DeviceCodePending,
    /// The device code does not exist.
    DeviceCodeInvalid,
    /// The device code has expired.
    DeviceCodeExpired,
    /// The device code was used or declined.
    DeviceCodeUsed,
    /// The request lacks a parameter, or has one that is not allowed.
    InvalidRequest,
    /// Too many requests: the same one repeatedly, or too many of the tenant.
    Throttled,
    /// A temporary fault. The same request may succeed later.
    Transient,
}

impl SignInReason {
    /// Returns the reason for the first number that has one.
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
    fn first_known_error_code_gives_the_reason() {
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
