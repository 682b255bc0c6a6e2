//! Sign-out, which ends the browser's session.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-a-sign-out-request>

use http::StatusCode;

use super::Platform;
use super::error::Trail;
use super::form::Form;
use super::redirect::{Mode, page, send_back};
use crate::answer::Answer;
use crate::request::Request;

impl Platform<'_> {
    /// Handles `GET /{tenant}/oauth2/v2.0/logout`. The browser is not sent to an address that is
    /// not registered, and this is not an error.
    pub(super) fn sign_out(&mut self, request: &Request, tenant: &str, trail: &Trail) -> Answer {
        if let Err(error) = self.any_tenant(tenant) {
            return error.page(trail);
        }
        self.identity.browser = None;
        let query = Form::query(request);
        let uri = query.get("post_logout_redirect_uri").filter(|uri| {
            let mut clients = self.identity.clients.iter();
            clients.any(|client| client.redirects.allow(uri))
        });
        let Some(uri) = uri else {
            let text =
                "You signed out of your account. It’s a good idea to close all browser windows.";
            return page(StatusCode::OK, "Sign out", text);
        };
        let state = query.get("state").map(|state| ("state", state.to_owned()));
        let fields: Vec<_> = state.into_iter().collect();
        send_back(uri, Mode::Query, &fields)
    }
}
