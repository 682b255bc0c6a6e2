//! Invites a hundred guests in five requests.
//!
//! By default, it runs against the simulator. With `ACCESS_TOKEN` set (with the permission
//! `User.Invite.All`), it invites the addresses that are given as arguments into the tenant of the
//! token:
//!
//! ```text
//! ACCESS_TOKEN=eyJ0… cargo run --example invite_guests -- \
//!     ada@fabrikam.example grace@fabrikam.example
//! ```

use std::error::Error;
use std::io::Write;

use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;
use msgraph::models::Invitation;
use msgraph_simulator::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut std::io::stdout();
    match std::env::var("ACCESS_TOKEN") {
        Ok(token) => {
            let graph = Graph::new(AccessTokenCredential::new(token));
            invite(&graph, &std::env::args().skip(1).collect::<Vec<_>>(), out).await
        }
        Err(_) => run(out).await,
    }
}

/// Invites made-up guests into a simulated tenant.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start().await?;
    let graph = Graph::builder(AccessTokenCredential::new(simulator.app_token()))
        .cloud(simulator.cloud())
        .build()?;
    let guests: Vec<_> = (1..=100)
        .map(|number| format!("guest{number}@fabrikam.example"))
        .collect();
    invite(&graph, &guests, out).await?;
    writeln!(out, "{} requests", simulator.requests().len())?;
    Ok(())
}

async fn invite(
    graph: &Graph,
    guests: &[String],
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let invitations = guests.iter().map(|guest| {
        graph.invitations().create(Invitation {
            invited_user_email_address: Some(guest.clone()),
            invite_redirect_url: Some("https://myapplications.microsoft.com".into()),
            ..Default::default()
        })
    });
    // Each request has an outcome of its own. Requests that Graph defers are sent again
    // automatically.
    let outcomes = graph.batch().send_all(invitations).await?;
    let mut invited = 0;
    for (guest, outcome) in guests.iter().zip(outcomes) {
        match outcome {
            Ok(_) => invited += 1,
            Err(error) => writeln!(out, "{guest}: {error}")?,
        }
    }
    writeln!(out, "{invited} of {} invited", guests.len())?;
    Ok(())
}
