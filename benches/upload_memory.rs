//! Memory during the upload of a large file: one slice, independent of the file's size.
//!
//! A reader generates the file, and a server in this process discards it, so that the measured
//! memory is that of the upload. Only Linux reports the peak (`VmHWM`).

use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;
use msgraph::models::UploadSession;
use msgraph::upload::Source;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const FILE: u64 = 1024 * 1024 * 1024;
const SLICE: u64 = 10 * 1024 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(swallow(stream));
        }
    });
    let graph = Graph::builder(AccessTokenCredential::new("token"))
        .base_url(&*url)
        .build()?;
    let session = graph.upload_session(UploadSession {
        upload_url: Some(url),
        ..Default::default()
    });
    // Connections, TLS and tables are set up before the measurement.
    let some = || Source::reader(tokio::io::repeat(7).take(1), 1);
    session.upload(some()).await?;
    let before = peak()?;
    let file = Source::reader(tokio::io::repeat(7).take(FILE), FILE);
    session.upload(file).slice_size(SLICE).await?;
    let growth = peak()? - before;
    println!(
        "upload_bytes {FILE} upload_slice_bytes {SLICE} upload_peak_growth_bytes {growth} \
         upload_peak_growth_slices {:.2}",
        growth as f64 / SLICE as f64
    );
    Ok(())
}

/// Reads requests and responds as an upload session would.
async fn swallow(stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut range, mut line) = (0, String::new(), String::new());
        while stream.read_line(&mut line).await? > 2 {
            let lower = line.trim().to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length: ") {
                length = value.parse().map_err(std::io::Error::other)?;
            }
            if let Some(value) = lower.strip_prefix("content-range: ") {
                range = value.to_owned();
            }
            line.clear();
        }
        if line.is_empty() {
            return Ok(());
        }
        tokio::io::copy(&mut (&mut stream).take(length), &mut tokio::io::sink()).await?;
        // `bytes 0-9/100`. A status request has no range.
        let last = range
            .split_once('-')
            .and_then(|(_, rest)| rest.split_once('/'));
        let next = last
            .and_then(|(last, total)| Some((last.parse::<u64>().ok()? + 1, total.parse().ok()?)));
        let answer = match next {
            Some((next, total)) if next >= total => {
                "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n".to_owned()
            }
            next => {
                let (next, _) = next.unwrap_or((0, 0));
                let body = format!(r#"{{"nextExpectedRanges":["{next}-"]}}"#);
                format!(
                    "HTTP/1.1 202 Accepted\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Returns the peak memory of this process, in bytes.
fn peak() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.ok_or("no VmHWM")?.trim().parse::<u64>()? * 1024)
}
