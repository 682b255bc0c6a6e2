//! The tokens of Azure Pipelines
//! (<https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create>).

use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::Request;

use super::id_token::Service;
use super::variables::Variables;
use crate::Result;
use crate::{Secret, TokenRequest};

const URL: &str = "SYSTEM_OIDCREQUESTURI";
const URL_ORIGIN: &str = "Azure Pipelines sets it in its jobs";
const TOKEN: &str = "SYSTEM_ACCESSTOKEN";
const TOKEN_ORIGIN: &str =
    "in Azure Pipelines, set `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)` on the step";

const SERVICE: Service = Service {
    name: "Azure Pipelines",
    member: "oidcToken",
    advice: "check the id of the service connection, and that this pipeline may use it",
};

/// The header that prevents a redirect of Azure DevOps to a sign-in page.
const WITHOUT_SIGN_IN_PAGE: HeaderName = HeaderName::from_static("x-tfs-fedauthredirect");

/// The job of Azure Pipelines in which the program runs, with a service connection that it may use.
#[derive(Clone, Debug)]
pub(crate) struct AzurePipelines {
    service_connection: String,
    variables: Variables,
}

impl AzurePipelines {
    pub(crate) fn new(service_connection: String) -> Self {
        Self {
            service_connection,
            variables: Variables::of_process(),
        }
    }

    #[cfg(test)]
    pub(super) fn with(service_connection: &str, variables: Variables) -> Self {
        Self {
            service_connection: service_connection.to_owned(),
            variables,
        }
    }

    pub(super) fn service_connection(&self) -> &str {
        &self.service_connection
    }

    /// Requests a new token that identifies the service connection. These tokens live for minutes,
    /// so none is cached. The service connection determines the audience, not the request.
    pub(super) async fn id_token(&self, request: &TokenRequest) -> Result<Secret<String>> {
        let mut url = self.variables.address(URL, URL_ORIGIN)?;
        url.query_pairs_mut()
            .append_pair("api-version", "7.1")
            .append_pair("serviceConnectionId", &self.service_connection);
        let mut asked = Request::new(Method::POST, url);
        let headers = asked.headers_mut();
        // There is no body, and the service requires the length.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        headers.insert(AUTHORIZATION, self.variables.bearer(TOKEN, TOKEN_ORIGIN)?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(WITHOUT_SIGN_IN_PAGE, HeaderValue::from_static("Suppress"));
        SERVICE.ask(asked, request).await
    }
}
