//! Properties that hold secrets: their values are never printed.

use std::fmt;

use serde_json::Value;

/// Endings of the names of Graph's properties that hold a secret, in lower case.
///
/// `passwordProfile.password`, `currentPassword`; `passwordCredential.secretText`, `clientSecret`; `keyCredential.key` and
/// `proof` are left out, since `key` alone names harmless things as well; access, refresh and validation tokens; the
/// `clientState` by which a receiver knows its notifications; keys of BitLocker and of encryption; the addresses of
/// upload sessions and of content, which need no token.
const ENDINGS: &[&str] = &[
    "password",
    "secret",
    "secrettext",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "validationtoken",
    "validationtokens",
    "clientstate",
    "privatekey",
    "encryptionkey",
    "recoverykey",
    "sharedkey",
    "passphrase",
    "uploadurl",
    "downloadurl",
];

/// Whether the property of this name holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// A JSON value as it may be printed.
pub(crate) struct Shown<'a> {
    pub name: &'a str,
    pub value: &'a Value,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Value::Null => f.write_str("null"),
            // Whichever shape it has: what has no type may hold the secret one level below its name.
            _ if is_secret(self.name) => f.write_str("[redacted]"),
            Value::Object(map) => f
                .debug_map()
                .entries(
                    map.iter()
                        .map(|(name, value)| (name, Shown { name, value })),
                )
                .finish(),
            Value::Array(values) => f
                .debug_list()
                .entries(values.iter().map(|value| Shown {
                    name: self.name,
                    value,
                }))
                .finish(),
            value => fmt::Display::fmt(value, f),
        }
    }
}
