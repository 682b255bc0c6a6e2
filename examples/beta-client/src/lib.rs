//! A part of Graph's beta beside all of v1.0: people's profiles, which v1.0 does not have.
//!
//! `openapi/` holds the part, `build.rs` makes code of it and says how the part was made, and [`beta`] takes the code in. The
//! client is `msgraph`'s own: one sign-in and one pool of connections for both versions.

/// Graph's beta, as far as this program needs it.
pub mod beta {
    msgraph::generated!("beta");
}

use beta::Root;
use beta::models::{SkillProficiency, SkillProficiencyLevel};
use msgraph::{Graph, Result};

/// A person's skills, with how good the person is at each.
///
/// # Errors
///
/// What Graph refuses, and what cannot be sent or read.
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
/// What Graph refuses, and what cannot be sent or read.
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
