//! Derived types, and the property that names the type.

use msgraph::Model;
use msgraph::model::edm::Binary;
use msgraph::models::{
    Attachment, DirectoryObject, FileAttachment, Group, Message, OrgContact, User,
};
use serde_json::json;

use super::{read, written};

// Reported: microsoftgraph/msgraph-sdk-dotnet#2084, microsoftgraph/msgraph-sdk-dotnet#571.
#[test]
fn derived_type_is_chosen_by_odata_type() {
    let members: Vec<DirectoryObject> = read(json!([
        {"@odata.type": "#microsoft.graph.user", "mail": "a@b.c", "new": 1},
        {"@odata.type": "#microsoft.graph.orgContact", "x": 1},
        {"id": "3"},
        {"@odata.type": "#microsoft.graph.hologram", "id": "4"},
        {"@odata.type": "#Microsoft.Graph.User", "id": "5"},
    ]));
    let user = members[0].downcast::<User>().unwrap().unwrap();
    assert_eq!(user.mail.as_deref(), Some("a@b.c"));
    assert_eq!(user.extra["new"], 1);
    assert_eq!(members[0].downcast::<Group>().unwrap(), None);
    assert_eq!(members[1].downcast::<User>().unwrap(), None);
    assert_eq!(
        members[1].downcast::<OrgContact>().unwrap().unwrap().extra["x"],
        1
    );
    assert_eq!(members[2].id.as_deref(), Some("3"));
    assert_eq!(members[2].downcast::<User>().unwrap(), None);
    assert_eq!(members[3].downcast::<User>().unwrap(), None);
    assert_eq!(members[3].id.as_deref(), Some("4"));
    assert_eq!(
        members[4]
            .downcast::<User>()
            .unwrap()
            .unwrap()
            .id
            .as_deref(),
        Some("5")
    );
    assert_eq!(written(&user)["@odata.type"], "#microsoft.graph.user");
}

// Reported: microsoftgraph/msgraph-sdk-dotnet#2084, microsoftgraph/msgraph-sdk-dotnet#571.
#[test]
fn mismatched_derived_value_is_kept() {
    let text = concat!(
        r##"{"@odata.type":"#microsoft.graph.user","assignedPlans":[{},1],"##,
        r#""city":1e999,"new":1e999}"#
    );
    let member: DirectoryObject = serde_json::from_str(text).unwrap();
    let user = member.downcast::<User>().unwrap().unwrap();
    assert_eq!(user.mismatched_properties()[0].0, "assignedPlans[1]");
    assert_eq!(user.extra.json_text("new").as_deref(), Some("1e999"));
    let base = DirectoryObject::from(user);
    assert_eq!(base.extra.json_text("new").as_deref(), Some("1e999"));
}

// Reported: microsoftgraph/msgraph-sdk-python#440, microsoftgraph/msgraph-sdk-dotnet#860.
#[test]
fn odata_type_is_written_first_where_needed() {
    let file = FileAttachment {
        name: Some("a.txt".into()),
        content_bytes: Some(Binary::from_static(b"hi")),
        ..Default::default()
    };
    let message = Message {
        subject: Some("A".into()),
        ..Default::default()
    };
    let message = message.with(Message::ATTACHMENTS, [file.clone()]).unwrap();
    assert_eq!(
        written(&message),
        json!({"subject": "A", "attachments": [{
            "@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt",
            "contentBytes": "aGk=",
        }]})
    );

    let attachment = Attachment::from(file);
    assert_eq!(attachment.name.as_deref(), Some("a.txt"));
    let text = serde_json::to_string(&attachment).unwrap();
    assert!(
        text.starts_with(r##"{"@odata.type":"#microsoft.graph.fileAttachment","##),
        "{text}"
    );
    let back = attachment.downcast::<FileAttachment>().unwrap().unwrap();
    assert_eq!(back.content_bytes.as_deref(), Some(&b"hi"[..]));

    // An explicit `@odata.type` takes precedence over that of the Rust type.
    let mut own = FileAttachment::default();
    own.extra.insert("@odata.type", "#contoso.file");
    assert_eq!(Attachment::from(own).odata_type(), Some("#contoso.file"));
}
