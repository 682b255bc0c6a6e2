//! Notifications with resource data, encrypted for the subscriber.
//!
//! <https://learn.microsoft.com/graph/change-notifications-with-resource-data>: each notification
//! has its own key. The content is encrypted with it (AES-256-CBC, PKCS #7, the first half of the
//! key as the IV) and signed with it (HMAC-SHA256). The key itself is encrypted with the
//! subscriber's certificate (RSA-OAEP, SHA-1).

use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockEncryptMut, KeyIvInit};
use hmac::{Hmac, Mac};
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::rand_core::{OsRng, RngCore};
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, RsaPublicKey};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::certificate;

/// A subscriber's certificate.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    key: RsaPublicKey,
    thumbprint: String,
}

impl Recipient {
    /// Reads a certificate in base64. `Err` holds the problem with it.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let der = STANDARD.decode(text).map_err(|_| "it is not base64")?;
        let certificate = certificate::read(&der)?;
        let key = RsaPublicKey::from_pkcs1_der(certificate::key(&certificate))
            .map_err(|_| "its key cannot be read")?;
        if !(2_048..=4_096).contains(&(key.size() * 8)) {
            return Err("its key does not have 2,048 to 4,096 bits");
        }
        let thumbprint = Sha1::digest(&der)
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        Ok(Self { key, thumbprint })
    }

    /// Returns `encryptedContent` of a notification, or `None` if the system has no random numbers.
    pub(crate) fn encrypt(&self, resource: &Value, certificate_id: &str) -> Option<Value> {
        let mut key = [0_u8; 32];
        OsRng.try_fill_bytes(&mut key).ok()?;
        let (iv, _) = key.split_at(16);
        let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&key, iv).ok()?;
        let data = cipher.encrypt_padded_vec_mut::<Pkcs7>(resource.to_string().as_bytes());
        let mut signature = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        signature.update(&data);
        let data_key = self
            .key
            .encrypt(&mut OsRng, Oaep::new::<Sha1>(), &key)
            .ok()?;
        Some(json!({
            "data": STANDARD.encode(data), "dataKey": STANDARD.encode(data_key),
            "dataSignature": STANDARD.encode(signature.finalize().into_bytes()),
            "encryptionCertificateId": certificate_id,
            "encryptionCertificateThumbprint": self.thumbprint,
        }))
    }
}
