//! Downloads from the simulator, and what arrives after faults on the way.

mod file;
mod parts;
mod stream;

use std::path::{Path, PathBuf};
use std::time::Duration;

use msgraph::download::{ContentStream, ToFile, ToStream};
use msgraph::error::TransferErrorKind;
use msgraph::models::DriveItem;
use msgraph::{Error, Graph};
use msgraph_simulator::{Host, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Creates a file at the root of the drive, and returns its item.
async fn file(graph: &Graph, name: &str, content: Vec<u8>) -> DriveItem {
    let item = graph.me().drive().root().path(name);
    item.content().replace(content).await.unwrap();
    item.get().await.unwrap()
}

fn stream(graph: &Graph, name: &str) -> ToStream {
    let content = graph.me().drive().root().path(name).content().get();
    content.stream().first_wait(Duration::ZERO)
}

fn to_file(graph: &Graph, name: &str, path: &Path) -> ToFile {
    let content = graph.me().drive().root().path(name).content().get();
    content.to_file(path).first_wait(Duration::ZERO)
}

async fn read(mut content: ContentStream) -> msgraph::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(piece) = content.try_next().await? {
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Returns the hosts and ranges of the requests.
fn asked(simulator: &Simulator) -> Vec<(Host, Option<String>)> {
    let requests = simulator.requests().into_iter();
    requests
        .map(|request| (request.host, request.header("range").map(str::to_owned)))
        .collect()
}

#[track_caller]
fn kind<T: std::fmt::Debug>(result: msgraph::Result<T>) -> TransferErrorKind {
    match result {
        Err(Error::Transfer(error)) => error.kind(),
        other => panic!("a transfer error was expected: {other:?}"),
    }
}

/// A folder that is removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("msgraph-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Starts a server that sends these bytes to each connection, and closes it.
async fn raw(response: &'static str) -> Graph {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(response.as_bytes()).await;
        }
    });
    let graph = Graph::builder(msgraph::auth::AccessTokenCredential::new("token"));
    graph.base_url(url).build().unwrap()
}
