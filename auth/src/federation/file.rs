//! A token in a file, written by the platform on which the program runs.

use std::path::Path;

use super::Secret;
use crate::Result;
use crate::error::SignInError;

/// Reads the current token in the file.
pub(super) async fn token(path: &Path) -> Result<Secret<String>> {
    let file = path.display();
    let text = tokio::fs::read_to_string(path).await.map_err(|error| {
        SignInError::new(format!("cannot read the token file `{file}`")).with_source(error)
    })?;
    let text = Secret::new(text);
    match text.expose().trim() {
        "" => Err(SignInError::new(format!("the token file `{file}` is empty")).into()),
        token => Ok(Secret::new(token.to_owned())),
    }
}
