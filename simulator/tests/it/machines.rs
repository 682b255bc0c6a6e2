//! Tests of managed identities, with which the platform below a program authenticates it.

use std::time::Duration;

use http::Method;
use msgraph_simulator::{ExpiresOn, Fault, RetryAfter};
use serde_json::{Value, json};

use crate::client::{Answer, start};
use crate::platform::{Platform, claims, encoded, text};

const GRAPH: &str = "https://graph.microsoft.com";
const IMDS: &str = "/metadata/identity/oauth2/token";
const ARC: &str = "/arc/metadata/identity/oauth2/token";
const METADATA: [(&str, &str); 1] = [("Metadata", "true")];

const CLIENT_ID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const OBJECT_ID: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const RESOURCE_ID: &str = "/subscriptions/1/resourcegroups/2/providers/Microsoft.ManagedIdentity/\
                           userAssignedIdentities/mailer";

fn get(
    platform: &Platform<'_>,
    path: &str,
    headers: &[(&str, &str)],
    query: &[(&str, &str)],
) -> Answer {
    let target = format!("{path}?{}", encoded(query));
    platform.send(Method::GET, &target, headers, String::new())
}

/// Returns a query with one parameter changed. An empty value removes it.
fn with<'a>(
    query: &[(&'a str, &'a str)],
    name: &'a str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let mut query = query.to_vec();
    query.retain(|(other, _)| *other != name);
    if !value.is_empty() {
        query.push((name, value));
    }
    query
}

/// Returns status, `error` and `error_description` of the metadata service.
fn refused(answer: &Answer) -> (u16, String, String) {
    let status = answer.status.as_u16();
    (
        status,
        text(answer, "error"),
        text(answer, "error_description"),
    )
}

#[tokio::test]
async fn metadata_service_gives_tokens() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let asked = [("api-version", "2018-02-01"), ("resource", GRAPH)];
    let answer = get(&platform, IMDS, &METADATA, &asked);
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let json = answer.json();
    assert!(
        json.as_object().unwrap().values().all(Value::is_string),
        "{json}"
    );
    assert_eq!(
        (&json["expires_in"], &json["token_type"]),
        (&json!("3599"), &json!("Bearer"))
    );
    assert_eq!(
        (&json["resource"], &json["refresh_token"]),
        (&json!(GRAPH), &json!(""))
    );
    let number = |name: &str| text(&answer, name).parse::<i64>().unwrap();
    assert_eq!(number("expires_on") - number("not_before"), 3599);
    assert!(platform.is_app(&text(&answer, "access_token")));
    for resource in ["https://graph.microsoft.com/", simulator.login_url()] {
        let answer = get(
            &platform,
            IMDS,
            &METADATA,
            &with(&asked, "resource", resource),
        );
        assert!(
            platform.is_app(&text(&answer, "access_token")),
            "{resource}"
        );
    }

    let no_header = (
        400,
        "bad_request_102".into(),
        "Required metadata header not specified".into(),
    );
    for headers in [vec![], vec![("Metadata", "false")]] {
        assert_eq!(refused(&get(&platform, IMDS, &headers, &asked)), no_header);
    }
    for (name, value, error) in [
        ("api-version", "", "invalid_request"),
        ("api-version", "2017-09-01", "invalid_request"),
        ("api-version", "latest", "invalid_request"),
        ("resource", "", "invalid_request"),
        (
            "resource",
            "https://graph.microsoft.com/.default",
            "invalid_resource",
        ),
        ("resource", "https://vault.azure.net", "invalid_resource"),
    ] {
        let answer = get(&platform, IMDS, &METADATA, &with(&asked, name, value));
        let (status, found, _) = refused(&answer);
        assert_eq!((status, found.as_str()), (400, error), "{name}={value}");
    }
    let post = platform.send(Method::POST, IMDS, &METADATA, String::new());
    assert_eq!(refused(&post).0, 405);
}

#[tokio::test]
async fn assigned_identities_are_selected_by_id() {
    let simulator = start().await;
    simulator.managed_identity(CLIENT_ID, OBJECT_ID, RESOURCE_ID);
    let platform = Platform::new(&simulator);
    let asked = [("api-version", "2018-02-01"), ("resource", GRAPH)];
    for (name, value) in [
        ("client_id", CLIENT_ID),
        ("object_id", OBJECT_ID),
        ("msi_res_id", RESOURCE_ID),
        ("client_id", &CLIENT_ID.to_uppercase()),
    ] {
        let answer = get(&platform, IMDS, &METADATA, &with(&asked, name, value));
        assert_eq!(text(&answer, "client_id"), CLIENT_ID);
        let told = claims(&text(&answer, "access_token"));
        assert_eq!(
            (&told["appid"], &told["idtyp"]),
            (&json!(CLIENT_ID), &json!("app"))
        );
    }
    let own = get(&platform, IMDS, &METADATA, &asked);
    assert_ne!(text(&own, "client_id"), CLIENT_ID);
    let unknown = with(&asked, "client_id", OBJECT_ID);
    let unknown = refused(&get(&platform, IMDS, &METADATA, &unknown));
    assert_eq!(
        unknown,
        (400, "invalid_request".into(), "Identity not found".into())
    );
    let two = with(
        &with(&asked, "client_id", CLIENT_ID),
        "object_id",
        OBJECT_ID,
    );
    assert_eq!(refused(&get(&platform, IMDS, &METADATA, &two)).0, 400);
    let of_app_service = with(&asked, "mi_res_id", RESOURCE_ID);
    assert_eq!(
        refused(&get(&platform, IMDS, &METADATA, &of_app_service)).0,
        400
    );

    let header = simulator.identity_header();
    let headers = [("X-IDENTITY-HEADER", header.as_str())];
    let asked = with(&asked, "api-version", "2019-08-01");
    for (name, value) in [
        ("client_id", CLIENT_ID),
        ("object_id", OBJECT_ID),
        ("principal_id", OBJECT_ID),
        ("mi_res_id", RESOURCE_ID),
    ] {
        let answer = get(
            &platform,
            "/msi/token",
            &headers,
            &with(&asked, name, value),
        );
        assert_eq!(text(&answer, "client_id"), CLIENT_ID, "{name}");
    }
    let headers = [("secret", header.as_str())];
    let asked = with(&asked, "api-version", "2017-09-01");
    let answer = get(
        &platform,
        "/MSI/token",
        &headers,
        &with(&asked, "clientid", CLIENT_ID),
    );
    assert_eq!(text(&answer, "client_id"), CLIENT_ID);
}

/// Returns status, `statusCode` and `message` of App Service.
fn told(answer: &Answer) -> (u16, u64, String) {
    let json = answer.json();
    assert_eq!(text(answer, "correlationId").len(), 36);
    let code = json["statusCode"].as_u64().unwrap();
    (answer.status.as_u16(), code, text(answer, "message"))
}

#[tokio::test]
async fn app_service_and_machine_learning_give_tokens() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let header = simulator.identity_header();
    for (version, name) in [
        ("2019-08-01", "X-IDENTITY-HEADER"),
        ("2017-09-01", "secret"),
    ] {
        let asked = [("api-version", version), ("resource", GRAPH)];
        let answer = get(&platform, "/msi/token", &[(name, &header)], &asked);
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert!(answer.json().get("expires_in").is_none());
        assert!(text(&answer, "expires_on").parse::<i64>().is_ok());
        assert!(platform.is_app(&text(&answer, "access_token")));
        let missing = get(&platform, "/msi/token", &METADATA, &asked);
        let wrong = get(&platform, "/msi/token", &[(name, "x")], &asked);
        for answer in [missing, wrong] {
            let (status, code, _) = told(&answer);
            assert_eq!((status, code), (401, 401));
        }
        for (parameter, value) in [
            ("api-version", "2018-02-01"),
            ("resource", ""),
            ("resource", "https://graph.microsoft.com/.default"),
            ("client_id", OBJECT_ID),
        ] {
            let asked = with(&asked, parameter, value);
            let (status, code, _) = told(&get(&platform, "/msi/token", &[(name, &header)], &asked));
            assert_eq!((status, code), (400, 400), "{parameter}={value}");
        }
    }
    // A failed test prints the requests, but no secret.
    let printed = format!("{:?}", simulator.requests());
    assert!(printed.contains("x-identity-header") && !printed.contains(&header));
}

#[tokio::test]
async fn expiry_is_sent_in_every_form() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let header = simulator.identity_header();
    let headers = [("X-IDENTITY-HEADER", header.as_str())];
    let asked = [("api-version", "2019-08-01"), ("resource", GRAPH)];
    for (form, pattern) in [
        (ExpiresOn::Epoch, ""),
        (ExpiresOn::EpochText, "%s"),
        (ExpiresOn::UsDateTime, "%m/%d/%Y %H:%M:%S +00:00"),
        (ExpiresOn::DateTime, "%Y-%m-%d %H:%M:%S"),
        (ExpiresOn::Rfc3339, "%Y-%m-%dT%H:%M:%SZ"),
    ] {
        simulator.set_expires_on(form);
        let answer = get(&platform, "/msi/token", &headers, &asked);
        let begins: i64 = text(&answer, "not_before").parse().unwrap();
        let ends = &answer.json()["expires_on"];
        let found = match ends.as_str() {
            None => ends.as_i64(),
            Some(text) => {
                let time = chrono::NaiveDateTime::parse_from_str(text, pattern);
                time.ok().map(|time| time.and_utc().timestamp())
            }
        };
        assert_eq!(found, Some(begins + 3599), "{form:?}: {ends}");
        assert_eq!(ends.is_string(), form != ExpiresOn::Epoch);
    }
}

#[tokio::test]
async fn cloud_shell_gives_tokens() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let ask = |headers: &[(&str, &str)], form: &[(&str, &str)]| {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        platform.send(Method::POST, "/cloudshell/token", &all, encoded(form))
    };
    let good = ask(&METADATA, &[("resource", GRAPH)]);
    assert!(platform.is_app(&text(&good, "access_token")));
    assert_eq!(text(&good, "expires_in"), "3599");
    let code = |answer: Answer| {
        let code = answer.json()["error"]["code"].as_str().unwrap().to_owned();
        assert!(answer.json()["error"]["message"].is_string());
        (answer.status.as_u16(), code)
    };
    let refused = |error: &str| (400, error.to_owned());
    assert_eq!(
        code(ask(&[], &[("resource", GRAPH)])),
        refused("bad_request_102")
    );
    assert_eq!(code(ask(&METADATA, &[])), refused("invalid_request"));
    let scope = [("resource", "https://graph.microsoft.com/.default")];
    assert_eq!(code(ask(&METADATA, &scope)), refused("invalid_resource"));
    let chosen = [("resource", GRAPH), ("client_id", CLIENT_ID)];
    assert_eq!(code(ask(&METADATA, &chosen)), refused("invalid_request"));
    let page = get(
        &platform,
        "/cloudshell/token",
        &METADATA,
        &[("resource", GRAPH)],
    );
    assert_eq!(code(page).0, 405);
}

#[tokio::test]
async fn azure_arc_requires_its_challenge_key() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let asked = [("api-version", "2020-06-01"), ("resource", GRAPH)];
    let nowhere = get(&platform, ARC, &METADATA, &asked);
    let challenge = "Basic realm=/var/opt/azcmagent/tokens/simulator.key";
    assert_eq!(
        (nowhere.status.as_u16(), nowhere.header("www-authenticate")),
        (401, challenge)
    );
    let folder = std::env::temp_dir().join(format!("simulator-arc-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("one.key");
    std::fs::write(&file, "the key").unwrap();
    simulator.arc_key_file(&file);
    let ask = |authorization: &str| {
        let mut headers = METADATA.to_vec();
        headers.push(("authorization", authorization));
        get(&platform, ARC, &headers, &asked)
    };
    let challenge = format!("Basic realm={}", file.display());
    let bare = get(&platform, ARC, &METADATA, &asked);
    for answer in [bare, ask("Basic another key"), ask("Bearer the key")] {
        assert_eq!(
            (answer.status.as_u16(), answer.header("www-authenticate")),
            (401, challenge.as_str())
        );
        assert_eq!(text(&answer, "error"), "unauthorized_client");
    }
    let answer = ask("Basic the key");
    assert!(
        platform.is_app(&text(&answer, "access_token")),
        "{:?}",
        answer.body
    );
    let headers = [METADATA[0], ("authorization", "Basic the key")];
    let chosen = get(
        &platform,
        ARC,
        &headers,
        &with(&asked, "client_id", CLIENT_ID),
    );
    assert_eq!(refused(&chosen).0, 400);
    let old = get(
        &platform,
        ARC,
        &headers,
        &with(&asked, "api-version", "2018-02-01"),
    );
    assert_eq!(refused(&old).0, 400);
    let outside = get(&platform, ARC, &headers[1..], &asked);
    assert_eq!(refused(&outside).1, "bad_request_102");
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(ask("Basic the key").status, 401, "the file is gone");
}

#[tokio::test]
async fn each_endpoint_fails_in_its_own_form() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    let asked = [("resource", GRAPH)];
    let fail = |fault: Fault, path: &str| {
        simulator.fault(fault.at(path));
        let method = if path == "/cloudshell/token" {
            Method::POST
        } else {
            Method::GET
        };
        let target = format!("{path}?{}", encoded(&asked));
        platform.send(method, &target, &[], String::new())
    };
    for (status, error) in [
        (404, "not_found"),
        (410, "gone"),
        (401, "unknown_source"),
        (500, "unknown"),
    ] {
        let fault = || Fault::status(status.try_into().unwrap());
        for path in [IMDS, ARC] {
            let (found, code, description) = refused(&fail(fault(), path));
            assert_eq!((found, code.as_str()), (status, error), "{path}");
            assert!(!description.is_empty());
        }
        let answer = fail(fault(), "/msi/token");
        assert_eq!(answer.json()["statusCode"], status);
        let answer = fail(fault(), "/cloudshell/token");
        assert_eq!(answer.json()["error"]["code"], error);
    }
    let challenged = refused(&fail(Fault::unauthorized(None), IMDS));
    assert_eq!(
        (challenged.0, challenged.1.as_str()),
        (401, "unknown_source")
    );
    let throttled = fail(Fault::throttled(RetryAfter::Seconds(3)), IMDS);
    assert_eq!(
        (throttled.status.as_u16(), throttled.header("retry-after")),
        (429, "3")
    );
    assert_eq!(text(&throttled, "error"), "too_many_requests");

    let unavailable = || Fault::status(http::StatusCode::SERVICE_UNAVAILABLE);
    let answer = fail(unavailable(), "/contoso.com/oauth2/v2.0/devicecode");
    assert_eq!(
        (answer.status.as_u16(), text(&answer, "error").as_str()),
        (503, "server_error")
    );
    for page in [
        "oauth2/v2.0/authorize",
        "oauth2/v2.0/logout",
        "v2.0/adminconsent",
    ] {
        let answer = fail(unavailable(), &format!("/contoso.com/{page}"));
        assert_eq!(answer.status, 503);
        let html = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(
            html.starts_with("<!DOCTYPE html>") && html.contains("AADSTS90033: "),
            "{html}"
        );
    }
}

#[tokio::test]
async fn machine_tokens_expire() {
    let simulator = start().await;
    let platform = Platform::new(&simulator);
    simulator.set_token_lifetime(Duration::from_secs(60));
    let asked = [("api-version", "2018-02-01"), ("resource", GRAPH)];
    let answer = get(&platform, IMDS, &METADATA, &asked);
    assert_eq!(text(&answer, "expires_in"), "60");
    simulator.advance(Duration::from_secs(60));
    let refused = platform.me(&text(&answer, "access_token")).unwrap_err();
    assert_eq!(
        refused.1,
        "Lifetime validation failed, the token is expired."
    );
}
