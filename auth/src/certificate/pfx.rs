//! Certificates and keys in PFX files ([PKCS#12](https://www.rfc-editor.org/rfc/rfc7292)).

use p12_keystore::error::Error;
use p12_keystore::{Certificate, Pkcs12Archive};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use super::Fault;
use super::identity::Identity;
use crate::Secret;

pub(super) fn read(pfx: &[u8], password: &Secret<String>) -> Result<Identity, Fault> {
    let archive =
        Pkcs12Archive::from_pkcs12(pfx, password.expose()).map_err(|error| match error {
            Error::MacError(_) => Fault::WrongPassword,
            error => Fault::BadPfx(error),
        })?;
    let keys: Vec<_> = archive
        .keys
        .iter()
        .map(|bag| PrivatePkcs8KeyDer::from(bag.key.as_der().to_vec()))
        .map(|key| Zeroizing::new(PrivateKeyDer::from(key)))
        .collect();
    let certificates = archive.certs.into_iter().map(|bag| bag.cert).collect();
    let certificates = issuers_last(certificates)
        .iter()
        .map(|certificate| CertificateDer::from(certificate.as_der().to_vec()))
        .collect();
    Identity::new(certificates, &keys)
}

/// Sorts the certificates. A PFX file has no order of its own, and a chain begins with the
/// certificate that issued no other ([RFC 7515,
/// 4.1.6](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.6)).
fn issuers_last(mut certificates: Vec<Certificate>) -> Vec<Certificate> {
    let mut ordered = Vec::with_capacity(certificates.len());
    while !certificates.is_empty() {
        let issued_none = |candidate: &Certificate| {
            let mut issued = certificates.iter().filter(|other| {
                other.issuer() == candidate.subject() && other.subject() != candidate.subject()
            });
            issued.next().is_none()
        };
        // If they issue each other, any of them comes next.
        let next = certificates.iter().position(issued_none).unwrap_or(0);
        ordered.push(certificates.remove(next));
    }
    ordered
}
