//! Decryption of encrypted resource data.
//!
//! The format is documented at
//! <https://learn.microsoft.com/graph/change-notifications-with-resource-data#decrypting-resource-data-from-change-notifications>.
//! Each notification has its own symmetric key, encrypted for the subscriber's certificate
//! (RSA-OAEP with SHA-1). With that key the content is signed (HMAC-SHA256) and encrypted
//! (AES-256-CBC, PKCS #7, the first 16 bytes of the key as the IV).

use std::collections::HashMap;
use std::fmt;

use aes::Aes256;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use rsa::PrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::Sha256;
use sha1_of_rsa::Sha1;
use zeroize::Zeroizing;

use crate::error::{NotificationError, NotificationErrorKind};
use crate::models::ChangeNotificationEncryptedContent;

/// The length of the AES-256 key, and of its part that is the IV.
const KEY: usize = 32;
const IV: usize = 16;

/// Private keys, by the ids of their certificates in subscriptions. They are wiped from memory when
/// they are dropped.
#[derive(Clone, Default)]
pub(super) struct DecryptionKeys {
    keys: HashMap<String, PrivateKey>,
}

impl DecryptionKeys {
    /// Adds a private key.
    ///
    /// # Errors
    ///
    /// Returns [`NotificationErrorKind::Key`] for bytes that are not a private RSA key.
    pub(super) fn add(
        &mut self,
        certificate_id: String,
        key: &[u8],
    ) -> Result<(), NotificationError> {
        let read = match std::str::from_utf8(key) {
            Ok(pem) if pem.trim_start().starts_with("-----BEGIN") => {
                PrivateKey::from_pkcs8_pem(pem)
                    .ok()
                    .or_else(|| PrivateKey::from_pkcs1_pem(pem).ok())
            }
            _ => PrivateKey::from_pkcs8_der(key)
                .ok()
                .or_else(|| PrivateKey::from_pkcs1_der(key).ok()),
        };
        // The error does not say what is wrong with the key, because the key is a secret.
        let read = read.ok_or_else(|| {
            NotificationError::new(
                NotificationErrorKind::Key,
                format!(
                    "the key for the certificate `{certificate_id}` is not an RSA private key in \
                     PKCS #8 or PKCS #1 (DER or PEM)"
                ),
            )
        })?;
        self.keys.insert(certificate_id, read);
        Ok(())
    }

    /// Verifies and decrypts content.
    ///
    /// # Errors
    ///
    /// Returns [`NotificationErrorKind::UnknownCertificate`] when there is no key for its
    /// certificate. Returns [`NotificationErrorKind::Content`] when any part of it was changed; no
    /// plaintext is returned then.
    pub(super) fn decrypt(
        &self,
        content: &ChangeNotificationEncryptedContent,
    ) -> Result<Zeroizing<Vec<u8>>, NotificationError> {
        let id = content.encryption_certificate_id.as_deref();
        let id = id.unwrap_or_default();
        let key = self.keys.get(id).ok_or_else(|| {
            NotificationError::new(
                NotificationErrorKind::UnknownCertificate,
                format!(
                    "no private key is set for the certificate `{id}`, which encrypted the content"
                ),
            )
        })?;
        // Every failure has the same error, so that an attacker cannot learn from it which step
        // failed.
        open(key, content).ok_or_else(|| {
            NotificationError::new(
                NotificationErrorKind::Content,
                format!(
                    "cannot decrypt the content: it was changed in transit, or was not \
                         encrypted for the certificate `{id}`"
                ),
            )
        })
    }
}

fn open(
    key: &PrivateKey,
    content: &ChangeNotificationEncryptedContent,
) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = |text: &Option<String>| BASE64_STANDARD.decode(text.as_deref()?).ok();
    let mut data = Zeroizing::new(bytes(&content.data)?);
    let signature = bytes(&content.data_signature)?;
    let data_key = key.oaep_decrypt::<Sha1>(&bytes(&content.data_key)?).ok()?;
    let data_key = Zeroizing::new(data_key);
    if data_key.len() != KEY {
        return None;
    }
    // The signature is verified before decryption, and in constant time.
    let mut mac = Hmac::<Sha256>::new_from_slice(&data_key).ok()?;
    mac.update(&data);
    mac.verify_slice(&signature).ok()?;
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(&data_key, data_key.get(..IV)?).ok()?;
    let length = cipher.decrypt_padded::<Pkcs7>(&mut data).ok()?.len();
    data.truncate(length);
    Some(data)
}

/// Prints the ids, but not the keys.
impl fmt::Debug for DecryptionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_DER: &[u8] = include_bytes!("../../simulator/tests/it/subscriber/key.der");

    /// Returns content that was made with OpenSSL. Its key is 00 01 … 1f, encrypted by `pkeyutl`
    /// with RSA-OAEP and SHA-1 for the certificate of the key above. The content is encrypted by
    /// `enc -aes-256-cbc`, and signed by `dgst -sha256 -mac HMAC`.
    fn known() -> ChangeNotificationEncryptedContent {
        ChangeNotificationEncryptedContent {
            data: Some(
                "6qYyi6sfwX/0xv3ZSeeB3PuGaHu6q8FZsQpOIWJzb/\
                 hh8doPDV9owWzBTS3awKPu9uDLmb4KI9VBx8yBTXntM1kmGBCzHIfq7DwS8LaYAYs="
                    .into(),
            ),
            data_key: Some(
                "gILUXTuc6I1EIvZuyHasIEfk4SCtqwXxghnvTfD7VOWktHETjON2fMlTR7AGKed3xBRZPharnYbDIeL8NQ\
                 j+KW6/YGeZasB/glXMseEx+FCzmH/yDZEYNuBYO7+\
                 9BOm18dPDA2csWrewHI8LYhZA5NM7gvl6C4XYCPSg/\
                 GSBFTh8I4i9iG3m77bAkAP36zsbBIXB2ZspihciX6fkRE2rXKWG9P/\
                 Zc534c29Qqcd5yX7waNy0lYRIbKiaIwtNUaZqsHBP0LuTY4sXC340nJl11kYxBbv3C/A36d8+\
                 RYnG4dNfvhmJGlfOX1Hf70zLCvD48IYH/OCvcYMXUv1u76aGHg=="
                    .into(),
            ),
            data_signature: Some("NgjY23Kn9zjoLCkseSSB1QhPqARL+SYURMI1ukWaLTU=".into()),
            encryption_certificate_id: Some("ours".into()),
            ..Default::default()
        }
    }

    fn keys(id: &str) -> DecryptionKeys {
        let mut keys = DecryptionKeys::default();
        keys.add(id.to_owned(), KEY_DER).unwrap();
        keys
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet-core#269.
    #[test]
    fn content_encrypted_by_openssl_is_decrypted() {
        let mut keys = keys("ours");
        let wanted =
            r##"{"@odata.type":"#microsoft.graph.message","id":"AAMk=","subject":"Für dich"}"##;
        assert_eq!(&*keys.decrypt(&known()).unwrap(), wanted.as_bytes());
        // A new key does not affect the content for the old one.
        keys.add("newer".into(), KEY_DER).unwrap();
        assert_eq!(&*keys.decrypt(&known()).unwrap(), wanted.as_bytes());
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet-core#269.
    #[test]
    fn content_with_one_flipped_bit_is_refused() {
        let keys = keys("ours");
        let parts: [fn(&mut ChangeNotificationEncryptedContent) -> &mut Option<String>; 3] = [
            |content| &mut content.data,
            |content| &mut content.data_key,
            |content| &mut content.data_signature,
        ];
        for (number, part) in parts.into_iter().enumerate() {
            let text = part(&mut known()).clone().unwrap();
            let bytes = BASE64_STANDARD.decode(text).unwrap();
            for place in [0, bytes.len() / 2, bytes.len() - 1] {
                let mut bytes = bytes.clone();
                bytes[place] ^= 1;
                let mut content = known();
                *part(&mut content) = Some(BASE64_STANDARD.encode(bytes));
                let error = keys.decrypt(&content).unwrap_err();
                assert_eq!(
                    error.kind(),
                    NotificationErrorKind::Content,
                    "{number} {place}"
                );
            }
            for nothing in [None, Some(String::new()), Some("%".to_owned())] {
                let mut content = known();
                *part(&mut content) = nothing;
                let error = keys.decrypt(&content).unwrap_err();
                assert_eq!(error.kind(), NotificationErrorKind::Content, "{number}");
            }
        }
    }

    // Reported: microsoftgraph/msgraph-sdk-dotnet-core#269.
    #[test]
    fn unknown_certificate_is_named_in_error() {
        let error = keys("another").decrypt(&known()).unwrap_err();
        assert_eq!(error.kind(), NotificationErrorKind::UnknownCertificate);
        assert!(error.to_string().contains("`ours`"), "{error}");
    }

    #[test]
    fn keys_are_read_in_each_format_unprinted() {
        use rsa::pkcs1::EncodeRsaPrivateKey;
        use rsa::pkcs8::EncodePrivateKey;

        let key = PrivateKey::from_pkcs8_der(KEY_DER).unwrap();
        let line = rsa::pkcs8::LineEnding::LF;
        let pkcs8 = key.to_pkcs8_pem(line).unwrap();
        let pkcs1 = key.to_pkcs1_pem(line).unwrap();
        let der = key.to_pkcs1_der().unwrap();
        for form in [pkcs8.as_bytes(), pkcs1.as_bytes(), der.as_bytes()] {
            let mut keys = DecryptionKeys::default();
            keys.add("ours".into(), form).unwrap();
            keys.decrypt(&known()).unwrap();
            assert_eq!(format!("{keys:?}"), r#"{"ours"}"#);
        }
        for bad in [&b""[..], b"-----BEGIN PRIVATE KEY-----", &KEY_DER[1..]] {
            let error = DecryptionKeys::default()
                .add("ours".into(), bad)
                .unwrap_err();
            assert_eq!(error.kind(), NotificationErrorKind::Key);
        }
    }
}
