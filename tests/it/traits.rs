//! The traits that public types promise.

use std::fmt::Debug;

use msgraph::auth::{
    AccessToken, AccessTokenCredential, Account, Application, AuthorizationCodeFlow,
    AzureCliCredential, AzureCredential, AzureDeveloperCliCredential, Certificate,
    ChainedCredential, ClientAssertionCredential, ClientCertificateCredential,
    ClientSecretCredential, DeviceCodeCredential, DeviceCodePrompt, EnvironmentCredential,
    FileStore, GraphCredential, InteractiveBrowserCredential, KeyringStore,
    ManagedIdentityCredential, ManagedIdentitySource, MemoryStore, NoCredential,
    OnBehalfOfCredential, PendingSignIn, RefreshTokenCredential, Secret, TokenCache, TokenRequest,
    UserSession, WorkloadIdentityCredential,
};
use msgraph::batch::{Batch, BatchHandle, BatchResponses};
use msgraph::call::{Call, CallFuture, Collection, Content, Entity, Response};
use msgraph::delta::{Changed, Changes, DeltaEvent, Resync};
use msgraph::download::{ContentStream, ToFile, ToStream};
use msgraph::model::edm::{DateTimeOffset, Decimal, Duration, TimeOfDay};
use msgraph::model::{Extra, Flags, Navigation, Property};
use msgraph::models::{FreeBusyStatus, User};
use msgraph::monitor::{LongRunningOperation, Monitor};
use msgraph::notifications::{Notification, Receiver, Renewals};
use msgraph::page::{Bookmark, Items, Page, Pages};
use msgraph::permissions::Permissions;
use msgraph::query::{Expanded, Filter, Order, PropertyPath, Search};
use msgraph::upload::{FileUpload, Session, SessionUpload, Source, Uploaded};
use msgraph::{Cloud, Error, Graph, GraphBuilder, RetryPolicy};

fn send<T: Send + 'static>() {}
fn send_and_sync<T: Debug + Send + Sync + 'static>() {}
fn credential<T: Clone + Debug + Send + Sync + 'static>() {}
fn error<T: std::error::Error + Clone + Send + Sync + 'static>() {}

macro_rules! all {
    ($check:ident: $($type:ty),* $(,)?) => {
        $($check::<$type>();)*
    };
}

#[test]
fn credentials_are_clone_debug_send_and_sync() {
    all!(
        credential: AccessToken, AccessTokenCredential, Account, Application, AuthorizationCodeFlow,
        AzureCliCredential, AzureCredential, AzureDeveloperCliCredential, Certificate,
        ChainedCredential, ClientAssertionCredential, ClientCertificateCredential,
        ClientSecretCredential, DeviceCodeCredential, DeviceCodePrompt, EnvironmentCredential,
        FileStore, GraphCredential, InteractiveBrowserCredential, KeyringStore,
        ManagedIdentityCredential, ManagedIdentitySource, MemoryStore, NoCredential,
        OnBehalfOfCredential, PendingSignIn, RefreshTokenCredential, Secret<String>, TokenCache,
        TokenRequest, UserSession, WorkloadIdentityCredential,
    );
}

#[test]
fn clients_calls_and_values_are_send_and_sync() {
    all!(
        send_and_sync: Graph, Cloud, RetryPolicy, Call<Entity<User>>, Call<Collection<User>>,
        Response, Content, Page<User>, Bookmark, User, FreeBusyStatus, Flags<FreeBusyStatus>,
        Extra, Property<User, String>, Navigation<User, User>, DateTimeOffset, Decimal, Duration,
        TimeOfDay, Expanded<User, User>, Filter<User>, Order<User>, PropertyPath<User, String>,
        Search, Changed<User>, DeltaEvent<User>, Resync<User>, LongRunningOperation, Notification,
        Receiver, Permissions, Session, Uploaded, BatchHandle<Entity<User>>,
    );
    // These are driven by one task, which may move between threads.
    all!(
        send: Batch, BatchResponses, CallFuture<Entity<User>>, Changes<User>, ContentStream,
        FileUpload, GraphBuilder, Items<User>, Monitor, Pages<User>, Renewals, SessionUpload,
        Source, ToFile, ToStream,
    );
}

#[test]
fn errors_are_cloneable_and_cross_threads() {
    use msgraph::error::{
        ApiError, BatchError, ConfigurationError, DecodeError, EmptyResponseError, HostError,
        LongRunningOperationError, NotificationError, PagingError, RequestError, SignInError,
        TransferError, TransportError,
    };

    all!(
        error: Error, ApiError, BatchError, ConfigurationError, DecodeError, EmptyResponseError,
        HostError, LongRunningOperationError, NotificationError, PagingError, RequestError,
        SignInError, TransferError, TransportError,
    );
}
