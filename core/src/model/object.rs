//! The runtime's view of a model: a list of fields, and the values that have no field.

use std::fmt;

use serde_json::Value;

use super::{Extra, Field, Model, Ref};
use crate::redact::{Json, Pair, REDACTED, is_listed};

/// The description of a model's type.
#[doc(hidden)]
#[derive(Debug)]
pub struct TypeInfo {
    /// Graph's name, `microsoft.graph.user`.
    pub name: &'static str,
    /// Graph's names of the fields, in their order.
    pub names: &'static [&'static str],
    /// The types that derive from this type.
    pub derived: &'static [&'static str],
    /// The numbers of the fields that hold a secret.
    pub secrets: &'static [u16],
}

impl TypeInfo {
    /// Returns the name without its namespace.
    #[doc(hidden)]
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// Checks whether the field of this number holds a secret.
    fn is_secret(&self, number: usize) -> bool {
        self.secrets
            .iter()
            .any(|secret| usize::from(*secret) == number)
    }
}

/// A model, independent of its type. Generated code implements it.
#[doc(hidden)]
pub trait Object: Send + Sync + 'static {
    /// Returns the description of the type.
    fn info(&self) -> &'static TypeInfo;
    /// Returns the values that have no field.
    fn extra(&self) -> &Extra;
    /// Returns the values that have no field, to be changed.
    fn extra_mut(&mut self) -> &mut Extra;
    /// Passes all fields to `read`, in the order of [`TypeInfo::names`].
    fn refs<'s>(&'s self, read: &mut Refs<'_, 's>);
    /// Passes all fields to `write`, in the order of [`TypeInfo::names`].
    fn slots(&mut self, write: &mut Slots<'_>);
}

type Read<'r, 's> = dyn FnMut(&[&'s dyn Field], &'s Extra) + 'r;
type Write<'w> = dyn FnMut(&mut [&mut dyn Field], &mut Extra) + 'w;

/// A reader of the fields of a model, which live for `'s`.
#[doc(hidden)]
pub struct Refs<'r, 's>(&'r mut Read<'r, 's>);

impl<'s> Refs<'_, 's> {
    /// Reads the fields.
    #[inline]
    pub fn all(&mut self, fields: &[&'s dyn Field], extra: &'s Extra) {
        (self.0)(fields, extra);
    }
}

/// A writer to the fields of a model.
#[doc(hidden)]
pub struct Slots<'w>(&'w mut Write<'w>);

impl Slots<'_> {
    /// Writes to the fields.
    #[inline]
    pub fn all(&mut self, fields: &mut [&mut dyn Field], extra: &mut Extra) {
        (self.0)(fields, extra);
    }
}

/// Runs `read` over the fields of an object.
pub fn with_refs<'s, R>(
    object: &'s dyn Object,
    read: impl FnOnce(&[&'s dyn Field], &'s Extra) -> R,
) -> Option<R> {
    let mut read = Some(read);
    let mut result = None;
    object.refs(&mut Refs(&mut |fields, extra| {
        if let Some(read) = read.take() {
            result = Some(read(fields, extra));
        }
    }));
    result
}

/// Runs `write` over the fields of an object.
pub fn with_slots<R>(
    object: &mut dyn Object,
    write: impl FnOnce(&mut [&mut dyn Field], &mut Extra) -> R,
) -> Option<R> {
    let mut write = Some(write);
    let mut result = None;
    object.slots(&mut Slots(&mut |fields, extra| {
        if let Some(write) = write.take() {
            result = Some(write(fields, extra));
        }
    }));
    result
}

/// Implements `Clone` for all models.
pub fn clone<T: Model>(object: &T) -> T {
    let mut copy = T::default();
    copy_fields(object, &mut copy);
    copy
}

/// Copies all fields to an object of the same type.
pub fn copy_fields(from: &dyn Object, to: &mut dyn Object) {
    with_refs(from, |from, from_extra| {
        with_slots(to, |to, to_extra| {
            for (from, to) in from.iter().zip(to) {
                to.copy(*from);
            }
            *to_extra = from_extra.clone();
        })
    });
}

/// Implements `PartialEq` for all models.
pub fn eq(one: &dyn Object, other: &dyn Object) -> bool {
    if one.info().name != other.info().name {
        return false;
    }
    let same = with_refs(one, |ones, extra| {
        with_refs(other, |others, other_extra| {
            extra == other_extra
                && ones
                    .iter()
                    .zip(others)
                    .all(|(one, other)| one.get() == other.get())
        })
    });
    same.flatten().unwrap_or(false)
}

/// Implements `Debug` for all models. Prints the properties that are set, under Graph's names,
/// without secrets.
pub fn debug(object: &dyn Object, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let info = object.info();
    let mut shown = f.debug_struct(info.short_name());
    with_refs(object, |fields, extra| {
        let pair = Pair::judge(|name| text_of(info, fields, extra, name));
        for (number, (name, field)) in info.names.iter().zip(fields).enumerate() {
            match field.get() {
                Ref::Absent => {}
                _ if info.is_secret(number) || pair.hides(name) => {
                    shown.field(name, &format_args!("{REDACTED}"));
                }
                // The names in JSON without a declared type decide whether it is secret.
                Ref::Untyped(value) => {
                    shown.field(name, &Json { name, value });
                }
                value => {
                    shown.field(name, &value);
                }
            }
        }
        // A value of a derived type may be here. Its `@odata.type` names that type.
        let sent_type = extra.get("@odata.type").and_then(Value::as_str);
        for (name, value) in extra.iter() {
            let number = info.names.iter().position(|known| *known == name);
            let is_secret = match number {
                Some(number) => info.is_secret(number),
                None => sent_type.is_some_and(|of| is_listed(of, name)),
            };
            if !value.is_null() && (is_secret || pair.hides(name)) {
                shown.field(name, &format_args!("{REDACTED}"));
                continue;
            }
            // The description has decided about the properties that it knows, for any value.
            let name_that_decides = if number.is_some() { "" } else { name };
            shown.field(
                name,
                &Json {
                    name: name_that_decides,
                    value,
                },
            );
        }
        if extra.instead_of_object().is_some() {
            // This value has no name that could show whether it is secret.
            shown.field("instead_of_object", &format_args!("[redacted]"));
        }
    });
    shown.finish()
}

/// Returns the text of a property, from its field or from `extra`.
fn text_of(info: &TypeInfo, fields: &[&dyn Field], extra: &Extra, name: &str) -> Option<String> {
    let number = info.names.iter().position(|known| *known == name);
    let field = number.and_then(|number| fields.get(number));
    match field.map_or(Ref::Absent, |field| field.get()) {
        Ref::String(text) => Some(text.to_owned()),
        Ref::Scalar(word) => Some(word.to_string()),
        _ => Some(extra.get(name)?.as_str()?.to_owned()),
    }
}

impl fmt::Debug for dyn Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self, f)
    }
}

impl PartialEq for dyn Object {
    fn eq(&self, other: &Self) -> bool {
        eq(self, other)
    }
}
