//! Verification of content by the hash of its item.

use std::fmt;

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::QuickXorHash;
use crate::error::{TransferError, TransferErrorKind};
#[cfg(feature = "files")]
use crate::models::DriveItem;

/// The kinds of hashes that Graph provides.
///
/// <https://learn.microsoft.com/graph/api/resources/hashes>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashKind {
    /// A hash that every drive provides.
    QuickXor,
    /// A hash that personal drives provide.
    Sha256,
    /// A hash that personal drives provide.
    Sha1,
}

impl fmt::Display for HashKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QuickXor => "quickXorHash",
            Self::Sha256 => "sha256Hash",
            Self::Sha1 => "sha1Hash",
        })
    }
}

/// The hash of the bytes so far, and the expected hash.
#[derive(Clone)]
pub(crate) struct Check {
    expected: Vec<u8>,
    hasher: Hasher,
}

// Only the item of a drive has a hash.
#[cfg_attr(not(feature = "files"), allow(dead_code))]
#[derive(Clone)]
enum Hasher {
    QuickXor(Box<QuickXorHash>),
    Sha256(Sha256),
    Sha1(Sha1),
}

impl Check {
    /// Returns the check for the strongest hash of an item; `None` where the item has no readable
    /// hash.
    #[cfg(feature = "files")]
    pub(crate) fn of(item: &DriveItem) -> Option<Self> {
        use base64::Engine as _;
        use base64::prelude::BASE64_STANDARD;

        let hashes = item.file.as_ref()?.hashes.as_ref()?;
        let hex = |text: &Option<String>| from_hex(text.as_deref()?);
        let base64 = |text: &Option<String>| BASE64_STANDARD.decode(text.as_deref()?).ok();
        if let Some(expected) = hex(&hashes.sha256_hash) {
            let hasher = Hasher::Sha256(Sha256::new());
            return Some(Self { expected, hasher });
        }
        if let Some(expected) = hex(&hashes.sha1_hash) {
            let hasher = Hasher::Sha1(Sha1::new());
            return Some(Self { expected, hasher });
        }
        let expected = base64(&hashes.quick_xor_hash)?;
        let hasher = Hasher::QuickXor(Box::default());
        Some(Self { expected, hasher })
    }

    pub(super) fn kind(&self) -> HashKind {
        match self.hasher {
            Hasher::QuickXor(_) => HashKind::QuickXor,
            Hasher::Sha256(_) => HashKind::Sha256,
            Hasher::Sha1(_) => HashKind::Sha1,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.hasher {
            Hasher::QuickXor(hash) => hash.update(bytes),
            Hasher::Sha256(hash) => hash.update(bytes),
            Hasher::Sha1(hash) => hash.update(bytes),
        }
    }

    /// Compares the hash with the expected one.
    ///
    /// # Errors
    ///
    /// Returns [`TransferErrorKind::HashMismatch`] when the hashes differ.
    pub(crate) fn finish(self) -> Result<HashKind, TransferError> {
        let kind = self.kind();
        let hash = match self.hasher {
            Hasher::QuickXor(hash) => hash.finish().to_vec(),
            Hasher::Sha256(hash) => hash.finalize().to_vec(),
            Hasher::Sha1(hash) => hash.finalize().to_vec(),
        };
        if hash == self.expected {
            return Ok(kind);
        }
        Err(TransferError::new(
            TransferErrorKind::HashMismatch,
            format!(
                "the {kind} of the content does not match its item: the content was changed in \
                 transit or at its source"
            ),
        ))
    }
}

#[cfg(feature = "files")]
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.trim().as_bytes().chunks(2).map(pair).collect();
    bytes.filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hashes: &str) -> Option<Check> {
        let item = format!(r#"{{"file":{{"hashes":{hashes}}}}}"#);
        Check::of(&serde_json::from_str(&item).unwrap())
    }

    #[test]
    fn each_hash_kind_detects_other_content() {
        // The hashes of "abc": FIPS 180-4's own examples, and QuickXorHash computed by hand (the
        // third byte begins at bit 22).
        for (hashes, kind) in [
            (
                r#"{"sha1Hash":"A9993E364706816ABA3E25717850C26C9CD0D89D"}"#,
                HashKind::Sha1,
            ),
            (
                r#"{"sha256Hash":
                "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"}"#,
                HashKind::Sha256,
            ),
            (
                r#"{"quickXorHash":"YRDDGAAAAAAAAAAAAwAAAAAAAAA="}"#,
                HashKind::QuickXor,
            ),
        ] {
            let mut good = check(hashes).unwrap();
            let mut bad = good.clone();
            good.update(b"a");
            good.update(b"bc");
            bad.update(b"abd");
            assert_eq!(good.finish().unwrap(), kind);
            assert_eq!(
                bad.finish().unwrap_err().kind(),
                TransferErrorKind::HashMismatch
            );
        }
    }

    #[test]
    fn item_without_hash_is_not_checked() {
        for hashes in [
            "{}",
            "null",
            r#"{"sha1Hash":"","quickXorHash":"%"}"#,
            r#"{"sha1Hash":"xyz"}"#,
        ] {
            assert!(check(hashes).is_none(), "{hashes}");
        }
    }
}
