//! Azure tools, simulated by scripts: the arguments that they receive, and the output that they may
//! print.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Method;
use msgraph::auth::{AzureCliCredential, AzureDeveloperCliCredential, TokenCache, TokenProvider};
use msgraph::error::SignInError;
use msgraph::{Cloud, CustomCloud, Error, Graph, RetryPolicy};

use crate::support::recorder::{Answer, Recorder};

const HUSH: &str = "hush-hush";

/// A folder with a tool that records its arguments, one per line, and then runs a script.
struct Tool {
    folder: tempfile::TempDir,
}

impl Tool {
    fn new(does: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tool = Self { folder };
        let told = tool.told_file();
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{}'\n{does}\n",
            told.display()
        );
        // The script is written by a separate process. While a file is open for writing here, it
        // cannot be run, and other tests start processes that inherit the open file.
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "printf '%s' \"$1\" > \"$2\"", "sh"]);
        let written = shell.arg(script).arg(tool.program()).status();
        assert!(written.expect("a shell").success());
        let executable = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(tool.program(), executable).expect("a file of one's own");
        tool
    }

    fn printing(text: &str) -> Self {
        Self::new(&format!("cat <<'EOF'\n{text}\nEOF"))
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("tool")
    }

    fn told_file(&self) -> PathBuf {
        self.folder.path().join("told")
    }

    fn told(&self) -> Vec<String> {
        let told = std::fs::read_to_string(self.told_file()).unwrap_or_default();
        told.lines().map(str::to_owned).collect()
    }

    fn az(&self) -> AzureCliCredential {
        AzureCliCredential::new().program(self.program())
    }

    fn azd(&self) -> AzureDeveloperCliCredential {
        AzureDeveloperCliCredential::new().program(self.program())
    }
}

fn client(provider: impl TokenProvider, graph: &str) -> Graph {
    let cloud =
        CustomCloud::new(graph, "http://127.0.0.1:1").scope("https://graph.microsoft.com/.default");
    Graph::builder(provider)
        .cloud(cloud)
        .retry(RetryPolicy::none())
        .build()
        .expect("a client can be built")
}

async fn sign_in(provider: impl TokenProvider) -> msgraph::Result<()> {
    client(provider, "http://127.0.0.1:1").sign_in().await
}

async fn refused(provider: impl TokenProvider) -> SignInError {
    match sign_in(provider).await {
        Err(Error::SignIn(error)) => *error,
        other => panic!("a sign-in error was expected: {other:?}"),
    }
}

fn token(end: u64) -> String {
    format!(
        r#"{{
  "accessToken": "{HUSH}",
  "expiresOn": "2099-12-31 23:59:59.000000",
  "expires_on": {end},
  "subscription": "s",
  "tenant": "t",
  "tokenType": "Bearer"
}}"#
    )
}

/// 2100-01-01, in seconds.
const FAR: u64 = 4_102_444_800;

#[tokio::test]
async fn clients_with_one_cache_share_tool_tokens() {
    let tool = Tool::printing(&token(FAR));
    let other = Tool::printing(&token(FAR));
    let cache = TokenCache::default();
    let sign_in = async |az: AzureCliCredential| {
        let client = Graph::builder(az).token_cache(cache.clone()).build();
        client.unwrap().sign_in().await.unwrap();
    };
    for _ in 0..2 {
        sign_in(tool.az()).await;
        sign_in(tool.az().timeout(Duration::from_secs(60))).await;
        sign_in(tool.az().tenant("contoso.com")).await;
        sign_in(tool.az().subscription("One")).await;
        sign_in(tool.az().subscription("one")).await;
        sign_in(other.az()).await;
    }
    let runs = |tool: &Tool| tool.told().iter().filter(|told| *told == "account").count();
    assert_eq!((runs(&tool), runs(&other)), (4, 1));

    let key = |provider: &dyn TokenProvider| provider.cache_key(&Cloud::Global).unwrap();
    let (az, azd) = (
        AzureCliCredential::new(),
        AzureDeveloperCliCredential::new(),
    );
    assert_eq!(key(&azd), key(&AzureDeveloperCliCredential::new()));
    assert_ne!(key(&azd), key(&az));
    assert_ne!(key(&azd), key(&azd.clone().tenant("contoso.com")));
}

#[tokio::test]
async fn azure_cli_is_run_for_graphs_scope() {
    let tool = Tool::printing(&token(FAR));
    let graph = Recorder::always(Answer::json("{}")).await;
    let client = client(tool.az(), graph.url());
    for _ in 0..2 {
        client.request(Method::GET, "/me").await.unwrap();
    }
    let asked = [
        "account",
        "get-access-token",
        "--output",
        "json",
        "--resource",
        "https://graph.microsoft.com",
    ];
    assert_eq!(tool.told(), asked);
    for request in graph.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer hush-hush"));
    }

    // Of `--tenant` and `--subscription`, only the last one set is passed.
    let tenant = ["--tenant", "contoso.com"];
    let subscription = ["--subscription", "Visual Studio_1"];
    for (az, more) in [
        (AzureCliCredential::new().tenant("contoso.com"), tenant),
        (
            AzureCliCredential::new()
                .tenant("contoso.com")
                .subscription("Visual Studio_1"),
            subscription,
        ),
        (
            AzureCliCredential::new()
                .subscription("Visual Studio_1")
                .tenant("contoso.com"),
            tenant,
        ),
    ] {
        let tool = Tool::printing(&token(FAR));
        sign_in(az.program(tool.program())).await.unwrap();
        assert_eq!(tool.told(), [&asked[..], &more].concat());
    }
}

#[tokio::test]
async fn expiry_in_seconds_wins_over_local_time() {
    let graph = Recorder::always(Answer::json("{}")).await;
    // An expired token is requested with each call.
    for (printed, runs) in [
        (token(1), 2),
        (token(FAR), 1),
        // Tools older than 2.54 print only a local time. It cannot be interpreted, because it has
        // no time zone.
        (
            r#"{"accessToken":"t","expiresOn":"2001-01-01 00:00:00.000000"}"#.to_owned(),
            1,
        ),
    ] {
        let tool = Tool::printing(&printed);
        let client = client(tool.az(), graph.url());
        for _ in 0..2 {
            client.request(Method::GET, "/me").await.unwrap();
        }
        let count = tool.told().iter().filter(|word| *word == "account").count();
        assert_eq!(count, runs, "{printed}");
    }
}

#[tokio::test]
async fn azure_developer_cli_is_run_for_graphs_scope() {
    let tool = Tool::printing(&format!(
        r#"{{"token":"{HUSH}","expiresOn":"2100-01-01T00:00:00Z"}}"#
    ));
    let asked = [
        "auth",
        "token",
        "--output",
        "json",
        "--no-prompt",
        "--scope",
        "https://graph.microsoft.com/.default",
    ];
    let client = client(tool.azd(), "http://127.0.0.1:1");
    for _ in 0..2 {
        client.sign_in().await.unwrap();
    }
    assert_eq!(tool.told(), asked);
    let tool = Tool::printing(r#"{"token":"t","expiresOn":"2001-01-01T00:00:00Z"}"#);
    sign_in(tool.azd().tenant("t")).await.unwrap();
    assert_eq!(tool.told(), [&asked[..], &["--tenant-id", "t"]].concat());
}

#[tokio::test]
async fn missing_tool_is_unavailable() {
    let nowhere = Path::new("/nowhere/az");
    let error = refused(AzureCliCredential::new().program(nowhere)).await;
    assert!(error.is_unavailable());
    let named =
        "sign-in failed: the Azure CLI is not installed, or `/nowhere/az` is not in `PATH`: ";
    assert!(error.to_string().starts_with(named), "{error}");
    let error = refused(AzureDeveloperCliCredential::new().program(nowhere)).await;
    assert!(error.is_unavailable());
    assert!(
        error
            .to_string()
            .contains("the Azure Developer CLI is not installed"),
        "{error}"
    );
    // A wrapper script does not find the tool.
    let error = refused(Tool::new("exit 127").az()).await;
    assert!(error.is_unavailable(), "{error}");
}

#[tokio::test]
async fn signed_out_tool_is_unavailable_and_names_command() {
    let tool = Tool::new(
        "echo hush-hush; echo 'WARNING: something' >&2; echo \"ERROR: Please run 'az login' to \
         setup account.\" >&2; exit 1",
    );
    let error = refused(tool.az()).await;
    assert!(error.is_unavailable());
    assert_eq!(
        error.to_string(),
        "sign-in failed: no user is signed in with the Azure CLI, run `az login`: ERROR: Please \
         run 'az login' to setup account."
    );
    let said = r#"{"type":"consoleMessage",
        "data":{"message":"\nERROR: not logged in, run `azd auth login` to login\n"}}"#;
    let tool = Tool::new(&format!("printf '%s' '{said}' >&2; exit 1"));
    let error = refused(tool.azd()).await;
    assert!(error.is_unavailable());
    assert_eq!(
        error.to_string(),
        "sign-in failed: no user is signed in with the Azure Developer CLI, run `azd auth login`: \
         ERROR: not logged in, run `azd auth login` to login"
    );
}

#[tokio::test]
async fn other_tool_failures_end_the_chain() {
    for (does, says) in [
        (
            "echo hush-hush; printf 'ERROR: AADSTS50020: User is not of this tenant.\\nTrace ID: \
             t\\n' >&2; exit 1",
            "the Azure CLI (`az`) failed: ERROR: AADSTS50020: User is not of this tenant.",
        ),
        (
            "echo hush-hush; exit 2",
            "the Azure CLI (`az`) failed: it printed no reason",
        ),
        (
            "echo hush-hush",
            "cannot read a token in the output of the Azure CLI (`az`)",
        ),
        (
            "echo '{\"accessToken\":[\"hush-hush\"]}'",
            "cannot read a token in the output of the Azure CLI (`az`)",
        ),
        (
            "printf '{\"accessToken\":\"hush-hush\"'",
            "cannot read a token in the output of the Azure CLI (`az`)",
        ),
        (
            "printf '{\"accessToken\":\"\"}'",
            "the token provider returned an empty token",
        ),
    ] {
        let error = refused(Tool::new(does).az()).await;
        assert_eq!(error.to_string(), format!("sign-in failed: {says}"));
        assert!(!error.is_unavailable());
        assert!(!format!("{error:?}").contains(HUSH), "{error:?}");
    }
    let long = format!("echo 'ERROR: {}' >&2; exit 1", "x".repeat(5000));
    let error = refused(Tool::new(&long).az()).await.to_string();
    assert!(error.len() < 400, "{error}");
}

#[tokio::test]
async fn slow_tool_is_ended() {
    let tool = Tool::new("exec sleep 60");
    let error = refused(tool.az().timeout(Duration::from_millis(30))).await;
    assert_eq!(
        error.to_string(),
        "sign-in failed: the Azure CLI (`az`) timed out after 0.03 s"
    );
    assert!(!error.is_unavailable());
}

#[tokio::test]
async fn shell_characters_in_arguments_are_refused_unrun() {
    let tool = Tool::printing(&token(FAR));
    for value in [
        "", "-h", "a&b", "a b", "\"", "%PATH%", "a\nb", "é", "a|b", "a^b", "a;b", "$x", "(a)",
    ] {
        let says = format!(
            "sign-in failed: `{}` is not a valid value for ",
            value.escape_debug()
        );
        for error in [
            refused(tool.az().tenant(value)).await,
            refused(tool.azd().tenant(value)).await,
        ] {
            assert!(error.to_string().starts_with(&says), "{error}");
        }
        if value != "a b" {
            let error = refused(tool.az().subscription(value)).await;
            assert!(error.to_string().starts_with(&says), "{error}");
        }
    }
    let cloud = CustomCloud::new("http://127.0.0.1:1", "http://127.0.0.1:1").scope("a&b/.default");
    let client = Graph::builder(tool.az()).cloud(cloud).build().unwrap();
    let error = client.sign_in().await.unwrap_err().to_string();
    assert_eq!(
        error,
        "sign-in failed: `a&b` is not a valid value for `--resource`"
    );
    assert_eq!(tool.told(), [] as [&str; 0]);
}

#[tokio::test]
async fn claims_challenge_of_tool_needs_the_user() {
    // The claims are {"access_token":{"nbf":{"essential":true}}}
    const CLAIMS: &str = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZX19fQ==";
    let challenge = format!("Bearer error=\"insufficient_claims\", claims=\"{CLAIMS}\"");
    let graph = Recorder::always(Answer::status(401).header("WWW-Authenticate", &challenge)).await;
    let tool = Tool::printing(&token(FAR));
    let az = tool.az().tenant("contoso.com");
    let error = client(az, graph.url()).request(Method::GET, "/me").await;
    assert_eq!(
        error.unwrap_err().to_string(),
        format!(
            "sign-in failed: Graph sent a claims challenge that only the user can meet: run `az \
             login --tenant contoso.com --scope https://graph.microsoft.com/.default \
             --claims-challenge {CLAIMS}` (Azure CLI 2.76 or later)"
        )
    );
    let tool = Tool::printing(r#"{"token":"t","expiresOn":"2100-01-01T00:00:00Z"}"#);
    let error = client(tool.azd(), graph.url())
        .request(Method::GET, "/me")
        .await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "sign-in failed: Graph sent a claims challenge that only the user can meet: run `azd auth \
         login`"
    );
}
