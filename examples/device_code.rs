//! Signs in a user with another device: for command lines and machines without a browser.
//!
//! By default, it runs against the simulator. With `AZURE_CLIENT_ID` set, it asks you to sign in.
//! The application must allow public client flows. A single-tenant application also needs
//! `AZURE_TENANT_ID`:
//!
//! ```text
//! AZURE_CLIENT_ID=… cargo run --example device_code
//! ```

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use msgraph::Graph;
use msgraph::auth::DeviceCodeCredential;
use msgraph_simulator::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut std::io::stdout();
    let Ok(client_id) = std::env::var("AZURE_CLIENT_ID") else {
        return run(out).await;
    };
    let tenant = std::env::var("AZURE_TENANT_ID").unwrap_or_else(|_| "organizations".into());
    let user = DeviceCodeCredential::new(tenant, client_id, |prompt| async move {
        println!("{}", prompt.message());
    });
    greet(&Graph::new(user.scopes(["User.Read"])), out).await
}

/// Signs in to a simulated tenant, where the user types the code at once.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let simulator = Arc::new(Simulator::start().await?);
    simulator.set_device_interval(Duration::ZERO);
    let known = simulator.credentials();
    let device = Arc::clone(&simulator);
    let user = DeviceCodeCredential::new(&*known.domain, &*known.public_client_id, move |prompt| {
        println!("{}", prompt.message());
        device.approve_device(prompt.user_code());
        std::future::ready(())
    });
    let graph = Graph::builder(user.scopes(["User.Read"]))
        .cloud(simulator.cloud())
        .build()?;
    greet(&graph, out).await
}

async fn greet(graph: &Graph, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    // The user is asked here, and not in the middle of other work.
    graph.sign_in().await?;
    let me = graph.me().get().await?;
    writeln!(out, "Hello, {}", me.display_name.unwrap_or_default())?;
    Ok(())
}
