//! The properties of Graph that hold a secret, and the names that indicate one.
//!
//! The generator of [`msgraph`](https://docs.rs/msgraph) and the library itself use this one rule:
//! the generator for properties of models, the library for JSON that has no type.

/// The properties that hold a secret: the type that declares the property, without
/// `microsoft.graph.`, and the property.
pub const SECRETS: &[(&str, &str)] = &[
    // Passwords, passcodes and PINs of people and devices.
    ("actions.changePassword", "currentPassword"),
    ("actions.changePassword", "newPassword"),
    ("actions.resetPassword", "newPassword"),
    ("actions.updateAdDomainPassword", "adDomainPassword"),
    ("actions.uploadClientCertificate", "password"),
    ("actions.uploadClientCertificate", "pkcs12Value"),
    ("actions.wipe", "macOsUnlockCode"),
    ("basicAuthentication", "password"),
    ("cloudPcOnPremisesConnection", "adDomainPassword"),
    ("deviceLocalCredential", "passwordBase64"),
    ("managedDevice", "activationLockBypassCode"),
    ("passwordAuthenticationMethod", "password"),
    ("passwordProfile", "password"),
    ("passwordResetResponse", "newPassword"),
    ("pkcs12Certificate", "password"),
    ("qrCodeImageDetails", "binaryValue"),
    ("qrCodeImageDetails", "rawContent"),
    ("qrPin", "code"),
    ("remoteLockActionResult", "unlockPin"),
    ("resetPasscodeActionResult", "passcode"),
    ("softwareOathAuthenticationMethod", "secretKey"),
    (
        "temporaryAccessPassAuthenticationMethod",
        "temporaryAccessPass",
    ),
    ("windowsDeviceAccount", "password"),
    // Passwords of files, links and meetings.
    ("actions.driveItemCreateLink", "password"),
    ("actions.driveItemInvite", "password"),
    ("actions.listItemCreateLink", "password"),
    ("actions.validatePermission", "challengeToken"),
    ("actions.validatePermission", "password"),
    ("joinMeetingIdMeetingInfo", "passcode"),
    ("joinMeetingIdSettings", "passcode"),
    ("tokenMeetingInfo", "token"),
    // Keys.
    ("alternativeSecurityId", "key"),
    ("appLogCollectionDownloadDetails", "decryptionKey"),
    ("arkoseFraudProtectionProvider", "privateKey"),
    ("bitlockerRecoveryKey", "key"),
    ("changeNotificationEncryptedContent", "dataKey"),
    ("fileEncryptionInfo", "encryptionKey"),
    ("fileEncryptionInfo", "macKey"),
    ("keyCredential", "key"),
    ("pkcs12Certificate", "pkcs12Value"),
    ("security.deploymentAccessKeyType", "deploymentAccessKey"),
    ("selfSignedCertificate", "key"),
    ("sharePointMigrationContainerInfo", "encryptionKey"),
    (
        "windows10TeamGeneralConfiguration",
        "azureOperationalInsightsWorkspaceKey",
    ),
    // Keys that license or enroll.
    ("cloudVideoInteropInfo", "tenantKey"),
    ("editionUpgradeConfiguration", "productKey"),
    ("importedWindowsAutopilotDeviceIdentity", "productKey"),
    ("microsoftStoreForBusinessApp", "productKey"),
    ("windowsAutopilotDeviceIdentity", "productKey"),
    // Secrets and tokens of applications and services.
    ("actions.addKey", "proof"),
    ("actions.removeKey", "proof"),
    ("akamaiWebApplicationFirewallProvider", "accessToken"),
    ("akamaiWebApplicationFirewallProvider", "clientSecret"),
    ("akamaiWebApplicationFirewallProvider", "clientToken"),
    ("appHostedMediaConfig", "blob"),
    ("changeNotification", "clientState"),
    ("changeNotificationCollection", "validationTokens"),
    ("cloudFlareWebApplicationFirewallProvider", "apiToken"),
    ("humanSecurityFraudProtectionProvider", "serverToken"),
    ("identityProvider", "clientSecret"),
    ("oidcClientSecretAuthentication", "clientSecret"),
    ("partners.billing.manifest", "sasToken"),
    ("passwordCredential", "hint"),
    ("passwordCredential", "secretText"),
    ("recordOperation", "recordingAccessToken"),
    ("socialIdentityProvider", "clientSecret"),
    ("subscription", "clientState"),
    ("synchronizationSecretKeyStringValuePair", "value"),
    ("vppToken", "token"),
    ("webauthnPublicKeyCredentialCreationOptions", "challenge"),
    ("workforceIntegrationEncryption", "secret"),
    // Settings for devices and apps, which hold any text that their administrator puts there: keys
    // of wireless networks, passwords of proxies.
    ("appConfigurationSettingItem", "appConfigKeyValue"),
    ("iosCustomConfiguration", "payload"),
    ("iosMobileAppConfiguration", "encodedSettingXml"),
    ("macOSCustomConfiguration", "payload"),
    ("omaSettingBase64", "value"),
    ("omaSettingString", "value"),
    ("omaSettingStringXml", "value"),
    ("windowsSettingInstance", "payload"),
    // Addresses that need no token.
    ("accessReviewHistoryInstance", "downloadUri"),
    ("actions.upload", "uploadUrl"),
    ("appLogCollectionDownloadDetails", "downloadUrl"),
    ("bookingAppointment", "anonymousJoinWebUrl"),
    ("deviceManagementExportJob", "url"),
    ("invitation", "inviteRedeemUrl"),
    ("itemPreviewInfo", "getUrl"),
    ("itemPreviewInfo", "postParameters"),
    ("itemPreviewInfo", "postUrl"),
    ("logicAppTriggerEndpointConfiguration", "url"),
    ("mailboxItemImportSession", "importUrl"),
    ("managedDevice", "remoteAssistanceSessionUrl"),
    ("mobileAppContentFile", "azureStorageUri"),
    ("permission", "shareId"),
    ("security.detonationDetails", "detonationScreenshotUri"),
    ("security.exportFileMetadata", "downloadUrl"),
    ("security.reportFileMetadata", "downloadUrl"),
    ("security.sensorDeploymentPackage", "downloadUrl"),
    ("sharePointMigrationContainerInfo", "dataContainerUri"),
    ("sharePointMigrationContainerInfo", "metadataContainerUri"),
    ("sharingLink", "webHtml"),
    ("sharingLink", "webUrl"),
    ("thumbnail", "url"),
    ("uploadSession", "uploadUrl"),
];

/// Returns whether the table lists the property for this type, which may be the full name.
pub fn is_listed(type_name: &str, property: &str) -> bool {
    let name = type_name.trim_start_matches('#');
    let name = name.strip_prefix("microsoft.graph.").unwrap_or(name);
    SECRETS
        .iter()
        .any(|(of, listed)| *listed == property && *of == name)
}

/// Words at the end of a name that indicate only the form of the value.
const FORMS: &[&str] = &[
    "base64", "bytes", "data", "hash", "plain", "string", "text", "value", "values", "xml",
];

/// Endings that indicate a secret, in upper or lower case.
const ENDINGS: &[&str] = &[
    "accesskey",
    "accesstoken",
    "apikey",
    "authtoken",
    "clientstate",
    "connectionstring",
    "encryptionkey",
    "idtoken",
    "passcode",
    "passcodes",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "privatekey",
    "pwd",
    "recoverykey",
    "refreshtoken",
    "sastoken",
    "secret",
    "secretkey",
    "secrets",
    "secrettext",
    "sharedkey",
    "temporaryaccesspass",
    "validationtoken",
    "validationtokens",
];

/// Words that indicate a secret if they end a name.
const NOUNS: &[&str] = &[
    "assertion",
    "authorization",
    "bearer",
    "challenge",
    "cookie",
    "cookies",
    "jwt",
    "nonce",
    "otp",
    "pass",
    "pfx",
    "pin",
    "pins",
    "proof",
    "psk",
    "sas",
    "token",
    "tokens",
];

/// Words before `key` that indicate a name or a public key.
const HARMLESS_KEYS: &[&str] = &[
    "change",
    "config",
    "foreign",
    "identity",
    "item",
    "location",
    "old",
    "partition",
    "primary",
    "public",
    "registry",
    "sort",
];

/// Words before `code` that indicate a code that opens something.
const SECRET_CODES: &[&str] = &[
    "access",
    "authorization",
    "bypass",
    "device",
    "pin",
    "recovery",
    "security",
    "unlock",
    "user",
    "verification",
];

/// Words before `url` that indicate an address that needs no token.
const SECRET_ADDRESSES: &[&str] = &[
    "anonymous",
    "blob",
    "container",
    "download",
    "import",
    "redeem",
    "sas",
    "storage",
    "upload",
];

/// Returns whether a name by itself indicates a secret. This is the rule for values whose type is
/// unknown.
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let mut rest = words.as_slice();
    while let [before @ .., last] = rest {
        if before.is_empty() || !FORMS.contains(&last.as_str()) {
            break;
        }
        rest = before;
    }
    let joined = rest.concat();
    let whole = words.concat();
    if ENDINGS
        .iter()
        .any(|ending| joined.ends_with(ending) || whole.ends_with(ending))
    {
        return true;
    }
    let Some((noun, before)) = rest.split_last() else {
        return false;
    };
    let before_is = |list: &[&str]| {
        before
            .last()
            .is_some_and(|word| list.contains(&word.as_str()))
    };
    match noun.as_str() {
        "key" | "keys" => !before_is(HARMLESS_KEYS),
        "code" | "codes" => before_is(SECRET_CODES),
        "link" | "uri" | "uris" | "url" | "urls" => before_is(SECRET_ADDRESSES),
        noun => NOUNS.contains(&noun),
    }
}

/// Splits a name into its words, in lower case: `macOSUnlock_code` is `mac`, `os`, `unlock`,
/// `code`.
pub fn words(name: &str) -> Vec<String> {
    let signs: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut begin = true;
    for (at, sign) in signs.iter().enumerate() {
        if !sign.is_alphanumeric() {
            begin = true;
            continue;
        }
        let before = at.checked_sub(1).and_then(|before| signs.get(before));
        let after = signs.get(at + 1);
        // `aB` begins a word at `B`, and so does the last capital of `ABc`.
        let turns = sign.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || after.is_some_and(|after| after.is_lowercase()));
        if begin || turns {
            words.push(String::new());
        }
        begin = false;
        if let Some(word) = words.last_mut() {
            word.extend(sign.to_lowercase());
        }
    }
    words
}
