//! Consent: how it is withdrawn, and how an administrator gives it again.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-admin-consent>

use super::error::Trail;
use super::form::Form;
use super::redirect::{Mode, page, send_back};
use super::scope::Scopes;
use super::{Identity, Platform, SignInError};
use crate::answer::Answer;
use crate::request::Request;

impl Identity {
    pub(crate) fn set_consented(&mut self, consented: bool) {
        self.consented = consented;
    }
}

impl Platform<'_> {
    /// Checks that a user or an administrator has consented to the application's permissions.
    pub(super) fn check_consent(&self) -> Result<(), SignInError> {
        if self.identity.consented {
            return Ok(());
        }
        let application = &self.identity.application;
        let error = SignInError::new(
            "invalid_grant",
            65_001,
            format!(
                "The user or administrator has not consented to use the application with ID \
                 '{application}' named 'Contoso Tests'. Send an interactive authorization request \
                 for this user and resource."
            ),
        );
        Err(error.suberror("consent_required"))
    }

    /// Handles `GET /{tenant}/v2.0/adminconsent`. The user who is signed in is an administrator,
    /// and consents.
    pub(super) fn admin_consent(
        &mut self,
        request: &Request,
        tenant: &str,
        trail: &Trail,
    ) -> Answer {
        let query = Form::query(request);
        let checked = self
            .any_tenant(tenant)
            .and_then(|tenant_id| Ok((tenant_id, self.return_address(request, &query)?)));
        let (tenant_id, (_, uri)) = match checked {
            Ok(checked) => checked,
            Err(error) => return error.page(trail),
        };
        let state = query.get("state").map(|state| ("state", state.to_owned()));
        let outcome = match self.identity.refusal.take() {
            Some(declined) => Err(declined),
            None => query.require("scope").and_then(|scope| {
                self.user_audience(&Scopes::read(scope))?;
                Ok(scope.to_owned())
            }),
        };
        if self.identity.browser.is_none() && outcome.is_ok() {
            return page(http::StatusCode::OK, "Sign in to your account", "Sign in");
        }
        let mut fields = vec![("admin_consent", "True".to_owned())];
        match outcome {
            Ok(scope) => {
                self.identity.consented = true;
                fields.extend([("tenant", tenant_id), ("scope", scope)]);
            }
            Err(error) => fields.extend(error.fields(trail)),
        }
        fields.extend(state);
        send_back(&uri, Mode::Query, &fields)
    }
}
