//! Tests with a fake environment, which only this module can create.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use msgraph_core::cloud::CustomCloud;
use msgraph_test_support::recorder::{Answer, Recorded, Recorder};
use serde_json::json;
use tokio::time::Instant;

use super::variables::Variables;
use super::*;
use crate::Application;
use crate::Cloud;
use crate::error::{Error, SignInError};
use crate::tests::plain_client;

const HUSH: &str = "hush-hush";

/// One of the services on which jobs run, with its variables and its responses.
#[derive(Clone, Copy, PartialEq)]
enum On {
    GitHub,
    Pipelines,
}

const BOTH: [On; 2] = [On::GitHub, On::Pipelines];

impl On {
    fn url(self) -> &'static str {
        match self {
            Self::GitHub => "ACTIONS_ID_TOKEN_REQUEST_URL",
            Self::Pipelines => "SYSTEM_OIDCREQUESTURI",
        }
    }

    fn token(self) -> &'static str {
        match self {
            Self::GitHub => "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            Self::Pipelines => "SYSTEM_ACCESSTOKEN",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::Pipelines => "Azure Pipelines",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::GitHub => "check that the job has `permissions: id-token: write`",
            Self::Pipelines => {
                "check the id of the service connection, and that this pipeline may use it"
            }
        }
    }

    fn gives(self, token: impl Into<serde_json::Value>) -> Answer {
        match self {
            Self::GitHub => Answer::json(json!({ "count": 1, "value": token.into() })),
            Self::Pipelines => Answer::json(json!({ "oidcToken": token.into() })),
        }
    }

    /// Creates an application in a job with these variables.
    fn application(self, variables: &[(&str, &str)]) -> Application {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let variables = Variables::with(move |name| {
            let variable = variables.iter().find(|(variable, _)| variable == name);
            variable.map(|(_, value)| value.clone())
        });
        let federation = match self {
            Self::GitHub => Federation::GitHubActions(GitHubActions::with(variables)),
            Self::Pipelines => {
                Federation::AzurePipelines(AzurePipelines::with("connection 1", variables))
            }
        };
        Application::new("contoso.com", "client").vouched_for(federation)
    }

    /// Creates an application in a job that requests its token at this address.
    fn asking(self, at: &str) -> Application {
        self.application(&[(self.url(), at), (self.token(), HUSH)])
    }
}

async fn sign_in(application: &Application, cloud: impl Into<Cloud>) -> Result<()> {
    let request = TokenRequest::new(Arc::new(cloud.into()), plain_client(), None);
    application.sign_in(request).await.map(drop)
}

#[track_caller]
fn sign_in_error(outcome: Result<()>) -> SignInError {
    match outcome {
        Err(Error::SignIn(error)) => *error,
        other => panic!("a sign-in error was expected: {other:?}"),
    }
}

/// Creates an identity platform that accepts every client assertion.
async fn platform() -> Recorder {
    Recorder::always(Answer::json(
        json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token" }),
    ))
    .await
}

fn cloud(login: &Recorder) -> CustomCloud {
    CustomCloud::new("http://127.0.0.1:1", login.url())
        .scope("https://graph.microsoft.com/.default")
}

fn form(request: &Recorded) -> Vec<(String, String)> {
    let form = url::form_urlencoded::parse(&request.body);
    let mut form: Vec<_> = form.into_owned().collect();
    form.sort();
    form
}

#[tokio::test]
async fn job_assertion_is_requested_for_each_token() {
    for (on, path, method, target) in [
        (
            On::GitHub,
            "/token?api-version=2.0",
            "GET",
            "/token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange",
        ),
        (
            On::GitHub,
            "/token",
            "GET",
            "/token?audience=api%3A%2F%2FAzureADTokenExchange",
        ),
        (
            On::Pipelines,
            "/plans/1/jobs/2/oidctoken",
            "POST",
            "/plans/1/jobs/2/oidctoken?api-version=7.1&serviceConnectionId=connection+1",
        ),
    ] {
        let count = AtomicUsize::new(0);
        let service = Recorder::new(move |_| {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            on.gives(format!("header.{number}.signature"))
        })
        .await;
        let login = platform().await;
        let application = on.asking(&format!("{}{path}", service.url()));
        for number in 1..=2 {
            sign_in(&application, cloud(&login)).await.unwrap();
            let asked = service.requests().pop().unwrap();
            assert_eq!(
                (asked.method.as_str(), asked.target.as_str()),
                (method, target)
            );
            assert_eq!(asked.header("authorization"), Some("Bearer hush-hush"));
            assert_eq!(asked.header("accept"), Some("application/json"));
            assert!(asked.body.is_empty());
            if on == On::Pipelines {
                assert_eq!(asked.header("content-length"), Some("0"));
                assert_eq!(asked.header("content-type"), Some("application/json"));
                assert_eq!(asked.header("x-tfs-fedauthredirect"), Some("Suppress"));
            }
            let shown = login.requests().pop().unwrap();
            let expected = [
                (
                    "claims",
                    r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#,
                ),
                ("client_assertion", &format!("header.{number}.signature")),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_id", "client"),
                ("grant_type", "client_credentials"),
                ("scope", "https://graph.microsoft.com/.default"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(form(&shown), expected);
        }
        assert_eq!((service.requests().len(), login.requests().len()), (2, 2));
    }
}

#[tokio::test]
async fn each_cloud_has_its_own_audience() {
    let github = Recorder::always(Answer::status(403)).await;
    let application = On::GitHub.asking(github.url());
    let custom =
        |login: &str| Cloud::from(CustomCloud::new("https://graph.contoso.example", login));
    for (cloud, audience) in [
        (Cloud::Global, "api%3A%2F%2FAzureADTokenExchange"),
        (Cloud::UsGovL4, "api%3A%2F%2FAzureADTokenExchangeUSGov"),
        (Cloud::UsGovL5, "api%3A%2F%2FAzureADTokenExchangeUSGov"),
        (Cloud::China, "api%3A%2F%2FAzureADTokenExchangeChina"),
        (Cloud::Bleu, "api%3A%2F%2FAzureADTokenExchange"),
        (Cloud::Delos, "api%3A%2F%2FAzureADTokenExchange"),
        (Cloud::GovSg, "api%3A%2F%2FAzureADTokenExchange"),
        // The identity platform checks the audience, so a gateway before Graph changes nothing.
        (
            custom("https://login.microsoftonline.us"),
            "api%3A%2F%2FAzureADTokenExchangeUSGov",
        ),
        (
            custom("https://login.contoso.example"),
            "api%3A%2F%2FAzureADTokenExchange",
        ),
    ] {
        github.clear();
        sign_in(&application, cloud.clone()).await.unwrap_err();
        let target = format!("/?audience={audience}");
        assert_eq!(github.targets(), [target], "{cloud:?}");
    }
}

#[tokio::test]
async fn invalid_assertion_error_does_not_print_it() {
    for on in BOTH {
        let (name, advice) = (on.name(), on.advice());
        let refused =
            |status| format!("sign-in refused: {status}: in the token request to {name}: {advice}");
        let nothing =
            format!("sign-in failed: the response of {name} contains no ID token: {advice}");
        for (response, says) in [
            (
                Answer::json(json!({ "error": HUSH, "message": HUSH })).with_status(403),
                refused("403 Forbidden"),
            ),
            (Answer::status(401).body(HUSH), refused("401 Unauthorized")),
            (
                Answer::status(302).header("Location", "/sign-in"),
                refused("302 Found"),
            ),
            (Answer::status(203).body("<html>hush-hush"), nothing.clone()),
            (
                Answer::json(r#"{"value":"hush-hush","oidcToken":"hush-hush""#),
                nothing.clone(),
            ),
            (Answer::json(json!({ "token": HUSH })), nothing.clone()),
            (on.gives(""), nothing.clone()),
            (on.gives(json!([HUSH])), nothing.clone()),
            (Answer::json("[]"), nothing.clone()),
        ] {
            let (service, login) = (Recorder::always(response).await, platform().await);
            let application = on.asking(service.url());
            let error = sign_in_error(sign_in(&application, cloud(&login)).await);
            assert_eq!(error.to_string(), says);
            assert!(!format!("{error:?}").contains(HUSH), "{error:?}");
            assert!(error.raw_body().is_empty());
            assert!(!error.is_unavailable() && !error.is_retryable());
            assert_eq!((service.requests().len(), login.requests().len()), (1, 0));
        }
    }
}

/// Signs in after these responses and then a token. Returns the outcome, the seconds that it took,
/// and the number of requests.
async fn after(on: On, responses: Vec<Answer>) -> (Result<()>, u64, usize) {
    let service = Recorder::in_turn(responses.into_iter().chain([on.gives("token")])).await;
    let login = platform().await;
    let start = Instant::now();
    let outcome = sign_in(&on.asking(service.url()), cloud(&login)).await;
    (outcome, start.elapsed().as_secs(), service.requests().len())
}

#[tokio::test(start_paused = true)]
async fn transient_job_service_error_is_retried_once() {
    for on in BOTH {
        let (outcome, waited, asked) = after(on, vec![Answer::status(503)]).await;
        outcome.unwrap();
        assert_eq!((waited, asked), (1, 2));

        let (outcome, waited, asked) =
            after(on, vec![Answer::status(500), Answer::status(502)]).await;
        let error = sign_in_error(outcome);
        assert!(
            error
                .to_string()
                .starts_with("sign-in refused: 502 Bad Gateway")
        );
        assert!(error.is_retryable());
        assert_eq!((waited, asked), (1, 2));

        // The calls wait for a requested pause themselves, and a refusal stays a refusal.
        for response in [
            Answer::status(503).header("Retry-After", "7"),
            Answer::status(429),
            Answer::status(404),
        ] {
            let (outcome, waited, asked) = after(on, vec![response]).await;
            outcome.unwrap_err();
            assert_eq!((waited, asked), (0, 1));
        }

        // The port was free a moment ago, so no server listens there.
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}/", free.local_addr().unwrap());
        drop(free);
        let start = Instant::now();
        let login = platform().await;
        let error = sign_in_error(sign_in(&on.asking(&at), cloud(&login)).await);
        let says = format!(
            "sign-in failed: in the token request to {}: cannot connect: ",
            on.name()
        );
        assert!(error.to_string().starts_with(&says), "{error}");
        assert!(error.is_retryable() && !error.is_unavailable());
        assert_eq!((start.elapsed().as_secs(), login.requests().len()), (1, 0));
    }
}

#[tokio::test]
async fn missing_variable_error_names_its_source() {
    let login = platform().await;
    let github = "GitHub Actions sets it for jobs with `permissions: id-token: write`";
    let pipelines = "Azure Pipelines sets it in its jobs";
    let step =
        "in Azure Pipelines, set `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)` on the step";
    let address = "https://127.0.0.1:1/";
    for (on, variables, name, origin) in [
        (On::GitHub, &[][..], "ACTIONS_ID_TOKEN_REQUEST_URL", github),
        (
            On::GitHub,
            &[("ACTIONS_ID_TOKEN_REQUEST_URL", address)],
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            github,
        ),
        (
            On::GitHub,
            &[
                ("ACTIONS_ID_TOKEN_REQUEST_URL", address),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", ""),
            ],
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            github,
        ),
        (On::Pipelines, &[], "SYSTEM_OIDCREQUESTURI", pipelines),
        (
            On::Pipelines,
            &[("SYSTEM_OIDCREQUESTURI", address)],
            "SYSTEM_ACCESSTOKEN",
            step,
        ),
    ] {
        let error = sign_in_error(sign_in(&on.application(variables), cloud(&login)).await);
        assert_eq!(
            error.to_string(),
            format!("sign-in failed: the environment variable `{name}` is not set: {origin}")
        );
        assert!(error.is_unavailable());
    }
    assert_eq!(login.requests().len(), 0);
}

#[tokio::test]
async fn invalid_variable_sends_no_request() {
    let login = platform().await;
    let at = "https://127.0.0.1:1/";
    for on in BOTH {
        let no_address = format!(
            "sign-in failed: the environment variable `{}` is not an https URL",
            on.url()
        );
        for address in [
            "http://token.actions.example/",
            "http://203.0.113.7/",
            "ftp://127.0.0.1/",
            "/token",
        ] {
            let error = sign_in_error(sign_in(&on.asking(address), cloud(&login)).await);
            assert!(error.to_string().starts_with(&no_address), "{error}");
            assert!(!error.is_unavailable());
        }
        let variables = [(on.url(), at), (on.token(), "hush-hush\n")];
        let error = sign_in_error(sign_in(&on.application(&variables), cloud(&login)).await);
        assert_eq!(
            error.to_string(),
            format!(
                "sign-in failed: the environment variable `{}` contains characters that an HTTP \
                 header cannot contain",
                on.token()
            )
        );
    }
    assert_eq!(login.requests().len(), 0);
}

#[test]
fn job_credential_debug_prints_no_environment() {
    for on in BOTH {
        let application = on.asking("https://token.actions.example/?key=hush-hush");
        let shown = format!("{application:?} {application:#?}");
        assert!(!shown.contains(HUSH), "{shown}");
        assert!(shown.contains("contoso.com"), "{shown}");
    }
}

#[tokio::test]
async fn simulated_platform_accepts_job_token() {
    let simulator = msgraph_simulator::Simulator::start().await.unwrap();
    let subject = "repo:contoso/mailer:ref:refs/heads/main";
    let known = simulator.credentials();
    let token = simulator.federated_token(subject);
    for on in BOTH {
        let service = Recorder::always(on.gives(token.as_str())).await;
        let mut application = Application::new(known.domain.as_str(), known.client_id.as_str());
        let variables = [
            (on.url().to_owned(), service.url().to_owned()),
            (on.token().to_owned(), HUSH.to_owned()),
        ];
        let variables = Variables::with(move |name| {
            let variable = variables.iter().find(|(variable, _)| variable == name);
            variable.map(|(_, value)| value.clone())
        });
        application = application.vouched_for(match on {
            On::GitHub => Federation::GitHubActions(GitHubActions::with(variables)),
            On::Pipelines => Federation::AzurePipelines(AzurePipelines::with("1", variables)),
        });
        let cloud = simulator.cloud();
        if on == On::GitHub {
            let error = sign_in_error(sign_in(&application, cloud.clone()).await);
            assert_eq!(error.codes(), [700_213]);
            simulator.federate(subject);
        }
        sign_in(&application, cloud).await.unwrap();
    }
}
