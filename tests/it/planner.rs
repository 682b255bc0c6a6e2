//! Values of open types: assignments, checklist items and references of planner tasks.

use msgraph::Model;
use msgraph::models::{
    PlannerAssignment, PlannerAssignments, PlannerChecklistItem, PlannerChecklistItems,
    PlannerExternalReference, PlannerExternalReferences, PlannerPreviewType, PlannerTask,
    PlannerTaskDetails, User,
};
use serde_json::json;

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

/// Checks the documented response: <https://learn.microsoft.com/graph/api/planner-post-tasks>
#[tokio::test]
async fn assignment_is_sent_with_its_type() {
    let user = "fbab97d0-4932-4511-b675-204639209557";
    let recorder = Recorder::always(Answer::json(json!({
        "id": "01gzSlKkIUSUl6DF_EilrmQAKDhh",
        "assignments": { user: {
            "@odata.type": "#microsoft.graph.plannerAssignment",
            "assignedDateTime": "2015-03-25T18:38:21.956Z",
            "orderHint": "RWk1",
        } },
    })))
    .await;
    let assignment = PlannerAssignment {
        order_hint: Some(" !".into()),
        ..Default::default()
    };
    let assignments = PlannerAssignments::default().with_dynamic(user, assignment);
    let task = PlannerTask {
        plan_id: Some("xqQg5FS2LkCp935s-FIFm2QAFkHM".into()),
        title: Some("Update client list".into()),
        assignments: Some(Box::new(assignments.unwrap())),
        ..Default::default()
    };
    let created = graph(&recorder).planner().tasks().create(task);
    let created = created.await.unwrap();
    assert_eq!(
        recorder.only().json(),
        json!({
            "planId": "xqQg5FS2LkCp935s-FIFm2QAFkHM",
            "title": "Update client list",
            "assignments": { user: {
                "@odata.type": "#microsoft.graph.plannerAssignment",
                "orderHint": " !",
            } },
        })
    );
    let assignments = created.assignments.unwrap();
    let all = assignments.dynamics::<PlannerAssignment>().unwrap();
    let [(of, assignment)] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(*of, user);
    assert_eq!(assignment.order_hint.as_deref(), Some("RWk1"));
    assert!(assignment.assigned_date_time.is_some());
}

/// Checks the documented request: <https://learn.microsoft.com/graph/api/plannertaskdetails-update>
#[tokio::test]
async fn details_are_sent_as_documented() {
    let recorder = Recorder::always(Answer::status(204)).await;
    let item = |title: Option<&str>| PlannerChecklistItem {
        title: title.map(Into::into),
        is_checked: Some(true),
        ..Default::default()
    };
    let mut checklist = PlannerChecklistItems::default()
        .with_dynamic("95e27074", item(Some("Update task details")))
        .and_then(|checklist| checklist.with_dynamic("d280ed1a", item(None)))
        .unwrap();
    checklist.extra.insert("a93c93c5", ());
    let documentation = PlannerExternalReference {
        alias: Some("Documentation".into()),
        preview_priority: Some(" !".into()),
        type_: Some("Other".into()),
        ..Default::default()
    };
    let explorer = PlannerExternalReference {
        preview_priority: Some("  !!".into()),
        ..Default::default()
    };
    let references = PlannerExternalReferences::default()
        .with_url("http://developer.microsoft.com", documentation)
        .and_then(|references| {
            let url = "https://developer.microsoft.com/en-us/graph/graph-explorer";
            references.with_url(url, explorer)
        })
        .unwrap()
        .without_url("http://www.bing.com");
    let details = PlannerTaskDetails {
        preview_type: Some(PlannerPreviewType::NoPreview),
        references: Some(Box::new(references)),
        checklist: Some(Box::new(checklist)),
        ..Default::default()
    };
    let graph = graph(&recorder);
    let task = graph.planner().tasks().id("t");
    task.details().update("W/\"1\"", details).await.unwrap();
    let reference = "#microsoft.graph.plannerExternalReference";
    let item = "#microsoft.graph.plannerChecklistItem";
    assert_eq!(
        recorder.only().json(),
        json!({
            "previewType": "noPreview",
            "references": {
                "http%3A//developer%2Emicrosoft%2Ecom": {
                    "@odata.type": reference,
                    "alias": "Documentation",
                    "previewPriority": " !",
                    "type": "Other",
                },
                "https%3A//developer%2Emicrosoft%2Ecom/en-us/graph/graph-explorer": {
                    "@odata.type": reference,
                    "previewPriority": "  !!",
                },
                "http%3A//www%2Ebing%2Ecom": null,
            },
            "checklist": {
                "95e27074": {
                    "@odata.type": item,
                    "title": "Update task details",
                    "isChecked": true,
                },
                "d280ed1a": { "@odata.type": item, "isChecked": true },
                "a93c93c5": null,
            },
        })
    );
}

#[test]
fn dynamic_property_starts_with_its_type() {
    let assignment = PlannerAssignment {
        order_hint: Some(" !".into()),
        ..Default::default()
    };
    let assignments = PlannerAssignments::default().with_dynamic("u", assignment);
    assert_eq!(
        serde_json::to_string(&assignments.unwrap()).unwrap(),
        r##"{"u":{"@odata.type":"#microsoft.graph.plannerAssignment","orderHint":" !"}}"##
    );
}

#[test]
fn dynamic_property_keeps_a_type_of_its_own() {
    let mut assignment = PlannerAssignment::default();
    assignment
        .extra
        .insert("@odata.type", "#contoso.assignment");
    let assignments = PlannerAssignments::default().with_dynamic("u", assignment);
    let assignments = assignments.unwrap();
    assert_eq!(assignments.extra["u"]["@odata.type"], "#contoso.assignment");
    assert_eq!(assignments.dynamic::<PlannerAssignment>("u").unwrap(), None);
}

#[test]
fn dynamic_properties_of_other_kinds_are_left_out() {
    let assignments: PlannerAssignments = serde_json::from_value(json!({
        "@odata.type": "#microsoft.graph.plannerAssignments",
        "u@odata.type": "#microsoft.graph.plannerAssignment",
        "none": null,
        "text": "hello",
        "other": { "@odata.type": "#microsoft.graph.user" },
        "untyped": { "orderHint": "1" },
        "typed": { "@odata.type": "microsoft.graph.PlannerAssignment", "orderHint": "2" },
    }))
    .unwrap();
    let all = assignments.dynamics::<PlannerAssignment>().unwrap();
    let mut all: Vec<_> = all
        .into_iter()
        .map(|(name, assignment)| (name, assignment.order_hint))
        .collect();
    all.sort();
    assert_eq!(
        all,
        [("typed", Some("2".into())), ("untyped", Some("1".into()))]
    );
    let one = |name| assignments.dynamic::<PlannerAssignment>(name);
    for name in ["none", "absent", "other"] {
        assert_eq!(one(name).unwrap(), None, "{name}");
    }
    assert!(one("text").is_err());
    assert!(assignments.dynamic::<User>("other").unwrap().is_some());
}

#[test]
fn reference_is_read_by_its_url() {
    let url = "https://contoso.com:8443/a%20b?c=@d#é";
    let references = PlannerExternalReferences::default()
        .with_url(url, PlannerExternalReference::default())
        .unwrap();
    let all = references.by_url().unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].0, url);
    let name = references.extra.iter().next().unwrap().0;
    assert!(!name.contains(['.', ':', '@', '#']), "{name}");
}
