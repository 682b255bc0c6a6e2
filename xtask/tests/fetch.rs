//! Tests of `fetch` against a server on this machine that behaves like GitHub.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::tempdir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use xtask::document::digest;
use xtask::fetch::{Fetched, Hosts, Version, Wanted, fetch};
use xtask::part::Part;
use xtask::pin::Pin;

const NEW: &str = "0123456789abcdef0123456789abcdef01234567";
const OLD: &str = "89abcdef0123456789abcdef0123456789abcdef";

const OPENAPI: &str = "openapi/v1.0/openapi.yaml";
const CSDL: &str =
    "clean_v10_metadata/cleanMetadataWithDescriptionsAndAnnotationsAndErrorsv1.0.xml";

/// Returns a description in YAML, in the repository's form.
fn description() -> String {
    let small = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/small.json"
    ));
    format!("--- {}", small.expect("the document"))
}

/// The files of a server, by target: status and body.
type Files = BTreeMap<String, (u16, Vec<u8>)>;

async fn serve(files: Files) -> Hosts {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut head = String::new();
            while stream.read_line(&mut head).await.is_ok_and(|read| read > 2) {}
            let target = head.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match files.get(target) {
                Some((status, body)) => (*status, body.as_slice()),
                None => (404, &b"404: Not Found"[..]),
            };
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                // A body whose declared length is greater than its real length breaks off.
                body.len() + usize::from(status == 206),
            );
            let _ = stream.write_all(head.as_bytes()).await;
            let _ = stream.write_all(body).await;
        }
    });
    Hosts {
        api: url.clone(),
        files: url,
    }
}

fn file(commit: &str, path: &str) -> String {
    format!("/microsoftgraph/msgraph-metadata/{commit}/{path}")
}

fn commits(path: &str) -> String {
    format!("/repos/microsoftgraph/msgraph-metadata/commits?path={path}&per_page=1")
}

fn commit(sha: &str, date: &str) -> (u16, Vec<u8>) {
    let listed = json!([{ "sha": sha, "commit": { "committer": { "date": date } } }]);
    (200, listed.to_string().into())
}

/// Starts a server with OpenAPI and CSDL files of these times.
async fn server(openapi: &str, csdl: &str) -> Hosts {
    serve(Files::from([
        (commits(OPENAPI), commit(NEW, openapi)),
        (commits(CSDL), commit(OLD, csdl)),
        (file(NEW, OPENAPI), (200, description().into())),
    ]))
    .await
}

fn of(commit: &str) -> Wanted {
    Wanted {
        commit: Some(commit.to_owned()),
        ..Wanted::default()
    }
}

/// Returns the pin of a folder that is trimmed from this description, with this source.
fn pin(folder: &Path, source: &str, text: &str) -> Pin {
    let document = xtask::document::Document::parse("openapi.yaml".into(), text.as_bytes());
    let made = xtask::folder::make(
        document.expect("a document"),
        Some(source),
        &Part::default(),
        Vec::new(),
        false,
    );
    xtask::folder::replace(&made.expect("trimmed").files, folder).expect("written");
    Pin::read(folder).expect("a pin")
}

#[tokio::test]
async fn newest_description_is_fetched_and_trimmed() {
    let folder = tempdir().expect("a folder");
    let out = folder.path().join("graph.yaml");
    let hosts = server("2026-08-21T00:16:52Z", "2026-08-21T00:16:52Z").await;
    let fetched = fetch(&hosts, &Wanted::default(), None, &out)
        .await
        .expect("brought");
    let source = format!("microsoftgraph/msgraph-metadata, {OPENAPI}, commit {NEW}");
    assert_eq!(
        fetched,
        Fetched {
            source: source.clone(),
            sha256: digest(description().as_bytes()),
            bytes: description().len(),
            is_pinned: false,
            notes: Vec::new(),
        }
    );
    assert_eq!(fs::read_to_string(&out).expect("the file"), description());

    let pin = pin(&folder.path().join("openapi"), &source, &description());
    let again = fetch(&hosts, &of(NEW), Some(&pin), &out)
        .await
        .expect("brought");
    assert!(again.is_pinned);
}

#[tokio::test]
async fn newer_csdl_prints_the_conversion_command() {
    let folder = tempdir().expect("a folder");
    let hosts = server("2026-08-21T00:16:52Z", "2026-08-21T03:00:00+02:00").await;
    let out = folder.path().join("graph.yaml");
    let fetched = fetch(&hosts, &Wanted::default(), None, &out)
        .await
        .expect("brought");
    let [note] = fetched.notes.as_slice() else {
        panic!("{:?}", fetched.notes);
    };
    for part in [
        "the CSDL is newer",
        OLD,
        &format!("hidi transform --csdl {CSDL} --settings-path conversion-settings/openapi.json"),
        "cargo xtask trim openapi-v1.0.json --source",
    ] {
        assert!(note.contains(part), "{note}");
    }
}

#[tokio::test]
async fn invalid_download_is_refused_and_not_written() {
    let folder = tempdir().expect("a folder");
    let out = folder.path().join("graph.yaml");
    let source = format!("microsoftgraph/msgraph-metadata, {OPENAPI}, commit {NEW}");
    let other = description().replace("Invented", "Other");
    let pinned = pin(&folder.path().join("openapi"), &source, &other);
    let hosts = serve(Files::from([
        (file(NEW, OPENAPI), (200, description().into())),
        (file(OLD, OPENAPI), (200, b"<html>Sign in</html>".into())),
        (commits("openapi/beta/openapi.yaml"), (200, b"[]".into())),
        (
            commits(OPENAPI),
            (403, b"{\"message\":\"rate limit exceeded\"}".into()),
        ),
        (file(&"a".repeat(40), OPENAPI), (206, description().into())),
    ]))
    .await;
    let nowhere = Hosts {
        files: "http://127.0.0.1:1".into(),
        ..hosts.clone()
    };
    let digest = Wanted {
        sha256: Some("00".repeat(32)),
        ..of(NEW)
    };
    let beta = Wanted {
        version: Version::Beta,
        ..Wanted::default()
    };
    for (hosts, wanted, wrong) in [
        (&hosts, digest, "--sha256 is"),
        (&hosts, of(NEW), "but the pin has"),
        (&hosts, of(OLD), "is not a description: "),
        (
            &hosts,
            of(&"b".repeat(40)),
            "the file or the commit does not exist",
        ),
        (&hosts, of("f54f11b6"), "is not a full commit name"),
        (&hosts, of(&"a".repeat(40)), "was truncated"),
        (&hosts, beta, "has no commit of openapi/beta/openapi.yaml"),
        (&hosts, Wanted::default(), "GITHUB_TOKEN"),
        (&nowhere, of(NEW), "cannot reach"),
    ] {
        let failed = fetch(hosts, &wanted, Some(&pinned), &out)
            .await
            .expect_err(wrong);
        let failed = format!("{failed:#}");
        assert!(failed.contains(wrong), "{failed}");
        assert!(!out.exists(), "{failed}");
    }
    assert!(Version::new("v2.0").is_err());
}

/// Checks that YAML and JSON of one description are trimmed alike.
#[test]
fn yaml_is_trimmed_as_json_is() {
    let folder = tempdir().expect("a folder");
    let json = description();
    let json = json.strip_prefix("--- ").expect("JSON");
    pin(&folder.path().join("yaml"), "one", &description());
    pin(&folder.path().join("json"), "one", json);
    for name in ["schemas.json", "grafts.json"] {
        let read = |kind: &str| fs::read_to_string(folder.path().join(kind).join(name));
        assert_eq!(
            read("yaml").expect("read"),
            read("json").expect("read"),
            "{name}"
        );
    }
}
