//! Tests of the control interface, over HTTP.

use std::time::Duration;

use base64::Engine;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use msgraph_simulator::{ControlOperation, Seed, Simulator};
use serde_json::{Value, json};

use crate::client::{Answer, Client, builder};
use crate::platform::{Platform, encoded};
use crate::webhook::Webhook;

/// A client of the control interface.
struct Control {
    address: String,
}

impl Control {
    async fn start() -> (Simulator, Self) {
        let simulator = builder().control_port(0).start().await.unwrap();
        let address = simulator.control_url().unwrap();
        let address = address.strip_prefix("http://").unwrap().to_owned();
        (simulator, Self { address })
    }

    async fn send(
        &self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let stream = tokio::net::TcpStream::connect(&self.address).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(target);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", &self.address);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    async fn get(&self, target: &str) -> Value {
        let answer = self.send(Method::GET, target, &[], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{target}: {:?}", answer.body);
        answer.json()
    }

    /// Sends fields that are accepted, and returns the result.
    async fn post(&self, path: &str, fields: Value) -> Value {
        let answer = self.send(Method::POST, path, &[], fields.to_string()).await;
        match answer.status {
            StatusCode::NO_CONTENT => Value::Null,
            StatusCode::OK => answer.json(),
            status => panic!("{path}: {status} {:?}", answer.body),
        }
    }

    /// Sends fields that are refused. Returns the status, the field and the message.
    async fn refused(&self, path: &str, fields: Value) -> (u16, Value, String) {
        let answer = self.send(Method::POST, path, &[], fields.to_string()).await;
        let error = answer.json()["error"].clone();
        let message = error["message"].as_str().unwrap_or_default().to_owned();
        (answer.status.as_u16(), error["field"].clone(), message)
    }
}

#[tokio::test]
async fn faults_and_limits_are_set_over_http() {
    let (simulator, control) = Control::start().await;
    let mut client = Client::user(&simulator).await;
    control
        .post(
            "/faults",
            json!({ "kind": "throttled", "retryAfter": 7, "method": "get", "path": "/v1.0/me" }),
        )
        .await;
    let throttled = client.get("/me").await;
    assert_eq!(throttled.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(throttled.header("retry-after"), "7");
    assert_eq!(client.get("/me").await.status, StatusCode::OK);
    let custom = json!({
        "kind": "answer", "status": 418, "headers": { "X-Tea": "green" },
        "json": { "short": true }, "always": true, "query": "$top=3",
    });
    control.post("/faults", custom).await;
    for _ in 0..2 {
        let tea = client.get("/users?$top=3").await;
        assert_eq!(tea.status.as_u16(), 418);
        assert_eq!(tea.header("x-tea"), "green");
        assert_eq!(tea.header("content-type"), "application/json");
        assert_eq!(tea.json(), json!({ "short": true }));
    }
    control.send(Method::DELETE, "/faults", &[], "").await;
    assert_eq!(client.get("/users?$top=3").await.status, StatusCode::OK);
    let limit = json!({ "service": "outlook", "requests": 1, "seconds": 60, "retryAfter": "2.5" });
    control.post("/limits", limit).await;
    assert_eq!(client.get("/me/messages").await.status, StatusCode::OK);
    assert_eq!(
        client.get("/me/messages").await.header("retry-after"),
        "2.5"
    );
    control.send(Method::DELETE, "/limits", &[], "").await;
    assert_eq!(client.get("/me/messages").await.status, StatusCode::OK);
    let chaos =
        json!({ "seed": 3, "rate": 1, "without": ["reset", "lost_response", "clock_jump"] });
    control.post("/chaos", chaos).await;
    let mut client = Client::user(&simulator).await;
    let _ = client.try_send(Method::GET, "/me", &[], "").await;
    let counts = control.get("/misbehaviors").await;
    assert_eq!(counts.get("reset"), None);
    let counts = counts.as_object().unwrap().values();
    assert_eq!(counts.filter_map(Value::as_u64).sum::<u64>(), 1);
}

#[tokio::test]
async fn every_kind_of_fault_is_accepted() {
    let (simulator, control) = Control::start().await;
    let kinds = [
        json!({ "kind": "throttled", "retryAfter": { "dateAfterSeconds": 3 } }),
        json!({ "kind": "throttled", "retryAfter": { "dateBeforeSeconds": 3 } }),
        json!({ "kind": "status", "status": 503 }),
        json!({ "kind": "html", "status": 502 }),
        json!({ "kind": "unauthorized", "claims": "{}" }),
        json!({ "kind": "answer", "status": 200, "base64": "AAEC" }),
        json!({ "kind": "reset" }),
        json!({ "kind": "lost" }),
        json!({ "kind": "slow", "seconds": 0.01 }),
        json!({ "kind": "slowBody", "seconds": 0.01 }),
        json!({ "kind": "truncated" }),
        json!({ "kind": "cutJson" }),
        json!({ "kind": "errorInSuccess", "code": "a", "message": "b" }),
        json!({ "kind": "errorBesideValue", "code": "a" }),
        json!({ "kind": "lateStatus", "status": 504 }),
        json!({ "kind": "clockJump", "seconds": 10 }),
        json!({ "kind": "changedContent" }),
        json!({ "kind": "singleUse" }),
        json!({ "kind": "unheard", "header": "range" }),
        json!({ "kind": "emptyPage" }),
        json!({ "kind": "repeatedItems" }),
        json!({ "kind": "kept", "bytes": 10 }),
        json!({ "kind": "failedOperation", "code": "a", "message": "b" }),
    ];
    for kind in kinds {
        control.post("/faults", kind).await;
    }
    // The first one applies first.
    let mut client = Client::user(&simulator).await;
    let first = client.get("/me").await;
    assert!(first.header("retry-after").ends_with(" GMT"));
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (_simulator, control) = Control::start().await;
    let wrong = [
        ("/faults", json!({}), "kind", "the field is missing"),
        (
            "/faults",
            json!({ "kind": 1 }),
            "kind",
            "a text was expected",
        ),
        (
            "/faults",
            json!({ "kind": "status" }),
            "status",
            "the field is missing",
        ),
        (
            "/faults",
            json!({ "kind": "reset", "status": 503 }),
            "status",
            "the field does not belong here",
        ),
        (
            "/faults",
            json!({ "kind": "status", "status": 7 }),
            "status",
            "a status such as 503 was expected",
        ),
        (
            "/faults",
            json!({ "kind": "reset", "times": -1 }),
            "times",
            "a whole number from 0 was expected",
        ),
        (
            "/faults",
            json!({ "kind": "slow", "seconds": -1 }),
            "seconds",
            "seconds were expected",
        ),
        (
            "/faults",
            json!({ "kind": "answer", "status": 200, "headers": { "a": 1 } }),
            "headers.a",
            "a text was expected",
        ),
        (
            "/clock",
            json!({}),
            "advanceSeconds",
            "the field is missing",
        ),
        (
            "/settings",
            json!({ "polls": 1, "pageSize": 0 }),
            "pageSize",
            "a page has at least one item",
        ),
        (
            "/settings",
            json!({ "pagesize": 1 }),
            "pagesize",
            "the field does not belong here",
        ),
        (
            "/responses",
            json!({ "method": "GET", "path": "users" }),
            "path",
            "a path below the version was expected: `/users/*`",
        ),
        (
            "/certificates",
            json!({ "base64": "AAEC" }),
            "base64",
            "it is not a DER certificate",
        ),
        (
            "/certificates",
            json!({ "pem": "x" }),
            "pem",
            "the text has no certificate",
        ),
    ];
    for (path, fields, field, message) in wrong {
        let refused = control.refused(path, fields.clone()).await;
        assert_eq!(
            refused,
            (400, json!(field), message.into()),
            "{path} {fields}"
        );
    }
    let unknown = control.refused("/faults", json!({ "kind": "x" })).await;
    assert_eq!((unknown.0, &unknown.1), (400, &json!("kind")));
    assert!(
        unknown
            .2
            .starts_with("`x` is none of `throttled`, `status`")
    );
    for path in ["/users/revoke", "/tokens/incoming"] {
        let user = json!({ "user": "unknown@contoso.com" });
        let refused = control.refused(path, user).await;
        let message = "the tenant has no user `unknown@contoso.com`".to_owned();
        assert_eq!(refused, (404, json!("user"), message));
    }
    let seed = json!({ "/users": [{ "displayNam": "Ada" }] });
    let refused = control.refused("/seed", seed).await;
    assert_eq!((refused.0, refused.1), (400, json!("/users[0]")));
    assert!(refused.2.contains("'displayNam'"), "{}", refused.2);
    let text = control.send(Method::POST, "/clock", &[], "{").await;
    assert_eq!(text.json()["error"]["field"], Value::Null);
}

#[tokio::test]
async fn unknown_operations_are_refused() {
    let (_simulator, control) = Control::start().await;
    let list = control.get("/").await;
    let paths = list["value"].as_array().unwrap();
    assert_eq!(paths.len(), ControlOperation::all().count());
    let unknown = control.send(Method::GET, "/nothing", &[], "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let method = control.send(Method::PUT, "/faults", &[], "").await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(method.header("allow"), "POST, DELETE");
    let query = control.send(Method::POST, "/reset?hard=1", &[], "").await;
    assert_eq!(query.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn web_pages_and_other_hosts_are_refused() {
    let (_simulator, control) = Control::start().await;
    for headers in [
        [("origin", "https://example.com"), ("accept", "*/*")],
        [("host", "rebound.example:80"), ("accept", "*/*")],
    ] {
        let refused = control.send(Method::POST, "/reset", &headers, "").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let host = [("host", "localhost:80")];
    let accepted = control.send(Method::POST, "/reset", &host, "").await;
    assert_eq!(accepted.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn content_is_seeded_read_and_reset() {
    let (simulator, control) = Control::start().await;
    let seed = r#"{
        "/users": { "displayName": "Ada", "userPrincipalName": "ada@contoso.com" },
        "/users/ada@contoso.com/todo/lists": [{ "displayName": "Groceries" }]
    }"#;
    let seeded = control.send(Method::POST, "/seed", &[], seed).await;
    assert_eq!(seeded.status, StatusCode::NO_CONTENT);
    let path = "/users/ada@contoso.com/todo/lists";
    let read = control.post("/graph", json!({ "path": path })).await;
    assert_eq!(read["body"]["value"][0]["displayName"], "Groceries");
    let body = json!({ "method": "POST", "path": path, "body": { "displayName": "Two" } });
    assert_eq!(
        control.post("/graph", body).await["body"]["displayName"],
        "Two"
    );
    let missing = control
        .refused("/graph", json!({ "path": "/users/x" }))
        .await;
    assert_eq!((missing.0, missing.1), (404, json!("path")));
    control
        .post(
            "/responses",
            json!({ "method": "GET", "path": "/me", "json": { "stub": true } }),
        )
        .await;
    control.post("/settings", json!({ "pageSize": 1 })).await;
    let mut client = Client::user(&simulator).await;
    assert_eq!(client.get("/me").await.json(), json!({ "stub": true }));
    assert_eq!(client.get("/users").await.names("id").len(), 1);
    control.post("/settings", json!({ "pageSize": null })).await;
    assert_eq!(client.get("/users").await.names("id").len(), 13);
    control.post("/reset", json!({})).await;
    assert!(simulator.read("/users/ada@contoso.com").is_err());
    let mut client = Client::user(&simulator).await;
    assert_eq!(
        client.get("/me").await.json()["displayName"],
        "Adele Brandt"
    );
}

#[tokio::test]
async fn records_are_read_and_filtered() {
    let (simulator, control) = Control::start().await;
    let mut client = Client::user(&simulator).await;
    let list = json!({ "displayName": "Groceries" });
    for _ in 0..2 {
        client.post("/me/todo/lists", list.clone()).await;
    }
    client.get("/users/unknown@contoso.com").await;
    let requests = control.get("/requests").await;
    let first = &requests["value"][0];
    assert_eq!(first["body"]["json"], list);
    assert_eq!(first["headers"]["authorization"], "[redacted]");
    assert_eq!(first["text"], "POST /v1.0/me/todo/lists → 201");
    let posts = control
        .get("/activity?method=POST&template=%2Fme%2Ftodo%2Flists&changed=true")
        .await;
    assert_eq!(posts["value"].as_array().unwrap().len(), 2);
    assert_eq!(posts["value"][1]["changes"][0]["kind"], "created");
    let missing = control.get("/activity?status=404").await;
    assert_eq!(missing["text"], "GET /v1.0/users/unknown@contoso.com → 404");
    let repeated = control.get("/activity/repeated").await;
    assert_eq!(repeated["value"].as_array().unwrap().len(), 2);
    assert_eq!(
        control.get("/changes").await["value"][0]["name"],
        "Groceries"
    );
    assert_eq!(control.get("/request-counts").await["graph"], 3);
    for path in ["/activity", "/requests"] {
        let target = format!("{path}?verb=x");
        let wrong = control.send(Method::GET, &target, &[], "").await;
        assert_eq!(wrong.json()["error"]["field"], "verb", "{path}");
    }
    control.send(Method::DELETE, "/requests", &[], "").await;
    assert_eq!(control.get("/requests").await["value"], json!([]));
}

#[tokio::test]
async fn identity_platform_is_controlled() {
    let (simulator, control) = Control::start().await;
    let platform = Platform::new(&simulator);
    let who = control.get("/credentials").await;
    assert_eq!(who["clientId"], platform.who.client_id);
    assert_eq!(who["graphUrl"], simulator.url());
    // A device code.
    control
        .post("/settings", json!({ "deviceIntervalSeconds": 0 }))
        .await;
    let client_id = platform.who.public_client_id.as_str();
    let device = platform.post(
        "devicecode",
        &[("client_id", client_id), ("scope", "User.Read")],
    );
    let device_code = device.json()["device_code"].as_str().unwrap().to_owned();
    let waiting = control.get("/devices").await["value"].clone();
    assert_eq!(waiting, json!([device.json()["user_code"]]));
    let poll = || {
        platform.token(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", client_id),
            ("device_code", &device_code),
        ])
    };
    assert_eq!(poll().json()["error"], "authorization_pending");
    let browser = json!({ "browserUser": "bruno@contoso.com" });
    control.post("/settings", browser).await;
    control
        .post("/devices/approve", json!({ "userCode": waiting[0] }))
        .await;
    let token = poll().json()["access_token"].as_str().unwrap().to_owned();
    let mut client = Client::connect(&simulator, Some(token)).await;
    assert_eq!(client.get("/me").await.json()["mail"], "bruno@contoso.com");
    let again = json!({ "userCode": waiting[0] });
    let again = control.refused("/devices/approve", again).await;
    assert_eq!((again.0, again.1), (404, json!("userCode")));
    // Tokens.
    control.post("/tokens/expire", json!({})).await;
    assert_eq!(client.get("/me").await.status, StatusCode::UNAUTHORIZED);
    let token = control.post("/tokens/user", json!({})).await["token"].clone();
    client.token = token.as_str().map(str::to_owned);
    assert_eq!(client.get("/me").await.json()["mail"], "adele@contoso.com");
    control
        .post("/clock", json!({ "advanceSeconds": 7200 }))
        .await;
    assert_eq!(client.get("/me").await.status, StatusCode::UNAUTHORIZED);
    // A federated subject.
    let subject = json!({ "subject": "system:serviceaccount:contoso:mailer" });
    let assertion = control.post("/tokens/federated", subject.clone()).await["token"].clone();
    let federated = || {
        platform.token(&[
            ("grant_type", "client_credentials"),
            ("scope", "https://graph.microsoft.com/.default"),
            ("client_id", &platform.who.client_id),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.as_str().unwrap()),
        ])
    };
    assert_eq!(federated().status, StatusCode::UNAUTHORIZED);
    control.post("/federated-subjects", subject).await;
    assert_eq!(federated().status, StatusCode::OK);
    // A browser.
    let uri = "https://app.contoso.com/signed-in";
    control.post("/redirect-uris", json!({ "uri": uri })).await;
    let refusal = json!({ "error": "access_denied", "code": 65004, "description": "Declined." });
    control.post("/authorization/refuse", refusal).await;
    let query = encoded(&[
        ("client_id", &platform.who.client_id),
        ("response_type", "code"),
        ("scope", "User.Read"),
        ("redirect_uri", uri),
    ]);
    let target = format!("/contoso.com/oauth2/v2.0/authorize?{query}");
    let page = platform.send(Method::GET, &target, &[], String::new());
    let location = page.header("location");
    assert!(
        location.starts_with(&format!("{uri}?error=access_denied")),
        "{location}"
    );
}

#[tokio::test]
async fn subscriptions_are_notified_on_request() {
    let (simulator, control) = Control::start().await;
    let webhook = Webhook::start().await;
    let hour = std::time::SystemTime::now() + Duration::from_secs(3600);
    let expiry = chrono::DateTime::<chrono::Utc>::from(hour).to_rfc3339();
    let subscription = json!({
        "changeType": "created", "resource": "/me/messages", "clientState": "s",
        "notificationUrl": webhook.url, "lifecycleNotificationUrl": webhook.url,
        "expirationDateTime": expiry,
    });
    let body = json!({ "method": "POST", "path": "/subscriptions", "body": subscription });
    let id = control.post("/graph", body).await["body"]["id"].clone();
    let fields = json!({ "subscriptionId": id, "event": "missed" });
    control.post("/lifecycle", fields).await;
    let told = webhook.notified(1).await;
    assert_eq!(told[0]["value"][0]["lifecycleEvent"], "missed", "{told:?}");
    let none = json!({ "subscriptionId": "x", "event": "missed" });
    let none = control.refused("/lifecycle", none).await;
    assert_eq!((none.0, none.1), (404, json!("subscriptionId")));
    let deliveries = control.get("/deliveries").await;
    assert_eq!(deliveries["value"][0]["url"], webhook.url);
    drop(simulator);
}

#[tokio::test]
async fn control_is_served_only_if_requested() {
    let simulator = builder().seed(Seed::Empty).start().await.unwrap();
    assert_eq!(simulator.control_url(), None);
}

/// Returns fields that the operation at a path accepts, and the status of its response.
fn sample(path: &str) -> (Value, u16) {
    let certificate = include_bytes!("subscriber/certificate.der");
    let pem = format!(
        "A certificate:\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        base64::engine::general_purpose::STANDARD.encode(certificate)
    );
    let user = "bruno@contoso.com";
    match path {
        "/seed" => (json!({ "/me/todo/lists": { "displayName": "One" } }), 204),
        "/graph" => (json!({ "path": "/me" }), 200),
        "/clock" => (json!({ "advanceSeconds": 0.5 }), 204),
        "/settings" => (
            json!({
                "pageSize": 5, "polls": 1, "expectedRanges": "closed", "tokenLifetimeSeconds": 60,
                "textLifetime": true, "refreshTokens": "kept", "expiresOn": "rfc3339",
                "browserUser": null, "deviceIntervalSeconds": 1, "deviceSlowDowns": 2,
            }),
            204,
        ),
        "/uploads/lose" => (json!({ "from": 0, "to": 10 }), 204),
        "/forgeries" => (json!({ "kind": "clientState" }), 204),
        "/lifecycle" => (json!({ "subscriptionId": "x", "event": "missed" }), 404),
        "/faults" => (json!({ "kind": "reset", "path": "/nothing" }), 204),
        "/chaos" => (json!({ "seed": 1, "rate": 0.5, "without": ["reset"] }), 204),
        "/limits" => (json!({ "service": "teams", "concurrent": 4 }), 204),
        "/responses" => (json!({ "method": "POST", "path": "/x", "text": "y" }), 204),
        "/tokens/app" | "/tokens/user" => (json!({}), 200),
        "/tokens/incoming" => (json!({ "user": user }), 200),
        "/tokens/federated" => (json!({ "subject": "s" }), 200),
        "/users/revoke" => (json!({ "user": user }), 204),
        "/users/require-claims" => (json!({ "user": user, "claims": {}, "code": 50_079 }), 204),
        "/certificates" => (json!({ "pem": pem }), 204),
        "/federated-subjects" => (json!({ "subject": "s" }), 204),
        "/redirect-uris" => (json!({ "uri": "https://app.contoso.com/" }), 204),
        "/devices/approve" | "/devices/decline" => (json!({ "userCode": "x" }), 404),
        "/authorization/refuse" => (json!({ "error": "access_denied", "code": 65_004 }), 204),
        "/managed-identities" => (
            json!({ "clientId": "a", "objectId": "b", "resourceId": "c" }),
            204,
        ),
        "/arc-key-file" => (json!({ "path": "/tmp/key" }), 204),
        "/tenants" => (json!({ "id": "a", "domain": "fabrikam.com" }), 204),
        // Operations without fields.
        _ => (json!({}), 204),
    }
}

#[tokio::test]
async fn every_operation_is_carried_out() {
    let (_simulator, control) = Control::start().await;
    for operation in ControlOperation::all() {
        let (method, path) = (operation.method.clone(), operation.path);
        let (fields, status) = match method {
            Method::POST => sample(path),
            Method::GET => (Value::Null, 200),
            _ => (Value::Null, 204),
        };
        let body = match fields {
            Value::Null => String::new(),
            fields => fields.to_string(),
        };
        let answer = control.send(method.clone(), path, &[], body).await;
        let shown = format!("{method} {path}: {:?}", answer.body);
        assert_eq!(answer.status.as_u16(), status, "{shown}");
        // A field that no operation has is named.
        if method == Method::POST && path != "/seed" {
            let (mut fields, _) = sample(path);
            fields["surplus"] = json!(1);
            let refused = control.refused(path, fields).await;
            assert_eq!(refused.1, "surplus", "{shown}");
        }
    }
}
