//! Signs in the user of a desktop, with the browser of the machine.
//!
//! By default, it runs against the simulator. With `AZURE_CLIENT_ID` set, your browser opens. The
//! application must be registered for mobile and desktop, with the redirect URI `http://localhost`.
//! A single-tenant application also needs `AZURE_TENANT_ID`:
//!
//! ```text
//! AZURE_CLIENT_ID=… cargo run --example desktop_sign_in
//! ```

use std::error::Error;
use std::io::Write;

use msgraph::Graph;
use msgraph::auth::{InteractiveBrowserCredential, Prompt};
use msgraph_simulator::{Browser, Simulator};
use tokio::runtime::Handle;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut std::io::stdout();
    let Ok(client_id) = std::env::var("AZURE_CLIENT_ID") else {
        return run(out).await;
    };
    let tenant = std::env::var("AZURE_TENANT_ID").unwrap_or_else(|_| "common".into());
    let user = InteractiveBrowserCredential::new(tenant, client_id)
        .scopes(["User.Read"])
        .prompt(Prompt::SelectAccount);
    greet(&Graph::new(user), out).await
}

/// Signs in to a simulated tenant, with a simulated browser.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start().await?;
    let known = simulator.credentials();
    let runtime = Handle::current();
    let user = InteractiveBrowserCredential::new(&*known.domain, &*known.public_client_id)
        .scopes(["User.Read"])
        .open_browser(move |url| {
            let url = url.to_string();
            runtime.spawn(async move { Browser::default().open(&url).await });
            Ok::<_, std::io::Error>(())
        });
    let graph = Graph::builder(user).cloud(simulator.cloud()).build()?;
    greet(&graph, out).await
}

async fn greet(graph: &Graph, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    graph.sign_in().await?;
    let me = graph.me().get().await?;
    writeln!(out, "Hello, {}", me.display_name.unwrap_or_default())?;
    Ok(())
}
