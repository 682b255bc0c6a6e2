//! Helpers that unit tests share.

/// Returns a client for tests that send nothing.
pub(crate) fn plain_client() -> reqwest::Client {
    msgraph_io::Connections::default()
        .build()
        .expect("a client can be built")
}
