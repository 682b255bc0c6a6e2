//! A test that calls every path and method of the description once.
//!
//! The test reads the files of `openapi/` itself and walks them as a tree. At a collection it
//! creates an entity, then calls all places below the entity, and finally deletes the entity. For
//! this reason, the called resources exist, and each refusal must have a reason.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use http::{Method, StatusCode};
use msgraph_simulator::Description;
use serde_json::{Value, json};

use crate::client::{Answer, Local, builder, description};
use crate::walk_bodies;

/// A place in the tree of paths.
#[derive(Default)]
struct Place {
    item: Value,
    children: BTreeMap<String, Place>,
}

struct Walk<'a> {
    client: Local<'a>,
    description: Description,
    components: Value,
    /// An existing user, as the target of references.
    user: String,
    /// The URLs where entities of a type can be created: the collections without a key in their
    /// path.
    sets: BTreeMap<String, String>,
    /// The types that the templates with `$ref` refer to.
    referred: BTreeMap<String, String>,
    made: usize,
    calls: usize,
    successes: usize,
    /// The calls of resources that the tenant lacks: casts to a type without entities, references
    /// that are not set.
    absent: Vec<String>,
    failures: Vec<String>,
}

#[tokio::test]
async fn every_described_operation_is_served() {
    let simulator = builder().synthesize_responses().start().await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    let read = |file: std::path::PathBuf| -> Value {
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    let mut root = Place::default();
    let mut operations = 0;
    for entry in std::fs::read_dir(folder.join("paths")).unwrap() {
        let file = read(entry.unwrap().path());
        for (path, item) in file["paths"].as_object().unwrap() {
            let mut place = &mut root;
            for segment in path.trim_start_matches('/').split('/') {
                place = place.children.entry(segment.to_owned()).or_default();
            }
            operations += item
                .as_object()
                .unwrap()
                .keys()
                .filter(|name| *name != "parameters")
                .count();
            place.item = item.clone();
        }
    }
    let components = read(folder.join("schemas.json"))["components"].clone();
    let user = simulator.credentials().user_id.clone();
    let client = Local::user(&simulator);
    let mut walk = Walk {
        client,
        description: description(),
        components,
        user,
        sets: BTreeMap::new(),
        referred: BTreeMap::new(),
        made: 0,
        calls: 0,
        successes: 0,
        absent: Vec::new(),
        failures: Vec::new(),
    };
    for (segment, place) in &root.children {
        walk.explore(place, &format!("/{segment}"));
    }
    for (segment, place) in &root.children {
        simulator.forget_requests();
        walk.place(place, "", "", segment);
    }
    assert!(
        walk.failures.is_empty(),
        "{} of {}:\n{}",
        walk.failures.len(),
        walk.calls,
        walk.failures.join("\n")
    );
    assert_eq!(walk.calls, operations);
    assert_eq!(walk.successes + walk.absent.len(), operations);
    // Nearly all called resources exist. The others are refused as the service refuses them: an
    // organizer cannot accept the own event, and the default calendar cannot be removed.
    assert!(
        walk.absent.len() * 30 < operations,
        "{}:\n{}",
        walk.absent.len(),
        walk.absent.join("\n")
    );
}

impl Walk<'_> {
    /// Calls a place and all places below it. `template` and `url` lead to its parent.
    fn place(&mut self, place: &Place, template: &str, url: &str, segment: &str) {
        let template = format!("{template}/{segment}");
        let Some((url, query)) = self.url(place, url, segment) else {
            self.failures.push(format!("no URL for {template}"));
            return;
        };
        self.prepare(place, &template, &url);
        if segment == "$ref" {
            // The reference that is to be added must not exist yet.
            self.uncounted(
                place,
                &[Method::DELETE, Method::PUT],
                &template,
                &url,
                &query,
            );
        }
        for method in [Method::GET, Method::PATCH, Method::PUT] {
            self.call(place, &method, &template, &url, &query);
        }
        let creates = place
            .item
            .get("post")
            .is_some_and(|post| post.get("x-ms-docs-operation-type").is_none());
        let mut made = None;
        if let Some(answer) = self.call(place, &Method::POST, &template, &url, &query)
            && creates
        {
            made = key(&answer);
        }
        if segment == "revokeSignInSessions" {
            self.client.sign_in_again();
        }
        for (segment, child) in place
            .children
            .iter()
            .filter(|(segment, _)| !segment.starts_with(['{', '$']))
        {
            self.place(child, &template, &url, segment);
        }
        if let Some((segment, child)) = place
            .children
            .iter()
            .find(|(segment, _)| segment.starts_with('{'))
        {
            let id = match made {
                Some(id) => Some(id),
                None => self.first(place, &url),
            };
            let id = id.unwrap_or_else(|| "00000000-0000-4000-8000-000000000000".to_owned());
            self.entity(child, place, &template, &url, segment, &id);
        }
        // References are called last, because they are removed in the end.
        for (segment, child) in place
            .children
            .iter()
            .filter(|(segment, _)| segment.starts_with('$'))
        {
            self.place(child, &template, &url, segment);
        }
        self.prepare(place, &template, &url);
        self.call(place, &Method::DELETE, &template, &url, &query);
    }

    /// Calls an entity of the collection at `url`, and all places below it.
    fn entity(
        &mut self,
        place: &Place,
        set: &Place,
        template: &str,
        url: &str,
        segment: &str,
        id: &str,
    ) {
        let template = format!("{template}/{segment}");
        let at = |id: &str| format!("{url}/{}", encoded(id));
        let own = at(id);
        for method in [Method::GET, Method::PATCH, Method::PUT] {
            self.call(place, &method, &template, &own, "");
        }
        let below = place.children.iter();
        let mut below: Vec<_> = below.filter(|(segment, _)| *segment != "$ref").collect();
        // Nothing can be called after this.
        below.sort_by_key(|(segment, _)| *segment == "permanentDelete");
        for (segment, child) in below {
            let mut at_child = own.clone();
            // A cast needs an entity of its type.
            if let Some(type_name) = segment.strip_prefix("graph.") {
                let type_name = format!("microsoft.graph.{type_name}");
                if self.description.example(&type_name).is_some()
                    && let Some(other) = self.make(set, url, &type_name)
                {
                    at_child = at(&other);
                }
            }
            // A key below one entity is a name: thumbnails have one for each size.
            match segment.starts_with('{') {
                true => self.named(child, &template, &at_child, segment),
                false => self.place(child, &template, &at_child, segment),
            }
        }
        if let Some(child) = place.children.get("$ref") {
            if let Some(references) = set.children.get("$ref") {
                let (template, url) = (
                    format!("{}/$ref", template.rsplit_once('/').unwrap().0),
                    format!("{url}/$ref"),
                );
                self.uncounted(references, &[Method::POST], &template, &url, "");
            }
            self.place(child, &template, &own, "$ref");
        }
        self.call(place, &Method::DELETE, &template, &own, "");
    }

    /// Creates the resources that a place needs: the targets of its references, or the entity of an
    /// alternate key. These calls are not counted.
    fn prepare(&mut self, place: &Place, template: &str, url: &str) {
        if let Some(references) = place.children.get("$ref") {
            let (template, url) = (format!("{template}/$ref"), format!("{url}/$ref"));
            self.uncounted(
                references,
                &[Method::PUT, Method::POST],
                &template,
                &url,
                "",
            );
        }
        if let Some((set, arguments)) = url.strip_suffix(')').and_then(|url| url.rsplit_once('('))
            && let Some((property, _)) = arguments.split_once("='")
            && let Some(type_name) = self.item_type(place)
        {
            let mut example = self.description.example(&type_name).unwrap();
            self.made += 1;
            example["id"] = json!(format!("alternate {}", self.made));
            example[property] = json!("x y");
            self.client.post(set, example);
        }
    }

    fn uncounted(
        &mut self,
        place: &Place,
        methods: &[Method],
        template: &str,
        url: &str,
        query: &str,
    ) {
        let (count, successes) = (self.calls, self.successes);
        let (absent, failed) = (self.absent.len(), self.failures.len());
        for method in methods {
            self.call(place, method, template, url, query);
        }
        (self.calls, self.successes) = (count, successes);
        self.absent.truncate(absent);
        self.failures.truncate(failed);
    }

    /// Creates an entity of a type in a collection, or adds a reference to one.
    fn make(&mut self, set: &Place, url: &str, type_name: &str) -> Option<String> {
        let mut example = self.example(&json!({ "$ref": format!("#/{type_name}") }));
        self.made += 1;
        example["@odata.type"] = json!(format!("#{type_name}"));
        example["id"] = json!(format!("cast {}", self.made));
        if example.get("userPrincipalName").is_some() {
            example["userPrincipalName"] = json!(format!("cast{}@contoso.com", self.made));
        }
        if set.item.get("post").is_some() {
            return key(&self.client.post(url, example));
        }
        set.children.get("$ref")?.item.get("post")?;
        let id = key(&self.client.post("/directoryObjects", example))?;
        let body = json!({ "@odata.id": format!("/directoryObjects/{id}") });
        let added = self.client.post(&format!("{url}/$ref"), body);
        added.status.is_success().then_some(id)
    }

    /// Returns the entity type that is read at a place, directly or as the items of a page.
    fn item_type(&self, place: &Place) -> Option<String> {
        let schema =
            &place.item.get("get")?["responses"]["2XX"]["content"]["application/json"]["schema"];
        let name = schema["$ref"].as_str()?.rsplit('/').next()?;
        match self.components["schemas"][name]["properties"]["value"]["items"]["$ref"].as_str() {
            Some(items) => Some(items.rsplit('/').next()?.to_owned()),
            None => Some(name.to_owned()),
        }
    }

    /// Calls the place at a freely chosen name, and all places below it.
    fn named(&mut self, place: &Place, template: &str, url: &str, segment: &str) {
        let template = format!("{template}/{segment}");
        let url = format!("{url}/c300x400");
        self.call(place, &Method::GET, &template, &url, "");
        for (segment, child) in &place.children {
            self.place(child, &template, &url, segment);
        }
    }

    /// Returns the URL of a place below `parent`, and the query that its arguments need.
    fn url(&self, place: &Place, parent: &str, segment: &str) -> Option<(String, String)> {
        let mut query = String::new();
        let Some((name, arguments)) = segment.split_once('(') else {
            return Some((format!("{parent}/{segment}"), query));
        };
        let mut written = Vec::new();
        for argument in arguments
            .trim_end_matches(')')
            .split(',')
            .filter(|argument| !argument.is_empty())
        {
            let (name, value) = argument.split_once('=')?;
            let value = if name == "token" {
                // A delta token cannot be an arbitrary text.
                "'latest'".to_owned()
            } else if name.ends_with("DateTime") && value.starts_with('\'') {
                "'2026-01-01T00:00:00Z'".to_owned()
            } else if value.starts_with('\'') {
                "'x y'".to_owned()
            } else if let Some(alias) = value.strip_prefix('@') {
                query.push_str(&format!("&@{alias}=2026-01-01T00:00:00Z"));
                value.to_owned()
            } else {
                self.literal(place, value.trim_matches(['{', '}']))
            };
            written.push(format!("{name}={value}"));
        }
        let arguments = written.join(",").replace(' ', "%20");
        Some((format!("{parent}/{name}({arguments})"), query))
    }

    /// Returns a bare literal of a path parameter's type.
    fn literal(&self, place: &Place, name: &str) -> String {
        let mut items: Vec<&Place> = vec![place];
        let parameters = loop {
            let Some(item) = items.pop() else {
                return "1".into();
            };
            if let Some(parameters) = item.item.get("parameters") {
                break parameters;
            }
            items.extend(item.children.values());
        };
        let parameter = parameters
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| self.parameter(parameter));
        let mut named = parameter.filter(|parameter| parameter["name"] == name);
        let schema = named
            .next()
            .map_or(Value::Null, |parameter| parameter["schema"].clone());
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("boolean"), _) => "true".into(),
            (Some("integer" | "number"), _) => "1".into(),
            (_, Some("date")) => "2026-01-01".into(),
            (_, Some("date-time")) => "2026-01-01T00:00:00Z".into(),
            (_, Some("uuid")) => "6731de76-14a6-49ae-97bc-6eba6914391e".into(),
            (Some("array"), _) => "['x']".into(),
            _ => "x".into(),
        }
    }

    fn parameter(&self, parameter: &Value) -> Value {
        match parameter["$ref"].as_str() {
            Some(reference) => {
                let name = reference.rsplit('/').next().unwrap();
                self.components["parameters"][name].clone()
            }
            None => parameter.clone(),
        }
    }

    /// Returns the id of the collection's first entity.
    fn first(&mut self, place: &Place, url: &str) -> Option<String> {
        let parameters = place
            .item
            .get("get")?
            .get("parameters")
            .and_then(Value::as_array)
            .cloned();
        let mut query = String::new();
        for parameter in parameters.unwrap_or_default() {
            let parameter = self.parameter(&parameter);
            if parameter["required"] == true && parameter["in"] == "query" {
                query.push_str(&format!(
                    "&{}={}",
                    parameter["name"].as_str()?,
                    required(&parameter)
                ));
            }
        }
        let answer = self.client.get(&format!("{url}?{query}"));
        let json: Value = serde_json::from_slice(&answer.body).ok()?;
        // The name of the parameter holds the name of the key: `{workflowVersion-versionNumber}`.
        let segment = place
            .children
            .keys()
            .find(|segment| segment.starts_with('{'))?;
        let name = segment.trim_matches(['{', '}']).rsplit('-').next()?;
        let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
        match &json["value"].get(0)?[name] {
            Value::String(key) => Some(key.clone()),
            Value::Number(key) => Some(key.to_string()),
            _ => None,
        }
    }

    /// Calls an operation, if the place has it.
    fn call(
        &mut self,
        place: &Place,
        method: &Method,
        template: &str,
        url: &str,
        query: &str,
    ) -> Option<Answer> {
        let operation = place
            .item
            .get(method.as_str().to_ascii_lowercase())?
            .clone();
        let mut query = query.to_owned();
        let mut headers: Vec<(&str, String)> = Vec::new();
        let shared = place
            .item
            .get("parameters")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let own = operation
            .get("parameters")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let parameters = shared.iter().chain(&own);
        let parameters: Vec<_> = parameters
            .map(|parameter| self.parameter(parameter))
            .collect();
        for parameter in parameters {
            match (
                parameter["name"].as_str().unwrap(),
                parameter["in"].as_str().unwrap(),
            ) {
                ("ConsistencyLevel", _) => headers.push(("consistencylevel", "eventual".into())),
                ("@id", _) => {
                    let reference = self.reference(template);
                    query.push_str(&format!("&@id={}", encoded(&reference)));
                }
                (name, "query") if parameter["required"] == true => {
                    query.push_str(&format!("&{name}={}", required(&parameter)));
                }
                _ => {}
            }
        }
        // Planner requires the header, although the description does not say so.
        if *method != Method::GET {
            headers.push(("if-match", "*".into()));
        }
        let (media_type, body) = self.body(&operation, method, template);
        if let Some(media_type) = media_type {
            headers.push(("content-type", media_type));
        }
        let target = if query.is_empty() {
            url.to_owned()
        } else {
            format!("{url}?{}", query.trim_start_matches('&'))
        };
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let answer = self.client.send(method.clone(), &target, &headers, body);
        self.calls += 1;
        if self.is_declared(&operation, &answer) {
            self.successes += 1;
        } else if is_absence(&answer) {
            self.absent
                .push(format!("{method} {template} → {}", answer.status));
        } else {
            let body: String = String::from_utf8_lossy(&answer.body)
                .chars()
                .take(300)
                .collect();
            self.failures.push(format!(
                "{method} {template}\n    {target}\n    {} {body}",
                answer.status
            ));
        }
        Some(answer)
    }

    /// Records where entities of a type can be created, and the type that a `$ref` refers to.
    fn explore(&mut self, place: &Place, template: &str) {
        if let Some(item) = self.item_type(place) {
            if place.children.contains_key("$ref") {
                self.referred
                    .insert(format!("{template}/$ref"), item.clone());
            }
            if place.item.get("post").is_some() && !template.contains(['{', '(', '.']) {
                self.sets.entry(item).or_insert_with(|| template.to_owned());
            }
        }
        for (segment, child) in &place.children {
            self.explore(child, &format!("{template}/{segment}"));
        }
    }

    /// Returns the URL of an entity that the relation of a `$ref` accepts.
    fn reference(&mut self, template: &str) -> String {
        let kind = self.referred.get(template).cloned();
        match kind.and_then(|kind| Some((self.sets.get(&kind)?.clone(), kind))) {
            Some((set, kind)) if kind != "microsoft.graph.directoryObject" => {
                let mut example = self.example(&json!({ "$ref": format!("#/{kind}") }));
                self.made += 1;
                example["id"] = json!(format!("referred {}", self.made));
                let first = self.client.get(&set).json()["value"][0]["id"]
                    .as_str()
                    .map(str::to_owned);
                let id = match first {
                    Some(id) => Some(id),
                    None => key(&self.client.post(&set, example)),
                };
                match id {
                    Some(id) => format!("{set}/{id}"),
                    None => format!("/directoryObjects/{}", self.user),
                }
            }
            _ => format!("/directoryObjects/{}", self.user),
        }
    }

    /// Returns a body as the operation describes it.
    fn body(
        &mut self,
        operation: &Value,
        method: &Method,
        template: &str,
    ) -> (Option<String>, Bytes) {
        let Some(content) = operation["requestBody"]["content"].as_object() else {
            return (None, Bytes::new());
        };
        let (media_type, media) = content.iter().next().unwrap();
        if media_type != "application/json" {
            return (Some(media_type.clone()), Bytes::from_static(b"bytes"));
        }
        let body = if template.ends_with("/$ref") {
            json!({ "@odata.id": self.reference(template) })
        } else {
            match self.example(&media["schema"]) {
                Value::Object(mut entity) => {
                    let name = media["schema"]["$ref"]
                        .as_str()
                        .unwrap_or_default()
                        .rsplit('/')
                        .next()
                        .unwrap();
                    if *method == Method::PATCH {
                        // The id cannot be changed, and a body without a property is refused.
                        entity.remove("id");
                        entity.insert("@odata.type".into(), json!(format!("#{name}")));
                    }
                    fit_together(name, &mut entity);
                    // A header of a client's own begins with `x-`.
                    entity.remove("internetMessageHeaders");
                    if let Some((property, _)) = template
                        .rsplit_once('(')
                        .and_then(|(_, rest)| rest.split_once("='"))
                    {
                        // The entity keeps the key under which it was found.
                        entity.remove(property);
                    } else if let Some(folder) = entity.get_mut("DestinationId") {
                        // A folder cannot be moved to where its copy is.
                        let moves = template.ends_with("/move");
                        *folder = json!(if moves { "junkemail" } else { "archive" });
                    } else if name == "microsoft.graph.mailFolder" {
                        let title = json!(format!("Folder {}", self.calls));
                        entity.insert("displayName".into(), title);
                    } else if let Some(message) = entity.get_mut("Message") {
                        message["internetMessageHeaders"] = json!([]);
                        let bruno = json!({ "address": "bruno@contoso.com" });
                        for list in ["toRecipients", "ccRecipients", "bccRecipients"] {
                            message[list] = json!([{ "emailAddress": bruno }]);
                        }
                        // Only one of them may be sent.
                        entity.remove("Comment");
                        entity.remove("ToRecipients");
                    } else if name == "microsoft.graph.subscription" && *method == Method::POST {
                        return (Some(media_type.clone()), subscription());
                    } else if name == "microsoft.graph.subscription" {
                        let body = json!({ "expirationDateTime": tomorrow() });
                        return (Some(media_type.clone()), body.to_string().into());
                    } else if let Some(name) = ["AttachmentItem", "attachmentInfo"]
                        .into_iter()
                        .find(|name| entity.contains_key(*name))
                    {
                        entity[name]["size"] = json!(4_000_000);
                    } else if template.ends_with("/createLink") {
                        entity.insert("type".into(), json!("view"));
                        entity.insert("scope".into(), json!("organization"));
                    } else if template.ends_with("/invite") && entity.contains_key("roles") {
                        entity.insert("roles".into(), json!(["read"]));
                    } else if entity.contains_key("userPrincipalName") {
                        entity.insert(
                            "userPrincipalName".into(),
                            json!(format!("user{}@contoso.com", self.calls)),
                        );
                    }
                    walk_bodies::adapt(&self.client, template, self.calls, &mut entity);
                    Value::Object(entity)
                }
                other => other,
            }
        };
        (Some(media_type.clone()), body.to_string().into())
    }

    fn example(&self, schema: &Value) -> Value {
        match (schema["$ref"].as_str(), schema["type"].as_str()) {
            (Some(reference), _) => self
                .description
                .example(reference.rsplit('/').next().unwrap())
                .unwrap(),
            (None, Some("array")) => json!([self.example(&schema["items"])]),
            _ => json!({ "value": [] }),
        }
    }

    /// Checks whether the response is a success of the described form.
    fn is_declared(&self, operation: &Value, answer: &Answer) -> bool {
        let (_, described) = operation["responses"]
            .as_object()
            .unwrap()
            .iter()
            .next()
            .unwrap();
        let content = described["content"].as_object();
        let media_type = answer
            .header("content-type")
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        match (answer.status, content) {
            // Files and reports are downloaded from another URL.
            (StatusCode::FOUND, Some(content)) => !content.contains_key("application/json"),
            // 204 is also a success of a change, and 202 a success of an action that Exchange
            // accepts.
            (StatusCode::NO_CONTENT | StatusCode::ACCEPTED, _) => answer.body.is_empty(),
            // MIME is sent as text, although the description has bytes.
            (StatusCode::OK, Some(content))
                if media_type == "text/plain" && !content.contains_key("text/plain") =>
            {
                content.contains_key("application/octet-stream")
            }
            (StatusCode::OK | StatusCode::CREATED | StatusCode::MULTI_STATUS, Some(content)) => {
                match content.get(&media_type) {
                    Some(media) if media_type == "application/json" => {
                        self.fits(&media["schema"], &answer.json())
                    }
                    found => found.is_some(),
                }
            }
            _ => false,
        }
    }

    /// Checks whether JSON is of the described type, at its outermost level only.
    fn fits(&self, schema: &Value, json: &Value) -> bool {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let name = reference.rsplit('/').next().unwrap();
                let schema = &self.components["schemas"][name];
                match schema["properties"]["value"].as_object() {
                    Some(value)
                        if value.get("type").is_some_and(|kind| kind == "array")
                            && schema.get("allOf").is_none() =>
                    {
                        json["value"].is_array()
                    }
                    _ => json.is_object(),
                }
            }
            None => match schema["type"].as_str() {
                Some("object") => json.get("value").is_some(),
                Some("array") => json.is_array(),
                Some("string") => json.is_string(),
                _ => true,
            },
        }
    }
}

/// Gives an event, a period and the settings of a mailbox values that fit together.
fn fit_together(type_name: &str, entity: &mut serde_json::Map<String, Value>) {
    let time = |day: &str| json!({ "dateTime": format!("{day}T09:30:00"), "timeZone": "UTC" });
    match type_name {
        "microsoft.graph.event" => {
            entity.remove("recurrence");
            entity.insert("isAllDay".into(), json!(false));
        }
        "microsoft.graph.mailboxSettings" => {
            entity.remove("workingHours");
        }
        "actions.getSchedule" => {
            entity.insert("EndTime".into(), time("2026-03-02"));
            entity.insert("AvailabilityViewInterval".into(), json!(30));
        }
        "actions.findMeetingTimes" => {
            let slot = json!({ "start": time("2026-03-02"), "end": time("2026-03-03") });
            entity.insert("timeConstraint".into(), json!({ "timeSlots": [slot] }));
        }
        _ => {}
    }
}

fn tomorrow() -> String {
    (chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now())
        + chrono::TimeDelta::days(1))
    .to_rfc3339()
}

/// Returns a subscription whose properties fit together.
fn subscription() -> Bytes {
    let body = json!({
        "changeType": "created", "notificationUrl": "https://contoso.com/hook",
        "resource": "/me/messages",
        "expirationDateTime": tomorrow(),
    });
    body.to_string().into()
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// Returns the key of the created entity, from its location.
fn key(answer: &Answer) -> Option<String> {
    if answer.status != StatusCode::CREATED {
        return None;
    }
    let key = answer
        .header("location")
        .rsplit_once("('")?
        .1
        .trim_end_matches("')");
    percent_encoding::percent_decode_str(key)
        .decode_utf8()
        .ok()
        .map(Into::into)
}

/// Returns a value of a required query parameter.
fn required(parameter: &Value) -> &'static str {
    match parameter["name"].as_str() {
        Some(name) if name.to_ascii_lowercase().contains("start") => "2026-01-01T00:00:00Z",
        _ => "2026-12-31T00:00:00Z",
    }
}

/// Checks whether the response reports, in Graph's form, that the resource or the target of a
/// reference is missing, or that its state does not allow an action: an organizer who responds to
/// the own meeting, the removal of the default calendar.
fn is_absence(answer: &Answer) -> bool {
    let graph = || answer.json()["error"]["innerError"]["request-id"].is_string();
    match answer.status {
        StatusCode::NOT_FOUND => graph(),
        StatusCode::BAD_REQUEST => {
            let message = answer.error().1;
            // The reference has another type, or already exists.
            graph()
                && (message.starts_with("The reference target")
                    || message.starts_with("Your request can't be completed.")
                    || message.starts_with("Distinguished folders")
                    || message.starts_with("One or more added object references already exist"))
        }
        _ => false,
    }
}
