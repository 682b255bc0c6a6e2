// `cargo xtask docs` puts this page beside the documentation. Without that command, as on docs.rs,
// the page does not exist and is not linked.
#![cfg_attr(
    find_page,
    doc = "**[Find an operation](find.html)** by its path, by a permission or by words."
)]
#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(any(
    feature = "rustls-ring",
    feature = "rustls-aws-lc-rs",
    feature = "native-tls"
)))]
compile_error!(
    "msgraph needs one of its features `rustls-ring` (the default), `rustls-aws-lc-rs` or \
     `native-tls`, because Graph requires https"
);

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
pub mod transfer;
pub mod upload;

mod client;
mod generated;
mod transport;

pub use async_trait::async_trait;
// Crates whose types stand in signatures here, so that a program can use the same version.
#[cfg(feature = "jiff")]
#[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
pub use jiff;
#[cfg(feature = "time")]
#[cfg_attr(docsrs, doc(cfg(feature = "time")))]
pub use time;
pub use {chrono, http, reqwest, reqwest_middleware};

// Each item has one public path. The root has what nearly every program names.
pub use client::{Graph, GraphBuilder};
pub use generated::{nodes, options};
#[doc(inline)]
pub use msgraph_core::cloud::{Cloud, Clouds, CustomCloud, NamedCloud};
#[doc(inline)]
pub use msgraph_core::error::{Error, Result};
#[doc(inline)]
pub use msgraph_core::model::{Model, Node};
use msgraph_core::{json, redact};
#[doc(inline)]
pub use msgraph_models as models;
pub use reqwest::Method;
pub use transport::RetryPolicy;
