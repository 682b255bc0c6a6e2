//! Tests of the requests that Graph refuses.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, start};

#[tokio::test]
async fn error_response_has_graphs_form() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let own = "11111111-2222-4333-8444-555555555555";
    let refused = client
        .send(Method::GET, "/mef", &[("client-request-id", own)], "")
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.header("content-type"), "application/json");
    let inner = &refused.json()["error"]["innerError"];
    assert_eq!(inner["request-id"], refused.header("request-id"));
    assert_eq!(inner["client-request-id"], own);
    assert_eq!(refused.header("client-request-id"), own);
    let date = inner["date"].as_str().unwrap();
    assert_eq!(
        date.len(),
        "2026-02-20T11:27:12".len(),
        "no zone and no fraction: {date}"
    );
    assert!(refused.header("date").ends_with(" GMT"));
    assert!(
        refused
            .header("x-ms-ags-diagnostic")
            .starts_with("{\"ServerInfo\"")
    );
    let good = client.get("/users?$top=1").await;
    assert!(
        good.header("content-type")
            .starts_with("application/json;odata.metadata=minimal;")
    );
    assert_eq!(good.header("odata-version"), "4.0");
    assert_ne!(good.header("request-id"), refused.header("request-id"));
    assert_eq!(good.header("client-request-id"), good.header("request-id"));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    for (path, segment) in [
        ("/mef", "mef"),
        ("/users/adele@contoso.com/mesages", "mesages"),
        ("/users/$ref", "$ref"),
        ("/users/adele@contoso.com/messages/$value/x", "$value"),
        (
            "/users/adele@contoso.com/reminderView(StartDateTime='a')",
            "reminderView(StartDateTime='a')",
        ),
        (
            "/users/adele@contoso.com/reminderView(StartDateTime=a,EndDateTime='b')",
            "reminderView(StartDateTime=a,EndDateTime='b')",
        ),
        (
            "/reports/getEmailActivityCounts(period='D7'",
            "getEmailActivityCounts(period='D7'",
        ),
        ("/", ""),
        ("/users//messages", ""),
    ] {
        let refused = client.get(path).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path}");
        let message = format!("Resource not found for the segment '{segment}'.");
        assert_eq!(refused.error(), ("BadRequest".into(), message), "{path}");
    }
    let refused = client.delete("/users").await;
    assert_eq!(
        (refused.status, refused.header("allow")),
        (StatusCode::METHOD_NOT_ALLOWED, "GET, POST")
    );
    assert_eq!(
        client.send(Method::HEAD, "/users", &[], "").await.status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    let unknown = client
        .get(&format!("{}/v2.0/users", simulator.login_url()))
        .await;
    assert_eq!(
        unknown.error(),
        ("BadRequest".into(), "Invalid version: v2.0".into())
    );
    for path in ["/users/%zz", "/users/%ff", "/users?$filter=%zz"] {
        assert_eq!(
            client.get(path).await.status,
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
}

#[tokio::test]
async fn missing_entities_are_not_found() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (path, status, code) in [
        (
            "/users/unknown@contoso.com",
            404,
            "Request_ResourceNotFound",
        ),
        (
            &format!("/groups/{unknown}"),
            404,
            "Request_ResourceNotFound",
        ),
        ("/groups/unknown", 400, "Request_BadRequest"),
        (
            &format!("/groups/{unknown}/members"),
            404,
            "Request_ResourceNotFound",
        ),
        ("/me/messages/AAMkAD123=", 404, "ErrorItemNotFound"),
        ("/me/messages/a%20b", 400, "ErrorInvalidIdMalformed"),
        ("/drives/nothing", 404, "itemNotFound"),
        ("/teams/nothing", 404, "NotFound"),
        (
            "/users/unknown@contoso.com/messages",
            404,
            "Request_ResourceNotFound",
        ),
    ] {
        let refused = client.get(path).await;
        assert_eq!(
            (refused.status.as_u16(), refused.error().0.as_str()),
            (status, code),
            "{path}"
        );
    }
}

#[tokio::test]
async fn invalid_query_options_are_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (path, message) in [
        (
            "/users?$select=id&$select=mail",
            "Query option '$select' was specified more than once, but it must be specified at most \
             once.",
        ),
        (
            "/users?%24select=id&$select=mail",
            "Query option '$select' was specified more than once, but it must be specified at most \
             once.",
        ),
        (
            "/users?$select=id,nothing",
            "Could not find a property named 'nothing' on type 'microsoft.graph.user'.",
        ),
        (
            "/me/messages?$orderby=nothing",
            "Could not find a property named 'nothing' on type 'microsoft.graph.message'.",
        ),
        (
            "/me/messages?$expand=nothing",
            "Could not find a property named 'nothing' on type 'microsoft.graph.message'.",
        ),
        (
            "/me/messages?$select=from/nothing",
            "Could not find a property named 'nothing' on type 'microsoft.graph.recipient'.",
        ),
    ] {
        let refused = client.get(path).await;
        assert_eq!(
            refused.error(),
            ("BadRequest".into(), message.into()),
            "{path}"
        );
    }
    let undeclared = client.get("/users?$filter=nothing%20eq%201").await;
    let message = "Property 'nothing' does not exist as a declared property or extension property.";
    assert_eq!(
        undeclared.error(),
        ("Request_UnsupportedQuery".into(), message.into())
    );
    // The options are unknown, unknown here, without `$`, empty, or in another case.
    for path in [
        "/users?$nothing=1",
        "/users?nothing=1",
        "/users/adele@contoso.com?$top=1",
        "/users/adele@contoso.com?$filter=id%20eq%20'x'",
        "/users?$select=",
        "/users?$select=id,,mail",
        "/users?$count=yes",
        "/users?$orderby=displayName%20up",
        "/users?$format=atom",
        "/me/messages/$count?$select=id",
    ] {
        assert_eq!(
            client.get(path).await.status,
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
    assert_eq!(
        client.get("/users?$format=json").await.status,
        StatusCode::OK
    );
    assert_eq!(
        client
            .get("/me/mailFolders?includeHiddenFolders=true")
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        client
            .get("/me/calendarView?startDateTime=2026-01-01T00:00:00Z")
            .await
            .error()
            .0,
        "ErrorInvalidParameter"
    );
    let refused = client
        .get("/me/calendarView?startDateTime=today&endDateTime=tomorrow")
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn bodies_without_json_are_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let json = ("content-type", "application/json");
    for (method, headers, body, message) in [
        (
            Method::POST,
            &[][..],
            r#"{"subject":"x"}"#,
            "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
        ),
        (
            Method::POST,
            &[("content-type", "text/html")],
            r#"{"subject":"x"}"#,
            "Entity only allows writes with a JSON Content-Type header.",
        ),
        (
            Method::POST,
            &[json],
            "",
            "Empty Payload. JSON content expected.",
        ),
        (
            Method::POST,
            &[json],
            r#"{"subject":"#,
            "Unable to read JSON request payload. Please ensure Content-Type header is set and \
             payload is of valid JSON format.",
        ),
        (
            Method::POST,
            &[json],
            r#"{"subject":"x"} {}"#,
            "Unable to read JSON request payload. Please ensure Content-Type header is set and \
             payload is of valid JSON format.",
        ),
    ] {
        let refused = client.send(method, "/me/messages", headers, body).await;
        assert_eq!(
            refused.error(),
            ("BadRequest".into(), message.into()),
            "{body}"
        );
    }
    let id = client.get("/me/messages?$top=1").await.names("id")[0].clone();
    for body in ["{}", ""] {
        let refused = client
            .send(Method::PATCH, &format!("/me/messages/{id}"), &[json], body)
            .await;
        assert_eq!(
            refused.error(),
            (
                "BadRequest".into(),
                "Empty Payload. JSON content expected.".into()
            )
        );
    }
    let charset = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(
        client
            .send(Method::POST, "/me/messages", &charset, "{}")
            .await
            .status,
        StatusCode::CREATED
    );
    let refused = client
        .post(
            &format!("/me/messages/{id}/send"),
            json!({ "comment": "x" }),
        )
        .await;
    assert_eq!(
        refused.status,
        StatusCode::BAD_REQUEST,
        "this action takes no body"
    );
}

#[tokio::test]
async fn bodies_of_the_wrong_type_are_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    for (body, part) in [
        (
            json!([]),
            "An object of type 'microsoft.graph.event' was expected",
        ),
        (
            json!({ "nothing": 1 }),
            "The property 'nothing' does not exist on type 'microsoft.graph.event'.",
        ),
        (
            json!({ "OdataType": "#microsoft.graph.event" }),
            "The property 'OdataType' does not exist",
        ),
        (
            json!({ "start": { "nothing": 1 } }),
            "The property 'nothing' does not exist on type 'microsoft.graph.dateTimeTimeZone'.",
        ),
        (
            json!({ "subject": 5 }),
            "Cannot convert the literal '5' to the expected type 'Edm.String'",
        ),
        (
            json!({ "subject": { "a": 1 } }),
            "Expected Edm.String at property 'subject', but found an object.",
        ),
        (
            json!({ "isAllDay": "maybe" }),
            "Cannot convert the literal 'maybe' to the expected type 'Edm.Boolean'",
        ),
        (
            json!({ "reminderMinutesBeforeStart": "5" }),
            "Cannot convert the literal '5' to the expected type 'Edm.Int32'",
        ),
        (
            json!({ "reminderMinutesBeforeStart": 1.5 }),
            "Cannot convert the literal '1.5' to the expected type 'Edm.Int32'",
        ),
        (
            json!({ "reminderMinutesBeforeStart": 3_000_000_000_u64 }),
            "to the expected type 'Edm.Int32'",
        ),
        (
            json!({ "showAs": "sometimes" }),
            "Cannot convert the literal 'sometimes' to the expected type \
             'microsoft.graph.freeBusyStatus'",
        ),
        (
            json!({ "showAs": 1 }),
            "Expected microsoft.graph.freeBusyStatus at property 'showAs', but found a number.",
        ),
        (
            json!({ "originalStart": "2026-01-02T03:04:05" }),
            "to the expected type 'Edm.DateTimeOffset'",
        ),
        (
            json!({ "originalStart": "02.01.2026 03:04:05 +02:00" }),
            "to the expected type 'Edm.DateTimeOffset'",
        ),
        (
            json!({ "categories": "one" }),
            "to the expected type 'Collection(Edm.String)'",
        ),
        (
            json!({ "categories": [1] }),
            "to the expected type 'Edm.String'",
        ),
        (
            json!({ "attendees": { "type": "required" } }),
            "Expected Collection(microsoft.graph.attendee)",
        ),
        (
            json!({ "attachments": {} }),
            "Expected a collection at property 'attachments'",
        ),
        (
            json!({ "attachments": [{ "@odata.type": "#microsoft.graph.user" }] }),
            "A value with type 'microsoft.graph.user' cannot be assigned to the expected type \
             'microsoft.graph.attachment'.",
        ),
        (
            json!({ "attachments": [{ "@odata.type": "#microsoft.graph.nothing" }] }),
            "A type named 'microsoft.graph.nothing' could not be resolved by the model.",
        ),
        (
            json!({ "attachments": [{ "@odata.type": "#microsoft.graph.fileAttachment",
                "contentBytes": "-__-" }] }),
            "Cannot convert the literal '-__-' to the expected type 'Edm.Binary'",
        ),
        (
            json!({ "attachments": [{ "@odata.type": "#microsoft.graph.fileAttachment",
                "contentBytes": "aGk" }] }),
            "to the expected type 'Edm.Binary'",
        ),
        (
            json!({ "calendar@odata.bind": 5 }),
            "'calendar@odata.bind' must be a URL or a list of URLs",
        ),
    ] {
        let refused = client.post("/me/events", body.clone()).await;
        let (code, message) = refused.error();
        assert_eq!(
            (refused.status, code.as_str()),
            (StatusCode::BAD_REQUEST, "RequestBodyRead"),
            "{body}"
        );
        assert!(message.contains(part), "{body}: {message}");
    }
    let json = [("content-type", "application/json")];
    let twice = client
        .send(
            Method::POST,
            "/me/events",
            &json,
            r#"{"subject":"a","subject":"b"}"#,
        )
        .await;
    assert!(
        twice
            .error()
            .1
            .starts_with("Multiple properties with the name 'subject'"),
        "{:?}",
        twice.error()
    );
    let late =
        r##"{"attachments":[{"name":"a","@odata.type":"#microsoft.graph.fileAttachment"}]}"##;
    let late = client.send(Method::POST, "/me/events", &json, late).await;
    assert!(
        late.error().1.contains("must be the first property"),
        "{:?}",
        late.error()
    );
    let good = json!({
        "subject": null, "start": { "dateTime": "2026-03-01T10:00:00.0000000", "timeZone": "UTC" },
        "showAs": "Oof",
        "reminderMinutesBeforeStart": 15, "originalStart": "2026-01-02T03:04:05.1234567+02:00",
        "isAllDay": false,
        "attachments": [{ "@odata.type": "#microsoft.graph.fileAttachment",
            "contentBytes": "+//+" }],
    });
    assert_eq!(
        client.post("/me/events", good).await.status,
        StatusCode::CREATED
    );
    let refused = client
        .post("/me/sendMail", json!({ "Message": {}, "nothing": 1 }))
        .await;
    assert_eq!(refused.error().0, "RequestBodyRead");
    let twice = json!({ "Message": {}, "message": {} });
    assert_eq!(
        client.post("/me/sendMail", twice).await.error().0,
        "RequestBodyRead"
    );
}

#[tokio::test]
async fn invalid_directory_bodies_are_refused() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let whole = json!({
        "accountEnabled": true, "displayName": "N", "mailNickname": "n",
        "userPrincipalName": "n@contoso.com",
        "passwordProfile": { "password": "x" },
    });
    for name in whole.as_object().unwrap().keys() {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(name);
        let refused = client.post("/users", body).await;
        let message = format!("A value is required for property '{name}' of resource 'User'.");
        assert_eq!(refused.error(), ("Request_BadRequest".into(), message));
    }
    assert_eq!(
        client.post("/users", whole.clone()).await.status,
        StatusCode::CREATED
    );
    let taken = client.post("/users", whole).await;
    assert_eq!(taken.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        taken.json()["error"]["details"][0]["code"],
        "ObjectConflict"
    );
    let id = client
        .patch("/users/n@contoso.com", json!({ "id": "other" }))
        .await;
    assert_eq!(id.status, StatusCode::BAD_REQUEST);
    let own = client.get("/users/n@contoso.com").await.json()["id"].clone();
    let same = client
        .patch("/users/n@contoso.com", json!({ "id": own, "city": "Oslo" }))
        .await;
    assert_eq!(
        same.status,
        StatusCode::NO_CONTENT,
        "its own id may be sent"
    );
    // An extension must be defined before it can be set.
    let extension = json!({ "extension_ab_rooms": ["1", "2"] });
    let undefined = client.patch("/users/n@contoso.com", extension).await;
    assert_eq!(undefined.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn planner_update_requires_an_etag() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let plan = client
        .post("/planner/plans", json!({ "title": "Plan" }))
        .await
        .json();
    let path = format!("/planner/plans/{}", plan["id"].as_str().unwrap());
    let refused = client.patch(&path, json!({ "title": "Other" })).await;
    let message = "The If-Match header must be specified for this kind of request.";
    assert_eq!(
        (refused.status, refused.error()),
        (
            StatusCode::PRECONDITION_FAILED,
            (String::new(), message.into())
        )
    );
    let headers = [
        ("content-type", "application/json"),
        ("if-match", plan["@odata.etag"].as_str().unwrap()),
    ];
    let changed = client
        .send(Method::PATCH, &path, &headers, r#"{"title":"Other"}"#)
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    let stale = client.send(Method::DELETE, &path, &headers, "").await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn me_requires_a_user_token() {
    let simulator = start().await;
    let mut app = Client::app(&simulator).await;
    let refused = app.get("/me").await;
    let message = "/me request is only valid with delegated authentication flow.";
    assert_eq!(
        (refused.status, refused.error()),
        (
            StatusCode::BAD_REQUEST,
            ("BadRequest".into(), message.into())
        )
    );
    assert_eq!(
        app.get("/me/messages").await.status,
        StatusCode::BAD_REQUEST
    );
    let mut user = Client::user(&simulator).await;
    assert_eq!(
        user.get("/me").await.json()["userPrincipalName"],
        "adele@contoso.com"
    );
}

#[tokio::test]
async fn large_json_is_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let body: Value = json!({ "subject": "x".repeat(4 * 1024 * 1024) });
    assert_eq!(
        client.post("/me/messages", body).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}
