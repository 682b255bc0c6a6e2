//! Microsoft Graph for Rust.
