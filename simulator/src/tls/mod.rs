//! The https of a simulator, with a certificate that it makes at its start.
//!
//! An authority of one simulator signs the server's certificate. A client trusts the authority,
//! because several TLS libraries refuse a certificate that signs itself. The authority's key is
//! dropped once it has signed.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::error::Error;

/// The server's side of TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    /// The authority's certificate, as PEM.
    pub(crate) authority: String,
}

impl Tls {
    /// Makes a certificate for these names.
    pub(crate) fn new(names: Vec<String>) -> Result<Self, Error> {
        let failed = |source: rcgen::Error| Error::Certificate(Box::new(source));
        let key = KeyPair::generate().map_err(failed)?;
        let mut authority = params(Vec::new(), "msgraph-simulator authority").map_err(failed)?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let trusted = authority.self_signed(&key).map_err(failed)?;
        let issuer = Issuer::new(authority, key);
        let authority = pem(trusted.der());

        let key = KeyPair::generate().map_err(failed)?;
        let mut server = params(names, "msgraph-simulator").map_err(failed)?;
        server.use_authority_key_identifier_extension = true;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = server.signed_by(&key, &issuer).map_err(failed)?;

        let refused = |source: rustls::Error| Error::Certificate(Box::new(source));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(refused)?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .map_err(refused)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            authority,
        })
    }

    /// Does the handshake of a connection. Returns `None` if it fails.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> Option<TlsStream<S>> {
        self.acceptor.accept(stream).await.ok()
    }
}

/// Returns a certificate's content, valid from yesterday and for a year.
fn params(names: Vec<String>, common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    let now = DateTime::<Utc>::from(std::time::SystemTime::now());
    let day = |after: i64| {
        let date = now + TimeDelta::days(after);
        // The month and the day of a date fit into a byte.
        let [month, day] = [date.month(), date.day()].map(|part| part as u8);
        date_time_ymd(date.year(), month, day)
    };
    (params.not_before, params.not_after) = (day(-1), day(365));
    Ok(params)
}

/// Returns a certificate as PEM (RFC 7468): base64 in lines of 64 characters.
fn pem(der: &[u8]) -> String {
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for (at, character) in STANDARD.encode(der).char_indices() {
        if at > 0 && at % 64 == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem.push_str("\n-----END CERTIFICATE-----\n");
    pem
}
