// `cargo xtask docs` puts this page beside the documentation. Without that command, as on docs.rs,
// the page does not exist and is not linked.
#![cfg_attr(
    find_page,
    doc = "**[Find an operation](find.html)** by its path, by a permission or by words."
)]
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod auth;
pub mod batch;
pub mod call;
pub mod delta;
pub mod download;
pub mod error;
pub mod guide;
pub mod model;
pub mod monitor;
#[cfg(feature = "notifications")]
#[cfg_attr(docsrs, doc(cfg(feature = "notifications")))]
pub mod notifications;
pub mod page;
pub mod permissions;
pub mod query;
#[doc(hidden)]
pub mod runtime;
pub mod upload;

mod client;
mod cloud;
mod driven;
mod file_lock;
mod generated;
mod json;
mod planner;
mod redact;
mod transfer;
mod transport;

pub use async_trait::async_trait;
// Crates whose types stand in signatures here, so that a program can use the same version.
pub use {chrono, http, reqwest, reqwest_middleware};

#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs"))]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc-rs")))
)]
pub use auth::ClientCertificateCredential;
pub use auth::{
    AccessTokenCredential, ClientAssertionCredential, ClientSecretCredential,
    RefreshTokenCredential, TokenProvider, WorkloadIdentityCredential,
};
pub use call::Call;
pub use client::{Graph, GraphBuilder};
pub use cloud::{Cloud, Clouds, CustomCloud, NamedCloud};
pub use error::{Error, Result};
pub use generated::{models, nodes, options};
pub use model::Model;
pub use page::Page;
pub use permissions::Permissions;
pub use reqwest::Method;
pub use transport::RetryPolicy;
