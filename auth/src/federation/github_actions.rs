//! The tokens of GitHub Actions
//! (<https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect>).

use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::Request;

use super::id_token::Service;
use super::variables::Variables;
use crate::Result;
use crate::{Secret, TokenRequest};

const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const ORIGIN: &str = "GitHub Actions sets it for jobs with `permissions: id-token: write`";

const SERVICE: Service = Service {
    name: "GitHub Actions",
    member: "value",
    advice: "check that the job has `permissions: id-token: write`",
};

/// The job of GitHub Actions in which the program runs.
#[derive(Clone, Debug)]
pub(crate) struct GitHubActions(Variables);

impl GitHubActions {
    pub(crate) fn new() -> Self {
        Self(Variables::of_process())
    }

    #[cfg(test)]
    pub(super) fn with(variables: Variables) -> Self {
        Self(variables)
    }

    /// Requests a new token that identifies the job. These tokens live for minutes, so none is
    /// cached.
    pub(super) async fn id_token(&self, request: &TokenRequest) -> Result<Secret<String>> {
        let mut url = self.0.address(URL, ORIGIN)?;
        url.query_pairs_mut()
            .append_pair("audience", request.cloud().assertion_audience());
        let mut asked = Request::new(Method::GET, url);
        let headers = asked.headers_mut();
        headers.insert(AUTHORIZATION, self.0.bearer(TOKEN, ORIGIN)?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        SERVICE.ask(asked, request).await
    }
}
