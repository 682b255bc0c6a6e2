//! The identity platform's token endpoint, called through the oauth2 crate.
//!
//! The oauth2 crate builds the requests and reads the responses. This module sends the requests for
//! that crate. It also provides types that accept what the platform sends in practice: `expires_in`
//! as a number or as text, unknown members, errors without JSON. Requests that the oauth2 crate
//! does not support are sent as a form by the same code. These are on-behalf-of requests, and
//! device codes as the platform returns them.

mod endpoint;
mod grant;

use std::time::Duration;

use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, EndpointNotSet, EndpointSet, PkceCodeVerifier,
    RedirectUrl, Scope, StandardRevocableToken, TokenUrl,
};
use serde::Deserialize;
use url::Url;

use self::endpoint::{Endpoint, Refusal, Repeats, accepted};
pub(super) use self::grant::Grant;
use super::application::{Application, Shown};
use super::claims::claims;
use super::seconds::Seconds;
use super::{Secret, TokenRequest};
use crate::error::SignInError;
use crate::redact::Address;
use crate::{Cloud, Result};

/// The type of a client assertion: <https://www.rfc-editor.org/rfc/rfc7523#section-2.2>.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The paths of a tenant's endpoints, below its name
/// (<https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints>).
const TOKEN: &str = "oauth2/v2.0/token";
const DEVICE_CODE: &str = "oauth2/v2.0/devicecode";
pub(super) const AUTHORIZE: &str = "oauth2/v2.0/authorize";
pub(super) const LOGOUT: &str = "oauth2/v2.0/logout";
pub(super) const ADMIN_CONSENT: &str = "v2.0/adminconsent";

type Client = oauth2::Client<
    Refusal,
    Grant,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Returns the URL of a tenant's endpoint.
///
/// # Errors
///
/// Returns an error if the tenant's name is not valid in the endpoint's URL.
pub(super) fn tenant_url(cloud: &Cloud, tenant: &str, path: &str) -> Result<Url> {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
    if tenant.is_empty() || !tenant.chars().all(is_name) || tenant.chars().all(|sign| sign == '.') {
        let message = format!(
            "`{}` is neither the id nor a domain of a tenant",
            tenant.escape_debug()
        );
        return Err(SignInError::new(message).into());
    }
    let url = format!("{}/{tenant}/{path}", cloud.login());
    Url::parse(&url).map_err(|error| {
        SignInError::new(format!("the endpoint `{}` is not a URL", Address(&url)))
            .with_source(error)
            .into()
    })
}

/// The token endpoint of an application's tenant, for one request.
pub(super) struct Platform<'a> {
    application: &'a Application,
    request: &'a TokenRequest,
    url: Url,
    shown: Shown,
    claims: String,
}

impl<'a> Platform<'a> {
    /// Prepares the token endpoint for one request.
    ///
    /// # Errors
    ///
    /// Returns an error if the tenant's name is not valid in the endpoint's URL. Also returns an
    /// error if the application cannot authenticate itself.
    pub(super) async fn new(
        application: &'a Application,
        request: &'a TokenRequest,
    ) -> Result<Self> {
        let url = tenant_url(request.cloud(), application.tenant(), TOKEN)?;
        let shown = application.show(url.as_str(), request).await?;
        Ok(Self {
            application,
            request,
            url,
            shown,
            claims: claims(request.claims()),
        })
    }

    /// Requests a token with the client credentials grant:
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.
    pub(super) async fn client_credentials(&self) -> Result<Grant> {
        let endpoint = Endpoint::new(self.request, Repeats::Any);
        let client = self.client();
        let mut exchange = client
            .exchange_client_credentials()
            .add_scope(Scope::new(self.request.scope().to_owned()));
        for (name, value) in self.extra() {
            exchange = exchange.add_extra_param(name, value);
        }
        let granted = exchange.request_async(&endpoint).await;
        Ok(endpoint.judge(granted)?)
    }

    /// Requests a token with a refresh token:
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token>.
    pub(super) async fn refresh_token(&self, token: &Secret<String>, scope: &str) -> Result<Grant> {
        let endpoint = Endpoint::new(self.request, Repeats::Any);
        let client = self.client();
        let token = oauth2::RefreshToken::new(token.expose().clone());
        let mut exchange = client
            .exchange_refresh_token(&token)
            .add_scope(Scope::new(scope.to_owned()));
        for (name, value) in self.extra() {
            exchange = exchange.add_extra_param(name, value);
        }
        let granted = exchange.request_async(&endpoint).await;
        let judged = endpoint.judge(granted);
        judged.map_err(|error| self.with_interaction(*error, scope).into())
    }

    /// Redeems an authorization code:
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#redeem-a-code-for-an-access-token>.
    pub(super) async fn authorization_code(
        &self,
        code: &Secret<String>,
        verifier: &Secret<String>,
        redirect_uri: &str,
    ) -> Result<Grant> {
        let redirect_uri = RedirectUrl::new(redirect_uri.to_owned()).map_err(|error| {
            let shown = Address(redirect_uri);
            SignInError::new(format!("the redirect URI `{shown}` is not a URL")).with_source(error)
        })?;
        let endpoint = Endpoint::new(self.request, Repeats::Unsent);
        let client = self.client().set_redirect_uri(redirect_uri);
        let mut exchange = client
            .exchange_code(AuthorizationCode::new(code.expose().clone()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().clone()));
        for (name, value) in self.extra() {
            exchange = exchange.add_extra_param(name, value);
        }
        let granted = exchange.request_async(&endpoint).await;
        Ok(endpoint.judge(granted)?)
    }

    /// Requests a token on behalf of a user:
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow>.
    pub(super) async fn on_behalf_of(
        &self,
        incoming: &Secret<String>,
        scope: &str,
    ) -> Result<Grant> {
        let form = self.form(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("assertion", incoming.expose()),
            ("scope", scope),
        ]);
        let endpoint = Endpoint::new(self.request, Repeats::Any);
        let granted = endpoint.exchange(self.url.clone(), &form).await;
        granted
            .and_then(accepted)
            .map_err(|error| self.with_interaction(*error, scope).into())
    }

    /// Requests a device code:
    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code#device-authorization-request>.
    pub(super) async fn device_code(&self, scope: &str) -> Result<DeviceAuthorization> {
        let url = tenant_url(self.request.cloud(), self.application.tenant(), DEVICE_CODE)?;
        let form = self.form(&[("scope", scope)]);
        let endpoint = Endpoint::of_device_codes(self.request);
        Ok(endpoint.exchange(url, &form).await?)
    }

    /// Asks once whether the user has signed in
    /// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code#authenticating-the-user>).
    pub(super) async fn device_token(
        &self,
        device_code: &Secret<String>,
    ) -> Result<Grant, Box<SignInError>> {
        let form = self.form(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", device_code.expose()),
        ]);
        let endpoint = Endpoint::new(self.request, Repeats::None);
        accepted(endpoint.exchange(self.url.clone(), &form).await?)
    }

    /// Adds the URL at which the user can resolve the error, if only the user can.
    fn with_interaction(&self, error: SignInError, scope: &str) -> SignInError {
        if !error.needs_user() {
            return error;
        }
        let cloud = self.request.cloud();
        let Ok(mut url) = tenant_url(cloud, self.application.tenant(), AUTHORIZE) else {
            return error;
        };
        let claims = claims(error.claims().or(self.request.claims()));
        url.query_pairs_mut()
            .append_pair("client_id", self.application.client_id())
            .append_pair("response_type", "code")
            .append_pair("scope", scope)
            .append_pair("claims", &claims);
        error.with_interaction_url(url)
    }

    fn client(&self) -> Client {
        let client = oauth2::Client::new(ClientId::new(self.application.client_id().to_owned()))
            .set_token_uri(TokenUrl::from_url(self.url.clone()))
            .set_auth_type(AuthType::RequestBody);
        match &self.shown {
            Shown::Secret(secret) => {
                client.set_client_secret(oauth2::ClientSecret::new(secret.expose().clone()))
            }
            Shown::Nothing | Shown::Assertion(_) => client,
        }
    }

    /// Returns the parameters that the oauth2 crate does not support.
    fn extra(&self) -> Vec<(&str, &str)> {
        let mut extra = vec![("claims", self.claims.as_str())];
        if let Shown::Assertion(assertion) = &self.shown {
            extra.push(("client_assertion_type", ASSERTION_TYPE));
            extra.push(("client_assertion", assertion.expose()));
        }
        extra
    }

    fn form<'f>(&'f self, fields: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
        let mut form = fields.to_vec();
        form.push(("client_id", self.application.client_id()));
        if let Shown::Secret(secret) = &self.shown {
            form.push(("client_secret", secret.expose()));
        }
        form.extend(self.extra());
        form
    }
}

/// The instructions for a user who signs in on another device ([RFC 8628,
/// 3.2](https://www.rfc-editor.org/rfc/rfc8628#section-3.2)).
#[derive(Deserialize)]
pub(super) struct DeviceAuthorization {
    pub(super) user_code: String,
    pub(super) device_code: String,
    pub(super) verification_uri: String,
    #[serde(default)]
    expires_in: Seconds,
    #[serde(default)]
    interval: Seconds,
    #[serde(default)]
    pub(super) message: Option<String>,
}

/// The longest accepted lifetime of a code, even if a response names a longer one.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// The pause between two polls if the response names none ([RFC 8628,
/// 3.2](https://www.rfc-editor.org/rfc/rfc8628#section-3.2)), and the shortest pause.
const USUAL_INTERVAL: Duration = Duration::from_secs(5);
const LEAST_INTERVAL: Duration = Duration::from_secs(1);

impl DeviceAuthorization {
    /// Returns the lifetime of the code, and the pause between two polls.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them cannot be read, or if the code has expired already.
    pub(super) fn times(&self) -> Result<(Duration, Duration), Box<SignInError>> {
        let whose = "the device code response";
        let wrong = |what: &str| Box::new(SignInError::new(format!("{whose} has {what}")));
        let life = self
            .expires_in
            .checked(whose, "expires_in")?
            .ok_or_else(|| wrong("no `expires_in`"))?
            .min(LONGEST_LIFE);
        if life.is_zero() {
            return Err(wrong("a code that has expired already (`expires_in` is 0)"));
        }
        let interval = self.interval.checked(whose, "interval")?;
        // Longer pauses would leave no time for a poll.
        let interval = interval.unwrap_or(USUAL_INTERVAL).min(life / 2);
        Ok((life, interval.max(LEAST_INTERVAL)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_code_times_have_floors_and_limits() {
        let times = |times: &str| {
            let response = format!(
                r#"{{"user_code":"A","device_code":"d","verification_uri":"https://x",{times}}}"#
            );
            let response: DeviceAuthorization = serde_json::from_str(&response).unwrap();
            let (life, interval) = response.times().map_err(|error| error.to_string())?;
            Ok::<_, String>((life.as_secs(), interval.as_secs()))
        };
        for (written, read) in [
            (r#""expires_in":900"#, (900, 5)),
            (r#""expires_in":"900","interval":"5""#, (900, 5)),
            (r#""expires_in":900,"interval":null"#, (900, 5)),
            (r#""expires_in":900,"interval":0"#, (900, 1)),
            (r#""expires_in":900,"interval":0.01"#, (900, 1)),
            (r#""expires_in":900,"interval":1e300"#, (900, 450)),
            (r#""expires_in":1e300,"interval":5"#, (86_400, 5)),
        ] {
            assert_eq!(times(written), Ok(read), "{written}");
        }
        for (written, wrong) in [
            (r#""interval":5"#, "no `expires_in`"),
            (r#""expires_in":0"#, "expired already"),
            (r#""expires_in":-5"#, "invalid `expires_in`"),
            (r#""expires_in":"soon""#, "invalid `expires_in`"),
            (r#""expires_in":900,"interval":-5"#, "invalid `interval`"),
            (r#""expires_in":900,"interval":[]"#, "invalid `interval`"),
        ] {
            let error = times(written).unwrap_err();
            assert!(error.contains(wrong), "{written}: {error}");
        }
    }

    #[test]
    fn tenant_that_changes_the_path_is_refused() {
        let good = tenant_url(&Cloud::UsGovL4, "contoso.onmicrosoft.us", TOKEN).unwrap();
        assert_eq!(
            good.as_str(),
            "https://login.microsoftonline.us/contoso.onmicrosoft.us/oauth2/v2.0/token"
        );
        for tenant in [
            "", "a/b", "..", "a b", "a?b", "a#b", "é", "a%2fb", "x@y", "a\nb",
        ] {
            let error = tenant_url(&Cloud::Global, tenant, TOKEN)
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("neither the id nor a domain"),
                "{tenant:?}: {error}"
            );
        }
    }
}
