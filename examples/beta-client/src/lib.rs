//! A part of Graph's beta beside all of v1.0: people's profiles, which v1.0 does not have.
//!
//! `openapi/` holds the part. `build.rs` generates code from it, and documents how the part was
//! made. [`beta`] includes the code. The client is that of `msgraph`: both versions share one
//! sign-in and one connection pool.

/// The part of Graph's beta that this program needs.
pub mod beta {
    msgraph::generated!("beta");
}

use beta::Root;
use beta::models::{SkillProficiency, SkillProficiencyLevel};
use msgraph::{Graph, Result};

/// Returns a person's skills, with the proficiency in each.
///
/// # Errors
///
/// Fails if Graph refuses the request, or if it cannot be sent or the response cannot be read.
pub async fn skills(graph: &Graph, user: &str) -> Result<Vec<SkillProficiency>> {
    Root::new(graph)
        .users()
        .id(user)
        .profile()
        .skills()
        .list()
        .select([SkillProficiency::DISPLAY_NAME, SkillProficiency::ID])
        .select(SkillProficiency::PROFICIENCY)
        .all()
        .await
}

/// Adds a skill to the profile of the signed-in user.
///
/// # Errors
///
/// Fails if Graph refuses the request, or if it cannot be sent or the response cannot be read.
pub async fn learn(
    graph: &Graph,
    skill: &str,
    level: SkillProficiencyLevel,
) -> Result<SkillProficiency> {
    let skill = SkillProficiency {
        display_name: Some(skill.to_owned()),
        proficiency: Some(level),
        ..Default::default()
    };
    Root::new(graph).me().profile().skills().create(skill).await
}
