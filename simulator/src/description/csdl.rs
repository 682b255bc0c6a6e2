//! The description as OData writes one: the CSDL of `$metadata`.
//!
//! It has the types, their properties, the entity sets and the singletons. The description does not
//! know the numbers of enum members or which properties can be null, so they are left out, as are
//! actions and functions.
//! <https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/odata-csdl-xml-v4.01.html>

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::Method;

use super::Description;
use super::routes::Place;
use super::schema::{EnumType, ObjectType, Schema, Schemas, Type};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
    <edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\">\
    <edmx:DataServices>";

const TAIL: &str = "</edmx:DataServices></edmx:Edmx>";

/// The namespace of the entity container.
const GRAPH: &str = "microsoft.graph";

impl Description {
    /// Returns the CSDL of the service.
    pub(crate) fn csdl(&self) -> String {
        let schemas = self.schemas();
        let mut namespaces: BTreeMap<&str, String> = BTreeMap::new();
        for (name, schema) in schemas.all() {
            // What has no namespace belongs to OpenAPI alone.
            if let Some((namespace, own)) = name.rsplit_once('.')
                && namespace.starts_with(GRAPH)
                && !is_only_openapi(schemas, name)
            {
                let text = namespaces.entry(namespace).or_default();
                match schema {
                    Schema::Enum(members) => enumeration(text, own, members),
                    Schema::Object(object) => self.object(text, name, own, object),
                    Schema::Alias(_) => {}
                }
            }
        }
        let container = self.container();
        namespaces.entry(GRAPH).or_default().push_str(&container);
        let mut csdl = HEAD.to_owned();
        for (namespace, text) in namespaces {
            let _ = write!(
                csdl,
                "<Schema Namespace=\"{namespace}\" \
                 xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">{text}</Schema>"
            );
        }
        csdl.push_str(TAIL);
        csdl
    }

    fn object(&self, text: &mut String, name: &str, own: &str, object: &ObjectType) {
        let schemas = self.schemas();
        let entity = schemas.property(name, "id").is_some();
        let element = if entity { "EntityType" } else { "ComplexType" };
        let _ = write!(text, "<{element} Name=\"{own}\"");
        if let Some(base) = &object.base {
            let _ = write!(text, " BaseType=\"{base}\"");
        }
        if object.open {
            text.push_str(" OpenType=\"true\"");
        }
        text.push('>');
        if object
            .properties
            .iter()
            .any(|property| property.name == "id")
            && object.base.is_none()
        {
            text.push_str("<Key><PropertyRef Name=\"id\"/></Key>");
        }
        // Names with `@` are annotations, which are no properties.
        let properties = object.properties.iter();
        for property in properties.filter(|property| !property.name.contains('@')) {
            let element = if property.navigation {
                "NavigationProperty"
            } else {
                "Property"
            };
            let _ = write!(
                text,
                "<{element} Name=\"{}\" Type=\"{}\"/>",
                property.name,
                csdl_type(schemas, &property.kind)
            );
        }
        let _ = write!(text, "</{element}>");
    }

    /// Returns the entity sets and singletons: the places of one segment that can be read.
    fn container(&self) -> String {
        let mut container = BTreeMap::new();
        for workload in self.0.workloads.values() {
            let Ok(routes) = self.load(workload) else {
                continue;
            };
            for place in routes.places() {
                let name = place.template.trim_start_matches('/');
                if !name.contains(['/', '(']) && !place.is_invocation() {
                    container.extend(self.member(place).map(|member| (name, member)));
                }
            }
        }
        let members: String = container.into_values().collect();
        format!("<EntityContainer Name=\"GraphService\">{members}</EntityContainer>")
    }

    fn member(&self, place: &Place) -> Option<String> {
        let schemas = self.schemas();
        let name = place.template.trim_start_matches('/');
        let answer = place.readable(&Method::GET)?.json_answer()?;
        let entity = |kind: &Type| match schemas.resolve(kind) {
            Type::Named(name) if schemas.object(name).is_some() => Some(name.clone()),
            _ => None,
        };
        if let Some(items) = schemas.page_items(answer) {
            let kind = entity(items)?;
            return Some(format!(
                "<EntitySet Name=\"{name}\" EntityType=\"{kind}\"/>"
            ));
        }
        let kind = entity(answer)?;
        Some(format!("<Singleton Name=\"{name}\" Type=\"{kind}\"/>"))
    }
}

/// Checks whether a type stands for a page or an error, which CSDL does not declare.
fn is_only_openapi(schemas: &Schemas, name: &str) -> bool {
    name.contains(".ODataErrors.") || schemas.page_items(&Type::Named(name.to_owned())).is_some()
}

fn enumeration(text: &mut String, own: &str, members: &EnumType) {
    let flags = if members.flags {
        " IsFlags=\"true\""
    } else {
        ""
    };
    let _ = write!(text, "<EnumType Name=\"{own}\"{flags}>");
    for member in &members.members {
        let _ = write!(text, "<Member Name=\"{member}\"/>");
    }
    text.push_str("</EnumType>");
}

/// Returns the name of a type in CSDL. It has none for an object without a name.
fn csdl_type(schemas: &Schemas, kind: &Type) -> String {
    match schemas.resolve(kind) {
        Type::Inline(_) => "Edm.Untyped".to_owned(),
        Type::Collection(items) => format!("Collection({})", csdl_type(schemas, items)),
        other => schemas.edm(other),
    }
}
