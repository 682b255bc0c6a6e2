//! The certificates of others: of subscribers, and of applications.

use rsa::RsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

/// Reads a certificate (DER). Returns its key and the certificate itself. `Err` holds the problem
/// with it.
pub(crate) fn read(der: &[u8]) -> Result<(RsaPublicKey, Certificate), &'static str> {
    let certificate = Certificate::from_der(der).map_err(|_| "it is not a DER certificate")?;
    let info = &certificate.tbs_certificate.subject_public_key_info;
    let info = info.to_der().map_err(|_| "its public key cannot be read")?;
    let key = RsaPublicKey::from_public_key_der(&info).map_err(|_| "its key is not an RSA key")?;
    Ok((key, certificate))
}
