//! TLS with a server that is identified by the thumbprint of its certificate, as for Service
//! Fabric. The certificate is self-signed, and the machine's environment names its SHA-1.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use sha1::{Digest as _, Sha1};

use crate::Result;
use crate::error::SignInError;

type Thumbprint = [u8; 20];

/// Creates the TLS configuration that accepts only the certificate with this thumbprint.
///
/// # Errors
///
/// Returns an error if the text is not a thumbprint.
pub(super) fn tls(thumbprint: &str) -> Result<ClientConfig> {
    let provider = provider();
    let pinned = Pinned {
        thumbprint: read(thumbprint).ok_or_else(|| {
            SignInError::new(format!(
                "`{}` is not a certificate thumbprint (40 hexadecimal digits)",
                thumbprint.escape_debug()
            ))
        })?,
        algorithms: provider.signature_verification_algorithms,
    };
    let tls = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| SignInError::new("cannot configure TLS").with_source(error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth();
    Ok(tls)
}

#[cfg(feature = "rustls-ring")]
fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

#[cfg(not(feature = "rustls-ring"))]
fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

/// Reads 40 hexadecimal digits, which some tools separate by colons.
fn read(text: &str) -> Option<Thumbprint> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|sign| *sign != ':')
        .map(|sign| sign.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .filter_map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect();
    (digits.len() == 40).then(|| bytes.try_into().ok())?
}

/// A verifier that accepts one certificate and no other. It does not check the names and the
/// validity period. The server that has the certificate's key is the intended one, and the
/// signature of the handshake proves that.
#[derive(Debug)]
struct Pinned {
    thumbprint: Thumbprint,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = Sha1::digest(end_entity);
        // The comparison takes the same time for every thumbprint, also for one that begins alike.
        let pairs = presented.iter().zip(&self.thumbprint);
        let difference = pairs.fold(0, |difference, (a, b)| difference | (a ^ b));
        if difference == 0 {
            Ok(ServerCertVerified::assertion())
        } else {
            let message =
                "the server's certificate does not match the thumbprint in the environment";
            Err(Error::General(message.to_owned()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_forty_digits() {
        let bytes: Thumbprint = std::array::from_fn(|at| at as u8 * 11);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let with_colons: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(read(&hex), Some(bytes));
        assert_eq!(read(&hex.to_lowercase()), Some(bytes));
        assert_eq!(read(&with_colons.join(":")), Some(bytes));
        for wrong in [
            "",
            "AB",
            &hex[1..],
            &format!("{hex}00"),
            &hex.replace('0', "g"),
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
            let error = tls(wrong).unwrap_err().to_string();
            assert!(error.contains("is not a certificate thumbprint"), "{error}");
        }
    }
}
