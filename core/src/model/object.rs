//! The runtime's view of a model: a list of fields, and the values that have no field.

use std::any::Any;
use std::fmt;

use serde_json::Value;

use super::{Extra, Held, Model, OpenEnum, Ref, Slot, slot};
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
pub trait Object: Any + Send + Sync {
    /// Returns the description of the type, and the values that have no field.
    fn parts(&self) -> (&'static TypeInfo, &Extra);
    /// Passes all fields to `fields`, in the order of [`TypeInfo::names`].
    fn show<'s>(&'s self, fields: Fields<'_, 's>);
    /// Returns the field of a number, to be written, and the values that have no field. The slot of
    /// a number without a field is [`Slot::None`].
    fn slot(&mut self, number: usize) -> (Slot<'_>, &mut Extra);

    /// Returns the description of the type.
    fn info(&self) -> &'static TypeInfo {
        self.parts().0
    }

    /// Returns the values that have no field.
    fn extra(&self) -> &Extra {
        self.parts().1
    }

    /// Returns the values that have no field, to be changed.
    fn extra_mut(&mut self) -> &mut Extra {
        self.slot(usize::MAX).1
    }
}

/// A reader of the fields of a model, which live for `'s`.
#[doc(hidden)]
pub struct Fields<'r, 's> {
    read: &'r mut dyn FnMut(usize, Ref<'s>),
    number: usize,
}

// Most fields of a large model are not set. Both functions are inlined and take the reader by
// value, so that such a field costs one comparison.
impl<'s> Fields<'_, 's> {
    /// Reads the next field.
    #[inline]
    pub fn field<T: Held>(self, field: &'s Option<T>) -> Self {
        if let Some(value) = field {
            (self.read)(self.number, value.value());
        }
        self.next()
    }

    /// Reads the next field, which holds an enum.
    #[inline]
    pub fn word<E: OpenEnum>(self, field: &'s Option<E>) -> Self {
        if let Some(value) = field {
            (self.read)(self.number, Ref::Scalar(value));
        }
        self.next()
    }

    #[inline]
    fn next(self) -> Self {
        Self {
            number: self.number + 1,
            ..self
        }
    }
}

/// Calls `read` with each field of an object that is set, and with the number of the field.
pub fn each_field<'s>(object: &'s dyn Object, mut read: impl FnMut(usize, Ref<'s>)) {
    let read = &mut read;
    object.show(Fields { read, number: 0 });
}

/// Returns all fields of an object, in the order of [`TypeInfo::names`].
pub fn all_fields(object: &dyn Object) -> Vec<Ref<'_>> {
    let mut fields = vec![Ref::Absent; object.info().names.len()];
    each_field(object, |number, value| {
        if let Some(field) = fields.get_mut(number) {
            *field = value;
        }
    });
    fields
}

/// Implements `Clone` for all models.
pub fn clone<T: Model>(object: &T) -> T {
    let mut copy = T::default();
    copy_fields(object, &mut copy);
    copy
}

/// Copies all fields to an empty object of the same type.
pub fn copy_fields(from: &dyn Object, to: &mut dyn Object) {
    each_field(from, |number, value| slot::copy(value, to.slot(number).0));
    *to.extra_mut() = from.extra().clone();
}

/// Implements `PartialEq` for all models.
pub fn eq(one: &dyn Object, other: &dyn Object) -> bool {
    one.info().name == other.info().name
        && one.extra() == other.extra()
        && all_fields(one) == all_fields(other)
}

/// Implements `Debug` for all models. Prints the properties that are set, under Graph's names,
/// without secrets.
pub fn debug(object: &dyn Object, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let info = object.info();
    let mut shown = f.debug_struct(info.short_name());
    let (fields, extra) = (all_fields(object), object.extra());
    let pair = Pair::judge(|name| text_of(info, &fields, extra, name));
    for (number, (name, field)) in info.names.iter().zip(&fields).enumerate() {
        match *field {
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
    shown.finish()
}

/// Returns the text of a property, from its field or from `extra`.
fn text_of(info: &TypeInfo, fields: &[Ref<'_>], extra: &Extra, name: &str) -> Option<String> {
    let number = info.names.iter().position(|known| *known == name);
    let field = number.and_then(|number| fields.get(number));
    match field.copied().unwrap_or(Ref::Absent) {
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
