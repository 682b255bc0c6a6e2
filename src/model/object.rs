//! A model as the runtime sees it: a list of fields, and what is beside them.

use std::fmt;

use serde_json::Value;

use super::{Extra, Field, Model, Ref};
use crate::redact::{Json, Pair, REDACTED, is_listed};

/// What is known of a model's type.
#[derive(Debug)]
pub struct TypeInfo {
    /// Graph's name, `microsoft.graph.user`.
    pub name: &'static str,
    /// Graph's names of the fields, in their order.
    pub names: &'static [&'static str],
    /// The types that derive from it.
    pub derived: &'static [&'static str],
    /// The numbers of the fields that hold a secret.
    pub secrets: &'static [u16],
}

impl TypeInfo {
    /// The name without its namespace.
    pub(crate) fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// Returns whether the field of this number holds a secret.
    fn is_secret(&self, number: usize) -> bool {
        self.secrets
            .iter()
            .any(|secret| usize::from(*secret) == number)
    }
}

/// A model, behind whichever type it has. Generated code implements it.
pub trait Object: Send + Sync + 'static {
    /// What is known of the type.
    fn info(&self) -> &'static TypeInfo;
    /// What there is no field for.
    fn extra(&self) -> &Extra;
    /// What there is no field for, to be changed.
    fn extra_mut(&mut self) -> &mut Extra;
    /// Shows all fields, in the order of [`TypeInfo::names`].
    fn refs<'s>(&'s self, read: &mut Refs<'_, 's>);
    /// Hands out all fields to be written, in the order of [`TypeInfo::names`].
    fn slots(&mut self, write: &mut Slots<'_>);
}

type Read<'r, 's> = dyn FnMut(&[&'s dyn Field], &'s Extra) + 'r;
type Write<'w> = dyn FnMut(&mut [&mut dyn Field], &mut Extra) + 'w;

/// Looks at the fields of a model, which live for `'s`.
pub struct Refs<'r, 's>(&'r mut Read<'r, 's>);

impl<'s> Refs<'_, 's> {
    /// Takes them.
    #[inline]
    pub fn all(&mut self, fields: &[&'s dyn Field], extra: &'s Extra) {
        (self.0)(fields, extra);
    }
}

/// Writes to the fields of a model.
pub struct Slots<'w>(&'w mut Write<'w>);

impl Slots<'_> {
    /// Takes them.
    #[inline]
    pub fn all(&mut self, fields: &mut [&mut dyn Field], extra: &mut Extra) {
        (self.0)(fields, extra);
    }
}

/// Runs `read` over the fields of an object.
pub(crate) fn with_refs<'s, R>(
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
pub(crate) fn with_slots<R>(
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

/// `Clone` of all models.
pub fn clone<T: Model>(object: &T) -> T {
    let mut copy = T::default();
    copy_fields(object, &mut copy);
    copy
}

/// Copies all fields to an object of the same type.
pub(crate) fn copy_fields(from: &dyn Object, to: &mut dyn Object) {
    with_refs(from, |from, from_extra| {
        with_slots(to, |to, to_extra| {
            for (from, to) in from.iter().zip(to) {
                to.copy(*from);
            }
            *to_extra = from_extra.clone();
        })
    });
}

/// `PartialEq` of all models.
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

/// `Debug` of all models: what is set, by Graph's names, without secrets.
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
                // JSON without a type is judged by its names.
                Ref::Untyped(value) => {
                    shown.field(name, &Json { name, value });
                }
                value => {
                    shown.field(name, &value);
                }
            }
        }
        // A value of a type that derives from this one stands here, and says so.
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
            // The description has decided about what it knows, whichever value came.
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
            // It has no name that would say whether it is secret.
            shown.field("instead_of_object", &format_args!("[redacted]"));
        }
    });
    shown.finish()
}

/// Returns the text of a property, wherever it stands.
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
