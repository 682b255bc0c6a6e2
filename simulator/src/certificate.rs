//! The certificates of others: of subscribers, and of applications.

use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::oid::ObjectIdentifier;

/// The algorithm of RSA keys (`rsaEncryption`, RFC 8017).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Reads a certificate (DER) with an RSA key. `Err` holds the problem with it.
pub(crate) fn read(der: &[u8]) -> Result<Certificate, &'static str> {
    let certificate = Certificate::from_der(der).map_err(|_| "it is not a DER certificate")?;
    if certificate
        .tbs_certificate
        .subject_public_key_info
        .algorithm
        .oid
        != RSA
    {
        return Err("its key is not an RSA key");
    }
    Ok(certificate)
}

/// Returns the public key of a certificate, as RSA keys are written in one (PKCS #1).
pub(crate) fn key(certificate: &Certificate) -> &[u8] {
    let info = &certificate.tbs_certificate.subject_public_key_info;
    info.subject_public_key.raw_bytes()
}
