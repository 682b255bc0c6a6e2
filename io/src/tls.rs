//! The TLS setup, as this crate's features select it.

use reqwest::ClientBuilder;

use msgraph_core::error::Error;

/// Configures rustls with ring. By default, reqwest takes the process-wide provider and panics if
/// there is none. A library must not install a process-wide provider, so this configuration brings
/// its own.
#[cfg(feature = "rustls-ring")]
pub fn with_tls(builder: ClientBuilder) -> Result<ClientBuilder, Error> {
    use std::sync::Arc;

    use rustls_platform_verifier::BuilderVerifierExt;

    use msgraph_core::error::ConfigurationError;

    let wrong = |error: rustls::Error| {
        ConfigurationError::new("http", format!("cannot configure TLS: {error}"))
            .with_source(Arc::new(error))
    };
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .map_err(wrong)?
    .with_platform_verifier()
    .map_err(wrong)?
    .with_no_client_auth();
    // reqwest leaves ALPN to the caller that supplies a TLS configuration.
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(builder.tls_backend_preconfigured(tls))
}

/// Leaves reqwest's default for the TLS that it was compiled with.
#[cfg(not(feature = "rustls-ring"))]
#[allow(
    clippy::unnecessary_wraps,
    reason = "the function for `rustls-ring` can fail"
)]
pub fn with_tls(builder: ClientBuilder) -> Result<ClientBuilder, Error> {
    Ok(builder)
}
