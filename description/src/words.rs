//! The words in Graph's names that capital letters do not separate as usual.
//!
//! Rust names are made of words, and heck finds the words of a name by its capital letters. Graph
//! has names where that tears a word apart: `iOS` would be `i_os`, `cloudPCs` would be
//! `cloud_p_cs`, and `unsupportedOSversionDevices` would be `unsupported_o_sversion_devices`. This
//! module marks the words of such names before heck reads them.
//!
//! A word belongs in a table if Microsoft writes it as one word, and its parts are not words of
//! their own. So `eBook` is one word, while `OneDrive` stays `one_drive`. The letters that stand
//! for themselves stay as well, for example `windows_s_mode` (Windows in S mode).
//!
//! [`mark`] sees one name of Graph and nothing else, so a later description cannot change a name.
//! A new word goes into a table before the first release that has it. The tests list every
//! one-letter word that is left in the description, so that a new one is noticed.

use std::borrow::Cow;

/// The words that are one word in Rust, as Microsoft writes them. The case is ignored, because
/// Graph writes `iOS`, `IOS` and `ios`, or `OAuth`, `oAuth` and `oauth`. Each word may have an `s`
/// for its plural.
const WORDS: &[&str] = &[
    // Apple.
    "iBooks",
    "iCal",
    "iCloud",
    "iMessage",
    "iOS",
    "iPad",
    "iPadOS",
    "iPhone",
    "iPod",
    "iTunes",
    "macOS",
    "tvOS",
    "visionOS",
    // Other platforms and devices.
    "ARM64",
    "AppX",
    "ChromeOS",
    "EFota",
    "Hub2S",
    "iSoc",
    "IoT",
    "Windows10X",
    // Networks and security.
    "8021X",
    "AAGUID",
    "B2B",
    "IKEv2",
    "IPSec",
    "IPv4",
    "IPv6",
    "OAuth",
    "RSA",
    "VNet",
    "WiFi",
    // Microsoft's products, and those of others.
    "ActiveX",
    "AeD",
    "FSLogix",
    "IFilter",
    "iManage",
    "JFrog",
    "M365D",
    "P4AI",
    "VMware",
    "XTec",
    // Words of the Web and of data.
    "cTag",
    "eBook",
    "eCommerce",
    "eDiscovery",
    "eSignature",
    "eTag",
    "GHz",
    "MHz",
    "NaN",
    "OData",
    "QoE",
    "RegEx",
    "SaaS",
    "UTF8",
    "vCPU",
    // Functions of Excel.
    "ERFC",
    "IPMT",
];

/// Adjacent words of which no capital letter marks the border, and their Rust form.
const JOINED: &[(&str, &str)] = &[
    ("ForiOS", "for_ios"),
    ("IDuser", "id_user"),
    ("OSversion", "os_version"),
    ("iCalUId", "ical_uid"),
    ("iOSiPadOS", "ios_ipados"),
    ("sharediPad", "shared_ipad"),
];

/// Marks the words of the tables in a name of Graph: each is in lower case, with an underscore
/// before it if it does not begin the name. heck finds the other words by their capital letters.
///
/// Two forms need no table. A plural of capitals keeps its `s`: `externalIPs` is `external_ips`.
/// The first letter of an acronym may be in lower case, because Graph's names begin with one:
/// `cPURestricted` is `cpu_restricted`.
pub(crate) fn mark(name: &str) -> String {
    let name = with_whole_acronym(name);
    let mut marked = String::with_capacity(name.len() + 2);
    let mut rest = name.as_ref();
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let word = match begins_word(before, first) {
            true => known_word(rest).or_else(|| plural_of_capitals(rest)),
            false => None,
        };
        let length = match &word {
            Some((length, word)) => {
                if marked.ends_with(|sign: char| sign.is_ascii_alphanumeric()) {
                    marked.push('_');
                }
                marked.push_str(word);
                *length
            }
            None => {
                marked.push(first);
                first.len_utf8()
            }
        };
        before = marked.chars().next_back();
        rest = &rest[length..];
    }
    marked
}

/// Restores the capital letter of an acronym that begins a name: `aPIKey` is `APIKey`.
fn with_whole_acronym(name: &str) -> Cow<'_, str> {
    match name.as_bytes() {
        [first, second, third, ..]
            if first.is_ascii_lowercase()
                && second.is_ascii_uppercase()
                && third.is_ascii_uppercase() =>
        {
            Cow::Owned(format!(
                "{}{}",
                first.to_ascii_uppercase() as char,
                &name[1..]
            ))
        }
        _ => Cow::Borrowed(name),
    }
}

/// Returns whether a word may begin with `first`, after the sign `before`.
fn begins_word(before: Option<char>, first: char) -> bool {
    match before {
        Some(before) if before.is_ascii_alphanumeric() => {
            first.is_ascii_uppercase() && !before.is_ascii_uppercase()
                || first.is_ascii_digit() && !before.is_ascii_digit()
        }
        _ => true,
    }
}

/// Returns whether a word may end between its first `length` bytes and the rest of a name.
fn ends_word(name: &str, length: usize) -> bool {
    let (word, rest) = name.split_at(length);
    match rest.chars().next() {
        Some(next) if next.is_ascii_digit() => !word.ends_with(|sign: char| sign.is_ascii_digit()),
        Some(next) => !next.is_ascii_lowercase(),
        None => true,
    }
}

/// Returns the longest word of the tables at the start of a name, by its length there and its form
/// in Rust.
fn known_word(name: &str) -> Option<(usize, String)> {
    let begins_with = |word: &str| {
        let start = name.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let words = WORDS.iter().filter(|word| begins_with(word)).map(|word| {
        let is_plural = name[word.len()..].starts_with('s') && ends_word(name, word.len() + 1);
        let length = word.len() + usize::from(is_plural);
        (length, name[..length].to_ascii_lowercase())
    });
    let joined = JOINED.iter().filter(|(word, _)| begins_with(word));
    let joined = joined.map(|(word, words)| (word.len(), (*words).to_owned()));
    words
        .chain(joined)
        .filter(|(length, _)| ends_word(name, *length))
        .max_by_key(|(length, _)| *length)
}

/// Returns capital letters with the `s` of a plural at the start of a name, by their length and
/// their form in Rust.
fn plural_of_capitals(name: &str) -> Option<(usize, String)> {
    let capitals = name.bytes().take_while(u8::is_ascii_uppercase).count();
    let length = capitals + 1;
    let is_plural = capitals > 1 && name[capitals..].starts_with('s') && ends_word(name, length);
    is_plural.then(|| (length, name[..length].to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use heck::ToSnakeCase as _;

    use super::*;
    use crate::description::Description;
    use crate::names::{camel, shouty, snake};

    #[test]
    fn known_words_stay_whole_in_any_case() {
        for (name, expected) in [
            ("cloudPCs", "cloud_pcs"),
            ("managedEBooks", "managed_ebooks"),
            ("iCloudBlockBackup", "icloud_block_backup"),
            ("iTunesPairingMode", "itunes_pairing_mode"),
            ("enableSharedIPad", "enable_shared_ipad"),
            ("iPhoneAndIPod", "iphone_and_ipod"),
            ("iOS", "ios"),
            ("iosLobApp", "ios_lob_app"),
            (
                "iOSLobAppProvisioningConfigAssignments",
                "ios_lob_app_provisioning_config_assignments",
            ),
            (
                "allowPartnerToCollectIOSApplicationMetadata",
                "allow_partner_to_collect_ios_application_metadata",
            ),
            ("macOSLobApp", "macos_lob_app"),
            ("macOsVppApp", "macos_vpp_app"),
            ("oAuth2PermissionGrant", "oauth2_permission_grant"),
            ("oauth2PermissionGrants", "oauth2_permission_grants"),
            ("isOAuthEnabled", "is_oauth_enabled"),
            ("windows10IoTCore", "windows10_iot_core"),
            ("ioTHub", "iot_hub"),
            ("eTag", "etag"),
            ("cTag", "ctag"),
            ("cpuClockSpeedInMHz", "cpu_clock_speed_in_mhz"),
            ("frequency24GHz", "frequency24_ghz"),
            ("vCpuCount", "vcpu_count"),
            ("iPv6Range", "ipv6_range"),
            ("clientLocalIpV4Address", "client_local_ipv4_address"),
            ("hasWiFi", "has_wifi"),
            ("enforce8021X", "enforce_8021x"),
            (
                "windows10XSCEPCertificateProfile",
                "windows10x_scep_certificate_profile",
            ),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn joined_words_are_separated() {
        for (name, expected) in [
            ("iCalUId", "ical_uid"),
            ("callTranscriptICalUid", "call_transcript_ical_uid"),
            (
                "unsupportedOSversionDevices",
                "unsupported_os_version_devices",
            ),
            ("agentIDuser", "agent_id_user"),
            ("sharediPad", "shared_ipad"),
            ("iosiPadOSWebClip", "ios_ipados_web_clip"),
            (
                "getActiveUserMetricsForiOSMail",
                "get_active_user_metrics_for_ios_mail",
            ),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn plural_capitals_keep_their_s() {
        for (name, expected) in [
            ("externalIPs", "external_ips"),
            ("kioskBrowserBlockedURLs", "kiosk_browser_blocked_urls"),
            ("allowedPolicyOIDs", "allowed_policy_oids"),
            ("similarTTPsOrBehavior", "similar_ttps_or_behavior"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn leading_acronym_counts_its_first_letter() {
        for (name, expected) in [
            ("cPURestricted", "cpu_restricted"),
            ("aPIKey", "api_key"),
            ("gDAP", "gdap"),
            ("dAPs", "daps"),
            ("sPSharingNotifyUser", "sp_sharing_notify_user"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn other_names_are_unmarked() {
        for name in [
            // The letters of a known word are there, but they are not a word.
            "deviceTag",
            "roleScopeTags",
            "enterpriseBookBlockBackup",
            "ipSecurityProfile",
            "ipSubnets",
            "multiCloud",
            "biosVersion",
            "nanoServer",
            "appXbox",
            "nationality",
            // Compounds of words stay apart.
            "oneDriveForBusiness",
            "sharePointSites",
            "windowsSMode",
            "azureADDevice",
            "_summary",
            "@odata.type",
        ] {
            assert_eq!(mark(name), name);
        }
    }

    #[test]
    fn all_cases_have_the_same_words() {
        assert_eq!(shouty("iCloudBlockBackup"), "ICLOUD_BLOCK_BACKUP");
        assert_eq!(camel("iCloudBlockBackup"), "IcloudBlockBackup");
        assert_eq!(shouty("cloudPCs"), "CLOUD_PCS");
        assert_eq!(camel("cloudPCs"), "CloudPcs");
        assert_eq!(camel("macOSLobApp"), "MacosLobApp");
        assert_eq!(camel("macOsVppApp"), "MacosVppApp");
        assert_eq!(camel("oAuth2PermissionGrant"), "Oauth2PermissionGrant");
        assert_eq!(camel("iosLobApp"), "IosLobApp");
    }

    /// The names that keep a word of one letter, by its meaning.
    const LETTERS: &[(&str, &[&str])] = &[
        (
            "a form of an Excel function: of all values, of a byte, of a population, of a sample",
            &[
                "averageA", "countA", "dcountA", "dstDevP", "dvarP", "findB", "maxA", "minA",
                "replaceB", "stDevA", "stDev_P", "stDev_S", "varA", "var_P", "var_S",
            ],
        ),
        (
            "an Excel function that is named after a letter of mathematics",
            &[
                "besselI",
                "besselJ",
                "besselK",
                "besselY",
                "confidence_T",
                "f_Dist",
                "f_Dist_RT",
                "f_Inv",
                "f_Inv_RT",
                "norm_S_Dist",
                "norm_S_Inv",
                "skew_p",
                "t_Dist",
                "t_Dist_2T",
                "t_Dist_RT",
                "t_Inv",
                "t_Inv_2T",
                "z_Test",
            ],
        ),
        (
            "an Excel function: the first or last period is odd, or interest at maturity",
            &[
                "accrIntM",
                "oddFPrice",
                "oddFYield",
                "oddLPrice",
                "oddLYield",
            ],
        ),
        (
            "an argument of an Excel function",
            &[
                "iNum",
                "numberF",
                "numberS",
                "populationS",
                "probabilityS",
                "sampleS",
                "xNum",
                "yNum",
            ],
        ),
        ("the f-number of a photo", &["fNumber"]),
        (
            "a Z-fold of paper",
            &["foldEngineeringZ", "foldHalfZ", "foldZ"],
        ),
        (
            "an N or S edition of Windows",
            &[
                "windows10EducationN",
                "windows10EnterpriseN",
                "windows10ProfessionalEducationN",
                "windows10ProfessionalN",
                "windows10ProfessionalWorkstationN",
                "windowsSModeSignaturesInUseOnNonWin10SInstall",
            ],
        ),
        ("the C-STAR assessment of clouds", &["cStarAssessment"]),
        (
            "the number of a day",
            &[
                "SupervisoryReviewDayXInsight",
                "supervisoryReviewDayXInsightsAuditRecord",
            ],
        ),
    ];

    /// Returns every name of the description: segments, keys and arguments of paths, types,
    /// properties and words of enums.
    fn names() -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
        let description = Description::read(&folder).expect("openapi/");
        let is_sign = |sign: char| !sign.is_ascii_alphanumeric() && !"_-".contains(sign);
        let mut names = BTreeSet::new();
        for path in description.paths.keys() {
            names.extend(path.split(is_sign).map(str::to_owned));
        }
        for (name, schema) in &description.schemas {
            names.extend(name.split('.').map(str::to_owned));
            names.extend(schema.properties.0.iter().map(|(name, _)| name.clone()));
            names.extend(schema.words.iter().cloned());
        }
        names
    }

    #[test]
    fn one_letter_words_are_all_accepted() {
        let is_letter = |word: &str| word.len() == 1 && word.starts_with(char::is_alphabetic);
        let found: BTreeSet<_> = names()
            .into_iter()
            // A name of one letter is an argument of Excel, or a color.
            .filter(|name| name.len() > 1)
            .filter(|name| mark(name).to_snake_case().split('_').any(is_letter))
            .collect();
        let accepted = LETTERS.iter().flat_map(|(_, names)| *names);
        let accepted: BTreeSet<_> = accepted.map(|name| (*name).to_owned()).collect();
        assert_eq!(
            found, accepted,
            "a new name needs a word in the tables, or its letter accepted with a meaning"
        );
    }
}
