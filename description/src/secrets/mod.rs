//! The decision about which properties hold a secret, so that no model prints it.
//!
//! Each property that can hold text and has a suspicious name is decided by hand. The crate
//! `msgraph-secrets` lists those that hold a secret, and `public.rs` those that do not. A test
//! (`description/tests/secrets.rs`) lists all of them and fails for one that is in neither file.
//! Until it is decided, its name decides: [`is_secret`] returns the decision that is generated.

mod public;

use std::collections::{BTreeMap, HashMap, HashSet};

use msgraph_secrets as rule;

use crate::models::Model;
use public::PUBLIC;

/// Words that make a property's name suspicious.
const SUSPICIOUS: &[&str] = &[
    "auth",
    "blob",
    "bypass",
    "challenge",
    "code",
    "codes",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "download",
    "endpoint",
    "endpoints",
    "href",
    "key",
    "keys",
    "link",
    "links",
    "mac",
    "nonce",
    "oauth",
    "otp",
    "parameters",
    "pass",
    "passcode",
    "passcodes",
    "passphrase",
    "password",
    "passwords",
    "payload",
    "pfx",
    "phrase",
    "pin",
    "pins",
    "pkcs12",
    "private",
    "proof",
    "pwd",
    "recovery",
    "salt",
    "sas",
    "secret",
    "secrets",
    "seed",
    "session",
    "signature",
    "token",
    "tokens",
    "unlock",
    "upload",
    "uri",
    "uris",
    "url",
    "urls",
    "value",
    "values",
];

/// Words that make each property of a type suspicious.
const SUSPICIOUS_TYPES: &[&str] = &[
    "credential",
    "key",
    "otp",
    "passcode",
    "password",
    "pin",
    "sas",
    "secret",
    "token",
];

/// The decision about a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The property holds a secret: its value is never printed.
    Secret,
    /// The name is suspicious, and the value is printed for this reason.
    Public(&'static str),
    /// Neither the name nor the type is suspicious, or the property cannot hold text.
    Harmless,
    /// The name is suspicious, and there is no decision.
    Undecided,
}

/// Decides whether a property of a type is secret. `of` is the Rust type of its value.
///
/// The property may be declared by the type itself or by one of `bases`, by Graph's names.
pub fn decide(type_name: &str, bases: &[&str], property: &str, of: &str) -> Decision {
    let types = std::iter::once(type_name).chain(bases.iter().copied());
    if types.clone().any(|name| rule::is_listed(name, property)) {
        return Decision::Secret;
    }
    if !is_text(of) {
        return Decision::Harmless;
    }
    if !is_suspicious(property) && !types.clone().any(is_suspicious_type) {
        return Decision::Harmless;
    }
    let group = PUBLIC.iter().find(|group| {
        group.properties.iter().any(|(declaring, listed)| {
            *listed == property
                && (*declaring == "*" || types.clone().any(|name| short(name) == *declaring))
        })
    });
    group.map_or(Decision::Undecided, |group| Decision::Public(group.reason))
}

/// Returns whether generated code redacts a property. An undecided property is redacted according
/// to its name.
pub fn is_secret(type_name: &str, bases: &[&str], property: &str, of: &str) -> bool {
    match decide(type_name, bases, property, of) {
        Decision::Secret => true,
        Decision::Public(_) | Decision::Harmless => false,
        Decision::Undecided => rule::is_secret_name(property),
    }
}

/// Returns every suspicious property of the models and its decision, as `type.property`.
///
/// If the types that have a property decide differently, the property is listed with each of them.
/// Otherwise it is listed with the type that declares it.
pub fn suspicious(models: &[Model<'_>]) -> BTreeMap<String, Decision> {
    let decisions: HashMap<(&str, &str), Decision> = models
        .iter()
        .flat_map(|model| {
            let properties = model.properties.iter().filter(|p| p.field.is_some());
            properties.map(move |p| {
                let decision = decide(model.name, &model.bases, p.name, &p.of);
                ((model.name, p.name), decision)
            })
        })
        .collect();
    let mut suspicious = BTreeMap::new();
    for model in models {
        for property in &model.properties {
            let of = |name| decisions.get(&(name, property.name)).copied();
            let Some(decision) = of(model.name).filter(|of| *of != Decision::Harmless) else {
                continue;
            };
            if model.bases.iter().all(|base| of(base) != Some(decision)) {
                suspicious.insert(format!("{}.{}", model.name, property.name), decision);
            }
        }
    }
    suspicious
}

/// Returns the decisions that no property of the models needs, as `type.property`.
pub fn needless(models: &[Model<'_>]) -> Vec<String> {
    let used: HashSet<(&str, &str)> = models
        .iter()
        .flat_map(|model| {
            let types = [model.name, "*"]
                .into_iter()
                .chain(model.bases.iter().copied());
            types.flat_map(|name| model.properties.iter().map(move |p| (short(name), p.name)))
        })
        .collect();
    let public = PUBLIC.iter().flat_map(|group| group.properties);
    rule::SECRETS
        .iter()
        .chain(public)
        .filter(|decision| !used.contains(*decision))
        .map(|(of, name)| format!("{of}.{name}"))
        .collect()
}

/// Returns whether a value of the Rust type can hold text. The content of an object is decided by
/// its own properties. JSON without a type is judged when it is printed.
fn is_text(of: &str) -> bool {
    let item = of.strip_prefix("Vec<").and_then(|of| of.strip_suffix('>'));
    matches!(item.unwrap_or(of), "String" | "edm::Binary")
}

fn is_suspicious(property: &str) -> bool {
    rule::is_secret_name(property) || has_word_of(property, SUSPICIOUS)
}

fn is_suspicious_type(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    has_word_of(last, SUSPICIOUS_TYPES)
}

fn has_word_of(name: &str, list: &[&str]) -> bool {
    rule::words(name)
        .iter()
        .any(|word| list.contains(&word.as_str()))
}

fn short(name: &str) -> &str {
    name.strip_prefix("microsoft.graph.").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_secret_noun_is_secret() {
        for name in [
            "password",
            "currentPassword",
            "passwordBase64",
            "secretText",
            "ACCESS_TOKEN",
            "x-api-key",
            "@microsoft.graph.downloadUrl",
            "activationLockBypassCode",
            "keys",
            "unlockPin",
            "clientState",
            "connectionString",
            "wiFiPreSharedKey",
            "otp",
        ] {
            assert!(rule::is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn name_of_setting_about_secrets_is_public() {
        for name in [
            "passwordMinimumLength",
            "tokenIssuancePolicies",
            "secretType",
            "publicKey",
            "changeKey",
            "$skiptoken",
            "postalCode",
            "compass",
            "webUrl",
            "keyId",
        ] {
            assert!(!rule::is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn undecided_property_is_decided_by_its_name() {
        let name = "microsoft.graph.notYetThere";
        assert_eq!(decide(name, &[], "wiFiKey", "String"), Decision::Undecided);
        assert!(is_secret(name, &[], "wiFiKey", "String"));
        assert!(!is_secret(name, &[], "wiFiKeyHint", "String"));
        assert!(!is_secret(name, &[], "pin", "i32"));
    }

    #[test]
    fn derived_type_inherits_decision() {
        let bases = ["microsoft.graph.passwordCredential"];
        assert!(is_secret(
            "microsoft.graph.new",
            &bases,
            "secretText",
            "String"
        ));
    }

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(
            rule::words("macOSUnlock_code"),
            ["mac", "os", "unlock", "code"]
        );
        assert_eq!(rule::words("x509URL"), ["x509", "url"]);
        assert_eq!(rule::words(""), [""; 0]);
    }
}
