//! Tests of the beta part against the simulator, which reads the same `openapi/` and none of the
//! generated code.

use beta_client::beta::Root;
use beta_client::beta::models::{
    AllowedAudiences, ItemFacet, SkillProficiency, SkillProficiencyLevel,
};
use beta_client::{learn, skills};
use msgraph::auth::AccessTokenCredential;
use msgraph::{Error, Graph, Model};
use msgraph_simulator::{Description, Simulator};
use serde_json::json;

async fn start() -> (Simulator, Graph) {
    let beta =
        Description::read(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi")).expect("openapi/");
    let simulator = Simulator::builder()
        .beta(beta)
        .start()
        .await
        .expect("a simulator");
    let graph = Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .cloud(simulator.cloud())
        .build()
        .expect("a client");
    (simulator, graph)
}

#[tokio::test]
async fn mismatched_properties_are_listed() {
    let (simulator, graph) = start().await;
    let learnt = learn(&graph, "Rust", SkillProficiencyLevel::Expert)
        .await
        .expect("learnt");
    assert!(learnt.id.is_some());
    learn(&graph, "OData", SkillProficiencyLevel::Elementary)
        .await
        .expect("learnt");
    let me = graph.me().get().await.expect("v1.0").id.expect("an id");
    let listed = skills(&graph, &me).await.expect("skills");
    let listed: Vec<_> = listed
        .iter()
        .map(|skill| (skill.display_name.as_deref(), skill.proficiency.clone()))
        .collect();
    assert_eq!(
        listed,
        [
            (Some("Rust"), Some(SkillProficiencyLevel::Expert)),
            (Some("OData"), Some(SkillProficiencyLevel::Elementary)),
        ]
    );
    let targets: Vec<_> = simulator
        .requests()
        .into_iter()
        .map(|request| format!("{} {}", request.method, request.target))
        .collect();
    assert_eq!(
        targets,
        [
            "POST /beta/me/profile/skills".to_owned(),
            "POST /beta/me/profile/skills".to_owned(),
            "GET /v1.0/me".to_owned(),
            format!("GET /beta/users/{me}/profile/skills?$select=displayName,id,proficiency"),
        ]
    );
}

/// Checks that the client's own version is ignored: the tree of a module has the module's version.
#[test]
fn requests_use_the_version_of_the_module() {
    for base in [
        "http://127.0.0.1:1/v1.0",
        "http://127.0.0.1:1/beta",
        "http://127.0.0.1:1",
    ] {
        let graph = Graph::builder(AccessTokenCredential::new("token"))
            .base_url(base)
            .build()
            .expect("a client");
        let request = Root::new(&graph)
            .me()
            .profile()
            .get()
            .into_http()
            .expect("a request");
        assert_eq!(
            request.uri(),
            "http://127.0.0.1:1/beta/me/profile",
            "{base}"
        );
    }
}

/// Checks that one subtree below two paths is one type, as in `msgraph` itself.
#[test]
fn equal_places_are_one_type() {
    fn template(profile: beta_client::beta::nodes::MeProfile) -> String {
        format!("{profile:?}")
    }
    let graph = Graph::new(AccessTokenCredential::new("token"));
    let beta = Root::new(&graph);
    assert_eq!(
        template(beta.me().profile()),
        r#"MeProfile(Path("/me/profile"))"#
    );
    assert_eq!(
        template(beta.users().id("adele@contoso.com").profile()),
        r#"MeProfile(Path("/users/{user-id}/profile"))"#
    );
}

#[test]
fn models_keep_unknown_properties() {
    let sent = json!({
        "@odata.type": "#microsoft.graph.skillProficiency",
        "id": "1",
        "displayName": "Rust",
        "proficiency": "expert",
        "allowedAudiences": "somebodyNew",
        "createdDateTime": "2026-08-20T10:00:00Z",
        "brandNew": { "a": 1 },
    });
    let skill: SkillProficiency = serde_json::from_value(sent.clone()).expect("a skill");
    assert_eq!(skill.proficiency, Some(SkillProficiencyLevel::Expert));
    assert_eq!(
        skill.allowed_audiences,
        Some(AllowedAudiences::Unknown("somebodyNew".into()))
    );
    assert!(skill.mismatched_properties().is_empty());
    assert_eq!(skill.clone(), skill);
    assert_eq!(serde_json::to_value(&skill).expect("JSON"), sent);

    let facet = ItemFacet::from(skill);
    assert_eq!(
        facet
            .downcast::<SkillProficiency>()
            .expect("read")
            .expect("a skill")
            .id
            .as_deref(),
        Some("1")
    );
}

#[tokio::test]
async fn decode_error_names_the_property() {
    let (_simulator, graph) = start().await;
    let missing = Root::new(&graph)
        .me()
        .profile()
        .skills()
        .id("no-such-skill")
        .get();
    let Err(Error::Api(error)) = missing.await else {
        panic!("there is no such skill");
    };
    assert_eq!(error.status(), 404);
    assert!(
        error
            .to_string()
            .contains("/me/profile/skills/{skillProficiency-id}"),
        "{error}"
    );
}
