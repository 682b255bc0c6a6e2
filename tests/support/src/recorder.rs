//! A small HTTP server that records requests and sends prepared responses.
//!
//! It reads requests byte by byte, so that a test sees the target as it was sent, not as a server
//! interpreted it.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One request as it came over the wire.
#[derive(Clone)]
pub struct Recorded {
    pub method: String,
    /// The second word of the request line, byte for byte.
    pub target: String,
    /// The headers in their order, with the spelling that was sent.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Recorded {
    /// Returns all values of a header, in their order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Returns the value of a header that must not occur twice.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(
            values.len() < 2,
            "{name} was sent several times: {values:?}"
        );
        values.first().copied()
    }

    /// Returns the body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// Returns the query, percent-encoded, split at `&` and `=`.
    pub fn query(&self) -> Vec<(&str, &str)> {
        match self.target.split_once('?') {
            Some((_, query)) => query
                .split('&')
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .collect(),
            None => Vec::new(),
        }
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// A response of the server.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Creates a response with only a status.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Creates a `200 OK` with JSON, written as a value or as text.
    pub fn json(body: impl fmt::Display) -> Self {
        Self::status(200)
            .header("Content-Type", "application/json")
            .body(body.to_string())
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
}

type Handler = dyn Fn(&Recorded) -> Answer + Send + Sync;

/// A recording server. It stops when it is dropped.
pub struct Recorder {
    url: String,
    requests: Arc<Mutex<Vec<Recorded>>>,
    server: JoinHandle<()>,
}

impl Recorder {
    /// Starts a server that responds to each request with the result of the closure.
    pub async fn new(answer: impl Fn(&Recorded) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let requests = Arc::default();
        let server = tokio::spawn(accept(listener, Arc::clone(&requests), Arc::new(answer)));
        Self {
            url: format!("http://{address}"),
            requests,
            server,
        }
    }

    /// Starts a server that responds to each request in the same way.
    pub async fn always(answer: Answer) -> Self {
        Self::new(move |_| answer.clone()).await
    }

    /// Starts a server that sends these responses one after another, and 500 after the last one.
    /// `{url}` in a body or header stands for the server's own address.
    pub async fn in_turn(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers = Mutex::new(answers.into_iter().collect::<Vec<_>>().into_iter());
        Self::new(move |request| {
            let next = answers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .next();
            let mut answer = next.unwrap_or_else(|| Answer::status(500));
            let url = format!("http://{}", request.header("host").unwrap_or_default());
            if let Ok(text) = std::str::from_utf8(&answer.body) {
                answer.body = text.replace("{url}", &url).into_bytes();
            }
            for (_, value) in &mut answer.headers {
                *value = value.replace("{url}", &url);
            }
            answer
        })
        .await
    }

    /// Returns the address `http://127.0.0.1:…`, without a slash at its end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns the only request.
    #[track_caller]
    pub fn only(&self) -> Recorded {
        let requests = self.requests();
        let [request] = requests.as_slice() else {
            panic!("one request was expected: {requests:?}");
        };
        request.clone()
    }

    /// Returns the targets of the requests, in their order.
    pub fn targets(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|request| request.target)
            .collect()
    }

    /// Removes all recorded requests.
    pub fn clear(&self) {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, requests: Arc<Mutex<Vec<Recorded>>>, answer: Arc<Handler>) {
    while let Ok((stream, _)) = listener.accept().await {
        let requests = Arc::clone(&requests);
        let answer = Arc::clone(&answer);
        tokio::spawn(async move {
            // A client that disconnects is not an error of the server: the test sees what the
            // client got.
            let _ = serve(stream, &requests, &*answer).await;
        });
    }
}

/// Serves one connection until the client closes it.
async fn serve(
    stream: TcpStream,
    requests: &Mutex<Vec<Recorded>>,
    answer: &Handler,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await? {
        let answer = answer(&request);
        let is_head = request.method == "HEAD";
        requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        let mut head = format!("HTTP/1.1 {} Answer\r\n", answer.status);
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let has_body = !matches!(answer.status, 100..200 | 204 | 304);
        if has_body {
            head.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if has_body && !is_head {
            bytes.extend(&answer.body);
        }
        stream.write_all(&bytes).await?;
    }
    Ok(())
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Recorded>> {
    let Some(line) = read_line(stream).await? else {
        return Ok(None);
    };
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(malformed(&line));
    };
    let mut request = Recorded {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    while let Some(line) = read_line(stream).await?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| malformed(&line))?;
        request
            .headers
            .push((name.to_owned(), value.trim().to_owned()));
    }
    if let Some(length) = request.header("content-length") {
        let length = length.parse().map_err(|_| malformed(length))?;
        request.body = read_bytes(stream, length).await?;
    } else if request.header("transfer-encoding").is_some() {
        loop {
            let line = read_line(stream).await?.unwrap_or_default();
            let length = usize::from_str_radix(&line, 16).map_err(|_| malformed(&line))?;
            request.body.extend(read_bytes(stream, length).await?);
            read_line(stream).await?;
            if length == 0 {
                break;
            }
        }
    }
    Ok(Some(request))
}

async fn read_bytes(stream: &mut BufReader<TcpStream>, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Reads a line without its end; returns `None` at the end of the stream.
async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    let line = line.strip_suffix(b"\r\n").unwrap_or(&line);
    Ok(Some(String::from_utf8_lossy(line).into_owned()))
}

fn malformed(line: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no HTTP/1.1: {line}"))
}
