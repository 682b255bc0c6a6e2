//! Separates connections that can never succeed from those that may succeed with the next attempt.
//!
//! reqwest reports all of them as a failure to connect. The causes below its error say more. rustls
//! has types for what it refuses. A proxy's refusal and the errors of the system's TLS are
//! available only as text.

use std::error::Error;

use super::network_error::causes;

/// Returns why a connection was refused permanently, as text for the error. Returns `None` if
/// another attempt may succeed.
pub fn reason(error: &(dyn Error + 'static)) -> Option<String> {
    let of_rustls = causes(error).find_map(of_rustls);
    of_rustls.or_else(|| causes(error).find_map(|cause| of_text(&cause.to_string())))
}

#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
fn of_rustls(cause: &(dyn Error + 'static)) -> Option<String> {
    use rustls::{AlertDescription, Error};

    let error = cause.downcast_ref::<Error>()?;
    match error {
        // Another server with the same name, or a later attempt, may succeed.
        Error::AlertReceived(AlertDescription::InternalError | AlertDescription::UserCanceled)
        | Error::DecryptError
        | Error::FailedToGetCurrentTime
        | Error::FailedToGetRandomBytes
        | Error::HandshakeNotComplete => None,
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => {
            Some(refused_certificate(&error.to_string()))
        }
        _ => Some(format!("TLS handshake failed: {error}")),
    }
}

#[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))]
fn of_rustls(_: &(dyn Error + 'static)) -> Option<String> {
    None
}

/// The texts that OpenSSL, Security.framework and other versions of rustls write about
/// certificates.
const OF_CERTIFICATES: [&str; 4] = [
    "certificate verify failed",
    "invalid peer certificate",
    "certificate was not trusted",
    "certificate is not trusted",
];

/// The errors of Schannel, whose text is in the language of the system. They are `CERT_E_…`, whose
/// numbers begin alike, and `SEC_E_…` about the certificate of the server.
/// <https://learn.microsoft.com/windows/win32/com/com-error-codes-4>
const OF_SCHANNEL: [&str; 5] = [
    "(os error -21467624",
    "(os error -2146893022)",
    "(os error -2146893019)",
    "(os error -2146893017)",
    "(os error -2146893016)",
];

/// The texts that OpenSSL writes if a server does not speak TLS, or no version of it that is
/// allowed.
const OF_HANDSHAKES: [&str; 4] = [
    "wrong version number",
    "unsupported protocol",
    "handshake failure",
    "no protocols available",
];

fn of_text(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if has(&OF_CERTIFICATES) || has(&OF_SCHANNEL) {
        return Some(refused_certificate(text));
    }
    if has(&OF_HANDSHAKES) {
        return Some(format!("TLS handshake failed: {text}"));
    }
    if has(&["proxy authorization required"]) {
        let advice =
            "set the proxy's user and password in its URL or with `reqwest::Proxy::basic_auth`";
        return Some(format!("the proxy requires authentication (407): {advice}"));
    }
    if has(&["credentials not accepted", "does not support user/pass"]) {
        return Some(format!("the SOCKS proxy refused the credentials: {text}"));
    }
    if has(&["invalid url, scheme"]) {
        return Some(format!("the URL scheme is not http or https: {text}"));
    }
    None
}

fn refused_certificate(text: &str) -> String {
    format!(
        "invalid TLS certificate of the server: {text}; check that the system trusts its issuer, \
         and whether a proxy inspects TLS traffic"
    )
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn of(text: &str) -> Option<String> {
        reason(&io::Error::other(text.to_owned()))
    }

    #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
    #[test]
    fn rustls_refusals_are_final_and_named() {
        use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

        let tls = |error: Error| reason(&io::Error::new(io::ErrorKind::InvalidData, error));
        let expired = tls(Error::InvalidCertificate(CertificateError::Expired)).unwrap();
        assert!(
            expired.starts_with("invalid TLS certificate of the server: "),
            "{expired}"
        );
        for error in [
            Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            Error::NoApplicationProtocol,
        ] {
            let reason = tls(error.clone()).unwrap();
            assert!(
                reason.starts_with("TLS handshake failed: "),
                "{error}: {reason}"
            );
        }
        assert_eq!(
            tls(Error::AlertReceived(AlertDescription::InternalError)),
            None
        );
        assert_eq!(tls(Error::DecryptError), None);
    }

    #[test]
    fn texts_of_other_libraries_are_recognized() {
        for (text, starts) in [
            (
                "error:0A000086:SSL routines::certificate verify failed",
                "invalid TLS certificate",
            ),
            (
                "Un certificat … (os error -2146762487)",
                "invalid TLS certificate",
            ),
            (
                "error:0A00010B:SSL routines::wrong version number",
                "TLS handshake",
            ),
            (
                "tunnel error: proxy authorization required",
                "the proxy requires authentication (407)",
            ),
            ("SOCKS error: credentials not accepted", "the SOCKS proxy"),
            ("invalid URL, scheme is not http", "the URL scheme"),
        ] {
            let reason = of(text).unwrap();
            assert!(reason.starts_with(starts), "{text}: {reason}");
        }
    }

    #[test]
    fn transient_connection_errors_are_not_final() {
        for text in [
            "Connection refused (os error 111)",
            "tunnel error: unsuccessful",
            "failed to lookup address information: Name or service not known",
            "failed to lookup address information: Temporary failure in name resolution",
            "connection reset by peer",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
