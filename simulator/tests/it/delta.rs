//! Tests of `delta()`.

use std::time::Duration;

use http::{Method, StatusCode};
use msgraph_simulator::{Fault, Simulator};
use serde_json::{Value, json};

use crate::client::{Answer, Client, builder, drive, start};

/// Follows a round to its end. Returns its items, and the link to the next round.
async fn round(client: &mut Client, url: &str) -> (Vec<Value>, String) {
    let (mut url, mut items) = (url.to_owned(), Vec::new());
    loop {
        let answer = client.get(&url).await;
        assert_eq!(answer.status, StatusCode::OK, "{url}: {:?}", answer.body);
        let page = answer.json();
        items.extend(page["value"].as_array().unwrap().iter().cloned());
        let text = |name: &str| page[name].as_str().map(str::to_owned);
        match (text("@odata.nextLink"), text("@odata.deltaLink")) {
            (Some(next), None) => url = next,
            (None, Some(link)) => return (items, link),
            links => panic!("{links:?}"),
        }
    }
}

fn find<'a>(items: &'a [Value], id: &Value) -> &'a Value {
    let found: Vec<_> = items.iter().filter(|item| item["id"] == *id).collect();
    assert_eq!(found.len(), 1, "{id} in {items:?}");
    found[0]
}

#[tokio::test]
async fn user_delta_returns_pages_then_changes() {
    let simulator = builder().page_size(5).start().await.unwrap();
    let mut client = Client::app(&simulator).await;
    let (users, link) = round(&mut client, "/users/delta?$select=displayName,jobTitle").await;
    assert_eq!(users.len(), 12);
    assert_eq!(simulator.requests().len(), 3);
    assert!(link.contains("/users/delta?$deltatoken="), "{link}");
    let names: Vec<_> = users[0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["displayName", "id", "jobTitle"]);

    // A round without changes keeps its token.
    let (none, same) = round(&mut client, &link).await;
    assert_eq!((none.len(), &same), (0, &link));

    let [adele, bruno, chiara] = [0, 1, 2].map(|at| users[at]["id"].clone());
    let url = |id: &Value| format!("/users/{}", id.as_str().unwrap());
    client
        .patch(&url(&adele), json!({ "jobTitle": null }))
        .await;
    client
        .patch(&url(&bruno), json!({ "city": "Bergen" }))
        .await;
    client.delete(&url(&chiara)).await;
    let (changed, next) = round(&mut client, &link).await;
    // A cleared property is null instead of missing.
    assert_eq!(
        *find(&changed, &adele),
        json!({ "id": adele, "displayName": "Adele Brandt", "jobTitle": null })
    );
    assert_eq!(find(&changed, &bruno)["displayName"], "Bruno Okafor");
    assert_eq!(
        *find(&changed, &chiara),
        json!({ "id": chiara, "@removed": { "reason": "changed" } })
    );
    assert_eq!(changed.len(), 3);

    // The same link returns the same items again, and the changes since then.
    client
        .patch(&url(&adele), json!({ "jobTitle": "Chief" }))
        .await;
    let (again, _) = round(&mut client, &link).await;
    assert_eq!(
        (again.len(), &find(&again, &adele)["jobTitle"]),
        (3, &json!("Chief"))
    );

    // One object is deleted for good, and another one is restored.
    let deleted = |id: &Value| format!("/directory/deletedItems/{}", id.as_str().unwrap());
    client.delete(&url(&bruno)).await;
    client.delete(&deleted(&chiara)).await;
    let (gone, next) = round(&mut client, &next).await;
    assert_eq!(find(&gone, &chiara)["@removed"]["reason"], "deleted");
    assert_eq!(find(&gone, &bruno)["@removed"]["reason"], "changed");
    assert_eq!(
        client
            .send(
                Method::POST,
                &format!("{}/restore", deleted(&bruno)),
                &[],
                ""
            )
            .await
            .status,
        StatusCode::OK
    );
    let (back, _) = round(&mut client, &next).await;
    assert_eq!(find(&back, &bruno)["displayName"], "Bruno Okafor");
}

#[tokio::test]
async fn minimal_preference_returns_only_changed_properties() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let (users, link) = round(&mut client, "/users/delta").await;
    client
        .patch(
            "/users/adele@contoso.com",
            json!({ "mobilePhone": null, "jobTitle": "Chief" }),
        )
        .await;
    let page = client
        .send(Method::GET, &link, &[("prefer", "return=minimal")], "")
        .await;
    assert_eq!(
        page.json()["value"],
        json!([{ "id": users[0]["id"], "jobTitle": "Chief", "mobilePhone": null }])
    );
}

#[tokio::test]
async fn group_delta_lists_member_changes() {
    let simulator = start().await;
    let mut client = Client::app(&simulator).await;
    let (groups, link) = round(&mut client, "/groups/delta?$select=displayName,members").await;
    let everyone = groups
        .iter()
        .find(|group| group["displayName"] == "Everyone")
        .unwrap();
    assert_eq!(everyone["members@delta"].as_array().unwrap().len(), 13);
    let users = client.get("/users?$select=id").await.names("id");
    let group = everyone["id"].as_str().unwrap();
    client
        .delete(&format!("/groups/{group}/members/{}/$ref", users[3]))
        .await;
    let (changed, link) = round(&mut client, &link).await;
    assert_eq!(
        changed[0]["members@delta"],
        json!([{ "@odata.type": "#microsoft.graph.user", "id": users[3],
            "@removed": { "reason": "deleted" } }])
    );
    // A deleted user is no longer a member of any group.
    client.delete(&format!("/users/{}", users[4])).await;
    let (changed, link) = round(&mut client, &link).await;
    let told = &find(&changed, &everyone["id"])["members@delta"][0];
    assert_eq!(
        (&told["id"], &told["@removed"]["reason"]),
        (&json!(users[4]), &json!("deleted"))
    );
    let reference =
        json!({ "@odata.id": format!("{}/directoryObjects/{}", simulator.url(), users[3]) });
    client
        .post(&format!("/groups/{group}/members/$ref"), reference)
        .await;
    let (changed, _) = round(&mut client, &link).await;
    assert_eq!(
        changed[0]["members@delta"],
        json!([{ "@odata.type": "#microsoft.graph.user", "id": users[3] }])
    );

    // The members of a large group are split over several items with the same id.
    simulator.set_page_size(Some(5));
    let (groups, _) = round(&mut client, "/groups/delta").await;
    let parts: Vec<_> = groups
        .iter()
        .filter(|item| item["id"] == everyone["id"])
        .collect();
    assert_eq!(parts.len(), 3);
    assert!(parts[1].get("displayName").is_none());
}

#[tokio::test]
async fn message_delta_is_per_folder() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let inbox = "/me/mailFolders/inbox/messages";
    let first = format!("{inbox}/delta?$select=subject,isRead");
    let page = client
        .send(
            Method::GET,
            &first,
            &[("prefer", "odata.maxpagesize=4")],
            "",
        )
        .await;
    assert_eq!(page.json()["value"].as_array().unwrap().len(), 4);
    assert!(
        page.json()["@odata.nextLink"]
            .as_str()
            .unwrap()
            .contains("$skiptoken=")
    );
    let (messages, link) = round(&mut client, &first).await;
    assert_eq!(messages.len(), 6);
    let [read, moved, deleted] = [1, 2, 3].map(|at| messages[at]["id"].clone());
    let at = |id: &Value| format!("/me/messages/{}", id.as_str().unwrap().replace('=', "%3D"));
    client.patch(&at(&read), json!({ "isRead": true })).await;
    let to = json!({ "DestinationId": "archive" });
    assert_eq!(
        client
            .post(&format!("{}/move", at(&moved)), to)
            .await
            .status,
        StatusCode::CREATED
    );
    client.delete(&at(&deleted)).await;
    let new = client.post(inbox, json!({ "subject": "New" })).await.json();
    let (changed, link) = round(&mut client, &link).await;
    assert_eq!(changed.len(), 4);
    assert_eq!(find(&changed, &read)["isRead"], true);
    for id in [&moved, &deleted] {
        assert_eq!(
            *find(&changed, id),
            json!({ "id": id, "@removed": { "reason": "deleted" } })
        );
    }
    assert_eq!(find(&changed, &new["id"])["subject"], "New");
    // A token is valid for its own folder only.
    let other = link.replace("inbox", "archive");
    assert_eq!(client.get(&other).await.status, StatusCode::BAD_REQUEST);
    // The query can be limited to one kind of change.
    let (_, created) = round(&mut client, &format!("{inbox}/delta?changeType=created")).await;
    client.patch(&at(&read), json!({ "isRead": false })).await;
    client.post(inbox, json!({ "subject": "Newer" })).await;
    let (changed, _) = round(&mut client, &created).await;
    assert_eq!(
        (changed.len(), &changed[0]["subject"]),
        (1, &json!("Newer"))
    );
}

#[tokio::test]
async fn event_delta_is_per_calendar_view() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let view = "/me/calendarView/delta?startDateTime=2026-03-01T00:00:00Z&\
        endDateTime=2026-03-31T00:00:00Z";
    let (events, link) = round(&mut client, view).await;
    assert_eq!(events.len(), 2);
    let time = |text: &str| json!({ "dateTime": text, "timeZone": "UTC" });
    let inside = json!({ "subject": "In", "start": time("2026-03-20T10:00:00"),
        "end": time("2026-03-20T11:00:00") });
    let outside = json!({ "subject": "Out", "start": time("2026-05-20T10:00:00"),
        "end": time("2026-05-20T11:00:00") });
    client.post("/me/events", inside).await;
    client.post("/me/events", outside).await;
    client
        .delete(&format!(
            "/me/events/{}",
            events[0]["id"].as_str().unwrap().replace('=', "%3D")
        ))
        .await;
    let (changed, _) = round(&mut client, &link).await;
    assert_eq!(changed.len(), 2);
    assert_eq!(
        find(&changed, &events[0]["id"])["@removed"]["reason"],
        "deleted"
    );
    assert!(changed.iter().any(|event| event["subject"] == "In"));
    assert_eq!(
        client.get(&format!("{view}&$select=subject")).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn drive_delta_lists_items() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let delta = format!("{drive}/items/root/delta");
    let (items, link) = round(&mut client, &delta).await;
    assert!(items[0]["root"].is_object(), "{items:?}");
    assert_eq!(items.len(), 6);
    assert!(link.contains("/delta?token="), "{link}");
    let named = |name: &str| items.iter().find(|item| item["name"] == name).unwrap()["id"].clone();
    let (reports, csv) = (named("Reports"), named("2026.csv"));
    let path = |id: &Value| format!("{drive}/items/{}", id.as_str().unwrap());
    let text = [("content-type", "text/plain")];
    client
        .send(
            Method::PUT,
            &format!("{}:/new.txt:/content", path(&reports)),
            &text,
            "new",
        )
        .await;
    let (changed, link) = round(&mut client, &link).await;
    // The folders above the changed item are included.
    let names: Vec<_> = changed
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["root", "Reports", "new.txt"]);
    assert!(changed[2].get("cTag").is_none());
    client.delete(&path(&csv)).await;
    let page = client
        .send(Method::GET, &link, &[("deltaexcludeparent", "")], "")
        .await
        .json();
    let gone = page["value"][0].clone();
    assert_eq!(page["value"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&gone["id"], &gone["deleted"]["state"]),
        (&csv, &json!("deleted"))
    );
    assert_eq!(gone["parentReference"]["id"], reports);
    assert!(gone.get("name").is_none());
    // Deleting a folder deletes its content as well.
    client.delete(&path(&reports)).await;
    let (gone, _) = round(&mut client, page["@odata.deltaLink"].as_str().unwrap()).await;
    assert_eq!(
        gone.iter()
            .filter(|item| item["deleted"].is_object())
            .count(),
        3
    );
    // The token can be passed in both forms.
    let token = link.split("token=").nth(1).unwrap();
    let (gone, _) = round(&mut client, &format!("{delta}(token='{token}')")).await;
    assert!(gone.len() >= 4);
}

#[tokio::test]
async fn delta_starts_now_or_at_a_time() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let latest = [
        format!("{drive}/items/root/delta?token=latest"),
        "/users/delta?$deltatoken=latest&$select=id".into(),
    ];
    for url in latest {
        let (items, link) = round(&mut client, &url).await;
        assert_eq!(items.len(), 0);
        assert_eq!(round(&mut client, &link).await.0.len(), 0);
    }
    assert_eq!(
        client.get("/users/delta?token=latest").await.status,
        StatusCode::BAD_REQUEST
    );
    simulator.advance(Duration::from_secs(1_800));
    let folder = json!({ "name": "New", "folder": {} });
    client
        .post(&format!("{drive}/items/root/children"), folder)
        .await;
    let now = chrono::DateTime::parse_from_rfc2822(client.get("/me").await.header("date")).unwrap();
    let ago = |seconds| {
        (now - chrono::TimeDelta::seconds(seconds))
            .format("%Y-%m-%dT%H%%3A%M%%3A%SZ")
            .to_string()
    };
    let (changed, _) = round(
        &mut client,
        &format!("{drive}/items/root/delta?token={}", ago(60)),
    )
    .await;
    assert_eq!(changed.last().unwrap()["name"], "New");
    let old = client
        .get(&format!(
            "{drive}/items/root/delta?token={}",
            ago(61 * 86_400)
        ))
        .await;
    assert_eq!(
        (old.status, old.error().0.as_str()),
        (StatusCode::GONE, "resyncRequired")
    );
}

#[tokio::test]
async fn expired_delta_tokens_fail_as_each_service() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let drive = drive(&mut client).await;
    let [items, users, mail] = [
        format!("{drive}/items/root/delta?$select=id,name"),
        "/users/delta".to_owned(),
        "/me/mailFolders/inbox/messages/delta".to_owned(),
    ];
    let mut links = Vec::new();
    for url in [&items, &users, &mail] {
        links.push(round(&mut client, url).await.1);
    }
    simulator.expire_delta_tokens();
    check_expired(&simulator, &mut client, &links, &items).await;

    for (at, (url, link)) in [(&items, 0), (&users, 1), (&mail, 2)]
        .into_iter()
        .enumerate()
    {
        let link: &String = &links[link];
        let broken = client.get(&format!("{link}x")).await;
        assert_eq!(broken.status, StatusCode::BAD_REQUEST, "{at}");
        // A new round works.
        round(&mut client, url).await;
    }
    let broken = client
        .get(&format!("{drive}/items/root/delta?token=nonsense"))
        .await;
    assert_eq!(
        broken.error(),
        (
            "invalidRequest".into(),
            "Provided sync token is malformed".into()
        )
    );

    // A token also expires with time.
    let (_, link) = round(&mut client, "/groups/delta").await;
    simulator.advance(Duration::from_secs(31 * 86_400));
    client.token = Some(simulator.user_token());
    let old: Answer = client.get(&link).await;
    assert_eq!(old.error().0, "Request_UnsupportedQuery");
}

async fn check_expired(simulator: &Simulator, client: &mut Client, links: &[String], items: &str) {
    let drive = client.get(&links[0]).await;
    assert_eq!(
        (drive.status, drive.error().0.as_str()),
        (StatusCode::GONE, "resyncRequired")
    );
    let fresh = drive.header("location").to_owned();
    assert_eq!(
        fresh,
        format!("{}{}", simulator.url(), items.replace(',', "%2C")).replace("$select", "$select")
    );
    let (all, _) = round(client, &fresh).await;
    assert_eq!(all.len(), 6);
    let users = client.get(&links[1]).await;
    assert_eq!(users.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        users.error().1,
        "DeltaLink older than 30 days is not supported."
    );
    let mail = client.get(&links[2]).await;
    assert_eq!(
        (mail.status, mail.error().0.as_str()),
        (StatusCode::GONE, "SyncStateNotFound")
    );
    assert_eq!(mail.header("location"), "");
}

#[tokio::test]
async fn unsupported_delta_options_are_refused() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    let user = simulator.credentials().user_id.clone();
    let (one, _) = round(
        &mut client,
        &format!("/users/delta?$filter=id%20eq%20'{user}'"),
    )
    .await;
    assert_eq!(one.len(), 1);
    for url in [
        "/users/delta?$filter=displayName%20eq%20'x'",
        "/users/delta?$orderby=displayName",
        "/users/delta?$search=%22displayName:x%22",
        "/users/delta?$deltatoken=x&$deltatoken=y",
        "/me/mailFolders/inbox/messages/delta?$search=%22x%22",
    ] {
        assert_eq!(
            client.get(url).await.status,
            StatusCode::BAD_REQUEST,
            "{url}"
        );
    }
    let (_, link) = round(&mut client, "/users/delta").await;
    assert_eq!(
        client.get(&format!("{link}&$select=id")).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn delta_faults_send_empty_pages_and_duplicates() {
    let simulator = start().await;
    let mut client = Client::user(&simulator).await;
    simulator.fault(Fault::empty_page());
    simulator.fault(Fault::repeated_items());
    let page = client.get("/users/delta").await.json();
    assert_eq!(page["value"], json!([]));
    let (items, _) = round(&mut client, page["@odata.nextLink"].as_str().unwrap()).await;
    assert_eq!((items.len(), &items[0]), (24, &items[1]));
}
