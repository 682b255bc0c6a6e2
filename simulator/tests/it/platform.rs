//! A client of the identity platform without a network.

use bytes::Bytes;
use http::{Method, Request};
use msgraph_simulator::{Credentials, Simulator};
use serde_json::Value;

use crate::client::Answer;

pub const SCOPE: &str = "https://graph.microsoft.com/.default";

/// The clients, browsers and devices that call the identity platform.
pub struct Platform<'a> {
    pub simulator: &'a Simulator,
    pub who: Credentials,
    /// The tenant in the paths.
    pub tenant: String,
}

impl<'a> Platform<'a> {
    pub fn new(simulator: &'a Simulator) -> Self {
        let who = simulator.credentials().clone();
        Self {
            simulator,
            tenant: who.domain.clone(),
            who,
        }
    }

    pub fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from(body)).expect("a request");
        let (head, body) = self.simulator.answer(request).into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    /// Sends a form to an endpoint of the tenant.
    pub fn post(&self, endpoint: &str, form: &[(&str, &str)]) -> Answer {
        let target = format!("/{}/oauth2/v2.0/{endpoint}", self.tenant);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, &target, &headers, encoded(form))
    }

    /// Sends a token request.
    pub fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.post("token", form)
    }

    /// Sends a token request as the confidential client, with its secret.
    pub fn with_secret(&self, form: &[(&str, &str)]) -> Answer {
        let mut all = vec![
            ("client_id", self.who.client_id.as_str()),
            ("client_secret", self.who.client_secret.as_str()),
        ];
        all.extend(form);
        self.token(&all)
    }

    /// Sends a token request as the public client.
    pub fn as_public(&self, form: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", self.who.public_client_id.as_str())];
        all.extend(form);
        self.token(&all)
    }

    /// Redeems a refresh token of the confidential client.
    pub fn refresh(&self, token: &str) -> Answer {
        self.with_secret(&[("grant_type", "refresh_token"), ("refresh_token", token)])
    }

    /// Opens a page of the tenant, as a browser does.
    pub fn visit(&self, page: &str, query: &[(&str, &str)]) -> Answer {
        let target = format!("/{}/{page}?{}", self.tenant, encoded(query));
        self.send(Method::GET, &target, &[], String::new())
    }

    /// Returns the user whom Graph recognizes by a token: a principal name, or the status and
    /// message of the refusal.
    pub fn me(&self, token: &str) -> Result<String, (u16, String)> {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let answer = self.send(Method::GET, "/v1.0/me", &headers, String::new());
        match answer.status.as_u16() {
            200 => Ok(text(&answer, "userPrincipalName")),
            status => Err((status, answer.error().1)),
        }
    }

    /// Checks whether Graph accepts an application's token.
    pub fn is_app(&self, token: &str) -> bool {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let users = self.send(Method::GET, "/v1.0/users", &headers, String::new());
        users.status == 200 && self.me(token).is_err()
    }
}

/// Returns the address to which a browser is sent, and the fields that it carries.
pub fn sent_back(answer: &Answer) -> (String, Vec<(String, String)>) {
    assert_eq!(answer.status, 302, "{:?}", answer.body);
    let location = answer.header("location");
    let (uri, fields) = location.split_once(['?', '#']).unwrap_or((location, ""));
    let fields = fields.split('&').filter(|field| !field.is_empty());
    let decoded = |text: &str| {
        let text = percent_encoding::percent_decode_str(text);
        text.decode_utf8().unwrap().into_owned()
    };
    let fields = fields.map(|field| {
        let (name, value) = field.split_once('=').unwrap();
        (name.to_owned(), decoded(value))
    });
    (uri.to_owned(), fields.collect())
}

/// Returns a field that a browser is sent back with.
pub fn field(answer: &Answer, name: &str) -> String {
    let (_, fields) = sent_back(answer);
    let found = fields.into_iter().find(|(other, _)| other == name);
    found.map(|(_, value)| value).unwrap_or_default()
}

/// Returns `error` and the AADSTS number of a redirect.
pub fn redirected(answer: &Answer) -> (String, String) {
    let description = field(answer, "error_description");
    let code = description.split(':').next().unwrap().to_owned();
    (field(answer, "error"), code)
}

/// Returns the claims of a JWT.
pub fn claims(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).expect("a JWT");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

pub fn encoded(form: &[(&str, &str)]) -> String {
    let encode = |text| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let pairs: Vec<_> = form
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    pairs.join("&")
}

pub fn text(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_default().to_owned()
}

/// Returns the status, `error`, and the AADSTS number.
pub fn refusal(answer: &Answer) -> (u16, String, u64) {
    let json = answer.json();
    let description = json["error_description"].as_str().unwrap();
    let code = json["error_codes"][0].as_u64().unwrap();
    assert!(
        description.starts_with(&format!("AADSTS{code}: ")),
        "{description}"
    );
    assert!(description.contains("\r\nTrace ID: "), "{description}");
    assert_eq!(
        json["error_uri"]
            .as_str()
            .unwrap()
            .rsplit('=')
            .next()
            .unwrap(),
        code.to_string()
    );
    let timestamp = json["timestamp"].as_str().unwrap();
    assert!(
        timestamp.ends_with('Z') && timestamp.contains(' '),
        "{timestamp}"
    );
    (answer.status.as_u16(), text(answer, "error"), code)
}
