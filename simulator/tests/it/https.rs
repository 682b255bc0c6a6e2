//! Tests of https, and of the addresses in links.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use msgraph_simulator::{Error, Fault, Simulator};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::{Answer, Client, builder, plain};

/// A client of https, which sends each request over a connection of its own.
pub struct Secure {
    connector: TlsConnector,
    /// The address of a proxy.
    proxy: Option<String>,
    token: Option<String>,
}

impl Secure {
    /// Creates a client that trusts a certificate.
    pub fn new(certificate: &str) -> Self {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM");
        roots.add(certificate).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            connector: TlsConnector::from(Arc::new(config)),
            proxy: None,
            token: None,
        }
    }

    /// Creates a client of a simulator, with a user's token.
    pub fn user(simulator: &Simulator) -> Self {
        Self {
            token: Some(simulator.user_token()),
            ..Self::new(simulator.certificate().expect("https"))
        }
    }

    pub fn through(mut self, proxy: &str) -> Self {
        self.proxy = Some(proxy.trim_start_matches("http://").to_owned());
        self
    }

    /// Sends a request. The connection reaches the host of the URL or the proxy.
    pub async fn try_send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> std::io::Result<Answer> {
        let target = url.strip_prefix("https://").expect("https");
        let (host, target) = target.split_at(target.find('/').unwrap_or(target.len()));
        let (name, port) = host.rsplit_once(':').unwrap_or((host, "443"));
        let stream = match &self.proxy {
            Some(proxy) => tunnel(proxy, &format!("CONNECT {name}:{port} HTTP/1.1")).await?,
            None => TcpStream::connect(format!("{name}:{port}")).await?,
        };
        let server = ServerName::try_from(name.to_owned()).expect("a name");
        let stream = self.connector.connect(server, stream).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(target);
        request = request.header("host", host);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::from(body.to_owned()));
        let request = request.body(body).expect("a request");
        let answer = sender.send_request(request).await;
        let (head, body) = answer.map_err(std::io::Error::other)?.into_parts();
        let body = body.collect().await.map_err(std::io::Error::other)?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        })
    }

    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let sent = self.try_send(method, url, headers, body).await;
        sent.unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    pub async fn get(&self, url: &str) -> Answer {
        self.send(Method::GET, url, &[], "").await
    }
}

/// Requests a tunnel. An error has the response of the proxy.
pub async fn tunnel(proxy: &str, line: &str) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(proxy).await?;
    let request = format!("{line}\r\nuser-agent: test\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).await?;
    let answer = String::from_utf8_lossy(answer.get(..length).unwrap_or_default()).into_owned();
    if answer == "HTTP/1.1 200 Connection established\r\n\r\n" {
        Ok(stream)
    } else {
        Err(std::io::Error::other(answer))
    }
}

async fn secure() -> Simulator {
    builder().tls().start().await.expect("the simulator starts")
}

#[tokio::test]
async fn https_serves_graph_platform_and_storage() {
    let simulator = secure().await;
    assert!(simulator.url().starts_with("https://127.0.0.1:"));
    let client = Secure::user(&simulator);
    let me = client.get(&format!("{}/me", simulator.url())).await;
    assert_eq!(me.json()["displayName"], "Adele Brandt");

    let metadata = format!(
        "{}/contoso.com/v2.0/.well-known/openid-configuration",
        simulator.login_url()
    );
    let endpoint = client.get(&metadata).await.json()["token_endpoint"].clone();
    let login = simulator.login_url();
    assert_eq!(endpoint, format!("{login}/contoso.com/oauth2/v2.0/token"));

    let session = format!(
        "{}/me/drive/root:/new.txt:/createUploadSession",
        simulator.url()
    );
    let json_type = [("content-type", "application/json")];
    let session = client.send(Method::POST, &session, &json_type, "{}").await;
    let upload = session.json()["uploadUrl"].as_str().unwrap().to_owned();
    assert!(upload.starts_with("https://localhost:"), "{upload}");
    assert!(upload.starts_with(&simulator.storage_url()), "{upload}");
    let bytes = [("content-range", "bytes 0-4/5")];
    let with_token = client.send(Method::PUT, &upload, &bytes, "hello").await;
    assert_eq!(with_token.status, StatusCode::UNAUTHORIZED);
    let storage = Secure::new(simulator.certificate().unwrap());
    let file = storage.send(Method::PUT, &upload, &bytes, "hello").await;
    assert_eq!(file.status, StatusCode::CREATED);
    assert_eq!(file.json()["size"], 5);
}

#[tokio::test]
async fn certificate_of_another_simulator_is_refused() {
    let (simulator, other) = (secure().await, secure().await);
    let client = Secure::new(other.certificate().unwrap());
    let error = client
        .try_send(Method::GET, &format!("{}/me", simulator.url()), &[], "")
        .await
        .unwrap_err();
    let refused = error.get_ref().and_then(|error| error.downcast_ref());
    assert!(
        matches!(refused, Some(rustls::Error::InvalidCertificate(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn fault_of_the_connection_breaks_https() {
    let simulator = secure().await;
    let client = Secure::user(&simulator);
    let me = format!("{}/me", simulator.url());
    simulator.fault(Fault::reset().at("/v1.0/me"));
    let error = client.try_send(Method::GET, &me, &[], "").await;
    assert!(error.is_err());
    assert_eq!(client.get(&me).await.status, StatusCode::OK);
}

#[tokio::test]
async fn plain_http_at_https_port_is_explained() {
    let simulator = secure().await;
    let url = simulator.url().replace("https://", "http://");
    let answer = plain(Method::GET, &url, &[], "").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer.body,
        "This port speaks https. Use an address with `https://`.\n"
    );
    let plain = builder().start().await.unwrap();
    assert_eq!(plain.certificate(), None);
}

#[tokio::test]
async fn public_addresses_are_in_all_links() {
    let simulator = builder()
        .public_url("https://graph.contoso.com/gateway/")
        .public_storage_url("https://files.contoso.com")
        .start()
        .await
        .expect("the simulator starts");
    let root = "https://graph.contoso.com/gateway";
    assert_eq!(simulator.url(), format!("{root}/v1.0"));
    assert_eq!(simulator.login_url(), root);
    let answer = |method: Method, target: &str, body: &str| {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "graph.contoso.com")
            .header("content-type", "application/json")
            .header(
                "authorization",
                format!("Bearer {}", simulator.user_token()),
            )
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        let (head, body) = simulator.answer(request).into_parts();
        let (status, headers) = (head.status, head.headers);
        Answer {
            status,
            headers,
            body,
        }
    };
    let users = answer(Method::GET, "/v1.0/users?$top=1", "").json();
    let next = users["@odata.nextLink"].as_str().unwrap();
    assert!(next.starts_with(&format!("{root}/v1.0/users?")), "{next}");
    assert_eq!(
        users["@odata.context"],
        format!("{root}/v1.0/$metadata#users")
    );

    let new = json!({ "subject": "New" }).to_string();
    let created = answer(Method::POST, "/v1.0/me/messages", &new);
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let location = created.header("location");
    assert!(location.starts_with(&format!("{root}/v1.0/")), "{location}");
    assert!(location.contains(&id), "{location}");

    let session = "/v1.0/me/drive/root:/new.txt:/createUploadSession";
    let session = answer(Method::POST, session, "{}").json();
    let upload = session["uploadUrl"].as_str().unwrap();
    assert!(upload.starts_with("https://files.contoso.com/"), "{upload}");

    let metadata = "/common/v2.0/.well-known/openid-configuration";
    let metadata = answer(Method::GET, metadata, "").json();
    for (name, path) in [
        ("token_endpoint", "common/oauth2/v2.0/token"),
        ("authorization_endpoint", "common/oauth2/v2.0/authorize"),
        ("jwks_uri", "common/discovery/v2.0/keys"),
    ] {
        assert_eq!(metadata[name], format!("{root}/{path}"));
    }
}

#[tokio::test]
async fn links_have_the_host_of_the_request() {
    let simulator = builder().start().await.unwrap();
    let url = simulator.url().replace("127.0.0.1", "localhost");
    let mut client = Client::user(&simulator).await;
    let users = client.get(&format!("{url}/users?$top=1")).await.json();
    let next = users["@odata.nextLink"].as_str().unwrap();
    assert!(next.starts_with(&format!("{url}/users?")), "{next}");
    let body = json!({ "requests": [{ "id": "1", "method": "GET", "url": "/users?$top=1" }] });
    let batch = client.post(&format!("{url}/$batch"), body).await.json();
    let next = batch["responses"][0]["body"]["@odata.nextLink"].as_str();
    assert!(next.unwrap().starts_with(&format!("{url}/users?")));
}

#[tokio::test]
async fn invalid_public_address_is_an_error() {
    let error = builder().public_url("graph.contoso.com").start().await;
    let error = error.expect_err("no scheme");
    assert!(matches!(&error, Error::PublicUrl(url) if url == "graph.contoso.com"));
    assert!(error.to_string().contains("`graph.contoso.com`"), "{error}");
}
