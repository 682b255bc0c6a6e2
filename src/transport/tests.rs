//! Helpers that unit tests share.

/// Returns a client for tests that send nothing.
pub(crate) fn plain_client() -> reqwest::Client {
    super::Connections::default()
        .build()
        .expect("a client can be built")
}
