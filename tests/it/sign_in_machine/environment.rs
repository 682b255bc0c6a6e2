//! Credentials that the environment of a process determines.

use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use msgraph::auth::{
    ChainedCredential, GraphCredential, ManagedIdentityCredential, TokenProvider,
    WorkloadIdentityCredential,
};
use msgraph::error::SignInError;
use msgraph::{CustomCloud, Graph, RetryPolicy};
use msgraph_simulator::Simulator;
use serde_json::json;

use super::{
    APP_SERVICE, CLIENT_ID, OBJECT_ID, RESOURCE_ID, SUBJECT, UNKNOWN, Workload, calls_as, claims,
    client, der, fixture, imds, now, own_id, refused,
};
use crate::support::recorder::{Answer, Recorder};
use crate::support::simulator;

/// Creates `az`, as a script that prints a token.
#[cfg(unix)]
fn az(folder: &Path, token: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;

    let program = folder.join("az");
    let printed = json!({ "accessToken": token, "expires_on": now() + 3599 });
    let script = format!("#!/bin/sh\ncat <<'EOF'\n{printed}\nEOF\n");
    // The script is written by a separate process, because a file that is open for writing here
    // cannot be run.
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "printf '%s' \"$1\" > \"$2\"", "sh", &script]);
    assert!(shell.arg(&program).status().expect("a shell").success());
    let executable = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&program, executable).expect("a file of one's own");
    program
}

#[cfg(unix)]
#[tokio::test]
async fn chain_uses_developer_tool_only_as_last() {
    let simulator = simulator().await;
    let own = own_id(&simulator);
    let folder = tempfile::tempdir().unwrap();
    let tool = || {
        msgraph::auth::AzureCliCredential::new().program(az(folder.path(), &simulator.app_token()))
    };
    let application = &simulator.credentials().client_id;
    let unavailable = |_| async { Err(SignInError::unavailable("nothing is set").into()) };

    let machine = ManagedIdentityCredential::new().source(imds(&simulator));
    let chain = ChainedCredential::new()
        .or("environment", unavailable)
        .or("managed identity", machine)
        .or("Azure CLI", tool());
    calls_as(&client(&simulator, chain), &own).await;

    let chain = ChainedCredential::new()
        .or("environment", unavailable)
        .or("Azure CLI", tool());
    calls_as(&client(&simulator, chain), application).await;

    // If an explicitly named identity fails, the chain does not sign in as a developer.
    let machine = ManagedIdentityCredential::new().client_id(UNKNOWN);
    let chain = ChainedCredential::new()
        .or("managed identity", machine.source(imds(&simulator)))
        .or("Azure CLI", tool());
    let error = refused(&client(&simulator, chain)).await.to_string();
    assert!(
        error.ends_with(
            "(`managed identity` failed, and the chain does not continue after this error)"
        ),
        "{error}"
    );
}

/// The variable with the address of the simulator, for the other process.
const GRAPH: &str = "MSGRAPH_TEST_GRAPH";
const LOGIN: &str = "MSGRAPH_TEST_LOGIN";

/// The variable that selects the credential of the other process. Without it, the process uses a
/// chain.
const JOB: &str = "MSGRAPH_TEST_JOB";

#[tokio::test]
#[ignore = "it is the other process of a test"]
async fn other_process_signs_in() {
    let variable = |name| std::env::var(name).ok();
    let (Some(root), Some(login)) = (variable(GRAPH), variable(LOGIN)) else {
        return;
    };
    let ids = || {
        let id = |name| variable(name).unwrap_or_default();
        (id("AZURE_TENANT_ID"), id("AZURE_CLIENT_ID"))
    };
    let provider: Arc<dyn TokenProvider> = match variable(JOB).as_deref() {
        Some("GitHub Actions") => {
            let (tenant, client_id) = ids();
            Arc::new(WorkloadIdentityCredential::github_actions(
                tenant, client_id,
            ))
        }
        Some(service_connection) => {
            let (tenant, client_id) = ids();
            Arc::new(WorkloadIdentityCredential::azure_pipelines(
                tenant,
                client_id,
                service_connection,
            ))
        }
        None => Arc::new(ChainedCredential::on_azure()),
    };
    let graph = Graph::builder(provider)
        .cloud(CustomCloud::new(root, login))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    match graph.sign_in().await {
        Ok(()) => {
            let scope = graph.cloud().scope();
            let token = GraphCredential::new(&graph);
            let token = token.get_token(&[scope], None).await.unwrap();
            println!("signed in: {}", claims(token.token.secret())["appid"]);
        }
        Err(error) => println!("error: {error}"),
    }
}

/// Runs a program that signs in with its own environment, and returns the line of its output that
/// says who signed in, or which error it got.
async fn in_environment(simulator: &Simulator, variables: &[(&str, &str)]) -> String {
    let root = simulator.url().trim_end_matches("/v1.0");
    let mut program = tokio::process::Command::new(std::env::current_exe().expect("this test"));
    program.env_clear().stdin(Stdio::null());
    // Windows needs this variable to have sockets.
    program.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
    let Output { stdout, .. } = program
        .args(["--exact", "--ignored", "--nocapture"])
        .arg("sign_in_machine::environment::other_process_signs_in")
        .env(GRAPH, root)
        .env(LOGIN, simulator.login_url())
        .envs(variables.iter().copied())
        .output()
        .await
        .expect("another process");
    let said = String::from_utf8(stdout).expect("text");
    let line = said
        .lines()
        .find(|line| line.contains("signed in: ") || line.contains("error: "));
    line.unwrap_or_else(|| panic!("it says nothing: {said}"))
        .to_owned()
}

#[tokio::test]
async fn environment_of_process_selects_the_credential() {
    let simulator = simulator().await;
    simulator.federate(SUBJECT);
    simulator.trust_certificate(&der("leaf.pem"));
    simulator.managed_identity(CLIENT_ID, OBJECT_ID, RESOURCE_ID);
    let known = simulator.credentials();
    let application = format!("signed in: \"{}\"", known.client_id);
    let authority = format!("{}/", simulator.login_url());
    let ids = [
        ("AZURE_TENANT_ID", known.domain.as_str()),
        ("AZURE_CLIENT_ID", &known.client_id),
        ("AZURE_AUTHORITY_HOST", &authority),
    ];
    let with = |more: (&'static str, &str)| {
        let mut variables = ids.map(|(name, value)| (name, value.to_owned())).to_vec();
        variables.push((more.0, more.1.to_owned()));
        variables
    };
    let workload = Workload::new(&simulator.federated_token(SUBJECT));
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("leaf.pem");
    std::fs::write(&pem, [fixture("leaf.pem"), fixture("leaf.key")].concat()).unwrap();
    for (name, value) in [
        ("AZURE_CLIENT_SECRET", known.client_secret.as_str()),
        ("AZURE_CLIENT_CERTIFICATE_PATH", pem.to_str().unwrap()),
        (
            "AZURE_FEDERATED_TOKEN_FILE",
            workload.file.path().to_str().unwrap(),
        ),
    ] {
        let variables = with((name, value));
        let variables: Vec<_> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let said = in_environment(&simulator, &variables).await;
        assert!(said.ends_with(&application), "{name}: {said}");
    }

    // On App Service, the id chooses the identity.
    let (endpoint, header) = (
        format!("{}{APP_SERVICE}", simulator.login_url()),
        simulator.identity_header(),
    );
    let variables = [
        ("AZURE_CLIENT_ID", CLIENT_ID),
        ("IDENTITY_ENDPOINT", &endpoint),
        ("IDENTITY_HEADER", &header),
    ];
    let said = in_environment(&simulator, &variables).await;
    assert!(
        said.ends_with(&format!("signed in: \"{CLIENT_ID}\"")),
        "{said}"
    );

    // Settings of two different clouds are never combined.
    simulator.forget_requests();
    let [tenant, client, _] = ids;
    let elsewhere = [
        tenant,
        client,
        ("AZURE_CLIENT_SECRET", &known.client_secret),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"),
        ("IDENTITY_ENDPOINT", &endpoint),
        ("IDENTITY_HEADER", &header),
    ];
    let said = in_environment(&simulator, &elsewhere).await;
    let says = format!(
        "error: sign-in failed: the environment variable `AZURE_AUTHORITY_HOST` is \
         `https://login.microsoftonline.us/`, but the client's cloud uses `{}`: change the \
         variable or `GraphBuilder::cloud` (`environment` failed, and the chain does not continue \
         after this error)",
        simulator.login_url()
    );
    assert!(said.ends_with(&says), "{said}");
    assert_eq!(simulator.requests().len(), 0);
}

#[tokio::test]
async fn job_signs_in_with_its_environment() {
    let simulator = simulator().await;
    let subject = "repo:contoso/mailer:ref:refs/heads/main";
    simulator.federate(subject);
    let token = simulator.federated_token(subject);
    let service = Recorder::new(move |request| match request.header("authorization") {
        Some("Bearer of-the-job") => Answer::json(json!({ "value": token, "oidcToken": token })),
        _ => Answer::status(401),
    })
    .await;
    let known = simulator.credentials();
    let application = format!("signed in: \"{}\"", known.client_id);
    for (job, variables, target) in [
        (
            "GitHub Actions",
            [
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            ],
            "/?audience=api%3A%2F%2FAzureADTokenExchange",
        ),
        (
            "33333333-3333-3333-3333-333333333333",
            ["SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"],
            "/?api-version=7.1&serviceConnectionId=33333333-3333-3333-3333-333333333333",
        ),
    ] {
        service.clear();
        let [url, token] = variables;
        let ids = [
            (JOB, job),
            ("AZURE_TENANT_ID", &known.domain),
            ("AZURE_CLIENT_ID", &known.client_id),
        ];
        let said = in_environment(&simulator, &ids).await;
        let missing = format!("error: sign-in failed: the environment variable `{url}` is not set");
        assert!(said.contains(&missing), "{said}");

        let with_job = [
            ids.as_slice(),
            &[(url, service.url()), (token, "of-the-job")],
        ]
        .concat();
        let said = in_environment(&simulator, &with_job).await;
        assert!(said.ends_with(&application), "{job}: {said}");
        assert_eq!(service.targets(), [target]);
    }
}
