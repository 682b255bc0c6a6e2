//! A user's session that outlives the program: the user signs in only the first time.
//!
//! By default, it runs against the simulator. With `AZURE_CLIENT_ID` set, it keeps your session in
//! `session.json` of the current folder. The application must allow public client flows and
//! accounts of any organization:
//!
//! ```text
//! AZURE_CLIENT_ID=… cargo run --example persisted_session   # asks
//! AZURE_CLIENT_ID=… cargo run --example persisted_session   # does not
//! ```

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use msgraph::auth::{DeviceCodeCredential, DeviceCodePrompt, FileStore};
use msgraph::{Cloud, Graph};
use msgraph_simulator::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut std::io::stdout();
    let Ok(client_id) = std::env::var("AZURE_CLIENT_ID") else {
        return run(out).await;
    };
    let ask = |prompt: DeviceCodePrompt| println!("{}", prompt.message());
    start(
        Cloud::Global,
        &client_id,
        Path::new("session.json"),
        ask,
        out,
    )
    .await
}

/// Runs the program's startup, which is the same each time.
async fn start(
    cloud: impl Into<Cloud>,
    client_id: &str,
    file: &Path,
    ask: impl Fn(DeviceCodePrompt) + Send + Sync + 'static,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let user = DeviceCodeCredential::new("organizations", client_id, move |prompt| {
        ask(prompt);
        std::future::ready(())
    })
    .scopes(["User.Read"])
    .store(FileStore::new(file));
    let graph = Graph::builder(user).cloud(cloud).build()?;
    let me = graph.me().get().await?;
    writeln!(out, "Hello, {}", me.display_name.unwrap_or_default())?;
    Ok(())
}

/// Starts three times with a simulated tenant, which renews the refresh token each time.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let simulator = Arc::new(Simulator::start().await?);
    simulator.set_device_interval(Duration::ZERO);
    let cloud = simulator.cloud();
    let client_id = &simulator.credentials().public_client_id;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("session.json");
    let asked = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let (device, count) = (Arc::clone(&simulator), Arc::clone(&asked));
        let ask = move |prompt: DeviceCodePrompt| {
            count.fetch_add(1, Ordering::Relaxed);
            device.approve_device(prompt.user_code());
        };
        start(cloud.clone(), client_id, &file, ask, out).await?;
    }
    writeln!(out, "sign-ins: {}", asked.load(Ordering::Relaxed))?;
    Ok(())
}
