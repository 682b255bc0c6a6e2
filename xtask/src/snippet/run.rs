//! Puts snippets into one program, compiles it, runs it against a recorder, and compares the result
//! with the requests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Snippet;
use super::compare::{self, Sent};
use super::request::Request;

/// The result of one snippet.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The compiler's error.
    pub not_compiled: Option<String>,
    /// The difference between the sent and the requested request.
    pub sent_wrong: Option<String>,
    /// The difference between the read values and the response, if there is one.
    pub answer_lost: Option<String>,
}

/// The program's output for one snippet.
#[derive(Debug, Deserialize)]
struct Report {
    number: usize,
    requests: Vec<Sent>,
    read: Option<Value>,
    error: Option<String>,
}

/// The number of snippets in each module. A module with a thousand functions would take the
/// compiler minutes.
const IN_MODULE: usize = 40;

/// Compiles and runs the snippets with these numbers.
///
/// # Errors
///
/// Fails if the program cannot be built, or stops for a reason other than a snippet.
pub fn run(
    root: &Path,
    requests: &[Request],
    snippets: &BTreeMap<usize, Snippet>,
) -> Result<BTreeMap<usize, Outcome>> {
    let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
    let mut left: BTreeSet<usize> = snippets.keys().copied().collect();
    let program = Program::new(root)?;
    loop {
        let wrong = program.compile(snippets, &left)?;
        if wrong.is_empty() {
            break;
        }
        for (number, message) in wrong {
            left.remove(&number);
            outcomes.entry(number).or_default().not_compiled = Some(message);
        }
    }
    for report in program.run(requests, &left)? {
        let (Some(request), Some(snippet)) =
            (requests.get(report.number), snippets.get(&report.number))
        else {
            bail!(
                "the program reports snippet {}, which does not exist",
                report.number
            );
        };
        outcomes.insert(report.number, judged(request, snippet, &report));
    }
    for number in left {
        ensure!(
            outcomes.contains_key(&number),
            "the program does not report snippet {number}"
        );
    }
    Ok(outcomes)
}

fn judged(request: &Request, snippet: &Snippet, report: &Report) -> Outcome {
    let sent_wrong = match report.requests.as_slice() {
        [] => Some(match &report.error {
            Some(error) => format!("nothing was sent: {error}"),
            None => "nothing was sent".into(),
        }),
        [sent, ..] => compare::request(request, &snippet.filled, sent),
    };
    let answer_lost =
        request
            .answer
            .as_ref()
            .and_then(|answer| match (&report.error, &report.read) {
                (Some(error), _) => Some(error.clone()),
                (None, read) => {
                    let read = read.as_ref().unwrap_or(&Value::Null);
                    compare::answer(answer, &snippet.answer, read)
                }
            });
    Outcome {
        not_compiled: None,
        sent_wrong,
        answer_lost,
    }
}

/// The program, in a folder below `target/`.
struct Program {
    root: PathBuf,
    folder: PathBuf,
}

impl Program {
    fn new(root: &Path) -> Result<Self> {
        let folder = root.join("target/snippets");
        fs::create_dir_all(folder.join("src"))
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let program = Self {
            root: root.to_owned(),
            folder,
        };
        program.put("Cargo.toml", MANIFEST)?;
        program.put("src/main.rs", MAIN)?;
        // The program uses the same versions as the crate, so that Cargo downloads nothing and has
        // built most of it already.
        let lock = root.join("Cargo.lock");
        fs::copy(&lock, program.folder.join("Cargo.lock"))
            .with_context(|| format!("cannot read {}", lock.display()))?;
        Ok(program)
    }

    fn put(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Builds the program and returns the compiler's errors for snippets.
    fn compile(
        &self,
        snippets: &BTreeMap<usize, Snippet>,
        numbers: &BTreeSet<usize>,
    ) -> Result<BTreeMap<usize, String>> {
        let (text, lines) = source(snippets, numbers);
        self.put("src/snippets.rs", &text)?;
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--message-format=json", "--quiet"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo")?;
        if output.status.success() {
            return Ok(BTreeMap::new());
        }
        let mut wrong = BTreeMap::new();
        let mut other = Vec::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let Ok(message) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            let message = &message["message"];
            if message["level"] != "error" {
                continue;
            }
            let rendered = message["rendered"].as_str().unwrap_or_default().to_owned();
            let spans = message["spans"].as_array().into_iter().flatten();
            let of = spans
                .filter(|span| {
                    span["file_name"]
                        .as_str()
                        .is_some_and(|f| f.ends_with("snippets.rs"))
                })
                .filter_map(|span| usize::try_from(span["line_start"].as_u64()?).ok())
                .find_map(|line| {
                    lines
                        .range(..=line)
                        .next_back()
                        .and_then(|(_, number)| *number)
                });
            match of {
                Some(number) => {
                    wrong.entry(number).or_insert(rendered);
                }
                None => other.push(rendered),
            }
        }
        ensure!(
            !wrong.is_empty(),
            "the program does not compile:\n{}",
            other.join("\n")
        );
        Ok(wrong)
    }

    fn run(&self, requests: &[Request], numbers: &BTreeSet<usize>) -> Result<Vec<Report>> {
        let answers: BTreeMap<usize, Value> = numbers
            .iter()
            .filter_map(|number| Some((*number, told(requests.get(*number)?))))
            .collect();
        self.put("answers.json", &serde_json::to_string(&answers)?)?;
        let output = Command::new(self.root.join("target/debug/snippets"))
            .arg(self.folder.join("answers.json"))
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run the program")?;
        ensure!(
            output.status.success(),
            "the program failed: {}",
            output.status
        );
        String::from_utf8(output.stdout)
            .context("the program's output is not UTF-8")?
            .lines()
            .map(|line| {
                serde_json::from_str(line)
                    .with_context(|| format!("the program printed an unexpected line: {line}"))
            })
            .collect()
    }
}

/// Returns the recorder's response.
fn told(request: &Request) -> Value {
    let status = match (request.status, &request.answer) {
        (Some(status), _) => status,
        (None, Some(_)) => 200,
        (None, None) => 204,
    };
    json!({ "status": status, "answer": request.answer })
}

/// Returns the functions, and the line at which each snippet begins.
fn source(
    snippets: &BTreeMap<usize, Snippet>,
    numbers: &BTreeSet<usize>,
) -> (String, BTreeMap<usize, Option<usize>>) {
    let mut text = String::new();
    let mut lines = BTreeMap::new();
    let mut calls = String::new();
    let chosen: Vec<_> = snippets
        .iter()
        .filter(|(number, _)| numbers.contains(number))
        .collect();
    for (module, snippets) in chosen.chunks(IN_MODULE).enumerate() {
        let _ = writeln!(text, "mod part_{module} {{\n    use crate::*;\n");
        for (number, snippet) in snippets {
            lines.insert(text.lines().count() + 1, Some(**number));
            let (statement, shown) = match snippet.rust.strip_prefix("let ") {
                Some(rest) => {
                    let name = rest.split(' ').next().unwrap_or_default();
                    (snippet.rust.as_str(), format!("shown({name})"))
                }
                None => (snippet.rust.as_str(), "Ok(None)".to_owned()),
            };
            let shown = match snippet.answer.as_str() {
                "Content" => shown.replace("shown(", "shown_content("),
                _ => shown,
            };
            let _ = writeln!(
                text,
                "pub async fn snippet_{number}(graph: &Graph) -> Outcome \
                 {{\n{}{statement}{shown}\n}}\n",
                snippet.uses
            );
            let _ = writeln!(
                calls,
                "    report({number}, told, |graph| \
                 Box::pin(part_{module}::snippet_{number}(graph))).await;"
            );
        }
        text.push_str("}\n\n");
    }
    // Errors from this line on do not belong to a snippet.
    lines.insert(text.lines().count() + 1, None);
    let _ = writeln!(
        text,
        "use crate::{{Told, report}};\n\npub async fn all(told: &mut Told) {{\n{calls}}}"
    );
    (text, lines)
}

const MANIFEST: &str = r#"[package]
name = "snippets"
version = "0.0.0"
edition = "2024"
publish = false

[workspace]

[profile.dev]
debug = "line-tables-only"

[dependencies]
bytes = "1"
msgraph = { path = "../.." }
msgraph-test-support = { path = "../../tests/support" }
serde = "1"
serde_json = "1"
tokio = { version = "1", features = ["full"] }
"#;

const MAIN: &str = r##"//! Written by `cargo xtask snippet --run`.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;
use msgraph::call::Content;
use serde_json::{Value, json};

#[allow(deprecated, unused_imports, unused_variables)]
mod snippets;

type Outcome = Result<Option<Value>, Box<dyn std::error::Error>>;
type Running<'g> = Pin<Box<dyn Future<Output = Outcome> + 'g>>;

/// The recorder, and its response for each snippet.
pub struct Told {
    recorder: Recorder,
    answers: HashMap<String, Value>,
    next: Arc<Mutex<Answer>>,
    graph: Graph,
}

#[allow(dead_code)]
fn shown(answer: impl serde::Serialize) -> Outcome {
    Ok(Some(serde_json::to_value(answer)?))
}

#[allow(dead_code)]
fn shown_content(content: Content) -> Outcome {
    Ok(Some(serde_json::from_slice(content.as_ref()).unwrap_or_default()))
}

async fn report(
    number: usize,
    told: &mut Told,
    run: impl for<'g> FnOnce(&'g Graph) -> Running<'g>,
) {
    let answer = &told.answers[&number.to_string()];
    let status = answer["status"].as_u64();
    let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
    *told.next.lock().unwrap() = match &answer["answer"] {
        Value::Null => Answer::status(status),
        value => Answer::json(value).with_status(status),
    };
    let outcome = run(&told.graph).await;
    let (read, error) = match outcome {
        Ok(read) => (read, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let requests: Vec<_> = told
        .recorder
        .requests()
        .into_iter()
        .map(|of| json!({
            "method": of.method, "target": of.target, "headers": of.headers, "body": of.body,
        }))
        .collect();
    told.recorder.clear();
    println!("{}", json!({ "number": number, "requests": requests, "read": read, "error": error }));
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("missing argument: the file of responses")?;
    let answers = serde_json::from_slice(&std::fs::read(path)?)?;
    let next = Arc::new(Mutex::new(Answer::status(200)));
    let answer = Arc::clone(&next);
    let recorder = Recorder::new(move |_| answer.lock().unwrap().clone()).await;
    let graph = Graph::builder(AccessTokenCredential::new("token"));
    let graph = graph.base_url(recorder.url()).build()?;
    let mut told = Told { recorder, answers, next, graph };
    snippets::all(&mut told).await;
    Ok(())
}
"##;
