//! The spans and events of a call, and what they do not contain.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, Once};

use http::Method;
use msgraph::auth::{AccessTokenCredential, ClientSecretCredential};
use msgraph::{CustomCloud, Graph, RetryPolicy};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::support::busy::Busy;
use crate::support::recorder::{Answer, Recorder};

type Fields = BTreeMap<&'static str, String>;

#[derive(Clone, Debug)]
struct Span {
    id: Id,
    name: &'static str,
    parent: Option<Id>,
    fields: Fields,
}

/// The spans and events of this crate.
#[derive(Clone, Default)]
pub struct Told {
    spans: Arc<Mutex<Vec<Span>>>,
    events: Arc<Mutex<Vec<Fields>>>,
    /// The events of other crates.
    elsewhere: Arc<Mutex<Vec<String>>>,
}

impl Told {
    fn spans(&self, name: &str) -> Vec<Span> {
        let spans = self.spans.lock().unwrap();
        spans
            .iter()
            .filter(|span| span.name == name)
            .cloned()
            .collect()
    }

    #[track_caller]
    fn only(&self, name: &str) -> Span {
        let [span] = &self.spans(name)[..] else {
            panic!("one {name} was expected: {:?}", self.spans(name));
        };
        span.clone()
    }

    /// Returns the events of the crates below this one, at all levels.
    pub fn elsewhere(&self) -> String {
        self.elsewhere.lock().unwrap().join("\n")
    }

    fn tell_elsewhere(target: &str, fields: &Fields) {
        Listener::tell(|told| {
            let line = format!("{target} {fields:?}");
            told.elsewhere.lock().unwrap().push(line);
        });
    }

    pub fn everything(&self) -> String {
        format!(
            "{:?} {:?}",
            self.spans.lock().unwrap(),
            self.events.lock().unwrap()
        )
    }
}

struct Reader<'a>(&'a mut Fields);

impl Visit for Reader<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

const TARGET: &str = "msgraph";

thread_local! {
    /// The recorded events of this thread's test.
    static TOLD: RefCell<Option<Told>> = const { RefCell::new(None) };
}

/// A listener on all threads, which records the events of threads whose test listens.
///
/// Subscribers of single threads would not work. For each place in the code, tracing remembers
/// whether anyone listens, and it asks only the first thread.
struct Listener;

impl Listener {
    fn tell(tell: impl FnOnce(&Told)) {
        TOLD.with_borrow(|told| told.as_ref().map(tell));
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Listener {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Reader(&mut fields));
        if attributes.metadata().target() != TARGET {
            Told::tell_elsewhere(attributes.metadata().target(), &fields);
            return;
        }
        let span = Span {
            id: id.clone(),
            name: attributes.metadata().name(),
            parent: context.span(id).and_then(|span| Some(span.parent()?.id())),
            fields,
        };
        Self::tell(|told| told.spans.lock().unwrap().push(span));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        Self::tell(|told| {
            let mut spans = told.spans.lock().unwrap();
            // An id is reused when its span is closed.
            if let Some(span) = spans.iter_mut().rev().find(|span| span.id == *id) {
                values.record(&mut Reader(&mut span.fields));
            }
        });
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Reader(&mut fields));
        if event.metadata().target() != TARGET {
            Told::tell_elsewhere(event.metadata().target(), &fields);
        } else {
            Self::tell(|told| told.events.lock().unwrap().push(fields));
        }
    }
}

/// Records the events of this thread from now on. Each test has its own thread.
pub fn listen() -> Told {
    static LISTENS: Once = Once::new();
    LISTENS.call_once(|| {
        let listener = tracing_subscriber::registry().with(Listener);
        tracing::subscriber::set_global_default(listener).expect("this is the only subscriber");
    });
    let told = Told::default();
    TOLD.set(Some(told.clone()));
    told
}

#[track_caller]
fn has(span: &Span, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        let found = span.fields.get(name).map(String::as_str);
        assert_eq!(found, Some(*value), "{name} of {span:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn spans_have_opentelemetry_names() {
    let told = listen();
    let recorder = Recorder::in_turn([
        Answer::status(429)
            .header("Retry-After", "2")
            .header("request-id", "r1"),
        Answer::json("{}").header("request-id", "r2"),
    ])
    .await;
    let graph = Graph::builder(AccessTokenCredential::new("hush"))
        .base_url(recorder.url())
        .per_try_middleware(Busy)
        .build()
        .unwrap();
    let user = graph.users().id("adele@contoso.com").get();
    user.query("$select", "hushed").await.unwrap();

    let port = recorder.url().rsplit(':').next().unwrap();
    let common = [
        ("http.request.method", "GET"),
        ("url.template", "/users/{user-id}"),
        ("otel.name", "GET /users/{user-id}"),
        ("server.address", "127.0.0.1"),
        ("server.port", port),
    ];
    let call = told.only("call");
    has(&call, &common);
    has(
        &call,
        &[
            ("otel.kind", "internal"),
            ("http.request.resend_count", "1"),
            ("http.response.status_code", "200"),
            ("msgraph.request_id", "r2"),
        ],
    );
    let sent = recorder.requests()[0]
        .header("client-request-id")
        .unwrap()
        .to_owned();
    has(&call, &[("msgraph.client_request_id", &sent)]);
    let waited: f64 = call.fields["msgraph.waited"].parse().unwrap();
    assert!((2.0..2.3).contains(&waited), "{waited}");
    assert!(!call.fields.contains_key("error.type"), "{call:?}");

    let [first, second] = &told.spans("request")[..] else {
        panic!("two requests were expected: {:?}", told.spans("request"));
    };
    for request in [first, second] {
        has(request, &common);
        has(
            request,
            &[("otel.kind", "client"), ("network.protocol.version", "1.1")],
        );
        assert_eq!(request.parent.as_ref(), Some(&call.id));
    }
    has(
        first,
        &[
            ("http.response.status_code", "429"),
            ("error.type", "429"),
            ("otel.status_code", "ERROR"),
            ("msgraph.request_id", "r1"),
        ],
    );
    assert!(
        !first.fields.contains_key("http.request.resend_count"),
        "{first:?}"
    );
    has(
        second,
        &[
            ("http.response.status_code", "200"),
            ("http.request.resend_count", "1"),
        ],
    );

    let events = told.events.lock().unwrap().clone();
    let [first, wait, second] = &events[..] else {
        panic!("three events were expected: {events:?}");
    };
    assert_eq!(
        (wait["status"].as_str(), wait["attempts"].as_str()),
        ("429", "1")
    );
    for (event, status, attempt, id) in [(first, "429", "1", "r1"), (second, "200", "2", "r2")] {
        let field = |name: &str| event.get(name).map(String::as_str);
        assert_eq!(field("message"), Some("request ended"));
        assert_eq!(field("method"), Some("GET"));
        assert_eq!(field("template"), Some("/users/{user-id}"));
        assert_eq!(
            (field("status"), field("attempt")),
            (Some(status), Some(attempt))
        );
        assert_eq!((field("request_id"), field("error")), (Some(id), None));
        assert!(event["duration"].parse::<f64>().unwrap() >= 0.0);
    }
    assert_eq!(first["wait"], "0.0");
    let waited: f64 = second["wait"].parse().unwrap();
    assert!((2.0..2.3).contains(&waited), "{waited}");
    let everything = told.everything();
    for private in ["hush", "adele", "Bearer"] {
        assert!(!everything.contains(private), "{private} in {everything}");
    }
}

#[tokio::test(start_paused = true)]
async fn traces_contain_no_private_values() {
    let told = listen();
    let login = Recorder::always(Answer::json(
        json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "hush" }),
    ))
    .await;
    let storage = Recorder::always(Answer::status(200)).await;
    let secret = format!("{}/hushed/file?tempauth=hush", storage.url());
    let recorder = Recorder::always(Answer::status(302).header("Location", &secret)).await;
    let graph = Graph::builder(ClientSecretCredential::new(
        "contoso.com",
        "hush-client",
        "hush-secret",
    ))
    .cloud(CustomCloud::new(recorder.url(), login.url()))
    .retry(RetryPolicy::none())
    .build()
    .unwrap();
    let content = graph
        .drives()
        .id("hush-drive")
        .items()
        .id("hush-item")
        .content();
    content.get().header("x-api-key", "hush").await.unwrap();

    let call = told.only("call");
    let [token, first, second] = &told.spans("request")[..] else {
        panic!("three requests were expected: {:?}", told.spans("request"));
    };
    has(token, &[("otel.name", "POST /{tenant}/oauth2/v2.0/token")]);
    let template = "/drives/{drive-id}/items/{driveItem-id}/content";
    has(
        first,
        &[
            ("url.template", template),
            ("http.response.status_code", "302"),
        ],
    );
    let port = storage.url().rsplit(':').next().unwrap();
    has(
        second,
        &[
            ("otel.name", "GET"),
            ("server.port", port),
            ("http.request.resend_count", "1"),
        ],
    );
    assert!(!second.fields.contains_key("url.template"), "{second:?}");
    for request in [token, first, second] {
        assert_eq!(request.parent.as_ref(), Some(&call.id), "{request:?}");
    }

    let unreachable = Graph::builder(AccessTokenCredential::new("hush"))
        .base_url("http://127.0.0.1:1")
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let path = "/users/hush@contoso.com?$filter=mail%20eq%20'hush'";
    unreachable.request(Method::GET, path).await.unwrap_err();
    let failed = told.spans("call").pop().unwrap();
    has(
        &failed,
        &[("error.type", "connect"), ("otel.status_code", "ERROR")],
    );
    has(&failed, &[("url.template", "/users/{id}")]);
    let event = told.events.lock().unwrap().last().cloned().unwrap();
    assert_eq!(
        (event["error"].as_str(), event.get("status")),
        ("connect", None)
    );

    let everything = told.everything();
    assert!(!everything.contains("hush"), "{everything}");
}

#[tokio::test(start_paused = true)]
async fn failed_background_renewal_is_traced() {
    let told = listen();
    let login = Recorder::in_turn([
        Answer::json(json!({ "token_type": "Bearer", "expires_in": 600, "access_token": "hush" })),
        Answer::json(json!({ "error": "invalid_client", "error_codes": [7_000_222] }))
            .with_status(401),
    ])
    .await;
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = Graph::builder(ClientSecretCredential::new("contoso.com", "client", "hush"))
        .cloud(CustomCloud::new(graph.url(), login.url()))
        .per_try_middleware(Busy)
        .build()
        .unwrap();
    client.sign_in().await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(301)).await;
    client.request(Method::GET, "/users").await.unwrap();
    let failed = "access token refresh failed; the current token is still valid";
    let warning = || {
        let events = told.events.lock().unwrap();
        events
            .iter()
            .find(|event| event["message"] == failed)
            .cloned()
    };
    let event = loop {
        match warning() {
            Some(event) => break event,
            None => tokio::task::yield_now().await,
        }
    };
    assert_eq!(
        crate::support::without_correlation_id(&event["error"]),
        "sign-in refused: 401 invalid_client AADSTS7000222"
    );
}
