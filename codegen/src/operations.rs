//! Lowering of each distinct operation to a Rust signature, by progenitor.
//!
//! The folded operations become a small OpenAPI document. It has one path for each operation, with
//! its query and header parameters, its request body and its response. progenitor turns the
//! document into `async fn`s, with each schema replaced by our model of it. The generator keeps
//! their signatures (argument and response types). It drops their bodies, one HTTP call each,
//! because a node's method returns a call as plain data.

use std::collections::{BTreeMap, HashMap};

use heck::ToSnakeCase as _;
use openapiv3 as oas;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle, TypeImpl};

use msgraph_description::{Parameter, Schema, names, schema_of};

use crate::error::{Error, Result};

/// An operation, reduced to the parts that progenitor has to lower.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Unlowered<'d> {
    /// Query and header parameters, and arguments of a function.
    pub parameters: Vec<(&'d str, bool, Schema)>,
    /// The request body.
    pub body: Option<Schema>,
    /// The response: the item type of a page, or the type of a single value.
    pub answer: Option<Schema>,
}

/// The Rust signature of an operation.
#[derive(Debug, Default, Clone)]
pub struct Signature {
    parameters: HashMap<String, String>,
    /// The type of the request body.
    pub body: Option<String>,
    /// The type of the response.
    pub answer: String,
}

impl Signature {
    /// Returns the type of the parameter with this name.
    ///
    /// # Errors
    ///
    /// Fails if progenitor did not lower the parameter.
    pub fn parameter(&self, name: &str) -> Result<&str> {
        // The name that progenitor gives it, which knows nothing of Graph's words.
        self.parameters
            .get(&names::escape(name.to_snake_case()))
            .map(String::as_str)
            .ok_or_else(|| Error::Lowering(format!("did not lower the parameter `{name}`")))
    }
}

/// Lowers all operations, in order.
///
/// `rust_type` returns the Rust type of a schema by Graph's name.
///
/// # Errors
///
/// Fails if progenitor refuses an operation, or writes code that is not a signature.
pub fn lower(
    operations: &[Unlowered<'_>],
    rust_type: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Signature>> {
    let mut settings = GenerationSettings::new();
    for (format, rust_type) in EDM_TYPES {
        let schema = schemars::schema::SchemaObject {
            instance_type: Some(schemars::schema::InstanceType::String.into()),
            format: Some((*format).into()),
            ..Default::default()
        };
        settings.with_conversion(schema, rust_type, std::iter::empty());
    }
    let tokens = generate(operations, rust_type, settings)?;
    let mut signatures = vec![None; operations.len()];
    read_signatures(tokens, &mut signatures)?;
    signatures
        .into_iter()
        .enumerate()
        .map(|(number, signature)| {
            signature.ok_or_else(|| Error::Lowering(format!("did not lower operation {number}")))
        })
        .collect()
}

/// Returns progenitor's code for the operations.
pub fn generate(
    operations: &[Unlowered<'_>],
    rust_type: impl Fn(&str) -> Option<String>,
    mut settings: GenerationSettings,
) -> Result<TokenStream> {
    settings.with_interface(InterfaceStyle::Positional);
    let mut lowering = Lowering {
        rust_type,
        settings,
        schemas: BTreeMap::new(),
    };
    let mut paths = oas::Paths::default();
    for (number, operation) in operations.iter().enumerate() {
        let operation = lowering.operation(number, operation)?;
        let item = oas::PathItem {
            post: Some(operation),
            ..Default::default()
        };
        paths
            .paths
            .insert(format!("/{number}"), oas::ReferenceOr::Item(item));
    }
    let document = oas::OpenAPI {
        openapi: "3.0.4".into(),
        info: oas::Info {
            title: "Microsoft Graph".into(),
            version: "v1.0".into(),
            ..Default::default()
        },
        paths,
        components: Some(oas::Components {
            schemas: lowering.schemas.into_iter().collect(),
            ..Default::default()
        }),
        ..Default::default()
    };
    Generator::new(&lowering.settings)
        .generate_tokens(&document)
        .map_err(|error| Error::Lowering(error.to_string()))
}

/// The runtime's types for Edm types, by their format in the description.
const EDM_TYPES: &[(&str, &str)] = &[
    ("date-time", "edm::DateTimeOffset"),
    ("date", "edm::Date"),
    ("time", "edm::TimeOfDay"),
    ("duration", "edm::Duration"),
    ("uuid", "edm::Guid"),
    ("base64url", "edm::Binary"),
];

struct Lowering<F> {
    rust_type: F,
    settings: GenerationSettings,
    schemas: BTreeMap<String, oas::ReferenceOr<oas::Schema>>,
}

impl<F: Fn(&str) -> Option<String>> Lowering<F> {
    fn operation(&mut self, number: usize, operation: &Unlowered<'_>) -> Result<oas::Operation> {
        let mut parameters = Vec::new();
        for (name, required, schema) in &operation.parameters {
            let data = oas::ParameterData {
                name: (*name).into(),
                description: None,
                required: *required,
                deprecated: None,
                format: oas::ParameterSchemaOrContent::Schema(self.schema(schema)?),
                example: None,
                examples: Default::default(),
                explode: None,
                extensions: Default::default(),
            };
            parameters.push(oas::ReferenceOr::Item(oas::Parameter::Query {
                parameter_data: data,
                allow_reserved: false,
                style: oas::QueryStyle::Form,
                allow_empty_value: None,
            }));
        }
        let request_body = match &operation.body {
            None => None,
            Some(schema) => Some(oas::ReferenceOr::Item(oas::RequestBody {
                content: self.content(schema)?,
                required: true,
                ..Default::default()
            })),
        };
        let content = match &operation.answer {
            None => Default::default(),
            Some(schema) => self.content(schema)?,
        };
        let answer = oas::Response {
            content,
            ..Default::default()
        };
        Ok(oas::Operation {
            operation_id: Some(format!("operation_{number}")),
            parameters,
            request_body,
            responses: oas::Responses {
                responses: [(oas::StatusCode::Code(200), oas::ReferenceOr::Item(answer))]
                    .into_iter()
                    .collect(),
                ..Default::default()
            },
            ..Default::default()
        })
    }

    fn content<M: FromIterator<(String, oas::MediaType)>>(&mut self, schema: &Schema) -> Result<M> {
        let kind = if schema.is_binary() {
            "application/octet-stream"
        } else {
            "application/json"
        };
        let media = oas::MediaType {
            schema: Some(self.schema(schema)?),
            ..Default::default()
        };
        Ok([(kind.to_owned(), media)].into_iter().collect())
    }

    /// Returns the schema for progenitor. A reference becomes a reference to a stand-in that our
    /// model replaces.
    fn schema(&mut self, schema: &Schema) -> Result<oas::ReferenceOr<oas::Schema>> {
        if let Some(target) = schema.target() {
            return self.replaced(target);
        }
        let format = schema.format.clone();
        let kind = match schema.kind.as_deref() {
            Some("string") => oas::SchemaKind::Type(oas::Type::String(oas::StringType {
                format: match format.as_deref() {
                    Some("binary") => oas::VariantOrUnknownOrEmpty::Item(oas::StringFormat::Binary),
                    Some("date") => oas::VariantOrUnknownOrEmpty::Item(oas::StringFormat::Date),
                    Some("date-time") => {
                        oas::VariantOrUnknownOrEmpty::Item(oas::StringFormat::DateTime)
                    }
                    Some(other) => oas::VariantOrUnknownOrEmpty::Unknown(other.into()),
                    None => oas::VariantOrUnknownOrEmpty::Empty,
                },
                ..Default::default()
            })),
            Some("integer") => oas::SchemaKind::Type(oas::Type::Integer(oas::IntegerType {
                format: match format.as_deref() {
                    Some("int32") => oas::VariantOrUnknownOrEmpty::Item(oas::IntegerFormat::Int32),
                    Some("int64") => oas::VariantOrUnknownOrEmpty::Item(oas::IntegerFormat::Int64),
                    Some(other) => oas::VariantOrUnknownOrEmpty::Unknown(other.into()),
                    None => oas::VariantOrUnknownOrEmpty::Empty,
                },
                ..Default::default()
            })),
            Some("number") => oas::SchemaKind::Type(oas::Type::Number(oas::NumberType {
                format: match format.as_deref() {
                    Some("float") => oas::VariantOrUnknownOrEmpty::Item(oas::NumberFormat::Float),
                    _ => oas::VariantOrUnknownOrEmpty::Item(oas::NumberFormat::Double),
                },
                ..Default::default()
            })),
            Some("boolean") => oas::SchemaKind::Type(oas::Type::Boolean(Default::default())),
            Some("array") => {
                let items = schema.items.as_deref().cloned().unwrap_or_default();
                oas::SchemaKind::Type(oas::Type::Array(oas::ArrayType {
                    items: Some(match self.schema(&items)? {
                        oas::ReferenceOr::Item(item) => oas::ReferenceOr::Item(Box::new(item)),
                        oas::ReferenceOr::Reference { reference } => {
                            oas::ReferenceOr::Reference { reference }
                        }
                    }),
                    min_items: None,
                    max_items: None,
                    unique_items: false,
                }))
            }
            None => oas::SchemaKind::Any(Default::default()),
            Some(other) => {
                return Err(Error::unknown(
                    "a parameter or body",
                    format!("unexpected type `{other}`"),
                ));
            }
        };
        Ok(oas::ReferenceOr::Item(oas::Schema {
            schema_data: Default::default(),
            schema_kind: kind,
        }))
    }

    fn replaced(&mut self, target: &str) -> Result<oas::ReferenceOr<oas::Schema>> {
        let rust_type = (self.rust_type)(target)
            .ok_or_else(|| Error::unknown(target, "the schema does not exist"))?;
        // progenitor converts the names of schemas to camel case, in which two names of Graph could
        // collide. The Rust type is unique.
        let name = names::camel(&rust_type.replace("::", " ").replace(['<', '>'], " "));
        if !self.schemas.contains_key(&name) {
            self.settings
                .with_replacement(&name, rust_type, [TypeImpl::Default].into_iter());
            let stand_in = oas::Schema {
                schema_data: Default::default(),
                schema_kind: oas::SchemaKind::Any(Default::default()),
            };
            self.schemas
                .insert(name.clone(), oas::ReferenceOr::Item(stand_in));
        }
        Ok(oas::ReferenceOr::Reference {
            reference: format!("#/components/schemas/{name}"),
        })
    }
}

/// Finds each `async fn operation_N(…) -> …` inside `impl Client`, and reads its signature.
fn read_signatures(tokens: TokenStream, into: &mut [Option<Signature>]) -> Result<()> {
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                read_signatures(group.stream(), into)?;
            }
            TokenTree::Ident(keyword) if keyword == "fn" => {
                let Some(TokenTree::Ident(name)) = tokens.next() else {
                    continue;
                };
                let name = name.to_string();
                let Some(number) = name
                    .strip_prefix("operation_")
                    .and_then(|number| number.parse::<usize>().ok())
                else {
                    continue;
                };
                let mut signature = Signature::default();
                // Generics are between the name and the arguments. `-> Result<…>` is between the
                // arguments and the body.
                for token in tokens.by_ref() {
                    match token {
                        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                            read_arguments(group.stream(), &mut signature);
                            break;
                        }
                        _ => continue,
                    }
                }
                let mut answer = Vec::new();
                for token in tokens.by_ref() {
                    match token {
                        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
                        token => answer.push(token),
                    }
                }
                signature.answer = read_answer(&answer).ok_or_else(|| {
                    Error::Lowering(format!("cannot read the response type of {name}"))
                })?;
                if let Some(place) = into.get_mut(number) {
                    *place = Some(signature);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads `&'a self, top: Option<i64>, body: &'a models::Message`.
fn read_arguments(tokens: TokenStream, signature: &mut Signature) {
    let mut depth = 0_i32;
    let mut argument = Vec::new();
    let mut finish = |argument: &mut Vec<TokenTree>| {
        let tokens = std::mem::take(argument);
        if let [TokenTree::Ident(name), TokenTree::Punct(colon), rest @ ..] = &tokens[..]
            && colon.as_char() == ':'
        {
            let of = text(rest);
            if name == "body" {
                signature.body = Some(of);
            } else {
                signature.parameters.insert(name.to_string(), of);
            }
        }
    };
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' => depth -= 1,
            TokenTree::Punct(punct) if punct.as_char() == ',' && depth == 0 => {
                finish(&mut argument);
                continue;
            }
            _ => {}
        }
        argument.push(token);
    }
    finish(&mut argument);
}

/// Reads `-> Result<ResponseValue<T>, Error<E>>`.
fn read_answer(tokens: &[TokenTree]) -> Option<String> {
    let start = tokens
        .iter()
        .position(|token| matches!(token, TokenTree::Ident(ident) if ident == "ResponseValue"))?;
    let mut depth = 0_i32;
    for (offset, token) in tokens[start + 1..].iter().enumerate() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
            TokenTree::Punct(punct) if punct.as_char() == '>' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(text(&tokens[start + 2..start + 1 + offset]));
        }
    }
    None
}

/// Formats a type as a person writes it. It has no lifetimes, has a space only after a comma, and
/// has the short names of the prelude's types.
fn text(tokens: &[TokenTree]) -> String {
    let mut text = String::new();
    let mut tokens = tokens.iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                tokens.next();
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => text.push_str(", "),
            token => text.push_str(&token.to_string()),
        }
    }
    for (long, short) in [
        ("::std::string::String", "String"),
        ("::std::vec::Vec", "Vec"),
        ("::std::option::Option", "Option"),
        ("::serde_json::", "serde_json::"),
    ] {
        text = text.replace(long, short);
    }
    text
}

/// Returns the parameters of an operation in the form that [`lower`] takes.
///
/// # Errors
///
/// Fails if a parameter has no type.
pub fn parameter<'d>(parameter: &'d Parameter, place: &str) -> Result<(&'d str, bool, Schema)> {
    let schema = schema_of(parameter).ok_or_else(|| {
        Error::unknown(
            place,
            format!("the parameter `{}` has no type", parameter.name),
        )
    })?;
    Ok((parameter.name.as_str(), parameter.required, schema))
}
