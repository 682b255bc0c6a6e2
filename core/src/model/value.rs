//! The types of properties.

use std::any::Any;

use serde_json::Value;

use super::edm::{Binary, Date, DateTimeOffset, Decimal, Duration, Guid, TimeOfDay};
use super::json::Kept;
use super::read::read_into;
use super::slot::Item;
use super::write::Written;
use super::{Flags, Model, OpenEnum, Ref, Slot};

/// The kinds of types and conversions.
///
/// A model and an enum are told apart by them. Rust allows only one implementation for all models,
/// enums and texts together, and a kind as a parameter of the trait makes it several.
#[doc(hidden)]
pub mod kind {
    use std::marker::PhantomData;

    /// A primitive type.
    #[derive(Debug)]
    pub enum Plain {}
    /// A model.
    #[derive(Debug)]
    pub enum Object {}
    /// A model in a box.
    #[derive(Debug)]
    pub enum Boxed {}
    /// A member of an enum.
    #[derive(Debug)]
    pub enum Word {}
    /// A collection, whose items are of kind `K`.
    #[derive(Debug)]
    pub struct Many<K>(PhantomData<K>);
    /// An `Option` of kind `K`.
    #[derive(Debug)]
    pub struct Maybe<K>(PhantomData<K>);
    /// An explicit `null`.
    #[derive(Debug)]
    pub enum Nothing {}
}

use kind::{Many, Object, Plain, Word};

/// A type that a property can have: text, a number, a Boolean, a time, an enum, a model, or a
/// collection of these.
///
/// The compiler infers `K`, the kind of the type.
#[diagnostic::on_unimplemented(message = "a property of Graph does not have the type `{Self}`")]
pub trait PropertyValue<K>: Sized + 'static {
    /// The borrowed form, which [`Model::get_ref`] returns: `&str` for text, a slice for a
    /// collection, the value itself for numbers and times, a reference for anything else.
    type Ref<'a>;

    /// Returns the value as it is written.
    #[doc(hidden)]
    fn as_written(&self) -> Ref<'_>;
    /// Puts the value into a field. Returns it if the field is of another type, which then has no
    /// value.
    #[doc(hidden)]
    fn put(self, field: Slot<'_>) -> Result<(), Self>;
    /// Reads the value from JSON. Returns `None` for `null`, and for a value of another type.
    #[doc(hidden)]
    fn read(json: &str) -> Option<Self>;
    /// Returns the borrowed form of a field, or `None` if the field is of another type.
    #[doc(hidden)]
    fn borrowed<'a>(field: Ref<'a>) -> Option<Self::Ref<'a>>;
    /// Returns a copy of a borrowed value.
    #[doc(hidden)]
    fn owned(borrowed: Self::Ref<'_>) -> Self;

    /// Returns the value as JSON.
    #[doc(hidden)]
    fn json(&self) -> Option<Kept> {
        let text = serde_json::to_string(&Written(self.as_written())).ok()?;
        Kept::read(&text).ok()
    }
}

/// Puts a value into a field of exactly its type.
fn put_into<T: 'static>(value: T, field: &mut dyn Any) -> Result<(), T> {
    match field.downcast_mut::<T>() {
        Some(field) => {
            *field = value;
            Ok(())
        }
        None => Err(value),
    }
}

/// Reads a value with the field that an item of a list has.
fn read_item<T: Item>(json: &str) -> Option<T> {
    let mut item = None;
    let is_read = read_into(json, T::place(&mut item));
    item.filter(|_| is_read)
}

/// Implements primitive types: the variants of [`Ref`] and [`Slot`], and the borrowed form.
macro_rules! plain {
    ($(
        $type:ty: $ref:ident($value:ident) $read:expr, $slot:ident, $borrowed:ty, $own:expr;
    )*) => {$(
        impl PropertyValue<Plain> for $type {
            type Ref<'a> = $borrowed;

            fn as_written(&self) -> Ref<'_> {
                Item::value(self)
            }

            fn put(self, field: Slot<'_>) -> Result<(), Self> {
                match field {
                    Slot::$slot(field) => {
                        *field = Some(self);
                        Ok(())
                    }
                    field => {
                        field.clear();
                        Err(self)
                    }
                }
            }

            fn read(json: &str) -> Option<Self> {
                read_item(json)
            }

            fn borrowed<'a>(field: Ref<'a>) -> Option<Self::Ref<'a>> {
                match field {
                    Ref::$ref($value) => $read,
                    _ => None,
                }
            }

            fn owned(borrowed: Self::Ref<'_>) -> Self {
                ($own)(borrowed)
            }
        }
    )*};
}

plain! {
    String: String(value) Some(value), String, &'a str, str::to_owned;
    bool: Bool(value) Some(value), Bool, bool, |value| value;
    i16: Integer(value) value.try_into().ok(), Int16, i16, |value| value;
    i32: Integer(value) value.try_into().ok(), Int32, i32, |value| value;
    i64: Integer(value) Some(value), Int64, i64, |value| value;
    u8: Integer(value) value.try_into().ok(), Uint8, u8, |value| value;
    f32: Float(value) Some(value), Float, f32, |value| value;
    f64: Double(value) Some(value), Double, f64, |value| value;
    Decimal: Decimal(value) Some(value), Decimal, &'a Decimal, Decimal::clone;
    Binary: Binary(value) Some(value), Binary, &'a Binary, Binary::clone;
    Value: Untyped(value) Some(value), Untyped, &'a Value, Value::clone;
}

/// Implements types that are text in JSON.
macro_rules! scalar {
    ($(
        {$($bound:ident: $trait:ident)?}
        $kind:ident $type:ty: $borrowed:ty, $of:expr, $own:expr;
    )*) => {$(
        impl$(<$bound: $trait>)? PropertyValue<$kind> for $type {
            type Ref<'a> = $borrowed;

            fn as_written(&self) -> Ref<'_> {
                Ref::Scalar(self)
            }

            fn put(self, field: Slot<'_>) -> Result<(), Self> {
                match field {
                    Slot::Scalar(field) => match field.copy(&self) {
                        true => Ok(()),
                        false => Err(self),
                    },
                    field => {
                        field.clear();
                        Err(self)
                    }
                }
            }

            fn read(json: &str) -> Option<Self> {
                let mut value = None;
                let is_read = read_into(json, Slot::Scalar(&mut value));
                value.filter(|_| is_read)
            }

            fn borrowed<'a>(field: Ref<'a>) -> Option<Self::Ref<'a>> {
                match field {
                    Ref::Scalar(value) => value.as_any().downcast_ref::<Self>().map($of),
                    _ => None,
                }
            }

            fn owned(borrowed: Self::Ref<'_>) -> Self {
                ($own)(borrowed)
            }
        }
    )*};
}

scalar! {
    {} Plain DateTimeOffset: DateTimeOffset, |value| *value, |value| value;
    {} Plain Date: Date, |value| *value, |value| value;
    {} Plain TimeOfDay: TimeOfDay, |value| *value, |value| value;
    {} Plain Duration: &'a Duration, |value| value, Duration::clone;
    {} Plain Guid: Guid, |value| *value, |value| value;
    {E: OpenEnum} Plain Flags<E>: &'a Flags<E>, |value| value, Flags::clone;
    {E: OpenEnum} Word E: &'a E, |value| value, E::clone;
}

impl<M: Model> PropertyValue<Object> for M {
    type Ref<'a> = &'a M;

    fn as_written(&self) -> Ref<'_> {
        Ref::Object(self)
    }

    fn put(self, field: Slot<'_>) -> Result<(), Self> {
        match field {
            Slot::Object(field) => {
                let outcome = put_into(self, field.start());
                if outcome.is_err() {
                    field.clear();
                }
                outcome
            }
            field => {
                field.clear();
                Err(self)
            }
        }
    }

    fn read(json: &str) -> Option<Self> {
        let mut value: Option<Box<M>> = None;
        let is_read = read_into(json, Slot::Object(&mut value));
        value.filter(|_| is_read).map(|value| *value)
    }

    fn borrowed<'a>(field: Ref<'a>) -> Option<&'a M> {
        match field {
            Ref::Object(value) => (value as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    fn owned(borrowed: &M) -> Self {
        borrowed.clone()
    }
}

impl<X: Item + Clone> PropertyValue<Many<()>> for Vec<X> {
    type Ref<'a> = &'a [X];

    fn as_written(&self) -> Ref<'_> {
        Ref::List(self)
    }

    fn put(self, field: Slot<'_>) -> Result<(), Self> {
        match field {
            Slot::List(field) => {
                field.clear();
                match (field as &mut dyn Any).downcast_mut::<Option<Self>>() {
                    Some(field) => {
                        *field = Some(self);
                        Ok(())
                    }
                    None => Err(self),
                }
            }
            field => {
                field.clear();
                Err(self)
            }
        }
    }

    fn read(json: &str) -> Option<Self> {
        let mut value: Option<Self> = None;
        let is_read = read_into(json, Slot::List(&mut value));
        value.filter(|_| is_read)
    }

    fn borrowed<'a>(field: Ref<'a>) -> Option<&'a [X]> {
        match field {
            Ref::List(value) => (value as &dyn Any).downcast_ref().map(Self::as_slice),
            _ => None,
        }
    }

    fn owned(borrowed: &[X]) -> Self {
        borrowed.to_vec()
    }
}
