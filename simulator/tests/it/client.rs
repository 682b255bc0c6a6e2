//! A small HTTP client. The simulator's tests do not use the SDK, because the SDK is tested with
//! the simulator.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use msgraph_simulator::{Builder, Description, Simulator};
use serde_json::Value;

/// Returns the description.
pub fn description() -> Description {
    Description::bundled().expect("the description can be read")
}

/// Returns a builder of simulators.
pub fn builder() -> Builder {
    Simulator::builder()
}

/// Starts a simulator of the tenant Contoso that makes up what it does not simulate.
pub async fn start_synthesizing() -> Simulator {
    let builder = builder().synthesize_responses();
    builder.start().await.expect("the simulator starts")
}

/// Starts a simulator of the tenant Contoso.
pub async fn start() -> Simulator {
    builder().start().await.expect("the simulator starts")
}

/// A response.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// Returns the body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "{error}: {} {:?}",
                self.status,
                String::from_utf8_lossy(&self.body)
            )
        })
    }

    /// Returns `error.code` and `error.message`.
    pub fn error(&self) -> (String, String) {
        let json = self.json();
        let text = |name: &str| json["error"][name].as_str().unwrap_or_default().to_owned();
        (text("code"), text("message"))
    }

    /// Returns the values of a property of the items in `value`.
    pub fn names(&self, property: &str) -> Vec<String> {
        let json = self.json();
        let items = json["value"]
            .as_array()
            .unwrap_or_else(|| panic!("not a page: {json}"));
        items
            .iter()
            .map(|item| item[property].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }
}

/// A client without a network, for very many requests.
pub struct Local<'a> {
    simulator: &'a Simulator,
    token: HeaderValue,
}

impl<'a> Local<'a> {
    /// Creates a client with a user's token.
    pub fn user(simulator: &'a Simulator) -> Self {
        let token = HeaderValue::from_static("");
        let mut client = Self { simulator, token };
        client.sign_in_again();
        client
    }

    /// Takes a new token.
    pub fn sign_in_again(&mut self) {
        let token = format!("Bearer {}", self.simulator.user_token());
        self.token = token.parse().expect("a header");
    }

    pub fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/v1.0{path}"));
        request = request.header("authorization", &self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(body.into())
            .unwrap_or_else(|error| panic!("{error}: {path}"));
        let (head, body) = self.simulator.answer(request).into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "")
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.send(
            Method::POST,
            path,
            &[("content-type", "application/json")],
            body.to_string(),
        )
    }
}

/// A connection, and the token that goes with each request.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
    root: String,
    pub token: Option<String>,
}

impl Client {
    /// Connects a client with an application's token.
    pub async fn app(simulator: &Simulator) -> Self {
        Self::connect(simulator, Some(simulator.app_token())).await
    }

    /// Connects a client with a user's token.
    pub async fn user(simulator: &Simulator) -> Self {
        Self::connect(simulator, Some(simulator.user_token())).await
    }

    pub async fn connect(simulator: &Simulator, token: Option<String>) -> Self {
        Self::reach(simulator.url(), token).await
    }

    async fn reach(url: &str, token: Option<String>) -> Self {
        let host = url.trim_start_matches("http://").split('/').next();
        let host = host.unwrap_or_default();
        let stream = tokio::net::TcpStream::connect(host)
            .await
            .expect("the simulator listens");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Self {
            sender,
            root: url.to_owned(),
            token,
        }
    }

    /// Sends a request; `url` is absolute or below the root.
    pub async fn try_send(
        &mut self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Answer, hyper::Error> {
        let url = if url.starts_with("http://") {
            url.to_owned()
        } else {
            format!("{}{url}", self.root)
        };
        let target = url.trim_start_matches("http://");
        let (host, target) = target.split_at(target.find('/').unwrap_or(target.len()));
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", host);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    pub async fn send(
        &mut self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let name = format!("{method} {url}");
        self.try_send(method, url, headers, body)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub async fn get(&mut self, url: &str) -> Answer {
        self.send(Method::GET, url, &[], "").await
    }

    /// Downloads a file without the token, from the URL that Graph redirects to.
    pub async fn file(&mut self, url: &str) -> Answer {
        let found = self.get(url).await;
        assert_eq!(found.status, StatusCode::FOUND, "{:?}", found.body);
        assert!(found.body.is_empty());
        plain(Method::GET, found.header("location"), &[], "").await
    }

    /// Sends a GET with the header of advanced queries.
    pub async fn eventual(&mut self, url: &str) -> Answer {
        self.send(Method::GET, url, &[("consistencylevel", "eventual")], "")
            .await
    }

    pub async fn write(&mut self, method: Method, url: &str, body: Value) -> Answer {
        self.send(
            method,
            url,
            &[("content-type", "application/json")],
            body.to_string(),
        )
        .await
    }

    pub async fn post(&mut self, url: &str, body: Value) -> Answer {
        self.write(Method::POST, url, body).await
    }

    pub async fn patch(&mut self, url: &str, body: Value) -> Answer {
        self.write(Method::PATCH, url, body).await
    }

    pub async fn delete(&mut self, url: &str) -> Answer {
        self.send(Method::DELETE, url, &[], "").await
    }
}

/// Returns the path of the drive of the user who signs in: `/drives/…`.
pub async fn drive(client: &mut Client) -> String {
    let drive = client.get("/me/drive?$select=id").await.json();
    format!("/drives/{}", drive["id"].as_str().expect("an id"))
}

/// Sends one request to any host of a simulator, without a token.
pub async fn plain(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Answer {
    try_plain(method, url, headers, body)
        .await
        .unwrap_or_else(|error| panic!("{url}: {error}"))
}

pub async fn try_plain(
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Answer, hyper::Error> {
    let mut client = Client::reach(url, None).await;
    client.try_send(method, url, headers, body).await
}
