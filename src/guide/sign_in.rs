//! Signing in: credentials, permissions, sessions, sign-out.
//!
//! A [`Graph`] client is made of a credential, which gets access tokens for it. The client keeps
//! the token, renews it before it expires, and sends it to Graph only.
//!
//! # An application that acts for itself
//!
//! A service or a scheduled job signs in as an application. A certificate is the better proof,
//! because its key never leaves the machine.
//!
//! ```no_run
//! use msgraph::Graph;
//! use msgraph::auth::{Certificate, ClientCertificateCredential, ClientSecretCredential};
//!
//! # async fn example() -> msgraph::Result<()> {
//! let certificate = Certificate::from_file("/run/secrets/graph.pem")?;
//! let credential = ClientCertificateCredential::new("contoso.com", "client id", certificate);
//! let graph = Graph::new(credential);
//! // Fails now, and not with the first call, where the certificate is wrong.
//! graph.sign_in().await?;
//!
//! let credential = ClientSecretCredential::new("contoso.com", "client id", "client secret");
//! let graph = Graph::new(credential);
//! # Ok(())
//! # }
//! ```
//!
//! A certificate file that is replaced is read again without a restart.
//! [`Certificate::with_signer`] leaves the key in a vault or a security module.
//!
//! # An application without a secret
//!
//! On Azure, the machine has an identity. Elsewhere, the platform vouches for the workload:
//! Kubernetes, GitHub Actions and Azure Pipelines.
//!
//! ```no_run
//! use msgraph::Graph;
//! use msgraph::auth::{
//!     ChainedCredential, ManagedIdentityCredential, WorkloadIdentityCredential,
//! };
//!
//! let graph = Graph::new(ManagedIdentityCredential::new());
//! let graph = Graph::new(WorkloadIdentityCredential::github_actions("contoso.com", "client id"));
//! // The managed identity in production, and the developer's tools before that.
//! let graph = Graph::new(ChainedCredential::on_azure());
//! ```
//!
//! A chain goes on only after a credential that is unavailable here. Any other error ends the
//! search, because calls as another identity would be worse than none.
//!
//! # Users
//!
//! | where the user is | credential | example |
//! |---|---|---|
//! | at this desktop | [`InteractiveBrowserCredential`] | `desktop_sign_in` |
//! | at a command line, or at another device | [`DeviceCodeCredential`] | `device_code` |
//! | at a web site | [`AuthorizationCodeFlow`] | `web_app` |
//! | at a client of this web API | [`OnBehalfOfCredential`] | `on_behalf_of` |
//!
//! ```no_run
//! use msgraph::Graph;
//! use msgraph::auth::{FileStore, InteractiveBrowserCredential};
//!
//! let session = FileStore::new("/home/ada/.local/state/mailer/session.json");
//! let credential = InteractiveBrowserCredential::new("common", "client id")
//!     .scopes(["User.Read", "Mail.Send"])
//!     .store(session);
//! // The browser opens with the first call, and not again while the session is good.
//! let graph = Graph::new(credential);
//! ```
//!
//! A server makes one client and derives another for each user. The derived client shares the
//! connections, the settings and the token cache.
//!
//! ```no_run
//! use msgraph::Graph;
//! use msgraph::auth::{Application, OnBehalfOfCredential};
//!
//! # async fn example(
//! #     graph: Graph,
//! #     application: Application,
//! #     token: String,
//! # ) -> msgraph::Result<()> {
//! let user = graph.with_provider(OnBehalfOfCredential::new(application, token));
//! let me = user.me().get().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Tokens that are managed elsewhere
//!
//! An [`AccessTokenCredential`] holds a fixed access token, or asks a closure for one. A
//! [`RefreshTokenCredential`] starts from a refresh token and hands out each new one. Any type that
//! implements [`TokenProvider`] is a credential, and so is a closure.
//!
//! ```
//! use msgraph::Graph;
//! use msgraph::auth::{AccessToken, AccessTokenCredential, TokenRequest};
//!
//! # async fn token_of_my_broker() -> msgraph::Result<AccessToken> {
//! #     Ok(AccessToken::new("eyJ0eXAi…"))
//! # }
//! let graph = Graph::new(AccessTokenCredential::new("eyJ0eXAi…"));
//! let graph = Graph::new(|_: TokenRequest| token_of_my_broker());
//! ```
//!
//! # Token cache and runtimes
//!
//! Tokens are cached by authority, tenant, client, credential, user and scopes. They are renewed
//! five minutes before they expire while calls go on, and requested once however many calls wait.
//! Clients may share a [`TokenCache`].
//!
//! Make one client for each Tokio runtime, with one token cache, because pooled connections belong
//! to the runtime that opened them.
//!
//! # Permissions
//!
//! *Application* permissions hold without a user. An administrator grants them once for the whole
//! tenant. An application with `Mail.Send` can send as any user. There is no `/me`; use
//! `users().id(…)`.
//!
//! *Delegated* permissions act for a user. The user consents to them, or an administrator does so
//! for all users. They never go beyond what the user may do.
//!
//! Each call knows its permissions:
//!
//! ```
//! # use msgraph::Graph;
//! # use msgraph::auth::AccessTokenCredential;
//! # let graph = Graph::new(AccessTokenCredential::new("eyJ0eXAi…"));
//! let permissions = graph.me().messages().list().permissions().expect("Graph lists them");
//! assert_eq!(permissions.delegated_work().to_string(), "Mail.ReadBasic");
//! ```
//!
//! # Sessions
//!
//! A [`TokenStore`] keeps the refresh token between runs of the program. [`FileStore`] writes a
//! file that its owner alone can read. `KeyringStore` (feature `keyring`) uses the system's store.
//! Several processes can share a store: when one renews the token, the others use the new one.
//!
//! # Revoked tokens and Conditional Access
//!
//! When Graph responds with a claims challenge, the client requests one more token with these
//! claims and repeats the call. When only the user can help, the error says so:
//! [`SignInError::needs_user`] has the claims, the reason and the address. A web API hands the
//! challenge to its caller with [`SignInError::www_authenticate`].
//!
//! # Sign-out
//!
//! [`UserSession::sign_out`] forgets the session's tokens in every client.
//! [`UserSession::sign_out_url`] is the page that ends the browser's session, too. The call
//! `me().revoke_sign_in_sessions()` ends all sessions of the user on all devices.
//!
//! # Username and password
//!
//! This grant is left out on purpose. It supports neither a second factor nor Conditional Access,
//! and Microsoft [advises against
//! it](https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc). For tests without a
//! browser, use an application of its own or a refresh token.
//!
//! [`Graph`]: crate::Graph
//! [`AccessTokenCredential`]: crate::auth::AccessTokenCredential
//! [`AuthorizationCodeFlow`]: crate::auth::AuthorizationCodeFlow
//! [`Certificate::with_signer`]: crate::auth::Certificate::with_signer
//! [`DeviceCodeCredential`]: crate::auth::DeviceCodeCredential
//! [`FileStore`]: crate::auth::FileStore
//! [`InteractiveBrowserCredential`]: crate::auth::InteractiveBrowserCredential
//! [`OnBehalfOfCredential`]: crate::auth::OnBehalfOfCredential
//! [`RefreshTokenCredential`]: crate::auth::RefreshTokenCredential
//! [`SignInError::needs_user`]: crate::error::SignInError::needs_user
//! [`SignInError::www_authenticate`]: crate::error::SignInError::www_authenticate
//! [`TokenCache`]: crate::auth::TokenCache
//! [`TokenProvider`]: crate::auth::TokenProvider
//! [`TokenStore`]: crate::auth::TokenStore
//! [`UserSession::sign_out`]: crate::auth::UserSession::sign_out
//! [`UserSession::sign_out_url`]: crate::auth::UserSession::sign_out_url
