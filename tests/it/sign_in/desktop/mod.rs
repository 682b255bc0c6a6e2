//! The browser of a desktop, simulated by a task that visits an address as a browser does.

mod browser;
mod session;

use std::sync::{Arc, Mutex};

use msgraph::auth::InteractiveBrowserCredential;
use msgraph_simulator::Simulator;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const ADELE: &str = "adele@contoso.com";

/// The addresses with which a browser was opened.
#[derive(Clone, Default)]
struct Browser(Arc<Mutex<Vec<Url>>>);

impl Browser {
    fn opened(&self) -> Vec<Url> {
        self.0.lock().unwrap().clone()
    }

    /// Sets a browser that follows the address, and returns to the program.
    fn of(&self, desktop: InteractiveBrowserCredential) -> InteractiveBrowserCredential {
        self.opening(desktop, |url| async move {
            come_back(&visit(&url).await).await;
        })
    }

    /// Sets a browser that handles the address in another way.
    fn opening<F>(
        &self,
        desktop: InteractiveBrowserCredential,
        go: impl Fn(Url) -> F + Send + Sync + 'static,
    ) -> InteractiveBrowserCredential
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let opened = Arc::clone(&self.0);
        let runtime = tokio::runtime::Handle::current();
        desktop.open_browser(move |url| {
            opened.lock().unwrap().push(url.clone());
            runtime.spawn(go(url.clone()));
            Ok::<_, std::io::Error>(())
        })
    }
}

/// Returns the program's response to a browser. The program listens on 127.0.0.1, which `localhost`
/// resolves to.
async fn get(address: &Url) -> String {
    let port = address.port().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let target = format!("{}?{}", address.path(), address.query().unwrap_or_default());
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn come_back(address: &Url) {
    let answer = get(address).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("You can close this window"), "{answer}");
    assert!(!answer.contains("code="), "{answer}");
}

fn desktop(simulator: &Simulator) -> InteractiveBrowserCredential {
    let who = simulator.credentials();
    InteractiveBrowserCredential::new("organizations", who.public_client_id.as_str())
}
