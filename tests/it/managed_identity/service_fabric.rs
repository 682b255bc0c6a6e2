//! The endpoint of Service Fabric: TLS with a self-signed certificate.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SingleCertAndKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha1::{Digest as _, Sha1};

use msgraph::auth::{ManagedIdentityCredential, ManagedIdentitySource};

use super::{HUSH, RESOURCE, sign_in, sign_in_error};

struct Server {
    url: String,
    thumbprint: String,
    /// The heads of the requests that came through TLS.
    heads: Arc<Mutex<Vec<String>>>,
}

fn certified() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn server() -> Server {
    let certified = certified();
    server_with(&certified, &certified.signing_key)
}

/// Starts a server that presents a certificate, and signs with a key that may not belong to it.
fn server_with(certified: &CertifiedKey<KeyPair>, key: &KeyPair) -> Server {
    let certificate = certified.cert.der().clone();
    let thumbprint = Sha1::digest(&certificate);
    let thumbprint = thumbprint
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let key = ring::sign::any_supported_type(&key).unwrap();
    let shown = rustls::sign::CertifiedKey::new(vec![certificate], key);
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    let tls = Arc::new(tls);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    std::thread::spawn({
        let heads = Arc::clone(&heads);
        move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // Some tests expect the client to break off the handshake.
                let _ = serve(stream, &tls, &heads);
            }
        }
    });
    Server {
        url,
        thumbprint,
        heads,
    }
}

fn serve(
    stream: TcpStream,
    tls: &Arc<ServerConfig>,
    heads: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(tls)).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    heads
        .lock()
        .unwrap()
        .push(String::from_utf8_lossy(&head).into_owned());
    let body = r#"{"token_type":"Bearer","access_token":"token","expires_on":4102444800}"#;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    stream.conn.send_close_notify();
    stream.flush()
}

#[tokio::test]
async fn server_with_pinned_thumbprint_gets_the_secret() {
    let server = server();
    let source = ManagedIdentitySource::service_fabric(
        format!("{}/metadata/identity/oauth2/token", server.url),
        HUSH,
        &server.thumbprint,
    );
    sign_in(ManagedIdentityCredential::new(), source)
        .await
        .unwrap();
    let heads = server.heads.lock().unwrap();
    let [head] = heads.as_slice() else {
        panic!("one request was expected: {heads:?}");
    };
    let target = format!(
        "GET /metadata/identity/oauth2/token?api-version=2019-07-01-preview&{RESOURCE} \
         HTTP/1.1\r\n"
    );
    assert!(head.starts_with(&target), "{head}");
    assert!(
        head.to_lowercase()
            .contains(&format!("\r\nsecret: {HUSH}\r\n")),
        "{head}"
    );
}

#[tokio::test]
async fn a_server_with_another_thumbprint_gets_nothing() {
    let server = server();
    let other = self::server();
    let source = ManagedIdentitySource::service_fabric(&server.url, HUSH, &other.thumbprint);
    let error = sign_in_error(sign_in(ManagedIdentityCredential::new(), source).await).to_string();
    assert!(
        error.contains("certificate does not match the thumbprint in the environment"),
        "{error}"
    );
    assert!(!error.contains(HUSH), "{error}");
    assert_eq!(server.heads.lock().unwrap().len(), 0);
}
/// Checks that the certificate alone is not enough, because it is not a secret: every client
/// that connected to the server has it.
#[tokio::test]
async fn server_without_the_certificates_key_gets_nothing() {
    let server = server_with(&certified(), &certified().signing_key);
    let source = ManagedIdentitySource::service_fabric(&server.url, HUSH, &server.thumbprint);
    let error = sign_in_error(sign_in(ManagedIdentityCredential::new(), source).await).to_string();
    assert!(error.contains("BadSignature"), "{error}");
    assert_eq!(server.heads.lock().unwrap().len(), 0);
}
