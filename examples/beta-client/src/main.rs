//! Adds a skill to the profile of the signed-in user, and lists all: `cargo run -p beta-client`.
//!
//! By default, it runs against the simulator. With `MSGRAPH_TOKEN` set to a token that has
//! `User.ReadWrite`, it calls Microsoft's service.

use beta_client::beta::models::SkillProficiencyLevel;
use beta_client::{learn, skills};
use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;
use msgraph_simulator::{Description, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Ok(token) = std::env::var("MSGRAPH_TOKEN") {
        return show(&Graph::new(AccessTokenCredential::new(token))).await;
    }
    let beta = Description::read(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi"))?;
    let simulator = Simulator::builder().beta(beta).start().await?;
    let graph = Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .cloud(simulator.cloud())
        .build()?;
    show(&graph).await
}

async fn show(graph: &Graph) -> Result<(), Box<dyn std::error::Error>> {
    // Typed endpoints of v1.0 and of beta, from one client.
    let me = graph.me().get().await?;
    println!("{}", me.display_name.as_deref().unwrap_or("(no name)"));
    learn(graph, "Rust", SkillProficiencyLevel::Expert).await?;
    let id = me.id.ok_or("the response has no user id")?;
    for skill in skills(graph, &id).await? {
        let name = skill.display_name.as_deref().unwrap_or("(no name)");
        match skill.proficiency {
            Some(level) => println!("  {name}: {level}"),
            None => println!("  {name}"),
        }
    }
    Ok(())
}
