//! Sign-in: the credentials and token providers that give access tokens for Graph.
//!
//! | who signs in | provider |
//! |---|---|
//! | an application, with a secret | [`ClientSecretCredential`] |
//! | an application, with a certificate | `ClientCertificateCredential` |
//! | an application, with an assertion from another source | [`ClientAssertionCredential`] |
//! | an application with a token of its platform (Kubernetes, GitHub Actions, Azure Pipelines, a managed identity) | [`WorkloadIdentityCredential`] |
//! | an application that the environment configures in one of these ways | [`EnvironmentCredential`] |
//! | the machine on which the program runs | [`ManagedIdentityCredential`] |
//! | users of a web site | [`AuthorizationCodeFlow`], which gives a [`UserSession`] each |
//! | users who call a web API | [`OnBehalfOfCredential`] |
//! | the user of a desktop | [`InteractiveBrowserCredential`] |
//! | the user of a command line, or of a machine without a browser | [`DeviceCodeCredential`] |
//! | a user who has signed in before | [`RefreshTokenCredential`] |
//! | the user who is signed in with Azure's tools | [`AzureCliCredential`], [`AzureDeveloperCliCredential`] |
//! | the first of several credentials that is available | [`ChainedCredential`] |
//! | a user or an application whose token comes from another source | [`AccessTokenCredential`] |
//! | a credential of the Azure SDK | `AzureCredential`, with the feature `azure` |
//! | no user yet | [`NoCredential`] |
//! | anything else | a closure, or a custom [`TokenProvider`] |
//!
//! Each is a type of its own, so that a refresh token can never be sent to Graph as if it were an
//! access token.
//!
//! The client keeps a token and renews it in the background five minutes before it expires. Calls
//! continue with the old token meanwhile. It makes one token request, no matter how many calls wait
//! for it. The request runs in a task of its own ([`tokio::spawn`]), so that a dropped call does
//! not cancel it.
//!
//! If the request fails, the waiting calls fail with it, and the next call sends a new request. If
//! the token endpoint was overloaded or unreachable, that request follows after a pause. A token
//! request has a [time limit](TokenRequest::extend_time_limit). If its runtime has stopped, a call
//! on another runtime replaces it.
//!
//! When Graph refuses a token (401, or 403 with claims), the client gets one new token, with the
//! claims that Graph requires. It then repeats the call once. Clients that use the same
//! [`TokenCache`] share their tokens.
//!
//! A [`TokenStore`] keeps a user's refresh token between runs of a program. Each secret value is a
//! [`Secret`], which prints as `[redacted]`.

#[cfg(feature = "azure")]
mod graph_credential;

#[cfg(feature = "azure")]
#[cfg_attr(docsrs, doc(cfg(feature = "azure")))]
pub use graph_credential::GraphCredential;
#[cfg(feature = "azure")]
#[cfg_attr(docsrs, doc(cfg(feature = "azure")))]
#[doc(inline)]
pub use msgraph_auth::AzureCredential;
#[cfg(feature = "keyring")]
#[cfg_attr(docsrs, doc(cfg(feature = "keyring")))]
#[doc(inline)]
pub use msgraph_auth::KeyringStore;
#[doc(inline)]
pub use msgraph_auth::{
    AccessToken, AccessTokenCredential, Account, Application, AuthorizationCodeFlow,
    AzureCliCredential, AzureDeveloperCliCredential, CacheKey, ChainedCredential,
    ClientAssertionCredential, ClientSecretCredential, DeviceCodeCredential, DeviceCodePrompt,
    EnvironmentCredential, FileStore, InteractiveBrowserCredential, ManagedIdentityCredential,
    ManagedIdentitySource, MemoryStore, NoCredential, OnBehalfOfCredential, PendingSignIn, Prompt,
    RefreshTokenCredential, Secret, SignInClient, StoreOutcome, Stored, TokenCache, TokenProvider,
    TokenRequest, TokenStore, UserSession, WorkloadIdentityCredential,
};
pub(crate) use msgraph_auth::{AuthContext, Authorize, Tokens};
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))
)]
#[doc(inline)]
pub use msgraph_auth::{Certificate, ClientCertificateCredential, SigningInput};
#[cfg(feature = "notifications")]
pub(crate) use msgraph_core::jwt::Jwt;
