//! Sign-in for [`msgraph`](https://docs.rs/msgraph): credentials, the cache of access tokens,
//! stores of refresh tokens, and the middleware that attaches tokens to requests.
//!
//! Programs use it as `msgraph::auth`, which has the documentation. Hidden items are for `msgraph`
//! itself. They make no promise of stability, so all crates of `msgraph` have the same version.
//!
//! The crate knows no calls to Graph. A sign-in needs the connections and the cloud of a client,
//! which a [`SignInClient`] gives.

#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access_token;
mod application;
mod authorization_code;
#[cfg(feature = "azure")]
mod azure;
mod azure_cli;
mod cache;
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
mod certificate;
mod chain;
mod claims;
mod client_assertion;
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
mod client_certificate;
mod client_secret;
mod device_code;
mod environment;
mod exchange;
mod federation;
mod managed_identity;
mod middleware;
#[doc(hidden)]
pub mod moment;
mod on_behalf_of;
mod platform;
mod provider;
mod reentry;
mod refresh_token;
mod seconds;
mod secret;
mod session;
mod sign_in_client;
mod signed_out;
mod store;
mod time_limit;
mod workload_identity;

#[cfg(test)]
mod tests;

use msgraph_core::cloud::Cloud;
use msgraph_core::error::{Error, Result};
use msgraph_core::{cloud, error, redact};

/// The error type of the caller's callbacks.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub use access_token::AccessTokenCredential;
pub use application::Application;
pub use authorization_code::{
    AuthorizationCodeFlow, InteractiveBrowserCredential, PendingSignIn, Prompt,
};
#[cfg(feature = "azure")]
#[cfg_attr(docsrs, doc(cfg(feature = "azure")))]
pub use azure::AzureCredential;
pub use azure_cli::{AzureCliCredential, AzureDeveloperCliCredential};
#[doc(hidden)]
pub use cache::Tokens;
pub use cache::{CacheKey, TokenCache};
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))
)]
pub use certificate::{Certificate, SigningInput};
pub use chain::ChainedCredential;
pub use client_assertion::ClientAssertionCredential;
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))
)]
pub use client_certificate::ClientCertificateCredential;
pub use client_secret::ClientSecretCredential;
pub use device_code::{DeviceCodeCredential, DeviceCodePrompt};
pub use environment::EnvironmentCredential;
pub use managed_identity::{ManagedIdentityCredential, ManagedIdentitySource};
#[doc(hidden)]
pub use middleware::{AuthContext, Authorize};
pub use on_behalf_of::OnBehalfOfCredential;
pub use provider::{AccessToken, TokenProvider, TokenRequest};
pub use refresh_token::RefreshTokenCredential;
pub use secret::Secret;
pub use session::{Account, UserSession};
pub use sign_in_client::SignInClient;
pub use signed_out::NoCredential;
#[cfg(feature = "keyring")]
#[cfg_attr(docsrs, doc(cfg(feature = "keyring")))]
pub use store::KeyringStore;
pub use store::{FileStore, MemoryStore, StoreOutcome, Stored, TokenStore};
pub use workload_identity::WorkloadIdentityCredential;
