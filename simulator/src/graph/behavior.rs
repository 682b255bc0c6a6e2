//! The functions and actions that the simulator carries out, by workload.
//!
//! A workload lists its [`Behavior`]s in its own module. A function or action that is not listed is
//! refused with 501, because Graph's description has no more than the type of its result.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Call, Graph};
use crate::answer::Answer;
use crate::description::schema::Schemas;
use crate::refusal::Refusal;
use crate::resource::{Resource, Target};
use crate::segment::Argument;
use crate::store::Id;

/// The workloads, in the order of the documentation.
const WORKLOADS: [(&str, &[Behavior]); 8] = [
    ("Directory", super::directory::BEHAVIORS),
    ("Mail", super::mail::BEHAVIORS),
    ("Calendar", super::calendar::BEHAVIORS),
    ("Files and workbooks", super::files::BEHAVIORS),
    ("SharePoint", super::sites::BEHAVIORS),
    ("Teams", super::teams::BEHAVIORS),
    ("OneNote", super::onenote::BEHAVIORS),
    ("Change notifications", super::subscription::BEHAVIORS),
];

/// A function or action that the simulator carries out.
pub(crate) struct Behavior {
    bound: Bound,
    /// The type that the operation is bound to. Derived types have it as well.
    kind: &'static str,
    name: &'static str,
    run: Run,
}

/// Carries out a function or action.
type Run = fn(&mut Graph<'_>, &Invocation<'_>) -> Result<Answer, Refusal>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Entity,
    Collection,
}

/// A call of a function or action.
pub(super) struct Invocation<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) name: &'a str,
    /// The entity that the operation is bound to. It is the service root for an operation of a
    /// collection.
    pub(super) id: Id,
    /// The place that the operation is bound to.
    pub(super) target: &'a Target,
    /// The arguments of a function.
    arguments: &'a [(String, Argument)],
    /// The parameters of an action: an object, or null if it takes none.
    pub(super) parameters: &'a Value,
}

/// A function or action that the simulator carries out, for the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimulatedOperation {
    /// The workload, such as `Mail`.
    pub workload: &'static str,
    /// The type that the operation is bound to, such as `microsoft.graph.message`.
    pub bound_to: &'static str,
    /// `true` if the operation is bound to a collection of that type.
    pub collection: bool,
    /// The name of the function or action, such as `reply`.
    pub name: &'static str,
}

impl Behavior {
    /// Lists an operation that is bound to an entity.
    pub(super) const fn new(kind: &'static str, name: &'static str, run: Run) -> Self {
        let bound = Bound::Entity;
        Self {
            bound,
            kind,
            name,
            run,
        }
    }

    /// Lists an operation that is bound to a collection of entities.
    pub(super) const fn of_collection(kind: &'static str, name: &'static str, run: Run) -> Self {
        let bound = Bound::Collection;
        Self {
            bound,
            kind,
            name,
            run,
        }
    }

    fn serves(&self, schemas: &Schemas, target: &Target, kind: &str, name: &str) -> bool {
        let bound = match target {
            Target::Entity { .. } => Bound::Entity,
            Target::Set { .. } => Bound::Collection,
            _ => return false,
        };
        self.bound == bound && self.name == name && schemas.is_a(kind, self.kind)
    }
}

impl SimulatedOperation {
    /// Returns all functions and actions that the simulator carries out.
    pub fn all() -> impl Iterator<Item = Self> {
        WORKLOADS.into_iter().flat_map(|(workload, behaviors)| {
            behaviors.iter().map(move |behavior| Self {
                workload,
                bound_to: behavior.kind,
                collection: behavior.bound == Bound::Collection,
                name: behavior.name,
            })
        })
    }
}

impl Invocation<'_> {
    /// Returns an argument of a function: a literal without its quotes, or the value of its alias.
    /// Returns `None` if it was not sent, or is null.
    pub(super) fn argument(&self, name: &str) -> Option<&str> {
        let (_, argument) = self
            .arguments
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        let text = match argument {
            Argument::Quoted(text) => return Some(text),
            Argument::Bare(text) => text.as_str(),
            Argument::Alias(alias) => {
                let value = self.call.alias(alias)?;
                let quoted = value
                    .strip_prefix('\'')
                    .and_then(|rest| rest.strip_suffix('\''));
                quoted.unwrap_or(value)
            }
        };
        Some(text).filter(|text| *text != "null")
    }

    /// Returns a parameter of an action. Returns `None` if it was not sent, or is null.
    pub(super) fn parameter(&self, name: &str) -> Option<&Value> {
        let object = self.parameters.as_object()?;
        let found = object
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }
}

impl Call<'_> {
    /// Returns the value of a parameter alias (`@address`), which stands in the query.
    pub(super) fn alias(&self, alias: &str) -> Option<&str> {
        self.options
            .custom(&format!("@{alias}"))
            .or_else(|| self.options.custom(alias))
    }
}

impl Graph<'_> {
    /// Carries out a function or action that is listed. Returns `None` for any other, and for a
    /// part of one that is not simulated if responses are made from their types.
    pub(super) fn behave(
        &mut self,
        call: &Call<'_>,
        name: &str,
        arguments: &[(String, Argument)],
        resource: &Resource<'_>,
        parameters: &Value,
    ) -> Option<Result<Answer, Refusal>> {
        let schemas = self.tenant.schemas;
        let (id, kind) = match &resource.target {
            Target::Entity { id, .. } => (*id, self.tenant.store.get(*id)?.kind.clone()),
            Target::Set { declared, .. } => (Id::ROOT, declared.clone()),
            _ => return None,
        };
        let mut all = WORKLOADS.iter().flat_map(|(_, behaviors)| *behaviors);
        let behavior = all.find(|one| one.serves(schemas, &resource.target, &kind, name))?;
        let invocation = Invocation {
            call,
            name,
            id,
            target: &resource.target,
            arguments,
            parameters,
        };
        match (behavior.run)(self, &invocation) {
            Err(refusal)
                if refusal.status == StatusCode::NOT_IMPLEMENTED && self.tenant.synthesizes =>
            {
                None
            }
            result => Some(result),
        }
    }

    /// Returns the result of a function or action that is not an entity: an object, or a value that
    /// stands in `value`.
    pub(super) fn answer_value(&self, call: &Call<'_>, status: StatusCode, value: Value) -> Answer {
        let mut body = Map::new();
        body.insert("@odata.context".into(), json!(self.result_context(call)));
        match value {
            Value::Object(entries) => body.extend(entries),
            other => {
                body.insert("value".into(), other);
            }
        }
        Answer::json(status, &Value::Object(body))
    }
}
