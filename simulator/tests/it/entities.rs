//! Tests of entities: creating, finding, changing, referencing and removing them.

use http::{Method, StatusCode};
use msgraph_simulator::Seed;
use serde_json::{Value, json};

use crate::client::{Client, builder, drive, start, start_synthesizing};

/// Returns the properties that the directory requires of a new user.
fn user(name: &str) -> Value {
    json!({
        "accountEnabled": true, "displayName": format!("{name} Test"), "mailNickname": name,
        "userPrincipalName": format!("{name}@contoso.com"), "mobilePhone": "+47 1",
        "passwordProfile": { "password": "not kept", "forceChangePasswordNextSignIn": true },
    })
}

#[tokio::test]
async fn entity_is_created_read_changed_and_deleted() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;

    let made = client.post("/users", user("nora")).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["displayName"], "nora Test");
    assert!(made.json()["createdDateTime"].is_string());
    assert!(
        made.json().get("passwordProfile").is_none(),
        "a password is never given back"
    );
    assert_eq!(
        made.header("location"),
        format!("{}/users('{id}')", simulator.url())
    );

    // The user is found by id, by name without case, and with the key in parentheses.
    for path in [
        format!("/users/{id}"),
        "/users/NORA@contoso.com".into(),
        "/users('nora@contoso.com')".into(),
    ] {
        let found = client.get(&path).await;
        assert_eq!(found.status, StatusCode::OK, "{path}");
        assert_eq!(found.json()["id"], id.as_str());
    }

    // The directory responds to a change with 204. A null clears a property.
    let changed = client
        .patch(
            &format!("/users/{id}"),
            json!({ "mobilePhone": null, "city": "Oslo" }),
        )
        .await;
    assert_eq!(
        (changed.status, changed.body.len()),
        (StatusCode::NO_CONTENT, 0)
    );
    let found = client
        .get(&format!("/users/{id}?$select=mobilePhone,city"))
        .await
        .json();
    assert_eq!(
        (&found["mobilePhone"], &found["city"]),
        (&Value::Null, &json!("Oslo"))
    );

    assert_eq!(
        client.delete(&format!("/users/{id}")).await.status,
        StatusCode::NO_CONTENT
    );
    let gone = client.get(&format!("/users/{id}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(gone.error().0, "Request_ResourceNotFound");
    // The directory keeps deleted objects.
    let kept = client.get(&format!("/directory/deletedItems/{id}")).await;
    assert_eq!(kept.json()["@odata.type"], "#microsoft.graph.user");
}

#[tokio::test]
async fn user_has_eleven_properties_unless_more_are_selected() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let plain = client.get("/users/adele@contoso.com").await.json();
    let names: Vec<_> = plain
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| !name.starts_with('@'))
        .cloned()
        .collect();
    assert_eq!(names.len(), 11, "{names:?}");
    assert!(plain.get("department").is_none());
    let selected = client
        .get("/users/adele@contoso.com?$select=department,onPremisesSyncEnabled,otherMails")
        .await
        .json();
    assert_eq!(selected["department"], "Marketing");
    assert_eq!(selected["onPremisesSyncEnabled"], Value::Null);
    assert_eq!(selected["otherMails"], json!([]));
    assert!(selected["id"].is_string(), "the id comes along");
    assert!(selected.get("displayName").is_none());
}

#[tokio::test]
async fn mail_update_returns_the_mail() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let made = client
        .post(
            "/me/messages",
            json!({ "subject": "One", "toRecipients": [] }),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json()["isDraft"], true);
    let path = format!("/me/messages/{}", made.json()["id"].as_str().unwrap());
    let changed = client.patch(&path, json!({ "subject": "Two" })).await;
    assert_eq!(
        (changed.status, &changed.json()["subject"]),
        (StatusCode::OK, &json!("Two"))
    );
    // A client can request the other form.
    let headers = [
        ("content-type", "application/json"),
        ("prefer", "return=minimal"),
    ];
    let minimal = client
        .send(Method::PATCH, &path, &headers, r#"{"subject":"Three"}"#)
        .await;
    assert_eq!(minimal.status, StatusCode::NO_CONTENT);

    // The same message is below its folder, and in no other folder.
    let drafts = client
        .get("/me/mailFolders/drafts/messages?$select=subject")
        .await;
    assert_eq!(drafts.names("subject"), ["Three"]);
    assert!(
        client
            .get("/me/mailFolders/inbox/messages")
            .await
            .names("subject")
            .iter()
            .all(|name| name != "Three")
    );
    assert!(
        client
            .get("/me/messages")
            .await
            .names("subject")
            .contains(&"Three".to_owned())
    );
    // A message that is created in a folder is also in the mailbox.
    let made = client
        .post(
            "/me/mailFolders/archive/messages",
            json!({ "subject": "Four" }),
        )
        .await
        .json();
    let found = client
        .get(&format!("/me/messages/{}", made["id"].as_str().unwrap()))
        .await;
    assert_eq!(found.json()["subject"], "Four");
    assert_eq!(
        found.json()["parentFolderId"],
        client.get("/me/mailFolders/archive").await.json()["id"]
    );
}

#[tokio::test]
async fn etags_are_sent_and_compared() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let message = client.get("/me/messages?$top=1").await.json()["value"][0].clone();
    let path = format!("/me/messages/{}", message["id"].as_str().unwrap());
    let etag = message["@odata.etag"].as_str().unwrap().to_owned();
    assert!(etag.starts_with("W/\""), "{etag}");
    assert_eq!(client.get(&path).await.header("etag"), etag);
    let json = ("content-type", "application/json");
    let first = client
        .send(
            Method::PATCH,
            &path,
            &[json, ("if-match", &etag)],
            r#"{"isRead":true}"#,
        )
        .await;
    assert_eq!(first.status, StatusCode::OK);
    assert_ne!(first.json()["@odata.etag"], etag.as_str());
    let stale = client
        .send(
            Method::PATCH,
            &path,
            &[json, ("if-match", &etag)],
            r#"{"isRead":false}"#,
        )
        .await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let any = client
        .send(
            Method::PATCH,
            &path,
            &[json, ("if-match", "*")],
            r#"{"isRead":false}"#,
        )
        .await;
    assert_eq!(any.status, StatusCode::OK);
    let current = any.json()["@odata.etag"].as_str().unwrap().to_owned();
    let unchanged = client
        .send(Method::GET, &path, &[("if-none-match", &current)], "")
        .await;
    assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
    // Objects of the directory have no ETag.
    assert!(
        client
            .get("/users/adele@contoso.com")
            .await
            .json()
            .get("@odata.etag")
            .is_none()
    );
}

#[tokio::test]
async fn references_are_added_listed_and_removed() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let group = client
        .get(
            "/groups?$filter=displayName eq 'Marketing'"
                .replace(' ', "%20")
                .as_str(),
        )
        .await
        .json();
    let group = group["value"][0]["id"].as_str().unwrap().to_owned();
    let lars = client.get("/users/lars@contoso.com").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let url = format!("{}/directoryObjects/{lars}", simulator.url());
    let added = client
        .post(
            &format!("/groups/{group}/members/$ref"),
            json!({ "@odata.id": url }),
        )
        .await;
    assert_eq!(added.status, StatusCode::NO_CONTENT);
    let again = client
        .post(
            &format!("/groups/{group}/members/$ref"),
            json!({ "@odata.id": url }),
        )
        .await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(
        again.error().1.ends_with("modified properties: 'members'."),
        "{:?}",
        again.error()
    );

    let members = client
        .get(&format!("/groups/{group}/members?$select=displayName"))
        .await;
    assert_eq!(
        members.names("displayName"),
        ["Adele Brandt", "Chiara Lindqvist", "Lars Fontaine"]
    );
    assert_eq!(members.names("@odata.type"), ["#microsoft.graph.user"; 3]);
    let references = client
        .get(&format!("/groups/{group}/members/$ref"))
        .await
        .json();
    assert_eq!(references["value"][2], url.as_str());
    // This is the inverse relation.
    let groups = client
        .get("/users/lars@contoso.com/memberOf?$select=displayName")
        .await;
    assert_eq!(groups.names("displayName"), ["Marketing", "Everyone"]);

    assert_eq!(
        client
            .delete(&format!("/groups/{group}/members/{lars}/$ref"))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        client
            .delete(&format!("/groups/{group}/members/{lars}/$ref"))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        client.get("/users/lars@contoso.com").await.status,
        StatusCode::OK,
        "the user stays"
    );

    let bound = json!({ "members@odata.bind": [url] });
    assert_eq!(
        client
            .patch(&format!("/groups/{group}"), bound)
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    let deleted = client
        .delete(&format!("/groups/{group}/members/$ref?@id={url}"))
        .await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    let many: Vec<_> = (0..21).map(|_| url.clone()).collect();
    let refused = client
        .patch(
            &format!("/groups/{group}"),
            json!({ "members@odata.bind": many }),
        )
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "20 are the limit");

    // A URL of another service is not a valid reference.
    let foreign =
        json!({ "@odata.id": format!("https://graph.contoso.com/v1.0/directoryObjects/{lars}") });
    let refused = client
        .post(&format!("/groups/{group}/members/$ref"), foreign)
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let unknown = json!({ "@odata.id": "/directoryObjects/00000000-0000-4000-8000-000000000000" });
    let refused = client
        .post(&format!("/groups/{group}/members/$ref"), unknown)
        .await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_single_reference_is_set_and_removed() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let hugo = client.get("/users/hugo@contoso.com").await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let none = client.get("/users/bruno@contoso.com/manager").await;
    assert_eq!(
        (none.status, none.error().0.as_str()),
        (StatusCode::NOT_FOUND, "Request_ResourceNotFound")
    );
    let url = format!("{}/users/{hugo}", simulator.url());
    let set = client
        .write(
            Method::PUT,
            "/users/bruno@contoso.com/manager/$ref",
            json!({ "@odata.id": url }),
        )
        .await;
    assert_eq!(set.status, StatusCode::NO_CONTENT);
    assert_eq!(
        client.get("/users/bruno@contoso.com/manager").await.json()["displayName"],
        "Hugo Sørensen"
    );
    assert!(
        client
            .get("/users/hugo@contoso.com/directReports")
            .await
            .names("displayName")
            .contains(&"Bruno Okafor".into())
    );
    assert_eq!(
        client
            .delete("/users/bruno@contoso.com/manager/$ref")
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        client.get("/users/bruno@contoso.com/manager").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn deep_insert_creates_nested_entities() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let made = client
        .post(
            "/me/messages",
            json!({
                "subject": "With a file",
                "attachments": [{
                    "@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt",
                    "contentBytes": "aGk=",
                }],
            }),
        )
        .await
        .json();
    let path = format!("/me/messages/{}", made["id"].as_str().unwrap());
    let attachments = client.get(&format!("{path}/attachments")).await.json();
    assert_eq!(
        attachments["value"][0]["@odata.type"],
        "#microsoft.graph.fileAttachment"
    );
    assert_eq!(attachments["value"][0]["contentBytes"], "aGk=");
    let expanded = client
        .get(&format!(
            "{path}?$select=subject&$expand=attachments($select=name)"
        ))
        .await
        .json();
    assert_eq!(expanded["attachments"][0]["name"], "a.txt");
}

#[tokio::test]
async fn stream_properties_are_written_and_read() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let items = format!("{drive}/items");
    let reports = client
        .get(&format!(
            "{items}/root/children?$filter=name%20eq%20'Reports'"
        ))
        .await
        .json();
    let reports = reports["value"][0]["id"].as_str().unwrap().to_owned();
    let files = client.get(&format!("{items}/{reports}/children")).await;
    assert_eq!(files.names("name"), ["2026.csv", "50% off & more.txt"]);
    let file = format!("{items}/{}", files.names("id")[0]);
    let content = client.file(&format!("{file}/content")).await;
    assert_eq!(content.header("content-type"), "text/csv");
    assert!(content.body.starts_with(b"month,sum"));
    let put = client
        .send(
            Method::PUT,
            &format!("{file}/content"),
            &[("content-type", "text/plain")],
            "new",
        )
        .await;
    assert_eq!(put.status, StatusCode::OK);
    assert_eq!(put.json()["size"], 3);
    assert_eq!(client.file(&format!("{file}/content")).await.body, "new");

    let photo = client.get("/me/photo/$value").await;
    assert!(photo.body.len() > 8, "the default photo");
    let put = client
        .send(
            Method::PUT,
            "/me/photo/$value",
            &[("content-type", "image/png")],
            "png",
        )
        .await;
    assert_eq!(put.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get("/me/photo/$value").await.body, "png");
}

#[tokio::test]
async fn drive_items_are_found_by_path() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let root = format!("{drive}/root");
    let folder = client.get(&format!("{root}:/c%23%20files")).await;
    assert_eq!(folder.json()["name"], "C# Files");
    let id = folder.json()["id"].as_str().unwrap().to_owned();
    for path in [
        format!("{root}:/C%23%20Files/a%2Bb%27s%20%5Bx%5D.txt:/content"),
        format!("{drive}/items/root:/C%23%20Files/a+b's%20%5Bx%5D.txt:/content"),
        format!("{drive}/items/{id}:/a%2Bb%27s%20%5Bx%5D.txt:/content"),
    ] {
        assert_eq!(client.file(&path).await.body, "A sharp file.\n", "{path}");
    }
    let children = client
        .get(&format!("{root}:/Reports:/children?$select=name"))
        .await;
    assert_eq!(children.names("name"), ["2026.csv", "50% off & more.txt"]);

    // Uploading content creates a file. Otherwise, the path between the colons must exist.
    let new = format!("{root}:/Reports/new.txt:/content");
    let text = [("content-type", "text/plain")];
    let made = client.send(Method::PUT, &new, &text, "one").await;
    assert_eq!(
        (made.status, &made.json()["size"]),
        (StatusCode::CREATED, &json!(3))
    );
    let again = client.send(Method::PUT, &new, &text, "more").await;
    assert_eq!(
        (again.status, &again.json()["id"]),
        (StatusCode::OK, &made.json()["id"])
    );
    assert_eq!(client.file(&new).await.body, "more");
    for path in [
        "/none.txt",
        "/none.txt:/content",
        "/none/none.txt:/content",
        "/none:/children",
    ] {
        let missing = client.get(&format!("{root}:{path}")).await;
        assert_eq!(
            (missing.status, missing.error().0.as_str()),
            (StatusCode::NOT_FOUND, "itemNotFound"),
            "{path}"
        );
    }
    assert_eq!(
        client
            .delete(&format!("{root}:/Reports/new.txt:"))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(client.get(&new).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn team_is_created_asynchronously() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let accepted = client
        .post(
            "/teams",
            json!({
                "template@odata.bind":
                    "https://graph.microsoft.com/v1.0/teamsTemplates('standard')",
                "displayName": "Legal",
                "members": [{
                    "@odata.type": "#microsoft.graph.aadUserConversationMember",
                    "roles": ["owner"], "user@odata.bind": "/users/adele@contoso.com",
                }],
            }),
        )
        .await;
    assert_eq!(
        (accepted.status, accepted.body.len()),
        (StatusCode::ACCEPTED, 0)
    );
    let team = accepted.header("content-location").to_owned();
    assert!(team.starts_with("/teams('"), "{team}");
    assert_eq!(client.get(&team).await.json()["displayName"], "Legal");
    for status in ["inProgress", "inProgress"] {
        let operation = client.get(accepted.header("location")).await.json();
        assert_eq!(operation["status"], status);
    }
    let operation = client.get(accepted.header("location")).await.json();
    assert_eq!(
        (&operation["status"], &operation["targetResourceLocation"]),
        (&json!("succeeded"), &json!(team))
    );
}

#[tokio::test]
async fn structural_properties_have_their_own_path() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let changed = client
        .patch(
            "/me/mailboxSettings",
            json!({ "timeZone": "W. Europe Standard Time" }),
        )
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    let settings = client.get("/me/mailboxSettings").await.json();
    assert_eq!(settings["timeZone"], "W. Europe Standard Time");
}

#[tokio::test]
async fn alternate_keys_casts_and_functions_are_resolved() {
    let simulator = start_synthesizing().await;
    let mut client = Client::app(&simulator).await;
    let client_id = &simulator.credentials().client_id;
    let application = client
        .get(&format!("/applications(appId='{client_id}')"))
        .await;
    assert_eq!(application.json()["displayName"], "Contoso Tests");
    let none = client
        .get("/applications(appId='00000000-0000-4000-8000-000000000000')")
        .await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);

    let everyone = client
        .get("/groups?$filter=displayName%20eq%20'Everyone'")
        .await
        .json();
    let members = format!(
        "/groups/{}/members",
        everyone["value"][0]["id"].as_str().unwrap()
    );
    assert_eq!(
        client
            .get(&format!("{members}/graph.group"))
            .await
            .names("displayName"),
        ["Marketing"]
    );
    assert_eq!(
        client
            .get(&format!("{members}/microsoft.graph.user"))
            .await
            .names("displayName")
            .len(),
        12
    );
    let transitive = client
        .get(&format!(
            "{}?$top=999",
            members.replace("members", "transitiveMembers")
        ))
        .await;
    assert_eq!(transitive.names("id").len(), 13);

    // Graph's own examples use a slash at the end, an action without its namespace, and names
    // without case.
    assert_eq!(client.get("/users/?$top=1").await.names("id").len(), 1);
    let assign = json!({ "value": [] });
    let assigned = client
        .post("/admin/teams/policy/userAssignments/assign", assign)
        .await;
    assert_eq!(assigned.status, StatusCode::NO_CONTENT);
    let view =
        "/users/adele@contoso.com/calendarview?startdatetime=2026-03-01&enddatetime=2026-04-01";
    assert_eq!(client.get(view).await.names("id").len(), 2);
    let to = json!([{ "emailAddress": { "address": "bruno@contoso.com" } }]);
    let mail = json!({
        "message": { "subject": "x", "toRecipients": to }, "saveToSentItems": true,
    });
    let sent = client.post("/users/adele@contoso.com/sendMail", mail).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED);

    // A function may be called with its namespace, without parentheses, and in any case.
    for path in [
        "/users/delta()",
        "/users/delta",
        "/Users/microsoft.graph.delta()",
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.json()["value"].is_array(), "{path}");
    }
    let view = "/users/adele@contoso.com/reminderView(EndDateTime='2026-12-31T00:00:00Z',\
        StartDateTime='2026-01-01T00:00:00Z')";
    assert_eq!(
        client.get(view).await.status,
        StatusCode::OK,
        "arguments have no order"
    );
    let report = client
        .file("/reports/getEmailActivityCounts(period='D7')")
        .await;
    assert_eq!(report.header("content-type"), "text/csv");
    assert!(
        report
            .body
            .starts_with("\u{feff}Report Refresh Date,".as_bytes())
    );
}

#[tokio::test]
async fn actions_return_their_declared_type() {
    let simulator = start_synthesizing().await;
    let mut client = Client::user(&simulator).await;
    let ids = json!({ "securityEnabledOnly": false });
    let groups = client.post("/me/getMemberGroups", ids).await.json();
    assert!(groups["value"][0].is_string(), "{groups}");
}

#[tokio::test]
async fn calendar_view_lists_events_in_its_range() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let march = "/me/calendarView?startDateTime=2026-03-01T00:00:00Z&\
        endDateTime=2026-04-01T00:00:00Z&$select=subject";
    let subjects = client.get(march).await.names("subject");
    assert_eq!(
        subjects,
        ["Kick-off of the spring campaign", "Lunch with Chiara"]
    );
    assert_eq!(
        client
            .get("/me/calendar/events?$select=subject")
            .await
            .names("subject")
            .len(),
        3
    );
}

#[tokio::test]
async fn empty_tenant_is_seeded_without_http() {
    let simulator = builder()
        .seed(Seed::Empty)
        .tenant("8f1f9a9e-5a8c-4b0e-9d55-6f4f4f1b2c3d", "fabrikam.com")
        .start();
    let simulator = simulator.await.unwrap();
    assert_eq!(
        simulator.read("/users").unwrap()["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(simulator.read("/groups").unwrap()["value"], json!([]));
    let group = json!({ "displayName": "G", "mailNickname": "g", "mailEnabled": false,
        "securityEnabled": true });
    let made = simulator.create("/groups", group).unwrap();
    let path = format!("/groups/{}", made["id"].as_str().unwrap());
    simulator
        .update(&path, json!({ "displayName": "H" }))
        .unwrap();
    assert_eq!(simulator.read(&path).unwrap()["displayName"], "H");
    simulator.delete(&path).unwrap();
    let error = simulator.read(&path).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("GET {path} → 404 Not Found: Resource '")),
        "{error}"
    );
    assert!(simulator.requests().is_empty());
    assert_eq!(
        simulator.credentials().user_principal_name,
        "adele@fabrikam.com"
    );
}

#[tokio::test]
async fn ids_are_accepted_in_any_encoding() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let site = client.get("/sites").await.json()["value"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(site.contains(','));
    for id in [
        site.clone(),
        site.replace(',', "%2C"),
        site.replace(',', "%2c"),
        "root".into(),
    ] {
        assert_eq!(
            client.get(&format!("/sites/{id}")).await.status,
            StatusCode::OK,
            "{id}"
        );
    }
    let domain = json!({ "id": "a/b+c_d-e=" });
    assert_eq!(
        client.post("/domains", domain).await.status,
        StatusCode::CREATED
    );
    assert_eq!(
        client.get("/domains/a%2Fb%2Bc_d-e%3D").await.json()["id"],
        "a/b+c_d-e="
    );
    assert_eq!(
        client.get("/domains/a%252Fb%2Bc_d-e%3D").await.status,
        StatusCode::NOT_FOUND,
        "decoded once"
    );
}
