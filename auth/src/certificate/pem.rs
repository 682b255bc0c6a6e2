//! Certificates and keys in PEM ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)).

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use super::Fault;
use super::identity::{Identity, Key};
use crate::Secret;

const BEGIN_ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// The first header of a key that OpenSSL encrypted in the format before PKCS#8 ([RFC
/// 1421](https://www.rfc-editor.org/rfc/rfc1421)).
const ENCRYPTED_IN_OLD_FORM: &[u8] = b"Proc-Type: 4,ENCRYPTED";

pub(super) fn is_pem(contents: &[u8]) -> bool {
    contains(contents, b"-----BEGIN ")
}

pub(super) fn read(pem: &[u8], password: Option<&Secret<String>>) -> Result<Identity, Fault> {
    if contains(pem, ENCRYPTED_IN_OLD_FORM) {
        return Err(Fault::EncryptedInOldForm);
    }
    let mut certificates = Vec::new();
    let mut keys = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
        let (kind, der) = section?;
        match kind {
            SectionKind::Certificate => certificates.push(CertificateDer::from(der)),
            kind => keys.extend(PrivateKeyDer::from_pem(kind, der).map(Zeroizing::new)),
        }
    }
    if contains(pem, BEGIN_ENCRYPTED) {
        let Some(password) = password else {
            return Err(Fault::Encrypted);
        };
        keys.extend(decrypted(pem, password)?);
    }
    Identity::new(certificates, &keys)
}

/// Returns the certificates, in order.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    Ok(CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?)
}

pub(super) fn contains(text: &[u8], searched: &[u8]) -> bool {
    find(text, searched).is_some()
}

fn find(text: &[u8], searched: &[u8]) -> Option<usize> {
    text.windows(searched.len())
        .position(|window| window == searched)
}

#[cfg(not(feature = "pfx"))]
fn decrypted(_: &[u8], _: &Secret<String>) -> Result<Vec<Key>, Fault> {
    Err(Fault::Encrypted)
}

/// Decrypts the keys that are encrypted as PKCS#8 ([RFC 5958,
/// 3](https://www.rfc-editor.org/rfc/rfc5958#section-3)).
#[cfg(feature = "pfx")]
fn decrypted(mut pem: &[u8], password: &Secret<String>) -> Result<Vec<Key>, Fault> {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use pkcs8::EncryptedPrivateKeyInfoRef;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use rustls::pki_types::pem::Error;

    const END: &[u8] = b"-----END ENCRYPTED PRIVATE KEY-----";
    let mut keys = Vec::new();
    while let Some(begin) = find(pem, BEGIN_ENCRYPTED) {
        pem = pem.get(begin + BEGIN_ENCRYPTED.len()..).unwrap_or_default();
        let end = find(pem, END).ok_or_else(|| Error::MissingSectionEnd {
            end_marker: END.to_vec(),
        })?;
        let (section, rest) = pem.split_at(end);
        pem = rest;
        let mut base64 = section.to_vec();
        base64.retain(|sign| !sign.is_ascii_whitespace());
        let der = BASE64_STANDARD
            .decode(base64)
            .map_err(|error| Error::Base64Decode(error.to_string()))?;
        let key =
            EncryptedPrivateKeyInfoRef::try_from(der.as_slice()).map_err(Fault::BadEncryption)?;
        let key = key
            .decrypt(password.expose())
            .map_err(|error| match error {
                // A wrong password usually causes a padding error, and otherwise a result that is
                // not a key.
                pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed)
                | pkcs8::Error::Asn1(_) => Fault::WrongPassword,
                error => Fault::BadEncryption(error),
            })?;
        let key = PrivatePkcs8KeyDer::from(key.as_bytes().to_vec());
        keys.push(Zeroizing::new(PrivateKeyDer::from(key)));
    }
    Ok(keys)
}
