//! One operation of the description: the parameters, body and response of a method at a place.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::schema::{Type, component};

/// The kind of a call, as the description declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Reads or writes a resource.
    Plain,
    /// Calls an OData action.
    Action,
    /// Calls an OData function.
    Function,
}

/// A method at a place.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    /// The query options, path parameters and header parameters.
    pub(crate) parameters: Vec<Parameter>,
    /// The types of the request body, by media type; empty if the operation takes none.
    pub(crate) body: Vec<(String, Type)>,
    /// The types of a successful response, by media type; empty if it has no body.
    pub(crate) answer: Vec<(String, Type)>,
}

/// The location of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Location {
    Query,
    Header,
    Path,
}

/// A parameter of an operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(rename = "in")]
    pub(crate) location: Location,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(rename = "schema")]
    pub(crate) kind: Type,
    #[serde(rename = "explode")]
    _explode: Option<bool>,
    #[serde(rename = "style")]
    _style: Option<String>,
    #[serde(rename = "allowReserved")]
    _allow_reserved: Option<bool>,
    #[serde(rename = "deprecated")]
    _deprecated: Option<bool>,
}

/// The parameters of `#/components/parameters`.
pub(crate) type Parameters = HashMap<String, Parameter>;

impl Operation {
    /// Returns the parameter of this name in the query. The names of the operation's own are
    /// compared without case, and the options of OData with case.
    pub(crate) fn query(&self, name: &str) -> Option<&Parameter> {
        let own = !name.starts_with('$');
        self.parameters.iter().find(|parameter| {
            parameter.location == Location::Query
                && (parameter.name == name || (own && parameter.name.eq_ignore_ascii_case(name)))
        })
    }

    /// Returns the parameter of this name among the headers.
    pub(crate) fn header(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| {
            parameter.location == Location::Header && parameter.name.eq_ignore_ascii_case(name)
        })
    }

    /// Returns the type of the JSON in a request.
    pub(crate) fn json_body(&self) -> Option<&Type> {
        json(&self.body)
    }

    /// Returns the type of the JSON in a successful response.
    pub(crate) fn json_answer(&self) -> Option<&Type> {
        json(&self.answer)
    }

    /// Reads an operation; `shared` are the parameters of its path.
    pub(super) fn parse(
        text: &[u8],
        shared: Option<&[u8]>,
        known: &Parameters,
    ) -> Result<Self, String> {
        let written: Written = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let shared: Vec<WrittenParameter> = match shared {
            Some(text) => serde_json::from_slice(text).map_err(|error| error.to_string())?,
            None => Vec::new(),
        };
        let parameters = shared
            .into_iter()
            .chain(written.parameters)
            .map(|parameter| parameter.resolve(known));
        let kind = match written.kind.as_deref() {
            None => Kind::Plain,
            Some("action") => Kind::Action,
            Some("function") => Kind::Function,
            Some(other) => return Err(format!("`x-ms-docs-operation-type` is `{other}`")),
        };
        let mut responses = written.responses.into_iter();
        let answer = match (responses.next(), responses.next()) {
            (Some((status, answer)), None) if status == "2XX" || status == "204" => answer.content,
            _ => return Err("expected exactly one response, with status `2XX` or `204`".into()),
        };
        Ok(Self {
            kind,
            parameters: parameters.collect::<Result<_, _>>()?,
            body: types(written.body.map(|body| body.content).unwrap_or_default()),
            answer: types(answer),
        })
    }

    /// Returns every type that the operation names.
    pub(super) fn types(&self) -> impl Iterator<Item = &Type> {
        let contents = self.body.iter().chain(&self.answer).map(|(_, kind)| kind);
        contents.chain(self.parameters.iter().map(|parameter| &parameter.kind))
    }
}

fn json(contents: &[(String, Type)]) -> Option<&Type> {
    contents
        .iter()
        .find(|(media_type, _)| media_type == "application/json")
        .map(|(_, kind)| kind)
}

fn types(contents: BTreeMap<String, WrittenMedia>) -> Vec<(String, Type)> {
    contents
        .into_iter()
        .map(|(media_type, media)| (media_type, media.schema))
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    parameters: Vec<WrittenParameter>,
    #[serde(rename = "requestBody")]
    body: Option<WrittenContent>,
    responses: BTreeMap<String, WrittenContent>,
    #[serde(rename = "x-ms-docs-operation-type")]
    kind: Option<String>,
    #[serde(rename = "deprecated", default)]
    _deprecated: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenContent {
    #[serde(default)]
    content: BTreeMap<String, WrittenMedia>,
    #[serde(rename = "required")]
    _required: Option<bool>,
    #[serde(rename = "description")]
    _description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMedia {
    schema: Type,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenParameter {
    Reference {
        #[serde(rename = "$ref")]
        reference: String,
    },
    Inline(Parameter),
}

impl WrittenParameter {
    fn resolve(self, known: &Parameters) -> Result<Parameter, String> {
        match self {
            Self::Inline(parameter) => Ok(parameter),
            Self::Reference { reference } => component(&reference, "parameters")
                .and_then(|name| known.get(name))
                .cloned()
                .ok_or_else(|| format!("the parameter `{reference}` does not exist")),
        }
    }
}
