//! Authorization responses, with which a browser returns.

use super::super::Secret;
use super::PendingSignIn;
use crate::Result;
use crate::error::SignInError;

/// The parameters of an authorization response, from a query or a form ([RFC 6749,
/// 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).
pub(super) struct AuthorizationResponse(Vec<(String, Secret<String>)>);

impl AuthorizationResponse {
    /// Reads a query, a form, or the query of an address.
    pub(super) fn read(text: &str) -> Self {
        // After the first parameter, a question mark belongs to a value.
        let query = match text.split_once('?') {
            Some((address, query)) if !address.contains('=') => query,
            _ => text,
        };
        let query = query.split('#').next().unwrap_or_default();
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Self(
            pairs
                .map(|(name, value)| (name.into_owned(), Secret::new(value.into_owned())))
                .collect(),
        )
    }

    fn get(&self, wanted: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(name, _)| name == wanted)?;
        Some(value.expose().as_str()).filter(|value| !value.is_empty())
    }

    pub(super) fn is_of(&self, pending: &PendingSignIn) -> bool {
        self.get("state")
            .is_some_and(|state| pending.is_state(state))
    }

    /// Returns the code, if this is the response to the pending sign-in.
    ///
    /// # Errors
    ///
    /// Fails if it is the response to another sign-in, an error, or not a response.
    pub(super) fn code(&self, pending: &PendingSignIn) -> Result<Secret<String>> {
        if !self.is_of(pending) {
            return Err(SignInError::new(
                "the redirect belongs to another sign-in: its `state` is missing or differs, so \
                 start the sign-in again",
            )
            .into());
        }
        if let Some(error) = self.get("error") {
            return Err(SignInError::from_redirect(error, |name| self.get(name)).into());
        }
        match self.get("code") {
            Some(code) => Ok(Secret::new(code.to_owned())),
            None => Err(
                SignInError::new("the redirect contains neither a `code` nor an `error`").into(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pending::tests::pending;
    use super::*;
    use crate::error::Error;

    #[test]
    fn code_is_read_from_query_form_or_url() {
        let (pending, state) = pending();
        for response in [
            format!("code=0.A%2BX&state={state}&session_state=x"),
            format!("?state={state}&code=0.A%2BX"),
            format!("state={state}&code=0.A%2BX&session_state=a?b"),
            format!("https://app.contoso.com/signed-in?code=0.A%2BX&state={state}#top"),
        ] {
            let code = AuthorizationResponse::read(&response)
                .code(&pending)
                .unwrap();
            assert_eq!(code.expose(), "0.A+X", "{response}");
        }
    }

    #[test]
    fn wrong_state_is_refused_with_any_parameters() {
        let (pending, _) = pending();
        for response in [
            "",
            "code=x",
            "code=x&state=",
            "code=x&state=y",
            "error=access_denied&state=y",
        ] {
            let error = AuthorizationResponse::read(response)
                .code(&pending)
                .unwrap_err()
                .to_string();
            assert!(error.contains("to another sign-in"), "{response}: {error}");
        }
    }

    #[test]
    fn redirect_error_keeps_the_platforms_details() {
        let (pending, state) = pending();
        let response = format!(
            "error=consent_required&error_description=AADSTS65004%3a+User+declined+to+\
             consent.%0d%0aTrace+ID%3a+t%0d%0aCorrelation+ID%3a+c%0d%0aTimestamp%3a+2026-01-02+\
             03%3a04%3a05Z&error_uri=https%3a%2f%2flogin.microsoftonline.com%2ferror%3fcode%3d65004\
             &state={state}"
        );
        let Err(Error::SignIn(error)) = AuthorizationResponse::read(&response).code(&pending)
        else {
            panic!("an error was expected");
        };
        assert_eq!(error.error(), Some("consent_required"));
        assert_eq!(error.codes(), [65004]);
        assert_eq!(
            (error.trace_id(), error.correlation_id()),
            (Some("t"), Some("c"))
        );
        assert!(error.needs_user());
        assert_eq!(
            error.to_string(),
            "sign-in refused: consent_required AADSTS65004: User declined to consent, \
             correlation-id c, trace-id t"
        );
    }

    #[test]
    fn neither_code_nor_error_is_an_error() {
        let (pending, state) = pending();
        let error = AuthorizationResponse::read(&format!("state={state}&code=")).code(&pending);
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("neither a `code` nor an `error`")
        );
    }
}
