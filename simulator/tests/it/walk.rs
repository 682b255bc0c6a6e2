//! Every path and method of the description, called once.
//!
//! The test reads the files of `openapi/` itself and walks them as a tree: at a collection it makes an entity, below that
//! entity it calls all that hangs there, and in the end it deletes the entity. So what is called exists, and a refusal
//! has to have a reason.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulator::{Description, Simulator};

use crate::client::{Answer, Client, builder, description};

/// A place in the tree of paths.
#[derive(Default)]
struct Place {
    item: Value,
    children: BTreeMap<String, Place>,
}

struct Walk {
    client: Client,
    description: Description,
    components: Value,
    /// An existing user, to be referred to.
    user: String,
    calls: usize,
    successes: usize,
    /// Calls of what the tenant has not: casts to a type of which nobody is, references that nobody set.
    absent: Vec<String>,
    failures: Vec<String>,
}

#[tokio::test]
async fn every_operation_of_the_description() {
    let simulator = builder().start().await.unwrap();
    let folder = Description::bundled();
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
    let client = Client::user(&simulator).await;
    let mut walk = Walk {
        client,
        description: description(),
        components,
        user,
        calls: 0,
        successes: 0,
        absent: Vec::new(),
        failures: Vec::new(),
    };
    for (segment, place) in &root.children {
        simulator.forget_requests();
        walk.place(&simulator, place, "", "", segment).await;
    }
    std::fs::write("/tmp/sim-scratch/absent.txt", walk.absent.join("\n")).unwrap();
    println!(
        "{} calls, {} successes, {} absent",
        walk.calls,
        walk.successes,
        walk.absent.len()
    );
    assert!(
        walk.failures.is_empty(),
        "{} of {}:\n{}",
        walk.failures.len(),
        walk.calls,
        walk.failures.join("\n")
    );
    assert_eq!(walk.calls, operations);
    assert_eq!(walk.successes + walk.absent.len(), operations);
    // Nearly all of what is called is there.
    assert!(
        walk.absent.len() * 50 < operations,
        "{}:\n{}",
        walk.absent.len(),
        walk.absent.join("\n")
    );
}

impl Walk {
    /// Calls a place and all below it. `template` and `url` lead to its parent.
    async fn place(
        &mut self,
        simulator: &Simulator,
        place: &Place,
        template: &str,
        url: &str,
        segment: &str,
    ) {
        let template = format!("{template}/{segment}");
        let Some((url, query)) = self.url(place, url, segment) else {
            self.failures.push(format!("no URL for {template}"));
            return;
        };
        let call = |method: Method| (method, place.item.get("get").is_some());
        let _ = call;
        for method in [Method::GET, Method::PATCH, Method::PUT] {
            self.call(place, &method, &template, &url, &query).await;
        }
        let creates = place
            .item
            .get("post")
            .is_some_and(|operation| operation.get("x-ms-docs-operation-type").is_none());
        let key = place
            .children
            .keys()
            .find(|segment| segment.starts_with('{'))
            .cloned();
        let mut made = None;
        if let Some(answer) = self
            .call(place, &Method::POST, &template, &url, &query)
            .await
            && creates
            && key.is_some()
            && answer.status == StatusCode::CREATED
        {
            made = answer
                .header("location")
                .rsplit_once("('")
                .map(|(_, key)| key.trim_end_matches("')").to_owned());
        }
        // Inside: what is made first is there for what refers to it.
        let mut children: Vec<_> = place
            .children
            .iter()
            .filter(|(segment, _)| !segment.starts_with('{'))
            .collect();
        children.sort_by_key(|(segment, _)| (!segment.starts_with("$ref"), (*segment).clone()));
        for (segment, child) in children {
            Box::pin(self.place(simulator, child, &template, &url, segment)).await;
        }
        if let Some(segment) = key {
            let child = &place.children[&segment];
            let id = match made {
                Some(id) => Some(id),
                None => self.first(place, &url).await,
            };
            let id = id.unwrap_or_else(|| "00000000-0000-4000-8000-000000000000".to_owned());
            let id = percent_encoding::utf8_percent_encode(&id, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
            let template = format!("{template}/{segment}");
            let url = format!("{url}/{id}");
            for method in [Method::GET, Method::PATCH, Method::PUT] {
                self.call(child, &method, &template, &url, "").await;
            }
            let mut children: Vec<_> = child.children.iter().collect();
            children.sort_by_key(|(segment, _)| (segment.as_str() == "$ref", (*segment).clone()));
            for (segment, child) in children {
                Box::pin(self.place(simulator, child, &template, &url, segment)).await;
            }
            self.call(child, &Method::DELETE, &template, &url, "").await;
        }
        self.call(place, &Method::DELETE, &template, &url, &query)
            .await;
        let _ = simulator;
    }

    /// The URL of a place below `parent`, and the query that its arguments need.
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
            let value = if value.starts_with('\'') {
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

    /// A bare literal of a path parameter's type.
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

    /// The id of the collection's first entity.
    async fn first(&mut self, place: &Place, url: &str) -> Option<String> {
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
        let answer = self.client.get(&format!("{url}?{query}")).await;
        let json: Value = serde_json::from_slice(&answer.body).ok()?;
        json["value"].get(0)?["id"].as_str().map(str::to_owned)
    }

    /// Calls an operation, where the place has it.
    async fn call(
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
        for parameter in shared
            .iter()
            .chain(&own)
            .map(|parameter| self.parameter(parameter))
        {
            match (
                parameter["name"].as_str().unwrap(),
                parameter["in"].as_str().unwrap(),
            ) {
                ("ConsistencyLevel", _) => headers.push(("consistencylevel", "eventual".into())),
                ("@id", _) => {
                    let reference = self.reference(template);
                    query.push_str(&format!(
                        "&@id={}",
                        reference.replace(':', "%3A").replace('/', "%2F")
                    ));
                }
                (name, "query") if parameter["required"] == true => {
                    query.push_str(&format!("&{name}={}", required(&parameter)));
                }
                _ => {}
            }
        }
        // Planner wants it where the description does not say so.
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
        let answer = self
            .client
            .send(method.clone(), &target, &headers, body)
            .await;
        self.calls += 1;
        if self.is_declared(&operation, &answer) {
            self.successes += 1;
        } else if is_absence(template, &answer) {
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

    fn reference(&self, template: &str) -> String {
        let _ = template;
        format!("/directoryObjects/{}", self.user)
    }

    /// A body as the operation describes it.
    fn body(&self, operation: &Value, method: &Method, template: &str) -> (Option<String>, Bytes) {
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
                        // An id cannot be changed, and a body without a property is refused.
                        entity.remove("id");
                        entity.insert("@odata.type".into(), json!(format!("#{name}")));
                    }
                    if entity.contains_key("userPrincipalName") {
                        entity.insert(
                            "userPrincipalName".into(),
                            json!(format!("user{}@contoso.com", self.calls)),
                        );
                    }
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

    /// Whether the answer is a success of the described form.
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
            // 204 is a success of a change as well, and 202 one of what Exchange takes in.
            (StatusCode::NO_CONTENT | StatusCode::ACCEPTED, _) => answer.body.is_empty(),
            (StatusCode::OK | StatusCode::CREATED, Some(content)) => match content.get(&media_type)
            {
                Some(media) if media_type == "application/json" => {
                    self.fits(&media["schema"], &answer.json())
                }
                found => found.is_some(),
            },
            _ => false,
        }
    }

    /// Whether JSON is of the described type, as far as its outermost level goes.
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

/// A value of a required query parameter.
fn required(parameter: &Value) -> &'static str {
    match parameter["name"].as_str() {
        Some(name) if name.to_ascii_lowercase().contains("start") => "2026-01-01T00:00:00Z",
        _ => "2026-12-31T00:00:00Z",
    }
}

/// Whether the answer says, in Graph's form, that there is no such thing here.
fn is_absence(template: &str, answer: &Answer) -> bool {
    let _ = template;
    answer.status == StatusCode::NOT_FOUND
        && answer.json()["error"]["innerError"]["request-id"].is_string()
}
