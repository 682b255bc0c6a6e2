//! The request that each platform gets.

use msgraph::Graph;
use msgraph::auth::{ManagedIdentityCredential, ManagedIdentitySource};

use super::{HUSH, RESOURCE, app_service, imds, sign_in, sign_in_error, token};
use crate::support::recorder::{Answer, Recorded, Recorder};

/// Returns the relevant headers, among those that any source uses.
fn headers(request: &Recorded) -> Vec<(String, String)> {
    let telling = [
        "metadata",
        "x-identity-header",
        "secret",
        "authorization",
        "content-type",
    ];
    let mut headers: Vec<_> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| telling.contains(&name.as_str()))
        .collect();
    headers.sort();
    headers
}

#[tokio::test]
async fn each_platform_gets_its_documented_request() {
    let recorder = Recorder::always(token()).await;
    let at = |path: &str| format!("{}{path}", recorder.url());
    let metadata = &[("metadata", "true")][..];
    let imds_version = "api-version=2018-02-01";
    let of_imds = "/metadata/identity/oauth2/token";
    let new = ManagedIdentityCredential::new;
    let resource_id = "/subscriptions/s/resourceGroups/g/providers/\
        Microsoft.ManagedIdentity/userAssignedIdentities/i";
    let resource_id_encoded = "%2Fsubscriptions%2Fs%2FresourceGroups%2Fg%2Fproviders\
        %2FMicrosoft.ManagedIdentity%2FuserAssignedIdentities%2Fi";
    for (source, identity, target, sent) in [
        (
            imds(&recorder),
            new(),
            format!("{of_imds}?{imds_version}&{RESOURCE}"),
            metadata,
        ),
        (
            imds(&recorder),
            new().client_id("a b"),
            format!("{of_imds}?{imds_version}&{RESOURCE}&client_id=a+b"),
            metadata,
        ),
        (
            imds(&recorder),
            new().client_id("c").object_id("o"),
            format!("{of_imds}?{imds_version}&{RESOURCE}&object_id=o"),
            metadata,
        ),
        (
            imds(&recorder),
            new().resource_id(resource_id),
            format!("{of_imds}?{imds_version}&{RESOURCE}&msi_res_id={resource_id_encoded}"),
            metadata,
        ),
        (
            app_service(&recorder),
            new(),
            format!("/msi/token?api-version=2019-08-01&{RESOURCE}"),
            &[("x-identity-header", HUSH)],
        ),
        (
            app_service(&recorder),
            new().client_id("c"),
            format!("/msi/token?api-version=2019-08-01&{RESOURCE}&client_id=c"),
            &[("x-identity-header", HUSH)],
        ),
        (
            app_service(&recorder),
            new().object_id("o"),
            format!("/msi/token?api-version=2019-08-01&{RESOURCE}&object_id=o"),
            &[("x-identity-header", HUSH)],
        ),
        (
            app_service(&recorder),
            new().resource_id(resource_id),
            format!("/msi/token?api-version=2019-08-01&{RESOURCE}&mi_res_id={resource_id_encoded}"),
            &[("x-identity-header", HUSH)],
        ),
        (
            ManagedIdentitySource::azure_arc(at("/metadata/identity/oauth2/token")),
            new(),
            format!("{of_imds}?api-version=2020-06-01&{RESOURCE}"),
            metadata,
        ),
        (
            ManagedIdentitySource::azure_ml(at("/MSI/auth"), HUSH),
            new(),
            format!("/MSI/auth?api-version=2017-09-01&{RESOURCE}"),
            &[("secret", HUSH)],
        ),
        (
            ManagedIdentitySource::azure_ml(at("/MSI/auth"), HUSH),
            new().client_id("c"),
            format!("/MSI/auth?api-version=2017-09-01&{RESOURCE}&clientid=c"),
            &[("secret", HUSH)],
        ),
    ] {
        recorder.clear();
        sign_in(identity, source).await.unwrap();
        let request = recorder.only();
        assert_eq!(request.method, "GET");
        assert_eq!(request.target, target);
        let sent: Vec<_> = sent
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(headers(&request), sent, "{target}");
        assert!(request.body.is_empty());
    }
}

#[tokio::test]
async fn cloud_shell_request_is_a_form() {
    let recorder = Recorder::always(token()).await;
    let source = ManagedIdentitySource::cloud_shell(format!("{}/oauth2/token", recorder.url()));
    sign_in(ManagedIdentityCredential::new(), source)
        .await
        .unwrap();
    let request = recorder.only();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/oauth2/token")
    );
    assert_eq!(request.body, RESOURCE.as_bytes());
    let expected = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("metadata", "true"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers(&request), expected);
}

#[tokio::test]
async fn resource_matches_the_clients_cloud() {
    let recorder = Recorder::always(token()).await;
    let client = Graph::builder(ManagedIdentityCredential::new().source(imds(&recorder)))
        .cloud(msgraph::Cloud::China)
        .build()
        .unwrap();
    client.sign_in().await.unwrap();
    let resource = ("resource", "https%3A%2F%2Fmicrosoftgraph.chinacloudapi.cn");
    assert_eq!(recorder.only().query()[1], resource);
}

#[tokio::test]
async fn identity_request_ignores_proxy_and_redirect() {
    let elsewhere = Recorder::always(token()).await;
    let recorder = Recorder::always(token()).await;
    let proxy = reqwest::Proxy::all(elsewhere.url()).unwrap();
    let client = Graph::builder(ManagedIdentityCredential::new().source(app_service(&recorder)))
        .configure_http(|http| http.proxy(proxy))
        .build()
        .unwrap();
    client.sign_in().await.unwrap();
    recorder.only();
    for status in [301, 302, 307, 308] {
        let recorder =
            Recorder::always(Answer::status(status).header("Location", elsewhere.url())).await;
        let error =
            sign_in_error(sign_in(ManagedIdentityCredential::new(), app_service(&recorder)).await);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        recorder.only();
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn azure_arc_reads_only_key_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("1.key");
    std::fs::write(&file, HUSH).unwrap();
    let challenge = format!("Basic realm={}", file.display());
    let recorder =
        Recorder::always(Answer::status(401).header("WWW-Authenticate", &challenge)).await;
    let source = ManagedIdentitySource::azure_arc(recorder.url());
    let error = sign_in_error(sign_in(ManagedIdentityCredential::new(), source).await).to_string();
    let named = format!(
        "sign-in failed: cannot use the key file `{}` that Azure Arc named: it is not in the \
         folder `",
        file.display()
    );
    assert!(error.starts_with(&named), "{error}");
    assert!(!error.contains(HUSH), "{error}");
    recorder.only();
}
