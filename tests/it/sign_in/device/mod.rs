//! Codes that the user types on another device.

mod polling;
mod prompt;

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use msgraph::auth::{DeviceCodeCredential, DeviceCodePrompt};
use msgraph_simulator::Simulator;

use super::*;
use crate::support;

const ADELE: &str = "adele@contoso.com";

async fn simulator() -> Arc<Simulator> {
    let simulator = support::simulator().await;
    simulator.set_device_interval(Duration::ZERO);
    Arc::new(simulator)
}

/// Creates a device whose user handles the code with this closure.
fn device(
    simulator: &Arc<Simulator>,
    user: impl Fn(&Simulator, DeviceCodePrompt) + Send + Sync + 'static,
) -> DeviceCodeCredential {
    let id = simulator.credentials().public_client_id.clone();
    let simulator = Arc::clone(simulator);
    DeviceCodeCredential::new("organizations", id, move |prompt| {
        user(&simulator, prompt);
        ready(())
    })
}

fn approve(simulator: &Simulator, prompt: DeviceCodePrompt) {
    assert!(simulator.approve_device(prompt.user_code()));
}
