//! Each fixup on a small document: its changes, and the parts that it leaves unchanged.

use xtask::document::Document;
use xtask::fixups::ALL;
use xtask::json::Json;

/// Parses JSON. The texts here are not whole descriptions.
fn json(text: &str) -> Json {
    let whole = format!(r#"{{"openapi":"3.0.4","of":{text}}}"#);
    let document = Document::parse(String::new(), whole.as_bytes()).expect("JSON");
    document.json.get("of").expect("a member").clone()
}

fn apply(name: &str, document: &mut Json) -> anyhow::Result<usize> {
    let fixup = ALL
        .iter()
        .find(|fixup| fixup.name == name)
        .expect("a fixup");
    (fixup.apply)(document)
}

/// Asserts that the fixup matches `count` times and turns `before` into `after`.
fn turns(name: &str, before: &str, after: &str, count: usize) {
    let mut document = json(before);
    assert_eq!(
        apply(name, &mut document).expect("it works"),
        count,
        "{before}"
    );
    assert_eq!(document.to_string(), json(after).to_string());
}

/// Asserts that the fixup matches nothing in `document`.
fn leaves(name: &str, document: &str) {
    turns(name, document, document, 0);
}

/// Returns a document with these schemas.
fn schemas(schemas: &str) -> String {
    format!(r#"{{"components":{{"schemas":{{{schemas}}}}}}}"#)
}

/// Returns a document with one operation.
fn operation(path: &str, method: &str, operation: &str) -> String {
    format!(r#"{{"paths":{{"{path}":{{"{method}":{operation}}}}}}}"#)
}

/// Returns an operation that responds with JSON of this schema.
fn answering(schema: &str) -> String {
    format!(
        r#"{{"responses":{{"2XX":{{"description":"",
            "content":{{"application/json":{{"schema":{schema}}}}}}}}}}}"#
    )
}

const NOTHING: &str = r#"{"responses":{"2XX":{"description":""}}}"#;

fn reference(name: &str) -> String {
    format!(r##"{{"$ref":"#/components/schemas/{name}"}}"##)
}

#[test]
fn each_fixup_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = ALL.iter().map(|fixup| fixup.name).collect();
    assert_eq!(names.len(), ALL.len());
}

#[test]
fn no_fixup_fails_in_an_empty_document() {
    for fixup in ALL {
        for text in [
            "{}",
            "[]",
            "null",
            r#"{"paths":[],"components":7}"#,
            r#"{"paths":{"/a":[{}]}}"#,
        ] {
            let count = (fixup.apply)(&mut json(text)).expect("it works");
            assert_eq!(count, 0, "{} in {text}", fixup.name);
        }
    }
}

#[test]
fn discriminators_are_dropped() {
    let discriminator = r##","discriminator":{"propertyName":"@odata.type",
        "mapping":{"#c":"#/components/schemas/c"}}"##;
    let with = |discriminator: &str| {
        schemas(&format!(
            r#""a":{{"type":"object"{discriminator}}},"b":{{"allOf":[{0},
                {{"type":"object"{discriminator}}}]}},"c":{{"allOf":[{1},{{"type":"object"}}]}}"#,
            reference("a"),
            reference("b"),
        ))
    };
    turns("discriminators", &with(discriminator), &with(""), 2);
}

#[test]
fn discriminator_with_new_information_is_an_error() {
    let with = |property: &str, key: &str, target: &str| {
        let text = schemas(&format!(
            r##""a":{{"type":"object","discriminator":{{"propertyName":"{property}",
                "mapping":{{"{key}":"#/components/schemas/{target}"}}}}}},"b":{{"type":"object"}}"##
        ));
        format!(
            "{:#}",
            apply("discriminators", &mut json(&text)).expect_err("an error")
        )
    };
    let at = "/components/schemas/a/discriminator";
    assert_eq!(
        with("@odata.type", "#b", "b"),
        format!("{at}/mapping/#b: the mapping names b, which does not derive from a")
    );
    assert!(with("@odata.type", "#b", "a").starts_with(&format!("{at}/mapping/#b: ")));
    assert!(with("@odata.type", "b", "b").starts_with(&format!("{at}/mapping/b: ")));
    assert!(with("kind", "#b", "b").starts_with(&format!("{at}: ")));
}

#[test]
fn odata_types_are_no_properties() {
    turns(
        "odata_types",
        &schemas(
            r#""a":{"type":"object","properties":{"x":{"type":"string"},
                "@odata.type":{"type":"string","default":"a"}}}"#,
        ),
        &schemas(r#""a":{"type":"object","properties":{"x":{"type":"string"}}}"#),
        1,
    );
    let odd = schemas(r#""a":{"properties":{"@odata.type":{"type":"integer"}}}"#);
    let error = apply("odata_types", &mut json(&odd)).expect_err("an error");
    assert_eq!(
        error.to_string(),
        "/components/schemas/a/properties/@odata.type: `@odata.type` is not a string"
    );
}

#[test]
fn numbers_with_special_values_are_numbers() {
    let words = reference("ReferenceNumeric");
    let union = |parts: &str| {
        schemas(&format!(
            r#""a":{{"properties":{{"x":{{"oneOf":[{parts}]}}}}}}"#
        ))
    };
    let double = r#"{"type":"number","format":"double","nullable":true}"#;
    let text = r#"{"type":"string","nullable":true}"#;
    turns(
        "reference_numeric",
        &union(&format!("{double},{text},{words}")),
        &schemas(r#""a":{"properties":{"x":{"type":"number","format":"double"}}}"#),
        1,
    );
    leaves("reference_numeric", &union(&format!("{double},{text}")));
    leaves(
        "reference_numeric",
        &union(&format!("{double},{text},{}", reference("other"))),
    );
    let uuid = r#"{"type":"string","format":"uuid"}"#;
    leaves(
        "reference_numeric",
        &union(&format!("{double},{uuid},{words}")),
    );
}

#[test]
fn unused_special_number_values_are_removed() {
    let a = r##""a":{"oneOf":[{"type":"number","format":"float"},{"type":"string"},
        {"$ref":"#/components/schemas/ReferenceNumeric"}]}"##;
    turns(
        "reference_numeric",
        &schemas(&format!(r#"{a},"ReferenceNumeric":{{"enum":["INF"]}}"#)),
        &schemas(r#""a":{"type":"number","format":"float"}"#),
        1,
    );
}

#[test]
fn nullable_references_are_references() {
    let a = |parts: &str| {
        schemas(&format!(
            r#""a":{{"properties":{{"x":{{"anyOf":[{parts}]}}}}}}"#
        ))
    };
    let b = reference("b");
    let expected = schemas(&format!(r#""a":{{"properties":{{"x":{b}}}}}"#));
    turns(
        "nullable_references",
        &a(&format!(r#"{b},{{"enum":[null],"nullable":true}}"#)),
        &expected,
        1,
    );
    turns(
        "nullable_references",
        &a(&format!(r#"{b},{{"type":"object","nullable":true}}"#)),
        &expected,
        1,
    );
    leaves(
        "nullable_references",
        &a(&format!("{b},{}", reference("c"))),
    );
    leaves(
        "nullable_references",
        &a(&format!(r#"{b},{{"type":"string","nullable":true}}"#)),
    );
    leaves(
        "nullable_references",
        &a(&format!(
            r#"{b},{{"type":"object","nullable":true,"properties":{{}}}}"#
        )),
    );
}

#[test]
fn whole_numbers_are_integers() {
    let x = |kind: &str, format: &str| {
        schemas(&format!(
            r#""a":{{"properties":{{"x":{{"type":"{kind}","format":"{format}"}}}}}}"#
        ))
    };
    for format in ["int16", "int32", "int64", "uint8"] {
        turns(
            "integers_as_numbers",
            &x("number", format),
            &x("integer", format),
            1,
        );
        leaves("integers_as_numbers", &x("integer", format));
    }
    leaves("integers_as_numbers", &x("number", "double"));
    leaves("integers_as_numbers", &x("string", "int32"));
}

#[test]
fn json_of_any_kind_is_untyped() {
    let of = |value: &str| schemas(&format!(r#""a":{{"properties":{{"value":{value}}}}}"#));
    turns(
        "json_values",
        &of(&reference("microsoft.graph.Json")),
        &of("{}"),
        1,
    );
    leaves("json_values", &of(&reference("microsoft.graph.JsonValue")));
}

#[test]
fn counts_of_2022_are_int64() {
    let of = |format: &str| {
        format!(
            r#"{{"components":{{"parameters":{{"top":{{"name":"$top","schema":{{"minimum":0,
                "type":"integer"{format}}}}}}}}}}}"#
        )
    };
    turns("plain_integers", &of(""), &of(r#","format":"int64""#), 1);
    leaves("plain_integers", &of(r#","format":"int64""#));
    turns(
        "plain_integers",
        &schemas(r#""ODataCountResponse":{"format":"int32","type":"integer"}"#),
        &schemas(r#""ODataCountResponse":{"format":"int64","type":"integer"}"#),
        1,
    );
    leaves(
        "plain_integers",
        &schemas(r#""other":{"format":"int32","type":"integer"}"#),
    );
}

#[test]
fn enum_values_of_options_are_dropped() {
    let of = |name: &str, words: &str| {
        operation(
            "/a",
            "get",
            &format!(
                r#"{{"parameters":[{{"name":"{name}","schema":{{"type":"array",
                    "items":{{{words}"type":"string"}}}}}}]}}"#
            ),
        )
    };
    for name in ["$select", "$expand", "$orderby"] {
        turns(
            "option_words",
            &of(name, r#""enum":["id"],"#),
            &of(name, ""),
            1,
        );
    }
    leaves("option_words", &of("state", r#""enum":["on"],"#));
}

#[test]
fn pages_have_their_links() {
    let base = r#""BaseCollectionPaginationCountResponse":{"type":"object",
        "properties":{"@odata.nextLink":{"type":"string"}}}"#;
    let value = r#""value":{"type":"array","items":{"type":"string"}}"#;
    turns(
        "page_bases",
        &schemas(&format!(
            r#"{base},"p":{{"title":"t","type":"object","allOf":[{},{{"type":"object",
                "properties":{{{value}}}}}]}}"#,
            reference("BaseCollectionPaginationCountResponse")
        )),
        &schemas(&format!(
            r#""p":{{"type":"object","properties":{{"@odata.nextLink":{{"type":"string"}},
                {value}}}}}"#
        )),
        1,
    );
    leaves(
        "page_bases",
        &schemas(&format!(
            r#""p":{{"allOf":[{},{{"type":"object"}}]}}"#,
            reference("base")
        )),
    );
}

#[test]
fn error_in_page_has_original_pointer() {
    let text = schemas(&format!(
        r#""BaseDeltaFunctionResponse":{{"type":"object","properties":{{}}}},"p":{{"allOf":[{},
            {{"type":"object","properties":{{"value":{{"type":"odd"}}}}}}]}}"#,
        reference("BaseDeltaFunctionResponse")
    ));
    let error = apply("page_bases", &mut json(&text))
        .expect_err("an error")
        .to_string();
    assert!(
        error.starts_with("/components/schemas/p/allOf/1/properties/value: "),
        "{error}"
    );
}

#[test]
fn enums_without_members_are_text() {
    turns(
        "empty_enums",
        &schemas(&format!(
            r#""e":{{"title":"e","type":"string"}},"a":{{"properties":{{"x":{}}}}}"#,
            reference("e")
        )),
        &schemas(r#""a":{"properties":{"x":{"type":"string"}}}"#),
        1,
    );
    leaves(
        "empty_enums",
        &schemas(r#""e":{"type":"string","enum":["x"]},"u":{"type":"string","format":"uuid"}"#),
    );
}

#[test]
fn arrays_in_paths_are_arrays() {
    let array = r#"{"type":"array","items":{"type":"string"}}"#;
    let item = |inside: &str, how: &str| {
        let parameters = format!(r#""parameters":[{{"name":"ids","in":"path"{how}}}]"#);
        match inside {
            "" => format!(r#"{{"paths":{{"/f(ids={{ids}})":{{{parameters}}}}}}}"#),
            method => operation("/f(ids={ids})", method, &format!("{{{parameters}}}")),
        }
    };
    for inside in ["", "get"] {
        turns(
            "arrays_in_paths",
            &item(
                inside,
                &format!(r#","content":{{"application/json":{{"schema":{array}}}}}"#),
            ),
            &item(inside, &format!(r#","schema":{array}"#)),
            1,
        );
    }
    leaves(
        "arrays_in_paths",
        &item("", r#","content":{"text/plain":{"schema":{}}}"#),
    );
}

#[test]
fn arguments_belong_to_the_path() {
    let id = r#"{"name":"id","in":"path","required":true,"schema":{"type":"string"}}"#;
    let text = r#"{"name":"text","in":"path","required":true,"schema":{"type":"string"}}"#;
    let user = r#"{"name":"user","in":"query","schema":{"type":"string"}}"#;
    let top = r#"{"name":"$top","in":"query","schema":{"type":"string"}}"#;
    let path = "/a/{id}/f(text='{text}',user='@user')";
    turns(
        "arguments_in_operations",
        &format!(
            r#"{{"paths":{{"{path}":{{"parameters":[{id}],"get":{{"parameters":[{text},{user},
                {top}]}},"post":{{"parameters":[{text}]}}}}}}}}"#
        ),
        &format!(
            r#"{{"paths":{{"{path}":{{"parameters":[{id},{text},{user}],
                "get":{{"parameters":[{top}]}},"post":{{"parameters":[]}}}}}}}}"#
        ),
        3,
    );
    leaves(
        "arguments_in_operations",
        &operation(
            "/a(user='{user}')",
            "get",
            &format!(r#"{{"parameters":[{user}]}}"#),
        ),
    );
    let odd = r#"{"name":"text","in":"path","schema":{"type":"odd"}}"#;
    let text = operation(
        "/f(text={text})",
        "get",
        &format!(r#"{{"parameters":[{top},{odd}]}}"#),
    );
    let error = apply("arguments_in_operations", &mut json(&text))
        .expect_err("an error")
        .to_string();
    assert!(
        error.starts_with("/paths/~1f(text={text})/get/parameters/1/schema: "),
        "{error}"
    );
}

#[test]
fn downloads_are_bytes() {
    let of = |schema: &str| {
        operation(
            "/r()",
            "get",
            &format!(
                r#"{{"responses":{{"2XX":{{"content":{{
                "application/octet-stream":{{"schema":{schema}}}}}}}}}}}"#
            ),
        )
    };
    let bytes = of(r#"{"type":"string","format":"binary"}"#);
    turns(
        "base64_downloads",
        &of(
            r#"{"type":"object","properties":{"value":{"type":"string","format":"base64url",
                "nullable":true}}}"#,
        ),
        &bytes,
        1,
    );
    leaves("base64_downloads", &bytes);
    leaves(
        "base64_downloads",
        &of(r#"{"type":"object","properties":{"value":{"type":"string"}}}"#),
    );
    leaves(
        "base64_downloads",
        &operation(
            "/r()",
            "get",
            &answering(
                r#"{"type":"object","properties":{"value":{"type":"string",
                    "format":"base64url"}}}"#,
            ),
        ),
    );
}

#[test]
fn references_have_only_an_id() {
    turns(
        "reference_bodies",
        &schemas(
            r#""ReferenceCreate":{"type":"object","properties":{"@odata.id":{"type":"string"}},
                "additionalProperties":{"type":"object"}}"#,
        ),
        &schemas(
            r#""ReferenceCreate":{"type":"object","properties":{"@odata.id":{"type":"string"}}}"#,
        ),
        1,
    );
    leaves(
        "reference_bodies",
        &schemas(r#""other":{"additionalProperties":{"type":"object"}}"#),
    );
}

#[test]
fn drive_item_copy_returns_no_body() {
    let item = answering(&reference("microsoft.graph.driveItem"));
    for path in [
        "/drives/{drive-id}/items/{driveItem-id}/copy",
        "/d/microsoft.graph.copy",
    ] {
        turns(
            "drive_item_copies",
            &operation(path, "post", &item),
            &operation(path, "post", NOTHING),
            1,
        );
    }
    let message = answering(&reference("microsoft.graph.message"));
    leaves("drive_item_copies", &operation("/m/copy", "post", &message));
    leaves("drive_item_copies", &operation("/d/copy", "get", &item));
    leaves("drive_item_copies", &operation("/d/restore", "post", &item));
}

#[test]
fn note_copy_returns_no_body() {
    let note = answering(&reference("microsoft.graph.onenoteOperation"));
    for name in [
        "copyNotebook",
        "copyToNotebook",
        "copyToSection",
        "copyToSectionGroup",
    ] {
        let path = format!("/n/{name}");
        turns(
            "onenote_copies",
            &operation(&path, "post", &note),
            &operation(&path, "post", NOTHING),
            1,
        );
    }
    leaves("onenote_copies", &operation("/n/operations", "post", &note));
}

#[test]
fn team_creation_returns_no_body() {
    let team = answering(&reference("microsoft.graph.team"));
    turns(
        "team_creation",
        &operation("/teams", "post", &team),
        &operation("/teams", "post", NOTHING),
        1,
    );
    leaves(
        "team_creation",
        &operation("/teams/{team-id}", "patch", &team),
    );
    leaves(
        "team_creation",
        &operation("/users/{user-id}/joinedTeams", "post", &team),
    );
}

#[test]
fn bodies_are_always_sent() {
    let body = |required: &str| {
        operation(
            "/a",
            "patch",
            &format!(r#"{{"requestBody":{{"content":{{}}{required}}}}}"#),
        )
    };
    turns("body_required", &body(""), &body(""), 1);
    turns("body_required", &body(r#","required":false"#), &body(""), 1);
    turns("body_required", &body(r#","required":true"#), &body(""), 0);
    leaves(
        "body_required",
        &operation(
            "/a",
            "post",
            r##"{"requestBody":{"$ref":"#/components/requestBodies/b"}}"##,
        ),
    );
    turns(
        "body_required",
        r#"{"components":{"requestBodies":{"b":{"content":{}}}}}"#,
        r#"{"components":{"requestBodies":{"b":{"content":{}}}}}"#,
        1,
    );
}

#[test]
fn transcripts_and_style_sheets_are_text() {
    let bytes = |media_type: &str| {
        format!(r#"{{"{media_type}":{{"schema":{{"type":"string","format":"binary"}}}}}}"#)
    };
    let both = |media: &str| {
        format!(
            r#"{{"requestBody":{{"content":{media}}},"responses":{{"2XX":{{"content":{media}}},
                "4XX":{{"$ref":"error"}}}}}}"#
        )
    };
    let stream = both(&bytes("application/octet-stream"));
    let image = both(
        r#"{"image/png":{"schema":{"format":"binary"}},
            "image/gif":{"schema":{"format":"binary"}}}"#,
    );
    let transcript = "/me/onlineMeetings/{onlineMeeting-id}/transcripts/{callTranscript-id}";
    for name in ["content", "metadataContent"] {
        let path = format!("{transcript}/{name}");
        turns(
            "stream_media_types",
            &operation(&path, "get", &stream),
            &operation(&path, "get", &both(&bytes("text/vtt"))),
            2,
        );
    }
    let branding = "/organization/{organization-id}/branding";
    for above in [branding, &format!("{branding}/localizations/{{id}}")] {
        let path = format!("{above}/customCSS");
        turns(
            "stream_media_types",
            &operation(&path, "put", &image),
            &operation(&path, "put", &both(&bytes("text/css"))),
            2,
        );
        leaves(
            "stream_media_types",
            &operation(&format!("{above}/bannerLogo"), "put", &image),
        );
    }
    leaves(
        "stream_media_types",
        &operation(transcript, "get", &answering(&reference("transcript"))),
    );
    leaves(
        "stream_media_types",
        &operation(
            "/me/onlineMeetings/{id}/recordings/{id}/content",
            "get",
            &stream,
        ),
    );
}
