//! The simulator, for tests with more than one request.

use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;
use msgraph_simulator::Simulator;

/// Starts a simulator of the tenant Contoso, and creates a client of its user.
pub async fn start() -> (Simulator, Graph) {
    let simulator = super::simulator().await;
    let graph = user(&simulator);
    (simulator, graph)
}

/// Creates another client of the same user, like a new process.
pub fn user(simulator: &Simulator) -> Graph {
    Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .cloud(simulator.cloud())
        .build()
        .expect("a client of this machine's own address")
}

/// Returns bytes of which no two pieces are alike.
pub fn bytes(count: usize) -> Vec<u8> {
    (0..count)
        .map(|at| (at.wrapping_mul(31) + at / 251) as u8)
        .collect()
}
