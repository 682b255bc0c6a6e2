//! A local Microsoft Graph and identity platform for tests, examples and benches.
//!
//! [`Simulator`] listens on the loopback interface. It serves Microsoft Graph v1.0 and the
//! endpoints of Microsoft Entra at which users and programs sign in. As far as Graph's description
//! defines it, a client cannot tell the simulator from Graph. The simulator reads that description
//! itself, which is a part of this crate, so it serves every path and method of it. It creates,
//! reads, changes, deletes and counts entities in a tenant that it keeps in memory. It carries out
//! the functions and actions of [`SimulatedOperation::all`]. It pages, filters, sorts, selects and
//! expands.
//!
//! The simulator never invents a response. It refuses all else with 501, and a test defines such a
//! response itself ([`Simulator::on`]).
//!
//! The simulator also has features that the description does not cover:
//!
//! - delta queries over all changes ([`Simulator::read`] or a client's own calls)
//! - `$batch`
//! - upload sessions, downloads, and the monitors of long-running operations
//! - mail that arrives: a message that is sent is delivered to the mailboxes of the tenant, and is
//!   read and written as MIME
//! - limits by service ([`Limit`])
//! - subscriptions whose webhooks are validated and called
//!
//! Graph leaves some work to hosts that take no token. The simulator serves it at
//! [`Simulator::storage_url`].
//!
//! Clients of other languages often demand https, or always call Microsoft's own hosts. For them,
//! [`Builder::tls`] makes a certificate, and [`Builder::proxy_port`] serves a proxy. Links have the
//! address that the client uses, or [`Builder::public_url`].
//!
//! The simulator also refuses what Graph refuses, in Graph's words. Examples are an unknown path,
//! method, query option or property, an option given twice, a missing `ConsistencyLevel`, and an
//! invalid body. It also refuses a token that is missing, expired, revoked or of another audience.
//!
//! A test can make it misbehave with [`Fault`], [`Forgery`] and [`ExpectedRanges`], or with
//! [`Chaos`] for all of it at random. Afterwards, [`Simulator::activity`] answers which requests
//! came, what they changed, and whether anything was done twice.
//!
//! ```
//! use msgraph_simulator::{Fault, RetryAfter, Simulator};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), msgraph_simulator::Error> {
//! let simulator = Simulator::start().await?;
//!
//! // What a client needs to sign in and to call: tenant, client, secret, and two addresses.
//! let credentials = simulator.credentials();
//! assert_eq!(credentials.domain, "contoso.com");
//! assert_eq!(simulator.url(), format!("{}/v1.0", simulator.login_url()));
//!
//! // What the client should find, and what should go wrong.
//! simulator.create("/me/messages", json!({ "subject": "Hello" }))?;
//! simulator.fault(Fault::throttled(RetryAfter::Seconds(1)).at("/v1.0/me/messages"));
//!
//! // … the client runs …
//!
//! // What it did: `GET /v1.0/me/messages → 429`, …
//! println!("{}", simulator.activity());
//! # Ok(())
//! # }
//! ```
//!
//! # Seeds
//!
//! A simulator starts with the content of a [`Seed`]. A JSON text adds more, from a file
//! ([`Builder::seed_file`]), a text ([`Builder::seed_json`]), or while the simulator runs
//! ([`Simulator::seed_json`]):
//!
//! ```json
//! {
//!   "/users": [
//!     { "id": "0b1c…", "displayName": "Ada", "userPrincipalName": "ada@contoso.com" }
//!   ],
//!   "/users/ada@contoso.com/mailFolders/inbox/messages": [
//!     { "subject": "Hello", "isRead": false, "receivedDateTime": "2026-02-01T09:00:00Z" }
//!   ],
//!   "/users/ada@contoso.com/drive/root:/notes.txt:/content": "The text of the file.",
//!   "/users/ada@contoso.com/photo/$value": { "base64": "/9j/4AAQ…", "contentType": "image/jpeg" },
//!   "/users/ada@contoso.com/manager/$ref": { "@odata.id": "/users/adele@contoso.com" }
//! }
//! ```
//!
//! A member's name is a path below the version. Its value is the body of a request, or a list of
//! bodies. They are carried out in their order, with the method that the path has: POST for a
//! collection or an action, otherwise PATCH or PUT. A place that takes bytes gets a text, or an
//! object with `text` or `base64`, and `contentType`. Everything is checked as the request of a
//! client is, with three exceptions. An entity may have an `id`, `createdDateTime` and
//! `lastModifiedDateTime`, which it keeps. What the directory requires of a new object may be
//! missing. The requests are neither counted by limits nor recorded.
//!
//! # Signing in
//!
//! The identity platform checks the same credentials as the real one:
//!
//! - secrets, and assertions of certificates ([`Simulator::trust_certificate`])
//! - tokens of other issuers and of managed identities that the client trusts
//!   ([`Simulator::federate`])
//! - codes with their verifiers, and device codes
//! - refresh tokens, and tokens of users on whose behalf the client calls
//! - the headers of managed identities ([`Simulator::managed_identity`])
//!
//! It refuses in the platform's words and numbers. No click is needed: a browser that is sent to
//! `/{tenant}/oauth2/v2.0/authorize` comes back with a code. The code belongs to the user who is
//! signed in there ([`Simulator::browser_user`]).
//!
//! ```
//! use bytes::Bytes;
//! use msgraph_simulator::Simulator;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let simulator = Simulator::start().await?;
//! simulator.redirect_uri("https://app.contoso.com/signed-in");
//! let page = format!(
//!     "/contoso.com/oauth2/v2.0/authorize?client_id={}&response_type=code&scope=User.Read&state=1\
//!      &redirect_uri=https%3A%2F%2Fapp.contoso.com%2Fsigned-in",
//!     simulator.credentials().client_id,
//! );
//! let answer = simulator.answer(http::Request::get(page).body(Bytes::new())?);
//! assert_eq!(answer.status(), 302);
//! assert!(
//!     answer.headers()["location"]
//!         .to_str()?
//!         .starts_with("https://app.contoso.com/signed-in?code=")
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # In your own tests
//!
//! Add the simulator as a development dependency (`cargo add --dev msgraph-simulator`). The crate
//! has the description inside ([`Description::bundled`]), which a process reads once. Each test can
//! start a simulator of its own.
//!
//! Without its default feature `encryption`, the simulator compiles faster. It then refuses
//! subscriptions with `includeResourceData`, whose notifications are encrypted. Without its default
//! feature `tls`, it serves http alone.
//!
//! All simulators sign with the same key, which anyone can read. A program must trust it in tests
//! alone.
//!
//! # Control over HTTP
//!
//! A test in another language controls the simulator over HTTP, at an address of its own
//! ([`Builder::control_port`], [`Simulator::control_url`]). Its operations are what [`Simulator`]
//! offers to a test in Rust ([`ControlOperation::all`], and `GET /` of that address). The fields of
//! a request are those of a JSON object in its body; a GET has them in its query. An error says
//! which field is wrong. Only programs of this machine are served, and no page of a browser.
//!
//! ```text
//! $ curl -d '{"kind": "throttled", "retryAfter": 1, "path": "/v1.0/users"}' localhost:8401/faults
//! $ curl localhost:8401/activity?status=429
//! {"value": [{"method": "GET", "target": "/v1.0/users", "status": 429, …}], "text": "…"}
//! $ curl -X POST localhost:8401/reset
//! ```
//!
//! # Behavior that the description does not define
//!
//! The following come from Microsoft's documentation and from observing its services: the texts of
//! errors, page sizes, the forms of ids, the choice between 202 and 204, and the initial properties
//! of a user. A test should not depend on the texts.
//!
//! # Differences from Graph
//!
//! The simulator does not check permissions: each token may do everything. It calls webhooks on
//! this machine only, over http. A subscription whose webhook is elsewhere is refused when it is
//! validated.
//!
//! # As a program
//!
//! `cargo install msgraph-simulator` installs a program that prints the addresses, the credentials
//! and a call with curl, and serves until Ctrl-C. `msgraph-simulator --help` lists its options.

#![deny(missing_docs)]

mod activity;
mod address;
mod answer;
mod batch;
mod body;
mod browser;
mod certificate;
mod changes;
mod chaos;
mod clock;
mod compression;
mod control;
mod core;
mod delta;
mod description;
mod domain;
mod error;
mod fault;
mod graph;
mod identity;
mod ids;
mod journal;
mod local;
mod prefer;
mod proxy;
mod query;
mod recorder;
mod refusal;
mod render;
mod request;
mod resource;
mod seed;
mod seed_document;
mod segment;
mod server;
mod service;
mod simulator;
mod storage;
mod store;
mod stub;
mod synth;
mod throttle;
mod time_zone;
#[cfg_attr(not(feature = "tls"), path = "tls/absent.rs")]
mod tls;
mod webhooks;

pub use activity::{Activity, ActivityEntry};
pub use browser::{Browser, Page};
pub use changes::{ChangeKind, RecordedChange};
pub use chaos::{Chaos, Misbehavior};
pub use control::ControlOperation;
pub use description::Description;
pub use error::Error;
pub use fault::{Fault, RetryAfter};
pub use graph::behavior::SimulatedOperation;
pub use identity::{ExpiresOn, RefreshTokens};
pub use recorder::{Host, RecordedRequest, RequestCounts};
pub use seed::Seed;
pub use service::Service;
pub use simulator::{Builder, Credentials, Simulator};
pub use storage::ExpectedRanges;
pub use stub::StubResponse;
pub use throttle::Limit;
pub use webhooks::{Delivery, Forgery, Lifecycle};
