//! A local Microsoft Graph and identity platform, for tests, examples and benches.
//!
//! [`Simulator`] listens on the loopback interface and speaks Microsoft Graph v1.0 and the endpoints of Microsoft Entra at which people and
//! programs sign in, well enough that a client cannot tell, as far as Graph's description goes. It reads that description itself
//! (`openapi/`), so every path and method of it is served: entities are created, read, changed, deleted and counted in a tenant that is
//! kept in memory; functions and actions answer with a value of the type that they declare. It pages, filters, sorts, selects and expands.
//!
//! What the description does not say is there as well: delta queries over all that was written ([`Simulator::read`] or a
//! client's own calls), `$batch`, upload sessions, downloads, the monitors of long work, limits by service ([`Limit`]), and
//! subscriptions whose webhooks are validated and called. What Graph leaves to hosts that take no token is at
//! [`Simulator::storage_url`].
//!
//! It also refuses what Graph refuses, in Graph's words: an unknown path, method, query option or property, an option
//! given twice, a missing `ConsistencyLevel`, a body that does not fit, a token that is missing, expired, revoked or of
//! another audience. And it can be told to misbehave: [`Fault`], [`Forgery`], [`ExpectedRanges`], and [`Chaos`] for all
//! of it by chance. What requests have changed is kept: [`Simulator::changes`].
//!
//! ```
//! use simulator::{Fault, RetryAfter, Simulator};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), simulator::Error> {
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
//! // What it did.
//! for request in simulator.requests() {
//!     println!("{} {} → {:?}", request.method, request.target, request.status);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Signing in
//!
//! The identity platform checks what the real one checks: secrets, assertions of certificates
//! ([`Simulator::trust_certificate`]), tokens of other issuers and of managed identities that the client trusts
//! ([`Simulator::federate`]), codes with their verifiers, device codes, refresh tokens, tokens of users on whose behalf the
//! client calls, and the headers of managed identities ([`Simulator::managed_identity`]). It refuses in the platform's
//! words and numbers. Nobody clicks: a browser that is sent to `/{tenant}/oauth2/v2.0/authorize` comes back with a code of
//! whoever is signed in there ([`Simulator::browser_user`]).
//!
//! ```
//! use bytes::Bytes;
//! use simulator::Simulator;
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
//! assert!(answer.headers()["location"].to_str()?.starts_with("https://app.contoso.com/signed-in?code="));
//! # Ok(())
//! # }
//! ```
//!
//! # In your own tests
//!
//! Take it as a git dependency (`[dev-dependencies] simulator = { git = "…" }`). The description is read at run time from
//! where Cargo keeps the checkout ([`Description::bundled`]), so nothing has to be copied. Reading it takes a moment; where
//! many simulators are started, read it once and give it to each with [`Builder::description`].
//!
//! # What is Graph's own and not in the description
//!
//! Texts of errors, page sizes, the forms of ids, which answers are 202 and which 204, the properties that a user comes
//! with: these follow Microsoft's documentation and what its services were seen to do. A test should not depend on the
//! texts.
//!
//! # What is not as at Graph
//!
//! Permissions are not checked: each token may do everything. Webhooks are called on this machine alone, over http; a
//! subscription whose webhook is elsewhere is refused when it is validated.
//!
//! # By hand
//!
//! `cargo run -p simulator` prints the addresses, the credentials and a call with curl, and serves until Ctrl-C.

#![deny(missing_docs)]

mod answer;
mod batch;
mod body;
mod browser;
mod certificate;
mod changes;
mod chaos;
mod clock;
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
mod query;
mod recorder;
mod refusal;
mod render;
mod request;
mod resource;
mod seed;
mod segment;
mod server;
mod service;
mod simulator;
mod storage;
mod store;
mod synth;
mod throttle;
mod webhooks;

pub use browser::{Browser, Page};
pub use changes::{ChangeKind, RecordedChange};
pub use chaos::{Chaos, Misbehavior};
pub use description::Description;
pub use error::Error;
pub use fault::{Fault, RetryAfter};
pub use identity::{ExpiresOn, RefreshTokens};
pub use recorder::{Host, RecordedRequest, RequestCounts};
pub use seed::Seed;
pub use service::Service;
pub use simulator::{Builder, Credentials, Simulator};
pub use storage::ExpectedRanges;
pub use throttle::Limit;
pub use webhooks::{Delivery, Forgery, Lifecycle};
