//! The part of a session that outlives the program.

use serde::{Deserialize, Serialize};

use super::super::Secret;
use super::Account;
use crate::Result;
use crate::error::SignInError;

/// The format that this version writes. A later format adds to it, and this version refuses to read
/// it.
const FORMAT: u32 = 1;

/// A session as a [`TokenStore`](crate::TokenStore) keeps it: the refresh token, and its
/// user. Access tokens are not stored. They expire within the day, and the next one costs a
/// request.
pub(super) struct Saved {
    pub(super) refresh_token: Secret<String>,
    pub(super) account: Option<Account>,
}

#[derive(Serialize, Deserialize)]
struct Written<T> {
    format: u32,
    refresh_token: T,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
}

impl Saved {
    pub(super) fn write(
        refresh_token: &Secret<String>,
        account: Option<&Account>,
    ) -> Result<Secret<String>> {
        let written = Written {
            format: FORMAT,
            refresh_token: refresh_token.expose().as_str(),
            account: account.cloned(),
        };
        let text = serde_json::to_string(&written)
            .map_err(|error| SignInError::new("cannot serialize the session").with_source(error))?;
        Ok(Secret::new(text))
    }

    /// Reads a stored session.
    ///
    /// # Errors
    ///
    /// Returns an error if another program has written the entry. The parser's message is left out,
    /// because it may contain the token.
    pub(super) fn read(contents: &Secret<String>) -> Result<Self> {
        let wrong = |what| SignInError::new(format!("the session in the token store {what}"));
        let written: Written<String> = serde_json::from_str(contents.expose())
            .map_err(|_| wrong("was not written by msgraph: delete it, and sign in again"))?;
        if written.format != FORMAT {
            return Err(wrong("was written by a later version of msgraph: update msgraph").into());
        }
        Ok(Self {
            refresh_token: written.refresh_token.into(),
            account: written.account,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_token_is_read_as_written() {
        let written = Saved::write(&"0.AX".into(), None).unwrap();
        assert_eq!(written.expose(), r#"{"format":1,"refresh_token":"0.AX"}"#);
        assert_eq!(
            Saved::read(&written).unwrap().refresh_token.expose(),
            "0.AX"
        );
    }

    #[test]
    fn foreign_entry_is_refused_without_its_contents() {
        for (contents, wrong) in [
            ("hush", "not written by msgraph"),
            (r#"{"format":1}"#, "not written by msgraph"),
            (r#"{"format":2,"refresh_token":"hush"}"#, "later version"),
        ] {
            let error = Saved::read(&contents.into()).err().unwrap().to_string();
            assert!(error.contains(wrong) && !error.contains("hush"), "{error}");
        }
    }
}
