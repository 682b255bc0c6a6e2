//! The output of every public type that prints, with a secret in each field that can hold one.
//!
//! The types are read from the text of the public API. A new type fails here until it is printed
//! below, or listed as holding no secret.

use std::any::type_name;
use std::collections::BTreeSet;
use std::fmt::{Debug, Display};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use msgraph::auth::{
    AccessToken, AccessTokenCredential, Application, AuthorizationCodeFlow, AzureCliCredential,
    AzureDeveloperCliCredential, CacheKey, ChainedCredential, ClientAssertionCredential,
    ClientSecretCredential, DeviceCodeCredential, FileStore, GraphCredential,
    InteractiveBrowserCredential, KeyringStore, ManagedIdentityCredential, ManagedIdentitySource,
    MemoryStore, OnBehalfOfCredential, RefreshTokenCredential, Secret, Stored, TokenCache,
    TokenRequest, TokenStore as _, WorkloadIdentityCredential,
};
use msgraph::call::{Content, Reference, Response};
use msgraph::error::SignInError;
use msgraph::model::Extra;
use msgraph::models::{ChangeNotification, DriveItem, Subscription, UploadSession};
use msgraph::notifications::{Lifecycle, Receiver};
use msgraph::page::{Bookmark, Page};
use msgraph::upload::Source;
use msgraph::{Cloud, CustomCloud, Error, Graph, RetryPolicy};
use serde_json::{Value, json};

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};
use crate::tracing::listen;

/// The text that every secret contains.
const HUSH: &str = "hush-hush";

/// The types that hold no secret, by reason.
const HOLD_NONE: &[(&str, &[&str])] = &[
    (
        "A word of a list.",
        &[
            "AnyOption",
            "BatchErrorKind",
            "ConflictBehavior",
            "ConsistencyLevel",
            "CountOf",
            "HashKind",
            "NamedCloud",
            "RetryStopReason",
            "Nothing",
            "NotificationErrorKind",
            "Null",
            "PermissionScheme",
            "Prompt",
            "RemovedReason",
            "ResyncKind",
            "SignInReason",
            "NoCredential",
            "StoreOutcome",
            "TransferErrorKind",
            "LongRunningOperationStatus",
        ],
    ),
    (
        "Numbers and points of time.",
        &[
            "Clouds",
            "DateTimeOffset",
            "Decimal",
            "Duration",
            "Progress",
            "QuickXorHash",
            "RetryPolicy",
            "Throttle",
            "TimeOfDay",
            "Attempts",
        ],
    ),
    (
        "Names of Graph's: of permissions, types and properties.",
        &[
            "Flags",
            "Navigation",
            "Permission",
            "Permissions",
            "Property",
            "PropertyPath",
            "SchemePermissions",
            "TimeZoneName",
        ],
    ),
    (
        "What the program asks for in a query, or gave to be read as a date or a number.",
        &[
            "Expanded",
            "Filter",
            "Order",
            "ParseError",
            "Search",
            "Time",
        ],
    ),
    (
        "A kind of response, which has no value.",
        &["Collection", "Delta", "Entity", "MaybeEntity", "Value"],
    ),
    (
        "Needs a file, a process or a sign-in to be made. Its own test prints it (`certificate/`, \
         `azure.rs`, `sign_in/`).",
        &[
            "Account",
            "AzureCredential",
            "Certificate",
            "ClientCertificateCredential",
            "DeviceCodePrompt",
            "EnvironmentCredential",
            "SigningInput",
            "UserSession",
        ],
    ),
    (
        "A template, numbers and a media type, or what a type that is printed here holds.",
        &[
            "Changed",
            "Changes",
            "ContentStream",
            "DeltaEvent",
            "EmptyResponseError",
            "Items",
            "Notification",
            "Pages",
            "PagingError",
            "RelatedChange",
            "Removed",
            "Resync",
            "Saved",
        ],
    ),
];

/// The types that were printed.
#[derive(Default)]
struct Printed {
    types: BTreeSet<String>,
}

impl Printed {
    /// Prints a value, and panics if the output contains a secret.
    #[track_caller]
    fn debug<T: Debug>(&mut self, value: &T) {
        self.types.insert(name_of::<T>());
        for text in [format!("{value:?}"), format!("{value:#?}")] {
            assert!(!text.contains(HUSH), "{} prints: {text}", type_name::<T>());
        }
    }

    #[track_caller]
    fn both<T: Debug + Display>(&mut self, value: &T) {
        self.debug(value);
        let text = value.to_string();
        assert!(!text.contains(HUSH), "{} prints: {text}", type_name::<T>());
    }

    /// Prints an error, its parts and its causes.
    #[track_caller]
    fn error(&mut self, error: &Error) {
        self.both(error);
        match error {
            Error::Api(error) => {
                self.both(&**error);
                error.details().iter().for_each(|detail| self.debug(detail));
            }
            Error::Decode(error) => self.both(&**error),
            Error::SignIn(error) => self.both(&**error),
            Error::Transport(error) => self.both(&**error),
            Error::Host(error) => self.both(&**error),
            Error::Request(error) => self.both(&**error),
            Error::Configuration(error) => self.both(&**error),
            Error::Batch(error) => self.both(&**error),
            Error::LongRunningOperation(error) => {
                self.both(&**error);
                self.debug(error.operation());
            }
            Error::Transfer(error) => self.both(&**error),
            Error::Notification(error) => self.both(&**error),
            _ => {}
        }
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            let text = format!("{error} {error:?}");
            assert!(!text.contains(HUSH), "a cause prints: {text}");
            cause = error.source();
        }
    }
}

/// Returns the name of a type: `Page` for `msgraph::page::Page<serde_json::Value>`.
fn name_of<T>() -> String {
    let name = type_name::<T>();
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name).to_owned()
}

/// Returns the public types that implement `Debug`, `Display` or `Error`, from the text of the
/// public API.
fn public_types() -> BTreeSet<String> {
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/assets/public-api.txt");
    let text = std::fs::read_to_string(text).expect("the text of the public API");
    text.lines()
        .filter(|line| line.starts_with("impl"))
        .filter_map(|line| line.split_once(" for "))
        .filter(|(of, _)| {
            [
                "core::fmt::Debug",
                "core::fmt::Display",
                "core::error::Error",
            ]
            .iter()
            .any(|name| of.ends_with(name))
        })
        .map(|(_, name)| {
            let path = name.split(['<', ' ']).next().unwrap_or(name);
            path.rsplit("::").next().unwrap_or(path).to_owned()
        })
        .collect()
}

/// Returns JSON with secrets under names, in addresses and in text.
fn json_with_secrets() -> Value {
    json!({
        "status": "failed",
        "clientSecret": HUSH,
        "secrets": [{ "key": "Password", "value": HUSH }],
        "uploadUrl": format!("https://sn3302.up.1drv.com/up/{HUSH}"),
        "resourceLocation": format!("https://a.blob.core.windows.net/c?sv=1&sig={HUSH}"),
        "error": {
            "code": "failed",
            "message": format!("see https://a.example/f?tempauth={HUSH}"),
        },
    })
}

fn credentials(printed: &mut Printed) {
    let application = || Application::new("contoso.com", "client").client_secret(HUSH);
    printed.debug(&Secret::new(HUSH.to_owned()));
    printed.debug(&AccessToken::new(HUSH));
    printed.debug(&AccessTokenCredential::new(HUSH));
    printed.debug(&application());
    printed.debug(&ClientSecretCredential::new("contoso.com", "client", HUSH));
    printed.debug(&ClientAssertionCredential::new(
        "contoso.com",
        "client",
        || std::future::ready(Ok::<_, Error>(HUSH)),
    ));
    let refresh = || RefreshTokenCredential::new("common", "client", HUSH).client_secret(HUSH);
    printed.debug(&refresh());
    printed.debug(&OnBehalfOfCredential::new(application(), HUSH));
    let redirect = format!("https://user:{HUSH}@app.example/back?code={HUSH}");
    let code = AuthorizationCodeFlow::new(application(), redirect);
    printed.debug(&code);
    printed.debug(&InteractiveBrowserCredential::from_application(
        application(),
    ));
    printed.debug(&DeviceCodeCredential::from_application(
        application(),
        |_| std::future::ready(()),
    ));
    let endpoint = format!("http://user:{HUSH}@127.0.0.1:1/msi?code={HUSH}");
    for source in [
        ManagedIdentitySource::app_service(endpoint.clone(), HUSH.to_owned()),
        ManagedIdentitySource::azure_ml(endpoint.clone(), HUSH.to_owned()),
        ManagedIdentitySource::cloud_shell(endpoint),
    ] {
        printed.debug(&source);
        printed.debug(&ManagedIdentityCredential::new().source(source));
    }
    printed.debug(&WorkloadIdentityCredential::new(
        "contoso.com",
        "client",
        "/var/run/token",
    ));
    printed.debug(&AzureCliCredential::new());
    printed.debug(&AzureDeveloperCliCredential::new());
    printed.debug(&ChainedCredential::new().or("secret", refresh()));
    printed.debug(&CacheKey::new(&Cloud::Global, "contoso.com", "client").user(HUSH));
    printed.debug(&TokenCache::default());
    printed.debug(&Stored::new(HUSH, 1));
    printed.debug(&FileStore::new("/tmp/tokens.json"));
    printed.debug(&KeyringStore::new("inventory"));

    let graph = Graph::new(refresh());
    printed.debug(&graph);
    printed.debug(
        &code
            .begin(&Graph::new(AccessTokenCredential::new(HUSH)))
            .map_err(drop),
    );
    printed.types.insert("PendingSignIn".to_owned());
    printed.debug(&GraphCredential::new(&graph));
    let address = format!("https://user:{HUSH}@graph.example/v1.0?code={HUSH}");
    let cloud = CustomCloud::new(address.clone(), address.clone());
    printed.debug(&cloud);
    printed.debug(&Cloud::from(cloud.clone()));
    let builder = || {
        Graph::builder(refresh())
            .cloud(cloud.clone())
            .base_url(address.clone())
            .allow_host(address.clone())
    };
    printed.debug(&builder());
    printed.error(&builder().build().unwrap_err());
    for base in [
        address.as_str(),
        &format!("https://user:{HUSH} {HUSH}@graph.example"),
        &format!("https://graph.example:{HUSH}@x/a?code={HUSH}#{HUSH}"),
        &format!("ftp://user:{HUSH}@graph.example"),
        &format!("user:{HUSH}@graph.example"),
    ] {
        let with_base = Graph::builder(refresh()).base_url(base);
        printed.debug(&with_base);
        printed.error(&with_base.build().unwrap_err());
        let allowed = Graph::builder(refresh()).allow_host(base);
        printed.debug(&allowed);
        printed.error(&allowed.build().unwrap_err());
        let cloud = CustomCloud::new("https://graph.example", base);
        printed.error(&Graph::builder(refresh()).cloud(cloud).build().unwrap_err());
    }
}

async fn calls(printed: &mut Printed) {
    let recorder = Recorder::always(Answer::json(json!({
        "value": [json_with_secrets()],
        "@odata.nextLink": format!("https://graph.microsoft.com/v1.0/users?token={HUSH}"),
        "status": "failed",
        "clientSecret": HUSH,
        "error": Value::Null,
    })))
    .await;
    let provider = |request: TokenRequest| {
        let mut printed = Printed::default();
        printed.debug(&request);
        std::future::ready(Ok(AccessToken::new(HUSH)))
    };
    printed.types.insert(name_of::<TokenRequest>());
    let graph = Graph::builder(provider)
        .base_url(recorder.url())
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let post = || {
        graph
            .request(Method::POST, format!("/me?code={HUSH}"))
            .header("x-api-key", HUSH)
            .body(HUSH, "text/plain")
    };
    printed.debug(&post());
    printed.debug(&post().into_future());
    let response: Response = post().await.unwrap();
    printed.debug(&response);
    printed.debug(&Content::new(HUSH));
    let link = format!("https://graph.microsoft.com/v1.0/users?access_token={HUSH}");
    printed.debug(&Bookmark::from(&link));
    printed.debug(&Reference::new(link.clone()));
    let page: Page<DriveItem> = Page {
        value: vec![serde_json::from_value(json_with_secrets()).unwrap()],
        next_link: Some(link.clone()),
        delta_link: Some(link),
        extra: [("clientSecret", HUSH.into())].into(),
        ..Page::default()
    };
    printed.debug(&page);
    printed.debug(&Extra::from([("a", json_with_secrets())]));

    let mut batch = graph.batch();
    let part = batch.add(graph.request(Method::POST, format!("/me/{HUSH}")));
    printed.debug(&part);
    printed.debug(&batch);
    let mut answers = batch.send().await;
    if let Ok(answers) = &mut answers {
        printed.debug(answers);
        if let Err(error) = answers.take(part) {
            printed.error(&error);
        }
    }

    let monitor = graph.monitor(format!("https://a.example/monitor/{HUSH}?sig={HUSH}"));
    printed.debug(&monitor);
    let failed = Recorder::always(Answer::json(json_with_secrets())).await;
    let monitor = Graph::builder(AccessTokenCredential::new(HUSH))
        .base_url(failed.url())
        .build()
        .unwrap()
        .monitor("/operations/1");
    printed.debug(&monitor.poll().await.unwrap());
    printed.error(&monitor.wait().await.unwrap_err());

    let session = UploadSession {
        upload_url: Some(format!("{}/up?sig={HUSH}", recorder.url())),
        ..UploadSession::default()
    };
    printed.debug(&Source::from(HUSH.as_bytes().to_vec()));
    let session = graph.upload_session(session);
    printed.debug(&session);
    printed.debug(&session.upload(HUSH.as_bytes().to_vec()));
    let item = graph.me().drive().root().path(&format!("{HUSH}.txt"));
    printed.debug(&item.upload(HUSH.as_bytes().to_vec()));
    printed.debug(&item.content().get().stream());
    printed.debug(&item.content().get().to_file("/tmp/a.txt"));
    // The final response of the service after it has all bytes.
    let done = Recorder::always(Answer::json(json!({ "id": "1", "clientSecret": HUSH }))).await;
    let item = crate::support::graph(&done)
        .me()
        .drive()
        .root()
        .path("a.txt");
    if let Ok(uploaded) = item.upload(HUSH.as_bytes().to_vec()).await {
        printed.debug(&uploaded);
    }
    printed.types.insert("Uploaded".to_owned());
}

async fn errors(printed: &mut Printed) {
    let said = format!("see https://u:{HUSH}@a.example/f?sig={HUSH}, Bearer {HUSH}");
    for answer in [
        Answer::json(json!({ "error": {
            "code": "invalid",
            "message": said,
            "details": [{ "code": "a", "target": said, "message": said }],
            "innerError": { "password": HUSH },
        } }))
        .with_status(400),
        Answer::status(403).header("Set-Cookie", HUSH).body(HUSH),
        Answer::status(302).header("Location", &format!("https://u:{HUSH}@evil.example/{HUSH}")),
        Answer::status(200).body(format!("{{\"id\": {{\"{HUSH}")),
    ] {
        let recorder = Recorder::always(answer).await;
        let call = graph(&recorder).request(Method::GET, "/me");
        if let Err(error) = call.json::<DriveItem>().await {
            printed.error(&error);
        }
    }
    let client = Graph::builder(AccessTokenCredential::new(HUSH))
        .base_url("http://127.0.0.1:1")
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    for address in [
        format!("/me?code={HUSH}"),
        format!("/me/..?code={HUSH}"),
        format!("https://user:{HUSH}@evil.example/?code={HUSH}"),
        format!("https://user:{HUSH}@graph.microsoft.com/v1.0/me"),
    ] {
        let call = client.request(Method::GET, address);
        printed.debug(&call);
        printed.error(&call.await.unwrap_err());
    }
    printed.error(&SignInError::new(said).into());
    let missing = client.me().drive().root().path("a.txt");
    let upload = missing.upload(Source::file(format!("/nowhere/?sig={HUSH}")));
    printed.error(&upload.await.unwrap_err());
    let receiver = Receiver::new(&client).client_state(HUSH).application("app");
    printed.debug(&receiver);
    let body = json!({ "value": [{ "clientState": HUSH.to_uppercase() }] }).to_string();
    printed.error(&receiver.receive(body).await.unwrap_err());
    let subscription = Subscription {
        client_state: Some(HUSH.to_owned()),
        notification_url: Some(format!("https://app.example/hook?code={HUSH}")),
        ..Subscription::default()
    };
    printed.debug(&Lifecycle::Renewed(Box::new(subscription.clone())));
    printed.debug(&client.renewals(subscription, Duration::from_secs(600)));
    printed.debug(&ChangeNotification {
        client_state: Some(HUSH.to_owned()),
        ..ChangeNotification::default()
    });
}

#[tokio::test]
async fn no_public_type_prints_a_secret() {
    let told = listen();
    let mut printed = Printed::default();
    credentials(&mut printed);
    calls(&mut printed).await;
    errors(&mut printed).await;
    let store = Arc::new(MemoryStore::new());
    let _ = store.store(HUSH, HUSH.into(), None).await.unwrap();
    printed.debug(&*store);

    let listed: BTreeSet<_> = HOLD_NONE
        .iter()
        .flat_map(|(_, types)| types.iter().map(|name| (*name).to_owned()))
        .collect();
    let public = public_types();
    let decided: BTreeSet<_> = printed.types.union(&listed).cloned().collect();
    let undecided: Vec<_> = public.difference(&decided).collect();
    assert!(
        undecided.is_empty(),
        "print these with a secret in them, or list them as holding none: {undecided:?}"
    );
    let gone: Vec<_> = listed.difference(&public).collect();
    assert!(
        gone.is_empty(),
        "these are no public types that print: {gone:?}"
    );

    // All events are checked at level TRACE, of this crate and of its dependencies.
    let traced = told.everything() + &told.elsewhere();
    assert!(traced.contains("/me"), "nothing was traced: {traced}");
    assert!(!traced.contains(HUSH), "a secret is traced: {traced}");
}
