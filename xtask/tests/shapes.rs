//! The normal form: each shape of schema in the three documents, and the shapes that are refused.

use xtask::document::Document;
use xtask::part::Part;
use xtask::schema::Component;
use xtask::trim::trim;

/// Returns a document whose only property has this schema.
fn document(property: &str) -> String {
    format!(
        r##"{{"openapi":"3.0.4","info":{{"version":"v1.0"}},
        "paths":{{"/a":{{"get":{{"responses":{{"2XX":
            {{"content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/a"}}}}}}}}
        }}}}}}}},
        "components":{{"schemas":{{
            "a":{{"type":"object","properties":{{"p":{property}}}}},
            "b":{{"type":"object","properties":{{}}}},
            "ReferenceNumeric":
                {{"type":"string","enum":["-INF","INF","NaN"],"nullable":true}}}}}}}}"##
    )
}

fn trimmed(text: &str) -> anyhow::Result<xtask::trimmed::Description> {
    let mut document = Document::parse("shape.json".to_owned(), text.as_bytes())?;
    Ok(trim(&mut document.json, &Part::default(), false)?.0)
}

#[test]
fn each_document_shape_has_its_normal_form() {
    let b = r##"{"$ref":"#/components/schemas/b"}"##;
    let number = |format: &str| format!(r#"{{"type":"number","format":"{format}"}}"#);
    let integer = |format: &str| format!(r#"{{"type":"integer","format":"{format}"}}"#);
    let string = |format: &str| format!(r#"{{"type":"string","format":"{format}"}}"#);
    let array = |items: &str| format!(r#"{{"type":"array","items":{items}}}"#);
    let navigation = |schema: &str| {
        format!(
            r#"{},"x-ms-navigationProperty":true}}"#,
            &schema[..schema.len() - 1]
        )
    };
    let text = r#"{"type":"string"}"#.to_owned();
    let boolean = r#"{"type":"boolean"}"#.to_owned();
    let numeric = r##"{"$ref":"#/components/schemas/ReferenceNumeric"}"##;
    let shapes: Vec<(String, String)> = vec![
        // References.
        (b.to_owned(), b.to_owned()),
        (
            format!(r#"{{"anyOf":[{b},{{"enum":[null],"nullable":true}}]}}"#),
            b.to_owned(),
        ),
        (
            format!(r#"{{"anyOf":[{b},{{"type":"object","nullable":true}}]}}"#),
            b.to_owned(),
        ),
        (
            format!(r#"{{"anyOf":[{b},{{"enum":[null],"nullable":true}}],"readOnly":true}}"#),
            b.to_owned(),
        ),
        (
            format!(
                r#"{{"anyOf":[{b},{{"enum":[null],"nullable":true}}],
                "x-ms-navigationProperty":true}}"#
            ),
            navigation(b),
        ),
        (
            format!(
                r#"{{"anyOf":[{b},{{"type":"object","nullable":true}}],
                "x-ms-navigationProperty":true}}"#
            ),
            navigation(b),
        ),
        // Collections.
        (array(b), array(b)),
        (
            format!(r#"{{"type":"array","items":{b},"readOnly":true}}"#),
            array(b),
        ),
        (
            format!(r#"{{"type":"array","items":{b},"x-ms-navigationProperty":true}}"#),
            navigation(&array(b)),
        ),
        (
            array(&format!(
                r#"{{"anyOf":[{b},{{"enum":[null],"nullable":true}}]}}"#
            )),
            array(b),
        ),
        (
            array(&format!(
                r#"{{"anyOf":[{b},{{"type":"object","nullable":true}}]}}"#
            )),
            array(b),
        ),
        (array(r#"{"type":"string","nullable":true}"#), array(&text)),
        (
            array(r#"{"type":"string","format":"uuid","nullable":true,"pattern":"^x$"}"#),
            array(&string("uuid")),
        ),
        (
            array(r#"{"type":"number","format":"int32","maximum":1,"minimum":-1,"nullable":true}"#),
            array(&integer("int32")),
        ),
        // Text.
        (text.clone(), text.clone()),
        (
            r#"{"type":"string","nullable":true,"readOnly":true,"description":"x"}"#.to_owned(),
            text.clone(),
        ),
        (
            r#"{"type":"string","default":"x"}"#.to_owned(),
            text.clone(),
        ),
        (
            r#"{"type":"string","x-ms-primary-error-message":true}"#.to_owned(),
            text.clone(),
        ),
        (
            r#"{"type":"string","format":"base64url","nullable":true}"#.to_owned(),
            string("base64url"),
        ),
        (
            r#"{"type":"string","format":"date","nullable":true,"pattern":"^x$","readOnly":true}"#
                .to_owned(),
            string("date"),
        ),
        (
            r#"{"type":"string","format":"date-time","nullable":true,"pattern":"^x$"}"#.to_owned(),
            string("date-time"),
        ),
        (
            r#"{"type":"string","format":"duration","pattern":"^x$"}"#.to_owned(),
            string("duration"),
        ),
        (
            r#"{"type":"string","format":"time","pattern":"^x$"}"#.to_owned(),
            string("time"),
        ),
        (
            r#"{"type":"string","format":"uuid","pattern":"^x$"}"#.to_owned(),
            string("uuid"),
        ),
        // Whole numbers, as numbers and as integers.
        (
            r#"{"type":"number","format":"int16","maximum":1,"minimum":-1}"#.to_owned(),
            integer("int16"),
        ),
        (
            r#"{"type":"integer","format":"int16","nullable":true}"#.to_owned(),
            integer("int16"),
        ),
        (
            r#"{"type":"number","format":"int32","nullable":true}"#.to_owned(),
            integer("int32"),
        ),
        (
            r#"{"type":"integer","format":"int32"}"#.to_owned(),
            integer("int32"),
        ),
        (
            r#"{"type":"number","format":"int64","readOnly":true}"#.to_owned(),
            integer("int64"),
        ),
        (
            r#"{"type":"integer","format":"int64"}"#.to_owned(),
            integer("int64"),
        ),
        (
            r#"{"type":"number","format":"uint8"}"#.to_owned(),
            integer("uint8"),
        ),
        (
            r#"{"type":"integer","format":"uint8"}"#.to_owned(),
            integer("uint8"),
        ),
        // Other types.
        (
            r#"{"type":"number","format":"decimal","nullable":true}"#.to_owned(),
            number("decimal"),
        ),
        (
            format!(
                r#"{{"oneOf":[{{"type":"number","format":"double","nullable":true}},
                {{"type":"string","nullable":true}},{numeric}]}}"#
            ),
            number("double"),
        ),
        (
            format!(
                r#"{{"nullable":true,"oneOf":[{{"type":"number","format":"float"}},
                {{"type":"string"}},{numeric}]}}"#
            ),
            number("float"),
        ),
        (boolean.clone(), boolean.clone()),
        (
            r#"{"type":"boolean","nullable":true,"readOnly":true,"default":false}"#.to_owned(),
            boolean,
        ),
        // Any JSON.
        ("{}".to_owned(), "{}".to_owned()),
        (r#"{"readOnly":true}"#.to_owned(), "{}".to_owned()),
    ];
    for (shape, expected) in shapes {
        let description =
            trimmed(&document(&shape)).unwrap_or_else(|error| panic!("{shape}: {error:#}"));
        let Some(Component::Object(object)) = description.schemas.get("a") else {
            panic!("{shape}: no object");
        };
        assert_eq!(
            object.properties[0].to_json().to_string(),
            expected,
            "{shape}"
        );
    }
}

/// Checks that the error names the place and its problem.
fn refused(shape: &str, pointer: &str, why: &str) {
    match trimmed(&document(shape)) {
        Ok(_) => panic!("{shape} was taken"),
        Err(error) => {
            let error = format!("{error:#}");
            let found = error
                .find("/components")
                .map(|at| &error[at..])
                .unwrap_or_default();
            assert!(
                found.starts_with(&format!("{pointer}: ")),
                "{shape}: {error}"
            );
            assert!(found.contains(why), "{shape}: {error}");
        }
    }
}

// Reported: microsoft/kiota#6270, microsoftgraph/msgraph-sdk-dotnet#2537.
#[test]
fn unknown_shape_is_an_error_with_pointer() {
    const P: &str = "/components/schemas/a/properties/p";
    // OpenAPI 3.1 writes a nullable number in this form.
    refused(
        r#"{"type":["number","null"],"format":"int32"}"#,
        P,
        "`type` is not a string",
    );
    refused(
        r#"{"type":["integer","null"],"format":"int32"}"#,
        P,
        "`type` is not a string",
    );
    // Numbers of unknown size.
    refused(r#"{"type":"number"}"#, P, "unknown format");
    refused(r#"{"type":"integer"}"#, P, "unknown format");
    refused(
        r#"{"type":"integer","format":"int128"}"#,
        P,
        "unknown format",
    );
    refused(r#"{"type":"number","format":"half"}"#, P, "unknown format");
    refused(r#"{"type":"string","format":"email"}"#, P, "unknown format");
    refused(
        r#"{"type":"string","format":7}"#,
        P,
        "`format` is not a string",
    );
    refused(r#"{"type":"null"}"#, P, "unknown type");
    refused(r#"{"type":"object"}"#, P, "unknown type");
    // Keywords that change a type.
    refused(
        r#"{"type":"string","enum":["x"]}"#,
        P,
        "`enum` is not expected here",
    );
    refused(
        r#"{"type":"string","const":"x"}"#,
        P,
        "`const` is not expected here",
    );
    refused(r#"{"not":{}}"#, P, "`not` is not expected here");
    refused(r#"{"format":"int32"}"#, P, "`format` is not expected here");
    refused(
        r#"{"type":"boolean","x-new":true}"#,
        P,
        "`x-new` is not expected here",
    );
    refused(
        r#"{"type":"string","x-ms-navigationProperty":"yes"}"#,
        P,
        "a flag is not `true`",
    );
    // Unions that no fixup knows.
    refused(
        r##"{"anyOf":[{"$ref":"#/components/schemas/b"},{"type":"string"}]}"##,
        P,
        "`anyOf` is not expected here",
    );
    refused(
        r#"{"oneOf":[{"type":"number","format":"double"},{"type":"string"}]}"#,
        P,
        "`oneOf` is not expected here",
    );
    // Collections.
    refused(r#"{"type":"array"}"#, P, "an array without `items`");
    refused(
        r#"{"type":"array","items":{"type":["number","null"]}}"#,
        &format!("{P}/items"),
        "`type` is not a string",
    );
    refused(
        r#"{"type":"array","items":[]}"#,
        &format!("{P}/items"),
        "not a JSON object",
    );
    // References.
    refused(
        r##"{"$ref":"#/components/schemas/c"}"##,
        &format!("{P}/$ref"),
        "does not exist",
    );
    refused(
        r##"{"$ref":"#/components/responses/b"}"##,
        &format!("{P}/$ref"),
        "does not exist",
    );
    refused(
        r#"{"$ref":"other.json"}"#,
        &format!("{P}/$ref"),
        "does not exist",
    );
    refused("7", P, "not a JSON object");
}

#[test]
fn unknown_components_are_errors() {
    for (component, pointer, why) in [
        (
            r#"{"type":"object","additionalProperties":true}"#,
            "/components/schemas/c",
            "`additionalProperties` is not expected",
        ),
        (
            r#"{"type":"array","items":{}}"#,
            "/components/schemas/c",
            "`items` is not expected",
        ),
        (
            r#"{"type":"string","format":"uuid"}"#,
            "/components/schemas/c",
            "`format` is not expected",
        ),
        (
            r#"{"type":"string","enum":[]}"#,
            "/components/schemas/c",
            "members are not strings",
        ),
        (
            r#"{"type":"string","enum":[1]}"#,
            "/components/schemas/c",
            "members are not strings",
        ),
        (
            r#"{"enum":["x"]}"#,
            "/components/schemas/c",
            "an enum that is not of strings",
        ),
        (
            r#"{"type":"string","enum":["x"],"x-ms-enum-flags":{}}"#,
            "/components/schemas/c",
            "without `isFlags`",
        ),
        (
            r##"{"allOf":[{"$ref":"#/components/schemas/b"}]}"##,
            "/components/schemas/c",
            "not a base and an object",
        ),
        (
            r#"{"allOf":[{"type":"object"},{"type":"object"}]}"#,
            "/components/schemas/c/allOf/0",
            "unknown type",
        ),
        (
            r##"{"allOf":[{"$ref":"#/components/schemas/b"},{"type":"string"}]}"##,
            "/components/schemas/c/allOf/1",
            "not an object",
        ),
        (
            r#"{"type":"integer"}"#,
            "/components/schemas/c",
            "unknown format",
        ),
    ] {
        let text = document("{}").replacen(r#""b":{"#, &format!(r#""c":{component},"b":{{"#), 1);
        let error = match trimmed(&text) {
            Ok(_) => panic!("{component} was taken"),
            Err(error) => format!("{error:#}"),
        };
        assert!(
            error.starts_with(&format!("{pointer}: ")),
            "{component}: {error}"
        );
        assert!(error.contains(why), "{component}: {error}");
    }
}

#[test]
fn error_in_shared_response_has_its_pointer() {
    let text = document("{}")
        .replacen(
            r##"{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/a"}}}}"##,
            r##"{"$ref":"#/components/responses/r/s"}"##,
            1,
        )
        .replacen(
            r#""schemas":{"#,
            r#""responses":{"r/s":{"content":{"application/json":
                {"schema":{"type":["string","null"]}}}}},"schemas":{"#,
            1,
        );
    let error = match trimmed(&text) {
        Ok(_) => panic!("it was taken"),
        Err(error) => format!("{error:#}"),
    };
    let pointer = "/components/responses/r~1s/content/application~1json/schema: ";
    assert!(error.starts_with(pointer), "{error}");
}
